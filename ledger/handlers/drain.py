"""Draining: fold what is pending, derive what depends on it, judge it by the rules; all in one transaction."""

from __future__ import annotations

from uuid import UUID

import ledger.reconcile.runner as reconcile
from kit.database import Tx
from ledger.commands import DrainBusiness, Drained, RebuildBusiness, Rebuilt, SweepBusiness
from ledger.domain.derive import Terms, derive
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.store import freshness, identities, readmodel
from ledger.store.audit import Entry


@handles(DrainBusiness, permission=Permission.SYSTEM)
async def drain(command: DrainBusiness, context: Context) -> Drained:
    """Take up to `limit` mailbox rows of one business; one drainer a business at a time."""
    tx, business = context.tx, context.actor.business_id
    if not await tx.value(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))", str(business)
    ):
        return Drained(folded=0, more=False, busy=True)
    rows = await tx.fetch(
        "SELECT id, subject FROM pending WHERE business_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
        business,
        context.now,
        command.limit,
    )
    await freshness.gather(tx, business)
    if rows:
        subjects = {row["subject"] for row in rows if row["subject"] is not None}
        scope: set[UUID] = set()
        if subjects:
            found, scope = await identities.refold(tx, business, subjects)
            made = derive(found.values(), await terms_of(tx, business))
            changed = await readmodel.write(tx, business, made, scope=scope, now=context.now)
            context.entries.append(
                Entry(context.actor.label, "drained", None, {"identities": len(subjects), "rows": changed})
            )
        context.entries += await reconcile.judge(tx, business, touched=frozenset(scope), now=context.now)
        await tx.run(
            "DELETE FROM pending WHERE business_id = $1 AND id = ANY($2)",
            business,
            [row["id"] for row in rows],
        )
    next_due = await tx.value("SELECT min(due_at) FROM pending WHERE business_id = $1", business)
    more = next_due is not None and next_due <= context.now
    return Drained(folded=len(rows), more=more, next_due=next_due)


@handles(SweepBusiness, permission=Permission.SYSTEM)
async def sweep(_: SweepBusiness, context: Context) -> int:
    """Judge everything by every rule; the daily safety net."""
    business = context.actor.business_id
    await context.tx.run(
        "SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))", str(business)
    )
    entries = await reconcile.judge(context.tx, business, touched=None, now=context.now)
    context.entries += entries
    context.audit("swept", changes=len(entries))
    return len(entries)


@handles(RebuildBusiness, permission=Permission.SYSTEM)
async def rebuild(command: RebuildBusiness, context: Context) -> Rebuilt:
    """Fold the whole log again and compare with what is stored; write only if told to."""
    tx, business = context.tx, context.actor.business_id
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))", str(business))
    subjects = [
        record["subject"]
        for record in await tx.fetch(
            "SELECT DISTINCT subject FROM external_events WHERE business_id = $1 "
            "UNION SELECT subject FROM event_rewrites WHERE business_id = $1",
            business,
        )
    ]
    events = await tx.value("SELECT count(*) FROM external_events WHERE business_id = $1", business)
    if command.apply:
        found, _ = await identities.refold(tx, business, subjects) if subjects else ({}, set())
    else:
        found = await identities.fold_from_log(tx, business, subjects)
    made = derive(found.values(), await terms_of(tx, business))
    differing = await readmodel.differences(tx, business, made)
    if command.apply and differing:
        await readmodel.write(tx, business, made, scope=None, now=context.now)
    context.audit("rebuilt" if command.apply else "compared", events=events, differing=differing)
    return Rebuilt(events=events, differing=differing)


async def terms_of(tx: Tx, business: UUID) -> Terms:
    """Read what the business itself settles."""
    row = await tx.row(
        "SELECT timezone, currency, (settings->>'round_off_limit')::bigint AS limit FROM businesses WHERE business_id = $1",
        business,
    )
    if row is None:
        return Terms()
    return Terms(
        row["timezone"], row["currency"], Terms().round_off_limit if row["limit"] is None else row["limit"]
    )
