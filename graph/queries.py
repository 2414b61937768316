"""What may be asked: each field is one question to the ledger's door."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from graph.cash import CashQueries
from graph.forecast import ForecastQueries
from graph.identity import IdentityQueries
from graph.ids import key_of, split_id
from graph.rules import RuleQueries
from graph.tds import TdsQueries
from graph.tie_out import TieOutQueries
from graph.to_enter import ToEnterQueries
from graph.types import bills as to_bills
from graph.types import morning as to_morning
from graph.types import parties as to_parties
from graph.types import quarantine as to_quarantine
from graph.types import questions as to_questions
from graph.types import sources as to_sources
from graph.types.basics import After, First, Info, Node, plain, resolved, word
from graph.workflow import WorkflowQueries
from kit.errors import NotFound
from ledger import queries

AsOf = Annotated[
    date | None,
    strawberry.argument(description="As it was true at the end of that day, by what is known now."),
]
KnownAt = Annotated[
    datetime | None,
    strawberry.argument(description="As it was known at that moment; needs an offset."),
]
Id = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type(description="Questions. Each shows what the token's member may see, and nothing else.")
class Query(
    ForecastQueries,
    IdentityQueries,
    RuleQueries,
    TieOutQueries,
    WorkflowQueries,
    ToEnterQueries,
    TdsQueries,
    CashQueries,
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
        return to_bills.invoices(await info.context.ask(question))

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
    ) -> to_bills.PayableConnection:
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
        return to_bills.payables(page, (await info.context.ask(queries.OwnBusiness())).currency)

    @resolved("All customers and vendors, by name.")
    async def parties(self, info: Info, first: First = 50, after: After = None) -> to_parties.PartyConnection:
        """Answer with a page of parties."""
        page = await info.context.ask(queries.Parties(first=first, after=plain(after)))
        return to_parties.parties(page, (await info.context.ask(queries.OwnBusiness())).currency)

    @resolved("Customers by what they owe.")
    async def who_owes_me(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        sort: to_parties.PartySort = to_parties.PartySort.URGENCY,
        overdue_only: Annotated[bool, strawberry.argument(description="Only those that are late.")] = False,
    ) -> to_parties.PartyConnection:
        """Answer with a page of customers."""
        question = queries.WhoOwesMe(
            first=first, after=plain(after), sort=word(sort), overdue_only=overdue_only
        )
        page = await info.context.ask(question)
        return to_parties.parties(page, (await info.context.ask(queries.OwnBusiness())).currency)

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
        return to_questions.conflicts(await info.context.ask(question))

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
        return to_quarantine.quarantine(await info.context.ask(question))

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
        """Answer with the party, bill, question or quarantined part."""
        kind, key = split_id(id)
        match kind:
            case "Party":
                return await _party(info, key)
            case "Invoice":
                bill = await info.context.invoices.load(key)
                return to_bills.invoice(bill) if bill is not None else None
            case "Payable":
                found = (await info.context.ask(queries.PayablesByIds((key,)))).get(key)
                return to_bills.payable(found) if found is not None else None
            case "QuarantinedPart":
                return await _part(info, key)
            case _:
                return await _conflict(info, key)


async def _party(info: Info, key: UUID) -> to_parties.Party | None:
    brief = await info.context.parties.load(key)
    return to_parties.party(brief) if brief is not None else None


async def _conflict(info: Info, key: UUID) -> to_questions.Conflict | None:
    try:
        return to_questions.conflict(await info.context.ask(queries.Conflict(key)))
    except NotFound:
        return None


async def _part(info: Info, key: UUID) -> to_quarantine.QuarantinedPart | None:
    try:
        return to_quarantine.quarantined_part(await info.context.ask(queries.QuarantinedPart(key)))
    except NotFound:
        return None
