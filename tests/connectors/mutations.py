"""Bodies gone wrong: Hypothesis strategies that spoil the bytes, the JSON or the XML of a case."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from kit.errors import Rejected
from kit.xml import parse
from tests.connectors.casebook import Case

Place = tuple[str | int, ...]
Spoilt = tuple[Case, bytes]
_RAW = "\u0001raw:"
DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]
ODD: Sequence[Any] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, "", " ", "0", "-1", "null", "true",
    "1e5", "12.345", "-0.01", "1,23,45,678.90", "₹ 100", "INR", "XXX", "inr", "2026-02-30", "2026-13-01",
    "0000-00-00", "9999-12-31", "2026-11-20T24:61:00Z", "1900-01-01T00:00:00+05:30", "31/12/26", "20261120", "\x00",
    "a\x00b", "\ud800", "\udfff tail", "\u202e", "é" * 3, "x" * 5_000, "9" * 400, [], {}, [None], [[]], {"": None},
    {"id": None}, DEEP, 1795150800, 99999999999999, f"{_RAW}1e400", f"{_RAW}1.5", f"{_RAW}-0.0", f"{_RAW}1E+3",
    f"{_RAW}1e-400", f"{_RAW}0.1", f"{_RAW}{'7' * 5_000}", f"{_RAW}NaN", f"{_RAW}-Infinity",
)  # fmt: skip
"""What a vendor may send in any place; the marked ones are written as bare numbers."""


# ---- bytes -----------------------------------------------------------------------------------------
@st.composite
def spoilt_bytes(draw: st.DrawFn, cases: Sequence[Case]) -> Spoilt:
    """A case with a few spans of its bytes flipped, cut, inserted or doubled."""
    case = draw(st.sampled_from(cases))
    body = bytearray(case.inbound.body)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        span = draw(st.integers(1, 40))
        match draw(st.sampled_from(("flip", "cut", "insert", "double", "end"))):
            case "flip" if at < len(body):
                body[at] ^= draw(st.integers(1, 255))
            case "cut":
                del body[at : at + span]
            case "insert":
                body[at:at] = draw(
                    st.sampled_from(_INSERTS) | st.binary(min_size=1, max_size=8)  # broken text of every kind
                )
            case "double":
                body[at:at] = body[at : at + span]
            case "end":
                del body[at:]
    return case, bytes(body)


_INSERTS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\\u0000", b"\\ud800", b'"', b",", b"]", b"}",
    b"<", b"&#4;", b"&x;", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"\r", b"\n\n", b"\t", b"1e400", b"-", b"9" * 60,
)  # fmt: skip


# ---- JSON ------------------------------------------------------------------------------------------
def tree(case: Case) -> Any:
    """Return the body of a case as JSON; None where it is none. It is shared: don't change it."""
    return _tree(case.inbound.body)


