"""Judges facts by the rules and writes what follows: questions opened, changed, cleared, reopened; alarms set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from kit.ids import derived
from ledger.reconcile.ast import Rule
from ledger.reconcile.compile import compiled
from ledger.reconcile.found import Found, read_found
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.suggest import Suggestion, suggest
from ledger.reconcile.transitions import ACTIVE, Next, Stored, step
from ledger.store.audit import Entry
from ledger.store.replay import reread_explained

ACTOR = "system:rules"
MAX_REFRESHED = 200
"""Open questions whose proposals are looked at again when a bill changes, newest first; the sweep does the rest."""

_COLUMNS = """id, rule, status, subjects, party_id, evidence, evidence_digest, version, opened_at, due_at,
  answered_digest"""
# Few rows: only what is active, found by status. What is resolved is looked up by id, once it is found again.
_TOUCHED = """
SELECT id, rule, subjects, opened_at, (subjects && $2::uuid[] OR rule <> ALL($4::text[]) OR rule = ANY($5::text[])
  OR (due_at <= $3 AND status <> 'open')) AS hit
FROM conflicts
WHERE business_id = $1 AND status IN ('waiting', 'open', 'snoozed')
  AND (subjects && $2::uuid[] OR rule <> ALL($4::text[]) OR rule = ANY($5::text[])
       OR (due_at <= $3 AND status <> 'open')
       OR (rule = ANY($6::text[])
           AND EXISTS (SELECT FROM invoices i WHERE i.business_id = $1 AND i.anchor = ANY($2::uuid[]))))
"""
# Left rows that a touched right row meets (money for a claim): what is asked about them is judged again too.
_MET = """
SELECT id, rule, subjects, opened_at, true AS hit FROM conflicts
WHERE business_id = $1 AND status IN ('waiting', 'open', 'snoozed') AND rule = $3 AND subjects && $2::uuid[]
"""
_ACTIVE = """
SELECT id, rule, subjects, opened_at, true AS hit FROM conflicts
WHERE business_id = $1 AND status IN ('waiting', 'open', 'snoozed')
"""
_LOCK = (
    f"SELECT {_COLUMNS} FROM conflicts WHERE business_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE"
)
_WRITE = """
INSERT INTO conflicts AS c (business_id, id, rule, severity, status, subjects, party_id, amount, currency, evidence,
  evidence_digest, version, opened_at, due_at, changed_at)
SELECT $1, n.id, n.rule, n.severity, n.status, n.subjects::uuid[], n.party_id, n.amount, n.currency, n.evidence,
  n.digest, n.version, n.opened_at, n.due_at, $2
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::bigint[], $10::text[],
  $11::jsonb[], $12::text[], $13::int[], $14::timestamptz[], $15::timestamptz[])
  AS n (id, rule, severity, status, subjects, party_id, amount, currency, evidence, digest, version, opened_at, due_at)
ON CONFLICT (business_id, id) DO UPDATE SET
  severity = excluded.severity, status = excluded.status, party_id = excluded.party_id, amount = excluded.amount,
  currency = excluded.currency, evidence = excluded.evidence, evidence_digest = excluded.evidence_digest,
  version = excluded.version, opened_at = excluded.opened_at, due_at = excluded.due_at,
  changed_at = CASE WHEN c.version = excluded.version THEN c.changed_at ELSE excluded.changed_at END
"""
_CLEAR = """
UPDATE conflicts SET status = 'cleared', version = version + 1, changed_at = $3
WHERE business_id = $1 AND id = ANY($2::uuid[])
"""
_ALARMS = """
INSERT INTO pending (business_id, id, wake, due_at)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) ON CONFLICT DO NOTHING
"""
# A fact that moves with the clock is looked at again each time: its next alarm is enough, however often it moved.
_NEXT_ALARM = """
INSERT INTO pending (business_id, id, wake, due_at)
SELECT $1, n.id, n.wake, n.due_at FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS n (id, wake, due_at)
WHERE NOT EXISTS (SELECT FROM pending p WHERE p.business_id = $1 AND p.wake = n.wake
                  AND p.due_at > $5 AND p.due_at <= n.due_at)
