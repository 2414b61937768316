"""Sources over GraphQL: how they are read and written back, connecting them, and secrets that nothing repeats."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.context import Request
from graph.schema import schema
from graph.types.connecting import HUSHED
from ingest.sources import Sources
from kit.database import transaction
from kit.ids import uuid7
from kit.sealing import new_seal_key, process_seal
from kit.settings import Settings, settings
from ledger.commands import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role

MARKER, BARE = "marker-4b1d", "marker_4b1d"
HUBSPOT = "crm:hubspot"
ALL = """{ sources { name state problem pulled readUntil failingStreams silentSince writeBack
  streams { name lane readUntil goal windowTo dueAt doneAt reading pages items failures problemCode problem }
  writeBackStanding { sent waiting stopped refused problem lastSentAt } } }"""
ADD = "mutation ($input: AddSourceInput!) { addSource(input: $input) { address secret source { name connector label state } } }"
KEYS = "mutation ($input: SetCredentialsInput!) { setCredentials(input: $input) { credentials source { name } } }"
CHANGE = "mutation ($input: ChangeSourceInput!) { changeSource(input: $input) { source { state label writeBack } } }"
PULL = "mutation ($input: PullSourceInput!) { pullSource(input: $input) { streams source { name } } }"
BACK = """mutation ($input: StartBackfillInput!) { startBackfill(input: $input) {
  streams source { streams { name lane goal windowTo } } } }"""
ROTATE = "mutation ($input: RotateSourceSecretInput!) { rotateSourceSecret(input: $input) { secret source { name } } }"
Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seal with a key of this test."""
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
async def ask(engine: AsyncEngine, door: Door, owner: Actor, clock: Any) -> AsyncIterator[Ask]:
    """Post a query as the owner, or as a member of another role."""
    app = make_app(Settings(public_url="https://munshi.example/"), engine=engine, clock=clock)
    tokens: dict[Role, Any] = {}

    async def token(role: Role) -> Any:
        member = owner.member_id
        if role is not Role.OWNER:
            member = uuid7()
            async with transaction(engine, [owner.business_id]) as tx:
                await tx.run(
                    "INSERT INTO members (business_id, id, name, role) VALUES ($1, $2, 'Other', $3)",
                    owner.business_id, member, role.value,
                )  # fmt: skip
        assert member is not None
        return await door.execute(CreateToken(member, "test"), owner)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:

        async def post(query: str, *, role: Role = Role.OWNER, **variables: Any) -> Any:
            if role not in tokens:
                tokens[role] = await token(role)
            response = await client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {tokens[role]}"},
            )
            return response.json()

        yield post


def codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", [])]


async def added(ask: Ask, name: str = HUBSPOT, **more: Any) -> Any:
    body = await ask(ADD, input={"name": name, **more})
    assert "errors" not in body, body
    return body["data"]["addSource"]


async def stored(engine: AsyncEngine, business: Any, statement: str, *arguments: Any) -> Any:
    async with transaction(engine, [business]) as tx:
        return await tx.fetch(statement, *arguments)


# ---- how they stand --------------------------------------------------------------------------------
async def test_a_source_says_how_it_is_read_and_what_was_written_back(
    ask: Ask, engine: AsyncEngine, owner: Actor, clock: Any
) -> None:
    await added(ask)
    business = owner.business_id
    async with transaction(engine, [business]) as tx:
        for stream, lane, failures in (
            ("deals", "live", 2),
            ("contacts", "live", 0),
            ("deals", "backfill", 0),
        ):
            await tx.run(
                "INSERT INTO pulls (business_id, source, stream, lane, watermark, window_to, due_at, failures, error,"
                " error_code, pages, items) VALUES ($1, $2, $3, $4, $5, $6, $5, $7, $8, $9, 3, 250)",
                business, HUBSPOT, stream, lane, clock.now - timedelta(hours=1),
                clock.now if lane == "backfill" else None, failures,
                "HubSpot shows no deals. Tick the scope." if failures else None,
                "vendor.forbidden" if failures else None,
            )  # fmt: skip
        await tx.run(
            "INSERT INTO write_backs (business_id, source, kind, external_id, subject, desired, digest, status, error,"
            " changed_at, due_at, sent_at) VALUES ($1, $2, 'party', '1', $3, '{}', '', 'refused', 'It is gone.', $4, $4, $4)",
            business, HUBSPOT, uuid7(), clock.now,
        )  # fmt: skip
        await tx.run(
            "INSERT INTO source_state (business_id, source, silent_since, last_delivery_at) VALUES ($1, $2, $3, $3)",
            business, HUBSPOT, clock.now,
        )  # fmt: skip
    (source,) = (await ask(ALL))["data"]["sources"]
    assert (source["state"], source["pulled"], source["writeBack"]) == ("fresh", True, False)
    assert (source["failingStreams"], source["problem"]) == (
        ["deals"],
        "HubSpot shows no deals. Tick the scope.",
    )
    assert source["silentSince"].startswith("2026-11-20T03:30")
    assert [(s["name"], s["lane"], s["failures"], s["problemCode"]) for s in source["streams"]] == [
        ("contacts", "LIVE", 0, None),
        ("deals", "LIVE", 2, "vendor.forbidden"),
        ("deals", "BACKFILL", 0, None),
    ]
    live, back = source["streams"][0], source["streams"][2]
    assert (live["readUntil"], live["goal"], live["items"]) == ("2026-11-20T02:30:00+00:00", None, 250)
    assert (back["readUntil"], back["goal"]) == (None, "2026-11-20T02:30:00+00:00")
    assert source["writeBackStanding"] == {
        "sent": 0, "waiting": 0, "stopped": 0, "refused": 1, "problem": "It is gone.",
        "lastSentAt": "2026-11-20T03:30:00+00:00",
    }  # fmt: skip


