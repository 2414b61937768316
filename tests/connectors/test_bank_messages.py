"""MT940, CAMT.053 and OFX: the same lines under the same names as in the bank's tables, and what must be refused."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, Observed, load_connector
from kit.errors import Rejected
from ledger.domain.checks import check_event
from tests.connectors.bank_layouts import OPENING, STORY, Txn, as_csv, hdfc_delimited, hdfc_statement
from tests.connectors.bank_messages import (
    ACCOUNT,
    OFX_1,
    as_camt,
    as_mt940,
    as_ofx,
    camt_balance,
    camt_document,
    camt_entry,
    camt_statement,
)
from tests.connectors.test_bank_properties import stories

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
BANK = load_connector("bank")
CLOSING = OPENING + sum(txn.amount for txn in STORY)
SPAN = STORY[0].posted_on, STORY[-1].posted_on
DAY = date(2026, 9, 1)


def observe(body: bytes, *, source: str = "bank:hdfc", **options: Any) -> Observed:
    observed = BANK.observe(Inbound(body), source=source, settings=options, now=NOW)
    for seen in observed.observations:
        assert seen.event_type is not None
        check_event(seen.event_type, seen.data)
    assert len({seen.event_id for seen in observed.observations}) == len(observed.observations)
    return observed


def refusal(body: bytes, **options: Any) -> Rejected:
    with pytest.raises(Rejected) as refused:
        observe(body, **options)
    assert refused.value.remedy
    return refused.value


def ids(observed: Observed) -> list[str]:
    return [seen.event_id for seen in observed.observations]


def signed(observed: Observed) -> list[int]:
    return [
        seen.data["amount"] * (1 if seen.event_type == "bank.credited" else -1)
        for seen in observed.observations
    ]


# ---- one model --------------------------------------------------------------------------------------
@pytest.mark.parametrize("write", [as_mt940, as_camt])
def test_a_line_is_the_same_in_a_message_and_in_the_banks_table(write: Any) -> None:
    table, message = observe(hdfc_delimited(STORY, OPENING), account=ACCOUNT), observe(write(STORY, OPENING))
    assert ids(message) == ids(table)
    for told, stated in zip(message.observations, table.observations, strict=True):
        same = ("posted_on", "amount", "balance", "channel", "narration", "value_on", "account", "currency")
        assert {name: told.data.get(name) for name in same} == {name: stated.data.get(name) for name in same}
        if "payer" in stated.data:
            assert told.data["payer"] == stated.data["payer"]
        if stated.data.get("references", {}).get("utr"):
            assert told.data["references"]["utr"][0] == stated.data["references"]["utr"][0]
    assert message.facts["proven"] is True
    assert (message.facts["opening"], message.facts["closing"]) == (OPENING, CLOSING)
    assert (message.facts["covered_from"], message.facts["covered_until"]) == SPAN


@pytest.mark.parametrize("xml", [False, True])
def test_ofx_reads_alike_in_both_versions_and_has_no_proof(xml: bool) -> None:
    observed = observe(as_ofx(STORY, OPENING, xml=xml))
    assert observed.version == "ofx"
    assert signed(observed) == [txn.amount for txn in STORY]
    assert [seen.data["narration"] for seen in observed.observations] == [txn.narration for txn in STORY]
    assert (observed.facts["proven"], observed.facts["closing"]) == (False, CLOSING)
    assert ids(observed) == ids(observe(as_ofx(STORY, OPENING, xml=not xml)))


def test_without_balances_the_reference_names_the_line_whatever_the_narration() -> None:
    story = [replace(txn, reference="HDFCN52026090200") for txn in STORY[1:2]]
    rows = [
        ["Date", "Details", "Ref No", "Debit", "Credit"],
        ["02/09/26", "other words", "HDFCN52026090200", "", "56840.00"],
    ]
    assert ids(observe(as_ofx(story, 0), account=ACCOUNT)) == ids(observe(as_csv(rows), account=ACCOUNT))


def test_a_narration_in_other_words_leaves_the_line_the_same_where_a_balance_names_it() -> None:
    story = [replace(txn, narration=f"TRF {number}") for number, txn in enumerate(STORY)]
    assert ids(observe(as_mt940(story, OPENING))) == ids(observe(as_mt940(STORY, OPENING)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(txns=stories(), opening=st.integers(min_value=-(10**11), max_value=10**12))
def test_any_story_is_the_same_in_every_format(txns: list[Txn], opening: int) -> None:
    table = observe(hdfc_delimited(txns, opening), account=ACCOUNT)
    camt = observe(as_camt(txns, opening))
    mt940 = observe(as_mt940(txns, opening))
    assert ids(mt940) == ids(camt) == ids(table)
    assert signed(mt940) == signed(camt) == [txn.amount for txn in txns]
    assert [seen.data["narration"] for seen in camt.observations] == [txn.narration for txn in txns]
    ofx = [observe(as_ofx(txns, opening, xml=True)) for _ in range(2)]
    assert ids(ofx[0]) == ids(ofx[1])
    assert signed(ofx[0]) == [txn.amount for txn in txns]


# ---- MT940 ------------------------------------------------------------------------------------------
def mt940(
    *fields: str,
    opening: str = "C260901INR100,00",
    closing: str = "C260901INR150,00",
    account: str = "123456789",
) -> bytes:
    lines = [":20:X", f":25:{account}", ":28C:1/1", f":60F:{opening}", *fields, f":62F:{closing}", "-"]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("mark", "closing", "event"),
    [
        ("C", "C260901INR150,00", "bank.credited"),
        ("D", "C260901INR50,00", "bank.debited"),
        ("RC", "C260901INR50,00", "bank.debited"),
        ("RD", "C260901INR150,00", "bank.credited"),
        ("CR", "C260901INR150,00", "bank.credited"),
        ("RCR", "C260901INR50,00", "bank.debited"),
    ],
)
def test_a_reversed_credit_is_a_debit_and_the_balance_says_so(mark: str, closing: str, event: str) -> None:
    observed = observe(mt940(f":61:2609010901{mark}50,00NTRFNONREF", ":86:x", closing=closing))
    assert observed.observations[0].event_type == event
    assert observed.facts.get("reversals") == (1 if mark.startswith("R") else None)
    wrong = mt940(f":61:2609010901{mark}50,00NTRFNONREF", closing="C260901INR100,00")
    assert refusal(wrong).code == "statement.balance_mismatch"


@pytest.mark.parametrize(
    ("figure", "minor"),
    [("50,00", 5000), ("50,", 5000), ("50", 5000), ("0,5", 50), ("000050,10", 5010), ("50,000", 5000)],
)
def test_amounts_have_a_comma_and_any_digits_behind_it(figure: str, minor: int) -> None:
    closing = f"C260901INR{(10_000 + minor) // 100},{(10_000 + minor) % 100:02}"
    assert (
        observe(mt940(f":61:260901C{figure}NTRFX", closing=closing)).observations[0].data["amount"] == minor
    )


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (":61:2609010901C50,005NTRFX", "money.fraction"),
        (":61:2609010901Cxx,00NTRFX", "mt940.line"),
        (":61:2609010901C1,250.50NTRFX", "mt940.line"),
        (":61:2609010901C18,O5NTRFX", "mt940.line"),
        (":61:2613010901C50,00NTRFX", "row.date"),
        (":61:2609010931C50,00NTRFX", "row.date"),
        (":61:", "mt940.line"),
    ],
)
def test_a_garbled_line_costs_only_itself_and_the_proof(field: str, code: str) -> None:
    first, last = ":61:2609010901C10,00NTRFA", ":61:2609010901C5,00NTRFB"
    observed = observe(mt940(first, ":86:a", field, ":86:b", last, ":86:c", closing="C260901INR150,00"))
    assert [(part.where, part.code) for part in observed.unreadable] == [("line 7", code)]
    assert [(seen.data["amount"], seen.data["balance"]) for seen in observed.observations] == [
        (1000, 11000),
        (500, 15000),
    ]
    assert observed.facts["proven"] is False
    mended = observe(mt940(first, ":86:a", ":61:2609010901C35,00NTRFX", ":86:b", last, ":86:c"))
    assert {ids(mended)[0], ids(mended)[2]} == set(ids(observed))


def test_the_day_of_entry_may_be_in_the_year_before_or_after() -> None:
    after = observe(mt940(":61:2612310102C50,00NTRFX", closing="C270102INR150,00"))
    before = observe(mt940(":61:2601021231C50,00NTRFX", closing="C260102INR150,00"))
    assert after.observations[0].data["posted_on"] == "2027-01-02"
    assert before.observations[0].data["posted_on"] == "2025-12-31"
    assert observe(mt940(":61:260901C50,00NTRFX")).observations[0].data["posted_on"] == "2026-09-01"


def test_expected_entries_are_not_booked() -> None:
    observed = observe(mt940(":61:260901EC10,00NTRFX", ":61:260901C50,00NTRFY"))
    assert observed.ignored == ["line 5: expected, not booked"]
    assert signed(observed) == [5000]


def test_an_empty_or_missing_text_leaves_the_reference() -> None:
    observed = observe(
        mt940(
            ":61:260901C20,00NTRFAXISCN1153863727",
            ":86:",
            ":61:260901C30,00NTRFHDFCN52026090201//X1\r\nextra",
        )
    )
    assert [seen.data["narration"] for seen in observed.observations] == [
        "AXISCN1153863727",
        "HDFCN52026090201 X1 extra",
    ]
    assert observed.observations[0].data["references"]["utr"] == ["AXISCN1153863727"]


def test_sub_fields_and_slashed_words_give_name_account_and_reference() -> None:
    german = (
        ":86:166?00CREDIT?20EREF+KV-2026-0001?21 SVWZ+Bill 42?30KKBKINBB?31000123456789?32KAVERI TRA?33DERS"
    )
    dutch = ":86:/EREF/KV-2026-0002/ORDP//NAME/LOTUS FABRICS/REMI/Bill 43/"
    observed = observe(mt940(":61:260901C20,00NTRFX", german, ":61:260901C30,00NTRFX", dutch))
    first, second = (seen.data for seen in observed.observations)
    assert first["payer"] == {"name": "KAVERI TRADERS", "account": "000123456789"}
    assert "KV20260001" in first["references"]["utr"]
    assert second["payer"] == {"name": "LOTUS FABRICS"}
    assert "KV20260002" in second["references"]["utr"]


@pytest.mark.parametrize(
    ("account", "said"),
    [("000000004421", "000000004421"), ("HDFCINBB/000000004421 INR", "000000004421"), ("000000004421INR", "000000004421"),
     ("/000000004421/INR", "000000004421"), ("NL91 ABNA 0417 1643 00", "NL91ABNA0417164300")],
)  # fmt: skip
def test_the_account_stands_without_its_bank_and_currency(account: str, said: str) -> None:
    assert observe(mt940(":61:260901C50,00NTRFX", account=account)).facts["account"] == said


def test_messages_of_several_days_follow_one_another_and_a_missing_one_is_told() -> None:
    one = mt940(":61:260901C50,00NTRFA")
    two = mt940(":61:260903D20,00NTRFB", opening="C260903INR150,00", closing="C260903INR130,00")
    gap = mt940(":61:260903D20,00NTRFB", opening="C260903INR190,00", closing="C260903INR170,00")
    whole = observe(one + b"\r\n" + two)
    assert (whole.facts["opening"], whole.facts["closing"], whole.facts["proven"]) == (10000, 13000, True)
    assert "warnings" not in whole.facts
    assert observe(two + b"\r\n" + one).observations == whole.observations
    (warning,) = observe(one + b"\r\n" + gap).facts["warnings"]
    assert warning.startswith("Between 01 Sep 2026 and 03 Sep 2026 lines are missing")


def test_lines_of_another_account_are_named_and_left_to_its_source() -> None:
    both = mt940(":61:260901C50,00NTRFA") + b"\r\n" + mt940(":61:260901C50,00NTRFB", account="777700001111")
    observed = observe(both, account="123456789")
    assert signed(observed) == [5000]
    (other,) = observed.unreadable
    assert (other.where, other.code) == ("statement 2", "statement.other_account")
    assert "··1111" in other.reason
    assert refusal(both).code == "statement.several_accounts"
    assert refusal(both, account="99990000").code == "statement.other_account"


@pytest.mark.parametrize(
    "body",
    [
        b":20:X\r\n:25:1\r\n:60F:C260901INR100,00\r\n:61:260901C50,00NTRFX\r\n:86:cut he",
        b":86:091\r\n-",
        b":61:260901C50,00NTRFX\r\n-",
        b":20:X\r\n:25:1\r\n:60F:C2609xxINR100,00\r\n:62F:C260901INR100,00\r\n-",
    ],
)
def test_a_cut_message_is_refused_whole(body: bytes) -> None:
    assert refusal(body).code == "statement.cut"


def test_line_ends_encodings_and_envelopes_make_no_difference() -> None:
    body = as_mt940(STORY, OPENING)
    whole = ids(observe(body))
    assert ids(observe(body.replace(b"\r\n", b"\n"))) == whole
    assert ids(observe(body.replace(b"\r\n", b"\r"))) == whole
    assert ids(observe(as_mt940(STORY, OPENING, envelope=False).rstrip(b"-\r\n"))) == whole
    assert ids(observe(body.decode().encode("utf-16"))) == whole
    umlaut = as_mt940([replace(STORY[0], narration="MÜLLER")], OPENING).decode().encode("cp1252")
    assert observe(umlaut).observations[0].data["narration"] == "MÜLLER"


def test_a_report_of_the_middle_of_the_day_is_no_statement() -> None:
    assert refusal(mt940(":34F:INR0,00", ":61:260901C50,00NTRFX")).code == "statement.intraday"


def test_other_currencies_have_their_own_digits() -> None:
    yen = observe(mt940(":61:260901C50,NTRFX", opening="C260901JPY100,", closing="C260901JPY150,"))
    assert (yen.observations[0].data["amount"], yen.observations[0].data["currency"]) == (50, "JPY")
    assert yen.facts["currency"] == "JPY"
    dinar = observe(mt940(":61:260901C50,005NTRFX", opening="C260901KWD0,", closing="C260901KWD50,005"))
    assert dinar.observations[0].data["amount"] == 50_005
    assert refusal(mt940(opening="C260901XXX1,", closing="C260901XXX1,")).code == "money.unknown_currency"
    assert refusal(mt940(opening="C260901EUR1,", closing="C260901INR1,")).code == "statement.other_currency"
    euro = mt940(":61:260901C50,00NTRFX", opening="C260901EUR100,", closing="C260901EUR150,")
    assert refusal(euro, account_currency="INR").code == "statement.other_currency"


# ---- CAMT.053 ---------------------------------------------------------------------------------------
def camt(*entries: str, opening: int = 10_000, closing: int = 15_000) -> bytes:
    return camt_document(
        camt_statement(entries, opening=opening, closing=closing, on=(DAY, DAY), account="123456789")
    )


CREDIT = Txn(DAY, 5_000, "INV 7")


def test_pending_entries_are_ignored_and_counted() -> None:
    observed = observe(
        camt(camt_entry(CREDIT), camt_entry(CREDIT, status="PDNG"), camt_entry(CREDIT, status="INFO"))
    )
    assert observed.ignored == [
        "statement 1 entry 2: pending, not booked",
        "statement 1 entry 3: for information, not booked",
    ]
    assert signed(observed) == [5000]
    assert observed.facts["proven"] is True


def test_an_entry_of_unknown_status_is_named() -> None:
    observed = observe(camt(camt_entry(CREDIT), camt_entry(CREDIT, status="MAYBE")))
    assert [part.code for part in observed.unreadable] == ["row.status"]


def test_a_reversal_goes_the_way_that_its_indicator_says() -> None:
    undone = camt_entry(Txn(DAY, -5_000, "returned")).replace("<Sts>", "<RvslInd>true</RvslInd><Sts>")
    observed = observe(camt(undone, opening=10_000, closing=5_000))
    assert signed(observed) == [-5000]
    assert observed.facts["reversals"] == 1


def parties(debtor: str, creditor: str, *, wrapped: bool) -> str:
    def party(name: str) -> str:
        return f"<Pty><Nm>{name}</Nm></Pty>" if wrapped else f"<Nm>{name}</Nm>"

    return (
        f"<RltdPties><Dbtr>{party(debtor)}</Dbtr><DbtrAcct><Id><Othr><Id>000111222333</Id></Othr></Id></DbtrAcct>"
        f"<Cdtr>{party(creditor)}</Cdtr></RltdPties>"
        "<RltdAgts><DbtrAgt><FinInstnId><ClrSysMmbId><MmbId>KKBK0000958</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt></RltdAgts>"
    )


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_single_payment_gives_its_payer_and_references(wrapped: bool) -> None:
    inner = (
        "<AcctSvcrRef>KKBKH26244891582</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId>"
        f"<UETR>97ed4827-7b6f-4491-a06f-b548d5a7512d</UETR></Refs>{parties('KAVERI TRADERS', 'OUR FIRM', wrapped=wrapped)}"
        "<RmtInf><Ustrd>Against</Ustrd><Ustrd>INV-102/26-27</Ustrd><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf>"
        "</Strd></RmtInf></TxDtls></NtryDtls><AddtlNtryInf>NEFT CR</AddtlNtryInf>"
    )
    data = observe(camt(camt_entry(CREDIT, inner=inner))).observations[0].data
    assert data["payer"] == {"name": "KAVERI TRADERS", "ifsc": "KKBK0000958", "account": "000111222333"}
    assert data["narration"] == "NEFT CR Against INV-102/26-27 RF18539007547034"
    assert {"KKBKH26244891582", "97ED48277B6F4491A06FB548D5A7512D"} <= set(data["references"]["utr"])
    assert "INV1022627" in data["references"]["tokens"]
    assert data["channel"] == "NEFT"


def test_the_payers_side_follows_the_money_and_a_return_keeps_the_old_sides() -> None:
    inner = f"<NtryDtls><TxDtls>{parties('WE', 'VERMA ALLOYS', wrapped=True)}</TxDtls></NtryDtls>"
    paid = observe(camt(camt_entry(Txn(DAY, -5_000, ""), inner=inner), closing=5_000)).observations[0].data
    assert paid["payer"]["name"] == "VERMA ALLOYS"
    back = camt_entry(CREDIT, inner=inner).replace("<Sts>", "<RvslInd>true</RvslInd><Sts>")
    assert observe(camt(back)).observations[0].data["payer"]["name"] == "VERMA ALLOYS"


def test_a_batch_is_one_line_with_the_numbers_of_all_its_payments() -> None:
    payments = "".join(
        f"<TxDtls><Refs><EndToEndId>E2E-{n}</EndToEndId></Refs>{parties(f'PAYER {n}', 'US', wrapped=True)}"
        f"<RmtInf><Ustrd>INV-{200 + n}</Ustrd></RmtInf></TxDtls>"
        for n in range(3)
    )
    inner = f"<AcctSvcrRef>BATCH20260901X77</AcctSvcrRef><NtryDtls><Btch><PmtInfId>B-1</PmtInfId></Btch>{payments}</NtryDtls>"
    (seen,) = observe(camt(camt_entry(CREDIT, inner=inner))).observations
    assert seen.data["amount"] == 5_000
    assert "payer" not in seen.data
    assert {"INV200", "INV201", "INV202"} <= set(seen.data["references"]["tokens"])
    assert seen.data["references"]["utr"] == ["BATCH20260901X77"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("50.00", "50.00001", "money.fraction"),
        ("50.00", "5O.00", "amount.unreadable"),
        ("50.00", "-50.00", "amount.unreadable"),
        ("CRDT</CdtDbtInd><Sts>", "</CdtDbtInd><Sts>", "row.sign"),
        ("Ccy='INR'>50.00", "Ccy='EUR'>50.00", "row.currency"),
        ("2026-09-01", "2026-02-31", "row.date"),
    ],
)
def test_a_garbled_entry_costs_only_itself(old: str, new: str, code: str) -> None:
    entry = camt_entry(CREDIT)
    assert old in entry
    observed = observe(camt(camt_entry(Txn(DAY, 1_000, "a")), entry.replace(old, new)))
    assert [(part.where, part.code) for part in observed.unreadable] == [("statement 1 entry 2", code)]
    assert signed(observed) == [1000]


def test_amounts_may_have_more_noughts_than_the_currency() -> None:
    entry = camt_entry(CREDIT).replace("50.00", "50.00000")
    assert signed(observe(camt(entry))) == [5000]


def test_entries_newest_first_are_turned() -> None:
    txns = [Txn(date(2026, 9, day), day * 100, f"N{day}") for day in (3, 2, 1)]
    statement = camt_statement(
        [camt_entry(txn) for txn in txns],
        opening=0,
        closing=600,
        on=(DAY, txns[0].posted_on),
        account=ACCOUNT,
    )
    assert ids(observe(camt_document(statement))) == ids(observe(as_camt(txns[::-1], 0)))


def test_prefixes_and_missing_namespaces_read_alike() -> None:
    body = camt(camt_entry(CREDIT))
    bare = body.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', b"")
    prefixed = (
        bare.replace(b"</", b"</c:").replace(b"<", b"<c:").replace(b"<c:/c:", b"</c:").replace(b"<c:?", b"<?")
    )
    assert ids(observe(bare)) == ids(observe(prefixed)) == ids(observe(body))


def test_a_balance_in_another_currency_is_told_and_no_proof() -> None:
    body = camt(camt_entry(CREDIT)).replace(
        camt_balance("CLBD", 15_000, DAY).encode(), camt_balance("CLBD", 1, DAY, "SEK").encode()
    )
    observed = observe(body)
    assert observed.facts["warnings"] == ["A balance (CLBD) is in SEK, the account in INR: left out."]
    assert (observed.facts["proven"], observed.facts["closing"]) == (False, None)


def test_intraday_reports_and_notifications_are_refused() -> None:
    body = camt(camt_entry(CREDIT))
    report = body.replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt").replace(b"Stmt>", b"Rpt>")
    notice = body.replace(b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn").replace(b"Stmt>", b"Ntfctn>")
    assert refusal(report).code == "statement.intraday"
    assert refusal(notice).code == "statement.notification"


def test_a_statement_that_does_not_add_up_or_is_cut_is_refused() -> None:
    assert refusal(camt(camt_entry(CREDIT), closing=15_001)).code == "statement.balance_mismatch"
    assert refusal(camt(camt_entry(CREDIT))[:-60]).code == "xml.malformed"
    assert (
        refusal(camt(camt_entry(CREDIT)).replace(b">150.00<", b">15O.00<")).code
        == "statement.balance_unreadable"
    )
    assert refusal(camt_document()).code == "statement.no_table"


def test_entities_and_document_types_are_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    for body in (camt(camt_entry(CREDIT)), as_ofx(STORY, OPENING, xml=True)):
        assert refusal(laughs + body.partition(b"?>")[2]).code == "xml.declarations"
    deep = camt(camt_entry(CREDIT, inner="<a>" * 500 + "</a>" * 500))
    assert refusal(deep).code == "xml.too_deep"


# ---- OFX --------------------------------------------------------------------------------------------
def ofx(*entries: str, currency: str = "INR", tail: str = "</OFX>", extra: str = "") -> bytes:
    listed = "".join(f"<STMTTRN>\n{entry}\n</STMTTRN>\n" for entry in entries)
    return (
        f"{OFX_1}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}\n<BANKACCTFROM><ACCTID>123456789\n</BANKACCTFROM>\n"
        f"<BANKTRANLIST><DTSTART>20260901\n<DTEND>20260930\n{listed}</BANKTRANLIST>\n{extra}</STMTRS></STMTTRNRS></BANKMSGSRSV1>{tail}"
    ).encode("cp1252")


def entry(amount: str, *, kind: str = "OTHER", on: str = "20260901", more: str = "<NAME>KAVERI") -> str:
    return f"<TRNTYPE>{kind}\n<DTPOSTED>{on}\n<TRNAMT>{amount}\n<FITID>1\n{more}"


@pytest.mark.parametrize(
    ("text", "minor"),
    [("12.50", 1250), ("-12,50", -1250), ("+00012.5000", 1250), ("1.250,50", 125_050), ("1,250.50", 125_050),
     ("1,20,000.00", 12_000_000), ("12", 1200), (".5", 50)],
)  # fmt: skip
def test_ofx_amounts_have_a_point_or_a_comma(text: str, minor: int) -> None:
    assert signed(observe(ofx(entry(text)))) == [minor]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (entry("12..50"), "amount.unreadable"),
        (entry("1,250"), "amount.unreadable"),
        (entry("NaN"), "amount.unreadable"),
        (entry("115.8331"), "money.fraction"),
        (entry(""), "amount.unreadable"),
        (entry("1.00", on=""), "row.date"),
        (entry("1.00", on="20260231"), "row.date"),
        (entry("-1.00", kind="CREDIT"), "row.sign"),
        (entry("1.00", kind="DEBIT"), "row.sign"),
        (entry("1.00", more="<CURRENCY><CURSYM>USD\n</CURRENCY>"), "row.currency"),
    ],
)
def test_a_garbled_transaction_costs_only_itself(wrong: str, code: str) -> None:
    observed = observe(ofx(entry("5.00"), wrong, entry("7.00")))
    assert [(part.where, part.code) for part in observed.unreadable] == [("transaction 2", code)]
    assert signed(observed) == [500, 700]


def test_ids_that_a_bank_repeats_cost_no_transaction() -> None:
    observed = observe(ofx(entry("5.00"), entry("5.00"), entry("7.00")))
    assert signed(observed) == [500, 500, 700]
    assert "gave one id (FITID)" in observed.facts["warnings"][0]


def test_the_day_is_as_the_bank_wrote_it_whatever_the_zone() -> None:
    observed = observe(ofx(entry("5.00", on="20260901235959.000[-8:PST]")))
    assert observed.observations[0].data["posted_on"] == "2026-09-01"


def test_texts_with_marks_entities_and_cdata_stay_whole() -> None:
    texts = ["<NAME>A & B <x", "<NAME>A &amp; B &lt;x", "<NAME><![CDATA[A & B <x]]>"]
    assert {observe(ofx(entry("5.00", more=text))).observations[0].data["narration"] for text in texts} == {
        "A & B <x"
    }
    umlaut = observe(ofx(entry("5.00", more="<NAME>Büro\n<MEMO>Miete")))
    assert umlaut.observations[0].data["narration"] == "Büro Miete"


def test_a_balance_of_the_day_of_the_download_is_no_closing_balance() -> None:
    def ledger(day: str) -> str:
        return f"<LEDGERBAL><BALAMT>99.00\n<DTASOF>{day}\n</LEDGERBAL>"

    assert observe(ofx(entry("5.00"), extra=ledger("20260930"))).facts["closing"] == 9900
    later = observe(ofx(entry("5.00"), extra=ledger("20261005"))).facts
    assert later["closing"] is None
    assert "is of 05 Oct 2026" in later["warnings"][0]


def test_what_is_no_bank_statement_in_ofx_is_refused() -> None:
    assert refusal(ofx(entry("5.00"), tail="")).code == "statement.cut"
    assert refusal(f"{OFX_1}<OFX></OFX>".encode()).code == "statement.no_table"
    shares = f"{OFX_1}<OFX><INVSTMTMSGSRSV1><INVSTMTRS></INVSTMTRS></INVSTMTMSGSRSV1></OFX>"
    assert refusal(shares.encode()).code == "statement.investment"
    fault = f"{OFX_1}<OFX><STMTTRNRS><STATUS><CODE>2000<SEVERITY>ERROR<MESSAGE>Try later</STATUS></STMTTRNRS></OFX>"
    assert "Try later" in refusal(fault.encode()).message


# ---- hostile ----------------------------------------------------------------------------------------
WRITERS = {
    "mt940": as_mt940(STORY, OPENING),
    "camt": as_camt(STORY, OPENING),
    "ofx1": as_ofx(STORY, OPENING),
    "ofx2": as_ofx(STORY, OPENING, xml=True),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_damaged_message_is_read_or_refused_and_nothing_is_lost_in_silence(
    name: str, data: st.DataObject
) -> None:
    body = bytearray(WRITERS[name])
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        at = data.draw(st.integers(min_value=0, max_value=len(body) - 1))
        body[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=6))
    try:
        observed = observe(bytes(body))
    except Rejected:
        return
    if observed.facts.get("proven"):
        assert observed.facts["opening"] + sum(signed(observed)) == observed.facts["closing"]
    assert not any(isinstance(value, float) for seen in observed.observations for value in seen.data.values())


@pytest.mark.parametrize(
    "body",
    [
        b":20:" + b"\n" * 400_000,
        b"<OFX>" + b"<![CDATA[" * 60_000 + b"</OFX>",
        b"<OFX>" + b"<STMTRS>" * 60_000 + b"</OFX>",
        b"\n" * 60_000 + b"<OFX></OFX>",
        b"{1:" + b"{" * 60_000 + b"\n:20:x",
        b":20:x\n:86:" + b"/EREF/" * 60_000,
        b"Date;Text;Sum\n" + b"01/09/2026;a;1\n" * 20_000,
    ],
)
def test_traps_are_answered_in_good_time(body: bytes) -> None:
    start = time.process_time()  # ours alone, whatever else the machine does
    with contextlib.suppress(Rejected):
        observe(body)
    assert time.process_time() - start < 5


def test_the_same_day_from_a_table_that_shows_the_account_and_from_a_message_is_one() -> None:
    table = observe(as_csv(hdfc_statement(STORY, OPENING)), account=ACCOUNT)
    for write in (as_mt940, as_camt):
        assert ids(observe(write(STORY, OPENING), account=ACCOUNT)) == ids(table)
