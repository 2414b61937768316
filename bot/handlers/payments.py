"""“Paid”: a customer's payment is asked for bit by bit, shown once more, saved; and confirmed by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from bot import typed
from bot.cards.card import Action
from bot.cards.customer import hint_card, undo_button
from bot.cards.paid import (
    Form,
    another_card,
    ask_card,
    cash_warning_card,
    confirm_card,
    off_day_hint,
    saved_card,
    slot_hint,
)
from bot.cards.reported import here_card, reported_card
from bot.handlers.area import Command, Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import NotFound, Rejected, Stale
from ledger.commands.workflow import ConfirmPayment, ReceiveCheque, ReplaceCheque, ReportPayment
from ledger.domain.cash.limits import cash_limit
from ledger.domain.roles import Permission
from ledger.queries.customers import ReportedPayments
from ledger.views import PartyBrief
from ledger.views.customers import Reported
from ledger.views.workflow import DecisionView

_YEAR = timedelta(days=366)
_LONGEST_BANK = 40
_TOO_MUCH_CASH = "cash.needs_acknowledgement"


class Payments(OfCustomer):
    """The scenes of money that came."""

    commands = (Command("confirm", {"do": "reported"}, "Money that was reported: is it here"),)
    decides = frozenset({"paid_save", "money_here"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "paid": self._paid,
            "paid_save": self._save,
            "reported": self._reported,
            "money_here": self._here,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes a typed amount, day, number or bank."""
        return {"paid_words": self._words}

    @needs(Permission.REPORT)
    async def _paid(self, visitor: Visitor, action: Action) -> Reply:
        return await self._next(visitor, Form.of(action), in_place=True)

    async def _next(self, visitor: Visitor, form: Form, *, in_place: bool) -> Reply:
        """Ask for what is missing; when nothing is, show all of it."""
        to = self.to(visitor)
        if form.asks is None:
            card = confirm_card(form, await self.brief(visitor, {"party": form.party}), to)
            return Reply(edit=card) if in_place else Reply(cards=(card,))
        view = await self.in_full(visitor, {"party": form.party})
        banks = dict.fromkeys(cheque.bank for cheque in view.cheques if cheque.bank)
        card = ask_card(form, view, tuple(banks), to)
        expect = form.action("paid_words") if form.method is not None else None
        return Reply(edit=card, expect=expect) if in_place else Reply(cards=(card,), expect=expect)

    @needs(Permission.REPORT)
    async def _words(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        """Take what was typed for the open question, or say kindly how it is typed and go on waiting."""
        form, to = Form.of(action), self.to(visitor)
        brief = await self.brief(visitor, action)
        answered = _answered(form, text, to.today, brief.currency)
        if isinstance(answered, Form):
            return await self._next(visitor, answered, in_place=False)
        hint = off_day_hint(form, to) if answered == "off" else slot_hint(form, to)
        return Reply(cards=(hint_card(brief, hint, to),), expect=action, unknown=True)

    @needs(Permission.REPORT)
    async def _save(self, visitor: Visitor, action: Action) -> Reply:
        form, to = Form.of(action), self.to(visitor)
        if form.asks is not None or form.amount is None:
            return await self._next(visitor, form, in_place=True)
        brief = await self.brief(visitor, action)
        if form.method == "cheque":
            return await self._take_cheque(visitor, form, brief)
        assert form.method is not None
        assert form.on is not None
        command = ReportPayment(
            party_id=brief.id,
            amount=form.amount,
            method=form.method,
            paid_on=date.fromisoformat(form.on),
            number=form.number or None,
            invoice_ids=(UUID(form.bill),) if form.bill else (),
            note=to.label("another payment of the day ({n})", n=form.again + 1) if form.again else None,
            acknowledged=bool(action.get("acknowledged")),
        )
        try:
            made: DecisionView = await self.say(visitor, command)
        except Rejected as refused:
            limit = cash_limit(command.paid_on)
            if refused.code != _TOO_MUCH_CASH or limit is None:
                raise
            anyway = {**action, "do": "paid_save"}
            return Reply(edit=cash_warning_card(limit, form.amount, brief, anyway, form.party, to))
        except Stale:
            return await self._known(visitor, form, brief, action)
        return Reply(edit=saved_card(form, brief, made.id, to))

    async def _known(self, visitor: Visitor, form: Form, brief: PartyBrief, action: Action) -> Reply:
        """The same payment is entered: by this very button (a double tap), or before, and it may be another one."""
        to = self.to(visitor)
        talk = await self.talk(visitor, action)
        alike = [
            one
            for one in talk.reported
            if (one.amount, one.method, one.paid_on.isoformat()) == (form.amount, form.method, form.on)
        ]
        if not alike:
            return Reply(edit=saved_card(form, brief, None, to, known=True))
        asked = datetime.fromisoformat(action["at"])
        if alike[0].own and alike[0].at >= asked:
            return Reply(edit=saved_card(form, brief, alike[0].id, to))
        return Reply(edit=another_card(form, brief, alike[0], to))

    async def _take_cheque(self, visitor: Visitor, form: Form, brief: PartyBrief) -> Reply:
        to = self.to(visitor)
        assert form.amount is not None
        assert form.dated is not None
        number, dated, bank = form.number or "", date.fromisoformat(form.dated), form.bank or None
        try:
            if form.replaces:
                command: ReplaceCheque | ReceiveCheque = ReplaceCheque(
                    UUID(form.replaces), number, form.amount, dated, bank
                )
            else:
                bills = (UUID(form.bill),) if form.bill else ()
                command = ReceiveCheque(brief.id, number, form.amount, dated, bank, bills)
            made: DecisionView = await self.say(visitor, command)
        except Stale as known:
            if known.code != "cheque.known":
                raise
            return Reply(toast=to.label("This cheque is entered already."))
        return Reply(edit=saved_card(form, brief, made.id, to))

    async def _reported(self, visitor: Visitor, action: Action) -> Reply:
        rows = await self._waiting(visitor)
        card = reported_card(rows, self.to(visitor), may_confirm=visitor.actor.may(Permission.ANSWER))
        return Reply(edit=card) if action.get("inplace") else Reply(cards=(card,))

    async def _waiting(self, visitor: Visitor) -> tuple[Reported, ...]:
        rows: tuple[Reported, ...] = await self.door.query(ReportedPayments(), visitor.actor)
        return rows

    @needs(Permission.ANSWER)
    async def _here(self, visitor: Visitor, action: Action) -> Reply:
        """Confirm one; a second tap, or a colleague who was first, is told so."""
        to, payment = self.to(visitor), UUID(action["payment"])
        rows = await self._waiting(visitor)
        one = next((row for row in rows if row.id == payment), None)
        rest = tuple(row for row in rows if row.id != payment)
        command = ConfirmPayment(payment, acknowledged=bool(action.get("acknowledged")))
        try:
            await self.say(visitor, command)
        except Rejected as refused:
            limit = cash_limit(one.paid_on) if one is not None else None
            if refused.code != _TOO_MUCH_CASH or limit is None or one is None:
                raise
            brief = await self.brief(visitor, {"party": str(one.party_id)})
            return Reply(edit=cash_warning_card(limit, one.amount, brief, action, str(brief.id), to))
        except Stale:
            card = reported_card(rest, to, may_confirm=True)
            return Reply(edit=card, toast=to.label("It is confirmed or taken back already."))
        if one is None:
            raise NotFound("payment.not_found", "There is no such reported payment.")
        left = sum(1 for row in rest if not row.own and row.method != "cheque")
        undo = undo_button(payment, str(one.party_id or ""), to)
        return Reply(edit=here_card(one, undo, left, to))


def _answered(form: Form, text: str, today: date, currency: str) -> Form | str | None:
    """Return the form with what was typed; None where it is no answer, `off` where the day can't be."""
    match form.asks:
        case "amount":
            minor = typed.minor(text, currency)
            return replace(form, amount=minor) if minor is not None else None
        case "on":
            day = typed.day(text, today, meant=typed.BEHIND)
            if day is None:
                return None
            return replace(form, on=day.isoformat()) if today - _YEAR <= day <= today else "off"
        case "dated":
            day = typed.day(text, today, meant=typed.NEAR)
            if day is None:
                return None
            return replace(form, dated=day.isoformat()) if abs(day - today) <= _YEAR else "off"
        case "number" if form.method == "cheque":
            number = typed.cheque_number(text)
            return replace(form, number=number) if number is not None else None
        case "number":
            found = typed.utr(text)
            if found is None:
                return None
            by_upi = form.claim and found.isdigit()
            return replace(form, number=found, method="upi" if by_upi else form.method)
        case "bank":
            bank = clean(text)[:_LONGEST_BANK].strip()
            return replace(form, bank=bank) if any(letter.isalpha() for letter in bank) else None
        case _:
            return None
