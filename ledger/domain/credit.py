"""May goods go out to a customer on credit: yes, ask the owner, or no, with the reasons; from what is known, always the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

YES, ASK, NO = "yes", "ask", "no"
WORD_HOLDS = timedelta(days=7)
"""The owner's “may send” is good so long: after a week the customer may stand otherwise."""
_LATER_THAN_USUAL, _MUCH_LATER = 0, 30
"""Days overdue beyond what is usual of him: from the first on the owner is asked, beyond the second it is no."""
_FAR_OVER = 25
"""Percent over the limit, from which it isn't a matter of asking any more."""
_OFTEN_BROKEN = 2
CHEQUE_REMEMBERED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class OwnersWord:
    """What the owner (or finance) said of this customer last: `may` or hold; a `may` up to `amount` where he said so."""

    may: bool
    on: date
    by: str
    note: str | None = None
    amount: int | None = None

    def holds(self, today: date, order: int | None) -> bool:
        """Return whether it decides on this day, for an order of this amount."""
        if not self.may:
            return True
        small = self.amount is None or (order is not None and order <= self.amount)
        return small and today <= self.on + WORD_HOLDS


@dataclass(frozen=True, slots=True)
class CreditStanding:
    """How a customer stands; amounts in minor units of one currency, days by the business's calendar."""

    today: date
    net: int
    credit_limit: int | None = None
    overdue: int = 0
    overdue_days: int = 0
    usual_days_late: int | None = None
    promise_broken: bool = False
    promises_broken: int = 0
    promises_given: int = 0
    cheque_returned_on: date | None = None
    blocked: bool = False
    word: OwnersWord | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `weight` yes, ask or no by itself. `amount` and `other` (money), `days` and `usual` as `code` needs.

    Codes: held, released, over_limit (amount over, other the limit), within_limit (amount left, other the limit),
    no_limit, overdue (amount, days, usual), nothing_overdue, as_usual (amount, days, usual), promise_broken,
    promises_broken (days: broken, usual: given), cheque_returned (on), question.
    """

    code: str
    weight: str
    amount: int = 0
    other: int = 0
    days: int = 0
    usual: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class CreditAnswer:
    """`verdict` yes, ask or no; the reasons that decide come first."""

    verdict: str
    reasons: tuple[Reason, ...]


def may_send(standing: CreditStanding, order: int | None = None) -> CreditAnswer:
    """Answer whether goods (of an `order`, where its value is known) may go; the owner's word stands above the rest."""
    reasons = [
        *_limit(standing, order or 0),
        *_overdue(standing),
        *_promises(standing),
        *_trouble(standing),
    ]
    reasons.sort(key=lambda reason: (NO, ASK, YES).index(reason.weight))
    word = standing.word
    if word is not None and word.holds(standing.today, order):
        said = Reason("released", YES, on=word.on) if word.may else Reason("held", NO, on=word.on)
        return CreditAnswer(said.weight, (said, *reasons))
    return CreditAnswer(reasons[0].weight, tuple(reasons))


def _limit(standing: CreditStanding, order: int) -> list[Reason]:
    limit = standing.credit_limit
    if not limit:
        return [Reason("no_limit", YES)]
    over = max(standing.net, 0) + order - limit
    if over <= 0:
        return [Reason("within_limit", YES, amount=-over, other=limit)]
    weight = NO if over * 100 > limit * _FAR_OVER else ASK
    return [Reason("over_limit", weight, amount=over, other=limit)]


def _overdue(standing: CreditStanding) -> list[Reason]:
    days, usual = standing.overdue_days, standing.usual_days_late
    if standing.overdue <= 0 or days <= 0:
        return [Reason("nothing_overdue", YES)]
    beyond = days - max(usual or 0, 0)
    if beyond <= _LATER_THAN_USUAL:
        return [Reason("as_usual", YES, amount=standing.overdue, days=days, usual=usual)]
    weight = NO if beyond > _MUCH_LATER else ASK
    return [Reason("overdue", weight, amount=standing.overdue, days=days, usual=usual)]


def _promises(standing: CreditStanding) -> list[Reason]:
    if not standing.promise_broken:
        return []
    if standing.promises_broken >= _OFTEN_BROKEN:
        return [Reason("promises_broken", NO, days=standing.promises_broken, usual=standing.promises_given)]
    return [Reason("promise_broken", ASK)]


def _trouble(standing: CreditStanding) -> list[Reason]:
    found = []
    returned = standing.cheque_returned_on
    if returned is not None and standing.net > 0 and standing.today - returned <= CHEQUE_REMEMBERED:
        found.append(Reason("cheque_returned", NO, on=returned))
    if standing.blocked:
        found.append(Reason("question", ASK))
    return found
