"""Every Cashfree sample ends as events, as a known event of no account, or in quarantine with a right reason.

Payloads that are printed in the documentation page and in the OpenAPI document are read one by one (`file#name`), the
latter as pages of the stream that they are of. `python -m tests.samples.test_cashfree_samples` prints the table.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import Reading, read_delivery
from ingest.sources import Source

TABLE = Path(__file__).with_name("outcomes_cashfree.json")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = load_manifest("cashfree")
_PRINTED = re.compile(r"<pre><code>(.*?)</code></pre>|```[^\n]*\n(.*?)```", re.DOTALL)
SOURCE = Source(
    business_id=UUID(int=1),
    name="payment:cashfree",
    connector=load_connector("cashfree"),
    manifest=MANIFEST,
    secrets=(),
    settings={},
    statuses=status_map(MANIFEST),
)


def read(body: bytes, *, version: str | None = None, stream: str | None = None) -> Reading:
    """Read a body as it would come."""
    headers = {"x-webhook-version": version} if version else {}
    return read_delivery(SOURCE, Inbound(body, headers, stream=stream), via="webhook", received_at=NOW)


def outcome(reading: Reading) -> list[str]:
    """What became of a body."""
    said = [event.event_type for event in reading.delivery.events]
    said += [f"quarantine:{part.code}" for part in reading.delivery.quarantined]
    return said + ["ignored"] * reading.ignored + ["wanted"] * len(reading.delivery.wanted)


def printed(page: Path) -> Iterator[tuple[str, bytes]]:
    """The payloads printed in a page of documentation."""
    blocks = [a or b for a, b in _PRINTED.findall(page.read_text("utf-8"))]
    for number, block in enumerate(blocks):
        yield f"{page.name}#{number}", html.unescape(block).strip().encode()


def shown(document: Path) -> Iterator[tuple[str, bytes, str]]:
    """The examples of the API's document that are answers we ask for, with their stream."""
    whole: dict[str, Any] = json.loads(document.read_text("utf-8"))
    schemas, examples = whole["components"]["schemas"], whole["components"]["examples"]
    payments = examples["payments_entity_list_example"]["value"]
    refunds = examples["refunds_entity_example"]["value"]
    order = {"order": {}, "payments": payments, "refunds": refunds, "disputes": []}
    disputes = [schemas["DisputesEntity"]["example"]]
    yield f"{document.name}#order", json.dumps(order).encode(), "orders"
    yield (
        f"{document.name}#disputes",
        json.dumps({**order, "payments": [], "refunds": [], "disputes": disputes}).encode(),
        "orders",
    )
    for name, stream in (("ReconEntity", "orders"), ("SettlementReconEntity", "recon")):
        yield f"{document.name}#{name}", json.dumps(schemas[name]["example"]).encode(), stream
    settlement = {"data": [schemas["SettlementEntity"]["example"]]}
    yield f"{document.name}#SettlementEntity", json.dumps(settlement).encode(), "settlements"


def found(samples: Path) -> dict[str, list[str]]:
    """The outcome of every sample that is here."""
    out: dict[str, list[str]] = {}
    for path in sorted((samples / "cashfree").iterdir()):
        version = next((v for v in MANIFEST.versions if v in path.name), None)
        out[path.name] = outcome(read(path.read_bytes(), version=version))
        if path.suffix == ".md":
            for name, body in printed(path):
                out[name] = outcome(read(body, version="2022-09-01"))
        if path.name.startswith("openapi"):
            for name, body, stream in shown(path):
                out[name] = outcome(read(body, stream=stream))
    return out


def test_every_sample_ends_as_the_table_says(samples):
    here = found(samples)
    assert len(here) >= 18
    assert here == json.loads(TABLE.read_text("utf-8"))


def test_nothing_ends_in_silence_and_no_reason_is_a_fault_of_ours(samples):
    for name, ends in found(samples).items():
        assert ends, name
        assert "quarantine:connector.failed" not in ends, name
        assert "quarantine:schema.unknown_event" not in ends, name


def test_the_published_sample_with_a_comma_too_many_is_read_once_it_is_gone(samples):
    text = (samples / "cashfree" / "payment_success.2023-08-01.txt").read_text("utf-8")
    mended = re.sub(r",(\s*})", r"\1", text)
    assert outcome(read(mended.encode(), version="2023-08-01")) == ["payment.received"]


def test_the_samples_money_is_what_they_print(samples):
    body = (samples / "cashfree" / "payment_success.2025-01-01.json").read_bytes()
    (event,) = read(body, version="2025-01-01").delivery.events
    printed_amount = json.loads(body, parse_float=str)["data"]["payment"]["payment_amount"]
    assert event.data["amount"] == int(printed_amount) * 100
    assert event.external_id == json.loads(body)["data"]["payment"]["cf_payment_id"]


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    print(json.dumps(found(SAMPLES), indent=1))
