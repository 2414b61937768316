"""Files sent to a chat: how far each is, which of them were cut off, and what one explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from kit.errors import NotFound, Rejected
from kit.ids import uuid7
from ledger.commands.files import MoveFile, NoteFileSent, ResumeFiles, TakeFile
from ledger.domain.roles import Permission
from ledger.handlers.outbox import queue_message
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.files import ChatFile, FileGave, OpenFiles
from ledger.views.files import FileGaveView, OpenFile

CUT_OFF = timedelta(seconds=60)
"""Whoever reads a file says so every few seconds; one that nobody spoke of for so long was left by a bot that died."""
_STATUSES = ("reading", "derived", "told", "refused")
_MAX_NAME = 200


@handles(TakeFile, permission=Permission.ANSWER)
async def take_file(command: TakeFile, ctx: Context) -> UUID:
    """Note a file before it is fetched, so that a crash doesn't lose it."""
    taken = uuid7()
    await ctx.tx.run(
        """
        INSERT INTO chat_files (business_id, id, chat_id, member_id, message, file_id, filename, status, taken_at,
                                changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'reading', $8, $8)
        """,
        ctx.actor.business_id,
        taken,
        command.chat_id,
        ctx.actor.member_id,
        command.message,
        command.file_id,
        command.filename[:_MAX_NAME],
        ctx.now,
    )
    return taken


@handles(NoteFileSent, permission=Permission.ANSWER)
async def note_file_sent(command: NoteFileSent, ctx: Context) -> None:
    """Leave in the trail who brought what a file says into the log: a statement is money, and can be forged."""
    ctx.audit(
        "file.sent", f"source:{command.source}", sha256=command.sha256, bytes=command.size, via=command.via
    )


@handles(MoveFile, permission=Permission.SYSTEM)
async def move_file(command: MoveFile, ctx: Context) -> bool:
    """Note how far a file is, and queue what is told of it with the same commit."""
    if command.status not in _STATUSES:
        raise Rejected("file.status", f"{command.status[:20]!r} is not how far a file can be.")
    moved = await ctx.tx.run(
        """
        UPDATE chat_files SET status = $3, source = coalesce($4, source), digest = coalesce($5, digest),
               counts = counts || $6::jsonb, changed_at = $7
        WHERE business_id = $1 AND id = $2 AND status IN ('reading', 'derived')
          AND NOT (status = 'derived' AND $3 = 'derived' AND $8)
        """,
        ctx.actor.business_id,
        command.id,
        command.status,
        command.source,
        command.digest,
        orjson.dumps(dict(command.counts)).decode(),
        ctx.now,
        command.message is not None,
    )
    if moved and command.message is not None:
        await queue_message(command.message, ctx)
    return bool(moved)


@handles(ResumeFiles, permission=Permission.SYSTEM)
async def resume_files(_: ResumeFiles, ctx: Context) -> tuple[OpenFile, ...]:
    """Take over what nobody reads any more; the mark of time keeps a second caller off."""
    rows = await ctx.tx.fetch(
        """
        UPDATE chat_files SET changed_at = $2, counts = counts || jsonb_build_object('tries',
               coalesce((counts ->> 'tries')::int, 0) + 1)
        WHERE business_id = $1 AND status = 'reading' AND digest IS NULL AND changed_at < $3 RETURNING *
        """,
        ctx.actor.business_id,
        ctx.now,
        ctx.now - CUT_OFF,
    )
    return tuple(_file(row) for row in rows)


# What a file told of, and how much of that waits to be folded or derived.
_LEFT = """
SELECT f.*, t.total AS total, t.waiting AS waiting FROM chat_files f CROSS JOIN LATERAL (
  SELECT count(*) AS total, count(*) FILTER (WHERE s.subject IN (
           SELECT p.subject FROM pending p WHERE p.business_id = $1 AND p.subject IS NOT NULL
           UNION ALL SELECT d.subject FROM dirty d WHERE d.business_id = $1)) AS waiting
  FROM (SELECT e.subject FROM external_events e WHERE e.business_id = $1 AND e.delivery = f.digest
        UNION SELECT r.subject FROM event_rewrites r WHERE r.business_id = $1 AND r.delivery = f.digest) s
) t
WHERE f.business_id = $1 AND f.status IN ('reading', 'derived') AND f.digest IS NOT NULL
ORDER BY f.taken_at, f.id
"""


@handles(OpenFiles, permission=Permission.SYSTEM)
async def open_files(_: OpenFiles, ctx: Context) -> tuple[OpenFile, ...]:
    """Answer with the files that are in the log and not told of, oldest first."""
    rows = await ctx.tx.fetch(_LEFT, ctx.actor.business_id)
    return tuple(_file(row, left=row["waiting"], total=row["total"]) for row in rows)


