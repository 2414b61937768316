"""The close of a day: what came, who didn't keep his word, and what tomorrow needs."""

from __future__ import annotations

from datetime import date
from typing import Any

from ledger.domain.cash.dues import Occurrence
from ledger.domain.roles import Permission
from ledger.domain.working_days import next_working
from ledger.handlers.cash_accounts import read_banks
from ledger.handlers.cash_ahead import OUT, dues_ahead, outgoing
from ledger.handlers.paging import Conditions
from ledger.handlers.recurring import holidays
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties, sees_payables
from ledger.queries.mornings import Evening
from ledger.views import BusinessView
from ledger.views.mornings import CameView, ChequeDueView, EveningView, PayView, PromisedView

NAMED = 6
_MOST = 5

# Today's money by payer, the largest first; $2 is the day, $3 the currency, `p` the customer where he is known.
_CAME = f"""
SELECT r.party_id, p.name, CASE WHEN p.id IS NULL THEN r.payer END AS payer, p.receivable AS left,
       sum(r.amount - r.refunded)::bigint AS amount,
       (sum(sum(r.amount - r.refunded)) OVER ())::bigint AS total, count(*) OVER () AS payers
FROM receipts r LEFT JOIN parties p ON p.business_id = $1 AND p.id = r.party_id
WHERE r.business_id = $1 AND r.received_on = $2 AND r.currency = $3
  AND r.arrived AND r.status = 'payment.received' AND r.classified IS NULL AND {{whose}}
GROUP BY r.party_id, p.id, p.name, p.receivable, 3
ORDER BY sum(r.amount - r.refunded) DESC, p.name, 3 LIMIT {NAMED}
"""
# Who promised to pay on a day from $2 to $3, and hasn't paid since the day before.
_PROMISED = f"""
SELECT p.id, p.name, p.promise_on, coalesce(p.promise_amount, p.receivable) AS amount
FROM parties p
WHERE p.business_id = $1 AND p.promise_on BETWEEN $2 AND $3 AND p.receivable > 0
  AND (p.last_receipt_on IS NULL OR p.last_receipt_on < $2) AND {{whose}}
ORDER BY p.promise_on, amount DESC, p.name, p.id LIMIT {2 * _MOST}
"""
# Cheques in hand that the bank would take by $2.
_CHEQUES = f"""
SELECT c.number, p.name, c.amount FROM cheques c LEFT JOIN parties p ON p.business_id = $1 AND p.id = c.party_id
WHERE c.business_id = $1 AND c.status = 'cheque.received' AND c.currency = $3
  AND coalesce(c.dated_on, $2) <= $2 AND coalesce(c.dated_on, $2) > $2::date - 90 AND {{whose}}
ORDER BY c.amount DESC, c.number LIMIT {_MOST}
"""
_GOING = (
    OUT
    + """
SELECT kind, on_day, name, amount FROM going
WHERE amount > 0 AND kind IN ('bill', 'payout', 'own_cheque') AND on_day > $2 AND on_day <= $3
ORDER BY amount DESC, name
"""
)
_QUESTIONS = "SELECT count(*) FROM conflicts WHERE business_id = $1 AND status = 'open'"


@handles(Evening, permission=Permission.SEE_RECEIVABLES)
async def evening(_: Evening, ctx: Context) -> EveningView:
    """Answer with the close of the day, as far as the actor may see it: a sales rep's is of his own customers."""
    firm = await business(ctx)
    tomorrow = next_working(firm.today, await holidays(ctx))
    came = await _of_customers(ctx, _CAME, firm.id, firm.today, firm.currency)
    promised = await _of_customers(ctx, _PROMISED, firm.id, firm.today, tomorrow)
    cheques = await _of_customers(ctx, _CHEQUES, firm.id, tomorrow, firm.currency)
    pay, until = await _to_pay(ctx, firm, tomorrow) if sees_payables(ctx) else ([], None)
    return EveningView(
        member_name=ctx.actor.name,
        today=firm.today,
        tomorrow=tomorrow,
        currency=firm.currency,
        came_total=came[0]["total"] if came else 0,
        came_more=came[0]["payers"] - len(came) if came else 0,
        came=tuple(_came(row) for row in came),
        missed=tuple(_promised(row) for row in promised if row["promise_on"] == firm.today)[:_MOST],
        pay_total=sum(one.amount for one in pay),
        pay_more=max(0, len(pay) - _MOST),
        pay=tuple(pay[:_MOST]),
        promised=tuple(_promised(row) for row in promised if row["promise_on"] > firm.today)[:_MOST],
        cheques=tuple(ChequeDueView(row["number"], row["name"], row["amount"]) for row in cheques),
        questions=await ctx.tx.value(_QUESTIONS, firm.id) if ctx.actor.may(Permission.ANSWER) else 0,
        sees_payables=sees_payables(ctx),
        bank_until=until,
    )


async def _of_customers(ctx: Context, statement: str, *values: Any) -> list[Any]:
    """Run a statement over customers `p`, of a rep's own ones for a rep."""
    where = Conditions(list(values))
    own_parties(ctx, where)
    return await ctx.tx.fetch(statement.format(whose=where.sql), *where.values)


async def _to_pay(ctx: Context, firm: BusinessView, tomorrow: date) -> tuple[list[PayView], date | None]:
    banks = await read_banks(ctx)
    rows = await ctx.tx.fetch(_GOING, *outgoing(firm, banks, tomorrow))
    dues: list[Occurrence] = await dues_ahead(ctx, firm, banks, tomorrow)
    pay = [PayView(row["name"] or "", row["amount"]) for row in rows]
    pay += [PayView(one.due.name, one.due.amount, about=True) for one in dues if one.on > firm.today]
    pay.sort(key=lambda one: -one.amount)
    return pay, banks.until


def _came(row: Any) -> CameView:
    return CameView(row["party_id"], row["name"] or row["payer"], row["amount"], row["left"])


def _promised(row: Any) -> PromisedView:
    return PromisedView(row["id"], row["name"], row["amount"])
