"""Reading Stripe's lists: the events of the last thirty days, and behind them the objects themselves.

Lists are newest first, a hundred at a time, and go on behind the last id. What arrives while we read stands before
the first page and shifts nothing. Source: docs.stripe.com/api/pagination, /api/events/list.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from connectors.contract import Call, Inbound, Page, Pull, Vendor
from connectors.stripe.reading import LISTINGS, page_items
from connectors.values import as_object, paging_loop, text
from kit.errors import NotFound

LIMIT = 100
# Stripe takes at most twenty names of events in one call: two rounds ask for all that we read.
MONEY_EVENTS = (
    "charge.succeeded", "charge.captured", "charge.failed", "charge.expired", "charge.refunded", "charge.refund.updated",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "payment_intent.succeeded",
    "payment_intent.amount_capturable_updated", "payment_intent.payment_failed", "payment_intent.canceled",
    "refund.created", "refund.updated", "refund.failed", "payout.paid", "payout.failed", "payout.canceled",
    "payout.updated",
)  # fmt: skip
PAPER_EVENTS = (
    "invoice.created", "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_failed",
    "invoice.voided", "invoice.marked_uncollectible", "invoice.deleted", "invoice_payment.paid", "credit_note.created",
    "credit_note.updated", "credit_note.voided", "customer.created", "customer.updated", "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
)  # fmt: skip
_EVENTS = (MONEY_EVENTS, PAPER_EVENTS)


async def fetch(pull: Pull, call: Vendor) -> Page:
    """Fetch one page of a stream, or the objects named by `ids`."""
    listing = LISTINGS.get(pull.stream)
    if listing is None and pull.stream != "events":
        raise NotFound("stream.unknown", f"Stripe has no stream {pull.stream[:40]!r}.")
    query: dict[str, Any] = {}
    if listing is not None and pull.ids:
        if listing.expand:
            query["expand[]"] = list(listing.expand)
        found = [
            Inbound(
                (await call(Call(f"{listing.path}/{quote(own, safe='')}", query=query))).body,
                stream=pull.stream,
            )
            for own in pull.ids
        ]
        return Page(found, None, len(found))
    part, after = int(pull.position.get("part", 0)), pull.position.get("after")
    parts = 1
    if listing is None:
        parts = len(_EVENTS)
        query["types[]"] = list(_EVENTS[part])
    elif listing.expand:
        query["expand[]"] = [f"data.{name}" for name in listing.expand]
    query |= {
        "created[gte]": int(pull.since.timestamp()),
        "created[lte]": int(pull.until.timestamp()),
        "limit": LIMIT,
    }
    if after is not None:
        query["starting_after"] = str(after)
    reply = await call(Call("/v1/events" if listing is None else listing.path, query=query))
    page = reply.json()
    items = page_items(page)
    position: dict[str, Any] | None = None
    if page.get("has_more") is True:
        position = {"part": part, "after": _last(pull, items, after)}
    elif part + 1 < parts:
        position = {"part": part + 1}
    return Page([Inbound(reply.body, stream=pull.stream)], position, len(items))


def _last(pull: Pull, items: list[Any], after: Any) -> str:
    """The id behind which the next page begins; SourceBroken if that gets us nowhere."""
    found = text(as_object(items[-1]), "id") if items else None
    if found is None or found == after:
        raise paging_loop("Stripe", pull.stream)
    return found