@handles(ChatFile, permission=Permission.SYSTEM)
async def chat_file(question: ChatFile, ctx: Context) -> OpenFile:
    """Answer with one file."""
    row = await ctx.tx.row(
        "SELECT * FROM chat_files WHERE business_id = $1 AND id = $2", ctx.actor.business_id, question.id
    )
    if row is None:
        raise NotFound("file.unknown", "There is no such file.")
    return _file(row)


def _file(row: Any, *, left: int = 0, total: int = 0) -> OpenFile:
    return OpenFile(
        id=row["id"],
        chat_id=row["chat_id"],
        member_id=row["member_id"],
        message=row["message"],
        file_id=row["file_id"],
        filename=row["filename"],
        source=row["source"],
        digest=bytes(row["digest"]) if row["digest"] is not None else None,
        status=row["status"],
        counts=row["counts"],
        taken_at=row["taken_at"],
        left=left,
        all=total,
    )


# The things that the file told of: its bank lines with what explains them, its open bills on both sides.
_GAVE = """
WITH told AS MATERIALIZED (
  SELECT e.subject FROM external_events e WHERE e.business_id = $1 AND e.source = $2 AND e.delivery = $3
  UNION SELECT r.subject FROM event_rewrites r WHERE r.business_id = $1 AND r.source = $2 AND r.delivery = $3
), line AS MATERIALIZED (
  SELECT b.id, b.anchor, b.amount, b.explained_by FROM told t
  JOIN bank_lines b ON b.business_id = $1 AND b.anchor = t.subject
), question AS MATERIALIZED (
  SELECT q.id, q.status, q.subjects FROM conflicts q
  WHERE q.business_id = $1 AND (q.status = 'open' OR q.status = 'waiting' AND q.due_at < $4)
    AND q.subjects && (SELECT coalesce(array_agg(subject), '{}') FROM told)
), credit AS (
  SELECT l.*, l.explained_by IS NULL AND EXISTS (
           SELECT FROM question q WHERE l.anchor = ANY(q.subjects)) AS asked
  FROM line l WHERE l.amount > 0
), bill AS (
  SELECT DISTINCT i.id, i.party_id, i.outstanding FROM told t
  JOIN claims c ON c.business_id = $1 AND c.subject = t.subject AND c.row_kind = 'invoice'
  JOIN invoices i ON i.business_id = $1 AND i.id = c.row_id AND i.outstanding > 0
), ours AS (
  SELECT DISTINCT p.id, p.outstanding FROM told t
  JOIN claims c ON c.business_id = $1 AND c.subject = t.subject AND c.row_kind = 'payable'
  JOIN payables p ON p.business_id = $1 AND p.id = c.row_id AND p.outstanding > 0
)
SELECT (SELECT count(*) FROM credit) AS credits,
       (SELECT count(*) FROM credit WHERE explained_by IS NOT NULL) AS explained,
       (SELECT coalesce(sum(amount), 0)::bigint FROM credit WHERE explained_by IS NOT NULL) AS explained_amount,
       (SELECT count(*) FROM credit WHERE asked) AS asked,
       (SELECT count(*) FROM question WHERE status = 'open') AS questions,
       (SELECT count(*) FROM question WHERE status = 'waiting') AS looking,
       (SELECT count(*) FROM bill) AS bills, (SELECT count(DISTINCT party_id) FROM bill) AS customers,
       (SELECT coalesce(sum(outstanding), 0)::bigint FROM bill) AS to_collect,
       (SELECT count(*) FROM ours) AS payables,
       (SELECT coalesce(sum(outstanding), 0)::bigint FROM ours) AS to_pay,
       s.balance, s.covered_until
FROM (SELECT 1) one LEFT JOIN source_state s ON s.business_id = $1 AND s.source = $2
"""
SOON = timedelta(minutes=2)
"""Questions that are asked within this time are waited for before the last word about a file."""


@handles(FileGave, permission=Permission.ANSWER)
async def file_gave(question: FileGave, ctx: Context) -> FileGaveView:
    """Answer with what a file explained, and what it made us ask."""
    firm = await business(ctx)
    row = await ctx.tx.row(_GAVE, firm.id, question.source, question.digest, ctx.now + SOON)
    assert row is not None
    return FileGaveView(
        currency=firm.currency,
        credits=row["credits"],
        explained=row["explained"],
        explained_amount=row["explained_amount"],
        asked=row["asked"],
        questions=row["questions"],
        looking=row["looking"],
        balance=row["balance"],
        covered_until=row["covered_until"],
        bills=row["bills"],
        customers=row["customers"],
        to_collect=row["to_collect"],
        payables=row["payables"],
        to_pay=row["to_pay"],
    )
