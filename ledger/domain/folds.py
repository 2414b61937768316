"""Stage one: fold all facts of one source identity into its state, whatever order they came in.

Canonical order is occurred_at, source sequence, lifecycle rank, content digest; where two say the same, their ids. A day
says what a fact is about, not when it was stated: facts known to the day go by their source's sequence first, where it
has one. Observed snapshots (seen at some time, changed nobody knows when) advance the state by rank, never by time. A
final fact isn't undone by a lower one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.domain.vocabulary import EVENTS

STATUS_RANK = {
    "invoice.draft": 10, "invoice.issued": 20, "invoice.disputed": 25, "invoice.partially_paid": 30,
    "invoice.paid": 50, "invoice.written_off": 80, "invoice.voided": 90,
    "payable.scheduled": 10, "payable.due": 20, "payable.partially_paid": 30, "payable.paid": 50,
    "payable.failed": 25, "payable.voided": 90,
    "payment.refunded": 55,
}  # fmt: skip
DATED = (
    "name", "gstin", "pan", "phone", "email", "terms_days", "credit_limit", "owner", "address", "state", "contacts",
    "addresses", "parent",
)  # fmt: skip
"""Attributes of a party that hold from a day on: a change of today says nothing of last quarter."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as the fold reads it: the reading in force, and where it stands."""

    event_type: str
    data: Mapping[str, Any]
    occurred_at: datetime
    precision: str
    sequence: int
    digest: bytes
    source_event_id: str
    word: str | None = None
    flag: str | None = None

    @property
    def rank(self) -> int:
        """Place in the life of the thing: by its stated status where there is one, else by its type."""
        return STATUS_RANK.get(self.data.get("status") or "", EVENTS[self.event_type].rank)


def _order(fact: Fact) -> tuple[bool, int, datetime, int, int, bytes, str]:
    stated = fact.sequence if fact.precision == "day" or "revision" in fact.data else 0
    told = (fact.occurred_at, fact.sequence, fact.rank, fact.digest, fact.source_event_id)
    return (fact.precision != "observed", stated, *told)


def fold(facts: Iterable[Fact]) -> dict[str, Any] | None:
    """Return the state of an identity, or None while nothing of it may be applied (flagged facts wait)."""
    applied = [fact for fact in facts if fact.flag is None]
    if not applied:
        return None
    dated: dict[str, Any] = {}
    if len(applied) > 1:
        ordered = sorted(applied, key=_order)
        dated = _dated(ordered) if any(EVENTS[fact.event_type].kind == "party" for fact in ordered) else {}
        applied = _without_withdrawn(_without_former_edits(ordered))
        if not applied:
            return None
    data: dict[str, Any] = {}
    seen: Fact | None = None
    timed: Fact | None = None
    for fact in applied:
        if "revision" in fact.data:  # the record is told whole: what an edit left out of it is gone
            data = {name: data[name] for name in ("into",) if name in data} if _tells(fact) else data
        _merge(data, fact.data)
        if fact.precision == "observed":
            if seen is None or fact.rank >= seen.rank:
                seen = fact
        elif timed is None or not EVENTS[timed.event_type].final or fact.rank >= timed.rank:
            timed = fact
    head = timed if seen is None or (timed is not None and timed.rank >= seen.rank) else seen
    assert head is not None
    if "status" in data:
        data["status"] = head.data.get("status")
    return {
        "type": head.event_type,
        "at": _moment(head),
        "event": head.source_event_id,
        "word": head.word,
        "precision": head.precision,
        "data": {name: value for name, value in data.items() if value is not None},
        **dated,
    }


def _dated(ordered: Sequence[Fact]) -> dict[str, Any]:
    """Return `since`, the moment of the earliest fact, and `changes` of attributes that did not stand so from then on."""
    since = min(_moment(fact) for fact in ordered)
    changes = {name: told for name, told in _changes(ordered).items() if len(told) > 1 or told[0][0] != since}
    latest = max(_moment(fact) for fact in ordered)
    return {"changes": changes, "since": since} if changes else {"since": since} if since != latest else {}


def _changes(ordered: Iterable[Fact]) -> dict[str, list[list[Any]]]:
    """Return since when each attribute has had which value, `[moment, value]`, the last one the present; only changes.

    What a stronger fact says of an earlier moment reaches over what was seen later. An attribute that a whole record
    leaves out has no value from then on (null).
    """
    found: dict[str, list[list[Any]]] = {}
    for fact in ordered:
        whole, at = "revision" in fact.data, _moment(fact)
        for name in DATED if whole else [name for name in DATED if fact.data.get(name) is not None]:
            value, told = fact.data.get(name), found.setdefault(name, [])
            while told and told[-1][0] >= at:
                told.pop()
            if value != (told[-1][1] if told else None):
                told.append([at, value])
    return {name: told for name, told in found.items() if told}


def _moment(fact: Fact) -> str:
    return fact.occurred_at.astimezone(UTC).isoformat()


def _without_former_edits(applied: list[Fact]) -> list[Fact]:
    """Leave out what a later edit of the same record replaces: it says all of it, what it leaves out is no more.

    Only books count their edits so (a day and a sequence); an event of any other source adds to those before it.
    """
    last: dict[str, int] = {}
    for fact in applied:
        if fact.precision == "day" and fact.sequence:
            last[fact.event_type] = max(fact.sequence, last.get(fact.event_type, 0))
    return [
        fact
        for fact in applied
        if fact.precision != "day" or not fact.sequence or fact.sequence == last[fact.event_type]
    ]


def _without_withdrawn(applied: list[Fact]) -> list[Fact]:
    """Leave out what a person took back of a thing that stands without it, and the taking back itself."""
    if not any(fact.data.get("of") for fact in applied if fact.event_type == "decision.withdrawn"):
        return applied
    kept: list[Fact] = []
    for fact in applied:
        if fact.event_type == "decision.withdrawn" and (of := fact.data.get("of")):
            kept = [earlier for earlier in kept if earlier.event_type != of]
        else:
            kept.append(fact)
    return kept


def _tells(fact: Fact) -> bool:
    """Whether it is the thing itself, and not only what became of it (cancelled: Tally empties the voucher)."""
    return fact.data.get("party") is not None or EVENTS[fact.event_type].kind == "party"


def _same_party(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two mentions may be of one party: by its id, else by its name; of another nothing is taken over."""
    for name in ("id", "name"):
        if one.get(name) and other.get(name):
            return bool(one[name] == other[name])
    return True


def _merge(into: dict[str, Any], data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if value is None:
            continue
        if name == "references":
            known = into.setdefault(name, {})
            for kind, items in value.items():
                known[kind] = sorted({*known.get(kind, ()), *(items or ())})
        elif name == "refunded":
            into[name] = max(value, into.get(name, 0))
        elif isinstance(value, dict) and name == "party" and not _same_party(into.get(name) or {}, value):
            into[name] = value
        elif isinstance(value, dict) and isinstance(into.get(name), dict):
            into[name] = {**into[name], **{key: item for key, item in value.items() if item is not None}}
        else:
            into[name] = value
