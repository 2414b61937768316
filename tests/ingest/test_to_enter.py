"""To enter in Tally, there and back: what the list exports, Tally's reader reads, and every line closes by itself."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from kit.database import transaction
from kit.errors import Denied, Rejected
from kit.ids import uuid7
from kit.tabular import read_book
from kit.xml import parse
from ledger.commands import DrainBusiness, RebuildBusiness
from ledger.commands.to_enter import NameLedgers
from ledger.domain.events import OPERATOR, subject_id
from ledger.domain.roles import Actor, Role, system
from ledger.queries.to_enter import ToEnter, ToEnterFile
from tests.connectors.bank_layouts import Txn, hdfc_delimited
from tests.connectors.tally_books import against, export, ledger, masters, new, voucher
from tests.ledger.firms import delivery

GUPTA, KAVERI, OM, BANK = "Gupta & 'Sons' <Steel>", "Kaveri Hardware", "Om Roadlines", "HDFC Bank"
BOOKS, HDFC, ICICI, GATEWAY = "books:tally", "bank:hdfc", "bank:icici", "payment:razorpay"


def sale(number: int, amount: int, party: str) -> str:
    return voucher(
        "Sales",
        number,
        "2026-09-01",
        (party, amount, new(f"INV-{number}", amount)),
        ("Sales", -amount),
        party=party,
    )


MASTERS = (
    ledger(GUPTA, "Sundry Debtors", "l-1"),
    ledger(KAVERI, "Sundry Debtors", "l-2"),
    ledger(OM, "Sundry Creditors", "l-3"),
)
DAY_BOOK = export(
    *MASTERS,
    *(sale(n, 1000, GUPTA) for n in (1, 2, 3, 4, 5, 6)),
    *(sale(n, 500, KAVERI) for n in (7, 8, 9)),
    voucher("Purchase", 1, "2026-09-02", ("Purchases", 400), (OM, -400, new("B-1", 400)), party=OM, more="<REFERENCE>B-1</REFERENCE>"),
    voucher("Receipt", 1, "2026-10-03", (BANK, 500), (KAVERI, -500, against("INV-7", 500)), party=KAVERI),
)  # fmt: skip
STATEMENT = hdfc_delimited(
    [
        Txn(date(2026, 10, 3), 500_00, "NEFT CR-EXMP0000123-KAVERI HARDWARE-MEENA-EXMPN26100300400", "EXMPN26100300400"),
        Txn(date(2026, 10, 6), 980_00, "NEFT CR-EXMP0000123-GUPTA SONS STEEL-MEENA-EXMPN26100600417", "EXMPN26100600417"),
        Txn(date(2026, 10, 7), 12_50, "INTEREST PAID"),
        Txn(date(2026, 10, 8), -17_70, "SMS CHARGES"),
        Txn(date(2026, 10, 9), -400_00, "NEFT DR-EXMP0000123-OM ROADLINES-EXMPN26100900555", "EXMPN26100900555"),
        Txn(date(2026, 10, 12), 976_40, "NEFT CR-RAZORPAY-EXMPN26101200777", "EXMPN26101200777"),
        Txn(date(2026, 10, 14), 700_00, "TRF FROM ICICI 000412345678"),
        Txn(date(2026, 10, 20), 333_00, "CASH DEP 4471"),
    ],
    100_000_00,
)  # fmt: skip


class World:
    """One firm, its files and its people's decisions, through the real door."""

    def __init__(self, door: Any, engine: Any, business: UUID, sources: Any, clock: Any) -> None:
        self.door, self.engine, self.business, self.sources, self.clock = (
            door,
            engine,
            business,
            sources,
            clock,
        )
        self.appender = Appender(engine)
        self.finance = Actor(business, Role.FINANCE, "Meena", member_id=uuid7())

    async def file(self, source: str, body: bytes) -> None:
        found = await self.sources.by_name(self.business, source)
        summary = await import_file(
            self.appender, found, Inbound(body, filename="file.txt"), via="file", now=self.clock()
        )
        assert summary.unreadable == (), summary.unreadable
        await self.drain()

    async def say(
        self, source: str, event_type: str, external_id: str, data: dict[str, Any], **more: Any
    ) -> UUID:
        made = delivery(self.business, source, event_type, external_id, data, at=self.clock(), **more)
        await self.appender.append(made)
        return subject_id(source, made.events[0].kind, external_id)

    async def decide(self, event_type: str, data: dict[str, Any]) -> UUID:
        kind = "payment" if event_type.startswith("payment") else "decision"
        return await self.say(OPERATOR, event_type, str(uuid7()), data, kind=kind)

    async def drain(self) -> None:
        self.clock.advance(minutes=5)
        while (await self.door.execute(DrainBusiness(1_000), system(self.business, "drainer"))).more:
            self.clock.advance(seconds=1)

    async def one(self, sql: str, *values: Any) -> Any:
        async with transaction(self.engine, [self.business]) as tx:
            return await tx.value(sql, *values)

    async def bank_line(self, paise: int) -> str:
        return str(
            await self.one("SELECT anchor FROM bank_lines WHERE amount = $1 AND source = 'bank:hdfc'", paise)
        )

    async def document(self, number: str) -> str:
        return str(await self.one("SELECT anchor FROM invoices WHERE number = $1", number))

    async def listed(self, **question: Any) -> Any:
        return await self.door.query(ToEnter(**{"first": 50, **question}), self.finance)


