"""What was said with and of a party, what its sources say of it now, what a reminder would say, may goods go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import statement as to_state
from graph.types import vendors as to_vendors
from graph.types.basics import Info, Minor, Money, money, resolved
from graph.types.reminders import Reminder, reminder
from kit.errors import NotFound, Rejected
from ledger.domain.credit import OwnersWord, Reason
from ledger.queries.customers import GoodsByIds, SourcesByIds, TalkByIds
from ledger.queries.payables import VendorsByIds
from ledger.queries.profiles import KeptByIds
from ledger.queries.reminders import RemindersByIds
from ledger.queries.statement import Statement
from ledger.views.customers import GoodsView, Reported, SaidOf, SourceSays, TalkView, Word

MOST_KEPT = 50
Since = Annotated[date | None, strawberry.argument(description="From that day; null: from its beginning.")]
Until = Annotated[date | None, strawberry.argument(description="Until the end of that day; null: today.")]
Order = Annotated[
    Minor | None,
    strawberry.argument(description="The value of the order, in minor units, where it is known."),
]


@strawberry.type(description="What a member said or wrote.")
class SpokenWord:
    """A word."""

    id: strawberry.ID = strawberry.field(description="Pass it to withdrawDecision.")
    text: str = strawberry.field(
        description="A note's words; of a call what came of it: will_pay, no_answer, says_paid, dispute."
    )
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="Who.")
    note: str | None = strawberry.field(description="His remark.")


@strawberry.type(description="A promise as it was noted last.")
class Promise:
    """A promise."""

    id: strawberry.ID = strawberry.field(description="Pass it to withdrawDecision.")
    on: date = strawberry.field(description="The day.")
    amount: Money | None = strawberry.field(description="How much; null: all of it.")
    at: datetime = strawberry.field(description="When it was noted.")
    by: str = strawberry.field(description="By whom.")


@strawberry.type(description="That a reminder went out.")
class Reminded:
    """A reminder that was sent."""

    id: strawberry.ID = strawberry.field(description="Pass it to withdrawDecision.")
    amount: Money | None = strawberry.field(description="What it asked for.")
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="Who sent it.")


@strawberry.type(description="The owner's word on sending goods on credit.")
class GoodsWord:
    """A word."""

    may: bool = strawberry.field(description="Whether they may go.")
    on: date = strawberry.field(description="When he said so.")
    by: str = strawberry.field(description="Who said so.")
    up_to: Money | None = strawberry.field(description="Only for orders up to this; null: any.")
    note: str | None = strawberry.field(description="His remark.")


@strawberry.type(description="Money that a member says a customer paid, and nobody else has confirmed.")
class ReportedPayment:
    """A report."""

    id: strawberry.ID = strawberry.field(description="Pass it to confirmPayment.")
    party_id: strawberry.ID | None = strawberry.field(description="The customer.")
    party_name: str | None = strawberry.field(description="His name.")
    amount: Money = strawberry.field(description="How much.")
    method: str = strawberry.field(description="cash, cheque, upi or bank.")
    paid_on: date = strawberry.field(description="The day.")
    number: str | None = strawberry.field(description="The cheque's or transfer's number.")
    note: str | None = strawberry.field(description="A remark.")
    at: datetime = strawberry.field(description="When it was reported.")
    by: str = strawberry.field(description="By whom.")
    own: bool = strawberry.field(description="Whether the asker reported it: he can't confirm it.")


@strawberry.type(description="The last word of each kind that stands, said a moment ago or long since.")
class Talk:
    """What was said."""

    call: SpokenWord | None = strawberry.field(description="The last call.")
    note: SpokenWord | None = strawberry.field(description="The last note.")
    promise: Promise | None = strawberry.field(description="The last promise.")
    reminded: Reminded | None = strawberry.field(description="The last reminder that went out.")
    goods: GoodsWord | None = strawberry.field(description="The owner's word on goods.")
    reported: list[ReportedPayment] = strawberry.field(
        description="Reported and not confirmed, newest first, at most 5."
    )
    page_seen_at: datetime | None = strawberry.field(description="When he last looked at a pay page.")


@strawberry.type(description="One reason for or against sending goods.")
class GoodsReason:
    """A reason."""

    code: str = strawberry.field(
        description="held, released, over_limit, within_limit, no_limit, overdue, nothing_overdue, as_usual, "
        "promise_broken, promises_broken, cheque_returned or question."
    )
    weight: str = strawberry.field(description="What it says by itself: yes, ask or no.")
    amount: Money = strawberry.field(description="How much over the limit, left of it, or overdue.")
    limit: Money = strawberry.field(description="The limit, where it is about that; else 0.")
    days: int = strawberry.field(description="Days overdue, or promises broken.")
    usual: int | None = strawberry.field(description="Days that are usual of him, or promises given.")
    on: date | None = strawberry.field(description="The day of it.")


@strawberry.type(description="Whether goods may go to a customer on credit.")
class MayGoods:
    """The answer."""

    verdict: str = strawberry.field(description="yes, ask (the owner) or no.")
    reasons: list[GoodsReason] = strawberry.field(description="Those that decide come first.")
    word: GoodsWord | None = strawberry.field(description="The owner's word, where there is one.")


@strawberry.type(description="What a source says of one thing of a party.")
class SourceWord:
    """A word."""

    kind: str = strawberry.field(description="invoice, payable, receipt, payout, cheque, deal …")
    number: str | None = strawberry.field(description="Its number or reference.")
    word: str | None = strawberry.field(description="The source's own word for its state.")
    status: str | None = strawberry.field(description="Ours.")
    amount: Money | None = strawberry.field(description="Its amount there.")
    at: datetime | None = strawberry.field(description="When it said so.")
    url: str | None = strawberry.field(description="The record there.")


@strawberry.type(description="What one source says of a party now.")
class SourceStatement:
    """A source's word."""

    source: str = strawberry.field(description="The source.")
    label: str = strawberry.field(description="What people call it.")
    name: str | None = strawberry.field(description="What it calls the party.")
    url: str | None = strawberry.field(description="The party's record there.")
    count: int = strawberry.field(description="Of how many things it speaks.")
    latest: list[SourceWord] = strawberry.field(description="The latest three.")


