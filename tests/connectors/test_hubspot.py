"""HubSpot's signatures, thin webhooks and records: what each says, and what it doesn't."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Inbound, Observation, Observed, Wanted, load_connector, load_manifest
from connectors.hubspot import fields, signatures
from connectors.hubspot.page import Associations, Pipelines
from ingest.normalise import normalise, status_map
from kit.errors import Denied, Rejected

CASES = Path(__file__).parent / "cases" / "hubspot"
HUBSPOT = load_connector("hubspot")
WORDS = status_map(load_manifest("hubspot"))
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
URL = "https://munshi.example/ingest/mun_1_abc"
SETTINGS: dict[str, Any] = {"timezone": "Asia/Kolkata", "currency": "INR", "invoice_property": "bill_numbers"}


# ---- the signature ---------------------------------------------------------------------------------
def call(
    body: bytes = b"[]", *, url: str = URL, signed: str | None = None, at: datetime = NOW, secret: str = "s"
) -> Inbound:
    stamp = str(round(at.timestamp() * 1000))
    signature = signatures.v3(secret, "POST", signed or url, body, stamp)
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
    return Inbound(body, headers, url=url)


def verify(inbound: Inbound, *secrets: str) -> None:
    HUBSPOT.verify(inbound, secrets=secrets or ("s",), now=NOW)


def denied(inbound: Inbound, *secrets: str) -> str:
    with pytest.raises(Denied) as refused:
        verify(inbound, *secrets)
    return refused.value.code


@pytest.mark.parametrize("minutes", [-5, -4.9, 0, 4.9, 5])
def test_a_call_of_the_last_or_next_five_minutes_verifies(minutes):
    verify(call(at=NOW + timedelta(minutes=minutes)))


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_a_call_older_or_from_further_ahead_is_denied(seconds):
    assert denied(call(at=NOW + timedelta(seconds=seconds))) == "signature.expired"


def test_the_escapes_of_the_address_are_decoded_and_others_are_not():
    called = f"{URL}?to=a%40b.example%2Fc%3ad%20e%2Cf%21%24%27%28%29%2A%3B%3F"
    verify(call(url=called, signed=f"{URL}?to=a@b.example/c:d%20e,f!$'()*;?"))
    assert denied(replace(call(url=URL), url=f"{URL}?a=1")) == "signature.wrong"


def test_a_wrong_v3_isnt_saved_by_a_right_v1():
    body = b'[{"eventId":1}]'
    right_v1 = {"x-hubspot-signature": signatures.v1("s", body), "x-hubspot-signature-version": "v1"}
    verify(Inbound(body, right_v1))
    assert (
        denied(Inbound(body, {**right_v1, "x-hubspot-signature-v3": ""}, url=URL)) == "signature.time_missing"
    )
    wrong = call(b"[]").headers
    assert denied(Inbound(body, {**right_v1, **wrong}, url=URL)) == "signature.wrong"


def test_v2_covers_the_address_and_an_unknown_version_is_denied():
    body = b"[]"
    headers = {
        "x-hubspot-signature": signatures.v2("s", "POST", URL, body),
        "x-hubspot-signature-version": "v2",
    }
    verify(Inbound(body, headers, url=URL))
    assert denied(Inbound(body, headers, url=URL + "/")) == "signature.wrong"
    assert denied(Inbound(body, headers)) == "signature.no_address"
    assert (
        denied(Inbound(body, {**headers, "x-hubspot-signature-version": "v4"}, url=URL))
        == "signature.version"
    )


def test_without_the_address_v3_is_denied():
    assert denied(replace(call(), url="")) == "signature.no_address"


# ---- webhooks --------------------------------------------------------------------------------------
def hooks(*events: dict[str, Any], **settings: Any) -> Observed:
    common = {"portalId": 55001, "occurredAt": 1795147200000, "eventId": 1, "attemptNumber": 0}
    body = json.dumps([{**common, **event} for event in events]).encode()
    return HUBSPOT.observe(Inbound(body), source="crm:hubspot", settings={**SETTINGS, **settings}, now=NOW)


def hook(name: str, **members: Any) -> dict[str, Any]:
    return {"subscriptionType": name, "objectId": 701, **members}


def test_a_retry_is_the_same_fact_and_another_deletion_another():
    first = hooks(hook("deal.deletion")).observations[0]
    again = hooks(hook("deal.deletion", attemptNumber=3, eventId=99)).observations[0]
    later = hooks(hook("deal.deletion", occurredAt=1795147200001)).observations[0]
    assert again.event_id == first.event_id
    assert later.event_id != first.event_id
    assert (first.word, first.external_id, first.precision) == ("deleted", "701", "instant")


def test_each_object_is_wanted_once():
    told = [hook("deal.creation"), hook("deal.propertyChange", propertyName="amount", propertyValue="1")]
    assert hooks(*told, *told).wanted == [Wanted("deals", "701")]


@pytest.mark.parametrize(
    ("kind", "name", "counts"),
    [
        ("company", "munshi_status", False),
        ("company", "phone", True),
        ("company", "industry", False),
        ("company", "gstin", False),
        ("deal", "munshi_outstanding", False),
        ("deal", "bill_numbers", True),
        ("deal", "hs_is_closed_won", True),
        ("deal", "hs_lastmodifieddate", False),
        ("contact", "lifecyclestage", True),
    ],
)
def test_a_change_counts_if_we_read_the_property_and_never_if_it_is_our_own(kind, name, counts):
    result = hooks(hook(f"{kind}.propertyChange", propertyName=name, propertyValue="x"))
    assert bool(result.wanted) == counts
    assert bool(result.ignored) != counts
    assert not result.unreadable


def test_a_property_that_the_settings_name_is_read_from_then_on():
    change = hook("company.propertyChange", propertyName="gstin", propertyValue="x")
    assert hooks(change, gstin_property="gstin").wanted == [Wanted("companies", "701")]
    assert hooks(change, gstin_property="no name").unreadable[0].code == "settings.property"


def test_a_merge_into_a_new_record_sends_both_former_ones_there():
    result = hooks(hook("company.merge", primaryObjectId=1, mergedObjectIds=[2, 3], newObjectId=4))
    assert [(seen.external_id, seen.data) for seen in result.observations] == [
        ("2", {"into": "4"}),
        ("3", {"into": "4"}),
        ("1", {"into": "4"}),
    ]
    assert result.wanted == [Wanted("companies", "4")]


def test_a_merge_into_the_primary_leaves_that_one_alone():
    result = hooks(hook("company.merge", primaryObjectId=1, mergedObjectIds=[1, 2], newObjectId=None))
    assert [(seen.external_id, seen.data) for seen in result.observations] == [("2", {"into": "1"})]


@pytest.mark.parametrize("body", [b"{}", b"7", b'"x"', b"null"])
def test_a_delivery_that_is_no_list_is_refused(body):
    with pytest.raises(Rejected) as refused:
        HUBSPOT.observe(Inbound(body), source="crm:hubspot", settings={}, now=NOW)
    assert refused.value.code == "schema.not_a_list"


def test_a_restored_deal_says_no_stage_and_is_wanted():
    result = hooks(hook("deal.restore"))
    (event,) = normalise(result, WORDS, received_at=NOW).events
    assert (event.event_type, event.data, event.flag) == ("deal.status_reported", {}, None)
    assert result.wanted == [Wanted("deals", "701")]


# ---- records ---------------------------------------------------------------------------------------
def page(stream: str, change: Any = None, **settings: Any) -> Observed:
    body = json.loads((CASES / f"{stream}.json").read_text("utf-8"))
    if change is not None:
        change(body)
    raw = Inbound(json.dumps(body).encode(), stream=stream)
    return HUBSPOT.observe(raw, source="crm:hubspot", settings={**SETTINGS, **settings}, now=NOW)


def of(result: Observed, external_id: str) -> Observation:
    (found,) = [
        seen
        for seen in result.observations
        if seen.external_id == external_id
        and seen.word not in ("merged", "deleted")
        and "into" not in seen.data
    ]
    return found


def record(body: dict[str, Any], external_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in body["results"] if one["id"] == external_id)
    return found


def test_our_echo_is_the_same_event():
    """What we write moves HubSpot's own stamp and adds properties, and is none of what we read."""

    def echo(body: dict[str, Any]) -> None:
        for one in body["results"]:
            one["updatedAt"] = one["properties"]["hs_lastmodifieddate"] = "2026-11-21T06:29:00.000Z"
            one["properties"]["munshi_outstanding"] = "56840.00"
            one["propertiesWithHistory"]["munshi_outstanding"] = [
                {"value": "56840.00", "timestamp": "2026-11-21T06:29:00.000Z", "sourceType": "INTEGRATION"}
            ]

    for stream in ("companies", "deals", "invoices"):
        assert page(stream, echo).observations == page(stream).observations


