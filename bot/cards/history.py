"""What was said about a party: by whom, in whose words, newest first."""

from __future__ import annotations

from bot.cards.audience import Audience, money
from bot.cards.card import Button, Card, in_rows
from bot.cards.lines import NAME_WIDTH
from bot.cards.lists import Turn
from bot.cards.pages import page_button
from bot.words import Html, clean, cut, html, joined
from ledger.views import PartyBrief, TimelineEntry, TimelinePage
from ledger.views.customers import SaidOf, SourceSays

_SOURCES = 6
_LONGEST_URL = 512


def back_button(name: str, party: str, to: Audience) -> Button:
    """Return the way back to a party's card."""
    return Button(to.label("‹ {name}", name=cut(name, 20)), {"do": "party", "party": party, "inplace": True})


def sources_of_card(brief: PartyBrief, said: tuple[SourceSays, ...], to: Audience) -> Card:
    """Show what each source says of a party now, with its page there, and the way to all that it ever said."""
    party = str(brief.id)
    head = to.heading(to.say("<b>{name}</b> · who says what", name=cut(brief.name, 32)))
    blocks = [
        joined([_source(one, to), *(_says(thing, to) for thing in one.latest)]) for one in said[:_SOURCES]
    ]
    blocks += [to.say("No source has said anything yet.")] if not said else []
    if (more := len(said) - _SOURCES) > 0:
        blocks.append(to.count("and {n} more source", "and {n} more sources", more))
    pages = [
        Button(to.label("{source} ↗", source=cut(one.label, 20)), url=url)
        for one in said[:_SOURCES]
        if (url := _page(one)) is not None
    ]
    stories = [
        Button(
            cut(one.label, 20), {"do": "history", "party": party, "source": one.source, "label": one.label}
        )
        for one in said[:_SOURCES]
    ]
    everything = Button(to.label("All, newest first"), {"do": "history", "party": party})
    rows = (
        *(in_rows(pages) if pages else ()),
        *(in_rows(stories) if len(stories) > 1 else ()),
        (everything, page_button("customer", to, party=party)),
        (back_button(brief.name, party, to),),
    )
    return Card(joined([joined(head), *blocks], "\n\n"), rows)


def _source(one: SourceSays, to: Audience) -> Html:
    line = to.say("<b>{source}</b>", source=cut(one.label, NAME_WIDTH))
    return to.say("{line} · {name}", line=line, name=cut(one.name, 40)) if one.name else line


def _says(thing: SaidOf, to: Audience) -> Html:
    line = joined([html(part) for part in (_named(thing, to), _money(thing)) if part], " ")
    if thing.word:
        line = to.say("{line}: “{word}”", line=line, word=cut(thing.word, 30))
    if thing.at is not None:
        line = to.say("{line}, {day}", line=line, day=to.day(to.local_day(thing.at)))
    return line


def _named(thing: SaidOf, to: Audience) -> str:
    number = cut(thing.number, 22) if thing.number else ""
    match thing.kind:
        case "invoice" | "credit_note" | "opening":
            return to.label("Bill {number}", number=number).strip()
        case "payable" | "bill":
            return to.label("Their bill {number}", number=number).strip()
        case "receipt" | "payment" | "bank_line":
            return to.label("Payment {number}", number=number).strip()
        case "payout":
            return to.label("Paid to them {number}", number=number).strip()
        case "cheque":
            return to.label("Cheque {number}", number=number).strip()
        case "deal":
            return to.label("Deal {number}", number=number).strip()
        case "balance":
            return to.label("Balance")
        case _:
            return to.label("Entry {number}", number=number).strip()


def _money(thing: SaidOf) -> str:
    return money(thing.amount, thing.currency) if thing.amount is not None and thing.currency else ""


def _page(one: SourceSays) -> str | None:
    """Return the page of a source that shows the party, else its latest thing; only a plain https address."""
    for url in (one.url, *(thing.url for thing in one.latest)):
        if url and url.startswith("https://") and url == clean(url) and len(url) <= _LONGEST_URL:
            return url
    return None


def history_card(
    page: TimelinePage,
    name: str,
    party: str,
    turn: Turn,
    to: Audience,
    *,
    source: tuple[str, str] | None = None,
) -> Card:
    """Show what was said about a party, newest first, a page at a time; `source`: by one alone, (name, label)."""
    if source is None:
        head = to.say("<b>{name}</b> · history", name=cut(name, 32))
    else:
        head = to.say("<b>{name}</b> · {source}", name=cut(name, 32), source=cut(source[1], 24))
    lines = [_entry(entry, to) for entry in page.rows] or [to.say("Nothing yet.")]
    pager = turn.pager("history", end=page.end if page.more else None, rows=len(page.rows), to=to)
    of = {"party": party, **({"source": source[0], "label": source[1]} if source else {})}
    turned = tuple(Button(b.label, {**b.action, **of}) for b in pager)
    back = back_button(name, party, to)
    kept = [
        Button(
            to.label("See: {day}", day=to.day(to.local_day(entry.at))),
            {"do": "kept", "party": party, "attachment": entry.attachment},
        )
        for entry in page.rows
        if entry.attachment is not None
    ]
    rows = (*(in_rows(kept) if kept else ()), *((turned,) if turned else ()), (back,))
    return Card(joined([joined(to.heading(head)), joined(lines)], "\n\n"), rows)


def _entry(entry: TimelineEntry, to: Audience) -> Html:
    return to.say("{day} · {summary}", day=to.day(to.local_day(entry.at)), summary=cut(entry.summary, 160))
