"""The workbook of a period: what an auditor asks first, sheet by sheet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from ledger.audit_export.asking import begin, lines_of
from ledger.audit_export.sheets import Amount, Book, Column
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.queries.audit import (
    AuditAnswers,
    AuditBalances,
    AuditCounts,
    AuditCoverage,
    AuditSetup,
    VerifyAudit,
)
from ledger.queries.tie_out import AfterClosing, ClosedPeriods
from ledger.store.audit import THROUGH
from ledger.views.audit import (
    AuditAnswer,
    AuditBalance,
    AuditLine,
    AuditSetupView,
    AuditSpanView,
    AuditVerdict,
    SourceCoverage,
)
from ledger.views.tie_out import AfterClosingPage, ClosedPeriodView, LateChange

Watch = Callable[[int, int], None]
"""Told how many entries are written, of how many."""
Sums = Counter[tuple[str, str, str]]
"""Balances added up: by side, currency, and whether `now`, `then` or in `credit`."""
_MOST_VERIFIED = 2_000_000
_ANSWERS, _BALANCES, _CHANGES = 500, 2_000, 200
_TRANSITIONS = tuple(
    Column(*one)
    for one in (
        ("Entry", 9), ("When", 19), ("Who", 20), ("Through token", 20), ("What", 26), ("Of what", 46), ("Reason", 40),
        ("Before", 46), ("After", 46), ("Because of", 46), ("Further", 46), ("Hash begins", 18),
    )
)  # fmt: skip
_ANSWERED = tuple(
    Column(*one)
    for one in (
        ("Entry", 9), ("When", 19), ("Who", 20), ("What", 20), ("Rule", 28), ("Question", 60), ("Answer", 30),
        ("Note", 40), ("Evidence", 90), ("Evidence changed since", 12), ("Party", 28), ("Amount", 14), ("Currency", 9),
    )
)  # fmt: skip
_SOURCES = tuple(
    Column(*one)
    for one in (
        ("Source", 22), ("Called", 26), ("In use", 8), ("Deliveries", 11), ("Events", 11), ("Rewritten", 11),
        ("Unread today", 12), ("First heard", 19), ("Last heard", 19), ("Days shown", 11), ("Gap from", 12),
        ("Gap to", 12), ("Longest silence from", 19), ("to", 19),
    )
)  # fmt: skip
_PERIODS = tuple(
    Column(*one)
    for one in (
        ("Closed until", 13), ("Closed at", 19), ("By", 20), ("Note", 50), ("Receivable, signed", 18),
        ("Payable, signed", 18), ("Changes since", 13),
    )
)  # fmt: skip
_LATE = tuple(
    Column(*one)
    for one in (
        ("Closed until", 13), ("Party", 30), ("Side", 12), ("What", 14), ("Number", 18), ("Of", 12), ("Changed by", 16),
        ("Currency", 9), ("Known since", 19),
    )
)  # fmt: skip
_FIGURES = tuple(
    Column(*one)
    for one in (
        ("Party", 34), ("Side", 12), ("Currency", 9), ("As on, by what is known now", 22),
        ("As on, as known on that day", 22), ("Came to be known later", 20), ("Party id", 38),
    )
)  # fmt: skip


async def write_workbook(
    door: Door,
    actor: Actor,
    target: Path,
    *,
    since: date | None = None,
    until: date | None = None,
    watch: Watch | None = None,
) -> AuditSpanView:
    """Write the workbook of a period; the export itself is noted first. The file is whole when this returns."""
    span = await begin(door, actor, "xlsx", since, until)
    title = f"{span.business_name} · audit trail"
    book = Book(target, title=title, made_at=span.made_at, timezone=span.timezone)
    try:
        summary = book.letter("Summary")
        await _transitions(door, actor, span, book, watch)
        await _answers(door, actor, span, book)
        await _in_force(door, actor, book)
        first, last = _days(span)
        await _coverage(door, actor, book, first, last)
        await _closed(door, actor, span, book)
        sums = await _figures(door, actor, span, book, last)
        rows = await _summary(door, actor, span, title)
        await asyncio.to_thread(summary, [*rows, (), *_totals(sums, last)])
    finally:
        await asyncio.to_thread(book.close)
    return span


def _days(span: AuditSpanView) -> tuple[date, date]:
    """Return the first and last day that the sheets are about: to today where no end was given."""
    today = span.made_at.astimezone(ZoneInfo(span.timezone)).date()
    last = min(span.until or today, today)
    return min(span.since or last - timedelta(days=365), last), last


async def _summary(door: Door, actor: Actor, span: AuditSpanView, title: str) -> list[Sequence[Any]]:
    verdict: AuditVerdict = await door.query(VerifyAudit(full=True, most=_MOST_VERIFIED), actor)
    counts: tuple[tuple[str, int], ...] = await door.query(AuditCounts(span.first - 1, span.last), actor)
    held = f"yes, all {verdict.entries:,}" if verdict.holds else f"NO. {verdict.words}"
    if verdict.holds and verdict.more:
        held = f"yes, the first {verdict.entries:,}; all of them: munshi audit verify --full"
    return [
        (title,),
        ("Period from", span.since or "the first entry"),
        ("Period to", span.until or "the last entry"),
        ("Made at", span.made_at),
        ("Times are of", span.timezone),
        ("Entries in the period", span.entries),
        ("First entry", span.first),
        ("Last entry", span.last),
        ("Hash before the first", span.previous),
        ("Hash of the last (head)", span.head),
        ("Does the chain hold?", held),
        (
            "How to verify it without us",
            "Export it as JSON Lines; format and a verifier are in ledger/audit_format.md.",
        ),
        (),
        ("What was done", "how often"),
        *counts,
    ]


async def _transitions(
    door: Door, actor: Actor, span: AuditSpanView, book: Book, watch: Watch | None
) -> None:
    sheet = book.sheet("Transitions", _TRANSITIONS)
    async for page in lines_of(door, actor, span):
        await asyncio.to_thread(sheet.add, map(_transition, page))
        if watch is not None:
            watch(sheet.rows, span.entries)
    sheet.done()


def _transition(line: AuditLine) -> tuple[Any, ...]:
    rest = dict(line.readable)
    if line.token is not None:
        del rest[THROUGH]
    reason, before, after, because = (
        rest.pop(name, None) for name in ("reason", "before", "after", "because")
    )
    return (
        line.sequence, line.at, line.actor_name or line.actor, line.token, line.action, line.subject, _said(reason),
        _said(before), _said(after), _said(because), _said(rest or None), line.hash[:16],
    )  # fmt: skip


def _said(value: Any) -> str | None:
    """Write a part of an entry as one reads it: status: invoice.paid, outstanding: 0."""
    match value:
        case None | "":
            return None
        case str():
            return value
        case Mapping():
            return ", ".join(f"{name}: {_said(item) or '—'}" for name, item in value.items())
        case list() | tuple():
            return "; ".join(_said(item) or "—" for item in value)
        case _:
            return orjson.dumps(value).decode()


async def _answers(door: Door, actor: Actor, span: AuditSpanView, book: Book) -> None:
    sheet = book.sheet("Answers", _ANSWERED)
    after = span.first - 1
    while span.entries:
        page: tuple[AuditAnswer, ...] = await door.query(AuditAnswers(after, span.last, _ANSWERS), actor)
        await asyncio.to_thread(sheet.add, map(_answer, page))
        if len(page) < _ANSWERS:
            break
        after = page[-1].sequence
    sheet.done()


def _answer(one: AuditAnswer) -> tuple[Any, ...]:
    amount = Amount(one.amount, one.currency) if one.amount is not None and one.currency else None
    return (
        one.sequence, one.at, one.by, one.action, one.rule, one.question, one.answer, one.note,
        " · ".join(one.evidence), one.changed, one.party_name, amount, one.currency,
    )  # fmt: skip


async def _in_force(door: Door, actor: Actor, book: Book) -> None:
    setup: AuditSetupView = await door.query(AuditSetup(), actor)
    headings = (
        ("Source", 20),
        ("Of a", 14),
        ("Its word", 28),
        ("Within", 20),
        ("Means", 26),
        ("Sure", 8),
        ("Notes", 50),
    )
    mappings = book.sheet("Mappings", [Column(*one) for one in headings])
    mappings.add(
        (one.source, one.kind, one.word, one.qualifier, one.status, one.confidence, one.notes)
        for one in setup.mappings
    )
    mappings.done()
    written = (
        ("Rule", 32), ("Asks", 60), ("Severity", 10), ("In force", 9), ("Whose", 12), ("Version", 9), ("By", 20),
        ("Since", 19), ("Text", 90),
    )  # fmt: skip
    rules = book.sheet("Rules", [Column(*one) for one in written])
    rules.add(
        (one.name, one.title, one.severity, one.enabled, one.origin, one.version, one.by, one.at, one.text)
        for one in setup.rules
    )
    rules.done()


async def _coverage(door: Door, actor: Actor, book: Book, first: date, last: date) -> None:
    found: tuple[SourceCoverage, ...] = await door.query(AuditCoverage(first, last), actor)
    sheet = book.sheet("Sources", _SOURCES)
    sheet.add(row for one in found for row in _source(one))
    sheet.done()


def _source(one: SourceCoverage) -> Iterator[tuple[Any, ...]]:
    """Yield a source's line, and one more for each further gap."""
    gaps = one.gaps or ((None, None),)
    silence = one.silence or (None, None)
    yield (
        one.source, one.label, one.enabled, one.deliveries, one.events, one.rewrites, one.unread, one.first_at,
        one.last_at, one.covered_days, *gaps[0], *silence,
    )  # fmt: skip
    for gap in gaps[1:]:
        yield (one.source, one.label, *[None] * 8, *gap)


