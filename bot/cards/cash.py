"""Can I pay: the weeks ahead, what falls due each month, and what micro and small suppliers are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.cards.audience import Audience, whole
from bot.cards.card import Button, Card, Rows, in_rows
from bot.cards.lines import INDENT, NAME_WIDTH, account_tail, short_name, till
from bot.words import Html, cut, joined
from ledger.domain.roles import Permission
from ledger.views.cash import (
    FOREIGN_BANK,
    NO_BANK,
    STALE_BANK,
    CashAccount,
    CashAheadView,
    CashMove,
    CashSpan,
    DueAhead,
    DueProposal,
    DuesView,
    DueView,
    MsmedView,
    ShortageView,
    VendorLimit,
    VendorLimitsView,
)
from ledger.words import marked

_WEEK, _MOST_LINES, _MOST_ACCOUNTS = 7, 6, 5
_NAMED = 3
_ASKED = 4
_STALE_AFTER_DAYS = 3


def shortage_line(short: ShortageView, currency: str, to: Audience) -> Html:
    """Say on which day the money isn't enough, by how much, and who would cover it."""
    day = to.say("Today") if short.on == to.today else to.weekday(short.on)
    line = to.say("⚠️ <b>{day} short by {amount}</b>", day=day, amount=whole(short.amount, currency))
    if not short.by:
        return line
    names = _and([short_name(one.name) for one in short.by], to)
    return to.say("{line}\n{names} would cover it", line=line, names=names)


def dues_named(dues: Sequence[DueAhead], currency: str, to: Audience) -> Html:
    """Name what falls due besides bills: “GST about ₹45,000, Salaries about ₹1,20,000”."""
    named = [_about(_due_name(due.name, to), due.amount, currency, to) for due in dues[:_NAMED]]
    if len(dues) > _NAMED:
        named.append(to.count("{n} more", "{n} more", len(dues) - _NAMED))
    return joined(named, ", ")


def cash_card(view: CashAheadView, to: Audience) -> Card:
    """Write the weeks ahead: what is there, the first short day, then day by day and week by week."""
    head = to.heading(to.say("<b>Cash ahead</b> · {day}", day=to.day(view.today)))
    head += [_account(one, to) for one in view.accounts[:_MOST_ACCOUNTS]]
    blocks = [joined(head), joined(_verdict(view, to))]
    if dues := [move for move in view.moves if move.kind == "due"]:
        blocks.append(
            joined([to.say("<b>Falls due besides bills</b>"), *(_move(m, view.currency, to) for m in dues)])
        )
    sure = view.why_not is None
    days = [day for day in view.days[:_WEEK] if day.came or day.paid]
    if days:
        lines = [_day(day, view.currency, to, sure=sure) for day in days]
        blocks.append(joined([to.say("<b>Next 7 days</b>"), *lines]))
    weeks = [week for week in view.weeks[1:] if week.came or week.paid]
    if weeks:
        lines = [_week(week, view.currency, to, sure=sure) for week in weeks]
        blocks.append(joined([to.say("<b>Then week by week</b>"), *lines]))
    if left := _left_out(view, to):
        blocks.append(joined(left))
    buttons = [
        Button(to.label("What falls due"), {"do": "dues"}),
        Button(to.label("Who owes me"), {"do": "owes"}),
        Button(to.label("What I owe"), {"do": "owe"}),
    ]
    return Card(joined(blocks, "\n\n"), in_rows(buttons))


def _account(one: CashAccount, to: Audience) -> Html:
    label = f"{cut(one.label, NAME_WIDTH)}{account_tail(one.account, one.label)}"
    balance = whole(one.balance, one.currency)
    if one.days_old >= _STALE_AFTER_DAYS:
        return to.say(
            "Bank {balance} ({label})\nThat is {days} days old: known till {day}",
            balance=balance,
            label=label,
            days=one.days_old,
            day=to.day(one.until),
        )
    return to.say(
        "Bank {balance} ({label}, till {day})", balance=balance, label=label, day=till(one.until, to)
    )


def _verdict(view: CashAheadView, to: Audience) -> list[Html]:
    if view.why_not is not None:
        return [_why_not(view.why_not, to)]
    lines = []
    if view.shortage is not None:
        lines.append(shortage_line(view.shortage, view.currency, to))
        if view.shortage.on == view.today and view.overdue_bills:
            overdue = whole(view.overdue_bills, view.currency)
            lines.append(to.say("Bills of {amount} that are overdue are counted today.", amount=overdue))
    elif view.unconfirmed:
        lines.append(to.say("Enough for the bills of the next 8 weeks, as customers usually pay."))
    else:
        lines.append(to.say("✅ Enough for the next 8 weeks, as customers usually pay."))
    if view.unconfirmed:
        lines.append(_unconfirmed(view, to))
    if view.at_risk is not None:
        lines.append(
            to.say(
                "If they pay as late as they sometimes do: {day} short by {amount}",
                day=to.weekday(view.at_risk.on),
                amount=whole(view.at_risk.amount, view.currency),
            )
        )
    return lines


