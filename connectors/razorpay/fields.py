"""Members of Razorpay's entities, read with the shapes that occur: null, 0, "", "null", [] where an object belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Entity = Mapping[str, Any]

_EARLIEST, _LATEST = 631_152_000, 4_102_444_800  # 1990 and 2100, in unix seconds
_MAX_TEXT = 2_000
_PLACEHOLDER_EMAIL = "void@razorpay.com"  # stands for "the checkout asked for no e-mail"
_INVOICE_NOTE = re.compile(
    r"(?:our[ _-]?)?(?:tax[ _-]?)?(?:invoices?|inv|bills?)(?:[ _-]?(?:no|nos|num|number|numbers|id|ids|ref|reference))?\.?",
    re.IGNORECASE,
)
OWN_ID = re.compile(r"(?:pay|order|inv|plink|rfnd|setl|cust|sub|qr|va|pout)_[A-Za-z0-9]{6,}")
_BARE_ID = re.compile(r"[A-Za-z0-9]{14}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.\-]{1,38}[A-Za-z0-9]")
_REFERENCE = re.compile(r"[A-Za-z0-9]{9,40}")
_COMMAS = re.compile(r"[,;|\n]")
_SPACING = re.compile(r"[\s()\-]")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


def moment(value: Any) -> datetime | None:
    """Read unix seconds; None for null, 0, and whatever isn't a time."""
    if type(value) is not int or not _EARLIEST <= value < _LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)


def text(entity: Entity, name: str) -> str | None:
    """Return a text member, trimmed and cut to what we keep; None for null, "", "null" and other types."""
    value = entity.get(name)
    if type(value) is not str:
        return None
    value = value.strip()
    if not value or value == "null":
        return None
    return value if len(value) <= _MAX_TEXT else value[: _MAX_TEXT - 1] + "…"


def phone(given: str | None) -> str | None:
    """Write +91 before an Indian mobile number that lacks it; leave others as they are."""
    if given is None:
        return None
    digits = _SPACING.sub("", given)
    bare = digits.removeprefix("+")
    if not bare.isascii() or not bare.isdigit():
        return given
    if len(bare) == 10 and bare[0] in "6789":
        return f"+91{bare}"
    return f"+{bare}" if len(bare) == 12 and bare.startswith("91") else digits


def email(given: str | None) -> str | None:
    """Return an e-mail address, unless it is Razorpay's placeholder."""
    return None if given == _PLACEHOLDER_EMAIL else given


def bank_references(entity: Entity) -> Iterable[str | None]:
    """Bank references of the acquirer; an authorisation code of six digits is none."""
    data = as_object(entity.get("acquirer_data"))
    if not data:
        return
    for name in ("rrn", "utr", "arn", "bank_transaction_id", "upi_transaction_id"):
        reference = text(data, name)
        if reference and _REFERENCE.fullmatch(reference):
            yield reference


def noted_numbers(holders: Iterable[Entity]) -> list[str]:
    """Numbers under keys like invoice, invoice_number, bill no in `notes`, several parted by commas."""
    found: list[str] = []
    for holder in holders:
        notes = holder.get("notes")
        if not notes or not isinstance(notes, dict):
            continue
        for key, value in notes.items():
            if isinstance(key, str) and _INVOICE_NOTE.fullmatch(key.strip()):
                written = str(value) if type(value) is int else value if isinstance(value, str) else ""
                found.extend(part.strip()[:60] for part in _COMMAS.split(written) if part.strip())
    return found


def order_id(value: Any) -> str | None:
    """An order's id, always with its prefix (`payment_link.paid` leaves it out)."""
    if type(value) is not str or not value:
        return None
    return f"order_{value}" if _BARE_ID.fullmatch(value) else value[:_MAX_TEXT]


def number_words(told: str | None) -> list[str]:
    """Words with a digit in them that may be the number of a bill; never Razorpay's own ids."""
    if told is None or not any(c.isdigit() for c in told):
        return []
    return [
        word
        for word in _WORD.findall(told)
        if any(c.isdigit() for c in word)
        and not OWN_ID.fullmatch(word)
        and not (_BARE_ID.fullmatch(word) and f"#{word}" in told)
    ][:20]


def as_object(value: Any) -> Entity:
    """Return an object, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def put(data: dict[str, Any], name: str, value: Any) -> None:
    """Set a field, unless there is nothing to say."""
    if value is not None and value != {}:
        data[name] = value


def filled(**fields: str | None) -> dict[str, str]:
    """Return the fields that hold something."""
    return {name: value for name, value in fields.items() if value}


def refer(references: dict[str, list[str]], name: str, values: Iterable[str | None]) -> None:
    """Set a list of references: each once, in the order given; none at all leaves the list out."""
    if found := dict.fromkeys(filter(None, values)):
        references[name] = list(found)


def day(value: Any, zone: ZoneInfo) -> str | None:
    """Write unix seconds as the calendar's day in `zone`."""
    at = moment(value)
    return at.astimezone(zone).date().isoformat() if at else None


def address(given: str | None) -> str | None:
    """A link that can be opened; Razorpay's own pages show some with a blank inside."""
    joined = re.sub(r"\s", "", given or "")
    return joined if _ADDRESS.fullmatch(joined) else None
