"""What may be told: each field is one command to the ledger's door."""

from __future__ import annotations

from datetime import datetime

import strawberry

from graph.ids import key_of
from graph.types.basics import Info, plain, resolved
from graph.types.questions import Conflict, conflict
from kit.errors import Rejected
from ledger import commands


@strawberry.input(description="An answer to a question, for the evidence that was seen.")
class ResolveConflictInput:
    """An answer."""

    conflict_id: strawberry.ID = strawberry.field(description="The question.")
    answer: strawberry.ID = strawberry.field(description="The id of one of its answers.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that was seen; conflict.stale if it moved on. Null: whatever is open now.",
    )
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="An answer to take back.")
class ReopenConflictInput:
    """An undo."""

    conflict_id: strawberry.ID = strawberry.field(description="The question.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="A question to ask again later.")
class SnoozeConflictInput:
    """A delay."""

    conflict_id: strawberry.ID = strawberry.field(description="The question.")
    until: datetime = strawberry.field(description="When to ask again; needs an offset.")


@strawberry.type(description="The question as it stands now.")
class ConflictPayload:
    """The outcome."""

    conflict: Conflict = strawberry.field(description="The question.")


@strawberry.input(description="What could not be read and need not be: by its ids, or all of a source.")
class SetAsideInput:
    """Parts to set aside."""

    ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="These parts, at most 1,000."
    )
    source: str | None = strawberry.field(default=None, description="All open parts of this source.")
    code: str | None = strawberry.field(default=None, description="Of those, only the ones with this code.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.type(description="What was settled.")
class SetAsidePayload:
    """The outcome."""

    parts: int = strawberry.field(description="How many parts were settled; their raw bodies are kept.")


@strawberry.type(description="Commands. Each runs in its own transaction and leaves an audit entry.")
class Mutation:
    """The root of commands."""

    @resolved("Answer a question.")
    async def resolve_conflict(self, info: Info, input: ResolveConflictInput) -> ConflictPayload:
        """Answer it."""
        command = commands.ResolveConflict(
            conflict_id=key_of("Conflict", input.conflict_id),
            answer=plain(input.answer) or "",
            version=input.version,
            note=plain(input.note),
        )
        return ConflictPayload(conflict=conflict(await info.context.execute(command)))

    @resolved("Take an answer back: its effects are withdrawn and the question stands again.")
    async def reopen_conflict(self, info: Info, input: ReopenConflictInput) -> ConflictPayload:
        """Undo it."""
        command = commands.ReopenConflict(
            conflict_id=key_of("Conflict", input.conflict_id), note=plain(input.note)
        )
        return ConflictPayload(conflict=conflict(await info.context.execute(command)))

    @resolved("Ask again later.")
    async def snooze_conflict(self, info: Info, input: SnoozeConflictInput) -> ConflictPayload:
        """Delay it."""
        if input.until.tzinfo is None:
            raise Rejected("time.naive", "until needs an offset.", remedy="Write 2026-11-20T09:00:00+05:30.")
        command = commands.SnoozeConflict(
            conflict_id=key_of("Conflict", input.conflict_id), until=input.until
        )
        return ConflictPayload(conflict=conflict(await info.context.execute(command)))

    @resolved("Settle what could not be read without reading it. For owner and finance.")
    async def set_aside(self, info: Info, input: SetAsideInput) -> SetAsidePayload:
        """Settle it."""
        command = commands.SetAside(
            ids=tuple(key_of("QuarantinedPart", one) for one in input.ids),
            source=plain(input.source),
            code=plain(input.code),
            note=plain(input.note),
        )
        return SetAsidePayload(parts=await info.context.execute(command))
