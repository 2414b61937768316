"""What went on lately: replays, files, messages to a member, and how the day went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import strawberry

from graph.ids import global_id
from graph.types.basics import Counted, Money, PageInfo, money, page_info
from ledger.queries import firm as ask
from ledger.views import firm as views
from ledger.views.mornings import CameView, EveningView, PromisedView


@strawberry.type(description="How often something was counted.")
class Tally:
    """A count."""

    name: str = strawberry.field(description="What was counted.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="A reading of the log made anew.")
class Replay:
    """A replay."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    status: str = strawberry.field(description="running, done or stopped.")
    source: str = strawberry.field(
        description="Which source was read again (a family if it ends with a colon); empty: all."
    )
    event_type: str = strawberry.field(description="Only events of this type; empty: all.")
    since: datetime | None = strawberry.field(description="Only deliveries received from then on.")
    until: datetime | None = strawberry.field(description="Only those received before.")
    quarantine: bool = strawberry.field(description="Only what couldn't be read before.")
    counts: list[Tally] = strawberry.field(description="What it did.")
    started_by: str = strawberry.field(description="Who began it.")
    started_at: datetime = strawberry.field(description="When.")
    changed_at: datetime = strawberry.field(description="When it last moved.")


@strawberry.type(description="A replay on a page.")
class ReplayEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this replay.")
    node: Replay = strawberry.field(description="The replay.")


