"""What falls due each month besides bills: proposed by what the bank shows and the law knows, confirmed once by people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from statistics import median_low
from typing import Any
from uuid import UUID

from kit.errors import NotFound, Rejected
from kit.ids import derived
from kit.money import MAX_MINOR
from ledger.commands.cash import EndDue, RefuseDue, StateDue
from ledger.domain.cash.dues import (
    PAID_WITHIN,
    Debit,
    Due,
    Occurrence,
    bank_closed,
    is_of,
    with_payments,
)
from ledger.domain.cash.proposals import Proposal, proposals
from ledger.domain.checks import EARLIEST, LATEST
from ledger.domain.events import OPERATOR
from ledger.domain.matching.kinds import LABELS, kind_of
from ledger.domain.roles import Permission
from ledger.handlers.deciding import decide, event_subject, hold
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.cash import RecurringDues
from ledger.store.identities import refold
from ledger.views import BusinessView
from ledger.views.cash import DueProposal, DuesView, DueView, UnconfirmedDue

KINDS = ("gst", "tds", "income_tax", "pf", "esi", "salary", "rent", "emi", "other")
LOOK_BACK = timedelta(days=130)
MOST_DEBITS = 20_000
_AHEAD = timedelta(days=400)
_APART_PERCENT = 10
_LONGEST = 80
_DUES = """
SELECT external_id, state->'data' AS data FROM identities
WHERE business_id = $1 AND kind = 'recurring' AND source = $2 AND state->>'type' = 'recurring.stated'
ORDER BY subject
"""
_DEBITS = """
SELECT l.posted_on, -l.amount AS amount, l.narration, l.payer, l.handle, l.explained_by,
       o.party_id IS NOT NULL AND EXISTS (
         SELECT FROM payables b WHERE b.business_id = $1 AND b.party_id = o.party_id) AS of_bills
