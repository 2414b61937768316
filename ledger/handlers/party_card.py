"""Parties in full: what the card in the chat and the party in GraphQL show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.bills import BILL, invoice, payable
from ledger.handlers.deciding import the_one
from ledger.handlers.forecast import outlooks_of
from ledger.handlers.paging import Conditions
from ledger.handlers.party_groups import groups_of, party_histories
from ledger.handlers.questions import held_by
from ledger.handlers.receivables import in_full
from ledger.handlers.refunds import to_give_back
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties, sees_payables
from ledger.handlers.sources import OF_MONEY, read_sources
from ledger.handlers.standing import AGING, BRIEF, STANDING, aging, brief
from ledger.views.forecast import PartyOutlookView
from ledger.views.party_group import AttributeView, PartyGroupView

MAX_BILLS = 20
MAX_RECEIPTS = 5
MAX_CHEQUES = 50
IN_HAND = ("cheque.received", "cheque.deposited")


@handles(queries.PartyCard, permission=Permission.SEE_RECEIVABLES)
async def party_card(question: queries.PartyCard, ctx: Context) -> views.PartyView:
    """Answer with the party; NotFound outside the actor's scope."""
    return the_one(await cards_of(ctx, [question.party_id], bills=MAX_BILLS), question.party_id)


@handles(queries.CardsByIds, permission=Permission.SEE_RECEIVABLES)
async def cards_by_ids(question: queries.CardsByIds, ctx: Context) -> dict[UUID, views.PartyView]:
    """Answer with those of the parties that the actor may see."""
    return await cards_of(ctx, question.ids, bills=max(0, min(question.bills, MAX_BILLS)))


async def cards_of(ctx: Context, ids: Sequence[UUID], *, bills: int) -> dict[UUID, views.PartyView]:
    """Return those of the parties that the actor may see, with at most so many bills of each, in a fixed few statements."""
    rows = await _rows(ctx, ids)
    parties = [row["id"] for row in rows]
    if not parties:
        return {}
    found = _Parts(
        bills=await _bills(parties, bills, ctx),
        payables=await _payables(parties, bills, ctx) if sees_payables(ctx) else {},
        recent=await _recent(parties, ctx),
        cheques=await _cheques(parties, ctx),
        identities=await _identities(parties, ctx),
        sources=await _sources(parties, ctx),
        held_by=await held_by(ctx, [row["id"] for row in rows if row["held"]]),
        to_give_back=await to_give_back(ctx, parties),
        outlooks=await outlooks_of(ctx, parties),
        groups=await groups_of(ctx, {row["pan"] for row in rows if row["pan"] is not None}),
        histories=await party_histories(ctx, parties),
    )
    return {row["id"]: _card(row, found, ctx) for row in rows}


