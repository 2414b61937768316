"""Hand-made views of what the munshi says by himself: a Monday, an evening, alerts, settings."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

from bot.cards.audience import Audience
from ledger import views
from ledger.views.cash import Coverer, DueAhead, ShortageView
from ledger.views.mornings import (
    AlertView,
    CameView,
    ChequeDueView,
    EveningView,
    PayView,
    PromisedView,
    SettingsView,
    WeekView,
)
from tests.bot import sample_views as sample
from tests.bot.sample_views import GUPTA, NOW, QUESTION, SHARMA, TODAY, rupees

MONDAY = date(2026, 11, 23)


def on_monday(to: Audience) -> Audience:
    """The same reader three days later."""
    from dataclasses import replace
    from datetime import timedelta

    return replace(to, now=to.now + timedelta(days=3))


def monday(**changes: object) -> views.DigestView:
    """The digest of a Monday: the week before and the week ahead."""
    fields: dict[str, object] = {
        "today": MONDAY,
        "horizon": date(2026, 11, 29),
        "came": rupees(41_300),
        "came_since": date(2026, 11, 21),
        "banks": (
            views.BankView("bank:icici", "ICICI", "000405004421", rupees(384_210), date(2026, 11, 21), 0),
        ),
        "quiet_sources": (),
        "week": WeekView(
            rupees(412_000),
            (
                (MONDAY, rupees(45_000)),
                (date(2026, 11, 25), rupees(120_000)),
                (date(2026, 11, 27), rupees(45_000)),
            ),
        ),
        "dues": (DueAhead("GST", "gst", date(2026, 11, 27), rupees(45_000)),),
        "shortage": ShortageView(
            date(2026, 11, 25), rupees(36_000), (Coverer(GUPTA, "Gupta Steel", rupees(90_000)),)
        ),
    }
    return sample.digest(**{**fields, **changes})


def evening(**changes: object) -> EveningView:
    """The close of a busy Friday."""
    fields: dict[str, object] = {
        "member_name": "Ramesh Sharma",
        "today": TODAY,
        "tomorrow": date(2026, 11, 21),
        "currency": "INR",
        "came_total": rupees(1_16_420),
        "came_more": 2,
        "came": (
            CameView(SHARMA, "Sharma Traders", rupees(48_020), rupees(94_000)),
            CameView(GUPTA, "Gupta Steel", rupees(40_000), 0),
            CameView(None, None, rupees(11_800.5), None),
            CameView(UUID(int=9), "Om Sai Enterprises", rupees(5_000), rupees(-2_000)),
        ),
        "missed": (PromisedView(UUID(int=10), "Patil Paper", rupees(25_000)),),
        "pay_total": rupees(1_65_000),
        "pay_more": 1,
        "pay": (PayView("Tata Steel Distribution", rupees(1_20_000)), PayView("GST", rupees(45_000), about=True)),
        "promised": (PromisedView(UUID(int=11), "Khan Electricals", rupees(12_000)),),
        "cheques": (ChequeDueView("004512", "Sharma Traders", rupees(85_000)),),
        "questions": 3,
        "sees_payables": True,
        "bank_until": date(2026, 11, 19),
    }  # fmt: skip
    return EveningView(**{**fields, **changes})  # type: ignore[arg-type]


NO_EVENING = evening(
    came_total=0, came_more=0, came=(), missed=(), pay_total=0, pay_more=0, pay=(), promised=(), cheques=(),
    questions=0, bank_until=None,
)  # fmt: skip


def alert(**changes: object) -> AlertView:
    """Sharma Traders have paid."""
    fields: dict[str, object] = {
        "kind": "money",
        "what": "came",
        "at": NOW,
        "amount": rupees(48_020),
        "currency": "INR",
        "party_id": SHARMA,
        "party_name": "Sharma Traders",
        "left": rupees(94_000),
    }
    return AlertView(**{**fields, **changes})  # type: ignore[arg-type]


BOUNCED = alert(
    kind="returned", what="cheque_returned", party_id=GUPTA, party_name="Gupta Steel", conflict_id=QUESTION,
    title="Cheque 004512 of ₹85,000 from Gupta Steel came back on 19 Nov",
)  # fmt: skip
UNREADABLE = alert(
    kind="source", what="source_failing", amount=None, currency=None, party_id=None, party_name=None, left=None,
    conflict_id=UUID(int=78), title="HubSpot can't be read",
)  # fmt: skip


def settings(**changes: object) -> SettingsView:
    """What the owner has set: a digest at half past eight, no evening."""
    fields: dict[str, object] = {
        "digest_at": time(8, 30),
        "evening_at": None,
        "picture": "off",
        "alerts": (
            ("money", True), ("returned", True), ("promise", True), ("limit", False), ("source", True), ("question", True),
        ),
        "quiet_from": time(21),
        "quiet_until": time(8),
        "language": "en",
    }  # fmt: skip
    return SettingsView(**{**fields, **changes})  # type: ignore[arg-type]
