"""One readable log of many programs: every line with the name of who said it, in colour on a terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterable
from typing import IO, TextIO

from rich.console import Console
from rich.text import Text

OURSELVES = "munshi"
_STYLES = ("cyan", "green", "magenta", "yellow", "blue", "bright_red", "bright_cyan")
_WIDTH = 10
ANNOUNCED = "Open this on your computer:"
"""How a program begins the line that whoever started us is waiting for; it stands out on a terminal."""
_REMEMBERED = 30


class Output:
    """The log. `pipe(name)` gives a file for a child's output; `say` adds a line of our own."""

    def __init__(self, stream: TextIO | None = None) -> None:
        target = stream if stream is not None else sys.stdout
        self._console = Console(file=target, highlight=False, soft_wrap=True) if target.isatty() else None
        self._stream = target
        self._guard = threading.Lock()
        self._styles: dict[str, str] = {OURSELVES: "bold"}
        self._remembered: dict[str, deque[str]] = {}

    def say(self, text: str, *, style: str = "bold") -> None:
        """Write a line of our own."""
        self._write(OURSELVES, text, style)

    def pipe(self, name: str, *, hush: bool = False) -> IO[bytes]:
        """Return a file whose lines go to the log under `name`; hushed ones are only kept, for `last_words`."""
        reading, writing = os.pipe()
        self._styles.setdefault(name, _STYLES[len(self._styles) % len(_STYLES)])
        self._remembered[name] = deque(maxlen=_REMEMBERED)
        threading.Thread(target=self._follow, args=(name, reading, hush), daemon=True).start()
        return os.fdopen(writing, "wb")

    def last_words(self, name: str) -> None:
        """Write what a hushed program said last."""
        for line in self._remembered.pop(name, ()):
            self._write(name, line, "")

    def _follow(self, name: str, reading: int, hush: bool) -> None:
        with os.fdopen(reading, "rb") as lines:
            for line in _decoded(lines):
                if hush:
                    self._remembered.setdefault(name, deque(maxlen=_REMEMBERED)).append(line)
                else:
                    self._write(name, line, "bold green" if line.startswith(ANNOUNCED) else "")

    def _write(self, name: str, text: str, style: str) -> None:
        with self._guard:
            try:
                if self._console is not None:
                    prefix = (f"{name:<{_WIDTH}}│ ", self._styles.get(name, ""))
                    self._console.print(Text.assemble(prefix, (text, style)))
                else:
                    print(f"{name:<{_WIDTH}}| {text}", file=self._stream, flush=True)
            except (BrokenPipeError, ValueError):  # whoever read our log is gone; the servers still need us
                return


def _decoded(lines: IO[bytes]) -> Iterable[str]:
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            yield text
