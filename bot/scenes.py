"""What can be asked in the chat: each scene puts a question through the door and writes the card."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bot.cards.card import Card
from bot.cards.cash import cash_card, dues_card, msmed_card
from bot.cards.digest import digest_card
from bot.cards.history import history_card
from bot.cards.lists import PER_PAGE, Turn, who_owes_card
from bot.cards.party import party_card
from bot.cards.quality import GAPS_SHOWN, quality_card
from bot.cards.question import Ahead, Place, question_card, questions_done_card
from bot.cards.sources import sources_card
from bot.cards.tie_out import SHOWN, tie_out_card
from bot.cards.to_enter import ENTRIES_SHOWN, tds_card, to_enter_card, to_enter_file_card
from bot.visit import Visitor
from kit.errors import NotFound
from ledger import queries
from ledger.commands.first_run import NoteLookedAt
from ledger.dispatch import Door
from ledger.queries.cash import CashAhead, MsmedInterest, RecurringDues, VendorLimits
from ledger.queries.customers import PartyTalk
from ledger.queries.identity import DataQuality
from ledger.queries.tds import TdsAwaited
from ledger.queries.tie_out import TieOut
from ledger.queries.to_enter import ToEnter, ToEnterFile
from ledger.views import (
    ConflictPage,
    ConflictView,
    PartyBrief,
    PartyPage,
    PartyView,
    SourceView,
)
from ledger.views.customers import TalkView

_MOST_PUT_OFF = 50


class Scenes:
    """The scenes of the chat, on one door."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def now(self) -> datetime:
        """Return the present moment."""
        return self.door.clock()

    async def digest(self, visitor: Visitor) -> Card:
        """Today at a glance."""
        view = await self.door.query(queries.Digest(), visitor.actor)
        return digest_card(view, visitor.audience(self.now()))

    async def who_owes(self, visitor: Visitor, turn: Turn) -> Card:
        """Who owes, most urgent first."""
        page: PartyPage = await self.door.query(
            queries.WhoOwesMe(first=PER_PAGE, after=turn.after), visitor.actor
        )
        return who_owes_card(page, turn, visitor.audience(self.now()))

    async def cash(self, visitor: Visitor) -> Card:
        """Whether the money will be enough."""
        return cash_card(await self.door.query(CashAhead(), visitor.actor), visitor.audience(self.now()))

    async def dues(self, visitor: Visitor) -> Card:
        """What falls due besides bills."""
        return dues_card(await self.door.query(RecurringDues(), visitor.actor), visitor.audience(self.now()))

    async def small_vendors(self, visitor: Visitor) -> Card:
        """By when micro and small vendors must be paid, and what the law gives us."""
        async with self.door.reading(visitor.actor) as reader:
            limits = await reader.query(VendorLimits())
            ours = await reader.query(MsmedInterest())
        return msmed_card(limits, ours, visitor.audience(self.now()))

    async def party(self, visitor: Visitor, party_id: UUID) -> Card:
        """One party in full."""
        async with self.door.reading(visitor.actor) as reader:
            view: PartyView = await reader.query(queries.PartyCard(party_id))
            talk: TalkView = await reader.query(PartyTalk(party_id))
        await self.door.execute(NoteLookedAt(visitor.chat_id, party_id), visitor.actor)
        return party_card(view, visitor.audience(self.now()), talk)

    async def history(
        self, visitor: Visitor, party_id: UUID, turn: Turn, *, source: tuple[str, str] | None = None
    ) -> Card:
        """What was said about a party, newest first; by one source alone: its (name, label)."""
        briefs: dict[UUID, PartyBrief] = await self.door.query(
            queries.PartiesByIds((party_id,)), visitor.actor
        )
        if party_id not in briefs:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        name, to = briefs[party_id].name, visitor.audience(self.now())
        asked = queries.Timeline(
            party_id, first=PER_PAGE, after=turn.after, source=source[0] if source else None
        )
        page = await self.door.query(asked, visitor.actor)
        return history_card(page, name, str(party_id), turn, to, source=source)

    async def sources(self, visitor: Visitor) -> Card:
        """Where the news comes from."""
        async with self.door.reading(visitor.actor) as reader:
            found: tuple[SourceView, ...] = await reader.query(queries.Sources())
            names = tuple(source.name for source in found if source.write_back)
            written = await reader.query(queries.WriteBacks(names)) if names else {}
        return sources_card(found, written, visitor.audience(self.now()))

    async def tie_out(self, visitor: Visitor) -> Card:
        """Whether the books say the same as we do."""
        page = await self.door.query(TieOut(first=SHOWN, apart_only=True, lines=0), visitor.actor)
        return tie_out_card(page, visitor.audience(self.now()))

    async def quality(self, visitor: Visitor) -> Card:
        """What is missing about customers and vendors."""
        page = await self.door.query(DataQuality(first=GAPS_SHOWN), visitor.actor)
        return quality_card(page, visitor.audience(self.now()))

    async def to_enter(self, visitor: Visitor) -> Card:
        """What the books lack."""
        page = await self.door.query(ToEnter(first=ENTRIES_SHOWN), visitor.actor)
        return to_enter_card(page, visitor.audience(self.now()))

    async def to_enter_file(self, visitor: Visitor, form: str) -> Card:
        """The same as a file."""
        made = await self.door.query(ToEnterFile(form), visitor.actor)
        return to_enter_file_card(made, visitor.audience(self.now()))

    async def tds(self, visitor: Visitor) -> Card:
        """TDS that customers cut, beside Form 26AS."""
        return tds_card(await self.door.query(TdsAwaited(), visitor.actor), visitor.audience(self.now()))

    async def next_question(self, visitor: Visitor, place: Place, *, after: str | None = None) -> Card:
        """The most severe and oldest open question, or that there is none left and what comes next."""
        to = visitor.audience(self.now())
        party = UUID(place.party) if place.party else None
        page: ConflictPage = await self.door.query(
            queries.Conflicts(status="open", first=1 + len(place.passed), after=after, party_id=party),
            visitor.actor,
        )
        waiting = [row for row in page.rows if str(row.id) not in place.passed]
        if not waiting:
            return questions_done_card(place, to, await self._ahead(visitor, place))
        view = waiting[0]
        left = page.open_count - (len(page.rows) - len(waiting)) if after is None else 1
        here = replace(place, of=max(place.of, place.n + left - 1), further=page.end if page.more else None)
        return question_card(view, here, to)

    async def after(self, visitor: Visitor, place: Place) -> Card:
        """The question after the one at `place`, which is answered or put off."""
        return await self.next_question(visitor, replace(place, n=place.n + 1, further=None))

    async def _ahead(self, visitor: Visitor, place: Place) -> Ahead:
        """Return what a member does once nothing waits for him; who came for one customer alone isn't sent on."""
        if place.party:
            return Ahead()
        put_off: ConflictPage = await self.door.query(
            queries.Conflicts(status="snoozed", first=_MOST_PUT_OFF), visitor.actor
        )
        calls: PartyPage = await self.door.query(queries.WhoOwesMe(first=1, overdue_only=True), visitor.actor)
        rows = put_off.rows
        return Ahead(len(rows), calls.rows[0] if calls.rows else None, str(rows[0].id) if rows else None)

    async def question(self, visitor: Visitor, conflict_id: UUID) -> ConflictView:
        """One question as it stands."""
        found: ConflictView = await self.door.query(queries.Conflict(conflict_id), visitor.actor)
        return found
