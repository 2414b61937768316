"""Connecting sources: what is told, with secrets that no answer and no error repeats."""

from __future__ import annotations

from datetime import date
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode
from strawberry.scalars import JSON

from graph.types.sources import Source
from kit.errors import Rejected

Secret = NewType("Secret", str)
HUSHED = frozenset(
    {"Secret", "CredentialInput", "AddSourceInput", "SetCredentialsInput", "RotateSourceSecretInput"}
)
"""Input types that hold a Secret: an error about a variable of one doesn't repeat what was given."""


def _never(_: Any) -> Any:
    raise GraphQLError("A Secret is never told.")


def _secret(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("A Secret is a text.")
    return value


def _literal(_: ValueNode, __: dict[str, Any] | None = None) -> str:
    raise GraphQLError("A Secret comes in a variable, not in the query.")


SECRET = strawberry.scalar(
    name="Secret",
    description="A text that is sealed as it comes, and never shown again. It comes in a variable, not in the query.",
    serialize=_never,
    parse_value=_secret,
    parse_literal=_literal,
)


def settings_of(given: Any) -> dict[str, Any]:
    """Return settings as a dict."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Rejected("source.setting", "settings is one object.", remedy='Write {"account": "…"}.')
    return given


@strawberry.input(description="A source to connect.")
class AddSourceInput:
    """A source."""

    name: str = strawberry.field(description="family:name, like payment:razorpay or bank:icici.")
    connector: str | None = strawberry.field(
        default=None, description="What reads it, if the name doesn't say so."
    )
    label: str | None = strawberry.field(default=None, description="How people call it.")
    settings: JSON | None = strawberry.field(
        default=None, description="Its settings, as one object. See the connector's README."
    )
    secret: Secret | None = strawberry.field(
        default=None, description="The signing secret, where the vendor gives it; else one is made."
    )


@strawberry.input(description="What the vendor gave for our own calls, by its name.")
class CredentialInput:
    """A credential."""

    name: str = strawberry.field(description="Such as token, or key_id.")
    value: Secret = strawberry.field(description="Sealed at once, and never shown again.")


@strawberry.input(description="Credentials of a source. Named ones replace, the others stay.")
class SetCredentialsInput:
    """Credentials."""

    name: str = strawberry.field(description="The source.")
    credentials: list[CredentialInput] = strawberry.field(description="What is given.")


@strawberry.input(description="A change of a source; what is null stays as it is.")
class ChangeSourceInput:
    """A change."""

    name: str = strawberry.field(description="The source.")
    enabled: bool | None = strawberry.field(default=None, description="Switch it on or off.")
    write_back: bool | None = strawberry.field(
        default=None, description="Whether our state is written back to it."
    )
    label: str | None = strawberry.field(default=None, description="How people call it.")
    settings: JSON | None = strawberry.field(
        default=None, description="Settings to change, as one object; null takes one out."
    )


@strawberry.input(description="A source to read now.")
class PullSourceInput:
    """A source, or some of its streams."""

    name: str = strawberry.field(description="The source.")
    streams: list[str] = strawberry.field(default_factory=list, description="Only these; none: all.")


@strawberry.input(description="How far back to read a source.")
class StartBackfillInput:
    """A period."""

    name: str = strawberry.field(description="The source.")
    since: date = strawberry.field(description="The first day.")
    until: date | None = strawberry.field(default=None, description="The last day; null: today.")
    streams: list[str] = strawberry.field(
        default_factory=list, description="Only these; none: all that have a past."
    )


@strawberry.input(description="A new signing secret.")
class RotateSourceSecretInput:
    """A secret."""

    name: str = strawberry.field(description="The source.")
    secret: Secret | None = strawberry.field(
        default=None, description="Where the vendor gives it; else one is made."
    )


@strawberry.type(description="A source that was connected. Its address and secret are shown this once.")
class AddSourcePayload:
    """The outcome."""

    source: Source = strawberry.field(description="The source.")
    address: str | None = strawberry.field(description="Where the vendor sends to; null if it doesn't.")
    secret: str | None = strawberry.field(
        description="The signing secret that was made; null where it was given, or none is needed."
    )


@strawberry.type(description="What a source holds now.")
class SetCredentialsPayload:
    """The outcome."""

    source: Source = strawberry.field(description="The source; it is read within a minute.")
    credentials: list[str] = strawberry.field(description="The names of the credentials that it has.")


@strawberry.type(description="The source as it is now.")
class SourcePayload:
    """The outcome."""

    source: Source = strawberry.field(description="The source.")


@strawberry.type(description="What was begun.")
class PullPayload:
    """The outcome."""

    source: Source = strawberry.field(description="The source.")
    streams: int = strawberry.field(description="How many streams are read now.")


@strawberry.type(description="What was begun.")
class BackfillPayload:
    """The outcome."""

    source: Source = strawberry.field(description="The source.")
    streams: list[str] = strawberry.field(description="The streams that are read further back.")


@strawberry.type(description="A new signing secret; the former one stays valid for what is on its way.")
class RotateSourceSecretPayload:
    """The outcome."""

    source: Source = strawberry.field(description="The source.")
    secret: str | None = strawberry.field(
        description="The secret that was made, shown this once; null where it was given."
    )
