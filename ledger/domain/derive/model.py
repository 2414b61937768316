"""What the derivation works on: identities in, documents and money in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.ids import derived
from ledger.domain.keys import party_subject, payer_handles

_SURENESS = ("vpa", "acc", "nam")
_FAMILY = {"books": 0, "standard": 1, "payment": 2, "bank": 3, "crm": 4}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The days that a bank's statements show: `bank` as in `bank:icici`, the account's number where it is known."""

    bank: str
    account: str | None
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What the business itself settles: its calendar, its currency, how small a difference is rounding (paise)."""

    timezone: str = "Asia/Kolkata"
    currency: str = "INR"
    round_off_limit: int = 100
    year_starts_in: int = 4
    """Month in which the financial year starts, and document numbers with it."""
    coverage: tuple[Coverage, ...] = ()
    """What the banks have shown us: there, a receipt by the books alone is only said to have come."""

    def year(self, day: date) -> int:
        """Return the calendar year in which the financial year of `day` began."""
        return day.year - (day.month < self.year_starts_in)


class Identity:
    """One source identity with its folded state."""

    def __init__(
        self, subject: UUID, source: str, kind: str, external_id: str, state: Mapping[str, Any]
    ) -> None:
        self.subject = subject
        self.source = source
        self.kind = kind
        self.external_id = external_id
        self.state = state
        self.type: str = state["type"]
        self.data: Mapping[str, Any] = state["data"]

    @cached_property
    def party_subject(self) -> UUID | None:
        """The party identity that it names: itself, one mentioned in it, or one that a decision cites."""
        if self.kind == "party":
            return self.subject
        party = self.data.get("party")
        if isinstance(party, dict):
            return party_subject(self.source, party)
        return UUID(party) if isinstance(party, str) and party else None

    @cached_property
    def at(self) -> datetime:
        """When the fact that decides its state happened."""
        return datetime.fromisoformat(self.state["at"])

    def day(self, terms: Terms, *names: str) -> date:
        """Return the first date field among `names`, else the day of `at` in the business's calendar."""
        for name in names:
            if value := self.data.get(name):
                return date.fromisoformat(value)
        return self.at.astimezone(ZoneInfo(terms.timezone)).date()

    def date(self, name: str) -> date | None:
        """Return a date field, or None."""
        value = self.data.get(name)
        return date.fromisoformat(value) if value else None

    def references(self, name: str) -> list[str]:
        """Return one list of references, empty if there is none."""
        found: list[str] = (self.data.get("references") or {}).get(name) or []
        return found

    @cached_property
    def trust(self) -> tuple[bool, int, UUID]:
        """Order of belief where sources describe one document: live before snapshot, books before CRM."""
        family = self.source.partition(":")[0]
        return (self.state.get("precision") == "observed", _FAMILY.get(family, 5), self.subject)

    @property
    def status(self) -> str | None:
        """Our status, as stated, else as its event type implies."""
        stated: str | None = self.data.get("status")
        return stated or self.type


@dataclass(eq=False)
class Document:
    """A bill, opening balance or credit note on its way to a row; amounts in minor units."""

    anchor: UUID
    side: str
    kind: str
    members: list[Identity]
    party: UUID
    number: str | None
    issued_on: date
    amount: int
    currency: str
    base: int | None = None
    due_on: date | None = None
    dues: list[tuple[date | None, str | None, int]] = field(default_factory=list)
    closed: str | None = None
    """voided or draft: it owes nothing."""
    disputed: bool = False
    reserve: int = 0
    """Paid before our log begins, by the books' word, until receipts of that time explain it."""
    reserve_on: date | None = None
    reserve_of_all: bool = False
    """The reserve is all that a report took off, credit notes with it; else only what was paid."""
    entries: list[tuple[str, int, date, UUID]] = field(default_factory=list)
    """(kind, signed amount, effective day, cause): what reduces or restores it; added by `enter`."""
    moved: int = 0
    """What the entries add up to."""

    @cached_property
    def id(self) -> UUID:
        """Row id."""
        return row_id(self.kind if self.side == "receivable" else "payable", self.anchor)

    @property
    def remaining(self) -> int:
        """What is still open."""
        if self.closed:
            return 0
        return self.amount - self.reserve + self.moved

    def room(self, day: date) -> int:
        """Return what an entry of `day` may take off: what is open, and what the reserve stands for of that time."""
        return self.remaining + (self.reserve if self.reserve_on and day <= self.reserve_on else 0)

    def take_off(self, kind: str, amount: int, day: date, cause: UUID, *, known: date | None = None) -> None:
        """Enter a reduction of `day`; of what a report knew of (`known`: since when), the reserve stood for it."""
        if self.reserve_on and (known or day) <= self.reserve_on:
            self.reserve -= min(self.reserve, amount)
        self.enter(kind, -amount, day, cause)

    @property
    def written_off(self) -> int:
        """What was given up, less what was paid after all."""
        return -sum(amount for kind, amount, _, _ in self.entries if kind == "write_off")

    def open_on(self, day: date) -> int:
        """Return what was open at the end of `day`."""
        before = self.reserve if self.reserve_on and self.reserve_on <= day else 0
        return self.amount - before + sum(amount for _, amount, on, _ in self.entries if on <= day)

    def enter(self, kind: str, amount: int, day: date, cause: UUID) -> None:
        """Add an entry."""
        self.entries.append((kind, amount, day, cause))
        self.moved += amount


