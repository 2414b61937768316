"""HubSpot's samples: deliveries end as the table says, published vectors verify, and HubSpot's own documents know our calls.

`outcomes_hubspot.json` holds, per file, what becomes of it: events, what is wanted, `ignored`, `quarantine:<code>`. A file
that isn't in it fails; `python -m tests.samples.test_hubspot_samples` prints the table as it would be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connectors.contract import Inbound, load_connector, load_manifest
from connectors.hubspot import signatures
from connectors.hubspot.objects import TYPES
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source
from kit.errors import Denied
from tests.connectors.casebook import cases_of

TABLE = Path(__file__).with_name("outcomes_hubspot.json")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = load_manifest("hubspot")
SOURCE = Source(
    business_id=UUID(int=1),
    name="crm:hubspot",
    connector=load_connector("hubspot"),
    manifest=MANIFEST,
    secrets=(),
    settings={},
    statuses=status_map(MANIFEST),
)
VECTORS = ("HS-1", "HS-2", "HS-3", "HS-4", "HS-5", "HS-6")
URL = "https://www.example.com/webhook_uri"
STAMP = "1693657560000"


def outcome(body: bytes) -> list[str]:
    """What becomes of a body that comes as a webhook, through the very reading that the endpoint does."""
    reading = read_delivery(SOURCE, Inbound(body), via="webhook", received_at=NOW)
    said = [event.event_type for event in reading.delivery.events]
    said += [f"wanted:{item.stream} {item.external_id}" for item in reading.delivery.wanted]
    said += [f"quarantine:{part.code}" for part in reading.delivery.quarantined]
    return said + ["ignored"] * reading.ignored


def found(samples: Path) -> dict[str, list[str]]:
    """The outcome of every sample that is here. What isn't a delivery (HubSpot's documents) is set aside as such."""
    files = sorted(path for path in (samples / "hubspot").glob("*") if path.is_file())
    return {path.name: outcome(path.read_bytes()) for path in files}


def test_every_sample_ends_as_the_table_says(samples):
    here, expected = found(samples), json.loads(TABLE.read_text("utf-8"))
    assert len(here) >= 8
    assert not {name: ends for name, ends in here.items() if name not in expected}, "not in the table"
    assert here == {name: expected[name] for name in here}


def test_every_delivery_cut_short_is_quarantined_as_malformed(samples):
    for path in sorted((samples / "hubspot").glob("webhook_*.json")):
        body = path.read_bytes().rstrip()
        for end in range(1, len(body)):
            assert outcome(body[:end]) == ["quarantine:json.malformed"], (path.name, end)


# ---- published vectors -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def vectors(samples: Path) -> dict[str, dict[str, Any]]:
    return {vector["id"]: vector for vector in json.loads((samples / "vectors.json").read_text("utf-8"))}


def parts(vector: dict[str, Any]) -> tuple[str, str, bytes]:
    """Take a vector's signed message apart: version, method, body."""
    message, version = str(vector["message"]), str(vector["scheme"]).split()[1].rstrip(":")[:2]
    message = message.removeprefix(vector["secret"])
    method = next((method for method in ("POST", "GET") if message.startswith(method)), "POST")
    body = message.removeprefix(method).removeprefix(URL)
    return version, method, (body.removesuffix(STAMP) if version == "v3" else body).encode()


def inbound(vector: dict[str, Any]) -> tuple[Inbound, str]:
    version, method, body = parts(vector)
    if version == "v3":
        headers = {"x-hubspot-signature-v3": vector["signature"], "x-hubspot-request-timestamp": STAMP}
    else:
        headers = {"x-hubspot-signature": vector["signature"], "x-hubspot-signature-version": version}
    return Inbound(body, headers, url=URL), method