async def test_ten_sources_cost_as_many_statements_as_one(door: Door, owner: Actor, ask: Ask) -> None:
    counted = []
    for number in range(10):
        await added(ask, f"{HUBSPOT}_{number}", connector="hubspot")
        if number in (0, 9):
            request = Request(door, owner)
            result = await schema.execute(ALL, context_value=request)
            await request.close()
            assert not result.errors
            counted.append(request.statements)
    assert counted[0] == counted[1] <= 6


async def test_how_sources_are_read_is_not_for_sales(ask: Ask) -> None:
    assert codes(await ask(ALL, role=Role.SALES)) == ["permission.denied"]
    assert "errors" not in await ask(ALL, role=Role.VIEW)


# ---- connecting ------------------------------------------------------------------------------------
async def test_a_source_is_connected_and_its_address_takes_webhooks(
    ask: Ask, engine: AsyncEngine, owner: Actor
) -> None:
    made = await added(ask, "standard:crm", label="Our CRM")
    assert made["source"] == {
        "name": "standard:crm",
        "connector": "standard",
        "label": "Our CRM",
        "state": "never",
    }
    assert made["secret"].startswith("whsec_")
    address, _, key = made["address"].rpartition("/")
    assert address == "https://munshi.example/ingest"
    found = await Sources(engine, seal=process_seal).by_key(key)
    assert (found.name, found.secrets) == ("standard:crm", (made["secret"],))
    bank = await added(ask, "bank:icici", connector="bank", settings={"account": "000000004421"})
    assert (bank["address"], bank["secret"]) == (None, None)
    (row,) = await stored(engine, owner.business_id, "SELECT settings FROM sources WHERE name = 'bank:icici'")
    assert row["settings"] == {"account": "000000004421"}


async def test_credentials_are_sealed_and_the_source_is_due(
    ask: Ask, engine: AsyncEngine, owner: Actor, clock: Any
) -> None:
    await added(ask)
    await stored(
        engine, owner.business_id,
        "INSERT INTO pulls (business_id, source, stream, lane, due_at) VALUES ($1, $2, 'deals', 'live', $3) RETURNING 1",
        owner.business_id, HUBSPOT, clock.now + timedelta(hours=6),
    )  # fmt: skip
    body = await ask(KEYS, input={"name": HUBSPOT, "credentials": [{"name": "token", "value": MARKER}]})
    assert body == {"data": {"setCredentials": {"credentials": ["token"], "source": {"name": HUBSPOT}}}}
    (row,) = await stored(engine, owner.business_id, "SELECT credentials FROM sources")
    assert process_seal().open_fields(bytes(row["credentials"])) == {"token": MARKER}
    (row,) = await stored(engine, owner.business_id, "SELECT due_at FROM pulls")
    assert row["due_at"] == clock.now


