"""Pulling from Razorpay over real HTTP: paging that loses nothing and ends, and what each fault is told as."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Inbound, Observed, Page, Pull, load_connector, load_manifest
from connectors.razorpay.polling import COUNT, RECON_COUNT, SHARED
from connectors.razorpay.recon import WHOLE_DAY
from ingest.vendor import HttpVendor
from kit.errors import Rejected, Retryable, SourceBroken
from tests.vendors.razorpay import ACCOUNT, KEYS, Razorpay
from tests.vendors.serving import Fault, Faulty, serving

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
RAZORPAY = load_connector("razorpay")
MANIFEST = load_manifest("razorpay")
assert MANIFEST.api is not None
API = replace(MANIFEST.api, per_second=10_000)


@pytest.fixture
def shop() -> Razorpay:
    return Razorpay()


@pytest.fixture
def faulty(shop: Razorpay) -> Faulty:
    return Faulty(shop.app())


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield f"{url}/v1"


async def no_sleep(_: float) -> None:
    pass


@pytest.fixture
async def vendor(base: str) -> AsyncIterator[HttpVendor]:
    async with HttpVendor(API, credentials=KEYS, settings={"base_url": base}, sleep=no_sleep) as call:
        yield call


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def payment(number: int, *, made: datetime, status: str = "captured") -> dict[str, Any]:
    return {
        "id": f"pay_{number:014}",
        "entity": "payment",
        "amount": 10_000 + number,
        "currency": "INR",
        "status": status,
        "amount_refunded": 0,
        "notes": [],
        "created_at": at(made),
    }


def row(number: int, settlement: str, *, settled: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "entity_id": f"pay_{number:014}",
        "type": "payment",
        "debit": 0,
        "credit": 9_764,
        "amount": 10_000,
        "currency": "INR",
        "fee": 236,
        "tax": 36,
        "settled": True,
        "created_at": at(settled - 2 * DAY),
        "settled_at": at(settled),
        "settlement_id": settlement,
        "settlement_utr": "EXMPR52026111900005",
        **changes,
    }


def pull(stream: str, *, since: datetime = NOW - 3 * DAY, until: datetime = NOW, **rest: Any) -> Pull:
    return Pull(stream, since, until, settings={"account_number": ACCOUNT}, **rest)


async def walk(asked: Pull, vendor: HttpVendor, *, between: Any = None) -> list[Page]:
    pages: list[Page] = []
    while True:
        page = await RAZORPAY.fetch(asked, vendor)  # type: ignore[attr-defined]
        pages.append(page)
        assert len(pages) < 60
        if page.position is None:
            return pages
        asked = replace(asked, position=json.loads(json.dumps(dict(page.position))))
        if between:
            between(len(pages))


def read(inbound: Inbound, *, now: datetime = NOW) -> Observed:
    return RAZORPAY.observe(inbound, source="payment:razorpay", settings={}, now=now)


def ids(pages: list[Page]) -> set[str]:
    return {
        seen.external_id for page in pages for inbound in page.inbounds for seen in read(inbound).observations
    }


# ---- lists -----------------------------------------------------------------------------------------
async def test_a_short_list_is_one_call_with_the_window_and_the_keys(shop, vendor, faulty):
    shop.put("payments", payment(1, made=NOW - DAY), payment(2, made=NOW - 5 * DAY))
    pages = await walk(pull("payments"), vendor)
    assert ids(pages) == {"pay_00000000000001"}
    assert len(faulty.calls) == 1
    asked = dict(faulty.calls[0].query)
    assert asked == {"from": str(at(NOW - 3 * DAY)), "to": str(at(NOW)), "count": "100", "skip": "0"}
    assert faulty.calls[0].headers["authorization"].startswith("Basic ")


async def test_a_list_of_exactly_a_page_ends_with_what_the_pages_share(shop, vendor, faulty):
    shop.put("payments", *(payment(n, made=NOW - timedelta(minutes=n + 1)) for n in range(COUNT)))
    pages = await walk(pull("payments"), vendor)
    assert len(ids(pages)) == COUNT
    assert [page.items for page in pages] == [COUNT, SHARED]


async def test_what_arrives_while_we_page_shifts_nothing_away(shop, vendor):
    before = [payment(n, made=NOW - timedelta(minutes=n + 1)) for n in range(350)]
    shop.put("payments", *before)

    def arrive(page: int) -> None:
        # One within the window (the vendor shows it late), one behind its end.
        shop.put("payments", payment(1000 + page, made=NOW - timedelta(seconds=1)))
        shop.put("payments", payment(2000 + page, made=NOW + timedelta(minutes=1)))

    found = ids(await walk(pull("payments"), vendor, between=arrive))
    assert {entity["id"] for entity in before} <= found
    assert not any(number.startswith("pay_0000000000200") for number in found)


async def test_what_goes_away_while_we_page_takes_no_other_with_it(shop, vendor):
    shop.put("payments", *(payment(n, made=NOW - timedelta(minutes=n + 1)) for n in range(250)))

    def go(page: int) -> None:
        for number in range(page * SHARED - SHARED, page * SHARED):
            del shop.records["payments"][f"pay_{number:014}"]

    found = ids(await walk(pull("payments"), vendor, between=go))
    assert len(found) == 250


async def test_a_list_that_ignores_the_window_is_read_no_further_than_it(shop, vendor, faulty):
    shop.heeds_times = False
    shop.put("invoices", *(
        {"id": f"inv_{n:014}", "type": "invoice", "status": "issued", "invoice_number": f"I-{n}", "amount": 100,
         "currency": "INR", "created_at": at(NOW - n * timedelta(hours=1))}
        for n in range(500)
    ))  # fmt: skip
    pages = await walk(pull("invoices"), vendor)
    assert len(pages) == 2
    assert {f"inv_{n:014}" for n in range(72)} <= ids(pages)
    assert dict(faulty.calls[0].query)["type"] == "invoice"


async def test_a_vendor_that_gives_the_same_page_again_is_told_as_broken(shop, vendor):
    shop.moves = False
    shop.put("payments", *(payment(n, made=NOW - timedelta(minutes=n + 1)) for n in range(150)))
    with pytest.raises(SourceBroken) as broken:
        await walk(pull("payments"), vendor)
    assert broken.value.code == "vendor.paging_loop"


async def test_payment_links_come_under_a_name_of_their_own(shop, vendor):
    shop.put("payment_links", {
        "id": "plink_00000000000001", "status": "partially_paid", "amount": 500, "currency": "INR",
        "reference_id": "INV-7", "created_at": at(NOW - DAY),
        "payments": [{"payment_id": "pay_00000000000009", "amount": 200, "status": "captured", "method": "upi",
                      "created_at": at(NOW - DAY)}],
    })  # fmt: skip
    (page,) = await walk(pull("payment_links"), vendor)
    observed = read(page.inbounds[0])
    assert [(seen.external_id, seen.data["amount"]) for seen in observed.observations] == [
        ("pay_00000000000009", 200)
    ]
    assert observed.observations[0].data["references"]["invoices"] == ["INV-7"]
    assert [(w.stream, w.external_id) for w in observed.wanted] == [("payment_links", "plink_00000000000001")]


async def test_lists_of_razorpayx_name_the_account_and_fail_without_one(shop, vendor, faulty):
    shop.put(
        "payouts",
        {"id": "pout_1", "status": "queued", "amount": 5, "currency": "INR", "created_at": at(NOW - DAY)},
    )
    assert (await walk(pull("payouts"), vendor))[0].items == 1
    assert dict(faulty.calls[0].query)["account_number"] == ACCOUNT
    with pytest.raises(SourceBroken) as broken:
        await walk(replace(pull("transactions"), settings={}), vendor)
    assert broken.value.code == "settings.account_number"
    assert MANIFEST.stream("payouts").needs == MANIFEST.stream("transactions").needs == ("account_number",)


# ---- by id -----------------------------------------------------------------------------------------
async def test_what_is_not_final_is_asked_for_again_in_growing_pauses_until_it_is(shop, vendor):
    pauses = []
    for age in (1, 4, 20, 100, 179):
        shop.put("invoices", {
            "id": "inv_1", "type": "invoice", "status": "issued", "amount": 5, "currency": "INR",
            "created_at": at(NOW - age * DAY),
        })  # fmt: skip
        page = await RAZORPAY.fetch(pull("invoices", ids=("inv_1",)), vendor)
        (wanted,) = read(page.inbounds[0]).wanted
        pauses.append(wanted.after)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (DAY, 7 * DAY)
    for change in ({"created_at": at(NOW - 181 * DAY)}, {"status": "paid"}, {"status": "expired"}):
        shop.records["invoices"]["inv_1"] |= change
        page = await RAZORPAY.fetch(pull("invoices", ids=("inv_1",)), vendor)
        assert not read(page.inbounds[0]).wanted


async def test_an_authorised_payment_is_found_captured_when_it_is_asked_for_again(shop, vendor):
    shop.put("payments", payment(1, made=NOW - 3 * DAY, status="authorized"))
    page = await RAZORPAY.fetch(pull("payments", ids=("pay_00000000000001",)), vendor)
    first = read(page.inbounds[0])
    assert first.wanted
    shop.put("payments", payment(1, made=NOW - 3 * DAY))
    page = await RAZORPAY.fetch(pull("payments", ids=("pay_00000000000001",)), vendor)
    second = read(page.inbounds[0])
    assert not second.wanted
    assert (first.observations[0].word, second.observations[0].word) == ("authorized", "captured")
    assert first.observations[0].event_id != second.observations[0].event_id


async def test_an_object_that_is_gone_is_refused(vendor):
    with pytest.raises(Rejected):
        await RAZORPAY.fetch(pull("payments", ids=("pay_00000000000404",)), vendor)


async def test_an_id_never_leads_to_another_path(vendor, faulty):
    with pytest.raises(Rejected):
        await RAZORPAY.fetch(pull("payments", ids=("../settlements?x=1",)), vendor)
    assert not faulty.calls[-1].query


def test_the_same_object_again_says_nothing_new_and_a_change_does():
    made = payment(1, made=NOW - DAY)
    page = lambda entity: Inbound(json.dumps({"items": [entity]}).encode(), stream="payments")  # noqa: E731
    first = read(page(made)).observations[0]
    assert read(page({**made, "something_new": 1}), now=NOW + DAY).observations[0].event_id == first.event_id
    single = Inbound(json.dumps(made).encode(), stream="payments")
    assert read(single).observations[0].event_id == first.event_id
    for change in (
        {"status": "refunded"},
        {"amount_refunded": 5},
        {"fee": 236},
        {"notes": {"invoice": "I-1"}},
    ):
        assert read(page({**made, **change})).observations[0].event_id != first.event_id


# ---- recon -----------------------------------------------------------------------------------------
async def test_recon_is_read_day_by_day_in_indias_calendar(shop, vendor, faulty):
    late = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # half past one on the 20th in India
    shop.rows = [row(1, "setl_1", settled=late)]
    pages = await walk(pull("recon"), vendor)
    days = [(dict(call.query)["month"], dict(call.query)["day"]) for call in faulty.calls]
    assert days == [("11", "18"), ("11", "19"), ("11", "20"), ("11", "21")]
    assert [page.items for page in pages] == [0, 0, 1, 0]
    assert all(page.inbounds[0].headers == {WHOLE_DAY: "whole"} for page in pages)


async def test_a_settlement_is_opened_into_its_payments_and_its_sums_add_up(shop, vendor):
    settled = NOW - 2 * DAY
    shop.rows = [
        row(1, "setl_1", settled=settled),
        row(2, "setl_1", settled=settled, credit=10_000),  # its fee was paid from fee credits
        row(3, "setl_1", settled=settled, entity_id="rfnd_1", type="refund", credit=0, debit=3_118, amount=3_000,
            fee=118, tax=18, payment_id="pay_00000000000001"),
        row(4, "setl_1", settled=settled, entity_id="adj_1", type="adjustment", credit=0, debit=500, amount=500, fee=0,
            tax=0),
    ]  # fmt: skip
    seen = [
        seen
        for page in await walk(pull("recon"), vendor)
        for i in page.inbounds
        for seen in read(i).observations
    ]
    facts = {one.external_id: one.data for one in seen}
    sums = facts["setl_1"]
    assert sums["amount"] == 9_764 + 10_000 - 3_118 - 500
    assert {name: sums[name] for name in ("captured", "refunded", "adjusted", "fee", "tax")} == {
        "captured": 20_000, "refunded": 3_000, "adjusted": -500, "fee": 236 + 118, "tax": 36 + 18,
    }  # fmt: skip
    assert sums["captured"] - sums["refunded"] + sums["adjusted"] - sums["fee"] == sums["amount"]
    assert facts["pay_00000000000002"]["fee"] == 236, "the payment cost it all the same"
    for name in ("pay_00000000000001", "pay_00000000000002", "rfnd_1"):
        assert facts[name]["references"]["settlements"] == ["setl_1"]
        assert "utr" not in facts[name]["references"], "the transfer's reference is no payment's own"
    assert "adj_1" not in facts


async def test_a_day_of_several_pages_gives_payments_and_no_sums(shop, vendor):
    settled = NOW - 2 * DAY
    shop.rows = [row(n, f"setl_{n % 3}", settled=settled) for n in range(RECON_COUNT + 400)]
    pages = await walk(pull("recon"), vendor)
    found = [seen for page in pages for i in page.inbounds for seen in read(i).observations]
    assert len({seen.external_id for seen in found if seen.kind == "payment"}) == RECON_COUNT + 400
    assert not [seen for seen in found if seen.kind == "settlement"]
    assert [bool(page.inbounds[0].headers) for page in pages] == [True, False, False, True, True]


async def test_the_sums_of_a_young_settlement_wait_until_its_rows_are_there(shop, vendor):
    shop.rows = [row(1, "setl_1", settled=NOW - timedelta(hours=3))]
    page = next(page for page in await walk(pull("recon"), vendor) if page.items)
    assert {seen.kind for seen in read(page.inbounds[0]).observations} == {"payment"}
    later = read(page.inbounds[0], now=NOW + DAY)
    assert {seen.kind for seen in later.observations} == {"payment", "settlement"}


@pytest.mark.parametrize(
    "broken", [{"credit": None}, {"amount": "100"}, {"currency": None}, {"entity_id": None}]
)
async def test_a_row_that_cannot_be_read_costs_itself_and_the_sums(broken):
    settled = NOW - 2 * DAY
    rows = [row(1, "setl_1", settled=settled), row(2, "setl_1", settled=settled, **broken)]
    page = Inbound(json.dumps({"items": rows}).encode(), {WHOLE_DAY: "whole"}, stream="recon")
    observed = read(page)
    assert [seen.external_id for seen in observed.observations] == ["pay_00000000000001"]
    assert len(observed.unreadable) == 1


async def test_rows_that_make_no_transfer_are_told_and_not_believed():
    rows = [row(1, "setl_1", settled=NOW - 2 * DAY, credit=0, debit=20_000)]
    page = Inbound(json.dumps({"items": rows}).encode(), {WHOLE_DAY: "whole"}, stream="recon")
    assert [part.code for part in read(page).unreadable] == ["recon.sums"]


# ---- faults ----------------------------------------------------------------------------------------
async def test_a_throttled_call_is_tried_again_and_then_left_for_later(shop, vendor, faulty):
    shop.put("payments", payment(1, made=NOW - DAY))
    busy = Fault(429, body=b'{"error":{"code":"BAD_REQUEST_ERROR","description":"Too many requests"}}')
    faulty.next(busy)
    assert (await walk(pull("payments"), vendor))[0].items == 1
    faulty.next(busy, busy, busy)
    with pytest.raises(Retryable):
        await walk(pull("payments"), vendor)


async def test_wrong_keys_need_the_owner(base):
    wrong = {**KEYS, "key_secret": "former"}
    async with HttpVendor(API, credentials=wrong, settings={"base_url": base}, sleep=no_sleep) as call:
        with pytest.raises(SourceBroken) as broken:
            await walk(pull("payments"), call)
    assert "former" not in str(broken.value)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"items": null}', b'{"error": {"description": "No."}}']
)
async def test_an_answer_that_is_no_list_ends_no_round_in_silence(vendor, faulty, body):
    faulty.next(Fault(200, body=body))
    with pytest.raises(Rejected):
        await walk(pull("payments"), vendor)


async def test_an_answer_cut_short_is_asked_for_again(shop, vendor, faulty):
    shop.put("payments", payment(1, made=NOW - DAY))
    faulty.next(Fault(200, body=b'{"items": [', cut_short=True))
    assert (await walk(pull("payments"), vendor))[0].items == 1
