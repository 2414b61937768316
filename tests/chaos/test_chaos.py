"""A day on which nearly everything goes wrong ends in the same tables as a calm one: nothing lost, doubled or silent.

Money tables, documents and parties must be equal byte for byte. A claim may cite another event, and its time, where
every webhook about its thing was lost: then it is a page that told us.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.razorpay.entities import READERS
from ingest.cursors import LEASE
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.dispatch import Door
from ledger.domain.events import subject_id
from ledger.domain.rows import ClaimRow
from tests.chaos.day import BANK, CRM, GATEWAY, LEADS, Day
from tests.chaos.firm import CRM_CREDENTIALS, CRM_SECRET, GATEWAY_SECRET, Firm, founded
from tests.chaos.mishaps import BUSY, HELD, SECOND_SECRET, Chaos, mend
from tests.chaos.telling import OPENS, TICK, Telling, live
from tests.conftest import SettableClock
from tests.vendors.razorpay import KEYS

CLAIMS = "claims"
_QUESTIONS = """
SELECT rule, status, subjects, party_id, amount, currency, evidence_digest FROM conflicts
WHERE business_id = $1 AND status <> 'cleared' ORDER BY rule, subjects
"""


@dataclass(frozen=True, slots=True)
class End:
    """What a firm knows, asks and has told its CRM when all is over."""

    tables: dict[str, list[str]]
    claims: dict[tuple[Any, Any], ClaimRow]
    questions: list[tuple[Any, ...]]
    written: dict[str, dict[str, str]]
    asked: Counter[str]


_calm: list[End] = []
"""The calm day's end; no seed changes it, so it is lived once."""


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
async def calm(door: Door, clock: SettableClock) -> End:
    """How the day ends where nothing goes wrong."""
    if not _calm:
        async with founded(door, Day(), 1) as firm:
            await live(Telling(firm, Day()), clock)
            _calm.append(await end_of(firm))
        clock.now = OPENS
    return _calm[0]


async def end_of(firm: Firm) -> End:
    tables = await firm.tables()
    claims = [
        ClaimRow(*row)
        for row in await firm.rows(f"SELECT {', '.join(ClaimRow._fields)} FROM claims WHERE business_id = $1")
    ]
    asked = await firm.rows("SELECT rule || ' ' || status AS asked FROM conflicts WHERE business_id = $1")
    return End(
        tables=tables,
        claims={(claim.subject, claim.row_id): claim for claim in claims},
        questions=[tuple(row) for row in await firm.rows(_QUESTIONS)],
        written=firm.written(),
        asked=Counter(row["asked"] for row in asked),
    )


