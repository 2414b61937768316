"""Every Stripe sample ends as events, as a known event of no account, or in quarantine with a right reason.

They are all of test mode: `outcomes_stripe.json` holds, per file, what becomes of it where the source says that it
wants that; without, each is ignored. `python -m tests.samples.test_stripe_samples` prints the table as it would be.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import Reading, read_delivery
from ingest.sources import Source

TABLE = Path(__file__).with_name("outcomes_stripe.json")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = load_manifest("stripe")
OBJECTS = {  # bare objects, as a list would hold them
    "djstripe_invoice_in_fakefakefakefakefake0001.json": "invoices",
    "djstripe_payout_custom_bank_account.json": "payouts",
    "openapi_fixture_invoice.json": "invoices",
}


def source(**settings: Any) -> Source:
    return Source(
        business_id=UUID(int=1),
        name="payment:stripe",
        connector=load_connector("stripe"),
        manifest=MANIFEST,
        secrets=(),
        settings=settings,
        statuses=status_map(MANIFEST),
    )


def read(path: Path, **settings: Any) -> Reading:
    """Read a sample as it would come: an event by a call, an object in a page."""
    inbound = Inbound(path.read_bytes(), stream=OBJECTS.get(path.name))
    return read_delivery(source(**settings), inbound, via="webhook", received_at=NOW)


def outcome(path: Path, **settings: Any) -> list[str]:
    """What becomes of a sample."""
    reading = read(path, **settings)
    said = [event.event_type for event in reading.delivery.events]
    said += [f"quarantine:{part.code}" for part in reading.delivery.quarantined]
    return said + ["ignored"] * reading.ignored + ["wanted"] * len(reading.delivery.wanted)


def found(samples: Path, **settings: Any) -> dict[str, list[str]]:
    """The outcome of every sample that is here."""
    return {path.name: outcome(path, **settings) for path in sorted((samples / "stripe").glob("*.json"))}


def test_every_sample_ends_as_the_table_says(samples):
    here = found(samples, test_mode=True)
    assert len(here) >= 18
    assert here == json.loads(TABLE.read_text("utf-8"))


def test_test_mode_alone_is_ignored(samples):
    assert {name: ends for name, ends in found(samples).items() if ends != ["ignored"]} == {}


def test_every_sample_cut_short_is_quarantined_as_malformed(samples, tmp_path):
    for path in sorted((samples / "stripe").glob("*.json")):
        short = tmp_path / path.name
        short.write_bytes(path.read_bytes().rstrip()[:-1])
        assert outcome(short, test_mode=True) == ["quarantine:json.malformed"], path.name


@pytest.mark.parametrize("name", ["charge.succeeded", "payment_intent.succeeded"])
def test_the_charge_and_the_intent_of_the_samples_are_one_payment(samples, name):
    (event,) = read(samples / "stripe" / f"{name}.json", test_mode=True).delivery.events
    assert (event.external_id, event.data["amount"], event.data["currency"]) == (
        "pi_000000000000000000000000",
        2_000,
        "USD",
    )


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    rows = [
        f" {json.dumps(name)}: {json.dumps(ends)}" for name, ends in found(SAMPLES, test_mode=True).items()
    ]
    print("{\n" + ",\n".join(rows) + "\n}")
