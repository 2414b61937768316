"""`munshi tie-out`: our balances beside the books', and `munshi close-period`, which signs what is known of the past."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from kit.errors import NotFound, Rejected
from kit.money import currency_digits, format_minor
from ledger.commands.tie_out import ClosePeriod
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.domain.tie_out import line_in_words
from ledger.queries import FindParty
from ledger.queries.tie_out import TieOut
from ledger.views.tie_out import TieOutPage, TieOutRow
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run

_SIDES = {"receivable": "debtors", "payable": "creditors"}
_SHOWN, _PAGE, _ENTRIES = 25, 200, 500
_HEADINGS = (
    "party", "side", "currency", "ours", "books", "difference", "what", "number", "day", "entry ours",
    "entry books", "entry difference",
)  # fmt: skip


@told
def tie_out(
    as_on: Annotated[
        str | None, typer.Option(help="At the end of this day, YYYY-MM-DD; today if not given.")
    ] = None,
    party: Annotated[str | None, typer.Option(help="Only this customer or vendor, by name.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--csv", help="Write every party and every entry that differs to this file."),
    ] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Lay the books' balance of every party beside ours, and name what makes the difference."""
    day = _day(as_on)

    async def work(session: Session) -> tuple[str, TieOutPage, list[TieOutRow]]:
        chosen = await choose(session, business)
        who = await _party(session.door, chosen.clerk, party) if party is not None else None
        first: TieOutPage = await session.door.query(
            TieOut(as_on=day, party_id=who, first=_SHOWN, apart_only=file is None), chosen.clerk
        )
        rows = [row async for row in _every(session.door, chosen.clerk, day, who)] if file is not None else []
        return chosen.name, first, rows

    name, page, rows = run(work)
    written = _write(file, rows) if file is not None else None
    result = {"business": name, **asdict(page), "ties": page.ties, "written": written}

    def human() -> None:
        _tell(page)
        if file is not None:
            say(f"{written:,} lines are in {escape(str(file))}.")

    show(result, as_json=as_json, human=human)


@told
def close_period(
    until: Annotated[str, typer.Argument(help="The last day of the period, YYYY-MM-DD.")],
    note: Annotated[str, typer.Option(help="Why: the GST return was filed, the year audited …")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Sign what is known now of all days until then: their reports stay so, later arrivals are listed apart."""
    day = _day(until)
    assert day is not None

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        made = await session.door.execute(ClosePeriod(day, note), chosen.clerk)
        await session.settle(chosen.business)
        return {"business": chosen.name, **asdict(made)}

    result = run(work)
    show(
        result,
        as_json=as_json,
        human=lambda: say(f"Closed until {day:%d %b %Y}. What comes later is kept, and listed apart."),
    )


async def _every(door: Door, actor: Actor, day: date | None, party: UUID | None) -> AsyncIterator[TieOutRow]:
    after = None
    while True:
        page: TieOutPage = await door.query(
            TieOut(as_on=day, party_id=party, first=_PAGE, after=after, lines=_ENTRIES), actor
        )
        for row in page.rows:
            yield row
        after = page.end
        if not page.more:
            return


async def _party(door: Door, actor: Actor, name: str) -> UUID:
    found = await door.query(FindParty(name, limit=2), actor)
    exact = [one for one in found if one.name.casefold() == name.strip().casefold()]
    if len(exact or found) == 1:
        return UUID(str((exact or found)[0].id))
    if found:
        raise Rejected(
            "party.ambiguous", f"Several are called like {name[:40]!r}.", remedy="Write the whole name."
        )
    raise NotFound("party.not_found", f"Nobody is called {name[:40]!r}.")


def _tell(page: TieOutPage) -> None:
    if not page.books:
        say("No books are connected: there is nothing to compare with.")
        return
    signed = (
        f", as signed when the period until {page.signed_until:%d %b %Y} was closed"
        if page.signed_until
        else ""
    )
    say(f"As on {page.as_on:%d %b %Y}{signed}.")
    for books in page.books:
        last = f"last entry {books.last_entry_on:%d %b %Y}" if books.last_entry_on else "no entries yet"
        states = f", states balances as on {books.stated_on:%d %b %Y}" if books.stated_on else ""
        say(f"  {escape(books.label)}: {last}{states}")
    for total in page.totals:
        head = f"{_SIDES[total.side]}: ours {format_minor(total.ours, total.currency)}, books {format_minor(total.books, total.currency)}"
        if not total.apart:
            say(f"{head}: all {total.parties:,} tie.")
            continue
        say(f"{head}: {total.apart:,} of {total.parties:,} don't tie. {escape(total.words(page.books_name))}")
    rows = [row for row in page.rows if row.difference]
    table(
        ("party", "side", "ours", "books", "difference"),
        [
            (
                row.party_name,
                _SIDES[row.side],
                format_minor(row.ours, row.currency),
                format_minor(row.books, row.currency),
                row.words(page.books_name),
            )
            for row in rows
        ],
        empty="",
    )
    if page.more:
        say("The largest are shown; all of them: --csv FILE")


def _write(file: Path, rows: Iterable[TieOutRow]) -> int:
    count = 0
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.writer(out)
        writer.writerow(_HEADINGS)
        for row in rows:
            for cells in _cells(row):
                writer.writerow(cells)
                count += 1
    return count


def _cells(row: TieOutRow) -> Iterator[list[str]]:
    """Yield a party's line, then one line an entry that differs; what no entry explains is a line too."""
    head = [_safe(row.party_name), _SIDES[row.side], row.currency]
    sums = [_plain(amount, row.currency) for amount in (row.ours, row.books, row.difference)]
    yield [*head, *sums, "", "", "", "", "", ""]
    for entry in row.entries:
        amounts = [_plain(amount, row.currency) for amount in (entry.ours, entry.books, entry.amount)]
        what = line_in_words(entry.kind, 1, 0, row.currency, books="the books").rpartition(" ")[0]
        yield [*head, "", "", "", what, _safe(entry.number or ""), entry.on.isoformat(), *amounts]
    for line in row.lines:
        if line.kind == "unexplained":
            yield [*head, "", "", "", "not explained", "", "", "", "", _plain(line.amount, row.currency)]
    if row.further:
        yield [*head, "", "", "", f"and {row.further} more entries", "", "", "", "", ""]


def _plain(amount: int, currency: str) -> str:
    digits = currency_digits(currency)
    whole, part = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}" + (f".{part:0{digits}d}" if digits else "")


def _safe(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _day(value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Rejected("tie_out.day", f"{value[:30]!r} is no day.", remedy="Write YYYY-MM-DD.") from None
