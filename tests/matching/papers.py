"""What an accountant with the same papers could tell of a payment: the yardstick for `explainable`.

He reads the narration, remembers who paid from where before, and looks for the plainest arithmetic over the open bills.
Written apart from the matcher on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

NEAR = 100
MOST = 13
"""More open bills than this and he tries no combinations of them any more."""


@dataclass(slots=True)
class Bill:
    """A bill as it stands today; amounts in paise."""

    key: str
    number: str
    party: str
    issued: date
    due: date
    base: int
    amount: int
    open: int
    pay_on: date
    advance: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A cut that he knows to be usual in this trade: of the base, or by mistake of the whole."""

    kind: str
    rate: int
    gross: bool = False

    def of(self, bill: Bill) -> int:
        """What it takes off a bill, in whole rupees."""
        return rupee((bill.amount if self.gross else bill.base) * self.rate // 100_000)


def rupee(minor: int) -> int:
    """Round to whole rupees."""
    return (minor + 50) // 100 * 100


def cuts(rates: Iterable[int], *, government: bool, discount: bool) -> tuple[tuple[Rule, ...], ...]:
    """Return the combinations of cuts to try, plain first."""
    income = [Rule("tds", rate) for rate in rates]
    found: list[tuple[Rule, ...]] = [(rule,) for rule in income]
    found += [(Rule("cash_discount", 2000),)] if discount else []
    if government:
        found += [(Rule("gst_tds", 2000),), *((rule, Rule("gst_tds", 2000)) for rule in income)]
    return tuple(found + [(Rule("tds", rate, gross=True),) for rate in rates])


Explanation = tuple[frozenset[str], tuple[str, ...]]
"""The bills, and the kinds of cuts."""


def plainest(cash: int, bills: Sequence[Bill], rules: Sequence[tuple[Rule, ...]]) -> list[Explanation]:
    """Return the plainest explanations of an amount over the open bills of one party, all of one plainness."""
    for found in _by_plainness(cash, sorted(bills, key=lambda bill: (bill.due, bill.key)), rules):
        if found:
            return found
    return []


def _by_plainness(
    cash: int, bills: Sequence[Bill], rules: Sequence[tuple[Rule, ...]]
) -> Iterator[list[Explanation]]:
    yield _one(cash, [(bill, bill.open) for bill in bills], ())
    if len(bills) > 1 and abs(sum(bill.open for bill in bills) - cash) <= NEAR * len(bills):
        yield [(frozenset(bill.key for bill in bills), ())]
    yield _several(cash, [(bill, bill.open) for bill in bills], ())
    nets = [(_names(rule), _net(bills, rule)) for rule in rules]
    yield [found for names, net in nets for found in _one(cash, net, names)]
    yield [found for names, net in nets for found in _several(cash, net, names)]


def _names(rules: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(sorted(rule.kind for rule in rules))


def _net(bills: Sequence[Bill], rules: Sequence[Rule]) -> list[tuple[Bill, int]]:
    return [(bill, left) for bill in bills if (left := bill.open - sum(rule.of(bill) for rule in rules)) > 0]


def _one(cash: int, nets: Sequence[tuple[Bill, int]], names: tuple[str, ...]) -> list[Explanation]:
    fitting = [bill for bill, net in nets if abs(net - cash) <= NEAR]
    if not fitting:
        return []
    alike = {bill.open for bill in fitting}
    chosen = fitting[:1] if len(alike) == 1 else fitting  # of bills alike, the oldest
    return [(frozenset([bill.key]), names) for bill in chosen]


def _several(cash: int, nets: Sequence[tuple[Bill, int]], names: tuple[str, ...]) -> list[Explanation]:
    """Return at most two combinations of two and more bills; bills alike are taken oldest first."""
    nets = list(nets)[:MOST]
    sums: dict[int, list[tuple[int, ...]]] = {0: [()]}
    for place, (_, net) in enumerate(nets):
        for total, ways in list(sums.items()):
            reached = total + net
            if reached <= cash + NEAR * len(nets):
                room = sums.setdefault(reached, [])
                room.extend((*way, place) for way in ways[: 3 - len(room)] if len(room) < 3)
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    slack = NEAR * (1 if not names else 2)
    for total, ways in sums.items():
        if abs(total - cash) <= slack:
            for way in ways:
                if len(way) > 1:
                    shape = tuple(sorted(nets[place][1] for place in way))
                    found.setdefault(shape, way)
    return [
        (frozenset(nets[place][0].key for place in way), names) for way in sorted(found.values(), key=len)[:2]
    ]
