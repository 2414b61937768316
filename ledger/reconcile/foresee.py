"""What a rule would do now, without doing it: the judge's own work, read-only and in bounded time, never written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from kit.database import Tx
from ledger.reconcile.ast import Rule
from ledger.reconcile.own import unreadable
from ledger.reconcile.questions import Question, question_view
from ledger.reconcile.rulebook import InForce, Rulebook, rulebook
from ledger.reconcile.runner import OWN_SECONDS, Assessed, assess
from ledger.reconcile.transitions import Next, Stored
from ledger.views.rules import PreviewedView, RulePreview

EXAMPLES = 20
_ORDER = ("opened", "waiting", "changed", "reopened", "cleared")
_ACTIONS = {
    "conflict.opened": "opened",
    "conflict.woken": "opened",
    "conflict.changed": "changed",
    "conflict.reopened": "reopened",
}
_ACTIVE = """
SELECT id, rule, subjects, opened_at, true AS hit FROM conflicts
WHERE business_id = $1 AND rule = $2 AND status IN ('waiting', 'open', 'snoozed')
"""
_PARTIES = "SELECT id, name FROM parties WHERE business_id = $1 AND id = ANY($2::uuid[])"
_LABELS = "SELECT name, label FROM sources WHERE business_id = $1"


async def foresee(
    tx: Tx, business: UUID, name: str, item: InForce | None, *, was: Rule | None, now: datetime
) -> RulePreview:
    """Say what becomes of the questions of rule `name` if `item` (None: no rule) is in force from now on.

    `was` is the rule in force, by which what would be cleared is worded. The transaction is read-only meanwhile, and
    every statement ends after OWN_SECONDS.
    """
    opening = f"SAVEPOINT preview; SET LOCAL transaction_read_only = on; SET LOCAL statement_timeout = {int(OWN_SECONDS * 1000)}"
    await tx.raw.execute(opening)
    try:
        zone = (await rulebook(tx, business)).timezone
        rules = {name: item} if item is not None else {}
        book = Rulebook(zone, rules, {}, {name: 0})
        active = await tx.fetch(_ACTIVE, business, name)
        made = await assess(tx, business, book, active, touched=None, now=now, lock=False)
        return await _told(tx, business, name, made, zone=zone, was=was, now=now)
    except asyncpg.QueryCanceledError:
        return _cut(name, f"it takes longer than {OWN_SECONDS:g} seconds")
    finally:
        await tx.raw.execute("ROLLBACK TO SAVEPOINT preview; RELEASE SAVEPOINT preview")


async def _told(
    tx: Tx, business: UUID, name: str, made: Assessed, *, zone: str, was: Rule | None, now: datetime
) -> RulePreview:
    if name in made.problems:
        return _cut(name, made.problems[name])
    counts = Counter(becomes for becomes, _ in _outcomes(made))
    shown = sorted(_outcomes(made), key=lambda outcome: _ORDER.index(outcome[0]))[:EXAMPLES]
    parties = [row.party_id for _, row in shown if row.party_id is not None]
    names = {row["id"]: row["name"] for row in await tx.fetch(_PARTIES, business, parties)}
    labels = {row["name"]: row["label"] for row in await tx.fetch(_LABELS, business)}
    gone_by = was or unreadable(name)
    examples = tuple(
        PreviewedView(becomes, _title(row, names, labels, gone_by, zone=zone, now=now))
        for becomes, row in shown
    )
    return RulePreview(
        rule=name,
        opened=counts["opened"],
        waiting=counts["waiting"],
        changed=counts["changed"],
        reopened=counts["reopened"],
        cleared=counts["cleared"],
        examples=examples,
    )


def _outcomes(made: Assessed) -> Iterator[tuple[str, Next | Stored]]:
    """Yield what becomes of each question that anybody would hear of, or that is new."""
    for item in made.writes:
        if item.action:
            yield _ACTIONS[item.action], item
        elif item.found.id in made.new:
            yield "waiting", item
    for old in made.gone:
        if old.status != "waiting":
            yield "cleared", old


def _title(
    row: Next | Stored,
    names: Mapping[UUID, str],
    labels: Mapping[str, str],
    gone_by: Rule,
    *,
    zone: str,
    now: datetime,
) -> str:
    evidence: Mapping[str, Any] = row.evidence
    amount, currency = evidence.get("amount"), evidence.get("currency")
    if isinstance(row, Next):
        amount, currency = row.found.amount, row.found.currency
    rule = row.found.rule if isinstance(row, Next) else gone_by
    question = Question(
        id=row.found.id if isinstance(row, Next) else row.id,
        rule=rule,
        severity=rule.severity,
        status=row.status,
        version=row.version,
        evidence=evidence,
        party_id=row.party_id,
        party_name=names.get(row.party_id) if row.party_id else None,
        amount=amount,
        currency=currency,
        opened_at=row.opened_at,
        source_label=labels.get(str(evidence.get("source"))),
    )
    return question_view(question, now=now, timezone=zone).title


def _cut(name: str, why: str) -> RulePreview:
    return RulePreview(name, 0, 0, 0, 0, 0, (), cut=f"Not looked at to the end: {why}.")
