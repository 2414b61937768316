"""What must be paid: late first, then day by day; and one vendor in full."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from bot.cards.audience import Audience, money, whole
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.cards.lines import INDENT, short_name, till
from bot.words import Html, clean, cut, html, joined
from ledger.views import PayableView
from ledger.views.cash import VendorLimit
from ledger.views.payables import Outgoing, PayablesAheadView, PayoutView, VendorView

PER_PAGE = 8
_NUMBERS_PER_ROW = 4
_BILLS_SHOWN = 6
_TITLE = 48
_SOON = 14
"""The law's last day is told when it is so near, or has passed."""


def payables_card(view: PayablesAheadView, to: Audience) -> Card:
    """List what goes by the day it is due, with a numbered button to each vendor and whether the bank is enough."""
    if not view.rows and not view.skip:
        return Card(joined(to.heading(_nothing(view, to))), _spans(view, to))
    blocks = [joined(to.heading(_head(view, to)) + _enough(view, to))]
    numbers = _numbers(view.rows)
    totals = {total.on: total.amount for total in view.days}
    for day, rows in groupby(
        view.rows, key=lambda row: (row.days_late > 0, row.on if not row.days_late else None)
    ):
        late, on = day
        amount = whole(totals[on], view.currency) if late or on is not None else None
        title = to.say("Late") if late else html(to.day(on)) if on else to.say("No day agreed")
        head = (
            to.say("<b>{day}</b>  {amount}", day=title, amount=amount)
            if amount
            else to.say("<b>{day}</b>", day=title)
        )
        lines = [
            line for vendor in _by_vendor(list(rows)) for line in _vendor_lines(vendor, numbers, view, to)
        ]
        blocks.append(joined([head, *lines]))
    pager = _pager(view, to)
    return Card(
        joined(blocks, "\n\n"), (*_vendors(view, numbers), *((pager,) if pager else ()), *_spans(view, to))
    )


def _nothing(view: PayablesAheadView, to: Audience) -> Html:
    if not view.all:
        return to.say("You owe nothing that I know of.")
    everything = whole(view.all, view.currency)
    if view.span == "late":
        return to.say("Nothing is late. Later days ask for {amount}.", amount=everything)
    if view.until == view.today:
        return to.say("Nothing to pay today. Later days ask for {amount}.", amount=everything)
    return to.say("Nothing to pay this week. Later days ask for {amount}.", amount=everything)


def _head(view: PayablesAheadView, to: Audience) -> Html:
    total = whole(view.total, view.currency)
    if view.span == "late":
        return to.say("<b>Late to pay {amount}</b>", amount=total)
    if view.until is None:
        head = to.say("<b>To pay in all {amount}</b>", amount=total)
    elif view.until == view.today:
        head = to.say("<b>To pay today {amount}</b>", amount=total)
    else:
        head = to.say("<b>To pay by {day} {amount}</b>", day=to.day(view.until), amount=total)
    if 0 < view.late < view.total:
        head = to.say("{head}\nof it late {late}", head=head, late=whole(view.late, view.currency))
    return head


def _enough(view: PayablesAheadView, to: Audience) -> list[Html]:
    """Say whether what is in the bank covers it, without what customers may still bring."""
    if view.bank is None or view.bank_until is None:
        return []
    bank = to.say(
        "Bank {amount} (till {day})", amount=whole(view.bank, view.currency), day=till(view.bank_until, to)
    )
    if view.short_on is None:
        return [to.say("{bank}: enough", bank=bank)]
    short = whole(view.short_by, view.currency)
    if view.short_on <= view.today:
        return [bank, to.say("not enough: {amount} short", amount=short)]
    return [bank, to.say("not enough from {day}: {amount} short", day=to.day(view.short_on), amount=short)]


def _numbers(rows: Sequence[Outgoing]) -> dict[UUID, int]:
    parties = dict.fromkeys(row.party_id for row in rows if row.party_id is not None)
    return {party: number for number, party in enumerate(parties, start=1)}


