"""Do the books say the same as we do: both sides in a line each, and the parties that differ most."""

from __future__ import annotations

from bot.cards.audience import Audience, money, whole
from bot.cards.card import Button, Card
from bot.cards.lines import INDENT, short_name
from bot.cards.pages import page_button
from bot.words import Html, cut, joined
from ledger.domain.tie_out import UNEXPLAINED
from ledger.views.tie_out import TieOutLine, TieOutPage, TieOutRow, TieOutTotal

SHOWN = 5
_KINDS = 3


def tie_out_card(page: TieOutPage, to: Audience) -> Card:
    """Write the tie-out: whether it ties, by how much it doesn't, and what the largest differences are made of."""
    if not page.books:
        lines = [
            to.say("No books are connected, so there is nothing to compare with."),
            to.say("Send me the Day Book from Tally, or connect your books."),
        ]
        return Card(joined(to.heading(joined(lines))))
    books = cut(page.books_name, 30)
    head = to.say("<b>{books} and I</b>, as on {day}", books=books, day=to.day(page.as_on))
    parts = [joined(to.heading(head)), joined([_total(total, books, to) for total in page.totals])]
    apart = [row for row in page.rows if row.difference]
    if apart:
        parts.append(joined([_row(row, books, to) for row in apart[:SHOWN]]))
        more = sum(total.apart for total in page.totals) - len(apart[:SHOWN])
        if more > 0:
            parts.append(to.count("and {n} more", "and {n} more", more))
    foot = [_fresh(page, to)]
    if page.signed_until is not None:
        foot.append(
            to.say("As it was signed when the books were closed until {day}.", day=to.day(page.signed_until))
        )
    enter = Button(to.label("What to enter in the books"), {"do": "enter"})
    rows = ((enter,), (page_button("tie_out", to),)) if apart else ((page_button("tie_out", to),),)
    return Card(joined([*parts, joined(foot)], "\n\n"), rows)


def _total(total: TieOutTotal, books: str, to: Audience) -> Html:
    ours, theirs = whole(total.ours, total.currency), whole(total.books, total.currency)
    what = to.say("To collect") if total.side == "receivable" else to.say("To pay")
    if not total.apart:
        return to.say("✅ {what} {ours}: the same in {books}", what=what, ours=ours, books=books)
    return to.say(
        "⚠️ {what} {ours}\n{indent}in {books} {theirs} · {parties}",
        indent=INDENT,
        what=what,
        ours=ours,
        theirs=theirs,
        books=books,
        parties=to.count("{n} name differs", "{n} names differ", total.apart),
    )


def _row(row: TieOutRow, books: str, to: Audience) -> Html:
    ranked = sorted(row.lines, key=lambda line: (-abs(line.amount), line.kind))
    named = [line for line in ranked if line.kind != UNEXPLAINED]
    told = [_line(line, row, books, to) for line in named[:_KINDS]]
    if rest := sum(line.amount for line in named[_KINDS:]):
        told.append(to.say("other {amount}", amount=_signed(rest, row.currency)))
    told += [_line(line, row, books, to) for line in ranked if line.kind == UNEXPLAINED]
    return to.say(
        "<b>{name}</b>\n{indent}{ours} · in {books} {theirs}\n{indent}{told}",
        name=short_name(row.party_name),
        indent=INDENT,
        ours=money(row.ours, row.currency),
        theirs=money(row.books, row.currency),
        books=books,
        told=joined(told, f"\n{INDENT}"),
    )


def _line(line: TieOutLine, row: TieOutRow, books: str, to: Audience) -> Html:
    amount = _signed(line.amount, row.currency)
    if line.kind == UNEXPLAINED:
        return to.say("not explained {amount}", amount=amount)
    thing, _, way = line.kind.partition(".")
    return to.say(
        "{things} {way} {amount}",
        things=_things(thing, line.count, to),
        way=_way(way, books, to),
        amount=amount,
    )


def _things(thing: str, n: int, to: Audience) -> Html:
    match thing:
        case "bill":
            return to.count("{n} bill", "{n} bills", n)
        case "opening":
            return to.count("{n} opening balance", "{n} opening balances", n)
        case "receipt":
            return to.count("{n} receipt", "{n} receipts", n)
        case "payment":
            return to.count("{n} payment", "{n} payments", n)
        case "credit_note":
            return to.count("{n} credit note", "{n} credit notes", n)
        case "deduction":
            return to.count("{n} deduction", "{n} deductions", n)
        case "write_off":
            return to.count("{n} write-off", "{n} write-offs", n)
        case _:
            return to.count("{n} set-off", "{n} set-offs", n)


def _way(way: str, books: str, to: Audience) -> Html:
    match way:
        case "not_in_books":
            return to.say("not in {books}", books=books)
        case "not_here":
            return to.say("only in {books}", books=books)
        case "differs":
            return to.say("of another amount in {books}", books=books)
        case "other_day":
            return to.say("of another day in {books}", books=books)
        case "elsewhere":
            return to.say("under another name in {books}", books=books)
        case _:
            return to.say("given back or bounced, still in {books}", books=books)


def _signed(amount: int, currency: str) -> str:
    return money(amount, currency) if amount < 0 else f"+{money(amount, currency)}"


def _fresh(page: TieOutPage, to: Audience) -> Html:
    newest = page.books[0]
    day = max((on for on in (newest.last_entry_on, newest.stated_on) if on is not None), default=None)
    if day is None:
        return to.say("{label}: no entries yet", label=cut(newest.label, 30))
    return to.say("{label} is known to me till {day}", label=cut(newest.label, 30), day=to.day(day))
