"""Parties over GraphQL: lists by filter, order and day, who they are, what was said with them, and SQL counted."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.context import Request
from graph.schema import schema
from kit.database import transaction
from kit.ids import uuid7
from ledger.commands.attachments import AttachToParty, KeepAttachment
from ledger.commands.goods import HoldGoods
from ledger.commands.tokens import CreateToken
from ledger.commands.workflow import AddNote, LogCall, ReportPayment
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from tests.graph.test_api import Ask, ask, client, codes, token  # noqa: F401  fixtures
from tests.ledger.handlers.test_tie_out import Teller
from tests.ledger.rows import TODAY, days_ago, rows_of

CRM, BOOKS = "crm:zoho_crm", "books:tally"
NARMADA = {"id": "n", "name": "Narmada Print"}
WHO = """
query ($id: ID!, $on: Date) { party(id: $id) {
  contacts(on: $on) { kind name phone email source since } billing: contacts(kind: "billing") { name }
  addresses { kind lines city pin state source } salesOwner(on: $on) { key memberId memberName since }
  attributes(on: $on) { name value since } parent { id name } branches { name } habit lastReceiptOn
  promiseAmount { minor } identities { source externalId } } }
"""
SAID = """
query ($id: ID!) { party(id: $id) {
  talk { call { text by note } note { text } promise { on amount { minor } } goods { may note } reminded { at }
    reported { amount { minor } method own } pageSeenAt }
  mayGoodsGo(order: 5000) { verdict reasons { code weight } word { may by } }
  saidBySources { source label name count latest { kind number amount { minor } } }
  kept { id filename mediaType text author }
  statement(since: "2026-09-01") { firmName partyName accounts { side opening { minor } closing { minor }
    lines { kind number debit { minor } balance { minor } } } }
  reminder { kind asked { minor } bills { number amount { minor } } against { code strength } pay { payable } } } }
"""
LIST = """
query ($filter: PartyFilter, $sort: PartyOrder! = NAME, $first: Int! = 50, $after: String) {
  parties(filter: $filter, sort: $sort, first: $first, after: $after) {
    totalCount count total { minor } nodes { name } pageInfo { hasNextPage endCursor } } }
"""
THEN = """
query ($on: Date!) { whoOwesMe(asOf: $on) { totalCount total { minor } overdue { minor }
  nodes { name net { minor } overdueDays } } }
"""


async def token_of(door: Door, engine: AsyncEngine, owner: Actor, role: Role, crm: str | None = None) -> str:
    """A token of a new member of that role."""
    member = uuid7()
    async with transaction(engine, [owner.business_id]) as tx:
        await tx.run(
            "INSERT INTO members (business_id, id, name, role, crm_owner) VALUES ($1, $2, $3, $4, $5)",
            owner.business_id,
            member,
            role.value.title(),
            role.value,
            crm,
        )
    made: str = await door.execute(CreateToken(member, "test"), owner)
    return made


async def by_name(ask: Ask, **given: Any) -> dict[str, str]:  # noqa: F811
    """Every party's global id by its name."""
    page = (await ask("{ parties(first: 200) { nodes { id name } } }", **given))["data"]["parties"]
    return {node["name"]: node["id"] for node in page["nodes"]}


