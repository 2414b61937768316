"""How well a source can be read: one row over its streams, and waking the rules when that changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.database import Tx
from kit.ids import uuid7

EVERYONES = (
    "vendor.unauthorised",
    "vendor.no_credentials",
    "source.setting_missing",
    "source.address",
)
"""Faults that every stream of a source would meet: one stream that meets one is enough to know."""

_EVERYONES = "p.failures > 0 AND p.error_code IN ({})".format(", ".join(f"'{code}'" for code in EVERYONES))

HEALTH = f"""
SELECT true AS pulled, h.failing, h.streams AS failing_streams,
       CASE WHEN h.failing OR h.streams IS NOT NULL THEN h.problem END AS problem,
       CASE WHEN h.failing OR h.streams IS NULL THEN h.read_until ELSE h.broken_since END AS read_until
FROM (
  SELECT coalesce(bool_and(p.failures > 0) FILTER (WHERE p.lane = 'live'), false)
           OR coalesce(max(coalesce(p.done_at, 'infinity')) FILTER (WHERE p.lane = 'live' AND p.failures = 0)
                       < max(p.done_at) FILTER (WHERE p.lane = 'live' AND p.failures > 0), false)
           OR coalesce(max(coalesce(p.started_at, 'infinity')) FILTER (WHERE {_EVERYONES})
                       >= coalesce(max(p.done_at) FILTER (WHERE p.lane = 'live'), '-infinity'), false) AS failing,
         array_agg(p.stream ORDER BY p.stream) FILTER (WHERE p.lane = 'live' AND p.failures > 0) AS streams,
         (array_agg(p.error ORDER BY {_EVERYONES} DESC, p.failures DESC, p.stream)
            FILTER (WHERE p.failures > 0 AND (p.lane = 'live' OR {_EVERYONES})))[1] AS problem,
         max(p.watermark) FILTER (WHERE p.lane = 'live') AS read_until,
         min(p.watermark) FILTER (WHERE p.lane = 'live' AND p.failures > 0) AS broken_since
  FROM pulls p WHERE p.business_id = s.business_id AND p.source = s.name
  HAVING count(*) FILTER (WHERE p.lane = 'live') > 0) h
"""
"""For LATERAL beside `sources s`; no row for a source that we don't read ourselves.

`failing`: nothing of it can be read: all streams fail (or all but some that were last read before these were: they
are seldom asked for), or one met what all would meet and none was read since.
`failing_streams`: those that fail, also where others read well. `read_until`: all before it was read; where only some
fail, of those.
"""

# Once, however many streams fall ill together.
_WAKE = """
INSERT INTO pending (business_id, id, wake, due_at) SELECT $1, $2, 'source', $3
WHERE NOT EXISTS (SELECT FROM pending WHERE business_id = $1 AND wake = 'source' AND due_at <= $3)
"""


async def wake_rules(tx: Tx, business: UUID, *, at: datetime) -> None:
    """Let the next drain judge how well sources can be read: call it when that changed, not at every failure."""
    await tx.run(_WAKE, business, uuid7(), at)
