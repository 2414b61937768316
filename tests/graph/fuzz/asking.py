"""Documents out of the schema, drawn by Hypothesis: real ids and cursors, borders of every scalar, and plain nonsense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

from graph.schema import schema

SCHEMA = schema._schema
QUERIES: Mapping[str, GraphQLField] = dict(sorted(SCHEMA.query_type.fields.items()))  # type: ignore[union-attr]
MUTATIONS: Mapping[str, GraphQLField] = dict(sorted(SCHEMA.mutation_type.fields.items()))  # type: ignore[union-attr]
NASTY = (
    "", " ", "\x00", "a\x00b", "\u202eevil\u202c", "👩‍👩‍👧‍👦" * 20, "ﷺ" * 50, "\ufeff", "\u2028", "\ud7ff\ue000\uffff", "%", "_%\\", "\\",
    "' OR 1=1 --", "'; DROP TABLE parties; --", "$1", "{{7*7}}", "%s%n", "../../etc/passwd", "<script>", "x" * 5_000,
    "-1", "0", "NaN", "null", "true", "1e400", "٣٤", "İ", "ß" * 300, "\x1b[31m", "\r\nX-Evil: 1", "[", "(", "*", "(?R)",
)  # fmt: skip
WORDS = (
    "books:tally", "crm:hubspot", "bank:icici", "Sharma", "Sharma Traders", "INV-102/26-27", "own-1", "own-99", "INR", "USD", "en", "hi",
    "owner", "sales", "view", "27AAPFU0939F1ZV", "HDFCN52026111800", "01.03", "paid", "open", "late", "tally", "standard", "razorpay",
    "always", "once", "per_invoice", "customer", "ledger", "front", "tie_out", "cash", "upi", "jsonl", "xlsx", "see_receivables",
    "https://example.com/hook", "http://127.0.0.1:1/", "http://169.254.169.254/", "question.opened", "receivable", "payable",
)  # fmt: skip
NUMBERS = (
    0,
    1,
    -1,
    2,
    50,
    200,
    201,
    100_000,
    2**31 - 1,
    2**31,
    -(2**31),
    2**53 - 1,
    2**53,
    -(2**53),
    2**63,
    10**30,
    1.5,
    1e300,
)
DAYS = (
    "2026-11-20", "2026-04-01", "2026-10-31", "0001-01-01", "9999-12-31", "2026-02-30", "1900-01-01", "10000-01-01", "-0001-01-01",
    "20261120", "2026-W47-5", "today", "2026-11-20T00:00:00Z",
)  # fmt: skip
MOMENTS = (
    "2026-11-20T09:00:00+05:30", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999Z", "2026-11-20T25:00:00Z", "2026-11-20T09:00:00+99:00", "2026-11-20",
    "2026-06-30T23:59:60Z",
)  # fmt: skip
TIMES = ("08:30:00", "00:00", "23:59:59.999999", "24:00", "08:30:00+05:30", "noon", "08:30:00+14:00")
_RARELY = st.integers(0, 63).map(lambda drawn: drawn == 41)
_BITS = "ABCDEFGHabcdefgh0123456789+/=-_"


def _one(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def mangled(cursors: Sequence[str]) -> st.SearchStrategy[str]:
    """Cursors: of this list or another's, cut off, with a letter exchanged, put together, and nothing like one."""
    whole = _one(cursors)

    def spoil(parts: tuple[str, int, str]) -> str:
        text, at, letter = parts
        at %= max(1, len(text))
        return text[:at] + letter + text[at + 1 :]

    cut = st.tuples(whole, st.integers(0, 60)).map(lambda parts: parts[0][: parts[1]])
    joined = st.tuples(whole, whole).map("".join)
    return st.one_of(
        whole, cut, st.tuples(whole, st.integers(0, 200), _one(_BITS)).map(spoil), joined, _one(NASTY)
    )


