"""A source that sends what can't be read: one question a source, which says what changed."""

import json

import pytest

from tests.ledger.reconcile.test_questions import view

RULE = "schema_drift"
DIFF = json.dumps(
    {
        "event": "payment.captured",
        "missing": ["payload.payment.entity.amount_paid"],
        "new": ["payload.payment.entity.paid", "payload.payment.entity.tip"],
        "retyped": [{"path": "payload.payment.entity.status", "was": "text", "now": "integer or null"}],
    }
)


async def settle(books, delivery, resolution="replayed"):
    await books.rows(
        "UPDATE quarantine SET resolved_at = $2, resolution = $3 WHERE business_id = $1 AND delivery = $4 RETURNING 1",
        books.now, resolution, delivery,
    )  # fmt: skip


async def test_one_question_a_source_counts_its_messages_and_says_what_changed(books):
    for _ in range(14):
        await books.unread("payment:razorpay", diff=DIFF)
    await books.unread("payment:razorpay", "connector.failed")
    await books.unread("crm:hubspot")
    assert await books.judge() == ["conflict.opened", "conflict.opened"]
    found = {row["evidence"]["source"]: row for row in await books.conflicts(RULE)}
    evidence = found["payment:razorpay"]["evidence"]
    assert (evidence["messages"], evidence["codes"]) == (15, "connector.failed, schema.field_missing")
    assert evidence["event"] == "payment.captured"
    assert evidence["missing"] == "amount_paid"
    assert evidence["appeared"] == "paid, tip"
    assert evidence["retyped"] == "status was text and is now a number or empty"
    assert evidence["difference"] == (
        "missing payload.payment.entity.amount_paid; new payload.payment.entity.paid, payload.payment.entity.tip;"
        " payload.payment.entity.status was text and is now integer or null"
    )
    assert found["crm:hubspot"]["evidence"]["missing"] is None
    assert found["payment:razorpay"]["severity"] == "warn"


async def test_more_of_the_same_is_counted_and_asks_nothing_new(books):
    await books.unread("payment:razorpay")
    await books.judge()
    before = await books.only(RULE)
    await books.unread("payment:razorpay", diff=DIFF)
    assert await books.after(hours=1) == []
    after = await books.only(RULE)
    assert (after["version"], after["evidence"]["messages"]) == (before["version"], 2)


async def test_another_trouble_of_the_same_source_is_told(books):
    await books.unread("payment:razorpay")
    await books.judge()
    await books.unread("payment:razorpay", "json.malformed")
    assert await books.judge() == ["conflict.changed"]


async def test_what_is_replayed_clears_it(books):
    first, second = await books.unread("payment:razorpay"), await books.unread("payment:razorpay")
    await books.judge()
    await settle(books, first)
    assert (await books.judge()) == []
    assert (await books.only(RULE))["evidence"]["messages"] == 1
    await settle(books, second)
    assert await books.judge() == ["conflict.cleared"]


async def test_what_comes_after_an_answer_is_asked_again(books):
    delivery = await books.unread("payment:razorpay")
    await books.judge()
    await settle(books, delivery, "set_aside")
    await books.answer((await books.only(RULE))["id"], "set_aside")
    assert await books.judge() == []
    await books.unread("payment:razorpay", received_at=books.now.replace(hour=7))
    assert await books.judge() == ["conflict.reopened"]


async def test_a_file_that_a_person_sent_is_asked_about_only_where_our_reading_is_at_fault(books):
    await books.unread("bank:icici", "statement.no_table", via="file")
    await books.unread("bank:icici", "statement.no_table", via="chat")
    assert await books.judge() == []
    await books.unread("bank:icici", "connector.failed", via="chat")
    assert await books.judge() == ["conflict.opened"]


async def test_a_pulled_page_and_a_row_in_it_are_drift(books):
    await books.unread("bank:aa", "row.amount", via="pull", parts=2)
    await books.judge()
    assert (await books.only(RULE))["evidence"]["messages"] == 1


@pytest.mark.parametrize("count", [1, 3, 4, 9])
async def test_long_lists_are_cut_and_counted(books, count):
    diff = json.dumps({"missing": [f"a.m{n}" for n in range(count)], "new": [], "retyped": []})
    await books.unread("payment:razorpay", diff=diff)
    await books.judge()
    told = (await books.only(RULE))["evidence"]["missing"]
    assert told == ", ".join(f"m{n}" for n in range(min(count, 3))) + (
        f" and {count - 3} more" if count > 3 else ""
    )


SEEN = {
    "amount": None, "source": "payment:razorpay", "trouble": "shape", "codes": "schema.field_missing",
    "first_at": "2026-11-20T04:50:00.000000Z", "last_at": "2026-11-20T06:00:00.000000Z", "messages": 14, "place": "",
    "reason": "payload.payment.entity.status is missing.", "event": "payment.captured", "missing": "amount_paid",
    "appeared": None, "retyped": "status was text and is now a number", "difference": "missing a.amount_paid",
}  # fmt: skip


def test_it_reads_as_people_speak():
    asked = view(RULE, SEEN)
    assert asked.title == "I can't read something that Razorpay sends"
    assert asked.lines == (
        "14 messages wait, the first since Fri 20 Nov.",
        "The last one is called payment.captured.",
        "Missing in it: amount_paid.",
        "Changed in it: status was text and is now a number.",
        "Nothing is lost: it is kept as it came, and read again as soon as I can.",
    )
    assert asked.why[0] == "payload.payment.entity.status is missing."
    assert [answer.label for answer in asked.answers] == [
        "I will tell the maker",
        "Set these aside",
        "Later",
    ]


def test_without_a_difference_the_lines_say_only_that_it_waits():
    bare = dict.fromkeys(("event", "missing", "appeared", "retyped", "difference")) | {"messages": 1}
    asked = view(RULE, SEEN | bare)
    assert asked.lines == ("Nothing is lost: it is kept as it came, and read again as soon as I can.",)
