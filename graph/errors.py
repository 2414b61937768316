"""Errors as clients see them: a stable code, its kind and the remedy; what is unexpected is masked and logged."""

from __future__ import annotations

import re
import secrets
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, TypeNode, VariableDefinitionNode

from graph.places import variable_place
from graph.types.connecting import HUSHED
from kit.errors import MunshiError
from kit.logs import logger

log = logger(__name__)


def shown(error: GraphQLError) -> dict[str, Any]:
    """Return an error in the form of the GraphQL specification."""
    body: dict[str, Any] = {"message": _hushed(error)}
    if error.locations:
        body["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path:
        body["path"] = list(error.path)
    cause = _cause(error)
    if isinstance(cause, MunshiError):
        body["message"] = cause.message
        body["extensions"] = {"code": cause.code, "kind": cause.kind, "remedy": cause.remedy}
        body["extensions"] |= cause.details
        if cause.field:
            body["extensions"]["field"] = cause.field
    elif error.extensions and "code" in error.extensions:
        body["extensions"] = dict(error.extensions)
    elif isinstance(error, GraphQLSyntaxError):
        body["extensions"] = {"code": "graphql.syntax", "kind": "rejected", "remedy": ""}
    elif error.path is None and (cause is None or isinstance(cause, ValueError)):
        body["extensions"] = {"code": "graphql.invalid", "kind": "rejected", "remedy": ""}
        if place := variable_place(error.message):
            body["extensions"]["field"] = place
    else:
        return {**body, **masked(cause or error)}
    return body


def masked(error: BaseException) -> dict[str, Any]:
    """Log an unexpected error under a reference, and return what may be shown of it."""
    reference = secrets.token_hex(6)
    log.error("graphql.failed", reference=reference, error=type(error).__name__, exc_info=error)
    return {
        "message": f"Something went wrong on our side. Reference {reference}.",
        "extensions": {
            "code": "internal",
            "kind": "error",
            "remedy": "Try again; if it stays, tell us the reference.",
            "reference": reference,
        },
    }


def refusal(error: MunshiError) -> dict[str, Any]:
    """Return the body of a request that was turned away as a whole."""
    return {
        "data": None,
        "errors": [
            {
                "message": error.message,
                "extensions": {
                    "code": error.code,
                    "kind": error.kind,
                    "remedy": error.remedy,
                    **error.details,
                },
            }
        ],
    }


_PLACE = re.compile(r" at (\.[\w.\[\]]+)")
_FOUND = re.compile(r"\W+found: .*", re.IGNORECASE | re.DOTALL)


def _hushed(error: GraphQLError) -> str:
    """Return an error's message without what was given, where that may hold a secret."""
    node = error.nodes[0] if error.nodes else None
    if isinstance(node, VariableDefinitionNode) and (kind := _named(node.type)) in HUSHED:
        place = found[1] if (found := _PLACE.search(error.message)) else ""
        return f"Variable '${node.variable.name.value}' doesn't fit {kind}{place and ' at '}{place}. It isn't repeated here."
    if any(f"'{kind}'" in error.message for kind in HUSHED):
        return _FOUND.sub(". It isn't repeated here.", error.message)
    return error.message


def _named(node: TypeNode) -> str:
    """Return the name of a type within its lists and exclamation marks."""
    while hasattr(node, "type"):
        node = node.type
    return str(node.name.value) if hasattr(node, "name") else ""


def _cause(error: BaseException) -> BaseException | None:
    """Return what lies under the layers of GraphQLError; None if there is nothing else."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
