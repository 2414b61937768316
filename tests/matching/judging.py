"""Whether what the product says of a credit is true; looks at the truth for nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tests.matching.truth import SALES, Part, Truth

NEAR = 200
"""Two rupees a bill: payers round."""
_TRADE = frozenset(
    ["cash_discount", "rate_difference", "shortage", "freight", "goods_returned", "bank_charge", "other"]
)
_ELSE = {
    "own_transfer": {"own_transfer"},
    "loan": {"loan", "not_sale"},
    "owner_money": {"owner_money", "not_sale"},
    "gst_refund": {"gst_refund", "not_sale"},
    "interest": {"interest", "not_sale"},
    "vendor_refund": {"vendor_refund", "not_sale"},
    "reversal": {"reversal", "returned", "not_sale"},
    "stranger": {"not_sale", "other"},
    "own_cash": {"cash_deposit", "own_transfer", "not_sale"},
}
Shares = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Said:
    """What the product, or one of its answers, takes a credit to be."""

    party: str | None = None
    classified: str | None = None
    explained: str | None = None
    shares: Shares = field(default_factory=dict)
    """(bill, kind) → amount."""
    given_back: bool = False


@dataclass(slots=True)
class Books:
    """The product's own bills as they stand: what is open, since when, whose; and the habits that it knows."""

    open: dict[str, int] = field(default_factory=dict)
    issued: dict[str, date] = field(default_factory=dict)
    party: dict[str, str] = field(default_factory=dict)
    habits: dict[str, str] = field(default_factory=dict)


def is_right(
    truth: Truth, said: Said, books: Books, *, on: date, proposed: bool, also: tuple[Part, ...] = ()
) -> bool:
    """Judge one result; `proposed`: it is an answer that isn't carried out yet. `also` may be set against bills later."""
    if truth.kind == "settlement":
        return said.explained == "settlement"
    if truth.kind not in SALES:
        return said.classified in _ELSE[truth.kind] or (
            truth.kind == "reversal" and said.explained == "payout"
        )
    if said.classified is not None or said.party != truth.party:
        return False
    if truth.returned_on is not None and on >= truth.returned_on and (said.given_back or not said.shares):
        return True
    if truth.kind == "bills":
        return _same(truth.parts, said.shares)
    if not said.shares or (truth.kind == "oldest_first" and _same(truth.parts, said.shares)):
        return True
    if truth.kind == "advance":
        return bool(also) and _same(also, said.shares)
    known = books.habits.get(truth.party or "")
    if known == "on_account":
        return False
    return _oldest_first(said.shares, books, proposed=proposed) or (
        known is None and _is_one_bill(said, books, proposed=proposed)
    )


def _same(parts: tuple[Part, ...], shares: Shares) -> bool:
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for part in parts:
        wanted[part.bill, _family(part.kind)] += part.amount
    given: dict[tuple[str, str], int] = defaultdict(int)
    for (bill, kind), amount in shares.items():
        if kind != "round_off":
            given[bill, _family(kind)] += amount
    slack = NEAR * max(1, len({bill for bill, _ in wanted}))
    return all(abs(wanted[key] - given[key]) <= slack for key in [*wanted, *given])


def _family(kind: str) -> str:
    return "trade" if kind in _TRADE else kind


def _oldest_first(shares: Shares, books: Books, *, proposed: bool) -> bool:
    """Whether no older bill of the party stays open beside a newer one that gets something."""
    paid: dict[str, int] = defaultdict(int)
    for (bill, _), amount in shares.items():
        paid[bill] += amount
    newest = max((books.issued[bill] for bill in paid if bill in books.issued), default=None)
    if newest is None:
        return False
    party = {books.party[bill] for bill in paid if bill in books.party}
    left = {
        bill: amount - (paid[bill] if proposed else 0)
        for bill, amount in books.open.items()
        if books.party[bill] in party and books.issued[bill] < newest
    }
    return all(amount <= NEAR for amount in left.values())


def _is_one_bill(said: Said, books: Books, *, proposed: bool) -> bool:
    """Whether it just closes a single bill: of a party whose habit nobody has told yet, anybody would take it so."""
    bills = {bill for bill, _ in said.shares}
    if len(bills) != 1:
        return False
    bill = next(iter(bills))
    return proposed or books.open.get(bill, 0) <= NEAR