@strawberry.type(description="A page of replays, newest first.")
class ReplayConnection(Counted):
    """A connection."""

    edges: list[ReplayEdge] = strawberry.field(description="The replays with their cursors.")
    nodes: list[Replay] = strawberry.field(description="The replays.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="A file that somebody sent to a chat.")
class SentFile:
    """A file."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    filename: str = strawberry.field(description="Its name.")
    source: str | None = strawberry.field(description="As which source it was read.")
    status: str = strawberry.field(description="reading, derived (it is in the log), told or refused.")
    sent_by: str | None = strawberry.field(description="Who sent it.")
    taken_at: datetime = strawberry.field(description="When.")
    changed_at: datetime = strawberry.field(description="When it last moved.")
    counts: list[Tally] = strawberry.field(description="What was read of it.")


@strawberry.type(description="A file on a page.")
class SentFileEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this file.")
    node: SentFile = strawberry.field(description="The file.")


@strawberry.type(description="A page of files, newest first.")
class SentFileConnection(Counted):
    """A connection."""

    edges: list[SentFileEdge] = strawberry.field(description="The files with their cursors.")
    nodes: list[SentFile] = strawberry.field(description="The files.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="What Munshi told the member by itself.")
class Message:
    """A message."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    kind: str = strawberry.field(description="digest (morning and evening) or alert.")
    status: str = strawberry.field(description="queued, sending, sent or failed.")
    text: str = strawberry.field(description="Its words, without markup.")
    queued_at: datetime = strawberry.field(description="When it was written.")
    sent_at: datetime | None = strawberry.field(description="When it went out.")


@strawberry.type(description="A message on a page.")
class MessageEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this message.")
    node: Message = strawberry.field(description="The message.")


@strawberry.type(description="A page of messages, newest first.")
class MessageConnection(Counted):
    """A connection."""

    edges: list[MessageEdge] = strawberry.field(description="The messages with their cursors.")
    nodes: list[Message] = strawberry.field(description="The messages.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="Money that came from one payer in a day.")
class CameToday:
    """Money."""

    party_id: strawberry.ID | None = strawberry.field(description="The payer, where he is known.")
    name: str | None = strawberry.field(description="His name.")
    amount: Money = strawberry.field(description="How much.")
    left: Money | None = strawberry.field(description="What he owes after it; null: nobody knows who he is.")


@strawberry.type(description="What a customer promised for a day.")
class PromisedFor:
    """A promise."""

    party_id: strawberry.ID = strawberry.field(description="The customer.")
    name: str = strawberry.field(description="His name.")
    amount: Money = strawberry.field(description="What he named, else all that he owes.")


@strawberry.type(description="What goes on a day.")
class GoesOut:
    """A payment of ours."""

    name: str = strawberry.field(description="To whom, or what for.")
    amount: Money = strawberry.field(description="How much.")
    about: bool = strawberry.field(description="Whether that is an estimate.")


@strawberry.type(description="A customer's cheque that can be deposited.")
class ChequeToDeposit:
    """A cheque."""

    number: str = strawberry.field(description="Its number.")
    name: str | None = strawberry.field(description="Whose it is.")
    amount: Money = strawberry.field(description="Its amount.")


@strawberry.type(description="How the day went and what tomorrow needs, as far as the member may see it.")
class Evening:
    """The close of a day."""

    today: date = strawberry.field(description="The day.")
    tomorrow: date = strawberry.field(description="The next working day.")
    came: list[CameToday] = strawberry.field(description="Who paid today, the largest first.")
    came_total: Money = strawberry.field(description="What came in all.")
    came_more: int = strawberry.field(description="How many further payers.")
    missed: list[PromisedFor] = strawberry.field(description="Who promised to pay today and didn't.")
    promised: list[PromisedFor] = strawberry.field(description="Who promised for tomorrow.")
    pay: list[GoesOut] = strawberry.field(description="What goes by tomorrow, the largest first.")
    pay_total: Money = strawberry.field(description="What goes in all.")
    pay_more: int = strawberry.field(description="How many further ones.")
    cheques: list[ChequeToDeposit] = strawberry.field(
        description="Cheques in hand that the bank takes tomorrow."
    )
    questions: int = strawberry.field(description="How many questions wait for the member's answer.")
    bank_until: date | None = strawberry.field(
        description="The day till which the stalest bank is known; null: no bank, or not for him."
    )


def _tallies(counts: Mapping[str, int]) -> list[Tally]:
    return [Tally(name=name, count=number) for name, number in counts.items()]


def replays(page: views.ReplayPage, question: ask.Replays) -> ReplayConnection:
    """Return a page of replays."""
    nodes = [
        Replay(
            id=strawberry.ID(str(row.id)),
            status=row.status,
            source=row.source,
            event_type=row.event_type,
            since=row.since,
            until=row.until,
            quarantine=row.quarantine,
            counts=_tallies(row.counts),
            started_by=row.started_by,
            started_at=row.started_at,
            changed_at=row.changed_at,
        )
        for row in page.rows
    ]
    return ReplayConnection(
        question=question,
        edges=[ReplayEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


def sent_files(page: views.SentFilePage, question: ask.SentFiles) -> SentFileConnection:
    """Return a page of files."""
    nodes = [
        SentFile(
            id=strawberry.ID(str(row.id)),
            filename=row.filename,
            source=row.source,
            status=row.status,
            sent_by=row.sent_by,
            taken_at=row.taken_at,
            changed_at=row.changed_at,
            counts=_tallies(row.counts),
        )
        for row in page.rows
    ]
    return SentFileConnection(
        question=question,
        edges=[SentFileEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


def told(page: views.ToldPage, question: ask.ToldMe) -> MessageConnection:
    """Return a page of messages."""
    nodes = [
        Message(
            id=strawberry.ID(str(row.id)),
            kind=row.kind,
            status=row.status,
            text=row.text,
            queued_at=row.queued_at,
            sent_at=row.sent_at,
        )
        for row in page.rows
    ]
    return MessageConnection(
        question=question,
        edges=[MessageEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


def evening(view: EveningView) -> Evening:
    """Return the close of a day as its type."""

    def paise(amount: int) -> Money:
        return money(amount, view.currency)

    return Evening(
        today=view.today,
        tomorrow=view.tomorrow,
        came=[_came(one, view.currency) for one in view.came],
        came_total=paise(view.came_total),
        came_more=view.came_more,
        missed=[_promised(one, view.currency) for one in view.missed],
        promised=[_promised(one, view.currency) for one in view.promised],
        pay=[GoesOut(name=one.name, amount=paise(one.amount), about=one.about) for one in view.pay],
        pay_total=paise(view.pay_total),
        pay_more=view.pay_more,
        cheques=[
            ChequeToDeposit(number=one.number, name=one.name, amount=paise(one.amount))
            for one in view.cheques
        ],
        questions=view.questions,
        bank_until=view.bank_until,
    )


def _came(view: CameView, currency: str) -> CameToday:
    return CameToday(
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        name=view.name,
        amount=money(view.amount, currency),
        left=money(view.left, currency) if view.left is not None else None,
    )


def _promised(view: PromisedView, currency: str) -> PromisedFor:
    return PromisedFor(
        party_id=global_id("Party", view.party_id), name=view.name, amount=money(view.amount, currency)
    )
