"""`munshi parties`: what is missing or odd about customers and vendors, and ledgers of one PAN."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kit.money import format_minor
from ledger.queries.identity import DataQuality, PartyGroups
from ledger.views.identity import PROBLEMS, DataQualityPage, PartyGroupPage
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run

parties = typer.Typer(
    help="Customers and vendors: what is missing, who belongs together.", no_args_is_help=True
)
First = Annotated[int, typer.Option(help="So many, 1 to 200.")]


@parties.command()
@told
def quality(first: First = 50, business: Business = None, as_json: AsJson = False) -> None:
    """List what is missing or odd, the most money first."""

    async def work(session: Session) -> DataQualityPage:
        chosen = await choose(session, business)
        found: DataQualityPage = await session.door.query(DataQuality(first=first), chosen.clerk)
        return found

    page = run(work)
    rows = [asdict(row) for row in page.rows]
    result = {"count": page.count, "parties": page.parties, "counts": dict(page.counts), "rows": rows}
    show(result, as_json=as_json, human=lambda: _tell_quality(page))


def _tell_quality(page: DataQualityPage) -> None:
    table(
        ("party", "owes", "what"),
        [
            (
                row.name,
                format_minor(row.net, row.currency),
                "; ".join(
                    f"GSTIN {row.gstin}: {row.odd_gstin}" if code == "odd_gstin" else PROBLEMS[code]
                    for code in row.problems
                ),
            )
            for row in page.rows
        ],
        empty="Nothing is missing.",
    )
    for code, count in page.counts.items():
        say(f"{count:>6,}  {PROBLEMS[code]}")


@parties.command()
@told
def groups(first: First = 50, business: Business = None, as_json: AsJson = False) -> None:
    """List ledgers of one PAN, which stay separate, with their sum."""

    async def work(session: Session) -> PartyGroupPage:
        chosen = await choose(session, business)
        found: PartyGroupPage = await session.door.query(PartyGroups(first=first), chosen.clerk)
        return found

    page = run(work)
    result = {"count": page.count, "groups": [asdict(row) for row in page.rows]}
    show(result, as_json=as_json, human=lambda: _tell_groups(page))


def _tell_groups(page: PartyGroupPage) -> None:
    rows = []
    for group in page.rows:
        rows.append(
            (group.pan, f"{len(group.members)} ledgers", "", format_minor(group.total, group.currency))
        )
        rows += [("", m.name, m.gstin or "", format_minor(m.net, m.currency)) for m in group.members]
    table(("PAN", "ledger", "GSTIN", "owes"), rows, empty="No two ledgers have the same PAN.")
