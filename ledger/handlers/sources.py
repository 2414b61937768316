"""The sources of a business and how fresh each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, sees_payables
from ledger.store.health import HEALTH

BANK = "bank:"
OF_MONEY = (BANK, "payment:")
"""How the names of sources begin that are shown with every party."""
_MEMBERS_SHOWN = 50
_NEW_MEMBERS = """
SELECT source, version, path, kind, first_seen_at FROM (
  SELECT f.*, row_number() OVER (PARTITION BY source ORDER BY first_seen_at DESC, version, path) AS place
  FROM source_fields f WHERE business_id = $1) f
WHERE place <= $2 ORDER BY source, place
"""


def state_of(
    *,
    name: str,
    enabled: bool,
    silence_hours: int,
    last_delivery_at: datetime | None,
    covered_until: date | None,
    now: datetime,
    timezone: str,
) -> str:
    """Return fresh, quiet, never or disabled (a source whose streams can't be read is failing besides).

    A bank is as fresh as the end of the last day that its statements cover; every other source as its last
    delivery. A source with no rhythm (`silence_hours` 0) is never quiet.
    """
    if not enabled:
        return "disabled"
    if last_delivery_at is None and covered_until is None:
        return "never"
    if silence_hours <= 0:
        return "fresh"
    heard = last_delivery_at
    if name.startswith(BANK) and covered_until is not None:
        heard = datetime.combine(covered_until + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(
            UTC
        )
    return "quiet" if heard is not None and now - heard > timedelta(hours=silence_hours) else "fresh"


async def read_sources(ctx: Context, *, names: Sequence[str] | None = None) -> tuple[views.SourceView, ...]:
    """Return the sources by name (all of them, or `names` and those of money); balances only for who may see them."""
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        f"""
        SELECT s.name, s.connector, s.label, s.enabled, s.write_back, s.silence_hours, p.problem,
               coalesce(p.pulled, false) AS pulled, coalesce(p.failing, false) AS failing, p.failing_streams, p.read_until, t.last_event_at, t.last_delivery_at, t.silent_since,
               t.covered_until, t.balance, t.account, coalesce(t.events, 0) AS events,
               coalesce(t.quarantined, 0) AS quarantined, coalesce(t.duplicates, 0) AS duplicates,
               (SELECT count(*) FROM quarantine q WHERE q.business_id = s.business_id AND q.source = s.name
                AND q.resolved_at IS NULL) AS unread
        FROM sources s LEFT JOIN source_state t ON t.business_id = s.business_id AND t.source = s.name
        LEFT JOIN LATERAL ({HEALTH}) p ON true
        WHERE s.business_id = $1
          AND ($2::text[] IS NULL OR s.name = ANY($2) OR s.name LIKE 'bank:%' OR s.name LIKE 'payment:%')
        ORDER BY s.name
        """,
        ctx.actor.business_id,
        list(names) if names is not None else None,
    )
    money = sees_payables(ctx)
    return tuple(
        views.SourceView(
            name=row["name"],
            connector=row["connector"],
            label=row["label"],
            state="failing"
            if row["enabled"] and row["failing"]
            else state_of(
                name=row["name"],
                enabled=row["enabled"],
                silence_hours=row["silence_hours"],
                last_delivery_at=row["last_delivery_at"],
                covered_until=row["covered_until"],
                now=ctx.now,
                timezone=firm.timezone,
            ),
            last_event_at=row["last_event_at"],
            last_delivery_at=row["last_delivery_at"],
            covered_until=row["covered_until"],
            balance=row["balance"] if money else None,
            account=row["account"] if money else None,
            events=row["events"],
            quarantined=row["quarantined"],
            duplicates=row["duplicates"],
            silence_hours=row["silence_hours"],
            problem=row["problem"],
            pulled=row["pulled"],
            read_until=row["read_until"],
            failing_streams=tuple(row["failing_streams"] or ()),
            silent_since=row["silent_since"],
            write_back=row["write_back"],
            unread=row["unread"],
        )
        for row in rows
    )


@handles(queries.Sources, permission=Permission.SEE_SOURCES)
async def sources(_: queries.Sources, ctx: Context) -> tuple[views.SourceView, ...]:
    """Answer with every source, and what is new in what it sends."""
    found = await read_sources(ctx)
    noted: dict[str, list[views.NewMemberView]] = {}
    for row in await ctx.tx.fetch(_NEW_MEMBERS, ctx.actor.business_id, _MEMBERS_SHOWN):
        member = views.NewMemberView(row["version"], row["path"], row["kind"], row["first_seen_at"])
        noted.setdefault(row["source"], []).append(member)
    return tuple(replace(one, new_members=tuple(noted.get(one.name, ()))) for one in found)
