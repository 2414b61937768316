"""Answering questions: for the evidence that was seen, once, with effects that are events in the log; and undoing it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from kit.errors import Denied, Rejected, Stale
from ledger.commands import ReopenConflict, ResolveConflict, SnoozeConflict
from ledger.domain.roles import Permission
from ledger.domain.vocabulary import STATUSES
from ledger.handlers.corrections import correct_crm, take_correction_back
from ledger.handlers.mappings import put_mapping, take_mapping_back
from ledger.handlers.quarantine import bring_back, put_aside
from ledger.handlers.questions import conflict_view, locked, read_question
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.reconcile.effects import Plan, Subject, plan
from ledger.reconcile.offers import Offer, offers
from ledger.reconcile.questions import Question, answer_label, question_view
from ledger.reconcile.runner import alarm_id
from ledger.store.operator import append_operator_event
from ledger.views import ConflictView

MAX_SNOOZE = timedelta(days=90)
_RESOLVE = """
UPDATE conflicts SET status = 'resolved', version = version + 1, changed_at = $3, answer = $4, answered_by = $5,
  answered_at = $3, answered_digest = evidence_digest, note = $6, evidence = $7
WHERE business_id = $1 AND id = $2
"""
_SNOOZE = """
UPDATE conflicts SET status = 'snoozed', version = version + 1, changed_at = $3, due_at = $4,
  note = coalesce($5, note), evidence = $6
WHERE business_id = $1 AND id = $2
"""
_REOPEN = """
UPDATE conflicts SET status = 'open', version = version + 1, changed_at = $3, due_at = $3, answer = NULL,
  answered_by = NULL, answered_at = NULL, answered_digest = NULL, note = $4, evidence = $5
