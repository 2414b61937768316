"""The tie-out: the lines name the whole difference, whatever was said; the past, several books, roles, and its size."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.door import Appender
from kit.database import transaction
from kit.errors import Denied, Rejected
from kit.ids import uuid7
from ledger.commands import DrainBusiness, SweepBusiness
from ledger.dispatch import Door
from ledger.domain.events import OPERATOR, Delivery, subject_id
from ledger.domain.roles import Actor, Role, system
from ledger.domain.tie_out import KINDS
from ledger.queries.tie_out import TieOut, TieOutDays
from ledger.views.tie_out import TieOutPage, TieOutRow
from tests.ledger.firms import BANK, BOOKS, Firm, delivery

TALLY, NEXT_TALLY = "books:tally", "books:tally-2"
SHARMA = {"id": "s", "name": "Sharma Traders"}
VENDOR = {"id": "v", "name": "Gupta Steel"}
AT = datetime(2026, 10, 1, 4, tzinfo=UTC)


class Teller:
    """Tells a business what its sources say, and drains."""

    def __init__(self, door: Door, business: UUID) -> None:
        self.door, self.business = door, business

    async def tell(self, *log: Delivery) -> None:
        """Append and drain, a minute later than before."""
        appender = Appender(self.door.engine)
        for one in log:
            await appender.append(one)
        await self.drain()

    async def drain(self) -> None:
        """Drain all that waits."""
        self.door.clock.advance(minutes=1)  # type: ignore[attr-defined]
        while (await self.door.execute(DrainBusiness(), system(self.business, "drainer"))).more:
            self.door.clock.advance(seconds=1)  # type: ignore[attr-defined]

    def say(self, source: str, event_type: str, external_id: str, **data: Any) -> Delivery:
        """Return an event of a party, rupees in paise."""
        more = {name: data.pop(name) for name in ("kind", "precision", "at") if name in data}
        body = {"currency": "INR", **data}
        return delivery(self.business, source, event_type, external_id, body, **{"at": AT, **more})

    def bill(self, number: str, amount: int, *, source: str = TALLY, **more: Any) -> Delivery:
        """A customer's bill of 1 September."""
        data = {"number": number, "party": SHARMA, "issued_on": "2026-09-01", "amount": amount, **more}
        return self.say(source, "invoice.issued", f"i{number}", **data)

    def receipt(self, name: str, amount: int, *, source: str = TALLY, **more: Any) -> Delivery:
        """Cash of 20 September."""
        data = {"party": SHARMA, "amount": amount, "into": "cash", "paid_on": "2026-09-20", **more}
        return self.say(source, "payment.received", name, **data)

    def states(self, amount: int, as_on: str, *, source: str = TALLY, **more: Any) -> Delivery:
        """What the books say that Sharma owes."""
        data = {"party": SHARMA, "amount": amount, "as_on": as_on, "side": "receivable", **more}
        at = datetime.fromisoformat(as_on).replace(hour=12, tzinfo=UTC)
        return self.say(source, "balance.stated", "b", at=at, precision="observed", **data)


@pytest.fixture
def teller(door: Door, business: UUID) -> Teller:
    """Tells the test's business."""
    return Teller(door, business)


async def ask(door: Door, actor: Actor, **how: Any) -> TieOutPage:
    """Ask for the tie-out."""
    page: TieOutPage = await door.query(TieOut(**how), actor)
    return page


def named(row: TieOutRow) -> dict[str, tuple[int, int]]:
    """The lines of a row by kind."""
    return {line.kind: (line.count, line.amount) for line in row.lines}


