"""Questions over GraphQL: asked with their answers, answered for the version that was seen, taken back, put off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from kit.database import transaction
from kit.ids import digest
from kit.settings import Settings
from ledger.commands import CreateToken, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, system
from ledger.store.append import append

OPEN = """{ conflicts { openCount edges { cursor } pageInfo { hasNextPage endCursor } nodes { id version status title lines
  quote why answers { id label } party { name net { formatted } } amount { formatted } canUndo } } }"""


class Desk:
    """A firm with one unmatched bank credit, and its owner's token."""

    def __init__(self, door: Door, engine: AsyncEngine, owner: Actor, clock: Any) -> None:
        self.door, self.engine, self.owner, self.clock = door, engine, owner, clock
        self.rung: list[Any] = []
        self.client: httpx.AsyncClient
        self.token = ""

    async def say(self, source: str, event_type: str, kind: str, name: str, /, **data: Any) -> None:
        """Append one event."""
        event = NewEvent(uuid4().hex, event_type, kind, name, self.clock.now, "instant", data)
        body = event.source_event_id.encode()
        delivery = Delivery(
            self.owner.business_id, source, "webhook", digest(body), body, self.clock.now, events=(event,)
        )
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            await append(tx, [delivery])

    async def settle(self) -> None:
        """Drain, let the quiet window pass, and drain again."""
        for minutes in (0, 10):
            self.clock.advance(minutes=minutes)
            while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
                pass

    async def ask(self, query: str, **variables: Any) -> Any:
        """Post a query."""
        response = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.token}"},
        )
        return response.json()


@pytest.fixture
async def desk(door: Door, engine: AsyncEngine, owner: Actor, clock: Any) -> AsyncIterator[Desk]:
    """A desk with one open question about two bills."""
    made = Desk(door, engine, owner, clock)
    for number, amount in (("INV-102", 3_422_000), ("INV-107", 2_360_000)):
        await made.say(
            "standard:books", "invoice.issued", "invoice", number, number=number, amount=amount, currency="INR",
            party={"id": "C-1", "name": "Sharma Traders"}, issued_on="2026-10-15", due_on="2026-11-14",
            base=amount * 50 // 59,
        )  # fmt: skip
    await made.say(
        "bank:icici", "bank.credited", "bank_line", "L-1", amount=5_684_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-HDFCN52026111800-SHARMA TRADERS", channel="NEFT",
        payer={"name": "SHARMA TRADERS"},
    )  # fmt: skip
    await made.settle()
    assert owner.member_id is not None
    made.token = await door.execute(CreateToken(owner.member_id, "test"), owner)

    async def ring(businesses: Any) -> None:
        made.rung.append(set(businesses))

    app = make_app(Settings(), engine=engine, clock=clock, ring=ring)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:
        made.client = client
        yield made


