"""The gateway's settlements and the bank account: credits, debits, charges, a running balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from workers.simulator.entities import (
    BankLine,
    GatewayPayment,
    Payment,
    Refund,
    Settlement,
    Story,
    Truth,
    VendorPayment,
    digits,
    moment,
    token,
    transfer_reference,
    working_day,
)

ACCOUNT = "012305004421"
OPENING_BALANCE = 8_42_318_00
_OWN_TRANSFER = 2_00_000_00


def settle(story: Story) -> None:
    """Bundle what was captured into settlements two days later; one of the last weeks never reaches the bank."""
    days: dict[date, tuple[list[GatewayPayment], list[Refund]]] = {}
    for paid in story.gateway:
        if paid.captured:
            days.setdefault(settlement_day(paid.at.date()), ([], []))[0].append(paid)
            if paid.refund is not None:
                day = settlement_day(paid.at.date())
                while day < paid.refund.at.date():
                    day = settlement_day(day)
                days.setdefault(day, ([], []))[1].append(paid.refund)
    made = []
    for day, (payments, refunds) in sorted(days.items()):
        if day < story.today:
            made.append(settlement(day, tuple(payments), tuple(refunds)))
    lost = [s for s in made if 6 <= (story.today - s.at.date()).days <= 14]
    story.settlements = [replace(s, in_bank=False) if lost and s is lost[-1] else s for s in made]


def settlement(
    day: date, payments: tuple[GatewayPayment, ...], refunds: tuple[Refund, ...] = ()
) -> Settlement:
    """Make the settlement of `day`, named by what it holds."""
    first = payments[0].id if payments else refunds[0].id
    return Settlement(
        id=f"setl_{token('setl', day, first)}",
        utr=f"AXISCN{digits('setl', day, first, size=10)}",
        at=moment(day, 10, 40),
        payments=payments,
        refunds=refunds,
    )


def settlement_day(day: date) -> date:
    """Return the day on which the gateway settles what was captured on `day`: two days on, never on a weekend."""
    after = day + timedelta(days=2)
    while after.weekday() >= 5:
        after += timedelta(days=1)
    return after


def pay_vendors(story: Story) -> None:
    """Pay the vendors' bills a few days around their due dates, those of the last weeks not yet."""
    kept = []
    for bill in story.bills:
        rng = _rng(story, "vendor", bill.number)
        due = bill.due_on or bill.issued_on
        day = working_day(due + timedelta(days=rng.randint(-2, 9)))
        if day < story.start:
            continue
        kept.append(bill)
        if day < story.today:
            utr = transfer_reference("ICIC", day, bill.amount, bill.number)
            story.vendor_payments.append(VendorPayment(bill, moment(day, 12, rng.randrange(60)), utr))
    story.bills = kept


def keep_bank_account(story: Story) -> None:
    """Write every line of the bank's account in its order, with the balance running."""
    lines = [transfer_line(p) for p in story.payments]
    lines += [settlement_line(s) for s in story.settlements if s.in_bank]
    lines += [vendor_line(p) for p in story.vendor_payments]
    lines += _cheque_lines(story) + _running_costs(story) + [_own_transfer(story)]
    lines = [line for line in lines if story.start <= line.on < story.today]
    lines.sort(key=lambda line: (line.at, line.narration))
    story.bank = run_balance(lines, OPENING_BALANCE)


def run_balance(lines: list[BankLine], opening: int) -> list[BankLine]:
    """Return the lines with their running balances."""
    balance, made = opening, []
    for line in lines:
        balance += line.amount
        made.append(replace(line, balance=balance))
    return made


def transfer_line(paid: Payment) -> BankLine:
    """Write a customer's transfer as the bank narrates it, his name cut at twenty characters."""
    party, name = paid.party, paid.party.cut_name()
    match paid.channel:
        case "imps":
            narration = f"MMT/IMPS/{paid.utr}/{paid.remark}/{name}/{party.bank}"
        case "upi":
            narration = f"UPI/{paid.utr}/{paid.remark}/{party.vpa}/{party.bank} BANK"
        case _:
            way = "RTGS" if len(paid.utr) == 22 else "NEFT"
            narration = f"{way}-{paid.utr}-{name}-{paid.remark}-{party.account}-{party.ifsc}"
    kind = {"bills": "bills", "on_account": "on_account"}.get(paid.kind, paid.kind)
    truth = Truth(kind, party.code, paid.settles, paid.tds)
    return BankLine(paid.at, paid.amount, narration, truth)


