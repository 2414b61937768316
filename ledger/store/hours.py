"""Looks across tenants by the clock: whose hour of the day has come, and who may have to be told something now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from ledger.domain.alerts import NEWS_FOR, RULES
from ledger.domain.roles import Actor, Role
from ledger.store.directory import all_businesses
from ledger.store.news import ASKED, CONFLICT_KEY, MONEY, RECEIPT_KEY
from ledger.views import ChatMemberView

CHUNK = 250
"""Tenants looked at in one transaction: each row that is read is looked for in the list of them."""
LOOK_BACK = timedelta(minutes=15)
"""A source that was heard within this may have brought something that nobody was told; all others are looked at seldom."""

_MEMBER = """
SELECT m.business_id, m.id, m.name, m.role, m.language, m.crm_owner, m.ends_at, m.chat_id, m.picture, b.name AS business_name,
       b.timezone, ($1::timestamptz AT TIME ZONE b.timezone)::date AS today,
       (SELECT count(*) FROM directory d WHERE d.kind = 'chat' AND d.key = 'chat:' || m.chat_id) > 1 AS several
FROM members m JOIN businesses b ON b.business_id = m.business_id
WHERE m.business_id = ANY($2::uuid[]) AND m.active AND m.chat_id IS NOT NULL
  AND (m.ends_at IS NULL OR m.ends_at > $1)
"""
# All of it goes by keys: a plan that reads a table whole reads it once for each chunk.
_BY_KEYS = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
"""
_DUE = (
    _MEMBER
    + """
  AND m.{hour} <= ($1 AT TIME ZONE b.timezone)::time
  AND m.{sent_on} IS DISTINCT FROM ($1 AT TIME ZONE b.timezone)::date
ORDER BY m.business_id, m.id
"""
)
# Nobody within his quiet hours. Of late something came, or his quiet hours have just ended; $5 null: all are looked
# at. Then whether there is anything at all that he wasn't told of: a probe of an index for each.
_TO_TELL = (
    _MEMBER
    + f"""
  AND NOT CASE WHEN m.quiet_from <= m.quiet_until
    THEN ($1 AT TIME ZONE b.timezone)::time >= m.quiet_from AND ($1 AT TIME ZONE b.timezone)::time < m.quiet_until
    ELSE ($1 AT TIME ZONE b.timezone)::time >= m.quiet_from OR ($1 AT TIME ZONE b.timezone)::time < m.quiet_until END
  AND ($5::timestamptz IS NULL
    OR ($1 AT TIME ZONE b.timezone)::time - m.quiet_until BETWEEN interval '0' AND interval '1 minute'
    OR EXISTS (SELECT FROM source_state s WHERE s.business_id = m.business_id AND s.last_delivery_at > $5)
    OR EXISTS (SELECT FROM conflicts c WHERE c.business_id = m.business_id AND c.status = 'open' AND c.opened_at > $5))
  AND (EXISTS (
    SELECT FROM receipts r WHERE r.business_id = m.business_id
      AND {MONEY.replace("$2::date", "($1 AT TIME ZONE b.timezone)::date")}
      AND NOT EXISTS (SELECT FROM alerts_told t WHERE t.business_id = m.business_id AND t.member_id = m.id
                        AND t.subject = {RECEIPT_KEY}))
  OR EXISTS (
    SELECT FROM conflicts c WHERE c.business_id = m.business_id AND {ASKED.replace("$2", "$3")}
      AND NOT EXISTS (SELECT FROM alerts_told t WHERE t.business_id = m.business_id AND t.member_id = m.id
                        AND t.subject = {CONFLICT_KEY})))
ORDER BY m.business_id, m.id
"""
)
# Firms where a membership ends within $3, nobody was told, and an owner is there who isn't asleep.
_ENDS_NEAR = """
SELECT DISTINCT e.business_id FROM members e
JOIN members m ON m.business_id = e.business_id AND m.active AND m.role = 'owner' AND m.chat_id IS NOT NULL
JOIN businesses b ON b.business_id = e.business_id
WHERE e.business_id = ANY($2::uuid[]) AND e.active AND e.end_told_at IS NULL AND e.ends_at > $1
  AND e.ends_at <= $1 + $3::interval
  AND NOT CASE WHEN m.quiet_from <= m.quiet_until
    THEN ($1 AT TIME ZONE b.timezone)::time >= m.quiet_from AND ($1 AT TIME ZONE b.timezone)::time < m.quiet_until
    ELSE ($1 AT TIME ZONE b.timezone)::time >= m.quiet_from OR ($1 AT TIME ZONE b.timezone)::time < m.quiet_until END
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A member whose turn it is; `several`: his chat serves several businesses; `today` is where his business is."""

    member: ChatMemberView
    several: bool
    today: date
    picture: str

    @property
    def business_id(self) -> UUID:
        """Of which business."""
        return self.member.actor.business_id


async def whose_hour(engine: AsyncEngine, which: str, now: datetime) -> AsyncIterator[list[Due]]:
    """Yield, chunk by chunk, whose hour has passed today and who had nothing yet; `which`: digest or evening."""
    statement = _DUE.format(hour=f"{which}_at", sent_on=f"{which}_sent_on")
    async for rows in _each(engine, statement, now):
        yield rows


async def whom_to_tell(engine: AsyncEngine, now: datetime, *, all_of_them: bool) -> AsyncIterator[list[Due]]:
    """Yield, chunk by chunk, who may have to be told something now; else only firms of which something was heard of late."""
    heard = None if all_of_them else now - LOOK_BACK
    async for rows in _each(engine, _TO_TELL, now, now - NEWS_FOR, list(RULES), heard):
        yield rows


async def firms_with_ends(engine: AsyncEngine, now: datetime, within: timedelta) -> AsyncIterator[UUID]:
    """Yield the businesses where a membership ends soon and an owner can be told of it now."""
    businesses = await all_businesses(engine)
    for start in range(0, len(businesses), CHUNK):
        chunk = businesses[start : start + CHUNK]
        async with transaction(engine, chunk) as tx:
            rows = await tx.fetch(_ENDS_NEAR, now, chunk, within)
        for row in rows:
            yield row["business_id"]


async def _each(engine: AsyncEngine, statement: str, now: datetime, *values: Any) -> AsyncIterator[list[Due]]:
    businesses = await all_businesses(engine)
    for start in range(0, len(businesses), CHUNK):
        chunk = businesses[start : start + CHUNK]
        async with transaction(engine, chunk) as tx:
            await tx.run(_BY_KEYS)
            rows = await tx.fetch(statement, now, chunk, *values)
        if found := [due for row in rows if (due := _due(row)) is not None]:
            yield found


def _due(row: Any) -> Due | None:
    if row["role"] not in (role.value for role in Role):  # a role that we don't have sees nothing
        return None
    actor = Actor(
        business_id=row["business_id"],
        role=Role(row["role"]),
        name=row["name"],
        member_id=row["id"],
        owner_key=row["crm_owner"],
        language=row["language"],
        until=row["ends_at"],
    )
    member = ChatMemberView(actor, row["chat_id"], row["business_name"], row["timezone"], "")
    return Due(member, row["several"], row["today"], row["picture"])
