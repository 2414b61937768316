"""An append-only file of JSON lines: the memory of the phone, rewritten compactly when it is opened."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from kit.errors import Retryable
from kit.logs import logger

_log = logger(__name__)

Record = dict[str, Any]


class Journal:
    """One process writes it; a line is on its way to the disk before the caller goes on."""

    def __init__(self, path: Path) -> None:
        """Take the file for this process; raises Retryable when another process holds it."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._lock = open(path.with_suffix(".lock"), "ab")  # noqa: SIM115  (held until close)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            self._lock.close()
            raise Retryable(
                "phone_in_use",
                "Another process already serves the phone from this folder.",
                remedy="Run one api process in development, or give it another MUNSHI_HOME.",
            ) from busy
        self._file: BinaryIO | None = None

    def read(self) -> Iterable[Record]:
        """Yield the records in order; a line cut short by a crash is counted in the log and left out."""
        if not self._path.exists():
            return
        unreadable = 0
        with open(self._path, "rb") as lines:
            for line in lines:
                try:
                    record = orjson.loads(line)
                except orjson.JSONDecodeError:
                    unreadable += 1
                    continue
                yield record
        if unreadable:
            _log.warning("phone_journal_unreadable_lines", lines=unreadable)

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace the file by `records` in one step and go on appending to it."""
        fresh = self._path.with_suffix(".new")
        with open(fresh, "wb") as out:
            out.writelines(orjson.dumps(record) + b"\n" for record in records)
            out.flush()
            os.fsync(out.fileno())
        fresh.chmod(0o600)
        fresh.replace(self._path)
        self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115  (held until close)

    def append(self, record: Record) -> None:
        """Write one record; it survives the end of this process, however it ends."""
        if self._file is None:
            raise RuntimeError("the journal is appended to before it was rewritten")
        self._file.write(orjson.dumps(record) + b"\n")

    def close(self) -> None:
        """Let go of the file, so that another process may take it."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.close()
