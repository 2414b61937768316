"""TDS awaited, as it is shown; paise."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TdsSectionView:
    """What is shown under one section."""

    section: str
    credited: int


@dataclass(frozen=True, slots=True)
class TdsRow:
    """One customer, kind and quarter. `party_id` None: a deductor of the statement whom we don't know.

    `state`: agrees, missing (less is shown than was cut), more, not_known (nothing was cut that we know of).
    """

    party_id: UUID | None
    name: str
    tan: str | None
    kind: str
    quarter: str
    cut: int
    credited: int
    pending: int
    missing: int
    state: str
    words: str
    sections: tuple[TdsSectionView, ...] = ()


@dataclass(frozen=True, slots=True)
class TdsView:
    """All of them, the largest missing first, with their sums."""

    fy: str
    currency: str
    cut: int = 0
    credited: int = 0
    pending: int = 0
    missing: int = 0
    rows: tuple[TdsRow, ...] = field(default=())
    stated: bool = False
    """Whether any statement of the tax department was read at all."""
