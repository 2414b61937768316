"""What was said with and of one customer: the last call, note and promise, the word on goods, money reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from ledger.domain.credit import OwnersWord
from ledger.domain.roles import Permission
from ledger.handlers.deciding import member_name, party_row
from ledger.handlers.decisions import last_standing, told_of
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.customers import PartyTalk
from ledger.views.customers import PromiseWord, Reported, TalkView, Word

MOST_REPORTED = 5
_TYPES = (
    "call.logged", "note.added", "promise.made", "goods.held", "goods.released", "payment.reported", "reminder.sent",
)  # fmt: skip
_REMEMBERED = 60
# What people said that names this party, folded already (then its keys say so) or not yet.
_ABOUT = """
WITH about AS MATERIALIZED (
  SELECT subject::text, 'sub:' || subject AS key FROM party_identities WHERE business_id = $1 AND party_id = $2
  UNION SELECT anchor::text, 'sub:' || anchor FROM parties WHERE business_id = $1 AND id = $2
), near AS (
  SELECT k.subject FROM about a JOIN identity_keys k ON k.business_id = $1 AND k.key = a.key
  UNION SELECT p.subject FROM pending p WHERE p.business_id = $1 AND p.subject IS NOT NULL
)
SELECT e.subject FROM near n
JOIN external_events e ON e.business_id = $1 AND e.subject = n.subject
WHERE e.source = 'operator' AND e.event_type = ANY($3)
  AND EXISTS (SELECT FROM about a WHERE a.subject IN (
    e.normalised ->> 'party', e.normalised ->> 'about', e.normalised -> 'party' ->> 'id'))
GROUP BY e.subject ORDER BY max(e.occurred_at) DESC, e.subject LIMIT $4
"""
_PAGE = """
SELECT max(l.opened_at) FROM pay_links l
WHERE l.business_id = $1 AND (l.party_anchor = $3 OR l.party_anchor IN (
  SELECT subject FROM party_identities WHERE business_id = $1 AND party_id = $2))
"""
_ARRIVED = """
SELECT c.subject FROM claims c JOIN receipts r ON r.business_id = c.business_id AND r.id = c.row_id
WHERE c.business_id = $1 AND c.subject = ANY($2) AND r.arrived
"""


@handles(PartyTalk, permission=Permission.SEE_RECEIVABLES)
async def party_talk(question: PartyTalk, ctx: Context) -> TalkView:
    """Answer with what stands of what was said; NotFound outside the actor's scope."""
    party = await party_row(ctx, question.party_id)
    last = await _standing(ctx, party["id"])
    names: dict[str, str] = {}
    for row in last:
        if row["actor"] not in names:
            names[row["actor"]] = await member_name(ctx, row["actor"])
    newest = {row["event_type"]: row for row in last}
    goods = [row for row in last if row["event_type"].startswith("goods.")]
    waiting = await _reported(ctx, [row for row in last if row["event_type"] == "payment.reported"])
    call, note, promise, reminded = (
        newest.get(name) for name in ("call.logged", "note.added", "promise.made", "reminder.sent")
    )
    return TalkView(
        call=_word(ctx, call, "outcome", names) if call is not None else None,
        note=_word(ctx, note, "text", names) if note is not None else None,
        promise=_promise(ctx, promise, names) if promise is not None else None,
        goods=await _goods(ctx, goods[-1], names) if goods else None,
        reported=tuple(_payment(ctx, row, party, names) for row in waiting[::-1][:MOST_REPORTED]),
        reminded=_word(ctx, reminded, "amount", names) if reminded is not None else None,
        page_seen_at=await ctx.tx.value(_PAGE, ctx.actor.business_id, party["id"], party["anchor"]),
    )


async def _standing(ctx: Context, party_id: UUID) -> list[asyncpg.Record]:
    """Return the last standing word of each thing said of a party, oldest first."""
    found = await ctx.tx.fetch(_ABOUT, ctx.actor.business_id, party_id, list(_TYPES), _REMEMBERED)
    told: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in await told_of(ctx, [row["subject"] for row in found]):
        told[row["subject"]].append(row)
    last = [one for rows in told.values() if (one := last_standing(rows)) is not None]
    return sorted(last, key=lambda row: (row["occurred_at"], row["external_id"]))


async def _reported(ctx: Context, rows: list[asyncpg.Record]) -> list[asyncpg.Record]:
    if not rows:
        return []
    subjects = [row["subject"] for row in rows]
    here = {row["subject"] for row in await ctx.tx.fetch(_ARRIVED, ctx.actor.business_id, subjects)}
    return [row for row in rows if row["subject"] not in here]


def _word(ctx: Context, row: asyncpg.Record, field: str, names: dict[str, str]) -> Word:
    data = row["normalised"]
    return Word(
        id=UUID(row["external_id"].partition(":")[0]),
        text=str(data.get(field) or ""),
        at=row["occurred_at"],
        by=names[row["actor"]],
        own=row["actor"] == ctx.actor.label,
        note=data.get("note"),
    )


def _promise(ctx: Context, row: asyncpg.Record, names: dict[str, str]) -> PromiseWord:
    data = row["normalised"]
    return PromiseWord(
        id=UUID(row["external_id"].partition(":")[0]),
        on=date.fromisoformat(data["on"]),
        amount=data.get("amount"),
        at=row["occurred_at"],
        by=names[row["actor"]],
        own=row["actor"] == ctx.actor.label,
    )


async def _goods(ctx: Context, row: asyncpg.Record, names: dict[str, str]) -> OwnersWord:
    data = row["normalised"]
    zone = ZoneInfo((await business(ctx)).timezone)
    return OwnersWord(
        may=row["event_type"] == "goods.released",
        on=row["occurred_at"].astimezone(zone).date(),
        by=names[row["actor"]],
        note=data.get("note"),
        amount=data.get("amount"),
    )


def _payment(ctx: Context, row: asyncpg.Record, party: Any, names: dict[str, str]) -> Reported:
    return reported(
        row["normalised"],
        payment=UUID(row["external_id"]),
        party=(party["id"], party["name"]),
        at=row["occurred_at"],
        by=names[row["actor"]],
        own=row["actor"] == ctx.actor.label,
    )


def reported(
    data: Mapping[str, Any],
    *,
    payment: UUID,
    party: tuple[UUID | None, str | None],
    at: datetime,
    by: str,
    own: bool,
) -> Reported:
    """Return what was reported of a payment: `party` its id and name, `own` whether the reader said so himself."""
    return Reported(
        id=payment,
        party_id=party[0],
        party_name=party[1],
        amount=data["amount"],
        currency=data["currency"],
        method=str(data.get("method") or "cash"),
        paid_on=date.fromisoformat(data["paid_on"]),
        number=_reference(data),
        note=data.get("note"),
        at=at,
        by=by,
        own=own,
    )


def _reference(data: Any) -> str | None:
    """Return the number of a reported cheque or transfer, or what was said of cash."""
    found: str | None = next(iter((data.get("references") or {}).get("utr") or ()), data.get("description"))
    return found
