"""One customer or vendor in full, and the choices of a search."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.cards.audience import Audience, aging_bars, money
from bot.cards.card import Button, Card, Rows, in_rows
from bot.cards.lines import capital, last_heard, nothing_new, till
from bot.words import Html, clean, cut, html, joined
from ledger.domain.roles import Permission
from ledger.views import (
    ChequeView,
    InvoiceView,
    PartyView,
    PayableView,
    ReceiptView,
    SourceView,
)
from ledger.views.customers import Reported, TalkView

_BILLS_SHOWN = 3
_CHOICES = 5
_TITLE = 48
_NOTE = 120
_SOURCES = 5
_TAKEN_BACK = ("payment.reversed", "payment.failed")
_IN_HAND = ("cheque.received", "cheque.deposited")
_NOTHING_SAID = TalkView()
_JUST_NOW = timedelta(minutes=1)


def party_card(view: PartyView, to: Audience, talk: TalkView = _NOTHING_SAID) -> Card:
    """Write one party: net balance, oldest, habit, promise, bills, cheques, what was said last, contact, freshness."""
    brief = (view := _with_the_last_word(view, talk, to)).brief
    head = to.heading(to.say("<b>{name}</b>", name=cut(brief.name, _TITLE)))
    head += _balance(view, talk, to)
    blocks = [joined(head)]
    if view.bills:
        blocks.append(joined(_bills(view, to)))
    if to.may(Permission.SEE_PAYABLES) and (brief.payable > 0 or (view.payables and not brief.is_customer)):
        blocks.append(joined(_payables(view, to)))
    blocks.append(joined([*_money_in(view, talk, to), *_said(talk, to)]))
    blocks.append(joined(_contact(view, to)))
    return Card(joined([block for block in blocks if block], "\n\n"), _party_buttons(view, talk, to))


def _with_the_last_word(view: PartyView, talk: TalkView, to: Audience) -> PartyView:
    """Let a promise stand that was noted just now, though nothing has been folded since."""
    word = talk.promise
    if word is None or to.now - word.at > _JUST_NOW or word.on < to.today:
        return view
    kept = replace(view.brief, promise_on=word.on, promise_broken=False)
    return replace(view, brief=kept, promise_amount=word.amount)


def _party_buttons(view: PartyView, talk: TalkView, to: Audience) -> Rows:
    """Offer what is wanted of a party, in the order of use; what waits for an answer first."""
    brief, party = view.brief, str(view.brief.id)
    first = []
    if view.conflicts_open and to.may(Permission.ANSWER):
        action = {"do": "questions", "party": party}
        first.append(Button(to.label("Answer {n}", n=view.conflicts_open), action))
    if any(not one.own for one in talk.reported) and to.may(Permission.ANSWER):
        first.append(Button(to.label("Is the money here?"), {"do": "reported"}))
    ledger = Button(to.label("Ledger"), {"do": "ledger", "party": party})
    if not to.may(Permission.REPORT):
        history = Button(to.label("Full history"), {"do": "sources_of", "party": party})
        return (*_row(*first), (ledger, history))
    more = Button(to.label("More…"), {"do": "party_more", "party": party})
    paid = Button(to.label("Paid"), {"do": "paid", "party": party})
    call = Button(to.label("Call ▸"), {"do": "call", "party": party})
    if brief.net > 0:
        remind = Button(to.label("Remind"), {"do": "remind", "party": party})
        promise = Button(to.label("Will pay on…"), {"do": "promise", "party": party})
        return (*_row(*first), (remind, call), (promise, paid), (ledger, more))
    if brief.is_vendor and not brief.is_customer and to.may(Permission.SEE_PAYABLES):
        return (*_row(*first), (owed_button(party, to), ledger), (more,))
    return (*_row(*first), (paid, ledger), (more,))


def owed_button(party: str, to: Audience) -> Button:
    """Return the way to what we owe a party."""
    return Button(to.label("What I owe them"), {"do": "vendor", "party": party})


def _row(*buttons: Button) -> Rows:
    return in_rows(buttons) if buttons else ()


def _balance(view: PartyView, talk: TalkView, to: Audience) -> list[Html]:
    brief = view.brief
    lines = []
    if brief.net > 0:
        line = to.say("To collect <b>{net}</b>", net=money(brief.net, brief.currency))
        if brief.overdue_days > 0:
            late = to.count("{n} day overdue", "{n} days overdue", brief.overdue_days)
            line = to.say("{line} · {late}", line=line, late=late)
        else:
            line = to.say("{line} · nothing overdue", line=line)
        lines.append(line)
    elif brief.net < 0:
        lines.append(to.say("Paid ahead <b>{net}</b>", net=money(-brief.net, brief.currency)))
    elif brief.is_customer or not brief.is_vendor:
        lines.append(to.say("Nothing to collect."))
    lines += _same_owner(view, to)
    if brief.on_account and brief.open_bills:
        lines.append(
            to.say(
                "Bills {bills} less {on_account} on account",
                bills=money(brief.open_bills, brief.currency),
                on_account=money(brief.on_account, brief.currency),
            )
        )
    if view.to_give_back:
        lines.append(to.say("To be given back {amount}", amount=money(view.to_give_back, brief.currency)))
    overdue = tuple(bucket for bucket in view.aging if bucket.amount > 0)
    if len(overdue) > 1:
        lines.append(aging_bars(overdue, brief.currency, to))
    if 0 < brief.overdue < brief.net:
        later = money(brief.net - brief.overdue, brief.currency)
        lines.append(to.say("Not due yet {amount}", amount=later))
    if brief.promise_on is not None:
        lines.append(_promise(view, to))
    if talk.goods is not None and not talk.goods.may:
        lines.append(
            to.say(
                "⛔ No goods for now: {name}, {day}", name=cut(talk.goods.by, 24), day=to.day(talk.goods.on)
            )
        )
    if brief.held:
        why = cut(view.held_by[0], 80) if view.held_by else to.say("an entry needs your answer first")
        lines.append(to.say("Reminders wait: {why}", why=why))
    habit = _habit(view, to)
    return [*lines, *([habit] if habit else []), *_ahead(view, to)]


def _promise(view: PartyView, to: Audience) -> Html:
    brief = view.brief
    assert brief.promise_on is not None
    day = html(to.day(brief.promise_on))
    if view.promise_amount:
        day = to.say("{amount} on {day}", amount=money(view.promise_amount, brief.currency), day=day)
    if brief.promise_broken:
        return to.say("Promised {day}, not paid", day=day)
    return to.say("Will pay {day}", day=day)


def _habit(view: PartyView, to: Audience) -> Html | None:
    parts = []
    usual = view.brief.usual_days_late
    if usual is not None and usual > 0:
        habit = to.count("Usually pays {n} day late", "Usually pays {n} days late", usual)
        parts.append(_lately(habit, view, to))
    elif usual is not None:
        parts.append(_lately(to.say("Usually pays on time"), view, to))
    if view.terms_days is not None:
        parts.append(_terms(view, view.terms_days, to))
    if view.credit_limit:
        parts.append(to.say("limit {amount}", amount=money(view.credit_limit, view.brief.currency)))
    return capital(joined(parts, " · ")) if parts else None


def _terms(view: PartyView, days: int, to: Audience) -> Html:
    """Say the credit days agreed, and those before where they were changed: bills of that time keep them."""
    agreed = to.count("terms {n} day", "terms {n} days", days)
    told = [one for one in view.history if one.name == "terms_days"]
    if len(told) < 2 or told[-1].since is None or told[-2].value is None:
        return agreed
    return to.say(
        "{agreed} ({before} until {day})", agreed=agreed, before=told[-2].value, day=to.day(told[-1].since)
    )


def _same_owner(view: PartyView, to: Audience) -> list[Html]:
    """Say that there are more ledgers of the same PAN; their sum is shown, and never taken for one balance."""
    if view.group is None:
        return []
    others = [member for member in view.group.members if member.party_id != view.brief.id]
    return [
        to.count(
            "With {n} more ledger of the same PAN: {total}",
            "With {n} more ledgers of the same PAN: {total}",
            len(others),
            total=money(view.group.total, view.group.currency),
        )
    ]


def _lately(habit: Html, view: PartyView, to: Audience) -> Html:
    last = view.outlook.last_three_days_late if view.outlook else None
    if last is None or last == view.brief.usual_days_late:
        return habit
    return to.say("{habit}, the last three bills {days}", habit=habit, days=last)


def _ahead(view: PartyView, to: Audience) -> list[Html]:
    """Say what is expected next, and how many promises were broken; a promise that stands says it already."""
    outlook, lines = view.outlook, []
    if outlook is None:
        return []
    if outlook.promises_broken:
        given = outlook.promises_kept + outlook.promises_broken
        lines.append(to.say("Kept {kept} of {given} promises", kept=outlook.promises_kept, given=given))
    if (
        outlook.next_on is not None
        and not view.brief.held
        and (view.brief.promise_on is None or view.brief.promise_broken)
    ):
        amount = money(outlook.next_amount, outlook.currency)
        lines.append(to.say("Expected {amount} about {day}", amount=amount, day=to.day(outlook.next_on)))
    return lines


def _bills(view: PartyView, to: Audience) -> list[Html]:
    shown = view.bills[:_BILLS_SHOWN]
    if view.bills_open > len(shown):
        head = to.count("<b>{n} open bill</b>", "<b>{n} open bills</b>, the oldest:", view.bills_open)
    else:
        head = to.say("<b>Open bills</b>")
    return [head, *(_bill_line(bill, to) for bill in shown)]


def _bill_line(bill: InvoiceView, to: Audience) -> Html:
    number = cut(bill.number, 18) if bill.number else to.say("opening balance")
    line = to.say("{number}  {amount}", number=number, amount=money(bill.outstanding, bill.currency))
    if bill.status == "invoice.disputed":
        return to.say("{line} · disputed", line=line)
    if 0 < bill.outstanding < bill.amount:
        line = to.say("{line} of {amount}", line=line, amount=money(bill.amount, bill.currency))
    if bill.due_on is None:
        age = to.count(
            "{n} day old, no credit days agreed", "{n} days old, no credit days agreed", bill.age_days
        )
        return to.say("{line} · {age}", line=line, age=age)
    if bill.overdue_days > 0:
        late = to.count("{n} day late", "{n} days late", bill.overdue_days)
        return to.say("{line} · {late}", line=line, late=late)
    return to.say("{line} · due {day}", line=line, day=to.day(bill.due_on))


def _payables(view: PartyView, to: Audience) -> list[Html]:
    """Say what we owe them; bill by bill where that is all there is (a vendor's own card has the rest)."""
    brief = view.brief
    lines = [to.say("You owe them <b>{amount}</b>", amount=money(brief.payable, brief.currency))]
    if not brief.is_customer:
        lines += [_payable_line(bill, to) for bill in view.payables[:_BILLS_SHOWN]]
    return lines


def _payable_line(bill: PayableView, to: Audience) -> Html:
    number = cut(bill.number, 18) if bill.number else to.say("opening balance")
    line = to.say("{number}  {amount}", number=number, amount=money(bill.outstanding, bill.currency))
    return to.say("{line} · due {day}", line=line, day=to.day(bill.due_on)) if bill.due_on else line


def _money_in(view: PartyView, talk: TalkView, to: Audience) -> list[Html]:
    lines = [reported_line(one, to) for one in talk.reported]
    # What a member reported is told in its own line; the books' and the gateway's word is told here.
    told = {(one.amount, one.paid_on) for one in talk.reported}
    recent = [one for one in view.recent if one.arrived or (one.amount, one.received_on) not in told]
    if recent:
        lines.append(_receipt(recent[0], to))
    in_hand = [cheque for cheque in view.cheques if cheque.status in _IN_HAND]
    if in_hand:
        lines.append(_cheques(in_hand, to))
    return lines


def reported_line(one: Reported, to: Audience) -> Html:
    """Say where money is that a member reported and nobody else has confirmed."""
    amount = money(one.amount, one.currency)
    if one.method in ("cash", "cheque"):
        if one.own:
            return to.say("{amount} with you, not handed in", amount=amount)
        return to.say("{amount} with {name}, not handed in", amount=amount, name=cut(one.by, 24))
    return to.say("They say {amount} paid {day}, not in the bank yet", amount=amount, day=to.day(one.paid_on))


def _said(talk: TalkView, to: Audience) -> list[Html]:
    lines = []
    if talk.reminded is not None:
        reminded = to.say(
            "Reminded {when} by {who}", when=to.moment(talk.reminded.at), who=cut(talk.reminded.by, 24)
        )
        lines.append(reminded)
    if talk.page_seen_at is not None:
        lines.append(to.say("Looked at the pay page {when}", when=to.moment(talk.page_seen_at)))
    if talk.call is not None:
        lines.append(
            to.say(
                "Called {when}: {outcome}", when=to.moment(talk.call.at), outcome=outcome(talk.call.text, to)
            )
        )
    if talk.note is not None:
        lines.append(to.say("Note: {text}", text=cut(talk.note.text, _NOTE)))
    return lines


def outcome(word: str, to: Audience) -> Html:
    """Say what came of a call."""
    match word:
        case "will_pay":
            return to.say("will pay")
        case "no_answer":
            return to.say("no answer")
        case "says_paid":
            return to.say("says it is paid")
        case _:
            return to.say("disputes a bill")


def _receipt(receipt: ReceiptView, to: Audience) -> Html:
    line = to.say(
        "Last paid {amount} · {day}",
        amount=money(receipt.amount, receipt.currency),
        day=to.day(receipt.received_on),
    )
    if receipt.status in _TAKEN_BACK:
        return to.say(
            "⚠ {amount} of {day} came back unpaid",
            amount=money(receipt.amount, receipt.currency),
            day=to.day(receipt.received_on),
        )
    return line if receipt.arrived else to.say("{line}, not seen in the bank yet", line=line)


def _cheques(cheques: list[ChequeView], to: Audience) -> Html:
    total = money(sum(cheque.amount for cheque in cheques), cheques[0].currency)
    line = to.count("Cheque in hand {total}", "{n} cheques in hand {total}", len(cheques), total=total)
    coming = [cheque.dated_on for cheque in cheques if cheque.dated_on and cheque.dated_on >= to.today]
    return to.say("{line}, next {day}", line=line, day=to.day(min(coming))) if coming else line


def _contact(view: PartyView, to: Audience) -> list[Html]:
    lines = []
    if view.brief.phone:
        lines.append(html(spaced(clean(view.brief.phone))))
    elif view.email:
        lines.append(html(clean(view.email)))
    late = [source for source in view.sources if source.state in ("failing", "quiet", "never")]
    lines += [to.say("⚠ {news}", news=nothing_new(source, to)) for source in late[:_SOURCES]]
    # What came once, as a sheet of opening balances does, has no news to be fresh or stale.
    fresh = [source for source in view.sources if source not in late and source.silence_hours > 0]
    if fresh:
        news = joined([_freshness(source, to) for source in fresh[:_SOURCES]], " · ")
        lines.append(to.say("<i>News: {news}</i>", news=news))
    return lines


def spaced(phone: str) -> str:
    """Write an Indian mobile number as people do: +91 98200 12345."""
    found = re.fullmatch(r"\+91[ -]?(\d{5})[ -]?(\d{5})", phone)
    return f"+91 {found[1]} {found[2]}" if found else phone


def _freshness(source: SourceView, to: Audience) -> Html:
    label = cut(source.label, 24)
    if source.covered_until is not None:
        return to.say("{source} till {day}", source=label, day=till(source.covered_until, to))
    last = last_heard(source)
    if last is None:
        return html(label)
    return to.say("{source} {day}", source=label, day=till(to.local_day(last), to))


def bills_card(bills: tuple[InvoiceView, ...], text: str, to: Audience) -> Card:
    """Show the bills that a number or an amount names, each with a button to its customer."""
    lines = [to.say("Bills that fit “{text}”", text=cut(text, 30))]
    lines += [
        to.say("<b>{name}</b>\n{bill}", name=cut(bill.party_name, 32), bill=_bill_line(bill, to))
        for bill in bills[:_CHOICES]
    ]
    seen: dict[str, str] = {str(bill.party_id): bill.party_name for bill in bills[:_CHOICES]}
    buttons = tuple((Button(cut(name, 38), {"do": "party", "party": party}),) for party, name in seen.items())
    return Card(joined([joined(to.heading(lines[0])), joined(lines[1:])], "\n\n"), buttons)


def not_found_card(text: str, to: Audience) -> Card:
    """Say that nothing fits, and what can be typed instead."""
    lines = [
        to.say("I found nobody and no bill for “{text}”.", text=cut(text, 30)),
        to.say("Type part of a customer's name, a bill number or an amount; /help shows the rest."),
    ]
    return Card(joined(to.heading(joined(lines))))
