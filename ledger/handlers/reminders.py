"""Reminding a customer: what it would say and what speaks against it, a pay page for it, and that it went out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from kit.errors import Denied, Rejected, Stale
from kit.ids import business_key, derived, digest, new_secret, uuid7
from ledger.commands.reminders import LogReminder, PrepareReminder
from ledger.domain.paying import one_line, whatsapp_number
from ledger.domain.roles import Permission
from ledger.handlers.deciding import decide, event_subject, hold, party_row, positive, the_one, words
from ledger.handlers.decisions import last_standing, told_of
from ledger.handlers.payment_details import read_details
from ledger.handlers.registry import Context, handles
from ledger.handlers.reminder_facts import (
    NEAREST,
    bills_of,
    facts_of,
    holds_of,
    kind_of,
    may_overrule,
    not_up_to_date,
)
from ledger.handlers.scope import business
from ledger.queries.reminders import LateCustomers, ReminderFor, RemindersByIds
from ledger.views.reminders import (
    LateCustomer,
    LateCustomersView,
    PreparedReminder,
    ReminderView,
)
from ledger.views.workflow import DecisionView

LANGUAGES = ("en", "hi")
VALID = timedelta(days=30)
MOST_AT_ONCE = 100
_FORGOTTEN = timedelta(days=90)
"""So long after it has run out a page's row is kept, so that his card can still say when he looked."""
_SECRET_BYTES = 18
_LANGUAGE = "SELECT settings->>'reminder_language' FROM businesses WHERE business_id = $1"
_SPEAK = """
UPDATE businesses SET settings = jsonb_set(settings, '{reminder_language}', $2::jsonb) WHERE business_id = $1
"""
_LINK = """
INSERT INTO pay_links (business_id, key_hash, id, party_anchor, amount, currency, language, made_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_FORGET = "DELETE FROM pay_links WHERE business_id = $1 AND party_anchor = $2 AND expires_at < $3"


@handles(ReminderFor, permission=Permission.REPORT)
async def reminder_for(question: ReminderFor, ctx: Context) -> ReminderView:
    """Answer with a reminder as it would go out now; NotFound outside the actor's scope."""
    return the_one(await _reminders(ctx, await facts_of(ctx, parties=[question.party_id])), question.party_id)


@handles(RemindersByIds, permission=Permission.REPORT)
async def reminders_by_ids(question: RemindersByIds, ctx: Context) -> dict[UUID, ReminderView]:
    """Answer for those of the customers that the actor may see."""
    return await _reminders(ctx, await facts_of(ctx, parties=question.ids))


@handles(LateCustomers, permission=Permission.REPORT)
async def late_customers(question: LateCustomers, ctx: Context) -> LateCustomersView:
    """Answer with those who may be reminded, money × days first; the others are counted by what holds them."""
    if not 1 <= question.first <= MOST_AT_ONCE:
        raise Rejected("page.size", f"A list has 1 to {MOST_AT_ONCE} rows.")
    stale = await not_up_to_date(ctx)
    free: list[tuple[int, LateCustomer]] = []
    held: Counter[str] = Counter()
    rows = await facts_of(ctx)
    holds = await holds_of(ctx, rows, stale)
    for row in rows:
        against = [h for h in holds[row["id"]] if h.code not in question.overrule or not may_overrule(ctx, h)]
        if against:
            held[against[0].code] += 1
            continue
        _, asked = kind_of(row)
        name = one_line(row["name"])
        late = LateCustomer(row["id"], name, asked, row["days"], row["currency"])
        free.append((asked * row["days"], late))
    free.sort(key=lambda pair: (-pair[0], pair[1].name, str(pair[1].party_id)))
    return LateCustomersView(
        rows=tuple(late for _, late in free[: question.first]),
        held=tuple(sorted(held.items(), key=lambda item: (-item[1], item[0]))),
        stale=stale if "stale" not in question.overrule else (),
    )


