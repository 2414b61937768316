"""Verifying the chain of a business: from its first entry, or on from a place that was verified before."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from ledger.store.audit import GENESIS, moment

CHUNK = 5_000
"""Entries fetched at once; the server gets the next ones ready while these are hashed."""
_RANGE = """
SELECT sequence, at, actor, action, subject, entry::text AS entry, previous, hash FROM audit
WHERE business_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence
"""
_ENDS = "SELECT min(sequence) AS first, max(sequence) AS last FROM audit WHERE business_id = $1"
_AT = "SELECT hash FROM audit WHERE business_id = $1 AND sequence = $2"
_NEXT = "SELECT min(sequence) FROM audit WHERE business_id = $1 AND sequence > $2"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the chain: the sequence of an entry, and its hash."""

    sequence: int
    hash: bytes


START = Place(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how many entries hold, and the first that doesn't (None: all hold), with its fault.

    `fault`: checkpoint, missing, linked or changed. `sequence` and `head` are of the last entry that holds; `since`
    is where the verification began, and `more` tells that it stopped before the end as it was asked to.
    """

    entries: int
    broken_at: int | None
    head: str
    fault: str | None = None
    since: int = 0
    sequence: int = 0
    more: bool = False

    @property
    def holds(self) -> bool:
        """True if nothing is wrong."""
        return self.broken_at is None


async def verify_audit(tx: Tx, business: UUID, *, since: Place = START, most: int | None = None) -> Verdict:
    """Recompute the chain behind `since` (its own hash must still stand there), at most so many entries."""
    if since.sequence and await tx.value(_AT, business, since.sequence) != since.hash:
        return Verdict(0, since.sequence, since.hash.hex(), "checkpoint", since.sequence, since.sequence)
    ends = await tx.row(_ENDS, business)
    assert ends is not None
    first, last = ends["first"] or 1, ends["last"] or 0
    if first < 1 or last < since.sequence:
        return Verdict(0, min(first, last), since.hash.hex(), "missing", since.sequence, since.sequence)
    end = last if most is None else min(last, since.sequence + most)
    walk = _Walk(since)
    start, rows = (
        since.sequence,
        await tx.fetch(_RANGE, business, since.sequence, _chunk(since.sequence, end)),
    )
    while walk.broken is None and start < end:
        start = _chunk(start, end)
        fetching = asyncio.create_task(tx.fetch(_RANGE, business, start, _chunk(start, end)))
        await asyncio.sleep(0)  # sends the question, so that the server works while we hash
        try:
            await asyncio.to_thread(walk.over, rows)
        finally:
            rows = await fetching
        if walk.broken is None and walk.sequence < start:  # the rows end before they should
            found = rows[0]["sequence"] if rows else await tx.value(_NEXT, business, walk.sequence)
            walk.broken = (found, "missing")
    at, fault = walk.broken or (None, None)
    more = fault is None and end < last
    return Verdict(
        walk.sequence - since.sequence, at, walk.previous.hex(), fault, since.sequence, walk.sequence, more
    )


def _chunk(start: int, end: int) -> int:
    return min(start + CHUNK, end)


class _Walk:
    """Goes along the chain; writes each entry's canonical form from its parts, and only what varies is written anew."""

    def __init__(self, since: Place) -> None:
        self.sequence, self.previous = since.sequence, since.hash
        self.broken: tuple[int, str] | None = None
        self._openings: dict[tuple[str, str], bytes] = {}
        self._at: datetime | None = None
        self._moment = b""

    def over(self, rows: Sequence[asyncpg.Record]) -> None:
        """Go over the next rows, or up to the first that doesn't hold."""
        loads, dumps, sha256, keys = orjson.loads, orjson.dumps, hashlib.sha256, orjson.OPT_SORT_KEYS
        sequence, previous = self.sequence, self.previous
        for place, at, actor, action, subject, entry, claimed, stored in rows:
            opening = self._openings.get((action, actor)) or self._opening(action, actor)
            if at != self._at:
                self._at, self._moment = at, dumps(moment(at))
            parts = (
                previous,
                opening,
                self._moment,
                b',"entry":',
                dumps(loads(entry), None, keys),
                b',"sequence":%d,"subject":' % place,
                dumps(subject),
                b"}",
            )
            hashed = sha256(b"".join(parts)).digest()
            if place != sequence + 1 or claimed != previous or stored != hashed:
                self.broken = (place, _fault(place, sequence, claimed, previous))
                break
            sequence, previous = place, hashed
        self.sequence, self.previous = sequence, previous

    def _opening(self, action: str, actor: str) -> bytes:
        if len(self._openings) > 10_000:
            self._openings.clear()
        made = b'{"action":%b,"actor":%b,"at":' % (orjson.dumps(action), orjson.dumps(actor))
        self._openings[action, actor] = made
        return made


def _fault(place: int, sequence: int, claimed: bytes, previous: bytes) -> str:
    if place != sequence + 1:
        return "missing"
    return "linked" if claimed != previous else "changed"
