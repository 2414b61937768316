"""How a customer pays us: UPI addresses, accounts and telephone numbers checked, UPI and WhatsApp links composed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote

from kit.errors import Rejected

UPI_CAP = 1_00_000_00
"""Paise that most banks let a person send by UPI in a day (NPCI's usual limit); above it an account is named too."""
LONGEST_LINK = 2_000
"""Bytes of a `wa.me` address beyond which phones cut it."""
LONGEST_NOTE = 50
"""Characters of a UPI note that every app takes."""
MAX_NAME = 80
_VPA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,255}@[A-Za-z][A-Za-z0-9]{1,63}")
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_ACCOUNT = re.compile(r"[0-9]{9,18}")
# 5550 and 5551 begin no number of anybody's: sample firms' customers have them.
_MOBILE = re.compile(r"(?:00|\+)?(?:91)?0?([6-9][0-9]{9}|555[01][0-9]{6})")
_ABROAD = re.compile(r"(?:00|\+)([1-9][0-9]{7,14})")
_APART = re.compile(r"[/,;|]|\bor\b")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # Indian scripts need them
_NOT_IN_A_NOTE = re.compile(r"[^A-Za-z0-9 ./\-]+")


def one_line(text: str) -> str:
    """Make foreign text fit for one line: no controls, no direction marks, no lone surrogates, single spaces."""
    kept = (
        character if character in _JOINERS or unicodedata.category(character) not in _DROPPED else " "
        for character in text
    )
    return " ".join("".join(kept).split())


def upi_address(text: str) -> str:
    """Return a UPI address as typed, without blanks; Rejected unless it is `name@handle`."""
    address = "".join(text.split())
    if not _VPA.fullmatch(address):
        raise Rejected(
            "pay.upi_id",
            f"{one_line(text)[:40]!r} is no UPI ID.",
            remedy="It has two parts with an @ between them and no dot after it, like kaveri@okicici.",
        )
    return address


def account_number(text: str) -> str:
    """Return the digits of a bank account; Rejected unless there are 9 to 18 of them and nothing else."""
    digits = re.sub(r"[\s\-]", "", text)
    if not _ACCOUNT.fullmatch(digits):
        raise Rejected(
            "pay.account",
            f"{one_line(text)[:40]!r} is no account number.",
            remedy="It has 9 to 18 digits, as on your cheque book.",
        )
    return digits


def ifsc(text: str) -> str:
    """Return an IFSC in capitals; Rejected unless it is four letters, a zero and six more."""
    code = re.sub(r"[\s\-]", "", text).upper()
    if not _IFSC.fullmatch(code):
        raise Rejected(
            "pay.ifsc",
            f"{one_line(text)[:40]!r} is no IFSC.",
            remedy="It has 11 characters, the fifth a zero, like ICIC0000044; it is on your cheque book.",
        )
    return code


def name_of(text: str, what: str) -> str:
    """Return a payee's or a bank's name in one line; Rejected if it is empty or longer than 80 characters."""
    name = one_line(text)
    if not 1 <= len(name) <= MAX_NAME:
        raise Rejected(
            "pay.name",
            f"{what} has 1 to {MAX_NAME} characters.",
            remedy="Write it as on a cheque.",
            given=text,
        )
    return name


def own_number(text: str) -> str:
    """Return our own mobile number as WhatsApp wants it; Rejected if it is none."""
    number = whatsapp_number(text)
    if number is None:
        raise Rejected(
            "pay.phone",
            f"{one_line(text)[:40]!r} is no mobile number.",
            remedy="Write its ten digits, like 98200 12345.",
        )
    return number


def whatsapp_number(text: str | None) -> str | None:
    """Return the first number in `text` that WhatsApp can reach, digits with the country's code; None if there is none.

    An Indian mobile has ten digits from 6, 7, 8 or 9 on, with or without 91 or 0 before; another country says its own code.
    """
    for part in _APART.split(text or ""):
        plain = re.sub(r"[\s().\-‐-―]", "", part)
        if found := _MOBILE.fullmatch(plain):
            return f"91{found[1]}"
        if (found := _ABROAD.fullmatch(plain)) and not found[1].startswith("91"):
            return found[1]
    return None


def upi_link(address: str, *, name: str, amount: int, note: str, reference: str) -> str:
    """Compose the link that opens a UPI app with everything filled in; `amount` in paise."""
    rupees, paise = divmod(amount, 100)
    fields = {
        "pn": one_line(name)[:MAX_NAME],
        "am": f"{rupees}.{paise:02d}",
        "cu": "INR",
        "tn": note[:LONGEST_NOTE],
        "tr": reference[:35],
    }
    # The @ stays as it is: not every app reads %40 there.
    told = "&".join(f"{field}={quote(value, safe='')}" for field, value in fields.items())
    return f"upi://pay?pa={quote(address, safe='@')}&{told}"


def payment_note(numbers: Sequence[str | None]) -> str:
    """Name bills in a UPI note of at most 50 characters: `INV-102 INV-107 and 3 more`; `Payment` where none has a number."""
    plain = [" ".join(_NOT_IN_A_NOTE.sub(" ", number).split()) for number in numbers if number]
    plain = [number for number in plain if number]
    note = ""
    for told, number in enumerate(plain, start=1):
        left = len(plain) - told
        longer = f"{note} {number}".strip()
        more = f" and {left} more" if left else ""
        if len(longer + more) > LONGEST_NOTE:
            return f"{note} and {left + 1} more".strip() if note else number[:LONGEST_NOTE]
        note = longer
    return note or "Payment"


def whatsapp_link(number: str, text: str = "") -> str:
    """Compose the address that opens a chat in WhatsApp, with a text to send."""
    return f"https://wa.me/{number}?text={quote(text, safe='')}" if text else f"https://wa.me/{number}"


def too_long(link: str) -> bool:
    """Whether a `wa.me` address is longer than phones take."""
    return len(link.encode()) > LONGEST_LINK
