"""Money over GraphQL: every piece with its sources, what it pays, where it was seen; in few statements; own customers only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.context import Request
from graph.ids import global_id
from graph.schema import schema
from ingest.door import Appender
from kit.database import transaction
from kit.ids import uuid7
from kit.settings import Settings
from ledger.commands import CreateToken, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.events import Delivery
from ledger.domain.roles import Actor, Role, system
from tests.ledger.firms import delivery

TALLY, BANK, RAZORPAY = "books:tally", "bank:icici", "payment:razorpay"
SHARMA, GUPTA, TOOLS = (
    {"id": "s", "name": "Sharma Traders"},
    {"id": "g", "name": "Gupta Steel"},
    {"id": "v", "name": "Tiny Tools"},
)
AT = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
Ask = Callable[..., Any]


@dataclass(slots=True)
class Told:
    """What a firm's sources said, and the ids that came of it."""

    door: Door
    owner: Actor
    log: list[Delivery] = field(default_factory=list)

    def say(self, source: str, event_type: str, name: str, /, **data: Any) -> Delivery:
        """Say one event; amounts in paise."""
        more = {key: data.pop(key) for key in ("kind", "at", "event_id", "received_at") if key in data}
        body = {"currency": "INR", **data}
        made = delivery(self.owner.business_id, source, event_type, name, body, **{"at": AT, **more})
        self.log.append(made)
        return made

    async def settle(self) -> None:
        """Append what was said, and drain; Sharma is Ravi's customer."""
        appender = Appender(self.door.engine)
        for one in self.log:
            await appender.append(one)
        self.log = []
        await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))
        while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
            pass
        await self.rows(
            "UPDATE parties SET owner = 'ravi' WHERE business_id = $1 AND name = 'Sharma Traders' RETURNING id"
        )

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Rows of the business."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            return await tx.fetch(sql, self.owner.business_id, *args)

    async def party(self, name: str) -> str:
        """The global id of a party."""
        rows = await self.rows("SELECT id FROM parties WHERE business_id = $1 AND name = $2", name)
        return str(global_id("Party", rows[0]["id"]))


@pytest.fixture
async def told(door: Door, owner: Actor) -> Told:
    """Two customers and a vendor: bills paid, open, short, cancelled; a settlement, a cheque, a payout, a stray credit."""
    made = Told(door, owner)
    say = made.say
    for number, party, amount, on, due in (
        ("INV-1", SHARMA, 10_000_00, "2026-09-01", "2026-09-30"),
        ("INV-2", SHARMA, 5_000_00, "2026-10-10", "2026-11-10"),
        ("INV-3", GUPTA, 7_000_00, "2026-07-01", "2026-07-31"),
        ("INV-4", GUPTA, 900_00, "2026-11-01", None),
        ("INV-5", GUPTA, 100_00, "2026-11-02", None),
    ):
        say(
            TALLY,
            "invoice.issued",
            number,
            number=number,
            party=party,
            issued_on=on,
            amount=amount,
            due_on=due,
        )
    say(TALLY, "invoice.voided", "INV-5", number="INV-5", at=AT + timedelta(days=3))
    say(
        TALLY, "credit_note.issued", "CN-1", number="CN-1", party=GUPTA, issued_on="2026-08-05", amount=1_000_00,
        references={"invoices": ["INV-3"]},
    )  # fmt: skip
    say(
        TALLY, "payment.received", "R-1", party=GUPTA, amount=2_000_00, into="cash", method="cash",
        paid_on="2026-10-20", settles=[{"number": "INV-3", "amount": 2_100_00}],
        deductions=[{"kind": "tds", "amount": 100_00}],
    )  # fmt: skip
    say(
        RAZORPAY, "payment.received", "pay_1", party=SHARMA, amount=10_000_00, fee=236_00, tax=36_00, method="upi",
        paid_on="2026-10-05", references={"invoices": ["INV-1"], "settlements": ["setl_1"]},
    )  # fmt: skip
    say(
        RAZORPAY, "settlement.processed", "setl_1", amount=9_764_00, fee=236_00, tax=36_00, captured=10_000_00,
        refunded=0, adjusted=0, settled_on="2026-10-07", references={"utr": ["UTRSETL0001"]},
    )  # fmt: skip
    for name, sign, amount, on, more in (
        ("L-1", "credited", 9_764_00, "2026-10-07", {"references": {"utr": ["UTRSETL0001"]}}),
        ("L-2", "credited", 333_00, "2026-11-18", {"payer": {"name": "SOMEBODY NEW"}}),
        ("L-3", "debited", 4_000_00, "2026-11-12", {"references": {"utr": ["UTRPAID0009"]}}),
    ):
        say(
            BANK, f"bank.{sign}", name, kind="bank_line", account="000405004421", posted_on=on, amount=amount,
            narration=f"NEFT {name}", balance=1_00_000_00, **more,
        )  # fmt: skip
    say(
        TALLY, "bill.received", "B-1", number="B-1", party=TOOLS, issued_on="2026-10-15", due_on="2026-11-15",
        amount=6_000_00,
    )  # fmt: skip
    say(
        TALLY, "payout.processed", "P-1", party=TOOLS, amount=4_000_00, paid_on="2026-11-12",
        references={"utr": ["UTRPAID0009"], "bills": ["B-1"]},
    )  # fmt: skip
    say(
        TALLY, "cheque.received", "C-1", number="004511", party=SHARMA, amount=5_000_00, dated_on="2026-11-25",
        bank="HDFC",
    )  # fmt: skip
    await made.settle()
    return made


