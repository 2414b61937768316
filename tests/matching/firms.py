"""Simulated firms: sixteen months of a firm's bills and of how its town pays them, with the truth of every credit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random

from tests.matching.papers import Bill, rupee
from tests.matching.paying import BOOKS, Purse
from tests.matching.people import Customer, customers
from tests.matching.remarks import bill_number
from tests.matching.trades import Trade
from tests.matching.truth import START_OF_TIME as START
from tests.matching.truth import Account, Part, Story, Told, Truth
from workers.simulator.entities import working_day

CREDITS = 600
"""Bank credits of a firm of usual size, about."""
_OWN = (
    ("hdfc", "50100000004421"),
    ("icici", "000405006677"),
    ("sbi", "00000030000004421"),
    ("axis", "912010000008899"),
)


def firm(trade: Trade, seed: int, *, size: float = 1.0, months: int = 0) -> Story:
    """Tell the story of one firm; `size` 1 is a firm of about 600 credits. The same arguments tell the same story."""
    return _Town(trade, seed, size=size, months=months).story()


class _Town:
    """Builds one story, day by day."""

    def __init__(self, trade: Trade, seed: int, *, size: float, months: int) -> None:
        self.trade = trade
        self.chance = Random(f"{trade.name}:{seed}")
        months = months or self.chance.randrange(13, 17)
        first, second = self.chance.sample(_OWN, 2)
        days = self.chance.choice(((0, 3), (2,), (5,)))
        holder = self.chance.choice(("Vardhaman", "Pragati", "Swastik", "Navkar", "Samarth"))
        self._story = Story(
            f"{holder} {trade.name.title()}s", trade.name, seed, START, START + timedelta(days=months * 30),
            (Account(*first, days, self.chance.choice((0, 2, 3))),
             Account(*second, days[:1], 0)),
        )  # fmt: skip
        self.people = customers(self.chance, trade, max(7, round(trade.customers * size)))
        self.purse = Purse(self._story, self.chance, trade, self.people)
        self.form = self.chance.randrange(5)
        self.serials: dict[int, int] = {}
        self.later: dict[date, list[Callable[[date], None]]] = {}
        self.size = size

    def story(self) -> Story:
        """Live through all the days."""
        for person in self.people:
            self._story.habits[person.code] = person.habit
            data = {
                "name": person.name,
                "gstin": person.gstin,
                "phone": person.phone,
                "roles": ["customer"],
                "terms_days": person.terms,
            }
            self._tell(START, "party.upserted", person.code, data)
        day = START
        while day <= self._story.until:
            if day.weekday() != 6:
                self._day(day)
            for work in self.purse.later.pop(day, []) + self.later.pop(day, []):
                work(day)
            day += timedelta(days=1)
        self._story.told.sort(key=lambda told: told.day)
        return self._story

    def _tell(
        self, on: date, event_type: str, external_id: str, data: dict[str, object], *, lag: int = 0
    ) -> None:
        filled = {name: value for name, value in data.items() if value is not None}
        self._story.told.append(Told(on + timedelta(days=lag), BOOKS, event_type, external_id, filled, on))

    def _day(self, day: date) -> None:
        for person in self.people:
            if self.chance.random() < person.bills / 26:
                self._bill(person, day)
            if person.habit == "bill_wise":
                self._bill_wise(person, day)
            elif self.chance.random() < 1.0 / person.every:
                self.purse.round_sum(person, day)
        self.purse.other_money(day, self.size)
        if self.chance.random() < 0.02 * self.size:
            self._advance(day)

    # ---- bills ---------------------------------------------------------------------------------------
    def _bill(self, person: Customer, day: date, *, advance: int = 0, base: int = 0) -> Bill:
        year = day.year - (day.month < 4)
        self.serials[year] = serial = self.serials.get(year, 100 if year == START.year else 0) + 1
        if not base:
            base = (
                person.size if person.retainer else rupee(int(person.size * self.chance.uniform(0.35, 1.9)))
            )
            base = max(base // (100 * self.trade.round_base), 1) * 100 * self.trade.round_base
        amount = base + base * self.chance.choice(self.trade.gst) // 100
        amount = rupee(amount) if self.trade.rounded else amount
        late = max(int(self.chance.gauss(person.late, 6)), -person.terms + 3)
        due = day + timedelta(days=person.terms)
        number = bill_number(self.form, serial, year)
        bill = Bill(
            f"B{len(self._story.numbers):05d}", number, person.code, day, due, base, amount, amount,
            working_day(max(due + timedelta(days=late), day + timedelta(days=4))), advance,
        )  # fmt: skip
        person.open.append(bill)
        self._story.numbers[bill.key] = number
        data = {
            "number": number, "party": person.party, "issued_on": day.isoformat(), "due_on": due.isoformat(),
            "amount": amount, "base": base, "tax": amount - base, "currency": "INR",
        }  # fmt: skip
        self._tell(day, "invoice.issued", bill.key, data, lag=self.chance.choice((0, 0, 1, 2)))
        if self.chance.random() < 0.035 and person.habit == "bill_wise" and not advance:
            self._credit_note(person, bill, day + timedelta(days=3))
        return bill

    def _credit_note(self, person: Customer, bill: Bill, day: date) -> None:
        """Goods came back: the bill is less from that day, and the books say so, sometimes only weeks later."""
        amount = rupee(bill.amount * self.chance.randrange(3, 15) // 100)
        bill.open -= amount
        data = {
            "number": f"CN-{bill.number}", "party": person.party, "issued_on": day.isoformat(), "amount": amount,
            "currency": "INR", "references": {"invoices": [bill.number]},
        }  # fmt: skip
        lag = 0 if self.chance.random() < 0.8 else 60
        bill.advance = -1 if lag else 0  # what he then pays, nobody can explain yet
        self._tell(day, "credit_note.issued", f"CN{bill.key}", data, lag=lag)

    def _advance(self, day: date) -> None:
        """A customer without open bills pays a part of an order; the bill comes weeks later."""
        ready = [p for p in self.people if p.habit == "bill_wise" and not p.gateway and p.retainer is False]
        if not ready or self.chance.random() > self.trade.advances * 20:
            return
        person = self.chance.choice(ready)
        base = max(person.size // 10_000, 1) * 10_000
        amount = max(base * 4 // 1_000_000, 1) * 100_000
        place = self.purse.pay(
            person,
            day,
            amount,
            Truth("advance", "advance", person.code),
            remark=self.chance.choice(("ADVANCE", "ADV AGST ORDER", "")),
        )

        def deliver(then: date) -> None:
            bill = self._bill(person, then, advance=amount, base=base)
            taken = min(amount, bill.open)
            bill.open -= taken
            self._story.adjusted.append((then + timedelta(days=3), place, Part(bill.key, taken)))

        self.later.setdefault(day + timedelta(days=self.chance.randrange(8, 20)), []).append(deliver)

    # ---- paying bill by bill -------------------------------------------------------------------------
    def _bill_wise(self, person: Customer, day: date) -> None:
        ready = [bill for bill in person.open if bill.pay_on <= day and bill.open > 0]
        if not ready:
            return
        if person.several and (
            day.weekday() != person.every % 5 or day.toordinal() // 7 % 2 != person.every % 2
        ):
            return
        if person.several:
            reach = day + timedelta(days=8)
            ready = [bill for bill in person.open if bill.pay_on <= reach and bill.open > 0]
        groups: Sequence[Sequence[Bill]] = [ready[:6]] if person.several else [[bill] for bill in ready]
        for group in groups:
            if person.gateway and len(group) == 1:
                self.purse.by_gateway(person, day, group[0])
            else:
                self.purse.bills(person, day, list(group))
        person.open = [bill for bill in person.open if bill.open > 0]
