"""Reading HubSpot: a search tells which records changed, batch reads bring them with their histories and ties.

The search gives no more than 10,000 results, and thousands of records may carry one modified time. So it is asked in
the order of ids, always for those above the last one: that ends, whatever the times are, and no page is met twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from connectors.contract import Call, Inbound, Page, Pull, Vendor
from connectors.hubspot.fields import ids as merged_ids
from connectors.hubspot.fields import record_id
from connectors.hubspot.objects import TYPES, ObjectType
from connectors.hubspot.page import Associations
from connectors.hubspot.pages import DELETED
from connectors.values import as_list, as_object, paging_loop
from kit.errors import Rejected, SourceBroken
from kit.json import read_json

READ = 50
"""Records of a page: of a batch read with histories no more are allowed."""
LISTED = 100
PIPELINES = Call("/crm/v3/pipelines/deals")


async def fetch_page(pull: Pull, call: Vendor) -> Page:
    """Fetch one page of a stream, or the records named by `ids`."""
    if pull.stream in TYPES:
        found = TYPES[pull.stream]
        if pull.ids:
            return await _by_id(found, pull, call)
        return await _changed(found, pull, call)
    if pull.stream == "pipelines":
        return Page([Inbound((await call(PIPELINES)).body, stream="pipelines")], None, 1)
    path, query = "/crm/v3/owners", {}
    if pull.stream.startswith(DELETED):
        path = f"/crm/v3/objects/{pull.stream.removeprefix(DELETED)}"
        query = {"archived": "true", "properties": "hs_object_id"}
    return await _listed(path, query, pull, call)


# ---- records ---------------------------------------------------------------------------------------
async def _changed(found: ObjectType, pull: Pull, call: Vendor) -> Page:
    """Search the next ids that changed in the window, and read them."""
    above = record_id(pull.position.get("above")) or "0"
    filters = [
        {"propertyName": found.modified, "operator": "GTE", "value": _milliseconds(pull.since)},
        {"propertyName": found.modified, "operator": "LTE", "value": _milliseconds(pull.until)},
        {"propertyName": "hs_object_id", "operator": "GT", "value": above},
    ]
    reply = await call(
        Call(
            f"/crm/v3/objects/{found.name}/search",
            "POST",
            json={
                "filterGroups": [{"filters": filters}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": ["hs_object_id"],
                "limit": READ,
            },
        )
    )
    answer = _answer(reply.json())
    named = [record_id(as_object(record).get("id")) for record in answer["results"]]
    ids = [external_id for external_id in named if external_id is not None]
    if len(ids) != len(named) or any(
        later <= earlier for earlier, later in pairwise([int(above), *map(int, ids)])
    ):
        raise SourceBroken(
            "vendor.paging_loop",
            f"HubSpot's search of {found.name} doesn't go on in the order of ids.",
            remedy="Tell whoever looks after the connector.",
        )
    if not ids:
        return Page([], None)
    more = as_object(as_object(answer.get("paging")).get("next")).get("after") is not None
    body = await _read(found, ids[:READ], pull.settings, call)
    more |= len(ids) > READ
    return Page([Inbound(body, stream=found.name)], {"above": ids[:READ][-1]} if more else None, len(ids))


async def _by_id(found: ObjectType, pull: Pull, call: Vendor) -> Page:
    """Read records by their ids. One that isn't there may have been deleted, merged, or never was."""
    ids = [external_id for external_id in dict.fromkeys(pull.ids) if record_id(external_id) is not None]
    bodies = [
        await _read(found, ids[start : start + READ], pull.settings, call)
        for start in range(0, len(ids), READ)
    ]
    return Page([Inbound(body, stream=found.name) for body in bodies], None, len(ids))


