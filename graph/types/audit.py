"""The audit trail as types: its entries, whether its chain holds, and a link that takes it away."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry.scalars import JSON

from graph.ids import global_id
from graph.types.basics import Counted, PageInfo, page_info
from ledger.queries.audit import AuditTrail
from ledger.views.audit import AuditEntryView, AuditTrailPage, AuditVerdict


@strawberry.enum(description="What an entry of the chain can suffer.")
class AuditFault(Enum):
    """Faults."""

    CHECKPOINT = strawberry.enum_value(
        "checkpoint", description="The place up to which the chain was verified before isn't what it was."
    )
    MISSING = strawberry.enum_value("missing", description="Entries before it are gone, or were renumbered.")
    LINKED = strawberry.enum_value("linked", description="It doesn't follow on the entry before it.")
    CHANGED = strawberry.enum_value("changed", description="It is not what was written.")


@strawberry.enum(description="The form of an export.")
class AuditForm(Enum):
    """Forms."""

    JSONL = strawberry.enum_value(
        "jsonl", description="JSON Lines: verifiable without us, see ledger/audit_format.md."
    )
    XLSX = strawberry.enum_value("xlsx", description="A workbook, to read.")


@strawberry.type(description="One entry of the audit trail.")
class AuditEntry:
    """An entry."""

    sequence: int = strawberry.field(
        description="Its number, from 1, without a gap; what subscriptions and webhooks resume from."
    )
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(
        description="Who: member:<uuid>, system:<program> or source:<name>; filter by it."
    )
    actor_name: str | None = strawberry.field(description="The member's name today; null: no member.")
    action: str = strawberry.field(description="What, dotted: conflict.resolved, invoice.changed, denied …")
    subject: str | None = strawberry.field(description="Of what: invoice:<uuid>, a question's uuid …")
    party_id: strawberry.ID | None = strawberry.field(description="The customer or vendor that it names.")
    entry: JSON = strawberry.field(
        description="Reason, before, after, causing events. Null stands where words of a person were erased."
    )
    hash: str = strawberry.field(
        description="SHA-256 over the hash before it and its canonical form, in hexadecimal."
    )
    token_id: strawberry.ID | None = strawberry.field(
        description="Through which token it came; null: through none, as from the chat and from our own programs."
    )
    token_label: str | None = strawberry.field(description="What that token is called, where it is known.")


@strawberry.type(description="An entry on a page.")
class AuditEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this entry.")
    node: AuditEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A page of the audit trail.")
class AuditConnection(Counted):
    """A connection."""

    edges: list[AuditEdge] = strawberry.field(description="The entries with their cursors.")
    nodes: list[AuditEntry] = strawberry.field(description="The entries.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="Whether the chain of the audit trail holds.")
class AuditVerification:
    """A verdict."""

    holds: bool = strawberry.field(description="Whether all that was looked at holds.")
    entries: int = strawberry.field(description="How many entries were looked at and hold.")
    since: int = strawberry.field(description="Behind which entry it began; 0: at the first.")
    sequence: int = strawberry.field(description="The last entry that holds.")
    head: str = strawberry.field(description="Its hash: what the chat is told every evening.")
    broken_at: int | None = strawberry.field(description="The first entry that doesn't hold.")
    fault: AuditFault | None = strawberry.field(description="What is the matter with it.")
    words: str | None = strawberry.field(description="The same in a sentence.")
    more: bool = strawberry.field(
        description="Whether the chain goes on behind `sequence`: `munshi audit verify --full` looks at all of it."
    )


@strawberry.type(description="A link that hands the trail of a period to whoever opens it, for a while.")
class AuditExportLink:
    """A link."""

    id: strawberry.ID = strawberry.field(
        description="Its id among `pageLinks`; `revokePageLinks` takes it back."
    )
    url: str = strawberry.field(
        description="Open it with GET. It dies with the rights of the member who made it, and with the token."
    )
    expires_at: datetime = strawberry.field(description="Until when it works.")


def audit_connection(page: AuditTrailPage, question: AuditTrail) -> AuditConnection:
    """Return a page of entries."""
    nodes = [_entry(row) for row in page.rows]
    return AuditConnection(
        question=question,
        edges=[AuditEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


def _entry(view: AuditEntryView) -> AuditEntry:
    return AuditEntry(
        sequence=view.sequence,
        at=view.at,
        actor=view.actor,
        actor_name=view.actor_name,
        action=view.action,
        subject=view.subject,
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        entry=JSON(view.entry),
        hash=view.hash,
        token_id=strawberry.ID(str(view.token_id)) if view.token_id is not None else None,
        token_label=view.token_label,
    )


def verification(verdict: AuditVerdict) -> AuditVerification:
    """Return a verdict."""
    return AuditVerification(
        holds=verdict.holds,
        entries=verdict.entries,
        since=verdict.since,
        sequence=verdict.sequence,
        head=verdict.head,
        broken_at=verdict.broken_at,
        fault=AuditFault(verdict.fault) if verdict.fault is not None else None,
        words=verdict.words or None,
        more=verdict.more,
    )
