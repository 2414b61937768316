"""Members who leave or change: nothing of theirs opens a door afterwards, and an owner always remains."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import NotFound, Rejected
from ledger.commands.people import (
    END_TOLD_BEFORE,
    ChangeMember,
    EndMemberships,
    LimitMembership,
    NoteEndTold,
    RemoveMember,
)
from ledger.domain.roles import MATRIX, Permission, Role
from ledger.handlers.members import one_member
from ledger.handlers.people import end_of, member_name, member_role
from ledger.handlers.registry import Context, handles
from ledger.queries.people import EndingSoon, SalesOwners
from ledger.store import directory
from ledger.store.tokens import forget_known
from ledger.views import MemberView
from ledger.views.people import EndingMember, SalesOwner

_MAX_OWNER = 200
_MOST_OWNERS = 50
_OWNERS = """
SELECT p.owner AS key, count(*) AS customers, (array_agg(p.name ORDER BY p.receivable DESC, p.id))[1] AS example,
       EXISTS (SELECT FROM members m WHERE m.business_id = $1 AND m.active AND m.crm_owner = p.owner) AS taken
FROM parties p WHERE p.business_id = $1 AND p.owner IS NOT NULL
GROUP BY p.owner ORDER BY count(*) DESC, p.owner LIMIT $2
"""
_ENDING = """
SELECT m.id, m.name, m.role, (m.ends_at AT TIME ZONE b.timezone)::date - 1 AS until
FROM members m JOIN businesses b ON b.business_id = m.business_id
WHERE m.business_id = $1 AND m.active AND m.end_told_at IS NULL AND m.ends_at > $2 AND m.ends_at <= $3
ORDER BY m.ends_at, m.id
"""


@handles(SalesOwners, permission=Permission.ADMINISTER)
async def sales_owners(_: SalesOwners, ctx: Context) -> tuple[SalesOwner, ...]:
    """Answer with whom the CRM names as looking after customers."""
    rows = await ctx.tx.fetch(_OWNERS, ctx.actor.business_id, _MOST_OWNERS)
    return tuple(SalesOwner(row["key"], row["customers"], row["example"], row["taken"]) for row in rows)


@handles(RemoveMember, permission=Permission.ADMINISTER)
async def remove_member(command: RemoveMember, ctx: Context) -> MemberView:
    """Let a member go; the same twice changes nothing."""
    row = await _member(ctx, command.member_id)
    if row["active"]:
        await _check_not_last_owner(ctx, row)
        await _let_go(ctx, row, "member.removed")
    return await one_member(ctx, command.member_id)


@handles(LimitMembership, permission=Permission.ADMINISTER)
async def limit_membership(command: LimitMembership, ctx: Context) -> MemberView:
    """Set or take away the end of a membership."""
    row = await _member(ctx, command.member_id)
    if not row["active"]:
        raise NotFound("member.unknown", "There is no such member.")
    ends_at = await end_of(ctx, command.until, row["role"]) if command.until is not None else None
    if ends_at != row["ends_at"]:
        await ctx.tx.run(
            "UPDATE members SET ends_at = $3, end_told_at = NULL WHERE business_id = $1 AND id = $2",
            ctx.actor.business_id,
            command.member_id,
            ends_at,
        )
        await forget_known(ctx.tx, ctx.actor.business_id)
        before, after = ({"ends_at": at and at.isoformat()} for at in (row["ends_at"], ends_at))
        ctx.audit("member.limited", f"member:{command.member_id}", before=before, after=after)
    return await one_member(ctx, command.member_id)


@handles(EndMemberships, permission=Permission.SYSTEM)
async def end_memberships(_: EndMemberships, ctx: Context) -> int:
    """Let go whoever's last day is over; the doors were closed to him at that moment already."""
    rows = await ctx.tx.fetch(
        "SELECT * FROM members WHERE business_id = $1 AND active AND ends_at <= $2 ORDER BY id FOR UPDATE",
        ctx.actor.business_id,
        ctx.now,
    )
    for row in rows:
        await _let_go(ctx, row, "member.ended")
    return len(rows)


@handles(NoteEndTold, permission=Permission.SYSTEM)
async def note_end_told(command: NoteEndTold, ctx: Context) -> None:
    """Note it."""
    await ctx.tx.run(
        "UPDATE members SET end_told_at = $3 WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        command.member_id,
        ctx.now,
    )


@handles(EndingSoon, permission=Permission.SYSTEM)
async def ending_soon(_: EndingSoon, ctx: Context) -> tuple[EndingMember, ...]:
    """Answer with those whose end is near and of which the owners weren't told."""
    rows = await ctx.tx.fetch(_ENDING, ctx.actor.business_id, ctx.now, ctx.now + END_TOLD_BEFORE)
    return tuple(EndingMember(row["id"], row["name"], row["role"], row["until"]) for row in rows)


