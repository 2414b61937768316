"""How much one request may ask: tokens, depth, aliases, fields, and rows multiplied through nested pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

MAX_QUERY = 20_000
MAX_TOKENS = 2_000
MAX_DEPTH = 12
MAX_ALIASES = 30
MAX_FIELDS = 1_000
MAX_COST = 20_000
PAGE = 50
STATEMENT = 10
"""What a page costs besides its rows, in rows."""
CARD = 20
"""What the fields of a party's card cost, in rows; they are read together."""
CARD_FIELDS = frozenset(
    {"gstin", "pan", "email", "termsDays", "creditLimit", "aging", "recentReceipts", "cheques", "identities",
     "sources", "conflictsOpen", "heldBy", "toGiveBack"}
)  # fmt: skip
PAGES = frozenset(
    {"receivables", "payables", "parties", "whoOwesMe", "findParty", "conflicts", "timeline", "quarantine",
     "toEnter"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """How deep, how wide and how costly a selection is; `cost` in rows read."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0


@dataclass(slots=True)
class _Reader:
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, Measure] = field(default_factory=dict)

    def selection(self, chosen: SelectionSetNode | None) -> Measure:
        if chosen is None:
            return Measure()
        depth = aliases = fields = cost = 0
        card = False
        for node in chosen.selections:
            match node:
                case FieldNode():
                    part = self._field(node)
                    card = card or node.name.value in CARD_FIELDS
                case InlineFragmentNode():
                    part = self.selection(node.selection_set)
                case FragmentSpreadNode():
                    part = self._fragment(node.name.value)
                case _:
                    part = Measure()
            depth = max(depth, part.depth)
            aliases += part.aliases
            fields += part.fields
            cost += part.cost
        return Measure(depth, aliases, fields, cost + (CARD if card else 0))

    def _field(self, node: FieldNode) -> Measure:
        name = node.name.value
        if name.startswith("__"):
            return Measure(depth=1, fields=1)
        inner = self.selection(node.selection_set)
        cost = inner.cost
        if name in PAGES and node.selection_set is not None:
            rows = self._first(node)
            cost = STATEMENT + rows * (1 + inner.cost)
        return Measure(
            1 + inner.depth, inner.aliases + (1 if node.alias else 0), 1 + inner.fields, min(cost, 10**12)
        )

    def _fragment(self, name: str) -> Measure:
        if name not in self.known:
            self.known[name] = (
                Measure()
            )  # a fragment inside itself counts nothing here; validation refuses it
            found = self.fragments.get(name)
            if found is not None:
                self.known[name] = self.selection(found.selection_set)
        return self.known[name]

    def _first(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value: Any = None
                match argument.value:
                    case IntValueNode():
                        value = int(argument.value.value[:9])
                    case VariableNode():
                        value = self.variables.get(argument.value.name.value)
                if isinstance(value, int):
                    return max(1, min(value, 200))
        return PAGE


def check(document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None) -> None:
    """Raise GraphQLError, with a code and the limit, if an operation asks for too much."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        name = operation.name.value if operation.name else None
        if operation_name is not None and name != operation_name:
            continue
        given = {**_defaults(operation), **(variables or {})}
        found = _Reader(fragments, given).selection(operation.selection_set)
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


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        variable.variable.name.value: int(variable.default_value.value[:9])
        for variable in operation.variable_definitions or ()
        if isinstance(variable.default_value, IntValueNode)
    }
