"""The morning digest: what is there, what is owed, whom to call, what waits for an answer."""

from __future__ import annotations

from bot.cards.audience import Audience, aging_bars, whole
from bot.cards.card import Button, Card, Rows, in_rows
from bot.cards.cash import dues_named, shortage_line
from bot.cards.lines import INDENT, NAME_WIDTH, account_tail, capital, nothing_new, party_line, till
from bot.words import Html, clean, cut, joined
from ledger.domain.roles import Permission
from ledger.views import BankView, DigestView

_STALE_AFTER_DAYS = 3
_MOST_SOURCES = 3


def digest_card(view: DigestView, to: Audience) -> Card:
    """Write the digest of one member, as much as his role may see."""
    first_name = clean(view.member_name).split(" ")[0] if clean(view.member_name) else ""
    greeting = to.say("<b>{name} ji · {day}</b>", name=first_name, day=to.day(view.today))
    head = to.heading(greeting)
    if view.sees_payables:
        head += [_bank_line(bank, view, to) for bank in view.banks]
    blocks = [joined(head), _to_collect(view, to)]
    if view.call_first:
        lines = [to.say("<b>Call first</b>")]
        lines += [party_line(number, brief, to) for number, brief in enumerate(view.call_first, start=1)]
        blocks.append(joined(lines))
    blocks.append(joined(_closing(view, to)))
    return Card(joined([block for block in blocks if block], "\n\n"), _buttons(view, to))


def _bank_line(bank: BankView, view: DigestView, to: Audience) -> Html:
    label = f"{cut(bank.label, NAME_WIDTH)}{account_tail(bank.account, bank.label)}"
    balance = whole(bank.balance, view.currency)
    age = (view.today - bank.covered_until).days
    if age >= _STALE_AFTER_DAYS:
        return to.say(
            "Bank {balance} ({label})\nThat is {days} days old: known till {day}",
            balance=balance,
            label=label,
            days=age,
            day=to.day(bank.covered_until),
        )
    line = to.say(
        "Bank {balance} ({label}, till {day})",
        balance=balance,
        label=label,
        day=till(bank.covered_until, to),
    )
    if bank.came_yesterday <= 0:
        return line
    came = to.say("Yesterday {amount} came", amount=whole(bank.came_yesterday, view.currency))
    return joined([line, came])


def _to_collect(view: DigestView, to: Audience) -> Html:
    if _knows_nothing(view) and to.may(Permission.ANSWER):
        return to.say(
            "I know nothing of your money yet. Send me a bank statement or a sheet of open bills as a file, "
            "and I'll start with that."
        )
    if view.to_collect == 0 and view.overdue == 0:
        return to.say("Nothing to collect.")
    total = whole(view.to_collect, view.currency)
    if view.overdue <= 0:
        return to.say("<b>To collect {total}</b> · nothing overdue", total=total)
    line = to.say(
        "<b>To collect {total}</b> · overdue {overdue}",
        total=total,
        overdue=whole(view.overdue, view.currency),
    )
    return joined([line, aging_bars(view.aging, view.currency, to)])


def _knows_nothing(view: DigestView) -> bool:
    return not (view.banks or view.to_collect or view.to_pay or view.questions or view.quiet_sources)


def _closing(view: DigestView, to: Audience) -> list[Html]:
    lines = _by_the_horizon(view, to)
    last = []
    if view.questions and to.may(Permission.ANSWER):
        last.append(to.count("{n} entry needs your answer", "{n} entries need your answer", view.questions))
    elif view.questions:
        last.append(to.count("{n} entry is being checked", "{n} entries are being checked", view.questions))
    shown = {bank.source for bank in view.banks}
    quiet = [s for s in view.quiet_sources if s.state == "failing" or s.name not in shown]
    quiet.sort(key=lambda source: source.state != "failing")
    last += [capital(nothing_new(source, to)) for source in quiet[:_MOST_SOURCES]]
    if last:
        lines += last
    elif not view.call_first and not _knows_nothing(view):
        lines.append(to.say("All quiet: nothing needs you today."))
    return lines


def _by_the_horizon(view: DigestView, to: Audience) -> list[Html]:
    day = to.weekday(view.horizon)
    parts = []
    if view.expected > 0:
        amount = whole(view.expected, view.currency)
        parts.append(to.say("Expected by {day} <b>{amount}</b>", day=day, amount=amount))
    if view.sees_payables and view.to_pay > 0:
        amount = whole(view.to_pay, view.currency)
        line = to.say("To pay by {day} <b>{amount}</b>", day=day, amount=amount)
        if view.dues:
            named = dues_named(view.dues, view.currency, to)
            line = to.say("{line}\n{indent}with {named}", line=line, indent=INDENT, named=named)
        parts.append(line)
    if view.sees_payables and view.shortage is not None:
        parts.append(shortage_line(view.shortage, view.currency, to))
    return parts


def _buttons(view: DigestView, to: Audience) -> Rows:
    if _knows_nothing(view):
        return ()
    first: Rows = ()
    if view.questions and to.may(Permission.ANSWER):
        first = ((Button(to.label("Answer {n}", n=view.questions), {"do": "questions"}),),)
    elif view.questions and to.may(Permission.SEE_PAYABLES):
        first = ((Button(to.label("See {n}", n=view.questions), {"do": "questions"}),),)
    buttons = [Button(to.label("Who owes me"), {"do": "owes"})]
    if view.sees_payables and to.may(Permission.SEE_PAYABLES):
        buttons.append(Button(to.label("What I owe"), {"do": "owe"}))
        if view.shortage is not None:
            buttons.append(Button(to.label("Cash ahead"), {"do": "cash"}))
    return (*first, *in_rows(buttons))
