"""`munshi tds`: what customers cut, beside what the tax department shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kit.money import format_minor
from ledger.queries.tds import TdsAwaited
from ledger.views.tds import TdsView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run


@told
def tds(
    fy: Annotated[str | None, typer.Option(help="Financial year, like 2026-27; else this one.")] = None,
    quarter: Annotated[int | None, typer.Option(help="1 (April to June) to 4; else all.")] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Show TDS and GST-TDS that customers cut and that isn't in Form 26AS yet."""

    async def work(session: Session) -> TdsView:
        chosen = await choose(session, business)
        found: TdsView = await session.door.query(TdsAwaited(fy, quarter), chosen.clerk)
        return found

    view = run(work)

    def human() -> None:
        table(
            ("customer", "quarter", "tax", "TAN", "how it stands"),
            [(r.name, r.quarter, r.kind.replace("_", "-").upper(), r.tan or "", r.words) for r in view.rows],
            empty=f"No TDS was cut in {view.fy} that we know of.",
        )
        if view.rows and not view.stated:
            say(f"Cut in all: {format_minor(view.cut, view.currency)}; not compared yet.")
        elif view.rows:
            say(f"Missing in all: {format_minor(view.missing, view.currency)}")
        if not view.stated:
            say("No Form 26AS of that time was imported: munshi import 26AS.txt --source tax:form_26as")

    show(asdict(view), as_json=as_json, human=human)
