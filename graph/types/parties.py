"""A customer or vendor: in one line from the list that it stands on, in full when more is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bills as to_bills
from graph.types import payables as to_payables
from graph.types.basics import (
    After,
    Counted,
    First,
    Info,
    Money,
    Node,
    PageInfo,
    money,
    page_info,
    plain,
    resolved,
    word,
)
from graph.types.forecast import Outlook, outlook
from graph.types.identity import PartyAttribute, PartyGroup, attribute, party_group
from graph.types.party_money import PartyMoney, card_of
from graph.types.party_profile import PartyWho
from graph.types.party_talk import PartySaid
from graph.types.sources import Source, source
from kit.errors import NotFound
from ledger import queries, views
from ledger.queries.forecast import OutlooksByIds

if TYPE_CHECKING:
    from graph.types.bills import InvoiceConnection, ReceivableSort
    from graph.types.payables import PayableConnection

LazyInvoices: TypeAlias = Annotated["InvoiceConnection", strawberry.lazy("graph.types.bills")]
LazyPayables: TypeAlias = Annotated["PayableConnection", strawberry.lazy("graph.types.payables")]
LazySort: TypeAlias = Annotated["ReceivableSort", strawberry.lazy("graph.types.bills")]


@strawberry.type(description="One bar of the aging: what is overdue so many days.")
class AgingBucket:
    """A bucket."""

    low: int = strawberry.field(description="From so many days overdue …")
    high: int | None = strawberry.field(description="… to so many; null: and more.")
    amount: Money = strawberry.field(description="What is overdue that long, after money on account.")
    bills: int = strawberry.field(description="How many bills (or dues of bills).")


@strawberry.type(description="The name that a source has for the party.")
class PartyIdentity:
    """An identity."""

    source: str = strawberry.field(description="The source.")
    external_id: str = strawberry.field(description="Its id there.")
    name: str | None = strawberry.field(description="Its name there.")
    url: str | None = strawberry.field(description="The record there.")


@strawberry.type(description="A customer, a vendor, or both.")
class Party(PartyWho, PartySaid, PartyMoney, Node):
    """A party."""

    brief: strawberry.Private[views.PartyBrief | None]
    name: str = strawberry.field(description="Its name.")

    def _in_brief(self, info: Info, read: Callable[[views.PartyBrief], Any]) -> Any:
        if self.brief is not None:
            return read(self.brief)
        return self._loaded(info, read)

    async def _loaded(self, info: Info, read: Callable[[views.PartyBrief], Any]) -> Any:
        self.brief = await info.context.parties.load(self.key)
        if self.brief is None:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        return read(self.brief)

    async def _card(self, info: Info) -> views.PartyView:
        return await card_of(info, self.key)

    @resolved("What it owes: open bills less money on account and unused credit notes.")
    def net(self, info: Info) -> Money:
        """Return the net."""
        return self._in_brief(info, lambda b: money(b.net, b.currency))  # type: ignore[no-any-return]

    @resolved("What its open bills leave to pay.")
    def open_bills(self, info: Info) -> Money:
        """Return the open bills' sum."""
        return self._in_brief(info, lambda b: money(b.open_bills, b.currency))  # type: ignore[no-any-return]

    @resolved("Its money that is set against no bill.")
    def on_account(self, info: Info) -> Money:
        """Return the money on account."""
        return self._in_brief(info, lambda b: money(b.on_account, b.currency))  # type: ignore[no-any-return]

    @resolved("What is past its due date, after money on account has covered the oldest bills.")
    def overdue(self, info: Info) -> Money:
        """Return what is overdue."""
        return self._in_brief(info, lambda b: money(b.overdue, b.currency))  # type: ignore[no-any-return]

    @resolved("Days that its oldest overdue bill is late, 0 if none.")
    def overdue_days(self, info: Info) -> int:
        """Return the days."""
        return self._in_brief(info, lambda b: b.overdue_days)  # type: ignore[no-any-return]

    @resolved("What we owe it; zero for who may not see payables.")
    def payable(self, info: Info) -> Money:
        """Return what we owe."""
        return self._in_brief(info, lambda b: money(b.payable, b.currency))  # type: ignore[no-any-return]

    @resolved("Median days from due date to payment; null: not known yet.")
    def usual_days_late(self, info: Info) -> int | None:
        """Return the habit."""
        return self._in_brief(info, lambda b: b.usual_days_late)  # type: ignore[no-any-return]

    @resolved("The day on which it promised to pay.")
    def promise_on(self, info: Info) -> date | None:
        """Return the promise."""
        return self._in_brief(info, lambda b: b.promise_on)  # type: ignore[no-any-return]

    @resolved("Whether that day has passed with nothing paid since.")
    def promise_broken(self, info: Info) -> bool:
        """Return whether the promise is broken."""
        return self._in_brief(info, lambda b: b.promise_broken)  # type: ignore[no-any-return]

    @resolved("Phone number.")
    def phone(self, info: Info) -> str | None:
        """Return the phone."""
        return self._in_brief(info, lambda b: b.phone)  # type: ignore[no-any-return]

    @resolved("Whether an entry that needs an answer first holds back reminders and what is expected.")
    def held(self, info: Info) -> bool:
        """Return whether it is held back."""
        return self._in_brief(info, lambda b: b.held)  # type: ignore[no-any-return]

    @resolved("What holds it back, in one line each; at most 3.")
    async def held_by(self, info: Info) -> list[str]:
        """Return the entries."""
        return list((await self._card(info)).held_by)

    @resolved("What was agreed to be given back to it, and isn't yet.")
    async def to_give_back(self, info: Info) -> Money:
        """Return what is to be given back."""
        card = await self._card(info)
        return money(card.to_give_back, card.brief.currency)

    @resolved("Whether we sell to it.")
    def is_customer(self, info: Info) -> bool:
        """Return whether it is a customer."""
        return self._in_brief(info, lambda b: b.is_customer)  # type: ignore[no-any-return]

    @resolved("Whether we buy from it.")
    def is_vendor(self, info: Info) -> bool:
        """Return whether it is a vendor."""
        return self._in_brief(info, lambda b: b.is_vendor)  # type: ignore[no-any-return]

    @resolved("GST number.")
    async def gstin(self, info: Info) -> str | None:
        """Return the GSTIN."""
        return (await self._card(info)).gstin

    @resolved("PAN.")
    async def pan(self, info: Info) -> str | None:
        """Return the PAN."""
        return (await self._card(info)).pan

    @resolved("E-mail address.")
    async def email(self, info: Info) -> str | None:
        """Return the address."""
        return (await self._card(info)).email

    @resolved("Credit days agreed; null: none.")
    async def terms_days(self, info: Info) -> int | None:
        """Return the terms."""
        return (await self._card(info)).terms_days

    @resolved("Credit limit; null: none.")
    async def credit_limit(self, info: Info) -> Money | None:
        """Return the limit."""
        card = await self._card(info)
        return money(card.credit_limit, card.brief.currency) if card.credit_limit is not None else None

    @resolved("What is overdue, by how long.")
    async def aging(self, info: Info) -> list[AgingBucket]:
        """Return the buckets."""
        card = await self._card(info)
        return aging(card.aging, card.brief.currency)

    @resolved("What the sources call it.")
    async def identities(self, info: Info) -> list[PartyIdentity]:
        """Return the identities."""
        return [
            PartyIdentity(source=row.source, external_id=row.external_id, name=row.name, url=row.url)
            for row in (await self._card(info)).identities
        ]

    @resolved("The sources that speak of it, and those of money, with their freshness.")
    async def sources(self, info: Info) -> list[Source]:
        """Return the sources."""
        card = await self._card(info)
        return [source(row, card.brief.currency) for row in card.sources]

    @resolved("By what it is known when it will pay.")
    async def outlook(self, info: Info) -> Outlook:
        """Return the outlook."""
        found = await info.context.by_ids(OutlooksByIds).load(self.key)
        if found is None:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        return outlook(found)

    @resolved("How many open questions are about it.")
    async def conflicts_open(self, info: Info) -> int:
        """Return the number."""
        return (await self._card(info)).conflicts_open

    @resolved("Its open bills.")
    async def receivables(
        self, info: Info, first: First = 50, after: After = None, sort: LazySort | None = None
    ) -> LazyInvoices:
        """Answer with a page of its bills."""
        order = word(sort) if sort is not None else "aging"
        question = queries.Receivables(first=first, after=plain(after), sort=order, party_id=self.key)
        return to_bills.invoices(await info.context.ask(question), question)

    @resolved("Our open bills with it.")
    async def payables(self, info: Info, first: First = 50, after: After = None) -> LazyPayables:
        """Answer with a page of bills."""
        question = queries.Payables(first=first, after=plain(after), party_id=self.key)
        page = await info.context.ask(question)
        firm = await info.context.ask(queries.OwnBusiness())
        return to_payables.payables(page, firm.currency, question)

    @resolved("Itself and the other ledgers of its PAN; null where there are none.")
    async def group(self, info: Info) -> PartyGroup | None:
        """Return the group."""
        found = (await self._card(info)).group
        return party_group(found) if found is not None else None

    @resolved("What was agreed with it since when, and by which source, the oldest first of each attribute.")
    async def history(self, info: Info) -> list[PartyAttribute]:
        """Return the values."""
        return [attribute(one) for one in (await self._card(info)).history]


