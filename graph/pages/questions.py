"""The entries that wait for an answer, with their evidence; they are answered in the chat or over GraphQL, not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.pages.look import Look
from ledger import queries
from ledger.domain.roles import Permission

ROWS = 50


async def questions(look: Look) -> Mapping[str, Any]:
    """Gather the page."""
    async with look.door.reading(look.as_read()) as reader:
        firm = await reader.query(queries.OwnBusiness())
        page = await reader.query(queries.Conflicts(first=ROWS, after=look.query.get("after")))
    return {
        "firm": firm,
        "page": page,
        "answers": look.actor.may(Permission.ANSWER),
        "comments": look.actor.may(Permission.COMMENT),
    }
