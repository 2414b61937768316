"""The firm over GraphQL: people, settings, words, replays, files, messages, what to pay and whom to remind, by role."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.ids import uuid7
from ledger.commands.reminders import SetPaymentDetails
from ledger.commands.to_enter import NameLedgers
from ledger.commands.workflow import ReportPayment
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from tests.graph.test_api import Ask, ask, client, codes, token  # noqa: F401  fixtures
from tests.graph.test_parties import token_of
from tests.ledger.handlers.test_tie_out import Teller
from tests.ledger.rows import NOW, TODAY, days_ago, rows_of

CRM = "crm:zoho_crm"
OWNERS = {
    "members": "{ members { id name role language active linked until } }",
    "salesOwners": "{ salesOwners { key customers example taken } }",
    "setup": "{ setup { bills sources members linked payableTo knowsMoney left } }",
}
DECIDERS = {
    "colleagues": "{ colleagues { id name } }",
    "statusMappings": '{ statusMappings(source: "crm:zoho_crm") { word status own inForce confidence } }',
    "unmappedWords": "{ unmappedWords { source word qualifier events example } }",
    "replays": "{ replays { totalCount nodes { status source counts { name count } startedBy } } }",
    "sentFiles": "{ sentFiles { totalCount nodes { filename status counts { name count } sentBy } } }",
}
PAYERS = {
    "ledgerNames": "{ ledgerNames { kind ledger } }",
    "payablesAhead": '{ payablesAhead(span: "all") { count total { minor } late { minor } rows { kind name daysLate } } }',
}
SELLERS = {
    "lateCustomers": "{ lateCustomers { customers { name asked { minor } days } heldBack { code customers } } }",
}
ALL = {
    "business": "{ business { settings { roundOffLimit { minor } deductionLimit { minor } holidays gstin } } }",
    "mySettings": "{ mySettings { language digestAt picture quietFrom alerts { kind wanted } } }",
    "paymentDetails": "{ paymentDetails { upiId account payable known { account } } }",
    "toldMe": "{ toldMe { totalCount nodes { kind text } } }",
    "evening": "{ evening { today tomorrow came { name amount { minor } } payTotal { minor } questions } }",
    "reportedPayments": "{ reportedPayments { partyName amount { minor } by own } }",
    "findMoney": '{ findMoney(reference: "HDFCN52026111800") { kind on amount { minor } partyName bank } }',
    "digest": "{ digest { came { minor } cameSince working dues { name } shortage { on } week { came { minor } } staleSources { name } } }",
}
MAY: dict[str, frozenset[Role]] = {
    **dict.fromkeys(OWNERS, frozenset({Role.OWNER})),
    **dict.fromkeys(DECIDERS, frozenset({Role.OWNER, Role.FINANCE})),
    **dict.fromkeys(PAYERS, frozenset({Role.OWNER, Role.FINANCE, Role.VIEW})),
    **dict.fromkeys(SELLERS, frozenset({Role.OWNER, Role.FINANCE, Role.SALES})),
    **dict.fromkeys(ALL, frozenset({Role.OWNER, Role.FINANCE, Role.SALES, Role.VIEW})),
}
QUERIES = {**OWNERS, **DECIDERS, **PAYERS, **SELLERS, **ALL}


@pytest.mark.parametrize("role", [Role.OWNER, Role.FINANCE, Role.SALES, Role.VIEW])
async def test_each_role_reads_of_the_firm_what_is_its_own(
    role: Role,
    ask: Ask,  # noqa: F811
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source(CRM, connector="zoho_crm")
    bearer = await token_of(door, engine, owner, role, "ravi")
    for name, query in QUERIES.items():
        body = await ask(query, bearer=bearer)
        refused = codes(body)
        assert refused == ([] if role in MAY[name] else ["permission.denied"]), (name, body)


async def test_people_are_nodes_for_the_owner_alone(
    ask: Ask,  # noqa: F811
    door: Door,
    engine: AsyncEngine,
    owner: Actor,
) -> None:
    finance = await token_of(door, engine, owner, Role.FINANCE)
    people = (await ask(OWNERS["members"]))["data"]["members"]
    assert [(one["name"], one["role"], one["active"], one["linked"]) for one in people] == [
        ("Ramesh", "owner", True, False),
        ("Finance", "finance", True, False),
    ]
    assert base64.b64decode(people[0]["id"]).decode() == f"Member:{owner.member_id}"
    node = "query ($id: ID!) { node(id: $id) { id ... on Member { name role } } }"
    found = (await ask(node, id=people[0]["id"]))["data"]["node"]
    assert found == {"id": people[0]["id"], "name": "Ramesh", "role": "owner"}
    assert (await ask(node, id=people[0]["id"], bearer=finance))["data"]["node"] is None
    nobody = base64.b64encode(f"Member:{uuid7()}".encode()).decode()
    assert (await ask(node, id=nobody))["data"]["node"] is None
    colleagues = (await ask(DECIDERS["colleagues"], bearer=finance))["data"]["colleagues"]
    assert {one["name"] for one in colleagues} == {"Ramesh", "Finance"}
    assert {one["id"] for one in colleagues} == {one["id"] for one in people}


async def test_settings_words_and_ledgers(
    ask: Ask,  # noqa: F811
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.tx.run(
            "UPDATE businesses SET settings = $2::jsonb WHERE business_id = $1",
            business,
            orjson.dumps({"holidays": ["2026-12-25"], "gstin": "27AAPFU0939F1ZV"}).decode(),
        )
        await rows.source(CRM, connector="zoho_crm")
        await rows.event(
            uuid7(), "deal.status_reported", {"name": "Kraft"}, source=CRM, word="Parked", qualifier="Sales",
            flag="unmapped", kind="deal", external_id="d1",
        )  # fmt: skip
        await rows.put(
            "status_mappings", source=CRM, kind="deal", word="closed lost", qualifier="", status="none"
        )
    await door.execute(NameLedgers({"tds": "TDS 26-27"}), owner)
    await door.execute(SetPaymentDetails(upi_id="sharma@icici"), owner)
    firm = (await ask(ALL["business"]))["data"]["business"]["settings"]
    assert firm == {
        "roundOffLimit": {"minor": 100}, "deductionLimit": {"minor": 1_000_00}, "holidays": ["2026-12-25"],
        "gstin": "27AAPFU0939F1ZV",
    }  # fmt: skip
    mine = (await ask(ALL["mySettings"]))["data"]["mySettings"]
    assert (mine["language"], mine["picture"], mine["quietFrom"]) == ("en", "off", "21:00:00")
    assert {"kind": "money", "wanted": True} in mine["alerts"]
    assert (await ask(ALL["paymentDetails"]))["data"]["paymentDetails"] == {
        "upiId": "sharma@icici", "account": None, "payable": True, "known": [],
    }  # fmt: skip
    assert (await ask(PAYERS["ledgerNames"]))["data"]["ledgerNames"] == [
        {"kind": "tds", "ledger": "TDS 26-27"}
    ]
    words = (await ask(DECIDERS["unmappedWords"]))["data"]["unmappedWords"]
    assert words == [{"source": CRM, "word": "Parked", "qualifier": "Sales", "events": 1, "example": "d1"}]
    mapped = (await ask(DECIDERS["statusMappings"]))["data"]["statusMappings"]
    assert mapped[0] == {
        "word": "closed lost",
        "status": "none",
        "own": True,
        "inForce": True,
        "confidence": 100,
    }
    hidden = [one for one in mapped if not one["own"] and not one["inForce"]]
    assert [one["word"].casefold() for one in hidden] == ["closed lost"]
    assert len(mapped) > 5
    unknown = DECIDERS["statusMappings"].replace(CRM, "crm:none")
    assert codes(await ask(unknown)) == ["source.unknown"]


async def test_what_went_on_and_was_told(
    ask: Ask,  # noqa: F811
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
) -> None:
    async with rows_of(engine, business) as rows:
        for hours in range(2):
            at = NOW - timedelta(hours=hours)
            await rows.put(
                "replays", id=uuid7(), scope=orjson.dumps({"source": CRM}).decode(), status="done",
                counts='{"events": 7}', actor=f"member:{owner.member_id}", started_at=at, changed_at=at,
            )  # fmt: skip
            await rows.put(
                "chat_files", id=uuid7(), chat_id=1, member_id=owner.member_id, file_id="f", filename=f"{hours}.csv",
                status="told", counts='{"added": 3}', taken_at=at, changed_at=at,
            )  # fmt: skip
            await rows.put(
                "outbox", id=uuid7(), channel="telegram", chat_id=1, member_id=owner.member_id, kind="digest",
                status="sent", card=orjson.dumps({"text": f"<b>Ramesh ji</b> {hours}"}).decode(), queued_at=at,
            )  # fmt: skip
    replays = (await ask(DECIDERS["replays"]))["data"]["replays"]
    assert replays["totalCount"] == 2
    assert replays["nodes"][0] == {
        "status": "done", "source": CRM, "counts": [{"name": "events", "count": 7}], "startedBy": "Ramesh",
    }  # fmt: skip
    files = (await ask(DECIDERS["sentFiles"]))["data"]["sentFiles"]
    assert (files["totalCount"], [one["filename"] for one in files["nodes"]]) == (2, ["0.csv", "1.csv"])
    told = (await ask(ALL["toldMe"]))["data"]["toldMe"]
    assert (told["totalCount"], told["nodes"][0]) == (2, {"kind": "digest", "text": "Ramesh ji 0"})
    paged = (
        "query ($after: String) { toldMe(first: 1, after: $after) { nodes { text } pageInfo { endCursor } } }"
    )
    first = (await ask(paged))["data"]["toldMe"]
    rest = (await ask(paged, after=first["pageInfo"]["endCursor"]))["data"]["toldMe"]
    assert [one["text"] for one in rest["nodes"]] == ["Ramesh ji 1"]
    assert codes(await ask('{ toldMe(kind: "answer") { totalCount } }')) == ["told.kind"]


async def test_what_to_pay_whom_to_remind_and_money_that_is_looked_for(
    ask: Ask,  # noqa: F811
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
) -> None:
    async with rows_of(engine, business) as rows:
        vendor = await rows.party("Gupta Steel", is_customer=False, is_vendor=True)
        await rows.payable(vendor, 900_00, due_on=days_ago(5))
        sharma = await rows.party("Sharma Traders", owner="ravi")
        om = await rows.party("Om Steel", owner="asha")
        for party in (sharma, om):
            await rows.invoice(party, 500_00, due_on=days_ago(20))
        for party, reference in ((sharma, "HDFCN52026111800"), (om, "HDFCN52026111801")):
            await rows.put(
                "receipts", id=uuid7(), anchor=uuid7(), party_id=party, status="payment.received", arrived=True,
                received_on=days_ago(2), amount=100_00, refunded=0, allocated=0, currency="INR", reference=reference,
            )  # fmt: skip
    ahead = (await ask(PAYERS["payablesAhead"]))["data"]["payablesAhead"]
    assert (ahead["count"], ahead["late"]) == (1, {"minor": 900_00})
    assert ahead["rows"] == [{"kind": "bill", "name": "Gupta Steel", "daysLate": 5}]
    assert codes(await ask('{ payablesAhead(span: "year") { count } }')) == ["payables.span"]
    late = (await ask(SELLERS["lateCustomers"]))["data"]["lateCustomers"]
    held = {one["code"]: one["customers"] for one in late["heldBack"]}
    assert len(late["customers"]) + sum(held.values()) == 2
    ravi = await token_of(door, engine, owner, Role.SALES, "ravi")
    own = (await ask(SELLERS["lateCustomers"], bearer=ravi))["data"]["lateCustomers"]
    assert len(own["customers"]) + sum(one["customers"] for one in own["heldBack"]) == 1
    found = (await ask(ALL["findMoney"]))["data"]["findMoney"]
    assert [(one["kind"], one["partyName"], one["amount"]["minor"]) for one in found] == [
        ("receipt", "Sharma Traders", 100_00)
    ]
    theirs = ALL["findMoney"].replace("1800", "1801")
    assert (await ask(theirs, bearer=ravi))["data"]["findMoney"] == []
    assert codes(await ask("{ findMoney { kind } }")) == ["money.what"]


async def test_money_that_was_reported_is_told_to_who_may_confirm_it_and_to_who_said_so(
    ask: Ask,  # noqa: F811
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
) -> None:
    teller = Teller(door, business)
    await teller.tell(teller.bill("INV-1", 1_000_00))
    (party,) = (await ask("{ parties { nodes { id } } }"))["data"]["parties"]["nodes"]
    key = UUID(base64.b64decode(party["id"]).decode().partition(":")[2])
    await door.execute(ReportPayment(key, 50_00, "cash", TODAY), owner)
    await teller.drain()
    reported = (await ask(ALL["reportedPayments"]))["data"]["reportedPayments"]
    assert reported == [
        {"partyName": "Sharma Traders", "amount": {"minor": 50_00}, "by": "Ramesh", "own": True}
    ]
    finance = await token_of(door, engine, owner, Role.FINANCE)
    (told,) = (await ask(ALL["reportedPayments"], bearer=finance))["data"]["reportedPayments"]
    assert told["own"] is False
    ravi = await token_of(door, engine, owner, Role.SALES, "ravi")
    assert (await ask(ALL["reportedPayments"], bearer=ravi))["data"]["reportedPayments"] == []


async def test_the_evening_and_the_digest_tell_all_that_the_chat_shows(
    ask: Ask,  # noqa: F811
    engine: AsyncEngine,
    business: UUID,
) -> None:
    async with rows_of(engine, business) as rows:
        sharma = await rows.party("Sharma Traders")
        for day, amount in ((TODAY, 100_00), (days_ago(1), 70_00)):
            await rows.put(
                "receipts", id=uuid7(), anchor=uuid7(), party_id=sharma, status="payment.received", arrived=True,
                received_on=day, amount=amount, refunded=0, allocated=0, currency="INR",
            )  # fmt: skip
    evening = (await ask(ALL["evening"]))["data"]["evening"]
    assert evening == {
        "today": "2026-11-20", "tomorrow": "2026-11-21", "came": [{"name": "Sharma Traders", "amount": {"minor": 100_00}}],
        "payTotal": {"minor": 0}, "questions": 0,
    }  # fmt: skip
    digest: dict[str, Any] = (await ask(ALL["digest"]))["data"]["digest"]
    assert (digest["came"], digest["cameSince"]) == ({"minor": 70_00}, "2026-11-19")
    assert (digest["working"], digest["dues"], digest["shortage"], digest["week"]) == (True, [], None, None)


async def test_bills_to_pick_for_a_questions_money(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
) -> None:
    teller = Teller(door, business)
    await teller.tell(teller.bill("INV-1", 1_000_00), teller.bill("INV-2", 700_00))
    await teller.tell(
        teller.say(
            "bank:icici", "bank.credited", "l1", amount=650_00, account="4421", posted_on="2026-11-18",
            narration="NEFT-HDFCN52026111800-SOMEBODY", kind="bank_line",
        )
    )  # fmt: skip
    asked = "{ conflicts { nodes { id rule amount { minor } } } }"
    questions = (await ask(asked))["data"]["conflicts"]["nodes"]
    door.clock.advance(minutes=30)  # type: ignore[attr-defined]
    await teller.drain()
    questions = (await ask(asked))["data"]["conflicts"]["nodes"] or questions
    (question,) = [one for one in questions if one["rule"] == "unmatched_bank_credit"]
    parties = (await ask("{ parties { nodes { id name } } }"))["data"]["parties"]["nodes"]
    party = next(one["id"] for one in parties if one["name"] == "Sharma Traders")
    pick = """query ($id: ID!, $party: ID) { pickBills(conflictId: $id, partyId: $party, first: 1) {
      receiptId amount { minor } partyName more bills { id number open { minor } } } }"""
    bills = (await ask(pick, id=question["id"], party=party))["data"]["pickBills"]
    assert (bills["amount"], bills["partyName"], bills["more"]) == ({"minor": 650_00}, "Sharma Traders", 1)
    assert [(one["number"], one["open"]["minor"]) for one in bills["bills"]] == [("INV-1", 1_000_00)]
