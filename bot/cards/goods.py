"""May goods go to a customer: a clear answer with its reasons, and the owner's word."""

from __future__ import annotations

from uuid import UUID

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card
from bot.cards.customer import cancel
from bot.cards.history import back_button
from bot.words import Html, cut, joined
from ledger.domain.credit import ASK, NO, WORD_HOLDS, YES, Reason
from ledger.domain.roles import Permission
from ledger.views import PartyBrief
from ledger.views.customers import GoodsView

_TITLE = 48
_REASONS = 4


def goods_card(view: GoodsView, to: Audience) -> Card:
    """Answer yes, ask the owner, or no; the reasons that decide first."""
    brief, party = view.brief, str(view.brief.id)
    lines = to.heading(_verdict(view, to))
    if view.order is not None:
        lines.append(to.say("for an order of {amount}", amount=money(view.order, brief.currency)))
    lines.append(Html(""))
    lines += reasons(view, to)
    order = {"order": view.order} if view.order is not None else {}
    back = back_button(brief.name, party, to)
    if not to.may(Permission.REPORT):
        return Card(joined(lines), ((back,),))
    size = Button(to.label("Order value…"), {"do": "goods_order", "party": party})
    if to.may(Permission.ANSWER):
        words = say_buttons(view, to, {"party": party, **order, "seen": to.now.isoformat()})
        return Card(joined(lines), (tuple(words), (size, back)))
    ask = Button(
        to.label("Ask the owner"), {"do": "goods_ask", "party": party, **order, "at": to.now.isoformat()}
    )
    return Card(joined(lines), ((size, back),) if view.verdict == YES else ((ask, size), (back,)))


def _verdict(view: GoodsView, to: Audience) -> Html:
    name = cut(view.brief.name, _TITLE)
    match view.verdict:
        case _ if view.verdict == YES:
            return to.say("✅ Yes, goods can go to <b>{name}</b>", name=name)
        case _ if view.verdict == NO:
            return to.say("⛔ No goods to <b>{name}</b> now", name=name)
        case _:
            return (
                to.say("🟡 Your word is needed for <b>{name}</b>", name=name)
                if to.may(Permission.ANSWER)
                else to.say("🟡 Ask the owner first: <b>{name}</b>", name=name)
            )


def reasons(view: GoodsView, to: Audience) -> list[Html]:
    """Say the reasons in words, the deciding ones marked."""
    return [
        to.say("{mark} {reason}", mark=_mark(reason), reason=_reason(reason, view, to))
        for reason in view.reasons[:_REASONS]
    ]


def _mark(reason: Reason) -> str:
    return {NO: "⛔", ASK: "🟡"}.get(reason.weight, "·")


def _reason(reason: Reason, view: GoodsView, to: Audience) -> Html:
    currency = view.brief.currency
    amount, other = money(reason.amount, currency), money(reason.other, currency)
    match reason.code:
        case "held" | "released":
            return _word(reason, view, to)
        case "over_limit":
            return to.say("{amount} over the limit of {limit}", amount=amount, limit=other)
        case "within_limit":
            return to.say("{amount} left of the limit of {limit}", amount=amount, limit=other)
        case "no_limit":
            return to.say("no credit limit is set")
        case "overdue":
            return _late(reason, amount, to)
        case "as_usual":
            return to.say("{late}: as usual", late=_late(reason, amount, to))
        case "nothing_overdue":
            return to.say("nothing overdue")
        case "promise_broken":
            return to.say("the last promise was not kept")
        case "promises_broken":
            return to.say("{broken} of {given} promises not kept", broken=reason.days, given=reason.usual)
        case "cheque_returned":
            assert reason.on is not None
            return to.say("a cheque came back on {day}", day=to.day(reason.on))
        case _:
            return to.say("an entry about them needs an answer first")


def _late(reason: Reason, amount: str, to: Audience) -> Html:
    late = to.count("{amount} is {n} day overdue", "{amount} is {n} days overdue", reason.days, amount=amount)
    if reason.usual is not None and reason.usual > 0:
        return to.say("{late}, usually {days}", late=late, days=reason.usual)
    return late


