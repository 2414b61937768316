"""What customers may deduct at source on a given day: dated data, never numbers in code."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Cut:
    """A deduction that can be computed: parts of (kind, thousandths of a per cent), and what it is for."""

    parts: tuple[tuple[str, int], ...]
    why: str

    def of(self, base: int) -> tuple[tuple[str, int], ...]:
        """Return the parts of the cut on a taxable value, in paise, rounded half up."""
        return tuple((kind, (base * rate + 50_000) // 100_000) for kind, rate in self.parts)

    def total(self, base: int) -> int:
        """Return the whole cut on a taxable value, in paise."""
        return sum(amount for _, amount in self.of(base))

    @property
    def percent(self) -> str:
        """The rate as people write it: `2%`, `0.1%`, `2% + 2%`."""
        return " + ".join(
            f"{rate // 1000}{f'.{rate % 1000:03d}'.rstrip('0').rstrip('.')}%" for _, rate in self.parts
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """One dated row: `rate` in thousandths of a per cent."""

    kind: str
    section: str
    what: str
    rate: int
    begins: date
    ends: date | None
    source: str


@lru_cache(maxsize=1)
def rates() -> tuple[Rate, ...]:
    """Return all rows of tds_rates.toml."""
    raw = tomllib.loads((resources.files("ledger.domain.matching") / "tds_rates.toml").read_text("utf-8"))
    found = []
    for row in raw["rate"]:
        whole, _, part = row["percent"].partition(".")
        found.append(
            Rate(
                kind=row["kind"],
                section=row["section"],
                what=row["what"],
                rate=int(whole) * 1000 + int(part.ljust(3, "0")),
                begins=row["from"],
                ends=row.get("until"),
                source=row["source"],
            )
        )
    return tuple(found)


@lru_cache(maxsize=1024)
def cuts_on(day: date) -> tuple[Cut, ...]:
    """Return the cuts possible on a day, smallest rate first: each rate alone, then each with GST-TDS on top."""
    live = [row for row in rates() if row.begins <= day and (row.ends is None or day <= row.ends)]
    by_rate: dict[tuple[str, int], list[Rate]] = {}
    for row in live:
        by_rate.setdefault((row.kind, row.rate), []).append(row)
    words = {
        key: "; ".join(f"s.{row.section} {row.what}" if key[0] == "tds" else row.what for row in rows)
        for key, rows in by_rate.items()
    }
    income = sorted((key for key in by_rate if key[0] == "tds"), key=lambda key: key[1])
    goods = sorted(key for key in by_rate if key[0] == "gst_tds")
    alone = [Cut((key,), words[key]) for key in (*income, *goods)]
    both = [Cut((one, other), f"{words[one]}; {words[other]}") for one in income for other in goods]
    return tuple(alone + both)
