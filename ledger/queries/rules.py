"""Questions about rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule of the business, in the order of asking, as a tuple of RuleView."""


@dataclass(frozen=True, slots=True)
class OneRule:
    """One rule with its text and its versions, as RuleInFull."""

    rule: str


@dataclass(frozen=True, slots=True)
class CheckRule:
    """What is wrong with a text, as RuleCheck."""

    text: str
