"""A customer has paid: how, how much, when, by which number; then all of it once more before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.customer import amount_buttons, amount_hint, cancel, day_hint, said_card
from bot.cards.history import back_button
from bot.words import Html, cut, joined
from kit.money import format_minor
from ledger.domain.cash.limits import CashLimit
from ledger.views import PartyBrief, PartyView
from ledger.views.customers import Reported

_TITLE = 48
_ASKED = {
    "cash": ("amount", "on"),
    "upi": ("amount", "on", "number"),
    "bank": ("amount", "on", "number"),
    "cheque": ("amount", "number", "bank", "dated"),
}
_CLAIM = ("number", "amount", "on")
"""Who says on the phone that he has paid is asked for the UTR first."""
_AHEAD = (0, 7, 15, 30)


@dataclass(frozen=True, slots=True)
class Form:
    """What is known of a payment so far; it travels in the buttons, so that nothing is lost between two taps.

    None: not asked yet; an empty `number` or `bank`: asked, and not known. `amount` in minor units.
    """

    party: str
    method: str | None = None
    amount: int | None = None
    on: str | None = None
    number: str | None = None
    bank: str | None = None
    dated: str | None = None
    bill: str | None = None
    bill_number: str | None = None
    claim: bool = False
    replaces: str | None = None
    again: int = 0

    @classmethod
    def of(cls, action: Action) -> Form:
        """Read it from a button's action, or from what is expected."""
        return cls(**{name: action[name] for name in cls.__slots__ if action.get(name) is not None})

    def action(self, do: str, **more: Any) -> Action:
        """Return an action that carries it."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {
            "do": do,
            **{name: value for name, value in known.items() if value not in (None, False, 0)},
            **more,
        }

    @property
    def asks(self) -> str | None:
        """Return what is to be asked next; None: all is known."""
        if self.method is None:
            return "method"
        slots = _CLAIM if self.claim else _ASKED[self.method]
        return next((name for name in slots if getattr(self, name) is None), None)

    def without(self, name: str) -> Form:
        """Return it with one answer taken out, to be asked again."""
        known = {one: getattr(self, one) for one in self.__slots__}
        gone = ("amount", "bill", "bill_number") if name == "amount" else (name,)
        return Form(**{**known, **dict.fromkeys(gone)})


def ask_card(form: Form, view: PartyView, banks: Sequence[str], to: Audience) -> Card:
    """Ask for what is missing, the likely answers as buttons."""
    brief = view.brief
    text, buttons = _question(form, view, banks, to)
    lines = to.heading(to.say("<b>{name}</b>{how}", name=cut(brief.name, _TITLE), how=_how(form, to)))
    return Card(joined([*lines, *text]), (*(in_rows(buttons) if buttons else ()), (cancel(form.party, to),)))


def _how(form: Form, to: Audience) -> Html:
    if form.method is None or form.claim:
        return Html("")
    return to.say(" · {method}", method=method_words(form.method, to))


def method_words(method: str, to: Audience) -> Html:
    """Say by what was paid."""
    match method:
        case "cash":
            return to.say("cash")
        case "cheque":
            return to.say("cheque")
        case "upi":
            return to.say("UPI")
        case _:
            return to.say("bank transfer")


def _question(
    form: Form, view: PartyView, banks: Sequence[str], to: Audience
) -> tuple[list[Html], list[Button]]:
    match form.asks:
        case "method":
            methods = (
                ("cash", to.label("Cash")),
                ("cheque", to.label("Cheque")),
                ("upi", to.label("UPI")),
                ("bank", to.label("Bank transfer")),
            )
            return [to.say("How did they pay?")], [
                Button(label, replace(form, method=method).action("paid")) for method, label in methods
            ]
        case "amount":
            lines = [to.say("How much?"), to.say("<i>Tap one, or type it: 48,020 or 1.5 lakh</i>")]
            return lines, amount_buttons(view, form.action("paid"), to)
        case "on":
            lines = [to.say("On which day?"), to.say("<i>Tap one, or type it: 18/11 or 18 Nov</i>")]
            return lines, _days(form, to)
        case "number" if form.method == "cheque":
            return [to.say("Type the number of the cheque, as printed: <i>004512</i>")], []
        case "number":
            later = Button(to.label("Later"), form.action("paid", number=""))
            return [
                to.say("Type the UTR or UPI number."),
                to.say("<i>By it I find the money in your bank.</i>"),
            ], [later]
        case "bank":
            known = [Button(cut(bank, 20), replace(form, bank=bank).action("paid")) for bank in banks[:4]]
            skip = Button(to.label("Skip"), form.action("paid", bank=""))
            return [to.say("Which bank is it drawn on? Type its name.")], [*known, skip]
        case _:
            days = [to.today + timedelta(days=ahead) for ahead in _AHEAD]
            lines = [to.say("Which date is on the cheque?"), to.say("<i>Tap one, or type it: 28/11</i>")]
            return lines, [_day(form, "dated", day, to) for day in days]


def _days(form: Form, to: Audience) -> list[Button]:
    today = to.today
    named = (
        (today, to.label("Today")),
        (today - timedelta(days=1), to.label("Yesterday")),
        (today - timedelta(days=2), to.day(today - timedelta(days=2))),
    )
    return [Button(label, replace(form, on=day.isoformat()).action("paid")) for day, label in named]


def _day(form: Form, name: str, day: date, to: Audience) -> Button:
    return Button(to.day(day), form.action("paid", **{name: day.isoformat()}))


def slot_hint(form: Form, to: Audience) -> Html:
    """Say how what is asked for is typed, to words that weren't it."""
    match form.asks:
        case "amount":
            return amount_hint(to)
        case "on" | "dated":
            return day_hint(to)
        case "number" if form.method == "cheque":
            return to.say("A cheque's number is made of digits, like 004512. Please type it as printed.")
        case "number":
            return to.say(
                "That is no UTR: 16 or 22 letters and digits, or the 12 digits of UPI. Like HDFCN52026111800."
            )
        case "bank":
            return to.say("Please type the bank's name in a few words, like HDFC.")
        case _:
            return to.say("Please tap how they paid.")


