"""How much cash the law lets a business take from one person in a day, or for one bill: dated data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class CashLimit:
    """From `amount` (paise) on, cash of one person in a day is penalised by `law`."""

    amount: int
    begins: date
    ends: date | None
    law: str


@lru_cache(maxsize=1)
def cash_limits() -> tuple[CashLimit, ...]:
    """Return all rows of cash_limits.toml."""
    raw = tomllib.loads((resources.files("ledger.domain.cash") / "cash_limits.toml").read_text("utf-8"))
    return tuple(
        CashLimit(row["rupees"] * 100, row["begins"], row.get("ends"), row["law"]) for row in raw["limit"]
    )


def cash_limit(day: date) -> CashLimit | None:
    """Return the limit in force on a day, or None."""
    return next(
        (row for row in cash_limits() if row.begins <= day and (row.ends is None or day <= row.ends)), None
    )
