"""A delivery, read: what can't be stored of it costs only itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from connectors.contract import Inbound, Observation, Observed, Wanted, load_manifest
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = load_manifest("standard")


class Naming:
    """A connector that sees one party and names objects to be fetched."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None: ...

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        party = Observation("e1", "party", "p1", now, "instant", {"name": "Kaveri"}, "party.upserted")
        wanted = [Wanted("companies", name, after=timedelta(hours=1)) for name in self.names]
        return Observed("1", [party], wanted=wanted)


def test_an_object_whose_id_no_store_can_hold_is_told_and_costs_nothing_else():
    source = Source(
        business_id=UUID(int=1),
        name="standard:crm",
        connector=Naming("77", "a\x00b", "", "x" * 301, "\ud800"),
        manifest=MANIFEST,
        secrets=(),
        settings={},
        statuses=status_map(MANIFEST),
    )
    made = read_delivery(source, Inbound(b"{}"), via="pull", received_at=NOW).delivery
    assert [(item.external_id, item.due_at) for item in made.wanted] == [("77", NOW + timedelta(hours=1))]
    assert [event.external_id for event in made.events] == ["p1"]
    assert [part.code for part in made.quarantined] == [
        "event.field_characters", "event.label_length", "event.label_length", "event.field_characters",
    ]  # fmt: skip
