"""Questions that are given to a member, and notes on them."""

from __future__ import annotations

from html import escape
from uuid import UUID

from kit.errors import NotFound, Rejected, Stale
from ledger.commands import QueueMessage
from ledger.commands.workflow import AssignConflict, NoteConflict
from ledger.domain.roles import MATRIX, Permission, Role
from ledger.handlers.conflicts import check_fresh
from ledger.handlers.deciding import noted
from ledger.handlers.outbox import queue_message
from ledger.handlers.questions import conflict_view, locked, read_question
from ledger.handlers.registry import Context, handles
from ledger.queries.workflow import Colleagues
from ledger.store.membership import in_force
from ledger.views import ConflictView
from ledger.views.workflow import Colleague
from ledger.words import say

_ASSIGN = """
UPDATE conflicts SET assigned_to = $3, assigned_by = $4 WHERE business_id = $1 AND id = $2
"""
_NOTE = "UPDATE conflicts SET note = $3 WHERE business_id = $1 AND id = $2"


@handles(AssignConflict, permission=Permission.ANSWER)
async def assign(command: AssignConflict, ctx: Context) -> ConflictView:
    """Give a question to who may answer it, and tell him; Stale if it was given to another meanwhile."""
    row = await locked(ctx, command.conflict_id)
    question = read_question(row)
    await check_fresh(ctx, question, command.version)
    if row["assigned_to"] != command.instead_of and row["assigned_to"] != command.member_id:
        giver = await ctx.tx.value(
            "SELECT name FROM members WHERE business_id = $1 AND id = $2",
            ctx.actor.business_id,
            row["assigned_by"],
        )
        to = question.assigned_name
        raise Stale(
            "conflict.assigned",
            f"{giver or 'Somebody'} gave this to {to}." if to else f"{giver or 'Somebody'} took it back.",
            remedy="Look at it again.",
        )
    if row["assigned_to"] == command.member_id:
        return await conflict_view(ctx, question.id)
    await ctx.tx.run(_ASSIGN, ctx.actor.business_id, question.id, command.member_id, ctx.actor.member_id)
    view = await conflict_view(ctx, question.id)
    if command.member_id is not None:
        await _tell(ctx, command.member_id, view)
    ctx.audit(
        "conflict.assigned",
        str(question.id),
        rule=question.rule.name,
        before={"assigned_to": str(row["assigned_to"]) if row["assigned_to"] else None},
        after={"assigned_to": str(command.member_id) if command.member_id else None},
    )
    return view


@handles(Colleagues, permission=Permission.ANSWER)
async def colleagues(_: Colleagues, ctx: Context) -> tuple[Colleague, ...]:
    """Answer with the members who may answer questions, by name."""
    rows = await ctx.tx.fetch(
        f"""
        SELECT m.id, m.name FROM members m
        WHERE m.business_id = $1 AND {in_force(now="$3")} AND m.role = ANY($2) ORDER BY m.name, m.id
        """,
        ctx.actor.business_id,
        [role.value for role in MATRIX if role is not Role.SYSTEM and Permission.ANSWER in MATRIX[role]],
        ctx.now,
    )
    return tuple(Colleague(row["id"], row["name"]) for row in rows)


async def _tell(ctx: Context, member_id: UUID, view: ConflictView) -> None:
    """Put word of it into the member's chat; who gives a question to himself needs none."""
    member = await ctx.tx.row(
        f"""
        SELECT m.name, m.role, m.language, m.chat_id FROM members m
        WHERE m.business_id = $1 AND m.id = $2 AND {in_force(now="$3")}
        """,
        ctx.actor.business_id,
        member_id,
        ctx.now,
    )
    if member is None:
        raise NotFound("member.unknown", "There is no such member.")
    if Permission.ANSWER not in MATRIX[Role(member["role"])]:
        raise Rejected(
            "member.may_not_answer",
            f"{member['name']} may not answer questions.",
            remedy="Give it to the owner or to finance.",
        )
    if member["chat_id"] is None or member_id == ctx.actor.member_id:
        return
    action = {"do": "question", "conflict": str(view.id), "version": view.version, "n": 1, "of": 1, "done": 0}
    language = member["language"]
    theirs = await conflict_view(ctx, view.id, language=language)
    asked = say(language, "{who} asks you to look at this:", who=ctx.actor.name)
    card = {
        "text": f"{escape(asked)}\n<b>{escape(theirs.title)}</b>",
        "buttons": [[{"label": say(language, "Look at it"), "action": action}]],
        "language": language,
    }
    await queue_message(QueueMessage(member["chat_id"], member_id, "alert", card), ctx)


@handles(NoteConflict, permission=Permission.ANSWER)
async def note_conflict(command: NoteConflict, ctx: Context) -> ConflictView:
    """Write a note on a question; the one before stays in the trail."""
    row = await locked(ctx, command.conflict_id)
    text = noted(command.note)
    if text is None:
        raise Rejected("note.empty", "A note says something.", remedy="Write it.")
    await ctx.tx.run(_NOTE, ctx.actor.business_id, row["id"], text)
    ctx.audit("conflict.noted", str(row["id"]), rule=row["rule"], before=row["note"], after=text)
    return await conflict_view(ctx, row["id"])