@pytest.fixture
async def ask(engine: AsyncEngine, door: Door, owner: Actor, clock: Any) -> AsyncIterator[Ask]:
    """Post a query as the owner, or as a member of another role; the sales rep is Ravi."""
    app = make_app(Settings(), engine=engine, clock=clock)
    tokens: dict[Role, str] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:

        async def post(query: str, *, role: Role = Role.OWNER, **variables: Any) -> Any:
            if role not in tokens:
                member = owner.member_id if role is Role.OWNER else uuid7()
                if role is not Role.OWNER:
                    async with transaction(engine, [owner.business_id]) as tx:
                        await tx.run(
                            "INSERT INTO members (business_id, id, name, role, crm_owner) VALUES ($1, $2, 'M', $3, $4)",
                            owner.business_id, member, role.value, "ravi" if role is Role.SALES else None,
                        )  # fmt: skip
                assert member is not None
                tokens[role] = await door.execute(CreateToken(member, "test"), owner)
            response = await client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {tokens[role]}"},
            )
            return response.json()

        yield post


async def data(ask: Ask, query: str, /, **variables: Any) -> Any:
    """The data of an answer without errors."""
    body = await ask(query, **variables)
    assert "errors" not in body, body["errors"]
    return body["data"]


def codes(body: Any) -> list[str]:
    """The codes of a body's errors."""
    return [error["extensions"]["code"] for error in body.get("errors", [])]


RECEIPTS = """query ($filter: ReceiptFilter, $first: Int! = 50, $after: String) {
  receipts(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
    id receivedOn amount { minor } onAccount { minor } status matching arrived method payer
    party { name } claims { source sourceEventId amount { minor } } seenInBank { narration }
    allocations { number kind amount { minor } invoice { number status paidOn } }
    settledIn { externalId amount { minor } inBank { minor } bankLine { narration explainedBy settlement { externalId } } }
  } } }"""