async def test_a_question_is_answered_once_for_what_was_seen_and_taken_back(desk: Desk) -> None:
    page = (await desk.ask(OPEN))["data"]["conflicts"]
    assert (page["openCount"], len(page["nodes"]), len(page["edges"])) == (1, 1, 1)
    question = page["nodes"][0]
    assert question["title"].startswith("₹56,840 came from Sharma Traders")
    assert question["amount"] == {"formatted": "₹56,840"}
    assert question["answers"][0]["label"] == "Yes"
    answer = """mutation ($input: ResolveConflictInput!) { resolveConflict(input: $input) {
      ... on ConflictPayload { conflict { id status version answer answerLabel answeredBy canUndo
        party { net { formatted } } } }
      ... on Outcome { code message remedy }
      ... on AlreadyAnswered { answer answerLabel answeredBy answeredAt conflict { status } }
      ... on EvidenceChanged { conflict { id version } } } }"""
    seen = {
        "conflictId": question["id"],
        "answer": question["answers"][0]["id"],
        "version": question["version"],
    }
    stale = await desk.ask(answer, input={**seen, "version": question["version"] - 1})
    changed = stale["data"]["resolveConflict"]
    assert (changed["code"], changed["conflict"]["version"]) == ("conflict.changed", question["version"])
    assert desk.rung == []
    done = (await desk.ask(answer, input=seen))["data"]["resolveConflict"]["conflict"]
    assert (done["status"], done["answeredBy"], done["canUndo"]) == ("resolved", "Ramesh", True)
    assert done["answerLabel"].startswith("Yes: INV-10")
    assert desk.rung == [{desk.owner.business_id}]
    twice = await desk.ask(answer, input=seen)
    late = twice["data"]["resolveConflict"]
    assert (late["code"], late["answeredBy"], late["answer"]) == (
        "conflict.answered",
        "Ramesh",
        seen["answer"],
    )
    assert (late["answerLabel"], late["conflict"]) == (done["answerLabel"], {"status": "resolved"})
    assert f"Ramesh answered “{done['answerLabel']}”" in late["message"]
    await desk.settle()
    assert (await desk.ask("{ receivables { nodes { number } } }"))["data"]["receivables"]["nodes"] == []
    past = await desk.ask(
        """{ before: receivables(asOf: "2026-11-17") { nodes { number outstanding { minor } dueOn } }
             after: receivables(asOf: "2026-11-20") { nodes { number } }
             parties { nodes { name timeline { nodes { source summary } } } } }"""
    )
    before = [(b["number"], b["outstanding"]["minor"], b["dueOn"]) for b in past["data"]["before"]["nodes"]]
    assert sorted(before) == [("INV-102", 3_422_000, "2026-11-14"), ("INV-107", 2_360_000, "2026-11-14")]
    assert past["data"]["after"]["nodes"] == []
    said = [entry["summary"] for entry in past["data"]["parties"]["nodes"][0]["timeline"]["nodes"]]
    assert "Invoice INV-102 for ₹34,220, due Sat 14 Nov 2026" in said
    assert "₹56,840 came into ICICI by NEFT" in said
    assert "Decided which bills this money pays" in said
    undo = 'mutation ($id: ID!) { reopenConflict(input: {conflictId: $id, note: "a slip"}) { ... on ConflictPayload { conflict { status answer } } } }'
    undone = (await desk.ask(undo, id=question["id"]))["data"]["reopenConflict"]["conflict"]
    assert undone == {"status": "open", "answer": None}
    await desk.settle()
    left = (await desk.ask("{ receivables { nodes { number } } }"))["data"]["receivables"]["nodes"]
    assert {bill["number"] for bill in left} == {"INV-102", "INV-107"}


async def test_a_question_is_found_by_its_id_and_put_off(desk: Desk) -> None:
    question = (await desk.ask(OPEN))["data"]["conflicts"]["nodes"][0]
    found = await desk.ask(
        "query ($id: ID!) { conflict(id: $id) { title } node(id: $id) { id __typename } }", id=question["id"]
    )
    assert found["data"] == {
        "conflict": {"title": question["title"]},
        "node": {"id": question["id"], "__typename": "Conflict"},
    }
    later = "mutation ($input: SnoozeConflictInput!) { snoozeConflict(input: $input) { ... on ConflictPayload { conflict { status } } ... on Outcome { code } } }"
    naive = await desk.ask(later, input={"conflictId": question["id"], "until": "2026-11-25T09:00:00"})
    assert [e["extensions"]["code"] for e in naive["errors"]] == ["time.naive"]
    until = (desk.clock.now + timedelta(days=2)).isoformat()
    put_off = await desk.ask(later, input={"conflictId": question["id"], "until": until})
    assert put_off["data"]["snoozeConflict"]["conflict"]["status"] == "snoozed"
    assert (await desk.ask(OPEN))["data"]["conflicts"]["openCount"] == 0
    snoozed = await desk.ask("{ conflicts(status: SNOOZED) { nodes { id } } }")
    assert snoozed["data"]["conflicts"]["nodes"] == [{"id": question["id"]}]
    wrong = await desk.ask(
        "mutation ($input: ResolveConflictInput!) { resolveConflict(input: $input) { ... on ConflictPayload { conflict { id } } } }",
        input={"conflictId": question["id"], "answer": "\x00"},
    )
    assert [e["extensions"]["code"] for e in wrong["errors"]] == ["text.characters"]
