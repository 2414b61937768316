"""The XML requests that the agent posts to Tally's port: pure text, one function a request.

Tally takes them as UTF-16 (`encoded`, `CONTENT_TYPE`). It is single-threaded and serves a person at the same time:
ask for a month or for `BATCH` changed vouchers at once, one request after another. Names of fields that a release
doesn't know are silently left out of its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from xml.sax.saxutils import escape

CONTENT_TYPE = "text/xml;charset=utf-16"
BATCH = 2_000
"""Vouchers that one answer should hold: some 3 MB, below what the webhook takes."""

_VOUCHER_FIELDS = (
    "Guid", "MasterId", "AlterId", "Date", "VoucherTypeName", "VoucherNumber", "Reference", "ReferenceDate",
    "PartyLedgerName", "PartyGSTIN", "Narration", "IsCancelled", "IsOptional", "IsPostDated",
)  # fmt: skip
_LINE_FIELDS = (
    "LedgerName", "Amount", "IsPartyLedger", "IsDeemedPositive", "MunshiParent", "MunshiGroup",
    "BillAllocations.Name", "BillAllocations.BillType", "BillAllocations.Amount", "BillAllocations.BillDate",
    "BillAllocations.BillCreditPeriod",
    "BankAllocations.TransactionType", "BankAllocations.TransferMode", "BankAllocations.InstrumentNumber",
    "BankAllocations.InstrumentDate", "BankAllocations.UniqueReferenceNumber", "BankAllocations.BankName",
    "BankAllocations.BankersDate", "BankAllocations.Amount",
)  # fmt: skip
_LEDGER_FIELDS = (
    "Name", "Guid", "AlterId", "Parent", "PartyGSTIN", "LedGSTRegDetails.*", "IncomeTaxNumber", "LedgerMobile",
    "LedgerPhone", "Email", "LedStateName", "Address.*", "BillCreditPeriod", "CreditLimit", "IsBillWiseOn", "OpeningBalance",
    "BillAllocations.Name", "BillAllocations.BillDate", "BillAllocations.OpeningBalance",
    "BillAllocations.BillCreditPeriod", "BillAllocations.IsAdvance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """Which vouchers: of these days, and where `after` is given, only those altered since that alter id.

    `upto` bounds the alter ids from above, to take many changes in batches.
    """

    since: date
    until: date
    after: int | None = None
    upto: int | None = None


def encoded(request: str) -> bytes:
    """Return a request as Tally takes it: UTF-16 without a mark, for `CONTENT_TYPE`."""
    return request.encode("utf-16-le")


def companies() -> str:
    """Ask which companies are open: name, GUID, first day of the books, highest alter ids, last voucher's day."""
    fields = ("Name", "Guid", "BooksFrom", "StartingFrom", "LastVoucherDate", "AltMstId", "AltVchId")
    return _collection("Munshi Companies", "Company", fields)


def alter_ids(company: str) -> str:
    """Ask for the highest alter id of masters and of vouchers; where they haven't moved, nothing has changed."""
    return _collection(
        "Munshi Alter Ids",
        "Company",
        ("Name", "Guid", "AltMstId", "AltVchId"),
        company=company,
        filters={"MunshiThis": "$$IsEqual:##SVCurrentCompany:$Name"},
    )


def groups(company: str) -> str:
    """Ask for all groups with their parents: which of them are below Sundry Debtors or Sundry Creditors."""
    return _collection("Munshi Groups", "Group", ("Name", "Guid", "AlterId", "Parent"), company=company)


def voucher_types(company: str) -> str:
    """Ask for all voucher types with what they are based on: a firm's own “Tax Invoice” is based on Sales."""
    return _collection(
        "Munshi Voucher Types", "VoucherType", ("Name", "Guid", "AlterId", "Parent"), company=company
    )


def ledgers(company: str, *, books_from: date, after: int | None = None) -> str:
    """Ask for the masters of all ledgers (altered since `after`), with opening balances and bills as on `books_from`."""
    filters = {"MunshiAltered": f"$AlterId > {int(after)}"} if after is not None else {}
    return _collection(
        "Munshi Ledgers",
        "Ledger",
        _LEDGER_FIELDS,
        company=company,
        days=(books_from, books_from),
        filters=filters,
    )


def closing_balances(company: str, *, books_from: date, as_on: date) -> str:
    """Ask for every ledger's balance at the end of a day, with the group that tells what it is."""
    return _collection(
        "Munshi Closing Balances",
        "Ledger",
        ("Name", "Parent", "ClosingBalance"),
        company=company,
        days=(books_from, as_on),
        computed={"MunshiGroup": "$_PrimaryGroup"},
    )


