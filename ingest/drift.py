"""Drift: how a payload that can't be read differs from the accepted ones, and which members are new in those that can.

`connectors/<name>/shapes.json` holds the accepted shapes, per payload version and per event (or stream); it is made
from the connector's cases by `python -m tests.connectors.shapes`. Values never leave this module, only paths.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Inbound, Manifest, load_manifest
from kit.database import transaction
from kit.errors import MunshiError, NotFound
from kit.json import read_json
from kit.logs import logger
from kit.shape import (
    Accepted,
    Difference,
    Headings,
    Seen,
    difference,
    headings_of,
    likeness,
    merged,
    shape_of,
    tree_of_xml,
)
from kit.tabular import read_book
from ledger.domain.events import Quarantined
from ledger.store.bodies import unseal_body

log = logger(__name__)
MAX_COMPARED_BYTES = 1024 * 1024
"""Larger bodies aren't compared; what was wrong with them is told by its reason alone."""
LOOKED_AT = 20
"""Newest deliveries of a source in which new members are looked for."""
MAX_NOTED = 300
"""New members noted of one source: a vendor who sends more of them sends data as names."""
ALIKE = Decimal("0.3")
"""Shapes with less in common are two different things, and nothing is said of what one has and the other hasn't."""
_NOT_OF_SHAPE = ("row", "store", "settings")
"""Codes that say nothing about the shape: a row's own value, our store, the source's settings."""
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_.:\-]{0,79}")

ShapesOfEvents = Mapping[str, Mapping[str, Accepted]]
"""Event (or stream) → path → what is accepted there. An event that comes in several shapes (a list of objects, one of
them alone) has `<event>#2` and so on besides."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One event of a body, or all of it: what it is called (empty: it has no name), and its shape."""

    what: str
    shape: Mapping[str, Seen]


# ---- accepted shapes -------------------------------------------------------------------------------
@lru_cache(maxsize=64)
def accepted_shapes(connector: str) -> Mapping[str, ShapesOfEvents]:
    """Return the accepted shapes of a connector by payload version; empty if none were made yet."""
    try:
        raw = (resources.files(f"connectors.{connector}") / "shapes.json").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        return {}
    return read_shapes(raw)


def read_shapes(raw: bytes) -> dict[str, dict[str, dict[str, Accepted]]]:
    """Read the text of `shapes.json`: kinds joined by `|`, `!` behind what our reading needs."""
    return {
        version: {
            what: {
                path: Accepted(frozenset(said.removesuffix("!").split("|")), required=said.endswith("!"))
                for path, said in paths.items()
            }
            for what, paths in events.items()
        }
        for version, events in orjson.loads(raw).items()
    }


def write_shapes(shapes: Mapping[str, ShapesOfEvents]) -> bytes:
    """Write the text of `shapes.json`."""
    plain = {
        version: {
            what: {path: "|".join(sorted(a.kinds)) + "!" * a.required for path, a in paths.items()}
            for what, paths in events.items()
        }
        for version, events in shapes.items()
    }
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


# ---- bodies ----------------------------------------------------------------------------------------
def units(manifest: Manifest, inbound: Inbound, *, headings: Collection[str] = ()) -> list[Unit]:
    """Return the events of a body with their shapes; none where it is neither JSON, XML nor a table.

    `headings` are those that are known of the connector's tables; without any, a table's are told by their looks.
    """
    value = value_of(inbound.body, headings=headings)
    if value is None:
        return []
    if inbound.stream is not None:
        return [Unit(inbound.stream, shape_of(value, free=manifest.free_members))]
    return [
        Unit(what, shape_of(part, free=manifest.free_members))
        for what, part in named_parts(value, manifest.event_at)
    ]


def value_of(body: bytes, *, headings: Collection[str] = ()) -> Any:
    """Read a body as JSON, XML or the headings of a table; None if it is none of them."""
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        if start[:1] in (b"{", b"["):
            return read_json(body)
        if start[:1] == b"<" or body[:4] in (b"\xff\xfe<\x00", b"\xfe\xff\x00<"):
            tree = tree_of_xml(body)
            if tree is not None and "html" not in {name.casefold() for name in tree}:
                return tree
        for sheet in read_book(body).sheets:
            if (found := headings_of(sheet.rows, known=headings)) is not None:
                return found
    except MunshiError:
        return None
    return None


def named_parts(value: Any, event_at: Sequence[str]) -> list[tuple[str, Any]]:
    """Cut a body into its events by where it names them (`event`, `events[].type`); all of it, if it names none."""
    if isinstance(value, Headings):
        return [("", value)]
    for place in event_at:
        holder, listed, member = place.rpartition("[].")
        found = _at(value, holder) if listed else value
        parts = found if listed and isinstance(found, list) else [] if listed else [value]
        named = [
            (name, part)
            for part in parts
            if isinstance(part, dict) and isinstance(name := _at(part, member), str) and name
        ]
        if named:
            return [(name if _EVENT.fullmatch(name) else "*", part) for name, part in named]
    return [("", value)]


