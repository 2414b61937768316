"""How customers pay the firm: what is set, and the questions by which the owner sets it."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.cards.lines import account_tail
from bot.words import Html, cut, joined
from ledger.domain.roles import Permission
from ledger.views.reminders import PaymentDetailsView

FIELDS = ("upi_id", "account", "ifsc", "payee", "phone")
"""What is asked for in the chat; the bank's name comes with its account."""
_WIDTH = 40


def pay_details_card(view: PaymentDetailsView, to: Audience) -> Card:
    """Show how customers pay, with a button to change each part."""
    lines = [to.say("<b>How customers pay you</b>")]
    lines.append(to.say("UPI ID {upi_id}", upi_id=_shown(view.upi_id, to)))
    lines.append(to.say("Account {account}", account=_shown(_grouped(view.account), to)))
    lines.append(to.say("IFSC {ifsc}", ifsc=_shown(view.ifsc, to)))
    lines.append(to.say("In the name of {payee}", payee=_shown(view.payee, to)))
    lines.append(to.say("Your WhatsApp {phone}", phone=_shown(_spaced(view.phone), to)))
    text = joined(
        [joined(to.heading(joined(lines))), to.say("Shown on reminders and on the pay page.")], "\n\n"
    )
    if not to.may(Permission.ADMINISTER):
        return Card(text)
    labels = {
        "upi_id": to.label("UPI ID"),
        "account": to.label("Account"),
        "ifsc": to.label("IFSC"),
        "payee": to.label("Name"),
        "phone": to.label("WhatsApp"),
    }
    buttons = [Button(labels[field], {"do": "pay_ask", "field": field}) for field in FIELDS]
    return Card(text, in_rows(buttons))


def _shown(value: str | None, to: Audience) -> Html:
    return to.say("<b>{value}</b>", value=cut(value, _WIDTH)) if value else to.say("<i>not set</i>")


def pay_ask_card(
    field: str, view: PaymentDetailsView, firm: str, then: Action | None, to: Audience, *, wrong: str = ""
) -> Card:
    """Ask for one part, likely answers first; `wrong` is what was typed and is none, `then` what it is asked for."""
    lines = (
        [to.say("That is no {field}: “{wrong}”.", field=_called(field, to), wrong=cut(wrong, 30))]
        if wrong
        else []
    )
    lines += _question(field, view, to)
    return Card(
        joined(to.heading(joined(lines))), (*_likely(field, view, firm, then), _ways(field, view, then, to))
    )


def _called(field: str, to: Audience) -> Html:
    match field:
        case "upi_id":
            return to.say("UPI ID")
        case "account":
            return to.say("account number")
        case "ifsc":
            return to.say("IFSC")
        case "payee":
            return to.say("name")
        case _:
            return to.say("mobile number")


def _question(field: str, view: PaymentDetailsView, to: Audience) -> list[Html]:
    match field:
        case "upi_id":
            return [
                to.say("To which UPI ID shall they pay?"),
                to.say("Type it, like <code>kaveri@okicici</code>"),
            ]
        case "account":
            return [
                to.say("Into which bank account shall they pay?"),
                to.say("Type its number, 9 to 18 digits."),
            ]
        case "ifsc":
            account = _grouped(view.account) or ""
            return [
                to.say("What is the IFSC of account {account}?", account=account),
                to.say("It is on your cheque book, like <code>ICIC0000044</code>"),
            ]
        case "payee":
            return [to.say("In whose name is the account or the UPI ID?")]
        case _:
            return [
                to.say("On which WhatsApp number shall customers tell you that they have paid?"),
                to.say("Type its ten digits."),
            ]


def _likely(field: str, view: PaymentDetailsView, firm: str, then: Action | None) -> Rows:
    found: list[Button] = []
    if field == "account":
        for one in view.known:
            label = f"{cut(one.label, 24)}{account_tail(one.account, one.label)}"
            found.append(Button(label, _set(then, {"account": one.account, "bank": one.label})))
    elif field == "payee":
        found.append(Button(cut(firm, 38), _set(then, {"payee": firm})))
    return tuple((button,) for button in found)


def _ways(field: str, view: PaymentDetailsView, then: Action | None, to: Audience) -> tuple[Button, ...]:
    if then is None:
        back = Button(to.label("‹ Back"), {"do": "pay_details", "inplace": True})
        remove = Button(to.label("Remove"), {"do": "pay_set", "given": {field: ""}})
        return (remove, back) if getattr(view, field) else (back,)
    without = Button(to.label("Without it"), {**then, "without": True})
    if field == "upi_id":
        account = Button(to.label("A bank account"), {"do": "pay_ask", "field": "account", "then": then})
        return (account, without)
    return (without,)


def _set(then: Action | None, given: dict[str, str]) -> Action:
    return {"do": "pay_set", "given": given, **({"then": then} if then is not None else {})}


def _grouped(account: str | None) -> str | None:
    """Write an account in groups of four, to be compared with a cheque book."""
    return " ".join(account[i : i + 4] for i in range(0, len(account), 4)) if account else None


def _spaced(phone: str | None) -> str | None:
    if not phone:
        return None
    if phone.startswith("91") and len(phone) == 12:
        return f"+91 {phone[2:7]} {phone[7:]}"
    return f"+{phone}"
