"""Zoho CRM over real HTTP and on bytes: deals with their stage, thin notifications, our writing and its echo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    Inbound,
    Observed,
    Page,
    Pull,
    Pulls,
    WriteBack,
    WritesBack,
    Written,
    load_connector,
    load_manifest,
)
from connectors.zoho_crm.writing import FIELDS
from ingest.normalise import normalise, status_map
from ingest.vendor import HttpVendor
from kit.errors import Denied, NotFound, Rejected, SourceBroken
from ledger.domain.events import NewEvent
from tests.vendors.serving import Fault, Faulty, serving
from tests.vendors.zoho import CREDENTIALS, Zoho

CRM = load_connector("zoho_crm")
MANIFEST = load_manifest("zoho_crm")
WORDS = status_map(MANIFEST)
NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = NOW - timedelta(days=3650)


def at(before: timedelta) -> str:
    return (NOW - before).strftime("%Y-%m-%dT%H:%M:%S+05:30")


def account(key: str = "101", **more: Any) -> dict[str, Any]:
    return {"id": key, "Account_Name": "Kaveri Traders", "Modified_Time": at(timedelta(days=3)), **more}


def deal(key: str = "201", stage: str = "Negotiation/Review", **more: Any) -> dict[str, Any]:
    return {
        "id": key, "Deal_Name": "Kraft paper", "Stage": stage, "Pipeline": "Sales", "Amount": 118_000,
        "Account_Name": {"id": "101", "name": "Kaveri Traders"}, "Modified_Time": at(timedelta(days=2)), **more,
    }  # fmt: skip


def observed(body: Any, stream: str | None = None, **settings: Any) -> Observed:
    return CRM.observe(
        Inbound(json.dumps(body).encode(), stream=stream), source="crm:zoho_crm", settings=settings, now=NOW
    )


def events(observed: Observed) -> list[NewEvent]:
    return list(normalise(observed, WORDS, received_at=NOW + timedelta(minutes=1)).events)


# ---- over HTTP ---------------------------------------------------------------------------------------
@pytest.fixture
def zoho() -> Zoho:
    return Zoho()


@pytest.fixture
def faulty(zoho: Zoho) -> Faulty:
    return Faulty(zoho.app())


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield url


async def at_once(_: float) -> None: ...


def settings_at(base: str) -> dict[str, Any]:
    return {
        "base_url": f"{base}/crm/v8",
        "token_url": f"{base}/oauth/v2/token",
        "notify_url": "https://munshi.example/ingest/mun_1_key",
        "channel_id": "1000000068001",
    }


def vendor(base: str) -> HttpVendor:
    assert MANIFEST.api is not None
    swift = replace(MANIFEST.api, per_second=1000)
    return HttpVendor(swift, credentials=CREDENTIALS, settings=settings_at(base), sleep=at_once)


async def fetch(
    base: str, stream: str, *, since: datetime = LONG_AGO, ids: tuple[str, ...] = ()
) -> list[Page]:
    assert isinstance(CRM, Pulls)
    pages: list[Page] = []
    position: Any = {}
    async with vendor(base) as call:
        while position is not None:
            pull = Pull(
                stream, since, NOW, json.loads(json.dumps(position)), ids=ids, settings=settings_at(base)
            )
            page = await CRM.fetch(pull, call)
            pages.append(page)
            position = page.position
    return pages


def said(pages: list[Page]) -> list[NewEvent]:
    found = []
    for page in pages:
        for inbound in page.inbounds:
            found += events(CRM.observe(inbound, source="crm:zoho_crm", settings={}, now=NOW))
    return found


async def write(base: str, *items: WriteBack) -> list[Written]:
    assert isinstance(CRM, WritesBack)
    async with vendor(base) as call:
        await CRM.prepare(call, settings=settings_at(base))
        return list(await CRM.write_back(items, call, settings=settings_at(base)))


def item(key: str = "101", kind: Any = "party", **more: Any) -> WriteBack:
    stated: dict[str, Any] = {
        "currency": "INR", "outstanding": 5_684_050, "overdue": 4_720_000, "overdue_days": 47, "status": "overdue",
        "last_receipt_on": date(2026, 11, 18), "last_receipt": 2_000_000, "expected_on": None,
        "url": "https://munshi.example/p/1", "fingerprint": "f1", **more,
    }  # fmt: skip
    return WriteBack(kind=kind, external_id=key, **stated)


# ---- pulling -------------------------------------------------------------------------------------------
async def test_only_what_changed_comes_and_nothing_is_no_page(zoho, base):
    zoho.crm["Accounts"] = {"101": account(), "102": account("102", Modified_Time=at(timedelta(days=30)))}
    pages = await fetch(base, "accounts", since=NOW - timedelta(days=10))
    assert [event.external_id for event in said(pages)] == ["101"]
    nothing = await fetch(base, "accounts", since=NOW + timedelta(days=1))
    assert [list(page.inbounds) for page in nothing] == [[]]


async def test_a_long_list_goes_on_by_token_beyond_two_thousand(zoho, faulty, base):
    zoho.crm["Deals"] = {str(key): deal(str(key)) for key in range(10_000, 12_150)}
    pages = await fetch(base, "deals")
    assert sum(page.items for page in pages) == 2_150
    assert len({event.external_id for event in said(pages)}) == 2_150
    asked = [dict(seen.query) for seen in faulty.calls if seen.path.endswith("/Deals")]
    assert [query.get("page_token", query.get("page")) for query in asked] == [
        *[str(page) for page in range(1, 11)],
        "token-11",
    ]
    assert all("Stage" in query["fields"] for query in asked)


async def test_a_token_that_has_died_begins_the_list_again(zoho, base):
    zoho.crm["Deals"] = {str(key): deal(str(key)) for key in range(10_000, 12_150)}
    zoho.dead_tokens = {"token-11"}
    with pytest.raises(Rejected):
        await fetch(base, "deals")  # it dies each time: not for ever
    assert isinstance(CRM, Pulls)
    async with vendor(base) as call:
        page = await CRM.fetch(
            Pull("deals", LONG_AGO, NOW, {"token": "token-11", "number": 11}, settings=settings_at(base)),
            call,
        )
    assert page.position == {"page": 1, "again": 1}


async def test_records_are_fetched_by_id_and_a_missing_one_says_nothing(zoho, base):
    zoho.crm["Deals"] = {"201": deal()}
    (page,) = await fetch(base, "deals", ids=("201", "202"))
    assert [event.external_id for event in said([page])] == ["201"]
    (page,) = await fetch(base, "deals", ids=("202",))
    assert list(page.inbounds) == []


async def test_a_deleted_deal_is_lost(zoho, base):
    zoho.deleted = [
        {"id": "201", "display_name": "Old", "type": "recycle", "deleted_time": at(timedelta(hours=9))}
    ]
    for ids in ((), ("201",)):
        (event,) = said(await fetch(base, "deleted_deals", since=NOW - timedelta(days=1), ids=ids))
        assert (event.kind, event.external_id, event.data["status"]) == ("deal", "201", "deal.lost")


async def test_the_channel_is_renewed_for_less_than_a_week_with_the_token_nobody_sees(zoho, faulty, base):
    (page,) = await fetch(base, "channel")
    channel = zoho.channels[1000000068001]
    assert channel["token"] == CREDENTIALS["notify_token"]
    assert channel["notify_url"] == "https://munshi.example/ingest/mun_1_key"
    assert "Deals.all" in channel["events"]
    life = datetime.fromisoformat(channel["channel_expiry"]) - NOW
    assert timedelta(days=1) < life < timedelta(days=7)
    read = CRM.observe(page.inbounds[0], source="s", settings={}, now=NOW)
    assert (list(read.observations), read.ignored[0]) == ([], "channel: renewed")
    assert CREDENTIALS["notify_token"].encode() not in page.inbounds[0].body


async def test_a_channel_that_zoho_refuses_is_told_by_its_code(faulty, base):
    body = json.dumps(
        {"watch": [{"code": "INVALID_DATA", "message": "notify-token-marker", "status": "error"}]}
    )
    faulty.next(Fault(status=202, body=body.encode(), only_path="/watch"))
    with pytest.raises(SourceBroken, match="INVALID_DATA") as raised:
        await fetch(base, "channel")
    assert "marker" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"code": "OAUTH_SCOPE_MISMATCH"}, "vendor.forbidden"),
        (401, {"code": "INVALID_TOKEN"}, "vendor.unauthorised"),
        (403, {"code": "NO_PERMISSION"}, "vendor.forbidden"),
        (400, {"code": "INVALID_QUERY"}, "vendor.refused"),
        (400, {"code": "words with notify-token-marker"}, "vendor.refused"),
    ],
)
async def test_zohos_errors_are_told_by_their_remedy(status, body, code, faulty, base):
    faulty.next(*[Fault(status=status, body=json.dumps(body).encode(), only_path="/crm/v8")] * 2)
    with pytest.raises((SourceBroken, Rejected)) as raised:
        await fetch(base, "deals")
    assert raised.value.code == code
    assert "marker" not in str(raised.value)


# ---- notifications -------------------------------------------------------------------------------------
def notification(**more: Any) -> dict[str, Any]:
    return {
        "module": "Deals",
        "operation": "update",
        "ids": ["201"],
        "channel_id": "1",
        "token": "s3cret",
        **more,
    }


@pytest.mark.parametrize("token", [None, "", "S3cret", "s3cret2", 5, ["s3cret"], "\ud800"])
def test_only_the_right_token_lets_a_notification_in(token):
    body = json.dumps(notification(token=token)).encode()
    with pytest.raises(Denied):
        CRM.verify(Inbound(body), secrets=["s3cret"], now=NOW)
    CRM.verify(Inbound(json.dumps(notification()).encode()), secrets=["new", "s3cret"], now=NOW)


def test_a_notification_is_not_believed_only_fetched():
    told = observed(notification(affected_values=[{"record_id": "201", "values": {"Stage": "Closed Won"}}]))
    assert list(told.observations) == []
    assert [(want.stream, want.external_id) for want in told.wanted] == [("deals", "201")]


# ---- deals ---------------------------------------------------------------------------------------------
def test_closed_won_is_asked_and_a_stage_that_zoho_begins_with_is_known():
    won, lost, open_, own = (
        events(observed({"data": [deal(stage=stage)]}, "deals"))[0]
        for stage in ("Closed Won", "Closed Lost", "Qualification", "Samples sent")
    )
    assert (won.flag, won.word, won.qualifier) == ("unmapped", "Closed Won", "Sales")
    assert (own.flag, own.event_type) == ("unmapped", "status.unmapped")
    assert [event.data["status"] for event in (lost, open_)] == ["deal.lost", "deal.open"]


@pytest.mark.parametrize(
    ("stated", "amount"), [(118_000, 11_800_000), (Decimal("59000.50"), 5_900_050), (0, 0), (None, None)]
)
def test_a_deals_amount_becomes_paise_exactly(stated, amount):
    written = "null" if stated is None else str(stated)
    body = json.dumps({"data": [deal(Amount=None)]}).replace('"Amount": null', f'"Amount": {written}')
    seen = CRM.observe(Inbound(body.encode(), stream="deals"), source="s", settings={}, now=NOW).observations[
        0
    ]
    assert seen.data.get("amount") == amount


def test_a_stage_that_comes_back_is_told_again():
    ids = [
        events(observed({"data": [deal(stage=stage, Modified_Time=at(timedelta(hours=hours)))]}, "deals"))[0]
        for hours, stage in ((9, "Qualification"), (8, "Closed Lost"), (7, "Qualification"))
    ]
    assert len({event.source_event_id for event in ids}) == 3


def test_fields_of_the_firms_own_are_read_where_the_settings_name_them():
    seen = observed({"data": [deal(Our_Invoices="INV-1; INV-2")]}, "deals", invoice_field="Our_Invoices")
    assert seen.observations[0].data["references"] == {"invoices": ["INV-1", "INV-2"]}
    odd = observed({"data": [account()]}, "accounts", gstin_field="GSTIN No; DROP")
    assert [part.code for part in odd.unreadable] == ["settings.field"]


# ---- writing back --------------------------------------------------------------------------------------
async def test_our_state_is_written_in_fields_that_are_made_once(zoho, faulty, base):
    zoho.crm["Accounts"] = {"101": account()}
    zoho.crm["Deals"] = {"201": deal()}
    assert [done.problem for done in await write(base, item(), item("201", "deal"))] == [None, None]
    for module in ("Accounts", "Deals"):
        assert set(FIELDS) <= zoho.fields[module]
    for record in (zoho.crm["Accounts"]["101"], zoho.crm["Deals"]["201"]):
        assert record["Munshi_Outstanding"] == 56_840.5
        assert record["Munshi_Overdue"] == 47_200
        assert record["Munshi_Overdue_Days"] == 47
        assert record["Munshi_Last_Receipt_On"] == "2026-11-18"
        assert record["Munshi_Expected_On"] is None
        assert record["Munshi_Status"] == "overdue"
        assert record["Munshi_Link"] == "https://munshi.example/p/1"
    assert zoho.crm["Deals"]["201"]["Stage"] == "Negotiation/Review"
    made = [seen for seen in faulty.calls if seen.method == "POST" and seen.path.endswith("/fields")]
    assert len(made) == 4  # ten fields, five a call, in two modules
    await write(base, item())
    assert (
        len([seen for seen in faulty.calls if seen.method == "POST" and seen.path.endswith("/fields")]) == 4
    )


@pytest.mark.parametrize(
    ("module", "stream", "kind"), [("Accounts", "accounts", "party"), ("Deals", "deals", "deal")]
)
async def test_our_own_echo_is_no_news_and_a_change_by_others_after_it_is(module, stream, kind, zoho, base):
    record = account() if kind == "party" else deal("101")
    zoho.crm[module] = {"101": record}
    before = said(await fetch(base, stream))
    for outstanding in (100, 200):  # twice, so that the stamp of the first is carried on
        await write(base, item(kind=kind, outstanding=outstanding))
        assert record["Modified_Time"] != before[0].occurred_at.isoformat()
        after = said(await fetch(base, stream))
        assert [event.source_event_id for event in after] == [event.source_event_id for event in before]
        assert [event.digest() for event in after] == [event.digest() for event in before]
    record["Modified_Time"] = (datetime.now(UTC) + timedelta(minutes=1)).isoformat(timespec="seconds")
    (event,) = said(await fetch(base, stream))
    assert event.source_event_id != before[0].source_event_id


async def test_a_stage_that_we_correct_is_a_change_like_any_other(zoho, base):
    zoho.crm["Deals"] = {"201": deal(stage="Closed Won")}
    before = said(await fetch(base, "deals"))[0]
    await write(base, item("201", "deal"))
    (done,) = await write(base, item("201", "deal", word="Negotiation/Review", qualifier="Sales"))
    assert done.problem is None
    (after,) = said(await fetch(base, "deals"))
    assert (after.word, after.data["status"]) == ("Negotiation/Review", "deal.open")
    assert after.occurred_at > before.occurred_at


async def test_what_zoho_refuses_has_its_problem_beside_it(zoho, base):
    zoho.crm["Accounts"] = {str(key): account(str(key)) for key in (101, 102, 103)}
    zoho.refused = {
        "102": {"code": "INVALID_DATA", "details": {"api_name": "Munshi_Status"}, "status": "error"},
        "103": {"code": "RECORD_LOCKED", "details": {}, "status": "error"},
    }
    done = await write(base, item("101"), item("102"), item("103"), item("104"), item("company-1"))
    problems = {one.item.external_id: one.problem for one in done}
    assert len(done) == 5
    assert problems["101"] is None
    assert isinstance(problems["102"], Rejected)
    assert "Munshi_Status" in str(problems["102"])
    assert problems["103"] is not None
    assert problems["103"].code == "zoho_crm.locked"
    assert isinstance(problems["104"], NotFound)
    assert isinstance(problems["company-1"], NotFound)


async def test_a_batch_is_written_a_hundred_at_a_time(zoho, faulty, base):
    zoho.crm["Accounts"] = {str(key): account(str(key)) for key in range(1_000, 1_230)}
    done = await write(base, *(item(str(key)) for key in range(1_000, 1_230)))
    assert all(one.problem is None for one in done)
    sizes = [len(seen.json()["data"]) for seen in faulty.calls if seen.method == "PUT"]
    assert sizes == [100, 100, 30]


async def test_fields_that_zoho_will_not_make_are_named_for_the_owner(zoho, base):
    zoho.makes_fields = False
    with pytest.raises(SourceBroken) as raised:
        await write(base, item())
    assert raised.value.code == "zoho_crm.fields_missing"
    assert "Munshi Outstanding (double)" in str(raised.value)
    zoho.fields = {module: set(FIELDS) for module in ("Accounts", "Deals")}  # made by hand
    zoho.crm["Accounts"] = {"101": account()}
    assert [done.problem for done in await write(base, item())] == [None]


async def test_writing_without_the_right_to_is_told(zoho, base):
    zoho.crm["Accounts"] = {"101": account()}
    zoho.denied = {"Accounts"}
    with pytest.raises(SourceBroken) as raised:
        await write(base, item())
    assert raised.value.code == "vendor.forbidden"
