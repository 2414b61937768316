"""Delimited text: encoding and delimiter found from the content, quotes honoured, stray ones survived."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice

from kit.errors import Rejected
from kit.tabular.cells import MAX_COLUMNS, MAX_ROWS, Row, check_size, clean

_DELIMITERS = ",\t;|^~"
_SAMPLE_ROWS = 300
_MAX_LINES_IN_CELL = 20


def decode(body: bytes) -> str:
    """Decode UTF-8, UTF-16 (with or without its mark) or Windows-1252; Rejected for what is no text."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decode(body, "utf-16")
    elif body.startswith(b"\xef\xbb\xbf"):
        text = _decode(body, "utf-8-sig")
    elif b"\x00" in body:
        head = body[:400]
        odd, even = head[1::2].count(0), head[0::2].count(0)
        if max(odd, even) * 10 < len(head) * 3:  # fewer than six in ten of either half
            raise _nonsense()
        text = _decode(body, "utf-16-le" if odd > even else "utf-16-be")
    else:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            text = _decode(body, "cp1252")
    controls = sum(
        text.count(chr(code)) for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 28, 29, 30, 31)
    )
    if "\x00" in text or controls * 20 > len(text):
        raise _nonsense()
    return text


def rows_of_text(text: str) -> list[Row]:
    """Split delimited text into rows of text cells; the delimiter is the one that makes the steadiest columns."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n\x1a")
    first, _, rest = lines.partition("\n")
    if len(first) == 5 and first.lower().startswith("sep="):  # Excel's own hint
        delimiter, lines = first[4], "\n" + rest
    else:
        delimiter = _delimiter(lines)
    rows = _split(lines, delimiter, csv.QUOTE_MINIMAL)
    if rows is None:  # a stray quote swallowed the lines after it
        rows = _split(lines, delimiter, csv.QUOTE_NONE)
    if rows is None:
        raise _nonsense()
    check_size(len(rows), max((len(row) for row in rows), default=0))
    return rows


def _decode(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        raise _nonsense() from None


def _nonsense() -> Rejected:
    return Rejected(
        "file.unreadable",
        "This is neither Excel nor text: it can't be read.",
        remedy="Download it again as Excel (.xlsx) or CSV.",
    )


def _delimiter(lines: str) -> str:
    sample = "\n".join(islice((line for line in lines[:400_000].split("\n") if line.strip()), _SAMPLE_ROWS))
    best, best_score = ",", 0
    for candidate in _DELIMITERS:
        if candidate not in sample:
            continue
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=candidate))
        except csv.Error:
            continue
        score = max((count * (width - 1) for width, count in widths.items()), default=0)
        if score > best_score:
            best, best_score = candidate, score
    return best


def _split(lines: str, delimiter: str, quoting: int) -> list[Row] | None:
    rows: list[Row] = []
    try:
        for raw in csv.reader(io.StringIO(lines), delimiter=delimiter, quoting=quoting):  # type: ignore[arg-type]
            row: Row = [clean(cell) for cell in raw]
            if any(cell is not None and cell.count("\n") > _MAX_LINES_IN_CELL for cell in row):  # type: ignore[union-attr]
                return None
            while len(row) > MAX_COLUMNS and row[-1] is None:
                row.pop()
            rows.append(row)
            if len(rows) > MAX_ROWS:
                check_size(lines.count("\n") + 1, 1)
    except csv.Error:
        return None
    while rows and not any(rows[-1]):
        rows.pop()
    return rows
