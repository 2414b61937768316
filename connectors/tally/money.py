"""Vouchers that move money: a debtor's credit against bank or cash is a receipt, a creditor's debit a payment.

What the payer kept back (TDS, discount) is no money: it is stated as a deduction; beside a post-dated cheque, which may
bounce, as a credit note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.tally.documents import credit_of
from connectors.tally.facts import CURRENCY, MAX_NOTE, Fact, PartyLine, own_number, party_of
from connectors.tally.ledgers import Role
from connectors.tally.records import Instrument, Line, Voucher
from kit.errors import Rejected

_CUTS: tuple[tuple[str, str], ...] = (
    ("gst_tds", r"\bgst[\s-]*tds\b|\btds[\s-]*(?:on[\s-]*)?[cs]?gst\b"),
    ("tds", r"\btds\b|tax deducted"),
    ("round_off", r"\bround"),
    ("bank_charge", r"\bbank\b.*\b(?:charge|commission|fee)|\bcharges?\b.*\bbank\b"),
    ("cash_discount", r"discount|rebate"),
    ("rate_difference", r"rate\s*diff|price\s*diff"),
    ("goods_returned", r"return"),
    ("shortage", r"short"),
    ("freight", r"freight|cartage|transport"),
    ("retention", r"retention|security deposit"),
)
_ELECTRONIC = re.compile(r"neft|rtgs|imps|upi|e-?\s*fund|inter\s*bank|same\s*bank|transfer", re.IGNORECASE)
_CHEQUE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MoneyVoucher:
    """The lines of a voucher that moves money between us and parties of one side."""

    voucher: Voucher
    base: str
    parties: Sequence[PartyLine]
    money: Sequence[tuple[Line, Role]]
    """Bank and cash lines on the other side."""
    kept: Sequence[Line]
    """Other lines on the money's side: TDS, discount, charges."""
    given: Sequence[Line]
    """Other lines on the parties' side: interest received beside the bill, rounding."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One sum of money of one party: how much, through which line, by which instrument."""

    party: PartyLine
    amount: int
    line: Line
    role: Role
    instrument: Instrument | None
    part: str


def money_facts(moved: MoneyVoucher, *, today: date) -> Iterable[Fact]:
    """Yield receipts or payments with what was kept back; Rejected where the lines don't tell whose it is."""
    cuts = _cuts(moved)
    shares = {party.name: party.shares() for party in moved.parties}
    for place, piece in enumerate(_pieces(moved)):
        settles = shares[piece.party.name]
        as_cheque = _is_postdated_cheque(moved.voucher, piece)
        stated = cuts if place == 0 and not as_cheque else []
        whole = piece.amount + sum(amount for _, amount in stated)
        yield _fact(moved.voucher, piece, stated, settles=settles.take(whole), today=today)
        if place == 0 and as_cheque:
            number = own_number(moved.voucher, moved.base, piece.party.side)
            for kind, amount in cuts:
                yield credit_of(moved.voucher, piece.party, amount, number, settles=settles, part=kind)


def _cuts(moved: MoneyVoucher) -> list[tuple[str, int]]:
    """Return (kind, amount) of what was kept back; parties besides the first must have none."""
    kept = sum(abs(line.amount) for line in moved.kept)
    given = sum(abs(line.amount) for line in moved.given)
    money = sum(abs(line.amount) for line, _ in moved.money)
    owed = sum(party.amount for party in moved.parties)
    if len(moved.parties) > 1 and (kept or given):
        raise Rejected(
            "tally.shared_receipt",
            "Several parties share it with a discount, TDS or other income: whose that is isn't told.",
            remedy="Enter one voucher for each party.",
        )
    if owed <= money:
        return []
    if given:
        kind = _cut_kind(max(moved.kept, key=lambda line: abs(line.amount)).ledger) if moved.kept else "other"
        return [(kind, owed - money)]
    found: dict[str, int] = {}
    for line in moved.kept:
        kind = _cut_kind(line.ledger)
        found[kind] = found.get(kind, 0) + abs(line.amount)
    return list(found.items())


def _cut_kind(ledger: str) -> str:
    return next((kind for kind, words in _CUTS if re.search(words, ledger, re.IGNORECASE)), "other")


def _pieces(moved: MoneyVoucher) -> Iterable[_Piece]:
    """Yield each party's money by line and instrument."""
    money = sum(abs(line.amount) for line, _ in moved.money)
    if len(moved.parties) == 1:
        (party,) = moved.parties
        left = min(money, party.amount)  # what is beyond his own line isn't his
        for place, (line, role) in enumerate(moved.money):
            for number, (instrument, amount) in enumerate(_instruments(line)):
                fits = min(amount, left)
                if fits > 0:
                    left -= fits
                    part = "" if place == number == 0 else f"{line.ledger}#{place + 1}.{number + 1}"
                    yield _Piece(party, fits, line, role, instrument, part)
        return
    if len(moved.money) > 1:
        raise Rejected(
            "tally.shared_receipt",
            "Several parties and several bank or cash ledgers share it: who paid into which isn't told.",
            remedy="Enter one voucher for each party.",
        )
    (line, role) = moved.money[0]
    only = line.instruments[0] if len(line.instruments) == 1 else None
    for place, party in enumerate(moved.parties):
        yield _Piece(party, party.amount, line, role, only, "" if place == 0 else party.name)


