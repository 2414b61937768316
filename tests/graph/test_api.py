"""GraphQL over HTTP: tokens, answers, errors with codes, statements counted, limits, and the schema that is committed."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from graph.app import make_app
from graph.context import Request
from graph.endpoint import GraphqlEndpoint
from graph.schema import schema
from graph.sdl import FILE, sdl
from kit.clock import Clock
from kit.database import transaction
from kit.ids import digest, uuid7
from kit.settings import Settings
from ledger.commands import AddMember, CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.domain.tokens import new_token
from tests.ledger.rows import NOW, TODAY, Rows, days_ago, rows_of

BILLS = "{ receivables(first: 50) { nodes { number outstanding { minor formatted } party { id name net { minor } } } } }"
Ask = Callable[..., Any]


@pytest.fixture
async def token(door: Door, owner: Actor) -> str:
    """A token of the owner's."""
    made = await door.execute(CreateToken(owner.member_id, "test"), owner)  # type: ignore[arg-type]
    assert isinstance(made, str)
    return made


def app_of(engine: AsyncEngine, clock: Clock, **settings: Any) -> Starlette:
    """The application on the test's database."""
    return make_app(Settings(**settings), engine=engine, clock=clock)


@asynccontextmanager
async def client_of(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:
        yield client


@pytest.fixture
async def client(engine: AsyncEngine, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application in production."""
    async with client_of(app_of(engine, clock)) as made:
        yield made


@pytest.fixture
def ask(client: httpx.AsyncClient, token: str) -> Ask:
    """Post a query and return the body."""

    async def post(query: str, *, bearer: str = token, **variables: Any) -> Any:
        response = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {bearer}"},
        )
        assert response.status_code == 200, response.text
        return response.json()

    return post


def codes(body: Any) -> list[str]:
    """The codes of a body's errors."""
    return [error["extensions"]["code"] for error in body.get("errors", [])]


async def test_receivables_with_their_customers_come_with_money_ids_and_pages(
    ask: Ask, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        for n in range(5):
            await rows.invoice(party, 3_50_00_00_000_00 + n, due_on=days_ago(10 - n), url="https://books/1")
        await rows.invoice(party, 1_00, issued_on=days_ago(3))
    query = """
      query ($after: String) { receivables(first: 4, after: $after, filter: {minOutstanding: 100}) {
        edges { cursor node { id number kind status issuedOn dueOn ageDays overdueDays partyName url
          outstanding { minor currency formatted } party { id name overdueDays } } }
        pageInfo { hasNextPage endCursor } } }
    """
    body = await ask(query)
    page = body["data"]["receivables"]
    first = page["edges"][0]["node"]
    assert base64.b64decode(first["id"]).startswith(b"Invoice:")
    assert first["outstanding"] == {
        "minor": 3_50_00_00_000_00,
        "currency": "INR",
        "formatted": "₹3,50,00,00,000",
    }
    assert (first["dueOn"], first["overdueDays"], first["ageDays"]) == (days_ago(10).isoformat(), 10, 10)
    assert base64.b64decode(first["party"]["id"]).decode() == f"Party:{party}"
    assert first["party"]["overdueDays"] == 10
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": page["edges"][-1]["cursor"]}
    rest = (await ask(query, after=page["pageInfo"]["endCursor"]))["data"]["receivables"]
    assert (len(rest["edges"]), rest["pageInfo"]["hasNextPage"]) == (2, False)
    assert not {e["node"]["id"] for e in rest["edges"]} & {e["node"]["id"] for e in page["edges"]}


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{ receivables(first: 50) { nodes { number party { id name } } } }", 2),
        (BILLS, 3),
        (
            "{ receivables(first: 50) { nodes { dues { amount { minor } } claims { source } allocations { why } } } }",
            6,
        ),
        ("{ whoOwesMe { nodes { name overdue { minor } } total { minor } } }", 2),
        ("{ me { name role } }", 0),
    ],
)
async def test_a_list_costs_the_same_few_statements_however_long_it_is(
    query: str, limit: int, door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        for n in range(40):
            await rows.invoice(await rows.party(f"Party {n}"), 100, due_on=days_ago(n))
    request = Request(door, owner)
    try:
        result = await schema.execute(query, context_value=request)
    finally:
        await request.close()
    assert not result.errors
    assert request.statements <= limit


async def test_all_questions_of_a_request_see_one_snapshot(
    door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        await rows.invoice(party, 100)
    request = Request(door, owner)
    before = await schema.execute("{ receivables { nodes { number } } }", context_value=request)
    async with rows_of(engine, business) as rows:
        await rows.invoice(party, 200, number="LATER")
    after = await schema.execute("{ receivables { nodes { number } } }", context_value=request)
    await request.close()
    assert before.data == after.data
    fresh = Request(door, owner)
    now = await schema.execute("{ receivables { nodes { number } } }", context_value=fresh)
    await fresh.close()
    assert now.data is not None
    assert len(now.data["receivables"]["nodes"]) == 2


async def _full_firm(rows: Rows) -> dict[str, UUID]:
    party = await rows.party("Gupta Steel", gstin="27AAPFU0939F1ZV", credit_limit=5_00_000_00, terms_days=30)
    bill = await rows.invoice(party, 600, due_on=days_ago(40), amount=1_000)
    await rows.put(
        "dues", invoice_id=bill, number=1, anchor=bill, due_on=days_ago(40), amount=1_000, outstanding=600
    )
    await rows.claim(uuid7(), bill, party=party, amount=1_000, currency="INR", stated_at=NOW, word="sent")
    await rows.put(
        "receipts", id=uuid7(), anchor=uuid7(), party_id=party, received_on=days_ago(3), amount=400, refunded=0,
        status="payment.received", arrived=True, allocated=400, currency="INR",
    )  # fmt: skip
    await rows.posting(party, bill, 1_000, effective_on=days_ago(60), due_on=days_ago(40))
    await rows.posting(party, bill, -400, kind="receipt", effective_on=days_ago(3))
    await rows.put(
        "party_identities", subject=party, party_id=party, anchor=party, source="books:tally", external_id="7"
    )
    await rows.event(party, "invoice.issued", {"number": "INV-1", "amount": 1_000, "currency": "INR"})
    await rows.source(
        "bank:icici",
        state={"balance": 5_00, "account": "X", "covered_until": days_ago(1), "last_delivery_at": NOW},
    )
    return {"party": party, "bill": bill, "payable": await rows.payable(party, 300, due_on=TODAY)}


async def test_a_party_opens_to_everything_that_is_known_of_it(
    ask: Ask, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        ids = await _full_firm(rows)
    found = await ask(
        """{ findParty(text: "gupta stel") { id name } parties { count total { minor } nodes { name } } }"""
    )
    party = found["data"]["findParty"][0]["id"]
    assert found["data"]["parties"] == {
        "count": 1,
        "total": {"minor": 600},
        "nodes": [{"name": "Gupta Steel"}],
    }
    body = await ask(
        """query ($id: ID!, $on: Date!) {
          party(id: $id) { name gstin termsDays creditLimit { formatted } net { minor } payable { minor }
            aging { low high amount { minor } bills } recentReceipts { amount { minor } arrived }
            identities { source externalId } sources { name state balance { minor } } conflictsOpen cheques { number }
            receivables(first: 10) { nodes { number dues { outstanding { minor } } claims { word } } }
            payables { total { minor } nodes { outstanding { minor } } }
            timeline { nodes { summary eventType } pageInfo { hasNextPage } } }
          receivables(asOf: $on) { nodes { outstanding { minor } status } }
          digest { toCollect { minor } banks { balance { formatted } } callFirst { name } }
          business { name today } me { role } sources { name } conflicts { openCount nodes { id } } }""",
        id=party,
        on=days_ago(10).isoformat(),
    )
    assert "errors" not in body
    data = body["data"]
    assert data["party"]["timeline"]["nodes"] == [
        {"summary": "Invoice INV-1 for ₹10", "eventType": "invoice.issued"}
    ]
    assert data["party"]["creditLimit"] == {"formatted": "₹5,00,000"}
    assert data["party"]["receivables"]["nodes"][0]["claims"] == [{"word": "sent"}]
    assert data["party"]["payables"]["total"] == {"minor": 300}
    assert data["receivables"]["nodes"] == [{"outstanding": {"minor": 1_000}, "status": "invoice.issued"}]
    assert data["digest"]["callFirst"] == [{"name": "Gupta Steel"}]
    assert data["business"] == {"name": "Sharma Services", "today": TODAY.isoformat()}
    for kind in ("Party", "Invoice", "Payable"):
        key = {"Party": ids["party"], "Invoice": ids["bill"], "Payable": ids["payable"]}[kind]
        gid = base64.b64encode(f"{kind}:{key}".encode()).decode()
        node = await ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=gid)
        assert node["data"]["node"] == {"__typename": kind, "id": gid}
        gone = base64.b64encode(f"{kind}:{uuid7()}".encode()).decode()
        assert (await ask("query ($id: ID!) { node(id: $id) { id } }", id=gone))["data"]["node"] is None


async def test_a_sales_reps_token_sees_what_he_may_and_is_told_what_he_may_not(
    ask: Ask, door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    member = uuid7()
    async with rows_of(engine, business) as rows:
        await rows.put("members", id=member, name="Ravi", role="sales", crm_owner="ravi")
        mine, other = await rows.party("Mine", owner="ravi"), await rows.party("Other")
        await rows.invoice(mine, 100)
        await rows.invoice(other, 900)
    rep = await door.execute(CreateToken(member, "rep"), owner)
    body = await ask(
        "{ me { role } receivables { nodes { partyName } } whoOwesMe { total { minor } count } }", bearer=rep
    )
    assert body["data"]["receivables"]["nodes"] == [{"partyName": "Mine"}]
    assert body["data"]["whoOwesMe"] == {"total": {"minor": 100}, "count": 1}
    foreign = base64.b64encode(f"Party:{other}".encode()).decode()
    assert (await ask("query ($id: ID!) { party(id: $id) { name } }", bearer=rep, id=foreign))["data"][
        "party"
    ] is None
    refused = await ask("{ payables { nodes { number } } }", bearer=rep)
    assert codes(refused) == ["permission.denied"]
    assert refused["errors"][0]["extensions"] == {
        "code": "permission.denied", "kind": "denied", "remedy": "Ask the owner.",
    }  # fmt: skip
    question = base64.b64encode(f"Conflict:{uuid7()}".encode()).decode()
    told = await ask(
        'mutation ($id: ID!) { resolveConflict(input: {conflictId: $id, answer: "yes"}) { ... on ConflictPayload { conflict { id } } } }',
        bearer=rep,
        id=question,
    )
    assert codes(told) == ["permission.denied"]
    async with transaction(engine, [business]) as tx:
        denied = await tx.fetch(
            "SELECT subject FROM audit WHERE business_id = $1 AND action = 'denied'", business
        )
    assert [row["subject"] for row in denied] == ["Payables", "ResolveConflict"]


@pytest.mark.parametrize("role", ["owner", "finance", "sales", "view"])
async def test_everybody_may_remember_where_the_trail_stands(
    ask: Ask, door: Door, owner: Actor, engine: AsyncEngine, business: UUID, role: str
) -> None:
    member = uuid7()
    async with rows_of(engine, business) as rows:
        await rows.put("members", id=member, name="Ravi", role=role, crm_owner="ravi")
    bearer = await door.execute(CreateToken(member, "copy"), owner)
    for _ in range(2):
        async with transaction(engine, [business]) as tx:
            last = await tx.value("SELECT max(sequence) FROM audit WHERE business_id = $1", business)
        body = await ask("{ business { sequence } }", bearer=bearer)
        assert body == {"data": {"business": {"sequence": last}}}
        await door.execute(AddMember("Meena", "finance"), owner)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic x",
        "Bearer munt_zz_x",
        "Bearer munt_" + "0" * 32 + "_" + "a" * 32,
        "Bearer mun_\x7f",
    ],
)
async def test_without_a_right_token_nothing_is_answered(
    header: str | None, client: httpx.AsyncClient
) -> None:
    headers = {} if header is None else {"authorization": header}
    response = await client.post("/graphql", json={"query": "{ me { name } }"}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert codes(response.json())[0].startswith("token.")


async def test_a_token_is_refused_once_revoked_expired_or_its_member_gone(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, clock: Any, client: httpx.AsyncClient
) -> None:
    async def status(bearer: str) -> int:
        app = app_of(engine, clock)  # a fresh process: nothing is remembered
        async with client_of(app) as fresh:
            answer = await fresh.post(
                "/graphql", json={"query": "{ me { name } }"}, headers={"authorization": f"Bearer {bearer}"}
            )
            return answer.status_code

    assert owner.member_id is not None
    lasting = await door.execute(CreateToken(owner.member_id, "a"), owner)
    brief = await door.execute(CreateToken(owner.member_id, "b", valid_days=1), owner)
    forged = lasting[:-1] + ("A" if lasting[-1] != "A" else "B")
    munt = new_token(business)
    async with rows_of(engine, business) as rows:
        await rows.put(
            "tokens", token_hash=digest(munt.encode()), id=uuid7(), member_id=owner.member_id, label="c"
        )
    assert [await status(t) for t in (lasting, brief, forged, munt)] == [200, 200, 401, 200]
    clock.advance(days=2)
    assert [await status(t) for t in (lasting, brief)] == [200, 401]
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "UPDATE tokens SET revoked_at = $2 WHERE business_id = $1 AND token_hash = $3",
            business,
            NOW,
            digest(lasting.encode()),
        )
        await tx.run("UPDATE members SET active = false WHERE business_id = $1", business)
    assert [await status(t) for t in (lasting, munt)] == [401, 401]


async def test_the_use_of_a_token_is_noted_at_most_once_a_minute(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, clock: Any
) -> None:
    assert owner.member_id is not None
    bearer = await door.execute(CreateToken(owner.member_id, "a"), owner)
    seen = []
    for seconds in (0, 30, 31):
        clock.advance(seconds=seconds)
        async with client_of(app_of(engine, clock)) as fresh:
            await fresh.post(
                "/graphql", json={"query": "{ me { name } }"}, headers={"authorization": f"Bearer {bearer}"}
            )
        async with transaction(engine, [business]) as tx:
            seen.append(await tx.value("SELECT last_used_at FROM tokens WHERE business_id = $1", business))
    assert seen[0] == seen[1] == NOW
    assert seen[2] == clock.now


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "graphql.invalid"),
        ("{ receivables(first: \"x\") { nodes { id } } }", "graphql.invalid"),
        ("{ receivables(asOf: \"2026-02-30\") { nodes { id } } }", "graphql.invalid"),
        ("{ receivables(filter: {minOutstanding: 99999999999999999999}) { nodes { id } } }", "graphql.invalid"),
        ("{ receivables(first: 201) { nodes { id } } }", "page.size"),
        ("{ receivables(first: 0) { nodes { id } } }", "page.size"),
        ("{ receivables(after: \"nonsense\") { nodes { id } } }", "cursor.invalid"),
        ("{ receivables(after: \"\\u0000\") { nodes { id } } }", "text.characters"),
        ("{ receivables(knownAt: \"2026-01-01T00:00:00\") { nodes { id } } }", "time.naive"),
        ("{ party(id: \"nonsense\") { name } }", "id.invalid"),
        ("{ party(id: \"Q29uZmxpY3Q6MDE5M2U1YjAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw\") { name } }", "id.wrong_type"),
        ("{ me { name ", "graphql.syntax"),
        ("subscription { x }", "graphql.invalid"),
        ("{ me { ...F } } fragment F on Me { name ...F }", "graphql.invalid"),
        ("{ " + "me { name } " * 1_100 + "}", "graphql.syntax"),
        ("{ " + " ".join(f"a{n}: me {{ name }}" for n in range(31)) + " }", "limit.aliases"),
        ("{ parties { nodes { " + "receivables { nodes { party { " * 5 + "name" + " } } }" * 5 + " } } }", "limit.depth"),
        ("{ parties(first: 200) { nodes { receivables(first: 200) { nodes { id } } } } }", "limit.cost"),
        ("query ($n: Int!) { parties(first: $n) { nodes { timeline(first: $n) { nodes { summary } } } } }", "limit.cost"),
        ("{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...C ...C } " + "".join(
            f"fragment {chr(67 + n)} on Query {{ ...{chr(68 + n)} ...{chr(68 + n)} }} " for n in range(12)
        ) + "fragment O on Query { me { name } }", "limit.fields"),
    ],
)  # fmt: skip
async def test_a_wrong_or_greedy_query_is_refused_by_code(query: str, code: str, ask: Ask) -> None:
    body = await ask(query, n=200)
    assert codes(body) == [code] or set(codes(body)) == {code}, body
    assert all("Traceback" not in error["message"] for error in body["errors"])


