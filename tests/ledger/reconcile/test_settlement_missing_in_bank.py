"""A gateway's settlement, and the bank statement in which it should stand."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from kit.ids import derived

RULE = "settlement_missing_in_bank"
SETTLED = date(2026, 11, 19)
DUE = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # 22 November, 0:00 in India


async def test_it_waits_three_days_and_for_a_statement_that_covers_them(books):
    await books.source("bank:icici", covered_until=SETTLED)
    settlement = await books.settlement(4_500_000, settled_on=SETTLED)
    assert await books.judge(settlement) == []
    assert (await books.only(RULE))["due_at"] == DUE
    assert await books.alarms() == [(RULE, DUE)]
    books.now = DUE
    assert await books.judge() == []  # the statement ends too early: it proves nothing
    assert (await books.only(RULE))["status"] == "waiting"
    await books.rows(
        "UPDATE source_state SET covered_until = $2 WHERE business_id = $1 RETURNING 1", date(2026, 11, 22)
    )
    assert await books.judge(uuid4()) == ["conflict.opened"]


async def test_the_bank_line_with_its_amount_clears_it(books):
    await books.source("bank:icici", covered_until=date(2026, 11, 25))
    settlement = await books.settlement(4_500_000, settled_on=SETTLED)
    books.now = DUE
    await books.judge(settlement)
    await books.after(minutes=5)
    assert (await books.only(RULE))["status"] == "open"
    line = await books.bank_line(4_500_000, explained_by="settlement")
    await books.set(
        "settlements", settlement, bank_line_id=derived("row", "bank_line", str(line)), bank_amount=4_500_000
    )
    assert await books.judge(line) == ["conflict.cleared"]


async def test_another_amount_under_its_reference_is_asked_and_reopens_what_was_answered(books):
    await books.source("bank:icici", covered_until=date(2026, 11, 25))
    settlement = await books.settlement(4_500_000, settled_on=SETTLED)
    books.now = DUE
    await books.judge(settlement)
    await books.after(minutes=5)
    await books.answer((await books.only(RULE))["id"], "found")
    assert await books.after(settlement, days=1) == []
    line = await books.bank_line(4_400_000, explained_by="settlement")
    await books.set(
        "settlements", settlement, bank_line_id=derived("row", "bank_line", str(line)), bank_amount=4_400_000
    )
    assert await books.judge(line, settlement) == ["conflict.reopened"]
    assert (await books.only(RULE))["evidence"]["changed"] == {"bank_amount": [None, 4_400_000]}


async def test_a_newer_statement_alone_does_not_reopen_an_answer(books):
    await books.source("bank:icici", covered_until=date(2026, 11, 25))
    settlement = await books.settlement(4_500_000, settled_on=SETTLED)
    books.now = DUE
    await books.judge(settlement)
    await books.after(minutes=5)
    await books.answer((await books.only(RULE))["id"], "found")
    await books.rows(
        "UPDATE source_state SET covered_until = $2 WHERE business_id = $1 RETURNING 1", date(2026, 11, 29)
    )
    assert await books.judge(settlement, whole=True) == []


async def test_without_a_bank_or_with_a_failed_settlement_nothing_is_asked(books):
    await books.settlement(4_500_000, settled_on=SETTLED)
    books.now = DUE + timedelta(days=30)
    assert await books.judge(whole=True) == []
    await books.source("bank:icici", covered_until=date(2026, 12, 20))
    await books.rows("UPDATE settlements SET status = 'settlement.failed' WHERE business_id = $1 RETURNING 1")
    assert await books.judge(whole=True) == []
    assert await books.conflicts() == []


async def test_of_two_bank_accounts_the_one_that_lags_is_waited_for(books):
    await books.source("bank:icici", covered_until=date(2026, 11, 25))
    await books.source("bank:hdfc", covered_until=date(2026, 11, 20))
    await books.source("bank:old", covered_until=date(2026, 3, 31))  # no longer in use
    settlement = await books.settlement(4_500_000, settled_on=SETTLED)
    books.now = DUE + timedelta(hours=1)
    await books.judge(settlement)
    await books.after(minutes=5)
    assert (await books.only(RULE))["status"] == "waiting"
