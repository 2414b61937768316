"""What the firm bills and is billed: monthly services, extra jobs, credit notes, vendors' bills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from workers.simulator.customers import Party
from workers.simulator.entities import Document, Story, working_day

BEFORE = timedelta(days=110)
"""How long before the first day bills were already being written: what is open then is the opening."""
_SERVICES = {
    "society": "Housekeeping and security",
    "school": "Housekeeping and campus security",
    "hospital": "Hospital housekeeping",
    "clinic": "Clinic cleaning",
    "it": "Facility management",
    "office": "Facility management",
    "steel": "Plant housekeeping",
    "hotel": "Kitchen and banquet cleaning",
    "trader": "Shop cleaning and night guard",
}
_JOBS = ("Deep cleaning", "Pest control", "Water tank cleaning", "Facade cleaning", "Event staff")


def write_bills(story: Story) -> None:
    """Write the bills to customers, number them by financial year, and a few credit notes."""
    drafts = [d for index, party in enumerate(story.customers) for d in _drafts(story, index, party)]
    drafts.sort(key=lambda d: (d.issued_on, d.party.code, d.description))
    numbers = _Numbers(story.seed, "SFS")
    story.invoices = [replace(d, number=numbers(d.issued_on)) for d in drafts]
    story.credit_notes = _credit_notes(story)


def receive_bills(story: Story) -> None:
    """Receive the vendors' bills of the same months."""
    drafts = []
    for index, party in enumerate(story.vendors):
        numbers = _Numbers(
            story.seed, "".join(word[0] for word in party.name.split() if word[0].isalpha())[:3].upper()
        )
        for first in _months(story.start - BEFORE, story.today):
            rng = _rng(story.seed, party.code, first)
            day = working_day(first + timedelta(days=index * 5 % 26))
            base = _round(party.base * rng.uniform(0.85, 1.15)) if party.terms_days != 7 else party.base
            if story.start - BEFORE <= day < story.today:
                drafts.append(
                    Document(
                        number=numbers(day),
                        party=party,
                        issued_on=day,
                        due_on=day + timedelta(days=party.terms_days or 0),
                        base=base,
                        description=f"{party.kind}, {day:%B %Y}",
                        opening=day < story.start,
                    )
                )
    story.bills = sorted(drafts, key=lambda d: (d.issued_on, d.party.code))


def fiscal_year(day: date) -> int:
    """Return the year in which the financial year of `day` began (1 April)."""
    return day.year if day.month >= 4 else day.year - 1


def _drafts(story: Story, index: int, party: Party) -> Iterator[Document]:
    for first in _months(story.start - BEFORE, story.today):
        rng = _rng(story.seed, party.code, first)
        written = [(index * 11 % 26, rng.uniform(0.94, 1.08), _SERVICES[party.kind])]
        if rng.random() < 0.14:
            written.append((rng.randrange(26), rng.uniform(0.15, 0.5), rng.choice(_JOBS)))
        for after, share, service in written:
            day = working_day(first + timedelta(days=after))
            if not story.start - BEFORE <= day < story.today:
                continue
            terms = party.terms_days
            yield Document(
                number="",
                party=party,
                issued_on=day,
                due_on=day + timedelta(days=terms) if terms is not None else None,
                base=_round(party.base * share),
                description=f"{service}, {day:%B %Y}",
                opening=day < story.start,
            )


def _credit_notes(story: Story) -> list[Document]:
    notes = []
    numbers = _Numbers(story.seed, "CN")
    candidates = [
        i
        for i in story.invoices
        if not i.opening
        and i.party.habit.channel in ("neft", "bare")
        and not i.party.habit.cuts_tds
        and i.issued_on < story.today - timedelta(days=20)
    ]
    for invoice in candidates[6::13][:6]:
        day = working_day(invoice.issued_on + timedelta(days=6))
        notes.append(
            Document(
                number=numbers(day),
                party=invoice.party,
                issued_on=day,
                due_on=None,
                base=_round(invoice.base * 0.08),
                description="Staff absent, bill reduced",
                against=invoice.number,
            )
        )
    return notes


class _Numbers:
    """Counts a series of document numbers, from 1 again in each financial year."""

    def __init__(self, seed: int, prefix: str) -> None:
        self._prefix = prefix
        self._next: dict[int, int] = {}
        self._first = Random(f"{seed}:{prefix}").randrange(140, 400)  # noqa: S311 - a model of chance, no secret

    def __call__(self, day: date) -> str:
        year = fiscal_year(day)
        count = self._next.get(year, 1 if self._next else self._first)
        self._next[year] = count + 1
        return f"{self._prefix}-{year % 100:02d}{count:04d}"


def _months(first: date, until: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month < until:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def _round(paise: float) -> int:
    return round(paise / 5_000) * 5_000  # to ₹50, so that GST comes out in whole rupees


def _rng(seed: int, code: str, month: date) -> Random:
    return Random(f"{seed}:bills:{code}:{month}")  # noqa: S311 - a model of chance, no secret
