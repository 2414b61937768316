"""Which of several amounts come to a sum: the only such set, where it is no coincidence. Pure, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

MOST_TERMS = 6
MOST_TRIED = 20_000
"""Sets that are looked at; beyond that nothing is said."""
MOST_CHANCE = 0.004
"""How likely an accident may be at most: that some set of this size comes near the sum and none was meant."""
_GRAINS = (100_000, 50_000, 10_000, 5_000, 1_000, 500, 100, 10)


def only_sum(amounts: Sequence[int], total: int, *, slack: int = 0) -> tuple[int, ...] | None:
    """Return the places of the two to six amounts that come to `total` (± `slack` each), if no others so few do.

    None as well where so many sets are possible that one fits by accident, or too many to look at.
    """
    usable = [(amount, place) for place, amount in enumerate(amounts) if 0 < amount < total]
    grain = next((grain for grain in _GRAINS if all(amount % grain == 0 for amount, _ in usable)), 1)
    sets = len(usable)
    for size in range(2, min(MOST_TERMS, len(usable)) + 1):
        sets += comb(len(usable), size)
        near = 2 * slack * size + grain
        if sets > MOST_TRIED or sets * near > MOST_CHANCE * total:
            return None
        found = [
            chosen
            for chosen in combinations(usable, size)
            if abs(sum(amount for amount, _ in chosen) - total) <= slack * size
        ]
        if found:
            return tuple(place for _, place in found[0]) if len(found) == 1 else None
    return None
