"""Keys by which identities reach each other: whatever shares a key is derived together.

A key only widens what is recomputed together; whether two things really belong together is decided in the
derivation, on more than the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from ledger.domain.events import ERASED, OPERATOR, subject_id

_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[A-Z]{4,}")
_EVERYBODYS = frozenset(
    [
        "PRIVATE",
        "LIMITED",
        "COMPANY",
        "ENTERPRISES",
        "ENTERPRISE",
        "TRADERS",
        "TRADING",
        "INDUSTRIES",
        "INDIA",
        "INDIAN",
        "SERVICES",
        "SOLUTIONS",
        "SONS",
        "BROTHERS",
        "STORES",
        "AGENCIES",
        "AGENCY",
        "CORPORATION",
        "ASSOCIATES",
        "INTERNATIONAL",
        "BANK",
        "NEFT",
        "RTGS",
        "IMPS",
        "TRANSFER",
        "PAYMENT",
        "FROM",
        "CHEQUE",
        "DEPOSIT",
        "CASH",
        "SHREE",
        "SHRI",
    ]
)
_ADDRESSED = re.compile(r"^(?:M/S\.?|M\.S\.|MESSRS\.?|M S|MS)\s+")
_LEGAL = ("PRIVATELIMITED", "PVTLIMITED", "PVTLTD", "PLTD", "LIMITED", "LTD", "LLP", "OPCPRIVATELIMITED")
_CUT = 3
"""A name ends with a legal form that the bank cut off if so many letters of it are left."""
_GATEWAYS = (
    "RAZORPAY", "CASHFREE", "PAYU", "STRIPE", "PHONEPE", "PAYTM", "ONE97", "CCAVENUE", "INFIBEAM", "BILLDESK",
    "INSTAMOJO", "EASEBUZZ", "AMAZONPAY", "GOOGLEPAY", "BHARATPE", "PINELABS",
)  # fmt: skip
_NOBODY = frozenset(
    ["CASH", "SELF", "UPI", "NEFT", "RTGS", "IMPS", "CHEQUE", "CLEARING", "PAYMENT", "TRANSFER", "NA"]
)
NAME_HEAD = 10
"""So many letters of a name bring those together that a bank may have cut."""
_KEPT = 20_000
"""Names and numbers whose keys are remembered: the same ones come again and again."""
SHORTEST = 4
"""A word of a narration with fewer characters names no document."""


@lru_cache(maxsize=_KEPT)
def number_key(number: str) -> str:
    """Return a document number without case, blanks and punctuation: `inv-102/26-27` → `INV1022627`."""
    return _NOT_ALNUM.sub("", number.upper())


def name_key(name: str) -> str:
    """Return a name without case and surplus blanks: what a source that has no ids calls a party."""
    return _SPACES.sub(" ", name).strip().casefold()


def name_words(name: str | None) -> set[str]:
    """Return the words by which a bank's cut spelling of a name is known again, each as its first five letters.

    Words that half the town's firms bear are left out, unless the name has no others.
    """
    words = _WORD.findall((name or "").upper())
    own = [word for word in words if word not in _EVERYBODYS] or words
    return {word[:5] for word in own[:3]}


@lru_cache(maxsize=_KEPT)
def bank_name(name: str | None) -> str:
    """Return a name as banks squeeze it: capitals without blanks, punctuation and (cut) words of legal form.

    Empty where it names nobody (`CASH`, a payment gateway that pays for many).
    """
    squeezed = _NOT_ALNUM.sub("", _ADDRESSED.sub("", (name or "").upper().strip()))
    for legal in _LEGAL:
        for length in range(len(legal), _CUT - 1, -1):
            if squeezed.endswith(legal[:length]) and len(squeezed) - length >= SHORTEST:
                squeezed = squeezed[:-length]
                break
    if squeezed in _NOBODY or squeezed.isdigit() or squeezed.startswith(_GATEWAYS):
        return ""
    return squeezed if len(squeezed) >= SHORTEST else ""


def payer_handles(payer: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return by what a payer (or payee) is known again, the surest first: UPI address, account, name."""
    payer = payer or {}
    found = []
    if vpa := str(payer.get("vpa") or "").strip().casefold():
        found.append(f"vpa:{vpa}")
    account = _NOT_ALNUM.sub("", str(payer.get("account") or "").upper()).lstrip("0")
    if len(account) >= 6 and not set(account) & {"X"}:
        found.append(f"acc:{account}")
    if name := bank_name(payer.get("name")):
        found.append(f"nam:{name}")
    return tuple(found)


