"""Drift: what a payload that can't be read has, lacks and changed, kept with it; and new members, noted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from connectors.contract import Inbound, connector_names, load_connector, load_manifest
from ingest import drift
from ingest.door import Appender
from ingest.drift import accepted_shapes, changed, note_new_members, read_shapes, write_shapes
from ingest.files import import_file
from ingest.normalise import status_map
from ingest.reading import accepted_versions, read_delivery
from ingest.sources import Source
from kit.database import transaction
from tests.connectors.casebook import case, cases_of
from tests.connectors.shapes import accepted_version, file_of, shapes_of

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)


def source(connector: str = "razorpay", **settings: Any) -> Source:
    manifest = load_manifest(connector)
    return Source(
        UUID(int=1), manifest.source_prefix, load_connector(connector), manifest, (), settings, status_map(manifest)
    )  # fmt: skip


def razorpay(change: Any, name: str = "payment_captured") -> Inbound:
    body = json.loads(case("razorpay", name).inbound.body)
    change(body["payload"]["payment"]["entity"])
    return Inbound(json.dumps(body).encode(), {"x-razorpay-event-id": "evt_1"})


def read(inbound: Inbound, **settings: Any) -> Any:
    return read_delivery(source(**settings), inbound, via="webhook", received_at=NOW).delivery


# ---- the accepted shapes ---------------------------------------------------------------------------
@pytest.mark.parametrize("connector", connector_names())
def test_the_accepted_shapes_are_those_of_the_cases(connector):
    made = shapes_of(connector)
    if not made:
        pytest.skip(f"{connector} has no case that is read yet")
    path = file_of(connector)
    assert path.is_file(), f"make it: python -m tests.connectors.shapes {connector}"
    assert read_shapes(path.read_bytes()) == made, (
        f"shapes.json isn't current: python -m tests.connectors.shapes {connector}"
    )


@pytest.mark.parametrize("connector", connector_names())
def test_an_accepted_case_differs_in_nothing(connector):
    for found in cases_of(connector):
        if accepted_version(found, found.inbound.body) is not None:
            assert changed(load_manifest(connector), found.inbound) is None, found


def test_shapes_are_written_as_they_are_read():
    raw = file_of("razorpay").read_bytes()
    assert write_shapes(read_shapes(raw)) == raw
    payment = accepted_shapes("razorpay")["v1"]["payment.captured"]
    assert payment["payload.payment.entity.amount"].required
    assert not payment["payload.payment.entity.tax"].required


# ---- a payload that fits no accepted version -------------------------------------------------------
def test_a_payload_that_lost_a_member_and_retyped_another_says_so_without_its_values():
    def drifted(payment):
        payment["amount_paid"] = payment.pop("amount")
        payment["currency"] = {"code": "INR", "name": "a secret"}

    delivery = read(razorpay(drifted))
    (part,) = delivery.quarantined
    assert delivery.events == ()
    assert part.diff == {
        "event": "payment.captured",
        "missing": ["payload.payment.entity.amount"],
        "new": ["payload.payment.entity.amount_paid", "payload.payment.entity.currency.code",
                "payload.payment.entity.currency.name"],
        "retyped": [{"path": "payload.payment.entity.currency", "was": "text", "now": "object"}],
    }  # fmt: skip
    assert "secret" not in json.dumps(part.diff)


def test_a_changed_payload_of_another_event_is_compared_with_its_own_event():
    delivery = read(razorpay(lambda payment: payment.pop("id"), "refund_processed"))
    (part,) = delivery.quarantined
    assert part.diff["event"] == "refund.processed"
    assert part.diff["missing"] == ["payload.payment.entity.id"]
    assert len(delivery.events) == 1  # the refund itself is as good as ever


def test_an_event_that_nobody_knows_is_named_and_compared_with_the_most_alike():
    body = json.loads(case("razorpay", "payment_captured").inbound.body) | {"event": "payment.shiny"}
    (part,) = read(Inbound(json.dumps(body).encode())).quarantined
    assert part.code == "schema.unknown_event"
    assert part.diff == {"event": "payment.shiny", "unknown": True, "missing": [], "new": [], "retyped": []}


def test_a_name_of_an_event_that_is_somebodys_data_is_not_kept():
    (part,) = read(Inbound(b'{"event": "Ramesh paid 500", "payload": {}}')).quarantined
    assert part.diff["event"] == "*"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"<a", b"7", b'{"event": 5}'])
def test_a_body_that_is_nothing_of_the_sort_is_quarantined_all_the_same(body):
    (part,) = read(Inbound(body)).quarantined
    assert (
        part.diff is None
        or part.diff["missing"] == ["event"]
        or "" in {r["path"] for r in part.diff["retyped"]}
    )


def test_a_value_that_can_not_be_has_no_diff_where_the_shape_is_right():
    (part,) = read(razorpay(lambda payment: payment.update(amount=-5))).quarantined
    assert part.code.startswith("event.")
    assert part.diff is None


def test_a_fault_of_ours_in_comparing_costs_nothing(monkeypatch):
    monkeypatch.setattr(drift, "changed", lambda *_: 1 / 0)
    (part,) = read(razorpay(lambda payment: payment.pop("amount"))).quarantined
    assert (part.code, part.diff) == ("event.field_missing", None)


def test_only_the_part_that_lacks_something_in_a_list_of_events_is_told():
    event = json.loads(case("standard", "one_invoice").inbound.body)
    broken = {**event, "data": {key: value for key, value in event["data"].items() if key != "id"}}
    inbound = Inbound(json.dumps({"events": [event, broken]}).encode(), {"webhook-id": "msg_1"})
    delivery = read(inbound, connector="standard")
    assert len(delivery.events) == 1
    (part,) = delivery.quarantined
    assert part.diff["missing"] == ["data.id"]


def test_a_statement_with_other_columns_names_them():
    found = case("bank", "kotak_debit_credit")
    body = found.inbound.body.replace(b"Transaction Date", b"Tag der Buchung").replace(b"Debit", b"Soll")
    delivery = read(Inbound(body, filename="statement.csv"), connector="bank")
    (part,) = delivery.quarantined
    assert "Transaction Date" in part.diff["missing"]
    assert "Tag der Buchung" in part.diff["new"]


# ---- the pin ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("pin", "accepted"),
    [(None, ("v1",)), ("v1", ("v1",)), (["v1", "v9"], ("v1",)), (["v0"], ()), (5, ()), ([], ())],
)
def test_a_source_may_be_pinned_to_fewer_versions(pin, accepted):
    settings = {} if pin is None else {"versions": pin}
    assert accepted_versions(source(**settings)) == accepted
    delivery = read(razorpay(lambda _: None), **settings)
    assert [part.code for part in delivery.quarantined] == ([] if accepted else ["schema.version"])
    assert delivery.version == ("v1" if accepted else None)


# ---- kept with the delivery, and new members noted -------------------------------------------------
async def rows(engine, business, sql):
    async with transaction(engine, [business]) as tx:
        return [dict(row) for row in await tx.fetch(sql)]


async def test_what_changed_is_kept_with_the_quarantined_part_and_the_rules_are_woken(
    razorpay_source, engine, business
):
    rung: list[set[UUID]] = []

    async def ring(businesses):
        rung.append(businesses)

    inbound = razorpay(lambda payment: payment.pop("amount"))
    await import_file(Appender(engine, ring=ring), razorpay_source, inbound, via="webhook", now=NOW)
    (part,) = await rows(engine, business, "SELECT * FROM quarantine")
    assert part["diff"]["missing"] == ["payload.payment.entity.amount"]
    (wake,) = await rows(engine, business, "SELECT subject, wake, due_at FROM pending")
    assert wake == {"subject": None, "wake": "quarantine", "due_at": NOW}
    assert rung == [{business}]


async def test_new_optional_members_are_noted_once_and_refuse_nothing(razorpay_source, engine, business):
    appender = Appender(engine)

    def richer(payment):
        payment["upi"] = {"flow": "intent"}
        payment["notes"] = {"Sharma ji": "Diwali"}
        payment["order_id"] = None

    summary = await import_file(appender, razorpay_source, razorpay(richer), via="webhook", now=NOW)
    assert summary.added == 1
    assert not summary.unreadable
    assert await note_new_members(engine, business) == 1
    (noted,) = await rows(engine, business, "SELECT * FROM source_fields")
    assert (noted["source"], noted["version"], noted["path"], noted["kind"], noted["first_seen_at"]) == (
        "payment:razorpay", "v1", "payload.payment.entity.upi", "object", NOW,
    )  # fmt: skip
    assert await note_new_members(engine, business) == 0


async def test_only_the_newest_deliveries_are_looked_at_and_only_so_many_members_noted(
    razorpay_source, engine, business, monkeypatch
):
    appender = Appender(engine)
    for letter in "abcd":
        inbound = razorpay(lambda payment, letter=letter: payment.update({f"new_{letter}": 1}))
        when = NOW.replace(minute=ord(letter) - 97)
        await import_file(appender, razorpay_source, inbound, via="webhook", now=when)
    monkeypatch.setattr(drift, "LOOKED_AT", 2)
    assert await note_new_members(engine, business) == 2
    monkeypatch.setattr(drift, "LOOKED_AT", 20)
    monkeypatch.setattr(drift, "MAX_NOTED", 2)
    assert await note_new_members(engine, business) == 0


async def test_what_could_not_be_read_at_all_is_not_noted_as_new(razorpay_source, engine, business):
    body = json.loads(case("razorpay", "payment_captured").inbound.body) | {"event": "payment.shiny", "x": 1}
    inbound = Inbound(json.dumps(body).encode())
    await import_file(Appender(engine), razorpay_source, inbound, via="webhook", now=NOW)
    assert await note_new_members(engine, business) == 0


async def test_a_source_whose_connector_is_gone_is_passed_over(engine, business):
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO sources (business_id, name, connector, label, key_hash) VALUES ($1, 'crm:old', 'old', 'Old', '')",
            business,
        )
        await tx.run(
            "INSERT INTO deliveries (business_id, source, digest, body, via, version, received_at)"
            " VALUES ($1, 'crm:old', $2, '{}', 'webhook', '1', $3)",
            business, uuid4().bytes, NOW,
        )  # fmt: skip
    assert await note_new_members(engine, business) == 0


@pytest.fixture
async def razorpay_source(connect, sources, business):
    await connect("payment:razorpay", "razorpay")
    return await sources.by_name(business, "payment:razorpay")
