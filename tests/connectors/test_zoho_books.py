"""Zoho Books over real HTTP and on bytes: money to the paisa, paging that ends, errors by their remedy."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Api, Inbound, Observed, Page, Pull, Pulls, load_connector, load_manifest
from ingest.normalise import Normalised, normalise, status_map
from ingest.vendor import HttpVendor
from kit.errors import Denied, Rejected, Retryable, SourceBroken
from tests.connectors.casebook import case
from tests.vendors.serving import Fault, Faulty, serving
from tests.vendors.zoho import CREDENTIALS, ORGANISATION, Zoho

BOOKS = load_connector("zoho_books")
MANIFEST = load_manifest("zoho_books")
WORDS = status_map(MANIFEST)
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
LONG_AGO = datetime(2016, 11, 21, tzinfo=UTC)
SECRET = "workflowSecret12"


def observed(body: Any, stream: str | None = None, **settings: Any) -> Observed:
    return BOOKS.observe(
        Inbound(json.dumps(body).encode(), stream=stream),
        source="books:zoho_books",
        settings=settings,
        now=NOW,
    )


def read(body: Any, stream: str | None = None, **settings: Any) -> Normalised:
    return normalise(observed(body, stream, **settings), WORDS, received_at=NOW)


def record(case_name: str) -> dict[str, Any]:
    """The one record of a case."""
    body = json.loads(case("zoho_books", case_name).inbound.body)
    found: dict[str, Any] = next(value for value in body.values() if isinstance(value, dict))
    return found


def invoice(number: int, **more: Any) -> dict[str, Any]:
    return {
        "invoice_id": str(7_000 + number), "invoice_number": f"INV-{number}", "customer_id": "31", "status": "sent",
        "customer_name": "Kaveri Traders", "date": "2026-11-01", "due_date": "2026-12-01", "currency_code": "INR",
        "total": 1180, "balance": 1180, "write_off_amount": 0, "last_modified_time": "2026-11-20T10:00:00+0530", **more,
    }  # fmt: skip


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
        "base_url": f"{base}/books/v3",
        "token_url": f"{base}/oauth/v2/token",
        "organization_id": ORGANISATION,
    }


async def fetch(base: str, stream: str, *, since: datetime = LONG_AGO, **more: Any) -> list[Page]:
    """Fetch a window to its end, or the objects of `ids`."""
    assert isinstance(BOOKS, Pulls)
    assert isinstance(MANIFEST.api, Api)
    settings = {**settings_at(base), **more.pop("settings", {})}
    pages: list[Page] = []
    position: Any = {}
    async with HttpVendor(MANIFEST.api, credentials=CREDENTIALS, settings=settings, sleep=at_once) as call:
        while position is not None:
            page = await BOOKS.fetch(Pull(stream, since, NOW, position, settings=settings, **more), call)
            pages.append(page)
            position = page.position
    return pages


def told(pages: list[Page]) -> list[str]:
    """The ids of everything that pages say, in their order."""
    return [
        seen.external_id
        for page in pages
        for inbound in page.inbounds
        for seen in BOOKS.observe(inbound, source="books:zoho_books", settings={}, now=NOW).observations
    ]


async def test_a_long_list_is_read_to_its_end_under_a_token_got_once(zoho, faulty, base):
    for number in range(450):
        zoho.put("invoices", invoice(number))
    pages = await fetch(base, "invoices")
    assert [page.items for page in pages] == [200, 200, 50]
    assert sorted(told(pages)) == sorted(zoho.books["invoices"])
    assert zoho.tokens == 1
    asked = [dict(seen.query) for seen in faulty.calls if seen.path.endswith("/invoices")]
    assert {query["organization_id"] for query in asked} == {ORGANISATION}
    assert [query["page"] for query in asked] == ["1", "2", "3"]


async def test_only_what_changed_in_the_window_is_asked_for(zoho, base):
    zoho.put("invoices", invoice(1, last_modified_time="2026-11-20T09:59:59+0530"))
    zoho.put("invoices", invoice(2, last_modified_time="2026-11-20T10:00:00+0530"))
    since = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    assert told(await fetch(base, "invoices", since=since)) == ["7002"]
    assert [page.inbounds for page in await fetch(base, "bills", since=since)] == [[]]


async def test_every_stream_is_a_list_of_zohos(zoho, base):
    for stream in MANIFEST.streams:
        assert (await fetch(base, stream.name))[-1].position is None


async def test_records_are_fetched_by_id_and_one_that_is_gone_is_voided(zoho, base):
    zoho.put("invoices", record("invoice_details"))
    (page,) = await fetch(base, "invoices", ids=("700000000041107", "700000000041109"))
    there, gone = (
        normalise(BOOKS.observe(inbound, source="s", settings={}, now=NOW), WORDS, received_at=NOW)
        for inbound in page.inbounds
    )
    assert there.events[0].data["base"] == 2_000_042
    assert (gone.events[0].event_type, gone.events[0].external_id) == ("invoice.voided", "700000000041109")


async def test_an_expired_access_token_is_renewed_and_a_dead_refresh_token_needs_the_owner(zoho, base):
    assert MANIFEST.api is not None
    old = {**CREDENTIALS, "access_token": "1000.old", "expires_at": "9999999999"}
    async with HttpVendor(MANIFEST.api, credentials=old, settings=settings_at(base), sleep=at_once) as call:
        assert isinstance(BOOKS, Pulls)
        await BOOKS.fetch(Pull("bills", LONG_AGO, NOW, settings=settings_at(base)), call)
    assert zoho.tokens == 1
    dead = {**CREDENTIALS, "refresh_token": "withdrawn"}
    async with HttpVendor(MANIFEST.api, credentials=dead, settings=settings_at(base), sleep=at_once) as call:
        with pytest.raises(SourceBroken):
            await BOOKS.fetch(Pull("bills", LONG_AGO, NOW, settings=settings_at(base)), call)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "error", "named", "after"),
    [
        (44, Retryable, "vendor.busy", 60.0),
        (45, Retryable, "vendor.busy", 3_600.0),
        (1070, Retryable, "vendor.busy", 15.0),
        (1000, Retryable, "vendor.failing", None),
        (57, SourceBroken, "vendor.forbidden", None),
        (14, SourceBroken, "vendor.unauthorised", None),
        (6041, Rejected, "vendor.refused", None),
        ("5", Rejected, "vendor.refused", None),
    ],
)
async def test_zohos_own_errors_are_told_by_their_remedy(status, code, error, named, after, faulty, base):
    body = json.dumps({"code": code, "message": "words that repeat refresh-token-marker"}).encode()
    faulty.next(Fault(status=status, body=body, only_path="/books/v3"))
    with pytest.raises(error) as raised:
        await fetch(base, "invoices")
    assert raised.value.code == named
    assert getattr(raised.value, "after", None) == after
    assert "marker" not in str(raised.value)


async def test_a_missing_scope_stops_its_own_list_only(zoho, base):
    zoho.denied = {"bills"}
    with pytest.raises(SourceBroken) as raised:
        await fetch(base, "bills")
    assert raised.value.code == "vendor.forbidden"
    assert (await fetch(base, "invoices"))[-1].position is None


async def test_without_the_organisations_number_nothing_is_asked(faulty, base):
    with pytest.raises(SourceBroken, match="organization_id"):
        await fetch(base, "invoices", settings={"organization_id": ""})
    assert faulty.calls == []


async def test_a_page_that_comes_again_ends_the_round(zoho, faulty, base):
    zoho.put("invoices", invoice(1))
    body = json.dumps(
        {"code": 0, "invoices": [invoice(1)], "page_context": [{"has_more_page": True}]}
    ).encode()
    faulty.next(*[Fault(status=200, body=body, only_path="/books/v3")] * 3)
    with pytest.raises(SourceBroken) as raised:
        await fetch(base, "invoices")
    assert raised.value.code == "vendor.paging_loop"


# ---- the same thing, however it comes -----------------------------------------------------------------
def test_a_webhook_a_row_and_the_details_are_the_same_thing():
    rows = [
        observed({"invoices": [invoice(1)]}, "invoices"),
        observed({"invoice": invoice(1)}),
        observed({"invoice": invoice(1, tax_total=180)}, "invoices"),
    ]
    seen = [reading.observations[0] for reading in rows]
    assert {(one.kind, one.external_id) for one in seen} == {("invoice", "7001")}
    assert seen[0].event_id == seen[1].event_id
    assert seen[2].event_id != seen[0].event_id
    assert {one.occurred_at for one in seen} == {datetime(2026, 11, 20, 4, 30, tzinfo=UTC)}


def test_an_id_as_a_number_and_as_digits_is_the_same():
    one = observed({"invoices": [invoice(1)]}, "invoices").observations[0]
    other = observed({"invoices": [invoice(1, invoice_id=7001, customer_id=31)]}, "invoices").observations[0]
    assert one == other


def test_what_is_no_matter_of_ours_makes_no_other_event_and_coming_back_does():
    first = observed({"invoice": invoice(1)}).observations[0].event_id
    assert (
        observed({"invoice": invoice(1, is_emailed=True, reminders_sent=3)}).observations[0].event_id == first
    )
    again = observed({"invoice": invoice(1, last_modified_time="2026-11-21T10:00:00+0530")}).observations[0]
    assert again.event_id != first  # paid, opened again, and as it was


# ---- money ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stated", "paise"),
    [(1180, 118_000), (0.1, 10), (23600.5, 2_360_050), ("1180.05", 118_005), (19000.25, 1_900_025), (0, 0)],
)
def test_rupees_become_paise_exactly(stated, paise):
    assert read({"invoice": invoice(1, total=stated)}, "invoices").events[0].data["amount"] == paise


@pytest.mark.parametrize("stated", [10.005, "ten", True, [5], 10**20, "1,180.00", "NaN"])
def test_what_is_no_amount_is_refused_and_not_guessed(stated):
    with pytest.raises(Rejected):
        observed({"invoice": invoice(1, total=stated)}, "invoices")


def test_an_amount_below_nothing_costs_its_record():
    result = read({"invoices": [invoice(1, total=-5), invoice(2)]}, "invoices")
    assert [event.external_id for event in result.events] == ["7002"]
    assert [part.code for part in result.quarantined] == ["event.field_range"]


def test_yen_have_no_paise_and_an_unknown_currency_is_refused():
    assert read({"invoice": invoice(1, currency_code="JPY")}, "invoices").events[0].data["amount"] == 1180
    with pytest.raises(Rejected):
        observed({"invoice": invoice(1, currency_code="XXX")}, "invoices")


def test_a_payment_that_names_no_currency_is_in_our_own_only_if_its_amounts_say_so():
    payment = {
        "payment_id": "1", "vendor_id": "2", "vendor_name": "Godavari", "date": "2026-11-20", "amount": 300,
        "payment_mode": "cash", "bill_numbers": "",
    }  # fmt: skip
    assert (
        read({"vendorpayment": {**payment, "exchange_rate": 1}}, "vendorpayments").events[0].data["currency"]
        == "INR"
    )
    own = read({"vendorpayment": {**payment, "bcy_amount": 300}}, "vendorpayments", currency="SGD")
    assert own.events[0].data["currency"] == "SGD"
    for foreign in ({"exchange_rate": 83.5}, {"bcy_amount": 25_050}, {}):
        with pytest.raises(Rejected, match="currency_code"):
            observed({"vendorpayment": {**payment, **foreign}}, "vendorpayments")


def test_tds_closes_the_bill_beside_the_money_that_came():
    data = (
        read(json.loads(case("zoho_books", "customerpayments_list").inbound.body), "customerpayments")
        .events[0]
        .data
    )
    assert data["amount"] == 11_600_000
    assert data["deductions"] == [{"kind": "tds", "amount": 200_000}]
    assert data["references"] == {"utr": ["EXMPN52026112000107"], "invoices": ["INV-102/26-27"]}


@pytest.mark.parametrize(
    ("mode", "account_type", "into"),
    [
        ("cash", None, "cash"),
        ("Cash", "cash", "cash"),
        ("cash", "bank", "bank"),  # paid in at the bank: its statement shows it
        ("Bank Transfer", "bank", "bank"),
        ("check", "cash", "bank"),
        (None, None, "bank"),
    ],
)
def test_only_cash_into_the_cash_box_has_arrived_by_the_books_alone(mode, account_type, into):
    payment = {**record("payment_of_a_workflow"), "payment_mode": mode, "account_type": account_type}
    assert read({"payment": payment}).events[0].data["into"] == into


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("EXMPN52026112000107", ["EXMPN52026112000107"]),
        ("UTR: EXMPN52026112000107", ["EXMPN52026112000107"]),
        ("632500777001 / chq", ["632500777001"]),
        ("INV-102/26-27", []),  # the number of the bill itself
        ("NEFT", []),
        ("by hand 12", []),
        (" ", []),
    ],
)
def test_a_reference_is_a_banks_only_if_it_looks_like_one(written, found):
    row = json.loads(case("zoho_books", "customerpayments_list").inbound.body)["customerpayments"][0]
    seen = observed({"customerpayments": [{**row, "reference_number": written}]}, "customerpayments")
    assert seen.observations[0].data["references"].get("utr", []) == found


def test_a_payment_of_a_vendor_sent_under_the_name_payment_is_one():
    details = record("vendorpayment_details")
    event = read({"payment": details}).events[0]
    assert (event.event_type, event.data["references"]["bills"]) == ("payout.processed", ["GPM/771"])


def test_what_was_paid_out_of_a_credit_is_no_credit_any_more():
    note = record("creditnote_details")  # 1,180: 980 set against a bill, 200 paid out
    assert read({"creditnote": note}).events[0].data["amount"] == 98_000
    left = {**note, "balance": 50, "creditnote_refunds": []}
    assert read({"creditnote": left}).events[0].data["amount"] == 103_000


def test_a_written_off_bill_says_what_is_settled_apart_from_credits():
    event = read({"invoice": record("invoice_written_off")}).events[0]
    assert (event.data["status"], event.data["paid"]) == ("invoice.written_off", 90_000)
    assert (
        "paid"
        not in read({"invoice": invoice(1, status="paid", balance=0, credits_applied=0)}).events[0].data
    )


@pytest.mark.parametrize("word", ["sent", "viewed", "unpaid", "overdue"])
def test_what_zoho_derives_is_issued(word):
    assert read({"invoice": invoice(1, status=word)}).events[0].data["status"] == "invoice.issued"


def test_a_row_that_says_too_little_is_fetched_and_a_broken_one_told():
    rows = [invoice(1), {"invoice_id": "7002"}, {"invoice_number": "INV-3"}, None, invoice(4, total=[])]
    result = observed({"invoices": rows}, "invoices")
    assert [item.external_id for item in result.wanted] == ["7001", "7002", "7004"]
    assert [(part.where, part.code) for part in result.unreadable] == [
        ("invoices#2", "schema.id_missing"),
        ("invoices#3", "schema.not_an_object"),
    ]


@pytest.mark.parametrize(("kind", "key"), [("payment", "payment_id"), ("contact", "contact_id")])
def test_a_deleted_receipt_or_party_takes_nothing_away(kind, key):
    result = read({"event": "deleted", kind: {key: "5"}})
    assert (result.events, len(result.ignored)) == ((), 1)


# ---- the signature -------------------------------------------------------------------------------------
def signed(body: bytes, message: bytes, *, url: str = "", encoding: str = "hex") -> Inbound:
    digest = hmac.new(SECRET.encode(), message, hashlib.sha256)
    given = digest.hexdigest() if encoding == "hex" else base64.b64encode(digest.digest()).decode()
    return Inbound(body, {"x-zoho-webhook-signature": given}, url=url)


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_the_query_sorted_and_the_body_are_signed(encoding):
    url = "https://munshi.example/ingest/key?subscription_id=90343&name=basic&empty="
    call = signed(b"{}", b"emptynamebasicsubscription_id90343{}", url=url, encoding=encoding)
    BOOKS.verify(call, secrets=["other", SECRET], now=NOW)
    for spoilt in (
        signed(b"{}", b"subscription_id90343namebasicempty{}", url=url, encoding=encoding),
        Inbound(b"{}", call.headers, url=url.replace("basic", "gold")),
        Inbound(b"{}", call.headers, url=""),
        Inbound(b"{} ", call.headers, url=url),
    ):
        with pytest.raises(Denied):
            BOOKS.verify(spoilt, secrets=[SECRET], now=NOW)


def test_hex_in_capitals_is_the_same_digest():
    call = signed(b"{}", b"{}")
    shouted = {name: value.upper() for name, value in call.headers.items()}
    BOOKS.verify(Inbound(b"{}", shouted), secrets=[SECRET], now=NOW)
