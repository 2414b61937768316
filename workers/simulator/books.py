"""The firm's books in TallyPrime: what its accountant enters, and how the agent on his PC tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from connectors.tally.answers import together
from workers.simulator import tally
from workers.simulator.customers import Party
from workers.simulator.entities import Cheque, Document, Payment, VendorPayment, digits, moment
from workers.simulator.messages import Message
from workers.simulator.tally import Instrument, Ledger, Line, OpeningBill, Part, Voucher
from workers.simulator.treasury import ACCOUNT
from workers.simulator.world import FIRM, World

SOURCE = "books:tally"
BANK = f"ICICI Bank {ACCOUNT[-4:]}"
_COMPANY = "6f2b1c84-5d0e-4a39-9c77-2e1f60d8b153"
_PRESENT = 0x100000
"""Alter ids from here on belong to what is entered after the founding day."""
_DEBTORS, _CREDITORS = "Sundry Debtors", "Sundry Creditors"
_POSTDATED_FROM = 4
"""Days between a cheque's receipt and its date from which it is entered as post-dated."""
_WITHOUT_REFERENCE = 6
"""One transfer in so many is entered without the bank's reference."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A voucher and the day on which it was entered."""

    on: date
    voucher: Voucher


def books_messages(world: World) -> Iterator[Message]:
    """Tell the whole history as the agent would have: masters first, then the vouchers of each day."""
    yield masters(world)
    days: dict[date, list[Voucher]] = {}
    for entered in vouchers(world):
        days.setdefault(entered.on, []).append(entered.voucher)
    for day, made in sorted(days.items()):
        yield told(made, moment(day, 19))


def masters(world: World) -> Message:
    """Tell the ledgers with what was open on the first day."""
    company = f'<COMPANY NAME="{FIRM}"><BOOKSFROM TYPE="Date">{world.start:%Y%m%d}</BOOKSFROM></COMPANY>'
    groups = [tally.group_xml(name, parent, 1) for name, parent in tally.GROUPS.items()]
    records = [*groups, *(tally.ledger_xml(ledger) for ledger in ledgers(world))]
    return _message([company, tally.collection(records)], moment(world.start, 9))


def told(made: Iterable[Voucher], at: datetime) -> Message:
    """Tell vouchers in one post."""
    return _message([tally.collection(map(tally.voucher_xml, made))], at)


def told_now(voucher: Voucher, at: datetime, serial: int) -> Message:
    """Tell a voucher that was entered just now, the `serial`-th of the present."""
    return told([_numbered(voucher, _PRESENT + serial)], at)


def _message(parts: list[str], at: datetime) -> Message:
    body = together(FIRM, [part.encode() for part in parts], as_on=at.date())
    return Message(SOURCE, f"tally_{sha256(body).hexdigest()[:40]}", at, body, "text/xml")


# ---- masters ---------------------------------------------------------------------------------------
def ledgers(world: World) -> list[Ledger]:
    """Return every ledger: customers, vendors, the bank, sales, purchases, taxes."""
    opening: dict[str, list[OpeningBill]] = {}
    for paper, sign in [*((i, 1) for i in world.invoices), *((b, -1) for b in world.bills)]:
        if paper.opening:
            bill = OpeningBill(paper.number, paper.issued_on, _credit_days(paper), sign * paper.amount)
            opening.setdefault(paper.party.code, []).append(bill)
    balances = {party.code: owed for party, owed in world.opening_balances()}
    found = []
    for group, parties in ((_DEBTORS, world.customers), (_CREDITORS, world.vendors)):
        for party in parties:
            bills = tuple(opening.get(party.code, ()))
            found.append(_ledger(party, group, bills, balances.get(party.code, 0)))
    others = (
        (BANK, "Bank Accounts"), ("Service Income", "Sales Accounts"), ("Purchases", "Purchase Accounts"),
        ("CGST", "Duties & Taxes"), ("SGST", "Duties & Taxes"), ("TDS Receivable", "Loans & Advances (Asset)"),
    )  # fmt: skip
    return [
        *found,
        *(
            Ledger(f"{_COMPANY}-L{n:03d}", n, name, group, billwise=False)
            for n, (name, group) in enumerate(others, 1)
        ),
    ]


