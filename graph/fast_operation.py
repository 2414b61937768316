"""The fast path for a whole operation: one question at the root, whose answer one function completes.

Most requests ask one question: a page, a card, a figure. Where an operation is a query with one field besides
`__typename`, whose resolver is a coroutine of ours, and its selection is such as graph.fast_rows writes down as a
function, nothing is left of the executor but to call the one and then the other. What the executor makes of the text
(variables coerced, arguments converted, the resolver's info) is made by its own functions, and kept with the document
for the same variables. Every other operation goes the normal way, and so does an answer of which one value doesn't fit. An error
of the resolver is told as the executor tells it. tests/graph/test_fast_operation.py compares both ways byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    OperationType,
    located_error,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter, get_arguments
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graph.fast_rows import RowExecutor, Writer

_Key: TypeAlias = tuple[Any, ...]
MOST_KEPT = 100
_PLAIN = frozenset({str, int, float, bool, type(None)})
_SHARED = (str, int, float, bool, type(None), Enum, date, UUID)
"""What no resolver can change: arguments of these alone are kept for the next request."""


_INFO: Any = object()
"""Stands for the request's info among kept arguments."""


@dataclass(frozen=True, slots=True)
class Question:
    """The one question of an operation: what is asked of whom, and the function that completes its answer."""

    response: Mapping[str, Any]
    """The answer's names in their order, with what __typename says."""
    name: str
    details: list[Any]
    definition: GraphQLField
    field: StrawberryField
    resolve: StrawberryResolver[Any]
    complete: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """A question with its arguments, ready to be asked in any request."""

    question: Question
    args: list[Any]
    kwargs: dict[str, Any]
    info: Any

    async def answer(self, context: Any) -> ExecutionResult | None:
        """Ask and complete the answer; None where a value doesn't fit, which the normal way tells."""
        asked = self.question
        info = Info(_raw_info=self.info._replace(context=context), _field=asked.field)
        kwargs = {name: info if value is _INFO else value for name, value in self.kwargs.items()}
        try:
            found = await asked.resolve(*self.args, **kwargs)
        except Exception as error:
            told = located_error(error, [one.node for one in asked.details], [asked.name])
            nullable = not isinstance(asked.definition.type, GraphQLNonNull)
            return ExecutionResult({**asked.response, asked.name: None} if nullable else None, [told])
        try:
            done = asked.complete(found)
        except Exception:  # whatever it is, the normal way meets it too, and says what and where
            return None
        return ExecutionResult({**asked.response, asked.name: done}, None)


@dataclass(slots=True)
class Fast:
    """What is kept of a document: its questions by operation and flags, and those asked lately by their variables."""

    schema: GraphQLSchema
    document: DocumentNode
    questions: dict[_Key, Question | None] = field(default_factory=dict)
    asked: dict[_Key, Asking] = field(default_factory=dict)

    def asking(self, operation_name: str | None, variables: dict[str, Any] | None) -> Asking | None:
        """Return an operation ready to be asked; None where the normal way must be gone."""
        key = _key_of(operation_name, variables)
        found = self.asked.get(key) if key is not None else None
        if found is not None:
            return found
        flags = (operation_name, *_flags(variables))
        if self.questions.get(flags, _INFO) is None:
            return None
        made = self._made(operation_name, variables, flags)
        if made is not None and key is not None and _unchanging(made):
            if len(self.asked) >= MOST_KEPT:
                self.asked.clear()
            self.asked[key] = made
        return made

    def _made(
        self, operation_name: str | None, variables: dict[str, Any] | None, flags: _Key
    ) -> Asking | None:
        executor = RowExecutor.build(
            self.schema,
            self.document,
            raw_variable_values=variables,
            operation_name=operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
        )
        if not isinstance(executor, RowExecutor):
            return None  # its variables are wrong: that says nothing of the document
        if flags not in self.questions:
            if len(self.questions) >= MOST_KEPT:
                self.questions.clear()
            self.questions[flags] = _question(executor)
        question = self.questions[flags]
        return _asking(executor, question) if question is not None else None


def _key_of(operation_name: str | None, variables: Mapping[str, Any] | None) -> _Key | None:
    parts: list[Any] = [operation_name]
    for name, value in (variables or {}).items():
        kind = value.__class__
        if kind not in _PLAIN:
            return None
        parts += (name, kind, value)  # the class too: 1 and true are equal
    return tuple(parts)


def _flags(variables: Mapping[str, Any] | None) -> Iterable[tuple[str, bool | None]]:
    """Return what @skip and @include may ask of variables."""
    return ((n, v) for n, v in sorted((variables or {}).items()) if v is None or v.__class__ is bool)


def _unchanging(asking: Asking) -> bool:
    values = [*asking.args, *asking.kwargs.values()]
    return all(value is _INFO or isinstance(value, _SHARED) for value in values)


def _question(executor: RowExecutor) -> Question | None:
    schema, operation = executor.schema, executor.operation
    root = schema.query_type
    if operation.operation is not OperationType.QUERY or root is None or not executor.error_propagation:
        return None
    try:
        chosen, deferred, forbidden = collect_fields(
            schema, executor.fragments, executor.variable_values, root, operation
        )
    except Exception:  # the normal way tells it
        return None
    ours = [name for name, details in chosen.items() if details[0].node.name.value != "__typename"]
    if len(ours) != 1 or deferred or forbidden:
        return None
    name, details = ours[0], chosen[ours[0]]
    definition = schema.get_field(root, details[0].node.name.value)
    backing = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if definition else None
    if definition is None or not isinstance(backing, StrawberryField):
        return None
    resolver = backing.base_resolver
    if resolver is None or not resolver.is_async or backing.extensions or backing.permission_classes:
        return None
    complete = Writer(executor).one(definition.type, details)
    if complete is None:
        return None
    response = {one: root.name if one != name else None for one in chosen}
    return Question(response, name, details, definition, backing, resolver, complete)


def _asking(executor: RowExecutor, question: Question) -> Asking | None:
    schema, root, details = executor.schema, executor.schema.query_type, question.details
    assert root is not None
    converter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
    nodes = [one.node for one in details]
    info = executor.build_resolve_info(question.definition, nodes, root, Path(None, question.name, root.name))
    try:
        given = get_argument_values(
            question.definition, nodes[0], executor.variable_values, details[0].fragment_variable_values
        )
        args, kwargs = get_arguments(
            field=question.field,
            source=None,
            info=_INFO,
            kwargs=given,
            config=converter.config,
            scalar_registry=converter.scalar_registry,
        )
    except Exception:  # a wrong argument: the normal way tells it
        return None
    return Asking(question, args, kwargs, info)
