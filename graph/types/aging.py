"""What is open by age and party, and how a party stood, on any day."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.types import parties as to_parties
from graph.types.basics import Counted, Money, PageInfo, money, page_info, resolved
from ledger.queries import aging as ask
from ledger.views import aging as views

if TYPE_CHECKING:
    from graph.types.parties import Party

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]


@strawberry.enum(description="Whose money it is.")
class Side(Enum):
    """Sides of the ledger."""

    RECEIVABLE = strawberry.enum_value("receivable", description="What customers owe us.")
    PAYABLE = strawberry.enum_value("payable", description="What we owe vendors. Not for sales.")


@strawberry.enum(description="From which day a bill's age counts.")
class AgingBasis(Enum):
    """Bases of an aging."""

    DUE_DATE = strawberry.enum_value("due", description="Its due date; without one it is undated.")
    BILL_DATE = strawberry.enum_value("bill", description="Its own date.")


@strawberry.enum(description="In which order an aging report is paged.")
class AgingSort(Enum):
    """Orders of an aging report."""

    OVERDUE = strawberry.enum_value("overdue", description="Most in the buckets first.")
    NET = strawberry.enum_value("net", description="Largest net first.")
    NAME = strawberry.enum_value("name", description="By name.")


@strawberry.type(description="What is so many days old.")
class AgedAmount:
    """A bucket."""

    low: int = strawberry.field(description="From so many days …")
    high: int | None = strawberry.field(description="… to so many; null: and more.")
    amount: Money = strawberry.field(description="What of the bills is that old.")


@strawberry.type(
    description="Open bills by age: bills = notDue + undated + the buckets; net = bills − onAccount."
)
class AgedSum:
    """Sums."""

    currency: str = strawberry.field(description="ISO 4217 code; two currencies are never added.")
    bills: Money = strawberry.field(description="What open bills leave to pay.")
    not_due: Money = strawberry.field(description="What isn't due yet.")
    undated: Money = strawberry.field(description="What has no due date, and so is never overdue.")
    overdue: Money = strawberry.field(description="The buckets together.")
    buckets: list[AgedAmount] = strawberry.field(description="By age, the youngest first.")
    on_account: Money = strawberry.field(description="Money and credit notes that no bill has taken.")
    net: Money = strawberry.field(description="What is owed after money on account.")


@strawberry.type(description="One party in one currency.")
class AgedParty:
    """A row."""

    party_key: strawberry.Private[UUID]
    party_name: str = strawberry.field(description="Its name.")
    sums: AgedSum = strawberry.field(description="What it owes, or we owe it, by age.")
    oldest_days: int = strawberry.field(description="Age of the oldest in the buckets, 0 if none.")

    @resolved("The party.")
    def party(self) -> LazyParty:
        """Return the party."""
        return to_parties.party_named(self.party_key, self.party_name)


@strawberry.type(description="A row on a page.")
class AgedPartyEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this row.")
    node: AgedParty = strawberry.field(description="The row.")


@strawberry.type(description="A page of an aging report, with the sums over all pages.")
class AgingConnection(Counted):
    """A report."""

    edges: list[AgedPartyEdge] = strawberry.field(description="The rows with their cursors.")
    nodes: list[AgedParty] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    totals: list[AgedSum] = strawberry.field(description="Over all pages, one a currency.")
    as_of: date = strawberry.field(description="Ages count to the end of this day.")
    known_at: datetime | None = strawberry.field(
        description="By what was known at that moment; null: by what is known now."
    )
    signed_until: date | None = strawberry.field(
        description="The end of the closed period as whose signed report this stands; null: no closed one."
    )


def _sums(view: views.AgedSum, bounds: tuple[tuple[int, int | None], ...]) -> AgedSum:
    code = view.currency
    return AgedSum(
        currency=code,
        bills=money(view.bills, code),
        not_due=money(view.not_due, code),
        undated=money(view.undated, code),
        overdue=money(view.overdue, code),
        buckets=[
            AgedAmount(low=low, high=high, amount=money(amount, code))
            for (low, high), amount in zip(bounds, view.buckets, strict=True)
        ],
        on_account=money(view.on_account, code),
        net=money(view.net, code),
    )


def aging(page: views.AgingPage, question: ask.Aging) -> AgingConnection:
    """Return a page of an aging report."""
    nodes = [
        AgedParty(
            party_key=row.party_id,
            party_name=row.party_name,
            sums=_sums(row.sums, page.bounds),
            oldest_days=row.oldest_days,
        )
        for row in page.rows
    ]
    return AgingConnection(
        question=question,
        edges=[AgedPartyEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        totals=[_sums(one, page.bounds) for one in page.totals],
        as_of=page.day,
        known_at=page.known_at,
        signed_until=page.signed_until,
    )


@strawberry.type(description="How a party stood on one side in one currency: net = bills − onAccount.")
class Balance:
    """A balance."""

    side: str = strawberry.field(description="receivable: it owed us; payable: we owed it.")
    bills: Money = strawberry.field(description="What open bills left to pay.")
    on_account: Money = strawberry.field(description="Money and credit notes that no bill had taken.")
    net: Money = strawberry.field(description="What was owed after that.")
    signed_until: date | None = strawberry.field(
        description="The end of the closed period as whose signed report this stands; null: no closed one."
    )


def balance(view: views.BalanceView) -> Balance:
    """Return a balance as its type."""
    return Balance(
        side=view.side,
        bills=money(view.bills, view.currency),
        on_account=money(view.on_account, view.currency),
        net=money(view.net, view.currency),
        signed_until=view.signed_until,
    )
