"""The Standard Webhooks samples: well signed where they can be, and no event of ours, so quarantined by name."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = load_manifest("standard")
SOURCE = Source(
    business_id=UUID(int=1),
    name="standard:crm",
    connector=load_connector("standard"),
    manifest=MANIFEST,
    secrets=(),
    settings={},
    statuses=status_map(MANIFEST),
)


@pytest.mark.parametrize(
    ("name", "code"),
    [("spec_example.json", "schema.unknown_event"), ("vector_sw1_body.json", "schema.field_unknown")],
)
def test_a_sample_ends_in_quarantine_with_a_right_reason(samples, name, code):
    body = (samples / "standard-webhooks" / name).read_bytes()
    reading = read_delivery(SOURCE, Inbound(body, {"webhook-id": "msg_1"}), via="webhook", received_at=NOW)
    assert reading.delivery.events == ()
    assert [(part.place, part.code) for part in reading.delivery.quarantined] == [("", code)]


def test_every_json_sample_is_tested(samples):
    here = {path.name for path in (samples / "standard-webhooks").glob("*.json")}
    assert here == {"spec_example.json", "vector_sw1_body.json"}
