"""Pulling from Stripe over real HTTP: events and objects, paging that loses nothing and ends, and its faults."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Inbound, Observed, Page, Pull, load_connector, load_manifest
from connectors.stripe.polling import MONEY_EVENTS, PAPER_EVENTS
from ingest.vendor import HttpVendor
from kit.errors import Rejected, Retryable, SourceBroken
from tests.vendors.serving import Fault, Faulty, serving
from tests.vendors.stripe import TOKEN, Stripe

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
STRIPE = load_connector("stripe")
MANIFEST = load_manifest("stripe")
assert MANIFEST.api is not None
API = replace(MANIFEST.api, per_second=10_000)


@pytest.fixture
def shop() -> Stripe:
    return Stripe(NOW)


@pytest.fixture
def faulty(shop: Stripe) -> Faulty:
    return Faulty(shop.app())


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


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def charge(number: int, *, made: datetime, **more: Any) -> dict[str, Any]:
    return {
        "id": f"ch_{number:010}", "object": "charge", "amount": 100_000 + number, "amount_captured": 100_000 + number,
        "amount_refunded": 0, "captured": True, "refunded": False, "currency": "inr", "created": at(made),
        "payment_intent": f"pi_{number:010}", "status": "succeeded", "livemode": True,
        "balance_transaction": f"txn_{number}", **more,
    }  # fmt: skip


def event(number: int, name: str, entity: dict[str, Any], *, made: datetime) -> dict[str, Any]:
    return {
        "id": f"evt_{number:010}", "object": "event", "type": name, "created": at(made), "livemode": True,
        "api_version": "2024-06-20", "data": {"object": entity},
    }  # fmt: skip


def pull(stream: str, **rest: Any) -> Pull:
    return Pull(stream, NOW - 3 * DAY, NOW, **rest)


async def walk(asked: Pull, vendor: HttpVendor, *, between: Any = None) -> list[Page]:
    pages: list[Page] = []
    while True:
        page = await STRIPE.fetch(asked, vendor)  # type: ignore[attr-defined]
        pages.append(page)
        assert len(pages) < 40
        if page.position is None:
            return pages
        asked = replace(asked, position=json.loads(json.dumps(dict(page.position))))
        if between:
            between(len(pages))


def read(inbound: Inbound, *, now: datetime = NOW) -> Observed:
    return STRIPE.observe(inbound, source="payment:stripe", settings={}, now=now)


def ids(pages: list[Page]) -> set[str]:
    return {seen.external_id for page in pages for i in page.inbounds for seen in read(i).observations}


# ---- events ----------------------------------------------------------------------------------------
async def test_events_are_asked_for_in_two_lots_of_at_most_twenty_names(shop, vendor, faulty):
    shop.put("events", event(1, "charge.succeeded", charge(1, made=NOW - DAY), made=NOW - DAY))
    shop.put("events", event(2, "invoice.paid", {"id": "in_1", "object": "invoice", "status": "paid", "total": 5,
                                                 "currency": "inr"}, made=NOW - DAY))  # fmt: skip
    pages = await walk(pull("events"), vendor)
    assert ids(pages) == {"pi_0000000001", "in_1"}
    named = [[value for name, value in call.query if name == "types[]"] for call in faulty.calls]
    assert named == [list(MONEY_EVENTS), list(PAPER_EVENTS)]
    assert all(len(names) <= 20 for names in named)
    assert faulty.calls[0].headers["stripe-version"] == "2024-06-20"


async def test_events_of_many_pages_come_once_each_though_more_arrive(shop, vendor):
    for number in range(250):
        made = NOW - timedelta(minutes=number + 1)
        shop.put("events", event(number, "charge.succeeded", charge(number, made=made), made=made))

    def arrive(page: int) -> None:
        made = NOW - timedelta(seconds=1)
        shop.put("events", event(1000 + page, "charge.succeeded", charge(1000 + page, made=made), made=made))

    pages = await walk(pull("events"), vendor, between=arrive)
    assert {f"pi_{number:010}" for number in range(250)} <= ids(pages)
    assert sum(page.items for page in pages) == 250


# ---- lists -----------------------------------------------------------------------------------------
async def test_charges_come_with_the_fee_and_fold_into_the_same_payments_as_the_events(shop, vendor, faulty):
    shop.put("charges", charge(1, made=NOW - DAY))
    (page,) = await walk(pull("charges"), vendor)
    (seen,) = read(page.inbounds[0]).observations
    assert (seen.kind, seen.external_id, seen.precision) == ("payment", "pi_0000000001", "observed")
    assert (seen.data["fee"], seen.data["tax"]) == (2_360, 360)
    assert dict(faulty.calls[0].query)["expand[]"] == "data.balance_transaction"
    single = await STRIPE.fetch(pull("charges", ids=("ch_0000000001",)), vendor)
    assert read(single.inbounds[0]).observations[0].event_id == seen.event_id


async def test_an_object_that_has_not_changed_says_nothing_new():
    entity = charge(1, made=NOW - DAY)
    page = lambda e: Inbound(json.dumps({"object": "list", "data": [e]}).encode(), stream="charges")  # noqa: E731
    first = read(page(entity)).observations[0]
    same = {**entity, "metadata": {}, "disputed": False, "outcome": {"risk_level": "normal"}}
    assert read(page({**entity, "outcome": same["outcome"]}), now=NOW + DAY).observations[0].event_id == (
        first.event_id
    )
    for change in (
        {"amount_refunded": 5},
        {"refunded": True},
        {"status": "failed"},
        {"metadata": {"inv": "1"}},
    ):
        assert read(page({**entity, **change})).observations[0].event_id != first.event_id


async def test_a_list_of_many_pages_goes_on_behind_the_last_id(shop, vendor, faulty):
    shop.put("charges", *(charge(n, made=NOW - timedelta(minutes=n + 1)) for n in range(230)))
    assert len(ids(await walk(pull("charges"), vendor))) == 230
    assert [dict(call.query).get("starting_after") for call in faulty.calls] == [
        None,
        "ch_0000000099",
        "ch_0000000199",
    ]


async def test_what_is_open_is_asked_for_again_until_it_is_not(shop, vendor):
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "status": "open",
        "total": 5,
        "currency": "inr",
        "livemode": True,
    }
    pauses = []
    for age in (1, 10, 60):
        shop.put("invoices", {**invoice, "created": at(NOW - age * DAY)})
        page = await STRIPE.fetch(pull("invoices", ids=("in_1",)), vendor)
        (wanted,) = read(page.inbounds[0]).wanted
        pauses.append(wanted.after)
    assert pauses == [DAY, 2.5 * DAY, 7 * DAY]
    for change in ({"status": "paid", "created": at(NOW - DAY)}, {"created": at(NOW - 200 * DAY)}):
        shop.put("invoices", {**invoice, **change})
        page = await STRIPE.fetch(pull("invoices", ids=("in_1",)), vendor)
        assert not read(page.inbounds[0]).wanted


async def test_a_list_that_stands_still_is_told_as_broken(shop, vendor):
    shop.moves = False
    shop.put("charges", *(charge(n, made=NOW - timedelta(minutes=n + 1)) for n in range(130)))
    with pytest.raises(SourceBroken) as broken:
        await walk(pull("charges"), vendor)
    assert broken.value.code == "vendor.paging_loop"


async def test_more_without_anything_is_told_as_broken(vendor, faulty):
    faulty.next(Fault(200, body=b'{"object":"list","has_more":true,"data":[]}'))
    with pytest.raises(SourceBroken):
        await walk(pull("charges"), vendor)


# ---- faults ----------------------------------------------------------------------------------------
async def test_a_throttled_call_waits_and_goes_on(shop, vendor, faulty):
    shop.put("charges", charge(1, made=NOW - DAY))
    faulty.next(Fault(429, headers={"retry-after": "1"}), Fault(500))
    assert (await walk(pull("charges"), vendor))[0].items == 1
    faulty.next(Fault(503), Fault(503), Fault(503))
    with pytest.raises(Retryable):
        await walk(pull("charges"), vendor)


async def test_a_key_that_was_taken_back_needs_the_owner(base):
    settings = {"base_url": base}
    async with HttpVendor(
        API, credentials={"token": "a-former-key"}, settings=settings, sleep=no_sleep
    ) as call:
        with pytest.raises(SourceBroken) as broken:
            await walk(pull("charges"), call)
    assert "former" not in str(broken.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"object":"list","data":null}', b'{"error":{}}'])
async def test_an_answer_that_is_no_list_ends_no_round_in_silence(vendor, faulty, body):
    faulty.next(Fault(200, body=body))
    with pytest.raises(Rejected):
        await walk(pull("charges"), vendor)


async def test_an_object_that_is_gone_and_an_id_that_is_a_path_are_refused(vendor, faulty):
    for own in ("ch_404", "../payouts?x=1"):
        with pytest.raises(Rejected):
            await STRIPE.fetch(pull("charges", ids=(own,)), vendor)
    assert faulty.calls[-1].path != "/v1/payouts"
