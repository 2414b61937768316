"""Files that members send, to the chat or to the API: which of the business's sources a file belongs to, found by reading it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.bank.layouts import IFSC_BANKS
from connectors.contract import Inbound, Observed, connector_names, load_connector, load_manifest
from connectors.values import agree
from ingest.files import ImportSummary, import_file
from ingest.normalise import Progress
from ingest.sources import Sources
from ingest.webhook import Appends
from kit.errors import Denied, MunshiError, Rejected
from ledger.commands import AddSource
from ledger.commands.files import NoteFileSent
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission
from ledger.queries import Sources as SourcesQuestion
from ledger.views import SourceView

KINDS = tuple(
    sorted(
        (name for name in connector_names() if "chat" in load_manifest(name).via),
        key=lambda name: name != "bank",
    )
)
"""Connectors that read files, in the order in which they are tried: a statement proves itself by its columns."""
_ANY = "chat"
_BANKS = frozenset(IFSC_BANKS.values())


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file, and name and label of the source that it was read as."""

    source: str
    label: str
    summary: ImportSummary


class Files:
    """Imports files that members send."""

    def __init__(self, door: Door, sources: Sources, appender: Appends, *, max_bytes: int) -> None:
        self._door, self._sources, self._appender = door, sources, appender
        self.max_bytes = max_bytes
        self._connecting = asyncio.Lock()

    async def take(
        self, actor: Actor, inbound: Inbound, *, via: str = "chat", progress: Progress | None = None
    ) -> Imported:
        """Import a file; Rejected if no reader of ours understands it, Denied if its account isn't connected yet.

        `progress` hears how many rows are read, of how many, on the thread that reads.
        """
        _check_sender(actor)
        known: Sequence[SourceView] = await self._door.query(SourcesQuestion(), actor)
        layouts = await self._layouts(known, actor)
        kind, observed = await asyncio.to_thread(
            _recognised, inbound, layouts=layouts, now=self._door.clock()
        )
        async with self._connecting:  # two first files of one account at once connect it once
            known = await self._door.query(SourcesQuestion(), actor)
            if not observed.observations and not any(_reads(source, kind) for source in known):
                raise _not_understood(observed.unreadable[0].reason)  # no source that it could wait in
            name, label = await self._source_for(kind, observed, known, actor)
        return Imported(name, label, await self._read(actor, name, inbound, via, progress))

    async def take_as(self, actor: Actor, name: str, inbound: Inbound, *, via: str) -> Imported:
        """Import a file of a source that the sender names; NotFound if there is none that is on."""
        _check_sender(actor)
        known: Sequence[SourceView] = await self._door.query(SourcesQuestion(), actor)
        label = next((source.label for source in known if source.name == name), name)
        return Imported(name, label, await self._read(actor, name, inbound, via, None))

    async def _read(
        self, actor: Actor, name: str, inbound: Inbound, via: str, progress: Progress | None
    ) -> ImportSummary:
        source = await self._sources.by_name(actor.business_id, name)
        sha256 = hashlib.sha256(inbound.body).hexdigest()
        await self._door.execute(NoteFileSent(name, sha256, len(inbound.body), via), actor)
        return await import_file(
            self._appender,
            source,
            inbound,
            via=via,
            now=self._door.clock(),
            max_bytes=self.max_bytes,
            progress=progress,
        )

    async def _layouts(self, known: Sequence[SourceView], actor: Actor) -> dict[str, Any]:
        """Return the columns that the business confirmed for tables of its banks."""
        confirmed: dict[str, Any] = {}
        for view in known:
            if _reads(view, "bank"):
                source = await self._sources.by_name(actor.business_id, view.name)
                confirmed |= source.settings.get("layouts") or {}
        return confirmed

    async def _source_for(
        self, kind: str, observed: Observed, known: Sequence[SourceView], actor: Actor
    ) -> tuple[str, str]:
        """Return name and label of the source for a file; an owner's first statement of an account connects it."""
        mine = [source for source in known if _reads(source, kind)]
        company = str(observed.facts.get("company") or "")
        if company:
            mine = [s for s in mine if await self._company(s, actor) in ("", company.casefold())]
        stated, bank = str(observed.facts.get("account") or ""), str(observed.facts.get("bank") or "")
        bank = "" if bank == _ANY else bank  # no bank is told by the file
        account = _tail(stated)
        fitting = [s for s in mine if account and _is_of(s, stated, bank)]
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
                values={"names": names},
            )
        settings = {"account": stated} if stated else {"company": company} if company else {}
        return await self._connect(kind, settings, bank, known, actor)

    async def _company(self, view: SourceView, actor: Actor) -> str:
        """The company whose books a source holds: one Tally may have several, each a source of its own."""
        source = await self._sources.by_name(actor.business_id, view.name)
        return str(source.settings.get("company") or "").casefold()

    async def _connect(
        self, kind: str, settings: dict[str, Any], bank: str, known: Sequence[SourceView], actor: Actor
    ) -> tuple[str, str]:
        manifest = load_manifest(kind)
        name = f"bank:{(bank or 'statement').lower()}" if kind == "bank" else manifest.source_prefix
        account = settings.get("account", "")
        label = bank.upper() if kind == "bank" and bank else manifest.label
        if any(source.name == name for source in known):
            name = f"{name}-{_tail(account).lower()}" if account else f"{name}-{len(known) + 1}"
        if not actor.may(Permission.ADMINISTER):
            raise Denied("file.not_connected", "Only the owner can connect a new account.")
        if "company" in settings:
            label = f"{label} · {settings['company']}"[:60]
        added = await self._door.execute(AddSource(name, kind, label, settings), actor)
        return added.name, label


