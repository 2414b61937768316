"""Replays: begun, gone on with, noted batch by batch and ended; what they read anew is added to the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from kit.errors import Stale
from kit.ids import uuid7
from ledger.commands import (
    FinishReplay,
    NewReadings,
    ReplayStarted,
    StartReplay,
    TakeReadings,
    TryReadings,
)
from ledger.domain.derive import derive
from ledger.domain.events import Appended, subject_id
from ledger.domain.readings import Late
from ledger.domain.roles import Permission
from ledger.handlers.drain import terms_of
from ledger.handlers.registry import Context, handles
from ledger.queries import ReplaySources
from ledger.store import identities, readmodel, replays
from ledger.store.append import append_facts, append_news
from ledger.store.readings import add_readings, hold_readings

_WAKE = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, 'replay', $3)"


class _TakenBack(Exception):
    """Ends a trial, so that its savepoint is rolled back."""


@handles(ReplaySources, permission=Permission.REPLAY)
async def sources(question: ReplaySources, ctx: Context) -> list[replays.Basis]:
    """Return the sources whose deliveries would be read, with what their reading depends on."""
    return await replays.bases(ctx.tx, ctx.actor.business_id, question.wanted)


@handles(StartReplay, permission=Permission.REPLAY)
async def start(command: StartReplay, ctx: Context) -> ReplayStarted:
    """Begin a replay, or go on with the same one; another one that was interrupted is stopped where it is.

    That no other process is at it, the caller has seen to.
    """
    tx, business = ctx.tx, ctx.actor.business_id
    said = replays.scope_json(command.scope)
    former = await replays.unfinished(tx, business)
    if former is not None and former.scope == command.scope:
        ctx.audit("replay.resumed", str(former.id), scope=said, counts=dict(former.counts))
        return ReplayStarted(former.id, former.started_at, former.place, former.counts)
    if former is not None:
        await replays.note(
            tx, business, former.id, status="stopped", place=None, counts=former.counts, at=ctx.now
        )
        ctx.audit("replay.stopped", str(former.id), counts=dict(former.counts))
    begun = await replays.begin(tx, business, uuid7(), command.scope, actor=ctx.actor.label, at=ctx.now)
    ctx.audit("replay.started", str(begun.id), scope=said)
    return ReplayStarted(begun.id, begun.started_at, None, {})


@handles(TakeReadings, permission=Permission.REPLAY)
async def take(command: TakeReadings, ctx: Context) -> None:
    """Add what was read anew, and note how far the replay is, in one transaction."""
    if command.new is not None:
        await _take(ctx, command.new)
        ctx.audit(
            "replay.applied",
            str(command.replay),
            source=command.new.source,
            readings=len(command.new.readings),
            deliveries=[late.delivery.digest.hex() for late in command.new.late][:50],
            late=len(command.new.late),
        )
    await _note(ctx, command, status="running")


@handles(FinishReplay, permission=Permission.REPLAY)
async def finish(command: FinishReplay, ctx: Context) -> None:
    """Say that a replay is through."""
    await _note(ctx, command, status="done")
    ctx.audit("replay.done", str(command.replay), counts=dict(command.counts))


@handles(TryReadings, permission=Permission.REPLAY)
async def attempt(command: TryReadings, ctx: Context) -> dict[str, int]:
    """Show which rows would change: take the readings, derive, count, and take everything back."""
    tx, business = ctx.tx, ctx.actor.business_id
    changed: dict[str, int] = {}
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))", str(business))
    try:
        async with tx.savepoint():
            for new in command.new:
                await _take(ctx, new)
            subjects = list(set(_touched(command.new)))
            await identities.refold(tx, business, subjects)
            scope = await identities.reach(tx, business, subjects)
            found = await identities.load(tx, business, scope)
            made = derive(found.values(), await terms_of(tx, business))
            changed = (await readmodel.write(tx, business, made, scope=scope, now=ctx.now)).rows
            raise _TakenBack
    except _TakenBack:
        return changed


def _touched(several: Sequence[NewReadings]) -> Iterator[UUID]:
    for new in several:
        for reading in new.readings:
            yield reading.subject
            yield reading.left
        for late in new.late:
            for event in late.delivery.events:
                yield subject_id(new.source, event.kind, event.external_id)


async def _note(ctx: Context, command: TakeReadings | FinishReplay, *, status: str) -> None:
    kept = await replays.note(
        ctx.tx,
        ctx.actor.business_id,
        command.replay,
        status=status,
        place=command.place if isinstance(command, TakeReadings) else None,
        counts=command.counts,
        at=ctx.now,
    )
    if not kept:
        raise Stale(
            "replay.ended", "This replay was ended by another.", remedy="Look first, then begin again."
        )


async def _take(ctx: Context, new: NewReadings) -> None:
    tx, business = ctx.tx, ctx.actor.business_id
    await hold_readings(tx, business)
    basis = {found.source: found.digest for found in await replays.bases(tx, business, new.source)}
    if basis.get(new.source) != new.basis:
        raise Stale(
            "replay.source_changed",
            f"The settings or words of {new.source} were changed while it was read.",
            remedy="Read it again.",
        )
    try:
        await add_readings(
            tx,
            business,
            new.readings,
            normaliser=new.normaliser_version,
            mapping=new.basis.hex()[:16],
            at=ctx.now,
        )
    except asyncpg.UniqueViolationError:
        raise Stale(
            "replay.read_meanwhile", "Events were read anew by someone else.", remedy="Read again."
        ) from None
    if new.late:
        await _append_late(ctx, new.source, new.late, at=ctx.now)


async def _append_late(ctx: Context, source: str, late: Sequence[Late], *, at: datetime) -> None:
    """Append what deliveries of the past say besides: known from now on, but no news of their source's being alive."""
    tx, business = ctx.tx, ctx.actor.business_id
    deliveries = [item.delivery for item in late]
    results = await append_facts(tx, [replace(delivery, received_at=at) for delivery in deliveries])
    parts = [(item.delivery.digest, place) for item in late for place in item.resolved]
    if await replays.resolve(tx, business, source, parts, at=at):
        await tx.run(_WAKE, business, uuid7(), at)  # what asked about them is judged again
    news = [
        Appended(
            added=result.added,
            known=result.known,
            rewritten=result.rewritten,
            quarantined=result.quarantined - len(item.resolved),
        )
        for item, result in zip(late, results, strict=True)
    ]
    await append_news(tx, deliveries, news)