async def test_a_source_is_changed_read_now_and_read_further_back(
    ask: Ask, engine: AsyncEngine, owner: Actor
) -> None:
    await added(ask, settings={"a": 1, "b": 2})
    body = await ask(
        CHANGE, input={"name": HUBSPOT, "label": "Sales", "writeBack": True, "settings": {"a": None}}
    )
    assert body["data"]["changeSource"]["source"] == {"state": "never", "label": "Sales", "writeBack": True}
    (row,) = await stored(engine, owner.business_id, "SELECT settings FROM sources")
    assert row["settings"] == {"b": 2}
    body = await ask(CHANGE, input={"name": HUBSPOT, "enabled": False})
    assert body["data"]["changeSource"]["source"] == {
        "state": "disabled",
        "label": "Sales",
        "writeBack": True,
    }
    since = {"name": HUBSPOT, "since": "2026-04-01", "streams": ["deals"]}
    refused = await ask(BACK, role=Role.FINANCE, input=since)
    assert refused["errors"][0]["extensions"]["code"] == "source.off"
    await ask(CHANGE, input={"name": HUBSPOT, "enabled": True})
    body = (await ask(BACK, role=Role.FINANCE, input=since))["data"]["startBackfill"]
    assert body["streams"] == ["deals"]
    assert body["source"]["streams"] == [
        {"name": "deals", "lane": "BACKFILL", "goal": "2026-03-31T18:30:00+00:00", "windowTo": "2026-11-20T03:30:00+00:00"}
    ]  # fmt: skip
    assert (await ask(PULL, role=Role.FINANCE, input={"name": HUBSPOT}))["data"]["pullSource"]["streams"] == 1
    body = await ask(PULL, input={"name": HUBSPOT, "streams": ["contacts"]})
    assert body["data"]["pullSource"]["streams"] == 0


async def test_a_signing_secret_is_made_and_told_or_given_and_not_told(
    ask: Ask, engine: AsyncEngine, owner: Actor
) -> None:
    first = (await added(ask, "standard:crm"))["secret"]
    made = (await ask(ROTATE, input={"name": "standard:crm"}))["data"]["rotateSourceSecret"]["secret"]
    assert made not in (None, first)
    body = await ask(ROTATE, input={"name": "standard:crm", "secret": MARKER})
    assert body["data"]["rotateSourceSecret"]["secret"] is None
    (row,) = await stored(engine, owner.business_id, "SELECT secrets FROM sources")
    assert process_seal().open(bytes(row["secrets"])) == (MARKER, made)


@pytest.mark.parametrize(
    ("query", "given", "code"),
    [
        (ADD, {"name": "payment:nobody"}, "connector.unknown"),
        (ADD, {"name": "payment:razorpay", "settings": {"streams": ["x"]}}, "stream.unknown"),
        (ADD, {"name": "payment:razorpay", "settings": ["x"]}, "source.setting"),
        (ADD, {"name": "payment:razorpay", "settings": {"x": "a\x00b"}}, "source.setting"),
        (ADD, {"name": "payment:razorpay", "settings": {"x": "a" * 30_000}}, "source.setting"),
        (ADD, {"name": "payment:razorpay", "settings": {"base_url": "http://10.0.0.7"}}, "source.address"),
        (ADD, {"name": "payment:razorpay", "settings": {"silence_hours": -1}}, "source.silence_hours"),
        (ADD, {"name": HUBSPOT}, "source.exists"),
        (ADD, {"name": "no name", "connector": "hubspot"}, "source.name"),
        (ADD, {"name": "crm:x", "connector": "os"}, "connector.unknown"),
        (ADD, {"name": "crm:x", "connector": "hubspot", "label": "\x00"}, "text.characters"),
        (CHANGE, {"name": HUBSPOT, "settings": {"base_url": "http://169.254.169.254/"}}, "source.address"),
        (CHANGE, {"name": "standard:crm", "writeBack": True}, "source.no_write_back"),
        (CHANGE, {"name": "crm:none"}, "source.unknown"),
        (PULL, {"name": HUBSPOT, "streams": ["x"]}, "stream.unknown"),
        (PULL, {"name": "a\x00"}, "source.unknown"),
        (BACK, {"name": HUBSPOT, "since": "2026-04-01", "streams": ["pipelines"]}, "backfill.streams"),
        (BACK, {"name": HUBSPOT, "since": "2026-12-01"}, "backfill.period"),
        (BACK, {"name": "standard:crm", "since": "2026-04-01"}, "backfill.streams"),
        (KEYS, {"name": "standard:crm", "credentials": [{"name": "a", "value": "b"}]}, "source.no_api"),
        (KEYS, {"name": HUBSPOT, "credentials": []}, "source.credentials"),
        (ROTATE, {"name": "crm:none"}, "source.unknown"),
    ],
)
async def test_what_a_source_can_not_be_told_is_refused_with_a_code(
    query: str, given: Any, code: str, ask: Ask
) -> None:
    await added(ask)
    await added(ask, "standard:crm")
    assert codes(await ask(query, input=given)) == [code]


