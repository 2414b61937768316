"""Properties: whatever a body holds, reading it ends in facts, or in Rejected; never in another error or a float."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import normalise, status_map
from kit.errors import Rejected
from kit.json import read_json
from ledger.domain.checks import check_event
from tests.connectors.casebook import cases_of

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
BODIES = {
    case.name: json.loads(case.inbound.body)
    for case in cases_of("razorpay")
    if case.inbound.stream is None and not case.name.startswith("malformed")
}
PAGES = {
    case.name: {"stream": case.inbound.stream, "body": json.loads(case.inbound.body)}
    for case in cases_of("razorpay")
    if case.inbound.stream is not None
}
WORDS = {name: status_map(load_manifest(name)) for name in ("razorpay", "standard")}

numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=12) | st.sampled_from(
    ["", "null", "\x00", "\ud800", "INR", "captured", "0", "order_", 0, -1, 1_795_150_800, 2**63, 10**400, 1e300]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
STANDARD: dict[str, Any] = {
    "type": "invoice.issued",
    "timestamp": "2026-11-20T10:15:00+05:30",
    "sequence": 1,
    "data": {
        "id": "inv-1",
        "number": "INV-1",
        "party": {"id": "c1", "name": "Kaveri Traders"},
        "issued_on": "2026-11-20",
        "amount": 100,
        "currency": "INR",
        "dues": [{"amount": 100, "due_on": "2026-12-20"}],
        "references": {"orders": ["o1"]},
        "status": "invoice.issued",
    },
}


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.extend(paths(item, (*at, key)))
    return found


@st.composite
def mutated(draw: st.DrawFn, bodies: dict[str, Any]) -> bytes:
    body = json.loads(json.dumps(bodies[draw(st.sampled_from(sorted(bodies)))]))
    for place in draw(st.lists(st.sampled_from(paths(body)), min_size=1, max_size=4)):
        holder: Any = body
        try:
            for key in place[:-1]:
                holder = holder[key]
            if draw(st.booleans()) or not isinstance(holder, dict):
                holder[place[-1]] = draw(values)
            else:
                del holder[place[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation took the place away
    return json.dumps(body).encode()


def no_float(value: Any) -> None:
    assert not isinstance(value, float | Decimal), value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        no_float(item)


def read(connector: str, raw: bytes, *, stream: str | None = None) -> None:
    headers = {"x-razorpay-event-id": "evt_1", "webhook-id": "msg_1", "x-recon-day": "whole"}
    inbound = Inbound(raw, headers, stream=stream)
    try:
        observed = load_connector(connector).observe(inbound, source="s", settings={}, now=NOW)
    except Rejected:
        return
    result = normalise(observed, WORDS[connector], received_at=NOW)
    for event in result.events:
        no_float(event.data)
        assert len(event.digest()) == 32  # it can be written as JSON
        if event.event_type != "status.unmapped":
            check_event(event.event_type, event.data)
    told = len(result.events) + len(result.quarantined) + len(result.ignored)
    items = read_json(raw) if stream else None
    listed = [v for v in items.values() if isinstance(v, list)] if isinstance(items, dict) else [[None]]
    least = min(1, sum(map(len, listed)))  # a page may be empty
    assert told >= max(least, len(observed.observations))


@settings(max_examples=400, deadline=None)
@given(mutated(BODIES))
def test_a_mutated_razorpay_body_ends_in_facts_or_in_rejected(raw):
    read("razorpay", raw)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_mutated_page_ends_in_facts_or_in_rejected(data):
    page = PAGES[data.draw(st.sampled_from(sorted(PAGES)))]
    read("razorpay", data.draw(mutated({"page": page["body"]})), stream=page["stream"])


@settings(max_examples=400, deadline=None)
@given(mutated({"one": STANDARD, "many": {"events": [STANDARD, STANDARD]}}))
def test_a_mutated_standard_body_ends_in_facts_or_in_rejected(raw):
    read("standard", raw)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_end_in_rejected_or_in_facts(raw):
    for connector in WORDS:
        read(connector, raw)
