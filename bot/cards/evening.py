"""The close of the day: what came, who didn't keep his word, and what tomorrow needs."""

from __future__ import annotations

from datetime import timedelta

from bot.cards.audience import Audience, money, whole
from bot.cards.card import Button, Card, Rows, in_rows
from bot.cards.lines import INDENT, short_name, till
from bot.words import Html, clean, cut, joined
from ledger.views.mornings import CameView, EveningView, PayView

_BUTTON_NAME, _NAME = 24, 22


def evening_card(view: EveningView, to: Audience) -> Card:
    """Write the close of a member's day, as much as his role may see."""
    first_name = clean(view.member_name).split(" ")[0] if clean(view.member_name) else ""
    title = to.say("<b>{name} ji · evening of {day}</b>", name=first_name, day=to.day(view.today))
    blocks = [joined([*to.heading(title), *_came(view, to)])]
    if view.missed:
        lines = [_line(one.name, one.amount, view, to) for one in view.missed]
        blocks.append(joined([to.say("<b>Promised for today, not seen yet</b>"), *lines]))
    if view.sees_payables and view.pay:
        blocks.append(joined(_to_pay(view, to)))
    if view.promised:
        day = _tomorrow(view, to)
        lines = [_line(one.name, one.amount, view, to) for one in view.promised]
        blocks.append(joined([to.say("<b>Promised for {day}</b>", day=day), *lines]))
    if view.cheques:
        lines = [
            _line(f"{one.number} {short_name(one.name or '', _NAME)}".strip(), one.amount, view, to)
            for one in view.cheques
        ]
        blocks.append(joined([to.say("<b>Cheques to deposit</b>"), *lines]))
    blocks.append(joined(_last(view, to)))
    return Card(joined([block for block in blocks if block], "\n\n"), _buttons(view, to))


def _came(view: EveningView, to: Audience) -> list[Html]:
    if not view.came:
        lines = [to.say("Nothing came today that I know of.")]
    else:
        total = whole(view.came_total, view.currency)
        lines = [to.say("Today <b>{amount}</b> came", amount=total)]
        lines += [_payer(one, view, to) for one in view.came]
        if view.came_more:
            more = to.count("and {n} more", "and {n} more", view.came_more)
            lines.append(joined([Html(INDENT), more], ""))
    if view.bank_until is not None and view.bank_until < view.today:
        day = till(view.bank_until, to)
        lines.append(to.say("The bank is known till {day}: more may have come.", day=day))
    return lines


def _payer(one: CameView, view: EveningView, to: Audience) -> Html:
    amount = money(one.amount, view.currency)
    name = short_name(one.name, _NAME) if one.name else to.say("From whom?")
    if one.left is None:
        return to.say("{indent}{name} {amount}", indent=INDENT, name=name, amount=amount)
    left = left_words(one.left, view.currency, to)
    return to.say("{indent}{name} {amount} · {left}", indent=INDENT, name=name, amount=amount, left=left)


def left_words(left: int, currency: str, to: Audience) -> Html:
    """Say what a customer owes after a payment."""
    if left > 0:
        return to.say("{amount} left", amount=money(left, currency))
    return to.say("paid ahead") if left < 0 else to.say("all paid")


def _line(name: str, amount: int, view: EveningView, to: Audience) -> Html:
    named = short_name(name, _NAME + 8)
    return to.say("{indent}{name} {amount}", indent=INDENT, name=named, amount=money(amount, view.currency))


def _tomorrow(view: EveningView, to: Audience) -> str:
    near = view.tomorrow == view.today + timedelta(days=1)
    return to.label("tomorrow") if near else to.day(view.tomorrow)


def _to_pay(view: EveningView, to: Audience) -> list[Html]:
    total = whole(view.pay_total, view.currency)
    lines = [to.say("<b>To pay {day} {amount}</b>", day=_tomorrow(view, to), amount=total)]
    lines += [_pay(one, view, to) for one in view.pay]
    if view.pay_more:
        lines.append(joined([Html(INDENT), to.count("and {n} more", "and {n} more", view.pay_more)], ""))
    return lines


def _pay(one: PayView, view: EveningView, to: Audience) -> Html:
    if one.about:
        about = to.say("about {amount}", amount=whole(one.amount, view.currency))
        return to.say("{indent}{name} {amount}", indent=INDENT, name=cut(one.name, _NAME), amount=about)
    return _line(one.name, one.amount, view, to)


def _last(view: EveningView, to: Audience) -> list[Html]:
    if view.questions:
        return [to.count("{n} entry needs your answer", "{n} entries need your answer", view.questions)]
    if not (view.missed or view.pay or view.promised or view.cheques):
        return [to.say("Nothing is left for tomorrow.")]
    return []


def _buttons(view: EveningView, to: Audience) -> Rows:
    buttons = [
        Button(short_name(one.name, _BUTTON_NAME), {"do": "party", "party": str(one.party_id)})
        for one in view.missed[:3]
    ]
    if view.questions:
        buttons.append(Button(to.label("Answer {n}", n=view.questions), {"do": "questions"}))
    if view.sees_payables and view.pay:
        buttons.append(Button(to.label("What I owe"), {"do": "owe"}))
    return in_rows(buttons)