async def test_who_a_party_is_today_and_was(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
    engine: AsyncEngine,
) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO members (business_id, id, name, role, crm_owner) VALUES ($1, $2, 'Ravi', 'sales', 'ravi')",
            business,
            uuid7(),
        )
    teller, later = Teller(door, business), datetime(2026, 11, 2, 4, tzinfo=UTC)
    await teller.tell(
        teller.say(
            CRM,
            "party.upserted",
            "n",
            name="Narmada Print",
            owner="ravi",
            parent="g",
            terms_days=15,
            contacts=[{"kind": "billing", "name": "Sunita", "email": "bills@narmada.example"}],
        ),
        teller.say(
            CRM,
            "party.upserted",
            "n",
            owner="asha",
            terms_days=30,
            at=later,
            contacts=[{"kind": "technical", "name": "Imran", "phone": "+919800000013"}],
            addresses=[{"kind": "shipping", "lines": "Plot 7", "city": "Nashik", "pin": "422007"}],
        ),
        teller.say(CRM, "party.upserted", "g", name="Narmada Group"),
    )
    ids = await by_name(ask)
    now = (await ask(WHO, id=ids["Narmada Print"]))["data"]["party"]
    assert now["contacts"] == [
        {"kind": "technical", "name": "Imran", "phone": "+919800000013", "email": None, "source": CRM, "since": "2026-11-02"}
    ]  # fmt: skip
    assert now["billing"] == []
    assert now["addresses"][0]["pin"] == "422007"
    assert now["salesOwner"] == {"key": "asha", "memberId": None, "memberName": None, "since": "2026-11-02"}
    assert {"name": "terms_days", "value": "30", "since": "2026-11-02"} in now["attributes"]
    assert now["parent"] == {"id": ids["Narmada Group"], "name": "Narmada Group"}
    assert (now["habit"], now["lastReceiptOn"], now["promiseAmount"]) == (None, None, None)
    then = (await ask(WHO, id=ids["Narmada Print"], on="2026-10-15"))["data"]["party"]
    assert [one["name"] for one in then["contacts"]] == ["Sunita"]
    assert then["salesOwner"]["memberName"] == "Ravi"
    assert {"name": "terms_days", "value": "15", "since": None} in then["attributes"]
    group = (await ask(WHO, id=ids["Narmada Group"]))["data"]["party"]
    assert (group["branches"], group["parent"]) == ([{"name": "Narmada Print"}], None)


async def test_what_was_said_with_a_party_and_what_follows(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
    owner: Actor,
    engine: AsyncEngine,
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        teller.say(BOOKS, "party.upserted", "n", name="Narmada Print"),
        teller.bill("INV-1", 1_000_00, party=NARMADA, due_on="2026-09-15"),
    )
    party = (await by_name(ask))["Narmada Print"]
    key = UUID(base64.b64decode(party).decode().partition(":")[2])
    await door.execute(LogCall(key, "will_pay", "after Diwali", TODAY), owner)
    await door.execute(AddNote("asks for Hindi", key), owner)
    await door.execute(ReportPayment(key, 200_00, "cash", TODAY), owner)
    await door.execute(HoldGoods(key, "too late"), owner)
    photo = await door.execute(KeepAttachment(b"\x89PNG", "image/png", "cheque.png"), owner)
    await door.execute(AttachToParty(key, photo, "his cheque"), owner)
    await teller.drain()
    body = await ask(SAID, id=party)
    assert "errors" not in body, body["errors"]
    said = body["data"]["party"]
    assert said["talk"]["call"] == {"text": "will_pay", "by": "Ramesh", "note": "after Diwali"}
    assert said["talk"]["note"]["text"] == "his cheque"
    assert said["talk"]["promise"] == {"on": TODAY.isoformat(), "amount": None}
    assert said["talk"]["goods"] == {"may": False, "note": "too late"}
    assert said["talk"]["reported"] == [{"amount": {"minor": 200_00}, "method": "cash", "own": True}]
    assert said["mayGoodsGo"]["verdict"] == "no"
    assert said["mayGoodsGo"]["reasons"][0]["code"] == "held"
    assert said["saidBySources"][0]["source"] == BOOKS
    assert said["saidBySources"][0]["latest"][0]["number"] == "INV-1"
    assert said["kept"] == [
        {"id": photo, "filename": "cheque.png", "mediaType": "image/png", "text": "his cheque", "author": "Ramesh"}
    ]  # fmt: skip
    account = said["statement"]["accounts"][0]
    assert (said["statement"]["partyName"], account["closing"]["minor"]) == ("Narmada Print", 1_000_00)
    assert account["lines"][0] == {
        "kind": "invoice", "number": "INV-1", "debit": {"minor": 1_000_00}, "balance": {"minor": 1_000_00},
    }  # fmt: skip
    assert (said["reminder"]["kind"], said["reminder"]["asked"]["minor"]) == ("late", 1_000_00)
    assert {"promise", "said_paid"} & {one["code"] for one in said["reminder"]["against"]}
    viewer = await token_of(door, engine, owner, Role.VIEW)
    partly = await ask(
        "query ($id: ID!) { party(id: $id) { name reminder { kind } } }", id=party, bearer=viewer
    )
    assert partly["data"]["party"] == {"name": "Narmada Print", "reminder": None}
    assert codes(partly) == ["permission.denied"]
    assert codes(await ask(SAID.replace('"2026-09-01"', '"2026-12-01"'), id=party)) != []


