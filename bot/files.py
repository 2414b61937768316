"""Files sent to the chat: which of the business's sources a file belongs to, found by reading it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.contract import Inbound, Observed, load_connector, load_manifest
from ingest.files import ImportSummary, import_file
from ingest.sources import Sources
from ingest.webhook import Appends
from kit.errors import Denied, MunshiError, Rejected
from ledger.commands import AddSource
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission
from ledger.queries import Sources as SourcesQuestion
from ledger.views import SourceView

KINDS = ("bank", "spreadsheet")
"""Connectors that read files, in the order in which they are tried: a statement proves itself by its columns."""
_FIRST_SOURCE = {"bank": "bank:{bank}", "spreadsheet": "books:spreadsheet"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file, and the label of the source that it was read as."""

    label: str
    summary: ImportSummary


class Files:
    """Imports files that members send."""

    def __init__(self, door: Door, sources: Sources, appender: Appends, *, max_bytes: int) -> None:
        self._door, self._sources, self._appender = door, sources, appender
        self.max_bytes = max_bytes

    async def take(self, actor: Actor, inbound: Inbound) -> Imported:
        """Import a file; Rejected if no reader of ours understands it, Denied if its account isn't connected yet."""
        if not actor.may(Permission.ANSWER):
            raise Denied("file.denied", "Files are sent by the owner or the accounts person.")
        kind, observed = await asyncio.to_thread(_recognised, inbound, now=self._door.clock())
        known: Sequence[SourceView] = await self._door.query(SourcesQuestion(), actor)
        name, label = await self._source_for(kind, observed, known, actor)
        source = await self._sources.by_name(actor.business_id, name)
        summary = await import_file(
            self._appender, source, inbound, via="chat", now=self._door.clock(), max_bytes=self.max_bytes
        )
        return Imported(label, summary)

    async def _source_for(
        self, kind: str, observed: Observed, known: Sequence[SourceView], actor: Actor
    ) -> tuple[str, str]:
        """Return name and label of the source for a file; an owner's first statement of an account connects it."""
        mine = [source for source in known if source.connector == kind and source.state != "disabled"]
        stated, bank = str(observed.facts.get("account") or ""), str(observed.facts.get("bank") or "")
        account = _tail(stated)
        fitting = [s for s in mine if account and _tail(s.account) == account]
        fresh = [s for s in mine if not _tail(s.account)] if account else mine
        of_bank = [s for s in fresh if bank and s.name.split(":")[-1].startswith(bank.lower())]
        chosen = fitting or of_bank or ([] if bank else fresh)
        if len(chosen) == 1:
            return chosen[0].name, chosen[0].label
        if len(chosen) > 1:
            names = ", ".join(source.label for source in chosen[:5])
            raise Rejected(
                "file.which_account",
                f"I can't tell which account this is: {names}.",
                remedy="Please send a statement that shows the account number.",
            )
        return await self._connect(kind, stated, bank, known, actor)

    async def _connect(
        self, kind: str, account: str, bank: str, known: Sequence[SourceView], actor: Actor
    ) -> tuple[str, str]:
        manifest = load_manifest(kind)
        name = _FIRST_SOURCE[kind].format(bank=(bank or "statement").lower())
        label = bank.upper() if kind == "bank" and bank else manifest.label
        if any(source.name == name for source in known):
            name = f"{name}-{_tail(account).lower()}" if account else f"{name}-{len(known) + 1}"
        if not actor.may(Permission.ADMINISTER):
            raise Denied("file.not_connected", "Only the owner can connect a new account.")
        settings = {"account": account} if account else {}
        added = await self._door.execute(AddSource(name, kind, label, settings), actor)
        return added.name, label


def _recognised(inbound: Inbound, *, now: datetime) -> tuple[str, Observed]:
    """Return the reader that understands a file, with its reading: the one that reads most of it."""
    best: tuple[str, Observed] | None = None
    reason: MunshiError | None = None
    for kind in KINDS:
        try:
            observed = load_connector(kind).observe(
                inbound, source=f"{kind}:chat", settings={"timezone": "Asia/Kolkata"}, now=now
            )
        except MunshiError as error:
            reason = reason or error
            continue
        if observed.observations and (best is None or _weight(observed) > _weight(best[1])):
            best = (kind, observed)
    if best is None:
        raise Rejected(
            "file.not_understood",
            "I can't read this file as a bank statement or a sheet of bills.",
            remedy=str(reason) if reason is not None else "",
        )
    return best


def _weight(observed: Observed) -> int:
    return len(observed.observations) - len(observed.unreadable)


def _tail(account: object) -> str:
    return "".join(c for c in str(account or "") if c.isalnum())[-4:]