def _check_sender(actor: Actor) -> None:
    """Raise Denied unless he may send files; a token that only reads sends none."""
    if actor.read_only or not actor.may(Permission.ANSWER):
        raise Denied("file.denied", "Files are sent by the owner or the accounts person.")


def _recognised(inbound: Inbound, *, layouts: Mapping[str, Any], now: datetime) -> tuple[str, Observed]:
    """Return the reader that understands a file, with its reading: the one that reads most of it.

    A table whose columns are still to be confirmed comes back without observations, if no other reader reads it.
    """
    best: tuple[str, Observed] | None = None
    waiting: tuple[str, Observed] | None = None
    reason: MunshiError | None = None
    for kind in KINDS:
        settings = {"timezone": "Asia/Kolkata", "layouts": layouts}
        try:
            observed = load_connector(kind).observe(
                inbound, source=f"{kind}:{_ANY}", settings=settings, now=now
            )
        except MunshiError as error:
            reason = reason or error
            continue
        if observed.observations and (best is None or _weight(observed) > _weight(best[1])):
            best = (kind, observed)
        elif observed.unreadable and not observed.unreadable[0].where:
            waiting = waiting or (kind, observed)
    found = best or waiting
    if found is None:
        raise _not_understood(str(reason) if reason is not None else "")
    return found


def _not_understood(reason: str) -> Rejected:
    return Rejected(
        "file.not_understood",
        "I can't read this file as a bank statement, as books from Tally, or as a sheet of bills.",
        remedy=reason,
    )


def _reads(source: SourceView, kind: str) -> bool:
    return source.connector == kind and source.state != "disabled"


def _is_of(source: SourceView, account: str, bank: str) -> bool:
    """Whether a statement is of a source's account: the last digits alone may be those of another bank's account."""
    named = source.name.partition(":")[2].partition("-")[0]
    other_bank = bank in _BANKS and named in _BANKS and named != bank
    return bool(_tail(source.account)) and agree(str(source.account), account) and not other_bank


def _weight(observed: Observed) -> int:
    return len(observed.observations) - len(observed.unreadable)


def _tail(account: object) -> str:
    return "".join(c for c in str(account or "") if c.isalnum())[-4:]
