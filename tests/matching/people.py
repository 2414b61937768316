"""The customers of a firm: how each pays, from which accounts, in which words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from tests.matching.names import OWN_BANKS, as_banks_write, firm_name, government, gstin_stem, twin_of, vpa_of
from tests.matching.papers import Bill
from tests.matching.trades import Trade
from workers.simulator.customers import gstin_check


@dataclass(slots=True)
class Instrument:
    """An account, UPI address or cheque book that money comes from; `shows` whose name the bank prints."""

    channel: str
    name: str
    shows: str
    bank: str
    account: str
    vpa: str = ""
    users: set[str] = field(default_factory=set)
    """Parties whose money was seen to come from it."""


@dataclass(slots=True)
class Customer:
    """A customer with his manners; rates in thousandths of a per cent, `size` a bill's usual base in paise."""

    code: str
    name: str
    owner: str
    gstin: str | None
    phone: str
    habit: str
    terms: int
    late: float
    bills: float
    size: int
    instruments: list[Instrument]
    account: int
    rate: int = 0
    gross: bool = False
    gst_tds: bool = False
    retention: bool = False
    discount: bool = False
    retainer: bool = False
    gateway: bool = False
    vendor: bool = False
    refs: float = 0.0
    style: int = 0
    several: bool = False
    every: int = 15
    sum_share: float = 0.6
    brother: Customer | None = None
    twin: str = ""
    open: list[Bill] = field(default_factory=list)
    cut_before: set[str] = field(default_factory=set)

    @property
    def party(self) -> dict[str, str]:
        """How the books name him."""
        return {"id": self.code, "name": self.name, **({"gstin": self.gstin} if self.gstin else {})}


def customers(chance: Random, trade: Trade, count: int) -> list[Customer]:
    """Make the customers of a firm, oddities of a town among them."""
    taken: set[str] = set()
    made = [_customer(chance, trade, number, taken) for number in range(1, count + 1)]
    for place in range(min(trade.government, count // 3)):
        buyer = made[place]
        buyer.name, buyer.owner = government(chance, taken), ""
        buyer.rate, buyer.gst_tds, buyer.habit, buyer.gross = 2000, True, "bill_wise", False
        buyer.instruments = [instrument(chance, "neft", buyer.name, buyer.name)]
    plain = made[trade.government :]
    for number in range(max(1, count // 20)):  # nearly the same name
        if 2 * number + 1 < len(plain):
            one, other = plain[2 * number], plain[2 * number + 1]
            other.name, one.twin, other.twin = twin_of(one.name), other.code, one.code
            other.instruments = _instruments(chance, trade, other.name, other.owner)
    rest = plain[2 * max(1, count // 20) :]
    if len(rest) >= 4:
        rest[0].brother = rest[1]  # one pays for the other now and then
        shared = instrument(chance, "upi", rest[2].name, rest[2].owner)
        rest[2].instruments, rest[3].instruments = [shared], [shared]  # two firms under one address
        rest[2].gateway = rest[3].gateway = False
    return made


def _customer(chance: Random, trade: Trade, number: int, taken: set[str]) -> Customer:
    name, owner = firm_name(chance, trade.line, taken)
    habit = chance.choices(list(trade.habits), list(trade.habits.values()))[0]
    low, high = (math.log(rupees) for rupees in trade.base)
    size = int(math.exp(chance.uniform(low, high))) * 100
    stem = gstin_stem(chance, name)
    rate, draw = 0, chance.random()
    for one, share in trade.tds.items():
        if 0 <= draw < share:
            rate = one
        draw -= share
    return Customer(
        code=f"C{number:03d}",
        name=name,
        owner=owner,
        gstin=stem + gstin_check(stem) if chance.random() < 0.8 else None,
        phone=f"+9155500{number:05d}",
        habit=habit,
        terms=chance.choice(trade.terms),
        late=chance.choice((-3, 0, 4, 9, 15, 25, 40)),
        bills=trade.bills * chance.uniform(0.5, 1.5),
        size=size,
        instruments=_instruments(chance, trade, name, owner),
        account=int(chance.random() < 0.12),
        rate=rate,
        gross=rate > 100 and chance.random() < 0.08,
        retention=trade.retention > 0 and chance.random() < 0.15,
        discount=rate == 0 and chance.random() < trade.discount * 2,
        retainer=chance.random() < trade.retainers,
        gateway=habit == "bill_wise" and chance.random() < trade.gateway * 1.4,
        vendor=chance.random() < 0.04,
        refs=chance.choice((0.0, trade.refs, min(1.0, trade.refs * 2.5))),
        style=chance.randrange(6),
        several=chance.random() < trade.several,
        every=chance.choice((9, 15, 20, 30)),
        sum_share=chance.uniform(0.3, 0.9),
    )


def _instruments(chance: Random, trade: Trade, name: str, owner: str) -> list[Instrument]:
    channels, weights = list(trade.channels), list(trade.channels.values())
    chosen = [chance.choices(channels, weights)[0]]
    if chance.random() < 0.3:
        chosen.append(chance.choices(channels, weights)[0])
    return [instrument(chance, channel, name, owner) for channel in dict.fromkeys(chosen)]


def instrument(chance: Random, channel: str, name: str, owner: str) -> Instrument:
    """Make what a customer pays with, and what banks print of it for ever."""
    printed, shows = as_banks_write(chance, name, owner)
    made = Instrument(
        channel, printed, shows, chance.choice(OWN_BANKS), str(chance.randrange(10**10, 10**14))
    )
    if channel == "upi":
        made.vpa, hint = vpa_of(chance, name, owner)
        made.name, made.shows = (
            (name.upper()[:20], "firm") if hint == "firm" else (owner.upper()[:20], "owner")
        )
    if channel == "cash":
        made.name, made.shows = (name.upper()[:16], "firm") if chance.random() < 0.5 else ("", "none")
    return made
