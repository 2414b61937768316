"""What a mapped status makes of a fact: which event it becomes, with which of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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
    becomes = _becomes(kind, status, stated)
    if becomes is None:
        return None
    event_type, elsewhere, carried = becomes
    kept = dict(data)
    for name in elsewhere & kept.keys():
        del kept[name]
    if carried:
        kept["status"] = status
    return event_type, kept


@lru_cache(maxsize=1_024)
def _becomes(kind: str, status: str, stated: str | None) -> tuple[str, frozenset[str], bool] | None:
    """Return the event type, the fields that only other events of the kind have, and whether it carries the status."""
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
    own = {*spec.optional, *spec.required}
    return (
        event_type,
        frozenset(FIELDS_OF_KIND.get(kind, {})) - own,
        status != "none" and "status" in own,
    )
