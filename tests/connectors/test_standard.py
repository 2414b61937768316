"""The standard connector: its signatures, its two shapes of body, and statuses in anybody's words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Inbound, Observed, load_connector, load_manifest
from connectors.standard.connector import event_kinds
from ingest.normalise import Normalised, normalise, status_map
from kit.errors import Denied, Rejected
from ledger.domain.vocabulary import EVENTS, SOURCE_EVENTS

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
STANDARD = load_connector("standard")
WORDS = status_map(load_manifest("standard"))
KEY = b"thirty-two bytes of pure secret!"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(b"another secret of some 32 bytes!").decode()


def sign(raw: bytes, *, message_id: str = "msg_1", at: datetime = NOW, key: bytes = KEY) -> str:
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + raw
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def call(raw: bytes, signature: str, *, message_id: str = "msg_1", at: datetime = NOW) -> Inbound:
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return Inbound(raw, headers)


def denied(inbound: Inbound, *, secrets: tuple[str, ...] = (SECRET,), now: datetime = NOW) -> str:
    with pytest.raises(Denied) as refused:
        STANDARD.verify(inbound, secrets=secrets, now=now)
    return refused.value.code


# ---- the signature ---------------------------------------------------------------------------------
@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_")])
def test_a_secret_serves_with_and_without_its_prefix(secret):
    STANDARD.verify(call(b"{}", sign(b"{}")), secrets=[OTHER, secret], now=NOW)


def test_one_right_signature_among_several_is_enough_and_other_versions_are_skipped():
    wrong = "v1," + base64.b64encode(bytes(32)).decode()
    several = f"v1a,AAAA v9,xx {wrong} {sign(b'{}')} v1,not-base64!"
    STANDARD.verify(call(b"{}", several), secrets=[SECRET], now=NOW)
    assert denied(call(b"{}", sign(b"{}").replace("v1,", "v2,"))) == "signature.wrong"


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_five_minutes_either_way_are_in_time(minutes):
    STANDARD.verify(call(b"{}", sign(b"{}")), secrets=[SECRET], now=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_second_more_is_stale(seconds):
    code = denied(call(b"{}", sign(b"{}")), now=NOW + timedelta(seconds=seconds))
    assert code == "signature.stale"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed(missing):
    inbound = call(b"{}", sign(b"{}"))
    headers = {name: value for name, value in inbound.headers.items() if name != missing}
    assert denied(Inbound(b"{}", headers)) == "signature.missing"


@pytest.mark.parametrize("signature", ["v1,", "v1", ",", "v1,é", "v1,\x00", " ", "v1," + "A" * 10_000])
def test_a_signature_that_is_none_is_denied(signature):
    assert denied(call(b"{}", signature)) == "signature.wrong"


@pytest.mark.parametrize("stamp", ["soon", "-5", "1e9", "१२३", "9" * 40, "1.5"])
def test_a_timestamp_that_is_none_is_denied(stamp):
    inbound = call(b"{}", sign(b"{}"))
    assert denied(Inbound(b"{}", {**inbound.headers, "webhook-timestamp": stamp})) == "signature.timestamp"


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_not base64",), (OTHER,)])
def test_no_secret_or_another_verifies_nothing(secrets):
    assert denied(call(b"{}", sign(b"{}", key=b"")), secrets=secrets) == "signature.wrong"


def test_id_timestamp_and_body_are_all_signed():
    signature = sign(b"{}")
    assert denied(call(b"[]", signature)) == "signature.wrong"
    assert denied(call(b"{}", signature, message_id="msg_2")) == "signature.wrong"
    assert denied(call(b"{}", signature, at=NOW + timedelta(seconds=1))) == "signature.wrong"


# ---- the body --------------------------------------------------------------------------------------
INVOICE = {
    "type": "invoice.issued",
    "timestamp": "2026-11-20T10:15:00+05:30",
    "data": {
        "id": "crm-771",
        "number": "INV-102/26-27",
        "party": {"id": "c-5", "name": "Kaveri Traders", "phone": "+919800000001"},
        "issued_on": "2026-11-18",
        "due_on": "2026-12-18",
        "amount": 3_422_000,
        "base": 2_900_000,
        "currency": "INR",
        "url": "https://crm.example/invoices/771",
    },
}
DEAL = {
    "type": "deal.status_reported",
    "timestamp": "2026-11-20T04:45:00Z",
    "sequence": 7,
    "data": {
        "id": "d-1",
        "name": "Kaveri AMC",
        "amount": 3_422_000,
        "currency": "INR",
        "status_word": "Closed Won",
        "status_context": "Renewals",
    },
}


def observe(body: Any, *, message_id: str = "msg_1") -> Observed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return STANDARD.observe(Inbound(raw, {"webhook-id": message_id}), source="s", settings={}, now=NOW)


def read(*events: dict[str, Any]) -> Normalised:
    return normalise(observe({"events": list(events)}), WORDS, received_at=NOW)


def test_one_event_takes_the_messages_id():
    result = normalise(observe(INVOICE), WORDS, received_at=NOW)
    (event,) = result.events
    assert (event.source_event_id, event.event_type, event.kind) == ("msg_1", "invoice.issued", "invoice")
    assert (event.external_id, event.data["amount"]) == ("crm-771", 3_422_000)
    assert event.occurred_at == datetime(2026, 11, 20, 4, 45, tzinfo=UTC)
    assert "id" not in event.data


def test_events_of_a_list_take_the_messages_id_and_their_place():
    assert [event.source_event_id for event in read(INVOICE, DEAL).events] == ["msg_1#0", "msg_1#1"]


def test_a_bad_event_of_a_list_costs_only_itself():
    bad = [7, {**INVOICE, "type": "invoice.teleported"}, {**INVOICE, "data": {"id": "x", "amount": 1.5}}]
    result = read(INVOICE, *bad)
    assert [event.source_event_id for event in result.events] == ["msg_1#0"]
    assert [(part.place, part.code) for part in result.quarantined] == [
        ("msg_1#1", "schema.not_an_object"),
        ("msg_1#2", "schema.unknown_event"),
        ("msg_1#3", "event.field_missing"),
    ]


def test_a_word_of_the_senders_own_is_asked_with_our_guess():
    (event,) = read(DEAL).events
    assert (event.event_type, event.flag) == ("status.unmapped", "unmapped")
    assert (event.word, event.qualifier, event.sequence) == ("Closed Won", "Renewals", 7)
    assert event.data["status"] == "invoice.paid"


def test_our_own_words_are_certain():
    deal = {**DEAL, "data": {"id": "d-1", "status": "invoice.paid"}}
    (event,) = read(deal).events
    assert (event.event_type, event.flag, event.data) == (
        "deal.status_reported",
        None,
        {"status": "invoice.paid"},
    )


def test_what_an_event_states_besides_an_unknown_word_is_applied_at_once():
    told, asked = read({**INVOICE, "data": {**INVOICE["data"], "status_word": "Sent to client"}}).events
    assert (told.event_type, told.flag, told.word) == ("invoice.issued", None, None)
    assert (asked.event_type, asked.flag, asked.word) == ("status.unmapped", "unmapped", "Sent to client")
    assert asked.source_event_id == told.source_event_id + "#status"
    assert "status" not in told.data


def test_a_reported_status_becomes_the_event_that_it_asks_for():
    for status, event_type in (
        ("invoice.voided", "invoice.voided"),
        ("invoice.paid", "invoice.status_reported"),
    ):
        event = {**INVOICE, "type": "invoice.status_reported", "data": {"id": "x", "status": status}}
        assert [made.event_type for made in read(event).events] == [event_type]


def test_a_type_and_a_status_that_contradict_each_other_are_quarantined():
    event = {
        **INVOICE,
        "type": "payment.received",
        "data": {"id": "p", "amount": 1, "currency": "INR", "status": "payment.failed"},
    }
    result = read(event)
    assert result.events == ()
    assert [part.code for part in result.quarantined] == ["status.contradicts_type"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": None}, "schema.unknown_event"),
        ({"type": "status.unmapped"}, "schema.unknown_event"),
        ({"type": "writeoff.approved"}, "schema.unknown_event"),
        ({"type": "payment.confirmed"}, "schema.unknown_event"),
        ({"timestamp": "2026-11-20"}, "schema.time"),
        ({"timestamp": "2026-11-20T10:15:00"}, "schema.time"),
        ({"timestamp": 1_795_150_800}, "schema.time"),
        ({"timestamp": "2026-13-40T10:15:00Z"}, "schema.time"),
        ({"data": []}, "schema.field_missing"),
        ({"data": {}}, "schema.id_missing"),
        ({"data": {"id": 7}}, "schema.id_missing"),
        ({"data": {"id": "x", "status": "a", "status_word": "b"}}, "schema.two_statuses"),
        ({"data": {"id": "x", "status_word": ["b"]}}, "schema.field_type"),
        ({"sequence": "7"}, "schema.field_type"),
        ({"colour": "red"}, "schema.field_unknown"),
    ],
)
def test_an_event_that_can_not_be_is_refused_by_name(change, code):
    with pytest.raises(Rejected) as refused:
        observe({**INVOICE, **change})
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"[]", b"null", {"events": []}, {"events": 7}, {"events": [1] * 501}])
def test_a_body_that_is_neither_shape_is_refused(body):
    with pytest.raises(Rejected):
        observe(body)


def test_a_time_far_off_or_ahead_is_quarantined_or_kept_unapplied():
    far = {**INVOICE, "timestamp": "1900-01-01T00:00:00Z"}
    ahead = {**INVOICE, "timestamp": "2026-11-20T10:36:00+05:30"}
    result = read(far, ahead, INVOICE)
    assert [part.code for part in result.quarantined] == ["event.time_range"]
    assert [event.flag for event in result.events] == ["future", None]


def test_the_connector_knows_exactly_the_events_of_sources():
    assert event_kinds() == {name: EVENTS[name].kind for name in SOURCE_EVENTS}


def test_every_canonical_status_of_the_map_is_certain_and_every_word_of_people_is_not():
    for row in load_manifest("standard").status_map:
        assert (row.confidence == 100) == (row.word == row.status), row