def test_a_deal_that_goes_to_won_and_back_tells_three_things():
    def moved(*stages: tuple[str, str]) -> Any:
        def change(body: dict[str, Any]) -> None:
            deal = record(body, "701")
            for stage, at in stages:
                deal["properties"]["dealstage"] = stage
                history = deal["propertiesWithHistory"].setdefault("dealstage", [])
                history.insert(0, {"value": stage, "timestamp": at, "sourceType": "CRM_UI"})

        return change

    won, back = ("closedwon", "2026-11-20T07:00:00Z"), ("appointmentscheduled", "2026-11-20T08:00:00Z")
    seen = [of(page("deals", moved(*steps)), "701") for steps in ([], [won], [won, back])]
    assert len({one.event_id for one in seen}) == 3
    assert [one.occurred_at.hour for one in seen[1:]] == [7, 8]
    assert [one.word for one in seen] == ["Appointment Scheduled", "Closed Won", "Appointment Scheduled"]


@pytest.mark.parametrize(
    ("closed", "won", "status"),
    [
        ("false", "false", "deal.open"),
        ("true", "false", "deal.lost"),
        ("true", "true", None),
        (None, None, None),
    ],
)
def test_hubspot_says_which_stages_are_open_and_lost_and_won_is_asked(closed, won, status):
    def change(body: dict[str, Any]) -> None:
        record(body, "701")["properties"].update(hs_is_closed=closed, hs_is_closed_won=won)
        for pipeline in body["around"]["pipelines"]["results"]:
            for stage in pipeline["stages"]:
                stage["metadata"] = {}

    seen = of(page("deals", change), "701")
    assert seen.implied == status
    (event,) = normalise(Observed("v3", [seen]), WORDS, received_at=NOW).events
    assert event.flag == (None if status else "unmapped")


