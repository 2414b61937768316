"""The link on a CRM's record: into the chat, and nothing of the firm on the way."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from graph.party_links import party_link_route
from kit.settings import Settings


async def opened(path: str, **values: str) -> httpx.Response:
    app = Starlette(routes=[party_link_route(Settings(**values))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:
        return await client.get(path)


async def test_it_leads_into_the_bots_chat() -> None:
    party = uuid4()
    answer = await opened(f"/c/{party}", chat_url="https://t.me/OurMunshiBot", munshi_env="production")
    assert answer.headers["location"] == f"https://t.me/OurMunshiBot?start=c_{party.hex}"
    assert len(f"c_{party.hex}") <= 64, "Telegram's limit of a start parameter"


async def test_in_development_it_leads_to_the_phone() -> None:
    answer = await opened(f"/c/{uuid4()}", munshi_env="development", public_url="http://127.0.0.1:8420")
    assert answer.headers["location"].startswith("http://127.0.0.1:8420/phone?start=c_")


@pytest.mark.parametrize(
    ("path", "status"), [("/c/00000000-0000-4000-8000-000000000001", 200), ("/c/sharma", 404)]
)
async def test_without_a_chat_it_says_what_to_do_and_tells_nothing(path: str, status: int) -> None:
    answer = await opened(path, munshi_env="production")
    assert answer.status_code == status
    assert "chat" in answer.text or "link" in answer.text
