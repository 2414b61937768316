"""Our state on its way back to a CRM: one row a record, always the latest, sent only when it differs from what was.

The desired state is projected with the drain (what was derived) and with the morning's sweep (days pass without an
event). Money in minor units. Only receivables leave the house: nothing of what we owe, and no bank line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from kit.clock import business_day
from kit.database import Tx

SETTLE = timedelta(seconds=20)
"""A burst of events becomes one call: a change waits so long for the next."""

PARTIES_AT_ONCE = 2_000
_SOURCES = "SELECT name FROM sources WHERE business_id = $1 AND enabled AND write_back"
_ANCHORS = "SELECT DISTINCT anchor FROM parties WHERE business_id = $1 ORDER BY anchor"
# A record that speaks of several parties is shown the same one whichever of them changed.
_RECORDS = """
SELECT DISTINCT ON (c.subject) c.subject, c.party_id FROM claims c
WHERE c.business_id = $1 AND c.party_id IS NOT NULL AND c.subject = ANY(ARRAY(
  SELECT m.subject FROM parties p JOIN claims m ON m.business_id = p.business_id AND m.party_id = p.id
  WHERE p.business_id = $1 AND p.anchor = ANY($2) AND m.source = ANY($3)))
ORDER BY c.subject, c.party_id
"""
# A deal that cites bills of ours speaks of those; any other record, of its party. LATERAL has each record looked up by its
# keys: row-level security hides from the planner how few rows there are, and a join would compare each with each.
_STATES = """
SELECT i.source, i.kind, i.external_id, i.subject, p.id AS party_id, p.currency, p.promise_on, p.usual_days_late,
       coalesce(d.outstanding, p.receivable) AS outstanding,
       coalesce(CASE WHEN d.outstanding IS NULL THEN o.overdue ELSE d.overdue END, 0) AS overdue,
       CASE WHEN d.outstanding IS NULL THEN o.oldest ELSE d.oldest END AS oldest,
       coalesce(CASE WHEN d.outstanding IS NULL THEN o.disputed ELSE d.disputed END, false) AS disputed,
       l.received_on, l.amount AS received, w.digest
FROM unnest($2::uuid[], $3::uuid[]) AS r(subject, party_id)
JOIN identities i ON i.business_id = $1 AND i.subject = r.subject AND i.kind IN ('party', 'deal')
  AND i.state->>'type' <> 'party.merged'
JOIN parties p ON p.business_id = $1 AND p.id = ANY($3) AND p.id = r.party_id
LEFT JOIN write_backs w ON w.business_id = $1 AND w.source = i.source AND w.kind = i.kind
  AND w.external_id = i.external_id
LEFT JOIN LATERAL (
  SELECT sum(b.outstanding)::bigint AS outstanding, sum(b.outstanding) FILTER (WHERE b.due_on < $4)::bigint AS overdue,
         min(b.due_on) FILTER (WHERE b.outstanding > 0) AS oldest, bool_or(b.status = 'invoice.disputed') AS disputed
  FROM claims c JOIN invoices b ON b.business_id = c.business_id AND b.id = c.row_id
  WHERE c.business_id = $1 AND c.subject = i.subject AND c.row_kind = 'invoice' AND b.kind <> 'credit_note'
    AND i.kind = 'deal') d ON true
LEFT JOIN LATERAL (
  SELECT sum(outstanding) FILTER (WHERE due_on < $4)::bigint AS overdue, min(due_on) AS oldest,
         bool_or(status = 'invoice.disputed') AS disputed
  FROM invoices b WHERE b.business_id = $1 AND b.party_id = p.id AND b.currency = p.currency AND b.outstanding > 0
    AND b.kind <> 'credit_note') o ON true
LEFT JOIN LATERAL (
  SELECT received_on, amount - refunded AS amount FROM receipts m
  WHERE m.business_id = $1 AND m.party_id = p.id AND arrived AND classified IS NULL AND amount > refunded
  ORDER BY received_on DESC, amount DESC, id LIMIT 1) l ON true
"""
_KEEP = """
INSERT INTO write_backs AS w (business_id, source, kind, external_id, subject, desired, digest, status, changed_at, due_at)
SELECT $1, u.*, 'queued', $8, $9
FROM unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[], $7::bytea[])
  AS u(source, kind, external_id, subject, desired, digest)
