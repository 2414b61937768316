"""One answer for all that are alike, bills picked by hand, questions given to somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.cards.audience import Audience, money
from bot.cards.card import Button, Card, in_rows
from bot.cards.question import Place
from bot.words import cut, joined
from ledger.views import ConflictView
from ledger.views.workflow import AlikeView, BulkView, Colleague, DecisionView, OpenBill, PickView

_LINE = 240


def alike_card(view: ConflictView, alike: AlikeView, place: Place, to: Audience) -> Card:
    """Offer the answers that all alike take."""
    lines = to.heading(to.say("<b>{n} entries like this</b>", n=alike.count))
    lines.append(to.say("{title}", title=cut(alike.title, _LINE)))
    lines.append(to.say("Your answer counts for each of them; you can take it back for one or for all."))
    answers = [
        Button(cut(option.label, 40), place.action("alike_answer", view, answer=option.id))
        for option in alike.answers
    ]
    back = Button(to.label("‹ Only this one"), place.action("question", view))
    return Card(joined(lines), (*in_rows(answers), (back,)))


def bulk_card(made: BulkView, to: Audience) -> Card:
    """Say what was answered for all, with the way back."""
    lines = to.heading(to.count("✓ {n} entry answered", "✓ {n} entries answered", made.answered))
    lines.append(to.say("<b>{answer}</b>", answer=cut(made.label, 60)))
    if made.skipped:
        lines.append(
            to.count("{n} had changed and still waits.", "{n} had changed and still wait.", made.skipped)
        )
    return Card(joined(lines), ((Button(to.label("Undo all"), {"do": "bulk_undo", "bulk": str(made.id)}),),))


def bulk_undone_card(made: BulkView, to: Audience) -> Card:
    """Say that all were taken back."""
    lines = to.heading(to.count("↺ {n} entry taken back", "↺ {n} entries taken back", made.answered))
    return Card(joined(lines), ((Button(to.label("Answer them"), {"do": "questions"}),),))


def shared(view: PickView, chosen: Collection[str]) -> list[tuple[OpenBill, int]]:
    """Return what each chosen bill gets, the oldest first, until the money is used up; in paise."""
    left, found = view.amount, []
    for bill in view.bills:
        if str(bill.id) in chosen and left > 0:
            found.append((bill, min(bill.open, left)))
            left -= found[-1][1]
    return found


def bill_name(bill: OpenBill, to: Audience) -> str:
    """Return what a bill is called: its number, or the balance with which the books began."""
    return bill.number or to.label("Opening balance")


def pick_card(
    question: ConflictView, view: PickView, chosen: Sequence[str], place: Place, to: Audience
) -> Card:
    """Let the bills be picked that the money is for, with what is still to be placed."""
    placed = sum(amount for _, amount in shared(view, chosen))
    lines = to.heading(
        to.say(
            "<b>{amount} from {party}</b>",
            amount=money(view.amount, view.currency),
            party=cut(view.party_name or "—", 60),
        )
    )
    if not view.bills:
        lines.append(to.say("There is no open bill of theirs."))
    elif placed < view.amount:
        rest = money(view.amount - placed, view.currency)
        lines.append(to.say("Which bills is it for? {rest} is still to be placed.", rest=rest))
    else:
        lines.append(to.say("All of it is placed."))
    if view.more:
        lines.append(to.say("Only the {n} oldest bills are shown.", n=len(view.bills)))
    bills = []
    for bill in view.bills:
        key, name = str(bill.id), cut(bill_name(bill, to), 20)
        after = [one for one in chosen if one != key] if key in chosen else [*chosen, key]
        label = f"{'✓ ' if key in chosen else ''}{name} {money(bill.open, bill.currency)}"
        bills.append(Button(label, place.action("pick", question, chosen=after)))
    rest = money(view.amount - placed, view.currency)
    done = to.label("Done") if placed == view.amount else to.label("Done, {rest} on account", rest=rest)
    ready = (Button(done, place.action("picked", question, chosen=list(chosen))),) if chosen else ()
    back = Button(to.label("‹ Back"), place.action("question", question))
    return Card(joined(lines), (*in_rows(bills), (*ready, back)))


def decided_card(title: str, made: DecisionView, said: str, to: Audience) -> Card:
    """Show a decision by hand with the way back."""
    lines = to.heading(to.say("✓ {title}", title=cut(title, _LINE)))
    lines.append(to.say("<b>{said}</b>", said=cut(said, _LINE)))
    undo = Button(to.label("Undo"), {"do": "withdraw", "decision": str(made.id)})
    return Card(joined(lines), ((undo,),))


def withdrawn_card(to: Audience) -> Card:
    """Say that a decision by hand was taken back."""
    text = to.say("↺ Taken back. I'll ask again if it is still open.")
    return Card(joined(to.heading(text)), ((Button(to.label("Answer"), {"do": "questions"}),),))


def assign_card(view: ConflictView, people: Sequence[Colleague], place: Place, to: Audience) -> Card:
    """Ask who is to answer."""
    lines = to.heading(to.say("<b>{title}</b>", title=cut(view.title, _LINE)))
    lines.append(to.say("Who is to answer this?"))
    choices = [
        Button(
            cut(one.name, 30),
            place.action("assigned", view, member=str(one.id), had=str(view.assigned_to or "")),
        )
        for one in people
        if one.id != view.assigned_to
    ]
    if view.assigned_to is not None:
        lines.append(to.say("Now it is with {name}.", name=cut(view.assigned_name or "—", 30)))
        nobody = place.action("assigned", view, member="", had=str(view.assigned_to))
        choices.append(Button(to.label("Nobody"), nobody))
    back = Button(to.label("‹ Back"), place.action("question", view))
    return Card(joined(lines), (*in_rows(choices), (back,)))
