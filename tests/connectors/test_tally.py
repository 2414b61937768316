"""Tally's traps one by one: encodings, hostile XML, amounts, days, groups, edits, and what waits for its day."""

from __future__ import annotations

import codecs
import time
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Inbound, Observed, load_connector
from connectors.tally.fields import credit_days, day, debit, due_on
from connectors.tally.markup import Node, clean_text, read_records
from kit.errors import Rejected
from tests.connectors import casebook

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
SALE = """<ENVELOPE><VOUCHER><GUID>g-1</GUID><ALTERID> 7</ALTERID><DATE>20261102</DATE>
<VOUCHERTYPENAME>Sales</VOUCHERTYPENAME><VOUCHERNUMBER>S-1</VOUCHERNUMBER><PARTYLEDGERNAME>Café ₹ Ramesh</PARTYLEDGERNAME>
<VCHGSTCLASS>&#4; Not Applicable</VCHGSTCLASS><UDF:X>7</UDF:X>
<ALLLEDGERENTRIES.LIST><LEDGERNAME>Café ₹ Ramesh</LEDGERNAME><ISPARTYLEDGER>Yes</ISPARTYLEDGER><AMOUNT>-100.00</AMOUNT>
<BILLALLOCATIONS.LIST><NAME>S-1</NAME><BILLTYPE>New Ref</BILLTYPE><AMOUNT>-100.00</AMOUNT></BILLALLOCATIONS.LIST>
</ALLLEDGERENTRIES.LIST><ALLLEDGERENTRIES.LIST>   </ALLLEDGERENTRIES.LIST>
<ALLLEDGERENTRIES.LIST><LEDGERNAME>Sales</LEDGERNAME><ISPARTYLEDGER>No</ISPARTYLEDGER><AMOUNT>100.00</AMOUNT>
</ALLLEDGERENTRIES.LIST></VOUCHER></ENVELOPE>"""


def observe(body: bytes | str, *, now: datetime = NOW, **settings: Any) -> Observed:
    raw = body.encode() if isinstance(body, str) else body
    return load_connector("tally").observe(Inbound(raw), source="books:tally", settings=settings, now=now)


def refusal(body: bytes | str, **settings: Any) -> str:
    with pytest.raises(Rejected) as refused:
        observe(body, **settings)
    return refused.value.code


def only(observed: Observed) -> Mapping[str, Any]:
    (seen,) = observed.observations
    return seen.data


# ---- bytes -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        SALE.encode(),
        codecs.BOM_UTF8 + SALE.encode(),
        codecs.BOM_UTF16_LE + SALE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + SALE.encode("utf-16-be"),
        SALE.encode("utf-16-le"),
        ('<?xml version="1.0" encoding="UTF-16"?>\r\n' + SALE).encode(),
        ('\n <?xml version="1.0" encoding="ASCII"?>' + SALE).encode("utf-16-le"),
        codecs.BOM_UTF16_LE + ('<?xml version="1.0" encoding="UTF-8"?>' + SALE).encode("utf-16-le"),
        SALE.replace("&#4;", "\x04\x00\x1f&#x1F;&#0;&#xFFFF;").encode(),
    ],
)
def test_every_encoding_reads_the_same_whatever_it_declares(body):
    assert only(observe(body)) == only(observe(SALE))
    assert only(observe(body))["party"]["name"] == "Café ₹ Ramesh"


def test_what_is_neither_utf_8_nor_utf_16_is_read_as_windows_wrote_it():
    assert only(observe(SALE.replace("₹ ", "").encode("cp1252")))["party"]["name"] == "Café Ramesh"


@given(st.integers(0, 200), st.sampled_from(["&#4;", "&#x4;", "&amp;", "&#8377;", "é"]))
def test_a_reference_on_the_border_of_two_pieces_is_still_one(offset, reference):
    padding = "x" * (64 * 1024 - 10 - offset % 20)
    text = "".join(clean_text(f"<A>{padding}{reference}{'y' * offset}</A>".encode()))
    assert text == f"<A>{padding}{'' if '4;' in reference else reference}{'y' * offset}</A>"


