"""Random small firms for properties: a log of every kind of event, with duplicates, revisions, twins and decisions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from kit.database import Tx
from kit.ids import digest
from ledger.domain.checks import check_event
from ledger.domain.events import OPERATOR, Delivery, NewEvent, subject_id
from ledger.domain.rows import TABLES, BookEntryRow, PostingRow

START = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
BOOKS, CRM, GATEWAY, BANK = "standard:books", "crm:demo", "payment:razorpay", "bank:icici"
GSTINS = ("27AAPFU0939F1ZV", "29AAGCB7383J1Z4", *[None] * 40)


def delivery(
    business: UUID,
    source: str,
    event_type: str,
    external_id: str,
    data: dict[str, Any],
    *,
    at: datetime = START,
    precision: str = "instant",
    kind: str | None = None,
    event_id: str | None = None,
    received_at: datetime = RECEIVED,
) -> Delivery:
    """Return one event as a delivery of its own; the same arguments give the same bytes and ids."""
    check_event(event_type, data)
    kind = kind or event_type.partition(".")[0].replace("bank", "bank_line")
    body = orjson.dumps(
        [source, event_type, external_id, data, at.isoformat(), event_id], option=orjson.OPT_SORT_KEYS
    )
    event = NewEvent(event_id or digest(body).hex()[:24], event_type, kind, external_id, at, precision, data)
    return Delivery(business, source, "webhook", digest(body), body, received_at, events=(event,))


NAMES = ("Sharma Traders", "Gupta Steel", "Patil Paper", "Khan Electricals", "Sharma Cement", "Joshi Foods")


class Firm:
    """Builds the log of one random firm."""

    def __init__(self, business: UUID, seed: int) -> None:
        self._random = random.Random(seed)
        self._business = business
        self._moment = START
        self.log: list[Delivery] = []
        self._invoices: list[tuple[str, int, dict[str, Any]]] = []
        self._subjects: list[UUID] = []
        self._documents: list[UUID] = []
        self._bills: list[tuple[str, int]] = []

    def build(self, size: int) -> list[Delivery]:
        """Return about `size` deliveries."""
        steps = (
            [self._invoice] * 5 + [self._payment] * 4 + [self._bank] * 4 + [self._settlement] * 2
            + [self._party, self._void, self._revise, self._revise, self._revise, self._credit_note, self._bill, self._cheque, self._deal,
               self._opening, self._decision, self._decision, self._word, self._word, self._parting, self._payout,
               self._next_year, self._sheet_bill, self._reversal, self._books_money, self._books_money, self._books_bill,
               self._books_bill, self._voucher]
        )  # fmt: skip
        while len(self.log) < size:
            self._moment += timedelta(hours=self._random.randrange(1, 30))
            self._random.choice(steps)()
        return self.log

    def _say(self, source: str, event_type: str, external_id: str, data: dict[str, Any], **more: Any) -> UUID:
        made = delivery(
            self._business, source, event_type, external_id, data, at=more.pop("at", self._moment), **more
        )
        if source == BANK and self._random.random() < 0.5:
            first = date.fromisoformat(data["posted_on"])
            until = first + timedelta(days=self._random.randrange(20))
            made = replace(made, covered_from=first, covered_until=until, account="000405004421")
        self.log.append(made)
        event = made.events[0]
        return subject_id(source, event.kind, external_id)

    def _who(self) -> dict[str, Any]:
        number = self._random.randrange(8)
        return {
            "id": f"c{number}",
            "name": f"{NAMES[number % 6]} {number}",
            "gstin": self._random.choice(GSTINS),
        }

    def _amount(self) -> int:
        return self._random.choice([10_000, 11_800, 50_000, 118_000, 118_050, 23_600])

    def _day(self) -> str:
        return (self._moment + timedelta(hours=5, minutes=30)).date().isoformat()

    def _invoice(self) -> None:
        number, amount, party = f"INV-{len(self._invoices) + 101}", self._amount(), self._who()
        due = (self._moment + timedelta(days=self._random.choice([0, 15, 45]))).date().isoformat()
        data = {
            "number": number, "party": party, "issued_on": self._day(), "amount": amount, "currency": "INR",
            "due_on": self._random.choice([due, None]),
        }  # fmt: skip
        self._invoices.append((number, amount, party))
        self._documents.append(self._say(BOOKS, "invoice.issued", f"i{number}", data))
        if self._random.random() < 0.2:
            self._say(
                "books:spreadsheet",
                "invoice.issued",
                f"s{number}",
                {**data, "paid": amount // 2},
                precision="observed",
            )

    def _revise(self) -> None:
        if self._invoices:
            number, amount, party = self._random.choice(self._invoices)
            party = self._random.choice([party, self._who()])
            data = {"number": number, "party": party, "amount": amount + 100, "currency": "INR"}
            self._say(BOOKS, "invoice.revised", f"i{number}", data)

    def _named(self, most: int) -> list[dict[str, Any]]:
        """Some of `most` under bills' numbers, advances' names, and no name."""
        names = [number for number, _, _ in self._invoices[-12:]] + ["ADV-1", "ADV-2", None]
        parts: list[dict[str, Any]] = []
        for name in self._random.sample(names, self._random.randrange(1, 4)):
            parts.append({"number": name, "amount": self._random.choice([most, most // 2, 1_000])})
        return parts

    def _books_money(self) -> None:
        """Say a receipt or a credit note of the books with the bills that it is set against, amount by amount."""
        name, amount, party = f"k{len(self.log)}", self._amount(), self._who()
        if self._invoices and self._random.random() < 0.7:
            _, amount, party = self._random.choice(self._invoices)
        data = {"amount": amount, "currency": "INR", "party": party, "settles": self._named(amount)}
        if self._random.random() < 0.3:
            data |= {"number": f"CN-{name}", "issued_on": self._day()}
            self._say(BOOKS, "credit_note.issued", name, data)
            return
        data |= {"into": self._random.choice(["cash", "bank"]), "paid_on": self._day()}
        if self._random.random() < 0.4:
            data["deductions"] = [{"kind": "tds", "amount": 1_000}]
        self._subjects.append(self._say(BOOKS, "payment.received", name, data))
        if self._random.random() < 0.2:
            self._say(BOOKS, "payment.reversed", name, data, at=self._moment + timedelta(days=2))

    def _books_bill(self) -> None:
        """Say a bill that takes an advance or money on account, or that opens another one again."""
        number, amount, party = f"INV-{len(self._invoices) + 101}", self._amount(), self._who()
        if self._invoices and self._random.random() < 0.7:
            _, amount, party = self._random.choice(self._invoices)
        data = {
            "number": number, "party": party, "issued_on": self._day(), "amount": amount, "currency": "INR",
            "settles": self._named(amount),
        }  # fmt: skip
        self._invoices.append((number, amount, party))
        self._documents.append(self._say(BOOKS, "invoice.issued", f"i{number}", data))

    def _voucher(self) -> None:
        """Say a journal between two customers, and an edit of it that strikes one out."""
        record, amount = f"g{len(self.log)}", self._amount()
        for place, revision in ((0, 1), (1, 1), (0, 2)):
            data = {
                "number": f"Journal {record}", "party": self._who(), "issued_on": self._day(), "amount": amount,
                "currency": "INR", "record": record, "revision": revision,
            }  # fmt: skip
            if revision == 1 or self._random.random() < 0.7:
                self._say(BOOKS, "credit_note.issued", f"{record}#{place}", data, precision="day")

    def _void(self) -> None:
        if self._invoices and self._random.random() < 0.5:
            number, _, _ = self._random.choice(self._invoices)
            self._say(BOOKS, "invoice.voided", f"i{number}", {"number": number})

    def _credit_note(self) -> None:
        if self._invoices:
            number, amount, party = self._random.choice(self._invoices)
            data = {
                "number": f"CN-{len(self.log)}", "party": party, "issued_on": self._day(), "amount": amount // 3,
                "currency": "INR", "references": {"invoices": [number]},
            }  # fmt: skip
            self._say(BOOKS, "credit_note.issued", f"cn{len(self.log)}", data)

    def _party(self) -> None:
        who = self._who()
        data = {"name": who["name"].upper(), "gstin": who["gstin"], "phone": "+919800000000"}
        self._say(self._random.choice([BOOKS, CRM]), "party.upserted", who["id"], data)

    def _payment(self) -> None:
        external_id = f"pay_{len(self.log)}"
        amount, references = self._amount(), {}
        if self._invoices and self._random.random() < 0.7:
            number, amount, _ = self._random.choice(self._invoices)
            references = {"invoices": [number]}
        data = {"amount": amount, "currency": "INR", "references": references}
        subject = self._say(GATEWAY, "payment.received", external_id, data)
        self._subjects.append(subject)
        if self._random.random() < 0.3:
            self._say(
                GATEWAY, "payment.authorised", external_id, data, at=self._moment - timedelta(minutes=1)
            )
        if self._random.random() < 0.2:
            self._say(GATEWAY, "payment.failed", external_id, data, at=self._moment + timedelta(minutes=1))
        if self._random.random() < 0.3:
            self._say(
                GATEWAY,
                "refund.processed",
                f"r{external_id}",
                {"amount": amount // 4, "currency": "INR", "payment": external_id},
            )
        if self._random.random() < 0.1:
            self._say(
                GATEWAY,
                "dispute.lost",
                f"d{external_id}",
                {"amount": amount, "currency": "INR", "payment": external_id},
            )

    def _bank(self) -> None:
        amount, tokens = self._amount(), []
        utr = f"HDFCN{len(self.log):011d}"
        if self._invoices and self._random.random() < 0.5:
            number, amount, party = self._random.choice(self._invoices)
            tokens = [number.replace("-", "")]
            if self._random.random() < 0.5:
                told = {"utr": [utr.lower()]} if self._random.random() < 0.5 else {}
                data = {
                    "amount": amount, "currency": "INR", "party": party, "into": "bank", "paid_on": self._day(),
                    "references": {**told, "invoices": [number]},
                }  # fmt: skip
                if self._random.random() < 0.3:
                    data["deductions"] = [{"kind": "tds", "amount": 1_000}]
                self._say(BOOKS, "payment.received", f"b{utr}", data)
        line = {
            "amount": amount, "currency": "INR", "account": "4421", "posted_on": self._day(),
            "narration": f"NEFT {utr}", "channel": "NEFT", "references": {"utr": [utr], "tokens": tokens},
        }  # fmt: skip
        if self._random.random() < 0.5:
            name = self._random.choice(NAMES).upper()
            line["payer"] = {"name": name}
            if self._random.random() < 0.3:
                line["payer"]["vpa"] = f"{name[:5].lower()}@okicici"
        kind = "bank.credited" if self._random.random() < 0.85 else "bank.debited"
        self._subjects.append(
            self._say(BANK, kind, f"L{len(self.log)}", line, kind="bank_line", precision="day")
        )
        if self._random.random() < 0.1:
            self._say(BANK, kind, f"L{len(self.log)}", line, kind="bank_line", precision="day")

    def _settlement(self) -> None:
        utr, amount = f"SETL{len(self.log):08d}X", self._amount()
        self._say(
            GATEWAY,
            "settlement.processed",
            f"setl_{utr}",
            {"amount": amount, "currency": "INR", "references": {"utr": [utr]}},
        )
        if self._random.random() < 0.7:
            line = {
                "amount": amount, "currency": "INR", "account": "4421", "posted_on": self._day(),
                "narration": f"RZP {utr}", "references": {"utr": [utr]},
            }  # fmt: skip
            self._say(BANK, "bank.credited", f"L{len(self.log)}", line, kind="bank_line", precision="day")

    def _bill(self) -> None:
        number, amount, party = f"V{len(self.log)}", self._amount(), {"id": "v1", "name": "Vendor"}
        data = {
            "number": number,
            "party": party,
            "issued_on": self._day(),
            "amount": amount,
            "currency": "INR",
        }
        self._documents.append(self._say(BOOKS, "bill.received", f"b{number}", data))
        self._bills.append((number, amount))
        if self._random.random() < 0.5:
            paid = {"amount": amount, "currency": "INR", "party": party, "references": {"bills": [number]}}
            self._say(BOOKS, "payout.processed", f"po{number}", paid)

    def _cheque(self) -> None:
        number, amount = f"{len(self.log):06d}", self._amount()
        data = {"number": number, "amount": amount, "currency": "INR", "party": self._who()}
        self._say(BOOKS, "cheque.received", f"q{number}", data)
        at, on = self._moment, {"on": self._day()}
        if self._random.random() < 0.7:
            self._say(BOOKS, "cheque.cleared", f"q{number}", on, at=at + timedelta(days=2))
            line = {
                "amount": amount, "currency": "INR", "account": "4421", "posted_on": self._day(), "channel": "CHEQUE",
                "narration": f"CLG {number}", "references": {"tokens": [number]},
            }  # fmt: skip
            self._say(BANK, "bank.credited", f"L{number}", line, kind="bank_line", precision="day")
        if self._random.random() < 0.3:
            self._say(BOOKS, "cheque.returned", f"q{number}", on, at=at + timedelta(days=5))
        if self._random.random() < 0.2:
            self._say(BOOKS, "cheque.replaced", f"q{number}", on, at=at + timedelta(days=8))

    def _payout(self) -> None:
        """Say a payout without a vendor, with a bank debit that names a bill; some come back."""
        if not self._bills:
            return
        number, amount = self._random.choice(self._bills)
        name, utr = f"px{len(self.log)}", f"PAYN{len(self.log):011d}"
        data = {"amount": amount, "currency": "INR", "references": {"utr": [utr]}}
        if self._random.random() < 0.5:
            data["references"]["bills"] = [number.lower()]
        self._subjects.append(self._say(GATEWAY, "payout.processed", name, data))
        line = {
            "amount": amount, "currency": "INR", "account": "4421", "posted_on": self._day(),
            "narration": f"NEFT {utr}", "references": {"utr": [utr], "tokens": [number]},
        }  # fmt: skip
        if self._random.random() < 0.7:
            self._say(BANK, "bank.debited", f"L{len(self.log)}", line, kind="bank_line", precision="day")
        if self._random.random() < 0.3:
            self._say(GATEWAY, "payout.reversed", name, data, at=self._moment + timedelta(days=1))
        if self._random.random() < 0.2:
            self._say(BOOKS, "bill.voided", f"b{number}", {"number": number})

    def _next_year(self) -> None:
        """Say a bill of the year before under a number that is used again, or one in dollars."""
        if self._invoices:
            number, amount, party = self._random.choice(self._invoices)
            currency, day = self._random.choice([("INR", "2026-03-30"), ("USD", self._day())])
            data = {
                "number": number,
                "party": party,
                "issued_on": day,
                "amount": amount,
                "currency": currency,
            }
            name = f"y{number}" if currency == "INR" else f"u{number}-{len(self.log)}"
            data["number"] = number if currency == "INR" else f"EXP-{len(self.log)}"
            self._documents.append(self._say(BOOKS, "invoice.issued", name, data))

    def _sheet_bill(self) -> None:
        """Say a bill by number only: a CRM's or a gateway's word, without a party or without a day."""
        if self._invoices:
            number, amount, party = self._random.choice(self._invoices)
            status = self._random.choice(["invoice.draft", "invoice.voided", "invoice.paid"])
            data = {"number": number, "amount": amount, "currency": "INR", "status": status}
            if self._random.random() < 0.5:
                data["party"] = party
            source = self._random.choice([CRM, GATEWAY, BOOKS])
            self._say(source, "invoice.status_reported", f"n{number}", data)

    def _reversal(self) -> None:
        """Say a payment that is reversed, and often paid anew before or after that."""
        if self._invoices:
            number, amount, _ = self._random.choice(self._invoices)
            data = {"amount": amount, "currency": "INR", "references": {"invoices": [number]}}
            name = f"rev_{len(self.log)}"
            self._subjects.append(self._say(GATEWAY, "payment.received", name, data))
            self._say(GATEWAY, "payment.reversed", name, data, at=self._moment + timedelta(days=3))
            if self._random.random() < 0.6:
                at = self._moment + timedelta(days=self._random.choice([2, 4]))
                self._say(GATEWAY, "payment.received", f"{name}b", data, at=at)

    def _deal(self) -> None:
        if self._invoices:
            number, amount, party = self._random.choice(self._invoices)
            data = {
                "name": "Deal", "party": party, "amount": amount, "currency": "INR", "status": "invoice.paid",
                "references": {"invoices": [number]},
            }  # fmt: skip
            self._say(CRM, "deal.status_reported", f"deal{number}", data)

    def _opening(self) -> None:
        data = {
            "party": self._who(),
            "amount": self._amount(),
            "currency": "INR",
            "as_on": "2026-04-01",
            "side": "receivable",
        }
        self._say(
            "books:spreadsheet", "opening.stated", f"open-{data['party']['id']}", data, precision="observed"
        )

    def _word(self) -> None:
        """Say what people say of a bill or a customer: disputes, deductions, promises, money they confirm."""
        if not self._documents:
            return
        name, document = f"w{len(self.log)}:1:0", str(self._random.choice(self._documents))
        party = str(subject_id(BOOKS, "party", f"c{self._random.randrange(8)}"))
        money = {"amount": self._amount(), "currency": "INR"}
        says: list[tuple[str, str, dict[str, Any]]] = [
            ("dispute.raised", "decision", {"document": document}),
            ("dispute.settled", "decision", {"document": document}),
            ("deduction.accepted", "decision", {"document": document, "kind": "tds", **money, "amount": 700}),
            ("writeoff.approved", "decision", {"document": document, **money}),
            ("promise.made", "promise", {"party": party, "on": self._day(), **money}),
            ("payment.confirmed", "payment", {"party": {"id": party}, "into": "cash", **money}),
        ]
        event_type, kind, data = self._random.choice(says)
        self._say(OPERATOR, event_type, name, data, kind=kind)

    def _parting(self) -> None:
        """Say that two parties, or two claims of money, are one; or that they are not."""
        name = f"l{len(self.log)}:1:0"
        if self._random.random() < 0.5 or len(self._subjects) < 2:
            pair = [subject_id(BOOKS, "party", f"c{n}") for n in self._random.sample(range(8), 2)]
            if self._random.random() < 0.3:
                pair[1] = subject_id(CRM, "party", f"c{self._random.randrange(8)}")
            event_type = self._random.choice(["parties.linked", "parties.unlinked"])
        else:
            pair = self._random.sample(self._subjects[-6:], 2)
            event_type = self._random.choice(["link.confirmed", "link.rejected"])
        self._say(OPERATOR, event_type, name, {"subjects": [str(item) for item in pair]}, kind="decision")

    def _decision(self) -> None:
        if not (self._subjects and self._documents):
            return
        receipt, document = self._random.choice(self._subjects), self._random.choice(self._documents)
        name = f"x{len(self.log)}:1:0"
        choice = self._random.randrange(7)
        if choice == 4:
            party = str(subject_id(BOOKS, "party", f"c{self._random.randrange(8)}"))
            habit = self._random.choice(["bill_wise", "oldest_first", "on_account"])
            self._say(OPERATOR, "habit.decided", name, {"party": party, "habit": habit}, kind="decision")
        elif choice == 5:
            pair = [str(receipt), str(document)]
            self._say(OPERATOR, "link.rejected", name, {"subjects": pair}, kind="decision")
        elif choice == 6:
            party = str(subject_id(BOOKS, "party", f"c{self._random.randrange(8)}"))
            data = {"receipt": str(receipt), "lines": [], "party": party}
            if self._random.random() < 0.3:
                data["learn"] = "once"
            self._say(OPERATOR, "allocation.decided", name, data, kind="decision")
        elif choice == 0:
            lines = [
                {"document": str(document), "amount": 10_000},
                {"document": str(document), "amount": 500, "kind": "tds"},
            ]
            self._say(
                OPERATOR,
                "allocation.decided",
                name,
                {"receipt": str(receipt), "lines": lines},
                kind="decision",
            )
        elif choice == 1:
            self._say(
                OPERATOR, "line.classified", name, {"line": str(receipt), "as": "loan"}, kind="decision"
            )
        elif choice == 2:
            data = {"document": str(document), "amount": 1_000, "currency": "INR"}
            self._say(OPERATOR, "writeoff.approved", name, data, kind="decision")
        else:
            pair = [str(subject_id(BOOKS, "party", f"c{n}")) for n in self._random.sample(range(8), 2)]
            self._say(OPERATOR, "parties.linked", name, {"subjects": pair}, kind="decision")
        if self._random.random() < 0.3:
            self._say(
                OPERATOR,
                "decision.withdrawn",
                name,
                {},
                kind="decision",
                at=self._moment + timedelta(hours=1),
            )


async def read_tables(tx: Tx, business: UUID) -> dict[str, list[str]]:
    """Return every read table as sorted text; postings as they stand, without since when we know them."""
    out = {}
    for table, (row, _) in TABLES.items():
        records = await tx.fetch(
            f"SELECT {', '.join(row._fields)} FROM {table} WHERE business_id = $1", business
        )
        out[table] = sorted(repr(tuple(record)) for record in records)
    records = await tx.fetch(
        f"SELECT {', '.join(PostingRow._fields)} FROM postings WHERE business_id = $1 AND known_to IS NULL",
        business,
    )
    out["postings"] = sorted(repr(tuple(record)) for record in records)
    records = await tx.fetch(
        f"SELECT {', '.join(BookEntryRow._fields)} FROM book_entries"
        " WHERE business_id = $1 AND known_to IS NULL",
        business,
    )
    out["book_entries"] = sorted(repr(tuple(record)) for record in records)
    return out
