"""What the books lack, and TDS, over GraphQL: fields, files, and who may ask."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.ids import uuid7
from ledger.domain.roles import Role
from tests.graph.test_quarantine import ask  # noqa: F401  the fixture
from tests.ledger.rows import rows_of

LIST = """{ toEnter(first: 5) { count reason nodes { id kind voucherType on amount { formatted } partyName why waits
  lines { ledger debit { minor } credit { minor } bills { name amount { minor } } } } pageInfo { hasNextPage } } }"""
FILE = "query ($f: ToEnterFormat!) { toEnterFile(format: $f) { filename content vouchers leftOut } }"
NAME = "mutation ($i: [LedgerNameInput!]!) { nameLedgers(input: $i) { kind ledger } }"
TDS = '{ tdsAwaited(fy: "2026-27") { fy missing { formatted } stated rows { name quarter kind state words cut { minor } } } }'


async def _firm(engine: AsyncEngine, business: Any) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source(
            "books:tally", connector="tally", state={"last_delivery_at": datetime(2026, 11, 20, tzinfo=UTC)}
        )
        party = await rows.party("Sharma Traders")
        await rows.claim(uuid7(), uuid7(), party=party, stated_at=datetime(2026, 4, 1, tzinfo=UTC))
        bill = await rows.invoice(party, 0, number="INV-1", amount=100_00)
        receipt = uuid7()
        await rows.put(
            "receipts", id=receipt, anchor=uuid7(), party_id=party, status="payment.received", arrived=True,
            received_on=date(2026, 11, 18), amount=98_00, refunded=0, allocated=98_00, currency="INR", method="cash",
        )  # fmt: skip
        for kind, amount in (("receipt", 98_00), ("tds", 2_00)):
            await rows.put(
                "allocations",
                receipt_id=receipt,
                document_id=bill,
                kind=kind,
                anchor=receipt,
                amount=amount,
                why="decided",
            )
        payment = uuid7()
        await rows.claim(payment, receipt, party=party, source="operator")
        data = {"amount": 98_00, "currency": "INR", "into": "cash", "method": "cash"}
        state = {
            "type": "payment.confirmed",
            "at": "2026-11-18T05:00:00+00:00",
            "data": data,
            "event": "e",
            "word": None,
        }
        await rows.put(
            "identities",
            subject=payment,
            source="operator",
            kind="payment",
            external_id="p",
            state=orjson.dumps(state).decode(),
        )


async def test_the_list_its_file_and_its_names(ask: Any, engine: AsyncEngine, business: Any) -> None:  # noqa: F811
    await _firm(engine, business)
    found = (await ask(LIST))["data"]["toEnter"]
    assert (found["count"], found["reason"]) == (1, None)
    (node,) = found["nodes"]
    assert (node["voucherType"], node["amount"]["formatted"], node["partyName"]) == (
        "Receipt",
        "₹98",
        "Sharma Traders",
    )
    assert {line["ledger"] for line in node["lines"]} == {"Cash", "TDS Receivable", "Sharma Traders"}
    assert "create it there first" in node["waits"]
    named = await ask(NAME, i=[{"kind": "tds", "ledger": "TDS 26-27"}])
    assert named["data"]["nameLedgers"] == [{"kind": "tds", "ledger": "TDS 26-27"}]
    file = (await ask(FILE, f="CSV"))["data"]["toEnterFile"]
    assert b"TDS 26-27" in b64decode(file["content"])
    assert (file["vouchers"], file["leftOut"]) == (0, 1)
    xml = (await ask(FILE, f="XML"))["data"]["toEnterFile"]
    assert b"<VOUCHER" not in b64decode(xml["content"])


async def test_tds_is_told_in_words(ask: Any, engine: AsyncEngine, business: Any) -> None:  # noqa: F811
    await _firm(engine, business)
    found = (await ask(TDS))["data"]["tdsAwaited"]
    assert (found["missing"]["formatted"], found["stated"]) == ("₹2", False)
    assert found["rows"][0]["words"] == "cut ₹2", "nothing is missing before a statement was read"


async def test_a_rep_is_refused_the_list_and_a_viewer_the_names(ask: Any) -> None:  # noqa: F811
    for query, role, variables in (
        (LIST, Role.SALES, {}),
        (FILE, Role.SALES, {"f": "XML"}),
        (NAME, Role.VIEW, {"i": []}),
    ):
        answer = await ask(query, role=role, **variables)
        assert answer["errors"][0]["extensions"]["code"] == "permission.denied"
