"""`munshi to-enter`: what the books lack, as a list, a workbook, or Tally's import file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from kit.errors import Rejected
from kit.money import format_minor
from ledger.commands.to_enter import NameLedgers
from ledger.queries.to_enter import ToEnter, ToEnterFile
from ledger.views.to_enter import ToEnterFileView, ToEnterPage
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run


@told
def to_enter(
    format_: Annotated[
        str | None,
        typer.Option("--format", help="xlsx, csv, or xml for Tally's import; else by the file's name."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write the file.")] = None,
    company: Annotated[str | None, typer.Option(help="Whose books, where there are several.")] = None,
    ledger: Annotated[
        list[str] | None,
        typer.Option(help="How the books call something: tds='TDS Receivable', several times."),
    ] = None,
    first: Annotated[int, typer.Option(help="So many lines of the list, 1 to 200.")] = 50,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """List what we know and the books don't show, or write it as a file to enter or import."""
    names = _names(ledger or [])
    kind = (format_ or (out.suffix.lstrip(".") if out else "")).lower()

    async def work(session: Session) -> ToEnterPage | ToEnterFileView:
        chosen = await choose(session, business)
        if names:
            await session.door.execute(NameLedgers(names), chosen.clerk)
        question = ToEnterFile(kind, company) if kind else ToEnter(first=first, company=company)
        found: ToEnterPage | ToEnterFileView = await session.door.query(question, chosen.clerk)
        return found

    found = run(work)
    if isinstance(found, ToEnterFileView):
        _write(found, out or Path(found.filename), as_json=as_json)
        return
    show(
        {"count": found.count, "reason": found.reason, "lines": [asdict(row) for row in found.rows]},
        as_json=as_json,
        human=lambda: _tell(found),
    )


def _tell(page: ToEnterPage) -> None:
    table(
        ("day", "voucher", "party", "amount", "why", "waits for"),
        [
            (
                f"{r.on:%d %b %Y}",
                r.voucher.type,
                r.party_name or "",
                format_minor(r.amount, r.currency),
                r.why,
                r.waits,
            )
            for r in page.rows
        ],
        empty=page.reason or "Nothing: the books show all that we know.",
    )
    if page.rows:
        say(f"{page.count:,} in all. As a file for Tally: munshi to-enter --format xml --out to-enter.xml")


def _write(found: ToEnterFileView, out: Path, *, as_json: bool) -> None:
    try:
        with out.open("xb") as target:
            target.write(found.content)
    except FileExistsError:
        raise Rejected(
            "to_enter.exists", f"{out} exists.", remedy="Choose another name with --out."
        ) from None
    result: dict[str, Any] = {"file": str(out), "vouchers": found.vouchers, "left_out": found.left_out}

    def human() -> None:
        say(f"{found.vouchers:,} vouchers ready, in {escape(str(out))}.")
        if found.left_out:
            say(f"{found.left_out:,} wait for something first: munshi to-enter says what.")
        if found.reason:
            say(escape(found.reason))

    show(result, as_json=as_json, human=human)


def _names(given: list[str]) -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for item in given:
        kind, found, name = item.partition("=")
        if not found or not kind.strip():
            raise Rejected(
                "ledgers.invalid", f"{item[:60]!r} is not kind=ledger.", remedy="tds='TDS Receivable'"
            )
        names[kind.strip()] = name.strip() or None
    return names
