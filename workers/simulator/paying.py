"""How customers pay: each by his habit, some things going wrong near the end of the story."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from workers.simulator.customers import Party
from workers.simulator.entities import (
    Cheque,
    Document,
    GatewayPayment,
    Payment,
    Refund,
    Story,
    digits,
    moment,
    token,
    transfer_reference,
    working_day,
)

HELD = {
    "Sharma Traders": 46,
    "Krishna Cold Storage": 34,
    "Mahalaxmi Textiles": 30,
    "Deshmukh Motors": 26,
    "Maruti Cement Depot": 75,
    "Konark Tube Industries": 60,
}
"""Customers who have paid nothing for so many days: about them there is something to ask, or to call."""
NEVER_PAID = ("Gupta Steel Corporation", "Vishwakarma Fabricators", "Konark Tube Industries")
"""Customers who dispute some of their old bills and leave them unpaid."""
_METHODS = ("upi", "upi", "upi", "netbanking", "card")


def take_payments(story: Story) -> None:
    """Let every customer pay what falls due by his habit until yesterday, then add the oddities."""
    story.invoices = [i for i in story.invoices if not i.opening or _open_at_start(story, i)]
    for party in story.customers:
        mine = [i for i in story.invoices if i.party is party]
        match party.habit.channel:
            case "link":
                _by_link(story, mine)
            case "cheque":
                _by_cheque(story, mine)
            case "sums":
                _in_round_sums(story, party, mine)
            case _:
                _by_transfer(story, party, mine)
    _bounce(story)
    _oddities(story)
    story.payments.sort(key=lambda p: (p.at, p.id))
    story.gateway.sort(key=lambda p: (p.at, p.id))
    story.cheques.sort(key=lambda c: (c.received_on, c.number))


def pay_day(story: Story, invoice: Document) -> date | None:
    """Return the day on which a customer pays a bill by his habit; None if not before today, or never."""
    party = invoice.party
    rng = _rng(story, "late", invoice.number)
    due = invoice.due_on or invoice.issued_on + timedelta(days=30)
    late = rng.randint(*party.habit.late)
    if rng.random() < 0.06:
        late += rng.randint(15, 40)
    day = working_day(max(due + timedelta(days=late), invoice.issued_on + timedelta(days=1)))
    if party.name in NEVER_PAID and invoice.opening and rng.random() < 0.3:
        return None
    last = story.today - timedelta(days=HELD.get(party.name, 0))
    return day if day < last else None


def _open_at_start(story: Story, invoice: Document) -> bool:
    if invoice.party.habit.channel == "sums":
        return False  # his opening is a balance, not bills
    if invoice.party.habit.channel == "cheque":
        return _cheque_date(story, invoice) >= story.start
    day = pay_day(story, invoice)
    return day is None or day >= story.start


def _due_for_payment(story: Story, mine: list[Document]) -> dict[date, list[Document]]:
    days: dict[date, list[Document]] = defaultdict(list)
    for invoice in mine:
        day = pay_day(story, invoice)
        if day is not None:
            days[day].append(invoice)
    return days


def _payable(story: Story, invoice: Document) -> int:
    credited = sum(n.amount for n in story.credit_notes if n.against == invoice.number)
    return invoice.amount - credited - _cut(invoice)


def _cut(invoice: Document) -> int:
    return invoice.tds if invoice.party.habit.cuts_tds else 0


def _by_transfer(story: Story, party: Party, mine: list[Document]) -> None:
    for day, invoices in sorted(_due_for_payment(story, mine).items()):
        rng = _rng(story, "transfer", party.code, day)
        numbers = " ".join(i.number for i in invoices)
        named = party.habit.channel != "bare"
        cut = sum(_cut(i) for i in invoices)
        told = cut > 0 and day < story.today - timedelta(days=story.tds_days)
        in_books = not named or rng.random() < 0.6 or told
        story.payments.append(
            transfer(
                party,
                day,
                invoices,
                amount=sum(_payable(story, i) for i in invoices),
                remark=numbers if named else rng.choice(("PAYMENT", "SERVICE CHARGES", "BILL PAYMENT")),
                entered_on=min(day + timedelta(days=rng.randint(0, 2)), story.today - timedelta(days=1))
                if in_books
                else None,
                tds=cut,
                settles=tuple((i.number, _payable(story, i)) for i in invoices),
            )
        )


def transfer(
    party: Party,
    day: date,
    invoices: list[Document],
    *,
    amount: int,
    remark: str,
    entered_on: date | None,
    tds: int = 0,
    settles: tuple[tuple[str, int], ...] = (),
    kind: str = "bills",
) -> Payment:
    """Make a transfer from `party`, with the reference that his bank and his way of paying give it."""
    key = f"{party.code}:{day}:{amount}:{kind}:{','.join(i.number for i in invoices)}"
    channel = party.habit.channel
    if channel in ("imps", "upi"):
        utr = f"{day.year % 10}{day:%j}{digits(key, size=8)}"
    else:
        utr = transfer_reference(party.bank, day, amount, key)
    return Payment(
        id=f"RCT-{digits(key, size=8)}",
        party=party,
        at=moment(day, 10 + len(key) % 8, int(digits(key, size=6)) % 60),
        amount=amount,
        channel=channel,
        settles=settles,
        utr=utr,
        remark=remark,
        kind=kind,
        tds=tds,
        entered_on=entered_on,
    )


def _in_round_sums(story: Story, party: Party, mine: list[Document]) -> None:
    monthly = sum(i.amount for i in mine) * 30 // max(1, (story.today - mine[0].issued_on).days)
    step = max(5_000_00, round(monthly * 0.9 / 5_000_00) * 5_000_00)
    rng = _rng(story, "sums", party.code)
    day = story.start + timedelta(days=rng.randint(3, 20))
    last = story.today - timedelta(days=HELD.get(party.name, 4))
    while (day := working_day(day)) < last:
        entered = day + timedelta(days=rng.randint(0, 1))
        story.payments.append(
            transfer(party, day, [], amount=step, remark="ON ACCOUNT", entered_on=entered, kind="on_account")
        )
        day += timedelta(days=rng.randint(26, 36))


def _by_cheque(story: Story, mine: list[Document]) -> None:
    yesterday = story.today - timedelta(days=1)
    for invoice in mine:
        dated = _cheque_date(story, invoice)
        ahead = 34 if invoice.party.habit.postdates else 1
        received = max(dated - timedelta(days=ahead), invoice.issued_on + timedelta(days=1))
        deposited = working_day(max(dated, received) + timedelta(days=1))
        cleared = working_day(deposited + timedelta(days=1))
        if received > yesterday:
            continue
        story.cheques.append(
            Cheque(
                number=digits("cheque", story.seed, invoice.number, size=6),
                party=invoice.party,
                bank=invoice.party.bank,
                amount=invoice.amount,
                settles=((invoice.number, invoice.amount),),
                received_on=max(received, story.start),
                dated_on=dated,
                deposited_on=deposited if deposited <= yesterday else None,
                cleared_on=cleared if cleared <= yesterday else None,
            )
        )


def _cheque_date(story: Story, invoice: Document) -> date:
    late = _rng(story, "cheque", invoice.number).randint(*invoice.party.habit.late)
    return working_day((invoice.due_on or invoice.issued_on + timedelta(days=30)) + timedelta(days=late))


def _bounce(story: Story) -> None:
    """Let one cheque of the last weeks come back three days after its credit."""
    window = (story.today - timedelta(days=40), story.today - timedelta(days=8))
    for place, cheque in enumerate(story.cheques):
        if cheque.cleared_on is not None and window[0] <= cheque.cleared_on <= window[1]:
            returned = working_day(cheque.cleared_on + timedelta(days=3))
            story.cheques[place] = replace(cheque, returned_on=returned)
            return


def _by_link(story: Story, mine: list[Document]) -> None:
    for day, invoices in sorted(_due_for_payment(story, mine).items()):
        for invoice in invoices:
            rng = _rng(story, "link", invoice.number)
            method = rng.choice(_METHODS) if invoice.amount < 1_00_000_00 else "netbanking"
            paid = gateway_payment(invoice, moment(day, rng.randint(9, 20), rng.randrange(60)), method)
            if rng.random() < 0.06:
                failed = replace(paid, id=f"pay_{token('failed', invoice.number)}", outcome="failed")
                story.gateway.append(replace(failed, at=paid.at - timedelta(minutes=7)))
            if rng.random() < 0.02:
                paid = replace(paid, outcome="late_failed")
            story.gateway.append(paid)


def gateway_payment(invoice: Document, at: datetime, method: str, attempt: str = "") -> GatewayPayment:
    """Make a captured payment of a bill's payment link."""
    return GatewayPayment(
        id=f"pay_{token('pay', invoice.number, attempt)}",
        order=f"order_{token('order', invoice.number)}",
        link=f"plink_{token('plink', invoice.number)}",
        party=invoice.party,
        invoice=invoice,
        at=at,
        method=method,
    )


