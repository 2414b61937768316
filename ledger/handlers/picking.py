"""The bills that the money of a question may be set against by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.deciding import party_row, receipt_row
from ledger.handlers.questions import conflict_row
from ledger.handlers.registry import Context, handles
from ledger.queries.workflow import PickBills
from ledger.views.workflow import OpenBill, PickView

MOST_ON_A_PAGE, MOST_CHOSEN = 50, 100
_BILLS = """
SELECT i.id, i.number, i.issued_on, i.due_on, i.currency,
       greatest(i.outstanding, 0) + coalesce((SELECT sum(a.amount) FROM allocations a WHERE a.business_id = $1
         AND a.receipt_id = $3 AND a.document_id = i.id), 0)::bigint AS open, count(*) OVER () AS total
FROM invoices i
WHERE i.business_id = $1 AND i.party_id = $2 AND i.kind <> 'credit_note' AND i.currency = $4
  AND (i.outstanding > 0 OR i.id IN (SELECT a.document_id FROM allocations a WHERE a.business_id = $1 AND a.receipt_id = $3))
  AND ($5::uuid[] IS NULL OR i.id = ANY($5))
ORDER BY i.issued_on, i.number, i.id LIMIT $6 OFFSET $7
"""


@handles(PickBills, permission=Permission.ANSWER)
async def pick_bills(question: PickBills, ctx: Context) -> PickView:
    """Answer with the open bills of whom the question is about, or of whom is named, oldest first."""
    row = await conflict_row(ctx, question.conflict_id)
    anchor = UUID(str(row["evidence"].get("anchor") or row["subjects"][0]))
    receipt = await receipt_row(ctx, anchor)
    party, name = row["party_id"] or receipt["party_id"], row["party_name"] or receipt["party_name"]
    if question.party_id is not None:
        named = await party_row(ctx, question.party_id)
        party, name = named["id"], named["name"]
    if party is None:
        raise Rejected(
            "pick.whose", "Whose money this is isn't known yet.", remedy="Look the customer up by name first."
        )
    key = (ctx.actor.business_id, party, receipt["id"], receipt["currency"])
    first, skip = max(1, min(question.first, MOST_ON_A_PAGE)), max(0, question.skip)
    bills = await ctx.tx.fetch(_BILLS, *key, None, first, skip)
    wanted = list(question.chosen)[:MOST_CHOSEN]
    chosen = await ctx.tx.fetch(_BILLS, *key, wanted, MOST_CHOSEN, 0) if wanted else ()
    return PickView(
        receipt_id=receipt["id"],
        amount=receipt["amount"] - receipt["refunded"],
        currency=receipt["currency"],
        party_id=party,
        party_name=name,
        bills=tuple(_bill(b) for b in bills),
        more=(bills[0]["total"] - skip - len(bills)) if bills else 0,
        skip=skip,
        chosen=tuple(_bill(b) for b in chosen),
    )


def _bill(row: Any) -> OpenBill:
    return OpenBill(row["id"], row["number"], row["issued_on"], row["due_on"], row["open"], row["currency"])
