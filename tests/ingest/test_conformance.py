"""What every connector promises, asked of each by the same questions: its manifest, its goldens, its signatures.

`test_conformance_pull.py` asks about paging and secrets, `test_conformance_fuzz.py` about bytes gone wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib import resources
from string import Formatter
from typing import Any

import pytest

from connectors.contract import (
    Inbound,
    Manifest,
    Observed,
    Pulls,
    WritesBack,
    connector_names,
    load_connector,
    load_manifest,
)
from kit.errors import Denied, Rejected
from ledger.domain.statuses import read_status
from ledger.domain.vocabulary import FIELDS_OF_KIND, SOURCE_EVENTS, STATUSES
from tests.connectors import casebook
from tests.connectors.casebook import NOW, Case
from tests.connectors.signing import Signer, signer_of

NAMES = connector_names()
WEBHOOKS = [name for name in NAMES if "webhook" in load_manifest(name).via]
CASES = casebook.every_case()
FAMILIES = {"bank", "books", "crm", "payment", "standard", "tax"}
SECTIONS = {
    "what it reads": r"\b(reads?|fields|columns)\b",
    "statuses": r"\b(status(es)?|words)\b",
    "limits": r"\blimits?\b",
    "how an owner connects it": r"\bconnect",
}
"""What each README has a heading for: `connectors/README.md`, "Its README"."""


# ---- the manifest ----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_is_named_as_its_folder_and_complete(name):
    manifest = load_manifest(name)
    assert manifest.name == name
    assert manifest.label
    assert manifest.family in FAMILIES
    assert manifest.versions
    assert manifest.via, "via: say how it is fed"
    assert set(manifest.via) <= {"webhook", "file", "chat", "pull"}
    if "webhook" in manifest.via:
        assert manifest.content_types
        assert manifest.needs_secret
    assert all(header == header.lower() for header in manifest.kept_headers)
    assert manifest.silence_hours >= 0
    assert manifest.batch > 0


@pytest.mark.parametrize("name", NAMES)
def test_it_pulls_if_it_says_so_and_only_then(name):
    manifest, pulls = load_manifest(name), "pull" in load_manifest(name).via
    assert bool(manifest.streams) == pulls, "via has pull exactly if there is a [[stream]]"
    assert isinstance(load_connector(name), Pulls) == pulls, "via has pull exactly if connector.py has fetch"
    assert (manifest.api is not None) == (pulls or manifest.writes_back), "what calls a vendor has an [api]"
    assert isinstance(load_connector(name), WritesBack) == manifest.writes_back, (
        "writes_back exactly if connector.py has prepare and write_back"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_stream_is_read_often_enough_and_overlaps(name):
    manifest = load_manifest(name)
    names = [stream.name for stream in manifest.streams]
    assert len(names) == len(set(names))
    for stream in manifest.streams:
        assert stream.first_days > 0, stream
        assert stream.batch > 0, stream
        if not stream.windowed:
            assert 1 <= stream.every_minutes <= 24 * 60, stream
            continue
        assert stream.overlap_minutes > 0, f"{stream.name}: wider than the vendor retries and indexes"
        if manifest.family == "bank":
            assert stream.every_minutes == 60, stream
        else:
            assert 1 <= stream.every_minutes <= 60, stream


@pytest.mark.parametrize("name", [name for name in NAMES if load_manifest(name).api is not None])
def test_its_api_is_called_over_https_at_a_pace_with_named_credentials(name):
    api = load_manifest(name).api
    assert api is not None
    assert api.base_url.startswith("https://")
    assert not api.base_url.endswith("/"), "paths begin with a slash"
    assert api.auth in ("basic", "bearer", "headers", "oauth", "login")
    assert (api.auth == "login") == bool(api.login), "login: what is sent for a token"
    if api.auth in ("oauth", "login") or api.token_url:
        assert api.token_url.startswith("https://")
    assert 0 < api.per_second <= 50
    assert api.credentials
    if api.auth == "basic":
        assert len(api.credentials) >= 2, "basic: a user and a password"
    if api.auth == "bearer":
        assert "token" in api.credentials
    if api.auth == "oauth" and "token" not in api.credentials:
        assert {"client_id", "client_secret", "refresh_token"} <= set(api.credentials)
    known = {*api.credentials, *api.settings}
    for value in (*api.headers.values(), *api.login.values(), *api.login_headers.values()):
        assert {part for _, part, _, _ in Formatter().parse(value) if part} <= known, value
    assert not api.probe or api.probe.startswith("/")


@pytest.mark.parametrize("name", NAMES)
def test_every_word_leads_to_a_status_of_ours_and_none_is_there_twice(name):
    rows = load_manifest(name).status_map
    for row in rows:
        assert row.kind in FIELDS_OF_KIND, row
        assert row.status in STATUSES, row
        assert 0 < row.confidence <= 100, row
        assert row.event_type is None or row.event_type in SOURCE_EVENTS, row
        read_status(row.kind, row.status, {}, stated=row.event_type)
    keys = [(row.kind, row.word.casefold(), row.qualifier.casefold()) for row in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", NAMES)
def test_its_readme_tells_an_owner_what_he_must_know(name):
    path = resources.files(f"connectors.{name}") / "README.md"
    assert path.is_file(), f"write connectors/{name}/README.md"
    headings = "\n".join(re.findall(r"^## .*$", path.read_text("utf-8"), re.MULTILINE))
    asked = {what for what in SECTIONS if what != "statuses" or load_manifest(name).status_map}
    missing = sorted(what for what in asked if not re.search(SECTIONS[what], headings, re.IGNORECASE))
    assert not missing, f"connectors/{name}/README.md has no heading for: {', '.join(missing)}"


# ---- cases and goldens -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_case_of_every_stream_and_no_golden_without_a_case(name):
    cases = casebook.cases_of(name)
    assert cases, f"put the first body at tests/connectors/cases/{name}/<case>.<ext>, in the vendor's shape"
    assert casebook.orphans(name) == [], "these stand beside no body: delete or rename them"
    streams = {stream.name for stream in load_manifest(name).streams}
    seen = {case.inbound.stream for case in cases if case.inbound.stream is not None}
    assert seen == streams, "each [[stream]] has a case with `stream = …` in its .case.toml, and no other"
    if "webhook" in load_manifest(name).via:
        assert any(case.inbound.stream is None for case in cases), "a case without a stream: a webhook"


def test_every_folder_of_cases_is_a_connectors():
    assert {path.name for path in casebook.CASES.iterdir() if path.is_dir()} <= set(NAMES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_reads_as_its_golden_says(case: Case):
    casebook.check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_bytes_again_say_the_same_under_the_same_ids(case: Case):
    first = said(case)
    assert said(case) == first
    later = said(case, now=case.now + timedelta(hours=1))
    if isinstance(first, Observed):
        assert isinstance(later, Observed)
        ids = [seen.event_id for seen in first.observations]
        assert [seen.event_id for seen in later.observations] == ids
        assert len(set(ids)) == len(ids)
        wanted = [(item.stream, item.external_id) for item in first.wanted]
        assert [(item.stream, item.external_id) for item in later.wanted] == wanted


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_case_says_is_plain_data_of_an_accepted_version(case: Case):
    observed = said(case)
    if not isinstance(observed, Observed):
        return
    manifest = load_manifest(case.connector)
    assert observed.version in manifest.versions
    events = case.normalise(observed).events
    ids = [event.source_event_id for event in events]
    assert len(set(ids)) == len(ids)
    for event in events:
        assert odd(event.data) == []
        json.dumps(event.data, allow_nan=False)
    assert [value for value in odd(observed.facts) if not isinstance(value, date)] == []
    check_wanted(manifest, observed)
    assert all(0 < len(item.external_id) <= 300 for item in observed.wanted)


def check_wanted(manifest: Manifest, observed: Observed) -> None:
    """Each wanted object is of a stream that can be asked by id, and soon enough to be of use."""
    for item in observed.wanted:
        assert manifest.stream(item.stream).by_id, f"{item.stream} has no by_id = true in the manifest"
        assert timedelta() <= item.after <= timedelta(days=366), item


def odd(value: Any) -> list[Any]:
    """Return what is in a value that plain data can't hold: floats, Decimals, dates, sets."""
    match value:
        case dict():
            return [found for item in (*value.keys(), *value.values()) for found in odd(item)]
        case list() | tuple():
            return [found for item in value for found in odd(item)]
        case None | bool() | int() | str():
            return []
    return [value]