def _oddities(story: Story) -> None:
    """Add what the owner is to be asked about, and refunds."""
    _unexplained(story)
    _wrong_amount(story)
    _duplicate(story)
    _refunds(story)
    held = [i for i in story.invoices if pay_day(story, i) is None and i.party.habit.channel == "link"]
    if held:
        waiting = gateway_payment(held[-1], moment(story.today - timedelta(days=2), 18, 12), "card", "held")
        story.gateway.append(replace(waiting, outcome="authorized"))


def _unexplained(story: Story) -> None:
    sharma, krishna, mahalaxmi = (
        story.customer(n) for n in ("Sharma Traders", "Krishna Cold Storage", "Mahalaxmi Textiles")
    )
    two = _open(story, sharma)[:2]
    story.payments.append(
        transfer(
            sharma,
            _before(story, 3),
            two,
            amount=sum(i.amount - i.tds for i in two),
            remark="PAYMENT",
            entered_on=None,
            tds=sum(i.tds for i in two),
            settles=tuple((i.number, i.amount - i.tds) for i in two),
        )
    )
    one = _open(story, krishna)[:1]
    story.payments.append(
        transfer(
            krishna,
            _before(story, 2),
            one,
            amount=one[0].amount,
            remark="BILL PAYMENT",
            entered_on=None,
            settles=((one[0].number, one[0].amount),),
        )
    )
    story.payments.append(
        transfer(
            mahalaxmi,
            _before(story, 1),
            [],
            amount=10_000_00,
            remark="ON ACCOUNT",
            entered_on=None,
            kind="on_account",
        )
    )


