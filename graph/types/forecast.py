"""When a bill will be paid, and by what that is known."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import strawberry
from babel.dates import format_date

from graph.types.basics import Info, Money, money, resolved
from kit.money import format_minor
from ledger.views import forecast as views


@strawberry.type(description="What is expected of customers on one day.")
class ExpectedDay:
    """A day."""

    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="What is expected, in all.")
    customers: int = strawberry.field(description="Of how many customers.")


@strawberry.type(description="By what it is known when a customer will pay.")
class Outlook:
    """An outlook."""

    words: str = strawberry.field(description="In words: usually 20 days late, last three 25 · …")
    last_three_days_late: int | None = strawberry.field(
        description="Median days late of the last three bills paid; null: fewer are."
    )
    promises_kept: int = strawberry.field(description="Promises whose day passed, and money had come.")
    promises_broken: int = strawberry.field(description="Promises whose day passed without any money.")
    next_on: date | None = strawberry.field(description="The first day on which something is expected.")
    next_amount: Money = strawberry.field(description="What is expected on that day.")


@strawberry.type(description="When a bill will be paid.")
class ExpectedFields:
    """What an invoice tells of the days to come."""

    @resolved(
        "The day on which the rest of it should be paid: by promise, cheque in hand, or how this customer pays. "
        "Null: not expected, as `expectedWords` says."
    )
    async def expected_on(self, info: Info) -> date | None:
        """Return the day."""
        return _of(await _expected(self, info), "on")  # type: ignore[no-any-return]

    @resolved("Four bills of five are paid from this day …")
    async def expected_from(self, info: Info) -> date | None:
        """Return the first day."""
        return _of(await _expected(self, info), "low")  # type: ignore[no-any-return]

    @resolved("… to this one. Null where the bill is younger than this morning's forecast.")
    async def expected_to(self, info: Info) -> date | None:
        """Return the last day."""
        return _of(await _expected(self, info), "high")  # type: ignore[no-any-return]

    @resolved("The same in words; null where nothing is left to pay.")
    async def expected_words(self, info: Info) -> str | None:
        """Return the words."""
        found = await _expected(self, info)
        return expected_words(found) if found is not None else None


async def _expected(invoice: Any, info: Info) -> views.BillExpectation | None:
    key: UUID = invoice.key
    return await info.context.expected.load(key)


def _of(found: views.BillExpectation | None, name: str) -> Any:
    return getattr(found, name) if found is not None else None


def expected_words(bill: views.BillExpectation) -> str:
    """Say when a bill is expected."""
    if bill.on is None:
        return {
            views.DISPUTED: "disputed, not expected",
            views.QUESTION: "waits for an answer, not expected",
            views.ON_ACCOUNT: "covered by money on account",
        }.get(bill.why, "can't be said: ask the customer")
    day = _day(bill.on)
    if bill.why == views.PROMISE:
        return f"promised {day}"
    if bill.why == views.CHEQUE:
        return f"cheque in hand, money by {day}"
    if bill.low is not None and bill.high is not None and bill.low < bill.high:
        return f"about {day}, most likely {_day(bill.low)} to {_day(bill.high)}"
    return f"about {day}"


def outlook(view: views.PartyOutlookView) -> Outlook:
    """Return an outlook as its type."""
    return Outlook(
        words=" · ".join(_words(view)),
        last_three_days_late=view.last_three_days_late,
        promises_kept=view.promises_kept,
        promises_broken=view.promises_broken,
        next_on=view.next_on,
        next_amount=money(view.next_amount, view.currency),
    )


def _words(view: views.PartyOutlookView) -> list[str]:
    words = []
    usual, last = view.usual_days_late, view.last_three_days_late
    if usual is not None:
        habit = f"usually {usual} days late" if usual > 0 else "usually on time"
        words.append(f"{habit}, last three {last}" if last is not None and last != usual else habit)
    if view.promise_on is not None:
        day = _day(view.promise_on)
        words.append(f"promised {day}, not paid" if view.promise_broken else f"promised {day}")
    if view.promises_broken:
        words.append(f"{view.promises_broken} of {view.promises_kept + view.promises_broken} promises broken")
    if view.cheques:
        total = format_minor(view.cheques_amount, view.currency)
        what = f"cheque of {total}" if view.cheques == 1 else f"{view.cheques} cheques of {total}"
        dated = f" dated {_day(view.cheque_on)}" if view.cheque_on is not None else ""
        words.append(f"{what}{dated} in hand")
    return words


def _day(day: date) -> str:
    return format_date(day, "EEE d MMM", locale="en")
