"""What chat and command line can, told over GraphQL: the people, the firm, what one sets for oneself, customers, files."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.graph.test_workflow import Office, office, quoted  # noqa: F401  fixture

STATEMENT = Path(__file__).parents[1] / "connectors" / "cases" / "bank" / "axis_retail.csv"


async def told(office: Office, call: str, actor: Any = None, **variables: Any) -> Any:  # noqa: F811
    """Say a mutation and return what it answers."""
    body = await office.ask(call, actor, **variables)
    assert "errors" not in body, body
    (answer,) = body["data"].values()
    return answer


async def refused(office: Office, call: str, actor: Any = None) -> str:  # noqa: F811
    """Say a mutation that fails and return the code."""
    (error,) = (await office.ask(call, actor))["errors"]
    return str(error["extensions"]["code"])


async def test_people_come_change_and_go(office: Office) -> None:  # noqa: F811
    add = 'mutation { addMember(input: {name: "Meera", role: "view", language: "hi", until: "2027-03-31"}) { memberId } }'
    assert await refused(office, add, office.sunita) == "permission.denied"
    member = quoted((await told(office, add))["memberId"])
    code = await told(office, f"mutation {{ createLinkCode(memberId: {member}) {{ code link }} }}")
    assert len(code["code"]) >= 8
    change = (
        f'mutation {{ changeMember(input: {{memberId: {member}, role: "finance"}}) {{ name role active }} }}'
    )
    assert await told(office, change) == {"name": "Meera", "role": "finance", "active": True}
    limit = f'mutation {{ limitMembership(memberId: {member}, until: "2026-12-31") {{ active }} }}'
    assert (await told(office, limit))["active"]
    remove = f"mutation {{ removeMember(memberId: {member}) {{ active }} }}"
    assert await told(office, remove) == {"active": False}
    assert await refused(office, change) == "member.unknown"


async def test_a_member_sets_what_is_his(office: Office) -> None:  # noqa: F811
    all_of_it = "{ language digestAt eveningAt picture quietFrom quietUntil alerts { kind on } }"
    one = await told(office, f'mutation {{ setLanguage(language: "hi") {all_of_it} }}', office.ravi)
    assert one["language"] == "hi"
    assert (await told(office, f'mutation {{ setDigestHour(at: "07:15:00") {all_of_it} }}', office.ravi))[
        "digestAt"
    ] == "07:15:00"
    assert (await told(office, f"mutation {{ setDigestHour {all_of_it} }}", office.ravi))["digestAt"] is None
    assert (await told(office, f'mutation {{ setEveningHour(at: "19:00:00") {all_of_it} }}'))[
        "eveningAt"
    ] == "19:00:00"
    assert (await told(office, f'mutation {{ setPicture(theme: "dark") {all_of_it} }}'))["picture"] == "dark"
    quiet = await told(
        office, f'mutation {{ setQuietHours(start: "21:00:00", until: "07:00:00") {all_of_it} }}'
    )
    assert (quiet["quietFrom"], quiet["quietUntil"]) == ("21:00:00", "07:00:00")
    kind = quiet["alerts"][0]["kind"]
    off = await told(office, f'mutation {{ switchAlert(kind: "{kind}", on: false) {all_of_it} }}')
    assert {"kind": kind, "on": False} in off["alerts"]
    assert (
        await refused(office, 'mutation { switchAlert(kind: "gossip", on: true) { language } }')
        == "settings.alert"
    )


async def test_the_firm_is_changed_by_its_owner(office: Office) -> None:  # noqa: F811
    change = """mutation ($input: ChangeFirmInput!) { changeFirm(input: $input) {
      name address gstin roundOffLimit { minor } holidays } }"""
    given = {
        "name": "Kaveri Traders",
        "address": "12 MG Road\n\n Pune  411001 ",
        "gstin": "27AAPFU0939F1ZV",
        "roundOffLimit": 500,
        "holidays": ["2027-01-26", "2026-12-25"],
    }
    now = {
        "name": "Kaveri Traders",
        "address": "12 MG Road\nPune 411001",
        "gstin": "27AAPFU0939F1ZV",
        "roundOffLimit": {"minor": 500},
        "holidays": ["2026-12-25", "2027-01-26"],
    }
    assert await told(office, change, input=given) == now
    assert await told(office, change, input={"gstin": ""}) == {**now, "gstin": None}
    body = await office.ask(change, office.sunita, input=given)
    assert body["errors"][0]["extensions"]["code"] == "permission.denied"
    pay = 'mutation { setPaymentDetails(input: {upiId: "kaveri@okicici", payee: "Kaveri"}) { upiId payee payable } }'
    assert await told(office, pay) == {"upiId": "kaveri@okicici", "payee": "Kaveri", "payable": True}
    rows = await office.firm.rows(
        "SELECT entry::text AS entry FROM audit WHERE business_id = $1 AND action = 'firm.changed'"
    )
    assert len(rows) == 2
    assert "MG Road" not in rows[0]["entry"]


async def test_bills_are_looked_at_again_when_the_rounding_limit_changes(office: Office) -> None:  # noqa: F811
    waiting = """SELECT i.number FROM pending p JOIN invoices i ON i.business_id = p.business_id AND i.anchor = p.subject
      WHERE p.business_id = $1 ORDER BY i.number"""
    await told(office, 'mutation { changeFirm(input: {address: "Pune"}) { name } }')
    assert await office.firm.rows(waiting) == []
    await told(office, "mutation { changeFirm(input: {roundOffLimit: 500}) { name } }")
    assert [row["number"] for row in await office.firm.rows(waiting)] == ["INV-102", "INV-107"]
    await office.firm.settle()
    assert await office.firm.rows(waiting) == []


async def test_what_is_told_of_a_customer(office: Office) -> None:  # noqa: F811
    party = await office.party()
    promise = (
        f'mutation {{ makePromise(partyId: {party}, on: "2026-11-25", amount: 100000) {{ name promiseOn }} }}'
    )
    assert await told(office, promise, office.ravi) == {"name": "Sharma Traders", "promiseOn": "2026-11-25"}
    hold = f'mutation {{ holdGoods(partyId: {party}, note: "no more") {{ __typename ... on Outcome {{ code }} }} }}'
    assert (await told(office, hold))["__typename"] == "Decision"
    assert (await told(office, hold))["code"] == "decision.taken"
    await office.firm.settle()
    assert (await told(office, hold))["code"] == "goods.said"
    assert await refused(office, hold, office.ravi) == "permission.denied"
    release = f"mutation {{ releaseGoods(partyId: {party}, upTo: 500000) {{ __typename }} }}"
    await office.firm.settle()
    assert (await told(office, release))["__typename"] == "Decision"
    remind = f"""mutation ($over: [String!]) {{ prepareReminder(partyId: {party}, overrule: $over) {{
      __typename ... on Outcome {{ code }} ... on PrepareReminderPayload {{ payPage asked {{ minor }} party {{ name }} }} }} }}"""
    await office.firm.settle()
    held = await told(office, remind)
    assert (held["__typename"], held["code"]) == ("ReminderHeld", "reminder.held")
    log = f'mutation {{ logReminder(partyId: {party}, amount: 100, overruled: ["promise"]) {{ type }} }}'
    assert await told(office, log) == {"type": "reminder.sent"}


async def test_something_is_kept_and_belongs_to_a_customer(office: Office) -> None:  # noqa: F811
    keep = "mutation ($input: KeepAttachmentInput!) { keepAttachment(input: $input) { attachment } }"
    given = {"filename": "slip.jpg", "mediaType": "image/jpeg", "content": b64encode(b"a slip").decode()}
    name = (await told(office, keep, input=given))["attachment"]
    attach = f'mutation {{ attachToParty(partyId: {await office.party()}, attachment: "{name}") {{ __typename ... on Outcome {{ code }} }} }}'
    assert (await told(office, attach))["__typename"] == "Decision"
    assert (await told(office, attach))["code"] == "attachment.kept"
    body = await office.ask(keep, input={**given, "content": "no base64!"})
    told_of = body["errors"][0]["extensions"]
    assert (told_of["code"], told_of["field"]) == ("content.base64", "input.content")


async def test_a_file_is_imported_once_small_or_large(office: Office) -> None:  # noqa: F811
    call = """mutation ($input: ImportFileInput!) { importFile(input: $input) { source added known unreadableCount } }"""
    body = STATEMENT.read_bytes()
    first = await told(office, call, input={"filename": "axis.csv", "content": b64encode(body).decode()})
    assert first["added"] > 0
    await office.firm.settle()
    auth = {"authorization": f"Bearer {office._tokens[office.firm.owner.member_id]}"}  # type: ignore[index]
    octets = {**auth, "content-type": "application/octet-stream"}
    client = office._client
    again = (await client.post("/files?filename=axis.csv", content=body, headers=octets)).json()["data"]
    assert (again["source"], again["added"], again["known"]) == (first["source"], 0, first["added"])
    sent = await office.firm.rows(
        "SELECT actor, entry FROM audit WHERE business_id = $1 AND action = 'file.sent'"
    )
    assert [(row["actor"], row["entry"]["sha256"]) for row in sent] == [
        (office.firm.owner.label, sha256(body).hexdigest())
    ] * 2
    kept = await client.post(
        "/attachments?filename=a.jpg", content=b"x", headers={**auth, "content-type": "image/jpeg"}
    )
    assert len(kept.json()["data"]["attachment"]) == 64
    for headers, path, status, code in (
        ({"content-type": "text/csv"}, "/files?filename=a.csv", 401, "token.missing"),
        (octets, "/files", 400, "file.name"),
        ({**auth, "content-type": "text/plain"}, "/files?filename=a.csv", 400, "request.content_type"),
        (octets, "/files?filename=a.csv&source=bank:none", 404, "source.unknown"),
        (octets, "/files?filename=a.bin", 400, "file.not_understood"),
    ):
        answer = await client.post(path, content=b"\x00\x01 no file", headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)
    sales = "mutation ($input: ImportFileInput!) { importFile(input: $input) { added } }"
    denied = await office.ask(sales, office.ravi, input={"filename": "a.csv", "content": "eA=="})
    assert denied["errors"][0]["extensions"]["code"] == "file.denied"


async def test_words_are_mapped_and_the_past_is_read_again(office: Office) -> None:  # noqa: F811
    remap = 'mutation { remapStatus(input: {source: "crm:hubspot", kind: "deal", word: "won", status: "%s"}) { events } }'
    assert await told(office, remap % "invoice.paid") == {"events": 0}
    assert await refused(office, remap % "nonsense") == "mapping.status_unknown"
    call = "mutation ($input: ReplayInput!) { replay(input: $input) { ... on ReplayPayload { applied finished changes deliveries } } }"
    nobodys = 'mutation { replay(input: {source: "x:y"}) { __typename } }'
    assert await refused(office, nobodys) == "source.unknown"
    content = b64encode(STATEMENT.read_bytes()).decode()
    await told(
        office,
        "mutation ($i: ImportFileInput!) { importFile(input: $i) { added } }",
        i={"filename": "a.csv", "content": content},
    )
    for apply in (False, True):
        outcome = await told(office, call, input={"apply": apply})
        assert outcome == {
            "applied": apply,
            "finished": True,
            "changes": 0,
            "deliveries": outcome["deliveries"],
        }
    body = await office.ask(call, office.ravi, input={})
    assert body["errors"][0]["extensions"]["code"] == "permission.denied"


@pytest.mark.parametrize("role", ["sunita", "ravi"])
async def test_advice_answers_nothing(office: Office, role: str) -> None:  # noqa: F811
    await office.money(5_000_000)
    (question,) = (await office.ask("{ conflicts { nodes { id } } }"))["data"]["conflicts"]["nodes"]
    call = f'mutation {{ adviseOnConflict(conflictId: "{question["id"]}", text: "It is a loan") {{ ... on Conflict {{ status note }} }} }}'
    actor = getattr(office, role)
    if role == "ravi":
        assert await refused(office, call, actor) == "permission.denied"
        return
    assert await told(office, call, actor) == {"status": "open", "note": "Sunita: It is a loan"}
