"""Who may be asked about a question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advisers:
    """Accountants and finance, without who asks, by name, as tuple[Adviser, ...]."""
