"""What every connector promises, asked of each by the same questions: its manifest, its goldens, its bytes."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, Observed, connector_names, load_connector, load_manifest
from ingest.normalise import normalise, status_map
from kit.errors import Denied, Rejected
from ledger.domain.statuses import read_status
from ledger.domain.vocabulary import FIELDS_OF_KIND, SOURCE_EVENTS, STATUSES
from tests.connectors import casebook
from tests.connectors.casebook import NOW, Case

NAMES = connector_names()
CASES = casebook.every_case()


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_is_named_as_its_folder_and_complete(name):
    manifest = load_manifest(name)
    assert manifest.name == name
    assert manifest.label
    assert manifest.versions
    assert set(manifest.via) <= {"webhook", "file", "chat", "pull"}
    if "webhook" in manifest.via:
        assert manifest.content_types
        assert manifest.needs_secret
    assert all(header == header.lower() for header in manifest.kept_headers)
    assert (resources.files(f"connectors.{name}") / "README.md").is_file()


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


@pytest.mark.parametrize("name", [name for name in NAMES if "webhook" in load_manifest(name).via])
def test_without_a_secret_nothing_comes_in_by_a_call(name):
    with pytest.raises(Denied):
        load_connector(name).verify(Inbound(b"{}", {}), secrets=(), now=NOW)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_rejected(name, body):
    manifest = load_manifest(name)
    try:
        observed = load_connector(name).observe(
            Inbound(body, filename="a.csv"), source=f"{manifest.family}:x", settings={}, now=NOW
        )
    except Rejected:
        return
    assert observed.version in manifest.versions
    normalise(observed, status_map(manifest), received_at=NOW)


# ---- cases and goldens -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_case_and_no_golden_without_one(name):
    assert casebook.cases_of(name), (
        f"put the first body at tests/connectors/cases/{name}/<case>.<ext>, in the vendor's shape"
    )
    assert casebook.orphans(name) == []


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


def said(case: Case, *, now: datetime | None = None) -> Observed | tuple[str, str]:
    """What a case says, or the code and the words with which it is rejected."""
    try:
        return case.observe(now=now)
    except Rejected as refusal:
        return refusal.code, refusal.message
