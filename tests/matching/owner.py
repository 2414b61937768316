"""The owner of a simulated firm: taps the right button, the first one if it is right, and else decides by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kit.database import transaction
from kit.errors import MunshiError
from ledger.commands import ResolveConflict
from ledger.commands.workflow import AllocateReceipt, BillShare, ClassifyMoney
from ledger.domain.vocabulary import STATUSES
from ledger.queries import Conflicts
from ledger.reconcile.effects import Subject, plan
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.offers import Offer, offers
from ledger.store.operator import append_operator_event
from ledger.views import ConflictView
from tests.matching.judging import Said
from tests.matching.truth import SALES

if TYPE_CHECKING:
    from tests.matching.play import Item, Play, State

ROUNDS = 5
_WAITS = frozenset(["ask_accountant", "snooze", "note", "log_call", "promise"])
_HAND = {
    "own_transfer": "own_transfer", "loan": "loan", "owner_money": "owner_money", "gst_refund": "gst_refund", "interest": "interest",
    "vendor_refund": "vendor_refund", "own_cash": "cash_deposit",
}  # fmt: skip
_SUBJECTS = """
SELECT c.id, c.subjects, p.anchor FROM conflicts c LEFT JOIN parties p ON p.business_id = c.business_id AND p.id = c.party_id
WHERE c.business_id = $1 AND c.id = ANY($2::uuid[])
"""


class Owner:
    """Answers what is asked, by the truth, and notes how far down the right answer stood."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._left: set[UUID] = set()
        """Questions that he leaves alone."""
        self._adjusted: set[UUID] = set()
        self.unknown: dict[str, int] = {}

    async def look(self, day: date, *, finished: bool = False) -> None:
        """Judge what was settled without him, then answer until nothing is asked any more."""
        play = self._play
        state = await play.state()
        for number in range(ROUNDS):
            asked = await self._asked(state)
            if number == 0:
                self._judge(state, {item.subject for _, item in asked if item}, day, finished=finished)
            await self._adjust(state, day)
            answered = 0
            for view, item in asked:
                answered += await self._answer(view, item, state, day)
            if not answered:
                break
            play.clock.now += timedelta(minutes=1)
            await play.drain()
            state = await play.state()
            self._judge(state, None, day, finished=False)

    def _judge(self, state: State, asked: set[UUID] | None, day: date, *, finished: bool) -> None:
        """Look at every result that no person made, and that is new since the last look."""
        for subject, item in self._play.items.items():
            said = state.said[subject]
            if asked is not None and subject in asked:
                item.asked = True
            settled = said.explained is not None or said.classified is not None or said.party is not None
            mark = (
                said.party,
                said.classified,
                said.explained,
                tuple(sorted(said.shares.items())),
                said.given_back,
            )
            if item.by_person:
                continue
            if settled and (mark != item.seen or finished):
                right = self._play.judge(item, said, state, on=day)
                item.stage = state.stages[subject]
                open_question = asked is None or subject in asked
                if not right and not open_question and not (item.wrong and mark == item.seen):
                    item.wrong.append(f"{day} {item.stage}: {said}")
                item.was_right = right
            item.seen = mark if settled else None

    async def _asked(self, state: State) -> list[tuple[ConflictView, Item | None]]:
        play = self._play
        found: list[ConflictView] = []
        after = None
        while True:
            page = await play.door.query(Conflicts(status="open", first=100, after=after), play.owner)
            found += page.rows
            after = page.end if page.more else None
            if after is None:
                break
        found = [view for view in found if view.id not in self._left]
        async with transaction(play.engine, [play.business]) as tx:
            rows = await tx.fetch(_SUBJECTS, play.business, [view.id for view in found])
        self._subjects = {row["id"]: (tuple(row["subjects"]), row["anchor"]) for row in rows}
        asked = []
        for view in found:
            subjects, _ = self._subjects[view.id]
            mine = [
                state.anchors[one]
                for one in subjects
                if one in state.anchors and state.anchors[one] in play.items
            ]
            asked.append((view, play.items[mine[0]] if mine else None))
        return asked

    async def _answer(self, view: ConflictView, item: Item | None, state: State, day: date) -> int:
        """Answer one question; returns 1 if something was decided."""
        rule = shipped_rules()[view.rule]
        options = offers(rule, view.evidence, STATUSES)
        if item is None:
            self._left.add(view.id)
            self._play.party_questions += 1
            self.unknown[view.rule] = self.unknown.get(view.rule, 0) + 1
            return 0
        item.asked = True
        for place, offer in enumerate(options):
            if not self._is_right(offer, view, item, state, day):
                continue
            try:
                await self._play.door.execute(
                    ResolveConflict(view.id, offer.id, version=view.version), self._play.owner
                )
            except MunshiError as error:
                if error.code.startswith("conflict."):
                    return 1  # it moved on meanwhile: looked at again in the next round
                continue
            item.answers.append("first" if place == 0 else "other")
            item.by_person = True
            self._play.taps += 1
            return 1
        if item.answers.count("hand") > 2:
            self._left.add(view.id)
            return 0
        item.answers.append("hand")
        item.by_person = True
        self._play.taps += 3
        await self._by_hand(item, state)
        if view.rule != "unmatched_bank_credit":
            self._left.add(view.id)
        return 1

    def _is_right(self, offer: Offer, view: ConflictView, item: Item, state: State, day: date) -> bool:
        effect = offer.answer.effect
        if effect in _WAITS:
            return False
        now = state.said[item.subject]
        if effect == "refund_due":
            return item.truth.how == "paid_twice" and now.party == item.truth.party and not now.shares
        if effect in ("dismiss", "both_right"):
            return self._play.judge(item, now, state, on=day)
        subjects, party = self._subjects[view.id]
        more: dict[str, Any] = {"today": day} if "today" in Subject.__dataclass_fields__ else {}
        subject = Subject(
            view.id, view.title, view.evidence, subjects, view.amount, view.currency, party, **more
        )
        try:
            planned = plan(offer, subject)
        except MunshiError:
            return False
        said = now
        for event in planned.events:
            said = self._after(event.event_type, event.data, said, state)
            if said is None:
                return False
            if event.event_type == "habit.decided" and event.data["habit"] != self._play.story.habits.get(
                item.truth.party or ""
            ):
                return False
        return bool(planned.events) and self._play.judge(item, said, state, on=day, proposed=True)

    def _after(self, event_type: str, data: Any, said: Said, state: State) -> Said | None:
        """Return what an item is taken to be once an event is carried out; None where we can't tell."""
        bills = self._play._bills
        if event_type == "allocation.decided":
            shares: dict[tuple[str, str], int] = {}
            for line in data["lines"]:
                key = (bills.get(UUID(line["document"]), "?"), line.get("kind") or "receipt")
                shares[key] = shares.get(key, 0) + line["amount"]
            party = state.codes.get(UUID(data["party"])) if data.get("party") else said.party
            return Said(party, None, "receipt", shares)
        if event_type == "line.classified":
            return Said(None, data["as"], "decision")
        if event_type == "deduction.accepted":
            key = (bills.get(UUID(data["document"]), "?"), data["kind"])
            return Said(
                said.party,
                None,
                said.explained,
                {**said.shares, key: said.shares.get(key, 0) + data["amount"]},
            )
        if event_type in ("habit.decided", "note.added"):
            return said
        return None

    async def _by_hand(self, item: Item, state: State) -> None:
        """Decide as somebody who knows would: bills picked one by one, a customer, or what else the money is."""
        play, truth = self._play, item.truth
        receipt = state.receipts.get(item.subject, item.subject)
        try:
            if truth.kind in SALES:
                await play.door.execute(self._picked(item, state, receipt), play.owner)
            else:
                await play.door.execute(ClassifyMoney(receipt, _HAND.get(truth.kind, "not_sale")), play.owner)
        except MunshiError:
            await self._plainly(item, state)

    def _picked(self, item: Item, state: State, receipt: UUID) -> AllocateReceipt:
        truth = item.truth
        parts = truth.parts if truth.kind == "bills" else ()
        lines = tuple(
            BillShare(state.invoices[part.bill], part.amount, part.kind)
            for part in parts
            if part.bill in state.invoices
        )
        placed = sum(line.amount for line in lines if line.kind == "receipt")
        return AllocateReceipt(
            receipt, lines, on_account=item.amount - placed, party_id=state.parties[truth.party or ""][0]
        )

    async def _plainly(self, item: Item, state: State) -> None:
        """Say it as an event, where a form refuses it (a bill was paid by something else meanwhile)."""
        play, truth = self._play, item.truth
        play.clock.now += timedelta(seconds=1)
        if truth.kind in SALES:
            documents = {bill: str(subject) for subject, bill in play._bills.items()}
            parts = truth.parts if truth.kind == "bills" else ()
            lines = [{"document": documents[p.bill], "amount": p.amount, "kind": p.kind} for p in parts]
            event, data = (
                "allocation.decided",
                {
                    "receipt": str(item.subject),
                    "lines": lines,
                    "party": str(state.parties[truth.party or ""][1]),
                },
            )
        else:
            event, data = (
                "line.classified",
                {"line": str(item.subject), "as": _HAND.get(truth.kind, "not_sale")},
            )
        name = f"hand:{item.subject}:{int(play.clock.now.timestamp())}"
        async with transaction(play.engine, [play.business]) as tx:
            await append_operator_event(
                tx, play.owner, event, kind="decision", external_id=name, data=data, at=play.clock.now
            )

    async def _adjust(self, state: State, day: date) -> None:
        """Set an advance against the bill that came of it, once that is there, unless the product has."""
        play = self._play
        for subject, part in play.adjustments(day):
            if subject in self._adjusted or part.bill not in state.invoices:
                continue
            self._adjusted.add(subject)
            item, said = play.items[subject], state.said[subject]
            if said.shares or said.party is None:
                continue
            line = BillShare(state.invoices[part.bill], part.amount)
            rest = item.amount - part.amount
            try:
                await play.door.execute(
                    AllocateReceipt(state.receipts.get(subject, subject), (line,), rest, learn="once"),
                    play.owner,
                )
                item.by_person = True
            except MunshiError:
                continue