def _vendors(view: PayablesAheadView, numbers: dict[UUID, int]) -> Rows:
    """Return a button to each vendor: with his name where they are few, else his number alone."""
    names = {row.party_id: row.name for row in view.rows}
    actions = [
        (number, names[party], {"do": "vendor", "party": str(party)}) for party, number in numbers.items()
    ]
    if len(actions) <= _NUMBERS_PER_ROW:
        return in_rows(
            [Button(f"{number} {short_name(name, 18)}", action) for number, name, action in actions]
        )
    buttons = [Button(str(number), action) for number, _, action in actions]
    return tuple(tuple(buttons[i : i + _NUMBERS_PER_ROW]) for i in range(0, len(buttons), _NUMBERS_PER_ROW))


def _by_vendor(rows: Sequence[Outgoing]) -> list[list[Outgoing]]:
    found: dict[object, list[Outgoing]] = {}
    for row in rows:
        found.setdefault(row.party_id or row.name, []).append(row)
    return list(found.values())


def _vendor_lines(
    rows: Sequence[Outgoing], numbers: dict[UUID, int], view: PayablesAheadView, to: Audience
) -> list[Html]:
    first = rows[0]
    amount = money(sum(row.amount for row in rows), view.currency)
    if first.kind == "due":
        return [to.say("· {name}  about {amount}", name=short_name(first.name), amount=amount)]
    number = numbers[first.party_id] if first.party_id is not None else "·"
    lines = [
        to.say("{number} <b>{name}</b>  {amount}", number=number, name=short_name(first.name), amount=amount)
    ]
    for row in rows:
        what = _what(row, to)
        if len(rows) > 1:
            what = to.say("{what} {amount}", what=what, amount=money(row.amount, view.currency))
        lines.append(to.say("{indent}{what}", indent=INDENT, what=what))
    return lines


def _what(row: Outgoing, to: Audience) -> Html:
    """Say which bill it is and how late, or what sort of payment is on its way."""
    if row.kind == "payout":
        return to.say("payout scheduled")
    if row.kind == "own_cheque":
        return to.say("cheque {number}", number=cut(row.number, 12)) if row.number else to.say("cheque given")
    parts = [to.say("bill {number}", number=cut(row.number, 16)) if row.number else to.say("opening balance")]
    if row.days_late:
        parts.append(to.count("{n} day overdue", "{n} days overdue", row.days_late))
    if row.last_day is not None and (row.last_day - to.today).days <= _SOON:
        parts.append(to.say("by law until {day}", day=to.day(row.last_day)))
    return joined(parts, " · ")


def _action(view: PayablesAheadView, span: str, skip: int = 0) -> Action:
    action: Action = {"do": "payables", "span": span, "skip": skip, "inplace": True}
    if span == view.span == "week" and view.until is not None:
        action["until"] = view.until.isoformat()
    return action


def _pager(view: PayablesAheadView, to: Audience) -> tuple[Button, ...]:
    buttons = []
    if view.skip:
        buttons.append(Button(to.label("‹ Back"), _action(view, view.span, max(0, view.skip - PER_PAGE))))
    if view.skip + len(view.rows) < view.count:
        buttons.append(Button(to.label("More ›"), _action(view, view.span, view.skip + len(view.rows))))
    return tuple(buttons)


def _spans(view: PayablesAheadView, to: Audience) -> tuple[tuple[Button, ...], ...]:
    words = {"late": to.label("Late"), "week": to.label("This week"), "all": to.label("All days")}
    others = tuple(Button(label, _action(view, span)) for span, label in words.items() if span != view.span)
    enough = Button(to.label("Will it be enough"), {"do": "cash"})
    return (others, (enough, Button(to.label("What falls due"), {"do": "dues"})))


