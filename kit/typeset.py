"""Paper and pictures: a Typst template and data in, PDF or PNG out; knows type, and nothing of what it sets."""

from __future__ import annotations

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


class Press:
    """Templates of one folder, set in given typefaces only: nothing of the machine's own, so bytes are the same anywhere.

    Data reaches a template as JSON (`sys.inputs.data`) and never as source, so no text can become markup or code, and
    a template reads no file outside its folder. At most `at_once` are set at a time, whatever the number of threads: a
    compiler serves one thread at a time, and typesetting fills a core.
    """

    def __init__(self, folder: Path, fonts: Sequence[Path], *, at_once: int = 2) -> None:
        self._folder = folder
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font) for font in fonts]
        )
        self._free: LifoQueue[typst.Compiler] = LifoQueue()
        self._unmade = threading.BoundedSemaphore(at_once)

    def pdf(self, template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
        """Set a document whose properties say that it was made `at`; the same data give the same bytes."""
        return self._set(template, data, format="pdf", timestamp=int(at.timestamp()))

    def png(self, template: str, data: Mapping[str, Any], *, pixels_per_point: float) -> bytes:
        """Set a picture of one page."""
        return self._set(template, data, format="png", ppi=POINTS_PER_INCH * pixels_per_point)

    def _set(self, template: str, data: Mapping[str, Any], **how: Any) -> bytes:
        inputs = {"data": orjson.dumps(data).decode()}
        with self._compiler() as compiler:
            made = compiler.compile(self._folder / template, sys_inputs=inputs, **how)
        if not isinstance(made, bytes):
            raise TypeError(f"{template} fills {len(made) if made else 0} pages where one was wanted")
        return made

    @contextmanager
    def _compiler(self) -> Iterator[typst.Compiler]:
        # A compiler that is free is taken before a further one is made: it remembers what it set before.
        if self._free.empty() and self._unmade.acquire(blocking=False):
            compiler = typst.Compiler(root=self._folder, font_paths=self._fonts, ignore_system_fonts=True)
        else:
            compiler = self._free.get()
        try:
            yield compiler
        finally:
            self._free.put(compiler)
