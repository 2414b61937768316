"""Members of Zoho CRM's records, and when a record changed for us: our own writing isn't a change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.values import EARLIEST, LATEST, text
from kit.errors import Rejected
from kit.money import currency_digits, minor_from_decimal

Record = Mapping[str, Any]

STAMP = "Munshi_Stamp"
"""Our field that holds two times: of the record's last change by others, and of our last writing."""
OWN_WRITING = timedelta(seconds=5)
"""How far Modified_Time may be from the time of our writing and still be caused by it."""
_MOST = 10**16
_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)
_WEB = re.compile(r"https://crm\.zoho\.[a-z.]{2,10}")


def moment(value: Any) -> datetime | None:
    """Read ISO 8601 with its offset; None for anything else."""
    if type(value) is not str:
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None and EARLIEST <= at < LATEST else None


def changed_at(record: Record) -> datetime | None:
    """Return when others changed the record last: Modified_Time, unless that was our own writing."""
    modified = moment(record.get("Modified_Time"))
    before, _, written = (text(record, STAMP) or "").partition(" ")
    basis, ours = moment(before), moment(written)
    if modified is None or basis is None or ours is None:
        return modified
    return basis if abs(modified - ours) <= OWN_WRITING else modified


def stamp(basis: datetime, written: datetime) -> str:
    """Write the two times of our field STAMP."""
    return f"{iso(basis)} {iso(written)}"


def iso(at: datetime) -> str:
    """Write a time as Zoho takes it: to the second, with its offset."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def minor(record: Record, name: str, currency: str) -> int | None:
    """Return an amount in minor units, None where it is unset; Rejected where it can't be money to come."""
    value = record.get(name)
    if value is None:
        return None
    currency_digits(currency)
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise Rejected("schema.amount", f"{name}: {str(value)[:40]!r} is not an amount.")
    stated = Decimal(value)
    if not -_MOST < stated < _MOST:
        raise Rejected("money.out_of_range", f"{name} is larger than any deal.")
    found = minor_from_decimal(stated, currency)
    if found < 0:
        raise Rejected("money.negative", f"{name}: a deal below nothing isn't money to come.")
    return found


def configured(settings: Mapping[str, Any], setting: str) -> str | None:
    """Return the field that a setting names; Rejected where that can't be one's API name."""
    name = settings.get(setting)
    if name in (None, ""):
        return None
    if not isinstance(name, str) or not _API_NAME.fullmatch(name):
        raise Rejected(
            "settings.field",
            f"{setting}: {str(name)[:40]!r} is not the API name of a field.",
            remedy="Copy it from Zoho CRM: Setup → Developer Hub → APIs and SDKs → API names.",
        )
    return name


def link(tab: str, external_id: str, settings: Mapping[str, Any]) -> str:
    """Return where a person sees the record."""
    web = settings.get("web_url")
    site = web if isinstance(web, str) and _WEB.fullmatch(web) else "https://crm.zoho.in"
    return f"{site}/crm/tab/{tab}/{external_id}"
