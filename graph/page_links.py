"""Links to pages over GraphQL: for who shows his figures to somebody without a client, or prints them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from graph.ids import global_id, key_of
from graph.types.basics import Info, resolved, told, word
from graph.types.workflow import plain_key
from ledger.commands.pages import MakePageLink, RevokePageLinks
from ledger.handlers.pages import CUSTOMER, FRONT, LEDGER, TIE_OUT
from ledger.queries.pages import MyPageLinks
from ledger.views.pages import AUDIT_PAGES, PageLinkView


@strawberry.enum(description="Pages that a link may lead to.")
class Page(Enum):
    """Pages."""

    CUSTOMER = strawberry.enum_value(CUSTOMER, description="A customer's timeline: how he stands, and why.")
    LEDGER = strawberry.enum_value(LEDGER, description="A party's account in Tally's form.")
    TIE_OUT = strawberry.enum_value(TIE_OUT, description="Our balances beside the books'. Not for sales.")
    FRONT = strawberry.enum_value(
        FRONT,
        description="This firm at a glance: what changed, what waits, what doesn't tie, how fresh it is.",
    )
    AUDIT_XLSX = strawberry.enum_value(
        AUDIT_PAGES["xlsx"], description="The audit trail as a workbook; `makeAuditExportLink` makes it."
    )
    AUDIT_JSONL = strawberry.enum_value(
        AUDIT_PAGES["jsonl"], description="The audit trail as JSON Lines; `makeAuditExportLink` makes it."
    )


@strawberry.enum(description="Languages of pages.")
class PageLanguage(Enum):
    """Languages."""

    ENGLISH = strawberry.enum_value("en", description="English.")
    HINDI = strawberry.enum_value("hi", description="Hindi.")


@strawberry.input(description="A page to make a link to.")
class MakePageLinkInput:
    """A page."""

    page: Page = strawberry.field(description="Which page.")
    party_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose, for CUSTOMER and LEDGER; the link shows nobody else."
    )
    since: date | None = strawberry.field(
        default=None, description="First day that a ledger opens with; null: of this financial year."
    )
    until: date | None = strawberry.field(default=None, description="Last day of it; null: today.")
    language: PageLanguage | None = strawberry.field(default=None, description="Null: your own.")
    hours: int = strawberry.field(default=24, description="How long the link works, 1 to 168 hours.")


@strawberry.type(description="A link to a page. Whoever has it sees the page as its maker does on that day.")
class PageLink:
    """A link that works."""

    id: strawberry.ID = strawberry.field(description="Its id, to take it back.")
    page: Page = strawberry.field(description="Which page.")
    party_id: strawberry.ID | None = strawberry.field(description="Whose page it is.")
    party_name: str | None = strawberry.field(description="His name.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="Until when it works.")
    opened_at: datetime | None = strawberry.field(description="When it was looked at last.")
    opened: int = strawberry.field(description="How often it was looked at.")


@strawberry.type(description="A new link. Its address is told here only.")
class MakePageLinkPayload:
    """The outcome."""

    id: strawberry.ID = strawberry.field(description="Its id, to take it back.")
    url: str = strawberry.field(description="The address. Send it to nobody who may not see the page.")
    expires_at: datetime = strawberry.field(description="Until when it works.")


@strawberry.type(description="What was taken back.")
class RevokePageLinksPayload:
    """The outcome."""

    revoked: int = strawberry.field(description="How many links work no more.")


@strawberry.type
class PageLinkQueries:
    """What may be asked."""

    @resolved("Your links to pages that still work, newest first; a token sees those that were made with it.")
    async def page_links(self, info: Info) -> list[PageLink]:
        """Return them."""
        found: tuple[PageLinkView, ...] = await info.context.ask(MyPageLinks())
        return [_link(view) for view in found]


@strawberry.type
class PageLinkMutations:
    """What may be told."""

    @told(
        "Make a link to a page that shows what you may see, for a browser and for paper. It ends with its hours, with your"
        " membership, and with the token that made it."
    )
    async def make_page_link(self, info: Info, input: MakePageLinkInput) -> MakePageLinkPayload:
        """Make it."""
        made = await info.context.execute(
            MakePageLink(
                page=word(input.page),
                party_id=key_of("Party", input.party_id) if input.party_id is not None else None,
                since=input.since,
                until=input.until,
                language=word(input.language) if input.language is not None else None,
                hours=input.hours,
            )
        )
        return MakePageLinkPayload(
            id=strawberry.ID(str(made.id)),
            url=f"{info.context.public_url}/v/{made.key}",
            expires_at=made.expires_at,
        )

    @told("Take back one of your links to pages, or all of them; the owner may take back anybody's one.")
    async def revoke_page_links(
        self,
        info: Info,
        link_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The link; null: all of yours.")
        ] = None,
    ) -> RevokePageLinksPayload:
        """Take them back."""
        command = RevokePageLinks(plain_key(link_id) if link_id is not None else None)
        return RevokePageLinksPayload(revoked=await info.context.execute(command))


def _link(view: PageLinkView) -> PageLink:
    return PageLink(
        id=strawberry.ID(str(view.id)),
        page=Page(view.page),
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        party_name=view.party_name,
        created_at=view.created_at,
        expires_at=view.expires_at,
        opened_at=view.opened_at,
        opened=view.opened,
    )
