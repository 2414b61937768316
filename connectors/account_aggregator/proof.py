"""The proof of a reading: in one order of the lines, each balance is the one before it plus the line's amount."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.account_aggregator.model import Line
from kit.errors import Rejected
from kit.money import format_minor


@dataclass(frozen=True, slots=True)
class Proof:
    """The lines in time's order, whether their balances prove them, and the balances at both ends."""

    lines: Sequence[Line]
    proven: bool
    opening: int | None
    closing: int | None


def prove(lines: Sequence[Line], *, gaps: int, currency: str) -> Proof:
    """Find the order in which the balances follow; `gaps` rows could not be read, each may leave one break.

    Rejected, naming the row, where no order fits: then a line is missing, and none of the balances can name a line.
    """
    best: tuple[int, Sequence[Line], list[tuple[Line, int]], int] | None = None
    for order in _orders(lines):
        breaks, links = _walk(order)
        if best is None or len(breaks) < best[0]:
            best = (len(breaks), order, breaks, links)
        if not breaks:
            break
    assert best is not None
    count, order, breaks, links = best
    if count > gaps:
        line, difference = breaks[0]
        raise Rejected(
            "statement.balance_mismatch",
            f"The account's lines don't add up. Row {line.row} ({line.posted_on:%d %b %Y}): the balance is "
            f"{format_minor(abs(difference), currency)} {'more' if difference > 0 else 'less'} than the amounts before "
            "it give.",
            remedy="Nothing was taken from it. It is asked for again every hour; if it stays so, import a statement file.",
        )
    opening, closing = _ends(order)
    return Proof(order, proven=links > 0 and not gaps, opening=opening, closing=closing)


def _orders(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """As it came, the other way round, both sorted by their times; at last whatever order the balances themselves give.

    Some banks sort by the day only, some not at all.
    """
    backward = lines[::-1]
    yield lines
    yield backward
    for order in (lines, backward):
        yield sorted(order, key=lambda line: line.at)
        yield sorted(order, key=lambda line: line.posted_on)
    if (trail := _trail(lines)) is not None:
        yield trail


def _trail(lines: Sequence[Line]) -> Sequence[Line] | None:
    """Return an order in which each line begins at the balance where another ended; None if there is none.

    Each line leads from one balance to another, so it is a walk over all of them (Hierholzer's). Where several fit, they
    have the same ends.
    """
    leaving: dict[int, list[Line]] = defaultdict(list)
    surplus: dict[int, int] = defaultdict(int)
    for line in reversed(lines):
        if line.balance is None:
            return None
        leaving[line.balance - line.amount].append(line)
        surplus[line.balance - line.amount] += 1
        surplus[line.balance] -= 1
    starts = [balance for balance, count in surplus.items() if count > 0]
    if not lines or len(starts) > 1 or any(abs(count) > 1 for count in surplus.values()):
        return None
    first = lines[0]
    assert first.balance is not None
    balance, way, found = starts[0] if starts else first.balance - first.amount, [], []
    while True:
        if leaving[balance]:
            line = leaving[balance].pop()
            way.append((balance, line))
            assert line.balance is not None
            balance = line.balance
        elif way:
            balance, line = way.pop()
            found.append(line)
        else:
            break
    return found[::-1] if len(found) == len(lines) else None


def _walk(order: Sequence[Line]) -> tuple[list[tuple[Line, int]], int]:
    breaks: list[tuple[Line, int]] = []
    carried: int | None = None
    links = 0
    for line in order:
        if carried is not None:
            carried += line.amount
            if line.balance is not None:
                links += 1
                if carried != line.balance:
                    breaks.append((line, line.balance - carried))
        if line.balance is not None:
            carried = line.balance
    return breaks, links


def _ends(order: Sequence[Line]) -> tuple[int | None, int | None]:
    opening = closing = None
    total = 0
    for line in order:
        total += line.amount
        if line.balance is not None:
            closing = line.balance
            opening = line.balance - total if opening is None else opening
        elif closing is not None:
            closing += line.amount
    return opening, closing
