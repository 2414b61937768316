"""Answering questions: for the evidence that was seen, once, with effects that are events in the log; and undoing it."""

from __future__ import annotations

from dataclasses import dataclass
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
from ledger.words import say

MAX_SNOOZE = timedelta(days=90)
_RESOLVE = """
UPDATE conflicts SET status = 'resolved', version = version + 1, changed_at = $3, answer = $4, answered_by = $5,
  answered_at = $3, answered_digest = evidence_digest, note = coalesce($6, note), evidence = $7, bulk = $8
WHERE business_id = $1 AND id = $2
"""
_SNOOZE = """
UPDATE conflicts SET status = 'snoozed', version = version + 1, changed_at = $3, due_at = $4,
  note = coalesce($5, note), evidence = $6, bulk = $7
WHERE business_id = $1 AND id = $2
"""
_REOPEN = """
UPDATE conflicts SET status = 'open', version = version + 1, changed_at = $3, due_at = $3, answer = NULL,
  answered_by = NULL, answered_at = NULL, answered_digest = NULL, note = coalesce($4, note), evidence = $5, bulk = NULL
WHERE business_id = $1 AND id = $2
"""
# What an undone question is about is derived and judged again: it may have settled itself while it was answered.
_LOOK_AGAIN = """
INSERT INTO pending (business_id, id, subject, due_at) SELECT $1, gen_random_uuid(), s, $3 FROM unnest($2::uuid[]) s
"""
_ALARM = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
# The names begin with the question's id, and the first event of a resolution is named after it: an index scan.
_RESOLUTIONS = """
SELECT external_id FROM external_events
WHERE business_id = $1 AND source = 'operator' AND source_event_id >= $2 || ':' AND source_event_id < $2 || ';'
  AND event_type = 'reconciliation.resolved'
ORDER BY occurred_at DESC, id DESC LIMIT 1
"""
_STILL_OPEN = "SELECT anchor, outstanding FROM invoices WHERE business_id = $1 AND anchor = ANY($2::uuid[])"


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer that may be given: all checks are done, nothing is written."""

    row: asyncpg.Record
    question: Question
    offer: Offer
    effects: Plan


@handles(ResolveConflict, permission=Permission.ANSWER)
async def resolve(command: ResolveConflict, ctx: Context) -> ConflictView:
    """Answer a question. Stale: somebody answered, or it changed; Rejected: not one of its answers."""
    row = await locked(ctx, command.conflict_id)
    await carry_out(ctx, await prepare(ctx, row, command.answer, command.version), note=command.note)
    return await conflict_view(ctx, command.conflict_id)


async def prepare(ctx: Context, row: asyncpg.Record, answer: str, version: int | None = None) -> Prepared:
    """Check that a locked question may be answered so now."""
    question = read_question(row)
    await check_fresh(ctx, question, version)
    offer = _offer(ctx, question, answer)
    effects = plan(offer, await _subject(ctx, question, row))
    await _check_documents(ctx, effects)
    return Prepared(row, question, offer, effects)


async def carry_out(ctx: Context, prepared: Prepared, *, note: str | None, bulk: UUID | None = None) -> None:
    """Write an answer with its effects; `bulk` names the answer that was given to many."""
    row, question, offer = prepared.row, prepared.question, prepared.offer
    if prepared.effects.ask_again is not None:
        standing = _standing(row) + await _append(ctx, question, prepared.effects, None)
        until = ctx.now + prepared.effects.ask_again
        await _put_off(ctx, question, until, standing=standing, note=note, answer=offer.id, bulk=bulk)
        return
    await _withdraw(ctx, _standing(row))
    await _end_resolution(ctx, row, question, None)
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
            "note": note,
        },
        at=ctx.now,
    )
    standing = await _append(ctx, question, prepared.effects, resolution)
    await ctx.tx.run(
        _RESOLVE,
        ctx.actor.business_id,
        question.id,
        ctx.now,
        offer.id,
        ctx.actor.member_id,
        note,
        _evidence(question, standing),
        bulk,
    )
    ctx.audit(
        "conflict.resolved",
        str(question.id),
        rule=question.rule.name,
        reason=note,
        before={"status": question.status, "version": question.version},
        after={
            "status": "resolved",
            "version": question.version + 1,
            "answer": offer.id,
            "label": offer.label,
        },
        evidence_digest=row["evidence_digest"],
        effects=standing,
        **({"bulk": str(bulk)} if bulk else {}),
    )


@handles(ReopenConflict, permission=Permission.ANSWER)
async def reopen(command: ReopenConflict, ctx: Context) -> ConflictView:
    """Undo an answer: withdraw what it did and ask again."""
    row = await locked(ctx, command.conflict_id)
    await take_back(ctx, row, note=command.note)
    return await conflict_view(ctx, command.conflict_id)


def answered(row: asyncpg.Record) -> bool:
    """Return whether there is something to undo: an answer, a delay, or effects of an answer that new evidence ended."""
    return row["status"] in ("resolved", "snoozed") or bool(_standing(row))


async def take_back(ctx: Context, row: asyncpg.Record, *, note: str | None) -> None:
    """Withdraw what the answer to a locked question did, and ask it again."""
    question = read_question(row)
    if not answered(row):
        raise Stale("conflict.not_answered", "There is no answer to undo here.", remedy="Look at it again.")
    withdrawn = _standing(row)
    await _withdraw(ctx, withdrawn)
    await _end_resolution(ctx, row, question, note)
    await ctx.tx.run(_REOPEN, ctx.actor.business_id, question.id, ctx.now, note, _evidence(question, []))
    await ctx.tx.run(_LOOK_AGAIN, ctx.actor.business_id, list(row["subjects"]), ctx.now)
    ctx.audit(
        "conflict.reopened",
        str(question.id),
        rule=question.rule.name,
        reason=note,
        before={"status": question.status, "version": question.version, "answer": question.answer},
        after={"status": "open", "version": question.version + 1},
        withdrawn=withdrawn,
    )


async def _end_resolution(ctx: Context, row: asyncpg.Record, question: Question, note: str | None) -> None:
    """Say that the answer before, if there was one, holds no more; its name carries the version that it made."""
    if row["answered_digest"] is None:
        return
    names = await ctx.tx.fetch(_RESOLUTIONS, ctx.actor.business_id, str(question.id))
    await append_operator_event(
        ctx.tx,
        ctx.actor,
        "reconciliation.reopened",
        kind="resolution",
        external_id=str(names[0]["external_id"]) if names else f"{question.id}:{question.version}",
        data={"conflict": str(question.id), "note": note},
        at=ctx.now,
    )


@handles(SnoozeConflict, permission=Permission.ANSWER)
async def snooze(command: SnoozeConflict, ctx: Context) -> ConflictView:
    """Ask again at a later moment, at most 90 days ahead."""
    row = await locked(ctx, command.conflict_id)
    question = read_question(row)
    await check_fresh(ctx, question, None)
    if command.until.tzinfo is None or not ctx.now < command.until <= ctx.now + MAX_SNOOZE:
        raise Rejected(
            "conflict.snooze_until",
            "It can be put off to a moment within the next 90 days.",
            remedy="Choose a day.",
        )
    await _put_off(ctx, question, command.until, standing=_standing(row), note=None, answer=None)
    return await conflict_view(ctx, question.id)


async def check_fresh(ctx: Context, question: Question, version: int | None) -> None:
    """Raise Stale, saying who answered what and when, unless the question is asked now and as it was seen."""
    if question.status == "resolved":
        label = answer_label(question.rule, question.evidence, question.answer)
        theirs = answer_label(question.rule, question.evidence, question.answer, language=ctx.actor.language)
        when = await _moment(ctx, question.answered_at)
        who = question.answered_by or "The office"
        raise Stale(
            "conflict.answered",
            f"{who} answered “{label}”{when}.",
            remedy="Undo that answer to give another.",
            values={"who": question.answered_by or say(ctx.actor.language, "The office"), "label": theirs},
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
    firm = await business(ctx)
    return Subject(
        conflict=question.id,
        title=question_view(question, now=ctx.now, timezone=firm.timezone).title,
        evidence=question.evidence,
        subjects=tuple(row["subjects"]),
        amount=question.amount,
        currency=question.currency,
        party=row["party_anchor"],
        today=firm.today,
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
        if event.never_by is not None and event.never_by == str(ctx.actor.member_id):
            raise Denied(
                "payment.own_report", "Who reported money can't confirm it.", remedy="Ask somebody else."
            )
        external_id = event.external_id or f"{question.id}:{question.version + 1}:{number}"
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
        said = {"kind": event.kind, "external_id": external_id, "type": event.event_type}
        standing.append(said | ({"of": event.event_type} if event.external_id else {}))
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
            data={"of": effect["of"]} if "of" in effect else {},
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
    bulk: UUID | None = None,
) -> None:
    evidence = _evidence(question, standing)
    await ctx.tx.run(_SNOOZE, ctx.actor.business_id, question.id, ctx.now, until, note, evidence, bulk)
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
