"""`node(id)`: each type that can be looked up again says how, beside itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from graph.ids import NODE_TYPES
from graph.types.basics import Info, Node

Load: TypeAlias = Callable[[Info, UUID], Awaitable[Any]]
Loading = TypeVar("Loading", bound=Load)
_LOADS: dict[str, Load] = {}


def loads(kind: str) -> Callable[[Loading], Loading]:
    """Register what loads a node of this type: None where there is none that the asker may see."""
    if kind not in NODE_TYPES:
        raise RuntimeError(f"{kind} is not among graph.ids.NODE_TYPES")

    def register(load: Loading) -> Loading:
        _LOADS[kind] = load
        return load

    return register


async def load(info: Info, kind: str, key: UUID) -> Node | None:
    """Return a node, or None if there is none that the asker may see."""
    found: Node | None = await _LOADS[kind](info, key)
    return found
