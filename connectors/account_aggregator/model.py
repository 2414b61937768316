"""An account's lines as they are read: where each stood, minor units signed as its holder sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction; `at` sorts lines of a day, `own_id` is the bank's (unique in no way that we can rely on)."""

    row: int
    posted_on: date
    at: datetime
    amount: int
    narration: str
    reference: str = ""
    mode: str = ""
    value_on: date | None = None
    balance: int | None = None
    own_id: str = ""


def squeeze(text: str) -> str:
    """Return `text` on one line with single blanks and without control characters."""
    squeezed = " ".join(text.split())
    return squeezed if squeezed.isprintable() else "".join(filter(str.isprintable, squeezed))
