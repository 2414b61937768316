"""Cheques of a customer that are in hand or at the bank: deposit, returned, replaced."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bot.cards.audience import Audience, money
from bot.cards.card import Button, Card, in_rows
from bot.cards.customer import cancel, said_card
from bot.cards.history import back_button
from bot.cards.lines import short_name
from bot.words import Html, cut, joined
from ledger.domain.roles import Permission
from ledger.views import PartyBrief
from ledger.views.workflow import ChequeInHand

_TITLE = 48
_SHOWN = 8


def cheques_card(brief: PartyBrief, cheques: Sequence[ChequeInHand], to: Audience) -> Card:
    """List what cheques there are, each with its day; who may say what becomes of them taps one."""
    party = str(brief.id)
    back = back_button(brief.name, party, to)
    if not cheques:
        text = to.say("No cheque of <b>{name}</b> is in hand.", name=cut(brief.name, _TITLE))
        return Card(joined(to.heading(text)), ((back,),))
    total = money(sum(one.amount for one in cheques), cheques[0].currency)
    head = to.count("Cheque in hand {total}", "{n} cheques in hand {total}", len(cheques), total=total)
    lines = to.heading(to.say("<b>{name}</b> · {head}", name=cut(brief.name, 32), head=head))
    rows = [_line(one, to) for one in cheques[:_SHOWN]]
    if (more := len(cheques) - _SHOWN) > 0:
        rows.append(to.count("and {n} more", "and {n} more", more))
    buttons = [
        Button(cut(one.number, 14), {"do": "cheque", "party": party, "cheque": str(one.id)})
        for one in cheques[:_SHOWN]
        if to.may(Permission.ANSWER)
    ]
    return Card(
        joined([joined(lines), joined(rows)], "\n\n"), (*(in_rows(buttons) if buttons else ()), (back,))
    )


def all_cheques_card(cheques: Sequence[ChequeInHand], to: Audience) -> Card:
    """List everybody's cheques in hand by their day, each with a button to its customer's."""
    if not cheques:
        return Card(joined(to.heading(to.say("No cheque is in hand."))))
    own = [one for one in cheques if one.currency == cheques[0].currency]
    total = money(sum(one.amount for one in own), own[0].currency)
    head = to.count("Cheque in hand {total}", "{n} cheques in hand {total}", len(own), total=total)
    rows = [
        to.say("<b>{name}</b>\n{line}", name=short_name(one.party_name or "—"), line=_line(one, to))
        for one in cheques[:_SHOWN]
    ]
    if (more := len(cheques) - _SHOWN) > 0:
        rows.append(to.count("and {n} more", "and {n} more", more))
    names = {str(one.party_id): one.party_name or "—" for one in cheques[:_SHOWN] if one.party_id}
    buttons = [
        Button(short_name(name, 20), {"do": "cheques", "party": party}) for party, name in names.items()
    ]
    text = joined([joined(to.heading(to.say("<b>{head}</b>", head=head))), joined(rows)], "\n\n")
    return Card(text, in_rows(buttons) if buttons else ())


def _line(one: ChequeInHand, to: Audience) -> Html:
    line = to.say(
        "{number}  <b>{amount}</b>", number=cut(one.number, 14), amount=money(one.amount, one.currency)
    )
    if one.bank:
        line = to.say("{line} · {bank}", line=line, bank=cut(one.bank, 16))
    return to.say("{line}\n    {state}", line=line, state=_state(one, to))


def _state(one: ChequeInHand, to: Audience) -> Html:
    if one.status == "cheque.deposited":
        return to.say("given to the bank, not cleared yet")
    if one.dated_on is None:
        return to.say("in hand, without a date")
    if one.post_dated:
        return to.say("in hand, for {day}", day=to.day(one.dated_on))
    return to.say("in hand, dated {day}: can go to the bank", day=to.day(one.dated_on))


def cheque_card(brief: PartyBrief, one: ChequeInHand, to: Audience) -> Card:
    """Ask what became of one cheque."""
    party = str(brief.id)
    lines = to.heading(to.say("<b>{name}</b> · cheque", name=cut(brief.name, 36)))
    lines.append(_line(one, to))
    if one.post_dated:
        lines.append(to.say("The bank doesn't take it before its day."))
    action = {"party": party, "cheque": str(one.id)}
    buttons = []
    if one.status == "cheque.received" and not one.post_dated:
        buttons.append(Button(to.label("Given to bank"), {"do": "cheque_in", **action}))
    buttons.append(Button(to.label("Came back"), {"do": "cheque_back", **action}))
    buttons.append(
        Button(
            to.label("Replaced…"),
            {"do": "paid", "party": party, "method": "cheque", "amount": one.amount, "replaces": str(one.id)},
        )
    )
    back = Button(to.label("‹ Back"), {"do": "cheques", "party": party})
    return Card(joined(lines), (*in_rows(buttons), (back,)))


def came_back_card(brief: PartyBrief, one: ChequeInHand, to: Audience) -> Card:
    """Ask why a cheque came back."""
    lines = to.heading(
        to.say(
            "Cheque {number} of <b>{name}</b> came back. Why?",
            number=cut(one.number, 14),
            name=cut(brief.name, _TITLE),
        )
    )
    lines.append(to.say("<i>Tap, or type what the bank's memo says</i>"))
    reasons = (
        to.label("Not enough funds"),
        to.label("Payment stopped"),
        to.label("Signature differs"),
        to.label("Date or words wrong"),
    )
    buttons = [
        Button(
            reason, {"do": "cheque_returned", "party": str(brief.id), "cheque": str(one.id), "reason": reason}
        )
        for reason in reasons
    ]
    return Card(joined(lines), (*in_rows(buttons), (cancel(str(brief.id), to),)))


def deposited_card(brief: PartyBrief, number: str, decision: UUID, to: Audience) -> Card:
    """Say that a cheque went to the bank."""
    lines = [
        to.say(
            "✓ Cheque {number} of <b>{name}</b> went to the bank",
            number=cut(number, 14),
            name=cut(brief.name, _TITLE),
        ),
        to.say("It counts once the bank shows it."),
    ]
    return said_card(brief, lines, decision, to)


def returned_card(brief: PartyBrief, number: str, reason: str, decision: UUID, to: Audience) -> Card:
    """Say that a cheque came back."""
    lines = [
        to.say(
            "✓ Cheque {number} of <b>{name}</b> came back",
            number=cut(number, 14),
            name=cut(brief.name, _TITLE),
        ),
        to.say("“{reason}”", reason=cut(reason, 120)),
        to.say("Its bills are open again. A notice by law goes out within 30 days, if you want one."),
    ]
    return said_card(brief, lines, decision, to)
