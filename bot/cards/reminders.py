"""Reminding a customer: the message to send, what speaks against it, that it went out, and all who are late in turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bot.cards.audience import Audience, money, unescaped
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.lines import capital, nothing_new
from bot.words import Html, cut, joined
from ledger.domain.paying import UPI_CAP
from ledger.domain.roles import Permission
from ledger.reminder_text import Message
from ledger.views.reminders import LateCustomersView, PreparedReminder, ReminderHold, ReminderView
from ledger.views.workflow import DecisionView

_TITLE = 48
_BACK = 20
_NAMES = {"en": "English", "hi": "हिन्दी"}
_MOST_SOURCES = 4


@dataclass(frozen=True, slots=True)
class Round:
    """All who are late, one by one: whose turn it is, how many were reminded, and what was overruled for all of them."""

    parties: tuple[str, ...] = ()
    at: int = 0
    sent: int = 0
    overrule: tuple[str, ...] = ()

    @classmethod
    def of(cls, action: Action) -> Round | None:
        """Read the round from a button's action; None where a single customer is reminded."""
        kept = action.get("round")
        if not kept:
            return None
        return cls(tuple(kept["parties"]), kept["at"], kept["sent"], tuple(kept.get("overrule", ())))

    def stored(self) -> dict[str, Any]:
        """Return the form in a button's action."""
        return {
            "parties": list(self.parties), "at": self.at, "sent": self.sent, "overrule": list(self.overrule),
        }  # fmt: skip

    def further(self, *, sent: int = 0) -> Round:
        """Return the round with the next one's turn."""
        return replace(self, at=self.at + 1, sent=self.sent + sent)


@dataclass(frozen=True, slots=True)
class Turned:
    """How a reminder stands in the chat: what was overruled so far, and in which round."""

    overrule: tuple[str, ...] = ()
    round: Round | None = None

    def action(self, do: str, party: str, **more: Any) -> Action:
        """Return an action on the customer that keeps all of this."""
        action: Action = {"do": do, "party": party, **more}
        if self.overrule:
            action["overrule"] = list(self.overrule)
        if self.round is not None:
            action["round"] = self.round.stored()
        return action


def reminder_card(made: PreparedReminder, message: Message, turned: Turned, to: Audience) -> Card:
    """Show a message as it will go out, with the button that opens it in WhatsApp."""
    view, party = made.view, str(made.view.party_id)
    if message.url:
        told = joined(
            [*_head(view, turned, to), to.say("<blockquote>{text}</blockquote>", text=message.sent)]
        )
    else:
        told = joined(
            [joined(_head(view, turned, to)), to.say("<code>{text}</code>", text=message.text)], "\n\n"
        )
    hints = _hints(view, message, to)
    text = joined([told, joined(hints)], "\n\n") if hints else told
    rows: list[tuple[Button, ...]] = []
    open_ = message.url or message.chat
    if open_:
        rows.append((Button(to.label("Open WhatsApp"), url=open_),))
    others = [lang for lang in _NAMES if lang != made.language]
    small = [Button(_NAMES[lang], turned.action("remind", party, lang=lang)) for lang in others]
    if message.url:
        small.insert(
            0, Button(to.label("Copy the text"), turned.action("remind_copy", party, lang=made.language))
        )
    rows.append(tuple(small))
    rows.append((Button(to.label("I sent it"), turned.action("reminded", party, amount=view.asked)),))
    rows.append(_way_on(view, turned, to))
    return Card(text, tuple(rows))


def _head(view: ReminderView, turned: Turned, to: Audience) -> list[Html]:
    name = cut(view.party_name, _TITLE)
    title = to.say("<b>{name}</b> · reminder", name=name)
    if turned.round is not None:
        place = {"n": turned.round.at + 1, "of": len(turned.round.parties)}
        title = to.say("{n} of {of} · <b>{name}</b>", name=name, **place)
    lines = to.heading(title)
    lines.append(_asked(view, to))
    if turned.overrule and view.holds:
        against = joined([_hold(one, view.currency, to) for one in view.holds], " · ")
        lines.append(to.say("<i>Although: {against}</i>", against=against))
    return lines


def _asked(view: ReminderView, to: Audience) -> Html:
    amount = money(view.asked, view.currency)
    if view.days > 0:
        line = to.count("Overdue {amount} · {n} day", "Overdue {amount} · {n} days", view.days, amount=amount)
    else:
        line = to.say("Not due yet {amount}", amount=amount)
    if view.net != view.asked:
        line = to.say("{line}\nTo collect in all {net}", line=line, net=money(view.net, view.currency))
    if view.disputed:
        aside = money(view.disputed, view.currency)
        line = to.say("{line}\nDisputed, not asked for: {aside}", line=line, aside=aside)
    return line


