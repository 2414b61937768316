"""Commands about sources: connecting them, and importing files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.contract import Inbound, connector_names, load_manifest
from ingest.connecting import new_source
from ingest.door import Appender
from ingest.files import ImportSummary, import_file
from ingest.sources import Sources
from kit.clock import system_clock
from kit.errors import Rejected
from kit.money import format_minor
from kit.sealing import process_seal
from kit.settings import settings
from ledger.commands import NewSource, RotateSourceSecret
from ledger.queries import Sources as AskSources
from ledger.views import SourceView
from workers.cli_output import AsJson, Business, err, say, show, table, told
from workers.cli_session import Session, choose, run
from workers.template import template_for

source = typer.Typer(help="Where news of money comes from.", no_args_is_help=True)
_SHOWN = 20

Secret = Annotated[
    str | None, typer.Option(help="The signing secret, where the vendor gives it; else one is made.")
]


@source.command("kinds")
@told
def kinds(as_json: AsJson = False) -> None:
    """List the kinds of sources that can be connected."""
    found = [load_manifest(name) for name in connector_names()]
    rows = [
        {
            "connector": m.name,
            "family": m.family,
            "label": m.label,
            "via": list(m.via),
            "versions": list(m.versions),
        }
        for m in found
    ]
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            ("connector", "a source is called", "what", "by"),
            [(m.name, f"{m.family}:…", m.label, ", ".join(m.via)) for m in found],
            empty="None.",
        ),
    )


@source.command("add")
@told
def add(
    name: Annotated[str, typer.Argument(help="family:name, like payment:razorpay or bank:icici.")],
    connector: Annotated[str | None, typer.Option(help="Its kind, if the name doesn't say it.")] = None,
    label: Annotated[str | None, typer.Option(help="How people call it.")] = None,
    secret: Secret = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value, several times.")] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Connect a source; prints the address of its webhook and its secret, once."""
    command = new_source(
        name,
        connector=connector,
        label=label,
        settings=options(setting or []),
        secret=secret,
        development=settings().munshi_env == "development",
    )
    manifest = load_manifest(command.connector)

    async def work(session: Session) -> NewSource:
        chosen = await choose(session, business)
        made: NewSource = await session.door.execute(command, chosen.clerk)
        return made

    made = run(work)
    hooked = "webhook" in manifest.via
    address = f"{settings().public_url}/ingest/{made.key}"
    result = {
        "name": made.name,
        "connector": manifest.name,
        "address": address if hooked else None,
        "secret": made.secret,
    }

    def human() -> None:
        say(f"[bold]{escape(made.name)}[/] is connected.")
        if hooked:
            say(f"Webhook address: [bold]{escape(address)}[/]")
        if made.secret:
            say(f"Signing secret:  [bold]{escape(made.secret)}[/]  (not shown again)")
        elif manifest.needs_secret:
            say(f"It signs with a secret. Give it: munshi source rotate {escape(made.name)} --secret …")
        if "file" in manifest.via:
            say(f"Import a file: munshi import FILE --source {escape(made.name)}")
        if manifest.api is not None:
            missing = [each for each in manifest.api.settings if not command.settings.get(each)]
            if missing:
                told_settings = " ".join(f"{each}=…" for each in missing)
                say(f"It can't be read without: munshi source set {escape(made.name)} {told_settings}")
            say(
                f"To have it read by itself, give it {', '.join(manifest.api.credentials)}:"
                f" munshi source credentials {escape(made.name)}"
            )

    show(result, as_json=as_json, human=human)


def options(given: list[str]) -> dict[str, Any]:
    """Read name=value pairs; a value that is JSON is taken as such, any other as text."""
    found_options: dict[str, Any] = {}
    for item in given:
        name, found, value = item.partition("=")
        if not found or not name:
            raise Rejected("source.setting", f"{item[:60]!r} is not name=value.")
        try:
            found_options[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found_options[name] = value
        if name == "account" or (value.isdigit() and len(value) > 5):  # digits of an id, but no number
            found_options[name] = value
    return found_options


@source.command("list")
@told
def list_sources(business: Business = None, as_json: AsJson = False) -> None:
    """List the sources and how fresh each is."""

    async def work(session: Session) -> tuple[SourceView, ...]:
        chosen = await choose(session, business)
        found: tuple[SourceView, ...] = await session.door.query(AskSources(), chosen.clerk)
        return found

    found = run(work)
    rows = [
        {
            "name": s.name, "connector": s.connector, "label": s.label, "state": s.state, "events": s.events,
            "duplicates": s.duplicates, "quarantined": s.quarantined, "last_delivery_at": s.last_delivery_at,
            "covered_until": s.covered_until,
        }
        for s in found
    ]  # fmt: skip
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            ("source", "what", "state", "events", "known already", "not readable", "last news"),
            [
                (s.name, s.label, s.state, f"{s.events:,}", f"{s.duplicates:,}", f"{s.quarantined:,}",
                 s.last_delivery_at.astimezone().strftime("%d %b %H:%M") if s.last_delivery_at else "never")
                for s in found
            ],
            empty="No source yet. munshi source add payment:razorpay",
        ),
    )  # fmt: skip