async def test_parties_are_filtered_sorted_counted_and_paged(
    ask: Ask,  # noqa: F811
    engine: AsyncEngine,
    business: UUID,
    door: Door,
    owner: Actor,
) -> None:
    async with rows_of(engine, business) as rows:
        sharma = await rows.party("Sharma Traders", owner="ravi", pan="AAPFU0939F", gstin="27AAPFU0939F1ZV")
        om = await rows.party("Om Steel", pan="AAPFU0939F")
        vendor = await rows.party("Zenith Supply", is_customer=False, is_vendor=True)
        await rows.invoice(sharma, 200_00)
        await rows.invoice(om, 300_00)
        await rows.payable(vendor, 900_00)

    async def names(**wanted: Any) -> list[str]:
        page = (await ask(LIST, **wanted))["data"]["parties"]
        assert page["totalCount"] == page["count"]
        return [node["name"] for node in page["nodes"]]

    assert await names() == ["Om Steel", "Sharma Traders", "Zenith Supply"]
    assert await names(filter={"kind": "VENDOR"}) == ["Zenith Supply"]
    assert await names(filter={"balance": "THEY_OWE"}, sort="RECEIVABLE") == ["Om Steel", "Sharma Traders"]
    assert await names(filter={"balance": "WE_OWE"}, sort="PAYABLE") == ["Zenith Supply"]
    assert await names(filter={"search": "sharmaa", "owner": "ravi"}) == ["Sharma Traders"]
    assert await names(filter={"pan": "AAPFU0939F", "gstin": "27aapfu0939f1zv"}) == ["Sharma Traders"]
    first = (await ask(LIST, first=2, sort="RECEIVABLE"))["data"]["parties"]
    rest = (await ask(LIST, first=2, sort="RECEIVABLE", after=first["pageInfo"]["endCursor"]))["data"][
        "parties"
    ]
    assert (first["pageInfo"]["hasNextPage"], [n["name"] for n in rest["nodes"]]) == (True, ["Zenith Supply"])
    assert codes(await ask(LIST, sort="NAME", after=first["pageInfo"]["endCursor"])) == ["cursor.invalid"]
    assert codes(await ask(LIST, filter={"search": "a\x00b"})) == ["text.characters"]
    ravi = await token_of(door, engine, owner, Role.SALES, "ravi")
    assert [n["name"] for n in (await ask(LIST, bearer=ravi))["data"]["parties"]["nodes"]] == [
        "Sharma Traders"
    ]
    assert codes(await ask(LIST, bearer=ravi, sort="PAYABLE")) == ["permission.denied"]
    other = base64.b64encode(f"Party:{om}".encode()).decode()
    assert (await ask(WHO, bearer=ravi, id=other))["data"]["party"] is None


