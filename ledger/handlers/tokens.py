"""Bearer tokens: narrow, ending, and never more than their member."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.errors import Denied, NotFound, Rejected
from kit.ids import digest
from ledger.commands.tokens import (
    MOST_TOKEN_DAYS,
    MOST_TOKENS,
    CreateToken,
    RecogniseToken,
    RevokeToken,
    RotateToken,
)
from ledger.domain.roles import MATRIX, Actor, Permission, Role
from ledger.domain.tokens import hint_of, new_token, token_id
from ledger.handlers.people import member_name
from ledger.handlers.registry import Context, handles
from ledger.handlers.token_actors import ENDS, TOKEN, actor_of, left_of
from ledger.queries.tokens import OwnToken, Tokens
from ledger.store.membership import in_force
from ledger.store.tokens import forget_known
from ledger.views.tokens import TokenView

LISTED = timedelta(days=30)
"""How long a token that stopped working stays in the list."""
_MOST_KEPT_HOURS = 24 * 7
_MAX_OWNER = 200
_TOKENS = f"""
SELECT t.id, t.member_id, m.name, m.role, t.label, t.hint, t.created_at, t.made_by, {ENDS} AS expires_at,
       t.last_used_at, t.revoked_at, t.read_only, t.permissions, t.customers_of,
       CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN NOT ({in_force(now="$2")}) THEN 'ended'
            WHEN {ENDS} <= $2 THEN 'expired' ELSE 'live' END AS status