# ---- it always adds up -----------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(25))
async def test_the_lines_add_up_to_the_difference_in_any_firm_on_any_day(
    seed: int, door: Door, teller: Teller, owner: Actor, business: UUID
) -> None:
    chance = random.Random(seed)
    log = Firm(business, seed).build(90)
    for n in range(6):  # some balances, right or wrong, of parties that the firm has
        who = {"id": f"c{n}", "name": f"Name {n}"}
        data = {
            "party": who, "amount": chance.randrange(-5_000, 300_000), "currency": "INR",
            "as_on": chance.choice(["2026-06-10", "2026-07-01", "2026-11-19"]),
        }  # fmt: skip
        log.append(delivery(business, BOOKS, "balance.stated", f"bal{n}", data, precision="observed"))
    chance.shuffle(log)
    await teller.tell(*log)
    seen = 0
    for day in (None, date(2026, 6, 5), date(2026, 6, 20), date(2026, 8, 1)):
        rows, totals = await all_rows(door, owner, day)
        seen += len(rows)
        for row in rows:
            assert sum(line.amount for line in row.lines) == row.difference
            assert {line.kind for line in row.lines} <= KINDS
            named_lines = sum(entry.amount for entry in row.entries)
            unexplained = sum(line.amount for line in row.lines if line.kind == "unexplained")
            assert row.further == 0
            assert named_lines + unexplained == row.difference
        for total in totals:
            of_side = [row for row in rows if (row.side, row.currency) == (total.side, total.currency)]
            assert total.difference == sum(row.difference for row in of_side)
            assert sum(line.amount for line in total.lines) == total.difference
            assert total.apart == sum(row.difference != 0 for row in of_side)
            assert total.ours == sum(row.ours for row in of_side)
        await agrees_with_the_postings(door, business, rows, day)
    assert seen > 8


async def all_rows(door: Door, owner: Actor, day: date | None) -> tuple[list[TieOutRow], Sequence[Any]]:
    """Page through all of it, three at a time."""
    rows: list[TieOutRow] = []
    after = None
    while True:
        page = await ask(door, owner, as_on=day, first=3, after=after, lines=500)
        rows += page.rows
        after = page.end
        if not page.more:
            break
    keys = [(row.party_id, row.side, row.currency) for row in rows]
    assert len(keys) == len(set(keys))
    assert [abs(row.difference) for row in rows] == sorted((abs(r.difference) for r in rows), reverse=True)
    return rows, page.totals


async def agrees_with_the_postings(
    door: Door, business: UUID, rows: list[TieOutRow], day: date | None
) -> None:
    """Ours is what the postings come to, nobody left out."""
    async with transaction(door.engine, [business]) as tx:
        found = await tx.fetch(
            "SELECT party_id, side, currency, sum(amount)::bigint AS amount FROM postings"
            " WHERE business_id = $1 AND known_to IS NULL AND effective_on <= $2 GROUP BY 1, 2, 3"
            " HAVING sum(amount) <> 0",
            business,
            day or date(2026, 11, 20),
        )
    ours = {(row.party_id, row.side, row.currency): row.ours for row in rows if row.ours}
    assert ours == {(r["party_id"], r["side"], r["currency"]): r["amount"] for r in found}


# ---- what is named ---------------------------------------------------------------------------------
async def test_books_alone_tie_out(door: Door, teller: Teller, owner: Actor) -> None:
    await teller.tell(
        teller.bill("INV-1", 118_000_00),
        teller.receipt("r1", 18_000_00, references={"invoices": ["INV-1"]}),
        teller.states(100_000_00, "2026-11-19"),
    )
    page = await ask(door, owner)
    (row,) = page.rows
    assert (row.ours, row.books, row.difference, row.lines) == (100_000_00, 100_000_00, 0, ())
    assert row.stated_on == date(2026, 11, 19)
    assert page.ties
    assert [(b.source, b.last_entry_on, b.stated_on) for b in page.books] == [
        (TALLY, date(2026, 9, 20), date(2026, 11, 19))
    ]


async def test_two_receipts_and_a_credit_note_are_named_and_the_rest_is_not_explained(
    door: Door, teller: Teller, owner: Actor
) -> None:
    await teller.tell(
        teller.bill("INV-1", 50_000_00),
        teller.receipt("pay_1", 10_000_00, source="payment:razorpay", references={"invoices": ["INV-1"]}),
        teller.receipt("pay_2", 5_000_00, source="payment:razorpay", references={"invoices": ["INV-1"]}),
        teller.say(
            "crm:hubspot", "credit_note.issued", "cn", number="CN-1", party=SHARMA, issued_on="2026-09-22",
            amount=6_800_00, references={"invoices": ["INV-1"]},
        ),
        teller.say("crm:hubspot", "party.upserted", "s", name="Sharma Traders", gstin="27AAPFU0939F1ZV"),
        teller.say("payment:razorpay", "party.upserted", "s", name="Sharma", gstin="27AAPFU0939F1ZV"),
        teller.say(TALLY, "party.upserted", "s", name="Sharma Traders", gstin="27AAPFU0939F1ZV"),
        teller.states(50_900_00, "2026-11-19"),
    )  # fmt: skip
    page = await ask(door, owner)
    (row,) = page.rows
    assert (row.ours, row.books, row.difference) == (28_200_00, 50_900_00, 22_700_00)
    assert named(row) == {
        "receipt.not_in_books": (2, 15_000_00),
        "credit_note.not_in_books": (1, 6_800_00),
        "unexplained": (1, 900_00),
    }
    assert row.words("Tally") == (
        "2 receipts not in Tally ₹15,000, 1 credit note not in Tally ₹6,800, not explained ₹900"
    )
    assert [entry.number for entry in row.entries if entry.kind.startswith("credit")] == ["CN-1"]
    assert not page.ties
    assert page.totals[0].words("Tally") == row.words("Tally")


