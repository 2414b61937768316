"""The four kinds of HubSpot's objects that we read: what they are called there, with which properties, and with us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.fields import record_id
from kit.errors import Rejected

CONTACT = "contact:"
"""Before a contact's id where it is a party: HubSpot numbers companies and contacts apart."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of object: `name` in addresses and streams, `type_id` in generic webhooks, what of it is read.

    The history of `properties` is read too: when one of them changed last is when the object changed for us.
    `computed` ones are read as they are. `configured` maps a setting, which names a property, to what it holds.
    """

    name: str
    singular: str
    type_id: str
    kind: str
    modified: str
    properties: tuple[str, ...]
    computed: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()

    def watched(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the properties whose change matters, with those that the settings name."""
        named = (configured(settings, setting) for setting in self.configured)
        return (*self.properties, *(name for name in named if name))


COMPANIES = ObjectType(
    "companies", "company", "0-2", "party", "hs_lastmodifieddate",
    ("name", "domain", "phone", "address", "address2", "city", "state", "zip", "country", "hubspot_owner_id",
     "hs_merged_object_ids"),
    configured=("gstin_property", "pan_property"),
)  # fmt: skip
CONTACTS = ObjectType(
    "contacts", "contact", "0-1", "party", "lastmodifieddate",
    ("firstname", "lastname", "email", "phone", "mobilephone", "address", "city", "state", "zip", "country",
     "hubspot_owner_id", "lifecyclestage", "associatedcompanyid", "hs_merged_object_ids"),
    ("num_associated_deals",),
)  # fmt: skip
DEALS = ObjectType(
    "deals", "deal", "0-3", "deal", "hs_lastmodifieddate",
    ("dealname", "amount", "dealstage", "pipeline", "closedate", "deal_currency_code", "hubspot_owner_id",
     "hs_primary_associated_company", "hs_merged_object_ids"),
    ("hs_is_closed", "hs_is_closed_won"),
    configured=("invoice_property",),
)  # fmt: skip
INVOICES = ObjectType(
    "invoices", "invoice", "0-53", "invoice", "hs_lastmodifieddate",
    ("hs_invoice_status", "hs_number", "hs_title", "hs_amount_billed", "hs_balance_due", "hs_currency",
     "hs_invoice_date", "hs_due_date", "hs_invoice_link"),
)  # fmt: skip
TYPES: Mapping[str, ObjectType] = {found.name: found for found in (COMPANIES, CONTACTS, DEALS, INVOICES)}
BY_WORD: Mapping[str, ObjectType] = {
    word: found for found in TYPES.values() for word in (found.singular, found.type_id)
}
"""What a webhook calls it: `deal`, or `0-3` beside `object`."""


def configured(settings: Mapping[str, Any], setting: str) -> str | None:
    """Return the property that a setting names; Rejected where that can't be one's name."""
    name = settings.get(setting)
    if name in (None, ""):
        return None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Rejected(
            "settings.property",
            f"{setting}: {str(name)[:40]!r} is not the internal name of a HubSpot property.",
            remedy="Copy it from the property's page in HubSpot: small letters, digits and underscores.",
        )
    return name


def link(found: ObjectType, external_id: str, settings: Mapping[str, Any]) -> str | None:
    """Return where a person sees the record, if the settings say the account's number (`portal_id`)."""
    portal = record_id(settings.get("portal_id"))
    if portal is None:
        return None
    domain = settings.get("ui_domain") or "app.hubspot.com"
    if not isinstance(domain, str) or not re.fullmatch(r"[a-z0-9.-]+\.hubspot\.com", domain):
        return None
    return f"https://{domain}/contacts/{portal}/record/{found.type_id}/{external_id}"
