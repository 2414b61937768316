"""Tally's fields: amounts (a debit is negative there, positive here), days, flags, credit periods."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from decimal import Decimal

from connectors.tally.markup import Node, plain
from kit.errors import Rejected
from kit.money import minor_from_decimal

_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_CURRENCY = re.compile(r"(?:₹|Rs\.?|INR|[$€£¥?])", re.IGNORECASE)
_NUMBER = re.compile(r"-?(?:\d[\d,]*(?:\.\d*)?|\.\d+)", re.ASCII)
_SIDE = re.compile(r"\s*(dr|cr)\.?$", re.IGNORECASE)
_PERIOD = re.compile(r"(\d{1,4})\s*(day|week|month|year)?s?\b", re.IGNORECASE | re.ASCII)


def debit(node: Node | None) -> int | None:
    """Return an amount in paise, debit positive; None where nothing stands; Rejected if it is no amount.

    Either a signed text (`-11111.00` is a debit), or AMOUNT beside ISDEBIT. Of a foreign amount
    (`-$100.00 @ ₹ 83/$ = -₹ 8300.00`) the books' own currency, behind the last `=`, counts.
    """
    if node is None:
        return None
    inner = node.one("AMOUNT")
    if inner is not None:
        value = _minor(inner.text)
        if value is None:
            return None
        is_debit = told_flag(node.said("ISDEBIT"))
        return -value if is_debit is None else abs(value) if is_debit else -abs(value)
    value = _minor(node.text)
    return None if value is None else -value


def _minor(written: str) -> int | None:
    """Read one amount of Tally's, sign as written; a trailing Dr counts as its minus."""
    text = plain(written).rpartition("=")[2].strip()
    if not text:
        return None
    side = _SIDE.search(text)
    if side:
        text = text[: side.start()]
    text = _CURRENCY.sub("", text.replace("(-)", "-")).replace(" ", "")
    if not _NUMBER.fullmatch(text):
        raise Rejected("tally.amount", f"{plain(written)[:40]!r} is not an amount.")
    value = minor_from_decimal(Decimal(text.replace(",", "")))
    if side:
        return -abs(value) if side[1].lower() == "dr" else abs(value)
    return value


def day(text: str) -> date | None:
    """Read `20260401`, `1-Apr-26`, `1-Apr-2026`, `2026-04-01` or `01-04-2026`; None where nothing stands."""
    text = plain(text)
    if not text:
        return None
    try:
        found = _day(text)
    except ValueError:
        found = None
    if found is None or not _EARLIEST <= found <= _LATEST:
        raise Rejected("tally.date", f"{text[:30]!r} is not a day.")
    return found


def _day(text: str) -> date | None:
    if not text.isascii():
        return None
    if re.fullmatch(r"\d{8}", text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    if found := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:T.*)?", text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := re.fullmatch(r"(\d{1,2})[-/. ]([A-Za-z]{3})[a-z]*[-/. ](\d{2}|\d{4})", text):
        month = _MONTHS.get(found[2].lower())
        return date(_year(found[3]), month, int(found[1])) if month else None
    if found := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return None


def _year(text: str) -> int:
    """Two digits are of this century up to 79, as Tally's own books are."""
    return int(text) if len(text) == 4 else 2000 + int(text) if int(text) < 80 else 1900 + int(text)


def flag(text: str) -> bool:
    """Return whether a flag is set: Tally writes Yes, its reports true or 1."""
    return plain(text).casefold() in ("yes", "true", "1")


def told_flag(text: str) -> bool | None:
    """Return a flag, or None where it isn't there."""
    return flag(text) if plain(text) else None


def due_on(period: Node | None, billed_on: date) -> date | None:
    """Return the day on which a bill of `billed_on` is due by its BILLCREDITPERIOD: a day, or so many days after it."""
    if period is None:
        return None
    if told := day(period.said("DUEONDATE")):
        return told
    text = period.said("INTEXT") or plain(period.text) or plain(period.attributes.get("P", ""))
    if days := period.said("INDAYS"):
        text = text or days
    if not text:
        return None
    found = _PERIOD.fullmatch(text)
    if found is None:
        return day(text)
    count, unit = int(found[1]), (found[2] or "day").lower()
    try:
        match unit:
            case "week":
                return billed_on + timedelta(weeks=count)
            case "month" | "year":
                return _months_later(billed_on, count * (12 if unit == "year" else 1))
        return billed_on + timedelta(days=count)
    except (ValueError, OverflowError):
        raise Rejected("tally.period", f"{text[:30]!r} is not a credit period.") from None


def credit_days(text: str) -> int | None:
    """Return a party's agreed credit period in days, where it is one in days or weeks."""
    found = _PERIOD.fullmatch(plain(text))
    if found is None or (found[2] or "day").lower() not in ("day", "week"):
        return None
    days = int(found[1]) * (7 if (found[2] or "").lower() == "week" else 1)
    return days if days <= 3_650 else None


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def whole(text: str) -> int:
    """Return a counter (`ALTERID`, padded with a blank), 0 where there is none."""
    text = plain(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
