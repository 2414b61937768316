"""Tokens over GraphQL: what they may, how they are made and end, and that a revoked one is forgotten at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.auth import Authenticator
from graph.revocation import heed_revocations
from kit.clock import Clock
from kit.errors import Denied
from kit.ids import uuid7
from kit.settings import Settings
from ledger.commands import AddBusiness, AddMember, CreateLinkCode, LinkChat
from ledger.commands.people import ChangeMember, LimitMembership, RemoveMember
from ledger.commands.tokens import CreateToken, RevokeToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.domain.tokens import token_id
from tests.ledger.rows import TODAY, rows_of

Ask = Callable[..., Any]
ME = "{ me { name role permissions readOnly until token { label hint status } businesses { businessName role current } } }"
CREATE = """
mutation ($input: CreateTokenInput!, $key: String) {
  createToken(input: $input, idempotencyKey: $key) { secret token { id label hint status permissions readOnly customersOf } }
}
"""


@asynccontextmanager
async def asking(engine: AsyncEngine, clock: Clock, **settings: Any) -> AsyncIterator[Ask]:
    """Post queries to the application."""
    app = make_app(Settings(**settings), engine=engine, clock=clock)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi") as client:

        async def ask(bearer: str, query: str, **variables: Any) -> Any:
            answer = await client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {bearer}"},
            )
            return answer.json()

        yield ask


def codes(body: Any) -> list[str]:
    """The codes of a body's errors."""
    return [error["extensions"]["code"] for error in body.get("errors", [])]


async def test_an_owner_makes_lists_rotates_and_revokes_tokens(
    engine: AsyncEngine, clock: Clock, door: Door, owner: Actor
) -> None:
    bearer = await door.execute(CreateToken(owner.member_id, "mine"), owner)  # type: ignore[arg-type]
    async with asking(engine, clock) as ask:
        wanted = {
            "memberId": str(owner.member_id), "label": "BI", "readOnly": True, "permissions": ["see_receivables"],
        }  # fmt: skip
        made = (await ask(bearer, CREATE, input=wanted))["data"]["createToken"]
        assert made["secret"].startswith("munt_")
        assert made["token"] == {
            "id": str(token_id(made["secret"])), "label": "BI", "hint": made["secret"][-6:], "status": "LIVE",
            "permissions": ["see_receivables"], "readOnly": True, "customersOf": None,
        }  # fmt: skip
        seen = (await ask(made["secret"], ME))["data"]["me"]
        assert (seen["permissions"], seen["readOnly"], seen["token"]["label"]) == (
            ["see_receivables"], True, "BI",
        )  # fmt: skip
        rotated = await ask(
            bearer,
            "mutation ($id: ID!) { rotateToken(tokenId: $id, keepHours: 0) { secret token { readOnly } } }",
            id=made["token"]["id"],
        )
        successor = rotated["data"]["rotateToken"]
        assert successor["token"]["readOnly"]
        assert codes(await ask(successor["secret"], CREATE, input=wanted)) == ["permission.denied"]
        revoked = await ask(
            bearer,
            "mutation ($id: ID!) { revokeToken(tokenId: $id) { token { status } } }",
            id=str(token_id(successor["secret"])),
        )
        assert revoked["data"]["revokeToken"]["token"]["status"] == "REVOKED"
        listed = (await ask(bearer, "{ tokens { label status } }"))["data"]["tokens"]
        assert listed[0] == {"label": "mine", "status": "LIVE"}
        assert {one["status"] for one in listed} == {"LIVE", "EXPIRED", "REVOKED"}
        assert "munt_" not in repr(listed)


async def test_a_token_that_only_reads_tells_no_mutation(
    engine: AsyncEngine, clock: Clock, door: Door, owner: Actor
) -> None:
    bearer = await door.execute(CreateToken(owner.member_id, "look", read_only=True), owner)  # type: ignore[arg-type]
    async with asking(engine, clock) as ask:
        body = await ask(bearer, CREATE, input={"memberId": str(owner.member_id), "label": "more"})
        assert codes(body) == ["permission.read_only"]
        assert (await ask(bearer, "{ tokens { label } }"))["data"]["tokens"] == [{"label": "look"}]


