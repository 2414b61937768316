"""Stripe's events: who signed them and when, what each states, and that one payment is one, however it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, Observed, load_connector, load_manifest
from ingest.normalise import Normalised, normalise, status_map
from kit.errors import Denied, Rejected
from ledger.domain.derive import Terms, derive
from ledger.domain.derive.model import Identity
from ledger.domain.events import subject_id
from tests.connectors.casebook import case, cases_of
from tests.connectors.folding import folded, identities

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
STRIPE = load_connector("stripe")
WORDS = status_map(load_manifest("stripe"))


def header(raw: bytes, secret: str, *, at: datetime = NOW, stamp: str | None = None) -> str:
    stamp = stamp or str(int(at.timestamp()))
    return (
        f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + raw, hashlib.sha256).hexdigest()}"
    )


def verify(raw: bytes, given: str, *secrets: str) -> None:
    STRIPE.verify(Inbound(raw, {"stripe-signature": given}), secrets=secrets, now=NOW)


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(case("stripe", name).inbound.body)
    return found


def observed(body: Mapping[str, Any], **settings: Any) -> Observed:
    return STRIPE.observe(
        Inbound(json.dumps(body).encode()), source="payment:stripe", settings=settings, now=NOW
    )


def normalised(body: Mapping[str, Any]) -> Normalised:
    return normalise(observed(body), WORDS, received_at=NOW)


def changed(name: str, **members: Any) -> dict[str, Any]:
    body = event(name)
    body["data"]["object"] |= members
    return body


# ---- the signature ---------------------------------------------------------------------------------
def test_any_v1_of_the_header_counts_so_that_a_secret_can_be_changed_there():
    raw = b'{"id": "evt_1"}'
    right = header(raw, "whsec_now").partition(",")[2]
    stamp = f"t={int(NOW.timestamp())}"
    verify(raw, f"{stamp},v1={'0' * 64},{right},v0={'1' * 64}", "whsec_now")
    verify(raw, f"{stamp},{right}", "whsec_other", "whsec_now")
    for wrong in (f"{stamp},v1={'0' * 64}", f"{stamp},{right.replace('v1', 'v0')}", stamp):
        with pytest.raises(Denied):
            verify(raw, wrong, "whsec_now")


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_a_signature_of_another_time_is_denied_on_either_side(seconds):
    raw = b"{}"
    for allowed in (-300, 0, 300):
        verify(raw, header(raw, "whsec_now", at=NOW + timedelta(seconds=allowed)), "whsec_now")
    with pytest.raises(Denied) as refused:
        verify(raw, header(raw, "whsec_now", at=NOW + timedelta(seconds=seconds)), "whsec_now")
    assert refused.value.code == "signature.stale"


@pytest.mark.parametrize("stamp", ["", "now", "-5", "1.5", "9" * 13, "١٢٣"])
def test_a_time_that_is_none_is_denied(stamp):
    with pytest.raises(Denied):
        verify(b"{}", header(b"{}", "whsec_now", stamp=stamp or " "), "whsec_now")
    with pytest.raises(Denied):
        verify(b"{}", f"t={int(NOW.timestamp())},{header(b'{}', 'whsec_now')}", "whsec_now")


def test_the_whole_text_of_the_secret_is_the_key():
    raw = b"{}"
    with pytest.raises(Denied):
        verify(raw, header(raw, "now"), "whsec_now")


# ---- one money, one receipt ------------------------------------------------------------------------
def arrivals(*names: str) -> list[tuple[Inbound, datetime]]:
    return [(case("stripe", name).inbound, case("stripe", name).now) for name in names]


OLD = ("charge_succeeded", "payment_intent_succeeded", "invoice_finalized", "invoice_paid")
NEW = ("charge_succeeded_2026", "payment_intent_succeeded_2026", "invoice_paid_2026", "invoice_payment_paid")


@pytest.mark.parametrize(
    ("names", "amount", "invoice"), [(OLD, 590_000, "KVT-0001"), (NEW, 118_000, "KVT-0002")]
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_charge_intent_and_invoice_are_one_receipt_that_pays_one_bill_in_both_generations(
    names, amount, invoice, data
):
    told = data.draw(st.permutations(arrivals(*names)))
    made = derive(identities("stripe", folded("stripe", told)), Terms())
    (receipt,) = made.tables["receipts"]
    assert (receipt.amount, receipt.arrived, receipt.allocated) == (amount, True, amount)
    (bill,) = made.tables["invoices"]
    assert (bill.number, bill.outstanding) == (invoice, 0)


def test_a_charge_without_an_intent_is_called_by_its_own_id():
    (seen,) = observed(event("charge_without_intent")).observations
    assert seen.external_id == "ch_3Kv0003ChargeCccc"


def test_a_refund_and_a_credit_note_give_back_once():
    told = arrivals(*OLD, "charge_refunded", "credit_note_created")
    made = derive(identities("stripe", folded("stripe", told)), Terms())
    (receipt,) = made.tables["receipts"]
    assert (receipt.amount, receipt.refunded) == (590_000, 90_000)
    bill = next(row for row in made.tables["invoices"] if row.number == "KVT-0001")
    assert bill.outstanding == 0, "500,000 paid for good, 90,000 credited"
    lasting = sum(
        row.amount for row in made.postings if row.side == "receivable" and row.document_id == bill.id
    )
    assert lasting == 0


def test_what_was_held_and_captured_in_part_leaves_what_was_captured():
    for names in (("charge_captured_in_part",), ("payment_intent_captured_in_part",),
                  ("payment_intent_captured_in_part", "charge_captured_in_part")):  # fmt: skip
        made = derive(identities("stripe", folded("stripe", arrivals(*names))), Terms())
        (receipt,) = made.tables["receipts"]
        assert receipt.amount - receipt.refunded == 400_000, names


def test_a_hold_that_ran_out_brought_nothing():
    state = folded("stripe", arrivals("charge_held", "payment_intent_held", "charge_hold_expired"))
    assert state["payment", "pi_3Kv0005IntentEeee"]["type"] == "payment.failed"
    held = folded("stripe", arrivals("payment_intent_held", "charge_held"))
    assert held["payment", "pi_3Kv0005IntentEeee"]["type"] == "payment.authorised"


def test_a_failed_attempt_and_a_later_one_of_the_same_intent_are_one_payment():
    later = changed("charge_succeeded", id="ch_3Kv0099Retry", payment_intent="pi_3Kv0004IntentDddd")
    told = [*arrivals("payment_intent_failed", "charge_failed"), (Inbound(json.dumps(later).encode()), NOW)]
    for some in (told, told[::-1]):
        state = folded("stripe", some)["payment", "pi_3Kv0004IntentDddd"]
        assert state["type"] == "payment.received"
        assert state["data"]["amount"] == 590_000


def test_a_part_that_an_invoice_claims_never_shrinks_its_payment():
    """An intent may pay several invoices: what each got of it is not what it is."""
    part = event("invoice_payment_paid")
    part["data"]["object"] |= {"amount_paid": 50_000}
    part["created"] += 999
    told = [*arrivals("charge_succeeded_2026"), (Inbound(json.dumps(part).encode()), NOW)]
    for some in (told, told[::-1]):
        state = folded("stripe", some)["payment", "pi_3Kv0002IntentBbbb"]
        assert state["data"]["amount"] == 118_000
        assert state["data"]["references"]["documents"] == ["in_1Kv0002Invoice"]


def test_a_payout_explains_the_bank_line_of_its_trace():
    line = {
        "type": "bank.credited", "at": "2026-11-21T06:00:00+00:00", "event": "b1", "word": None, "precision": "day",
        "data": {"amount": 571_000, "currency": "INR", "account": "4421", "posted_on": "2026-11-21",
                 "narration": "NEFT STRIPE", "references": {"utr": ["EXMPN62026112100042"]}},
    }  # fmt: skip
    bank = Identity(subject_id("bank:icici", "bank_line", "b1"), "bank:icici", "bank_line", "b1", line)
    told = identities("stripe", folded("stripe", arrivals("payout_paid")))
    made = derive([*told, bank], Terms())
    assert made.tables["receipts"] == []
    assert made.tables["settlements"][0].bank_amount == 571_000


def test_a_payout_that_came_back_after_it_was_paid_has_failed():
    back = changed("payout_failed", id="po_1Kv0001Payout")
    told = [*arrivals("payout_paid"), (Inbound(json.dumps(back).encode()), NOW)]
    for some in (told, told[::-1]):
        assert folded("stripe", some)["settlement", "po_1Kv0001Payout"]["type"] == "settlement.failed"


def test_an_uncollectible_invoice_that_is_paid_after_all_is_paid():
    body = changed("invoice_paid", id="in_1Kv0005Invoice", number="KVT-0005")
    body["created"] = event("invoice_uncollectible")["created"] + 60
    told = [*arrivals("invoice_uncollectible"), (Inbound(json.dumps(body).encode()), NOW)]
    for some in (told, told[::-1]):
        assert folded("stripe", some)["invoice", "in_1Kv0005Invoice"]["data"]["status"] == "invoice.paid"


def test_a_page_of_events_says_what_the_webhooks_said_under_the_same_ids():
    hooks = [case("stripe", name).inbound for name in ("invoice_paid", "charge_succeeded")]
    page = {"object": "list", "has_more": False, "data": [json.loads(hook.body) for hook in hooks]}
    pulled = Inbound(json.dumps(page).encode(), stream="events")
    said = [seen for hook in hooks for seen in case_observations(hook)]
    assert case_observations(pulled) == said


def case_observations(inbound: Inbound) -> list[Any]:
    return list(STRIPE.observe(inbound, source="payment:stripe", settings={}, now=NOW).observations)


def test_an_event_in_another_api_version_is_a_fact_of_its_own_and_folds_into_the_same():
    old, new = event("charge_succeeded"), {**event("charge_succeeded"), "api_version": "2026-06-24.dahlia"}
    ids = {observed(body).observations[0].event_id for body in (old, new)}
    assert len(ids) == 2
    told = [(Inbound(json.dumps(body).encode()), NOW) for body in (old, new)]
    assert len(folded("stripe", told)) == 1


# ---- whose money -----------------------------------------------------------------------------------
@pytest.mark.parametrize("setting", [None, False, "false", "no", ""])
def test_test_mode_is_left_out_unless_the_source_says_so(setting):
    seen = observed(event("test_mode"), test_mode=setting)
    assert not seen.observations
    assert seen.ignored == ["charge.succeeded: test mode"]
    assert observed(event("test_mode"), test_mode=True).observations
    assert observed(event("test_mode"), test_mode="true").observations


def test_money_of_a_connected_account_is_not_ours():
    assert not observed(event("connected_account")).observations
    assert observed(event("connected_account"), account="acct_1KvSomebodyElse").observations
    thin = {**event("thin_invoice"), "context": "acct_1KvSomebodyElse"}
    assert not observed(thin).wanted


# ---- shapes ----------------------------------------------------------------------------------------
def test_an_expanded_object_counts_as_its_id():
    body = changed("charge_succeeded", payment_intent={"id": "pi_x", "object": "payment_intent"},
                   customer={"id": "cus_x", "object": "customer", "name": "X"})  # fmt: skip
    (seen,) = observed(body).observations
    assert (seen.external_id, seen.data["party"]) == ("pi_x", {"id": "cus_x"})


@pytest.mark.parametrize("gone", ["id", "type", "created", "data"])
def test_an_event_without_what_makes_it_one_is_refused(gone):
    body = event("charge_succeeded")
    del body[gone]
    with pytest.raises(Rejected):
        observed(body)


def test_an_amount_in_text_is_quarantined():
    assert [part.code for part in normalised(changed("payout_paid", amount="10.00")).quarantined] == [
        "event.field_type"
    ]


def test_a_refund_without_a_status_costs_only_itself():
    body = event("charge_refunded")
    body["data"]["object"]["refunds"]["data"][0]["status"] = None
    result = normalised(body)
    assert [made.event_type for made in result.events] == ["payment.received"]
    assert [part.code for part in result.quarantined] == ["schema.status_missing"]


def test_every_word_of_the_cases_is_known_but_the_one_left_to_be_asked():
    asked = []
    for found in cases_of("stripe"):
        try:
            result = found.normalise(found.observe())
        except Rejected:
            continue
        asked += [made.word for made in result.events if made.flag]
    assert asked == ["prevented"]
