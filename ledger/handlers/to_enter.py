"""What we know and the books don't show: the list, its files, and how the books call what is written into them.

Nothing of it is remembered: a line is there while no books source claims what it enters, and is gone once one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from kit.catalogues import N_
from kit.errors import Rejected
from ledger.commands.to_enter import NameLedgers
from ledger.domain.books_export.compose import compose
from ledger.domain.books_export.tables import Told, csv_file, workbook
from ledger.domain.books_export.tally_xml import import_file
from ledger.domain.books_export.voucher import DEFAULT_LEDGERS, Voucher, plain
from ledger.domain.roles import Permission
from ledger.handlers.paging import MAX_PAGE, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business
from ledger.handlers.to_enter_details import details
from ledger.queries.to_enter import ToEnter, ToEnterFile
from ledger.views.to_enter import ToEnterFileView, ToEnterPage, ToEnterView
from ledger.words import Phrases, marked

DAY = Order("to_enter:day", ("l.day", "l.subject"), ("date", "uuid"))
MOST = 5_000
"""Vouchers in one file; what is beyond follows in the next, once these are in the books."""
NO_BOOKS = N_("No books are connected, so nothing can be missing in them.")
NOTHING_TOLD = N_("The books haven't told anything yet.")
_WAITS = Phrases(
    (
        N_("nobody has said yet whose money this is"),
        N_("the books have no ledger {party}: create it there first"),
        N_("{bills} isn't in the books yet: enter the bill first"),
        N_("the other account isn't known"),
        N_("which ledger {bank} is in the books isn't known: name it once"),
        N_("no ledger is named for {kind}"),
        N_("the books show a receipt of the same amount from them on {day} ({when}): is it this one?"),
        N_("the account"),
        N_("the same day"),
        N_("{n} day apart"),
        N_("{n} days apart"),
    ),
    again=("when", "bank"),
    days=("day",),
)
"""What an entry waits for, as it is composed (`books_export`, `to_enter_details`)."""
_FORMATS = ("xlsx", "xml", "csv")
_NEAR = 5
"""Days that the books' entry of a bank line may lie from it."""
_ALIKE = 7
_MAX_LEDGERS, _MAX_KIND = 100, 60

_BOOKS = """
SELECT s.name, s.settings->>'company' AS company, t.last_delivery_at
FROM sources s LEFT JOIN source_state t ON t.business_id = s.business_id AND t.source = s.name
WHERE s.business_id = $1 AND s.name LIKE 'books:%' AND s.connector <> 'spreadsheet' AND s.enabled ORDER BY s.name
"""
_SINCE = "SELECT min(stated_at) FROM claims WHERE business_id = $1 AND source = ANY($2::text[]) AND row_kind <> 'party'"

