"""Commands about outgoing webhooks: who is told what happens, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from kit.errors import NotFound, Rejected
from ledger.commands.webhooks import (
    AddWebhook,
    ChangeWebhook,
    NewWebhook,
    RemoveWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    TestWebhook,
)
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.domain.told import EVENTS
from ledger.queries.webhooks import Webhooks, WebhookTries
from ledger.views.webhooks import WebhookTryPage, WebhookView
from workers import teller
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Chosen, Session, choose, run

webhook = typer.Typer(help="Programs that are told what happens.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="Its name, or its id or an end of it.")]


@webhook.command()
@told
def add(
    url: Annotated[str, typer.Argument(help="Where to: https://…")],
    label: Annotated[str, typer.Option(help="What it is called; without it, its host.")] = "",
    event: Annotated[
        list[str] | None, typer.Option(help=f"Of what; without it, everything: {', '.join(EVENTS)}.")
    ] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Tell an address what happens from now on; prints the secret that it verifies by, this once."""

    async def work(session: Session, chosen: Chosen) -> dict[str, Any]:
        made: NewWebhook = await session.door.execute(
            AddWebhook(url, label, tuple(event or ())), chosen.clerk
        )
        return {"id": made.id, "secret": made.secret}

    result = _run(work, business)

    def human() -> None:
        say(f"It is told from now on ({result['id']}).")
        say(f"Secret, shown this once: [bold]{escape(result['secret'])}[/]")
        say("Next: munshi webhook test " + escape(str(result["id"])[-8:]))

    show(result, as_json=as_json, human=human)


@webhook.command("list")
@told
def list_webhooks(business: Business = None, as_json: AsJson = False) -> None:
    """List who is told, and how it fares."""

    async def work(session: Session, chosen: Chosen) -> list[dict[str, Any]]:
        found: tuple[WebhookView, ...] = await session.door.query(Webhooks(), chosen.clerk)
        return [dataclasses.asdict(one) for one in found]

    rows = _run(work, business)
    columns = ("id", "label", "url", "events", "state", "behind")
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            columns,
            [(r["id"], r["label"], r["url"], ", ".join(r["events"]), _state(r), r["behind"]) for r in rows],
            empty="Nobody is told. Add one: munshi webhook add https://…",
        ),
    )


