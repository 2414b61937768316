"""How long we leave a vendor alone after a fault."""

from __future__ import annotations

import random
from datetime import timedelta

from kit.errors import Retryable, SourceBroken

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
BROKEN_PAUSE = timedelta(hours=6)
"""How often we ask again by ourselves where the owner has to act; new credentials make it at once."""


def pause_after(error: Exception, *, failures: int) -> timedelta:
    """Return how long a stream waits after a fault: doubled with each, spread by a quarter either way."""
    if isinstance(error, SourceBroken):
        base = BROKEN_PAUSE
    else:
        base = min(FIRST_PAUSE * 2 ** min(failures, 12), LONGEST_PAUSE)
    spread = base * random.uniform(0.75, 1.25)  # noqa: S311  jitter, no secret
    asked = timedelta(seconds=error.after or 0.0) if isinstance(error, Retryable) else timedelta()
    return max(spread, asked)
