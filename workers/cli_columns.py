"""Confirming the columns of a bank's tables: what they seem to be, what the owner says they are, and reading what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from connectors.bank.columns import NAMES, Guess, check_columns
from connectors.bank.formats import guess_columns
from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import ImportSummary, import_file
from ingest.replay import replay
from ingest.sources import Sources
from kit.errors import NotFound, Rejected
from kit.sealing import process_seal
from kit.settings import settings
from ledger.commands import ConfirmColumns, ReplayScope
from ledger.queries import WaitingFiles
from ledger.views import WaitingFile
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run

UNKNOWN = "bank.columns_unknown"
_SHOWN = 3
_Waiting = tuple[WaitingFile, Guess]


@told
def columns(
    name: Annotated[str, typer.Argument(help="The source, like bank:kaveri.")],
    fingerprint: Annotated[
        str | None, typer.Option(help="Which table, if files with several headings wait.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="role=column, by number from 1 or by heading; role= for none. Several times."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm it, and read the files that wait.")] = False,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Show what the columns of a waiting bank file seem to be; confirm them once, and it is read."""

    async def work(session: Session) -> tuple[_Waiting, dict[str, Any], list[ImportSummary]]:
        chosen = await choose(session, business)
        files: Sequence[WaitingFile] = await session.door.query(WaitingFiles(name, UNKNOWN), chosen.clerk)
        waiting = _picked(files, name, fingerprint)
        guess = waiting[0][1]
        confirmed = _wished(guess, setting or [])
        if not yes:
            return waiting[0], confirmed, []
        check_columns(confirmed, width=len(guess.headings))
        await session.door.execute(ConfirmColumns(name, guess.fingerprint, confirmed), chosen.clerk)
        source = await Sources(session.door.engine, seal=process_seal).by_name(chosen.business, name)
        read = [
            await import_file(
                Appender(session.door.engine), source, Inbound(file.body, filename=file.filename),
                via="file", now=session.door.clock(), max_bytes=settings().max_file_bytes,
            )
            for file, _ in reversed(waiting)
        ]  # fmt: skip
        await replay(
            session.door, chosen.clerk, ReplayScope(name, quarantine=True), apply=True
        )  # settles what waited
        await session.settle(chosen.business)
        return waiting[0], confirmed, read

    (file, guess), confirmed, read = run(work)
    result = {
        "source": name, "file": file.filename, "fingerprint": guess.fingerprint, "rows": guess.rows,
        "proved_by_balance": guess.is_proved, "confirmed": yes,
        "columns": {role: value + 1 if isinstance(value, int) else value for role, value in confirmed.items()},
        "headings": list(guess.headings), "added": sum(one.added for one in read),
        "unreadable": [
            {"where": part.where, "code": part.code, "reason": part.reason} for one in read for part in one.unreadable
        ],
    }  # fmt: skip
    show(result, as_json=as_json, human=lambda: _tell(name, guess, confirmed, read))


def _picked(files: Sequence[WaitingFile], source: str, fingerprint: str | None) -> list[_Waiting]:
    """Return the newest waiting files of one heading; Rejected if there are several headings and none was named."""
    found = [(file, guess) for file in files if (guess := guess_columns(file.body)) is not None]
    if fingerprint is not None:
        found = [(file, guess) for file, guess in found if guess.fingerprint == fingerprint]
    if not found:
        raise NotFound(
            "columns.none_waiting",
            f"No file of {source[:60]} waits for its columns.",
            remedy=f"Import one first: munshi import FILE --source {source[:60]}",
        )
    names = list(dict.fromkeys(guess.fingerprint for _, guess in found))
    if len(names) > 1:
        raise Rejected(
            "columns.which",
            f"Files with {len(names)} different headings wait.",
            remedy="Say which: --fingerprint with one of " + ", ".join(names) + ".",
        )
    return found


def _wished(guess: Guess, given: Sequence[str]) -> dict[str, Any]:
    wished = dict(guess.columns)
    for item in given:
        role, found, value = item.partition("=")
        if not found or not role:
            raise Rejected(
                "columns.setting", f"{item[:60]!r} is not role=column.", remedy=f"Roles: {', '.join(NAMES)}."
            )
        wished.pop(role, None)
        if value and role in NAMES:
            place = _column(value, guess.headings)
            wished = {other: held for other, held in wished.items() if held != place}
            wished[role] = place
        elif value:
            wished[role] = value
    return wished


def _column(value: str, headings: Sequence[str]) -> int:
    if value.isdecimal() and 0 < int(value) <= len(headings):
        return int(value) - 1
    folded = [heading.casefold() for heading in headings]
    if folded.count(value.casefold()) == 1:
        return folded.index(value.casefold())
    raise Rejected(
        "columns.unknown_column",
        f"{value[:40]!r} is no column of the file.",
        remedy=f"Give a number from 1 to {len(headings)}, or a heading.",
    )


def _tell(source: str, guess: Guess, confirmed: Mapping[str, Any], read: Sequence[ImportSummary]) -> None:
    roles = {value: role for role, value in confirmed.items() if isinstance(value, int)}
    table(
        ("column", "heading", "is", "first rows"),
        [
            (
                place + 1, heading, roles.get(place, "").replace("_", " "),
                " · ".join(row[place] for row in guess.sample[:_SHOWN] if place < len(row) and row[place]),
            )
            for place, heading in enumerate(guess.headings)
        ],
        empty="It has no columns.",
    )  # fmt: skip
    order = "month first" if confirmed.get("date_format") == "mdy" else "day first"
    sure = "" if guess.is_sure_of_dates or "date_format" in confirmed else " (assumed: no date tells)"
    say(
        f"{guess.rows:,} rows; dates {order}{sure}"
        + ("; decimal comma" if confirmed.get("decimal") == "," else "")
    )
    if guess.is_proved:
        say(
            "[bold green]Proved by the balance[/]: amounts and balances agree over all rows in this reading only."
        )
    if not read:
        say(f"Right? munshi source columns {escape(source)} --yes")
        say("Else: --set debit=4 --set credit=5, or --set date_format=mdy, or --set decimal=, (a comma)")
        return
    say(f"Confirmed. [bold green]{sum(one.added for one in read):,} lines added[/].")
    for part in [part for one in read for part in one.unreadable][:20]:
        say(f"  not readable: {escape(part.where or 'the file')}: {escape(part.reason)}")