def _word(reason: Reason, view: GoodsView, to: Audience) -> Html:
    word = view.word
    assert word is not None
    name, day = cut(word.by, 24), to.day(word.on)
    if reason.code == "held":
        line = to.say("{name} said no on {day}", name=name, day=day)
        return to.say("{line}: “{note}”", line=line, note=cut(word.note, 80)) if word.note else line
    until = to.day(word.on + WORD_HOLDS)
    if word.amount is not None:
        amount = money(word.amount, view.brief.currency)
        return to.say("{name} allows up to {amount}, until {day}", name=name, amount=amount, day=until)
    return to.say("{name} allows it until {day}", name=name, day=until)


def say_buttons(view: GoodsView, to: Audience, action: Action) -> list[Button]:
    """Offer the owner's two words, without the one that stands."""
    may = Button(to.label("May send"), {"do": "goods_say", "say": "may", **action})
    hold = Button(to.label("Hold goods"), {"do": "goods_say", "say": "hold", **action})
    word = view.word
    if word is not None and not word.may:
        return [may]
    return [may, hold] if view.verdict != YES else [hold]


def order_card(brief: PartyBrief, to: Audience) -> Card:
    """Ask how much the order is worth."""
    lines = to.heading(to.say("<b>{name}</b>: how much is the order?", name=cut(brief.name, _TITLE)))
    lines.append(to.say("<i>Type it: 48,020 or 1.5 lakh</i>"))
    return Card(joined(lines), ((cancel(str(brief.id), to),),))


def asked_card(view: GoodsView, asker: str, action: Action, to: Audience) -> Card:
    """Put a rep's question before the owner, with what is known."""
    brief = view.brief
    lines = to.heading(
        to.say(
            "{asker} asks: may goods go to <b>{name}</b>?", asker=cut(asker, 30), name=cut(brief.name, _TITLE)
        )
    )
    if view.order is not None:
        lines.append(to.say("Order of {amount}", amount=money(view.order, brief.currency)))
    if brief.net > 0:
        lines.append(to.say("To collect {net}", net=money(brief.net, brief.currency)))
    lines.append(Html(""))
    lines += reasons(view, to)
    say = ("may", to.label("May send")), ("hold", to.label("Hold goods"))
    buttons = tuple(Button(label, {"do": "goods_say", "say": word, **action}) for word, label in say)
    return Card(joined(lines), (buttons, (back_button(brief.name, str(brief.id), to),)))


def sent_to_owner_card(view: GoodsView, names: list[str], to: Audience) -> Card:
    """Say that the question is with the owner, or that nobody can be reached."""
    brief, party = view.brief, str(view.brief.id)
    if names:
        text = to.say(
            "✓ I have asked {names}. I'll tell you the answer here.", names=cut(", ".join(names), 60)
        )
    else:
        text = to.say("Nobody of the office is in the chat yet. Please call them.")
    return Card(joined(to.heading(text)), ((back_button(brief.name, party, to),),))


def word_card(view: GoodsView, may: str, told: str | None, decision: UUID, to: Audience) -> Card:
    """Say what the owner has said, and who was told."""
    brief, party = view.brief, str(view.brief.id)
    name = cut(brief.name, _TITLE)
    if may == "hold":
        lines = to.heading(to.say("✓ No goods to <b>{name}</b> for now", name=name))
    elif view.order is not None:
        amount = money(view.order, brief.currency)
        lines = to.heading(to.say("✓ Goods up to {amount} may go to <b>{name}</b>", amount=amount, name=name))
        lines.append(to.say("for a week"))
    else:
        lines = to.heading(to.say("✓ Goods may go to <b>{name}</b>", name=name))
        lines.append(to.say("for a week"))
    if told is not None:
        lines.append(to.say("{name} is told.", name=cut(told, 30)))
    undo = {"do": "unsay", "decision": str(decision), "party": party, "at": to.now.isoformat()}
    return Card(joined(lines), ((Button(to.label("Undo"), undo), back_button(brief.name, party, to)),))


def told_card(brief: PartyBrief, by: str, may: str, order: int | None, to: Audience) -> Card:
    """Tell a rep what the owner answered."""
    name, who = cut(brief.name, _TITLE), cut(by, 30)
    if may == "hold":
        text = to.say("{who}: no goods to <b>{name}</b> for now.", who=who, name=name)
    elif order is not None:
        amount = money(order, brief.currency)
        text = to.say(
            "{who}: goods up to {amount} may go to <b>{name}</b>.", who=who, amount=amount, name=name
        )
    else:
        text = to.say("{who}: goods may go to <b>{name}</b>.", who=who, name=name)
    return Card(joined(to.heading(text)), ((back_button(brief.name, str(brief.id), to),),))