ON CONFLICT DO NOTHING
"""


async def judge(tx: Tx, business_id: UUID, *, touched: frozenset[UUID] | None, now: datetime) -> list[Entry]:
    """Judge what was touched (None: everything) by every rule that is switched on; return the audit entries.

    Also judged are questions whose time has come (quiet window over, snooze over), and facts that move with the
    clock. The number of statements depends on the number of rules, not of rows.
    """
    reread = await reread_explained(tx, business_id, at=now)
    zone, rules = await _settings(tx, business_id)
    active = await _active(tx, business_id, rules, touched=touched, now=now)
    finds: dict[UUID, Found] = {}
    ahead: dict[str, datetime] = {}
    for rule in rules:
        scope = None if touched is None or rule.whole else _scope(rule, touched, active)
        if scope and (widen := compiled(rule).widen) is not None:
            args = widen.args(business=business_id, now=now, zone=zone, scope=scope)
            met = {row[0] for row in await tx.fetch(widen.sql, *args)} - scope
            scope |= met
            active += await tx.fetch(_MET, business_id, list(met), rule.name) if met else []
        for found in await _find(tx, business_id, rule, scope, zone=zone, now=now):
            if rule.whole and found.due_at is not None and found.due_at > now:
                ahead[rule.name] = min(found.due_at, ahead.get(rule.name, found.due_at))
            else:
                finds.setdefault(found.id, found)
    stored = await _lock(tx, business_id, {*finds, *(row["id"] for row in active)})
    proposals = await _proposals(tx, business_id, rules, finds, stored)
    steps = [step(stored.get(i), finds[i], proposals.get(i), now=now) for i in sorted(finds)]
    writes = [item for item in steps if item is not None]
    gone = [old for i, old in sorted(stored.items()) if i not in finds and old.status in ACTIVE]
    await _write(tx, business_id, writes, gone, now=now)
    await _set_alarms(tx, business_id, writes, ahead, now=now)
    return [
        *(Entry(ACTOR, "status.reread", mapping, {"replayed": count}) for mapping, count in reread.items()),
        *(_entry(item) for item in writes if item.action),
        *(_cleared(old) for old in gone if old.status != "waiting"),
    ]


async def _settings(tx: Tx, business: UUID) -> tuple[str, tuple[Rule, ...]]:
    """Return the timezone of the business and the rules that are switched on."""
    row = await tx.row(
        "SELECT b.timezone, coalesce((SELECT array_agg(s.rule) FROM rule_switches s"
        " WHERE s.business_id = b.business_id AND NOT s.enabled), '{}') AS off"
        " FROM businesses b WHERE b.business_id = $1",
        business,
    )
    off = set(row["off"]) if row else set()
    rules = tuple(rule for name, rule in shipped_rules().items() if name not in off)
    return (row["timezone"] if row else "Asia/Kolkata"), rules


async def _active(
    tx: Tx, business: UUID, rules: Sequence[Rule], *, touched: frozenset[UUID] | None, now: datetime
) -> list[asyncpg.Record]:
    """Return the active questions that are to be judged again."""
    if touched is None:
        return await tx.fetch(_ACTIVE, business)
    rows = await tx.fetch(
        _TOUCHED,
        business,
        list(touched),
        now,
        [rule.name for rule in rules],
        [rule.name for rule in rules if rule.whole],
        [rule.name for rule in rules if rule.suggest],
    )
    fresh = sorted((row for row in rows if not row["hit"]), key=lambda row: (row["opened_at"], row["id"]))
    return [row for row in rows if row["hit"]] + fresh[-MAX_REFRESHED:]


def _scope(rule: Rule, touched: Iterable[UUID], active: Iterable[asyncpg.Record]) -> set[UUID]:
    return set(touched).union(*(row["subjects"] for row in active if row["rule"] == rule.name))


async def _find(
    tx: Tx, business: UUID, rule: Rule, scope: set[UUID] | None, *, zone: str, now: datetime
) -> list[Found]:
    """Run a rule's statement for everything, or for `scope`."""
    program = compiled(rule)
    if scope is None:
        args = program.whole.args(business=business, now=now, zone=zone)
        return [read_found(rule, row) for row in await tx.fetch(program.whole.sql, *args)]
    if not scope:
        return []
    args = program.scoped.args(business=business, now=now, zone=zone, scope=scope)
    return [read_found(rule, row) for row in await tx.fetch(program.scoped.sql, *args)]


