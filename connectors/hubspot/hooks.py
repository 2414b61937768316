"""HubSpot's webhooks: a list of thin events; what is only named is wanted, what is gone or merged is told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import Observation, Observed, Unreadable, Wanted
from connectors.hubspot.fields import Record, moment, record_id
from connectors.hubspot.objects import BY_WORD, COMPANIES, CONTACTS, DEALS, INVOICES, ObjectType
from connectors.values import as_list
from kit.errors import Rejected

VERSION = "v3"
_FETCHED = frozenset({"creation", "restore", "propertyChange"})
_QUIET = frozenset({"privacyDeletion"})
# An association may be told from either end; the deal or invoice is the one that it says something of.
_TOWARDS = {
    "DEAL_TO_COMPANY": ("fromObjectId", DEALS), "COMPANY_TO_DEAL": ("toObjectId", DEALS),
    "DEAL_TO_CONTACT": ("fromObjectId", DEALS), "CONTACT_TO_DEAL": ("toObjectId", DEALS),
    "CONTACT_TO_COMPANY": ("fromObjectId", CONTACTS), "COMPANY_TO_CONTACT": ("toObjectId", CONTACTS),
    "INVOICE_TO_COMPANY": ("fromObjectId", INVOICES), "COMPANY_TO_INVOICE": ("toObjectId", INVOICES),
    "INVOICE_TO_CONTACT": ("fromObjectId", INVOICES), "CONTACT_TO_INVOICE": ("toObjectId", INVOICES),
}  # fmt: skip


def read_hooks(events: Any, settings: Mapping[str, Any]) -> Observed:
    """Read one delivery; a malformed event costs only itself. Rejected unless it is a list."""
    if not isinstance(events, list):
        raise Rejected("schema.not_a_list", "A delivery of HubSpot is a list of events.")
    seen: dict[str, Observation] = {}
    wanted: dict[Wanted, None] = {}
    unreadable: list[Unreadable] = []
    ignored: list[str] = [] if events else ["an empty list"]
    for place, event in enumerate(events):
        try:
            found = _read(event, settings)
        except Rejected as refusal:
            unreadable.append(Unreadable(f"event {place + 1}", refusal.code, refusal.message))
            continue
        if isinstance(found, str):
            ignored.append(found)
            continue
        for part in found:
            if isinstance(part, Wanted):
                wanted[part] = None
            else:
                seen[part.event_id] = part
    return Observed(VERSION, list(seen.values()), unreadable, ignored, wanted=list(wanted))


def _read(event: Any, settings: Mapping[str, Any]) -> Sequence[Observation | Wanted] | str:
    """Return what one event says or wants, or its name where it bears on nothing that we keep."""
    if not isinstance(event, dict):
        raise Rejected("schema.not_an_object", "An event is a JSON object.")
    name = event.get("subscriptionType") or event.get("eventType")
    if not isinstance(name, str) or "." not in name:
        raise Rejected("schema.field_missing", "subscriptionType: the event's name is missing.")
    portal = record_id(settings.get("portal_id"))
    if portal is not None and record_id(event.get("portalId")) != portal:
        raise Rejected(
            "hubspot.other_account",
            f"It is of the HubSpot account {str(event.get('portalId'))[:20]}, not of {portal}.",
            remedy="Connect that account as a source of its own.",
        )
    what, _, step = name.partition(".")
    found = BY_WORD.get(str(event.get("objectTypeId")) if what == "object" else what)
    if found is None or step in _QUIET:
        return name[:60]
    if step in _FETCHED:
        return _changed(found, step, event, name, settings)
    if step == "deletion":
        return _deleted(found, event, name)
    if step == "merge":
        return _merged(found, event, name)
    if step == "associationChange":
        return _associated(event, name)
    return name[:60]


def _changed(
    found: ObjectType, step: str, event: Record, name: str, settings: Mapping[str, Any]
) -> Sequence[Observation | Wanted] | str:
    external_id = _id(event, "objectId")
    if step == "propertyChange":
        changed = event.get("propertyName")
        if not isinstance(changed, str):
            raise Rejected("schema.field_missing", "propertyName: which property changed is missing.")
        if changed not in (*found.watched(settings), *found.computed):  # our own echo among them
            return f"{name} {changed}"[:100]
    back: list[Observation | Wanted] = [Wanted(found.name, external_id)]
    if step == "restore" and found is DEALS:
        # The deal comes back with the history that it had, so that reading it says nothing newer than its deletion.
        back.append(_fact(event, name, "deal", external_id, {}, event_type="deal.status_reported"))
    return back


def _deleted(found: ObjectType, event: Record, name: str) -> Sequence[Observation] | str:
    if found.kind == "party":
        return name  # nothing of a party is deleted here: what it owes stays owed
    return [_fact(event, name, found.kind, _id(event, "objectId"), {}, word="deleted")]


def _merged(found: ObjectType, event: Record, name: str) -> Sequence[Observation | Wanted] | str:
    into = record_id(event.get("newObjectId")) or record_id(event.get("primaryObjectId"))
    gone = [record_id(item) for item in as_list(event.get("mergedObjectIds"))]
    if into is None or not gone or None in gone:
        raise Rejected("schema.field_missing", "newObjectId, mergedObjectIds: which became which is missing.")
    former = list(dict.fromkeys([*gone, record_id(event.get("primaryObjectId"))]))
    told: list[Observation | Wanted] = [Wanted(found.name, into)]
    for external_id in former:
        if external_id is None or external_id == into:
            continue
        if found is COMPANIES:
            told.append(_fact(event, name, "party", external_id, {"into": into}, event_type="party.merged"))
        elif found is DEALS:
            told.append(_fact(event, name, "deal", external_id, {}, word="merged"))
    return told


def _associated(event: Record, name: str) -> Sequence[Wanted] | str:
    told = _TOWARDS.get(str(event.get("associationType")))
    if told is None:
        return f"{name} {event.get('associationType')}"[:100]
    member, found = told
    return [Wanted(found.name, _id(event, member))]


def _fact(
    event: Record,
    name: str,
    kind: str,
    external_id: str,
    data: dict[str, Any],
    *,
    event_type: str | None = None,
    word: str | None = None,
) -> Observation:
    """State what an event itself says. `eventId` isn't unique, so what happened to what, and when, is the identity."""
    at = moment(event.get("occurredAt"))
    if at is None:
        raise Rejected("schema.time_missing", "occurredAt: when it happened is missing.")
    said = f"{event.get('portalId')} {name} {external_id} {_stamp(at)} {data.get('into', '')}"
    return Observation(
        event_id=f"hook:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:40]}",
        kind=kind,
        external_id=external_id,
        occurred_at=at,
        precision="instant",
        data=data,
        event_type=event_type,
        word=word,
    )


def _id(event: Record, member: str) -> str:
    found = record_id(event.get(member))
    if found is None:
        raise Rejected("schema.id_missing", f"{member}: the record's number is missing.")
    return found


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
