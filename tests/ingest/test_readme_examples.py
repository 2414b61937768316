"""The examples of the standard connector's README, run as they are printed against a listening endpoint."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema
import pytest
import uvicorn
from starlette.applications import Starlette

from ingest.door import Appender
from ingest.rejections import RejectionTrail
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.database import transaction

FOLDER = resources.files("connectors.standard")
README = (FOLDER / "README.md").read_text("utf-8")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def examples(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [str(text) for text in found]


def example(language: str) -> str:
    return examples(language)[0]


@pytest.fixture
async def address(engine: Any, sources: Any, connect: Any, free_port: int) -> AsyncIterator[str]:
    """An endpoint that listens, with the true clock, and its address for a source."""
    key = await connect("standard:crm", "standard", secrets=(SECRET,))
    endpoint = WebhookEndpoint(
        sources,
        Appender(engine),
        trail=RejectionTrail(engine),
        clock=lambda: datetime.now(UTC),
        max_body_bytes=64 * 1024,
    )
    config = uvicorn.Config(
        Starlette(routes=[webhook_route(endpoint)]), host="127.0.0.1", port=free_port, log_level="error"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn offers no event)
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{free_port}/ingest/{key}"
    server.should_exit = True
    await task


async def types(engine: Any, business: Any) -> list[str]:
    async with transaction(engine, [business]) as tx:
        return [row["event_type"] for row in await tx.fetch("SELECT event_type FROM external_events")]


async def test_the_curl_example_is_accepted(address, engine, business):
    for tool in ("bash", "curl", "openssl", "od"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on this machine")
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        example("bash"),
        env={**os.environ, "ADDRESS": address, "SECRET": SECRET, "no_proxy": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(out)["accepted"] == 1
    assert await types(engine, business) == ["party.upserted"]


async def test_the_python_example_is_accepted_and_its_event_is_valid(address, engine, business, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    event = json.loads(example("json"))
    for text in examples("json"):
        jsonschema.Draft202012Validator(json.loads((FOLDER / "schema.json").read_bytes())).validate(
            json.loads(text)
        )
    names: dict[str, Any] = {}
    exec(example("python"), names)
    for expected in (202, 202):
        assert await asyncio.to_thread(names["send"], address, SECRET, "msg_1", event) == expected
    assert await types(engine, business) == ["invoice.issued"]


def test_the_table_of_types_names_types_that_there_are():
    named = re.findall(r"^\|[^|]+\| `([a-z_]+\.[a-z_]+)` \|", README, re.MULTILINE)
    kinds = json.loads((FOLDER / "schema.json").read_bytes())["x-kinds"]
    assert len(named) == 8
    assert set(named) <= set(kinds)
