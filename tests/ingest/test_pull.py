"""Pulling over real HTTP: rounds and windows, one reader at a time, pages that commit with their cursor, and faults."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.contract import (
    Api,
    Call,
    Inbound,
    Manifest,
    Observation,
    Observed,
    Page,
    Pull,
    Stream,
    Wanted,
)
from ingest.cursors import LEASE, Cursors, sources_due
from ingest.door import Appender
from ingest.normalise import status_map
from ingest.pauses import BROKEN_PAUSE, pause_after
from ingest.pull import BACKFILL_STEP, Puller
from ingest.sources import Source
from kit.database import transaction
from kit.errors import Rejected, Retryable, SourceBroken, Stale
from kit.sealing import Seal, new_seal_key
from ledger.commands import DrainBusiness
from ledger.domain.roles import system
from ledger.queries import Conflicts, Sources
from tests.ledger.raw import raw_bodies
from tests.vendors.serving import Fault, Faulty, serving

NAME = "payment:shop"
PAGE = 3
API = Api("https://shop.example", "bearer", ("token",), per_second=10_000)
STREAMS = (
    Stream("sales", every_minutes=15, overlap_minutes=60, first_days=30, by_id=True, batch=4),
    Stream("kinds", every_minutes=60, overlap_minutes=0, windowed=False),
    Stream("payouts", every_minutes=15, overlap_minutes=60, needs=("account_number",)),
)
MANIFEST = Manifest(
    "shop", "payment", "Shop", ("pull",), ("v1",), ("application/json",), api=API, streams=STREAMS
)


@dataclass(slots=True)
class Shop:
    """A vendor with sales that can be listed by time of change, and looked up by id."""

    sales: dict[str, dict[str, Any]] = field(default_factory=dict)

    def sell(self, number: int, *, at: datetime, status: str = "paid") -> None:
        sale = {"id": f"s{number}", "amount": 100 + number, "at": int(at.timestamp()), "status": status}
        self.sales[sale["id"]] = sale

    async def listed(self, request: Request) -> JSONResponse:
        since, until, after = (int(request.query_params[name]) for name in ("since", "until", "after"))
        found = sorted(
            (s for s in self.sales.values() if since <= s["at"] < until), key=lambda s: (s["at"], s["id"])
        )
        return JSONResponse({"items": found[after : after + PAGE]})

    async def kinds(self, _: Request) -> JSONResponse:
        return JSONResponse({"items": []})

    async def one(self, request: Request) -> JSONResponse:
        found = self.sales.get(request.path_params["id"])
        return JSONResponse({"items": [found]}) if found else JSONResponse({}, 404)

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/sales", self.listed), Route("/sales/{id}", self.one), Route("/kinds", self.kinds)]
        )


class ShopConnector:
    """Reads the shop; `loops` makes it ask for the same page for ever."""

    loops = False

    def verify(self, inbound: Inbound, *, secrets: Any, now: datetime) -> None:
        raise NotImplementedError

    def observe(self, inbound: Inbound, *, source: str, settings: Any, now: datetime) -> Observed:
        try:
            items = orjson.loads(inbound.body)["items"]
        except orjson.JSONDecodeError:
            raise Rejected("json.malformed", "It is no JSON.") from None
        return Observed(
            "v1",
            [
                Observation(
                    f"{inbound.stream}:{item['id']}:{item['status']}",
                    "payment",
                    item["id"],
                    datetime.fromtimestamp(item["at"], UTC),
                    "instant",
                    {"amount": item["amount"], "currency": "INR"},
                    event_type="payment.received",
                )
                for item in items
                if item["status"] == "paid"
            ],
            wanted=[
                Wanted("sales", item["id"], timedelta(hours=1)) for item in items if item["status"] != "paid"
            ],
        )

    async def fetch(self, pull: Pull, call: Any) -> Page:
        if pull.ids:
            replies = [await call(Call(f"/sales/{one}")) for one in pull.ids]
            return Page([Inbound(reply.body, stream=pull.stream) for reply in replies], None, len(replies))
        after = int(pull.position.get("after", 0))
        query = {"since": int(pull.since.timestamp()), "until": int(pull.until.timestamp()), "after": after}
        reply = await call(Call(f"/{pull.stream}", query=query))
        try:
            full = len(reply.json()["items"]) == PAGE
        except Rejected:
            full = False
        position = {"after": after + (0 if self.loops else PAGE)} if full else None
        return Page([Inbound(reply.body, stream=pull.stream)], position, PAGE)


@dataclass(slots=True)
class OneSource:
    """Finds the one source of a test."""

    source: Source
    newer: Source | None = None
    """What it is after somebody has asked."""
    fault: SourceBroken | None = None

    async def by_name(self, *_: Any) -> Source:
        if self.fault is not None:
            raise self.fault
        found, self.source = self.source, self.newer or self.source
        return found


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def faulty(shop: Shop) -> Faulty:
    return Faulty(shop.app())


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield url


@pytest.fixture
async def source(engine, business, base, clock) -> Source:
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO sources (business_id, name, connector, label, key_hash, created_at)"
            " VALUES ($1, $2, 'shop', 'Shop', 'x', $3)",
            business,
            NAME,
            clock.now,
        )
    return Source(
        business,
        NAME,
        ShopConnector(),
        MANIFEST,
        (),
        {"base_url": base},
        status_map(MANIFEST),
        {"token": "t"},
    )


@pytest.fixture
def found(source: Source) -> OneSource:
    return OneSource(source)


@pytest.fixture
async def puller(engine, found, clock) -> Puller:
    async def no_sleep(_: float) -> None:
        return None

    seal = Seal(new_seal_key())
    return Puller(
        engine,
        sources=found,
        seal=lambda: seal,
        appender=Appender(engine),
        clock=clock,
        sleep=no_sleep,
        development=True,
    )


async def rows(engine, business, statement: str) -> list[Any]:
    async with transaction(engine, [business]) as tx:
        return await tx.fetch(statement)


async def stream(engine, business, name: str = "sales", lane: str = "live") -> Any:
    found = await rows(engine, business, f"SELECT * FROM pulls WHERE stream = '{name}' AND lane = '{lane}'")
    return found[0]


async def sold(engine, business) -> set[str]:
    return {
        row["external_id"] for row in await rows(engine, business, "SELECT external_id FROM external_events")
    }


# ---- rounds ------------------------------------------------------------------------------------------
async def test_a_first_round_reads_every_page_once_and_rests_for_its_interval(
    puller, shop, engine, business, clock, faulty
) -> None:
    for number in range(8):
        shop.sell(number, at=clock.now - timedelta(days=number + 1))
    shop.sell(99, at=clock.now - timedelta(days=40))  # before the first round begins
    done = await puller.pull(business, NAME)
    assert (done.pages, done.added, done.errors) == (4, 8, ())  # three of sales, one of kinds
    assert await sold(engine, business) == {f"s{number}" for number in range(8)}
    row = await stream(engine, business)
    assert (row["watermark"], row["position"], row["lease"]) == (clock.now, None, None)
    assert timedelta(minutes=13) <= row["due_at"] - clock.now <= timedelta(minutes=17)
    before = len(faulty.calls)
    await puller.pull(business, NAME)
    assert len(faulty.calls) == before, "nothing is due yet"


async def test_a_source_that_was_just_connected_is_visited_and_its_streams_take_it_from_there(
    puller, engine, business, clock
) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO pulls (business_id, source, stream, lane, due_at) VALUES ($1, $2, '', 'wanted', $3)",
            business,
            NAME,
            clock.now,
        )
    assert [due.source for due in await sources_due(engine, clock.now)] == [NAME]
    await puller.pull(business, NAME)
    assert {row["stream"] for row in await rows(engine, business, "SELECT stream FROM pulls")} == {
        "sales",
        "kinds",
    }
    assert await sources_due(engine, clock.now) == []


async def test_the_next_round_begins_an_overlap_before_the_last_one_and_doubles_nothing(
    puller, shop, engine, business, clock, faulty
) -> None:
    shop.sell(1, at=clock.now - timedelta(minutes=30))
    await puller.pull(business, NAME)
    began = clock.now
    clock.advance(minutes=20)
    shop.sell(2, at=began - timedelta(minutes=50))  # the vendor shows it late
    done = await puller.pull(business, NAME)
    assert done.added == 1
    assert await sold(engine, business) == {"s1", "s2"}
    asked = dict(faulty.calls[-1].query)
    assert int(asked["since"]) == int((began - timedelta(hours=1)).timestamp())


async def test_a_stream_without_the_setting_that_it_needs_is_left_out(puller, engine, business) -> None:
    await puller.pull(business, NAME)
    found = {row["stream"] for row in await rows(engine, business, "SELECT stream FROM pulls")}
    assert found == {"sales", "kinds"}


async def test_a_killed_round_goes_on_at_its_page(puller, shop, engine, business, clock, faulty) -> None:
    for number in range(8):
        shop.sell(number, at=clock.now - timedelta(days=1))
    faulty.next(Fault(200, only_path="/never"))
    original = puller._keep
    pages = 0

    async def dies(*args: Any, **options: Any) -> None:
        nonlocal pages
        pages += args[2].stream == "sales"
        if args[2].stream == "sales" and pages >= 2:
            raise asyncio.CancelledError
        await original(*args, **options)

    faulty.faults.clear()
    puller._keep = dies
    with pytest.raises(asyncio.CancelledError):
        await puller.pull(business, NAME)
    puller._keep = original
    row = await stream(engine, business)
    assert row["position"] == {"after": PAGE}
    assert row["lease"] is not None
    await puller.pull(business, NAME)
    assert (await stream(engine, business))["position"] == {"after": PAGE}, "its lease has not ended"
    clock.advance(minutes=LEASE.total_seconds() / 60 + 1)
    await puller.pull(business, NAME)
    assert len(await sold(engine, business)) == 8
    assert (await stream(engine, business))["watermark"] == clock.now - LEASE - timedelta(minutes=1)


async def test_two_workers_never_read_one_stream(puller, shop, engine, business, clock, faulty) -> None:
    for number in range(8):
        shop.sell(number, at=clock.now - timedelta(days=1))
    await asyncio.gather(*(puller.pull(business, NAME) for _ in range(4)))
    asked = [call.query for call in faulty.calls if call.path == "/sales"]
    assert len(asked) == len(set(asked)) == 3


async def test_a_page_under_a_lost_lease_is_not_kept_and_moves_nothing(
    puller, engine, business, clock, source
) -> None:
    cursors = Cursors(engine, business, NAME)
    await cursors.ensure(["sales"], lane="live", now=clock.now)
    mine = await cursors.take("sales", lane="live", now=clock.now)
    assert mine is not None
    clock.advance(minutes=11)
    theirs = await cursors.take("sales", lane="live", now=clock.now)
    assert theirs is not None
    from ingest.reading import read_delivery

    body = orjson.dumps({"items": [{"id": "s1", "amount": 5, "at": 1_700_000_000, "status": "paid"}]})
    delivery = read_delivery(
        source, Inbound(body, stream="sales"), via="pull", received_at=clock.now
    ).delivery
    with pytest.raises(Stale):
        await cursors.commit(replace(mine, position={"after": 9}), [delivery], items=1, now=clock.now)
    assert await sold(engine, business) == set()
    await cursors.commit(replace(theirs, position={"after": 3}), [delivery], items=1, now=clock.now)
    assert await sold(engine, business) == {"s1"}


async def test_a_vendor_that_gives_the_same_page_for_ever_is_told_off(
    puller, shop, engine, business, clock, source
) -> None:
    source.connector.loops = True
    for number in range(5):
        shop.sell(number, at=clock.now - timedelta(days=1))
    done = await puller.pull(business, NAME)
    assert "again and again" in done.errors[0]
    assert (await stream(engine, business))["error_code"] == "vendor.paging_loop"


# ---- objects by id -----------------------------------------------------------------------------------
async def test_what_is_still_open_is_fetched_again_until_it_is_settled(
    puller, shop, engine, business, clock, faulty
) -> None:
    shop.sell(1, at=clock.now - timedelta(days=20), status="open")
    await puller.pull(business, NAME)
    assert await sold(engine, business) == set()
    clock.advance(minutes=61)
    assert [due.source for due in await sources_due(engine, clock.now)] == [NAME]
    await puller.pull(business, NAME)
    assert len(await rows(engine, business, "SELECT FROM wanted")) == 1, "open still: wanted once more"
    shop.sell(1, at=clock.now, status="paid")
    clock.advance(minutes=61)
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1"}
    assert await rows(engine, business, "SELECT FROM wanted") == []


async def test_one_object_that_is_refused_does_not_hold_up_the_others(
    puller, shop, engine, business, clock
) -> None:
    for number in (1, 2, 3, 5, 6):
        shop.sell(number, at=clock.now - timedelta(days=60))
    async with transaction(engine, [business]) as tx:
        for number in range(1, 7):
            await tx.run(
                "INSERT INTO wanted VALUES ($1, $2, 'sales', $3, $4)", business, NAME, f"s{number}", clock.now
            )
    done = await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1", "s2", "s3", "s5", "s6"}
    assert "s4" in done.errors[0]
    left = await rows(engine, business, "SELECT external_id, due_at FROM wanted")
    assert [(row["external_id"], row["due_at"] - clock.now) for row in left] == [("s4", timedelta(days=1))]


# ---- faults ------------------------------------------------------------------------------------------
async def test_a_vendor_that_is_down_is_left_alone_ever_longer_and_asked_once_each_time(
    puller, engine, business, clock, faulty
) -> None:
    pauses = []
    for visit in range(5):
        faulty.next(*[Fault(503)] * 6)
        asked = len(faulty.calls)
        await puller.pull(business, NAME)
        # The first visit finds both streams failing; from then on the circuit is open and one of them finds out.
        assert len(faulty.calls) - asked == (6 if visit == 0 else 3)
        faulty.faults.clear()
        due = await rows(
            engine, business, "SELECT min(due_at) AS first, count(*) AS streams FROM pulls WHERE failures > 0"
        )
        assert due[0]["streams"] == 2
        pauses.append((due[0]["first"] - clock.now).total_seconds())
        clock.now = due[0]["first"] + timedelta(seconds=1)
    assert pauses[-1] > 3 * pauses[0], pauses
    done = await puller.pull(business, NAME)
    assert done.errors == ()
    for name in ("sales", "kinds"):
        clock.advance(hours=2)
        await puller.pull(business, NAME)
        row = await stream(engine, business, name)
        assert (row["failures"], row["error"]) == (0, None)


async def test_rules_are_woken_when_a_source_falls_ill_and_when_it_is_well_again_and_not_at_every_failure(
    puller, engine, business, clock, faulty
) -> None:
    """A failed pull appends nothing, so nobody would judge."""

    async def woken() -> int:
        found = await rows(
            engine, business, "DELETE FROM pending WHERE wake = 'source' AND subject IS NULL RETURNING due_at"
        )
        assert all(row["due_at"] <= clock.now for row in found)
        return len(found)

    await puller.pull(business, NAME)
    assert await woken() == 0, "all is well, as before"
    clock.advance(hours=2)
    for visit in range(4):
        faulty.next(*[Fault(503)] * 6)
        await puller.pull(business, NAME)
        faulty.faults.clear()
        assert await woken() == (1 if visit == 0 else 0), "both streams fell ill together"
        clock.advance(hours=2)
    await puller.pull(business, NAME)
    assert await woken() == 1
    clock.advance(hours=2)
    await puller.pull(business, NAME)
    assert await woken() == 0


async def test_one_endpoint_that_fails_for_weeks_does_not_hold_up_the_others(
    puller, shop, engine, business, clock, faulty
) -> None:
    for visit in range(6):
        faulty.next(*[Fault(500, only_path="/kinds")] * 3)
        shop.sell(visit, at=clock.now - timedelta(minutes=1))
        await puller.pull(business, NAME)
        faulty.faults.clear()
        clock.advance(minutes=20)
    assert len(await sold(engine, business)) == 6
    assert (await stream(engine, business, "kinds"))["failures"] >= 3


async def test_a_pause_that_the_vendor_asks_for_is_kept_by_all_streams(
    puller, engine, business, clock, faulty
) -> None:
    faulty.next(Fault(429, headers={"retry-after": "1800"}))
    await puller.pull(business, NAME)
    for name in ("sales", "kinds"):
        assert (await stream(engine, business, name))["due_at"] >= clock.now + timedelta(minutes=30)
    assert len(faulty.calls) == 1


async def to_be_written(engine, business, due_at: datetime) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO write_backs (business_id, source, kind, external_id, subject, desired, digest, status,"
            " changed_at, due_at) VALUES ($1, $2, 'party', 'c1', $1, '{}', '', 'queued', $3, $3)",
            business,
            NAME,
            due_at,
        )


async def test_what_is_to_be_written_back_keeps_the_pause_too_and_goes_when_it_is_over(
    puller, engine, business, clock, faulty
) -> None:
    await to_be_written(engine, business, clock.now)
    faulty.next(Fault(429, headers={"retry-after": "1800"}))
    await puller.pull(business, NAME)
    clock.advance(minutes=25)
    assert await sources_due(engine, clock.now) == []
    clock.advance(minutes=15)
    assert len(await sources_due(engine, clock.now)) == 1


async def test_what_comes_up_during_a_pause_waits_for_its_end(
    puller, shop, engine, business, clock, faulty
) -> None:
    faulty.next(Fault(429, headers={"retry-after": "1800"}))
    await puller.pull(business, NAME)
    clock.advance(minutes=10)
    shop.sell(1, at=clock.now - timedelta(days=60))
    await to_be_written(engine, business, clock.now)
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO wanted VALUES ($1, $2, 'sales', 's1', $3)", business, NAME, clock.now)
    assert len(await sources_due(engine, clock.now)) == 1
    await puller.pull(business, NAME)
    assert len(faulty.calls) == 1, "a webhook named an object, and it is left for later"
    assert await sources_due(engine, clock.now) == []
    clock.advance(minutes=40)
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1"}


async def test_objects_that_are_put_off_again_leave_nothing_due_behind(
    puller, shop, engine, business, clock, faulty
) -> None:
    await puller.pull(business, NAME)
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO wanted VALUES ($1, $2, 'sales', 's1', $3)", business, NAME, clock.now)
    faulty.next(*[Fault(503, only_path="/sales/s1")] * 3)
    await puller.pull(business, NAME)
    async with transaction(engine, [business]) as tx:
        await tx.run("UPDATE wanted SET due_at = $1", clock.now + timedelta(days=1))
    clock.advance(minutes=2)
    assert len(await sources_due(engine, clock.now)) == 1
    await puller.pull(business, NAME)
    assert await sources_due(engine, clock.now) == []


async def test_a_list_that_is_seldom_read_does_not_vouch_for_a_vendor_that_is_down(
    puller, engine, business, clock, faulty, door, owner
) -> None:
    await puller.pull(business, NAME)
    clock.advance(minutes=20)
    await puller.pull(business, NAME)  # sales only: kinds are due once an hour
    clock.advance(minutes=20)
    await to_be_written(engine, business, clock.now)
    faulty.next(*[Fault(503, only_path="/sales")] * 3)
    await puller.pull(business, NAME)
    assert (await door.query(Sources(), owner))[0].state == "failing"
    assert await sources_due(engine, clock.now) == [], "the circuit is open for what is to be written, too"
    clock.advance(minutes=2)
    await puller.pull(business, NAME)
    assert (await door.query(Sources(), owner))[0].problem is None


async def test_two_workers_whose_calls_fail_at_once_do_not_wait_for_each_other(
    engine, business, clock
) -> None:
    cursors = Cursors(engine, business, NAME)
    for _ in range(15):
        await cursors.ensure(["a", "b", "c", "d"], lane="live", now=clock.now)
        taken = [await cursors.take(name, lane="live", now=clock.now) for name in "abcd"]
        due_at = clock.now + timedelta(minutes=1)
        waits = await asyncio.gather(
            *(
                cursors.fail(one, due_at=due_at, code="x", message="x", everything=True, now=clock.now)
                for one in taken
                if one is not None
            )
        )
        assert waits == [True] * 4
        clock.advance(minutes=2)


async def test_the_list_that_reads_well_goes_first(puller, shop, engine, business, clock, faulty) -> None:
    await puller.pull(business, NAME)
    clock.advance(hours=2)
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "UPDATE pulls SET failures = 3, due_at = $1 WHERE stream = 'sales'",
            clock.now - timedelta(hours=1),
        )
    await puller.pull(business, NAME)
    assert [call.path for call in faulty.calls][-2:] == ["/kinds", "/sales"]


async def test_credentials_go_to_no_address_that_is_not_the_vendors(
    puller, engine, business, clock, faulty
) -> None:
    puller._development = False
    done = await puller.pull(business, NAME)
    assert "https" in done.errors[0]
    assert faulty.calls == []
    assert {row["error_code"] for row in await rows(engine, business, "SELECT error_code FROM pulls")} == {
        "source.address",
        None,
    }, "one stream finds out for all"


async def test_a_stream_that_we_may_not_read_does_not_stop_the_others(
    puller, shop, engine, business, clock, faulty
) -> None:
    shop.sell(1, at=clock.now - timedelta(days=1))
    faulty.next(Fault(403, only_path="/kinds"))
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1"}


async def test_credentials_that_are_refused_stop_the_source_until_the_owner_acts(
    puller, engine, business, clock, faulty
) -> None:
    faulty.next(Fault(401))
    done = await puller.pull(business, NAME)
    assert "does not let us in" in done.errors[0]
    for name in ("sales", "kinds"):
        row = await stream(engine, business, name)
        assert row["due_at"] - clock.now >= BROKEN_PAUSE * 0.7
    assert len(faulty.calls) == 1


async def test_credentials_given_while_the_former_ones_failed_need_no_waiting(
    puller, found, shop, engine, business, clock, faulty, source
) -> None:
    shop.sell(1, at=clock.now - timedelta(days=1))
    faulty.next(Fault(401))
    found.newer = replace(source, credentials={"token": "new"})
    assert len((await puller.pull(business, NAME)).errors) == 1
    assert len(faulty.calls) == 1, "the former ones aren't tried on the other lists"
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1"}


async def test_the_owner_is_asked_about_a_source_that_can_not_be_read_until_it_can(
    puller, door, owner, business, clock, faulty
) -> None:
    """Nothing but the drain runs: what fails and what is well again reaches the rules by itself."""

    async def asked() -> list[str]:
        while (await door.execute(DrainBusiness(), system(business, "drainer"))).more:
            pass
        return [row.title for row in (await door.query(Conflicts(), owner)).rows]

    await puller.pull(business, NAME)
    clock.advance(hours=2)
    faulty.next(Fault(401))
    await puller.pull(business, NAME)
    assert await asked() == [], "it may be over in a moment"
    clock.advance(minutes=31)
    assert await asked() == ["Shop can't be read"]
    clock.advance(hours=9)
    await puller.pull(business, NAME)
    assert await asked() == []


async def test_a_page_that_is_no_json_is_asked_for_again_and_costs_nothing(
    puller, shop, engine, business, clock, faulty
) -> None:
    shop.sell(1, at=clock.now - timedelta(days=1))
    for body in (b"<html>maintenance</html>", b'{"items": [{"id": "s'):
        faulty.next(Fault(200, body=body, only_path="/sales"))
        done = await puller.pull(business, NAME)
        assert (done.quarantined, len(done.errors)) == (0, 1)
        assert "asked again" in done.errors[0]
        assert (await stream(engine, business))["watermark"] is None
        clock.advance(hours=1)
    assert (await puller.pull(business, NAME)).errors == ()
    assert await sold(engine, business) == {"s1"}


async def test_a_page_that_stays_no_json_is_quarantined_with_its_bytes_and_the_round_goes_on(
    puller, engine, business, clock, faulty
) -> None:
    for _ in range(3):
        faulty.next(Fault(200, body=b"<html>maintenance</html>", only_path="/sales"))
        done = await puller.pull(business, NAME)
        clock.advance(hours=2)
    assert done.quarantined == 1
    async with transaction(engine, [business]) as tx:
        assert await raw_bodies(tx, "d.stream = 'sales'") == [b"<html>maintenance</html>"]


async def test_an_object_that_comes_garbled_is_still_wanted(
    puller, shop, engine, business, clock, faulty
) -> None:
    shop.sell(1, at=clock.now - timedelta(days=1), status="open")
    await puller.pull(business, NAME)
    clock.advance(hours=2)
    faulty.next(Fault(200, body=b"<html>maintenance</html>", only_path="/sales/"))
    await puller.pull(business, NAME)
    assert await rows(engine, business, "SELECT external_id FROM wanted") != []
    shop.sell(1, at=clock.now - timedelta(days=1))
    clock.advance(hours=2)
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1"}


async def test_secrets_that_do_not_open_are_told_and_looked_at_again_now_and_then(
    puller, found, shop, engine, business, clock, faulty, source, door, owner
) -> None:
    shop.sell(1, at=clock.now - timedelta(days=1))
    await puller.pull(business, NAME)
    clock.advance(hours=1)
    found.fault = SourceBroken("seal.wrong_key", "They were sealed with another key.")
    before = len(faulty.calls)
    assert (await puller.pull(business, NAME)).errors == ("They were sealed with another key.",)
    assert await sources_due(engine, clock.now) == []
    (view,) = [one for one in await door.query(Sources(), owner) if one.name == NAME]
    assert (view.state, view.problem) == ("failing", "They were sealed with another key.")
    assert len(faulty.calls) == before
    found.fault = None
    clock.advance(minutes=11)
    shop.sell(2, at=clock.now)
    clock.advance(minutes=1)
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {"s1", "s2"}
    (view,) = [one for one in await door.query(Sources(), owner) if one.name == NAME]
    assert view.problem is None


async def test_a_source_without_credentials_is_not_looked_at_every_second(
    puller, engine, business, clock, source
) -> None:
    object.__setattr__(source, "credentials", {})
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO wanted VALUES ($1, $2, 'sales', 's1', $3)", business, NAME, clock.now)
    await puller.pull(business, NAME)
    assert await sources_due(engine, clock.now) == []
    clock.advance(hours=2)
    assert len(await sources_due(engine, clock.now)) == 1


# ---- backfill ----------------------------------------------------------------------------------------
async def test_a_backfill_goes_back_step_by_step_to_its_goal(
    puller, shop, engine, business, clock, faulty
) -> None:
    for number in range(10):
        shop.sell(number, at=clock.now - timedelta(days=20 * number + 1))
    cursors = Cursors(engine, business, NAME)
    await cursors.ensure(["sales"], lane="backfill", now=clock.now)
    goal = clock.now - timedelta(days=150)
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "UPDATE pulls SET watermark = $1, window_from = $2, window_to = $3, due_at = $3 WHERE lane = 'backfill'",
            goal,
            clock.now - BACKFILL_STEP,
            clock.now,
        )
    await puller.pull(business, NAME)
    assert await sold(engine, business) == {f"s{number}" for number in range(8)}
    row = await stream(engine, business, lane="backfill")
    assert (row["window_from"], row["window_to"], row["due_at"]) == (goal, None, None)
    assert row["done_at"] == clock.now


@pytest.mark.parametrize("failures", range(6))
def test_pauses_grow_with_jitter_and_have_an_end(failures: int) -> None:
    pauses = {pause_after(Retryable("x", "x"), failures=failures) for _ in range(50)}
    assert len(pauses) > 10
    assert max(pauses) <= timedelta(seconds=30) * 2**failures * 1.25
    assert pause_after(Retryable("x", "x"), failures=40) <= timedelta(minutes=75)
    assert pause_after(SourceBroken("x", "x"), failures=0) >= timedelta(hours=4)
