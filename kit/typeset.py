"""Paper and pictures: a Typst template and data in, PDF or PNG out; knows type, and nothing of what it sets."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import LifoQueue
from typing import Any

import orjson
import typst

POINTS_PER_INCH = 72
LARGE = 24_000
"""Bytes of data beyond which a sheet is set in a process of its own: the compiler remembers its last dozen sheets."""
_PATIENCE_SECONDS = 60.0


class Press:
    """Templates of one folder, set in given typefaces only: nothing of the machine's own, so bytes are the same anywhere.

    Data reaches a template as JSON (`sys.inputs.data`) and never as source, so no text can become markup or code, and
    a template reads no file outside its folder. At most `at_once` are set at a time, whatever the number of threads: a
    compiler serves one thread at a time, and typesetting fills a core.
    """

    def __init__(self, folder: Path, fonts: Sequence[Path], *, at_once: int = 2) -> None:
        self._folder, self._fonts = folder, tuple(fonts)
        self._faces = _faces(fonts)
        self._free: LifoQueue[typst.Compiler] = LifoQueue()
        self._unmade = threading.BoundedSemaphore(at_once)
        self._alone = threading.BoundedSemaphore(at_once)

    def pdf(self, template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
        """Set a document whose properties say that it was made `at`; the same data give the same bytes."""
        how = {"format": "pdf", "timestamp": int(at.timestamp())}
        told = orjson.dumps(data)
        return self._apart(template, told, how) if len(told) > LARGE else self._here(template, told, how)

    def png(self, template: str, data: Mapping[str, Any], *, pixels_per_point: float) -> bytes:
        """Set a picture of one page."""
        how = {"format": "png", "ppi": POINTS_PER_INCH * pixels_per_point}
        return self._here(template, orjson.dumps(data), how)

    def _here(self, template: str, told: bytes, how: Mapping[str, Any]) -> bytes:
        with self._compiler() as compiler:
            return _set(compiler, self._folder / template, told, how)

    def _apart(self, template: str, told: bytes, how: Mapping[str, Any]) -> bytes:
        order = {
            "folder": str(self._folder),
            "template": template,
            "fonts": [str(font) for font in self._fonts],
            "how": how,
            "told": told.decode(),
        }
        with self._alone:
            made = subprocess.run(
                [sys.executable, "-m", "kit.typeset"],
                input=orjson.dumps(order),
                capture_output=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        if made.returncode != 0:
            raise RuntimeError(
                f"{template} could not be set: {made.stderr.decode(errors='replace')[-2_000:]}"
            )
        return made.stdout

    @contextmanager
    def _compiler(self) -> Iterator[typst.Compiler]:
        # A compiler that is free is taken before a further one is made: it remembers what it set before.
        if self._free.empty() and self._unmade.acquire(blocking=False):
            compiler = _compiler_of(self._folder, self._faces)
        else:
            compiler = self._free.get()
        try:
            yield compiler
        finally:
            self._free.put(compiler)


def _faces(fonts: Sequence[Path]) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font) for font in fonts]
    )


def _compiler_of(folder: Path, faces: typst.Fonts) -> typst.Compiler:
    return typst.Compiler(root=folder, font_paths=faces, ignore_system_fonts=True)


def _set(compiler: typst.Compiler, template: Path, told: bytes, how: Mapping[str, Any]) -> bytes:
    made = compiler.compile(template, sys_inputs={"data": told.decode()}, **how)
    if not isinstance(made, bytes):
        raise TypeError(f"{template.name} fills {len(made) if made else 0} pages where one was wanted")
    return made


def _set_an_order() -> None:
    """Read an order of `Press` from stdin, write what was set to stdout."""
    order = orjson.loads(sys.stdin.buffer.read())
    folder = Path(order["folder"])
    compiler = _compiler_of(folder, _faces([Path(font) for font in order["fonts"]]))
    sys.stdout.buffer.write(_set(compiler, folder / order["template"], order["told"].encode(), order["how"]))


if __name__ == "__main__":
    _set_an_order()