async def test_a_receipt_that_the_bank_contradicts_is_only_in_the_books(
    door: Door, teller: Teller, owner: Actor
) -> None:
    line = teller.say(
        BANK, "bank.credited", "L1", amount=5_00, account="4421", posted_on="2026-09-10", narration="NEFT X",
        kind="bank_line", precision="day",
    )  # fmt: skip
    await teller.tell(
        teller.bill("INV-1", 118_00),
        teller.receipt("r1", 118_00, into="bank", references={"invoices": ["INV-1"]}),
        replace(line, covered_from=date(2026, 9, 1), covered_until=date(2026, 9, 30)),
    )
    page = await ask(door, owner, apart_only=True)
    (row,) = page.rows
    assert named(row) == {"receipt.not_here": (1, -118_00)}
    assert row.words("Tally") == "1 receipt only in Tally ₹118"


async def test_another_amount_a_bill_missing_here_and_what_was_decided_here(
    door: Door, teller: Teller, owner: Actor, business: UUID
) -> None:
    bill = subject_id(TALLY, "invoice", "iINV-1")
    utr = {"utr": ["HDFCN52026091800"]}
    await teller.tell(
        teller.bill("INV-1", 1_000_00),
        teller.receipt("r1", 500_00, into="bank", references=utr),
        teller.say(
            BANK, "bank.credited", "L1", amount=490_00, account="4421", posted_on="2026-09-21",
            narration="NEFT HDFCN52026091800", references=utr, kind="bank_line", precision="day",
        ),
        teller.say(
            OPERATOR, "writeoff.approved", "w", document=str(bill), amount=100_00, kind="decision",
        ),
        teller.bill("INV-2", 70_00, source="crm:hubspot"),
    )  # fmt: skip
    page = await ask(door, owner)
    lines = {kind: line for row in page.rows for kind, line in named(row).items()}
    assert lines["write_off.not_in_books"] == (1, 100_00)
    assert lines["receipt.differs"] == (1, -10_00)
    assert lines["bill.not_in_books"] == (1, -70_00)


async def test_the_same_receipt_on_another_day_is_said_to_be_that(
    door: Door, teller: Teller, owner: Actor
) -> None:
    utr = {"utr": ["HDFCN52026103000"]}
    await teller.tell(
        teller.bill("INV-1", 500_00),
        teller.receipt("r1", 500_00, into="bank", paid_on="2026-10-30", references=utr),
        teller.say(
            BANK, "bank.credited", "L1", amount=500_00, account="4421", posted_on="2026-11-02",
            narration="NEFT HDFCN52026103000", references=utr, kind="bank_line", precision="day",
        ),
    )  # fmt: skip
    (row,) = (await ask(door, owner, as_on=date(2026, 10, 31))).rows
    assert named(row) == {"receipt.other_day": (1, -500_00)}
    assert (await ask(door, owner, as_on=date(2026, 11, 2))).ties


async def test_creditors_are_a_side_of_their_own(door: Door, teller: Teller, owner: Actor) -> None:
    await teller.tell(
        teller.say(
            TALLY, "bill.received", "b1", number="GS-1", party=VENDOR, issued_on="2026-09-03", amount=64_900_00
        ),
        teller.say(
            BANK, "bank.debited", "L1", amount=64_900_00, account="4421", posted_on="2026-09-30",
            narration="NEFT GUPTA STEEL", references={"tokens": ["GS-1"], "utr": ["UTIBN62026093000"]},
            kind="bank_line", precision="day",
        ),
        teller.say(
            "standard:payouts", "payout.processed", "p1", party=VENDOR, amount=1_00, paid_on="2026-09-03"
        ),
        teller.states(64_900_00, "2026-11-19", party=VENDOR, side="payable"),
    )  # fmt: skip
    page = await ask(door, owner)
    payable = [row for row in page.rows if row.side == "payable"]
    assert sum(row.books for row in payable) >= 64_900_00 - 1_00
    assert {total.side for total in page.totals} == {"payable"}


