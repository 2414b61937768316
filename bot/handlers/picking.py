"""Bills picked by hand for the money of a question: which, why less came, whose money it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from bot.asking.understanding import understand
from bot.cards.audience import Audience
from bot.cards.card import Action, Card
from bot.cards.picking import (
    PER_PAGE,
    Share,
    because_card,
    kept_back_names,
    pick_card,
    picked_bills,
    picked_words,
    shared,
    whose_money_card,
)
from bot.cards.question import Place
from bot.cards.workflow import decided_card, withdraw_over_card, withdrawn_card
from bot.handlers.area import Area, Tap, Typed
from bot.handlers.freshness import fresh, undo_is_late
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import Denied, Rejected
from ledger.commands.workflow import AllocateReceipt, BillShare, ClaimDeduction, WithdrawDecision
from ledger.queries import FindParty
from ledger.queries.workflow import PickBills
from ledger.views import ConflictView, PartyBrief
from ledger.views.workflow import DecisionView, PickView

_CardOf = Callable[[ConflictView, PickView, Sequence[str], Place, Audience], Card]
_CHOICES = 5
_LONGEST = 80
_SAME = ("do", "conflict", "version", "whose")
MOST_BILLS = 50
_OVER_LIMIT = "deduction.over_limit"


class Picking(Area):
    """The scenes of money set against bills by hand."""

    decides = frozenset({"picked", "withdraw"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "pick": self._pick,
            "because": self._because,
            "picked": self._picked,
            "withdraw": self._withdraw,
            "whose_money": self._whose,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes a name that was asked for, or the number of a bill."""
        return {"whose_money": self._whose_typed, "pick_number": self._number_typed}

    async def _pick(self, visitor: Visitor, action: Action) -> Reply:
        return await self._shown(visitor, action, pick_card)

    async def _because(self, visitor: Visitor, action: Action) -> Reply:
        return await self._shown(visitor, action, because_card)

    async def _shown(self, visitor: Visitor, action: Action, card_of: _CardOf) -> Reply:
        view, stale = await fresh(self.scenes, visitor, action)
        if stale is not None:
            return stale
        now = {**action, "chosen": _chosen(visitor, action)}
        found = await self._bills(visitor, view, now)
        card = card_of(view, found, now["chosen"], Place.of_action(action), self._to(visitor))
        return Reply(edit=card, expect=_expecting(now))

    async def _number_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        """Take the number of a bill, or its end, as a tap on it."""
        view, stale = await fresh(self.scenes, visitor, action)
        wanted = clean(text).casefold()
        if stale is not None or not wanted:
            return None
        every = await self._bills(visitor, view, {**action, "skip": 0}, first=MOST_BILLS)
        bills = [bill for bill in picked_bills(every) if bill.number]
        fitting = [bill for bill in bills if (bill.number or "").casefold() == wanted] or [
            bill for bill in bills if (bill.number or "").casefold().endswith(wanted)
        ]
        if len(fitting) != 1:
            return None
        now = {**action, "chosen": _toggled(action["chosen"], str(fitting[0].id))}
        found = await self._bills(visitor, view, now)
        card = pick_card(view, found, now["chosen"], Place.of_action(action), self._to(visitor))
        return Reply(cards=(card,), expect=_expecting(now))

    async def _bills(
        self, visitor: Visitor, view: ConflictView, action: Action, *, first: int = PER_PAGE
    ) -> PickView:
        whose = action.get("whose")
        question = PickBills(
            view.id,
            party_id=UUID(whose) if whose else None,
            chosen=tuple(UUID(key) for key in action.get("chosen") or ()),
            first=first,
            skip=action.get("skip", 0),
        )
        found: PickView = await self.door.query(question, visitor.actor)
        return found

    async def _picked(self, visitor: Visitor, action: Action) -> Reply:
        view, stale = await fresh(self.scenes, visitor, action)
        if stale is not None:  # settled by this very tap, mostly: the card says what was decided
            return Reply(toast=stale.toast) if view.status == "cleared" else stale
        chosen, kept_back = _chosen(visitor, action), action.get("kept_back")
        found = await self._bills(visitor, view, {**action, "chosen": chosen})
        to = self._to(visitor)
        if kept_back is not None and kept_back not in kept_back_names(to):
            raise Rejected("deduction.kind", "That is no deduction that I know.", remedy="Choose another.")
        shares = shared(found, chosen, kept_back=kept_back)
        rest = found.amount - sum(share.amount for share in shares)
        made, claimed = await self._decide(visitor, view, found, shares, kept_back)
        place = Place.of_action(action).settled(view, by_hand=True)
        said = picked_words(shares, rest, kept_back, to)
        card = decided_card(view.title, made, said, to, claimed=claimed)
        return Reply(edit=card, cards=(await self.scenes.after(visitor, place),))

    async def _decide(
        self,
        visitor: Visitor,
        view: ConflictView,
        found: PickView,
        shares: Sequence[Share],
        kept_back: str | None,
    ) -> tuple[DecisionView, list[DecisionView]]:
        """Place the money; what is kept back beyond his limit is noted as a claim that waits for the owner's word."""
        rest = found.amount - sum(share.amount for share in shares)
        paid = tuple(BillShare(share.bill.id, share.amount) for share in shares if share.amount > 0)
        cuts = tuple(
            BillShare(one.bill.id, one.kept_back, kept_back or "") for one in shares if one.kept_back
        )
        command = AllocateReceipt(
            found.receipt_id, (*paid, *cuts), rest, party_id=found.party_id, conflict_id=view.id
        )
        try:
            made: DecisionView = await self.door.execute(command, visitor.actor)
        except Denied as denied:
            if denied.code != _OVER_LIMIT:
                raise
            made = await self.door.execute(replace(command, lines=paid), visitor.actor)
            claims = [ClaimDeduction(cut.invoice_id, cut.kind, cut.amount) for cut in cuts]
            return made, [await self.door.execute(claim, visitor.actor) for claim in claims]
        return made, []

    async def _withdraw(self, visitor: Visitor, action: Action) -> Reply:
        to = self._to(visitor)
        if undo_is_late(action, to):
            return Reply(edit=withdraw_over_card(action, to))
        for decision in (action["decision"], *action.get("claims", ())):
            await self.door.execute(WithdrawDecision(UUID(decision)), visitor.actor)
        return Reply(edit=withdrawn_card(to))

    async def _whose(self, visitor: Visitor, action: Action) -> Reply:
        view, stale = await fresh(self.scenes, visitor, action)
        if stale is not None:
            return stale
        payer = str(view.evidence.get("payer") or "")
        parties = await self._parties(visitor, payer) if payer else ()
        card = whose_money_card(view, parties, "", Place.of_action(action), self._to(visitor))
        return Reply(edit=card, expect={**action, "do": "whose_money"})

    async def _whose_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        to = self._to(visitor)
        if understand(text, to.today).whole:
            return None
        view, stale = await fresh(self.scenes, visitor, action)
        if stale is not None:
            return None
        parties = await self._parties(visitor, text)
        card = whose_money_card(view, parties, clean(text), Place.of_action(action), to)
        return Reply(cards=(card,), expect=None if parties else {**action, "do": "whose_money"})

    async def _parties(self, visitor: Visitor, name: str) -> tuple[PartyBrief, ...]:
        question = FindParty(clean(name)[:_LONGEST], limit=_CHOICES)
        found: tuple[PartyBrief, ...] = await self.door.query(question, visitor.actor)
        return found

    def _to(self, visitor: Visitor) -> Audience:
        return visitor.audience(self.door.clock())


def _chosen(visitor: Visitor, action: Action) -> list[str]:
    """Return the bills chosen by now: two quick taps on one card both count, so the last state goes before the button's."""
    chosen: list[str] = list(action.get("chosen") or ())
    last = visitor.member.expects or {}
    if "chosen" in action and all(last.get(name) == _expecting(action)[name] for name in _SAME):
        chosen = list(last["chosen"])
    return _toggled(chosen, action["toggle"]) if action.get("toggle") else chosen


def _toggled(chosen: Sequence[str], key: str) -> list[str]:
    return [one for one in chosen if one != key] if key in chosen else [*chosen, key]


def _expecting(action: Action) -> Action:
    """Return what is kept of the picking, so that a bill's number may be typed too."""
    kept = {name: value for name, value in action.items() if name not in ("chat", "card", "at", "toggle")}
    return {**kept, "do": "pick_number", "whose": action.get("whose")}
