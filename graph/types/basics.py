"""Money, nodes, pages: what every other type is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, NewType, TypeAlias, TypeVar, cast

import strawberry
from graphql import GraphQLError, IntValueNode, ValueNode
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types import Info as StrawberryInfo
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from graph.context import Request
from graph.places import place_of
from kit.errors import MunshiError, Rejected
from kit.money import format_minor
from ledger import queries, views

Info: TypeAlias = StrawberryInfo[Request, None]
SAFE = 2**53 - 1
Minor = NewType("Minor", int)
Resolve = TypeVar("Resolve", bound=Callable[..., Any])


def _minor(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > SAFE:
        raise GraphQLError("Minor must be a whole number of minor units, within ±(2^53 − 1).")
    return value


def _minor_literal(node: ValueNode, _: dict[str, Any] | None = None) -> int:
    if not isinstance(node, IntValueNode):
        raise GraphQLError("Minor must be a whole number of minor units, without quotes.", node)
    return _minor(int(node.value))


MINOR = strawberry.scalar(
    name="Minor",
    description=(
        "A whole number of minor units (paise for INR). It is a JSON number within ±(2^53 − 1), which JavaScript "
        "holds exactly; GraphQL's Int has only 32 bits, ₹2.1 crore in paise."
    ),
    serialize=_minor,
    parse_value=_minor,
    parse_literal=_minor_literal,
)


def resolved(description: str) -> Callable[[Resolve], Resolve]:
    """Make a field of a function, which keeps its type."""
    return cast(Callable[[Resolve], Resolve], strawberry.field(description=description))


class _Once(FieldExtension):
    """Gives a mutation its `idempotencyKey`; the door does what it names once."""

    def apply(self, field: StrawberryField) -> None:
        """Add the argument, and say of an input what it is."""
        for argument in field.arguments:
            if argument.python_name == "input" and not argument.description:
                argument.description = "What is told."
        field.arguments = [
            *field.arguments,
            StrawberryArgument(
                python_name="idempotency_key",
                graphql_name=None,
                type_annotation=StrawberryAnnotation(str | None),
                description=(
                    "Your own key of this act, such as a UUID: told again under it within 30 days, it answers "
                    "the same and nothing is done twice."
                ),
                default=None,
            ),
        ]

    async def resolve_async(  # type: ignore[override]  # a mutation may have an argument called source
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Let the commands of this field be done once; an error about one of its inputs says which."""
        given = dict(kwargs)
        with info.context.once(kwargs.pop("idempotency_key", None)):
            try:
                return await next_(source, info, **kwargs)
            except MunshiError as error:
                error.field = place_of(error, given) or ""
                raise


def told(description: str, *besides: FieldExtension) -> Callable[[Resolve], Resolve]:
    """Make a mutation of a function: a field with an idempotency key, which keeps its type.

    `besides` are extensions of its own, such as graph.outcomes.expecting.
    """
    return cast(
        Callable[[Resolve], Resolve],
        strawberry.mutation(description=description, extensions=[*besides, _Once()]),
    )


def word(choice: Enum) -> str:
    """Return the ledger's word for a choice."""
    return str(choice.value)


@strawberry.type(description="An amount of money. Two currencies are never added.")
class Money:
    """An amount in minor units with its currency."""

    minor: Minor = strawberry.field(description="The amount in minor units (paise for INR).")
    currency: str = strawberry.field(description="ISO 4217 code.")

    @resolved("As people read it: ₹12,40,500.")
    def formatted(self) -> str:
        """Write it the Indian way."""
        return format_minor(self.minor, self.currency)


def money(minor: int, currency: str) -> Money:
    """Return an amount."""
    return Money(minor=Minor(minor), currency=currency)


@strawberry.interface(description="Anything that can be looked up again by its id, through `node(id)`.")
class Node:
    """A row with a global id."""

    id: strawberry.ID = strawberry.field(description="Global id, opaque and stable.")


@strawberry.type(description="Where a page ends.")
class PageInfo:
    """Relay's page information for paging forwards."""

    has_next_page: bool = strawberry.field(description="Whether another page follows.")
    end_cursor: str | None = strawberry.field(
        description="Pass it as `after` for the next page; null on an empty page."
    )
    start_cursor: str | None = strawberry.field(
        default=None, description="Cursor of the page's first row; null on an empty page."
    )
    has_previous_page: bool = strawberry.field(
        default=False,
        description="Always false, as Relay allows where pages only follow each other: keep what you were shown.",
    )


@strawberry.type(description="Counts all the rows of a list, whatever page of it is shown.")
class Counted:
    """A connection whose rows are counted only where somebody asks how many there are."""

    question: strawberry.Private[Any]

    @resolved(
        "How many rows there are in all. Counted only when asked for: on a long list that takes longer than the page."
    )
    async def total_count(self, info: Info) -> int:
        """Count the rows of the list."""
        found: int = await info.context.ask(queries.TotalCount(self.question))
        return found


def page_info(page: views.Page) -> PageInfo:
    """Return where a page ends."""
    start = page.cursors[0] if page.cursors else None
    return PageInfo(has_next_page=page.more, end_cursor=page.end, start_cursor=start)


def plain(text: str | None) -> str | None:
    """Pass a caller's text on; Rejected if it holds NUL, which the database can't."""
    if text is not None and "\x00" in text:
        raise Rejected(
            "text.characters", "The text holds a NUL character.", remedy="Leave it out.", given=text
        )
    return text


First = Annotated[int, strawberry.argument(description="Rows on the page, 1 to 200.")]
After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row before the page; null: the first page.")
]
AsOf = Annotated[
    date | None,
    strawberry.argument(description="As it was true at the end of that day, by what is known now."),
]
KnownAt = Annotated[
    datetime | None,
    strawberry.argument(description="As it was known at that moment; needs an offset."),
]
