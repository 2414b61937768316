"""What is told of customers besides money, over GraphQL: promises, reminders, goods, what is kept, an adviser's word."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from graph.deciding import decided
from graph.ids import key_of
from graph.outcomes import ANSWERING, DECIDING, ReminderHeld, expecting
from graph.types import workflow as to
from graph.types.basics import Info, Minor, Money, money, plain, told
from graph.types.parties import Party, party
from graph.types.questions import Conflict, conflict
from graph.types.workflow import party_key
from ledger import queries
from ledger.commands import MakePromise
from ledger.commands.advice import AdviseOnConflict
from ledger.commands.attachments import AttachToParty
from ledger.commands.goods import HoldGoods, ReleaseGoods
from ledger.commands.reminders import LogReminder, PrepareReminder
from ledger.reminder_text import message_of
from ledger.views.reminders import PreparedReminder

Overruled = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Codes of what speaks against it, seen and overruled (promise, cheque …)."
    ),
]


@strawberry.type(description="A pay page for a customer, to be sent with a reminder.")
class PrepareReminderPayload:
    """The outcome."""

    party: Party = strawberry.field(description="The customer.")
    pay_page: str = strawberry.field(
        description="Its address, told here only; it names only his own account."
    )
    expires_at: datetime = strawberry.field(description="When the page ends.")
    asked: Money = strawberry.field(description="What he is asked for, less what he has on account.")
    kind: str = strawberry.field(description="late, grace (since yesterday) or not_due.")
    days: int = strawberry.field(description="How late the oldest of it is.")
    phone: str | None = strawberry.field(description="His number as WhatsApp wants it.")
    language: str = strawberry.field(description="The reminder's language.")
    text: str = strawberry.field(description="The message in that language, with the bills.")
    whatsapp: str | None = strawberry.field(
        description="Opens WhatsApp with the message (a shorter one where it would be too long); null: copy the text."
    )


@strawberry.type(description="Commands about customers besides their money.")
class CustomerMutations:
    """Fields of the root of commands."""

    @told("Note on which day a customer says he will pay; the latest word counts.")
    async def make_promise(
        self,
        info: Info,
        party_id: to.PartyId,
        on: Annotated[date, strawberry.argument(description="The day, from today to a year ahead.")],
        amount: Annotated[
            Minor | None, strawberry.argument(description="How much of it, in minor units; null: all.")
        ] = None,
    ) -> Party:
        """Note it."""
        card = await info.context.execute(MakePromise(party_key(party_id), on, amount))
        return party(card.brief)

    @told(
        "Make a pay page for a customer, to be sent with a reminder. Nothing is said in his history by it.",
        expecting(ReminderHeld),
    )
    async def prepare_reminder(
        self,
        info: Info,
        party_id: to.PartyId,
        language: Annotated[
            str | None, strawberry.argument(description="The reminder's; null: the one used last.")
        ] = None,
        overrule: Overruled = None,
    ) -> PrepareReminderPayload:
        """Make it."""
        command = PrepareReminder(party_key(party_id), plain(language), _codes(overrule))
        made: PreparedReminder = await info.context.execute(command)
        brief = await info.context.parties.load(made.view.party_id)
        assert brief is not None, "who was reminded is there"
        link = f"{info.context.public_url}/p/{made.key}"
        firm = await info.context.ask(queries.OwnBusiness())
        message = message_of(made, link, language=made.language, today=firm.today)
        return PrepareReminderPayload(
            party=party(brief),
            pay_page=link,
            expires_at=made.expires_at,
            asked=money(made.view.asked, made.view.currency),
            kind=made.view.kind,
            days=made.view.days,
            phone=made.view.phone,
            language=made.language,
            text=message.text,
            whatsapp=message.url or None,
        )

    @told("Note that a reminder went out; the same person's word counts once a day.")
    async def log_reminder(
        self, info: Info, party_id: to.PartyId, amount: to.Amount, overruled: Overruled = None
    ) -> to.Decision:
        """Note it."""
        return await decided(info, LogReminder(party_key(party_id), amount, _codes(overruled)))

    @told("Give no goods to a customer on credit until somebody says otherwise.", expecting(*DECIDING))
    async def hold_goods(
        self, info: Info, party_id: to.PartyId, note: to.NoteText = None, seen: to.Seen = None
    ) -> to.Decision:
        """Hold them."""
        return await decided(info, HoldGoods(party_key(party_id), plain(note), seen))

    @told("Let goods go to a customer, for a week.", expecting(*DECIDING))
    async def release_goods(
        self,
        info: Info,
        party_id: to.PartyId,
        up_to: Annotated[
            Minor | None, strawberry.argument(description="For one order of so much, in minor units.")
        ] = None,
        note: to.NoteText = None,
        seen: to.Seen = None,
    ) -> to.Decision:
        """Release them."""
        return await decided(info, ReleaseGoods(party_key(party_id), up_to, plain(note), seen))

    @told("Say that a kept photo or file belongs to a customer, as a note of his.", expecting(*DECIDING))
    async def attach_to_party(
        self,
        info: Info,
        party_id: to.PartyId,
        attachment: Annotated[str, strawberry.argument(description="Its name, as keepAttachment told it.")],
        text: Annotated[str, strawberry.argument(description="The caption, at most 500 characters.")] = "",
    ) -> to.Decision:
        """Attach it."""
        command = AttachToParty(party_key(party_id), plain(attachment) or "", plain(text) or "")
        return await decided(info, command)

    @told(
        "Say what one would answer to a question, for who may not answer; it answers nothing.",
        expecting(*ANSWERING),
    )
    async def advise_on_conflict(
        self,
        info: Info,
        conflict_id: to.ConflictId,
        text: Annotated[str, strawberry.argument(description="The word, at most 500 characters.")],
    ) -> Conflict:
        """Advise."""
        command = AdviseOnConflict(key_of("Conflict", conflict_id), plain(text) or "")
        return conflict(await info.context.execute(command))


def _codes(given: list[str] | None) -> tuple[str, ...]:
    return tuple(plain(one) or "" for one in given or ())
