"""Run a command with a scratch PostgreSQL and Redis: `python -m workers.scratch [--durable] command …`.

The command finds ADMIN_DATABASE_URL, DATABASE_URL and REDIS_URL; afterwards nothing is left. `--durable` flushes
to disk as in production, for measurements.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from kit.children import spawn, stop
from kit.embedded import APPLICATION_ROLE, DATABASE
from kit.postgres import PostgresServer
from kit.redis_server import RedisServer, redis_binary

_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def main(arguments: list[str]) -> int:
    """Start the servers, run the command, stop the servers; return the command's exit code."""
    durable, command = arguments[:1] == ["--durable"], arguments
    if durable:
        command = arguments[1:]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    with tempfile.TemporaryDirectory(prefix="munshi-", dir="/tmp", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o711)
        options = {"max_connections": "200"} | ({} if durable else _HASTY)
        postgres = PostgresServer(folder / "postgres", folder / "s", options, output=subprocess.DEVNULL)
        redis = RedisServer(folder / "redis", folder / "s", output=subprocess.DEVNULL)
        try:
            postgres.start()
            postgres.ensure_database(DATABASE)
            environment = {
                **os.environ,
                "ADMIN_DATABASE_URL": postgres.url(DATABASE),
                "DATABASE_URL": postgres.url(DATABASE, role=APPLICATION_ROLE),
            }
            if redis_binary() is not None:
                redis.start()
                environment["REDIS_URL"] = redis.url
            child = spawn(command, env=environment)
            try:
                return child.wait()
            finally:
                stop(child, signal.SIGTERM)
        finally:
            redis.stop()
            postgres.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
