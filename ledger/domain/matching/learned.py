"""Deductions that a customer makes again and again: a kind at a rate, known from one that was let stand. Pure, paise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.domain.matching.rates import cuts_on

ROUNDING = 100
_STEP = 250
"""Rates that people agree on are multiples of a quarter of a per cent (thousandths of a per cent)."""
_MOST = 20_000
_AGREED = ("cash_discount", "retention")
"""Kinds besides taxes that go by a rate; shortages and differences don't."""
BY_RATE = frozenset(["tds", "gst_tds", *_AGREED])
_NAMES = {"tds": "TDS", "gst_tds": "GST-TDS", "cash_discount": "cash discount", "retention": "retention"}


@dataclass(frozen=True, slots=True, order=True)
class Usual:
    """What is kept back each time: (kind, thousandths of a per cent, of the whole bill and not of its taxable value)."""

    parts: tuple[tuple[str, int, bool], ...]

    def of(self, *, base: int | None, amount: int) -> tuple[tuple[str, int], ...]:
        """Return (kind, paise) for a bill; nothing where the taxable value is needed and not known."""
        if base is None and not all(whole for _, _, whole in self.parts):
            return ()
        return tuple(
            (kind, ((amount if whole else base or 0) * rate + 50_000) // 100_000)
            for kind, rate, whole in self.parts
        )

    @property
    def words(self) -> str:
        """`TDS 2% and retention 5%`"""
        return " and ".join(f"{_NAMES[kind]} {rate / 1000:g}%" for kind, rate, _ in self.parts)


def usual(kept: Mapping[str, int], *, base: int | None, amount: int, day: date) -> Usual | None:
    """Return the rates behind what was kept back of one bill, or None where some of it goes by no rate."""
    parts = []
    for kind in sorted(kept):
        found = _rate(kind, kept[kind], base, amount, day)
        if found is None:
            return None
        parts.append((kind, *found))
    return Usual(tuple(parts)) if parts else None


def _rate(kind: str, kept: int, base: int | None, amount: int, day: date) -> tuple[int, bool] | None:
    """Return (rate, of the whole): of the taxable value if that explains it, else of the whole bill."""
    for whole, value in ((False, base), (True, amount)):
        if not value or value <= 0:
            continue
        if kind in ("tds", "gst_tds"):
            for cut in cuts_on(day):
                if (
                    len(cut.parts) == 1
                    and cut.parts[0][0] == kind
                    and abs(cut.total(value) - kept) <= ROUNDING
                ):
                    return cut.parts[0][1], whole
        elif kind in _AGREED:
            rate = round(kept * 100_000 / value / _STEP) * _STEP
            if 0 < rate <= _MOST and abs((value * rate + 50_000) // 100_000 - kept) <= ROUNDING:
                return rate, whole
    return None
