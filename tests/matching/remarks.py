"""What payers write beside a transfer: bills' numbers, well and badly, or words that say nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

ROOM = 34
"""Letters that a payer's remark keeps on its way through the banks."""
_NOTHING = (
    "",
    "",
    "",
    "PAYMENT",
    "PAYMENT",
    "BILL PAYMENT",
    "NA",
    "SUPPLIER PAYMENT",
    "TRF",
    "GOODS",
    "AGST BILL",
)


def empty_words(chance: Random) -> str:
    """Return a remark that tells nothing."""
    return chance.choice(_NOTHING)


def numbered(numbers: Sequence[str], style: int) -> tuple[str, bool]:
    """Return a remark that names bills in a payer's own manner, and whether all of them are still legible."""
    text = " ".join(
        written(number, style if place == 0 else style + 10) for place, number in enumerate(numbers)
    )
    legible = len(text) <= ROOM
    return text[:ROOM].strip(), legible


def written(number: str, style: int) -> str:
    """Write one number: as printed, without its marks, `INV 102`, `bill no 102`, in small letters, `102`."""
    serial = serial_of(number)
    if not serial.isdigit():
        return number.lower() if style % 2 else number
    match style:
        case 0:
            return number
        case 1:
            return re.sub(r"[^A-Za-z0-9]", "", number)
        case 2:
            return f"INV {serial}"
        case 3:
            return f"bill no {serial}"
        case 4:
            return re.sub(r"[-\s]", "", number).lower()
        case 5:
            return f"INV{serial}"
        case 10 | 11:
            return number
        case _:
            return str(serial)


def serial_of(number: str) -> str:
    """Return what people call a bill by: its running number without the year."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", number) if part]
    digits = [part for part in parts if part.isdigit()]
    if len(parts) > 1 and len(digits) >= 1 and parts[0].isalpha() and len(digits[0]) >= 3:
        return digits[0]
    return digits[-1] if parts[0].isalpha() and len(digits) > 1 else digits[0] if digits else number


def bill_number(form: int, serial: int, year: int) -> str:
    """Return a bill's number as firms print it; most begin anew in April."""
    short = f"{year % 100:02d}-{(year + 1) % 100:02d}"
    match form:
        case 0:
            return f"INV-{serial:03d}/{short}"
        case 1:
            return f"SE/{short}/{serial:04d}"
        case 2:
            return f"{serial:04d}/{short}"
        case 3:
            return f"GST{short.replace('-', '')}{serial:04d}"
        case _:
            return f"A-{serial:04d}"
