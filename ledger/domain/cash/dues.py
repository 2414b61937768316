"""What falls due each month besides bills: its days, whether it is paid, and what bank lines suggest. Pure; minor units."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from uuid import UUID

from kit.catalogues import N_

PAID_WITHIN = timedelta(days=7)
"""A debit so many days before or after the due day may be its payment …"""
PAID_PERCENT = 40
"""… if its amount is that near."""


@dataclass(frozen=True, slots=True)
class UsualDue:
    """What the law makes fall due: a row of dues.toml; `months` are numbers."""

    kind: str
    name: str
    day: int
    months: tuple[int, ...]
    begins: date
    ends: date | None
    about: str
    law: str
    source: str


@dataclass(frozen=True, slots=True)
class Due:
    """What its owner has confirmed: about `amount` on a `day` (the last, where a month is shorter) of some months."""

    id: UUID
    name: str
    kind: str
    amount: int
    currency: str
    day: int
    months: tuple[int, ...]
    since: date
    until: date | None = None
    payee: str | None = None


@dataclass(frozen=True, slots=True)
class Debit:
    """Money that went out of the bank: what it seems to be, and by what its payee is known again."""

    on: date
    amount: int
    kind: str | None
    payee: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One due day, and the debit that paid it."""

    due: Due
    on: date
    paid: Debit | None = None


@lru_cache(maxsize=1)
def usual_dues() -> tuple[UsualDue, ...]:
    """Return all rows of dues.toml."""
    raw = tomllib.loads((resources.files("ledger.domain.cash") / "dues.toml").read_text("utf-8"))
    return tuple(
        UsualDue(
            row["kind"], row["name"], row["day"], tuple(row.get("months", range(1, 13))), row["begins"],
            row.get("ends"), row["about"], row["law"], row["source"],
        )
        for row in raw["due"]
    )  # fmt: skip


def usual_on(day: date) -> tuple[UsualDue, ...]:
    """Return the rows in force on a day."""
    return tuple(row for row in usual_dues() if row.begins <= day and (row.ends is None or day <= row.ends))


def days_of(due: Due, first: date, last: date) -> list[date]:
    """Return the due days from `first` to `last`: the stated day, also where the banks are closed."""
    found = []
    first, last = max(first, due.since), min(last, due.until or last)
    year, month = first.year, first.month
    while date(year, month, 1) <= last:
        on = date(year, month, min(due.day, monthrange(year, month)[1]))
        if month in due.months and first <= on <= last:
            found.append(on)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def is_of(due: Due, debit: Debit) -> bool:
    """Whether a debit is of a due's kind or payee (both, where the due names both and the bank shows both)."""
    if due.payee is not None and debit.payee is not None and due.payee != debit.payee:
        return False
    same_kind = debit.kind is not None and debit.kind == due.kind
    return same_kind or (due.payee is not None and due.payee == debit.payee)


def with_payments(
    dues: Iterable[Due], debits: Sequence[Debit], *, first: date, last: date
) -> tuple[Occurrence, ...]:
    """Return the due days, each with the debit that paid it; a debit pays one, the nearest pair goes first."""
    waiting = [(due, on) for due in dues for on in days_of(due, first, last)]
    pairs = []
    for place, (due, on) in enumerate(waiting):
        for number, debit in enumerate(debits):
            apart = abs((debit.on - on).days)
            off = abs(debit.amount - due.amount)
            if is_of(due, debit) and apart <= PAID_WITHIN.days and off * 100 <= due.amount * PAID_PERCENT:
                pairs.append((apart, off, place, number))
    paid: dict[int, int] = {}
    for _, _, place, number in sorted(pairs):
        if place not in paid and number not in paid.values():
            paid[place] = number
    found = [
        Occurrence(due, on, debits[paid[place]] if place in paid else None)
        for place, (due, on) in enumerate(waiting)
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.due.name, one.due.id.int)))


def bank_closed(day: date, holidays: Collection[date] = ()) -> str | None:
    """Say why Indian banks are closed on a day, or None: Sundays, second and fourth Saturdays, listed holidays."""
    if day in holidays:
        return N_("holiday")
    if day.weekday() == 6:
        return N_("Sunday")
    if day.weekday() == 5 and (day.day - 1) // 7 in (1, 3):
        return N_("second Saturday") if day.day <= 14 else N_("fourth Saturday")
    return None