async def _closed(door: Door, actor: Actor, span: AuditSpanView, book: Book) -> None:
    periods: tuple[ClosedPeriodView, ...] = await door.query(ClosedPeriods(), actor)
    sheet = book.sheet("Closed periods", _PERIODS)
    sheet.add(
        (
            one.until, one.closed_at, one.closed_by, one.note, Amount(one.receivable, span.currency),
            Amount(one.payable, span.currency), one.changes,
        )
        for one in periods
    )  # fmt: skip
    sheet.done()
    late = book.sheet("After closing", _LATE)
    for one in periods:
        cursor, more = None, one.changes > 0
        while more:
            page: AfterClosingPage = await door.query(AfterClosing(one.until, _CHANGES, cursor), actor)
            late.add(_late(one.until, change) for change in page.rows)
            cursor, more = page.end, page.more
    late.done()


def _late(until: date, one: LateChange) -> tuple[Any, ...]:
    amount = Amount(one.amount, one.currency)
    return (until, one.party_name, one.side, one.kind, one.number, one.on, amount, one.currency, one.known_at)


async def _figures(door: Door, actor: Actor, span: AuditSpanView, book: Book, on: date) -> Sums:
    ends = datetime.combine(on + timedelta(days=1), datetime.min.time(), ZoneInfo(span.timezone))
    sheet = book.sheet(f"Balances as on {on:%d-%m-%Y}", _FIGURES)
    after, sums = None, Counter[tuple[str, str, str]]()
    while True:
        question = AuditBalances(on, min(ends, span.made_at), after, _BALANCES)
        page: tuple[AuditBalance, ...] = await door.query(question, actor)
        await asyncio.to_thread(sheet.add, map(_figure, page))
        for one in page:
            sums[one.side, one.currency, "now"] += one.as_on
            sums[one.side, one.currency, "then"] += one.known_on
            sums[one.side, one.currency, "credit"] += min(one.as_on, 0)
        if len(page) < _BALANCES:
            break
        after = (page[-1].party_id, page[-1].side, page[-1].currency)
    sheet.done()
    return sums


def _totals(sums: Sums, on: date) -> Iterator[tuple[Any, ...]]:
    """Yield the sums of the sheet of balances, as the summary shows them: two currencies are never added."""
    yield (
        f"Balances as on {on:%d-%m-%Y}",
        "by what is known now",
        "as known on that day",
        "of it, parties in credit",
    )
    for side, currency in sorted({(side, currency) for side, currency, _ in sums}):
        told = (Amount(sums[side, currency, which], currency) for which in ("now", "then", "credit"))
        yield (f"{side}, net, {currency}", *told)


def _figure(one: AuditBalance) -> tuple[Any, ...]:
    now, then = Amount(one.as_on, one.currency), Amount(one.known_on, one.currency)
    late = Amount(one.as_on - one.known_on, one.currency)
    return (one.party_name, one.side, one.currency, now, then, late, str(one.party_id))
