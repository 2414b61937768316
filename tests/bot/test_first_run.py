"""The first minutes: from an empty firm to a useful chat, without a manual."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

from bot.cards.audience import Audience
from bot.cards.first_run import enough_card, sample_sheet_card, setup_card
from ledger.commands import CreateLinkCode, DrainBusiness
from ledger.domain.roles import Actor, system
from ledger.views.first_run import SetupView
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot
from tests.bot.golden_cards import Cards, check, golden

_FIXTURES = Path(__file__).parent.parent / "connectors" / "cases" / "bank"
_NOTHING = SetupView(None, None, False, 0, (), 1, 1, False, False)
_SOME = SetupView("ICICI", date(2026, 11, 19), True, 0, (), 1, 1, False, False)
_ALL = SetupView("ICICI", date(2026, 11, 19), True, 1_240, ("TallyPrime", "Razorpay"), 4, 3, True, False)
CARDS: Cards = {
    "setup_nothing": lambda to: setup_card(_NOTHING, "Kaveri Services", to),
    "setup_some": lambda to: setup_card(_SOME, "Kaveri Services", to),
    "setup_done": lambda to: setup_card(_ALL, "Kaveri Services", to),
    "setup_enough": lambda to: enough_card(to),
    "sample_sheet": lambda to: sample_sheet_card(b"", to),
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


async def _linked(bot: RunningBot, owner: Actor) -> None:
    assert owner.member_id is not None
    code = await bot.door.execute(CreateLinkCode(owner.member_id), owner)
    bot.api.types(RAMESH, f"/start {code}")
    await bot.api.until(lambda: any("to begin with" in text for text in bot.api.texts(RAMESH)))


async def test_from_the_code_to_a_useful_chat_with_one_file(
    bot: RunningBot, owner: Actor, business: UUID
) -> None:
    await _linked(bot, owner)
    assert len(bot.api.texts(RAMESH)) == 2  # welcome and the list; no digest of nothing
    bot.api.sends_file(RAMESH, "nov.csv", (_FIXTURES / "icici_current.csv").read_bytes())
    await bot.api.until(lambda: "I'll tell you when" in bot.api.texts(RAMESH)[-1])
    await bot.door.execute(DrainBusiness(), system(business, "test"))
    await bot.api.until(lambda: "Bank now" in bot.api.texts(RAMESH)[-1])
    bot.api.types(RAMESH, "/setup")
    await bot.api.until(lambda: "✓ Bank: ICICI till" in bot.api.texts(RAMESH)[-1])
    bot.api.types(RAMESH, "/start")
    await bot.api.until(lambda: "What you can ask me" in bot.api.texts(RAMESH)[-1])


async def test_the_list_is_not_shown_again_after_enough(bot: RunningBot, owner: Actor) -> None:
    await _linked(bot, owner)
    bot.api.types(RAMESH, "/start")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 3)
    bot.api.tap_label(RAMESH, "Enough for now")
    await bot.api.until(lambda: "/setup shows this list again" in bot.api.texts(RAMESH)[-1])
    bot.api.types(RAMESH, "/start")
    await bot.api.until(lambda: "What you can ask me" in bot.api.texts(RAMESH)[-1])
    assert not any("Enough for now" in button["text"] for button in bot.api.buttons(bot.api.said[-1]))


async def test_only_an_owner_sets_up(bot: RunningBot, join: Join) -> None:
    await join("Meena", "finance", RAVI)
    bot.api.types(RAVI, "/start")
    await bot.api.until(lambda: "What you can ask me" in "".join(bot.api.texts(RAVI)[-1:]))
    bot.api.types(RAVI, "/setup")
    await bot.api.until(lambda: len(bot.api.texts(RAVI)) == 2)
    assert "for the owner" in bot.api.texts(RAVI)[-1]
