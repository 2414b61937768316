"""One trading day as facts: what the books, the gateway and the CRM of a firm come to know, and when; and its bank.

Every fact changes what the vendors' own tools hold, and most are told by a webhook. How it reaches us is not told here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from tests.chaos.entities import (
    dispute,
    fee_of,
    hook,
    invoice,
    payment,
    payment_link,
    recon_row,
    refund,
    settlement,
)
from tests.connectors.bank_layouts import Txn, icici_current
from tests.vendors.hubspot import PORTAL, HubSpot
from tests.vendors.razorpay import Razorpay

INDIA = timezone(timedelta(hours=5, minutes=30))
BOOKS, GATEWAY, CRM, BANK = "standard:books", "payment:razorpay", "crm:hubspot", "bank:icici"
TODAY = date(2026, 11, 20)
CUSTOMERS = 12
LEADS = 60
PIPELINE = "Sales Pipeline"
_NAMES = (
    "Kaveri Traders", "Nilgiri Paper", "Sahyadri Steel", "Godavari Foods", "Vindhya Cement", "Malwa Textiles",
    "Konkan Marine", "Deccan Electricals", "Chambal Pipes", "Satpura Timber", "Narmada Glass", "Aravalli Stone",
)  # fmt: skip
_MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return a moment of the day by the firm's clock."""
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=INDIA).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """What a vendor's webhook says: its own id and body, the same on every retry."""

    at: datetime
    source: str
    id: str
    body: Any


@dataclass(slots=True)
class Vendors:
    """What the vendors' own tools hold."""

    razorpay: Razorpay = field(default_factory=Razorpay)
    hubspot: HubSpot = field(default_factory=HubSpot)


