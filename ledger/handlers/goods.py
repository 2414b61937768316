"""May goods go out to a customer on credit, and the owner's word on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.errors import Stale
from ledger import views
from ledger.commands.goods import HoldGoods, ReleaseGoods
from ledger.domain.credit import WORD_HOLDS, CreditStanding, OwnersWord, may_send
from ledger.domain.roles import Permission
from ledger.handlers.deciding import check_untouched, decide, party_row, positive, the_one
from ledger.handlers.party_card import cards_of
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.handlers.talk import party_talk, talk_by_ids
from ledger.queries.customers import GoodsByIds, MayGoodsGo, PartyTalk, TalkByIds
from ledger.views.customers import GoodsView, TalkView
from ledger.views.workflow import DecisionView

_SAID = ("goods.held", "goods.released")
_RETURNED = """
SELECT q.party_id,
       max(coalesce((i.state -> 'data' ->> 'on')::date, ((i.state ->> 'at')::timestamptz AT TIME ZONE $3)::date)) AS on_day
FROM cheques q JOIN identities i ON i.business_id = q.business_id AND i.subject = q.anchor
WHERE q.business_id = $1 AND q.party_id = ANY($2) AND q.status = 'cheque.returned' GROUP BY q.party_id
"""


@handles(MayGoodsGo, permission=Permission.SEE_RECEIVABLES)
async def may_goods_go(question: MayGoodsGo, ctx: Context) -> GoodsView:
    """Answer yes, ask the owner, or no, with the reasons; NotFound outside the actor's scope."""
    return the_one(await _goods(ctx, [question.party_id], question.order), question.party_id)


@handles(GoodsByIds, permission=Permission.SEE_RECEIVABLES)
async def goods_by_ids(question: GoodsByIds, ctx: Context) -> dict[UUID, GoodsView]:
    """Answer for those of the customers that the actor may see."""
    return await _goods(ctx, question.ids, question.order)


async def _goods(ctx: Context, ids: Sequence[UUID], order: int | None) -> dict[UUID, GoodsView]:
    if order is not None:
        positive(order, "An order")
    firm = await business(ctx)
    cards = await cards_of(ctx, ids, bills=0)
    talks = await talk_by_ids(TalkByIds(tuple(cards)), ctx)
    rows = await ctx.tx.fetch(_RETURNED, ctx.actor.business_id, list(cards), firm.timezone)
    returned = {row["party_id"]: row["on_day"] for row in rows}
    return {
        key: _answer(card, talks[key], returned.get(key), firm.today, order) for key, card in cards.items()
    }


def _answer(
    view: views.PartyView, talk: TalkView, returned: date | None, today: date, order: int | None
) -> GoodsView:
    brief, outlook = view.brief, view.outlook
    standing = CreditStanding(
        today=today,
        net=brief.net,
        credit_limit=view.credit_limit,
        overdue=brief.overdue,
        overdue_days=brief.overdue_days,
        usual_days_late=brief.usual_days_late,
        promise_broken=brief.promise_broken,
        promises_broken=outlook.promises_broken if outlook else 0,
        promises_given=outlook.promises_broken + outlook.promises_kept if outlook else 0,
        cheque_returned_on=returned,
        blocked=brief.held,
        word=talk.goods,
    )
    answer = may_send(standing, order)
    return GoodsView(brief, answer.verdict, answer.reasons, talk.goods, order)


@handles(HoldGoods, permission=Permission.ANSWER)
async def hold_goods(command: HoldGoods, ctx: Context) -> DecisionView:
    """Say that no goods go on credit; Stale if that is said already."""
    party = await party_row(ctx, command.party_id)
    await check_untouched(ctx, _SAID, party["anchor"], seen=command.seen)
    word = (await party_talk(PartyTalk(command.party_id), ctx)).goods
    if word is not None and not word.may:
        raise _said_already(word)
    data = {"party": str(party["anchor"])}
    return await decide(ctx, "goods.held", data, about=f"party:{party['id']}", note=command.note)


@handles(ReleaseGoods, permission=Permission.ANSWER)
async def release_goods(command: ReleaseGoods, ctx: Context) -> DecisionView:
    """Say that goods may go for a week; Stale if that is said already today."""
    if command.up_to is not None:
        positive(command.up_to, "An order")
    party = await party_row(ctx, command.party_id)
    await check_untouched(ctx, _SAID, party["anchor"], seen=command.seen)
    today = (await business(ctx)).today
    word = (await party_talk(PartyTalk(command.party_id), ctx)).goods
    if word is not None and word.may and (word.on, word.amount) == (today, command.up_to):
        raise _said_already(word)
    money = {"amount": command.up_to, "currency": party["currency"]} if command.up_to is not None else {}
    data = {"party": str(party["anchor"]), "until": (today + WORD_HOLDS).isoformat(), **money}
    return await decide(ctx, "goods.released", data, about=f"party:{party['id']}", note=command.note)


def _said_already(word: OwnersWord) -> Stale:
    return Stale(
        "goods.said",
        f"{word.by} has said so already.",
        remedy="Nothing is left to say.",
        values={"by": word.by},
    )
