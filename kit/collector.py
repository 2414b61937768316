"""The garbage collector of a program that stays: looks seldom, and never at what lives as long as the program."""

from __future__ import annotations

import gc


def spare_the_collector() -> None:
    """Call it when everything is loaded.

    What we make by the thousand (events, rows) holds no cycles and goes when nobody needs it; looking through it took
    a tenth of a request's time, and half of a rebuild's.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
