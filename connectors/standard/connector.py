"""The standard connector: Standard Webhooks 1.0 signatures around our canonical events.

Which events there are is read from `schema.json`, which is made
from the ledger's vocabulary and committed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from connectors.contract import Inbound, Observation, Observed, Unreadable
from kit import standard_webhooks
from kit.errors import Rejected
from kit.json import read_json

VERSION = "1"
MAX_EVENTS = 500
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})")


class Standard:
    """The connector; pure."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless one `v1` signature of the header is of one of the secrets, within five minutes."""
        standard_webhooks.verify(inbound.headers, inbound.body, secrets=secrets, now=now)

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002
        settings: Mapping[str, Any],  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Observed:
        """Read one event or a list of them; Rejected if the body is neither, or its one event can't be read."""
        body = read_json(inbound.body)
        if not isinstance(body, dict):
            raise Rejected("schema.not_an_object", "The body must be an object: an event, or {events: […]}.")
        own_id = inbound.headers.get("webhook-id") or hashlib.sha256(inbound.body).hexdigest()
        if "events" not in body:
            return Observed(VERSION, [_observation(body, own_id)])
        events = body["events"]
        if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
            raise Rejected("schema.events", f"events must be a list of 1 to {MAX_EVENTS} events.")
        if len(body) > 1:
            raise Rejected("schema.events", "Beside events nothing else may stand in the body.")
        observations: list[Observation] = []
        unreadable: list[Unreadable] = []
        for index, event in enumerate(events):
            event_id = f"{own_id}#{index}"
            try:
                observations.append(_observation(event, event_id))
            except Rejected as rejection:
                unreadable.append(Unreadable(event_id, rejection.code, rejection.message))
        return Observed(VERSION, observations, unreadable)


def _observation(event: Any, event_id: str) -> Observation:
    if not isinstance(event, dict):
        raise Rejected("schema.not_an_object", "An event must be an object.")
    for name in event:
        if name not in ("type", "timestamp", "data", "sequence"):
            raise Rejected("schema.field_unknown", f"{name[:40]!r} is not a member of an event.")
    event_type, data = event.get("type"), event.get("data")
    kind = event_kinds().get(event_type) if isinstance(event_type, str) else None
    if kind is None:
        raise Rejected(
            "schema.unknown_event",
            f"type: {str(event_type)[:60]!r} is not one of our events.",
            remedy="See /schema/standard.json.",
        )
    if not isinstance(data, dict):
        raise Rejected("schema.field_missing", "data must be an object.")
    facts = dict(data)
    external_id = facts.pop("id", None)
    if not isinstance(external_id, str) or not external_id:
        raise Rejected("schema.id_missing", "data.id must be a text: your own id of the thing.")
    word, qualifier = facts.pop("status_word", None), facts.pop("status_context", None)
    if word is None:
        word = facts.pop("status", None)
    elif "status" in facts:
        raise Rejected("schema.two_statuses", "data has both status and status_word: send one of them.")
    if not isinstance(word, str | None) or not isinstance(qualifier, str | None):
        raise Rejected("schema.field_type", "status, status_word and status_context are texts.")
    sequence = event.get("sequence", 0)
    if type(sequence) is not int:
        raise Rejected("schema.field_type", "sequence must be a whole number.")
    return Observation(
        event_id=event_id,
        kind=kind,
        external_id=external_id,
        occurred_at=_timestamp(event.get("timestamp")),
        precision="instant",
        data=facts,
        event_type=event_type,
        word=word or None,
        qualifier=qualifier or "",
        sequence=sequence,
    )


@lru_cache(maxsize=1)
def event_kinds() -> Mapping[str, str]:
    """Return every event type that may be sent, with the kind of thing that it is about."""
    schema = orjson.loads((resources.files("connectors.standard") / "schema.json").read_bytes())
    kinds: dict[str, str] = schema["x-kinds"]
    return kinds


def _timestamp(value: Any) -> datetime:
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise Rejected(
        "schema.time",
        "timestamp must be an ISO 8601 moment with its offset, such as 2026-11-20T10:15:00+05:30.",
    )


connector = Standard()
