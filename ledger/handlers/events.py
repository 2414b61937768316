"""The log as people may see it: events of a party, of a row, or as they came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.errors import Denied, NotFound, Rejected
from kit.money import format_minor
from ledger.domain.roles import Permission
from ledger.handlers.listing import need_payables, of_business, one_of
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import NO_PARTY, own_parties, sees_payables
from ledger.handlers.summary import summary
from ledger.queries.events import Events, EventsByIds
from ledger.views.events import EventPage, EventView

HAPPENED = Order("timeline:newest", ("e.occurred_at", "e.id"), ("timestamptz", "uuid"), descending=True)
ARRIVED = Order("events:arrived", ("e.id",), ("uuid",), descending=True)
OURS_TO_SEE = ("bank_line", "bill", "payout", "settlement")
"""Kinds that belong to what we owe and to the bank: only for who may see those."""
_TABLES = {
    "invoice": "invoices", "receipt": "receipts", "cheque": "cheques", "payable": "payables", "payout": "payouts",
    "settlement": "settlements", "bank_line": "bank_lines",
}  # fmt: skip
_OF_CUSTOMERS = ("invoice", "receipt", "cheque")
_WITH_PARTY = (*_OF_CUSTOMERS, "payable", "payout")
COLUMNS = """
  e.id, e.source, e.source_event_id, e.kind, e.external_id, e.subject, e.event_type, e.schema_version, e.word,
  e.qualifier, e.flag, e.normalised, e.occurred_at, e.precision, e.ingested_at, e.digest, e.delivery
"""
# Every identity that the party goes by or that states something of it; $2 is the party.
OF_PARTY = """
  SELECT subject FROM claims WHERE business_id = $1 AND party_id = $2
  UNION SELECT subject FROM party_identities WHERE business_id = $1 AND party_id = $2
  UNION SELECT anchor FROM parties WHERE business_id = $1 AND id = $2
"""
# Every identity that speaks of the row, and the one that it stands on; $2 is the row.
_OF_ROW = """
  SELECT subject FROM claims WHERE business_id = $1 AND row_id = $2
  UNION SELECT anchor FROM {table} WHERE business_id = $1 AND id = $2
"""
# And the decisions of people that name one of them. A rewrite stands beside what it rewrote.
_ABOUT = """
subject AS ({subjects}), decision AS (
  SELECT o.subject FROM external_events o
  WHERE o.business_id = $1 AND o.source = 'operator' AND EXISTS (
    SELECT FROM subject s WHERE s.subject::text IN (
      o.normalised ->> 'party', o.normalised ->> 'document', o.normalised ->> 'receipt', o.normalised ->> 'line',
      o.normalised ->> 'about'))
), about AS (
  SELECT subject FROM subject UNION SELECT subject FROM decision
), said AS (
  SELECT {columns}, false AS rewritten FROM about
  JOIN external_events e ON e.business_id = $1 AND e.subject = about.subject
  UNION ALL
  SELECT {columns}, true FROM about
  JOIN event_rewrites e ON e.business_id = $1 AND e.subject = about.subject
)
"""
_SAID = "SELECT e.* FROM said e {read} WHERE {where} ORDER BY {by} {limit}"
# The log's end in the order in which it was written: each half stops at the page's end.
_CAME_IN = """
SELECT e.* FROM (
  (SELECT {columns}, false AS rewritten FROM external_events e {read} WHERE e.business_id = $1 AND {where}
   ORDER BY {by} {limit})
  UNION ALL
  (SELECT {columns}, true FROM event_rewrites e {read} WHERE e.business_id = $1 AND {where} ORDER BY {by} {limit})
) e ORDER BY {by} {limit}
"""
LATEST = """
LEFT JOIN LATERAL (
  SELECT n.number, n.event_type, n.schema_version, n.word, n.qualifier, n.flag, n.normalised, n.occurred_at, n.precision
  FROM interpretations n WHERE n.business_id = $1 AND n.event_id = e.id ORDER BY n.number DESC LIMIT 1
) t ON true
"""
"""The reading `t` of an event `e` that is in force, if it was ever read again."""
AS_READ = f"""
SELECT e.id, e.source, e.source_event_id, e.kind, e.external_id, e.subject, e.digest, e.delivery, e.ingested_at,
       e.rewritten, e.occurred_at AS placed_at, coalesce(t.event_type, e.event_type) AS event_type,
       coalesce(t.schema_version, e.schema_version) AS schema_version,
       coalesce(t.normalised, e.normalised) AS normalised, coalesce(t.precision, e.precision) AS precision,
       coalesce(t.occurred_at, e.occurred_at) AS occurred_at,
       CASE WHEN t.number IS NULL THEN e.word ELSE t.word END AS word,
       CASE WHEN t.number IS NULL THEN e.qualifier ELSE t.qualifier END AS qualifier,
       CASE WHEN t.number IS NULL THEN e.flag ELSE t.flag END AS flag
