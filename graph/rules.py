"""Rules over GraphQL: listed and read, checked, previewed, published, brought back, switched and ordered."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.outcomes import RuleChanged, expecting
from graph.types import rules as to_rules
from graph.types.basics import Info, plain, resolved, told
from kit.errors import NotFound
from ledger.commands import rules as commands
from ledger.queries import rules as queries

Name = Annotated[str, strawberry.argument(description="The rule's name.")]


@strawberry.input(description="What to try: a text, or switching a rule on or off.")
class PreviewRuleInput:
    """A trial."""

    text: str | None = strawberry.field(default=None, description="The text of a rule, in TOML.")
    rule: str | None = strawberry.field(default=None, description="The rule to switch.")
    on: bool | None = strawberry.field(default=None, description="On or off.")


@strawberry.input(description="A text to put in force.")
class PublishRuleInput:
    """A text."""

    text: str = strawberry.field(description="The text, in TOML; its name says which rule it is.")
    reason: str = strawberry.field(description="Why, for the audit trail.")
    version: int = strawberry.field(
        default=0,
        description="The newest version that was seen, 0 where there was none; rule.changed if it moved on.",
    )


@strawberry.input(description="An older text to publish anew.")
class RevertRuleInput:
    """An older text."""

    rule: str = strawberry.field(description="The rule.")
    version: int = strawberry.field(description="The version whose text is to judge.")
    reason: str = strawberry.field(description="Why, for the audit trail.")
    seen: int | None = strawberry.field(default=None, description="The newest version that was seen.")


@strawberry.input(description="A text to take out of force.")
class WithdrawRuleInput:
    """A withdrawal."""

    rule: str = strawberry.field(description="The rule.")
    reason: str = strawberry.field(description="Why, for the audit trail.")


@strawberry.input(description="A switch.")
class SwitchRuleInput:
    """A switch."""

    rule: str = strawberry.field(description="The rule.")
    on: bool = strawberry.field(description="On or off.")
    reason: str = strawberry.field(description="Why, for the audit trail.")


@strawberry.input(description="A place in the order of asking.")
class OrderRuleInput:
    """A place."""

    rule: str = strawberry.field(description="The rule.")
    place: int = strawberry.field(description="1 to 9,999, lower first; rules without one stand at 1,000.")


@strawberry.type(description="The rule as it stands now.")
class RulePayload:
    """The outcome."""

    rule: to_rules.Rule = strawberry.field(description="The rule.")


@strawberry.type
class RuleQueries:
    """Questions about rules."""

    @resolved("Every rule, in the order of asking. For owner and finance.")
    async def rules(self, info: Info) -> list[to_rules.Rule]:
        """Answer with the rules."""
        return [to_rules.rule(row) for row in await info.context.ask(queries.Rules())]

    @resolved("One rule with its text and versions; null if there is none. For owner and finance.")
    async def rule(self, info: Info, name: Name) -> to_rules.RuleInFull | None:
        """Answer with the rule."""
        try:
            return to_rules.rule_in_full(await info.context.ask(queries.OneRule(plain(name) or "")))
        except NotFound:
            return None

    @resolved("What is wrong with a text, all of it at once. For owner and finance.")
    async def check_rule(
        self, info: Info, text: Annotated[str, strawberry.argument(description="The text, in TOML.")]
    ) -> to_rules.RuleCheck:
        """Answer with the verdict."""
        return to_rules.rule_check(await info.context.ask(queries.CheckRule(text)))


@strawberry.type
class RuleMutations:
    """Commands about rules."""

    @told(
        "Say what a text or a switch would do today. Nothing is written but that it was asked. Owner, finance."
    )
    async def preview_rule(self, info: Info, input: PreviewRuleInput) -> to_rules.RulePreview:
        """Try it."""
        command = commands.PreviewRule(text=input.text, rule=plain(input.rule), on=input.on)
        return to_rules.rule_preview(await info.context.execute(command))

    @told(
        "Put a text in force; what it asks is asked at once. For owner and finance.", expecting(RuleChanged)
    )
    async def publish_rule(self, info: Info, input: PublishRuleInput) -> RulePayload:
        """Publish it."""
        command = commands.PublishRule(input.text, plain(input.reason) or "", input.version)
        return RulePayload(rule=to_rules.rule(await info.context.execute(command)))

    @told("Publish an older text anew. For owner and finance.", expecting(RuleChanged))
    async def revert_rule(self, info: Info, input: RevertRuleInput) -> RulePayload:
        """Bring it back."""
        command = commands.RevertRule(
            plain(input.rule) or "", input.version, plain(input.reason) or "", input.seen
        )
        return RulePayload(rule=to_rules.rule(await info.context.execute(command)))

    @told("Take the own text out of force: the shipped rule judges again, or (for the owner) none.")
    async def withdraw_rule(self, info: Info, input: WithdrawRuleInput) -> RulePayload:
        """Withdraw it."""
        command = commands.WithdrawRule(plain(input.rule) or "", plain(input.reason) or "")
        return RulePayload(rule=to_rules.rule(await info.context.execute(command)))

    @told("Switch a rule on, or (for the owner) off: what it asked is cleared.")
    async def switch_rule(self, info: Info, input: SwitchRuleInput) -> RulePayload:
        """Switch it."""
        command = commands.SwitchRule(plain(input.rule) or "", input.on, plain(input.reason) or "")
        return RulePayload(rule=to_rules.rule(await info.context.execute(command)))

    @told("Say where a rule's questions come among those of its severity. For owner and finance.")
    async def order_rule(self, info: Info, input: OrderRuleInput) -> RulePayload:
        """Place it."""
        command = commands.OrderRule(plain(input.rule) or "", input.place)
        return RulePayload(rule=to_rules.rule(await info.context.execute(command)))
