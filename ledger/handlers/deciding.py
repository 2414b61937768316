"""Decisions that people make outside the buttons of a question: checked, said in the log once, and told to the second."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from kit.catalogues import ENGLISH
from kit.errors import NotFound, Rejected, Stale
from kit.ids import uuid7
from kit.money import format_minor
from ledger.domain.events import OPERATOR, subject_id
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context
from ledger.handlers.scope import NO_PARTY, business, own_parties
from ledger.handlers.summary import summary
from ledger.store.operator import append_operator_event
from ledger.views.workflow import DecisionView
from ledger.words import on_day, say

T = TypeVar("T")
MAX_NOTE = 500
_MEMBERS = "SELECT id, name FROM members WHERE business_id = $1 AND id = ANY($2)"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('decide:' || $1::text || ':' || $2::text, 0))"
# What people said of these things and nobody can have seen in the tables yet, or after the moment when they were seen.
_TAKEN = """
WITH subject AS (
  SELECT subject FROM pending WHERE business_id = $1 AND subject IS NOT NULL
  UNION SELECT subject FROM dirty WHERE business_id = $1
  UNION SELECT subject FROM identity_keys
  WHERE business_id = $1 AND key = ANY($4::text[]) AND $5::timestamptz IS NOT NULL
)
SELECT e.event_type, e.normalised, e.occurred_at, d.headers ->> 'actor' AS actor
FROM subject s
JOIN external_events e ON e.business_id = $1 AND e.subject = s.subject AND e.source = 'operator'
JOIN deliveries d ON d.business_id = $1 AND d.source = e.source AND d.digest = e.delivery
WHERE e.event_type = ANY($2::text[])
  AND (e.occurred_at > $5 OR EXISTS (SELECT FROM pending p WHERE p.business_id = $1 AND p.subject = e.subject)
       OR EXISTS (SELECT FROM dirty y WHERE y.business_id = $1 AND y.subject = e.subject))
  AND (e.normalised ->> 'receipt' = ANY($3) OR e.normalised ->> 'document' = ANY($3)
       OR e.normalised ->> 'line' = ANY($3) OR e.normalised ->> 'party' = ANY($3)
       OR e.normalised ->> 'because' = ANY($3) OR e.normalised -> 'subjects' ?| $3
       OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(e.normalised -> 'lines', '[]'::jsonb)) l
                  WHERE l ->> 'document' = ANY($3)))
  AND NOT EXISTS (SELECT FROM external_events w WHERE w.business_id = $1 AND w.subject = e.subject
                  AND w.event_type = 'decision.withdrawn' AND w.occurred_at >= e.occurred_at)
ORDER BY e.occurred_at DESC LIMIT 1
"""


async def hold(ctx: Context, *things: UUID) -> None:
    """Let nobody else decide about these things until this transaction ends."""
    for thing in sorted(set(things)):
        await ctx.tx.fetch(_LOCK, str(ctx.actor.business_id), str(thing))


async def check_untouched(
    ctx: Context, types: Collection[str], *things: UUID, seen: datetime | None = None
) -> None:
    """Hold the things and raise Stale, saying who decided what, if somebody did so unseen.

    Unseen is what the tables don't show yet, or what was said after `seen`.
    """
    await hold(ctx, *things)
    names = [str(thing) for thing in things]
    rows = await ctx.tx.fetch(
        _TAKEN, ctx.actor.business_id, list(types), names, [f"sub:{name}" for name in names], seen
    )
    if rows:
        row = rows[0]
        raise Stale(
            "decision.taken",
            await said(ctx, row["event_type"], row["normalised"], row["actor"], row["occurred_at"]),
            remedy="Look at it again, then decide again.",
            values=await by_whom(ctx, row),
        )


async def said(
    ctx: Context, event_type: str, data: Mapping[str, Any], actor: str | None, at: datetime
) -> str:
    """Say in the actor's language who decided what and when: `Ravi, Fri 20 Nov, 09:10: ₹500 written off.`"""
    who, language = await member_name(ctx, actor), ctx.actor.language
    what = words(event_type, data, language)
    return say(language, "{who}, {when}: {what}.", who=who, when=await moment(ctx, at), what=what)


async def by_whom(ctx: Context, row: Any) -> dict[str, object]:
    """Return who said an event and when, as a Stale's values carry it."""
    return {"by": await member_name(ctx, row["actor"]), "at": row["occurred_at"]}


async def moment(ctx: Context, at: datetime) -> str:
    """Write a moment in the business's calendar: `Fri 20 Nov, 09:10`."""
    local = at.astimezone(ZoneInfo((await business(ctx)).timezone))
    return f"{on_day(ctx.actor.language, local.date(), 'EEE d MMM')}, {local:%H:%M}"


async def member_name(ctx: Context, actor: str | None) -> str:
    """Name the member of an actor's label."""
    return (await member_names(ctx, [actor]))[actor]


async def member_names(ctx: Context, actors: Collection[str | None]) -> dict[str | None, str]:
    """Name the members of actors' labels, by label; one statement, or none where no member is among them."""
    ids = {actor: UUID(actor.partition(":")[2]) for actor in actors if actor and actor.startswith("member:")}
    rows = await ctx.tx.fetch(_MEMBERS, ctx.actor.business_id, list(set(ids.values()))) if ids else ()
    names = {row["id"]: row["name"] for row in rows}
    office, gone = say(ctx.actor.language, "The office"), say(ctx.actor.language, "Somebody who left")
    return {actor: (names.get(ids[actor]) or gone) if actor in ids else office for actor in actors}


