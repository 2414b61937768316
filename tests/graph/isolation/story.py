"""What happens to customers and vendors of a firm, told under a stamp: every name, number and amount is of that stamp alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from kit.clock import Clock
from kit.database import transaction
from kit.ids import digest
from ledger.commands import AddMember, CreateLinkCode, MakePromise, SweepBusiness
from ledger.commands.attachments import AttachToParty, KeepAttachment
from ledger.commands.cash import MarkVendor, StateDue
from ledger.commands.firm import ChangeFirm
from ledger.commands.pages import MakePageLink
from ledger.commands.reminders import SetPaymentDetails
from ledger.commands.tie_out import ClosePeriod
from ledger.commands.to_enter import NameLedgers
from ledger.commands.tokens import CreateToken
from ledger.commands.webhooks import AddWebhook
from ledger.commands.workflow import AddNote, ClaimDeduction, LogCall, ReceiveCheque, ReportPayment
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent, Quarantined
from ledger.domain.roles import Actor, Role, system
from tests.ledger.firms import delivery
from tests.ledger.handlers.test_tie_out import Teller
from tests.ledger.rows import TODAY, days_ago, rows_of

TALLY, CRM, BANK, GATEWAY = "books:tally", "crm:hubspot", "bank:icici", "payment:razorpay"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a story's words and numbers its own."""

    word: str
    """Stands in every name and number."""
    salt: int
    """Four digits: an amount of so many lakh paise ends in them."""
    rep: str
    """Whose customers they are, by the CRM's word."""

    def amount(self, hundreds: int) -> int:
        """Return about so many hundred rupees, in paise; the sum has this stamp's digits in its rupees."""
        return hundreds * 10_000_000 + self.salt * 1_000 + hundreds

    def number(self, kind: str, number: int) -> str:
        """Return the number of a document."""
        return f"{self.word.upper()}{kind}-{number}"

    @property
    def gstin(self) -> str:
        """A number for the tax: no true one, and nobody's else."""
        return f"27{self.word[:5].upper()}{self.salt}F1ZV"


def party(stamp: Stamp, name: str) -> dict[str, str]:
    """Return a party as documents name it."""
    return {"id": f"{stamp.word}-{name.lower()}", "name": f"{name} {stamp.word.title()} Traders"}


