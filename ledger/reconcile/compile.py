"""Turns a rule into SQL: one set-based statement over the fact views, for everything or for a set of anchors.

A statement returns `subjects` (uuid[]), `party_id`, `amount`, `currency`, `evidence` (jsonb), `due_at` (not
before; null: at once) and `held` (true: what would prove it hasn't come yet). Sides are subqueries that name only
the columns in use, so that PostgreSQL pulls them up and joins by hash. What a rule holds as text is bound as a
parameter; fields, operators and numbers come from the tree, which knows no others than ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from ledger.reconcile.ast import (
    AllOf,
    AnyOf,
    Assert,
    Compare,
    Condition,
    FieldRef,
    Match,
    Missing,
    Pair,
    Rule,
    View,
)
from ledger.reconcile.facts import COMMON

HORIZON = "2 days"
"""How far ahead an age is reported, so that an alarm can be set; the daily sweep sees to the rest."""
_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NAMES = re.compile(r"(?<!:):(business|now|zone|scope|text_[0-9a-f]*)\b")
_TYPES = {"business": "uuid", "now": "timestamptz", "zone": "text", "scope": "uuid[]"}
_TEXT = "text_"
"""A text of a rule on its way to a bound parameter: its bytes in hex, so that nothing of it is ever read as SQL."""
_IN_SCOPE = "ANY(ARRAY(SELECT unnest(:scope)))"
"""In the scope, without showing the planner how large it is: it looks rows up by their anchors instead of reading all that
the business has, and doesn't weigh each of thousands of them."""
_CASTS = {"uuid": "uuid", "date": "date"}


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with $1, $2 … and the names of what goes there."""

    sql: str
    names: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)
    """The rule's own texts, by their placeholder's name."""

    def args(self, *, business: UUID, now: datetime, zone: str, scope: Iterable[UUID] = ()) -> list[Any]:
        """Return the arguments in the order of the placeholders."""
        given = {"business": business, "now": now, "zone": zone, "scope": list(scope), **self.texts}
        return [given[name] for name in self.names]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule's statements: for all rows, for the rows in `:scope`, and (two sides) the left rows that touched right
    rows meet."""

    rule: Rule
    whole: Statement
    scoped: Statement
    widen: Statement | None


@lru_cache(maxsize=256)
def compiled(rule: Rule) -> Compiled:
    """Return the statements of `rule`; the same rule is compiled once."""
    shape = rule.shape
    widen = None
    if not isinstance(shape, Assert):
        # One shared column is enough here: what is looked at in vain costs little, a join without statistics much.
        ours, theirs = min(shape.match.join, key=lambda pair: pair[0].name != "party_id")
        met = f"SELECT r.{theirs.name} FROM {_side(shape.right, _used(rule, 'right'))} r WHERE r.anchor = {_IN_SCOPE}"
        widen = _statement(
            f"SELECT DISTINCT l.anchor FROM {_side(shape.left, _used(rule, 'left'))} l"
            f" WHERE {_and([f'l.{ours.name} = ANY(ARRAY({met}))', *_sql_all(shape.left.where)])}"
        )
    return Compiled(
        rule, _statement(_judge(rule, "")), _statement(_judge(rule, f"l.anchor = {_IN_SCOPE}")), widen
    )


def _judge(rule: Rule, scope: str) -> str:
    shape = rule.shape
    where = [*_sql_all(shape.left.where), *([scope] if scope else [])]
    ripe = [_ripe(c) for c in shape.left.where.of if _is_age(c)]
    tables = f"{_side(shape.left, _used(rule, 'left'))} l"
    distinct = order = ""
    held = "false"
    match shape:
        case Pair():
            tables += f" {_meeting(rule, shape)}"
            where += _sql_all(shape.right.where, "r") + _sql_all(shape.where)
            if shape.left.fact == shape.right.fact:
                where.append("l.anchor <> r.anchor")
            if shape.keep == "nearest":
                key, other = _key(shape.left, "l"), _key(shape.right, "r")
                distinct, order = f"DISTINCT ON ({key}) ", f" ORDER BY {key}, abs(l.day - r.day), {other}"
        case Missing():
            where.append(_absent(rule, shape))
            ripe.append(f"((l.day + {shape.after_days})::timestamp AT TIME ZONE :zone)")
            if shape.covered_by is not None:
                covered = f"l.{shape.covered_by.name}"
                where.append(f"{covered} IS NOT NULL")
                held = f"{covered} < l.day + {shape.after_days}"
        case Assert():
            pass
    due = f"greatest({', '.join(ripe)})" if ripe else "NULL::timestamptz"
    if any(_is_age(c) for c in shape.left.where.of):
        where.append(f"{due} <= :now + interval '{HORIZON}'")
    subjects = ", ".join(_column(ref) for ref in rule.subjects)
    return (
        f"SELECT {distinct}ARRAY[{subjects}]::uuid[] AS subjects, l.party_id, l.amount, l.currency,"
        f" {_evidence(rule)} AS evidence, {due} AS due_at, {held} AS held"
        f" FROM {tables} WHERE {_and(where)}{order}"
    )


def _meeting(rule: Rule, shape: Pair) -> str:
    """Join the right side; "within N days" is made hashable by buckets of N + 1 days and their two neighbours."""
    joins = [*_joins(shape.match), *_tolerances(shape.match)]
    side = _side(shape.right, _used(rule, "right"))
    if shape.match.days is None:
        return f"JOIN {side} r ON {_and(joins)}"
    width = shape.match.days + 1
    joins.append(f"{_bucket('l', width)} = {_bucket('r', width)} + near.by")
    return f"CROSS JOIN (VALUES (-1), (0), (1)) near (by) JOIN {side} r ON {_and(joins)}"


