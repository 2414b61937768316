"""Money that somebody of ours says came: reported, and confirmed by somebody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import derived
from ledger.commands.workflow import ConfirmPayment, ReportPayment
from ledger.domain.roles import Permission
from ledger.handlers.cash import check_cash
from ledger.handlers.deciding import (
    bill_rows,
    by_whom,
    decide,
    event_subject,
    hold,
    noted,
    party_row,
    positive,
    said,
)
from ledger.handlers.decisions import last_standing, told_of
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.views.workflow import DecisionView

METHODS = ("cash", "cheque", "upi", "bank")
_OLDEST = timedelta(days=366)
_MAX_NUMBER = 40


@handles(ReportPayment, permission=Permission.REPORT)
async def report(command: ReportPayment, ctx: Context) -> DecisionView:
    """Note that a customer paid; it never counts as arrived before another confirms it or the bank shows it."""
    if command.method not in METHODS:
        raise Rejected(
            "payment.method",
            f"{command.method[:20]!r} is no way to pay.",
            remedy=f"Use {', '.join(METHODS)}.",
        )
    positive(command.amount, "A payment")
    number = " ".join((command.number or "").split()) or None
    if number is not None and len(number) > _MAX_NUMBER:
        raise Rejected("payment.number", f"A number has at most {_MAX_NUMBER} characters.")
    today = (await business(ctx)).today
    if not today - _OLDEST <= command.paid_on <= today:
        raise Rejected("payment.day", "A payment was made within the last year.", remedy="Choose the day.")
    party = await party_row(ctx, command.party_id)
    bills = await bill_rows(ctx, command.invoice_ids) if command.invoice_ids else {}
    await hold(ctx, party["anchor"])
    told = _report(command, ctx, party, number, [bill["number"] for bill in bills.values()])
    payment = derived("payment", *(repr(told[name]) for name in sorted(told)), noted(command.note) or "")
    standing = last_standing(await told_of(ctx, [event_subject(payment, "payment")]))
    if standing is not None:
        raise Stale(
            "payment.reported",
            await _who_said(ctx, standing),
            remedy="If this is another payment, add its number or a note.",
            values=await by_whom(ctx, standing),
        )
    if command.method == "cash" and not command.acknowledged:
        bill = next(iter(bills.values())) if len(bills) == 1 else None
        await check_cash(ctx, party, amount=command.amount, day=command.paid_on, bill=bill)
    return await decide(
        ctx,
        "payment.reported",
        told,
        about=f"party:{party['id']}",
        kind="payment",
        decision_id=payment,
        note=command.note,
    )


def _report(
    command: ReportPayment, ctx: Context, party: asyncpg.Record, number: str | None, bills: list[str | None]
) -> dict[str, Any]:
    """Compose what is reported. The number of a cheque or transfer finds the bank's line; that of cash finds none."""
    named = [bill for bill in bills if bill]
    references: dict[str, Any] = {"invoices": sorted(named)} if named else {}
    if number and command.method != "cash":
        references["utr"] = [number]
    return {
        "amount": command.amount,
        "currency": party["currency"],
        "party": {"id": str(party["anchor"])},
        "method": command.method,
        "paid_on": command.paid_on.isoformat(),
        "references": references or None,
        "description": number if command.method == "cash" else None,
        "by": str(ctx.actor.member_id) if ctx.actor.member_id else None,
    }


@handles(ConfirmPayment, permission=Permission.ANSWER)
async def confirm(command: ConfirmPayment, ctx: Context) -> DecisionView:
    """Say that reported money is here. Denied to who reported it, by whatever device or token he speaks."""
    subject = event_subject(command.payment_id, "payment")
    await hold(ctx, command.payment_id)
    told = await told_of(ctx, [subject])
    if not told or told[0]["event_type"] != "payment.reported":
        raise NotFound("payment.not_found", "There is no such reported payment.")
    last = last_standing(told)
    if last is None:
        raise Stale("payment.withdrawn", "The report was taken back.", remedy="Nothing is left to confirm.")
    if last["event_type"] == "payment.confirmed":
        raise Stale(
            "payment.confirmed",
            await _who_said(ctx, last),
            remedy="Nothing is left to confirm.",
            values=await by_whom(ctx, last),
        )
    data = last["normalised"]
    reporters = {row["actor"] for row in told if row["event_type"] == "payment.reported"}
    if ctx.actor.label in reporters or data.get("by") == str(ctx.actor.member_id):
        raise Denied(
            "payment.own_report", "Who reported money can't confirm it.", remedy="Ask somebody else."
        )
    if data["method"] == "cheque":
        raise Rejected(
            "payment.cheque",
            "A cheque counts once the bank shows it.",
            remedy="Enter it as a cheque in hand.",
        )
    party = await _party(ctx, data)
    if data["method"] == "cash" and not command.acknowledged and party is not None:
        day = date.fromisoformat(data["paid_on"])
        await check_cash(ctx, party, amount=data["amount"], day=day, besides=[subject])
    into = {"into": "cash" if data["method"] == "cash" else "bank"}
    kept = {"amount": data["amount"], "currency": data["currency"], **into}
    return await decide(
        ctx,
        "payment.confirmed",
        kept,
        about=f"payment:{command.payment_id}",
        kind="payment",
        decision_id=command.payment_id,
        note=command.note,
    )


async def _party(ctx: Context, data: Any) -> asyncpg.Record | None:
    return await ctx.tx.row(
        "SELECT p.* FROM parties p JOIN party_identities s ON s.business_id = p.business_id AND s.party_id = p.id"
        " WHERE p.business_id = $1 AND s.subject = $2",
        ctx.actor.business_id,
        UUID(data["party"]["id"]),
    )


async def _who_said(ctx: Context, row: asyncpg.Record) -> str:
    return await said(ctx, row["event_type"], row["normalised"], row["actor"], row["occurred_at"])
