"""How the sheet's reader pays: UPI with a code to scan, and the account; only where money is due."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import segno

from bot.cards.audience import Audience, money
from bot.documents.paper import line
from ledger.domain.paying import UPI_CAP, payment_note, upi_link
from ledger.views.statement import StatementView


def pay_data(view: StatementView, to: Audience, *, reference: str) -> dict[str, Any] | None:
    """Return the box of how to pay; None where nothing is due, or nobody said how it is paid."""
    firm, account = view.firm, view.main
    if account.side != "receivable" or account.currency != "INR" or account.closing <= 0:
        return None
    if not firm.upi_id and not firm.account:
        return None
    payee = firm.payee or firm.name
    rows = [(to.label("Payee"), line(payee))]
    if firm.upi_id:
        rows.append((to.label("UPI ID"), line(firm.upi_id)))
    if firm.account:
        rows.append((to.label("Account"), line(firm.account)))
        rows += [(to.label("IFSC"), line(firm.ifsc))] if firm.ifsc else []
        rows += [(to.label("Bank"), line(firm.bank))] if firm.bank else []
    code, note = None, ""
    if firm.upi_id:
        link = upi_link(
            firm.upi_id,
            name=payee,
            amount=account.closing,
            note=payment_note([bill.number for bill in account.bills]),
            reference=reference,
        )
        code = _code(link)
        if account.closing > UPI_CAP:
            note = to.label("Many banks let UPI send only up to {cap} a day.", cap=money(UPI_CAP, "INR"))
    return {
        "title": to.label("To pay: {amount}", amount=money(account.closing, "INR")),
        "lines": rows,
        "note": note,
        "code": code,
    }


def _code(text: str) -> str:
    """Draw a QR code in black on white, as SVG."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", border=2, dark="#000", light="#fff", nl=False
    )
    return drawn.getvalue().decode()
