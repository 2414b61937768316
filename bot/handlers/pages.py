"""Pages for the browser and for paper: a link is made at a tap, for who taps, and taken back at another."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from bot.cards.card import Action
from bot.cards.pages import page_card, page_revoked_card
from bot.handlers.area import Command, Tap
from bot.handlers.of_customer import OfCustomer
from bot.handlers.reply import Reply
from bot.visit import Visitor
from kit.errors import NotFound
from kit.settings import settings
from ledger.commands.pages import MakePageLink, RevokePageLinks
from ledger.views.pages import PageLinkMade


class Pages(OfCustomer):
    """The scenes of links to pages."""

    commands = (Command("pages", {"do": "page", "page": "front"}, "My firms at a glance, as a page"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {"page": self._page, "page_revoke": self._revoke}

    async def _page(self, visitor: Visitor, action: Action) -> Reply:
        """Make a link; a front page is of every firm of this chat, for only the chat says that it is one person."""
        page = action["page"]
        brief = await self.brief(visitor, action) if "party" in action else None
        command = MakePageLink(
            page,
            brief.id if brief is not None else None,
            hours=int(action.get("hours") or 24),
            chat_id=visitor.chat_id if page == "front" else None,
        )
        made: PageLinkMade = await self.say(visitor, command)
        url = f"{settings().public_url.rstrip('/')}/v/{made.key}"
        name = brief.name if brief is not None else ""
        return Reply(cards=(page_card(made, url, name, action, self.to(visitor)),))

    async def _revoke(self, visitor: Visitor, action: Action) -> Reply:
        with suppress(NotFound):  # taken back already, or run out: it shows nothing either way
            await self.say(visitor, RevokePageLinks(UUID(action["link"])))
        return Reply(edit=page_revoked_card(self.to(visitor)))