async def test_money_is_one_receipt_with_its_claims_bills_and_settlement(told: Told, ask: Ask) -> None:
    found = (await data(ask, RECEIPTS))["receipts"]
    assert found["totalCount"] == 3
    stray, cash, online = found["nodes"]
    assert (stray["matching"], stray["party"], stray["payer"]) == ("not_matched", None, "SOMEBODY NEW")
    assert [line["narration"] for line in stray["seenInBank"]] == ["NEFT L-2"]
    assert (cash["method"], cash["matching"], cash["arrived"]) == ("cash", "settled", True)
    assert {(part["number"], part["kind"], part["amount"]["minor"]) for part in cash["allocations"]} == {
        ("INV-3", "receipt", 2_000_00),
        ("INV-3", "tds", 100_00),
    }
    assert (online["party"]["name"], online["matching"]) == ("Sharma Traders", "settled")
    assert [claim["source"] for claim in online["claims"]] == [RAZORPAY]
    assert online["allocations"][0]["invoice"] == {
        "number": "INV-1", "status": "invoice.paid", "paidOn": "2026-10-05",
    }  # fmt: skip
    assert online["settledIn"] == [
        {
            "externalId": "setl_1",
            "amount": {"minor": 9_764_00},
            "inBank": {"minor": 9_764_00},
            "bankLine": {
                "narration": "NEFT L-1",
                "explainedBy": "settlement",
                "settlement": {"externalId": "setl_1"},
            },
        }
    ]


async def test_receipts_are_narrowed_and_counted_as_they_are_narrowed(told: Told, ask: Ask) -> None:
    gupta = await told.party("Gupta Steel")
    for narrowed, expected in (
        ({"matching": ["NOT_MATCHED"]}, [333_00]),
        ({"partyId": gupta}, [2_000_00]),
        ({"since": "2026-10-05", "until": "2026-10-20"}, [2_000_00, 10_000_00]),
        ({"method": ["upi"]}, [10_000_00]),
        ({"amount": 333_00}, [333_00]),
        ({"minAmount": 400_00, "maxAmount": 3_000_00}, [2_000_00]),
        ({"search": "somebody"}, [333_00]),
        ({"search": "gupta"}, [2_000_00]),
        ({"status": ["FAILED"]}, []),
        ({"arrived": False}, []),
        ({"reference": "no such"}, []),
    ):
        found = (await data(ask, RECEIPTS, filter=narrowed))["receipts"]
        assert [one["amount"]["minor"] for one in found["nodes"]] == expected, narrowed
        assert found["totalCount"] == len(expected), narrowed
    body = await ask(RECEIPTS, filter={"since": "2026-10-05", "until": "2026-10-04"})
    assert codes(body) == ["period.order"]


