"""A member's chat: one-time codes that link it, whom it stands for, and the actions behind its buttons."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from kit.errors import NotFound, Rejected
from kit.ids import digest
from ledger import commands, queries, views
from ledger.domain.roles import Actor, Permission, Role
from ledger.handlers.registry import Context, handles
from ledger.store import directory
from ledger.store.membership import in_force

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that reads as something else
_CODE_LENGTH = 8
_LOOKALIKES = str.maketrans("OIL", "011")
_BUTTON_BYTES = 9
_MOST_MINUTES = 60 * 24 * 30
_FORGOTTEN_AFTER = timedelta(hours=1)
"""Words typed later than this after a card asked for some are no answer to it."""


def code_hash(code: str) -> bytes:
    """Return the hash of a linking code as people type it: any case, with or without hyphen, O for 0, I for 1."""
    plain = re.sub(r"[\s\-–]", "", code[:64]).upper().translate(_LOOKALIKES)
    return digest(b"munshi link code " + plain.encode("utf-8", "replace"))


@handles(commands.CreateLinkCode, permission=Permission.ADMINISTER, shown_once=True)
async def create_link_code(command: commands.CreateLinkCode, ctx: Context) -> str:
    """Make a code for a member; his earlier unused codes stop working."""
    if not 1 <= command.valid_minutes <= _MOST_MINUTES:
        raise Rejected("link_code.validity", f"A code is valid for 1 to {_MOST_MINUTES} minutes.")
    business = ctx.actor.business_id
    member = await ctx.tx.row(
        f"SELECT m.id FROM members m WHERE m.business_id = $1 AND m.id = $2 AND {in_force(now='$3')}",
        business,
        command.member_id,
        ctx.now,
    )
    if member is None:
        raise NotFound("member.unknown", "There is no such member.")
    former = await ctx.tx.fetch(
        "DELETE FROM link_codes WHERE business_id = $1 AND member_id = $2 AND used_at IS NULL RETURNING code_hash",
        business,
        command.member_id,
    )
    for row in former:
        await directory.drop(ctx.tx, kind="code", key=row["code_hash"].hex(), business_id=business)
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    await ctx.tx.run(
        "INSERT INTO link_codes (business_id, code_hash, member_id, expires_at) VALUES ($1, $2, $3, $4)",
        business,
        code_hash(plain),
        command.member_id,
        ctx.now + timedelta(minutes=command.valid_minutes),
    )
    await directory.put(
        ctx.tx, kind="code", key=code_hash(plain).hex(), business_id=business, ref=command.member_id
    )
    ctx.audit("link_code.created", f"member:{command.member_id}")
    return f"{plain[:4]}-{plain[4:]}"


@handles(commands.LinkChat, permission=Permission.LINK)
async def link_chat(command: commands.LinkChat, ctx: Context) -> Actor:
    """Redeem a code once: the chat stands for its member from now on, and for nobody else of this business."""
    business, hashed = ctx.actor.business_id, code_hash(command.code)
    member_id: UUID | None = await ctx.tx.value(
        """
        UPDATE link_codes SET used_at = $3
        WHERE business_id = $1 AND code_hash = $2 AND used_at IS NULL AND expires_at > $3
        RETURNING member_id
        """,
        business,
        hashed,
        ctx.now,
    )
    if member_id is None:
        raise Rejected("link_code.invalid", "That code doesn't work.", remedy="Ask the owner for a new one.")
    await directory.drop(ctx.tx, kind="code", key=hashed.hex(), business_id=business)
    await _leave_former_chats(ctx, member_id, command.chat_id)
    row = await ctx.tx.row(
        f"""
        UPDATE members m SET chat_id = $3 WHERE m.business_id = $1 AND m.id = $2 AND {in_force(now="$4")}
        RETURNING id, name, role, language, crm_owner, ends_at
        """,
        business,
        member_id,
        command.chat_id,
        ctx.now,
    )
    if row is None:
        raise Rejected("link_code.invalid", "That code doesn't work.", remedy="Ask the owner for a new one.")
    await directory.put(
        ctx.tx, kind="chat", key=directory.chat_key(command.chat_id), business_id=business, ref=member_id
    )
    ctx.audit("chat.linked", f"member:{member_id}")
    return member_actor(business, row)


async def _leave_former_chats(ctx: Context, member_id: UUID, chat_id: int) -> None:
    business = ctx.actor.business_id
    await ctx.tx.run(
        "UPDATE members SET chat_id = NULL WHERE business_id = $1 AND chat_id = $2 AND id <> $3",
        business,
        chat_id,
        member_id,
    )
    await ctx.tx.run(
        "DELETE FROM directory WHERE kind = 'chat' AND business_id = $1 AND ref = $2 AND key <> $3",
        business,
        member_id,
        directory.chat_key(chat_id),
    )


def member_actor(business: UUID, row: Any) -> Actor:
    """Return the actor that a member's row describes."""
    return Actor(
        business_id=business,
        role=Role(row["role"]),
        name=row["name"],
        member_id=row["id"],
        owner_key=row["crm_owner"],
        language=row["language"],
        until=row["ends_at"],
    )


