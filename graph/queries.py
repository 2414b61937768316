"""What may be asked: each field is one question to the ledger's door."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from graph.audit import AuditQueries
from graph.cash import CashQueries
from graph.documents import DocumentQueries
from graph.firm import FirmQueries
from graph.forecast import ForecastQueries
from graph.identity import IdentityQueries
from graph.ids import key_of, split_id
from graph.importing import ImportQueries
from graph.money import MoneyQueries
from graph.nodes import load, loads
from graph.page_links import PageLinkQueries
from graph.rules import RuleQueries
from graph.tds import TdsQueries
from graph.tie_out import TieOutQueries
from graph.timelines import TimelineQueries
from graph.to_enter import ToEnterQueries
from graph.tokens import TokenQueries
from graph.types import bills as to_bills
from graph.types import morning as to_morning
from graph.types import parties as to_parties
from graph.types import party_filters as to_choose
from graph.types import payables as to_payables
from graph.types import quarantine as to_quarantine
from graph.types import questions as to_questions
from graph.types import sources as to_sources
from graph.types.basics import After, AsOf, First, Info, KnownAt, Node, plain, resolved, word
from graph.webhooks import WebhookQueries
from graph.workflow import WorkflowQueries
from kit.errors import NotFound, Rejected
from ledger import queries

MOST_NODES = 100
Id = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type(description="Questions. Each shows what the token's member may see, and nothing else.")
class Query(
    FirmQueries,
    ForecastQueries,
    IdentityQueries,
    RuleQueries,
    TieOutQueries,
    WorkflowQueries,
    ToEnterQueries,
    TdsQueries,
    CashQueries,
    MoneyQueries,
    DocumentQueries,
    TimelineQueries,
    TokenQueries,
    AuditQueries,
    WebhookQueries,
    ImportQueries,
    PageLinkQueries,
):
    """The root of questions."""

    @resolved("Open bills of customers.")
    async def receivables(
        self,
        info: Info,
        filter: to_bills.ReceivableFilter | None = None,
        sort: to_bills.ReceivableSort = to_bills.ReceivableSort.AGING,
        first: First = 50,
        after: After = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
    ) -> to_bills.InvoiceConnection:
        """Answer with a page of bills."""
        wanted = filter or to_bills.ReceivableFilter()
        question = queries.Receivables(
            first=first,
            after=plain(after),
            sort=word(sort),
            overdue_only=wanted.overdue_only,
            party_id=key_of("Party", wanted.party_id) if wanted.party_id is not None else None,
            search=plain(wanted.search),
            min_outstanding=wanted.min_outstanding or 0,
            as_of=as_of,
            known_at=known_at,
        )
        return to_bills.invoices(await info.context.ask(question), question)

    @resolved("Open bills of vendors, oldest due first.")
    async def payables(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        until: Annotated[
            date | None, strawberry.argument(description="Only what is due by that day.")
        ] = None,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this vendor's.")
        ] = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
    ) -> to_payables.PayableConnection:
        """Answer with a page of bills."""
        question = queries.Payables(
            first=first,
            after=plain(after),
            until=until,
            party_id=key_of("Party", party_id) if party_id is not None else None,
            as_of=as_of,
            known_at=known_at,
        )
        page = await info.context.ask(question)
        return to_payables.payables(page, (await info.context.ask(queries.OwnBusiness())).currency, question)

    @resolved("All customers and vendors, or those that a filter leaves.")
    async def parties(
        self,
        info: Info,
        filter: to_choose.PartyFilter | None = None,
        sort: to_choose.PartyOrder = to_choose.PartyOrder.NAME,
        first: First = 50,
        after: After = None,
    ) -> to_parties.PartyConnection:
        """Answer with a page of parties."""
        wanted = filter or to_choose.PartyFilter()
        question = queries.Parties(
            first=first,
            after=plain(after),
            sort=word(sort),
            kind=word(wanted.kind) if wanted.kind is not None else None,
            search=plain(wanted.search),
            owner=plain(wanted.owner),
            pan=plain(wanted.pan),
            gstin=plain(wanted.gstin),
            balance=word(wanted.balance) if wanted.balance is not None else None,
        )
        page = await info.context.ask(question)
        return to_parties.parties(page, (await info.context.ask(queries.OwnBusiness())).currency, question)

    @resolved(
        "Customers by what they owe; with asOf or knownAt as it stood then: net, open bills, on account and overdue. What "
        "else is asked of a party is of today."
    )
    async def who_owes_me(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        sort: to_choose.PartySort = to_choose.PartySort.URGENCY,
        overdue_only: Annotated[bool, strawberry.argument(description="Only those that are late.")] = False,
        owner: Annotated[
            str | None,
            strawberry.argument(description="Only of this sales owner, as the CRM calls him."),
        ] = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
    ) -> to_parties.PartyConnection:
        """Answer with a page of customers."""
        question = queries.WhoOwesMe(
            first=first,
            after=plain(after),
            sort=word(sort),
            overdue_only=overdue_only,
            owner=plain(owner),
            as_of=as_of,
            known_at=known_at,
        )
        page = await info.context.ask(question)
        return to_parties.parties(page, (await info.context.ask(queries.OwnBusiness())).currency, question)

    @resolved("Parties by any part of the name, misspelt too, by phone, GSTIN or bill number.")
    async def find_party(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="As a person would type it.")],
        first: Annotated[int, strawberry.argument(description="At most so many, up to 50.")] = 5,
    ) -> list[to_parties.Party]:
        """Answer with the best fits."""
        found = await info.context.ask(queries.FindParty(plain(text) or "", limit=first))
        return [to_parties.party(row) for row in found]

    @resolved("One customer or vendor; null if there is none that the member may see.")
    async def party(self, info: Info, id: Id) -> to_parties.Party | None:
        """Answer with the party."""
        return await _party(info, key_of("Party", id))

    @resolved("Questions that need a person, most severe and oldest first.")
    async def conflicts(
        self,
        info: Info,
        status: to_questions.ConflictStatus = to_questions.ConflictStatus.OPEN,
        first: First = 50,
        after: After = None,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only about this party.")
        ] = None,
        mine: Annotated[
            bool, strawberry.argument(description="Only those that are given to the asker.")
        ] = False,
    ) -> to_questions.ConflictConnection:
        """Answer with a page of questions."""
        question = queries.Conflicts(
            status=word(status),
            first=first,
            after=plain(after),
            party_id=key_of("Party", party_id) if party_id is not None else None,
            mine=mine,
        )
        return to_questions.conflicts(await info.context.ask(question), question)

    @resolved("One question; null if there is none that the member may see.")
    async def conflict(self, info: Info, id: Id) -> to_questions.Conflict | None:
        """Answer with the question."""
        return await _conflict(info, key_of("Conflict", id))

    @resolved("Every source and how fresh it is.")
    async def sources(self, info: Info) -> list[to_sources.Source]:
        """Answer with the sources."""
        firm = await info.context.ask(queries.OwnBusiness())
        return [to_sources.source(row, firm.currency) for row in await info.context.ask(queries.Sources())]

    @resolved("What could not be read, newest first. For owner and finance.")
    async def quarantine(
        self,
        info: Info,
        status: to_quarantine.QuarantineStatus = to_quarantine.QuarantineStatus.OPEN,
        source: Annotated[str | None, strawberry.argument(description="Only this source's.")] = None,
        code: Annotated[str | None, strawberry.argument(description="Only with this code.")] = None,
        first: First = 50,
        after: After = None,
    ) -> to_quarantine.QuarantineConnection:
        """Answer with a page of parts."""
        question = queries.Quarantine(
            status=word(status), source=plain(source), code=plain(code), first=first, after=plain(after)
        )
        return to_quarantine.quarantine(await info.context.ask(question), question)

    @resolved("This morning's answer.")
    async def digest(self, info: Info) -> to_morning.Digest:
        """Answer with the digest."""
        return to_morning.digest(await info.context.ask(queries.Digest()))

    @resolved("Who asks.")
    def me(self, info: Info) -> to_morning.Me:
        """Answer with the member."""
        return to_morning.me(info.context.actor)

    @resolved("The business that the token belongs to.")
    async def business(self, info: Info) -> to_morning.Business:
        """Answer with the business."""
        return to_morning.business(await info.context.ask(queries.OwnBusiness()))

    @resolved("Anything by its id; null if there is none that the member may see.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """Answer with whatever it is the id of."""
        return await load(info, *split_id(id))

    @resolved("Several things by their ids, in the same order; null for each that the member may not see.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        """Answer with whatever they are the ids of."""
        if len(ids) > MOST_NODES:
            raise Rejected(
                "page.size",
                f"At most {MOST_NODES} ids are looked up at once.",
                remedy="Ask in several queries.",
            )
        return list(await asyncio.gather(*(load(info, *split_id(id)) for id in ids)))


@loads("Party")
async def _party(info: Info, key: UUID) -> to_parties.Party | None:
    brief = await info.context.parties.load(key)
    return to_parties.party(brief) if brief is not None else None


@loads("Conflict")
async def _conflict(info: Info, key: UUID) -> to_questions.Conflict | None:
    try:
        return to_questions.conflict(await info.context.ask(queries.Conflict(key)))
    except NotFound:
        return None


@loads("QuarantinedPart")
async def _part(info: Info, key: UUID) -> to_quarantine.QuarantinedPart | None:
    try:
        return to_quarantine.quarantined_part(await info.context.ask(queries.QuarantinedPart(key)))
    except NotFound:
        return None
