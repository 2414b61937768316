"""What seems to fall due each month, by bank lines that repeat: asked of the owner once. Pure; minor units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, median_low

from ledger.domain.cash.dues import Debit, Due, UsualDue, usual_on
from ledger.domain.matching.kinds import LABELS

LEAST_MONTHS = 3
_SUMMED = ("gst", "tds", "pf", "esi", "salary", "income_tax")
"""Several debits of a month are one due: salaries go to many, a challan comes in parts."""
_SINGLE = ("rent", "emi")
_NEAR_PERCENT = {"gst": 60, "tds": 60, "income_tax": 60, "salary": 40, "pf": 40, "esi": 40, "emi": 5}
_NEAR = 15
_DAYS_APART = 5
_SHIFT = 10
_STILL = 45
"""What wasn't paid for so many days has ended."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may fall due each month. `amount` None: the law's day is known, but not what this firm pays."""

    kind: str
    name: str
    day: int
    months: tuple[int, ...]
    amount: int | None
    seen: tuple[date, ...]
    payee: str | None = None
    source: str | None = None


def proposals(debits: Iterable[Debit], stated: Iterable[Due], *, today: date) -> tuple[Proposal, ...]:
    """Return what repeats and isn't stated (or refused) yet, largest first; then what the law knows of besides."""
    known = list(stated)
    usual = usual_on(today)
    found = [
        made
        for (kind, payee), rows in _gathered(debits).items()
        if (made := _repeats(kind, payee, rows, usual, today)) is not None and not _told(made, known)
    ]
    found.sort(key=lambda one: (-(one.amount or 0), one.kind, one.name))
    kinds = {one.kind for one in found}
    rest = [
        Proposal(row.kind, row.name, row.day, row.months, None, (), None, f"{row.law}: {row.about}")
        for row in usual
        if row.kind not in kinds
    ]
    return (*found, *(one for one in rest if not _told(one, known)))


def _told(one: Proposal, known: Iterable[Due]) -> bool:
    """Whether the owner has spoken of it: by payee where there is one, by kind and months where it is the law's."""
    for due in known:
        if one.payee is not None and due.payee is not None:
            if one.payee == due.payee:
                return True
        elif one.kind == due.kind and one.kind != "other" and set(one.months) & set(due.months):
            return True
    return False


def _gathered(debits: Iterable[Debit]) -> dict[tuple[str, str | None], list[Debit]]:
    rows: dict[tuple[str, str | None], list[Debit]] = defaultdict(list)
    for debit in debits:
        if debit.kind in _SUMMED:
            rows[debit.kind, None].append(debit)
        elif debit.kind in _SINGLE:
            rows[debit.kind, debit.payee].append(debit)
        elif debit.kind is None and debit.payee is not None:
            rows["other", debit.payee].append(debit)
    return rows


def _repeats(
    kind: str, payee: str | None, rows: Sequence[Debit], usual: Sequence[UsualDue], today: date
) -> Proposal | None:
    """Read the debits by calendar months, else by months that end ten days later, for what is paid around their end."""
    for shift in (0, _SHIFT):
        months: dict[int, list[Debit]] = defaultdict(list)
        for row in rows:
            on = row.on - timedelta(days=shift)
            months[on.year * 12 + on.month].append(row)
        if (made := _of_months(kind, payee, months, usual, today)) is not None:
            return made
    return None


def _of_months(
    kind: str,
    payee: str | None,
    months: Mapping[int, Sequence[Debit]],
    usual: Sequence[UsualDue],
    today: date,
) -> Proposal | None:
    latest = max(months)
    newest = max(row.on for month in months.values() for row in month)
    run = [months[latest - back] for back in range(LEAST_MONTHS) if latest - back in months]
    if len(run) < LEAST_MONTHS or (today - newest).days > _STILL:
        return None
    if kind not in _SUMMED and any(len(month) > 1 for month in run):
        return None
    amounts = [sum(row.amount for row in month) for month in run]
    amount = median_low(amounts)
    near = _NEAR_PERCENT.get(kind, _NEAR)
    if any(abs(each - amount) * 100 > amount * near for each in amounts):
        return None
    days = [max(month, key=lambda row: row.amount).on for month in run]
    day = _day(days)
    law = next((row for row in usual if row.kind == kind), None)
    if day is None and law is None:
        return None
    return Proposal(
        kind,
        law.name if law else _name(kind, months[latest]),
        law.day if law else (day or 1),
        law.months if law else tuple(range(1, 13)),
        amount,
        tuple(sorted(days)),
        payee,
    )


def _day(days: Sequence[date]) -> int | None:
    """Return the usual day of the month, None where the days are too far apart; the first days count as 31 and more."""
    numbers = sorted(day.day for day in days)
    if numbers[-1] - numbers[0] > 2 * _DAYS_APART:
        numbers = sorted(number + 31 if number <= 2 * _DAYS_APART else number for number in numbers)
    middle = round(median(numbers))
    if any(abs(number - middle) > _DAYS_APART for number in numbers):
        return None
    return middle - 31 if middle > 31 else middle


def _name(kind: str, rows: Sequence[Debit]) -> str:
    """Name it by its kind, by its payee, or by both."""
    if kind in _SUMMED:
        return LABELS[kind]
    payee = next((row.name for row in rows if row.name), None)
    if kind == "other":
        return payee or "Payment"
    return f"{LABELS[kind]}: {payee}" if payee else LABELS[kind]
