"""Parties: who owes most urgently, one in full, several at once; names as people type them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.errors import Denied, NotFound, Rejected
from kit.ids import uuid7
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.handlers.names import fit, sounds
from ledger.queries import (
    FindParty,
    Members,
    OwnBusiness,
    Parties,
    PartiesByIds,
    PartyCard,
    Sources,
    WhoOwesMe,
)
from tests.ledger.rows import NOW, TODAY, days_ago, rows_of


def rep(business: UUID) -> Actor:
    """A sales rep whose CRM identity is `ravi`."""
    return Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")


async def test_money_on_account_covers_the_oldest_bills_before_anything_is_called_overdue(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        await rows.invoice(party, 100_00, issued_on=days_ago(100), due_on=days_ago(95))
        await rows.invoice(party, 50_00, due_on=days_ago(47))
        await rows.invoice(party, 30_00, due_on=TODAY + timedelta(days=3))
        await rows.invoice(party, 20_00, issued_on=days_ago(10))
        await rows.on_account(party, 120_00)
        paid = await rows.party("Paid ahead")
        await rows.invoice(paid, 10_00, due_on=days_ago(5))
        await rows.on_account(paid, 10_00)
    page = await door.query(WhoOwesMe(), owner)
    assert (page.total, page.overdue, page.count) == (80_00, 30_00, 1)
    only = page.rows[0]
    assert (only.net, only.open_bills, only.on_account) == (80_00, 200_00, 120_00)
    assert (only.overdue, only.overdue_days) == (30_00, 47)
    card = await door.query(PartyCard(party), owner)
    assert [bucket.amount for bucket in card.aging] == [0, 30_00, 0, 0]
    assert [(bucket.low, bucket.high) for bucket in card.aging] == [(1, 30), (31, 60), (61, 90), (91, None)]


async def test_a_bill_with_several_dues_is_overdue_due_by_due(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Builder")
        bill = await rows.invoice(party, 900, due_on=days_ago(10))
        for number, (due, amount, left) in enumerate(
            [(days_ago(90), 100, 0), (days_ago(10), 300, 300), (TODAY + timedelta(days=30), 600, 600)]
        ):
            await rows.put(
                "dues",
                invoice_id=bill,
                number=number,
                anchor=bill,
                due_on=due,
                amount=amount,
                outstanding=left,
            )
    found = (await door.query(PartiesByIds((party,)), owner))[party]
    assert (found.net, found.overdue, found.overdue_days) == (900, 300, 10)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("urgency", ["old", "big", "small"]),
        ("amount", ["big", "old", "small"]),
        ("name", ["big", "old", "small"]),
    ],
)
async def test_who_owes_me_pages_in_each_order(
    sort: str, names: list[str], door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.invoice(await rows.party("big"), 1_000, due_on=days_ago(2))
        await rows.invoice(await rows.party("old"), 500, due_on=days_ago(40))
        await rows.invoice(await rows.party("small"), 100)
        await rows.invoice(
            await rows.party("foreign", currency="USD"), 100, currency="USD", due_on=days_ago(1)
        )
    seen, after = [], None
    while True:
        page = await door.query(WhoOwesMe(first=1, after=after, sort=sort), owner)
        assert (page.total, page.overdue, page.count) == (1_600, 1_500, 4)
        seen += [row.name for row in page.rows]
        after = page.end
        if not page.more:
            break
    assert [name for name in seen if name != "foreign"] == names
    assert len(seen) == 4
    late = await door.query(WhoOwesMe(overdue_only=True), owner)
    assert (late.count, {row.name for row in late.rows}) == (3, {"old", "big", "foreign"})


async def test_equal_urgency_loses_no_customer_between_pages(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        for n in range(23):
            await rows.invoice(await rows.party(f"Twin {n % 2}"), 100, due_on=days_ago(5))
    for sort, question in (("urgency", WhoOwesMe), ("name", WhoOwesMe), ("", Parties)):
        seen: list[UUID] = []
        after = None
        while True:
            asked = question(first=4, after=after, **({"sort": sort} if sort else {}))
            page = await door.query(asked, owner)
            seen += [row.id for row in page.rows]
            after = page.end
            if not page.more:
                break
        assert len(seen) == len(set(seen)) == 23


async def test_an_empty_book_answers_with_zeros(door: Door, owner: Actor) -> None:
    page = await door.query(WhoOwesMe(), owner)
    assert (page.rows, page.total, page.overdue, page.count, page.more, page.end) == (
        (),
        0,
        0,
        0,
        False,
        None,
    )
    assert (await door.query(Parties(), owner)).rows == ()
    with pytest.raises(Rejected):
        await door.query(WhoOwesMe(after="zzz"), owner)


async def test_a_sales_rep_finds_counts_and_opens_his_own_customers_only(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        mine, other = await rows.party("Sharma Mine", owner="ravi"), await rows.party("Sharma Other")
        for party, amount in ((mine, 100), (other, 900)):
            await rows.invoice(party, amount, due_on=days_ago(9), number=f"N-{amount}")
            await rows.payable(party, 5)
            await rows.put(
                "conflicts", id=uuid7(), rule="r", severity="warn", status="open", subjects=[], party_id=party,
                evidence="{}", evidence_digest="d", version=1, opened_at=NOW, due_at=NOW, changed_at=NOW,
            )  # fmt: skip
        await rows.source("bank:icici", state={"balance": 5, "account": "4421", "covered_until": days_ago(1)})
    ravi = rep(business)
    page = await door.query(WhoOwesMe(), ravi)
    assert (page.total, page.overdue, page.count, [row.id for row in page.rows]) == (100, 100, 1, [mine])
    every = await door.query(Parties(), ravi)
    assert (every.total, every.overdue, every.count, len(every.rows)) == (100, 100, 1, 1)
    assert [row.id for row in await door.query(FindParty("sharma"), ravi)] == [mine]
    assert await door.query(FindParty("N-900"), ravi) == ()
    assert {row.id for row in await door.query(FindParty("sharma"), owner)} == {mine, other}
    assert list(await door.query(PartiesByIds((mine, other)), ravi)) == [mine]
    with pytest.raises(NotFound):
        await door.query(PartyCard(other), ravi)
    card = await door.query(PartyCard(mine), ravi)
    assert (card.brief.payable, card.payables, card.conflicts_open, card.bills_open) == (0, (), 1, 1)
    assert [(source.balance, source.account) for source in card.sources] == [(None, None)]
    for forbidden in (Sources(), Members()):
        with pytest.raises(Denied):
            await door.query(forbidden, ravi)


async def test_the_card_shows_bills_receipts_cheques_names_and_the_sources_that_speak(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party(
            "Gupta Steel", phone="+91 98200 12345", promise_on=days_ago(7), usual_days_late=12
        )
        for n in range(25):
            await rows.invoice(party, 100 + n, due_on=days_ago(n))
        for n in range(7):
            await rows.put(
                "receipts", id=uuid7(), anchor=uuid7(), party_id=party, received_on=days_ago(90 + n), amount=n + 1,
                status="payment.failed" if n == 0 else "payment.received", arrived=True, refunded=0, allocated=0,
                currency="INR",
            )  # fmt: skip
        for number, status in (("000123", "cheque.received"), ("000124", "cheque.cleared")):
            await rows.put(
                "cheques", id=uuid7(), anchor=uuid7(), party_id=party, status=status, number=number, amount=85_000,
                currency="INR", dated_on=TODAY,
            )  # fmt: skip
        await rows.put(
            "party_identities", subject=uuid7(), party_id=party, anchor=uuid7(), source="books:tally",
            external_id="L9", name="Gupta Steels",
        )  # fmt: skip
        await rows.source(
            "books:tally", silence_hours=24, state={"last_delivery_at": NOW - timedelta(hours=30)}
        )
        await rows.source("crm:demo")
        await rows.source("payment:razorpay", silence_hours=24, state={"last_delivery_at": NOW, "events": 5})
    card = await door.query(PartyCard(party), owner)
    assert (len(card.bills), card.bills_open, card.bills[0].outstanding) == (20, 25, 124)
    assert [receipt.amount for receipt in card.recent] == [2, 3, 4, 5, 6]
    assert [cheque.number for cheque in card.cheques] == ["000123"]
    assert [(who.source, who.external_id, who.name) for who in card.identities] == [
        ("books:tally", "L9", "Gupta Steels")
    ]
    assert [(source.name, source.state) for source in card.sources] == [
        ("books:tally", "quiet"),
        ("payment:razorpay", "fresh"),
    ]
    assert card.brief.promise_broken
    assert card.brief.usual_days_late == 12
    with pytest.raises(NotFound):
        await door.query(PartyCard(uuid7()), owner)


async def test_a_promise_kept_in_part_is_not_called_broken(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        given = {"paid": days_ago(6), "unpaid": days_ago(60), "never": None}
        ids = {
            name: await rows.party(name, promise_on=days_ago(7), last_receipt_on=on)
            for name, on in given.items()
        }
        for party in ids.values():
            await rows.invoice(party, 100, due_on=days_ago(30))
    found = await door.query(PartiesByIds(tuple(ids.values())), owner)
    assert {name: found[party].promise_broken for name, party in ids.items()} == {
        "paid": False,
        "unpaid": True,
        "never": True,
    }


NAMES = [
    "Sharma Traders", "Gupta Steel Pvt. Ltd.", "Lakshmi Enterprises", "Chaudhary & Sons", "Shree Balaji Textiles",
    "Verma Sharmistha", "Agarwal Industries", "M/s Mohammed Rafiq & Co", "Krishna Medical Stores", "शर्मा ट्रेडर्स",
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sharma", "Sharma Traders"), ("SHARMA TRADERS", "Sharma Traders"), ("sarma trader", "Sharma Traders"),
        ("sharmatraders", "Sharma Traders"), ("gupt", "Gupta Steel Pvt. Ltd."), ("gpta steel", "Gupta Steel Pvt. Ltd."),
        ("laxmi", "Lakshmi Enterprises"), ("choudhury", "Chaudhary & Sons"), ("balajee", "Shree Balaji Textiles"),
        ("shri balaji", "Shree Balaji Textiles"), ("agrawal", "Agarwal Industries"), ("rafik", "M/s Mohammed Rafiq & Co"),
        ("mohamad", "M/s Mohammed Rafiq & Co"), ("krisna medicals", "Krishna Medical Stores"),
        ("medical krishna", "Krishna Medical Stores"), ("कृष्णा", "Krishna Medical Stores"), ("गुप्ता", "Gupta Steel Pvt. Ltd."),
    ],
)  # fmt: skip
def test_a_misspelt_name_fits_the_one_that_is_meant_best(typed: str, meant: str) -> None:
    scores = {name: fit(sounds(typed), sounds(name)) for name in NAMES if name != "शर्मा ट्रेडर्स"}
    assert max(scores, key=lambda name: scores[name]) == meant
    assert scores[meant] >= 72


@pytest.mark.parametrize("typed", ["xyzzy", "raj", "....", "", "\x00", "\ud800", "<q>" * 1_000, "₹", "🙏"])
async def test_nonsense_finds_nobody_and_breaks_nothing(
    typed: str, door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        for name in NAMES:
            await rows.party(name)
    assert await door.query(FindParty(typed), owner) == ()


async def test_a_party_is_found_by_phone_gstin_and_bill_number_and_as_soon_as_it_exists(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Gupta Steel", phone="+91 98200 12345", gstin="27AAPFU0939F1ZV")
        await rows.party("Sharma Traders", phone="9820099999")
        await rows.invoice(party, 100, number="INV-2026/17")

    async def found(typed: str) -> list[UUID]:
        return [row.id for row in await door.query(FindParty(typed), owner)]

    for typed in (
        "9820012345",
        "098200-12345",
        "12345 98200 12345",
        "27aapfu0939f1zv",
        "AAPFU0939F",
        "inv-2026/17",
    ):
        assert (await found(typed))[:1] == [party], typed
    assert await found("laxmi") == []
    async with rows_of(engine, business) as rows:
        new = await rows.party("Lakshmi Stores")
    assert await found("laxmi") == [new]


async def test_sources_say_how_fresh_they_are(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source(
            "bank:hdfc",
            silence_hours=48,
            state={"last_delivery_at": NOW, "covered_until": days_ago(4), "balance": -5_00},
        )
        await rows.source(
            "bank:icici",
            silence_hours=48,
            state={"last_delivery_at": NOW - timedelta(days=9), "covered_until": days_ago(1)},
        )
        await rows.source("books:spreadsheet", state={"last_delivery_at": NOW - timedelta(days=300)})
        await rows.source("crm:demo", silence_hours=1)
        await rows.source("payment:razorpay", silence_hours=1, enabled=False)
        await rows.source(
            "standard:a", silence_hours=24, state={"last_delivery_at": NOW - timedelta(hours=25)}
        )
    found = await door.query(Sources(), owner)
    assert {source.name: source.state for source in found} == {
        "bank:hdfc": "quiet", "bank:icici": "fresh", "books:spreadsheet": "fresh", "crm:demo": "never",
        "payment:razorpay": "disabled", "standard:a": "quiet",
    }  # fmt: skip
    assert found[0].balance == -5_00


async def test_members_and_the_business_itself(door: Door, business: UUID, owner: Actor) -> None:
    assert [(m.name, m.role, m.linked, m.active) for m in await door.query(Members(), owner)] == [
        ("Ramesh", "owner", False, True)
    ]
    firm = await door.query(OwnBusiness(), owner)
    assert (firm.id, firm.name, firm.currency, firm.today) == (business, "Sharma Services", "INR", TODAY)