async def _let_go(ctx: Context, row: Any, action: str) -> None:
    await ctx.tx.run(
        "UPDATE members SET active = false, chat_id = NULL WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        row["id"],
    )
    await _close_doors(ctx, row["id"], row["chat_id"])
    returned = await _return_questions(ctx, row["id"])
    ctx.audit(action, f"member:{row['id']}", role=row["role"], questions_returned=returned)


@handles(ChangeMember, permission=Permission.ADMINISTER)
async def change_member(command: ChangeMember, ctx: Context) -> MemberView:
    """Change what is given; who may not answer questions any more gives those back that he had."""
    row = await _member(ctx, command.member_id)
    if not row["active"]:
        raise NotFound("member.unknown", "There is no such member.")
    role = member_role(command.role) if command.role is not None else row["role"]
    if role != row["role"]:
        await _check_not_last_owner(ctx, row)
        if role == Role.OWNER and row["ends_at"] is not None:
            raise Rejected(
                "member.owner_ends",
                "An owner's membership has no end.",
                remedy="Take its end away first.",
                field="role",
            )
    owner = row["crm_owner"] if command.crm_owner is None else command.crm_owner.strip()[:_MAX_OWNER] or None
    name = member_name(command.name) if command.name is not None else row["name"]
    after = {"name": name, "role": role, "crm_owner": owner}
    before = {field: row[field] for field in after}
    if after != before:
        await ctx.tx.run(
            "UPDATE members SET name = $3, role = $4, crm_owner = $5 WHERE business_id = $1 AND id = $2",
            ctx.actor.business_id,
            command.member_id,
            name,
            role,
            owner,
        )
        await forget_known(ctx.tx, ctx.actor.business_id)
        if Permission.ANSWER not in MATRIX[Role(role)]:
            await _return_questions(ctx, command.member_id)
        ctx.audit("member.changed", f"member:{command.member_id}", before=before, after=after)
    return await one_member(ctx, command.member_id)


async def _member(ctx: Context, member_id: UUID) -> Any:
    row = await ctx.tx.row(
        "SELECT * FROM members WHERE business_id = $1 AND id = $2 FOR UPDATE",
        ctx.actor.business_id,
        member_id,
    )
    if row is None:
        raise NotFound("member.unknown", "There is no such member.")
    return row


async def _check_not_last_owner(ctx: Context, row: Any) -> None:
    """Raise Rejected if he is the last owner; all owners are held, so that two don't remove each other at once."""
    if row["role"] != Role.OWNER:
        return
    owners = await ctx.tx.fetch(
        "SELECT id FROM members WHERE business_id = $1 AND active AND role = 'owner' ORDER BY id FOR UPDATE",
        ctx.actor.business_id,
    )
    if len(owners) < 2:
        raise Rejected(
            "member.last_owner",
            "A firm always has an owner here.",
            remedy="Make somebody else an owner first.",
        )


async def _close_doors(ctx: Context, member_id: UUID, chat_id: int | None) -> None:
    """Take away the chat's link, the codes and the tokens; what is on its way to him isn't sent."""
    business = ctx.actor.business_id
    await ctx.tx.run(
        "DELETE FROM directory WHERE kind = 'chat' AND business_id = $1 AND ref = $2", business, member_id
    )
    codes = await ctx.tx.fetch(
        "DELETE FROM link_codes WHERE business_id = $1 AND member_id = $2 AND used_at IS NULL RETURNING code_hash",
        business,
        member_id,
    )
    for code in codes:
        await directory.drop(ctx.tx, kind="code", key=code["code_hash"].hex(), business_id=business)
    await ctx.tx.run(
        "UPDATE tokens SET revoked_at = $3 WHERE business_id = $1 AND member_id = $2 AND revoked_at IS NULL",
        business,
        member_id,
        ctx.now,
    )
    await forget_known(ctx.tx, business)
    await ctx.tx.run(
        "UPDATE outbox SET status = 'failed', error = 'he left' WHERE business_id = $1 AND member_id = $2"
        " AND status = 'queued'",
        business,
        member_id,
    )
    if chat_id is not None:
        await ctx.tx.run("DELETE FROM dialogues WHERE business_id = $1 AND chat_id = $2", business, chat_id)


async def _return_questions(ctx: Context, member_id: UUID) -> int:
    return await ctx.tx.run(
        """
        UPDATE conflicts SET assigned_to = NULL, assigned_by = NULL
        WHERE business_id = $1 AND assigned_to = $2 AND status IN ('waiting', 'open', 'snoozed')
        """,
        ctx.actor.business_id,
        member_id,
    )
