"""The audit trail over GraphQL, and its export over HTTP."""

from __future__ import annotations

import io
from uuid import UUID
from zipfile import ZipFile

import orjson
import pytest
from httpx import AsyncClient

from kit.errors import Rejected
from ledger.commands import AddMember, CreateToken
from ledger.commands.audit import MakeAuditLink
from ledger.commands.pages import MakePageLink
from ledger.commands.people import ChangeMember, RemoveMember
from ledger.commands.tokens import RevokeToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries.tokens import Tokens
from tests.conftest import SettableClock
from tests.graph.test_api import Ask, ask, client, codes, token  # noqa: F401  fixtures
from tests.ledger.trail import trail

LIST = """
query ($filter: AuditFilterInput, $first: Int!, $after: String, $oldestFirst: Boolean! = false) {
  audit(filter: $filter, first: $first, after: $after, oldestFirst: $oldestFirst) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { sequence at actor actorName action subject partyId entry hash } } }
"""
VERIFY = "query ($full: Boolean!) { auditVerification(full: $full) { holds entries since sequence head brokenAt fault words more } }"
LINK = """
mutation ($form: AuditForm!, $minutes: Int! = 15, $since: Date, $until: Date) {
  makeAuditExportLink(input: {form: $form, validMinutes: $minutes, since: $since, until: $until}) {
    link { id url expiresAt } } }
"""
LINKS = "{ pageLinks { id page opened } }"
REVOKE = "mutation ($id: ID!) { revokePageLinks(linkId: $id) { revoked } }"


