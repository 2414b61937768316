"""What is sent: one webhook with its source, the id that every retry repeats, when it happened, the exact bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workers.simulator.entities import token


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook to send."""

    source: str
    id: str
    at: datetime
    body: bytes
    content_type: str = "application/json"


def standard(source: str, event_type: str, at: datetime, data: dict[str, Any]) -> Message:
    """Make a message of the standard connector; its id follows from what it says."""
    body = orjson.dumps({"type": event_type, "timestamp": at.isoformat(), "data": data})
    return Message(source, f"msg_{token(source, body.decode(), size=24)}", at, body)
