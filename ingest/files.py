"""Files as deliveries: a bank statement or a spreadsheet is read off the loop and appended like any webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.contract import Inbound, Unreadable
from ingest.normalise import Progress
from ingest.reading import read_delivery
from ingest.sources import Source
from ingest.webhook import Appends
from kit.errors import Rejected

MAX_FILE_BYTES = 20 * 1024 * 1024
_INLINE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of a file, for the person who sent it; an unreadable part without a place is the whole file.

    `facts` are the connector's own about the file: a statement's account, period, opening and closing balance.
    """

    added: int = 0
    known: int = 0
    rewritten: int = 0
    ignored: int = 0
    ahead: int = 0
    """Facts dated in the future: kept, and not applied."""
    unreadable: tuple[Unreadable, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    digest: bytes = b""
    """The delivery that it became."""


async def import_file(
    appender: Appends,
    source: Source,
    inbound: Inbound,
    *,
    via: str,
    now: datetime,
    max_bytes: int = MAX_FILE_BYTES,
    progress: Progress | None = None,
) -> ImportSummary:
    """Read a file of a known source and append what it says; the same file again adds nothing.

    Rejected only if it is larger than `max_bytes`; what can't be read is quarantined and told in the summary.
    `progress` hears how many rows are read of how many; it is called on the thread that reads.
    """
    if len(inbound.body) > max_bytes:
        raise Rejected(
            "file.too_large",
            f"The file has {len(inbound.body) // 1024} KB; at most {max_bytes // 1024} KB are read.",
            remedy="Split it, or export a shorter period.",
        )
    if len(inbound.body) <= _INLINE_BYTES:
        reading = read_delivery(source, inbound, via=via, received_at=now, progress=progress)
    else:
        reading = await asyncio.to_thread(
            read_delivery, source, inbound, via=via, received_at=now, progress=progress
        )
    appended = await appender.append(reading.delivery)
    return ImportSummary(
        added=appended.added,
        known=appended.known,
        rewritten=appended.rewritten,
        ignored=reading.ignored,
        ahead=sum(event.flag == "future" for event in reading.delivery.events),
        unreadable=tuple(
            Unreadable(part.place, part.code, part.reason) for part in reading.delivery.quarantined
        ),
        facts=reading.facts,
        digest=reading.delivery.digest,
    )
