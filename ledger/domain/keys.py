"""Keys by which identities reach each other: whatever shares a key is derived together.

A key only widens what is recomputed together; whether two things really belong together is decided in the
derivation, on more than the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ledger.domain.events import OPERATOR, subject_id

_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_SPACES = re.compile(r"\s+")
SHORTEST = 4
"""A word of a narration with fewer characters names no document."""


def number_key(number: str) -> str:
    """Return a document number without case, blanks and punctuation: `inv-102/26-27` → `INV1022627`."""
    return _NOT_ALNUM.sub("", number.upper())


def name_key(name: str) -> str:
    """Return a name without case and surplus blanks: what a source that has no ids calls a party."""
    return _SPACES.sub(" ", name).strip().casefold()


def utr_key(reference: str) -> str:
    """Return a bank reference without case, punctuation and leading zeros."""
    return _NOT_ALNUM.sub("", reference.upper()).lstrip("0")


def gstin_key(gstin: str | None) -> str | None:
    """Return a GSTIN fit to join parties by, or None: 15 alphanumerics after cleaning."""
    cleaned = number_key(gstin or "")
    return cleaned if len(cleaned) == 15 else None


def party_subject(source: str, party: Mapping[str, Any]) -> UUID:
    """Return the identity that a `party` object names: by its id, else by its name within the source."""
    if source == OPERATOR:
        return UUID(party["id"])
    return subject_id(source, "party", party.get("id") or f"name:{name_key(party['name'])}")


def identity_keys(source: str, kind: str, external_id: str, data: Mapping[str, Any]) -> set[str]:
    """Return the keys of one source identity in its present state."""
    keys: set[str] = set()
    party = data.get("party")
    if isinstance(party, dict):
        keys.add(f"sub:{party_subject(source, party)}")
        if gstin := gstin_key(party.get("gstin")):
            keys.add(f"gst:{gstin}")
    elif isinstance(party, str) and party:
        keys.add(f"sub:{party}")
    if kind == "party" and (gstin := gstin_key(data.get("gstin"))):
        keys.add(f"gst:{gstin}")
    if kind in ("invoice", "credit_note") and data.get("number"):
        keys.add(f"inv:{number_key(data['number'])}")
    if kind == "bill" and data.get("number"):
        keys.add(f"bil:{number_key(data['number'])}")
    if kind in ("payment", "refund", "dispute"):
        keys.add(f"pay:{source}:{external_id if kind == 'payment' else data.get('payment')}")
    if kind == "cheque" and data.get("number"):
        keys.add(f"chq:{utr_key(data['number'])}")
    if source == OPERATOR:
        cited = [data.get(name) for name in ("receipt", "document", "line", "about")] + list(
            data.get("subjects", ())
        )
        cited += [line["document"] for line in data.get("lines", ())]
        keys.update(f"sub:{subject}" for subject in cited if subject)
    keys |= _reference_keys(source, kind, external_id, data)
    return keys


def _reference_keys(source: str, kind: str, external_id: str, data: Mapping[str, Any]) -> set[str]:
    references = data.get("references") or {}
    keys = {f"utr:{utr_key(item)}" for item in references.get("utr", ()) if utr_key(item)}
    keys |= {f"inv:{number_key(item)}" for item in references.get("invoices", ())}
    keys |= {f"bil:{number_key(item)}" for item in references.get("bills", ())}
    keys |= {f"doc:{source}:{item}" for item in references.get("documents", ())}
    keys |= {f"pay:{source}:{item}" for item in references.get("payments", ())}
    if kind in ("invoice", "bill"):
        keys.add(f"doc:{source}:{external_id}")
    if kind == "bank_line":
        words = {word for item in references.get("tokens", ()) if len(word := number_key(item)) >= SHORTEST}
        keys |= {f"{side}:{word}" for word in words for side in ("inv", "bil")}
        if data.get("channel") == "CHEQUE":
            keys |= {f"chq:{utr_key(item)}" for item in references.get("tokens", ()) if item.isdigit()}
            keys |= {f"chq:{utr_key(item)}" for item in references.get("utr", ()) if item.isdigit()}
    return keys
