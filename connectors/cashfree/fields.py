"""Members of Cashfree's objects, read with the shapes that occur: ids as numbers, "null" and "NA" as texts, rupees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors.values import EARLIEST, LATEST, MAX_WORDS, number_words, trimmed
from kit.clock import IST
from kit.errors import Rejected
from kit.money import minor_from_decimal

Entity = Mapping[str, Any]

_UNSET = frozenset(["", "null", "null,", "na", "n/a", "none"])
_NUMBER = re.compile(r"-?\d{1,13}(?:\.\d{1,6})?")
_LOOSE_COLON = re.compile(r"\s*:\s*")
_EMAIL = re.compile(r"[^\s@\[\]()<>]{1,100}@[^\s@\[\]()<>]{1,100}")
_REFERENCE = re.compile(r"[A-Za-z0-9]{9,40}")
_OWN_ID = re.compile(r"(?:CFPay|order|session|link)_[A-Za-z0-9_]{6,}")


def text(entity: Entity, *names: str) -> str | None:
    """Return the first of these members that is a text and says something, trimmed and cut to what we keep."""
    for name in names:
        value = entity.get(name)
        if type(value) is str and value.strip().lower() not in _UNSET:
            return trimmed(value)
    return None


def id_text(entity: Entity, *names: str) -> str | None:
    """Return an id as text: until 2022-09-01 Cashfree's own ids were numbers."""
    for name in names:
        value = entity.get(name)
        if type(value) is int and 0 < value < 10**30:
            return str(value)
        if found := text(entity, name):
            return found
    return None


def money(entity: Entity, *names: str, currency: str) -> int | None:
    """Read the first of these members that is set, in rupees, as paise; Rejected if it is no exact amount."""
    for name in names:
        value = entity.get(name)
        if value is None or (type(value) is str and value.strip().lower() in _UNSET):
            continue
        try:
            return minor_from_decimal(_decimal(value), currency)
        except Rejected as wrong:
            raise Rejected(wrong.code, f"{name}: {wrong.message}") from None
    return None


def rupees(entity: Entity, *names: str) -> Decimal | None:
    """Return the first of these members that is set, in rupees; Rejected if it is no number."""
    for name in names:
        value = entity.get(name)
        if value is not None and not (type(value) is str and value.strip().lower() in _UNSET):
            return _decimal(value)
    return None


def whole_paise(amount: Decimal, currency: str) -> int | None:
    """Return a charge in minor units; None if it has a fraction of them: what isn't exact isn't said."""
    try:
        return minor_from_decimal(amount, currency)
    except Rejected:
        return None


def _decimal(value: Any) -> Decimal:
    if type(value) is Decimal:
        return value
    if type(value) is int:
        return Decimal(value)
    if type(value) is str and _NUMBER.fullmatch(value.strip()):
        try:
            return Decimal(value.strip())
        except InvalidOperation:
            pass
    raise Rejected("money.not_a_number", "The amount is not a number.")


def owed(entity: Entity, *names: str, currency: str) -> int:
    """Read an amount that must be there; Rejected where it isn't."""
    found = money(entity, *names, currency=currency)
    if found is None:
        raise Rejected("schema.amount_missing", f"{names[0]} is missing.")
    return found


def currency_of(entity: Entity, *names: str) -> str:
    """Return the currency's code; Rejected where none is stated."""
    found = text(entity, *names)
    if found is None:
        raise Rejected("schema.field_missing", f"{names[0]} is missing.")
    return found


def moment(value: Any) -> datetime | None:
    """Read a time; without an offset it is India's. None for what is unset, no time, or out of range (year 9999)."""
    if type(value) is not str or len(value) > 60:
        return None
    try:
        at = datetime.fromisoformat(_LOOSE_COLON.sub(":", value.strip()))
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=IST)
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        return None
    return at if EARLIEST <= at < LATEST else None


def first_moment(entity: Entity, *names: str) -> datetime | None:
    """Return the first of these members that is a time."""
    return next((at for name in names if (at := moment(entity.get(name)))), None)


def day(at: datetime | None, zone: ZoneInfo) -> str | None:
    """Write a time as the calendar's day in `zone`."""
    return at.astimezone(zone).date().isoformat() if at else None


def email(given: str | None) -> str | None:
    """Return an e-mail address; some come in brackets (`[a@b.in]()`), and what is none is left out."""
    found = _EMAIL.search(given or "")
    return found[0] if found else None


def bank_reference(entity: Entity, *names: str) -> str | None:
    """Return a bank's reference of nine characters or more; shorter ones are codes."""
    found = id_text(entity, *names)
    return found if found and _REFERENCE.fullmatch(found) else None


def tokens(*told: str | None) -> list[str]:
    """Words of texts that may be the number of a bill; never ids that Cashfree or a shop made up."""
    words = [word for part in told for word in number_words(part, own_id=_OWN_ID)]
    return [word for word in words if len(word) <= 24][:MAX_WORDS]
