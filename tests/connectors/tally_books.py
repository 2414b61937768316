"""Small books as Tally exports them: ledgers and vouchers in short words → XML, read as the drainer reads it.

`voucher("Receipt", 3, "2026-10-05", ("HDFC Bank", 900), ("TDS", 100), ("Gupta Steel", -1000, "INV-1", 1000))`: amounts
are rupees, debit positive; behind a party's amount stand its bill-wise parts as (how: name, amount).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import Normalised, normalise, status_map
from ledger.domain.derive import Derived, Identity, Terms, derive
from ledger.domain.events import NewEvent, subject_id
from ledger.domain.folds import Fact, fold

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
GROUPS = {
    "Gupta Steel": "Sundry Debtors", "Kaveri Hardware": "Sundry Debtors", "Razorpay": "Sundry Debtors",
    "Bharat Rolling": "Sundry Creditors", "Om Advocates": "Sundry Creditors", "HDFC Bank": "Bank Accounts",
    "Cash": "Cash-in-Hand", "Sales": "Sales Accounts", "Purchases": "Purchase Accounts",
    "Legal Fees": "Indirect Expenses", "Discount": "Indirect Expenses", "Bank Charges": "Indirect Expenses",
    "Rounding Off": "Indirect Expenses", "Salary": "Indirect Expenses", "Interest": "Indirect Incomes",
    "TDS Receivable": "Loans & Advances (Asset)", "GST TDS": "Loans & Advances (Asset)",
    "TDS Payable 194C": "Duties & Taxes", "TDS Payable 194J": "Duties & Taxes", "IGST": "Duties & Taxes",
    "Kotak Loan": "Secured Loans", "Capital": "Capital Account", "Bad Debts": "Indirect Expenses",
}  # fmt: skip
"""The groups of the ledgers in use."""
_PERSONAL = frozenset(["Sundry Debtors", "Sundry Creditors", "Bank Accounts", "Cash-in-Hand"])
_HOW = {"new": "New Ref", "against": "Agst Ref", "advance": "Advance", "account": "On Account"}


@dataclass(frozen=True, slots=True)
class Part:
    """One bill-wise part: how, its name, rupees, what else Tally says of it."""

    how: str
    name: str
    amount: Any
    more: str = ""


def new(name: str, amount: Any, *, period: str = "") -> Part:
    """A New Ref."""
    return Part("new", name, amount, f"<BILLCREDITPERIOD>{period}</BILLCREDITPERIOD>" if period else "")


def against(name: str, amount: Any) -> Part:
    """An Agst Ref."""
    return Part("against", name, amount)


def advance(name: str, amount: Any) -> Part:
    """An Advance."""
    return Part("advance", name, amount)


def account(amount: Any) -> Part:
    """A part On Account."""
    return Part("account", "", amount)


def _amount(rupees: Any) -> str:
    """Tally writes a debit with a minus."""
    return f"{-Decimal(str(rupees)):.2f}"


def voucher(
    kind: str,
    number: int,
    day: str,
    *lines: tuple[Any, ...],
    alter: int = 0,
    party: str = "",
    more: str = "",
    bank: str = "",
) -> str:
    """One voucher; `alter` beyond its number is an edit. The first party is its party."""
    rows = []
    for ledger, amount, *parts in lines:
        sign = 1 if amount > 0 else -1
        bills = "".join(
            f"<BILLALLOCATIONS.LIST><NAME>{escape(part.name)}</NAME><BILLTYPE>{_HOW[part.how]}</BILLTYPE>{part.more}"
            f"<AMOUNT>{_amount(sign * part.amount)}</AMOUNT></BILLALLOCATIONS.LIST>"
            for part in parts
        )
        personal = "Yes" if GROUPS.get(ledger, "Sundry Debtors") in _PERSONAL else "No"
        row = f"<LEDGERNAME>{escape(ledger)}</LEDGERNAME><ISPARTYLEDGER>{personal}</ISPARTYLEDGER><AMOUNT>{_amount(amount)}</AMOUNT>{bills}"
        row += bank if GROUPS.get(ledger) == "Bank Accounts" else ""
        rows.append(f"<ALLLEDGERENTRIES.LIST>{row}</ALLLEDGERENTRIES.LIST>")
    return (
        f"<VOUCHER><GUID>v-{kind}-{number}</GUID><ALTERID> {alter or number}</ALTERID><DATE>{day.replace('-', '')}</DATE>"
        f"<VOUCHERTYPENAME>{kind}</VOUCHERTYPENAME><VOUCHERNUMBER>{number}</VOUCHERNUMBER>"
        f"<PARTYLEDGERNAME>{escape(party)}</PARTYLEDGERNAME>{more}{''.join(rows)}</VOUCHER>"
    )


def masters(groups: dict[str, str] | None = None, **details: str) -> str:
    """The groups of all ledgers; `details` are whole LEDGER records by any name."""
    told = "".join(
        f'<LEDGER NAME="{escape(name)}"><PARENT>{escape(group)}</PARENT></LEDGER>'
        for name, group in {**GROUPS, **(groups or {})}.items()
    )
    return told + "".join(details.values())


def ledger(
    name: str,
    group: str,
    guid: str,
    opening: Any = 0,
    *bills: tuple[str, str, Any],
    alter: int = 1,
    gstin: str = "",
) -> str:
    """A party's master: opening balance and bills (name, day, amount), debit positive."""
    open_bills = "".join(
        f"<BILLALLOCATIONS.LIST><NAME>{bill}</NAME><BILLDATE>{day.replace('-', '')}</BILLDATE>"
        f"<OPENINGBALANCE>{_amount(amount)}</OPENINGBALANCE></BILLALLOCATIONS.LIST>"
        for bill, day, amount in bills
    )
    return (
        f'<LEDGER NAME="{escape(name)}"><GUID>{guid}</GUID><ALTERID>{alter}</ALTERID><PARENT>{escape(group)}</PARENT>'
        f"<PARTYGSTIN>{gstin}</PARTYGSTIN><OPENINGBALANCE>{_amount(opening)}</OPENINGBALANCE>{open_bills}</LEDGER>"
    )


