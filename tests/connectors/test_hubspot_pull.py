"""Reading a HubSpot over real HTTP: every changed record once whatever their number and times, and each fault's remedy."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Inbound, Observed, Page, Pull, load_connector, load_manifest
from ingest.vendor import HttpVendor
from kit.errors import Rejected, Retryable, SourceBroken
from tests.vendors.hubspot import TOKEN, HubSpot
from tests.vendors.serving import Fault, Faulty, serving

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONNECTOR = load_connector("hubspot")
MANIFEST = load_manifest("hubspot")
assert MANIFEST.api is not None
API = replace(MANIFEST.api, per_second=10_000)
SETTINGS: dict[str, Any] = {"timezone": "Asia/Kolkata", "currency": "INR", "invoice_property": "bill_numbers"}
THROTTLED = json.dumps(
    {"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT",
     "policyName": "SECONDLY", "correlationId": "c-1"}
).encode()  # fmt: skip


@pytest.fixture
def hubspot() -> HubSpot:
    made = HubSpot()
    made.pipeline(
        "default", "Sales Pipeline", ("open1", "Talks", "false", "0.4"), ("won1", "Won", "true", "1.0")
    )
    return made


@pytest.fixture
def faulty(hubspot: HubSpot) -> Faulty:
    return Faulty(hubspot.app)


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield url


async def no_sleep(_: float) -> None:
    pass


@pytest.fixture
async def vendor(base: str) -> AsyncIterator[HttpVendor]:
    settings = {"base_url": base}
    async with HttpVendor(API, credentials={"token": TOKEN}, settings=settings, sleep=no_sleep) as call:
        yield call


def window(stream: str, since: datetime = NOW - HOUR, until: datetime = NOW, **more: Any) -> Pull:
    return Pull(stream, since, until, settings=SETTINGS, **more)


async def pages(vendor: HttpVendor, pull: Pull) -> list[Page]:
    found = [await CONNECTOR.fetch(pull, vendor)]  # type: ignore[attr-defined]
    while (position := found[-1].position) is not None:
        assert position != pull.position
        pull = replace(pull, position=json.loads(json.dumps(position)))
        found.append(await CONNECTOR.fetch(pull, vendor))  # type: ignore[attr-defined]
    return found


def observe(inbound: Inbound) -> Observed:
    return CONNECTOR.observe(inbound, source="crm:hubspot", settings=SETTINGS, now=NOW)


def said(found: list[Page]) -> list[Any]:
    return [seen for page in found for inbound in page.inbounds for seen in observe(inbound).observations]


# ---- what changed ----------------------------------------------------------------------------------
async def test_more_records_of_one_moment_than_the_search_ever_gives_are_all_read_once(
    hubspot, vendor, faulty
):
    """A workflow stamps 1,040 companies at once: this HubSpot's paging would end at 1,000, the real one's at 10,000."""
    hubspot.search_cap = 1_000
    for number in range(1, 1_041):
        hubspot.set("companies", str(number), NOW - timedelta(minutes=5), name=f"Company {number}")
    found = await pages(vendor, window("companies"))
    ids = [seen.external_id for seen in said(found)]
    assert len(ids) == len(set(ids)) == 1_040
    assert len(found) == 21
    searches = [call.json() for call in faulty.calls if call.path.endswith("/search")]
    assert all("after" not in search for search in searches)


async def test_only_the_window_is_read_to_the_millisecond(hubspot, vendor):
    for number, at in enumerate(
        (NOW - HOUR - timedelta(milliseconds=1), NOW - HOUR, NOW, NOW + timedelta(seconds=1))
    ):
        hubspot.set("companies", str(100 + number), at, name="K")
    assert {seen.external_id for seen in said(await pages(vendor, window("companies")))} == {"101", "102"}


async def test_what_is_indexed_late_comes_with_the_overlap(hubspot, vendor):
    hubspot.set("companies", "1", NOW - timedelta(minutes=10), name="K")
    hubspot.indexed_until = NOW - timedelta(minutes=20)
    assert said(await pages(vendor, window("companies"))) == []
    hubspot.indexed_until = None
    overlap = timedelta(minutes=MANIFEST.stream("companies").overlap_minutes)
    later = await pages(vendor, window("companies", since=NOW - overlap, until=NOW + timedelta(minutes=15)))
    assert [seen.external_id for seen in said(later)] == ["1"]


async def test_an_empty_window_asks_once_and_keeps_nothing(vendor, faulty):
    for stream in ("companies", "contacts", "deals", "invoices"):
        (page,) = await pages(vendor, window(stream))
        assert (page.inbounds, page.position) == ([], None)
    assert len(faulty.calls) == 4


async def test_the_answers_are_kept_as_they_came_with_what_stands_around(hubspot, vendor):
    hubspot.set("deals", "7", NOW, dealname="“Kraft” कागज़", dealstage="won1", pipeline="default")
    hubspot.tie("deals", "7", "companies", "5", "Primary")
    ((inbound,),) = [page.inbounds for page in await pages(vendor, window("deals"))]
    body = json.loads(inbound.body)
    assert inbound.stream == "deals"
    assert list(body)[:2] == ["status", "results"]
    assert body["around"].keys() == {"companies", "pipelines"}
    assert body["around"]["companies"]["results"][0]["to"][0]["toObjectId"] == 5


async def test_a_page_reads_at_most_fifty_with_their_histories(hubspot, vendor, faulty):
    for number in range(1, 121):
        hubspot.set("deals", str(number), NOW, dealname="D", dealstage="open1", pipeline="default")
    found = await pages(vendor, window("deals"))
    assert [page.items for page in found] == [50, 50, 20]
    reads = [
        call.json() for call in faulty.calls if call.path.endswith("/batch/read") and "/objects/" in call.path
    ]
    assert [len(read["inputs"]) for read in reads] == [50, 50, 20]
    assert not [name for read in reads for name in read["properties"] if name.startswith("munshi_")]
    assert {name for read in reads for name in read["propertiesWithHistory"]} >= {"dealstage", "bill_numbers"}


# ---- whose it is -----------------------------------------------------------------------------------
async def test_a_deal_without_a_company_belongs_to_its_only_contacts_company_else_to_him(
    hubspot, vendor, faulty
):
    for number in ("1", "2", "3", "4"):
        hubspot.set("deals", number, NOW, dealname=number, dealstage="open1", pipeline="default")
    hubspot.tie("deals", "1", "companies", "51", "Primary")
    hubspot.tie("deals", "2", "contacts", "62")
    hubspot.tie("contacts", "62", "companies", "52", "Primary")
    hubspot.tie("deals", "3", "contacts", "63")
    hubspot.tie("deals", "4", "contacts", "62")
    hubspot.tie("deals", "4", "contacts", "63")
    facts = {seen.external_id: seen.data.get("party") for seen in said(await pages(vendor, window("deals")))}
    assert facts == {"1": {"id": "51"}, "2": {"id": "52"}, "3": {"id": "contact:63"}, "4": None}
    asked = [call.json()["inputs"] for call in faulty.calls if "/deals/contacts/" in call.path]
    assert asked == [[{"id": "2"}, {"id": "3"}, {"id": "4"}]]


async def test_a_deal_that_changes_hands_is_a_new_fact_of_its_own_moment(hubspot, vendor):
    hubspot.set("deals", "1", NOW - HOUR, dealname="D", hs_primary_associated_company="51")
    hubspot.tie("deals", "1", "companies", "51", "Primary")
    (before,) = said(await pages(vendor, window("deals")))
    hubspot.untie("deals", "1", "companies")
    hubspot.tie("deals", "1", "companies", "52", "Primary")
    hubspot.set("deals", "1", NOW, hs_primary_associated_company="52")
    (after,) = said(await pages(vendor, window("deals")))
    assert (before.data["party"], after.data["party"]) == ({"id": "51"}, {"id": "52"})
    assert before.occurred_at < after.occurred_at


# ---- by id -----------------------------------------------------------------------------------------
async def test_by_id_the_deleted_the_merged_and_the_unknown_are_told_apart(hubspot, vendor):
    for number in ("1", "2", "3"):
        hubspot.set("deals", number, NOW - HOUR, dealname=number, dealstage="open1", pipeline="default")
    hubspot.delete("deals", "2", NOW)
    hubspot.merge("deals", "3", "1", NOW)
    (page,) = await pages(vendor, window("deals", ids=("1", "2", "3", "99")))
    (inbound,) = page.inbounds
    result = observe(inbound)
    assert {seen.external_id: seen.word for seen in result.observations} == {
        "1": "Talks", "3": "merged", "2": "deleted"
    }  # fmt: skip
    assert result.ignored == ["deals: HubSpot knows no such record"]


async def test_a_deleted_company_stays_and_is_counted(hubspot, vendor):
    hubspot.set("companies", "1", NOW, name="K")
    hubspot.delete("companies", "1", NOW)
    (page,) = await pages(vendor, window("companies", ids=("1",)))
    result = observe(page.inbounds[0])
    assert (result.observations, result.ignored) == ([], ["companies: deleted"])


async def test_a_hundred_ids_are_asked_in_fifties(hubspot, vendor):
    for number in range(1, 101):
        hubspot.set("contacts", str(number), NOW, email=f"c{number}@example.com", num_associated_deals="1")
    (page,) = await pages(vendor, window("contacts", ids=tuple(map(str, range(1, 101)))))
    assert len(page.inbounds) == 2
    assert len({seen.external_id for seen in said([page])}) == 100


# ---- lists -----------------------------------------------------------------------------------------
async def test_the_bin_and_the_owners_are_read_to_the_end(hubspot, vendor):
    for number in range(1, 231):
        hubspot.set("invoices", str(number), NOW - HOUR, hs_invoice_status="draft")
        if number > 10:
            hubspot.delete("invoices", str(number), NOW)
    hubspot.owners = [{"id": str(n), "email": f"o{n}@example.com", "archived": False} for n in range(150)]
    found = await pages(vendor, window("deleted_invoices"))
    assert (len(found), len(said(found))) == (3, 220)
    assert {seen.word for seen in said(found)} == {"deleted"}
    assert sum(page.items for page in await pages(vendor, window("owners"))) == 150


# ---- faults ----------------------------------------------------------------------------------------
async def test_a_throttled_search_is_asked_again(hubspot, vendor, faulty):
    hubspot.set("companies", "1", NOW, name="K")
    faulty.next(Fault(429, body=THROTTLED), Fault(502, body=b"<html>"), Fault(429, only_path="/batch/read"))
    assert [seen.external_id for seen in said(await pages(vendor, window("companies")))] == ["1"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(401, body=b"{}"), SourceBroken),
        (Fault(403, body=b"{}"), SourceBroken),
        (Fault(400, body=b'{"category":"VALIDATION_ERROR"}'), Rejected),
        (Fault(200, body=b"<html>Welcome</html>"), Rejected),
        (Fault(200, body=b'{"total":1}'), Rejected),
        (Fault(200, body=b'{"status":"COMPLETE","results":[', cut_short=True), Retryable),
        (Fault(207, body=b'{"results":[],"errors":[{"category":"INTERNAL_ERROR","message":"x"}]}'), Rejected),
    ],
)
async def test_a_page_that_fails_anywhere_is_no_page(hubspot, vendor, faulty, fault, error):
    hubspot.set("deals", "1", NOW, dealname="D", dealstage="won1", pipeline="default")
    paths = ("/search", "/objects/deals/batch/read", "/deals/companies/batch/read", "/pipelines/")
    for path in paths[1:] if fault.status == 207 else paths:
        if fault.status == 207 and path == "/pipelines/":
            continue
        if path == "/pipelines/" and error is Rejected and fault.status == 200:
            continue
        faulty.next(*[replace(fault, only_path=path)] * 3)
        with pytest.raises(error):
            await pages(vendor, window("deals"))
        faulty.faults.clear()


async def test_a_search_out_of_order_breaks_instead_of_going_round(vendor, faulty):
    for ids in (["5", "5"], ["7", "6"], ["0"], ["x"]):
        results = [{"id": external_id, "properties": {}} for external_id in ids]
        faulty.next(Fault(200, body=json.dumps({"total": 9, "results": results}).encode()))
        with pytest.raises(SourceBroken) as broken:
            await pages(vendor, window("companies"))
        assert broken.value.code == "vendor.paging_loop"


async def test_a_list_that_gives_the_same_cursor_again_breaks(vendor, faulty):
    body = json.dumps({"results": [{"id": "1"}], "paging": {"next": {"after": "100"}}}).encode()
    faulty.next(Fault(200, body=body), Fault(200, body=body))
    with pytest.raises(SourceBroken) as broken:
        await pages(vendor, window("owners"))
    assert broken.value.code == "vendor.paging_loop"


# ---- credentials -----------------------------------------------------------------------------------
async def test_a_public_apps_token_is_renewed_and_used(hubspot, base, faulty):
    hubspot.set("companies", "1", NOW, name="K")
    kept: list[dict[str, str]] = []

    async def keep(credentials: Any) -> None:
        kept.append(dict(credentials))

    held = {"client_id": "an-app", "client_secret": "an-apps-secret", "refresh_token": "a-refresh-token"}
    settings = {"base_url": base, "token_url": f"{base}/oauth/v1/token"}
    async with HttpVendor(API, credentials=held, settings=settings, keep=keep) as call:
        assert len(said(await pages(call, window("companies")))) == 1
        hubspot.token = "expired-early"
        assert len(said(await pages(call, window("companies")))) == 1
    assert [given["access_token"] for given in kept] == ["renewed-1", "renewed-2"]
    assert not [call for call in faulty.calls if "an-apps-secret" in call.path]


async def test_a_wrong_token_needs_the_owner(hubspot, base):
    async with HttpVendor(API, credentials={"token": "wrong"}, settings={"base_url": base}) as call:
        with pytest.raises(SourceBroken):
            await pages(call, window("companies"))