def test_every_published_vector_is_tested(vectors):
    assert {name for name in vectors if name.startswith("HS")} == set(VECTORS)
    assert [parts(vectors[name])[0] for name in VECTORS] == ["v1", "v1", "v2", "v2", "v2", "v3"]


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_verifies_and_fails_when_one_byte_changes(vectors, name):
    vector = vectors[name]
    call, method = inbound(vector)
    now = datetime.fromtimestamp(int(STAMP) / 1000, UTC)

    def verify(call: Inbound, secret: str = vector["secret"], now: datetime = now) -> None:
        signatures.check(call, secrets=["another", secret], now=now, method=method)

    verify(call)
    for body in flipped(call.body):
        with pytest.raises(Denied):
            verify(replace(call, body=body))
    for secret in flipped(vector["secret"].encode()):
        with pytest.raises(Denied):
            verify(call, secret.decode("latin-1"))
    for header, value in call.headers.items():
        if header == "x-hubspot-signature-version":
            continue
        for changed in flipped(value.encode()):
            with pytest.raises(Denied):
                verify(replace(call, headers={**call.headers, header: changed.decode("latin-1")}))
    if parts(vector)[0] != "v1":
        for url in flipped(URL.encode()):
            with pytest.raises(Denied):
                verify(replace(call, url=url.decode("latin-1")))
    if parts(vector)[0] == "v3":
        for late in (timedelta(minutes=5, milliseconds=1), -timedelta(minutes=5, milliseconds=1)):
            with pytest.raises(Denied):
                verify(call, now=now + late)


def flipped(data: bytes) -> Iterator[bytes]:
    """Each of the bytes with one bit changed, and one byte more or less."""
    for place in range(len(data)):
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    if data:
        yield data[:-1]
    yield data + b"\n"


# ---- HubSpot's own documents -----------------------------------------------------------------------
def document(samples: Path, name: str) -> dict[str, Any]:
    """One of HubSpot's OpenAPI documents."""
    found: dict[str, Any] = json.loads((samples / "hubspot" / f"openapi_{name}.v3.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", TYPES)
def test_the_addresses_that_we_call_are_in_hubspots_document(samples, name):
    paths = document(samples, name)["paths"]
    written = {path.replace(TYPES[name].type_id, name): set(calls) for path, calls in paths.items()}
    for tail in ("search", "batch/read", "batch/update"):
        assert "post" in written[f"/crm/v3/objects/{name}/{tail}"]
    assert "get" in written[f"/crm/v3/objects/{name}"]


@pytest.mark.parametrize("name", TYPES)
def test_the_members_that_we_send_and_read_are_in_hubspots_document(samples, name):
    schemas = document(samples, name)["components"]["schemas"]
    shown = schemas["SimplePublicObject"]["properties"]
    assert shown.keys() >= {"id", "properties", "propertiesWithHistory", "updatedAt", "archivedAt", "url"}
    assert schemas["ValueWithTimestamp"]["properties"].keys() >= {"value", "timestamp"}
    asked = schemas["BatchReadInputSimplePublicObjectId"]["properties"]
    assert asked.keys() >= {"inputs", "properties", "propertiesWithHistory"}
    searched = schemas["PublicObjectSearchRequest"]["properties"]
    assert searched.keys() >= {"filterGroups", "sorts", "properties", "limit"}
    assert {"GT", "GTE", "LTE"} <= set(schemas["Filter"]["properties"]["operator"]["enum"])
    written = schemas["SimplePublicObjectBatchInput"]["properties"]
    assert written.keys() >= {"id", "properties", "objectWriteTraceId"}
    assert schemas["StandardError"]["properties"].keys() >= {"category", "context", "message"}


@pytest.mark.parametrize("name", TYPES)
def test_our_cases_have_no_member_that_hubspots_document_doesnt_know(samples, name):
    schemas = document(samples, name)["components"]["schemas"]
    shown = schemas["SimplePublicObject"]["properties"].keys()
    batch = schemas["BatchResponseSimplePublicObjectWithErrors"]["properties"].keys()
    checked = 0
    for case in cases_of("hubspot"):
        if case.inbound.stream == name:
            body = json.loads(case.inbound.body)
            assert body.keys() - {"around"} <= batch, case
            for record in body["results"]:
                assert record.keys() <= shown, case
                checked += 1
    assert checked


def test_stages_are_read_as_hubspots_document_shows_them(samples):
    schemas = document(samples, "pipelines")["components"]["schemas"]
    assert schemas["Pipeline"]["properties"].keys() >= {"id", "label", "stages"}
    assert schemas["PipelineStage"]["properties"].keys() >= {"id", "label", "metadata", "updatedAt"}


if __name__ == "__main__":
    from tests.samples.conftest import SAMPLES

    print(json.dumps(found(SAMPLES), indent=1))