HOSTILE = {
    "xml.doctype": '<!DOCTYPE e [<!ENTITY a "b">]><ENVELOPE>&a;</ENVELOPE>',
    "xml.too_deep": "<ENVELOPE>" * 50 + "</ENVELOPE>" * 50,
    "xml.malformed": SALE[:-20],
    "tally.unknown_shape": "<html><body>VOUCHER</body></html>",
    "tally.empty": "<ENVELOPE><HEADER><VERSION>1</VERSION></HEADER></ENVELOPE>",
    "tally.refused": "<RESPONSE>Unknown Request, cannot be processed</RESPONSE>",
}


@pytest.mark.parametrize("code", HOSTILE)
def test_what_is_no_data_of_tallys_is_refused_with_its_code(code):
    assert refusal(HOSTILE[code]) == code


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE e SYSTEM "http://127.0.0.1:9/x.dtd"><ENVELOPE/>',
        '<!DOCTYPE e [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]><ENVELOPE/>',
        "<!DOCTYPE e [" + "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(40)) + "]><ENVELOPE>&e40;</ENVELOPE>",
        '<ENVELOPE a="' + "x" * 3_000_000 + '"/>',
        "<ENVELOPE " + " ".join(f'a{n}="1"' for n in range(5_000)) + "/>",
        "<ENVELOPE><!--" + ">" * 30_000_000 + "--></ENVELOPE>",
        "<ENVELOPE><VOUCHER><NARRATION>" + "x" * 3_000_000 + "</NARRATION></VOUCHER></ENVELOPE>",
        "<ENVELOPE><VOUCHER>" + "<NAME/>" * 400_000 + "</VOUCHER></ENVELOPE>",
        "<ENVELOPE>&nosuch;</ENVELOPE>",
    ],
)  # fmt: skip
def test_hostile_xml_is_refused_at_once(body):
    begun, ours = time.monotonic(), time.process_time()
    assert refusal(body).startswith("xml.")
    assert time.process_time() - ours < 3
    assert time.monotonic() - begun < 30, "it waits for nobody"


def test_a_large_day_book_is_read_in_bounded_memory():
    filler = "".join(f"<FIELD{n}.LIST>      </FIELD{n}.LIST><FLAG{n}>No</FLAG{n}>" for n in range(400))
    one = (
        SALE.removeprefix("<ENVELOPE>")
        .removesuffix("</ENVELOPE>")
        .replace("</VOUCHER>", f"{filler}</VOUCHER>")
    )
    body = codecs.BOM_UTF16_LE + f"<ENVELOPE>{one * 700}</ENVELOPE>".encode("utf-16-le")
    assert len(body) > 20_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_records(body)) == 700
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


# ---- fields ----------------------------------------------------------------------------------------
def amount(text: str) -> int | None:
    node = Node("AMOUNT", {})
    node.text = text
    return debit(node)


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("-11111.00", 1111100), ("242.00", -24200), (" 1,00,000.50", -10000050), ("(-)45.5", 4550), ("-₹ 500", 50000),
        ("₹ 500.00 Dr", 50000), ("500 Cr", -50000), ("Rs. 10", -1000), ("? 12.00", -1200), ("-.50", 50),
        ("-$100.00 @ ₹ 83/$ = -₹ 8300.00", 830000), ("", None), ("0.00", 0), ("10.500", -1050),
    ],
)  # fmt: skip
def test_amounts_are_read_debit_positive(text, paise):
    assert amount(text) == paise


@pytest.mark.parametrize("text", ["ten", "1.005", "--5", "5-", "1e5", "NaN", "12 nos", "١٢", "9" * 30])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(Rejected):
        amount(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260401", date(2026, 4, 1)), ("1-Apr-26", date(2026, 4, 1)), ("01-Apr-2026", date(2026, 4, 1)),
        ("2026-04-01", date(2026, 4, 1)), ("2026-04-01T00:00:00", date(2026, 4, 1)), ("1-April-26", date(2026, 4, 1)),
        ("31/03/2026", date(2026, 3, 31)), ("5-Jan-99", date(1999, 1, 5)), ("", None),
    ],
)  # fmt: skip
def test_days_are_read_in_each_of_tallys_ways(text, expected):
    assert day(text) == expected