@pytest.fixture
async def world(door, engine, business, sources, connect, clock) -> World:
    clock.advance(days=1)
    await connect(BOOKS, "tally", secrets=())
    await connect(HDFC, "bank", secrets=())
    async with transaction(engine, [business]) as tx:
        for name, setting in ((BOOKS, {"company": "Meena Traders"}), (HDFC, {"account": "50100000004421"})):
            await tx.run(
                "UPDATE sources SET settings = $3 WHERE business_id = $1 AND name = $2",
                business,
                name,
                json.dumps(setting),
            )
    return World(door, engine, business, sources, clock)


async def everything_happens(world: World) -> None:
    """Put in all that the books lack: receipts with TDS, on account, cash, gateway; a payment, interest, and journals."""
    await world.file(BOOKS, DAY_BOOK)
    await world.file(HDFC, STATEMENT)
    money = {"currency": "INR"}
    gupta = str(subject_id(BOOKS, "party", f"name:{GUPTA.casefold()}"))
    gupta = str(await world.one("SELECT anchor FROM parties WHERE name = $1", GUPTA)) or gupta
    lines = [
        {"document": await world.document("INV-1"), "amount": 980_00, "kind": "receipt"},
        {"document": await world.document("INV-1"), "amount": 20_00, "kind": "tds"},
    ]
    receipt = await world.bank_line(980_00)
    await world.decide("allocation.decided", {"receipt": receipt, "lines": lines, "party": gupta})
    await world.decide("line.classified", {"line": await world.bank_line(12_50), "as": "interest"})
    await world.decide("line.classified", {"line": await world.bank_line(-17_70), "as": "bank_charge"})
    await world.decide("line.classified", {"line": await world.bank_line(700_00), "as": "own_transfer"})
    await world.decide(
        "writeoff.approved", {"document": await world.document("INV-9"), "amount": 500_00, **money}
    )
    await world.decide(
        "deduction.accepted",
        {"document": await world.document("INV-3"), "kind": "rate_difference", "amount": 30_00, **money},
    )
    cash = {"amount": 200_00, **money, "party": {"id": gupta}, "into": "cash", "method": "cash", "paid_on": "2026-10-10",
            "references": {"invoices": ["INV-4"]}}  # fmt: skip
    await world.decide("payment.confirmed", cash)
    captured = {"amount": 1000_00, **money, "paid_on": "2026-10-11", "references": {"invoices": ["INV-5"]}}
    await world.say(GATEWAY, "payment.received", "pay_1", captured)
    settled = {"amount": 976_40, **money, "fee": 23_60, "tax": 3_60, "settled_on": "2026-10-12",
               "references": {"utr": ["EXMPN26101200777"]}}  # fmt: skip
    await world.say(GATEWAY, "settlement.processed", "setl_1", settled)
    paid = {"amount": 400_00, **money, "paid_on": "2026-10-09", "party": {"id": "om", "name": OM},
            "references": {"utr": ["EXMPN26100900555"], "bills": ["B-1"]}}  # fmt: skip
    await world.say("payment:razorpayx", "payout.processed", "pout_1", paid)
    sent = {
        "amount": 700_00,
        **money,
        "account": "000412345678",
        "posted_on": "2026-10-13",
        "narration": "TRF TO HDFC",
    }
    await world.say(ICICI, "bank.debited", "d1", sent)
    await world.drain()
    om = [str(await world.one("SELECT subject FROM party_identities WHERE source = $1 AND name = $2", s, OM))
          for s in (BOOKS, "payment:razorpayx")]  # fmt: skip
    if "None" not in om:
        await world.decide("parties.linked", {"subjects": om})
    await world.drain()


