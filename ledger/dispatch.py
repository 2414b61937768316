"""The door for people: permission, row scope, transaction and audit in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.clock import Clock, system_clock
from kit.database import Tx, transaction
from kit.errors import Denied
from ledger.domain.roles import Actor
from ledger.handlers.registry import Context, Handler, handler_for
from ledger.store.audit import Entry, append_audit


class Reader:
    """Questions of one request, on one read-only snapshot."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def tx(self) -> Tx:
        """The snapshot's connection (its statement count is what a test counts)."""
        return self._context.tx

    async def query(self, question: Any) -> Any:
        """Answer a question with its view."""
        handler = handler_for(type(question))
        _check(handler, self._context.actor, question)
        return await handler.run(question, self._context)


class Door:
    """`execute` for commands, `query` for questions; the only way in for chat, GraphQL, command line and workers."""

    def __init__(self, engine: AsyncEngine, *, clock: Clock = system_clock) -> None:
        self.engine = engine
        self.clock = clock

    async def execute(self, command: Any, actor: Actor) -> Any:
        """Run a command in one transaction with its audit entries; a denial is audited too."""
        handler = handler_for(type(command))
        try:
            _check(handler, actor, command)
        except Denied as denial:
            async with transaction(self.engine, [actor.business_id]) as tx:
                entry = Entry(actor.label, "denied", type(command).__name__, {"code": denial.code})
                await append_audit(tx, actor.business_id, [entry], at=self.clock())
            raise
        async with transaction(self.engine, [actor.business_id]) as tx:
            context = Context(tx=tx, actor=actor, now=self.clock())
            result = await handler.run(command, context)
            if context.entries:
                await append_audit(tx, actor.business_id, context.entries, at=context.now)
        return result

    async def query(self, question: Any, actor: Actor) -> Any:
        """Answer one question with its view."""
        async with self.reading(actor) as reader:
            return await reader.query(question)

    @asynccontextmanager
    async def reading(self, actor: Actor) -> AsyncIterator[Reader]:
        """Open one READ ONLY, REPEATABLE READ connection for all questions of a request."""
        async with transaction(self.engine, [actor.business_id], snapshot=True) as tx:
            yield Reader(Context(tx=tx, actor=actor, now=self.clock()))


def _check(handler: Handler, actor: Actor, message: Any) -> None:
    if not actor.may(handler.permission):
        raise Denied(
            "permission.denied",
            f"{type(message).__name__} needs the permission {handler.permission.value}.",
            remedy="Ask the owner.",
        )