# $1 business · $2 all books · $3 first day of the books · $4 currency · $5 timezone · $6 the books asked for.
# Money of nobody's (interest, charges, settlements, transfers) is known in the books by a mark of ours, else by amount and
# day: same sums near each other make an island, and in it the books' entries close as many of our lines.
_LINES = f"""
WITH debits AS (
  SELECT DISTINCT ON (i.state->'data'->>'line') i.state->'data'->>'line' AS line, i.state->'data'->>'as' AS class
  FROM identities i
  WHERE i.business_id = $1 AND i.kind = 'decision' AND i.source = 'operator'
    AND i.state->>'type' IN ('line.classified', 'allocation.decided') AND i.state->'data' ? 'line'
  ORDER BY i.state->'data'->>'line', i.state->>'at' DESC, i.subject DESC
), money AS (
  SELECT 'receipt' AS kind, r.anchor AS subject, r.id AS row_id, r.received_on AS day, r.amount, r.party_id, r.classified AS class
  FROM receipts r
  WHERE r.business_id = $1 AND r.arrived AND r.status = 'payment.received' AND r.currency = $4 AND r.received_on >= $3
    AND NOT EXISTS (SELECT FROM claims c WHERE c.business_id = $1 AND c.row_id = r.id AND c.source = ANY($2::text[]))
  UNION ALL
  SELECT 'payout', p.anchor, p.id, p.paid_on, p.amount, p.party_id, NULL
  FROM payouts p
  WHERE p.business_id = $1 AND p.status = 'payout.processed' AND p.currency = $4 AND p.paid_on >= $3
    AND NOT EXISTS (SELECT FROM claims c WHERE c.business_id = $1 AND c.row_id = p.id AND c.source = ANY($2::text[]))
  UNION ALL
  SELECT 'settlement', s.anchor, s.id, coalesce(b.posted_on, s.settled_on), s.amount, NULL, NULL
  FROM settlements s JOIN bank_lines b ON b.business_id = $1 AND b.id = s.bank_line_id
  WHERE s.business_id = $1 AND s.status = 'settlement.processed' AND s.currency = $4 AND s.settled_on >= $3
  UNION ALL
  SELECT 'debit', b.anchor, b.id, b.posted_on, b.amount, NULL, coalesce(d.class, b.explained_by)
  FROM bank_lines b LEFT JOIN debits d ON d.line = b.anchor::text
  WHERE b.business_id = $1 AND b.amount < 0 AND b.currency = $4 AND b.posted_on >= $3
    AND coalesce(d.class, b.explained_by, 'decision') <> 'decision'
    AND coalesce(b.explained_by, 'decision') <> ALL('{{settlement,receipt,payout,returned}}'::text[])
    AND NOT (coalesce(d.class, b.explained_by) = 'own_transfer' AND EXISTS (
      SELECT FROM receipts r WHERE r.business_id = $1 AND r.classified = 'own_transfer' AND r.amount = -b.amount
        AND abs(r.received_on - b.posted_on) <= 3))
), unowned AS MATERIALIZED (
  SELECT amount, day, subject, 'sub:' || subject AS key FROM money WHERE class IS NOT NULL OR kind = 'settlement'
), nobodys AS (
  SELECT u.*, EXISTS (
    SELECT FROM identity_keys k JOIN claims c ON c.business_id = $1 AND c.subject = k.subject AND c.row_kind = 'entry'
    WHERE k.business_id = $1 AND k.key = u.key AND c.source = ANY($2::text[]) AND c.amount <> 0) AS marked
  FROM unowned u
), told AS (
  SELECT amount, day, subject, marked, true AS ours FROM nobodys
  UNION ALL
  SELECT c.amount, (c.stated_at AT TIME ZONE $5)::date, c.subject, false, false
  FROM claims c WHERE c.business_id = $1 AND c.source = ANY($2::text[]) AND c.row_kind = 'entry' AND c.amount <> 0
), apart AS (
  SELECT *, CASE WHEN day - lag(day) OVER (PARTITION BY amount ORDER BY day) > {_NEAR} THEN 1 ELSE 0 END AS fresh FROM told
), islands AS (
  SELECT *, sum(fresh) OVER (PARTITION BY amount ORDER BY day) AS island FROM apart
), ranked AS (
  SELECT subject, ours, marked, count(*) FILTER (WHERE NOT ours) OVER (PARTITION BY amount, island) AS entered,
         row_number() OVER (PARTITION BY amount, island, ours ORDER BY marked DESC, day, subject) AS place
  FROM islands
), l AS (
  SELECT m.*, CASE WHEN m.kind IN ('receipt', 'payout') AND m.class IS NULL AND m.party_id IS NOT NULL THEN (
      SELECT min(o.received_on) FROM receipts o
      WHERE m.kind = 'receipt' AND o.business_id = $1 AND o.party_id = m.party_id AND o.amount = m.amount
        AND o.id <> m.row_id AND abs(o.received_on - m.day) <= {_ALIKE} AND o.status = 'payment.received'
        AND NOT EXISTS (SELECT FROM claims c WHERE c.business_id = $1 AND c.row_id = o.id AND c.source <> ALL($2::text[]))
    ) END AS alike_on
  FROM money m WHERE m.class IS NULL AND m.kind <> 'settlement'
  UNION ALL
  SELECT m.kind, m.subject, m.row_id, m.day, m.amount, m.party_id, m.class, NULL
  FROM money m JOIN ranked k ON k.subject = m.subject AND k.ours AND NOT k.marked AND k.place > k.entered
  UNION ALL
  SELECT 'journal', p.cause, p.cause, min(p.effective_on), sum(abs(p.amount))::bigint, (array_agg(p.party_id ORDER BY p.side DESC))[1],
         min(i.state->'data'->>'kind'), NULL
  FROM postings p JOIN identities i ON i.business_id = $1 AND i.subject = p.cause AND i.kind = 'decision'
  WHERE p.business_id = $1 AND p.known_to IS NULL AND p.currency = $4 AND p.effective_on >= $3
    AND p.kind IN ('deduction', 'write_off', 'set_off', 'setoff')
  GROUP BY p.cause HAVING sum(p.amount) <> 0
  UNION ALL
  SELECT 'kept_back', r.id, r.id, r.received_on, sum(a.amount)::bigint, r.party_id, NULL, NULL
  FROM allocations a JOIN receipts r ON r.business_id = $1 AND r.id = a.receipt_id
  WHERE a.business_id = $1 AND a.kind <> 'receipt' AND a.why NOT IN ('stated', 'books') AND r.currency = $4
    AND r.received_on >= $3 AND r.arrived AND r.classified IS NULL
    AND EXISTS (SELECT FROM claims c WHERE c.business_id = $1 AND c.row_id = r.id AND c.source = ANY($2::text[]))
  GROUP BY r.id, r.received_on, r.party_id
  HAVING sum(a.amount) > coalesce((
    SELECT sum((d->>'amount')::bigint) FROM claims c JOIN identities i ON i.business_id = $1 AND i.subject = c.subject
    CROSS JOIN LATERAL jsonb_array_elements(coalesce(i.state->'data'->'deductions', '[]')) d
    WHERE c.business_id = $1 AND c.row_id = r.id AND c.source = ANY($2::text[])), 0)
), wanted AS (
  SELECT * FROM l
  WHERE cardinality($2::text[]) = cardinality($6::text[]) OR l.party_id IS NULL
    OR EXISTS (SELECT FROM party_identities n WHERE n.business_id = $1 AND n.party_id = l.party_id AND n.source = ANY($6::text[]))
    OR NOT EXISTS (SELECT FROM party_identities n WHERE n.business_id = $1 AND n.party_id = l.party_id AND n.source = ANY($2::text[]))
)
"""