FROM page e {LATEST}
"""
EITHER = f"""(
  SELECT {COLUMNS}, false AS rewritten FROM external_events e WHERE e.business_id = $1 AND e.id = ANY($2)
  UNION ALL
  SELECT {COLUMNS}, true FROM event_rewrites e WHERE e.business_id = $1 AND e.id = ANY($2)
)"""
"""Events and rewrites by their ids, $2."""


@handles(Events, permission=Permission.SEE_RECEIVABLES)
async def events(question: Events, ctx: Context) -> EventPage:
    """Answer with a page of events; NotFound outside the actor's scope, Denied for the whole log without its right."""
    first = page_size(question.first)
    found = await _found(question, ctx)
    found.where.seek(found.order, place(found.order, question.after))
    page_sql = found.sql(limit=f"LIMIT {first + 1}")
    rows = await ctx.tx.fetch(f"WITH {page_sql} {AS_READ} ORDER BY {found.order.by}", *found.where.values)
    page, end, more = cut(rows, first, found.order, found.keys)
    return EventPage(
        end=end,
        more=more,
        cursors=cursors(page, found.order, found.keys),
        rows=tuple(event(row, ctx.actor.language) for row in page),
    )


@counts(Events)
async def count_events(question: Events, ctx: Context) -> int:
    """Count the events of all pages."""
    found = await _found(question, ctx)
    counted: int = await ctx.tx.value(
        f"WITH {found.sql(limit='')} SELECT count(*) FROM page", *found.where.values
    )
    return counted


@handles(EventsByIds, permission=Permission.SEE_RECEIVABLES)
async def events_by_ids(question: EventsByIds, ctx: Context) -> dict[UUID, EventView]:
    """Answer with those of the events that the actor may see."""
    where = visible(question.ids, ctx)
    rows = await ctx.tx.fetch(
        f"WITH page AS (SELECT e.* FROM {EITHER} e WHERE {where.sql}) {AS_READ}", *where.values
    )
    return {row["id"]: event(row, ctx.actor.language) for row in rows}


class _Found:
    """Which events are asked for: their conditions, their order, and the statement of a page of them."""

    def __init__(self, where: Conditions, *, subjects: str | None, types: Sequence[str]) -> None:
        self.where = where
        self.order = HAPPENED if subjects is not None else ARRIVED
        self._subjects = subjects
        self._read = ""
        if types:
            self._read = LATEST
            one_of(where, "coalesce(t.event_type, e.event_type)", types)

    def keys(self, row: Any) -> Sequence[Any]:
        """Return a row's place in the order."""
        return (row["id"],) if self._subjects is None else (row["placed_at"].isoformat(), row["id"])

    def sql(self, *, limit: str) -> str:
        """Return the WITH clause that ends in `page`."""
        words = {"read": self._read, "where": self.where.sql, "by": self.order.by, "limit": limit}
        if self._subjects is None:
            return f"page AS ({_CAME_IN.format(columns=COLUMNS, **words)})"
        return f"{_ABOUT.format(subjects=self._subjects, columns=COLUMNS)}, page AS ({_SAID.format(**words)})"


