"""Accounts as parties and deals with their stage: what is read of a record, and what it says in our fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.people import address_of, told
from connectors.values import as_object, filled, numbers, phone, record_id, text
from connectors.zoho_crm.fields import STAMP, Record, configured, link, minor
from kit.errors import Rejected


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says: our fields, the stage in the owner's words, and what of it can't be read."""

    kind: str
    data: dict[str, Any]
    event_type: str
    word: str | None = None
    qualifier: str = ""
    doubt: Rejected | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """A module of Zoho CRM: `stream` with us, `name` there, which fields we ask for, who reads them.

    `configured` are settings that name further fields of the firm's own.
    """

    stream: str
    name: str
    fields: tuple[str, ...]
    configured: tuple[str, ...]
    read: Callable[[Record, str, Mapping[str, Any]], Said]

    def asked(self, settings: Mapping[str, Any]) -> str:
        """Return the API names of the fields to ask for; Zoho wants them named."""
        own = (configured(settings, setting) for setting in self.configured)
        return ",".join([*self.fields, *(name for name in own if name), "Modified_Time", STAMP])


def account(record: Record, external_id: str, settings: Mapping[str, Any]) -> Said:
    """An account is a party; what it buys and owes stands elsewhere."""
    parts = ("Billing_Street", "Billing_City", "Billing_State", "Billing_Code", "Billing_Country")
    gstin = _own(record, settings, "gstin_field")
    data = filled(
        name=text(record, "Account_Name"),
        gstin="".join(gstin.split()).upper() if gstin else None,
        phone=phone(text(record, "Phone")),
        address=", ".join(part for name in parts if (part := text(record, name))),
        state=text(record, "Billing_State"),
        addresses=told((_address(record, "billing"), _address(record, "shipping"))),
        parent=record_id(as_object(record.get("Parent_Account")).get("id")),
        owner=_owner(record),
        url=link("Accounts", external_id, settings),
    )
    if "name" not in data:
        raise Rejected("schema.name_missing", "Account_Name is missing.")
    return Said("party", data, "party.upserted")


def _address(record: Record, kind: str) -> dict[str, Any] | None:
    part = {
        name: text(record, f"{kind.capitalize()}_{name}")
        for name in ("Street", "City", "State", "Code", "Country")
    }
    return address_of(
        kind,
        (part["Street"],),
        city=part["City"],
        state=part["State"],
        pin=part["Code"],
        country=part["Country"],
    )


def deal(record: Record, external_id: str, settings: Mapping[str, Any]) -> Said:
    """A deal says its stage, in its pipeline; an amount that can't be read costs only itself.

    Where a firm has no pipelines, the layout tells its stages apart.
    """
    stage = text(record, "Stage")
    if stage is None:
        raise Rejected("schema.stage_missing", "Stage is missing.")
    customer = as_object(record.get("Account_Name"))
    party_id = record_id(customer.get("id"))
    data = filled(
        name=text(record, "Deal_Name"),
        party=filled(id=party_id, name=text(customer, "name")) if party_id else None,
        # Of an open deal it is but a hope.
        closed_on=text(record, "Closing_Date") if stage.casefold().startswith("closed") else None,
        owner=_owner(record),
        url=link("Potentials", external_id, settings),
        references=filled(invoices=numbers(_own(record, settings, "invoice_field"))[:100]),
    )
    doubt: Rejected | None = None
    try:
        currency = (text(record, "Currency") or str(settings.get("currency") or "INR")).upper()
        amount = minor(record, "Amount", currency)
        if amount is not None:
            data |= {"amount": amount, "currency": currency}
    except Rejected as refusal:
        doubt = refusal
    return Said("deal", data, "deal.status_reported", stage, _called(record, "Pipeline", "Layout"), doubt)


def _called(record: Record, *names: str) -> str:
    """Return the first of these that is set: a text, or an object with a name."""
    for name in names:
        found = text(record, name) or text(as_object(record.get(name)), "name")
        if found:
            return found[:300]
    return ""


def _owner(record: Record) -> str | None:
    owner = as_object(record.get("Owner"))
    return text(owner, "email") or record_id(owner.get("id"))


def _own(record: Record, settings: Mapping[str, Any], setting: str) -> str | None:
    name = configured(settings, setting)
    return text(record, name) if name else None


ACCOUNTS = Module(
    "accounts",
    "Accounts",
    (
        "Account_Name", "Phone", "Billing_Street", "Billing_City", "Billing_State", "Billing_Code", "Billing_Country",
        "Shipping_Street", "Shipping_City", "Shipping_State", "Shipping_Code", "Shipping_Country", "Parent_Account", "Owner",
    ),
    ("gstin_field",),
    account,
)  # fmt: skip
DEALS = Module(
    "deals",
    "Deals",
    (
        "Deal_Name", "Stage", "Pipeline", "Layout", "Amount", "Currency", "Closing_Date", "Account_Name", "Owner",
    ),
    ("invoice_field",),
    deal,
)  # fmt: skip
MODULES: Mapping[str, Module] = {module.stream: module for module in (ACCOUNTS, DEALS)}
BY_NAME: Mapping[str, Module] = {module.name: module for module in (ACCOUNTS, DEALS)}
DELETED = "deleted_deals"
CHANNEL = "channel"
