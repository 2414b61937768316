"""The digest by the day: what came since the last working day, the week, what is old; per firm, and with a picture."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

import bot.digest
from bot.digest import queue_due_digests
from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import AddBusiness, AddMember, CreateLinkCode, LinkChat
from ledger.commands.settings import SetPicture
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries import Digest
from ledger.views import DigestView
from tests.conftest import SettableClock
from tests.ledger.rows import Rows, rows_of

SATURDAY, MONDAY = date(2026, 11, 21), date(2026, 11, 23)
MONDAY_MORNING = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


async def _linked(door: Door, business: UUID, role: str = "owner", chat: int = 1) -> Actor:
    clerk = system(business, "test")
    member = await door.execute(AddMember("Ramesh", role, crm_owner="ravi", digest_at=time(8)), clerk)
    code = await door.execute(CreateLinkCode(member), clerk)
    linked: Actor = await door.execute(LinkChat(code, chat), clerk)
    return linked


async def _receipt(rows: Rows, on: date, amount: int, party: UUID | None = None, **more: Any) -> None:
    row = {
        "id": uuid7(), "anchor": uuid7(), "party_id": party, "status": "payment.received", "arrived": True,
        "received_on": on, "amount": amount, "refunded": 0, "allocated": 0, "currency": "INR", **more,
    }  # fmt: skip
    await rows.put("receipts", **row)


async def _queued(door: Door, business: UUID) -> list[dict[str, Any]]:
    async with transaction(door.engine, [business]) as tx:
        return [row["card"] for row in await tx.fetch("SELECT card FROM outbox ORDER BY queued_at")]


async def test_a_monday_tells_what_came_since_saturday_and_the_week(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    clock.now = MONDAY_MORNING
    owner = await _linked(door, business)
    async with rows_of(door.engine, business) as rows:
        for days, amount in ((0, 99), (1, 100), (2, 1_000), (3, 10_000), (7, 100_000), (8, 1_000_000)):
            await _receipt(rows, MONDAY - timedelta(days=days), amount)
        await _receipt(rows, SATURDAY, 5, classified="loan")
        await _receipt(rows, SATURDAY, 5, arrived=False, status="payment.authorised")
        await _receipt(rows, SATURDAY, 50, refunded=20)
        tata = await rows.party("Tata Steel", is_customer=False, is_vendor=True)
        for due, amount in ((MONDAY - timedelta(days=9), 300), (MONDAY + timedelta(days=2), 700)):
            await rows.payable(tata, amount, due_on=due)
    view: DigestView = await door.query(Digest(), owner)
    assert (view.came, view.came_since) == (1_130, SATURDAY)
    assert view.week is not None
    assert view.week.came == 111_130
    assert view.week.pays == ((MONDAY, 300), (MONDAY + timedelta(days=2), 700))


async def test_a_rep_is_told_what_came_from_his_own_customers(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    clock.now = MONDAY_MORNING
    rep = await _linked(door, business, "sales")
    async with rows_of(door.engine, business) as rows:
        mine, other = await rows.party("Sharma", owner="ravi"), await rows.party("Gupta", owner="meena")
        await _receipt(rows, SATURDAY, 700, mine)
        await _receipt(rows, SATURDAY, 9_000, other)
        await _receipt(rows, SATURDAY, 80_000)
    view: DigestView = await door.query(Digest(), rep)
    assert view.came == 700
    assert view.week is not None
    assert (view.week.came, view.week.pays) == (700, ())


async def test_a_listed_holiday_counts_as_a_sunday_and_the_day_after_begins_the_week(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            """UPDATE businesses SET settings = '{"holidays": ["2026-11-19"]}' WHERE business_id = $1""",
            business,
        )
    owner = await _linked(door, business)
    view: DigestView = await door.query(Digest(), owner)  # Friday
    assert (view.came_since, view.working, view.week is not None) == (date(2026, 11, 18), True, True)
    clock.now -= timedelta(days=1)
    holiday: DigestView = await door.query(Digest(), owner)
    assert (holiday.working, holiday.week) == (False, None)


@pytest.mark.parametrize(
    ("bank_until", "books_heard", "old"),
    [
        (date(2026, 11, 18), 1, []),  # only Thursday is missing
        (date(2026, 11, 17), 1, ["ICICI"]),
        (date(2026, 11, 19), 3, ["Tally"]),
        (date(2026, 11, 14), 6, ["ICICI", "Tally"]),
    ],
)
async def test_what_several_working_days_are_missing_of_is_told_as_old_at_the_top(
    door: Door, business: UUID, clock: SettableClock, bank_until: date, books_heard: int, old: list[str]
) -> None:
    await _linked(door, business)
    async with rows_of(door.engine, business) as rows:
        for name, label in (
            ("bank:icici", "ICICI"),
            ("books:tally", "Tally"),
            ("books:spreadsheet", "Sheet"),
        ):
            await rows.put(
                "sources", name=name, connector="x", label=label, key_hash=name.encode(), silence_hours=0
            )
        heard = clock.now - timedelta(days=books_heard)
        await rows.put("source_state", source="books:tally", last_delivery_at=heard)
        await rows.put(
            "source_state", source="books:spreadsheet", last_delivery_at=heard - timedelta(days=90)
        )
        await rows.put(
            "source_state",
            source="bank:icici",
            covered_until=bank_until,
            balance=100,
            last_delivery_at=clock.now,
        )
    assert await queue_due_digests(door, clock.now) == 1
    (card,) = await _queued(door, business)
    told = next((line for line in card["text"].split("\n") if "Old figures" in line), "")
    assert [label for label in ("ICICI", "Tally", "Sheet") if label in told] == old
    assert not told or card["text"].split("\n")[1] == told


async def test_who_has_cheques_for_all_that_is_late_is_not_called_first(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    owner = await _linked(door, business)
    async with rows_of(door.engine, business) as rows:
        for name, cheque in (("Sharma", 50_000), ("Gupta", 40_000)):
            party = await rows.party(name)
            await rows.invoice(party, 50_000, due_on=date(2026, 11, 1))
            await rows.put(
                "cheques", id=uuid7(), anchor=uuid7(), party_id=party, status="cheque.received", number="1",
                amount=cheque, currency="INR", dated_on=date(2026, 11, 25),
            )  # fmt: skip
    view: DigestView = await door.query(Digest(), owner)
    assert [brief.name for brief in view.call_first] == ["Gupta"]


async def test_a_member_of_two_firms_gets_two_digests_never_summed(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    other = UUID("01990000-0000-7000-8000-0000000000ab")
    await door.execute(AddBusiness(other, "Sharma Steel"), system(other, "test"))
    for firm, amount in ((business, 10_000), (other, 30_000)):
        await _linked(door, firm)
        async with rows_of(door.engine, firm) as rows:
            await rows.invoice(await rows.party("Gupta"), amount)
    assert await queue_due_digests(door, clock.now) == 2
    ours, theirs = await _queued(door, business), await _queued(door, other)
    assert "<i>Sharma Services</i>" in ours[0]["text"]
    assert "₹100" in ours[0]["text"]
    assert "<i>Sharma Steel</i>" in theirs[0]["text"]
    assert "₹300" in theirs[0]["text"]


async def test_a_picture_comes_with_the_digest_of_who_wants_one(
    door: Door, business: UUID, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await _linked(door, business)
    await door.execute(SetPicture("dark"), owner)
    assert await queue_due_digests(door, clock.now) == 1
    (card,) = await _queued(door, business)
    assert card["attachment"]["kind"] == "photo"
    assert "Ramesh ji" in card["text"]
    clock.advance(days=1)
    monkeypatch.setattr(bot.digest, "_LONGEST_CAPTION", 10)
    assert await queue_due_digests(door, clock.now) == 1
    first, second = (await _queued(door, business))[1:]
    assert ("attachment" in first, first["text"], "attachment" in second) == (True, "", False)
    clock.advance(days=1)
    monkeypatch.setattr(bot.digest, "morning_picture", _broken)
    assert await queue_due_digests(door, clock.now) == 1
    assert "attachment" not in (await _queued(door, business))[-1]


def _broken(*_: object) -> bytes:
    raise RuntimeError("no ink")
