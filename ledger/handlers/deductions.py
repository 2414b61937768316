"""What customers keep back of a bill: claimed, then accepted or refused; above the owner's limit only by him."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from kit.errors import Denied, NotFound, Rejected, Stale
from kit.money import format_minor
from ledger.commands.workflow import AcceptDeduction, ClaimDeduction, RefuseDeduction, SetDeductionLimit
from ledger.domain.matching.fits import short_fits
from ledger.domain.roles import Permission
from ledger.handlers.deciding import (
    bill_row,
    by_whom,
    check_untouched,
    decide,
    event_subject,
    hold,
    positive,
    said,
)
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.queries.workflow import DeductionClaims
from ledger.views.workflow import DecisionView, DeductionClaim
from ledger.words import say

DEDUCTIONS = (
    "tds", "gst_tds", "cash_discount", "rate_difference", "shortage", "goods_returned", "freight", "retention",
    "bank_charge", "round_off", "financier_charge",
)  # fmt: skip
"""What may be kept back of a bill."""
STATUTORY = ("tds", "gst_tds")
"""The law lets the customer cut these: as far as the dated rates explain them, nobody's limit holds."""
DEFAULT_LIMIT = 100_000
"""Up to how much (paise) of one bill finance accepts without the owner, unless he set it."""
_LIMIT = "SELECT (settings ->> 'deduction_limit')::bigint FROM businesses WHERE business_id = $1"
_SET_LIMIT = """
UPDATE businesses SET settings = coalesce(settings, '{}'::jsonb) || $2::jsonb WHERE business_id = $1
"""
# A claim stands until somebody judges it (a decision made because of it) or it is taken back.
_CLAIMS = """
WITH claimed AS MATERIALIZED (
  SELECT d.business_id, d.subject, d.external_id, d.state, i.id AS invoice_id, i.number, i.anchor AS bill,
         p.id AS party_id, p.name AS party_name, 'sub:' || (d.state -> 'data' ->> 'document') AS key
  FROM identities d
  JOIN claims c ON c.business_id = d.business_id AND c.subject = d.subject
  JOIN invoices i ON i.business_id = c.business_id AND i.id = c.row_id
  JOIN parties p ON p.business_id = i.business_id AND p.id = i.party_id
  WHERE {where} AND d.kind = 'decision' AND d.source = 'operator' AND d.state ->> 'type' = 'deduction.claimed'
    AND i.outstanding > 0
)
SELECT d.* FROM claimed d
WHERE NOT EXISTS (
  SELECT FROM identity_keys k JOIN identities j ON j.business_id = k.business_id AND j.subject = k.subject
  WHERE k.business_id = d.business_id AND k.key = d.key
    AND j.state ->> 'type' IN ('deduction.accepted', 'deduction.refused')
    AND j.state -> 'data' ->> 'because' = d.subject::text)
ORDER BY d.state ->> 'at', d.subject LIMIT 200
"""
_SAID = """
SELECT e.event_type, e.normalised, e.occurred_at, d.headers ->> 'actor' AS actor FROM external_events e
JOIN deliveries d ON d.business_id = e.business_id AND d.source = e.source AND d.digest = e.delivery
WHERE e.business_id = $1 AND e.subject = $2 ORDER BY e.occurred_at, e.id
"""
_JUDGED = """
SELECT e.event_type, e.normalised, e.occurred_at, d.headers ->> 'actor' AS actor FROM external_events e
JOIN deliveries d ON d.business_id = e.business_id AND d.source = e.source AND d.digest = e.delivery
WHERE e.business_id = $1 AND e.source = 'operator' AND e.subject = ANY($2::uuid[])
  AND e.event_type IN ('deduction.accepted', 'deduction.refused')
  AND NOT EXISTS (SELECT FROM external_events w WHERE w.business_id = $1 AND w.subject = e.subject
                  AND w.event_type = 'decision.withdrawn' AND w.occurred_at >= e.occurred_at)
ORDER BY e.occurred_at DESC LIMIT 1
"""