def _at(value: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    return value


# ---- what changed ----------------------------------------------------------------------------------
def explained(
    manifest: Manifest, inbound: Inbound, parts: tuple[Quarantined, ...]
) -> tuple[Quarantined, ...]:
    """Put to each part that may not fit its shape how the body differs from the accepted ones; never raises."""
    if not any(_of_shape(part) for part in parts) or len(inbound.body) > MAX_COMPARED_BYTES:
        return parts
    try:
        diff = changed(manifest, inbound)
    except Exception:  # what we say about a body must not cost us the body
        log.exception("drift.compare_failed", connector=manifest.name)
        return parts
    return tuple(replace(part, diff=diff) if diff and _of_shape(part) else part for part in parts)


def changed(manifest: Manifest, inbound: Inbound) -> dict[str, Any] | None:
    """Return how a body differs from the accepted shape of its event: plain JSON, without values; None: in nothing.

    `event` is what the body calls itself, `unknown` says that no accepted one is called so: it is compared with the
    one that it is most like.
    """
    shapes = [events for events in accepted_shapes(manifest.name).values() if events]
    if not shapes:
        return None
    by_name: dict[str, list[Mapping[str, Seen]]] = {}
    for unit in units(manifest, inbound, headings=_paths(_all(shapes))):
        by_name.setdefault(unit.what, []).append(unit.shape)
    for what, found in by_name.items():
        shape = merged(found)
        known = [shape for events in shapes for shape in _called(events, what)] if what else []
        if any(not difference(accepted, shape) for accepted in known):
            continue  # versions may have the same members and other kinds: it need only fit one
        nearest = _nearest(known, shape, least=Decimal(0)) if known else _nearest(_all(shapes), shape)
        differs = difference(nearest, shape) if nearest is not None else Difference()
        if differs or (what and not known):
            return {
                **({"event": what} if what else {}),
                **({"unknown": True} if what and not known else {}),
                **differs.as_json(),
            }
    return None


def unknown_members(manifest: Manifest, inbound: Inbound, version: str) -> dict[str, str]:
    """Return the members of an accepted body that its accepted shape doesn't know: path → kind."""
    events = accepted_shapes(manifest.name).get(version, {})
    out: dict[str, str] = {}
    for unit in units(manifest, inbound, headings=_paths(_all([events]))):
        named = _called(events, unit.what) if unit.what else _all([events])
        accepted = _nearest(named, unit.shape)
        if accepted is None:
            continue
        for path in difference(accepted, unit.shape).new:
            out.setdefault(path, min(unit.shape[path].kinds - {"null"}, default="null"))
    return out


def _of_shape(part: Quarantined) -> bool:
    return part.code.partition(".")[0] not in _NOT_OF_SHAPE


def _called(events: ShapesOfEvents, what: str) -> list[Mapping[str, Accepted]]:
    return [shape for name, shape in sorted(events.items()) if name.partition("#")[0] == what]


def _paths(shapes: Iterable[Mapping[str, Accepted]]) -> set[str]:
    return {path for shape in shapes for path in shape}


def _all(shapes: Iterable[ShapesOfEvents]) -> list[Mapping[str, Accepted]]:
    return [accepted for events in shapes for _, accepted in sorted(events.items())]


def _nearest(
    candidates: Sequence[Mapping[str, Accepted]], shape: Mapping[str, Seen], *, least: Decimal = ALIKE
) -> Mapping[str, Accepted] | None:
    best, number = max(
        ((likeness(accepted, shape), -number) for number, accepted in enumerate(candidates)),
        default=(Decimal(-1), 0),
    )
    return candidates[-number] if best >= least else None


# ---- new members, noted ----------------------------------------------------------------------------
_SOURCES = "SELECT name, connector FROM sources WHERE business_id = $1 AND enabled ORDER BY name"
_NEWEST = """
SELECT d.digest, d.body, k.key, d.stream, d.version, d.filename, d.received_at FROM deliveries d
JOIN delivery_keys k ON k.business_id = d.business_id AND k.source = d.source AND k.digest = d.digest
WHERE d.business_id = $1 AND d.source = $2 AND d.version IS NOT NULL AND octet_length(d.body) <= $3
ORDER BY d.received_at DESC LIMIT $4
"""
_NOTE = """
INSERT INTO source_fields (business_id, source, version, path, kind, delivery, first_seen_at)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[])
  AS u (version, path, kind, delivery, seen_at)
WHERE (SELECT count(*) FROM source_fields f WHERE f.business_id = $1 AND f.source = $2) < $8
ON CONFLICT DO NOTHING
"""


async def note_new_members(engine: AsyncEngine, business: UUID) -> int:
    """Note members that the newest deliveries of each source have beyond the accepted shapes; return how many.

    They are noted and nothing else: what we don't know is read past, and kept in the raw body.
    """
    noted = 0
    async with transaction(engine, [business]) as tx:
        sources = await tx.fetch(_SOURCES, business)
    for source in sources:
        async with transaction(engine, [business]) as tx:
            newest = await tx.fetch(_NEWEST, business, source["name"], MAX_COMPARED_BYTES, LOOKED_AT)
        found = await asyncio.to_thread(_look, source["connector"], newest)
        if not found:
            continue
        columns = [list(column) for column in zip(*found, strict=True)]
        async with transaction(engine, [business]) as tx:
            noted += await tx.run(_NOTE, business, source["name"], *columns, MAX_NOTED)
    return noted


def _look(
    connector: str, deliveries: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str, str, bytes, datetime]]:
    """Return (version, path, kind, delivery, when) of each new member, by the oldest of these deliveries that has it."""
    try:
        manifest = load_manifest(connector)
    except NotFound:
        return []
    found: dict[tuple[str, str], tuple[str, str, str, bytes, datetime]] = {}
    for row in sorted(deliveries, key=lambda row: (row["received_at"], row["digest"])):
        body = unseal_body(row["body"], row["key"], row["digest"])
        inbound = Inbound(body, filename=row["filename"], stream=row["stream"])
        for path, kind in unknown_members(manifest, inbound, row["version"]).items():
            key = (row["version"], path)
            found.setdefault(key, (*key, kind, bytes(row["digest"]), row["received_at"]))
    return list(found.values())
