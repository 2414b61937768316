"""TDS awaited."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TdsAwaited:
    """What customers cut as TDS and GST-TDS beside what the tax department shows, as TdsView.

    `fy` like 2026-27 (None: this year), `quarter` 1 to 4 (None: all), `party_id` one customer.
    """

    fy: str | None = None
    quarter: int | None = None
    party_id: UUID | None = None