@handles(queries.ChatMember, permission=Permission.SYSTEM)
async def chat_member(question: queries.ChatMember, ctx: Context) -> views.ChatMemberView:
    """Tell who a linked member is today: role and language may have changed since the last message."""
    row = await ctx.tx.row(
        f"""
        SELECT m.id, m.name, m.role, m.language, m.crm_owner, m.ends_at, m.chat_id, b.name AS business_name, b.timezone,
               d.state ->> 'chosen_at' AS chosen_at,
               CASE WHEN (d.state #>> '{{expects,at}}')::timestamptz > $4 THEN d.state -> 'expects' END AS expects,
               coalesce(d.state ->> 'menu', '') AS menu,
               EXISTS (SELECT FROM chat_updates u WHERE u.business_id = $1 AND u.update_id = $5) AS update_taken
        FROM members m
        JOIN businesses b ON b.business_id = m.business_id
        LEFT JOIN dialogues d ON d.business_id = m.business_id AND d.chat_id = coalesce($3, m.chat_id)
        WHERE m.business_id = $1 AND m.id = $2 AND {in_force(now="$6")}
        """,
        ctx.actor.business_id,
        question.member_id,
        question.chat_id,
        ctx.now - _FORGOTTEN_AFTER,
        question.update_id,
        ctx.now,
    )
    if row is None:
        raise NotFound("member.unknown", "There is no such member.")
    return views.ChatMemberView(
        actor=member_actor(ctx.actor.business_id, row),
        chat_id=row["chat_id"],
        business_name=row["business_name"],
        timezone=row["timezone"],
        chosen_at=row["chosen_at"] or "",
        expects=row["expects"],
        update_taken=row["update_taken"],
        menu=row["menu"],
    )


@handles(commands.ChooseBusiness, permission=Permission.SEE_RECEIVABLES)
async def choose_business(command: commands.ChooseBusiness, ctx: Context) -> None:
    """Remember when a chat chose this business; the latest choice is the one it speaks for."""
    await remember(ctx, command.chat_id, {"chosen_at": ctx.now.isoformat()})


@handles(commands.ExpectWords, permission=Permission.SEE_RECEIVABLES)
async def expect_words(command: commands.ExpectWords, ctx: Context) -> None:
    """Remember what the next words in a chat are for."""
    expected = {**command.action, "at": ctx.now.isoformat()} if command.action is not None else None
    await remember(ctx, command.chat_id, {"expects": expected})


async def remember(ctx: Context, chat_id: int, state: dict[str, Any]) -> None:
    """Keep something about a chat of this business beside what is kept already."""
    await ctx.tx.run(
        """
        INSERT INTO dialogues (business_id, chat_id, state, changed_at) VALUES ($1, $2, $3::jsonb, $4)
        ON CONFLICT (business_id, chat_id)
        DO UPDATE SET state = dialogues.state || EXCLUDED.state, changed_at = EXCLUDED.changed_at
        """,
        ctx.actor.business_id,
        chat_id,
        orjson.dumps(state).decode(),
        ctx.now,
    )


@handles(commands.SaveButtons, permission=Permission.SEE_RECEIVABLES)
async def save_buttons(command: commands.SaveButtons, ctx: Context) -> list[str]:
    """Keep the actions behind buttons under random ids that nobody can guess."""
    return await keep_actions(command.actions, ctx)


async def keep_actions(actions: tuple[dict[str, Any], ...], ctx: Context) -> list[str]:
    """Insert actions in one statement and return their ids, in order."""
    if not actions:
        return []
    ids = [secrets.token_urlsafe(_BUTTON_BYTES) for _ in actions]
    await ctx.tx.run(
        """
        INSERT INTO buttons (business_id, id, action, created_at)
        SELECT $1, i, a, $4 FROM unnest($2::text[], $3::jsonb[]) AS t(i, a)
        """,
        ctx.actor.business_id,
        ids,
        [orjson.dumps(action).decode() for action in actions],
        ctx.now,
    )
    return ids


@handles(queries.Button, permission=Permission.SEE_RECEIVABLES)
async def button(question: queries.Button, ctx: Context) -> dict[str, Any]:
    """Return the action behind a button of this business; NotFound for a forged or foreign id."""
    action: dict[str, Any] | None = await ctx.tx.value(
        "SELECT action FROM buttons WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        question.button_id[:64],
    )
    if action is None:
        raise NotFound("button.unknown", "I don't know that button.")
    return action
