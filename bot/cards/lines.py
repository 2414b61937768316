"""Phrases that several cards share: why a customer stands where he stands, how fresh a source is."""

from __future__ import annotations

import re
from datetime import date, datetime

from bot.cards.audience import Audience, unescaped, whole
from bot.words import Html, clean, cut, joined
from ledger.views import PartyBrief, SourceView

NAME_WIDTH = 24
INDENT = "    "
_LEGAL_FORM = re.compile(
    r"[\s,]+\(?(?:pvt|private|ltd|limited|llp|opc|inc|corp|co|प्रा|प्राइवेट|लि|लिमिटेड|एलएलपी)[.॰]?\)?$",
    re.IGNORECASE,
)


def standing(brief: PartyBrief, to: Audience) -> Html:
    """Say in a few words why a customer stands where he stands: his promise, else how late he is."""
    parts = []
    if brief.promise_on is not None and brief.promise_broken:
        parts.append(to.say("promised {day}, not paid", day=to.day(brief.promise_on)))
    elif brief.promise_on is not None:
        parts.append(to.say("will pay on {day}", day=to.day(brief.promise_on)))
    elif brief.overdue_days > 0:
        parts.append(overdue_days(brief, to))
    elif brief.net < 0:
        parts.append(to.say("paid ahead"))
    elif brief.net == 0:
        parts.append(to.say("all paid"))
    else:
        parts.append(to.say("nothing overdue"))
    return joined(parts, " · ")


def overdue_days(brief: PartyBrief, to: Audience) -> Html:
    """Say how many days the oldest bill is overdue, beside how late he usually pays."""
    late = to.count("{n} day overdue", "{n} days overdue", brief.overdue_days)
    if brief.usual_days_late is None:
        return late
    if brief.usual_days_late <= 0:
        return to.say("{late}, usually on time", late=late)
    return to.say("{late}, usually {days}", late=late, days=brief.usual_days_late)


def party_line(number: int, brief: PartyBrief, to: Audience) -> Html:
    """Write one numbered customer on two lines: name and net balance, then his standing."""
    return to.say(
        "{number} <b>{name}</b>  {net}\n{indent}{standing}",
        number=number,
        indent=INDENT,
        name=short_name(brief.name),
        net=whole(brief.net, brief.currency),
        standing=standing(brief, to),
    )


def short_name(name: str, width: int = NAME_WIDTH) -> str:
    """Write a name for a list: one that is too long loses its legal form (Pvt Ltd, LLP) before it is cut."""
    name = clean(name)
    if len(name) > width:
        while (short := _LEGAL_FORM.sub("", name)) != name:
            name = short
    return cut(name, width)


def capital(text: Html) -> Html:
    """Begin a line with a capital letter."""
    return Html(text[:1].upper() + text[1:])


def nothing_new(source: SourceView, to: Audience) -> Html:
    """Say since when a source has been quiet, or can't be read."""
    label = cut(source.label, NAME_WIDTH)
    if source.state == "failing":
        if source.read_until is None:
            return to.say("{source} can't be read", source=label)
        return to.say("{source} can't be read since {day}", source=label, day=since(source.read_until, to))
    if source.covered_until is not None:
        return to.say("{source} known only till {day}", source=label, day=to.day(source.covered_until))
    last = last_heard(source)
    if last is None:
        return to.say("nothing from {source} yet", source=label)
    return to.say("nothing new from {source} since {day}", source=label, day=since(last, to))


def last_heard(source: SourceView) -> datetime | None:
    """Return when a source was last heard of."""
    return source.last_event_at or source.last_delivery_at


def till(day: date, to: Audience) -> str:
    """Write the day that something is known till: today, the weekday, or the whole day."""
    return unescaped(to.say("today")) if day == to.today else to.weekday(day)


def since(moment: datetime, to: Audience) -> str:
    """Write a moment as people say since when: the weekday, or the hour if it was today."""
    day = to.local_day(moment)
    return to.moment(moment) if day == to.today else to.weekday(day)


def account_tail(account: str | None, label: str) -> str:
    """Write an account by its last four digits: ` ··4421`; empty where it isn't known or `label` ends with them."""
    digits = "".join(c for c in account or "" if c.isalnum())[-4:]
    return f" ··{digits}" if digits and not label.endswith(digits) else ""
