"""Single rows of a person's file that are left out: told at once, and asked about until they are settled."""

from tests.ledger.reconcile.test_questions import view

RULE = "unreadable_rows"


async def test_rows_of_files_are_one_question_a_source(books):
    await books.unread("bank:icici", "row.amount", via="chat", parts=3)
    await books.unread("bank:icici", "row.date", via="file", place="row 12")
    assert await books.judge() == ["conflict.opened"]
    found = await books.only(RULE)
    assert found["severity"] == "info"
    assert (found["evidence"]["parts"], found["evidence"]["messages"]) == (4, 2)
    assert found["evidence"]["codes"] == "row.amount, row.date"


async def test_a_whole_file_was_told_when_it_was_sent(books):
    await books.unread("bank:icici", "statement.no_table", via="chat")
    assert await books.judge(whole=True) == []


async def test_settled_rows_clear_it(books):
    await books.unread("bank:icici", "row.amount", via="chat", parts=2)
    await books.judge()
    await books.rows(
        "UPDATE quarantine SET resolved_at = $2, resolution = 'replayed' WHERE business_id = $1 RETURNING 1",
        books.now,
    )
    assert await books.judge() == ["conflict.cleared"]


def test_it_reads_as_people_speak():
    seen = {
        "amount": None, "source": "bank:icici", "trouble": "rows", "codes": "row.amount", "parts": 3, "messages": 1,
        "first_at": "2026-11-20T04:50:00.000000Z", "last_at": "2026-11-20T04:50:00.000000Z", "place": "row 7",
        "reason": "the balance doesn't follow from the row before",
    }  # fmt: skip
    asked = view(RULE, seen)
    assert asked.title == "I left out what I could not read from ICICI"
    assert asked.lines == (
        "3 rows since Fri 20 Nov, such as this one.",
        "row 7: the balance doesn't follow from the row before",
        "The money in it is not counted.",
    )
    assert [a.label for a in asked.answers] == [
        "I will send it corrected",
        "Leave it out",
        "Ask accountant",
        "Later",
    ]
