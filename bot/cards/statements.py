"""What comes with a ledger, a balance letter or a picture: the figures in a line, and the likely next wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Attachment, Button, Card, in_rows
from bot.cards.pages import page_button
from bot.documents.paper import full_day
from bot.words import Html, cut, joined
from ledger.domain.financial_year import FinancialYear
from ledger.domain.roles import Permission
from ledger.views.statement import StatementAccount, StatementView

YEAR, LAST_YEAR, QUARTER, ALL = "year", "last_year", "quarter", "all"
SPANS = (YEAR, LAST_YEAR, QUARTER, ALL)
_QUARTER_DAYS = 91
_TITLE = 48
LANGUAGES = ("en", "hi")


@dataclass(frozen=True, slots=True)
class Wish:
    """Which account is wanted: of whom, over which span, and in which language it is written."""

    party: UUID
    span: str
    language: str

    @classmethod
    def of(cls, action: Action, to: Audience) -> Wish:
        """Read a button's wish; what an old one doesn't say, or says in words of its own, is the usual."""
        span, language = action.get("span"), action.get("language")
        return cls(
            UUID(action["party"]),
            span if span in SPANS else YEAR,
            language if language in LANGUAGES else to.language,
        )

    def action(self, *, span: str = "") -> Action:
        """Return the action of a button that wishes the same, or another span of it."""
        return {
            "do": "ledger",
            "party": str(self.party),
            "span": span or self.span,
            "language": self.language,
        }


def days_of(span: str, today: date) -> tuple[date | None, date | None]:
    """Return the first and the last day of a span; None: from the beginning, until today."""
    year = FinancialYear.of(today)
    match span:
        case "last_year":
            return year.previous.first, year.previous.last
        case "quarter":
            return today - timedelta(days=_QUARTER_DAYS), None
        case "all":
            return None, None
        case _:
            return year.first, None


def letter_days(today: date) -> tuple[date, ...]:
    """Return the days that a balance is usually confirmed on, the likeliest first."""
    year = FinancialYear.of(today)
    half = date(year.began, 9, 30)
    month = today.replace(day=1) - timedelta(days=1)
    return tuple(dict.fromkeys(day for day in (year.previous.last, half, month, today) if day <= today))


def ledger_card(view: StatementView, wish: Wish, file: Attachment, to: Audience) -> Card:
    """Send an account with its closing balance, and offer other spans and the other language."""
    head = to.say("<b>{name}</b> · ledger", name=cut(view.party_name, _TITLE))
    lines = [*to.heading(head), _period(view, to)]
    lines += [_closing(account, view, to) for account in view.accounts]
    if not any(account.entries for account in view.accounts):
        lines.append(to.say("No entries in this time."))
    spans = {
        YEAR: to.label("This year"),
        LAST_YEAR: to.label("Last year"),
        QUARTER: to.label("3 months"),
        ALL: to.label("All"),
    }
    buttons = [Button(words, wish.action(span=span)) for span, words in spans.items() if span != wish.span]
    buttons.append(_other_language(wish.language, wish.action()))
    buttons.append(page_button("ledger", to, party=str(wish.party)))
    if _unpayable(view) and to.may(Permission.ADMINISTER):
        buttons.append(Button(to.label("Add UPI and bank"), {"do": "pay_details"}))
    return Card(joined(lines), in_rows(buttons), file)


def letter_ask_card(name: str, party: UUID, language: str, to: Audience) -> Card:
    """Ask for the day of a balance letter."""
    lines = [
        *to.heading(to.say("<b>{name}</b> · balance letter", name=cut(name, _TITLE))),
        to.say("Balance as on which day? Tap one, or type a date like 30 Jun 2026."),
    ]
    action = {"do": "letter", "party": str(party), "language": language}
    buttons = [Button(full_day(day, to), {**action, "on": day.isoformat()}) for day in letter_days(to.today)]
    back = Button(to.label("‹ {name}", name=cut(name, 20)), {"do": "party", "party": str(party)})
    return Card(joined(lines), (*in_rows(buttons), (back,)))


def letter_card(view: StatementView, language: str, file: Attachment, to: Audience) -> Card:
    """Send a balance letter with the balance that it asks to confirm."""
    lines = [
        *to.heading(to.say("<b>{name}</b> · balance letter", name=cut(view.party_name, _TITLE))),
        *(_closing(account, view, to) for account in view.accounts),
        to.say("Sign it, send it, and ask for the slip back."),
    ]
    action = {"do": "letter", "party": str(view.party_id)}
    buttons = [
        _other_language(language, {**action, "on": view.until.isoformat()}),
        Button(to.label("Another day"), {**action, "language": language}),
        Button(
            to.label("Ledger"),
            {"do": "ledger", "party": str(view.party_id), "language": language},
        ),
    ]
    return Card(joined(lines), in_rows(buttons), file)


def no_day_card(on: date, to: Audience) -> Card:
    """Say that a day is still to come, and wait for another one."""
    words = to.say("{day} is still to come. Which day before today?", day=full_day(on, to))
    return Card(joined(to.heading(words)))


def picture_card(file: Attachment, theme: str, to: Audience) -> Card:
    """Send the picture of the morning, and offer the other theme and how to have it each day."""
    head = to.say("{day} at a glance", day=to.day(to.today))
    other = "dark" if theme == "light" else "light"
    label = to.label("Dark") if other == "dark" else to.label("Light")
    buttons = [
        Button(label, {"do": "picture", "theme": other}),
        Button(to.label("Send it every morning"), {"do": "settings"}),
    ]
    return Card(joined(to.heading(head)), in_rows(buttons), file)


def _other_language(language: str, action: Action) -> Button:
    # Each language is offered in its own name, whoever reads.
    if language == "en":
        return Button("हिन्दी", {**action, "language": "hi"})
    return Button("English", {**action, "language": "en"})


def _period(view: StatementView, to: Audience) -> Html:
    if view.since is None:
        return to.say("All until {day}", day=full_day(view.until, to))
    return to.say("{first} to {last}", first=full_day(view.since, to), last=full_day(view.until, to))


def _closing(account: StatementAccount, view: StatementView, to: Audience) -> Html:
    amount = money(abs(account.closing), account.currency)
    day = to.day(view.until)
    if account.closing > 0:
        return to.say("They owe <b>{amount}</b> on {day}", amount=amount, day=day)
    if account.closing < 0 and account.side == "payable":
        return to.say("You owe <b>{amount}</b> on {day}", amount=amount, day=day)
    if account.closing < 0:
        return to.say("Paid ahead <b>{amount}</b> on {day}", amount=amount, day=day)
    return to.say("Nothing due on {day}", day=day)


def _unpayable(view: StatementView) -> bool:
    firm, main = view.firm, view.main
    return main.side == "receivable" and main.closing > 0 and not (firm.upi_id or firm.account)