async def test_the_introspection_that_tools_send_is_answered(ask: Ask) -> None:
    from graphql import get_introspection_query

    body = await ask(get_introspection_query())
    assert "errors" not in body
    described = [t for t in body["data"]["__schema"]["types"] if not t["name"].startswith("__")]
    assert [t["name"] for t in described if not t["description"]] == []
    fields = [(t["name"], f["name"]) for t in described for f in (t["fields"] or []) if not f["description"]]
    assert fields == []


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b"{", "application/json", 400, "request.json"),
        (b"[]", "application/json", 400, "request.shape"),
        (b"{}", "application/json", 400, "request.query"),
        (b'{"query": 5}', "application/json", 400, "request.query"),
        (b'{"query": "{ me { name } }", "variables": []}', "application/json", 400, "request.variables"),
        (b'{"query": "{ me { name } }", "operationName": 1}', "application/json", 400, "request.operation"),
        (b'{"query": "\\ud800"}', "application/json", 400, "request.json"),
        (
            b'{"query": "{ me { name } }", "variables": {"x": 1e400000}}',
            "application/json",
            400,
            "request.json",
        ),
        (b"\xff\xfe", "application/json", 400, "request.json"),
        (b"query={ me }", "application/x-www-form-urlencoded", 415, "request.content_type"),
        (b'{"query": "' + b"a" * 30_000 + b'"}', "application/json", 413, "limit.query"),
        (b'{"query": "' + b"a" * 200_000 + b'"}', "application/json", 413, "request.too_large"),
    ],
)
async def test_a_malformed_request_has_its_own_answer(
    content: bytes, media: str, status: int, code: str, client: httpx.AsyncClient, token: str
) -> None:
    headers = {"authorization": f"Bearer {token}", "content-type": media}
    response = await client.post("/graphql", content=content, headers=headers)
    assert (response.status_code, codes(response.json())) == (status, [code])


