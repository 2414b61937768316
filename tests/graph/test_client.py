"""The example client against the real application: it pages, answers once, and follows what the errors say."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from graph.examples import client as example
from graph.examples.client import AlreadyAnswered, ApiError, LookAgain, Munshi, Resolved
from ledger.commands.workflow import LinkParties
from tests.graph.test_questions import Desk, desk  # noqa: F401  fixture


async def test_it_pages_through_all_bills(desk: Desk) -> None:  # noqa: F811
    for number in range(60):
        await desk.say(
            "standard:books", "invoice.issued", "invoice", f"N-{number}", number=f"N-{number}", amount=100 + number,
            currency="INR", party={"id": "C-2", "name": "Gupta Steel"}, issued_on="2026-10-15", due_on="2026-11-14",
        )  # fmt: skip
    await desk.settle()
    bills = [bill async for bill in Munshi(desk.client, desk.token).receivables()]
    assert len(bills) == len({bill.id for bill in bills}) == 62
    assert {bill.party.name for bill in bills} == {"Sharma Traders", "Gupta Steel"}
    assert {bill.outstanding.currency for bill in bills} == {"INR"}


async def test_it_keeps_a_copy(desk: Desk) -> None:  # noqa: F811
    munshi = Munshi(desk.client, desk.token)

    async def same_as_a_fresh_one() -> None:
        await munshi.catch_up(copy)
        fresh = await munshi.copy()
        assert (copy.parties, copy.bills) == (fresh.parties, fresh.bills)

    copy = await munshi.copy()
    assert {party.name for party in copy.parties.values()} == {"Sharma Traders"}
    assert len(copy.bills) == 2
    place = copy.last
    await same_as_a_fresh_one()
    assert copy.last == place, "nothing of it changed"
    for number in range(130):
        await desk.say(
            "standard:books", "invoice.issued", "invoice", f"N-{number}", number=f"N-{number}", amount=100,
            currency="INR", party={"id": "C-2", "name": "Gupta Steel"}, issued_on="2026-10-15",
        )  # fmt: skip
    await desk.say("standard:books", "party.upserted", "party", "C-3", name="Tiny Tools", terms_days=30)
    await desk.settle()
    await same_as_a_fresh_one()
    assert (len(copy.parties), len(copy.bills)) == (3, 132)
    desk.clock.now += timedelta(minutes=1)
    await desk.say("standard:books", "party.upserted", "party", "C-3", name="Tiny Tools Ltd", terms_days=45)
    await desk.settle()
    await same_as_a_fresh_one()
    (tools,) = (one for one in copy.parties.values() if one.name == "Tiny Tools Ltd")
    assert {"terms_days": "45"}.items() <= {one.name: one.value for one in tools.attributes}.items()
    keys = [UUID(b64decode(key).decode().partition(":")[2]) for key in copy.parties]
    await desk.door.execute(LinkParties(keys[0], keys[1]), desk.owner)
    await desk.settle()
    await same_as_a_fresh_one()
    assert len(copy.parties) == 2


async def test_it_answers_a_question_once_and_hears_who_was_faster(desk: Desk) -> None:  # noqa: F811
    munshi = Munshi(desk.client, desk.token)
    (question,) = await munshi.questions()
    stale = question.model_copy(update={"version": question.version - 1})
    looked = await munshi.resolve(stale, question.answers[0])
    assert isinstance(looked, LookAgain)
    assert looked.code == "conflict.changed"
    first = await munshi.resolve(question, question.answers[0], key="mine")
    again = await munshi.resolve(question, question.answers[0], key="mine")
    assert isinstance(first, Resolved)
    assert first == again
    late = await munshi.resolve(question, question.answers[0])
    assert isinstance(late, AlreadyAnswered)
    assert late.answered_by == "Ramesh"


async def test_it_follows_errors(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    with pytest.raises(ApiError) as denied:
        await Munshi(desk.client, "wrong").questions()
    assert (denied.value.code, denied.value.kind) == ("token.unknown", "denied")
    munshi = Munshi(desk.client, desk.token)
    (question,) = await munshi.questions()
    with pytest.raises(ApiError) as refused:
        await munshi.resolve(question, question.answers[0].model_copy(update={"id": "no such"}))
    assert (refused.value.code, refused.value.field) == ("answer.unknown", "input.answer")
    monkeypatch.setattr(example, "PAUSE", 0)
    calls: list[str] = []

    def flaky(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        if len(calls) == 1:
            raise httpx.ConnectError("gone", request=request)
        if len(calls) == 2:
            error = {"message": "Slow.", "extensions": {"code": "query.timeout", "kind": "retryable"}}
            return httpx.Response(200, json={"data": None, "errors": [error]})
        return httpx.Response(200, json={"data": {"conflicts": {"nodes": []}}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(flaky), base_url="http://munshi") as http:
        assert await Munshi(http, "t").questions() == []
    assert len(calls) == 3
