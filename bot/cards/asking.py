"""Answers to free words: which of several, nobody of that name, one piece of money, a greeting, what can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.cards.party import not_found_card
from bot.words import Html, clean, cut, html, joined
from ledger.domain.roles import Permission
from ledger.views import PartyBrief
from ledger.views.money import MoneyFound, PaidBill

CHOICES = 5
_BILLS = 4
_TITLE = 48


def examples(to: Audience) -> Rows:
    """Return buttons to what is asked most, as far as the role allows."""
    buttons = [Button(to.label("Who owes me"), {"do": "owes"})]
    if to.may(Permission.SEE_PAYABLES):
        buttons.append(Button(to.label("What I owe"), {"do": "payables", "span": "week"}))
        buttons.append(Button(to.label("Bank and cash"), {"do": "cash"}))
    buttons.append(Button(to.label("Today's digest"), {"do": "digest"}))
    if to.may(Permission.ANSWER):
        buttons.append(Button(to.label("Entries to check"), {"do": "questions"}))
    buttons.append(Button(to.label("All I can do"), {"do": "help"}))
    return in_rows(buttons)


def unknown_card(text: str, to: Audience) -> Card:
    """Say that nothing fits these words, what can be typed, and offer what is asked most."""
    return Card(not_found_card(text, to).text, examples(to))


def unread_answer_card(text: str, to: Audience) -> Card:
    """Say that words are no answer to what a card asked for, which still waits for it."""
    lines = [
        to.say("“{text}” is no answer that I can read.", text=cut(clean(text), 40)),
        to.say("Please type it again, or ask me something else."),
    ]
    return Card(joined(to.heading(joined(lines))), examples(to))


def no_such_card(name: str, to: Audience) -> Card:
    """Say that nobody has this name."""
    lines = [
        to.say("I know nobody called “{name}”.", name=cut(name, 40)),
        to.say("Part of the name is enough; a mobile number or a GSTIN will do too."),
    ]
    return Card(joined(to.heading(joined(lines))), examples(to))


def which_card(parties: Sequence[PartyBrief], text: str, action: Action, to: Audience) -> Card:
    """Offer those of a name, at most five; a tap does what was asked."""
    head = to.say("Which one did you mean by “{text}”?", text=cut(text, 30))
    return Card(joined(to.heading(head)), tuple((_choice(brief, action),) for brief in parties[:CHOICES]))


def whose_card(parties: Sequence[PartyBrief], action: Action, to: Audience) -> Card:
    """Ask whom it is about, where no name was typed: who owes most urgently first, or any typed name."""
    head = to.say("For whom? Type part of the name.")
    return Card(joined(to.heading(head)), tuple((_choice(brief, action),) for brief in parties[:CHOICES]))


def _choice(brief: PartyBrief, action: Action) -> Button:
    label = (
        f"{cut(brief.name, 26)} · {money(brief.net, brief.currency)}"
        if brief.net > 0
        else cut(brief.name, 38)
    )
    return Button(label, {**action, "party": str(brief.id)})


def promise_ask_card(brief: PartyBrief, on: date, amount: int | None, to: Audience) -> Card:
    """Read a typed promise back before it is noted."""
    party = str(brief.id)
    sum_ = money(amount or max(brief.net, 0), brief.currency)
    text = to.say(
        "<b>{name}</b> will pay {amount} on {day}?", name=cut(brief.name, _TITLE), amount=sum_, day=to.day(on)
    )
    if not (amount or brief.net > 0):
        text = to.say("<b>{name}</b> will pay on {day}?", name=cut(brief.name, _TITLE), day=to.day(on))
    yes: Action = {"do": "promised", "party": party, "on": on.isoformat()}
    if amount:
        yes["amount"] = amount
    buttons = [
        Button(to.label("Yes, note it"), yes),
        Button(to.label("Another day"), {"do": "promise", "party": party}),
        Button(
            to.label("‹ {name}", name=cut(brief.name, 20)), {"do": "party", "party": party, "inplace": True}
        ),
    ]
    return Card(joined(to.heading(text)), in_rows(buttons))


def money_card(found: Sequence[MoneyFound], to: Audience) -> Card:
    """Tell where money is, what it paid, and what is still asked about it."""
    blocks = [joined(_money(one, to)) for one in found[:CHOICES]]
    buttons = [
        Button(
            cut(one.party_name or "", 30),
            {"do": "vendor" if one.out else "party", "party": str(one.party_id)},
        )
        for one in {one.party_id: one for one in found if one.party_id is not None}.values()
    ]
    buttons += [
        Button(
            to.label("Answer"),
            {
                "do": "question",
                "conflict": str(one.question),
                "version": one.question_version or 0,
                "n": 1,
                "of": 1,
            },
        )
        for one in found[:1]
        if one.question is not None and to.may(Permission.ANSWER)
    ]
    return Card(joined([joined(to.heading(blocks[0])), *blocks[1:]], "\n\n"), in_rows(buttons))


def no_money_card(reference: str, to: Audience) -> Card:
    """Say that money with this number hasn't been seen, and what that means."""
    lines = [
        to.say("Nothing with the number <b>{number}</b> has come yet.", number=cut(reference, 24)),
        to.say("It may be on its way; I look at every statement and payment that arrives."),
    ]
    buttons = (
        (Button(to.label("Where the news comes from"), {"do": "sources"}),)
        if to.may(Permission.SEE_SOURCES)
        else ()
    )
    return Card(joined(to.heading(joined(lines))), (buttons,) if buttons else ())


