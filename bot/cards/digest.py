"""The morning digest: what is there, what is owed, whom to call, what waits for an answer."""

from __future__ import annotations

from datetime import timedelta

from bot.cards.audience import Audience, aging_bars, whole
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.cards.cash import dues_named, shortage_line
from bot.cards.lines import (
    INDENT,
    NAME_WIDTH,
    account_tail,
    capital,
    last_heard,
    nothing_new,
    party_line,
    short_name,
    till,
)
from bot.cards.lists import numbered
from bot.words import Html, clean, cut, html, joined
from ledger.domain.roles import Permission
from ledger.views import BankView, DigestView, SourceView

EVENING: Action = {"do": "set_evening", "at": "19:00", "apart": True}
_MOST_SOURCES, _MOST_BANKS, _MOST_STALE = 3, 3, 3


def digest_card(view: DigestView, to: Audience) -> Card:
    """Write the digest of one member, as much as his role may see; a day without news has three lines."""
    head = _head(view, to)
    if _nothing_new(view):
        return Card(joined([*head, *_in_one_line(view, to), *_offer(view, to)]), _buttons(view, to))
    if view.came > 0 and view.came_since is not None:
        head.append(_came(view, to))
    blocks = [joined(head), _to_collect(view, to)]
    if view.call_first:
        lines = [to.say("<b>Call first</b>")]
        lines += [party_line(number, brief, to) for number, brief in enumerate(view.call_first, start=1)]
        blocks.append(joined(lines))
    blocks.append(joined([*_closing(view, to), *_offer(view, to)]))
    return Card(joined([block for block in blocks if block], "\n\n"), _buttons(view, to))


def remind_whom_card(view: DigestView, to: Audience) -> Card:
    """Ask whom to remind: those who are to be called first."""
    if not view.call_first:
        return Card(joined(to.heading(to.say("Nobody needs a reminder today."))))
    lines = [party_line(number, brief, to) for number, brief in enumerate(view.call_first, start=1)]
    buttons = [
        Button(short_name(brief.name, 28), {"do": "remind", "party": str(brief.id)})
        for brief in view.call_first
    ]
    everybody = Button(to.label("All who are late"), {"do": "remind_all"})
    rows = (*in_rows(buttons), (everybody,))
    return Card(joined([*to.heading(to.say("<b>Remind whom?</b>")), *lines]), rows)


def _head(view: DigestView, to: Audience) -> list[Html]:
    """Greet, say what is old, and what is in the banks."""
    first_name = clean(view.member_name).split(" ")[0] if clean(view.member_name) else ""
    head = to.heading(to.say("<b>{name} ji · {day}</b>", name=first_name, day=to.day(view.today)))
    if view.stale:
        named = joined([_known_till(source, to) for source in view.stale[:_MOST_STALE]], ", ")
        head.append(to.say("⚠️ Old figures: {named}", named=named))
    if view.sees_payables:
        head += [_bank_line(bank, view, to) for bank in view.banks[:_MOST_BANKS]]
        if more := view.banks[_MOST_BANKS:]:
            amount = whole(sum(bank.balance for bank in more), view.currency)
            head.append(
                to.count(
                    "{amount} in {n} more account", "{amount} in {n} more accounts", len(more), amount=amount
                )
            )
    return head


def _known_till(source: SourceView, to: Audience) -> Html:
    """Say till which day a source is known: “ICICI till Sat 14 Nov”."""
    heard = last_heard(source)
    day = source.covered_until or (to.local_day(heard) if heard is not None else None)
    label = cut(source.label, NAME_WIDTH)
    return to.say("{source} till {day}", source=label, day=to.day(day)) if day is not None else html(label)


def _bank_line(bank: BankView, view: DigestView, to: Audience) -> Html:
    return to.say(
        "Bank {balance} ({label}, till {day})",
        balance=whole(bank.balance, view.currency),
        label=f"{cut(bank.label, NAME_WIDTH)}{account_tail(bank.account, bank.label)}",
        day=till(bank.covered_until, to),
    )


def _came(view: DigestView, to: Audience) -> Html:
    amount = whole(view.came, view.currency)
    assert view.came_since is not None
    if view.came_since == view.today - timedelta(days=1):
        return to.say("Yesterday {amount} came", amount=amount)
    return to.say("Since {day} {amount} came", day=to.weekday(view.came_since), amount=amount)


