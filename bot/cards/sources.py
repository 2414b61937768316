"""Where the news comes from, and how fresh each of them is."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.audience import Audience, money
from bot.cards.card import Card
from bot.cards.lines import account_tail, last_heard, since, till
from bot.words import Html, cut, joined
from ledger.reconcile.reasons import why_told
from ledger.views import SourceView, WriteBackView

_SHOWN = 20
_REASON = 140
_MARK = {"fresh": "🟢", "quiet": "🟡", "failing": "🔴", "never": "⚪", "disabled": "⏸"}


def sources_card(sources: tuple[SourceView, ...], written: Mapping[str, WriteBackView], to: Audience) -> Card:
    """List the sources, what is the matter with any of them, and what could not be read."""
    if not sources:
        lines = [
            to.say("Nothing is connected yet."),
            to.say("Send me a bank statement or a list of open bills as a file, and I'll start with that."),
        ]
        return Card(joined(to.heading(joined(lines))))
    lines = [_source(source, written.get(source.name), to) for source in sources[:_SHOWN]]
    if len(sources) > _SHOWN:
        lines.append(to.count("and {n} more", "and {n} more", len(sources) - _SHOWN))
    head = to.say("<b>Where my news comes from</b>")
    return Card(joined([joined(to.heading(head)), joined(lines)], "\n\n"))


def _source(source: SourceView, written: WriteBackView | None, to: Audience) -> Html:
    label = cut(source.label, 28)
    head = to.say(
        "{mark} <b>{label}</b>{tail}",
        mark=_MARK.get("quiet" if source.state == "fresh" and source.failing_streams else source.state, "⚪"),
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
    if source.state != "disabled":
        lines += _reading(source, to)
    if source.unread:
        lines.append(
            to.count("    {n} entry I could not read", "    {n} entries I could not read", source.unread)
        )
    if written is not None and source.write_back and source.state != "disabled":
        lines += _writing(written, to)
    return joined(lines)


def _reading(source: SourceView, to: Audience) -> list[Html]:
    """Say what is the matter with a source that we read ourselves, and how it is helped."""
    lines = []
    if source.failing_streams and source.state != "failing":
        lists = cut(", ".join(source.failing_streams), 40).replace("_", " ")
        lines.append(to.say("    of it I can't read: {lists}", lists=lists))
    if source.problem:
        lines.append(to.say("    {problem}", problem=cut(why_told(to.language, source.problem), _REASON)))
    if source.silent_since is not None and source.state == "failing":
        lines.append(to.say("    quiet: has not called since {when}", when=to.moment(source.silent_since)))
    elif source.silent_since is not None:
        lines.append(
            to.say(
                "    quiet: has not called since {when}; I read it myself",
                when=to.moment(source.silent_since),
            )
        )
    return lines


def _writing(written: WriteBackView, to: Audience) -> list[Html]:
    """Say how many of its records show what is owed, and which it did not take."""
    lines = [
        to.count(
            "    {n} record there shows what is owed", "    {n} records there show what is owed", written.sent
        )
    ]
    if written.refused:
        taken = to.count("{n} record it did not take", "{n} records it did not take", written.refused)
        reason = (
            to.say(": {reason}", reason=cut(why_told(to.language, written.problem), _REASON))
            if written.problem
            else ""
        )
        lines.append(to.say("    {taken}{reason}", taken=taken, reason=reason))
    return lines


def _state(source: SourceView, to: Audience) -> Html:
    last = last_heard(source)
    if source.state == "disabled":
        return to.say("switched off")
    if source.state == "failing":
        if source.read_until is None:
            return to.say("can't be read")
        return to.say("can't be read since {when}", when=to.moment(source.read_until))
    if source.read_until is not None and source.covered_until is None and not source.failing_streams:
        until = to.say("read until {when}", when=to.moment(source.read_until))
        if source.state != "quiet" or last is None:
            return until
        return to.say("{until}, nothing new since {day}", until=until, day=since(last, to))
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