@dataclass(eq=False)
class Money:
    """A receipt or payout on its way to a row: the same money by all who claim it."""

    anchor: UUID
    side: str
    members: list[Identity]
    amount: int
    currency: str
    day: date
    first_day: date
    """The earliest day that any of the claims states: the books may show it before the bank does."""
    status: str
    arrived: bool
    party: UUID | None = None
    reversals: list[tuple[date, int]] = field(default_factory=list)
    allocations: list[tuple[Document, str, int, str]] = field(default_factory=list)
    classified: str | None = None
    advance: list[tuple[str, int, date]] = field(default_factory=list)
    """(kind, signed amount, effective day): what stays on account, and what of it was given back."""
    kept: dict[str, int] = field(default_factory=dict)
    """kind → what the payer kept back and no bill has taken (yet): the party's balance is less by it all the same."""
    why: str | None = None
    """By what it was matched by itself, where no source and no person says what it is for; None: they do, or nothing fits."""
    evidence: str | None = None
    """The same in words."""

    @cached_property
    def id(self) -> UUID:
        """Row id."""
        return row_id("receipt" if self.side == "receivable" else "payout", self.anchor)

    @cached_property
    def handles(self) -> tuple[str, ...]:
        """By what its payer (or payee) is known again, the surest first."""
        found = {
            handle: None
            for member in sorted(self.members, key=lambda identity: identity.trust)
            for handle in payer_handles(member.data.get("payer") or member.data.get("payee"))
        }
        return tuple(sorted(found, key=lambda handle: (_SURENESS.index(handle[:3]), handle)))

    @property
    def on_account(self) -> int:
        """What belongs to the party and is set against nothing."""
        return -sum(amount for _, amount, _ in self.advance)

    @property
    def allocated(self) -> int:
        """What of the money itself is set against documents (deductions apart)."""
        return sum(amount for _, kind, amount, _ in self.allocations if kind == "receipt")

    @property
    def remaining(self) -> int:
        """What is not set against a document."""
        return self.amount - self.allocated

    @property
    def lasting(self) -> int:
        """What of it was never given back."""
        return self.amount - sum(amount for _, amount in self.reversals)

    def left_on(self, day: date) -> int:
        """Return what was still ours at the end of `day`."""
        return self.amount - sum(amount for on, amount in self.reversals if on <= day)


EVEN = 100_00
"""Money paid against no bill in particular comes in whole hundreds (paise)."""
_WORDS = {
    "on_account": "pays on account",
    "oldest_first": "pays the oldest bill first",
    "bill_wise": "pays bill by bill",
}


@dataclass(frozen=True, slots=True)
class Habit:
    """bill_wise, oldest_first, on_account or mixed; `said` by a person, else only seen."""

    how: str
    said: bool

    @property
    def words(self) -> str:
        """The same in words."""
        return _WORDS.get(self.how, self.how) + ("" if self.said else ", as the last times")

    def shows(self, money: Money) -> bool:
        """Whether this money is paid by the habit: if it was only seen, just even sums are."""
        return self.how in ("on_account", "oldest_first") and (self.said or money.amount % EVEN == 0)


def row_id(kind: str, anchor: UUID) -> UUID:
    """Return the id of the row that stands on `anchor`."""
    return derived("row", kind, str(anchor))


def latest_words(
    decisions: Iterable[Identity], *, join: str, part: str
) -> tuple[list[tuple[UUID, UUID]], set[frozenset[UUID]]]:
    """Return the pairs that people joined, in the order of time, and those that they parted: the last word counts."""
    joined: list[tuple[UUID, UUID]] = []
    parted: set[frozenset[UUID]] = set()
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type not in (join, part):
            continue
        first, *rest = subjects = sorted({UUID(subject) for subject in decision.data["subjects"]}) or [
            decision.subject
        ]
        if decision.type == join:
            joined.extend((first, other) for other in rest)
            parted = {pair for pair in parted if not pair.issubset(subjects)}
        else:
            parted.update(frozenset(pair) for pair in combinations(subjects, 2))
    return joined, parted


class Groups:
    """Union-find over ids, whose root is always the smallest member; what is parted never meets in one group."""

    def __init__(self, parted: Iterable[frozenset[UUID]] = ()) -> None:
        self._parent: dict[UUID, UUID] = {}
        self._foes: dict[UUID, set[UUID]] = {}
        for one, other in parted:
            self._foes.setdefault(one, set()).add(other)
            self._foes.setdefault(other, set()).add(one)

    def root(self, item: UUID) -> UUID:
        """Return the smallest id joined with `item`."""
        parent = self._parent.setdefault(item, item)
        while parent != self._parent[parent]:
            self._parent[item] = self._parent[parent]
            item, parent = parent, self._parent[parent]
        return parent

    def join(self, one: UUID, other: UUID) -> None:
        """Put two ids into one group, unless that would bring together what is parted."""
        a, b = sorted((self.root(one), self.root(other)))
        if a == b or any(self.root(foe) == b for foe in self._foes.get(a, ())):
            return
        self._parent[b] = a
        if b in self._foes:
            self._foes.setdefault(a, set()).update(self._foes.pop(b))
