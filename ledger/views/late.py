"""Rows of a page that become views when somebody looks at them: who needs only their columns reads the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

V = TypeVar("V")


class Late(Sequence[V], Generic[V]):
    """A sequence of views, each read of its record when it is asked for; all of them at once, when they are gone through.

    `given` is what reads a record's other values, such as its age: functions of the record, by name.
    """

    __slots__ = ("_made", "given", "read", "records")

    def __init__(
        self,
        records: Sequence[Any],
        read: Callable[[Any], V],
        given: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:
        self.records = records
        self.given = given or {}
        self.read = read
        self._made: tuple[V, ...] | None = None

    @property
    def made(self) -> tuple[V, ...]:
        """The views."""
        if self._made is None:
            self._made = tuple([self.read(record) for record in self.records])
        return self._made

    @overload
    def __getitem__(self, place: int) -> V: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[V, ...]: ...
    def __getitem__(self, place: int | slice) -> V | tuple[V, ...]:
        if self._made is None and isinstance(place, int):
            return self.read(self.records[place])
        return self.made[place]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[V]:
        return iter(self.made)

    def __eq__(self, other: object) -> bool:
        return self.made == (other.made if isinstance(other, Late) else other)

    def __hash__(self) -> int:
        return hash(self.made)

    def __repr__(self) -> str:
        return repr(self.made)
