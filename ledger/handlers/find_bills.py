"""Open bills by what people remember of them: the number, or the exact amount."""

from __future__ import annotations

from kit.errors import Rejected
from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.bills import BILL, RECEIVABLE, invoice, open_bills
from ledger.handlers.paging import Conditions, page_size
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties

_LEAST_LETTERS = 2


@handles(queries.FindBills, permission=Permission.SEE_RECEIVABLES)
async def find_bills(question: queries.FindBills, ctx: Context) -> tuple[views.InvoiceView, ...]:
    """Answer with open bills: a number's exact bearers first, then those that contain it; or an exact amount."""
    exact = ""
    where = Conditions([ctx.actor.business_id])
    source = open_bills(RECEIVABLE, where, as_of=None, known_at=None)
    own_parties(ctx, where)
    if question.number is not None:
        number = question.number.strip()[:60]
        if len(number) < _LEAST_LETTERS:
            raise Rejected("search.too_short", "A search needs two characters or more.")
        exact = f"lower(i.number) <> lower({where.value(number)}), "
        where.add("strpos(lower(i.number), lower({})) > 0", number)
    elif question.amount is not None:
        where.add("{} IN (i.outstanding, i.amount)", question.amount)
    else:
        return ()
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        f"""
        SELECT {BILL} FROM {source} WHERE {where.sql}
        ORDER BY {exact}coalesce(i.due_on, i.issued_on), i.id LIMIT {page_size(question.limit)}
        """,
        *where.values,
    )
    return tuple(invoice(row, firm.today) for row in rows)
