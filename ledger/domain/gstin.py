"""GSTIN and PAN: what is odd about one as it was typed. It is said, and never refused."""

from __future__ import annotations

import re

from stdnum import luhn

from ledger.domain.keys import number_key

_STATES = frozenset([f"{code:02d}" for code in range(1, 39)] + ["97"])
"""GST's state codes; 38 is Ladakh, 97 other territory."""
_ABROAD = "99"
"""Registered from abroad, and with the centre."""
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_TAN = re.compile(r"[A-Z]{4}[0-9]{5}[A-Z]")
_UN = re.compile(r"[0-9]{4}[A-Z]{3}[0-9]{5}(UN|ON|OS)[0-9A-Z]")
"""A body of the United Nations, an embassy; a service from abroad."""
LENGTH = 15


def odd_gstin(stated: str) -> str | None:
    """Return in a few words what is odd about a GSTIN as it was typed; None if nothing is."""
    gstin = number_key(stated)
    if len(gstin) != LENGTH:
        return f"it has {len(gstin)} characters, not {LENGTH}"
    if gstin[:2] not in _STATES and gstin[:2] != _ABROAD:
        return f"no state has the code {gstin[:2]}"
    if not (_UN.fullmatch(gstin) or _PAN.fullmatch(gstin[2:12]) or _TAN.fullmatch(gstin[2:12])):
        return f"{gstin[2:12]} is no PAN"
    if not luhn.is_valid(gstin, _ALPHABET):
        return "its last character doesn't fit the others, so one is mistyped"
    return None


def is_pan(text: str | None) -> bool:
    """Return whether a text is written like a PAN, which `PANNOTAVBL` isn't."""
    return bool(text and _PAN.fullmatch(text))