async def test_the_trail_is_paged_both_ways_filtered_and_counted(
    ask: Ask,  # noqa: F811
    door: Door,
    owner: Actor,
) -> None:
    meena = await door.execute(AddMember("Meena", "finance"), owner)
    await door.execute(ChangeMember(meena, name="Meena Rao"), owner)
    every = (await ask(LIST, first=200, oldestFirst=True))["data"]["audit"]
    numbers = [node["sequence"] for node in every["nodes"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert every["totalCount"] == len(numbers)
    seen, after = [], None
    while True:
        page = (await ask(LIST, first=2, after=after))["data"]["audit"]
        seen += [node["sequence"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == numbers[::-1]
    changed = await ask(LIST, first=5, filter={"actions": ["member.changed"], "actor": owner.label})
    (node,) = changed["data"]["audit"]["nodes"]
    assert (node["actorName"], node["subject"]) == ("Ramesh", f"member:{meena}")
    assert (node["entry"]["before"]["name"], node["entry"]["after"]["name"]) == ("Meena", "Meena Rao")
    later = await ask(LIST, first=5, filter={"afterSequence": node["sequence"] - 1}, oldestFirst=True)
    assert later["data"]["audit"]["nodes"][0] == node
    nobody = await ask(LIST, first=5, filter={"subject": "member:x", "since": "2026-01-01T00:00:00Z"})
    assert nobody["data"]["audit"]["totalCount"] == 0
    assert codes(await ask(LIST, first=5, filter={"actor": "x" * 300})) == ["audit.filter"]
    assert codes(await ask(LIST, first=5, filter={"since": "2026-01-01T00:00:00"})) != []


async def test_an_entry_names_the_token_through_which_it_came(
    ask: Ask,  # noqa: F811
    client: AsyncClient,  # noqa: F811
    token: str,  # noqa: F811
    door: Door,
    owner: Actor,
) -> None:
    mutation = 'mutation { addMember(input: {name: "Meena", role: "finance"}) { memberId } }'
    await ask(mutation)
    await door.execute(AddMember("Ravi", "sales"), owner)
    query = """query ($actions: [String!]) { me { token { id label } }
      audit(filter: {actions: $actions}, oldestFirst: true) { nodes { tokenId tokenLabel entry } } }"""
    found = (await ask(query, actions=["member.added"]))["data"]
    own = found["me"]["token"]
    through, by_hand = found["audit"]["nodes"][-2:]
    assert (through["tokenId"], through["tokenLabel"]) == (own["id"], own["label"])
    assert through["entry"]["token"] == own["id"]
    assert (by_hand["tokenId"], by_hand["tokenLabel"], by_hand["entry"].get("token")) == (None, None, None)
    view = await door.execute(CreateToken(owner.member_id, "narrow", permissions=("see_receivables",)), owner)
    assert codes(await ask(mutation, bearer=view)) == ["permission.denied"]
    (denied,) = (await ask(query, actions=["denied"]))["data"]["audit"]["nodes"]
    assert (denied["tokenLabel"], denied["entry"]["code"]) == ("narrow", "permission.denied")
    assert (await ask(VERIFY, full=True))["data"]["auditVerification"]["holds"]
    book = await client.get("/export/audit.xlsx", headers={"authorization": f"Bearer {token}"})
    sheets = ZipFile(io.BytesIO(book.content))
    said = "".join(sheets.read(name).decode() for name in sheets.namelist() if name.endswith(".xml"))
    assert "Through token" in said
    assert {f">{label}<" in said for label in (own["label"], "narrow")} == {True}
    assert own["id"] not in said.replace(f"token:{own['id']}", "")


async def test_the_verdict_is_told(ask: Ask, door: Door, owner: Actor) -> None:  # noqa: F811
    await door.execute(AddMember("Meena", "finance"), owner)
    verdict = (await ask(VERIFY, full=True))["data"]["auditVerification"]
    assert (verdict["holds"], verdict["fault"], verdict["words"], verdict["more"]) == (
        True,
        None,
        None,
        False,
    )
    newest = (await ask(LIST, first=1))["data"]["audit"]["nodes"][0]
    assert (verdict["sequence"], verdict["head"]) == (newest["sequence"], newest["hash"])


async def test_the_export_needs_the_right_and_is_noted(
    client: AsyncClient,  # noqa: F811
    token: str,  # noqa: F811
    door: Door,
    owner: Actor,
) -> None:
    await door.execute(AddMember("Meena", "finance"), owner)
    bearer = {"authorization": f"Bearer {token}"}
    answer = await client.get("/export/audit.jsonl", headers=bearer)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "attachment" in answer.headers["content-disposition"]
    head, *entries = map(orjson.loads, answer.content.splitlines())
    assert (head["entries"], head["head"]) == (len(entries), entries[-1]["hash"])
    (noted,) = await trail(door.engine, owner.business_id, "audit.exported")
    assert (noted["actor"], noted["entry"]["form"], noted["entry"]["last"]) == (
        owner.label,
        "jsonl",
        len(entries),
    )
    book = await client.get("/export/audit.xlsx?since=2026-11-01&until=2026-11-30", headers=bearer)
    names = ZipFile(io.BytesIO(book.content)).read("xl/workbook.xml").decode()
    for sheet in (
        "Summary",
        "Transitions",
        "Answers",
        "Mappings",
        "Rules",
        "Sources",
        "Closed periods",
        "Balances",
    ):
        assert f'name="{sheet}' in names
    assert (await client.get("/export/audit.jsonl")).status_code == 401
    assert (await client.get("/export/audit.pdf", headers=bearer)).status_code == 404
    assert (await client.get("/export/audit.jsonl?since=x", headers=bearer)).status_code == 400
    assert (
        await client.get("/export/audit.jsonl?since=2026-02-01&until=2026-01-01", headers=bearer)
    ).status_code == 400
    assert (await client.head("/export/audit.jsonl", headers=bearer)).status_code == 405


async def test_a_link_works_for_a_while_and_dies_with_the_rights_of_its_maker(
    client: AsyncClient,  # noqa: F811
    ask: Ask,  # noqa: F811
    door: Door,
    owner: Actor,
    business: UUID,
    clock: SettableClock,
) -> None:
    path = await _path(ask, form="JSONL")
    assert (await client.get(path)).status_code == 200
    assert (await client.get(path.replace("key=", "key=x"))).status_code == 403
    clock.advance(minutes=14)
    assert (await client.get(path)).status_code == 200
    other = await door.execute(AddMember("Asha", "owner"), owner)
    assert owner.member_id is not None
    await door.execute(RemoveMember(owner.member_id), Actor(business, owner.role, "Asha", member_id=other))
    assert (await client.get(path)).status_code == 403
    clock.advance(minutes=2)
    assert (await client.get(path)).status_code == 403


async def test_a_link_is_good_for_an_hour_at_most(ask: Ask) -> None:  # noqa: F811
    assert codes(await ask(LINK, form="XLSX", minutes=61)) == ["audit.validity"]


async def test_a_link_to_a_month_hands_out_that_month_in_that_form_and_no_more(
    client: AsyncClient,  # noqa: F811
    ask: Ask,  # noqa: F811
) -> None:
    path = await _path(ask, form="JSONL", since="2026-11-01", until="2026-11-30")
    answer = await client.get(path)
    head = orjson.loads(answer.content.splitlines()[0])
    assert (answer.status_code, head["since"], head["until"]) == (200, "2026-11-01", "2026-11-30")
    for wider in (
        f"{path}&since=2025-04-01",
        f"{path}&since=",
        f"{path}&until=2026-12-31",
        path.replace("audit.jsonl", "audit.xlsx"),
    ):
        assert wider != path
        assert (await client.get(wider)).status_code == 403


async def test_a_link_to_a_file_is_one_of_the_kept_links_and_is_taken_back_as_they_are(
    client: AsyncClient,  # noqa: F811
    ask: Ask,  # noqa: F811
    door: Door,
    owner: Actor,
) -> None:
    made = (await ask(LINK, form="XLSX"))["data"]["makeAuditExportLink"]["link"]
    path = made["url"][made["url"].index("/export") :]
    assert (await client.get(path)).status_code == 200
    (listed,) = (await ask(LINKS))["data"]["pageLinks"]
    assert (listed["id"], listed["page"], listed["opened"]) == (made["id"], "AUDIT_XLSX", 1)
    assert (await client.get(f"/v/{path.partition('key=')[2]}")).status_code == 404, "it shows no page"
    (noted,) = await trail(door.engine, owner.business_id, "audit.link_made")
    assert noted["subject"] == f"page_link:{made['id']}"
    assert (await ask(REVOKE, id=made["id"]))["data"]["revokePageLinks"]["revoked"] == 1
    assert (await client.get(path)).status_code == 403
    assert (await ask(LINKS))["data"]["pageLinks"] == []


async def test_a_link_dies_with_the_token_that_made_it_and_with_a_membership_that_ends(
    client: AsyncClient,  # noqa: F811
    ask: Ask,  # noqa: F811
    door: Door,
    owner: Actor,
    business: UUID,
    clock: SettableClock,
) -> None:
    by_token = await _path(ask, form="JSONL")
    (mine,) = [one for one in await door.query(Tokens(), owner) if one.revoked_at is None]
    await door.execute(RevokeToken(mine.id), owner)
    assert (await client.get(by_token)).status_code == 403
    rao = await door.execute(AddMember("CA Rao", "view", until=clock.now.date()), owner)
    accountant = Actor(business, Role.VIEW, "CA Rao", member_id=rao)
    clock.now = clock.now.replace(hour=18, minute=10)
    made = await door.execute(MakeAuditLink("jsonl", valid_minutes=60), accountant)
    path = made.file_url("", "jsonl")
    assert (await client.get(path)).status_code == 200
    clock.advance(minutes=30)  # past midnight in India, and within the hour
    assert (await client.get(path)).status_code == 403


async def test_a_link_hands_out_nothing_once_its_maker_may_take_no_export(
    client: AsyncClient,  # noqa: F811
    door: Door,
    owner: Actor,
    business: UUID,
) -> None:
    meena = await door.execute(AddMember("Meena", "finance"), owner)
    made = await door.execute(MakeAuditLink("jsonl"), Actor(business, Role.FINANCE, "Meena", member_id=meena))
    assert (await client.get(made.file_url("", "jsonl"))).status_code == 200
    await door.execute(ChangeMember(meena, role="sales", crm_owner="meena"), owner)
    refused = await client.get(made.file_url("", "jsonl"))
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["kind"]) == (403, "denied")


async def test_a_person_with_a_dead_link_reads_words_and_a_preview_is_drawn_of_nothing(
    client: AsyncClient,  # noqa: F811
    door: Door,
    owner: Actor,
) -> None:
    dead = "/export/audit.xlsx?key=mun_0_x"
    page = await client.get(dead, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 403
    assert "This link doesn&#39;t work any more." in page.text
    assert "यह लिंक अब नहीं चलता।" in page.text
    made = await door.execute(MakeAuditLink("xlsx"), owner)
    for agent in ("WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)"):
        drawn = await client.get(made.file_url("", "xlsx"), headers={"user-agent": agent})
        assert (drawn.status_code, drawn.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert await trail(door.engine, owner.business_id, "audit.exported") == []


async def test_a_page_isnt_made_of_a_file_and_a_pages_link_hands_out_no_file(
    client: AsyncClient,  # noqa: F811
    ask: Ask,  # noqa: F811
    door: Door,
    owner: Actor,
) -> None:
    refused = await ask("mutation { makePageLink(input: {page: AUDIT_XLSX}) { id } }")
    assert codes(refused) == ["page.unknown"]
    page = await door.execute(MakePageLink("tie_out"), owner)
    assert (await client.get(f"/export/audit.xlsx?key={page.key}")).status_code == 403
    with pytest.raises(Rejected):
        await door.execute(MakeAuditLink("pdf"), owner)


async def _path(ask: Ask, **wish: str) -> str:  # noqa: F811
    made = (await ask(LINK, **wish))["data"]["makeAuditExportLink"]["link"]
    return str(made["url"][made["url"].index("/export") :])