async def test_a_new_years_company_is_not_summed(door: Door, teller: Teller, owner: Actor) -> None:
    """The old company has the bill and a part payment; the new one brings what was left of it, and both state it."""
    await teller.tell(
        teller.bill("INV-1", 100_00, issued_on="2026-03-10"),
        teller.receipt("r1", 40_00, paid_on="2026-03-20", settles=[{"number": "INV-1", "amount": 40_00}]),
        teller.bill(
            "INV-1", 60_00, source=NEXT_TALLY, issued_on="2026-03-10", outstanding=60_00, precision="observed",
            party={"id": "s2", "name": "Sharma Traders"}, at=datetime(2026, 4, 1, tzinfo=UTC),
        ),
        teller.bill(
            "INV-9", 30_00, source=NEXT_TALLY, issued_on="2026-05-10", party={"id": "s2", "name": "Sharma Traders"}
        ),
        teller.say(TALLY, "party.upserted", "s", name="Sharma Traders", gstin="27AAPFU0939F1ZV"),
        teller.say(NEXT_TALLY, "party.upserted", "s2", name="Sharma Traders", gstin="27AAPFU0939F1ZV"),
        teller.states(60_00, "2026-11-19"),
        teller.states(90_00, "2026-11-19", source=NEXT_TALLY, party={"id": "s2", "name": "Sharma Traders"}),
    )  # fmt: skip
    page = await ask(door, owner)
    (row,) = page.rows
    assert (row.ours, row.books, row.lines) == (90_00, 90_00, ())
    assert {books.source for books in page.books} == {TALLY, NEXT_TALLY}


async def test_the_past_is_told_from_the_nearest_statement_and_the_entries_since(
    door: Door, teller: Teller, owner: Actor
) -> None:
    await teller.tell(
        teller.bill("INV-1", 100_00), teller.receipt("r1", 40_00), teller.states(70_00, "2026-09-10")
    )
    await teller.tell(teller.states(60_00, "2026-11-19"))
    for day, books, unexplained in (
        (date(2026, 9, 5), 70_00, -30_00),
        (date(2026, 9, 30), 30_00, -30_00),
        (None, 60_00, 0),
    ):
        (row,) = (await ask(door, owner, as_on=day)).rows
        assert (row.books, row.difference) == (books, unexplained)


async def test_without_books_there_is_nothing_to_compare(door: Door, teller: Teller, owner: Actor) -> None:
    page = await ask(door, owner)
    assert (page.books, page.rows, page.totals) == ((), (), ())
    assert page.books_name == "the books"


@pytest.mark.parametrize(
    ("how", "code"),
    [({"first": 0}, "page.size"), ({"lines": 501}, "lines.range"), ({"after": "x"}, "cursor.invalid")],
)
async def test_what_makes_no_sense_is_rejected(
    how: dict[str, Any], code: str, door: Door, owner: Actor
) -> None:
    with pytest.raises(Rejected) as error:
        await ask(door, owner, **how)
    assert error.value.code == code


# ---- who sees it, day by day, and how large it may be ----------------------------------------------
async def test_a_sales_rep_sees_none_of_it(door: Door, teller: Teller, business: UUID) -> None:
    await teller.tell(teller.bill("INV-1", 100_00))
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    for question in (TieOut(), TieOutDays()):
        with pytest.raises(Denied):
            await door.query(question, rep)
    for role in (Role.FINANCE, Role.VIEW):
        page = await ask(door, Actor(business, role, "Meera", member_id=uuid7()))
        assert page.totals[0].books == 100_00


