"""Which rules judge a business: the shipped ones and its own, by what it overrode, switched off and published.

One statement reads the business's timezone with what is in force; a text is read only when no program of it is kept
yet. A published text never changes, so its rule is kept by business, name, version and moment of publishing.

An answer holds for the evidence for which it was given, whichever version of the rule asked: `transitions` compares
the digest that was answered with the digest of what the rule in force finds. Publishing other words, answers, order
or conditions changes no digest, so answers stand. Publishing another list of `evidence` changes what the question
stands on, and with it the digest: what was answered is asked again, once, saying what changed; the preview counts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.database import Tx
from ledger.reconcile.ast import Rule
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.own import own_rule

PLACE = 1_000
"""The order of asking of a rule that nobody placed."""
UNREADABLE = "this version of Munshi can't read its text"
_KEPT = 2_000
_SETTINGS = """
SELECT b.timezone, (
  SELECT jsonb_agg(jsonb_build_array(s.rule, s.enabled, s.version, v.at, s.revision, s.judged, s.problem))
  FROM rule_switches s
  LEFT JOIN rule_versions v ON v.business_id = s.business_id AND v.rule = s.rule AND v.version = s.version
  WHERE s.business_id = b.business_id) AS rules
FROM businesses b WHERE b.business_id = $1
"""
_TEXTS = """
SELECT v.rule, v.version, v.text FROM unnest($2::text[], $3::int[]) AS w (rule, version)
JOIN rule_versions v ON v.business_id = $1 AND v.rule = w.rule AND v.version = w.version
"""
_read: dict[tuple[UUID, str, int, str], Rule | None] = {}


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule that judges: `version` of the business's own text (0: shipped), and the change that waits to be judged."""

    rule: Rule
    version: int = 0
    revision: int | None = None
    """The revision by which everything is to be judged; None: what is touched is enough."""
    failed: bool = False
    """It could not be judged last time."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What judges a business, by name; `resting` can't be judged, and what it asked stays as it is."""

    timezone: str
    rules: Mapping[str, InForce]
    resting: Mapping[str, str]
    changed: Mapping[str, int]
    """Rules whose change is to be judged, with the revision; also those that are off or withdrawn."""

    @property
    def all(self) -> tuple[Rule, ...]:
        """The rules that judge."""
        return tuple(item.rule for item in self.rules.values())


async def rulebook(tx: Tx, business: UUID, *, trying: bool = False) -> Rulebook:
    """Read what judges a business; `trying` takes up again what rests because it failed."""
    row = await tx.row(_SETTINGS, business)
    if row is None:
        return Rulebook("Asia/Kolkata", _shipped(), {}, {})
    if row["rules"] is None:
        return Rulebook(row["timezone"], _shipped(), {}, {})
    own = await _own(tx, business, row["rules"])
    rules, resting = dict(_shipped()), {}
    changed: dict[str, int] = {}
    for name, enabled, version, _, revision, judged, problem in row["rules"]:
        if revision != judged:
            changed[name] = revision
        rule = own.get(name) if version else shipped_rules().get(name)
        rules.pop(name, None)
        if not enabled or (not version and rule is None):
            continue
        if rule is None:
            resting[name] = UNREADABLE
        elif problem is not None and not trying and revision == judged:
            resting[name] = problem
        else:
            rules[name] = InForce(rule, version, changed.get(name), failed=problem is not None)
    return Rulebook(row["timezone"], rules, resting, changed)


_SHIPPED: dict[str, InForce] = {}


def _shipped() -> Mapping[str, InForce]:
    if not _SHIPPED:
        _SHIPPED.update({name: InForce(rule) for name, rule in shipped_rules().items()})
    return _SHIPPED


async def _own(tx: Tx, business: UUID, rows: Sequence[Sequence[Any]]) -> dict[str, Rule | None]:
    """Return the business's own rules in force; None where a text can't be read any more."""
    keys = {
        name: (business, name, version, at) for name, enabled, version, at, *_ in rows if version and enabled
    }
    unread = [key for key in keys.values() if key not in _read]
    if unread:
        if len(_read) + len(unread) > _KEPT:
            _read.clear()
            unread = list(keys.values())
        texts = await tx.fetch(_TEXTS, business, [key[1] for key in unread], [key[2] for key in unread])
        for row in texts:
            _read[keys[row["rule"]]] = own_rule(row["text"])
    return {name: _read.get(key) for name, key in keys.items()}
