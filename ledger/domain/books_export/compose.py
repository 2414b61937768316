"""A line of the list → its voucher: pure, from what the sources say and what our bills take of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from kit.money import format_minor
from ledger.domain.books_export.voucher import (
    Instrument,
    Line,
    Voucher,
    VoucherType,
    bills,
    ledger_for,
    narration,
    plain,
)

OWN_TRANSFER = "own_transfer"
_BETWEEN_OURS = frozenset([OWN_TRANSFER, "cash_deposit", "cash_withdrawal"])
_BOTH_WAYS = frozenset(["interest", "tds"])
"""What may come and go: the ledger is another one when we pay it."""
_WORDS = {
    "tds": "TDS", "gst_tds": "GST-TDS", "cash_discount": "discount", "round_off": "rounding",
    "bank_charge": "bank charges", "write_off": "written off",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What a bill takes: its number in the books (None: they don't have it), ours, and what kind of part it is."""

    kind: str
    amount: int
    number: str | None
    our_number: str | None
    ledger: str | None
    """The party's ledger by the books' own word on that bill."""
    side: str = "receivable"


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one line; paise. `members`: (source, kind, data) of those who tell of it."""

    subject: UUID
    kind: str
    on: date
    amount: int
    currency: str
    as_: str | None = None
    party: str | None = None
    """The party's name with us."""
    ledger: str | None = None
    """Its ledger in the books; None: they have none."""
    members: Sequence[tuple[str, str, Mapping[str, Any]]] = ()
    parts: Sequence[Part] = ()
    bank: str | None = None
    other_bank: str | None = None
    """For a transfer between our accounts: the ledger of the other one."""
    bank_told: str = ""
    """How the account is shown to people: ICICI ··4421."""
    maybe: str = ""
    """What in the books looks like it already."""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """The voucher, why it is there, and what it waits for."""

    voucher: Voucher
    why: str
    waits: str


def compose(known: Known, ledgers: Mapping[str, str]) -> Composed:
    """Return the voucher of a line; where something isn't known it says what, and the line is named by a `?`."""
    match known.kind:
        case "receipt" | "payout" if known.as_ is None:
            return _party_money(known, ledgers)
        case "settlement":
            return _settlement(known, ledgers)
        case "journal" | "kept_back":
            return _journal(known, ledgers)
    return _other_money(known, ledgers)


def _party_money(known: Known, ledgers: Mapping[str, str]) -> Composed:
    """A receipt of a customer, or a payment to a vendor."""
    came = known.kind == "receipt"
    sign = 1 if came else -1
    waits: list[str] = [known.maybe] if known.maybe else []
    kept: dict[str, int] = {}
    for part in known.parts:
        if part.kind != "receipt":
            kept[part.kind] = kept.get(part.kind, 0) + part.amount
    bank = _bank(known, waits)
    lines = [Line(bank, sign * known.amount, instrument=_instrument(known))]
    lines += [Line(_named(kind, ledgers, waits), sign * amount) for kind, amount in sorted(kept.items())]
    whole = known.amount + sum(kept.values())
    ledger = next((part.ledger for part in known.parts if part.ledger), None) or known.ledger
    if known.party is None:
        waits.append("nobody has said yet whose money this is")
    elif ledger is None:
        waits.append(f"the books have no ledger {known.party}: create it there first")
        ledger = known.party
    missing = sorted({p.our_number for p in known.parts if p.number is None and p.our_number})
    if missing:
        waits.append(f"{', '.join(missing[:5])} isn't in the books yet: enter the bill first")
    ledger = plain(ledger or "?")
    numbered = [(part.number, part.amount) for part in known.parts]
    lines.append(Line(ledger, -sign * whole, bills(numbered, whole), is_party=True))
    shown = f"{known.bank_told} shows it" if known.bank_told else _shown(known)
    against = ", ".join(sorted({p.our_number or "a bill" for p in known.parts if p.kind == "receipt"})[:6])
    said = [f"{shown} on {_day(known.on)}; the books show no {'receipt' if came else 'payment'} of it"]
    if against:
        said.append(f"against {against}")
    said += [
        f"{_WORDS.get(k, k.replace('_', ' '))} {format_minor(a, known.currency)}" for k, a in kept.items()
    ]
    return _composed(known, "Receipt" if came else "Payment", ledger, lines, " · ".join(said), waits)


def _settlement(known: Known, ledgers: Mapping[str, str]) -> Composed:
    """The gateway's money in the bank: what was captured, less its charges and their GST."""
    waits = [known.maybe] if known.maybe else []
    fee, tax = int(known.extra.get("fee") or 0), int(known.extra.get("tax") or 0)
    gateway = str(known.extra.get("gateway") or "Gateway")
    lines = [Line(_bank(known, waits), known.amount, instrument=_instrument(known))]
    if fee - tax:
        lines.append(Line(_named("gateway_charges", ledgers, waits), fee - tax))
    if tax:
        lines.append(Line(_named("input_gst", ledgers, waits), tax))
    lines.append(Line(plain(gateway), -(known.amount + fee)))
    why = f"{known.bank_told or 'the bank'} shows a settlement of {gateway} on {_day(known.on)}; the books don't"
    return _composed(known, "Receipt", "", lines, why, waits)


