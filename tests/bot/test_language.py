"""A member chooses the language that is spoken with him: the cards, the command, the menu, the audit."""

from __future__ import annotations

import re
from uuid import UUID

from telegram import BotCommand

from bot.application import bot_commands
from bot.cards.audience import Audience
from bot.cards.language import language_card, spoken_card
from kit.database import transaction
from ledger.dispatch import Door
from tests.bot.golden_cards import Cards, check, golden
from tests.bot.test_chat import RAMESH, Join, Say, customers, say  # noqa: F401  fixtures

CARDS: Cards = {"language": lambda to: language_card(to), "language_chosen": lambda to: spoken_card(to)}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


def test_the_menu_of_commands_is_described_in_both_languages() -> None:
    english, hindi = bot_commands(), bot_commands("hi")
    assert [one.command for one in english] == [one.command for one in hindi]
    assert all(a.description != b.description for a, b in zip(english, hindi, strict=True))


async def test_what_is_said_after_the_choice_is_hindi_and_can_be_changed_back(say: Say, join: Join) -> None:  # noqa: F811
    await join("Ramesh", "owner", RAMESH)
    assert "In which language" in await say(RAMESH, "/language")
    assert "अब से आपसे हिन्दी में" in await say(RAMESH, "/language Hindi")
    assert "किससे" in await say(RAMESH, "/help")
    assert "From now on I speak English" in await say(RAMESH, "/language english")
    assert "who owes you" in await say(RAMESH, "/help")


async def test_a_language_that_is_not_spoken_is_asked_for_again(say: Say, join: Join) -> None:  # noqa: F811
    await join("Ramesh", "owner", RAMESH)
    assert "In which language" in await say(RAMESH, "/language klingon")


async def test_every_role_may_choose_and_the_audit_keeps_it(
    say: Say,  # noqa: F811
    join: Join,
    door: Door,
    business: UUID,
) -> None:
    await join("Ravi", "sales", RAMESH)
    assert "हिन्दी" in await say(RAMESH, "/language hi")
    async with transaction(door.engine, [business]) as tx:
        kept = await tx.value(
            "SELECT entry -> 'after' ->> 'language' FROM audit WHERE business_id = $1 AND action = 'member.language_set'",
            business,
        )
    assert kept == "hi"


_ENGLISH = re.compile(r"(?:(?<![\w.@/_-])[a-z]{2,}(?![\w.@/_-])[ ,;:]+){2,}[a-z]{2,}")


async def test_no_command_answers_a_hindi_member_in_english(
    say: Say,  # noqa: F811
    join: Join,
    customers: None,  # noqa: F811
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await say(RAMESH, "/language hi")
    for command in (*bot_commands(), *(BotCommand(name, "-") for name in ("find", "firm", "nonsense"))):
        if command.command == "language":  # it asks in both
            continue
        text = re.sub(r"<[^>]*>", "", await say(RAMESH, f"/{command.command}"))
        assert re.search("[\u0900-\u097f]", text), (command.command, text)
        assert not _ENGLISH.search(text), (command.command, text)
