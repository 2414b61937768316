"""Pulling from Cashfree over real HTTP: cursors that end, orders in one body, sums of whole settlements, its faults."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.cashfree.polling import LIMIT
from connectors.contract import Inbound, Observed, Page, Pull, load_connector, load_manifest
from ingest.vendor import HttpVendor
from kit.errors import Rejected, Retryable, SourceBroken
from tests.vendors.cashfree import KEYS, Cashfree
from tests.vendors.serving import Fault, Faulty, serving

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CASHFREE = load_connector("cashfree")
MANIFEST = load_manifest("cashfree")
assert MANIFEST.api is not None
API = replace(MANIFEST.api, per_second=10_000)


@pytest.fixture
def shop() -> Cashfree:
    return Cashfree()


@pytest.fixture
def faulty(shop: Cashfree) -> Faulty:
    return Faulty(shop.app())


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield f"{url}/pg"


async def no_sleep(_: float) -> None:
    pass


@pytest.fixture
async def vendor(base: str) -> AsyncIterator[HttpVendor]:
    async with HttpVendor(API, credentials=KEYS, settings={"base_url": base}, sleep=no_sleep) as call:
        yield call


def pull(stream: str, *, since: datetime = NOW - 3 * DAY, **rest: Any) -> Pull:
    return Pull(stream, since, NOW, **rest)


async def walk(asked: Pull, vendor: HttpVendor) -> list[Page]:
    pages: list[Page] = []
    while True:
        page = await CASHFREE.fetch(asked, vendor)  # type: ignore[attr-defined]
        pages.append(page)
        assert len(pages) < 60
        if page.position is None:
            return pages
        asked = replace(asked, position=json.loads(json.dumps(dict(page.position))))


def read(inbound: Inbound, *, now: datetime = NOW) -> Observed:
    return CASHFREE.observe(inbound, source="payment:cashfree", settings={}, now=now)


def ids(pages: list[Page]) -> set[str]:
    return {seen.external_id for page in pages for i in page.inbounds for seen in read(i).observations}


def event(number: int, *, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "event_id": str(number), "cf_payment_id": str(number), "event_type": "PAYMENT", "sale_type": "CREDIT",
        "event_amount": 100.5, "event_settlement_amount": 98.14, "event_currency": "INR", "event_status": "SUCCESS",
        "event_time": at.isoformat(), "order_id": f"o-{number}", "payment_service_charge": 2,
        "payment_service_tax": 0.36, **more,
    }  # fmt: skip


def row(number: int, settlement: str, *, at: datetime = NOW - DAY) -> dict[str, Any]:
    flat = event(number, at=at - DAY)
    return {
        "event_details": {name: flat[name] for name in flat if name.startswith(("event_", "sale_"))},
        "payment_details": {
            "cf_payment_id": str(number), "payment_service_charge": 2, "payment_service_tax": 0.36,
            "payment_currency": "INR",
        },
        "order_details": {"order_id": flat["order_id"]},
        "settlement_details": {"cf_settlement_id": settlement, "settlement_date": at.isoformat(), "utr": "EXMP1"},
    }  # fmt: skip


def transfer(own: str, amount: float, **more: Any) -> dict[str, Any]:
    at = (NOW - DAY).isoformat()
    return {
        "cf_settlement_id": own, "status": "SUCCESS", "settlement_utr": "EXMPR52026112000417", "amount_settled": amount,
        "settlement_initiated_on": at, "settlement_processed_on": at, "settlement_currency": "INR", **more,
    }  # fmt: skip


# ---- lists -----------------------------------------------------------------------------------------
async def test_a_ledger_of_many_pages_comes_whole(shop, vendor, faulty):
    shop.ledger = [event(n, at=NOW - timedelta(minutes=n + 1)) for n in range(2 * LIMIT + 7)]
    shop.ledger.append(event(99_999, at=NOW - 9 * DAY))
    found = ids(await walk(pull("orders"), vendor))
    assert found == {str(n) for n in range(2 * LIMIT + 7)}
    assert len(faulty.calls) == 3
    assert faulty.calls[0].headers["x-api-version"] == "2025-01-01"
    assert faulty.calls[0].json()["pagination"] == {"limit": LIMIT, "cursor": None}


async def test_a_vendor_that_gives_shorter_pages_than_asked_for_is_read_to_the_end(shop, vendor):
    shop.page = 10
    shop.ledger = [event(n, at=NOW - timedelta(minutes=n + 1)) for n in range(95)]
    assert len(ids(await walk(pull("orders"), vendor))) == 95


async def test_a_long_window_is_asked_for_in_weeks_that_leave_no_gap(shop, vendor):
    shop.ledger = [event(n, at=NOW - n * DAY) for n in range(1, 60)]
    assert len(ids(await walk(pull("orders", since=NOW - 60 * DAY), vendor))) == 59
    windows = [(asked["start_date"], asked["end_date"]) for asked in shop.filters]
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
    assert windows[-1][1] == "2026-11-21T06:30:00Z"


async def test_a_cursor_that_leads_nowhere_stops_the_stream(shop, vendor):
    shop.moves = False
    shop.ledger = [event(n, at=NOW - timedelta(minutes=n + 1)) for n in range(LIMIT + 1)]
    with pytest.raises(SourceBroken) as broken:
        await walk(pull("orders"), vendor)
    assert broken.value.code == "vendor.paging_loop"


async def test_a_page_read_twice_says_nothing_new(shop, vendor):
    shop.ledger = [event(1, at=NOW - DAY)]
    shop.put_settlement(transfer("700", 98.14))
    for stream in ("orders", "settlements"):
        (page,) = await walk(pull(stream), vendor)
        first, again = read(page.inbounds[0]), read(page.inbounds[0], now=NOW + timedelta(hours=2))
        assert [one.event_id for one in first.observations] == [one.event_id for one in again.observations]


# ---- by id -----------------------------------------------------------------------------------------
async def test_an_order_comes_in_one_body_with_what_belongs_to_it(shop, vendor):
    paid = {
        "cf_payment_id": "5", "payment_status": "SUCCESS", "payment_amount": 10.1, "payment_currency": "INR",
        "payment_time": NOW.isoformat(), "order_id": "o/5",
    }  # fmt: skip
    shop.orders["o-5"] = {"payments": [paid], "refunds": []}  # and no answer about disputes
    page = await CASHFREE.fetch(pull("orders", ids=("o-5",)), vendor)
    (inbound,) = page.inbounds
    (seen,) = read(inbound).observations
    assert (seen.kind, seen.external_id, seen.data["amount"]) == ("payment", "5", 1_010)
    assert seen.data["party"]["id"] == "cust_1"


async def test_an_order_that_is_not_there_is_refused_alone(vendor):
    with pytest.raises(Rejected) as refused:
        await CASHFREE.fetch(pull("orders", ids=("nobody's",)), vendor)
    assert refused.value.code == "vendor.refused"


async def test_a_settlement_in_one_page_has_sums(shop, vendor):
    shop.put_settlement(transfer("700", 294.42))
    shop.rows = [row(n, "700") for n in range(3)]
    page = await CASHFREE.fetch(pull("recon", ids=("700",)), vendor)
    (inbound,) = page.inbounds
    (sums,) = [one.data for one in read(inbound).observations if one.kind == "settlement"]
    assert sums == {
        "amount": 29_442, "currency": "INR", "captured": 30_150, "refunded": 0, "fee": 708, "tax": 108, "adjusted": 0,
        "settled_on": "2026-11-20", "references": {"utr": ["EXMPR52026112000417"]},
    }  # fmt: skip


async def test_a_settlement_in_several_pages_names_its_payments_and_has_no_sums(shop, vendor):
    shop.page = 2
    shop.put_settlement(transfer("700", 490.7))
    shop.rows = [row(n, "700") for n in range(5)]
    page = await CASHFREE.fetch(pull("recon", ids=("700",)), vendor)
    seen = [one for inbound in page.inbounds for one in read(inbound).observations]
    assert {one.kind for one in seen} == {"payment"}
    assert [one.data["references"]["settlements"] for one in seen] == [["700"]] * 5


async def test_fetching_the_rows_of_a_settlement_does_not_ask_for_them_again(shop, vendor):
    shop.put_settlement(transfer("700", 294.42))
    shop.rows = [row(n, "700") for n in range(3)]
    page = await CASHFREE.fetch(pull("recon", ids=("700",)), vendor)
    assert not [item for inbound in page.inbounds for item in read(inbound).wanted]


async def test_settlements_under_way_are_asked_for_together(shop, vendor, faulty):
    for own in ("1", "2", "3"):
        shop.put_settlement(transfer(own, 5, status="PENDING", settlement_processed_on=None))
    page = await CASHFREE.fetch(pull("settlements", ids=("1", "2")), vendor)
    wanted = {item.external_id for item in read(page.inbounds[0]).wanted}
    assert wanted == {"1", "2"}
    assert len(faulty.calls) == 1


# ---- faults ----------------------------------------------------------------------------------------
async def test_refused_keys_need_the_owner(base):
    wrong = {**KEYS, "client_secret": "other"}
    async with HttpVendor(API, credentials=wrong, settings={"base_url": base}, sleep=no_sleep) as call:
        with pytest.raises(SourceBroken) as broken:
            await walk(pull("orders"), call)
    assert broken.value.code == "vendor.unauthorised"


async def test_passing_faults_are_tried_again(shop, vendor, faulty):
    shop.ledger = [event(1, at=NOW - DAY)]
    faulty.next(Fault(429, {"retry-after": "1"}), Fault(500, body=b"{}"))
    assert ids(await walk(pull("orders"), vendor)) == {"1"}
    assert len(faulty.calls) == 3


async def test_a_long_pause_that_is_asked_for_reaches_the_stream(vendor, faulty):
    faulty.next(Fault(429, {"retry-after": "90"}))
    with pytest.raises(Retryable) as busy:
        await walk(pull("settlements"), vendor)
    assert busy.value.after == 90


async def test_a_body_cut_short_is_fetched_again(shop, vendor, faulty):
    shop.ledger = [event(1, at=NOW - DAY)]
    faulty.next(Fault(200, body=b'{"data": [', cut_short=True))
    assert ids(await walk(pull("orders"), vendor)) == {"1"}


async def test_an_answer_without_a_list_is_refused_and_nothing_is_skipped(vendor, faulty):
    faulty.next(Fault(200, body=b'{"message": "later"}'))
    with pytest.raises(Rejected) as refused:
        await walk(pull("recon"), vendor)
    assert refused.value.code == "schema.field_missing"
