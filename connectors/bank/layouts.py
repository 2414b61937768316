"""The layouts as data: what each bank calls its columns, and by which columns a layout is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kit.tabular import Cell, header_key

Role = Literal[
    "posted", "valued", "narration", "reference", "debit", "credit", "amount", "flag", "balance", "balance_flag",
    "currency",
]  # fmt: skip

SYNONYMS: Mapping[Role, tuple[str, ...]] = {
    "posted": (
        "transactiondate", "txnposteddate", "txndate", "trandate", "postdate", "posteddate", "postingdate",
        "bookingdate", "date", "entrydate",
    ),
    "valued": ("valuedate", "valuedat", "valuedt"),
    "narration": (
        "narration", "transactionremarks", "transactionparticulars", "description", "particulars", "details",
        "remarks", "transactiondescription", "transactiondetails",
    ),
    "reference": (
        "chqrefno", "chqrefnumber", "refnochequeno", "chequenumber", "chequeno", "chqno", "refno", "refchqno",
        "referenceno", "referencenumber", "reference", "instrumentid", "instrumentno", "utrno", "chequerefno",
    ),
    "debit": (
        "debit", "debitamount", "debitamt", "withdrawal", "withdrawals", "withdrawalamount", "withdrawalamt",
        "withdrawaldr", "dr", "dramount",
    ),
    "credit": (
        "credit", "creditamount", "creditamt", "deposit", "deposits", "depositamount", "depositamt", "depositcr",
        "cr", "cramount",
    ),
    "amount": ("amount", "transactionamount", "txnamount", "amountinr"),
    "flag": ("drcr", "crdr", "debitcredit", "creditdebit", "transactiontype", "txntype", "type"),
    "balance": (
        "balance", "bal", "closingbalance", "availablebalance", "runningbalance", "balanceamount", "balanceamt",
        "accountbalance", "closingbal",
    ),
    "currency": ("ccy", "currency", "curr"),
}  # fmt: skip
"""Headings as `header_key` makes them; within a role the earlier name wins where a row has several."""

LAYOUTS: Sequence[tuple[str, str, frozenset[str]]] = (
    ("hdfc.delimited", "hdfc", frozenset({"narration", "valuedat", "debitamount", "creditamount"})),
    ("hdfc.statement", "hdfc", frozenset({"narration", "valuedt", "withdrawalamt", "depositamt"})),
    ("icici.savings", "icici", frozenset({"transactionremarks", "withdrawalamount", "depositamount"})),
    ("icici.current", "icici", frozenset({"transactionid", "transactionamount", "crdr", "availablebalance"})),
    ("axis.retail", "axis", frozenset({"trandate", "particulars", "dr", "cr", "bal"})),
    ("axis.corporate", "axis", frozenset({"transactiondate", "particulars", "amount", "debitcredit"})),
    ("axis.statement", "axis", frozenset({"trandate", "transactionparticulars", "amount", "drcr"})),
    ("kotak.amount", "kotak", frozenset({"slno", "description", "chqrefno", "amount", "drcr", "balance"})),
    ("kotak.debit_credit", "kotak", frozenset({"slno", "description", "chqrefno", "debit", "credit"})),
    ("sbi.statement", "sbi", frozenset({"txndate", "description", "refnochequeno", "debit", "credit"})),
    ("sbi.portal", "sbi", frozenset({"date", "details", "refnochequeno", "debit", "credit", "balance"})),
)
"""Name, bank, and the headings that are all there. First match names the layout; none of them decides the reading."""

IFSC_BANKS = {"HDFC": "hdfc", "ICIC": "icici", "SBIN": "sbi", "UTIB": "axis", "KKBK": "kotak"}

ROLE_OF = {name: role for role, names in SYNONYMS.items() for name in names}
_RANK = {name: rank for names in SYNONYMS.values() for rank, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Header:
    """The heading row: where it stands, which column plays which role, and what the layout is called."""

    row: int
    columns: Mapping[Role, int]
    layout: str
    bank: str | None


def find_header(rows: Sequence[Sequence[Cell]], *, within: int = 200) -> Header | None:
    """Return the best heading row: a date, a narration, and money in two columns, with a flag, or signed."""
    best: tuple[int, Header] | None = None
    for number, row in enumerate(rows[:within]):
        if len(row) < 3:
            continue
        keys = [header_key(cell) for cell in row]
        columns = columns_of(keys)
        if not is_complete(columns):
            continue
        score = len(columns)
        if best is None or score > best[0]:
            layout, bank = _name(frozenset(keys))
            best = score, Header(number, columns, layout, bank)
    return best[1] if best else None


def columns_of(keys: Sequence[str]) -> dict[Role, int]:
    """Give each role its column; of two columns for one role the better known name wins, then the first.

    Two columns may be called `Dr / Cr`: the one that follows the balance is the sign of the balance.
    """
    columns: dict[Role, int] = {}
    previous: Role | None = None
    has_sides = {"debit", "credit"} <= {ROLE_OF.get(key) for key in keys}
    for place, key in enumerate(keys):
        role = ROLE_OF.get(key)
        if role is None:
            continue
        if role == "flag" and previous == "balance" and (has_sides or "flag" in columns):
            role = "balance_flag"
        previous = role
        held = columns.get(role)
        if held is None or _RANK[key] < _RANK[keys[held]]:
            columns[role] = place
    if "posted" not in columns and "valued" in columns:
        columns["posted"] = columns.pop("valued")
    return columns


def is_complete(columns: Mapping[Role, int]) -> bool:
    """Return whether these roles are enough to read a statement."""
    return (
        "posted" in columns
        and "narration" in columns
        and ({"debit", "credit"} <= columns.keys() or "amount" in columns)
    )


def _name(keys: frozenset[str]) -> tuple[str, str | None]:
    for name, bank, marks in LAYOUTS:
        if marks <= keys:
            return name, bank
    return "other", None
