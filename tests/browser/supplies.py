"""Kulkarni Supplies for tests in a browser: the firm founded, every program running, its news sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx
import pytest

from bot.phone import DEMO_TOKEN
from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from ingest.sources import Sources
from kit.clock import business_day, system_clock
from kit.database import make_engine
from kit.ids import uuid7
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import AddBusiness, AddMember, AddSource, CreateLinkCode, CreateToken, SweepBusiness
from ledger.commands.settings import SetQuietHours
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from tests.conftest import TestDatabase
from tests.workers.programs import program
from workers.simulator import bank
from workers.simulator.entities import BankLine, Truth, moment
from workers.simulator.feeds import Address, send
from workers.simulator.messages import Message, standard
from workers.simulator.treasury import ACCOUNT, run_balance

INDIA = "Asia/Kolkata"
BOOKS = "standard:books"
SHARMA, GUPTA, MEHTA = (
    {"id": code, "name": name, "phone": phone}
    for code, name, phone in (
        ("c1", "Sharma Traders", "+91 98200 12345"),
        ("c2", "Gupta Steel", "+91 98200 23456"),
        ("c3", "Mehta Foods", "+91 98200 34567"),
    )
)
REP = "ravi"
PATIENCE = 30.0
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Firm:
    """Sharma's supplier, running: where, and the keys to it."""

    url: str
    code: str
    rep_code: str
    token: str
    business: UUID
    database: TestDatabase
    logs: Path

    def ask(self, query: str) -> dict[str, Any]:
        """Ask GraphQL over HTTP, as any tool would."""
        headers = {"authorization": f"Bearer {self.token}"}
        reply = httpx.post(f"{self.url}/graphql", json={"query": query}, headers=headers, timeout=10)
        answer = reply.json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    @property
    def today(self) -> date:
        """Which day it is where the firm is."""
        return business_day(system_clock(), INDIA)

    def open_bills(self) -> dict[str, int]:
        """What is outstanding by bill number, in paise."""
        bills = self.ask("{ receivables { nodes { number outstanding { minor } } } }")["receivables"]["nodes"]
        return {bill["number"]: bill["outstanding"]["minor"] for bill in bills}

    def until(self, look: Callable[[], Found], what: str) -> Found:
        """Look until what is found is true."""
        deadline = monotonic() + PATIENCE
        while not (found := look()):
            if monotonic() > deadline:
                logs = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in self.logs.glob("*.log"))
                raise AssertionError(f"{what} did not come\n{logs}")
            sleep(0.05)
        return found