def _hints(view: ReminderView, message: Message, to: Audience) -> list[Html]:
    lines = []
    if view.phone is None:
        lines.append(
            to.say("No mobile number is known: add one in your CRM or Tally. Until then, copy the text.")
        )
    elif not message.url:
        lines.append(to.say("The text is too long for a link: copy it, then open WhatsApp."))
    if not view.pay.payable:
        lines.append(to.say("No UPI ID and no account is set: /pay"))
    elif view.asked > UPI_CAP and not view.pay.by_transfer:
        lines.append(to.say("UPI mostly stops at ₹1,00,000 a day. Add your account for larger sums: /pay"))
    return lines


def _way_on(view: ReminderView, turned: Turned, to: Audience) -> tuple[Button, ...]:
    if turned.round is None:
        return (_to_customer(view, to),)
    stop = Button(to.label("Stop here"), {"do": "remind_end", "round": turned.round.stored()})
    onward = Button(to.label("Next ›"), {"do": "remind_next", "round": turned.round.further().stored()})
    return (stop, onward)


def _to_customer(view: ReminderView, to: Audience) -> Button:
    action = {"do": "party", "party": str(view.party_id), "inplace": True}
    return Button(to.label("‹ {name}", name=cut(view.party_name, _BACK)), action)


def copy_card(message: Message, to: Audience) -> Card:
    """The message by itself, to be copied with a tap."""
    return Card(to.say("<code>{text}</code>", text=message.text))


# ---- what speaks against it ----------------------------------------------------------------------------
def held_card(view: ReminderView, turned: Turned, to: Audience, *, opened: bool) -> Card:
    """Say what speaks against a reminder; what weighs heavily is overruled only once it is `opened` and read."""
    against = view.against(turned.overrule)
    heavy = [one for one in against if one.strength == "hard"]
    final = any(one.strength == "final" for one in against)
    title = to.say("<b>{name}</b>", name=cut(view.party_name, _TITLE))
    head = [*to.heading(title), *([] if final else [_asked(view, to)])]
    blocks = [joined(head)]
    lines = [] if final else [to.say("I would wait:")]
    lines += [
        capital(_hold(one, view.currency, to))
        if final
        else to.say("· {why}", why=_hold(one, view.currency, to))
        for one in against
    ]
    blocks.append(joined(lines))
    if heavy and opened:
        blocks.append(joined([line for one in heavy for line in _in_full(one, to)]))
    buttons = _ways(view, against, turned, to, opened=opened) if not final else []
    rows = [*in_rows(buttons), (_to_customer(view, to),)]
    return Card(joined(blocks, "\n\n"), tuple(rows))


def _ways(
    view: ReminderView, against: tuple[ReminderHold, ...], turned: Turned, to: Audience, *, opened: bool
) -> list[Button]:
    party = str(view.party_id)
    heavy = [one for one in against if one.strength == "hard"]
    buttons = []
    if any(one.code == "entry" for one in heavy) and to.may(Permission.ANSWER):
        buttons.append(Button(to.label("Answer it"), {"do": "questions", "party": party}))
    if any(one.code == "stale" for one in heavy) and to.may(Permission.SEE_SOURCES):
        buttons.append(Button(to.label("Sources"), {"do": "sources"}))
    if heavy and not opened:
        buttons.append(Button(to.label("Why?"), turned.action("remind", party, why=True)))
    elif not heavy or to.may(Permission.ANSWER):
        known = dict.fromkeys((*turned.overrule, *(one.code for one in against)))
        anyway = replace(turned, overrule=tuple(known))
        buttons.append(Button(to.label("Send anyway"), anyway.action("remind", party)))
    return buttons


def _hold(hold: ReminderHold, currency: str, to: Audience) -> Html:
    match hold.code:
        case "nothing_due":
            return to.say("nothing to collect.")
        case "disputed":
            return to.say(
                "all that is open, {amount}, is disputed.", amount=money(hold.amount or 0, currency)
            )
        case "entry":
            return to.say("an entry needs your answer first")
        case "stale":
            return to.say("what was paid lately may not show yet")
        case "promise":
            return to.say("will pay on {day}", day=to.day(hold.on)) if hold.on else to.say("will pay")
        case "cheque":
            return _cheque(hold, currency, to)
        case "said_paid":
            return _said_paid(hold, currency, to)
        case "reminded":
            return _reminded(hold, to)
        case "grace":
            return to.say("was due yesterday only: the bank may not show it yet")
        case _:
            if hold.on is None:
                return to.say("nothing overdue, no credit days agreed")
            return to.say("nothing overdue, next due {day}", day=to.day(hold.on))


