"""What the local Bot API refuses, in the words and numbers of the real one."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A call that fails as the real Bot API would fail it: a status, a description, maybe a wait in seconds."""

    def __init__(self, status: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def as_json(self) -> dict[str, Any]:
        """Return the error envelope of the Bot API."""
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(reason: str) -> Refused:
    """Return a 400 with the prefix that clients look for."""
    return Refused(400, f"Bad Request: {reason}")
