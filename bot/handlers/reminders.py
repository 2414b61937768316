"""Taps of reminding: one customer or all who are late, the language, the word that it went out, and how they shall pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from bot.cards.card import Action
from bot.cards.party import not_found_card
from bot.cards.pay_details import FIELDS, pay_ask_card, pay_details_card
from bot.cards.reminders import (
    Round,
    Turned,
    copy_card,
    done_card,
    held_card,
    nobody_card,
    reminded_card,
    reminder_card,
    which_card,
)
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean, spoken
from kit.errors import NotFound, Rejected
from kit.settings import settings
from ledger.commands.reminders import LogReminder, PrepareReminder, SetPaymentDetails
from ledger.domain.roles import Permission
from ledger.queries import FindParty
from ledger.queries.reminders import LateCustomers, PaymentDetails, ReminderFor
from ledger.reminder_text import Message, message_of
from ledger.views import PartyBrief
from ledger.views.reminders import PaymentDetailsView, PreparedReminder, ReminderView

_LONGEST_NAME = 80


class Reminders(Area):
    """The scenes of reminders."""

    commands = (
        Command("remind", {"do": "remind_all"}, "Remind all who are late"),
        Command("pay", {"do": "pay_details"}, "How customers pay me"),
    )
    decides = frozenset({"reminded"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "remind": self._remind,
            "remind_copy": self._copy,
            "reminded": self._reminded,
            "remind_all": self._all,
            "remind_next": self._next,
            "remind_end": self._end,
            "pay_details": self._details,
            "pay_ask": self._ask,
            "pay_set": self._set,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the words that were asked for."""
        return {"pay_typed": self._typed}

    # ---- one customer ----------------------------------------------------------------------------------
    async def _remind(self, visitor: Visitor, action: Action) -> Reply:
        party, turned = UUID(action["party"]), _turned(action)
        view: ReminderView = await self.door.query(ReminderFor(party), visitor.actor)
        to = visitor.audience(self.door.clock())
        if view.against(turned.overrule):
            return Reply(edit=held_card(view, turned, to, opened=bool(action.get("why"))))
        first = turned.round is None or turned.round.at == 0
        if first and not (view.pay.payable or action.get("without")) and to.may(Permission.ADMINISTER):
            return self._asking("upi_id", view.pay, view.firm, action, visitor)
        command = PrepareReminder(party, language=action.get("lang"), overrule=turned.overrule)
        made: PreparedReminder = await self.door.execute(command, visitor.actor)
        return Reply(edit=reminder_card(made, self._message(made, visitor), turned, to))

    def _message(self, made: PreparedReminder, visitor: Visitor) -> Message:
        today = visitor.audience(self.door.clock()).today
        link = f"{settings().public_url.rstrip('/')}/p/{made.key}"
        return message_of(made, link, language=spoken(made.language), today=today)

    async def _copy(self, visitor: Visitor, action: Action) -> Reply:
        """The whole text by itself; with a page of its own, for the key of the first is nowhere kept."""
        command = PrepareReminder(UUID(action["party"]), action.get("lang"), _turned(action).overrule)
        made: PreparedReminder = await self.door.execute(command, visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(cards=(copy_card(self._message(made, visitor), to),))

    async def _reminded(self, visitor: Visitor, action: Action) -> Reply:
        party, turned = UUID(action["party"]), _turned(action)
        view: ReminderView = await self.door.query(ReminderFor(party), visitor.actor)
        held = {hold.code for hold in view.holds}
        overruled = tuple(code for code in turned.overrule if code in held)
        command = LogReminder(party, action["amount"], overruled)
        made = await self.door.execute(command, visitor.actor)
        card = reminded_card(view, made, visitor.audience(self.door.clock()))
        if turned.round is None:
            return Reply(edit=card)
        onward = await self._turn(visitor, turned.round.further(sent=1))
        return replace(onward, edit=card, cards=(onward.edit,) if onward.edit is not None else ())

    # ---- all who are late ------------------------------------------------------------------------------
    async def _all(self, visitor: Visitor, action: Action) -> Reply:
        if action.get("text"):
            return await self._named(visitor, action["text"])
        overrule = tuple(action.get("overrule", ()))
        found = await self.door.query(LateCustomers(overrule=overrule), visitor.actor)
        if not found.rows:
            card = nobody_card(found, visitor.audience(self.door.clock()))
            return Reply(edit=card) if overrule else Reply(cards=(card,))
        parties = tuple(row.party_id.hex for row in found.rows)
        reply = await self._turn(visitor, Round(parties, overrule=overrule))
        return reply if overrule else replace(reply, edit=None, cards=(reply.edit,) if reply.edit else ())

    async def _next(self, visitor: Visitor, action: Action) -> Reply:
        round_ = Round.of(action)
        assert round_ is not None
        return await self._turn(visitor, round_)

    async def _end(self, visitor: Visitor, action: Action) -> Reply:
        round_ = Round.of(action)
        assert round_ is not None
        found = await self.door.query(LateCustomers(overrule=round_.overrule), visitor.actor)
        return Reply(edit=done_card(round_, found, visitor.audience(self.door.clock())))

    async def _turn(self, visitor: Visitor, round_: Round) -> Reply:
        """Show the next of a round who may still be reminded; what came up meanwhile holds him back."""
        while round_.at < len(round_.parties):
            party = round_.parties[round_.at]
            try:
                view: ReminderView = await self.door.query(ReminderFor(UUID(party)), visitor.actor)
            except NotFound:  # joined with another since the round began
                round_ = round_.further()
                continue
            if not view.against(round_.overrule):
                turned = Turned(round_.overrule, round_)
                return await self._remind(visitor, turned.action("remind", str(view.party_id)))
            round_ = round_.further()
        return await self._end(visitor, {"round": round_.stored()})

    async def _named(self, visitor: Visitor, text: str) -> Reply:
        """Remind whom a name behind the command means."""
        wanted, to = clean(text)[:_LONGEST_NAME], visitor.audience(self.door.clock())
        found: tuple[PartyBrief, ...] = await self.door.query(FindParty(wanted, limit=5), visitor.actor)
        if not found:
            return Reply(cards=(not_found_card(wanted, to),))
        exact = [one for one in found if clean(one.name).casefold() == wanted.casefold()]
        if len(found) == 1 or len(exact) == 1:
            return await self._remind(visitor, {"party": str((exact or list(found))[0].id)})
        return Reply(cards=(which_card(tuple((str(one.id), one.name) for one in found), to),))

    # ---- how they pay ----------------------------------------------------------------------------------
    async def _details(self, visitor: Visitor, action: Action) -> Reply:
        view: PaymentDetailsView = await self.door.query(PaymentDetails(), visitor.actor)
        card = pay_details_card(view, visitor.audience(self.door.clock()))
        return Reply(edit=card) if action.get("inplace") else Reply(cards=(card,))

    async def _ask(self, visitor: Visitor, action: Action) -> Reply:
        view: PaymentDetailsView = await self.door.query(PaymentDetails(), visitor.actor)
        firm = visitor.member.business_name
        return self._asking(action["field"], view, firm, action.get("then"), visitor)

    def _asking(
        self,
        field: str,
        view: PaymentDetailsView,
        firm: str,
        then: Action | None,
        visitor: Visitor,
        *,
        wrong: str = "",
    ) -> Reply:
        """Ask for one part of the payment details, and wait for it in words too."""
        onward = {name: value for name, value in then.items() if name != "without"} if then else None
        if onward is not None:
            onward["do"] = "remind"
        card = pay_ask_card(field, view, firm, onward, visitor.audience(self.door.clock()), wrong=wrong)
        return Reply(edit=card, expect={"do": "pay_typed", "field": field, "then": onward})

    async def _set(self, visitor: Visitor, action: Action) -> Reply:
        view: PaymentDetailsView = await self.door.execute(
            SetPaymentDetails(**action["given"]), visitor.actor
        )
        return await self._after(visitor, view, tuple(action["given"]), action.get("then"))

    async def _typed(self, visitor: Visitor, expected: Action, text: str) -> Reply | None:
        field, words = expected["field"], clean(text)
        if field not in FIELDS or not _answers(field, words):
            return None
        given: dict[str, Any] = {field: words}
        try:
            view: PaymentDetailsView = await self.door.execute(SetPaymentDetails(**given), visitor.actor)
        except Rejected:
            known: PaymentDetailsView = await self.door.query(PaymentDetails(), visitor.actor)
            firm = visitor.member.business_name
            return self._asking(field, known, firm, expected.get("then"), visitor, wrong=words)
        return await self._after(visitor, view, (field,), expected.get("then"))

    async def _after(
        self, visitor: Visitor, view: PaymentDetailsView, given: tuple[str, ...], then: Action | None
    ) -> Reply:
        """Go on to what an account needs besides, to the reminder that waits, or back to all details."""
        if "account" in given and view.account and not view.ifsc:
            return self._asking("ifsc", view, visitor.member.business_name, then, visitor)
        if then is not None:
            return await self._remind(visitor, then)
        return Reply(edit=pay_details_card(view, visitor.audience(self.door.clock())))


def _turned(action: Action) -> Turned:
    return Turned(tuple(action.get("overrule", ())), Round.of(action))


def _answers(field: str, words: str) -> bool:
    """Whether words can be meant as an answer; else they are a question of their own."""
    digits = sum(letter.isdigit() for letter in words)
    match field:
        case "upi_id":
            return "@" in words or (len(words.split()) == 1 and digits > 0)
        case "account" | "phone":
            return digits >= 6
        case "ifsc":
            return 4 <= len(words.replace(" ", "")) <= 16 and digits > 0
        case _:
            return bool(words) and "?" not in words
