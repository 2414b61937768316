"""Answers of a vendor that are no data: a page about maintenance, a body cut short. They pass, and cost no record."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import MunshiError, Retryable
from ledger.domain.events import Delivery

GARBLED = frozenset(["json.malformed", "json.not_utf8"])
AGAIN = "It is asked again by itself."
TRIES = 3
"""A page that can't be read is asked for so many times; then it is set aside with its bytes, and the stream goes on."""


def passing(error: Exception, label: str) -> Exception:
    """Return a fault that passes for an answer that is no data; any other error as it is."""
    return garbled(label) if isinstance(error, MunshiError) and error.code in GARBLED else error


def garbled(label: str) -> Retryable:
    """Say that a vendor's answer was no data."""
    return Retryable("vendor.garbled", f"{label} gave an answer that can't be read.", remedy=AGAIN)


def is_garbled(deliveries: Sequence[Delivery]) -> bool:
    """Say whether one of the bodies of a page is no data at all."""
    return any(not part.place and part.code in GARBLED for one in deliveries for part in one.quarantined)
