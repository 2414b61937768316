"""Our state on HubSpot's records: eight properties in a group of their own, and a deal's stage where we are told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract import Call, Vendor, WriteBack, Written
from connectors.hubspot.fields import record_id
from connectors.hubspot.objects import COMPANIES, CONTACT, CONTACTS, DEALS, ObjectType
from connectors.hubspot.page import Pipelines, Stage
from connectors.hubspot.pulling import PIPELINES
from connectors.values import as_list, as_object
from kit.errors import MunshiError, NotFound, Rejected, Retryable
from kit.money import currency_digits

GROUP = "munshi"
BATCH = 100
STATUSES = ("clear", "open", "overdue", "promised", "disputed")
# name → label, type, field type, what it says.
PROPERTIES: Mapping[str, tuple[str, str, str, str]] = {
    "munshi_outstanding": (
        "Outstanding",
        "number",
        "number",
        "Net of what is on account, in the firm's books.",
    ),
    "munshi_currency": ("Currency", "string", "text", "Of the amounts in this group."),
    "munshi_overdue_days": ("Days overdue", "number", "number", "Of the oldest open bill."),
    "munshi_last_receipt_on": ("Last receipt on", "date", "date", "The day on which money came last."),
    "munshi_last_receipt_amount": ("Last receipt", "number", "number", "How much came then."),
    "munshi_expected_on": ("Expected on", "date", "date", "When the next payment is expected or promised."),
    "munshi_status": ("Payment status", "enumeration", "select", "Where the account stands."),
    "munshi_link": ("In Munshi", "string", "text", "Opens the customer in Munshi."),
}


async def prepare_properties(call: Vendor) -> None:
    """Make the group and the properties on companies, contacts and deals, where they are missing."""
    for found in (COMPANIES, CONTACTS, DEALS):
        path = f"/crm/v3/properties/{found.name}"
        reply = await call(Call(path))
        there = {as_object(item).get("name") for item in as_list(as_object(reply.json()).get("results"))}
        missing = [name for name in PROPERTIES if name not in there]
        if not missing:
            continue
        # 409: it is there already; somebody else was quicker.
        await call(Call(f"{path}/groups", "POST", json={"name": GROUP, "label": "Munshi"}, accept=(409,)))
        for name in missing:
            await call(Call(path, "POST", json=_definition(name), accept=(409,)))


async def write(batch: Sequence[WriteBack], call: Vendor) -> list[Written]:
    """Write a batch, one call for each kind of record; an item that HubSpot refuses has its problem beside it."""
    stages: Pipelines | None = None
    if any(item.kind == "deal" and item.word is not None for item in batch):
        stages = Pipelines.of((await call(PIPELINES)).json())
    groups: dict[str, list[tuple[WriteBack, dict[str, Any]]]] = {}
    done: list[Written] = []
    for item in batch:
        try:
            found, external_id = _target(item)
            properties = _properties(item)
            if item.kind == "deal" and item.word is not None and stages is not None:
                stage = _stage(item, stages)
                properties |= {"dealstage": stage.id, "pipeline": stage.pipeline_id}
        except MunshiError as problem:
            done.append(Written(item, problem))
            continue
        entry = {"id": external_id, "properties": properties, "objectWriteTraceId": external_id}
        groups.setdefault(found.name, []).append((item, entry))
    for name, entries in groups.items():
        for start in range(0, len(entries), BATCH):
            done += await _update(name, entries[start : start + BATCH], call)
    return done


# ---- one batch -------------------------------------------------------------------------------------
async def _update(
    name: str, entries: Sequence[tuple[WriteBack, dict[str, Any]]], call: Vendor
) -> list[Written]:
    """Update up to a hundred; where HubSpot refuses them as a whole, halve until only the wrong one is refused."""
    reply = await call(
        Call(
            f"/crm/v3/objects/{name}/batch/update",
            "POST",
            json={"inputs": [entry for _, entry in entries]},
            accept=(400, 404),
        )
    )
    answer = as_object(reply.json())
    if reply.status in (400, 404):
        if len(entries) == 1:
            return [Written(entries[0][0], _problem(answer, entries[0][0], status=reply.status))]
        middle = len(entries) // 2
        return [
            *await _update(name, entries[:middle], call),
            *await _update(name, entries[middle:], call),
        ]
    errors = [as_object(error) for error in as_list(answer.get("errors"))]
    refused = {key: error for error in errors for key in _cited(error)}
    taken = {
        key
        for result in map(as_object, as_list(answer.get("results")))
        for key in (record_id(result.get("id")), result.get("objectWriteTraceId"))
        if isinstance(key, str)
    }
    done = []
    for item, entry in entries:
        problem: MunshiError | None = None
        if (error := refused.get(entry["id"])) is not None:
            problem = _problem(error, item, status=reply.status)
        elif errors and entry["id"] not in taken:
            problem = Retryable("hubspot.untold", "HubSpot didn't say what became of it.")
        done.append(Written(item, problem))
    return done


def _cited(error: Mapping[str, Any]) -> list[str]:
    """Return the ids that an error is about; HubSpot names them in one of several places."""
    context = as_object(error.get("context"))
    return [
        str(item)
        for name in ("ids", "id", "objectWriteTraceId", "objectId")
        for item in as_list(context.get(name))
    ]


def _problem(error: Mapping[str, Any], item: WriteBack, *, status: int) -> MunshiError:
    category = str(error.get("category") or "")
    if category == "OBJECT_NOT_FOUND" or status == 404:
        return NotFound(
            "hubspot.record_gone", f"HubSpot has no {item.kind} {item.external_id[:40]} any more."
        )
    if category in ("RATE_LIMITS", "RATE_LIMIT", "INTERNAL_ERROR"):
        return Retryable("hubspot.not_taken", f"HubSpot didn't take it now ({category}).")
    return Rejected(
        "hubspot.refused",
        f"HubSpot refused it: {str(error.get('message') or category or status)[:200]}",
        remedy="See whether somebody changed or removed the properties of the group Munshi.",
    )


# ---- one item --------------------------------------------------------------------------------------
def _target(item: WriteBack) -> tuple[ObjectType, str]:
    """Return which kind of record an item goes to, and its number there."""
    found, external_id = DEALS if item.kind == "deal" else COMPANIES, item.external_id
    if item.kind == "party" and external_id.startswith(CONTACT):
        found, external_id = CONTACTS, external_id.removeprefix(CONTACT)
    if record_id(external_id) is None:
        raise NotFound("hubspot.record_gone", f"{item.external_id[:40]!r} is no record of HubSpot's.")
    return found, external_id


def _properties(item: WriteBack) -> dict[str, str]:
    """Write an item's state as HubSpot's text; an empty text clears a property."""
    return {
        "munshi_outstanding": _major(item.outstanding, item.currency),
        "munshi_currency": item.currency,
        "munshi_overdue_days": str(item.overdue_days),
        "munshi_last_receipt_on": item.last_receipt_on.isoformat() if item.last_receipt_on else "",
        "munshi_last_receipt_amount": (
            "" if item.last_receipt is None else _major(item.last_receipt, item.currency)
        ),
        "munshi_expected_on": item.expected_on.isoformat() if item.expected_on else "",
        "munshi_status": item.status,
        "munshi_link": item.url,
    }


def _major(minor: int, currency: str) -> str:
    return format(Decimal(minor).scaleb(-currency_digits(currency)), "f")


def _stage(item: WriteBack, stages: Pipelines) -> Stage:
    """Return the one stage that the word names; a word of two pipelines needs to say which."""
    found = stages.called(item.word or "", item.qualifier)
    if len(found) != 1:
        raise Rejected(
            "hubspot.stage_unknown" if not found else "hubspot.stage_ambiguous",
            f"{(item.word or '')[:60]!r} names {'no stage' if not found else 'several stages'} in HubSpot.",
            remedy="See what the stages are called there now.",
        )
    return found[0]


def _definition(name: str) -> dict[str, Any]:
    label, kind, field_type, says = PROPERTIES[name]
    made: dict[str, Any] = {
        "name": name,
        "label": f"{label} (Munshi)",
        "description": says,
        "groupName": GROUP,
        "type": kind,
        "fieldType": field_type,
        "formField": False,
    }
    if kind == "enumeration":
        made["options"] = [
            {"label": status.capitalize(), "value": status, "displayOrder": place, "hidden": False}
            for place, status in enumerate(STATUSES)
        ]
    return made
