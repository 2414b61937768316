"""The owner's word on the firm itself, over GraphQL: its particulars, and how customers pay it."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.types.basics import Info, Minor, Money, money, plain, told
from ledger.commands.firm import ChangeFirm
from ledger.commands.reminders import SetPaymentDetails
from ledger.queries import OwnBusiness
from ledger.views.firm import FirmSettingsView
from ledger.views.reminders import PaymentDetailsView


@strawberry.input(
    description="What changes about the firm; left out or null stays, an empty text is taken away."
)
class ChangeFirmInput:
    """A change."""

    name: str | None = strawberry.field(default=None, description="What the firm is called.")
    address: str | None = strawberry.field(default=None, description="On papers; at most six lines.")
    gstin: str | None = strawberry.field(default=None, description="Its GSTIN, checked.")
    round_off_limit: Minor | None = strawberry.field(
        default=None,
        description="Differences of a bill up to it close as rounding, in minor units; at most 100,000.",
    )
    holidays: list[date] | None = strawberry.field(
        default=None, description="All bank holidays; they replace those that are listed."
    )


@strawberry.type(description="The firm as it is now.")
class ChangeFirmPayload:
    """The outcome."""

    name: str = strawberry.field(description="What the firm is called.")
    address: str | None = strawberry.field(description="On papers.")
    gstin: str | None = strawberry.field(description="Its GSTIN.")
    round_off_limit: Money = strawberry.field(description="Differences up to it close as rounding.")
    holidays: list[date] = strawberry.field(description="Its bank holidays, in order.")


@strawberry.input(description="How customers pay; left out or null stays, an empty text is taken away.")
class SetPaymentDetailsInput:
    """Details."""

    upi_id: str | None = strawberry.field(default=None, description="UPI ID, like kaveri@okicici.")
    payee: str | None = strawberry.field(default=None, description="In whose name account and UPI ID are.")
    bank: str | None = strawberry.field(default=None, description="The bank's name.")
    account: str | None = strawberry.field(default=None, description="Account number, 9 to 18 digits.")
    ifsc: str | None = strawberry.field(default=None, description="The account's IFSC.")
    phone: str | None = strawberry.field(
        default=None, description="The firm's WhatsApp number, to which customers send their UTR."
    )


@strawberry.type(description="How customers pay the firm now.")
class SetPaymentDetailsPayload:
    """The outcome."""

    upi_id: str | None = strawberry.field(description="UPI ID.")
    payee: str | None = strawberry.field(description="In whose name account and UPI ID are.")
    bank: str | None = strawberry.field(description="The bank's name.")
    account: str | None = strawberry.field(description="Account number.")
    ifsc: str | None = strawberry.field(description="The account's IFSC.")
    phone: str | None = strawberry.field(description="The firm's WhatsApp number.")
    payable: bool = strawberry.field(description="Whether a customer can pay at all with what is known.")


@strawberry.type(description="Commands about the firm itself. All are the owner's.")
class FirmMutations:
    """Fields of the root of commands."""

    @told("Change the firm's name, address, GSTIN, rounding limit or holidays. For the owner.")
    async def change_firm(self, info: Info, input: ChangeFirmInput) -> ChangeFirmPayload:
        """Change it."""
        holidays = tuple(input.holidays) if input.holidays is not None else None
        command = ChangeFirm(
            plain(input.name), plain(input.address), plain(input.gstin), input.round_off_limit, holidays
        )
        view: FirmSettingsView = await info.context.execute(command)
        firm = await info.context.ask(OwnBusiness())
        return ChangeFirmPayload(
            name=firm.name,
            address=view.address,
            gstin=view.gstin,
            round_off_limit=money(view.round_off_limit, view.currency),
            holidays=list(view.holidays),
        )

    @told("Say how customers pay the firm; it stands on reminders and pay pages. For the owner.")
    async def set_payment_details(
        self, info: Info, input: SetPaymentDetailsInput
    ) -> SetPaymentDetailsPayload:
        """Keep it."""
        command = SetPaymentDetails(
            plain(input.upi_id),
            plain(input.payee),
            plain(input.bank),
            plain(input.account),
            plain(input.ifsc),
            plain(input.phone),
        )
        view: PaymentDetailsView = await info.context.execute(command)
        return SetPaymentDetailsPayload(
            upi_id=view.upi_id,
            payee=view.payee,
            bank=view.bank,
            account=view.account,
            ifsc=view.ifsc,
            phone=view.phone,
            payable=view.payable,
        )