def _money(one: MoneyFound, to: Audience) -> list[Html]:
    amount = money(one.amount, one.currency)
    head = (
        to.say("<b>{amount} went</b> · {day}", amount=amount, day=to.day(one.on))
        if one.out
        else to.say("<b>{amount} came</b> · {day}", amount=amount, day=to.day(one.on))
    )
    lines = [_failed(one, amount, to) or head]
    who = one.party_name or (clean(one.payer) if one.payer else None)
    if who:
        name = cut(who, 40)
        lines.append(to.say("to {name}", name=name) if one.out else to.say("from {name}", name=name))
    if one.reference:
        lines.append(to.say("Number {reference}", reference=cut(one.reference, 24)))
    if one.bank is not None and one.bank_on is not None:
        lines.append(to.say("In {bank}, {day}", bank=cut(one.bank, 24), day=to.day(one.bank_on)))
    elif to.may(Permission.SEE_PAYABLES):
        lines.append(to.say("Not seen in the bank yet."))
    return [*lines, *_became(one, to)]


def _failed(one: MoneyFound, amount: str, to: Audience) -> Html | None:
    if one.status in ("payment.failed", "payout.failed"):
        return to.say("<b>{amount} failed</b> · {day}", amount=amount, day=to.day(one.on))
    if one.status in ("payment.reversed", "payment.refunded", "payout.reversed"):
        return to.say("<b>{amount} went back</b> · {day}", amount=amount, day=to.day(one.on))
    if one.status == "payout.scheduled":
        return to.say("<b>{amount} is on its way</b> · {day}", amount=amount, day=to.day(one.on))
    return None


def _became(one: MoneyFound, to: Audience) -> list[Html]:
    """Say which bills it paid, what is left on account, or that nobody knows yet."""
    lines = []
    settled = [bill for bill in one.paid if bill.kind == "receipt"]
    if settled:
        lines.append(to.say("Paid {bills}", bills=_bills(settled, one.currency, to)))
    kept = [bill for bill in one.paid if bill.kind != "receipt"]
    if kept:
        lines.append(
            to.say("Kept back {amount}", amount=money(sum(bill.amount for bill in kept), one.currency))
        )
    if one.on_account > 0:
        lines.append(to.say("{amount} on account", amount=money(one.on_account, one.currency)))
    if one.kind == "settlement":
        lines.append(to.say("A gateway's payout of several payments"))
    if one.classified is not None:
        lines.append(to.say("Not a sale payment"))
    elif one.question is not None:
        lines.append(to.say("What it is for isn't answered yet."))
    elif one.kind == "bank_line" and not one.out:
        lines.append(to.say("What it is for isn't known yet."))
    return lines


def _bills(bills: Sequence[PaidBill], currency: str, to: Audience) -> Html:
    shown = [
        to.say(
            "{number} {amount}",
            number=cut(bill.number, 18) if bill.number else to.say("opening balance"),
            amount=money(bill.amount, currency),
        )
        for bill in bills[:_BILLS]
    ]
    if len(bills) > _BILLS:
        shown.append(to.count("{n} more", "{n} more", len(bills) - _BILLS))
    return joined(shown, " + ")


def hello_card(name: str, to: Audience) -> Card:
    """Greet, and offer what is asked most."""
    first = cut(clean(name).split(" ")[0], 30) if clean(name) else ""
    lines = [
        to.say("Namaste {name} ji.", name=first) if first else html(to.label("Namaste.")),
        to.say("Type a name, a bill number or an amount, or ask in your own words."),
    ]
    return Card(joined(to.heading(joined(lines))), examples(to))


def thanks_card(to: Audience) -> Card:
    """Answer thanks in one line."""
    return Card(joined(to.heading(to.say("Always glad to help."))))
