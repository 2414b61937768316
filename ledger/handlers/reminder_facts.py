"""What a reminder rests on: what a customer owes without what is disputed, and what speaks against reminding him now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.domain.roles import Permission
from ledger.handlers.digest import HICCUP
from ledger.handlers.paging import Conditions
from ledger.handlers.questions import held_by
from ledger.handlers.registry import Context
from ledger.handlers.scope import business, own_parties
from ledger.handlers.sources import BANK, read_sources
from ledger.handlers.standing import HELD
from ledger.views import BusinessView, SourceView
from ledger.views.reminders import ReminderBill, ReminderHold

LATE_DAYS = 2
"""From this day after the due day on a bill is late: a payment of the due day itself may not show in the bank before."""
AGAIN_DAYS = 3
"""Nobody is reminded twice within so many days."""
SAID_PAID_DAYS = 5
"""So long a customer's word that he has paid is given time to show in the bank."""
STATEMENT_DAYS = 3
"""Statements that end earlier than so many days ago don't show what has been paid lately: a weekend is nothing yet."""
SHEET_DAYS = 7
"""The same where no source of money has a rhythm of its own, and the last word is of a sheet."""
CHEQUE_DAYS = 90
"""A cheque older than that is no longer taken by a bank."""
PENDING_DAYS = 30
"""Money that was reported longer ago, and that no bank shows, doesn't hold a reminder any more."""
NEAREST, MOST_BILLS = 5, 50
_TALK = timedelta(days=7)

