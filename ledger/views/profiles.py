"""Who a party is, by its sources' words, and since when; amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.views.party_group import AttributeView


@dataclass(frozen=True, slots=True)
class ContactView:
    """Somebody of a party, as a source states him; `since` None: as long as is known."""

    kind: str
    name: str | None
    designation: str | None
    phone: str | None
    email: str | None
    source: str
    since: date | None


@dataclass(frozen=True, slots=True)
class AddressView:
    """An address of a party, as a source states it; `since` None: as long as is known."""

    kind: str
    lines: str | None
    city: str | None
    state: str | None
    pin: str | None
    country: str | None
    source: str
    since: date | None


@dataclass(frozen=True, slots=True)
class SalesOwnerView:
    """Who looks after a customer: the CRM's name for him, and our member of that name (None: nobody of ours)."""

    key: str
    member_id: UUID | None
    member_name: str | None
    source: str | None
    since: date | None


@dataclass(frozen=True, slots=True)
class PartyProfile:
    """What held of a party on a day. `attributes`: by the source that is believed, each with since when.

    `parent_id`: of which it is a branch, by a CRM's word on that day; `branches`: those that name it today; of both only
    what the actor may see. `habit`: bill_wise, oldest_first, on_account; None: not known.
    """

    party_id: UUID
    on: date
    attributes: tuple[AttributeView, ...]
    contacts: tuple[ContactView, ...]
    addresses: tuple[AddressView, ...]
    owner: SalesOwnerView | None
    parent_id: UUID | None
    branches: tuple[UUID, ...]
    habit: str | None
    last_receipt_on: date | None
    promise_amount: int | None


@dataclass(frozen=True, slots=True)
class KeptThing:
    """Something kept with a party: `id` is the name of its bytes (their SHA-256)."""

    id: str
    media_type: str
    filename: str
    text: str
    author: str
    at: datetime
