"""What the munshi says by himself reads well: the digest by day and role, the evening, alerts, settings."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, datetime, time

import pytest

from bot.cards.alerts import alerts_card
from bot.cards.audience import Audience
from bot.cards.digest import digest_card, remind_whom_card
from bot.cards.evening import evening_card
from bot.cards.settings import digest_hours_card, evening_hours_card, quiet_hours_card, settings_card
from bot.clock_words import hours_in
from ledger.domain.roles import Role
from ledger.domain.working_days import begins_a_week, last_working, missing, next_working
from ledger.views.mornings import WeekView
from tests.bot import sample_mornings as mornings
from tests.bot import sample_views as sample
from tests.bot.golden_cards import Cards, check, golden, told
from tests.bot.sample_mornings import alert, evening, monday, settings

DIWALI = frozenset([date(2026, 11, 9), date(2026, 11, 10)])
_SUNDAY = sample.quiet_digest(
    overdue=sample.rupees(482_000), aging=sample.AGING, call_first=sample.TWO_TO_CALL, working=False
)
_OLD_BANK = dataclasses.replace(sample.ICICI, covered_until=date(2026, 11, 14))
_OLD_BOOKS = sample.source(last_event_at=datetime.fromisoformat("2026-11-16T12:00:00+00:00"), state="quiet")
_BANKS = tuple(
    dataclasses.replace(sample.digest().banks[0], source=f"bank:{name}", label=name, account=None)
    for name in ("ICICI", "HDFC", "SBI", "Axis", "Kotak")
)
_MANY = tuple(alert(party_name=f"Customer {n}", left=n * 10_000) for n in range(11))

CARDS: Cards = {
    "digest_monday": lambda to: digest_card(monday(), mornings.on_monday(to)),
    "digest_monday_sales": lambda to: digest_card(
        monday(
            banks=(), to_pay=0, questions=0, dues=(), shortage=None, sees_payables=False,
            week=WeekView(sample.rupees(412_000), ()),
        ), mornings.on_monday(told(to, Role.SALES)),
    ),
    "digest_sunday": lambda to: digest_card(_SUNDAY, to),
    "digest_old": lambda to: digest_card(
        sample.digest(
            stale=(_OLD_BANK, _OLD_BOOKS), quiet_sources=(_OLD_BOOKS,), came=0,
            banks=(dataclasses.replace(sample.digest().banks[0], covered_until=date(2026, 11, 14)),),
        ), to,
    ),
    "digest_five_banks": lambda to: digest_card(sample.digest(banks=_BANKS), to),
    "digest_offers_evening": lambda to: digest_card(sample.quiet_digest(offers_evening=True), to),
    "remind_whom": lambda to: remind_whom_card(sample.digest(), to),
    "remind_nobody": lambda to: remind_whom_card(sample.quiet_digest(), to),
    "evening": lambda to: evening_card(evening(), to),
    "evening_saturday": lambda to: evening_card(evening(tomorrow=date(2026, 11, 23), missed=(), cheques=()), to),
    "evening_nothing": lambda to: evening_card(mornings.NO_EVENING, to),
    "evening_sales": lambda to: evening_card(
        evening(pay=(), pay_total=0, pay_more=0, questions=0, sees_payables=False, bank_until=None),
        told(to, Role.SALES),
    ),
    "alert_money": lambda to: alerts_card((alert(),), to),
    "alert_money_all_paid": lambda to: alerts_card((alert(left=0),), to),
    "alert_money_unknown": lambda to: alerts_card((alert(party_id=None, party_name=None, left=None),), to),
    "alert_failed": lambda to: alerts_card((alert(kind="returned", what="failed"),), to),
    "alert_taken_back": lambda to: alerts_card((alert(kind="returned", what="reversed"),), to),
    "alert_taken_back_unknown": lambda to: alerts_card(
        (alert(kind="returned", what="reversed", party_id=None, party_name=None, left=None),), to
    ),
    "alert_cheque": lambda to: alerts_card((mornings.BOUNCED,), to),
    "alert_cheque_sales": lambda to: alerts_card((mornings.BOUNCED,), told(to, Role.SALES)),
    "alert_source": lambda to: alerts_card((mornings.UNREADABLE,), told(to, Role.VIEW)),
    "alerts_three": lambda to: alerts_card((alert(), mornings.BOUNCED, mornings.UNREADABLE), to),
    "alerts_many": lambda to: alerts_card(_MANY, told(to, Role.OWNER, firm="Sharma Services")),
    "settings": lambda to: settings_card(settings(), to),
    "settings_view_only": lambda to: settings_card(
        settings(alerts=tuple((kind, False) for kind, _ in settings().alerts), digest_at=None, quiet_until=time(21)), to
    ),
    "settings_digest_hours": lambda to: digest_hours_card(settings(), to),
    "settings_evening_hours": lambda to: evening_hours_card(settings(evening_at=time(19)), to),
    "settings_quiet_hours": lambda to: quiet_hours_card(settings(), to),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


def _lines(text: str) -> int:
    plain = re.sub(r"<[^>]*>", "", text)
    return sum(max(1, -(-len(line) // 40)) for line in plain.split("\n"))


@pytest.mark.parametrize(
    ("name", "most"), [("digest_monday", 28), ("digest_old", 25), ("evening", 27), ("alerts_many", 20)]
)
def test_what_comes_by_itself_is_one_screen(name: str, most: int) -> None:
    assert _lines(CARDS[name](sample.audience()).text) <= most


def test_a_day_without_news_has_three_lines() -> None:
    for view in (sample.quiet_digest(), _SUNDAY, sample.quiet_digest(to_collect=0)):
        assert digest_card(view, sample.audience()).text.count("\n") == 2


@pytest.mark.parametrize(
    ("today", "before", "after", "week"),
    [
        (date(2026, 11, 20), date(2026, 11, 19), date(2026, 11, 21), False),
        (date(2026, 11, 21), date(2026, 11, 20), date(2026, 11, 23), False),
        (date(2026, 11, 22), date(2026, 11, 21), date(2026, 11, 23), False),  # a Sunday
        (date(2026, 11, 23), date(2026, 11, 21), date(2026, 11, 24), True),
        (date(2026, 11, 9), date(2026, 11, 7), date(2026, 11, 11), False),  # a Monday on which nobody works
        (date(2026, 11, 11), date(2026, 11, 7), date(2026, 11, 12), True),  # the day after Diwali
        (date(2026, 11, 12), date(2026, 11, 11), date(2026, 11, 13), False),
    ],
)
def test_the_week_is_told_on_the_first_day_of_work(
    today: date, before: date, after: date, week: bool
) -> None:
    assert last_working(today, DIWALI) == before
    assert next_working(today, DIWALI) == after
    assert begins_a_week(today, DIWALI) is week


def test_only_whole_working_days_make_figures_old() -> None:
    friday = date(2026, 11, 20)
    assert missing(friday, friday, ()) == 0
    assert missing(date(2026, 11, 19), friday, ()) == 0
    assert missing(friday, date(2026, 11, 23), ()) == 1  # the Saturday; Sunday is none
    assert missing(date(2026, 11, 7), date(2026, 11, 11), DIWALI) == 0
    assert missing(date(2026, 11, 30), friday, ()) == 0


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("8:15", [time(8, 15)]), ("8.15", [time(8, 15)]), ("8 am", [time(8)]), ("7.30 PM", [time(19, 30)]),
        ("12 am", [time(0)]), ("12pm", [time(12)]), ("subah 8 baje", [time(8)]), ("शाम 7 बजे", [time(19)]),
        ("८ बजे", [time(8)]), ("10 pm to 7 am", [time(22), time(7)]), ("22-7", [time(22), time(7)]),
        ("raat 10 se subah 7", [time(22), time(7)]), ("25", None), ("8:75", None), ("13 pm", None),
        ("saat baje", [time(7)]), ("subah saade saat baje", [time(7, 30)]), ("पौने आठ बजे", [time(7, 45)]),
        ("शाम साढ़े सात", [time(19, 30)]), ("quarter past eight", [time(8, 15)]), ("quarter past 25", None),
        ("Sharma 8", None), ("nineteen", None), ("", None), ("8" * 50, None), ("never", None),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_type_them(typed: str, hours: list[time] | None) -> None:
    assert hours_in(typed) == hours


def test_an_evening_hour_needs_no_word_for_it() -> None:
    assert hours_in("7", afternoon=True) == [time(19)]
    assert hours_in("subah 7", afternoon=True) == [time(7)]
    assert hours_in("19:30", afternoon=True) == [time(19, 30)]