# $1 is the business, $2 its present day, $3 the moment from which talk counts; {where} limits the parties `p`. What is
# disputed stands aside; what a party has on account covers the oldest of its other bills first.
OWED = """
WITH party AS (
  SELECT p.*, greatest(0, p.open_bills - p.receivable) AS covered FROM parties p WHERE p.business_id = $1 AND {where}
), bill AS NOT MATERIALIZED (
  SELECT i.party_id, i.id, i.number, i.issued_on, i.status = 'invoice.disputed' AS disputed, p.covered,
         CASE WHEN d.invoice_id IS NULL THEN i.due_on ELSE d.due_on END AS due_on, coalesce(d.number, 0) AS part,
         coalesce(d.outstanding, i.outstanding) AS amount
  FROM party p
  JOIN invoices i ON i.business_id = $1 AND i.party_id = p.id AND i.outstanding > 0 AND i.currency = p.currency
  LEFT JOIN dues d ON d.business_id = $1 AND d.invoice_id = i.id AND d.outstanding > 0
), owed AS (
  SELECT b.party_id, b.id, b.number, b.issued_on, b.due_on, b.part, b.amount AS remaining
  FROM bill b WHERE NOT b.disputed AND b.covered <= 0
  UNION ALL
  SELECT b.party_id, b.id, b.number, b.issued_on, b.due_on, b.part,
         greatest(0, least(b.amount,
           sum(b.amount) OVER (PARTITION BY b.party_id ORDER BY coalesce(b.due_on, b.issued_on), b.id, b.part)
           - b.covered))::bigint
  FROM bill b WHERE NOT b.disputed AND b.covered > 0
)
"""
# What else is known of each party: disputed bills, cheques in hand, money that is told of and not here yet, the last talk.
FACTS = f"""
, named AS (
  SELECT s.subject, s.party_id FROM party p JOIN party_identities s ON s.business_id = $1 AND s.party_id = p.id
  UNION SELECT p.anchor, p.id FROM party p
), talk AS (
  SELECT DISTINCT ON (n.party_id, e.event_type) n.party_id, e.event_type, e.occurred_at, d.headers ->> 'actor' AS actor
  FROM external_events e
  JOIN named n ON n.subject::text = e.normalised ->> 'party'
  LEFT JOIN deliveries d ON d.business_id = $1 AND d.source = e.source AND d.digest = e.delivery
  WHERE e.business_id = $1 AND e.kind IN ('call', 'reminder') AND e.occurred_at > $3 AND e.source = 'operator'
    AND (e.event_type = 'reminder.sent' OR e.event_type = 'call.logged' AND e.normalised ->> 'outcome' = 'says_paid')
    AND NOT EXISTS (SELECT FROM external_events w WHERE w.business_id = $1 AND w.subject = e.subject
                    AND w.event_type = 'decision.withdrawn' AND w.occurred_at >= e.occurred_at)
  ORDER BY n.party_id, e.event_type, e.occurred_at DESC
), owing AS MATERIALIZED (
  SELECT party_id, sum(remaining)::bigint AS net, sum(remaining) FILTER (WHERE due_on < $2)::bigint AS overdue,
         sum(remaining) FILTER (WHERE due_on <= $2::date - {LATE_DAYS})::bigint AS late,
         min(due_on) FILTER (WHERE remaining > 0 AND due_on < $2) AS oldest,
         min(due_on) FILTER (WHERE remaining > 0 AND due_on >= $2) AS next_due
  FROM owed GROUP BY party_id
), aside AS MATERIALIZED (
  SELECT party_id, sum(amount)::bigint AS amount FROM bill WHERE disputed GROUP BY party_id
), cheque AS (
  SELECT q.party_id, sum(q.amount)::bigint AS amount, min(q.dated_on) FILTER (WHERE q.dated_on > $2) AS on_day
  FROM party p JOIN cheques q ON q.business_id = $1 AND q.party_id = p.id AND q.currency = p.currency
  WHERE q.status IN ('cheque.received', 'cheque.deposited')
    AND (q.dated_on IS NULL OR q.dated_on > $2::date - {CHEQUE_DAYS})
  GROUP BY q.party_id
)
SELECT p.id, p.anchor, p.name, p.currency, p.phone, p.promise_on, p.on_account, p.last_receipt_on,
       coalesce(o.net, 0) AS net, coalesce(o.overdue, 0) AS overdue, coalesce(o.late, 0) AS late,
       coalesce($2 - o.oldest, 0) AS days, o.next_due, coalesce(a.amount, 0) AS disputed,
       c.amount AS cheques, c.on_day AS cheque_on, m.amount AS told, m.on_day AS told_on,
       t.occurred_at AS reminded_at, t.actor AS reminded_by, s.occurred_at AS said_at, s.actor AS said_to,
       {HELD} AS held
FROM party p
LEFT JOIN owing o ON o.party_id = p.id
LEFT JOIN aside a ON a.party_id = p.id
LEFT JOIN cheque c ON c.party_id = p.id
CROSS JOIN LATERAL (
  SELECT sum(r.amount - r.refunded)::bigint AS amount, max(r.received_on) AS on_day FROM receipts r
  WHERE r.business_id = $1 AND r.party_id = p.id AND r.currency = p.currency
    AND NOT r.arrived AND r.classified IS NULL AND r.received_on > $2::date - {PENDING_DAYS}
    AND r.status NOT IN ('payment.failed', 'payment.reversed', 'payment.refunded') AND r.amount > r.refunded
) m
LEFT JOIN talk t ON t.party_id = p.id AND t.event_type = 'reminder.sent'
LEFT JOIN talk s ON s.party_id = p.id AND s.event_type = 'call.logged'
WHERE {{only}}
"""
# The bills that each party's reminder is about: $3 the parties and, pairwise, $4 its kind; the nearest $5 of each.
_BILLS = f"""
, wanted AS (SELECT * FROM unnest($3::uuid[], $4::text[]) AS w(party_id, kind)), asked AS (
  SELECT o.party_id, o.id, o.number, o.issued_on, min(o.due_on) AS due_on, sum(o.remaining)::bigint AS amount
  FROM owed o JOIN wanted w ON w.party_id = o.party_id
  WHERE o.remaining > 0 AND CASE w.kind WHEN 'late' THEN o.due_on <= $2::date - {LATE_DAYS}
                                        WHEN 'grace' THEN o.due_on < $2 ELSE w.kind = 'not_due' END
  GROUP BY o.party_id, o.id, o.number, o.issued_on
), ranked AS (
  SELECT a.*, row_number() OVER (PARTITION BY party_id ORDER BY coalesce(due_on, issued_on), id) AS place,
         count(*) OVER (PARTITION BY party_id) AS bills, sum(amount) OVER (PARTITION BY party_id)::bigint AS whole
  FROM asked a
)
SELECT * FROM ranked WHERE place <= $5 ORDER BY party_id, place
"""
_STATED_MONEY = """
SELECT DISTINCT source FROM claims WHERE business_id = $1 AND row_kind = 'receipt' AND source LIKE 'standard:%'
"""
_NAMES = "SELECT id, name FROM members WHERE business_id = $1 AND id = ANY($2::uuid[])"


