"""The agent end to end over HTTP: a TallyPrime in memory → the agent → our webhook endpoint → log → read tables.

Throughout, what each party owes in Munshi is what its ledger says in Tally.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from ingest.rejections import RejectionTrail
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.database import transaction
from kit.errors import Rejected
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import AddSource, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.roles import system
from tests.conftest import SettableClock
from tests.vendors.serving import Fault, Faulty, serving
from tests.vendors.tally import Company, Tally, day_book, meena_traders, receive, sell
from workers.simulator.tally import Instrument, OpeningBill, Part
from workers.tally_agent.command import OWNER_NEEDED, TRY_LATER, one_round
from workers.tally_agent.config import Config
from workers.tally_agent.memory import Memory
from workers.tally_agent.port import Port
from workers.tally_agent.posting import Post
from workers.tally_agent.rounds import Round

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Office:
    """The owner's PC with its Tally, and Munshi somewhere else."""

    engine: AsyncEngine
    clock: SettableClock
    business: UUID
    address: str
    secret: str
    state: Path
    tally: Tally
    port: Faulty
    tally_url: str
    munshi: Faulty
    company: str = ""
    slept: list[float] = field(default_factory=list)

    @property
    def books(self) -> Company:
        """The first company."""
        return self.tally.companies[0]

    def round(self, *, patience: float = 20.0, believe: bool = False) -> int:
        """Do one round with what the state file remembers; returns its exit code."""
        config = Config(self.tally_url, self.address, self.secret, self.company)
        port = Port(self.tally_url, pause=0.0, patience=patience)
        post = Post(self.address, self.secret, clock=self.clock, sleep=self.slept.append)
        try:
            return one_round(Round(config, port, post, Memory(self.state), clock=self.clock, believe=believe))
        finally:
            port.close()
            post.close()

    async def run(self, **how: Any) -> int:
        """Do one round beside the test, then drain."""
        code = await asyncio.to_thread(lambda: self.round(**how))
        await self.drain()
        return code

    async def drain(self) -> None:
        door = Door(self.engine, clock=self.clock)
        while (await door.execute(DrainBusiness(), system(self.business, "drainer"))).more:
            pass

    async def rows(self, sql: str) -> list[Any]:
        async with transaction(self.engine, [self.business]) as tx:
            return await tx.fetch(sql)

    async def owed(self) -> dict[str, int]:
        """What customers owe us, less what we owe vendors, by party (paise)."""
        found = await self.rows(
            "SELECT p.name, sum(CASE t.side WHEN 'receivable' THEN t.amount ELSE -t.amount END)::bigint AS amount"
            " FROM postings t JOIN parties p ON p.business_id = t.business_id AND p.id = t.party_id"
            " WHERE t.known_to IS NULL GROUP BY p.name"
        )
        return {row["name"]: row["amount"] for row in found if row["amount"]}

    async def tables(self) -> list[Any]:
        """The read tables, as one value to compare."""
        found: list[Any] = []
        for table in ("invoices", "receipts", "allocations", "payables", "payouts", "postings"):
            order = "SELECT * FROM (SELECT to_jsonb(t) AS row FROM {} t) s ORDER BY row::text"
            found += [(table, row["row"]) for row in await self.rows(order.format(table))]
        return found

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"])


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """Serve an app on this test's own loop, where its database pool lives."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  it has no event for that
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture
async def office(
    engine: AsyncEngine, door: Door, clock: SettableClock, business: UUID, tmp_path: Path
) -> AsyncIterator[Office]:
    """Meena Traders' Tally, and a Munshi with the source books:tally."""
    made = await door.execute(
        AddSource(name="books:tally", connector="tally", label="Tally", settings={}), system(business, "test")
    )
    assert made.secret.startswith("whsec_")
    endpoint = WebhookEndpoint(
        Sources(engine, seal=process_seal),
        Appender(engine),
        trail=RejectionTrail(engine),
        clock=clock,
        max_body_bytes=4 * 1024 * 1024,
    )
    tally = Tally([meena_traders()])
    port, munshi = Faulty(tally.app()), Faulty(Starlette(routes=[webhook_route(endpoint)]))
    with serving(port) as tally_url:
        async with listening(munshi) as munshi_url:
            yield Office(
                engine, clock, business, f"{munshi_url}/ingest/{made.key}", made.secret, tmp_path / "state.json", tally,
                port, tally_url, munshi,
            )  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the agent says in its log."""
    with structlog.testing.capture_logs() as entries:
        yield entries  # type: ignore[misc]


def words(told: list[dict[str, Any]]) -> list[str]:
    return [entry["event"] for entry in told]


# ---- the whole way ---------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
async def test_every_party_owes_what_tally_says_and_a_second_round_adds_nothing(
    office: Office, encoding: str
) -> None:
    office.tally.encoding = encoding
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()
    events, posts = await office.count("external_events"), len(office.munshi.calls)
    assert await office.count("quarantine") == 0
    assert await office.run() == 0
    assert await office.count("external_events") == events
    assert len(office.munshi.calls) == posts, "nothing moved: nothing is posted"
    assert office.tally.asked[-1] == "Munshi Companies"


async def test_bills_receipts_credit_notes_and_cuts_are_there_by_themselves(office: Office) -> None:
    await office.run()
    bills = {
        row["number"]: row
        for row in await office.rows("SELECT number, amount, due_on, outstanding FROM invoices")
    }
    assert bills["MT/25/388"]["outstanding"] == 41_300_00
    assert bills["MT/25/388"]["due_on"] == date(2026, 2, 10) + timedelta(days=45)
    assert bills["MT/6/1"]["outstanding"] == 0, "a receipt with TDS closes it"
    assert bills["MT/6/2"]["outstanding"] == 23_600_00 - 1_180_00
    assert "PRO-1" not in bills, "an optional voucher is in no books"
    assert len([number for number in bills if (number or "").startswith("MT/")]) == 3 * 8 + 1
    receipts = await office.rows("SELECT amount FROM receipts WHERE amount > 0")
    assert sorted(row["amount"] for row in receipts) == [4_000_00] * 8 + [11_600_00] * 8


async def test_a_release_that_tells_no_groups_is_read_all_the_same(office: Office) -> None:
    office.tally.tells_groups = False
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()
    assert await office.count("quarantine") == 0


async def test_an_altered_voucher_is_revised_and_a_deleted_one_voided(office: Office) -> None:
    books = office.books
    sold = sell(books, date(2026, 11, 16), "Kaveri Hardware", 47_200, "MT/11/9")
    paid = receive(
        books,
        date(2026, 11, 18),
        "Kaveri Hardware",
        46_400,
        ("MT/11/9", 47_200),
        tds=800,
        utr="HDFCN626321177",
    )
    assert await office.run() == 0
    assert await office.owed() == books.owed()
    # The receipt was less, without TDS; the bill more.
    line = books.line
    books.alter(
        paid,
        lines=(
            line("Kaveri Hardware", -40_000, Part("Agst Ref", -40_000_00, "MT/11/9")),
            line("HDFC Bank 9920", 40_000),
        ),
    )
    books.alter(
        sold,
        lines=(
            line("Kaveri Hardware", 50_000, Part("New Ref", 50_000_00, "MT/11/9", 30)),
            line("Sales", -50_000),
        ),
    )
    assert await office.run() == 0
    assert (await office.owed())["Kaveri Hardware"] == 10_000_00 == books.owed()["Kaveri Hardware"]
    books.delete(paid)
    assert await office.run() == 0
    assert (await office.owed())["Kaveri Hardware"] == 50_000_00
    books.delete(sold)
    assert await office.run() == 0
    assert await office.owed() == books.owed()
    assert await office.count("quarantine") == 0
    events = await office.count("external_events")
    office.clock.advance(days=1)
    assert await office.run() == 0
    assert await office.count("external_events") == events


async def test_what_a_voucher_no_longer_makes_is_taken_back(office: Office) -> None:
    """A journal between two parties that becomes one of one party; a bill that becomes an optional one."""
    books, line = office.books, office.books.line
    both = (line("Gupta Steel", 700), line("Lakshmi Mills", 300), line("Sales", -1_000))
    journal = books.enter("Journal", date(2026, 11, 17), "Gupta Steel", *both)
    sold = sell(books, date(2026, 11, 17), "Kaveri Hardware", 2_360, "MT/11/8")
    await office.run()
    assert await office.owed() == books.owed()
    books.alter(journal, lines=(line("Gupta Steel", 700), line("Sales", -700)))
    books.alter(sold, optional=True)
    await office.run()
    assert await office.owed() == books.owed()
    books.alter(sold, optional=False)
    await office.run()
    assert await office.owed() == books.owed()


async def test_a_renamed_customer_stays_one(office: Office) -> None:
    await office.run()
    office.books.change_ledger("Gupta Steel", name="Gupta Steel & Tubes")
    sell(office.books, date(2026, 11, 19), "Gupta Steel & Tubes", 1_180, "MT/11/7")
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()
    assert sum("Gupta" in row["name"] for row in await office.rows("SELECT name FROM parties")) == 1


async def test_a_post_dated_cheque_counts_when_its_day_has_come(office: Office) -> None:
    books, line = office.books, office.books.line
    sell(books, date(2026, 11, 2), "Kaveri Hardware", 9_440, "MT/11/6")
    cheque = Instrument("Cheque", "004417", date(2026, 11, 25))
    given = (
        line("Kaveri Hardware", -9_440, Part("Agst Ref", -9_440_00, "MT/11/6")),
        line("HDFC Bank 9920", 9_440, instrument=cheque),
    )
    received = books.enter("Receipt", date(2026, 11, 25), "Kaveri Hardware", *given, postdated=True)
    await office.run()
    assert (await office.owed())["Kaveri Hardware"] == 9_440_00
    assert await office.count("cheques") == 1
    office.clock.advance(days=6)
    books.alter(
        received,
        lines=(given[0], replace(given[1], instrument=replace(cheque, cleared_on=date(2026, 11, 26)))),
    )
    await office.run()
    assert "Kaveri Hardware" not in await office.owed()


async def test_what_is_dated_ahead_is_told_anew_on_its_day_though_nobody_altered_it(office: Office) -> None:
    sell(office.books, date(2026, 11, 24), "Kaveri Hardware", 1_770, "MT/11/5")
    await office.run()
    office.clock.advance(days=5)
    await office.run()
    assert await office.owed() == office.books.owed()


# ---- again, in other ways --------------------------------------------------------------------------
async def test_a_day_book_imported_after_the_agent_adds_nothing(office: Office) -> None:
    await office.run()
    before = await office.tables()
    source = await Sources(office.engine, seal=process_seal).by_name(office.business, "books:tally")
    inbound = Inbound(day_book(office.books.vouchers.values()), filename="DayBook.xml")
    summary = await import_file(Appender(office.engine), source, inbound, via="file", now=office.clock.now)
    assert summary.unreadable == ()
    await office.drain()
    assert await office.tables() == before


async def test_a_new_years_company_with_its_opening_bills_doubles_nothing(office: Office) -> None:
    await office.run()
    old = office.books
    new = Company(
        "Meena Traders 2027-28",
        "77aa10c2-64d3-4f0e-9b1d-35e0c2ab9d81",
        date(2027, 4, 1),
        groups=dict(old.groups),
    )
    left = [(f"MT/{month}/2", date(2026, month, 4), 22_420_00) for month in range(4, 12)]
    bills = (
        OpeningBill("MT/25/388", date(2026, 2, 10), 45, 41_300_00),
        *(OpeningBill(name, on, 30, amount) for name, on, amount in left),
    )
    new.open_ledger("Gupta Steel", "North Zone", opening=old.owed()["Gupta Steel"], bills=bills)
    new.open_ledger("Lakshmi Mills", "Sundry Debtors", billwise=False, opening=old.owed()["Lakshmi Mills"])
    new.open_ledger("Bharat Rolling", "Sundry Creditors", opening=old.owed()["Bharat Rolling"])
    for name, group in (
        ("HDFC Bank 9920", "Bank Accounts"),
        ("Sales", "Sales Accounts"),
        ("IGST", "Duties & Taxes"),
    ):
        new.open_ledger(name, group, billwise=False)
    receive(new, date(2027, 4, 2), "Gupta Steel", 41_300, ("MT/25/388", 41_300), utr="HDFCN727092001")
    office.clock.now += timedelta(days=140)
    old.is_open, office.tally.companies = False, [old, new]
    office.company = new.name
    assert await office.run() == 0
    assert await office.owed() == new.owed()
    assert new.owed()["Gupta Steel"] == 179_360_00


async def test_a_restored_backup_is_read_anew_and_counts_again(
    office: Office, told: list[dict[str, Any]]
) -> None:
    books = office.books
    kept = (dict(books.vouchers), books.vouchers_at, books.serial)
    lost = sell(books, date(2026, 11, 19), "Kaveri Hardware", 5_900, "MT/11/4")
    books.alter(lost, narration="typed twice")
    sell(books, date(2026, 11, 19), "Gupta Steel", 2_360, "MT/11/3")
    await office.run()
    books.vouchers, books.vouchers_at, books.serial = kept
    again = sell(books, date(2026, 11, 20), "Lakshmi Mills", 1_180, "MT/11/2")
    assert again == lost, "Tally gives the same GUID to another voucher"
    await office.run()
    assert "agent.backup_restored" in words(told)
    office.clock.advance(days=1)
    await office.run()
    assert await office.owed() == books.owed()
    sell(books, date(2026, 11, 21), "Kaveri Hardware", 11_800, "MT/11/99")
    await office.run()
    assert await office.owed() == books.owed()


# ---- cut off ---------------------------------------------------------------------------------------
async def test_a_round_that_is_cut_off_goes_on_where_it_was(office: Office) -> None:
    for _ in range(9):  # companies, groups, types, ledgers, then months: each run gets one answer further
        office.port.app = _cutting(office.tally.app())
        await office.run()
    office.port.app = office.tally.app()
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()
    assert await office.count("quarantine") == 0
    first = [asked for asked in office.tally.asked if asked.startswith("Munshi Vouchers 1-Apr-2026")]
    assert len(first) <= 2, "the first month isn't asked for at every start"


def _cutting(app: Any) -> Callable[..., Any]:
    """Answer five times, then hang up for ever."""
    left = 5

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        nonlocal left
        if scope["type"] == "http":
            left -= 1
            if left < 0:
                await send(
                    {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"999")]}
                )
                await send({"type": "http.response.body", "body": b"<ENVELOPE><COLLEC", "more_body": True})
                return
        await app(scope, receive, send)

    return answer


async def test_killed_in_the_midst_of_its_first_reading_it_loses_and_doubles_nothing(
    office: Office, tmp_path: Path
) -> None:
    command = [
        sys.executable, "-m", "workers.tally_agent", "--once", "--tally", office.tally_url,
        "--state", str(office.state), "--config", str(tmp_path / "none.json"),
    ]  # fmt: skip
    environment = {**os.environ, "MUNSHI_TALLY_ADDRESS": office.address, "MUNSHI_TALLY_SECRET": office.secret}
    # The signatures of another process are of now, not of the test's clock.
    from kit.clock import system_clock

    office.clock.now = system_clock()
    piped = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    running = await asyncio.create_subprocess_exec(*command, env=environment, cwd=ROOT, **piped)
    while len(office.munshi.calls) < 3:
        assert running.returncode is None
        await asyncio.sleep(0.01)
    running.kill()
    said = (await running.communicate())[0].decode()
    half = json.loads(office.state.read_text("utf-8"))["companies"][office.books.guid]
    assert half["vouchers"] is None, "it was not done yet"
    again = await asyncio.create_subprocess_exec(*command, env=environment, cwd=ROOT, **piped)
    said += (await again.communicate())[0].decode()
    assert again.returncode == 0, said
    await office.drain()
    assert await office.owed() == office.books.owed()
    assert await office.count("quarantine") == 0
    assert office.secret not in said
    assert office.address.rpartition("/")[2] not in said


async def test_secrets_are_in_no_log_and_not_in_the_state(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("httpx").setLevel("WARNING")
    office.munshi.next(Fault(503), Fault(500))
    await office.run()
    key = office.address.rpartition("/")[2]
    printed = "".join(capfd.readouterr())
    for secret in (office.secret, key):
        assert secret not in office.state.read_text("utf-8")
        assert secret not in printed
    assert repr(Config(secret=office.secret)).find(office.secret) < 0
    assert office.secret not in repr(Post(office.address, office.secret))


# ---- Tally's ways ----------------------------------------------------------------------------------
async def test_a_closed_tally_a_closed_company_and_another_one_are_told_and_waited_for(
    office: Office, told: list[dict[str, Any]]
) -> None:
    office.books.is_open = False
    assert await office.run() == TRY_LATER
    assert told[-1]["code"] == "tally.nothing"
    office.tally.companies.append(
        Company("Meena Family", "00000000-0000-4000-8000-000000000001", date(2026, 4, 1))
    )
    office.company = "Meena Traders"
    assert await office.run() == TRY_LATER
    assert told[-1]["code"] == "tally.other_company"
    assert "Meena Family" in told[-1]["why"]
    office.books.is_open, office.company = True, ""
    assert await office.run() == OWNER_NEEDED
    assert told[-1]["code"] == "tally.which_company"
    office.company = "meena  traders"
    assert await office.run() == 0
    office.tally_url = "http://127.0.0.1:9"
    assert await office.run() == TRY_LATER
    assert told[-1]["code"] == "tally.closed"
    assert await office.owed() == office.books.owed()


async def test_a_change_outside_the_period_that_tally_shows_is_noticed_and_read_later(
    office: Office, told: list[dict[str, Any]]
) -> None:
    books = office.books
    await office.run()
    books.period = (date(2026, 10, 1), date(2027, 3, 31))
    old = next(guid for guid, voucher in books.vouchers.items() if voucher.number == "MT/5/2")
    lines = (
        books.line("Gupta Steel", 30_000, Part("New Ref", 30_000_00, "MT/5/2", 30)),
        books.line("Sales", -30_000),
    )
    books.alter(old, lines=lines)
    office.clock.advance(hours=1)
    assert await office.run() == 0
    assert "agent.counter_moved_but_nothing_came" in words(told)
    hidden = next(entry for entry in told if entry["event"] == "agent.not_visible")
    assert hidden["days"].startswith("2026-04-03")
    assert (await office.owed())["Gupta Steel"] == 220_660_00, "nothing is taken for deleted"
    books.period = None
    office.clock.advance(hours=2)
    assert await office.run() == 0
    assert await office.owed() == books.owed()
    assert books.owed()["Gupta Steel"] == 220_660_00 + 6_400_00


async def test_a_first_reading_that_shows_nothing_is_told(office: Office, told: list[dict[str, Any]]) -> None:
    office.books.period = (date(2020, 4, 1), date(2021, 3, 31))
    assert await office.run() == 0
    assert "agent.nothing_came" in words(told)
    office.books.period = None
    office.clock.advance(hours=2)
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()


async def test_many_that_are_gone_at_once_wait_for_the_owners_word(
    office: Office, told: list[dict[str, Any]]
) -> None:
    books = office.books
    await office.run()
    before = await office.owed()
    june = [guid for guid, voucher in books.vouchers.items() if voucher.on.month in (6, 7, 8)]
    assert len(june) > 20
    for guid in june:
        books.delete(guid)
    await office.run()
    assert "agent.many_gone" in words(told)
    assert await office.owed() == before
    office.clock.advance(minutes=15)
    assert await office.run(believe=True) == 0
    assert await office.owed() == books.owed()


async def test_a_slow_tally_is_asked_for_less(office: Office, told: list[dict[str, Any]]) -> None:
    office.tally.largest = 4
    assert await office.run(patience=0.4) == 0
    assert "agent.asking_for_less" in words(told)
    for number in range(9):
        sell(office.books, date(2026, 11, 19), "Kaveri Hardware", 118, f"MT/11/2{number}")
    office.tally.largest = 30  # the nightly reading of the last days is small enough
    assert await office.run(patience=0.4) == 0
    assert await office.owed() == office.books.owed()


async def test_an_answer_that_breaks_off_moves_nothing(office: Office, told: list[dict[str, Any]]) -> None:
    office.port.next(Fault(200, body=b"<ENVELOPE><BODY><DATA><COLLECTION><COMP", cut_short=True))
    assert await office.run() == TRY_LATER
    assert told[-1]["code"] == "tally.hung_up"
    office.port.next(Fault(200, body=b"<html>another program</html>"))
    assert await office.run() == TRY_LATER
    assert told[-1]["code"] == "tally.answer"
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()


# ---- Munshi's ways ---------------------------------------------------------------------------------
async def test_munshi_away_is_waited_for_and_then_tried_in_the_next_round(
    office: Office, told: list[dict[str, Any]]
) -> None:
    office.munshi.next(Fault(503, {"retry-after": "30"}), Fault(429), Fault(500))
    assert await office.run() == 0
    assert office.slept[0] == 30.0
    office.slept.clear()
    sell(office.books, date(2026, 11, 19), "Kaveri Hardware", 118, "MT/11/31")
    office.munshi.next(*[Fault(502)] * 8)
    assert await office.run() == TRY_LATER
    assert told[-1]["code"] == "munshi.away"
    assert len(office.slept) == 7
    assert await office.run() == 0
    ids = [call.headers["webhook-id"] for call in office.munshi.calls[-9:]]
    assert len(set(ids)) == 1, "a retry repeats its id, over rounds too"
    assert await office.owed() == office.books.owed()


async def test_what_is_too_large_goes_in_halves(office: Office) -> None:
    limit, endpoint = 9_000, office.munshi.app

    async def strict(scope: Any, receive: Any, send: Any) -> None:
        size = int(dict(scope["headers"])[b"content-length"]) if scope["type"] == "http" else 0
        if size > limit:
            await send({"type": "http.response.start", "status": 413, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await endpoint(scope, receive, send)

    office.munshi.app = strict
    assert await office.run() == 0
    assert await office.owed() == office.books.owed()


@pytest.mark.parametrize(
    ("change", "words_of_remedy"),
    [
        ({"secret": "whsec_bm90IHRoZSByaWdodCBzZWNyZXQ="}, "munshi source rotate"),
        ({"address": "{0}x"}, "munshi source rotate"),
        ({"late": 11}, "Sync now"),
    ],
)
async def test_a_wrong_secret_address_or_clock_stops_it_with_what_to_do(
    office: Office, told: list[dict[str, Any]], change: dict[str, Any], words_of_remedy: str
) -> None:
    office.secret = change.get("secret", office.secret)
    office.address = change.get("address", "{0}").format(office.address)
    if "late" in change:
        ours = SettableClock(office.clock.now)
        office.clock.advance(minutes=change["late"])
        office.clock = ours
    assert await asyncio.to_thread(office.round) == OWNER_NEEDED
    assert words_of_remedy in told[-1]["why"]
    assert office.secret not in str(told)
    assert office.slept == []


# ---- as it is started ------------------------------------------------------------------------------
WINDOWS = """
import os, sys
for name in ("fcntl", "pwd", "grp", "termios", "resource", "sqlalchemy", "asyncpg", "dramatiq", "redis", "uvloop"):
    sys.modules[name] = None
