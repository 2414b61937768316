"""Makes `connectors/<name>/shapes.json` from a connector's cases: `python -m tests.connectors.shapes [NAME …]`.

A member is required where our reading of an accepted case fails without it: each is taken out once, and the rest read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from connectors.contract import connector_names, load_manifest
from ingest.drift import ALIKE, ShapesOfEvents, named_parts, units, value_of, write_shapes
from kit.errors import Rejected
from kit.shape import Accepted, Headings, Seen, likeness, merged
from kit.xml import local_name, parse
from tests.connectors.casebook import Case, cases_of

Variant = list[tuple[Mapping[str, Seen], set[str]]]
"""Bodies of one shape, each with what is needed in it."""
MAX_TAKEN_APART = 64 * 1024
"""Larger cases only show what there is."""


def shapes_of(connector: str) -> dict[str, ShapesOfEvents]:
    """Return the accepted shapes of a connector, by payload version and event."""
    manifest = load_manifest(connector)
    variants: dict[tuple[str, str], list[Variant]] = {}
    for case in cases_of(connector):
        version = accepted_version(case, case.inbound.body)
        if version is None:
            continue
        value = value_of(case.inbound.body)
        for unit in units(manifest, case.inbound):
            # Tables of several banks have nothing in common: each layout is a shape of its own.
            key = (version, case.name if isinstance(value, Headings) else unit.what)
            needed = needed_in(case, value, unit.what, unit.shape)
            _variant(variants.setdefault(key, []), unit.shape).append((unit.shape, needed))
    out: dict[str, dict[str, dict[str, Accepted]]] = {}
    for (version, what), found in variants.items():
        for number, variant in enumerate(found, start=1):
            name = f"{what}#{number}" if number > 1 else what
            out.setdefault(version, {})[name] = {
                path: Accepted(
                    seen.kinds, required=all(path in need for shape, need in variant if path in shape)
                )
                for path, seen in merged(shape for shape, _ in variant).items()
            }
    return out


def _variant(variants: list[Variant], shape: Mapping[str, Seen]) -> Variant:
    """Return those of an event's shapes that one belongs to; new if it is like none of them."""
    alike, number = max(
        ((likeness(merged(s for s, _ in variant), shape), -n) for n, variant in enumerate(variants)),
        default=(Decimal(0), 0),
    )
    if not variants or alike < ALIKE:
        variants.append([])
        return variants[-1]
    return variants[-number]


def accepted_version(case: Case, body: bytes) -> str | None:
    """Return the version as which a body is read; None if anything of it is refused but a row for its own values."""
    try:
        observed = case.observe(body)
    except Rejected:
        return None
    refused = case.normalise(observed).quarantined
    return None if any(not part.code.startswith("row.") for part in refused) else observed.version


def needed_in(case: Case, value: Any, what: str, shape: Mapping[str, Seen]) -> set[str]:
    """Return the paths without which a case isn't read; of a table all its headings."""
    if isinstance(value, Headings):
        return {path for path in shape if path}
    body = case.inbound.body
    if len(body) > MAX_TAKEN_APART:
        return set()
    is_json = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    bare = json_without if is_json else xml_without
    if accepted_version(case, bare(case, what, None)) is None:
        return set()
    members = (path for path in shape if path and not path.endswith("[]") and "*" not in path)
    return {path for path in members if accepted_version(case, bare(case, what, path)) is None}


def json_without(case: Case, what: str, path: str | None) -> bytes:
    """Return the body without a member, in every event called `what`."""
    value = json.loads(case.inbound.body)
    parts = [("", value)]
    if case.inbound.stream is None:
        parts = [
            part for part in named_parts(value, load_manifest(case.connector).event_at) if part[0] == what
        ]
    for _, part in parts if path is not None else ():
        *holders, member = path.replace("[]", ".[]").strip(".").split(".")
        for holder in _below(part, holders):
            if isinstance(holder, dict):
                holder.pop(member, None)
    return json.dumps(value).encode()


def _below(value: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        yield value
    elif names[0] == "[]":
        for one in value if isinstance(value, list) else ():
            yield from _below(one, names[1:])
    elif isinstance(value, dict) and names[0] in value:
        yield from _below(value[names[0]], names[1:])


def xml_without(case: Case, _what: str, path: str | None) -> bytes:
    """Return the document without an element or attribute, wherever that path stands; Rejected is an empty body."""
    try:
        root = parse(case.inbound.body)
    except Rejected:
        return b""
    if path is not None and "." in path:
        _strip(root, path.split(".")[1:])
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _strip(element: Element, names: list[str]) -> None:
    first, *rest = names
    if first.startswith("@"):
        for name in [name for name in element.attrib if local_name(name) == first[1:]]:
            del element.attrib[name]
        return
    for child in [child for child in element if local_name(child.tag) == first]:
        if rest:
            _strip(child, rest)
        else:
            element.remove(child)


def file_of(connector: str) -> Path:
    """Return where a connector's shapes stand."""
    return Path(str(resources.files(f"connectors.{connector}") / "shapes.json"))


def main(names: list[str]) -> None:
    """Write the shapes of the named connectors, or of all."""
    for name in names or connector_names():
        file_of(name).write_bytes(write_shapes(shapes_of(name)))
        print(f"{file_of(name).name} of {name} is written")


if __name__ == "__main__":
    main(sys.argv[1:])
