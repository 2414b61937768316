"""The log, over GraphQL: events of anything that has an id, of a source, or all of it as it came in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from graph.ids import split_id
from graph.nodes import loads
from graph.types.basics import After, First, Info, resolved
from graph.types.events import Event, EventConnection, TimelineFilter, event, timeline_of
from kit.errors import NotFound, Rejected
from ledger.queries import events as ask
from ledger.queries.documents import CreditNotesByIds

_ROWS = {
    "Invoice": "invoice",
    "Payable": "payable",
    "Receipt": "receipt",
    "Payout": "payout",
    "Settlement": "settlement",
    "BankLine": "bank_line",
    "Cheque": "cheque",
}


@strawberry.type
class TimelineQueries:
    """What may be asked."""

    @resolved(
        "What sources and people said, newest first: of a party, a bill, money, a settlement, a bank line, a cheque, in the"
        " order in which it happened; of nothing, the whole log in the order in which it came in, and since and until"
        " are about that. The whole log is not for sales."
    )
    async def timeline(
        self,
        info: Info,
        of: Annotated[
            strawberry.ID | None, strawberry.argument(description="A global id; null: the whole log.")
        ] = None,
        filter: TimelineFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> EventConnection:
        """Answer with a page of events."""
        if of is None:
            return await timeline_of(info, first=first, after=after, filter=filter)
        kind, key = split_id(of)
        if kind == "Party":
            return await timeline_of(info, first=first, after=after, filter=filter, party_id=key)
        row = (await _row(info, kind, key), key)
        return await timeline_of(info, first=first, after=after, filter=filter, row=row)


async def _row(info: Info, kind: str, key: UUID) -> str:
    if kind == "CreditNote":
        note = await info.context.by_ids(CreditNotesByIds).load(key)
        if note is None:
            raise NotFound("row.not_found", "There is no such entry.")
        return "invoice" if note.side == "receivable" else "payable"
    if kind not in _ROWS:
        raise Rejected("id.wrong_type", f"A {kind} has no timeline of its own.")
    return _ROWS[kind]


@loads("Event")
async def _event(info: Info, key: UUID) -> Event | None:
    found = await info.context.by_ids(ask.EventsByIds).load(key)
    return event(found) if found is not None else None
