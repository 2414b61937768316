"""Every Razorpay sample ends as events, as a known event of no account, or in quarantine with a right reason.

`outcomes_razorpay.json` holds, per file, what becomes of it: event types, `ignored`, `wanted`, `quarantine:<code>`. A
sample that isn't in it fails; `python -m tests.samples.test_razorpay_samples` prints the table as it would be. Answers
of the API go in as pages of the stream that they are of.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source

TABLE = Path(__file__).with_name("outcomes_razorpay.json")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
FOLDERS = ("webhook", "webhook_malformed", "webhook_repaired")
PULLED = ("rest", "sdk_mocks")
STREAMS = {  # by the first word in the file's name that is one of these
    "recon": "recon",
    "payment_link": "payment_links",
    "payment": "payments",
    "refund": "refunds",
    "invoice": "invoices",
    "settlement": "settlements",
    "payout": "payouts",
    "transaction": "transactions",
    "order": "orders",
    "error": "payments",
}
MANIFEST = load_manifest("razorpay")
SOURCE = Source(
    business_id=UUID(int=1),
    name="payment:razorpay",
    connector=load_connector("razorpay"),
    manifest=MANIFEST,
    secrets=(),
    settings={},
    statuses=status_map(MANIFEST),
)


def outcome(body: bytes, stream: str | None = None) -> list[str]:
    """What becomes of a body, through the very reading that the endpoint and the puller do."""
    reading = read_delivery(SOURCE, Inbound(body, stream=stream), via="webhook", received_at=NOW)
    said = [event.event_type for event in reading.delivery.events]
    said += [f"quarantine:{part.code}" for part in reading.delivery.quarantined]
    return said + ["ignored"] * reading.ignored + ["wanted"] * len(reading.delivery.wanted)


def stream_of(path: Path) -> str | None:
    """The stream that an answer of the API is of; None for a webhook."""
    if path.parent.name not in PULLED or "webhook" in path.name:
        return None
    return next(stream for word, stream in STREAMS.items() if word in path.name)


def found(samples: Path) -> dict[str, list[str]]:
    """The outcome of every sample that is here, by folder and file."""
    files = [
        path
        for name in (*FOLDERS, *PULLED)
        for path in sorted((samples / "razorpay" / name).glob("*"))
        if path.is_file()
    ]
    return {f"{path.parent.name}/{path.name}": outcome(path.read_bytes(), stream_of(path)) for path in files}


def test_every_sample_ends_as_the_table_says(samples):
    here, expected = found(samples), json.loads(TABLE.read_text("utf-8"))
    assert len(here) > 70
    unknown = {name: ends for name, ends in here.items() if name not in expected}
    assert not unknown, "samples that the table doesn't know"
    assert here == {name: expected[name] for name in here}


def test_nothing_ends_in_silence_and_no_reason_is_a_fault_of_ours(samples):
    for name, ends in found(samples).items():
        assert ends, name
        assert "quarantine:connector.failed" not in ends, name
        assert "quarantine:schema.unknown_event" not in ends, name


def test_a_malformed_sample_is_quarantined_and_a_parseable_one_only_where_its_shape_is_broken(samples):
    for name, ends in found(samples).items():
        body = (samples / "razorpay" / name).read_bytes()
        try:
            json.loads(body)
        except ValueError:
            assert ends == ["quarantine:json.malformed"], name
        else:
            assert "quarantine:json.malformed" not in ends, name


def test_every_sample_cut_short_is_quarantined_as_malformed(samples):
    for path in sorted((samples / "razorpay" / "webhook").glob("*.json")):
        body = path.read_bytes().rstrip()
        assert outcome(body[: len(body) // 2]) == ["quarantine:json.malformed"], path.name
        assert outcome(body[:-1]) == ["quarantine:json.malformed"], path.name


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    print(json.dumps(found(SAMPLES), indent=1))
