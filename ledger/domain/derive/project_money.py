"""Money written down: receipts, payouts, allocations, settlements, bank lines, cheques."""

from __future__ import annotations

from uuid import UUID

from ledger.domain import rows as r
from ledger.domain.derive.derived import Derived
from ledger.domain.derive.model import Identity, Money, Terms, row_id
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.keys import payer_handles, utr_key


def _reference(money: Money) -> str | None:
    found = sorted({utr_key(item) for member in money.members for item in member.references("utr")})
    return found[0] if found else None


def _payer(money: Money, name: str) -> str | None:
    for member in sorted(money.members, key=lambda identity: identity.trust):
        payer = member.data.get(name) or {}
        if found := payer.get("name") or payer.get("vpa"):
            return str(found)
    return None


def _advance_postings(out: Derived, money: Money, parties: PartyIndex) -> None:
    if money.party is None:
        return
    for kind, amount, day in money.advance:
        out.postings.append(
            r.PostingRow(
                money.anchor, parties.row(money.party), money.id, money.side, kind, amount, money.currency, day, None,
                money.anchor,
            )
        )  # fmt: skip


def _allocation_rows(out: Derived, money: Money) -> None:
    sums: dict[tuple[UUID, str], tuple[int, str]] = {}
    for document, kind, amount, why in money.allocations:
        before, first = sums.get((document.id, kind), (0, why))
        sums[document.id, kind] = (before + amount, first)
    for (document_id, kind), (amount, why) in sums.items():
        out.tables["allocations"].append(
            r.AllocationRow(money.id, document_id, kind, money.anchor, amount, why)
        )


def receipt_rows(out: Derived, money: Money, parties: PartyIndex) -> None:
    """Write a receipt with what it is set against and what stays on account."""
    out.tables["receipts"].append(
        r.ReceiptRow(
            id=money.id,
            anchor=money.anchor,
            party_id=parties.row(money.party) if money.party and money.classified is None else None,
            status=money.status,
            arrived=money.arrived,
            received_on=money.day,
            amount=money.amount,
            refunded=sum(amount for _, amount in money.reversals),
            allocated=money.allocated,
            currency=money.currency,
            method=next(
                (v for m in money.members if (v := m.data.get("method") or m.data.get("channel"))), None
            ),
            payer=_payer(money, "payer"),
            reference=_reference(money),
            classified=money.classified,
            why=money.why,
            evidence=money.evidence,
            handle=money.handles[0] if money.handles else None,
        )
    )
    _allocation_rows(out, money)
    _advance_postings(out, money, parties)


def payout_rows(out: Derived, money: Money, parties: PartyIndex) -> None:
    """Write a payout with the bills that it pays."""
    line = next((member for member in money.members if member.kind == "bank_line"), None)
    status = (
        money.status.replace("payment.received", "processed")
        .rpartition(".")[2]
        .replace("authorised", "scheduled")
    )
    out.tables["payouts"].append(
        r.PayoutRow(
            id=money.id,
            anchor=money.anchor,
            party_id=parties.row(money.party) if money.party else None,
            status=f"payout.{'reversed' if status == 'refunded' else status}",
            paid_on=money.day,
            amount=money.amount,
            allocated=money.allocated,
            currency=money.currency,
            reference=_reference(money),
            payee=_payer(money, "payee"),
            bank_line_id=row_id("bank_line", line.subject) if line else None,
            why=money.why,
            evidence=money.evidence,
        )
    )
    _allocation_rows(out, money)
    _advance_postings(out, money, parties)


def bank_rows(out: Derived, identities: list[Identity], moneys: Moneys, terms: Terms) -> None:
    """Write bank lines with what explains them, and settlements with the line that brought them."""
    for line in identities:
        if line.kind == "bank_line":
            out.tables["bank_lines"].append(_bank_line(line, moneys, terms))
        elif line.kind == "settlement":
            bank = moneys.settled_by.get(line.subject)
            references = sorted(utr_key(item) for item in line.references("utr"))
            out.tables["settlements"].append(
                r.SettlementRow(
                    id=row_id("settlement", line.subject),
                    anchor=line.subject,
                    source=line.source,
                    status=line.data.get("status") or line.type,
                    amount=line.data["amount"],
                    fee=line.data.get("fee", 0),
                    tax=line.data.get("tax", 0),
                    currency=line.data["currency"],
                    utr=references[0] if references else None,
                    settled_on=line.day(terms, "settled_on"),
                    bank_line_id=row_id("bank_line", bank.subject) if bank else None,
                    bank_amount=bank.data["amount"] if bank else None,
                )
            )


def _bank_line(line: Identity, moneys: Moneys, terms: Terms) -> r.BankLineRow:
    money, settlement = moneys.of.get(line.subject), moneys.settlement_of.get(line.subject)
    explained: tuple[str | None, UUID | None] = (None, None)
    if settlement is not None:
        explained = ("settlement", row_id("settlement", settlement.subject))
    elif line.subject in moneys.told_by_bank:
        explained = (moneys.told_by_bank[line.subject], None)
    elif money is not None and money.classified is not None:
        explained = ("decision" if money.why is None else money.classified, money.id)
    elif money is not None and line.type == "bank.debited":
        explained = ("payout", money.id)
    elif money is not None and money.party is not None:
        explained = ("receipt", money.id)
    payer = line.data.get("payer") or {}
    references = sorted(utr_key(item) for item in line.references("utr"))
    return r.BankLineRow(
        id=row_id("bank_line", line.subject),
        anchor=line.subject,
        source=line.source,
        account=line.data["account"],
        posted_on=line.day(terms, "posted_on"),
        value_on=line.date("value_on"),
        amount=line.data["amount"] if line.type == "bank.credited" else -line.data["amount"],
        currency=line.data["currency"],
        narration=line.data["narration"],
        channel=line.data.get("channel"),
        reference=references[0] if references else None,
        payer=payer.get("name") or payer.get("vpa"),
        balance=line.data.get("balance"),
        explained_by=explained[0],
        explained_id=explained[1],
        handle=next(iter(payer_handles(payer)), None),
    )


def cheque_rows(out: Derived, identities: list[Identity], parties: PartyIndex, moneys: Moneys) -> None:
    """Write cheques with their last word."""
    for cheque in identities:
        if cheque.kind != "cheque" or cheque.data.get("amount") is None or not cheque.data.get("number"):
            continue
        money = moneys.of.get(cheque.subject)
        shown = money is not None and any(member.type == "bank.credited" for member in money.members)
        in_hand = cheque.type in ("cheque.received", "cheque.deposited")
        party = parties.of(cheque) or (money.party if money else None)
        out.tables["cheques"].append(
            r.ChequeRow(
                id=row_id("cheque", cheque.subject),
                anchor=cheque.subject,
                party_id=parties.row(party) if party else None,
                status="cheque.cleared" if shown and in_hand else cheque.type,
                number=cheque.data["number"],
                bank=cheque.data.get("bank"),
                dated_on=cheque.date("dated_on"),
                amount=cheque.data["amount"],
                currency=cheque.data["currency"],
                receipt_id=money.id if money else None,
            )
        )
