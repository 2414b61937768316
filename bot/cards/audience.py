"""Who a card is written for: his role, his language, and what day it is where his business is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from bot.words import Html, cut, html, marked, say, say_count, spoken
from kit.money import currency_digits, format_minor
from ledger.domain.roles import MATRIX, Permission, Role
from ledger.views import AgingBucket, ChatMemberView

BAR = "▇"
_BAR_CELLS = 8
_LINE = 34
_PARTS_OF_DAY = ((4, "रात"), (12, "सुबह"), (16, "दोपहर"), (20, "शाम"), (24, "रात"))
"""Until which hour it is called what, in Hindi."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The reader of a card; `firm` is set where one chat serves several businesses, to say which one speaks."""

    role: Role
    language: str
    now: datetime
    timezone: str
    firm: str | None = None

    @property
    def today(self) -> date:
        """The day in the business's timezone."""
        return self.local_day(self.now)

    def local_day(self, moment: datetime) -> date:
        """Return the day of `moment` where the business is."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    def may(self, permission: Permission) -> bool:
        """Return whether his role gives `permission`."""
        return permission in MATRIX[self.role]

    def say(self, text: str, /, **values: object) -> Html:
        """Translate, fill and escape."""
        return say(self.language, text, values)

    def count(self, one: str, many: str, n: int, /, **values: object) -> Html:
        """Translate in the number that `n` asks for."""
        return say_count(self.language, one, many, n, values)

    def label(self, text: str, /, **values: object) -> str:
        """Translate a button's words: plain text, which buttons show as it is."""
        return unescaped(say(self.language, text, values))

    def marked(self, text: str) -> str:
        """Translate a text that stands in a table, marked there with `N_`."""
        return marked(self.language, text)

    def day(self, day: date) -> str:
        """Write `Fri 20 Nov`, with the year where it isn't this one."""
        pattern = "EEE d MMM" if day.year == self.today.year else "EEE d MMM y"
        return format_date(day, pattern, locale=self.language)

    def weekday(self, day: date) -> str:
        """Write `Thu` within a week of today (in Hindi whole: गुरुवार), else the whole day."""
        if abs((day - self.today).days) > 6:
            return self.day(day)
        return format_date(day, "EEE" if self.language == "en" else "EEEE", locale=self.language)

    def nth(self, day: int) -> str:
        """Write a day of the month: `5th`, 5 तारीख."""
        if self.language == "hi":
            return f"{day} तारीख"
        ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        return f"{day}{ending}"

    def hour(self, at: time) -> str:
        """Write a time of day as people say it: `9:05 am`, शाम 7 बजे."""
        if self.language != "hi":
            return format_time(at, "h:mm a", locale=self.language).lower()
        part = next(words for until, words in _PARTS_OF_DAY if at.hour < until)
        minutes = f":{at.minute:02d}" if at.minute else ""
        return f"{part} {(at.hour - 1) % 12 + 1}{minutes} बजे"

    def moment(self, moment: datetime) -> str:
        """Write `today 9:05 am`, `yesterday 7:00 pm`, else the day."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        at = self.hour(local.time())
        if local.date() == self.today:
            return unescaped(self.say("today {time}", time=at))
        if local.date() == self.today - timedelta(days=1):
            return unescaped(self.say("yesterday {time}", time=at))
        return self.day(local.date())

    def heading(self, line: Html) -> list[Html]:
        """Begin a card: the firm's name first where one chat serves several."""
        return [self.say("<i>{firm}</i>", firm=cut(self.firm, 60)), line] if self.firm else [line]


def audience_of(member: ChatMemberView, now: datetime, *, several: bool = False) -> Audience:
    """Return for whom cards to a member are written; `several`: the chat serves several businesses."""
    return Audience(
        role=member.actor.role,
        language=spoken(member.actor.language),
        now=now,
        timezone=member.timezone,
        firm=member.business_name if several else None,
    )


def unescaped(text: Html) -> str:
    """Return escaped text as plain text, for places that take no markup."""
    return str(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def money(minor: int, currency: str) -> str:
    """Write an amount exactly: ₹12,40,500, paise only where there are any."""
    return format_minor(minor, currency)


def whole(minor: int, currency: str) -> str:
    """Write an amount to the whole rupee, for totals that are read at a glance."""
    unit = 10 ** currency_digits(currency)
    rounded = (abs(minor) + unit // 2) // unit * unit
    return format_minor(rounded if minor >= 0 else -rounded, currency)


def aging_bars(buckets: tuple[AgingBucket, ...], currency: str, to: Audience) -> Html:
    """Draw what is overdue by age, aligned for a monospaced block; beside long amounts the bars are shorter."""
    largest = max((bucket.amount for bucket in buckets), default=0)
    amounts = [whole(bucket.amount, currency) for bucket in buckets]
    width = max((len(amount) for amount in amounts), default=0)
    most = min(_BAR_CELLS, _LINE - 12 - width)
    lines = []
    for bucket, amount in zip(buckets, amounts, strict=True):
        cells = max(1, round(bucket.amount * most / largest)) if bucket.amount > 0 else 0
        span = f"{bucket.low - 1}+" if bucket.high is None else f"{bucket.low}–{bucket.high}"
        days = to.label("{span} days", span=f"{span:>5}")
        lines.append(f"{days} {BAR * cells:<{most}} {amount:>{width}}")
    return Html("<pre>" + html("\n".join(lines)) + "</pre>")