def settlement_line(made: Settlement) -> BankLine:
    """Write a settlement's credit."""
    narration = f"NEFT-{made.utr}-RAZORPAY SOFTWARE PVT-SETTLEMENT-{ACCOUNT}-UTIB0000046"
    lines = tuple((p.invoice.number, p.amount) for p in made.payments)
    truth = Truth("settlement", None, lines, settlement=made.id)
    return BankLine(made.at + timedelta(hours=2), made.amount, narration, truth)


def vendor_line(paid: VendorPayment) -> BankLine:
    """Write a transfer to a vendor."""
    party = paid.bill.party
    narration = f"NEFT-{paid.utr}-{party.cut_name()}-{paid.bill.number}-{party.account}-{party.ifsc}"
    truth = Truth("vendor", party.code, ((paid.bill.number, paid.bill.amount),))
    return BankLine(paid.at, -paid.bill.amount, narration, truth)


def _cheque_lines(story: Story) -> list[BankLine]:
    lines = []
    for cheque in story.cheques:
        if cheque.cleared_on is None:
            continue
        bank, day = cheque.bank, cheque.cleared_on
        narration = f"CLG/{cheque.party.cut_name()}/{cheque.number}/{bank}/{day:%d.%m.%Y}"
        truth = Truth("cheque", cheque.party.code, cheque.settles)
        lines.append(BankLine(moment(day, 16, 5), cheque.amount, narration, truth, cheque.number))
        if cheque.returned_on is not None:
            narration = f"CLG RTN/{cheque.party.cut_name()}/{cheque.number}/FUNDS INSUFFICIENT"
            truth = Truth("cheque_returned", cheque.party.code, cheque.settles)
            lines.append(
                BankLine(moment(cheque.returned_on, 15, 30), -cheque.amount, narration, truth, cheque.number)
            )
    return lines


def _running_costs(story: Story) -> list[BankLine]:
    lines = []
    month = story.start.replace(day=1)
    while month < story.today:
        rng = _rng(story, "costs", month)
        label, serial = f"{month:%b %Y}".upper(), digits("costs", month, size=8)
        last = working_day((month + timedelta(days=32)).replace(day=1) - timedelta(days=1))
        for day, paise, narration, kind in (
            (1, 1_180_00 + rng.randrange(400) * 100, f"BRN-ACCT CHARGES-{label}-INCL GST", "bank_charge"),
            (7, 21_400_00, f"GIB/{serial}/TDS CHALLAN 281/{label}", "tds_paid"),
            (10, 58_300_00, f"ACH/TATA CAPITAL EMI/{serial}", "emi"),
            (15, 84_600_00 + rng.randrange(6_000) * 100, f"GIB/{serial[::-1]}/EPFO ESIC/{label}", "pf"),
            (20, 1_72_000_00 + rng.randrange(30_000) * 100, f"GIB/{serial}/GST PMT 06/{label}", "gst"),
            (25, 1_40_000_00, f"INF/INFT/{serial}/DRAWINGS/RAMESH KULKARNI", "drawings"),
        ):
            lines.append(BankLine(moment(month.replace(day=day), 13), -paise, narration, Truth(kind)))
        wages = 6_05_000_00 + rng.randrange(45_000) * 100
        narration = f"BIL/BULK/{serial}/SALARY {label}"
        lines.append(BankLine(moment(last, 17), -wages, narration, Truth("salary")))
        month = (month + timedelta(days=32)).replace(day=1)
    return lines


def _own_transfer(story: Story) -> BankLine:
    day = working_day(story.today - timedelta(days=7))
    narration = f"INF/INFT/{digits('own', day, size=12)}/RAMESH KULKARNI/OWN FUND TRF"
    return BankLine(moment(day, 11, 20), _OWN_TRANSFER, narration, Truth("own_transfer"))


def _rng(story: Story, *parts: object) -> Random:
    return Random(":".join(map(str, (story.seed, *parts))))  # noqa: S311 - a model of chance, no secret