@handles(ClaimDeduction, permission=Permission.REPORT)
async def claim(command: ClaimDeduction, ctx: Context) -> DecisionView:
    """Note what a customer kept back: the bill shows it and stays open."""
    if command.kind not in DEDUCTIONS:
        raise Rejected(
            "deduction.kind",
            f"{command.kind[:30]!r} is no deduction that I know.",
            remedy=f"Use one of {', '.join(DEDUCTIONS)}.",
        )
    positive(command.amount, "What was kept back")
    bill = await bill_row(ctx, command.invoice_id)
    await hold(ctx, bill["anchor"])
    _check_open(bill, command.amount, ctx.actor.language)
    data = {
        "document": str(bill["anchor"]),
        "kind": command.kind,
        "amount": command.amount,
        "currency": bill["currency"],
    }
    return await decide(ctx, "deduction.claimed", data, about=f"invoice:{bill['id']}", note=command.note)


@handles(AcceptDeduction, permission=Permission.ANSWER)
async def accept(command: AcceptDeduction, ctx: Context) -> DecisionView:
    """Accept a claim: the bill is less by it."""
    return await _judge(ctx, command.claim_id, "deduction.accepted", command.note)


@handles(RefuseDeduction, permission=Permission.ANSWER)
async def refuse(command: RefuseDeduction, ctx: Context) -> DecisionView:
    """Refuse a claim: the bill stays open."""
    return await _judge(ctx, command.claim_id, "deduction.refused", command.note)


@handles(SetDeductionLimit, permission=Permission.ADMINISTER)
async def set_limit(command: SetDeductionLimit, ctx: Context) -> int:
    """Set up to which amount finance accepts deductions."""
    if command.amount < 0:
        raise Rejected("deduction.limit", "A limit isn't less than nothing.")
    before = await limit_of(ctx)
    body = orjson.dumps({"deduction_limit": command.amount}).decode()
    await ctx.tx.run(_SET_LIMIT, ctx.actor.business_id, body)
    ctx.audit("deduction_limit.set", str(ctx.actor.business_id), before=before, after=command.amount)
    return command.amount


async def limit_of(ctx: Context) -> int:
    """Return up to which amount (paise) finance accepts deductions of one bill."""
    found = await ctx.tx.value(_LIMIT, ctx.actor.business_id)
    return DEFAULT_LIMIT if found is None else int(found)


async def check_limit(ctx: Context, cuts: Iterable[tuple[asyncpg.Record, str, int]]) -> None:
    """Raise Denied if what is let go of one bill passes the owner's limit and it isn't he who says so.

    What the dated rates of the tax explain isn't let go: it is a credit with the tax department.
    """
    if ctx.actor.may(Permission.WRITE_OFF):
        return
    sums: dict[UUID, int] = {}
    currency = "INR"
    for bill, kind, amount in cuts:
        if kind != "receipt" and not await _by_rate(ctx, bill, kind, amount):
            currency = bill["currency"]
            sums[bill["id"]] = sums.get(bill["id"], 0) + amount
    most = max(sums.values(), default=0)
    if most and most > (limit := await limit_of(ctx)):
        raise Denied(
            "deduction.over_limit",
            f"{format_minor(most, currency)} of one bill is above the owner's limit of"
            f" {format_minor(limit, currency)}.",
            remedy="Ask the owner.",
        )


async def _by_rate(ctx: Context, bill: asyncpg.Record, kind: str, amount: int) -> bool:
    if kind not in STATUTORY or bill["base"] is None:
        return False
    day = (await business(ctx)).today
    found = short_fits(short=amount, base=bill["base"], total=bill["amount"], day=day)
    return any(kind in (part for part, _ in cut.parts) for cut, _ in found)


