"""A table of past bills as anybody exports it: headings, days and amounts read as they come, what is wrong told by line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial

from kit.errors import Rejected
from kit.tabular import Cell, day_of, header_key, text_of
from ledger.domain.forecast.history import Bill

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "customer": (
        "customer", "customerid", "customerno", "customernumber", "customercode", "custnumber", "custno", "custid", "client",
        "clientid", "party", "partyid", "account", "accountid", "accountno", "debtor", "debtorid", "buyer", "buyerid",
        "customername", "namecustomer", "partyname", "clientname", "buyername", "accountname", "ledger", "company", "name",
    ),
    "issued": (
        "issued", "issuedon", "issuedate", "invoicedate", "invoicedon", "invoiced", "billdate", "billedon", "postingdate",
        "documentdate", "documentcreatedate", "docdate", "baselinecreatedate", "voucherdate", "invdate", "createdat",
        "createddate", "created", "dated", "date",
    ),
    "due": ("due", "dueon", "duedate", "dueindate", "dueby", "paymentdue", "paymentduedate", "netduedate", "payby"),
    "paid": (
        "paid", "paidon", "paiddate", "paidat", "paymentdate", "paymentdt", "datepaid", "settled", "settledon", "settleddate",
        "settlementdate", "cleared", "clearedon", "cleardate", "clearingdate", "closedon", "closedate", "closeddate",
        "receivedon", "receiveddate", "receiptdate", "collectedon", "fullypaidon", "fullypaiddate", "lastpaymentdate",
    ),
    "amount": (
        "amount", "invoiceamount", "invoicevalue", "invoicetotal", "billamount", "totalopenamount", "totalamount",
        "grandtotal", "total", "value", "invoiceamountusd", "usdamount", "amountusd", "amountinr", "amountrs", "openamount",
        "netamount", "convertedusd", "originalamount", "billvalue",
    ),
}  # fmt: skip
"""What the columns are called, the likeliest name first."""
_NOTHING = frozenset(
    (
        "",
        "-",
        "na",
        "n/a",
        "nan",
        "nat",
        "none",
        "null",
        "nil",
        "open",
        "unpaid",
        "0",
        "0000-00-00",
        "00/00/0000",
        "00000000",
    )
)
_SLASHED = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)(.*)")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:\.0+)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EARLIEST, _LATEST = date(1970, 1, 1), date(2100, 1, 1)
_EXCEL_EPOCH = date(1899, 12, 30).toordinal()


@dataclass(frozen=True, slots=True)
class Table:
    """The bills of a file, what was wrong (line, what), how dates were read, and which headings were used."""

    bills: tuple[Bill, ...]
    complaints: tuple[tuple[int, str], ...]
    month_first: bool
    headings: Mapping[str, str]


def read_table(rows: Sequence[Sequence[Cell]]) -> Table:
    """Read rows under their heading; Rejected where there is no heading that names what is needed."""
    start, columns = _heading(rows)
    dates = [columns[role] for role in ("issued", "due", "paid") if role in columns]
    month_first = _month_first(rows[start + 1 :], dates)
    bills: list[Bill] = []
    complaints: list[tuple[int, str]] = []
    for line, row in enumerate(rows[start + 1 :], start=start + 2):
        if not any(cell is not None for cell in row):
            continue
        found = _bill(partial(_cell, row, columns), month_first=month_first)
        if isinstance(found, Bill):
            bills.append(found)
        else:
            complaints.append((line, found))
    named = {role: text_of(rows[start][place]) for role, place in columns.items()}
    return Table(tuple(bills), tuple(complaints), month_first, named)


def _heading(rows: Sequence[Sequence[Cell]]) -> tuple[int, dict[str, int]]:
    best: tuple[int, dict[str, int]] = (0, {})
    for number, row in enumerate(rows[:20]):
        keys = [header_key(cell) for cell in row]
        columns = {
            role: keys.index(name)
            for role, names in HEADINGS.items()
            for name in reversed(names)
            if name in keys
        }
        if len(columns) > len(best[1]):
            best = number, columns
    missing = [role for role in ("customer", "issued", "paid") if role not in best[1]]
    if missing:
        seen = (
            ", ".join(text_of(cell) for cell in rows[best[0]] if cell is not None)[:300]
            if rows
            else "nothing"
        )
        raise Rejected(
            "forecast.headings",
            f"No column for {' and '.join(missing)} among: {seen}.",
            remedy="Call the columns customer, issued, due, paid, amount.",
        )
    return best


def _cell(row: Sequence[Cell], columns: Mapping[str, int], role: str) -> Cell:
    place = columns.get(role)
    return row[place] if place is not None and place < len(row) else None


def _bill(cell: partial[Cell], *, month_first: bool) -> Bill | str:
    customer = text_of(cell("customer")).strip()
    if not customer:
        return "no customer"
    days: dict[str, int | None] = {}
    for role in ("issued", "due", "paid"):
        given = cell(role)
        if text_of(given).strip().lower() in _NOTHING:
            days[role] = None
            continue
        day = _day(given, month_first=month_first)
        if day is None:
            return f"{role}: {text_of(given)[:30]!r} is no date"
        days[role] = day.toordinal()
    issued, due = days["issued"], days["due"]
    if issued is None:
        return "no date of issue"
    try:
        amount = _amount(cell("amount"))
    except (InvalidOperation, ValueError):
        return f"amount: {text_of(cell('amount'))[:30]!r} is no amount"
    return Bill(customer.casefold(), issued, issued if due is None else due, amount, days["paid"])


def _month_first(rows: Sequence[Sequence[Cell]], places: Sequence[int]) -> bool:
    """Return whether dates put the month first: where more of them can be read only so than only day first."""
    month = day = 0
    for row in rows:
        for place in places:
            text = row[place] if place < len(row) else None
            if isinstance(text, str) and (found := _SLASHED.fullmatch(text)):
                day += int(found[1]) > 12
                month += int(found[3]) > 12
    return month > day


def _day(cell: Cell, *, month_first: bool) -> date | None:
    text = text_of(cell).strip() if not isinstance(cell, (date, datetime)) else ""
    found: date | None = None
    if compact := _COMPACT.fullmatch(text):
        try:
            found = date(int(compact[1]), int(compact[2]), int(compact[3]))
        except ValueError:
            return None
    elif _SERIAL.fullmatch(text):
        found = date.fromordinal(_EXCEL_EPOCH + int(Decimal(text)))
    elif month_first and (slashed := _SLASHED.fullmatch(text)):
        found = day_of(f"{slashed[3]}{slashed[2]}{slashed[1]}{slashed[2]}{slashed[4]}{slashed[5]}")
    else:
        found = day_of(cell if text == "" else text) or _iso(text)
    return found if found is not None and _EARLIEST <= found < _LATEST else None


def _iso(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _amount(cell: Cell) -> int:
    """Read an amount in hundredths, however grouped; nothing is 0. It only says how large a bill is beside others."""
    text = re.sub(r"[^\d,.\-()eE]", "", text_of(cell).replace("Rs.", ""))
    if text_of(cell).strip().lower() in _NOTHING:
        return 0
    if "," in text and re.fullmatch(r"-?[\d.]*\d,\d{1,2}", text):
        text = text.replace(".", "").replace(",", ".")
    negative = text.startswith("(") or text.endswith("-")
    value = Decimal(text.strip("()").rstrip("-").replace(",", ""))
    if not value.is_finite() or abs(value) > 10**15:
        raise ValueError
    return int((-value if negative else value) * 100)
