"""Errors named by their remedy, with a stable code and a message that is safe to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MunshiError(Exception):
    """An expected failure: `code` is stable, the message may be shown, `remedy` says what to do."""

    kind = "error"

    @property
    def details(self) -> Mapping[str, Any]:
        """What a program may want to know besides; safe to show."""
        return {}

    def __init__(
        self,
        code: str,
        message: str,
        *,
        remedy: str = "",
        values: Mapping[str, object] | None = None,
        field: str = "",
        given: object = None,
    ) -> None:
        """`values` are what another language needs to say the same: names and amounts, as they are written.

        `field` names what of the command it is about (`lines[2].amount`), `given` is what was given there.
        """
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.values = dict(values or {})
        self.field = field
        self.given = given

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class Rejected(MunshiError):
    """The input is wrong: the sender must change it; trying again is no use."""

    kind = "rejected"


class Denied(MunshiError):
    """The caller may not do this: another person or credential must."""

    kind = "denied"


class NotFound(MunshiError):
    """There is no such thing, or none that the caller may see."""

    kind = "not_found"


class Stale(MunshiError):
    """The world moved on since the caller looked: look again, then decide again."""

    kind = "stale"


class Retryable(MunshiError):
    """A passing fault: the same call may succeed later, where it is known after `after` seconds."""

    kind = "retryable"

    def __init__(self, code: str, message: str, *, remedy: str = "", after: float | None = None) -> None:
        super().__init__(code, message, remedy=remedy)
        self.after = after


class SourceBroken(MunshiError):
    """A source needs its owner: a credential, a setting or a new payload version."""

    kind = "source_broken"
