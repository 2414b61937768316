"""The proof of a reading: every balance is the one before it plus the line's amount, in one order or the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.bank.model import Line, Table
from connectors.bank.preamble import Frame
from kit.errors import Rejected
from kit.money import format_minor


@dataclass(frozen=True, slots=True)
class Proof:
    """The lines oldest first, whether their balances prove them, and the balances at both ends (paise)."""

    lines: Sequence[Line]
    newest_first: bool
    proven: bool
    opening: int | None
    closing: int | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Walk:
    links: int
    breaks: tuple[tuple[Line | None, int], ...]
    """Where the balance isn't what it should be (None: the stated closing), and by how much."""


def prove(table: Table, frame: Frame, *, currency: str = "INR") -> Proof:
    """Return the lines in time's order with their proof; Rejected, naming the row, where they don't add up."""
    lines = table.lines
    forward, backward = _walk(table, lines), _walk(table, lines[::-1])
    falls = bool(lines) and lines[0].posted_on > lines[-1].posted_on
    rises = bool(lines) and lines[0].posted_on < lines[-1].posted_on
    if len(forward.breaks) == len(backward.breaks):
        newest_first = falls
    else:
        newest_first = len(backward.breaks) < len(forward.breaks)
        if forward.breaks and backward.breaks and (falls or rises):
            newest_first = falls
    walk = backward if newest_first else forward
    if walk.breaks:
        raise _mismatch(*walk.breaks[0], len(walk.breaks), currency)
    ordered = lines[::-1] if newest_first else lines
    opening, closing = _ends(ordered)
    stated, warnings = _compare(opening, closing, table, frame, currency)
    return Proof(
        lines=ordered,
        newest_first=newest_first,
        proven=not table.gaps and walk.links + stated > 0 and opening is not None,
        opening=opening if opening is not None else _first(table.opening, frame.opening),
        closing=closing if closing is not None else _first(table.closing, frame.closing),
        warnings=warnings,
    )


def carry_balances(table: Table) -> None:
    """Give lines without balances those that the two ends imply: forward to the first gap, backward to the last.

    Only where both ends are stated, so that a file which doesn't add up is refused by its closing balance.
    """
    if (
        table.opening is None
        or table.closing is None
        or any(line.balance is not None for line in table.lines)
    ):
        return
    count = len(table.lines)
    first, last = min(table.gaps, default=count), max(table.gaps, default=0)
    carried = table.opening
    for place in range(first):
        carried += table.lines[place].amount
        table.lines[place] = replace(table.lines[place], balance=carried)
    carried = table.closing
    for place in range(count - 1, max(first, last) - 1, -1):
        line = table.lines[place]
        table.lines[place] = replace(line, balance=carried)
        carried -= line.amount


def _walk(table: Table, ordered: Sequence[Line]) -> _Walk:
    is_reversed = ordered is not table.lines
    carried = table.opening
    links = 0
    breaks: list[tuple[Line | None, int]] = []
    count = len(ordered)
    for place, line in enumerate(ordered):
        if (count - place if is_reversed else place) in table.gaps:
            carried = None
        if carried is not None:
            carried += line.amount
        if line.balance is not None:
            if carried is not None:
                links += 1
                if carried != line.balance:
                    breaks.append((line, line.balance - carried))
            carried = line.balance
    if (0 if is_reversed else count) in table.gaps:
        carried = None
    if carried is not None and table.closing is not None and ordered:
        links += 1
        if carried != table.closing:
            breaks.append((None, table.closing - carried))
    return _Walk(links, tuple(breaks))


def _ends(ordered: Sequence[Line]) -> tuple[int | None, int | None]:
    opening = closing = None
    total = 0
    for line in ordered:
        total += line.amount
        if line.balance is not None:
            closing = line.balance
            if opening is None:
                opening = line.balance - total
        elif closing is not None:
            closing += line.amount
    return opening, closing


def _compare(
    opening: int | None, closing: int | None, table: Table, frame: Frame, currency: str
) -> tuple[int, tuple[str, ...]]:
    """Hold the ends against what the file states around its table: agreement counts as proof, the rest is told."""
    agreed, warnings = 0, []
    for name, found, stated in (
        ("an opening", opening, frame.opening if table.opening is None else None),
        ("a closing", closing, frame.closing if table.closing is None else None),
    ):
        if found is None or stated is None:
            continue
        if found == stated:
            agreed += 1
        else:
            warnings.append(
                f"The file states {name} balance of {format_minor(stated, currency)}; "
                f"its lines give {format_minor(found, currency)}."
            )
    return agreed, tuple(warnings)


def _first(one: int | None, other: int | None) -> int | None:
    return one if one is not None else other


def _mismatch(line: Line | None, difference: int, count: int, currency: str) -> Rejected:
    if line is None:
        where = "The closing balance"
    else:
        where = f"Row {line.row} ({line.posted_on:%d %b %Y}): the balance"
    more = f" {count - 1} more rows don't fit either." if count > 1 else ""
    return Rejected(
        "statement.balance_mismatch",
        f"The statement doesn't add up. {where} is {format_minor(abs(difference), currency)} "
        f"{'more' if difference > 0 else 'less'} than the amounts before it give.{more}",
        remedy="Nothing was taken from it. Download it again, unedited, for the whole period.",
    )