def test_without_the_deals_own_flags_the_stage_says_it():
    def change(body: dict[str, Any]) -> None:
        for one in body["results"]:
            one["properties"].pop("hs_is_closed", None)
            one["properties"].pop("hs_is_closed_won", None)

    result = page("deals", change)
    assert [of(result, number).implied for number in ("701", "702", "703", "704", "705")] == [
        "deal.open", None, "deal.lost", None, "deal.open"
    ]  # fmt: skip


def test_the_words_are_labels_and_without_labels_the_ids():
    assert (of(page("deals"), "704").word, of(page("deals"), "704").qualifier) == ("Order in hand", "Tenders")
    bare = of(page("deals", lambda body: body["around"].pop("pipelines")), "704")
    assert (bare.word, bare.qualifier) == ("99120012", "99120001")


def test_a_renamed_stage_is_a_later_word_of_the_same_moment():
    def rename(body: dict[str, Any]) -> None:
        stage = body["around"]["pipelines"]["results"][1]["stages"][1]
        stage |= {"label": "Order signed", "updatedAt": "2026-11-21T05:00:00.000Z"}

    before, after = of(page("deals"), "704"), of(page("deals", rename), "704")
    assert (before.word, after.word) == ("Order in hand", "Order signed")
    assert before.occurred_at == after.occurred_at
    assert before.sequence < after.sequence


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("56840", "INR", 5_684_000),
        ("56840.5", "INR", 5_684_050),
        ("1.2E+3", "INR", 120_000),
        ("1500", "JPY", 1_500),
        ("1.234", "KWD", 1_234),
        ("0", "INR", 0),
    ],
)
def test_amounts_are_minor_units_of_their_own_currency(amount, currency, minor):
    def change(body: dict[str, Any]) -> None:
        record(body, "701")["properties"].update(amount=amount, deal_currency_code=currency)

    assert of(page("deals", change), "701").data["amount"] == minor


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("10.005", "INR", "money.fraction"),
        ("1.5", "JPY", "money.fraction"),
        ("-5", "INR", "money.negative"),
        ("1,000", "INR", "money.not_a_number"),
        ("NaN", "INR", "money.not_a_number"),
        ("999999999999999999", "INR", "money.out_of_range"),
        ("10", "XXX", "money.unknown_currency"),
    ],
)
def test_an_amount_that_is_none_is_set_aside_and_the_deal_read_without_it(amount, currency, code):
    def change(body: dict[str, Any]) -> None:
        record(body, "701")["properties"].update(amount=amount, deal_currency_code=currency)

    result = page("deals", change)
    assert ("deals 701 amount", code) in [(part.where, part.code) for part in result.unreadable]
    data = of(result, "701").data
    assert not {"amount", "currency"} & data.keys()
    assert data["name"] == "Kraft paper, yearly"


