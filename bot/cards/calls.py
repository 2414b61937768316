"""After a call: what came of it; on which day they will pay; which bill they dispute."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from bot.cards.audience import Audience, money
from bot.cards.card import Button, Card, in_rows
from bot.cards.customer import amount_buttons, cancel, said_card
from bot.cards.history import back_button
from bot.cards.lines import standing
from bot.cards.party import outcome, spaced
from bot.words import Html, clean, cut, html, joined
from ledger.views import InvoiceView, PartyBrief, PartyView
from ledger.views.customers import TalkView, Word

_TITLE = 48
_PROMISE_DAYS = (1, 2, 3, 5, 7, 10, 15, 21, 30)
_BILLS = 6


def call_card(brief: PartyBrief, talk: TalkView, to: Audience) -> Card:
    """Give the number, and ask what came of the call."""
    party = str(brief.id)
    lines = to.heading(to.say("<b>{name}</b>", name=cut(brief.name, _TITLE)))
    if brief.net > 0:
        lines.append(
            to.say("{net} · {standing}", net=money(brief.net, brief.currency), standing=standing(brief, to))
        )
    if brief.phone:
        lines.append(html(spaced(clean(brief.phone))))
    else:
        lines.append(to.say("I don't know their phone number."))
    if talk.call is not None:
        lines.append(_last(talk.call, to))
    lines.append(to.say("\nWhat came of the call?"))
    outcomes = (
        (to.label("Will pay…"), {"do": "promise", "call": True}),
        (to.label("No answer"), {"do": "call_said", "outcome": "no_answer"}),
        (to.label("Says paid"), {"do": "call_said", "outcome": "says_paid"}),
        (to.label("Dispute"), {"do": "call_said", "outcome": "dispute"}),
    )
    buttons = [Button(label, {**action, "party": party}) for label, action in outcomes]
    return Card(
        joined(lines), (tuple(buttons[:2]), tuple(buttons[2:]), (back_button(brief.name, party, to),))
    )


def _last(call: Word, to: Audience) -> Html:
    line = to.say("Called {when}: {outcome}", when=to.moment(call.at), outcome=outcome(call.text, to))
    return line if call.own else to.say("{line} ({name})", line=line, name=cut(call.by, 24))


def no_answer_card(brief: PartyBrief, decision: UUID, to: Audience) -> Card:
    """Say that nobody answered; the customer stays on the list."""
    lines = [
        to.say("✓ <b>{name}</b>: no answer", name=cut(brief.name, _TITLE)),
        to.say("They stay on your list; try again tomorrow."),
    ]
    remind = (Button(to.label("Remind"), {"do": "remind", "party": str(brief.id)}),) if brief.net > 0 else ()
    return said_card(brief, lines, decision, to, further=remind)


def promise_card(brief: PartyBrief, to: Audience, *, call: bool = False) -> Card:
    """Ask for the day on which a customer said he will pay."""
    party = str(brief.id)
    lines = to.heading(
        to.say(
            "When will <b>{name}</b> pay {net}?",
            name=cut(brief.name, _TITLE),
            net=money(brief.net, brief.currency),
        )
    )
    lines.append(to.say("<i>Tap a day, or type it: Monday, 25 tarikh, Friday 50k</i>"))
    days = [to.today + timedelta(days=ahead) for ahead in _PROMISE_DAYS]
    more = {"call": True} if call else {}
    buttons = [
        Button(to.day(day), {"do": "promised", "party": party, "on": day.isoformat(), **more}) for day in days
    ]
    return Card(joined(lines), (*in_rows(buttons), (back_button(brief.name, party, to),)))


def too_far_hint(to: Audience) -> Html:
    """Say that a promise isn't for such a day."""
    return to.say("A promise is for a day from today to a year ahead. When will they pay?")


