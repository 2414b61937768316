"""TDS awaited: what customers cut, beside what the tax department shows for us, per customer and quarter; paise."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from kit.errors import Rejected

_FORMS = (
    ("PRIVATE", "PVT"), ("LIMITED", "LTD"), ("COMPANY", "CO"), ("CORPORATION", "CORP"), ("AND", "&"), ("MESSRS", "M/S"),
)  # fmt: skip
_YEAR = re.compile(r"(\d{4})-?(\d{2}|\d{4})?")
FINAL = "tax_credit.final"
GONE = "tax_credit.reversed"


@dataclass(frozen=True, slots=True)
class Cut:
    """What one customer kept back as tax on a day."""

    party: UUID
    kind: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Credit:
    """One row of the tax department's: `party` where somebody said whose deductor it is."""

    party: UUID | None
    name: str
    tan: str | None
    pan: str | None
    kind: str
    section: str
    on: date
    amount: int
    status: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as he may be known again by a deductor's name or PAN."""

    id: UUID
    names: tuple[str, ...]
    pan: str | None


@dataclass(slots=True)
class Sums:
    """What was cut and what is shown, of one customer (or unknown deductor), kind and quarter."""

    cut: int = 0
    credited: int = 0
    """Shown as final (or without a status)."""
    pending: int = 0
    """Shown, but not final: unmatched, provisional, overbooked."""
    sections: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """What was cut and isn't shown as final; negative: more is shown than we know to be cut."""
        return self.cut - self.credited


Key = tuple[UUID | str, str, str]
"""(party, or the deductor's TAN or name where he isn't known; kind; quarter)."""


def quarter_of(day: date) -> str:
    """Return the quarter of the Indian financial year: 20 Nov 2026 → `2026-27 Q3`."""
    return f"{year_of(day)} Q{(day.month - 4) % 12 // 3 + 1}"


def year_of(day: date) -> str:
    """Return the Indian financial year: 20 Nov 2026 → `2026-27`."""
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def span(fy: str, quarter: int | None) -> tuple[date, date]:
    """Return first and last day of a year (`2026-27`, `2026`) or one of its quarters; Rejected for anything else."""
    found = _YEAR.fullmatch(fy.strip())
    start = int(found[1]) if found else 0
    if found is None or not 2000 <= start <= 2099 or (found[2] and int(found[2]) % 100 != (start + 1) % 100):
        raise Rejected("tds.year", f"{fy[:20]!r} is no financial year.", remedy="Write 2026-27.")
    if quarter is None:
        return date(start, 4, 1), date(start + 1, 3, 31)
    if not 1 <= quarter <= 4:
        raise Rejected("tds.quarter", "A year has the quarters 1 to 4; April begins the first.")
    first = (date(start, 4, 1), date(start, 7, 1), date(start, 10, 1), date(start + 1, 1, 1))[quarter - 1]
    last = (date(start, 6, 30), date(start, 9, 30), date(start, 12, 31), date(start + 1, 3, 31))[quarter - 1]
    return first, last


def name_key(name: str) -> str:
    """Reduce a firm's name to what every writing of it has in common: `M/s Sharma Traders Pvt. Ltd.`, `SHARMA TRADERS PRIVATE LIMITED`."""
    text = f" {unicodedata.normalize('NFKC', name).upper()} "
    text = re.sub(r"[.,()]", " ", text)
    for long, short in _FORMS:
        text = re.sub(rf"(?<=\s){re.escape(short)}(?=\s)", long, text)
    text = re.sub(r"(?<=\s)MESSRS(?=\s)", "", text)
    return "".join(character for character in text if unicodedata.category(character)[0] in "LMN")


def whose(credits: Sequence[Credit], customers: Iterable[Customer]) -> dict[int, UUID]:
    """Return the customer of each credit (by its place) that is known: by a person's word, PAN, name; one row of a TAN tells for all.

    Only what points to one customer alone counts; of a TAN whose rows point to several, each row stands for itself.
    """
    by_pan, by_name = defaultdict(set), defaultdict(set)
    known: set[UUID] = set()
    for customer in customers:
        known.add(customer.id)
        if customer.pan:
            by_pan[customer.pan.upper()].add(customer.id)
        for name in customer.names:
            by_name[name_key(name)].add(customer.id)
    found: dict[int, UUID] = {}
    by_tan: dict[str, set[UUID]] = defaultdict(set)
    for place, credit in enumerate(credits):
        for hits in (
            {credit.party} & known if credit.party else set(),
            by_pan.get((credit.pan or "").upper(), set()),
            by_name.get(name_key(credit.name), set()),
        ):
            if len(hits) == 1:
                (found[place],) = hits
                if credit.tan:
                    by_tan[credit.tan] |= hits
                break
    for place, credit in enumerate(credits):
        if place not in found and credit.tan and len(by_tan.get(credit.tan, ())) == 1:
            (found[place],) = by_tan[credit.tan]
    return found


def compared(cuts: Iterable[Cut], credits: Sequence[Credit], owners: Mapping[int, UUID]) -> dict[Key, Sums]:
    """Set cuts and credits side by side by customer, kind and quarter."""
    found: dict[Key, Sums] = defaultdict(Sums)
    for cut in cuts:
        found[cut.party, cut.kind, quarter_of(cut.on)].cut += cut.amount
    for place, credit in enumerate(credits):
        if credit.status == GONE or not credit.amount:
            continue
        who: UUID | str = owners.get(place) or credit.tan or credit.name
        sums = found[who, credit.kind, quarter_of(credit.on)]
        if credit.status in (None, FINAL):
            sums.credited += credit.amount
            section = credit.section or "no section"
            sums.sections[section] = sums.sections.get(section, 0) + credit.amount
        else:
            sums.pending += credit.amount
    return dict(found)
