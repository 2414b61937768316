"""TDS awaited: what bills and decisions say was cut, beside Form 26AS imported as a file."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from kit.errors import Rejected
from kit.ids import uuid7
from ledger.commands import DrainBusiness, RebuildBusiness
from ledger.domain.roles import Actor, Role, system
from ledger.domain.tax_credits import Credit, Customer, name_key, quarter_of, span, whose
from ledger.queries.tds import TdsAwaited
from tests.connectors.casebook import case
from tests.connectors.tally_books import against, export, ledger, new, voucher

SHARMA, GUPTA, BANK = "Sharma Traders Pvt Ltd", "Gupta Steel and Tubes", "HDFC Bank"


def receipt(number: int, day: str, money: int, tds: int, party: str) -> str:
    whole = money + tds
    return voucher(
        "Receipt", number, day, (BANK, money), ("TDS Receivable", tds), (party, -whole, against(f"INV-{number}", whole)), party=party
    )  # fmt: skip


def sale(number: int, amount: int, party: str) -> str:
    return voucher(
        "Sales",
        number,
        "2026-04-02",
        (party, amount, new(f"INV-{number}", amount)),
        ("Sales", -amount),
        party=party,
    )


DAY_BOOK = export(
    ledger(SHARMA, "Sundry Debtors", "l-1"),
    ledger(GUPTA, "Sundry Debtors", "l-2"),
    ledger("Kaveri Hardware", "Sundry Debtors", "l-3"),
    sale(1, 400000, SHARMA), sale(2, 920000, SHARMA), sale(3, 50000, GUPTA), sale(4, 1000, "Kaveri Hardware"),
    receipt(1, "2026-09-12", 392000, 8000, SHARMA),
    receipt(2, "2026-08-01", 909600, 10400, SHARMA),
    receipt(3, "2026-06-05", 45000, 5000, GUPTA),
    receipt(4, "2026-10-05", 980, 20, "Kaveri Hardware"),
)  # fmt: skip


async def test_cut_beside_shown_per_customer_and_quarter(door, engine, business, sources, connect, clock):
    clock.advance(days=1)
    await connect("books:tally", "tally", secrets=())
    await connect("tax:form_26as", "form_26as", secrets=())
    for source, body in (
        ("books:tally", DAY_BOOK),
        ("tax:form_26as", case("form_26as", "text_2026_27").inbound.body),
        ("tax:form_26as", case("form_26as", "text_2026_27").inbound.body),
    ):
        found = await sources.by_name(business, source)
        await import_file(Appender(engine), found, Inbound(body, filename="f.txt"), via="file", now=clock())
        clock.advance(minutes=5)
        while (await door.execute(DrainBusiness(1_000), system(business, "drainer"))).more:
            clock.advance(seconds=1)
    finance = Actor(business, Role.FINANCE, "Meena", member_id=uuid7())
    view = await door.query(TdsAwaited(), finance)
    told = {(row.name, row.quarter): row for row in view.rows}
    sharma = told[SHARMA, "2026-27 Q2"]
    assert (sharma.cut, sharma.credited, sharma.missing, sharma.state) == (
        18_400_00,
        8_000_00,
        10_400_00,
        "missing",
    )
    assert sharma.words == "cut ₹18,400, in 26AS ₹8,000, missing ₹10,400"
    assert [(s.section, s.credited) for s in sharma.sections] == [("194C", 8_000_00)]
    assert sharma.tan == "PNES12345B"
    assert told[GUPTA, "2026-27 Q1"].state == "agrees"
    assert told["Kaveri Hardware", "2026-27 Q3"].missing == 20_00
    assert view.rows[0] == sharma, "the largest missing first"
    assert (view.missing, view.stated) == (10_420_00, True)
    only = await door.query(TdsAwaited(fy="2026-27", quarter=1), finance)
    assert [row.name for row in only.rows] == [GUPTA]
    one = await door.query(TdsAwaited(party_id=sharma.party_id), finance)
    assert {row.name for row in one.rows} == {SHARMA}
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    assert (await door.query(TdsAwaited(), rep)).rows == ()
    assert (await door.query(TdsAwaited(fy="2025-26"), finance)).rows == ()
    with pytest.raises(Rejected):
        await door.query(TdsAwaited(fy="26"), finance)
    assert (await door.execute(RebuildBusiness(), system(business, "test"))).differing == {}


def credit(name: str, tan: str | None = None, pan: str | None = None) -> Credit:
    return Credit(None, name, tan, pan, "tds", "194C", date(2026, 9, 1), 100, None)


def test_a_deductor_is_known_by_pan_or_name_and_his_tan_tells_for_all_his_rows():
    one, two, three = (Customer(uuid4(), (name,), pan) for name, pan in
                       (("M/s Sharma Traders Pvt. Ltd.", None), ("Gupta", "AAACG1111G"), ("Twin", None)))  # fmt: skip
    twin = Customer(uuid4(), ("TWIN",), None)
    credits_ = [
        credit("SHARMA TRADERS PRIVATE LIMITED", "PNES12345B"), credit("SHARMA TRDRS", "PNES12345B"),
        credit("Whoever", None, "AAACG1111G"), credit("Twin", "MUMT12345B"), credit("Nobody", "DELN12345B"),
    ]  # fmt: skip
    assert whose(credits_, [one, two, three, twin]) == {0: one.id, 1: one.id, 2: two.id}


def test_quarters_are_of_the_indian_year():
    assert [quarter_of(date(2026, m, 1)) for m in (1, 3, 4, 7, 10, 12)] == [
        "2025-26 Q4", "2025-26 Q4", "2026-27 Q1", "2026-27 Q2", "2026-27 Q3", "2026-27 Q3",
    ]  # fmt: skip
    assert span("2026-27", 4) == (date(2027, 1, 1), date(2027, 3, 31))
    assert span("2026", None) == (date(2026, 4, 1), date(2027, 3, 31))
    for wrong in ("2026-28", "", "1999-00", "x"):
        with pytest.raises(Rejected):
            span(wrong, None)
    assert name_key("M/s. Om & Sons Co.") == name_key("OM AND SONS COMPANY")
