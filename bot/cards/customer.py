"""What is done with one customer: the further things, a note, and how what was said is shown and taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.history import back_button
from bot.cards.party import owed_button
from bot.words import Html, clean, cut, html, joined
from ledger.domain.roles import Permission
from ledger.views import InvoiceView, PartyBrief, PartyView
from ledger.views.customers import TalkView

_TITLE = 48
_DISPUTES = 3


def more_card(view: PartyView, talk: TalkView, to: Audience) -> Card:
    """Offer what is wanted of a customer now and then, beside what didn't fit his card."""
    brief, party = view.brief, str(view.brief.id)
    lines = to.heading(to.say("<b>{name}</b> · more", name=cut(brief.name, 40)))
    if view.email:
        lines.append(html(clean(view.email)))
    if view.gstin:
        lines.append(to.say("GSTIN {gstin}", gstin=clean(view.gstin)))
    disputed = [bill for bill in view.bills if bill.status == "invoice.disputed"]
    lines += [_disputed(bill, to) for bill in disputed[:_DISPUTES]]
    if talk.note is not None:
        lines.append(
            to.say("Note by {name}: {text}", name=cut(talk.note.by, 24), text=cut(talk.note.text, 300))
        )
    buttons = [Button(to.label("Note"), {"do": "note", "party": party})]
    if view.cheques:
        buttons.append(Button(to.label("Cheques in hand"), {"do": "cheques", "party": party}))
    if brief.is_customer or not brief.is_vendor:
        buttons.append(Button(to.label("Send goods?"), {"do": "goods", "party": party}))
    if brief.is_vendor and brief.is_customer and to.may(Permission.SEE_PAYABLES):
        buttons.append(owed_button(party, to))
    buttons.append(Button(to.label("Full history"), {"do": "sources_of", "party": party}))
    if to.may(Permission.ANSWER):
        buttons.append(Button(to.label("Balance letter"), {"do": "letter", "party": party}))
        buttons += [
            Button(
                to.label("{number}: settled", number=cut(bill.number or "—", 16)),
                {"do": "dispute_over", "party": party, "bill": str(bill.id)},
            )
            for bill in disputed[:_DISPUTES]
        ]
    return Card(joined(lines), (*in_rows(buttons), (back_button(brief.name, party, to),)))


def _disputed(bill: InvoiceView, to: Audience) -> Html:
    return to.say(
        "{number}  {amount} · disputed",
        number=cut(bill.number or "—", 18),
        amount=money(bill.outstanding, bill.currency),
    )


def note_card(brief: PartyBrief, to: Audience) -> Card:
    """Ask for the words of a note."""
    lines = to.heading(to.say("<b>{name}</b>: what shall I note?", name=cut(brief.name, _TITLE)))
    lines.append(to.say("Type it here. Everybody who sees this customer sees it."))
    return Card(joined(lines), ((cancel(str(brief.id), to),),))


def noted_card(brief: PartyBrief, text: str, decision: UUID, to: Audience) -> Card:
    """Say what was noted."""
    lines = [
        to.say("✓ Noted for <b>{name}</b>", name=cut(brief.name, _TITLE)),
        to.say("“{text}”", text=cut(text, 300)),
    ]
    return said_card(brief, lines, decision, to)


def said_card(
    brief: PartyBrief,
    lines: list[Html],
    decision: UUID | None,
    to: Audience,
    *,
    further: tuple[Button, ...] = (),
) -> Card:
    """Show what was written down, with the way to take it back (for a day) and the way to the customer."""
    party = str(brief.id)
    last = [back_button(brief.name, party, to)]
    if decision is not None:
        last.insert(0, undo_button(decision, party, to))
    return Card(joined(to.heading(joined(lines))), (*(in_rows(further) if further else ()), tuple(last)))


def undo_button(decision: UUID, party: str, to: Audience) -> Button:
    """Return the way to take a decision back while it is fresh."""
    action = {"do": "unsay", "decision": str(decision), "party": party, "at": to.now.isoformat()}
    return Button(to.label("Undo"), action)


def unsaid_card(brief: PartyBrief, to: Audience) -> Card:
    """Say that it was taken back."""
    text = to.say("↺ Taken back: <b>{name}</b> is as before.", name=cut(brief.name, _TITLE))
    return Card(joined(to.heading(text)), ((back_button(brief.name, str(brief.id), to),),))


def hint_card(brief: PartyBrief, hint: Html, to: Audience) -> Card:
    """Say kindly what was not understood; what was asked for is still waited for."""
    return Card(joined(to.heading(hint)), ((cancel(str(brief.id), to),),))


def cancel(party: str, to: Audience) -> Button:
    """Return the way out of a dialogue, which leads to the customer's card."""
    return Button(to.label("Cancel"), {"do": "party", "party": party, "inplace": True})


def amount_hint(to: Audience) -> Html:
    """Say how an amount is typed."""
    return to.say("I can't read an amount in that. Type it like 48,020 or 1.5 lakh or 50k.")


def day_hint(to: Audience) -> Html:
    """Say how a day is typed."""
    return to.say("I can't read a day in that. Type it like 25 Nov, 25/11 or Monday.")


def amount_buttons(view: PartyView, action: Action, to: Audience) -> list[Button]:
    """Offer the likely amounts: all that is owed, what is overdue, the oldest bills; each once, with the bill it fits."""
    brief = view.brief
    bills = [bill for bill in view.bills[:2] if bill.currency == brief.currency and bill.number]
    labels: dict[int, str] = {}
    if brief.net > 0:
        labels[brief.net] = to.label("All {amount}", amount=money(brief.net, brief.currency))
    if 0 < brief.overdue < brief.net:
        labels[brief.overdue] = to.label("Overdue {amount}", amount=money(brief.overdue, brief.currency))
    for bill in bills:
        words = f"{cut(bill.number or '', 14)} {money(bill.outstanding, bill.currency)}"
        labels.setdefault(bill.outstanding, words)
    named = {bill.outstanding: {"bill": str(bill.id), "bill_number": bill.number} for bill in reversed(bills)}
    return [
        Button(label, {**action, "amount": amount, **named.get(amount, {})})
        for amount, label in labels.items()
    ]


def long_ago(at: str, now: datetime) -> bool:
    """Return whether what was said can no more be taken back with a button: after a day others have built on it."""
    return (now - datetime.fromisoformat(at)).total_seconds() > 24 * 3_600