@pytest.mark.parametrize(
    "text", ["20261301", "31-Feb-26", "1-Foo-26", "tomorrow", "00000000", "29990101", "३१/०३/२०२६"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(Rejected):
        day(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 Days", date(2026, 3, 2)), ("1 Day", date(2026, 2, 1)), ("2 Weeks", date(2026, 2, 14)),
        ("1 Month", date(2026, 2, 28)), ("1 Year", date(2027, 1, 31)), ("45", date(2026, 3, 17)),
        ("15-Mar-26", date(2026, 3, 15)), ("", None),
    ],
)  # fmt: skip
def test_credit_periods_run_from_the_bills_date(text, expected):
    node = Node("BILLCREDITPERIOD", {"JD": "46052", "P": text})
    node.text = text
    assert due_on(node, date(2026, 1, 31)) == expected


def test_only_days_and_weeks_are_a_partys_terms():
    assert [credit_days(text) for text in ("45 Days", "2 Weeks", "1 Month", "1-Apr-26", "")] == [
        45,
        14,
        None,
        None,
        None,
    ]


# ---- groups ----------------------------------------------------------------------------------------
JOURNAL = (
    "<VOUCHER><GUID>g-2</GUID><DATE>20261103</DATE><VOUCHERTYPENAME>Journal</VOUCHERTYPENAME><VOUCHERNUMBER>4</VOUCHERNUMBER>"
    "<ALLLEDGERENTRIES.LIST><LEDGERNAME>Nanda</LEDGERNAME><ISPARTYLEDGER>Yes</ISPARTYLEDGER><AMOUNT>-50</AMOUNT></ALLLEDGERENTRIES.LIST>"
    "<ALLLEDGERENTRIES.LIST><LEDGERNAME>Misc</LEDGERNAME><ISPARTYLEDGER>No</ISPARTYLEDGER><AMOUNT>50</AMOUNT></ALLLEDGERENTRIES.LIST></VOUCHER>"
)


def masters(*rows: tuple[str, str, str]) -> str:
    """GROUP, LEDGER or VOUCHERTYPE records: tag, name, parent."""
    return "".join(f'<{tag} NAME="{name}"><PARENT>{parent}</PARENT></{tag}>' for tag, name, parent in rows)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (masters(("LEDGER", "Nanda", "Sundry Debtors")), "invoice.issued"),
        (masters(("LEDGER", "NANDA", "sundry creditors")), "credit_note.issued"),
        (
            masters(
                ("GROUP", "South", "Retail"),
                ("GROUP", "Retail", "Sundry Debtors"),
                ("LEDGER", "Nanda", "South"),
            ),
            "invoice.issued",
        ),
        (
            '<GROUP NAME="Grahak" RESERVEDNAME="Sundry Debtors"><PARENT>Current Assets</PARENT></GROUP>'
            + masters(("LEDGER", "Nanda", "Grahak")),
            "invoice.issued",
        ),
    ],
)
def test_a_partys_side_is_its_groups(told, expected):
    observed = observe(f"<ENVELOPE>{told}{JOURNAL}</ENVELOPE>")
    assert [seen.event_type for seen in observed.observations] == [expected]


@pytest.mark.parametrize(
    ("parent", "moves_our_money"),
    [("Capital Account", 0), ("Loans (Liability)", 0), ("Bank Accounts", 1), ("Indirect Expenses", 0)],
)
def test_a_ledger_of_another_group_is_no_party(parent, moves_our_money):
    observed = observe(f"<ENVELOPE>{masters(('LEDGER', 'Nanda', parent))}{JOURNAL}</ENVELOPE>")
    assert [seen.event_type for seen in observed.observations] == ["entry.stated"] * moves_our_money
    left_out = any(text.startswith("no party: Journal 4") for text in observed.ignored)
    assert left_out == (not moves_our_money)


@pytest.mark.parametrize(
    "told",
    [
        "",
        masters(("LEDGER", "Nanda", "South")),
        masters(("GROUP", "A", "B"), ("GROUP", "B", "A"), ("LEDGER", "Nanda", "A")),
    ],
)
def test_a_group_that_nobody_tells_is_asked_for_and_never_guessed(told):
    observed = observe(f"<ENVELOPE>{told}{JOURNAL}</ENVELOPE>")
    assert observed.observations == []
    (part,) = observed.unreadable
    assert part.code == "tally.group_unknown"
    assert "List of Accounts" in part.reason
    assert only(observe(f"<ENVELOPE>{told}{JOURNAL}</ENVELOPE>", debtors=["Nanda"]))["amount"] == 5000


