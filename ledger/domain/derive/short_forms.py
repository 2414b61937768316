"""The same bill under another number or year: `102` in a sheet, `inv 102` in the CRM, `INV-102/26-27` in the books.

A short form means a bill only within one party, financial year and amount, within days, and where no other could be meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from ledger.domain.derive.model import Identity, Terms

Name = tuple[str, str, UUID, int]
"""(kind, number, party, financial year): what makes two claims one document."""
_NEAR = timedelta(days=3)
_PART = re.compile(r"[A-Z]+|[0-9]+")
_YEARS = re.compile(r"(?<!\d)(?:20)?(\d\d)[ ]?[-/_.–][ ]?(?:20)?(\d\d)(?!\d)")
_ANY_BILL = frozenset(["BILL", "INVOICE", "NO", "NUMBER", "TAX", "FY"])


class Short(NamedTuple):
    """What of a number is left without its financial year: the series (empty: not said) and the count."""

    series: str
    serial: str


class _Candidate(NamedTuple):
    name: Name
    short: Short
    sources: frozenset[str]
    day: date


@lru_cache(maxsize=4096)
def shortened(number: str, year: int) -> Short | None:
    """Return the short form of a number of the financial year that begins in `year`; None if it has no one count."""
    text = _without_years(number.upper(), year)
    parts = _PART.findall(text)
    counts = [part.lstrip("0") for part in parts if part.isdigit()]
    counts = [count for count in counts if not _is_year(count, year)] if len(counts) > 1 else counts
    if len(counts) != 1 or not counts[0]:
        return None
    return Short("".join(part for part in parts if not part.isdigit() and part not in _ANY_BILL), counts[0])


def _without_years(text: str, year: int) -> str:
    start = 0
    while (found := _YEARS.search(text, start)) is not None:
        if int(found[1]) == year % 100 and int(found[2]) == (year + 1) % 100:
            return text[: found.start()] + " " + text[found.end() :]
        start = found.start() + 1
    return text


def _is_year(digits: str, year: int) -> bool:
    following = f"{(year + 1) % 100:02d}"
    return digits in (str(year), str(year + 1), f"{year % 100:02d}{following}", f"{year}{following}")


def join_short_forms(
    groups: dict[Name, list[Identity]], best: Callable[[list[Identity]], Identity | None]
) -> None:
    """Put groups of claims together that can only mean one bill; `best` tells whose amount and date count for a group."""
    alike: dict[tuple[object, ...], list[_Candidate]] = {}
    for name in _in_several_sources(groups):
        head = best(groups[name])
        issued_on = head.date("issued_on") if head is not None else None
        if head is None or issued_on is None or not (number := head.data.get("number")):
            continue
        if (short := shortened(number, name[3])) is not None:
            key = (name[0], name[2], name[3], head.data["amount"], head.data["currency"], short.serial)
            found = _Candidate(name, short, _sources(groups[name]), issued_on)
            alike.setdefault(key, []).append(found)
    for together in [names for some in alike.values() if len(some) > 1 for names in _sure(some)]:
        first, *others = sorted(together)
        for name in others:
            groups[first] += groups.pop(name)


def _in_several_sources(groups: Mapping[Name, Sequence[Identity]]) -> Iterable[Name]:
    """Return the groups of parties that more than one source speaks of, sorted; of the rest nothing can join."""
    sources: dict[tuple[str, UUID, int], set[str]] = {}
    for (kind, _, party, year), members in groups.items():
        if year:
            sources.setdefault((kind, party, year), set()).update(member.source for member in members)
    return sorted(n for n in groups if n[3] and len(sources[n[0], n[2], n[3]]) > 1)


def _sure(candidates: Sequence[_Candidate]) -> Iterable[Collection[Name]]:
    """Return sets of names that all mean each other and nothing else, each told by other sources."""
    meant = {
        one.name: frozenset(
            other.name for other in candidates if other.name == one.name or _may_be_one(one, other)
        )
        for one in candidates
    }
    for names in sorted({names for names in meant.values() if len(names) > 1}, key=sorted):
        if all(meant[name] == names for name in names):
            yield names


def _may_be_one(one: _Candidate, other: _Candidate) -> bool:
    series = {one.short.series, other.short.series} - {""}
    return len(series) < 2 and abs(one.day - other.day) <= _NEAR and one.sources.isdisjoint(other.sources)


def join_carried(
    groups: dict[Name, list[Identity]], best: Callable[[list[Identity]], Identity | None], terms: Terms
) -> None:
    """Put bills that a new year's books carry over under the day of their beginning to the year that they are of.

    Such a record was seen on the day that it is dated, the first of the year, and says what was open; the older one
    is another source's, of the same number and party, and no smaller.
    """
    carried = [name for name in sorted(groups) if all(_opens(member, terms) for member in groups[name])]
    if not carried:
        return
    by_number: dict[tuple[str, str, UUID], list[Name]] = {}
    for name in sorted(groups):
        by_number.setdefault(name[:3], []).append(name)
    for name in carried:
        earlier = [other for other in by_number[name[:3]] if 0 < other[3] < name[3] and other in groups]
        old = best(groups[earlier[-1]]) if earlier else None
        new = best(groups[name])
        if old is None or new is None or old.data["amount"] < new.data["amount"]:
            continue
        if _sources(groups[earlier[-1]]).isdisjoint(_sources(groups[name])):
            groups[earlier[-1]] += groups.pop(name)


def _opens(member: Identity, terms: Terms) -> bool:
    day = member.date("issued_on")
    return (
        member.state.get("precision") == "observed"
        and member.data.get("outstanding") is not None
        and day is not None
        and (day.month, day.day) == (terms.year_starts_in, 1)
        and member.day(terms) == day
    )


def _sources(members: Iterable[Identity]) -> frozenset[str]:
    return frozenset(member.source for member in members)
