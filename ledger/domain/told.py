"""What an entry of the audit trail tells those who follow it: questions and changes of state, and which events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.domain.roles import Actor, Permission

QUESTIONS: Mapping[str, str] = {
    "conflict.opened": "opened",
    "conflict.woken": "opened",
    "conflict.reopened": "reopened",
    "conflict.changed": "changed",
    "conflict.snoozed": "snoozed",
    "conflict.assigned": "assigned",
    "conflict.noted": "noted",
    "conflict.advised": "advised",
    "conflict.resolved": "answered",
    "conflict.cleared": "cleared",
}
"""Action of the trail → what happened to the question."""
STATES = ("invoice", "receipt", "settlement", "payable", "payout", "cheque", "party")
"""What changes its state, or what is agreed with it; each is `<kind>.changed` in the trail."""
CHANGES: Mapping[str, str] = {f"{kind}.changed": kind for kind in STATES}
_OF_PAYABLES = frozenset({"settlement", "payable", "payout"})
"""Money that a sales rep doesn't see: what we owe, and what the bank shows."""
EVENTS = (
    "question.opened",
    "question.answered",
    "question.cleared",
    "invoice.status_changed",
    "money.received",
)
"""What outgoing webhooks can be told."""
TEST = "webhook.test"
_EVENT_OF = {"opened": EVENTS[0], "reopened": EVENTS[0], "answered": EVENTS[1], "cleared": EVENTS[2]}


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the trail, as those who follow it get it; `party` as it is known today."""

    sequence: int
    at: datetime
    action: str
    subject: UUID
    entry: Mapping[str, Any]
    party: UUID | None = None

    @property
    def question(self) -> str | None:
        """What happened to a question; None: it is about something else."""
        return QUESTIONS.get(self.action)

    @property
    def kind(self) -> str | None:
        """What changed its state; None: it is about a question."""
        return CHANGES.get(self.action)

    @property
    def changed(self) -> tuple[str, ...]:
        """What of it changed, by the entry's names; nothing where it is new or gone."""
        before, after = self.entry.get("before"), self.entry.get("after")
        if not before or not after:
            return ()
        other = (name for name, value in after.items() if before.get(name) != value)
        moved = ("party_id",) if "party_before" in self.entry else ()
        return tuple(dict.fromkeys((*other, *self.entry.get("reworded", ()), *moved)))


def kinds_for(actor: Actor) -> tuple[str, ...]:
    """Return the kinds whose changes somebody may follow."""
    sees_all = actor.may(Permission.SEE_PAYABLES)
    return tuple(kind for kind in STATES if sees_all or kind not in _OF_PAYABLES)


def event_of(told: Told) -> str | None:
    """Return the event that an entry is to outgoing webhooks, or None if it is none."""
    if told.question is not None:
        return _EVENT_OF.get(told.question)
    before, after = told.entry.get("before") or {}, told.entry.get("after") or {}
    if told.kind == "invoice" and before.get("status") != after.get("status"):
        return "invoice.status_changed"
    if told.kind == "receipt" and after.get("arrived") and not before.get("arrived"):
        return "money.received"
    return None
