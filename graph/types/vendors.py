"""What concerns a party as a vendor, and what must be paid on which day."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.ids import global_id
from graph.types.basics import Money, money
from graph.types.msmed import VendorLimit, vendor_limit
from ledger.views.payables import Outgoing, PayablesAheadView, PayoutView, VendorSide


@strawberry.type(description="Money of ours that went to a vendor, or is to go.")
class VendorPayout:
    """A payout."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much.")
    status: str = strawberry.field(description="payout.scheduled or payout.processed.")
    reference: str | None = strawberry.field(description="UTR.")
    seen_in_bank: bool = strawberry.field(description="Whether the bank shows it.")


@strawberry.type(description="A party as a vendor.")
class Vendor:
    """A vendor."""

    scheduled: list[VendorPayout] = strawberry.field(description="On its way to him, at most 10.")
    paid: list[VendorPayout] = strawberry.field(description="What he was paid last, at most 3.")
    size: str | None = strawberry.field(
        description="micro or small, where he is marked so; the MSMED Act applies."
    )
    limits: list[VendorLimit] = strawberry.field(description="By when the law wants his bills to be paid.")


@strawberry.type(description="One thing to pay.")
class Outgo:
    """A thing."""

    kind: str = strawberry.field(
        description="bill, payout (scheduled), own_cheque, due (each month, about so much)."
    )
    name: str = strawberry.field(description="To whom, or what for.")
    amount: Money = strawberry.field(description="How much, net of what was paid ahead.")
    on: date | None = strawberry.field(description="The day; null: no credit days agreed.")
    days_late: int = strawberry.field(description="Days that it is late, 0 if it isn't.")
    number: str | None = strawberry.field(description="The bill's number.")
    party_id: strawberry.ID | None = strawberry.field(description="The vendor.")
    last_day: date | None = strawberry.field(description="Of a micro or small vendor: by the MSMED Act.")


@strawberry.type(description="What a day asks for.")
class OutgoDay:
    """A day."""

    on: date | None = strawberry.field(description="The day; null: what is late.")
    amount: Money = strawberry.field(description="How much goes.")


@strawberry.type(description="What is to be paid: a page of it, and the totals of all of it.")
class PayablesAhead:
    """All of it."""

    span: str = strawberry.field(description="late, week or all.")
    until: date | None = strawberry.field(description="The last day of the week.")
    rows: list[Outgo] = strawberry.field(description="The page: what is late first, then by day.")
    count: int = strawberry.field(description="How many rows the span has.")
    total: Money = strawberry.field(description="What the span comes to.")
    late: Money = strawberry.field(description="What is late.")
    week: Money = strawberry.field(description="What goes within the week, with what is late.")
    all: Money = strawberry.field(description="All that is to be paid.")
    days: list[OutgoDay] = strawberry.field(description="The span day by day.")
    bank: Money | None = strawberry.field(description="What the banks hold; null: not known.")
    bank_until: date | None = strawberry.field(description="Of what day that is.")
    short_on: date | None = strawberry.field(
        description="The first day on which that alone isn't enough for the span."
    )
    short_by: Money = strawberry.field(description="What is missing at the end of the span.")


def vendor(view: VendorSide) -> Vendor:
    """Return a vendor as its type."""
    return Vendor(
        scheduled=[_payout(one) for one in view.scheduled],
        paid=[_payout(one) for one in view.paid],
        size=view.size,
        limits=[vendor_limit(one, view.currency) for one in view.limits],
    )


def _payout(view: PayoutView) -> VendorPayout:
    return VendorPayout(
        id=strawberry.ID(str(view.id)),
        on=view.on,
        amount=money(view.amount, view.currency),
        status=view.status,
        reference=view.reference,
        seen_in_bank=view.seen_in_bank,
    )


def payables_ahead(view: PayablesAheadView) -> PayablesAhead:
    """Return what is to be paid as its type."""

    def paise(amount: int) -> Money:
        return money(amount, view.currency)

    return PayablesAhead(
        span=view.span,
        until=view.until,
        rows=[_outgo(one, view.currency) for one in view.rows],
        count=view.count,
        total=paise(view.total),
        late=paise(view.late),
        week=paise(view.week),
        all=paise(view.all),
        days=[OutgoDay(on=one.on, amount=paise(one.amount)) for one in view.days],
        bank=paise(view.bank) if view.bank is not None else None,
        bank_until=view.bank_until,
        short_on=view.short_on,
        short_by=paise(view.short_by),
    )


def _outgo(view: Outgoing, currency: str) -> Outgo:
    return Outgo(
        kind=view.kind,
        name=view.name,
        amount=money(view.amount, currency),
        on=view.on,
        days_late=view.days_late,
        number=view.number,
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        last_day=view.last_day,
    )
