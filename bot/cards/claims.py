"""Cards of a forwarded “paid”: whose it is, shall it be watched for, and that the bank has it already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.cards.asking import money_card
from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.history import back_button
from bot.cards.paid import Form
from bot.words import Html, clean, cut, joined
from ledger.views import PartyBrief
from ledger.views.money import MoneyFound

_CHOICES = 5


def whose_claim_card(
    claim: Action, parties: Sequence[PartyBrief], to: Audience, *, notice: Html | None = None
) -> Card:
    """Ask who paid: those whom the message or its amount may mean, and whom the chat looked at last."""
    lines = [notice] if notice is not None else []
    lines.append(_what(claim, to))
    lines.append(to.say("Who paid this?"))
    if claim.get("payer"):
        lines.append(to.say("The message names “{name}”.", name=cut(clean(claim["payer"]), 40)))
    buttons = [
        Button(cut(brief.name, 38), {**claim, "do": "claim", "party": str(brief.id)})
        for brief in parties[:_CHOICES]
    ]
    rows = (*in_rows(buttons), (Button(to.label("Somebody else"), {**claim, "do": "claim_other"}),))
    return Card(joined(to.heading(joined(lines))), (*rows, (_no(to),)))


def ask_name_card(claim: Action, to: Audience) -> Card:
    """Ask for the customer's name."""
    lines = [_what(claim, to), to.say("Please type part of the customer's name.")]
    return Card(joined(to.heading(joined(lines))), ((_no(to),),))


def _what(claim: Action, to: Audience) -> Html:
    """Say what the message tells: the amount, how, the number, the day."""
    if claim.get("amount"):
        line = to.say("Paid: <b>{amount}</b>", amount=money(claim["amount"], claim.get("currency", "INR")))
    else:
        line = to.say("Paid, no amount given")
    parts = [line]
    if claim.get("number"):
        parts.append(to.say("UTR {number}", number=clean(claim["number"])))
    if claim.get("on"):
        parts.append(to.say("{day}", day=to.day(date.fromisoformat(claim["on"]))))
    return joined(parts, " · ")


def _no(to: Audience) -> Button:
    return Button(to.label("No payment to me"), {"do": "claim_none"})


def watch_card(form: Form, brief: PartyBrief, claim: Action, to: Audience) -> Card:
    """Ask whether this payment shall be watched for in the bank."""
    assert form.amount is not None
    assert form.on is not None
    name, amount = cut(brief.name, 48), money(form.amount, brief.currency)
    lines = [to.say("<b>{name}</b> says {amount} paid", name=name, amount=amount)]
    day = to.day(date.fromisoformat(form.on))
    if form.number:
        lines.append(to.say("UTR {number} · {day}", number=clean(form.number), day=day))
    else:
        lines.append(to.say("{day}, no UTR given", day=day))
    lines.append(to.say("Shall I watch for it in the bank?"))
    yes = form.action("paid_save", at=to.now.isoformat())
    wrong = form.without("amount").without("on").action("paid")
    buttons = (
        (Button(to.label("Yes, watch for it"), yes),),
        (
            Button(to.label("Other amount or day"), wrong),
            Button(to.label("Somebody else"), {**claim, "do": "claim_other"}),
        ),
        (_no(to),),
    )
    return Card(joined(to.heading(joined(lines))), buttons)


def already_card(found: Sequence[MoneyFound], to: Audience) -> Card:
    """Say that the bank, or our own notes, have the money of a message already."""
    here = any(one.bank is not None for one in found)
    head = (
        to.say("This is in the bank already:")
        if here
        else to.say("I know of this, and watch for it already:")
    )
    card = money_card(found, to)
    return Card(joined([head, card.text], "\n\n"), card.buttons)


def maybe_same_card(one: MoneyFound, brief: PartyBrief, form: Form, to: Audience) -> Card:
    """Ask whether money of the same amount that came lately is the one that the message means."""
    lines = [
        to.say(
            "{amount} from {name} came on {day}.",
            amount=money(one.amount, one.currency),
            name=cut(brief.name, 40),
            day=to.day(one.bank_on or one.on),
        ),
        to.say("Is it this one?"),
    ]
    other = form.action("claim", another=True)
    buttons = (
        (
            Button(to.label("Yes, that one"), {"do": "claim_known", "party": str(brief.id)}),
            Button(to.label("No, another"), other),
        ),
    )
    return Card(joined(to.heading(joined(lines))), buttons)


def known_card(brief: PartyBrief, to: Audience) -> Card:
    """Say that nothing is left to be watched for."""
    text = to.say("Good. It is counted already, nothing is left to do.")
    return Card(joined(to.heading(text)), ((back_button(brief.name, str(brief.id), to),),))


def no_claim_card(to: Audience) -> Card:
    """Say that a message was left alone."""
    return Card(joined(to.heading(to.say("All right, I leave it."))))
