"""Rules of a business: checked, previewed, published, brought back, withdrawn, switched, ordered; all with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from kit.errors import Denied, NotFound, Rejected, Stale
from ledger.commands.rules import OrderRule, PreviewRule, PublishRule, RevertRule, SwitchRule, WithdrawRule
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.rules import CheckRule, OneRule, Rules
from ledger.reconcile.ast import Rule
from ledger.reconcile.foresee import foresee
from ledger.reconcile.load import digest_of, shipped_rules, shipped_texts
from ledger.reconcile.mistakes import RuleInvalid
from ledger.reconcile.own import load_own, own_rule, unreadable
from ledger.reconcile.rulebook import PLACE, UNREADABLE, InForce
from ledger.store import rules as store
from ledger.views.rules import MistakeView, RuleCheck, RuleInFull, RulePreview, RuleVersionView, RuleView

MAX_OWN = 100
MAX_PLACE = 9_999
MAX_REASON = 500


@handles(Rules, permission=Permission.MAP)
async def rules(_: Rules, ctx: Context) -> tuple[RuleView, ...]:
    """Answer every rule, in the order of asking."""
    rows = await store.rule_states(ctx.tx, ctx.actor.business_id, shipped_rules())
    return tuple(sorted((_view(row) for row in rows), key=lambda view: (view.place, view.name)))


@handles(OneRule, permission=Permission.MAP)
async def one_rule(question: OneRule, ctx: Context) -> RuleInFull:
    """Answer one rule with its text and versions; NotFound if there is none."""
    row = await _state(ctx, question.rule)
    versions = await store.rule_versions(ctx.tx, ctx.actor.business_id, question.rule)
    shipped = shipped_texts().get(question.rule)
    return RuleInFull(
        rule=_view(row),
        text=row["text"] or shipped or "",
        shipped_text=shipped,
        versions=tuple(
            RuleVersionView(v["version"], v["state"], v["text"], v["reason"], v["by_name"], v["at"])
            for v in versions
        ),
    )


@handles(CheckRule, permission=Permission.MAP)
async def check_rule(question: CheckRule, _: Context) -> RuleCheck:
    """Answer whether a text is a rule, with everything that is wrong with it."""
    try:
        rule = load_own(question.text)
    except RuleInvalid as error:
        found = tuple(MistakeView(m.line, m.message, m.suggestion) for m in error.mistakes)
        return RuleCheck(None, None, found)
    return RuleCheck(rule.name, rule.title, ())


@handles(PreviewRule, permission=Permission.MAP)
async def preview_rule(command: PreviewRule, ctx: Context) -> RulePreview:
    """Say what a text or a switch would do today; only that a preview was made is written."""
    if command.text is not None and command.rule is None and command.on is None:
        rule = load_own(command.text)
        name, state = rule.name, await _known(ctx, rule.name)
        preview = await _foreseen(ctx, rule, state)
        if state is not None and not state["enabled"]:
            preview = await foresee(ctx.tx, ctx.actor.business_id, name, None, was=rule, now=ctx.now)
    elif command.text is None and command.rule is not None and command.on is not None:
        state = await _state(ctx, command.rule)
        name, present = state["rule"], _in_force(state)
        item = InForce(present, state["in_force"]) if present and command.on else None
        preview = await foresee(ctx.tx, ctx.actor.business_id, name, item, was=present, now=ctx.now)
    else:
        raise Rejected(
            "rule.preview_of",
            "What is to be previewed?",
            remedy="Give a text, or a rule and whether it is on.",
        )
    ctx.audit("rule.previewed", name, switched=command.on, cut=preview.cut, **_counts(preview))
    return preview


@handles(PublishRule, permission=Permission.MAP)
async def publish_rule(command: PublishRule, ctx: Context) -> RuleView:
    """Put a text in force. RuleInvalid, Stale (somebody published since), Rejected (asks too much or takes too long)."""
    rule = load_own(command.text)
    newest = await _locked(ctx, rule.name, seen=command.version)
    return await _publish(ctx, rule, command.text, newest, _reason(command.reason), action="rule.published")


@handles(RevertRule, permission=Permission.MAP)
async def revert_rule(command: RevertRule, ctx: Context) -> RuleView:
    """Publish an older version anew, as a version of its own."""
    newest = await _locked(ctx, command.rule, seen=command.seen)
    old = await store.rule_version(ctx.tx, ctx.actor.business_id, command.rule, command.version)
    if old is None or not old["text"]:
        raise NotFound(
            "rule.version",
            f"There is no text of version {command.version}.",
            remedy="See munshi rules history.",
        )
    rule = load_own(old["text"])
    return await _publish(
        ctx, rule, old["text"], newest, _reason(command.reason), action="rule.reverted", of=command.version
    )


@handles(WithdrawRule, permission=Permission.MAP)
async def withdraw_rule(command: WithdrawRule, ctx: Context) -> RuleView:
    """Take the own text out of force; where no shipped rule takes its place, that is the owner's to do."""
    newest = await _locked(ctx, command.rule, seen=None)
    state = await _state(ctx, command.rule)
    if not state["in_force"]:
        raise Rejected(
            "rule.not_own", "No text of your own is in force here.", remedy="See munshi rules list."
        )
    if command.rule not in shipped_rules():
        _owner_only(ctx, "Withdrawing a rule")
    version = (newest["version"] if newest else 0) + 1
    await store.add_version(
        ctx.tx, ctx.actor.business_id, command.rule, version, text="", permissions=(), shipped_digest=None,
        reason=_reason(command.reason), by=ctx.actor.label, by_name=ctx.actor.name, at=ctx.now,
    )  # fmt: skip
    ctx.audit(
        "rule.withdrawn",
        command.rule,
        reason=command.reason,
        before={"version": state["in_force"]},
        after={"version": version},
    )
    return _view(await _state(ctx, command.rule))


