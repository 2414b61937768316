"""The shape of a payload: which members it has and of which kinds, without a single value of it.

A path names a member from the root: `payload.payment.entity.amount`, `items[].id` (`[]`: each of a list), `@ID` (an
attribute of XML). A name that looks like somebody's data and not like a member's name reads `*`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from kit.errors import Rejected
from kit.xml import local_name, parse

MAX_NODES = 50_000
"""Values that are looked at; a page of a thousand objects is told by its first ones."""
MAX_LISTED = 20
FREE = "free"
"""The kind of a member that holds what people put there."""
_MAX_MEMBERS = 200
"""An object with more members than this is a table keyed by somebody's data."""
_NAME = re.compile(r"[A-Za-z_@$#][A-Za-z0-9_$#:\-]{0,59}")
_HEADING = re.compile(r"[A-Za-z][^\x00-\x1f\x7f]{0,39}")
_MAX_DIGITS = 3
_HEADING_ROWS = 60
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_CONTROLS = re.compile(
    r"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));|[\x00-\x08\x0b\x0c\x0e-\x1f]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """How a path was seen: of which kinds, in how many of the objects that could have had it; how many objects it is."""

    kinds: frozenset[str]
    times: int = 0
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accepted payload has at a path; `required`: without it our reading fails."""

    kinds: frozenset[str]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Retyped:
    """A member whose kind changed: kinds in words, `integer` or `integer or null`."""

    path: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Difference:
    """How a payload differs from the accepted shape; each list is sorted by path, outermost first."""

    missing: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    retyped: tuple[Retyped, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.new or self.retyped)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, at most MAX_LISTED of each; `more` counts what is left out."""
        lists: dict[str, list[Any]] = {
            "missing": list(self.missing),
            "new": list(self.new),
            "retyped": [{"path": r.path, "was": r.was, "now": r.now} for r in self.retyped],
        }
        more = sum(max(0, len(found) - MAX_LISTED) for found in lists.values())
        short: dict[str, Any] = {name: found[:MAX_LISTED] for name, found in lists.items()}
        return {**short, "more": more} if more else short


class Siblings(list[Any]):
    """Elements of one name in XML: their path has no `[]`, since one and several look alike there."""


class Headings(dict[str, str]):
    """The headings of a table: names with blanks, which among a body's members would be somebody's data."""


@dataclass(slots=True)
class _Tally:
    kinds: set[str] = field(default_factory=set)
    times: int = 0
    objects: int = 0


def shape_of(value: Any, *, free: Collection[str] = ()) -> dict[str, Seen]:
    """Return the shape of a JSON value, an XML tree or a row of headings.

    Members named in `free` (by name or path) hold what people put there: they are seen, and not looked into.
    """
    tallies: dict[str, _Tally] = {}
    waiting: list[tuple[str, Any]] = [("", value)]
    looked_at = 0
    while waiting and looked_at < MAX_NODES:
        path, item = waiting.pop()
        looked_at += 1
        if isinstance(item, Siblings):
            waiting += [(path, one) for one in reversed(item)]
            continue
        tally = tallies.setdefault(path, _Tally())
        tally.kinds.add(kind_of(item))
        if isinstance(item, Mapping):
            tally.objects += 1
            inner = [(_join(path, _member(name, item)), name, one) for name, one in item.items()]
            for at in {at for at, *_ in inner}:
                tallies.setdefault(at, _Tally()).times += 1
        elif isinstance(item, list):
            inner = [(f"{path}[]", "", one) for one in item]
        else:
            continue
        for at, name, one in reversed(inner):
            if name in free or at in free:
                tallies[at].kinds.add(FREE)
            else:
                waiting.append((at, one))
    return {
        path: Seen(frozenset(tally.kinds), tally.times, tally.objects)
        for path, tally in tallies.items()
        if tally.kinds
    }


def merged(shapes: Iterable[Mapping[str, Seen]]) -> dict[str, Seen]:
    """Return the shape of several payloads of one sort together."""
    out: dict[str, Seen] = {}
    for shape in shapes:
        for path, seen in shape.items():
            old = out.get(path, Seen(frozenset()))
            out[path] = Seen(old.kinds | seen.kinds, old.times + seen.times, old.objects + seen.objects)
    return out


def difference(accepted: Mapping[str, Accepted], shape: Mapping[str, Seen]) -> Difference:
    """Say what is missing, new and of another kind in `shape`, measured by what is accepted.

    Missing is only what our reading needs. Of a new or missing object its members aren't named as well.
    """
    missing = [path for path, wanted in accepted.items() if wanted.required and _is_absent(shape, path)]
    new = [path for path in shape if path not in accepted and _is_member(path)]
    retyped = [
        Retyped(path, in_words(wanted.kinds), in_words(seen.kinds))
        for path, seen in shape.items()
        if (wanted := accepted.get(path)) is not None and _strange(wanted, seen)
    ]
    return Difference(
        missing=tuple(_outermost(missing)),
        new=tuple(_outermost(new)),
        retyped=tuple(sorted(retyped, key=lambda r: (r.path.count("."), r.path))),
    )


def likeness(accepted: Mapping[str, Any], shape: Mapping[str, Any]) -> Decimal:
    """Return how much two shapes have in common, from 0 to 1: shared paths by all paths."""
    together = len(accepted.keys() | shape.keys())
    return Decimal(len(accepted.keys() & shape.keys())) / together if together else Decimal(0)


def kind_of(value: Any) -> str:
    """Return text, integer, decimal, flag, object, list or null."""
    match value:
        case None:
            return "null"
        case bool():
            return "flag"
        case int():
            return "integer"
        case Decimal() | float():
            return "decimal"
        case Mapping():
            return "object"
        case list():
            return "list"
    return "text"


def in_words(kinds: Iterable[str]) -> str:
    """Write kinds down: `integer or null`."""
    return " or ".join(sorted(kinds, key=lambda kind: (kind == "null", kind)))


# ---- XML and tables as values ----------------------------------------------------------------------
def tree_of_xml(body: bytes) -> dict[str, Any] | None:
    """Return an XML document as nested members, without its texts; None if it is none that `kit.xml` reads.

    Control characters, which some programs write against the standard, are left out first.
    """
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = _DECLARATION.sub("", body.decode(encoding), count=1)
        root = parse(_CONTROLS.sub("", text))
    except (UnicodeDecodeError, Rejected):
        return None
    return {local_name(root.tag): Siblings([_tree(root)])}


def headings_of(rows: Sequence[Sequence[Any]], *, known: Collection[str] = ()) -> Headings | None:
    """Return the headings of a table; None where no row looks like headings.

    Headings are texts without numbers in them: the row with most of the `known` ones (at least two), or, where none
    are known, the first row of three or more above a row that has numbers.
    """
    best: list[str] = []
    for number, row in enumerate(rows[:_HEADING_ROWS]):
        cells = _texts(row)
        if len(cells) < 3 or not all(_HEADING.fullmatch(c) and not _digits(c) for c in cells):
            continue
        if known:
            best = max(best, cells, key=lambda found: len(set(found).intersection(known)))
        elif any(_digits(cell) for cell in next(filter(None, map(_texts, rows[number + 1 :])), [])):
            return Headings(dict.fromkeys(cells, ""))
    return Headings(dict.fromkeys(best, "")) if len(set(best).intersection(known)) > 1 else None


def _tree(element: Element) -> Any:
    made: dict[str, Any] = {f"@{local_name(name)}": "" for name in element.attrib}
    for child in element:
        made.setdefault(local_name(child.tag), Siblings()).append(_tree(child))
    return made or ""


def _texts(row: Sequence[Any]) -> list[str]:
    found = (" ".join(str(cell).replace(".", "").split()) for cell in row if cell is not None)
    return [text for text in found if any(character.isalnum() for character in text)]


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


# ---- paths -----------------------------------------------------------------------------------------
def _member(name: Any, holder: Mapping[Any, Any]) -> str:
    """Return a member's name, or `*` for what may be somebody's data: an id, a name, an address."""
    text = str(name)
    if isinstance(holder, Headings):
        return text
    named = len(holder) <= _MAX_MEMBERS and _NAME.fullmatch(text) and _digits(text) <= _MAX_DIGITS
    return text if named else "*"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _parents(path: str) -> Iterator[str]:
    """Yield the paths above one, from the outermost."""
    for found in re.finditer(r"\.|\[\]", path):
        if found.start():
            yield path[: found.start()]
        if found[0] == "[]" and found.end() < len(path):
            yield path[: found.end()]


def _is_member(path: str) -> bool:
    return bool(path) and not path.endswith("[]")


def _is_absent(shape: Mapping[str, Seen], path: str) -> bool:
    """Where the holder isn't there, or is a list without items, nothing was to be expected but the holder itself."""
    holder, seen = shape.get(path.rpartition(".")[0]), shape.get(path)
    return _is_member(path) and (seen.times if seen else 0) < (holder.objects if holder else 0)


def _strange(wanted: Accepted, seen: Seen) -> bool:
    known = set(wanted.kinds)
    if "decimal" in known:
        known.add("integer")
    if not wanted.required:
        known.add("null")
    return known != {"null"} and not seen.kinds <= known


def _outermost(paths: Iterable[str]) -> list[str]:
    given = set(paths)
    kept = [path for path in given if not given.intersection(_parents(path))]
    return sorted(kept, key=lambda path: (path.count("."), path))