async def _read(found: ObjectType, ids: Sequence[str], settings: Mapping[str, Any], call: Vendor) -> bytes:
    """Return the body of a page about `ids`: HubSpot's batch read as it came, and around it what belongs to it."""
    watched = found.watched(settings)
    body = await _batch_read(found, ids, watched, call)
    there: list[str] = []
    accounted: set[str] = set()
    for record in map(as_object, _answer(read_json(body))["results"]):
        external_id = record_id(record.get("id"))
        if external_id is not None:
            there.append(external_id)
            accounted |= {
                external_id,
                *merged_ids(as_object(record.get("properties")), "hs_merged_object_ids"),
            }
    around: dict[str, bytes] = {}
    if missing := [external_id for external_id in ids if external_id not in accounted]:
        around["archived"] = await _batch_read(found, missing, (), call, archived=True)
        gone = {record_id(as_object(r).get("id")) for r in _answer(read_json(around["archived"]))["results"]}
        if unknown := [external_id for external_id in missing if external_id not in gone]:
            around["missing"] = json.dumps(unknown).encode()
    if there and found.name != "companies":
        await _ties(found, there, around, call)
    if there and found.name == "deals":
        around["pipelines"] = (await call(PIPELINES)).body
    return _joined(body, around)


async def _batch_read(
    found: ObjectType, ids: Sequence[str], watched: Sequence[str], call: Vendor, *, archived: bool = False
) -> bytes:
    reply = await call(
        Call(
            f"/crm/v3/objects/{found.name}/batch/read",
            "POST",
            query={"archived": "true"} if archived else {},
            json={
                "inputs": [{"id": external_id} for external_id in ids],
                "properties": [*watched, *found.computed, found.modified],
                "propertiesWithHistory": list(watched),
            },
        )
    )
    _complain(_answer(reply.json()))
    return reply.body


async def _ties(found: ObjectType, ids: Sequence[str], around: dict[str, bytes], call: Vendor) -> None:
    """Add to whom the records belong: their companies; else their contacts, and the companies of those."""
    around["companies"] = await _associations(found.name, "companies", ids, call)
    if found.name == "contacts":
        return
    companies = Associations.of(read_json(around["companies"]))
    alone = [external_id for external_id in ids if not companies.all(external_id)]
    if not alone:
        return
    around["contacts"] = await _associations(found.name, "contacts", alone, call)
    contacts = Associations.of(read_json(around["contacts"]))
    single = dict.fromkeys(
        other for one in alone if len(contacts.all(one)) == 1 for other in contacts.all(one)
    )
    if single:
        around["contact_companies"] = await _associations("contacts", "companies", list(single), call)


async def _associations(origin: str, to: str, ids: Sequence[str], call: Vendor) -> bytes:
    reply = await call(
        Call(
            f"/crm/v4/associations/{origin}/{to}/batch/read",
            "POST",
            json={"inputs": [{"id": external_id} for external_id in ids]},
        )
    )
    _complain(_answer(reply.json()))
    return reply.body


# ---- lists -----------------------------------------------------------------------------------------
async def _listed(path: str, query: Mapping[str, str], pull: Pull, call: Vendor) -> Page:
    """Fetch the next page of a list that has no window."""
    after = pull.position.get("after")
    reply = await call(
        Call(path, query={**query, "limit": LISTED, **({"after": str(after)} if after else {})})
    )
    answer = _answer(reply.json())
    following = as_object(as_object(answer.get("paging")).get("next")).get("after")
    if following is not None and str(following) == after:
        raise paging_loop("HubSpot", pull.stream)
    if not answer["results"]:
        return Page([], None)
    position = None if following is None else {"after": str(following)}
    return Page([Inbound(reply.body, stream=pull.stream)], position, len(answer["results"]))


# ---- answers ---------------------------------------------------------------------------------------
def _answer(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise Rejected("schema.field_missing", "results: an answer of HubSpot holds no list.")
    return answer


def _complain(answer: Mapping[str, Any]) -> None:
    """Let a partial answer pass where it only says what isn't there; anything else is no answer to build on."""
    for error in map(as_object, as_list(answer.get("errors"))):
        if error.get("category") != "OBJECT_NOT_FOUND":
            raise Rejected(
                "hubspot.partial_answer",
                f"HubSpot answered a part only: {str(error.get('category'))[:60]}.",
                remedy="It is asked again; if it stays so, tell whoever looks after the connector.",
            )


def _joined(body: bytes, around: Mapping[str, bytes]) -> bytes:
    """Put one member, `around`, behind those of HubSpot's answer; every answer stays as it came, byte for byte."""
    if not around:
        return body
    members = b",".join(f'"{name}":'.encode() + answer for name, answer in around.items())
    return body.rstrip().removesuffix(b"}") + b',"around":{' + members + b"}}"


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
