"""PostGraphile 5 on the database of the measurement, where Node and npm are present.

It gets what suits it best: a view with just the open bills, their place in the order, their customer by a foreign key,
and a connection that no row-level security slows down. It keeps its own defaults, and runs as in production.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import orjson

from tests.bench.actual import Skipped
from tests.bench.programs import free_port, listening

PACKAGE, WANTED = "postgraphile", "5.1"
NODE = "node@26"
"""npm's own Node: the system's may be older than the 22 that it asks for."""
PROGRAM = Path(__file__).with_name("postgraphile.cjs")
FOLDER = Path(os.environ.get("MUNSHI_HOME", ".munshi")) / "bench" / "postgraphile"
INSTALL_SECONDS = 900
SCHEMA = "bench_open"
_VIEWS = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE OR REPLACE VIEW {SCHEMA}.customers AS SELECT business_id, id, name FROM parties;
COMMENT ON VIEW {SCHEMA}.customers IS E'@primaryKey business_id,id';
CREATE OR REPLACE VIEW {SCHEMA}.bills AS
SELECT business_id, id, party_id, number, status, issued_on, due_on, coalesce(due_on, issued_on) AS aged_from,
       amount, outstanding, currency
FROM invoices WHERE outstanding > 0;
COMMENT ON VIEW {SCHEMA}.bills IS
  E'@primaryKey business_id,id\\n@foreignKey (business_id, party_id) references customers (business_id, id)|@fieldName party';
"""


def installed() -> tuple[Path, Path]:
    """Return the folder of modules with PostGraphile in it, and its Node; fetched once, outside of git."""
    modules = FOLDER.resolve() / "node_modules"
    node = modules / "node" / "bin" / "node"
    if not version(modules).startswith(f"{WANTED}.") or not node.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Skipped("npm is not installed")
        print(f"Fetching {PACKAGE} {WANTED} and {NODE} into {FOLDER} (once).", flush=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
        try:
            done = subprocess.run(
                [npm, "install", "--prefix", str(FOLDER.resolve()), *quiet, f"{PACKAGE}@{WANTED}", NODE],
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Skipped(f"npm: {type(error).__name__}") from None
        if done.returncode:
            raise Skipped(f"npm: {(done.stderr.strip() or 'it failed').splitlines()[-1][:70]}")
    return modules, node


def version(modules: Path) -> str:
    """Return which PostGraphile is in a folder of modules; nothing if there is none."""
    try:
        return str(orjson.loads((modules / PACKAGE / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError):
        return ""


@asynccontextmanager
async def postgraphile(database: str) -> AsyncIterator[tuple[int, int]]:
    """Serve the open bills of a database by PostGraphile for the length of the block; yields its port and its pid."""
    modules, node = await asyncio.to_thread(installed)
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(_VIEWS)
    finally:
        await connection.close()
    port = free_port()
    child = subprocess.Popen(  # noqa: ASYNC220
        [str(node), str(PROGRAM), str(modules), database, SCHEMA, str(port)],
        env={**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"},
        stdout=subprocess.DEVNULL,
    )
    try:
        await listening(child, port)
        yield port, child.pid
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait, 20)
