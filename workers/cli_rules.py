"""`munshi rules`: what is asked about, and a business's own texts: checked, tried, published, brought back, switched."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from kit.errors import NotFound, Rejected
from ledger.commands.rules import OrderRule, PreviewRule, PublishRule, RevertRule, SwitchRule, WithdrawRule
from ledger.queries.rules import OneRule, Rules
from ledger.reconcile.mistakes import RuleInvalid
from ledger.reconcile.own import load_own
from ledger.views.rules import RuleInFull, RulePreview, RuleView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run

rules = typer.Typer(
    help="Rules: what is asked about. Yours stand beside the shipped ones, or in their place.",
    no_args_is_help=True,
)
_STATES = {
    "opened": "would be asked at once",
    "waiting": "would be asked after the quiet window",
    "changed": "would be asked in other words",
    "reopened": "were answered and would be asked again",
    "cleared": "would fall away",
}

Name = Annotated[str, typer.Argument(help="Its name, from munshi rules list.")]
File = Annotated[Path, typer.Argument(help="The rule, in TOML.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the audit trail.")]


@rules.command("list")
@told
def list_rules(business: Business = None, as_json: AsJson = False) -> None:
    """List every rule in the order of asking."""

    async def work(session: Session) -> tuple[RuleView, ...]:
        chosen = await choose(session, business)
        found: tuple[RuleView, ...] = await session.door.query(Rules(), chosen.clerk)
        return found

    found = run(work)
    show(
        [asdict(one) for one in found],
        as_json=as_json,
        human=lambda: table(
            ("rule", "what it looks for", "severity", "from", "order", "open", ""),
            [(r.name, r.title, r.severity, r.origin, r.place, r.open, _remark(r)) for r in found],
            empty="",
        ),
    )


@rules.command("show")
@told
def show_rule(name: Name, business: Business = None, as_json: AsJson = False) -> None:
    """Print the text that judges."""
    found = _in_full(name, business)

    def human() -> None:
        if remark := _remark(found.rule):
            say(f"# {escape(remark)}")
        say(escape(found.text or "No text is in force."))

    show(asdict(found), as_json=as_json, human=human)


@rules.command("history")
@told
def history(name: Name, business: Business = None, as_json: AsJson = False) -> None:
    """List every version that was published, newest first."""
    found = _in_full(name, business)
    show(
        [asdict(version) for version in found.versions],
        as_json=as_json,
        human=lambda: table(
            ("version", "state", "when", "who", "why"),
            [
                (v.version, v.state, v.at.astimezone().strftime("%d %b %Y %H:%M"), v.by, v.reason)
                for v in found.versions
            ],
            empty="It ships with the program, and no text of yours stands in its place.",
        ),
    )


@rules.command("check")
@told
def check(file: File, as_json: AsJson = False) -> None:
    """Say all that is wrong with a text, line by line; exit code 2 if anything is."""
    try:
        rule = load_own(_text(file))
    except RuleInvalid as error:
        show(dict(error.details), as_json=as_json, human=lambda: None)
        if not as_json:
            for mistake in error.mistakes:
                say(escape(str(mistake)))
        raise typer.Exit(2) from None
    show(
        {"name": rule.name, "title": rule.title, "problems": []},
        as_json=as_json,
        human=lambda: say(f"{rule.name} is a right rule: {escape(rule.title)}."),
    )


@rules.command("preview")
@told
def preview(file: File, business: Business = None, as_json: AsJson = False) -> None:
    """Say which questions a text would open, change or clear today; nothing is done."""
    command = PreviewRule(text=_text(file))

    async def work(session: Session) -> RulePreview:
        chosen = await choose(session, business)
        found: RulePreview = await session.door.execute(command, chosen.clerk)
        return found

    found = run(work)
    show(asdict(found), as_json=as_json, human=lambda: _tell(found))


@rules.command("publish")
@told
def publish(
    file: File,
    reason: Reason,
    version: Annotated[
        int | None, typer.Option("--version", help="The version that you changed; the newest if not given.")
    ] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Put a text in force; what it asks is asked at once."""
    text = _text(file)
    name = load_own(text).name

    async def work(session: Session) -> RuleView:
        chosen = await choose(session, business)
        seen = version
        if seen is None:
            listed: tuple[RuleView, ...] = await session.door.query(Rules(), chosen.clerk)
            seen = next((one.version for one in listed if one.name == name), 0)
        made: RuleView = await session.door.execute(PublishRule(text, reason, seen), chosen.clerk)
        await session.settle(chosen.business)
        return made

    _shown(run(work), as_json=as_json)


@rules.command("switch")
@told
def switch(
    name: Name,
    state: Annotated[str, typer.Argument(help="on or off.")],
    reason: Reason,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Switch a rule on or off; what it asked is cleared when it goes off."""
    if state not in ("on", "off"):
        raise Rejected("rule.switch", f"{state[:20]!r} is neither on nor off.", remedy="Say on or off.")
    _shown(_done(SwitchRule(name, state == "on", reason), business), as_json=as_json)


@rules.command("order")
@told
def order(
    name: Name,
    place: Annotated[int, typer.Argument(help="1 to 9,999, lower first; 1,000 unless said.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Say where a rule's questions come among those of its severity."""
    _shown(_done(OrderRule(name, place), business), as_json=as_json)


@rules.command("revert")
@told
def revert(
    name: Name,
    version: Annotated[int, typer.Argument(help="From munshi rules history.")],
    reason: Reason,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Publish an older version anew."""
    _shown(_done(RevertRule(name, version, reason), business), as_json=as_json)


@rules.command("withdraw")
@told
def withdraw(name: Name, reason: Reason, business: Business = None, as_json: AsJson = False) -> None:
    """Take your own text out of force; the shipped rule of that name judges again, or none."""
    _shown(_done(WithdrawRule(name, reason), business), as_json=as_json)


def _done(command: Any, business: str | None) -> RuleView:
    async def work(session: Session) -> RuleView:
        chosen = await choose(session, business)
        made: RuleView = await session.door.execute(command, chosen.clerk)
        await session.settle(chosen.business)
        return made

    return run(work)


def _in_full(name: str, business: str | None) -> RuleInFull:
    async def work(session: Session) -> RuleInFull:
        chosen = await choose(session, business)
        found: RuleInFull = await session.door.query(OneRule(name), chosen.clerk)
        return found

    return run(work)


def _shown(made: RuleView, *, as_json: bool) -> None:
    judges = "none is in force" if made.in_force is None else f"version {made.in_force or 'shipped'}"
    state = "on" if made.enabled else "off"
    show(asdict(made), as_json=as_json, human=lambda: say(f"{made.name}: {judges}, {state}."))


def _tell(found: RulePreview) -> None:
    if found.cut:
        say(f"[bold red]{escape(found.cut)}[/] It can't be published like this.")
        return
    counts = [(words, getattr(found, name)) for name, words in _STATES.items() if getattr(found, name)]
    table(("what", "questions"), counts, empty="Today it would change nothing.")
    for one in found.examples:
        say(f"  {one.becomes}: {escape(one.title)}")


def _remark(rule: RuleView) -> str:
    if not rule.enabled:
        return "switched off"
    if rule.in_force is None:
        return "withdrawn"
    if rule.problem:
        return f"rests: {rule.problem}"
    return "the shipped rule has changed since you overrode it" if rule.shipped_changed else ""


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Rejected("rule.not_text", f"{file} is no text.", remedy="Save it as UTF-8.") from None
    except FileNotFoundError:
        raise NotFound("file.not_found", f"There is no file {file}.") from None