@handles(PrepareReminder, permission=Permission.REPORT, shown_once=True)
async def prepare_reminder(command: PrepareReminder, ctx: Context) -> PreparedReminder:
    """Make a pay page for a reminder that may go out, or of which all that speaks against it was seen and overruled."""
    rows = await facts_of(ctx, parties=[command.party_id])
    view = the_one(await _reminders(ctx, rows), command.party_id)
    anchor = rows[0]["anchor"]
    _check_holds(ctx, view, command.overrule)
    language = await _language(ctx, command.language)
    secret, link = new_secret(_SECRET_BYTES), uuid7()
    key, expires_at = business_key(ctx.actor.business_id, secret), ctx.now + VALID
    tenant = ctx.actor.business_id
    await ctx.tx.run(_FORGET, tenant, anchor, ctx.now - _FORGOTTEN)
    await ctx.tx.run(
        _LINK,
        tenant,
        digest(key.encode()),
        link,
        anchor,
        view.asked,
        view.currency,
        language,
        ctx.actor.member_id,
        ctx.now,
        expires_at,
    )
    overruled = [h.code for h in view.holds]
    ctx.audit(
        "pay_link.made",
        f"party:{command.party_id}",
        link=str(link),
        amount=view.asked,
        **({"overruled": overruled} if overruled else {}),
    )
    return PreparedReminder(view, key, language, expires_at)


def _check_holds(ctx: Context, view: ReminderView, overrule: tuple[str, ...]) -> None:
    """Raise unless nothing speaks against it, or only what was seen and may be overruled by the actor."""
    for one in view.holds:
        if one.strength == "final":
            raise Rejected("reminder.nothing_to_ask", "There is nothing to remind this customer of.")
        if one.code not in overrule:
            raise Stale(
                "reminder.held", "Something speaks against this reminder now.", remedy="Look at it again."
            )
        if not may_overrule(ctx, one):
            raise Denied(
                "reminder.hold", "The owner or the accounts person decides that.", remedy="Ask the owner."
            )


@handles(LogReminder, permission=Permission.REPORT)
async def log_reminder(command: LogReminder, ctx: Context) -> DecisionView:
    """Say in the customer's history that he was reminded; the same word of the same person on a day is one."""
    positive(command.amount, "A reminder's amount")
    party, firm = await party_row(ctx, command.party_id), await business(ctx)
    decision = derived("reminder", str(party["anchor"]), firm.today.isoformat(), ctx.actor.label)
    await hold(ctx, decision)
    standing = last_standing(await told_of(ctx, [event_subject(decision, "reminder")]))
    if standing is not None:
        return _known(ctx, decision, standing)
    data = {
        "party": str(party["anchor"]),
        "amount": command.amount,
        "currency": party["currency"],
        "channel": "whatsapp",
        "overruled": list(command.overruled) or None,
    }
    return await decide(
        ctx, "reminder.sent", data, about=f"party:{party['id']}", kind="reminder", decision_id=decision
    )


def _known(ctx: Context, decision: UUID, row: Any) -> DecisionView:
    data = row["normalised"]
    return DecisionView(
        id=decision,
        type=row["event_type"],
        words=words(row["event_type"], data),
        by=ctx.actor.name,
        at=row["occurred_at"],
        amount=data.get("amount"),
        currency=data.get("currency"),
        can_undo=True,
    )


async def _reminders(ctx: Context, rows: Sequence[Any]) -> dict[UUID, ReminderView]:
    """Return the reminders of customers of whom these are the facts; a few statements, however many they are."""
    if not rows:
        return {}
    firm = await business(ctx)
    kinds = {row["id"]: kind_of(row) for row in rows}
    bills = await bills_of(ctx, {key: kind for key, (kind, _) in kinds.items()}, most=NEAREST)
    holds = await holds_of(ctx, rows, await not_up_to_date(ctx))
    language, pay = await _last_language(ctx), await read_details(ctx)
    return {
        row["id"]: ReminderView(
            party_id=row["id"],
            party_name=one_line(row["name"]),
            firm=one_line(firm.name),
            currency=row["currency"],
            kind=kinds[row["id"]][0],
            net=row["net"],
            asked=kinds[row["id"]][1],
            on_account=row["on_account"],
            disputed=row["disputed"],
            days=row["days"],
            bills=bills[row["id"]].bills,
            more=bills[row["id"]].more,
            more_amount=bills[row["id"]].more_amount,
            phone=whatsapp_number(row["phone"]),
            language=language,
            pay=pay,
            holds=holds[row["id"]],
        )
        for row in rows
    }


async def _last_language(ctx: Context) -> str:
    found = await ctx.tx.value(_LANGUAGE, ctx.actor.business_id)
    return found if found in LANGUAGES else LANGUAGES[0]


async def _language(ctx: Context, wanted: str | None) -> str:
    """Return the language of a reminder; a new one is kept for the next."""
    last = await _last_language(ctx)
    if wanted is None or wanted == last:
        return last
    if wanted not in LANGUAGES:
        raise Rejected("reminder.language", f"Reminders are written in {', '.join(LANGUAGES)}.")
    await ctx.tx.run(_SPEAK, ctx.actor.business_id, orjson.dumps(wanted).decode())
    return wanted
