"""The canonical spreadsheet: bytes → sheets → one observation a row, each row on its own."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connectors.contract import Inbound, Observation, Observed, Unreadable
from connectors.spreadsheet.columns import (
    Header,
    Role,
    RowType,
    find_header,
    type_of_name,
    type_of_word,
)
from connectors.spreadsheet.rows import Fact, Row, read_row
from kit.clock import IST
from kit.errors import Rejected, SourceBroken
from kit.tabular import Book, Cell, Sheet, day_of, minor_of, read_book, text_of

VERSION = "sheet-1"
_SUM = re.compile(r"(?:grand |sub ?)?totals?\b.*", re.IGNORECASE)
_AS_ON = re.compile(r"\bas (?:on|at|of)\b\W*(.{6,20})", re.IGNORECASE)
_OPENING: Mapping[RowType, RowType] = {"invoice": "opening_receivable", "bill": "opening_payable"}
_OLDEST = datetime(2010, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Gathered:
    """What the sheets have said so far."""

    facts: list[tuple[str, Fact]] = field(default_factory=list)  # place, fact
    unreadable: list[Unreadable] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    without_heading: list[str] = field(default_factory=list)
    sums: int = 0


class Spreadsheet:
    """The connector: a file is brought by a member, so there is nothing to verify."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Accept: files carry no signature; who may bring one is the door's business."""

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002  rows are named by party and number, the same under any source
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read every sheet that has headings; Rejected if none has, or if not one row can be read."""
        book = read_book(inbound.body)
        seen_at = _seen_at(book, now)
        today = seen_at.astimezone(_zone(settings)).date()
        gathered = _Gathered()
        stem = PurePath(inbound.filename or "").stem
        for sheet in book.sheets:
            _read_sheet(sheet, stem, today, gathered)
        if not gathered.read:
            raise Rejected(
                "sheet.no_headings",
                "No sheet has headings that are known: at least Party (or Customer, Vendor) and one more.",
                remedy="Start from the template: `munshi template open-items.xlsx`.",
            )
        kept = _without_contradictions(gathered)
        if not kept and gathered.unreadable:
            first = gathered.unreadable[0]
            raise Rejected(
                "sheet.unreadable",
                f"None of its {len(gathered.unreadable)} rows can be read. {first.where}: {first.reason}",
                remedy="Mend the file, or start from the template: `munshi template open-items.xlsx`.",
            )
        return Observed(
            version=VERSION,
            observations=[_observation(fact, seen_at) for fact in kept],
            unreadable=gathered.unreadable,
            facts=_facts(gathered, kept, seen_at),
        )


connector = Spreadsheet()


def _read_sheet(sheet: Sheet, stem: str, today: date, gathered: _Gathered) -> None:
    header = find_header(sheet.rows)
    if header is None:
        if any(any(cell is not None for cell in row) for row in sheet.rows):
            gathered.without_heading.append(sheet.name)
        return
    header = _settle_due(header, sheet.rows)
    gathered.read.append(sheet.name)
    default = _default_type(header, sheet.name, stem)
    as_on = _as_on(sheet.rows[: header.row]) or today
    for number in range(header.row + 1, len(sheet.rows)):
        cells = sheet.rows[number]
        first = next((cell for cell in cells if cell is not None), None)
        if first is None or (isinstance(first, str) and first.startswith("#")):
            continue
        row = Row(cells, header.columns)
        if _is_sum(row, cells):
            gathered.sums += 1
            continue
        where = f"{sheet.name} row {number + 1}".strip()
        try:
            fact = read_row(row, _row_type(row, default), as_on=as_on)
        except Rejected as error:
            gathered.unreadable.append(Unreadable(where, error.code, error.message))
            continue
        gathered.facts.append((where, fact))
        gathered.warnings.extend(f"{where}: {warning}" for warning in fact.warnings)


def _row_type(row: Row, default: RowType | None) -> RowType:
    word = text_of(row.cell("type"))
    if not word:
        if default is None:
            raise Rejected(
                "row.type_missing",
                "It isn't said whether this is an Invoice, a Bill, an Opening receivable, an Opening payable, "
                "a Credit note or a Party: fill the column Type, or name the sheet Invoices, Bills or Parties.",
            )
        return default
    found = type_of_word(word)
    if found is None:
        raise Rejected("row.type", f"Type {word[:30]!r} is not one that is known.")
    return found


def _default_type(header: Header, sheet_name: str, stem: str) -> RowType | None:
    """Tell the type of rows that don't state it: by the sheet's name, the file's, the heading of the party column."""
    named = type_of_name(sheet_name) or type_of_name(stem)
    has_money = "amount" in header.columns or "outstanding" in header.columns
    if named == "party" and has_money:
        named = header.side
    found = named or header.side
    if not has_money:
        return found if found == "party" or {"number", "date"} & header.columns.keys() else "party"
    if found is not None and found in _OPENING and "number" not in header.columns:
        return _OPENING[found]
    return found


