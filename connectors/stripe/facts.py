"""What one object of Stripe states: whose state, which fields, and Stripe's word for how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `since` is the time of its own that the object states for it, None: it only says how things stand.

    `merely_seen`: what it says of the money is second-hand (an invoice about its payment): the money's own word goes
    before it, whatever the time.
    """

    kind: str
    external_id: str
    data: dict[str, Any]
    word: str | None = None
    qualifier: str = ""
    event_type: str | None = None
    since: datetime | None = None
    merely_seen: bool = False
