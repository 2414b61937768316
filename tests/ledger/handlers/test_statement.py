"""A party's account: it adds up in any firm, on any day, whoever asks; each thing that happened is one line."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.door import Appender
from kit.database import transaction
from kit.errors import NotFound, Rejected
from kit.ids import uuid7
from ledger.commands import DrainBusiness
from ledger.commands.tie_out import ClosePeriod
from ledger.dispatch import Door
from ledger.domain.events import OPERATOR, Delivery, subject_id
from ledger.domain.financial_year import FinancialYear
from ledger.domain.roles import Actor, Role, system
from ledger.queries import PartyCard
from ledger.queries.statement import Statement
from ledger.views.statement import StatementAccount, StatementView
from tests.ledger.firms import Firm, delivery
from tests.ledger.rows import rows_of

TALLY, BANK = "books:tally", "bank:icici"
SHARMA = {"id": "s", "name": "Sharma Traders"}
GUPTA = {"id": "g", "name": "Gupta Steel"}
AT = datetime(2026, 10, 1, 4, tzinfo=UTC)


@dataclass(slots=True)
class Teller:
    """Tells a business what its sources say, and asks for statements."""

    door: Door
    owner: Actor
    told: list[Delivery] = field(default_factory=list)

    def say(self, event_type: str, external_id: str, /, *, source: str = TALLY, **data: Any) -> Delivery:
        """Return an event; amounts in paise."""
        more = {key: data.pop(key) for key in ("kind", "precision", "at") if key in data}
        body = {"currency": "INR", **data}
        return delivery(self.owner.business_id, source, event_type, external_id, body, **{"at": AT, **more})

    def bill(self, number: str, amount: int, on: str = "2026-09-01", **more: Any) -> Delivery:
        """A customer's bill, as Tally has it."""
        data = {"number": number, "party": SHARMA, "issued_on": on, "amount": amount, **more}
        return self.say("invoice.issued", f"i{number}", **data)

    def receipt(self, name: str, amount: int, on: str = "2026-09-20", **more: Any) -> Delivery:
        """Money that the books show."""
        data = {"party": SHARMA, "amount": amount, "into": "cash", "paid_on": on, **more}
        return self.say("payment.received", name, **data)

    async def tell(self, *log: Delivery) -> None:
        """Append and drain, a minute later than before."""
        appender = Appender(self.door.engine)
        for one in log:
            await appender.append(one)
        self.door.clock.advance(minutes=1)  # type: ignore[attr-defined]
        while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
            self.door.clock.advance(seconds=1)  # type: ignore[attr-defined]

    async def who(self) -> dict[UUID, list[UUID]]:
        """All parties there are, with the identities that each is made of."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            rows = await tx.fetch(
                """
                SELECT p.id, array_agg(n.subject ORDER BY n.subject) AS subjects
                FROM parties p JOIN party_identities n ON n.business_id = $1 AND n.party_id = p.id
                WHERE p.business_id = $1 GROUP BY p.id ORDER BY p.id
                """,
                self.owner.business_id,
            )
        return {row["id"]: row["subjects"] for row in rows}

    async def ask(self, name: str = "Sharma Traders", **how: Any) -> StatementView:
        """The statement of one party, by its name."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            party = await tx.value(
                "SELECT id FROM parties WHERE business_id = $1 AND name = $2", self.owner.business_id, name
            )
        found: StatementView = await self.door.query(Statement(party, **how), self.owner)
        return found


@pytest.fixture
def teller(door: Door, owner: Actor) -> Teller:
    """Tells the test's business."""
    return Teller(door, owner)


