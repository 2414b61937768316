"""What is asked about bearer tokens."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of the business (owner only), those that work first: tuple[TokenView, ...].

    Those that stopped working within 30 days are listed too; `member_id`: only this member's.
    """

    member_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OwnToken:
    """The token with which it is asked: TokenView; NotFound where none is used."""
