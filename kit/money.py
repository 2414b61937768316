"""Money as integer minor units with a currency, read and written the Indian way; never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kit.errors import Rejected

# ISO 4217 minor-unit digits of the currencies that differ from two; an unlisted code is not assumed.
_DIGITS = {
    "INR": 2, "USD": 2, "EUR": 2, "GBP": 2, "AED": 2, "SGD": 2, "AUD": 2, "CAD": 2, "CHF": 2, "HKD": 2,
    "SAR": 2, "QAR": 2, "MYR": 2, "THB": 2, "CNY": 2, "NZD": 2, "ZAR": 2, "LKR": 2, "NPR": 2, "BDT": 2,
    "SEK": 2, "NOK": 2, "DKK": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "OMR": 3,
}  # fmt: skip
CURRENCIES = frozenset(_DIGITS)
MAX_MINOR = 10**15  # ₹10 lakh crore: anything larger is a misread column, not money
_LARGEST_EXPONENT = 100
"""Beyond it Decimal itself overflows; anything near it is out of range."""
_CLEAN = re.compile(r"[\s,₹\u00a0\u200b]|INR|Rs\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (paise for INR) and its ISO 4217 currency."""

    minor: int
    currency: str = "INR"

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise Rejected("money.currencies_mixed", f"{self.currency} and {other.currency} are never added.")
        return Money(self.minor + other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + (-other)


def currency_digits(currency: str) -> int:
    """Return the number of minor-unit digits of `currency`; Rejected for a code that we don't know."""
    try:
        return _DIGITS[currency]
    except KeyError:
        raise Rejected(
            "money.unknown_currency",
            f"Currency {currency[:8]!r} is not known.",
            remedy="Use an ISO 4217 code.",
        ) from None


def minor_from_decimal(value: Decimal, currency: str = "INR") -> int:
    """Convert major units to minor units exactly; Rejected if it has more digits than the currency."""
    if not value.is_finite():
        raise Rejected("money.not_a_number", "The amount is not a number.")
    digits = currency_digits(currency)
    scaled = value.scaleb(digits) if value.adjusted() < _LARGEST_EXPONENT else value
    if abs(scaled) > MAX_MINOR:
        raise Rejected("money.out_of_range", "The amount is larger than any bill.")
    if scaled != scaled.to_integral_value():
        raise Rejected("money.fraction", f"{value} has a fraction of the smallest unit of {currency}.")
    return int(scaled)


def parse_minor(text: str, currency: str = "INR") -> int:
    """Read `1,20,000.00`, `₹ 500`, `(1,000.00)`, `-45.5`, `"-,77,65,682.30"` into minor units; Rejected if unclear."""
    cleaned = _CLEAN.sub("", text)
    negative = cleaned.startswith("(") and cleaned.endswith(")")
    if negative:
        cleaned = cleaned[1:-1]
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        raise Rejected("money.not_a_number", f"{text[:40]!r} is not an amount.") from None
    return minor_from_decimal(-value if negative else value, currency)


def format_minor(minor: int, currency: str = "INR") -> str:
    """Write minor units as people read them: ₹12,40,500, with paise only where there are any."""
    digits = currency_digits(currency)
    major, fraction = divmod(abs(minor), 10**digits)
    text = group_indian(major) if currency == "INR" else f"{major:,}"
    if fraction:
        text += f".{fraction:0{digits}d}"
    sign = "−" if minor < 0 else ""
    return f"{sign}₹{text}" if currency == "INR" else f"{sign}{currency} {text}"


def group_indian(major: int) -> str:
    """Group digits as lakh and crore: 12345678 → 1,23,45,678."""
    text = str(major)
    head, tail = text[:-3], text[-3:]
    if not head:
        return tail
    pairs = [head[max(0, i - 2) : i] for i in range(len(head), 0, -2)]
    return ",".join(reversed(pairs)) + "," + tail
