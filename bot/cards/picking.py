"""Bills picked by hand for money that came: a running total, why less came, whose it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.question import Place
from bot.words import Html, cut, joined
from ledger.views import ConflictView, PartyBrief
from ledger.views.workflow import OpenBill, PickView

PER_PAGE = 8
_LINE = 240
_CHOSEN_SHOWN = 12
_CHOICES = 5
_SPREAD = ("tds", "gst_tds")
"""What is cut from every bill, each in its part; all else is taken off the newest."""
_ROUNDING = 1_000
"""Up to so much (paise) the likely reason is a rounded sum."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a picked bill gets: money, and what was kept back of it; in paise."""

    bill: OpenBill
    amount: int
    kept_back: int = 0


def shared(view: PickView, chosen: Collection[str], *, kept_back: str | None = None) -> list[Share]:
    """Return what each chosen bill gets, the oldest first, until the money is used up.

    `kept_back` names a deduction that makes up what the bills come to beyond the money.
    """
    bills = [bill for bill in picked_bills(view) if str(bill.id) in chosen]
    cuts = _cuts(bills, max(0, sum(bill.open for bill in bills) - view.amount), kept_back)
    left, found = view.amount, []
    for bill in bills:
        kept = cuts.get(str(bill.id), 0)
        amount = min(bill.open - kept, left)
        left -= amount
        if amount > 0 or kept:
            found.append(Share(bill, amount, kept))
    return found


def picked_bills(view: PickView) -> tuple[OpenBill, ...]:
    """Return all bills that the view tells of, oldest first, each once."""
    found = {bill.id: bill for bill in (*view.chosen, *view.bills)}
    return tuple(sorted(found.values(), key=lambda bill: (bill.issued_on, bill.number or "", str(bill.id))))


def beyond(view: PickView, chosen: Collection[str]) -> int:
    """Return by how much the chosen bills come to more than the money."""
    return max(0, sum(bill.open for bill in picked_bills(view) if str(bill.id) in chosen) - view.amount)