ON CONFLICT (business_id, source, kind, external_id) DO UPDATE SET
  desired = excluded.desired, digest = excluded.digest, changed_at = excluded.changed_at,
  subject = excluded.subject, attempts = 0, error = NULL,
  status = CASE WHEN w.status = 'sending' THEN w.status
                WHEN excluded.digest = w.sent_digest AND (w.correction IS NULL OR w.correction->>'id' = w.correction_sent)
                THEN 'sent' ELSE 'queued' END,
  due_at = CASE WHEN w.status = 'sending' THEN w.due_at ELSE excluded.due_at END
"""


async def project(
    tx: Tx, business: UUID, *, anchors: Collection[UUID] | None, now: datetime, timezone: str
) -> int:
    """Bring the desired state of every record up to date (of the parties on `anchors`, else of all).

    Returns how many differ from what was desired before.
    """
    sources = [row["name"] for row in await tx.fetch(_SOURCES, business)]
    if not sources:
        return 0
    if anchors is None:
        anchors = [row["anchor"] for row in await tx.fetch(_ANCHORS, business)]
    today, told = business_day(now, timezone), list(anchors)
    changed = 0
    for start in range(0, len(told), PARTIES_AT_ONCE):
        records = await tx.fetch(_RECORDS, business, told[start : start + PARTIES_AT_ONCE], sources)
        changed += await _keep_changed(tx, business, records, now=now, today=today)
    return changed


async def _keep_changed(
    tx: Tx, business: UUID, records: Collection[Any], *, now: datetime, today: date
) -> int:
    subjects, parties = [row["subject"] for row in records], [row["party_id"] for row in records]
    changed = []
    for row in await tx.fetch(_STATES, business, subjects, parties, today) if records else ():
        state = desired(row, today)
        body = orjson.dumps(state, option=orjson.OPT_SORT_KEYS)
        made = hashlib.sha256(body).digest()
        if made != row["digest"]:
            changed.append(
                (row["source"], row["kind"], row["external_id"], row["subject"], body.decode(), made)
            )
    if changed:
        await tx.run(_KEEP, business, *map(list, zip(*changed, strict=True)), now, now + SETTLE)
    return len(changed)


def desired(row: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the state that a record of the CRM is to show; amounts in minor units, never below nothing overdue."""
    promised = row["promise_on"] if row["promise_on"] and row["promise_on"] >= today else None
    outstanding, overdue = row["outstanding"], max(0, min(row["overdue"], row["outstanding"]))
    days = (today - row["oldest"]).days if overdue and row["oldest"] else 0
    if row["disputed"]:
        status = "disputed"
    elif promised and outstanding > 0:
        status = "promised"
    elif overdue > 0:
        status = "overdue"
    else:
        status = "open" if outstanding > 0 else "clear"
    expected = promised
    if expected is None and outstanding > 0 and row["oldest"] is not None:
        usual = row["oldest"] + timedelta(days=max(row["usual_days_late"] or 0, 0))
        expected = usual if usual >= today else None
    return {
        "party": str(row["party_id"]),
        "currency": row["currency"],
        "outstanding": outstanding,
        "overdue": overdue,
        "overdue_days": max(days, 0),
        "status": status,
        "last_receipt_on": row["received_on"].isoformat() if row["received_on"] else None,
        "last_receipt": row["received"],
        "expected_on": expected.isoformat() if expected else None,
    }


# ---- sending -----------------------------------------------------------------------------------------
SENDING = timedelta(minutes=10)
"""A batch that nobody settled within this time was lost with its worker and is sent again: it may be repeated."""
_CLAIM = """
UPDATE write_backs w SET status = 'sending', due_at = $4, attempts = attempts + 1
FROM (SELECT kind, external_id FROM write_backs WHERE business_id = $1 AND source = $2
        AND status IN ('queued', 'sending') AND due_at <= $3 AND desired <> '{}'
      ORDER BY due_at, kind, external_id LIMIT $5 FOR UPDATE SKIP LOCKED) next
WHERE w.business_id = $1 AND w.source = $2 AND w.kind = next.kind AND w.external_id = next.external_id
  AND EXISTS (SELECT FROM sources s WHERE s.business_id = $1 AND s.name = $2 AND s.enabled AND s.write_back)
RETURNING w.kind, w.external_id, w.desired, w.digest, w.attempts,
          CASE WHEN w.correction->>'id' IS DISTINCT FROM w.correction_sent THEN w.correction END AS correction
"""
_SENT = """
UPDATE write_backs w SET sent_digest = u.digest, sent_at = $3, error = NULL, attempts = 0, due_at = $3,
  correction_sent = coalesce(u.correction, w.correction_sent),
  status = CASE WHEN w.digest = u.digest
                 AND (w.correction IS NULL OR w.correction->>'id' = coalesce(u.correction, w.correction_sent))
                THEN 'sent' ELSE 'queued' END
FROM unnest($4::text[], $5::text[], $6::bytea[], $7::text[]) AS u(kind, external_id, digest, correction)
WHERE w.business_id = $1 AND w.source = $2 AND w.kind = u.kind AND w.external_id = u.external_id
"""
_NOT_SENT = """
UPDATE write_backs w SET due_at = $4, error = $5, sent_digest = CASE WHEN $9 THEN u.digest ELSE w.sent_digest END,
  status = CASE WHEN w.digest = u.digest THEN $3 ELSE 'queued' END
FROM unnest($6::text[], $7::text[], $8::bytea[]) AS u(kind, external_id, digest)
WHERE w.business_id = $1 AND w.source = $2 AND w.kind = u.kind AND w.external_id = u.external_id
"""


