"""Strangers are stopped before any handler; a code lets its member in, once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from kit.database import transaction
from kit.errors import Rejected
from ledger.commands import AddBusiness, AddMember, CreateLinkCode, LinkChat
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.handlers.chat import code_hash
from ledger.store.directory import members_of_chat
from tests.bot.conftest import RAMESH, RAVI, STRANGER, Join, RunningBot
from tests.conftest import SettableClock


async def _audited(door: Door, business: UUID) -> list[str]:
    async with transaction(door.engine, [business]) as tx:
        rows = await tx.fetch("SELECT action FROM audit WHERE business_id = $1 ORDER BY sequence", business)
    return [row["action"] for row in rows]


async def test_a_stranger_hears_one_polite_line_an_hour_and_no_figure(
    bot: RunningBot, clock: SettableClock
) -> None:
    for text in ("hello", "/digest", "/owes", "Sharma"):
        bot.api.types(STRANGER, text)
    await bot.api.until(lambda: bot.api.texts(STRANGER))
    await asyncio.sleep(0.2)
    assert len(bot.api.texts(STRANGER)) == 1
    assert "₹" not in bot.api.texts(STRANGER)[0]
    assert "/start CODE" in bot.api.texts(STRANGER)[0]
    clock.advance(hours=1, seconds=1)
    bot.api.types(STRANGER, "hello again")
    await bot.api.until(lambda: len(bot.api.texts(STRANGER)) == 2)


async def test_a_strangers_tap_is_confirmed_and_does_nothing(bot: RunningBot) -> None:
    bot.api.taps(STRANGER, 5, "AAAAAAAAAAAA:0")
    await bot.api.until(lambda: bot.api.taps_confirmed)
    assert "text" not in bot.api.taps_confirmed[0]


async def test_a_group_is_refused_politely_even_with_a_member_in_it(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.types(-50, "/digest", chat_type="group")
    bot.api.types(-50, "/owes", chat_type="group")
    await bot.api.until(lambda: bot.api.texts(-50))
    await asyncio.sleep(0.2)
    assert bot.api.texts(-50) == ["I speak about money only in a private chat. Please write to me there."]


async def test_a_code_links_the_chat_and_says_where_to_begin(
    bot: RunningBot, owner: Actor, business: UUID
) -> None:
    assert owner.member_id is not None
    code = await bot.door.execute(CreateLinkCode(owner.member_id), owner)
    bot.api.types(RAMESH, f"/start {code.lower().replace('-', ' ')}")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    welcome, setup = bot.api.texts(RAMESH)
    assert "Sharma Services" in welcome
    assert "<b>Sharma Services: to begin with</b>" in setup
    assert await members_of_chat(bot.door.engine, RAMESH)
    assert await _audited(bot.door, business) == ["link_code.created", "chat.linked"]


async def test_a_code_works_once_and_not_after_its_time(
    bot: RunningBot, owner: Actor, clock: SettableClock
) -> None:
    assert owner.member_id is not None
    code = await bot.door.execute(CreateLinkCode(owner.member_id), owner)
    await bot.door.execute(LinkChat(code, RAMESH), system(owner.business_id, "test"))
    bot.api.types(STRANGER, f"/start {code}")
    await bot.api.until(lambda: bot.api.texts(STRANGER))
    assert "doesn't work" in bot.api.texts(STRANGER)[0]
    late = await bot.door.execute(CreateLinkCode(owner.member_id, valid_minutes=10), owner)
    clock.advance(minutes=10)
    bot.api.types(STRANGER, f"/start {late}")
    await bot.api.until(lambda: len(bot.api.texts(STRANGER)) == 2)
    assert await members_of_chat(bot.door.engine, STRANGER) == []


async def test_after_five_wrong_codes_even_a_right_one_must_wait_an_hour(
    bot: RunningBot, owner: Actor, clock: SettableClock
) -> None:
    assert owner.member_id is not None
    for n in range(5):
        bot.api.types(STRANGER, f"/start WRONG{n}")
    await bot.api.until(lambda: len(bot.api.texts(STRANGER)) == 5)
    code = await bot.door.execute(CreateLinkCode(owner.member_id), owner)
    bot.api.types(STRANGER, f"/start {code}")
    await bot.api.until(lambda: len(bot.api.texts(STRANGER)) == 6)
    assert "in an hour" in bot.api.texts(STRANGER)[-1]
    clock.advance(hours=1)
    bot.api.types(STRANGER, f"/start {code}")
    await bot.api.until(
        lambda: "Namaste Ramesh ji" in bot.api.texts(STRANGER)[-1] or len(bot.api.texts(STRANGER)) > 7
    )


async def test_two_chats_with_one_code_at_once_link_one(door: Door, owner: Actor) -> None:
    assert owner.member_id is not None
    code = await door.execute(CreateLinkCode(owner.member_id), owner)
    clerk = system(owner.business_id, "test")
    outcomes = await asyncio.gather(
        *(door.execute(LinkChat(code, chat), clerk) for chat in (1, 2, 3)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Actor) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Rejected) for outcome in outcomes) == 2


async def test_a_new_code_ends_the_one_before(door: Door, owner: Actor) -> None:
    assert owner.member_id is not None
    former = await door.execute(CreateLinkCode(owner.member_id), owner)
    await door.execute(CreateLinkCode(owner.member_id), owner)
    with pytest.raises(Rejected):
        await door.execute(LinkChat(former, RAMESH), system(owner.business_id, "test"))


async def test_a_member_who_moves_to_another_phone_leaves_the_first_one_a_stranger(
    door: Door, owner: Actor
) -> None:
    assert owner.member_id is not None
    clerk = system(owner.business_id, "test")
    for chat in (RAMESH, RAVI):
        code = await door.execute(CreateLinkCode(owner.member_id), owner)
        await door.execute(LinkChat(code, chat), clerk)
    assert await members_of_chat(door.engine, RAMESH) == []
    assert len(await members_of_chat(door.engine, RAVI)) == 1


async def test_a_member_who_left_is_a_stranger_again(bot: RunningBot, join: Join) -> None:
    ravi = await join("Ravi", "sales", RAVI, crm_owner="ravi")
    async with transaction(bot.door.engine, [ravi.business_id]) as tx:
        await tx.run(
            "UPDATE members SET active = false WHERE business_id = $1 AND id = $2",
            ravi.business_id,
            ravi.member_id,
        )
    bot.api.types(RAVI, "/owes")
    await bot.api.until(lambda: bot.api.texts(RAVI))
    assert "/start CODE" in bot.api.texts(RAVI)[0]


async def test_one_chat_may_serve_two_firms_and_never_mixes_them(
    bot: RunningBot, owner: Actor, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    second = UUID("01990000-0000-7000-8000-000000000002")
    clerk = system(second, "test")
    await bot.door.execute(AddBusiness(second, "Ramesh Steel"), clerk)
    member = await bot.door.execute(AddMember("Ramesh", "owner"), clerk)
    code = await bot.door.execute(CreateLinkCode(member), clerk)
    bot.api.types(RAMESH, f"/start {code}")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    assert bot.api.texts(RAMESH)[1].startswith("<i>Ramesh Steel</i>")
    bot.api.types(RAMESH, "/firm")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 3)
    bot.api.tap_label(RAMESH, "Sharma Services")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 4)
    assert bot.api.texts(RAMESH)[3].startswith("<i>Sharma Services</i>")
    bot.api.types(RAMESH, "/owes")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 5)
    assert bot.api.texts(RAMESH)[4].startswith("<i>Sharma Services</i>")


def test_codes_are_read_as_people_type_them() -> None:
    assert code_hash("7k3m-q9tx") == code_hash(" 7K3M Q9TX ")
    assert code_hash("O0IL-0000") == code_hash("0011-0000")
    assert code_hash("\ud800" * 5_000) != code_hash("7K3MQ9TX")


async def test_a_role_that_changes_counts_from_the_next_message(bot: RunningBot, join: Join) -> None:
    ravi = await join("Ravi", "finance", RAVI, crm_owner="ravi")
    bot.api.types(RAVI, "/owe")
    await bot.api.until(lambda: bot.api.texts(RAVI))
    assert "You owe nothing" in bot.api.texts(RAVI)[0]
    async with transaction(bot.door.engine, [ravi.business_id]) as tx:
        await tx.run(
            "UPDATE members SET role = $3 WHERE business_id = $1 AND id = $2",
            ravi.business_id,
            ravi.member_id,
            Role.SALES.value,
        )
    bot.api.types(RAVI, "/owe")
    await bot.api.until(lambda: len(bot.api.texts(RAVI)) == 2)
    assert bot.api.texts(RAVI)[1] == "That is for the owner or the accounts person. Please ask them."
