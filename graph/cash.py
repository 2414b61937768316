"""Can I pay, over GraphQL: the weeks ahead, what falls due each month, and what micro and small suppliers are due."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import strawberry

from graph.ids import key_of
from graph.types import cash as to_cash
from graph.types import msmed as to_msmed
from graph.types.basics import Info, Minor, plain, resolved, told
from graph.types.workflow import Decision, decision
from kit.errors import Rejected
from ledger.commands.cash import (
    EVERY_MONTH,
    ConfirmBankRate,
    EndDue,
    MarkVendor,
    RefuseDue,
    SetMsmed,
    StateDue,
)
from ledger.queries import cash as queries


@strawberry.input(description="What falls due; the same kind and payee (or name) again corrects it.")
class StateDueInput:
    """A due."""

    name: str = strawberry.field(description="What it is for: GST, Salaries, Shop rent …")
    amount: Minor = strawberry.field(description="About how much, in paise of the business's currency.")
    day: int = strawberry.field(description="The day of the month, 1 to 31; its last where it is shorter.")
    kind: str = strawberry.field(
        default="other",
        description="gst, tds, income_tax, pf, esi, salary, rent, emi, other: by it a bank debit is seen as its payment.",
    )
    months: list[int] | None = strawberry.field(default=None, description="1 to 12; null: every month.")
    since: date | None = strawberry.field(default=None, description="From this day on; null: today.")
    until: date | None = strawberry.field(
        default=None, description="The last day on which it may fall due; null: without end."
    )
    payee: str | None = strawberry.field(default=None, description="As a proposal names him.")
    id: strawberry.ID | None = strawberry.field(default=None, description="The due to correct.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="A due that ends.")
class EndDueInput:
    """An end."""

    id: strawberry.ID = strawberry.field(description="The due.")
    until: date | None = strawberry.field(
        default=None, description="The last day on which it may fall due; null: yesterday."
    )
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="A proposal that is wrong.")
class RefuseDueInput:
    """A no."""

    key: strawberry.ID = strawberry.field(description="The proposal's key.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="What we are by our Udyam registration.")
class SetMsmedInput:
    """Our kind."""

    kind: str | None = strawberry.field(default=None, description="micro or small; null switches it off.")
    activity: str | None = strawberry.field(
        default=None, description="manufacturer or service; a trader has no claim."
    )
    registered_on: date | None = strawberry.field(default=None, description="The day of the registration.")


@strawberry.input(description="The Reserve Bank's bank rate, looked up.")
class ConfirmBankRateInput:
    """A rate."""

    hundredths: int = strawberry.field(description="Hundredths of a percent a year: 550 is 5.50%.")
    begins: date = strawberry.field(description="From this day on.")


@strawberry.input(description="What a vendor is by his Udyam registration.")
class MarkVendorInput:
    """A mark."""

    party_id: strawberry.ID = strawberry.field(description="The vendor.")
    kind: str = strawberry.field(description="micro, small, or not.")
    since: date | None = strawberry.field(
        default=None, description="The day of his registration: bills before it aren't limited."
    )
    number: str | None = strawberry.field(default=None, description="His Udyam number.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.type(description="The due as it stands now.")
class DuePayload:
    """The outcome."""

    due: to_cash.RecurringDue = strawberry.field(description="The due.")


@strawberry.type(description="The proposal won't come back.")
class RefuseDuePayload:
    """The outcome."""

    key: strawberry.ID = strawberry.field(description="The proposal's key.")


@strawberry.type(description="Interest by law as it stands now.")
class MsmedPayload:
    """The outcome."""

    interest: to_msmed.MsmedInterest = strawberry.field(description="The interest.")


@strawberry.type(description="The vendor is marked.")
class MarkVendorPayload:
    """The outcome."""

    decision: Decision = strawberry.field(description="What was decided.")


@strawberry.type
class CashQueries:
    """What may be asked."""

    @resolved("Whether the money will be enough: 14 days, 8 weeks, the first shortage. Not for sales.")
    async def cash_ahead(self, info: Info) -> to_cash.CashAhead:
        """Answer with the weeks ahead."""
        return to_cash.cash_ahead(await info.context.ask(queries.CashAhead()))

    @resolved("What falls due besides bills, confirmed and proposed. Not for sales.")
    async def recurring_dues(self, info: Info) -> to_cash.RecurringDues:
        """Answer with dues and proposals."""
        return to_cash.recurring_dues(await info.context.ask(queries.RecurringDues()))

    @resolved(
        "Interest on overdue bills by the MSMED Act, if we may claim it; never for a reminder. Not for sales."
    )
    async def msmed_interest(self, info: Info) -> to_msmed.MsmedInterest:
        """Answer with the interest."""
        return to_msmed.msmed_interest(await info.context.ask(queries.MsmedInterest()))

    @resolved("By when micro and small vendors must be paid. Not for sales.")
    async def vendor_limits(self, info: Info) -> to_msmed.VendorLimits:
        """Answer with the limits."""
        return to_msmed.vendor_limits(await info.context.ask(queries.VendorLimits()))


@strawberry.type
class CashMutations:
    """What may be told."""

    @told("Say what falls due each month. For owner and finance.")
    async def state_due(self, info: Info, input: StateDueInput) -> DuePayload:
        """Say it."""
        command = StateDue(
            plain(input.name) or "",
            input.amount,
            input.day,
            plain(input.kind) or "",
            tuple(input.months) if input.months is not None else EVERY_MONTH,
            input.since,
            input.until,
            plain(input.payee),
            _due(input.id) if input.id is not None else None,
            plain(input.note),
        )
        return DuePayload(due=to_cash.recurring_due(await info.context.execute(command)))

    @told("Say that something doesn't fall due any more. For owner and finance.")
    async def end_due(self, info: Info, input: EndDueInput) -> DuePayload:
        """End it."""
        made = await info.context.execute(EndDue(_due(input.id), input.until, plain(input.note)))
        return DuePayload(due=to_cash.recurring_due(made))

    @told("Refuse a proposal: it doesn't come back. For owner and finance.")
    async def refuse_due(self, info: Info, input: RefuseDueInput) -> RefuseDuePayload:
        """Refuse it."""
        await info.context.execute(RefuseDue(str(input.key), plain(input.note)))
        return RefuseDuePayload(key=input.key)

    @told("Switch interest by the MSMED Act on, or off. For owner and finance.")
    async def set_msmed(self, info: Info, input: SetMsmedInput) -> MsmedPayload:
        """Switch it."""
        made = await info.context.execute(
            SetMsmed(plain(input.kind), plain(input.activity), input.registered_on)
        )
        return MsmedPayload(interest=to_msmed.msmed_interest(made))

    @told("Confirm the Reserve Bank's bank rate from a day on. For owner and finance.")
    async def confirm_bank_rate(self, info: Info, input: ConfirmBankRateInput) -> MsmedPayload:
        """Confirm it."""
        made = await info.context.execute(ConfirmBankRate(input.hundredths, input.begins))
        return MsmedPayload(interest=to_msmed.msmed_interest(made))

    @told("Mark a vendor as a micro or small enterprise, or as neither. For owner and finance.")
    async def mark_vendor(self, info: Info, input: MarkVendorInput) -> MarkVendorPayload:
        """Mark him."""
        made = await info.context.execute(
            MarkVendor(
                key_of("Party", input.party_id),
                plain(input.kind) or "",
                input.since,
                plain(input.number),
                plain(input.note),
            )
        )
        return MarkVendorPayload(decision=decision(made))


def _due(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Rejected("due.id", "This is no id of a due.", remedy="Ask recurringDues.") from None