def words(event_type: str, data: Mapping[str, Any], language: str = ENGLISH) -> str:
    """Return a decision in one sentence."""
    amount, currency = data.get("amount"), data.get("currency")
    money = format_minor(amount, currency) if isinstance(amount, int) and isinstance(currency, str) else None
    return summary(event_type, source=OPERATOR, data=data, money=money, language=language)


async def decide(
    ctx: Context,
    event_type: str,
    *bodies: Mapping[str, Any],
    about: str,
    kind: str = "decision",
    decision_id: UUID | None = None,
    note: str | None = None,
    because: UUID | None = None,
) -> DecisionView:
    """Say a decision in the log (several events of one type if it takes them) and in the audit trail.

    `about` names the row in the trail: `receipt:…`, `party:…`.
    """
    decision = decision_id or uuid7()
    kept = noted(note)
    for number, body in enumerate(bodies):
        data = {**body, "note": kept} if kept and kind not in ("cheque", "note") else dict(body)
        await append_operator_event(
            ctx.tx,
            ctx.actor,
            event_type,
            kind=kind,
            external_id=event_name(decision, number),
            data=data,
            at=ctx.now,
            because=because,
        )
    first = bodies[0]
    text = words(event_type, first)
    ctx.audit(event_type, about, reason=kept, decision=str(decision), words=text, after=dict(first))
    return DecisionView(
        id=decision,
        type=event_type,
        words=words(event_type, first, ctx.actor.language),
        by=ctx.actor.name,
        at=ctx.now,
        amount=first.get("amount"),
        currency=first.get("currency"),
        note=kept,
        can_undo=True,
    )


def event_name(decision: UUID, number: int = 0) -> str:
    """Return the external id of a decision's event; the first one is called as the decision itself."""
    return str(decision) if number == 0 else f"{decision}:{number}"


def event_subject(decision: UUID, kind: str = "decision", number: int = 0) -> UUID:
    """Return the identity that a decision's event folds into."""
    return subject_id(OPERATOR, kind, event_name(decision, number))


def noted(note: str | None) -> str | None:
    """Return a note fit to keep, or None; Rejected if it is too long."""
    text = " ".join((note or "").replace("\x00", " ").split())
    if len(text) > MAX_NOTE:
        raise Rejected(
            "note.too_long", f"A note has at most {MAX_NOTE} characters.", remedy="Shorten it.", given=note
        )
    return text or None


async def party_rows(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Return those of the parties that are within the actor's scope, by id."""
    where = Conditions([ctx.actor.business_id])
    where.add("p.business_id = $1 AND p.id = ANY({})", list(ids))
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(f"SELECT p.* FROM parties p WHERE {where.sql}", *where.values)
    return {row["id"]: row for row in rows}


async def party_row(ctx: Context, party_id: UUID) -> asyncpg.Record:
    """Return a party within the actor's scope."""
    return the_one(await party_rows(ctx, [party_id]), party_id)


def the_one(found: Mapping[UUID, T], party_id: UUID) -> T:
    """Return what was found of one party among several; NotFound if nothing was, as outside the actor's scope."""
    if party_id not in found:
        raise NotFound(*NO_PARTY)
    return found[party_id]


async def bill_rows(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Return bills of customers within the actor's scope, by id; NotFound if one is missing."""
    where = Conditions([ctx.actor.business_id])
    where.add("i.business_id = $1 AND i.id = ANY({})", list(ids))
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        "SELECT i.*, p.anchor AS party_anchor, p.name AS party_name FROM invoices i JOIN parties p"
        f" ON p.business_id = i.business_id AND p.id = i.party_id WHERE {where.sql}",
        *where.values,
    )
    found = {row["id"]: row for row in rows}
    if missing := set(ids) - found.keys():
        raise NotFound(
            "invoice.not_found",
            f"There is no such bill ({len(missing)} of {len(set(ids))}).",
            given=next(one for one in ids if one in missing),
        )
    return found


async def bill_row(ctx: Context, invoice_id: UUID) -> asyncpg.Record:
    """Return one bill of a customer within the actor's scope."""
    return (await bill_rows(ctx, [invoice_id]))[invoice_id]


_RECEIPT = """
SELECT r.*, p.anchor AS party_anchor, p.name AS party_name FROM receipts r
LEFT JOIN parties p ON p.business_id = r.business_id AND p.id = r.party_id
WHERE r.business_id = $1 AND (r.id = $2 OR r.id IN (
  SELECT c.row_id FROM claims c WHERE c.business_id = $1 AND c.row_kind = 'receipt' AND c.subject IN (
    SELECT $2 UNION SELECT b.anchor FROM bank_lines b WHERE b.business_id = $1 AND b.id = $2)))
"""


async def receipt_row(ctx: Context, receipt_id: UUID) -> asyncpg.Record:
    """Return a receipt: by its own id, by the bank line that brought it, or by any identity that claims it."""
    row = await ctx.tx.row(_RECEIPT, ctx.actor.business_id, receipt_id)
    if row is None:
        raise NotFound("receipt.not_found", "There is no such money.")
    return row


def positive(amount: int, what: str) -> None:
    """Raise Rejected unless an amount is more than nothing."""
    if amount <= 0:
        raise Rejected("amount.not_positive", f"{what} is more than nothing.")