@handles(SwitchRule, permission=Permission.MAP)
async def switch_rule(command: SwitchRule, ctx: Context) -> RuleView:
    """Switch a rule on or off; what it asked is cleared when it goes off, which only the owner may do."""
    if not command.on:
        _owner_only(ctx, "Switching a rule off")
    reason = _reason(command.reason)
    await store.lock_rules(ctx.tx, ctx.actor.business_id)
    state = await _state(ctx, command.rule)
    if state["enabled"] != command.on:
        await store.switch(ctx.tx, ctx.actor.business_id, command.rule, on=command.on, at=ctx.now)
        ctx.audit(
            "rule.switched_on" if command.on else "rule.switched_off",
            command.rule,
            reason=reason,
            before={"enabled": state["enabled"]},
            after={"enabled": command.on},
        )
    return _view(await _state(ctx, command.rule))


@handles(OrderRule, permission=Permission.MAP)
async def order_rule(command: OrderRule, ctx: Context) -> RuleView:
    """Say where a rule's questions are asked among those of its severity."""
    if not 1 <= command.place <= MAX_PLACE:
        raise Rejected(
            "rule.place", f"A place is a number from 1 to {MAX_PLACE:,}.", remedy="Lower comes first."
        )
    state = await _state(ctx, command.rule)
    await store.order(ctx.tx, ctx.actor.business_id, command.rule, command.place)
    ctx.audit("rule.ordered", command.rule, before={"place": state["place"]}, after={"place": command.place})
    return _view(await _state(ctx, command.rule))


async def _publish(
    ctx: Context,
    rule: Rule,
    text: str,
    newest: asyncpg.Record | None,
    reason: str,
    *,
    action: str,
    of: int | None = None,
) -> RuleView:
    tenant = ctx.actor.business_id
    state = await _known(ctx, rule.name)
    if state is not None and state["text"] == text:
        raise Rejected("rule.same", "Just this text is in force already.", remedy="Nothing is to be done.")
    if newest is None and await _own_count(ctx) >= MAX_OWN:
        raise Rejected(
            "rule.too_many",
            f"A business has at most {MAX_OWN} rules of its own.",
            remedy="Withdraw one first.",
        )
    preview = await _foreseen(ctx, rule, state)
    if preview.cut is not None:
        raise Rejected("rule.too_much", preview.cut, remedy="Narrow its conditions, or its join.")
    version = (newest["version"] if newest else 0) + 1
    shipped = shipped_texts().get(rule.name)
    await store.add_version(
        ctx.tx, tenant, rule.name, version, text=text, permissions=[p.value for p in rule.permissions],
        shipped_digest=digest_of(shipped) if shipped else None, reason=reason, by=ctx.actor.label,
        by_name=ctx.actor.name, at=ctx.now,
    )  # fmt: skip
    ctx.audit(
        action,
        rule.name,
        reason=reason,
        before={"version": state["in_force"] if state else None},
        after={"version": version, "digest": digest_of(text), "of": of},
        preview=_counts(preview),
    )
    return _view(await _state(ctx, rule.name))


