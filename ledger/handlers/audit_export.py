"""What an export of the audit trail holds: its lines, the answers, what was in force, coverage and balances."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.audit import labels_of, names_of, token_of
from ledger.handlers.questions import views_of
from ledger.handlers.registry import Context, handles
from ledger.handlers.rules import rules
from ledger.handlers.scope import business
from ledger.queries.audit import (
    AuditAnswers,
    AuditBalances,
    AuditCounts,
    AuditCoverage,
    AuditLines,
    AuditSetup,
    AuditSpan,
)
from ledger.queries.rules import Rules
from ledger.store.audit import GENESIS, readable, spoken_ids, words_of
from ledger.views import ConflictView
from ledger.views.audit import (
    AuditAnswer,
    AuditBalance,
    AuditLine,
    AuditSetupView,
    AuditSpanView,
    MappingInForce,
    RuleInForce,
    SourceCoverage,
)

MOST = 5_000
ANSWERS = ("conflict.resolved", "conflict.reopened", "conflict.snoozed", "conflict.advised")
# Whole entries of the chain, without a hole: the times of two that were told at once may stand the other way round.
_SPAN = """
SELECT min(sequence) FILTER (WHERE at >= $2) AS first, max(sequence) FILTER (WHERE at < $3) AS last
FROM audit WHERE business_id = $1 AND at >= $2 AND at < $3
"""
_HASH = "SELECT hash FROM audit WHERE business_id = $1 AND sequence = $2"
_LINES = """
SELECT sequence, at, actor, action, subject, entry, hash FROM audit
WHERE business_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence
"""
_ANSWERED = """
SELECT sequence, at, actor, action, subject, entry, hash FROM audit
WHERE business_id = $1 AND sequence > $2 AND sequence <= $3 AND action = ANY($5) ORDER BY sequence LIMIT $4
"""
_COUNTS = """
SELECT action, count(*) AS count FROM audit WHERE business_id = $1 AND sequence > $2 AND sequence <= $3
GROUP BY action ORDER BY count(*) DESC, action
"""
_DIGESTS = "SELECT id, evidence_digest, party_id FROM conflicts WHERE business_id = $1 AND id = ANY($2)"
_MAPPINGS = """
SELECT source, kind, word, qualifier, status, confidence, notes FROM status_mappings
WHERE business_id = $1 ORDER BY source, kind, word, qualifier
"""
_TEXTS = """
SELECT rule, version, by_name, at, text FROM rule_versions
WHERE business_id = $1 AND (rule, version) IN (SELECT unnest($2::text[]), unnest($3::int[]))
"""
# $2 and $3 are the period's first and last day, $4 and $5 its moments. A gap is what no statement of a bank shows.
_COVERAGE = """
SELECT s.name AS source, s.label, s.enabled, coalesce(d.deliveries, 0) AS deliveries, coalesce(e.events, 0) AS events,
  coalesce(r.rewrites, 0) AS rewrites, coalesce(q.unread, 0) AS unread, d.first_at, d.last_at,
  CASE WHEN t.covered IS NOT NULL THEN (
    SELECT coalesce(sum(upper(c) - lower(c)), 0)::int FROM unnest(t.covered * p.days) c) END AS covered_days,
  CASE WHEN t.covered IS NOT NULL THEN (
    SELECT array_agg(ARRAY[lower(g), upper(g) - 1] ORDER BY lower(g)) FROM unnest(p.days - t.covered) g) END AS gaps,
  CASE WHEN s.silence_hours > 0 THEN d.silent_from END AS silent_from,
  CASE WHEN s.silence_hours > 0 THEN d.silent_to END AS silent_to
FROM sources s
CROSS JOIN (SELECT datemultirange(daterange($2::date, $3::date, '[]')) AS days) p
LEFT JOIN source_state t ON t.business_id = $1 AND t.source = s.name
LEFT JOIN LATERAL (
  SELECT count(*) AS deliveries, min(received_at) AS first_at, max(received_at) AS last_at,
    (array_agg(before ORDER BY received_at - before DESC NULLS LAST))[1] AS silent_from,
    (array_agg(received_at ORDER BY received_at - before DESC NULLS LAST)
       FILTER (WHERE before IS NOT NULL))[1] AS silent_to
  FROM (SELECT received_at, lag(received_at) OVER (ORDER BY received_at) AS before FROM deliveries
        WHERE business_id = $1 AND source = s.name AND received_at >= $4 AND received_at < $5) x) d ON true
LEFT JOIN LATERAL (
  SELECT count(*) AS events FROM external_events e
  WHERE e.business_id = $1 AND e.source = s.name AND e.ingested_at >= $4 AND e.ingested_at < $5) e ON true
LEFT JOIN LATERAL (
  SELECT count(*) AS rewrites FROM event_rewrites e
  WHERE e.business_id = $1 AND e.source = s.name AND e.ingested_at >= $4 AND e.ingested_at < $5) r ON true
