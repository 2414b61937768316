"""Lists whose rows the row fast path writes from database records, without an object for each.

A type says in COLUMNS how its fields are read from a record: an expression of {r}, the record, and {g}, what the page
gave with it. A list of such records is a `Rows`; whoever else looks at it finds the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast, overload

from ledger.views.late import Late

T = TypeVar("T")
Columns: TypeAlias = "Mapping[str, str | Columns]"
COLUMNS: dict[type, Columns] = {}
"""By class and GraphQL name: the expression of a field, or the columns of the object that it holds."""
NAMES: dict[str, Any] = {}
"""What those expressions call by name."""


class Rows(Sequence[T]):
    """Objects that are made when somebody looks at them; `records` and `given` are what COLUMNS of their type reads."""

    __slots__ = ("_made", "_make", "given", "records")

    def __init__(self, page: Late[Any], make: Callable[[], Sequence[T]]) -> None:
        self.records = page.records
        self.given = page.given
        self._make = make
        self._made: Sequence[T] | None = None

    @property
    def made(self) -> Sequence[T]:
        """The objects."""
        if self._made is None:
            self._made = self._make()
        return self._made

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return self.made[place]

    def __len__(self) -> int:
        return len(self.records)


def rows_of(page: Sequence[Any], make: Callable[[], Sequence[T]]) -> list[T]:
    """Return the objects of a page, late if its views are; a list to the schema's types, which only go through it."""
    return cast(list[T], Rows(page, make) if isinstance(page, Late) else make())
