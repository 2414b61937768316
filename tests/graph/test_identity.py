"""What is missing about parties, ledgers of one PAN and what held when, over GraphQL."""

from __future__ import annotations

from uuid import UUID

from ledger.dispatch import Door
from tests.graph.test_api import Ask, ask, client, codes, token  # noqa: F401  fixtures
from tests.ledger.handlers.test_tie_out import Teller

QUALITY = """
query ($first: Int!, $after: String) { dataQuality(first: $first, after: $after) {
  count parties counts { problem { code } parties } pageInfo { hasNextPage endCursor }
  nodes { partyId name net { minor } problems { code words } oddGstin } } }
"""
GROUPS = "{ partyGroups(first: 5) { count nodes { pan total { minor } members { name net { minor } } } } }"
PARTY = "query ($id: ID!) { node(id: $id) { ... on Party { group { pan } history { name value since source } } } }"


async def test_what_is_missing_and_who_belongs_together(
    ask: Ask,  # noqa: F811
    door: Door,
    business: UUID,
) -> None:
    teller = Teller(door, business)
    tally = "books:tally"
    await teller.tell(
        teller.say(tally, "party.upserted", "a", name="Om Mumbai", gstin="27AAPFU0939F1ZX", terms_days=30),
        teller.say(tally, "party.upserted", "b", name="Om Pune", pan="AAPFU0939F"),
        teller.bill("INV-1", 1_000_00, party={"id": "a", "name": "Om Mumbai"}),
        teller.bill("INV-2", 70_00, party={"id": "b", "name": "Om Pune"}),
    )
    page = (await ask(QUALITY, first=1))["data"]["dataQuality"]
    (node,) = page["nodes"]
    assert (node["name"], node["net"]["minor"], page["count"], page["parties"]) == (
        "Om Mumbai",
        1_000_00,
        2,
        2,
    )
    assert node["oddGstin"].startswith("its last character")
    assert {"code": "no_phone", "words": "no phone number"} in node["problems"]
    assert {"problem": {"code": "no_phone"}, "parties": 2} in page["counts"]
    assert page["pageInfo"]["hasNextPage"] is True
    rest = (await ask(QUALITY, first=1, after=page["pageInfo"]["endCursor"]))["data"]["dataQuality"]
    assert [row["name"] for row in rest["nodes"]] == ["Om Pune"]
    groups = (await ask(GROUPS))["data"]["partyGroups"]
    assert groups == {
        "count": 1,
        "nodes": [
            {
                "pan": "AAPFU0939F",
                "total": {"minor": 1_070_00},
                "members": [
                    {"name": "Om Mumbai", "net": {"minor": 1_000_00}},
                    {"name": "Om Pune", "net": {"minor": 70_00}},
                ],
            }
        ],
    }
    party = (await ask(PARTY, id=node["partyId"]))["data"]["node"]
    assert party["group"] == {"pan": "AAPFU0939F"}
    assert {"name": "terms_days", "value": "30", "since": None, "source": tally} in party["history"]
    assert codes(await ask(QUALITY, first=0)) == ["page.size"]
