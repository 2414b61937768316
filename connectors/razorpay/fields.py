"""Members of Razorpay's entities, read with the shapes that occur: null, 0, "", "null", [] where an object belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.values import MAX_TEXT, MAX_WORDS, WORD, as_object
from connectors.values import address as plain_address

Entity = Mapping[str, Any]

_PLACEHOLDER_EMAIL = "void@razorpay.com"  # stands for "the checkout asked for no e-mail"
OWN_ID = re.compile(r"(?:pay|order|inv|plink|rfnd|setl|cust|sub|qr|va|pout)_[A-Za-z0-9]{6,}")
_BARE_ID = re.compile(r"[A-Za-z0-9]{14}")
_REFERENCE = re.compile(r"[A-Za-z0-9]{9,40}")


def text(entity: Entity, name: str) -> str | None:
    """Return a text member, trimmed and cut to what we keep; None for null, "", "null" and other types."""
    value = entity.get(name)
    if type(value) is not str:
        return None
    value = value.strip()
    if not value or value == "null":
        return None
    return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"


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


def order_id(value: Any) -> str | None:
    """An order's id, always with its prefix (`payment_link.paid` leaves it out)."""
    if type(value) is not str or not value:
        return None
    return f"order_{value}" if _BARE_ID.fullmatch(value) else value[:MAX_TEXT]


def number_words(told: str | None) -> list[str]:
    """Words with a digit in them that may be the number of a bill; never Razorpay's own ids."""
    if told is None or not any(c.isdigit() for c in told):
        return []
    return [
        word
        for word in WORD.findall(told)
        if any(c.isdigit() for c in word)
        and not OWN_ID.fullmatch(word)
        and not (_BARE_ID.fullmatch(word) and f"#{word}" in told)
    ][:MAX_WORDS]


def address(given: str | None) -> str | None:
    """A link that can be opened; Razorpay's own pages show some with a blank inside."""
    return plain_address(re.sub(r"\s", "", given or ""))
