"""Every Zoho sample ends as events, as a record to be fetched, as no matter of ours, or in quarantine with a right reason.

`outcomes_zoho.json` holds, per file, what becomes of it: event types, `ignored`, `wanted:<stream>`, `quarantine:<code>`.
`python -m tests.samples.test_zoho_samples` prints the table as it would be. The files `openapi_*.yml` describe the API
and are no deliveries; they are read for the names of the members that we rely on.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from connectors.contract import Inbound, load_connector, load_manifest
from connectors.zoho_books.signatures import signed_text
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source

TABLE = Path(__file__).with_name("outcomes_zoho.json")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
STREAMS = {
    "books_contacts_list.from_openapi.json": ("zoho_books", "contacts"),
    "books_customerpayment_get.from_openapi.json": ("zoho_books", "customerpayments"),
    "books_customerpayments_list.from_openapi.json": ("zoho_books", "customerpayments"),
    "books_invoice_get.from_openapi.json": ("zoho_books", "invoices"),
    "books_invoices_list.from_openapi.json": ("zoho_books", "invoices"),
    "crm_notification_insert.json": ("zoho_crm", None),
    "crm_notification_update.json": ("zoho_crm", None),
}


def source(connector: str) -> Source:
    manifest = load_manifest(connector)
    return Source(
        business_id=UUID(int=1),
        name=manifest.source_prefix,
        connector=load_connector(connector),
        manifest=manifest,
        secrets=(),
        settings={},
        statuses=status_map(manifest),
    )


def outcome(body: bytes, connector: str, stream: str | None) -> list[str]:
    """What becomes of a body, through the very reading that the endpoint and the puller do."""
    via = "webhook" if stream is None else "pull"
    reading = read_delivery(source(connector), Inbound(body, stream=stream), via=via, received_at=NOW)
    said = [event.event_type for event in reading.delivery.events]
    said += [f"wanted:{item.stream}" for item in reading.delivery.wanted]
    said += [f"quarantine:{part.code}" for part in reading.delivery.quarantined]
    return said + ["ignored"] * reading.ignored


def found(samples: Path) -> dict[str, list[str]]:
    """The outcome of every sample, and of each record sent as a workflow sends it."""
    out: dict[str, list[str]] = {}
    for path in sorted((samples / "zoho").glob("*.json")):
        connector, stream = STREAMS[path.name]
        body = path.read_bytes()
        out[path.name] = outcome(body, connector, stream)
        if "_get." in path.name:
            out[f"{path.name} (pushed)"] = outcome(body, connector, None)
    return out


def test_every_sample_ends_as_the_table_says(samples):
    here, expected = found(samples), json.loads(TABLE.read_text("utf-8"))
    assert len(here) >= len(STREAMS)
    assert here == {name: expected.get(name) for name in here}


def test_nothing_ends_in_silence_and_no_reason_is_a_fault_of_ours(samples):
    for name, ends in found(samples).items():
        assert ends, name
        assert "quarantine:connector.failed" not in ends, name


def test_every_sample_cut_short_is_quarantined_as_malformed(samples):
    for path in sorted((samples / "zoho").glob("*.json")):
        body = path.read_bytes().rstrip()
        for cut in (body[: len(body) // 2], body[:-1]):
            assert outcome(cut, *STREAMS[path.name]) == ["quarantine:json.malformed"], path.name


@pytest.mark.parametrize(
    ("file", "members"),
    [
        (
            "invoices",
            ("last_modified_time", "write_off_amount", "credits_applied", "tax_total", "gst_no", "balance"),
        ),
        ("contacts", ("contact_type", "gst_no", "payment_terms", "place_of_contact", "last_modified_time")),
        ("customer-payments", ("tax_amount_withheld", "reference_number", "bank_charges", "amount_refunded")),
    ],
)
def test_the_members_that_we_read_stand_in_zohos_own_description(samples, file, members):
    described = (samples / "zoho" / f"openapi_books_{file}.yml").read_text("utf-8")
    for member in members:
        assert re.search(rf"^ +{member}:", described, re.MULTILINE), member


def test_the_text_that_is_signed_is_the_published_one(samples):
    """The text is published; the digest over it is not, so that the vector is computed and proves no more than that."""
    vectors = json.loads((samples / "vectors.json").read_text("utf-8"))
    vector = next(vector for vector in vectors if vector["id"] == "ZOHO-D1")
    assert vector["kind"] == "derived"
    body = b'{"created_date":"2019-03-06","event_id":"5675"}'
    url = "https://munshi.example/ingest/key?subscription_id=90343&name=basic"
    assert signed_text(url) + body == vector["message"].encode()
    call = Inbound(body, {"x-zoho-webhook-signature": vector["signature"]}, url=url)
    load_connector("zoho_books").verify(call, secrets=[vector["secret"]], now=NOW)


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    print(json.dumps(found(SAMPLES), indent=1))
