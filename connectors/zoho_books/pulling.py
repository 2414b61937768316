"""Asking Zoho Books: pages of what changed, records by their ids, and its own errors told by their remedy."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from connectors.contract import Call, Inbound, Page, Pull, Reply, Vendor
from connectors.values import paging_loop
from connectors.zoho_books.fields import Record
from connectors.zoho_books.pages import GONE, listed, marks
from connectors.zoho_books.records import RESOURCES, Resource
from kit.errors import MunshiError, NotFound, Rejected, Retryable, SourceBroken

PER_PAGE = 200
_SECONDS = {44: 60.0, 1070: 15.0, 45: 3_600.0}
"""How long each of Zoho's limits wants us to wait: a minute's calls, calls at one time, a day's calls."""


async def fetch_page(pull: Pull, call: Vendor) -> Page:
    """Fetch one page of a list, or the records named by `ids`."""
    resource = RESOURCES.get(pull.stream)
    if resource is None:
        raise NotFound("stream.unknown", f"Zoho Books has no stream {pull.stream[:40]!r}.")
    if pull.ids:
        found = [await _one(resource, external_id, pull, call) for external_id in pull.ids]
        return Page([Inbound(body, stream=pull.stream) for body in found], None, len(found))
    return await _page(resource, pull, call)


async def _page(resource: Resource, pull: Pull, call: Vendor) -> Page:
    page = int(pull.position.get("page", 1))
    query: dict[str, str | int] = {
        "organization_id": _organisation(pull),
        "page": page,
        "per_page": PER_PAGE,
        "last_modified_time": pull.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        **resource.query,
    }
    reply = await call(Call(f"/{resource.stream}", query=query, accept=(400, 401, 404)))
    body = _answer(reply)
    rows = listed(body, resource)
    if rows is None:  # kept and told as a changed payload
        return Page([Inbound(reply.body, stream=pull.stream)], None)
    if not _has_more(body):
        return Page([Inbound(reply.body, stream=pull.stream)] if rows else [], None, len(rows))
    mark = marks(rows, resource.key) if rows else ""
    if not rows or mark == pull.position.get("mark"):
        raise paging_loop("Zoho Books", pull.stream)
    return Page([Inbound(reply.body, stream=pull.stream)], {"page": page + 1, "mark": mark}, len(rows))


async def _one(resource: Resource, external_id: str, pull: Pull, call: Vendor) -> bytes:
    """Return a record with its details, or Zoho's word that it is gone, with the id that we asked for."""
    if not (external_id.isascii() and external_id.isdigit()):
        raise Rejected("vendor.no_such_id", f"{external_id[:40]!r} is no id of Zoho's.")
    reply = await call(
        Call(
            f"/{resource.stream}/{external_id}",
            query={"organization_id": _organisation(pull)},
            accept=(400, 401, 404),
        )
    )
    body = _json(reply)
    if body.get("code") == GONE:
        return b'{"asked":"' + external_id.encode() + b'","answer":' + reply.body + b"}"
    _answer(reply)
    return reply.body


def _organisation(pull: Pull) -> str:
    found = pull.settings.get("organization_id")
    if not found:
        raise SourceBroken(
            "vendor.setting_missing",
            "The organisation's number is missing.",
            remedy="Set organization_id: Zoho Books → Settings → Organization Profile.",
        )
    return str(found)


def _has_more(body: Record) -> bool:
    """Whether `page_context` promises another page; it comes as an object, and in Zoho's description as a list."""
    context = body.get("page_context")
    if isinstance(context, list):
        context = context[0] if context else None
    return isinstance(context, dict) and context.get("has_more_page") is True


def _json(reply: Reply) -> dict[str, Any]:
    body = reply.json()
    if not isinstance(body, dict):
        raise Rejected("vendor.odd_answer", "Zoho Books answered something that is no record.")
    return body


def _answer(reply: Reply) -> dict[str, Any]:
    """Return the answer; raise what its `code` means. A code of 0 is a success, whatever the status says otherwise."""
    body = _json(reply)
    code = body.get("code", 0)
    if code == 0 and reply.status < 300:
        return body
    raise _refusal(code if type(code) is int else 0, reply.status)


def _refusal(code: int, status: int) -> MunshiError:
    """Zoho's error by its remedy. Its own words are left out: they may repeat what we sent."""
    if code in _SECONDS:
        return Retryable(
            "vendor.busy", f"Zoho Books has had enough calls (code {code}).", after=_SECONDS[code]
        )
    if code == 1000:
        return Retryable("vendor.failing", "Zoho Books has an error of its own (code 1000).")
    if code == 57:
        return SourceBroken(
            "vendor.forbidden",
            "Zoho Books doesn't let us read this (code 57).",
            remedy="Connect it again with all the scopes that the README names.",
        )
    if code == 14 or status == 401:
        return SourceBroken(
            "vendor.unauthorised",
            f"Zoho Books doesn't know us any more (code {code}).",
            remedy="Connect it again and give the new refresh token.",
        )
    return Rejected("vendor.refused", f"Zoho Books refused the call (status {status}, code {code}).")