def _unconfirmed(view: CashAheadView, to: Audience) -> Html:
    named = [
        _about(_due_name(one.name, to), one.amount, view.currency, to) for one in view.unconfirmed[:_NAMED]
    ]
    if (more := len(view.unconfirmed) - _NAMED) > 0:
        named.append(to.count("{n} more", "{n} more", more))
    return to.say(
        "⚠️ Not counted until you confirm it under “What falls due”: {named}", named=joined(named, ", ")
    )


def _why_not(why: str, to: Audience) -> Html:
    match why:
        case _ if why == NO_BANK:
            return to.say("I know no bank balance, so I can't say whether it is enough. Send me a statement.")
        case _ if why == STALE_BANK:
            return to.say("The bank balance is too old to say whether it is enough. Send me a new statement.")
        case _ if why == FOREIGN_BANK:
            return to.say("I know only accounts in another currency, so I can't say whether it is enough.")
        case _:
            return to.say(
                "The account is overdrawn and I don't know its limit, so I can't say whether it is enough."
            )


def _move(move: CashMove, currency: str, to: Audience) -> Html:
    return to.say(
        "{day} {what}", day=to.weekday(move.on), what=_about(_due_name(move.name, to), -move.amount, currency, to)
    )  # fmt: skip


def _due_name(name: str, to: Audience) -> str:
    """Write a due by its name; one of ours (`Rent: SHAH`) is said in the reader's language."""
    ours, colon, payee = name.partition(": ")
    return cut(f"{marked(to.language, ours)}{colon}{payee}", NAME_WIDTH)


def _about(name: str, amount: int, currency: str, to: Audience) -> Html:
    return to.say("{name} about {amount}", name=name, amount=whole(amount, currency))


def _day(span: CashSpan, currency: str, to: Audience, *, sure: bool) -> Html:
    line = to.say("{label}  {parts}", label=to.weekday(span.first), parts=_moved(span, currency, to))
    if span.closing is None or not sure:
        return line
    return to.say("{line} → <b>{left}</b>", line=line, left=whole(span.closing, currency))


def _week(span: CashSpan, currency: str, to: Audience, *, sure: bool) -> Html:
    label, parts = to.label("till {day}", day=to.day(span.last)), _moved(span, currency, to)
    if span.closing is None or not sure:
        return to.say("{label}  {parts}", label=label, parts=parts)
    left = whole(span.closing, currency)
    return to.say(
        "{label} → <b>{left}</b>\n{indent}{parts}", label=label, left=left, indent=INDENT, parts=parts
    )


def _moved(span: CashSpan, currency: str, to: Audience) -> Html:
    parts = []
    if span.came:
        parts.append(to.say("+{amount}", amount=whole(span.came, currency)))
    if span.paid:
        parts.append(to.say("−{amount}", amount=whole(span.paid, currency)))
    return joined(parts, " ")


def _left_out(view: CashAheadView, to: Audience) -> list[Html]:
    lines = []
    if view.not_expected:
        amount = whole(view.not_expected, view.currency)
        lines.append(to.say("Not counted: {amount} to collect that nobody can say when", amount=amount))
    if view.no_day:
        amount = whole(view.no_day, view.currency)
        lines.append(to.say("Not counted: bills of {amount} to pay without a due day", amount=amount))
    for other in view.others:
        told = [
            to.say("{what} {amount}", what=what, amount=whole(amount, other.currency))
            for what, amount in (
                (to.say("in bank"), other.in_banks),
                (to.say("to collect"), other.to_come),
                (to.say("to pay"), other.to_pay),
            )
            if amount
        ]
        lines.append(to.say("Apart, in {currency}: {told}", currency=other.currency, told=joined(told, ", ")))
    return lines


def dues_card(view: DuesView, to: Audience) -> Card:
    """List what falls due besides bills, and ask of what seems to."""
    lines = to.heading(to.say("<b>What falls due besides bills</b>"))
    lines += [_due(due, to) for due in view.dues]
    if not view.dues:
        lines.append(to.say("Nothing that you have confirmed yet."))
    blocks, rows = [joined(lines)], list[tuple[Button, ...]]()
    seen = [one for one in view.proposals if one.amount is not None][:_ASKED]
    if seen:
        asked = [_proposal(number, one, view.currency, to) for number, one in enumerate(seen, start=1)]
        blocks.append(joined([to.say("<b>The bank shows these again and again. Count on them?</b>"), *asked]))
        if to.may(Permission.ANSWER):
            rows = [_buttons(number, one, to) for number, one in enumerate(seen, start=1)]
    usual = [one for one in view.proposals if one.amount is None]
    if usual:
        named = ", ".join(dict.fromkeys(f"{_due_name(one.name, to)} ({to.nth(one.day)})" for one in usual))
        blocks.append(
            to.say("Usual by law, if they concern you: {named}. Tell the office the amounts.", named=named)
        )
    last: Rows = (
        (
            Button(to.label("Cash ahead"), {"do": "cash"}),
            Button(to.label("Small vendors"), {"do": "msmed"}),
        ),
    )
    return Card(joined(blocks, "\n\n"), (*rows, *last))


