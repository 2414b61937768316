"""Alerts: which kinds there are, who gets which, and what is news at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ledger.domain.roles import MATRIX, Permission, Role

KINDS = ("money", "returned", "promise", "limit", "source", "question")
"""Money in; returned or failed, a cheque too; a promise not kept; over the credit limit; a source that is quiet or
can't be read; any other question that can't wait."""
_NEEDS = {"source": Permission.SEE_SOURCES, "question": Permission.SEE_PAYABLES}
RULES: Mapping[str, str] = {
    "cheque_returned": "returned",
    "promise_broken": "promise",
    "credit_limit_exceeded": "limit",
    "source_stale": "source",
    "source_failing": "source",
}
"""Whose questions are alerts of which kind; of all other rules those of severity block are, as questions."""
SETTLES = timedelta(minutes=2)
"""So long after its last news money is told of: capture, bank line and books have become one by then."""
NEWS_DAYS = 3
"""Money of days before that is history, whenever it arrives."""
NEWS_FOR = timedelta(days=1)
"""What arrived, or was asked, longer ago is told by the digest, and no more by an alert."""
EVENING_OFFER = "offer:evening"
"""By what it is noted that the close of the day was offered."""


def offered(role: Role) -> tuple[str, ...]:
    """Return the kinds that a role may be told of."""
    return tuple(kind for kind in KINDS if kind not in _NEEDS or _NEEDS[kind] in MATRIX[role])


def wanted(role: Role, chosen: Mapping[str, bool]) -> frozenset[str]:
    """Return the kinds that a member is told of: all that his role may hear, none by itself for who only looks."""
    by_itself = role is not Role.VIEW
    return frozenset(kind for kind in offered(role) if chosen.get(kind, by_itself))
