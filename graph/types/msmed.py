"""What the law gives micro and small suppliers, interest and limits, as GraphQL shows them."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.ids import global_id
from graph.types.basics import Money, money
from ledger.views import cash as views


@strawberry.type(description="The Reserve Bank's bank rate.")
class BankRate:
    """A rate."""

    percent: str = strawberry.field(description="Percent a year: 5.50.")
    begins: date = strawberry.field(description="From this day on.")
    until: date | None = strawberry.field(description="Checked until this day; null: until the next.")
    source: str = strawberry.field(description="Who says so.")


@strawberry.type(description="An overdue bill with its interest by law.")
class MsmedBill:
    """A bill."""

    invoice_id: strawberry.ID = strawberry.field(description="Its global id.")
    party_name: str = strawberry.field(description="The customer.")
    number: str | None = strawberry.field(description="Its number.")
    last_day: date = strawberry.field(description="The last day in time: interest runs from the next.")
    agreed: bool = strawberry.field(description="Whether a day was agreed; else 15 days hold.")
    outstanding: Money = strawberry.field(description="What is open.")
    interest: Money = strawberry.field(description="What has run up.")
    until: date = strawberry.field(description="The last day that is worked out.")


@strawberry.type(
    description="Interest by the MSMED Act, ours to claim. For owner, finance and accountant alone."
)
class MsmedInterest:
    """Interest."""

    kind: str | None = strawberry.field(description="micro or small; null: switched off.")
    activity: str | None = strawberry.field(description="manufacturer or service.")
    registered_on: date | None = strawberry.field(description="Bills before it earn none.")
    total: Money = strawberry.field(description="In all.")
    bills: list[MsmedBill] = strawberry.field(description="The largest interest first, up to 500.")
    further: int = strawberry.field(description="How many further bills there are.")
    left_out: int = strawberry.field(
        description="Overdue bills from before the registration, or of days without a known rate."
    )
    rates: list[BankRate] = strawberry.field(description="The rates in use.")
    rate_wanted_from: date | None = strawberry.field(
        description="The bank rate from this day on must be confirmed; interest stops before it."
    )


@strawberry.type(description="A vendor marked as a micro or small enterprise.")
class MarkedVendor:
    """A vendor."""

    party_id: strawberry.ID = strawberry.field(description="His global id.")
    name: str = strawberry.field(description="His name.")
    kind: str = strawberry.field(description="micro or small.")
    since: date | None = strawberry.field(description="The day of his registration.")


@strawberry.type(description="An open bill of a micro or small vendor.")
class VendorLimit:
    """A limit."""

    payable_id: strawberry.ID = strawberry.field(description="The bill's global id.")
    party_name: str = strawberry.field(description="The vendor.")
    number: str | None = strawberry.field(description="His number.")
    outstanding: Money = strawberry.field(description="What is open, with GST.")
    last_day: date = strawberry.field(description="The last day in time; interest runs from the next.")
    days_left: int = strawberry.field(description="Until then; negative: it has passed.")
    deductible_until: date = strawberry.field(
        description="The last day on which paying keeps it deductible in its own year."
    )
    state: str = strawberry.field(description="in_time, late, or lost (its year has ended).")


@strawberry.type(
    description="By when micro and small vendors must be paid (Income-tax s.43B(h), and its successor)."
)
class VendorLimits:
    """Limits."""

    year_end: date = strawberry.field(description="The end of this financial year.")
    vendors: list[MarkedVendor] = strawberry.field(description="The marked ones.")
    rows: list[VendorLimit] = strawberry.field(description="Their open bills, soonest first, up to 500.")
    further: int = strawberry.field(description="How many further ones there are.")
    late: Money = strawberry.field(description="What of it is late.")
    disallowed: Money = strawberry.field(
        description="What can't be deducted this year unless paid by its end."
    )
    lost: Money = strawberry.field(description="Of earlier years: deductible only when paid.")


def msmed_interest(view: views.MsmedView) -> MsmedInterest:
    """Return interest by law as its type."""
    return MsmedInterest(
        kind=view.kind,
        activity=view.activity,
        registered_on=view.registered_on,
        total=money(view.total, view.currency),
        bills=[
            MsmedBill(
                invoice_id=strawberry.ID(global_id("Invoice", one.invoice_id)),
                party_name=one.party_name,
                number=one.number,
                last_day=one.last_day,
                agreed=one.agreed,
                outstanding=money(one.outstanding, view.currency),
                interest=money(one.interest, view.currency),
                until=one.until,
            )
            for one in view.bills
        ],
        further=view.further,
        left_out=view.left_out,
        rates=[
            BankRate(percent=_percent(one.hundredths), begins=one.begins, until=one.until, source=one.source)
            for one in view.rates
        ],
        rate_wanted_from=view.rate_wanted_from,
    )


def vendor_limits(view: views.VendorLimitsView) -> VendorLimits:
    """Return the limits as their type."""
    return VendorLimits(
        year_end=view.year_end,
        vendors=[
            MarkedVendor(
                party_id=strawberry.ID(global_id("Party", one.party_id)),
                name=one.name,
                kind=one.kind,
                since=one.since,
            )
            for one in view.vendors
        ],
        rows=[vendor_limit(one, view.currency) for one in view.rows],
        further=view.further,
        late=money(view.late, view.currency),
        disallowed=money(view.disallowed, view.currency),
        lost=money(view.lost, view.currency),
    )


def vendor_limit(view: views.VendorLimit, currency: str) -> VendorLimit:
    """Return one limit as its type."""
    return VendorLimit(
        payable_id=global_id("Payable", view.payable_id),
        party_name=view.party_name,
        number=view.number,
        outstanding=money(view.outstanding, currency),
        last_day=view.last_day,
        days_left=view.days_left,
        deductible_until=view.deductible_until,
        state=view.state,
    )


def _percent(hundredths: int) -> str:
    """Write hundredths of a percent: 550 → 5.50."""
    return f"{hundredths // 100}.{hundredths % 100:02}"
