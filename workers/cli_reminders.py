"""`munshi pay-details`: how customers pay the firm, as reminders and pay pages tell it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ledger.commands.reminders import SetPaymentDetails
from ledger.queries.reminders import PaymentDetails
from ledger.views.reminders import PaymentDetailsView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run


@told
def pay_details(
    upi: Annotated[str | None, typer.Option(help='UPI ID, like kaveri@okicici; "" removes it.')] = None,
    payee: Annotated[str | None, typer.Option(help="In whose name account and UPI ID are.")] = None,
    bank: Annotated[str | None, typer.Option(help="The bank's name.")] = None,
    account: Annotated[str | None, typer.Option(help="Account number, 9 to 18 digits.")] = None,
    ifsc: Annotated[str | None, typer.Option(help="The account's IFSC.")] = None,
    phone: Annotated[
        str | None, typer.Option(help="WhatsApp number to which customers send their UTR.")
    ] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Show how customers pay, or change what is given; it stands on reminders and on pay pages."""
    wanted = SetPaymentDetails(upi, payee, bank, account, ifsc, phone)
    changes = any(value is not None for value in (upi, payee, bank, account, ifsc, phone))

    async def work(session: Session) -> PaymentDetailsView:
        chosen = await choose(session, business)
        if changes:
            await session.door.execute(wanted, chosen.clerk)
        found: PaymentDetailsView = await session.door.query(PaymentDetails(), chosen.clerk)
        return found

    view = run(work)
    show(asdict(view), as_json=as_json, human=lambda: _tell(view))


def _tell(view: PaymentDetailsView) -> None:
    rows = (
        ("UPI ID", view.upi_id),
        ("name", view.payee),
        ("bank", view.bank),
        ("account", view.account),
        ("IFSC", view.ifsc),
        ("WhatsApp", f"+{view.phone}" if view.phone else None),
    )
    table(("customers pay to", ""), [row for row in rows if row[1]], empty="Nothing is set yet.")
    if not view.payable:
        say("Customers are shown no way to pay: munshi pay-details --upi kaveri@okicici")
    if view.account and not view.ifsc:
        say("The account isn't shown without its IFSC: munshi pay-details --ifsc ICIC0000044")
