"""What is asked about parties as such: who and where they are, what was agreed with them, what is kept with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PartyProfiles:
    """What held of several parties on a day (None: today), as dict[UUID, PartyProfile]; for loaders."""

    on: date | None
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class KeptWith:
    """Photos, voice notes and files kept with a party, the newest first, at most `first`, as tuple[KeptThing, ...]."""

    party_id: UUID
    first: int = 50


@dataclass(frozen=True, slots=True)
class KeptByIds:
    """KeptWith several parties, at most `first` with each, as dict[UUID, tuple[KeptThing, ...]]; for loaders."""

    first: int
    ids: tuple[UUID, ...]
