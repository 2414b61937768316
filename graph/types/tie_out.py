"""The tie-out with the books, and closed periods."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from graph.ids import global_id
from graph.types.basics import Money, PageInfo, money, page_info
from ledger.views import tie_out as views


@strawberry.type(description="All entries of one kind that make a difference.")
class TieOutLine:
    """A line."""

    kind: str = strawberry.field(
        description="A thing and how it differs, receipt.not_in_books …; or unexplained."
    )
    count: int = strawberry.field(description="How many entries.")
    amount: Money = strawberry.field(description="What they add to the difference: books less ours.")


@strawberry.type(description="One entry that the books and we don't have alike.")
class TieOutEntry:
    """An entry."""

    kind: str = strawberry.field(description="As of the lines.")
    on: date = strawberry.field(description="The day that it counts.")
    number: str | None = strawberry.field(description="The bill's number, or the reference of money.")
    ours: Money = strawberry.field(description="What it comes to with us.")
    books: Money = strawberry.field(description="What it comes to in the books.")


@strawberry.type(description="One party on one side: our balance, the books', and what makes the difference.")
class TieOutRow:
    """A row."""

    party_id: strawberry.ID = strawberry.field(description="The party's global id.")
    party_name: str = strawberry.field(description="The party's name.")
    side: str = strawberry.field(description="receivable (debtors) or payable (creditors).")
    ours: Money = strawberry.field(description="Positive: they (payable: we) owe.")
    books: Money = strawberry.field(description="The same by the books.")
    difference: Money = strawberry.field(description="The books' balance less ours; the lines add up to it.")
    stated_on: date | None = strawberry.field(
        description="Day of the balance that the books state; null: reckoned from their entries alone."
    )
    lines: list[TieOutLine] = strawberry.field(description="What makes the difference, by kind.")
    entries: list[TieOutEntry] = strawberry.field(description="The largest single entries.")
    further: int = strawberry.field(description="How many entries more there are.")
    words: str = strawberry.field(description="The difference in a sentence; empty where there is none.")


@strawberry.type(description="One side over all parties.")
class TieOutTotal:
    """A total."""

    side: str = strawberry.field(description="receivable (debtors) or payable (creditors).")
    ours: Money = strawberry.field(description="Our total.")
    books: Money = strawberry.field(description="The books' total.")
    difference: Money = strawberry.field(description="The books' total less ours.")
    unexplained: Money = strawberry.field(description="What of it no entry explains.")
    parties: int = strawberry.field(description="How many parties.")
    apart: int = strawberry.field(description="How many of them don't tie.")
    lines: list[TieOutLine] = strawberry.field(description="What makes the difference, by kind.")
    words: str = strawberry.field(description="The difference in a sentence; empty where there is none.")


@strawberry.type(description="One set of books that is compared with.")
class TieOutBooks:
    """A set of books."""

    source: str = strawberry.field(description="Such as books:tally.")
    label: str = strawberry.field(description="What people call it.")
    last_entry_on: date | None = strawberry.field(
        description="Day of its latest entry until the day asked for."
    )
    stated_on: date | None = strawberry.field(description="Day of the latest balances that it states.")
    heard_at: datetime | None = strawberry.field(description="When it last sent anything.")


@strawberry.type(description="A row with its cursor.")
class TieOutEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` for what follows this row.")
    node: TieOutRow = strawberry.field(description="The row.")


@strawberry.type(description="Our balances beside the books', the largest difference first.")
class TieOutConnection:
    """A connection."""

    edges: list[TieOutEdge] = strawberry.field(description="The rows with their cursors.")
    nodes: list[TieOutRow] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    as_on: date = strawberry.field(description="At the end of which day.")
    known_at: datetime | None = strawberry.field(description="As known at that moment; null: now.")
    signed_until: date | None = strawberry.field(
        description="The closed period that the day lies in: the answer is as it was signed."
    )
    ties: bool = strawberry.field(description="Whether every party ties.")
    totals: list[TieOutTotal] = strawberry.field(description="Debtors and creditors over all parties.")
    books: list[TieOutBooks] = strawberry.field(
        description="Which books, and how fresh; empty: none are connected."
    )


@strawberry.type(description="How one side tied out on a day, as the daily sweep kept it.")
class TieOutDay:
    """A day."""

    on: date = strawberry.field(description="The day.")
    books: str = strawberry.field(description="The books' sources, joined by +.")
    side: str = strawberry.field(description="receivable (debtors) or payable (creditors).")
    ours: Money = strawberry.field(description="Our total.")
    theirs: Money = strawberry.field(description="The books' total.")
    unexplained: Money = strawberry.field(description="What no entry explained.")
    parties: int = strawberry.field(description="How many parties.")
    apart: int = strawberry.field(description="How many of them didn't tie.")


@strawberry.type(description="A closed period: reports as of its days answer as signed.")
class ClosedPeriod:
    """A closed period."""

    until: date = strawberry.field(description="Its last day.")
    closed_at: datetime = strawberry.field(description="When it was closed: reports answer as known then.")
    closed_by: str = strawberry.field(description="Who closed it.")
    note: str | None = strawberry.field(description="Why.")
    receivable: Money = strawberry.field(description="What customers owed at its end, as signed.")
    payable: Money = strawberry.field(description="What we owed at its end, as signed.")
    changes: int = strawberry.field(description="How much came, changed or went since.")


@strawberry.type(description="One thing of a closed period that came, changed or went after the closing.")
class LateChange:
    """A late change."""

    party_id: strawberry.ID = strawberry.field(description="The party's global id.")
    party_name: str = strawberry.field(description="The party's name.")
    side: str = strawberry.field(description="receivable (debtors) or payable (creditors).")
    kind: str = strawberry.field(description="bill, receipt, payment, credit_note, deduction …")
    number: str | None = strawberry.field(description="The bill's number, or the reference of money.")
    on: date = strawberry.field(description="The day that it counts.")
    amount: Money = strawberry.field(description="By how much the balance changed.")
    known_at: datetime = strawberry.field(description="When it became known.")


@strawberry.type(description="A late change with its cursor.")
class LateChangeEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` for what follows.")
    node: LateChange = strawberry.field(description="The change.")


@strawberry.type(description="What changed in a period after it was closed, newest first.")
class LateChangeConnection:
    """A connection."""

    edges: list[LateChangeEdge] = strawberry.field(description="The changes with their cursors.")
    nodes: list[LateChange] = strawberry.field(description="The changes.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    period: ClosedPeriod = strawberry.field(description="The period.")


def tie_out(page: views.TieOutPage) -> TieOutConnection:
    """Return a page of the tie-out."""
    nodes = [_row(row, page.books_name) for row in page.rows]
    return TieOutConnection(
        edges=[TieOutEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        as_on=page.as_on,
        known_at=page.known_at,
        signed_until=page.signed_until,
        ties=page.ties,
        totals=[_total(total, page.books_name) for total in page.totals],
        books=[
            TieOutBooks(
                source=books.source,
                label=books.label,
                last_entry_on=books.last_entry_on,
                stated_on=books.stated_on,
                heard_at=books.heard_at,
            )
            for books in page.books
        ],
    )


def _lines(lines: tuple[views.TieOutLine, ...], currency: str) -> list[TieOutLine]:
    return [TieOutLine(kind=x.kind, count=x.count, amount=money(x.amount, currency)) for x in lines]


def _row(row: views.TieOutRow, books: str) -> TieOutRow:
    return TieOutRow(
        party_id=global_id("Party", row.party_id),
        party_name=row.party_name,
        side=row.side,
        ours=money(row.ours, row.currency),
        books=money(row.books, row.currency),
        difference=money(row.difference, row.currency),
        stated_on=row.stated_on,
        lines=_lines(row.lines, row.currency),
        entries=[
            TieOutEntry(
                kind=entry.kind,
                on=entry.on,
                number=entry.number,
                ours=money(entry.ours, row.currency),
                books=money(entry.books, row.currency),
            )
            for entry in row.entries
        ],
        further=row.further,
        words=row.words(books),
    )


def _total(total: views.TieOutTotal, books: str) -> TieOutTotal:
    return TieOutTotal(
        side=total.side,
        ours=money(total.ours, total.currency),
        books=money(total.books, total.currency),
        difference=money(total.difference, total.currency),
        unexplained=money(total.unexplained, total.currency),
        parties=total.parties,
        apart=total.apart,
        lines=_lines(total.lines, total.currency),
        words=total.words(books),
    )


def tie_out_day(day: views.TieOutDayView) -> TieOutDay:
    """Return a kept day."""
    return TieOutDay(
        on=day.on,
        books=day.books,
        side=day.side,
        ours=money(day.ours, day.currency),
        theirs=money(day.theirs, day.currency),
        unexplained=money(day.unexplained, day.currency),
        parties=day.parties,
        apart=day.apart,
    )


def closed_period(period: views.ClosedPeriodView, currency: str) -> ClosedPeriod:
    """Return a closed period; `currency` is the business's."""
    return ClosedPeriod(
        until=period.until,
        closed_at=period.closed_at,
        closed_by=period.closed_by,
        note=period.note,
        receivable=money(period.receivable, currency),
        payable=money(period.payable, currency),
        changes=period.changes,
    )


def late_changes(page: views.AfterClosingPage, currency: str) -> LateChangeConnection:
    """Return a page of what changed after a closing; `currency` is the business's."""
    nodes = [
        LateChange(
            party_id=global_id("Party", row.party_id),
            party_name=row.party_name,
            side=row.side,
            kind=row.kind,
            number=row.number,
            on=row.on,
            amount=money(row.amount, row.currency),
            known_at=row.known_at,
        )
        for row in page.rows
    ]
    return LateChangeConnection(
        edges=[LateChangeEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        period=closed_period(page.period, currency),
    )
