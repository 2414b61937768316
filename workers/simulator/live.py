"""The present of the demo firm: one thing at a time happens, the same for the same world and the same moments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from kit.clock import IST
from workers.simulator import bank, books, crm, gateway
from workers.simulator.billing import fiscal_year
from workers.simulator.entities import BankLine, Cheque, Deal, Document, GatewayPayment, digits, token
from workers.simulator.messages import Message
from workers.simulator.paying import HELD, NEVER_PAID, gateway_payment, transfer
from workers.simulator.selling import PAID_WORD
from workers.simulator.tally import Voucher
from workers.simulator.treasury import (
    ACCOUNT,
    run_balance,
    settlement,
    settlement_day,
    settlement_line,
    transfer_line,
)
from workers.simulator.world import World

MAX_STEPS = 2_000
_MAX_UNNAMED, _MAX_FALSE_CLAIMS, _MAX_CUT = 5, 3, 2
_LEAD = 1_50_000_00
"""How far payments may run ahead of new bills (paise): the firm isn't to be paid off within an hour."""
_STATEMENT = timedelta(days=3)
_NAMED = ("neft", "imps", "upi")


@dataclass(frozen=True, slots=True)
class Step:
    """What happened: webhooks to send, a bank file to import, and a line for the log."""

    words: str
    messages: tuple[Message, ...] = ()
    file: tuple[str, bytes] | None = None


