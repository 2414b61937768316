"""Zoho Books to the end: what the books say of a bill, its receipts and its credits is what we show as open."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from connectors.contract import Inbound
from ledger.domain.derive import Terms, derive
from tests.connectors.folding import folded, identities

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def stamped(at: str, **more: Any) -> dict[str, Any]:
    return {"currency_code": "INR", "last_modified_time": f"2026-11-{at}T10:00:00+0530", **more}


def invoice(at: str, **more: Any) -> dict[str, Any]:
    return stamped(
        at, invoice_id="71", invoice_number="INV-102/26-27", customer_id="31", customer_name="Kaveri Traders",
        date="2026-11-01", due_date="2026-12-01", total=118_000, balance=118_000, status="sent", write_off_amount=0,
        tax_total=18_000, credits_applied=0,
    ) | more  # fmt: skip


def payment(at: str, amount: float, tds: float = 0, **more: Any) -> dict[str, Any]:
    return stamped(
        at, payment_id="51", payment_mode="Bank Transfer", amount=amount, date=f"2026-11-{at}", customer_id="31",
        customer_name="Kaveri Traders", account_name="ICICI Current 4421", tax_amount_withheld=tds,
        invoice_numbers="INV-102/26-27", reference_number="EXMPN52026112000107",
    ) | more  # fmt: skip


def note(at: str, total: float, **more: Any) -> dict[str, Any]:
    return stamped(
        at, creditnote_id="61", creditnote_number="CN-7", customer_id="31", customer_name="Kaveri Traders",
        date=f"2026-11-{at}", total=total, balance=0, status="closed",
        invoices_credited=[{"invoice_number": "INV-102/26-27", "credited_amount": total}],
    ) | more  # fmt: skip


def bill(at: str, **more: Any) -> dict[str, Any]:
    return stamped(
        at, bill_id="81", bill_number="GPM/771", vendor_id="41", vendor_name="Godavari Paper Mart", date="2026-11-03",
        due_date="2026-12-18", total=70_800, balance=70_800, status="open",
    ) | more  # fmt: skip


def paid_out(at: str, amount: float, tds: float = 0) -> dict[str, Any]:
    return stamped(
        at, payment_id="91", vendor_id="41", vendor_name="Godavari Paper Mart", payment_mode="Bank Transfer",
        date=f"2026-11-{at}", amount=amount, tax_amount_withheld=tds, bills=[{"bill_number": "GPM/771"}],
    )  # fmt: skip


def vendors_credit(at: str, total: float, balance: float) -> dict[str, Any]:
    return stamped(
        at, vendor_credit_id="95", vendor_credit_number="DN-2", vendor_id="41", vendor_name="Godavari Paper Mart",
        date=f"2026-11-{at}", total=total, balance=balance, status="closed" if balance == 0 else "open",
    )  # fmt: skip


SALES: dict[str, tuple[list[dict[str, Any]], int]] = {
    "nothing paid": ([{"invoice": invoice("02")}], 118_000),
    "paid less TDS": (
        [{"invoice": invoice("20", status="paid", balance=0)}, {"payment": payment("20", 116_000, 2_000)}],
        0,
    ),
    "paid in part": (
        [
            {"invoice": invoice("20", status="partially_paid", balance=18_000)},
            {"payment": payment("20", 100_000)},
        ],
        18_000,
    ),
    "a credit, and the rest paid": (
        [
            {"invoice": invoice("20", status="paid", balance=0, credits_applied=18_000)},
            {"creditnote": note("10", 18_000)},
            {"payment": payment("20", 100_000)},
        ],
        0,
    ),
    "a part given up": (
        [
            {"invoice": invoice("21", status="paid", balance=0, write_off_amount=500)},
            {"payment": payment("20", 117_500)},
        ],
        0,
    ),
    "a part given up, a credit and TDS": (
        [
            {
                "invoice": invoice(
                    "21", status="paid", balance=0, write_off_amount=500, credits_applied=18_000
                )
            },
            {"creditnote": note("10", 18_000)},
            {"payment": payment("20", 97_500, 2_000)},
        ],
        0,
    ),
    "voided": ([{"invoice": invoice("02")}, {"invoice": invoice("05", status="void", balance=0)}], 0),
    "a draft": ([{"invoice": invoice("02", status="draft")}], 0),
    "paid, then the entry taken back": (
        [
            {"invoice": invoice("02")},
            {"invoice": invoice("20", status="paid", balance=0)},
            {"invoice": invoice("21")},
        ],
        118_000,
    ),
}
PURCHASES: dict[str, tuple[list[dict[str, Any]], int]] = {
    "nothing paid": ([{"bill": bill("03")}], 70_800),
    "paid less TDS": (
        [{"bill": bill("16", status="paid", balance=0)}, {"vendorpayment": paid_out("16", 70_092, 708)}],
        0,
    ),
    "paid in part": (
        [
            {"bill": bill("16", status="partially_paid", balance=7_200.5)},
            {"vendorpayment": paid_out("16", 63_599.5)},
        ],
        7_200,
    ),
    "a credit used, and the rest paid": (
        [
            {"bill": bill("16", status="paid", balance=0)},
            {"vendor_credit": vendors_credit("10", 800, 0)},
            {"vendorpayment": paid_out("16", 70_000)},
        ],
        0,
    ),
    "a credit not used yet": (
        [{"bill": bill("03")}, {"vendor_credit": vendors_credit("10", 800, 800)}],
        70_000,
    ),
}


def left(bodies: list[dict[str, Any]], table: str) -> int:
    """What is open in all, in whole rupees."""
    arrivals = [(Inbound(json.dumps(body).encode()), NOW) for body in bodies]
    made = derive(identities("zoho_books", folded("zoho_books", arrivals)), Terms())
    on_account = sum(
        row.amount - row.allocated for row in made.tables["receipts"] if row.status == "payment.received"
    )
    assert on_account == 0, "money that came is left over"
    return sum(row.outstanding for row in made.tables[table]) // 100


@pytest.mark.parametrize("story", SALES)
def test_what_a_customer_owes_is_what_the_books_say(story):
    bodies, owed = SALES[story]
    for order in permutations(bodies):
        assert left(list(order), "invoices") == owed


@pytest.mark.parametrize("story", PURCHASES)
def test_what_we_owe_is_what_the_books_say(story):
    bodies, owed = PURCHASES[story]
    for order in permutations(bodies):
        assert left(list(order), "payables") == owed


def test_an_advance_stays_on_account_until_it_is_set_against_a_bill():
    advance = payment("18", 25_000, invoice_numbers="", unused_amount=25_000)
    arrivals = [
        (Inbound(json.dumps(body).encode()), NOW)
        for body in ({"invoice": invoice("02")}, {"payment": advance})
    ]
    made = derive(identities("zoho_books", folded("zoho_books", arrivals)), Terms())
    assert [row.outstanding for row in made.tables["invoices"]] == [11_800_000]
    assert [row.amount - row.allocated for row in made.tables["receipts"]] == [2_500_000]


def test_a_payment_closes_of_each_bill_what_zoho_says_whichever_order_its_edits_come_in():
    """First set against both bills, then changed to the second alone: what Zoho has now counts."""
    second = stamped(
        "03", invoice_id="42", invoice_number="INV-103/26-27", customer_id="31", customer_name="Kaveri Traders",
        date="2026-11-03", due_date="2026-12-18", total=50_000, balance=50_000, status="sent",
    )  # fmt: skip
    rows = [("INV-102/26-27", 30_000, 600), ("INV-103/26-27", 40_000, 0)]
    applied = [
        {"invoice_number": name, "amount_applied": paid, "tax_amount_withheld": tds}
        for name, paid, tds in rows
    ]
    both = payment("18", 70_000, 600, invoices=applied, invoice_numbers="INV-102/26-27,INV-103/26-27")
    alone = payment(
        "19",
        70_000,
        invoice_numbers="INV-103/26-27",
        unused_amount=25_000,
        tax_amount_withheld=0,
        invoices=[],
    )

    def bills(*payments: dict[str, Any]) -> dict[str, int]:
        bodies = [{"invoice": invoice("02")}, {"invoice": second}, *({"payment": body} for body in payments)]
        arrivals = [(Inbound(json.dumps(body).encode()), NOW) for body in bodies]
        made = derive(identities("zoho_books", folded("zoho_books", arrivals)), Terms())
        return {row.number: row.outstanding // 100 for row in made.tables["invoices"]}

    assert bills(both) == {"INV-102/26-27": 87_400, "INV-103/26-27": 10_000}
    assert bills(both, alone) == bills(alone, both) == {"INV-102/26-27": 118_000, "INV-103/26-27": 5_000}
