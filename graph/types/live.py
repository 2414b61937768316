"""What subscribers are told: questions, changes of state, and how far reading is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from graph.ids import global_id
from graph.nodes import load
from graph.types.basics import Info, Money, Node, money, resolved, word
from graph.types.parties import Party, party
from graph.types.questions import Conflict, conflict
from kit.errors import NotFound
from ledger import queries
from ledger.domain.told import Told
from ledger.views.live import ImportProgressView


@strawberry.enum(description="What happened to a question.")
class QuestionEvent(Enum):
    """Events of questions."""

    OPENED = strawberry.enum_value("opened", description="It waits for an answer.")
    REOPENED = strawberry.enum_value(
        "reopened", description="Its answer was taken back, or new evidence came."
    )
    CHANGED = strawberry.enum_value(
        "changed", description="Its evidence changed; buttons of before are stale."
    )
    SNOOZED = strawberry.enum_value("snoozed", description="It is asked again later.")
    ASSIGNED = strawberry.enum_value("assigned", description="It was given to somebody.")
    NOTED = strawberry.enum_value("noted", description="A remark was made on it.")
    ADVISED = strawberry.enum_value("advised", description="The accountant said what he would answer.")
    ANSWERED = strawberry.enum_value("answered", description="A person answered it.")
    CLEARED = strawberry.enum_value("cleared", description="Evidence came; nobody has to answer.")


@strawberry.enum(description="What changes its state.")
class StateKind(Enum):
    """Kinds of rows."""

    INVOICE = strawberry.enum_value("invoice", description="A bill to a customer.")
    RECEIPT = strawberry.enum_value("receipt", description="Money of a customer.")
    CHEQUE = strawberry.enum_value("cheque", description="A cheque.")
    SETTLEMENT = strawberry.enum_value("settlement", description="A gateway's transfer to the bank.")
    PAYABLE = strawberry.enum_value("payable", description="A bill of a vendor.")
    PAYOUT = strawberry.enum_value("payout", description="Money to a vendor.")
    PARTY = strawberry.enum_value(
        "party", description="Who a customer or vendor is, and what is agreed with it; never its sums."
    )


@strawberry.type(description="Something happened to a question.")
class QuestionChange:
    """A change."""

    key: strawberry.Private[UUID]
    sequence: int = strawberry.field(
        description="Its place in the audit sequence: pass the last one as `after`."
    )
    at: datetime = strawberry.field(description="When.")
    what: QuestionEvent = strawberry.field(description="What happened.")
    question_id: strawberry.ID = strawberry.field(description="Of which question.")

    @resolved("The question as it stands now; null: it isn't there any more.")
    async def question(self, info: Info) -> Conflict | None:
        """Load it."""
        try:
            return conflict(await info.context.ask(queries.Conflict(self.key)))
        except NotFound:
            return None


@strawberry.type(description="A state; what a kind doesn't have is null.")
class State:
    """A state."""

    status: str | None = strawberry.field(description="Such as invoice.paid.")
    amount: Money | None = strawberry.field(description="The whole of it.")
    outstanding: Money | None = strawberry.field(description="What is open of a bill.")
    allocated: Money | None = strawberry.field(description="What of the money is set against bills.")
    refunded: Money | None = strawberry.field(description="What was given back.")
    due_on: date | None = strawberry.field(description="When a bill is due.")
    arrived: bool | None = strawberry.field(description="Whether the money is there.")
    gstin: str | None = strawberry.field(description="A party's GST number.")
    pan: str | None = strawberry.field(description="A party's PAN.")
    terms_days: int | None = strawberry.field(description="Credit days agreed with a party.")
    credit_limit: Money | None = strawberry.field(description="A party's credit limit.")
    is_customer: bool | None = strawberry.field(description="Whether we sell to the party.")
    is_vendor: bool | None = strawberry.field(description="Whether we buy from the party.")


@strawberry.type(description="A bill, money or a cheque changed its state, or a party is another.")
class StateChange:
    """A change."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID | None]
    sequence: int = strawberry.field(
        description="Its place in the audit sequence: pass the last one as `after`."
    )
    at: datetime = strawberry.field(description="When we knew it.")
    kind: StateKind = strawberry.field(description="What changed.")
    subject_id: strawberry.ID = strawberry.field(description="Which one: an id for node(id).")
    number: str | None = strawberry.field(description="A bill's number.")
    before: State | None = strawberry.field(description="What it was; null: it is new.")
    after: State | None = strawberry.field(description="What it is; null: it is gone.")
    formerly: list[strawberry.ID] = strawberry.field(
        description="Ids of what it took the place of: the same money, now known from one source more, or the same party."
    )
    changed: list[str] = strawberry.field(
        description="What is another than it was, by the fields' names: status, dueOn, party; of a party also name, phone, "
        "email, salesOwner, parent and identities, whose values `node` has. Empty: it is new, or gone."
    )
    parted_from: list[strawberry.ID] = strawberry.field(
        description="Parties that a new one was joined with until now."
    )

    @resolved("Whose it is, as that is known today.")
    async def party(self, info: Info) -> Party | None:
        """Load the party."""
        if self.party_key is None:
            return None
        found = await info.context.parties.load(self.party_key)
        return party(found) if found is not None else None

    @resolved("It, as it stands now; null: it is gone, or is another by now.")
    async def node(self, info: Info) -> Node | None:
        """Load it."""
        return await load(info, word(self.kind).capitalize(), self.key)


