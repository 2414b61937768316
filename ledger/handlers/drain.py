"""Draining: fold what is pending, derive what depends on it, judge it by the rules; all in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import ledger.reconcile.runner as reconcile
from kit.database import Tx
from kit.ids import uuid7
from ledger.commands import DrainBusiness, Drained, RebuildBusiness, Rebuilt, SweepBusiness
from ledger.domain.derive import Terms, derive
from ledger.domain.derive.model import Coverage
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.handlers.tie_out import keep_day
from ledger.reconcile.present import may_hold
from ledger.store import freshness, identities, readmodel, write_back
from ledger.store.audit import Entry

DERIVED_AT_ONCE = 200
"""Folded identities whose company is derived in one transaction while more wait than it takes: bounds its memory."""
PATIENCE = timedelta(seconds=5)
"""While more is waiting to be folded, what is folded waits for its derivation at most so long."""
AN_IMPORT, IMPORTS_PATIENCE = 5_000, timedelta(seconds=30)
"""Behind so many it waits longer: whoever has a bill among each thousand of them would be derived once a thousand."""


@handles(DrainBusiness, permission=Permission.SYSTEM)
async def drain(command: DrainBusiness, context: Context) -> Drained:
    """Take up to `limit` mailbox rows of one business; one drainer a business at a time.

    A few are folded and derived at once. Behind a backlog everything is folded first, so that a customer with a
    hundred bills in it is derived once and not a hundred times.
    """
    tx, business = context.tx, context.actor.business_id
    if not await tx.value(_ALONE, str(business)):
        return Drained(folded=0, more=False, busy=True)
    rows = await tx.fetch(
        "SELECT id, subject FROM pending WHERE business_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
        business,
        context.now,
        command.limit,
    )
    await tx.run(
        "DELETE FROM pending WHERE business_id = $1 AND id = ANY($2)", business, [row["id"] for row in rows]
    )
    reached = await freshness.gather(tx, business, now=context.now)
    subjects = {row["subject"] for row in rows if row["subject"] is not None}
    if subjects:
        await identities.refold(tx, business, subjects)
        await tx.run(_MARK, business, list(subjects), context.now)
    backlog = len(rows) >= command.limit
    oldest = await tx.value("SELECT min(since) FROM dirty WHERE business_id = $1", business)
    more = oldest is not None
    scope: frozenset[UUID] = frozenset()
    present: frozenset[str] | None = None
    terms = Terms()
    if oldest is not None and (not backlog or await _waited_enough(context, oldest)):
        terms = await terms_of(tx, business)
        limit = DERIVED_AT_ONCE if backlog or len(subjects) == 0 else command.limit
        scope, present, more = await _derive_dirty(context, terms, limit=limit)
    if scope or reached or len(subjects) < len(rows):
        context.entries += await reconcile.judge(
            tx,
            business,
            touched=scope | reached,
            now=context.now,
            present=present if reached <= scope else None,
        )
    if scope:
        await write_back.project(tx, business, anchors=scope, now=context.now, timezone=terms.timezone)
    if more:
        await tx.run(
            "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, 'derive', $3)",
            business,
            uuid7(),
            context.now,
        )
    next_due = await tx.value("SELECT min(due_at) FROM pending WHERE business_id = $1", business)
    return Drained(folded=len(rows), more=next_due is not None and next_due <= context.now, next_due=next_due)


# What a drain reads it looks up by keys; a table that is small yet must not be read whole for each of them.
_ALONE = """
SELECT pg_try_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0)), set_config('enable_seqscan', 'off', true)
"""
_MANY_MORE = """
SELECT EXISTS (SELECT FROM pending WHERE business_id = $1 AND due_at <= $2 OFFSET $3)
"""
_MARK = """
INSERT INTO dirty (business_id, subject, since) SELECT $1, unnest($2::uuid[]), $3 ON CONFLICT DO NOTHING
"""


async def _waited_enough(context: Context, oldest: datetime) -> bool:
    """Whether what is folded, some of it since `oldest`, is to be derived though more is waiting to be folded."""
    waited = context.now - oldest
    if not PATIENCE <= waited < IMPORTS_PATIENCE:
        return waited >= PATIENCE
    return not await context.tx.value(_MANY_MORE, context.actor.business_id, context.now, AN_IMPORT)


async def _derive_dirty(
    context: Context, terms: Terms, *, limit: int
) -> tuple[frozenset[UUID], frozenset[str] | None, bool]:
    """Derive the longest waiting identities with all their company; returns the scope, the facts that may have a row
    in it, and whether more wait."""
    tx, business = context.tx, context.actor.business_id
    waiting = await tx.fetch(
        "SELECT subject FROM dirty WHERE business_id = $1 ORDER BY since, subject LIMIT $2",
        business,
        limit + 1,
    )
    if len(waiting) > limit:
        waiting = waiting[:DERIVED_AT_ONCE]
    scope = await identities.reach(tx, business, [row["subject"] for row in waiting])
    found = await identities.load(tx, business, scope)
    clean = [
        row["subject"]
        for row in await tx.fetch(
            "DELETE FROM dirty WHERE business_id = $1 AND subject = ANY($2) RETURNING subject",
            business,
            list(scope),
        )
    ]
    await identities.drop_stale_keys(tx, business, clean, found)
    made = derive(found.values(), terms)
    del found  # of a large import it is most of what is held
    written = await readmodel.write(tx, business, made, scope=scope, now=context.now)
    context.entries.append(
        Entry(context.actor.label, "drained", None, {"identities": len(clean), "rows": written.rows})
    )
    context.entries += written.changes.entries(context.actor.label)
    more = await tx.value("SELECT EXISTS (SELECT FROM dirty WHERE business_id = $1)", business)
    return frozenset(scope), may_hold(made), bool(more)


CHAT_KEPT = timedelta(days=90)
"""How long a button works and a sent message is remembered; the log and the audit trail are kept for ever."""
_FORGET_BUTTONS = "DELETE FROM buttons WHERE business_id = $1 AND created_at < $2"
_FORGET_MESSAGES = (
    "DELETE FROM outbox WHERE business_id = $1 AND queued_at < $2 AND status IN ('sent', 'failed')"
)
KEYS_KEPT = timedelta(days=30)
"""How long a caller's idempotency key is remembered."""
_FORGET_KEYS = "DELETE FROM done_once WHERE business_id = $1 AND done_at < $2"


