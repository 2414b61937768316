"""`munshi replay`: read what sources sent once more, by what we know today; a dry run, unless told to apply."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ingest.replay import CHANGES, Outcome, Watch
from ingest.replay import replay as read_again
from kit.errors import Rejected
from kit.settings import settings
from ledger.commands import RebuildBusiness, ReplayScope
from ledger.queries import OwnBusiness
from workers.cli_output import AsJson, Business, err, say, show, table, told
from workers.cli_session import Session, choose, run

_KINDS = {
    "changed": "events that are read otherwise",
    "restored": "events that count again",
    "withdrawn": "events that are not said any more",
    "added": "events that are new",
    "rewritten": "events that another delivery had told otherwise",
    "understood": "parts that couldn't be read, and can be now",
}


@told
def replay(
    source: Annotated[
        str, typer.Option(help="payment:razorpay, or books: for all books; all if not given.")
    ] = "",
    event_type: Annotated[
        str, typer.Option("--type", help="Only events of this type, like invoice.issued.")
    ] = "",
    since: Annotated[str | None, typer.Option(help="Received from this day on, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option(help="Received until this day.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Only what couldn't be read.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Write it; without it nothing is written.")] = False,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Read deliveries of the past again by today's connectors and words, and say what changes."""

    async def work(session: Session) -> Outcome:
        chosen = await choose(session, business)
        firm = await session.door.query(OwnBusiness(), chosen.clerk)
        scope = ReplayScope(
            source,
            event_type,
            since=_day(since, firm.timezone),
            until=_day(until, firm.timezone, days=1),
            quarantine=quarantine,
        )
        with _progress() as progress:
            step = progress.add_task("Reading again", total=None)

            def watch(seen: Watch) -> None:
                progress.update(step, total=seen.deliveries, completed=seen.done)

            outcome = await read_again(
                session.door,
                chosen.clerk,
                scope,
                apply=apply,
                database_url=settings().database_url,
                watch=watch,
            )
        if apply:
            await session.settle(chosen.business)
        return outcome

    outcome = run(work)
    result = {
        "applied": outcome.applied, "resumed": outcome.resumed, "counts": dict(outcome.counts),
        "examples": outcome.examples, "rows": None if outcome.rows is None else dict(outcome.rows),
    }  # fmt: skip
    show(result, as_json=as_json, human=lambda: _tell(outcome))


def _tell(outcome: Outcome) -> None:
    counts = outcome.counts
    say(f"{counts['events']:,} events of {counts['deliveries']:,} deliveries read again"
        + (", going on where the last replay stopped." if outcome.resumed else "."))  # fmt: skip
    table(
        ("what", "how many"),
        [(_KINDS[kind], f"{counts[kind]:,}") for kind in CHANGES if counts[kind]],
        empty="All of it reads as before." if not counts["refused"] else "",
    )
    for kind, examples in outcome.examples.items():
        for example in examples:
            say(f"  {_KINDS.get(kind, kind)}: {escape(example)}")
    for kind, what in (
        ("kept", "stay, though they can't be read today"),
        ("refused", "are refused by the store"),
    ):
        if counts[kind]:
            say(f"[bold red]{counts[kind]:,}[/] {what}.")
    if outcome.rows:
        table(("table", "rows that would change"), sorted(outcome.rows.items()), empty="")
    if outcome.changes and not outcome.applied:
        say("Nothing was written. To write it: the same with --apply")


@told
def rebuild(
    business: Business = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write what differs; without it nothing is written.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fold the whole log anew and compare it with what is stored. A dry run, unless told to apply."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        rebuilt = await session.door.execute(RebuildBusiness(apply=apply), chosen.clerk)
        differing = {name: count for name, count in rebuilt.differing.items() if count}
        return {"business": chosen.name, "events": rebuilt.events, "differing": differing, "applied": apply}

    result = run(work)

    def human() -> None:
        say(f"{result['events']:,} events refolded.")
        rows = sorted(result["differing"].items())
        table(("table", "rows that differ"), rows, empty="The stored state is what the log says.")
        if rows and not apply:
            say("Nothing was written. To write it: munshi rebuild --apply")

    show(result, as_json=as_json, human=human)


def _day(value: str | None, timezone: str, *, days: int = 0) -> datetime | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) + timedelta(days=days)
    except ValueError:
        raise Rejected("replay.day", f"{value[:30]!r} is no day.", remedy="Write YYYY-MM-DD.") from None
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip
