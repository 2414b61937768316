"""What people decide by hand about money, bills and parties, over GraphQL: each field one command to the door."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.outcomes import DECIDING, PLACING, UNDOING, expecting
from graph.types import workflow as to
from graph.types.basics import Info, Minor, plain, told
from graph.types.workflow import invoice_key, party_key, plain_key
from ledger.commands import workflow as do

NOTHING = Minor(0)


@strawberry.type(description="Decisions by hand: about money, bills and parties.")
class DecisionMutations:
    """Fields of the root of commands."""

    @told("Set money against bills picked by hand, all of it. For owner and finance.", expecting(*PLACING))
    async def allocate_receipt(
        self,
        info: Info,
        receipt_id: to.ReceiptId,
        lines: Annotated[list[to.ShareInput], strawberry.argument(description="The shares of bills.")],
        on_account: Annotated[Minor, strawberry.argument(description="What stays on account.")] = NOTHING,
        party_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Whose money it is, if not the bills' owner's."),
        ] = None,
        learn: to.Learn = "always",
        note: to.NoteText = None,
        seen: to.Seen = None,
    ) -> to.Decision:
        """Set it."""
        command = do.AllocateReceipt(
            plain_key(receipt_id), to.shares(lines), on_account, party_key(party_id) if party_id else None, learn,
            plain(note), seen=seen,
        )  # fmt: skip
        return await decided(info, command)

    @told(
        "Say that money isn't for a bill, or not of a party; it never comes back. For owner and finance.",
        expecting(*DECIDING),
    )
    async def reject_match(
        self,
        info: Info,
        receipt_id: to.ReceiptId,
        invoice_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Not for this bill.")
        ] = None,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Not of this party.")
        ] = None,
        note: to.NoteText = None,
        seen: to.Seen = None,
    ) -> to.Decision:
        """Reject it."""
        command = do.RejectMatch(
            plain_key(receipt_id),
            invoice_key(invoice_id) if invoice_id else None,
            party_key(party_id) if party_id else None,
            plain(note),
            seen,
        )
        return await decided(info, command)

    @told("Say what money is if it isn't a sale's. For owner and finance.", expecting(*DECIDING))
    async def classify_money(
        self,
        info: Info,
        receipt_id: to.ReceiptId,
        kind: Annotated[str, strawberry.argument(description="own_transfer, loan, interest …")],
        learn: to.Learn = "once",
        note: to.NoteText = None,
        seen: to.Seen = None,
    ) -> to.Decision:
        """Classify it."""
        return await decided(info, do.ClassifyMoney(plain_key(receipt_id), kind, learn, plain(note), seen))

    @told("Say how a party pays. For owner and finance.", expecting(*DECIDING))
    async def set_habit(
        self,
        info: Info,
        party_id: to.PartyId,
        habit: Annotated[str, strawberry.argument(description="bill_wise, oldest_first or on_account.")],
        note: to.NoteText = None,
    ) -> to.Decision:
        """Set it."""
        return await decided(info, do.SetHabit(party_key(party_id), habit, plain(note)))

    @told("Say that two parties are one. For owner and finance.", expecting(*DECIDING))
    async def link_parties(
        self,
        info: Info,
        party_id: to.PartyId,
        other_id: Annotated[strawberry.ID, strawberry.argument(description="The other one.")],
        note: to.NoteText = None,
    ) -> to.Decision:
        """Join them."""
        return await decided(info, do.LinkParties(party_key(party_id), party_key(other_id), plain(note)))

    @told("Take one source's record out of a party. For owner and finance.", expecting(*DECIDING))
    async def unlink_parties(
        self,
        info: Info,
        party_id: to.PartyId,
        source: Annotated[str, strawberry.argument(description="The source, as identities name it.")],
        external_id: Annotated[str, strawberry.argument(description="Its id there.")],
        note: to.NoteText = None,
    ) -> to.Decision:
        """Part it."""
        name, record = plain(source) or "", plain(external_id) or ""
        return await decided(info, do.UnlinkParties(party_key(party_id), name, record, plain(note)))

    @told(
        "Take back a decision made outside a question: what stood before stands again.", expecting(*UNDOING)
    )
    async def withdraw_decision(
        self,
        info: Info,
        decision_id: Annotated[strawberry.ID, strawberry.argument(description="The decision.")],
        note: to.NoteText = None,
    ) -> to.Decision:
        """Take it back."""
        return await decided(info, do.WithdrawDecision(plain_key(decision_id), plain(note)))

    @told("Give up what is open of a bill, or part of it. For the owner.", expecting(*PLACING))
    async def approve_write_off(
        self, info: Info, invoice_id: to.InvoiceId, amount: to.Amount, note: to.NoteText = None
    ) -> to.Decision:
        """Write it off."""
        return await decided(info, do.ApproveWriteOff(invoice_key(invoice_id), amount, plain(note)))

    @told(
        "Take what we owe a party off what it owes us, oldest bills first. For owner and finance.",
        expecting(*DECIDING),
    )
    async def agree_set_off(
        self, info: Info, party_id: to.PartyId, amount: to.Amount, on: to.Day, note: to.NoteText = None
    ) -> to.Decision:
        """Set it off."""
        return await decided(info, do.AgreeSetOff(party_key(party_id), amount, on, plain(note)))

    @told("Note that money is to be given back. For owner and finance.", expecting(*DECIDING))
    async def agree_refund(
        self, info: Info, receipt_id: to.ReceiptId, amount: to.Amount, note: to.NoteText = None
    ) -> to.Decision:
        """Agree to it."""
        return await decided(info, do.AgreeRefund(plain_key(receipt_id), amount, plain(note)))

    @told("Note what a customer kept back of a bill.", expecting(*PLACING))
    async def claim_deduction(
        self,
        info: Info,
        invoice_id: to.InvoiceId,
        kind: Annotated[str, strawberry.argument(description="tds, gst_tds, cash_discount …")],
        amount: to.Amount,
        note: to.NoteText = None,
    ) -> to.Decision:
        """Claim it."""
        return await decided(info, do.ClaimDeduction(invoice_key(invoice_id), kind, amount, plain(note)))

    @told("Accept what was kept back; above the owner's limit only he may.", expecting(*PLACING))
    async def accept_deduction(
        self, info: Info, claim_id: to.ClaimId, note: to.NoteText = None
    ) -> to.Decision:
        """Accept it."""
        return await decided(info, do.AcceptDeduction(plain_key(claim_id), plain(note)))

    @told("Refuse what was kept back: the bill stays open. For owner and finance.", expecting(*DECIDING))
    async def refuse_deduction(
        self, info: Info, claim_id: to.ClaimId, note: to.NoteText = None
    ) -> to.Decision:
        """Refuse it."""
        return await decided(info, do.RefuseDeduction(plain_key(claim_id), plain(note)))

    @told("Set up to which amount finance accepts deductions of one bill. For the owner.")
    async def set_deduction_limit(self, info: Info, amount: to.Amount) -> Minor:
        """Set it."""
        return Minor(await info.context.execute(do.SetDeductionLimit(amount)))


async def decided(info: Info, command: object) -> to.Decision:
    """Execute a command that decides something, and return the decision as its type."""
    return to.decision(await info.context.execute(command))