def _nothing_new(view: DigestView) -> bool:
    """Whether a day is told in three lines: on one without work also what is overdue can wait."""
    news = view.came > 0 or view.questions or view.stale or view.shortage or view.week
    if news or _quiet_ones(view) or _knows_nothing(view):
        return False
    return not view.working or not (view.call_first or view.to_pay)


def _in_one_line(view: DigestView, to: Audience) -> list[Html]:
    if view.to_collect <= 0:
        return [to.say("All quiet: nothing needs you today.")]
    total, overdue = whole(view.to_collect, view.currency), whole(view.overdue, view.currency)
    if view.overdue > 0:
        return [to.say("<b>To collect {total}</b> · overdue {overdue}", total=total, overdue=overdue)]
    return [to.say("<b>To collect {total}</b> · nothing new", total=total)]


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


def _quiet_ones(view: DigestView) -> list[SourceView]:
    """Return the sources to speak of at the end: not those whose day stands at the top already, unreadable ones first."""
    shown = {bank.source for bank in view.banks} | {source.name for source in view.stale}
    quiet = [one for one in view.quiet_sources if one.state == "failing" or one.name not in shown]
    return sorted(quiet, key=lambda source: source.state != "failing")


def _closing(view: DigestView, to: Audience) -> list[Html]:
    lines = _the_week(view, to) if view.week is not None else _by_the_horizon(view, to)
    if view.sees_payables and view.shortage is not None:
        lines.append(shortage_line(view.shortage, view.currency, to))
    last = []
    if view.questions and to.may(Permission.ANSWER):
        last.append(to.count("{n} entry needs your answer", "{n} entries need your answer", view.questions))
    elif view.questions:
        last.append(to.count("{n} entry is being checked", "{n} entries are being checked", view.questions))
    last += [capital(nothing_new(source, to)) for source in _quiet_ones(view)[:_MOST_SOURCES]]
    if last:
        lines += last
    elif not view.call_first and not _knows_nothing(view):
        lines.append(to.say("All quiet: nothing needs you today."))
    return lines


def _the_week(view: DigestView, to: Audience) -> list[Html]:
    """Say what the last seven days brought and the next ones need, what is to be paid day by day."""
    assert view.week is not None
    lines = [to.say("<b>The week</b>")]
    if view.week.came > 0:
        amount = whole(view.week.came, view.currency)
        lines.append(to.say("Last 7 days <b>{amount}</b> came", amount=amount))
    lines += _by_the_horizon(view, to)
    if view.sees_payables and len(view.week.pays) > 1:
        amounts = [whole(amount, view.currency) for _, amount in view.week.pays]
        days = [to.weekday(day) for day, _ in view.week.pays]
        left, right = max(map(len, days)), max(map(len, amounts))
        rows = [f"{day:<{left}}  {amount:>{right}}" for day, amount in zip(days, amounts, strict=True)]
        lines.append(Html("<pre>" + html("\n".join(rows)) + "</pre>"))
    return lines if len(lines) > 1 else []


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
    return parts


def _offer(view: DigestView, to: Audience) -> list[Html]:
    return [to.say("In the evening I can tell you how the day went.")] if view.offers_evening else []


def _buttons(view: DigestView, to: Audience) -> Rows:
    if _knows_nothing(view):
        return ()
    first: Rows = ()
    if view.questions and to.may(Permission.ANSWER):
        first = ((Button(to.label("Answer {n}", n=view.questions), {"do": "questions"}),),)
    elif view.questions and to.may(Permission.SEE_PAYABLES):
        first = ((Button(to.label("See {n}", n=view.questions), {"do": "questions"}),),)
    shown = () if _nothing_new(view) else numbered(view.call_first, 1)
    buttons = [Button(to.label("Who owes me"), {"do": "owes"})]
    if view.sees_payables and to.may(Permission.SEE_PAYABLES):
        buttons.append(Button(to.label("What I owe"), {"do": "owe"}))
    if view.call_first and to.may(Permission.REPORT) and not _nothing_new(view):
        buttons.append(Button(to.label("Remind…"), {"do": "remind_whom"}))
    if view.sees_payables and to.may(Permission.SEE_PAYABLES) and view.shortage is not None:
        buttons.append(Button(to.label("Cash ahead"), {"do": "cash"}))
    if view.offers_evening:
        buttons.append(Button(to.label("Evening at 7 pm"), EVENING))
    return (*first, *shown, *in_rows(buttons))
