"""What the agent asks Tally for: well-formed, of the right company and days, with nothing of a name read as markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date

import pytest

from connectors.tally import requests
from connectors.tally.requests import Window

FIRM = 'Rathi & Sons <"Unit 2">'
APRIL = Window(date(2026, 4, 1), date(2026, 4, 30))
EVERY = {
    "companies": requests.companies(),
    "alter ids": requests.alter_ids(FIRM),
    "groups": requests.groups(FIRM),
    "voucher types": requests.voucher_types(FIRM),
    "ledgers": requests.ledgers(FIRM, books_from=date(2026, 4, 1)),
    "changed ledgers": requests.ledgers(FIRM, books_from=date(2026, 4, 1), after=812),
    "ledger groups": requests.ledger_groups(FIRM),
    "vouchers": requests.vouchers(FIRM, APRIL),
    "guids": requests.voucher_guids(FIRM, since=date(2026, 4, 1), until=date(2026, 11, 20)),
    "receivable": requests.bills(FIRM, "receivable", as_on=date(2026, 11, 20), books_from=date(2026, 4, 1)),
    "payable": requests.bills(FIRM, "payable", as_on=date(2026, 11, 20), books_from=date(2026, 4, 1)),
}


@pytest.mark.parametrize("name", EVERY)
def test_a_request_is_well_formed_and_names_its_company(name):
    root = ET.fromstring(EVERY[name])
    assert root.findtext("HEADER/TALLYREQUEST") == "Export"
    assert root.findtext(".//SVEXPORTFORMAT") == "$$SysName:XML"
    expected = None if name == "companies" else FIRM
    assert root.findtext(".//SVCURRENTCOMPANY") == expected
    asked = root.findtext("HEADER/ID")
    if root.findtext("HEADER/TYPE") == "Collection":
        assert root.find(f".//COLLECTION[@NAME='{asked}']/TYPE") is not None
    assert requests.encoded(EVERY[name]).decode("utf-16-le") == EVERY[name]


def test_vouchers_are_asked_by_days_and_by_what_changed_with_the_group_of_each_line():
    changed = requests.vouchers(FIRM, Window(date(2026, 4, 1), date(2026, 11, 20), after=700, upto=2700))
    root = ET.fromstring(changed)
    assert root.findtext(".//SVFROMDATE") == "1-Apr-2026"
    assert root.findtext(".//SVTODATE") == "20-Nov-2026"
    assert [formula.text for formula in root.iter("SYSTEM")] == ["$AlterId > 700", "$AlterId <= 2700"]
    assert root.findtext(".//COLLECTION/FILTERS") == "MunshiAltered, MunshiBatch"
    fetched = root.findtext(".//COLLECTION/FETCH")
    assert fetched is not None
    assert "AllLedgerEntries.BillAllocations.Name" in fetched
    assert ".LIST" not in fetched, "Tally ignores such names without a word"
    computed = [part.text for part in root.iter("COMPUTE")]
    assert "MunshiGroup:$_PrimaryGroup:Ledger:$LedgerName" in computed
    assert "MunshiBase:$Parent:VoucherType:$VoucherTypeName" in computed
    assert "AllLedgerEntries.MunshiGroup" in fetched


def test_a_whole_window_has_no_filter():
    assert "FILTER" not in requests.vouchers(FIRM, APRIL)


def test_the_bills_are_tallys_own_report_as_on_a_day():
    root = ET.fromstring(EVERY["payable"])
    assert (root.findtext("HEADER/TYPE"), root.findtext("HEADER/ID")) == ("Data", "Bills Payable")
    assert root.findtext(".//SVTODATE") == "20-Nov-2026"


def test_deletions_are_found_by_the_vouchers_that_count():
    root = ET.fromstring(EVERY["guids"])
    assert root.findtext(".//COLLECTION/FETCH") == "Guid, AlterId"
    assert root.findtext(".//SYSTEM") == "NOT $IsOptional"
