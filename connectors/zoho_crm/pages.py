"""A delivery of Zoho CRM read: a page of records, deals that are gone, a renewed channel, or a notification."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Observation, Observed, Precision, Unreadable, Wanted
from connectors.values import as_list, as_object, record_id, text
from connectors.zoho_crm.fields import Record, changed_at, moment
from connectors.zoho_crm.records import BY_NAME, CHANNEL, DELETED, MODULES, Module
from kit.errors import Rejected

VERSION = "v8"
_OPERATIONS = frozenset(["insert", "update", "delete"])


def read_page(body: Any, stream: str, settings: Mapping[str, Any], *, now: datetime) -> Observed:
    """Read what a stream fetched; a row that can't be read costs only itself."""
    if not isinstance(body, dict):
        raise Rejected("schema.not_an_object", "An answer of Zoho CRM is a JSON object.")
    if stream == CHANNEL:
        return _channel(body)
    rows = body.get("data")
    if not isinstance(rows, list):
        raise Rejected("schema.part_missing", "data: there is no list of records.")
    observations: dict[str, Observation] = {}
    unreadable: list[Unreadable] = []
    for place, row in enumerate(rows):
        where = f"{stream}#{place}"
        try:
            if not isinstance(row, dict):
                raise Rejected("schema.not_an_object", f"{where} is no object.")
            if stream == DELETED:
                seen = _gone(row)
            else:
                seen, doubt = _record(row, _module(stream), settings, now=now)
                if doubt is not None:
                    unreadable.append(Unreadable(where, doubt.code, doubt.message))
            observations.setdefault(seen.event_id, seen)
        except Rejected as refusal:
            unreadable.append(Unreadable(where, refusal.code, refusal.message))
    return Observed(VERSION, list(observations.values()), unreadable)


def read_notification(body: Any) -> Observed:
    """Read a notification: it names records to be fetched, and nothing else of it is believed."""
    if not isinstance(body, dict):
        raise Rejected("schema.not_an_object", "A notification of Zoho CRM is a JSON object.")
    name, operation, ids = text(body, "module"), text(body, "operation"), body.get("ids")
    if name is None:
        raise Rejected("schema.field_missing", "module is missing.")
    if operation not in _OPERATIONS:
        raise Rejected("schema.unknown_event", f"{str(operation)[:40]!r} is not an operation that we know.")
    if not isinstance(ids, list):
        raise Rejected("schema.field_missing", "ids: there is no list of records.")
    module = BY_NAME.get(name)
    if module is None or (operation == "delete" and module.stream != "deals"):
        return Observed(VERSION, ignored=[f"{name[:60]}: {operation}"])
    stream = DELETED if operation == "delete" else module.stream
    wanted: dict[str, Wanted] = {}
    unreadable: list[Unreadable] = []
    for place, value in enumerate(ids):
        external_id = record_id(value)
        if external_id is None:
            unreadable.append(Unreadable(f"ids#{place}", "schema.id_missing", "It is no id of Zoho's."))
        else:
            wanted.setdefault(external_id, Wanted(stream, external_id))
    return Observed(VERSION, unreadable=unreadable, wanted=list(wanted.values()))


# ---- one record ------------------------------------------------------------------------------------
def _module(stream: str) -> Module:
    module = MODULES.get(stream)
    if module is None:
        raise Rejected("stream.unknown", f"There is no stream {stream[:40]!r}.")
    return module


def _record(
    row: Record, module: Module, settings: Mapping[str, Any], *, now: datetime
) -> tuple[Observation, Rejected | None]:
    external_id = record_id(row.get("id"))
    if external_id is None:
        raise Rejected("schema.id_missing", "id is missing.")
    said = module.read(row, external_id, settings)
    at = changed_at(row)
    precision: Precision = "instant" if at is not None else "observed"
    content = json.dumps([said.data, said.word, said.qualifier], sort_keys=True, default=str)
    seen = Observation(
        event_id=_event_id(module.stream, external_id, at, content),
        kind=said.kind,
        external_id=external_id,
        occurred_at=at if at is not None else now,
        precision=precision,
        data=said.data,
        event_type=said.event_type,
        word=said.word,
        qualifier=said.qualifier,
    )
    return seen, said.doubt


def _gone(row: Record) -> Observation:
    """Read a row of the list of what was deleted; a deal out of the recycle bin has a later change of its own."""
    external_id, at = record_id(row.get("id")), moment(row.get("deleted_time"))
    if external_id is None:
        raise Rejected("schema.id_missing", "id is missing.")
    if at is None:
        raise Rejected("schema.time_missing", "deleted_time is missing.")
    return Observation(
        event_id=_event_id(DELETED, external_id, at, ""),
        kind="deal",
        external_id=external_id,
        occurred_at=at,
        precision="instant",
        data={},
        word="deleted",
    )


def _event_id(stream: str, external_id: str, at: datetime | None, content: str) -> str:
    """Name an event by record, time and content: a deal may come back to a stage that it had before."""
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if at is not None else "untimed"
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{stream}:{external_id}:{stamp}:{digest}"


def _channel(body: Record) -> Observed:
    """Read the answer to a renewal: until when each module's changes are told to us."""
    watched = [as_object(item) for item in as_list(body.get("watch"))]
    if not watched:
        raise Rejected("schema.part_missing", "watch: the answer tells of no channel.")
    until = [
        f"{text(event, 'resource_name') or '?'} until {text(event, 'channel_expiry') or '?'}"
        for item in watched
        for event in map(as_object, as_list(as_object(item.get("details")).get("events")))
    ]
    return Observed(VERSION, ignored=["channel: renewed", *(f"channel: {told}" for told in until[:20])])
