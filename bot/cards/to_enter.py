"""What the books lack, and TDS awaited, in the chat."""

from __future__ import annotations

from bot.cards.audience import Audience, money, whole
from bot.cards.card import Attachment, Button, Card
from bot.cards.lines import INDENT, short_name
from bot.words import Html, cut, joined
from kit.catalogues import N_
from ledger.views.tds import TdsView
from ledger.views.to_enter import ToEnterFileView, ToEnterPage, ToEnterView

ENTRIES_SHOWN = 8
_VOUCHERS = {
    "Receipt": N_("Receipt"),
    "Payment": N_("Payment"),
    "Contra": N_("Contra"),
    "Journal": N_("Journal"),
}


def to_enter_card(page: ToEnterPage, to: Audience) -> Card:
    """List the first of what the books lack, with a button for each kind of file."""
    if not page.rows:
        words = (
            to.say("{reason}", reason=page.reason)
            if page.reason
            else to.say("The books show all that I know.")
        )
        return Card(joined(to.heading(words)))
    head = to.count(
        "<b>{n} entry to make in the books</b>", "<b>{n} entries to make in the books</b>", page.count
    )
    lines = [_line(row, to) for row in page.rows[:ENTRIES_SHOWN]]
    if page.count > ENTRIES_SHOWN:
        lines.append(to.count("and {n} more", "and {n} more", page.count - ENTRIES_SHOWN))
    buttons = (
        Button(to.label("File for Tally"), {"do": "to_enter_file", "format": "xml"}),
        Button(to.label("Excel"), {"do": "to_enter_file", "format": "xlsx"}),
    )
    return Card(joined([joined(to.heading(head)), joined(lines)], "\n\n"), (buttons,))


def _line(row: ToEnterView, to: Audience) -> Html:
    line = to.say(
        "<b>{name}</b>  {amount}\n{indent}{day}",
        indent=INDENT,
        day=to.day(row.on),
        name=short_name(row.party_name or to.marked(_VOUCHERS[row.voucher.type])),
        amount=money(row.amount, row.currency),
    )
    if row.waits:
        return to.say("{line} · {waits}", line=line, waits=cut(row.waits, 120))
    return line


def to_enter_file_card(file: ToEnterFileView, to: Audience) -> Card:
    """Send the list as a file."""
    said = [to.count("{n} voucher is ready.", "{n} vouchers are ready.", file.vouchers)]
    if file.left_out:
        said.append(
            to.count("{n} waits for an answer first.", "{n} wait for an answer first.", file.left_out)
        )
    return Card(joined(to.heading(joined(said))), attachment=Attachment(file.filename, file.content))


def tds_card(view: TdsView, to: Audience) -> Card:
    """Say what customers cut and what Form 26AS shows, the most missing first."""
    if not view.rows:
        return Card(joined(to.heading(to.say("No TDS was cut in {fy} that I know of.", fy=view.fy))))
    head = _compared(view, to) if view.stated else _only_cut(view, to)
    rows = [row for row in view.rows if row.state != "agrees"]
    lines = [
        to.say(
            "<b>{name}</b> · {quarter}\n{indent}{words}",
            name=short_name(row.name),
            quarter=row.quarter.partition(" ")[2],
            indent=INDENT,
            words=row.words,
        )
        for row in rows[:ENTRIES_SHOWN]
    ]
    if len(rows) > ENTRIES_SHOWN:
        lines.append(to.count("and {n} more", "and {n} more", len(rows) - ENTRIES_SHOWN))
    if not view.stated:
        lines.append(
            to.say("I have no Form 26AS of that time: send me its text file, and I say what is missing.")
        )
    return Card(joined([joined(to.heading(head)), joined(lines)], "\n\n"))


def _compared(view: TdsView, to: Audience) -> Html:
    return to.say(
        "<b>TDS missing {missing}</b>\ncut {cut} in {fy}, in 26AS {credited}",
        missing=whole(view.missing, view.currency),
        cut=whole(view.cut, view.currency),
        fy=view.fy,
        credited=whole(view.credited, view.currency),
    )


def _only_cut(view: TdsView, to: Audience) -> Html:
    cut_ = whole(view.cut, view.currency)
    return to.say("<b>TDS that customers cut {cut}</b>\nin {fy}, not compared yet", cut=cut_, fy=view.fy)
