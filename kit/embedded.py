"""The embedded default: a home folder with our own PostgreSQL and Redis, held by one supervisor at a time.

.munshi/lock          held (flock) by whoever runs the servers
.munshi/running.json  where they are, for `munshi …` in another terminal, and what to clear after a kill -9
.munshi/secret.key    seals the secrets of sources
.munshi/postgres      the data; .munshi/redis the doorbell's log
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import orjson

from kit.children import end, started_at
from kit.errors import Rejected
from kit.postgres import PostgresServer
from kit.redis_server import RedisServer, redis_binary
from kit.sealing import new_seal_key

DATABASE = "munshi"
APPLICATION_ROLE = "munshi_app"
_LONGEST_SOCKET_FOLDER = 80  # a socket's whole path has 107 bytes


@dataclass(frozen=True, slots=True)
class Running:
    """What a supervisor wrote about itself: its pid, its children as (pid, start), its servers' addresses."""

    pid: int
    database_url: str
    admin_database_url: str
    redis_url: str
    sockets: str
    children: Sequence[tuple[int, int]] = ()


@dataclass(slots=True)
class Home:
    """The home folder: taken by one supervisor at a time, read by everyone else."""

    path: Path
    _lock: IO[str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.path = self.path.expanduser().absolute()

    def take(self) -> None:
        """Hold the home, and clear what a killed holder left; Rejected if a living one holds it."""
        # Root's servers run as another user, who must pass; nobody but root can write here.
        self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        lock = (self.path / "lock").open("a+")
        if not _locked(lock):
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise Rejected(
                "embedded.already_running",
                f"Munshi is already running on {self.path}" + (f" (process {holder})." if holder else "."),
                remedy="Use it, stop it with Ctrl-C, or set MUNSHI_HOME to another folder.",
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self._clear()

    def release(self) -> None:
        """Let the home go."""
        (self.path / "running.json").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def _clear(self) -> None:
        left = self._read()
        if left is None:
            return
        for pid, born in left.children:
            if started_at(pid) == born:
                end(pid, signal.SIGTERM, signal.SIGKILL)
        folder = Path(left.sockets)
        if folder.name.startswith("munshi-"):
            shutil.rmtree(folder, ignore_errors=True)
        (self.path / "running.json").unlink(missing_ok=True)

    def record(self, running: Running) -> None:
        """Write where the servers are, for our eyes only, whole or not at all."""
        target = self.path / "running.json"
        beside = target.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(asdict(running)))
        beside.rename(target)

    def running(self) -> Running | None:
        """Return what the living holder of this home wrote; None if nobody holds it."""
        try:
            with (self.path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._read()
        except FileNotFoundError:
            return None
        return None

    def _read(self) -> Running | None:
        try:
            raw = orjson.loads((self.path / "running.json").read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        children = tuple((int(pid), int(born)) for pid, born in raw.pop("children", ()))
        return Running(**raw, children=children)

    def secret_key(self) -> str:
        """Return the key that seals the secrets of sources, made on first use."""
        path = self.path / "secret.key"
        if not path.exists():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.path) as made:  # 0600
                made.write(new_seal_key().encode())
                made.flush()
                with suppress(FileExistsError):  # two at once: the first one's stands, whole
                    os.link(made.name, path)
        return path.read_text("ascii").strip()


@dataclass(slots=True)
class Servers:
    """The embedded servers of a taken home; either may be absent because an address was given for it."""

    postgres: PostgresServer | None
    redis: RedisServer | None
    sockets: Path

    def start(self) -> None:
        """Start what is embedded, and make the database on the first start."""
        if self.postgres is not None or self.redis is not None:
            self.sockets.mkdir(mode=0o700)
        if self.postgres is not None:
            self.postgres.start()
            self.postgres.ensure_database(DATABASE)
        if self.redis is not None:
            self.redis.start()

    def stop(self) -> None:
        """Stop both and remove the sockets' folder."""
        for server in (self.redis, self.postgres):
            if server is not None:
                server.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)

    @property
    def database_url(self) -> str:
        """The address for the application: a role that row-level security binds. Empty if not embedded."""
        return self.postgres.url(DATABASE, role=APPLICATION_ROLE) if self.postgres is not None else ""

    @property
    def admin_database_url(self) -> str:
        """The address for migrations. Empty if not embedded."""
        return self.postgres.url(DATABASE) if self.postgres is not None else ""

    @property
    def redis_url(self) -> str:
        """The broker's address. Empty if not embedded, or if the platform has no Redis wheel."""
        return self.redis.url if self.redis is not None else ""


def _locked(lock: IO[str], *, wait: float = 0.5) -> bool:
    # `running()` of another program holds it for a moment, when it looks.
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def plan_servers(home: Home, *, database_url: str, redis_url: str) -> Servers:
    """Return the servers that a home has to run: what no address was given for (nothing, if both were)."""
    sockets = socket_folder()
    postgres = None if database_url else PostgresServer(home.path / "postgres", sockets)
    redis = None if redis_url or redis_binary() is None else RedisServer(home.path / "redis", sockets)
    return Servers(postgres, redis, sockets)


def socket_folder() -> Path:
    """Return a fresh, short, unguessable place for a folder that only we and our servers may enter."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = (
        base
        and os.geteuid() != 0
        and len(base) < _LONGEST_SOCKET_FOLDER
        and os.access(base, os.W_OK | os.X_OK)
    )
    return Path(base if usable else "/tmp") / f"munshi-{secrets.token_hex(6)}"  # noqa: S108  made 0700, by us only