def _cheque(hold: ReminderHold, currency: str, to: Audience) -> Html:
    amount = money(hold.amount or 0, currency)
    if hold.on is None:
        return to.say("a cheque is in hand, {amount}", amount=amount)
    return to.say("a cheque is in hand, {amount}, for {day}", amount=amount, day=to.day(hold.on))


def _said_paid(hold: ReminderHold, currency: str, to: Audience) -> Html:
    day = to.day(hold.on) if hold.on else ""
    if hold.amount is not None:
        return to.say("{amount} is said to be paid on {day}", amount=money(hold.amount, currency), day=day)
    if hold.who:
        return to.say("says it is paid ({who}, {day})", who=cut(hold.who, 24), day=day)
    return to.say("says it is paid ({day})", day=day)


def _reminded(hold: ReminderHold, to: Audience) -> Html:
    day = to.day(hold.on) if hold.on and hold.on != to.today else unescaped(to.say("today"))
    if hold.who:
        return to.say("reminded {day} by {who}", day=day, who=cut(hold.who, 24))
    return to.say("reminded {day}", day=day)


def _in_full(hold: ReminderHold, to: Audience) -> list[Html]:
    """Say all that is known of something that weighs heavily."""
    if hold.code == "entry":
        return [to.say("“{entry}”", entry=cut(entry, 90)) for entry in hold.entries]
    lines = [capital(nothing_new(source, to)) for source in hold.sources[:_MOST_SOURCES]]
    return [*lines, to.say("They may have paid since.")]


# ---- it went out, and all in turn ----------------------------------------------------------------------
def reminded_card(view: ReminderView, made: DecisionView, to: Audience) -> Card:
    """Say that a reminder is noted, with its way back."""
    amount = money(made.amount or 0, view.currency)
    text = to.say("✓ <b>{name}</b> reminded of {amount}", name=cut(view.party_name, _TITLE), amount=amount)
    undo = Button(to.label("Undo"), {"do": "withdraw", "decision": str(made.id)})
    return Card(joined(to.heading(text)), ((undo, _to_customer(view, to)),))


def nobody_card(found: LateCustomersView, to: Audience) -> Card:
    """Say that nobody is to be reminded now, and what the others wait for."""
    lines = to.heading(to.say("Nobody needs a reminder now."))
    if found.stale:
        lines = to.heading(to.say("I would wait with reminders: what was paid lately may not show yet."))
        lines += [capital(nothing_new(source, to)) for source in found.stale[:_MOST_SOURCES]]
    rows = []
    if found.stale and to.may(Permission.ANSWER):
        anyway = {"do": "remind_all", "overrule": ["stale"]}
        rows.append(
            (Button(to.label("Sources"), {"do": "sources"}), Button(to.label("Remind anyway"), anyway))
        )
    waiting = [] if found.stale else _waiting(found, to)
    text = joined([joined(lines), *([joined(waiting)] if waiting else [])], "\n\n")
    return Card(text, (*rows, (Button(to.label("Who owes me"), {"do": "owes"}),)))


def done_card(round_: Round, found: LateCustomersView, to: Audience) -> Card:
    """End a round: how many were reminded, and what the others wait for."""
    head = to.count("{n} customer reminded.", "{n} customers reminded.", round_.sent)
    waiting = _waiting(found, to)
    text = joined([joined(to.heading(head)), *([joined(waiting)] if waiting else [])], "\n\n")
    return Card(text, ((Button(to.label("Who owes me"), {"do": "owes"}),),))


def _waiting(found: LateCustomersView, to: Audience) -> list[Html]:
    if not found.held:
        return []
    return [to.say("<b>These wait</b>"), *(_waits(code, n, to) for code, n in found.held)]


def _waits(code: str, n: int, to: Audience) -> Html:
    match code:
        case "promise":
            return to.say("{n} will pay on a day to come", n=n)
        case "cheque":
            return to.say("{n} with a cheque in hand", n=n)
        case "said_paid":
            return to.say("{n} said to have paid", n=n)
        case "reminded":
            return to.say("{n} reminded in the last days", n=n)
        case "grace":
            return to.say("{n} due since yesterday only", n=n)
        case "entry":
            return to.say("{n} with an entry to answer first", n=n)
        case "stale":
            return to.say("{n} until the bank is up to date", n=n)
        case _:
            return to.say("{n} with disputed bills", n=n)


def which_card(parties: tuple[tuple[str, str], ...], to: Audience) -> Card:
    """Ask whom to remind, where several bear a name: (id, name) each."""
    buttons = tuple((Button(cut(name, 38), {"do": "remind", "party": party}),) for party, name in parties)
    return Card(joined(to.heading(to.say("Remind whom?"))), buttons)