async def test_a_token_for_some_customers_sees_theirs_alone(
    engine: AsyncEngine, clock: Clock, door: Door, owner: Actor, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        for name, of in (("Mine", "ravi"), ("Other", "sunil")):
            await rows.invoice(await rows.party(name, owner=of), 100)
    bearer = await door.execute(CreateToken(owner.member_id, "crm", customers_of="ravi"), owner)  # type: ignore[arg-type]
    async with asking(engine, clock) as ask:
        body = await ask(bearer, "{ receivables { totalCount nodes { partyName } } whoOwesMe { count } }")
        assert body["data"]["receivables"] == {"totalCount": 1, "nodes": [{"partyName": "Mine"}]}
        assert body["data"]["whoOwesMe"]["count"] == 1
        assert codes(await ask(bearer, "{ payables { nodes { number } } }")) == ["permission.denied"]
        assert codes(await ask(bearer, "{ tokens { id } }")) == ["permission.denied"]


async def test_a_secret_is_shown_once_also_to_who_asks_again_with_his_key(
    engine: AsyncEngine, clock: Clock, door: Door, owner: Actor
) -> None:
    bearer = await door.execute(CreateToken(owner.member_id, "mine"), owner)  # type: ignore[arg-type]
    async with asking(engine, clock) as ask:
        wanted = {"memberId": str(owner.member_id), "label": "BI"}
        first = await ask(bearer, CREATE, input=wanted, key="k1")
        again = await ask(bearer, CREATE, input=wanted, key="k1")
        assert first["data"]["createToken"]["secret"]
        assert codes(again) == ["idempotency.shown_once"]
        assert len((await ask(bearer, "{ tokens { id } }"))["data"]["tokens"]) == 2


@pytest.mark.parametrize("made_by", ["himself", "the owner", "the owner, narrow"])
async def test_an_accountants_other_firms_are_told_to_nobody_but_him(
    engine: AsyncEngine, clock: Clock, door: Door, owner: Actor, made_by: str
) -> None:
    """An owner who makes a token for his accountant would else read the list of his clients with it."""
    firm = uuid7()
    theirs = system(firm, "test")
    await door.execute(AddBusiness(firm, "Gupta & Co"), theirs)
    here: Actor = owner
    for clerk in (system(owner.business_id, "test"), theirs):
        person = await door.execute(AddMember("Priya", "owner"), clerk)
        code = await door.execute(CreateLinkCode(person), clerk)
        linked = await door.execute(LinkChat(code, 7), system(clerk.business_id, "chat"))
        here = linked if clerk.business_id == owner.business_id else here
    maker = here if made_by == "himself" else owner
    only = ("see_receivables",) if "narrow" in made_by else None
    bearer = await door.execute(CreateToken(here.member_id, "hers", permissions=only), maker)  # type: ignore[arg-type]
    async with asking(engine, clock) as ask:
        firms = (await ask(bearer, ME))["data"]["me"]["businesses"]
    names = [one["businessName"] for one in firms]
    assert firms[0] == {"businessName": "Sharma Services", "role": "owner", "current": True}
    assert names == (["Sharma Services", "Gupta & Co"] if made_by == "himself" else ["Sharma Services"])


class Heard(Authenticator):
    """An authenticator that keeps what it knows for an hour, unless it hears from the database."""

    def __init__(self, door: Door) -> None:
        super().__init__(door, ttl=3_600)
        self.told = asyncio.Event()

    def forget(self, business: UUID | None = None) -> None:
        """Forget, and say so."""
        super().forget(business)
        self.told.set()


@pytest.fixture
async def heard(engine: AsyncEngine, door: Door) -> AsyncIterator[Heard]:
    """One that listens."""
    made = Heard(door)
    task = asyncio.create_task(heed_revocations(engine, made))
    await asyncio.wait_for(made.told.wait(), 20)  # it forgets everything once it listens
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("change", ["revoked", "removed", "ends", "role"])
async def test_what_is_remembered_of_a_token_is_forgotten_when_the_commit_says_so(
    change: str, heard: Heard, door: Door, owner: Actor, clock: Any
) -> None:
    person = await door.execute(AddMember("Priya", "finance"), owner)
    bearer = await door.execute(CreateToken(person, "x"), owner)
    header = f"Bearer {bearer}"
    assert (await heard.actor(header)).role is Role.FINANCE
    heard.told.clear()
    command = {
        "revoked": RevokeToken(token_id(bearer)),
        "removed": RemoveMember(person),
        "ends": LimitMembership(person, TODAY),
        "role": ChangeMember(person, role="view"),
    }[change]
    await door.execute(command, owner)
    await asyncio.wait_for(heard.told.wait(), 20)
    if change in ("revoked", "removed"):
        with pytest.raises(Denied):
            await heard.actor(header)
        return
    actor = await heard.actor(header)
    assert actor.role is (Role.VIEW if change == "role" else Role.FINANCE)
    if change == "ends":  # the moment is kept with it: no word comes at midnight
        clock.advance(days=1)
        heard.forget()
        with pytest.raises(Denied):
            await heard.actor(header)


async def test_nothing_is_remembered_longer_than_its_end(door: Door, owner: Actor, clock: Any) -> None:
    now = 1_000.0
    made = Authenticator(door, ttl=3_600, monotonic=lambda: now)
    bearer = await door.execute(CreateToken(owner.member_id, "x", valid_days=1), owner)  # type: ignore[arg-type]
    clock.advance(hours=23, minutes=59)
    await made.actor(f"Bearer {bearer}")
    clock.advance(seconds=59)
    now += 59
    assert (await made.actor(f"Bearer {bearer}")).name == "Ramesh"
    clock.advance(seconds=1)
    now += 1
    with pytest.raises(Denied) as denial:
        await made.actor(f"Bearer {bearer}")
    assert denial.value.code == "token.expired"


async def test_what_was_read_just_before_a_revocation_is_not_kept(
    door: Door, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word of it may arrive between the reading and the keeping."""
    made = Authenticator(door, ttl=3_600)
    bearer = await door.execute(CreateToken(owner.member_id, "x"), owner)  # type: ignore[arg-type]
    execute = door.execute

    async def slow(*args: Any, **named: Any) -> Any:
        found = await execute(*args, **named)
        made.forget(owner.business_id)
        return found

    monkeypatch.setattr(door, "execute", slow)
    await made.actor(f"Bearer {bearer}")
    assert made._known == {}
