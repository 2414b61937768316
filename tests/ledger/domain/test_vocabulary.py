"""What an event may say: addresses that a card links to."""

from __future__ import annotations

import pytest

from kit.errors import Rejected
from ledger.domain.checks import check_event

BILL = {
    "number": "INV-1",
    "party": {"name": "Gupta Steel"},
    "amount": 100,
    "currency": "INR",
    "issued_on": "2026-11-01",
}


def test_an_address_of_the_record_is_taken() -> None:
    check_event("invoice.issued", {**BILL, "url": "https://books.example/invoices/1?tab=2"})


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://",
        "https://x.example/\n",
        "https://x.example/'onclick",
        "ftp://x.example",
        "//x",
    ],
)
def test_what_is_no_address_or_more_than_one_is_refused(url: str) -> None:
    with pytest.raises(Rejected):
        check_event("invoice.issued", {**BILL, "url": url})
