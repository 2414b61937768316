"""Money set against bills by hand, matches that are wrong, and what money is when it isn't a sale's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

import asyncpg

from kit.errors import Rejected, Stale
from kit.money import format_minor
from ledger.commands.workflow import AllocateReceipt, ClassifyMoney, RejectMatch
from ledger.domain.matching.kinds import LABELS
from ledger.domain.roles import Permission
from ledger.domain.vocabulary import LEARN
from ledger.handlers.deciding import bill_row, bill_rows, check_untouched, decide, party_row, receipt_row
from ledger.handlers.deductions import DEDUCTIONS, check_limit
from ledger.handlers.registry import Context, handles
from ledger.views.workflow import DecisionView
from ledger.words import say

MAX_LINES = 100
MONEY_KINDS = ("not_sale", *LABELS)
"""What a credit may be besides a sale's money."""
_TYPES = ("allocation.decided", "line.classified")
_HELD = """
SELECT a.document_id, sum(a.amount)::bigint AS amount FROM allocations a
WHERE a.business_id = $1 AND a.receipt_id = $2 GROUP BY a.document_id
"""


@handles(AllocateReceipt, permission=Permission.ANSWER)
async def allocate_receipt(command: AllocateReceipt, ctx: Context) -> DecisionView:
    """Set a receipt against bills: all of it, nothing beyond what is open, one party's unless one is named."""
    receipt = await receipt_row(ctx, command.receipt_id)
    _check_learn(command.learn)
    bills = await bill_rows(ctx, [line.invoice_id for line in command.lines]) if command.lines else {}
    await check_untouched(
        ctx, _TYPES, receipt["anchor"], *(bill["anchor"] for bill in bills.values()), seen=command.seen
    )
    _check_shares(command, receipt, bills)
    await _check_open(ctx, command, receipt, bills)
    await check_limit(ctx, [(bills[line.invoice_id], line.kind, line.amount) for line in command.lines])
    party = await _whose(ctx, command, bills)
    data = {
        "receipt": str(receipt["anchor"]),
        "lines": [
            {"document": str(bills[line.invoice_id]["anchor"]), "amount": line.amount, "kind": line.kind}
            for line in command.lines
        ],
        "party": str(party),
        "learn": command.learn,
        "conflict": str(command.conflict_id) if command.conflict_id else None,
    }
    return await decide(ctx, "allocation.decided", data, about=f"receipt:{receipt['id']}", note=command.note)


def _check_learn(learn: str) -> None:
    if learn not in LEARN:
        raise Rejected("learn.unknown", "It holds always, or once.", remedy="Use always or once.")


def _check_shares(
    command: AllocateReceipt, receipt: asyncpg.Record, bills: Mapping[UUID, asyncpg.Record]
) -> None:
    """Raise Rejected unless the shares are of bills in this currency and add up to the money."""
    currency = receipt["currency"]
    if receipt["status"] in ("payment.failed", "payment.reversed", "payment.refunded"):
        raise Rejected("receipt.not_here", "This money didn't come, or was given back.")
    if len(command.lines) > MAX_LINES:
        raise Rejected("allocation.too_many", f"Money is set against at most {MAX_LINES} bills at once.")
    for number, line in enumerate(command.lines):
        place = f"lines[{number}]"
        if line.amount <= 0 or (line.kind != "receipt" and line.kind not in DEDUCTIONS):
            raise Rejected(
                "allocation.line",
                f"A share is more than nothing, and money or one of {', '.join(DEDUCTIONS)}.",
                remedy="Correct the share.",
                field=f"{place}.{'amount' if line.amount <= 0 else 'kind'}",
            )
        bill = bills[line.invoice_id]
        if bill["kind"] == "credit_note" or bill["status"] in ("invoice.voided", "invoice.draft"):
            raise Rejected(
                "allocation.not_a_bill",
                f"{bill['number'] or 'This'} is no bill to be paid.",
                field=f"{place}.invoice_id",
            )
        if bill["currency"] != currency:
            raise Rejected(
                "allocation.currency",
                f"The money is in {currency}, {bill['number']} isn't.",
                field=f"{place}.invoice_id",
            )
    here = receipt["amount"] - receipt["refunded"]
    placed = sum(line.amount for line in command.lines if line.kind == "receipt") + command.on_account
    if command.on_account < 0 or placed != here:
        raise Rejected(
            "allocation.sum",
            f"{format_minor(placed, currency)} of {format_minor(here, currency)} is placed.",
            remedy="Set all of it against bills, or the rest on account.",
        )


