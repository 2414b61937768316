"""Reading a source by ourselves: at once, further back, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
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
SELECT source, stream, lane, watermark, window_from, window_to, due_at, done_at,
       lease IS NOT NULL AND leased_until >= $3 AS reading, pages, items, failures, error_code, error
FROM pulls WHERE business_id = $1 AND source = ANY($2::text[]) AND stream <> '' ORDER BY source, lane DESC, stream
"""
# A record is refused soon after it changed, and stays so until it changes again.
_WRITE_BACKS = """
SELECT source, count(*) FILTER (WHERE status = 'sent') AS sent,
       count(*) FILTER (WHERE status IN ('queued', 'sending')) AS waiting,
       count(*) FILTER (WHERE status = 'stopped') AS stopped, count(*) FILTER (WHERE status = 'refused') AS refused,
       (array_agg(error ORDER BY status = 'refused' DESC, changed_at DESC, kind, external_id)
          FILTER (WHERE error IS NOT NULL AND status <> 'sent'))[1] AS problem, max(sent_at) AS last_sent_at
FROM write_backs WHERE business_id = $1 AND source = ANY($2::text[]) GROUP BY source
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
    await _need_source(ctx, command.name, switched_on=True)
    due = await make_due(ctx, command.name, command.streams)
    ctx.audit("source.pulled", f"source:{command.name}", streams=list(command.streams), due=due)
    return due


@handles(commands.StartBackfill, permission=Permission.MAP)
async def start_backfill(command: commands.StartBackfill, ctx: Context) -> tuple[str, ...]:
    """Begin to read further back; one that is under way starts anew with the new bounds."""
    await _need_source(ctx, command.name, switched_on=True)
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
    return (await _read_streams(ctx, (query.name,))).get(query.name, ())


@handles(queries.StreamsByNames, permission=Permission.SEE_SOURCES)
async def streams_by_names(
    query: queries.StreamsByNames, ctx: Context
) -> dict[str, tuple[views.StreamView, ...]]:
    """Say how each stream of several sources stands."""
    return await _read_streams(ctx, query.names)


async def _read_streams(ctx: Context, names: Sequence[str]) -> dict[str, tuple[views.StreamView, ...]]:
    found: dict[str, tuple[views.StreamView, ...]] = {}
    for row in await ctx.tx.fetch(_STREAMS, ctx.actor.business_id, list(names), ctx.now):
        view = views.StreamView(
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
        found[row["source"]] = (*found.get(row["source"], ()), view)
    return found


@handles(queries.WriteBacks, permission=Permission.SEE_SOURCES)
async def write_backs(query: queries.WriteBacks, ctx: Context) -> dict[str, views.WriteBackView]:
    """Say how the write-back of several sources stands."""
    rows = await ctx.tx.fetch(_WRITE_BACKS, ctx.actor.business_id, list(query.names))
    return {
        row["source"]: views.WriteBackView(
            sent=row["sent"],
            waiting=row["waiting"],
            stopped=row["stopped"],
            refused=row["refused"],
            problem=row["problem"],
            last_sent_at=row["last_sent_at"],
        )
        for row in rows
    }


async def _need_source(ctx: Context, name: str, *, switched_on: bool = False) -> None:
    row = await ctx.tx.row(
        "SELECT enabled FROM sources WHERE business_id = $1 AND name = $2", ctx.actor.business_id, name
    )
    if row is None:
        raise NotFound(
            "source.unknown", f"There is no source {name[:60]!r}.", remedy="See `munshi source list`."
        )
    if switched_on and not row["enabled"]:
        raise Rejected(
            "source.off",
            f"{name} is switched off.",
            remedy="Switch it on first: munshi source set SOURCE --on",
        )
