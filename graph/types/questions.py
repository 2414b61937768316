"""Questions that need a person: what was found, in words, and the answers to choose from."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types.basics import Counted, Money, Node, PageInfo, money, page_info, resolved
from graph.types.parties import Party, party_named
from ledger import queries, views


@strawberry.enum(description="Which questions.")
class ConflictStatus(Enum):
    """Statuses of questions."""

    OPEN = strawberry.enum_value("open", description="They wait for an answer.")
    SNOOZED = strawberry.enum_value("snoozed", description="To be asked again later.")
    CLEARED = strawberry.enum_value("cleared", description="Evidence came; nobody had to answer.")
    RESOLVED = strawberry.enum_value("resolved", description="A person answered.")
    ALL = strawberry.enum_value("all", description="Every one.")


@strawberry.type(description="One answer to choose.")
class Answer:
    """An answer."""

    id: strawberry.ID = strawberry.field(description="Pass it to resolveConflict.")
    label: str = strawberry.field(description="Its words.")


@strawberry.type(
    description="A question about money, with its evidence in words and its answers, best first."
)
class Conflict(Node):
    """A question."""

    party_key: strawberry.Private[UUID | None]
    party_name: strawberry.Private[str | None]
    version: int = strawberry.field(description="Grows when the evidence changes; pass it with the answer.")
    rule: str = strawberry.field(description="The rule that asks.")
    severity: str = strawberry.field(description="info, warn or block.")
    status: str = strawberry.field(description="open, snoozed, cleared or resolved.")
    title: str = strawberry.field(description="The question in one line.")
    lines: list[str] = strawberry.field(description="What was found.")
    quote: str | None = strawberry.field(description="The source's own words.")
    why: list[str] = strawberry.field(description="The evidence in detail.")
    answers: list[Answer] = strawberry.field(description="What can be answered, best first.")
    amount: Money | None = strawberry.field(description="The money that it is about.")
    opened_at: datetime = strawberry.field(description="Since when it stands.")
    answer: str | None = strawberry.field(description="The id of the answer that was given.")
    answer_label: str | None = strawberry.field(description="Its words.")
    answered_by: str | None = strawberry.field(description="Who answered.")
    answered_at: datetime | None = strawberry.field(description="When.")
    can_undo: bool = strawberry.field(description="Whether reopenConflict takes the answer back.")
    note: str | None = strawberry.field(description="The remark on it.")
    assigned_to: str | None = strawberry.field(description="The member who is to answer it.")
    alike: int = strawberry.field(description="How many open questions are like it, itself counted.")

    @resolved("The customer or vendor that it is about.")
    def party(self) -> Party | None:
        """Return the party."""
        return party_named(self.party_key, self.party_name or "—") if self.party_key is not None else None


def conflict(view: views.ConflictView) -> Conflict:
    """Return a question as its type."""
    return Conflict(
        id=global_id("Conflict", view.id),
        party_key=view.party_id,
        party_name=view.party_name,
        version=view.version,
        rule=view.rule,
        severity=view.severity,
        status=view.status,
        title=view.title,
        lines=list(view.lines),
        quote=view.quote,
        why=list(view.why),
        answers=[Answer(id=strawberry.ID(option.id), label=option.label) for option in view.answers],
        amount=money(view.amount, view.currency) if view.amount is not None and view.currency else None,
        opened_at=view.opened_at,
        answer=view.answer,
        answer_label=view.answer_label,
        answered_by=view.answered_by,
        answered_at=view.answered_at,
        can_undo=view.can_undo,
        note=view.note,
        assigned_to=view.assigned_name,
        alike=view.alike,
    )


@strawberry.type(description="A question on a page.")
class ConflictEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this question.")
    node: Conflict = strawberry.field(description="The question.")


@strawberry.type(description="A page of questions, most severe and oldest first.")
class ConflictConnection(Counted):
    """A connection."""

    edges: list[ConflictEdge] = strawberry.field(description="The questions with their cursors.")
    nodes: list[Conflict] = strawberry.field(description="The questions.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    open_count: int = strawberry.field(description="How many wait for an answer.")


def conflicts(page: views.ConflictPage, question: queries.Conflicts) -> ConflictConnection:
    """Return a page of questions."""
    nodes = [conflict(row) for row in page.rows]
    return ConflictConnection(
        question=question,
        edges=[ConflictEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        open_count=page.open_count,
    )
