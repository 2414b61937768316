"""Alerts: one thing in two lines, or several as one list."""

from __future__ import annotations

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.evening import left_words
from bot.cards.lines import short_name
from bot.words import Html, clean, html, joined
from ledger.domain.roles import Permission
from ledger.views.mornings import AlertView

MOST_LINES = 8
_MOST_BUTTONS = 4
_NAME, _BUTTON_NAME = 34, 24


def alerts_card(alerts: tuple[AlertView, ...], to: Audience) -> Card:
    """Write what is to be told now: one thing by itself, several as one list of at most eight."""
    if len(alerts) == 1:
        return Card(joined([*to.heading(_told(alerts[0], to))]), in_rows(_buttons(alerts, to)))
    head = to.count("<b>{n} new thing</b>", "<b>{n} new things</b>", len(alerts))
    lines = [to.say("• {line}", line=_told(one, to)) for one in alerts[:MOST_LINES]]
    if more := alerts[MOST_LINES:]:
        lines.append(to.count("and {n} more", "and {n} more", len(more)))
    return Card(joined([*to.heading(head), *lines]), in_rows(_buttons(alerts, to)))


def _told(one: AlertView, to: Audience) -> Html:
    if one.conflict_id is not None:
        return html(clean(one.title))
    name = short_name(one.party_name, _NAME) if one.party_name else None
    amount = money(one.amount or 0, one.currency or "INR")
    match one.what:
        case "failed":
            line = to.say("A payment of <b>{amount}</b> failed · {name}", amount=amount, name=name or "")
        case "reversed":
            line = (
                to.say("<b>{amount}</b> was taken back · {name}", amount=amount, name=name)
                if name
                else to.say("<b>{amount}</b> was taken back", amount=amount)
            )
        case _:
            line = (
                to.say("<b>{amount}</b> came · {name}", amount=amount, name=name)
                if name
                else to.say("<b>{amount}</b> came · from whom?", amount=amount)
            )
    if one.left is None or one.party_id is None:
        return line
    now = left_words(one.left, one.currency or "INR", to)
    return to.say("{line} · now {left}", line=line, left=now)


def _buttons(alerts: tuple[AlertView, ...], to: Audience) -> list[Button]:
    """Lead to what is told of: its question for who may answer, else its customer; each once."""
    buttons: dict[str, Button] = {}
    asked = [one for one in alerts if one.conflict_id is not None or one.party_id is None]
    if asked and to.may(Permission.ANSWER):
        action: Action = {"do": "questions"}
        if len(asked) == 1 and asked[0].conflict_id is not None:
            action = {"do": "question", "conflict": str(asked[0].conflict_id)}
        buttons["questions"] = Button(to.label("Answer"), action)
    elif asked and to.may(Permission.SEE_PAYABLES):
        buttons["questions"] = Button(to.label("See"), {"do": "questions"})
    for one in alerts:
        if one.party_id is not None:
            name = short_name(one.party_name or "", _BUTTON_NAME)
            buttons.setdefault(str(one.party_id), Button(name, {"do": "party", "party": str(one.party_id)}))
        if one.kind == "source":
            buttons.setdefault("sources", Button(to.label("Sources"), {"do": "sources"}))
    return list(buttons.values())[:_MOST_BUTTONS]
