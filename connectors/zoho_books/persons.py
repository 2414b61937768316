"""Who is to be reached at a contact of Zoho Books, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.people import address_of, duty_of, told
from connectors.values import as_object, filled, objects, phone
from connectors.zoho_books.fields import Record, text


def people_of(record: Record) -> list[dict[str, Any]]:
    """Return its people with an e-mail or a telephone; only a contact's details name them, lists don't."""
    return [_person(one) for one in objects(record.get("contact_persons")) if _reached(one)]


def addresses_of(record: Record) -> list[Mapping[str, Any]]:
    """Return where bills go, and where goods go if that is elsewhere."""
    return told(
        (
            _address("billing", record.get("billing_address")),
            _address("shipping", record.get("shipping_address")),
        )
    )


def _reached(person: Record) -> bool:
    return any(text(person, name) for name in ("email", "mobile", "phone"))


def _person(person: Record) -> dict[str, Any]:
    """Somebody of a contact: by his designation what he is there for, else Zoho's primary one is ours."""
    duty = duty_of(text(person, "designation"), text(person, "department"))
    first = person.get("is_primary_contact") is True
    name = " ".join(part for part in (text(person, "first_name"), text(person, "last_name")) if part)
    return filled(
        kind="primary" if first and duty == "other" else duty,
        name=name,
        designation=text(person, "designation") or text(person, "department"),
        phone=phone(text(person, "mobile") or text(person, "phone")),
        email=text(person, "email"),
    )


def _address(kind: str, stated: Any) -> dict[str, Any] | None:
    held = as_object(stated)
    return address_of(
        kind,
        tuple(text(held, part) for part in ("attention", "address", "street2")),
        city=text(held, "city"),
        state=text(held, "state"),
        pin=text(held, "zip"),
        country=text(held, "country"),
    )
