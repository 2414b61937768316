"""A customer's forwarded “paid”: looked up in the bank, asked whose it is, and watched for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from bot.cards.card import Action
from bot.cards.claims import (
    already_card,
    ask_name_card,
    known_card,
    maybe_same_card,
    no_claim_card,
    watch_card,
    whose_claim_card,
)
from bot.cards.paid import Form
from bot.forwarded import PaidMessage, paid_message
from bot.handlers.area import Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from ledger.domain.roles import Permission
from ledger.queries import FindBills, FindParty, PartiesByIds
from ledger.queries.first_run import LookedAt
from ledger.queries.money import FindMoney
from ledger.views import InvoiceView, PartyBrief
from ledger.views.money import MoneyFound

_CHOICES = 5
_LONGEST_NAME = 60
_LATELY = timedelta(days=7)
_CARRIED = ("amount", "number", "method", "on", "payer", "currency")


class Claims(OfCustomer):
    """The scenes of a message that says that money was sent."""

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "claim_text": self._text,
            "claim": self._claim,
            "claim_other": self._other,
            "claim_known": self._known,
            "claim_none": self._none,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the name of who paid."""
        return {"claim_name": self._named}

    @needs(Permission.REPORT)
    async def _text(self, visitor: Visitor, action: Action) -> Reply:
        """Read a forwarded message; `text` is one that `paid_message` understands."""
        to = self.to(visitor)
        message = paid_message(str(action["text"]), today=to.today)
        if message is None:
            return Reply(lead={"do": "find", "text": action["text"]})
        if message.number is not None:
            found: tuple[MoneyFound, ...] = await self.door.query(
                FindMoney(reference=message.number), visitor.actor
            )
            if came := [one for one in found if not one.out]:
                return Reply(cards=(already_card(came, to),))
        claim = _carried(message)
        parties, sure = await self._who(visitor, message)
        if sure and parties:
            return await self._watched(visitor, parties[0], claim)
        return Reply(cards=(whose_claim_card(claim, parties, to),), expect={**claim, "do": "claim_name"})

    async def _who(self, visitor: Visitor, message: PaidMessage) -> tuple[list[PartyBrief], bool]:
        """Return who may have paid, the likeliest first, and whether the message leaves no doubt."""
        named: tuple[PartyBrief, ...] = ()
        if message.payer:
            named = await self._called(visitor, message.payer)
            if len(named) == 1:
                return list(named), True
            exact = [p for p in named if clean(p.name).casefold() == message.payer.casefold()]
            if len(exact) == 1:
                return exact, True
        last: PartyBrief | None = await self.door.query(LookedAt(visitor.chat_id), visitor.actor)
        fitting = await self._owing_just(visitor, message.amount)
        likely = {p.id: p for p in (*named, *([last] if last is not None else []), *fitting)}
        return list(likely.values())[:_CHOICES], False

    async def _called(self, visitor: Visitor, name: str) -> tuple[PartyBrief, ...]:
        question = FindParty(clean(name)[:_LONGEST_NAME], limit=_CHOICES)
        found: tuple[PartyBrief, ...] = await self.door.query(question, visitor.actor)
        return found

    async def _owing_just(self, visitor: Visitor, amount: int | None) -> tuple[PartyBrief, ...]:
        """Return customers with an open bill of just this amount."""
        if amount is None:
            return ()
        bills: tuple[InvoiceView, ...] = await self.door.query(FindBills(amount=amount), visitor.actor)
        ids = tuple(dict.fromkeys(bill.party_id for bill in bills if bill.outstanding > 0))[:_CHOICES]
        briefs: dict[UUID, PartyBrief] = await self.door.query(PartiesByIds(ids), visitor.actor)
        return tuple(briefs[party] for party in ids if party in briefs)

    @needs(Permission.REPORT)
    async def _claim(self, visitor: Visitor, action: Action) -> Reply:
        brief = await self.brief(visitor, action)
        shown = await self._watched(visitor, brief, action, another=bool(action.get("another")))
        return Reply(edit=shown.cards[0]) if shown.cards else shown

    async def _watched(
        self, visitor: Visitor, brief: PartyBrief, claim: Action, *, another: bool = False
    ) -> Reply:
        """Offer to watch for the money; what the message doesn't tell is asked by the dialogue of payments."""
        to = self.to(visitor)
        form = Form(
            party=str(brief.id),
            method=claim["method"],
            amount=claim.get("amount"),
            on=claim.get("on") or to.today.isoformat(),
            number=claim.get("number") or "",
            claim=True,
        )
        if form.amount is None:
            return Reply(lead=form.action("paid", number=form.number))
        if not another and not form.number and (same := await self._came_lately(visitor, brief, form)):
            return Reply(cards=(maybe_same_card(same, brief, form, to),))
        kept = {name: claim[name] for name in _CARRIED if name in claim}
        return Reply(cards=(watch_card(form, brief, kept, to),))

    async def _came_lately(self, visitor: Visitor, brief: PartyBrief, form: Form) -> MoneyFound | None:
        found: tuple[MoneyFound, ...] = await self.door.query(FindMoney(amount=form.amount), visitor.actor)
        since = self.to(visitor).today - _LATELY
        return next(
            (one for one in found if one.party_id == brief.id and not one.out and one.on >= since), None
        )

    @needs(Permission.REPORT)
    async def _other(self, visitor: Visitor, action: Action) -> Reply:
        claim = {name: action[name] for name in _CARRIED if name in action}
        card = ask_name_card(claim, self.to(visitor))
        return Reply(edit=card, expect={**claim, "do": "claim_name"})

    @needs(Permission.REPORT)
    async def _named(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        """Take a typed name; words that name nobody are a question of their own."""
        parties = await self._called(visitor, text) if len(clean(text)) > 1 else ()
        if not parties:
            return None
        claim = {name: action[name] for name in _CARRIED if name in action}
        if len(parties) == 1:
            return await self._watched(visitor, parties[0], claim)
        card = whose_claim_card(claim, parties, self.to(visitor))
        return Reply(cards=(card,), expect={**claim, "do": "claim_name"})

    async def _known(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(edit=known_card(await self.brief(visitor, action), self.to(visitor)))

    async def _none(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(edit=no_claim_card(self.to(visitor)))


def _carried(message: PaidMessage) -> Action:
    """Return what a message tells, as it travels in buttons."""
    told = {
        "amount": message.amount,
        "number": message.number,
        "method": message.method,
        "on": message.paid_on.isoformat() if message.paid_on else None,
        "payer": message.payer,
    }
    return {name: value for name, value in told.items() if value is not None}
