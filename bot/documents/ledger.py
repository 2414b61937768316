"""A party's account on paper, in the form in which Tally prints a ledger account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.cards.audience import Audience, money, unescaped
from bot.documents.paper import balance, figures, filename, firm_data, full_day, line, moment, short_day
from bot.documents.paying import pay_data
from bot.documents.press import press
from bot.words import cut
from ledger.account_words import particulars, voucher_type
from ledger.views.statement import StatementAccount, StatementBill, StatementEntry, StatementView

_MARKED_ROWS = 300
"""Up to so many rows the file tells readers of the screen row by row; beyond, it would be ten times as large."""
_NUMBER = 32


def ledger_pdf(view: StatementView, to: Audience) -> bytes:
    """Return the PDF; the same account in the same language gives the same bytes."""
    return press().pdf("ledger.typ", ledger_data(view, to), at=view.known_at)


def ledger_filename(view: StatementView) -> str:
    """Name the file after the party and the day."""
    return filename("Ledger", view.party_name, view.until)


def period(view: StatementView, to: Audience) -> str:
    """Say from when to when: “1 Apr 2026 to 20 Nov 2026”."""
    if view.since is None:
        return to.label("Until {day}", day=full_day(view.until, to))
    return to.label("{first} to {last}", first=full_day(view.since, to), last=full_day(view.until, to))


def foot(view: StatementView, to: Audience) -> str:
    """Say below every page what it is: as on which day, as known when, from whom, and that it is no book."""
    known = to.label(
        "As on {day}, as known on {moment}", day=full_day(view.until, to), moment=moment(view.known_at, to)
    )
    if view.signed_until is not None:
        known = to.label(
            "As on {day}, as signed when the books were closed until {until}",
            day=full_day(view.until, to),
            until=full_day(view.signed_until, to),
        )
    if view.sources:
        read = to.label(
            "Not books of account: figures as read from {sources}",
            sources=", ".join(line(source) for source in view.sources),
        )
    else:
        read = to.label("Not books of account")
    return f"{known} · {read}"


def ledger_data(view: StatementView, to: Audience) -> dict[str, Any]:
    """Return what the template sets: every word and figure as text."""
    name = line(view.party_name)
    told = [line(view.address), to.label("GSTIN {gstin}", gstin=line(view.gstin)) if view.gstin else ""]
    return {
        "language": to.language,
        "title": to.label("Ledger of {name}", name=name),
        "title-line": to.label("Ledger account"),
        "firm": firm_data(view.firm, to),
        "party": {"name": name, "told": [one for one in told if one]},
        "period": period(view, to),
        "foot": foot(view, to),
        "page": to.label("Page {page} of {pages}", page="%1", pages="%2"),
        "marked-rows": _MARKED_ROWS,
        "accounts": [_account(account, view, to) for account in view.accounts],
        "pay": pay_data(view, to, reference=f"{view.party_id.hex[:12]}-{view.until:%y%m%d}"),
    }


def _account(account: StatementAccount, view: StatementView, to: Audience) -> dict[str, Any]:
    closing, currency = account.closing, account.currency
    debits = account.debits + max(account.opening, 0)
    credits = account.credits + max(-account.opening, 0)
    # As books do it, the closing balance stands on the smaller side, so that both sides come to the same.
    larger = max(debits, credits)
    since = short_day(view.since, to) if view.since is not None else ""
    unit = "₹" if currency == "INR" else currency
    return {
        "name": _name(account, to) if len(view.accounts) > 1 or currency != "INR" else None,
        "none": "" if account.entries else to.label("No entries in this period"),
        "heads": _row(
            to.label("Particulars"),
            f"{to.label('Debit')} ({unit})",
            f"{to.label('Credit')} ({unit})",
            f"{to.label('Balance')} ({unit})",
            day=to.label("Date"),
            kind=to.label("Vch type"),
            number=to.label("Vch no."),
        ),
        "opening": _on_its_side(to.label("Opening balance"), account.opening, currency, day=since),
        "rows": [_entry(entry, account, to) for entry in account.entries],
        "sums": _row("", figures(debits, currency), figures(credits, currency)),
        "closing": _on_its_side(to.label("Closing balance"), -closing, currency, shown=closing),
        "totals": _row(to.label("Total"), figures(larger, currency), figures(larger, currency)),
        **_bills(account, view, to),
    }


def _row(
    what: str, debit: str, credit: str, standing: str = "", *, day: str = "", kind: str = "", number: str = ""
) -> dict[str, str]:
    return {
        "day": day,
        "what": what,
        "kind": kind,
        "number": number,
        "debit": debit,
        "credit": credit,
        "balance": standing,
    }


def _entry(entry: StatementEntry, account: StatementAccount, to: Audience) -> dict[str, str]:
    currency = account.currency
    return _row(
        particulars(entry, account.side, to.language),
        figures(entry.debit, currency) if entry.debit else "",
        figures(entry.credit, currency) if entry.credit else "",
        balance(entry.balance, currency),
        day=short_day(entry.on, to),
        kind=voucher_type(entry, account.side, to.language),
        number=cut(entry.number, _NUMBER) if entry.number else "",
    )


def _on_its_side(
    what: str, amount: int, currency: str, *, day: str = "", shown: int | None = None
) -> dict[str, str]:
    """Write a balance on the debit side if it is positive; `shown` is what the last column says."""
    debit = figures(amount, currency) if amount > 0 else ""
    credit = figures(amount, currency) if amount < 0 else ""
    return _row(what, debit, credit, balance(amount if shown is None else shown, currency), day=day)


def _name(account: StatementAccount, to: Audience) -> str:
    if account.side == "payable":
        return to.label("As our vendor, in {currency}", currency=account.currency)
    return to.label("As our customer, in {currency}", currency=account.currency)


def _bills(account: StatementAccount, view: StatementView, to: Audience) -> dict[str, Any]:
    return {
        "bills-title": to.label("Bills open on {day}", day=full_day(view.until, to)),
        "bills-head": [
            to.label("Bill"), to.label("Date"), to.label("Due"), to.label("Amount"), to.label("Still open"), to.label("Age"),
        ],
        "bills": [_bill(bill, account.currency, to) for bill in account.bills],
        "after": _after(account, to),
    }  # fmt: skip


def _bill(bill: StatementBill, currency: str, to: Audience) -> Sequence[str]:
    return [
        line(bill.number) or to.label("Opening balance"),
        short_day(bill.issued_on, to),
        short_day(bill.due_on, to) if bill.due_on else "—",
        figures(bill.amount, currency),
        figures(bill.outstanding, currency),
        _age(bill, to),
    ]


def _age(bill: StatementBill, to: Audience) -> str:
    if bill.due_on is None:
        return unescaped(to.count("{n} day old", "{n} days old", max(bill.age_days, 0)))
    if bill.age_days > 0:
        return unescaped(to.count("{n} day overdue", "{n} days overdue", bill.age_days))
    return to.label("not due yet")


def _after(account: StatementAccount, to: Audience) -> list[str]:
    lines = []
    if account.more_bills:
        lines.append(unescaped(to.count("and {n} more bill", "and {n} more bills", account.more_bills)))
    owed = account.closing if account.side == "receivable" else -account.closing
    if (ahead := account.open_bills - owed) > 0:
        lines.append(
            to.label(
                "Bills {bills} less {on_account} on account = {net}",
                bills=money(account.open_bills, account.currency),
                on_account=money(ahead, account.currency),
                net=money(owed, account.currency),
            )
        )
    return lines