async def facts_of(ctx: Context, *, parties: Sequence[UUID] | None = None) -> list[Any]:
    """Return the facts of some customers, or of all who owe and are late; within the actor's scope."""
    firm = await business(ctx)
    where = Conditions([firm.id, firm.today, ctx.now - _TALK])
    if parties is not None:
        where.add("p.id = ANY({})", list(parties))
    else:
        where.add("p.receivable > 0")
    own_parties(ctx, where)
    only = "true" if parties is not None else "o.overdue > 0"
    return await ctx.tx.fetch(OWED.format(where=where.sql) + FACTS.format(only=only), *where.values)


def kind_of(row: Any) -> tuple[str, int]:
    """Return what kind of reminder it would be, and how much it asks for."""
    if row["late"] > 0:
        return "late", row["late"]
    if row["overdue"] > 0:
        return "grace", row["overdue"]
    return ("not_due", row["net"]) if row["net"] > 0 else ("nothing", 0)


@dataclass(frozen=True, slots=True)
class AskedBills:
    """The bills that a reminder is about, oldest first; `more` bills besides come to `more_amount`."""

    bills: tuple[ReminderBill, ...] = ()
    more: int = 0
    more_amount: int = 0


async def bills_of(ctx: Context, kinds: Mapping[UUID, str], *, most: int) -> dict[UUID, AskedBills]:
    """Return the bills that customers' reminders of these kinds are about, by customer, at most so many of each."""
    firm = await business(ctx)
    sql = OWED.format(where="p.id = ANY($3)") + _BILLS
    found: dict[UUID, AskedBills] = dict.fromkeys(kinds, AskedBills())
    for row in await ctx.tx.fetch(sql, firm.id, firm.today, list(kinds), list(kinds.values()), most):
        before = found[row["party_id"]].bills
        bill = ReminderBill(
            number=row["number"],
            issued_on=row["issued_on"],
            due_on=row["due_on"],
            days=max(0, (firm.today - row["due_on"]).days) if row["due_on"] else 0,
            amount=row["amount"],
        )
        bills = (*before, bill)
        left = row["whole"] - sum(one.amount for one in bills)
        found[row["party_id"]] = AskedBills(bills, row["bills"] - len(bills), left)
    return found


async def holds_of(
    ctx: Context, rows: Sequence[Any], stale: Sequence[SourceView]
) -> dict[UUID, tuple[ReminderHold, ...]]:
    """Return what speaks against each customer's reminder, the heaviest first; two statements, however many they are."""
    firm = await business(ctx)
    entries = await held_by(ctx, [row["id"] for row in rows if row["held"] and kind_of(row)[0] != "nothing"])
    holds = {row["id"]: _holds(row, entries.get(row["id"], ()), stale, firm) for row in rows}
    labels = {hold.who for against in holds.values() for hold in against if hold.who}
    names = await _names(ctx, labels)
    return {
        key: tuple(replace(hold, who=names.get(hold.who) if hold.who else None) for hold in against)
        for key, against in holds.items()
    }


def _holds(
    row: Any, entries: tuple[str, ...], stale: Sequence[SourceView], firm: BusinessView
) -> list[ReminderHold]:
    kind, _ = kind_of(row)
    if kind == "nothing":
        if row["disputed"]:
            return [ReminderHold("disputed", "final", amount=row["disputed"])]
        return [ReminderHold("nothing_due", "final")]
    holds = []
    if row["held"]:
        holds.append(ReminderHold("entry", "hard", entries=entries))
    if stale:
        holds.append(ReminderHold("stale", "hard", sources=tuple(stale)))
    holds += _said(row, firm.today, firm.timezone)
    if kind == "grace":
        holds.append(ReminderHold("grace", "soft", on=firm.today - timedelta(days=1)))
    elif kind == "not_due":
        holds.append(ReminderHold("not_due", "soft", on=row["next_due"]))
    return holds


