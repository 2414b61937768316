"""The picture of the morning: what is overdue by age and the week's cash, 1080 pixels wide, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.dates import format_date

from bot.cards.audience import Audience, unescaped, whole
from bot.documents.press import press
from bot.words import cut
from ledger.views import DigestView
from ledger.views.cash import CashAheadView, CashSpan

HUES: dict[str, dict[str, Any]] = {
    "light": {
        "paper": "#ffffff", "ink": "#15211d", "soft": "#5a6763", "rule": "#e3e8e6", "track": "#f1f4f3",
        "ages": ["#e9a04b", "#dd7a30", "#c9531f", "#a5281d"],
        "come": "#0f7d64", "go": "#7b8a94", "line": "#1e6fb8", "alarm": "#b3261e", "wash": "#fdeceb",
    },
    "dark": {
        "paper": "#17212b", "ink": "#f2f5f7", "soft": "#a3b1bd", "rule": "#2b3946", "track": "#202d39",
        "ages": ["#f0b26b", "#ee9150", "#ec7043", "#f25a50"],
        "come": "#4cc3a5", "go": "#8fa3b5", "line": "#7fc4ff", "alarm": "#ff8a80", "wash": "#3a2227",
    },
}  # fmt: skip
"""Themes: text is readable on the paper (4.5 to 1), drawings stand out from it (3 to 1; light's first age is amber)."""
PIXELS_PER_POINT = 3
_DAYS = 7
_FIRM, _LONGEST_LARGE = 34, 11


def morning_picture(view: DigestView, cash: CashAheadView | None, theme: str, to: Audience) -> bytes:
    """Return the PNG of a member's morning; `cash` None where he may not see what we owe. `theme`: light or dark."""
    return press().png("picture.typ", picture_data(view, cash, theme, to), pixels_per_point=PIXELS_PER_POINT)


def picture_data(view: DigestView, cash: CashAheadView | None, theme: str, to: Audience) -> dict[str, Any]:
    """Return what the template draws: words, and lengths as parts of the longest."""
    late = view.overdue > 0
    calm = None if late else to.label("Nothing overdue" if view.to_collect > 0 else "Nothing to collect.")
    return {
        "hues": HUES[theme],
        "language": to.language,
        "firm": cut(view.business_name, _FIRM),
        "day": to.day(view.today),
        "collect": _large(to.label("To collect"), whole(view.to_collect, view.currency), 30),
        "overdue": _large(to.label("Overdue"), whole(view.overdue, view.currency), 22) if late else None,
        "calm": calm,
        "aging": _aging(view, to) if late else [],
        "cash": _cash(cash, to) if cash is not None and cash.days else None,
    }


def _large(label: str, amount: str, size: int) -> dict[str, Any]:
    # Beyond a crore the figure steps down, so that two of them stand side by side.
    return {
        "label": label,
        "amount": amount,
        "size": size if len(amount) <= _LONGEST_LARGE else size * _LONGEST_LARGE / len(amount),
    }


def _aging(view: DigestView, to: Audience) -> list[dict[str, Any]]:
    largest = max((bucket.amount for bucket in view.aging), default=0)
    return [
        {
            "label": to.label(
                "{span} days",
                span=f"{bucket.low - 1}+" if bucket.high is None else f"{bucket.low}–{bucket.high}",
            ),
            "amount": whole(bucket.amount, view.currency),
            "share": max(bucket.amount, 0) / largest if largest > 0 else 0.0,
        }
        for bucket in view.aging
    ]


def _cash(cash: CashAheadView, to: Audience) -> dict[str, Any]:
    days = cash.days[:_DAYS]
    largest = max(max(day.came, abs(day.paid)) for day in days)
    return {
        "title": to.label("Next 7 days"),
        "come": _sum(to.label("Expected"), sum(day.came for day in days), cash.currency),
        "go": _sum(to.label("To pay"), sum(abs(day.paid) for day in days), cash.currency),
        "moves": largest > 0,
        "days": [
            {
                "label": _weekday(day.first, to),
                "come": day.came / largest if largest else 0.0,
                "go": abs(day.paid) / largest if largest else 0.0,
            }
            for day in days
        ],
        "balance": _balance(cash, days, to),
        "notes": _notes(cash, days, to),
    }


def _weekday(day: date, to: Audience) -> str:
    """Write a day of the week so short that seven stand side by side: Fri, शुक्र."""
    return format_date(day, "EEE", locale=to.language)


def _sum(label: str, amount: int, currency: str) -> dict[str, str]:
    return {"label": label, "amount": whole(amount, currency)}


def _balance(cash: CashAheadView, days: Sequence[CashSpan], to: Audience) -> dict[str, Any] | None:
    """Draw what is left in the banks at the end of each day, between the least and the most of the week."""
    closing = [day.closing for day in days if day.closing is not None]
    if cash.opening is None or len(closing) < len(days):
        return None
    low, high = min(0, *closing), max(0, *closing)
    if low == 0 and min(closing) > high / 2:
        low = min(closing) - (high - min(closing))  # a week that hardly moves would be a flat line at the top
    reach = (high - low) or 1
    lowest = min(range(len(closing)), key=lambda place: closing[place])
    return {
        "label": to.label("Bank at day's end"),
        "least": to.label(
            "lowest {day} {amount}",
            day=_weekday(days[lowest].last, to),
            amount=whole(closing[lowest], cash.currency),
        ),
        "levels": [(amount - low) / reach for amount in closing],
        "zero": -low / reach if min(closing) < 0 else None,
        "lowest": lowest,
        "short": closing[lowest] < 0,
    }


def _notes(cash: CashAheadView, days: Sequence[CashSpan], to: Audience) -> list[dict[str, Any]]:
    """Say below what the drawing can't: the short day, and how old the bank's word is."""
    notes: list[dict[str, Any]] = []
    if cash.opening is None:
        notes.append({"words": to.label("No bank balance known yet"), "alarm": False})
    closing = [day.closing for day in days if day.closing is not None]
    lowest = next((day.last for day in days if day.closing == min(closing)), None) if closing else None
    if cash.shortage is not None and cash.shortage.on <= days[-1].last and cash.shortage.on != lowest:
        day = unescaped(to.say("Today")) if cash.shortage.on == to.today else to.weekday(cash.shortage.on)
        amount = whole(cash.shortage.amount, cash.currency)
        notes.append({"words": to.label("{day} short by {amount}", day=day, amount=amount), "alarm": True})
    until = min((account.until for account in cash.accounts), default=None)
    if until is not None and (cash.today - until).days >= 2:
        words = to.label("The bank is known only till {day}", day=to.day(until))
        notes.append({"words": words, "alarm": False})
    return notes
