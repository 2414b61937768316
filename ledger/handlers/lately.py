"""What went on lately: replays, files sent to chats, and what the munshi told a member by himself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.firm import Replays, SentFiles, ToldMe
from ledger.views.firm import ReplayPage, ReplayRun, SentFile, SentFilePage, ToldMessage, ToldPage

KINDS = ("digest", "alert")
_MARKUP = re.compile(r"<[^>]*>")
_MEMBER = "LEFT JOIN members m ON m.business_id = $1 AND"
_STARTED = Order("replays:newest", ("r.started_at", "r.id"), ("timestamptz", "uuid"), descending=True)
_TAKEN = Order("files:newest", ("f.taken_at", "f.id"), ("timestamptz", "uuid"), descending=True)
_QUEUED = Order("told:newest", ("o.queued_at", "o.id"), ("timestamptz", "uuid"), descending=True)


@handles(Replays, permission=Permission.REPLAY)
async def replays(question: Replays, ctx: Context) -> ReplayPage:
    """Answer with a page of replays."""
    first = page_size(question.first)
    where = Conditions([ctx.actor.business_id], ["r.business_id = $1"])
    where.seek(_STARTED, place(_STARTED, question.after))
    rows = await ctx.tx.fetch(
        f"""
        SELECT r.*, coalesce(m.name, r.actor) AS by FROM replays r {_MEMBER} 'member:' || m.id = r.actor
        WHERE {where.sql} ORDER BY {_STARTED.by} LIMIT {first + 1}
        """,
        *where.values,
    )
    page, end, more = cut(rows, first, _STARTED, lambda row: (row["started_at"].isoformat(), row["id"]))
    marks = cursors(page, _STARTED, lambda row: (row["started_at"].isoformat(), row["id"]))
    return ReplayPage(end=end, more=more, cursors=marks, rows=tuple(_replay(row) for row in page))


@counts(Replays)
async def count_replays(_: Replays, ctx: Context) -> int:
    """Count all replays."""
    found: int = await ctx.tx.value(
        "SELECT count(*) FROM replays WHERE business_id = $1", ctx.actor.business_id
    )
    return found


def _replay(row: Any) -> ReplayRun:
    scope: Mapping[str, Any] = row["scope"]
    since, until = scope.get("since"), scope.get("until")
    return ReplayRun(
        id=row["id"],
        status=row["status"],
        source=scope.get("source", ""),
        event_type=scope.get("event_type", ""),
        since=datetime.fromisoformat(since) if since else None,
        until=datetime.fromisoformat(until) if until else None,
        quarantine=bool(scope.get("quarantine")),
        counts=_counts(row["counts"]),
        started_by=row["by"],
        started_at=row["started_at"],
        changed_at=row["changed_at"],
    )


@handles(SentFiles, permission=Permission.ANSWER)
async def sent_files(question: SentFiles, ctx: Context) -> SentFilePage:
    """Answer with a page of files."""
    first = page_size(question.first)
    where = Conditions([ctx.actor.business_id], ["f.business_id = $1"])
    where.seek(_TAKEN, place(_TAKEN, question.after))
    rows = await ctx.tx.fetch(
        f"""
        SELECT f.id, f.filename, f.source, f.status, m.name AS by, f.taken_at, f.changed_at, f.counts
        FROM chat_files f {_MEMBER} m.id = f.member_id WHERE {where.sql} ORDER BY {_TAKEN.by} LIMIT {first + 1}
        """,
        *where.values,
    )
    page, end, more = cut(rows, first, _TAKEN, lambda row: (row["taken_at"].isoformat(), row["id"]))
    marks = cursors(page, _TAKEN, lambda row: (row["taken_at"].isoformat(), row["id"]))
    files = tuple(
        SentFile(
            id=row["id"],
            filename=row["filename"],
            source=row["source"],
            status=row["status"],
            sent_by=row["by"],
            taken_at=row["taken_at"],
            changed_at=row["changed_at"],
            counts=_counts(row["counts"]),
        )
        for row in page
    )
    return SentFilePage(end=end, more=more, cursors=marks, rows=files)


@counts(SentFiles)
async def count_files(_: SentFiles, ctx: Context) -> int:
    """Count all files that were sent."""
    found: int = await ctx.tx.value(
        "SELECT count(*) FROM chat_files WHERE business_id = $1", ctx.actor.business_id
    )
    return found


@handles(ToldMe, permission=Permission.SEE_RECEIVABLES)
async def told_me(question: ToldMe, ctx: Context) -> ToldPage:
    """Answer with a page of what the asking member was told, and nobody else."""
    first = page_size(question.first)
    where = _mine(question, ctx)
    where.seek(_QUEUED, place(_QUEUED, question.after))
    rows = await ctx.tx.fetch(
        f"""
        SELECT o.id, o.kind, o.status, o.card, o.queued_at, o.sent_at FROM outbox o
        WHERE {where.sql} ORDER BY {_QUEUED.by} LIMIT {first + 1}
        """,
        *where.values,
    )
    page, end, more = cut(rows, first, _QUEUED, lambda row: (row["queued_at"].isoformat(), row["id"]))
    marks = cursors(page, _QUEUED, lambda row: (row["queued_at"].isoformat(), row["id"]))
    messages = tuple(
        ToldMessage(
            id=row["id"],
            kind=row["kind"],
            status=row["status"],
            text=unescape(_MARKUP.sub("", row["card"].get("text") or "")),
            queued_at=row["queued_at"],
            sent_at=row["sent_at"],
        )
        for row in page
    )
    return ToldPage(end=end, more=more, cursors=marks, rows=messages)


@counts(ToldMe)
async def count_told(question: ToldMe, ctx: Context) -> int:
    """Count what the asking member was told."""
    where = _mine(question, ctx)
    found: int = await ctx.tx.value(f"SELECT count(*) FROM outbox o WHERE {where.sql}", *where.values)
    return found


def _mine(question: ToldMe, ctx: Context) -> Conditions:
    if question.kind is not None and question.kind not in KINDS:
        raise Rejected(
            "told.kind", f"{question.kind[:20]!r} is none of {', '.join(KINDS)}.", remedy="Use one of them."
        )
    where = Conditions([ctx.actor.business_id], ["o.business_id = $1"])
    where.add("o.member_id = {}", ctx.actor.member_id)
    where.add("o.kind = ANY({})", [question.kind] if question.kind is not None else list(KINDS))
    return where


def _counts(kept: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers of what was counted; other words (a problem's) aren't numbers."""
    return {name: n for name, n in sorted(kept.items()) if isinstance(n, int) and not isinstance(n, bool)}