@strawberry.type(description="A photo, voice note or file kept with a party.")
class Kept:
    """A thing."""

    id: strawberry.ID = strawberry.field(description="SHA-256 of its bytes.")
    media_type: str = strawberry.field(description="image/jpeg …")
    filename: str = strawberry.field(description="Its name.")
    text: str = strawberry.field(description="The words with it.")
    author: str = strawberry.field(description="Who kept it.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type
class PartySaid:
    """Fields of a party that say what was said, and what follows from it."""

    key: strawberry.Private[UUID]

    @resolved(
        "The last call, note, promise, reminder and word on goods, and money reported and not confirmed."
    )
    async def talk(self, info: Info) -> Talk:
        """Return what was said."""
        firm_currency = await _currency(info, self.key)
        return talk(await _of(info, self.key, TalkByIds), firm_currency)

    @resolved("Whether goods may go to it on credit, with the reasons.")
    async def may_goods_go(self, info: Info, order: Order = None) -> MayGoods:
        """Return the answer."""
        return may_goods(await _of(info, self.key, GoodsByIds, order))

    @resolved("What each source says of it now, in its own words, the latest first.")
    async def said_by_sources(self, info: Info) -> list[SourceStatement]:
        """Return the sources' words."""
        return [_says(one) for one in await _of(info, self.key, SourcesByIds)]

    @resolved("Photos, voice notes and files kept with it, newest first, at most 50.")
    async def kept(self, info: Info) -> list[Kept]:
        """Return the things."""
        return [
            Kept(
                id=strawberry.ID(one.id),
                media_type=one.media_type,
                filename=one.filename,
                text=one.text,
                author=one.author,
                at=one.at,
            )
            for one in await _of(info, self.key, KeptByIds, MOST_KEPT)
        ]

    @resolved("What a reminder would say now, and what speaks against it. Not for view-only members.")
    async def reminder(self, info: Info) -> Reminder | None:
        """Return the reminder."""
        return reminder(await _of(info, self.key, RemindersByIds))

    @resolved(
        "Its account in the form of a ledger: opening balance, entries, closing balance. A day in a closed period is "
        "answered as it was signed, unless knownAt is given."
    )
    async def statement(
        self,
        info: Info,
        since: Since = None,
        until: Until = None,
        known_at: Annotated[
            datetime | None,
            strawberry.argument(description="As it was known at that moment; needs an offset."),
        ] = None,
    ) -> to_state.Statement | None:
        """Return the account."""
        if known_at is not None and known_at.tzinfo is None:
            raise Rejected(
                "time.naive", "knownAt needs an offset.", remedy="Write 2026-11-20T09:00:00+05:30."
            )
        return to_state.statement(await info.context.ask(Statement(self.key, since, until, known_at)))

    @resolved("What is on its way to it, what it was paid, and by when the law wants it. Not for sales.")
    async def vendor(self, info: Info) -> to_vendors.Vendor | None:
        """Return what concerns it as a vendor."""
        return to_vendors.vendor(await _of(info, self.key, VendorsByIds))


async def _of(info: Info, key: UUID, question: Callable[..., Any], *fixed: Any) -> Any:
    """Return a question's answer for a party, asked for all that wait for theirs; NotFound where he sees no such party."""
    found = await info.context.by_ids(question, *fixed).load(key)
    if found is None:
        raise NotFound("party.not_found", "There is no such customer or vendor.")
    return found


async def _currency(info: Info, key: UUID) -> str:
    brief = await info.context.parties.load(key)
    if brief is None:
        raise NotFound("party.not_found", "There is no such customer or vendor.")
    return brief.currency


def _word(view: Word | None) -> SpokenWord | None:
    if view is None:
        return None
    return SpokenWord(id=strawberry.ID(str(view.id)), text=view.text, at=view.at, by=view.by, note=view.note)


def _goods(view: OwnersWord | None, currency: str) -> GoodsWord | None:
    if view is None:
        return None
    return GoodsWord(
        may=view.may,
        on=view.on,
        by=view.by,
        up_to=money(view.amount, currency) if view.amount is not None else None,
        note=view.note,
    )


def reported(view: Reported) -> ReportedPayment:
    """Return what was reported as its type."""
    return ReportedPayment(
        id=strawberry.ID(str(view.id)),
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        party_name=view.party_name,
        amount=money(view.amount, view.currency),
        method=view.method,
        paid_on=view.paid_on,
        number=view.number,
        note=view.note,
        at=view.at,
        by=view.by,
        own=view.own,
    )


def talk(view: TalkView, currency: str) -> Talk:
    """Return what was said as its type."""
    promise, reminded = view.promise, view.reminded
    asked = int(reminded.text) if reminded is not None and reminded.text.isdecimal() else None
    return Talk(
        call=_word(view.call),
        note=_word(view.note),
        promise=Promise(
            id=strawberry.ID(str(promise.id)),
            on=promise.on,
            amount=money(promise.amount, currency) if promise.amount is not None else None,
            at=promise.at,
            by=promise.by,
        )
        if promise is not None
        else None,
        reminded=Reminded(
            id=strawberry.ID(str(reminded.id)),
            amount=money(asked, currency) if asked is not None else None,
            at=reminded.at,
            by=reminded.by,
        )
        if reminded is not None
        else None,
        goods=_goods(view.goods, currency),
        reported=[reported(one) for one in view.reported],
        page_seen_at=view.page_seen_at,
    )


def may_goods(view: GoodsView) -> MayGoods:
    """Return the answer as its type."""
    currency = view.brief.currency
    return MayGoods(
        verdict=view.verdict,
        reasons=[_reason(one, currency) for one in view.reasons],
        word=_goods(view.word, currency),
    )


def _reason(view: Reason, currency: str) -> GoodsReason:
    return GoodsReason(
        code=view.code,
        weight=view.weight,
        amount=money(view.amount, currency),
        limit=money(view.other, currency),
        days=view.days,
        usual=view.usual,
        on=view.on,
    )


def _says(view: SourceSays) -> SourceStatement:
    return SourceStatement(
        source=view.source,
        label=view.label,
        name=view.name,
        url=view.url,
        count=view.count,
        latest=[_said(one) for one in view.latest],
    )


def _said(view: SaidOf) -> SourceWord:
    stated = money(view.amount, view.currency) if view.amount is not None and view.currency else None
    return SourceWord(
        kind=view.kind,
        number=view.number,
        word=view.word,
        status=view.status,
        amount=stated,
        at=view.at,
        url=view.url,
    )