def _instruments(line: Line) -> list[tuple[Instrument | None, int]]:
    """Return the instruments of a line with their amounts, if they add up to it; else the line as one."""
    amounts = [instrument.amount or 0 for instrument in line.instruments]
    if len(amounts) > 1 and all(amounts) and sum(amounts) == abs(line.amount):
        return list(zip(line.instruments, amounts, strict=True))
    return [(line.instruments[0] if line.instruments else None, abs(line.amount))]


def _fact(
    voucher: Voucher,
    piece: _Piece,
    cuts: list[tuple[str, int]],
    *,
    settles: list[dict[str, Any]],
    today: date,
) -> Fact:
    instrument, receivable = piece.instrument, piece.party.side == "receivable"
    if _is_postdated_cheque(voucher, piece):
        return _cheque(voucher, piece, settles=settles, today=today)
    references: dict[str, list[str]] = {**piece.party.references()}
    if instrument is not None and (number := _bank_reference(instrument)):
        references["utr"] = [number]
    data: dict[str, Any] = {
        "amount": piece.amount,
        "currency": CURRENCY,
        "party": party_of(piece.party.name, voucher),
        "paid_on": voucher.date.isoformat(),
    }
    mode = _mode(piece)
    if mode:
        data["method" if receivable else "mode"] = mode
    if receivable:
        data |= {"into": "cash" if piece.role == "cash" else "bank", "account": piece.line.ledger}
    if references:
        data["references"] = references
    if settles:
        data["settles"] = settles
    if cuts:
        data["deductions"] = [{"kind": kind, "amount": amount} for kind, amount in cuts]
    if voucher.narration:
        data["description"] = voucher.narration[:MAX_NOTE]
    waits = voucher.postdated and voucher.date > today
    if receivable:
        return Fact("payment.authorised" if waits else "payment.received", data, piece.part, waits)
    return Fact("payout.scheduled" if waits else "payout.processed", data, piece.part, waits)


def _is_postdated_cheque(voucher: Voucher, piece: _Piece) -> bool:
    """Whether it is a cheque that a customer gave for a later day: it stays a cheque until the bank has cleared it."""
    return (
        voucher.postdated
        and piece.party.side == "receivable"
        and piece.instrument is not None
        and _is_cheque(piece.instrument)
    )


def _cheque(voucher: Voucher, piece: _Piece, *, settles: list[dict[str, Any]], today: date) -> Fact:
    instrument = piece.instrument
    assert instrument is not None
    data: dict[str, Any] = {
        "number": instrument.number,
        "amount": piece.amount,
        "currency": CURRENCY,
        "party": party_of(piece.party.name, voucher),
        "dated_on": (instrument.dated_on or voucher.date).isoformat(),
    }
    if instrument.bank:
        data["bank"] = instrument.bank
    if references := piece.party.references():
        data["references"] = references
    if settles:
        data["settles"] = settles
    if instrument.cleared_on is not None:
        return Fact("cheque.cleared", {**data, "on": instrument.cleared_on.isoformat()}, piece.part)
    if voucher.date > today:
        return Fact("cheque.received", data, piece.part, waits=True)
    return Fact("cheque.deposited", {**data, "on": voucher.date.isoformat()}, piece.part)


def _is_cheque(instrument: Instrument) -> bool:
    """Tally's entry screen says Cheque/DD unless changed: only a short number without a transfer mode is one."""
    return (
        instrument.kind.casefold().startswith(("cheque", "post-dated", "post dated"))
        and not _ELECTRONIC.search(instrument.mode)
        and _CHEQUE_NUMBER.fullmatch(instrument.number) is not None
    )


def _bank_reference(instrument: Instrument) -> str:
    """Return the UTR or cheque number; Tally's own unique reference is no word of the bank's."""
    return instrument.number if any(letter.isdigit() for letter in instrument.number) else ""


def _mode(piece: _Piece) -> str:
    if piece.role == "cash":
        return "cash"
    if piece.instrument is None:
        return ""
    if _is_cheque(piece.instrument):
        return "cheque"
    found = _ELECTRONIC.search(f"{piece.instrument.mode} {piece.instrument.kind}")
    told = found[0].casefold() if found else ""
    return told if told in ("neft", "rtgs", "imps", "upi") else "transfer" if told else ""