def ledger_groups(company: str) -> str:
    """Ask only which group each ledger is in: small, to be sent `together` with vouchers."""
    return _collection("Munshi Ledger Groups", "Ledger", ("Name", "Parent"), company=company)


def vouchers(company: str, window: Window) -> str:
    """Ask for the vouchers of a window with the lines, bills and instruments that we read, each line with its group."""
    fields = (*_VOUCHER_FIELDS, *(f"AllLedgerEntries.{name}" for name in _LINE_FIELDS))
    return _collection(
        "Munshi Vouchers",
        "Voucher",
        fields,
        company=company,
        days=(window.since, window.until),
        filters=_alter_filters(window),
        computed={"MunshiBase": "$Parent:VoucherType:$VoucherTypeName"},
        objects=(
            '<OBJECT NAME="All Ledger Entries">'
            "<COMPUTE>MunshiParent:$Parent:Ledger:$LedgerName</COMPUTE>"
            "<COMPUTE>MunshiGroup:$_PrimaryGroup:Ledger:$LedgerName</COMPUTE>"
            "</OBJECT>"
        ),
    )


def voucher_guids(company: str, *, since: date, until: date) -> str:
    """Ask for the GUID and alter id of every voucher of a period that counts: what is missing in it was deleted."""
    return _collection(
        "Munshi Voucher Guids",
        "Voucher",
        ("Guid", "AlterId"),
        company=company,
        days=(since, until),
        filters={"MunshiCounts": "NOT $IsOptional"},
    )


def bills(company: str, side: Literal["receivable", "payable"], *, as_on: date, books_from: date) -> str:
    """Ask for Tally's own report Bills Receivable or Bills Payable: what is open by the books at the end of a day."""
    report = "Bills Receivable" if side == "receivable" else "Bills Payable"
    return _request("Data", report, _variables(company, (books_from, as_on)), "")


# ---- shapes ----------------------------------------------------------------------------------------
def _alter_filters(window: Window) -> dict[str, str]:
    filters = {}
    if window.after is not None:
        filters["MunshiAltered"] = f"$AlterId > {int(window.after)}"
    if window.upto is not None:
        filters["MunshiBatch"] = f"$AlterId <= {int(window.upto)}"
    return filters


def _collection(
    name: str,
    kind: str,
    fields: Sequence[str],
    *,
    company: str | None = None,
    days: tuple[date, date] | None = None,
    filters: dict[str, str] | None = None,
    computed: dict[str, str] | None = None,
    objects: str = "",
) -> str:
    filters, computed = filters or {}, computed or {}
    parts = [
        objects,
        f'<COLLECTION NAME="{name}" ISMODIFY="No">',
        f"<TYPE>{kind}</TYPE>",
        f"<FETCH>{', '.join(fields)}</FETCH>",
        *(f"<COMPUTE>{method}:{escape(formula)}</COMPUTE>" for method, formula in computed.items()),
        f"<FILTERS>{', '.join(filters)}</FILTERS>" if filters else "",
        "</COLLECTION>",
        *(
            f'<SYSTEM TYPE="Formulae" NAME="{formula}">{escape(text)}</SYSTEM>'
            for formula, text in filters.items()
        ),
    ]
    tdl = f"<TDL><TDLMESSAGE>{''.join(parts)}</TDLMESSAGE></TDL>"
    return _request("Collection", name, _variables(company, days), tdl)


def _variables(company: str | None, days: tuple[date, date] | None) -> str:
    parts = ["<SVEXPORTFORMAT>$$SysName:XML</SVEXPORTFORMAT>"]
    if company is not None:
        parts.append(f"<SVCURRENTCOMPANY>{escape(company)}</SVCURRENTCOMPANY>")
    if days is not None:
        parts.append(f"<SVFROMDATE>{_day(days[0])}</SVFROMDATE><SVTODATE>{_day(days[1])}</SVTODATE>")
    return f"<STATICVARIABLES>{''.join(parts)}</STATICVARIABLES>"


def _request(kind: str, name: str, variables: str, tdl: str) -> str:
    return (
        "<ENVELOPE><HEADER><VERSION>1</VERSION><TALLYREQUEST>Export</TALLYREQUEST>"
        f"<TYPE>{kind}</TYPE><ID>{name}</ID></HEADER><BODY><DESC>{variables}{tdl}</DESC></BODY></ENVELOPE>"
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(day: date) -> str:
    """Write a day as Tally reads it in any locale: 1-Apr-2026."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
