"""The door for people: permission, row scope, transaction and audit in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.clock import Clock, system_clock
from kit.database import Tx, transaction
from kit.errors import Denied
from ledger.domain.roles import Actor, Role
from ledger.handlers.registry import Context, Handler, handler_for
from ledger.reconcile.load import shipped_rules
from ledger.store.audit import Entry, append_audit


class Reader:
    """Questions of one request, on one read-only snapshot."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.denials: dict[str, Denied] = {}
        """What was refused on this snapshot, by the question's name; the door audits it afterwards."""

    @property
    def tx(self) -> Tx:
        """The snapshot's connection (its statement count is what a test counts)."""
        return self._context.tx

    async def query(self, question: Any) -> Any:
        """Answer a question with its view."""
        handler = handler_for(type(question))
        try:
            _check(handler, self._context.actor, question)
            return await handler.run(question, self._context)
        except Denied as denial:
            self.denials.setdefault(type(question).__name__, denial)
            raise


class Door:
    """`execute` for commands, `query` for questions; the only way in for chat, GraphQL, command line and workers."""

    def __init__(self, engine: AsyncEngine, *, clock: Clock = system_clock) -> None:
        self.engine = engine
        self.clock = clock
        shipped_rules()  # a broken rule stops the program at its start, not an owner's question

    async def execute(self, command: Any, actor: Actor) -> Any:
        """Run a command in one transaction with its audit entries; a denial is audited too."""
        handler = handler_for(type(command))
        try:
            _check(handler, actor, command)
            async with transaction(self.engine, [actor.business_id]) as tx:
                context = Context(tx=tx, actor=actor, now=self.clock())
                result = await handler.run(command, context)
                if context.entries:
                    await append_audit(tx, actor.business_id, context.entries, at=context.now)
        except Denied as denial:
            await self._audit_denials(actor, {type(command).__name__: denial})
            raise
        return result

    async def query(self, question: Any, actor: Actor) -> Any:
        """Answer one question with its view."""
        async with self.reading(actor) as reader:
            return await reader.query(question)

    @asynccontextmanager
    async def reading(self, actor: Actor) -> AsyncIterator[Reader]:
        """Open one READ ONLY, REPEATABLE READ connection for all questions of a request."""
        reader: Reader | None = None
        try:
            async with transaction(self.engine, [actor.business_id], snapshot=True) as tx:
                reader = Reader(Context(tx=tx, actor=actor, now=self.clock()))
                yield reader
        finally:  # the snapshot is read-only, so what was refused on it is written after it
            if reader is not None:
                await self._audit_denials(actor, reader.denials)

    async def _audit_denials(self, actor: Actor, denials: Mapping[str, Denied]) -> None:
        # A member's only: a stranger's token is refused to our own actor, and must not be able to flood the trail.
        if not denials or actor.role is Role.SYSTEM:
            return
        entries = [Entry(actor.label, "denied", name, {"code": d.code}) for name, d in denials.items()]
        async with transaction(self.engine, [actor.business_id]) as tx:
            await append_audit(tx, actor.business_id, entries, at=self.clock())


def _check(handler: Handler, actor: Actor, message: Any) -> None:
    if not actor.may(handler.permission):
        raise Denied(
            "permission.denied",
            f"{type(message).__name__} needs the permission {handler.permission.value}.",
            remedy="Ask the owner.",
        )
