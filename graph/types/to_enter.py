"""What the books lack, and TDS awaited, as types."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from graph.ids import global_id
from graph.types.basics import Counted, Money, PageInfo, money, page_info
from ledger.domain.books_export.voucher import Line
from ledger.queries.to_enter import ToEnter
from ledger.views.tds import TdsRow, TdsView
from ledger.views.to_enter import ToEnterPage, ToEnterView


@strawberry.enum(description="How the list is written.")
class ToEnterFormat(Enum):
    """Formats of the file."""

    XLSX = strawberry.enum_value("xlsx", description="A workbook for people, one row a ledger line.")
    CSV = strawberry.enum_value("csv", description="The same as plain text.")
    XML = strawberry.enum_value("xml", description="TallyPrime's import file; only what waits for nothing.")


@strawberry.type(description="What of a party's line stands under which bill.")
class VoucherBill:
    """A bill-wise part."""

    name: str | None = strawberry.field(description="The bill's number in the books; null: on account.")
    amount: Money = strawberry.field(description="How much.")


@strawberry.type(description="One ledger line of a voucher.")
class VoucherLine:
    """A line."""

    ledger: str = strawberry.field(description="The ledger as the books call it; ? where it isn't known.")
    debit: Money | None = strawberry.field(description="What is debited; null on a credit.")
    credit: Money | None = strawberry.field(description="What is credited; null on a debit.")
    bills: list[VoucherBill] = strawberry.field(description="For a party: which bills take it.")


@strawberry.type(
    description="Something that we know and the books don't show; it goes by itself when they do."
)
class ToEnterLine:
    """A line of the list."""

    id: strawberry.ID = strawberry.field(description="Stable; its voucher is imported under it.")
    kind: str = strawberry.field(description="receipt, payout, settlement, debit, journal or kept_back.")
    voucher_type: str = strawberry.field(description="Receipt, Payment, Contra or Journal.")
    on: date = strawberry.field(description="The voucher's day.")
    amount: Money = strawberry.field(description="What moved, or was settled.")
    party_id: strawberry.ID | None = strawberry.field(description="Whose it is.")
    party_name: str | None = strawberry.field(description="His name.")
    lines: list[VoucherLine] = strawberry.field(description="The ledger lines.")
    narration: str = strawberry.field(description="The bank's words, and our mark.")
    why: str = strawberry.field(description="Why it is here, in words.")
    waits: str | None = strawberry.field(
        description="What keeps it out of the import file, in words; null: nothing."
    )


@strawberry.type(description="A line on a page.")
class ToEnterEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this line.")
    node: ToEnterLine = strawberry.field(description="The line.")


@strawberry.type(description="A page of what the books lack, oldest first.")
class ToEnterConnection(Counted):
    """A connection."""

    edges: list[ToEnterEdge] = strawberry.field(description="The lines with their cursors.")
    nodes: list[ToEnterLine] = strawberry.field(description="The lines.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    count: int = strawberry.field(description="How many there are in all.")
    reason: str | None = strawberry.field(
        description="Why there is no list, where there can't be one; null otherwise."
    )
    books_seen_at: datetime | None = strawberry.field(description="When the books were last heard of.")


@strawberry.type(description="The list as a file.")
class ToEnterFile:
    """A file."""

    filename: str = strawberry.field(description="What to call it.")
    content: str = strawberry.field(description="Its bytes in base64.")
    vouchers: int = strawberry.field(description="Vouchers that wait for nothing.")
    left_out: int = strawberry.field(description="Those for which something must be said first.")


@strawberry.type(description="What is shown under one section.")
class TdsSection:
    """A section."""

    section: str = strawberry.field(description="As the statement has it: 194C.")
    credited: Money = strawberry.field(description="What is shown as final.")


@strawberry.type(description="One customer's tax of one kind in one quarter.")
class TdsEntry:
    """A row."""

    party_id: strawberry.ID | None = strawberry.field(
        description="Null: a deductor of the statement whom we don't know."
    )
    name: str = strawberry.field(description="The customer, or the deductor as the statement calls him.")
    tan: str | None = strawberry.field(description="His TAN, where the statement tells it.")
    kind: str = strawberry.field(description="tds or gst_tds.")
    quarter: str = strawberry.field(description="2026-27 Q2: July to September.")
    cut: Money = strawberry.field(description="What he kept back.")
    credited: Money = strawberry.field(description="What the statement shows as final.")
    pending: Money = strawberry.field(description="What it shows as not final.")
    missing: Money = strawberry.field(description="Cut less credited; negative: more is shown.")
    state: str = strawberry.field(description="agrees, missing, more, or not_known.")
    words: str = strawberry.field(description="The same in words.")
    sections: list[TdsSection] = strawberry.field(description="What is shown, by section.")


@strawberry.type(description="Tax that customers cut, beside what the tax department shows.")
class TdsAwaited:
    """All of them."""

    fy: str = strawberry.field(description="The financial year: 2026-27.")
    cut: Money = strawberry.field(description="Cut in all.")
    credited: Money = strawberry.field(description="Shown as final in all.")
    missing: Money = strawberry.field(description="Missing in all; what is shown too much isn't taken off.")
    stated: bool = strawberry.field(description="Whether a statement of that time was read.")
    rows: list[TdsEntry] = strawberry.field(description="Per customer, kind and quarter, most missing first.")


def to_enter(page: ToEnterPage, question: ToEnter) -> ToEnterConnection:
    """Return a page of the list."""
    nodes = [_node(row) for row in page.rows]
    return ToEnterConnection(
        question=question,
        edges=[ToEnterEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        count=page.count,
        reason=page.reason or None,
        books_seen_at=page.books_seen_at,
    )


def _node(row: ToEnterView) -> ToEnterLine:
    return ToEnterLine(
        id=strawberry.ID(str(row.id)),
        kind=row.kind,
        voucher_type=row.voucher.type,
        on=row.on,
        amount=money(row.amount, row.currency),
        party_id=global_id("Party", row.party_id) if row.party_id else None,
        party_name=row.party_name,
        lines=[_line(line, row.currency) for line in row.voucher.lines],
        narration=row.voucher.narration,
        why=row.why,
        waits=row.waits or None,
    )


def _line(line: Line, currency: str) -> VoucherLine:
    return VoucherLine(
        ledger=line.ledger,
        debit=money(line.amount, currency) if line.amount > 0 else None,
        credit=money(-line.amount, currency) if line.amount < 0 else None,
        bills=[
            VoucherBill(name=bill.name or None, amount=money(bill.amount, currency)) for bill in line.bills
        ],
    )


def tds(view: TdsView) -> TdsAwaited:
    """Return TDS awaited."""
    return TdsAwaited(
        fy=view.fy,
        cut=money(view.cut, view.currency),
        credited=money(view.credited, view.currency),
        missing=money(view.missing, view.currency),
        stated=view.stated,
        rows=[_entry(row, view.currency) for row in view.rows],
    )


def _entry(row: TdsRow, currency: str) -> TdsEntry:
    return TdsEntry(
        party_id=global_id("Party", row.party_id) if row.party_id else None,
        name=row.name,
        tan=row.tan,
        kind=row.kind,
        quarter=row.quarter,
        cut=money(row.cut, currency),
        credited=money(row.credited, currency),
        pending=money(row.pending, currency),
        missing=money(row.missing, currency),
        state=row.state,
        words=row.words,
        sections=[
            TdsSection(section=one.section, credited=money(one.credited, currency)) for one in row.sections
        ],
    )
