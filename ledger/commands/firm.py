"""What the owner says about the firm itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ChangeFirm:
    """Change what papers and reminders say of the firm, and what it counts by (owner only). Result: FirmSettingsView.

    What is None stays as it is; an empty text takes it away. `round_off_limit` (minor units): differences of a bill
    up to it close as rounding. `holidays` are all bank holidays of the firm: those that were listed are replaced.
    """

    name: str | None = None
    address: str | None = None
    gstin: str | None = None
    round_off_limit: int | None = None
    holidays: tuple[date, ...] | None = None
