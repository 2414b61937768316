"""The letter that asks a party to confirm its balance on a day, with a slip to send back."""

from __future__ import annotations

from typing import Any

from bot.cards.audience import Audience, money, unescaped
from bot.documents.ledger import foot
from bot.documents.paper import figures, filename, firm_data, full_day, line, short_day
from bot.documents.press import press
from ledger.views.statement import StatementAccount, StatementBill, StatementView

_BILLS = 12


def letter_pdf(view: StatementView, to: Audience) -> bytes:
    """Return the PDF for the balance at the end of `view.until`."""
    return press().pdf("letter.typ", letter_data(view, to), at=view.known_at)


def letter_filename(view: StatementView) -> str:
    """Name the file after the party and the day of the balance."""
    return filename("Balance-confirmation", view.party_name, view.until)


def letter_data(view: StatementView, to: Audience) -> dict[str, Any]:
    """Return what the template sets: every word and figure as text."""
    day = full_day(view.until, to)
    name = line(view.party_name)
    told = [line(view.address), to.label("GSTIN {gstin}", gstin=line(view.gstin)) if view.gstin else ""]
    subject = to.label("Confirmation of balance as on {day}", day=day)
    return {
        "language": to.language,
        "title": f"{subject} · {name}",
        "firm": firm_data(view.firm, to),
        "party": {"name": name, "told": [one for one in told if one]},
        "to": to.label("To"),
        "date": to.label("Date: {day}", day=full_day(view.today, to)),
        "subject": subject,
        "opening": [
            to.label("Dear Sir or Madam,"),
            to.label("According to what we have on record, your account with us stood as follows on {day}:", day=day),
        ],
        "balances": [(standing_words(account, to), _amount(account)) for account in view.accounts],
        **_bills(view.main, to),
        "closing": [
            to.label(
                "Please compare this with your books and send us the slip below, signed. If your figure differs, "
                "please write yours and what it comes from, and enclose your copy of the account."
            ),
            to.label("This is not a demand for payment. Anything paid or billed after {day} is not in it.", day=day),
        ],
        "signed": to.label("For {firm}", firm=line(view.firm.name)),
        "signature": to.label("Signature, name and stamp"),
        "slip": _slip(view, to),
        "foot": foot(view, to),
        "page": to.label("Page {page} of {pages}", page="%1", pages="%2"),
    }  # fmt: skip


def standing_words(account: StatementAccount, to: Audience) -> str:
    """Say whose the balance is: who has to pay whom."""
    if account.closing > 0:
        return to.label("You have to pay us")
    if account.closing < 0:
        return to.label("We have to pay you")
    return to.label("Nothing is due on either side")


def _amount(account: StatementAccount) -> str:
    return money(abs(account.closing), account.currency)


def _bills(account: StatementAccount, to: Audience) -> dict[str, Any]:
    shown = account.bills[:_BILLS]
    more = len(account.bills) - len(shown) + account.more_bills
    owed = account.closing if account.side == "receivable" else -account.closing
    after = [unescaped(to.count("and {n} more bill", "and {n} more bills", more))] if more else []
    if (ahead := account.open_bills - owed) > 0:
        after.append(
            to.label("less {amount} on account", amount=money(ahead, account.currency))
        )  # fmt: skip
    return {
        "bills-title": to.label("The bills that it consists of"),
        "bills-head": [to.label("Bill"), to.label("Date"), to.label("Amount"), to.label("Still open")],
        "bills": [_bill(bill, account.currency, to) for bill in shown],
        "after": after,
    }


def _bill(bill: StatementBill, currency: str, to: Audience) -> list[str]:
    return [
        line(bill.number) or to.label("Opening balance"),
        short_day(bill.issued_on, to),
        figures(bill.amount, currency),
        figures(bill.outstanding, currency),
    ]


def _slip(view: StatementView, to: Audience) -> dict[str, Any]:
    standing = "; ".join(
        to.label("{firm}: {amount} {way}", firm=line(view.firm.name), amount=_amount(account), way=_their_way(account, to))
        if account.closing else to.label("{firm}: nothing due", firm=line(view.firm.name))
        for account in view.accounts
    )  # fmt: skip
    return {
        "title": to.label("Reply slip: {name}, balance as on {day}", name=line(view.party_name), day=full_day(view.until, to)),
        "choices": [
            {"words": to.label("Our books say the same. {standing}", standing=standing), "blank": False},
            {"words": to.label("Our books say another balance:"), "blank": True},
            {"words": to.label("The difference comes from:"), "blank": True},
        ],
        "lines": [to.label("Name"), to.label("PAN or GSTIN"), to.label("Date"), to.label("Signature and stamp")],
    }  # fmt: skip


def _their_way(account: StatementAccount, to: Audience) -> str:
    return to.label("to pay to them") if account.closing > 0 else to.label("to come from them")
