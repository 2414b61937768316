"""What is missing or odd about customers and vendors, in the chat."""

from __future__ import annotations

from bot.cards.audience import Audience, whole
from bot.cards.card import Button, Card, in_rows
from bot.cards.lines import INDENT, short_name
from bot.words import Html, cut, joined
from ledger.views.identity import DataQualityPage, PartyGaps

GAPS_SHOWN = 6
_COUNTS_SHOWN = 5


def quality_card(page: DataQualityPage, to: Audience) -> Card:
    """List those with the most money at stake, with what to mend; it is mended where it came from."""
    if not page.rows:
        return Card(joined(to.heading(to.say("Nothing is missing about your customers and vendors."))))
    head = to.say("<b>To complete: {count} of {parties} parties</b>", count=page.count, parties=page.parties)
    counts = sorted(page.counts.items(), key=lambda item: -item[1])[:_COUNTS_SHOWN]
    summary = joined([to.say("{problem} {n}", problem=_problem(code, to), n=n) for code, n in counts], " · ")
    lines = [_line(row, to) for row in page.rows[:GAPS_SHOWN]]
    if page.count > GAPS_SHOWN:
        lines.append(to.count("and {n} more", "and {n} more", page.count - GAPS_SHOWN))
    lines.append(to.say("<i>Put it right in the books or the CRM; it goes from here by itself.</i>"))
    buttons = [
        Button(to.label("{name}", name=short_name(row.name)), {"do": "party", "party": str(row.party_id)})
        for row in page.rows[:GAPS_SHOWN]
    ]
    text = joined([joined(to.heading(joined([head, summary], "\n"))), joined(lines)], "\n\n")
    return Card(text, in_rows(buttons))


def _line(row: PartyGaps, to: Audience) -> Html:
    said = [_problem(code, to) for code in row.problems if code not in ("odd_gstin", "spellings")]
    if row.odd_gstin:
        said.insert(0, to.say("GSTIN {gstin}: {why}", gstin=cut(row.gstin or "", 20), why=row.odd_gstin))
    if row.names:
        said.append(to.say("written {names}", names=cut(" / ".join(row.names), 60)))
    return to.say(
        "<b>{name}</b>  {net}\n{indent}{said}",
        name=short_name(row.name),
        net=whole(row.net, row.currency),
        indent=INDENT,
        said=joined(said, " · "),
    )


def _problem(code: str, to: Audience) -> Html:
    match code:
        case "no_phone":
            return to.say("no phone number")
        case "odd_gstin":
            return to.say("GSTIN looks wrong")
        case "pan_differs":
            return to.say("PAN and GSTIN differ")
        case "no_gstin":
            return to.say("no GSTIN")
        case "no_terms":
            return to.say("no credit days agreed")
        case "no_state":
            return to.say("address without a state")
        case "same_phone":
            return to.say("phone number of another party too")
        case "spellings":
            return to.say("name written in several ways")
        case _:
            return to.say("no e-mail")
