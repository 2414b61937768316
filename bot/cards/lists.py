"""Lists, a page at a time: who owes the business, and what the business owes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards.audience import Audience, whole
from bot.cards.card import Action, Button, Card, Rows
from bot.cards.lines import party_line
from bot.words import joined
from ledger.domain.roles import Permission
from ledger.views import PartyBrief, PartyPage

PER_PAGE = 8
_NUMBERS_PER_ROW = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a reader stands in a list: this page's cursor, those before it, and the number of its first row."""

    after: str | None = None
    back: tuple[str | None, ...] = ()
    number: int = 1

    @classmethod
    def of(cls, action: Action) -> Turn:
        """Read the place from a button's action."""
        return cls(action.get("after"), tuple(action.get("back", ())), action.get("number", 1))

    def pager(self, do: str, *, end: str | None, rows: int, to: Audience) -> tuple[Button, ...]:
        """Return the buttons to the page before (where there is one) and the page after (where `end` is given)."""
        buttons = []
        if self.back:
            place = {"after": self.back[-1], "back": list(self.back[:-1])}
            number = max(1, self.number - PER_PAGE)
            buttons.append(Button(to.label("‹ Back"), {"do": do, "number": number, **place}))
        if end is not None:
            place = {"after": end, "back": [*self.back, self.after]}
            buttons.append(Button(to.label("More ›"), {"do": do, "number": self.number + rows, **place}))
        return tuple(buttons)


def who_owes_card(page: PartyPage, turn: Turn, to: Audience) -> Card:
    """List the customers who owe, most urgent first, with a numbered button to open each."""
    if not page.rows and not turn.back:
        return Card(joined(to.heading(to.say("Nobody owes you anything today."))))
    currency = page.rows[0].currency if page.rows else "INR"
    head = to.say("<b>To collect {total}</b>", total=whole(page.total, currency))
    if page.count:
        customers = to.count("{n} customer", "{n} customers", page.count)
        head = to.say("{head} from {customers}", head=head, customers=customers)
    if page.overdue > 0:
        head = to.say("{head}\nOverdue {overdue}", head=head, overdue=whole(page.overdue, currency))
    lines = [party_line(number, brief, to) for number, brief in enumerate(page.rows, start=turn.number)]
    text = joined([joined(to.heading(head)), joined(lines)], "\n\n")
    rows = (
        *numbered(page.rows, turn.number),
        turn.pager("owes", end=page.end if page.more else None, rows=len(page.rows), to=to),
    )
    if page.overdue > 0 and not turn.back and to.may(Permission.REPORT):
        rows = (*rows, (Button(to.label("Remind all"), {"do": "remind_all"}),))
    return Card(text, tuple(row for row in rows if row))


def numbered(parties: tuple[PartyBrief, ...], first: int) -> Rows:
    """Return a button for each party, labelled with its number in the list."""
    buttons = [
        Button(str(number), {"do": "party", "party": str(brief.id)})
        for number, brief in enumerate(parties, start=first)
    ]
    return tuple(tuple(buttons[i : i + _NUMBERS_PER_ROW]) for i in range(0, len(buttons), _NUMBERS_PER_ROW))
