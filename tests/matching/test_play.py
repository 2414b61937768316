"""A tiny firm played through the product: nothing wrong by itself, everything else asked and answered."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.commands import RebuildBusiness
from tests.matching.firms import firm
from tests.matching.play import Play
from tests.matching.score import score
from tests.matching.trades import SHOWN

SEED = 1


async def test_a_tiny_firm_is_explained_rightly_by_itself_or_by_its_owner(engine: AsyncEngine) -> None:
    play = await Play(engine, firm(SHOWN[0], SEED, size=0.1, months=5)).run()
    made = score(play)
    assert made.wrong == []
    assert made.credits >= 30
    assert made.count("alone") > 0
    assert made.count("first") > 0
    assert made.count("silent") == 0
    state = await play.state()
    on = play.clock.now.date()
    wrong = [
        item.words
        for item in play.items.values()
        if not play.judge(item, state.said[item.subject], state, on=on)
    ]
    assert wrong == []
    rebuilt = await play.door.execute(RebuildBusiness(), play.clerk)
    assert rebuilt.differing == {}
