"""`munshi forecast`: how good the expected payment dates would have been on a table of past bills."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from kit.errors import Rejected
from kit.tabular import read_book
from ledger.domain.forecast.evaluate import COMPARED, Score, evaluate
from ledger.domain.forecast.table import Table, read_table
from workers.cli_output import AsJson, say, show, table, told

forecast = typer.Typer(help="When customers will pay.", no_args_is_help=True)
_SHOWN = 10
_WORDS = {"issued": "on the day of issue", "due": "open on the due day", "due+15": "open 15 days after",
          "due+45": "open 45 days after"}  # fmt: skip


@forecast.callback()
def group() -> None:
    """When customers will pay."""


@forecast.command("evaluate")
@told
def evaluate_file(
    file: Annotated[Path, typer.Argument(help="A table: customer, issued, due, paid (empty: open), amount.")],
    as_json: AsJson = False,
) -> None:
    """Forecast each bill of a table by what had happened before, and say by how many days each rule is off."""
    book = read_book(file.read_bytes())
    sheet = max(book.sheets, key=lambda sheet: len(sheet.rows), default=None)
    if sheet is None:
        raise Rejected("forecast.empty", "The file is empty.")
    read = read_table(sheet.rows)
    if not read.bills:
        first = f" Line {read.complaints[0][0]}: {read.complaints[0][1]}." if read.complaints else ""
        raise Rejected("forecast.no_bills", f"No bill could be read.{first}")
    began = time.perf_counter()
    scores = evaluate(read.bills)
    seconds = time.perf_counter() - began
    show(_result(read, scores, seconds), as_json=as_json, human=lambda: _tell(read, scores, seconds))


def _result(read: Table, scores: dict[str, Score], seconds: float) -> dict[str, Any]:
    return {
        "bills": len(read.bills),
        "paid": sum(bill.paid is not None for bill in read.bills),
        "customers": len({bill.customer for bill in read.bills}),
        "columns": dict(read.headings),
        "dates": "month first" if read.month_first else "day first",
        "wrong_lines": [{"line": line, "what": what} for line, what in read.complaints],
        "seconds": round(seconds, 2),
        "forecasts": {
            name: {
                "n": score.count,
                "mean_absolute_error_days": {which: round(score.mean(which), 3) for which in COMPARED},
                "better_than_median": round(score.better, 4),
                "interval_coverage": round(score.within / score.count, 4),
                "interval_days": round(score.width / score.count, 2),
            }
            for name, score in scores.items()
            if score.count
        },
    }


def _tell(read: Table, scores: dict[str, Score], seconds: float) -> None:
    paid = sum(bill.paid is not None for bill in read.bills)
    say(
        f"{len(read.bills):,} bills of {len({b.customer for b in read.bills}):,} customers, {paid:,} of them paid; "
        f"dates read {'month' if read.month_first else 'day'} first; {seconds:.1f} s."
    )
    if "due" not in read.headings:
        say("No column for the due day: days are counted from the day of issue.")
    for line, what in read.complaints[:_SHOWN]:
        say(f"  line {line}: {escape(what)}")
    if len(read.complaints) > _SHOWN:
        say(f"  and {len(read.complaints) - _SHOWN:,} more lines that were left out.")
    table(
        ("forecast", "bills", *(f"{name} off" for name in COMPARED), "better than median", "in the interval", "its days"),
        [
            (
                _WORDS[name], f"{score.count:,}", *(f"{score.mean(which):.2f}" for which in COMPARED),
                f"{score.better:+.1%}", f"{score.within / score.count:.1%}", f"{score.width / score.count:.1f}",
            )
            for name, score in scores.items()
            if score.count
        ],
        empty="No bill of them is paid: nothing to compare with.",
    )  # fmt: skip
    say("Off: mean absolute error in days. Each forecast knows only what had happened before its day.")
