"""Documents in every state, the aging report on any day, and the log itself over GraphQL."""

# ruff: noqa: F811  the fixtures of test_money

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.context import Request
from graph.ids import global_id
from graph.schema import schema
from ingest.door import Appender
from kit.database import transaction
from kit.ids import digest, uuid7
from ledger.commands import DrainBusiness
from ledger.commands.tie_out import ClosePeriod
from ledger.commands.workflow import ApproveWriteOff
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Receivables, TotalCount
from ledger.queries.aging import Aging, Balances
from ledger.queries.statement import Statement
from tests.graph.test_money import AT, BANK, GUPTA, TALLY, Ask, Told, ask, codes, data, told  # noqa: F401
from tests.ledger.firms import Firm
from tests.ledger.rows import NOW, TODAY, rows_of

INVOICES = """query ($f: InvoiceFilter, $first: Int! = 50, $after: String, $sort: BillSort! = NEWEST) {
  invoices(filter: $f, first: $first, after: $after, sort: $sort) { totalCount pageInfo { hasNextPage endCursor }
    nodes { number status paidOn entries { on kind amount { minor } } } } }"""


# ---- documents ----------------------------------------------------------------------------------------
async def test_bills_are_found_in_every_state(told: Told, ask: Ask) -> None:
    everything = (await data(ask, INVOICES))["invoices"]
    assert {one["number"]: one["status"] for one in everything["nodes"]} == {
        "INV-1": "invoice.paid", "INV-2": "invoice.issued", "INV-3": "invoice.partially_paid",
        "INV-4": "invoice.issued", "INV-5": "invoice.voided",
    }  # fmt: skip
    assert everything["totalCount"] == 5
    gupta = await told.party("Gupta Steel")
    for narrowed, expected in (
        ({"status": ["PAID", "VOIDED"]}, ["INV-5", "INV-1"]),
        ({"number": "inv-3"}, ["INV-3"]),
        ({"search": "sharma"}, ["INV-2", "INV-1"]),
        ({"partyId": gupta, "since": "2026-11-01", "until": "2026-11-01"}, ["INV-4"]),
        ({"dueUntil": "2026-09-30"}, ["INV-1", "INV-3"]),
        ({"paidSince": "2026-10-05", "paidUntil": "2026-10-05"}, ["INV-1"]),
    ):
        found = (await data(ask, INVOICES, f=narrowed))["invoices"]
        assert [one["number"] for one in found["nodes"]] == expected, narrowed
        assert found["totalCount"] == len(expected), narrowed
    (third,) = (await data(ask, INVOICES, f={"number": "INV-3"}))["invoices"]["nodes"]
    assert [(e["on"], e["kind"], e["amount"]["minor"]) for e in third["entries"]] == [
        ("2026-07-01", "invoice", 7_000_00),
        ("2026-08-05", "credit_note", -1_000_00),
        ("2026-10-20", "deduction", -100_00),
        ("2026-10-20", "receipt", -2_000_00),
    ]
    first = (await data(ask, INVOICES, first=2, sort="AMOUNT"))["invoices"]
    rest = (await data(ask, INVOICES, first=50, sort="AMOUNT", after=first["pageInfo"]["endCursor"]))[
        "invoices"
    ]
    assert [one["number"] for one in [*first["nodes"], *rest["nodes"]]] == [
        "INV-1",
        "INV-3",
        "INV-2",
        "INV-4",
        "INV-5",
    ]


async def test_a_document_is_found_by_its_id_by_who_may_see_it(told: Told, ask: Ask) -> None:
    found = await data(
        ask,
        "{ invoices { nodes { id number } } vendorBills { nodes { id number } } creditNotes { nodes { id number } } }",
    )
    bills, owed, notes = (
        {one["number"]: one["id"] for one in found[name]["nodes"]}
        for name in ("invoices", "vendorBills", "creditNotes")
    )
    query = """query ($i: ID!, $v: ID!, $c: ID!) { invoice(id: $i) { number outstanding { minor } party { name } }
      vendorBill(id: $v) { number } creditNote(id: $c) { number } }"""
    given = {"i": bills["INV-2"], "v": owed["B-1"], "c": notes["CN-1"]}
    assert await data(ask, query, **given) == {
        "invoice": {
            "number": "INV-2",
            "outstanding": {"minor": 5_000_00},
            "party": {"name": "Sharma Traders"},
        },
        "vendorBill": {"number": "B-1"},
        "creditNote": {"number": "CN-1"},
    }
    his = await ask(query, role=Role.SALES, **given)
    assert his["data"] == {"invoice": his["data"]["invoice"], "vendorBill": None, "creditNote": None}
    assert his["data"]["invoice"]["number"] == "INV-2"
    assert "errors" not in his
    assert (await ask(query, role=Role.SALES, **{**given, "i": bills["INV-3"]}))["data"]["invoice"] is None
    wrong = await ask(query, **{**given, "i": owed["B-1"]})
    assert codes(wrong) == ["id.wrong_type"]


