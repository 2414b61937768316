"""Cards of the first minutes: what is set up and what is still missing, and a sheet to fill in."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.cards.card import Attachment, Button, Card, in_rows
from bot.cards.files import sample_sheet_words
from bot.words import Html, cut, joined
from kit.money import group_indian
from ledger.views.first_run import SetupView

_SOURCES = 3


def setup_card(view: SetupView, firm: str, to: Audience) -> Card:
    """Show what is there with a tick, and what the owner does next for the rest."""
    lines = [
        to.say("<b>{firm}: to begin with</b>", firm=cut(firm, 40)),
        _bank(view, to),
        _bills(view, to),
        _pay(view, to),
        _people(view, to),
        _sources(view, to),
    ]
    buttons = [] if view.bills else [Button(to.label("A sheet to fill in"), {"do": "sample_sheet"})]
    if not view.payable_to:
        buttons.append(Button(to.label("How customers pay me"), {"do": "pay_details"}))
    buttons.append(Button(to.label("Invite somebody"), {"do": "invite", "inplace": True}))
    buttons.append(Button(to.label("Language"), {"do": "language"}))
    last = (
        Button(to.label("Today's digest"), {"do": "digest"})
        if view.left == 0
        else Button(to.label("Enough for now"), {"do": "setup_enough"})
    )
    return Card(joined(to.heading(joined(lines))), (*in_rows(buttons), (last,)))


def _bank(view: SetupView, to: Audience) -> Html:
    if view.bank is not None and view.bank_until is not None:
        return to.say("✓ Bank: {bank} till {day}", bank=cut(view.bank, 24), day=to.day(view.bank_until))
    return to.say("○ Bank: send me a statement from net banking as a file (Excel or CSV)")


def _bills(view: SetupView, to: Audience) -> Html:
    if view.bills:
        return to.count(
            "✓ {count} open bill", "✓ {count} open bills", view.bills, count=group_indian(view.bills)
        )
    return to.say("○ Open bills: send me a sheet of who owes you, as a file")


def _pay(view: SetupView, to: Audience) -> Html:
    if view.payable_to:
        return to.say("✓ How customers pay you")
    return to.say("○ How customers pay you: UPI ID or account, for reminders")


def _people(view: SetupView, to: Audience) -> Html:
    if view.members > 1:
        return to.say("✓ {linked} of {members} people in the chat", linked=view.linked, members=view.members)
    return to.say("○ Your people: accounts, sales, the CA")


def _sources(view: SetupView, to: Audience) -> Html:
    if view.sources:
        names = ", ".join(cut(label, 20) for label in view.sources[:_SOURCES])
        return to.say("✓ Connected: {names}", names=names)
    return to.say("○ Tally, CRM, payment gateway: whoever looks after your computers connects them")


def enough_card(to: Audience) -> Card:
    """Say where the list is when it is wanted again."""
    return Card(joined(to.heading(to.say("All right. /setup shows this list again."))))


def sample_sheet_card(workbook: bytes, to: Audience) -> Card:
    """Hand out the empty sheet."""
    return Card(
        joined(to.heading(sample_sheet_words(to))), attachment=Attachment("open-bills.xlsx", workbook)
    )
