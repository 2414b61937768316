"""Form 26AS: repeated downloads, corrections, twins of one day; and a file in the chat finds its reader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.contract import Inbound, Observed, load_connector
from ingest.importing import _recognised
from kit.errors import Rejected
from tests.connectors.casebook import case, cases_of

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
HEAD = """File Creation Date^Permanent Account Number (PAN)^Financial Year
{made}^AAACM1234A^2026-2027
^PART-I - Details of Tax Deducted at Source^
Sr. No.^Name of Deductor^TAN of Deductor^^^^^Total Amount Paid / Credited(Rs.)^Total Tax Deducted(Rs.)^Total TDS Deposited(Rs.)
1^SHARMA TRADERS, PUNE^PNES12345B^^^^^1.00^1.00^{total}
^Sr. No.^Section^Transaction Date^Status of Booking^Date of Booking^Remarks^Amount Paid / Credited(Rs.)^Tax Deducted(Rs.)^TDS Deposited(Rs.)
"""


def read(*rows: str, made: str = "18-11-2026", total: str = "1.00", **settings: str) -> Observed:
    body = HEAD.format(made=made, total=total) + "\n".join(rows)
    return load_connector("form_26as").observe(
        Inbound(body.encode(), filename="26as.txt"), source="tax:form_26as", settings=settings, now=NOW
    )


def amounts(observed: Observed) -> dict[str, int]:
    return {seen.external_id: seen.data["amount"] for seen in observed.observations}


ONE = "^1^194C^12-Sep-2026^U^-^-^200000.00^4000.00^0.00"
BOOKED = "^1^194C^12-Sep-2026^F^28-Oct-2026^-^200000.00^4000.00^4000.00"


def test_a_later_download_revises_the_row_and_the_same_one_adds_nothing():
    first, again, later = read(ONE), read(ONE, made="19-11-2026"), read(BOOKED, made="20-11-2026")
    assert [seen.event_id for seen in again.observations] == [seen.event_id for seen in first.observations]
    assert amounts(first).keys() == amounts(later).keys()
    assert list(amounts(later).values()) == [400_000]
    assert [seen.word for seen in later.observations] == ["F"]
    assert later.observations[0].event_id != first.observations[0].event_id
    assert later.observations[0].occurred_at > first.observations[0].occurred_at


def test_equal_rows_of_one_day_are_as_many_rows_whatever_stands_between():
    other = "^2^194J^01-Sep-2026^F^28-Oct-2026^-^1000.00^100.00^100.00"
    two, spread = read(BOOKED, BOOKED), read(BOOKED, other, BOOKED)
    assert len(amounts(two)) == 2
    assert amounts(two).items() <= amounts(spread).items()


def test_a_corrected_row_takes_the_number_of_the_one_that_was_taken_back():
    back = "^2^194C^12-Sep-2026^F^28-Oct-2026^B^-200000.00^-4000.00^-4000.00"
    new = "^3^194C^12-Sep-2026^F^28-Oct-2026^-^200000.00^2000.00^2000.00"
    before, after, gone = read(BOOKED), read(BOOKED, back, new), read(BOOKED, back)
    (key,) = amounts(before)
    assert amounts(after)[key] == 200_000
    assert sorted(amounts(after).values()) == [0, 200_000]
    assert amounts(gone) == {key: 0}


def test_a_row_that_takes_back_what_is_not_there_is_not_guessed_at():
    back = "^2^194C^12-Aug-2026^F^28-Oct-2026^B^-100.00^-2.00^-2.00"
    found = read(BOOKED, back)
    assert [part.code for part in found.unreadable] == ["row.reversal"]


def test_a_total_that_the_rows_do_not_reach_is_told():
    assert "add up to" in read(BOOKED, total="5000.00").facts["warnings"][0]
    assert "warnings" not in read(BOOKED, total="4000.00").facts


def test_another_firms_statement_is_refused():
    read(BOOKED, pan="AAACM1234A")
    with pytest.raises(Rejected, match="statement of the PAN") as refused:
        read(BOOKED, pan="AAACX9999X")
    assert refused.value.code == "26as.other_pan"


@pytest.mark.parametrize("found", [c for c in cases_of("form_26as") if c.name != "another_table"], ids=str)
def test_in_the_chat_the_file_is_known_for_what_it_is(found):
    kind, observed = _recognised(found.inbound, layouts={}, now=NOW)
    assert kind == "form_26as"
    assert observed.observations


def test_a_bank_statement_and_a_sheet_of_bills_are_not_taken_for_it():
    for connector in ("bank", "spreadsheet"):
        for found in cases_of(connector):
            with pytest.raises(Rejected):
                load_connector("form_26as").observe(
                    found.inbound, source="tax:form_26as", settings={}, now=NOW
                )
    assert case("form_26as", "another_table")
