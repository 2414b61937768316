"""Links to pages in the chat: the cards, and a link that is asked for, opened, and taken back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import httpx
from starlette.applications import Starlette

from bot.cards.audience import Audience
from bot.cards.pages import asked, page_card, page_revoked_card
from graph.pages.routes import page_routes
from ledger.views.pages import PageLinkMade
from tests.bot import sample_views as sample
from tests.bot.conftest import RAMESH, Join, RunningBot
from tests.bot.golden_cards import Cards, check, golden
from tests.ledger.rows import rows_of

LINK = UUID("019aa000-0000-7000-8000-000000000001")
ENDS = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
SAFE = "https://munshi.example/v/mun_0_k"


def made(page: str) -> PageLinkMade:
    """A link that was just made."""
    return PageLinkMade(LINK, "mun_0_k", page, ENDS)


CARDS: Cards = {
    "page_customer": lambda to: page_card(
        made("customer"), SAFE, "Sharma <Traders>", asked("customer", str(sample.SHARMA)), to
    ),
    "page_ledger_for_a_week": lambda to: page_card(
        made("ledger"), SAFE, "Sharma Traders", asked("ledger", str(sample.SHARMA), hours=168), to
    ),
    "page_tie_out": lambda to: page_card(made("tie_out"), SAFE, "", asked("tie_out"), to),
    "page_front_as_text": lambda to: page_card(
        made("front"), "http://127.0.0.1:8420/v/mun_0_k", "", asked("front"), to
    ),
    "page_revoked": page_revoked_card,
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


async def test_a_page_of_all_firms_is_asked_for_opened_and_taken_back(bot: RunningBot, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    async with rows_of(bot.door.engine, ramesh.business_id) as rows:
        await rows.party("Sharma Traders")
    bot.api.types(RAMESH, "/pages")
    await bot.api.until(lambda: "Your firms at a glance" in "".join(bot.api.texts(RAMESH)[-1:]))
    found = re.search(r"(/v/mun_\S+)", bot.api.texts(RAMESH)[-1])
    assert found is not None
    transport = httpx.ASGITransport(app=Starlette(routes=page_routes(bot.door)))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://munshi", headers={"user-agent": "Mozilla/5.0"}
    ) as web:
        page = await web.get(found[1])
        assert page.status_code == 200
        assert "Sharma Services" in page.text
        bot.api.tap_label(RAMESH, "Take it back")
        await bot.api.until(lambda: any("taken back" in text for text in bot.api.texts(RAMESH)[-2:]))
        assert (await web.get(found[1])).status_code == 404
