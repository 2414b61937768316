"""Members who leave: no door stays open, and an owner always remains."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from kit.ids import digest
from ledger.commands import AddMember, CreateLinkCode, CreateToken, LinkChat, QueueMessage, RecogniseToken
from ledger.commands.people import ChangeMember, RemoveMember
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.handlers.chat import code_hash
from ledger.queries import ChatMember, Members
from ledger.store.directory import business_of_code, members_of_chat
from tests.ledger.trail import trail


async def _joined(door: Door, owner: Actor, name: str, role: str, chat: int) -> Actor:
    member = await door.execute(AddMember(name, role), owner)
    code = await door.execute(CreateLinkCode(member), owner)
    linked: Actor = await door.execute(LinkChat(code, chat), system(owner.business_id, "chat"))
    return linked


async def test_who_is_removed_finds_every_door_closed(door: Door, owner: Actor) -> None:
    ravi = await _joined(door, owner, "Ravi", "finance", 7)
    assert ravi.member_id is not None
    token = await door.execute(CreateToken(ravi.member_id, "his"), owner)
    code = await door.execute(CreateLinkCode(ravi.member_id), owner)
    await door.execute(QueueMessage(7, ravi.member_id, "answer", {"text": "x", "buttons": []}), ravi)
    view = await door.execute(RemoveMember(ravi.member_id), owner)
    assert (view.active, view.linked) == (False, False)

    clerk = system(owner.business_id, "chat")
    assert await members_of_chat(door.engine, 7) == []
    assert await business_of_code(door.engine, code_hash(code)) is None
    with pytest.raises(NotFound):
        await door.query(ChatMember(ravi.member_id, 7), clerk)
    with pytest.raises(Rejected):
        await door.execute(LinkChat(code, 8), clerk)
    with pytest.raises(Denied):
        await door.execute(RecogniseToken(digest(token.encode())), system(owner.business_id, "graphql"))
    async with transaction(door.engine, [owner.business_id]) as tx:
        assert await tx.value("SELECT status FROM outbox") == "failed"
    assert (await door.execute(RemoveMember(ravi.member_id), owner)).active is False  # twice is once


async def test_his_questions_are_everybodys_again(door: Door, owner: Actor) -> None:
    ravi = await _joined(door, owner, "Ravi", "finance", 7)
    assert ravi.member_id is not None
    await _assigned(door, owner.business_id, ravi.member_id)
    await door.execute(ChangeMember(ravi.member_id, role="finance"), owner)
    assert await _who_has(door, owner.business_id) == ravi.member_id
    await door.execute(ChangeMember(ravi.member_id, role="view"), owner)
    assert await _who_has(door, owner.business_id) is None
    await _assigned(door, owner.business_id, ravi.member_id)
    await door.execute(RemoveMember(ravi.member_id), owner)
    assert await _who_has(door, owner.business_id) is None


async def _assigned(door: Door, business: UUID, member: UUID) -> None:
    async with transaction(door.engine, [business]) as tx:
        await tx.run("DELETE FROM conflicts WHERE business_id = $1", business)
        await tx.run(
            """
            INSERT INTO conflicts (business_id, id, rule, severity, status, subjects, evidence, evidence_digest, version,
                                   opened_at, due_at, changed_at, assigned_to)
            VALUES ($1, gen_random_uuid(), 'x', 'warn', 'open', '{}', '{}', '', 1, now(), now(), now(), $2)
            """,
            business,
            member,
        )


async def _who_has(door: Door, business: UUID) -> UUID | None:
    async with transaction(door.engine, [business]) as tx:
        found: UUID | None = await tx.value(
            "SELECT assigned_to FROM conflicts WHERE business_id = $1", business
        )
    return found


async def test_the_last_owner_stays_also_when_two_remove_each_other_at_once(door: Door, owner: Actor) -> None:
    assert owner.member_id is not None
    with pytest.raises(Rejected) as refused:
        await door.execute(RemoveMember(owner.member_id), owner)
    assert refused.value.code == "member.last_owner"
    with pytest.raises(Rejected):
        await door.execute(ChangeMember(owner.member_id, role="view"), owner)
    second = await _joined(door, owner, "Suresh", "owner", 9)
    assert second.member_id is not None
    await asyncio.gather(
        door.execute(RemoveMember(owner.member_id), second),
        door.execute(RemoveMember(second.member_id), owner),
        return_exceptions=True,
    )
    left = [m for m in await door.query(Members(), system(owner.business_id, "test")) if m.active]
    assert [m.role for m in left] == ["owner"]


async def test_a_change_is_audited_with_before_and_after(door: Door, owner: Actor) -> None:
    ravi = await _joined(door, owner, "Ravi", "sales", 7)
    assert ravi.member_id is not None
    view = await door.execute(ChangeMember(ravi.member_id, name="Ravi K", crm_owner="own-1"), owner)
    assert (view.name, view.crm_owner, view.role) == ("Ravi K", "own-1", "sales")
    view = await door.execute(ChangeMember(ravi.member_id, crm_owner=""), owner)
    assert view.crm_owner is None
    entries = await trail(door.engine, owner.business_id, "member.changed")
    assert entries[0]["entry"]["before"]["crm_owner"] is None
    assert entries[0]["entry"]["after"]["crm_owner"] == "own-1"


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SALES, Role.VIEW])
async def test_nobody_but_the_owner_lets_go(door: Door, owner: Actor, role: Role) -> None:
    other = Actor(owner.business_id, role, "Other", member_id=owner.member_id)
    assert owner.member_id is not None
    with pytest.raises(Denied):
        await door.execute(RemoveMember(owner.member_id), other)
    with pytest.raises(Denied):
        await door.execute(ChangeMember(owner.member_id, name="X"), other)
