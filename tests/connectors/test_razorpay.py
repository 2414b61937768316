"""Razorpay's events, read from bodies in its own shapes (fictitious ones)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Inbound, Observation, Observed, load_connector, load_manifest
from ingest.normalise import Normalised, normalise, status_map
from kit.errors import Denied, Rejected

CASES = Path(__file__).parent / "cases" / "razorpay"
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
CALCUTTA_DAY = "2026-11-20"
RAZORPAY = load_connector("razorpay")
WORDS = status_map(load_manifest("razorpay"))


def body(name: str) -> bytes:
    return (CASES / f"{name}.json").read_bytes()


def observed(raw: bytes, *, event_id: str = "evt_1") -> Observed:
    headers = {"x-razorpay-event-id": event_id} if event_id else {}
    return RAZORPAY.observe(Inbound(raw, headers), source="payment:razorpay", settings={}, now=NOW)


def by_kind(name: str) -> dict[str, Observation]:
    return {seen.kind: seen for seen in observed(body(name)).observations}


def payment_of(name: str) -> dict[str, Any]:
    return by_kind(name)["payment"].data


def normalised(name: str) -> Normalised:
    return normalise(observed(body(name)), WORDS, received_at=NOW + timedelta(days=2))


def changed(name: str, change: Any) -> bytes:
    event = json.loads(body(name))
    change(event)
    return json.dumps(event).encode()


# ---- the signature ---------------------------------------------------------------------------------
def signed(raw: bytes, secret: str) -> Inbound:
    return Inbound(raw, {"x-razorpay-signature": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()})


def test_the_current_and_the_previous_secret_verify_and_no_other():
    raw = body("payment_captured")
    for secret in ("now", "before"):
        RAZORPAY.verify(signed(raw, secret), secrets=["now", "before"], now=NOW)
    with pytest.raises(Denied):
        RAZORPAY.verify(signed(raw, "long gone"), secrets=["now", "before"], now=NOW)


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "\x00", "v1,abc", "A" * 5_000])
def test_a_signature_that_is_none_is_denied(signature):
    with pytest.raises(Denied):
        RAZORPAY.verify(Inbound(b"{}", {"x-razorpay-signature": signature}), secrets=["s"], now=NOW)


def test_a_source_without_secrets_verifies_nothing():
    raw = body("payment_captured")
    for secrets in ([], [""]):
        with pytest.raises(Denied):
            RAZORPAY.verify(signed(raw, ""), secrets=secrets, now=NOW)


# ---- every event, to the end -----------------------------------------------------------------------
EXPECTED = {
    "payment_authorized": ["payment.authorised"],
    "payment_captured": ["payment.received"],
    "payment_captured_card": ["payment.received"],
    "payment_failed": ["payment.failed"],
    "payment_refunded": ["payment.received"],
    "invoice_paid": ["invoice.status_reported", "payment.received"],
    "invoice_expired": [],
    "order_paid": ["payment.received"],
    "payment_link_paid": ["payment.received"],
    "payment_link_partially_paid": ["payment.received"],
    "payment_link_cancelled": [],
    "refund_processed": ["refund.processed", "payment.received"],
    "refund_created_pending": ["payment.received"],
    "refund_failed": ["refund.failed", "payment.received"],
    "refund_speed_changed": ["refund.processed", "payment.received"],
    "settlement_processed": ["settlement.processed"],
    "dispute_created": ["dispute.opened", "payment.received"],
    "dispute_closed_deducted": ["dispute.lost", "payment.received"],
    "dispute_closed_kept": ["dispute.won", "payment.received"],
    "dispute_closed_untold": ["status.unmapped", "payment.received"],
    "virtual_account_credited": ["payment.received"],
    "virtual_account_credited_upi": ["payment.received"],
    "qr_code_credited": ["payment.received"],
    "subscription_charged": ["payment.received"],
    "subscription_paused": [],
    "payout_processed": ["payout.processed"],
    "payout_pending": ["payout.scheduled"],
    "payout_reversed": ["payout.reversed"],
    "transaction_credit": ["bank.credited"],
    "transaction_debit": ["bank.debited"],
    "payout_link_processed": [],
    "fund_account_validated": [],
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_event_becomes_what_it_says(name):
    result = normalised(name)
    assert [event.event_type for event in result.events] == EXPECTED[name]
    assert result.quarantined == ()
    assert len({event.source_event_id for event in result.events}) == len(result.events)
    if len(EXPECTED[name]) == 0:
        assert result.ignored


# ---- payments --------------------------------------------------------------------------------------
def test_a_captured_payment_says_who_paid_how_much_for_which_bill():
    assert payment_of("payment_captured") == {
        "amount": 5_684_000,
        "currency": "INR",
        "refunded": 0,
        "fee": 134_142,
        "tax": 20_462,
        "paid_on": CALCUTTA_DAY,
        "method": "upi",
        "payer": {
            "vpa": "accounts.kaveri@examplebank",
            "phone": "+919800000001",
            "email": "accounts@kaveri-traders.example",
        },
        "references": {
            "utr": ["632500114477", "KVTR0000000000000000000000000012345"],
            "invoices": ["INV-102/26-27"],
            "orders": ["order_KvTr7b11Ys90Ld"],
        },
    }


def test_fee_and_tax_are_left_out_until_the_capture():
    assert not {"fee", "tax"} & payment_of("payment_authorized").keys()


def test_a_payment_without_a_customer_id_has_a_payer_and_no_party():
    assert "party" not in payment_of("payment_captured")
    assert payment_of("subscription_charged")["party"] == {"id": "cust_KvTr5c77Ab31Rt"}


def test_the_placeholder_mail_is_no_mail_and_a_card_names_its_holder():
    assert payment_of("payment_captured_card")["payer"] == {"name": "K Traders", "phone": "+919800000001"}


def test_an_authorisation_code_is_no_bank_reference_and_the_description_gives_tokens():
    references = payment_of("payment_captured_card")["references"]
    assert references["utr"] == ["632500998877"]
    assert references["tokens"] == ["INV-110/26-27"]


def test_a_failed_payment_says_why():
    assert payment_of("payment_failed")["reason"] == "Payment was not completed on time."


def test_a_full_refund_stays_received_with_what_was_refunded():
    event = normalised("payment_refunded").events[0]
    assert (event.event_type, event.data["status"], event.data["refunded"]) == (
        "payment.received",
        "payment.refunded",
        5_684_000,
    )


def test_a_late_authorisation_after_a_failure_is_a_later_fact_of_the_same_payment():
    failed, authorised = by_kind("payment_failed")["payment"], by_kind("payment_authorized")["payment"]
    assert failed.external_id == authorised.external_id
    assert failed.occurred_at < authorised.occurred_at


def test_an_invoice_paid_names_the_customer_the_number_and_both_documents():
    facts = by_kind("invoice_paid")
    assert facts["payment"].data["party"] == {
        "id": "cust_KvTr5c77Ab31Rt",
        "name": "Kaveri Traders",
        "phone": "+919800000001",
        "email": "accounts@kaveri-traders.example",
    }
    assert facts["payment"].data["references"]["invoices"] == ["INV-102/26-27"]
    assert facts["payment"].data["references"]["documents"] == ["inv_KvTr6a55Wx20Pe"]
    invoice = facts["invoice"]
    assert (invoice.external_id, invoice.word) == ("inv_KvTr6a55Wx20Pe", "paid")
    assert invoice.data["number"] == "INV-102/26-27"
    assert invoice.data["url"] == "https://rzp.example/i/Kv102"
    assert invoice.data["base"] == 4_816_949
    assert "due_on" not in invoice.data


def test_facts_of_one_event_have_ids_of_their_own_and_a_single_one_has_the_events():
    assert [seen.event_id for seen in observed(body("invoice_paid")).observations] == [
        "evt_1#invoice",
        "evt_1#payment",
    ]
    assert [seen.event_id for seen in observed(body("payment_captured")).observations] == ["evt_1"]


def test_an_expired_link_leaves_the_debt_as_it_was():
    assert normalised("invoice_expired").ignored == ("invoice: expired",)


def test_an_invoice_that_is_but_a_link_is_none():
    raw = changed("invoice_paid", lambda e: e["payload"]["invoice"]["entity"].update(type="link"))
    result = observed(raw)
    assert [seen.kind for seen in result.observations] == ["payment"]
    assert result.ignored == ["invoice.paid#invoice"]


def test_an_order_without_its_prefix_gets_it():
    references = payment_of("order_paid")["references"]
    assert references["orders"] == ["order_KvTr7b11Ys90Ld"]
    assert references["invoices"] == ["INV-102/26-27"]
    assert references["tokens"] == ["SO-4471"]


def test_a_paid_link_carries_our_number_and_its_own_id():
    for name in ("payment_link_paid", "payment_link_partially_paid"):
        references = payment_of(name)["references"]
        assert references["invoices"] == ["INV-103/26-27"]
        assert references["documents"] == ["plink_KvTrLk90Ss28Tu"]
    assert payment_of("payment_link_paid")["payer"]["email"] == "accounts@kaveri-traders.example"


def test_a_transfer_into_a_virtual_account_has_the_banks_reference_and_the_payers_account():
    data = payment_of("virtual_account_credited")
    assert data["references"]["utr"] == ["EXMPN62026112000099"]
    assert data["references"]["invoices"] == ["INV-107/26-27", "INV-108/26-27"]
    assert data["payer"]["name"] == "KAVERI TRADERS"
    assert data["payer"]["account"] == "555000111222"
    assert data["party"] == {"id": "cust_KvTr5c77Ab31Rt"}


def test_a_upi_transfer_into_a_virtual_account_has_its_reference_too():
    data = payment_of("virtual_account_credited_upi")
    assert data["references"]["utr"] == ["632500777001"]
    assert data["payer"]["ifsc"] == "EXMP0000999"


# ---- the others ------------------------------------------------------------------------------------
def test_a_refund_cites_its_payment():
    refund = by_kind("refund_processed")["refund"]
    assert refund.data["payment"] == "pay_KvTr8d02Hn41Qz"
    assert refund.data["references"]["utr"] == ["74000000000000000123456"]
    assert payment_of("refund_processed")["refunded"] == 684_000


def test_a_pending_refund_is_known_and_moves_nothing_yet():
    assert normalised("refund_created_pending").ignored == ("refund: pending",)


def test_a_settlement_has_the_reference_that_the_bank_will_show():
    data = by_kind("settlement_processed")["settlement"].data
    assert data["references"] == {"utr": ["EXMPR52026112100007"]}
    assert (data["amount"], data["currency"]) == (5_529_396, "INR")
    assert not {"fee", "tax"} & data.keys(), (
        "0 says that the transfer cost nothing, not that its payments did"
    )


def test_a_settlement_that_cost_something_itself_says_so():
    raw = changed(
        "settlement_processed", lambda e: e["payload"]["settlement"]["entity"].update(fees=590, tax=90)
    )
    data = observed(raw).observations[0].data
    assert (data["fee"], data["tax"]) == (590, 90)


def test_how_a_closed_dispute_ended_is_asked_where_nothing_says_what_was_deducted():
    unmapped = normalised("dispute_closed_untold").events[0]
    assert (unmapped.flag, unmapped.word, unmapped.qualifier) == ("unmapped", "closed", "unknown")


def test_a_payout_has_the_contact_as_party_and_the_day_on_which_it_was_processed():
    data = by_kind("payout_processed")["payout"].data
    assert data["party"]["id"] == "cont_KvTr2h10Oo84Kl"
    assert data["payee"] == {
        "name": "Godavari Paper Mart",
        "account": "000111222333",
        "ifsc": "EXMP0000123",
    }
    assert data["references"]["bills"] == ["GPM/771"]
    assert data["references"]["utr"] == ["EXMPN62026112000001"]
    assert data["paid_on"] == CALCUTTA_DAY
    assert "paid_on" not in by_kind("payout_pending")["payout"].data
    assert by_kind("payout_reversed")["payout"].data["reason"] == "The beneficiary's account is closed."


def test_the_text_null_says_nothing():
    assert "null" not in json.dumps(by_kind("payout_processed")["payout"].data)


def test_lines_of_the_account_come_in_or_go_out_with_the_balance_after_them():
    credit, debit = (by_kind(name)["bank_line"].data for name in ("transaction_credit", "transaction_debit"))
    assert (credit["amount"], credit["balance"], credit["channel"]) == (10_000_000, 12_500_000, "RTGS")
    assert credit["references"]["utr"] == ["EXMPR52026112000000009"]
    assert "Kaveri Traders" in credit["narration"]
    assert (debit["amount"], debit["balance"]) == (2_500_590, -9_999_410)
    assert debit["references"]["documents"] == ["pout_KvTr4f88Mm62Gh"]


# ---- time and identity -----------------------------------------------------------------------------
def test_the_envelopes_time_is_when_the_snapshot_was_made():
    seen = by_kind("payment_captured")["payment"]
    assert seen.occurred_at == datetime(2026, 11, 20, 5, 1, tzinfo=UTC)
    assert seen.precision == "instant"


def test_a_time_inside_the_payload_serves_and_without_any_the_entitys_birth_is_only_observed():
    assert by_kind("refund_speed_changed")["refund"].precision == "instant"
    assert by_kind("payout_pending")["payout"].precision == "observed"


@pytest.mark.parametrize("unset", [0, None, "null", -5, 10**18, True, "1795150800", [], 1.5])
def test_an_event_that_says_nowhere_when_it_happened_is_refused(unset):
    def change(event: dict[str, Any]) -> None:
        event["created_at"] = unset
        event["payload"]["payment"]["entity"]["created_at"] = unset

    with pytest.raises(Rejected) as refused:
        observed(changed("payment_captured", change))
    assert refused.value.code == "schema.time_missing"


def test_without_an_event_id_the_body_names_the_event():
    raw = body("payment_captured")
    ids = {observed(raw, event_id=given).observations[0].event_id for given in ("", "with blank", "x" * 500)}
    assert len(ids) == 1
    assert ids.pop().startswith("body-")
    other = observed(raw + b" ", event_id="").observations[0].event_id
    assert other != observed(raw, event_id="").observations[0].event_id


def test_the_business_calendar_decides_the_day():
    late = changed(
        "payment_captured", lambda e: e["payload"]["payment"]["entity"].update(created_at=1_795_201_200)
    )
    for timezone, day in (("Asia/Kolkata", "2026-11-21"), ("Europe/London", "2026-11-20")):
        seen = RAZORPAY.observe(Inbound(late), source="s", settings={"timezone": timezone}, now=NOW)
        assert seen.observations[0].data["paid_on"] == day
    with pytest.raises(Rejected):
        RAZORPAY.observe(Inbound(late), source="s", settings={"timezone": "Nowhere/At all"}, now=NOW)


# ---- shapes that trap ------------------------------------------------------------------------------
@pytest.mark.parametrize("notes", [{}, [], None, "null", {"invoice": None}, {"invoice": {"a": 1}}, ["INV-1"]])
def test_notes_of_any_shape_are_no_obstacle(notes):
    raw = changed("payment_captured", lambda e: e["payload"]["payment"]["entity"].update(notes=notes))
    assert "invoices" not in observed(raw).observations[0].data["references"]


@pytest.mark.parametrize(
    ("key", "value", "numbers"),
    [
        ("invoice", "INV-1", ["INV-1"]),
        ("Invoice No.", "INV-1", ["INV-1"]),
        ("invoice_number", 1042, ["1042"]),
        ("bill no", "1; 2|3", ["1", "2", "3"]),
        ("our invoice ref", " INV-9 ", ["INV-9"]),
        ("invoice_date", "2026-11-20", []),
        ("billing_city", "Pune", []),
        ("voice", "INV-1", []),
    ],
)
def test_notes_name_invoices_under_the_keys_that_people_use(key, value, numbers):
    raw = changed("payment_captured", lambda e: e["payload"]["payment"]["entity"].update(notes={key: value}))
    assert observed(raw).observations[0].data["references"].get("invoices", []) == numbers


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("9800000001", "+919800000001"),
        ("+919800000001", "+919800000001"),
        ("919800000001", "+919800000001"),
        ("+91 98000 00001", "+919800000001"),
        ("+14155550100", "+14155550100"),
        ("12345", "12345"),
        ("call me", "call me"),
    ],
)
def test_a_phone_is_the_same_with_and_without_its_country(given, kept):
    raw = changed("payment_captured", lambda e: e["payload"]["payment"]["entity"].update(contact=given))
    assert observed(raw).observations[0].data["payer"]["phone"] == kept


def test_members_of_the_payload_that_are_no_objects_are_passed_over():
    raw = changed("refund_processed", lambda e: e["payload"].update(payment=7, created_at=5, extra=[1]))
    result = observed(raw)
    assert [seen.kind for seen in result.observations] == ["refund"]
    assert [part.code for part in result.unreadable] == ["schema.part_missing"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[]", "schema.not_an_object"),
        (b"7", "schema.not_an_object"),
        (b"{}", "schema.field_missing"),
        (b'{"event":7,"payload":{}}', "schema.field_missing"),
        (b'{"event":"payment.captured","payload":[]}', "schema.field_missing"),
        (b'{"event":"payment.captured","payload":{}}', "schema.part_missing"),
        (b'{"event":"payment.captured","payload":{"payment":{"entity":[]}}}', "schema.part_missing"),
        (b'{"event":"payment.teleported","payload":{}}', "schema.unknown_event"),
        (b"\xff\xfe", "json.not_utf8"),
        (b'{"event":', "json.malformed"),
        (b'{"event":"a","payload":{"x":NaN}}', "json.number"),
        (b"[" * 5_000, "json.too_deep"),
    ],
)
def test_what_is_no_event_is_refused_by_name(raw, code):
    with pytest.raises(Rejected) as refused:
        observed(raw)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["malformed_missing_comma", "malformed_trailing_comma"])
def test_the_malformed_payouts_are_refused(name):
    with pytest.raises(Rejected) as refused:
        observed((CASES / f"{name}.txt").read_bytes())
    assert refused.value.code == "json.malformed"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount", None, "event.field_missing"),
        ("amount", -1, "event.field_range"),
        ("amount", "5684000", "event.field_type"),
        ("amount", 56840.5, "event.field_type"),
        ("amount", True, "event.field_type"),
        ("amount", 10**30, "event.field_range"),
        ("currency", None, "event.field_missing"),
        ("currency", "XXX", "money.unknown_currency"),
        ("currency", ["INR"], "event.field_type"),
        ("description", "a\x00b", "event.field_characters"),
        ("email", "\ud800", "event.field_characters"),
        ("id", "pay_\x00", "event.field_characters"),
        ("id", "p" * 301, "event.label_length"),
    ],
)
def test_a_field_that_can_not_be_costs_its_fact_only(field, value, code):
    raw = changed("refund_processed", lambda e: e["payload"]["payment"]["entity"].update({field: value}))
    result = normalise(observed(raw), WORDS, received_at=NOW)
    assert [event.event_type for event in result.events] == ["refund.processed"]
    assert [(part.place, part.code) for part in result.quarantined] == [("evt_1#payment", code)]


def test_a_status_that_nobody_knows_is_kept_and_asked():
    raw = changed("payment_captured", lambda e: e["payload"]["payment"]["entity"].update(status="parked"))
    event = normalise(observed(raw), WORDS, received_at=NOW).events[0]
    assert (event.event_type, event.flag, event.word) == ("status.unmapped", "unmapped", "parked")
    assert event.data["amount"] == 5_684_000


def test_a_description_longer_than_we_keep_is_cut_not_refused():
    raw = changed(
        "payment_captured", lambda e: e["payload"]["payment"]["entity"].update(description="क" * 9_000)
    )
    event = normalise(observed(raw), WORDS, received_at=NOW).events[0]
    assert len(event.data["description"]) == 2_000