async def _check_open(
    ctx: Context, command: AllocateReceipt, receipt: asyncpg.Record, bills: Mapping[UUID, asyncpg.Record]
) -> None:
    """Raise Stale if a bill has less open than its shares, what this very money pays of it now counted as open."""
    held = {
        row["document_id"]: row["amount"]
        for row in await ctx.tx.fetch(_HELD, ctx.actor.business_id, receipt["id"])
    }
    wanted: dict[UUID, int] = defaultdict(int)
    for line in command.lines:
        wanted[line.invoice_id] += line.amount
    for bill_id, amount in wanted.items():
        bill = bills[bill_id]
        left = max(bill["outstanding"], 0) + held.get(bill_id, 0)
        if amount > left:
            raise Stale(
                "allocation.over_outstanding",
                f"Only {format_minor(left, bill['currency'])} is open on {bill['number'] or 'this bill'}.",
                remedy="Look at it again.",
                values={
                    "amount": format_minor(left, bill["currency"]),
                    "bill": bill["number"] or say(ctx.actor.language, "this bill"),
                },
            )


async def _whose(ctx: Context, command: AllocateReceipt, bills: Mapping[UUID, asyncpg.Record]) -> UUID:
    """Return whose money it is: the named party's, else the bills' one owner's."""
    if command.party_id is not None:
        found: UUID = (await party_row(ctx, command.party_id))["anchor"]
        return found
    owners = {bill["party_anchor"] for bill in bills.values()}
    if len(owners) != 1:
        raise Rejected(
            "allocation.whose",
            "These are several customers' bills." if owners else "Whose money it is isn't said.",
            remedy="Say whose money it is.",
        )
    return owners.pop()  # type: ignore[no-any-return]


@handles(RejectMatch, permission=Permission.ANSWER)
async def reject_match(command: RejectMatch, ctx: Context) -> DecisionView:
    """Say that money isn't for a bill, or not of a party."""
    if (command.invoice_id is None) == (command.party_id is None):
        raise Rejected("match.what", "Say either the bill or the party that it isn't for.")
    receipt = await receipt_row(ctx, command.receipt_id)
    if command.invoice_id is not None:
        other = (await bill_row(ctx, command.invoice_id))["anchor"]
    else:
        assert command.party_id is not None
        other = (await party_row(ctx, command.party_id))["anchor"]
    await check_untouched(ctx, (*_TYPES, "link.rejected"), receipt["anchor"], seen=command.seen)
    data = {"subjects": sorted([str(receipt["anchor"]), str(other)])}
    return await decide(ctx, "link.rejected", data, about=f"receipt:{receipt['id']}", note=command.note)


@handles(ClassifyMoney, permission=Permission.ANSWER)
async def classify_money(command: ClassifyMoney, ctx: Context) -> DecisionView:
    """Say what money is if it isn't a sale's."""
    _check_learn(command.learn)
    if command.kind not in MONEY_KINDS:
        raise Rejected(
            "money.kind",
            f"{command.kind[:30]!r} is no kind of money that I know.",
            remedy=f"Use one of {', '.join(MONEY_KINDS)}.",
        )
    receipt = await receipt_row(ctx, command.receipt_id)
    await check_untouched(ctx, _TYPES, receipt["anchor"], seen=command.seen)
    data = {"line": str(receipt["anchor"]), "as": command.kind, "learn": command.learn}
    return await decide(ctx, "line.classified", data, about=f"receipt:{receipt['id']}", note=command.note)
