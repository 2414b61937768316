"""Reading a source by ourselves: at once, further back, and how it stands."""

from __future__ import annotations

from datetime import timedelta

from kit.errors import NotFound, Rejected
from ledger import commands, queries, views
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.handlers.source_admin import make_due

FURTHEST = timedelta(days=366 * 12)
STEP = timedelta(days=30)
"""A backfill reads so much in one window, the newest first."""

_STREAMS = """
SELECT stream, lane, watermark, window_from, window_to, due_at, done_at, lease IS NOT NULL AND leased_until >= $3 AS reading,
       pages, items, failures, error_code, error
FROM pulls WHERE business_id = $1 AND source = $2 ORDER BY lane DESC, stream
"""
_BACKFILL = """
INSERT INTO pulls (business_id, source, stream, lane, watermark, window_from, window_to, position, due_at)
SELECT $1, $2, unnest($3::text[]), 'backfill', $4, $5, $6, '{}', $7
ON CONFLICT (business_id, source, stream, lane) DO UPDATE SET watermark = excluded.watermark,
  window_from = excluded.window_from, window_to = excluded.window_to, position = excluded.position,
  due_at = excluded.due_at, lease = NULL, leased_until = NULL, failures = 0, error = NULL, error_code = NULL,
  pages = 0, items = 0, done_at = NULL
"""


@handles(commands.PullSource, permission=Permission.MAP)
async def pull_source(command: commands.PullSource, ctx: Context) -> int:
    """Make streams due; a worker reads them within seconds."""
    await _need_source(ctx, command.name)
    due = await make_due(ctx, command.name, command.streams)
    ctx.audit("source.pulled", f"source:{command.name}", streams=list(command.streams), due=due)
    return due


@handles(commands.StartBackfill, permission=Permission.MAP)
async def start_backfill(command: commands.StartBackfill, ctx: Context) -> tuple[str, ...]:
    """Begin to read further back; one that is under way starts anew with the new bounds."""
    await _need_source(ctx, command.name)
    until = min(command.until or ctx.now, ctx.now)
    if not command.streams:
        raise Rejected("backfill.streams", "Which streams?", remedy="See `munshi source show`.")
    if command.since >= until or until - command.since > FURTHEST:
        raise Rejected(
            "backfill.period", "The period must end after it begins, and be at most 12 years long."
        )
    await ctx.tx.run(
        _BACKFILL,
        ctx.actor.business_id,
        command.name,
        list(command.streams),
        command.since,
        max(command.since, until - STEP),
        until,
        ctx.now,
    )
    ctx.audit(
        "source.backfill_started",
        f"source:{command.name}",
        streams=list(command.streams),
        since=command.since.isoformat(),
        until=until.isoformat(),
    )
    return command.streams


@handles(queries.Streams, permission=Permission.SEE_SOURCES)
async def streams(query: queries.Streams, ctx: Context) -> tuple[views.StreamView, ...]:
    """Say how each stream stands."""
    await _need_source(ctx, query.name)
    return tuple(
        views.StreamView(
            stream=row["stream"],
            lane=row["lane"],
            read_until=row["watermark"] if row["lane"] == "live" else None,
            goal=row["watermark"] if row["lane"] == "backfill" else None,
            window_to=row["window_to"],
            due_at=row["due_at"],
            done_at=row["done_at"],
            reading=row["reading"],
            pages=row["pages"],
            items=row["items"],
            failures=row["failures"],
            problem_code=row["error_code"],
            problem=row["error"],
        )
        for row in await ctx.tx.fetch(_STREAMS, ctx.actor.business_id, query.name, ctx.now)
    )


async def _need_source(ctx: Context, name: str) -> None:
    if not await ctx.tx.value(
        "SELECT EXISTS (SELECT FROM sources WHERE business_id = $1 AND name = $2)",
        ctx.actor.business_id,
        name,
    ):
        raise NotFound(
            "source.unknown", f"There is no source {name[:60]!r}.", remedy="See `munshi source list`."
        )