def _cuts(bills: Sequence[OpenBill], short: int, kind: str | None) -> Mapping[str, int]:
    """Spread what was kept back over the bills: a tax in proportion, anything else from the newest."""
    if kind is None or short <= 0:
        return {}
    total = sum(bill.open for bill in bills)
    parts = {str(bill.id): short * bill.open // total if kind in _SPREAD else 0 for bill in bills}
    left = short - sum(parts.values())
    for bill in reversed(bills):
        more = min(bill.open - parts[str(bill.id)], left)
        parts[str(bill.id)] += more
        left -= more
    return parts


def bill_name(bill: OpenBill, to: Audience) -> str:
    """Return what a bill is called: its number, or the balance with which the books began."""
    return bill.number or to.label("Opening balance")


def kept_back_names(to: Audience) -> Mapping[str, str]:
    """Return what may be kept back of a bill, in an owner's words."""
    return {
        "tds": to.label("TDS"),
        "cash_discount": to.label("Cash discount"),
        "rate_difference": to.label("Rate difference"),
        "shortage": to.label("Shortage"),
        "goods_returned": to.label("Goods returned"),
        "freight": to.label("Freight"),
        "bank_charge": to.label("Bank charge"),
        "round_off": to.label("Rounded off"),
        "retention": to.label("Retention"),
        "gst_tds": to.label("GST-TDS"),
    }


def pick_card(
    question: ConflictView, view: PickView, chosen: Sequence[str], place: Place, to: Audience
) -> Card:
    """Let the bills be picked that the money is for, with what is still to be placed."""
    shares = shared(view, chosen)
    placed = sum(share.amount for share in shares)
    party = cut(view.party_name or "—", 60)
    head = to.say("<b>{amount} from {party}</b>", amount=money(view.amount, view.currency), party=party)
    lines = [*to.heading(head), *_chosen_lines(shares, to)]
    over = beyond(view, chosen)
    if not picked_bills(view):
        lines.append(to.say("There is no open bill of theirs."))
    elif over:
        lines.append(
            to.say("These bills come to {amount} more than came.", amount=money(over, view.currency))
        )
    elif placed < view.amount:
        rest = money(view.amount - placed, view.currency)
        lines.append(to.say("Which bills is it for? {rest} is still to be placed.", rest=rest))
    else:
        lines.append(to.say("All of it is placed."))
    bills = [_bill_button(question, view, bill, chosen, place, to) for bill in view.bills]
    pager = _pager(question, view, chosen, place, to)
    ready = _ready(question, view, chosen, view.amount - placed, place, to)
    other = Button(to.label("Another customer"), _with(place.action("whose_money", question), view))
    back = Button(to.label("‹ Back"), place.action("question", question))
    return Card(joined(lines), (*in_rows(bills), *((pager,) if pager else ()), *ready, (other, back)))


def _chosen_lines(shares: Sequence[Share], to: Audience) -> list[Html]:
    lines = []
    for share in shares[:_CHOSEN_SHOWN]:
        name, amount = cut(bill_name(share.bill, to), 20), money(share.amount, share.bill.currency)
        line = to.say("✓ {bill} {amount}", bill=name, amount=amount)
        if share.amount < share.bill.open:
            line = to.say("{line} of {amount}", line=line, amount=money(share.bill.open, share.bill.currency))
        lines.append(line)
    left = len(shares) - _CHOSEN_SHOWN
    return [*lines, *([to.count("and {n} more bill", "and {n} more bills", left)] if left > 0 else [])]


def _with(action: Action, view: PickView, chosen: Sequence[str] = (), **more: object) -> Action:
    """Keep whose money it is said to be, and what is chosen, in an action."""
    return {**action, "whose": str(view.party_id), "chosen": list(chosen), "skip": view.skip, **more}


def _bill_button(
    question: ConflictView, view: PickView, bill: OpenBill, chosen: Sequence[str], place: Place, to: Audience
) -> Button:
    key, name = str(bill.id), cut(bill_name(bill, to), 20)
    label = f"{'✓ ' if key in chosen else ''}{name} {money(bill.open, bill.currency)}"
    return Button(label, _with(place.action("pick", question), view, chosen, toggle=key))


def _pager(
    question: ConflictView, view: PickView, chosen: Sequence[str], place: Place, to: Audience
) -> tuple[Button, ...]:
    action = place.action("pick", question)
    buttons = []
    if view.skip:
        earlier = max(0, view.skip - PER_PAGE)
        buttons.append(Button(to.label("‹ Older bills"), _with(action, view, chosen, skip=earlier)))
    if view.more > 0:
        later = view.skip + len(view.bills)
        label = to.label("Newer bills ({n}) ›", n=view.more)
        buttons.append(Button(label, _with(action, view, chosen, skip=later)))
    return tuple(buttons)


def _ready(
    question: ConflictView, view: PickView, chosen: Sequence[str], rest: int, place: Place, to: Audience
) -> tuple[tuple[Button, ...], ...]:
    """Return what can be done with the bills chosen so far."""
    done = _with(place.action("picked", question), view, chosen)
    if not chosen:
        return ((Button(to.label("All on account"), done),),)
    over = beyond(view, chosen)
    if over:
        why = Button(to.label("They kept back {amount}…", amount=money(over, view.currency)),
                     _with(place.action("because", question), view, chosen))  # fmt: skip
        return ((why,), (Button(to.label("The rest is still to come"), done),))
    if rest:
        return ((Button(to.label("Done, {rest} on account", rest=money(rest, view.currency)), done),),)
    return ((Button(to.label("Done"), done),),)


def because_card(
    question: ConflictView, view: PickView, chosen: Sequence[str], place: Place, to: Audience
) -> Card:
    """Ask why less came than the bills come to; each answer settles them."""
    over = beyond(view, chosen)
    names = dict(kept_back_names(to))
    if over <= _ROUNDING:
        names = {"round_off": names["round_off"], **names}
    lines = [
        *to.heading(to.say("<b>{amount} less came. Why?</b>", amount=money(over, view.currency))),
        *_chosen_lines(shared(view, chosen), to),
        to.say("The bills are settled then; what was kept back is noted on them."),
    ]
    done = place.action("picked", question)
    kinds = [Button(label, _with(done, view, chosen, kept_back=kind)) for kind, label in names.items()]
    back = Button(to.label("‹ Back"), _with(place.action("pick", question), view, chosen))
    return Card(joined(lines), (*in_rows(kinds), (back,)))


def picked_words(shares: Sequence[Share], rest: int, kept_back: str | None, to: Audience) -> str:
    """Say in one line what was decided by hand."""
    parts = [bill_name(share.bill, to) for share in shares]
    if rest:
        parts.append(to.label("rest on account") if shares else to.label("on account"))
    said = " + ".join(parts)
    kept = sum(share.kept_back for share in shares)
    if not kept or kept_back is None:
        return said
    name, amount = kept_back_names(to)[kept_back], money(kept, shares[0].bill.currency)
    return to.label("{bills}, {name} {amount}", bills=said, name=name, amount=amount)


def whose_money_card(
    question: ConflictView, parties: Sequence[PartyBrief], text: str, place: Place, to: Audience
) -> Card:
    """Ask whose money it is: the likely ones as buttons, any name by typing; `text` is what was typed before."""
    lines = to.heading(to.say("<b>{title}</b>", title=cut(question.title, _LINE)))
    if text and not parties:
        lines.append(to.say("I know nobody called “{name}”.", name=cut(text, 40)))
    lines.append(to.say("Whose money is this? Type part of the name."))
    action = place.action("pick", question)
    choices = tuple(
        (Button(cut(party.name, 38), {**action, "whose": str(party.id)}),) for party in parties[:_CHOICES]
    )
    back = Button(to.label("‹ Back"), place.action("question", question))
    return Card(joined(lines), (*choices, (back,)))
