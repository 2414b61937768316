"""Which facts may have a row that stands on what was just derived: a rule that speaks of none of them has nothing to find.

Most money is no cheque and no cash, and most customers promised nothing. What is said here holds whatever day it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.domain.derive import Derived
from ledger.reconcile.facts import FACTS

_Tables = Mapping[str, list[Any]]


def _any_of(table: str) -> Callable[[_Tables], bool]:
    return lambda tables: bool(tables.get(table))


def _not_in_books(tables: _Tables) -> bool:
    """Whether a bill is there that no books claim."""
    booked = {claim.row_id for claim in tables.get("claims", ()) if claim.source.startswith("books:")}
    return any(bill.kind == "invoice" and bill.id not in booked for bill in tables.get("invoices", ()))


_MAY_HOLD: Mapping[str, Callable[[_Tables], bool]] = {
    "invoice": _any_of("invoices"),
    "receipt": _any_of("receipts"),
    "bank_line": _any_of("bank_lines"),
    "settlement": _any_of("settlements"),
    "claim": _any_of("claims"),
    "allocation": _any_of("allocations"),
    "payable": _any_of("payables"),
    "party": _any_of("parties"),
    "party_pair": _any_of("parties"),
    "changed_bill": _any_of("invoices"),
    "payout": _any_of("payouts"),
    "tool_bill": _not_in_books,
    "unbooked_credit": lambda tables: any(row.arrived for row in tables.get("receipts", ())),
    "books_receipt": lambda tables: any(not row.arrived for row in tables.get("receipts", ())),
    "reported_cash": lambda tables: any(row.method == "cash" for row in tables.get("receipts", ())),
    "cash": lambda tables: any(row.method == "cash" for row in tables.get("receipts", ())),
    "money_of_voided_bill": lambda tables: any(
        row.status == "invoice.voided" for row in tables.get("invoices", ())
    ),
    "returned_cheque": lambda tables: any(
        row.status == "cheque.returned" for row in tables.get("cheques", ())
    ),
    "promise": lambda tables: any(row.promise_on is not None for row in tables.get("parties", ())),
    "two_sided_party": lambda tables: any(
        row.is_customer and row.is_vendor for row in tables.get("parties", ())
    ),
}
"""Whether a fact may have a row whose anchor is among those of the derived rows; facts that are not here may."""


def may_hold(made: Derived) -> frozenset[str]:
    """Return the names of the facts that may have a row standing on what was derived."""
    absent = {name for name, holds in _MAY_HOLD.items() if not holds(made.tables)}
    return frozenset(FACTS.keys() - absent)
