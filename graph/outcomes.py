"""What may come between a caller and what he tells, as members of the answer's union: expected, so no errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion
from strawberry.utils.str_converters import capitalize_first, to_camel_case

from graph.ids import key_of
from graph.types.basics import Info
from graph.types.questions import Conflict, conflict
from kit.errors import MunshiError
from ledger import queries


@strawberry.interface(description="What came between: nothing was done. Ask for these on any outcome.")
class Outcome:
    """An outcome that a caller reckons with."""

    code: str = strawberry.field(description="Stable, such as conflict.answered.")
    message: str = strawberry.field(description="What came between, in a sentence.")
    remedy: str = strawberry.field(description="What to do now.")


@strawberry.type(description="Somebody answered this question before.")
class AlreadyAnswered(Outcome):
    """The second of two people."""

    answer: str | None = strawberry.field(description="The id of his answer.")
    answer_label: str | None = strawberry.field(description="Its words.")
    answered_by: str | None = strawberry.field(description="Who answered.")
    answered_at: datetime | None = strawberry.field(description="When.")
    conflict: Conflict = strawberry.field(description="The question as it stands.")


@strawberry.type(description="The evidence isn't the one that was seen: look at the question again.")
class EvidenceChanged(Outcome):
    """Newer evidence."""

    conflict: Conflict = strawberry.field(description="The question as it stands, with its version.")


@strawberry.type(description="The question isn't asked: evidence settled it, or may still do so.")
class NotAsked(Outcome):
    """A question that nobody has to answer."""

    conflict: Conflict = strawberry.field(description="The question as it stands.")


@strawberry.type(description="The question was given to somebody else.")
class AssignedElsewhere(Outcome):
    """Another's question."""

    conflict: Conflict = strawberry.field(description="The question as it stands, with who has it.")


@strawberry.type(description="Somebody said or decided something about it that the caller hadn't seen.")
class DecidedMeanwhile(Outcome):
    """Another's word."""

    by: str | None = strawberry.field(description="Who, if it is one person.")
    at: datetime | None = strawberry.field(description="When.")


@strawberry.type(description="Less is open than the amount that was named.")
class TooLittleOpen(Outcome):
    """A bill that was paid meanwhile."""


@strawberry.type(description="There is nothing to take back: it was taken back, or never said.")
class NothingToUndo(Outcome):
    """An undo too late."""

    by: str | None = strawberry.field(description="Who took it back, if one person did.")
    at: datetime | None = strawberry.field(description="When.")


@strawberry.type(description="So much cash has consequences by law: read the message, then say acknowledged.")
class NeedsAcknowledgement(Outcome):
    """A warning to read."""


@strawberry.type(description="The rule has another newest version than the one that was seen.")
class RuleChanged(Outcome):
    """Another's text."""


@strawberry.type(description="Something speaks against this reminder: overrule it, if that is right.")
class ReminderHeld(Outcome):
    """A reminder that had better wait."""


@strawberry.type(description="What was read or changed under this replay's hands: begin it again.")
class ReplayOvertaken(Outcome):
    """A replay that can't go on."""


OUTCOMES: Mapping[str, type[Outcome]] = {
    "allocation.over_outstanding": TooLittleOpen,
    "attachment.kept": DecidedMeanwhile,
    "bulk.undone": NothingToUndo,
    "cash.needs_acknowledgement": NeedsAcknowledgement,
    "cheque.known": DecidedMeanwhile,
    "cheque.moved_on": DecidedMeanwhile,
    "conflict.answered": AlreadyAnswered,
    "conflict.assigned": AssignedElsewhere,
    "conflict.changed": EvidenceChanged,
    "conflict.cleared": NotAsked,
    "conflict.none_alike": NotAsked,
    "conflict.not_answered": NothingToUndo,
    "conflict.not_asked": NotAsked,
    "decision.taken": DecidedMeanwhile,
    "decision.withdrawn": NothingToUndo,
    "deduction.judged": DecidedMeanwhile,
    "deduction.over_outstanding": TooLittleOpen,
    "deduction.withdrawn": DecidedMeanwhile,
    "dispute.none": DecidedMeanwhile,
    "dispute.standing": DecidedMeanwhile,
    "goods.said": DecidedMeanwhile,
    "payment.confirmed": DecidedMeanwhile,
    "payment.reported": DecidedMeanwhile,
    "payment.withdrawn": DecidedMeanwhile,
    "period.closed": DecidedMeanwhile,
    "period.not_closed": NothingToUndo,
    "reminder.held": ReminderHeld,
    "replay.ended": ReplayOvertaken,
    "replay.read_meanwhile": ReplayOvertaken,
    "replay.source_changed": ReplayOvertaken,
    "rule.changed": RuleChanged,
    "writeoff.over_outstanding": TooLittleOpen,
}
"""Which outcome a code is."""

ANSWERING: tuple[type[Outcome], ...] = (AlreadyAnswered, EvidenceChanged, NotAsked)
DECIDING: tuple[type[Outcome], ...] = (DecidedMeanwhile,)
PLACING: tuple[type[Outcome], ...] = (DecidedMeanwhile, TooLittleOpen)
UNDOING: tuple[type[Outcome], ...] = (NothingToUndo,)


class _Expecting(FieldExtension):
    """Widens what a mutation returns by outcomes, and answers with them instead of raising."""

    def __init__(self, expected: tuple[type[Outcome], ...]) -> None:
        self._expected = expected

    def apply(self, field: StrawberryField) -> None:
        """Make the type a union."""
        name = capitalize_first(to_camel_case(field.python_name)) + "Result"
        types = (field.type, *self._expected)
        field.type = StrawberryUnion(
            name=name,
            type_annotations=tuple(StrawberryAnnotation(one) for one in types),
            description=f"What {to_camel_case(field.python_name)} did, or what came between.",
        )

    async def resolve_async(  # type: ignore[override]  # a mutation may have an argument called source
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Answer with the outcome, if it is one of those that are expected."""
        try:
            return await next_(source, info, **kwargs)
        except MunshiError as error:
            kind = OUTCOMES.get(error.code)
            if kind is None or kind not in self._expected:
                raise
            return await _made(info, kind, error, kwargs)


def expecting(*kinds: type[Outcome]) -> FieldExtension:
    """Let a mutation answer with these outcomes; its result becomes the union `<Mutation>Result`."""
    return _Expecting(kinds)


async def _made(info: Info, kind: type[Outcome], error: MunshiError, kwargs: Mapping[str, Any]) -> Outcome:
    said: dict[str, Any] = {"code": error.code, "message": error.message, "remedy": error.remedy}
    if kind in (DecidedMeanwhile, NothingToUndo):
        by, at = error.values.get("by"), error.values.get("at")
        said |= {"by": str(by) if by is not None else None, "at": at if isinstance(at, datetime) else None}
    if kind in (AlreadyAnswered, EvidenceChanged, NotAsked, AssignedElsewhere):
        view = await info.context.ask(queries.Conflict(_question(kwargs)))
        said["conflict"] = conflict(view)
        if kind is AlreadyAnswered:
            said |= {
                "answer": view.answer,
                "answer_label": view.answer_label,
                "answered_by": view.answered_by,
                "answered_at": view.answered_at,
            }
    return kind(**said)


def _question(kwargs: Mapping[str, Any]) -> UUID:
    """Return the question that the arguments name."""
    held = kwargs.get("input")
    return key_of("Conflict", held.conflict_id if held is not None else kwargs["conflict_id"])
