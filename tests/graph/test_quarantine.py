"""What could not be read over GraphQL: listed with its difference, looked up by its id, set aside, and its limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.ids import global_id
from kit.database import transaction
from kit.ids import uuid7
from kit.settings import Settings
from ledger.commands import CreateToken
from ledger.dispatch import Door
from ledger.domain.events import Delivery, Quarantined
from ledger.domain.roles import Actor, Role
from ledger.store.append import append

LIST = """query ($first: Int! = 50, $after: String, $source: String, $status: QuarantineStatus! = OPEN) {
  quarantine(first: $first, after: $after, source: $source, status: $status) { openCount
    nodes { id source via filename place code reason receivedAt resolvedAt resolution
      difference { event unknown missing new more retyped { path was now } } }
    pageInfo { hasNextPage endCursor } } }"""
ASIDE = "mutation ($input: SetAsideInput!) { setAside(input: $input) { parts } }"
DIFF = {
    "event": "payment.shiny", "unknown": True, "missing": ["payload.amount"], "new": ["payload.paid"],
    "retyped": [{"path": "payload.status", "was": "text", "now": "integer"}], "more": 2,
}  # fmt: skip
Ask = Callable[..., Any]


@pytest.fixture
async def ask(engine: AsyncEngine, door: Door, owner: Actor, clock: Any) -> AsyncIterator[Ask]:
    """Post a query as the owner, or as a member of another role."""
    app = make_app(Settings(), engine=engine, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:

        async def post(query: str, *, role: Role = Role.OWNER, **variables: Any) -> Any:
            member = owner.member_id
            if role is not Role.OWNER:
                member = uuid7()
                async with transaction(engine, [owner.business_id]) as tx:
                    await tx.run(
                        "INSERT INTO members (business_id, id, name, role) VALUES ($1, $2, 'Other', $3)",
                        owner.business_id, member, role.value,
                    )  # fmt: skip
            assert member is not None
            token = await door.execute(CreateToken(member, "test"), owner)
            response = await client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {token}"},
            )
            return response.json()

        yield post


@pytest.fixture
async def unread(engine: AsyncEngine, owner: Actor, clock: Any) -> None:
    """Two messages of Razorpay and a row of a statement that could not be read."""
    for source, via, place, code, diff in (
        ("payment:razorpay", "webhook", "", "schema.unknown_event", DIFF),
        ("payment:razorpay", "webhook", "evt_1", "json.malformed", None),
        ("bank:icici", "chat", "row 7", "row.amount", None),
    ):
        body = uuid4().hex.encode()
        refused = Quarantined(place, code, "It is not one that we know.", diff)
        delivery = Delivery(
            owner.business_id, source, via, body, body, clock.now, filename="a.csv" if via == "chat" else None,
            quarantined=(refused,),
        )  # fmt: skip
        async with transaction(engine, [owner.business_id]) as tx:
            await append(tx, [delivery])
        clock.advance(minutes=1)


def codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", [])]


@pytest.mark.usefixtures("unread")
async def test_it_is_listed_in_pages_with_what_changed(ask: Ask):
    page = (await ask(LIST, first=2))["data"]["quarantine"]
    assert (page["openCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    row, message = page["nodes"]
    assert (row["source"], row["via"], row["filename"], row["place"]) == (
        "bank:icici",
        "chat",
        "a.csv",
        "row 7",
    )
    assert row["difference"] is None
    assert message["code"] == "json.malformed"
    rest = (await ask(LIST, after=page["pageInfo"]["endCursor"]))["data"]["quarantine"]["nodes"]
    assert [one["difference"] for one in rest] == [DIFF]
    only = (await ask(LIST, source="bank:icici"))["data"]["quarantine"]["nodes"]
    assert [one["source"] for one in only] == ["bank:icici"]


@pytest.mark.usefixtures("unread")
async def test_parts_are_set_aside_and_found_among_the_resolved(ask: Ask):
    (row,) = (await ask(LIST, source="bank:icici"))["data"]["quarantine"]["nodes"]
    done = await ask(ASIDE, input={"ids": [row["id"]], "note": "a total"})
    assert done["data"]["setAside"]["parts"] == 1
    done = await ask(ASIDE, input={"source": "payment:razorpay", "code": "json.malformed"})
    assert done["data"]["setAside"]["parts"] == 1
    page = (await ask(LIST, status="RESOLVED"))["data"]["quarantine"]
    assert page["openCount"] == 1
    assert {one["resolution"] for one in page["nodes"]} == {"set_aside"}
    assert codes(await ask(ASIDE, input={"note": "all of it"})) == ["quarantine.which"]


@pytest.mark.usefixtures("unread")
async def test_a_part_is_a_node_for_those_who_may_see_it(ask: Ask):
    (row,) = (await ask(LIST, source="bank:icici"))["data"]["quarantine"]["nodes"]
    query = "query ($id: ID!) { node(id: $id) { __typename id ... on QuarantinedPart { code } } }"
    found = (await ask(query, id=row["id"]))["data"]["node"]
    assert found == {"__typename": "QuarantinedPart", "id": row["id"], "code": "row.amount"}
    assert (await ask(query, id=global_id("QuarantinedPart", uuid7())))["data"]["node"] is None
    for role in (Role.SALES, Role.VIEW):
        assert codes(await ask(query, role=role, id=row["id"])) == ["permission.denied"]
        assert codes(await ask(LIST, role=role)) == ["permission.denied"]
        assert codes(await ask(ASIDE, role=role, input={"source": "bank:icici"})) == ["permission.denied"]
    assert (await ask(LIST, role=Role.FINANCE))["data"]["quarantine"]["openCount"] == 3


async def test_a_source_says_what_waits_and_what_is_new_in_what_it_sends(
    ask: Ask, engine: AsyncEngine, owner: Actor, clock: Any, unread: None
):
    async with transaction(engine, [owner.business_id]) as tx:
        await tx.run(
            "INSERT INTO sources (business_id, name, connector, label, key_hash)"
            " VALUES ($1, 'payment:razorpay', 'razorpay', 'Razorpay', '')",
            owner.business_id,
        )
        await tx.run(
            "INSERT INTO source_fields (business_id, source, version, path, kind, delivery, first_seen_at)"
            " VALUES ($1, 'payment:razorpay', 'v1', 'payload.tip', 'integer', '', $2)",
            owner.business_id, clock.now,
        )  # fmt: skip
    body = await ask("{ sources { name unread newMembers { version path kind firstSeenAt } } }")
    (source,) = body["data"]["sources"]
    assert source["unread"] == 2
    assert [(m["version"], m["path"], m["kind"]) for m in source["newMembers"]] == [
        ("v1", "payload.tip", "integer")
    ]