@pytest.fixture
def firm(
    database: TestDatabase, redis_url: str, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Firm]:
    """Found the firm, start every program, and send its news: out of order, and much of it twice."""
    url = f"http://127.0.0.1:{free_port}"
    for name, value in {
        "MUNSHI_ENV": "development",
        "MUNSHI_HOME": str(tmp_path / "home"),
        "MUNSHI_SECRET_KEY": new_seal_key(),
        "DATABASE_URL": database.url,
        "REDIS_URL": redis_url,
        "HOST": "127.0.0.1",
        "PORT": str(free_port),
        "PUBLIC_URL": url,
        "TELEGRAM_BOT_TOKEN": DEMO_TOKEN,
        "TELEGRAM_API_BASE": f"{url}/phone/api",
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    process_seal.cache_clear()
    with ExitStack() as running:
        for module in ("graph", "workers", "workers.scheduler", "bot"):
            log = tmp_path / f"{module}.log"
            running.enter_context(program(module, log=log, database_url=database.url, redis_url=redis_url))
        made = asyncio.run(_found(url, database, tmp_path))
        yield made
    settings.cache_clear()
    process_seal.cache_clear()


def conflicts(firm: Firm, status: str) -> list[dict[str, Any]]:
    """Ask GraphQL for the questions of a status, with what their customers owe."""
    found: list[dict[str, Any]] = firm.ask(
        f"{{ conflicts(status: {status}) {{ nodes {{ answerLabel answeredBy party {{ name net {{ minor }} }} }} }} }}"
    )["conflicts"]["nodes"]
    return found


def question_is_due(firm: Firm) -> bool:
    """Whether the one question is asked."""
    # The rule waits half a minute for the other half of a burst; we end its waiting rather than wait.
    return asyncio.run(_end_waiting(firm)) and len(conflicts(firm, "OPEN")) == 1


async def _end_waiting(firm: Firm) -> bool:
    connection = await asyncpg.connect(firm.database.admin_url)
    try:
        done = await connection.execute(
            "UPDATE conflicts SET due_at = now() - interval '1 minute' WHERE business_id = $1 AND status = 'waiting'",
            firm.business,
        )
    finally:
        await connection.close()
    if done != "UPDATE 0":
        engine = make_engine(firm.database.url, application="munshi-test")
        await Door(engine).execute(SweepBusiness(), system(firm.business, "test"))
        await engine.dispose()
    return True


# ---- the firm and its news -------------------------------------------------------------------------
async def _found(url: str, database: TestDatabase, logs: Path) -> Firm:
    engine = make_engine(database.url, application="munshi-test")
    door, business = Door(engine), uuid7()
    clerk = system(business, "test")
    await door.execute(AddBusiness(business, "Kulkarni Supplies", timezone=INDIA), clerk)
    owner = await door.execute(AddMember(name="Ramesh Kulkarni", role="owner"), clerk)
    rep = await door.execute(AddMember(name="Ravi Jadhav", role="sales", crm_owner=REP), clerk)
    for member, role in ((owner, Role.OWNER), (rep, Role.SALES)):  # the test runs at any hour
        await door.execute(SetQuietHours(time(0), time(0)), Actor(business, role, "test", member_id=member))
    feed = await door.execute(AddSource(name=BOOKS, connector="standard", label="Books", settings={}), clerk)
    await door.execute(
        AddSource(name=bank.SOURCE, connector="bank", label="ICICI ··4421", settings={"account": ACCOUNT}),
        clerk,
    )
    firm = Firm(
        url=url,
        code=await door.execute(CreateLinkCode(owner), clerk),
        rep_code=await door.execute(CreateLinkCode(rep), clerk),
        token=await door.execute(CreateToken(member_id=owner, label="test"), clerk),
        business=business,
        database=database,
        logs=logs,
    )
    today = business_day(system_clock(), INDIA)
    source = await Sources(engine, seal=process_seal).by_name(business, bank.SOURCE)
    for name, body in (_statement(today), _statement(today)):  # forwarded twice, before the bills are known
        inbound = Inbound(body=body, filename=name)
        await import_file(Appender(engine), source, inbound, via="file", now=system_clock())
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await _until_it_answers(client)
        addresses = {BOOKS: Address(feed.key, feed.secret)}
        sent = await send(client, _out_of_order(_news(today)), addresses, clock=system_clock)
    assert (sent.refused, sent.given_up) == ({}, 0)
    await engine.dispose()
    return firm


async def _until_it_answers(client: httpx.AsyncClient) -> None:
    deadline = monotonic() + PATIENCE
    while True:
        try:
            if (await client.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert monotonic() < deadline, "the api does not answer"
        await asyncio.sleep(0.05)


def _out_of_order(news: list[Message]) -> list[Message]:
    order = [*reversed(news), *news[::2]]
    Random(7).shuffle(order)  # the same disorder each time
    return order


def _news(today: date) -> list[Message]:
    def bill(number: str, party: dict[str, str], rupees: int, late: int) -> Message:
        due, amount = today - timedelta(days=late), rupees * 100
        issued = due - timedelta(days=30)
        base = amount * 100 // 118
        data = {
            "id": f"invoice/{number}", "number": number, "party": party, "currency": "INR", "amount": amount,
            "base": base, "tax": amount - base, "issued_on": issued.isoformat(), "due_on": due.isoformat(),
        }  # fmt: skip
        return standard(BOOKS, "invoice.issued", moment(issued, 18), data)

    day = today - timedelta(days=5)
    received = {
        "id": "RCT-9", "party": MEHTA, "amount": 5_900_00, "currency": "INR", "method": "neft", "into": "bank",
        "paid_on": day.isoformat(), "references": {"utr": ["SBINN52026111599"], "invoices": ["INV-099"]},
    }  # fmt: skip
    owed = {
        "id": "bill/ASE-7", "number": "ASE-7", "party": {"id": "v1", "name": "Apex Security"}, "amount": 12_000_00,
        "currency": "INR", "issued_on": day.isoformat(), "due_on": (today + timedelta(days=3)).isoformat(),
    }  # fmt: skip
    known = {**GUPTA, "owner": REP, "roles": ["customer"]}
    return [
        standard(BOOKS, "party.upserted", moment(day, 9), known),
        bill("INV-102", SHARMA, 34_220, late=47),
        bill("INV-107", SHARMA, 23_600, late=20),
        bill("INV-110", GUPTA, 90_000, late=12),
        bill("INV-120", MEHTA, 11_800, late=-20),
        bill("INV-099", MEHTA, 5_900, late=8),
        standard(BOOKS, "payment.received", moment(day, 19), received),
        standard(BOOKS, "bill.received", moment(day, 18), owed),
    ]


def _statement(today: date) -> tuple[str, bytes]:
    def at(days: int) -> datetime:
        return moment(today - timedelta(days=days), 11)

    lines = run_balance(
        [
            BankLine(at(5), 5_900_00, "NEFT-SBINN52026111599-MEHTA FOODS-INV-099", Truth("receipt")),
            BankLine(at(2), -1_180_00, "BRN-ACCT CHARGES-INCL GST", Truth("bank_charge")),
            BankLine(at(1), 56_840_00, "NEFT-HDFCN52026111800-SHARMA TRADERS", Truth("receipt")),
        ],
        3_28_550_00,
    )
    since, until = today - timedelta(days=7), today - timedelta(days=1)
    return bank.file_name(since, until), bank.statement(lines, since, until)