def lost_things(chaos: Chaos) -> dict[str, tuple[str, str]]:
    """Return what the lost webhooks told of: id → kind and the vendor's last word."""
    found: dict[str, tuple[str, str]] = {}
    for message in chaos.noted["lost"]:
        for kind, part in message.body["payload"].items():
            if kind == "payment" or kind in READERS:
                found[part["entity"]["id"]] = (kind, part["entity"]["status"])
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_day_of_mishaps_ends_as_a_calm_one(
    seed: int, calm: End, door: Door, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    random.seed(seed)  # jitter
    async with founded(door, Day(), 100 + seed) as firm:
        chaos = Chaos(firm, Day(), seed=seed, mend=lambda: mend(monkeypatch))
        with capture_logs() as logs:
            await live(chaos, clock)
        end = await end_of(firm)
        the_tables_are_equal(end, calm, chaos)
        assert end.questions == calm.questions
        assert end.written == calm.written
        what_was_lost_was_read_soon(chaos)
        nobody_was_hammered(chaos)
        workers_died_and_others_took_over(chaos, logs)
        await nothing_was_silent(chaos, end)
        await no_secret_was_told(chaos, logs)


async def test_the_calm_day_is_worth_comparing_with(calm: End) -> None:
    sizes = {table: len(rows) for table, rows in calm.tables.items()}
    assert sizes["invoices"] == 28
    assert sizes["receipts"] == 33
    assert sizes["parties"] == 12 + 1 + LEADS - 1
    assert sizes["settlements"] == 2
    assert sizes["bank_lines"] == 8
    assert min(size for table, size in sizes.items() if table != "cheques") >= 1
    assert {"unmatched_bank_credit", "amount_mismatch", "gateway_paid_crm_open"} <= {
        q[0] for q in calm.questions
    }
    assert {"overdue", "open", "clear"} <= {ours["munshi_status"] for ours in calm.written.values()}
    assert calm.asked["schema_drift cleared"] == calm.asked["source_failing cleared"] == 0


# ---- what must be so -------------------------------------------------------------------------------
def the_tables_are_equal(end: End, calm: End, chaos: Chaos) -> None:
    for table in calm.tables:
        if table != CLAIMS:
            assert end.tables[table] == calm.tables[table], table
    lost = {subject_id(GATEWAY, kind, own) for own, (kind, _) in lost_things(chaos).items()}
    assert end.claims.keys() == calm.claims.keys()
    differing = {key: claim for key, claim in end.claims.items() if claim != calm.claims[key]}
    assert {claim.subject for claim in differing.values()} <= lost
    for key, claim in differing.items():
        cited = calm.claims[key]
        assert claim._replace(source_event_id=cited.source_event_id, stated_at=cited.stated_at) == cited
    assert differing, "some of it was only ever pulled"


def what_was_lost_was_read_soon(chaos: Chaos) -> None:
    known = chaos.noted["known after the lost hour"]
    things = lost_things(chaos)
    assert len(things) >= 8
    assert things.keys() <= known.keys()
    told = {"captured": "payment.received", "failed": "payment.failed", "processed": "refund.processed"}
    for own, (_, word) in things.items():
        assert known[own] == told.get(word, known[own])


def nobody_was_hammered(chaos: Chaos) -> None:
    # Ten ticks, at most two workers, three tries each; without a circuit it would be twice as many and more.
    assert 6 <= chaos.noted["crm calls while it was down"] <= 60
    asked_at, calls = chaos.noted["asked for a pause"]
    assert asked_at <= BUSY + TICK * 4
    assert chaos.noted["calls after the pause"] == calls, "the vendor asked to be left alone"
    assert chaos.firm.vendors.hubspot.renewed == chaos.noted["renewed before"] + 1


def workers_died_and_others_took_over(chaos: Chaos, logs: list[Any]) -> None:
    assert chaos.noted["killed"]["position"] is not None, "the first page was kept with the cursor behind it"
    assert chaos.noted["killed"]["leased_until"] is not None
    assert chaos.noted["taken over"] >= HELD + LEASE
    assert any(line["event"] == "pull.lease_lost" for line in logs)


async def nothing_was_silent(chaos: Chaos, end: End) -> None:
    firm = chaos.firm
    assert chaos.noted["crm while it was down"] == "failing"
    assert {await firm.state(name) for name in (GATEWAY, CRM, BANK)} == {"fresh"}
    assert end.asked["schema_drift cleared"] == 1
    assert end.asked["source_failing cleared"] in (1, 2), "the CRM, and the gateway if it took half an hour"
    (drift,) = chaos.noted["drift"]
    assert drift["status"] == "open"
    assert drift["evidence"]["retyped"].startswith("amount was a number and is now text")
    quarantined = chaos.noted["quarantined"]
    assert all(row["diff"]["retyped"] for row in quarantined if row["diff"] is not None)
    assert chaos.noted["replay"].counts["understood"] == len(quarantined) > 20
    left = "SELECT count(*) FILTER (WHERE resolved_at IS NULL) AS open, count(*) AS all FROM quarantine WHERE business_id = $1"
    ((still, ever),) = await firm.rows(left)
    assert (still, ever) == (0, len(quarantined))
    counted = {
        row["source"]: row for row in await firm.rows("SELECT * FROM source_state WHERE business_id = $1")
    }
    assert counted[GATEWAY]["quarantined"] > 0
    assert counted[GATEWAY]["duplicates"] > 50
    for first, again, resaved in chaos.noted["files"]:
        assert (again.added, again.known) == (resaved.added, resaved.known) == (0, first.added + first.known)
    assert counted[BANK]["duplicates"] == sum(known_of(files) for files in chaos.noted["files"])
    assert await firm.rows("SELECT 1 FROM event_rewrites WHERE business_id = $1") == []
    assert await firm.rows("SELECT 1 FROM pulls WHERE business_id = $1 AND failures > 0") == []
    assert chaos.noted["forged"] == [401] * 3
    refused = await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'ingest.refused'")
    assert len(refused) == 1
    assert Counter(status for _, status in firm.answers) == {202: len(firm.answers) - 3, 401: 3}


def known_of(files: tuple[Any, ...]) -> int:
    return sum(summary.known for summary in files)


async def no_secret_was_told(chaos: Chaos, logs: list[Any]) -> None:
    firm = chaos.firm
    secrets = {
        GATEWAY_SECRET, SECOND_SECRET, CRM_SECRET, KEYS["key_secret"], CRM_CREDENTIALS["client_secret"],
        CRM_CREDENTIALS["refresh_token"], "renewed-", *firm.addresses.values(), *filter(None, firm.secrets.values()),
    }  # fmt: skip
    told = [repr(line) for line in logs]
    for table in ("audit", "pulls", "write_backs", "quarantine", "conflicts"):
        told += [row[0] for row in await firm.rows(f"SELECT t::text FROM {table} t WHERE business_id = $1")]
    assert len(told) > 100
    assert [line for line in told if any(secret in line for secret in secrets)] == []
