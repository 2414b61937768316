"""Confirming the columns of a bank's tables: what they seem to be, what the owner says they are, and reading what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from connectors.bank.columns import NAMES, Guess
from ingest.door import Appender
from ingest.files import ImportSummary
from ingest.sources import Sources
from ingest.waiting import Waiting, alike, confirm_and_read, waiting_of
from kit.errors import Rejected
from kit.sealing import process_seal
from kit.settings import settings
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run

_SHOWN = 3


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

    async def work(session: Session) -> tuple[Waiting, dict[str, Any], Sequence[ImportSummary]]:
        chosen = await choose(session, business)
        found = await waiting_of(session.door, chosen.clerk, name)
        waiting = alike(found, name, fingerprint)
        confirmed = _wished(waiting[0].guess, setting or [])
        if not yes:
            return waiting[0], confirmed, ()
        read = await confirm_and_read(
            session.door, Sources(session.door.engine, seal=process_seal), Appender(session.door.engine), chosen.clerk,
            name, waiting, confirmed, max_bytes=settings().max_file_bytes,
        )  # fmt: skip
        await session.settle(chosen.business)
        return waiting[0], confirmed, read

    waited, confirmed, read = run(work)
    file, guess = waited.file, waited.guess
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