def _settle_due(header: Header, rows: Sequence[Sequence[Cell]]) -> Header:
    """Decide what a column called just `Due` holds, by its first value: a date, or what is outstanding."""
    place = header.columns.get("due")
    if place is None:
        return header
    columns: dict[Role, int] = {role: at for role, at in header.columns.items() if role != "due"}
    for row in rows[header.row + 1 :]:
        cell = row[place] if place < len(row) else None
        if cell is None:
            continue
        role: Role = "due_on" if day_of(cell) is not None or not _is_amount(cell) else "outstanding"
        columns.setdefault(role, place)
        break
    return replace(header, columns=columns)


def _is_amount(cell: Cell) -> bool:
    try:
        return minor_of(cell) is not None
    except Rejected:
        return False


def _is_sum(row: Row, cells: Sequence[Cell]) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str)]
    return bool(texts) and row.cell("number") is None and _SUM.fullmatch(texts[0]) is not None


def _as_on(rows: Sequence[Sequence[Cell]]) -> date | None:
    for row in rows:
        found = _AS_ON.search(" ".join(text_of(cell) for cell in row)[:500])
        if not found:
            continue
        for end in range(len(found[1]), 5, -1):
            day = day_of(found[1][:end].strip())
            if day is not None:
                return day
    return None


def _without_contradictions(gathered: _Gathered) -> list[Fact]:
    """Keep one of equal rows; rows that say different things of one document are all named and none is taken."""
    by_identity: dict[tuple[str, str], list[tuple[str, Fact]]] = {}
    for where, fact in gathered.facts:
        by_identity.setdefault((fact.kind, fact.external_id), []).append((where, fact))
    kept: list[Fact] = []
    for rows in by_identity.values():
        _, first = rows[0]
        if all(fact.data == first.data for _, fact in rows):
            kept.append(first)
            continue
        places = ", ".join(where for where, _ in rows[:4])
        gathered.unreadable.extend(
            Unreadable(where, "row.contradicts", f"The same thing stands here with other values: {places}.")
            for where, _ in rows
        )
    return kept


def _observation(fact: Fact, seen_at: datetime) -> Observation:
    body = orjson.dumps([fact.event_type, fact.data], option=orjson.OPT_SORT_KEYS)
    identity = fact.external_id
    if len(identity) > 180:
        identity = f"{identity[:140]}~{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    return Observation(
        event_id=f"{fact.kind}:{identity}:{hashlib.sha256(body).hexdigest()[:16]}",
        kind=fact.kind,
        external_id=identity,
        occurred_at=seen_at,
        precision="observed",
        data=fact.data,
        event_type=fact.event_type,
    )


def _seen_at(book: Book, now: datetime) -> datetime:
    """Return when the sheet says what it says: when it was last saved, if it tells and that is no nonsense, else now."""
    if book.modified is not None and _OLDEST <= book.modified <= now:
        return book.modified
    return now


def _zone(settings: Mapping[str, Any]) -> ZoneInfo:
    name = settings.get("timezone")
    if not name:
        return IST
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise SourceBroken(
            "source.timezone",
            f"The source's timezone {str(name)[:40]!r} is not known.",
            remedy="Use Asia/Kolkata.",
        ) from None


def _facts(gathered: _Gathered, kept: Sequence[Fact], seen_at: datetime) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "rows": len(kept),
        "by_type": dict(sorted(Counter(fact.event_type for fact in kept).items())),
        "sheets": gathered.read,
        "saved_at": seen_at,
    }
    taken = sum(1 for item in gathered.unreadable if item.code == "row.contradicts")
    repeated = len(gathered.facts) - len(kept) - taken
    if repeated:
        facts["repeated"] = repeated
    if gathered.sums:
        facts["sums_left_out"] = gathered.sums
    if gathered.without_heading:
        facts["sheets_left_out"] = gathered.without_heading
    if gathered.warnings:
        facts["warnings"] = gathered.warnings
    return facts
