"""Asking Zoho CRM: pages of what changed, records by their ids, what was deleted, and the channel's renewal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Call, Held, Inbound, Page, Pull, Reply, Vendor
from connectors.values import as_list, as_object, record_id, text
from connectors.zoho_crm.fields import Record, iso
from connectors.zoho_crm.records import CHANNEL, DELETED, MODULES, Module
from kit.errors import MunshiError, NotFound, Rejected, SourceBroken

PER_PAGE = 200
BY_PAGE = 10
"""Pages that can be asked for by number: Zoho's first 2,000 records; beyond them it wants its token."""
CHANNEL_LIVES = timedelta(days=6)
"""A channel may live a week at most; it is renewed each day."""
RESTARTS = 3
EVENTS = ("Accounts.create", "Accounts.edit", "Deals.all")
_NOTHING = (204, 304)
_TOLD = (304, 400, 401, 403)


async def fetch_page(pull: Pull, call: Vendor) -> Page:
    """Fetch one page of a stream, or the records named by `ids`."""
    if pull.stream == CHANNEL:
        return await _renew(pull, call)
    if pull.stream == DELETED:
        return await _deleted(pull, call)
    module = MODULES.get(pull.stream)
    if module is None:
        raise NotFound("stream.unknown", f"Zoho CRM has no stream {pull.stream[:40]!r}.")
    if pull.ids:
        return await _by_id(module, pull, call)
    return await _changed(module, pull, call)


# ---- records ---------------------------------------------------------------------------------------
async def _changed(module: Module, pull: Pull, call: Vendor) -> Page:
    query: dict[str, str | int] = {
        "fields": module.asked(pull.settings),
        "per_page": PER_PAGE,
        "sort_by": "id",
    }
    query["sort_order"] = "asc"
    token = pull.position.get("token")
    if token:
        query["page_token"] = str(token)
    else:
        query["page"] = int(pull.position.get("page", 1))
    reply = await call(
        Call(f"/{module.name}", query=query, headers={"if-modified-since": iso(pull.since)}, accept=_TOLD)
    )
    if (
        token and reply.status == 400
    ):  # the token has expired: from the start again, what is known costs nothing
        again = int(pull.position.get("again", 0)) + 1
        if again <= RESTARTS:
            return Page([], {"page": 1, "again": again})
    return _page(reply, pull)


async def _by_id(module: Module, pull: Pull, call: Vendor) -> Page:
    """Fetch records by id. One that isn't there is told by nobody here: the list of what was deleted tells it."""
    ids = [external_id for external_id in pull.ids if record_id(external_id)]
    if not ids:
        raise Rejected("vendor.no_such_id", "None of them is an id of Zoho's.")
    query = {"ids": ",".join(ids), "fields": module.asked(pull.settings)}
    reply = await call(Call(f"/{module.name}", query=query, accept=_TOLD))
    return _single(reply, pull.stream)


async def _deleted(pull: Pull, call: Vendor) -> Page:
    """Fetch what was deleted; a notification of one makes us look at the last day."""
    since = pull.until - timedelta(days=1) if pull.ids else pull.since
    query: dict[str, str | int] = {
        "type": "all",
        "per_page": PER_PAGE,
        "page": int(pull.position.get("page", 1)),
    }
    reply = await call(
        Call("/Deals/deleted", query=query, headers={"if-modified-since": iso(since)}, accept=_TOLD)
    )
    return _single(reply, pull.stream) if pull.ids else _page(reply, pull)


def _single(reply: Reply, stream: str) -> Page:
    if reply.status in _NOTHING:
        return Page([], None)
    body = answered(reply)
    return Page([Inbound(reply.body, stream=stream)], None, len(as_list(body.get("data"))))


def _page(reply: Reply, pull: Pull) -> Page:
    """Return a page and where to go on; the same page once more is a loop of the vendor's."""
    if reply.status in _NOTHING:
        return Page([], None)
    body = answered(reply)
    rows, info = as_list(body.get("data")), as_object(body.get("info"))
    inbounds = [Inbound(reply.body, stream=pull.stream)] if rows or "data" not in body else []
    if info.get("more_records") is not True:
        return Page(inbounds, None, len(rows))
    mark = _mark(rows)
    number, token = int(pull.position.get("number", 1)) + 1, text(info, "next_page_token")
    if not rows or mark == pull.position.get("mark") or (number > BY_PAGE and token is None):
        raise SourceBroken(
            "vendor.paging_loop",
            f"Zoho CRM gives no way on in its list of {pull.stream}.",
            remedy="Tell whoever looks after the connector.",
        )
    position: dict[str, Any] = {"number": number, "mark": mark, "again": int(pull.position.get("again", 0))}
    position |= {"token": token} if token and number > BY_PAGE else {"page": number}
    return Page(inbounds, position, len(rows))


def _mark(rows: Sequence[Any]) -> str:
    ends = [as_object(row).get("id") for row in (*rows[:1], *rows[-1:])]
    return "-".join(str(end)[:40] for end in ends)


# ---- the channel -----------------------------------------------------------------------------------
async def _renew(pull: Pull, call: Vendor) -> Page:
    """Ask for notifications for the next days; to ask again for a channel that is there prolongs it."""
    until: datetime = pull.until + CHANNEL_LIVES
    channel = record_id(pull.settings.get("channel_id"))
    if channel is None:
        raise SourceBroken(
            "zoho_crm.channel_id", "channel_id must be a number.", remedy="Choose one, such as 1000000068001."
        )
    watch = {
        "channel_id": int(channel),
        "events": list(EVENTS),
        "channel_expiry": iso(until),
        "token": Held("notify_token"),
        "notify_url": str(pull.settings.get("notify_url") or ""),
        "notify_on_related_action": False,
        "return_affected_field_values": False,
    }
    reply = await call(Call("/actions/watch", "POST", json={"watch": [watch]}, accept=_TOLD))
    body = answered(reply)
    refused = [
        code
        for item in map(as_object, as_list(body.get("watch")))
        if (code := text(item, "code")) is not None and code != "SUCCESS"
    ]
    if refused:
        raise SourceBroken(
            "zoho_crm.channel_refused",
            f"Zoho CRM doesn't send notifications ({refused[0][:60]}).",
            remedy="Check notify_url and channel_id; the pull goes on without them.",
        )
    return Page([Inbound(reply.body, stream=CHANNEL)], None, 1)


# ---- answers ---------------------------------------------------------------------------------------
def answered(reply: Reply) -> dict[str, Any]:
    """Return the answer as an object; raise what its error means."""
    body = reply.json()
    if not isinstance(body, dict):
        raise Rejected("vendor.odd_answer", "Zoho CRM answered something that is no object.")
    if reply.status < 300:
        return body
    raise refusal(body, reply.status)


def refusal(body: Record, status: int) -> MunshiError:
    """Zoho's error by its remedy. Its own words are left out: they may repeat what we sent."""
    code = (text(body, "code") or "")[:60]
    if code in ("OAUTH_SCOPE_MISMATCH", "NO_PERMISSION") or status == 403:
        return SourceBroken(
            "vendor.forbidden",
            "Zoho CRM doesn't let us do this.",
            remedy="Connect it again with all the scopes that the README names, as a user who may see all deals.",
        )
    if status == 401:
        return SourceBroken(
            "vendor.unauthorised",
            "Zoho CRM doesn't know us any more.",
            remedy="Connect it again and give the new refresh token.",
        )
    known = code if code.replace("_", "").isalnum() and code.isupper() else "no code"
    return Rejected("vendor.refused", f"Zoho CRM refused the call (status {status}, {known}).")