@dataclass(frozen=True, slots=True)
class Step:
    """One fact: how it changes the vendors, and what is told of it."""

    at: datetime
    happens: Callable[[Vendors], None]
    told: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A bank file as the owner downloads it."""

    at: datetime
    name: str
    body: bytes


def amount_of(number: int) -> int:
    """Return what bill `number` comes to, in paise: no two are alike."""
    return 1_180_000 + number * 59_000


def bill(number: int) -> str:
    """Return the number that is printed on a bill."""
    return f"INV-{101 + number}"


def customer(number: int) -> dict[str, str]:
    """Return a customer as the books know him; his GSTIN is what the other tools share with them."""
    return {"id": f"c{number}", "name": _NAMES[number], "gstin": gstin(number)}


def gstin(number: int) -> str:
    """Return an invented GSTIN."""
    return f"27AAACK{1001 + number}F1Z{number % 10}"


class Day:
    """Friday, 20 November 2026."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._paid: dict[str, dict[str, Any]] = {}
        self._told = 0
        self._books()
        self._gateway()
        self._settlement()
        self._crm()
        self.steps.sort(key=lambda step: step.at)

    def _step(self, moment: datetime, happens: Callable[[Vendors], None], *told: tuple[str, Any]) -> None:
        messages = []
        for source, body in told:
            self._told += 1
            messages.append(Message(moment, source, f"evt_{self._told:05}", body))
        self.steps.append(Step(moment, happens, tuple(messages)))

    # ---- the books -----------------------------------------------------------------------------------
    def _books(self) -> None:
        bills = [self._bill(number) for number in range(22)]
        for start in range(0, 22, 6):
            self._say(at(9, 1 + start // 6), *bills[start : start + 6])
        self._say(at(13), self._bill(22), self._bill(23))
        self._say(at(15), self._bill(24))
        vendor = {"id": "v1", "name": "Ganga Polymers", "gstin": "29AAACG2001F1Z7"}
        money = {"currency": "INR", "amount": 2_500_000}
        self._say(
            at(9, 30),
            ("bill.received", {"id": "b1", "number": "GP/88", "party": vendor, "issued_on": "2026-11-02", **money}),
            ("bill.received", {"id": "b2", "number": "GP/93", "party": vendor, "issued_on": "2026-11-12", "currency": "INR",
                               "amount": 1_770_000}),
        )  # fmt: skip
        paid = {"party": vendor, "references": {"bills": ["GP/88"], "utr": ["ICICN52026119042"]}}
        self._say(at(12, 15), ("payout.processed", {"id": "po1", **money, **paid}))
        note = {"number": "CN-7", "party": customer(3), "issued_on": "2026-11-20", "amount": 59_000}
        self._say(
            at(15, 20),
            ("credit_note.issued", {"id": "cn7", **note, "currency": "INR", "references": {"invoices": [bill(3)]}}),
        )  # fmt: skip
        self._say(at(17, 20), ("invoice.voided", {"id": "i23", "number": bill(23)}))

    def _bill(self, number: int) -> tuple[str, dict[str, Any]]:
        issued = TODAY if number > 21 else TODAY - timedelta(days=1 + (number * 5) % 40)
        return "invoice.issued", {
            "id": f"i{number}", "number": bill(number), "party": customer(number % CUSTOMERS), "currency": "INR",
            "issued_on": issued.isoformat(), "due_on": (issued + timedelta(days=15)).isoformat(),
            "amount": amount_of(number),
        }  # fmt: skip

    def _say(self, moment: datetime, *events: tuple[str, Mapping[str, Any]]) -> None:
        told = [
            {"type": name, "timestamp": moment.astimezone(INDIA).isoformat(), "data": dict(data)}
            for name, data in events
        ]
        self._step(moment, _nothing, (BOOKS, told[0] if len(told) == 1 else {"events": told}))

    # ---- the gateway ---------------------------------------------------------------------------------
    def _gateway(self) -> None:
        for number in range(20):
            made = at(9, 12) + number * 28 * _MINUTE
            amount = amount_of(number) // (2 if number % 5 == 2 else 1)
            if number % 9 == 4:
                self._fails(f"{number:03}f", made, number, amount)
                made += 6 * _MINUTE
            self._pays(f"{number:03}", made, number, amount)
        # Held before the webhooks stop and captured meanwhile; and the other way about.
        self._pays("020", at(10, 57), 20, amount_of(20), captured=at(11, 30))
        self._pays("021", at(11, 57), 21, amount_of(21), captured=at(12, 2))
        self._billed_there()
        self._asked_by_link()
        self._given_back("1", "001", at(10, 30), at(11, 15), 177_000)
        self._given_back("2", "007", at(14, 40), at(14, 40), amount_of(7) // 2)
        for status, moment in (("open", at(12, 40)), ("lost", at(16, 20))):
            entity = dispute("1", "000", amount_of(0), status, made=at(12, 40))
            name = {"open": "created"}.get(status, status)
            body = hook(f"payment.dispute.{name}", moment, dispute=entity, payment=self._paid["000"])
            self._step(moment, _nothing, (GATEWAY, body))

    def _pays(
        self, own: str, made: datetime, number: int, amount: int, *, captured: datetime | None = None
    ) -> None:
        captured = captured or made + 4 * _MINUTE
        base = payment(own, made=made, amount=amount, notes={"invoice_number": bill(number)})
        held, here = {**base, "status": "authorized"}, self._captured(own, base)
        self._put(made, "payments", held, hook("payment.authorized", made, payment=held))
        order = {"id": base["order_id"], "receipt": f"web-{own}", "notes": []}
        self._put(
            captured,
            "payments",
            here,
            hook("payment.captured", captured, payment=here),
            hook("order.paid", captured, order=order, payment=here),
        )

    def _fails(self, own: str, made: datetime, number: int, amount: int) -> None:
        failed = payment(own, made=made, amount=amount, notes={"invoice_number": bill(number)})
        failed |= {"status": "failed", "error_description": "The bank declined it."}
        self._put(made, "payments", failed, hook("payment.failed", made, payment=failed))

    def _captured(self, own: str, base: Mapping[str, Any]) -> dict[str, Any]:
        fee, tax = fee_of(base["amount"])
        here = {**base, "status": "captured", "fee": fee, "tax": tax}
        here["acquirer_data"] = {"rrn": f"6325{int(own[:3]):08}"}
        self._paid[own] = here
        return here

    def _put(self, moment: datetime, name: str, entity: Mapping[str, Any], *hooks: Any) -> None:
        held = dict(entity)
        told = [(GATEWAY, body) for body in hooks]
        self._step(moment, lambda vendors: vendors.razorpay.put(name, held), *told)

    def _billed_there(self) -> None:
        """Two invoices of the gateway's own: no webhook says that they were issued."""
        told = {
            "customer_id": "cust_9",
            "customer_details": {"id": "cust_9", "name": _NAMES[9], "gstin": gstin(9)},
        }
        for own, issued, parts in (
            ("1", at(10, 5), [(at(11, 41), 590_000)]),
            ("2", at(13, 5), [(at(14, 10), 300_000), (at(16, 45), 290_000)]),
        ):
            sofar = 0
            entity = invoice(own, issued=issued, amount=590_000, **told)
            self._put(issued, "invoices", entity)
            for moment, amount in parts:
                sofar += amount
                name = f"90{own}{len(self._paid)}"
                base = payment(name, made=moment, amount=amount, notes=[])
                here = self._captured(name, {**base, "invoice_id": entity["id"], "customer_id": "cust_9"})
                whole = sofar == 590_000
                entity = {
                    **entity, "amount_paid": sofar, "status": "paid" if whole else "partially_paid",
                    "paid_at": int(moment.timestamp()) if whole else None,
                }  # fmt: skip
                word = "paid" if whole else "partially_paid"
                body = hook(f"invoice.{word}", moment, invoice=entity, payment=here)
                self._put(moment, "payments", here, hook("payment.captured", moment, payment=here))
                self._put(moment, "invoices", entity, body)

    def _asked_by_link(self) -> None:
        made, paid = at(10, 20), at(11, 20)
        here = self._captured("024", payment("024", made=paid, amount=amount_of(24), notes=[]))
        link = payment_link("1", made=made, amount=amount_of(24), number=bill(24))
        done = payment_link("1", made=made, amount=amount_of(24), number=bill(24), paid_by=here)
        self._put(made, "payment_links", link)
        self._put(paid, "payments", here, hook("payment.captured", paid, payment=here))
        told = {name: value for name, value in done.items() if name != "payments"}
        self._put(
            paid, "payment_links", done, hook("payment_link.paid", paid, payment_link=told, payment=here)
        )

    def _given_back(self, own: str, paid: str, made: datetime, done: datetime, amount: int) -> None:
        whole = self._paid[paid]
        part = {**whole, "amount_refunded": amount}
        if amount == whole["amount"]:
            part["status"] = "refunded"
        waits = refund(own, paid, amount, "pending", made=made)
        back = refund(own, paid, amount, "processed", made=made)
        if made < done:
            self._put(made, "refunds", waits, hook("refund.created", made, refund=waits, payment=whole))
        self._paid[paid] = part
        self._put(done, "payments", part)
        self._put(done, "refunds", back, hook("refund.processed", done, refund=back, payment=part))

    def _settlement(self) -> None:
        moment = at(17)
        within = [self._paid[f"{number:03}"] for number in range(6)]
        rows = [recon_row(paid, "2", settled=moment) for paid in within]
        comes = sum(row["credit"] for row in rows)
        waits = settlement("2", comes, "created", made=moment - 5 * _MINUTE)
        done = settlement("2", comes, "processed", made=moment - 5 * _MINUTE)
        self._put(moment - 5 * _MINUTE, "settlements", waits)
        self._step(
            moment,
            lambda vendors: (vendors.razorpay.put("settlements", done), vendors.razorpay.rows.extend(rows))[
                0
            ],
            (GATEWAY, hook("settlement.processed", moment, settlement=done)),
        )

    # ---- the CRM -------------------------------------------------------------------------------------
    def _crm(self) -> None:
        won = {"dealstage": "won1", "hs_is_closed": "true", "hs_is_closed_won": "true"}
        lost = {"dealstage": "lost1", "hs_is_closed": "true", "hs_is_closed_won": "false"}
        self._change(at(10, 15), "deals", "701", **won)
        self._change(at(11, 30), "deals", "702", **won)
        self._change(at(12, 40), "deals", "703", dealstage="open2", amount="15000")
        self._change(at(12, 52), "deals", "703", **won)
        self._change(at(12, 58), "companies", "806", phone="+919800000006")
        self._change(at(13, 40), "deals", "711", dealname="New cartons", amount="41000.50", **_opened())
        self._change(at(14, 25), "companies", "804", phone="+919800000004", city="Nashik")
        self._change(at(16, 30), "deals", "706", **lost)
        self._change(at(18, 5), "deals", "708", **won)
        self._step(at(14), _leads)
        merged = {"newObjectId": 805, "mergedObjectIds": [805, 1002], "primaryObjectId": 805}
        self._step(
            at(15, 10),
            lambda vendors: vendors.hubspot.merge("companies", "1002", "805", at(15, 10)),
            (CRM, [_crm_event("company.merge", at(15, 10), **merged)]),
        )
        self._step(
            at(16),
            lambda vendors: vendors.hubspot.delete("deals", "709", at(16)),
            (CRM, [_crm_event("deal.deletion", at(16), objectId=709)]),
        )

    def _change(self, moment: datetime, kind: str, external_id: str, **properties: str) -> None:
        singular = {"deals": "deal", "companies": "company"}[kind]
        told = [
            _crm_event(f"{singular}.propertyChange", moment, objectId=int(external_id), propertyName=name)
            for name in sorted(properties)
        ]

        def happens(vendors: Vendors) -> None:
            vendors.hubspot.set(kind, external_id, moment, **properties)
            if external_id == "711":
                vendors.hubspot.tie("deals", "711", "companies", "807", "Primary")

        self._step(moment, happens, (CRM, told))

    # ---- what was there before, and the bank ---------------------------------------------------------
    def before(self, vendors: Vendors) -> None:
        """Give the vendors what they held when the day began."""
        crm, long_ago = vendors.hubspot, at(9) - timedelta(days=12)
        crm.pipeline(
            "default", PIPELINE, ("open1", "Talks", "false", "0.2"), ("open2", "Offer sent", "false", "0.6"),
            ("won1", "Closed won", "true", "1.0"), ("lost1", "Closed lost", "true", "0.0"),
        )  # fmt: skip
        for number, name in enumerate(_NAMES):
            crm.set("companies", str(801 + number), long_ago, name=name, gstin=gstin(number))
        for number in range(10):
            crm.set(
                "deals", str(701 + number), long_ago, dealname=f"Order {number}", amount="12000",
                invoice_no=bill(number), **_opened(),
            )  # fmt: skip
            crm.tie("deals", str(701 + number), "companies", str(801 + number), "Primary")
        vendors.razorpay.put("settlements", settlement("1", 4_321_000, "processed", made=_yesterday()))

    def statements(self) -> list[Statement]:
        """Return the bank's two files of the day; the second begins a day before the first one ends."""
        lines = _bank_lines()
        opening, seen = 8_000_000, 2
        later = opening + sum(line.amount for line in lines[:seen])
        return [
            Statement(at(10), "statement.csv", icici_current(lines[:5], opening)),
            Statement(at(18, 30), "statement (1).csv", icici_current(lines[seen:], later)),
        ]


def _nothing(_: Vendors) -> None:
    """Nothing that a vendor's lists would show."""


def _yesterday() -> datetime:
    return at(17) - timedelta(days=1)


def _opened() -> dict[str, str]:
    return {
        "dealstage": "open1", "pipeline": "default", "hs_is_closed": "false", "hs_is_closed_won": "false",
    }  # fmt: skip


def _leads(vendors: Vendors) -> None:
    """A list of addresses is imported: more records than fit one page, and no webhook for any of them."""
    for number in range(LEADS):
        vendors.hubspot.set("companies", str(1001 + number), at(14), name=f"Lead {number}")


def _crm_event(name: str, moment: datetime, **members: Any) -> dict[str, Any]:
    return {
        "portalId": PORTAL,
        "eventId": 1,
        "subscriptionType": name,
        "occurredAt": int(moment.timestamp() * 1000),
        **members,
    }


def _bank_lines() -> list[Txn]:
    earlier, yesterday = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
    return [
        Txn(earlier, 590_000, "NEFT-HDFCN52026118011-CHAMBAL PIPES-ON ACCOUNT"),
        Txn(earlier, -17_700, "SMS CHARGES NOV 2026 INCL GST"),
        Txn(
            yesterday, 4_321_000, f"NEFT-{settlement('1', 0, '', made=_yesterday())['utr']}-RAZORPAY SOFTWARE"
        ),
        Txn(yesterday, -2_500_000, "NEFT-ICICN52026119042-GANGA POLYMERS"),
        Txn(TODAY, amount_of(22) // 2, f"IMPS-632500220022-SATPURA TIMBER-{bill(22)}"),
        Txn(TODAY, 333_300, "NEFT-SBINN52026112077-ZENITH PACKAGING"),
        Txn(TODAY, 333_300, "NEFT-SBINN52026112078-ZENITH PACKAGING"),
        Txn(TODAY, amount_of(12) - amount_of(12) // 2, f"NEFT-UTIBN52026112091-KAVERI TRADERS-{bill(12)}"),
    ]
