"""The schema: types, scalars and limits put together, and documents prepared once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    validate,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from graph import limits
from graph.context import Request
from graph.fast_operation import Fast
from graph.fast_rows import RowExecutor
from graph.live import Subscription
from graph.mutations import Mutation
from graph.queries import Query
from graph.types.basics import MINOR, Minor
from graph.types.connecting import SECRET, Secret
from graph.types.days import DATE, MOMENT
from kit.errors import Rejected

_NO_OPERATION = Rejected(
    "graphql.invalid", "The document has no such operation.", remedy="Name one that it has."
)
_OVER_WEBSOCKET = Rejected(
    "graphql.subscription", "A subscription is not answered to a POST.", remedy="Subscribe over a websocket."
)
_SIZES_KEPT = 500


@dataclass(frozen=True, slots=True)
class Document:
    """A document parsed and validated; the page sizes that it was measured with are remembered."""

    node: DocumentNode
    errors: tuple[GraphQLError, ...]
    operations: Mapping[str | None, OperationType]
    sizes: frozenset[str]
    """The variables that say how long a page is: all that its cost depends on, besides its text."""
    fast: Fast
    measured: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def cost(self, operation_name: str | None, variables: Mapping[str, Any] | None) -> int:
        """Return what an operation costs with these variables; GraphQLError if it asks for too much."""
        given = variables or {}
        sizes = ((name, value) for name in self.sizes if isinstance(value := given.get(name), int))
        key = (operation_name, *sizes)
        found = self.measured.get(key)
        if found is None:
            found = limits.check(schema._schema, self.node, operation_name, variables)
            if len(self.measured) < _SIZES_KEPT:
                self.measured[key] = found
        return found


class Prepared(SchemaExtension):
    """Parses and validates a document once, and checks every request against the limits."""

    def on_parse(self) -> Iterator[None]:
        """Take the parsed document from the cache."""
        context = self.execution_context
        context.graphql_document = prepare(context.query or "").node
        yield

    def on_validate(self) -> Iterator[None]:
        """Check the limits with this request's variables, and take the verdict from the cache."""
        context = self.execution_context
        document = prepare(context.query or "")
        if not document.errors:
            context.context.cost = document.cost(context.operation_name, context.variables)
        context.pre_execution_errors = list(document.errors)
        yield


class LoggedByUs(strawberry.Schema):
    """A schema that leaves logging to graph.errors, which masks."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: every error passes graph.errors.shown."""


schema = LoggedByUs(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[Prepared],
    execution_context_class=RowExecutor,
    config=StrawberryConfig(
        scalar_map={Minor: MINOR, Secret: SECRET, date: DATE, datetime: MOMENT},
        disable_field_suggestions=True,
    ),
)


async def answer(
    query: str, *, variables: dict[str, Any] | None, operation_name: str | None, context: Request
) -> ExecutionResult:
    """Execute a query or mutation as `schema.execute` does, without its detours for extensions that we don't have.

    GraphQLError where the document can't be read, asks for too much or has no such operation.
    """
    document = prepare(query)
    asked = document.operations.get(operation_name)
    if asked is None:
        raise GraphQLError(_NO_OPERATION.message, original_error=_NO_OPERATION)
    if document.errors:
        return ExecutionResult(None, list(document.errors))
    if asked is OperationType.SUBSCRIPTION:
        raise GraphQLError(_OVER_WEBSOCKET.message, original_error=_OVER_WEBSOCKET)
    context.cost = document.cost(operation_name, variables)
    asking = document.fast.asking(operation_name, variables)
    if asking is not None:
        told = await asking.answer(context)
        if told is not None:
            return told
    result = execute(
        schema._schema,
        document.node,
        variable_values=variables,
        operation_name=operation_name,
        context_value=context,
        executor_class=RowExecutor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
    )
    return result if isinstance(result, ExecutionResult) else await result


@lru_cache(maxsize=256)
def prepare(query: str) -> Document:
    """Parse and validate a document; GraphQLError if it can't be parsed or is over a limit whatever its variables."""
    node = parse(query, max_tokens=limits.MAX_TOKENS)
    limits.check(schema._schema, node, None, None)
    errors = tuple(validate(schema._schema, node, max_errors=10))
    return Document(node, errors, _operations(node), limits.sizes_of(node), Fast(schema._schema, node))


def _operations(node: DocumentNode) -> dict[str | None, OperationType]:
    """Return the operations of a document by name; which one a nameless request means, the executor says."""
    found = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
    named: dict[str | None, OperationType] = {
        one.name.value if one.name else None: one.operation for one in found
    }
    if found:
        named[None] = found[0].operation
    return named
