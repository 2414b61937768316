"""JSON Lines: a head line, then one line an entry with all that its hash is made of. See ledger/audit_format.md."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson

from ledger.audit_export.asking import lines_of
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.store.audit import moment
from ledger.views.audit import AuditLine, AuditSpanView

FORMAT = 1


async def json_lines(door: Door, actor: Actor, span: AuditSpanView) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the file of a span in pieces, each with the number of entries in it."""
    yield 0, head_line(span)
    async for page in lines_of(door, actor, span):
        yield len(page), b"".join(map(line, page))


def head_line(span: AuditSpanView) -> bytes:
    """Return the first line: which part of which chain follows, and between which hashes it stands."""
    return orjson.dumps(
        {
            "munshi_audit": FORMAT,
            "business": str(span.business_id),
            "since": span.since,
            "until": span.until,
            "timezone": span.timezone,
            "made_at": moment(span.made_at),
            "first": span.first,
            "last": span.last,
            "entries": span.entries,
            "previous": span.previous,
            "head": span.head,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def line(entry: AuditLine) -> bytes:
    """Return the line of an entry."""
    body: dict[str, object] = {
        "sequence": entry.sequence,
        "at": moment(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "entry": entry.entry,
        "hash": entry.hash,
    }
    if entry.words:
        body["words"] = {one: {"salt": salt, "text": text} for one, (salt, text) in entry.words.items()}
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS)
