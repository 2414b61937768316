"""Which of some amounts add up to a sum: halves are enumerated and met in the middle, within a limit of steps.

Amounts are whole paise above zero; what is returned are positions in the sequence that was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

LARGEST = 6
"""More bills than this in one payment are found only as a row (oldest first) or as all of them."""
STEPS = 6_000
"""Sums that are made of one half, and pairs of sums that are compared."""


@dataclass(frozen=True, slots=True)
class Subsets:
    """At most two solutions (two already mean: not unique); `gave_up`: larger ones were not looked for."""

    found: tuple[tuple[int, ...], ...]
    gave_up: bool

    @property
    def only(self) -> tuple[int, ...] | None:
        """The solution, if it is the only one that was found."""
        return self.found[0] if len(self.found) == 1 else None


class Sums:
    """The sums of a sequence of amounts, made once for any number of targets; `slack` is allowed for each amount."""

    def __init__(
        self, amounts: Sequence[int], *, slack: int = 0, largest: int = LARGEST, steps: int = STEPS
    ) -> None:
        self._amounts = amounts
        self._slack = slack
        self._steps = steps
        middle = len(amounts) // 2
        self.largest = _reach(len(amounts) - middle, min(largest, len(amounts)), steps)
        self.gave_up = self.largest < min(largest, len(amounts))
        self._middle = middle
        self._left = _sums(amounts[:middle], self.largest)
        self._right = _sums(amounts[middle:], self.largest)
        self._widest = slack * self.largest
        self._width = 2 * self._widest or 1
        if slack:
            wide, width = self._widest, self._width
            self._places = {(s + wide) // width for s in self._right}
            self._places.update([(s - wide) // width for s in self._right])
        else:
            self._places = set(self._right)
        self._most = sum(sorted(amounts)[-self.largest :]) if self.largest else 0

    def meeting(self, target: int, *, smallest: int = 2) -> Subsets:
        """Return the subsets of at least `smallest` amounts that come to `target`."""
        if self.largest < smallest or target > self._most + self._widest:
            return Subsets((), self.gave_up)
        width = self._width
        hits = self._places.intersection([(target - s) // width for s in self._left])
        return self._verified(target, hits, smallest) if hits else Subsets((), self.gave_up)

    def _verified(self, target: int, hits: set[int], smallest: int) -> Subsets:
        """Compare the pairs of halves whose places agree, until there are two solutions."""
        width, wide = self._width, self._widest
        bits = [1 << place for place in range(len(self._amounts))]
        left_masks = _sums(bits[: self._middle], self.largest)
        right: dict[int, list[tuple[int, int]]] = {}
        for value, mask in zip(self._right, _sums(bits[self._middle :], self.largest), strict=True):
            for place in {(value + wide) // width, (value - wide) // width}:
                if place in hits:
                    right.setdefault(place, []).append((value, mask))
        found: list[int] = []
        steps = self._steps
        for value, mask in zip(self._left, left_masks, strict=True):
            for other, others in right.get((target - value) // width, ()):
                steps -= 1
                size = (mask | others).bit_count()
                if smallest <= size <= self.largest and abs(value + other - target) <= self._slack * size:
                    found.append(mask | others)
                    if len(found) == 2:
                        return Subsets(tuple(map(_positions, found)), self.gave_up)
            if steps < 0:
                return Subsets(tuple(map(_positions, found)), gave_up=True)
        return Subsets(tuple(map(_positions, found)), self.gave_up)


def by_chance(amounts: Sequence[int], size: int, *, window: int, grain: int) -> int:
    """Return in how many of 1,000 cases a sum of this order would be met by luck (at most 1,000).

    As many subsets of up to `size` amounts stand against the sums that are possible in steps of `grain`;
    `window`: paise to either side that still count as met.
    """
    possible = sum(sorted(amounts)[-size:]) // grain + 1
    subsets = sum(comb(len(amounts), n) for n in range(1, size + 1))
    return min(subsets * (2 * window // grain + 1) * 1000 // possible, 1000)


def _reach(half: int, largest: int, steps: int) -> int:
    """Return how many amounts a subset may have, so that one half makes no more than `steps` sums."""
    made = 1
    for size in range(1, largest + 1):
        made += comb(half, size)
        if made > steps:
            return size - 1
    return largest


def _sums(amounts: Sequence[int], largest: int) -> list[int]:
    """Return all sums of up to `largest` amounts; of bits in place of amounts, in the same order, their masks."""
    if len(amounts) <= largest:
        sums = [0]
        for amount in amounts:
            sums += [value + amount for value in sums]
        return sums
    by_size: list[list[int]] = [[0]] + [[] for _ in range(largest)]
    for amount in amounts:
        for size in range(largest, 0, -1):
            by_size[size] += [value + amount for value in by_size[size - 1]]
    return [value for sums in by_size for value in sums]


def _positions(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)
