"""Outgoing webhooks as rules: what a message is called, what it holds, and when a failed one is tried again. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.ids import derived
from ledger.domain.told import QUESTIONS, TEST, Told, event_of

VERSION = 1
"""Of the payload. A member more is no new version; one that goes, or means something else, is."""
ACTIONS = (*QUESTIONS, "invoice.changed", "receipt.changed")
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Pauses before the second try and each further one: three days in all, as Standard Webhooks recommends."""
WISH_PAUSES = PAUSES[:4]
"""A message that was asked for besides its turn is tried five times; a test once."""
LONGEST_PAUSE = timedelta(days=1)
_STATES = ("status", "amount", "outstanding", "due_on", "arrived", "refunded", "allocated")


def message_id(webhook: UUID, sequence: int | None, wish: UUID | None = None) -> str:
    """Return `webhook-id`: the same at every try and at every replay of one message, another for each endpoint."""
    what = f"sequence {sequence}" if sequence is not None else f"wish {wish}"
    return f"msg_{derived('webhook message', str(webhook), what).hex}"


def pause_after(failures: int, *, asked: float | None = None) -> timedelta | None:
    """Return how long to wait after so many failures of one message; None: it has been tried often enough."""
    if failures > len(PAUSES):
        return None
    pause = PAUSES[failures - 1]
    return max(pause, min(timedelta(seconds=asked), LONGEST_PAUSE)) if asked else pause


def payload(told: Told, *, business: UUID, public_url: str) -> dict[str, Any]:
    """Return what a message says: which thing by its id, its state, where to look. No names, no words of people."""
    event = event_of(told)
    assert event is not None, told.action
    after, before = told.entry.get("after") or {}, told.entry.get("before") or {}
    kind = told.kind or "conflict"
    data: dict[str, Any] = {"id": node_id(kind, told.subject)}
    if told.question is not None:
        data |= {
            "rule": told.entry.get("rule"),
            "status": after.get("status"),
            "version": after.get("version"),
        }
        if event == "question.answered":
            data["answer"] = after.get("answer")
    else:
        data |= {name: told.entry[name] for name in ("number", "currency") if name in told.entry}
        data |= {name: after[name] for name in _STATES if after.get(name) is not None}
        data["before"] = {"status": before.get("status")} if before else None
        if formerly := told.entry.get("formerly"):
            data["formerly"] = [node_id(kind, UUID(one)) for one in formerly]
    data["party"] = node_id("party", told.party) if told.party is not None else None
    data["url"] = f"{public_url}/c/{told.party}" if told.party is not None else None
    return _envelope(event, told.at, business, told.sequence, data)


def test_payload(*, business: UUID, at: datetime) -> dict[str, Any]:
    """Return what a test event says."""
    return _envelope(TEST, at, business, None, {})


def _envelope(
    event: str, at: datetime, business: UUID, sequence: int | None, data: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": event,
        "version": VERSION,
        "timestamp": at.isoformat(),
        "business": str(business),
        "sequence": sequence,
        "data": dict(data),
    }


def node_id(kind: str, key: UUID) -> str:
    """Return the id by which GraphQL's `node(id)` finds a row."""
    return base64.b64encode(f"{kind.capitalize()}:{key}".encode()).decode()
