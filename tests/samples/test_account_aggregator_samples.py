"""Every sample of an account aggregator ends as lines, as a notice of no account, or in quarantine with a right reason.

Deposits and sessions are read as fetched, notices as called. Setu prints some of them with comments in them: as they are
they are no JSON, and without the comments they are read (`file#mended`). `python -m
tests.samples.test_account_aggregator_samples` prints the table.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import Reading, read_delivery
from ingest.sources import Source

TABLE = Path(__file__).with_name("outcomes_account_aggregator.json")
NOW = datetime(2021, 6, 30, 17, 0, tzinfo=UTC)
"""Half an hour after the sample session was begun."""
MANIFEST = load_manifest("account_aggregator")
SOURCE = Source(
    business_id=UUID(int=1),
    name="bank:aa-sample",
    connector=load_connector("account_aggregator"),
    manifest=MANIFEST,
    secrets=(),
    settings={},
    statuses=status_map(MANIFEST),
)


def read(body: bytes, name: str) -> Reading:
    """Read a sample as it would come."""
    stream = "sessions" if name.startswith(("deposit", "session_data")) else None
    return read_delivery(SOURCE, Inbound(body, stream=stream), via="pull", received_at=NOW)


def outcome(reading: Reading) -> list[str]:
    """What became of a body."""
    said = [event.event_type for event in reading.delivery.events]
    said += [f"quarantine:{part.code}" for part in reading.delivery.quarantined]
    said += ["ignored"] * reading.ignored + ["wanted"] * len(reading.delivery.wanted)
    return said if said or reading.delivery.covered_until is None else ["covered"]


def mended(body: bytes) -> bytes:
    """Take out what makes a printed example no JSON: comments, dots, a comma too many, one too few."""
    text = re.sub(r"//[^\n]*|\.{4,}", "", body.decode())
    text = re.sub(r'("DELIVERED")\s*\n(\s*"data")', r"\1,\n\2", text)
    return re.sub(r",(\s*[}\]])", r"\1", text).encode()


def found(samples: Path) -> dict[str, list[str]]:
    """The outcome of every sample that is here."""
    out: dict[str, list[str]] = {}
    for path in sorted((samples / "account_aggregator").iterdir()):
        body = path.read_bytes()
        out[path.name] = outcome(read(body, path.name))
        if path.suffix == ".txt":
            out[f"{path.name}#mended"] = outcome(read(mended(body), path.name))
    return out


def test_every_sample_ends_as_the_table_says(samples):
    here = found(samples)
    assert len(here) >= 10
    assert here == json.loads(TABLE.read_text("utf-8"))


def test_nothing_ends_in_silence_and_no_reason_is_a_fault_of_ours(samples):
    for name, ends in found(samples).items():
        assert ends, name
        assert "quarantine:connector.failed" not in ends, name


def test_the_printed_line_is_read_to_the_paisa(samples):
    body = (samples / "account_aggregator" / "deposit_rebit_v2.json").read_bytes()
    reading = read(body, "deposit_rebit_v2.json")
    (event,) = reading.delivery.events
    assert (event.event_type, event.data["amount"], event.data["balance"]) == (
        "bank.debited",
        123_900,
        6_228_925,
    )
    assert event.data["references"]["utr"][0] == "935314560764"
    assert event.data["account"] == "XXXXXXX123"


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    print(json.dumps(found(SAMPLES), indent=1))
