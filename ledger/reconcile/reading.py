"""The text of a rule on its way in: looks words up, and notes each mistake with the line on which it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

from rapidfuzz import fuzz, process

from ledger.reconcile.ast import FieldRef, Side
from ledger.reconcile.facts import FACTS
from ledger.reconcile.mistakes import MAX_MISTAKES, Mistake, Refused, RuleInvalid

T = TypeVar("T")
R = TypeVar("R")
INNER = "/"
"""Marks a place within all or any, where ages can't stand; one for each level."""
_SHOWN = 60
_SPAN = re.compile(r"(\d{1,4})(s|m|h|d)", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Reading:
    """A text being read. What is refused is noted and skipped, so that one reading finds every mistake."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.mistakes: list[Mistake] = []
        self.assumed: set[str] = set()
        """Words that stand in for misspelt ones: nothing more is said about them."""
        self._lines = text.splitlines() or [""]

    def refuse(
        self,
        word: str,
        reason: str,
        where: str = "",
        *,
        near: str = "",
        suggestion: str | None = None,
        remedy: str = "",
    ) -> NoReturn:
        """Note a mistake at the line of `word` (below the table `where`, beside the word `near`), and go no further here."""
        taken = {m.line for m in self.mistakes if m.message == reason}
        line = self.line(word, where, near=near, taken=taken)
        self._note(Mistake(line, reason, suggestion, remedy))

    def missing(self, name: str, reason: str, where: str = "") -> NoReturn:
        """Note that something isn't there, at the head of its table; silent where a misspelt word stands for it."""
        if name in self.assumed:
            raise Refused
        self._note(Mistake((self._header(where) or 0) + 1, reason))

    def _note(self, mistake: Mistake) -> NoReturn:
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)
        if len(self.mistakes) >= MAX_MISTAKES:
            raise RuleInvalid(self.file, self.mistakes)
        raise Refused

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Read on after what is refused in the block."""
        try:
            yield
        except Refused:
            return

    def tried(self, read: Callable[[], T]) -> T | None:
        """Return what `read` returns; None where it refuses."""
        try:
            return read()
        except Refused:
            return None

    def each(self, items: Iterable[R], read: Callable[[R], T]) -> list[T]:
        """Read each item, and leave out those that are refused."""
        found: list[T] = []
        for item in items:
            with self.going_on():
                found.append(read(item))
        return found

    def finish(self) -> None:
        """Raise RuleInvalid if anything was refused."""
        if self.mistakes:
            raise RuleInvalid(self.file, self.mistakes)

    def line(self, word: str, where: str = "", *, near: str = "", taken: Iterable[int] = ()) -> int:
        """Return the line of `word` as a whole word within the table `where`, else anywhere, else the table's head."""
        start, end = self._span(where)
        everywhere: list[int] = [*range(start, end), *range(end, len(self._lines)), *range(start)]
        for wanted in ([word, near], [word], [near]):
            whole = [re.compile(rf"(?<![\w.]){re.escape(item)}(?![\w.])") for item in wanted if item]
            for bare in (True, False):
                for number in everywhere if whole else []:
                    text = self._lines[number].split("#", 1)[0] if bare else self._lines[number]
                    if number + 1 not in taken and all(pattern.search(text) for pattern in whole):
                        return number + 1
        return start + 1

    def known(self, raw: Any, words: Iterable[str], what: str, where: str = "", *, of: str = "") -> None:
        """Refuse anything but a table whose keys are among `words`; every other key is noted."""
        if not isinstance(raw, dict):
            self.refuse(_last(where), f"{where.rstrip(INNER) or 'the rule'} must be a table", where)
        allowed = sorted(words)
        if len(self.each(raw, lambda key: self.word(key, allowed, what, where, of=of))) < len(raw):
            raise Refused

    def word(self, word: Any, words: Iterable[str], what: str, where: str = "", *, of: str = "") -> Any:
        """Return `word` if it is one of `words`; else refuse it and name the nearest."""
        allowed = sorted(words)
        if isinstance(word, str) and word in allowed:
            return word
        meant = nearest(str(word), allowed)
        if meant is not None:
            self.assumed |= {meant, str(word)}
        reason = f"unknown {what} {shown(word)}{f' of {of}' if of else ''}"
        return self.refuse(str(word), reason, where, suggestion=meant, remedy=_remedy(meant, allowed))

    def table(self, raw: Mapping[str, Any], name: str, where: str = "") -> dict[str, Any]:
        """Return the table `name`; refuse if it is missing or something else."""
        found = raw.get(name)
        if found is None:
            self.missing(name, f"the table {name} is missing", where)
        if not isinstance(found, dict):
            self.refuse(name, f"{name} must be a table", where)
        return found

    def text_of(self, raw: Mapping[str, Any], name: str, where: str = "", *, longest: int = 300) -> str:
        """Return the text `name`; refuse if it is missing or something else, or too long."""
        found = raw.get(name)
        if found is None:
            self.missing(name, f"{name} is missing", where)
        if not isinstance(found, str) or not found.strip():
            self.refuse(name, f"{name} must be text", where)
        return self.short(found, name, where, longest=longest)

    def texts(self, raw: Mapping[str, Any], name: str, where: str = "") -> list[str]:
        """Return the list of texts `name`, empty if it isn't there."""
        found = raw.get(name, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            self.refuse(name, f"{name} must be a list of texts", where)
        return [self.short(item, name, where, longest=300) for item in found]

    def short(self, text: str, name: str, where: str, *, longest: int) -> str:
        """Return a text; refuse what is too long, or what the database can't keep."""
        if len(text) > longest:
            self.refuse(name, f"{name} is longer than {longest} characters", where)
        if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
            self.refuse(name, f"{name} holds a character that can't be kept", where)
        return text

    def whole(self, value: Any, name: str, where: str, *, most: int, least: int = 0) -> int:
        """Return a whole number from `least` to `most`; refuse anything else."""
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(name, f"{name} must be a whole number from {least} to {most}", where)
        return value

    def span_of(self, value: Any, where: str = "") -> timedelta:
        """Return a length of time (`36h`); refuse anything else."""
        span = parse_span(value) if isinstance(value, str) else None
        if span is None:
            reason = f"{shown(value)} is not a length of time; write 90s, 5m, 36h or 3d"
            self.refuse(str(value), reason, where)
        return span

    def field(
        self, name: Any, sides: Mapping[Side, str], where: str, *, near: str = "", only: Side | None = None
    ) -> FieldRef:
        """Look a field up: plain names on the left side, `right.x` on the right one."""
        side: Side = "right" if isinstance(name, str) and name.startswith("right.") else "left"
        fact = sides.get(side)
        if fact is None or (only and side != only):
            self.refuse(str(name), f"there is no right side here for {shown(name)}", where, near=near)
        plain = str(name).removeprefix("right.")
        columns = FACTS[fact].columns
        if plain not in columns:
            meant = nearest(plain, list(columns))
            if meant is not None:
                self.assumed |= {str(name), f"right.{meant}" if side == "right" else meant}
            self.refuse(
                str(name),
                f"unknown field {shown(plain)} of {fact}",
                where,
                near=near,
                suggestion=meant,
                remedy=_remedy(meant, list(columns)),
            )
        return FieldRef(side, plain, columns[plain].kind)

    def _span(self, where: str) -> tuple[int, int]:
        """Return the lines of a table: from its head to the next table that isn't within it."""
        found = self._header(where)
        start = found or 0
        name = where.rstrip(INNER).partition("#")[0]
        if name and found is None:
            return 0, len(self._lines)
        for number in range(start + 1 if name else start, len(self._lines)):
            head = re.match(r"\s*\[\[?\s*([\w.]+)\s*\]\]?\s*(#|$)", self._lines[number])
            if head and not (name and head[1].startswith(f"{name}.")):
                return start, number
        return start, len(self._lines)

    def _header(self, where: str) -> int | None:
        name, _, nth = where.rstrip(INNER).partition("#")
        if not name:
            return None
        heads = [
            number
            for number, text in enumerate(self._lines)
            if re.match(rf"\s*\[\[?\s*{re.escape(name)}\s*\]\]?\s*(#|$)", text)
        ]
        if heads:
            return heads[min(int(nth or 0), len(heads) - 1)]
        return self._header(name.rpartition(".")[0]) if "." in name else None


def parse_span(text: str) -> timedelta | None:
    """Read `90s`, `5m`, `36h` or `3d`; None if it is neither."""
    match = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


def shown(word: Any) -> str:
    """Write a word of the file down, as it may be repeated."""
    text = str(word)
    return f"`{text if len(text) <= _SHOWN else f'{text[: _SHOWN - 1]}…'}`"


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the word that is most like `word`; None if none is."""
    found = process.extractOne(word[:_SHOWN], list(allowed), scorer=fuzz.ratio, score_cutoff=50)
    return str(found[0]) if found else None


def _remedy(meant: str | None, allowed: Iterable[str]) -> str:
    return f"Did you mean `{meant}`?" if meant else f"Known: {', '.join(allowed) or 'none'}."


def _last(where: str) -> str:
    return where.rstrip(INNER).split(".")[-1].partition("#")[0]