def payer_keys(payer: Mapping[str, Any] | None) -> set[str]:
    """Return the keys of a payer: his handles, of his name only how it begins."""
    return {
        f"hdl:{handle}" if not handle.startswith("nam:") else f"nam:{handle[4:][:NAME_HEAD]}"
        for handle in payer_handles(payer)
    }


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
    if (named := party.get("id")) and named.startswith(ERASED):
        return UUID(named.removeprefix(ERASED))
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
    if kind == "party" and data.get("into"):
        keys.add(f"sub:{subject_id(source, 'party', data['into'])}")
    if kind == "party" and (gstin := gstin_key(data.get("gstin"))):
        keys.add(f"gst:{gstin}")
    if kind == "credit_note" and data.get("side") == "payable" and data.get("number"):
        keys.add(f"bil:{number_key(data['number'])}")
    elif kind in ("invoice", "credit_note") and data.get("number"):
        keys.add(f"inv:{number_key(data['number'])}")
    if kind == "bill" and data.get("number"):
        keys.add(f"bil:{number_key(data['number'])}")
    keys |= {f"amt:{data.get('amount')}:{word}" for word in told_words(source, kind, data)}
    keys |= _who_keys(kind, data)
    if record := data.get("record"):
        keys.add(f"rec:{source}:{record}")
    if settles := data.get("settles"):
        side = "bil" if kind in ("bill", "payout") or data.get("side") == "payable" else "inv"
        keys |= {f"{side}:{number_key(part['number'])}" for part in settles if part.get("number")}
    if kind in ("payment", "refund", "dispute"):
        keys.add(f"pay:{source}:{external_id if kind == 'payment' else data.get('payment')}")
    if kind == "cheque" and data.get("number"):
        keys.add(f"chq:{utr_key(data['number'])}")
    keys |= {f"chq:{number}" for number in cheque_numbers(kind, data)}
    if source == OPERATOR:
        cited = [data.get(name) for name in ("receipt", "document", "line", "about")] + list(
            data.get("subjects", ())
        )
        cited += [line["document"] for line in data.get("lines", ())]
        keys.update(f"sub:{subject}" for subject in cited if subject)
    keys |= _reference_keys(source, kind, external_id, data)
    return keys


def _who_keys(kind: str, data: Mapping[str, Any]) -> set[str]:
    """Return the keys that bring money together with its payer: his handles, and how his name begins."""
    keys = payer_keys(data.get("payer")) | payer_keys(data.get("payee"))
    party = data if kind == "party" else data.get("party")
    if isinstance(party, dict) and (name := bank_name(party.get("name"))):
        keys.add(f"nam:{name[:NAME_HEAD]}")
    return keys


def cheque_numbers(kind: str, data: Mapping[str, Any]) -> set[str]:
    """Return the cheque numbers of money that its books say went by cheque."""
    if (data.get("method") if kind == "payment" else data.get("mode")) != "cheque":
        return set()
    found = (data.get("references") or {}).get("utr") or ()
    return {utr_key(item) for item in found if item.isdigit() and utr_key(item)}


def told_words(source: str, kind: str, data: Mapping[str, Any]) -> set[str]:
    """Return the name words of money that the books say went through the bank, and of the bank's own lines.

    With the same amount and a day near it they tell the same money where no reference does.
    """
    if kind == "bank_line":
        payer = data.get("payer") or {}
        return name_words(payer.get("name") or data.get("narration"))
    through_bank = data.get("into") == "bank" if kind == "payment" else kind == "payout"
    if not through_bank or source.partition(":")[0] not in ("books", "standard"):
        return set()
    who = data.get("party")
    named = who.get("name") if isinstance(who, dict) else None
    other = data.get("payer") or data.get("payee") or {}
    return name_words(named) | name_words(other.get("name"))


def _reference_keys(source: str, kind: str, external_id: str, data: Mapping[str, Any]) -> set[str]:
    references = data.get("references") or {}
    keys = {f"utr:{utr_key(item)}" for item in references.get("utr", ()) if utr_key(item)}
    keys |= {f"inv:{number_key(item)}" for item in references.get("invoices", ())}
    keys |= {f"bil:{number_key(item)}" for item in references.get("bills", ())}
    keys |= {f"doc:{source}:{item}" for item in references.get("documents", ())}
    keys |= {f"pay:{source}:{item}" for item in references.get("payments", ())}
    if kind in ("invoice", "bill"):
        keys.add(f"doc:{source}:{external_id}")
    keys |= {f"sub:{item}" for item in references.get("marks", ())}
    if kind == "bank_line":
        words = {word for item in references.get("tokens", ()) if len(word := number_key(item)) >= SHORTEST}
        keys |= {f"{side}:{word}" for word in words for side in ("inv", "bil")}
        if data.get("channel") == "CHEQUE":
            keys |= {f"chq:{utr_key(item)}" for item in references.get("tokens", ()) if item.isdigit()}
            keys |= {f"chq:{utr_key(item)}" for item in references.get("utr", ()) if item.isdigit()}
    return keys
