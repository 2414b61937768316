"""The published JSON Schema of the standard events, made from the ledger's vocabulary.

`python -m ingest.schema` writes it beside the standard connector, which reads it; a test says whether it is current.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kit.money import CURRENCIES, MAX_MINOR
from ledger.domain.checks import MAX_LIST, MAX_TEXT
from ledger.domain.vocabulary import (
    ADDRESS_FIELDS,
    ADDRESS_KINDS,
    ALLOCATION_FIELDS,
    CONTACT_FIELDS,
    CONTACT_KINDS,
    DEDUCTION_FIELDS,
    DUE_FIELDS,
    EVENTS,
    PARTY_FIELDS,
    PAYER_FIELDS,
    REFERENCE_FIELDS,
    SETTLE_FIELDS,
    SOURCE_EVENTS,
    STATUSES,
    EventSpec,
)

ADDRESS = "/schema/standard.json"
MAX_EVENTS = 500
_MAX_LABEL = 300
_DAY = (
    r"^(((199[0-9]|20[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))|2100-01-01)$"  # check_event's range
)
_PREFIX = {"bill": "payable", "deal": "deal"}


def standard_schema() -> dict[str, Any]:
    """Return the schema of a body: one event, or a list of them."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:munshi:standard:1",
        "title": "Munshi standard events, version 1",
        "description": (
            "Body of a webhook signed by Standard Webhooks 1.0. Money is in minor units (paise); days are "
            "YYYY-MM-DD in the calendar of the business; numbers are whole. Texts hold no NUL and no lone surrogate."
        ),
        "oneOf": [
            {"$ref": "#/$defs/event"},
            {
                "type": "object",
                "properties": {
                    "events": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MAX_EVENTS,
                        "items": {"$ref": "#/$defs/event"},
                    }
                },
                "required": ["events"],
                "additionalProperties": False,
            },
        ],
        "x-kinds": {name: EVENTS[name].kind for name in SOURCE_EVENTS},
        "$defs": {
            **_FIELD_TYPES,
            **{f"{name}_or_null": {"anyOf": [_field(name), {"type": "null"}]} for name in _FIELD_TYPES},
            "label": {"type": "string", "minLength": 1, "maxLength": _MAX_LABEL, "pattern": _NO_NUL},
            "event": {
                "type": "object",
                "properties": {"type": {"enum": list(SOURCE_EVENTS)}},
                "required": ["type", "timestamp", "data"],
                "oneOf": [{"$ref": f"#/$defs/{name}"} for name in SOURCE_EVENTS],
            },
            **{name: _event(name, EVENTS[name]) for name in SOURCE_EVENTS},
        },
    }


def published_schema() -> bytes:
    """Return the schema as it is committed and served."""
    return orjson.dumps(standard_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def schema_route() -> Route:
    """Return the route that serves the schema to whoever wants to speak to us."""
    return Route(ADDRESS, _serve, methods=["GET"])


async def _serve(_: Request) -> Response:
    return Response(
        _committed(), media_type="application/schema+json", headers={"cache-control": "public, max-age=3600"}
    )


@lru_cache(maxsize=1)
def _committed() -> bytes:
    return (resources.files("connectors.standard") / "schema.json").read_bytes()


# ---- one event -------------------------------------------------------------------------------------
def _event(name: str, spec: EventSpec) -> dict[str, Any]:
    fields = {**spec.required, **spec.optional}
    properties: dict[str, Any] = {"id": {"$ref": "#/$defs/label", "description": "your own id of it"}}
    for field, kind in fields.items():
        properties[field] = _field(kind) if field in spec.required else _field(f"{kind}_or_null")
    if "status" in fields:
        properties["status"] = _statuses(spec.kind)
    if "status" in fields:
        properties["status_word"] = {
            "$ref": "#/$defs/label",
            "description": "instead of status: the word of your own tool, which a person explains once",
        }
        properties["status_context"] = {
            "type": "string",
            "maxLength": _MAX_LABEL,
            "pattern": _NO_NUL,
            "description": "what changes that word's meaning, such as the pipeline",
        }
    data: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": ["id", *spec.required],
        "additionalProperties": False,
    }
    if "status" in fields:
        data["not"] = {"required": ["status", "status_word"]}
    if "amount" in spec.optional:
        data["if"] = {"required": ["amount"], "properties": {"amount": {"type": "integer"}}}
        data["then"] = {"required": ["currency"], "properties": {"currency": {"type": "string"}}}
    return {
        "type": "object",
        "properties": {
            "type": {"const": name},
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "pattern": "^(199[0-9]|20[0-9]{2})-",
                "description": "when it became so, with its offset",
            },
            "sequence": {
                "type": "integer",
                "minimum": -(2**53),
                "maximum": 2**53,
                "description": "orders events of one moment",
            },
            "data": data,
        },
        "required": ["type", "timestamp", "data"],
        "additionalProperties": False,
    }


