"""Money, nodes, pages: what every other type is made of."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, NewType, TypeAlias, TypeVar, cast

import strawberry
from graphql import GraphQLError, IntValueNode, ValueNode
from strawberry.types import Info as StrawberryInfo

from graph.context import Request
from kit.errors import Rejected
from kit.money import format_minor
from ledger import views

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


def page_info(page: views.Page) -> PageInfo:
    """Return where a page ends."""
    return PageInfo(has_next_page=page.more, end_cursor=page.end)


def plain(text: str | None) -> str | None:
    """Pass a caller's text on; Rejected if it holds NUL, which the database can't."""
    if text is not None and "\x00" in text:
        raise Rejected("text.characters", "The text holds a NUL character.", remedy="Leave it out.")
    return text


First = Annotated[int, strawberry.argument(description="Rows on the page, 1 to 200.")]
After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row before the page; null: the first page.")
]
