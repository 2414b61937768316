"""Photos, voice notes and the like: kept in the log as they came, told of as notes on a customer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from uuid import UUID

from kit.errors import NotFound, Rejected, Stale
from kit.ids import derived
from ledger.commands.attachments import AttachToParty, KeepAttachment
from ledger.domain.events import OPERATOR, Delivery
from ledger.domain.roles import Permission
from ledger.handlers.deciding import decide, event_subject, hold, noted, party_row, party_rows, the_one
from ledger.handlers.decisions import last_standing, told_of
from ledger.handlers.paging import page_size
from ledger.handlers.registry import Context, handles
from ledger.queries.attachments import KeptAttachment
from ledger.queries.profiles import KeptByIds, KeptWith
from ledger.store.append import append
from ledger.store.bodies import open_body
from ledger.views.attachments import AttachmentView
from ledger.views.profiles import KeptThing
from ledger.views.workflow import DecisionView

MAX_BYTES = 8 * 1024 * 1024
_MEDIA_TYPE = re.compile(r"[a-z]{2,20}/[a-z0-9.+\-]{1,60}")
_MAX_NAME = 120
_KEPT = """
SELECT d.headers ->> 'media_type' AS media_type, d.filename FROM deliveries d
WHERE d.business_id = $1 AND d.source = 'operator' AND d.via = 'chat' AND d.digest = $2
"""
# The notes with this attachment on any identity that the party goes by or that states something of it.
_NOTE = """
SELECT e.normalised ->> 'text' AS text, e.normalised ->> 'author' AS author, e.occurred_at FROM external_events e
WHERE e.business_id = $1 AND e.source = 'operator' AND e.event_type = 'note.added' AND e.kind = 'note'
  AND e.normalised ->> 'attachment' = $2
  AND e.normalised ->> 'about' IN (
    SELECT subject::text FROM claims WHERE business_id = $1 AND party_id = $3
    UNION SELECT subject::text FROM party_identities WHERE business_id = $1 AND party_id = $3
    UNION SELECT anchor::text FROM parties WHERE business_id = $1 AND id = $3)
ORDER BY e.occurred_at LIMIT 1
"""
# Told last, of what wasn't taken back since; each thing once with each of the parties, the newest $3 of them.
_KEPT_WITH = """
WITH about AS (
  SELECT party_id, subject::text FROM claims WHERE business_id = $1 AND party_id = ANY($2)
  UNION SELECT party_id, subject::text FROM party_identities WHERE business_id = $1 AND party_id = ANY($2)
  UNION SELECT id, anchor::text FROM parties WHERE business_id = $1 AND id = ANY($2)
), told AS (
  SELECT DISTINCT ON (a.party_id, e.normalised ->> 'attachment')
         a.party_id, e.normalised ->> 'attachment' AS attachment, e.normalised, e.occurred_at
  FROM external_events e JOIN about a ON a.subject = e.normalised ->> 'about'
  WHERE e.business_id = $1 AND e.source = 'operator' AND e.event_type = 'note.added' AND e.kind = 'note'
    AND e.normalised ->> 'attachment' IS NOT NULL
    AND NOT EXISTS (SELECT FROM external_events w WHERE w.business_id = $1 AND w.subject = e.subject
                    AND w.event_type = 'decision.withdrawn' AND w.occurred_at >= e.occurred_at)
  ORDER BY a.party_id, e.normalised ->> 'attachment', e.occurred_at DESC
), newest AS (
  SELECT t.*, row_number() OVER (PARTITION BY party_id ORDER BY occurred_at DESC, attachment) AS place FROM told t
)
SELECT party_id, normalised, occurred_at FROM newest WHERE place <= $3 ORDER BY party_id, place
"""


@handles(KeepAttachment, permission=Permission.REPORT)
async def keep_attachment(command: KeepAttachment, ctx: Context) -> str:
    """Keep the bytes as a delivery of people's own; the same bytes are kept once."""
    if not command.body:
        raise Rejected("attachment.empty", "There is nothing in it.")
    if len(command.body) > MAX_BYTES:
        raise Rejected(
            "attachment.too_large",
            f"At most {MAX_BYTES // (1024 * 1024)} MB are kept with a customer.",
            remedy="Send a smaller one.",
        )
    if not _MEDIA_TYPE.fullmatch(command.media_type):
        raise Rejected("attachment.media_type", f"{command.media_type[:40]!r} is no kind of file.")
    name = hashlib.sha256(command.body)
    kept = Delivery(
        business_id=ctx.actor.business_id,
        source=OPERATOR,
        via="chat",
        digest=name.digest(),
        body=command.body,
        received_at=ctx.now,
        headers={"actor": ctx.actor.label, "media_type": command.media_type},
        filename=" ".join(command.filename.replace("\x00", " ").split())[:_MAX_NAME] or "file",
    )
    await append(ctx.tx, [kept])
    ctx.audit("attachment.kept", f"attachment:{name.hexdigest()}", bytes=len(command.body))
    return name.hexdigest()