@strawberry.type(description="How far the reading of a source is.")
class SourceProgress:
    """A source."""

    source: str = strawberry.field(description="The source, such as bank:icici.")
    label: str = strawberry.field(description="What it is called.")
    events: int = strawberry.field(description="Events that were read of it since it was connected.")
    duplicates: int = strawberry.field(description="Those that came again and changed nothing.")
    quarantined: int = strawberry.field(description="Parts that could not be read.")
    rows: int = strawberry.field(description="Rows that we fetched from it ourselves.")
    reading: bool = strawberry.field(description="Whether it is being read.")


@strawberry.type(description="How far reading is.")
class ImportProgress:
    """Progress."""

    pending: int = strawberry.field(
        description="What was read and isn't worked into the figures yet; at most 200,000 are counted."
    )
    done: bool = strawberry.field(description="Whether nothing is being read and nothing is pending.")
    sources: list[SourceProgress] = strawberry.field(description="The sources by name.")


def question_change(told: Told) -> QuestionChange:
    """Return what happened to a question as its type."""
    return QuestionChange(
        key=told.subject,
        sequence=told.sequence,
        at=told.at,
        what=QuestionEvent(told.question),
        question_id=global_id("Conflict", told.subject),
    )


def state_change(told: Told) -> StateChange:
    """Return a change of state as its type."""
    assert told.kind is not None
    name, currency = told.kind.capitalize(), told.entry.get("currency")
    return StateChange(
        key=told.subject,
        party_key=told.party,
        sequence=told.sequence,
        at=told.at,
        kind=StateKind(told.kind),
        subject_id=global_id(name, told.subject),
        number=told.entry.get("number"),
        before=_state(told.entry.get("before"), currency),
        after=_state(told.entry.get("after"), currency),
        formerly=[global_id(name, UUID(one)) for one in told.entry.get("formerly") or ()],
        changed=[_field_name(one) for one in told.changed],
        parted_from=[global_id("Party", UUID(one)) for one in told.entry.get("parted_from") or ()],
    )


def import_progress(view: ImportProgressView, source: str | None) -> ImportProgress:
    """Return how far reading is, of one source or of all."""
    rows = [one for one in view.sources if source in (None, one.source)]
    return ImportProgress(
        pending=view.pending,
        done=not view.pending and not any(one.reading for one in rows),
        sources=[
            SourceProgress(
                source=one.source,
                label=one.label,
                events=one.events,
                duplicates=one.duplicates,
                quarantined=one.quarantined,
                rows=one.items,
                reading=one.reading,
            )
            for one in rows
        ],
    )


_FIELDS: Mapping[str, str] = {
    "owner": "salesOwner", "parents": "parent", "records": "identities", "party_id": "party", "bank_line_id": "bankLine",
}  # fmt: skip
"""How the API calls what the trail calls otherwise."""


def _state(found: Mapping[str, Any] | None, currency: str | None) -> State | None:
    if found is None:
        return None

    def sum_of(name: str) -> Money | None:
        return money(found[name], currency) if currency and found.get(name) is not None else None

    due = found.get("due_on")
    return State(
        status=found.get("status"),
        amount=sum_of("amount"),
        outstanding=sum_of("outstanding"),
        allocated=sum_of("allocated"),
        refunded=sum_of("refunded"),
        due_on=date.fromisoformat(due) if due else None,
        arrived=found.get("arrived"),
        gstin=found.get("gstin"),
        pan=found.get("pan"),
        terms_days=found.get("terms_days"),
        credit_limit=sum_of("credit_limit"),
        is_customer=found.get("is_customer"),
        is_vendor=found.get("is_vendor"),
    )


def _field_name(name: str) -> str:
    return _FIELDS.get(name) or to_camel_case(name)
