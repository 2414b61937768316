"""Alerts: what a member is to be told of at once, and never twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ledger.domain.alerts import NEWS_DAYS, NEWS_FOR, RULES, SETTLES, wanted
from ledger.domain.roles import Permission, Role
from ledger.handlers.questions import conflict_view
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, sees_payables
from ledger.queries.mornings import NewAlerts
from ledger.store.news import ASKED, CONFLICT_KEY, MONEY, RECEIPT_KEY
from ledger.views.mornings import AlertsView, AlertView

_MOST = 200
_FIRST_DAY = timedelta(days=1)
_AFTER_THE_FIRST_DAY = ("promise", "limit", "source")
"""What a firm's first books and statements show of these was so before: no news."""
_WHAT = {"payment.received": "came", "payment.failed": "failed", "payment.reversed": "reversed"}
_KINDS = {"came": "money", "failed": "returned", "reversed": "returned"}

# Money in and money back that nobody told this member ($3), whoever's customer it is. What a receipt is made of is in
# its claims: `subjects` are their keys, so that money which becomes one with money told before isn't told again.
# $2 is the present day; $4: when they must have settled.
_MONEY = f"""
SELECT r.status, r.amount - CASE WHEN r.status = 'payment.received' THEN r.refunded ELSE 0 END AS amount, r.currency,
       r.party_id, p.name, p.owner, p.receivable AS left, r.payer, n.*, {RECEIPT_KEY} AS receipt,
       EXISTS (SELECT FROM alerts_told t WHERE t.business_id = $1 AND t.member_id = $3 AND t.subject = ANY(n.keys)) AS told
FROM receipts r LEFT JOIN parties p ON p.business_id = $1 AND p.id = r.party_id
CROSS JOIN LATERAL (
  SELECT min(e.ingested_at) AS first_at, max(e.ingested_at) AS last_at, max(e.occurred_at) AS stated_at,
         array_agg(DISTINCT 'money:' || c.subject || ':' || r.status) AS keys,
         bool_and(e.source = 'operator') AND (array_agg(d.headers ->> 'actor' ORDER BY e.ingested_at DESC, e.id DESC))[1]
           = 'member:' || $3::uuid AS his_word
  FROM claims c JOIN external_events e ON e.business_id = $1 AND e.subject = c.subject
  JOIN deliveries d ON d.business_id = $1 AND d.source = e.source AND d.digest = e.delivery
  WHERE c.business_id = $1 AND c.row_id = r.id AND c.row_kind = 'receipt') n
WHERE r.business_id = $1 AND {MONEY} AND coalesce(n.last_at, '-infinity') <= $4
  AND NOT EXISTS (SELECT FROM alerts_told t WHERE t.business_id = $1 AND t.member_id = $3 AND t.subject = {RECEIPT_KEY})
ORDER BY n.last_at, r.id LIMIT {_MOST}
"""
_ASKED = f"""
SELECT c.id, c.rule, c.opened_at, c.amount, c.currency, c.party_id, p.name, p.owner, p.receivable AS left,
       {CONFLICT_KEY} AS subject
FROM conflicts c LEFT JOIN parties p ON p.business_id = $1 AND p.id = c.party_id
WHERE c.business_id = $1 AND {ASKED}
  AND NOT EXISTS (SELECT FROM alerts_told t WHERE t.business_id = $1 AND t.member_id = $3 AND t.subject = {CONFLICT_KEY})
ORDER BY c.opened_at, c.id LIMIT {_MOST}
"""
# Since when he reads the chat at all; what he chose; and since when we know the firm.
_READER = """
SELECT m.alerts, b.created_at AS founded_at, greatest(m.created_at, (
         SELECT max(l.used_at) FROM link_codes l WHERE l.business_id = $1 AND l.member_id = $2)) AS reads_since
FROM members m JOIN businesses b ON b.business_id = $1 WHERE m.business_id = $1 AND m.id = $2
"""


@handles(NewAlerts, permission=Permission.SEE_RECEIVABLES)
async def new_alerts(_: NewAlerts, ctx: Context) -> AlertsView:
    """Answer with what the member is to be told now: only what stands at this moment, of a rep's own customers."""
    firm, me = await business(ctx), ctx.actor.member_id
    reader = await ctx.tx.row(_READER, firm.id, me)
    if reader is None:
        return AlertsView((), ())
    kinds = wanted(ctx.actor.role, reader["alerts"])
    since = max(ctx.now - NEWS_FOR, reader["reads_since"])
    alerts: list[AlertView] = []
    subjects: list[tuple[str, str]] = []
    for row in await ctx.tx.fetch(_MONEY, firm.id, firm.today, me, ctx.now - SETTLES):
        what = _WHAT[row["status"]]
        subjects += [(subject, _KINDS[what]) for subject in (row["receipt"], *_untold(row))]
        if _is_news(row, what, since, ctx) and _KINDS[what] in kinds and _is_his(row, ctx):
            alerts.append(_money(row, what))
    old = reader["founded_at"] <= ctx.now - _FIRST_DAY
    for row in await ctx.tx.fetch(_ASKED, firm.id, ctx.now - NEWS_FOR, me, list(RULES)):
        kind = RULES.get(row["rule"], "question")
        subjects.append((row["subject"], kind))
        news = row["opened_at"] > since and (old or kind not in _AFTER_THE_FIRST_DAY)
        if news and kind in kinds and _is_his(row, ctx):
            alerts.append(await _asked(ctx, row, kind))
    alerts.sort(key=lambda one: one.at)
    return AlertsView(tuple(alerts), tuple(dict(sorted(subjects)).items()))


def _untold(row: Any) -> Iterable[str]:
    return () if row["told"] else row["keys"] or ()


def _is_news(row: Any, what: str, since: datetime, ctx: Context) -> bool:
    """Whether money is news: not told under another name, not his own last word, and come since he reads.

    A reversal counts by when it was stated.
    """
    if row["told"] or row["first_at"] is None or row["his_word"]:
        return False
    if what == "reversed":
        stated: datetime = row["stated_at"]
        return bool(row["last_at"] > since and stated > ctx.now - timedelta(days=NEWS_DAYS + 1))
    return bool(row["first_at"] > since and (what == "came" or row["party_id"] is not None))


def _is_his(row: Any, ctx: Context) -> bool:
    """Whether the actor may see it: of a rep's own customers to a rep; what is nobody's yet to who sees bank lines."""
    if ctx.actor.role is Role.SALES:
        return (
            row["party_id"] is not None and row["owner"] is not None and row["owner"] == ctx.actor.owner_key
        )
    return row["party_id"] is not None or sees_payables(ctx)


def _money(row: Any, what: str) -> AlertView:
    return AlertView(
        kind=_KINDS[what],
        what=what,
        at=row["last_at"],
        amount=row["amount"],
        currency=row["currency"],
        party_id=row["party_id"],
        party_name=row["name"] or row["payer"],
        left=row["left"],
    )


async def _asked(ctx: Context, row: Any, kind: str) -> AlertView:
    view = await conflict_view(ctx, row["id"])
    return AlertView(
        kind=kind,
        what=row["rule"],
        at=row["opened_at"],
        amount=row["amount"],
        currency=row["currency"],
        party_id=row["party_id"],
        party_name=row["name"],
        left=row["left"],
        conflict_id=row["id"],
        title=view.title,
    )