def _said(row: Any, today: date, timezone: str) -> list[ReminderHold]:
    """Return what the customer has said or given that is still to be waited for, and our own last word to him."""
    holds = []
    if row["promise_on"] is not None and row["promise_on"] >= today:
        holds.append(ReminderHold("promise", "soft", on=row["promise_on"]))
    if row["cheques"]:
        holds.append(ReminderHold("cheque", "soft", on=row["cheque_on"], amount=row["cheques"]))
    if row["told"]:
        holds.append(ReminderHold("said_paid", "soft", on=row["told_on"], amount=row["told"]))
    elif row["said_at"] is not None:
        said_on = _local(row["said_at"], timezone)
        came = row["last_receipt_on"] is not None and row["last_receipt_on"] >= said_on
        if not came and (today - said_on).days < SAID_PAID_DAYS:
            holds.append(ReminderHold("said_paid", "soft", on=said_on, who=row["said_to"]))
    if row["reminded_at"] is not None:
        reminded_on = _local(row["reminded_at"], timezone)
        if (today - reminded_on).days < AGAIN_DAYS:
            holds.append(ReminderHold("reminded", "soft", on=reminded_on, who=row["reminded_by"]))
    return holds


async def _names(ctx: Context, labels: Collection[str]) -> dict[str, str]:
    """Return the names of members by their labels."""
    ids = [UUID(label.partition(":")[2]) for label in labels if label.startswith("member:")]
    rows = await ctx.tx.fetch(_NAMES, ctx.actor.business_id, ids) if ids else []
    return {f"member:{row['id']}": row["name"] for row in rows}


async def not_up_to_date(ctx: Context) -> tuple[SourceView, ...]:
    """Return the sources of money (banks, gateways, books) that may not show what was paid lately."""
    firm = await business(ctx)
    stated = {row["source"] for row in await ctx.tx.fetch(_STATED_MONEY, firm.id)}
    sources = [
        source
        for source in await read_sources(ctx, names=await _books(ctx, stated))
        if source.state != "disabled" and (source.name.partition(":")[0] in _MONEY or source.name in stated)
    ]
    late = [source for source in sources if _late(source, firm.today, ctx.now)]
    if late or not sources:
        return tuple(late)
    # No bank and no rhythm: sheets alone. The newest of them tells how old our knowledge is.
    if all(source.silence_hours <= 0 and source.covered_until is None for source in sources):
        newest = max(
            sources, key=lambda source: source.last_delivery_at or datetime.min.replace(tzinfo=ctx.now.tzinfo)
        )
        if newest.last_delivery_at is None or ctx.now - newest.last_delivery_at > timedelta(days=SHEET_DAYS):
            return (newest,)
    return ()


_MONEY = ("bank", "payment", "books")


async def _books(ctx: Context, stated: set[str]) -> list[str]:
    rows = await ctx.tx.fetch(
        "SELECT name FROM sources WHERE business_id = $1 AND name LIKE 'books:%'", ctx.actor.business_id
    )
    return [row["name"] for row in rows] + sorted(stated)


def _late(source: SourceView, today: date, now: datetime) -> bool:
    if source.state == "failing":
        return source.read_until is None or now - source.read_until > HICCUP
    if source.name.startswith(BANK):
        heard = source.last_delivery_at.date() if source.last_delivery_at else None
        known = source.covered_until or heard
        return source.state in ("quiet", "never") or known is None or (today - known).days > STATEMENT_DAYS
    return source.state == "quiet"


def _local(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def may_overrule(ctx: Context, hold: ReminderHold) -> bool:
    """Whether the actor may send a reminder although this speaks against it."""
    match hold.strength:
        case "soft":
            return ctx.actor.may(Permission.REPORT)
        case "hard":
            return ctx.actor.may(Permission.ANSWER)
        case _:
            return False
