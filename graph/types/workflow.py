"""Decisions by hand, alike questions, and money that is on its way: as GraphQL shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from graph.ids import global_id, key_of, split_id
from graph.types.basics import Minor, Money, money
from kit.errors import Rejected
from ledger.commands.workflow import BillShare
from ledger.views import workflow as views

NoteText = Annotated[str | None, strawberry.argument(description="A remark, at most 500 characters.")]
Reason = Annotated[str | None, strawberry.argument(description="Why, in the customer's words.")]
PartyId = Annotated[strawberry.ID, strawberry.argument(description="The customer or vendor.")]
InvoiceId = Annotated[strawberry.ID, strawberry.argument(description="The bill.")]
ConflictId = Annotated[strawberry.ID, strawberry.argument(description="The question.")]
ReceiptId = Annotated[
    strawberry.ID, strawberry.argument(description="The receipt's id, as allocations cite it.")
]
ClaimId = Annotated[strawberry.ID, strawberry.argument(description="The deduction, as it was claimed.")]
ChequeId = Annotated[strawberry.ID, strawberry.argument(description="The cheque, entered here.")]
Amount = Annotated[Minor, strawberry.argument(description="In minor units (paise for INR).")]
Day = Annotated[date, strawberry.argument(description="The day of it.")]
Acknowledged = Annotated[
    bool,
    strawberry.argument(
        description="That the warning on so much cash was read (cash.needs_acknowledgement)."
    ),
]
Learn = Annotated[
    str, strawberry.argument(description="always: the payer is known by it from now on; once: only this.")
]
Seen = Annotated[
    datetime | None,
    strawberry.argument(description="When it was looked at: stale if somebody decided on it since."),
]
Bank = Annotated[str | None, strawberry.argument(description="The bank that it is drawn on.")]
Bills = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="The bills that it is for, if they are known."),
]
Version = Annotated[
    int | None, strawberry.argument(description="The version that was seen; stale if it moved on.")
]


@strawberry.input(description="A share of a bill that money settles.")
class ShareInput:
    """A share."""

    invoice_id: strawberry.ID = strawberry.field(description="The bill.")
    amount: Minor = strawberry.field(description="In minor units (paise for INR).")
    kind: str = strawberry.field(
        default="receipt", description="receipt: of the money; else what was kept back: tds, cash_discount …"
    )


@strawberry.type(description="A decision of a person, made outside a question.")
class Decision:
    """A decision."""

    id: strawberry.ID = strawberry.field(description="Pass it to withdrawDecision.")
    type: str = strawberry.field(description="The event that it is in the log.")
    words: str = strawberry.field(description="What was decided, in one sentence.")
    by: str | None = strawberry.field(description="Who decided.")
    at: datetime = strawberry.field(description="When.")
    standing: bool = strawberry.field(description="Whether it stands.")
    amount: Money | None = strawberry.field(description="The money that it is about.")
    note: str | None = strawberry.field(description="The remark with it.")
    can_undo: bool = strawberry.field(description="Whether the asker may take it back.")


@strawberry.type(description="Money that was reported and isn't confirmed.")
class HeldPayment:
    """A reported payment."""

    id: strawberry.ID = strawberry.field(description="Pass it to confirmPayment.")
    party_id: strawberry.ID | None = strawberry.field(description="Who paid.")
    party_name: str | None = strawberry.field(description="His name.")
    amount: Money = strawberry.field(description="How much.")
    method: str | None = strawberry.field(description="cash or cheque.")
    paid_on: date = strawberry.field(description="The day.")
    number: str | None = strawberry.field(description="The number on it.")
    note: str | None = strawberry.field(description="The remark with it.")
    reported_at: datetime = strawberry.field(description="When it was reported.")


@strawberry.type(description="What one member has taken and not handed in.")
class RepCash:
    """Cash with a member."""

    member_name: str = strawberry.field(description="Who has it.")
    amount: Money = strawberry.field(description="Together.")
    payments: list[HeldPayment] = strawberry.field(description="One by one, oldest first.")


@strawberry.type(description="A cheque that isn't cleared.")
class ChequeInHand:
    """A cheque."""

    id: strawberry.ID = strawberry.field(description="Pass it to depositCheque, returnCheque, replaceCheque.")
    party_id: strawberry.ID | None = strawberry.field(description="Whose it is.")
    party_name: str | None = strawberry.field(description="His name.")
    number: str = strawberry.field(description="Its number.")
    bank: str | None = strawberry.field(description="The bank that it is drawn on.")
    dated_on: date | None = strawberry.field(description="The date on it.")
    amount: Money = strawberry.field(description="Its amount.")
    status: str = strawberry.field(description="cheque.received or cheque.deposited.")
    post_dated: bool = strawberry.field(description="Whether its day is still to come.")


@strawberry.type(description="What a customer kept back of a bill and nobody has judged yet.")
class DeductionClaim:
    """A claim."""

    id: strawberry.ID = strawberry.field(description="Pass it to acceptDeduction or refuseDeduction.")
    invoice_id: strawberry.ID = strawberry.field(description="The bill.")
    invoice_number: str | None = strawberry.field(description="Its number.")
    party_name: str = strawberry.field(description="Whose bill it is.")
    kind: str = strawberry.field(description="tds, cash_discount …")
    amount: Money = strawberry.field(description="How much.")
    words: str = strawberry.field(description="short by TDS ₹980, to be checked")
    at: datetime = strawberry.field(description="Since when.")
    note: str | None = strawberry.field(description="The remark with it.")


@strawberry.type(description="What one answer to all alike did.")
class Bulk:
    """An answer to many."""

    id: strawberry.ID = strawberry.field(description="Pass it to undoBulk.")
    answer: str = strawberry.field(description="The id of the answer.")
    label: str = strawberry.field(description="Its words.")
    answered: int = strawberry.field(description="How many questions it answered, or gave back.")
    skipped: int = strawberry.field(description="How many didn't take it.")


def decision(view: views.DecisionView) -> Decision:
    """Return a decision as its type."""
    return Decision(
        id=strawberry.ID(str(view.id)),
        type=view.type,
        words=view.words,
        by=view.by,
        at=view.at,
        standing=view.standing,
        amount=money(view.amount, view.currency) if view.amount is not None and view.currency else None,
        note=view.note,
        can_undo=view.can_undo,
    )


def rep_cash(view: views.RepCash) -> RepCash:
    """Return what a member has as its type."""
    return RepCash(
        member_name=view.member_name,
        amount=money(view.amount, view.currency),
        payments=[
            HeldPayment(
                id=strawberry.ID(str(one.payment_id)),
                party_id=global_id("Party", one.party_id) if one.party_id else None,
                party_name=one.party_name,
                amount=money(one.amount, one.currency),
                method=one.method,
                paid_on=one.paid_on,
                number=one.number,
                note=one.note,
                reported_at=one.reported_at,
            )
            for one in view.payments
        ],
    )


def cheque_in_hand(view: views.ChequeInHand) -> ChequeInHand:
    """Return a cheque as its type."""
    return ChequeInHand(
        id=strawberry.ID(str(view.id)),
        party_id=global_id("Party", view.party_id) if view.party_id else None,
        party_name=view.party_name,
        number=view.number,
        bank=view.bank,
        dated_on=view.dated_on,
        amount=money(view.amount, view.currency),
        status=view.status,
        post_dated=view.post_dated,
    )


def deduction_claim(view: views.DeductionClaim) -> DeductionClaim:
    """Return a claim as its type."""
    return DeductionClaim(
        id=strawberry.ID(str(view.id)),
        invoice_id=global_id("Invoice", view.invoice_id),
        invoice_number=view.invoice_number,
        party_name=view.party_name,
        kind=view.kind,
        amount=money(view.amount, view.currency),
        words=view.words,
        at=view.at,
        note=view.note,
    )


def bulk(view: views.BulkView) -> Bulk:
    """Return an answer to many as its type."""
    return Bulk(
        id=strawberry.ID(str(view.id)),
        answer=view.answer,
        label=view.label,
        answered=view.answered,
        skipped=view.skipped,
    )


def plain_key(text: str) -> UUID:
    """Return the key that a plain id names, or a receipt's or cheque's global id; Rejected if it is none."""
    try:
        return UUID(str(text)[:60])
    except ValueError:
        kind, key = split_id(str(text))
    if kind not in ("Receipt", "Cheque"):
        raise Rejected("id.wrong_type", f"This is the id of a {kind}.", given=str(text))
    return key


def party_key(text: str) -> UUID:
    """Return the party that a global id names."""
    return key_of("Party", text)


def invoice_key(text: str) -> UUID:
    """Return the bill that a global id names."""
    return key_of("Invoice", text)


def shares(given: list[ShareInput]) -> tuple[BillShare, ...]:
    """Return shares as the ledger takes them."""
    return tuple(BillShare(invoice_key(one.invoice_id), one.amount, one.kind) for one in given)
