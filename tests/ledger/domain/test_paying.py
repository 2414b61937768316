"""UPI addresses, accounts and numbers are checked; links carry any name, and nothing of it becomes another field."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Rejected
from ledger.domain.paying import (
    LONGEST_NOTE,
    account_number,
    ifsc,
    name_of,
    one_line,
    own_number,
    payment_note,
    too_long,
    upi_address,
    upi_link,
    whatsapp_link,
    whatsapp_number,
)

HOSTILE = "A&pa=thief@bank#x\n<b>?\u202eevil\u2066 100% 🙏🏽 शर्मा &am=1"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("kaveri@okicici", "kaveri@okicici"),
        (" Kaveri.s-1_x@ybl ", "Kaveri.s-1_x@ybl"),
        ("98200@axl2", "98200@axl2"),
    ],
)
def test_a_upi_address_is_kept_as_typed(typed: str, kept: str) -> None:
    assert upi_address(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "kaveri", "kaveri@gmail.com", "@ybl", "a@b", "ka veri", "क@ybl", "x&y@ybl"]
)
def test_what_is_no_upi_address_says_how_one_looks(typed: str) -> None:
    with pytest.raises(Rejected) as refusal:
        upi_address(typed)
    assert refusal.value.code == "pay.upi_id"
    assert "@" in refusal.value.remedy


@pytest.mark.parametrize(("typed", "kept"), [("0004 0500 4421", "000405004421"), ("123456789", "123456789")])
def test_an_account_is_its_digits(typed: str, kept: str) -> None:
    assert account_number(typed) == kept


@pytest.mark.parametrize("typed", ["12345678", "1" * 19, "XXXX4421", "१२३४५६७८९", ""])
def test_what_is_no_account_is_refused(typed: str) -> None:
    with pytest.raises(Rejected, match="no account number"):
        account_number(typed)


@pytest.mark.parametrize(("typed", "kept"), [("icic0000044", "ICIC0000044"), ("HDFC 0AB12C3", "HDFC0AB12C3")])
def test_an_ifsc_is_in_capitals(typed: str, kept: str) -> None:
    assert ifsc(typed) == kept


@pytest.mark.parametrize("typed", ["ICIC1000044", "ICIC000004", "1CIC0000044", "ICIC00000445"])
def test_what_is_no_ifsc_is_refused(typed: str) -> None:
    with pytest.raises(Rejected, match="no IFSC"):
        ifsc(typed)


def test_a_name_is_one_line_of_sensible_length() -> None:
    assert name_of(" Kaveri\n\u202eServices ", "A name") == "Kaveri Services"
    for wrong in ("", "\u200b\n", "x" * 81):
        with pytest.raises(Rejected):
            name_of(wrong, "A name")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+91 98200 12345", "919820012345"), ("9820012345", "919820012345"), ("09820012345", "919820012345"),
        ("0091-98200-12345", "919820012345"), ("+91 (0) 98200 12345", "919820012345"), ("91 98200.12345", "919820012345"),
        ("022-2345 6789 / 98200 12345", "919820012345"), ("98200 12345, 98200 54321", "919820012345"),
        ("+915550000045", "915550000045"), ("+971 50 123 4567", "971501234567"), ("022-23456789", None), ("1234567890", None), ("+91 22 2345 6789", None),
        ("98200123456", None), ("", None), (None, None), ("call me", None), ("+0123456789", None),
    ],
)  # fmt: skip
def test_a_number_is_one_that_whatsapp_reaches_or_none(written: str | None, number: str | None) -> None:
    assert whatsapp_number(written) == number


def test_our_own_number_must_be_one() -> None:
    assert own_number("98200 12345") == "919820012345"
    with pytest.raises(Rejected, match="no mobile number"):
        own_number("022-23456789")


def test_a_upi_link_holds_rupees_with_two_digits_and_the_bills() -> None:
    link = upi_link(
        "kaveri@okicici", name="Kaveri Services", amount=5_684_005, note="INV-102 INV-107", reference="MUN1"
    )
    assert link == (
        "upi://pay?pa=kaveri@okicici&pn=Kaveri%20Services&am=56840.05&cu=INR&tn=INV-102%20INV-107&tr=MUN1"
    )


@given(st.text(max_size=300) | st.just(HOSTILE))
def test_no_name_and_no_note_becomes_another_field_of_a_upi_link(text: str) -> None:
    note = payment_note([text, "INV-2"])
    assert len(note) <= LONGEST_NOTE
    link = upi_link("kaveri@okicici", name=text, amount=100, note=note, reference="R1")
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert {name: len(values) for name, values in fields.items()} == dict.fromkeys(
        ("pa", "pn", "am", "cu", "tn", "tr"), 1
    )
    assert (fields["pa"], fields["am"], fields["pn"]) == (["kaveri@okicici"], ["1.00"], [one_line(text)[:80]])
    assert link.isascii()
    assert not set(link) & set(' \n#<>"')


@pytest.mark.parametrize(
    ("numbers", "note"),
    [
        (["INV-102"], "INV-102"),
        (["INV-102/26-27", "INV-107"], "INV-102/26-27 INV-107"),
        ([f"INV-{n}/26-27" for n in range(100, 112)], "INV-100/26-27 INV-101/26-27 and 10 more"),
        ([None, ""], "Payment"),
        (["<&#>"], "Payment"),
        (["X" * 90], "X" * 50),
        ([], "Payment"),
    ],
)
def test_a_note_names_the_bills_that_fit(numbers: list[str | None], note: str) -> None:
    assert payment_note(numbers) == note


def test_a_whatsapp_link_takes_any_text_and_knows_its_length() -> None:
    link = whatsapp_link("919820012345", HOSTILE)
    assert urlsplit(link).fragment == ""
    assert parse_qs(urlsplit(link).query) == {"text": [HOSTILE]}
    assert not too_long(whatsapp_link("919820012345", "a" * 1_960))
    assert too_long(whatsapp_link("919820012345", "a" * 1_980))
    assert whatsapp_link("919820012345") == "https://wa.me/919820012345"
