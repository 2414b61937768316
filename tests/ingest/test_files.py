"""Files through the same door: what was added, known already, not readable and why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract import Inbound, Observation, Observed, Unreadable
from ingest.door import Appender
from ingest.files import import_file
from kit.database import transaction
from kit.errors import Rejected
from tests.ledger.raw import raw_bodies

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class Lines:
    """A reader of a made-up statement: `day amount`, one a line, with the closing balance last."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.until = "2026-11-19"

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Files carry no signature."""

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        self.threads.add(threading.get_ident())
        seen, bad = [], []
        for number, line in enumerate(inbound.body.decode().splitlines(), start=1):
            day, _, amount = line.partition(" ")
            if not amount.isdigit():
                bad.append(Unreadable(f"row {number}", "row.amount", "There is no amount."))
                continue
            seen.append(
                Observation(
                    event_id=f"line-{number}-{day}",
                    kind="bank_line",
                    external_id=f"line-{number}-{day}",
                    occurred_at=datetime.fromisoformat(day).replace(tzinfo=UTC),
                    precision="day",
                    data={
                        "amount": int(amount),
                        "currency": "INR",
                        "account": "4421",
                        "posted_on": day,
                        "narration": "NEFT",
                    },
                    event_type="bank.credited",
                )
            )
        if not seen:
            raise Rejected("file.no_header", "There is no line of a statement in it.")
        facts = {"account": "4421", "covered_until": self.until, "closing": 38_421_000}
        return Observed("1", seen, bad, facts=facts)


@pytest.fixture
def reader() -> Lines:
    return Lines()


@pytest.fixture
async def source(connect, sources, business, reader):
    await connect("bank:icici", "standard", secrets=())
    return replace(await sources.by_name(business, "bank:icici"), connector=reader)


def statement(rows: int = 3, extra: str = "") -> Inbound:
    body = "".join(f"2026-11-{1 + n % 19:02d} {1000 + n}\n" for n in range(rows)) + extra
    return Inbound(body.encode(), filename="November.csv")


async def test_a_file_adds_its_lines_and_again_adds_nothing(engine, source, business):
    appender = Appender(engine)
    first = await import_file(appender, source, statement(extra="closing -\n"), via="file", now=NOW)
    assert (first.added, first.known) == (3, 0)
    assert [(part.where, part.code) for part in first.unreadable] == [("row 4", "row.amount")]
    assert first.facts["closing"] == 38_421_000
    again = await import_file(appender, source, statement(extra="closing -\n"), via="chat", now=NOW)
    assert (again.added, again.known) == (0, 3)
    async with transaction(engine, [business]) as tx:
        (kept,) = await tx.fetch("SELECT filename, via FROM deliveries")
        news = await tx.fetch("SELECT covered_until, balance, account FROM source_news")
    assert (kept["filename"], kept["via"]) == ("November.csv", "file")
    assert tuple(news[0]) == (date(2026, 11, 19), 38_421_000, "4421")


async def test_a_file_that_is_no_statement_is_kept_and_told(engine, source, business):
    summary = await import_file(Appender(engine), source, Inbound(b"dear sir"), via="chat", now=NOW)
    assert summary.added == 0
    assert [(part.where, part.code) for part in summary.unreadable] == [("", "file.no_header")]
    async with transaction(engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM quarantine") == 1
        assert await raw_bodies(tx) == [b"dear sir"]


async def test_a_large_file_is_read_beside_the_loop(engine, source, reader):
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    summary = await import_file(Appender(engine), source, statement(8_000), via="file", now=NOW)
    ticking.cancel()
    assert summary.added == 8_000
    assert reader.threads.isdisjoint({threading.get_ident()})
    assert ticks > 3


async def test_a_file_too_large_is_refused_before_it_is_read(engine, source, reader):
    with pytest.raises(Rejected) as refused:
        await import_file(Appender(engine), source, statement(), via="file", now=NOW, max_bytes=10)
    assert refused.value.code == "file.too_large"
    assert not reader.threads


async def test_a_statement_of_days_to_come_is_kept_told_and_no_balance_of_today(engine, source, business):
    source.connector.until = "2099-11-19"
    lines = Inbound(b"2026-11-18 1000\n2099-11-19 5000\n", filename="misread.csv")
    summary = await import_file(Appender(engine), source, lines, via="file", now=NOW)
    assert (summary.added, summary.ahead) == (2, 1)
    async with transaction(engine, [business]) as tx:
        assert await tx.fetch("SELECT flag FROM external_events ORDER BY occurred_at") == [
            (None,),
            ("future",),
        ]
        (news,) = await tx.fetch("SELECT covered_until, balance FROM source_news")
    assert tuple(news) == (None, None)


async def test_the_balance_of_an_account_in_another_currency_does_not_stand_beside_the_others(
    engine, source, business
):
    class Foreign(Lines):
        def observe(self, inbound, *, source, settings, now):
            seen = super().observe(inbound, source=source, settings=settings, now=now)
            return replace(seen, facts={**seen.facts, "currency": "EUR"})

    foreign = replace(source, connector=Foreign(), settings={**source.settings, "currency": "INR"})
    await import_file(Appender(engine), foreign, statement(), via="file", now=NOW)
    async with transaction(engine, [business]) as tx:
        (news,) = await tx.fetch("SELECT covered_until, balance FROM source_news")
    assert news["covered_until"] is not None
    assert news["balance"] is None
