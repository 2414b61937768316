"""Looking ahead anew."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefreshExpectations:
    """Work out when each open bill will be paid, as every morning (system only). Result: number of bills."""
