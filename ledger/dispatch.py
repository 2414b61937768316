"""The door for people: permission, row scope, transaction and audit in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.clock import Clock, system_clock
from kit.database import Tx, transaction
from kit.errors import Denied
from ledger.domain.roles import GIVES_RIGHTS, Actor, Role
from ledger.domain.system_actors import may_say
from ledger.handlers.registry import Context, Handler, handler_for
from ledger.reconcile.load import shipped_rules
from ledger.store.audit import THROUGH, Entry, append_audit
from ledger.store.once import Once, do_once


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
            if not _keeps_plans(question, self._context.actor):
                await self._context.tx.plan_anew()
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

    async def execute(self, command: Any, actor: Actor, *, once: Once | None = None) -> Any:
        """Run a command in one transaction with its audit entries; a denial is audited too.

        `once` names it by the caller's own key: told again under it, it answers the same and does nothing.
        """
        handler = handler_for(type(command))
        try:
            _check(handler, actor, command)
            _check_token(actor, command)
            async with transaction(self.engine, [actor.business_id]) as tx:
                context = Context(tx=tx, actor=actor, now=self.clock())
                result = await _run(handler, command, context, once)
                if context.entries:
                    entries = [_through(actor, entry) for entry in context.entries]
                    await append_audit(tx, actor.business_id, entries, at=context.now)
        except Denied as denial:
            await self._audit_denials(actor, {type(command).__name__: denial})
            raise
        return result

    async def query(self, question: Any, actor: Actor) -> Any:
        """Answer one question with its view."""
        async with self.reading(actor, first=question) as reader:
            return await reader.query(question)

    @asynccontextmanager
    async def reading(self, actor: Actor, *, first: Any = None) -> AsyncIterator[Reader]:
        """Open one READ ONLY, REPEATABLE READ connection for all questions of a request; `first` is the first of them."""
        reader: Reader | None = None
        try:
            keep = first is not None and _keeps_plans(first, actor)
            async with transaction(self.engine, [actor.business_id], snapshot=True, keep_plans=keep) as tx:
                reader = Reader(Context(tx=tx, actor=actor, now=self.clock()))
                yield reader
        finally:  # the snapshot is read-only, so what was refused on it is written after it
            if reader is not None:
                await self._audit_denials(actor, reader.denials)

    async def _audit_denials(self, actor: Actor, denials: Mapping[str, Denied]) -> None:
        # A member's only: a stranger's token is refused to our own actor, and must not be able to flood the trail.
        if not denials or actor.role is Role.SYSTEM:
            return
        entries = [
            _through(actor, Entry(actor.label, "denied", name, {"code": denial.code}))
            for name, denial in denials.items()
        ]
        async with transaction(self.engine, [actor.business_id]) as tx:
            await append_audit(tx, actor.business_id, entries, at=self.clock())


def _through(actor: Actor, entry: Entry) -> Entry:
    """Say in an entry through which token it came; nothing where it came through none, as from the chat."""
    if actor.token_id is None:
        return entry
    return replace(entry, entry={**entry.entry, THROUGH: str(actor.token_id)})


async def _run(handler: Handler, command: Any, ctx: Context, once: Once | None) -> Any:
    if once is None:
        return await handler.run(command, ctx)
    return await do_once(
        ctx.tx,
        ctx.actor.business_id,
        ctx.actor.scope_label,
        once,
        command,
        handler.run,
        lambda: handler.run(command, ctx),
        now=ctx.now,
        shown_once=handler.shown_once,
    )


def _keeps_plans(question: Any, actor: Actor) -> bool:
    handler = handler_for(type(question))
    if handler.keeps_plans is None:
        return False
    try:
        _check(handler, actor, question)
    except Denied:  # said again, and audited, where it is asked
        return False
    return handler.keeps_plans(question, actor)


def _check(handler: Handler, actor: Actor, message: Any) -> None:
    if not actor.may(handler.permission):
        raise Denied(
            "permission.denied",
            f"{type(message).__name__} needs the permission {handler.permission.value}.",
            remedy="Ask the owner.",
        )
    if actor.role is Role.SYSTEM and not may_say(actor.name, type(message).__name__):
        raise Denied("permission.system", f"{type(message).__name__} is no business of {actor.name}.")


def _check_token(actor: Actor, command: Any) -> None:
    name = type(command).__name__
    if actor.only is not None and name in GIVES_RIGHTS:
        raise Denied(
            "permission.limited",
            f"This token is limited; {name} gives rights that it may not have.",
            remedy="Ask the owner to do it himself.",
        )
    if actor.read_only:
        raise Denied(
            "permission.read_only",
            f"This token only reads; {name} writes.",
            remedy="Ask the owner for a token that may write.",
        )