def _ledger(party: Party, group: str, bills: tuple[OpeningBill, ...], balance: int) -> Ledger:
    return Ledger(
        guid=f"{_COMPANY}-{party.code}",
        alter=100 + int(party.code[1:]),
        name=party.name,
        group=group,
        gstin=party.gstin,
        pan=party.pan,
        phone=party.phone,
        email=party.email,
        state="Maharashtra",
        days=party.terms_days,
        billwise=party.habit.channel != "sums",
        opening=balance + sum(bill.amount for bill in bills),
        bills=bills,
    )


def _credit_days(paper: Document) -> int | None:
    return None if paper.due_on is None else (paper.due_on - paper.issued_on).days


# ---- vouchers --------------------------------------------------------------------------------------
def vouchers(world: World) -> list[Entered]:
    """Return all that the accountant entered until the founding day, numbered in that order."""
    tds = {invoice.number: invoice.tds for invoice in world.invoices}
    entered = [Entered(i.issued_on, sale(i)) for i in world.invoices if not i.opening]
    entered += [Entered(n.issued_on, credit_note(n)) for n in world.credit_notes]
    entered += [Entered(b.issued_on, purchase(b)) for b in world.bills if not b.opening]
    entered += [Entered(p.entered_on, receipt(p, tds)) for p in world.payments if p.entered_on is not None]
    entered += [Entered(p.at.date(), vendor_paid(p)) for p in world.vendor_payments]
    for cheque in world.cheques:
        entered += cheque_vouchers(cheque)
    entered.sort(
        key=lambda row: (
            row.on,
            row.voucher.type,
            row.voucher.number,
            row.voucher.party,
            row.voucher.lines[0].amount,
        )
    )
    return [replace(row, voucher=_numbered(row.voucher, serial)) for serial, row in enumerate(entered, 1)]


def _numbered(voucher: Voucher, serial: int) -> Voucher:
    number = voucher.number or f"{serial}"
    return replace(voucher, guid=f"{_COMPANY}-{serial:08x}", alter=serial, number=number)


def _voucher(
    kind: str, on: date, party: Party, lines: Iterable[Line], *, number: str = "", words: str = ""
) -> Voucher:
    return Voucher("", 0, on, kind, number, party.name, tuple(lines), narration=words, gstin=party.gstin)


def sale(invoice: Document) -> Voucher:
    """Enter a bill of ours."""
    part = Part("New Ref", invoice.amount, invoice.number, _credit_days(invoice))
    parts = (part,) if invoice.party.habit.channel != "sums" else ()
    lines = [
        Line(invoice.party.name, _DEBTORS, invoice.amount, parts),
        *_goods(invoice, "Service Income", -1),
    ]
    return _voucher(
        "Sales", invoice.issued_on, invoice.party, lines, number=invoice.number, words=invoice.description
    )


def credit_note(note: Document) -> Voucher:
    """Enter what a bill is reduced by."""
    part = Part("Agst Ref", -note.amount, note.against or "")
    lines = [Line(note.party.name, _DEBTORS, -note.amount, (part,)), *_goods(note, "Service Income", 1)]
    return _voucher(
        "Credit Note", note.issued_on, note.party, lines, number=note.number, words=note.description
    )


def purchase(bill: Document) -> Voucher:
    """Enter a vendor's bill; its own number is the reference."""
    part = Part("New Ref", -bill.amount, bill.number, _credit_days(bill))
    lines = [Line(bill.party.name, _CREDITORS, -bill.amount, (part,)), *_goods(bill, "Purchases", 1)]
    made = _voucher("Purchase", bill.issued_on, bill.party, lines, words=bill.description)
    return replace(made, reference=bill.number)


def _goods(paper: Document, ledger: str, sign: int) -> list[Line]:
    group = "Sales Accounts" if ledger == "Service Income" else "Purchase Accounts"
    half = paper.tax // 2
    return [
        Line(ledger, group, sign * paper.base),
        Line("CGST", "Duties & Taxes", sign * half),
        Line("SGST", "Duties & Taxes", sign * (paper.tax - half)),
    ]