async def claim(tx: Tx, business: UUID, source: str, *, now: datetime, limit: int) -> list[Any]:
    """Take records that differ from what the CRM has; nothing while the source's write-back is switched off."""
    return await tx.fetch(_CLAIM, business, source, now, now + SENDING, limit)


async def settle_sent(tx: Tx, business: UUID, source: str, rows: Collection[Any], *, now: datetime) -> None:
    """Note what the CRM took; a record whose desired state moved on meanwhile is queued again."""
    await tx.run(
        _SENT,
        business,
        source,
        now,
        [row["kind"] for row in rows],
        [row["external_id"] for row in rows],
        [row["digest"] for row in rows],
        [row["correction"]["id"] if row["correction"] else None for row in rows],
    )


async def settle_not_sent(
    tx: Tx,
    business: UUID,
    source: str,
    rows: Collection[Any],
    *,
    status: str,
    due_at: datetime,
    error: str,
    state_taken: bool = False,
) -> None:
    """Note what the CRM did not take: `queued` to try again at `due_at`, `refused` until its state changes.

    `state_taken` says that only the correction was refused. A state that moved on meanwhile is tried in any case.
    """
    await tx.run(
        _NOT_SENT,
        business,
        source,
        status,
        due_at,
        error[:500],
        [row["kind"] for row in rows],
        [row["external_id"] for row in rows],
        [row["digest"] for row in rows],
        state_taken,
    )


_SWITCH = """
UPDATE write_backs SET status = $4, due_at = $5
WHERE business_id = $1 AND source = $2 AND status = ANY($3::text[])
"""


async def stop(tx: Tx, business: UUID, source: str, *, now: datetime) -> None:
    """Let nothing more go out; what waits is kept as it is."""
    await tx.run(_SWITCH, business, source, ["queued", "sending"], "stopped", now)


async def resume(tx: Tx, business: UUID, source: str, *, now: datetime) -> None:
    """Send what waited while the switch was off, in its latest state, and try once more what was refused."""
    await tx.run(_SWITCH, business, source, ["stopped", "refused"], "queued", now)


_CORRECT = """
INSERT INTO write_backs AS w (business_id, source, kind, external_id, subject, desired, digest, status, changed_at, due_at,
                              correction)
VALUES ($1, $2, 'deal', $3, $4, '{}', '\\x', 'queued', $5, $5, $6::jsonb)
ON CONFLICT (business_id, source, kind, external_id) DO UPDATE SET correction = excluded.correction,
  changed_at = excluded.changed_at, error = NULL,
  status = CASE WHEN w.status = 'sending' THEN w.status ELSE 'queued' END,
  due_at = CASE WHEN w.status = 'sending' THEN w.due_at ELSE excluded.due_at END
"""


async def correct(
    tx: Tx,
    business: UUID,
    *,
    source: str,
    external_id: str,
    subject: UUID,
    correction: Mapping[str, str] | None,
    now: datetime,
) -> None:
    """Have a deal take over a status word, once; None takes back a correction that was not sent yet."""
    if correction is None:
        await tx.run(
            "UPDATE write_backs SET correction = NULL WHERE business_id = $1 AND source = $2 AND kind = 'deal'"
            " AND external_id = $3 AND correction->>'id' IS DISTINCT FROM correction_sent",
            business,
            source,
            external_id,
        )
        return
    await tx.run(
        _CORRECT, business, source, external_id, subject, now, orjson.dumps(dict(correction)).decode()
    )