@handles(SweepBusiness, permission=Permission.SYSTEM)
async def sweep(_: SweepBusiness, context: Context) -> int:
    """Judge everything by every rule, and keep how it ties out with the books; the daily safety net."""
    business = context.actor.business_id
    await context.tx.run(
        "SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))", str(business)
    )
    entries = await reconcile.judge(context.tx, business, touched=None, now=context.now)
    context.entries += entries
    firm = await terms_of(context.tx, business)
    await write_back.project(context.tx, business, anchors=None, now=context.now, timezone=firm.timezone)
    await keep_day(context)
    until = context.now - CHAT_KEPT
    buttons = await context.tx.run(_FORGET_BUTTONS, business, until)
    messages = await context.tx.run(_FORGET_MESSAGES, business, until)
    await context.tx.run(_FORGET_KEYS, business, context.now - KEYS_KEPT)
    context.audit("swept", changes=len(entries), buttons_forgotten=buttons, messages_forgotten=messages)
    return len(entries)


@handles(RebuildBusiness, permission=Permission.SYSTEM)
async def rebuild(command: RebuildBusiness, context: Context) -> Rebuilt:
    """Fold the whole log again and compare with what is stored; write only if told to."""
    tx, business = context.tx, context.actor.business_id
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))", str(business))
    events = await tx.value("SELECT count(*) FROM external_events WHERE business_id = $1", business)
    found = await identities.fold_from_log(tx, business)
    if command.apply:
        await identities.replace_all(tx, business, found)
    made = derive(found.values(), await terms_of(tx, business))
    differing = await readmodel.differences(tx, business, made)
    if command.apply and differing:
        written = await readmodel.write(tx, business, made, scope=None, now=context.now)
        context.entries += written.changes.entries(context.actor.label)
    context.audit("rebuilt" if command.apply else "compared", events=events, differing=differing)
    return Rebuilt(events=events, differing=differing)


async def terms_of(tx: Tx, business: UUID) -> Terms:
    """Read what the business itself settles, and which days its banks have shown."""
    row = await tx.row(
        "SELECT timezone, currency, (settings->>'round_off_limit')::bigint AS limit FROM businesses WHERE business_id = $1",
        business,
    )
    shown = await tx.fetch(_COVERED, business)
    coverage = tuple(Coverage(r["bank"], r["account"], r["since"], r["until"]) for r in shown)
    if row is None:
        return Terms(coverage=coverage)
    limit = Terms().round_off_limit if row["limit"] is None else row["limit"]
    return Terms(row["timezone"], row["currency"], limit, coverage=coverage)


_COVERED = """
SELECT split_part(s.source, ':', 2) AS bank, s.account, lower(r) AS since, upper(r) - 1 AS until
FROM source_state s, unnest(s.covered) r WHERE s.business_id = $1 AND s.source LIKE 'bank:%' ORDER BY s.source, r
"""
