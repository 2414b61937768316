"""A voucher → its facts: parties by their groups, money, documents; what is in no books or moves no party is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.tally.documents import credit_fact, document_facts
from connectors.tally.facts import CURRENCY, Fact, PartyLine, note_of
from connectors.tally.ledgers import NOT_IN_THE_BOOKS, Ledgers, Role, key
from connectors.tally.money import MoneyVoucher, money_facts
from connectors.tally.records import Line, Voucher
from kit.errors import Rejected
from kit.money import format_minor

_VOIDS: dict[str, tuple[str, ...]] = {
    "sales": ("invoice",),
    "purchase": ("bill",),
    "credit note": ("credit_note", "bill"),
    "debit note": ("credit_note", "invoice"),
    "journal": ("invoice", "bill", "credit_note"),
    "receipt": ("payment", "cheque", "credit_note", "bill", "entry"),
    "payment": ("payout", "credit_note", "invoice", "entry"),
    "contra": ("entry",),
    "": ("invoice", "bill", "credit_note"),
}
"""What a voucher of a base type may have been before it was cancelled: Tally then empties it of its lines."""
_ROUNDING = 100
"""How far the lines of a voucher may be from balancing (paise): foreign amounts are rounded."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A voucher that is known and moves no party, with the reason."""

    reason: str


def voucher_facts(voucher: Voucher, ledgers: Ledgers, *, today: date) -> list[Fact] | LeftOut:
    """Return what a voucher says; Rejected with the reason where it can't be told without guessing."""
    if voucher.optional:
        return LeftOut("optional")
    base = ledgers.base(voucher)
    if base in NOT_IN_THE_BOOKS:
        return LeftOut(base)
    if voucher.cancelled:
        return [void_fact(kind, reason="cancelled in Tally") for kind in _VOIDS.get(base, ())] or LeftOut(
            "cancelled"
        )
    if base == "contra":
        return _entries(voucher, ledgers) or LeftOut("contra")
    lines = _roles(voucher, ledgers)
    parties = _party_lines(lines)
    if not parties:
        return _entries(voucher, ledgers) or LeftOut("no party")
    if abs(off := sum(line.amount for line in voucher.lines)) > _ROUNDING:
        raise Rejected(
            "tally.unbalanced",
            f"Its lines don't balance: {format_minor(off, CURRENCY)} is missing or too much.",
        )
    parties = _without_transfers(parties)
    if not parties:
        return LeftOut("between both sides of one party")
    return _facts(voucher, base, parties, lines, today=today)


def void_fact(kind: str, *, reason: str, part: str = "") -> Fact:
    """Return the fact that ends a thing of a voucher that was cancelled or deleted.

    None of them is final but a credit note's and a cheque's: a voucher that comes back (a restored backup, a
    cancellation undone) counts again. A receipt that the books take back was no money: its amount becomes nothing,
    so that the bank's own line about it stands.
    """
    match kind:
        case "invoice":
            return Fact("invoice.status_reported", {"status": "invoice.voided"}, part)
        case "bill":
            return Fact("bill.status_reported", {"status": "payable.voided"}, part)
        case "credit_note":
            return Fact("credit_note.voided", {}, part)
        case "cheque":
            return Fact("cheque.replaced", {"reason": reason}, part)
        case "payment":
            return Fact("payment.failed", {"amount": 0, "currency": CURRENCY, "reason": reason}, part)
        case "entry":
            return Fact("entry.stated", {"amount": 0, "currency": CURRENCY}, part)
        case "payout":
            return Fact("payout.failed", {"amount": 0, "currency": CURRENCY, "reason": reason}, part)
    raise Rejected("tally.entry", f"{kind[:30]!r} is not a thing that a voucher makes.")


def _entries(voucher: Voucher, ledgers: Ledgers) -> list[Fact]:
    """Return what a voucher without a party moves in our banks, one fact a bank's line."""
    found: list[Fact] = []
    for line in voucher.lines:
        if ledgers.role(line) != "bank":
            continue
        numbers = [said.number for said in line.instruments if any(c.isdigit() for c in said.number)]
        data = {
            "amount": line.amount,
            "currency": CURRENCY,
            "on": voucher.date.isoformat(),
            "account": line.ledger,
            **({"references": {"utr": numbers}} if numbers else {}),
            **note_of(voucher),
        }
        found.append(Fact("entry.stated", data, line.ledger if found else ""))
    return found


