"""What a firm's tables hold, as words that can be looked for in an answer, and what an answer says, as such words."""

from __future__ import annotations

import base64
import binascii
import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.ids import digest
from ledger.store.tables import EXEMPT, metadata

TABLES = tuple(table.name for table in metadata.sorted_tables if table.name not in EXEMPT)
SHORTEST = 5
"""Shorter words and numbers are everybody's."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_GROUPED = re.compile(r"(?<=\d),(?=\d)")
_WORD = re.compile(rf"[^\W_]{{{SHORTEST},}}")
_PACKED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_SECONDS = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")


def words_of(text: str, *, opened: bool = False) -> Iterator[str]:
    """Yield the ids, words and numbers of a text; also of what stands in it as base64 (ids and cursors are)."""
    text = _SECONDS.sub(" ", text).lower() if opened else text
    if not opened:
        for packed in _PACKED.findall(text):
            yield from _opened(packed)
        yield from words_of(text, opened=True)
        return
    yield from _UUID.findall(text)
    yield from _WORD.findall(_GROUPED.sub("", _UUID.sub(" ", text)))


def _opened(packed: str) -> Iterator[str]:
    try:
        plain = base64.b64decode(
            packed + "=" * (-len(packed) % 4), altchars=b"-_" if set(packed) & set("-_") else None
        )
        yield from words_of(plain.decode(), opened=True)
    except (binascii.Error, ValueError):
        return


def said(value: Any) -> Iterator[str]:
    """Yield the words of a value out of JSON or out of a row."""
    match value:
        case str():
            yield from words_of(value)
        case bool() | None | float() | bytes() | datetime() | date():
            return
        case UUID():
            yield str(value)
        case int():
            yield from (one for one in (str(abs(value)), str(abs(value) // 100)) if len(one) >= SHORTEST)
        case dict():
            for key, one in value.items():
                yield from said(key)
                yield from said(one)
        case list() | tuple():
            for one in value:
                yield from said(one)


async def words_in(engine: AsyncEngine, business: UUID) -> set[str]:
    """Return all that a firm's rows say, in every table."""
    found: set[str] = {str(business)}
    async with transaction(engine, [business]) as tx:
        for table in TABLES:
            for row in await tx.fetch(f"SELECT to_jsonb(t) AS row FROM {table} t"):
                found |= set(said(_plain(row["row"])))
    return found


async def digests(engine: AsyncEngine, business: UUID) -> dict[str, bytes]:
    """Return a digest of all rows of a firm, for each table, its lines in `directory` too."""
    found: dict[str, bytes] = {}
    async with transaction(engine, [business]) as tx:
        for table in (*TABLES, *EXEMPT):
            sql = f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE business_id = $1 ORDER BY 1"
            rows = await tx.fetch(sql, business)
            found[table] = digest("\n".join(row["row"] for row in rows).encode())
    return found


async def empty(engine: AsyncEngine, business: UUID) -> set[str]:
    """Return the tables in which a firm has nothing."""
    async with transaction(engine, [business]) as tx:
        return {table for table in TABLES if not await tx.value(f"SELECT count(*) FROM {table}")}


def _plain(row: Any) -> Any:
    """Return a row without what is nobody's secret: moments, and bytes, which are sealed or digests."""
    row = json.loads(row) if isinstance(row, str) else row
    return {
        name: value
        for name, value in row.items()
        if not (isinstance(value, str) and (value.startswith("\\x") or re.match(r"\d{4}-\d\d-\d\d", value)))
    }


def told(answer: httpx.Response) -> set[str]:
    """Return all words of an answer: of its headers, of its body, of the files in it."""
    found = {word for pair in answer.headers.items() for word in words_of(" ".join(pair))}
    kind = answer.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return found | set(said(answer.json()))
    if "spreadsheet" in kind:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            texts: Iterable[str] = [book.read(name).decode() for name in book.namelist()]
    else:
        texts = [answer.text]
    return found | {word for text in texts for word in words_of(html.unescape(text))}