async def test_the_sweep_keeps_each_days_totals(
    door: Door, teller: Teller, owner: Actor, business: UUID
) -> None:
    await door.execute(SweepBusiness(), system(business, "sweep"))
    assert await door.query(TieOutDays(), owner) == ()
    await teller.tell(teller.bill("INV-1", 100_00), teller.states(100_00, "2026-11-19"))
    await door.execute(SweepBusiness(), system(business, "sweep"))
    door.clock.advance(days=1)  # type: ignore[attr-defined]
    await teller.tell(teller.states(140_00, "2026-11-21"))
    for _ in range(2):
        await door.execute(SweepBusiness(), system(business, "sweep"))
    kept = await door.query(TieOutDays(), owner)
    assert [(day.on, day.books, day.ours, day.theirs, day.apart, day.unexplained) for day in kept] == [
        (date(2026, 11, 21), TALLY, 100_00, 140_00, 1, 40_00),
        (date(2026, 11, 20), TALLY, 100_00, 100_00, 0, 0),
    ]
    assert len(await door.query(TieOutDays(last=1), owner)) == 1


async def test_ten_thousand_parties_with_a_hundred_thousand_bills_take_seconds(
    door: Door, engine: AsyncEngine, owner: Actor, business: UUID
) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run(_MANY_POSTINGS, business)
        await tx.run(_MANY_ENTRIES, business)
        await tx.run(_MANY_BALANCES, business)
        await tx.run("INSERT INTO parties (business_id, id, anchor, name, search_name, currency, receivable,"
                     " open_bills, on_account, payable) SELECT $1, md5('p' || n)::uuid, md5('p' || n)::uuid,"
                     " 'Party ' || n, 'party ' || n, 'INR', 0, 0, 0, 0 FROM generate_series(1, 10000) n", business)  # fmt: skip
    begun = time.monotonic()
    page = await ask(door, owner, first=50)
    took = time.monotonic() - begun
    assert (page.totals[0].parties, page.totals[0].apart) == (10_000, 5_000)
    assert named(page.rows[0]) == {"receipt.not_in_books": (10, 5_000)}
    assert took < 20, f"{took:.1f} s"
    begun = time.monotonic()
    following = await ask(door, owner, first=200, after=page.end)
    assert len(following.rows) == 200
    assert time.monotonic() - begun < 20


_MANY_POSTINGS = """
INSERT INTO postings (business_id, id, anchor, party_id, document_id, side, kind, amount, currency, effective_on, cause,
                      known_from)
SELECT $1, gen_random_uuid(), md5('b' || n)::uuid, md5('p' || (n % 10000 + 1))::uuid, md5('b' || n)::uuid, 'receivable',
       k.kind, k.amount, 'INR', '2026-06-01', md5(k.of || n)::uuid, '2026-06-01'
FROM generate_series(1, 100000) n,
     (VALUES ('invoice', 1000, 'b'), ('receipt', -500, 'r')) k (kind, amount, of)
"""
_MANY_BALANCES = """
INSERT INTO book_entries (business_id, id, anchor, party_id, source, side, kind, amount, currency, effective_on,
                          known_from)
SELECT $1, gen_random_uuid(), md5('s' || n)::uuid, md5('p' || n)::uuid, 'books:tally', 'receivable', 'stated',
       CASE WHEN n % 2 = 0 THEN 10000 ELSE 5000 END, 'INR', '2026-11-19', '2026-11-19'
FROM generate_series(1, 10000) n
"""
_MANY_ENTRIES = """
INSERT INTO book_entries (business_id, id, anchor, party_id, source, side, kind, amount, currency, effective_on,
                          known_from)
SELECT $1, gen_random_uuid(), md5(k.of || n)::uuid, md5('p' || (n % 10000 + 1))::uuid, 'books:tally', 'receivable',
       k.kind, k.amount, 'INR', '2026-06-01', '2026-06-01'
FROM generate_series(1, 100000) n,
     (VALUES ('invoice', 1000, 'b'), ('receipt', -500, 'r')) k (kind, amount, of)
WHERE k.of = 'b' OR n % 2 = 0
"""


async def test_entries_of_one_amount_stand_by_day_and_then_by_number(
    door: Door, teller: Teller, owner: Actor
) -> None:
    crm = "crm:zoho_crm"
    told = [
        teller.bill(number, 700_00, source=crm, issued_on=day)
        for number, day in (
            ("Z3", "2026-09-02"),
            ("A9", "2026-09-03"),
            ("M5", "2026-09-02"),
            ("B1", "2026-09-02"),
        )
    ]
    await teller.tell(
        teller.bill("X1", 50_00), *told, teller.bill("L1", 900_00, source=crm, issued_on="2026-09-05")
    )
    numbers = [[entry.number for entry in row.entries] for row in (await ask(door, owner)).rows]
    assert ["L1", "B1", "M5", "Z3", "A9"] in numbers