def export(*records: str, known: str | None = None) -> bytes:
    """One XML with the groups of all ledgers (or `known`) and these records."""
    return f"<ENVELOPE>{masters() if known is None else known}{''.join(records)}</ENVELOPE>".encode()


def read(body: bytes, *, source: str = "books:tally", now: datetime = NOW, **settings: Any) -> Normalised:
    """Observe and normalise a body."""
    observed = load_connector("tally").observe(Inbound(body), source=source, settings=settings, now=now)
    return normalise(observed, status_map(load_manifest("tally")), received_at=now)


def events(*bodies: bytes, source: str = "books:tally", **settings: Any) -> list[tuple[str, NewEvent]]:
    """All events of bodies, each with its source; nothing may be quarantined."""
    found: dict[str, tuple[str, NewEvent]] = {}
    for body in bodies:
        made = read(body, source=source, **settings)
        assert made.quarantined == (), made.quarantined
        found |= {event.source_event_id: (source, event) for event in made.events}
    return list(found.values())


def derived(told: Iterable[tuple[str, NewEvent]], *, terms: Terms | None = None) -> Derived:
    """Fold and derive, as the drainer does."""
    facts: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for source, event in told:
        facts[source, event.kind, event.external_id].append(
            Fact(
                event.event_type, event.data, event.occurred_at, event.precision, event.sequence, event.digest(),
                event.source_event_id, flag=event.flag,
            )
        )  # fmt: skip
    identities = [
        Identity(subject_id(source, kind, external_id), source, kind, external_id, state)
        for (source, kind, external_id), rows in facts.items()
        if (state := fold(rows)) is not None
    ]
    return derive(identities, terms or Terms())


def books(*records: str, **settings: Any) -> Derived:
    """What a day book with all its groups comes to."""
    return derived(events(export(*records), **settings))


# ---- what an accountant asks -----------------------------------------------------------------------
def rupees(paise: int) -> Decimal:
    """Paise as rupees."""
    return Decimal(paise) / 100


def open_bills(made: Derived, *, table: str = "invoices") -> dict[str, Decimal]:
    """What is open, bill by bill; credits below nothing."""
    rows: Any = made.tables[table]
    return {row.number or row.kind: rupees(row.outstanding) for row in rows if row.outstanding}


def due_days(made: Derived) -> dict[str, date]:
    """Of what is open: since when."""
    rows: Any = made.tables["invoices"]
    return {row.number: row.issued_on for row in rows if row.outstanding}


def balances(made: Derived, day: str = "2099-01-01") -> dict[str, Decimal]:
    """Each party's balance at the end of a day, as its ledger shows it: debit positive."""
    names = {row.id: row.name for row in made.tables["parties"]}  # type: ignore[attr-defined]
    sums: dict[str, int] = defaultdict(int)
    for posting in made.postings:
        if posting.effective_on <= date.fromisoformat(day):
            sums[names[posting.party_id]] += (
                posting.amount if posting.side == "receivable" else -posting.amount
            )
    return {name: rupees(amount) for name, amount in sums.items() if amount}


def on_account(made: Derived) -> dict[str, Decimal]:
    """Money and credits of customers that are set against nothing."""
    rows: Any = made.tables["parties"]
    return {row.name: rupees(row.on_account) for row in rows if row.on_account}
