"""Tally's files and one bank file through the real door, in every order: what stands open is what an accountant finds."""

from __future__ import annotations

import json
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from kit.database import transaction
from ledger.commands import DrainBusiness, RebuildBusiness
from ledger.domain.roles import system
from tests.connectors.bank_layouts import Txn, hdfc_delimited
from tests.connectors.tally_books import against, export, ledger, new, voucher
from tests.ledger.firms import read_tables

GUPTA, KAVERI, BANK = "Gupta Steel", "Kaveri Hardware", "HDFC Bank"
CHEQUE = (
    "<BANKALLOCATIONS.LIST><TRANSACTIONTYPE>Cheque/DD</TRANSACTIONTYPE><INSTRUMENTNUMBER>004217</INSTRUMENTNUMBER>"
    "<AMOUNT>-500.00</AMOUNT></BANKALLOCATIONS.LIST>"
)


def sale(number: int, day: str, amount: int, party: str) -> str:
    return voucher(
        "Sales", number, day, (party, amount, new(f"INV-{number}", amount)), ("Sales", -amount), party=party
    )


MASTERS = export(
    ledger(GUPTA, "Sundry Debtors", "l-1", 100, ("OLD-9", "2026-03-01", 100)),
    ledger(KAVERI, "Sundry Debtors", "l-2"),
)
DAY_BOOK = export(
    sale(1, "2026-09-01", 1000, GUPTA),
    sale(2, "2026-09-01", 500, KAVERI),
    sale(3, "2026-09-02", 300, GUPTA),
    sale(4, "2026-09-03", 700, KAVERI),
    voucher("Receipt", 1, "2026-10-01", (BANK, 980), ("TDS Receivable", 20), (GUPTA, -1000, against("INV-1", 1000)), party=GUPTA),
    voucher("Receipt", 2, "2026-10-03", (BANK, 500), (KAVERI, -500, against("INV-2", 500)), party=KAVERI, bank=CHEQUE),
    voucher("Receipt", 3, "2026-10-05", (BANK, 300), (GUPTA, -300, against("INV-3", 300)), party=GUPTA),
    voucher("Receipt", 4, "2026-10-06", ("Cash", 200), (KAVERI, -200, against("INV-4", 200)), party=KAVERI),
    voucher("Contra", 1, "2026-10-07", (BANK, 2000), ("Cash", -2000)),
    voucher("Payment", 1, "2026-10-20", ("IGST", 50), (BANK, -50)),
)  # fmt: skip
LATER = export(
    voucher("Receipt", 3, "2026-10-05", (BANK, 300), (GUPTA, -300, against("INV-3", 300)), party=GUPTA),
    voucher("Receipt", 4, "2026-10-06", ("Cash", 250), (KAVERI, -250, against("INV-4", 250)), party=KAVERI, alter=90),
    voucher("Receipt", 5, "2026-11-10", ("Cash", 40), (GUPTA, -40, against("OLD-9", 40)), party=GUPTA),
)  # fmt: skip
STATEMENT = hdfc_delimited(
    [
        Txn(date(2026, 9, 15), 1_00, "INTEREST PAID"),
        Txn(date(2026, 10, 3), 980_00, "NEFT CR-EXMP0000123-GUPTA STEEL-MEENA TRADERS-EXMPN26100300417", "EXMPN26100300417"),
        Txn(date(2026, 10, 6), 500_00, "CHQ DEP - MICR CLG - MUMBAI WBO", "0000000000004217"),
        Txn(date(2026, 10, 7), 2000_00, "CASH DEPOSIT BY - MEENA - MUMBAI"),
        Txn(date(2026, 10, 20), -50_00, "CBDT GST PAYMENT 2610", "261000000417"),
        Txn(date(2026, 10, 30), 777_00, "NEFT CR-EXMP0000123-UNKNOWN BUYER-MEENA TRADERS-EXMPN26103000999", "EXMPN26103000999"),
    ],
    100_000_00,
)  # fmt: skip
SETTINGS = {"books:tally": {"books_from": "2026-04-01"}, "bank:hdfc": {"account": "50100000004421"}}
FILES = {"masters": MASTERS, "day book": DAY_BOOK, "later": LATER, "statement": STATEMENT}


@pytest.mark.parametrize("order", list(permutations(FILES))[::5])
async def test_tally_and_one_bank_file_tell_what_is_open_whichever_comes_first(
    order: tuple[str, ...], door, business, sources, connect, engine, clock
):
    clock.advance(days=1)
    await connect("books:tally", "tally", secrets=())
    await connect("bank:hdfc", "bank", secrets=())
    async with transaction(engine, [business]) as tx:
        for name, setting in SETTINGS.items():
            await tx.run(
                "UPDATE sources SET settings = $3 WHERE business_id = $1 AND name = $2",
                business,
                name,
                json.dumps(setting),
            )
    for name in (*order, *order):
        source = await sources.by_name(business, "bank:hdfc" if name == "statement" else "books:tally")
        summary = await import_file(
            Appender(engine), source, Inbound(FILES[name], filename=f"{name}.txt"), via="file", now=clock()
        )
        assert summary.unreadable == (), summary.unreadable
        clock.advance(minutes=5)
        while (await door.execute(DrainBusiness(1_000), system(business, "drainer"))).more:
            clock.advance(seconds=1)
    async with transaction(engine, [business]) as tx:
        rows = await tx.fetch(
            "SELECT number, outstanding FROM invoices WHERE business_id = $1 AND outstanding <> 0", business
        )
        parties = await tx.fetch("SELECT name, receivable FROM parties WHERE business_id = $1", business)
        lines = await tx.fetch(
            "SELECT amount FROM bank_lines WHERE business_id = $1 AND explained_by IS NULL AND amount > 0",
            business,
        )
        tables: dict[str, Any] = await read_tables(tx, business)
    # INV-3: the statement shows those days and not the money. OLD-9: 100 less 40 in cash.
    assert dict(map(tuple, rows)) == {"INV-3": 300_00, "INV-4": 450_00, "OLD-9": 60_00}
    assert dict(map(tuple, parties)) == {GUPTA: 360_00, KAVERI: 450_00}
    # The bank itself says what its interest is.
    assert sorted(row["amount"] for row in lines) == [777_00, 2000_00]
    assert len(tables["receipts"]) == 8
    assert (await door.execute(RebuildBusiness(), system(business, "test"))).differing == {}
