"""What a vendor's status word means: a row of the business's own, and what waited for it is read again."""

from __future__ import annotations

from collections.abc import Mapping

from kit.errors import Rejected
from ledger.commands import RemapStatus
from ledger.domain.roles import Permission
from ledger.domain.vocabulary import STATUSES
from ledger.handlers.registry import Context, handles
from ledger.reconcile.offers import statuses_of
from ledger.store.operator import append_operator_event
from ledger.store.replay import reinterpret

_BEFORE = """
SELECT status FROM status_mappings WHERE business_id = $1 AND source = $2 AND kind = $3 AND word = $4 AND qualifier = $5
"""
_PUT = """
INSERT INTO status_mappings (business_id, source, kind, word, qualifier, status) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (business_id, source, kind, word, qualifier) DO UPDATE SET status = excluded.status, confidence = 100
"""
_DROP = """
DELETE FROM status_mappings WHERE business_id = $1 AND source = $2 AND kind = $3 AND word = $4 AND qualifier = $5
"""
_WORD = ("source", "kind", "word", "qualifier")


@handles(RemapStatus, permission=Permission.MAP)
async def remap_status(command: RemapStatus, ctx: Context) -> int:
    """Say what a word means; Rejected if that kind of thing can't have the status."""
    mapping = {name: getattr(command, name) for name in (*_WORD, "status")}
    _, replayed = await put_mapping(ctx, mapping)
    return replayed


async def put_mapping(ctx: Context, mapping: Mapping[str, str]) -> tuple[str | None, int]:
    """Keep a mapping and read its events again; return what the word meant before, and how many were read."""
    if not mapping["word"]:
        raise Rejected("mapping.word_missing", "Which word is meant?")
    allowed = statuses_of(mapping["kind"], STATUSES)
    if mapping["status"] not in allowed:
        raise Rejected(
            "mapping.status_unknown",
            f"{mapping['status'][:40]!r} is not a status of a {mapping['kind'][:40]}.",
            remedy=f"Use one of {', '.join(allowed)}.",
        )
    key = [mapping[name] for name in _WORD]
    before = await ctx.tx.value(_BEFORE, ctx.actor.business_id, *key)
    await ctx.tx.run(_PUT, ctx.actor.business_id, *key, mapping["status"])
    await append_operator_event(
        ctx.tx,
        ctx.actor,
        "status.mapped",
        kind="mapping",
        external_id="/".join(key),
        data={name: mapping[name] for name in (*_WORD, "status")},
        at=ctx.now,
    )
    replayed = await _read_again(ctx, mapping, mapping["status"])
    ctx.audit("status.mapped", "/".join(key), before=before, after=mapping["status"], replayed=replayed)
    return before, replayed


async def take_mapping_back(ctx: Context, mapping: Mapping[str, str], *, before: str | None) -> int:
    """Undo a mapping: the word means what it meant before, or nothing; return how many events were read again."""
    key = [mapping[name] for name in _WORD]
    if before is None:
        await ctx.tx.run(_DROP, ctx.actor.business_id, *key)
    else:
        await ctx.tx.run(_PUT, ctx.actor.business_id, *key, before)
    await append_operator_event(
        ctx.tx,
        ctx.actor,
        "decision.withdrawn",
        kind="mapping",
        external_id="/".join(key),
        data={},
        at=ctx.now,
    )
    replayed = await _read_again(ctx, mapping, before)
    ctx.audit("status.unmapped", "/".join(key), before=mapping["status"], after=before, replayed=replayed)
    return replayed


async def _read_again(ctx: Context, mapping: Mapping[str, str], status: str | None) -> int:
    return await reinterpret(
        ctx.tx,
        ctx.actor.business_id,
        source=mapping["source"],
        kind=mapping["kind"],
        word=mapping["word"],
        qualifier=mapping["qualifier"],
        status=status,
        at=ctx.now,
    )
