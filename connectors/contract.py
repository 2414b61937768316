"""The contract of a connector: verify raw bytes, then turn them into observations in the vendor's words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib import import_module, resources
from typing import Any, Literal, Protocol

from kit.errors import NotFound

Precision = Literal["instant", "day", "observed"]
"""How sharp `occurred_at` is: to the moment, to the day, or only seen at that time (a poll, a snapshot)."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One delivery as it came: raw body, lower-cased headers, and the file's name if it was a file."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One fact in the vendor's words.

    `event_id` is unique within the source and the same on every redelivery. `kind` and `external_id` name the
    thing that the fact is about. `data` has the canonical fields of `ledger.domain.vocabulary` (money in minor
    units, dates as YYYY-MM-DD, no floats). Where the vendor states a status, `word` (and `qualifier`, the
    context that changes its meaning) is mapped later; otherwise `event_type` says which canonical event it is.
    """

    event_id: str
    kind: str
    external_id: str
    occurred_at: datetime
    precision: Precision
    data: dict[str, Any]
    event_type: str | None = None
    word: str | None = None
    qualifier: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row or part that can't be understood: where it stands, a stable code, and the reason in words."""

    where: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What one delivery said: the payload version it was pinned to, its facts, and what could not be read.

    `ignored` names vendor events that are known and bear on nothing that we keep. `facts` counts or dates the
    delivery as a whole, for the person who sent it (a statement's account, period, opening and closing balance).
    """

    version: str
    observations: Sequence[Observation] = ()
    unreadable: Sequence[Unreadable] = ()
    ignored: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of a status map: the vendor's word and context, our status, and how sure we are (0–100)."""

    kind: str
    word: str
    qualifier: str
    status: str
    confidence: int
    event_type: str | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A connector's `manifest.toml`: what it is called, how it is fed, which payload versions it accepts."""

    name: str
    family: str
    label: str
    via: tuple[str, ...]
    versions: tuple[str, ...]
    content_types: tuple[str, ...]
    kept_headers: tuple[str, ...] = ()
    """Headers kept with the raw body because an observation depends on them."""
    needs_secret: bool = False
    silence_hours: int = 0
    """Hours without news after which the source counts as quiet; 0: it has no rhythm."""
    status_map: tuple[StatusRow, ...] = ()

    @property
    def source_prefix(self) -> str:
        """`payment:razorpay`, the name that events carry; several sources of one kind add a suffix."""
        return f"{self.family}:{self.name}"


class Connector(Protocol):
    """What a vendor's `connector.py` offers as `connector`; every method is pure: no clock, no I/O, no logging."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless one of `secrets` (current first, then previous) signed these bytes in time."""
        ...

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        """Turn a verified delivery into observations; Rejected if nothing of it can be understood.

        `source` is the full source name; `settings` are the source's own (account number, timezone …).
        `now` is when the delivery was received (for replays too): use it only where the vendor gives no time.
        """
        ...


@lru_cache(maxsize=64)
def load_manifest(name: str) -> Manifest:
    """Read `manifest.toml` and `status_map.toml` of a connector; NotFound if there is no such connector."""
    if not name.isidentifier():
        raise NotFound("connector.unknown", f"There is no connector {name[:40]!r}.")
    try:
        folder = resources.files(f"connectors.{name}")
        raw = tomllib.loads((folder / "manifest.toml").read_text("utf-8"))
    except (ModuleNotFoundError, FileNotFoundError):
        raise NotFound(
            "connector.unknown", f"There is no connector {name!r}.", remedy="See `munshi source kinds`."
        ) from None
    rows: list[StatusRow] = []
    if (folder / "status_map.toml").is_file():
        for row in tomllib.loads((folder / "status_map.toml").read_text("utf-8")).get("status", []):
            rows.append(
                StatusRow(
                    kind=row["kind"],
                    word=row["word"],
                    qualifier=row.get("qualifier", ""),
                    status=row["status"],
                    confidence=row.get("confidence", 100),
                    event_type=row.get("event_type"),
                    notes=row.get("notes", ""),
                )
            )
    for many in ("via", "versions", "content_types", "kept_headers"):
        raw[many] = tuple(raw.get(many, ()))
    return Manifest(**raw, status_map=tuple(rows))


@lru_cache(maxsize=64)
def load_connector(name: str) -> Connector:
    """Return the connector called `name`; NotFound if there is none."""
    load_manifest(name)
    found: Connector = import_module(f"connectors.{name}.connector").connector
    return found


def connector_names() -> list[str]:
    """Return the names of all connectors, sorted."""
    folder = resources.files("connectors")
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and (entry / "manifest.toml").is_file()
    )
