"""An account's lines as they are read: where each stood, minor units signed as its holder sees them."""

from __future__ import annotations

import re
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


def account_key(account: str) -> str:
    """Reduce an account to what a masked one shows: its last four digits."""
    digits = re.findall(r"\d{3,}$", account)
    return digits[0][-4:] if digits else account


def masked(account: str) -> str:
    """Return an account as it may be shown."""
    return f"··{account_key(account)}"


def agree(one: str, other: str) -> bool:
    """Return whether two accounts, either of them masked or not, end in the same digits."""
    tails = [(re.findall(r"\d+$", account) or [""])[0] for account in (one, other)]
    length = min(len(tail.lstrip("0")) for tail in tails)
    if length == 0:
        return one.casefold() == other.casefold()
    return bool(tails[0][-length:] == tails[1][-length:])