async def test_who_owed_on_a_day(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        teller.bill("INV-1", 1_000_00, due_on="2026-09-15"),
        teller.receipt("r1", 400_00, settles=[{"number": "INV-1", "amount": 400_00}]),
    )
    then = (await ask(THEN, on="2026-09-18"))["data"]["whoOwesMe"]
    assert then == {
        "totalCount": 1, "total": {"minor": 1_000_00}, "overdue": {"minor": 1_000_00},
        "nodes": [{"name": "Sharma Traders", "net": {"minor": 1_000_00}, "overdueDays": 3}],
    }  # fmt: skip
    today = (await ask(THEN, on=TODAY.isoformat()))["data"]["whoOwesMe"]
    assert today["total"] == {"minor": 600_00}
    assert (await ask(THEN, on="2026-08-01"))["data"]["whoOwesMe"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("selection", "limit"),
    [
        ("name net { minor }", 4),
        ("contacts { name } addresses { city } salesOwner { key } parent { name } habit", 10),
        ('contacts(on: "2026-10-01") { name } now: contacts { name } branches { name }', 16),
    ],
)
@pytest.mark.parametrize("parties", [3, 30])
async def test_who_many_parties_are_takes_as_many_statements_as_of_few(
    selection: str, limit: int, parties: int, door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        *(
            teller.say(
                CRM, "party.upserted", f"p{n}", name=f"Party {n}", owner="ravi", parent="p0",
                contacts=[{"kind": "billing", "name": "A"}], addresses=[{"kind": "billing", "city": "Pune"}],
            )
            for n in range(parties)
        )
    )  # fmt: skip
    request = Request(door, owner)
    try:
        found = await schema.execute(
            f"{{ parties(first: 200) {{ nodes {{ {selection} }} }} }}", context_value=request
        )
    finally:
        await request.close()
    assert found.errors is None
    assert len(found.data["parties"]["nodes"]) == parties
    assert request.statements <= limit


async def test_lists_say_how_long_they_are(
    ask: Ask,  # noqa: F811
    engine: AsyncEngine,
    business: UUID,
) -> None:
    async with rows_of(engine, business) as rows:
        for name in ("Om Mumbai", "Om Pune"):
            await rows.invoice(await rows.party(name, pan="AAPFU0939F"), 100_00, due_on=days_ago(4))
    body = await ask(
        """{ parties(first: 1) { totalCount } whoOwesMe(first: 1, overdueOnly: true) { totalCount }
             conflicts(first: 1) { totalCount } quarantine(first: 1) { totalCount } toEnter(first: 1) { totalCount }
             dataQuality(first: 1) { totalCount } partyGroups(first: 1) { totalCount } }"""
    )
    assert {name: page["totalCount"] for name, page in body["data"].items()} == {
        "parties": 2, "whoOwesMe": 2, "conflicts": 0, "quarantine": 0, "toEnter": 0, "dataQuality": 2, "partyGroups": 1,
    }  # fmt: skip


async def test_a_prepared_reminder_comes_with_its_words(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        teller.say(BOOKS, "party.upserted", "s", name="Sharma Traders", phone="+919800000001"),
        teller.bill("INV-1", 1_000_00, due_on="2026-10-01"),
    )
    party = (await by_name(ask))["Sharma Traders"]
    prepare = """mutation ($id: ID!, $language: String) { prepareReminder(partyId: $id, language: $language,
      overrule: ["stale", "reminded"]) { __typename ... on PrepareReminderPayload { text whatsapp payPage } } }"""
    said = (await ask(prepare, id=party))["data"]["prepareReminder"]
    assert said["text"].startswith(
        "Namaste Sharma Traders,\n\na friendly reminder from Sharma Services: ₹1,000 is past"
    )
    assert "INV-1, due 1 Oct: ₹1,000" in said["text"]
    assert said["payPage"] in said["text"]
    assert said["whatsapp"].startswith("https://wa.me/919800000001?text=Namaste")
    hindi = (await ask(prepare, id=party, language="hi"))["data"]["prepareReminder"]
    assert hindi["text"].startswith("नमस्ते Sharma Traders जी,")
