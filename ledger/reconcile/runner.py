"""Judges facts by the rules and writes what follows: questions opened, changed, cleared, reopened; alarms set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from kit.ids import derived
from ledger.reconcile.alike import alike_key
from ledger.reconcile.ast import Rule
from ledger.reconcile.compile import compiled
from ledger.reconcile.concerned import concerned
from ledger.reconcile.found import Found, read_found
from ledger.reconcile.rulebook import InForce, Rulebook, rulebook
from ledger.reconcile.suggest import Suggestion, suggest
from ledger.reconcile.transitions import ACTIVE, Next, Stored, reworded, step
from ledger.store.audit import Entry
from ledger.store.replay import reread_explained

ACTOR = "system:rules"
MAX_REFRESHED = 200
"""Open questions that may be looked at again when a bill changes, newest first; the sweep does the rest."""
MAX_FOUND = 5_000
"""A business's own rule that finds more than this rests: nobody answers so many questions."""
OWN_SECONDS = 5.0
"""A business's own rule that takes longer than this rests."""

_COLUMNS = """id, rule, status, subjects, party_id, evidence, evidence_digest, version, opened_at, due_at,
  answered_digest, rule_version"""
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
_READ = f"SELECT {_COLUMNS} FROM conflicts WHERE business_id = $1 AND id = ANY($2::uuid[]) ORDER BY id"
_WRITE = """
INSERT INTO conflicts AS c (business_id, id, rule, severity, status, subjects, party_id, amount, currency, evidence,
  evidence_digest, version, opened_at, due_at, rule_version, alike, changed_at)
SELECT $1, n.id, n.rule, n.severity, n.status, n.subjects::uuid[], n.party_id, n.amount, n.currency, n.evidence,
  n.digest, n.version, n.opened_at, n.due_at, n.rule_version, n.alike, $2
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::bigint[], $10::text[],
  $11::jsonb[], $12::text[], $13::int[], $14::timestamptz[], $15::timestamptz[], $16::int[],
  $17::text[])
  AS n (id, rule, severity, status, subjects, party_id, amount, currency, evidence, digest, version, opened_at, due_at,
    rule_version, alike)
ON CONFLICT (business_id, id) DO UPDATE SET
  severity = excluded.severity, status = excluded.status, party_id = excluded.party_id, amount = excluded.amount,
  currency = excluded.currency, evidence = excluded.evidence, evidence_digest = excluded.evidence_digest,
  version = excluded.version, opened_at = excluded.opened_at, due_at = excluded.due_at, rule_version = excluded.rule_version,
  alike = excluded.alike,
  changed_at = CASE WHEN c.version = excluded.version THEN c.changed_at ELSE excluded.changed_at END
"""
_CLEAR = """
UPDATE conflicts SET status = 'cleared', version = version + 1, changed_at = $3
WHERE business_id = $1 AND id = ANY($2::uuid[])
"""
_JUDGED = """
UPDATE rule_switches s SET judged = coalesce(n.revision, s.judged), problem = n.problem
FROM unnest($2::text[], $3::int[], $4::text[]) AS n (rule, revision, problem)
WHERE s.business_id = $1 AND s.rule = n.rule
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


async def judge(
    tx: Tx,
    business_id: UUID,
    *,
    touched: frozenset[UUID] | None,
    now: datetime,
    present: frozenset[str] | None = None,
) -> list[Entry]:
    """Judge what was touched (None: everything) by every rule in force; return the audit entries.

    `present` names the facts that may have a row on what was touched (None: any may); a rule that speaks of none of
    them and asks nothing about it is passed over.
    Also judged are questions whose time has come (quiet window over, snooze over), facts that move with the clock,
    and everything by a rule that was published or switched since. The number of statements depends on the number of
    rules, not of rows.
    """
    reread = await reread_explained(tx, business_id, at=now)
    book = await rulebook(tx, business_id, trying=touched is None)
    active = await _active(tx, business_id, book, touched=touched, now=now)
    made = await assess(tx, business_id, book, active, touched=touched, now=now, present=present)
    await _write(tx, business_id, made, book, now=now)
    await _set_alarms(tx, business_id, made.writes, made.ahead, now=now)
    return [
        *(Entry(ACTOR, "status.reread", mapping, {"replayed": count}) for mapping, count in reread.items()),
        *await _keep_state(tx, business_id, book, made.problems),
        *(_entry(item) for item in made.writes if item.action),
        *(_cleared(old, book) for old in made.gone if old.status != "waiting"),
    ]


@dataclass(frozen=True, slots=True)
class Assessed:
    """What judging comes to, before anything is written. `problems`: rules that could not be judged, and why."""

    writes: Sequence[Next]
    new: frozenset[UUID]
    """Those of `writes` that weren't asked, nor about to be."""
    gone: Sequence[Stored]
    ahead: Mapping[str, datetime]
    problems: Mapping[str, str]


