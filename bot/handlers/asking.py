"""Free words: read by the table of phrases, led to the area that answers; else looked for as money, bill or name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from bot import typed
from bot.asking.understanding import Understood, understand
from bot.cards.asking import (
    CHOICES,
    hello_card,
    money_card,
    no_money_card,
    no_such_card,
    promise_ask_card,
    thanks_card,
    unknown_card,
    which_card,
    whose_card,
)
from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card
from bot.cards.party import bills_card
from bot.cards.plain import too_short_card
from bot.forwarded import paid_message
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import Denied, NotFound
from ledger.domain.keys import utr_key
from ledger.domain.roles import Permission
from ledger.handlers.names import sounds
from ledger.queries import FindBills, FindParty, PartiesByIds, WhoOwesMe
from ledger.queries.money import FindMoney
from ledger.views import InvoiceView, PartyBrief, PartyPage
from ledger.views.money import MoneyFound

_LONGEST_SEARCH = 80
_FEWEST_OF_A_NUMBER, _MOST_OF_A_NUMBER = 8, 40


class Asking(Area):
    """What a member types of his own accord."""

    commands = (Command("find", {"do": "find"}, "A customer, a bill, an amount"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "ask": self._ask,
            "find": self._find,
            "named": self._named,
            "money": self._money,
            "promise_ask": self._promise_ask,
            "hello": self._hello,
            "thanks": self._thanks,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes a name that was asked for."""
        return {"whose": self._whose_typed}

    async def _ask(self, visitor: Visitor, action: Action) -> Reply:
        text = str(action["text"])
        if paid_message(text, today=self._to(visitor).today) is not None:
            return Reply(lead={"do": "claim_text", "text": text})
        asked = understand(text, self._to(visitor).today)
        if asked.whole:
            return Reply(lead=_lead(asked))
        if asked.intent:
            # Names that sound like commands (Kab Exports, Cash & Carry) are names, unless the phrase was complete.
            if (named := await self._called(visitor, text)) is not None:
                return Reply(lead={"do": "party", "party": str(named.id)})
            return await self._about(visitor, asked)
        return await self._search(visitor, asked, text)

    async def _about(self, visitor: Visitor, asked: Understood) -> Reply:
        """Answer what was asked of one party: find it, or ask which, or whose."""
        action = _lead(asked)
        if not asked.name:
            return await self._whose(visitor, action)
        if asked.do == "find":
            return await self._found(visitor, asked.name)
        parties = await self._parties(visitor, asked.name)
        one = _the_one(parties, asked.name)
        if one is not None:
            return Reply(lead={**action, "party": str(one.id)})
        to = self._to(visitor)
        if parties:
            return Reply(cards=(which_card(parties, asked.name, action, to),))
        bills = await self._bills(visitor, asked.name)
        if bills:
            return Reply(cards=(bills_card(bills, asked.name, to),))
        return Reply(cards=(no_such_card(asked.name, to),), unknown=True)

    async def _whose(self, visitor: Visitor, action: Action) -> Reply:
        page: PartyPage = await self.door.query(WhoOwesMe(first=CHOICES), visitor.actor)
        card = whose_card(page.rows, action, self._to(visitor))
        return Reply(cards=(card,), expect={"do": "whose", "lead": action})

    async def _whose_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        if understand(text, self._to(visitor).today).whole:
            return None
        name = clean(text)[:_LONGEST_SEARCH]
        parties = await self._parties(visitor, name)
        if not parties:
            return None
        one = _the_one(parties, name)
        if one is not None:
            return Reply(lead={**action["lead"], "party": str(one.id)})
        return Reply(cards=(which_card(parties, name, action["lead"], self._to(visitor)),))

    async def _search(self, visitor: Visitor, asked: Understood, text: str) -> Reply:
        if asked.reference is not None:
            found = await self._by_reference(visitor, asked.reference)
            if not found and (parties := await self._parties(visitor, asked.reference)):
                return await self._offered(visitor, parties, asked.reference)
            to = self._to(visitor)
            return Reply(cards=(money_card(found, to) if found else no_money_card(asked.reference, to),))
        if asked.find != text and (named := await self._called(visitor, text)) is not None:
            return Reply(lead={"do": "party", "party": str(named.id)})
        if asked.number is not None:
            parties = await self._parties(visitor, asked.number)
            if not parties:
                return Reply(cards=(no_such_card(asked.number, self._to(visitor)),), unknown=True)
            return await self._offered(visitor, parties, asked.number)
        return await self._found(visitor, asked.find)

    async def _named(self, visitor: Visitor, action: Action) -> Reply:
        """Answer words that are nothing but a name or a whole question, and no others."""
        text = str(action["text"])
        if (named := await self._called(visitor, text)) is not None:
            return Reply(lead={"do": "party", "party": str(named.id)})
        asked = understand(text, self._to(visitor).today)
        return await self._ask(visitor, action) if asked.whole or asked.name else Reply(unknown=True)

    async def _find(self, visitor: Visitor, action: Action) -> Reply:
        return await self._found(visitor, str(action.get("text") or ""))

    async def _found(self, visitor: Visitor, text: str) -> Reply:
        """Look for a bill, an amount, a transfer's number, a name; say what can be asked if there is none."""
        to = self._to(visitor)
        wanted = clean(text)[:_LONGEST_SEARCH].strip()
        if len(wanted) < 2:
            return Reply(cards=(too_short_card(to),))
        bills = await self._bills(visitor, wanted)
        came = await self._by_amount(visitor, wanted)
        if bills:
            return Reply(cards=(_beside(bills_card(bills, wanted, to), came, to),))
        if came:
            return Reply(cards=(money_card(came, to),))
        parties = await self._parties(visitor, wanted)
        if parties:
            return await self._offered(visitor, parties, wanted)
        if _may_be_a_number(wanted) and (found := await self._by_reference(visitor, wanted)):
            return Reply(cards=(money_card(found, to),))
        return Reply(cards=(unknown_card(wanted, to),), unknown=True)

    async def _offered(self, visitor: Visitor, parties: Sequence[PartyBrief], text: str) -> Reply:
        one = _the_one(parties, text)
        if one is not None:
            return Reply(lead={"do": "party", "party": str(one.id)})
        return Reply(cards=(which_card(parties, text, {"do": "party"}, self._to(visitor)),))

    async def _money(self, visitor: Visitor, action: Action) -> Reply:
        question = FindMoney(reference=action.get("reference"), amount=action.get("amount"))
        found = await self.door.query(question, visitor.actor)
        to = self._to(visitor)
        card = money_card(found, to) if found else no_money_card(str(action.get("reference") or ""), to)
        return Reply(cards=(card,))

    async def _promise_ask(self, visitor: Visitor, action: Action) -> Reply:
        if not visitor.actor.may(Permission.REPORT):
            raise Denied("permission.denied", "A promise is noted by who works with customers.")
        party = UUID(action["party"])
        briefs: dict[UUID, PartyBrief] = await self.door.query(PartiesByIds((party,)), visitor.actor)
        if party not in briefs:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        on = date.fromisoformat(action["on"])
        card = promise_ask_card(briefs[party], on, action.get("amount"), self._to(visitor))
        return Reply(cards=(card,))

    async def _hello(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(hello_card(visitor.actor.name, self._to(visitor)),))

    async def _thanks(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(thanks_card(self._to(visitor)),))

    async def _parties(self, visitor: Visitor, name: str) -> tuple[PartyBrief, ...]:
        question = FindParty(name[:_LONGEST_SEARCH], limit=CHOICES)
        found: tuple[PartyBrief, ...] = await self.door.query(question, visitor.actor)
        return found

    async def _called(self, visitor: Visitor, text: str) -> PartyBrief | None:
        """Return the party that all of a text names, each word of it a word of the name or its beginning."""
        wanted = sounds(clean(text)[:_LONGEST_SEARCH])
        parties = await self._parties(visitor, clean(text)) if wanted else ()
        fitting = [brief for brief in parties if _is_called(wanted, sounds(brief.name))]
        return fitting[0] if fitting else None

    async def _bills(self, visitor: Visitor, wanted: str) -> tuple[InvoiceView, ...]:
        if not any(character.isdigit() for character in wanted):
            return ()
        found: tuple[InvoiceView, ...] = await self.door.query(FindBills(number=wanted), visitor.actor)
        paise = typed.amount(wanted)
        if not found and paise is not None:
            found = await self.door.query(FindBills(amount=paise), visitor.actor)
        return found

    async def _by_amount(self, visitor: Visitor, wanted: str) -> tuple[MoneyFound, ...]:
        paise = typed.amount(wanted) if any(character.isdigit() for character in wanted) else None
        if paise is None:
            return ()
        found: tuple[MoneyFound, ...] = await self.door.query(FindMoney(amount=paise), visitor.actor)
        return found

    async def _by_reference(self, visitor: Visitor, wanted: str) -> tuple[MoneyFound, ...]:
        if not _FEWEST_OF_A_NUMBER <= len(utr_key(wanted)) <= _MOST_OF_A_NUMBER:
            return ()
        found: tuple[MoneyFound, ...] = await self.door.query(FindMoney(wanted), visitor.actor)
        return found

    def _to(self, visitor: Visitor) -> Audience:
        return visitor.audience(self.door.clock())