@dataclass(frozen=True, slots=True)
class _Books:
    """The books of a business, those asked for, and since when they tell."""

    all: list[str]
    wanted: list[str]
    company: str
    since: date | None
    seen_at: datetime | None
    several: bool


@handles(ToEnter, permission=Permission.SEE_PAYABLES)
async def to_enter(question: ToEnter, ctx: Context) -> ToEnterPage:
    """Answer with a page of what the books lack; empty with a reason where there are no books."""
    first, after = page_size(question.first), place(DAY, question.after)
    return await _page(ctx, await _books(ctx, question.company), first, after)


@counts(ToEnter)
async def count_to_enter(question: ToEnter, ctx: Context) -> int:
    """Count what the books lack."""
    return (await _page(ctx, await _books(ctx, question.company), 1, None)).count


@handles(ToEnterFile, permission=Permission.SEE_PAYABLES)
async def to_enter_file(question: ToEnterFile, ctx: Context) -> ToEnterFileView:
    """Answer with the whole list as a file; only what waits for nothing is in the import file."""
    if question.format not in _FORMATS:
        raise Rejected(
            "to_enter.format",
            f"{question.format[:20]!r} is no format of the list.",
            remedy=f"Use one of {', '.join(_FORMATS)}.",
        )
    books = await _books(ctx, question.company)
    if question.format == "xml" and books.several and not question.company:
        raise Rejected(
            "to_enter.which_company",
            f"{len(books.all)} companies' books are connected; a file is for one of them.",
            remedy="Name the company.",
        )
    firm = await business(ctx)
    found: list[ToEnterView] = []
    after: tuple[Any, ...] | None = None
    while True:
        page = await _page(ctx, books, MAX_PAGE, after)
        found += page.rows
        if not page.more or len(found) >= MOST:
            break
        after = place(DAY, page.end)
    ready = [row.voucher for row in found if not row.waits]
    told = [Told(row.voucher, row.why, row.waits) for row in found]
    match question.format:
        case "xml":
            content = import_file(ready, company=books.company)
        case "csv":
            content = csv_file(told)
        case _:
            content = workbook(told, title=f"To enter in the books of {plain(firm.name)}", now=ctx.now)
    return ToEnterFileView(
        filename=f"to-enter-{firm.today:%Y-%m-%d}.{question.format}",
        content=content,
        vouchers=len(ready),
        left_out=len(found) - len(ready),
        reason=page.reason,
    )


