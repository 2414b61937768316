"""Can I pay, over GraphQL: asked, told, and refused to sales."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from graph.ids import global_id
from ledger.domain.roles import Role
from tests.graph.test_quarantine import ask  # noqa: F401  the fixture
from tests.ledger.rows import NOW, days_ago, rows_of

AHEAD = """{ cashAhead { opening { minor } whyNot accounts { label balance { minor } until daysOld }
  shortage { on amount { formatted } by { name } } days { first closing { minor } low { minor } bankClosed }
  weeks { last paid { minor } } moves { on kind name about amount { minor } } others { toPay { currency } } } }"""
DUES = "{ recurringDues { dues { id name amount { minor } nextOn months } proposals { key name amount { minor } source } } }"
STATE = "mutation ($i: StateDueInput!) { stateDue(input: $i) { due { id name nextOn until } } }"
END = "mutation ($i: EndDueInput!) { endDue(input: $i) { due { nextOn } } }"
REFUSE = "mutation ($i: RefuseDueInput!) { refuseDue(input: $i) { key } }"
MSMED = "{ msmedInterest { kind total { minor } bills { interest { minor } } rates { percent begins source } rateWantedFrom } }"
SET = "mutation ($i: SetMsmedInput!) { setMsmed(input: $i) { interest { kind activity } } }"
RATE = (
    "mutation ($i: ConfirmBankRateInput!) { confirmBankRate(input: $i) { interest { rates { percent } } } }"
)
MARK = "mutation ($i: MarkVendorInput!) { markVendor(input: $i) { decision { words } } }"
LIMITS = "{ vendorLimits { yearEnd vendors { name } rows { number } disallowed { minor } } }"


async def test_cash_ahead_dues_and_the_law(ask: Any, engine: AsyncEngine, business: UUID) -> None:  # noqa: F811
    async with rows_of(engine, business) as rows:
        await rows.source(
            "bank:icici",
            state={"balance": 50_00, "account": "1", "covered_until": days_ago(1), "last_delivery_at": NOW},
        )
        vendor = await rows.party("Tiny Tools", is_vendor=True)
    due = {"name": "GST", "amount": 45_00_000, "day": 20, "kind": "gst"}
    made = (await ask(STATE, i=due))["data"]["stateDue"]["due"]
    assert (made["name"], made["nextOn"], made["until"]) == ("GST", "2026-11-20", None)
    ahead = (await ask(AHEAD))["data"]["cashAhead"]
    assert (ahead["opening"]["minor"], ahead["whyNot"], len(ahead["days"]), len(ahead["weeks"])) == (
        50_00,
        None,
        14,
        8,
    )
    assert ahead["shortage"] == {"on": "2026-11-20", "amount": {"formatted": "₹44,950"}, "by": []}
    assert ahead["moves"] == [
        {"on": "2026-11-20", "kind": "due", "name": "GST", "about": True, "amount": {"minor": -45_00_000}}
    ]
    found = (await ask(DUES))["data"]["recurringDues"]
    assert [one["id"] for one in found["dues"]] == [made["id"]]
    esi = next(one for one in found["proposals"] if one["name"] == "ESI")
    assert "reg.31" in esi["source"]
    assert (await ask(REFUSE, i={"key": esi["key"]}))["data"]["refuseDue"]["key"] == esi["key"]
    assert "errors" in await ask(END, i={"id": "no id"})
    told = await ask(SET, i={"kind": "small", "activity": "trader", "registeredOn": "2025-01-01"})
    assert told["errors"][0]["extensions"]["code"] == "msmed.trader"
    told = await ask(SET, i={"kind": "small", "activity": "service", "registeredOn": "2025-01-01"})
    assert told["data"]["setMsmed"]["interest"] == {"kind": "small", "activity": "service"}
    rates = (await ask(RATE, i={"hundredths": 525, "begins": "2026-02-06"}))["data"]["confirmBankRate"][
        "interest"
    ]["rates"]
    assert [rate["percent"] for rate in rates][-2:] == ["5.50", "5.25"]
    assert (await ask(MSMED))["data"]["msmedInterest"]["total"]["minor"] == 0
    marked = await ask(MARK, i={"partyId": global_id("Party", vendor), "kind": "micro"})
    assert marked["data"]["markVendor"]["decision"]["words"] == "Vendor marked as a micro enterprise"
    assert (await ask(LIMITS))["data"]["vendorLimits"]["yearEnd"] == "2027-03-31"
    for question in (AHEAD, DUES, MSMED, LIMITS):
        refused = await ask(question, role=Role.SALES)
        assert refused["errors"][0]["extensions"]["code"] == "permission.denied", refused
