"""The firm itself: what it has set, what words mean and which wait, what went on lately, and how long its lists are."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.errors import Denied, Rejected
from kit.ids import uuid7
from ledger.commands import RemapStatus
from ledger.commands.to_enter import NameLedgers
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries import Conflicts, Quarantine, TotalCount
from ledger.queries.firm import (
    FirmSettings,
    LedgerNames,
    OwnMappings,
    Replays,
    SentFiles,
    ToldMe,
    UnmappedWords,
)
from ledger.queries.identity import DataQuality, PartyGroups
from ledger.queries.to_enter import ToEnter
from tests.ledger.rows import NOW, rows_of

CRM = "crm:zoho_crm"


def of_role(business: UUID, role: Role) -> Actor:
    """A member of a role."""
    return Actor(business, role, role.value, member_id=uuid7(), owner_key="ravi")


async def test_settings_tell_what_holds_whether_it_was_set_or_not(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    bare = await door.query(FirmSettings(), owner)
    assert (bare.round_off_limit, bare.deduction_limit, bare.holidays, bare.gstin) == (
        100,
        1_000_00,
        (),
        None,
    )
    kept = {
        "round_off_limit": 0, "deduction_limit": 50_00, "holidays": ["2026-12-25", "2026-11-24"],
        "gstin": "27AAPFU0939F1ZV", "address": "Pune", "pay": {"phone": "919800000001"}, "reminder_language": "hi",
    }  # fmt: skip
    async with rows_of(engine, business) as rows:
        await rows.tx.run(
            "UPDATE businesses SET settings = $2::jsonb WHERE business_id = $1",
            business,
            orjson.dumps(kept).decode(),
        )
    told = await door.query(FirmSettings(), owner)
    assert (told.round_off_limit, told.deduction_limit, told.address) == (0, 50_00, "Pune")
    assert told.holidays == (date(2026, 11, 24), date(2026, 12, 25))
    assert (told.phone, told.reminder_language) == ("919800000001", "hi")


async def test_words_that_wait_are_counted_until_somebody_explains_them(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        for number, word in enumerate(("Won", "Won", "Parked")):
            await rows.event(
                uuid7(), "deal.status_reported", {"name": "Kraft"}, source=CRM, word=word, qualifier="Sales",
                flag="unmapped", external_id=f"d{number}", kind="deal", ingested_at=NOW - timedelta(hours=number),
            )  # fmt: skip
        await rows.event(uuid7(), "deal.status_reported", {}, source=CRM, word="Lost", kind="deal")
    waiting = await door.query(UnmappedWords(), owner)
    assert [(w.word, w.qualifier, w.kind, w.events, w.example) for w in waiting] == [
        ("Won", "Sales", "deal", 2, "d1"),
        ("Parked", "Sales", "deal", 1, "d2"),
    ]
    assert (waiting[0].first_at, waiting[0].last_at) == (NOW - timedelta(hours=1), NOW)
    assert [w.word for w in await door.query(UnmappedWords(first=1), owner)] == ["Won"]
    assert await door.query(UnmappedWords(source="crm:hubspot"), owner) == ()
    await door.execute(RemapStatus(CRM, "deal", "Won", "deal.lost", qualifier="Sales"), owner)
    assert [w.word for w in await door.query(UnmappedWords(), owner)] == ["Parked"]
    (own,) = await door.query(OwnMappings(), owner)
    assert (own.source, own.word, own.status, own.confidence) == (CRM, "Won", "deal.lost", 100)
    assert await door.query(OwnMappings("crm:hubspot"), owner) == ()


async def test_ledger_names_are_the_businesss_own(door: Door, owner: Actor) -> None:
    assert await door.query(LedgerNames(), owner) == {}
    await door.execute(NameLedgers({"tds": "TDS Receivable 26-27", "bank:icici": "ICICI 4421"}), owner)
    assert await door.query(LedgerNames(), owner) == {
        "bank:icici": "ICICI 4421",
        "tds": "TDS Receivable 26-27",
    }


async def test_replays_and_files_are_paged_the_newest_first(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        for hours in range(3):
            at = NOW - timedelta(hours=hours)
            await rows.put(
                "replays", id=uuid7(), scope=orjson.dumps({"source": CRM, "since": at.isoformat()}).decode(),
                status="done", counts='{"events": 7}', actor=f"member:{owner.member_id}", started_at=at, changed_at=at,
            )  # fmt: skip
            await rows.put(
                "chat_files", id=uuid7(), chat_id=1, member_id=owner.member_id, file_id="f", filename=f"{hours}.csv",
                status="told", counts='{"added": 3, "problem": "none"}', taken_at=at, changed_at=at,
            )  # fmt: skip
    page = await door.query(Replays(first=2), owner)
    rest = await door.query(Replays(first=2, after=page.end), owner)
    assert [row.started_at for row in (*page.rows, *rest.rows)] == [
        NOW - timedelta(hours=n) for n in range(3)
    ]
    assert (page.rows[0].started_by, page.rows[0].counts, page.rows[0].since) == (
        "Ramesh",
        {"events": 7},
        NOW,
    )
    assert (page.more, rest.more, await door.query(TotalCount(Replays()), owner)) == (True, False, 3)
    files = await door.query(SentFiles(first=2), owner)
    more = await door.query(SentFiles(first=2, after=files.end), owner)
    assert [row.filename for row in (*files.rows, *more.rows)] == ["0.csv", "1.csv", "2.csv"]
    assert (files.rows[0].counts, files.rows[0].sent_by) == ({"added": 3}, "Ramesh")
    assert await door.query(TotalCount(SentFiles()), owner) == 3


async def test_a_member_reads_what_he_was_told_and_nobody_elses(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        for kind, member, hours in (
            ("digest", owner.member_id, 1), ("alert", owner.member_id, 2), ("answer", owner.member_id, 3),
            ("digest", uuid7(), 4),
        ):  # fmt: skip
            await rows.put(
                "outbox", id=uuid7(), channel="telegram", chat_id=1, member_id=member, kind=kind, status="sent",
                card=orjson.dumps({"text": f"<b>{kind}</b> &amp; more"}).decode(), queued_at=NOW - timedelta(hours=hours),
            )  # fmt: skip
    told = await door.query(ToldMe(), owner)
    assert [(row.kind, row.text) for row in told.rows] == [
        ("digest", "digest & more"),
        ("alert", "alert & more"),
    ]
    assert [row.kind for row in (await door.query(ToldMe("alert"), owner)).rows] == ["alert"]
    assert await door.query(TotalCount(ToldMe()), owner) == 2
    rest = await door.query(ToldMe(first=1, after=(await door.query(ToldMe(first=1), owner)).end), owner)
    assert [row.kind for row in rest.rows] == ["alert"]
    with pytest.raises(Rejected):
        await door.query(ToldMe("answer"), owner)
    assert (await door.query(ToldMe(), of_role(business, Role.SALES))).rows == ()


async def test_lists_are_counted_for_who_may_see_them(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        own = await rows.party("Om Mumbai", pan="AAPFU0939F", owner="ravi")
        other = await rows.party("Om Pune", pan="AAPFU0939F")
        for party in (own, other):
            await rows.put(
                "conflicts", id=uuid7(), rule="promise_broken", severity="warn", status="open", subjects=[uuid7()],
                party_id=party, evidence="{}", evidence_digest="d", version=1, opened_at=NOW, due_at=NOW, changed_at=NOW,
            )  # fmt: skip
        for number in range(3):
            await rows.put(
                "quarantine", id=uuid7(), source=CRM, delivery=b"d", place=str(number), code=f"schema.{number % 2}",
                reason="?", received_at=NOW,
            )  # fmt: skip
    ravi = of_role(business, Role.SALES)
    for question, whole, his in (
        (Conflicts(), 2, 1),
        (Conflicts(party_id=other), 1, 0),
        (Conflicts(status="resolved"), 0, 0),
        (DataQuality(), 2, 1),
        (PartyGroups(), 1, 0),
    ):
        assert await door.query(TotalCount(question), owner) == whole, question
        assert await door.query(TotalCount(question), ravi) == his, question
    assert await door.query(TotalCount(Quarantine()), owner) == 3
    assert await door.query(TotalCount(Quarantine(code="schema.0")), owner) == 2
    assert await door.query(TotalCount(ToEnter()), owner) == 0
    for hidden in (Quarantine(), ToEnter(), Replays(), SentFiles()):
        with pytest.raises(Denied):
            await door.query(TotalCount(hidden), ravi)
