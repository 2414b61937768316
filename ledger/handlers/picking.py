"""The bills that the money of a question may be set against by hand."""

from __future__ import annotations

from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.deciding import receipt_row
from ledger.handlers.questions import conflict_row
from ledger.handlers.registry import Context, handles
from ledger.queries.workflow import PickBills
from ledger.views.workflow import OpenBill, PickView

MAX_PICKED = 12
_BILLS = """
SELECT i.id, i.number, i.issued_on, i.due_on, i.currency,
       greatest(i.outstanding, 0) + coalesce((SELECT sum(a.amount) FROM allocations a WHERE a.business_id = $1
         AND a.receipt_id = $3 AND a.document_id = i.id), 0)::bigint AS open, count(*) OVER () AS total
FROM invoices i
WHERE i.business_id = $1 AND i.party_id = $2 AND i.kind <> 'credit_note' AND i.currency = $4
  AND (i.outstanding > 0 OR i.id IN (SELECT a.document_id FROM allocations a WHERE a.business_id = $1 AND a.receipt_id = $3))
ORDER BY i.issued_on, i.number, i.id LIMIT $5
"""


@handles(PickBills, permission=Permission.ANSWER)
async def pick_bills(question: PickBills, ctx: Context) -> PickView:
    """Answer with the open bills of whom the question is about, oldest first."""
    row = await conflict_row(ctx, question.conflict_id)
    anchor = UUID(str(row["evidence"].get("anchor") or row["subjects"][0]))
    receipt = await receipt_row(ctx, anchor)
    party = row["party_id"] or receipt["party_id"]
    if party is None:
        raise Rejected(
            "pick.whose", "Whose money this is isn't known yet.", remedy="Look the customer up by name first."
        )
    bills = await ctx.tx.fetch(
        _BILLS, ctx.actor.business_id, party, receipt["id"], receipt["currency"], MAX_PICKED
    )
    return PickView(
        receipt_id=receipt["id"],
        amount=receipt["amount"] - receipt["refunded"],
        currency=receipt["currency"],
        party_id=party,
        party_name=row["party_name"] or receipt["party_name"],
        bills=tuple(
            OpenBill(b["id"], b["number"], b["issued_on"], b["due_on"], b["open"], b["currency"])
            for b in bills
        ),
        more=(bills[0]["total"] - len(bills)) if bills else 0,
    )
