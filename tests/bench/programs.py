"""Our own programs as children of the measurement: started, waited for, weighed and stopped."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


UNHURRIED = {"GRAPHQL_CALLS_PER_MINUTE": "0", "GRAPHQL_COST_PER_MINUTE": "0"}
"""What is measured is how fast it is, not how much one token may."""


@asynccontextmanager
async def program(*arguments: str, port: int | None = None, **environment: str) -> AsyncIterator[int]:
    """Run `python -m …` for the length of the block (until it listens on `port`, if given); yields its pid."""
    child = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", *arguments],
        env={**os.environ, "LOG_LEVEL": "WARNING", **UNHURRIED, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        if port is not None:
            await listening(child, port)
        yield child.pid
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait, 20)


async def listening(child: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a child listens on a loopback port; RuntimeError if it ends before."""
    for _ in range(1_200):
        if child.poll() is not None:
            raise RuntimeError(f"{child.args!r} ended with {child.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise RuntimeError(f"nothing listens on {port}")


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, all its threads together, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB, shared pages included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1_000
    return 0.0
