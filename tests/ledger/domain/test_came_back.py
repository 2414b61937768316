"""Money that came and went again: transfers returned, cheques presented twice, and a person's word beside them."""

from __future__ import annotations

from typing import Any

from ledger.domain.derive import Identity
from tests.ledger.domain.test_derive import BANK, BOOKS, balance, bill, only, said, world
from tests.ledger.domain.test_match import answered, came, open_of, went


def test_a_transfer_of_ours_that_came_back_pays_nothing() -> None:
    mehta = {"id": "v1", "name": "Mehta Papers"}
    owed = said(
        BOOKS, "bill.received", "B1", number="MP/77", amount=900_00, party=mehta, issued_on="2026-09-01"
    )
    gone = went("N1", 900_00)
    back = said(
        BANK, "bank.credited", "N1R", amount=900_00, account="4421", posted_on="2026-09-21",
        narration="NEFT RETURN N1 ACCOUNT CLOSED", references={"utr": ["N1"]}, payer={"name": "MEHTA PAPERS"},
    )  # fmt: skip
    made = world(owed, gone, back)
    assert only(made, "payables").outstanding == 900_00
    assert made.tables["payouts"] == []
    assert only(made, "receipts").classified == "reversal"
    rows: Any = made.tables["bank_lines"]
    assert {row.explained_by for row in rows} == {"returned"}
    anew = world(owed, gone, back, went("N2", 900_00, on="2026-09-24"))
    assert only(anew, "payables").outstanding == 0
    entered = said(
        BOOKS, "payout.processed", "p1", amount=900_00, party=mehta, paid_on="2026-09-20",
        references={"utr": ["N1"], "bills": ["MP/77"]},
    )  # fmt: skip
    booked = world(owed, entered, gone, back)
    assert only(booked, "payables").outstanding == 900_00
    assert only(booked, "payouts").status == "payout.reversed"
    assert balance(booked) == 0


def test_a_cheque_presented_again_is_the_time_that_it_was_not_returned() -> None:
    def shown(ref: str, on: str, side: str = "credited") -> Identity:
        return said(
            BANK, f"bank.{side}", ref, amount=500_00, posted_on=on, narration="CLG 000123", channel="CHEQUE",
            references={"tokens": ["000123"]}, account="4421",
        )  # fmt: skip

    back = shown("R", "2026-09-22", "debited")
    for first, second in (("C1", "C2"), ("C2", "C1")):
        lines = shown(first, "2026-09-20"), back, shown(second, "2026-09-28")
        for state, left in (("cleared", 0), ("deposited", 0), ("returned", 500_00)):
            cheque = said(
                BOOKS, f"cheque.{state}", "q1", amount=500_00, number="000123", on="2026-09-22",
                party={"id": "c1", "name": "Sharma Traders"}, references={"invoices": ["INV-1"]},
            )  # fmt: skip
            assert open_of(world(bill("INV-1", 500_00), cheque, *lines)) == {"INV-1": left}


def test_whose_money_a_person_says_it_is_no_transfer_between_accounts_takes_away() -> None:
    elsewhere = said(
        "bank:hdfc", "bank.debited", "U1", amount=500_00, account="9999", posted_on="2026-09-20",
        narration="NEFT U1", references={"utr": ["U1"]},
    )  # fmt: skip
    made = world(bill("INV-1", 700_00), came("U1", 500_00), answered("U1"), elsewhere)
    assert only(made, "receipts").classified is None
    assert balance(made) == 200_00
