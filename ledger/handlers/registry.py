"""Which handler answers which command or question, and the permission that it declares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from kit.database import Tx
from ledger.domain.roles import Actor, Permission
from ledger.store.audit import Entry, beside


@dataclass(slots=True)
class Context:
    """What a handler gets: the transaction, who asks, what time it is, and where to leave audit entries."""

    tx: Tx
    actor: Actor
    now: datetime
    entries: list[Entry] = field(default_factory=list)
    memo: dict[str, Any] = field(default_factory=dict)
    """What questions of the same snapshot need not ask twice (the business's day, say)."""

    def audit(self, action: str, subject: str | None = None, **entry: Any) -> None:
        """Leave an audit entry (written with the transaction, chained by the door); what people said stays beside it."""
        self.entries.append(Entry(self.actor.label, action, subject, beside(entry)))


KeepsPlans: TypeAlias = Callable[[Any, Actor], bool]


@dataclass(frozen=True, slots=True)
class Handler:
    """A use case: the message that it answers, the permission that it needs, the function."""

    message: type
    permission: Permission
    run: Callable[[Any, Context], Awaitable[Any]]
    shown_once: bool = False
    """Whether its result holds a secret that nobody is to be shown a second time."""
    keeps_plans: KeepsPlans | None = None
    """Which of its questions are answered by statements whose plan is right for any values, and so is kept."""


_HANDLERS: dict[type, Handler] = {}
Run = Callable[[Any, Context], Awaitable[Any]]
_COUNTERS: dict[type, Run] = {}


def handles(
    message: type,
    *,
    permission: Permission,
    shown_once: bool = False,
    keeps_plans: KeepsPlans | None = None,
) -> Callable[[Run], Run]:
    """Register a function as the one handler of `message`."""

    def register(run: Run) -> Run:
        if message in _HANDLERS:
            raise RuntimeError(f"{message.__name__} has two handlers")
        _HANDLERS[message] = Handler(message, permission, run, shown_once, keeps_plans)
        return run

    return register


def counts(message: type) -> Callable[[Run], Run]:
    """Register a function as what counts all the rows that a paged question would list."""

    def register(run: Run) -> Run:
        _COUNTERS[message] = run
        return run

    return register


def counter_for(message: type) -> Run:
    """Return what counts the rows of a paged question."""
    return _COUNTERS[message]


def handler_for(message: type) -> Handler:
    """Return the handler of a message type."""
    return _HANDLERS[message]


def all_handlers() -> tuple[Handler, ...]:
    """Return every registered handler."""
    return tuple(_HANDLERS.values())
