"""The tie-out and closed periods over GraphQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.dispatch import Door
from tests.graph.test_api import Ask, ask, client, codes, token  # noqa: F401  fixtures
from tests.ledger.handlers.test_tie_out import Teller

ROWS = """
query ($asOn: Date, $first: Int!, $after: String) { tieOut(asOn: $asOn, first: $first, after: $after) {
  asOn signedUntil ties pageInfo { hasNextPage endCursor }
  totals { side parties apart difference { minor } words } books { source label statedOn }
  nodes { partyName ours { minor } books { minor } difference { formatted } words lines { kind count amount { minor } }
          entries { kind number on ours { minor } books { minor } } further } } }
"""
CLOSE = """
mutation ($until: Date!, $note: String!) { closePeriod(input: {until: $until, note: $note}) {
  ... on ClosePeriodPayload { period { until closedBy note receivable { minor } changes } }
  ... on Outcome { code } } }
"""
REOPEN = """mutation ($until: Date!) { reopenPeriod(input: {until: $until}) {
  ... on ReopenPeriodPayload { until } ... on Outcome { code } } }"""
PERIODS = "{ closedPeriods { until changes } tieOutDays { on } }"
LATE = """
query ($until: Date!) { afterClosing(until: $until) { period { until } nodes { kind number on amount { minor } } } }
"""


async def test_the_difference_is_named_and_paged(ask: Ask, door: Door, business: UUID) -> None:  # noqa: F811
    teller = Teller(door, business)
    await teller.tell(
        teller.bill("INV-1", 1_000_00),
        teller.bill("INV-2", 70_00, source="crm:hubspot", party={"id": "x", "name": "Om Sai"}),
        teller.states(1_500_00, "2026-11-19"),
    )
    body = await ask(ROWS, first=1)
    page = body["data"]["tieOut"]
    (node,) = page["nodes"]
    assert (node["partyName"], node["difference"]["formatted"]) == ("Sharma Traders", "₹500")
    assert node["words"] == "not explained ₹500"
    assert (page["ties"], page["asOn"], page["pageInfo"]["hasNextPage"]) == (False, "2026-11-20", True)
    assert page["totals"][0]["apart"] == 2
    assert page["books"] == [{"source": "books:tally", "label": "books:tally", "statedOn": "2026-11-19"}]
    body = await ask(ROWS, first=1, after=page["pageInfo"]["endCursor"])
    (node,) = body["data"]["tieOut"]["nodes"]
    assert node["entries"] == [
        {"kind": "bill.not_in_books", "number": "INV-2", "on": "2026-09-01", "ours": {"minor": 70_00}, "books": {"minor": 0}}
    ]  # fmt: skip
    assert codes(await ask(ROWS, first=0)) == ["page.size"]


async def test_a_period_is_closed_listed_and_opened_again(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
) -> None:
    teller = Teller(door, business)
    await teller.tell(teller.bill("INV-1", 1_000_00))
    closed = await ask(CLOSE, until="2026-10-31", note="filed")
    period = closed["data"]["closePeriod"]["period"]
    assert (period["receivable"], period["changes"], period["note"]) == ({"minor": 1_000_00}, 0, "filed")
    await teller.tell(teller.bill("INV-2", 30_00))
    body: Any = await ask(ROWS, asOn="2026-10-31", first=5)
    assert body["data"]["tieOut"]["signedUntil"] == "2026-10-31"
    assert [node["ours"]["minor"] for node in body["data"]["tieOut"]["nodes"]] == [1_000_00]
    late = await ask(LATE, until="2026-10-31")
    assert late["data"]["afterClosing"]["nodes"] == [
        {"kind": "bill", "number": "INV-2", "on": "2026-09-01", "amount": {"minor": 30_00}}
    ]
    assert (await ask(PERIODS))["data"] == {
        "closedPeriods": [{"until": "2026-10-31", "changes": 1}],
        "tieOutDays": [],
    }
    again = await ask(CLOSE, until="2026-10-31", note="again")
    assert again["data"]["closePeriod"] == {"code": "period.closed"}
    assert (await ask(REOPEN, until="2026-10-31"))["data"]["reopenPeriod"] == {"until": "2026-10-31"}
    late_by_one = await ask(REOPEN, until="2026-10-31")
    assert late_by_one["data"]["reopenPeriod"] == {"code": "period.not_closed"}
    assert (await ask(PERIODS))["data"]["closedPeriods"] == []
