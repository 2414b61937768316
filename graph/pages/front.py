"""The front page of who looks after several firms: of each what changed, what waits, what doesn't tie, how fresh it is.

Each firm is asked through its own door as the member that he is there; nothing is summed across firms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from graph.pages.look import Look
from graph.pages.reader import Reader
from graph.pages.wording import freshness
from kit.errors import NotFound
from kit.logs import logger
from ledger.commands.pages import NoteLook
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission, system
from ledger.queries import ChatMember
from ledger.queries.pages import FirmAtAGlance
from ledger.store.directory import members_of_chat
from ledger.views import ChatMemberView
from ledger.views.pages import FirmAtAGlanceView, OpenedPage

ACTOR = "pages"
AT_ONCE = 4
"""Firms asked at the same time: a front page of forty must not take all the connections."""
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Firm:
    """One firm on the page; `view` is None where it couldn't be asked just now."""

    id: UUID
    name: str
    role: str
    reader: Reader
    ties: bool
    stale: int
    view: FirmAtAGlanceView | None

    @property
    def urgency(self) -> tuple[int, int, int, str]:
        """Those to be looked at come first: what failed, what holds up, what waits, what doesn't tie."""
        if self.view is None:
            return 0, 0, 0, self.name.casefold()
        apart = sum(total.apart for total in self.view.totals or ())
        troubled = bool(self.view.open or apart or self.stale)
        return 1 if troubled else 2, -self.view.blocking, -(self.view.open + apart), self.name.casefold()


async def front(look: Look) -> Mapping[str, Any]:
    """Gather the page, firm by firm."""
    members = await _members(look.door, look.link)
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(member: _Member) -> Firm:
        async with limit:
            return await _firm(look, member)

    firms = sorted(await asyncio.gather(*(one(member) for member in members)), key=lambda firm: firm.urgency)
    return {
        "firms": firms,
        "waiting": sum(1 for firm in firms if firm.view is not None and firm.view.open),
        "apart": sum(1 for firm in firms if not firm.ties),
        "name": look.link.actor.name,
        "first_look": all(firm.view is None or firm.view.since is None for firm in firms),
    }


@dataclass(frozen=True, slots=True)
class _Member:
    """As whom a firm is asked."""

    actor: Actor
    name: str
    timezone: str


async def firm_of(door: Door, link: OpenedPage, firm: UUID) -> tuple[Actor, str]:
    """Return as whom a firm of the front page is asked, and its timezone; NotFound for a firm that isn't his."""
    for member in await _members(door, link, only=firm):
        if member.actor.business_id == firm:
            return member.actor, member.timezone
    raise NotFound("page.gone", "There is no such page.")


async def _members(door: Door, link: OpenedPage, *, only: UUID | None = None) -> list[_Member]:
    """Return the maker in each of his firms, as he is there now; only a chat proves that he is the same person."""
    if link.page != "front":
        return []
    if link.chat_id is None:
        return [_Member(link.actor, "", link.timezone)]
    found = []
    for listed in await members_of_chat(door.engine, link.chat_id):
        if only is not None and listed.business_id != only:
            continue
        clerk = system(listed.business_id, ACTOR)
        try:
            member: ChatMemberView = await door.query(ChatMember(listed.member_id), clerk)
        except NotFound:  # his membership there is over
            continue
        if member.chat_id is not None and member.chat_id != link.chat_id:
            continue
        found.append(_Member(member.actor, member.business_name, member.timezone))
    return found


async def _firm(look: Look, member: _Member) -> Firm:
    actor = replace(member.actor, language=look.reader.language)
    reader = replace(look.reader, timezone=member.timezone)
    try:
        since = await _last_look(look.door, actor)
        view: FirmAtAGlanceView | None = await look.door.query(FirmAtAGlance(since), actor)
    except Exception:  # one firm that can't be asked leaves the others to be read; it says so in its place
        log.exception("pages.firm_failed", business=str(actor.business_id))
        view = None
    name = view.firm.name if view is not None else member.name
    stale = 0
    if view is not None and actor.may(Permission.SEE_SOURCES):
        stale = sum(
            not freshness(source, reader)[1] for source in view.sources or () if source.state != "disabled"
        )
    ties = view is None or all(total.apart == 0 for total in view.totals or ())
    return Firm(actor.business_id, name, str(actor.role), reader, ties, stale, view)


async def _last_look(door: Door, actor: Actor) -> datetime | None:
    assert actor.member_id is not None  # pages are made for members
    before: datetime | None = await door.execute(NoteLook(actor.member_id), system(actor.business_id, ACTOR))
    return before
