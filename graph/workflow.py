"""Reported money, cheques, notes and shared questions, over GraphQL: each field one command or one question to the door."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from graph.deciding import decided
from graph.ids import key_of
from graph.outcomes import (
    ANSWERING,
    DECIDING,
    UNDOING,
    AssignedElsewhere,
    DecidedMeanwhile,
    NeedsAcknowledgement,
    expecting,
)
from graph.types import workflow as to
from graph.types.basics import Info, plain, resolved, told
from graph.types.questions import Answer, Conflict, conflict
from graph.types.workflow import invoice_key, party_key, plain_key
from ledger.commands import workflow as do
from ledger.queries import workflow as ask


@strawberry.type(description="Questions on decisions and on money that is on its way.")
class WorkflowQueries:
    """Fields of the root of questions."""

    @resolved("What members took in cash or cheques and haven't handed in; a sales rep sees his own.")
    async def cash_with_reps(self, info: Info) -> list[to.RepCash]:
        """Answer by member."""
        return [to.rep_cash(one) for one in await info.context.ask(ask.CashWithReps())]

    @resolved("Cheques that aren't cleared, by their day.")
    async def cheques_in_hand(
        self,
        info: Info,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this party's.")
        ] = None,
    ) -> list[to.ChequeInHand]:
        """Answer with the cheques."""
        question = ask.ChequesInHand(party_key(party_id) if party_id is not None else None)
        return [to.cheque_in_hand(one) for one in await info.context.ask(question)]

    @resolved("What was decided about a party outside questions and stands, newest first.")
    async def decisions(self, info: Info, party_id: to.PartyId) -> list[to.Decision]:
        """Answer with the decisions."""
        return [to.decision(one) for one in await info.context.ask(ask.Decisions(party_key(party_id)))]

    @resolved("What customers kept back of bills and nobody has judged, oldest first.")
    async def deduction_claims(
        self,
        info: Info,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this party's.")
        ] = None,
    ) -> list[to.DeductionClaim]:
        """Answer with the claims."""
        question = ask.DeductionClaims(party_key(party_id) if party_id is not None else None)
        return [to.deduction_claim(one) for one in await info.context.ask(question)]

    @resolved("The answers that all open questions like this one take.")
    async def answers_for_all_alike(self, info: Info, conflict_id: to.ConflictId) -> list[Answer]:
        """Answer with them."""
        view = await info.context.ask(ask.Alike(key_of("Conflict", conflict_id)))
        return [Answer(id=strawberry.ID(one.id), label=one.label) for one in view.answers]


@strawberry.type(description="Money and words that members report; questions shared among them.")
class ReportMutations:
    """Fields of the root of commands."""

    @told(
        "Say that a customer paid; it counts once somebody else confirms it or the bank shows it.",
        expecting(DecidedMeanwhile, NeedsAcknowledgement),
    )
    async def report_payment(
        self,
        info: Info,
        party_id: to.PartyId,
        amount: to.Amount,
        method: Annotated[str, strawberry.argument(description="cash, cheque, upi or bank.")],
        paid_on: to.Day,
        number: Annotated[
            str | None, strawberry.argument(description="The cheque's or transfer's number.")
        ] = None,
        invoice_ids: to.Bills = None,
        note: to.NoteText = None,
        acknowledged: to.Acknowledged = False,
    ) -> to.Decision:
        """Report it."""
        command = do.ReportPayment(
            party_key(party_id), amount, method, paid_on, plain(number),
            tuple(invoice_key(one) for one in invoice_ids or ()), plain(note), acknowledged,
        )  # fmt: skip
        return await decided(info, command)

    @told(
        "Say that a reported payment is here; never by who reported it. For owner and finance.",
        expecting(DecidedMeanwhile, NeedsAcknowledgement),
    )
    async def confirm_payment(
        self,
        info: Info,
        payment_id: Annotated[strawberry.ID, strawberry.argument(description="The reported payment.")],
        note: to.NoteText = None,
        acknowledged: to.Acknowledged = False,
    ) -> to.Decision:
        """Confirm it."""
        return await decided(info, do.ConfirmPayment(plain_key(payment_id), plain(note), acknowledged))

    @told("Take a cheque in hand; it pays nothing until it clears.", expecting(*DECIDING))
    async def receive_cheque(
        self,
        info: Info,
        party_id: to.PartyId,
        number: Annotated[str, strawberry.argument(description="Its number.")],
        amount: to.Amount,
        dated_on: to.Day,
        bank: to.Bank = None,
        invoice_ids: to.Bills = None,
        note: to.NoteText = None,
    ) -> to.Decision:
        """Take it."""
        command = do.ReceiveCheque(
            party_key(party_id), plain(number) or "", amount, dated_on, plain(bank),
            tuple(invoice_key(one) for one in invoice_ids or ()), plain(note),
        )  # fmt: skip
        return await decided(info, command)

    @told("Say that a cheque was given to the bank. For owner and finance.", expecting(*DECIDING))
    async def deposit_cheque(
        self, info: Info, cheque_id: to.ChequeId, on: to.Day, note: to.NoteText = None
    ) -> to.Decision:
        """Deposit it."""
        return await decided(info, do.DepositCheque(plain_key(cheque_id), on, plain(note)))

    @told("Say that the bank sent a cheque back. For owner and finance.", expecting(*DECIDING))
    async def return_cheque(
        self,
        info: Info,
        cheque_id: to.ChequeId,
        on: to.Day,
        reason: to.Reason = None,
        note: to.NoteText = None,
    ) -> to.Decision:
        """Send it back."""
        return await decided(info, do.ReturnCheque(plain_key(cheque_id), on, plain(reason), plain(note)))

    @told("Take another cheque in place of one. For owner and finance.", expecting(*DECIDING))
    async def replace_cheque(
        self,
        info: Info,
        cheque_id: to.ChequeId,
        number: Annotated[str, strawberry.argument(description="The new one's number.")],
        amount: to.Amount,
        dated_on: to.Day,
        bank: to.Bank = None,
        note: to.NoteText = None,
    ) -> to.Decision:
        """Replace it."""
        command = do.ReplaceCheque(
            plain_key(cheque_id), plain(number) or "", amount, dated_on, plain(bank), plain(note)
        )
        return await decided(info, command)

    @told("Note that a customer disputes a bill.", expecting(*DECIDING))
    async def raise_dispute(
        self, info: Info, invoice_id: to.InvoiceId, reason: to.Reason = None, note: to.NoteText = None
    ) -> to.Decision:
        """Note it."""
        return await decided(info, do.RaiseDispute(invoice_key(invoice_id), plain(reason), plain(note)))

    @told("Note that a dispute over a bill is over. For owner and finance.", expecting(*DECIDING))
    async def settle_dispute(
        self, info: Info, invoice_id: to.InvoiceId, reason: to.Reason = None, note: to.NoteText = None
    ) -> to.Decision:
        """Note it."""
        return await decided(info, do.SettleDispute(invoice_key(invoice_id), plain(reason), plain(note)))

    @told("Write a note on a customer, or on a bill.")
    async def add_note(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="At most 500 characters.")],
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="On this customer.")
        ] = None,
        invoice_id: Annotated[strawberry.ID | None, strawberry.argument(description="On this bill.")] = None,
    ) -> to.Decision:
        """Write it."""
        command = do.AddNote(
            plain(text) or "",
            party_key(party_id) if party_id else None,
            invoice_key(invoice_id) if invoice_id else None,
        )
        return await decided(info, command)

    @told("Note what came of a call.")
    async def log_call(
        self,
        info: Info,
        party_id: to.PartyId,
        outcome: Annotated[
            str, strawberry.argument(description="will_pay, no_answer, says_paid or dispute.")
        ],
        promised_on: Annotated[
            date | None, strawberry.argument(description="With will_pay: the day.")
        ] = None,
        note: to.NoteText = None,
    ) -> to.Decision:
        """Note it."""
        return await decided(info, do.LogCall(party_key(party_id), outcome, plain(note), promised_on))

    @told(
        "Give a question to a member, or to nobody; he is told in his chat. For owner and finance.",
        expecting(*ANSWERING, AssignedElsewhere),
    )
    async def assign_conflict(
        self,
        info: Info,
        conflict_id: to.ConflictId,
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The member; null: nobody.")
        ] = None,
        instead_of: Annotated[
            strawberry.ID | None, strawberry.argument(description="Who has it now, as the caller knows.")
        ] = None,
        version: to.Version = None,
    ) -> Conflict:
        """Give it."""
        command = do.AssignConflict(
            key_of("Conflict", conflict_id),
            plain_key(member_id) if member_id else None,
            version,
            plain_key(instead_of) if instead_of else None,
        )
        return conflict(await info.context.execute(command))

    @told("Write a note on a question. For owner and finance.")
    async def note_conflict(
        self,
        info: Info,
        conflict_id: to.ConflictId,
        note: Annotated[str, strawberry.argument(description="At most 500 characters.")],
    ) -> Conflict:
        """Write it."""
        command = do.NoteConflict(key_of("Conflict", conflict_id), plain(note) or "")
        return conflict(await info.context.execute(command))

    @told(
        "Answer a question and all open ones like it the same way, each by itself. For owner and finance.",
        expecting(*ANSWERING),
    )
    async def resolve_alike(
        self,
        info: Info,
        conflict_id: to.ConflictId,
        answer: Annotated[strawberry.ID, strawberry.argument(description="The id of an answer.")],
        version: to.Version = None,
        note: to.NoteText = None,
    ) -> to.Bulk:
        """Answer them."""
        command = do.ResolveAlike(key_of("Conflict", conflict_id), plain(answer) or "", version, plain(note))
        return to.bulk(await info.context.execute(command))

    @told(
        "Take back an answer to all alike, where it still stands. For owner and finance.", expecting(*UNDOING)
    )
    async def undo_bulk(
        self,
        info: Info,
        bulk_id: Annotated[strawberry.ID, strawberry.argument(description="The answer to many.")],
        note: to.NoteText = None,
    ) -> to.Bulk:
        """Take them back."""
        return to.bulk(await info.context.execute(do.UndoBulk(plain_key(bulk_id), plain(note))))
