"""The proof of a reading: every balance is the one before it plus the line's amount, in one order or the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bank.preamble import Frame
from connectors.bank.statement import Line, Table
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


def prove(table: Table, frame: Frame) -> Proof:
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
        raise _mismatch(*walk.breaks[0], len(walk.breaks))
    ordered = lines[::-1] if newest_first else lines
    opening, closing = _ends(ordered)
    stated, warnings = _compare(opening, closing, table, frame)
    return Proof(
        lines=ordered,
        newest_first=newest_first,
        proven=not table.gaps and walk.links + stated > 0 and opening is not None,
        opening=opening if opening is not None else _first(table.opening, frame.opening),
        closing=closing if closing is not None else _first(table.closing, frame.closing),
        warnings=warnings,
    )


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
    opening: int | None, closing: int | None, table: Table, frame: Frame
) -> tuple[int, tuple[str, ...]]:
    """Hold the ends against what the file states around its table: agreement counts as proof, the rest is told."""
    agreed, warnings = 0, []
    for name, found, stated in (
        ("opening", opening, frame.opening if table.opening is None else None),
        ("closing", closing, frame.closing if table.closing is None else None),
    ):
        if found is None or stated is None:
            continue
        if found == stated:
            agreed += 1
        else:
            warnings.append(
                f"The file states an {name} balance of {format_minor(stated)}; its lines give {format_minor(found)}."
                if name == "opening"
                else f"The file states a closing balance of {format_minor(stated)}; its lines give {format_minor(found)}."
            )
    return agreed, tuple(warnings)


def _first(one: int | None, other: int | None) -> int | None:
    return one if one is not None else other


def _mismatch(line: Line | None, difference: int, count: int) -> Rejected:
    if line is None:
        where = "The closing balance"
    else:
        where = f"Row {line.row} ({line.posted_on:%d %b %Y}): the balance"
    more = f" {count - 1} more rows don't fit either." if count > 1 else ""
    return Rejected(
        "statement.balance_mismatch",
        f"The statement doesn't add up. {where} is {format_minor(abs(difference))} "
        f"{'more' if difference > 0 else 'less'} than the amounts before it give.{more}",
        remedy="Nothing was taken from it. Download it again, unedited, for the whole period.",
    )