async def _foreseen(ctx: Context, rule: Rule, state: asyncpg.Record | None) -> RulePreview:
    """Preview a text as the version that it would become."""
    item = InForce(rule, (state["newest"] if state else 0) + 1)
    was = _in_force(state) if state is not None else None
    return await foresee(ctx.tx, ctx.actor.business_id, rule.name, item, was=was or rule, now=ctx.now)


async def _locked(ctx: Context, rule: str, *, seen: int | None) -> asyncpg.Record | None:
    """Lock the rules and return the newest version of one; Stale, saying who and when, unless it is the one seen."""
    await store.lock_rules(ctx.tx, ctx.actor.business_id)
    newest = await store.newest_version(ctx.tx, ctx.actor.business_id, rule)
    if seen is not None and seen != (newest["version"] if newest else 0):
        if newest is None:
            raise Stale("rule.changed", "There is no version of this rule yet.", remedy="Say version 0.")
        what = "published" if newest["state"] == "published" else "withdrew it as"
        raise Stale(
            "rule.changed",
            f"{newest['by_name']} {what} version {newest['version']}{await _moment(ctx, newest['at'])}.",
            remedy="Look at it, then publish on top of it.",
        )
    return newest


async def _moment(ctx: Context, at: datetime) -> str:
    local = at.astimezone(ZoneInfo((await business(ctx)).timezone))
    return f" on {local:%a} {local.day} {local:%b, %H:%M}"


async def _state(ctx: Context, rule: str) -> asyncpg.Record:
    found = await _known(ctx, rule)
    if found is None:
        raise NotFound("rule.unknown", f"There is no rule {rule[:60]!r}.", remedy="See munshi rules list.")
    return found


async def _known(ctx: Context, rule: str) -> asyncpg.Record | None:
    rows = await store.rule_states(ctx.tx, ctx.actor.business_id, shipped_rules(), rule)
    return rows[0] if rows else None


async def _own_count(ctx: Context) -> int:
    rows = await store.rule_states(ctx.tx, ctx.actor.business_id, shipped_rules())
    return sum(1 for row in rows if row["in_force"])


def _in_force(state: asyncpg.Record) -> Rule | None:
    return own_rule(state["text"]) if state["in_force"] else shipped_rules().get(state["rule"])


def _view(state: asyncpg.Record) -> RuleView:
    name = state["rule"]
    shipped = shipped_texts().get(name)
    judges = _in_force(state)
    rule = judges or unreadable(name)
    own = "own" if shipped is None else "override"
    return RuleView(
        name=name,
        title=rule.title if judges or state["in_force"] else name.replace("_", " "),
        origin=own if state["in_force"] or shipped is None else "shipped",
        severity=rule.severity,
        expectation=rule.expectation,
        enabled=state["enabled"],
        place=state["place"] or PLACE,
        version=state["newest"],
        in_force=state["in_force"] if state["in_force"] or shipped else None,
        shipped_changed=bool(
            state["in_force"] and shipped is not None and state["shipped_digest"] != digest_of(shipped)
        ),
        problem=UNREADABLE if state["in_force"] and judges is None else state["problem"],
        facts=tuple(dict.fromkeys(fact.name for fact in rule.facts)) if judges else (),
        open=state["open"],
    )


def _counts(preview: RulePreview) -> dict[str, Any]:
    return {name: getattr(preview, name) for name in ("opened", "waiting", "changed", "reopened", "cleared")}


def _reason(reason: str) -> str:
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Rejected(
            "rule.reason", "Rules change for a reason.", remedy=f"Say it, in at most {MAX_REASON} characters."
        )
    return reason.strip()


def _owner_only(ctx: Context, what: str) -> None:
    """Raise Denied unless he may do what is the owner's alone: write-offs, and switching a rule off."""
    if not ctx.actor.may(Permission.WRITE_OFF):
        raise Denied("permission.denied", f"{what} is the owner's to do.", remedy="Ask the owner.")