def _wrong_amount(story: Story) -> None:
    """Let one customer pay ₹900 less than the bill that he names."""
    deshmukh = story.customer("Deshmukh Motors")
    bill = _open(story, deshmukh)[0]
    story.payments.append(
        transfer(
            deshmukh,
            _before(story, 5),
            [bill],
            amount=bill.amount - 900_00,
            remark=bill.number,
            entered_on=None,
            settles=((bill.number, bill.amount - 900_00),),
            kind="wrong_amount",
        )
    )


def _duplicate(story: Story) -> None:
    """Let one customer pay a bill again four days after he paid it; the books entered both."""
    first = max(
        (
            p
            for p in story.payments
            if p.kind == "bills"
            and p.channel == "neft"
            and not p.party.habit.cuts_tds
            and p.party.name not in HELD
            and len(p.settles) == 1
            and p.at.date() <= _before(story, 6)
        ),
        key=lambda p: (p.at, p.id),
    )
    day = first.at.date() + timedelta(days=4)
    again = [i for i in story.invoices if i.number == first.settles[0][0]]
    story.payments.append(
        transfer(
            first.party,
            day,
            again,
            amount=first.amount,
            remark=first.remark,
            entered_on=day,
            settles=first.settles,
            kind="duplicate",
        )
    )


def _refunds(story: Story) -> None:
    """Let one customer pay a link twice and get the second payment back."""
    window = [
        p
        for p in story.gateway
        if p.captured and 40 <= (story.today - p.at.date()).days <= 90 and p.amount < 30_000_00
    ]
    for number, paid in enumerate(window[:1]):
        again = gateway_payment(paid.invoice, paid.at + timedelta(minutes=11), paid.method, "again")
        refund = Refund(
            f"rfnd_{token('rfnd', number, paid.id)}", paid.at + timedelta(days=1), paid.amount, "Paid twice"
        )
        story.gateway.append(replace(again, refund=refund))


def _open(story: Story, party: Party) -> list[Document]:
    paid = {number for p in story.payments for number, _ in p.settles}
    return [i for i in story.invoices if i.party is party and i.number not in paid and not i.opening]


def _before(story: Story, days: int) -> date:
    day = story.today - timedelta(days=days)
    return day - timedelta(days=1) if day.weekday() == 6 else day


def _rng(story: Story, *parts: object) -> Random:
    return Random(":".join(map(str, (story.seed, *parts))))  # noqa: S311 - a model of chance, no secret