async def test_an_operation_that_is_not_there_is_refused(client: httpx.AsyncClient, token: str) -> None:
    response = await client.post(
        "/graphql",
        json={"query": "query A { me { name } }", "operationName": "B"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert response.status_code == 200
    assert codes(response.json()) == ["graphql.invalid"]


async def test_what_is_unexpected_is_masked_under_a_reference(
    ask: Ask, engine: AsyncEngine, business: UUID, database: Any
) -> None:
    import asyncpg

    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("ALTER TABLE invoices RENAME COLUMN description TO hidden_secret")
    await admin.close()
    body = await ask("{ receivables { nodes { number } } me { name } }")
    assert codes(body) == ["internal"]
    error = body["errors"][0]
    assert error["extensions"]["reference"] in error["message"]
    assert "description" not in orjson.dumps(body).decode()
    body = await ask("{ broken: receivables { nodes { number } } parties { count } }")
    assert codes(body) == ["internal"]


async def test_an_answer_that_takes_too_long_is_cut_and_frees_its_connection(
    door: Door, engine: AsyncEngine, token: str, monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient
) -> None:
    from starlette.routing import Route

    from ledger.handlers.registry import _HANDLERS, Handler
    from ledger.queries import Sources

    async def slow(_: Any, ctx: Any) -> Any:
        await ctx.tx.value("SELECT pg_sleep(30)")

    handler = _HANDLERS[Sources]
    monkeypatch.setitem(_HANDLERS, Sources, Handler(Sources, handler.permission, slow))
    endpoint = GraphqlEndpoint(door, time_limit=0.5)
    async with client_of(Starlette(routes=[Route("/graphql", endpoint.serve, methods=["POST"])])) as quick:
        for _ in range(10):
            response = await asyncio.wait_for(
                quick.post(
                    "/graphql",
                    json={"query": "{ sources { name } business { name } }"},
                    headers={"authorization": f"Bearer {token}"},
                ),
                5,
            )
            assert codes(response.json()) == ["query.timeout"]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_many_requests_at_once_share_the_pool_and_finish(
    ask: Ask, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        for n in range(20):
            await rows.invoice(await rows.party(f"P{n}"), 100, due_on=days_ago(n))
    bodies = await asyncio.gather(*(ask(BILLS) for _ in range(40)))
    assert all(len(body["data"]["receivables"]["nodes"]) == 20 for body in bodies)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_graphiql_is_there_in_development_only(engine: AsyncEngine, clock: Clock) -> None:
    for environment, status in (("development", 200), ("production", 405)):
        async with client_of(app_of(engine, clock, munshi_env=environment)) as client:
            response = await client.get("/graphql", headers={"accept": "text/html"})
            assert response.status_code == status
            assert (await client.get("/graphql")).status_code == 405


async def test_health_metrics_and_the_published_schema_are_served(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    assert (await client.get("/healthz")).json() == {"ok": True, "database": "answers"}
    assert "munshi_graphql_requests_total" in (await client.get("/metrics")).text
    assert (await client.get("/schema/standard.json")).json()["$id"] == "urn:munshi:standard:1"
    assert (await client.post("/ingest/mun_nobody", content=b"{}")).status_code == 401
    down = make_app(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"), clock=clock)
    async with client_of(down) as away:
        response = await away.get("/healthz")
        assert (response.status_code, response.json()["ok"]) == (503, False)


def test_the_committed_schema_is_current() -> None:
    assert FILE.read_text("utf-8") == sdl()