@lru_cache(maxsize=512)
def _tree(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def dumped(value: Any) -> bytes:
    """Write JSON; strings that are marked as raw become bare."""
    text = json.dumps(value)
    mark = json.dumps(_RAW)[1:-1]
    while (start := text.find(f'"{mark}')) >= 0:
        end = text.index('"', start + 1)
        text = text[:start] + text[start + 1 + len(mark) : end] + text[end + 1 :]
    return text.encode()


def places(value: Any, at: Place = ()) -> list[Place]:
    """Every place in a JSON value, the whole of it first."""
    found = [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.extend(places(item, (*at, key)))
    return found


def at_place(value: Any, place: Place) -> Any:
    """Return what stands in a place."""
    for key in place:
        value = value[key]
    return value


def put(value: Any, place: Place, item: Any) -> Any:
    """Return the value with another item in a place."""
    if not place:
        return item
    changed = copy.copy(value)
    changed[place[0]] = put(value[place[0]], place[1:], item)
    return changed


@st.composite
def spoilt_json(draw: st.DrawFn, cases: Sequence[Case]) -> Spoilt:
    """A case with a few members dropped, renamed, retyped, doubled or replaced by something odd."""
    case = draw(st.sampled_from(cases))
    value = copy.deepcopy(tree(case))
    for _ in range(draw(st.integers(1, 3))):
        value = spoil(draw, value, draw(st.sampled_from(places(value))))
    return case, dumped(value)


def spoil(draw: st.DrawFn, value: Any, place: Place) -> Any:
    """Spoil what stands in a place."""
    old = at_place(value, place)
    holder = at_place(value, place[:-1]) if place else None
    match draw(st.sampled_from(("odd", "odd", "odd", "drop", "rename", "wrap", "text", "double"))):
        case "drop" if place:
            return put(value, place[:-1], _without(holder, place[-1]))
        case "rename" if isinstance(holder, dict):
            rest = {name: item for name, item in holder.items() if name != place[-1]}
            return put(value, place[:-1], {**rest, f"{place[-1]}_v2": old})
        case "wrap":
            return put(value, place, draw(st.sampled_from(([old], {"value": old}, [old, old]))))
        case "text" if not isinstance(old, dict | list):
            return put(value, place, f"{old}\x00" if draw(st.booleans()) else str(old))
        case "double" if isinstance(holder, list):
            return put(value, place[:-1], [*holder, old])
    return put(value, place, draw(st.sampled_from(ODD)))


def _without(holder: Any, key: Any) -> Any:
    if isinstance(holder, dict):
        return {name: item for name, item in holder.items() if name != key}
    return [item for at, item in enumerate(holder) if at != key]


# ---- XML -------------------------------------------------------------------------------------------
def element(case: Case) -> ET.Element | None:
    """Return the body of a case as XML, prefixes as written; None where it is none."""
    return _element(case.inbound.body)


@lru_cache(maxsize=512)
def _element(body: bytes) -> ET.Element | None:
    try:
        return parse(body)
    except Rejected:
        return None


@st.composite
def spoilt_xml(draw: st.DrawFn, cases: Sequence[Case]) -> Spoilt:
    """A case with a few elements dropped, emptied, renamed, doubled or given an odd text."""
    case = draw(st.sampled_from(cases))
    root = copy.deepcopy(element(case))
    assert root is not None
    for _ in range(draw(st.integers(1, 3))):
        holders = [holder for holder in root.iter() if len(holder)]
        if not holders:
            break
        holder = draw(st.sampled_from(holders))
        child = holder[draw(st.integers(0, len(holder) - 1))]
        _spoil_element(draw, holder, child)
    encoding = draw(st.sampled_from(("utf-8", "utf-16")))
    return case, ET.tostring(root, encoding=encoding, xml_declaration=draw(st.booleans()))


def _spoil_element(draw: st.DrawFn, holder: ET.Element, child: ET.Element) -> None:
    match draw(st.sampled_from(("drop", "empty", "rename", "double", "text", "text", "text", "deep"))):
        case "drop":
            holder.remove(child)
        case "empty":
            child.text = None
            child.attrib.clear()
            for inner in list(child):
                child.remove(inner)
        case "rename":
            child.tag = f"{child.tag}X"
        case "double":
            holder.append(copy.deepcopy(child))
        case "deep":
            for _ in range(150):
                child = ET.SubElement(child, "D")
        case "text":
            child.text = draw(st.sampled_from(_TEXTS))


_TEXTS = (
    "", " ", "0", "-1", "-0.01", "1e400", "NaN", "12.345", "1,23,456.78", "9" * 400, "x" * 5_000, "20260230", "99999999",
    "2026-13-01", "1-Apr-26", "Yes", "é", "\u202e", "100.00 Dr", "(-)5.00", "No. 5 @ 10/pc", "\u0085",
)  # fmt: skip


def rewritten(case: Case, change: Callable[[ET.Element], None]) -> bytes:
    """Return the XML of a case after a change."""
    root = copy.deepcopy(element(case))
    assert root is not None
    change(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def elements(case: Case) -> list[int]:
    """Every kind of element that a case has, by the place of its first in document order (the root left out)."""
    root, kinds = element(case), dict[tuple[str, ...], int]()
    number = -1

    def walk(holder: ET.Element, path: tuple[str, ...]) -> None:
        nonlocal number
        number += 1
        kinds.setdefault(path, number)
        for child in holder:
            walk(child, (*path, child.tag))

    if root is not None:
        walk(root, ())
    return [number for number in kinds.values() if number]


# ---- rows ------------------------------------------------------------------------------------------
Count = Callable[[bytes], int]


def row_lists(case: Case, count: Count) -> list[Place]:
    """Find the lists of rows in a JSON body: emptied, one takes at least its length of what `count` counts with it."""
    value = tree(case)
    if value is None:
        return []
    found = []
    whole = count(case.inbound.body)
    for place in places(value):
        rows = at_place(value, place)
        if not (isinstance(rows, list) and len(rows) >= 2 and all(isinstance(row, dict) for row in rows)):
            continue
        outer = all(isinstance(key, str) for key in place) and len(place) <= 3
        if outer and whole - count(dumped(put(value, place, []))) >= len(rows):
            found.append(place)
    return found


def row_elements(case: Case, count: Count) -> list[tuple[int, list[int]]]:
    """Find the rows in an XML body: the place of what holds them in document order, and theirs in it."""
    root = element(case)
    if root is None:
        return []
    found = []
    whole = count(rewritten(case, lambda _: None))
    for at, holder in enumerate(root.iter()):
        for tag in dict.fromkeys(child.tag for child in holder):
            rows = [number for number, child in enumerate(holder) if child.tag == tag]
            without = rewritten(case, lambda root, at=at, rows=rows: _remove(nth(root, at), rows))
            if len(rows) >= 2 and whole - count(without) >= len(rows):
                found.append((at, rows))
    return found


def nth(root: ET.Element, at: int) -> ET.Element:
    """Return the element at a place in document order."""
    return next(found for number, found in enumerate(root.iter()) if number == at)


def _remove(holder: ET.Element, rows: Sequence[int]) -> None:
    for child in [holder[number] for number in rows]:
        holder.remove(child)


def without_row(case: Case, at: int, row: int) -> bytes:
    """Return an XML body without one of its rows."""
    return rewritten(case, lambda root: _remove(nth(root, at), [row]))


def row_doubled(case: Case, at: int, row: int) -> bytes:
    """Return an XML body with one of its rows twice."""
    return rewritten(case, lambda root: nth(root, at).append(copy.deepcopy(nth(root, at)[row])))


def row_emptied(case: Case, at: int, row: int) -> bytes:
    """Return an XML body in which nothing stands in one of the rows."""

    def empty(root: ET.Element) -> None:
        holder = nth(root, at)
        bare = ET.Element(holder[row].tag)
        holder.remove(holder[row])
        holder.insert(row, bare)

    return rewritten(case, empty)