FROM bank_lines l
LEFT JOIN payouts o ON o.business_id = $1 AND o.id = l.explained_id AND l.explained_by = 'payout'
WHERE l.business_id = $1 AND l.posted_on >= $2 AND l.amount BETWEEN -$4::bigint AND -$3::bigint AND l.currency = $5
ORDER BY l.posted_on DESC, l.id LIMIT $6
"""


@handles(RecurringDues, permission=Permission.SEE_PAYABLES)
async def recurring_dues(_: RecurringDues, ctx: Context) -> DuesView:
    """Answer with what is confirmed and not ended, and what may be besides."""
    firm = await business(ctx)
    stated = await read_dues(ctx)
    rows = await _debits(ctx, firm, since=firm.today - LOOK_BACK)
    shut = await holidays(ctx)
    running = [due for due in stated if due.until is None or due.until >= firm.today]
    debits = [debit for debit, _ in rows]
    found = sorted(
        (_view(due, debits, firm.today, shut) for due in running),
        key=lambda view: (view.next_on or date.max, view.name, view.id),
    )
    return DuesView(firm.today, firm.currency, tuple(found), _proposed(firm, rows, stated))


async def unconfirmed(ctx: Context, firm: BusinessView) -> tuple[UnconfirmedDue, ...]:
    """Return what repeats in the bank and nobody has confirmed or refused, the largest first."""
    rows = await _debits(ctx, firm, since=firm.today - LOOK_BACK)
    found = _proposed(firm, rows, await read_dues(ctx))
    seen = [UnconfirmedDue(one.name, one.amount) for one in found if one.amount]
    return tuple(sorted(seen, key=lambda one: (-one.amount, one.name)))


@handles(StateDue, permission=Permission.ANSWER)
async def state_due(command: StateDue, ctx: Context) -> DueView:
    """Say what falls due, for the first time or anew."""
    firm = await business(ctx)
    name = " ".join(command.name.split())
    _check(command, name)
    key = command.due_id or due_id(firm.id, command.kind, command.payee, name)
    await hold(ctx, key)
    before = next((due for due in await read_dues(ctx) if due.id == key), None)
    if command.due_id is not None and before is None:
        raise NotFound("due.not_found", "There is no such monthly due.")
    since = command.since or (before.since if before is not None else firm.today)
    if command.until is not None and command.until < since:
        raise Rejected("due.until", "It ends before it begins.", remedy="Choose a later day.")
    due = Due(
        key, name, command.kind, command.amount, firm.currency, command.day, tuple(sorted(set(command.months))),
        since, command.until, command.payee or (before.payee if before is not None else None),
    )  # fmt: skip
    return await _say(ctx, due, note=command.note)


@handles(EndDue, permission=Permission.ANSWER)
async def end_due(command: EndDue, ctx: Context) -> DueView:
    """Say that it falls due until a day and no more."""
    firm = await business(ctx)
    await hold(ctx, command.due_id)
    before = next((due for due in await read_dues(ctx) if due.id == command.due_id), None)
    if before is None:
        raise NotFound("due.not_found", "There is no such monthly due.")
    until = command.until or firm.today - timedelta(days=1)
    return await _say(
        ctx, replace(before, until=max(until, before.since - timedelta(days=1))), note=command.note
    )


@handles(RefuseDue, permission=Permission.ANSWER)
async def refuse_due(command: RefuseDue, ctx: Context) -> None:
    """Keep a proposal from coming back: it is stated as ended before it began."""
    firm = await business(ctx)
    rows = await _debits(ctx, firm, since=firm.today - LOOK_BACK)
    found = [one for one in _proposed(firm, rows, await read_dues(ctx)) if one.key == command.key]
    if not found:
        raise NotFound("due.not_proposed", "That isn't proposed any more.")
    one = found[0]
    due = Due(
        UUID(one.key), one.name, one.kind, one.amount or 0, firm.currency, one.day, one.months, firm.today,
        firm.today - timedelta(days=1), one.payee,
    )  # fmt: skip
    await _say(ctx, due, note=command.note)


def due_id(business_id: UUID, kind: str, payee: str | None, name: str) -> UUID:
    """Return by what a due is known again, whoever says it: its kind and payee, else its name."""
    return derived("recurring", str(business_id), kind, payee or name.casefold())


async def read_dues(ctx: Context) -> list[Due]:
    """Return all that was ever confirmed and not withdrawn, also what has ended."""
    rows = await ctx.tx.fetch(_DUES, ctx.actor.business_id, OPERATOR)
    return [_due(UUID(row["external_id"]), row["data"]) for row in rows]


async def holidays(ctx: Context) -> frozenset[date]:
    """Return the bank holidays that the business has listed."""
    found = await ctx.tx.value(
        "SELECT settings->'holidays' FROM businesses WHERE business_id = $1", ctx.actor.business_id
    )
    return frozenset(date.fromisoformat(day) for day in found or ())


async def unpaid(ctx: Context, *, first: date, last: date, bank: bool) -> list[Occurrence]:
    """Return the due days from `first` to `last` that no debit paid; without a bank nothing shows what was paid."""
    firm = await business(ctx)
    dues = [due for due in await read_dues(ctx) if due.currency == firm.currency]
    coming = with_payments(dues, (), first=first, last=last)
    if not coming or not bank:
        return list(coming)
    amounts = [one.due.amount for one in coming]
    rows = await _debits(
        ctx, firm, since=first - PAID_WITHIN, least=min(amounts) * 6 // 10, most=max(amounts) * 14 // 10 + 1
    )
    debits = [debit for debit, _ in rows]
    # A due day just before these may be what a debit paid.
    shown = with_payments(dues, debits, first=first - 2 * PAID_WITHIN, last=last)
    return [one for one in shown if one.paid is None and one.on >= first]


async def _debits(
    ctx: Context, firm: BusinessView, *, since: date, least: int = 1, most: int = MAX_MINOR
) -> list[tuple[Debit, bool]]:
    """Return debits, the latest first, each with whether it went to a vendor whose bills we know."""
    rows = await ctx.tx.fetch(_DEBITS, firm.id, since, least, most, firm.currency, MOST_DEBITS)
    return [(_debit(row, firm.name), row["of_bills"]) for row in rows]


def _debit(row: Any, ours: str) -> Debit:
    told = row["explained_by"]
    if told in LABELS:
        kind = told
    else:
        found = kind_of(row["narration"], side="debit", payer=row["payer"], ours=(ours,))
        kind = found.kind if found is not None else None
    return Debit(row["posted_on"], row["amount"], kind, row["handle"], row["payer"])


def _proposed(
    firm: BusinessView, rows: Iterable[tuple[Debit, bool]], stated: Sequence[Due]
) -> tuple[DueProposal, ...]:
    """Propose what repeats; what pays bills that we know is due by those bills already."""
    found = proposals([debit for debit, of_bills in rows if not of_bills], stated, today=firm.today)
    return tuple(_proposal(one, firm.id) for one in found)


def _proposal(one: Proposal, business_id: UUID) -> DueProposal:
    key = due_id(business_id, one.kind, one.payee, one.name)
    return DueProposal(
        str(key), one.kind, one.name, one.day, one.months, one.amount, one.seen, one.payee, one.source
    )


def _view(due: Due, debits: Sequence[Debit], today: date, shut: Collection[date]) -> DueView:
    shown = with_payments([due], debits, first=today - LOOK_BACK, last=today + _AHEAD)
    waiting = [one.on for one in shown if one.paid is None and one.on >= today - PAID_WITHIN]
    paid = max((one.paid.on for one in shown if one.paid is not None), default=None)
    last = [debit.amount for debit in sorted(debits, key=lambda one: one.on) if is_of(due, debit)][-3:]
    lately = median_low(last) if len(last) == 3 else due.amount
    next_on = min(waiting, default=None)
    return DueView(
        id=due.id,
        name=due.name,
        kind=due.kind,
        amount=due.amount,
        currency=due.currency,
        day=due.day,
        months=due.months,
        since=due.since,
        until=due.until,
        payee=due.payee,
        next_on=next_on,
        next_closed=bank_closed(next_on, shut) if next_on is not None else None,
        paid_on=paid,
        lately=lately if abs(lately - due.amount) * 100 > due.amount * _APART_PERCENT else None,
    )


def _check(command: StateDue, name: str) -> None:
    if not name or len(name) > _LONGEST:
        raise Rejected("due.name", f"It needs a name of at most {_LONGEST} letters.")
    if not 0 < command.amount <= MAX_MINOR:
        raise Rejected("due.amount", "It needs an amount.", remedy="Say about how much it is.")
    if not 1 <= command.day <= 31:
        raise Rejected("due.day", "A day of the month is 1 to 31.")
    if not command.months or not set(command.months) <= set(range(1, 13)):
        raise Rejected("due.months", "Months are numbered 1 to 12.", remedy="Leave them out for every month.")
    if command.kind not in KINDS:
        raise Rejected(
            "due.kind", f"{command.kind[:30]!r} is no kind that I know.", remedy=f"Use one of {', '.join(KINDS)}."
        )  # fmt: skip
    if command.payee is not None and not 0 < len(command.payee) <= _LONGEST:
        raise Rejected("due.payee", "The payee is written as bank lines name him.")


async def _say(ctx: Context, due: Due, *, note: str | None) -> DueView:
    """Say it in the log, and fold it at once, so that the next question knows it."""
    firm = await business(ctx)
    data: dict[str, Any] = {
        "name": due.name,
        "amount": due.amount,
        "currency": due.currency,
        "day": due.day,
        "kind": due.kind,
        "months": [str(month) for month in due.months],
        "since": due.since.isoformat(),
        "until": (due.until or LATEST).isoformat(),  # an earlier end must not stand on
    }
    if due.payee is not None:
        data["handle"] = due.payee
    await decide(
        ctx, "recurring.stated", data, about=f"recurring:{due.id}", kind="recurring", decision_id=due.id, note=note
    )  # fmt: skip
    await refold(ctx.tx, ctx.actor.business_id, [event_subject(due.id, "recurring")])
    return _view(due, (), firm.today, await holidays(ctx))


def _due(key: UUID, data: Any) -> Due:
    until = date.fromisoformat(data["until"]) if data.get("until") else LATEST
    months = data.get("months") or [str(month) for month in range(1, 13)]
    return Due(
        key, data["name"], data.get("kind") or "other", data["amount"], data["currency"], data["day"],
        tuple(int(month) for month in months),
        date.fromisoformat(data["since"]) if data.get("since") else EARLIEST,
        None if until == LATEST else until,
        data.get("handle"),
    )  # fmt: skip
