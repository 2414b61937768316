"""The firm over GraphQL: its people and settings, what words mean, replays, files, messages, and what is to be paid."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from connectors.contract import load_manifest
from graph.ids import global_id, key_of
from graph.nodes import loads
from graph.to_enter import LedgerName
from graph.types import firm as to_show
from graph.types import found as to_find
from graph.types import lately as to_tell
from graph.types import party_talk as to_talk
from graph.types import reminders as to_remind
from graph.types import vendors as to_pay
from graph.types.basics import After, First, Info, Minor, plain, resolved
from kit.errors import Denied, NotFound
from ledger import queries
from ledger.queries import firm as ask
from ledger.queries.customers import ReportedPayments
from ledger.queries.first_run import Setup
from ledger.queries.money import FindMoney
from ledger.queries.mornings import Evening, MySettings
from ledger.queries.payables import PayablesAhead
from ledger.queries.people import SalesOwners
from ledger.queries.reminders import LateCustomers, PaymentDetails
from ledger.queries.workflow import Colleagues, PickBills

NO_CHAT = 0
OfSource = Annotated[str | None, strawberry.argument(description="Only of this source.")]


@strawberry.type
class FirmQueries:
    """Questions about the firm itself."""

    @resolved("The people of the business, those who left last. For the owner.")
    async def members(self, info: Info) -> list[to_show.Member]:
        """Answer with the members."""
        return [to_show.member(one) for one in await info.context.ask(queries.Members())]

    @resolved("The members who may answer questions. For owner and finance.")
    async def colleagues(self, info: Info) -> list[to_show.Colleague]:
        """Answer with them."""
        found = await info.context.ask(Colleagues())
        return [to_show.Colleague(id=global_id("Member", one.id), name=one.name) for one in found]

    @resolved("Who looks after customers by the CRM's word, most customers first. For the owner.")
    async def sales_owners(self, info: Info) -> list[to_show.SalesOwnerName]:
        """Answer with the CRM's names."""
        return [to_show.sales_owner(one) for one in await info.context.ask(SalesOwners())]

    @resolved("What the asking member has set for himself.")
    async def my_settings(self, info: Info) -> to_show.MySettings:
        """Answer with his settings."""
        return to_show.my_settings(await info.context.ask(MySettings()))

    @resolved("How customers pay the firm.")
    async def payment_details(self, info: Info) -> to_remind.PaymentDetails:
        """Answer with the details."""
        return to_remind.payment_details(await info.context.ask(PaymentDetails()))

    @resolved("What is set up in the business, and what is still missing. For the owner.")
    async def setup(self, info: Info) -> to_show.Setup:
        """Answer with it."""
        return to_show.setup(await info.context.ask(Setup(NO_CHAT)))

    @resolved(
        "What the status words of a source mean: the business's own word, then what ships with its connector. For owner "
        "and finance."
    )
    async def status_mappings(
        self, info: Info, source: Annotated[str, strawberry.argument(description="The source.")]
    ) -> list[to_show.StatusMapping]:
        """Answer with the mappings."""
        own = await info.context.ask(ask.OwnMappings(plain(source)))
        known = {one.name: one.connector for one in await info.context.ask(queries.Sources())}
        if source not in known:
            raise NotFound(
                "source.unknown", f"There is no source {source[:40]!r}.", remedy="Ask for `sources { name }`."
            )
        return to_show.mappings(source, own, load_manifest(known[source]).status_map)

    @resolved(
        "Status words that nobody has explained, those that most events wait for first. For owner and finance."
    )
    async def unmapped_words(
        self, info: Info, source: OfSource = None, first: First = 100
    ) -> list[to_show.UnmappedWord]:
        """Answer with the words."""
        question = ask.UnmappedWords(plain(source), first)
        return [to_show.unmapped(one) for one in await info.context.ask(question)]

    @resolved(
        "How the books call what is written into their files, by the business's own word. Not for sales."
    )
    async def ledger_names(self, info: Info) -> list[LedgerName]:
        """Answer with the names."""
        found = await info.context.ask(ask.LedgerNames())
        return [LedgerName(kind=kind, ledger=name) for kind, name in found.items()]

    @resolved("Readings of the log made anew, newest first. For owner and finance.")
    async def replays(self, info: Info, first: First = 50, after: After = None) -> to_tell.ReplayConnection:
        """Answer with a page of replays."""
        question = ask.Replays(first, plain(after))
        return to_tell.replays(await info.context.ask(question), question)

    @resolved("Files that were sent to a chat of the business, newest first. For owner and finance.")
    async def sent_files(
        self, info: Info, first: First = 50, after: After = None
    ) -> to_tell.SentFileConnection:
        """Answer with a page of files."""
        question = ask.SentFiles(first, plain(after))
        return to_tell.sent_files(await info.context.ask(question), question)

    @resolved("What Munshi told the asking member by itself in the last 30 days, newest first.")
    async def told_me(
        self,
        info: Info,
        kind: Annotated[
            str | None, strawberry.argument(description="digest (morning and evening) or alert; null: both.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> to_tell.MessageConnection:
        """Answer with a page of messages."""
        question = ask.ToldMe(plain(kind), first, plain(after))
        return to_tell.told(await info.context.ask(question), question)

    @resolved("How the day went and what tomorrow needs.")
    async def evening(self, info: Info) -> to_tell.Evening:
        """Answer with the close of the day."""
        return to_tell.evening(await info.context.ask(Evening()))

    @resolved(
        "Whom to remind now, money × days first, and by what the others are held back. Not for view-only members."
    )
    async def late_customers(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="At most so many, up to 100.")] = 40,
        overrule: Annotated[
            list[str] | None,
            strawberry.argument(description="What is not to count against anybody, such as stale."),
        ] = None,
    ) -> to_remind.LateCustomers:
        """Answer with the customers."""
        question = LateCustomers(first, tuple(plain(one) or "" for one in overrule or ()))
        firm = await info.context.ask(queries.OwnBusiness())
        return to_remind.late_customers(await info.context.ask(question), firm.currency)

    @resolved("Money that members reported and nobody has confirmed, oldest first; a sales rep sees his own.")
    async def reported_payments(self, info: Info) -> list[to_talk.ReportedPayment]:
        """Answer with the reports."""
        return [to_talk.reported(one) for one in await info.context.ask(ReportedPayments())]

    @resolved("What must be paid, late first, then by day. Not for sales.")
    async def payables_ahead(
        self,
        info: Info,
        span: Annotated[
            str, strawberry.argument(description="late, week (with what is late) or all.")
        ] = "week",
        until: Annotated[date | None, strawberry.argument(description="Ends the week earlier.")] = None,
        first: First = 50,
        skip: Annotated[int, strawberry.argument(description="Rows before the page.")] = 0,
    ) -> to_pay.PayablesAhead:
        """Answer with what goes."""
        question = PayablesAhead(plain(span) or "", until, first, skip)
        return to_pay.payables_ahead(await info.context.ask(question))

    @resolved(
        "Money by its UTR, RRN or gateway id, or by its exact amount: where it was seen and what became of it; at most 5, "
        "newest first."
    )
    async def find_money(
        self,
        info: Info,
        reference: Annotated[
            str | None, strawberry.argument(description="At least 6 letters and digits.")
        ] = None,
        amount: Annotated[
            Minor | None, strawberry.argument(description="In minor units (paise for INR).")
        ] = None,
    ) -> list[to_find.FoundMoney]:
        """Answer with the money."""
        return [to_find.found(one) for one in await info.context.ask(FindMoney(plain(reference), amount))]

    @resolved("The open bills that the money of a question may be set against. For owner and finance.")
    async def pick_bills(
        self,
        info: Info,
        conflict_id: Annotated[strawberry.ID, strawberry.argument(description="The question.")],
        party_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Whose money it is, where that isn't known or it is another's."),
        ] = None,
        first: First = 50,
        skip: Annotated[int, strawberry.argument(description="Bills before the page.")] = 0,
    ) -> to_find.PickableBills:
        """Answer with the bills."""
        party = key_of("Party", party_id) if party_id is not None else None
        question = PickBills(key_of("Conflict", conflict_id), party, (), first, skip)
        return to_find.pickable(await info.context.ask(question))


@loads("Member")
async def _member(info: Info, key: UUID) -> to_show.Member | None:
    try:
        found = await info.context.ask(queries.Members())
    except Denied:
        return None
    return next((to_show.member(one) for one in found if one.id == key), None)
