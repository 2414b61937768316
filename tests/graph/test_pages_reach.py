"""Pages behind links: whose eyes they have, when they end, and how they are made and taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.ids import global_id
from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from kit.ids import digest, uuid7
from kit.settings import Settings
from ledger.commands.pages import MakePageLink, RevokePageLinks
from ledger.commands.people import ChangeMember, RemoveMember
from ledger.commands.tokens import CreateToken, RecogniseToken, RevokeToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.domain.tokens import token_id
from ledger.queries.pages import MyPageLinks
from tests.graph.pages_desk import CHAT, PHONE, browser, found, join, link, links, plain
from tests.graph.pages_firm import Sample
from tests.ledger.rows import days_ago, rows_of


@pytest.fixture
async def web(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(door) as client:
        yield client


@pytest.fixture
async def sample(door: Door, owner: Actor) -> Sample:
    made = Sample(door, owner)
    await made.live()
    return made


# ---- whose eyes ----------------------------------------------------------------------------------------
async def test_a_customers_link_shows_nobody_else(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample, business: UUID
) -> None:
    sharma, shree = await sample.party("Sharma"), await sample.party("Shree")
    path = await link(door, owner, "customer", sharma)
    assert (await web.get(f"{path}/ledger")).status_code == 200
    for other in (
        f"{path}/customer/{shree.hex}", f"{path}/ledger/{shree.hex}", f"{path}/tie-out", f"{path}/questions", f"{path}/front",
        f"{path}/f/{business.hex}/tie-out", f"{path}/f/{business.hex}/customer/{shree.hex}", f"{path}/nothing",
        f"{path}/ledger/not-an-id",
    ):  # fmt: skip
        assert (await web.get(other)).status_code == 404, other
    assert not [one for one in links(await web.get(path)) if "tie-out" in one or "questions" in one]


async def test_a_rep_makes_pages_of_his_own_customers_only(
    web: httpx.AsyncClient, door: Door, engine: AsyncEngine, business: UUID
) -> None:
    ravi = await join(engine, business, "sales", crm_owner="ravi")
    async with rows_of(engine, business) as rows:
        his = await rows.party("Gupta Steel", owner="ravi")
        other = await rows.party("Sharma Traders", owner="sita")
    path = await link(door, ravi, "customer", his)
    assert "Gupta Steel" in plain(await web.get(path))
    with pytest.raises(NotFound):
        await link(door, ravi, "customer", other)
    with pytest.raises(Denied):
        await link(door, ravi, "tie_out")
    front = await link(door, ravi, "front")
    page = await web.get(front)
    assert page.status_code == 200
    assert "Tie-out" not in plain(page)
    assert (await web.get(f"{front}/f/{business.hex}/customer/{other.hex}")).status_code == 404
    assert (await web.get(f"{front}/f/{business.hex}/tie-out")).status_code == 403
    async with transaction(engine, [business]) as tx:  # the customer is given to somebody else
        await tx.run("UPDATE parties SET owner = 'sita' WHERE id = $1", his)
    assert (await web.get(path)).status_code == 404


@pytest.mark.parametrize("change", ["removed", "ended", "role", "revoked", "run out"])
async def test_a_link_ends_with_what_it_stands_on(
    web: httpx.AsyncClient,
    door: Door,
    owner: Actor,
    engine: AsyncEngine,
    business: UUID,
    clock: Any,
    change: str,
) -> None:
    member = await join(engine, business, "view")
    assert member.member_id is not None
    path = await link(door, member, "tie_out", hours=24)
    assert (await web.get(path)).status_code == 200
    gone = 404
    match change:
        case "removed":
            await door.execute(RemoveMember(member.member_id), owner)
        case "ended":
            async with transaction(engine, [business]) as tx:
                await tx.run("UPDATE members SET ends_at = $1 WHERE id = $2", clock.now, member.member_id)
        case "role":
            await door.execute(ChangeMember(member.member_id, role="sales"), owner)
            gone = 403
        case "revoked":
            assert await door.execute(RevokePageLinks(), member) == 1
        case _:
            clock.advance(hours=24)
    page = await web.get(path)
    assert page.status_code == gone
    assert "Sharma Services" not in page.text
    if gone == 404:
        assert "Please ask for a new one in the chat." in plain(page)


async def test_a_link_made_with_a_token_is_as_narrow_as_it_and_goes_with_it(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample, business: UUID
) -> None:
    assert owner.member_id is not None
    token = await door.execute(CreateToken(owner.member_id, "till", permissions=("see_receivables",)), owner)
    actor: Actor = await door.execute(RecogniseToken(digest(token.encode())), system(business, "graphql"))
    with pytest.raises(Denied):
        await link(door, actor, "tie_out")
    with pytest.raises(Denied, match="somebody else"):
        await link(door, actor, "front", chat_id=CHAT)
    path = await link(door, actor, "front")
    text = plain(await web.get(path))
    assert "To collect" in text
    assert "ICICI" not in text, "sources are not among what the token may see"
    assert (await web.get(f"{path}/f/{business.hex}/tie-out")).status_code == 403
    assert len(await door.query(MyPageLinks(), actor)) == 1
    await door.execute(RevokeToken(token_id(token)), owner)
    assert (await web.get(path)).status_code == 404


# ---- the front page -----------------------------------------------------------------------------------
async def test_the_front_page_shows_each_firm_of_the_chat_by_his_part_in_it_and_no_other(
    web: httpx.AsyncClient, door: Door, engine: AsyncEngine, business: UUID, sample: Sample
) -> None:
    ca = await join(engine, business, "view", chat=CHAT)
    second, foreign = await found(engine, "Kaveri Steel"), await found(engine, "Nobody's Firm")
    rep = await join(engine, second, "sales", chat=CHAT, crm_owner="ca")
    await join(engine, foreign, "owner", chat=99)
    async with rows_of(engine, second) as rows:
        party = await rows.party("Kaveri's customer", owner="ca")
        await rows.invoice(party, 5_000_00, due_on=days_ago(3))
        hidden = await rows.party("Somebody's customer", owner="x")
        await rows.invoice(hidden, 7_777_00, due_on=days_ago(3))
    path = await link(door, ca, "front", chat_id=CHAT)
    page = await web.get(path)
    text = plain(page)
    for told in (
        "2 firms",
        "Sharma Services",
        "Kaveri Steel",
        "₹5,000",
        "doesn't tie out",
        "1 answer waits",
        "+₹33,680",
    ):
        assert told in text, told
    assert "Nobody" not in text
    assert "7,777" not in text
    assert (await web.get(f"{path}/f/{business.hex}/tie-out")).status_code == 200
    assert (await web.get(f"{path}/f/{second.hex}/questions")).status_code == 200
    assert (await web.get(f"{path}/f/{second.hex}/customer/{party.hex}")).status_code == 200
    assert (await web.get(f"{path}/f/{second.hex}/tie-out")).status_code == 403
    for no in (
        f"/f/{foreign.hex}/questions", f"/f/{second.hex}/customer/{hidden.hex}", f"/f/{second.hex}/front",
        f"/f/{business.hex}/customer/{party.hex}",
    ):  # fmt: skip
        assert (await web.get(path + no)).status_code == 404, no
    assert rep.member_id is not None
    async with transaction(engine, [second]) as tx:
        await tx.run("UPDATE members SET active = false WHERE id = $1", rep.member_id)
    assert "Kaveri Steel" not in plain(await web.get(path))
    async with transaction(engine, [business]) as tx:  # the chat is unlinked where the link was made
        await tx.run("UPDATE members SET chat_id = NULL WHERE id = $1", ca.member_id)
    assert "1 firm " in plain(await web.get(path))


async def test_nobody_reaches_the_firms_of_a_chat_that_is_not_his(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    await join(engine, business, "view", chat=CHAT)
    with pytest.raises(Denied):
        await door.execute(MakePageLink("front", chat_id=CHAT), owner)


async def test_it_tells_what_changed_since_the_look_before(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample, clock: Any
) -> None:
    path = await link(door, owner, "front", hours=168)
    assert "This is your first look" in plain(await web.get(path))
    assert "This is your first look" in plain(await web.get(path)), "opened again, it is the same look"
    clock.advance(hours=20)
    assert "Nothing has changed." in plain(await web.get(path))
    clock.advance(hours=20)
    sharma = {"id": "s", "name": "Sharma Traders", "gstin": "27AAPFU0939F1ZV"}
    await sample.teller.tell(sample.bill("INV-150/26-27", sharma, 5_500, -20))
    text = plain(await web.get(path))
    assert "1 new bill ₹5,500" in text
    assert "payment came" not in text
    clock.advance(minutes=30)
    assert "1 new bill ₹5,500" in plain(await web.get(path)), "opened again, it still is news"
    clock.advance(hours=20)
    assert "Nothing has changed." in plain(await web.get(path))


async def test_one_firm_that_cannot_be_read_leaves_the_others(
    web: httpx.AsyncClient, door: Door, engine: AsyncEngine, business: UUID
) -> None:
    ca = await join(engine, business, "view", chat=CHAT)
    second = await found(engine, "Kaveri Steel")
    await join(engine, second, "view", chat=CHAT)
    async with rows_of(engine, second) as rows:  # what no reading of ours copes with
        await rows.tx.run("UPDATE businesses SET currency = 'XXX' WHERE business_id = $1", second)
        party = await rows.party("A", currency="XXX")
        await rows.invoice(party, 100, currency="XXX")
        await rows.tx.run("UPDATE businesses SET timezone = 'Nowhere/None' WHERE business_id = $1", second)
    text = plain(await web.get(await link(door, ca, "front", chat_id=CHAT)))
    assert "Sharma Services" in text
    assert "This firm can't be read just now." in text


# ---- making and taking back --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (MakePageLink("all"), "page.unknown"),
        (MakePageLink("customer"), "page.party"),
        (MakePageLink("tie_out", uuid7()), "page.party"),
        (MakePageLink("front", hours=0), "page.hours"),
        (MakePageLink("front", hours=169), "page.hours"),
        (MakePageLink("front", language="xx"), "page.language"),
        (MakePageLink("front", since=days_ago(1)), "page.period"),
        (MakePageLink("ledger", uuid7(), since=days_ago(1), until=days_ago(2)), "page.period"),
        (MakePageLink("tie_out", chat_id=1), "page.chat"),
    ],
)
async def test_a_wish_that_makes_no_sense_is_rejected(
    door: Door, owner: Actor, wish: MakePageLink, code: str
) -> None:
    with pytest.raises(Rejected) as refused:
        await door.execute(wish, owner)
    assert refused.value.code == code


async def test_anybody_takes_back_his_own_and_the_owner_anybodys(
    web: httpx.AsyncClient, door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    finance, view = await join(engine, business, "finance"), await join(engine, business, "view")
    made = await door.execute(MakePageLink("tie_out"), view)
    with pytest.raises(NotFound):
        await door.execute(RevokePageLinks(made.id), finance)
    assert await door.execute(RevokePageLinks(), finance) == 0
    assert (await web.get(f"/v/{made.key}")).status_code == 200
    assert await door.execute(RevokePageLinks(made.id), owner) == 1
    assert (await web.get(f"/v/{made.key}")).status_code == 404
    with pytest.raises(Denied):
        await door.execute(MakePageLink("tie_out"), replace(view, member_id=None))


async def test_a_link_is_made_listed_and_taken_back_over_graphql(
    door: Door, owner: Actor, engine: AsyncEngine, database: Any, clock: Any, sample: Sample
) -> None:
    assert owner.member_id is not None
    token = await door.execute(CreateToken(owner.member_id, "till"), owner)
    settings = Settings(
        database_url=database.url, munshi_env="production", public_url="https://munshi.example"
    )
    app = make_app(settings, engine=engine, clock=clock)
    head = {"authorization": f"Bearer {token}", "user-agent": PHONE}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi", headers=head) as web:

        async def tell(query: str, **values: Any) -> dict[str, Any]:
            answer = (await web.post("/graphql", json={"query": query, "variables": values})).json()
            assert "errors" not in answer, answer
            told: dict[str, Any] = answer["data"]
            return told

        party = global_id("Party", await sample.party("Sharma"))
        making = """mutation ($party: ID!) {
            makePageLink(input: {page: LEDGER, partyId: $party, language: HINDI, hours: 2}) { id url expiresAt }
        }"""
        made = (await tell(making, party=party))["makePageLink"]
        assert made["url"].startswith("https://munshi.example/v/mun_")
        path = made["url"].removeprefix("https://munshi.example")
        assert "Sharma Traders का खाता" in plain(await web.get(path))
        (listed,) = (await tell("{ pageLinks { id page partyId partyName opened } }"))["pageLinks"]
        assert listed == {
            "id": made["id"], "page": "LEDGER", "partyId": party, "partyName": "Sharma Traders", "opened": 1,
        }  # fmt: skip
        taking = "mutation ($id: ID) { revokePageLinks(linkId: $id) { revoked } }"
        assert (await tell(taking, id=made["id"]))["revokePageLinks"] == {"revoked": 1}
        assert (await web.get(path)).status_code == 404
        assert (await tell("{ pageLinks { id } }"))["pageLinks"] == []