for name in ("getuid", "geteuid", "chown", "fork", "setsid", "killpg", "fchmod"):
    if hasattr(os, name):
        delattr(os, name)
sys.argv[0] = "munshi"
from workers.front import main
main()
"""


def munshi(*words: str, told: str = "") -> Any:
    """Run `munshi` as a PC without POSIX, PostgreSQL and Redis would."""
    from subprocess import run

    return run(
        [sys.executable, "-c", WINDOWS, *words],
        cwd=ROOT,
        input=told,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_is_set_up_and_started_where_there_is_no_posix_and_no_database(tmp_path: Path) -> None:
    place, state = tmp_path / "kept" / "agent.json", tmp_path / "state.json"
    options = ("--config", str(place), "--state", str(state))
    missing = munshi("tally-agent", "--once", *options)
    assert missing.returncode == OWNER_NEEDED
    assert "munshi tally-agent setup" in missing.stderr
    with serving(Tally([meena_traders()]).app()) as url:
        given = ("--tally", url, "--address", "http://127.0.0.1:9/ingest/mun_x", "--secret", "whsec_c2VjcmV0")
        done = munshi("tally-agent", "setup", *given, *options)
        assert done.returncode == 0, done.stderr
        assert json.loads(place.read_text("utf-8"))["company"] == "Meena Traders"
        if os.name == "posix":
            assert place.stat().st_mode & 0o777 == 0o600
        assert munshi("tally-agent", "--once", "--every", "5x", *options).returncode == OWNER_NEEDED
    later = munshi("tally-agent", "--once", *options)
    assert later.returncode == TRY_LATER
    assert "tally.closed" in later.stderr
    assert "whsec_" not in later.stderr + done.stdout + done.stderr


def test_a_file_that_is_not_ours_is_named_and_left_alone(tmp_path: Path) -> None:
    for content in ("{half", "[]", '{"version": 9}', '{"version": 1, "companies": {"x": {}}}'):
        state = tmp_path / "state.json"
        state.write_text(content, "utf-8")
        with pytest.raises(Rejected, match="Move it away"):
            Memory(state)
        assert state.read_text("utf-8") == content
