"""What came of a call: will pay, no answer, says paid, disputes a bill; one tap each, and a word more where it helps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from bot import typed
from bot.cards.calls import (
    call_card,
    dispute_card,
    dispute_over_card,
    dispute_why_card,
    disputed_card,
    no_answer_card,
    promise_card,
    promise_part_card,
    promised_card,
    too_far_hint,
)
from bot.cards.card import Action
from bot.cards.customer import amount_hint, day_hint, hint_card
from bot.cards.paid import Form, ask_card
from bot.handlers.area import Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import NotFound, Stale
from ledger.commands import MakePromise
from ledger.commands.workflow import LogCall, RaiseDispute, SettleDispute
from ledger.domain.roles import Permission
from ledger.queries import InvoicesByIds
from ledger.views import InvoiceView
from ledger.views.workflow import DecisionView

_YEAR = timedelta(days=366)
_LONGEST_REASON = 200


class Calls(OfCustomer):
    """The scenes of talking with a customer."""

    decides = frozenset(
        {"call_said", "promised", "promise_words", "promise_part_words", "disputed", "dispute_words", "dispute_over"}
    )  # fmt: skip

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "call": self._call,
            "call_said": self._said,
            "promise": self._promise,
            "promised": self._promised,
            "promise_part": self._part,
            "dispute_why": self._why,
            "disputed": self._disputed,
            "dispute_over": self._over,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes a typed day, amount or reason."""
        return {
            "promise_words": self._day_typed,
            "promise_part_words": self._part_typed,
            "dispute_words": self._reason_typed,
        }

    @needs(Permission.REPORT)
    async def _call(self, visitor: Visitor, action: Action) -> Reply:
        brief, talk = await self.brief(visitor, action), await self.talk(visitor, action)
        return Reply(edit=call_card(brief, talk, self.to(visitor)))

    @needs(Permission.REPORT)
    async def _said(self, visitor: Visitor, action: Action) -> Reply:
        made: DecisionView = await self.say(visitor, LogCall(UUID(action["party"]), action["outcome"]))
        to = self.to(visitor)
        match action["outcome"]:
            case "says_paid":
                form = Form(party=action["party"], method="bank", claim=True)
                card = ask_card(form, await self.in_full(visitor, action), (), to)
                return Reply(edit=card, expect=form.action("paid_words"), toast=to.label("Noted: says paid."))
            case "dispute":
                card = dispute_card(await self.in_full(visitor, action), to)
                return Reply(edit=card, toast=to.label("Noted: a dispute."))
            case _:
                return Reply(edit=no_answer_card(await self.brief(visitor, action), made.id, to))

    @needs(Permission.REPORT)
    async def _promise(self, visitor: Visitor, action: Action) -> Reply:
        brief, call = await self.brief(visitor, action), bool(action.get("call"))
        expect = {"do": "promise_words", "party": action["party"], **({"call": True} if call else {})}
        return Reply(edit=promise_card(brief, self.to(visitor), call=call), expect=expect)

    @needs(Permission.REPORT)
    async def _promised(self, visitor: Visitor, action: Action) -> Reply:
        return await self._keep(visitor, action, date.fromisoformat(action["on"]), action.get("amount"))

    async def _keep(
        self, visitor: Visitor, action: Action, on: date, amount: int | None, *, in_place: bool = True
    ) -> Reply:
        """Note a promise, and the call that it came of; the last word counts."""
        party = UUID(action["party"])
        if action.get("call"):
            await self.say(visitor, LogCall(party, "will_pay", promised_on=on))
        if amount is not None or not action.get("call"):
            await self.say(visitor, MakePromise(party, on, amount))
        brief, talk = await self.brief(visitor, action), await self.talk(visitor, action)
        decision = talk.promise.id if talk.promise is not None and talk.promise.on == on else None
        card = promised_card(brief, on, amount, decision, self.to(visitor))
        return Reply(edit=card) if in_place else Reply(cards=(card,))

    @needs(Permission.REPORT)
    async def _day_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        to, brief = self.to(visitor), await self.brief(visitor, action)
        on, rupees = typed.day_and_amount(text, to.today)
        if on is None:
            return Reply(cards=(hint_card(brief, day_hint(to), to),), expect=action, unknown=True)
        if not to.today <= on <= to.today + _YEAR:
            return Reply(cards=(hint_card(brief, too_far_hint(to), to),), expect=action, unknown=True)
        amount = typed.in_minor(rupees, brief.currency) if rupees is not None else None
        return await self._keep(visitor, action, on, amount, in_place=False)

    @needs(Permission.REPORT)
    async def _part(self, visitor: Visitor, action: Action) -> Reply:
        view = await self.in_full(visitor, action)
        expect = {"do": "promise_part_words", "party": action["party"], "on": action["on"]}
        return Reply(edit=promise_part_card(view, action["on"], self.to(visitor)), expect=expect)

    @needs(Permission.REPORT)
    async def _part_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        to, brief = self.to(visitor), await self.brief(visitor, action)
        amount = typed.minor(text, brief.currency)
        if amount is None:
            return Reply(cards=(hint_card(brief, amount_hint(to), to),), expect=action, unknown=True)
        return await self._keep(visitor, action, date.fromisoformat(action["on"]), amount, in_place=False)

    @needs(Permission.REPORT)
    async def _why(self, visitor: Visitor, action: Action) -> Reply:
        bill = await self._bill(visitor, action)
        expect = {"do": "dispute_words", "party": action["party"], "bill": action["bill"]}
        return Reply(edit=dispute_why_card(bill, self.to(visitor)), expect=expect)

    @needs(Permission.REPORT)
    async def _disputed(self, visitor: Visitor, action: Action) -> Reply:
        return await self._raise(visitor, action, action["reason"], in_place=True)

    @needs(Permission.REPORT)
    async def _reason_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        reason = clean(text)[:_LONGEST_REASON].strip()
        if not reason:
            card = dispute_why_card(await self._bill(visitor, action), self.to(visitor))
            return Reply(cards=(card,), expect=action)
        return await self._raise(visitor, action, reason, in_place=False)

    async def _raise(self, visitor: Visitor, action: Action, reason: str, *, in_place: bool) -> Reply:
        to, bill = self.to(visitor), await self._bill(visitor, action)
        try:
            made: DecisionView = await self.say(visitor, RaiseDispute(bill.id, reason))
        except Stale:
            return Reply(toast=to.label("It is disputed already."))
        card = disputed_card(bill, await self.brief(visitor, action), reason, made.id, to)
        return Reply(edit=card) if in_place else Reply(cards=(card,))

    @needs(Permission.ANSWER)
    async def _over(self, visitor: Visitor, action: Action) -> Reply:
        to, bill = self.to(visitor), await self._bill(visitor, action)
        try:
            made: DecisionView = await self.say(visitor, SettleDispute(bill.id))
        except Stale:
            return Reply(toast=to.label("It is settled already."))
        return Reply(edit=dispute_over_card(bill, await self.brief(visitor, action), made.id, to))

    async def _bill(self, visitor: Visitor, action: Action) -> InvoiceView:
        bill = UUID(action["bill"])
        found: dict[UUID, InvoiceView] = await self.door.query(InvoicesByIds((bill,)), visitor.actor)
        if bill not in found:
            raise NotFound("invoice.not_found", "There is no such bill.")
        return found[bill]