def lines(account: StatementAccount) -> list[tuple[str, str, int, int, int]]:
    """Day, kind, debit, credit, balance, in rupees."""
    return [
        (e.on.isoformat()[5:], e.kind, e.debit // 100, e.credit // 100, e.balance // 100)
        for e in account.entries
    ]


def bare(view: StatementView) -> list[Any]:
    """What a statement says in figures: the words are those of today."""
    return sorted(
        (
            a.side, a.currency, a.opening, a.closing, a.open_bills, len(a.bills),
            sorted((e.on, e.kind, e.debit, e.credit) for e in a.entries),
        )
        for a in view.accounts
        if a.entries
    )  # fmt: skip


# ---- it always adds up -----------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(20))
async def test_any_account_of_any_firm_adds_up_on_any_day_and_says_what_the_party_card_says(
    seed: int, door: Door, teller: Teller, owner: Actor, business: UUID
) -> None:
    chance = random.Random(seed)
    log = Firm(business, seed).build(110)
    half = len(log) // 2
    await teller.tell(*log[:half])
    then = door.clock()
    who, before = await teller.who(), {}
    for party in who:
        before[party] = await door.query(Statement(party), owner)
    await teller.tell(*log[half:])
    seen, later = 0, await teller.who()
    for party in later:
        card = await door.query(PartyCard(party), owner)
        whole: StatementView = await door.query(Statement(party), owner)
        closing = {(a.side, a.currency): a.closing for a in whole.accounts}
        assert closing.get(("receivable", card.brief.currency), 0) == card.brief.net
        assert -closing.get(("payable", card.brief.currency), 0) == card.brief.payable
        for since in (None, date(2026, 6, 12), chance.choice([date(2026, 6, 20), date(2026, 7, 15)])):
            for until in (None, date(2026, 7, 20)):
                found: StatementView = await door.query(Statement(party, since, until), owner)
                for account in found.accounts:
                    seen += len(account.entries)
                    await check(account, party, teller, since=since, until=until or found.today)
        if who.get(party) == later[party]:  # what was known then adds up as it did, however it is called now
            again: StatementView = await door.query(Statement(party, known_at=then), owner)
            assert bare(again) == bare(before[party])
    assert seen > 100


async def check(
    account: StatementAccount, party: UUID, teller: Teller, *, since: date | None, until: date
) -> None:
    """Opening and closing are sums over the postings, and the lines lead from the one to the other."""
    async with transaction(teller.door.engine, [teller.owner.business_id]) as tx:
        row = await tx.row(
            """
            SELECT coalesce(sum(amount) FILTER (WHERE effective_on < $5), 0)::bigint AS opening,
                   coalesce(sum(amount) FILTER (WHERE effective_on <= $6), 0)::bigint AS closing
            FROM postings WHERE business_id = $1 AND party_id = $2 AND side = $3 AND currency = $4
              AND known_to IS NULL
            """,
            teller.owner.business_id, party, account.side, account.currency, since or date.min, until,
        )  # fmt: skip
    sign = 1 if account.side == "receivable" else -1
    assert (account.opening, account.closing) == (sign * row["opening"], sign * row["closing"])
    assert account.opening + account.debits - account.credits == account.closing
    balance = account.opening
    for entry in account.entries:
        assert (entry.debit > 0) != (entry.credit > 0)
        assert (since or date.min) <= entry.on <= until
        balance += entry.debit - entry.credit
        assert entry.balance == balance
    assert balance == account.closing
    assert list(account.entries) == sorted(account.entries, key=lambda e: e.on)
    shown = sum(bill.outstanding for bill in account.bills)
    assert account.open_bills >= shown
    assert account.more_bills > 0 or account.open_bills == shown


# ---- each thing is one line --------------------------------------------------------------------------
async def test_a_years_account_reads_as_the_books_would_write_it(teller: Teller) -> None:
    bills = [{"number": "INV-1", "amount": 3_000_00}, {"number": "INV-2", "amount": 2_000_00}]
    await teller.tell(
        teller.bill("INV-0", 1_000_00, "2026-03-20", voucher="Sales 90/25-26", description="Steel rods"),
        teller.bill("INV-1", 3_000_00, "2026-04-10", voucher="Sales 1/26-27", due_on="2026-05-10"),
        teller.bill("INV-2", 2_000_00, "2026-04-12", voucher="Sales 2/26-27"),
        teller.receipt(
            "r1", 4_900_00, "2026-05-02", settles=bills, deductions=[{"kind": "tds", "amount": 100_00}],
            references={"utr": ["HDFCN52026050212345"]}, method="NEFT",
        ),
        teller.say("credit_note.issued", "cn", number="CN-7", party=SHARMA, issued_on="2026-06-01",
                   amount=400_00, voucher="Credit Note 7", references={"invoices": ["INV-0"]}),
    )  # fmt: skip
    view = await teller.ask(since=date(2026, 4, 1))
    account = view.main
    assert (account.opening, account.debits, account.credits, account.closing) == (
        1_000_00, 5_000_00, 5_400_00, 600_00,
    )  # fmt: skip
    assert lines(account) == [
        ("04-10", "invoice", 3_000, 0, 4_000),
        ("04-12", "invoice", 2_000, 0, 6_000),
        ("05-02", "deduction", 0, 100, 5_900),
        ("05-02", "receipt", 0, 4_900, 1_000),
        ("06-01", "credit_note", 0, 400, 600),
    ]
    first, _, cut, receipt, note = account.entries
    assert (first.voucher, first.number, first.due_on) == ("Sales", "1/26-27", date(2026, 5, 10))
    assert cut.why == ("tds",)
    assert (receipt.reference, receipt.method, receipt.bills) == (
        "HDFCN52026050212345",
        "NEFT",
        ("INV-1", "INV-2"),
    )
    assert (note.voucher, note.number) == ("Credit Note", "7")
    assert [(bill.number, bill.outstanding, bill.age_days) for bill in account.bills] == [
        ("INV-0", 600_00, 245)
    ]
    assert view.sources == (TALLY,)


async def test_money_that_came_before_its_bill_is_one_line(teller: Teller) -> None:
    settles = [{"number": "INV-9", "amount": 5_000_00}]
    await teller.tell(
        teller.receipt("r", 5_000_00, "2026-09-01", settles=settles),
        teller.bill("INV-9", 5_000_00, "2026-09-15"),
    )
    assert lines((await teller.ask()).main) == [
        ("09-01", "receipt", 0, 5_000, -5_000),
        ("09-15", "invoice", 5_000, 0, 0),
    ]


@pytest.mark.parametrize(("went", "expected"), [("2026-09-22", "09-22"), ("2026-09-20", "09-20")])
async def test_a_cheque_that_came_back_has_a_line_of_its_own_on_the_day_of_it(
    teller: Teller, went: str, expected: str
) -> None:
    bill = [{"number": "INV-1", "amount": 2_000_00}]
    at = datetime.fromisoformat(went).replace(hour=6, tzinfo=UTC)
    await teller.tell(
        teller.bill("INV-1", 3_000_00),
        teller.receipt("r", 2_000_00, settles=bill),
        teller.say(
            "payment.reversed", "r", party=SHARMA, amount=2_000_00, into="cash", paid_on="2026-09-20", at=at
        ),
    )
    account = (await teller.ask()).main
    assert lines(account) == [
        ("09-01", "invoice", 3_000, 0, 3_000),
        ("09-20", "receipt", 0, 2_000, 1_000),
        (expected, "reversal", 2_000, 0, 3_000),
    ]
    assert account.entries[-1].why == ("returned",)


async def test_an_advance_that_came_back_before_its_bill_leaves_no_line_on_the_bills_day(
    teller: Teller,
) -> None:
    settles = [{"number": "INV-9", "amount": 5_000_00}]
    await teller.tell(
        teller.receipt("r", 5_000_00, "2026-09-01", settles=settles),
        teller.bill("INV-9", 5_000_00, "2026-09-15"),
        teller.say("payment.reversed", "r", party=SHARMA, amount=5_000_00, into="cash", paid_on="2026-09-01",
                   settles=settles, at=datetime(2026, 9, 5, 6, tzinfo=UTC)),
    )  # fmt: skip
    assert lines((await teller.ask()).main) == [
        ("09-01", "receipt", 0, 5_000, -5_000),
        ("09-05", "reversal", 5_000, 0, 0),
        ("09-15", "invoice", 5_000, 0, 5_000),
    ]


async def test_a_write_off_and_a_set_off_are_lines_of_both_sides(teller: Teller, business: UUID) -> None:
    bill = teller.bill("INV-1", 3_000_00)
    owed = teller.say("bill.received", "b", number="B-5", party=SHARMA, issued_on="2026-09-02", amount=800_00)
    document = str(subject_id(TALLY, "invoice", "iINV-1"))
    await teller.tell(
        bill, owed,
        teller.say("writeoff.approved", "w", source=OPERATOR, kind="decision", document=document, amount=50_00),
    )  # fmt: skip
    view = await teller.ask()
    party = str(subject_id(TALLY, "party", "s"))
    await teller.tell(
        teller.say(
            "setoff.agreed",
            "o",
            source=OPERATOR,
            kind="decision",
            party=party,
            on="2026-10-02",
            amount=800_00,
        )
    )
    view = await teller.ask()
    ours, theirs = view.accounts
    assert [(e.kind, e.credit // 100) for e in ours.entries][1:] == [("write_off", 50), ("set_off", 800)]
    assert lines(theirs) == [("09-02", "invoice", 0, 800, -800), ("10-02", "set_off", 800, 0, 0)]
    assert (theirs.side, ours.side) == ("payable", "receivable")


async def test_currencies_stay_apart_and_our_own_comes_first(teller: Teller) -> None:
    await teller.tell(teller.bill("D-1", 70_00, currency="USD"), teller.bill("INV-1", 3_000_00))
    assert [(a.currency, a.closing) for a in (await teller.ask()).accounts] == [
        ("INR", 3_000_00),
        ("USD", 70_00),
    ]


async def test_a_closed_period_reads_as_it_was_signed(teller: Teller, owner: Actor) -> None:
    await teller.tell(teller.bill("INV-1", 3_000_00))
    await teller.door.execute(ClosePeriod(date(2026, 10, 31), "signed"), owner)
    await teller.tell(teller.bill("INV-2", 900_00))
    view = await teller.ask(until=date(2026, 10, 31))
    assert (view.main.closing, view.signed_until) == (3_000_00, date(2026, 10, 31))
    assert (await teller.ask()).main.closing == 3_900_00


# ---- who, and what is refused ------------------------------------------------------------------------
async def test_a_sales_rep_sees_his_own_customers_and_nothing_that_we_owe(
    teller: Teller, business: UUID
) -> None:
    await teller.tell(
        teller.say("party.upserted", "s", name="Sharma Traders", owner="ravi"),
        teller.bill("INV-1", 3_000_00),
        teller.say("bill.received", "b", number="B-5", party=SHARMA, issued_on="2026-09-02", amount=800_00),
        teller.bill("INV-2", 100_00, party=GUPTA),
    )
    ravi = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    sharma, gupta = await teller.ask("Sharma Traders"), await teller.ask("Gupta Steel")
    seen: StatementView = await teller.door.query(Statement(sharma.party_id), ravi)
    assert [a.side for a in seen.accounts] == ["receivable"]
    with pytest.raises(NotFound):
        await teller.door.query(Statement(gupta.party_id), ravi)


async def test_a_party_without_anything_has_an_empty_account(teller: Teller) -> None:
    await teller.tell(
        teller.say("party.upserted", "s", name="Sharma Traders", gstin="27AAPFU0939F1ZV", address="Pune 1")
    )
    view = await teller.ask()
    assert (view.main.entries, view.main.closing, view.gstin, view.address) == (
        (),
        0,
        "27AAPFU0939F1ZV",
        "Pune 1",
    )


async def test_a_period_that_ends_before_it_begins_is_refused(teller: Teller) -> None:
    await teller.tell(teller.bill("INV-1", 3_000_00))
    with pytest.raises(Rejected) as refused:
        await teller.ask(since=date(2026, 10, 2), until=date(2026, 10, 1))
    assert refused.value.code == "statement.period"


async def test_two_thousand_lines_are_read_in_a_moment_and_far_more_are_refused(
    engine: AsyncEngine, door: Door, owner: Actor, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        await rows.tx.run(
            """
            INSERT INTO postings (business_id, id, anchor, party_id, document_id, side, kind, amount, currency,
                                  effective_on, cause, known_from)
            SELECT $1, gen_random_uuid(), c, $2, c, 'receivable', 'invoice', 100, 'INR',
                   date '2025-01-01' + (n / 10), c, timestamptz '2026-01-01 00:00+00'
            FROM (SELECT gen_random_uuid() AS c, n FROM generate_series(1, 5001) n) x
            """,
            business, party,
        )  # fmt: skip
    since = date(2025, 1, 1) + timedelta(days=301)
    began = time.perf_counter()
    view: StatementView = await door.query(Statement(party, since), owner)
    assert time.perf_counter() - began < 2
    assert (len(view.main.entries), view.main.opening, view.main.closing) == (1_992, 3_009_00, 5_001_00)
    assert (len(view.main.bills), view.main.more_bills) == (60, 4_941)
    with pytest.raises(Rejected) as refused:
        await door.query(Statement(party), owner)
    assert refused.value.code == "statement.too_long"


# ---- the year ------------------------------------------------------------------------------------------
def test_the_year_begins_in_april() -> None:
    year = FinancialYear.of(date(2026, 11, 20))
    assert (year.first, year.last, year.name) == (date(2026, 4, 1), date(2027, 3, 31), "2026-27")
    assert FinancialYear.of(date(2027, 3, 31)) == year
    assert (year.previous.last, FinancialYear.of(date(2000, 1, 1)).name) == (date(2026, 3, 31), "1999-00")
