"""Every Tally sample ends as events, as what is known and moves no party, or in quarantine with a right reason.

`outcomes_tally.json` holds, per file, how often each comes of it; `python -m tests.samples.test_tally_samples` prints
the table as it would be.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source

TABLE = Path(__file__).with_name("outcomes_tally.json")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = load_manifest("tally")
SOURCE = Source(
    business_id=UUID(int=1),
    name="books:tally",
    connector=load_connector("tally"),
    manifest=MANIFEST,
    secrets=(),
    settings={},
    statuses=status_map(MANIFEST),
)


def outcome(body: bytes) -> dict[str, int]:
    """What becomes of a file, through the very reading that the door does."""
    reading = read_delivery(SOURCE, Inbound(body), via="file", received_at=NOW)
    said = Counter(event.event_type for event in reading.delivery.events)
    said.update(f"quarantine:{part.code}" for part in reading.delivery.quarantined)
    left_out: dict[str, int] = dict(reading.facts.get("left_out", {}))
    return dict(sorted(said.items())) | {f"left out: {why}": count for why, count in left_out.items()}


def found(samples: Path) -> dict[str, dict[str, int]]:
    """The outcome of every sample that is here, by file."""
    files = [path for path in sorted((samples / "tally").glob("*")) if path.is_file()]
    return {path.name: outcome(path.read_bytes()) for path in files}


def test_every_sample_ends_as_the_table_says(samples):
    here, expected = found(samples), json.loads(TABLE.read_text("utf-8"))
    assert len(here) >= 10
    assert not here.keys() - expected.keys(), "samples that the table doesn't know"
    assert here == {name: expected[name] for name in here}


def test_no_sample_ends_in_silence_nor_by_a_fault_of_ours(samples):
    for name, ends in found(samples).items():
        assert ends, name
        assert "quarantine:connector.failed" not in ends, name


def test_every_voucher_of_a_sample_is_an_event_is_left_out_or_is_quarantined(samples):
    for path in sorted((samples / "tally").glob("*Vouchers*")):
        vouchers = path.read_bytes().count(b"<VOUCHER>")
        assert sum(outcome(path.read_bytes()).values()) == vouchers, path.name


@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_a_sample_cut_short_is_refused_as_a_whole(samples, share):
    for path in sorted((samples / "tally").glob("*.xml")):
        body = path.read_bytes()
        cut = int(len(body.rstrip()) * share) // 2 * 2
        assert outcome(body[:cut]) == {"quarantine:xml.malformed": 1}, path.name


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    print(json.dumps(found(SAMPLES), indent=1))