def promised_card(
    brief: PartyBrief, on: date, amount: int | None, decision: UUID | None, to: Audience
) -> Card:
    """Say what was promised; the latest word counts."""
    name = cut(brief.name, _TITLE)
    lines = [to.say("✓ <b>{name}</b> will pay on {day}", name=name, day=to.day(on))]
    if amount:
        lines.append(
            to.say(
                "{amount} of {net}",
                amount=money(amount, brief.currency),
                net=money(brief.net, brief.currency),
            )
        )
    lines.append(to.say("No reminder goes out before that."))
    part = Button(
        to.label("Only a part…"), {"do": "promise_part", "party": str(brief.id), "on": on.isoformat()}
    )
    return said_card(brief, lines, decision, to, further=(part,) if brief.net > 0 else ())


def promise_part_card(view: PartyView, on: str, to: Audience) -> Card:
    """Ask how much was promised."""
    brief = view.brief
    day = to.day(date.fromisoformat(on))
    lines = to.heading(
        to.say("How much will <b>{name}</b> pay on {day}?", name=cut(brief.name, _TITLE), day=day)
    )
    lines.append(to.say("<i>Tap one, or type it: 48,020 or 1.5 lakh</i>"))
    action = {"do": "promised", "party": str(brief.id), "on": on}
    buttons = amount_buttons(view, action, to)
    return Card(joined(lines), (*(in_rows(buttons) if buttons else ()), (cancel(str(brief.id), to),)))


def dispute_card(view: PartyView, to: Audience) -> Card:
    """Ask which bill is disputed."""
    brief, party = view.brief, str(view.brief.id)
    bills = [bill for bill in view.bills if bill.status != "invoice.disputed"][:_BILLS]
    lines = to.heading(to.say("<b>{name}</b>: which bill is it about?", name=cut(brief.name, _TITLE)))
    if not bills:
        lines.append(to.say("I know no open bill of theirs. Write a note instead."))
    buttons = [
        Button(
            f"{_bill(bill, to)} {money(bill.outstanding, bill.currency)}",
            {"do": "dispute_why", "party": party, "bill": str(bill.id)},
        )
        for bill in bills
    ]
    note = Button(to.label("Write a note"), {"do": "note", "party": party})
    return Card(
        joined(lines), (*(in_rows(buttons) if buttons else ()), (note, back_button(brief.name, party, to)))
    )


def dispute_why_card(bill: InvoiceView, to: Audience) -> Card:
    """Ask for the reason."""
    party = str(bill.party_id)
    lines = to.heading(
        to.say("<b>{name}</b> · {bill}", name=cut(bill.party_name, 40), bill=_bill(bill, to)),
    )
    lines.append(to.say("What is wrong with it? Tap, or type it."))
    reasons = (
        to.label("Wrong rate"),
        to.label("Goods short"),
        to.label("Goods damaged"),
        to.label("Never got it"),
        to.label("Paid already"),
    )
    buttons = [
        Button(reason, {"do": "disputed", "party": party, "bill": str(bill.id), "reason": reason})
        for reason in reasons
    ]
    return Card(joined(lines), (*in_rows(buttons), (cancel(party, to),)))


def disputed_card(bill: InvoiceView, brief: PartyBrief, reason: str, decision: UUID, to: Audience) -> Card:
    """Say that a bill is disputed."""
    lines = [
        to.say(
            "✓ {bill} of <b>{name}</b> is disputed",
            bill=_bill(bill, to),
            name=cut(brief.name, _TITLE),
        ),
        to.say("“{reason}”", reason=cut(reason, 200)),
        to.say("I don't count on this money until it is settled."),
    ]
    return said_card(brief, lines, decision, to)


def dispute_over_card(bill: InvoiceView, brief: PartyBrief, decision: UUID, to: Audience) -> Card:
    """Say that a dispute is over."""
    lines = [
        to.say(
            "✓ {bill} of <b>{name}</b>: settled, to be paid again",
            bill=_bill(bill, to),
            name=cut(brief.name, _TITLE),
        )
    ]
    return said_card(brief, lines, decision, to)


def _bill(bill: InvoiceView, to: Audience) -> str:
    return cut(bill.number, 18) if bill.number else to.label("Opening balance")
