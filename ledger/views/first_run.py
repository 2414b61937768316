"""What is set up in a business."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class SetupView:
    """What is there: the bank known till a day, bank lines, open bills, other sources by label, people, payment details.

    `linked` people have a chat. `dismissed`: this chat doesn't want to be asked about the rest any more.
    """

    bank: str | None
    bank_until: date | None
    lines: bool
    bills: int
    sources: tuple[str, ...]
    members: int
    linked: int
    payable_to: bool
    dismissed: bool

    @property
    def knows_money(self) -> bool:
        """Whether anything is known that a digest could tell."""
        return self.bank is not None or self.lines or self.bills > 0

    @property
    def left(self) -> int:
        """How many of the things that an owner does himself are still to be done."""
        return [self.bank is not None, self.bills > 0, self.payable_to, self.members > 1].count(False)
