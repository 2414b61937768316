"""One answer for questions that are alike: each answered by itself, in one transaction, undone singly or together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.catalogues import ENGLISH
from kit.errors import NotFound, Rejected, Stale
from kit.ids import uuid7
from ledger.commands.workflow import ResolveAlike, UndoBulk
from ledger.domain.roles import Permission
from ledger.domain.vocabulary import STATUSES
from ledger.handlers.conflicts import Prepared, answered, carry_out, check_fresh, prepare, take_back
from ledger.handlers.deciding import hold, member_name, moment
from ledger.handlers.questions import locked_alike, locked_bulk, read_question, rows_alike
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.workflow import Alike
from ledger.reconcile.offers import Offer, offers
from ledger.reconcile.questions import Question, answer_label, question_view
from ledger.reconcile.worded import worded
from ledger.store.audit import readable, words_of
from ledger.views import AnswerOption
from ledger.views.workflow import AlikeView, BulkView

MAX_ALIKE = 500


@handles(Alike, permission=Permission.ANSWER)
async def alike(question: Alike, ctx: Context) -> AlikeView:
    """Answer with the open questions like one, and the answers that every one of them takes."""
    rows = await rows_alike(ctx, question.conflict_id, limit=MAX_ALIKE)
    this = next((read_question(row) for row in rows if row["id"] == question.conflict_id), None)
    if this is None:
        raise NotFound("conflict.not_found", "There is no such entry to check.")
    still = [read_question(row) for row in rows if row["status"] == "open"]
    common = None
    for one in still:
        ids = {offer.id for offer in _offered(ctx, one)}
        common = ids if common is None else common & ids
    timezone = (await business(ctx)).timezone
    return AlikeView(
        conflict_id=question.conflict_id,
        title=question_view(this, now=ctx.now, timezone=timezone, language=ctx.actor.language).title,
        count=len(still),
        answers=tuple(
            AnswerOption(offer.id, offer.label)
            for offer in _offered(ctx, this, ctx.actor.language)
            if common is not None and offer.id in common and offer.answer.each != "candidate"
        ),
    )


def _offered(ctx: Context, question: Question, language: str = ENGLISH) -> tuple[Offer, ...]:
    """Return the answers of a question that the actor may give."""
    found = offers(worded(question.rule, language), question.evidence, STATUSES, language=language)
    return tuple(offer for offer in found if ctx.actor.may(offer.answer.permission))


@handles(ResolveAlike, permission=Permission.ANSWER)
async def resolve_alike(command: ResolveAlike, ctx: Context) -> BulkView:
    """Answer a question and all open ones like it. What changed meanwhile, or doesn't take the answer, is left out."""
    rows = await locked_alike(ctx, command.conflict_id, limit=MAX_ALIKE)
    row = next((row for row in rows if row["id"] == command.conflict_id), None)
    if row is None:
        raise NotFound("conflict.not_found", "There is no such entry to check.")
    question = read_question(row)
    bulk, prepared, skipped = uuid7(), [], 0
    if (question.status, question.answer) != ("resolved", command.answer):
        await check_fresh(ctx, question, command.version)
        prepared.append(await prepare(ctx, row, command.answer, command.version))
    for other in rows:
        if other["id"] == command.conflict_id or other["status"] != "open":
            continue
        try:
            prepared.append(await prepare(ctx, other, command.answer))
        except (Rejected, Stale):
            skipped += 1
    if not prepared:
        raise Stale(
            "conflict.none_alike", "There is none left like this.", remedy="Nothing is left to answer."
        )
    given, left_out = _apart(prepared)
    for one in given:
        await carry_out(ctx, one, note=command.note, bulk=bulk)
    skipped += left_out
    label = answer_label(question.rule, question.evidence, command.answer) or command.answer
    shown = answer_label(question.rule, question.evidence, command.answer, language=ctx.actor.language)
    ctx.audit(
        "conflict.bulk_resolved",
        str(bulk),
        rule=question.rule.name,
        reason=command.note,
        answer=command.answer,
        label=label,
        answered=len(given),
        skipped=skipped,
    )
    conflicts = tuple(one.question.id for one in given)
    return BulkView(bulk, command.answer, shown or label, len(given), skipped, conflicts)


def _apart(prepared: Sequence[Prepared]) -> tuple[list[Prepared], int]:
    """Leave out what would set two pieces of money against one bill: each was checked as if it were alone."""
    given: list[Prepared] = []
    taken: set[UUID] = set()
    for one in prepared:
        if taken.isdisjoint(one.effects.documents):
            taken.update(one.effects.documents)
            given.append(one)
    return given, len(prepared) - len(given)


@handles(UndoBulk, permission=Permission.ANSWER)
async def undo_bulk(command: UndoBulk, ctx: Context) -> BulkView:
    """Take back all answers of one ResolveAlike that still stand."""
    await hold(ctx, command.bulk_id)
    rows = [row for row in await locked_bulk(ctx, command.bulk_id) if answered(row)]
    made = await _made(ctx, command.bulk_id)
    if not rows:
        raise await _nothing_left(ctx, command.bulk_id)
    for row in rows:
        await take_back(ctx, row, note=command.note)
    ctx.audit(
        "conflict.bulk_undone",
        str(command.bulk_id),
        reason=command.note,
        withdrawn=len(rows),
        rule=made["rule"],
    )
    gone = tuple(row["id"] for row in rows)
    skipped = made["answered"] - len(gone)
    return BulkView(command.bulk_id, made["answer"], made["label"], len(gone), skipped, gone)


_ENTRY = """
SELECT actor, at, entry FROM audit WHERE business_id = $1 AND subject = $2 AND action = $3
ORDER BY sequence DESC LIMIT 1
"""


async def _made(ctx: Context, bulk: UUID) -> dict[str, Any]:
    row = await _entry(ctx, bulk, "conflict.bulk_resolved")
    if row is None:
        raise NotFound("bulk.not_found", "There is no such answer to many.")
    words = await words_of(ctx.tx, ctx.actor.business_id, [row["entry"]])
    found: dict[str, Any] = readable(row["entry"], words)
    return {**found, "label": found["label"] or found["answer"]}


async def _nothing_left(ctx: Context, bulk: UUID) -> Exception:
    row = await _entry(ctx, bulk, "conflict.bulk_undone")
    if row is None:
        return Stale("bulk.undone", "All of these were taken back one by one.", remedy="Nothing is left.")
    who, when = await member_name(ctx, row["actor"]), await moment(ctx, row["at"])
    return Stale(
        "bulk.undone",
        f"{who} took these back on {when}.",
        remedy="Nothing is left to take back.",
        values={"by": who, "at": row["at"]},
    )


async def _entry(ctx: Context, bulk: UUID, action: str) -> asyncpg.Record | None:
    return await ctx.tx.row(_ENTRY, ctx.actor.business_id, str(bulk), action)
