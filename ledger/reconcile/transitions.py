"""What becomes of a question when a rule finds it again, or no longer: pure.

waiting → open → (snoozed ⇄ open) → resolved by a person, or cleared by evidence. Resolved holds for the evidence that
was seen: found with another digest it opens again. Cleared opens anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.reconcile.found import Found
from ledger.reconcile.suggest import Suggestion

RESERVED = ("candidates", "parties", "likely", "standing", "changed")
"""Keys of the stored evidence that are ours: proposals, the likely party, effects in force, and what changed since the last look."""
ACTIVE = ("waiting", "open", "snoozed")


@dataclass(frozen=True, slots=True)
class Stored:
    """A question as it stands in the table."""

    id: UUID
    rule: str
    status: str
    subjects: tuple[UUID, ...]
    party_id: UUID | None
    evidence: Mapping[str, Any]
    digest: str
    version: int
    opened_at: datetime
    due_at: datetime
    answered_digest: str | None
    rule_version: int = 0


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be written; `action` None: nothing that anybody needs to hear of."""

    found: Found
    status: str
    party_id: UUID | None
    evidence: Mapping[str, Any]
    version: int
    opened_at: datetime
    due_at: datetime
    action: str | None
    before: Mapping[str, Any] | None = None


def step(old: Stored | None, found: Found, proposal: Suggestion | None, *, now: datetime) -> Next | None:
    """Return the next state of a question that was found, or None if nothing changes."""
    if old is not None and old.status in ("open", "cleared") and old.answered_digest == found.digest:
        return _as_answered(old, found, proposal, now=now)
    if old is None or old.status == "cleared" or _begins_anew(old, found, now):
        return _begin(old, found, proposal, now=now)
    changed = _changed(old.evidence, found)
    if old.status == "resolved":
        if found.digest == old.answered_digest:
            return None
        evidence = _evidence(old, found, proposal, changed)
        return _next(old, found, evidence, "open", now, action="conflict.reopened", opened_at=now)
    evidence = _evidence(old, found, proposal, _since(old.evidence.get("changed"), changed))
    asked = found.digest != old.digest or any(
        evidence.get(key, []) != old.evidence.get(key, []) for key in ("candidates", "parties")
    )
    if old.status == "waiting":
        due = max(old.due_at, found.due_at or old.due_at)
        evidence.pop("changed", None)
        if due <= now and not found.held:
            return _next(old, found, evidence, "open", due, action="conflict.opened", opened_at=now)
        return _quiet(old, found, evidence, "waiting", due)
    if old.status == "snoozed" and old.due_at <= now:
        return _next(old, found, evidence, "open", now, action="conflict.woken", opened_at=old.opened_at)
    if asked:
        action = "conflict.changed" if old.status == "open" else None
        return _next(old, found, evidence, old.status, old.due_at, action=action, opened_at=old.opened_at)
    return _quiet(old, found, evidence, old.status, old.due_at)


def reworded(old: Stored, found: Found, item: Next | None) -> Next:
    """Return the next state of a question that another text of its rule asks: buttons of the former one are stale."""
    base = item or Next(
        found, old.status, old.party_id, old.evidence, old.version, old.opened_at, old.due_at, None
    )
    if old.status == "waiting" or base.version != old.version:
        return base
    action = "conflict.changed" if old.status == "open" else None
    before = {"status": old.status, "version": old.version}
    return replace(base, version=old.version + 1, action=action, before=before)


def _begins_anew(old: Stored, found: Found, now: datetime) -> bool:
    """Whether other facts took the place of those that were asked about, and aren't due yet: a newer promise."""
    if old.status not in ("open", "snoozed", "resolved") or found.digest in (old.digest, old.answered_digest):
        return False
    return found.held or (found.due_at is not None and found.due_at > now)


def _begin(old: Stored | None, found: Found, proposal: Suggestion | None, *, now: datetime) -> Next:
    due = max(now + found.rule.quiet_for, found.due_at or now)
    ready = due <= now and not found.held
    evidence = _evidence(old, found, proposal, None)
    return Next(
        found=found,
        status="open" if ready else "waiting",
        party_id=_party(found, evidence),
        evidence=evidence,
        version=old.version + 1 if old else 1,
        opened_at=now,
        due_at=due,
        action="conflict.opened" if ready else "conflict.cleared" if old and old.status == "open" else None,
        before={"status": old.status, "version": old.version} if old else None,
    )


def _next(
    old: Stored,
    found: Found,
    evidence: Mapping[str, Any],
    status: str,
    due: datetime,
    *,
    action: str | None,
    opened_at: datetime,
) -> Next:
    return Next(
        found=found,
        status=status,
        party_id=_party(found, evidence),
        evidence=evidence,
        version=old.version + 1,
        opened_at=opened_at,
        due_at=due,
        action=action,
        before={"status": old.status, "version": old.version},
    )


def _quiet(old: Stored, found: Found, evidence: Mapping[str, Any], status: str, due: datetime) -> Next | None:
    """Write what may change without anybody being told: context, party, a later due time."""
    party = _party(found, evidence)
    if due == old.due_at and party == old.party_id and evidence == old.evidence:
        return None
    return Next(found, status, party, evidence, old.version, old.opened_at, due, None)


def _evidence(
    old: Stored | None, found: Found, proposal: Suggestion | None, changed: Mapping[str, Any] | None
) -> dict[str, Any]:
    evidence = dict(found.evidence)
    if proposal is not None:
        evidence["candidates"], evidence["parties"] = proposal.candidates, proposal.parties
        if proposal.party_id is not None:
            evidence["likely"] = str(proposal.party_id)
    if old is not None and (standing := old.evidence.get("standing")):
        evidence["standing"] = standing
    if changed:
        evidence["changed"] = dict(changed)
    return evidence


def _changed(before: Mapping[str, Any], found: Found) -> dict[str, Any]:
    """Return the fields of the evidence that changed, as [before, after]."""
    return {
        ref.key: [before.get(ref.key), found.evidence.get(ref.key)]
        for ref in found.rule.evidence
        if before.get(ref.key) != found.evidence.get(ref.key)
    }


def _since(earlier: Mapping[str, Any] | None, now: Mapping[str, Any]) -> dict[str, Any]:
    """Add what changed now to what changed before; what is again as it was at first hasn't changed."""
    merged = dict(earlier or {})
    for name, (before, after) in now.items():
        merged[name] = [merged[name][0] if name in merged else before, after]
    return {name: pair for name, pair in merged.items() if pair[0] != pair[1]}


def _as_answered(old: Stored, found: Found, proposal: Suggestion | None, *, now: datetime) -> Next:
    """Let an answer hold again: the evidence is as it was when it was given."""
    evidence = _evidence(old, found, proposal, None)
    action = "conflict.holds_again"
    return _next(old, found, evidence, "resolved", now, action=action, opened_at=old.opened_at)


def _party(found: Found, evidence: Mapping[str, Any]) -> UUID | None:
    """The party that the fact names, else the likely one."""
    if found.party_id is not None:
        return found.party_id
    likely = evidence.get("likely")
    return UUID(likely) if likely else None
