"""The decisions that stand about a party, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.errors import Denied, NotFound, Stale
from ledger.commands.workflow import WithdrawDecision
from ledger.domain.events import OPERATOR, subject_id
from ledger.domain.roles import Permission
from ledger.handlers.deciding import event_name, hold, member_name, moment, noted, party_row, words
from ledger.handlers.registry import Context, handles
from ledger.queries.workflow import Decisions
from ledger.store.operator import append_operator_event
from ledger.views.workflow import DecisionView

MAX_SHOWN = 200
_THINGS = ("payment", "cheque")
"""What stands by itself: taking the last word back leaves the thing as it was before."""
_KINDS = ("decision", "promise", "call", "reminder", "note", "recurring", "enterprise", *_THINGS)
_MAX_EVENTS = 52
_OWNERS = ("writeoff.approved",)
_SAID = """
SELECT e.subject, e.event_type, e.kind, e.external_id, e.normalised, e.occurred_at, d.headers ->> 'actor' AS actor
FROM external_events e
JOIN deliveries d ON d.business_id = e.business_id AND d.source = e.source AND d.digest = e.delivery
WHERE e.business_id = $1 AND e.source = 'operator' AND e.subject = ANY($2::uuid[])
ORDER BY e.occurred_at, e.id
"""
_OF_PARTY = """
WITH about AS MATERIALIZED (
  SELECT c.subject, 'sub:' || c.subject AS key FROM claims c WHERE c.business_id = $1 AND c.party_id = $2
  UNION SELECT s.subject, 'sub:' || s.subject FROM parties p, party_identities s
  WHERE p.business_id = $1 AND p.id = $2 AND s.business_id = $1 AND s.party_id = p.id
), decision AS (
  SELECT subject FROM about
  UNION SELECT k.subject FROM about a JOIN identity_keys k ON k.business_id = $1 AND k.key = a.key
)
SELECT i.subject, i.external_id, i.kind, i.state FROM identities i
WHERE i.business_id = $1 AND i.source = 'operator' AND i.subject IN (SELECT subject FROM decision)
  AND i.kind <> 'resolution' AND i.state ->> 'type' <> 'decision.withdrawn'
ORDER BY i.state ->> 'at' DESC, i.subject LIMIT $3
"""


@handles(Decisions, permission=Permission.SEE_RECEIVABLES)
async def decisions(question: Decisions, ctx: Context) -> Sequence[DecisionView]:
    """Answer with the decisions about a party that stand, newest first."""
    await party_row(ctx, question.party_id)
    size = max(1, min(question.first, MAX_SHOWN))
    rows = await ctx.tx.fetch(_OF_PARTY, ctx.actor.business_id, question.party_id, size)
    told = await told_of(ctx, [row["subject"] for row in rows])
    last = {row["subject"]: row for row in told if row["event_type"] != "decision.withdrawn"}
    found = [await _view(ctx, last[row["subject"]]) for row in rows if row["subject"] in last]
    return tuple(view for view in found if view is not None)


async def _view(ctx: Context, row: asyncpg.Record) -> DecisionView | None:
    """Read a decision made outside a question; what came with an answer goes back with that answer."""
    data: Mapping[str, Any] = row["normalised"]
    try:
        decision = UUID(row["external_id"])
    except ValueError:
        return None
    return DecisionView(
        id=decision,
        type=row["event_type"],
        words=words(row["event_type"], data, ctx.actor.language),
        by=await member_name(ctx, row["actor"]),
        at=row["occurred_at"],
        amount=data.get("amount"),
        currency=data.get("currency"),
        note=data.get("note"),
        can_undo=_may(ctx, row),
    )


def _may(ctx: Context, row: asyncpg.Record) -> bool:
    """Whether the actor may take it back: who answers for the money, for a write-off the owner, his own a rep."""
    if row["event_type"] in _OWNERS:
        return ctx.actor.may(Permission.WRITE_OFF)
    if ctx.actor.may(Permission.ANSWER):
        return True
    own: bool = row["actor"] == ctx.actor.label
    return own and ctx.actor.may(Permission.REPORT)


@handles(WithdrawDecision, permission=Permission.REPORT)
async def withdraw(command: WithdrawDecision, ctx: Context) -> DecisionView:
    """Take back a decision while it stands; Stale if somebody did so already."""
    subjects = {
        subject_id(OPERATOR, kind, event_name(command.decision_id, number)): (kind, number)
        for kind in _KINDS
        for number in range(_MAX_EVENTS)
    }
    await hold(ctx, command.decision_id)
    told = await told_of(ctx, list(subjects))
    if not told:
        raise NotFound("decision.not_found", "There is no such decision.")
    last = await _standing(ctx, told)
    if not _may(ctx, last):
        raise Denied(
            "decision.not_yours", "Only who made it, or the owner, takes this back.", remedy="Ask the owner."
        )
    note, things = noted(command.note), dict.fromkeys((row["kind"], row["external_id"]) for row in told)
    for kind, external_id in things:
        data = {"of": last["event_type"]} if kind in _THINGS else {}
        await append_operator_event(
            ctx.tx, ctx.actor, "decision.withdrawn", kind=kind, external_id=external_id, data=data, at=ctx.now
        )
    ctx.audit(
        "decision.withdrawn",
        str(command.decision_id),
        reason=note,
        before={"type": last["event_type"], "at": last["occurred_at"].isoformat()},
        after={"standing": False},
    )
    data = last["normalised"]
    return DecisionView(
        id=command.decision_id,
        type=last["event_type"],
        words=words(last["event_type"], data, ctx.actor.language),
        by=await member_name(ctx, last["actor"]),
        at=last["occurred_at"],
        standing=False,
        amount=data.get("amount"),
        currency=data.get("currency"),
        note=note,
    )


async def _standing(ctx: Context, told: Sequence[asyncpg.Record]) -> asyncpg.Record:
    """Return the last word that stands; Stale, saying who took it back, if none does."""
    last = last_standing(told)
    if last is None:
        who = await member_name(ctx, told[-1]["actor"])
        when = await moment(ctx, told[-1]["occurred_at"])
        raise Stale(
            "decision.withdrawn",
            f"{who} took this back on {when}.",
            remedy="Nothing is left to take back.",
            values={"by": who, "at": told[-1]["occurred_at"]},
        )
    return last


def last_standing(told: Sequence[asyncpg.Record]) -> asyncpg.Record | None:
    """Return the last word that nobody took back, or None."""
    standing: list[asyncpg.Record] = []
    for row in told:
        if row["event_type"] != "decision.withdrawn":
            standing.append(row)
        elif of := row["normalised"].get("of"):
            standing = [earlier for earlier in standing if earlier["event_type"] != of]
        else:
            standing = []
    return standing[-1] if standing else None


async def told_of(ctx: Context, subjects: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return all that people said of some identities, in the order of time."""
    return await ctx.tx.fetch(_SAID, ctx.actor.business_id, list(subjects))
