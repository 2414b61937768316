"""Tables of past bills as people export them."""

from __future__ import annotations

from datetime import date

import pytest

from kit.errors import Rejected
from kit.tabular import read_book
from ledger.domain.forecast.table import Table, read_table


def _read(text: str) -> Table:
    return read_table(read_book(text.encode()).sheets[0].rows)


def _days(table: Table) -> list[tuple[str, str, str | None]]:
    def day(number: int) -> str:
        return date.fromordinal(number).isoformat()

    return [(day(b.issued), day(b.due), day(b.paid) if b.paid else None) for b in table.bills]


def test_the_plain_form_is_read() -> None:
    table = _read(
        'customer,issued,due,paid,amount\nSharma,01/04/2026,2026-05-01,5 May 2026,"₹1,20,000.50"\nGupta,2/4/26,2/5/26,,90\n'
    )
    assert _days(table) == [("2026-04-01", "2026-05-01", "2026-05-05"), ("2026-04-02", "2026-05-02", None)]
    assert [bill.amount for bill in table.bills] == [1_20_000_50, 90_00]
    assert (table.complaints, table.month_first) == ((), False)


def test_american_dates_are_recognised_by_days_past_twelve() -> None:
    table = _read(
        "customerID,InvoiceDate,DueDate,SettledDate,InvoiceAmount\nA,1/2/2013,2/1/2013,1/15/2013,55.94\n"
    )
    assert _days(table) == [("2013-01-02", "2013-02-01", "2013-01-15")]
    assert table.month_first


def test_exports_of_accounting_systems_are_read() -> None:
    table = _read(
        "business_code,cust_number,name_customer,clear_date,posting_date,due_in_date,total_open_amount\n"
        "U001,0200769623,WAL-MAR,2020-02-11 00:00:00,2020-01-26,20200210.0,54273.28\n"
        "U001,0200980828,BEN E,NaT,2019-07-22,20190811.0,79656.6\n"
    )
    assert _days(table) == [("2020-01-26", "2020-02-10", "2020-02-11"), ("2019-07-22", "2019-08-11", None)]
    assert [bill.customer for bill in table.bills] == ["0200769623", "0200980828"]


def test_what_is_wrong_is_told_by_line() -> None:
    table = _read(
        "Customer,Bill date,Due date,Paid on,Amount\n,1/4/26,1/5/26,,1\nA,soon,1/5/26,,1\n\nA,1/4/26,1/5/26,maybe,1\n"
        "A,1/4/26,1/5/26,,lots\nA,,1/5/26,,1\nA,1/4/26,,,\n"
    )
    assert table.complaints == (
        (2, "no customer"),
        (3, "issued: 'soon' is no date"),
        (5, "paid: 'maybe' is no date"),
        (6, "amount: 'lots' is no amount"),
        (7, "no date of issue"),
    )
    assert _days(table) == [("2026-04-01", "2026-04-01", None)]


@pytest.mark.parametrize(
    "text", ["a,b,c\n1,2,3\n", "customer,due,amount\nA,1/5/26,1\n", "customer,issued\nA,1/5/26\n"]
)
def test_without_the_columns_it_says_which_are_missing(text: str) -> None:
    with pytest.raises(Rejected, match="No column for"):
        _read(text)