WHERE business_id = $1 AND id = $2
"""
_ALARM = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_STILL_OPEN = "SELECT anchor, outstanding FROM invoices WHERE business_id = $1 AND anchor = ANY($2::uuid[])"


@handles(ResolveConflict, permission=Permission.ANSWER)
async def resolve(command: ResolveConflict, ctx: Context) -> ConflictView:
    """Answer a question. Stale: somebody answered, or it changed; Rejected: not one of its answers."""
    row = await locked(ctx, command.conflict_id)
    question = read_question(row)
    await _check_fresh(ctx, question, command.version)
    offer = _offer(ctx, question, command.answer)
    subject = await _subject(ctx, question, row)
    effects = plan(offer, subject)
    await _check_documents(ctx, effects)
    if effects.ask_again is not None:
        standing = _standing(row) + await _append(ctx, question, effects, None)
        until = ctx.now + effects.ask_again
        await _put_off(ctx, question, until, standing=standing, note=command.note, answer=offer.id)
        return await conflict_view(ctx, question.id)
    await _withdraw(ctx, _standing(row))
    resolution = await append_operator_event(
        ctx.tx,
        ctx.actor,
        "reconciliation.resolved",
        kind="resolution",
        external_id=f"{question.id}:{question.version + 1}",
        data={
            "conflict": str(question.id),
            "rule": question.rule.name,
            "answer": offer.id,
            "evidence_digest": row["evidence_digest"],
            "note": command.note,
        },
        at=ctx.now,
    )
    standing = await _append(ctx, question, effects, resolution)
    await ctx.tx.run(
        _RESOLVE,
        ctx.actor.business_id,
        question.id,
        ctx.now,
        offer.id,
        ctx.actor.member_id,
        command.note,
        _evidence(question, standing),
    )
    ctx.audit(
        "conflict.resolved",
        str(question.id),
        rule=question.rule.name,
        reason=command.note,
        before={"status": question.status, "version": question.version},
        after={
            "status": "resolved",
            "version": question.version + 1,
            "answer": offer.id,
            "label": offer.label,
        },
        evidence_digest=row["evidence_digest"],
        effects=standing,
    )
    return await conflict_view(ctx, question.id)


@handles(ReopenConflict, permission=Permission.ANSWER)
async def reopen(command: ReopenConflict, ctx: Context) -> ConflictView:
    """Undo an answer: withdraw what it did and ask again."""
    row = await locked(ctx, command.conflict_id)
    question = read_question(row)
    if question.status not in ("resolved", "snoozed"):
        raise Stale("conflict.not_answered", "There is no answer to undo here.", remedy="Look at it again.")
    withdrawn = _standing(row)
    await _withdraw(ctx, withdrawn)
    if question.status == "resolved":
        await append_operator_event(
            ctx.tx,
            ctx.actor,
            "reconciliation.reopened",
            kind="resolution",
            external_id=f"{question.id}:{question.version}",
            data={"conflict": str(question.id), "note": command.note},
            at=ctx.now,
        )
    await ctx.tx.run(
        _REOPEN, ctx.actor.business_id, question.id, ctx.now, command.note, _evidence(question, [])
    )
    ctx.audit(
        "conflict.reopened",
        str(question.id),
        rule=question.rule.name,
        reason=command.note,
        before={"status": question.status, "version": question.version, "answer": question.answer},
        after={"status": "open", "version": question.version + 1},
        withdrawn=withdrawn,
    )
    return await conflict_view(ctx, question.id)


@handles(SnoozeConflict, permission=Permission.ANSWER)
async def snooze(command: SnoozeConflict, ctx: Context) -> ConflictView:
    """Ask again at a later moment, at most 90 days ahead."""
    row = await locked(ctx, command.conflict_id)
    question = read_question(row)
    await _check_fresh(ctx, question, None)
    if command.until.tzinfo is None or not ctx.now < command.until <= ctx.now + MAX_SNOOZE:
        raise Rejected(
            "conflict.snooze_until",
            "It can be put off to a moment within the next 90 days.",
            remedy="Choose a day.",
        )
    await _put_off(ctx, question, command.until, standing=_standing(row), note=None, answer=None)
    return await conflict_view(ctx, question.id)


async def _check_fresh(ctx: Context, question: Question, version: int | None) -> None:
    """Raise Stale, saying who answered what and when, unless the question is asked now and as it was seen."""
    if question.status == "resolved":
        label = answer_label(question.rule, question.evidence, question.answer)
        when = await _moment(ctx, question.answered_at)
        who = question.answered_by or "The office"
        raise Stale(
            "conflict.answered",
            f"{who} answered “{label}”{when}.",
            remedy="Undo that answer to give another.",
        )
    if question.status == "cleared":
        raise Stale("conflict.cleared", "This has settled itself since.", remedy="Nothing is left to answer.")
    if question.status == "waiting":
        raise Stale(
            "conflict.not_asked", "This may still settle itself.", remedy="It will be asked in a while."
        )
    if version is not None and version != question.version:
        raise Stale(
            "conflict.changed", "This entry has changed since.", remedy="Look at it again, then answer."
        )


async def _moment(ctx: Context, at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo((await business(ctx)).timezone))
    return f" on {local:%a} {local.day} {local:%b, %H:%M}"


def _offer(ctx: Context, question: Question, answer: str) -> Offer:
    offered = offers(question.rule, question.evidence, STATUSES)
    found = next((offer for offer in offered if offer.id == answer), None)
    if found is None:
        raise Rejected(
            "answer.unknown",
            f"{answer[:60]!r} is not an answer to this.",
            remedy=f"Answer one of {', '.join(offer.id for offer in offered)}.",
        )
    if not ctx.actor.may(found.answer.permission):
        raise Denied(
            "permission.denied",
            f"“{found.label}” needs the permission {found.answer.permission.value}.",
            remedy="Ask the owner.",
        )
    return found


async def _subject(ctx: Context, question: Question, row: asyncpg.Record) -> Subject:
    timezone = (await business(ctx)).timezone
    return Subject(
        conflict=question.id,
        title=question_view(question, now=ctx.now, timezone=timezone).title,
        evidence=question.evidence,
        subjects=tuple(row["subjects"]),
        amount=question.amount,
        currency=question.currency,
        party=row["party_anchor"],
    )


async def _check_documents(ctx: Context, effects: Plan) -> None:
    """Raise Stale unless every bill that the button named still lacks what would be set against it."""
    if not effects.documents:
        return
    rows = await ctx.tx.fetch(_STILL_OPEN, ctx.actor.business_id, list(effects.documents))
    left = {row["anchor"]: row["outstanding"] for row in rows}
    if any(left.get(document, 0) < amount for document, amount in effects.documents.items()):
        raise Stale(
            "conflict.changed", "A bill in this answer has been paid since.", remedy="Look at it again."
        )


async def _append(
    ctx: Context, question: Question, effects: Plan, because: UUID | None
) -> list[dict[str, Any]]:
    """Append the effects of an answer; return what stands now, so that it can be withdrawn."""
    standing: list[dict[str, Any]] = []
    for number, event in enumerate(effects.events):
        external_id = f"{question.id}:{question.version + 1}:{number}"
        await append_operator_event(
            ctx.tx,
            ctx.actor,
            event.event_type,
            kind=event.kind,
            external_id=external_id,
            data=event.data,
            at=ctx.now,
            because=because,
        )
        standing.append({"kind": event.kind, "external_id": external_id, "type": event.event_type})
    if effects.mapping is not None:
        before, _ = await put_mapping(ctx, effects.mapping)
        standing.append({"kind": "mapping", "mapping": dict(effects.mapping), "before": before})
    if effects.correction is not None:
        deals, status = effects.correction
        made = [await correct_crm(ctx, deal, status) for deal in deals]
        standing += [correction for correction in made if correction is not None]
    if effects.aside is not None:
        standing.append(await put_aside(ctx, effects.aside))
    return standing


async def _withdraw(ctx: Context, standing: list[dict[str, Any]]) -> None:
    for effect in standing:
        if effect["kind"] == "mapping":
            await take_mapping_back(ctx, effect["mapping"], before=effect["before"])
            continue
        if effect["kind"] == "correction":
            await take_correction_back(ctx, effect)
            continue
        if effect["kind"] == "quarantine":
            await bring_back(ctx, effect)
            continue
        await append_operator_event(
            ctx.tx,
            ctx.actor,
            "decision.withdrawn",
            kind=effect["kind"],
            external_id=effect["external_id"],
            data={},
            at=ctx.now,
        )


async def _put_off(
    ctx: Context,
    question: Question,
    until: datetime,
    *,
    standing: list[dict[str, Any]],
    note: str | None,
    answer: str | None,
) -> None:
    evidence = _evidence(question, standing)
    await ctx.tx.run(_SNOOZE, ctx.actor.business_id, question.id, ctx.now, until, note, evidence)
    await ctx.tx.run(
        _ALARM, ctx.actor.business_id, alarm_id(question.rule.name, until), question.rule.name, until
    )
    ctx.audit(
        "conflict.snoozed",
        str(question.id),
        rule=question.rule.name,
        reason=note,
        before={"status": question.status, "version": question.version},
        after={
            "status": "snoozed",
            "version": question.version + 1,
            "until": until.isoformat(),
            "answer": answer,
        },
    )


def _standing(row: asyncpg.Record) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = row["evidence"].get("standing") or []
    return found


def _evidence(question: Question, standing: list[dict[str, Any]]) -> str:
    """Write the evidence back with the effects that stand."""
    evidence = {name: value for name, value in question.evidence.items() if name != "standing"}
    if standing:
        evidence["standing"] = standing
    return orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode()
