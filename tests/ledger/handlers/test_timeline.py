"""A party's history: every source, newest first, paged, in words."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.errors import NotFound
from kit.ids import digest, uuid7
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.domain.vocabulary import EVENTS
from ledger.handlers.summary import summary
from ledger.queries import Timeline
from tests.ledger.rows import NOW, rows_of

_MONEY = {"amount": 34_220_00, "currency": "INR"}


async def test_all_that_was_said_stands_newest_first_with_rewrites_readings_and_decisions(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    named, invoice, payment, other = uuid7(), uuid7(), uuid7(), uuid7()
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders", owner="ravi")
        await rows.put(
            "party_identities",
            subject=named,
            party_id=party,
            anchor=named,
            source="books:tally",
            external_id="1",
        )
        await rows.claim(invoice, uuid7(), party=party)
        await rows.claim(payment, uuid7(), party=party)
        await rows.event(
            invoice, "invoice.issued", {"number": "INV-102", **_MONEY}, occurred_at=NOW - timedelta(days=9)
        )
        replayed = await rows.event(
            payment,
            "status.unmapped",
            {},
            source="payment:razorpay",
            flag="unmapped",
            occurred_at=NOW - timedelta(days=2),
        )
        await rows.put(
            "interpretations", event_id=replayed, number=1, normaliser_version="1", mapping_version="1",
            event_type="payment.received", normalised=orjson.dumps({"amount": 5_000_00, "currency": "INR"}).decode(),
            subject=payment, made_at=NOW,
            source="payment:razorpay", source_event_id="replayed", schema_version="1", kind="payment", external_id="p",
            occurred_at=NOW - timedelta(days=2), precision="instant", sequence=0, digest=digest(b"replayed"),
        )  # fmt: skip
        await rows.put(
            "event_rewrites", id=uuid7(), source="books:tally", source_event_id="e1", digest=digest(b"x"), delivery=b"d",
            event_type="invoice.revised", schema_version="1", kind="invoice", external_id="i", subject=invoice,
            normalised=orjson.dumps({"number": "INV-102"}).decode(), occurred_at=NOW - timedelta(days=8),
            precision="instant", ingested_at=NOW,
        )  # fmt: skip
        await rows.event(
            uuid7(), "promise.made", {"party": str(named), "on": "2026-11-26"}, source="operator", kind="promise",
            occurred_at=NOW - timedelta(days=1),
        )  # fmt: skip
        await rows.event(other, "invoice.issued", {"number": "X", **_MONEY})
        await rows.event(
            invoice,
            "bank.credited",
            {**_MONEY},
            source="bank:icici",
            kind="bank_line",
            occurred_at=NOW - timedelta(days=20),
        )
    page = await door.query(Timeline(party), owner)
    assert [(entry.summary, entry.flag) for entry in page.rows] == [
        ("Promised to pay on Thu 26 Nov 2026", None),
        ("Razorpay says ₹5,000 captured", None),
        ("Invoice INV-102 revised", "rewritten"),
        ("Invoice INV-102 for ₹34,220", None),
        ("₹34,220 came into ICICI", None),
    ]
    assert page.rows[1].amount == 5_000_00
    ravi = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    assert len((await door.query(Timeline(party), ravi)).rows) == 4
    neha = Actor(business, Role.SALES, "Neha", member_id=uuid7(), owner_key="neha")
    with pytest.raises(NotFound):
        await door.query(Timeline(party), neha)


async def test_events_of_one_moment_are_paged_without_a_gap(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    subject = uuid7()
    async with rows_of(engine, business) as rows:
        party = await rows.party("A", anchor=subject)
        made = {
            await rows.event(subject, "party.upserted", {"name": "A"}, occurred_at=NOW) for _ in range(21)
        }
    seen: list[UUID] = []
    after = None
    while True:
        page = await door.query(Timeline(party, first=4, after=after), owner)
        seen += [entry.id for entry in page.rows]
        after = page.end
        if not page.more:
            break
    assert len(seen) == 21
    assert set(seen) == made


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_every_event_type_has_a_sentence_even_when_it_says_nothing_else(event_type: str) -> None:
    bare = summary(event_type, source="crm:demo", data={}, money=None)
    full = summary(
        event_type,
        source="payment:razorpay",
        data={
            "number": "7",
            "reason": "insufficient funds",
            "on": "2026-11-26",
            "status": "invoice.paid",
            "kind": "tds",
        },
        money="₹5,000",
    )
    for sentence in (bare, full):
        assert sentence
        assert "{" not in sentence
        assert "None" not in sentence
        assert sentence == sentence.strip()
    assert event_type not in bare
    unnamed = summary(f"{event_type}.of_tomorrow", source="crm:demo", data={}, money=None)
    assert bare != unnamed.removesuffix(" of tomorrow"), "only its name was said"