LEFT JOIN LATERAL (
  SELECT count(*) AS unread FROM quarantine q
  WHERE q.business_id = $1 AND q.source = s.name AND q.resolved_at IS NULL) q ON true
WHERE s.business_id = $1 ORDER BY s.name
"""
_BALANCES = """
SELECT p.party_id, coalesce(max(n.name), '—') AS name, p.side, p.currency,
  coalesce(sum(p.amount) FILTER (WHERE p.known_to IS NULL), 0)::bigint AS as_on,
  coalesce(sum(p.amount) FILTER (WHERE p.known_from <= $3 AND (p.known_to IS NULL OR p.known_to > $3)), 0)::bigint AS known_on
FROM postings p LEFT JOIN parties n ON n.business_id = $1 AND n.id = p.party_id
WHERE p.business_id = $1 AND p.effective_on <= $2
  AND ($4::uuid IS NULL OR (p.party_id, p.side, p.currency) > ($4, $5::text, $6::text))
GROUP BY p.party_id, p.side, p.currency
HAVING coalesce(sum(p.amount) FILTER (WHERE p.known_to IS NULL), 0) <> 0
    OR coalesce(sum(p.amount) FILTER (WHERE p.known_from <= $3 AND (p.known_to IS NULL OR p.known_to > $3)), 0) <> 0
ORDER BY p.party_id, p.side, p.currency LIMIT $7
"""
_FOREVER = (
    datetime(1970, 1, 1).astimezone(ZoneInfo("UTC")),
    datetime(9999, 1, 1).astimezone(ZoneInfo("UTC")),
)


@handles(AuditSpan, permission=Permission.EXPORT_AUDIT)
async def span(question: AuditSpan, ctx: Context) -> AuditSpanView:
    """Answer with the part of the chain that a period's entries stand in."""
    firm = await business(ctx)
    begins, ends = moments(question.since, question.until, firm.timezone)
    row = await ctx.tx.row(_SPAN, firm.id, begins, ends)
    assert row is not None
    first, last = row["first"], row["last"]
    previous = await ctx.tx.value(_HASH, firm.id, first - 1) if first else None
    head = await ctx.tx.value(_HASH, firm.id, last) if last else None
    return AuditSpanView(
        business_id=firm.id,
        business_name=firm.name,
        timezone=firm.timezone,
        currency=firm.currency,
        since=question.since,
        until=question.until,
        first=first or 0,
        last=last or 0,
        entries=last - first + 1 if first and last else 0,
        previous=(previous or GENESIS).hex(),
        head=(head or previous or GENESIS).hex(),
        made_at=ctx.now,
    )


def moments(since: date | None, until: date | None, timezone: str) -> tuple[datetime, datetime]:
    """Return the moments at which a period of whole days begins and is over."""
    if since is not None and until is not None and until < since:
        raise Rejected("audit.period", "The period ends before it begins.", remedy="Exchange the two days.")
    zone = ZoneInfo(timezone)
    try:
        begins = datetime.combine(since, time(), zone) if since is not None else _FOREVER[0]
        ends = datetime.combine(until + timedelta(days=1), time(), zone) if until is not None else _FOREVER[1]
    except OverflowError:
        raise Rejected("audit.period", "That day is out of the calendar.") from None
    return begins, ends


@handles(AuditLines, permission=Permission.EXPORT_AUDIT)
async def lines(question: AuditLines, ctx: Context) -> tuple[AuditLine, ...]:
    """Answer with entries as they are hashed, and the words that they name."""
    firm, until = ctx.actor.business_id, min(question.until, question.after + _limit(question.first))
    rows = await ctx.tx.fetch(_LINES, firm, question.after, until)
    words = await words_of(ctx.tx, firm, [row["entry"] for row in rows])
    names = await names_of(ctx, [row["actor"] for row in rows])
    labels = await labels_of(ctx, [row["entry"] for row in rows])
    return tuple(_line(row, words, names, labels) for row in rows)


def _line(
    row: Any, words: dict[UUID, tuple[bytes, str]], names: dict[str, str], labels: dict[UUID, str]
) -> AuditLine:
    entry, said = row["entry"], spoken_ids([row["entry"]])
    token = token_of(entry)
    return AuditLine(
        sequence=row["sequence"],
        at=row["at"],
        actor=row["actor"],
        actor_name=names.get(row["actor"]),
        action=row["action"],
        subject=row["subject"],
        entry=entry,
        hash=row["hash"].hex(),
        words={str(one): (words[one][0].hex(), words[one][1]) for one in sorted(said) if one in words},
        readable=readable(entry, words) if said else entry,
        token=labels.get(token, str(token)) if token is not None else None,
    )


def _limit(first: int) -> int:
    if not 1 <= first <= MOST:
        raise Rejected("page.size", f"At most {MOST} at once, not {first}.")
    return first