def _statuses(kind: str) -> dict[str, Any]:
    prefixes = {_PREFIX.get(kind, kind)} | ({"invoice"} if kind in ("deal", "credit_note") else set())
    return {"enum": [*sorted(s for s in STATUSES if s.partition(".")[0] in prefixes), "none", None]}


def _field(kind: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind}"}


def _object(fields: Mapping[str, str], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: _field(kind) if name in required else _field(f"{kind}_or_null")
            for name, kind in fields.items()
        },
        "required": list(required),
        "additionalProperties": False,
    }


def _of_kinds(fields: Mapping[str, str], kinds: frozenset[str]) -> dict[str, Any]:
    one = _object(fields, required=("kind",))
    return _list({**one, "properties": {**one["properties"], "kind": {"enum": sorted(kinds)}}})


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "maxItems": MAX_LIST, "items": dict(items)}


_NO_NUL = r"^[^\u0000]*$"
_NAMED = {"type": "string", "minLength": 1}
_FIELD_TYPES: dict[str, Any] = {
    "text": {"type": "string", "maxLength": MAX_TEXT, "pattern": _NO_NUL},
    "texts": _list({"$ref": "#/$defs/text"}),
    "money": {"type": "integer", "minimum": 0, "maximum": MAX_MINOR, "description": "minor units (paise)"},
    "signed": {"type": "integer", "minimum": -MAX_MINOR, "maximum": MAX_MINOR},
    "count": {"type": "integer", "minimum": 0, "maximum": MAX_MINOR},
    "currency": {"enum": sorted(CURRENCIES)},
    "date": {"type": "string", "format": "date", "pattern": _DAY},
    "side": {"enum": ["receivable", "payable"]},
    "url": {"type": "string", "maxLength": MAX_TEXT, "pattern": r"^https?://[^\s<>\"'\u0000]+$"},
    "party": {
        **_object(PARTY_FIELDS),
        "anyOf": [{"required": [name], "properties": {name: _NAMED}} for name in ("id", "name")],
        "description": "id is your own id of it; without one the name stands for it",
    },
    "payer": _object(PAYER_FIELDS),
    "contacts": {
        **_of_kinds(CONTACT_FIELDS, CONTACT_KINDS),
        "description": "all people of it that you know; who is left out is there no more",
    },
    "addresses": {
        **_of_kinds(ADDRESS_FIELDS, ADDRESS_KINDS),
        "description": "all addresses of it that you know; what is left out is there no more",
    },
    "references": _object(REFERENCE_FIELDS),
    "dues": _list(_object(DUE_FIELDS, required=("amount",))),
    "settles": {
        **_list(_object(SETTLE_FIELDS, required=("amount",))),
        "description": "which bills it is set against (number, what of it, tax kept back included); the rest is on account",
    },
    "deductions": _list(_object(DEDUCTION_FIELDS, required=("kind", "amount"))),
    "allocations": _list(_object(ALLOCATION_FIELDS, required=("document", "amount"))),
}


if __name__ == "__main__":
    Path(str(resources.files("connectors.standard") / "schema.json")).write_bytes(published_schema())