@pytest.mark.parametrize(
    ("query", "given", "allowed"),
    [
        (ADD, {"name": "payment:razorpay"}, ()),
        (KEYS, {"name": HUBSPOT, "credentials": [{"name": "token", "value": "x"}]}, ()),
        (CHANGE, {"name": HUBSPOT, "enabled": False}, ()),
        (ROTATE, {"name": HUBSPOT}, ()),
        (PULL, {"name": HUBSPOT}, (Role.FINANCE,)),
        (BACK, {"name": HUBSPOT, "since": "2026-04-01"}, (Role.FINANCE,)),
    ],
)
async def test_only_those_may_who_may_at_the_door(query: str, given: Any, allowed: Any, ask: Ask) -> None:
    await added(ask)
    for role in (Role.FINANCE, Role.SALES, Role.VIEW):
        expected = [] if role in allowed else ["permission.denied"]
        assert codes(await ask(query, role=role, input=given)) == expected, role


# ---- secrets ---------------------------------------------------------------------------------------
def _keys(credentials: Any, name: Any = HUBSPOT) -> tuple[str, dict[str, Any]]:
    return KEYS, {"input": {"name": name, "credentials": credentials}}


_INLINE = 'mutation { setCredentials(input: {name: "crm:hubspot", credentials: {}}) { credentials } }'
SLIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "a name of none": _keys([{"name": "tokn", "value": MARKER}]),
    "name and value swapped": _keys([{"name": MARKER, "value": "token"}]),
    "an object": _keys({"token": MARKER}),
    "a text": _keys(MARKER),
    "a list of texts": _keys([MARKER]),
    "a misspelt member": _keys([{"name": "token", "valu": MARKER}]),
    "a member too many": _keys([{"name": "token", "value": MARKER, "note": MARKER}]),
    "no text": _keys([{"name": "token", "value": {"x": MARKER}}]),
    "the name wrong": _keys([{"name": "token", "value": MARKER}], {"x": MARKER}),
    "no such source": _keys([{"name": "token", "value": MARKER}], "crm:none"),
    "unprintable": _keys([{"name": "token", "value": f"{MARKER}\x07"}]),
    "too long": _keys([{"name": "token", "value": MARKER * 1_000}]),
    "all of it": (KEYS, {"input": MARKER}),
    "inline": (_INLINE.replace("{}", f'[{{name: "token", value: "{MARKER}"}}]'), {}),
    "inline and bare": (_INLINE.replace("{}", f"[{{name: token, value: {BARE}}}]"), {}),
    "inline and a text": (_INLINE.replace("{}", f'"{MARKER}"'), {}),
    "another type": (
        'mutation ($c: [CredentialInput!]!) { setCredentials(input: {name: "x", credentials: $c}) { credentials } }',
        {"c": MARKER},
    ),
    "a secret that is no text": (ADD, {"input": {"name": "standard:crm", "secret": [MARKER]}}),
    "a secret too long": (ADD, {"input": {"name": "standard:crm", "secret": MARKER * 50}}),
    "a secret beside a wrong member": (ADD, {"input": {"nam": "standard:crm", "secret": MARKER}}),
    "a secret beside wrong settings": (
        ADD,
        {"input": {"name": "crm:hubspot_b", "secret": MARKER, "settings": 7}},
    ),
    "a new secret with control characters": (ROTATE, {"input": {"name": HUBSPOT, "secret": f"{MARKER}\x00"}}),
}


@pytest.mark.parametrize("slip", SLIPS)
async def test_no_error_and_no_log_repeats_what_was_to_be_sealed(
    slip: str, ask: Ask, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    await added(ask)
    caplog.set_level(logging.DEBUG)
    query, variables = SLIPS[slip]
    body = await ask(query, **variables)
    assert codes(body), "it is refused"
    assert "internal" not in codes(body)
    told = repr(body) + caplog.text + "".join(capfd.readouterr())
    assert MARKER not in told
    assert BARE not in told


async def test_the_trail_and_the_log_say_nothing_of_what_was_sealed(
    ask: Ask,
    engine: AsyncEngine,
    owner: Actor,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    await added(ask, secret=MARKER)
    await ask(KEYS, input={"name": HUBSPOT, "credentials": [{"name": "token", "value": MARKER}]})
    await ask(ROTATE, input={"name": HUBSPOT, "secret": f"{MARKER}-2"})
    trail = await stored(engine, owner.business_id, "SELECT entry::text AS entry FROM audit")
    rows = await stored(engine, owner.business_id, "SELECT s::text AS row FROM sources s")
    assert len(trail) >= 3
    told = repr([*trail, *rows]) + caplog.text + "".join(capfd.readouterr()) + repr(await ask(ALL))
    assert MARKER not in told


def test_every_input_that_holds_a_secret_is_hushed() -> None:
    kinds = schema._schema.type_map
    holding = {"Secret"}
    for _ in range(5):
        holding |= {
            name
            for name, kind in kinds.items()
            if isinstance(kind, GraphQLInputObjectType)
            and any(get_named_type(field.type).name in holding for field in kind.fields.values())
        }
    assert holding == HUSHED