@handles(AuditCounts, permission=Permission.EXPORT_AUDIT)
async def action_counts(question: AuditCounts, ctx: Context) -> tuple[tuple[str, int], ...]:
    """Answer with the number of entries of each action."""
    rows = await ctx.tx.fetch(_COUNTS, ctx.actor.business_id, question.after, question.until)
    return tuple((row["action"], row["count"]) for row in rows)


@handles(AuditAnswers, permission=Permission.EXPORT_AUDIT)
async def answers(question: AuditAnswers, ctx: Context) -> tuple[AuditAnswer, ...]:
    """Answer with what people said to questions, each with the evidence."""
    firm, limit = ctx.actor.business_id, _limit(question.first)
    rows = await ctx.tx.fetch(_ANSWERED, firm, question.after, question.until, limit, list(ANSWERS))
    words = await words_of(ctx.tx, firm, [row["entry"] for row in rows])
    names = await names_of(ctx, [row["actor"] for row in rows])
    ids = [UUID(row["subject"]) for row in rows]
    questions = await views_of(ctx, ids)
    digests = {row["id"]: row["evidence_digest"] for row in await ctx.tx.fetch(_DIGESTS, firm, ids)}
    return tuple(
        _answer(
            row,
            readable(row["entry"], words),
            names,
            questions.get(UUID(row["subject"])),
            digests.get(UUID(row["subject"])),
        )
        for row in rows
    )


def _answer(
    row: Any, entry: dict[str, Any], names: dict[str, str], asked: ConflictView | None, digest: str | None
) -> AuditAnswer:
    after: dict[str, Any] = entry.get("after") or {}
    then = entry.get("evidence_digest")
    return AuditAnswer(
        sequence=row["sequence"],
        at=row["at"],
        by=names.get(row["actor"], row["actor"]),
        action=row["action"],
        rule=entry.get("rule") or "",
        question=asked.title if asked is not None else row["subject"],
        answer=after.get("label") or after.get("answer"),
        note=entry.get("reason") or after.get("note"),
        evidence=(*asked.lines, *((asked.quote,) if asked.quote else ()), *asked.why)
        if asked is not None
        else (),
        changed=then is not None and digest is not None and then != digest,
        party_name=asked.party_name if asked is not None else None,
        amount=asked.amount if asked is not None else None,
        currency=asked.currency if asked is not None else None,
    )


@handles(AuditSetup, permission=Permission.EXPORT_AUDIT)
async def setup(_: AuditSetup, ctx: Context) -> AuditSetupView:
    """Answer with mappings and rules."""
    firm = ctx.actor.business_id
    mappings = tuple(MappingInForce(**row) for row in await ctx.tx.fetch(_MAPPINGS, firm))
    found = await rules(Rules(), ctx)
    own = [rule for rule in found if rule.in_force]
    rows = await ctx.tx.fetch(_TEXTS, firm, [rule.name for rule in own], [rule.in_force for rule in own])
    texts = {row["rule"]: row for row in rows}
    return AuditSetupView(mappings, tuple(_rule(rule, texts.get(rule.name)) for rule in found))


def _rule(rule: Any, text: Any) -> RuleInForce:
    return RuleInForce(
        name=rule.name,
        title=rule.title,
        severity=rule.severity,
        enabled=rule.enabled and rule.in_force is not None,
        origin=rule.origin,
        version=rule.in_force or 0,
        by=text["by_name"] if text is not None else None,
        at=text["at"] if text is not None else None,
        text=text["text"] if text is not None else None,
    )


@handles(AuditCoverage, permission=Permission.EXPORT_AUDIT)
async def coverage(question: AuditCoverage, ctx: Context) -> tuple[SourceCoverage, ...]:
    """Answer with what each source showed of a period."""
    firm = await business(ctx)
    begins, ends = moments(question.since, question.until, firm.timezone)
    rows = await ctx.tx.fetch(_COVERAGE, firm.id, question.since, question.until, begins, ends)
    return tuple(_covered(row) for row in rows)


def _covered(row: Any) -> SourceCoverage:
    silence = (row["silent_from"], row["silent_to"]) if row["silent_from"] and row["silent_to"] else None
    return SourceCoverage(
        source=row["source"],
        label=row["label"],
        enabled=row["enabled"],
        deliveries=row["deliveries"],
        events=row["events"],
        rewrites=row["rewrites"],
        unread=row["unread"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        covered_days=row["covered_days"],
        gaps=tuple((first, last) for first, last in row["gaps"] or ()),
        silence=silence,
    )


@handles(AuditBalances, permission=Permission.EXPORT_AUDIT)
async def balances(question: AuditBalances, ctx: Context) -> tuple[AuditBalance, ...]:
    """Answer with balances of a day, as they are known now and as they were known then."""
    after = question.after or (None, None, None)
    rows = await ctx.tx.fetch(
        _BALANCES, ctx.actor.business_id, question.on, question.known_at, *after, _limit(question.first)
    )
    return tuple(
        AuditBalance(
            row["party_id"], row["name"], row["side"], row["currency"], row["as_on"], row["known_on"]
        )
        for row in rows
    )
