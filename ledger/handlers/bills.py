"""Open bills of either side, as they stand or as they stood: the statements that receivables and payables share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from kit.clock import business_day
from kit.errors import Rejected
from ledger import views
from ledger.handlers.paging import Conditions
from ledger.views.late import Late

# The name is asked for each row that is shown, not joined to all of them: a page costs the same in any firm.
BILL = """
  i.id, i.party_id,
  coalesce((SELECT n.name FROM parties n WHERE n.business_id = $1 AND n.id = i.party_id), '—') AS party_name, i.number, i.kind, i.status, i.issued_on, i.due_on,
  i.amount, i.outstanding, i.currency, i.url, i.description
"""
_EARLIEST, _LATEST = (
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(2200, 1, 1, tzinfo=UTC),
)  # any zone can write them
CHARGES = "kind IN ('invoice', 'opening')"

# A bill as the postings tell it: what was billed and what was left of it. Its due day is that of the oldest due
# that the payments known then didn't cover. Number and words are the present ones.
_STOOD = """(
  WITH known AS (
    SELECT document_id, party_id, kind, amount, currency, effective_on, due_on
    FROM postings WHERE business_id = $1 AND side = '{side}' AND {then}
  ), owed AS (
    SELECT document_id, party_id, currency, sum(amount)::bigint AS outstanding,
           coalesce(sum(amount) FILTER (WHERE {charges}), 0)::bigint AS billed,
           coalesce(min(effective_on) FILTER (WHERE {charges}), min(effective_on)) AS issued_on,
           bool_or(kind = 'opening') AS opening
    FROM known GROUP BY document_id, party_id, currency HAVING sum(amount) > 0
  ), charge AS (
    SELECT document_id, due_on, sum(sum(amount)) OVER (PARTITION BY document_id ORDER BY due_on) AS running
    FROM known WHERE {charges} GROUP BY document_id, due_on
  ), due AS (
    SELECT o.document_id, min(c.due_on) AS due_on
    FROM owed o JOIN charge c ON c.document_id = o.document_id AND c.running > o.billed - o.outstanding
    GROUP BY o.document_id
  )
  SELECT o.document_id AS id, coalesce(q.id, d.party_id, o.party_id) AS party_id, d.number,
         CASE WHEN o.opening THEN 'opening' ELSE '{kind}' END AS kind,
         CASE WHEN o.outstanding < o.billed THEN '{part}' ELSE '{open}' END AS status,
         coalesce(d.issued_on, o.issued_on) AS issued_on, due.due_on, o.billed AS amount, o.outstanding, o.currency,
         {url} AS url, d.description
  FROM owed o
  LEFT JOIN {table} d ON d.business_id = $1 AND d.id = o.document_id
  LEFT JOIN parties q ON q.business_id = $1 AND q.id = o.party_id
  LEFT JOIN due ON due.document_id = o.document_id
)"""


@dataclass(frozen=True, slots=True)
class Side:
    """Receivable or payable: where its bills are and how they are called."""

    name: str
    table: str
    kind: str
    open: str
    part: str
    url: str


RECEIVABLE = Side("receivable", "invoices", "invoice", "invoice.issued", "invoice.partially_paid", "d.url")
PAYABLE = Side("payable", "payables", "bill", "payable.due", "payable.partially_paid", "NULL::text")


def open_bills(
    side: Side, where: Conditions, *, as_of: date | None, known_at: datetime | None, alone: bool = False
) -> str:
    """Return the FROM body of a side's bills `i`: stored, or summed from the postings; with their parties `p` or `alone`.

    `where` already has the business as $1; it takes the values of `as_of` and `known_at`.
    """
    join = "" if alone else "LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id"
    if as_of is None and known_at is None:
        bills = side.table if side is RECEIVABLE else "(SELECT *, NULL::text AS url FROM payables)"
        where.add("i.business_id = $1 AND i.outstanding > 0")
        return f"{bills} i {join}"
    then = []
    if as_of is not None:
        then.append(f"effective_on <= {where.value(as_of)}")
    if known_at is None:
        then.append("known_to IS NULL")
    else:
        moment = where.value(known_at)
        then.append(f"known_from <= {moment} AND (known_to IS NULL OR known_to > {moment})")
    stood = _STOOD.format(
        side=side.name,
        then=" AND ".join(then),
        charges=CHARGES,
        kind=side.kind,
        part=side.part,
        open=side.open,
        url=side.url,
        table=side.table,
    )
    return f"{stood} i {join}"


def day_of(business: views.BusinessView, *, as_of: date | None, known_at: datetime | None) -> date:
    """Return the day from which ages count: `as_of`, else the day of `known_at`, else today.

    Rejected for a `known_at` without a timezone, or one that no calendar of ours holds.
    """
    if known_at is not None and known_at.tzinfo is None:
        raise Rejected("time.naive", "known_at needs a timezone.", remedy="Write 2026-11-20T09:00:00+05:30.")
    if known_at is not None and not _EARLIEST <= known_at < _LATEST:
        raise Rejected("time.range", "known_at is out of range.", remedy="Name a year from 1900 to 2199.")
    if as_of is not None:
        return as_of
    return business_day(known_at, business.timezone) if known_at is not None else business.today


def overdue_days(row: Any, today: date) -> int:
    """Return the days since the due date of what is left to pay; 0 without a due date."""
    if row["due_on"] is None or row["outstanding"] <= 0:
        return 0
    due: date = row["due_on"]
    return max(0, (today - due).days)


def invoice(row: Any, today: date) -> views.InvoiceView:
    """Read a row of BILL as a customer's bill."""
    return views.InvoiceView(
        id=row["id"],
        party_id=row["party_id"],
        party_name=row["party_name"],
        number=row["number"],
        kind=row["kind"],
        status=row["status"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        amount=row["amount"],
        outstanding=row["outstanding"],
        currency=row["currency"],
        age_days=_age_days(row, today),
        overdue_days=overdue_days(row, today),
        url=row["url"],
        description=row["description"],
    )


def _age_days(row: Any, today: date) -> int:
    day: date = row["due_on"] or row["issued_on"]
    return (today - day).days


def invoice_rows(rows: Sequence[Any], today: date, cursors: Late[str]) -> Late[views.InvoiceView]:
    """Return rows of BILL as customers' bills, read when somebody looks at them."""
    given = {
        "cursor": cursors.read,
        "age_days": lambda row: _age_days(row, today),
        "overdue_days": lambda row: overdue_days(row, today),
    }
    return Late(rows, lambda row: invoice(row, today), given)


def payable(row: Any, today: date) -> views.PayableView:
    """Read a row of BILL as a vendor's bill."""
    return views.PayableView(
        id=row["id"],
        party_id=row["party_id"],
        party_name=row["party_name"],
        number=row["number"],
        status=row["status"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        amount=row["amount"],
        outstanding=row["outstanding"],
        currency=row["currency"],
        overdue_days=overdue_days(row, today),
        description=row["description"],
    )
