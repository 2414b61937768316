"""The doors beside /graphql: pages, pay pages, exports, uploads, webhooks, with keys and query strings out of order."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.fuzz.asking import DAYS, NASTY, NUMBERS, mangled
from tests.graph.fuzz.service import _LEAK, Service, checked
from tests.graph.fuzz.test_calls import EACH

PHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36"}
DOORS = (
    "/v/{}", "/v/{}/customer", "/v/{}/ledger/x", "/v/{}/f/x/tie_out", "/v/x/{}", "/v/x/ledger/{}", "/p/{}", "/c/{}", "/export/audit.{}", "/export/audit.jsonl?key={}",
    "/export/audit.xlsx?key={}", "/schema/{}", "/{}", "/files/{}", "/ingest/{}", "/graphql/{}", "/healthz/{}", "/phone/{}",
)  # fmt: skip


def look(service: Service, path: str, **query: Any) -> Any:
    """GET a page; it isn't kept, and nothing of our inside is on it."""
    answer = service.send("GET", path, headers=PHONE, params=query or None)
    assert not _LEAK.search(answer.text), (path, answer.text[:2000])
    return answer


@pytest.mark.parametrize("door", DOORS)
def test_an_address_that_nobody_gave_leads_nowhere(service: Service, door: str) -> None:
    for text in (
        *NASTY[::2],
        *service.ids[:3],
        "x" * 7_000,
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "%ff%fe",
        "\u0660",
    ):
        answer = look(service, door.format(quote(text, safe="%") or "x"))
        assert answer.status_code >= 400 or not answer.text or "Sharma" not in answer.text


def _link(service: Service, page: str, party: str | None = None) -> str:
    made = service.ask(
        "mutation($i: MakePageLinkInput!) { makePageLink(input: $i) { url } }",
        {"i": {"page": page, **({"partyId": party} if party else {})}},
    )
    assert "errors" not in made, made
    return urlsplit(made["data"]["makePageLink"]["url"]).path


def test_pages_take_any_query(service: Service) -> None:
    party = service.ask('{ findParty(text: "Sharma") { id } }')["data"]["findParty"][0]["id"]
    values = (*NASTY[::3], *map(str, NUMBERS[::4]), *DAYS)
    for page, of in (("CUSTOMER", party), ("LEDGER", party), ("TIE_OUT", None), ("FRONT", None)):
        path = _link(service, page, of)
        first = look(service, path)
        assert first.status_code == 200, first.text
        for value in values if page == "LEDGER" else values[::5]:
            look(service, path, since=value, until="2026-11-20", page=value, after=value, lang="hi")
            look(
                service,
                path,
                since="2026-04-01",
                until=value,
                before=value,
                lang=value,
                day=value,
                show=value,
            )
        for more in (
            "/customer",
            "/ledger",
            "/tie_out",
            "/questions",
            "/front",
            "/x",
            "/customer/x",
            f"/customer/{party}",
            "/f/x/y",
            "/f/x/y/z",
        ):
            look(service, path + more)
        for at in range(4, len(path), 9):
            spoilt = path[:at] + ("A" if path[at] != "A" else "B") + path[at + 1 :]
            assert "Sharma Traders" not in look(service, spoilt).text


def test_exports_take_any_query(service: Service) -> None:
    for value in (*NASTY[::3], *DAYS):
        for query in (
            {"since": value},
            {"until": value},
            {"since": value, "until": "2026-11-20"},
            {"key": value},
        ):
            for form in ("jsonl", "xlsx") if value in DAYS[:6] else ("jsonl",):
                answer = service.send("GET", f"/export/audit.{form}", "finance", params=query)
                if answer.status_code != 200:
                    checked(answer)


def test_a_spoilt_export_link_gives_nothing(service: Service) -> None:
    made = service.ask("mutation { makeAuditExportLink(input: {form: JSONL}) { link { url } } }")
    url = made["data"]["makeAuditExportLink"]["link"]["url"]
    path = url.removeprefix(service.url)
    assert service.send("GET", path).status_code == 200
    at = path.index("key=") + 4
    for place in range(at, len(path) - 2, 31):
        spoilt = path[:place] + ("A" if path[place] != "A" else "B") + path[place + 1 :]
        answer = service.send("GET", spoilt)
        assert answer.status_code == 403
        checked(answer)


@EACH
@given(data=st.data())
def test_files_are_read_or_refused(service: Service, data: Any) -> None:
    head = st.sampled_from(
        [
            b"",
            b"%PDF-1.7\n",
            b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"date,amount\n",
            b"<ENVELOPE>",
            b'{"a":',
            b"\x89PNG",
            b"\xff\xfe",
            b"<!DOCTYPE x [<!ENTITY a 'b'>]><a>&a;</a>",
        ]
    )
    raw = data.draw(head) + data.draw(st.binary(max_size=200))
    name = data.draw(
        st.sampled_from(
            ["a.csv", "a.xlsx", "a.xls", "a.pdf", "a.json", "a.xml", "x", "../../a.csv", *NASTY[:10]]
        )
    )
    media = data.draw(
        st.sampled_from(["application/octet-stream", "text/csv", "image/png", "application/pdf", "x"])
    )
    source = data.draw(st.sampled_from(["books:tally", "bank:icici", "x", "\x00", ""]))
    path = data.draw(st.sampled_from(["/files", "/attachments"]))
    answer = service.send("POST", path, data.draw(st.sampled_from(["owner", "finance", "view", "narrow", "wrong"])), content=raw,
                          params={"filename": name, **({"source": source} if source else {})}, headers={"content-type": media})  # fmt: skip
    checked(answer)
    service.well()


def test_webhooks_take_only_what_a_source_signed(service: Service) -> None:
    made = service.ask(
        'mutation { addSource(input: {name: "standard:fuzz", connector: "standard", label: "Fuzz"}) { address } }'
    )
    path = urlsplit(made["data"]["addSource"]["address"]).path
    for raw in (b"", b"{}", b"[" * 50_000, b"\xff", b'{"event_id": 1}', b"null"):
        for headers in (
            {},
            {"webhook-id": "x", "webhook-timestamp": "9" * 400, "webhook-signature": "v1,x"},
            {"webhook-timestamp": "NaN", "webhook-id": "\x7f", "webhook-signature": "v1," + "=" * 4_000},
        ):
            for where in (path, path + "x", "/ingest/" + "a" * 300, path + "/x"):
                answer = service.send(
                    "POST", where, content=raw, headers={"content-type": "application/json", **headers}
                )
                assert answer.status_code >= 400
    for cursor in ("%00", "%ff", quote("👩")):
        assert service.send("POST", f"/ingest/{cursor}", content=b"{}").status_code >= 400


@EACH
@given(data=st.data())
def test_links_made_of_pieces_of_others_lead_nowhere(service: Service, data: Any) -> None:
    text = data.draw(mangled([*service.ids, *service.cursors]))
    look(service, data.draw(st.sampled_from(DOORS)).format(quote(text, safe="") or "x"))
