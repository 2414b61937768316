"""Where the news comes from, and how fresh each of them is."""

from __future__ import annotations

from bot.cards.audience import Audience, money
from bot.cards.card import Card
from bot.cards.lines import account_tail, last_heard, since, till
from bot.words import Html, cut, joined
from ledger.views import SourceView

_SHOWN = 20
_MARK = {"fresh": "🟢", "quiet": "🟡", "never": "⚪", "disabled": "⏸"}


def sources_card(sources: tuple[SourceView, ...], to: Audience) -> Card:
    """List the sources, what is the matter with any of them, and what could not be read."""
    if not sources:
        lines = [
            to.say("Nothing is connected yet."),
            to.say("Send me a bank statement or a list of open bills as a file, and I'll start with that."),
        ]
        return Card(joined(to.heading(joined(lines))))
    lines = [_source(source, to) for source in sources[:_SHOWN]]
    if len(sources) > _SHOWN:
        lines.append(to.count("and {n} more", "and {n} more", len(sources) - _SHOWN))
    head = to.say("<b>Where my news comes from</b>")
    return Card(joined([joined(to.heading(head)), joined(lines)], "\n\n"))


def _source(source: SourceView, to: Audience) -> Html:
    label = cut(source.label, 28)
    head = to.say(
        "{mark} <b>{label}</b>{tail}",
        mark=_MARK.get(source.state, "⚪"),
        label=label,
        tail=account_tail(source.account, source.label),
    )
    lines = [to.say("{head} · {state}", head=head, state=_state(source, to))]
    if source.balance is not None and source.covered_until is not None:
        lines.append(
            to.say(
                "    balance {balance}",
                balance=money(source.balance, "INR"),
            )
        )
    if source.unread:
        lines.append(
            to.count("    {n} entry I could not read", "    {n} entries I could not read", source.unread)
        )
    return joined(lines)


def _state(source: SourceView, to: Audience) -> Html:
    last = last_heard(source)
    if source.state == "disabled":
        return to.say("switched off")
    if last is None:
        return to.say("nothing came yet")
    if source.state == "quiet" and source.covered_until is not None:
        return to.say("known only till {day}", day=to.day(source.covered_until))
    if source.state == "quiet":
        return to.say("nothing new since {day}", day=since(last, to))
    if source.covered_until is not None:
        return to.say("till {day}", day=till(source.covered_until, to))
    if source.silence_hours <= 0 and source.last_delivery_at is not None:  # came as a file, once
        return to.say("read {when}", when=to.moment(source.last_delivery_at))
    return to.say("last news {when}", when=to.moment(last))
