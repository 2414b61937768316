"""Who may do what: the matrix of the design, every handler's permission, and the door that enforces and audits it."""

from __future__ import annotations

import dataclasses
import inspect
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import ledger.handlers  # noqa: F401  registers every handler
from kit.database import transaction
from kit.errors import Denied
from kit.ids import uuid7
from ledger import commands, queries
from ledger.commands import cash as do_cash
from ledger.commands import delivery, settings
from ledger.commands import first_run as tell_first_run
from ledger.commands import mornings as tell_mornings
from ledger.commands import reminders as do_remind
from ledger.commands import rules as do_rules
from ledger.commands import to_enter as do_to_enter
from ledger.commands import workflow as do
from ledger.commands.advice import AdviseOnConflict
from ledger.commands.attachments import AttachToParty, KeepAttachment
from ledger.commands.audit import HeadMessage, MakeAuditLink, NoteAuditExport
from ledger.commands.delivery import NoteTap
from ledger.commands.erasure import EraseParty
from ledger.commands.files import NoteFileSent, TakeFile
from ledger.commands.firm import ChangeFirm
from ledger.commands.goods import HoldGoods, ReleaseGoods
from ledger.commands.pages import MakePageLink, RevokePageLinks
from ledger.commands.people import ChangeMember, LimitMembership, RemoveMember
from ledger.commands.preferences import SetLanguage
from ledger.commands.tie_out import ClosePeriod, ReopenPeriod
from ledger.commands.tokens import CreateToken, RevokeToken, RotateToken
from ledger.commands.webhooks import (
    AddWebhook,
    ChangeWebhook,
    Message,
    NewWebhook,
    RemoveWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    TestWebhook,
    WebhookTurn,
)
from ledger.dispatch import Door
from ledger.domain.roles import MATRIX, Actor, Permission, Role, system
from ledger.handlers import registry
from ledger.handlers.registry import Context, all_handlers
from ledger.queries import aging as ask_aging
from ledger.queries import attachments as kept
from ledger.queries import audit as ask_audit
from ledger.queries import cash as ask_cash
from ledger.queries import customers, first_run, money_rows, mornings
from ledger.queries import documents as ask_documents
from ledger.queries import events as ask_events
from ledger.queries import reminders as ask_remind
from ledger.queries import rules as ask_rules
from ledger.queries import tds as ask_tds
from ledger.queries import to_enter as ask_to_enter
from ledger.queries import workflow as ask
from ledger.queries.files import FileGave
from ledger.queries.firm import (
    FirmSettings,
    LedgerNames,
    OwnMappings,
    Replays,
    SentFiles,
    ToldMe,
    UnmappedWords,
)
from ledger.queries.forecast import ExpectedBills, ExpectedMoney, OutlooksByIds, PartyOutlook
from ledger.queries.identity import DataQuality, PartyGroups
from ledger.queries.live import ImportProgress, TrailPlace, VisibleAmong
from ledger.queries.money import FindMoney
from ledger.queries.pages import FirmAtAGlance, MyPageLinks
from ledger.queries.payables import PayablesAhead, VendorCard, VendorsByIds
from ledger.queries.people import OwnFirms, SalesOwners
from ledger.queries.profiles import KeptByIds, KeptWith, PartyProfiles
from ledger.queries.statement import Statement
from ledger.queries.tie_out import AfterClosing, ClosedPeriods, TieOut, TieOutDays
from ledger.queries.tokens import OwnToken, Tokens
from ledger.queries.webhooks import Webhook, Webhooks, WebhookTries

OWNER, FINANCE, SALES, VIEW = Role.OWNER, Role.FINANCE, Role.SALES, Role.VIEW
MEMBERS = (OWNER, FINANCE, SALES, VIEW)