async def _lock(tx: Tx, business: UUID, ids: set[UUID]) -> dict[UUID, Stored]:
    """Lock and read the questions that exist already, so that an answer and a judgement don't cross."""
    if not ids:
        return {}
    return {row["id"]: read_stored(row) for row in await tx.fetch(_LOCK, business, sorted(ids))}


def read_stored(row: asyncpg.Record) -> Stored:
    """Read a row of conflicts."""
    return Stored(
        id=row["id"],
        rule=row["rule"],
        status=row["status"],
        subjects=tuple(row["subjects"]),
        party_id=row["party_id"],
        evidence=row["evidence"],
        digest=row["evidence_digest"],
        version=row["version"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        answered_digest=row["answered_digest"],
    )


async def _proposals(
    tx: Tx, business: UUID, rules: Iterable[Rule], finds: Mapping[UUID, Found], stored: Mapping[UUID, Stored]
) -> dict[UUID, Suggestion]:
    """Propose answers for what is asked or about to be; what was answered for this evidence needs none."""
    out: dict[UUID, Suggestion] = {}
    for rule in rules:
        if rule.suggest is None:
            continue
        asked = [
            found
            for i, found in finds.items()
            if found.rule is rule
            and not (
                (old := stored.get(i)) and old.status == "resolved" and old.answered_digest == found.digest
            )
        ]
        out |= await suggest(tx, business, rule.suggest, asked)
    return out


async def _write(
    tx: Tx, business: UUID, writes: Sequence[Next], gone: Sequence[Stored], *, now: datetime
) -> None:
    if writes:
        rows = [
            (
                w.found.id, w.found.rule.name, w.found.rule.severity, w.status,
                "{" + ",".join(map(str, w.found.subjects)) + "}", w.party_id, w.found.amount, w.found.currency,
                orjson.dumps(w.evidence, option=orjson.OPT_SORT_KEYS).decode(), w.found.digest, w.version,
                w.opened_at, w.due_at,
            )
            for w in writes
        ]  # fmt: skip
        columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        await tx.run(_WRITE, business, now, *columns)
    if gone:
        await tx.run(_CLEAR, business, [old.id for old in gone], now)


async def _set_alarms(
    tx: Tx, business: UUID, writes: Iterable[Next], ahead: Mapping[str, datetime], *, now: datetime
) -> None:
    """Leave a wake-up for each moment at which something waiting falls due, and the next one of what may go quiet."""
    due = sorted({(w.found.rule.name, w.due_at) for w in writes if w.status == "waiting" and w.due_at > now})
    for statement, alarms, more in ((_ALARMS, due, ()), (_NEXT_ALARM, sorted(ahead.items()), (now,))):
        if alarms:
            names, moments = [name for name, _ in alarms], [moment for _, moment in alarms]
            await tx.run(statement, business, [alarm_id(*alarm) for alarm in alarms], names, moments, *more)


def alarm_id(rule: str, due: datetime) -> UUID:
    """Return the id of the mailbox row that wakes a rule at a moment."""
    return derived("wake", rule, str(int(due.timestamp() * 1_000_000)))


def _entry(item: Next) -> Entry:
    assert item.action is not None
    body: dict[str, Any] = {
        "rule": item.found.rule.name,
        "before": item.before,
        "after": {"status": item.status, "version": item.version, "evidence_digest": item.found.digest},
        "subjects": [str(subject) for subject in item.found.subjects],
    }
    if item.evidence.get("changed"):
        body["changed"] = item.evidence["changed"]
    return Entry(ACTOR, item.action, str(item.found.id), body)


def _cleared(old: Stored) -> Entry:
    return Entry(
        ACTOR,
        "conflict.cleared",
        str(old.id),
        {
            "rule": old.rule,
            "before": {"status": old.status, "version": old.version},
            "after": {"status": "cleared", "version": old.version + 1},
        },
    )