async def assess(
    tx: Tx,
    business: UUID,
    book: Rulebook,
    active: list[asyncpg.Record],
    *,
    touched: frozenset[UUID] | None,
    now: datetime,
    lock: bool = True,
    present: frozenset[str] | None = None,
) -> Assessed:
    """Find what the rules find and say what becomes of it; writes nothing. `lock` keeps answers from crossing it."""
    finds: dict[UUID, Found] = {}
    ahead: dict[str, datetime] = {}
    problems: dict[str, str] = {}
    for item in book.rules.values():
        rule = item.rule
        every = touched is None or rule.whole or item.revision is not None
        scope = None if every else _scope(rule, touched or (), active)
        idle = scope is not None and present is not None and not any(r["rule"] == rule.name for r in active)
        if idle and present is not None and not any(fact.name in present for fact in rule.facts):
            continue
        try:
            async with within_bounds(tx, item):
                founds, met = await _found(
                    tx, business, item, scope, zone=book.timezone, now=now, present=present if idle else None
                )
        except _UNJUDGED as error:
            if not item.version:
                raise
            problems[rule.name] = _why(error)
            continue
        active += met
        for found in founds:
            if rule.whole and found.due_at is not None and found.due_at > now:
                ahead[rule.name] = min(found.due_at, ahead.get(rule.name, found.due_at))
            else:
                finds.setdefault(found.id, found)
    stored = await _stored(tx, business, {*finds, *(row["id"] for row in active)}, lock=lock)
    proposals = await _proposals(tx, business, book, finds, stored, problems)
    writes = []
    for i in sorted(finds):
        old, found = stored.get(i), finds[i]
        step_made = step(old, found, proposals.get(i), now=now)
        if old and old.status in ACTIVE and old.rule_version != book.rules[found.rule.name].version:
            step_made = reworded(old, found, step_made)
        if step_made is not None and found.rule.name not in problems:
            writes.append(step_made)
    kept = {*book.resting, *problems}
    gone = [
        old
        for i, old in sorted(stored.items())
        if i not in finds and old.status in ACTIVE and old.rule not in kept
    ]
    new = {w.found.id for w in writes if (old := stored.get(w.found.id)) is None or old.status == "cleared"}
    return Assessed(writes, frozenset(new), gone, ahead, problems)


class AsksTooMuch(Exception):
    """A business's own rule finds more than anybody could answer."""


_UNJUDGED = (
    AsksTooMuch,
    asyncpg.QueryCanceledError,
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.SyntaxOrAccessError,
)
"""What a business's own rule may come to; our own rules never do."""


@asynccontextmanager
async def within_bounds(tx: Tx, item: InForce) -> AsyncIterator[None]:
    """Let a business's own rule work for so long and no longer; what fails in the block spoils nothing outside."""
    if not item.version:
        yield
        return
    await tx.raw.execute(f"SAVEPOINT own_rule; SET LOCAL statement_timeout = {int(OWN_SECONDS * 1000)}")
    try:
        yield
    except _UNJUDGED:
        await tx.raw.execute("ROLLBACK TO SAVEPOINT own_rule; RELEASE SAVEPOINT own_rule")
        raise
    await tx.raw.execute("RELEASE SAVEPOINT own_rule; SET LOCAL statement_timeout TO DEFAULT")


def _why(error: Exception) -> str:
    match error:
        case AsksTooMuch():
            return f"it would ask more than {MAX_FOUND:,} questions"
        case asyncpg.QueryCanceledError():
            return f"it takes longer than {OWN_SECONDS:g} seconds"
    return f"the database can't work it out ({error})"[:200]


async def _found(
    tx: Tx,
    business: UUID,
    item: InForce,
    scope: set[UUID] | None,
    *,
    zone: str,
    now: datetime,
    present: frozenset[str] | None,
) -> tuple[list[Found], list[asyncpg.Record]]:
    """Run a rule for everything, or for `scope` and the left rows that it meets; also return what was asked of those.

    `present`: the facts that may have a row in `scope`, where nothing is asked about it yet (None: any may).
    """
    rule, rows = item.rule, []
    if scope and (widen := compiled(rule).widen) is not None:
        left, right = (present is None or fact.name in present for fact in rule.facts)
        args = widen.args(business=business, now=now, zone=zone, scope=scope)
        met = {row[0] for row in await tx.fetch(widen.sql, *args)} - scope if right else set()
        if not left and not met:
            return [], []
        scope |= met
        rows = await tx.fetch(_MET, business, list(met), rule.name) if met else []
    limit = MAX_FOUND if item.version else None
    return await _find(tx, business, rule, scope, zone=zone, now=now, limit=limit), rows


