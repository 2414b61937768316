"""What pages for people without a client ask besides what everybody asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenPageLink:
    """What a link leads to, and as whom (system only), as OpenedPage.

    NotFound for a key that is unknown, revoked or has run out, and where its maker may no longer look.
    """

    key_hash: bytes


@dataclass(frozen=True, slots=True)
class MyPageLinks:
    """The actor's links that still lead somewhere, newest first, as tuple[PageLinkView, ...]."""


@dataclass(frozen=True, slots=True)
class FirmAtAGlance:
    """What an accountant asks of one firm first, as FirmAtAGlanceView: what changed `since`, what waits, what doesn't tie."""

    since: datetime | None = None