def _due(due: DueView, to: Audience) -> Html:
    line = _about(_due_name(due.name, to), due.amount, due.currency, to)
    if due.next_on is None:
        return line
    line = to.say("{line} · next {day}", line=line, day=to.day(due.next_on))
    if due.next_on < to.today:
        line = to.say("{line}, not seen paid", line=line)
    elif due.next_closed is not None:
        line = to.say(
            "{line} ({closed}: banks closed)", line=line, closed=marked(to.language, due.next_closed)
        )
    if due.lately is None:
        return line
    lately = whole(due.lately, due.currency)
    return to.say(
        "{line}\n{indent}the last three were about {lately}", line=line, indent=INDENT, lately=lately
    )


def _proposal(number: int, one: DueProposal, currency: str, to: Audience) -> Html:
    return to.say(
        "{number} {what} on the {day}\n{indent}paid {seen}",
        number=number,
        what=_about(_due_name(one.name, to), one.amount or 0, currency, to),
        day=to.nth(one.day),
        indent=INDENT,
        seen=", ".join(to.day(day) for day in one.seen),
    )


def _buttons(number: int, one: DueProposal, to: Audience) -> tuple[Button, ...]:
    due = {
        "name": one.name,
        "amount": one.amount,
        "day": one.day,
        "kind": one.kind,
        "months": list(one.months),
        "payee": one.payee,
    }
    return (
        Button(to.label("{n} Yes", n=number), {"do": "due_yes", "due": due}),
        Button(to.label("{n} No", n=number), {"do": "due_no", "key": one.key}),
    )


def msmed_card(limits: VendorLimitsView, ours: MsmedView, to: Audience) -> Card:
    """Say by when micro and small vendors must be paid, and what the law gives us; never shown to a customer."""
    lines = to.heading(to.say("<b>Micro and small vendors</b>"))
    if not limits.vendors:
        lines.append(to.say("No vendor is marked as a micro or small enterprise."))
    elif not limits.rows:
        lines.append(to.say("Nothing is open to them."))
    else:
        lines += [_limit(row, to) for row in limits.rows[:_MOST_LINES]]
        if (more := len(limits.rows) + limits.further - _MOST_LINES) > 0:
            lines.append(to.count("and {n} more", "and {n} more", more))
    blocks = [joined(lines)]
    if limits.disallowed:
        blocks.append(
            to.say(
                "What of {amount} isn't paid by {day} can't be deducted this year.",
                amount=whole(limits.disallowed, limits.currency),
                day=to.day(limits.year_end),
            )
        )
    if limits.lost:
        amount = whole(limits.lost, limits.currency)
        blocks.append(to.say("{amount} of earlier years is deductible only when paid.", amount=amount))
    if ours.kind is not None:
        blocks.append(joined(_ours(ours, to)))
    blocks.append(to.say("For you and your accountant alone: ask him before you rely on it."))
    return Card(joined(blocks, "\n\n"))


def _limit(row: VendorLimit, to: Audience) -> Html:
    match row.state:
        case "in_time" if row.days_left == 0:
            when = to.say("pay today")
        case "in_time":
            days = to.count("{n} day left", "{n} days left", row.days_left)
            when = to.say("pay by {day}, {days}", day=to.day(row.last_day), days=days)
        case "late":
            when = to.say("late since {day}: interest runs", day=to.day(row.last_day))
        case _:
            when = to.say("late since {day}, of an earlier year", day=to.day(row.last_day))
    amount = whole(row.outstanding, "INR")
    name = short_name(row.party_name)
    return to.say(
        "<b>{name}</b>  {amount}\n{indent}{when}", name=name, amount=amount, indent=INDENT, when=when
    )


def _ours(view: MsmedView, to: Audience) -> list[Html]:
    bills = to.count("{n} bill", "{n} bills", len(view.bills) + view.further)
    total = whole(view.total, view.currency)
    lines = [to.say("<b>Interest by law on your own bills {total}</b> · {bills}", total=total, bills=bills)]
    if view.rate_wanted_from is not None:
        day = to.day(view.rate_wanted_from)
        lines.append(to.say("The RBI's bank rate from {day} on must be confirmed; I stop there.", day=day))
    return lines


def _and(names: Sequence[str], to: Audience) -> Html:
    if len(names) == 1:
        return to.say("{name}", name=names[0])
    return to.say("{names} and {last}", names=", ".join(names[:-1]), last=names[-1])


def noted_toast(name: str, on: date | None, to: Audience) -> str:
    """Say that a due is counted from now on."""
    if on is None:
        return to.label("Noted: {name}.", name=_due_name(name, to))
    return to.label("Noted: {name}, next {day}.", name=_due_name(name, to), day=to.day(on))
