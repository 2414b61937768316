"""Files that wait because nobody has said what their columns are: which, what they seem to be, and reading them then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.bank.columns import Guess, check_columns
from connectors.bank.formats import guess_columns
from connectors.contract import Inbound
from ingest.files import ImportSummary, import_file
from ingest.replay import replay
from ingest.sources import Sources
from ingest.webhook import Appends
from kit.errors import NotFound, Rejected
from ledger.commands import ConfirmColumns, ReplayScope
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.queries import WaitingFiles
from ledger.views import WaitingFile

UNKNOWN = "bank.columns_unknown"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits, and what its columns seem to be."""

    file: WaitingFile
    guess: Guess


async def waiting_of(door: Door, actor: Actor, source: str) -> tuple[Waiting, ...]:
    """Return the files of a source that wait for their columns, newest first."""
    files: Sequence[WaitingFile] = await door.query(WaitingFiles(source, UNKNOWN), actor)
    return tuple(Waiting(file, guess) for file in files if (guess := guess_columns(file.body)) is not None)


def alike(waiting: Sequence[Waiting], source: str, fingerprint: str | None) -> tuple[Waiting, ...]:
    """Return those of one heading; Rejected if there are several headings and none was named, NotFound if none waits."""
    found = [one for one in waiting if fingerprint in (None, one.guess.fingerprint)]
    if not found:
        raise NotFound(
            "columns.none_waiting",
            f"No file of {source[:60]} waits for its columns.",
            remedy="Import one first.",
        )
    names = list(dict.fromkeys(one.guess.fingerprint for one in found))
    if len(names) > 1:
        raise Rejected(
            "columns.which",
            f"Files with {len(names)} different headings wait.",
            remedy="Say which, by its fingerprint: one of " + ", ".join(names) + ".",
        )
    return tuple(found)


async def confirm_and_read(
    door: Door,
    sources: Sources,
    appender: Appends,
    actor: Actor,
    source: str,
    waiting: Sequence[Waiting],
    columns: Mapping[str, Any],
    *,
    max_bytes: int,
) -> tuple[ImportSummary, ...]:
    """Keep what the columns of waiting files (of one heading) are, read those files, and settle what waited."""
    guess = waiting[0].guess
    check_columns(columns, width=len(guess.headings))
    await door.execute(ConfirmColumns(source, guess.fingerprint, dict(columns)), actor)
    found = await sources.by_name(actor.business_id, source)
    read = []
    for one in reversed(waiting):
        inbound = Inbound(one.file.body, filename=one.file.filename)
        read.append(
            await import_file(appender, found, inbound, via="file", now=door.clock(), max_bytes=max_bytes)
        )
    await replay(door, actor, ReplayScope(source, quarantine=True), apply=True)
    return tuple(read)
