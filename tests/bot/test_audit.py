"""The audit trail in the chat: the cards, who may ask, the file behind its link, taken back and dead with the membership."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from xml.etree import ElementTree
from zipfile import ZipFile

import asyncpg
import httpx
import pytest

from bot.cards.audience import Audience
from bot.cards.audit import (
    audit_card,
    audit_file_card,
    audit_for_whom_card,
    audit_from_card,
    audit_until_card,
    span_days,
)
from bot.heads import queue_due_heads
from graph.app import make_app
from kit.settings import Settings
from ledger.commands.people import RemoveMember
from ledger.domain.roles import Role
from ledger.queries.audit import VerifyAudit
from ledger.queries.pages import MyPageLinks
from ledger.views.audit import AuditVerdict
from ledger.views.pages import PageLinkMade
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot
from tests.bot.golden_cards import Cards, check, golden, told
from tests.conftest import SettableClock, TestDatabase
from tests.ledger.rows import rows_of
from tests.ledger.trail import trail

LINK = UUID("019aa000-0000-7000-8000-000000000001")
HEAD = "5e1f09ab77c2d410" + "0" * 48
ALL = AuditVerdict(True, 12_04_318, 0, 12_04_318, HEAD)
SINCE = AuditVerdict(True, 24, 1_180, 1_204, HEAD)
SEALED = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
OCTOBER = {"since": "2026-10-01", "until": "2026-10-31"}
EVIL = '=HYPERLINK("http://evil.example","Pay")'
CA = 3001


def made(page: str) -> PageLinkMade:
    """A link that was just made."""
    return PageLinkMade(LINK, "mun_0_k", page, datetime(2026, 11, 20, 4, 35, tzinfo=UTC))


CARDS: Cards = {
    "audit": lambda to: audit_card(SINCE, SEALED, to),
    "audit_one_more": lambda to: audit_card(
        dataclasses.replace(SINCE, entries=1, sequence=1_181),
        SEALED,
        told(to, Role.VIEW, firm="Mehta <Steel>"),
    ),
    "audit_all": lambda to: audit_card(ALL, None, to),
    "audit_of_very_many": lambda to: audit_card(dataclasses.replace(ALL, more=True), None, to),
    "audit_broken": lambda to: audit_card(
        AuditVerdict(False, 17, 0, 17, HEAD, broken_at=18, fault="changed"), None, to
    ),
    "audit_workbook": lambda to: audit_file_card(
        made("audit_xlsx"), "https://munshi.example/export/audit.xlsx?key=k", {"form": "xlsx", **OCTOBER}, to
    ),
    "audit_lines_as_text": lambda to: audit_file_card(
        made("audit_jsonl"),
        "http://127.0.0.1:8420/export/audit.jsonl?key=k",
        {"form": "jsonl", **OCTOBER},
        to,
    ),
    "audit_from": audit_from_card,
    "audit_until": lambda to: audit_until_card(date(2026, 4, 1), to),
    "audit_for_whom": lambda to: audit_for_whom_card(told(to, Role.SALES)),
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@pytest.mark.parametrize(
    ("span", "today", "days"),
    [
        ("last_month", "2026-11-20", ("2026-10-01", "2026-10-31")),
        ("last_month", "2027-01-01", ("2026-12-01", "2026-12-31")),
        ("last_month", "2028-03-31", ("2028-02-01", "2028-02-29")),
        ("month", "2026-11-20", ("2026-11-01", "2026-11-20")),
        ("year", "2026-11-20", ("2026-04-01", "2026-11-20")),
        ("year", "2027-03-31", ("2026-04-01", "2027-03-31")),
        ("year", "2027-04-01", ("2027-04-01", "2027-04-01")),
        ("last_year", "2026-11-20", ("2025-04-01", "2026-03-31")),
        ("last_year", "2027-02-28", ("2025-04-01", "2026-03-31")),
    ],
)
def test_a_span_is_as_the_calendar_and_the_financial_year_have_it(
    span: str, today: str, days: tuple[str, str]
) -> None:
    first, last = span_days(span, date.fromisoformat(today))
    assert (first.isoformat(), last.isoformat()) == days


# ---- in the chat -----------------------------------------------------------------------------------------
Says = Callable[..., Awaitable[str]]


@pytest.fixture
def says(bot: RunningBot) -> Says:
    """Type words, or tap a label, and return what the chat answers."""

    async def type_(text: str = "", *, tap: str = "", chat: int = RAMESH) -> str:
        before = bot.api.texts(chat)
        if tap:
            bot.api.tap_label(chat, tap)
        else:
            bot.api.types(chat, text)
        await bot.api.until(lambda: bot.api.texts(chat) != before)
        return bot.api.texts(chat)[-1]

    return type_


@pytest.fixture
async def web(bot: RunningBot, clock: SettableClock) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the same business."""
    app = make_app(Settings(), engine=bot.door.engine, clock=clock)
    agent = {"user-agent": "Mozilla/5.0", "accept": "text/html,*/*;q=0.8"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi", headers=agent) as client:
        yield client


def path_in(card: str) -> str:
    found = re.search(r"(/export/\S+)", card)
    assert found is not None, card
    return found[1]


@pytest.mark.parametrize("words", ["/audit", "audit trail", "ऑडिट"])
async def test_owner_and_accountant_are_told_how_it_stands_and_sales_who_may(
    says: Says, join: Join, bot: RunningBot, words: str
) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    await join("Ravi", "sales", RAVI, crm_owner="ravi")
    await join("CA Mehta", "view", CA)
    verdict = await bot.door.query(VerifyAudit(full=True), owner)
    assert f"The records hold · {verdict.sequence} entries" in _plain(await says(words))
    assert "The records hold" in await says(words, chat=CA)
    refused = await says(words, chat=RAVI)
    assert "for the owner, the accounts person and the accountant" in refused


async def test_a_workbook_is_handed_out_and_then_taken_back(
    says: Says, join: Join, bot: RunningBot, web: httpx.AsyncClient
) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    async with rows_of(bot.door.engine, owner.business_id) as rows:
        party = await rows.party(EVIL)
        await rows.posting(party, await rows.invoice(party, 5_000), 5_000)
    await says("/audit")
    path = path_in(await says(tap="This month"))
    book = await web.get(path)
    assert book.status_code == 200
    assert 'filename="munshi-audit-2026-11-01-2026-11-20.xlsx"' in book.headers["content-disposition"]
    _harmless(book.content)
    lines = path_in(await says(tap="As JSON Lines"))
    assert (await web.get(lines)).headers["content-type"] == "application/x-ndjson"
    assert {one.page for one in await bot.door.query(MyPageLinks(), owner)} == {"audit_xlsx", "audit_jsonl"}
    assert "taken back" in await says(tap="Take it back")
    gone = await web.get(lines)
    assert (gone.status_code, "This link doesn&#39;t work any more." in gone.text) == (403, True)
    assert (await web.get(path)).status_code == 200, "the other one works on"
    assert len(await trail(bot.door.engine, owner.business_id, "audit.exported")) == 3


async def test_a_link_of_the_accountants_ends_with_his_membership(
    says: Says, join: Join, bot: RunningBot, web: httpx.AsyncClient
) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    accountant = await join("CA Mehta", "view", CA)
    await says("/audit", chat=CA)
    path = path_in(await says(tap="Last month", chat=CA))
    assert (await web.get(path)).status_code == 200
    assert accountant.member_id is not None
    await bot.door.execute(RemoveMember(accountant.member_id), owner)
    assert (await web.get(path)).status_code == 403


async def test_a_link_ends_within_the_hour(
    says: Says, join: Join, web: httpx.AsyncClient, clock: SettableClock
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await says("/audit")
    path = path_in(await says(tap="FY 2026-27"))
    clock.advance(minutes=59)
    assert (await web.get(path)).status_code == 200
    clock.advance(minutes=1)
    assert (await web.get(path)).status_code == 403


async def test_another_period_is_typed_day_by_day_in_any_order(says: Says, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    await says("/audit")
    assert (await says(tap="Other period")).startswith("From which day?")
    assert "is still to come" in await says("1 Jan 2027")
    assert (await says("15 Oct 2026")) == "From 15 Oct 2026. Until which day?"
    assert "1 Oct 2026 to 15 Oct 2026" in await says("1 oct 2026")
    await says("/audit")
    await says(tap="Other period")
    await says("10 nov")
    assert "10 Nov 2026 to 20 Nov 2026" in await says(tap="Today")


async def test_all_is_checked_at_a_tap_and_the_evenings_seal_is_told_as_ever(
    says: Says, join: Join, bot: RunningBot, clock: SettableClock
) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    await _sealed(bot, clock)
    looked = _plain(await says("audit"))
    assert "yesterday 9:00 pm, and the one after it just now." in looked
    checked = _plain(await says(tap="Check all now"))
    assert "All of them checked just now, from the first one." in checked
    verdict = await bot.door.query(VerifyAudit(full=True), owner)
    head = " ".join(verdict.head[at : at + 4] for at in range(0, 16, 4))
    assert f"entry {verdict.sequence} · {head}" in checked, "nothing was noted by looking"


async def test_that_the_records_were_changed_is_said_with_what_to_do(
    says: Says, join: Join, database: TestDatabase
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _tampered(database)
    card = await says("/audit")
    assert "The records don't hold" in card
    assert "From entry 2 on they aren't what I wrote." in card
    assert "Show this to whoever looks after the server" in card


async def test_what_was_changed_before_the_last_check_is_found_by_checking_all(
    says: Says, join: Join, bot: RunningBot, clock: SettableClock, database: TestDatabase
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _sealed(bot, clock)
    await _tampered(database)
    assert "Checked up to entry" in await says("/audit")
    assert "From entry 2 on they aren't what I wrote." in await says(tap="Check all now")


async def _sealed(bot: RunningBot, clock: SettableClock) -> None:
    """The evening's seal was told, and it is the next morning."""
    clock.now = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    assert await queue_due_heads(bot.door, clock.now) == 1
    await bot.api.until(lambda: any("Seal of the records" in text for text in bot.api.texts(RAMESH)))
    clock.now += timedelta(hours=12)


async def _tampered(database: TestDatabase) -> None:
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE audit SET actor = 'member:x' WHERE sequence = 2")
    await admin.close()


def _plain(card: str) -> str:
    return re.sub(r"<[^>]+>", "", card)


def _harmless(book: bytes) -> None:
    """No cell of a workbook is a formula or a link, whatever the parties are called."""
    said: list[str] = []
    with ZipFile(io.BytesIO(book)) as packed:
        for name in packed.namelist():
            if name.startswith("xl/worksheets/sheet"):
                cells = list(ElementTree.fromstring(packed.read(name)).iter())
                assert not [one for one in cells if one.tag.endswith(("}f", "}hyperlink"))], name
                said += [one.text or "" for one in cells if one.tag.endswith("}t")]
    assert EVIL in said
