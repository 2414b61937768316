"""Reading Razorpay's lists: newest first, by time of creation, a hundred at a time; recon day by day.

Pages are asked for by how many to skip, so what arrives or goes while we read shifts them: the window's end is fixed,
neighbouring pages overlap, and the same object twice does no harm. There is no cursor and no total; a page that is
not full is the last one. Source: razorpay.com/docs/api/understand, fetch-all pages, settlements/fetch-recon.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.contract import Call, Inbound, Page, Pull, Vendor
from connectors.razorpay.fields import text
from connectors.razorpay.pages import LISTINGS, Listing, page_items
from connectors.razorpay.recon import WHOLE_DAY
from connectors.values import as_object, paging_loop, unix_moment
from kit.clock import IST
from kit.errors import NotFound, SourceBroken

COUNT = 100
SHARED = 10
"""Objects that a page has in common with the one before it: so many may go away meanwhile without loss."""
RECON_COUNT = 1000
_RECON_PATH = "/settlements/recon/combined"


async def fetch(pull: Pull, call: Vendor) -> Page:
    """Fetch one page of a stream, or the objects named by `ids`."""
    if pull.stream == "recon":
        return await _recon(pull, call)
    listing = LISTINGS.get(pull.stream)
    if listing is None:
        raise NotFound("stream.unknown", f"Razorpay has no stream {pull.stream[:40]!r}.")
    if pull.ids:
        return await _objects(pull, listing, call)
    return await _list(pull, listing, call)


async def _objects(pull: Pull, listing: Listing, call: Vendor) -> Page:
    found = [
        Inbound((await call(Call(f"{listing.path}/{quote(own, safe='')}"))).body, stream=pull.stream)
        for own in pull.ids
    ]
    return Page(found, None, len(found))


async def _list(pull: Pull, listing: Listing, call: Vendor) -> Page:
    skip = int(pull.position.get("skip", 0))
    query: dict[str, str | int] = {
        **listing.query,
        **_account(pull),
        "from": int(pull.since.timestamp()),
        "to": int(pull.until.timestamp()),
        "count": COUNT,
        "skip": skip,
    }
    reply = await call(Call(listing.path, query=query))
    items = page_items(reply.body, listing.held_in)
    page = Inbound(reply.body, stream=pull.stream)
    if len(items) < COUNT or _all_older(items, pull.since):
        return Page([page], None, len(items))
    first, last = (text(as_object(items[place]), "id") for place in (0, -1))
    _check_moved(pull, [first, last])
    return Page([page], {"skip": skip + len(items) - SHARED, "ends": [first, last]}, len(items))


async def _recon(pull: Pull, call: Vendor) -> Page:
    """Razorpay's days are India's; a page of a day that is not full and the first one holds all of it."""
    on = date.fromisoformat(pull.position.get("day") or _day(pull.since).isoformat())
    skip = int(pull.position.get("skip", 0))
    reply = await call(
        Call(
            _RECON_PATH,
            query={
                "year": on.year,
                "month": f"{on.month:02}",
                "day": f"{on.day:02}",
                "count": RECON_COUNT,
                "skip": skip,
            },
        )
    )
    items = page_items(reply.body, "items")
    full = len(items) >= RECON_COUNT
    headers: Mapping[str, str] = {} if full or skip else {WHOLE_DAY: "whole"}
    page = Inbound(reply.body, headers, stream="recon")
    position: dict[str, Any] | None = None
    if full:
        ends = [text(as_object(items[place]), "entity_id") for place in (0, -1)]
        _check_moved(pull, ends)
        position = {"day": on.isoformat(), "skip": skip + len(items) - SHARED, "ends": ends}
    elif on < _day(pull.until):
        position = {"day": (on + timedelta(days=1)).isoformat(), "skip": 0}
    return Page([page], position, len(items))


def _account(pull: Pull) -> dict[str, str]:
    """RazorpayX lists want the account that they are of."""
    if pull.stream not in ("payouts", "transactions"):
        return {}
    number = pull.settings.get("account_number")
    if not number:
        raise SourceBroken(
            "settings.account_number",
            "The number of the RazorpayX account is not set.",
            remedy="Set account_number of the source.",
        )
    return {"account_number": str(number)}


def _check_moved(pull: Pull, ends: list[str | None]) -> None:
    if pull.position.get("ends") == ends:
        raise paging_loop("Razorpay", pull.stream)


def _all_older(items: list[Any], since: datetime) -> bool:
    """Whether a page lies wholly before the window: this list doesn't heed `from`, and all further ones are older."""
    times = [unix_moment(as_object(item).get("created_at")) for item in items]
    return all(at is not None and at < since.astimezone(UTC) for at in times)


def _day(at: datetime) -> date:
    return at.astimezone(IST).date()