# Section 6 of the design, line by line; nobody but our own named actors has what isn't listed.
DESIGNED = {
    Permission.SEE_RECEIVABLES: {OWNER, FINANCE, SALES, VIEW},
    Permission.SEE_PAYABLES: {OWNER, FINANCE, VIEW},
    Permission.SEE_SOURCES: {OWNER, FINANCE, VIEW},
    Permission.ANSWER: {OWNER, FINANCE},
    Permission.COMMENT: {OWNER, FINANCE, VIEW},
    Permission.REPORT: {OWNER, FINANCE, SALES},
    Permission.MAP: {OWNER, FINANCE},
    Permission.REPLAY: {OWNER, FINANCE},
    Permission.WRITE_OFF: {OWNER},
    Permission.ADMINISTER: {OWNER},
    Permission.EXPORT_AUDIT: {OWNER, FINANCE, VIEW},
    Permission.SYSTEM: set(),
    Permission.LINK: set(),
}

# What a member says or asks, and what that takes. Everything else is our own programs' alone.
NEEDED: dict[type, Permission] = {
    DataQuality: Permission.SEE_RECEIVABLES,
    **dict.fromkeys((MakePageLink, RevokePageLinks, MyPageLinks, FirmAtAGlance), Permission.SEE_RECEIVABLES),
    PartyGroups: Permission.SEE_RECEIVABLES,
    commands.AddMember: Permission.ADMINISTER,
    commands.AddSource: Permission.ADMINISTER,
    EraseParty: Permission.ADMINISTER,
    commands.CreateLinkCode: Permission.ADMINISTER,
    **dict.fromkeys((CreateToken, RotateToken, RevokeToken, Tokens, LimitMembership), Permission.ADMINISTER),
    **dict.fromkeys((OwnToken, OwnFirms), Permission.SEE_RECEIVABLES),
    commands.RotateSourceSecret: Permission.ADMINISTER,
    commands.SetCredentials: Permission.ADMINISTER,
    commands.ChangeSource: Permission.ADMINISTER,
    commands.PullSource: Permission.MAP,
    do_rules.PreviewRule: Permission.MAP,
    do_rules.PublishRule: Permission.MAP,
    do_rules.RevertRule: Permission.MAP,
    do_rules.WithdrawRule: Permission.MAP,
    do_rules.SwitchRule: Permission.MAP,
    do_rules.OrderRule: Permission.MAP,
    ask_rules.Rules: Permission.MAP,
    ask_rules.OneRule: Permission.MAP,
    ask_rules.CheckRule: Permission.MAP,
    commands.ConfirmColumns: Permission.MAP,
    queries.WaitingFiles: Permission.MAP,
    commands.StartBackfill: Permission.MAP,
    queries.Streams: Permission.SEE_SOURCES,
    queries.StreamsByNames: Permission.SEE_SOURCES,
    queries.WriteBacks: Permission.SEE_SOURCES,
    queries.Members: Permission.ADMINISTER,
    **dict.fromkeys((TrailPlace, VisibleAmong), Permission.SEE_RECEIVABLES),
    ImportProgress: Permission.SEE_SOURCES,
    **dict.fromkeys(
        (
            AddWebhook, ChangeWebhook, RotateWebhookSecret, RemoveWebhook, TestWebhook, ReplayWebhook, Webhook, Webhooks,
            WebhookTries,
        ),
        Permission.ADMINISTER,
    ),
    commands.RemapStatus: Permission.MAP,
    commands.SetAside: Permission.REPLAY,
    commands.StartReplay: Permission.REPLAY,
    commands.TakeReadings: Permission.REPLAY,
    commands.TryReadings: Permission.REPLAY,
    commands.FinishReplay: Permission.REPLAY,
    queries.ReplaySources: Permission.REPLAY,
    queries.Quarantine: Permission.REPLAY,
    queries.QuarantinedPart: Permission.REPLAY,
    commands.ResolveConflict: Permission.ANSWER,
    commands.ReopenConflict: Permission.ANSWER,
    commands.SnoozeConflict: Permission.ANSWER,
    commands.MakePromise: Permission.REPORT,
    queries.Payables: Permission.SEE_PAYABLES,
    queries.PayablesByIds: Permission.SEE_PAYABLES,
    queries.Sources: Permission.SEE_SOURCES,
    **dict.fromkeys(
        (
            queries.Conflict, queries.Conflicts, queries.Digest, queries.FindBills, queries.FindParty,
            queries.InvoicesByIds, queries.OwnBusiness, queries.Parties, queries.PartiesByIds, queries.PartyCard, queries.CardsByIds,
            queries.Receivables, queries.Timeline, queries.TotalCount, queries.WhoOwesMe, queries.Button,
            commands.ChooseBusiness, commands.QueueMessage, commands.SaveButtons,
        ),
        Permission.SEE_RECEIVABLES,
    ),
    ClosePeriod: Permission.ANSWER,
    ReopenPeriod: Permission.ADMINISTER,
    **dict.fromkeys((ExpectedBills, ExpectedMoney, PartyOutlook), Permission.SEE_RECEIVABLES),
    **dict.fromkeys(
        (
            mornings.NewAlerts, mornings.DailyDigest, mornings.Evening, mornings.MySettings, customers.PartyTalk,
            customers.MayGoodsGo, customers.ReportedPayments, customers.SourcesOf, kept.KeptAttachment,
            customers.TalkByIds, customers.GoodsByIds, customers.SourcesByIds, KeptByIds, OutlooksByIds,
            first_run.LookedAt, Statement, commands.ExpectWords, tell_mornings.QueueOfTheDay,
            tell_mornings.QueueAlerts, tell_first_run.NoteLookedAt, SetLanguage, settings.SetDigestHour,
            settings.SetEveningHour, settings.SetPicture, settings.SwitchAlert, settings.SetQuietHours,
        ),
        Permission.SEE_RECEIVABLES,
    ),
    **dict.fromkeys((KeepAttachment, AttachToParty), Permission.REPORT),
    **dict.fromkeys((TakeFile, NoteFileSent, FileGave, HoldGoods, ReleaseGoods), Permission.ANSWER),
    **dict.fromkeys(
        (first_run.Setup, tell_first_run.DismissSetup, SalesOwners, RemoveMember, ChangeMember),
        Permission.ADMINISTER,
    ),
    **dict.fromkeys(
        (
            ask_audit.AuditTrail, ask_audit.VerifyAudit, ask_audit.CheckHead, ask_audit.AuditSpan, ask_audit.AuditLines,
            ask_audit.AuditCounts, ask_audit.AuditAnswers, ask_audit.AuditSetup, ask_audit.AuditCoverage,
            ask_audit.AuditBalances, NoteAuditExport, MakeAuditLink,
        ),
        Permission.EXPORT_AUDIT,
    ),
    **dict.fromkeys((TieOut, TieOutDays, ClosedPeriods, AfterClosing), Permission.SEE_PAYABLES),
    commands.LinkChat: Permission.LINK,
    **dict.fromkeys(
        (
            do.AllocateReceipt, do.RejectMatch, do.ClassifyMoney, do.SetHabit, do.LinkParties, do.UnlinkParties,
            do.ConfirmPayment, do.DepositCheque, do.ReturnCheque, do.ReplaceCheque, do.AcceptDeduction,
            do.RefuseDeduction, do.AgreeSetOff, do.AgreeRefund, do.SettleDispute, do.AssignConflict, do.NoteConflict,
            do.ResolveAlike, do.UndoBulk, ask.PickBills, ask.Alike, ask.Colleagues,
        ),
        Permission.ANSWER,
    ),
    **dict.fromkeys(
        (
            do.ReportPayment, do.ReceiveCheque, do.ClaimDeduction, do.RaiseDispute, do.AddNote, do.LogCall,
            do.WithdrawDecision,
        ),
        Permission.REPORT,
    ),
    do.ApproveWriteOff: Permission.WRITE_OFF,
    do_to_enter.NameLedgers: Permission.MAP,
    ask_to_enter.ToEnter: Permission.SEE_PAYABLES,
    ask_to_enter.ToEnterFile: Permission.SEE_PAYABLES,
    ask_tds.TdsAwaited: Permission.SEE_RECEIVABLES,
    **dict.fromkeys(
        (ask_cash.CashAhead, ask_cash.RecurringDues, ask_cash.MsmedInterest, ask_cash.VendorLimits),
        Permission.SEE_PAYABLES,
    ),
    **dict.fromkeys(
        (do_cash.StateDue, do_cash.EndDue, do_cash.RefuseDue, do_cash.MarkVendor), Permission.ANSWER
    ),
    **dict.fromkeys((do_cash.SetMsmed, do_cash.ConfirmBankRate), Permission.MAP),
    do.SetDeductionLimit: Permission.ADMINISTER,
    do_remind.SetPaymentDetails: Permission.ADMINISTER,
    ChangeFirm: Permission.ADMINISTER,
    do_remind.PrepareReminder: Permission.REPORT,
    do_remind.LogReminder: Permission.REPORT,
    ask_remind.ReminderFor: Permission.REPORT,
    ask_remind.RemindersByIds: Permission.REPORT,
    ask_remind.LateCustomers: Permission.REPORT,
    ask_remind.PaymentDetails: Permission.SEE_RECEIVABLES,
    NoteTap: Permission.SEE_RECEIVABLES,
    AdviseOnConflict: Permission.COMMENT,
    FindMoney: Permission.SEE_RECEIVABLES,
    **dict.fromkeys((PartyProfiles, KeptWith, FirmSettings, ToldMe), Permission.SEE_RECEIVABLES),
    **dict.fromkeys((OwnMappings, UnmappedWords), Permission.MAP),
    LedgerNames: Permission.SEE_PAYABLES, Replays: Permission.REPLAY, SentFiles: Permission.ANSWER,
    **dict.fromkeys((PayablesAhead, VendorCard, VendorsByIds), Permission.SEE_PAYABLES),
    **dict.fromkeys(
        (
            money_rows.Receipts, money_rows.ReceiptsByIds, money_rows.Cheques, money_rows.ChequesByIds,
            money_rows.ChequesOfReceipts, money_rows.ClaimsOf, money_rows.AllotmentsOf, ask_documents.Invoices,
            ask_documents.PaidOn, ask_documents.BillEntries, ask_documents.CreditNotes, ask_documents.CreditNotesByIds,
            ask_documents.CreditNoteUses, ask_documents.Deductions, ask_aging.Aging, ask_aging.Balances,
            ask_events.Events, ask_events.EventsByIds, ask_events.EventReadings, ask_events.EventRewrites,
            ask_events.EventDeliveries,
        ),
        Permission.SEE_RECEIVABLES,
    ),
    **dict.fromkeys(
        (
            money_rows.Payouts, money_rows.PayoutsByIds, money_rows.Settlements, money_rows.SettlementsByIds,
            money_rows.SettledPayments, money_rows.SettlementsOfReceipts, money_rows.BankLines,
            money_rows.BankLinesByIds, money_rows.BankAccounts, money_rows.LinesOfReceipts, ask_documents.VendorBills,
            ask_documents.PayablesInFull,
        ),
        Permission.SEE_PAYABLES,
    ),
    ask_events.RawBody: Permission.EXPORT_AUDIT,
    **dict.fromkeys((ask.CashWithReps, ask.ChequesInHand, ask.Decisions, ask.DeductionClaims), Permission.SEE_RECEIVABLES),
}  # fmt: skip
RESULTS = {
    NewWebhook, Message, WebhookTurn,
    commands.NewSource, commands.Drained, commands.Rebuilt, delivery.OutboxMessage, commands.ReplayScope,
    HeadMessage, ask_audit.AuditFilter, commands.ReplayPlace, commands.ReplayStarted, commands.NewReadings, do.BillShare,
}  # fmt: skip