def off_day_hint(form: Form, to: Audience) -> Html:
    """Say that a day can't be right."""
    if form.asks == "dated":
        return to.say("A cheque is dated within a year of today. Which date is on it?")
    return to.say("That day is still to come, or more than a year ago. When did they pay?")


def confirm_card(form: Form, brief: PartyBrief, to: Audience) -> Card:
    """Show everything once more before it is saved."""
    lines = to.heading(to.say("Is this right?"))
    lines += summary_lines(form, brief, to)
    save = Button(to.label("Save"), form.action("paid_save", at=to.now.isoformat()))
    changes = [Button(to.label("Change amount"), form.without("amount").action("paid"))]
    if form.method == "cheque":
        changes.append(Button(to.label("Change number"), form.without("number").action("paid")))
        changes.append(Button(to.label("Change date"), form.without("dated").action("paid")))
    else:
        changes.append(Button(to.label("Change day"), form.without("on").action("paid")))
    return Card(joined(lines), ((save,), *in_rows(changes), (cancel(form.party, to),)))


def summary_lines(form: Form, brief: PartyBrief, to: Audience) -> list[Html]:
    """Say in a few lines what is to be saved."""
    assert form.amount is not None
    assert form.method is not None
    amount = money(form.amount, brief.currency)
    lines = [
        to.say("<b>{amount}</b> in cash from <b>{name}</b>", amount=amount, name=cut(brief.name, _TITLE))
        if form.method == "cash"
        else to.say(
            "<b>{amount}</b> by {method} from <b>{name}</b>",
            amount=amount,
            method=method_words(form.method, to),
            name=cut(brief.name, _TITLE),
        )
    ]
    if form.on:
        lines.append(to.say("paid {day}", day=to.day(date.fromisoformat(form.on))))
    if form.number:
        lines.append(
            to.say("cheque no. {number}", number=form.number)
            if form.method == "cheque"
            else to.say("UTR {number}", number=form.number)
        )
    if form.bank:
        lines.append(to.say("drawn on {bank}", bank=cut(form.bank, 40)))
    if form.dated:
        dated = date.fromisoformat(form.dated)
        day = to.day(dated)
        lines.append(
            to.say("dated {day}: post-dated", day=day) if dated > to.today else to.say("dated {day}", day=day)
        )
    if form.bill_number:
        lines.append(to.say("for bill {number}", number=cut(form.bill_number, 24)))
    return lines


def saved_card(
    form: Form, brief: PartyBrief, decision: UUID | None, to: Audience, *, known: bool = False
) -> Card:
    """Say that it is saved and what comes next; `known`: it was entered before."""
    lines = [to.say("Entered already:") if known else to.say("✓ Saved")]
    lines += summary_lines(form, brief, to)
    lines.append(_next(form, to))
    return said_card(brief, lines, decision, to)


def _next(form: Form, to: Audience) -> Html:
    match form.method:
        case "cash":
            return to.say("It counts once somebody else says that it is here.")
        case "cheque" if form.dated and date.fromisoformat(form.dated) > to.today:
            return to.say("The bank takes it from that day on. It counts once the bank shows it.")
        case "cheque":
            return to.say("It counts once the bank shows it.")
        case _ if form.number:
            return to.say("I look for it in your bank's next statement.")
        case _:
            return to.say("Please ask them for the UTR: by it I find the money in your bank.")


def another_card(form: Form, brief: PartyBrief, before: Reported, to: Audience) -> Card:
    """Ask whether the same payment was made once more: one like it is entered already."""
    lines = to.heading(
        to.say(
            "The same is entered already, by {name}, {when}:",
            name=cut(before.by, 30),
            when=to.moment(before.at),
        )
    )
    lines += summary_lines(form, brief, to)
    lines.append(to.say("Did they pay this amount once more?"))
    again = replace(form, again=form.again + 1).action("paid_save", at=to.now.isoformat())
    return Card(
        joined(lines),
        ((Button(to.label("Yes, another payment"), again),), (back_button(brief.name, form.party, to),)),
    )


def cash_warning_card(
    limit: CashLimit, amount: int, brief: PartyBrief, anyway: Action, party: str, to: Audience
) -> Card:
    """Warn of cash beyond what the law allows, before anything is saved."""
    lines = to.heading(to.say("⚠️ <b>Too much cash by law</b>"))
    lines.append(
        to.say(
            "{amount} in cash from {name}", amount=money(amount, brief.currency), name=cut(brief.name, _TITLE)
        )
    )
    lines.append(
        to.say(
            "{limit} or more in cash from one person in a day, or for one bill, is penalised with the amount itself ({law}).",
            limit=format_minor(limit.amount),
            law=limit.law,
        )
    )
    lines.append(
        to.say("What they gave in cash before is counted with it. Please speak with your accountant first.")
    )
    save = Button(to.label("Save all the same"), {**anyway, "acknowledged": True})
    return Card(joined(lines), ((save,), (cancel(party, to),)))
