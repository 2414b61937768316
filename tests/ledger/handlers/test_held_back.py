"""A party with an open question of severity block is held back, and its card says why; answered, it isn't any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.cards.audience import Audience
from bot.cards.party import party_card
from ledger import queries
from ledger.commands import ResolveConflict
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from tests.ledger.handlers.test_rules import CASH, Desk


async def test_a_block_question_holds_its_party_back_until_it_is_answered(
    door: Door, engine: AsyncEngine, owner: Actor, clock: Any
) -> None:
    desk = Desk(door, engine, owner, clock)
    party = await desk.books.party("Sharma Traders", receivable=100, open_bills=100, owner="9")
    other = await desk.books.party("Gupta Steel", receivable=100, open_bills=100)
    for each, number in ((party, "INV-1"), (other, "INV-2")):
        await desk.books.invoice(each, number, 100, due_on=clock().date() + timedelta(days=2))
    assert (await door.query(queries.Digest(), owner)).expected == 200
    await desk.books.receipt(party, 25_000_000, method="cash")
    await desk.publish(CASH.replace('"warn"', '"block"'))
    await desk.drain()

    async def held() -> list[str]:
        page = await door.query(queries.Parties(), owner)
        return [row.name for row in page.rows if row.held]

    card = await door.query(queries.PartyCard(party), owner)
    assert await held() == ["Sharma Traders"]
    assert (card.brief.held, card.held_by) == (True, ("₹2,50,000 in cash from Sharma Traders on 18 Nov",))
    assert card.brief.held_words == "an entry needs your answer first"
    text = str(party_card(card, Audience(Role.OWNER, "en", clock.now, "Asia/Kolkata")).text)
    assert "Reminders wait: ₹2,50,000 in cash from Sharma Traders on 18 Nov" in text
    assert not (await door.query(queries.PartyCard(other), owner)).brief.held
    assert (await door.query(queries.Digest(), owner)).expected == 100
    (question,) = await desk.asked()
    await door.execute(ResolveConflict(question.id, "wrong"), owner)
    assert await held() == []
    assert (await door.query(queries.Digest(), owner)).expected == 200
    assert (await door.query(queries.PartyCard(party), owner)).held_by == ()
