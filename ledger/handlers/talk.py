"""What was said with and of customers: the last call, note and promise, the word on goods, money reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from ledger.domain.credit import OwnersWord
from ledger.domain.roles import Permission
from ledger.handlers.deciding import member_names, party_rows, the_one
from ledger.handlers.decisions import last_standing, told_of
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.customers import PartyTalk, TalkByIds
from ledger.views.customers import PromiseWord, Reported, TalkView, Word

MOST_REPORTED = 5
_TYPES = (
    "call.logged", "note.added", "promise.made", "goods.held", "goods.released", "payment.reported", "reminder.sent",
)  # fmt: skip
_REMEMBERED = 60
# What people said that names one of these parties, folded already (then its keys say so) or not yet.
_ABOUT = """
WITH about AS MATERIALIZED (
  SELECT party_id, subject::text, 'sub:' || subject AS key FROM party_identities
  WHERE business_id = $1 AND party_id = ANY($2)
  UNION SELECT id, anchor::text, 'sub:' || anchor FROM parties WHERE business_id = $1 AND id = ANY($2)
), near AS (
  SELECT k.subject FROM about a JOIN identity_keys k ON k.business_id = $1 AND k.key = a.key
  UNION SELECT p.subject FROM pending p WHERE p.business_id = $1 AND p.subject IS NOT NULL
), naming AS (
  SELECT e.subject, e.occurred_at, n.named FROM near
  JOIN external_events e ON e.business_id = $1 AND e.subject = near.subject
  CROSS JOIN LATERAL (VALUES (e.normalised ->> 'party'), (e.normalised ->> 'about'), (e.normalised -> 'party' ->> 'id')) n(named)
  WHERE e.source = 'operator' AND e.event_type = ANY($3)
), said AS (
  SELECT a.party_id, n.subject,
         row_number() OVER (PARTITION BY a.party_id ORDER BY max(n.occurred_at) DESC, n.subject) AS place
  FROM naming n JOIN about a ON a.subject = n.named GROUP BY a.party_id, n.subject
)
SELECT party_id, subject FROM said WHERE place <= $4
"""
_PAGES = """
SELECT a.party_id, max(l.opened_at) AS at FROM (
  SELECT party_id, subject FROM party_identities WHERE business_id = $1 AND party_id = ANY($2)
  UNION SELECT id, anchor FROM parties WHERE business_id = $1 AND id = ANY($2)
) a JOIN pay_links l ON l.business_id = $1 AND l.party_anchor = a.subject GROUP BY a.party_id
"""
_ARRIVED = """
SELECT c.subject FROM claims c JOIN receipts r ON r.business_id = c.business_id AND r.id = c.row_id
WHERE c.business_id = $1 AND c.subject = ANY($2) AND r.arrived
"""


@handles(PartyTalk, permission=Permission.SEE_RECEIVABLES)
async def party_talk(question: PartyTalk, ctx: Context) -> TalkView:
    """Answer with what stands of what was said; NotFound outside the actor's scope."""
    return the_one(await _talk(ctx, [question.party_id]), question.party_id)


@handles(TalkByIds, permission=Permission.SEE_RECEIVABLES)
async def talk_by_ids(question: TalkByIds, ctx: Context) -> dict[UUID, TalkView]:
    """Answer for those of the parties that the actor may see."""
    return await _talk(ctx, question.ids)


async def _talk(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, TalkView]:
    parties = await party_rows(ctx, ids)
    if not parties:
        return {}
    said = await _standing(ctx, list(parties))
    reports = [row for rows in said.values() for row in rows if row["event_type"] == "payment.reported"]
    arrived = await _arrived(ctx, reports)
    names = await member_names(ctx, {row["actor"] for rows in said.values() for row in rows})
    pages = await ctx.tx.fetch(_PAGES, ctx.actor.business_id, list(parties))
    seen = {row["party_id"]: row["at"] for row in pages}
    told = _Told(ctx.actor.label, names, ZoneInfo((await business(ctx)).timezone), arrived)
    return {key: told.view(party, said[key], seen.get(key)) for key, party in parties.items()}


