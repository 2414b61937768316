"""`munshi webhook`: added, tested against a program that answers, told again, switched, removed."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from kit.standard_webhooks import verify
from tests.vendors.serving import Fault, Faulty, serving
from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  (a fixture)


async def _take(_: object) -> Response:
    return Response(b"", 204)


def test_an_endpoint_is_added_tested_and_removed(
    munshi: Munshi,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBHOOK_PRIVATE_ADDRESSES", "true")
    receiver = Faulty(Starlette(routes=[Route("/hook", _take, methods=["POST"])]))
    with serving(receiver) as base:
        munshi("init", "Kaveri Services", "--owner", "Ramesh")
        made = result(
            munshi(
                "webhook", "add", f"{base}/hook", "--label", "Books", "--event", "money.received", "--json"
            )
        )
        assert made["secret"].startswith("whsec_")
        told = result(munshi("webhook", "test", "books", "--json"))
        assert (told["status"], told["error"], told["event"]) == (204, None, "webhook.test")
        (call,) = receiver.calls
        from datetime import UTC, datetime

        verify(call.headers, call.body, secrets=[made["secret"]], now=datetime.now(UTC))
        receiver.next(Fault(status=500))
        failed = munshi("webhook", "test", str(made["id"])[-8:], "--json")
        assert failed.returncode == 1
        assert "webhook.status_5xx" in failed.stdout
        rows = result(munshi("webhook", "tries", "Books", "--json"))
        assert [row["status"] for row in rows] == [500, 204]
        assert [
            row["status"] for row in result(munshi("webhook", "tries", "Books", "--failed", "--json"))
        ] == [500]
        seen = munshi("webhook", "tries", "Books").stdout
        assert re.search(r"\d\d \w{3} \d\d:\d\d:\d\d +webhook\.test", seen), (
            "when, as this computer's clock has it"
        )
        fresh = result(munshi("webhook", "rotate", "Books", "--json"))
        assert fresh["secret"] != made["secret"]
        assert result(munshi("webhook", "replay", "Books", "--after", "0", "--json"))["sequence"] == 0
        munshi("webhook", "switch", "Books", "--off")
        (listed,) = result(munshi("webhook", "list", "--json"))
        assert (listed["enabled"], listed["off_because"], listed["events"]) == (
            False,
            "owner",
            ["money.received"],
        )
        assert "off (owner)" in munshi("webhook", "list").stdout
        munshi("webhook", "switch", "Books", "--on")
        munshi("webhook", "remove", "Books")
        assert result(munshi("webhook", "list", "--json")) == []
    assert complaint(munshi("webhook", "test", "Books", "--json"))["code"] == "webhook.unknown"
    assert result(munshi("audit", "verify", "--json"))["holds"]


def test_an_address_inside_is_refused(munshi: Munshi) -> None:  # noqa: F811
    munshi("init", "Kaveri Services", "--owner", "Ramesh")
    refused = munshi("webhook", "add", "https://10.0.0.7/hook", "--json")
    assert (complaint(refused)["code"], refused.returncode) == ("address.inside", 2)
