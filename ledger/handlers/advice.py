"""The accountant's word on a question: noted on it, heard by who asked, and binding nobody."""

from __future__ import annotations

from kit.errors import Rejected
from ledger.commands.advice import AdviseOnConflict
from ledger.domain.roles import Permission
from ledger.handlers.conflicts import check_fresh
from ledger.handlers.deciding import MAX_NOTE, noted
from ledger.handlers.questions import conflict_row, conflict_view, locked, read_question
from ledger.handlers.registry import Context, handles
from ledger.views import ConflictView

_ADVISED = "UPDATE conflicts SET note = $3 WHERE business_id = $1 AND id = $2"
_OPEN_AGAIN = """
UPDATE conflicts SET note = $3, status = 'open', version = version + 1, changed_at = $4, due_at = $4
WHERE business_id = $1 AND id = $2
"""


@handles(AdviseOnConflict, permission=Permission.COMMENT)
async def advise(command: AdviseOnConflict, ctx: Context) -> ConflictView:
    """Note the word with its speaker's name; an earlier one stays behind it as far as there is room."""
    text = noted(command.text)
    if text is None:
        raise Rejected("note.empty", "A note says something.", remedy="Write it.")
    await conflict_row(ctx, command.conflict_id)  # nobody advises on what he may not see
    row = await locked(ctx, command.conflict_id)
    question = read_question(row)
    await check_fresh(ctx, question, None)
    said = f"{ctx.actor.name}: {text}"[:MAX_NOTE]
    note = f"{said} · {row['note']}" if row["note"] else said
    note = note if len(note) <= MAX_NOTE else said
    if question.status == "snoozed":
        await ctx.tx.run(_OPEN_AGAIN, ctx.actor.business_id, question.id, note, ctx.now)
    else:
        await ctx.tx.run(_ADVISED, ctx.actor.business_id, question.id, note)
    ctx.audit(
        "conflict.advised",
        str(question.id),
        rule=question.rule.name,
        before={"note": row["note"], "status": question.status},
        after={"note": note, "status": "open"},
    )
    return await conflict_view(ctx, question.id)
