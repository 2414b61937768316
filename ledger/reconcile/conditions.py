"""Reads the conditions of a rule, checks every word and type of them, and says where in the file a mistake stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from typing import Any, NoReturn

from rapidfuzz import fuzz, process

from kit.errors import Rejected
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
from ledger.reconcile.facts import FACTS, ColumnKind

_INNER = "/"
"""Marks a place within all or any, where ages can't stand."""
_LITERALS: Mapping[ColumnKind, tuple[type, str]] = {
    "uuid": (str, "text"),
    "text": (str, "text"),
    "money": (int, "a whole number of paise"),
    "integer": (int, "a whole number"),
    "date": (date, "a date"),
    "flag": (bool, "true or false"),
}


class Reading:
    """A file being read: looks words up, and refuses with the line on which a mistake stands."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file

    def refuse(
        self, word: str, reason: str, where: str = "", *, near: str = "", remedy: str = ""
    ) -> NoReturn:
        """Raise Rejected, naming file and line of `word` (below the table `where`, beside the word `near`)."""
        line = self.line(word, where, near=near)
        raise Rejected("rule.invalid", f"{self.file}:{line}: {reason}.", remedy=remedy)

    def line(self, word: str, where: str = "", *, near: str = "") -> int:
        """Return the line of `word` as a whole word after the header of table `where`; else the header's line."""
        lines = self.text.splitlines()
        start = self._header(lines, where)
        for wanted in ([word, near], [word], [near]):
            whole = [re.compile(rf"(?<![\w.]){re.escape(item)}(?![\w.])") for item in wanted if item]
            for number in chain(range(start, len(lines)), range(start)):
                text = lines[number].split("#", 1)[0]
                if whole and all(pattern.search(text) for pattern in whole):
                    return number + 1
        return start + 1

    def known(self, raw: Any, words: Iterable[str], what: str, where: str) -> None:
        """Refuse anything but a table whose keys are among `words`."""
        if not isinstance(raw, dict):
            self.refuse(where.split(".")[-1], f"{where or 'the rule'} must be a table", where)
        for key in raw:
            self.word(key, words, what, where)

    def word(self, word: Any, words: Iterable[str], what: str, where: str = "") -> Any:
        """Return `word` if it is one of `words`; else refuse it and name the nearest."""
        allowed = sorted(words)
        if not isinstance(word, str) or word not in allowed:
            reason = f"{str(word)!r} is not {_article(what)}"
            self.refuse(str(word), reason, where, remedy=_remedy(str(word), allowed))
        return word

    def table(self, raw: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the table `name`; refuse if it is missing or something else."""
        found = raw.get(name)
        if not isinstance(found, dict):
            self.refuse(name, f"the table {name} is missing")
        return found

    def text_of(self, raw: Mapping[str, Any], name: str) -> str:
        """Return the text `name`; refuse if it is missing or something else."""
        found = raw.get(name)
        if not isinstance(found, str) or not found.strip():
            self.refuse(name, f"{name} is missing or not text")
        return found

    def texts(self, raw: Mapping[str, Any], name: str) -> list[str]:
        """Return the list of texts `name`, empty if it isn't there."""
        found = raw.get(name, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            self.refuse(name, f"{name} must be a list of texts")
        return found

    def field(self, name: Any, sides: Mapping[Side, str], where: str) -> FieldRef:
        """Look a field up: plain names on the left side, `right.x` on the right one."""
        side: Side = "right" if isinstance(name, str) and name.startswith("right.") else "left"
        fact = sides.get(side)
        if fact is None:
            self.refuse(str(name), f"{name!r}: there is no right side here", where)
        plain = str(name).removeprefix("right.")
        columns = FACTS[fact].columns
        if plain not in columns:
            reason = f"{plain!r} is not a field of the fact {fact}"
            self.refuse(str(name), reason, where, remedy=_remedy(plain, list(columns)))
        return FieldRef(side, plain, columns[plain].kind)

    def _header(self, lines: list[str], where: str) -> int:
        name, _, nth = where.rstrip(_INNER).partition("#")
        if not name:
            return 0
        headers = [
            number
            for number, text in enumerate(lines)
            if re.match(rf"\s*\[\[?{re.escape(name)}\]\]?\s*(#|$)", text)
        ]
        index = int(nth or 0)
        return headers[index] if index < len(headers) else 0


def read_conditions(reading: Reading, raw: Any, sides: Mapping[Side, str], where: str) -> AllOf:
    """Read a `where` list: every condition in it must hold."""
    if not isinstance(raw, list):
        reading.refuse("where", "where must be a list of conditions", where)
    return AllOf(tuple(_condition(reading, item, sides, where) for item in raw))


def _condition(reading: Reading, raw: Any, sides: Mapping[Side, str], where: str) -> Condition:
    reading.known(raw, {"all", "any", "field", *OPERATORS}, "an operator", where)
    for group in ("all", "any"):
        if group in raw:
            if len(raw) != 1 or not raw[group]:
                reading.refuse(group, f"{group} stands alone and holds a list of conditions", where)
            inner = read_conditions(reading, raw[group], sides, f"{where}{_INNER}")
            return inner if group == "all" else AnyOf(inner.of)
    operators = [key for key in raw if key != "field"]
    if "field" not in raw or len(operators) != 1:
        reading.refuse(str(next(iter(raw), "where")), "a condition is one field and one operator", where)
    ref = reading.field(raw["field"], sides, where)
    operator = operators[0]
    return Compare(ref, operator, _value(reading, ref, operator, raw[operator], sides, where))


def _value(
    reading: Reading, ref: FieldRef, operator: str, value: Any, sides: Mapping[Side, str], where: str
) -> Scalar | tuple[Scalar, ...] | FieldRef:
    """Check operator and value against the field's type, and return the value."""

    def wrong(expected: str) -> NoReturn:
        reason = f"{ref.key} is {ref.kind}: {operator} wants {expected}, not {value!r}"
        reading.refuse(str(_raw_word(value)), reason, where, near=ref.key)

    if operator in ("is_null", "not_null"):
        return value if isinstance(value, bool) else wrong("true or false")
    if operator.startswith("older_than_"):
        if not where.endswith(("assert", "left")):
            reading.refuse(
                operator, f"{operator} stands in the where list of the left side only", where, near=ref.key
            )
        allowed = ("instant",) if operator.endswith("hours") else ("date", "instant")
        if ref.kind not in allowed:
            reading.refuse(
                operator,
                f"{operator} needs {' or '.join(allowed)}; {ref.key} is {ref.kind}",
                where,
                near=ref.key,
            )
        if isinstance(value, dict):
            return _other(reading, value, sides, where, "integer", ref, operator)
        return int(value) if _is_int(value) and value >= 0 else wrong("a whole number")
    if operator in ("lt", "le", "gt", "ge") and ref.kind not in ORDERED:
        reading.refuse(
            operator,
            f"{ref.key} is {ref.kind} and has no order, so {operator} can't be used",
            where,
            near=ref.key,
        )
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
    reading.known(value, {"field"}, "a field of a compared field", where)
    other = reading.field(value.get("field"), sides, where)
    if other.kind != kind:
        reading.refuse(
            other.name,
            f"{ref.key} {op} {other.key}: {other.key} is {other.kind}, not {kind}",
            where,
            near=ref.key,
        )
    return other


def _fits(value: Any, ref: FieldRef) -> bool:
    if ref.kind not in _LITERALS:
        return False
    kind = _LITERALS[ref.kind][0]
    return _is_int(value) if kind is int else isinstance(value, kind)


def _literal(value: Any, ref: FieldRef) -> Scalar:
    literal: Scalar = value.isoformat() if ref.kind == "date" else value
    return literal


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _article(what: str) -> str:
    if what.startswith(("a ", "an ")):
        return what
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _remedy(word: str, allowed: list[str]) -> str:
    found = process.extractOne(word, allowed, scorer=fuzz.ratio, score_cutoff=50)
    return f"Did you mean {found[0]!r}?" if found else f"Known: {', '.join(allowed) or 'none'}."