def receipt(paid: Payment, tds: dict[str, int]) -> Voucher:
    """Enter a transfer as the bank's advice told it, with the TDS that was cut; one in six without its reference."""
    parts = []
    for number, amount in paid.settles:
        cut = tds[number] if paid.tds else 0
        parts.append(Part("Agst Ref", -(amount + cut), number))
    gross = paid.amount + paid.tds
    if not parts and paid.party.habit.channel != "sums":
        parts.append(Part("On Account", -gross))
    named = (
        paid.channel == "upi"
        or paid.kind == "duplicate"
        or int(digits("advice", paid.id, size=4)) % _WITHOUT_REFERENCE
    )
    mode = {"imps": "IMPS", "upi": "UPI"}.get(paid.channel, "RTGS" if len(paid.utr) == 22 else "NEFT")
    bank = Instrument("e-Fund Transfer", paid.utr if named else "", paid.at.date(), mode, paid.party.bank)
    lines = [
        Line(paid.party.name, _DEBTORS, -gross, tuple(parts)),
        Line(BANK, "Bank Accounts", paid.amount, instrument=bank),
    ]
    if paid.tds:
        lines.append(Line("TDS Receivable", "Loans & Advances (Asset)", paid.tds))
    return _voucher("Receipt", paid.at.date(), paid.party, lines, words=paid.remark)


def cheque_vouchers(cheque: Cheque) -> Iterator[Entered]:
    """Enter a cheque: a post-dated one when it is received, others when they are deposited; one that came back anew."""
    postdated = (cheque.dated_on - cheque.received_on).days >= _POSTDATED_FROM
    on = cheque.dated_on if postdated else cheque.deposited_on
    if on is not None:
        entered_on = cheque.received_on if postdated else on
        yield Entered(entered_on, cheque_receipt(cheque, on, postdated=postdated))
    if cheque.returned_on is not None:
        parts = tuple(Part("New Ref", amount, f"{number} RTN", 0) for number, amount in cheque.settles)
        bank = Instrument("Cheque", cheque.number, cheque.dated_on, "", cheque.bank)
        lines = [
            Line(cheque.party.name, _DEBTORS, cheque.amount, parts),
            Line(BANK, "Bank Accounts", -cheque.amount, instrument=bank),
        ]
        made = _voucher(
            "Payment", cheque.returned_on, cheque.party, lines, words="Cheque returned, funds insufficient"
        )
        yield Entered(cheque.returned_on, made)


def cheque_receipt(cheque: Cheque, on: date, *, postdated: bool) -> Voucher:
    """Enter the receipt of a cheque; the bank's day is filled in when its statement is looked through."""
    parts = tuple(Part("Agst Ref", -amount, number) for number, amount in cheque.settles)
    bank = Instrument("Cheque/DD", cheque.number, cheque.dated_on, "", cheque.bank, cheque.cleared_on)
    lines = [
        Line(cheque.party.name, _DEBTORS, -cheque.amount, parts),
        Line(BANK, "Bank Accounts", cheque.amount, instrument=bank),
    ]
    return replace(_voucher("Receipt", on, cheque.party, lines, words="By cheque"), postdated=postdated)


def vendor_paid(payout: VendorPayment) -> Voucher:
    """Enter a transfer to a vendor against his bill."""
    bill = payout.bill
    lines = [
        Line(bill.party.name, _CREDITORS, bill.amount, (Part("Agst Ref", bill.amount, bill.number),)),
        Line(
            BANK,
            "Bank Accounts",
            -bill.amount,
            instrument=Instrument("e-Fund Transfer", payout.utr, payout.at.date(), "NEFT", bill.party.bank),
        ),
    ]
    return _voucher("Payment", payout.at.date(), bill.party, lines, words=bill.description)


def owed(world: World) -> dict[str, int]:
    """Return what each party's ledger says on the evening before the founding day: a debit is positive (paise).

    A post-dated cheque counts once the bank has cleared it, as Munshi counts it.
    """
    sums = {
        ledger.name: ledger.opening for ledger in ledgers(world) if ledger.group in (_DEBTORS, _CREDITORS)
    }
    for entered in vouchers(world):
        voucher = entered.voucher
        cleared = any(line.instrument and line.instrument.cleared_on for line in voucher.lines)
        for line in voucher.lines if cleared or not voucher.postdated else ():
            if line.ledger in sums:
                sums[line.ledger] += line.amount
    return sums
