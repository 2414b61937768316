"""Deposits of an account aggregator: proof by balances in any order, keys that hold, notices that aren't believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.account_aggregator.model import Line
from connectors.account_aggregator.narration import read_narration
from connectors.account_aggregator.proof import prove
from connectors.contract import Inbound, Observed, load_connector
from kit.errors import Denied, Rejected
from tests.connectors.casebook import case
from tests.vendors.account_aggregator import transaction

AGGREGATOR = load_connector("account_aggregator")
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
SOURCE = "bank:aa-example"


def changed(name: str, change: Any = None) -> Inbound:
    found = case("account_aggregator", name).inbound
    body = json.loads(found.body)
    if change:
        change(body)
    return Inbound(json.dumps(body).encode(), stream=found.stream)


def observe(inbound: Inbound, *, now: datetime = NOW, **settings: Any) -> Observed:
    settings = {"account": "50100000000417", **settings}
    return AGGREGATOR.observe(inbound, source=SOURCE, settings=settings, now=now)


def rows_of(body: Any) -> list[Any]:
    rows: list[Any] = body["fips"][0]["accounts"][0]["data"]["account"]["transactions"]["transaction"]
    return rows


def keys(observed: Observed) -> list[str]:
    return [seen.external_id for seen in observed.observations]


# ---- the proof -------------------------------------------------------------------------------------
def lines(amounts: list[int], *, opening: int = 0) -> list[Line]:
    out, balance = [], opening
    for number, amount in enumerate(amounts, start=1):
        balance += amount
        out.append(Line(number, NOW.date(), NOW, amount, f"row {number}", balance=balance))
    return out


AMOUNTS = st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=9)


@given(amounts=AMOUNTS, data=st.data())
def test_lines_of_a_day_in_any_order_prove_to_the_same_ends(amounts: list[int], data: st.DataObject):
    told = lines(amounts, opening=100)
    mixed = data.draw(st.permutations(told))
    proof = prove(mixed, gaps=0, currency="INR")
    assert sorted(line.row for line in proof.lines) == sorted(line.row for line in told)
    if sum(amounts):  # a walk back to where it began has no end of its own
        assert (proof.opening, proof.closing) == (100, 100 + sum(amounts))


@given(amounts=st.lists(st.integers(1, 10**9), min_size=3, max_size=9), data=st.data())
def test_a_missing_line_in_the_middle_is_never_overlooked(amounts: list[int], data: st.DataObject):
    told = lines(amounts)  # credits only: nothing else leads to the balance that is missing
    gone = data.draw(st.integers(1, len(told) - 2))
    left = data.draw(st.permutations([line for number, line in enumerate(told) if number != gone]))
    with pytest.raises(Rejected) as refused:
        prove(left, gaps=0, currency="INR")
    assert refused.value.code == "statement.balance_mismatch"


def test_a_row_that_is_missing_takes_nothing_and_names_the_row():
    with pytest.raises(Rejected) as refused:
        observe(changed("deposit_row_missing"))
    assert refused.value.code == "statement.balance_mismatch"
    assert "Row 3" in refused.value.message


def test_the_order_in_which_a_bank_lists_its_lines_changes_no_key():
    plain = keys(observe(changed("deposit_v2")))
    assert keys(observe(changed("deposit_v2", lambda body: rows_of(body).reverse()))) == plain
    assert sorted(keys(observe(changed("deposit_in_no_order")))) == sorted(plain)


# ---- keys ------------------------------------------------------------------------------------------
def test_neighbouring_windows_name_their_lines_alike():
    whole = keys(observe(changed("deposit_v2")))

    def later(body: Any) -> None:
        del rows_of(body)[:3]

    def earlier(body: Any) -> None:
        del rows_of(body)[4:]

    assert set(keys(observe(changed("deposit_v2", later)))) == set(whole[3:])
    assert set(keys(observe(changed("deposit_v2", earlier)))) == set(whole[:4])


def test_a_txn_id_that_comes_twice_makes_no_row_another():
    observed = observe(changed("deposit_v1_newest_first"))
    assert len(set(keys(observed))) == 3


def test_a_line_is_called_as_the_row_of_a_statement_file_is():
    bank = load_connector("bank")
    table = (
        "Date,Narration,Debit,Credit,Balance\n"
        "16/11/2026,UPI 632098114402,,47200.00,147200.50\n16/11/2026,ACH D,1239.00,,145961.50\n"
    )
    read = bank.observe(
        Inbound(table.encode(), filename="a.csv"),
        source="bank:icici",
        settings={"account": "50100000000417"},
        now=NOW,
    )
    assert keys(read) == keys(observe(changed("deposit_flat")))


def test_masked_or_in_full_the_account_gives_the_same_keys():
    masked = AGGREGATOR.observe(changed("deposit_v2"), source=SOURCE, settings={}, now=NOW)
    assert keys(masked) == keys(observe(changed("deposit_v2")))


@given(at=st.integers(0, 5), times=st.integers(2, 4))
def test_a_row_listed_again_is_one_line(at: int, times: int):
    def again(body: Any) -> None:
        rows = rows_of(body)
        rows[at:at] = [rows[at]] * (times - 1)

    assert keys(observe(changed("deposit_v2", again))) == keys(observe(changed("deposit_v2")))


def test_two_equal_credits_of_a_day_are_two_lines():
    at = "2026-11-18T10:00:00+05:30"
    rows = [
        transaction(1, 500, 1500, at=at, narration="CASH"),
        transaction(2, 500, 2000, at=at, narration="CASH"),
    ]
    observed = observe(changed("deposit_v2", lambda body: rows_of(body).__setitem__(slice(None), rows)))
    assert len(set(keys(observed))) == 2


# ---- what it covers --------------------------------------------------------------------------------
def test_it_covers_no_day_after_the_banks_own_balance():
    def lagging(body: Any) -> None:
        deposit = body["fips"][0]["accounts"][0]["data"]["account"]
        deposit["summary"]["balanceDateTime"] = "2026-11-20T23:00:00+05:30"

    assert observe(changed("deposit_v2")).facts["covered_until"].isoformat() == "2026-11-21"
    assert observe(changed("deposit_v2", lagging)).facts["covered_until"].isoformat() == "2026-11-20"


def test_a_quiet_week_still_says_how_much_there_is():
    facts = observe(changed("deposit_quiet_week")).facts
    assert (facts["closing"], facts["covered_until"].isoformat()) == (900_000, "2026-11-21")


def test_a_balance_that_the_bank_states_otherwise_is_told():
    def other(body: Any) -> None:
        body["fips"][0]["accounts"][0]["data"]["account"]["summary"]["currentBalance"] = "1.00"

    facts = observe(changed("deposit_v2", other)).facts
    assert facts["warnings"] == ["The bank states a balance of ₹1; its lines give ₹3,07,281.60."]


# ---- when to look again ----------------------------------------------------------------------------
@pytest.mark.parametrize("age_minutes", [0, 8, 60, 600, 5_000, 10_000])
def test_a_session_that_takes_its_time_is_looked_at_in_growing_pauses(age_minutes):
    now = datetime(2026, 11, 21, 6, 29, tzinfo=UTC) + timedelta(minutes=age_minutes)
    (again,) = observe(changed("session_begun"), now=now).wanted
    assert timedelta(minutes=2) <= again.after <= timedelta(hours=6)
    assert again.after <= timedelta(minutes=max(2, age_minutes / 4))


def test_a_session_that_never_comes_is_given_up_and_a_long_one_is_told():
    assert not observe(changed("session_old_and_short")).wanted
    given_up = observe(changed("session_given_up"))
    assert not given_up.wanted
    assert [part.code for part in given_up.unreadable] == ["session.failed"]


# ---- notices ---------------------------------------------------------------------------------------
def verify(url: str, *secrets: str) -> None:
    body = case("account_aggregator", "notice_session").inbound.body
    AGGREGATOR.verify(Inbound(body, url=url), secrets=secrets, now=NOW)


def test_the_token_in_the_address_lets_a_notice_in_and_nothing_else_does():
    base = "https://munshi.example/ingest/mun_1"
    verify(f"{base}?token=long-random-word", "long-random-word")
    verify(f"{base}?a=1&token=former", "present", "former")
    verify(f"{base}?token=a%2Bb", "a+b")
    for url in (
        "",
        base,
        f"{base}?token=",
        f"{base}?token=x",
        f"{base}?other=long-random-word",
        f"{base}/long-random-word",
    ):
        with pytest.raises(Denied):
            verify(url, "long-random-word")
    with pytest.raises(Denied):
        verify(f"{base}?token=", "")


def test_a_notice_brings_no_line_even_if_it_holds_some():
    def stuffed(body: Any) -> None:
        session = json.loads(case("account_aggregator", "deposit_v2").inbound.body)
        body["data"]["fips"] = session["fips"]

    observed = observe(changed("notice_session", stuffed))
    assert not observed.observations
    assert [(item.stream, item.external_id) for item in observed.wanted] == [
        ("sessions", "32d40afc-4795-495d-8ca4-000000000001")
    ]


# ---- narrations ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("narration", "mode", "channel", "utr", "token"),
    [
        ("UPI/632098114402/getparts/parts@okexample/Example Bank", "UPI", "UPI", "632098114402", None),
        ("NEFT CR-EXMP0000240-SRI BALAJI-KVT-EXMPN52026111800417", "OTHERS", "NEFT", "EXMPN52026111800417", None),
        ("IMPS/P2A/632098110001/MEENA/INV 102", "FT", "IMPS", "632098110001", "INV102"),
        ("BY TRANSFER BILL NO INV-102/26-27 DT 18/11/26", "FT", "TRANSFER", None, "INV10226"),
        ("ATM WDL ERODE", "ATM", "CASH", None, None),
        ("SB:0417:Int.Pd:01-07-2026 to 30-09-2026", "OTHERS", "INTEREST", None, None),
        ("something else", "OTHERS", None, None, None),
    ],
)  # fmt: skip
def test_a_narration_says_its_channel_reference_and_bill(narration, mode, channel, utr, token):
    said = read_narration(narration, "", mode)
    assert said.channel == channel
    assert (said.utrs[0] if said.utrs else None) == utr
    assert token is None or token in said.tokens


def test_the_own_account_and_a_mobile_number_are_no_references():
    said = read_narration("IMPS FROM 9840012345 TO 50100000000417", own="50100000000417")
    assert said.utrs == ()