async def _rows(ctx: Context, ids: Sequence[UUID]) -> list[Any]:
    firm = await business(ctx)
    where = Conditions([ctx.actor.business_id, firm.today])
    where.add("p.id = ANY({})", list(ids))
    own_parties(ctx, where)
    return await ctx.tx.fetch(
        f"""
        {STANDING.format(where=where.sql)}
        SELECT {BRIEF}, p.gstin, p.pan, p.email, p.terms_days, p.credit_limit, a.*,
               (SELECT count(*) FROM invoices i
                WHERE i.business_id = $1 AND i.party_id = p.id AND i.outstanding > 0) AS bills_open,
               (SELECT count(*) FROM conflicts c
                WHERE c.business_id = $1 AND c.party_id = p.id AND c.status = 'open') AS conflicts_open
        FROM party p LEFT JOIN late l ON l.party_id = p.id
        LEFT JOIN (SELECT party_id AS aged, {AGING} FROM standing GROUP BY party_id) a ON a.aged = p.id
        """,
        *where.values,
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stands on the cards of several parties besides their rows, each by party, groups by PAN."""

    bills: Mapping[UUID, Sequence[views.InvoiceView]]
    payables: Mapping[UUID, Sequence[views.PayableView]]
    recent: Mapping[UUID, Sequence[views.ReceiptView]]
    cheques: Mapping[UUID, Sequence[views.ChequeView]]
    identities: Mapping[UUID, Sequence[views.PartyIdentityView]]
    sources: Mapping[UUID, Sequence[views.SourceView]]
    held_by: Mapping[UUID, tuple[str, ...]]
    to_give_back: Mapping[UUID, int]
    outlooks: Mapping[UUID, PartyOutlookView]
    groups: Mapping[str, PartyGroupView]
    histories: Mapping[UUID, tuple[AttributeView, ...]]


def _card(row: Any, parts: _Parts, ctx: Context) -> views.PartyView:
    key: UUID = row["id"]
    return views.PartyView(
        brief=brief(row, ctx),
        gstin=row["gstin"],
        pan=row["pan"],
        email=row["email"],
        terms_days=row["terms_days"],
        credit_limit=row["credit_limit"],
        aging=aging(row),
        bills=tuple(parts.bills.get(key, ())),
        bills_open=row["bills_open"],
        payables=tuple(parts.payables.get(key, ())),
        recent=tuple(parts.recent.get(key, ())),
        cheques=tuple(parts.cheques.get(key, ())),
        identities=tuple(parts.identities.get(key, ())),
        conflicts_open=row["conflicts_open"],
        sources=tuple(parts.sources[key]),
        promise_amount=row["promise_amount"],
        held_by=parts.held_by.get(key, ()),
        to_give_back=parts.to_give_back.get(key, 0),
        outlook=parts.outlooks.get(key),
        group=parts.groups.get(row["pan"]),
        history=parts.histories.get(key, ()),
    )


@dataclass(frozen=True, slots=True)
class _Nearest:
    """The first rows `i` of a kind of each of several parties, in an order."""

    columns: str
    table: str
    condition: str
    order: str

    async def of(self, ctx: Context, parties: Sequence[UUID], most: int) -> list[Any]:
        """Return at most so many rows of each party, ordered within each."""
        if most == 0:
            return []
        return await ctx.tx.fetch(
            f"""
            SELECT {self.columns} FROM unnest($2::uuid[]) AS v(party) CROSS JOIN LATERAL (
              SELECT * FROM {self.table} i WHERE i.business_id = $1 AND i.party_id = v.party AND {self.condition}
              ORDER BY {self.order} LIMIT {most:d}
            ) i ORDER BY {self.order}
            """,
            ctx.actor.business_id,
            list(parties),
        )


_OPEN = ("i.outstanding > 0", "coalesce(i.due_on, i.issued_on), i.id")
_OPEN_BILLS = _Nearest(BILL, "invoices", *_OPEN)
_OPEN_PAYABLES = _Nearest(BILL, "(SELECT *, NULL::text AS url FROM payables)", *_OPEN)
_RECENT = _Nearest(
    "id, party_id, received_on, amount, allocated, currency, status, arrived, method, reference, payer",
    "receipts",
    "i.status <> 'payment.failed' AND i.classified IS NULL",
    "i.received_on DESC, i.id DESC",
)
_CHEQUES = _Nearest(
    "id, party_id, number, bank, dated_on, amount, currency, status",
    "cheques",
    f"i.status IN ({', '.join(repr(status) for status in IN_HAND)})",
    "i.dated_on NULLS FIRST, i.number, i.id",
)


async def _bills(parties: Sequence[UUID], most: int, ctx: Context) -> dict[UUID, list[views.InvoiceView]]:
    firm = await business(ctx)
    rows = await _OPEN_BILLS.of(ctx, parties, most)
    found: dict[UUID, list[views.InvoiceView]] = defaultdict(list)
    for bill in await in_full([invoice(row, firm.today) for row in rows], ctx):
        found[bill.party_id].append(bill)
    return found


async def _payables(parties: Sequence[UUID], most: int, ctx: Context) -> dict[UUID, list[views.PayableView]]:
    firm = await business(ctx)
    found: dict[UUID, list[views.PayableView]] = defaultdict(list)
    for row in await _OPEN_PAYABLES.of(ctx, parties, most):
        found[row["party_id"]].append(payable(row, firm.today))
    return found


async def _recent(parties: Sequence[UUID], ctx: Context) -> dict[UUID, list[views.ReceiptView]]:
    found: dict[UUID, list[views.ReceiptView]] = defaultdict(list)
    for row in await _RECENT.of(ctx, parties, MAX_RECEIPTS):
        found[row["party_id"]].append(views.ReceiptView(**row))
    return found


async def _cheques(parties: Sequence[UUID], ctx: Context) -> dict[UUID, list[views.ChequeView]]:
    found: dict[UUID, list[views.ChequeView]] = defaultdict(list)
    for row in await _CHEQUES.of(ctx, parties, MAX_CHEQUES):
        found[row["party_id"]].append(
            views.ChequeView(
                id=row["id"],
                number=row["number"],
                bank=row["bank"],
                dated_on=row["dated_on"],
                amount=row["amount"],
                currency=row["currency"],
                status=row["status"],
            )
        )
    return found


async def _identities(parties: Sequence[UUID], ctx: Context) -> dict[UUID, list[views.PartyIdentityView]]:
    rows = await ctx.tx.fetch(
        """
        SELECT DISTINCT party_id, source, external_id, name, url FROM party_identities
        WHERE business_id = $1 AND party_id = ANY($2) ORDER BY party_id, source, external_id, name, url
        """,
        ctx.actor.business_id,
        list(parties),
    )
    found: dict[UUID, list[views.PartyIdentityView]] = defaultdict(list)
    for party, *told in rows:
        found[party].append(views.PartyIdentityView(*told))
    return found


async def _sources(parties: Sequence[UUID], ctx: Context) -> dict[UUID, list[views.SourceView]]:
    """Return the sources that state anything about each party, and those of money."""
    rows = await ctx.tx.fetch(
        """
        SELECT party_id, source FROM claims WHERE business_id = $1 AND party_id = ANY($2)
        UNION SELECT party_id, source FROM party_identities WHERE business_id = $1 AND party_id = ANY($2)
        """,
        ctx.actor.business_id,
        list(parties),
    )
    speakers = {(row["party_id"], row["source"]) for row in rows}
    sources = await read_sources(ctx, names=sorted({name for _, name in speakers}))
    return {
        party: [one for one in sources if (party, one.name) in speakers or one.name.startswith(OF_MONEY)]
        for party in parties
    }
