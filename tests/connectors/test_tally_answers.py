"""What the agent makes of Tally's short answers, and the documents of its own that observe reads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.contract import Inbound, load_connector
from connectors.tally import answers
from kit.errors import Rejected
from tests.connectors import casebook

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 21)
COMPANIES = """<ENVELOPE><HEADER><VERSION>1</VERSION><STATUS>1</STATUS></HEADER><BODY><DESC><CMPINFO>
<COMPANY>2</COMPANY><VOUCHER>0</VOUCHER></CMPINFO></DESC><DATA><COLLECTION>
<COMPANY NAME="Rathi &amp; Sons" RESERVEDNAME=""><NAME TYPE="String">Rathi &amp; Sons</NAME><GUID TYPE="String">7b1f</GUID>
<BOOKSFROM TYPE="Date">20240401</BOOKSFROM><STARTINGFROM TYPE="Date">20260401</STARTINGFROM>
<LASTVOUCHERDATE TYPE="Date">20261120</LASTVOUCHERDATE><ALTMSTID TYPE="Number"> 812</ALTMSTID>
<ALTVCHID TYPE="Number"> 9401</ALTVCHID></COMPANY>
<COMPANY NAME="Rathi Exports"><GUID TYPE="String">9c0d</GUID><ALTVCHID TYPE="Number">&#4;</ALTVCHID></COMPANY>
</COLLECTION></DATA></BODY></ENVELOPE>"""


def observe(body: bytes):
    return load_connector("tally").observe(Inbound(body), source="books:tally", settings={}, now=NOW)


def test_open_companies_are_read_with_their_counters_and_tallys_own_counts_are_none():
    for body in (COMPANIES.encode(), COMPANIES.encode("utf-16-le")):
        rathi, exports = answers.read_companies(body)
        assert (rathi.name, rathi.guid, rathi.masters, rathi.vouchers) == ("Rathi & Sons", "7b1f", 812, 9401)
        assert (rathi.books_from, rathi.last_voucher) == (date(2024, 4, 1), date(2026, 11, 20))
        assert (exports.name, exports.vouchers, exports.books_from) == ("Rathi Exports", 0, None)


def test_guids_are_read_with_their_alter_ids():
    body = casebook.case("tally", "agent_guids").inbound.body
    assert [alter for _, alter in sorted(answers.read_guids(body).items())] == [903, 911]


@pytest.mark.parametrize("read", [answers.read_companies, answers.read_guids])
def test_a_refusal_is_no_empty_list(read):
    with pytest.raises(Rejected, match="SVCurrentCompany"):
        read(casebook.case("tally", "closed_company").inbound.body)


def test_answers_are_put_together_whatever_their_encodings():
    groups = '<?xml version="1.0" encoding="UTF-16"?><ENVELOPE><LEDGER NAME="A &amp; Co&#4;"><PARENT>Sundry Debtors</PARENT></LEDGER></ENVELOPE>'
    voucher = (
        "<ENVELOPE><VOUCHER><GUID>g-1</GUID><ALTERID>5</ALTERID><DATE>20261101</DATE><VOUCHERTYPENAME>Journal</VOUCHERTYPENAME>"
        "<ALLLEDGERENTRIES.LIST><LEDGERNAME>A &amp; Co</LEDGERNAME><AMOUNT>-5</AMOUNT></ALLLEDGERENTRIES.LIST>"
        "<ALLLEDGERENTRIES.LIST><LEDGERNAME>Interest</LEDGERNAME><AMOUNT>5</AMOUNT></ALLLEDGERENTRIES.LIST></VOUCHER></ENVELOPE>"
    )
    whole = answers.together('M & "S"', [groups.encode("utf-16-le"), voucher.encode()], as_on=TODAY)
    observed = observe(whole)
    assert observed.facts["company"] == 'M & "S"'
    assert [part.code for part in observed.unreadable] == ["tally.group_unknown"]  # nobody tells of Interest
    told = answers.together("M", [groups.encode(), voucher.replace("Interest", "Cash").encode()], as_on=TODAY)
    assert [seen.event_type for seen in observe(told).observations] == ["invoice.issued"]


def test_what_a_voucher_made_is_kept_and_ends_when_it_is_gone():
    observed = observe(casebook.case("tally", "journals").inbound.body)
    made = answers.entries(observed.observations)
    guid = next(guid for guid, rows in made.items() if ("invoice", guid) in rows and len(rows) > 1)
    assert made[guid] == [("invoice", guid), ("credit_note", guid)]
    body = answers.changes(
        "Meena Traders", as_on=TODAY, alter=999, gone={guid: made[guid]}, renamed=[("A & B", "B")]
    )
    told = observe(body)
    assert told.unreadable == []
    ended = {(seen.kind, seen.external_id): seen for seen in told.observations}
    assert set(ended) == {*made[guid], ("party", "name:a & b")}
    assert ended["invoice", guid].data["status"] == "invoice.voided"
    assert ended["invoice", guid].sequence == 999 > max(seen.sequence for seen in observed.observations)
    assert ended["party", "name:a & b"].data == {"into": "name:b"}


def test_every_kind_of_thing_that_a_voucher_makes_can_end():
    for name in ("sales", "receipts", "purchases_and_payments", "journals", "post_dated"):
        made = answers.entries(observe(casebook.case("tally", name).inbound.body).observations)
        assert made
        told = observe(answers.changes("Meena Traders", as_on=TODAY, alter=9_999, gone=made))
        assert told.unreadable == []
        assert len(told.observations) == len({entry for rows in made.values() for entry in rows})


def test_parties_and_openings_are_no_vouchers():
    observed = observe(casebook.case("tally", "list_of_accounts").inbound.body)
    assert answers.entries(observed.observations) == {}
