"""The customer's timeline: how he stands, what is open and why, what was said, and all that every source ever stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from graph.pages.look import Look
from graph.pages.reader import Reader
from kit.errors import NotFound
from ledger import queries
from ledger.domain.roles import Permission
from ledger.queries.customers import PartyTalk, SourcesOf
from ledger.views import AgingBucket, PartyBrief, PartyView, TimelineEntry, TimelinePage

HISTORY, LATER_HISTORY = 40, 100
IN_HAND = ("cheque.received", "cheque.deposited")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the aging; `width` in percent of the longest."""

    label: str
    amount: int
    width: float


@dataclass(frozen=True, slots=True)
class Day:
    """What was said on one day."""

    on: date
    entries: tuple[TimelineEntry, ...]


async def customer(look: Look) -> Mapping[str, Any]:
    """Gather the page; from its second leaf on, the history alone."""
    after = look.query.get("after")
    async with look.door.reading(look.as_read()) as reader:
        firm = await reader.query(queries.OwnBusiness())
        size = LATER_HISTORY if after else HISTORY
        told: TimelinePage = await reader.query(queries.Timeline(look.about, first=size, after=after))
        labels = {}
        if look.actor.may(Permission.SEE_SOURCES):
            labels = {one.name: one.label for one in await reader.query(queries.Sources())}
        common = {
            "firm": firm,
            "labels": labels,
            "days": _days(told, look.reader),
            "further": told.end if told.more else None,
            "first_leaf": after is None,
        }
        if after is not None:
            found: dict[UUID, PartyBrief] = await reader.query(queries.PartiesByIds((look.about,)))
            if look.about not in found:
                raise NotFound("party.not_found", "There is no such customer or vendor.")
            return {**common, "brief": found[look.about]}
        view: PartyView = await reader.query(queries.PartyCard(look.about))
        talk = await reader.query(PartyTalk(look.about))
        said = await reader.query(SourcesOf(look.about))
    return {
        **common,
        "brief": view.brief,
        "view": view,
        "talk": talk,
        "said": said,
        "labels": {**{one.source: one.label for one in said}, **labels},
        "bars": _bars(view, look.reader),
        "in_hand": [one for one in view.cheques if one.status in IN_HAND],
    }


def _bars(view: PartyView, to: Reader) -> tuple[Bar, ...]:
    """Return the bars of what is owed: what isn't due yet first, then by age, each beside the longest."""
    overdue = [bucket for bucket in view.aging if bucket.amount > 0]
    if not overdue:
        return ()
    rows = [(_span(bucket, to), bucket.amount) for bucket in view.aging]
    later = view.brief.net - view.brief.overdue
    if later > 0:
        rows.insert(0, (to.label("not due yet"), later))
    longest = max(amount for _, amount in rows)
    return tuple(Bar(label, amount, round(100 * amount / longest, 1)) for label, amount in rows)


def _span(bucket: AgingBucket, to: Reader) -> str:
    span = f"{bucket.low - 1}+" if bucket.high is None else f"{bucket.low}–{bucket.high}"
    return to.label("{span} days", span=span)


def _days(page: TimelinePage, to: Reader) -> tuple[Day, ...]:
    days: dict[date, list[TimelineEntry]] = {}
    for entry in page.rows:
        days.setdefault(to.local_day(entry.at), []).append(entry)
    return tuple(Day(on, tuple(entries)) for on, entries in days.items())
