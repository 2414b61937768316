"""The reports Bills Receivable and Bills Payable: what is open by the books on a day, bill by bill.

The amount of a bill is a sibling behind it (`<BILLFIXED>…</BILLFIXED><BILLCL>-10000.00</BILLCL>`), and other elements
may stand between. A negative amount is a debit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from connectors.tally.facts import CURRENCY, Fact, Side
from connectors.tally.fields import day, debit, whole
from connectors.tally.ledgers import key
from connectors.tally.markup import Node
from kit.errors import Rejected

_SAYS: tuple[tuple[Side, str], ...] = (("receivable", r"receiv|debtor"), ("payable", r"payab|creditor"))


@dataclass(frozen=True, slots=True)
class OpenBill:
    """One row of a report; `amount` is debit positive."""

    party: str
    number: str
    billed_on: date
    due_on: date | None
    overdue: int
    amount: int


class Rows:
    """Gathers a report's rows from its flat elements."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Node]] = []

    def add(self, node: Node) -> None:
        """Take in BILLFIXED, which begins a row, or one of its siblings."""
        if node.name == "BILLFIXED":
            self.nodes.append({node.name: node})
        elif self.nodes:
            self.nodes[-1].setdefault(node.name, node)


def read_row(nodes: dict[str, Node]) -> OpenBill | None:
    """Read a row; None for one without an amount left; Rejected with the reason."""
    fixed = nodes["BILLFIXED"]
    amount = debit(nodes.get("BILLCL"))
    if not amount:
        if amount is None and "BILLCL" not in nodes:
            raise Rejected("tally.amount_missing", "The row has no amount.")
        return None
    party, billed_on = fixed.said("BILLPARTY"), day(fixed.said("BILLDATE"))
    if not party or billed_on is None:
        raise Rejected("tally.row", "The row names no party or no date.")
    due, overdue = nodes.get("BILLDUE"), nodes.get("BILLOVERDUE")
    return OpenBill(
        party=party,
        number=fixed.said("BILLREF"),
        billed_on=billed_on,
        due_on=day(due.text) if due is not None else None,
        overdue=whole(overdue.text) if overdue is not None else 0,
        amount=amount,
    )


def side_of(bills: Sequence[OpenBill], *, stream: str, filename: str) -> Side:
    """Return which of the two reports it is: as the sender says, else by its amounts; Rejected if neither tells."""
    for hint in (stream, filename):
        said = [side for side, words in _SAYS if re.search(words, hint, re.IGNORECASE)]
        if len(said) == 1:
            return said[0]
    signs = {bill.amount > 0 for bill in bills}
    if len(signs) == 1:
        return "receivable" if signs == {True} else "payable"
    raise Rejected(
        "tally.which_report",
        "It has debits and credits: whether it is Bills Receivable or Bills Payable isn't told.",
        remedy="Name the file Bills Receivable.xml or Bills Payable.xml.",
    )


def report_day(bills: Sequence[OpenBill], *, today: date) -> date:
    """Return the day that the report is of: due day and days overdue tell it where most rows agree; else today."""
    days = Counter(
        bill.due_on + timedelta(days=bill.overdue) for bill in bills if bill.due_on and bill.overdue > 0
    )
    if not days:
        return today
    found, rows = days.most_common(1)[0]
    return min(found, today) if rows * 2 > days.total() else today


def row_fact(bill: OpenBill, side: Side) -> Fact | None:
    """Return the open bill that a row states; None for an advance, which stands on account in the vouchers.

    Rejected for a bill without a reference.
    """
    if (bill.amount > 0) != (side == "receivable"):
        return None
    if not bill.number:
        raise Rejected(
            "tally.bill_without_reference",
            f"A balance of {bill.party[:60]} is open without a bill.",
            remedy="Import the Day Book and List of Accounts too: they tell what it is made of.",
        )
    data: dict[str, Any] = {
        "number": bill.number,
        "party": {"name": bill.party},
        "issued_on": bill.billed_on.isoformat(),
        "amount": abs(bill.amount),
        "currency": CURRENCY,
    }
    if bill.due_on:
        data["due_on"] = bill.due_on.isoformat()
    part = f"{key(bill.party)}/{key(bill.number)}/{bill.billed_on:%Y%m%d}"
    return Fact("invoice.issued" if side == "receivable" else "bill.received", data, part)
