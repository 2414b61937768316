"""Links to pages for people without a client: made for who asks, and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MakePageLink:
    """Make a link to a page that shows what its maker may see, for some hours (1 to 168). Result: PageLinkMade.

    `page`: customer (his timeline), ledger (his account), tie_out, front. The first two need `party_id`, and show
    nobody else; `since` and `until` are the period that a ledger opens with. A front page made in a chat (`chat_id`,
    the maker's own) shows all firms of that chat, else this firm alone. Rejected, NotFound outside the actor's scope.
    """

    page: str
    party_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    language: str | None = None
    hours: int = 24
    chat_id: int | None = None


@dataclass(frozen=True, slots=True)
class RevokePageLinks:
    """Take back one of the actor's own links, or all of them (None); the owner may take back anybody's one. Result: how many."""

    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NotePageOpened:
    """Note that a page was looked at (system only)."""

    key_hash: bytes


@dataclass(frozen=True, slots=True)
class NoteLook:
    """Note that a member looks at the front page now (system only). Result: the moment of the look before, None: his first.

    Looks within some hours are one, so that a page that is opened again still tells what is new.
    """

    member_id: UUID
