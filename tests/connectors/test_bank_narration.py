"""Narrations, form by form: channel, references, counterpart, and the words that may be a document's number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bank.narration import MAX_REFERENCES, Narration, read_narration
from connectors.bank.tokens import MAX_TOKENS, document_tokens


@pytest.mark.parametrize(
    ("narration", "reference", "expected"),
    [
        (
            "UPI-CHAI POINT-CHAIPOINT@YBL-YESB0YBLUPI-624412345678-PAYMENT FROM PH",
            "0000624412345678",
            Narration("UPI", ("624412345678",), (), "CHAI POINT", "CHAIPOINT@YBL", "YESB0YBLUPI"),
        ),
        (
            "UPI/624412345678/inv 102/sharma@okhdfcbank/HDFC BANK/ICI0f1e2d3c4b5a",
            "",
            Narration("UPI", ("624412345678", "ICI0F1E2D3C4B5A"), ("INV102",), None, "sharma@okhdfcbank"),
        ),
        (
            "UPI/SHARMA TRADERS/sharma-t@okaxis/INV-102/26-27/AXIS BANK/624412345678/AXI0a1b2c3d4e",
            "",
            Narration(
                "UPI", ("624412345678", "AXI0A1B2C3D4E"), ("INV102", "INV10226", "INV1022627"), "SHARMA TRADERS",
                "sharma-t@okaxis",
            ),
        ),
        (
            "NEFT CR-HDFC0000060-SHARMA TRADERS-RAMESH AND SONS-HDFCN52026090200",
            "0000HDFCN52026090200",
            Narration("NEFT", ("HDFCN52026090200",), (), "SHARMA TRADERS", None, "HDFC0000060"),
        ),
        (
            "NEFT-N042718362538143-GUPTA STEEL-bill 1024-50100000001234-ICIC0000123",
            "",
            Narration(
                "NEFT", ("N042718362538143",), ("BILL1024",), "GUPTA STEEL", None, "ICIC0000123", "50100000001234"
            ),
        ),
        (
            "BY TRANSFER-NEFT*UTIB0000001*AXISCN1153863727*RAZORPAY SOFTWARE--",
            "TRANSFER FROM 3199410044308",
            Narration("NEFT", ("AXISCN1153863727",), (), "RAZORPAY SOFTWARE", None, "UTIB0000001"),
        ),
        (
            "NEFT-1568176960vxp0rj-RAZORPAY SOFTWARE-settl",
            "",
            Narration("NEFT", ("1568176960VXP0RJ",), (), "RAZORPAY SOFTWARE"),
        ),
        (
            "RTGS CR-SBIN0000001-GUPTA STEEL-RAMESH AND SONS-SBINR52026090312345678",
            "",
            Narration("RTGS", ("SBINR52026090312345678",), (), "GUPTA STEEL", None, "SBIN0000001"),
        ),
        (
            "IMPS-624612345670-GUPTA STEEL-ICIC-XXXXXX9876-INV 107",
            "0000624612345670",
            Narration("IMPS", ("624612345670",), ("INV107",), "GUPTA STEEL", None, None, "XXXXXX9876"),
        ),
        (
            "MMT/IMPS/624612345670/INV107/RAVI KUMAR/HDFC BANK",
            "",
            Narration("IMPS", ("624612345670",), ("INV107",), "RAVI KUMAR"),
        ),
        (
            "UPI/RAHUL SHARMA/624412345678/rent sept",
            "UPI-624412345678",
            Narration("UPI", ("624412345678",), (), "RAHUL SHARMA"),
        ),
        ("CLG/GUPTA STEEL/123456/HDFC/09.09.2026", "123456", None),
        ("FT - CR - 50100000009876 - GUPTA STEEL", "", Narration("TRANSFER", (), (), "GUPTA STEEL", None, None, "50100000009876")),
        ("ACH D- BAJAJ FINANCE-EMI", "", Narration("ACH", (), (), "BAJAJ FINANCE")),
        ("SB:912010000004421:Int.Pd:01-06-2026 to 31-08-2026", "", Narration("INTEREST")),
        ("IMPS CHRG INCL GST", "", Narration("CHARGES")),
        ("POS 438628XXXXXX1234 AMAZON PAY INDIA", "", Narration("CARD", (), (), "AMAZON PAY INDIA")),
        ("ATW-438628XXXXXX1234-PUNE", "", Narration("CASH")),
        ("SALARY ACME CORP", "NEFT", Narration("NEFT")),
        ("opening entry", "", Narration(None)),
    ],
)  # fmt: skip
def test_a_form_is_read(narration: str, reference: str, expected: Narration | None) -> None:
    found = read_narration(narration, reference)
    if expected is None:
        assert (found.channel, found.name, found.tokens[0]) == ("CHEQUE", "GUPTA STEEL", "123456")
    else:
        assert found == expected


def test_a_settlement_reference_is_found_wherever_it_stands() -> None:
    for narration in (
        "NEFT CR-X AXISCN1153863727 Y",
        "razorpay kkbkh14156891582",
        "IMPS/P2A/1/RZP/1568176960vxp0rj",
    ):
        assert any(
            word in read_narration(narration).utrs
            for word in ("AXISCN1153863727", "KKBKH14156891582", "1568176960VXP0RJ")
        )


def test_an_account_that_stands_in_every_narration_is_no_reference() -> None:
    narration = "NEFT-AXISCN1153863727-RAZORPAY SOFTWARE-SETTLEMENT-012305004421-UTIB0000001"
    assert read_narration(narration).utrs == ("AXISCN1153863727",)
    assert read_narration("UPI/624412345678/x/012305004421", own="12305004421").utrs == ("624412345678",)


def test_a_pool_account_or_a_mobile_number_is_no_reference() -> None:
    found = read_narration(
        "BY TRANSFER-UPI/CR/624412345678/RAVI/HDFC/9876543210@ybl/x", "TRANSFER FROM 4897735162092"
    )
    assert found.utrs == ("624412345678",)
    assert read_narration("UPI/RAVI/9876543210/624412345678").utrs == ("624412345678",)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("INV-102/26-27", ("INV102", "INV10226", "INV1022627")),
        ("inv no 102", ("INV102",)),
        ("SPC/2026-27/0042", ("SPC2026", "SPC202627", "SPC2026270042")),
        ("bill 1024 dated 01-09-2026", ("BILL1024",)),
        ("order 4567891", ("ORDER4567891", "4567891")),
        ("on 01092026", ()),
    ],
)
def test_document_numbers_are_joined_and_dates_are_not(text: str, tokens: tuple[str, ...]) -> None:
    assert document_tokens(text) == tokens


def test_numbers_with_a_known_prefix_come_first_and_twelve_is_the_most() -> None:
    text = " ".join(f"W{number}X9" for number in range(20)) + " INV 7788"
    tokens = document_tokens(text)
    assert len(tokens) == MAX_TOKENS
    assert tokens[0] == "INV7788"


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_is_read_without_harm(narration: str, reference: str) -> None:
    found = read_narration(" ".join(narration.split()), reference)
    assert len(found.utrs) <= MAX_REFERENCES
    assert all(10 <= len(word) <= 40 for word in found.utrs)
    assert all(4 <= len(token) <= 24 and token.isalnum() for token in found.tokens)


@pytest.mark.parametrize("text", ["X" * 1000, "A@" * 500, "1" * 1000, "UPI/" * 250, "a1 " * 333, "* " * 500])
def test_hostile_repetition_is_read_quickly(text: str) -> None:
    import time

    started = time.perf_counter()
    read_narration(text, text[:200])
    assert time.perf_counter() - started < 0.1
