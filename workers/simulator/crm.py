"""What the firm's CRM sends through the standard connector: customers with their sales owner, deals in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from workers.simulator.customers import Party
from workers.simulator.entities import Deal, moment
from workers.simulator.messages import Message, standard
from workers.simulator.world import World

SOURCE = "crm:demo"
PIPELINE = "Service contracts"
_SITE = "https://crm.sahyadrifs.example"


def crm_messages(world: World) -> Iterator[Message]:
    """Tell the CRM's history: every customer, every step of every deal."""
    for party in world.customers:
        yield party_upserted(party, moment(world.start, 10))
    for deal in world.deals:
        for at, word in deal.steps:
            yield deal_reported(deal, word, at)


def party_upserted(party: Party, at: datetime) -> Message:
    """State a customer's record with his sales owner."""
    data = {
        **_brief(party),
        "phone": party.phone,
        "email": party.email,
        "roles": ["customer"],
        "owner": party.owner,
        "url": f"{_SITE}/companies/{party.code[1:]}",
    }
    return standard(SOURCE, "party.upserted", at, data)


def deal_reported(deal: Deal, word: str, at: datetime) -> Message:
    """State that a deal reached a stage, in the CRM's word for it."""
    data: dict[str, Any] = {
        "id": deal.id,
        "name": deal.name,
        "party": _brief(deal.party),
        "amount": deal.amount,
        "currency": "INR",
        "status_word": word,
        "status_context": PIPELINE,
        "owner": deal.owner,
        "url": f"{_SITE}/deals/{deal.id}",
    }
    if deal.invoices:
        data["references"] = {"invoices": list(deal.invoices)}
    return standard(SOURCE, "deal.status_reported", at, data)


def _brief(party: Party) -> dict[str, Any]:
    return {"id": f"ACC-{party.code[1:]}", "name": party.name, "gstin": party.gstin}
