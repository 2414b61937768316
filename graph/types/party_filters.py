"""Which parties a list shows, and in which order."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="In which order customers who owe are paged.")
class PartySort(Enum):
    """Orders of customers."""

    URGENCY = strawberry.enum_value("urgency", description="Days overdue × net, most urgent first.")
    AMOUNT = strawberry.enum_value("amount", description="Largest net first.")
    NAME = strawberry.enum_value("name", description="By name.")


@strawberry.enum(description="In which order parties are paged.")
class PartyOrder(Enum):
    """Orders of parties."""

    NAME = strawberry.enum_value("name", description="By name.")
    RECEIVABLE = strawberry.enum_value("receivable", description="What they owe us, the largest first.")
    PAYABLE = strawberry.enum_value(
        "payable", description="What we owe them, the largest first; not for sales."
    )


@strawberry.enum(description="What a party is to us.")
class PartyKind(Enum):
    """Kinds of parties."""

    CUSTOMER = strawberry.enum_value("customer", description="We sell to it.")
    VENDOR = strawberry.enum_value("vendor", description="We buy from it.")


@strawberry.enum(description="Who owes whom.")
class PartyBalance(Enum):
    """Balances of parties."""

    THEY_OWE = strawberry.enum_value("us", description="They owe us, net.")
    WE_OWE = strawberry.enum_value("them", description="We owe them; not for sales.")
    ANY = strawberry.enum_value("any", description="Either owes anything; not for sales.")


@strawberry.input(description="Which parties; all that is given must hold.")
class PartyFilter:
    """A filter."""

    kind: PartyKind | None = strawberry.field(default=None, description="Only customers, or vendors.")
    search: str | None = strawberry.field(
        default=None, description="Part of the name, misspelt too, or a phone number; the best 200."
    )
    owner: str | None = strawberry.field(
        default=None, description="Only of this sales owner, as the CRM calls him."
    )
    pan: str | None = strawberry.field(default=None, description="Only of this PAN: one owner's ledgers.")
    gstin: str | None = strawberry.field(default=None, description="Only of this GSTIN.")
    balance: PartyBalance | None = strawberry.field(default=None, description="Only with a balance.")
