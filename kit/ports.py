"""Who listens on a TCP port: asked before we want it, so that a busy one is named and not guessed at."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kit.children import command_of
from kit.errors import Rejected

_LISTEN = "0A"


def require_free(host: str, port: int) -> None:
    """Raise Rejected, naming the process that holds the port and what to do, unless we could listen on it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                raise
            raise _refusal(host, port, error) from None


def shared_socket(host: str, port: int) -> socket.socket:
    """Return a socket on a port that other processes of this machine listen on too; the kernel deals out calls."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


def _refusal(host: str, port: int, error: OSError) -> Rejected:
    if error.errno == errno.EACCES:
        return Rejected(
            "port.forbidden", f"Port {port} needs a right that we don't have.", remedy="Set PORT above 1023."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return Rejected("port.no_such_host", f"{host} is not an address of this machine.", remedy="Set HOST.")
    pid = holder_of(port)
    who = f"process {pid} ({command_of(pid)})" if pid else "a process that we can't see"
    end = f"End it (kill {pid}), or choose" if pid else "Choose"
    return Rejected(
        "port.busy", f"Port {port} is in use by {who}.", remedy=f"{end} another port: PORT={port + 1}."
    )


def holder_of(port: int) -> int | None:
    """Return the pid of the process that listens on a TCP port of this machine; None if unknown."""
    wanted = {f"socket:[{inode}]" for inode in _listening(port)}
    if not wanted:
        return None
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and not wanted.isdisjoint(_open_files(entry)):
            return int(entry.name)
    return None


def _open_files(process: Path) -> Iterator[str]:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # gone in the meantime, or another user's
        return
    for descriptor in descriptors:
        with suppress(OSError):
            yield os.readlink(descriptor)


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found
