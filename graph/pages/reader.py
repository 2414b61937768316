"""Who reads a page: the language, the day and the clock by which he reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from graph.words import CATALOGUE
from kit.money import currency_digits, format_minor, group_indian

NAMES = {"en": "English", "hi": "हिन्दी"}
"""The languages of pages, each in its own name."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of one page; `now` is the moment that the page is true of."""

    language: str
    now: datetime
    timezone: str

    @property
    def today(self) -> date:
        """The day in the business's timezone."""
        return self.local_day(self.now)

    @property
    def other(self) -> str:
        """The language that he may change to."""
        return "en" if self.language == "hi" else "hi"

    def local_day(self, at: datetime) -> date:
        """Return the day of a moment where the business is."""
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def label(self, text: str, /, **values: object) -> str:
        """Translate `text` and put in `values`."""
        return CATALOGUE.text(self.language, text).format(**values)

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Translate the form of `one` and `many` that `n` asks for; `{n}` is the count."""
        return CATALOGUE.counted(self.language, one, many, n).format(n=n, **values)

    def marked(self, text: str) -> str:
        """Translate a text that stands in a table, marked there with `N_`."""
        return CATALOGUE.text(self.language, text)

    def day(self, day: date) -> str:
        """Write `Fri 20 Nov`, with the year where it isn't this one."""
        pattern = "EEE d MMM" if day.year == self.today.year else "EEE d MMM y"
        return format_date(day, pattern, locale=self.language)

    def full_day(self, day: date) -> str:
        """Write a day in a sentence: 20 Nov 2026."""
        return format_date(day, "d MMM y", locale=self.language)

    def short_day(self, day: date) -> str:
        """Write a day in a column: 20-Nov-26."""
        return format_date(day, "d-MMM-yy", locale=self.language)

    def moment(self, at: datetime) -> str:
        """Write when something was: 20 Nov 2026, 9:05 am."""
        local = at.astimezone(ZoneInfo(self.timezone))
        pattern = "B h:mm" if self.language == "hi" else "h:mm a"
        return f"{self.full_day(local.date())}, {format_time(local, pattern, locale=self.language).lower()}"

    def heard(self, at: datetime) -> str:
        """Write when something was heard: today and yesterday with the hour, else the day."""
        local = at.astimezone(ZoneInfo(self.timezone))
        pattern = "B h:mm" if self.language == "hi" else "h:mm a"
        time = format_time(local, pattern, locale=self.language).lower()
        if local.date() == self.today:
            return self.label("today {time}", time=time)
        if local.date() == self.today - timedelta(days=1):
            return self.label("yesterday {time}", time=time)
        return self.day(local.date())


def money(minor: int, currency: str) -> str:
    """Write an amount as people read it: ₹12,40,500, paise only where there are any."""
    return format_minor(minor, currency)


def signed(minor: int, currency: str) -> str:
    """Write a difference with its sign."""
    return format_minor(minor, currency) if minor <= 0 else f"+{format_minor(minor, currency)}"


def figures(minor: int, currency: str) -> str:
    """Write an amount of a column without its sign and currency, paise always: 12,40,500.00."""
    digits = currency_digits(currency)
    major, fraction = divmod(abs(minor), 10**digits)
    text = group_indian(major) if currency == "INR" else f"{major:,}"
    return f"{text}.{fraction:0{digits}d}" if digits else text


def balance(minor: int, currency: str) -> str:
    """Write a balance with its side as every ledger does: 12,40,500.00 Dr; nothing beside zero."""
    return figures(minor, currency) + ("" if minor == 0 else " Dr" if minor > 0 else " Cr")