@webhook.command()
@told
def tries(
    which: Which,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were not taken.")] = False,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """List the last calls to it, newest first: status, how long each took, what went wrong."""

    async def work(session: Session, chosen: Chosen) -> list[dict[str, Any]]:
        one = await _named(session.door, chosen.clerk, which)
        page: WebhookTryPage = await session.door.query(
            WebhookTries(one.id, failed_only=failed), chosen.clerk
        )
        return [dataclasses.asdict(row) for row in page.rows]

    rows = _run(work, business)
    columns = ("at", "event", "sequence", "because", "number", "status", "took", "error", "message")
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            columns,
            [(f"{r['at'].astimezone():%d %b %H:%M:%S}", *(r[c] for c in columns[1:])) for r in rows],
            empty="It was never called.",
        ),
    )


@webhook.command()
@told
def rotate(
    which: Which,
    keep_hours: Annotated[int, typer.Option(help="How long the former secret signs too.")] = 24,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Sign with a new secret; prints it, this once."""

    async def work(session: Session, chosen: Chosen) -> dict[str, Any]:
        one = await _named(session.door, chosen.clerk, which)
        secret = await session.door.execute(RotateWebhookSecret(one.id, keep_hours), chosen.clerk)
        return {"id": one.id, "secret": secret}

    result = _run(work, business)
    show(
        result,
        as_json=as_json,
        human=lambda: say(f"Secret, shown this once: [bold]{escape(result['secret'])}[/]"),
    )


@webhook.command("test")
@told
def send_test(which: Which, business: Business = None, as_json: AsJson = False) -> None:
    """Send a test event now, and say what came back; exit code 1 if it wasn't taken."""

    async def work(session: Session, chosen: Chosen) -> dict[str, Any]:
        one = await _named(session.door, chosen.clerk, which)
        message = await session.door.execute(TestWebhook(one.id), chosen.clerk)
        await teller.tell(session.door, chosen.business, one.id)
        page: WebhookTryPage = await session.door.query(WebhookTries(one.id), chosen.clerk)
        found = [row for row in page.rows if row.message == message]
        return dataclasses.asdict(found[0]) if found else {"message": message, "error": "webhook.on_its_way"}

    result = _run(work, business)

    def human() -> None:
        if result["error"] is None:
            say(f"It answered {result['status']} after {result['took']} ms.")
        elif "took" in result:
            say(f"[bold red]It wasn't taken[/]: {escape(result['error'])} after {result['took']} ms.")
        else:
            say("A worker is telling it just now: see munshi webhook tries.")

    show(result, as_json=as_json, human=human)
    if result["error"] is not None and "took" in result:
        raise typer.Exit(1)


@webhook.command()
@told
def replay(
    which: Which,
    sequence: Annotated[int | None, typer.Option(help="One message, by its audit entry.")] = None,
    after: Annotated[int | None, typer.Option(help="All behind this audit entry, in order.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="All from this moment on (UTC).", formats=["%Y-%m-%dT%H:%M:%S%z"])
    ] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Tell again: one message, or in order all from a place or a moment on."""

    async def work(session: Session, chosen: Chosen) -> dict[str, Any]:
        one = await _named(session.door, chosen.clerk, which)
        command = ReplayWebhook(one.id, sequence=sequence, after=after, since=since)
        place = await session.door.execute(command, chosen.clerk)
        if session.alone:
            await teller.tell(session.door, chosen.business, one.id)
        return {"id": one.id, "sequence": place}

    result = _run(work, business)
    what = "It is told again" if sequence is not None else "It goes on behind audit entry"
    show(result, as_json=as_json, human=lambda: say(f"{what} {result['sequence']}."))


@webhook.command()
@told
def switch(
    which: Which,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether it is told.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Switch it on or off; switched on again, it goes on where it stood."""

    async def work(session: Session, chosen: Chosen) -> dict[str, Any]:
        one = await _named(session.door, chosen.clerk, which)
        await session.door.execute(ChangeWebhook(one.id, enabled=on), chosen.clerk)
        return {"id": one.id, "enabled": on}

    result = _run(work, business)
    show(result, as_json=as_json, human=lambda: say("It is told again." if on else "It isn't told any more."))


@webhook.command()
@told
def remove(which: Which, business: Business = None, as_json: AsJson = False) -> None:
    """Forget it, with its secrets and the list of its tries."""

    async def work(session: Session, chosen: Chosen) -> dict[str, Any]:
        one = await _named(session.door, chosen.clerk, which)
        await session.door.execute(RemoveWebhook(one.id), chosen.clerk)
        return {"id": one.id, "label": one.label}

    result = _run(work, business)
    show(result, as_json=as_json, human=lambda: say(f"{escape(result['label'])} is forgotten."))


def _run(work: Callable[[Session, Chosen], Awaitable[Any]], business: str | None) -> Any:
    async def go(session: Session) -> Any:
        return await work(session, await choose(session, business))

    return run(go)


async def _named(door: Door, clerk: Actor, which: str) -> WebhookView:
    found: tuple[WebhookView, ...] = await door.query(Webhooks(), clerk)
    fits = [
        one
        for one in found
        if which.casefold() == one.label.casefold()
        or str(one.id).startswith(which)
        or str(one.id).endswith(which)
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise Rejected("webhook.which", f"{len(fits)} webhooks fit.", remedy="Give the whole id.")
    raise NotFound("webhook.unknown", "There is no such webhook.", remedy="See munshi webhook list.")


def _state(row: dict[str, Any]) -> str:
    if not row["enabled"]:
        return f"off ({row['off_because']})"
    return f"failing since {row['failing_since'].astimezone():%d %b %H:%M}" if row["failures"] else "told"