class Asker:
    """Draws documents; knows ids and cursors that mean something to the service."""

    def __init__(self, draw: Any, ids: Sequence[str], cursors: Sequence[str]) -> None:
        self._draw = draw
        self._cursors = mangled(cursors)
        self._scalars: dict[str, st.SearchStrategy[Any]] = {
            "ID": st.one_of(_one(ids), _one(ids), _one(ids), st.uuids().map(str), mangled(ids)),
            "String": st.one_of(_one(WORDS), _one(WORDS), _one(NASTY), st.text(max_size=40), _one(DAYS)),
            "Secret": st.one_of(_one(WORDS), _one(NASTY)),
            "Int": st.one_of(*[st.integers(1, 100)] * 4, _one(NUMBERS)),
            "Float": st.one_of(st.floats(allow_nan=False, allow_infinity=False), _one(NUMBERS)),
            "Minor": st.one_of(*[st.integers(1, 10**7)] * 4, _one(NUMBERS)),
            "Boolean": st.booleans(),
            "Date": st.one_of(*[st.dates().map(str), _one(DAYS[:5])] * 2, _one(DAYS)),
            "DateTime": st.one_of(*[_one(MOMENTS[:7])] * 4, _one(MOMENTS)),
            "Time": st.one_of(*[_one(TIMES[:3])] * 4, _one(TIMES)),
            "JSON": st.recursive(
                st.none() | st.booleans() | _one(NUMBERS) | _one(NASTY), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_one((*WORDS, *NASTY)), inner, max_size=3), max_leaves=8
            ),
        }  # fmt: skip
        self.variables: dict[str, Any] = {}
        self._declared: list[str] = []

    def document(self, operation: str, name: str, field: GraphQLField) -> str:
        """Return a document that calls a field of the root; its variables are in `variables`."""
        self.variables, self._declared = {}, []
        call = self._call(name, field, self._draw(st.integers(1, 4)))
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{operation}{declared} {{ {call} }}"

    def _call(self, name: str, field: GraphQLField, depth: int) -> str:
        passed = []
        for key, argument in field.args.items():
            if is_required_argument(argument) or self._draw(st.booleans()):
                variable = f"v{len(self._declared)}"
                self._declared.append(f"${variable}: {argument.type}")
                self.variables[variable] = self._cursor() if key == "after" else self.value(argument.type)
                passed.append(f"{key}: ${variable}")
        given = f"({', '.join(passed)})" if passed else ""
        return f"{name}{given}{self._selection(field.type, depth)}"

    def _cursor(self) -> Any:
        return self._draw(self._cursors)

    def _selection(self, kind: Any, depth: int) -> str:
        named = get_named_type(kind)
        if is_leaf_type(named):
            return ""
        if not isinstance(named, GraphQLObjectType):
            types = SCHEMA.get_possible_types(named)
            chosen = self._draw(st.lists(_one(types), min_size=1, max_size=2, unique=True))
            parts = "".join(f" ... on {one.name}{self._selection(one, depth)}" for one in chosen)
            return f" {{ __typename{parts} }}"
        parts = ["__typename"]
        fields = list(named.fields.items())
        picked = self._draw(st.lists(st.integers(0, len(fields) - 1), min_size=1, max_size=8, unique=True))
        for place in picked:
            name, field = fields[place]
            if is_leaf_type(get_named_type(field.type)) or depth > 1:
                # another alias for each: two calls of a name with other arguments are no document
                alias = f"a{len(self._declared)}_{place}: " if field.args else ""
                parts.append(alias + self._call(name, field, depth - 1))
        return " { " + " ".join(parts) + " }"

    def value(self, kind: Any) -> Any:
        """Return a value of an input's type, now and then of none."""
        if self._draw(_RARELY):
            return self._draw(_one((None, "x", 1, 1.5, True, [], {}, [[]], {"a": {}}, [None])))
        match kind:
            case GraphQLNonNull():
                return self.value(kind.of_type)
            case GraphQLList():
                return [self.value(kind.of_type) for _ in range(self._draw(_one((1, 1, 2, 0, 3))))]
            case GraphQLInputObjectType():
                fields = {
                    name: self.value(one.type)
                    for name, one in kind.fields.items()
                    if (isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined)
                    or self._draw(st.integers(0, 1))
                }
                if kind.is_one_of and fields:
                    return dict([next(iter(fields.items()))])
                return fields
            case GraphQLEnumType():
                return self._draw(_one(list(kind.values)))
        if not isinstance(kind, GraphQLNonNull) and self._draw(_RARELY):
            return None
        return self._draw(self._scalars[kind.name])
