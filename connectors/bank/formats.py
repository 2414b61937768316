"""Which format a file is in, told by its bytes: MT940, CAMT.053, OFX, or a table; each becomes the same statements."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.bank.camt import looks_like_camt, read_camt
from connectors.bank.columns import Guess, confirmed
from connectors.bank.guess import guess
from connectors.bank.layouts import Header, find_header
from connectors.bank.model import Statement
from connectors.bank.mt940 import looks_like_mt940, read_mt940
from connectors.bank.ofx import looks_like_ofx, read_ofx
from connectors.bank.preamble import read_frame
from connectors.bank.proof import carry_balances
from connectors.bank.statement import code_of, read_table
from kit.errors import Rejected
from kit.money import CURRENCIES
from kit.tabular import Cell, Sheet, read_book, text_of
from kit.tabular.delimited import decode

TABLE, MT940, CAMT, OFX = "statement-1", "mt940", "camt.053", "ofx"
_HEAD = 65_536
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CODE = re.compile(r"\(\s*(?:in\s+)?([A-Z]{3})\s*\)")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: its format, its statements, and if it has none that we know, a guess of its columns."""

    version: str
    statements: Sequence[Statement]
    guess: Guess | None = None


def read_statements(body: bytes, settings: Mapping[str, Any]) -> Read:
    """Read a file of any format; Rejected, with what to do, if it holds no statement."""
    if not body.startswith(_PACKED):
        head = _head(body)
        if looks_like_camt(head):
            return Read(CAMT, _carried(read_camt(body)))
        if looks_like_ofx(head):
            return Read(OFX, read_ofx(decode(body)))
        if looks_like_mt940(head):
            return Read(MT940, _carried(read_mt940(decode(body))))
    return _read_tables(read_book(body).sheets, settings)


def guess_columns(body: bytes) -> Guess | None:
    """Return the best guess of the columns of a table file, whether or not its headings are known."""
    return _best_guess(read_book(body).sheets)


def _best_guess(sheets: Sequence[Sheet]) -> Guess | None:
    guesses = [found for sheet in sheets if (found := guess(sheet.rows)) is not None]
    return max(guesses, key=lambda found: (found.is_proved, found.is_complete, found.rows), default=None)


def _head(body: bytes) -> str:
    head = body[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    return head.replace(b"\x00", b"").decode("latin-1")


def _carried(statements: list[Statement]) -> list[Statement]:
    for statement in statements:
        carry_balances(statement.table)
    return statements


# ---- tables ----------------------------------------------------------------------------------------
def _read_tables(sheets: Sequence[Sheet], settings: Mapping[str, Any]) -> Read:
    layouts = settings.get("layouts")
    known = [
        statement
        for sheet in sheets
        if (statement := _read_sheet(sheet, layouts if isinstance(layouts, dict) else {}, settings))
    ]
    if any(statement.table.lines or not statement.table.unreadable for statement in known):
        return Read(TABLE, known)
    best = _best_guess(sheets)
    if known and (best is None or not best.is_proved or any(s.layout == "confirmed" for s in known)):
        return Read(TABLE, known)
    return Read(TABLE, (), best)


def _read_sheet(sheet: Sheet, layouts: Mapping[str, Any], settings: Mapping[str, Any]) -> Statement | None:
    rows: Sequence[Sequence[Cell]] = sheet.rows
    own = confirmed(rows, layouts) if layouts else None
    header = find_header(rows) if own is None else None
    if own is not None:
        header, rows = own
    if header is None:
        return None
    currency = _currency(rows, header, settings)
    table = read_table(rows, header, sheet=sheet.name, currency=currency)
    frame = read_frame(rows[: header.row], rows[table.last_row + 1 : table.last_row + 60])
    return Statement(
        table=table,
        frame=frame,
        layout=header.layout,
        bank=frame.bank or header.bank,
        currency=currency,
        place=sheet.name,
    )


def _currency(rows: Sequence[Sequence[Cell]], header: Header, settings: Mapping[str, Any]) -> str:
    """Return the currency of a table: as set, else as its column or a heading says, else the business's own."""
    if settings.get("account_currency"):
        return str(settings["account_currency"]).upper()
    place = header.columns.get("currency")
    if place is not None:
        codes = Counter(
            code
            for row in rows[header.row + 1 :]
            if place < len(row) and (code := code_of(row[place])) in CURRENCIES
        )
        if codes:
            return codes.most_common(1)[0][0]
    named = {
        found[1]
        for role in ("amount", "debit", "credit", "balance")
        if (place := header.columns.get(role)) is not None
        and place < len(rows[header.row])
        and (found := _CODE.search(text_of(rows[header.row][place])))
        and found[1] in CURRENCIES
    }
    if len(named) > 1:
        raise Rejected(
            "statement.other_currency",
            f"Its headings name several currencies: {', '.join(sorted(named))}.",
            remedy="Give the source the currency of its account: --set account_currency=INR.",
        )
    return named.pop() if named else str(settings.get("currency") or "INR")