def test_the_matrix_is_the_designs() -> None:
    assert set(DESIGNED) == set(Permission)
    for permission, roles in DESIGNED.items():
        assert {role for role in MEMBERS if permission in MATRIX[role]} == roles, permission
    assert MATRIX[Role.SYSTEM] == frozenset(Permission)


def test_every_message_has_one_handler_and_every_handler_declares_what_it_needs() -> None:
    messages = {
        found
        for package in (commands, queries)
        for module in (package, *_modules(package))
        for _, found in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(found) and found.__module__ == module.__name__
    }
    handled = {handler.message for handler in all_handlers()}
    assert handled == messages - RESULTS
    for handler in all_handlers():
        assert isinstance(handler.permission, Permission), handler.message.__name__
        assert handler.permission is NEEDED.get(handler.message, Permission.SYSTEM), handler.message.__name__


def test_a_handler_without_a_permission_can_not_be_written() -> None:
    with pytest.raises(TypeError):
        registry.handles(queries.Digest)  # type: ignore[call-arg]
    with pytest.raises(RuntimeError):
        registry.handles(queries.Digest, permission=Permission.SYSTEM)(_nothing)


async def test_every_role_with_every_message_gets_what_the_matrix_says(
    door: Door, engine: AsyncEngine, business: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []

    async def note(message: Any, _: Context) -> None:
        ran.append(message)

    for handler in all_handlers():
        monkeypatch.setitem(
            registry._HANDLERS, handler.message, dataclasses.replace(handler, run=note, keeps_plans=None)
        )
    refused = []
    for role in MEMBERS:
        for handler in all_handlers():
            actor = Actor(business, role, role.value, member_id=uuid7())
            message = object.__new__(handler.message)
            commanded = handler.message.__module__.startswith("ledger.commands")
            say = door.execute if commanded else door.query
            if role in DESIGNED[handler.permission]:
                await say(message, actor)
                assert ran.pop() is message
                continue
            with pytest.raises(Denied) as denial:
                await say(message, actor)
            assert denial.value.code == "permission.denied"
            assert ran == [], "a handler ran for somebody who may not"
            refused.append((actor.label, handler.message.__name__, {"code": "permission.denied"}))
    assert len(refused) > 50
    assert await _denials(engine, business) == refused


async def test_a_refusal_inside_a_handler_is_audited_and_leaves_nothing_else(
    door: Door, engine: AsyncEngine, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Any, ctx: Context) -> None:
        ctx.audit("half.done")
        raise Denied("limit.exceeded", "That much is the owner's to say.")

    for message in (commands.ResolveConflict, queries.Conflict):
        handler = registry.handler_for(message)
        monkeypatch.setitem(registry._HANDLERS, message, dataclasses.replace(handler, run=refuse))
    with pytest.raises(Denied):
        await door.execute(commands.ResolveConflict(uuid7(), "yes"), owner)
    with pytest.raises(Denied):
        await door.query(queries.Conflict(uuid7()), owner)
    code = {"code": "limit.exceeded"}
    assert await _denials(engine, owner.business_id) == [
        (owner.label, "ResolveConflict", code),
        (owner.label, "Conflict", code),
    ]
    async with transaction(engine, [owner.business_id]) as tx:
        assert await tx.value("SELECT count(*) FROM audit WHERE action = 'half.done'") == 0


async def test_a_question_that_is_refused_many_times_in_one_request_is_audited_once(
    door: Door, engine: AsyncEngine, business: UUID
) -> None:
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7())
    async with door.reading(rep) as reader:
        for _ in range(3):
            with pytest.raises(Denied):
                await reader.query(queries.Payables())
    assert await _denials(engine, business) == [(rep.label, "Payables", {"code": "permission.denied"})]


async def test_a_strangers_token_leaves_no_entry(door: Door, engine: AsyncEngine, business: UUID) -> None:
    with pytest.raises(Denied):
        await door.execute(commands.RecogniseToken(b"x" * 32), system(business, "graphql"))
    assert await _denials(engine, business) == []


def _modules(package: Any) -> list[Any]:
    """Return the modules of commands or queries that stand beside the package's own."""
    return [import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]


async def _nothing(_: Any, __: Any) -> None:
    """Do nothing, as a second handler of a message."""


async def _denials(engine: AsyncEngine, business: UUID) -> list[tuple[str, str, Any]]:
    async with transaction(engine, [business]) as tx:
        rows = await tx.fetch(
            "SELECT actor, subject, entry FROM audit WHERE action = 'denied' ORDER BY sequence"
        )
    return [(row["actor"], row["subject"], row["entry"]) for row in rows]