def test_a_ledger_that_is_sold_to_and_bought_from_is_not_guessed_either():
    bought = (
        SALE.replace("g-1", "g-9")
        .replace("Sales</VOUCH", "Purchase</VOUCH")
        .replace("-100", "~")
        .replace("100", "-100")
        .replace("~", "100")
    )
    both = SALE.removesuffix("</ENVELOPE>") + bought.removeprefix("<ENVELOPE>")
    observed = observe(both)
    assert observed.observations == []
    assert {part.code for part in observed.unreadable} == {"tally.group_unknown"}


def test_a_type_of_the_firms_own_counts_by_its_base_or_by_its_bills():
    own = SALE.replace("<VOUCHERTYPENAME>Sales", "<VOUCHERTYPENAME>Kachha Bill")
    assert only(
        observe(
            own.replace(
                "<ENVELOPE>",
                '<ENVELOPE><LEDGER NAME="Café ₹ Ramesh"><PARENT>Sundry Debtors</PARENT></LEDGER>',
            )
        )
    )
    memo = own.replace("<ENVELOPE>", f"<ENVELOPE>{masters(('VOUCHERTYPE', 'Kachha Bill', 'Memorandum'))}")
    assert observe(memo).observations == []
    assert any(text.startswith("memorandum") for text in observe(memo).ignored)
    bare = own.replace("<BILLTYPE>New Ref</BILLTYPE><AMOUNT>-100.00", "<BILLTYPE>New Ref</BILLTYPE><AMOUNT>")
    assert [part.code for part in observe(bare).unreadable] == ["tally.voucher_type"]
    assert only(observe(bare, voucher_types={"Kachha Bill": "Sales"}))["amount"] == 10000


# ---- edits and days --------------------------------------------------------------------------------
def test_the_same_voucher_has_the_same_id_and_an_edit_another():
    (first,) = observe(SALE).observations
    (later,) = observe(SALE, now=NOW + timedelta(days=30)).observations
    assert (later.event_id, later.occurred_at, later.data) == (first.event_id, first.occurred_at, first.data)
    (edited,) = observe(
        SALE.replace("> 7<", "> 9<").replace("100.00", "90.00").replace("1102", "1101")
    ).observations
    assert edited.external_id == first.external_id == "g-1"
    assert edited.event_id != first.event_id
    assert (first.sequence, edited.sequence) == (7, 9)
    (renumbered,) = observe(SALE.replace("S-1", "S-2")).observations
    assert renumbered.event_id != first.event_id


def test_a_voucher_of_today_is_not_of_later_than_now_in_india():
    just_after_midnight = datetime(2026, 11, 1, 18, 31, tzinfo=UTC)
    (seen,) = observe(SALE, now=just_after_midnight).observations
    assert seen.occurred_at <= just_after_midnight


def test_a_post_dated_cheque_is_in_hand_then_deposited_then_cleared():
    body = casebook.case("tally", "post_dated").inbound.body
    before = {seen.external_id: seen for seen in observe(body).observations}
    after = {seen.external_id: seen for seen in observe(body, now=NOW + timedelta(days=30)).observations}
    cheque = next(key for key, seen in before.items() if seen.event_type == "cheque.received")
    assert after[cheque].event_type == "cheque.deposited"
    assert before[cheque].event_id != after[cheque].event_id
    scheduled = next(key for key, seen in before.items() if seen.event_type == "payout.scheduled")
    assert after[scheduled].event_type == "payout.processed"
    invoice = next(key for key, seen in before.items() if seen.kind == "invoice")
    assert before[invoice].occurred_at > NOW
    assert before[invoice].event_id != after[invoice].event_id


def test_another_companys_file_is_refused_and_its_own_is_not():
    body = casebook.case("tally", "day_book_utf16").inbound.body
    assert refusal(body, company="Meena Traders") == "tally.other_company"
    assert observe(body, company="rathi  steel & sons").observations
