"""A party's attributes by day: a change of today says nothing of last quarter."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ledger.domain.derive.model import Identity, Terms


class Held(NamedTuple):
    """A value and the day from which it holds; None: nobody has said an earlier one, so it reaches back."""

    value: Any
    since: date | None
    stated_on: date
    """The day on which its source stated it."""


def history(identity: Identity, name: str, terms: Terms) -> list[Held]:
    """Return what an identity has said of one attribute, day by day, the earliest first; empty if it never did.

    Of several changes of one day the last one counts. The first value reaches back: that it was missing before was a gap,
    not another agreement.
    """
    told = (identity.state.get("changes") or {}).get(name)
    if told is None:
        value = identity.data.get(name)
        told = [] if value is None else [(identity.state.get("since", identity.state["at"]), value)]
    found: list[Held] = []
    for moment, value in told:
        day = _day(moment, terms.timezone)
        if found and found[-1].stated_on == day:
            found.pop()
        if not found or found[-1].value != value:
            found.append(Held(value, day if found else None, day))
    return found


def held_on(identity: Identity, name: str, day: date, terms: Terms) -> Any:
    """Return an attribute of one identity as it held at the end of a day, or None."""
    if name not in identity.state.get("changes", ()):
        return identity.data.get(name)
    held = [one.value for one in history(identity, name, terms) if one.since is None or one.since <= day]
    return held[-1] if held else None


@lru_cache(maxsize=4096)
def _day(moment: str, timezone: str) -> date:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone)).date()
