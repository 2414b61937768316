"""Writing our state back to a HubSpot over real HTTP: made fields, batches, refusals by item, and stages by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract import WriteBack, Written, load_connector, load_manifest
from connectors.hubspot.writing import PROPERTIES
from ingest.vendor import HttpVendor
from kit.errors import NotFound, Rejected, Retryable, SourceBroken
from tests.vendors.hubspot import TOKEN, HubSpot
from tests.vendors.serving import Fault, Faulty, serving

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
CONNECTOR: Any = load_connector("hubspot")
MANIFEST = load_manifest("hubspot")
assert MANIFEST.api is not None
ITEM = WriteBack(
    kind="party", external_id="501", currency="INR", outstanding=5_684_050, overdue=1_000_000, overdue_days=47,
    status="overdue", last_receipt_on=date(2026, 11, 1), last_receipt=100_000, expected_on=None,
    url="https://munshi.example/p/1", fingerprint="f1",
)  # fmt: skip


@pytest.fixture
def hubspot() -> HubSpot:
    made = HubSpot()
    made.pipeline(
        "default", "Sales Pipeline", ("open1", "Talks", "false", "0.4"), ("won1", "Won", "true", "1.0")
    )
    made.pipeline("991", "Tenders", ("9911", "Bid", "false", "0.3"), ("9912", "Won", "true", "1.0"))
    for kind, number in (("companies", "501"), ("deals", "701"), ("contacts", "603")):
        made.set(kind, number, NOW)
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
    assert MANIFEST.api is not None
    api = replace(MANIFEST.api, per_second=10_000)
    async with HttpVendor(
        api, credentials={"token": TOKEN}, settings={"base_url": base}, sleep=no_sleep
    ) as call:
        yield call


@pytest.fixture
async def ready(vendor: HttpVendor, faulty: Faulty) -> HttpVendor:
    await CONNECTOR.prepare(vendor, settings={})
    faulty.calls.clear()
    return vendor


async def write(vendor: HttpVendor, *batch: WriteBack) -> dict[str, Any]:
    done: list[Written] = list(await CONNECTOR.write_back(batch, vendor, settings={}))
    assert sorted(id(one.item) for one in done) == sorted(id(item) for item in batch), "each item once"
    return {one.item.external_id: one.problem for one in done}


# ---- the fields ------------------------------------------------------------------------------------
async def test_the_properties_are_made_once_on_all_three_kinds(hubspot, vendor, faulty):
    await CONNECTOR.prepare(vendor, settings={})
    for kind in ("companies", "contacts", "deals"):
        assert hubspot.own_properties[kind].keys() == PROPERTIES.keys()
        assert {made["groupName"] for made in hubspot.own_properties[kind].values()} == {"munshi"}
    status = hubspot.own_properties["deals"]["munshi_status"]
    assert [option["value"] for option in status["options"]] == [
        "clear", "open", "overdue", "promised", "disputed"
    ]  # fmt: skip
    faulty.calls.clear()
    await CONNECTOR.prepare(vendor, settings={})
    assert [call.method for call in faulty.calls] == ["GET"] * 3


async def test_one_that_is_missing_is_made_beside_a_group_that_is_there(hubspot, ready):
    del hubspot.own_properties["deals"]["munshi_link"]
    await CONNECTOR.prepare(ready, settings={})
    assert "munshi_link" in hubspot.own_properties["deals"]


async def test_somebody_who_was_quicker_is_no_fault(hubspot, vendor, faulty):
    faulty.next(Fault(409, only_path="/groups"))
    hubspot.groups["companies"].add("munshi")
    await CONNECTOR.prepare(vendor, settings={})
    faulty.next(Fault(403, only_path="/properties/"))
    with pytest.raises(SourceBroken):
        await CONNECTOR.prepare(vendor, settings={})


# ---- the state -------------------------------------------------------------------------------------
async def test_a_company_a_customer_and_a_deal_get_their_state(hubspot, ready, faulty):
    person = replace(ITEM, external_id="contact:603", currency="JPY", outstanding=1_500, last_receipt=None)
    deal = replace(ITEM, kind="deal", external_id="701", status="clear", last_receipt_on=None)
    assert await write(ready, ITEM, person, deal) == {"501": None, "contact:603": None, "701": None}
    assert hubspot.objects["companies"]["501"].properties == {
        "munshi_outstanding": "56840.50",
        "munshi_currency": "INR",
        "munshi_overdue_days": "47",
        "munshi_last_receipt_on": "2026-11-01",
        "munshi_last_receipt_amount": "1000.00",
        "munshi_expected_on": "",
        "munshi_status": "overdue",
        "munshi_link": "https://munshi.example/p/1",
    }
    assert hubspot.objects["contacts"]["603"].properties["munshi_outstanding"] == "1500"
    assert hubspot.objects["contacts"]["603"].properties["munshi_last_receipt_amount"] == ""
    assert "dealstage" not in hubspot.objects["deals"]["701"].properties
    assert len(faulty.calls) == 3


async def test_the_same_again_changes_nothing(hubspot, ready):
    await write(ready, ITEM)
    before = {name: list(values) for name, values in hubspot.objects["companies"]["501"].history.items()}
    await write(ready, ITEM)
    assert hubspot.objects["companies"]["501"].history == before


async def test_what_is_gone_is_told_and_holds_up_nobody(hubspot, ready):
    hubspot.set("companies", "502", NOW)
    hubspot.delete("companies", "502", NOW)
    problems = await write(
        ready, ITEM, *[replace(ITEM, external_id=number) for number in ("502", "999", "name:x")]
    )
    assert problems.pop("501") is None
    assert {type(problem) for problem in problems.values()} == {NotFound}
    assert hubspot.objects["companies"]["501"].properties["munshi_status"] == "overdue"


async def test_a_merged_company_gets_it_under_its_former_number(hubspot, ready):
    hubspot.set("companies", "500", NOW)
    hubspot.merge("companies", "500", "501", NOW)
    assert await write(ready, replace(ITEM, external_id="500")) == {"500": None}
    assert hubspot.objects["companies"]["501"].properties["munshi_status"] == "overdue"


async def test_two_hundred_and_fifty_go_in_three_calls(hubspot, ready, faulty):
    batch = []
    for number in range(1000, 1250):
        hubspot.set("companies", str(number), NOW)
        batch.append(replace(ITEM, external_id=str(number)))
    assert set((await write(ready, *batch)).values()) == {None}
    assert [len(call.json()["inputs"]) for call in faulty.calls] == [100, 100, 50]


async def test_a_batch_that_is_refused_whole_is_halved_until_only_the_wrong_one_is(hubspot, ready, faulty):
    for number in range(1000, 1008):
        hubspot.set("companies", str(number), NOW)
    refusal = Fault(400, body=b'{"status":"error","category":"VALIDATION_ERROR","message":"Invalid input"}')
    faulty.next(*[refusal] * 4)  # eight, four, two, one
    problems = await write(ready, *[replace(ITEM, external_id=str(number)) for number in range(1000, 1008)])
    refused = [number for number, problem in problems.items() if problem is not None]
    assert len(refused) == 1
    assert isinstance(problems[refused[0]], Rejected)


async def test_a_property_that_somebody_removed_is_refused_with_what_to_do(hubspot, ready):
    del hubspot.own_properties["companies"]["munshi_link"]
    (problem,) = (await write(ready, ITEM)).values()
    assert (problem.code, bool(problem.remedy)) == ("hubspot.refused", True)
    assert "munshi_link" in problem.message


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_fault_concerns_the_whole_batch(ready, faulty, status):
    faulty.next(*[Fault(status)] * 3)
    with pytest.raises(Retryable):
        await write(ready, ITEM)
    assert await write(ready, ITEM) == {"501": None}


async def test_an_item_of_which_a_partial_answer_says_nothing_is_tried_again(ready, faulty):
    body = b'{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{"category":"INTERNAL_ERROR","context":{"ids":["7"]}}]}'
    faulty.next(Fault(207, body=body))
    (problem,) = (await write(ready, ITEM)).values()
    assert (type(problem), problem.code) == (Retryable, "hubspot.untold")


# ---- the stage -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "qualifier", "stage"),
    [
        ("Won", "Tenders", ("9912", "991")),
        ("won ", "sales pipeline", ("won1", "default")),
        ("9912", "991", ("9912", "991")),
        ("Talks", None, ("open1", "default")),
        ("Talks", "", ("open1", "default")),
    ],
)
async def test_a_stage_is_found_by_its_label_or_id(hubspot, ready, word, qualifier, stage):
    deal = replace(ITEM, kind="deal", external_id="701", word=word, qualifier=qualifier)
    assert await write(ready, deal) == {"701": None}
    held = hubspot.objects["deals"]["701"].properties
    assert (held["dealstage"], held["pipeline"]) == stage


@pytest.mark.parametrize(
    ("word", "qualifier", "code"),
    [("Won", None, "hubspot.stage_ambiguous"), ("Done", "Tenders", "hubspot.stage_unknown"), ("Talks", "Tenders", "hubspot.stage_unknown")],
)  # fmt: skip
async def test_a_stage_that_isnt_one_is_refused_and_nothing_is_written(
    hubspot, ready, faulty, word, qualifier, code
):
    deal = replace(ITEM, kind="deal", external_id="701", word=word, qualifier=qualifier)
    problems = await write(ready, deal, ITEM)
    assert (problems["701"].code, problems["501"]) == (code, None)
    assert "munshi_status" not in hubspot.objects["deals"]["701"].properties
