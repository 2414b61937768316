"""HubSpot's records in our fields: companies and lone customers as parties, deals with their stage, invoices."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.hubspot.fields import Record, day, flag, minor, text
from connectors.hubspot.objects import (
    COMPANIES,
    CONTACT,
    CONTACTS,
    DEALS,
    INVOICES,
    ObjectType,
    configured,
    link,
)
from connectors.hubspot.page import Said, Stage, Surroundings
from connectors.values import address, filled, numbers, phone
from kit.errors import Rejected

BILLING_LABEL = "Billing contact"
"""The label of a contact's tie to a company that makes its e-mail and telephone the company's, unless settings name another."""


def company(record: Record, external_id: str, around: Surroundings) -> Said | str:
    """A company is a party; its domain serves for a name where it has none."""
    held = record["properties"]
    data = filled(
        name=text(held, "name") or text(held, "domain"),
        phone=phone(text(held, "phone")),
        gstin=_compact(held, around, "gstin_property"),
        pan=_compact(held, around, "pan_property"),
        address=_address(held),
        state=text(held, "state"),
        owner=text(held, "hubspot_owner_id"),
        url=_url(record, COMPANIES, external_id, around),
    )
    return Said("party", external_id, data, event_type="party.upserted")


def contact(record: Record, external_id: str, around: Surroundings) -> Said | str:
    """A contact is somebody of a company, not a debtor, unless he has none and buys by himself.

    Of a company's people only the one who is tied to it as its billing contact says something of the company.
    """
    held = record["properties"]
    reached = filled(email=text(held, "email"), phone=phone(text(held, "phone") or text(held, "mobilephone")))
    companies = around.companies.all(external_id)
    if companies:
        label = around.settings.get("billing_label") or BILLING_LABEL
        paid_by = around.companies.labelled(external_id, str(label))
        if len(paid_by) != 1 or not reached:
            return "contacts: of a company"
        return Said("party", paid_by[0], reached, event_type="party.upserted")
    deals = text(held, "num_associated_deals") or "0"
    if deals == "0" and text(held, "lifecyclestage") != "customer":
        return "contacts: no customer"
    name = " ".join(part for part in (text(held, "firstname"), text(held, "lastname")) if part)
    data = filled(
        name=name or text(held, "email"),
        **reached,
        address=_address(held),
        state=text(held, "state"),
        owner=text(held, "hubspot_owner_id"),
        url=_url(record, CONTACTS, external_id, around),
    )
    return Said("party", CONTACT + external_id, data, event_type="party.upserted")


def deal(record: Record, external_id: str, around: Surroundings) -> Said | str:
    """A deal says its stage in the words of its owner: the stage's label, in the pipeline's.

    HubSpot itself says which stages are open and which are lost; what "won" means for money it doesn't.
    An amount that can't be read costs only itself.
    """
    held = record["properties"]
    stage_id, pipeline_id = text(held, "dealstage"), text(held, "pipeline")
    stage = around.pipelines.stage(pipeline_id, stage_id) if stage_id else None
    closed = flag(held, "hs_is_closed")
    if closed is None and stage is not None:
        closed = stage.closed
    references = numbers(
        text(held, named) if (named := configured(around.settings, "invoice_property")) else None
    )
    data = filled(
        name=text(held, "dealname"),
        party=around.party(external_id),
        closed_on=day(held, "closedate", around.zone) if closed else None,
        owner=text(held, "hubspot_owner_id"),
        url=_url(record, DEALS, external_id, around),
        references=filled(invoices=references),
    )
    doubts: list[tuple[str, Rejected]] = []
    try:
        currency = _currency(held, "deal_currency_code", around)
        amount = minor(held, "amount", currency)
        if amount is not None and amount < 0:
            raise Rejected("money.negative", "amount: a deal below nothing isn't money to come.")
        if amount is not None:
            data |= {"amount": amount, "currency": currency}
    except Rejected as refusal:
        doubts.append(("amount", refusal))
    return Said(
        "deal",
        external_id,
        data,
        event_type="deal.status_reported",
        word=stage.label if stage else stage_id,
        qualifier=(stage.pipeline if stage else pipeline_id or "")[:300],
        implied=_implied(held, stage, closed=closed),
        sequence=stage.edited if stage else 0,
        doubts=doubts,
    )


def invoice(record: Record, external_id: str, around: Surroundings) -> Said | str:
    """An invoice of HubSpot's own, with what is paid of it by its own account."""
    held = record["properties"]
    status = text(held, "hs_invoice_status")
    currency = _currency(held, "hs_currency", around)
    amount, due = minor(held, "hs_amount_billed", currency), minor(held, "hs_balance_due", currency)
    data = filled(
        number=text(held, "hs_number"),
        party=around.party(external_id),
        issued_on=day(held, "hs_invoice_date", around.zone),
        due_on=day(held, "hs_due_date", around.zone),
        description=text(held, "hs_title"),
        url=_url(record, INVOICES, external_id, around) or address(text(held, "hs_invoice_link")),
    )
    if amount is not None:
        data |= {"amount": amount, "currency": currency}
        # The balance of a voided one is nothing too, and nobody paid.
        if status in ("open", "paid") and due is not None and 0 <= due <= amount:
            data["paid"] = amount - due
    return Said(
        "invoice",
        external_id,
        data,
        event_type="invoice.status_reported",
        word=status,
    )


READERS: Mapping[str, Callable[[Record, str, Surroundings], Said | str]] = {
    "companies": company,
    "contacts": contact,
    "deals": deal,
    "invoices": invoice,
}
"""Each gives what a record says, or why it bears on nothing that we keep."""


def _implied(held: Record, stage: Stage | None, *, closed: bool | None) -> str | None:
    won = flag(held, "hs_is_closed_won")
    if won is None and stage is not None:
        won = stage.won
    if closed is False:
        return "deal.open"
    return "deal.lost" if closed and won is False else None


def _currency(held: Record, name: str, around: Surroundings) -> str:
    given = text(held, name) or around.settings.get("currency") or "INR"
    return str(given).upper()


def _compact(held: Record, around: Surroundings, setting: str) -> str | None:
    name = configured(around.settings, setting)
    found = text(held, name) if name else None
    return "".join(found.split()).upper() if found else None


def _address(held: Record) -> str | None:
    names = ("address", "address2", "city", "state", "zip", "country")
    return ", ".join(part for name in names if (part := text(held, name))) or None


def _url(record: Record, found: ObjectType, external_id: str, around: Surroundings) -> str | None:
    return address(record.get("url")) or link(found, external_id, around.settings)
