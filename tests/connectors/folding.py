"""What the log makes of deliveries in the order in which they arrive: one state for each source identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import normalise, status_map
from ledger.domain.derive import Identity
from ledger.domain.events import NewEvent, subject_id
from ledger.domain.folds import Fact, fold

Key = tuple[str, str]
"""(kind, external id)"""


def folded(
    connector: str, arrivals: Iterable[tuple[Inbound, datetime]], *, settings: Mapping[str, Any] | None = None
) -> dict[Key, dict[str, Any]]:
    """Read deliveries as they arrive and fold what they say; what is known already must say the same again."""
    manifest = load_manifest(connector)
    words, known = status_map(manifest), dict[str, NewEvent]()
    for inbound, received_at in arrivals:
        observed = load_connector(connector).observe(
            inbound, source=manifest.source_prefix, settings=settings or {}, now=received_at
        )
        read = normalise(observed, words, received_at=received_at)
        assert not read.quarantined, read.quarantined
        for event in read.events:
            first = known.setdefault(event.source_event_id, event)
            assert first.digest() == event.digest(), f"{event.source_event_id} is rewritten"
    facts: dict[Key, list[Fact]] = defaultdict(list)
    for event in known.values():
        facts[event.kind, event.external_id].append(
            Fact(
                event.event_type, event.data, event.occurred_at, event.precision, event.sequence, event.digest(),
                event.source_event_id, event.word, event.flag,
            )
        )  # fmt: skip
    return {key: state for key, some in facts.items() if (state := fold(some)) is not None}


def identities(connector: str, states: Mapping[Key, dict[str, Any]]) -> list[Identity]:
    """Return the states as the derivation takes them."""
    source = load_manifest(connector).source_prefix
    return [
        Identity(subject_id(source, kind, external_id), source, kind, external_id, state)
        for (kind, external_id), state in states.items()
    ]
