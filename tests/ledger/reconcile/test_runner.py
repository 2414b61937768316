"""The judge as a whole: what it does for touched facts is what it would do for all, in few statements."""

import random
from datetime import date, timedelta

import pytest

from kit.database import transaction
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.runner import judge


async def some_facts(books, chance, customers):
    """Insert one more group of facts and return the anchors that a drain would have touched."""
    party = chance.choice(customers)
    amount = chance.choice([100_000, 118_000, 236_000]) * chance.randrange(1, 4)
    day = date(2026, 11, chance.randrange(1, 20))
    match chance.randrange(5):
        case 0:
            return [await books.bank_line(amount, payer=f"CUSTOMER {chance.randrange(6)}", posted_on=day)]
        case 1:
            return [await books.invoice(party, f"INV-{chance.random()}", amount, base=amount * 100 // 118)]
        case 2:
            bill = await books.invoice(party, f"INV-{chance.random()}", amount)
            money = await books.receipt(party, amount - chance.choice([0, 2_000, 90_000]), received_on=day)
            paid = (
                await books.rows("SELECT amount FROM receipts WHERE business_id = $1 AND anchor = $2", money)
            )[0]
            await books.allocate(money, bill, paid["amount"])
            touched = [bill, money]
            if chance.random() < 0.5:
                touched.append(
                    await books.receipt(party, paid["amount"], received_on=day + timedelta(days=2))
                )
            return touched
        case 3:
            bill = await books.invoice(party, f"INV-{chance.random()}", amount)
            row = (await books.rows("SELECT id FROM invoices WHERE business_id = $1 AND anchor = $2", bill))[
                0
            ]["id"]
            claim = await books.claim("invoice", row, party_id=party)
            return [claim, bill] + ([await books.receipt(party, amount)] if chance.random() < 0.5 else [])
        case _:
            return [await books.settlement(amount, settled_on=day)]


@pytest.mark.parametrize("seed", range(4))
async def test_judging_what_was_touched_ends_as_judging_everything(books, seed):
    chance = random.Random(seed)
    await books.source("bank:icici", covered_until=date(2026, 11, 19))
    customers = [await books.party(f"Customer {number}") for number in range(6)]
    waiting = []
    for _ in range(25):
        waiting += await some_facts(books, chance, customers)
        if chance.random() < 0.6:
            chance.shuffle(waiting)
            await books.judge(*waiting)
            waiting = []
            books.now += timedelta(seconds=chance.choice([5, 40, 400]))
    await books.judge(*waiting)
    await books.after(hours=1)
    stepwise = [(c["id"], c["status"], c["evidence_digest"], c["evidence"]) for c in await books.conflicts()]
    assert await books.judge(whole=True) == []
    whole = [(c["id"], c["status"], c["evidence_digest"], c["evidence"]) for c in await books.conflicts()]
    assert stepwise == whole
    await books.rows("DELETE FROM conflicts WHERE business_id = $1 RETURNING 1")
    await books.judge(whole=True)
    await books.after(hours=1)
    afresh = {(c["id"], c["status"], c["evidence_digest"]) for c in await books.conflicts()}
    assert afresh == {row[:3] for row in whole if row[1] != "cleared"}


async def test_the_number_of_statements_does_not_grow_with_the_facts(books):
    counts = []
    for _ in range(2):
        touched = [await books.bank_line(100_000 + n) for n in range(20 * (1 + len(counts) * 4))]
        async with transaction(books.engine, [books.business]) as tx:
            await judge(tx, books.business, touched=frozenset(touched), now=books.now)
            counts.append(tx.statements)
    assert counts[0] == counts[1] < 2 * len(shipped_rules()) + 10


async def test_nothing_touched_and_nothing_due_changes_nothing(books):
    assert await books.judge() == []
    assert await books.judge(whole=True) == []
    assert await books.conflicts() == []
    assert await books.alarms() == []


async def test_another_business_is_neither_seen_nor_changed(books, business):
    line = await books.bank_line(100_000)
    async with transaction(books.engine, [business]) as tx:
        other = (await tx.row("SELECT gen_random_uuid() AS id"))["id"]
        assert await judge(tx, other, touched=frozenset([line]), now=books.now) == []
    assert await books.conflicts() == []


async def test_a_question_of_a_rule_that_no_longer_ships_is_cleared(books):
    line = await books.bank_line(100_000)
    await books.judge(line)
    await books.after(minutes=1)
    await books.rows("UPDATE conflicts SET rule = 'gone' WHERE business_id = $1 RETURNING 1")
    assert await books.judge() == ["conflict.cleared"]