def as_tally_shows_them(body: bytes) -> bytes:
    """What an export of the imported vouchers shows: the same vouchers, with alter ids and numbers of Tally's own."""
    text = body.decode()
    for number in range(900, 900 + text.count("<VOUCHERTYPENAME>")):
        text = text.replace(
            "<VOUCHERTYPENAME>",
            f"<ALTERID> {number}</ALTERID><VOUCHERNUMBER>{number}</VOUCHERNUMBER><VOUCHERTYPENAMe>",
            1,
        )
    text = text.replace("<VOUCHERTYPENAMe>", "<VOUCHERTYPENAME>")
    inner = text[text.index("<TALLYMESSAGE") : text.rindex("</TALLYMESSAGE>") + len("</TALLYMESSAGE>")]
    known = masters(
        {"Razorpay": "Bank Accounts", "ICICI Bank": "Bank Accounts", "Bank Interest": "Indirect Incomes",
         "Bank Charges": "Indirect Expenses", "Gateway Charges": "Indirect Expenses", "Input IGST": "Duties & Taxes",
         "TDS Receivable": "Current Assets", "Rate Difference": "Indirect Expenses", "Bad Debts": "Indirect Expenses",
         BANK: "Bank Accounts", "Cash": "Cash-in-Hand"}
    )  # fmt: skip
    return export(*MASTERS, inner, known=known)


async def test_what_is_exported_closes_every_line_once_the_books_show_it(world: World) -> None:
    await everything_happens(world)
    before = await world.listed()
    shown = {(row.kind, row.voucher.type, row.amount) for row in before.rows}
    assert shown == {
        ("receipt", "Receipt", 980_00), ("receipt", "Receipt", 12_50), ("receipt", "Contra", 700_00),
        ("receipt", "Receipt", 200_00), ("receipt", "Receipt", 1000_00), ("receipt", "Receipt", 333_00),
        ("settlement", "Receipt", 976_40), ("payout", "Payment", 400_00), ("debit", "Payment", 17_70),
        ("journal", "Journal", 500_00), ("journal", "Journal", 30_00),
    }  # fmt: skip
    waiting = {row.amount: row.waits for row in before.rows if row.waits}
    assert waiting.keys() == {333_00, 700_00}
    assert "whose money" in waiting[333_00]
    assert "other account isn't known" in waiting[700_00] or "?" in waiting[700_00]
    await world.door.execute(NameLedgers({"bank:icici": "ICICI Bank"}), world.finance)
    balances = await world.one("SELECT sum(receivable) FROM parties")
    file = await world.door.query(ToEnterFile("xml"), world.finance)
    assert (file.vouchers, file.left_out) == (10, 1)
    await world.file(BOOKS, as_tally_shows_them(file.content))
    after = await world.listed()
    assert [row.amount for row in after.rows] == [333_00], [(r.kind, r.amount, r.why) for r in after.rows]
    assert await world.one("SELECT sum(receivable) FROM parties") == balances, "nothing was counted twice"
    await world.file(BOOKS, as_tally_shows_them(file.content).replace(b"<ALTERID> 9", b"<ALTERID> 19"))
    assert await world.one("SELECT sum(receivable) FROM parties") == balances
    assert (await world.door.execute(RebuildBusiness(), system(world.business, "test"))).differing == {}


