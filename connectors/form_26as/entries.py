"""A row of the statement on its way to an observation: its key, its twins, and the row that takes it back."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from connectors.contract import Observation, Unreadable
from connectors.values import digest_of, filled
from kit.errors import Rejected

TAN = re.compile(r"[A-Z]{4}[0-9]{5}[A-Z]")
PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
_GST = re.compile(r"\bgst\b|^s?51$|\b[cs]gst\b", re.IGNORECASE)
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One row; money in paise, signed: a row that takes another back is negative."""

    where: str
    deductor: str
    tan: str
    pan: str
    section: str
    on: date
    base: int
    deducted: int
    deposited: int | None
    status: str = ""
    booked_on: date | None = None
    certificate: str = ""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What stays the same when the row is booked, matched or corrected: who, section, day, amount paid."""
        return (
            self.tan or self.pan or name_key(self.deductor),
            self.section,
            self.on.isoformat(),
            abs(self.base),
        )

    @property
    def credit(self) -> int:
        """What was paid in for us; where that isn't told, what was deducted."""
        return self.deducted if self.deposited is None else self.deposited

    @property
    def takes_back(self) -> bool:
        """Whether it takes an earlier row back."""
        return self.base < 0 or self.deducted < 0 or (self.deposited or 0) < 0


def name_key(name: str) -> str:
    """Reduce a name to its letters and digits in capitals, in any script."""
    folded = unicodedata.normalize("NFKC", name).upper()
    return "".join(character for character in folded if unicodedata.category(character)[0] in "LMN")


def checked(entry: Entry) -> Entry:
    """Return an entry that can be stated; Rejected where it names nobody or no day of business."""
    if not name_key(entry.deductor) and not entry.tan:
        raise Rejected("row.deductor_missing", "It isn't said who deducted.")
    if not EARLIEST <= entry.on <= LATEST:
        raise Rejected("row.date", f"{entry.on:%d/%m/%Y} is out of range.")
    return entry


def observations(
    entries: Iterable[Entry], seen_at: datetime
) -> tuple[list[Observation], list[Unreadable], list[str]]:
    """Return what the rows state, those that take back what isn't there, and those without any tax.

    Equal rows of one day are real, and numbered. A negative row takes the equal positive one back: what stays keeps the
    first numbers, so that a corrected row is a revision of the row that it replaces.
    """
    by_key: dict[tuple[str, str, str, int], list[Entry]] = defaultdict(list)
    ignored: list[str] = []
    for entry in entries:
        if entry.credit or entry.deducted:
            by_key[entry.key].append(entry)
        else:
            ignored.append(f"no tax deducted: {entry.where}")
    stated: list[Observation] = []
    unreadable: list[Unreadable] = []
    for rows in by_key.values():
        standing, gone, loose = _settled(rows)
        for place, entry in enumerate((*standing, *gone), start=1):
            stated.append(_observation(entry, place, seen_at, reversed_=place > len(standing)))
        unreadable += [
            Unreadable(entry.where, "row.reversal", "It takes back a row that isn't in this file.")
            for entry in loose
        ]
        ignored += [
            f"takes a row back: {entry.where}" for entry in rows if entry.takes_back and entry not in loose
        ]
    return stated, unreadable, ignored


def _settled(rows: Sequence[Entry]) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """Return the rows that stand, those that were taken back, and those that take back nothing."""
    standing = sorted(
        (row for row in rows if not row.takes_back),
        key=lambda row: (row.deducted, row.booked_on or LATEST, row.credit, row.status, row.certificate),
    )
    gone: list[Entry] = []
    loose: list[Entry] = []
    for row in (row for row in rows if row.takes_back):
        pair = next((other for other in standing if other.deducted == abs(row.deducted)), None)
        if pair is None:
            loose.append(row)
        else:
            standing.remove(pair)
            gone.append(pair)
    return standing, gone, loose


def _observation(entry: Entry, place: int, seen_at: datetime, *, reversed_: bool) -> Observation:
    identity = digest_of([*entry.key, place], length=40)
    party = filled(
        id=f"tan:{entry.tan}" if entry.tan else None,
        name=entry.deductor[:_MAX_NAME] or entry.tan,
        tan=entry.tan,
        pan=entry.pan,
    )
    data: dict[str, Any] = {
        "party": party,
        "amount": 0 if reversed_ else entry.credit,
        "currency": "INR",
        "on": entry.on.isoformat(),
        "base": 0 if reversed_ else entry.base,
        "quarter": quarter(entry.on),
        "kind": "gst_tds" if _GST.search(entry.section) else "tds",
        **filled(section=entry.section, number=entry.certificate[:60]),
    }
    if reversed_:
        data["status"] = "tax_credit.reversed"
    word = entry.status if entry.status and not reversed_ else None
    return Observation(
        event_id=f"row:{identity}:{digest_of([data, word], length=16)}",
        kind="tax_credit",
        external_id=identity,
        occurred_at=seen_at,
        precision="observed",
        data=data,
        event_type="tax_credit.stated",
        word=word,
    )


def quarter(day: date) -> str:
    """Return the quarter of the Indian financial year: 20 Nov 2026 → `2026-27 Q3`."""
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d} Q{(day.month - 4) % 12 // 3 + 1}"