async def test_many_documents_by_id_are_one_statement_a_kind(told: Told, door: Door, owner: Actor) -> None:
    for kind, table in (("invoice", "invoices"), ("vendorBill", "payables")):
        rows = await told.rows(f"SELECT id FROM {table} WHERE business_id = $1")
        name = "Invoice" if kind == "invoice" else "Payable"
        spent = []
        for keys in ([rows[0]["id"]], [*(row["id"] for row in rows), *(uuid7() for _ in range(3))]):
            request = Request(door, owner)
            fields = " ".join(
                f'a{n}: {kind}(id: "{global_id(name, key)}") {{ number }}' for n, key in enumerate(keys)
            )
            result = await schema.execute(f"{{ {fields} }}", context_value=request)
            await request.close()
            assert not result.errors
            spent.append(request.statements)
        assert spent[0] == spent[1]


async def test_credit_notes_and_deductions_name_their_bills_and_money(told: Told, ask: Ask) -> None:
    told.say(TALLY, "credit_note.issued", "DN-1", number="DN-1", party={"id": "v", "name": "Tiny Tools"},
             issued_on="2026-11-05", amount=200_00, side="payable", references={"bills": ["B-1"]})  # fmt: skip
    told.say(
        TALLY,
        "credit_note.issued",
        "CN-2",
        number="CN-2",
        party=GUPTA,
        issued_on="2026-11-10",
        amount=50_000_00,
    )
    await told.settle()
    notes = """{ creditNotes { totalCount nodes { number side voided amount { minor } unused { minor } party { name }
      uses { number on amount { minor } invoice { number } payable { number } } timeline { nodes { eventType } } } }
      unused: creditNotes(filter: {unusedOnly: true}) { totalCount nodes { number } }
      debit: creditNotes(side: PAYABLE) { totalCount nodes { number amount { minor } uses { payable { number } } } } }"""
    found = await data(ask, notes)
    used = found["creditNotes"]["nodes"][1]
    assert (used["number"], used["amount"]["minor"], used["unused"]["minor"]) == ("CN-1", 1_000_00, 0)
    assert used["uses"] == [
        {
            "number": "INV-3",
            "on": "2026-08-05",
            "amount": {"minor": 1_000_00},
            "invoice": {"number": "INV-3"},
            "payable": None,
        }
    ]
    assert [one["eventType"] for one in used["timeline"]["nodes"]] == ["credit_note.issued"]
    assert found["unused"] == {"totalCount": 1, "nodes": [{"number": "CN-2"}]}
    assert found["debit"]["nodes"] == [
        {"number": "DN-1", "amount": {"minor": 200_00}, "uses": [{"payable": {"number": "B-1"}}]}
    ]
    cuts = """query ($f: DeductionFilter) { deductions(filter: $f) { totalCount nodes { kind on why amount { minor }
      party { name } invoice { number } receipt { amount { minor } } payable { number } payout { payee } } } }"""
    assert (await data(ask, cuts))["deductions"] == {
        "totalCount": 1,
        "nodes": [
            {
                "kind": "tds",
                "on": "2026-10-20",
                "why": "stated",
                "amount": {"minor": 100_00},
                "party": {"name": "Gupta Steel"},
                "invoice": {"number": "INV-3"},
                "receipt": {"amount": {"minor": 2_000_00}},
                "payable": None,
                "payout": None,
            }
        ],
    }
    assert (await data(ask, cuts, f={"kinds": ["round_off"]}))["deductions"]["totalCount"] == 0


