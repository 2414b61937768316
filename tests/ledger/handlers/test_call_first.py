"""Whom to call first: nobody whose money lies in the bank and waits for an answer."""

from __future__ import annotations

import pytest

from ledger.commands import ResolveConflict
from ledger.queries import Digest
from tests.ledger.desk import Firm


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def test_who_has_paid_and_is_asked_about_is_not_called_until_the_answer_says_it_was_not_him(firm):
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.settle()
    assert [one.name for one in (await firm.door.query(Digest(), firm.owner)).call_first] == [
        "Sharma Traders"
    ]
    await firm.credit(5_684_000)
    await firm.settle()
    waiting = await firm.door.query(Digest(), firm.owner)
    assert waiting.questions == 1
    assert waiting.call_first == ()
    question = await firm.only()
    other = next(one.id for one in question.answers if one.id == "own_transfer")
    await firm.door.execute(ResolveConflict(question.id, other, version=question.version), firm.owner)
    await firm.settle()
    assert [one.name for one in (await firm.door.query(Digest(), firm.owner)).call_first] == [
        "Sharma Traders"
    ]
