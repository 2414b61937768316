"""The cards of the money ahead, read aloud; the commands, and a due confirmed by a tap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from bot.cards.audience import Audience
from bot.cards.cash import cash_card, dues_card, msmed_card
from bot.cards.digest import digest_card
from ledger.views.cash import (
    CashAccount,
    CashAheadView,
    CashMove,
    CashSpan,
    Coverer,
    DueAhead,
    DueProposal,
    DuesView,
    DueView,
    MsmedView,
    OtherCurrency,
    ShortageView,
    UnconfirmedDue,
    VendorLimit,
    VendorLimitsView,
    VendorMark,
)
from tests.bot import sample_views as sample
from tests.bot.golden_cards import Cards, check, golden
from tests.bot.test_chat import RAMESH, Join, Say, say  # noqa: F401  a fixture

DAY = date(2026, 11, 20)
ONE = UUID(int=1)
ALL = tuple(range(1, 13))


def day(ahead: int) -> date:
    return DAY + timedelta(days=ahead)


def span(first: int, last: int, came: int, paid: int, closing: int | None) -> CashSpan:
    return CashSpan(day(first), day(last), came * 100, paid * 100, closing, closing, closing)


SHORT = ShortageView(
    day(6), 45_000_00, (Coverer(ONE, "Gupta Steel", 30_000_00), Coverer(ONE, "Verma <& Sons>", 25_000_00))
)
DAYS = (
    span(0, 0, 0, 45_000, 3_39_210_00),
    span(3, 3, 1_42_000, 0, 4_81_210_00),
    span(6, 6, 0, 5_26_210, -45_000_00),
)
WEEKS = (
    span(0, 6, 1_42_000, 5_71_210, -45_000_00), span(7, 13, 3_10_000, 1_20_000, 1_45_000_00), span(14, 20, 0, 0, 1_45_000_00),
)  # fmt: skip
AHEAD = CashAheadView(
    today=DAY, currency="INR",
    accounts=(CashAccount("bank:icici", "ICICI", "000405004421", 3_84_210_00, "INR", day(-1), 1),), opening=3_84_210_00,
    days=DAYS, weeks=WEEKS, moves=(CashMove(DAY, -45_000_00, "due", "GST", about=True),), more_moves=0, shortage=SHORT,
    at_risk=ShortageView(day(3), 12_000_00), why_not=None, not_expected=50_000_00, no_day=980_00, overdue_bills=10_000_00,
    others=(OtherCurrency("USD", 70_00, 5_00, 0),),
)  # fmt: skip
GST = DueView(
    ONE, "GST", "gst", 45_000_00, "INR", 20, ALL, DAY, None, None, day(2), "Sunday", day(-31), 52_000_00
)
DUES = DuesView(
    DAY, "INR", (GST, replace(GST, name="Salaries", next_on=day(-3), next_closed=None, lately=None)),
    (
        DueProposal("k", "rent", "Rent: SHAH", 5, ALL, 20_000_00, (date(2026, 9, 5), date(2026, 10, 5)), "nam:SHAH", None),
        DueProposal("t", "tds", "TDS", 7, ALL, None, (), None, "the law"),
    ),
)  # fmt: skip
LIMIT = VendorLimit(
    ONE, ONE, "Tiny Tools", "B-1", day(-10), 10_000_00, day(5), date(2027, 3, 31), 5, "in_time"
)
LIMITS = VendorLimitsView(
    DAY, "INR", date(2027, 3, 31), (VendorMark(ONE, "Tiny Tools", "micro", None),),
    (replace(LIMIT, last_day=day(-35), days_left=-35, state="late"), LIMIT), 0, 10_000_00, 20_000_00, 5_000_00,
)  # fmt: skip
OURS = MsmedView("INR", "small", "service", DAY, (), 4_321_00, (), 3, 0, date(2026, 2, 6))

CARDS: Cards = {
    "cash_short": lambda to: cash_card(AHEAD, to),
    "cash_enough": lambda to: cash_card(replace(AHEAD, shortage=None, at_risk=None, not_expected=0, no_day=0, others=()), to),
    "cash_unconfirmed": lambda to: cash_card(
        replace(
            AHEAD, shortage=None, at_risk=None, not_expected=0, no_day=0, others=(),
            unconfirmed=tuple(UnconfirmedDue(name, amount) for name, amount in (
                ("Salaries", 6_14_183_00), ("GST", 1_75_210_00), ("Provident <fund>", 85_787_00), ("EMI", 58_300_00),
            )),
        ),
        to,
    ),
    "cash_no_bank": lambda to: cash_card(
        replace(AHEAD, accounts=(), opening=None, shortage=None, at_risk=None, why_not="no_bank",
                days=(span(0, 0, 0, 45_000, None),), weeks=()), to
    ),
    "cash_stale_bank": lambda to: cash_card(
        replace(AHEAD, accounts=(replace(AHEAD.accounts[0], until=day(-9), days_old=9),), shortage=None, at_risk=None,
                why_not="stale_bank"), to
    ),
    "dues": lambda to: dues_card(DUES, to),
    "dues_none": lambda to: dues_card(replace(DUES, dues=(), proposals=()), to),
    "small_vendors": lambda to: msmed_card(LIMITS, OURS, to),
    "digest_short": lambda to: digest_card(
        sample.digest(shortage=SHORT, dues=(DueAhead("GST", "gst", DAY, 45_000_00),)), to
    ),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


async def test_owner_asks_and_a_sales_rep_is_told_whom_to_ask(say: Say, join: Join) -> None:  # noqa: F811
    await join("Ramesh", "owner", RAMESH)
    assert "I know no bank balance" in await say(RAMESH, "/cash")
    assert "Nothing that you have confirmed yet." in await say(RAMESH, "/dues")


async def test_sales_is_refused(say: Say, join: Join) -> None:  # noqa: F811
    await join("Ravi", "sales", RAMESH)
    for command in ("/cash", "/dues"):
        assert "for the owner or the accounts person" in await say(RAMESH, command)