def vendor_card(view: VendorView, to: Audience) -> Card:
    """Write one vendor: what we owe, bill by bill, what is on its way, what he was paid last, how to reach him."""
    brief = view.party.brief
    head = to.heading(to.say("<b>{name}</b>", name=cut(brief.name, _TITLE)))
    if brief.payable > 0:
        head.append(to.say("You owe them <b>{amount}</b>", amount=money(brief.payable, brief.currency)))
    elif brief.payable < 0:
        head.append(
            to.say("You paid them ahead <b>{amount}</b>", amount=money(-brief.payable, brief.currency))
        )
    else:
        head.append(to.say("You owe them nothing."))
    if brief.net > 0:
        head.append(to.say("They owe you {amount}", amount=money(brief.net, brief.currency)))
    if view.size is not None:
        head.append(to.say("A micro firm") if view.size == "micro" else to.say("A small firm"))
    blocks = [joined(head), joined(_bills(view, to)), joined(_payouts(view, to)), joined(_contact(view, to))]
    return Card(joined([block for block in blocks if block], "\n\n"), _vendor_buttons(view, to))


def _bills(view: VendorView, to: Audience) -> list[Html]:
    if not view.party.payables:
        return []
    limits = {limit.payable_id: limit for limit in view.limits}
    lines = [to.say("<b>Open bills</b>")]
    for bill in view.party.payables[:_BILLS_SHOWN]:
        lines.append(_bill(bill, to))
        if bill.id in limits:
            lines.append(_law(limits[bill.id], to))
    left = len(view.party.payables) - _BILLS_SHOWN
    if left > 0:
        lines.append(to.count("and {n} more bill", "and {n} more bills", left))
    return lines


def _bill(bill: PayableView, to: Audience) -> Html:
    number = cut(bill.number, 18) if bill.number else to.say("opening balance")
    line = to.say("{number}  {amount}", number=number, amount=money(bill.outstanding, bill.currency))
    if 0 < bill.outstanding < bill.amount:
        line = to.say("{line} of {amount}", line=line, amount=money(bill.amount, bill.currency))
    if bill.overdue_days > 0:
        late = to.count("{n} day overdue", "{n} days overdue", bill.overdue_days)
        return to.say("{line} · {late}", line=line, late=late)
    if bill.due_on is None:
        return to.say("{line} · bill of {day}", line=line, day=to.day(bill.issued_on))
    return to.say("{line} · due {day}", line=line, day=to.day(bill.due_on))


def _law(limit: VendorLimit, to: Audience) -> Html:
    if limit.state == "in_time":
        return to.say("{indent}by law until {day}", indent=INDENT, day=to.day(limit.last_day))
    return to.say("{indent}by law it was due {day}", indent=INDENT, day=to.day(limit.last_day))


def _payouts(view: VendorView, to: Audience) -> list[Html]:
    lines = [
        to.say("On its way {amount} · {day}", amount=money(one.amount, one.currency), day=to.day(one.on))
        for one in view.scheduled
    ]
    if view.paid:
        lines.append(_paid(view.paid[0], to))
    return lines


def _paid(payout: PayoutView, to: Audience) -> Html:
    line = to.say(
        "Last paid {amount} · {day}", amount=money(payout.amount, payout.currency), day=to.day(payout.on)
    )
    return line if payout.seen_in_bank else to.say("{line}, not seen in the bank yet", line=line)


def _contact(view: VendorView, to: Audience) -> list[Html]:
    lines = [html(clean(text)) for text in (view.party.brief.phone, view.party.email) if text]
    if view.party.gstin:
        lines.append(to.say("GSTIN {gstin}", gstin=clean(view.party.gstin)))
    return lines


def _vendor_buttons(view: VendorView, to: Audience) -> tuple[tuple[Button, ...], ...]:
    party = str(view.party.brief.id)
    buttons = [Button(to.label("History"), {"do": "history", "party": party})]
    if view.party.brief.net != 0 or view.party.bills:
        buttons.append(Button(to.label("As a customer"), {"do": "party", "party": party}))
    buttons.append(Button(to.label("What I owe"), {"do": "payables", "span": "week"}))
    return in_rows(buttons)
