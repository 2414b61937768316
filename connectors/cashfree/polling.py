"""Reading Cashfree's API: lists behind a cursor in steps of a week, orders and settlements by their ids.

There is no list of payments or orders. What happened to them stands in the ledger (`POST /recon`), asked for by time; an
order's own payments, refunds and disputes are asked for by its id. Source: the OpenAPI document 2025-01-01 and the
settlement and recon pages of cashfree.com/docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.cashfree.fields import id_text, text
from connectors.cashfree.pages import listed
from connectors.contract import Call, Inbound, Page, Pull, Vendor
from connectors.values import as_object, paging_loop
from kit.errors import NotFound
from kit.json import read_json

LIMIT = 500
STEP = timedelta(days=7)
"""The longest window of one request: Cashfree names no limit, and a short one is refused by none."""
MAX_PAGES = 1_000
_ROWS_PAGES = 20
_LISTS = {"orders": "/recon", "settlements": "/settlements", "recon": "/settlement/recon"}


async def fetch(pull: Pull, call: Vendor) -> Page:
    """Fetch one page of a stream, or the objects named by `ids`."""
    path = _LISTS.get(pull.stream)
    if path is None:
        raise NotFound("stream.unknown", f"Cashfree has no stream {pull.stream[:40]!r}.")
    if not pull.ids:
        return await _list(pull, path, call)
    if pull.stream == "settlements":
        reply = await call(_asked(path, {"cf_settlement_ids": list(pull.ids)}, None, limit=1_000))
        listed(read_json(reply.body))
        return Page([Inbound(reply.body, stream=pull.stream)], None, len(pull.ids))
    one = _order if pull.stream == "orders" else _rows
    pages = [page for own in pull.ids for page in await one(own, call)]
    return Page(pages, None, len(pull.ids))


async def _list(pull: Pull, path: str, call: Vendor) -> Page:
    since = datetime.fromisoformat(pull.position.get("since") or pull.since.isoformat())
    until = min(since + STEP, pull.until)
    filters = {"start_date": _stamp(since), "end_date": _stamp(until)}
    reply = await call(_asked(path, filters, pull.position.get("cursor")))
    answer = read_json(reply.body)
    items = listed(answer)
    position: dict[str, Any] | None = None
    if items and (cursor := text(as_object(answer), "cursor")):
        position = {"since": since.isoformat(), "cursor": cursor, "ends": _ends(items)}
        _check_moved(pull, position)
        position["pages"] = int(pull.position.get("pages", 0)) + 1
    elif until < pull.until:
        position = {"since": until.isoformat()}
    return Page([Inbound(reply.body, stream=pull.stream)], position, len(items))


async def _order(own: str, call: Vendor) -> list[Inbound]:
    """Fetch an order with all that belongs to it: four answers, each as it came, in one body."""
    path = f"/orders/{quote(own, safe='')}"
    answers = {"order": (await call(Call(path))).body}
    for name in ("payments", "refunds", "disputes"):
        reply = await call(Call(f"{path}/{name}", accept=(404,)))
        answers[name] = reply.body if reply.status != 404 else b"[]"
    return [_together(answers, "orders")]


async def _rows(own: str, call: Vendor) -> list[Inbound]:
    """Fetch a settlement and all its rows: in one body if they came in one page, for only then can they be added up."""
    filters = {"cf_settlement_ids": [own]}
    transfer = (await call(_asked("/settlements", filters, None))).body
    pages: list[bytes] = []
    cursor: str | None = None
    for _ in range(_ROWS_PAGES):
        reply = await call(_asked("/settlement/recon", filters, cursor, limit=1_000))
        answer = read_json(reply.body)
        asked, cursor = cursor, text(as_object(answer), "cursor")
        if listed(answer) or not pages:
            pages.append(reply.body)
        if not listed(answer) or cursor is None:
            break
        if cursor == asked:
            raise paging_loop("Cashfree", "recon")
    if len(pages) == 1:
        return [_together({"settlement": transfer, "recon": pages[0]}, "recon")]
    return [Inbound(page, stream="recon") for page in pages]


def _together(answers: Mapping[str, bytes], stream: str) -> Inbound:
    parts = [b'"' + name.encode() + b'":' + body for name, body in answers.items()]
    return Inbound(b"{" + b",".join(parts) + b"}", stream=stream)


def _asked(path: str, filters: Mapping[str, Any], cursor: str | None, *, limit: int = LIMIT) -> Call:
    return Call(
        path, method="POST", json={"pagination": {"limit": limit, "cursor": cursor}, "filters": dict(filters)}
    )


def _ends(items: list[Any]) -> list[str | None]:
    return [
        "/".join(
            id_text(row, name) or "" for name in ("event_type", "event_id", "cf_settlement_id", "event_time")
        )
        for row in (
            {**as_object(items[place]), **as_object(as_object(items[place]).get("event_details"))}
            for place in (0, -1)
        )
    ]


def _check_moved(pull: Pull, position: Mapping[str, Any]) -> None:
    before = pull.position
    same = before.get("cursor") == position["cursor"] or before.get("ends") == position["ends"]
    if same or int(before.get("pages", 0)) >= MAX_PAGES:
        raise paging_loop("Cashfree", pull.stream)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
