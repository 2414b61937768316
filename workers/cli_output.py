"""How the command line speaks: tables for people, JSON for programs, errors by their remedy, exit codes by kind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kit.errors import MunshiError
from workers.loop import OUTAGE

P = ParamSpec("P")
R = TypeVar("R")
EXIT_CODES = {"rejected": 2, "denied": 3, "not_found": 4, "stale": 5, "source_broken": 6, "retryable": 75}
_WIDE = 200
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Business = Annotated[
    str | None,
    typer.Option("--business", "-b", help="Its name or id; needed if there are several.", show_default=False),
]


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command: what fails is printed with its remedy and ends with the exit code of its kind."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except MunshiError as error:
            _complain(
                error.code, error.kind, error.message, error.remedy, as_json=bool(kwargs.get("as_json"))
            )
            raise typer.Exit(EXIT_CODES.get(error.kind, 1)) from None
        except asyncpg.UndefinedTableError:
            message, remedy = "The database isn't at the present schema.", "Run munshi migrate."
            _complain(
                "store.not_migrated", "source_broken", message, remedy, as_json=bool(kwargs.get("as_json"))
            )
            raise typer.Exit(EXIT_CODES["source_broken"]) from None
        except OUTAGE as error:
            if isinstance(error, OSError) and error.filename is not None:  # a file of ours: no server's fault
                message = f"{error.filename} can't be used: {error.strerror}."
                _complain("file.unusable", "rejected", message, "", as_json=bool(kwargs.get("as_json")))
                raise typer.Exit(EXIT_CODES["rejected"]) from None
            reason = str(error).split("\n", 1)[0][:200] or type(error).__name__
            message, remedy = f"The database is away: {reason}", "Try again in a minute, or see DATABASE_URL."
            _complain("store.away", "retryable", message, remedy, as_json=bool(kwargs.get("as_json")))
            raise typer.Exit(EXIT_CODES["retryable"]) from None

    return wrapped


def _complain(code: str, kind: str, message: str, remedy: str, *, as_json: bool) -> None:
    if as_json:
        _write(sys.stderr, {"error": {"code": code, "kind": kind, "message": message, "remedy": remedy}})
        return
    err.print(f"[bold red]{escape(message)}[/]")
    if remedy:
        err.print(escape(remedy))


def show(result: Any, *, as_json: bool, human: Callable[[], None]) -> None:
    """Print a result: as JSON, or as `human` says it."""
    if as_json:
        _write(sys.stdout, result)
    else:
        human()


def _write(stream: Any, value: Any) -> None:
    stream.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def say(text: str) -> None:
    """Print a line; square brackets in it are markup, so escape what isn't ours."""
    out.print(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under their columns, or `empty` if there are none."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        count += 1
        made.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    if count:
        out.print(made)
    else:
        out.print(empty)
