"""What a rule is, once read: a frozen, typed tree. `load` makes it from TOML, `compile` turns it into SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from ledger.domain.roles import Permission
from ledger.reconcile.facts import FACTS, ColumnKind, Fact

Side = Literal["left", "right"]
Severity = Literal["info", "warn", "block"]
Expectation = Literal["expected", "mismatched"]
Each = Literal["candidate", "party", "status"]
Scalar = str | int | bool

ORDERED: frozenset[ColumnKind] = frozenset({"money", "integer", "date", "instant"})
OPERATORS: dict[str, str] = {
    "eq": "equals",
    "ne": "differs from (an empty field does not count as different)",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
    "in": "is one of a list",
    "not_in": "is none of a list",
    "is_null": "is empty (`true`) or has a value (`false`)",
    "not_null": "has a value (`true`) or is empty (`false`)",
    "older_than_days": "a date or instant lies more than so many days back; until then the rule sets an alarm",
    "older_than_hours": "an instant lies more than so many hours back; until then the rule sets an alarm",
}
"""Every operator of a condition, and what it means."""
EFFECTS: dict[str, tuple[str, frozenset[str]]] = {
    "allocate": (
        'sets the money against the candidate\'s bills, deductions included; `learn = "once"`: teaches nothing',
        frozenset({"learn"}),
    ),
    "on_account": ("books the money on account of the party", frozenset({"learn"})),
    "habit": (
        "notes that the party always pays so (`oldest_first`, `on_account`), and books the money so",
        frozenset({"as"}),
    ),
    "classify": (
        "says what the credit is if not a sale payment: own_transfer, loan …",
        frozenset({"as", "learn"}),
    ),
    "confirm_payment": ("confirms that the money came, and how", frozenset({"method", "into"})),
    "accept_deduction": ("accepts what the customer cut from the bill", frozenset({"kind"})),
    "claim_deduction": (
        "notes what the customer says he cut, and asks again later; the bill stays open",
        frozenset({"kind", "for"}),
    ),
    "refuse_deduction": ("refuses what the customer cut: the bill stays open", frozenset({"kind"})),
    "confirm_report": (
        "confirms the money that somebody else reported; never by who reported it",
        frozenset(),
    ),
    "confirm_claim": ("confirms that the money came which only the books tell of", frozenset()),
    "refund_due": ("agrees that what pays nothing of the money is given back", frozenset()),
    "link_parties": ("says that the two customers are one", frozenset()),
    "part_parties": ("says that the two customers are different; never asked again", frozenset()),
    "promise": ("notes that the customer pays so many days from now", frozenset({"for"})),
    "log_call": ("notes what came of a call, and asks again later", frozenset({"outcome", "for"})),
    "setoff": ("takes what we owe a party off what it owes us", frozenset()),
    "note": ("leaves a note", frozenset({"text"})),
    "both_right": ("says that the two are different money", frozenset()),
    "same_money": ("says that the two are one and the same money", frozenset()),
    "map_status": ("says what the source's word means; what waited is read again", frozenset()),
    "set_aside": ("settles what could not be read without reading it; undo brings it back", frozenset()),
    "correct_crm": (
        "closes the question; where the source's switch allows, the CRM's deal takes over the stage that means this",
        frozenset({"as"}),
    ),
    "ask_accountant": ("leaves a note for the accountant and asks again later", frozenset({"for"})),
    "snooze": ("asks again later", frozenset({"for"})),
    "dismiss": ("closes the question for this evidence", frozenset()),
}
"""Every effect of an answer: what it does, and the settings that it takes in `with`."""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A column of one side; the left side is the one that the question is about."""

    side: Side
    name: str
    kind: ColumnKind

    @property
    def key(self) -> str:
        """Its name in evidence and templates: plain for the left side, `right.x` for the other."""
        return self.name if self.side == "left" else f"right.{self.name}"


@dataclass(frozen=True, slots=True)
class Compare:
    """`field operator value`; the value is a literal, a list of literals, or another field."""

    field: FieldRef
    operator: str
    value: Scalar | tuple[Scalar, ...] | FieldRef


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition holds."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds."""

    of: tuple[Condition, ...]


Condition = Compare | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class View:
    """One side of a rule: a fact and the conditions on it alone."""

    fact: str
    where: AllOf

    @property
    def of(self) -> Fact:
        """The fact itself."""
        return FACTS[self.fact]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Two amounts agree when they differ by no more than so many paise, or so many hundredths of a per cent."""

    paise: int = 0
    basis_points: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """How two sides meet: equal fields (left, right), amounts within a tolerance, days within so many."""

    join: tuple[tuple[FieldRef, FieldRef], ...]
    amount: Tolerance | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Assert:
    """Asks about each row of one fact for which the conditions hold."""

    left: View


@dataclass(frozen=True, slots=True)
class Pair:
    """Asks about two rows that meet; of several right rows only the nearest in days if `nearest`."""

    left: View
    right: View
    match: Match
    where: AllOf
    keep: Literal["all", "nearest"] = "all"


@dataclass(frozen=True, slots=True)
class Missing:
    """Asks about a left row that no right row meets, `after_days` from its day.

    `covered_by` names a date of the left side that must have reached that day too (a bank statement that
    doesn't cover the day yet proves nothing); while it is empty nothing is asked.
    """

    left: View
    right: View
    match: Match
    after_days: int
    covered_by: FieldRef | None = None


Shape = Assert | Pair | Missing


@dataclass(frozen=True, slots=True)
class Answer:
    """A button: what it says and which effect it has. `each` makes one for every candidate, party or status."""

    id: str
    label: str
    effect: str
    settings: tuple[tuple[str, str], ...] = ()
    each: Each | None = None
    limit: int = 3
    when: str | None = None
    """A field of the evidence: the button is there only if it isn't empty or zero."""
    permission: Permission = Permission.ANSWER

    def setting(self, name: str) -> str:
        """Return a setting of its effect, empty if it isn't set."""
        return dict(self.settings).get(name, "")


@dataclass(frozen=True, slots=True)
class Question:
    """The texts: `{field}` is a field of the evidence, `[…]` falls away when a field in it is empty."""

    title: str
    lines: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    """Said in place of a proposal when there is none."""
    quote: str | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as data: what to look for, how long to wait, what to ask, and which answers there are."""

    name: str
    title: str
    severity: Severity
    expectation: Expectation
    quiet_for: timedelta
    shape: Shape
    subjects: tuple[FieldRef, ...]
    evidence: tuple[FieldRef, ...]
    """What the question stands on: if any of it changes, an answer no longer holds."""
    context: tuple[FieldRef, ...]
    """What is shown with it and may change."""
    question: Question
    answers: tuple[Answer, ...]
    suggest: str | None = None
    file: str = ""
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict, hash=False, compare=False)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that it speaks of."""
        if isinstance(self.shape, Assert):
            return (self.shape.left.of,)
        return (self.shape.left.of, self.shape.right.of)

    @property
    def whole(self) -> bool:
        """True where all rows are judged every time."""
        return self.shape.left.of.whole

    @property
    def permissions(self) -> frozenset[Permission]:
        """What a member needs to see its questions."""
        return frozenset(fact.permission for fact in self.facts)