async def test_what_a_person_lets_go_is_a_deduction_too(told: Told, ask: Ask) -> None:
    (bill,) = await told.rows("SELECT id FROM invoices WHERE business_id = $1 AND number = 'INV-4'")
    await told.door.execute(ApproveWriteOff(bill["id"], 900_00), told.owner)
    await told.settle()
    found = await data(
        ask, "{ deductions { nodes { kind why amount { minor } receipt { id } invoice { number status } } } }"
    )
    assert found["deductions"]["nodes"][0] == {
        "kind": "write_off", "why": "decided", "amount": {"minor": 900_00}, "receipt": None,
        "invoice": {"number": "INV-4", "status": "invoice.written_off"},
    }  # fmt: skip


# ---- aging --------------------------------------------------------------------------------------------
AGING = """query ($asOf: Date, $knownAt: DateTime, $days: [Int!], $basis: AgingBasis! = DUE_DATE, $sort: AgingSort! = OVERDUE,
    $first: Int! = 50, $after: String, $party: ID, $side: Side! = RECEIVABLE) {
  agingReport(asOf: $asOf, knownAt: $knownAt, days: $days, basis: $basis, sort: $sort, first: $first, after: $after,
      partyId: $party, side: $side) {
    totalCount asOf signedUntil pageInfo { hasNextPage endCursor }
    nodes { partyName oldestDays sums { ...S } } totals { ...S } } }
  fragment S on AgedSum { currency bills { minor } notDue { minor } undated { minor } overdue { minor }
    buckets { low high amount { minor } } onAccount { minor } net { minor } }"""


