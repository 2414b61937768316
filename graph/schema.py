"""The schema: types, scalars and limits put together, and documents prepared once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, parse, validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from graph import limits
from graph.mutations import Mutation
from graph.queries import Query
from graph.types.basics import MINOR, Minor
from graph.types.connecting import SECRET, Secret


class Prepared(SchemaExtension):
    """Parses and validates a document once, and checks every request against the limits."""

    def on_parse(self) -> Iterator[None]:
        """Take the parsed document from the cache."""
        context = self.execution_context
        context.graphql_document, _ = prepare(context.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        """Check the limits with this request's variables, and take the verdict from the cache."""
        context = self.execution_context
        document, errors = prepare(context.query or "")
        if not errors:
            limits.check(document, context.operation_name, context.variables)
        context.pre_execution_errors = list(errors)
        yield


class LoggedByUs(strawberry.Schema):
    """A schema that leaves logging to graph.errors, which masks."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: every error passes graph.errors.shown."""


schema = LoggedByUs(
    query=Query,
    mutation=Mutation,
    extensions=[Prepared],
    config=StrawberryConfig(scalar_map={Minor: MINOR, Secret: SECRET}, disable_field_suggestions=True),
)


@lru_cache(maxsize=256)
def prepare(query: str) -> tuple[DocumentNode, tuple[GraphQLError, ...]]:
    """Parse and validate a document; GraphQLError if it can't be parsed or is over a limit whatever its variables."""
    document = parse(query, max_tokens=limits.MAX_TOKENS)
    limits.check(document, None, None)
    return document, tuple(validate(schema._schema, document, max_errors=10))
