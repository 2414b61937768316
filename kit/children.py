"""Child processes of ours: unprivileged where we are root, ended by the kernel when we are, found again after a crash."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kit.errors import Rejected

_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user to become in a child; `capability` opens the path to our folders where others may not pass."""

    uid: int
    gid: int
    capability: int | None = None


def run_as(owned: Path, *needed: Path) -> RunAs | None:
    """Return whom a server has to run as; None as an ordinary user, who runs it himself.

    As root it is the owner of `owned` (an existing data folder), else `nobody`. A checkout below a closed folder
    (/root is 0700) can't be reached by him: then, and only then, he gets one capability, to pass and read.
    """
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("nobody")
    uid, gid = user.pw_uid, user.pw_gid
    if owned.exists() and (found := owned.stat()).st_uid != 0:
        uid, gid = found.st_uid, found.st_gid
    closed = any(
        not _passable(folder, uid, gid) for path in (owned, *needed) for folder in path.resolve().parents
    )
    return RunAs(uid, gid, _reading_capability() if closed else None)


def _passable(folder: Path, uid: int, gid: int) -> bool:
    if not folder.exists():
        return True
    found = folder.stat()
    if found.st_uid == uid:
        return bool(found.st_mode & 0o100)
    if found.st_gid == gid:
        return bool(found.st_mode & 0o010)
    return bool(found.st_mode & 0o001)


def _reading_capability() -> int:
    permitted = 0
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("CapPrm:"):
            permitted = int(line.split()[1], 16)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if permitted >> capability & 1:
            return capability
    raise Rejected(
        "embedded.closed_folder",
        "The servers run as an unprivileged user, who can't pass through the folders above this checkout.",
        remedy="Move the checkout to a folder that others may pass, or run as an ordinary user.",
    )


def own(path: Path, who: RunAs | None) -> None:
    """Give a folder to the user of `who` (no effect as an ordinary user)."""
    if who is not None:
        os.chown(path, who.uid, who.gid)


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    who: RunAs | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own; call it from the main thread only.

    `death_signal` reaches it when the thread that started it ends, however it ends (kill -9 too). Its own group
    keeps the terminal's Ctrl-C away from it: we stop children in our order.
    """
    return subprocess.Popen(  # noqa: S603  our own programs, from our own lists
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        process_group=0,
        preexec_fn=_before_exec(who, death_signal),
    )


def _before_exec(who: RunAs | None, death_signal: signal.Signals) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bits = 1 << who.capability if who is not None and who.capability is not None else 0
    capabilities = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)

    def must(result: int) -> None:
        if result != 0:
            raise OSError(ctypes.get_errno(), "can't become an unprivileged user")

    def prepare() -> None:
        if who is not None:
            if bits:
                # Keeps capabilities over setuid, and lets access(2) count them, which initdb asks.
                must(libc.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0))
            os.setgroups([])
            os.setgid(who.gid)
            os.setuid(who.uid)
            if bits:
                must(libc.capset(header, capabilities))
                must(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, who.capability, 0, 0))
        # After setuid, which clears it.
        must(libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0))
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def processes_at(folder: Path, *, program: str) -> list[int]:
    """Return the processes of `program` whose working folder is `folder`: a server left behind lives in its data."""
    wanted, found = str(folder.resolve()), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "cwd") == wanted and Path(os.readlink(entry / "exe")).name == program:
                    found.append(int(entry.name))
            except OSError:  # gone in the meantime, or another user's
                continue
    return sorted(found)


def started_at(pid: int) -> int | None:
    """Return when a process started, in ticks since boot; None if there is none. With the pid it names one process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def command_of(pid: int) -> str:
    """Return the command line of a process, shortened; empty if it can't be read."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()[:120]


def end(pid: int, *signals: signal.Signals, each: float = 5.0) -> bool:
    """Send the signals in turn, waiting up to `each` seconds after every one; True when the process is gone."""
    born = started_at(pid)
    for one in signals:
        if born is None or started_at(pid) != born:
            return True
        try:
            os.kill(pid, one)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + each
        while time.monotonic() < deadline:
            if started_at(pid) != born:
                return True
            time.sleep(0.02)
    return started_at(pid) != born


def stop(child: subprocess.Popen[bytes], *signals: signal.Signals, each: float = 5.0) -> int:
    """Stop a child of ours by the signals in turn, then by SIGKILL; return its exit code."""
    for one in (*signals, signal.SIGKILL):
        if child.poll() is not None:
            break
        child.send_signal(one)
        try:
            child.wait(each)
        except subprocess.TimeoutExpired:
            continue
    return child.wait()
