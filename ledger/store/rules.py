"""Rows of a business's rules: texts are only ever added; what is in force is one row for each rule that was touched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg

from kit.database import Tx
from kit.ids import uuid7

WAKE = "rules"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('rules:' || $1::text, 0))"
_NEWEST = """
SELECT version, text, state, by_name, at FROM rule_versions
WHERE business_id = $1 AND rule = $2 ORDER BY version DESC LIMIT 1
"""
_VERSION = "SELECT * FROM rule_versions WHERE business_id = $1 AND rule = $2 AND version = $3"
_VERSIONS = "SELECT * FROM rule_versions WHERE business_id = $1 AND rule = $2 ORDER BY version DESC LIMIT 200"
_ADD = """
INSERT INTO rule_versions (business_id, rule, version, text, state, permissions, shipped_digest, reason, by, by_name, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_SET = """
INSERT INTO rule_switches AS s (business_id, rule, version, revision) VALUES ($1, $2, $3, 1)
ON CONFLICT (business_id, rule) DO UPDATE SET version = excluded.version, revision = s.revision + 1, problem = NULL
"""
_SWITCH = """
INSERT INTO rule_switches AS s (business_id, rule, enabled, revision) VALUES ($1, $2, $3, 1)
ON CONFLICT (business_id, rule) DO UPDATE SET enabled = excluded.enabled, revision = s.revision + 1, problem = NULL
"""
_PLACE = """
INSERT INTO rule_switches (business_id, rule, place) VALUES ($1, $2, $3)
ON CONFLICT (business_id, rule) DO UPDATE SET place = excluded.place
"""
_STATES = """
SELECT n.rule, coalesce(s.enabled, true) AS enabled, coalesce(s.version, 0) AS in_force, s.place, s.problem,
       coalesce(w.version, 0) AS newest, v.text, v.shipped_digest, coalesce(o.open, 0) AS open
FROM (SELECT unnest($2::text[]) AS rule UNION SELECT rule FROM rule_versions WHERE business_id = $1) n
LEFT JOIN rule_switches s ON s.business_id = $1 AND s.rule = n.rule
LEFT JOIN rule_versions v ON v.business_id = $1 AND v.rule = n.rule AND v.version = s.version
LEFT JOIN LATERAL (SELECT max(version) AS version FROM rule_versions x WHERE x.business_id = $1 AND x.rule = n.rule) w
  ON true
LEFT JOIN (SELECT rule, count(*) AS open FROM conflicts WHERE business_id = $1 AND status = 'open' GROUP BY rule) o
  ON o.rule = n.rule
WHERE $3::text IS NULL OR n.rule = $3
"""
_RING = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, $3, $4)"


async def lock_rules(tx: Tx, business: UUID) -> None:
    """Let one publisher at a time in, until the transaction ends."""
    await tx.run(_LOCK, str(business))


async def newest_version(tx: Tx, business: UUID, rule: str) -> asyncpg.Record | None:
    """Return the newest version of a rule, which may be a withdrawal."""
    return await tx.row(_NEWEST, business, rule)


async def rule_version(tx: Tx, business: UUID, rule: str, version: int) -> asyncpg.Record | None:
    """Return one version of a rule."""
    return await tx.row(_VERSION, business, rule, version)


async def rule_versions(tx: Tx, business: UUID, rule: str) -> list[asyncpg.Record]:
    """Return the versions of a rule, newest first, at most 200."""
    return await tx.fetch(_VERSIONS, business, rule)


async def add_version(
    tx: Tx,
    business: UUID,
    rule: str,
    version: int,
    *,
    text: str,
    permissions: Iterable[str],
    shipped_digest: str | None,
    reason: str,
    by: str,
    by_name: str,
    at: datetime,
) -> None:
    """Keep a version and put it in force; no text: it is a withdrawal, and none of the business's own is in force."""
    state = "published" if text else "withdrawn"
    await tx.run(
        _ADD, business, rule, version, text, state, sorted(permissions), shipped_digest, reason, by, by_name, at
    )  # fmt: skip
    await tx.run(_SET, business, rule, version if text else 0)
    await _ring(tx, business, at)


async def switch(tx: Tx, business: UUID, rule: str, *, on: bool, at: datetime) -> None:
    """Switch a rule on or off, and have it judged."""
    await tx.run(_SWITCH, business, rule, on)
    await _ring(tx, business, at)


async def order(tx: Tx, business: UUID, rule: str, place: int) -> None:
    """Say where a rule's questions are asked."""
    await tx.run(_PLACE, business, rule, place)


async def rule_states(
    tx: Tx, business: UUID, shipped: Iterable[str], rule: str | None = None
) -> list[asyncpg.Record]:
    """Return what is in force of each rule, or of one: its switch, versions, place, and how many questions are open."""
    return await tx.fetch(_STATES, business, list(shipped), rule)


async def _ring(tx: Tx, business: UUID, at: datetime) -> None:
    """Wake the drainer: it judges everything by what has changed."""
    await tx.run(_RING, business, uuid7(), WAKE, at)