def _other_money(known: Known, ledgers: Mapping[str, str]) -> Composed:
    """Money that is no customer's and no vendor's: interest, charges, a transfer between our accounts."""
    waits = [known.maybe] if known.maybe else []
    as_ = known.as_ or "other"
    came = known.amount > 0
    bank = _bank(known, waits)
    if as_ == OWN_TRANSFER:
        other = known.other_bank
        if other is None:
            waits.append("the other account isn't known")
    else:
        other = _named(f"{as_}_paid" if as_ in _BOTH_WAYS and not came else as_, ledgers, waits)
    lines = [
        Line(bank, known.amount, instrument=_instrument(known)),
        Line(plain(other or "?"), -known.amount),
    ]
    kind: VoucherType = "Contra" if as_ in _BETWEEN_OURS else "Receipt" if came else "Payment"
    what = as_.replace("_", " ")
    why = f"{known.bank_told or 'the bank'} shows it on {_day(known.on)} ({what}); the books don't"
    return _composed(known, kind, "", lines, why, waits)


def _journal(known: Known, ledgers: Mapping[str, str]) -> Composed:
    """What was settled without money: a write-off, an accepted deduction, a set-off."""
    waits: list[str] = [known.maybe] if known.maybe else []
    lines: list[Line] = []
    party = plain(known.ledger or known.party or "?")
    for side in ("receivable", "payable"):
        parts = [part for part in known.parts if part.side == side]
        if not parts:
            continue
        whole = sum(part.amount for part in parts)
        ledger = plain(
            next((p.ledger for p in parts if p.ledger), None) or known.ledger or known.party or "?"
        )
        sign = -1 if side == "receivable" else 1
        numbered = [(part.number, part.amount) for part in parts]
        lines.append(Line(ledger, sign * whole, bills(numbered, whole), is_party=True))
        missing = sorted({p.our_number for p in parts if p.number is None and p.our_number})
        if missing:
            waits.append(f"{', '.join(missing[:5])} isn't in the books yet: enter the bill first")
    rest: dict[str, int] = {}
    if off := -sum(line.amount for line in lines):
        for part in known.parts:
            rest[part.kind] = rest.get(part.kind, 0) + part.amount
        if sum(rest.values()) != abs(off):
            rest = {known.as_ or "other": abs(off)}
        sign = 1 if off > 0 else -1
        lines = [Line(_named(k, ledgers, waits), sign * amount) for k, amount in sorted(rest.items())] + lines
    if known.ledger is None and not any(part.ledger for part in known.parts):
        waits.append(f"the books have no ledger {known.party or 'of that party'}: create it there first")
    what = ", ".join(_WORDS.get(kind, kind.replace("_", " ")) for kind in sorted(rest)) or "set off"
    when = (
        "was kept back of a receipt that the books show without it"
        if known.kind == "kept_back"
        else "was agreed"
    )
    why = f"{what} {when} on {_day(known.on)}; the books don't show it"
    return _composed(known, "Journal", party, lines, why, waits)


def _composed(
    known: Known, kind: VoucherType, party: str, lines: Sequence[Line], why: str, waits: Sequence[str]
) -> Composed:
    words = [str(data.get("narration") or data.get("description") or "") for _, _, data in known.members]
    words += [number for _, _, data in known.members for number in _references(data)]
    voucher = Voucher(
        mark=known.subject,
        type=kind,
        on=known.on,
        party=party,
        lines=tuple(line for line in lines if line.amount),
        narration=narration([word for word in words if word][:4], known.subject),
    )
    return Composed(voucher, why, "; ".join(dict.fromkeys(waits)))


def _bank(known: Known, waits: list[str]) -> str:
    if known.bank is None:
        waits.append(
            f"which ledger {known.bank_told or 'the account'} is in the books isn't known: name it once"
        )
        return "?"
    return plain(known.bank)


def _named(kind: str, ledgers: Mapping[str, str], waits: list[str]) -> str:
    found = ledger_for(kind, ledgers)
    if found is None:
        waits.append(f"no ledger is named for {kind.replace('_', ' ')}")
        return "?"
    return plain(found)


def _instrument(known: Known) -> Instrument | None:
    number = next((number for _, _, data in known.members for number in _references(data)), None)
    mode = next(
        (str(m) for _, _, data in known.members if (m := data.get("channel") or data.get("method"))), ""
    )
    return Instrument(plain(number, 40), known.on, mode) if number else None


def _references(data: Mapping[str, Any]) -> list[str]:
    found: list[str] = (data.get("references") or {}).get("utr") or []
    return found


def _shown(known: Known) -> str:
    if any(source.startswith("payment:") for source, _, _ in known.members):
        return "the gateway captured it"
    if any(source == "operator" for source, _, _ in known.members):
        return "you confirmed it"
    return "it came"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