async def _active(
    tx: Tx, business: UUID, book: Rulebook, *, touched: frozenset[UUID] | None, now: datetime
) -> list[asyncpg.Record]:
    """Return the active questions that are to be judged again."""
    if touched is None:
        return await tx.fetch(_ACTIVE, business)
    rows = await tx.fetch(
        _TOUCHED,
        business,
        list(touched),
        now,
        [*book.rules, *book.resting],
        [*(name for name, item in book.rules.items() if item.rule.whole), *book.changed],
        [name for name, item in book.rules.items() if item.rule.suggest == "bills"],
    )
    fresh = sorted((row for row in rows if not row["hit"]), key=lambda row: (row["opened_at"], row["id"]))
    fresh = fresh[-MAX_REFRESHED:]
    return [row for row in rows if row["hit"]] + (
        await concerned(tx, business, fresh, touched) if fresh else []
    )


def _scope(rule: Rule, touched: Iterable[UUID], active: Iterable[asyncpg.Record]) -> set[UUID]:
    return set(touched).union(*(row["subjects"] for row in active if row["rule"] == rule.name))


async def _find(
    tx: Tx,
    business: UUID,
    rule: Rule,
    scope: set[UUID] | None,
    *,
    zone: str,
    now: datetime,
    limit: int | None = None,
) -> list[Found]:
    """Run a rule's statement for everything, or for `scope`; AsksTooMuch if it finds more than `limit`."""
    if scope is not None and not scope:
        return []
    program = compiled(rule)
    statement = program.whole if scope is None else program.scoped
    args = statement.args(business=business, now=now, zone=zone, scope=scope or ())
    sql = statement.sql if limit is None else f"SELECT * FROM ({statement.sql}) found LIMIT {limit + 1}"
    rows = await tx.fetch(sql, *args)
    if limit is not None and len(rows) > limit:
        raise AsksTooMuch
    return [read_found(rule, row) for row in rows]


async def _stored(tx: Tx, business: UUID, ids: set[UUID], *, lock: bool) -> dict[UUID, Stored]:
    """Read the questions that exist already; locked, so that an answer and a judgement don't cross."""
    if not ids:
        return {}
    rows = await tx.fetch(f"{_READ}{' FOR UPDATE' if lock else ''}", business, sorted(ids))
    return {row["id"]: read_stored(row) for row in rows}


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
        rule_version=row["rule_version"],
    )


async def _proposals(
    tx: Tx,
    business: UUID,
    book: Rulebook,
    finds: Mapping[UUID, Found],
    stored: Mapping[UUID, Stored],
    problems: dict[str, str],
) -> dict[UUID, Suggestion]:
    """Propose answers for what is asked or about to be; what was answered for this evidence needs none."""
    out: dict[UUID, Suggestion] = {}
    for name, item in book.rules.items():
        rule = item.rule
        if rule.suggest is None or name in problems:
            continue
        asked = [
            found
            for i, found in finds.items()
            if found.rule is rule
            and not (
                (old := stored.get(i)) and old.status == "resolved" and old.answered_digest == found.digest
            )
        ]
        try:
            async with within_bounds(tx, item):
                out |= await suggest(tx, business, rule.suggest, asked)
        except _UNJUDGED as error:
            if not item.version:
                raise
            problems[name] = _why(error)
    return out


async def _write(tx: Tx, business: UUID, made: Assessed, book: Rulebook, *, now: datetime) -> None:
    if made.writes:
        rows = [
            (
                w.found.id, w.found.rule.name, w.found.rule.severity, w.status,
                "{" + ",".join(map(str, w.found.subjects)) + "}", w.party_id, w.found.amount, w.found.currency,
                orjson.dumps(w.evidence, option=orjson.OPT_SORT_KEYS).decode(), w.found.digest, w.version,
                w.opened_at, w.due_at, book.rules[w.found.rule.name].version, alike_key(w.found.rule.name, w.evidence),
            )
            for w in made.writes
        ]  # fmt: skip
        columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        await tx.run(_WRITE, business, now, *columns)
    if made.gone:
        await tx.run(_CLEAR, business, [old.id for old in made.gone], now)


async def _keep_state(tx: Tx, business: UUID, book: Rulebook, problems: Mapping[str, str]) -> list[Entry]:
    """Note which changes of rules are judged now, and which rules rest because they can't be; return the entries."""
    well = [name for name, item in book.rules.items() if item.failed and name not in problems]
    names = sorted({*book.changed, *problems, *well})
    if not names:
        return []
    revisions = [book.changed.get(name) for name in names]
    await tx.run(_JUDGED, business, names, revisions, [problems.get(name) for name in names])
    return [
        *(Entry(ACTOR, "rule.failed", name, {"problem": why}) for name, why in sorted(problems.items())),
        *(Entry(ACTOR, "rule.recovered", name, {}) for name in well),
    ]


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


def _cleared(old: Stored, book: Rulebook) -> Entry:
    body: dict[str, Any] = {
        "rule": old.rule,
        "before": {"status": old.status, "version": old.version},
        "after": {"status": "cleared", "version": old.version + 1},
    }
    if old.rule not in book.rules:
        body["reason"] = "the rule is switched off or withdrawn"
    elif old.rule in book.changed:
        body["reason"] = "the rule was changed and doesn't ask this any more"
    return Entry(ACTOR, "conflict.cleared", str(old.id), body)
