"""Normalising: words mapped by the business first, doubts flagged, one bad observation alone in quarantine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from connectors.contract import Inbound, Manifest, Observation, Observed, StatusRow, Unreadable
from ingest.normalise import Normalised, normalise, status_map
from ingest.reading import read_delivery
from ingest.sources import Source
from ledger.domain.events import NewEvent, Quarantined

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def row(
    word: str, status: str, *, kind: str = "invoice", qualifier: str = "", confidence: int = 100
) -> StatusRow:
    return StatusRow(kind, word, qualifier, status, confidence)


MANIFEST = Manifest(
    name="made_up",
    family="crm",
    label="Made up",
    via=("webhook",),
    versions=("1",),
    content_types=("application/json",),
    status_map=(
        row("Done", "invoice.paid"),
        row("Done", "invoice.issued", qualifier="Tenders"),
        row("Perhaps", "invoice.paid", confidence=60),
        row("Noise", "none"),
        row("Gone", "dispute.lost", kind="dispute"),
    ),
)


def seen(**fields: Any) -> Observation:
    given: dict[str, Any] = {
        "event_id": "e1",
        "kind": "invoice",
        "external_id": "i1",
        "occurred_at": NOW,
        "precision": "instant",
        "data": {"number": "INV-1"},
        "word": "Done",
    }
    return Observation(**{**given, **fields})


def run(*observations: Observation, own: tuple[StatusRow, ...] = ()) -> Normalised:
    return normalise(Observed("1", observations), status_map(MANIFEST, own), received_at=NOW)


def only(*observations: Observation, own: tuple[StatusRow, ...] = ()) -> NewEvent:
    (event,) = run(*observations, own=own).events
    return event


def test_a_known_word_becomes_its_event_with_the_status_among_its_fields():
    event = only(seen())
    assert event.event_type == "invoice.status_reported"
    assert event.data == {"number": "INV-1", "status": "invoice.paid"}
    assert (event.word, event.qualifier, event.flag, event.schema_version) == ("Done", None, None, "1")


@pytest.mark.parametrize("word", ["done", " DONE "])
def test_a_word_is_the_same_whatever_its_case(word):
    assert only(seen(word=word)).data["status"] == "invoice.paid"


def test_the_context_changes_what_a_word_means_and_a_default_without_one_serves_any():
    assert only(seen(qualifier="Tenders")).data["status"] == "invoice.issued"
    assert only(seen(qualifier="Retail")).data["status"] == "invoice.paid"


def test_the_businesss_own_answer_goes_before_the_default_but_only_in_its_context():
    own = (row("Done", "invoice.voided", qualifier="Retail"),)
    assert only(seen(qualifier="Retail"), own=own).event_type == "invoice.voided"
    assert only(seen(qualifier="Tenders"), own=own).data["status"] == "invoice.issued"
    bare = (row("Done", "invoice.draft"),)
    assert only(seen(), own=bare).data["status"] == "invoice.draft"
    assert only(seen(qualifier="Tenders"), own=bare).data["status"] == "invoice.issued"


def test_a_doubtful_word_waits_with_the_guess_and_an_unknown_one_without():
    doubtful, unknown = only(seen(word="Perhaps")), only(seen(word="Zorro"))
    for event in (doubtful, unknown):
        assert (event.event_type, event.flag) == ("status.unmapped", "unmapped")
    assert doubtful.data == {"number": "INV-1", "status": "invoice.paid"}
    assert unknown.data == {"number": "INV-1"}


def test_a_business_that_is_not_sure_itself_is_asked_again():
    assert only(seen(), own=(row("Done", "invoice.paid", confidence=50),)).flag == "unmapped"


def test_a_word_that_says_nothing_makes_no_event_and_is_counted():
    result = run(seen(word="Noise"))
    assert (result.events, result.ignored) == ((), ("invoice: Noise",))


def test_fields_of_another_event_of_the_kind_are_left_out_and_strangers_refused():
    data = {"amount": 5, "currency": "INR", "payment": "p1", "respond_by": "2026-12-01"}
    event = only(seen(kind="dispute", word="Gone", data=data))
    assert event.event_type == "dispute.lost"
    assert "respond_by" not in event.data
    result = run(seen(kind="dispute", word="Gone", data={**data, "colour": "red"}))
    assert [part.code for part in result.quarantined] == ["event.field_unknown"]


def test_a_bad_observation_costs_only_itself_and_unreadable_parts_stay_told():
    observed = Observed(
        "1", [seen(data={"amount": 1.5}), seen(event_id="e2")], [Unreadable("row 3", "row.amount", "None.")]
    )
    result = normalise(observed, status_map(MANIFEST), received_at=NOW)
    assert [event.source_event_id for event in result.events] == ["e2"]
    assert result.quarantined[0] == Quarantined("row 3", "row.amount", "None.")
    assert (result.quarantined[1].place, result.quarantined[1].code) == ("e1", "event.field_type")


@pytest.mark.parametrize(
    ("ahead", "flag"), [(timedelta(minutes=5), None), (timedelta(minutes=5, seconds=1), "future")]
)
def test_five_minutes_ahead_are_forgiven(ahead, flag):
    assert only(seen(occurred_at=NOW + ahead)).flag == flag


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "spaceship"}, "event.unknown_kind"),
        ({"word": None}, "event.untold"),
        ({"event_type": "invoice.teleported"}, "event.unknown_type"),
        ({"event_type": "writeoff.approved"}, "event.unknown_type"),
        ({"event_type": "payment.received"}, "event.unknown_type"),
        ({"event_id": ""}, "event.label_length"),
        ({"external_id": "x" * 301}, "event.label_length"),
        ({"external_id": "x\x00"}, "event.field_characters"),
        ({"word": "\ud800"}, "event.field_characters"),
        ({"qualifier": "q" * 301}, "event.label_length"),
        ({"occurred_at": NOW.replace(tzinfo=None)}, "event.time_range"),
        ({"occurred_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "event.time_range"),
        ({"occurred_at": datetime(2100, 1, 1, tzinfo=UTC)}, "event.time_range"),
        ({"sequence": 2**63}, "event.sequence_range"),
        ({"word": None, "event_type": "invoice.revised", "data": {"status": "Done"}}, "status.unknown"),
    ],
)
def test_what_can_not_be_an_event_is_quarantined_by_name(fields, code):
    assert [part.code for part in run(seen(**fields)).quarantined] == [code]


def test_a_version_that_the_manifest_does_not_pin_is_quarantined_as_a_whole():
    class Newer:
        def verify(self, inbound: Inbound, *, secrets: Any, now: datetime) -> None:
            """Not asked here."""

        def observe(self, inbound: Inbound, *, source: str, settings: Any, now: datetime) -> Observed:
            return Observed("2", [seen()])

    source = Source(UUID(int=1), "crm:made_up", Newer(), MANIFEST, (), {}, status_map(MANIFEST))
    reading = read_delivery(source, Inbound(b"{}"), via="webhook", received_at=NOW)
    assert reading.delivery.events == ()
    assert [(part.place, part.code) for part in reading.delivery.quarantined] == [("", "schema.version")]


def test_what_the_vendor_says_of_its_own_word_comes_after_the_business_and_before_the_defaults():
    won = StatusRow("deal", "Advance in", "Sales", "invoice.paid", 100)
    deal = {"kind": "deal", "data": {}, "word": "Advance in", "qualifier": "Sales"}
    assert only(seen(**deal)).flag == "unmapped"
    assert only(seen(**deal, implied="deal.lost")).data == {"status": "deal.lost"}
    assert only(seen(**deal, implied="deal.lost"), own=(won,)).data == {"status": "invoice.paid"}
    assert only(seen(implied="invoice.draft")).data["status"] == "invoice.draft"