def _roles(voucher: Voucher, ledgers: Ledgers) -> list[tuple[Line, Role]]:
    lines: list[tuple[Line, Role]] = []
    unknown: list[str] = []
    for line in voucher.lines:
        role = ledgers.role(line)
        if role is None:
            unknown.append(line.ledger)
        else:
            lines.append((line, role))
    if unknown:
        names = ", ".join(f"{name[:60]!r}" for name in dict.fromkeys(unknown))
        raise Rejected(
            "tally.group_unknown",
            f"Whether {names} is a customer, a vendor or neither isn't told: its group is unknown.",
            remedy="Export List of Accounts (all masters) from Tally and import it together with the vouchers.",
        )
    return lines


def _party_lines(lines: Sequence[tuple[Line, Role]]) -> list[PartyLine]:
    found: dict[tuple[str, bool], PartyLine] = {}
    for line, role in lines:
        if role in ("debtor", "creditor"):
            debit = line.amount > 0
            party = found.setdefault((key(line.ledger), debit), PartyLine(line.ledger, role, debit))
            party.add(line)
    return list(found.values())


def _without_transfers(parties: list[PartyLine]) -> list[PartyLine]:
    """Leave out a party whose debit and credit are alike and name no bill: nothing of it has moved."""
    by_name: dict[str, list[PartyLine]] = {}
    for party in parties:
        by_name.setdefault(key(party.name), []).append(party)
    return [
        party
        for group in by_name.values()
        if not (
            len(group) == 2
            and group[0].amount == group[1].amount
            and not any(bill.how != "account" for party in group for bill in party.bills)
        )
        for party in group
    ]


def _facts(
    voucher: Voucher,
    base: str,
    parties: list[PartyLine],
    lines: Sequence[tuple[Line, Role]],
    *,
    today: date,
) -> list[Fact]:
    """Put money lines to the parties that paid or were paid; the rest of the parties get documents."""
    facts: list[Fact] = []
    others = [(line, role) for line, role in lines if role not in ("debtor", "creditor")]
    main = _main_party(voucher, parties)
    paid: list[PartyLine] = []
    for role, money_is_debit in (("debtor", True), ("creditor", False)):
        money = [(ln, r) for ln, r in others if r in ("bank", "cash") and (ln.amount > 0) == money_is_debit]
        payers = [party for party in parties if party.role == role and not party.owed]
        if not money or not payers:
            continue
        others_moved = [party for party in parties if party not in payers]
        if others_moved:
            raise Rejected(
                "tally.shared_receipt",
                "Money, a bill and several parties stand in one voucher: whose money it is isn't told.",
                remedy="Enter the receipt and the bill as two vouchers.",
            )
        rest = [
            line for line, r in others if r not in ("bank", "cash") or (line.amount > 0) != money_is_debit
        ]
        moved = MoneyVoucher(
            voucher=voucher,
            base=base,
            parties=sorted(payers, key=lambda party: party.name != main),
            money=money,
            kept=[line for line in rest if (line.amount > 0) == money_is_debit],
            given=[line for line in rest if (line.amount > 0) != money_is_debit],
        )
        facts += money_facts(moved, today=today)
        paid += payers
    for party in parties:
        if party in paid:
            continue
        is_main = party.name == main
        if party.owed:
            alone = others if len(parties) == 1 else []
            facts += document_facts(voucher, base, party, others=alone, main=is_main)
        else:
            facts.append(credit_fact(voucher, base, party, main=is_main))
    return facts


def _main_party(voucher: Voucher, parties: Sequence[PartyLine]) -> str:
    """Return the party that the voucher is about: what it makes for that one is known by the GUID alone."""
    return next((party.name for party in parties if key(party.name) == key(voucher.party)), parties[0].name)
