"""How the town pays a firm: bill by bill, in round sums, through a gateway; with all that goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from tests.matching import banks
from tests.matching.papers import Bill, Rule, cuts, plainest, rupee
from tests.matching.people import Customer, Instrument, instrument
from tests.matching.remarks import empty_words, numbered
from tests.matching.trades import Trade
from tests.matching.truth import Line, Part, Story, Told, Truth
from workers.simulator.entities import working_day

BOOKS, GATEWAY = "books:tally", "payment:razorpay"
_TROUBLE = ("rate_difference", "shortage", "freight", "goods_returned")
_COMPUTED = frozenset(["tds", "gst_tds", "cash_discount"])
_UPI_LIMIT, _CASH_LIMIT, _RTGS_FROM = 1_00_000_00, 1_90_000_00, 2_00_000_00


class Purse:
    """Where money comes in: writes lines of the bank and words of books and gateway, each with its truth."""

    def __init__(self, story: Story, chance: Random, trade: Trade, people: list[Customer]) -> None:
        self.story = story
        self.chance = chance
        self.trade = trade
        self.people = people
        self.later: dict[date, list[Callable[[date], None]]] = {}
        self._captured: dict[date, list[int]] = {}
        self._vendor_bills = 0
        self._closed: dict[str, Bill] = {}

    def plan(self, day: date, work: Callable[[date], None]) -> None:
        """Do something on a later day."""
        self.later.setdefault(day, []).append(work)

    def say(self, day: date, source: str, event_type: str, external_id: str, data: dict[str, object], *, lag: int = 0,
            truth: Truth | None = None) -> None:  # fmt: skip
        """Let a source say something, `lag` days after it happened."""
        filled = {name: value for name, value in data.items() if value is not None}
        self.story.told.append(
            Told(day + timedelta(days=lag), source, event_type, external_id, filled, day, truth)
        )

    def line(
        self, account: int, day: date, amount: int, narration: str, reference: str, truth: Truth | None
    ) -> int:
        """Let a bank print a line; returns its place."""
        self.story.lines.append(Line(account, day, amount, narration, reference, truth))
        return len(self.story.lines) - 1

    # ---- one payment of a customer -------------------------------------------------------------------
    def pay(self, person: Customer, day: date, cash: int, truth: Truth, *, remark: str, named: bool = False,
            payer: Customer | None = None) -> int:  # fmt: skip
        """Bring a customer's money to the bank (by a brother's account, if `payer` is another); returns its place."""
        own = self.story.accounts[person.account].bank
        tool = self._tool(payer or person, cash)
        channel = "rtgs" if tool.channel == "neft" and cash >= _RTGS_FROM else tool.channel
        reference = banks.reference_of(self.chance, channel, tool.bank, day)
        visible = tool
        if channel == "cheque" and not banks.shows_cheque_name(own):
            visible = replace(tool, name=self.chance.choice(banks.BRANCHES), shows="none")
        bounces = channel == "cheque" and truth.kind == "bills" and self.chance.random() < 0.04
        in_hand = channel == "cheque" and self.chance.random() < 0.4
        booked = not bounces and not in_hand and self.chance.random() < self.trade.books
        truth = replace(
            truth,
            returned_on=day + timedelta(days=2) if bounces else None,
            booked_on=day + timedelta(days=self.chance.randrange(13)) if booked else day if in_hand else None,
            explainable=truth.explainable
            and (in_hand or self._tells(person, visible, cash, truth, named=named)),
        )
        if channel == "cash":
            narration, column = banks.cash(own, self.chance, tool.name), ""
        else:
            paid = banks.Paid(channel, visible.name, tool.bank, tool.account, tool.vpa, reference, remark)
            narration, column = banks.printed(own, paid, holder=self.story.name.upper())
        place = self.line(person.account, day, cash, narration, column, truth)
        if visible.shows != "none":
            tool.users.add(person.code)
        person.cut_before |= {part.kind for part in truth.parts}
        if in_hand:
            self._cheque_in_hand(person, day, cash, reference, truth)
        elif booked:
            told = reference if channel != "cash" and self.chance.random() < 0.7 else None
            self._receipt(person, day, cash, truth, channel=channel, reference=told)
        if bounces:
            self.plan(day + timedelta(days=2), lambda then: self._bounce(person, then, place, reference))
        return place

    def _tool(self, person: Customer, cash: int) -> Instrument:
        tool = self.chance.choice(person.instruments)
        if (tool.channel == "upi" and cash > _UPI_LIMIT) or (tool.channel == "cash" and cash > _CASH_LIMIT):
            others = [one for one in person.instruments if one.channel not in ("upi", "cash")]
            if not others:
                others = [instrument(self.chance, "neft", person.name, person.owner)]
                person.instruments.append(others[0])
            tool = others[0]
        return tool

    def _bounce(self, person: Customer, day: date, place: int, number: str) -> None:
        """The bank takes a cheque's money back; its bills are open again and paid anew in a while."""
        line = self.story.lines[place]
        bank = self.story.accounts[line.account].bank
        words = {
            "hdfc": f"CHQ DEP RET- {number}-FUNDS INSUFFICIENT",
            "icici": f"REJECT:{number}:FUNDS INSUFFICIENT",
            "sbi": f"CHEQUE RETURNED--{number} FUNDS INSUFFICIENT",
            "axis": f"RTN CHQ {number}/FUNDS INSUFFICIENT",
        }[bank]
        debit = self.line(line.account, day, -line.amount, words, number, None)
        self.story.returns.append((place, debit))
        assert line.truth is not None
        for part in line.truth.parts:
            bill = next((one for one in person.open if one.key == part.bill), None) or self._closed[part.bill]
            bill.open += part.amount
            bill.pay_on = working_day(day + timedelta(days=self.chance.randrange(5, 13)))
            if bill not in person.open:
                person.open.append(bill)

    # ---- what the books say of it --------------------------------------------------------------------
    def _settles(self, truth: Truth) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        whole: dict[str, int] = {}
        kept: dict[str, int] = {}
        for part in truth.parts if truth.kind != "on_account" else ():
            whole[part.bill] = whole.get(part.bill, 0) + part.amount
            if part.kind != "receipt":
                kept[part.kind] = kept.get(part.kind, 0) + part.amount
        numbers = self.story.numbers
        return (
            [{"number": numbers[bill], "amount": amount} for bill, amount in whole.items()],
            [{"kind": kind, "amount": amount} for kind, amount in kept.items()],
        )

    def _receipt(
        self, person: Customer, day: date, cash: int, truth: Truth, *, channel: str, reference: str | None
    ) -> None:
        settles, kept = self._settles(truth)
        account = self.story.accounts[person.account]
        data = {
            "amount": cash, "currency": "INR", "party": person.party, "into": "bank", "paid_on": day.isoformat(),
            "account": f"{account.bank.upper()} Bank {account.number[-4:]}", "method": "transfer" if channel == "cash" else channel,
            "references": {"utr": [reference]} if reference else None, "settles": settles or None, "deductions": kept or None,
        }  # fmt: skip
        assert truth.booked_on is not None
        name = f"R{len(self.story.told):06d}"
        self.say(day, BOOKS, "payment.received", name, data, lag=(truth.booked_on - day).days)

    def _cheque_in_hand(self, person: Customer, day: date, cash: int, number: str, truth: Truth) -> None:
        settles, _ = self._settles(truth)
        data = {
            "number": number, "amount": cash, "currency": "INR", "party": person.party,
            "dated_on": (day - timedelta(days=2)).isoformat(), "settles": settles or None,
        }  # fmt: skip
        name = f"Q{len(self.story.told):06d}"
        self.say(day - timedelta(days=3), BOOKS, "cheque.received", name, data)
        if truth.returned_on is not None and self.chance.random() < 0.5:
            on = {"on": truth.returned_on.isoformat()}
            self.say(truth.returned_on, BOOKS, "cheque.returned", name, on, lag=1)

    # ---- bill by bill --------------------------------------------------------------------------------
    def bills(self, person: Customer, day: date, group: list[Bill]) -> None:
        """Let a customer pay some bills at once, by his rules, and now and then otherwise."""
        self._remember(group)
        draw = self.chance.random()
        if draw < self.trade.part and len(group) == 1 and group[0].open == group[0].amount:
            self._in_part(person, day, group[0])
            return
        draw -= self.trade.part
        parts = [part for bill in group for part in self._parts(person, bill, day)]
        how = _how(group, parts)
        if 0 <= draw < self.trade.trouble:
            parts, how = self._trouble(group, parts)
        elif person.vendor and draw > 0.8:
            parts, how = self._set_off(person, day, group, parts)
        cash = sum(part.amount for part in parts if part.kind == "receipt")
        if cash % 100 and self.chance.random() < 0.7:  # he pays whole rupees
            last = next(place for place in reversed(range(len(parts))) if parts[place].kind == "receipt")
            parts[last] = replace(parts[last], amount=parts[last].amount + rupee(cash) - cash)
            cash = rupee(cash)
        extra = self._more_than_due(cash) if draw > 0.985 and how == "exact" else 0
        truth = Truth(
            "bills", "overpaid" if extra else how, person.code, tuple(parts),
            explainable=all(bill.advance >= 0 for bill in group),
        )  # fmt: skip
        remark, named = self._remark(person, group)
        payer = person.brother if person.brother and self.chance.random() < 0.3 else None
        if payer is not None:
            truth = replace(truth, how="brother")
        self.pay(person, day, cash + extra, truth, remark=remark, named=named, payer=payer)
        self._close(group, parts)
        if self.chance.random() < 0.008 and how == "exact":
            again = Truth("advance", "paid_twice", person.code)
            then = working_day(day + timedelta(days=self.chance.randrange(2, 8)))
            self.plan(
                then, lambda late: void(self.pay(person, late, cash, again, remark=remark, named=named))
            )

    def _remember(self, group: list[Bill]) -> None:
        self._closed.update((bill.key, bill) for bill in group)

    def _parts(self, person: Customer, bill: Bill, day: date) -> list[Part]:
        kept = kept_back(person, bill, day)
        if sum(amount for _, amount in kept) >= bill.open:
            kept = []
        cash = bill.open - sum(amount for _, amount in kept)
        return [Part(bill.key, cash), *(Part(bill.key, amount, kind) for kind, amount in kept)]

    def _in_part(self, person: Customer, day: date, bill: Bill) -> None:
        step = 1_000_00 if bill.amount > 20_000_00 else 100_00
        cash = int(bill.open * self.chance.uniform(0.35, 0.72)) // step * step
        if cash <= 0:
            bill.pay_on += timedelta(days=7)
            return
        remark, named = self._remark(person, [bill])
        truth = Truth("bills", "part", person.code, (Part(bill.key, cash),))
        self.pay(person, day, cash, truth, remark=remark, named=named)
        bill.open -= cash
        bill.pay_on = working_day(day + timedelta(days=self.chance.randrange(9, 28)))

    def _trouble(self, group: list[Bill], parts: list[Part]) -> tuple[list[Part], str]:
        """Something was short, late or dearer than agreed: he keeps a sum that no table tells."""
        bill = self.chance.choice(group)
        place = next(n for n, part in enumerate(parts) if part.bill == bill.key and part.kind == "receipt")
        amount = min(rupee(int(bill.amount * self.chance.uniform(0.004, 0.06))), parts[place].amount // 2)
        kind = self.chance.choice(_TROUBLE)
        parts[place] = replace(parts[place], amount=parts[place].amount - amount)
        return [*parts, Part(bill.key, amount, kind)], "trouble"

    def _set_off(
        self, person: Customer, day: date, group: list[Bill], parts: list[Part]
    ) -> tuple[list[Part], str]:
        """He sold us something too, and takes it off what he pays."""
        place = next(n for n, part in enumerate(parts) if part.kind == "receipt")
        owed = rupee(int(parts[place].amount * self.chance.uniform(0.1, 0.4)))
        self._vendor_bills += 1
        data = {
            "number": f"V{self._vendor_bills:04d}", "party": person.party, "issued_on": (day - timedelta(days=9)).isoformat(),
            "amount": owed, "currency": "INR",
        }  # fmt: skip
        self.say(day - timedelta(days=8), BOOKS, "bill.received", f"V{self._vendor_bills:04d}", data)
        parts[place] = replace(parts[place], amount=parts[place].amount - owed)
        return [*parts, Part(parts[place].bill, owed, "set_off")], "set_off"

    def _more_than_due(self, cash: int) -> int:
        step = 1_000_00 if cash > 20_000_00 else 100_00
        return -cash % step

    def _remark(self, person: Customer, group: list[Bill]) -> tuple[str, bool]:
        if self.chance.random() >= person.refs:
            return empty_words(self.chance), False
        return numbered([bill.number for bill in group], person.style)

    def _close(self, group: list[Bill], parts: list[Part]) -> None:
        for part in parts:
            bill = next(one for one in group if one.key == part.bill)
            bill.open -= part.amount
        for bill in group:
            if bill.open <= 100:
                bill.open = 0

    # ---- round sums ----------------------------------------------------------------------------------
    def round_sum(self, person: Customer, day: date) -> None:
        """Let a customer pay a round sum, or now and then all that he owes, or by chance just one bill's amount."""
        ready = [bill for bill in person.open if bill.open > 0 and (day - bill.issued).days >= 8]
        total = sum(bill.open for bill in ready)
        if total < 2_000_00:
            return
        draw = self.chance.random()
        if draw < 0.05:
            cash = total
        elif draw < 0.08:
            cash = self.chance.choice(ready).open
        else:
            cash = _nice(int(total * person.sum_share * self.chance.uniform(0.6, 1.2)))
        left, parts = cash, []
        for bill in sorted(ready, key=lambda one: (one.issued, one.key)):
            part = min(left, bill.open)
            if part > 0:
                parts.append(Part(bill.key, part))
                bill.open -= part
                left -= part
        person.open = [bill for bill in person.open if bill.open > 0]
        if left and parts and person.open:  # newer bills take the rest
            for bill in sorted(person.open, key=lambda one: (one.issued, one.key)):
                part = min(left, bill.open)
                if part > 0 and bill not in ready:
                    parts.append(Part(bill.key, part))
                    bill.open -= part
                    left -= part
        truth = Truth(person.habit, "round" if draw >= 0.08 else "all" if draw < 0.05 else "chance", person.code,
                      tuple(parts))  # fmt: skip
        remark = self.chance.choice(("", "", "PAYMENT", "ON ACCOUNT", "ON AC", "PART PAYMENT"))
        self.pay(person, day, cash, truth, remark=remark)

    # ---- the gateway ---------------------------------------------------------------------------------
    def by_gateway(self, person: Customer, day: date, bill: Bill) -> None:
        """Let a customer pay a bill by the gateway, in full; some pay twice, some charge back."""
        kept = self._parts(person, bill, day)
        cash = kept[0].amount
        truth = Truth("bills", "gateway", person.code, tuple(kept))
        self._capture(person, day, cash, bill, truth)
        bill.open = 0
        draw = self.chance.random()
        if draw < 0.02:
            again = Truth("advance", "paid_twice", person.code, returned_on=day + timedelta(days=2))
            name = self._capture(person, day, cash, bill, again)
            money = {"amount": cash, "currency": "INR", "payment": name}
            self.say(day + timedelta(days=2), GATEWAY, "refund.processed", f"rfnd_{name[4:]}", money)
            self._captured.setdefault(working_day(day + timedelta(days=3)), []).append(-cash)

    def _capture(self, person: Customer, day: date, cash: int, bill: Bill, truth: Truth) -> str:
        name = f"pay_{len(self.story.told):012d}"
        named, known = self.chance.random() < 0.8, self.chance.random() < 0.5
        fee = rupee(cash * 2 // 100)
        tax = fee * 18 // 100
        data = {
            "amount": cash, "currency": "INR", "method": self.chance.choice(("upi", "card", "netbanking")),
            "paid_on": day.isoformat(), "fee": fee + tax, "tax": tax,
            "payer": {"phone": person.phone if known else "+915559999999", "email": f"accounts@{person.code.lower()}.example"},
            "references": {"invoices": [bill.number]} if named else None,
        }  # fmt: skip
        tells = named or (known and self._lines_told(person, cash, truth, named=False))
        self.say(day, GATEWAY, "payment.received", name, data, truth=replace(truth, explainable=tells))
        settled = working_day(day + timedelta(days=2))
        if settled not in self._captured:
            self.plan(settled, self._settle)
        self._captured.setdefault(settled, []).append(cash - fee - tax)
        return name

    def _settle(self, day: date) -> None:
        amount = sum(self._captured.pop(day, []))
        if amount <= 0:
            return
        utr = f"AXISCN{self.chance.randrange(10**10):010d}"
        data = {
            "amount": amount, "currency": "INR", "references": {"utr": [utr]}, "settled_on": day.isoformat(),
        }  # fmt: skip
        self.say(day, GATEWAY, "settlement.processed", f"setl_{utr}", data)
        own = self.story.accounts[0].bank
        paid = banks.Paid("neft", "RAZORPAY SOFTWARE PVT LTD", "UTIB", "917020041206002", "", utr, "")
        narration, column = banks.printed(own, paid, holder=self.story.name.upper())
        self.line(0, day, amount, narration, column, Truth("settlement", "settlement"))

    # ---- could an accountant tell? -------------------------------------------------------------------
    def _tells(self, person: Customer, tool: Instrument, cash: int, truth: Truth, *, named: bool) -> bool:
        return self._whose(person, tool, cash, truth, named=named) and self._lines_told(
            person, cash, truth, named=named
        )

    def _whose(self, person: Customer, tool: Instrument, cash: int, truth: Truth, *, named: bool) -> bool:
        if named:
            return True
        single = len({part.bill for part in truth.parts}) == 1
        if single and cash % 1_000_00 and truth.kind == "bills":
            alike = [b for one in self.people for b in one.open if abs(b.open - cash) <= 100]
            if len(alike) == 1 and alike[0].party == person.code:
                return True
        if tool.shows == "none":
            return False
        if person.code in tool.users:
            return len(tool.users) == 1
        surname = person.owner.upper().split()[-1] if person.owner else "?"
        shown = tool.shows == "firm" or surname in person.name.upper().split()
        return shown and not person.twin and truth.how != "brother"

    def _lines_told(self, person: Customer, cash: int, truth: Truth, *, named: bool) -> bool:
        if truth.kind in ("on_account", "oldest_first"):
            return True
        ready = [bill for bill in person.open if bill.open > 0]
        if truth.kind == "advance":
            return not ready or named
        kinds = {part.kind for part in truth.parts} - {"receipt"}
        if kinds & {*_TROUBLE, "financier_charge"} or (
            "retention" in kinds and "retention" not in person.cut_before
        ):
            return False
        if named:
            return True
        if truth.how in ("part", "overpaid", "set_off"):
            return len(ready) == 1
        found = plainest(cash, ready, self._usual(person, kinds))
        return found == [(frozenset(part.bill for part in truth.parts), tuple(sorted(kinds)))]

    def _usual(self, person: Customer, kinds: set[str]) -> tuple[tuple[Rule, ...], ...]:
        if kinds and kinds <= person.cut_before:
            return (tuple(rules_of(person)),)  # he always cuts the same
        return cuts(self.trade.tds, government=self.trade.government > 0, discount=self.trade.discount > 0)

    # ---- money that is no customer's -----------------------------------------------------------------
    def other_money(self, day: date, size: float) -> None:
        """Bring what else comes into a firm's account, and what goes out."""
        for name, chance in _OTHERS.items():
            if self.chance.random() < chance * min(size, 1.5):
                self._other(name, day)
        if self.trade.treds and self.chance.random() < 0.02 * self.trade.treds * size:
            self._discounted(day)
        if day.day in (29, 30) and day.month in (3, 6, 9, 12) and day.weekday() == 5 - day.day % 2:
            own = self.story.accounts[0]
            words = {
                "hdfc": "CREDIT INTEREST CAPITALISED",
                "sbi": "CREDIT INTEREST--",
                "axis": f"{own.number}:Int.Pd:01-04-2026 to 30-06-2026",
            }
            self.line(0, day, rupee(self.chance.randrange(800_00, 9_000_00)), words.get(own.bank, f"{own.number}:Int.Pd:01-04-2026 to 30-06-2026"), "",
                      Truth("interest", "interest"))  # fmt: skip
        if self.chance.random() < 0.2 * size:
            self._goes_out(day)

    def _other(self, name: str, day: date) -> None:
        amount = self.chance.choice((25_000, 50_000, 75_000, 1_00_000, 2_00_000, 3_50_000)) * 100
        holder = self.story.name.upper()
        odd = rupee(self.chance.randrange(3_000_00, 90_000_00))
        match name:
            case "own_transfer":
                self._own_transfer(day, amount)
            case "own_elsewhere":
                self._credit(day, amount, "imps", holder[:20], "own_transfer", remark="SELF")
            case "loan":
                self._credit(
                    day,
                    amount * 4,
                    "neft",
                    self.chance.choice(("BAJAJ FINANCE LIMITED", "TATA CAPITAL LIMITED")),
                    "loan",
                    remark="LOAN DISBURSEMENT",
                )
            case "owner_money":
                self._credit(
                    day,
                    amount,
                    "imps",
                    f"{holder.split()[0]} RAMAKANT VAIDYA"[:20],
                    "owner_money",
                    remark="CAPITAL",
                    told=self.chance.random() < 0.6,
                )
            case "gst_refund":
                self._credit(day, odd, "neft", "RBI0PFMS CBIC GST REFUND", "gst_refund", remark="GST REFUND")
            case "vendor_refund":
                self._credit(
                    day,
                    odd // 6,
                    "neft",
                    self.chance.choice(("GANGA CHEMICALS", "APEX SECURITY EQUIP", "WAGH ELECTRICALS")),
                    "vendor_refund",
                    remark="REFUND",
                    told=self.chance.random() < 0.7,
                )
            case "reversal":
                self._sent_back(day, odd // 3)
            case "stranger":
                self._credit(day, odd // 9, "upi", "AKASH M TAMBE", "stranger", told=False)
            case "till":
                if self.trade.cash:
                    words = banks.cash(self.story.accounts[0].bank, self.chance, "")
                    self.line(
                        0, day, amount // 2, words, "", Truth("own_cash", "own_cash", explainable=False)
                    )

    def _credit(
        self,
        day: date,
        amount: int,
        channel: str,
        name: str,
        kind: str,
        *,
        remark: str = "",
        told: bool = True,
    ) -> None:
        amount = max(amount, 500_00)
        reference = banks.reference_of(self.chance, channel, "HDFC", day)
        paid = banks.Paid(
            channel,
            name,
            "HDFC",
            str(self.chance.randrange(10**12, 10**13)),
            "akasht77@okaxis",
            reference,
            remark if told else "",
        )
        narration, column = banks.printed(self.story.accounts[0].bank, paid, holder=self.story.name.upper())
        self.line(0, day, amount, narration, column, Truth(kind, kind, explainable=told))

    def _own_transfer(self, day: date, amount: int) -> None:
        here, there = self.chance.choice(((0, 1), (1, 0)))
        utr = banks.reference_of(self.chance, "neft", "HDFC", day)
        holder = self.story.name.upper()
        out = banks.Paid("neft", holder[:20], "HDFC", self.story.accounts[there].number, "", utr, "")
        for account, signed in ((there, -amount), (here, amount)):
            narration, column = banks.printed(self.story.accounts[account].bank, out, holder=holder)
            if signed < 0:
                narration = narration.replace("CR-", "DR-").replace("BY TRANSFER", "TO TRANSFER")
            self.line(
                account,
                day,
                signed,
                narration,
                column,
                Truth("own_transfer", "own_transfer") if signed > 0 else None,
            )

    def _sent_back(self, day: date, amount: int) -> None:
        """A transfer of ours that the payee's bank refused, and that comes back next day under its reference."""
        utr = banks.reference_of(self.chance, "neft", "HDFC", day)
        self.line(0, day, -amount, f"NEFT DR-SBIN0000300-WAGH ELECTRICALS-{utr}", utr, None)

        def back(then: date) -> None:
            self.line(
                0,
                then,
                amount,
                f"NEFT RETURN-{utr}-WAGH ELECTRICALS-ACCOUNT DOES NOT EXIST",
                utr,
                Truth("reversal", "reversal"),
            )

        self.plan(day + timedelta(days=1), back)

    def _discounted(self, day: date) -> None:
        """A financier pays a customer's bill early, less what that costs."""
        ready = [b for p in self.people if p.habit == "bill_wise" and not p.gateway and p.size > 30_000_00 for b in p.open
                 if b.open == b.amount and (day - b.issued).days > 5]  # fmt: skip
        if not ready:
            return
        bill = self.chance.choice(ready)
        self._remember([bill])
        person = next(one for one in self.people if one.code == bill.party)
        charge = rupee(bill.open * max((bill.pay_on - day).days, 5) * 9 // 36_500)
        named = self.chance.random() < 0.5
        parts = (Part(bill.key, bill.open - charge), Part(bill.key, charge, "financier_charge"))
        truth = Truth("bills", "financier", person.code, parts, explainable=named)
        house = self.chance.choice(("RXIL TREDS SETTLEMENT", "M1XCHANGE TREDS", "INVOICEMART TREDS"))
        utr = banks.reference_of(self.chance, "neft", "UTIB", day)
        paid = banks.Paid(
            "neft", house, "UTIB", "917020041200001", "", utr, bill.number if named else "TREDS FU"
        )
        narration, column = banks.printed(self.story.accounts[0].bank, paid, holder=self.story.name.upper())
        self.line(0, day, bill.open - charge, narration, column, truth)
        bill.open = 0
        person.open = [one for one in person.open if one.open > 0]

    def _goes_out(self, day: date) -> None:
        amount = rupee(self.chance.randrange(900_00, 80_000_00))
        utr = banks.reference_of(self.chance, "neft", "HDFC", day)
        name = self.chance.choice(
            ("GANGA CHEMICALS", "APEX SECURITY EQUIP", "SALARY", "OFFICE RENT", "MSEDCL")
        )
        self.line(0, day, -amount, f"NEFT DR-SBIN0000300-{name}-{utr}", utr, None)


_OTHERS = {
    "own_transfer": 0.05, "own_elsewhere": 0.015, "loan": 0.004, "owner_money": 0.012, "gst_refund": 0.005,
    "vendor_refund": 0.012, "reversal": 0.008, "stranger": 0.003, "till": 0.03,
}  # fmt: skip
"""Other money, by its chance on a working day."""


def rules_of(person: Customer) -> list[Rule]:
    """Return what this customer keeps back of each bill."""
    rules = [Rule("tds", person.rate, person.gross)] if person.rate else []
    rules += [Rule("gst_tds", 2000)] if person.gst_tds else []
    rules += [Rule("cash_discount", 2000)] if person.discount else []
    return rules + ([Rule("retention", 5000)] if person.retention else [])


def kept_back(person: Customer, bill: Bill, day: date) -> list[tuple[str, int]]:
    """Return what he keeps of a bill on a day: the discount only if he pays in time."""
    late = (day - bill.issued).days > person.terms + 3
    rules = [rule for rule in rules_of(person) if not (late and rule.kind == "cash_discount")]
    return [(rule.kind, amount) for rule in rules if (amount := rule.of(bill))]


def void(_: int) -> None:
    """Forget a place."""


def _how(group: list[Bill], parts: list[Part]) -> str:
    kinds = {part.kind for part in parts} - {"receipt"}
    if kinds:
        return "cut" if len(group) == 1 else "several_cut"
    return "exact" if len(group) == 1 else "several"


def _nice(amount: int) -> int:
    for step in (1_00_000_00, 50_000_00, 25_000_00, 10_000_00, 5_000_00, 1_000_00):
        if amount >= 2 * step:
            return amount // step * step
    return max(amount // 500_00 * 500_00, 500_00)
