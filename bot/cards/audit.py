"""The audit trail in an owner's words: whether the records hold, and a link that takes those of a period away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.cards.heads import broken_lines, seal
from bot.documents.paper import full_day
from bot.words import Html, html, joined
from kit.money import group_indian
from ledger.domain.financial_year import FinancialYear
from ledger.views.audit import AuditVerdict
from ledger.views.pages import PageLinkMade

LAST_MONTH, THIS_MONTH, YEAR, LAST_YEAR = "last_month", "month", "year", "last_year"
XLSX, JSONL = "xlsx", "jsonl"
_SAFE = "https://"


def span_days(span: str, today: date) -> tuple[date, date]:
    """Return the first and the last day of a span, as far as it is over; KeyError for none of ours."""
    month, year = today.replace(day=1), FinancialYear.of(today)
    before = month - timedelta(days=1)
    spans: Mapping[str, tuple[date, date]] = {
        LAST_MONTH: (before.replace(day=1), before),
        THIS_MONTH: (month, today),
        YEAR: (year.first, today),
        LAST_YEAR: (year.previous.first, year.previous.last),
    }
    return spans[span]


def audit_card(verdict: AuditVerdict, verified_at: datetime | None, to: Audience) -> Card:
    """Say whether the records hold, how far and when that was checked; offer them as a file.

    `verified_at`: when the chain was verified up to `verdict.since`; None where that is its beginning.
    """
    if verdict.holds:
        lines = [*to.heading(_holds(verdict, to)), *_checked(verdict, verified_at, to), seal(verdict, to)]
    else:
        lines = broken_lines(verdict, to)
    lines.append(to.say("\nAs an Excel file: for which period?"))
    year = FinancialYear.of(to.today)
    spans = {
        LAST_MONTH: to.label("Last month"),
        THIS_MONTH: to.label("This month"),
        YEAR: to.label("FY {year}", year=year.name),
        LAST_YEAR: to.label("FY {year}", year=year.previous.name),
    }
    files = [Button(words, {"do": "audit_file", "span": span}) for span, words in spans.items()]
    files.append(Button(to.label("Other period"), {"do": "audit_period"}))
    return Card(joined(lines), (*in_rows(files), (Button(to.label("Check all now"), {"do": "audit_check"}),)))


def _holds(verdict: AuditVerdict, to: Audience) -> Html:
    n = group_indian(verdict.sequence)
    if verdict.more:
        return to.say("<b>The records hold</b> · the first {n} entries", n=n)
    return to.say("<b>The records hold</b> · {n} entries", n=n)


def _checked(verdict: AuditVerdict, verified_at: datetime | None, to: Audience) -> list[Html]:
    lines: list[Html] = []
    if verdict.since and verified_at is not None:
        lines.append(
            to.count(
                "Checked up to entry {since} {moment}, and the one after it just now.",
                "Checked up to entry {since} {moment}, and the {after} after it just now.",
                verdict.entries,
                since=group_indian(verdict.since),
                moment=to.moment(verified_at),
                after=group_indian(verdict.entries),
            )
        )
    elif not verdict.more:
        lines.append(to.say("All of them checked just now, from the first one."))
    lines.append(to.say("Nothing in them was changed, nothing is missing."))
    if verdict.more:
        lines.append(to.say("I check no more in one go. Whoever looks after the server can check the rest."))
    return lines


def audit_file_card(made: PageLinkMade, url: str, action: Action, to: Audience) -> Card:
    """Give the link to a file: as a button, which no program opens to draw a preview; where none can be, as text."""
    since, until = (date.fromisoformat(action[name]) for name in ("since", "until"))
    excel = action["form"] == XLSX
    what = (
        to.say("<b>The records as an Excel file</b>")
        if excel
        else to.say("<b>The records as JSON Lines</b>, which a program checks without me")
    )
    lines = [
        *to.heading(what),
        to.say("{first} to {last}", first=full_day(since, to), last=full_day(until, to)),
        to.say(
            "Works until {moment}. Whoever has the link gets the file.", moment=to.moment(made.expires_at)
        ),
    ]
    rows: Rows = ()
    if url.startswith(_SAFE):
        rows = ((Button(to.label("Open the file ↗"), url=url),),)
    else:
        lines.append(html(url))
    other = {**action, "do": "audit_file", "form": JSONL if excel else XLSX}
    more = [
        Button(to.label("As JSON Lines") if excel else to.label("As Excel"), other),
        Button(to.label("Take it back"), {"do": "page_revoke", "link": str(made.id)}),
    ]
    return Card(joined(lines), (*rows, *in_rows(more)))


def audit_from_card(to: Audience) -> Card:
    """Ask for the first day of a period."""
    return Card(joined(to.heading(to.say("From which day? Type it like 1 Apr 2026."))))


def audit_until_card(since: date, to: Audience) -> Card:
    """Ask for the last day of a period."""
    words = to.say("From {day}. Until which day?", day=full_day(since, to))
    today = {"do": "audit_file", "since": since.isoformat(), "until": to.today.isoformat()}
    return Card(joined(to.heading(words)), ((Button(to.label("Today"), today),),))


def audit_for_whom_card(to: Audience) -> Card:
    """Say who may see the audit trail, to who may not."""
    words = to.say(
        "The audit trail is for the owner, the accounts person and the accountant. Please ask them."
    )
    return Card(joined(to.heading(words)))
