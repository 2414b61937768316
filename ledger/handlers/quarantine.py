"""What could not be read: listing it with what changed in its shape, and settling it without reading it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from kit.errors import NotFound, Rejected
from ledger import queries
from ledger.commands import SetAside
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.store.quarantine import set_aside, take_up
from ledger.views import QuarantinePage, QuarantineView

MAX_IDS = 1_000
_STATES = {"open": "q.resolved_at IS NULL", "resolved": "q.resolved_at IS NOT NULL", "all": "true"}
_NEWEST = Order("quarantine:newest", ("q.received_at", "q.id"), ("timestamptz", "uuid"), descending=True)
_ROW = """
SELECT q.*, coalesce(d.via, '') AS via, d.filename FROM quarantine q
LEFT JOIN deliveries d ON d.business_id = q.business_id AND d.source = q.source AND d.digest = q.delivery
"""


@handles(queries.Quarantine, permission=Permission.REPLAY)
async def quarantine(question: queries.Quarantine, ctx: Context) -> QuarantinePage:
    """Answer a page of what could not be read."""
    conditions = _wanted(question, ctx)
    size = page_size(question.first)
    conditions.seek(_NEWEST, place(_NEWEST, question.after))
    rows = await ctx.tx.fetch(
        f"{_ROW} WHERE {conditions.sql} ORDER BY {_NEWEST.by} LIMIT {size + 1}", *conditions.values
    )
    page, end, more = cut(rows, size, _NEWEST, _keys)
    waiting = await ctx.tx.value(
        "SELECT count(*) FROM quarantine WHERE business_id = $1 AND resolved_at IS NULL",
        ctx.actor.business_id,
    )
    return QuarantinePage(
        end=end,
        more=more,
        cursors=cursors(page, _NEWEST, _keys),
        rows=tuple(_view(row) for row in page),
        open_count=int(waiting),
    )


@counts(queries.Quarantine)
async def count_quarantine(question: queries.Quarantine, ctx: Context) -> int:
    """Count the parts of all pages."""
    conditions = _wanted(question, ctx)
    return int(
        await ctx.tx.value(f"SELECT count(*) FROM quarantine q WHERE {conditions.sql}", *conditions.values)
    )


def _wanted(question: queries.Quarantine, ctx: Context) -> Conditions:
    if question.status not in _STATES:
        raise Rejected(
            "quarantine.status",
            f"{question.status[:40]!r} is not a status.",
            remedy=f"Use one of {', '.join(_STATES)}.",
        )
    conditions = Conditions([ctx.actor.business_id], ["q.business_id = $1", _STATES[question.status]])
    if question.source is not None:
        conditions.add("q.source = {}", question.source)
    if question.code is not None:
        conditions.add("q.code = {}", question.code)
    return conditions


@handles(queries.QuarantinedPart, permission=Permission.REPLAY)
async def quarantined_part(question: queries.QuarantinedPart, ctx: Context) -> QuarantineView:
    """Answer one part; NotFound if there is none."""
    row = await ctx.tx.row(
        f"{_ROW} WHERE q.business_id = $1 AND q.id = $2", ctx.actor.business_id, question.part_id
    )
    if row is None:
        raise NotFound("quarantine.not_found", "There is no such part.", remedy="See munshi quarantine list.")
    return _view(row)


@handles(SetAside, permission=Permission.REPLAY)
async def set_aside_parts(command: SetAside, ctx: Context) -> int:
    """Settle open parts by their ids, or those of a source; Rejected if neither is said."""
    if not command.ids and not command.source:
        raise Rejected(
            "quarantine.which", "Which parts are meant?", remedy="Say their ids, or a source (and a code)."
        )
    if len(command.ids) > MAX_IDS:
        raise Rejected(
            "quarantine.too_many",
            f"At most {MAX_IDS} ids at once.",
            remedy="Say the source and the code instead.",
        )
    count = await set_aside(
        ctx.tx,
        ctx.actor.business_id,
        at=ctx.now,
        ids=command.ids or None,
        source=command.source,
        code=command.code,
    )
    ctx.audit(
        "quarantine.set_aside",
        f"source:{command.source}" if command.source else None,
        code=command.code,
        ids=[str(one) for one in command.ids],
        parts=count,
        reason=command.note,
    )
    return count


async def put_aside(ctx: Context, what: Mapping[str, str]) -> dict[str, Any]:
    """Settle what a question was about, up to what it told; return the effect, so that it can be undone."""
    count = await set_aside(
        ctx.tx,
        ctx.actor.business_id,
        at=ctx.now,
        source=what["source"],
        trouble=what["trouble"],
        until=datetime.fromisoformat(what["until"]),
    )
    effect = {"source": what["source"], "trouble": what["trouble"], "parts": count}
    ctx.audit("quarantine.set_aside", f"source:{what['source']}", **effect)
    return {"kind": "quarantine", **effect, "at": ctx.now.isoformat()}


async def bring_back(ctx: Context, effect: Mapping[str, Any]) -> None:
    """Undo a setting aside: what has not been replayed since waits again."""
    count = await take_up(
        ctx.tx,
        ctx.actor.business_id,
        source=effect["source"],
        trouble=effect["trouble"],
        set_aside_at=datetime.fromisoformat(effect["at"]),
        at=ctx.now,
    )
    ctx.audit(
        "quarantine.taken_up",
        f"source:{effect['source']}",
        source=effect["source"],
        trouble=effect["trouble"],
        parts=count,
    )


def _keys(row: Any) -> tuple[Any, ...]:
    return row["received_at"].isoformat(), row["id"]


def _view(row: asyncpg.Record) -> QuarantineView:
    return QuarantineView(
        id=row["id"],
        source=row["source"],
        via=row["via"],
        filename=row["filename"],
        place=row["place"],
        code=row["code"],
        reason=row["reason"],
        diff=row["diff"],
        received_at=row["received_at"],
        resolved_at=row["resolved_at"],
        resolution=row["resolution"],
    )
