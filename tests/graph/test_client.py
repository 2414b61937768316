"""The example client against the real application: it pages, answers once, and follows what the errors say."""

from __future__ import annotations

import httpx
import pytest

from graph.examples import client as example
from graph.examples.client import AlreadyAnswered, ApiError, LookAgain, Munshi, Resolved
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