class Story:
    """Tells it."""

    def __init__(self, door: Door, clock: Clock, owner: Actor, stamp: Stamp) -> None:
        self.door, self.clock, self.owner, self.stamp = door, clock, owner, stamp
        self.teller = Teller(door, owner.business_id)
        self.customer, self.other = party(stamp, "Sharma"), party(stamp, "Lakhani")
        self.vendor = party(stamp, "Gupta")

    # ---- what the sources say ------------------------------------------------------------------------
    def _say(self, source: str, event_type: str, key: str, on: date, /, **data: Any) -> Delivery:
        more = {name: data.pop(name) for name in ("kind", "precision", "event_id") if name in data}
        at = datetime(on.year, on.month, on.day, 6, 30, tzinfo=UTC)
        key = f"{self.stamp.word}-{key}"
        return delivery(
            self.owner.business_id, source, event_type, key, {"currency": "INR", **data}, at=at, **more
        )

    def _document(
        self, event_type: str, key: str, of: dict[str, str], hundreds: int, late: int, **more: Any
    ) -> Delivery:
        kind = "INV" if event_type.startswith("invoice") else "PUR"
        return self._say(
            TALLY, event_type, f"{kind}{key}", days_ago(late + 30), number=self.stamp.number(kind, int(key)), party=of,
            issued_on=days_ago(late + 30).isoformat(), due_on=days_ago(late).isoformat(),
            amount=self.stamp.amount(hundreds), url=f"https://books.example/{self.stamp.word}/{key}",
            description=f"Rods for {self.stamp.word}", **more,
        )  # fmt: skip

    def _money(
        self, source: str, event_type: str, key: str, hundreds: int, ago: int, **more: Any
    ) -> Delivery:
        when = "posted_on" if source == BANK else "paid_on"
        return self._say(
            source, event_type, key, days_ago(ago), amount=self.stamp.amount(hundreds),
            **{when: days_ago(ago).isoformat()}, **more,
        )  # fmt: skip

    def _line(self, key: str, hundreds: int, ago: int, *, out: bool = False, utr: str = "") -> Delivery:
        word, references = self.stamp.word.upper(), {"utr": [utr]} if utr else {}
        return self._money(
            BANK, "bank.debited" if out else "bank.credited", key, hundreds, ago, kind="bank_line",
            account=f"00040{self.stamp.salt}", narration=f"NEFT-{utr or key}-{word} PAYER {key}", references=references,
            payer={"name": f"{word} PAYER {key}", "account": f"5010{self.stamp.salt}{self.stamp.salt}"},
            balance=self.stamp.amount(77),
        )  # fmt: skip

    def _people(self) -> list[Delivery]:
        word, told = self.stamp.word, []
        for who, roles in (
            (self.customer, ["customer"]),
            (self.other, ["customer"]),
            (self.vendor, ["vendor"]),
        ):
            told.append(
                self._say(
                    TALLY,
                    "party.upserted",
                    who["id"],
                    days_ago(300),
                    name=who["name"],
                    roles=roles,
                    terms_days=30,
                    phone=f"+9198{self.stamp.salt}{self.stamp.salt}",
                    email=f"{who['id']}@{word}.example",
                    gstin=self.stamp.gstin if who is self.customer else None,
                    owner=self.stamp.rep,
                    credit_limit=self.stamp.amount(9),
                    address=f"14 {word.title()} Road",
                    parent=f"{word}-parent",
                    url=f"https://books.example/{word}/{who['id']}",
                    contacts=[
                        {"kind": "billing", "name": f"{word.title()} Clerk", "email": f"clerk@{word}.example"}
                    ],
                    addresses=[
                        {"kind": "billing", "lines": f"14 {word.title()} Road", "city": f"{word.title()}pur"}
                    ],
                )
            )
            # `_say` puts the stamp before a key once more: the party is known by the id that its documents name.
            told[-1] = replace(told[-1], events=(replace(told[-1].events[0], external_id=who["id"]),))
        return told

    def _log(self) -> list[Delivery]:
        stamp, utr = self.stamp, f"{self.stamp.word.upper()}N52026111800"
        first = {"invoices": [stamp.number("INV", 1)]}
        return [
            *self._people(),
            self._document("invoice.issued", "1", self.customer, 1, 47),
            self._document("invoice.issued", "2", self.customer, 2, 12),
            self._document("invoice.issued", "3", self.other, 3, 64),
            self._document("invoice.issued", "4", self.other, 4, -15),
            self._document("bill.received", "5", self.vendor, 5, -4),
            self._document("bill.received", "6", self.vendor, 6, 20),
            self._money(TALLY, "payment.received", "r1", 1, 20, party=self.customer, into="cash", method="cash",
                        references=first, description=f"From {stamp.word}"),
            self._money(TALLY, "payment.received", "r2", 7, 8, party=self.customer, into="cash", method="cash"),
            self._money(GATEWAY, "payment.received", "pay1", 8, 9, method="upi", payer={"name": f"{stamp.word} upi"},
                        references={"invoices": [stamp.number("INV", 3)]}, fee=stamp.salt),
            self._say(GATEWAY, "settlement.processed", "setl1", days_ago(7), amount=stamp.amount(8), fee=stamp.salt,
                      settled_on=days_ago(7).isoformat(), references={"utr": [f"S{utr}"]}),
            self._line("settled", 8, 7, utr=f"S{utr}"),
            self._line("strange", 11, 3, utr=utr),
            self._line("paidout", 6, 5, out=True, utr=f"P{utr}"),
            self._money(TALLY, "payout.processed", "po1", 6, 5, party=self.vendor, references={
                "bills": [stamp.number("PUR", 6)], "utr": [f"P{utr}"]}),
            self._say(TALLY, "cheque.received", "q1", days_ago(6), number=f"88{stamp.salt}", amount=stamp.amount(12),
                      party=self.other, dated_on=days_ago(-9).isoformat(), bank=f"{stamp.word.title()} Bank"),
            self._say(TALLY, "credit_note.issued", "c1", days_ago(18), party=self.customer, number=stamp.number("CN", 1),
                      amount=stamp.amount(13) // 100, issued_on=days_ago(18).isoformat()),
            self._say(TALLY, "balance.stated", "bal", days_ago(1), party=self.customer, amount=stamp.amount(14),
                      as_on=days_ago(1).isoformat(), side="receivable", precision="observed"),
            self._say(TALLY, "tax_credit.stated", "tax", days_ago(40), party=self.customer, on=days_ago(40).isoformat(),
                      amount=stamp.amount(15) // 100, section="194C"),
            self._document("invoice.revised", "2", self.customer, 16, 12, event_id=f"{stamp.word}-again"),
            self._document("invoice.revised", "2", self.customer, 17, 12, event_id=f"{stamp.word}-again"),
        ]  # fmt: skip

    def _odd(self) -> Delivery:
        """Return what half can't be read, and half has a word that nobody knows."""
        body = f'{{"deal": "{self.stamp.word}"}}'.encode()
        at = datetime(2026, 11, 19, 6, tzinfo=UTC)
        event = NewEvent(
            f"{self.stamp.word}-deal", "deal.status_reported", "deal", f"{self.stamp.word}-deal", at, "instant",
            {"name": f"Deal of {self.stamp.word}", "amount": self.stamp.amount(18), "currency": "INR"},
            word=f"{self.stamp.word} won", flag="unmapped",
        )  # fmt: skip
        part = Quarantined(
            f"/{self.stamp.word}", "shape.unknown", f"{self.stamp.word} has no shape", {"new": ["/x"]}
        )
        return Delivery(
            self.owner.business_id, CRM, "webhook", digest(body), body, at, headers={"x-of": self.stamp.word},
            filename=f"{self.stamp.word}.json", events=(event,), quarantined=(part,), covered_from=days_ago(9),
            covered_until=days_ago(2), balance=self.stamp.amount(19), account=f"00040{self.stamp.salt}",
        )  # fmt: skip

    async def of_sources(self) -> None:
        """Tell what the sources say, once they are known."""
        await self.teller.tell(*self._log(), self._odd())
        self.clock.advance(hours=1)  # type: ignore[attr-defined]
        await self.teller.drain()

    # ---- what people say -----------------------------------------------------------------------------
    async def key_of(self, table: str, like: str, column: str = "name") -> UUID:
        """Return the id of the row whose `column` begins so."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            found: UUID = await tx.value(
                f"SELECT id FROM {table} WHERE business_id = $1 AND {column} LIKE $2 || '%'",
                self.owner.business_id,
                like,
            )
        assert found, (table, like)
        return found

    async def of_people(self, rep: Actor) -> None:
        """Let the owner and the rep say what they say of customers."""
        stamp = self.stamp
        of = await self.key_of("parties", self.customer["name"])
        bill = await self.key_of("invoices", stamp.number("INV", 2), "number")
        vendor = await self.key_of("parties", self.vendor["name"])
        image = await self._do(KeepAttachment(stamp.word.encode(), "image/jpeg", f"{stamp.word}.jpg"))
        for command in (
            LogCall(of, "no_answer", f"{stamp.word} called"),
            MakePromise(of, TODAY + timedelta(days=7), stamp.amount(1)),
            AddNote(f"Ask for {stamp.word.title()}.", of),
            AttachToParty(of, image, f"{stamp.word} slip"),
            ClaimDeduction(bill, "tds", stamp.salt * 100, f"{stamp.word} cut it"),
            ReceiveCheque(
                of, f"99{stamp.salt}", stamp.amount(20), days_ago(-3), f"{stamp.word.title()} Bank"
            ),
            MarkVendor(vendor, "micro", number=f"UDYAM-MH-{stamp.salt}", note=stamp.word),
            MakePageLink("customer", of),
        ):
            await self._do(command)
        await self.door.execute(
            ReportPayment(of, stamp.amount(21), "cash", TODAY, note=f"{stamp.word} paid", acknowledged=True),
            rep,
        )
        await self.teller.drain()

    async def _do(self, command: Any) -> Any:
        return await self.door.execute(command, self.owner)


class Office:
    """A firm: its sources, its members, what is set, and the stories of its customers."""

    def __init__(self, door: Door, clock: Clock, owner: Actor, *stamps: Stamp) -> None:
        self.door, self.owner = door, owner
        self.stories = tuple(Story(door, clock, owner, stamp) for stamp in stamps)
        self.word, self.salt = stamps[0].word, stamps[0].salt
        self.members: dict[str, UUID] = {}
        self.secrets: list[str] = []

    async def live(self) -> None:
        """Let everything happen until today."""
        business, word = self.owner.business_id, self.word
        async with rows_of(self.door.engine, business) as rows:
            for name in (TALLY, CRM, BANK, GATEWAY, f"standard:{word}"):
                await rows.source(name, label=f"{word.title()} {name}", state={"account": f"00040{self.salt}"},
                                  key_hash=digest(f"{word}{name}".encode()), settings=f'{{"alias": "{word}"}}')  # fmt: skip
        await self._people()
        await self._settings()
        for story in self.stories:
            await story.of_sources()
            mine = story is self.stories[0]
            member, role = self.members["sales" if mine else "finance"], Role.SALES if mine else Role.FINANCE
            await story.of_people(replace(self.owner, role=role, member_id=member, owner_key=story.stamp.rep))
        await self.door.execute(ClosePeriod(days_ago(120), f"{word} signed"), self.owner)
        await self.door.execute(SweepBusiness(), system(business, "sweep"))
        await self.stories[0].teller.drain()

    async def _people(self) -> None:
        rep = self.stories[0].stamp.rep
        for role in ("owner", "finance", "sales", "view"):
            name = f"{role.title()} {self.word.title()}"
            self.members[role] = await self._do(
                AddMember(name, role, crm_owner=rep if role == "sales" else None)
            )
        self.secrets.append(str(await self._do(CreateLinkCode(self.members["view"]))))

    async def _settings(self) -> None:
        word, salt = self.word, self.salt
        made = await self._do(AddWebhook(f"https://hooks.example/{word}", f"{word} hook"))
        self.secrets.append(made.secret)
        for command in (
            ChangeFirm(
                name=f"{word.title()} Services", address=f"1 {word.title()} Street", round_off_limit=500
            ),
            SetPaymentDetails(
                f"{word}@okicici", f"{word} payee", f"{word} bank", f"77{salt}{salt}", "ICIC0000104"
            ),
            StateDue(f"{word} rent", self.stories[0].stamp.amount(22), 5, payee=f"{word} landlord"),
            NameLedgers({"tds": f"{word} charges"}),
        ):
            await self._do(command)

    async def token(self, role: str, **narrow: Any) -> str:
        """Return a new token of the member with a role."""
        made: str = await self._do(CreateToken(self.members[role], f"{self.word} {role}", **narrow))
        return made

    async def _do(self, command: Any) -> Any:
        return await self.door.execute(command, self.owner)
