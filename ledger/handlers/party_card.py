"""One party in full: what the card in the chat and the party in GraphQL show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import NotFound
from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.bills import BILL, invoice, payable
from ledger.handlers.forecast import party_outlook
from ledger.handlers.paging import Conditions
from ledger.handlers.party_groups import group_of, party_history
from ledger.handlers.questions import held_by
from ledger.handlers.receivables import in_full
from ledger.handlers.refunds import to_give_back
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import NO_PARTY, business, own_parties, sees_payables
from ledger.handlers.sources import read_sources
from ledger.handlers.standing import AGING, BRIEF, STANDING, aging, brief
from ledger.queries.forecast import PartyOutlook

MAX_BILLS = 20
MAX_RECEIPTS = 5
IN_HAND = ("cheque.received", "cheque.deposited")


@handles(queries.PartyCard, permission=Permission.SEE_RECEIVABLES)
async def party_card(question: queries.PartyCard, ctx: Context) -> views.PartyView:
    """Answer with the party; NotFound outside the actor's scope."""
    firm = await business(ctx)
    tenant, party = ctx.actor.business_id, question.party_id
    where = Conditions([tenant, firm.today])
    where.add("p.id = {}", party)
    own_parties(ctx, where)
    row = await ctx.tx.row(
        f"""
        {STANDING.format(where=where.sql)}
        SELECT {BRIEF}, p.gstin, p.pan, p.email, p.terms_days, p.credit_limit, a.*,
               (SELECT count(*) FROM invoices i
                WHERE i.business_id = $1 AND i.party_id = p.id AND i.outstanding > 0) AS bills_open,
               (SELECT count(*) FROM conflicts c
                WHERE c.business_id = $1 AND c.party_id = p.id AND c.status = 'open') AS conflicts_open
        FROM party p LEFT JOIN late l ON l.party_id = p.id CROSS JOIN (SELECT {AGING} FROM standing) a
        """,
        *where.values,
    )
    if row is None:
        raise NotFound(*NO_PARTY)
    identities = await _identities(party, ctx)
    return views.PartyView(
        brief=brief(row, ctx),
        gstin=row["gstin"],
        pan=row["pan"],
        email=row["email"],
        terms_days=row["terms_days"],
        credit_limit=row["credit_limit"],
        aging=aging(row),
        bills=await _bills(party, ctx),
        bills_open=row["bills_open"],
        payables=await _payables(party, ctx) if sees_payables(ctx) else (),
        recent=await _recent(party, ctx),
        cheques=await _cheques(party, ctx),
        identities=identities,
        conflicts_open=row["conflicts_open"],
        sources=await read_sources(ctx, names=await _speakers(party, ctx)),
        promise_amount=row["promise_amount"],
        held_by=await held_by(ctx, party) if row["held"] else (),
        to_give_back=await to_give_back(ctx, party),
        outlook=await party_outlook(PartyOutlook(party), ctx),
        group=await group_of(ctx, row["pan"]),
        history=await party_history(ctx, party),
    )


async def _bills(party: UUID, ctx: Context) -> tuple[views.InvoiceView, ...]:
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        f"""
        SELECT {BILL} FROM invoices i LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id
        WHERE i.business_id = $1 AND i.party_id = $2 AND i.outstanding > 0
        ORDER BY coalesce(i.due_on, i.issued_on), i.id LIMIT {MAX_BILLS}
        """,
        ctx.actor.business_id,
        party,
    )
    return await in_full([invoice(row, firm.today) for row in rows], ctx)


async def _payables(party: UUID, ctx: Context) -> tuple[views.PayableView, ...]:
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        f"""
        SELECT {BILL} FROM (SELECT *, NULL::text AS url FROM payables) i
        LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id
        WHERE i.business_id = $1 AND i.party_id = $2 AND i.outstanding > 0
        ORDER BY coalesce(i.due_on, i.issued_on), i.id LIMIT {MAX_BILLS}
        """,
        ctx.actor.business_id,
        party,
    )
    return tuple(payable(row, firm.today) for row in rows)


async def _recent(party: UUID, ctx: Context) -> tuple[views.ReceiptView, ...]:
    rows = await ctx.tx.fetch(
        f"""
        SELECT id, party_id, received_on, amount, allocated, currency, status, arrived, method, reference, payer
        FROM receipts
        WHERE business_id = $1 AND party_id = $2 AND status <> 'payment.failed' AND classified IS NULL
        ORDER BY received_on DESC, id DESC LIMIT {MAX_RECEIPTS}
        """,
        ctx.actor.business_id,
        party,
    )
    return tuple(_receipt(row) for row in rows)


def _receipt(row: Any) -> views.ReceiptView:
    return views.ReceiptView(
        id=row["id"],
        party_id=row["party_id"],
        received_on=row["received_on"],
        amount=row["amount"],
        allocated=row["allocated"],
        currency=row["currency"],
        status=row["status"],
        arrived=row["arrived"],
        method=row["method"],
        reference=row["reference"],
        payer=row["payer"],
    )


async def _cheques(party: UUID, ctx: Context) -> tuple[views.ChequeView, ...]:
    rows = await ctx.tx.fetch(
        """
        SELECT id, number, bank, dated_on, amount, currency, status FROM cheques
        WHERE business_id = $1 AND party_id = $2 AND status = ANY($3)
        ORDER BY dated_on NULLS FIRST, number, id LIMIT 50
        """,
        ctx.actor.business_id,
        party,
        list(IN_HAND),
    )
    return tuple(
        views.ChequeView(
            id=row["id"],
            number=row["number"],
            bank=row["bank"],
            dated_on=row["dated_on"],
            amount=row["amount"],
            currency=row["currency"],
            status=row["status"],
        )
        for row in rows
    )


async def _identities(party: UUID, ctx: Context) -> tuple[views.PartyIdentityView, ...]:
    rows = await ctx.tx.fetch(
        """
        SELECT DISTINCT source, external_id, name, url FROM party_identities
        WHERE business_id = $1 AND party_id = $2 ORDER BY source, external_id, name, url
        """,
        ctx.actor.business_id,
        party,
    )
    return tuple(
        views.PartyIdentityView(row["source"], row["external_id"], row["name"], row["url"]) for row in rows
    )


async def _speakers(party: UUID, ctx: Context) -> list[str]:
    """Return the sources that state anything about the party."""
    rows = await ctx.tx.fetch(
        """
        SELECT source FROM claims WHERE business_id = $1 AND party_id = $2
        UNION SELECT source FROM party_identities WHERE business_id = $1 AND party_id = $2
        """,
        ctx.actor.business_id,
        party,
    )
    return [row["source"] for row in rows]
