"""What stands above and below the table of a statement: account, bank, branch code, period, stated balances."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.bank.layouts import IFSC_BANKS
from kit.errors import Rejected
from kit.tabular import Cell, day_of, header_key, minor_of, text_of

_ACCOUNT = re.compile(
    r"\b(?:statement (?:of|for) account|account|a/c|ac)\s*(?:no|number|num|nos)?\.?\s*[:\-–=]*\s*[_'`]?\s*"
    r"((?:[Xx*][Xx* -]{0,20})?\d[\d -]{4,24}\d|[Xx*]{2,20}\d{3,6})(?![\w/.,])",
    re.IGNORECASE,
)
_IFSC = re.compile(r"\b[A-Z]{4}0[A-Z0-9]{6}\b")
_DAY = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, \d{4}"
)
_FROM = re.compile(r"\b(?:from|start date|period|between)\b", re.IGNORECASE)
_TO = re.compile(r"\b(?:to|end date|till|until)\b", re.IGNORECASE)
_OPENING = re.compile(r"\bopening bal(?:ance)?\b|\bbalance b/?f\b|\bbrought forward\b", re.IGNORECASE)
_CLOSING = re.compile(r"\bclosing bal(?:ance)?\b|\bbalance c/?f\b|\bcarried forward\b", re.IGNORECASE)
_AMOUNT = re.compile(r"-?\d[\d,]*\.\d{2}(?!\d)")
_NAMES = (
    (re.compile(r"\bHDFC BANK\b", re.IGNORECASE), "hdfc"),
    (re.compile(r"\bICICI BANK\b", re.IGNORECASE), "icici"),
    (re.compile(r"\bSTATE BANK OF INDIA\b", re.IGNORECASE), "sbi"),
    (re.compile(r"\bAXIS BANK\b", re.IGNORECASE), "axis"),
    (re.compile(r"\bKOTAK MAHINDRA\b", re.IGNORECASE), "kotak"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the rows around the table say, as far as they say it; balances in paise."""

    account: str | None = None
    bank: str | None = None
    ifsc: str | None = None
    period: tuple[date, date] | None = None
    opening: int | None = None
    closing: int | None = None


def read_frame(above: Sequence[Sequence[Cell]], below: Sequence[Sequence[Cell]]) -> Frame:
    """Read the rows above the heading and those below the last line of a statement."""
    texts = [_text(row) for row in above]
    whole = "\n".join(texts)
    ifsc = next((found[0] for text in texts if (found := _IFSC.search(text.upper()))), None)
    bank = IFSC_BANKS.get(ifsc[:4]) if ifsc else None
    if bank is None:
        bank = next((name for pattern, name in _NAMES if pattern.search(whole)), None)
    opening, closing = _stated([*above, *below])
    return Frame(_account(texts), bank, ifsc, _period(texts), opening, closing)


def says_opening(text: str) -> bool:
    """Return whether a row's text is an opening balance brought forward."""
    return _OPENING.search(text) is not None


def says_closing(text: str) -> bool:
    """Return whether a row's text is a closing balance."""
    return _CLOSING.search(text) is not None


def _account(texts: Sequence[str]) -> str | None:
    for text in texts:
        found = _ACCOUNT.search(text)
        if found:
            number = re.sub(r"[ -]", "", found[1]).upper().replace("*", "X")
            if 6 <= len(number) <= 24:
                return number
    return None


def _period(texts: Sequence[str]) -> tuple[date, date] | None:
    start = end = None
    for text in texts:
        days = [day for match in _DAY.findall(text) if (day := day_of(match)) is not None]
        if len(days) >= 2 and (_FROM.search(text) or _TO.search(text)):
            return (days[0], days[1]) if days[0] <= days[1] else None
        if len(days) == 1 and start is None and re.search(r"\b(?:from|start date)\b", text, re.IGNORECASE):
            start = days[0]
        elif len(days) == 1 and re.search(r"\b(?:to|end date)\s*(?:date)?\s*[:\-]", text, re.IGNORECASE):
            end = days[0]
    return (start, end) if start and end and start <= end else None


def _stated(rows: Sequence[Sequence[Cell]]) -> tuple[int | None, int | None]:
    """Find balances beside their names (`Closing balance … 39,591.75`) or under them (HDFC's summary)."""
    opening = closing = None
    for number, row in enumerate(rows):
        text = _text(row)
        is_opening, is_closing = says_opening(text), says_closing(text)
        if is_opening and is_closing and number + 1 < len(rows):
            under = dict(zip(map(header_key, row), rows[number + 1], strict=False))
            opening = _amount(under.get("openingbalance") or under.get("openingbal"))
            closing = _amount(under.get("closingbalance") or under.get("closingbal"))
        elif is_opening != is_closing:
            amounts = _AMOUNT.findall(text)
            if len(amounts) == 1:
                if is_opening:
                    opening = _amount(amounts[0])
                else:
                    closing = _amount(amounts[0])
    return opening, closing


def _text(row: Sequence[Cell]) -> str:
    return " ".join(text_of(cell) for cell in row if cell is not None)[:2_000]


def _amount(cell: Cell) -> int | None:
    try:
        return minor_of(cell)
    except Rejected:
        return None