def said(case: Case, *, now: datetime | None = None) -> Observed | tuple[str, str]:
    """What a case says, or the code and the words with which it is rejected."""
    try:
        return case.observe(now=now)
    except Rejected as refusal:
        return refusal.code, refusal.message


# ---- signatures ------------------------------------------------------------------------------------
def signed(name: str) -> tuple[Signer, Inbound]:
    """Return how a connector's vendor signs, and a webhook of its cases as it came, without a signature."""
    signer = signer_of(name)
    assert signer, (
        f"{name} takes webhooks: sign as its vendor does in tests/connectors/cases/{name}/signing.py"
    )
    case = next((case for case in casebook.cases_of(name) if case.inbound.stream is None), None)
    assert case, f"{name} takes webhooks: put one at tests/connectors/cases/{name}/"
    return signer, case.inbound


def denied(name: str, inbound: Inbound, *secrets: str, now: datetime = NOW) -> str:
    """Return the words with which a delivery is turned away."""
    with pytest.raises(Denied) as refused:
        load_connector(name).verify(inbound, secrets=secrets, now=now)
    return f"{refused.value.code} {refused.value}"


@pytest.mark.parametrize("name", WEBHOOKS)
def test_the_present_and_the_former_secret_verify_and_no_other(name):
    signer, bare = signed(name)
    call = signer.sign(bare, signer.secret, NOW)
    load_connector(name).verify(call, secrets=[signer.secret], now=NOW)
    load_connector(name).verify(call, secrets=[signer.other, signer.secret], now=NOW)
    for secrets in ((), ("",), (signer.other,), (signer.other, "")):
        words = denied(name, call, *secrets)
        assert signer.secret not in words
        assert signer.other not in words


