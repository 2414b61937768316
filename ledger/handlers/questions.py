"""Reading questions: one, or a page, most severe first, then by the rule's place and age, as far as the actor may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from kit.errors import NotFound, Rejected
from ledger import queries
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties
from ledger.reconcile.ast import Rule
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.own import own_rule, unreadable
from ledger.reconcile.questions import Question, question_view
from ledger.reconcile.rulebook import PLACE
from ledger.views import ConflictPage, ConflictView

_HOLDING = 3
SHOWN = ("open", "snoozed", "cleared", "resolved")
_RANK = "(CASE c.severity WHEN 'block' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END)"
_PLACE = f"coalesce(w.place, {PLACE})"
_ORDER = Order(
    "conflicts:urgency", (_RANK, _PLACE, "c.opened_at", "c.id"), ("bigint", "bigint", "timestamptz", "uuid")
)
_ROW = f"""
SELECT c.*, {_RANK} AS rank, p.name AS party_name, p.anchor AS party_anchor, m.name AS answered_name,
       s.label AS source_label, t.name AS assigned_name, {_PLACE} AS place, v.text AS rule_text,
       (SELECT count(*) FROM conflicts a WHERE a.business_id = c.business_id AND a.rule = c.rule
        AND a.alike = c.alike AND a.status = 'open') AS alike_open
FROM conflicts c
LEFT JOIN parties p ON p.business_id = c.business_id AND p.id = c.party_id
LEFT JOIN members m ON m.business_id = c.business_id AND m.id = c.answered_by
LEFT JOIN members t ON t.business_id = c.business_id AND t.id = c.assigned_to
LEFT JOIN sources s ON s.business_id = c.business_id AND s.name = c.evidence ->> 'source'
LEFT JOIN rule_switches w ON w.business_id = c.business_id AND w.rule = c.rule
LEFT JOIN rule_versions v ON v.business_id = c.business_id AND v.rule = c.rule AND v.version = c.rule_version
"""


def _keys(row: Any) -> tuple[Any, ...]:
    return row["rank"], row["place"], row["opened_at"].isoformat(), row["id"]


@handles(queries.Conflicts, permission=Permission.SEE_RECEIVABLES)
async def conflicts(question: queries.Conflicts, ctx: Context) -> ConflictPage:
    """Answer a page of questions, and how many wait for an answer."""
    conditions = _wanted(question, ctx)
    size = page_size(question.first)
    conditions.seek(_ORDER, place(_ORDER, question.after))
    rows = await ctx.tx.fetch(
        f"{_ROW} WHERE {conditions.sql} ORDER BY {_ORDER.by} LIMIT {size + 1}", *conditions.values
    )
    page, end, more = cut(rows, size, _ORDER, _keys)
    return ConflictPage(
        end=end,
        more=more,
        cursors=cursors(page, _ORDER, _keys),
        rows=tuple([await _view(ctx, row) for row in page]),
        open_count=await _open(ctx, question),
    )


@counts(queries.Conflicts)
async def count_conflicts(question: queries.Conflicts, ctx: Context) -> int:
    """Count the questions of all pages."""
    return await _count(ctx, _wanted(question, ctx))


def _wanted(question: queries.Conflicts, ctx: Context) -> Conditions:
    if question.status not in (*SHOWN, "all"):
        raise Rejected(
            "conflicts.status",
            f"{question.status[:40]!r} is not a status.",
            remedy=f"Use {', '.join(SHOWN)} or all.",
        )
    conditions = visible(ctx)
    if question.status == "all":
        conditions.add("c.status <> 'waiting'")
    else:
        conditions.add("c.status = {}", question.status)
    if question.party_id is not None:
        conditions.add("c.party_id = {}", question.party_id)
    if question.mine:
        conditions.add("c.assigned_to = {}", ctx.actor.member_id)
    return conditions


@handles(queries.Conflict, permission=Permission.SEE_RECEIVABLES)
async def conflict(question: queries.Conflict, ctx: Context) -> ConflictView:
    """Answer one question; NotFound where there is none, or none that the actor may see."""
    return await conflict_view(ctx, question.conflict_id)


async def conflict_view(ctx: Context, conflict_id: UUID, *, language: str | None = None) -> ConflictView:
    """Return the view of one question in a language, else the actor's; NotFound outside the actor's scope."""
    return await _view(ctx, await conflict_row(ctx, conflict_id), language)


async def views_of(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, ConflictView]:
    """Return the views of those of the questions that the actor may see, in one statement."""
    conditions = visible(ctx)
    conditions.add("c.id = ANY({})", list(ids))
    rows = await ctx.tx.fetch(f"{_ROW} WHERE {conditions.sql}", *conditions.values)
    return {row["id"]: await _view(ctx, row) for row in rows}


async def conflict_row(ctx: Context, conflict_id: UUID) -> asyncpg.Record:
    """Return the row of one question; NotFound outside the actor's scope."""
    conditions = visible(ctx)
    conditions.add("c.id = {}", conflict_id)
    row = await ctx.tx.row(f"{_ROW} WHERE {conditions.sql}", *conditions.values)
    if row is None:
        raise NotFound("conflict.not_found", "There is no such entry to check.")
    return row