@handles(NameLedgers, permission=Permission.MAP)
async def name_ledgers(command: NameLedgers, ctx: Context) -> dict[str, str]:
    """Keep how the books call what we write into their files."""
    row = await ctx.tx.row(
        "SELECT settings->'ledgers' AS ledgers FROM businesses WHERE business_id = $1 FOR UPDATE",
        ctx.actor.business_id,
    )
    before: dict[str, str] = (row["ledgers"] if row is not None else None) or {}
    merged = {**before, **command.ledgers}
    kept = {kind: plain(name) for kind, name in merged.items() if name and plain(name)}
    if len(kept) > _MAX_LEDGERS or any(not kind or len(kind) > _MAX_KIND for kind in kept):
        raise Rejected(
            "ledgers.invalid", f"At most {_MAX_LEDGERS} ledgers are named, each by one word.",
            remedy=f"Such as {', '.join(list(DEFAULT_LEDGERS)[:5])} or bank:icici.",
        )  # fmt: skip
    await ctx.tx.run(
        "UPDATE businesses SET settings = jsonb_set(settings, '{ledgers}', $2::jsonb) WHERE business_id = $1",
        ctx.actor.business_id,
        orjson.dumps(kept).decode(),
    )
    ctx.audit("ledgers.named", before=before, after=kept)
    return kept


async def _books(ctx: Context, company: str | None) -> _Books:
    rows = await ctx.tx.fetch(_BOOKS, ctx.actor.business_id)
    everything = [row["name"] for row in rows]
    chosen = list(rows)
    if company is not None:
        wanted = company.casefold()
        chosen = [r for r in rows if wanted in ((r["company"] or "").casefold(), r["name"].casefold())]
        if not chosen:
            names = ", ".join(sorted({row["company"] or row["name"] for row in rows})) or "none"
            raise Rejected(
                "to_enter.company",
                f"No books of {company[:60]!r} are connected.",
                remedy=f"There are: {names}.",
            )
    seen = [row["last_delivery_at"] for row in chosen if row["last_delivery_at"]]
    since = await ctx.tx.value(_SINCE, ctx.actor.business_id, everything) if everything else None
    zone = ZoneInfo((await business(ctx)).timezone)
    told = next((row["company"] for row in chosen if row["company"]), "") if len(chosen) == 1 else ""
    return _Books(
        all=everything,
        wanted=[row["name"] for row in chosen],
        company=told or "",
        since=since.astimezone(zone).date() if since is not None else None,
        seen_at=max(seen, default=None),
        several=len(everything) > 1,
    )


async def _page(ctx: Context, books: _Books, first: int, after: Sequence[Any] | None) -> ToEnterPage:
    firm = await business(ctx)
    if books.since is None:
        reason = marked(ctx.actor.language, NOTHING_TOLD if books.all else NO_BOOKS)
        return ToEnterPage(end=None, more=False, currency=firm.currency, reason=reason)
    values: list[Any] = [
        ctx.actor.business_id, books.all, books.since, firm.currency, firm.timezone, books.wanted,
    ]  # fmt: skip
    seek = ""
    if after is not None:
        values += after
        seek = "WHERE (l.day, l.subject) > ($7::date, $8::uuid)"
    rows = await ctx.tx.fetch(
        f"{_LINES} SELECT l.*, (SELECT count(*) FROM wanted) AS total FROM wanted l {seek}"
        f" ORDER BY {DAY.by} LIMIT {first + 1}",
        *values,
    )
    page, end, more = cut(rows, first, DAY, _key)
    known, ledgers = await details(ctx, page, books.wanted)
    return ToEnterPage(
        end=end,
        more=more,
        cursors=cursors(page, DAY, _key),
        rows=tuple(
            _view(row, compose(one, ledgers), one.party, ctx.actor.language)
            for row, one in zip(page, known, strict=True)
        ),
        count=rows[0]["total"] if rows else 0,
        currency=firm.currency,
        books_seen_at=books.seen_at,
    )


def _view(row: Any, composed: Any, party: str | None, language: str) -> ToEnterView:
    voucher: Voucher = composed.voucher
    return ToEnterView(
        id=row["subject"],
        kind=row["kind"],
        on=row["day"],
        amount=abs(row["amount"]),
        currency="INR",
        party_id=row["party_id"],
        party_name=party,
        why=composed.why,
        waits=_WAITS.told(language, composed.waits),
        voucher=voucher,
    )


def _key(row: Any) -> Sequence[Any]:
    return row["day"], row["subject"]
