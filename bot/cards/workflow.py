"""One answer for all that are alike, decisions by hand, questions given to somebody."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.question import Place
from bot.words import cut, joined
from ledger.domain.roles import Permission
from ledger.views import ConflictView
from ledger.views.workflow import AlikeView, BulkView, Colleague, DecisionView

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
    undo = {"do": "bulk_undo", "bulk": str(made.id), "at": to.now.isoformat()}
    return Card(joined(lines), ((Button(to.label("Undo all"), undo),),))


def bulk_undone_card(made: BulkView, to: Audience) -> Card:
    """Say that all were taken back."""
    lines = to.heading(to.count("↺ {n} entry taken back", "↺ {n} entries taken back", made.answered))
    return Card(joined(lines), ((Button(to.label("Answer them"), {"do": "questions"}),),))


def decided_card(
    title: str, made: DecisionView, said: str, to: Audience, *, claimed: Sequence[DecisionView] = ()
) -> Card:
    """Show a decision by hand with the way back; `claimed` waits for the owner's word."""
    lines = to.heading(to.say("✓ {title}", title=cut(title, _LINE)))
    lines.append(to.say("<b>{said}</b>", said=cut(said, _LINE)))
    if claimed:
        lines.append(to.say("What was kept back is above your limit: it waits for the owner's word."))
    undo: Action = {"do": "withdraw", "decision": str(made.id), "at": made.at.isoformat()}
    if claimed:
        undo["claims"] = [str(claim.id) for claim in claimed]
    return Card(joined(lines), ((Button(to.label("Undo"), undo),),))


def withdraw_over_card(action: Action, to: Audience) -> Card:
    """Say kindly that a decision stands; the owner may still change it."""
    lines = to.heading(to.say("Undo works for a day; this was decided earlier, so it stands."))
    if not to.may(Permission.WRITE_OFF):
        lines.append(to.say("The owner can still change it."))
        return Card(joined(lines))
    return Card(joined(lines), ((Button(to.label("Change it all the same"), {**action, "late": True}),),))


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