def _absent(rule: Rule, shape: Missing) -> str:
    conditions = [*_joins(shape.match), *_tolerances(shape.match), *_sql_all(shape.right.where, "r")]
    return f"NOT EXISTS (SELECT FROM {_side(shape.right, _used(rule, 'right'))} r WHERE {_and(conditions)})"


def _bucket(side: str, width: int) -> str:
    return f"(({side}.day - DATE '1990-01-01') / {width})"


def _joins(match: Match) -> list[str]:
    return [f"l.{left.name} = r.{right.name}" for left, right in match.join]


def _tolerances(match: Match) -> list[str]:
    found: list[str] = []
    if (amount := match.amount) is not None:
        if amount.basis_points:
            found.append(f"abs(l.amount - r.amount) * 10000 <= {amount.basis_points} * abs(l.amount)")
        elif amount.paise:
            found.append(f"abs(l.amount - r.amount) <= {amount.paise}")
        else:
            found.append("l.amount = r.amount")
    if match.days is not None:
        found.append(f"abs(l.day - r.day) <= {match.days}")
    return found


def _used(rule: Rule, side: str) -> set[str]:
    """Return the columns of a side that the rule names anywhere."""
    shape = rule.shape
    refs: list[FieldRef] = [*rule.evidence, *rule.context, *rule.subjects]
    if isinstance(shape, Missing) and shape.covered_by is not None:
        refs.append(shape.covered_by)
    names = set(COMMON)
    if isinstance(shape, Assert):
        refs += _refs(shape.left.where)
    else:
        view = shape.left if side == "left" else shape.right
        names |= {ref.name for ref in _refs(view.where)}
        for left, right in shape.match.join:
            refs += [left, right]
        if isinstance(shape, Pair):
            refs += _refs(shape.where)
        if "id" in view.of.columns:
            names.add("id")
    return names | {ref.name for ref in refs if ref.side == side}


def _refs(condition: Condition) -> list[FieldRef]:
    if isinstance(condition, Compare):
        return [condition.field, *([condition.value] if isinstance(condition.value, FieldRef) else [])]
    return [ref for inner in condition.of for ref in _refs(inner)]


def _side(view: View, names: set[str]) -> str:
    columns = view.of.columns
    picked = ", ".join(f"{columns[name].sql} AS {name}" for name in sorted(names))
    return f"(SELECT {picked} FROM {view.of.source})"


def _key(view: View, alias: str) -> str:
    return f"{alias}.id" if "id" in view.of.columns else f"{alias}.anchor"


def _evidence(rule: Rule) -> str:
    parts = []
    for ref in (*rule.evidence, *rule.context):
        sql = _column(ref)
        if ref.kind == "instant":
            sql = f"to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        parts.append(f"'{ref.key}', {sql}")
    return f"jsonb_build_object({', '.join(parts)})"


def _column(ref: FieldRef) -> str:
    return f"{'l' if ref.side == 'left' else 'r'}.{ref.name}"


def _sql_all(condition: AllOf, alias: str = "") -> list[str]:
    return [_sql(inner, alias) for inner in condition.of if not _is_age(inner)]


def _sql(condition: Condition, alias: str) -> str:
    match condition:
        case AllOf(of):
            return f"({_and([_sql(inner, alias) for inner in of])})"
        case AnyOf(of):
            return f"({' OR '.join(_sql(inner, alias) for inner in of)})"
        case Compare(ref, operator, value):
            return _compare(_named(ref, alias), ref, operator, value, alias)


def _compare(column: str, ref: FieldRef, operator: str, value: Any, alias: str) -> str:
    if operator in ("is_null", "not_null"):
        return f"{column} IS {'NULL' if (operator == 'is_null') is value else 'NOT NULL'}"
    if operator in ("in", "not_in"):
        listed = ", ".join(_literal(item, ref) for item in value)
        return f"{column} {'IN' if operator == 'in' else 'NOT IN'} ({listed})"
    other = _named(value, alias) if isinstance(value, FieldRef) else _literal(value, ref)
    return f"{column} {_SIGNS[operator]} {other}"


def _named(ref: FieldRef, alias: str) -> str:
    """Name a column; conditions on the right side alone are read with its fields as plain names."""
    return f"{alias}.{ref.name}" if alias else _column(ref)


def _literal(value: Any, ref: FieldRef) -> str:
    """Write a literal: numbers and flags as they are; whatever came as text goes in as a bound parameter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    cast = _CASTS.get(ref.kind)
    return f":{_TEXT}{str(value).encode().hex()}{f'::{cast}' if cast else ''}"


def _is_age(condition: Condition) -> bool:
    return isinstance(condition, Compare) and condition.operator.startswith("older_than_")


def _ripe(condition: Condition) -> str:
    """Return the moment from which an age condition holds."""
    assert isinstance(condition, Compare)
    column = _column(condition.field)
    amount = _column(condition.value) if isinstance(condition.value, FieldRef) else str(condition.value)
    if condition.operator == "older_than_hours":
        return f"({column} + make_interval(hours => {amount}))"
    if condition.field.kind == "date":
        return f"(({column} + {amount} + 1)::timestamp AT TIME ZONE :zone)"
    return f"({column} + make_interval(days => {amount}))"


def _and(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) if conditions else "true"


def _statement(template: str) -> Statement:
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}::{_TYPES.get(name, 'text')}"

    sql = _NAMES.sub(place, template)
    texts = {n: bytes.fromhex(n.removeprefix(_TEXT)).decode() for n in names if n.startswith(_TEXT)}
    return Statement(sql, tuple(names), texts)
