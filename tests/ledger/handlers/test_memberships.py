"""Memberships that end by themselves: nothing opens afterwards at any door, and the owners hear of it before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.ending import tell_ends
from bot.visit import visitor_of
from kit.database import transaction
from kit.errors import NotFound, Rejected
from kit.ids import uuid7
from ledger.commands import AddBusiness, AddMember, CreateLinkCode, LinkChat
from ledger.commands.people import ChangeMember, EndMemberships, LimitMembership
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission, Role, system
from ledger.queries import ChatMember, Members
from ledger.queries.people import OwnFirms
from ledger.queries.workflow import Colleagues
from ledger.store.hours import whose_hour
from ledger.views import MemberView
from tests.ledger.rows import TODAY
from tests.ledger.trail import trail
from workers.drainer import sweep

LAST_DAY = TODAY + timedelta(days=10)
OVER = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
"""Midnight in India after the last day."""


async def joined(door: Door, owner: Actor, chat: int, role: str = "view", until: date | None = None) -> Actor:
    """A member whose chat is linked."""
    member = await door.execute(AddMember("Priya", role, until=until), owner)
    code = await door.execute(CreateLinkCode(member), owner)
    linked = await door.execute(LinkChat(code, chat), system(owner.business_id, "chat"))
    assert isinstance(linked, Actor)
    return linked


async def one(door: Door, owner: Actor, member: Actor) -> MemberView:
    """The member as the owner's list shows him."""
    return next(m for m in await door.query(Members(), owner) if m.id == member.member_id)


async def test_the_last_day_counts_in_the_firms_calendar_and_afterwards_every_door_is_closed(
    door: Door, owner: Actor, clock: Any
) -> None:
    ca = await joined(door, owner, 7, role="finance", until=LAST_DAY)
    assert ca.until == OVER
    assert (await one(door, owner, ca)).until == LAST_DAY
    clerk = system(owner.business_id, "chat")
    clock.now = OVER - timedelta(seconds=1)
    assert (await visitor_of(door, 7)) is not None
    assert [c.id for c in await door.query(Colleagues(), owner)] != [owner.member_id]
    clock.now = OVER
    assert (await visitor_of(door, 7)) is None
    with pytest.raises(NotFound):
        await door.query(ChatMember(ca.member_id, 7), clerk)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await door.execute(CreateLinkCode(ca.member_id), owner)  # type: ignore[arg-type]
    assert [c.id for c in await door.query(Colleagues(), owner)] == [owner.member_id]
    assert not (await one(door, owner, ca)).active
    due = [due async for chunk in whose_hour(door.engine, "digest", clock.now) for due in chunk]
    assert ca.member_id not in [each.member.actor.member_id for each in due]


async def test_a_code_does_not_let_in_whose_time_is_over(door: Door, owner: Actor, clock: Any) -> None:
    member = await door.execute(AddMember("Priya", "view", until=TODAY), owner)
    code = await door.execute(CreateLinkCode(member, valid_minutes=60 * 24 * 10), owner)
    clock.advance(days=1)
    with pytest.raises(Rejected) as refused:
        await door.execute(LinkChat(code, 7), system(owner.business_id, "chat"))
    assert refused.value.code == "link_code.invalid"


async def test_the_sweep_lets_go_whose_time_is_over_and_nobody_else(
    door: Door, owner: Actor, clock: Any
) -> None:
    ca, other = await joined(door, owner, 7, until=LAST_DAY), await joined(door, owner, 8)
    assert await door.execute(EndMemberships(), system(owner.business_id, "sweep")) == 0
    clock.now = OVER
    await sweep(door, owner.business_id)
    assert await door.execute(EndMemberships(), system(owner.business_id, "sweep")) == 0  # it was done
    async with transaction(door.engine, [owner.business_id]) as tx:
        here = await tx.fetch("SELECT id FROM members WHERE active ORDER BY id")
        chats = await tx.fetch("SELECT ref FROM directory WHERE kind = 'chat'")
    assert {row["id"] for row in here} == {owner.member_id, other.member_id}
    assert [row["ref"] for row in chats] == [other.member_id]
    (ended,) = await trail(door.engine, owner.business_id, "member.ended")
    assert (ended["actor"], ended["subject"]) == ("system:sweep", f"member:{ca.member_id}")


