"""What a rule has found: the row of its statement, with its stable id and the digest of its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.ids import derived
from ledger.reconcile.ast import Rule


@dataclass(frozen=True, slots=True)
class Found:
    """One question that a rule would ask; `held`: what would prove it hasn't come yet."""

    id: UUID
    rule: Rule
    subjects: tuple[UUID, ...]
    party_id: UUID | None
    amount: int | None
    currency: str | None
    evidence: dict[str, Any]
    digest: str
    due_at: datetime | None
    held: bool


def conflict_id(rule: str, subjects: tuple[UUID, ...]) -> UUID:
    """Return the id of a rule's question about these subjects: the same for ever."""
    return derived("conflict", rule, *map(str, subjects))


def evidence_digest(rule: Rule, evidence: Mapping[str, Any]) -> str:
    """Return SHA-256 (hex) over the canonical JSON of the rule's evidence, without context and proposals."""
    kept = {ref.key: evidence.get(ref.key) for ref in rule.evidence}
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read_found(rule: Rule, row: asyncpg.Record) -> Found:
    """Read a row of a compiled statement."""
    subjects = tuple(sorted(set(row["subjects"]) - {None}))
    evidence = row["evidence"]
    return Found(
        id=conflict_id(rule.name, subjects),
        rule=rule,
        subjects=subjects,
        party_id=row["party_id"],
        amount=row["amount"],
        currency=row["currency"],
        evidence=evidence,
        digest=evidence_digest(rule, evidence),
        due_at=row["due_at"],
        held=row["held"],
    )
