"""Who is who, as it is shown: what is missing, groups of one PAN. Amounts in paise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from ledger.views import Page
from ledger.views.party_group import PartyGroupView

PROBLEMS: Mapping[str, str] = {
    "no_phone": "no phone number",
    "odd_gstin": "GSTIN looks wrong",
    "pan_differs": "PAN and GSTIN differ",
    "no_gstin": "no GSTIN",
    "no_terms": "no credit days agreed",
    "no_state": "address without a state",
    "same_phone": "phone number of another party too",
    "spellings": "name written in several ways",
    "no_email": "no e-mail",
}
"""What may be missing or odd, in words, the most useful to mend first."""


@dataclass(frozen=True, slots=True)
class PartyGaps:
    """What is missing or odd about one party; `odd_gstin` says what is odd, `names` how it is written."""

    party_id: UUID
    name: str
    net: int
    currency: str
    problems: tuple[str, ...]
    gstin: str | None = None
    odd_gstin: str | None = None
    names: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The problems in words."""
        return tuple(PROBLEMS[problem] for problem in self.problems)


@dataclass(frozen=True, slots=True)
class DataQualityPage(Page):
    """A page of them; `counts` by problem and `count` of parties over all pages, of `parties` in all."""

    rows: tuple[PartyGaps, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    count: int = 0
    parties: int = 0


@dataclass(frozen=True, slots=True)
class PartyGroupPage(Page):
    """A page of groups."""

    rows: tuple[PartyGroupView, ...] = ()
    count: int = 0
