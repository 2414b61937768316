"""Commands about a business's rules: try, publish, switch, order, bring an older text back, withdraw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreviewRule:
    """Say what a text (or switching `rule` on or off) would do today, as RulePreview. Nothing is written but the audit."""

    text: str | None = None
    rule: str | None = None
    on: bool | None = None


@dataclass(frozen=True, slots=True)
class PublishRule:
    """Put a text in force, as RuleView. Stale unless `version` is the newest one, 0 where there is none yet."""

    text: str
    reason: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class RevertRule:
    """Publish an older version anew, as RuleView. Stale unless `seen` is the newest version, where it is given."""

    rule: str
    version: int
    reason: str
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class WithdrawRule:
    """Take the business's own text out of force: the shipped rule of that name judges again, or none. RuleView."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class SwitchRule:
    """Switch a rule on or off, as RuleView; off is the owner's."""

    rule: str
    on: bool
    reason: str


@dataclass(frozen=True, slots=True)
class OrderRule:
    """Say where among those of its severity a rule's questions are asked: 1 to 9,999, unplaced ones at 1,000. RuleView."""

    rule: str
    place: int
