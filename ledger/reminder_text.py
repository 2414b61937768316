"""The message to a customer, in his language: plain text for WhatsApp, and the link that opens it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kit.money import format_minor
from kit.plain import cut
from ledger.domain.paying import UPI_CAP, too_long, whatsapp_link
from ledger.views.reminders import PreparedReminder, ReminderBill, ReminderView
from ledger.words import on_day, say, say_count

_NAME = 80


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out. `text`: with the bills. `sent`: what `url` opens, shorter where the whole would be too long for it.

    Without a `url` the text is copied by hand; `chat` opens the bare chat, where there is a number.
    """

    text: str
    sent: str
    url: str
    chat: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """The customer, as his message is written to him."""

    language: str
    today: date

    def day(self, day: date, pattern: str) -> str:
        return on_day(self.language, day, pattern if day.year == self.today.year else f"{pattern} y")


def message_of(made: PreparedReminder, link: str, *, language: str, today: date) -> Message:
    """Write the message in the customer's language; `link` leads to his pay page."""
    view, to = made.view, _Reader(language, today)
    text, short = _whole(view, link, to), _brief(view, link, to)
    if view.phone is None:
        return Message(text, text, "", "")
    chat = whatsapp_link(view.phone)
    for sent in (text, short):
        url = whatsapp_link(view.phone, sent)
        if not too_long(url):
            return Message(text, sent, url, chat)
    return Message(text, text, "", chat)


def names_account(view: ReminderView) -> bool:
    """Whether the message names the bank account: where UPI would stop at its cap, or there is no UPI ID."""
    return view.pay.by_transfer and (view.asked > UPI_CAP or not view.pay.upi_id)


def _whole(view: ReminderView, link: str, to: _Reader) -> str:
    bills = [_bill(bill, view.currency, to) for bill in view.bills]
    if view.more:
        rest = format_minor(view.more_amount, view.currency)
        bills.append(
            say_count(
                to.language, "and {n} more bill: {rest}", "and {n} more bills: {rest}", view.more, rest=rest
            )
        )
    if view.on_account > 0:
        taken = format_minor(view.on_account, view.currency)
        bills.append(say(to.language, "({taken} that you have on account is taken off.)", taken=taken))
    blocks = [
        say(to.language, "Namaste {name},", name=cut(view.party_name, _NAME)),
        _opening(view, to),
        "\n".join(bills),
        _page(view, link, to),
        _account(view, to),
        say(to.language, "If you have already sent it, please share the UTR and ignore this message."),
        say(to.language, "Thank you\n{firm}", firm=cut(view.firm, _NAME)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _brief(view: ReminderView, link: str, to: _Reader) -> str:
    lines = [
        say(to.language, "Namaste {name},", name=cut(view.party_name, 40)),
        _opening(view, to),
        _page(view, link, to),
        _account(view, to),
        say(to.language, "If already sent, please share the UTR and ignore this."),
    ]
    return "\n".join(line for line in lines if line)


def _opening(view: ReminderView, to: _Reader) -> str:
    amount, firm = format_minor(view.asked, view.currency), cut(view.firm, _NAME)
    if view.kind in ("late", "grace"):
        return say(
            to.language,
            "a friendly reminder from {firm}: {amount} is past its due date.",
            firm=firm,
            amount=amount,
        )
    dues = [bill.due_on for bill in view.bills if bill.due_on is not None]
    if not dues:
        return say(
            to.language,
            "a friendly note from {firm}: {amount} is open on your account.",
            firm=firm,
            amount=amount,
        )
    if len(dues) == 1 and not view.more:
        return say(
            to.language,
            "a friendly note from {firm}: {amount} falls due on {day}.",
            firm=firm,
            amount=amount,
            day=to.day(dues[0], "EEE d MMM"),
        )
    return say(
        to.language,
        "a friendly note from {firm}: {amount} falls due from {day} on.",
        firm=firm,
        amount=amount,
        day=to.day(min(dues), "EEE d MMM"),
    )


def _bill(bill: ReminderBill, currency: str, to: _Reader) -> str:
    amount = format_minor(bill.amount, currency)
    number = cut(bill.number, 30) if bill.number else say(to.language, "Opening balance")
    if bill.due_on is None:
        return say(
            to.language,
            "{number} of {day}: {amount}",
            number=number,
            day=_date(bill.issued_on, to),
            amount=amount,
        )
    return say(
        to.language, "{number}, due {day}: {amount}", number=number, day=_date(bill.due_on, to), amount=amount
    )


def _date(day: date, to: _Reader) -> str:
    """Write a bill's day without its weekday: `4 Oct`, so that a bill stays one line on a phone."""
    return to.day(day, "d MMM")


def _page(view: ReminderView, link: str, to: _Reader) -> str:
    if view.pay.payable:
        return say(to.language, "Bills and payment: {link}", link=link)
    return say(to.language, "Your bills: {link}", link=link)


def _account(view: ReminderView, to: _Reader) -> str:
    if not names_account(view):
        return ""
    pay = view.pay
    lines = [
        say(
            to.language,
            "By bank transfer: account {account}, IFSC {ifsc}",
            account=pay.account,
            ifsc=pay.ifsc,
        )
    ]
    lines.append(
        ", ".join(part for part in (cut(pay.payee or view.firm, _NAME), cut(pay.bank or "", 40)) if part)
    )
    return "\n".join(lines)
