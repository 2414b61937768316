"""Which handler answers which command or question, and the permission that it declares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kit.database import Tx
from ledger.domain.roles import Actor, Permission
from ledger.store.audit import Entry


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
        """Leave an audit entry (written with the transaction, chained by the door)."""
        self.entries.append(Entry(self.actor.label, action, subject, entry))


@dataclass(frozen=True, slots=True)
class Handler:
    """A use case: the message that it answers, the permission that it needs, the function."""

    message: type
    permission: Permission
    run: Callable[[Any, Context], Awaitable[Any]]


_HANDLERS: dict[type, Handler] = {}
Run = Callable[[Any, Context], Awaitable[Any]]


def handles(message: type, *, permission: Permission) -> Callable[[Run], Run]:
    """Register a function as the one handler of `message`."""

    def register(run: Run) -> Run:
        if message in _HANDLERS:
            raise RuntimeError(f"{message.__name__} has two handlers")
        _HANDLERS[message] = Handler(message, permission, run)
        return run

    return register


def handler_for(message: type) -> Handler:
    """Return the handler of a message type."""
    return _HANDLERS[message]


def all_handlers() -> tuple[Handler, ...]:
    """Return every registered handler."""
    return tuple(_HANDLERS.values())
