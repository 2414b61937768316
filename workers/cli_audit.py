"""`munshi audit`: whether the trail holds, whether it is still the one whose head was told, and taking it away."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kit.errors import Rejected
from ledger.audit_export.asking import begin
from ledger.audit_export.json_lines import json_lines
from ledger.audit_export.workbook import write_workbook
from ledger.commands.audit import NoteAuditVerified
from ledger.queries.audit import CheckHead, VerifyAudit
from ledger.views.audit import AuditHeadCheck, AuditSpanView, AuditVerdict
from workers.cli_output import AsJson, Business, err, say, show, told
from workers.cli_session import Chosen, Session, choose, run

audit = typer.Typer(help="The audit trail, hash-chained per business.", no_args_is_help=True)
_FORMS = {".jsonl": "jsonl", ".xlsx": "xlsx"}


@audit.command()
@told
def verify(
    full: Annotated[
        bool, typer.Option("--full", help="From the first entry, not from where it was verified last.")
    ] = False,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the chain behind the last checkpoint; exit code 1 if an entry was changed, removed or put in."""

    async def work(session: Session) -> tuple[str, AuditVerdict]:
        chosen = await choose(session, business)
        verdict: AuditVerdict = await session.door.query(VerifyAudit(full=full), chosen.clerk)
        if verdict.holds and verdict.entries > 1:  # the checkpoint itself is no news
            noted = NoteAuditVerified(verdict.sequence, verdict.head, verdict.entries, verdict.since)
            await session.door.execute(noted, chosen.clerk)
        return chosen.name, verdict

    name, verdict = run(work)
    result = {"business": name, **asdict(verdict), "words": verdict.words}

    def human() -> None:
        if not verdict.holds:
            say(f"[bold red]{escape(verdict.words)}[/] {verdict.entries:,} entries before it hold.")
        elif verdict.since:
            say(
                f"{verdict.entries:,} entries since entry {verdict.since:,}, verified before, hold. Head: {verdict.head}"
            )
        else:
            say(f"All {verdict.entries:,} entries hold. Head: {verdict.head}")

    show(result, as_json=as_json, human=human)
    if not verdict.holds:
        raise typer.Exit(1)


@audit.command()
@told
def check(
    head: Annotated[str, typer.Argument(help="The hash as the chat told it, 16 digits or more.")],
    entry: Annotated[int, typer.Argument(help="The number of the entry that it is of.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Compare a head that was noted outside with the chain; exit code 1 if the trail was rewritten since."""

    async def work(session: Session) -> tuple[str, AuditHeadCheck]:
        chosen = await choose(session, business)
        return chosen.name, await session.door.query(CheckHead(head, entry), chosen.clerk)

    name, found = run(work)
    holds = found.stands and found.verdict.holds
    result = {"business": name, "holds": holds, **asdict(found)}

    def human() -> None:
        if holds:
            say(f"Entry {entry:,} is the one that was told, and all up to it hold.")
        elif not found.verdict.holds:
            say(f"[bold red]{escape(found.verdict.words)}[/]")
        elif found.hash is None:
            say(f"[bold red]There is no entry {entry:,} any more.[/]")
        else:
            say(f"[bold red]Entry {entry:,} isn't the one that was told:[/] its hash is {found.hash}")

    show(result, as_json=as_json, human=human)
    if not holds:
        raise typer.Exit(1)


@audit.command()
@told
def export(
    file: Annotated[
        Path, typer.Argument(help="Where to: .jsonl (verifiable without us) or .xlsx (to read).")
    ],
    since: Annotated[
        str | None, typer.Option(help="First day, YYYY-MM-DD; without it, from the first entry.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last day; without it, to the last entry.")] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Write the trail of a period to a file."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise Rejected(
            "audit.form",
            f"{file.name[:60]!r} tells no form.",
            remedy="Call it something.jsonl or something.xlsx.",
        )
    days = _day(since), _day(until)

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        with _progress() as progress:
            step = progress.add_task("Entries", total=None)
            part = file.with_name(file.name + ".part")
            try:
                span = await _write(session, chosen, form, part, days, progress, step)
                os.replace(part, file)
            finally:
                part.unlink(missing_ok=True)
        return {
            "business": chosen.name, "file": str(file), "entries": span.entries, "first": span.first, "last": span.last,
            "head": span.head, "bytes": file.stat().st_size,
        }  # fmt: skip

    result = run(work)
    show(
        result,
        as_json=as_json,
        human=lambda: say(
            f"{result['entries']:,} entries are in {escape(str(file))}. Head of entry {result['last']:,}: {result['head']}"
        ),
    )


async def _write(
    session: Session,
    chosen: Chosen,
    form: str,
    part: Path,
    days: tuple[date | None, date | None],
    progress: Progress,
    step: TaskID,
) -> AuditSpanView:
    since, until = days
    if form == "xlsx":

        def watch(done: int, of: int) -> None:
            progress.update(step, completed=done, total=of)

        return await write_workbook(session.door, chosen.clerk, part, since=since, until=until, watch=watch)
    span = await begin(session.door, chosen.clerk, "jsonl", since, until)
    progress.update(step, total=span.entries)
    pieces: AsyncIterator[tuple[int, bytes]] = json_lines(session.door, chosen.clerk, span)
    with part.open("wb") as out:
        async for count, piece in pieces:
            out.write(piece)
            progress.advance(step, count)
    return span


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise Rejected("audit.day", f"{(text or '')[:30]!r} is no day.", remedy="Write YYYY-MM-DD.") from None


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip
