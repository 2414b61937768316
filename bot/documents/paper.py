"""How a document writes days, moments and figures: as books do, with the year, and with paise always."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from bot.cards.audience import Audience
from bot.words import clean
from kit.money import currency_digits, group_indian
from ledger.views.statement import StatementFirm

_LONGEST_NAME = 60
_LONGEST_LINE = 240


def figures(minor: int, currency: str) -> str:
    """Write an amount without its sign and currency: 12,40,500.00."""
    digits = currency_digits(currency)
    major, fraction = divmod(abs(minor), 10**digits)
    text = group_indian(major) if currency == "INR" else f"{major:,}"
    return f"{text}.{fraction:0{digits}d}" if digits else text


def balance(minor: int, currency: str) -> str:
    """Write a balance with its side as every ledger does: 12,40,500.00 Dr; nothing beside zero."""
    side = "" if minor == 0 else " Dr" if minor > 0 else " Cr"
    return figures(minor, currency) + side


def short_day(day: date, to: Audience) -> str:
    """Write a day in a column: 20-Nov-26."""
    return format_date(day, "d-MMM-yy", locale=to.language)


def full_day(day: date, to: Audience) -> str:
    """Write a day in a sentence: 20 Nov 2026."""
    return format_date(day, "d MMM y", locale=to.language)


def moment(at: datetime, to: Audience) -> str:
    """Write when something was known: 20 Nov 2026, 9:05 am."""
    local = at.astimezone(ZoneInfo(to.timezone))
    return f"{full_day(local.date(), to)}, {to.hour(local.time())}"


def line(text: str | None) -> str:
    """Return foreign text fit for print: one line, and not without end."""
    return clean(text or "")[:_LONGEST_LINE]


def firm_data(firm: StatementFirm, to: Audience) -> dict[str, Any]:
    """Return the head of a sheet: the firm, where it is, its GSTIN and number."""
    told = [
        to.label("GSTIN {gstin}", gstin=line(firm.gstin)) if firm.gstin else "",
        to.label("Phone {phone}", phone=line(firm.phone)) if firm.phone else "",
    ]
    return {
        "name": line(firm.name),
        "address": line(firm.address),
        "told": " · ".join(one for one in told if one),
    }


def filename(what: str, name: str, day: date, ending: str = "pdf") -> str:
    """Name a file in plain letters that any phone and mail takes: Ledger-Sharma-Traders-2026-11-20.pdf."""
    plain = unicodedata.normalize("NFKD", clean(name)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{'-'.join(part for part in (what, slug, day.isoformat()) if part)}.{ending}"