@handles(AttachToParty, permission=Permission.REPORT)
async def attach(command: AttachToParty, ctx: Context) -> DecisionView:
    """Tell of something kept as a note on a customer; the same one is told once, until it is taken back."""
    party = await party_row(ctx, command.party_id)
    kept = await ctx.tx.row(_KEPT, ctx.actor.business_id, _digest(command.attachment))
    if kept is None:
        raise NotFound("attachment.not_found", "There is no such photo or file.")
    note = derived("attachment", command.attachment, str(party["anchor"]))
    await hold(ctx, note)
    told = await told_of(ctx, [event_subject(note, "note")])
    if last_standing(told) is not None:
        raise Stale("attachment.kept", "It is kept there already.", remedy="Look at the history.")
    data = {
        "about": str(party["anchor"]),
        "text": noted(command.text) or "",
        "attachment": command.attachment,
        "media_type": kept["media_type"],
        "filename": kept["filename"],
        "author": ctx.actor.name,
    }
    return await decide(ctx, "note.added", data, about=f"party:{party['id']}", kind="note", decision_id=note)


@handles(KeptAttachment, permission=Permission.SEE_RECEIVABLES)
async def kept_attachment(question: KeptAttachment, ctx: Context) -> AttachmentView:
    """Answer with something kept, to who may see the customer that it is kept with."""
    party: UUID = (await party_row(ctx, question.party_id))["id"]
    note = await ctx.tx.row(_NOTE, ctx.actor.business_id, question.attachment, party)
    kept = await ctx.tx.row(_KEPT, ctx.actor.business_id, _digest(question.attachment))
    if note is None or kept is None:
        raise NotFound("attachment.not_found", "There is no such photo or file.")
    body = await open_body(ctx.tx, ctx.actor.business_id, OPERATOR, _digest(question.attachment))
    return AttachmentView(
        body=body,
        media_type=kept["media_type"],
        filename=kept["filename"],
        text=note["text"] or "",
        author=note["author"] or "",
        at=note["occurred_at"],
    )


@handles(KeptWith, permission=Permission.SEE_RECEIVABLES)
async def kept_with(question: KeptWith, ctx: Context) -> tuple[KeptThing, ...]:
    """Answer with what is kept with a party, without the bytes; NotFound outside the actor's scope."""
    return the_one(await _kept(ctx, [question.party_id], question.first), question.party_id)


@handles(KeptByIds, permission=Permission.SEE_RECEIVABLES)
async def kept_by_ids(question: KeptByIds, ctx: Context) -> dict[UUID, tuple[KeptThing, ...]]:
    """Answer for those of the parties that the actor may see."""
    return await _kept(ctx, question.ids, question.first)


async def _kept(ctx: Context, ids: Sequence[UUID], first: int) -> dict[UUID, tuple[KeptThing, ...]]:
    most = page_size(first)
    parties = list(await party_rows(ctx, ids))
    found: dict[UUID, list[KeptThing]] = {party: [] for party in parties}
    for row in await ctx.tx.fetch(_KEPT_WITH, ctx.actor.business_id, parties, most):
        data = row["normalised"]
        found[row["party_id"]].append(
            KeptThing(
                id=data["attachment"],
                media_type=data.get("media_type") or "application/octet-stream",
                filename=data.get("filename") or "file",
                text=data.get("text") or "",
                author=data.get("author") or "",
                at=row["occurred_at"],
            )
        )
    return {party: tuple(things) for party, things in found.items()}


def _digest(name: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", name):
        raise NotFound("attachment.not_found", "There is no such photo or file.")
    return bytes.fromhex(name)
