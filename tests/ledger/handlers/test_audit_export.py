"""What an export of the trail holds, and what the trail doesn't: names, phones, addresses, narrations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from python_calamine import CalamineWorkbook

from kit.errors import Denied, Stale
from ledger.audit_export.workbook import write_workbook
from ledger.commands import AddMember, RemapStatus, ReopenConflict, ResolveConflict
from ledger.commands import workflow as do
from ledger.commands.audit import NoteAuditVerified
from ledger.commands.people import ChangeMember
from ledger.commands.reminders import SetPaymentDetails
from ledger.domain.roles import Actor, Role, system
from ledger.queries.audit import (
    AuditAnswers,
    AuditBalances,
    AuditCoverage,
    AuditSetup,
    AuditSpan,
    AuditTrail,
    VerifyAudit,
)
from tests.ledger.desk import BANK, CRM, Firm
from tests.ledger.rows import Rows, rows_of

PERSONAL = (
    "Sharma",
    "SHARMA",
    "Traders",
    "Meena",
    "9876543210",
    "meena@",
    "ramesh@okicici",
    "NEFT-HDFCN",
    "from our savings",
    "promised",
)


@pytest.fixture
def firm(door: Any, engine: Any, clock: Any, owner: Actor) -> Firm:
    return Firm(door, engine, clock, owner)


async def _asked(firm: Firm) -> Any:
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.credit(5_684_000)
    await firm.settle()
    return await firm.only()


async def test_answers_are_told_with_question_evidence_and_note(firm: Firm) -> None:
    question = await _asked(firm)
    finance = await firm.member("Meena", Role.FINANCE)
    await firm.door.execute(ResolveConflict(question.id, question.answers[0].id, note="asked him"), finance)
    await firm.door.execute(ReopenConflict(question.id, note="wrong bill"), firm.owner)
    span = await firm.door.query(AuditSpan(), firm.owner)
    first, second = await firm.door.query(AuditAnswers(0, span.last), firm.owner)
    assert (first.by, first.action, first.note) == ("Meena", "conflict.resolved", "asked him")
    assert first.question == "₹56,840 came from Sharma Traders (ICICI ··4421, 18 Nov)"
    assert first.answer == "Yes"
    assert any("INV-102" in line for line in first.evidence)
    assert (first.amount, first.currency, first.changed) == (5_684_000, "INR", False)
    assert (second.by, second.action, second.note) == ("Ramesh", "conflict.reopened", "wrong bill")
    assert await firm.door.query(AuditAnswers(first.sequence, first.sequence), firm.owner) == ()


async def test_no_entry_holds_what_people_are_called_or_said(firm: Firm) -> None:
    question = await _asked(firm)
    party = question.party_id
    meena = await firm.door.execute(AddMember("Meena", "finance"), firm.owner)
    await firm.door.execute(
        ChangeMember(meena, name="Meena Traders", crm_owner="meena@example.in"), firm.owner
    )
    details = SetPaymentDetails(upi_id="ramesh@okicici", payee="Sharma", phone="9876543210")
    await firm.door.execute(details, firm.owner)
    await firm.door.execute(
        ResolveConflict(question.id, question.answers[0].id, note="from our savings"), firm.owner
    )
    await firm.door.execute(
        do.LogCall(party, "will_pay", note="Meena promised", promised_on=date(2026, 11, 25)), firm.owner
    )
    await firm.door.execute(do.AddNote("Sharma: 9876543210", party_id=party), firm.owner)
    await firm.say(
        CRM, "deal.status_reported", "deal", "d1", word="paid", name="Sharma deal", flag="unmapped"
    )
    await firm.door.execute(RemapStatus(CRM, "deal", "paid", "invoice.paid"), firm.owner)
    await firm.settle()
    entries = await firm.rows(
        "SELECT action, subject, entry::text AS entry FROM audit WHERE business_id = $1"
    )
    assert {"call.logged", "note.added", "conflict.resolved", "member.changed"} <= {
        row["action"] for row in entries
    }
    for row in entries:
        for word in PERSONAL:
            assert word not in f"{row['subject']} {row['entry']}", row
    told = orjson.dumps(
        [row.entry for row in (await firm.door.query(AuditTrail(first=200), firm.owner)).rows]
    ).decode()
    assert "from our savings" in told
    assert "Meena promised" in told


async def test_coverage_names_gaps_and_silence(firm: Firm) -> None:
    business, day = firm.owner.business_id, date(2026, 11, 1)
    async with rows_of(firm.engine, business) as rows:
        await rows.source(BANK)
        await rows.source("payment:razorpay", silence_hours=24)
        await rows.tx.run(
            "INSERT INTO source_state (business_id, source, covered)"
            " VALUES ($1, $2, '{[2026-10-20,2026-11-04),[2026-11-06,2026-11-10)}')",
            business,
            BANK,
        )
        for hours in (0, 5, 100, 101):
            await _delivery(rows, datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=hours))
    bank, gateway = await firm.door.query(AuditCoverage(day, date(2026, 11, 12)), firm.owner)
    assert (bank.source, bank.covered_days) == (BANK, 7)
    assert bank.gaps == ((date(2026, 11, 4), date(2026, 11, 5)), (date(2026, 11, 10), date(2026, 11, 12)))
    assert (gateway.deliveries, gateway.covered_days, gateway.gaps) == (4, None, ())
    assert gateway.silence is not None
    assert gateway.silence[1] - gateway.silence[0] == timedelta(hours=95)


async def _delivery(rows: Rows, at: datetime) -> None:
    body = at.isoformat().encode()
    await rows.put(
        "deliveries", source="payment:razorpay", digest=body, body=b"", via="webhook", received_at=at
    )  # fmt: skip


async def test_balances_are_told_as_known_now_and_as_known_then(firm: Firm) -> None:
    on, then = date(2026, 11, 10), datetime(2026, 11, 10, 18, 30, tzinfo=UTC)
    async with rows_of(firm.engine, firm.owner.business_id) as rows:
        one, other = await rows.party("Asha"), await rows.party("Om Sai")
        bill = await rows.invoice(one, 5_000)
        await rows.posting(one, bill, 5_000)
        await rows.posting(one, bill, -2_000, kind="receipt", known_from=then + timedelta(days=3))
        late = await rows.invoice(other, 700)
        await rows.posting(other, late, 700, known_from=then + timedelta(days=1))
        await rows.posting(other, late, 900, effective_on=on + timedelta(days=1))
    found = await firm.door.query(AuditBalances(on, then), firm.owner)
    assert {row.party_name: (row.as_on, row.known_on) for row in found} == {
        "Asha": (3_000, 5_000),
        "Om Sai": (700, 0),
    }
    paged = await firm.door.query(AuditBalances(on, then, first=1), firm.owner)
    rest = await firm.door.query(
        AuditBalances(on, then, after=(paged[0].party_id, paged[0].side, paged[0].currency)), firm.owner
    )
    assert (*paged, *rest) == found


async def test_the_summary_of_the_workbook_adds_up_what_its_sheets_show(firm: Firm, tmp_path: Path) -> None:
    on, then = date(2026, 11, 10), datetime(2026, 11, 10, 18, 30, tzinfo=UTC)
    async with rows_of(firm.engine, firm.owner.business_id) as rows:
        for name, minor, currency in (
            ("Asha", 500_050, "INR"),
            ("Om", -120_000, "INR"),
            ("Lee", 7_000, "USD"),
        ):
            party = await rows.party(name)
            bill = await rows.invoice(party, abs(minor), currency=currency)
            await rows.posting(party, bill, minor, currency=currency)
            await rows.posting(party, bill, 100, currency=currency, known_from=then + timedelta(days=2))
    await write_workbook(firm.door, firm.owner, tmp_path / "book.xlsx", until=on)
    book = CalamineWorkbook.from_path(tmp_path / "book.xlsx")
    summary = book.get_sheet_by_name("Summary").to_python()
    told = summary[[line[0] for line in summary].index("Balances as on 10-11-2026") + 1 :]
    assert told == [
        ["receivable, net, INR", 3_802.5, 3_800.5, -1_199.0],
        ["receivable, net, USD", 71.0, 70.0, 0.0],
    ]
    (_, *lines) = book.get_sheet_by_name("Balances as on 10-11-2026").to_python()
    for currency, (_, now, known, _) in zip(("INR", "USD"), told, strict=True):
        mine = [line for line in lines if line[2] == currency]
        assert (sum(line[3] for line in mine), sum(line[4] for line in mine)) == (now, known)


async def test_mappings_and_rules_in_force_are_told(firm: Firm) -> None:
    await firm.say(CRM, "deal.status_reported", "deal", "d1", word="done", name="A deal", flag="unmapped")
    await firm.door.execute(RemapStatus(CRM, "deal", "done", "invoice.paid"), firm.owner)
    setup = await firm.door.query(AuditSetup(), firm.owner)
    assert [(one.source, one.word, one.status) for one in setup.mappings] == [(CRM, "done", "invoice.paid")]
    assert len(setup.rules) > 15
    assert all(rule.origin == "shipped" and rule.enabled and rule.text is None for rule in setup.rules)


async def test_a_checkpoint_must_be_in_the_chain(firm: Firm) -> None:
    await firm.door.execute(AddMember("Meena", "finance"), firm.owner)
    clerk = system(firm.owner.business_id, "test")
    with pytest.raises(Stale):
        await firm.door.execute(NoteAuditVerified(1, "ab" * 32, 1, 0), clerk)
    verdict = await firm.door.query(VerifyAudit(), firm.owner)
    await firm.door.execute(NoteAuditVerified(verdict.sequence, verdict.head, verdict.entries, 0), clerk)
    assert (await firm.door.query(VerifyAudit(), firm.owner)).since == verdict.sequence
    with pytest.raises(Denied):
        await firm.door.execute(NoteAuditVerified(verdict.sequence, verdict.head, 1, 0), firm.owner)
