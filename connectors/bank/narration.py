"""The grammar of bank narrations: which channel, which references, who paid; nothing is made up where it isn't there.

Narrations have no standard. The anchor token (UPI, NEFT …) says which form follows; the separator after it splits
the fields; each field is told by its shape. Names are cut by the banks and stand as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.bank.tokens import document_tokens

_CHANNELS = re.compile(
    r"\b(?:(?P<UPI>UPI(?:AR|AB)?)|(?P<NEFT>NEFT(?:INW|CR|DR|I|O)?)|(?P<RTGS>RTGS(?:INW|CR|DR|I|O)?)|(?P<IMPS>(?:MMT/)?IMPS)"
    r"|(?P<ACH>N?ACH(?:CR|DR|C|D)?|ECS))(?![A-Z0-9@])"
)
"""The earliest of these wins: a remark further on may name another."""
_PLAINER: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("INTEREST", r"\bINT\.? ?(?:PD|PAID|COLL|CR|ON)\b|\bINTEREST\b|\bCREDIT INT\b"),
        ("CHEQUE", r"\b(?:CLG|CHQ|CHEQUE|CTS|I/W CHQ|O/W CHQ|INWARD CLG)\b"),
        ("CASH", r"\b(?:ATM|ATW|NWD|EAW|NFS|CDM|CAM|CASH|SELF)\b"),
        ("CARD", r"\b(?:POS|VPS|IPS|VIN|ECOM|PCD|CREDIT ?CARD|DEBIT CARD)\b"),
        ("CHARGES", r"\b(?:CHRGS?|CHARGES?|CHGS?|FEES?|AMB|SMS|GST)\b"),
        ("TRANSFER", r"\b(?:FT|TPT|INFT|INB|IFT|IB|BIL|TRF|TRANSFER|TPFT|NBSM|FUNDS?)\b"),
    )
)
_ONLY_A_CHARGE = re.compile(
    r"(?:\W|CHRG|CONSOLIDATED|MONTHLY|ANNUAL|SERVICE|PROCESSING|INSTANT|INSTA|ALERT|NEFT|RTGS|IMPS|UPI|ATM|SMS|ACH|ECS|CHQ"
    r"|CHEQUE|CASH|DEP|DEPOSIT|DEBIT|CARD|TXN|TRAN|TRANSACTION|BOOK|RETURN|RTN|MIN(?:IMUM)?|BAL(?:ANCE)?|OUTWARD|INWARD)*"
    r"(?:CHRGS?|CHARGES?|CHGS?|FEES?|COMMISSION)\b"
)
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_VPA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,60}@[A-Za-z][A-Za-z0-9.]{1,30}")
_RRN = re.compile(r"\d{12}")
_UTR = re.compile(r"[A-Z]{4}[A-Z0-9]{12}|[A-Z]{4}R[A-Z0-9]{17}|[A-Z]{4}[A-Z0-9]{18}|[A-Z]\d{15}")
_WORD = re.compile(r"[A-Z0-9@._]+")
_MASKED = re.compile(r"[A-Za-z0-9]{0,20}[Xx*]{3,}[A-Za-z0-9]{0,20}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_MOBILE = re.compile(r"[6-9]\d{9}")
_ACCOUNT = re.compile(r"\d{9,18}|(?=[Xx*]*\d{3,6}$)[Xx*]{2,}\d{3,6}")
_POOL = re.compile(r"\bTRANSFER (?:FROM|TO) \d+", re.IGNORECASE)
_BANK = re.compile(
    r".*\bBANK\b.*|(?:HDFC|ICICI?|SBI|SBIN|AXIS|UTIB|KOTAK|KKBK|YES[BK]|YESB|PUNB|PNB|BARB|BOB|CNRB|UBIN|IDFB|IDIB|INDB|IOBA"
    r"|BKID|FDRL|RATN|IBKL|MAHB|CBIN|UCBA|AUBL|PYTM|AIRP|JIOP|DBSS|HSBC|SCBL|CITI|UPI)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"(?:P2[APM]|P2MOB|CR|DR|C|D|SS|INWARD|OUTWARD|IN|OUT|INB|ONL|INFT|NUCL|COLLECT|PAY|TRANSFER|FUNDS?|DEP|MICR|CTS|CLG|CHQ|CHEQUE|PAID"
    r"|BY|TO|FROM|RECD|SENT|REF|RETURN(?:ED)?|RTN|REVERSAL)\.?",
    re.IGNORECASE,
)
_REMARK = re.compile(r"(?<=\w) (?:BILL|INV|INVOICE)\b.*$", re.IGNORECASE)
_MARK = re.compile(r"\s*(?:CR|DR|C|D)?\s*([/*\-])", re.IGNORECASE)
MAX_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class Narration:
    """What a narration says: channel, references (best first), and the counterpart as far as it is named."""

    channel: str | None
    utrs: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    name: str | None = None
    vpa: str | None = None
    ifsc: str | None = None
    account: str | None = None


def read_narration(narration: str, reference: str = "", *, own: str = "") -> Narration:
    """Read a narration (blanks squeezed) and the reference or cheque column beside it.

    `own` is the account of the statement: it stands in many narrations and is never a reference.
    """
    upper = narration.upper()
    anchor, after = _anchor(upper)
    channel = anchor or (_anchor(reference.upper())[0] if reference else None)
    fields = _fields(narration[after:])
    vpa, plain = None, narration
    if "@" in narration:
        vpa = next((found[0] for field in fields if (found := _VPA.fullmatch(field))), None) or _loose_vpa(
            narration
        )
        plain = _VPA.sub(" ", narration)
    plain = _MASKED.sub(" ", plain)
    column = " ".join(_unpadded(word) for word in _words(_POOL.sub(" ", reference))) if reference else ""
    ifsc = next(
        (field.upper() for field in fields if len(field) == 11 and _IFSC.fullmatch(field.upper())), None
    )
    utrs = _utrs(fields, plain, column, channel)
    if own:
        utrs = tuple(word for word in utrs if word.lstrip("0") != own.lstrip("0"))
    account = _account(fields, utrs, channel)
    if len(utrs) > 1:
        utrs = tuple(word for word in utrs if word != account)  # it comes with every payment of the payer
    name = _name(anchor, upper, fields, account)
    known = {*utrs, *(part for part in (ifsc, account) if part)}
    tokens = document_tokens(f"{plain} | {column}", known=known)
    return Narration(channel, utrs, tokens, name, vpa, ifsc, account)


def _anchor(upper: str) -> tuple[str | None, int]:
    if _ONLY_A_CHARGE.match(upper):
        return "CHARGES", 0
    found = _CHANNELS.search(upper)
    if found:
        return found.lastgroup, found.end()
    for channel, pattern in _PLAINER:
        found = pattern.search(upper)
        if found:
            return channel, found.end()
    return None, 0


def _fields(rest: str) -> list[str]:
    """Split what follows the anchor: by the mark that stands after it, else after the UTR, else by any mark in it."""
    mark = _MARK.match(rest)
    if mark is None:
        words = rest.split()
        for place, word in enumerate(words[:12]):
            if _RRN.fullmatch(word) or _UTR.fullmatch(word.upper()):
                parts = [" ".join(words[:place]), word, " ".join(words[place + 1 :])]
                return [part for part in parts if part]
    separator = mark[1] if mark else next((mark for mark in "/*-" if mark in rest), None)
    fields = rest.split(separator) if separator else [rest]
    return [part for field in fields if (part := field.strip(" -:,"))]


def _loose_vpa(narration: str) -> str | None:
    found = re.search(r"[A-Za-z0-9][A-Za-z0-9._]{1,60}@[A-Za-z][A-Za-z0-9.]{1,30}", narration)
    return found[0] if found else None


def _utrs(fields: list[str], plain: str, column: str, channel: str | None) -> tuple[str, ...]:
    """Return reference candidates: the shape that the channel uses first, then any long word with a digit."""
    shaped = _RRN if channel in ("UPI", "IMPS") else _UTR
    best = [word for field in fields for word in field.upper().split() if shaped.fullmatch(word)]
    rest = [word for text in (column, plain) for word in _words(text) if _is_reference(word)]
    if channel not in ("UPI", "NEFT", "RTGS", "IMPS", "ACH", "CHEQUE"):
        rest = [word for word in rest if not word.isdigit() or len(word) in (12, 16)]
    return tuple(dict.fromkeys([*best, *rest]))[:MAX_REFERENCES]


def _words(text: str) -> Iterable[str]:
    for word in _WORD.findall(text.upper()):
        if "@" not in word:
            yield from (
                word.replace(".", " ").replace("_", " ").split() if "." in word or "_" in word else (word,)
            )


def _unpadded(word: str) -> str:
    """Strip the zeros that banks put before an RRN (to 16 digits) or a UTR in the reference column."""
    if word.isdigit() and len(word) == 16 and word.startswith("0000"):
        return word[-12:]
    return word.lstrip("0") if word.startswith("000") else word


def _is_reference(word: str) -> bool:
    if not 10 <= len(word) <= 40 or word.isalpha() or _IFSC.fullmatch(word):
        return False
    if not word.strip("0") or (_IBAN.fullmatch(word) and _is_iban(word)):
        return False
    return any(character.isdigit() for character in word) and not _MOBILE.fullmatch(word)


def _is_iban(word: str) -> bool:
    """Return whether the check digits say so: an account comes with every payment of the payer, a reference once."""
    return int("".join(str(int(character, 36)) for character in word[4:] + word[:4])) % 97 == 1


def _account(fields: list[str], utrs: tuple[str, ...], channel: str | None) -> str | None:
    if channel in (None, "CASH", "CARD", "CHARGES", "INTEREST", "CHEQUE"):
        return None
    anchored = utrs[0] if utrs else None
    for field in fields:
        if not _ACCOUNT.fullmatch(field) or field.upper() == anchored:
            continue
        if channel in ("NEFT", "RTGS") or not _RRN.fullmatch(
            field
        ):  # elsewhere twelve digits are a reference
            return field.upper()
    return None


def _name(channel: str | None, upper: str, fields: list[str], account: str | None) -> str | None:
    if channel in (None, "CHARGES", "INTEREST", "CASH") or (channel == "CARD" and "CREDIT" in upper):
        return None
    texts = [field for field in fields if _is_name(field)]
    if channel == "UPI" and fields and _RRN.fullmatch(fields[0]):
        return None  # UPI/<RRN>/<remark>/<VPA>/…: no name in this form
    if not texts:
        return None
    remark_first = "MMT/" in upper or "BIL/INFT" in upper
    name = texts[1] if remark_first and len(texts) > 1 else texts[0]
    name = _leading_filler(name)
    if account:
        name = name.replace(account, " ")
    name = _REMARK.sub("", " ".join(name.split())).strip(" -:,")
    return name[:100] if sum(map(str.isalpha, name)) >= 2 else None


def _leading_filler(name: str) -> str:
    words = name.split()
    while len(words) > 1 and (_FILLER.fullmatch(words[0]) or _is_reference(words[0].upper())):
        words = words[1:]
    return " ".join(words)


def _is_name(field: str) -> bool:
    if "@" in field or sum(map(str.isalpha, field)) * 2 < max(4, len(field) - 2) or _BANK.fullmatch(field):
        return False
    words = field.split()
    if len(words) == 1 and (_is_reference(field.upper()) or _IFSC.fullmatch(field.upper())):
        return False
    return not all(_FILLER.fullmatch(word) for word in words)
