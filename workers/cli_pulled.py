"""Commands about sources that we read ourselves: credentials, settings, reading now, reading further back, write-back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape

from connectors.contract import Manifest, load_manifest
from ingest.connecting import backfill_of, change_of, credentials_of, pull_of
from kit.errors import NotFound, Rejected
from kit.settings import settings
from ledger.commands import ChangeSource, RenewSeals
from ledger.domain.roles import system
from ledger.queries import OwnBusiness, Streams, WriteBacks
from ledger.queries import Sources as AskSources
from ledger.views import SourceView, StreamView, WriteBackView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import CLERK, Chosen, Session, business_names, choose, run
from workers.cli_sources import options, source
from workers.puller import pull as visit

Name = Annotated[str, typer.Argument(help="The source, like payment:razorpay.")]
secrets = typer.Typer(help="How secrets are kept at rest.", no_args_is_help=True)


@source.command("credentials")
@told
def credentials(
    name: Name,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read a JSON object from standard input instead of asking.")
    ] = False,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Give what our own calls to the vendor need. Sealed at once, never shown again, then the source is read."""

    async def work(session: Session) -> tuple[str, ...]:
        chosen, _, manifest = await _find(session, business, name)
        given = _from_stdin() if stdin else _asked(manifest)
        held: tuple[str, ...] = await session.door.execute(
            credentials_of(manifest, name, given), chosen.clerk
        )
        return held

    held = run(work)
    show(
        {"name": name, "credentials": list(held)},
        as_json=as_json,
        human=lambda: say(f"[bold]{escape(name)}[/] has {', '.join(held)}. It is read within a minute."),
    )


def _asked(manifest: Manifest) -> dict[str, str]:
    if manifest.api is None:
        return {}
    say(f"What {escape(manifest.label)} gave you (an empty line leaves it as it is):")
    given = {
        name: typer.prompt(f"  {name}", default="", hide_input=True, show_default=False)
        for name in manifest.api.credentials
    }
    return {name: value for name, value in given.items() if value}


def _from_stdin() -> dict[str, str]:
    try:
        found = orjson.loads(sys.stdin.buffer.read())
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Rejected("source.credentials", "Standard input must hold a JSON object of texts.")
    return found


