"""One look at a page: what the link allows, as whom, and where its further pages are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from graph.pages.reader import Reader
from graph.types.days import day_of
from kit.errors import NotFound, Rejected
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission
from ledger.views.pages import OpenedPage

CUSTOMER, LEDGER, TIE_OUT, QUESTIONS, FRONT = "customer", "ledger", "tie-out", "questions", "front"
OF_ONE = (CUSTOMER, LEDGER)
_LINKED = {"customer": CUSTOMER, "ledger": LEDGER, "tie_out": TIE_OUT, "front": FRONT}
_ASKED = frozenset({"lang", "since", "until", "span", "after", "on", "show"})
"""What a page's address may ask; nothing else of a stranger's address is put into ours."""
_GONE = ("page.gone", "There is no such page.")


@dataclass(frozen=True, slots=True)
class Look:
    """A page that somebody looks at; `firm` is set where it is of another firm than the link's own."""

    door: Door
    key: str
    link: OpenedPage
    actor: Actor
    reader: Reader
    page: str
    party: UUID | None
    query: Mapping[str, str]
    firm: UUID | None = None

    @property
    def about(self) -> UUID:
        """The party that the page is about."""
        if self.party is None:
            raise NotFound(*_GONE)
        return self.party

    @property
    def narrow(self) -> bool:
        """Whether the link shows one party and nobody else."""
        return self.link.page in OF_ONE

    @property
    def sees_tie_out(self) -> bool:
        """Whether he sees what the firm owes, and so the books beside ours."""
        return self.actor.may(Permission.SEE_PAYABLES)

    @property
    def begins(self) -> str:
        """The page that the link itself leads to."""
        return _LINKED[self.link.page]

    def href(self, page: str, party: UUID | None = None, firm: UUID | None = None, **query: object) -> str:
        """Return the address of a page behind the same link, in the language that is read now."""
        return self._address(page, party, firm or self.firm, query)

    def here(self, **query: object) -> str:
        """Return the address of this page with other values in its query; None takes one away."""
        kept = {name: value for name, value in self.query.items() if name in _ASKED}
        return self._address(self.page, self.party, self.firm, {**kept, **query})

    def _address(self, page: str, party: UUID | None, firm: UUID | None, query: Mapping[str, object]) -> str:
        path = f"/v/{self.key}"
        if page != FRONT:
            path += f"/f/{firm.hex}" if firm is not None else ""
            path += f"/{page}" if firm is not None or page != self.begins else ""
            path += f"/{party.hex}" if party is not None and not self.narrow else ""
        told = {name: str(value) for name, value in query.items() if value is not None}
        if self.reader.language != self.link.language:
            told.setdefault("lang", self.reader.language)
        return f"{path}?{urlencode(told)}" if told else path

    def day(self, name: str) -> date | None:
        """Read a day of the query; Rejected if it is none."""
        text = self.query.get(name, "").strip()
        if not text:
            return None
        try:
            return day_of(text[:10])
        except ValueError:
            raise Rejected("page.day", "That is no date.", remedy="Write 2026-11-20.") from None

    def as_read(self) -> Actor:
        """Return the actor who asks in the language of the page."""
        return replace(self.actor, language=self.reader.language)


def page_of(link: OpenedPage, page: str | None, party: UUID | None) -> tuple[str, UUID | None]:
    """Return which page is meant and of whom; NotFound for one that the link doesn't lead to."""
    first = _LINKED.get(link.page)
    if first is None:  # a link to a file
        raise NotFound(*_GONE)
    wanted = page or first
    if link.page in OF_ONE:
        if wanted not in OF_ONE or (party is not None and party != link.party_id):
            raise NotFound(*_GONE)
        return wanted, link.party_id
    allowed = (TIE_OUT, QUESTIONS, *OF_ONE, *((FRONT,) if first == FRONT else ()))
    if wanted not in allowed or (party is not None) != (wanted in OF_ONE):
        raise NotFound(*_GONE)
    return wanted, party
