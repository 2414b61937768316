"""XML from strangers: no document types, no entities, bounded depth and size; elements as the standard library has them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers import expat

from kit.errors import Rejected

MAX_DEPTH = 64
MAX_ELEMENTS = 2_000_000
_CHUNK = 1 << 16


def parse(body: bytes | str, *, max_depth: int = MAX_DEPTH, max_elements: int = MAX_ELEMENTS) -> Element:
    """Return the root of a whole document; Rejected (`xml.*`) for what is malformed, too deep, or declares anything.

    Tags and attributes are as written (`UDF:NAME`, `xmlns`): prefixes are not resolved. Text may come as bytes in
    the encoding that they declare, or as a string.
    """
    tree = _Tree(None, max_depth, max_elements)
    for chunk, is_last in _chunks(body):
        tree.feed(chunk, is_last=is_last)
    assert tree.root is not None  # expat refuses a document without an element
    return tree.root


def iterparse(
    body: bytes | str,
    tags: Collection[str],
    *,
    max_depth: int = MAX_DEPTH,
    max_elements: int = MAX_ELEMENTS,
) -> Iterator[Element]:
    """Yield each element called one of `tags` (prefix or not) once it is complete, and forget it.

    One inside another comes with the outer one. Raises as `parse` does, so what was yielded before a fault is half
    a document: take nothing of it unless the end was reached.
    """
    tree = _Tree(frozenset(tags), max_depth, max_elements)
    for chunk, is_last in _chunks(body):
        tree.feed(chunk, is_last=is_last)
        yield from tree.complete
        tree.complete.clear()


def local_name(tag: str) -> str:
    """Return a tag without its prefix: `ns2:Ntry` → `Ntry`."""
    return tag.rpartition(":")[2]


class _Tree:
    """Builds elements from expat's events; with `wanted`, only those and what is in them."""

    def __init__(self, wanted: frozenset[str] | None, max_depth: int, max_elements: int) -> None:
        self.root: Element | None = None
        self.complete: list[Element] = []
        self._wanted = wanted
        self._max_depth = max_depth
        self._left = max_elements
        self._depth = 0
        self._open: list[Element] = []
        self._text: list[str] = []
        self._last: Element | None = None
        parser = self._parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = _refuse_declarations
        parser.EntityDeclHandler = _refuse_declarations
        parser.ExternalEntityRefHandler = _refuse_declarations
        parser.SkippedEntityHandler = _refuse_declarations
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, chunk: bytes | str, *, is_last: bool) -> None:
        """Read on; Rejected with the line where it can't."""
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            raise Rejected(
                "xml.malformed",
                f"It is no well-formed XML: {what}, line {error.lineno}.",
                remedy="Export it again and send the file as it is.",
            ) from None
        except (LookupError, ValueError):
            raise Rejected(
                "xml.encoding", "Its encoding is not known.", remedy="Export it again as UTF-8."
            ) from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._flush()
        self._depth += 1
        self._left -= 1
        if self._depth > self._max_depth or self._left < 0:
            raise Rejected(
                "xml.too_deep" if self._left >= 0 else "xml.too_large",
                f"Its elements are nested more than {self._max_depth} deep."
                if self._left >= 0
                else "It has more elements than are read at once.",
                remedy="No real export looks like this. Export it again, for a shorter period.",
            )
        if self._wanted is not None and not self._open and local_name(tag) not in self._wanted:
            return
        element = Element(tag, attributes)
        if self._open:
            self._open[-1].append(element)
        elif self._wanted is None:
            self.root = element
        self._open.append(element)
        self._last = None

    def _end(self, _tag: str) -> None:
        self._flush()
        self._depth -= 1
        if not self._open:
            return
        self._last = self._open.pop()
        if not self._open and self._wanted is not None:
            self.complete.append(self._last)
            self._last = None

    def _flush(self) -> None:
        if not self._text:
            return
        text = "".join(self._text)
        self._text.clear()
        if self._last is not None:
            self._last.tail = text
        elif self._open:
            self._open[-1].text = text


def _refuse_declarations(*_: Any) -> int:
    raise Rejected(
        "xml.declarations",
        "It declares a document type or entities, which no statement or export does.",
        remedy="Export it again from the program itself.",
    )


def _chunks(body: bytes | str) -> Iterator[tuple[bytes | str, bool]]:
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK], False
    yield b"" if isinstance(body, bytes) else "", True
