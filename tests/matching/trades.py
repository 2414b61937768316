"""Sorts of firms: how many customers they have, what they bill, and how those pay. Held-out ones are for measuring only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Trade:
    """One sort of firm; `bills` per customer and month, `base` from–to in rupees (log-even), shares from 0 to 1."""

    name: str
    line: str
    customers: int
    bills: float
    base: tuple[int, int]
    gst: tuple[int, ...]
    round_base: int
    habits: Mapping[str, float]
    channels: Mapping[str, float]
    terms: tuple[int, ...]
    tds: Mapping[int, float] = field(default_factory=dict)
    """Thousandths of a per cent → share of customers that cut it."""
    government: int = 0
    refs: float = 0.3
    several: float = 0.35
    part: float = 0.06
    trouble: float = 0.08
    """Share of payments short by what no table tells: rate difference, shortage, freight."""
    discount: float = 0.08
    gateway: float = 0.0
    retainers: float = 0.0
    """Share of customers billed the same sum each month."""
    advances: float = 0.02
    treds: int = 0
    cash: float = 0.02
    retention: float = 0.0
    books: float = 0.3
    """Share of receipts that the accountant enters, sooner or later."""
    rounded: bool = True


TRADER = Trade(
    "trader", "trade", 36, 1.3, (15_000, 350_000), (18, 18, 12, 5), 1,
    {"bill_wise": 0.55, "oldest_first": 0.25, "on_account": 0.20},
    {"neft": 0.46, "cheque": 0.18, "imps": 0.12, "upi": 0.16, "cash": 0.08}, (15, 30, 30, 45), {100: 0.06},
    treds=1, trouble=0.09,
)  # fmt: skip
DISTRIBUTOR = Trade(
    "distributor", "retail", 46, 1.4, (1_500, 28_000), (5, 12, 18), 1,
    {"bill_wise": 0.42, "oldest_first": 0.33, "on_account": 0.25},
    {"upi": 0.56, "cheque": 0.10, "neft": 0.12, "imps": 0.10, "cash": 0.12}, (7, 15, 21), refs=0.15, several=0.5, trouble=0.10,
    discount=0.04,
)  # fmt: skip
CONTRACTOR = Trade(
    "contractor", "works", 26, 1.7, (60_000, 1_800_000), (18,), 100,
    {"bill_wise": 0.60, "oldest_first": 0.15, "on_account": 0.25},
    {"neft": 0.80, "cheque": 0.14, "imps": 0.06}, (30, 45, 60), {2000: 0.75, 1000: 0.05}, government=4, refs=0.35, several=0.25,
    part=0.10, trouble=0.06, discount=0.0, retention=0.05, cash=0.0, rounded=False,
)  # fmt: skip
PROFESSIONAL = Trade(
    "professional", "works", 46, 0.9, (8_000, 220_000), (18,), 500,
    {"bill_wise": 0.60, "oldest_first": 0.22, "on_account": 0.18},
    {"neft": 0.60, "imps": 0.14, "upi": 0.20, "cheque": 0.06}, (15, 30), {10000: 0.50, 2000: 0.14}, refs=0.35, several=0.25,
    trouble=0.03, discount=0.02, gateway=0.22, retainers=0.45, rounded=False,
)  # fmt: skip
MILL = Trade(
    "mill", "trade", 28, 1.9, (80_000, 2_500_000), (18, 5), 1,
    {"bill_wise": 0.58, "oldest_first": 0.22, "on_account": 0.20},
    {"neft": 0.78, "cheque": 0.18, "imps": 0.04}, (30, 45, 60, 90), {100: 0.3}, government=2, refs=0.25, several=0.45, part=0.12,
    trouble=0.14, treds=4, cash=0.0,
)  # fmt: skip
TRANSPORTER = Trade(
    "transporter", "trade", 30, 2.4, (6_000, 140_000), (5, 12), 50,
    {"bill_wise": 0.52, "oldest_first": 0.20, "on_account": 0.28},
    {"neft": 0.55, "imps": 0.20, "upi": 0.15, "cheque": 0.10}, (15, 30, 45), {2000: 0.25, 1000: 0.30}, refs=0.2, several=0.55,
    part=0.10, trouble=0.12, discount=0.0, advances=0.06, rounded=False,
)  # fmt: skip
STOCKIST = Trade(
    "stockist", "retail", 44, 1.3, (3_000, 60_000), (12, 5), 1,
    {"bill_wise": 0.56, "oldest_first": 0.26, "on_account": 0.18},
    {"upi": 0.40, "cheque": 0.24, "neft": 0.20, "imps": 0.10, "cash": 0.06}, (7, 14, 21, 28), refs=0.3, several=0.4, discount=0.12,
    gateway=0.08,
)  # fmt: skip

SHOWN = (TRADER, DISTRIBUTOR, CONTRACTOR, PROFESSIONAL)
"""What one may look at while working on the matcher."""
HELD_OUT = (MILL, TRANSPORTER, STOCKIST)
"""What one may not: their score is only read."""
