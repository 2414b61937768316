"""Keyset pages: a total order of rows, the opaque cursor after a row, and the conditions of one statement."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from kit.errors import Rejected
from ledger.views.late import Late

MAX_PAGE = 200
MAX_CURSOR = 600
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: its name in cursors, the SQL of its keys (the last one unique), and how each reads back.

    Keys run the same way, so that one row comparison on one index seeks to the page.
    """

    name: str
    keys: tuple[str, ...]
    casts: tuple[str, ...]
    descending: bool = False

    @property
    def by(self) -> str:
        """The body of ORDER BY."""
        way = " DESC" if self.descending else ""
        return ", ".join(f"{key}{way}" for key in self.keys)


@dataclass(slots=True)
class Conditions:
    """Conditions of one statement, joined by AND, with their values as $1, $2 …"""

    values: list[Any]
    texts: list[str] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """Take a value and return its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition; each {} in it becomes the placeholder of the next value."""
        self.texts.append(condition.format(*(self.value(value) for value in values)))

    def seek(self, order: Order, place: Sequence[Any] | None) -> None:
        """Add the condition that a row stands after `place` in `order`."""
        if place is None:
            return
        marks = [f"{self.value(v)}::{cast}" for v, cast in zip(place, order.casts, strict=True)]
        sign = "<" if order.descending else ">"
        self.texts.append(f"({', '.join(order.keys)}) {sign} ({', '.join(marks)})")

    @property
    def sql(self) -> str:
        """The body of WHERE."""
        return " AND ".join(self.texts) or "true"


def page_size(first: int) -> int:
    """Return the number of rows asked for; Rejected unless it is 1 to 200."""
    if not 1 <= first <= MAX_PAGE:
        raise Rejected(
            "page.size",
            f"A page has 1 to {MAX_PAGE} rows, not {first}.",
            remedy="Ask for the next page after it.",
        )
    return first


def order_named(orders: Sequence[Order], name: str) -> Order:
    """Return the order that a question names; Rejected if there is none."""
    for order in orders:
        if order.name.split(":", 1)[-1] == name:
            return order
    names = ", ".join(order.name.split(":", 1)[-1] for order in orders)
    raise Rejected(
        "sort.unknown", f"{name[:40]!r} is not an order of this list.", remedy=f"Use one of {names}."
    )


def cursor(order: Order, *keys: Any) -> str:
    """Return the opaque cursor after the row with these keys."""
    body = orjson.dumps([order.name, *map(str, keys)])
    return binascii.b2a_base64(body, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()


def place(order: Order, after: str | None) -> tuple[Any, ...] | None:
    """Read a cursor back into the keys of its row; Rejected if it isn't one of this order."""
    if after is None:
        return None
    try:
        if len(after) > MAX_CURSOR:
            raise ValueError
        body = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if not isinstance(body, list) or body[0] != order.name:
            raise ValueError
        keys = tuple(_READ[cast](key) for cast, key in zip(order.casts, body[1:], strict=True))
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, binascii.Error):
        raise Rejected(
            "cursor.invalid",
            "This cursor is not one of this list.",
            remedy="Start again without a cursor, and keep sort and cursor together.",
        ) from None
    return keys


def cut(
    rows: list[Row], first: int, order: Order, keys: Callable[[Row], Sequence[Any]]
) -> tuple[list[Row], str | None, bool]:
    """Cut `first` + 1 fetched rows to the page: the rows, the cursor after the last, and whether more follow."""
    page = rows[:first]
    return page, cursor(order, *keys(page[-1])) if page else None, len(rows) > first


def cursors(rows: Sequence[Row], order: Order, keys: Callable[[Row], Sequence[Any]]) -> tuple[str, ...]:
    """Return the cursor after each row of a page."""
    return tuple(cursor(order, *keys(row)) for row in rows)


def marks(rows: Sequence[Row], order: Order, keys: Callable[[Row], Sequence[Any]]) -> Late[str]:
    """Return the cursor after each row of a page, made when somebody looks at them."""
    return Late(rows, lambda row: cursor(order, *keys(row)))


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:
        raise ValueError
    return number


def _score(text: str) -> str:
    return str(int(text[:40]))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)  # OverflowError at the ends of the calendar


def _words(text: str) -> str:
    if "\x00" in text:
        raise ValueError
    text.encode()
    return text


_READ: dict[str, Callable[[str], Any]] = {
    "bigint": _whole,
    "text::numeric": _score,
    "date": date.fromisoformat,
    "timestamptz": _moment,
    "text": _words,
    "uuid": UUID,
}