@source.command("set")
@told
def change(
    name: Name,
    setting: Annotated[
        list[str] | None, typer.Argument(help="name=value, several; name= takes one out.", show_default=False)
    ] = None,
    label: Annotated[str | None, typer.Option(help="How people call it.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
    write_back: Annotated[
        bool | None,
        typer.Option("--write-back/--no-write-back", help="Show what is owed on the CRM's records."),
    ] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Change a source's settings, its label, its switch, or whether our state is written back to it."""
    changed = {key: None if value == "" else value for key, value in options(setting or []).items()}

    async def work(session: Session) -> tuple[str, ...]:
        chosen, _, manifest = await _find(session, business, name)
        command = ChangeSource(name, enabled=on, write_back=write_back, label=label, settings=changed)
        development = settings().munshi_env == "development"
        names: tuple[str, ...] = await session.door.execute(
            change_of(manifest, command, development=development), chosen.clerk
        )
        return names

    names = run(work)
    show({"name": name, "settings": list(names)}, as_json=as_json, human=lambda: say("Changed."))


@source.command("show")
@told
def show_source(name: Name, business: Business = None, as_json: AsJson = False) -> None:
    """Show how the reading of each stream of a source stands, and what is wrong."""

    async def work(
        session: Session,
    ) -> tuple[SourceView, Manifest, tuple[StreamView, ...], WriteBackView | None]:
        chosen, view, manifest = await _find(session, business, name)
        written: dict[str, WriteBackView] = await session.door.query(WriteBacks((name,)), chosen.clerk)
        return view, manifest, await session.door.query(Streams(name), chosen.clerk), written.get(name)

    view, manifest, streams, written = run(work)
    result = {
        "name": view.name, "state": view.state, "problem": view.problem, "silent_since": view.silent_since, "write_back": view.write_back,
        "records": None if written is None else asdict(written),
        "streams": [
            {"stream": s.stream, "lane": s.lane, "read_until": s.read_until, "goal": s.goal, "window_to": s.window_to,
             "due_at": s.due_at, "reading": s.reading, "pages": s.pages, "items": s.items, "failures": s.failures,
             "problem": s.problem}
            for s in streams
        ],
    }  # fmt: skip

    def human() -> None:
        say(f"[bold]{escape(view.name)}[/] ({escape(view.label)}): {view.state}"
            + (" · written back" if view.write_back else ""))  # fmt: skip
        if view.silent_since:
            say(
                f"It has not called since {_moment(view.silent_since)}, longer than usual; it is read meanwhile."
            )
        if view.problem:
            say(f"[bold red]{escape(view.problem)}[/]")
        if written is not None:
            say(f"Records: {written.sent:,} show our state · {written.waiting:,} waiting"
                + (f" · {written.stopped:,} held by the switch" if written.stopped else "")
                + (f" · [bold red]{written.refused:,} refused[/]" if written.refused else "")
                + (f": {escape(written.problem)}" if written.problem else ""))  # fmt: skip
        table(
            ("stream", "read", "next", "pages", "items", "problem"),
            [(s.stream if s.lane == "live" else f"{s.stream} ({_LANES[s.lane]})", _read(s), _next(s), f"{s.pages:,}",
              f"{s.items:,}", s.problem or "") for s in streams],
            empty="Nothing of it is read by ourselves: it sends, or takes files."
            if manifest.api is None
            else f"Not read yet. It needs its credentials: munshi source credentials {view.name}",
        )  # fmt: skip

    show(result, as_json=as_json, human=human)


_LANES = {"backfill": "further back", "wanted": "one by one"}


def _read(stream: StreamView) -> str:
    if stream.lane == "wanted":
        return f"{_moment(stream.done_at)}" if stream.done_at else "when one is named"
    if stream.lane == "backfill":
        if stream.window_to is None:
            return f"all since {_moment(stream.goal)}"
        return f"back to {_moment(stream.window_to)}, until {_moment(stream.goal)}"
    return (
        f"until {_moment(stream.read_until)}"
        if stream.read_until
        else "first reading"
        if stream.reading
        else "not yet"
    )


def _next(stream: StreamView) -> str:
    return "now" if stream.reading else _moment(stream.due_at) if stream.due_at else "–"


def _moment(at: datetime | None) -> str:
    return at.astimezone().strftime("%d %b %Y %H:%M") if at else "–"


@source.command("pull")
@told
def pull(
    name: Name,
    stream: Annotated[list[str] | None, typer.Option(help="Only these streams.")] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Read a source now instead of at its next turn."""

    async def work(session: Session) -> dict[str, Any]:
        chosen, _, manifest = await _find(session, business, name)
        due = await session.door.execute(pull_of(manifest, name, stream or ()), chosen.clerk)
        if not session.alone:
            return {"due": due, "read": False}
        done = await visit(session.door, chosen.business, name)
        await session.settle(chosen.business)
        return {"due": due, "read": True, "pages": done.pages, "items": done.items, "added": done.added,
                "problems": list(done.errors)}  # fmt: skip

    result = run(work)

    def human() -> None:
        if not result["read"]:
            say("It is read within a minute; munshi source show tells how it went.")
            return
        say(f"{result['pages']:,} pages read · {result['added']:,} facts new")
        for problem in result["problems"]:
            say(f"[bold red]{escape(problem)}[/]")

    show(result, as_json=as_json, human=human)


@source.command("backfill")
@told
def backfill(
    name: Name,
    since: Annotated[str, typer.Option(help="The first day, YYYY-MM-DD.")],
    until: Annotated[str | None, typer.Option(help="The last day; today if not given.")] = None,
    stream: Annotated[list[str] | None, typer.Option(help="Only these streams.")] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Read a source further back, the newest first; it goes on where it stopped, whatever happens."""

    async def work(session: Session) -> tuple[str, ...]:
        chosen, _, manifest = await _find(session, business, name)
        command = backfill_of(
            manifest,
            name,
            streams=stream or (),
            since=_day(since),
            until=None if until is None else _day(until),
            timezone=await _timezone(session, chosen),
        )
        begun: tuple[str, ...] = await session.door.execute(command, chosen.clerk)
        return begun

    begun = run(work)
    show(
        {"name": name, "streams": list(begun)},
        as_json=as_json,
        human=lambda: say(
            f"Reading {', '.join(begun)} back to {since}; munshi source show tells how far it is."
        ),
    )


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Rejected("backfill.day", f"{value[:30]!r} is no day.", remedy="Write YYYY-MM-DD.") from None


async def _timezone(session: Session, chosen: Chosen) -> str:
    firm = await session.door.query(OwnBusiness(), chosen.clerk)
    return str(firm.timezone)


async def _find(session: Session, business: str | None, name: str) -> tuple[Chosen, SourceView, Manifest]:
    chosen = await choose(session, business)
    found: tuple[SourceView, ...] = await session.door.query(AskSources(), chosen.clerk)
    view = next((one for one in found if one.name == name), None)
    if view is None:
        raise NotFound(
            "source.unknown", f"There is no source {name[:60]!r}.", remedy="See munshi source list."
        )
    manifest = load_manifest(view.connector)
    return chosen, view, manifest


@secrets.command("rotate")
@told
def rotate(as_json: AsJson = False) -> None:
    """Seal every secret again with the first key of MUNSHI_SECRET_KEY; then the keys behind it can be taken out."""

    async def work(session: Session) -> int:
        renewed = 0
        for business_id in await business_names(session.door):
            renewed += await session.door.execute(RenewSeals(), system(business_id, CLERK))
        return renewed

    renewed = run(work)
    show(
        {"sources": renewed},
        as_json=as_json,
        human=lambda: say(f"The secrets of {renewed} sources are sealed anew."),
    )
