"""The webhook endpoint on a real database: each kind of bad input has its clear answer, is counted, and is no 500."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from connectors.contract import load_connector
from ingest.rejections import RejectionTrail
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.database import transaction
from kit.errors import Retryable
from kit.ids import business_key, uuid7
from ledger.store.audit_chain import verify_audit
from tests.ledger.raw import raw_bodies

from .conftest import MAX_BODY, PREVIOUS, SECRET, Connected

CASES = Path(__file__).parents[1] / "connectors" / "cases" / "razorpay"
CAPTURED = json.loads((CASES / "payment_captured.json").read_text("utf-8"))
ACCEPTED = {"accepted": 1, "known": 0, "rewritten": 0, "quarantined": 0, "ignored": 0}
QUARANTINED = {**ACCEPTED, "accepted": 0, "quarantined": 1}


def with_payment(**fields: Any) -> dict[str, Any]:
    event = json.loads(json.dumps(CAPTURED))
    event["payload"]["payment"]["entity"].update(fields)
    return event


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("munshi_ingest_rejected_total", {"reason": reason}) or 0.0


async def rows(engine: Any, business: Any, sql: str) -> list[Any]:
    async with transaction(engine, [business]) as tx:
        return await tx.fetch(sql)


async def kept(engine: Any, business: Any, table: str) -> int:
    (found,) = await rows(engine, business, f"SELECT count(*) FROM {table}")
    return int(found[0])


# ---- what is right ---------------------------------------------------------------------------------
async def test_a_signed_payment_is_committed_before_the_answer(razorpay, engine):
    answer = await razorpay.send(CAPTURED, event_id="evt_1")
    assert (answer.status_code, answer.json()) == (202, ACCEPTED)
    (event,) = await rows(engine, razorpay.business, "SELECT * FROM external_events")
    assert (event["event_type"], event["source"], event["source_event_id"]) == (
        "payment.received",
        "payment:razorpay",
        "evt_1",
    )
    assert await kept(engine, razorpay.business, "pending") == 1
    (delivery,) = await rows(engine, razorpay.business, "SELECT * FROM deliveries")
    async with transaction(engine, [razorpay.business]) as tx:
        assert await raw_bodies(tx) == [json.dumps(CAPTURED).encode()]
    assert delivery["headers"] == {"x-razorpay-event-id": "evt_1"}
    assert delivery["version"] == "v1"


async def test_a_replayed_event_adds_nothing(razorpay, engine):
    await razorpay.send(CAPTURED, event_id="evt_1")
    again = await razorpay.send(CAPTURED, event_id="evt_1")
    assert (again.status_code, again.json()) == (202, {**ACCEPTED, "accepted": 0, "known": 1})
    assert await kept(engine, razorpay.business, "external_events") == 1


async def test_the_same_id_with_another_body_is_kept_as_a_rewrite(razorpay, engine):
    await razorpay.send(CAPTURED, event_id="evt_1")
    again = await razorpay.send(with_payment(amount=1), event_id="evt_1")
    assert again.json() == {**ACCEPTED, "accepted": 0, "rewritten": 1}
    assert await kept(engine, razorpay.business, "event_rewrites") == 1


async def test_the_previous_secret_still_verifies(razorpay):
    assert (await razorpay.send(CAPTURED, secret=PREVIOUS)).status_code == 202


async def test_an_event_that_is_known_and_of_no_account_is_kept_and_counted(razorpay, engine):
    answer = await razorpay.send((CASES / "payout_link_processed.json").read_bytes())
    assert answer.json() == {**ACCEPTED, "accepted": 0, "ignored": 1}
    assert await kept(engine, razorpay.business, "deliveries") == 1


async def test_many_at_once_are_all_kept(razorpay, engine):
    answers = await asyncio.gather(
        *(razorpay.send(with_payment(id=f"pay_{n}"), event_id=f"evt_{n % 40}") for n in range(40))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert await kept(engine, razorpay.business, "external_events") == 40


# ---- who may not -----------------------------------------------------------------------------------
async def test_a_wrong_signature_is_401_counted_and_keeps_nothing(razorpay, engine):
    before = counted("signature.wrong")
    answer = await razorpay.send(CAPTURED, secret="guessed")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "signature.wrong"
    assert counted("signature.wrong") == before + 1
    assert await kept(engine, razorpay.business, "deliveries") == 0


async def test_forged_calls_leave_one_audit_entry_an_hour(razorpay, engine, clock):
    for _ in range(3):
        await asyncio.gather(*(razorpay.send(CAPTURED, secret="guessed") for _ in range(5)))
    clock.advance(hours=1)
    await razorpay.send(CAPTURED, x_razorpay_signature="")
    entries = await rows(engine, razorpay.business, "SELECT * FROM audit ORDER BY sequence")
    assert [(e["actor"], e["action"], e["entry"]) for e in entries] == [
        ("source:payment:razorpay", "ingest.refused", {"code": "signature.wrong"}),
        ("source:payment:razorpay", "ingest.refused", {"code": "signature.missing"}),
    ]
    async with transaction(engine, [razorpay.business]) as tx:
        assert (await verify_audit(tx, razorpay.business)).broken_at is None


async def test_two_processes_write_the_hours_entry_once(razorpay, engine, sources, clock):
    source = await sources.by_key(razorpay.key)
    from kit.errors import Denied

    trails = [RejectionTrail(engine) for _ in range(4)]
    await asyncio.gather(*(trail.note(source, Denied("x", "x"), now=clock.now) for trail in trails))
    assert await kept(engine, razorpay.business, "audit") == 1


@pytest.mark.parametrize(
    "key", ["x", "mun_", "mun_zz_y", f"mun_{'0' * 32}_secret", "%00", "%ED%A0%80", "a" * 5_000]
)
async def test_a_key_that_opens_nothing_is_401(razorpay, key):
    before = counted("source.unknown")
    answer = await razorpay.client.post(f"/ingest/{key}", content=b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "source.unknown")
    assert counted("source.unknown") == before + 1


async def test_a_right_secret_under_another_business_opens_nothing(razorpay):
    other = business_key(uuid7(), razorpay.key.rpartition("_")[2])
    assert (await razorpay.client.post(f"/ingest/{other}", content=b"{}")).status_code == 401


async def test_a_source_without_secrets_lets_nobody_in(client, connect, business):
    bare = Connected(business, await connect("payment:razorpay-2", "razorpay", secrets=()), client)
    assert (await bare.send(CAPTURED, secret="")).status_code == 401


async def test_a_source_that_takes_files_only_takes_no_call(client, connect, business):
    bank = Connected(business, await connect("bank:icici", "bank", secrets=()), client)
    answer = await bank.send(b"Date,Narration,Amount\n")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "source.no_webhook")


async def test_only_a_post_is_taken(razorpay):
    assert (await razorpay.client.get(f"/ingest/{razorpay.key}")).status_code == 405


async def test_a_stale_standard_call_is_401(client, connect):
    key = await connect("standard:crm", "standard")
    answer = await client.post(
        f"/ingest/{key}",
        content=b"{}",
        headers={
            "content-type": "application/json",
            "webhook-id": "msg_1",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,AAAA",
        },
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signature.stale")


# ---- what does not fit -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "multipart/form-data; boundary=x"]
)
async def test_another_content_type_is_415(razorpay, content_type):
    answer = await razorpay.send(CAPTURED, content_type=content_type)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "body.content_type")


async def test_a_charset_beside_the_content_type_is_fine_and_a_compressed_body_is_not(razorpay):
    assert (await razorpay.send(CAPTURED, content_type="Application/JSON; charset=utf-8")).status_code == 202
    assert (await razorpay.send(CAPTURED, content_encoding="gzip")).status_code == 415


async def test_five_megabytes_are_413_whether_they_say_so_or_not(razorpay, engine):
    before = counted("body.too_large")
    raw = b"[" + b"1," * 2_600_000 + b"1]"

    async def undeclared() -> Any:
        for start in range(0, len(raw), 65_536):
            yield raw[start : start + 65_536]

    declared = await razorpay.send(raw)
    streamed = await razorpay.client.post(
        f"/ingest/{razorpay.key}", content=undeclared(), headers={"content-type": "application/json"}
    )
    for answer in (declared, streamed):
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body.too_large")
    assert counted("body.too_large") == before + 2
    assert await kept(engine, razorpay.business, "deliveries") == 0


async def test_a_body_of_just_the_limit_is_read(razorpay):
    raw = b'{"pad":"' + b"x" * (MAX_BODY - 10) + b'"}'
    assert len(raw) == MAX_BODY
    assert (await razorpay.send(raw)).status_code == 202
    assert (await razorpay.send(raw + b" ")).status_code == 413


async def test_a_sender_that_hangs_up_is_counted_and_answered_nothing(razorpay, engine, sources, clock):
    endpoint = WebhookEndpoint(
        sources, Never(), trail=RejectionTrail(engine), clock=clock, max_body_bytes=MAX_BODY
    )
    before = counted("disconnected")
    scope = {
        "type": "http",
        "path_params": {"source_key": razorpay.key},
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        raise AssertionError("nobody is there")

    await endpoint(scope, receive, send)
    assert counted("disconnected") == before + 1


# ---- what verifies and can't be understood ---------------------------------------------------------
RAW = json.dumps(CAPTURED).encode()
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "truncated": (RAW[: len(RAW) // 2], "json.malformed"),
    "empty": (b"", "json.malformed"),
    "not UTF-8": (RAW.replace(b"Kaveri", b"\xff\xfe").replace(b"upi", b"\xc3\x28"), "json.not_utf8"),
    "an array": (b"[" + RAW + b"]", "schema.not_an_object"),
    "a number": (b"1e400000", "schema.not_an_object"),
    "NaN": (b'{"event":NaN}', "json.number"),
    "nested": (b"[" * 30_000, "json.too_deep"),
    "unknown event": (RAW.replace(b"payment.captured", b"payment.teleported"), "schema.unknown_event"),
    "array for an object": (RAW.replace(b'"payload": {', b'"payload": [], "was": {'), "schema.field_missing"),
    "control characters": (
        RAW.replace(b"payment.captured", b"payment.\\u0000\\ud800"),
        "schema.unknown_event",
    ),
}


@pytest.mark.parametrize("name", sorted(UNREADABLE))
async def test_what_verifies_but_is_no_event_is_quarantined_as_a_whole(razorpay, engine, name):
    raw, code = UNREADABLE[name]
    answer = await razorpay.send(raw, event_id="evt_9")
    assert (answer.status_code, answer.json()) == (202, QUARANTINED)
    (part,) = await rows(engine, razorpay.business, "SELECT * FROM quarantine")
    assert (part["place"], part["code"]) == ("", code)
    async with transaction(engine, [razorpay.business]) as tx:
        assert await raw_bodies(tx) == [raw]


IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "NUL": (with_payment(description="a\x00b"), "event.field_characters"),
    "lone surrogate": (with_payment(email="\ud800"), "event.field_characters"),
    "no amount": (with_payment(amount=None), "event.field_missing"),
    "negative": (with_payment(amount=-5), "event.field_range"),
    "fraction": (with_payment(amount=12.5), "event.field_type"),
    "huge integer": (with_payment(amount=10**40), "event.field_range"),
    "text": (with_payment(amount="12"), "event.field_type"),
    "currency": (with_payment(currency="DOGE"), "money.unknown_currency"),
    "array for text": (with_payment(status=["captured"]), "schema.status_missing"),
    "no times": ({**with_payment(created_at=0), "created_at": "soon"}, "schema.time_missing"),
}


@pytest.mark.parametrize("name", sorted(IMPOSSIBLE))
async def test_a_fact_that_can_not_be_is_quarantined(razorpay, engine, name):
    event, code = IMPOSSIBLE[name]
    answer = await razorpay.send(event, event_id="evt_9")
    assert (answer.status_code, answer.json()) == (202, QUARANTINED)
    (part,) = await rows(engine, razorpay.business, "SELECT * FROM quarantine")
    assert part["code"] == code


async def test_an_exponent_that_no_machine_should_expand_costs_its_fact_only(razorpay, engine):
    raw = RAW.replace(b'"amount": 5684000', b'"amount": 1e400000')
    assert (await razorpay.send(raw)).json() == QUARANTINED
    assert await kept(engine, razorpay.business, "external_events") == 0


async def test_a_status_that_nobody_knows_is_kept_and_flagged(razorpay, engine):
    assert (await razorpay.send(with_payment(status="parked"))).json() == ACCEPTED
    (event,) = await rows(engine, razorpay.business, "SELECT * FROM external_events")
    assert (event["event_type"], event["flag"], event["word"]) == ("status.unmapped", "unmapped", "parked")
    assert event["normalised"]["amount"] == 5_684_000


async def test_the_businesss_own_answer_maps_it(razorpay, engine):
    async with transaction(engine, [razorpay.business]) as tx:
        await tx.run(
            "INSERT INTO status_mappings (business_id, source, kind, word, status) "
            "VALUES ($1, 'payment:razorpay', 'payment', 'Parked', 'payment.authorised')",
            razorpay.business,
        )
    await razorpay.send(with_payment(status="parked"))
    (event,) = await rows(engine, razorpay.business, "SELECT * FROM external_events")
    assert (event["event_type"], event["flag"]) == ("payment.authorised", None)


async def test_an_event_from_the_future_is_kept_and_not_applied(razorpay, engine, clock):
    ahead = {**CAPTURED, "created_at": int(clock.now.timestamp()) + 301}
    await razorpay.send(ahead, event_id="evt_1")
    await razorpay.send({**ahead, "created_at": ahead["created_at"] - 1}, event_id="evt_2")
    found = await rows(engine, razorpay.business, "SELECT flag FROM external_events ORDER BY source_event_id")
    assert [row["flag"] for row in found] == ["future", None]


# ---- our own troubles ------------------------------------------------------------------------------
class Never:
    """A door that is shut."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error or AssertionError("nothing was to be appended")

    async def append(self, delivery: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [Retryable("store.away", "The database is away."), RuntimeError("a bug"), OSError(), MemoryError()],
)
async def test_whatever_fails_behind_is_503_with_a_time_to_come_again(
    razorpay, engine, sources, clock, error
):
    endpoint = WebhookEndpoint(
        sources, Never(error), trail=RejectionTrail(engine), clock=clock, max_body_bytes=MAX_BODY
    )
    transport = httpx.ASGITransport(Starlette(routes=[webhook_route(endpoint)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi.test") as shut:
        answer = await Connected(razorpay.business, razorpay.key, shut).send(CAPTURED)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_database_that_is_away_is_503(razorpay, database):
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(f'ALTER DATABASE "{database.name}" CONNECTION LIMIT 0')
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'munshi_app'")
    answer = await razorpay.send(CAPTURED)
    await admin.execute(f'ALTER DATABASE "{database.name}" CONNECTION LIMIT -1')
    await admin.close()
    assert answer.status_code == 503
    assert (await razorpay.send(CAPTURED)).status_code == 202


@pytest.fixture
def broken_connector(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector with a fault of ours."""

    def observe(*_: Any, **__: Any) -> Any:
        raise KeyError("a bug")

    monkeypatch.setattr(type(load_connector("razorpay")), "observe", observe)


async def test_a_fault_in_our_reading_quarantines_the_body(razorpay, engine, broken_connector):
    assert (await razorpay.send(CAPTURED)).json() == QUARANTINED
    (part,) = await rows(engine, razorpay.business, "SELECT * FROM quarantine")
    assert part["code"] == "connector.failed"


async def test_the_secret_is_nowhere_in_the_answers(razorpay):
    for answer in (await razorpay.send(CAPTURED, secret="guessed"), await razorpay.send(b"{")):
        assert SECRET not in answer.text
        assert razorpay.key not in answer.text
