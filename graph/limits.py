"""How much one request may ask: tokens, depth, aliases, fields, and rows multiplied through nested pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    visit,
)

MAX_QUERY = 20_000
MAX_TOKENS = 2_000
MAX_DEPTH = 12
MAX_ALIASES = 30
MAX_FIELDS = 1_000
MAX_COST = 20_000
PAGE = 50
STATEMENT = 10
"""What a page or a loaded list costs besides its rows, in rows; a count costs as much again for each of these."""
COUNT = 5 * STATEMENT
CARD = 20
"""What the fields of a party's card cost, in rows; they are read together."""
CARD_FIELDS = frozenset(
    {"gstin", "pan", "email", "termsDays", "creditLimit", "aging", "recentReceipts", "cheques", "identities",
     "sources", "conflictsOpen", "heldBy", "toGiveBack"}
)  # fmt: skip
COSTLY = {
    "rawBody": 200, "totalCount": COUNT, "statement": 200, "mayGoodsGo": 40, "vendor": 20, "reminder": 30, "talk": 20,
    "outlook": 20, "saidBySources": 10, "kept": 5, "lateCustomers": 50, "evening": 20, "digest": 50,
    "unmappedWords": 50,
}  # fmt: skip
"""Fields that take several statements, or much to read: what each costs besides what is in it, in rows.

Of the parties of a page these are asked together, in the same few statements (graph/context.py), but for `statement`:
an account is read from the party's whole past, balance by balance, so that many at once save nothing.
"""
LISTED = 20
"""How long a list is taken for that isn't paged: what is nested in it counts so often."""
MOST = 200
"""Rows of the longest page."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How deep, how wide and how costly a selection is; `cost` in rows read."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0


@dataclass(slots=True)
class _Reader:
    """Measures selections beside the schema's types: what has `first` is a page, whatever it is called."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, Measure] = field(default_factory=dict)

    def selection(self, chosen: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Measure:
        if chosen is None:
            return Measure()
        depth = aliases = fields = cost = 0
        card = False
        for node in chosen.selections:
            match node:
                case FieldNode():
                    part = self._field(node, parent)
                    card = card or (_is(parent, "Party") and node.name.value in CARD_FIELDS)
                case InlineFragmentNode(type_condition=condition):
                    narrowed = self.schema.get_type(condition.name.value) if condition else parent
                    part = self.selection(node.selection_set, narrowed)
                case FragmentSpreadNode():
                    part = self._fragment(node.name.value)
                case _:
                    part = Measure()
            depth = max(depth, part.depth)
            aliases += part.aliases
            fields += part.fields
            cost += part.cost
        return Measure(depth, aliases, fields, cost + (CARD if card else 0))

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        name = node.name.value
        if name.startswith("__"):  # how deep these may go, a rule of validation says
            return Measure(1, 0, 1 + self.selection(node.selection_set, None).fields)
        known = (
            parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        )
        inner = self.selection(node.selection_set, get_named_type(known.type) if known is not None else None)
        cost = self._cost(node, name, known, parent, inner.cost)
        return Measure(
            1 + inner.depth, inner.aliases + (1 if node.alias else 0), 1 + inner.fields, min(cost, 10**12)
        )

    def _cost(
        self,
        node: FieldNode,
        name: str,
        known: GraphQLField | None,
        parent: GraphQLNamedType | None,
        inner: int,
    ) -> int:
        """Return what a field costs, in rows, when its selection costs `inner` for each thing that it yields."""
        own = COSTLY.get(name, 0)
        if known is None or node.selection_set is None:
            return own + inner
        if (first := known.args.get("first")) is not None:
            return own + STATEMENT + self._first(node, first) * (1 + inner)
        of_page = _is(parent, "Connection") and name in (
            "nodes",
            "edges",
        )  # its rows are counted with the page
        if is_list_type(get_nullable_type(known.type)) and not of_page:
            return own + 1 + LISTED * inner
        return own + inner

    def _fragment(self, name: str) -> Measure:
        if name not in self.known:
            self.known[name] = Measure()  # a fragment inside itself counts nothing; validation refuses it
            if (found := self.fragments.get(name)) is not None:
                kind = self.schema.get_type(found.type_condition.name.value)
                self.known[name] = self.selection(found.selection_set, kind)
        return self.known[name]

    def _first(self, node: FieldNode, declared: GraphQLArgument) -> int:
        default = declared.default_value
        rows = default if isinstance(default, int) else PAGE
        for argument in node.arguments or ():
            if argument.name.value == "first":
                match argument.value:
                    case IntValueNode():
                        rows = int(argument.value.value[:9])
                    case VariableNode():
                        given = self.variables.get(argument.value.name.value)
                        rows = given if isinstance(given, int) else rows
        return max(1, min(rows, MOST))


def _is(parent: GraphQLNamedType | None, ending: str) -> bool:
    return parent is not None and parent.name.endswith(ending)


def sizes_of(document: DocumentNode) -> frozenset[str]:
    """Return the variables of a document that say how long a page is."""
    found: set[str] = set()

    class _Sizes(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
            if node.name.value == "first" and isinstance(node.value, VariableNode):
                found.add(node.value.name.value)

    visit(document, _Sizes())
    return frozenset(found)


def check(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
) -> int:
    """Return what the operation costs; GraphQLError, with a code and the limit, if it asks for too much."""
    cost = 0
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        name = operation.name.value if operation.name else None
        if operation_name is not None and name != operation_name:
            continue
        given = {**_defaults(operation), **(variables or {})}
        root = schema.get_root_type(operation.operation)
        found = _Reader(schema, fragments, given).selection(operation.selection_set, root)
        cost = max(cost, found.cost)
        for code, value, limit in (
            ("limit.depth", found.depth, MAX_DEPTH),
            ("limit.aliases", found.aliases, MAX_ALIASES),
            ("limit.fields", found.fields, MAX_FIELDS),
            ("limit.cost", found.cost, MAX_COST),
        ):
            if value > limit:
                what = code.removeprefix("limit.")
                raise GraphQLError(
                    f"The query's {what} is {value}, the limit is {limit}.",
                    extensions={
                        "code": code,
                        "kind": "rejected",
                        "remedy": "Ask for less, or in two queries.",
                    },
                )
    return cost


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        variable.variable.name.value: int(variable.default_value.value[:9])
        for variable in operation.variable_definitions or ()
        if isinstance(variable.default_value, IntValueNode)
    }
