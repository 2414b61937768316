"""Fetching from an account aggregator over real HTTP: consent, session, waiting, data, and all that goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Inbound, Observed, Page, Pull, load_connector, load_manifest
from ingest.vendor import HttpVendor
from kit.errors import Rejected, Retryable, SourceBroken
from tests.vendors.account_aggregator import CONSENT, KEYS, PRODUCT, AccountAggregator, transaction
from tests.vendors.serving import Fault, Faulty, serving

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGGREGATOR = load_connector("account_aggregator")
MANIFEST = load_manifest("account_aggregator")
assert MANIFEST.api is not None
API = replace(MANIFEST.api, per_second=10_000)
SETTINGS = {"consent_id": CONSENT, "product_instance_id": PRODUCT, "account": "50100000000417"}


@pytest.fixture
def gateway() -> AccountAggregator:
    rows = [transaction(n, 100, 1_000 + 100 * n, at=(NOW - (9 - n) * DAY).isoformat()) for n in range(1, 9)]
    return AccountAggregator(rows=rows)


@pytest.fixture
def faulty(gateway: AccountAggregator) -> Faulty:
    return Faulty(gateway.app())


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield url


async def no_sleep(_: float) -> None:
    pass


def vendor_of(base: str, **keys: str) -> HttpVendor:
    settings = {**SETTINGS, "base_url": f"{base}/v2", "token_url": f"{base}/v1/users/login"}
    return HttpVendor(API, credentials={**KEYS, **keys}, settings=settings, sleep=no_sleep)


@pytest.fixture
async def vendor(base: str) -> AsyncIterator[HttpVendor]:
    async with vendor_of(base) as call:
        yield call


async def fetch(call: HttpVendor, *, since: datetime = NOW - 7 * DAY, **rest: Any) -> Page:
    pull = Pull(
        "sessions", since, rest.pop("until", NOW), settings={**SETTINGS, **rest.pop("settings", {})}, **rest
    )
    page: Page = await AGGREGATOR.fetch(pull, call)  # type: ignore[attr-defined]
    assert page.position is None
    return page


def read(inbound: Inbound, *, now: datetime = NOW) -> Observed:
    return AGGREGATOR.observe(inbound, source="bank:aa-example", settings=SETTINGS, now=now)


async def rounds(call: HttpVendor, *, looks: int = 10) -> list[Observed]:
    """A round, then what it wants, as the puller would, until nothing more is wanted."""
    said, now = [], NOW
    waiting = (await fetch(call)).inbounds
    for _ in range(looks):
        observed = [read(inbound, now=now) for inbound in waiting]
        said += observed
        wanted = [item for one in observed for item in one.wanted]
        if not wanted:
            return said
        now += max(item.after for item in wanted)
        waiting = (await fetch(call, ids=tuple(item.external_id for item in wanted), until=now)).inbounds
    raise AssertionError("it never ends")


# ---- the way of a session --------------------------------------------------------------------------
async def test_consent_session_and_data_end_as_lines(gateway, vendor, faulty):
    gateway.becomes = ["PENDING", "PENDING", "COMPLETED"]
    said = await rounds(vendor)
    (statement,) = [one for one in said if one.observations]
    assert [seen.data["amount"] for seen in statement.observations] == [10_000] * 7
    assert statement.facts["proven"] is True
    assert statement.facts["closing"] == 180_000
    assert gateway.begun == [
        {
            "consentId": CONSENT,
            "dataRange": {"from": "2026-11-14T06:30:00.000Z", "to": "2026-11-21T06:30:00.000Z"},
            "format": "json",
        }
    ]
    assert [call.path for call in faulty.calls][:3] == [
        "/v1/users/login",
        f"/v2/consents/{CONSENT}",
        "/v2/sessions",
    ]
    assert dict(faulty.calls[1].query) == {"expanded": "true"}
    assert gateway.tokens == 1


async def test_two_rounds_whose_days_overlap_say_the_same_of_the_shared_lines(gateway, vendor):
    one = [seen for said in await rounds(vendor) for seen in said.observations]
    await fetch(vendor, since=NOW - 3 * DAY)
    page = await fetch(vendor, ids=("session-2",))
    two = read(page.inbounds[0]).observations
    assert {seen.event_id for seen in two} < {seen.event_id for seen in one}


async def test_a_token_that_has_run_out_is_got_anew(gateway, vendor):
    await fetch(vendor)
    gateway.tokens += 1
    await fetch(vendor)
    assert len(gateway.begun) == 2


async def test_a_short_session_that_failed_is_left_to_the_next_round(gateway, vendor):
    gateway.becomes = ["FAILED"]
    said = await rounds(vendor)
    assert len(gateway.begun) == 1
    assert not [part for one in said for part in one.unreadable]


async def test_a_long_session_that_failed_is_begun_anew_for_the_same_days(gateway, vendor):
    gateway.becomes = ["EXPIRED", "FAILED", "COMPLETED"]
    page = await fetch(vendor, since=NOW - 90 * DAY)
    waiting, now = list(page.inbounds), NOW
    for _ in range(6):
        wanted = [item for inbound in waiting for item in read(inbound, now=now).wanted]
        if not wanted:
            break
        now += max(item.after for item in wanted)
        waiting = list(
            (await fetch(vendor, ids=tuple(item.external_id for item in wanted), until=now)).inbounds
        )
    assert len(read(waiting[-1], now=now).observations) == 8
    assert [asked["dataRange"] for asked in gateway.begun] == [gateway.begun[0]["dataRange"]] * 3


async def test_a_bank_that_never_answers_is_asked_no_more_than_now_and_then(gateway, vendor):
    """A week of FAILED for a long session: begun anew in growing pauses, then told."""
    gateway.becomes = ["FAILED"]
    page = await fetch(vendor, since=NOW - 90 * DAY)
    waiting, now, told = list(page.inbounds), NOW, []
    for _ in range(300):
        observed = [read(inbound, now=now) for inbound in waiting]
        told += [part.code for one in observed for part in one.unreadable]
        wanted = [item for one in observed for item in one.wanted]
        if not wanted:
            break
        now += max(item.after for item in wanted)
        waiting = list(
            (await fetch(vendor, ids=tuple(item.external_id for item in wanted), until=now)).inbounds
        )
    assert told == ["session.failed"]
    assert timedelta(days=7) <= now - NOW < timedelta(days=8)
    assert len(gateway.begun) < 60


# ---- the consent -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("PENDING", "consent.pending"),
        ("PAUSED", "consent.paused"),
        ("REVOKED", "consent.revoked"),
        ("EXPIRED", "consent.expired"),
        ("REJECTED", "consent.rejected"),
    ],
)
async def test_a_consent_that_is_no_longer_good_needs_the_owner(status, code, gateway, vendor):
    gateway.status = status
    with pytest.raises(SourceBroken) as broken:
        await fetch(vendor)
    assert broken.value.code == code
    assert broken.value.remedy
    assert not gateway.begun


async def test_a_consent_that_is_unknown_is_refused(gateway, vendor):
    with pytest.raises(Rejected) as refused:
        await fetch(vendor, settings={"consent_id": "other"})
    assert refused.value.code == "vendor.refused"


async def test_no_session_is_begun_sooner_than_the_consent_allows(gateway, vendor):
    gateway.detail = {"frequency": {"unit": "DAY", "value": 1}}
    gateway.usage = {"count": 3, "lastUsed": (NOW - 20 * HOUR).isoformat()}
    assert not (await fetch(vendor)).inbounds
    assert not gateway.begun
    gateway.usage = {"count": 3, "lastUsed": (NOW - 25 * HOUR).isoformat()}
    assert (await fetch(vendor)).inbounds


async def test_a_long_window_waits_for_its_turn_and_is_not_skipped(gateway, vendor):
    gateway.detail = {"frequency": {"unit": "DAY", "value": 1}}
    gateway.usage = {"count": 3, "lastUsed": (NOW - 20 * HOUR).isoformat()}
    with pytest.raises(Retryable) as later:
        await fetch(vendor, since=NOW - 90 * DAY)
    assert later.value.after == 4 * 3600


@pytest.mark.parametrize(
    ("detail", "usage", "code"),
    [
        ({"frequency": {"unit": "MONTH", "value": 1}}, {}, "consent.frequency"),
        ({"fetchType": "ONETIME"}, {"count": 1, "lastUsed": "2026-11-01T00:00:00Z"}, "consent.once"),
        ({"dataRange": {"from": "2026-01-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}}, {}, "consent.range"),
    ],
)
async def test_a_consent_that_keeps_no_account_current_is_told(detail, usage, code, gateway, vendor):
    gateway.detail, gateway.usage = detail, usage
    with pytest.raises(SourceBroken) as broken:
        await fetch(vendor)
    assert broken.value.code == code


async def test_no_day_outside_the_consent_or_before_the_start_is_asked_for(gateway, vendor):
    gateway.detail = {"dataRange": {"from": "2026-11-16T00:00:00Z", "to": "2027-11-16T00:00:00Z"}}
    await fetch(vendor, since=NOW - 90 * DAY)
    await fetch(vendor, since=NOW - 90 * DAY, settings={"start_on": "2026-11-18"})
    assert [asked["dataRange"]["from"] for asked in gateway.begun] == [
        "2026-11-16T00:00:00.000Z",
        "2026-11-17T18:30:00.000Z",
    ]
    assert {asked["dataRange"]["to"] for asked in gateway.begun} == {"2026-11-21T06:30:00.000Z"}


# ---- faults ----------------------------------------------------------------------------------------
async def test_wrong_keys_need_the_owner_and_are_not_told(base):
    async with vendor_of(base, client_secret="marker-of-a-wrong-key") as call:
        with pytest.raises(SourceBroken) as broken:
            await fetch(call)
    assert broken.value.code == "vendor.unauthorised"
    assert "marker" not in str(broken.value)


async def test_passing_faults_are_tried_again(gateway, vendor, faulty):
    faulty.next(Fault(502, only_path="/sessions"), Fault(429, {"retry-after": "1"}, only_path="/sessions"))
    assert (await fetch(vendor)).inbounds
    assert len(gateway.begun) == 1


async def test_an_answer_that_is_no_json_loses_no_session(vendor, faulty):
    await fetch(vendor)
    faulty.next(Fault(200, body=b"<html>", only_path="/sessions"))
    with pytest.raises(Rejected):
        await fetch(vendor, ids=("session-1",))  # refused: the puller keeps the id and asks again
    assert read((await fetch(vendor, ids=("session-1",))).inbounds[0]).observations


async def test_a_session_of_nobody_is_refused_alone(vendor):
    with pytest.raises(Rejected):
        await fetch(vendor, ids=("session-9",))
