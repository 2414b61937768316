"""What must be paid, and one vendor: as cards, and as the desk answers on real tables."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from uuid import UUID

import pytest

from bot.cards.audience import Audience
from bot.cards.payables import payables_card, vendor_card
from ledger.queries.payables import PayablesAhead
from ledger.views.cash import VendorLimit
from ledger.views.payables import DayTotal, Outgoing, PayablesAheadView, PayoutView, VendorView
from tests.bot import sample_views as sample
from tests.bot.conftest import Join
from tests.bot.golden_cards import Cards, check, golden
from tests.bot.hands import Hand
from tests.ledger.desk import BOOKS, Firm

OWNER, RAVI = 1001, 1003
YARN = {"id": "V-1", "name": "Bharat Yarn"}
MEHTA = {"id": "V-2", "name": "Mehta Properties"}

_MON = date(2026, 11, 23)
_ROWS = (
    Outgoing("bill", "Bharat Yarn Mills Pvt Ltd", sample.rupees(64_000), date(2026, 11, 8), 12, "BY-221", UUID(int=41)),
    Outgoing("bill", "Shree Cement", sample.rupees(20_000), date(2026, 11, 17), 3, "AB/77", UUID(int=42), date(2026, 11, 28)),
    Outgoing("bill", "Bharat Yarn Mills Pvt Ltd", sample.rupees(30_000), _MON, 0, "BY-240", UUID(int=41)),
    Outgoing("bill", "Bharat Yarn Mills Pvt Ltd", sample.rupees(6_000), _MON, 0, None, UUID(int=41)),
    Outgoing("payout", "Tata Steel Distribution", sample.rupees(25_000), _MON, 0, None, UUID(int=43)),
    Outgoing("due", "GST", sample.rupees(45_000), date(2026, 11, 24)),
    Outgoing("own_cheque", "Om Packaging", sample.rupees(8_000), date(2026, 11, 25), 0, "000123", None),
)  # fmt: skip
_WEEK = PayablesAheadView(
    today=sample.TODAY,
    currency="INR",
    span="week",
    until=date(2026, 11, 26),
    rows=_ROWS,
    skip=0,
    count=9,
    total=sample.rupees(210_000),
    late=sample.rupees(84_000),
    week=sample.rupees(210_000),
    all=sample.rupees(480_000),
    days=(
        DayTotal(None, sample.rupees(84_000)),
        DayTotal(_MON, sample.rupees(61_000)),
        DayTotal(date(2026, 11, 24), sample.rupees(45_000)),
        DayTotal(date(2026, 11, 25), sample.rupees(20_000)),
    ),
    bank=sample.rupees(384_210),
    bank_until=date(2026, 11, 19),
)
_EMPTY = dataclasses.replace(
    _WEEK, rows=(), count=0, total=0, late=0, days=(), all=sample.rupees(90_000), week=0
)
_VENDOR = VendorView(
    party=sample.party(
        brief=sample.brief(
            "Bharat Yarn Mills", net=0, open_bills=0, overdue=0, overdue_days=0, payable=sample.rupees(100_000),
            is_customer=False, is_vendor=True,
        ),
        bills=(), bills_open=0,
        payables=(
            sample.payable("BY-221", overdue_days=12, due_on=date(2026, 11, 8), outstanding=sample.rupees(64_000)),
            sample.payable("BY-240", id=UUID(int=901), due_on=_MON, amount=sample.rupees(30_000), outstanding=sample.rupees(30_000)),
            sample.payable(None, id=UUID(int=902), due_on=None, amount=sample.rupees(6_000), outstanding=sample.rupees(6_000)),
        ),
    ),
    scheduled=(PayoutView(UUID(int=7), _MON, sample.rupees(25_000), "INR", "payout.scheduled", None, False),),
    paid=(PayoutView(UUID(int=8), date(2026, 11, 4), sample.rupees(30_000), "INR", "payout.processed", None, False),),
    size="micro",
    limits=(
        VendorLimit(UUID(int=900), UUID(int=41), "Bharat Yarn Mills", "BY-221", date(2026, 10, 1), sample.rupees(64_000),
                    date(2026, 11, 15), date(2027, 3, 31), -5, "late"),
        VendorLimit(UUID(int=901), UUID(int=41), "Bharat Yarn Mills", "BY-240", date(2026, 10, 24), sample.rupees(30_000),
                    date(2026, 12, 8), date(2027, 3, 31), 18, "in_time"),
    ),
)  # fmt: skip

CARDS: Cards = {
    "payables_week": lambda to: payables_card(_WEEK, to),
    "payables_short": lambda to: payables_card(
        dataclasses.replace(_WEEK, bank=sample.rupees(120_000), short_on=_MON, short_by=sample.rupees(90_000)), to
    ),
    "payables_late": lambda to: payables_card(
        dataclasses.replace(_WEEK, span="late", until=None, rows=_ROWS[:2], count=2, total=_WEEK.late, days=_WEEK.days[:1], bank=None), to
    ),
    "payables_all_second_page": lambda to: payables_card(
        dataclasses.replace(
            _WEEK, span="all", until=None, skip=8, count=10, rows=(_ROWS[6], dataclasses.replace(_ROWS[0], on=None, days_late=0)),
            total=_WEEK.all, short_on=sample.TODAY, short_by=sample.rupees(5_000),
        ), to,
    ),
    "payables_nothing_this_week": lambda to: payables_card(_EMPTY, to),
    "payables_none": lambda to: payables_card(dataclasses.replace(_EMPTY, all=0), to),
    "payables_none_late": lambda to: payables_card(dataclasses.replace(_EMPTY, span="late", until=None), to),
    "payables_none_today": lambda to: payables_card(dataclasses.replace(_EMPTY, until=sample.TODAY), to),
    "vendor": lambda to: vendor_card(_VENDOR, to),
    "vendor_paid_ahead": lambda to: vendor_card(
        VendorView(
            party=sample.party(
                brief=sample.brief("Gupta Steel", payable=sample.rupees(-5_000), is_vendor=True), payables=(), gstin=None
            ),
            scheduled=(), paid=(), size=None, limits=(),
        ), to,
    ),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def owed(firm: Firm, number: str, amount: int, due: str | None, party=YARN) -> None:
    await firm.say(
        BOOKS, "bill.received", "bill", number, number=number, party=party, issued_on="2026-10-15", due_on=due,
        amount=amount, currency="INR",
    )  # fmt: skip


@pytest.fixture
async def ramesh(firm: Firm, join: Join) -> Hand:
    """Today is Fri 20 Nov: a late bill, one of tomorrow, one of next week, one without a day."""
    await owed(firm, "BY-221", 6_400_000, "2026-11-08")
    await owed(firm, "BY-240", 3_000_000, "2026-11-21")
    await owed(firm, "R-1", 4_000_000, "2026-12-04", MEHTA)
    await owed(firm, "R-2", 500_000, None, MEHTA)
    await firm.settle()
    return Hand(firm.door, await join("Ramesh", "owner", OWNER), OWNER)


async def test_what_is_late_comes_first_then_the_days_and_each_vendor_opens(firm, ramesh):
    text = await ramesh.says("/owe")
    assert "₹94,000</b>\nof it late ₹64,000" in text
    assert text.index("<b>Late</b>  ₹64,000") < text.index("Sat 21 Nov</b>  ₹30,000")
    assert "bill BY-221 · 12 days overdue" in text
    assert "R-1" not in text
    vendor = await ramesh.says("what do I owe bharat yarn")
    assert "You owe them <b>₹94,000</b>" in vendor
    assert "BY-240  ₹30,000 · due Sat 21 Nov" in vendor
    await ramesh.says("/owe")
    await ramesh.taps("All")
    assert "<b>To pay in all ₹1,39,000</b>" in ramesh.last
    assert "No day agreed" in ramesh.last
    await ramesh.taps("Late")
    assert "<b>Late to pay ₹64,000</b>" in ramesh.last
    assert len([shown for shown in ramesh.shown.values() if "to pay" in shown["text"].lower()]) == 2
    await ramesh.taps("1")
    assert "<b>Bharat Yarn</b>" in ramesh.last


async def test_a_payout_on_its_way_stands_in_the_list_and_on_the_vendor(firm, ramesh):
    await firm.say(
        BOOKS, "payout.scheduled", "payout", "P-1", amount=1_000_000, currency="INR", party=MEHTA, paid_on="2026-11-24",
    )  # fmt: skip
    await firm.settle()
    assert "<b>Mehta Properties</b>  ₹10,000\n    payout scheduled" in await ramesh.says("payables")
    assert "On its way ₹10,000 · Tue 24 Nov" in await ramesh.says("vendor mehta")


async def test_a_day_is_asked_for_by_its_name(ramesh):
    assert "<b>To pay by Sat 21 Nov ₹94,000</b>" in await ramesh.says("kal kya dena hai")
    assert "<b>To pay today ₹64,000</b>" in await ramesh.says("आज क्या देना है")


async def test_a_rep_is_kindly_told_whom_to_ask(firm, ramesh, join):
    ravi = Hand(firm.door, await join("Ravi", "sales", RAVI, crm_owner="ravi"), RAVI)
    for text in ("/owe", "what do I owe this week", "what do I owe bharat yarn", "bank me kitna hai"):
        said = await ravi.says(text)
        assert "₹" not in said
        assert "owner" in said or "nobody called" in said


async def test_totals_agree_with_the_digest_and_pages_add_up(firm, ramesh):
    for number in range(20):
        await owed(
            firm,
            f"N-{number}",
            100_000 + number,
            "2026-11-24",
            {"id": f"V-{number + 9}", "name": f"Vendor {number}"},
        )
    await firm.settle()
    whole = await firm.door.query(PayablesAhead(first=100), firm.owner)
    pages, skip = [], 0
    while True:
        page = await firm.door.query(PayablesAhead(first=8, skip=skip), firm.owner)
        if not page.rows:
            break
        pages += page.rows
        skip += len(page.rows)
    assert tuple(pages) == whole.rows
    assert whole.total == sum(row.amount for row in whole.rows) == sum(day.amount for day in whole.days)
    assert whole.until == whole.today + timedelta(days=6)