@pytest.mark.parametrize("name", WEBHOOKS)
def test_without_a_signature_or_a_secret_nothing_comes_in(name):
    signer, bare = signed(name)
    if not signer.unsigned:
        denied(name, bare, signer.secret)
        denied(name, Inbound(b"", signer.sign(bare, signer.secret, NOW).headers), signer.secret)
    denied(name, Inbound(b"{}"), signer.secret)
    denied(name, Inbound(b"{}"))
    headers = signer.sign(bare, signer.secret, NOW).headers
    for header in headers.keys() - bare.headers.keys():
        for junk in ("", "0", "é", "\x00", "A" * 5_000, headers[header][:-1]):
            denied(name, replace(bare, headers={**headers, header: junk}), signer.secret)


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_changed_byte_of_the_body_is_denied(name):
    signer, bare = signed(name)
    if signer.unsigned:
        pytest.skip(f"the vendor doesn't sign the body: {signer.unsigned}")
    call = signer.sign(bare, signer.secret, NOW)
    for body in flipped(call.body):
        denied(name, replace(call, body=body), signer.secret)


def flipped(body: bytes) -> Iterator[bytes]:
    """The body with one byte changed, here and there, and one byte more or less."""
    for place in range(0, len(body), max(1, len(body) // 40)):
        yield body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
    yield body[:-1]
    yield body + b" "
