"""What a bank's narration surely says: the channel, references by their shape, numbers of bills, a UPI address.

The short sister of the reader of statement files: names and accounts of the payer aren't taken out of free text here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CHANNEL = re.compile(r"\b(UPI|NEFT|RTGS|IMPS|N?ACH|ECS)(?![A-Z0-9@])")
_PLAINER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("INTEREST", re.compile(r"\bINT\.? ?(?:PD|PAID|CR)\b|\bINTEREST\b")),
    ("CHEQUE", re.compile(r"\b(?:CLG|CHQ|CHEQUE|CTS)\b")),
    ("CASH", re.compile(r"\b(?:ATM|ATW|NFS|CDM|CASH)\b")),
    ("CARD", re.compile(r"\b(?:POS|ECOM|DEBIT CARD|CREDIT CARD)\b")),
    ("CHARGES", re.compile(r"\b(?:CHRGS?|CHARGES?|CHGS?|FEES?)\b")),
)
_OF_MODE = {"UPI": "UPI", "CASH": "CASH", "ATM": "CASH", "CARD": "CARD", "FT": "TRANSFER"}
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_VPA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,60}@[A-Za-z][A-Za-z0-9.]{1,30}")
_MASKED = re.compile(r"[A-Za-z0-9]{0,20}[Xx*]{3,}[A-Za-z0-9]{0,20}")
_UTR = re.compile(r"[A-Z]{4}[A-Z0-9]{12}|[A-Z]{4}[A-Z0-9]{18}|[A-Z]\d{15}")
_RRN = re.compile(r"\d{12}")
_WORD = re.compile(r"[A-Z0-9]+")
_DATE = re.compile(r"(?<![A-Za-z0-9])\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})(?![A-Za-z0-9])")
_PREFIX = re.compile(r"(?:INV|INVOICE|BILL|BL|TI|SI|PI|PO|SO|DC|CN|DN|ORD|ORDER|VCH|REC|EST|TAX|S|B)[A-Z]?")
_SILENT = frozenset(["NO", "NUM", "NUMBER", "NOS", "DT", "DATED", "AND", "OF", "FOR"])
_NEVER_FIRST = frozenset(
    ["UPI", "NEFT", "RTGS", "IMPS", "ACH", "NACH", "ECS", "CR", "DR", "BY", "TO", "FROM", "TRANSFER", "BANK", "MMT", "REF", "P2A", "P2M"]
)  # fmt: skip
MAX_REFERENCES, MAX_TOKENS = 8, 12


@dataclass(frozen=True, slots=True)
class Narration:
    """What is told; lists best first."""

    channel: str | None
    utrs: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    vpa: str | None = None
    ifsc: str | None = None


def read_narration(narration: str, reference: str = "", mode: str = "", *, own: str = "") -> Narration:
    """Read a narration, the bank's reference beside it and its `mode`; `own` is the account, never a reference."""
    channel = _channel(narration.upper()) or _OF_MODE.get(mode.upper())
    vpa = _VPA.search(narration)
    plain = _MASKED.sub(" ", _VPA.sub(" ", narration)).upper()
    words, beside = _WORD.findall(plain), _WORD.findall(_MASKED.sub(" ", reference).upper())
    ifsc = next((word for word in words if _IFSC.fullmatch(word)), None)
    shaped = _RRN if channel in ("UPI", "IMPS") else _UTR
    best = [word for word in words if shaped.fullmatch(word)]
    rest = [word for word in (*beside, *words) if _is_reference(word)]
    utrs = [word for word in dict.fromkeys([*best, *rest]) if word.lstrip("0") != own.lstrip("0") or not own]
    known = {*utrs, *([ifsc] if ifsc else [])}
    tokens = _tokens(f"{plain} | {reference.upper()}", known)
    return Narration(channel, tuple(utrs[:MAX_REFERENCES]), tokens, vpa[0] if vpa else None, ifsc)


def _channel(upper: str) -> str | None:
    if found := _CHANNEL.search(upper):
        return "ACH" if found[1] in ("NACH", "ECS") else found[1]
    return next((channel for channel, pattern in _PLAINER if pattern.search(upper)), None)


def _is_reference(word: str) -> bool:
    if not 10 <= len(word) <= 40 or _IFSC.fullmatch(word) or not word.strip("0"):
        return False
    is_mobile = len(word) == 10 and word.isdigit() and word[0] in "6789"
    return any(map(str.isdigit, word)) and not is_mobile


def _tokens(text: str, known: set[str]) -> tuple[str, ...]:
    """Words that may be the number of a bill, likeliest first: `INV-102/26-27` gives INV102, INV10226, INV1022627."""
    ranked: dict[str, int] = {}
    for part in _DATE.sub("|", text).split("|"):
        words = [word for word in _WORD.findall(part) if word not in _SILENT]
        for place, word in enumerate(words):
            if word in known or len(word) > 24:
                continue
            if _is_token(word):
                ranked[word] = min(ranked.get(word, 9), 2 if word.isdigit() else 1)
            if word in _NEVER_FIRST or len(word) > 12:
                continue
            joined = word
            for following in words[place + 1 : place + 5]:
                if not following[0].isdigit() or len(following) > 8 or following in known:
                    break
                joined += following
                if len(joined) > 24:
                    break
                if not joined.isdigit() and _is_token(joined):
                    ranked[joined] = min(ranked.get(joined, 9), 0 if _PREFIX.fullmatch(word) else 3)
    return tuple(
        sorted((word for word in ranked if word not in known), key=lambda word: ranked[word])[:MAX_TOKENS]
    )


def _is_token(word: str) -> bool:
    return 5 <= len(word) <= 9 if word.isdigit() else 4 <= len(word) <= 24 and not word.isalpha()
