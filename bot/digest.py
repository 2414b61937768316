"""The morning digest and the close of the day: once each for each member, at his hour in his business's timezone."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Any

from bot.cards.audience import Audience, audience_of
from bot.cards.card import Attachment, Card
from bot.cards.digest import digest_card
from bot.cards.evening import evening_card
from bot.documents.picture import morning_picture
from bot.rounds import go_round
from bot.words import Html
from kit.clock import business_day
from kit.logs import logger
from ledger.commands.mornings import QueueOfTheDay
from ledger.dispatch import Door
from ledger.domain.alerts import EVENING_OFFER
from ledger.domain.roles import Permission
from ledger.queries.cash import CashAhead
from ledger.queries.mornings import DailyDigest, Evening
from ledger.store.hours import Due, whose_hour
from ledger.views import ChatMemberView, DigestView
from ledger.views.cash import CashAheadView

log = logger(__name__)
_LONGEST_CAPTION = 1_024
_PICTURE = "morning.png"


async def queue_due_digests(door: Door, now: datetime) -> int:
    """Queue the digest of every member whose hour has come and who had none today; return how many were queued."""
    return await go_round("digest", whose_hour(door.engine, "digest", now), partial(_digest, door, now))


async def queue_due_evenings(door: Door, now: datetime) -> int:
    """Queue the close of the day of every member whose hour has come; return how many were queued."""
    return await go_round("evening", whose_hour(door.engine, "evening", now), partial(_evening, door, now))


async def queue_digest(door: Door, member: ChatMemberView, now: datetime, *, several: bool) -> bool:
    """Queue a member's digest of today unless he had it; `several`: his chat serves several businesses."""
    return await _digest(door, now, Due(member, several, business_day(now, member.timezone), "off"))


async def _digest(door: Door, now: datetime, due: Due) -> bool:
    member = due.member
    to = audience_of(member, now, several=due.several)
    cash: CashAheadView | None = None
    async with door.reading(member.actor) as reader:
        view: DigestView = await reader.query(DailyDigest())
        if due.picture != "off" and member.actor.may(Permission.SEE_PAYABLES):
            cash = await reader.query(CashAhead())
    cards = [digest_card(view, to)]
    if due.picture != "off":
        cards = await _with_picture(cards[0], view, cash, due.picture, to)
    offered = (EVENING_OFFER,) if view.offers_evening else ()
    return await _queue(door, due, "morning", cards, offered)


async def _evening(door: Door, now: datetime, due: Due) -> bool:
    view = await door.query(Evening(), due.member.actor)
    card = evening_card(view, audience_of(due.member, now, several=due.several))
    return await _queue(door, due, "evening", [card], ())


async def _queue(door: Door, due: Due, which: str, cards: list[Card], offered: tuple[str, ...]) -> bool:
    actor = due.member.actor
    assert actor.member_id is not None
    if due.member.chat_id is None:
        return False
    forms: list[dict[str, Any]] = [{**card.stored(), "language": actor.language} for card in cards]
    command = QueueOfTheDay(
        which=which,
        chat_id=due.member.chat_id,
        member_id=actor.member_id,
        day=due.today,
        card=forms[-1],
        before=forms[0] if len(forms) > 1 else None,
        offered=offered,
    )
    queued: bool = await door.execute(command, actor)
    return queued


async def _with_picture(
    card: Card, view: DigestView, cash: CashAheadView | None, theme: str, to: Audience
) -> list[Card]:
    """Attach the picture: the digest is its caption where it is short enough, else the picture goes before it."""
    try:
        content = await asyncio.to_thread(morning_picture, view, cash, theme, to)
    except Exception as fault:  # the figures matter more than the drawing
        log.error("digest.picture_failed", exc_info=fault)
        return [card]
    picture = Attachment(_PICTURE, content, "photo")
    if len(card.text.encode("utf-16-le")) // 2 <= _LONGEST_CAPTION:
        return [Card(card.text, card.buttons, picture)]
    return [Card(Html(""), (), picture), card]
