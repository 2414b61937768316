"""The published schema: current, valid, and of one mind with the check that every event passes."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import httpx
import jsonschema
import pytest
from starlette.applications import Starlette

from ingest.schema import published_schema, schema_route
from kit.errors import Rejected
from ledger.domain.checks import check_event
from ledger.domain.vocabulary import EVENTS, SOURCE_EVENTS, STATUSES

COMMITTED = (resources.files("connectors.standard") / "schema.json").read_bytes()
VALIDATOR = jsonschema.Draft202012Validator(json.loads(COMMITTED), format_checker=jsonschema.FormatChecker())
EXAMPLES: dict[str, Any] = {
    "text": "INV-102",
    "texts": ["a", "b"],
    "money": 5_684_000,
    "signed": -5,
    "count": 30,
    "currency": "INR",
    "date": "2026-11-20",
    "side": "receivable",
    "url": "https://crm.example/1?x=%20",
    "party": {"id": "c-5", "name": "Kaveri Traders", "gstin": None},
    "payer": {"name": "K Traders", "vpa": "k@examplebank"},
    "references": {"utr": ["EXMPN6"], "invoices": ["INV-102"]},
    "deductions": [{"kind": "tds", "amount": 5}],
    "settles": [{"number": "INV-102", "amount": 5}, {"amount": 7}],
    "dues": [{"due_on": "2026-12-20", "amount": 5, "label": "retention"}],
    "contacts": [{"kind": "billing", "name": "Meena", "phone": "9820000000"}, {"kind": "primary"}],
    "addresses": [
        {"kind": "shipping", "lines": "14 Lamington Road", "city": "Mumbai", "state": "Maharashtra"}
    ],
}
WRONG: dict[str, list[Any]] = {
    "text": [7, ["a"], "a\x00b", "x" * 2_001, {}, True],
    "texts": ["a", [7], ["a"] * 501, {"a": 1}],
    "money": [-1, "5", 1.5, 10**16, True, [1]],
    "signed": [10**16, "x", False],
    "count": [-1, 0.5],
    "currency": ["inr", "XXX", "", 1],
    "date": ["20-11-2026", "2026-02-30", "1989-12-31", "2100-01-02", "2026-1-1", 20261120],
    "side": ["both", 1],
    "url": ["ftp://x", "https://a b", "javascript:alert(1)", ""],
    "party": [{}, {"phone": "1"}, {"id": ""}, {"id": "c", "colour": "red"}, "Kaveri", []],
    "payer": [{"colour": "red"}, "K", {"name": 7}],
    "references": [{"utr": "X"}, {"tags": []}, [], {"utr": [1]}],
    "deductions": [{"kind": "tds"}, [{"kind": "tds"}], [{"kind": "tds", "amount": -1}], ["tds"]],
    "settles": [
        {"amount": 5},
        [{"number": "INV-102"}],
        [{"amount": "5"}],
        [{"amount": 5, "bill": "x"}],
        ["INV-102"],
    ],
    "dues": [{"amount": 5}, [{"label": "x"}], [{"amount": -1}], [{"amount": 5, "x": 1}]],
    "contacts": [
        {"kind": "billing"},
        [{"name": "Meena"}],
        [{"kind": "uncle"}],
        [{"kind": "billing", "age": 7}],
        ["Meena"],
    ],
    "addresses": [
        {"kind": "billing"},
        [{"city": "Mumbai"}],
        [{"kind": "beach"}],
        [{"kind": "billing", "lines": 7}],
    ],
}


def body(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": event_type, "timestamp": "2026-11-20T10:15:00+05:30", "data": {"id": "x-1", **data}}


def full(event_type: str, *, only_required: bool = False) -> dict[str, Any]:
    spec = EVENTS[event_type]
    fields = {**spec.required, **({} if only_required else spec.optional)}
    data = {name: EXAMPLES[kind] for name, kind in fields.items()}
    if "status" in data:
        data["status"] = sorted(s for s in STATUSES if s.startswith(_prefix(spec.kind)))[0]
    return data


def _prefix(kind: str) -> str:
    return {"bill": "payable.", "credit_note": "invoice."}.get(kind, f"{kind}.")


def agrees(event_type: str, data: dict[str, Any]) -> bool:
    """Return whether the event is right, after making sure that both say the same."""
    try:
        check_event(event_type, data)
        checked = True
    except Rejected:
        checked = False
    validated = VALIDATOR.is_valid(body(event_type, data))
    assert checked == validated, (event_type, data)
    return checked


def test_the_committed_schema_is_current():
    assert published_schema() == COMMITTED, "run `python -m ingest.schema`"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(COMMITTED))


@pytest.mark.parametrize("event_type", SOURCE_EVENTS)
def test_both_accept_an_event_with_all_its_fields_with_the_least_and_with_nulls(event_type):
    assert agrees(event_type, full(event_type))
    assert agrees(event_type, full(event_type, only_required=True))
    spec = EVENTS[event_type]
    least = full(event_type, only_required=True)
    assert agrees(event_type, {**dict.fromkeys(spec.optional), **least})


@pytest.mark.parametrize("event_type", SOURCE_EVENTS)
def test_both_refuse_what_is_wrong_in_any_field(event_type):
    spec = EVENTS[event_type]
    right = full(event_type)
    for name, kind in {**spec.required, **spec.optional}.items():
        if name == "status":
            continue  # any text is a word to us; the schema publishes the canonical ones
        for wrong in WRONG[kind]:
            assert not agrees(event_type, {**right, name: wrong})
    for name in spec.required:
        assert not agrees(event_type, {key: value for key, value in right.items() if key != name})
        assert not agrees(event_type, {**right, name: None})
    assert not agrees(event_type, {**right, "colour": "red"})
    if "amount" in right and "currency" in spec.optional:
        assert not agrees(event_type, {key: value for key, value in right.items() if key != "currency"})


def test_a_list_of_events_is_valid_and_an_operators_event_is_not():
    assert VALIDATOR.is_valid({"events": [body("party.upserted", {"name": "Kaveri Traders"})]})
    assert not VALIDATOR.is_valid({"events": []})
    assert not VALIDATOR.is_valid(
        body("writeoff.approved", {"document": "x", "amount": 1, "currency": "INR"})
    )


async def test_the_schema_is_served():
    transport = httpx.ASGITransport(Starlette(routes=[schema_route()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi.test") as client:
        answer = await client.get("/schema/standard.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(COMMITTED)
