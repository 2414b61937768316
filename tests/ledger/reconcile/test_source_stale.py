"""A source with a rhythm that has gone quiet."""

from datetime import UTC, date, datetime, timedelta

RULE = "source_stale"


async def heard(books, at):
    await books.rows("UPDATE source_state SET last_delivery_at = $2 WHERE business_id = $1 RETURNING 1", at)


async def test_silence_longer_than_usual_is_told_and_news_clears_it(books):
    await books.source("books:tally", silence_hours=24, last_delivery_at=books.now)
    assert await books.judge() == []
    assert await books.conflicts() == []
    assert await books.alarms() == [(RULE, books.now + timedelta(hours=24))]
    assert await books.after(hours=24) == ["conflict.opened"]
    assert (await books.only(RULE))["severity"] == "info"
    await heard(books, books.now)
    assert await books.judge() == ["conflict.cleared"]


async def test_sundays_and_holidays_are_not_counted(books):
    await books.rows(
        "UPDATE businesses SET settings = $2 WHERE business_id = $1 RETURNING 1",
        '{"holidays": ["2026-11-23"]}',
    )
    saturday = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    await books.source("books:tally", silence_hours=24, last_delivery_at=saturday)
    books.now = saturday + timedelta(hours=47)  # Monday morning: Sunday is not counted
    assert await books.judge() == []
    books.now = saturday + timedelta(hours=48)
    assert await books.judge() == ["conflict.opened"]


async def test_a_bank_is_as_fresh_as_its_statement(books):
    books.now = datetime(2026, 11, 19, 6, 30, tzinfo=UTC)
    await books.source(
        "bank:icici", silence_hours=48, last_delivery_at=books.now, covered_until=date(2026, 11, 16)
    )
    assert await books.judge() == ["conflict.opened"]


async def test_sources_without_a_rhythm_or_switched_off_are_left_alone(books):
    long_ago = books.now - timedelta(days=90)
    await books.source("standard:crm", silence_hours=0, last_delivery_at=long_ago)
    await books.source("books:tally", silence_hours=24, enabled=False, last_delivery_at=long_ago)
    assert await books.judge(whole=True) == []


async def test_never_heard_counts_from_the_day_it_was_connected(books):
    await books.source("payment:razorpay", silence_hours=24, created_at=books.now - timedelta(days=3))
    assert await books.judge() == ["conflict.opened"]


async def test_known_silence_stays_answered_until_the_next_one(books):
    await books.source("books:tally", silence_hours=1, last_delivery_at=books.now - timedelta(hours=2))
    await books.judge()
    await books.answer((await books.only(RULE))["id"], "known")
    assert await books.after(hours=5) == []
    await heard(books, books.now)
    assert await books.judge() == []
    assert await books.after(hours=2) == ["conflict.reopened"]


async def test_however_often_it_speaks_one_alarm_stands(books):
    await books.source("books:tally", silence_hours=24, last_delivery_at=books.now)
    for _ in range(5):
        await books.after(minutes=1)
        await heard(books, books.now)
    await books.judge()
    assert len(await books.alarms()) == 1
    books.now = (await books.alarms())[0][1]
    assert await books.judge() == []  # heard since: not quiet yet, and the next alarm is set
    assert len(await books.alarms()) == 2
