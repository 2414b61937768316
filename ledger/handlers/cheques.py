"""Cheques that are entered here: in hand, given to the bank, sent back, replaced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.errors import NotFound, Rejected, Stale
from kit.ids import derived
from ledger.commands.workflow import DepositCheque, ReceiveCheque, ReplaceCheque, ReturnCheque
from ledger.domain.roles import Permission
from ledger.handlers.deciding import (
    bill_rows,
    by_whom,
    decide,
    event_subject,
    hold,
    party_row,
    positive,
    said,
)
from ledger.handlers.decisions import last_standing, told_of
from ledger.handlers.paging import Conditions
from ledger.handlers.party_card import IN_HAND
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.queries.workflow import ChequesInHand
from ledger.views.workflow import ChequeInHand, DecisionView

_FARTHEST = timedelta(days=366)
_MAX_NUMBER = 20
_IDENTITY = """
SELECT i.source, i.external_id FROM cheques q
JOIN identities i ON i.business_id = q.business_id AND i.subject = q.anchor
WHERE q.business_id = $1 AND q.id = $2
"""
_CHEQUES = """
SELECT q.*, p.name AS party_name FROM cheques q
LEFT JOIN parties p ON p.business_id = q.business_id AND p.id = q.party_id
WHERE {where} ORDER BY q.dated_on NULLS FIRST, q.number, q.id LIMIT 500
"""


@handles(ReceiveCheque, permission=Permission.REPORT)
async def receive(command: ReceiveCheque, ctx: Context) -> DecisionView:
    """Take a cheque in hand: its bills stay open until it clears."""
    party = await party_row(ctx, command.party_id)
    bills = await bill_rows(ctx, command.invoice_ids) if command.invoice_ids else {}
    named = sorted(bill["number"] for bill in bills.values() if bill["number"])
    body = await _cheque(ctx, command, party["currency"], str(party["anchor"]))
    if named:
        body["references"] = {"invoices": named}
    return await _take(ctx, body, f"party:{party['id']}", command.note)


async def _cheque(
    ctx: Context, command: ReceiveCheque | ReplaceCheque, currency: str, party: str
) -> dict[str, Any]:
    today = (await business(ctx)).today
    number = "".join(command.number.split())
    if not number.isdigit() or len(number) > _MAX_NUMBER:
        raise Rejected("cheque.number", "A cheque's number is made of digits.", remedy="Write it as printed.")
    positive(command.amount, "A cheque")
    if abs(command.dated_on - today) > _FARTHEST:
        raise Rejected("cheque.day", "A cheque is dated within a year of today.", remedy="Choose the day.")
    return {
        "number": number,
        "bank": command.bank,
        "party": {"id": party},
        "dated_on": command.dated_on.isoformat(),
        "on": today.isoformat(),
        "amount": command.amount,
        "currency": currency,
    }


async def _take(ctx: Context, body: Mapping[str, Any], about: str, note: str | None) -> DecisionView:
    told = {name: value for name, value in body.items() if name != "on"}
    cheque = derived("cheque", *(repr(told[name]) for name in sorted(told)))
    await hold(ctx, cheque)
    last = last_standing(await told_of(ctx, [event_subject(cheque, "cheque")]))
    if last is not None:
        raise Stale(
            "cheque.known",
            await _who_said(ctx, last),
            remedy="It is entered already.",
            values=await by_whom(ctx, last),
        )
    return await decide(
        ctx, "cheque.received", body, about=about, kind="cheque", decision_id=cheque, note=note
    )


@handles(DepositCheque, permission=Permission.ANSWER)
async def deposit(command: DepositCheque, ctx: Context) -> DecisionView:
    """Say that a cheque in hand was given to the bank; not before its day."""
    cheque, state = await _held(ctx, command.cheque_id, ("cheque.received",))
    dated = date.fromisoformat(state["dated_on"]) if state.get("dated_on") else None
    if dated is not None and command.on < dated:
        raise Rejected(
            "cheque.post_dated",
            f"This cheque is dated {dated:%a} {dated.day} {dated:%b}; the bank doesn't take it before.",
            remedy="Deposit it on its day.",
        )
    return await _say(ctx, cheque, "cheque.deposited", {"on": command.on.isoformat()}, command.note)


@handles(ReturnCheque, permission=Permission.ANSWER)
async def send_back(command: ReturnCheque, ctx: Context) -> DecisionView:
    """Say that the bank sent a cheque back: what it paid is open again."""
    cheque, _ = await _held(ctx, command.cheque_id, ("cheque.received", "cheque.deposited", "cheque.cleared"))
    body = {"on": command.on.isoformat(), "reason": command.reason}
    return await _say(ctx, cheque, "cheque.returned", body, command.note)


@handles(ReplaceCheque, permission=Permission.ANSWER)
async def replace(command: ReplaceCheque, ctx: Context) -> DecisionView:
    """Take another cheque in place of one that is in hand or came back."""
    cheque, state = await _held(
        ctx, command.cheque_id, ("cheque.received", "cheque.deposited", "cheque.returned")
    )
    body = await _cheque(ctx, command, state["currency"], state["party"]["id"])
    if state.get("references"):
        body["references"] = state["references"]
    await _say(ctx, cheque, "cheque.replaced", {"replaced_by": body["number"]}, command.note)
    return await _take(ctx, body, f"cheque:{cheque}", command.note)


async def _say(
    ctx: Context, cheque: UUID, event_type: str, body: Mapping[str, Any], note: str | None
) -> DecisionView:
    return await decide(
        ctx, event_type, body, about=f"cheque:{cheque}", kind="cheque", decision_id=cheque, note=note
    )


async def _held(ctx: Context, cheque_id: UUID, from_types: tuple[str, ...]) -> tuple[UUID, dict[str, Any]]:
    """Hold a cheque of ours and return its name and what is known of it; Stale, saying who, if it went on since."""
    row = await ctx.tx.row(_IDENTITY, ctx.actor.business_id, cheque_id)
    if row is not None and row["source"] != "operator":
        raise Rejected(
            "cheque.kept_elsewhere", "This cheque is kept in another tool.", remedy="Say it there; I follow."
        )
    cheque = UUID(row["external_id"]) if row is not None else cheque_id
    await hold(ctx, cheque)
    told = await told_of(ctx, [event_subject(cheque, "cheque")])
    last = last_standing(told)
    if last is None:
        raise NotFound("cheque.not_found", "There is no such cheque.")
    if last["event_type"] not in from_types:
        raise Stale(
            "cheque.moved_on",
            await _who_said(ctx, last),
            remedy="Look at it again.",
            values=await by_whom(ctx, last),
        )
    state: dict[str, Any] = {}
    for one in told:
        state |= {name: value for name, value in one["normalised"].items() if name != "of"}
    return cheque, state


async def _who_said(ctx: Context, row: Any) -> str:
    return await said(ctx, row["event_type"], row["normalised"], row["actor"], row["occurred_at"])


@handles(ChequesInHand, permission=Permission.SEE_RECEIVABLES)
async def cheques_in_hand(question: ChequesInHand, ctx: Context) -> tuple[ChequeInHand, ...]:
    """Answer with the cheques that aren't cleared, by their day; a post-dated one waits for it."""
    today = (await business(ctx)).today
    where = Conditions([ctx.actor.business_id])
    where.add("q.business_id = $1 AND q.status = ANY({})", list(IN_HAND))
    if question.party_id is not None:
        where.add("q.party_id = {}", question.party_id)
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(_CHEQUES.format(where=where.sql), *where.values)
    return tuple(
        ChequeInHand(
            id=row["id"],
            party_id=row["party_id"],
            party_name=row["party_name"],
            number=row["number"],
            bank=row["bank"],
            dated_on=row["dated_on"],
            amount=row["amount"],
            currency=row["currency"],
            status=row["status"],
            post_dated=row["dated_on"] is not None and row["dated_on"] > today,
        )
        for row in rows
    )
