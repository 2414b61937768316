"""Money row by row, over GraphQL: receipts, payouts, settlements, bank lines, cheques."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from graph.ids import key_of
from graph.nodes import loads
from graph.types import bank as to_bank
from graph.types import cheques as to_cheques
from graph.types import payouts as to_payouts
from graph.types import receipts as to_receipts
from graph.types.basics import After, First, Info, plain, resolved, word
from ledger.domain.roles import Permission
from ledger.queries import money_rows as ask

Id = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type
class MoneyQueries:
    """What may be asked."""

    @resolved("Money received, or claimed to be, newest first.")
    async def receipts(
        self,
        info: Info,
        filter: to_receipts.ReceiptFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_receipts.ReceiptConnection:
        """Answer with a page of receipts."""
        wanted = filter or to_receipts.ReceiptFilter()
        question = ask.Receipts(
            first=first,
            after=plain(after),
            party_id=_party(wanted.party_id),
            since=wanted.since,
            until=wanted.until,
            statuses=tuple(word(one) for one in wanted.status or ()),
            matching=tuple(word(one) for one in wanted.matching or ()),
            methods=tuple(plain(one) or "" for one in wanted.method or ()),
            arrived=wanted.arrived,
            search=plain(wanted.search),
            reference=plain(wanted.reference),
            amount=wanted.amount,
            min_amount=wanted.min_amount,
            max_amount=wanted.max_amount,
        )
        return to_receipts.receipts(await info.context.ask(question), question)

    @resolved("One receipt; null if there is none that the member may see.")
    async def receipt(self, info: Info, id: Id) -> to_receipts.Receipt | None:
        """Answer with the receipt."""
        return await _receipt(info, key_of("Receipt", id))

    @resolved("Money of ours that went out, or is to go, newest first. Not for sales.")
    async def payouts(
        self,
        info: Info,
        filter: to_payouts.PayoutFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_payouts.PayoutConnection:
        """Answer with a page of payouts."""
        wanted = filter or to_payouts.PayoutFilter()
        question = ask.Payouts(
            first=first,
            after=plain(after),
            party_id=_party(wanted.party_id),
            since=wanted.since,
            until=wanted.until,
            statuses=tuple(word(one) for one in wanted.status or ()),
            unmatched_only=wanted.unmatched_only,
            search=plain(wanted.search),
            amount=wanted.amount,
        )
        return to_payouts.payouts(await info.context.ask(question), question)

    @resolved("One payout; null if there is none that the member may see.")
    async def payout(self, info: Info, id: Id) -> to_payouts.Payout | None:
        """Answer with the payout."""
        return await _payout(info, key_of("Payout", id))

    @resolved("What gateways paid out to our bank, newest first. Not for sales.")
    async def settlements(
        self,
        info: Info,
        filter: to_bank.SettlementFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_bank.SettlementConnection:
        """Answer with a page of settlements."""
        wanted = filter or to_bank.SettlementFilter()
        question = ask.Settlements(
            first=first,
            after=plain(after),
            source=plain(wanted.source),
            since=wanted.since,
            until=wanted.until,
            statuses=tuple(word(one) for one in wanted.status or ()),
            missing_in_bank=wanted.missing_in_bank,
            utr=plain(wanted.utr),
        )
        return to_bank.settlements(await info.context.ask(question), question)

    @resolved("One settlement; null if there is none that the member may see.")
    async def settlement(self, info: Info, id: Id) -> to_bank.Settlement | None:
        """Answer with the settlement."""
        return await _settlement(info, key_of("Settlement", id))

    @resolved("Lines of our bank statements, newest first. Not for sales.")
    async def bank_lines(
        self,
        info: Info,
        filter: to_bank.BankLineFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_bank.BankLineConnection:
        """Answer with a page of bank lines."""
        wanted = filter or to_bank.BankLineFilter()
        question = ask.BankLines(
            first=first,
            after=plain(after),
            source=plain(wanted.source),
            account=plain(wanted.account),
            since=wanted.since,
            until=wanted.until,
            unexplained_only=wanted.unexplained_only,
            direction=word(wanted.direction) if wanted.direction is not None else None,
            search=plain(wanted.search),
            amount=wanted.amount,
        )
        return to_bank.bank_lines(await info.context.ask(question), question)

    @resolved("One bank line; null if there is none that the member may see.")
    async def bank_line(self, info: Info, id: Id) -> to_bank.BankLine | None:
        """Answer with the bank line."""
        return await _bank_line(info, key_of("BankLine", id))

    @resolved("Our accounts as the banks' lines show them. Not for sales.")
    async def bank_accounts(self, info: Info) -> list[to_bank.BankAccount]:
        """Answer with the accounts."""
        return [
            to_bank.BankAccount(
                source=one.source,
                account=one.account,
                currency=one.currency,
                lines=one.lines,
                unexplained=one.unexplained,
                since=one.since,
                until=one.until,
            )
            for one in await info.context.ask(ask.BankAccounts())
        ]

    @resolved("Cheques in every state, the latest dated first.")
    async def cheque_register(
        self,
        info: Info,
        filter: to_cheques.ChequeFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_cheques.ChequeConnection:
        """Answer with a page of cheques."""
        wanted = filter or to_cheques.ChequeFilter()
        question = ask.Cheques(
            first=first,
            after=plain(after),
            party_id=_party(wanted.party_id),
            statuses=tuple(word(one) for one in wanted.status or ()),
            since=wanted.since,
            until=wanted.until,
            number=plain(wanted.number),
        )
        return to_cheques.cheques(await info.context.ask(question), question)

    @resolved("One cheque; null if there is none that the member may see.")
    async def cheque(self, info: Info, id: Id) -> to_cheques.Cheque | None:
        """Answer with the cheque."""
        return await _cheque(info, key_of("Cheque", id))


def _party(text: str | None) -> UUID | None:
    return key_of("Party", text) if text is not None else None


@loads("Receipt")
async def _receipt(info: Info, key: UUID) -> to_receipts.Receipt | None:
    found = await info.context.by_ids(ask.ReceiptsByIds).load(key)
    return to_receipts.receipt(found) if found is not None else None


@loads("Payout")
async def _payout(info: Info, key: UUID) -> to_payouts.Payout | None:
    if not info.context.actor.may(Permission.SEE_PAYABLES):
        return None
    found = await info.context.by_ids(ask.PayoutsByIds).load(key)
    return to_payouts.payout(found) if found is not None else None


@loads("Settlement")
async def _settlement(info: Info, key: UUID) -> to_bank.Settlement | None:
    if not info.context.actor.may(Permission.SEE_PAYABLES):
        return None
    found = await info.context.by_ids(ask.SettlementsByIds).load(key)
    return to_bank.settlement(found) if found is not None else None


@loads("BankLine")
async def _bank_line(info: Info, key: UUID) -> to_bank.BankLine | None:
    if not info.context.actor.may(Permission.SEE_PAYABLES):
        return None
    found = await info.context.by_ids(ask.BankLinesByIds).load(key)
    return to_bank.bank_line(found) if found is not None else None


@loads("Cheque")
async def _cheque(info: Info, key: UUID) -> to_cheques.Cheque | None:
    found = await info.context.by_ids(ask.ChequesByIds).load(key)
    return to_cheques.cheque(found) if found is not None else None
