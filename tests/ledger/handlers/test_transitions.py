"""The audit trail tells every transition of bills and money: before, after, and the events that it stands on."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.ledger.desk import Firm


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def trail(firm: Firm, kind: str) -> list[dict[str, Any]]:
    rows = await firm.rows(
        f"SELECT subject, entry FROM audit WHERE business_id = $1 AND action = '{kind}.changed' ORDER BY sequence"
    )
    entries = [row["entry"] if isinstance(row["entry"], dict) else orjson.loads(row["entry"]) for row in rows]
    return [{"subject": row["subject"], **entry} for row, entry in zip(rows, entries, strict=True)]


async def test_a_bill_is_told_from_its_first_day_to_its_payment(firm: Firm) -> None:
    await firm.bill("INV-102", 5_684_000, 5_684_000)
    await firm.settle()
    (issued,) = await trail(firm, "invoice")
    assert issued["before"] is None
    assert issued["after"]["status"] == "invoice.issued"
    assert issued["number"] == "INV-102"
    assert issued["because"][0].startswith("standard:books ")
    await firm.say(
        "payment:razorpay", "payment.received", "payment", "pay_1", amount=5_684_000, currency="INR",
        party={"id": "C-1", "name": "Sharma Traders"}, paid_on="2026-11-18", references={"invoices": ["INV-102"], "utr": "HDFCN52026111800"},
    )  # fmt: skip
    await firm.settle()
    paid = (await trail(firm, "invoice"))[-1]
    assert (paid["before"]["status"], paid["after"]["status"]) == ("invoice.issued", "invoice.paid")
    assert any(said.startswith("payment:razorpay ") for said in paid["because"])
    (money,) = await trail(firm, "receipt")
    assert (money["before"], money["after"]["arrived"], money["after"]["amount"]) == (None, True, 5_684_000)


async def test_what_changes_nothing_is_not_told(firm: Firm) -> None:
    await firm.bill("INV-102", 5_684_000, 5_684_000)
    await firm.settle()
    before = await trail(firm, "invoice")
    await firm.bill("INV-102", 5_684_000, 5_684_000)
    await firm.settle()
    assert await trail(firm, "invoice") == before


async def test_no_name_of_a_customer_is_in_the_trail(firm: Firm) -> None:
    await firm.bill("INV-102", 5_684_000, 5_684_000)
    await firm.credit(5_684_000)
    await firm.settle()
    rows = await firm.rows(
        "SELECT entry::text AS said FROM audit WHERE business_id = $1 AND action LIKE '%.changed'"
    )
    assert rows
    assert not [row["said"] for row in rows if "sharma" in row["said"].casefold()]


async def test_money_that_a_second_source_tells_of_is_the_same_money(firm: Firm) -> None:
    await firm.bill("INV-102", 5_684_000, 5_684_000)
    await firm.say(
        "books:tally", "payment.received", "payment", "R-1", amount=5_684_000, currency="INR", into="bank",
        party={"id": "C-1", "name": "Sharma Traders"}, paid_on="2026-11-18", references={"utr": "HDFCN52026111800"},
    )  # fmt: skip
    await firm.settle()
    await firm.say(
        "bank:icici", "bank.credited", "bank_line", "L-1", amount=5_684_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-HDFCN52026111800-SHARMA TRADERS", channel="NEFT",
        references={"utr": "HDFCN52026111800"},
    )  # fmt: skip
    await firm.settle()
    told = await trail(firm, "receipt")
    assert len(await firm.rows("SELECT id FROM receipts WHERE business_id = $1")) == 1
    assert sum(entry["before"] is None for entry in told) == 1
    assert all(entry["after"] is not None for entry in told)