async def _judge(ctx: Context, claim_id: UUID, verdict: str, note: str | None) -> DecisionView:
    subject = event_subject(claim_id)
    await hold(ctx, subject, claim_id)
    told = await ctx.tx.fetch(_SAID, ctx.actor.business_id, subject)
    if not told or told[0]["event_type"] != "deduction.claimed":
        raise NotFound("deduction.not_found", "There is no such deduction.")
    if told[-1]["event_type"] == "decision.withdrawn":
        raise Stale("deduction.withdrawn", "It was taken back.", remedy="Nothing is left to do.")
    await check_untouched(ctx, ("deduction.accepted", "deduction.refused"), subject)
    await _check_not_judged(ctx, claim_id)
    data = told[0]["normalised"]
    bill = await ctx.tx.row(
        "SELECT * FROM invoices WHERE business_id = $1 AND id IN (SELECT row_id FROM claims"
        " WHERE business_id = $1 AND subject = $2)",
        ctx.actor.business_id,
        UUID(data["document"]),
    )
    if bill is None:
        raise NotFound("invoice.not_found", "There is no such bill.")
    if verdict == "deduction.accepted":
        _check_open(bill, data["amount"], ctx.actor.language)
        await check_limit(ctx, [(bill, data["kind"], data["amount"])])
    kept = {name: data[name] for name in ("document", "kind", "amount", "currency")}
    return await decide(
        ctx,
        verdict,
        kept,
        about=f"invoice:{bill['id']}",
        decision_id=_verdict(claim_id, len(await _verdicts(ctx, claim_id))),
        note=note,
        because=subject,
    )


MAX_VERDICTS = 20
"""So often a claim may be judged, the verdict taken back, and judged again."""


def _verdict(claim_id: UUID, number: int) -> UUID:
    if number >= MAX_VERDICTS:
        raise Rejected("deduction.undecided", "This was judged too often.", remedy="Claim it anew.")
    return UUID(int=(claim_id.int + 1 + number) % 2**128)


async def _verdicts(ctx: Context, claim_id: UUID) -> list[UUID]:
    """Return the verdicts on a claim, those taken back too."""
    names = {
        event_subject(_verdict(claim_id, number)): _verdict(claim_id, number)
        for number in range(MAX_VERDICTS)
    }
    rows = await ctx.tx.fetch(
        "SELECT DISTINCT subject FROM external_events WHERE business_id = $1 AND subject = ANY($2::uuid[])",
        ctx.actor.business_id,
        list(names),
    )
    return [names[row["subject"]] for row in rows]


async def _check_not_judged(ctx: Context, claim_id: UUID) -> None:
    verdicts = [event_subject(one) for one in await _verdicts(ctx, claim_id)]
    rows = await ctx.tx.fetch(_JUDGED, ctx.actor.business_id, verdicts)
    if rows:
        row = rows[0]
        raise Stale(
            "deduction.judged",
            await said(ctx, row["event_type"], row["normalised"], row["actor"], row["occurred_at"]),
            remedy="Take that back to say otherwise.",
            values=await by_whom(ctx, row),
        )


def _check_open(bill: asyncpg.Record, amount: int, language: str) -> None:
    if amount > bill["outstanding"]:
        raise Stale(
            "deduction.over_outstanding",
            f"Only {format_minor(max(bill['outstanding'], 0), bill['currency'])} is open on"
            f" {bill['number'] or 'this bill'}.",
            remedy="Look at it again.",
            values={
                "amount": format_minor(max(bill["outstanding"], 0), bill["currency"]),
                "bill": bill["number"] or say(language, "this bill"),
            },
        )


@handles(DeductionClaims, permission=Permission.SEE_RECEIVABLES)
async def deduction_claims(question: DeductionClaims, ctx: Context) -> Sequence[DeductionClaim]:
    """Answer with the claims that wait for a verdict, oldest first."""
    where = Conditions([ctx.actor.business_id])
    where.add("d.business_id = $1")
    if question.party_id is not None:
        where.add("p.id = {}", question.party_id)
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(_CLAIMS.format(where=where.sql), *where.values)
    return tuple(_claim(row) for row in rows)


def _claim(row: asyncpg.Record) -> DeductionClaim:
    data = row["state"]["data"]
    kind = data["kind"].replace("tds", "TDS").replace("gst_", "GST-").replace("_", " ")
    return DeductionClaim(
        id=UUID(row["external_id"]),
        invoice_id=row["invoice_id"],
        invoice_number=row["number"],
        party_id=row["party_id"],
        party_name=row["party_name"],
        kind=data["kind"],
        amount=data["amount"],
        currency=data["currency"],
        at=datetime.fromisoformat(row["state"]["at"]),
        note=data.get("note"),
        words=f"short by {kind} {format_minor(data['amount'], data['currency'])}, to be checked",
    )