@dataclass(slots=True)
class Live:
    """The firm from the founding day on; `step` must be given every moment since, in order."""

    world: World
    steps: int = 0
    open: list[Document] = field(init=False)
    unsettled: list[GatewayPayment] = field(init=False)
    lines: list[BankLine] = field(init=False)
    paid: list[Document] = field(default_factory=list)
    _unnamed: int = 0
    _false_claims: int = 0
    _bills: int = 0
    _cut: int = 0
    _ahead: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        settled = {p.id for s in world.settlements for p in s.payments}
        paid = {number for p in world.payments for number, _ in p.settles}
        paid |= {p.invoice.number for p in world.gateway}
        paid |= {number for c in world.cheques for number, _ in c.settles}
        self.open = [i for i in world.invoices if i.number not in paid and not i.opening]
        self.unsettled = [p for p in world.gateway if p.captured and p.id not in settled]
        self.lines = list(world.bank)

    def step(self, at: datetime) -> Step:
        """Let the next thing happen at `at`."""
        at = at.astimezone(IST).replace(microsecond=0)
        rng = Random(f"{self.world.seed}:live:{self.steps}")  # noqa: S311 - a model of chance, no secret
        self.steps += 1
        due = [p for p in self.unsettled if settlement_day(p.at.date()) <= at.date()]
        if due and at.hour >= 10:
            return self._settle(due, at)
        chance = rng.random()
        if self._ahead > _LEAD or chance < 0.30:
            return self._issue_bill(rng, at)
        if chance < 0.58:
            return self._pay_by_link(rng, at)
        if chance < 0.80:
            return self._transfer(rng, at)
        if chance < 0.90:
            return self._claim(rng, at)
        return self._receive_bill(rng, at) if chance < 0.96 else self._take_cheque(rng, at)

    def _settle(self, due: list[GatewayPayment], at: datetime) -> Step:
        made = replace(settlement(at.date(), tuple(due)), at=at - timedelta(hours=2, minutes=5))
        self.unsettled = [p for p in self.unsettled if p not in due]
        self._book(settlement_line(made))
        message = gateway.settlement_processed(made)
        return Step("Razorpay settled", (message,), self._statement(at))

    def _pay_by_link(self, rng: Random, at: datetime) -> Step:
        invoice = self._take(rng, ("link",))
        if invoice is None:
            return self._issue_bill(rng, at)
        paid = gateway_payment(invoice, at - timedelta(minutes=1), rng.choice(("upi", "upi", "netbanking")))
        self.unsettled.append(paid)
        self.paid.append(invoice)
        return Step(f"{invoice.party.name} paid {invoice.number}", tuple(gateway.payment_messages(paid)))

    def _issue_bill(self, rng: Random, at: datetime) -> Step:
        party = rng.choice([p for p in self.world.customers if p.habit.channel in ("link", *_NAMED)])
        day = at.date()
        terms = party.terms_days
        invoice = Document(
            number=self._next_number(at),
            party=party,
            issued_on=day,
            due_on=day + timedelta(days=terms) if terms is not None else None,
            base=round(party.base * rng.uniform(0.4, 1.1) / 5_000) * 5_000,
            description=f"{rng.choice(('Extra shift', 'Deep cleaning', 'Pest control'))}, {day:%B %Y}",
        )
        self.open.append(invoice)
        self._ahead -= invoice.amount
        return Step(f"Bill {invoice.number} to {party.name}", (self._entered(books.sale(invoice), at),))

    def _transfer(self, rng: Random, at: datetime) -> Step:
        unnamed = self._unnamed < _MAX_UNNAMED and rng.random() < 0.15
        invoice = self._take(rng, ("bare",) if unnamed else _NAMED)
        if invoice is None:
            return self._issue_bill(rng, at)
        self._unnamed += unnamed
        cut = invoice.tds if invoice.party.habit.cuts_tds and self._cut < _MAX_CUT else 0
        self._cut += cut > 0
        settles = ((invoice.number, invoice.amount - cut),)
        paid = transfer(
            invoice.party,
            at.date(),
            [invoice],
            amount=invoice.amount - cut,
            remark="PAYMENT" if unnamed else invoice.number,
            entered_on=None,
            tds=cut,
            settles=settles,
        )
        self._book(transfer_line(replace(paid, at=at - timedelta(minutes=2))))
        return Step(f"Bank credit from {invoice.party.name}", file=self._statement(at))

    def _claim(self, rng: Random, at: datetime) -> Step:
        recent = [i for i in self.open if i.party.habit.channel == "link"]
        false = bool(recent) and self._false_claims < _MAX_FALSE_CLAIMS and rng.random() < 0.3
        if not false and not self.paid:
            return self._issue_bill(rng, at)
        invoice = recent[0] if false else self.paid.pop()
        self._false_claims += false
        deal = Deal(
            id=f"D-{token('live', invoice.number, size=8)}",
            party=invoice.party,
            name=invoice.description,
            amount=invoice.amount,
            owner=invoice.party.owner,
            invoices=(invoice.number,),
            steps=(),
        )
        return Step(f"CRM: {invoice.number} {PAID_WORD}", (crm.deal_reported(deal, PAID_WORD, at),))

    def _receive_bill(self, rng: Random, at: datetime) -> Step:
        party, day = rng.choice(self.world.vendors[:9]), at.date()
        self._bills += 1
        bill = Document(
            number=f"{party.name[:3].upper()}-{day:%y%m}{self._bills:03d}",
            party=party,
            issued_on=day,
            due_on=day + timedelta(days=party.terms_days or 0),
            base=round(party.base * rng.uniform(0.1, 0.3) / 5_000) * 5_000,
            description=party.kind,
        )
        return Step(f"Bill from {party.name}", (self._entered(books.purchase(bill), at),))

    def _take_cheque(self, rng: Random, at: datetime) -> Step:
        invoice = self._take(rng, ("cheque",))
        if invoice is None:
            return self._issue_bill(rng, at)
        cheque = Cheque(
            number=digits("live cheque", invoice.number, size=6),
            party=invoice.party,
            bank=invoice.party.bank,
            amount=invoice.amount,
            settles=((invoice.number, invoice.amount),),
            received_on=at.date(),
            dated_on=at.date() + timedelta(days=rng.choice((0, 0, 10))),
        )
        ahead = cheque.dated_on > cheque.received_on
        received = books.cheque_receipt(cheque, cheque.dated_on, postdated=ahead)
        return Step(f"Cheque from {invoice.party.name}", (self._entered(received, at),))

    def _entered(self, voucher: Voucher, at: datetime) -> Message:
        """Enter a voucher in Tally; its agent tells it at once. A step enters at most one."""
        return books.told_now(voucher, at, self.steps)

    def _take(self, rng: Random, channels: tuple[str, ...]) -> Document | None:
        """Take an open bill of a customer who pays so; the stubborn ones don't pay within the hour."""
        found = [
            i
            for i in self.open
            if i.party.habit.channel in channels and i.party.name not in (*HELD, *NEVER_PAID)
        ]
        if not found:
            return None
        invoice = rng.choice(found)
        self.open.remove(invoice)
        self._ahead += invoice.amount
        return invoice

    def _book(self, line: BankLine) -> None:
        last = self.lines[-1]
        line = replace(line, at=max(line.at, last.at + timedelta(seconds=1)))
        self.lines += run_balance([line], last.balance)

    def _statement(self, at: datetime) -> tuple[str, bytes]:
        until = max(at.date(), self.lines[-1].on)
        since = until - _STATEMENT
        lines = [line for line in self.lines if line.on >= since]
        name = f"OpTransactionHistory_{ACCOUNT[-4:]}_{at:%d-%m-%Y_%H%M%S}.csv"
        return name, bank.statement(lines, since, until)

    def _next_number(self, at: datetime) -> str:
        prefix = f"SFS-{fiscal_year(at.date()) % 100:02d}"
        if prefix not in self._numbers:
            own = (i.number for i in self.world.invoices if i.number.startswith(prefix))
            self._numbers[prefix] = max((int(number.removeprefix(prefix)) for number in own), default=0)
        self._numbers[prefix] += 1
        return f"{prefix}{self._numbers[prefix]:04d}"
