"""The canonical columns as data: their names, the names people give them, and the words that name a type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kit.tabular import Cell, header_key

Role = Literal[
    "type", "party", "number", "date", "due_on", "due", "amount", "base", "paid", "outstanding", "gstin", "pan",
    "phone", "email", "terms", "notes",
]  # fmt: skip
RowType = Literal["invoice", "bill", "opening_receivable", "opening_payable", "credit_note", "party"]

CANONICAL: Mapping[str, str] = {
    "Type": "Invoice, Bill, Opening receivable, Opening payable, Credit note or Party",
    "Party": "The customer's or vendor's name, always spelt the same",
    "Number": "The number on the invoice, bill or credit note",
    "Date": "The date on it, day first",
    "Due date": "When it is to be paid; empty if nothing was agreed",
    "Amount": "Total in rupees, GST included",
    "Taxable value": "The part before GST, if there is GST on it",
    "Paid so far": "What has been paid on it already",
    "GSTIN": "15 characters",
    "PAN": "10 characters",
    "Phone": "With or without +91",
    "Email": "",
    "Terms (days)": "Credit days agreed with the party",
    "Notes": "Anything",
}

SYNONYMS: Mapping[Role, tuple[str, ...]] = {
    "type": ("type", "documenttype", "doctype", "vouchertype", "kind", "transactiontype"),
    "party": (
        "party", "partyname", "name", "customer", "customername", "client", "clientname", "buyer", "buyername",
        "vendor", "vendorname", "supplier", "suppliername", "debtor", "creditor", "accountname", "ledger",
        "ledgername", "company", "companyname", "particulars", "billto", "partysname",
    ),
    "number": (
        "number", "invoiceno", "invoicenumber", "invno", "invoice", "billno", "billnumber", "bill", "refno",
        "voucherno", "vouchernumber", "documentno", "documentnumber", "docno", "reference", "creditnoteno",
        "cnno", "invoiceid", "supplierinvoiceno",
    ),
    "date": (
        "date", "invoicedate", "invdate", "billdate", "issuedate", "issuedon", "documentdate", "docdate",
        "voucherdate", "ason", "asof", "asondate", "dated",
    ),
    "due_on": ("duedate", "dueon", "dueby", "paymentdue", "paymentduedate", "payby"),
    "due": ("due",),
    "amount": (
        "amount", "total", "totalamount", "invoiceamount", "invoicevalue", "invoicetotal", "billamount", "billvalue",
        "grandtotal", "value", "amountinr", "amountrs", "netamount", "openingbalance", "opening",
    ),
    "base": (
        "taxablevalue", "taxableamount", "taxable", "baseamount", "amountbeforetax", "amountbeforegst", "subtotal",
        "base", "basicvalue", "basicamount",
    ),
    "paid": ("paidsofar", "paid", "amountpaid", "received", "amountreceived", "paidamount", "receivedsofar"),
    "outstanding": (
        "outstanding", "balancedue", "balance", "amountdue", "outstandingamount", "pending", "pendingamount", "balanceamount",
        "dueamount", "openamount", "unpaid", "balanceoutstanding", "closingbalance",
    ),
    "gstin": ("gstin", "gstno", "gstnumber", "gst", "gstinuin", "partygstin", "customergstin"),
    "pan": ("pan", "panno", "pannumber"),
    "phone": ("phone", "mobile", "mobileno", "phoneno", "phonenumber", "mobilenumber", "contactno", "whatsapp"),
    "email": ("email", "emailid", "mail", "emailaddress"),
    "terms": ("terms", "creditdays", "creditperiod", "paymentterms", "termsdays", "dayscredit"),
    "notes": ("notes", "note", "remarks", "remark", "comments", "comment", "description", "narration"),
}  # fmt: skip

_TYPES: Mapping[str, RowType] = {
    "invoice": "invoice", "inv": "invoice", "salesinvoice": "invoice", "taxinvoice": "invoice", "sale": "invoice",
    "sales": "invoice", "receivable": "invoice", "customerinvoice": "invoice",
    "bill": "bill", "purchasebill": "bill", "purchaseinvoice": "bill", "purchase": "bill", "payable": "bill",
    "vendorbill": "bill", "supplierbill": "bill", "vendorinvoice": "bill", "supplierinvoice": "bill",
    "openingreceivable": "opening_receivable", "openingbalancereceivable": "opening_receivable",
    "receivableopening": "opening_receivable", "openingdebtor": "opening_receivable",
    "openingpayable": "opening_payable", "openingbalancepayable": "opening_payable",
    "payableopening": "opening_payable", "openingcreditor": "opening_payable",
    "creditnote": "credit_note", "salesreturn": "credit_note", "cn": "credit_note",
    "party": "party", "customer": "party", "client": "party", "vendor": "party", "supplier": "party",
    "contact": "party",
}  # fmt: skip
ROLES_OF_WORD = {"customer": "customer", "client": "customer", "vendor": "vendor", "supplier": "vendor"}

_NAMED: Sequence[tuple[RowType, str]] = (
    ("opening_payable", r"opening.*(?:payable|creditor|vendor|supplier)"),
    ("opening_receivable", r"opening.*(?:receivable|debtor|customer|client)"),
    ("credit_note", r"credit ?notes?|sales returns?"),
    ("bill", r"payables?\b|creditors?\b|purchases?\b|vendor bills?|supplier bills?|bills (?:to pay|payable)"),
    ("invoice", r"receivables?\b|debtors?\b|invoices?\b|\bsales?\b"),
    ("bill", r"^bills?$"),
    ("party", r"\bpart(?:y|ies)\b|\bcustomers?\b|\bclients?\b|\bvendors?\b|\bsuppliers?\b|\bcontacts?\b"),
)
_CUSTOMER_HEADINGS = frozenset(
    ("customer", "customername", "client", "clientname", "buyer", "buyername", "debtor")
)
_VENDOR_HEADINGS = frozenset(("vendor", "vendorname", "supplier", "suppliername", "creditor"))
_ROLE_OF = {name: role for role, names in SYNONYMS.items() for name in names}
_RANK = {name: rank for names in SYNONYMS.values() for rank, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Header:
    """The heading row of a sheet: where it stands, which column plays which role, and whose side it tells."""

    row: int
    columns: Mapping[Role, int]
    side: RowType | None


def find_header(rows: Sequence[Sequence[Cell]], *, within: int = 50) -> Header | None:
    """Return the heading row with the most columns that we know: a party and at least one other."""
    best: Header | None = None
    for number, row in enumerate(rows[:within]):
        keys = [header_key(cell) for cell in row]
        columns: dict[Role, int] = {}
        for place, key in enumerate(keys):
            role = _ROLE_OF.get(key)
            if role is None:
                continue
            held = columns.get(role)
            if held is None or _RANK[key] < _RANK[keys[held]]:
                columns[role] = place
        if "party" not in columns or len(columns) < 2:
            continue
        if best is None or len(columns) > len(best.columns):
            best = Header(number, columns, _side(keys[columns["party"]]))
    return best


def type_of_word(cell: str) -> RowType | None:
    """Read the word in a Type column; None if it names no type."""
    key = header_key(cell)
    return _TYPES.get(key) or _TYPES.get(key.removesuffix("s"))


def roles_of_word(cell: str) -> list[str] | None:
    """Return what a party's type says of it: `Vendor` → a vendor; None if it says nothing."""
    role = ROLES_OF_WORD.get(header_key(cell).removesuffix("s"))
    return [role] if role else None


def type_of_name(name: str) -> RowType | None:
    """Read a sheet's or file's name (`Invoices`, `Sales Nov 2026`, `Parties`) as the type of its rows.

    `Open bills` names none: to one firm a bill is what it sends, to another what it gets.
    """
    text = re.sub(r"[^a-z]+", " ", name.lower()).strip()
    return next((kind for kind, pattern in _NAMED if re.search(pattern, text)), None)


def _side(heading: str) -> RowType | None:
    if heading in _CUSTOMER_HEADINGS:
        return "invoice"
    return "bill" if heading in _VENDOR_HEADINGS else None
