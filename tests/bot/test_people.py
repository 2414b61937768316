"""Who works with the firm: invited, changed and let go in the chat, by its owner alone."""

from __future__ import annotations

from uuid import UUID

import pytest

from bot.cards.audience import Audience
from bot.cards.people import (
    invited_card,
    member_card,
    name_card,
    owners_card,
    people_card,
    remove_card,
    roles_card,
)
from ledger.commands import CreateLinkCode
from ledger.domain.roles import Actor
from ledger.queries import Members
from ledger.views import MemberView
from ledger.views.people import SalesOwner
from tests.bot import sample_views as sample
from tests.bot.conftest import RAMESH, RAVI, STRANGER, Join, RunningBot
from tests.bot.golden_cards import Cards, check, golden

_MEMBERS = (
    MemberView(UUID(int=1), "Ramesh", "owner", "en", True, True, None, False, sample.NOW),
    MemberView(UUID(int=2), "Sunita Deshpande", "finance", "hi", True, True),
    MemberView(UUID(int=3), "Ravi", "sales", "en", False, True, "ravi@order.example", True),
    MemberView(UUID(int=4), "Mehta & Co", "view", "en", False, True),
    MemberView(UUID(int=5), "Gone", "sales", "en", False, False),
)
_OWNERS = (
    SalesOwner("ravi@order.example", 14, "Sharma Traders", True),
    SalesOwner("own-2", 1, "Gupta Steel", False),
)
_THEN = {"do": "invite_made", "role": "sales", "name": "Ravi"}
CARDS: Cards = {
    "people": lambda to: people_card(_MEMBERS, to),
    "people_member": lambda to: member_card(_MEMBERS[2], to, own=False),
    "people_member_no_customers": lambda to: member_card(
        MemberView(UUID(int=3), "Ravi", "sales", "en", False, True), to, own=False
    ),
    "people_own": lambda to: member_card(_MEMBERS[0], to, own=True),
    "people_invite": lambda to: roles_card(to, then={"do": "invite_role"}),
    "people_change_role": lambda to: roles_card(to, then={"do": "x"}, name="Ravi", former="sales"),
    "people_name": lambda to: name_card("sales", to),
    "people_owners": lambda to: owners_card(_OWNERS, "Ravi", to, then=_THEN),
    "people_owners_none": lambda to: owners_card((), "Ravi", to, then=_THEN),
    "people_invited": lambda to: invited_card(
        "Ravi", "Kaveri Services", "ABCD-EFGH", "https://t.me/munshi_bot?start=ABCD-EFGH", to
    ),
    "people_invited_no_address": lambda to: invited_card("Ravi", "Kaveri Services", "ABCD-EFGH", None, to),
    "people_remove": lambda to: remove_card(_MEMBERS[2], to),
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


async def _types(bot: RunningBot, chat: int, text: str, until: str) -> None:
    before = len(bot.api.texts(chat))
    bot.api.types(chat, text)
    await bot.api.until(lambda: until in "".join(bot.api.texts(chat)[before:]))


async def _tap(bot: RunningBot, chat: int, label: str, until: str) -> None:
    bot.api.tap_label(chat, label)
    await bot.api.until(lambda: any(until in text for text in bot.api.texts(chat)[-2:]))


async def test_a_rep_is_invited_by_name_comes_in_by_his_link_and_is_let_go(
    bot: RunningBot, join: Join, owner: Actor
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _types(bot, RAMESH, "/people", "People of the firm")
    await _tap(bot, RAMESH, "Invite somebody", "Whom do you want to invite?")
    await _tap(bot, RAMESH, "Salesperson", "Please type the name")
    await _types(bot, RAMESH, "Ravi <b>Kumar</b>", "No CRM has told me")
    await _tap(bot, RAMESH, "Decide later", "It works once, for 24 hours.")
    text = bot.api.texts(RAMESH)[-1]
    assert "&lt;b&gt;Kumar&lt;/b&gt;" in text
    code = text.split("?start=")[1][:9]
    bot.api.types(RAVI, f"/start {code}")
    await bot.api.until(lambda: any("connected to <b>Sharma Services" in t for t in bot.api.texts(RAVI)))
    bot.api.types(STRANGER, f"/start {code}")
    await bot.api.until(lambda: "doesn't work" in "".join(bot.api.texts(STRANGER)))

    await _types(bot, RAMESH, "/people", "People of the firm")
    await _tap(bot, RAMESH, "Ravi <b>Kumar</b>", "own customers")
    await _tap(bot, RAMESH, "Remove", "stop working at once")
    await _tap(bot, RAMESH, "Yes, remove", "is removed")
    said = len(bot.api.texts(RAVI))
    bot.api.types(RAVI, "/owes")
    await bot.api.until(lambda: len(bot.api.texts(RAVI)) > said)
    assert "I'm a munshi" in bot.api.texts(RAVI)[-1]


async def test_a_name_that_is_none_is_asked_for_again(bot: RunningBot, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    bot.api.types(RAMESH, "/people")
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    await _tap(bot, RAMESH, "Invite somebody", "Whom do you want to invite?")
    await _tap(bot, RAMESH, "Accounts", "Please type the name")
    bot.api.types(RAMESH, "x" * 100)
    await bot.api.until(lambda: "1 to 80 letters" in "".join(bot.api.texts(RAMESH)[-1:]))
    await _types(bot, RAMESH, "Sunita", "Send this to Sunita")
    assert "Sunita" in {member.name for member in await bot.door.query(Members(), ramesh)}


async def test_the_role_is_changed_and_the_last_owner_stays(
    bot: RunningBot, join: Join, owner: Actor
) -> None:
    await join("Sunita", "finance", RAVI)
    assert owner.member_id is not None
    code = await bot.door.execute(CreateLinkCode(owner.member_id), owner)
    bot.api.types(RAMESH, f"/start {code}")
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    await _types(bot, RAMESH, "/people", "People of the firm")
    await _tap(bot, RAMESH, "Sunita", "sees all, answers entries")
    await _tap(bot, RAMESH, "Change role", "What is Sunita to be?")
    await _tap(bot, RAMESH, "CA, only looks", "In the chat: connected")
    (sunita,) = [m for m in await bot.door.query(Members(), owner) if m.name == "Sunita"]
    assert sunita.role == "view"


@pytest.mark.parametrize("role", ["finance", "sales", "view"])
async def test_only_the_owner_sees_and_changes_people(bot: RunningBot, join: Join, role: str) -> None:
    await join("Ravi", role, RAVI, crm_owner="ravi")
    bot.api.types(RAVI, "/people")
    await bot.api.until(lambda: bot.api.texts(RAVI))
    assert bot.api.texts(RAVI)[-1] == "That is for the owner or the accounts person. Please ask them."
