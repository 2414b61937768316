"""The bill-wise tie-out: after any sensible vouchers, what is open on each bill is what Tally's own outstandings say.

Tally adds up the parts under each name of a party. Here the same sums are kept beside, voucher by voucher.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from tests.connectors.tally_books import (
    Part,
    account,
    advance,
    against,
    balances,
    derived,
    events,
    export,
    new,
    open_bills,
    voucher,
)

SIDES = {
    "Gupta Steel": (1, "Sales", "Sales", "Receipt", "TDS Receivable", "Credit Note"),
    "Bharat Rolling": (-1, "Purchase", "Purchases", "Payment", "TDS Payable 194C", "Debit Note"),
}


class Clerk:
    """Enters vouchers of one party in Tally, as a careful clerk does; amounts are as if he were a debtor."""

    def __init__(self, party: str, seed: int) -> None:
        self.party, self._chance = party, random.Random(seed)
        self.sign, self.sale, self.trade, self.money, self.tds, self.note = SIDES[party]
        self.names: Counter[str] = Counter()
        """Tally's outstanding under each name; below nothing it is an advance."""
        self.paid: Counter[str] = Counter()
        self.account = 0
        self.vouchers: list[str] = []
        self._day = date(2026, 4, 1)

    def enter(self, steps: int) -> None:
        """Enter as many vouchers."""
        for _ in range(steps):
            self._day += timedelta(days=self._chance.randrange(4))
            self._chance.choice(
                [self._sell, self._sell, self._get, self._get, self._get, self._credit, self._bounce, self._move, self._return]
            )()  # fmt: skip

    def _write(self, kind: str, owed: bool, parts: list[Part], *others: tuple[str, int]) -> None:
        """One voucher: the party's line with its parts, what stands opposite beside the rest in `others`."""
        total = sum(part.amount for part in parts)
        side = self.sign if owed else -self.sign
        rest = total - sum(amount for _, amount in others[1:])
        lines = [
            (others[0][0], -side * rest),
            *((name, -side * amount) for name, amount in others[1:] if amount),
        ]
        number = len(self.vouchers) + 1
        made = voucher(
            kind, number, self._day.isoformat(), (self.party, side * total, *parts), *lines, party=self.party
        )
        self.vouchers.append(made)
        for part in parts:
            change = part.amount if owed else -part.amount
            if part.how == "account":
                self.account += change
            else:
                self.names[part.name] += change
                self.paid[part.name] += 0 if owed else part.amount

    def _some(self, most: int) -> int:
        return self._chance.choice([most, max(most // 2, 1), self._chance.randrange(1, most + 1)])

    def _bills(self, most: int) -> list[Part]:
        """Parts against open bills."""
        still = [name for name, amount in sorted(self.names.items()) if amount > 0]
        chosen = self._chance.sample(still, min(len(still), self._chance.randrange(1, most + 1)))
        return [against(name, self._some(self.names[name])) for name in chosen]

    def _sell(self) -> None:
        name = f"B{len(self.vouchers)}"
        parts = [new(name, self._chance.randrange(100, 900))]
        advances = [name for name, amount in sorted(self.names.items()) if amount < 0]
        if advances and self._chance.random() < 0.5:
            taken = self._chance.choice(advances)
            parts.append(against(taken, self._some(-self.names[taken])))
        if self.account < 0 and self._chance.random() < 0.3:
            parts.append(account(self._some(-self.account)))
        self._write(self.sale, True, parts, (self.trade, 0))

    def _get(self) -> None:
        parts = self._bills(4)
        if self._chance.random() < 0.3:
            parts.append(advance(f"A{len(self.vouchers)}", self._chance.randrange(50, 300)))
        if not parts or self._chance.random() < 0.3:
            parts.append(account(self._chance.randrange(50, 300)))
        total = sum(part.amount for part in parts)
        kept = self._chance.choice([0, total // 50])
        self._write(self.money, False, parts, ("HDFC Bank", 0), (self.tds, kept))

    def _credit(self) -> None:
        parts = self._bills(2) or [account(40)]
        self._write(self.note, False, parts, (self.trade, 0))

    def _bounce(self) -> None:
        """What was paid comes back: the bill is open again under its own name."""
        names = [name for name, amount in sorted(self.paid.items()) if amount and name.startswith("B")]
        if names:
            name = self._chance.choice(names)
            amount = self._some(self.paid[name])
            self.paid[name] -= amount
            self._write("Journal", True, [against(name, amount)], ("HDFC Bank", 0))

    def _move(self) -> None:
        """A journal within the party: what is on account, or an advance, goes to bills."""
        sources: list[tuple[Part, int]] = [(account(0), -self.account)] if self.account < 0 else []
        sources += [(against(name, 0), -left) for name, left in sorted(self.names.items()) if left < 0]
        parts = self._bills(1)
        if not sources or not parts:
            return
        source, most = self._chance.choice(sources)
        amount = min(most, parts[0].amount)
        name, side = parts[0].name, self.sign
        self.vouchers.append(
            voucher(
                "Journal", len(self.vouchers) + 1, self._day.isoformat(),
                (self.party, side * amount, Part(source.how, source.name, amount)),
                (self.party, -side * amount, against(name, amount)), party=self.party,
            )
        )  # fmt: skip
        self.names[name] -= amount
        self.paid[name] += amount
        if source.how == "account":
            self.account += amount
        else:
            self.names[source.name] += amount

    def _return(self) -> None:
        """An advance is given back."""
        advances = [name for name, amount in sorted(self.names.items()) if amount < 0]
        if advances:
            name = self._chance.choice(advances)
            self._write("Journal", True, [against(name, self._some(-self.names[name]))], ("HDFC Bank", 0))


@pytest.mark.parametrize("party", SIDES)
@pytest.mark.parametrize("seed", range(60))
def test_what_is_open_on_each_bill_is_what_tally_says(party: str, seed: int) -> None:
    clerk = Clerk(party, seed)
    clerk.enter(40)
    made = derived(events(export(*clerk.vouchers)))
    table = "invoices" if clerk.sign > 0 else "payables"
    theirs = {name: amount for name, amount in clerk.names.items() if amount > 0}
    assert {name: amount for name, amount in open_bills(made, table=table).items() if amount > 0} == theirs
    whole = sum(clerk.names.values()) + clerk.account
    assert balances(made) == ({party: clerk.sign * whole} if whole else {})
    rows: Any = made.tables[table]
    assert all(row.outstanding >= 0 for row in rows if row.kind != "credit_note")


@pytest.mark.parametrize("seed", range(12))
def test_a_day_book_that_tells_no_groups_comes_to_the_same(seed: int) -> None:
    clerks = [Clerk(party, seed) for party in SIDES]
    for clerk in clerks:
        clerk.enter(25)
    own = [vouchers.replace("<GUID>v-", "<GUID>w-") for vouchers in clerks[1].vouchers]
    body = (*clerks[0].vouchers, *own)
    assert balances(derived(events(export(*body, known="")))) == balances(derived(events(export(*body))))
