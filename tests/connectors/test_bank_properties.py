"""Random statements written in every layout are read back exactly; random bytes are refused, never a crash."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, Observed, load_connector
from kit.errors import Rejected
from ledger.domain.checks import check_event
from tests.connectors.bank_layouts import (
    OPENING,
    STORY,
    TEXT_LAYOUTS,
    Txn,
    as_csv,
    hdfc_delimited,
    html_page,
    icici_savings,
    with_balances,
)

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
BANK = load_connector("bank")
NARRATIONS = st.text(
    alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz0123456789 /-*@.&'(),:₹éअ", min_size=1, max_size=80
).map(lambda text: " ".join(f"N{text}".split()))
REFERENCES = st.sampled_from(["", "001234", "0000624412345678", "UPI-624412345678"])
AMOUNTS = st.integers(min_value=1, max_value=10**11).flatmap(lambda paise: st.sampled_from([paise, -paise]))


@st.composite
def stories(draw: st.DrawFn) -> list[Txn]:
    day = draw(st.dates(min_value=date(2020, 1, 1), max_value=date(2026, 8, 1)))
    txns = []
    for _ in range(draw(st.integers(min_value=1, max_value=12))):
        day += timedelta(days=draw(st.integers(min_value=0, max_value=3)))
        txns.append(Txn(day, draw(AMOUNTS), draw(NARRATIONS), draw(REFERENCES)))
    return txns


LAYOUTS = {**TEXT_LAYOUTS, "icici.page": lambda txns, opening: html_page(icici_savings(txns, opening))}


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(txns=stories(), opening=st.integers(min_value=-(10**11), max_value=10**12))
def test_a_written_statement_is_read_back_exactly(layout: str, txns: list[Txn], opening: int) -> None:
    observed = BANK.observe(Inbound(LAYOUTS[layout](txns, opening)), source="bank:x", settings={}, now=NOW)
    assert not observed.unreadable
    found = [
        (
            seen.data["posted_on"],
            seen.data["amount"] * (1 if seen.event_type == "bank.credited" else -1),
            seen.data["narration"],
            seen.data["balance"],
        )
        for seen in observed.observations
    ]
    assert found == [
        (txn.posted_on.isoformat(), txn.amount, txn.narration, balance)
        for txn, balance in with_balances(txns, opening)
    ]
    assert len({seen.event_id for seen in observed.observations}) == len(txns)
    for seen in observed.observations:
        assert seen.event_type is not None
        check_event(seen.event_type, seen.data)
    assert (observed.facts["opening"], observed.facts["closing"]) == (opening, found[-1][3])


@settings(max_examples=40, deadline=None)
@given(
    txns=stories(), cut=st.integers(min_value=0, max_value=11), extra=st.integers(min_value=0, max_value=11)
)
def test_overlapping_files_never_double_and_never_lose(txns: list[Txn], cut: int, extra: int) -> None:
    start = min(cut, len(txns) - 1)
    while start and txns[start].posted_on == txns[start - 1].posted_on:
        start -= 1  # banks cut files by days
    end = min(len(txns), start + extra + 1)
    while end < len(txns) and txns[end].posted_on == txns[end - 1].posted_on:
        end += 1

    def ids(first: int, last: int) -> list[str]:
        opening = sum(txn.amount for txn in txns[:first])
        body = hdfc_delimited(txns[first:last], opening)
        observed = BANK.observe(Inbound(body), source="bank:x", settings={}, now=NOW)
        return [seen.event_id for seen in observed.observations]

    whole = ids(0, len(txns))
    assert ids(start, end) == whole[start:end]
    assert ids(0, end) == whole[:end]


def read_or_refuse(body: bytes) -> Observed | Rejected:
    try:
        observed = BANK.observe(Inbound(body), source="bank:x", settings={}, now=NOW)
    except Rejected as refused:
        return refused
    for seen in observed.observations:
        assert seen.event_type is not None
        check_event(seen.event_type, seen.data)
    return observed


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_remedy(body: bytes) -> None:
    refused = read_or_refuse(body)
    assert isinstance(refused, Rejected)
    assert refused.code
    assert refused.remedy


@cache
def statement_in(layout: str) -> bytes:
    """The same bytes each time: a workbook tells when it was made."""
    return LAYOUTS[layout](STORY, OPENING)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_statement_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(statement_in(data.draw(st.sampled_from(sorted(LAYOUTS)))))
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        at = data.draw(st.integers(min_value=0, max_value=len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read_or_refuse(bytes(body))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), max_size=9),
        max_size=12,
    )
)
@example([["", "", "", "0"], ["", "0"]])  # a remark below a row that couldn't be read
def test_rows_of_anything_below_a_heading_are_read_or_refused(rows: list[list[str]]) -> None:
    heading = [
        "Date",
        "Narration",
        "Value Dat",
        "Debit Amount",
        "Credit Amount",
        "Chq/Ref Number",
        "Closing Balance",
    ]
    read_or_refuse(as_csv([heading, *rows]))
