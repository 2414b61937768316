"""What the munshi says by himself: the week on its first day, the evening, alerts; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WeekView:
    """The seven days before and after the first day of a stretch of work. `pays`: what goes on which day, about so much."""

    came: int
    pays: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class CameView:
    """Money that came from one payer in a day; `left`: what he owes after it, None where nobody knows who he is."""

    party_id: UUID | None
    name: str | None
    amount: int
    left: int | None


@dataclass(frozen=True, slots=True)
class PromisedView:
    """What a customer promised for a day; `amount` is what he named, else all that he owes."""

    party_id: UUID
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class PayView:
    """What goes on a day: a vendor's bill, a payout, a cheque of ours, a monthly due (`about` so much)."""

    name: str
    amount: int
    about: bool = False


@dataclass(frozen=True, slots=True)
class ChequeDueView:
    """A customer's cheque that can be deposited."""

    number: str
    name: str | None
    amount: int


@dataclass(frozen=True, slots=True)
class EveningView:
    """The close of a day. `came_total` and `pay_total` are over all, the tuples name the largest.

    `tomorrow` is the next working day; `bank_until` the day that the stalest bank is known till, None without one.
    """

    member_name: str
    today: date
    tomorrow: date
    currency: str
    came_total: int
    came_more: int
    came: tuple[CameView, ...]
    missed: tuple[PromisedView, ...]
    pay_total: int
    pay_more: int
    pay: tuple[PayView, ...]
    promised: tuple[PromisedView, ...]
    cheques: tuple[ChequeDueView, ...]
    questions: int
    sees_payables: bool
    bank_until: date | None = None


@dataclass(frozen=True, slots=True)
class AlertView:
    """One thing to tell at once. `kind` is of ledger.domain.alerts.KINDS; `what` tells within it: came, failed, reversed; a rule's name.

    `title` is a question's own sentence. `left` is what the customer owes after it.
    """

    kind: str
    what: str
    at: datetime
    amount: int | None = None
    currency: str | None = None
    party_id: UUID | None = None
    party_name: str | None = None
    left: int | None = None
    conflict_id: UUID | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class AlertsView:
    """All that is to be told now, the oldest first, and the subjects that are settled by telling it."""

    alerts: tuple[AlertView, ...]
    subjects: tuple[tuple[str, str], ...]
    """(subject, kind) of everything that was looked at, also what he chose not to hear."""


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What a member has set. `alerts`: each kind that his role may hear of, and whether he wants it."""

    digest_at: time | None
    evening_at: time | None
    picture: str
    alerts: tuple[tuple[str, bool], ...]
    quiet_from: time
    quiet_until: time
    language: str

    @property
    def keeps_quiet(self) -> bool:
        """Whether there are quiet hours at all."""
        return self.quiet_from != self.quiet_until
