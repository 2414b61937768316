"""The cases of every connector: raw bodies in files, how they came, and the golden reading of each.

`cases/<connector>/<case>.<ext>` is a raw body. `<case>.case.toml` says how it came, where that matters: `stream`,
`filename`, `headers`, `url`, `settings`, `now`, `source`; `defaults.toml` says it for all cases of the folder.
`signing.py` signs them as the vendor does (see `tests/connectors/signing.py`).
`<case>.golden.json` is what `observe` and `normalise` make of it; the machine writes it, a person reads it.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from connectors.contract import Inbound, Observed, connector_names, load_connector, load_manifest
from ingest.normalise import Normalised, normalise, status_map
from kit.errors import Rejected

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
"""Saturday noon in India: when a case came in, unless it says otherwise."""
_GOLDEN, _TERMS, _DEFAULTS = ".golden.json", ".case.toml", "defaults.toml"
_OF_THE_FOLDER = frozenset({_DEFAULTS, "signing.py"})
_KNOWN_TERMS = frozenset({"stream", "filename", "headers", "settings", "now", "source", "url"})


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """One body as it came, and where its golden reading stands."""

    connector: str
    name: str
    inbound: Inbound
    source: str
    golden: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = NOW

    def __repr__(self) -> str:
        return f"{self.connector}/{self.name}"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(repr(self))  # Hypothesis would print the whole body

    def observe(self, body: bytes | None = None, *, now: datetime | None = None) -> Observed:
        """Observe it, or another `body` that came the same way; Rejected as the connector rejects it."""
        inbound = self.inbound if body is None else replace(self.inbound, body=body)
        return load_connector(self.connector).observe(
            inbound, source=self.source, settings=self.settings, now=now or self.now
        )

    def normalise(self, observed: Observed, *, now: datetime | None = None) -> Normalised:
        """Turn what was observed into events, by the connector's own status words."""
        statuses = status_map(load_manifest(self.connector))
        return normalise(observed, statuses, received_at=now or self.now)


@lru_cache(maxsize=64)
def cases_of(connector: str) -> tuple[Case, ...]:
    """Return the cases of a connector, by name; none if it has no folder."""
    folder = CASES / connector
    bodies = [path for path in sorted(folder.glob("*")) if path.is_file() and _is_body(path)]
    named = {_stem(path): path for path in bodies}
    if len(named) < len(bodies):
        raise AssertionError(f"{folder.name}: two bodies have the same name before the first dot")
    return tuple(_case(connector, name, path) for name, path in named.items())


def case(connector: str, name: str) -> Case:
    """Return one case by its name."""
    return next(found for found in cases_of(connector) if found.name == name)


def every_case() -> list[Case]:
    """Return the cases of all connectors."""
    return [found for connector in connector_names() for found in cases_of(connector)]


def orphans(connector: str) -> list[str]:
    """Return the goldens and terms that stand beside no body."""
    folder, names = CASES / connector, {found.name for found in cases_of(connector)}
    beside = [path for path in folder.glob("*") if path.is_file() and not _is_body(path)]
    return sorted(
        path.name for path in beside if path.name not in _OF_THE_FOLDER and _stem(path) not in names
    )


def read(found: Case) -> dict[str, Any]:
    """Return the golden reading of a case: plain JSON, in the order that the connector gave."""
    try:
        observed = found.observe()
    except Rejected as refusal:
        return {"rejected": refusal.code, "reason": refusal.message}
    normalised = found.normalise(observed)
    reading = {
        "version": observed.version,
        "events": [
            {
                name: value
                for name in (
                    "source_event_id", "event_type", "kind", "external_id", "occurred_at", "precision",
                    "word", "qualifier", "flag", "sequence", "data",
                )
                if (value := getattr(event, name)) not in (None, 0)
            }
            for event in normalised.events
        ],
        "quarantined": [[part.place, part.code, part.reason] for part in normalised.quarantined],
        "ignored": list(normalised.ignored),
        "wanted": [
            [item.stream, item.external_id, item.after.total_seconds() // 60] for item in observed.wanted
        ],
        "facts": dict(observed.facts),
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(reading, default=_plain))
    plain["wanted"] = [[stream, key, f"after {minutes:.0f} min"] for stream, key, minutes in plain["wanted"]]
    return plain


def check(found: Case) -> None:
    """Compare a case with its golden; only MUNSHI_WRITE_GOLDEN writes one (`new`) or replaces it (`overwrite`)."""
    text = json.dumps(read(found), indent=1, ensure_ascii=False) + "\n"
    wish = os.environ.get("MUNSHI_WRITE_GOLDEN", "")
    if wish == "overwrite" or (wish == "new" and not found.golden.exists()):
        found.golden.write_text(text, "utf-8")
    assert found.golden.exists(), (
        f"{found.golden.name} is missing. Write it: MUNSHI_WRITE_GOLDEN=new .venv/bin/pytest"
        f" tests/ingest/test_conformance.py -k {found.connector}; then read it: is each event what an accountant expects?"
    )
    assert json.loads(text) == json.loads(found.golden.read_text("utf-8"))


# ---- files -----------------------------------------------------------------------------------------
def _case(connector: str, name: str, path: Path) -> Case:
    manifest = load_manifest(connector)
    terms = {**_terms(path.with_name(_DEFAULTS)), **_terms(path.with_name(name + _TERMS))}
    stream = terms.get("stream")
    filename = terms.get("filename", path.name if stream is None and "file" in manifest.via else None)
    now = terms.get("now", NOW)
    if isinstance(now, str):
        now = datetime.fromisoformat(now)
    return Case(
        connector=connector,
        name=name,
        inbound=Inbound(path.read_bytes(), terms.get("headers", {}), filename, stream, terms.get("url", "")),
        source=terms.get("source", manifest.source_prefix),
        golden=path.with_name(name + _GOLDEN),
        settings=terms.get("settings", {}),
        now=now,
    )


def _terms(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    terms = tomllib.loads(path.read_text("utf-8"))
    unknown = terms.keys() - _KNOWN_TERMS
    assert not unknown, f"{path.name}: {sorted(unknown)} says nothing; known: {sorted(_KNOWN_TERMS)}"
    return terms


def _is_body(path: Path) -> bool:
    return not path.name.endswith((_GOLDEN, _TERMS)) and path.name not in _OF_THE_FOLDER


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _plain(value: Any) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no plain data")
