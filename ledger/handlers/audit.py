"""The audit trail: its entries, whether its chain holds, and how far that was verified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.errors import Rejected, Stale
from ledger.commands.audit import MakeAuditLink, NoteAuditExport, NoteAuditVerified
from ledger.domain.roles import Permission
from ledger.handlers.pages import keep_link, subject_of
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.audit import AuditFilter, AuditTrail, CheckHead, VerifyAudit
from ledger.store.audit import THROUGH, readable, words_of
from ledger.store.audit_chain import START, Place, Verdict, verify_audit
from ledger.views.audit import AuditEntryView, AuditHeadCheck, AuditTrailPage, AuditVerdict
from ledger.views.pages import AUDIT_PAGES, PageLinkMade

VERIFIED = "audit.verified"
"""The action of an entry that tells up to where the chain was verified: what the next verification begins with."""
NEWEST = Order("audit:newest", ("a.sequence",), ("bigint",), descending=True)
OLDEST = Order("audit:oldest", ("a.sequence",), ("bigint",))
_ENTRY = "SELECT a.sequence, a.at, a.actor, a.action, a.subject, a.party, a.entry, a.hash FROM audit a"
_NAMES = "SELECT id, name FROM members WHERE business_id = $1 AND id = ANY($2)"
_LABELS = "SELECT id, label FROM tokens WHERE business_id = $1 AND id = ANY($2)"
_CHECKPOINT = """
SELECT entry FROM audit WHERE business_id = $1 AND action = $2 ORDER BY sequence DESC LIMIT 1
"""
_HASH = "SELECT hash FROM audit WHERE business_id = $1 AND sequence = $2"
_HEAD = re.compile(r"[0-9a-f]{16,64}")
_MOST_MINUTES = 60
_LONGEST, _MOST_ACTIONS = 200, 100


@handles(AuditTrail, permission=Permission.EXPORT_AUDIT)
async def audit_trail(question: AuditTrail, ctx: Context) -> AuditTrailPage:
    """Answer with a page of entries."""
    first, order = page_size(question.first), NEWEST if question.newest_first else OLDEST
    where = _wanted(question.wanted, ctx)
    where.seek(order, place(order, question.after))
    rows = await ctx.tx.fetch(
        f"{_ENTRY} WHERE {where.sql} ORDER BY {order.by} LIMIT {first + 1}", *where.values
    )
    page, end, more = cut(rows, first, order, _keys)
    words = await words_of(ctx.tx, ctx.actor.business_id, [row["entry"] for row in page])
    names = await names_of(ctx, [row["actor"] for row in page])
    labels = await labels_of(ctx, [row["entry"] for row in page])
    return AuditTrailPage(
        end=end,
        more=more,
        cursors=cursors(page, order, _keys),
        rows=tuple(_entry(row, words, names, labels) for row in page),
    )


@counts(AuditTrail)
async def count_entries(question: AuditTrail, ctx: Context) -> int:
    """Count the entries of all pages."""
    where = _wanted(question.wanted, ctx)
    found: int = await ctx.tx.value(f"SELECT count(*) FROM audit a WHERE {where.sql}", *where.values)
    return found


def _wanted(wanted: AuditFilter, ctx: Context) -> Conditions:
    where = Conditions([ctx.actor.business_id])
    where.add("a.business_id = $1")
    if wanted.actor is not None:
        where.add("a.actor = {}", _text(wanted.actor))
    if wanted.actions:
        where.add("a.action = ANY({})", [_text(action) for action in wanted.actions[:_MOST_ACTIONS]])
    if wanted.subject is not None:
        where.add("a.subject = {}", _text(wanted.subject))
    if wanted.party_id is not None:
        where.add("a.party = {}", str(wanted.party_id))
    if wanted.since is not None:
        where.add("a.at >= {}", wanted.since)
    if wanted.until is not None:
        where.add("a.at < {}", wanted.until)
    if wanted.after is not None:
        where.add("a.sequence > {}", min(max(wanted.after, 0), 2**63 - 1))
    return where


def _text(text: str) -> str:
    if len(text) > _LONGEST or "\x00" in text:
        raise Rejected("audit.filter", f"A filter has at most {_LONGEST} characters.", remedy="Shorten it.")
    return text


def _keys(row: Any) -> Sequence[Any]:
    return (row["sequence"],)


async def names_of(ctx: Context, actors: Iterable[str]) -> dict[str, str]:
    """Return the names of the members among actors, by label."""
    ids = {UUID(actor.partition(":")[2]) for actor in actors if actor.startswith("member:")}
    if not ids:
        return {}
    rows = await ctx.tx.fetch(_NAMES, ctx.actor.business_id, list(ids))
    return {f"member:{row['id']}": row["name"] for row in rows}


def token_of(entry: Mapping[str, Any]) -> UUID | None:
    """Return the token through which an entry came; None: through none."""
    return _uuid(entry.get(THROUGH))


async def labels_of(ctx: Context, entries: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
    """Return what the tokens are called through which entries came, by id."""
    ids = {token for entry in entries if (token := token_of(entry)) is not None}
    if not ids:
        return {}
    rows = await ctx.tx.fetch(_LABELS, ctx.actor.business_id, list(ids))
    return {row["id"]: row["label"] for row in rows}


def _entry(
    row: Any, words: dict[UUID, tuple[bytes, str]], names: dict[str, str], labels: dict[UUID, str]
) -> AuditEntryView:
    token = token_of(row["entry"])
    return AuditEntryView(
        sequence=row["sequence"],
        at=row["at"],
        actor=row["actor"],
        actor_name=names.get(row["actor"]),
        action=row["action"],
        subject=row["subject"],
        party_id=_uuid(row["party"]),
        entry=readable(row["entry"], words),
        hash=row["hash"].hex(),
        token_id=token,
        token_label=labels.get(token) if token is not None else None,
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@handles(VerifyAudit, permission=Permission.EXPORT_AUDIT)
async def verify(question: VerifyAudit, ctx: Context) -> AuditVerdict:
    """Recompute the chain: behind the newest checkpoint in it, or all of it."""
    since = START if question.full else await _checkpoint(ctx)
    most = question.most
    if question.until is not None:
        most = max(0, min(question.until - since.sequence, most if most is not None else question.until))
    return _verdict(await verify_audit(ctx.tx, ctx.actor.business_id, since=since, most=most))


def _verdict(found: Verdict) -> AuditVerdict:
    return AuditVerdict(
        holds=found.holds,
        entries=found.entries,
        since=found.since,
        sequence=found.sequence,
        head=found.head,
        broken_at=found.broken_at,
        fault=found.fault,
        more=found.more,
    )


async def _checkpoint(ctx: Context) -> Place:
    row = await ctx.tx.row(_CHECKPOINT, ctx.actor.business_id, VERIFIED)
    if row is None:
        return START
    try:
        return Place(int(row["entry"]["sequence"]), bytes.fromhex(row["entry"]["head"]))
    except (KeyError, TypeError, ValueError):  # not as we wrote it: whoever changed it gains nothing by it
        return START


@handles(CheckHead, permission=Permission.EXPORT_AUDIT)
async def check_head(question: CheckHead, ctx: Context) -> AuditHeadCheck:
    """Compare a head that was noted outside with the chain, and verify the chain up to there from its first entry."""
    head = re.sub(r"[\s:·-]", "", question.head[:200]).lower()
    if not _HEAD.fullmatch(head):
        raise Rejected(
            "audit.head", "A head has 16 to 64 hexadecimal digits.", remedy="Copy it as it was told."
        )
    if not 1 <= question.sequence < 2**63:
        raise Rejected("audit.sequence", "An entry's number is 1 or more.")
    stored = await ctx.tx.value(_HASH, ctx.actor.business_id, question.sequence)
    verdict = await verify(VerifyAudit(full=True, until=question.sequence), ctx)
    stands = stored is not None and stored.hex().startswith(head)
    return AuditHeadCheck(stands, question.sequence, stored.hex() if stored is not None else None, verdict)


@handles(NoteAuditVerified, permission=Permission.SYSTEM)
async def note_verified(command: NoteAuditVerified, ctx: Context) -> None:
    """Leave a checkpoint in the chain itself: who alters it breaks the chain behind it."""
    stored = await ctx.tx.value(_HASH, ctx.actor.business_id, command.sequence)
    if stored is None or stored.hex() != command.head:
        raise Stale("audit.head_moved", "The chain isn't what was verified.", remedy="Verify it again.")
    ctx.audit(
        VERIFIED,
        f"audit:{command.sequence}",
        sequence=command.sequence,
        head=command.head,
        entries=command.entries,
        since=command.since,
    )


@handles(NoteAuditExport, permission=Permission.EXPORT_AUDIT)
async def note_export(command: NoteAuditExport, ctx: Context) -> None:
    """Leave in the trail who took which part of it away."""
    ctx.audit(
        "audit.exported",
        None,
        form=command.form,
        since=command.since.isoformat() if command.since is not None else None,
        until=command.until.isoformat() if command.until is not None else None,
        first=command.first,
        last=command.last,
    )


@handles(MakeAuditLink, permission=Permission.EXPORT_AUDIT, shown_once=True)
async def make_link(command: MakeAuditLink, ctx: Context) -> PageLinkMade:
    """Make a link to a file of the trail, and leave in the trail who made it."""
    if command.form not in AUDIT_PAGES:
        raise Rejected(
            "audit.form", "The trail is exported as jsonl or xlsx.", remedy="Use one of them.", field="form"
        )
    if not 1 <= command.valid_minutes <= _MOST_MINUTES:
        raise Rejected(
            "audit.validity", f"A link is good for 1 to {_MOST_MINUTES} minutes.", field="valid_minutes"
        )
    if command.since is not None and command.until is not None and command.until < command.since:
        raise Rejected(
            "audit.period",
            "The period ends before it begins.",
            remedy="Exchange the two days.",
            field="until",
        )
    life = timedelta(minutes=command.valid_minutes)
    made = await keep_link(ctx, AUDIT_PAGES[command.form], life, since=command.since, until=command.until)
    ctx.audit(
        "audit.link_made",
        subject_of(made),
        form=command.form,
        since=command.since.isoformat() if command.since is not None else None,
        until=command.until.isoformat() if command.until is not None else None,
        ends=made.expires_at.isoformat(),
    )
    return made