def figures(sums: Any) -> tuple[int, ...]:
    """Bills, not due, undated, the buckets, on account, in rupees."""
    return (
        *(sums[name]["minor"] // 100 for name in ("bills", "notDue", "undated")),
        *(one["amount"]["minor"] // 100 for one in sums["buckets"]),
        sums["onAccount"]["minor"] // 100,
    )


async def test_open_bills_stand_by_age_and_party_on_any_day(told: Told, ask: Ask) -> None:
    now = (await data(ask, AGING))["agingReport"]
    rows = {row["partyName"]: figures(row["sums"]) for row in now["nodes"]}
    assert rows == {
        # INV-3 3,900 of 31 July, 112 days; INV-4 900 without a day
        "Gupta Steel": (4_800, 0, 900, 0, 0, 0, 3_900, 0),
        "Sharma Traders": (5_000, 0, 0, 5_000, 0, 0, 0, 0),
    }
    assert now["totalCount"] == 2
    assert [row["oldestDays"] for row in now["nodes"]] == [10, 112]
    assert figures(now["totals"][0]) == (9_800, 0, 900, 5_000, 0, 0, 3_900, 0)
    assert [(one["low"], one["high"]) for one in now["totals"][0]["buckets"]] == [
        (1, 30),
        (31, 60),
        (61, 90),
        (91, None),
    ]
    earlier = (await data(ask, AGING, asOf="2026-10-01"))["agingReport"]
    assert {row["partyName"]: figures(row["sums"]) for row in earlier["nodes"]} == {
        "Sharma Traders": (10_000, 0, 0, 10_000, 0, 0, 0, 0),
        "Gupta Steel": (6_000, 0, 0, 0, 0, 6_000, 0, 0),
    }
    by_bill = (await data(ask, AGING, basis="BILL_DATE", days=[15, 45]))["agingReport"]
    assert figures(by_bill["totals"][0]) == (9_800, 0, 0, 0, 5_900, 3_900, 0)[:0] + figures(
        by_bill["totals"][0]
    )
    assert sum(one["amount"]["minor"] for one in by_bill["totals"][0]["buckets"]) == 9_800_00
    assert (await data(ask, AGING, asOf="2026-06-01"))["agingReport"]["nodes"] == []
    unknown = (await data(ask, AGING, knownAt="2026-11-01T00:00:00+05:30"))["agingReport"]
    assert unknown["nodes"] == [], "before it was told, nothing was known"
    payable = (await data(ask, AGING, side="PAYABLE"))["agingReport"]
    assert figures(payable["totals"][0]) == (2_000, 0, 0, 2_000, 0, 0, 0, 0)


async def test_the_report_is_paged_in_each_order_and_narrowed(told: Told, ask: Ask) -> None:
    for sort, expected in (
        ("OVERDUE", ["Sharma Traders", "Gupta Steel"]),
        ("NET", ["Sharma Traders", "Gupta Steel"]),
        ("NAME", ["Gupta Steel", "Sharma Traders"]),
    ):
        first = (await data(ask, AGING, sort=sort, first=1))["agingReport"]
        rest = (await data(ask, AGING, sort=sort, first=1, after=first["pageInfo"]["endCursor"]))[
            "agingReport"
        ]
        assert [row["partyName"] for row in [*first["nodes"], *rest["nodes"]]] == expected
        assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
        assert first["totals"] == rest["totals"]
    gupta = await told.party("Gupta Steel")
    assert [row["partyName"] for row in (await data(ask, AGING, party=gupta))["agingReport"]["nodes"]] == [
        "Gupta Steel"
    ]
    ravi = (await data(ask, AGING, role=Role.SALES))["agingReport"]
    assert [row["partyName"] for row in ravi["nodes"]] == ["Sharma Traders"]
    assert figures(ravi["totals"][0])[0] == 5_000
    for wrong in ([], [30, 30], [0, 5], [60, 30], [9_999], [1, 2, 3, 4, 5, 6, 7, 8, 9]):
        assert codes(await ask(AGING, days=wrong)) == ["aging.days"], wrong


async def test_a_closed_day_stands_as_it_was_signed(
    told: Told,
    ask: Ask,
    door: Door,
    owner: Actor,
    clock: Any,
) -> None:
    before = (await data(ask, AGING, asOf="2026-10-31"))["agingReport"]
    assert before["signedUntil"] is None
    clock.advance(minutes=5)
    await door.execute(ClosePeriod(date(2026, 10, 31), "October"), owner)
    clock.advance(days=1)
    told.say(
        TALLY,
        "invoice.issued",
        "INV-LATE",
        number="INV-LATE",
        party=GUPTA,
        issued_on="2026-10-02",
        amount=77_00,
    )
    await told.settle()
    signed = (await data(ask, AGING, asOf="2026-10-31"))["agingReport"]
    assert signed["signedUntil"] == "2026-10-31"
    assert signed["totals"] == before["totals"]
    now = clock.now.isoformat()
    known = (await data(ask, AGING, asOf="2026-10-31", knownAt=now))["agingReport"]
    assert figures(known["totals"][0])[0] == figures(before["totals"][0])[0] + 77
    gupta = await told.party("Gupta Steel")
    query = "query ($p: ID!, $d: Date, $k: DateTime) { balances(partyId: $p, asOf: $d, knownAt: $k) { side net { minor } signedUntil } }"
    assert (await data(ask, query, p=gupta, d="2026-10-31"))["balances"] == [
        {"side": "receivable", "net": {"minor": 3_900_00}, "signedUntil": "2026-10-31"}
    ]
    assert (await data(ask, query, p=gupta, d="2026-10-31", k=now))["balances"][0]["net"] == {
        "minor": 3_977_00
    }
    body = await ask(query, role=Role.SALES, p=gupta)
    assert codes(body) == ["party.not_found"]


@pytest.mark.parametrize("seed", range(8))
async def test_in_any_firm_the_report_the_balances_and_the_accounts_agree(
    seed: int, door: Door, engine: AsyncEngine, owner: Actor, clock: Any
) -> None:
    appender = Appender(engine)
    for one in Firm(owner.business_id, seed).build(60):
        await appender.append(one)
    while (await door.execute(DrainBusiness(), system(owner.business_id, "drainer"))).more:
        clock.advance(seconds=1)
    async with transaction(engine, [owner.business_id]) as tx:
        parties = [
            row["id"]
            for row in await tx.fetch("SELECT id FROM parties WHERE business_id = $1", owner.business_id)
        ]
    for day in (None, TODAY, TODAY - timedelta(days=60), date(2026, 7, 1)):
        stood = await door.query(Balances(day, None, tuple(parties)), owner)
        for side in ("receivable", "payable"):
            report = await door.query(Aging(side=side, first=200, as_of=day), owner)
            assert await door.query(TotalCount(Aging(side=side, as_of=day)), owner) == len(report.rows)
            for row in report.rows:
                sums = row.sums
                assert sums.bills == sums.not_due + sums.undated + sum(sums.buckets)
            for total in report.totals:
                mine = [row.sums for row in report.rows if row.sums.currency == total.currency]
                assert (total.bills, total.on_account) == (
                    sum(one.bills for one in mine),
                    sum(one.on_account for one in mine),
                )
            nets = {
                (row.party_id, row.sums.currency): (row.sums.bills, row.sums.on_account)
                for row in report.rows
            }
            balances = {
                (party, one.currency): (one.bills, one.on_account)
                for party, rows in stood.items()
                for one in rows
                if one.side == side
            }
            assert nets == balances, (day, side)
        for party in parties:
            account = await door.query(Statement(party, until=day), owner)
            closing = {(one.side, one.currency): one.closing for one in account.accounts if one.closing}
            ours = {
                (one.side, one.currency): one.net if one.side == "receivable" else -one.net
                for one in stood[party]
                if one.net
            }
            assert ours == closing, (party, day)
    open_now = await door.query(Receivables(first=200), owner)
    report = await door.query(Aging(first=200), owner)
    assert sum(bill.outstanding for bill in open_now.rows) == sum(total.bills for total in report.totals)


# ---- the log ------------------------------------------------------------------------------------------
LOG = """query ($of: ID, $f: TimelineFilter, $first: Int! = 50, $after: String) {
  timeline(of: $of, filter: $f, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id at
    precision knownAt eventType source sourceEventId kind externalId word flag summary amount { minor } digest deliveryDigest
    delivery { digest via receivedAt } readings { number normaliserVersion eventType } rewrites { id flag } } } }"""


async def test_the_log_is_told_of_anything_and_narrowed(told: Told, ask: Ask) -> None:
    gupta = await told.party("Gupta Steel")
    of = (await data(ask, '{ invoices(filter: {number: "INV-5"}) { nodes { id } } }'))["invoices"]["nodes"][
        0
    ]["id"]
    bill = (await data(ask, LOG, of=of))["timeline"]
    assert [one["eventType"] for one in bill["nodes"]] == ["invoice.voided", "invoice.issued"]
    assert bill["totalCount"] == 2
    event = bill["nodes"][0]
    assert event["deliveryDigest"] == event["delivery"]["digest"]
    assert (event["delivery"]["via"], event["source"], event["kind"], event["externalId"]) == (
        "webhook", TALLY, "invoice", "INV-5",
    )  # fmt: skip
    party = (await data(ask, LOG, of=gupta))["timeline"]
    assert party["totalCount"] == len(party["nodes"]) == 6
    for narrowed, expected in (
        ({"types": ["invoice.voided"]}, 1),
        ({"sources": [TALLY]}, 6),
        ({"sources": [BANK]}, 0),
        ({"since": (AT + timedelta(days=1)).isoformat()}, 1),
        ({"until": (AT + timedelta(days=1)).isoformat()}, 5),
    ):
        found = (await data(ask, LOG, of=gupta, f=narrowed))["timeline"]
        assert found["totalCount"] == len(found["nodes"]) == expected, narrowed
    whole = (await data(ask, LOG))["timeline"]
    assert whole["totalCount"] == 16
    seen: list[str] = []
    after = None
    while True:
        page = (await data(ask, LOG, first=5, after=after))["timeline"]
        seen += [one["id"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [one["id"] for one in whole["nodes"]]
    bank = (await data(ask, LOG, f={"sources": [BANK], "types": ["bank.debited"]}))["timeline"]
    assert [one["externalId"] for one in bank["nodes"]] == ["L-3"]
    assert codes(await ask(LOG, f={"since": "2026-01-01T00:00:00"})) == ["time.naive"]
    assert set(codes(await ask(LOG, f={"types": ["x"] * 21}))) == {"filter.too_many"}
    conflict = base64.b64encode(f"Conflict:{uuid7()}".encode()).decode()
    assert codes(await ask(LOG, of=conflict)) == ["id.wrong_type"]


async def test_an_event_shows_how_it_was_read_and_what_else_came_under_its_id(
    told: Told,
    ask: Ask,
    engine: AsyncEngine,
    owner: Actor,
) -> None:
    said = told.say(TALLY, "invoice.issued", "INV-9", number="INV-9", party=GUPTA, issued_on="2026-11-03", amount=1_00,
                    event_id="same", at=AT)  # fmt: skip
    told.say(TALLY, "invoice.issued", "INV-9", number="INV-9", party=GUPTA, issued_on="2026-11-03", amount=2_00,
             event_id="same", at=AT)  # fmt: skip
    await told.settle()
    rows = await told.rows(
        "SELECT * FROM external_events WHERE business_id = $1 AND source_event_id = 'same'",
    )
    (first,) = rows
    async with rows_of(engine, owner.business_id) as raw:
        await raw.put(
            "interpretations", event_id=first["id"], number=1, normaliser_version="7", mapping_version="3",
            source=TALLY, source_event_id="same", event_type="invoice.revised", schema_version="1", kind="invoice",
            external_id="INV-9", normalised=orjson.dumps({"number": "INV-9", "amount": 3_00, "currency": "INR"}).decode(),
            occurred_at=AT, precision="day", sequence=0, digest=digest(b"again"), subject=first["subject"], made_at=NOW,
        )  # fmt: skip
    of = (await data(ask, '{ invoices(filter: {number: "INV-9"}) { nodes { id } } }'))["invoices"]["nodes"][
        0
    ]["id"]
    events = (await data(ask, LOG, of=of))["timeline"]["nodes"]
    rewrite = next(one for one in events if one["flag"] == "rewritten")
    read = next(one for one in events if one["flag"] != "rewritten")
    assert (read["eventType"], read["precision"], read["amount"]) == (
        "invoice.revised",
        "day",
        {"minor": 3_00},
    )
    assert read["readings"] == [{"number": 1, "normaliserVersion": "7", "eventType": "invoice.revised"}]
    assert read["rewrites"] == [{"id": rewrite["id"], "flag": "rewritten"}]
    assert rewrite["rewrites"] == []
    again = (await data(ask, LOG, of=of, f={"types": ["invoice.revised"]}))["timeline"]
    assert [one["id"] for one in again["nodes"]] == [read["id"]], (
        "the reading in force is what is narrowed by"
    )
    body = """query ($id: ID!) { node(id: $id) { ... on Event { data rawBody { size text base64 headers { name } } } } }"""
    raw_body = (await data(ask, body, id=read["id"]))["node"]
    assert raw_body["rawBody"]["text"].encode() == said.body
    assert raw_body["data"]["amount"] == 3_00


RAW = "query ($id: ID!, $o: Int! = 0, $n: Int! = 65536) { node(id: $id) { ... on Event { data rawBody(offset: $o, length: $n) { size offset length text base64 } } } }"


async def test_raw_bodies_are_for_who_may_export_the_trail_byte_for_byte(
    told: Told,
    ask: Ask,
    engine: AsyncEngine,
    owner: Actor,
) -> None:
    odd = bytes(range(256))
    said = told.say(TALLY, "invoice.issued", "INV-8", number="INV-8", party={"id": "s", "name": "Sharma Traders"},
                    issued_on="2026-11-04", amount=5_00)  # fmt: skip
    told.log[-1] = replace(said, body=odd, digest=digest(odd), headers={"x-kept": "1"})
    await told.settle()
    of = (await data(ask, '{ invoices(filter: {number: "INV-8"}) { nodes { id } } }'))["invoices"]["nodes"][
        0
    ]["id"]
    event = (await data(ask, LOG, of=of))["timeline"]["nodes"][0]["id"]
    for role in (Role.OWNER, Role.FINANCE, Role.VIEW):
        found = (await data(ask, RAW, role=role, id=event))["node"]["rawBody"]
        assert (found["size"], found["length"], found["text"]) == (256, 256, None)
        assert base64.b64decode(found["base64"]) == odd
    part = (await data(ask, RAW, id=event, o=65, n=26))["node"]["rawBody"]
    assert (part["text"], part["offset"], part["size"]) == ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 65, 256)
    refused = await ask(RAW, role=Role.SALES, id=event)
    assert codes(refused) == ["permission.denied"]
    assert refused["data"]["node"] == {"data": None, "rawBody": None}
    for offset, length in ((-1, 5), (0, 0), (0, 262_145)):
        assert codes(await ask(RAW, id=event, o=offset, n=length)) == ["body.part"]
    others = await told.rows(
        "SELECT id FROM external_events WHERE business_id = $1 AND external_id = 'INV-3'"
    )
    hidden = base64.b64encode(f"Event:{others[0]['id']}".encode()).decode()
    assert (await ask(RAW, role=Role.SALES, id=hidden))["data"] == {"node": None}
    bank = await told.rows("SELECT id FROM external_events WHERE business_id = $1 AND external_id = 'L-1'")
    hidden = base64.b64encode(f"Event:{bank[0]['id']}".encode()).decode()
    assert (await ask(RAW, role=Role.SALES, id=hidden))["data"] == {"node": None}


async def test_many_raw_bodies_cost_too_much_to_be_asked_at_once(told: Told, ask: Ask) -> None:
    body = await ask("{ timeline(first: 200) { nodes { rawBody { size } } } }")
    assert set(codes(body)) == {"limit.cost"}
    assert "errors" not in await ask("{ timeline(first: 20) { nodes { rawBody { size } } } }")