def party_named(key: UUID, name: str) -> Party:
    """Return a party of which only id and name are known so far."""
    return Party(id=global_id("Party", key), key=key, name=name, brief=None)


def party(view: views.PartyBrief) -> Party:
    """Return a party as its type."""
    return Party(id=global_id("Party", view.id), key=view.id, name=view.name, brief=view)


def aging(buckets: tuple[views.AgingBucket, ...], currency: str) -> list[AgingBucket]:
    """Return the buckets as their type."""
    return [
        AgingBucket(low=row.low, high=row.high, amount=money(row.amount, currency), bills=row.bills)
        for row in buckets
    ]


@strawberry.type(description="A party on a page.")
class PartyEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this party.")
    node: Party = strawberry.field(description="The party.")


@strawberry.type(description="A page of parties, with sums over all pages in the business's currency.")
class PartyConnection(Counted):
    """A connection."""

    edges: list[PartyEdge] = strawberry.field(description="The parties with their cursors.")
    nodes: list[Party] = strawberry.field(description="The parties.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    total: Money = strawberry.field(description="What those that owe us owe, net.")
    overdue: Money = strawberry.field(description="Of that, past its due date.")
    count: int = strawberry.field(description="How many parties there are on all pages.")


def parties(
    page: views.PartyPage, currency: str, question: queries.Parties | queries.WhoOwesMe
) -> PartyConnection:
    """Return a page of parties."""
    nodes = [party(row) for row in page.rows]
    return PartyConnection(
        question=question,
        edges=[PartyEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        total=money(page.total, currency),
        overdue=money(page.overdue, currency),
        count=page.count,
    )
