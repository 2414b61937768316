"""Reads the conditions of a rule and checks every word and type of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NoReturn
from uuid import UUID

from ledger.reconcile.ast import (
    OPERATORS,
    ORDERED,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    FieldRef,
    Scalar,
    Side,
)
from ledger.reconcile.facts import ColumnKind
from ledger.reconcile.reading import INNER, Reading

MAX_DEPTH = 6
MAX_NUMBER = 10**15
"""The largest literal: ₹10 lakh crore in paise."""
MAX_AGE = 10_000
"""Days or hours, 27 years or 13 months: further than that PostgreSQL's calendar may end."""
_LITERALS: Mapping[ColumnKind, tuple[type, str]] = {
    "uuid": (str, "an id as text"),
    "text": (str, "text"),
    "money": (int, "a whole number of paise"),
    "integer": (int, "a whole number"),
    "date": (date, "a date"),
    "flag": (bool, "true or false"),
}


def read_conditions(reading: Reading, raw: Any, sides: Mapping[Side, str], where: str) -> AllOf:
    """Read a `where` list: every condition in it must hold. What is refused is noted and left out."""
    if not isinstance(raw, list):
        reading.refuse("where", "where must be a list of conditions", where)
    if where.count(INNER) > MAX_DEPTH:
        reading.refuse("any", f"all and any stand within one another at most {MAX_DEPTH} times", where)
    return AllOf(tuple(reading.each(raw, lambda item: _condition(reading, item, sides, where))))


def _condition(reading: Reading, raw: Any, sides: Mapping[Side, str], where: str) -> Condition:
    if not isinstance(raw, dict):
        reading.refuse("where", "a condition is a table with one field and one operator", where)
    reading.known(raw, {"all", "any", "field", *OPERATORS}, "operator", where)
    for group in ("all", "any"):
        if group in raw:
            if len(raw) != 1 or not raw[group]:
                reading.refuse(group, f"{group} stands alone and holds a list of conditions", where)
            inner = read_conditions(reading, raw[group], sides, f"{where}{INNER}")
            return inner if group == "all" else AnyOf(inner.of)
    operators = [key for key in raw if key != "field"]
    if "field" not in raw or len(operators) != 1:
        word = str(raw.get("field") or next(iter(raw), "where"))
        reading.refuse(word, "a condition is one field and one operator", where)
    operator = operators[0]
    ref = reading.field(raw["field"], sides, where, near=operator)
    return Compare(ref, operator, _value(reading, ref, operator, raw[operator], sides, where))


def _value(
    reading: Reading, ref: FieldRef, operator: str, value: Any, sides: Mapping[Side, str], where: str
) -> Scalar | tuple[Scalar, ...] | FieldRef:
    """Check operator and value against the field's type, and return the value."""

    def wrong(expected: str) -> NoReturn:
        given = repr(value) if len(repr(value)) < 60 else f"{repr(value)[:59]}…"
        reason = f"{ref.key} is {ref.kind}: {operator} wants {expected}, not {given}"
        reading.refuse(str(_raw_word(value)), reason, where, near=ref.key)

    if operator in ("is_null", "not_null"):
        return value if isinstance(value, bool) else wrong("true or false")
    if operator.startswith("older_than_"):
        return _age(reading, ref, operator, value, sides, where)
    if operator in ("lt", "le", "gt", "ge") and ref.kind not in ORDERED:
        reason = f"{ref.key} is {ref.kind} and has no order, so {operator} can't be used"
        reading.refuse(operator, reason, where, near=ref.key)
    if operator in ("in", "not_in"):
        if not isinstance(value, list) or not value:
            wrong("a list")
        return tuple(
            _literal(item, ref) if _fits(item, ref) else wrong("a list of its type") for item in value
        )
    if isinstance(value, dict):
        return _other(reading, value, sides, where, ref.kind, ref, operator)
    if not _fits(value, ref):
        wrong(_LITERALS[ref.kind][1] if ref.kind in _LITERALS else "another field")
    return _literal(value, ref)


def _age(
    reading: Reading, ref: FieldRef, operator: str, value: Any, sides: Mapping[Side, str], where: str
) -> Scalar | FieldRef:
    """Check an age: it stands on the left side only, since the rule sets its alarm by it."""
    if not where.endswith(("assert", "left")):
        reason = f"{operator} stands in the where list of the left side only"
        reading.refuse(operator, reason, where, near=ref.key)
    allowed = ("instant",) if operator.endswith("hours") else ("date", "instant")
    if ref.kind not in allowed:
        reason = f"{operator} needs {' or '.join(allowed)}; {ref.key} is {ref.kind}"
        reading.refuse(operator, reason, where, near=ref.key)
    if isinstance(value, dict):
        return _other(reading, value, sides, where, "integer", ref, operator)
    if not _is_int(value) or not 0 <= value <= MAX_AGE:
        reason = f"{operator} wants a whole number from 0 to {MAX_AGE}, not {str(value)[:40]}"
        reading.refuse(str(_raw_word(value)), reason, where, near=operator)
    return int(value)


def _raw_word(value: Any) -> Any:
    """Return the word by which a wrong value is found in the file."""
    if isinstance(value, list):
        return _raw_word(value[0]) if value else "[]"
    return str(value).lower() if isinstance(value, bool) else value


def _other(
    reading: Reading,
    value: dict[str, Any],
    sides: Mapping[Side, str],
    where: str,
    kind: str,
    ref: FieldRef,
    op: str,
) -> FieldRef:
    reading.known(value, {"field"}, "key", where, of="a compared field")
    other = reading.field(value.get("field"), sides, where, near=ref.key)
    if other.kind != kind:
        reason = f"{ref.key} {op} {other.key}: {other.key} is {other.kind}, not {kind}"
        reading.refuse(other.name, reason, where, near=ref.key)
    return other


def _fits(value: Any, ref: FieldRef) -> bool:
    match ref.kind:
        case "money" | "integer":
            return _is_int(value) and abs(value) <= MAX_NUMBER
        case "uuid":
            return isinstance(value, str) and _is_uuid(value)
        case "text":
            return isinstance(value, str) and len(value) <= 300 and "\x00" not in value
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "flag":
            return isinstance(value, bool)
    return False


def _literal(value: Any, ref: FieldRef) -> Scalar:
    literal: Scalar = value.isoformat() if ref.kind == "date" else value
    return literal


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
