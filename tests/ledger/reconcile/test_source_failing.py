"""A source that we read ourselves, and that can't be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

RULE = "source_failing"
CRM = "crm:hubspot"


async def put(books: Any, stream: str, failures: int = 0, *, code: str = "vendor.failing") -> None:
    """Let a stream read well, or fail so many times in a row."""
    await books.rows(
        "INSERT INTO pulls AS p (business_id, source, stream, lane, watermark, done_at, failures, error, error_code)"
        " VALUES ($1, $2, $3, 'live', $4, $4, $5, $6, $7) ON CONFLICT (business_id, source, stream, lane)"
        " DO UPDATE SET failures = excluded.failures, error = excluded.error, error_code = excluded.error_code,"
        " started_at = $8 RETURNING 1",
        CRM, stream, books.now - timedelta(hours=2), failures,
        f"HubSpot fails with {stream}." if failures else None, code if failures else None, books.now,
    )  # fmt: skip


async def test_a_source_that_can_not_be_read_is_asked_about_and_clears_when_it_reads_again(books):
    await books.source(CRM, label="HubSpot")
    await put(books, "contacts")
    await put(books, "deals")
    assert await books.judge() == []
    assert await books.conflicts() == []
    await put(books, "contacts", 1)
    await put(books, "deals", 1)
    assert await books.judge() == []
    assert await books.alarms() == [(RULE, books.now + timedelta(minutes=30))]
    assert await books.after(minutes=30) == ["conflict.opened"]
    asked = await books.only(RULE)
    assert asked["severity"] == "warn"
    assert asked["evidence"]["problem"].startswith("HubSpot fails with")
    assert asked["evidence"]["unread_lists"] is None, "all of it"
    await put(books, "contacts")
    await put(books, "deals")
    assert await books.judge() == ["conflict.cleared"]


async def test_a_hiccup_is_never_told(books):
    await books.source(CRM)
    await put(books, "deals", 1)
    assert await books.judge() == []
    await put(books, "deals")
    assert await books.after(minutes=29) == []
    assert await books.after(minutes=29) == []


async def test_one_list_that_fails_beside_others_is_named(books):
    await books.source(CRM, label="HubSpot")
    await put(books, "contacts")
    await put(books, "deals", 4, code="vendor.forbidden")
    await books.judge()
    assert await books.after(minutes=30) == ["conflict.opened"]
    evidence = (await books.only(RULE))["evidence"]
    assert (evidence["unread_lists"], evidence["problem"]) == ("deals", "HubSpot fails with deals.")


async def test_a_stream_that_is_not_let_in_speaks_for_all(books):
    await books.source(CRM)
    await put(books, "contacts")
    await put(books, "deals", 1, code="vendor.unauthorised")
    await books.judge()
    await books.after(minutes=30)
    assert (await books.only(RULE))["evidence"]["unread_lists"] is None


async def test_another_reason_or_list_meanwhile_asks_no_second_time(books):
    await books.source(CRM)
    await put(books, "contacts", 1)
    await put(books, "deals")
    await books.judge()
    assert await books.after(minutes=30) == ["conflict.opened"]
    await put(books, "deals", 3, code="vendor.unauthorised")
    assert await books.after(minutes=30) == []
    found = await books.only(RULE)
    assert (found["version"], found["status"]) == (2, "open")
    assert found["evidence"]["problem"] == "HubSpot fails with deals.", "the words are of now"


async def test_what_is_put_off_comes_back_until_it_reads(books):
    await books.source(CRM)
    await put(books, "deals", 1)
    await books.judge()
    await books.after(minutes=30)
    await books.rows(
        "UPDATE conflicts SET status = 'snoozed', due_at = $2 WHERE business_id = $1 RETURNING 1",
        books.now + timedelta(days=1),
    )
    assert await books.after(hours=23) == []
    assert await books.after(hours=2) == ["conflict.woken"]
    await put(books, "deals")
    assert await books.judge() == ["conflict.cleared"]
    await put(books, "deals", 1)
    await books.judge()
    assert await books.after(minutes=30) == ["conflict.opened"], "the next time it is asked anew"


async def test_what_is_switched_off_or_not_read_by_us_is_left_alone(books):
    await books.source(CRM, enabled=False)
    await books.source("books:spreadsheet")
    await put(books, "deals", 9)
    assert await books.judge(whole=True) == []
    assert await books.conflicts() == []