@source.command("rotate")
@told
def rotate(
    name: Annotated[str, typer.Argument(help="The source.")],
    secret: Secret = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Put a new signing secret first; the previous one stays valid for what is on its way."""

    async def work(session: Session) -> str:
        chosen = await choose(session, business)
        fresh: str = await session.door.execute(RotateSourceSecret(name=name, secret=secret), chosen.clerk)
        return fresh

    fresh = run(work)
    result = {"name": name, "secret": fresh}
    show(
        result,
        as_json=as_json,
        human=lambda: say(f"New signing secret: [bold]{escape(fresh)}[/]  (not shown again)"),
    )


@told
def import_(
    file: Annotated[Path, typer.Argument(help="A bank statement, or the canonical spreadsheet.")],
    source: Annotated[
        str, typer.Option("--source", "-s", help="Whose it is: bank:icici, books:spreadsheet …")
    ],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Import a file and say what was added, what was known already, and what couldn't be read and why."""
    body = _read(file)

    async def work(session: Session) -> ImportSummary:
        chosen = await choose(session, business)
        sources = Sources(session.door.engine, seal=process_seal)
        found = await sources.by_name(chosen.business, source)
        with _progress() as progress:
            step = progress.add_task(f"Reading {file.name}", total=None)
            inbound = Inbound(body=body, filename=file.name)
            summary = await import_file(
                Appender(session.door.engine), found, inbound,
                via="file", now=session.door.clock(), max_bytes=settings().max_file_bytes,
            )  # fmt: skip
            progress.update(step, description="Working out who owes what")
            await session.settle(chosen.business)
        return summary

    summary = run(work)
    result = {
        "file": file.name, "source": source, "added": summary.added, "known": summary.known,
        "rewritten": summary.rewritten, "ignored": summary.ignored, "ahead": summary.ahead, "facts": dict(summary.facts),
        "unreadable": [{"where": u.where, "code": u.code, "reason": u.reason} for u in summary.unreadable],
    }  # fmt: skip
    show(result, as_json=as_json, human=lambda: _tell_import(summary))
    if summary.unreadable and not (summary.added or summary.known or summary.rewritten):
        raise typer.Exit(2)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > settings().max_file_bytes:
            raise Rejected(
                "file.too_large", f"{file.name} is larger than {settings().max_file_bytes // 1024} KB.",
                remedy="Split it, or export a shorter period.",
            )  # fmt: skip
        return file.read_bytes()
    except OSError as error:
        raise Rejected("file.unreadable", f"{file} can't be read: {error.strerror}.") from None


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip


def _tell_import(summary: ImportSummary) -> None:
    say(f"[bold green]{summary.added:,} added[/] · {summary.known:,} known already"
        + (f" · {summary.rewritten:,} changed" if summary.rewritten else "")
        + (f" · {summary.ignored:,} without bearing on money" if summary.ignored else ""))  # fmt: skip
    if summary.ahead:
        say(f"[bold red]{summary.ahead:,} dated in the future[/]: kept, and not counted.")
    for name, value in summary.facts.items():
        told_value = _fact(name, value, str(summary.facts.get("currency", "INR")))
        if told_value:
            say(f"  {escape(name.replace('_', ' '))}: {escape(told_value)}")
    if not summary.unreadable:
        return
    say(f"[bold red]{len(summary.unreadable):,} not readable[/] (kept, and counted in munshi source list):")
    for part in summary.unreadable[:_SHOWN]:
        say(f"  {escape(part.where or 'the file')}: {escape(part.reason)}")
    if len(summary.unreadable) > _SHOWN:
        say(f"  … and {len(summary.unreadable) - _SHOWN:,} more (--json lists all)")


def _fact(name: str, value: Any, currency: str) -> str:
    """Say a connector's fact about the file; empty where there is nothing to say, or a shorter form beside it."""
    if name == "account":  # its last digits stand beside it
        return ""
    if name in ("opening", "closing") and isinstance(value, int):
        return format_minor(value, currency)
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {count}" for key, count in value.items())
        case list() | tuple():
            return ", ".join(map(str, value))
    return "" if value is None else str(value)


@told
def template(
    file: Annotated[Path, typer.Argument(help="bills.xlsx or bills.csv")],
) -> None:
    """Write the empty spreadsheet of open bills, opening balances and parties to fill in."""
    body = template_for(file.name, now=system_clock())
    try:
        with file.open("xb") as target:
            target.write(body)
    except FileExistsError:
        raise Rejected("template.exists", f"{file} exists.", remedy="Choose another name.") from None
    say(f"Fill in {escape(str(file))}, then: munshi import {escape(str(file))} --source books:spreadsheet")
