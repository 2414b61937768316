"""Rules of a business: what they look for, which text judges, what a text would do, and what is wrong with one."""

from __future__ import annotations

from datetime import datetime

import strawberry

from ledger.views import rules as views


@strawberry.type(description="A rule, as it stands for this business.")
class Rule:
    """A rule."""

    name: str = strawberry.field(description="Its name.")
    title: str = strawberry.field(description="What it looks for.")
    origin: str = strawberry.field(
        description="shipped, own, or override: own text in place of a shipped one."
    )
    severity: str = strawberry.field(description="info, warn or block.")
    expectation: str = strawberry.field(
        description="expected: the other side isn't here yet; mismatched: ask now."
    )
    enabled: bool = strawberry.field(description="Whether it is switched on.")
    place: int = strawberry.field(
        description="Where its questions come among those of its severity; 1000 unless said."
    )
    version: int = strawberry.field(
        description="The newest version of the business's own text, 0: none; pass it to publishRule."
    )
    in_force: int | None = strawberry.field(
        description="The version that judges, 0: the shipped text, null: none."
    )
    shipped_changed: bool = strawberry.field(
        description="The shipped rule has changed since it was overridden."
    )
    problem: str | None = strawberry.field(
        description="Why it rests, if it can't be judged; what it asked stays."
    )
    facts: list[str] = strawberry.field(description="The facts that it speaks of.")
    open_count: int = strawberry.field(description="How many of its questions are open.")


@strawberry.type(description="A published text, or that it was withdrawn. Kept for ever.")
class RuleVersion:
    """A version."""

    version: int = strawberry.field(description="Its number; pass it to revertRule.")
    state: str = strawberry.field(description="published or withdrawn.")
    text: str = strawberry.field(description="The text, in TOML; empty where it was withdrawn.")
    reason: str = strawberry.field(description="Why.")
    by: str = strawberry.field(description="Who.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type(description="A rule with its texts.")
class RuleInFull:
    """A rule in full."""

    rule: Rule = strawberry.field(description="The rule.")
    text: str = strawberry.field(description="The text that judges, in TOML; empty: none.")
    shipped_text: str | None = strawberry.field(
        description="The text that ships under this name, if one does."
    )
    versions: list[RuleVersion] = strawberry.field(
        description="The business's own texts, newest first, at most 200."
    )


@strawberry.type(description="A mistake in a text.")
class RuleMistake:
    """A mistake."""

    line: int = strawberry.field(description="Its line, from 1.")
    message: str = strawberry.field(description="What is wrong.")
    suggestion: str | None = strawberry.field(description="The nearest valid word.")


@strawberry.type(description="Whether a text is a rule.")
class RuleCheck:
    """A verdict."""

    name: str | None = strawberry.field(description="The rule's name; null: it is none.")
    title: str | None = strawberry.field(description="What it looks for.")
    mistakes: list[RuleMistake] = strawberry.field(
        description="All that is wrong, in the order of the lines."
    )


@strawberry.type(description="One question that a preview tells of.")
class PreviewedQuestion:
    """A question to be."""

    becomes: str = strawberry.field(description="opened, waiting, changed, reopened or cleared.")
    title: str = strawberry.field(description="The question in one line.")


@strawberry.type(description="What a rule would do today. Nothing of it is done.")
class RulePreview:
    """A preview."""

    rule: str = strawberry.field(description="The rule's name.")
    opened: int = strawberry.field(description="Questions that would be asked at once.")
    waiting: int = strawberry.field(description="Questions that would be asked after its quiet window.")
    changed: int = strawberry.field(description="Open questions that would be asked in other words.")
    reopened: int = strawberry.field(description="Answered questions that would be asked again.")
    cleared: int = strawberry.field(description="Questions that would fall away.")
    examples: list[PreviewedQuestion] = strawberry.field(description="The first 20 of them.")
    cut: str | None = strawberry.field(
        description="Why it was not looked at to the end; such a rule can't be published."
    )


def rule(view: views.RuleView) -> Rule:
    """Return a rule as its type."""
    return Rule(
        name=view.name,
        title=view.title,
        origin=view.origin,
        severity=view.severity,
        expectation=view.expectation,
        enabled=view.enabled,
        place=view.place,
        version=view.version,
        in_force=view.in_force,
        shipped_changed=view.shipped_changed,
        problem=view.problem,
        facts=list(view.facts),
        open_count=view.open,
    )


def rule_in_full(view: views.RuleInFull) -> RuleInFull:
    """Return a rule with its texts as its type."""
    return RuleInFull(
        rule=rule(view.rule),
        text=view.text,
        shipped_text=view.shipped_text,
        versions=[
            RuleVersion(version=v.version, state=v.state, text=v.text, reason=v.reason, by=v.by, at=v.at)
            for v in view.versions
        ],
    )


def rule_check(view: views.RuleCheck) -> RuleCheck:
    """Return a verdict as its type."""
    mistakes = [RuleMistake(line=m.line, message=m.message, suggestion=m.suggestion) for m in view.mistakes]
    return RuleCheck(name=view.name, title=view.title, mistakes=mistakes)


def rule_preview(view: views.RulePreview) -> RulePreview:
    """Return a preview as its type."""
    return RulePreview(
        rule=view.rule,
        opened=view.opened,
        waiting=view.waiting,
        changed=view.changed,
        reopened=view.reopened,
        cleared=view.cleared,
        examples=[PreviewedQuestion(becomes=one.becomes, title=one.title) for one in view.examples],
        cut=view.cut,
    )
