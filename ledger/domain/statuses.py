"""What a mapped status makes of a fact: which event it becomes, with which of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.errors import Rejected
from ledger.domain.vocabulary import EVENTS, FIELDS_OF_KIND, STATUSES, event_for_status


def read_status(
    kind: str, status: str, data: Mapping[str, Any], *, stated: str | None = None
) -> tuple[str, dict[str, Any]] | None:
    """Return the event type of a fact whose status is `status`, and its data; None if it makes no event.

    `stated` is the event type that the source named itself: it stands, with the status among its fields, unless
    the status asks for another event of that kind (Rejected: they contradict each other). Fields that another event
    of the kind has and this one hasn't are left out; the raw body keeps them.
    """
    if status not in STATUSES:
        raise Rejected("status.unknown", f"{status[:60]!r} is not one of our statuses.")
    implied = event_for_status(kind, status)
    event_type = implied
    if stated is not None and not stated.endswith(".status_reported"):
        if implied not in (None, stated) and not str(implied).endswith(".status_reported"):
            raise Rejected("status.contradicts_type", f"{stated} can't have the status {status}.")
        event_type = stated
    if event_type is None or event_type not in EVENTS:
        return None
    spec = EVENTS[event_type]
    elsewhere = FIELDS_OF_KIND.get(kind, {})
    kept = {
        name: value
        for name, value in data.items()
        if name in spec.optional or name in spec.required or name not in elsewhere
    }
    if status != "none" and ("status" in spec.optional or "status" in spec.required):
        kept["status"] = status
    return event_type, kept
