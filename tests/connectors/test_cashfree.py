"""Cashfree's webhooks: the signature to the byte, versions that say the same, exact money, ids that hold."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cashfree.connector import AHEAD, BEHIND
from connectors.cashfree.fields import moment
from connectors.contract import Inbound, Observed, load_connector
from kit.errors import Denied, Rejected
from tests.connectors.casebook import case
from tests.connectors.folding import folded

CASHFREE = load_connector("cashfree")
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
SECRET = "marker-client-secret"


def signed(body: bytes, at: datetime, *, between: bytes = b"", secret: str = SECRET) -> Inbound:
    stamp = str(int(at.timestamp() * 1000))
    mac = hmac.new(secret.encode(), stamp.encode() + between + body, hashlib.sha256)
    signature = base64.b64encode(mac.digest()).decode()
    return Inbound(body, {"x-webhook-signature": signature, "x-webhook-timestamp": stamp})


def verify(inbound: Inbound) -> None:
    CASHFREE.verify(inbound, secrets=[SECRET], now=NOW)


def observe(inbound: Inbound, *, now: datetime = NOW) -> Observed:
    return CASHFREE.observe(inbound, source="payment:cashfree", settings={}, now=now)


def changed(name: str, change: Any = None, **headers: str) -> Inbound:
    """A case with its body changed, under the headers it has and these."""
    found = case("cashfree", name).inbound
    body = json.loads(found.body)
    if change:
        change(body)
    return Inbound(json.dumps(body).encode(), {**found.headers, **headers}, stream=found.stream)


# ---- the signature ---------------------------------------------------------------------------------
def test_the_signature_covers_the_time_and_the_raw_body_with_nothing_between():
    body = b'{"data":{"payment":{"payment_amount":170.00}}}'
    verify(signed(body, NOW))
    with pytest.raises(Denied) as refused:
        verify(signed(body, NOW, between=b"."))
    assert refused.value.code == "signature.wrong"


def test_an_amount_written_anew_breaks_the_signature():
    call = signed(b'{"payment_amount":170.00}', NOW)
    with pytest.raises(Denied):
        verify(Inbound(b'{"payment_amount":170}', call.headers))


@pytest.mark.parametrize(
    ("at", "comes_in"),
    [
        (NOW + AHEAD - timedelta(seconds=1), True),
        (NOW + AHEAD + timedelta(seconds=1), False),
        (NOW - timedelta(minutes=31), True),  # a third retry that carries the first time
        (NOW - BEHIND + timedelta(seconds=1), True),
        (NOW - BEHIND - timedelta(seconds=1), False),
    ],
)
def test_the_signed_time_may_be_old_as_retries_are_and_hardly_ahead(at, comes_in):
    call = signed(b"{}", at)
    if comes_in:
        verify(call)
        return
    with pytest.raises(Denied) as refused:
        verify(call)
    assert refused.value.code == "signature.time"


def test_a_time_that_nobody_signed_is_no_way_in():
    call = signed(b"{}", NOW - timedelta(days=9))
    stamp = str(int(NOW.timestamp() * 1000))
    with pytest.raises(Denied):
        verify(Inbound(b"{}", {**call.headers, "x-webhook-timestamp": stamp}))


# ---- versions --------------------------------------------------------------------------------------
def test_three_versions_of_one_payment_are_one_identity_and_one_fact():
    def of_number(body):
        payment = body["data"]["payment"]
        payment["cf_payment_id"] = int(payment["cf_payment_id"])

    plain = changed("success_with_offer_2023")
    old = changed("success_with_offer_2023", of_number, **{"x-webhook-version": "2022-09-01"})
    new = changed("success_with_offer_2023", **{"x-webhook-version": "2025-01-01"})
    seen = [observe(inbound).observations[0] for inbound in (old, plain, new)]
    assert len({(one.event_id, one.external_id, json.dumps(one.data, sort_keys=True)) for one in seen}) == 1
    assert [observe(inbound).version for inbound in (old, plain, new)] == [
        "2022-09-01",
        "2023-08-01",
        "2025-01-01",
    ]


def test_without_a_header_the_ids_tell_the_version():
    assert observe(Inbound(case("cashfree", "success_2022").inbound.body)).version == "2022-09-01"
    assert observe(Inbound(case("cashfree", "success_2025").inbound.body)).version == "2025-01-01"


# ---- ids -------------------------------------------------------------------------------------------
def test_the_same_payload_again_has_the_same_id_whatever_the_attempt():
    one = changed("success_with_offer_2023", **{"x-webhook-attempt": "1"})
    two = changed("success_with_offer_2023", **{"x-webhook-attempt": "3"})
    assert observe(one).observations == observe(two, now=NOW + timedelta(hours=1)).observations


def test_a_status_that_changed_is_another_event_of_the_same_payment():
    def failed(body):
        body["data"]["payment"]["payment_status"] = "FAILED"
        body["type"] = "PAYMENT_FAILED_WEBHOOK"

    (paid,) = observe(changed("success_with_offer_2023")).observations
    (lost,) = observe(changed("success_with_offer_2023", failed)).observations
    assert paid.event_id != lost.event_id
    assert paid.external_id == lost.external_id


def test_the_key_of_the_newest_version_is_the_id():
    (seen,) = observe(case("cashfree", "success_2025").inbound).observations
    assert seen.event_id == case("cashfree", "success_2025").inbound.headers["x-idempotency-key"]


# ---- money -----------------------------------------------------------------------------------------
@given(paise=st.integers(0, 10**11), written=st.sampled_from(["number", "text"]))
def test_rupees_become_paise_exactly(paise: int, written: str):
    rupees = format(Decimal(paise) / 100, "f")
    given_as = rupees if written == "number" else f'"{rupees}"'
    body = case("cashfree", "success_2022").inbound.body.replace(
        b'"payment_amount": 250.75', f'"payment_amount": {given_as}'.encode()
    )
    (seen,) = observe(Inbound(body)).observations
    assert seen.data["amount"] == paise


@pytest.mark.parametrize("wrong", ["10.005", "1e999999", "true", '"12 rupees"', "null", "{}", '"1e3"'])
def test_what_is_no_exact_amount_is_refused(wrong):
    body = case("cashfree", "success_2022").inbound.body.replace(
        b'"payment_amount": 250.75', f'"payment_amount": {wrong}'.encode()
    )
    with pytest.raises(Rejected) as refused:
        observe(Inbound(body))
    assert refused.value.code.startswith(("money.", "schema."))


def test_a_charge_with_a_fraction_of_a_paisa_is_left_out_and_the_payment_stays():
    def fraction(body):
        body["data"]["charges_details"]["service_tax"] = 84.9601

    (seen,) = observe(changed("charges_2025", fraction)).observations
    assert seen.data["amount"] == 4_720_000
    assert "fee" not in seen.data
    assert "tax" not in seen.data


# ---- one thing, told twice -------------------------------------------------------------------------
STORY = (
    "success_2025", "charges_2025", "ledger", "one_order", "recon", "one_settlement", "settlements",
    "settlement_success_2025", "success_with_offer_2023", "refund_2025", "refund_pending_2023", "dispute_created_2022",
    "dispute_updated_2023",
)  # fmt: skip


def arrivals(names: Any) -> list[tuple[Inbound, datetime]]:
    return [(case("cashfree", name).inbound, NOW) for name in names]


@given(order=st.permutations(STORY))
def test_in_whatever_order_it_is_told_there_is_one_payment_with_its_fee_and_settlement(order):
    states = folded("cashfree", arrivals(order))
    paid = states["payment", "5114918874401"]
    assert paid["type"] == "payment.received"
    assert (paid["data"]["amount"], paid["data"]["fee"], paid["data"]["tax"]) == (4_720_000, 55_696, 8_496)
    assert paid["data"]["references"]["settlements"] == ["1639775000"]
    assert paid["data"]["references"]["invoices"] == ["KVT/1042/26-27"]
    assert paid["data"]["party"]["id"] == "cust_0417"
    transfer = states["settlement", "1639775000"]["data"]
    assert (
        transfer["captured"] - transfer["refunded"] + transfer["adjusted"] - transfer["fee"]
        == transfer["amount"]
    )
    assert transfer["amount"] == 4_764_056
    assert states["refund", "1553338000"]["type"] == "refund.processed"
    assert states["dispute", "433475999"]["type"] == "dispute.opened"
    kinds = sorted(kind for kind, _ in states)
    assert kinds.count("refund") == 2  # that of the webhook, and another of the order that was fetched


def test_a_failure_told_late_undoes_no_success():
    def failed(body):
        body["data"]["payment"]["payment_status"] = "FAILED"
        body["event_time"] = "2026-11-20T23:00:00+05:30"

    late = changed("success_with_offer_2023", failed)
    states = folded("cashfree", [(late, NOW), *arrivals(["success_with_offer_2023"])])
    assert states["payment", "5114918874455"]["type"] == "payment.received"


@pytest.mark.parametrize("told_first", ["hook", "list"])
def test_a_settlement_that_failed_and_was_tried_again_arrives(told_first):
    def failing(body):
        body["data"] = [
            {**body["data"][0], "status": "FAILED", "settlement_utr": None, "settlement_processed_on": None}
        ]

    failed, done = changed("settlements", failing), case("cashfree", "settlement_success_2025").inbound
    order = [failed, done] if told_first == "list" else [done, failed]
    states = folded("cashfree", [(inbound, NOW) for inbound in order])
    assert states["settlement", "1639775000"]["type"] == "settlement.processed"


def test_a_settlement_that_the_bank_gave_back_has_failed():
    def back(body):
        body["type"], body["data"]["settlement"]["status"] = "SETTLEMENT_REVERSED", "REVERSED"
        body["event_time"] = "2026-11-20T18:00:00+05:30"

    reversed_ = changed(
        "settlement_success_2025", back, **{"x-idempotency-key": "another-key-of-the-payload"}
    )
    states = folded("cashfree", [(reversed_, NOW), *arrivals(["settlement_success_2025"])])
    assert states["settlement", "1639775000"]["type"] == "settlement.failed"


# ---- the sums of a settlement ----------------------------------------------------------------------
def sums(inbound: Inbound, *, now: datetime = NOW) -> dict[str, Any] | None:
    found = [one.data for one in observe(inbound, now=now).observations if "captured" in one.data]
    return found[0] if found else None


def test_sums_are_said_only_where_the_rows_give_the_transfer_to_the_paisa():
    def paisa(body):
        body["settlement"]["data"][0]["amount_settled"] = 47640.57

    assert sums(changed("one_settlement")) is not None
    assert sums(changed("one_settlement", paisa)) is None
    late = observe(changed("one_settlement", paisa), now=NOW + timedelta(days=4))
    assert [part.code for part in late.unreadable] == ["recon.sums"]
    assert not late.wanted
    early = observe(changed("one_settlement", paisa))
    assert [(item.stream, item.external_id) for item in early.wanted] == [("recon", "1639775000")]
    assert not early.unreadable


def test_a_row_that_is_listed_twice_counts_once():
    def twice(body):
        body["recon"]["data"].append(body["recon"]["data"][0])

    assert sums(changed("one_settlement", twice)) == sums(changed("one_settlement"))


def test_a_row_that_cannot_be_read_leaves_no_sums_and_the_transfer():
    def junk(body):
        body["recon"]["data"].append(
            {"event_details": {"event_type": "PAYMENT", "event_amount": "x"}, "a": 1}
        )
        body["recon"]["data"][-1]["payment_details"] = {"cf_payment_id": "9"}

    observed = observe(changed("one_settlement", junk))
    assert sums(changed("one_settlement", junk)) is None
    assert ("settlement", "1639775000") in {(one.kind, one.external_id) for one in observed.observations}
    assert observed.unreadable


def test_a_transfer_of_another_currency_has_no_sums_with_rupees():
    def foreign(body):
        body["recon"]["data"][0]["event_details"]["event_currency"] = "USD"
        body["recon"]["data"][0]["payment_details"]["payment_currency"] = "USD"

    assert sums(changed("one_settlement", foreign)) is None


# ---- times -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-20T00:00:05+05:30", datetime(2026, 11, 19, 18, 30, 5, tzinfo=UTC)),
        ("2026-11-20 00:00:05", datetime(2026, 11, 19, 18, 30, 5, tzinfo=UTC)),
        ("2026-11-20T00:00:05.682836678+05:30", datetime(2026, 11, 19, 18, 30, 5, 682836, tzinfo=UTC)),
        ("2023-06-15T21: 50: 04+05: 30", datetime(2023, 6, 15, 16, 20, 4, tzinfo=UTC)),
        ("9999-09-09T00:00:00", None),
        ("0001-01-01T00:00:00", None),
        ("null", None),
        ("", None),
        (None, None),
        (1_700_000_000, None),
    ],
)
def test_times_are_read_as_they_are_written(written, read):
    assert moment(written) == read