def test_an_invoice_whose_amount_is_none_is_set_aside_whole():
    def change(body: dict[str, Any]) -> None:
        record(body, "802")["properties"]["hs_amount_billed"] = "12.345"

    result = page("invoices", change)
    assert [(part.where, part.code) for part in result.unreadable] == [("invoices 802", "money.fraction")]
    assert "802" not in {seen.external_id for seen in result.observations}


def test_without_any_history_a_record_is_but_seen():
    def change(body: dict[str, Any]) -> None:
        del record(body, "501")["propertiesWithHistory"]

    seen = of(page("companies", change), "501")
    assert seen.precision == "observed"
    assert seen.event_id.startswith("companies:501:seen:")


@pytest.mark.parametrize(
    ("ties", "party"),
    [
        ({"501": ["Primary"], "502": []}, {"id": "501"}),
        ({"502": []}, {"id": "502"}),
        ({"501": [], "502": []}, None),
        ({"501": ["Primary"], "502": ["Primary"]}, None),
    ],
)
def test_a_deal_belongs_to_its_primary_or_only_company(ties, party):
    def change(body: dict[str, Any]) -> None:
        to = [
            {"toObjectId": int(other), "associationTypes": [{"category": "X", "typeId": 9, "label": label}]}
            for other, labels in ties.items()
            for label in labels or [None]
        ]
        body["around"]["companies"]["results"] = [{"from": {"id": "701"}, "to": to}]
        body["around"].pop("contacts", None)

    assert of(page("deals", change), "701").data.get("party") == party


def test_the_billing_label_is_the_firms_own():
    label = {"billing_label": "Accounts"}
    assert "501" not in {seen.external_id for seen in page("contacts", **label).observations}
    assert page("contacts", **label).ignored.count("contacts: of a company") == 2


# ---- values ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "zone", "day"),
    [
        ("2026-11-20", "America/New_York", "2026-11-20"),
        ("2026-11-20T00:00:00Z", "America/New_York", "2026-11-20"),
        ("1795132800000", "America/New_York", "2026-11-20"),
        ("2026-11-19T19:00:00.000Z", "Asia/Kolkata", "2026-11-20"),
        ("2026-11-19T19:00:00", "Asia/Kolkata", None),
        ("soon", "Asia/Kolkata", None),
        ("", "Asia/Kolkata", None),
    ],
)
def test_dates_are_dates_and_moments_are_days_of_the_firm(value, zone, day):
    assert fields.day({"at": value}, "at", ZoneInfo(zone)) == day


def test_ties_and_stages_of_any_shape_are_no_obstacle():
    for odd in (
        None,
        7,
        [],
        {},
        {"results": 7},
        {"results": [None, {"from": 7, "to": [7]}, {"from": {"id": "1"}}]},
    ):
        assert Associations.of(odd).all("1") == []
        assert Pipelines.of(odd).stages == []