async def test_pages_follow_each_other_without_a_gap(told: Told, ask: Ask) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = (await data(ask, RECEIPTS, first=1, after=after))["receipts"]
        assert page["totalCount"] == 3
        seen += [one["id"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 3
    assert codes(await ask(RECEIPTS, after="bm8")) == ["cursor.invalid"]


async def test_a_settlement_opens_to_its_payments_and_its_bank_line(told: Told, ask: Ask) -> None:
    query = """{ settlements(first: 3) { totalCount nodes { id source status settledOn utr amount { minor } fee { minor } tax { minor }
      captured { minor } refunded { minor } bankLine { postedOn } claims { status } timeline(first: 5) { nodes { eventType } }
      contents(first: 5) { totalCount nodes { kind externalId on amount { minor } fee { minor } receipt { party { name } } } } } } }"""
    (one,) = (await data(ask, query))["settlements"]["nodes"]
    net = one["captured"]["minor"] - one["refunded"]["minor"] - one["fee"]["minor"]
    assert net == one["amount"]["minor"] == 9_764_00
    assert (one["tax"]["minor"], one["utr"], one["bankLine"]["postedOn"]) == (
        36_00,
        "UTRSETL0001",
        "2026-10-07",
    )
    assert one["contents"] == {
        "totalCount": 1,
        "nodes": [
            {
                "kind": "payment",
                "externalId": "pay_1",
                "on": "2026-10-05",
                "amount": {"minor": 10_000_00},
                "fee": {"minor": 236_00},
                "receipt": {"party": {"name": "Sharma Traders"}},
            }
        ],
    }
    assert [event["eventType"] for event in one["timeline"]["nodes"]] == ["settlement.processed"]
    assert (await data(ask, "{ settlements(filter: {missingInBank: true}) { totalCount } }"))[
        "settlements"
    ] == {"totalCount": 0}
    for narrowed, expected in (
        ('utr: "utr-setl0001"', 1),
        ("status: FAILED", 0),
        ('source: "payment:cashfree"', 0),
    ):
        query = f"{{ settlements(filter: {{{narrowed}}}) {{ totalCount nodes {{ id }} }} }}"
        assert (await data(ask, query))["settlements"]["totalCount"] == expected, narrowed


async def test_what_we_owe_shows_its_claims_payments_and_entries(told: Told, ask: Ask) -> None:
    query = """{ payables(first: 3) { totalCount nodes { number claims { source status } entries { on kind amount { minor } }
      allocations { kind amount { minor } payout { payee bankLine { amount { minor } payout { status } } } }
      timeline(first: 5) { totalCount nodes { eventType } } } }
      vendorBills(filter: {status: [PARTIALLY_PAID]}) { totalCount nodes { number } }
      payouts(first: 3) { totalCount nodes { amount { minor } allocated { minor } party { name } claims { source }
        allocations { payable { number } } timeline(first: 5) { nodes { source } } } } }"""
    found = await data(ask, query)
    (bill,) = found["payables"]["nodes"]
    assert found["payables"]["totalCount"] == 1
    assert [(entry["kind"], entry["amount"]["minor"]) for entry in bill["entries"]] == [
        ("invoice", 6_000_00),
        ("receipt", -4_000_00),
    ]
    (paid,) = bill["allocations"]
    assert paid["payout"]["bankLine"] == {
        "amount": {"minor": -4_000_00},
        "payout": {"status": "payout.processed"},
    }
    assert bill["timeline"]["nodes"][0]["eventType"] == "bill.received"
    assert found["vendorBills"] == {"totalCount": 1, "nodes": [{"number": "B-1"}]}
    (payout,) = found["payouts"]["nodes"]
    assert payout["party"]["name"] == "Tiny Tools"
    assert {claim["source"] for claim in payout["claims"]} == {TALLY, BANK}
    assert payout["allocations"] == [{"payable": {"number": "B-1"}}]
    assert {event["source"] for event in payout["timeline"]["nodes"]} == {TALLY, BANK}


async def test_bank_lines_say_what_explains_them(told: Told, ask: Ask) -> None:
    query = """query ($f: BankLineFilter) { bankLines(filter: $f, first: 5) { totalCount nodes { narration explainedBy balance { minor }
      receipt { payer } payout { party { name } } settlement { externalId } claims { source sourceEventId }
      timeline { nodes { summary } } } } }"""
    lines = {one["narration"]: one for one in (await data(ask, query))["bankLines"]["nodes"]}
    assert {name: line["explainedBy"] for name, line in lines.items()} == {
        "NEFT L-1": "settlement", "NEFT L-2": None, "NEFT L-3": "payout",
    }  # fmt: skip
    assert lines["NEFT L-3"]["payout"]["party"]["name"] == "Tiny Tools"
    assert lines["NEFT L-1"]["settlement"]["externalId"] == "setl_1"
    assert [claim["source"] for claim in lines["NEFT L-2"]["claims"]] == [BANK]
    for narrowed, expected in (
        ({"unexplainedOnly": True}, ["NEFT L-2"]),
        ({"direction": "DEBIT"}, ["NEFT L-3"]),
        ({"account": "000405004421", "since": "2026-11-13"}, ["NEFT L-2"]),
        ({"account": "1"}, []),
        ({"amount": 4_000_00}, ["NEFT L-3"]),
        ({"search": "somebody"}, ["NEFT L-2"]),
    ):
        found = (await data(ask, query, f=narrowed))["bankLines"]
        assert [one["narration"] for one in found["nodes"]] == expected, narrowed
        assert found["totalCount"] == len(expected)
    accounts = (await data(ask, "{ bankAccounts { account lines unexplained since until } }"))["bankAccounts"]
    assert accounts == [
        {
            "account": "000405004421",
            "lines": 3,
            "unexplained": 1,
            "since": "2026-10-07",
            "until": "2026-11-18",
        }
    ]


async def test_cheques_are_listed_in_every_state(told: Told, ask: Ask) -> None:
    told.say(
        TALLY, "cheque.received", "C-2", number="004512", party=GUPTA, amount=70_00, dated_on="2026-11-05"
    )
    told.say(TALLY, "cheque.returned", "C-2", reason="funds", on="2026-11-09", at=AT + timedelta(days=8))
    await told.settle()
    query = """query ($f: ChequeFilter) { chequeRegister(filter: $f, first: 5) { totalCount nodes { id number status bank datedOn
      party { name cheques { number } } receipt { status } claims { status } timeline { nodes { eventType } } } } }"""
    first, second = (await data(ask, query))["chequeRegister"]["nodes"]
    assert (first["number"], first["status"], first["party"]["name"]) == (
        "004511",
        "cheque.received",
        "Sharma Traders",
    )
    assert first["party"]["cheques"] == [{"number": "004511"}]
    assert second["status"] == "cheque.returned"
    assert [one["eventType"] for one in second["timeline"]["nodes"]] == ["cheque.returned", "cheque.received"]
    for narrowed, expected in (
        ({"status": ["RETURNED"]}, ["004512"]),
        ({"number": "4511"}, ["004511"]),
        ({"until": "2026-11-10"}, ["004512"]),
    ):
        found = (await data(ask, query, f=narrowed))["chequeRegister"]
        assert [one["number"] for one in found["nodes"]] == expected, narrowed
        assert found["totalCount"] == 1


async def test_every_kind_is_found_again_by_its_id(told: Told, ask: Ask) -> None:
    query = """{ receipts { nodes { id } } payouts { nodes { id } } settlements { nodes { id } } bankLines { nodes { id } }
      chequeRegister { nodes { id } } creditNotes { nodes { id } } timeline { nodes { id } } }"""
    found = await data(ask, query)
    kinds = {}
    for name, page in found.items():
        key = page["nodes"][0]["id"]
        node = (await data(ask, "query ($id: ID!) { node(id: $id) { __typename id } }", id=key))["node"]
        assert node["id"] == key
        kinds[name] = node["__typename"]
    assert kinds == {
        "receipts": "Receipt", "payouts": "Payout", "settlements": "Settlement", "bankLines": "BankLine",
        "chequeRegister": "Cheque", "creditNotes": "CreditNote", "timeline": "Event",
    }  # fmt: skip
    for name in ("receipt", "payout", "settlement", "bankLine", "cheque"):
        kind = name[0].upper() + name[1:]
        nobody = global_id(kind, uuid7())
        assert (await data(ask, f"query ($id: ID!) {{ {name}(id: $id) {{ id }} }}", id=nobody)) == {
            name: None
        }
        plural = {"cheque": "chequeRegister"}.get(name, f"{name}s")
        key = found[plural]["nodes"][0]["id"]
        assert (await data(ask, f"query ($id: ID!) {{ {name}(id: $id) {{ id }} }}", id=key)) == {
            name: {"id": key}
        }


async def test_a_sales_rep_sees_his_own_customers_money_and_nothing_of_bank_and_vendors(
    told: Told, ask: Ask
) -> None:
    ids = await data(
        ask,
        "{ receipts { nodes { id amount { minor } } } bankLines { nodes { id } } payouts { nodes { id } } settlements { nodes { id } } }",
    )
    mine = (await data(ask, RECEIPTS, role=Role.SALES))["receipts"]
    assert [one["amount"]["minor"] for one in mine["nodes"]] == [10_000_00]
    assert mine["totalCount"] == 1
    assert (mine["nodes"][0]["seenInBank"], mine["nodes"][0]["settledIn"]) == (None, None)
    for query in (
        "{ payouts { totalCount } }",
        "{ settlements { nodes { id } } }",
        "{ bankLines { totalCount nodes { id } } }",
        "{ bankAccounts { lines } }",
        "{ vendorBills { totalCount } }",
        "{ creditNotes(side: PAYABLE) { totalCount } }",
        "{ deductions(side: PAYABLE) { nodes { kind } } }",
        "{ agingReport(side: PAYABLE) { totalCount } }",
        "{ timeline { nodes { id } } }",
        "{ timeline { totalCount } }",
    ):
        body = await ask(query, role=Role.SALES)
        assert set(codes(body)) == {"permission.denied"}, query
        assert "errors" not in await ask(query, role=Role.VIEW), query
    others = [one["id"] for one in ids["receipts"]["nodes"] if one["amount"]["minor"] != 10_000_00]
    for key in [
        *others,
        *(one["id"] for name in ("bankLines", "payouts", "settlements") for one in ids[name]["nodes"]),
    ]:
        body = await ask("query ($id: ID!) { node(id: $id) { id } }", role=Role.SALES, id=key)
        assert body["data"] == {"node": None}, key
        body = await ask("query ($id: ID!) { timeline(of: $id) { nodes { id } } }", role=Role.SALES, id=key)
        assert set(codes(body)) <= {"row.not_found", "permission.denied"}, key
        assert codes(body), key
    notes = await data(
        ask,
        "{ creditNotes { totalCount } deductions { totalCount } chequeRegister { totalCount } invoices { totalCount nodes { number } } }",
        role=Role.SALES,
    )
    assert (notes["creditNotes"], notes["deductions"], notes["chequeRegister"]) == (
        {"totalCount": 0}, {"totalCount": 0}, {"totalCount": 1},
    )  # fmt: skip
    assert [one["number"] for one in notes["invoices"]["nodes"]] == ["INV-2", "INV-1"]


@pytest.mark.parametrize(
    ("query", "most"),
    [
        (RECEIPTS.replace("query ($filter: ReceiptFilter, $first: Int! = 50, $after: String)", "query").replace(
            "(filter: $filter, first: $first, after: $after)", ""), 15),
        ("{ payouts { nodes { party { name } claims { source } allocations { payable { number } } bankLine { amount { minor } } } } }", 6),
        ("{ bankLines { nodes { receipt { payer } payout { payee } settlement { utr } claims { source } } } }", 5),
        ("{ invoices { nodes { number paidOn entries { kind } dues { number } claims { source } allocations { receipt { method } } } } }", 9),
        ("{ vendorBills { nodes { claims { source } allocations { payout { payee } } entries { kind } } } }", 7),
        ("{ deductions { nodes { kind invoice { number } receipt { method } } } }", 7),
        ("{ creditNotes { nodes { uses { number } } } }", 2),
        ("{ agingReport { totalCount nodes { party { name net { minor } } sums { net { minor } } } } }", 4),
        ("{ parties { nodes { balances { net { minor } } } } }", 6),
        ("{ timeline { nodes { summary readings { number } rewrites { id } delivery { via } } } }", 4),
    ],
)  # fmt: skip
async def test_a_list_costs_as_many_statements_with_one_row_as_with_many(
    query: str, most: int, told: Told, door: Door, owner: Actor
) -> None:
    async def cost() -> int:
        request = Request(door, owner)
        try:
            result = await schema.execute(query, context_value=request)
        finally:
            await request.close()
        assert not result.errors, result.errors
        return request.statements

    before = await cost()
    for n in range(6):
        number, day = f"INV-1{n}", f"2026-10-{n + 11}"
        told.say(
            TALLY, "invoice.issued", number, number=number, party=GUPTA, issued_on=day, amount=1_000_00 + n
        )
        told.say(
            TALLY, "payment.received", f"RX{n}", party=GUPTA, amount=900_00 + n, into="cash", paid_on="2026-11-02",
            settles=[{"number": number, "amount": 1_000_00 + n}], deductions=[{"kind": "tds", "amount": 100_00}],
        )  # fmt: skip
        told.say(
            BANK, "bank.debited", f"LX{n}", kind="bank_line", account="000405004421", posted_on=day, amount=50_00 + n,
            narration=f"NEFT X{n}", references={"utr": [f"UTRMORE000{n}"]},
        )  # fmt: skip
        told.say(
            TALLY, "bill.received", f"BX{n}", number=f"BX{n}", party=TOOLS, issued_on=day, amount=50_00 + n
        )
        told.say(
            TALLY, "payout.processed", f"PX{n}", party=TOOLS, amount=50_00 + n, paid_on=day,
            references={"utr": [f"UTRMORE000{n}"], "bills": [f"BX{n}"]},
        )  # fmt: skip
    await told.settle()
    after = await cost()
    assert after == before <= most, (before, after)