FROM tokens t JOIN members m ON m.business_id = t.business_id AND m.id = t.member_id
WHERE t.business_id = $1
"""
_RECOGNISED = f"{TOKEN} AND t.token_hash = $2"
_KEEP = """
INSERT INTO tokens (business_id, token_hash, id, member_id, label, created_at, expires_at, hint, read_only,
                    permissions, customers_of, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


@handles(CreateToken, permission=Permission.ADMINISTER, shown_once=True)
async def create_token(command: CreateToken, ctx: Context) -> str:
    """Make a bearer token that names its business; only its hash is kept."""
    if not 1 <= command.valid_days <= MOST_TOKEN_DAYS:
        raise Rejected(
            "token.validity",
            f"A token is valid for 1 to {MOST_TOKEN_DAYS} days.",
            remedy="Rotate it before it ends.",
        )
    label = member_name(command.label)
    member = await ctx.tx.row(
        f"SELECT m.id, m.role FROM members m WHERE m.business_id = $1 AND m.id = $2 AND {in_force(now='$3')}",
        ctx.actor.business_id,
        command.member_id,
        ctx.now,
    )
    if member is None:
        raise NotFound("member.unknown", "There is no such member.")
    row = {
        "member_id": command.member_id,
        "label": label,
        "read_only": command.read_only,
        "permissions": _chosen(command, Role(member["role"])),
        "customers_of": _customers_of(command),
    }
    await _check_number(ctx)
    return await _make(ctx, row, lasting=timedelta(days=command.valid_days))


@handles(RotateToken, permission=Permission.ADMINISTER, shown_once=True)
async def rotate_token(command: RotateToken, ctx: Context) -> str:
    """Make its successor; the old one ends within the hours that are left to it."""
    if not 0 <= command.keep_hours <= _MOST_KEPT_HOURS:
        raise Rejected("token.overlap", f"The old token is kept for 0 to {_MOST_KEPT_HOURS} hours.")
    row = await _token(ctx, command.token_id)
    if row["status"] != "live":
        raise Rejected("token.ended", "This token doesn't work any more.", remedy="Make a new one.")
    ends = min(row["expires_at"], ctx.now + timedelta(hours=command.keep_hours))
    shortened = await ctx.tx.run(
        "UPDATE tokens SET expires_at = $3 WHERE business_id = $1 AND id = $2 AND revoked_at IS NULL",
        ctx.actor.business_id,
        command.token_id,
        ends,
    )
    if not shortened:  # revoked since we looked: a successor would live on
        raise Rejected("token.ended", "This token doesn't work any more.", remedy="Make a new one.")
    await forget_known(ctx.tx, ctx.actor.business_id)
    await _check_number(ctx)
    ctx.audit("token.rotated", f"token:{command.token_id}", ends_at=ends.isoformat())
    return await _make(ctx, row, lasting=row["expires_at"] - row["created_at"])


@handles(RevokeToken, permission=Permission.ADMINISTER)
async def revoke_token(command: RevokeToken, ctx: Context) -> TokenView:
    """Let it work no longer; the api's processes are told with the commit."""
    row = await _token(ctx, command.token_id)
    if row["revoked_at"] is None:
        await ctx.tx.run(
            "UPDATE tokens SET revoked_at = $3 WHERE business_id = $1 AND id = $2",
            ctx.actor.business_id,
            command.token_id,
            ctx.now,
        )
        await forget_known(ctx.tx, ctx.actor.business_id)
        ctx.audit("token.revoked", f"token:{command.token_id}", member=str(row["member_id"]))
    return _view(await _token(ctx, command.token_id))


@handles(Tokens, permission=Permission.ADMINISTER)
async def tokens(question: Tokens, ctx: Context) -> tuple[TokenView, ...]:
    """Answer with those that work, newest first, then with those that stopped lately."""
    rows = await ctx.tx.fetch(
        f"""
        SELECT * FROM ({_TOKENS}) t
        WHERE (status = 'live' OR least(revoked_at, expires_at) > $3)
          AND ($4::uuid IS NULL OR member_id = $4)
        ORDER BY status = 'live' DESC, created_at DESC, id
        """,
        ctx.actor.business_id,
        ctx.now,
        ctx.now - LISTED,
        question.member_id,
    )
    return tuple(map(_view, rows))


@handles(OwnToken, permission=Permission.SEE_RECEIVABLES)
async def own_token(_: OwnToken, ctx: Context) -> TokenView:
    """Answer with the asker's token."""
    if ctx.actor.token_id is None:
        raise NotFound("token.none", "No token is used here.")
    return _view(await _token(ctx, ctx.actor.token_id))


@handles(RecogniseToken, permission=Permission.SYSTEM)
async def recognise_token(command: RecogniseToken, ctx: Context) -> Actor:
    """Answer with the member's Actor, and note the use of the token at most once a minute."""
    business = ctx.actor.business_id
    row = await ctx.tx.row(_RECOGNISED, business, command.token_hash, ctx.now)
    if row is None or row["revoked_at"] is not None or not row["in_force"]:
        raise Denied("token.unknown", "This token is not valid.", remedy="Ask the owner for a new one.")
    if row["expires_at"] <= ctx.now:
        raise Denied("token.expired", "This token has expired.", remedy="Ask the owner for a new one.")
    if row["unnoted"]:
        await ctx.tx.run(
            "UPDATE tokens SET last_used_at = $3 WHERE business_id = $1 AND token_hash = $2",
            business,
            command.token_hash,
            ctx.now,
        )
    return actor_of(business, row)


def _chosen(command: CreateToken, role: Role) -> list[str] | None:
    if command.permissions is None:
        return None
    wanted = sorted(set(command.permissions))
    foreign = [one for one in wanted if one not in MATRIX[role]]
    if not wanted or foreign:
        word = (
            f"{foreign[0][:40]!r} is no permission of {role.value}." if foreign else "No permission is left."
        )
        raise Rejected(
            "token.permissions",
            word,
            remedy="Choose of " + ", ".join(sorted(MATRIX[role])) + ".",
            field="permissions",
        )
    return wanted


def _customers_of(command: CreateToken) -> str | None:
    if command.customers_of is None:
        return None
    owner = command.customers_of.strip()
    if not owner or len(owner) > _MAX_OWNER or not owner.isprintable():
        raise Rejected("token.customers_of", "Name a sales owner as the CRM does.", remedy="See salesOwners.")
    return owner


async def _check_number(ctx: Context) -> None:
    # One at a time, so that two at once don't both take the last place.
    await ctx.tx.run(
        "SELECT pg_advisory_xact_lock(hashtextextended('tokens:' || $1::text, 0))", str(ctx.actor.business_id)
    )
    count = await ctx.tx.value(
        f"SELECT count(*) FROM ({_TOKENS}) t WHERE status = 'live'", ctx.actor.business_id, ctx.now
    )
    if count >= MOST_TOKENS:
        raise Rejected(
            "token.too_many",
            f"{count} tokens work already, which is the most.",
            remedy="Revoke those that nobody uses.",
        )


async def _make(ctx: Context, row: Any, *, lasting: timedelta) -> str:
    token = new_token(ctx.actor.business_id)
    key = token_id(token)
    await ctx.tx.run(
        _KEEP,
        ctx.actor.business_id,
        digest(token.encode()),
        key,
        row["member_id"],
        row["label"],
        ctx.now,
        ctx.now + lasting,
        hint_of(token),
        row["read_only"],
        row["permissions"],
        row["customers_of"],
        ctx.actor.label,
    )
    ctx.audit(
        "token.created",
        f"token:{key}",
        member=str(row["member_id"]),
        ends_at=(ctx.now + lasting).isoformat(),
        read_only=row["read_only"],
        permissions=row["permissions"],
        own_customers_only=row["customers_of"] is not None,
    )
    return token


async def _token(ctx: Context, key: UUID) -> Any:
    row = await ctx.tx.row(_TOKENS + " AND t.id = $3", ctx.actor.business_id, ctx.now, key)
    if row is None:
        raise NotFound("token.not_found", "There is no such token.")
    return row


def _view(row: Any) -> TokenView:
    only = left_of(row)
    return TokenView(
        id=row["id"],
        member_id=row["member_id"],
        member_name=row["name"],
        label=row["label"],
        hint=row["hint"],
        status=row["status"],
        created_at=row["created_at"],
        made_by=row["made_by"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
        read_only=row["read_only"],
        permissions=tuple(sorted(MATRIX[Role(row["role"])] if only is None else only)),
        customers_of=row["customers_of"],
    )