def _lead(asked: Understood) -> Action:
    """Return the action that words lead to; what they say of amount and day goes with it."""
    action: Action = {"do": asked.do, **asked.more}
    if asked.amount is not None:
        action["amount"] = asked.amount
    if asked.day is not None:
        action["until" if asked.do == "payables" else "on"] = asked.day.isoformat()
    return action


def _the_one(parties: Sequence[PartyBrief], text: str) -> PartyBrief | None:
    """Return whom a name means: the only one, or the only one that is called just so."""
    exact = [brief for brief in parties if sounds(brief.name) == sounds(text)]
    for found in (parties, exact):
        if len(found) == 1:
            return found[0]
    return None


def _is_called(wanted: Sequence[str], name: Sequence[str]) -> bool:
    left = list(name)
    for word in wanted:
        fitting = next((one for one in left if one == word or (len(word) > 2 and one.startswith(word))), None)
        if fitting is None:
            return False
        left.remove(fitting)
    return True


def _may_be_a_number(text: str) -> bool:
    return " " not in text and any(character.isdigit() for character in text)


def _beside(card: Card, came: Sequence[MoneyFound], to: Audience) -> Card:
    """Add a button to the money of this amount that came or went."""
    if not came:
        return card
    amount = money(came[0].amount, came[0].currency)
    button = Button(to.label("Money of {amount}", amount=amount), {"do": "money", "amount": came[0].amount})
    return replace(card, buttons=(*card.buttons, (button,)))