async def test_the_vouchers_are_as_an_accountant_writes_them(world: World) -> None:
    await everything_happens(world)
    file = await world.door.query(ToEnterFile("xml"), world.finance)
    found = {v.findtext("NARRATION", ""): v for v in parse(file.content).iter("VOUCHER")}
    (receipt,) = [v for n, v in found.items() if "GUPTA SONS" in n]
    lines = {
        line.findtext("LEDGERNAME"): (line.findtext("ISDEEMEDPOSITIVE"), line.findtext("AMOUNT"))
        for line in receipt.iter("ALLLEDGERENTRIES.LIST")
    }
    assert lines == {
        BANK: ("Yes", "-980.00"), "TDS Receivable": ("Yes", "-20.00"), GUPTA: ("No", "1000.00"),
    }  # fmt: skip
    bills = [
        (b.findtext("NAME"), b.findtext("BILLTYPE"), b.findtext("AMOUNT"))
        for b in receipt.iter("BILLALLOCATIONS.LIST")
    ]
    assert bills == [("INV-1", "Agst Ref", "1000.00")]
    assert receipt.findtext("PARTYLEDGERNAME") == GUPTA
    assert receipt.get("REMOTEID") == receipt.findtext("GUID")
    assert receipt.findtext(".//INSTRUMENTNUMBER") == "EXMPN26100600417"
    for one in found.values():
        amounts = [
            round(float(line.findtext("AMOUNT", "")) * 100) for line in one.iter("ALLLEDGERENTRIES.LIST")
        ]
        assert sum(amounts) == 0, one.findtext("NARRATION")
    again = await world.door.query(ToEnterFile("xml"), world.finance)
    assert again.content == file.content, "the same ids again: a second import alters and doesn't double"


async def test_people_get_the_same_as_a_table_with_totals(world: World) -> None:
    await everything_happens(world)
    sheet = read_book((await world.door.query(ToEnterFile("xlsx"), world.finance)).content).sheets[0]
    text = (await world.door.query(ToEnterFile("csv"), world.finance)).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:6] == ["Date", "Voucher", "Party", "Ledger", "Debit", "Credit"]
    assert len(sheet.rows) == len(rows)
    assert rows[-1][4] == rows[-1][5] == f"{sheet.rows[-1][4]:.2f}"
    assert any(row[2] == GUPTA for row in rows)


async def test_a_receipt_that_the_books_seem_to_show_is_kept_out_of_the_file(world: World) -> None:
    entered = voucher(
        "Receipt", 7, "2026-10-02", ("Cash", 980), (GUPTA, -980, against("INV-1", 980)), party=GUPTA
    )
    await world.file(BOOKS, DAY_BOOK)
    await world.file(BOOKS, export(*MASTERS, entered))
    await world.file(HDFC, STATEMENT)
    gupta = str(await world.one("SELECT anchor FROM parties WHERE name = $1", GUPTA))
    await world.decide(
        "allocation.decided", {"receipt": await world.bank_line(980_00), "lines": [], "party": gupta}
    )
    await world.drain()
    (row,) = [row for row in (await world.listed()).rows if row.amount == 980_00]
    assert "is it this one?" in row.waits


async def test_without_books_there_is_a_reason_and_a_page_turns_by_its_cursor(
    world: World, engine, business
) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run("UPDATE sources SET connector = 'spreadsheet' WHERE name = 'books:tally'")
    page = await world.listed()
    assert page.rows == ()
    assert "No books" in page.reason
    async with transaction(engine, [business]) as tx:
        await tx.run("UPDATE sources SET connector = 'tally' WHERE name = 'books:tally'")
    await everything_happens(world)
    whole = (await world.listed()).rows
    turned, after = [], None
    while True:
        page = await world.listed(first=3, after=after)
        turned += page.rows
        assert page.count == len(whole)
        if not page.more:
            break
        after = page.end
    assert turned == list(whole)
    for row in [row.id for row in whole]:
        assert isinstance(row, UUID)


async def test_a_rep_sees_none_of_it_and_a_wrong_company_is_named(world: World) -> None:
    rep = Actor(world.business, Role.SALES, "Ravi", member_id=uuid7())
    for question in (ToEnter(), ToEnterFile()):
        with pytest.raises(Denied):
            await world.door.query(question, rep)
    with pytest.raises(Denied):
        await world.door.execute(NameLedgers({"tds": "X"}), rep)
    await world.file(BOOKS, DAY_BOOK)
    assert (await world.listed(company="meena traders")).reason == ""
    with pytest.raises(Rejected) as refused:
        await world.listed(company="Other Ltd")
    assert "Meena Traders" in str(refused.value.remedy)