async def _found(question: Events, ctx: Context) -> _Found:
    where = Conditions([ctx.actor.business_id])
    subjects, moment = None, "e.ingested_at"
    if question.party_id is not None:
        await _check_party(question.party_id, ctx)
        where.value(question.party_id)
        subjects, moment = OF_PARTY, "e.occurred_at"
    elif question.row_id is not None:
        table = await _check_row(question.row_kind or "", question.row_id, ctx)
        where.value(question.row_id)
        subjects, moment = _OF_ROW.format(table=table), "e.occurred_at"
    elif not ctx.actor.may(Permission.SEE_SOURCES) or ctx.actor.sees_own_customers_only:
        raise Denied(
            "permission.denied",
            "You may not see the whole log.",
            remedy="Ask for one customer's, or a bill's.",
        )
    if not sees_payables(ctx):
        where.add("e.kind <> ALL({})", list(OURS_TO_SEE))
    one_of(where, "e.source", question.sources)
    if question.since is not None:
        where.add(f"{moment} >= {{}}", _aware(question.since))
    if question.until is not None:
        where.add(f"{moment} < {{}}", _aware(question.until))
    return _Found(where, subjects=subjects, types=question.types)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Rejected("time.naive", "A moment needs a timezone.", remedy="Write 2026-11-20T09:00:00+05:30.")
    if not 1900 <= moment.year < 2200:
        raise Rejected("time.range", "That moment is out of range.", remedy="Name a year from 1900 to 2199.")
    return moment.astimezone(UTC)


async def _check_party(party: UUID, ctx: Context) -> None:
    scope = Conditions([ctx.actor.business_id, party])
    scope.add("p.business_id = $1 AND p.id = $2")
    own_parties(ctx, scope)
    if await ctx.tx.value(f"SELECT p.id FROM parties p WHERE {scope.sql}", *scope.values) is None:
        raise NotFound(*NO_PARTY)


async def _check_row(kind: str, row: UUID, ctx: Context) -> str:
    """Return the table of a row that the actor may see; NotFound if he may not."""
    if kind not in _TABLES:
        raise Rejected("events.kind", f"{kind[:30]!r} is no kind of row.")
    if kind not in _OF_CUSTOMERS:
        need_payables(ctx)
    table = _TABLES[kind]
    where = of_business(ctx)
    where.add("x.id = {}", row)
    party = "x.party_id" if kind in _WITH_PARTY else "NULL"
    sql = f"SELECT x.id FROM {table} x LEFT JOIN parties p ON p.business_id = $1 AND p.id = {party}"
    if await ctx.tx.value(f"{sql} WHERE {where.sql}", *where.values) is None:
        raise NotFound("row.not_found", "There is no such entry.")
    return table


def visible(ids: Sequence[UUID], ctx: Context) -> Conditions:
    """Return the conditions on events `e` of EITHER that leave those that the actor may see."""
    where = Conditions([ctx.actor.business_id, list(ids)])
    if not sees_payables(ctx):
        where.add("e.kind <> ALL({})", list(OURS_TO_SEE))
    own = Conditions(where.values)
    own_parties(ctx, own)
    if own.texts:
        where.add(
            f"""EXISTS (
              SELECT FROM parties p WHERE p.business_id = $1 AND {own.sql} AND (
                p.anchor = e.subject
                OR p.id IN (SELECT c.party_id FROM claims c WHERE c.business_id = $1 AND c.subject = e.subject)
                OR p.id IN (SELECT n.party_id FROM party_identities n WHERE n.business_id = $1 AND n.subject = e.subject)))"""
        )
    return where


def event(row: Any, language: str) -> EventView:
    """Read a row of AS_READ."""
    data: Mapping[str, Any] = row["normalised"]
    amount, currency = data.get("amount"), data.get("currency")
    stated = (amount, currency) if isinstance(amount, int) and isinstance(currency, str) else None
    return EventView(
        id=row["id"],
        source=row["source"],
        source_event_id=row["source_event_id"],
        kind=row["kind"],
        external_id=row["external_id"],
        event_type=row["event_type"],
        schema_version=row["schema_version"],
        word=row["word"],
        qualifier=row["qualifier"],
        flag=row["flag"],
        rewritten=row["rewritten"],
        at=row["occurred_at"],
        precision=row["precision"],
        known_at=row["ingested_at"],
        digest=bytes(row["digest"]).hex(),
        delivery=bytes(row["delivery"]).hex(),
        summary=summary(
            row["event_type"],
            source=row["source"],
            data=data,
            money=format_minor(*stated) if stated else None,
            language=language,
        ),
        amount=stated[0] if stated else None,
        currency=stated[1] if stated else None,
        data=data,
    )