async def _standing(ctx: Context, parties: list[UUID]) -> dict[UUID, list[asyncpg.Record]]:
    """Return the last standing word of each thing said of parties, oldest first, by party."""
    about = await ctx.tx.fetch(_ABOUT, ctx.actor.business_id, parties, list(_TYPES), _REMEMBERED)
    told: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    if about:
        for row in await told_of(ctx, list({row["subject"] for row in about})):
            told[row["subject"]].append(row)
    last = {subject: last_standing(rows) for subject, rows in told.items()}
    found: dict[UUID, list[asyncpg.Record]] = {party: [] for party in parties}
    for row in about:
        if (word := last.get(row["subject"])) is not None:
            found[row["party_id"]].append(word)
    for words in found.values():
        words.sort(key=lambda row: (row["occurred_at"], row["external_id"]))
    return found


async def _arrived(ctx: Context, reports: list[asyncpg.Record]) -> frozenset[UUID]:
    """Return which of the reported payments have arrived."""
    if not reports:
        return frozenset()
    subjects = [row["subject"] for row in reports]
    return frozenset(row["subject"] for row in await ctx.tx.fetch(_ARRIVED, ctx.actor.business_id, subjects))


@dataclass(frozen=True, slots=True)
class _Told:
    """Reads what was said: who asks, who is who, where a day begins, and which reported payments are here."""

    asker: str
    names: Mapping[str | None, str]
    zone: ZoneInfo
    arrived: frozenset[UUID]

    def view(self, party: asyncpg.Record, said: list[asyncpg.Record], seen: datetime | None) -> TalkView:
        """Return what stands of what was said of one party, oldest first."""
        newest = {row["event_type"]: row for row in said}
        goods = [row for row in said if row["event_type"].startswith("goods.")]
        waiting = [
            row
            for row in said
            if row["event_type"] == "payment.reported" and row["subject"] not in self.arrived
        ]
        call, note, promise, reminded = (
            newest.get(name) for name in ("call.logged", "note.added", "promise.made", "reminder.sent")
        )
        return TalkView(
            call=self._word(call, "outcome") if call is not None else None,
            note=self._word(note, "text") if note is not None else None,
            promise=self._promise(promise) if promise is not None else None,
            goods=self._goods(goods[-1]) if goods else None,
            reported=tuple(self._payment(row, party) for row in waiting[::-1][:MOST_REPORTED]),
            reminded=self._word(reminded, "amount") if reminded is not None else None,
            page_seen_at=seen,
        )

    def _word(self, row: asyncpg.Record, field: str) -> Word:
        data = row["normalised"]
        return Word(
            id=UUID(row["external_id"].partition(":")[0]),
            text=str(data.get(field) or ""),
            at=row["occurred_at"],
            by=self.names[row["actor"]],
            own=row["actor"] == self.asker,
            note=data.get("note"),
        )

    def _promise(self, row: asyncpg.Record) -> PromiseWord:
        data = row["normalised"]
        return PromiseWord(
            id=UUID(row["external_id"].partition(":")[0]),
            on=date.fromisoformat(data["on"]),
            amount=data.get("amount"),
            at=row["occurred_at"],
            by=self.names[row["actor"]],
            own=row["actor"] == self.asker,
        )

    def _goods(self, row: asyncpg.Record) -> OwnersWord:
        data = row["normalised"]
        return OwnersWord(
            may=row["event_type"] == "goods.released",
            on=row["occurred_at"].astimezone(self.zone).date(),
            by=self.names[row["actor"]],
            note=data.get("note"),
            amount=data.get("amount"),
        )

    def _payment(self, row: asyncpg.Record, party: asyncpg.Record) -> Reported:
        return reported(
            row["normalised"],
            payment=UUID(row["external_id"]),
            party=(party["id"], party["name"]),
            at=row["occurred_at"],
            by=self.names[row["actor"]],
            own=row["actor"] == self.asker,
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