async def held_by(ctx: Context, parties: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return what holds parties back: of each that is held at most 3 open questions of severity block in one line.

    Those of rules that the actor may not see are left out.
    """
    if not parties:
        return {}
    conditions = visible(ctx)
    conditions.add("c.party_id = ANY({}) AND c.status = 'open' AND c.severity = 'block'", list(parties))
    rows = await ctx.tx.fetch(
        f"""
        {_ROW} WHERE (c.business_id, c.id) IN (
          SELECT business_id, id FROM (
            SELECT c.business_id, c.id, row_number() OVER (PARTITION BY c.party_id ORDER BY {_ORDER.by}) AS nth
            FROM conflicts c LEFT JOIN parties p ON p.business_id = c.business_id AND p.id = c.party_id
            LEFT JOIN rule_switches w ON w.business_id = c.business_id AND w.rule = c.rule
            WHERE {conditions.sql}
          ) h WHERE nth <= {_HOLDING})
        ORDER BY {_ORDER.by}
        """,
        *conditions.values,
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for row in rows:
        found[row["party_id"]] = (*found.get(row["party_id"], ()), (await _view(ctx, row)).title)
    return found


async def locked(ctx: Context, conflict_id: UUID) -> asyncpg.Record:
    """Lock a question for answering and return its row; NotFound if there is none."""
    row = await ctx.tx.row(
        f"{_ROW} WHERE c.business_id = $1 AND c.id = $2 FOR UPDATE OF c", ctx.actor.business_id, conflict_id
    )
    if row is None:
        raise NotFound("conflict.not_found", "There is no such entry to check.")
    return row


# The question itself, and the open ones of its rule that have its key. Rows are locked in the order of their ids, as
# the judge locks them, so that two who answer at once wait for each other and don't stand still.
_ALIKE = f"""
{_ROW} WHERE c.business_id = $1 AND c.id IN (
  SELECT $2::uuid
  UNION
  (SELECT a.id FROM conflicts a JOIN conflicts f ON f.business_id = $1 AND f.id = $2
   WHERE a.business_id = $1 AND a.rule = f.rule AND a.alike = f.alike AND a.status = 'open'
   ORDER BY a.opened_at, a.id LIMIT $3))
ORDER BY c.id
"""


async def rows_alike(ctx: Context, conflict_id: UUID, *, limit: int) -> list[asyncpg.Record]:
    """Return a question and at most `limit` open ones like it."""
    return await ctx.tx.fetch(_ALIKE, ctx.actor.business_id, conflict_id, limit)


async def locked_alike(ctx: Context, conflict_id: UUID, *, limit: int) -> list[asyncpg.Record]:
    """Return a question and at most `limit` open ones like it, locked."""
    return await ctx.tx.fetch(f"{_ALIKE} FOR UPDATE OF c", ctx.actor.business_id, conflict_id, limit)


async def locked_bulk(ctx: Context, bulk: UUID) -> list[asyncpg.Record]:
    """Return the questions that were answered together, locked."""
    sql = f"{_ROW} WHERE c.business_id = $1 AND c.bulk = $2 ORDER BY c.id FOR UPDATE OF c"
    return await ctx.tx.fetch(sql, ctx.actor.business_id, bulk)


def read_question(row: asyncpg.Record) -> Question:
    """Read a row of conflicts with its names."""
    return Question(
        id=row["id"],
        rule=_rule(row),
        severity=row["severity"],
        status=row["status"],
        version=row["version"],
        evidence=row["evidence"],
        party_id=row["party_id"],
        party_name=row["party_name"],
        amount=row["amount"],
        currency=row["currency"],
        opened_at=row["opened_at"],
        answer=row["answer"],
        answered_by=row["answered_name"],
        answered_at=row["answered_at"],
        note=row["note"],
        assigned_to=row["assigned_to"],
        assigned_name=row["assigned_name"],
        alike=row["alike_open"],
        source_label=row["source_label"],
    )


async def _view(ctx: Context, row: asyncpg.Record, language: str | None = None) -> ConflictView:
    timezone, question = (await business(ctx)).timezone, read_question(row)
    view = question_view(question, now=ctx.now, timezone=timezone, language=language or ctx.actor.language)
    if ctx.actor.member_id is None or question.evidence.get("by") != str(ctx.actor.member_id):
        return view
    # Who reported money never confirms it: he isn't offered to.
    his = {answer.id for answer in question.rule.answers if answer.effect == "confirm_report"}
    return replace(view, answers=tuple(option for option in view.answers if option.id not in his))


def visible(ctx: Context) -> Conditions:
    """Limit questions to rules over facts that the actor may see, and a sales rep to his own customers."""
    conditions = Conditions([])
    conditions.add("c.business_id = {}", ctx.actor.business_id)
    may = [permission.value for permission in Permission if ctx.actor.may(permission)]
    conditions.add(
        "(CASE c.rule_version WHEN 0 THEN c.rule = ANY({}) ELSE EXISTS (SELECT FROM rule_versions o"
        " WHERE o.business_id = c.business_id AND o.rule = c.rule AND o.version = c.rule_version"
        " AND o.permissions <@ {}::text[]) END)",
        [rule.name for rule in shipped_rules().values() if _sees(ctx, rule)],
        may,
    )
    own_parties(ctx, conditions)
    return conditions


def _rule(row: asyncpg.Record) -> Rule:
    """Return the rule that asked: the business's own text of that version, or the shipped one."""
    found = own_rule(row["rule_text"]) if row["rule_text"] else shipped_rules().get(row["rule"])
    return found or unreadable(row["rule"])


def _sees(ctx: Context, rule: Rule) -> bool:
    return all(ctx.actor.may(permission) for permission in rule.permissions)


async def _open(ctx: Context, question: queries.Conflicts) -> int:
    conditions = visible(ctx)
    conditions.add("c.status = 'open'")
    if question.party_id is not None:
        conditions.add("c.party_id = {}", question.party_id)
    if question.mine:
        conditions.add("c.assigned_to = {}", ctx.actor.member_id)
    return await _count(ctx, conditions)


async def _count(ctx: Context, conditions: Conditions) -> int:
    return int(
        await ctx.tx.value(
            "SELECT count(*) FROM conflicts c LEFT JOIN parties p ON p.business_id = c.business_id"
            f" AND p.id = c.party_id WHERE {conditions.sql}",
            *conditions.values,
        )
    )