async def test_an_end_can_be_moved_and_taken_away(door: Door, owner: Actor, clock: Any) -> None:
    ca = await joined(door, owner, 7, until=TODAY)
    assert ca.member_id is not None
    view = await door.execute(LimitMembership(ca.member_id, LAST_DAY), owner)
    assert view.until == LAST_DAY
    view = await door.execute(LimitMembership(ca.member_id, None), owner)
    assert view.until is None
    clock.advance(days=400)
    assert (await visitor_of(door, 7)) is not None
    for wrong in (clock.now.date() - timedelta(days=1), clock.now.date() + timedelta(days=3_000)):
        with pytest.raises(Rejected) as refused:
            await door.execute(LimitMembership(ca.member_id, wrong), owner)
        assert (refused.value.code, refused.value.field) == ("member.until", "until")


async def test_an_owner_never_ends_by_himself(door: Door, owner: Actor) -> None:
    assert owner.member_id is not None
    with pytest.raises(Rejected):
        await door.execute(LimitMembership(owner.member_id, LAST_DAY), owner)
    with pytest.raises(Rejected):
        await door.execute(AddMember("Second", "owner", until=LAST_DAY), owner)
    ca = await joined(door, owner, 7, until=LAST_DAY)
    with pytest.raises(Rejected) as refused:
        await door.execute(ChangeMember(ca.member_id, role="owner"), owner)  # type: ignore[arg-type]
    assert refused.value.code == "member.owner_ends"


async def test_the_owners_are_told_a_week_before_once_and_not_at_night(
    door: Door, owner: Actor, clock: Any
) -> None:
    async with transaction(door.engine, [owner.business_id]) as tx:
        await tx.run("UPDATE members SET chat_id = 1 WHERE id = $1", owner.member_id)
    await joined(door, owner, 7, until=LAST_DAY)
    assert await tell_ends(door, clock.now) == 0  # ten days before
    clock.now = OVER - timedelta(days=7)  # a week before, at midnight
    assert await tell_ends(door, clock.now) == 0
    clock.advance(hours=9)
    assert [await tell_ends(door, clock.now) for _ in range(2)] == [1, 0]
    async with transaction(door.engine, [owner.business_id]) as tx:
        (sent,) = await tx.fetch("SELECT chat_id, card FROM outbox WHERE kind = 'alert'")
    assert sent["chat_id"] == 1
    assert "Priya" in sent["card"]["text"]
    assert "30 Nov" in sent["card"]["text"]


async def test_a_person_of_several_firms_is_one_where_his_chat_is(
    door: Door, owner: Actor, other_owner: Actor
) -> None:
    here, there = await joined(door, owner, 7), await joined(door, other_owner, 7)
    found = await door.query(OwnFirms(), here)
    assert [(f.business_id, f.member_id) for f in found] == [
        (owner.business_id, here.member_id), (other_owner.business_id, there.member_id),
    ]  # fmt: skip
    stranger = Actor(owner.business_id, Role.VIEW, "X", member_id=owner.member_id)
    assert [f.business_id for f in await door.query(OwnFirms(), stranger)] == [owner.business_id]
    assert here.may(Permission.SEE_RECEIVABLES)


@pytest.fixture
async def other_owner(door: Door) -> Actor:
    """The owner of another firm."""
    business = uuid7()
    clerk = system(business, "test")
    await door.execute(AddBusiness(business, "Gupta & Co"), clerk)
    member = await door.execute(AddMember("Gupta", "owner"), clerk)
    return Actor(business, Role.OWNER, "Gupta", member_id=member)
