"""Tokens: never more than their member, narrow where they are made so, ending, replaced, revoked, few."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from kit.ids import digest, uuid7
from ledger import commands, queries
from ledger.commands.people import ChangeMember, LimitMembership, RemoveMember
from ledger.commands.tokens import (
    MOST_TOKEN_DAYS,
    MOST_TOKENS,
    TOKEN_DAYS,
    CreateToken,
    RecogniseToken,
    RevokeToken,
    RotateToken,
)
from ledger.commands.webhooks import AddWebhook, ChangeWebhook, RotateWebhookSecret
from ledger.dispatch import Door
from ledger.domain.roles import GIVES_RIGHTS, MATRIX, Actor, Permission, Role, system
from ledger.domain.tokens import token_id
from ledger.queries.tokens import OwnToken, Tokens
from ledger.store.once import Once
from ledger.views.tokens import TokenView
from tests.ledger.rows import rows_of
from tests.ledger.trail import trail

MEMBERS = (Role.OWNER, Role.FINANCE, Role.SALES, Role.VIEW)


async def member(door: Door, owner: Actor, role: Role) -> UUID:
    """A member with this role."""
    made = await door.execute(commands.AddMember("Somebody", role.value, crm_owner="ravi"), owner)
    assert isinstance(made, UUID)
    return made


async def recognised(door: Door, token: str) -> Actor:
    """Whom a token stands for."""
    found = await door.execute(
        RecogniseToken(digest(token.encode())), system(UUID(hex=token[5:37]), "graphql")
    )
    assert isinstance(found, Actor)
    return found


async def listed(door: Door, owner: Actor) -> dict[UUID, TokenView]:
    """The tokens of the business."""
    return {one.id: one for one in await door.query(Tokens(), owner)}


@pytest.mark.parametrize("role", MEMBERS)
async def test_a_plain_token_may_what_its_members_role_may(door: Door, owner: Actor, role: Role) -> None:
    token = await door.execute(CreateToken(await member(door, owner, role), "all"), owner)
    actor = await recognised(door, token)
    assert (actor.role, actor.permissions) == (role, MATRIX[role])
    assert all(actor.may(one) == (one in MATRIX[role]) for one in Permission)


@pytest.mark.parametrize("role", MEMBERS)
async def test_a_token_of_some_permissions_follows_its_member_down_and_never_up(
    door: Door, owner: Actor, role: Role
) -> None:
    """Made while he was an owner with all that an owner may, and read again with every other role."""
    person = await member(door, owner, Role.OWNER)
    wanted = (Permission.SEE_PAYABLES, Permission.ANSWER, Permission.SEE_RECEIVABLES)
    token = await door.execute(CreateToken(person, "some", permissions=wanted), owner)
    await door.execute(ChangeMember(person, role=role.value), owner)
    actor = await recognised(door, token)
    assert actor.permissions == MATRIX[role] & set(wanted)
    assert not actor.may(Permission.ADMINISTER)


async def test_a_token_is_refused_permissions_that_its_member_has_not(door: Door, owner: Actor) -> None:
    sales = await member(door, owner, Role.SALES)
    for wanted in (("see_payables",), ("see_receivables", "administer"), ("system",), ("nonsense",), ()):
        with pytest.raises(Rejected) as refused:
            await door.execute(CreateToken(sales, "more", permissions=wanted), owner)
        assert refused.value.code == "token.permissions"
    assert await listed(door, owner) == {}


async def test_a_token_for_one_sales_owners_customers_is_a_sales_reps_whoever_holds_it(
    door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        mine, other = await rows.party("Mine", owner="ravi"), await rows.party("Other", owner="sunil")
        await rows.invoice(mine, 100)
        await rows.invoice(other, 900)
    token = await door.execute(CreateToken(owner.member_id, "crm", customers_of="ravi"), owner)  # type: ignore[arg-type]
    actor = await recognised(door, token)
    assert actor.permissions == MATRIX[Role.SALES]
    page = await door.query(queries.Receivables(), actor)
    assert [row.party_name for row in page.rows] == ["Mine"]
    with pytest.raises(NotFound):
        await door.query(queries.PartyCard(other), actor)
    with pytest.raises(Denied):
        await door.query(queries.Payables(), actor)
    view = await member(door, owner, Role.VIEW)
    narrow = await door.execute(CreateToken(view, "ca", customers_of="ravi"), owner)
    assert not (await recognised(door, narrow)).may(Permission.REPORT)  # a sales rep may, an accountant not


async def test_a_token_that_only_reads_tells_no_command_at_all(door: Door, owner: Actor) -> None:
    token = await door.execute(CreateToken(owner.member_id, "look", read_only=True), owner)  # type: ignore[arg-type]
    actor = await recognised(door, token)
    assert (await door.query(OwnToken(), actor)).read_only
    for command in (
        commands.AddMember("X", "owner"),
        commands.SaveButtons(()),
        RevokeToken(token_id(token)),
    ):
        with pytest.raises(Denied) as denial:
            await door.execute(command, actor)
        assert denial.value.code == "permission.read_only"
    denied = [entry for entry in await trail(door.engine, owner.business_id) if entry["action"] == "denied"]
    assert len(denied) == 3


async def test_a_limited_token_gives_nobody_rights_also_where_it_administers(
    door: Door, owner: Actor
) -> None:
    """Else it could make itself a token without limits, or an owner of its own."""
    wanted = ("administer", "see_receivables")
    token = await door.execute(CreateToken(owner.member_id, "x", permissions=wanted), owner)  # type: ignore[arg-type]
    actor = await recognised(door, token)
    person = await member(door, owner, Role.VIEW)
    for command in (
        commands.AddMember("Me", "owner"),
        ChangeMember(person, role="owner"),
        LimitMembership(person, None),
        commands.CreateLinkCode(person),
        CreateToken(owner.member_id, "wide"),  # type: ignore[arg-type]
        RotateToken(token_id(token)),
        AddWebhook("https://elsewhere.example/hook"),
        ChangeWebhook(person, url="https://elsewhere.example/hook"),
        RotateWebhookSecret(person),
    ):
        assert type(command).__name__ in GIVES_RIGHTS
        with pytest.raises(Denied) as denial:
            await door.execute(command, actor)
        assert denial.value.code == "permission.limited"
    assert len(GIVES_RIGHTS) == 9
    await door.execute(RemoveMember(person), actor)  # taking away is another matter
    denied = await trail(door.engine, owner.business_id, "denied")
    assert {entry["entry"]["token"] for entry in denied} == {str(token_id(token))}


async def test_every_token_ends(door: Door, owner: Actor, clock: Any) -> None:
    assert owner.member_id is not None
    for days in (0, -1, MOST_TOKEN_DAYS + 1):
        with pytest.raises(Rejected):
            await door.execute(CreateToken(owner.member_id, "x", valid_days=days), owner)
    token = await door.execute(CreateToken(owner.member_id, "x"), owner)
    assert (await recognised(door, token)).until == clock.now + timedelta(days=TOKEN_DAYS)
    clock.advance(days=TOKEN_DAYS)
    with pytest.raises(Denied) as denial:
        await recognised(door, token)
    assert denial.value.code == "token.expired"
    assert (await listed(door, owner))[token_id(token)].status == "expired"
    clock.advance(days=31)
    assert await listed(door, owner) == {}


async def test_a_token_from_before_tokens_ended_has_the_longest_life(
    door: Door, owner: Actor, engine: AsyncEngine, business: UUID, clock: Any
) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO tokens (business_id, token_hash, id, member_id, label, created_at)"
            " VALUES ($1, $2, $3, $4, 'old', $5)",
            business,
            digest(b"munt_" + business.hex.encode()),
            uuid7(),
            owner.member_id,
            clock.now,
        )
    (old,) = (await listed(door, owner)).values()
    assert old.expires_at == clock.now + timedelta(days=MOST_TOKEN_DAYS)


async def test_a_revoked_token_is_dead_and_revoking_twice_is_once(door: Door, owner: Actor) -> None:
    token = await door.execute(CreateToken(owner.member_id, "x"), owner)  # type: ignore[arg-type]
    for _ in range(2):
        view = await door.execute(RevokeToken(token_id(token)), owner)
        assert view.status == "revoked"
    with pytest.raises(Denied) as denial:
        await recognised(door, token)
    assert denial.value.code == "token.unknown"
    actions = [entry["action"] for entry in await trail(door.engine, owner.business_id)]
    assert actions == ["token.created", "token.revoked"]
    with pytest.raises(NotFound):
        await door.execute(RevokeToken(uuid7()), owner)
    with pytest.raises(Rejected):
        await door.execute(RotateToken(token_id(token)), owner)


async def test_a_rotated_token_hands_over_its_rights_and_ends(door: Door, owner: Actor, clock: Any) -> None:
    old = await door.execute(
        CreateToken(owner.member_id, "bi", 30, read_only=True, permissions=("see_receivables",)),  # type: ignore[arg-type]
        owner,
    )
    clock.advance(days=10)
    new = await door.execute(RotateToken(token_id(old), keep_hours=2), owner)
    before, after = await recognised(door, old), await recognised(door, new)
    assert (before.only, before.read_only) == (after.only, after.read_only)
    assert after.until == clock.now + timedelta(days=30)
    clock.advance(hours=2)
    with pytest.raises(Denied):
        await recognised(door, old)
    assert (await recognised(door, new)).member_id == owner.member_id
    for hours in (-1, 169):
        with pytest.raises(Rejected):
            await door.execute(RotateToken(token_id(new), keep_hours=hours), owner)


async def test_a_token_dies_with_its_membership(door: Door, owner: Actor, clock: Any) -> None:
    person = await member(door, owner, Role.VIEW)
    token = await door.execute(CreateToken(person, "ca"), owner)
    today = clock.now.date()
    await door.execute(LimitMembership(person, today + timedelta(days=1)), owner)
    assert (await recognised(door, token)).until is not None
    clock.advance(days=2)
    with pytest.raises(Denied):
        await recognised(door, token)
    assert (await listed(door, owner))[token_id(token)].status == "ended"
    with pytest.raises(NotFound):
        await door.execute(CreateToken(person, "again"), owner)
    second = await member(door, owner, Role.VIEW)
    token = await door.execute(CreateToken(second, "ca"), owner)
    await door.execute(RemoveMember(second), owner)
    with pytest.raises(Denied):
        await recognised(door, token)


async def test_there_is_a_most_of_tokens_also_for_two_who_make_the_last_at_once(
    door: Door, owner: Actor
) -> None:
    for n in range(MOST_TOKENS - 1):
        await door.execute(CreateToken(owner.member_id, f"n{n}"), owner)  # type: ignore[arg-type]
    results = await asyncio.gather(
        *(door.execute(CreateToken(owner.member_id, f"last{n}"), owner) for n in range(4)),  # type: ignore[arg-type]
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, Rejected)]
    assert ([one.code for one in refused], len(results)) == (["token.too_many"] * 3, 4)
    assert len(await listed(door, owner)) == MOST_TOKENS


async def test_neither_list_nor_trail_holds_a_token_or_what_it_is_called(door: Door, owner: Actor) -> None:
    token = await door.execute(CreateToken(owner.member_id, "Priya's laptop"), owner)  # type: ignore[arg-type]
    (view,) = (await listed(door, owner)).values()
    assert (view.hint, view.made_by) == (token[-6:], owner.label)
    assert token not in repr(view)
    entries = repr(await trail(door.engine, owner.business_id))
    assert token[-38:] not in entries
    assert "Priya" not in entries


async def test_what_was_done_once_is_told_again_only_within_the_same_rows(
    door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    """One member, two tokens: what the wide one got under a key isn't told to the narrow one under the same."""
    async with rows_of(engine, business) as rows:
        other = await rows.party("Other", owner="sunil")
    sales = await member(door, owner, Role.SALES)
    await door.execute(ChangeMember(sales, crm_owner="sunil"), owner)
    wide = await recognised(door, await door.execute(CreateToken(sales, "wide"), owner))
    narrow = await recognised(door, await door.execute(CreateToken(sales, "n", customers_of="ravi"), owner))
    command = commands.MakePromise(party_id=other, on=door.clock().date() + timedelta(days=3))
    await door.execute(command, wide, once=Once("k"))
    with pytest.raises(NotFound):
        await door.execute(command, narrow, once=Once("k"))


async def test_a_token_that_is_revoked_while_it_is_rotated_has_no_successor(
    door: Door, engine: AsyncEngine, owner: Actor
) -> None:
    assert owner.member_id is not None
    await door.execute(CreateToken(owner.member_id, "sync"), owner)
    (token,) = await door.query(Tokens(), owner)
    async with transaction(engine, [owner.business_id]) as tx:
        await tx.run("UPDATE tokens SET revoked_at = now() WHERE id = $1", token.id)
        rotating = asyncio.create_task(door.execute(RotateToken(token.id), owner))
        await asyncio.sleep(0.5)  # it has read the token as live by now, and waits for us
        assert not rotating.done()
    with pytest.raises(Rejected) as caught:
        await rotating
    assert caught.value.code == "token.ended"
    assert all(one.status != "live" for one in await door.query(Tokens(), owner))
