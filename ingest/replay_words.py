"""A change of a reading in words, for whoever decides whether to apply a replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.replay_compare import Step
from kit.money import format_minor
from ledger.domain.events import NewEvent
from ledger.domain.readings import InForce

_MOST = 4
"""Fields that are named one by one."""


def in_words(step: Step) -> str:
    """Say what was, and what would be: `payment pay_7: payment.authorised ₹1,180 → payment.received ₹1,180`."""
    before, after = step.before, step.after
    known = before if before is not None else after
    assert known is not None
    name = f"{known.kind} {known.external_id}"
    if after is None:
        assert before is not None
        return f"{name}: {_reading(before)} → not said any more"
    if before is None:
        return f"{name}: → {_reading(after)}"
    changes = [f"{_reading(before)} → {_reading(after)}"] if _reading(before) != _reading(after) else []
    if (before.kind, before.external_id) != (after.kind, after.external_id):
        changes.append(f"now of {after.kind} {after.external_id}")
    if before.occurred_at != after.occurred_at and "observed" not in (before.precision, after.precision):
        changes.append(f"at {before.occurred_at.isoformat()} → {after.occurred_at.isoformat()}")
    changes += _fields(before.data, after.data)
    if before.flag != after.flag:
        changes.append(f"{before.flag or 'applied'} → {after.flag or 'applied'}")
    return f"{name}: {'; '.join(changes) or 'stated in another way'}"


def _reading(event: InForce | NewEvent) -> str:
    parts = [event.event_type]
    if event.word is not None:
        parts.append(f"“{event.word}”")
    amount, currency = event.data.get("amount"), event.data.get("currency")
    if isinstance(amount, int) and isinstance(currency, str):
        parts.append(format_minor(amount, currency))
    return " ".join(parts)


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = [
        name
        for name in sorted({*before, *after} - {"amount", "currency"})
        if before.get(name) != after.get(name)
    ]
    said = [f"{name} {_value(before.get(name))} → {_value(after.get(name))}" for name in names[:_MOST]]
    return said + ([f"and {len(names) - _MOST} more fields"] if len(names) > _MOST else [])


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    said = str(value)
    return said if len(said) <= 60 else said[:59] + "…"
