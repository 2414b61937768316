"""Reading what an export holds, page by page through the door: each page a snapshot of its own, none held meanwhile.

The chain is only ever added to, so that pages of a span that was fixed at the start are of one piece.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

from ledger.commands.audit import NoteAuditExport
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.queries.audit import AuditLines, AuditSpan
from ledger.views.audit import AuditLine, AuditSpanView

PAGE = 2_000


async def begin(door: Door, actor: Actor, form: str, since: date | None, until: date | None) -> AuditSpanView:
    """Fix the span of a period, and note who takes it away."""
    span: AuditSpanView = await door.query(AuditSpan(since, until), actor)
    # That he took it is our note, not his act: a token that may only read takes it too.
    noting = replace(actor, read_only=False)
    await door.execute(NoteAuditExport(form, since, until, span.first, span.last), noting)
    return span


async def lines_of(door: Door, actor: Actor, span: AuditSpanView) -> AsyncIterator[tuple[AuditLine, ...]]:
    """Yield the entries of a span, in pages."""
    if not span.entries:
        return
    for after in range(span.first - 1, span.last, PAGE):
        page: tuple[AuditLine, ...] = await door.query(AuditLines(after, span.last, PAGE), actor)
        if page:  # a chain with a hole is told as it is: whoever verifies the file finds the hole
            yield page


def file_name(span: AuditSpanView, form: str) -> str:
    """Name the file of an export: munshi-audit-2026-04-01-2027-03-31.xlsx."""
    days = [day.isoformat() for day in (span.since, span.until) if day is not None]
    return "-".join(["munshi-audit", *(days or ["all"])]) + f".{form}"
