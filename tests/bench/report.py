"""What a measurement says: rows with what to reach; and one measurement run alone, on scratch servers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import uvloop
from cryptography.fernet import Fernet
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import make_engine
from ledger.store import migrate


@dataclass(slots=True)
class Report:
    """Rows of the table: what, measured, to reach, and whether it is reached."""

    rows: list[tuple[str, str, str, bool | None]] = field(default_factory=list)
    _meanwhile: Console = field(default_factory=lambda: Console(stderr=True))

    def add(
        self,
        what: str,
        value: float,
        *,
        unit: str = "",
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        """Add a number with what it should reach."""
        reached = (
            None
            if least is None and most is None
            else (least is None or value >= least) and (most is None or value <= most)
        )
        target = f"≥ {least:,.10g}" if least is not None else f"≤ {most:,.10g}" if most is not None else ""
        shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
        self._put(what, f"{shown} {unit}".strip(), target, reached)

    def say(self, what: str, value: str) -> None:
        """Add what is no number."""
        self._put(what, value, "", None)

    def _put(self, what: str, value: str, target: str, reached: bool | None) -> None:
        self.rows.append((what, value, target, reached))
        self._meanwhile.print(f"{what}: {value}", highlight=False)

    def show(self) -> None:
        """Print the table; write JSON where BENCH_JSON says."""
        table = Table("measure", "here", "reach", "")
        for what, value, target, reached in self.rows:
            table.add_row(what, value, target, "" if reached is None else "yes" if reached else "[red]no[/]")
        Console(width=110).print(table)
        if place := os.environ.get("BENCH_JSON"):
            Path(place).write_bytes(orjson.dumps(self.rows, option=orjson.OPT_INDENT_2))


def run_alone(measure: Callable[[Report, AsyncEngine], Awaitable[object]], *, pool_size: int = 4) -> None:
    """Migrate the scratch database, measure, and print the table."""
    os.environ.setdefault("MUNSHI_SECRET_KEY", Fernet.generate_key().decode())
    migrate.upgrade(os.environ["ADMIN_DATABASE_URL"])

    async def measured() -> None:
        engine, report = make_engine(os.environ["DATABASE_URL"], pool_size=pool_size), Report()
        try:
            await measure(report, engine)
        finally:
            await engine.dispose()
            report.show()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measured())
