"""Cards of files: how far the reading is, what a file gave and explained, and why one can't be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.cards.audience import Audience, money, whole
from bot.cards.card import Button, Card, Rows, in_rows
from bot.words import Html, cut, joined
from kit.money import group_indian
from ledger.reconcile.reasons import why_told
from ledger.views.files import FileGaveView

_NAME = 40
_REASONS = 5


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of a file: `unreadable` are (place, reason) pairs, the first few of `unreadable_count`."""

    filename: str
    source: str
    added: int
    known: int
    rewritten: int
    unreadable_count: int
    unreadable: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, filename: str, counts: Mapping[str, Any]) -> FileResult:
        """Read it from what was noted of a file."""
        return cls(
            filename=filename,
            source=counts.get("label", ""),
            added=counts.get("added", 0),
            known=counts.get("known", 0),
            rewritten=counts.get("rewritten", 0),
            unreadable_count=counts.get("unreadable", 0),
            unreadable=tuple((place, reason) for place, reason in counts.get("reasons", ())),
        )

    @property
    def is_news(self) -> bool:
        """Whether it told anything that wasn't known."""
        return bool(self.added or self.rewritten)


def reading_card(filename: str, to: Audience, *, read: int = 0, of: int = 0) -> Card:
    """Say that a file is being read, and how far that is."""
    line = to.say("Reading <b>{file}</b>…", file=cut(filename, _NAME))
    if of:
        count = to.say("{read} of {rows} rows", read=group_indian(read), rows=group_indian(of))
        line = joined([line, count])
    return Card(joined(to.heading(line)))


def kept_card(result: FileResult, to: Audience, *, left: int = 0, of: int = 0) -> Card:
    """Say what was new in a file whose explanation is still worked out."""
    if of and left < of:
        coming = to.say(
            "Working through them: {done} of {all}.", done=group_indian(of - left), all=group_indian(of)
        )
    else:
        coming = to.say("All kept. I'll tell you when I've worked through it.")
    return Card(joined(to.heading(joined([*_gave(result, to), coming]))))


def imported_card(result: FileResult, gave: FileGaveView | None, to: Audience, *, to_set_up: int = 0) -> Card:
    """Say what a file gave and what it explained; what it made us ask is one tap away.

    `to_set_up`: how many of the first things an owner still has before him, and wants to be told of.
    """
    blocks = [joined(_gave(result, to))]
    if gave is not None:
        explained = _explained(gave, to) if result.is_news else []
        lines = [*explained, *_bank(gave, to)]
        if lines:
            blocks.append(joined(lines))
    buttons = []
    if gave is not None and gave.questions:
        buttons.append(Button(to.label("Answer {n}", n=gave.questions), {"do": "questions"}))
    buttons.append(Button(to.label("Today's digest"), {"do": "digest"}))
    if gave is not None and gave.bills:
        buttons.append(Button(to.label("Who owes me"), {"do": "owes"}))
    if to_set_up:
        buttons.append(Button(to.label("Still to set up: {n}", n=to_set_up), {"do": "first_run"}))
    return Card(joined(to.heading(joined(blocks, "\n\n"))), in_rows(buttons))


def _gave(result: FileResult, to: Audience) -> list[Html]:
    name = cut(result.filename, _NAME)
    lines = [to.say("<b>{file}</b> read as {source}", file=name, source=cut(result.source, 30))]
    if result.added:
        lines.append(to.count("{n} new entry", "{n} new entries", result.added))
    elif not result.rewritten:
        lines.append(to.say("Nothing new in it."))
    if result.known:
        lines.append(to.count("{n} known already", "{n} known already", result.known))
    if result.rewritten:
        lines.append(to.count("{n} changed since last time", "{n} changed since last time", result.rewritten))
    if result.unreadable_count:
        lines.append(to.count("{n} not readable:", "{n} not readable:", result.unreadable_count))
        lines += [_unread(place, reason, to) for place, reason in result.unreadable[:_REASONS]]
    return lines


def _unread(place: str, reason: str, to: Audience) -> Html:
    why = cut(why_told(to.language, reason), 160)
    if not place:  # the whole file
        return to.say("· {reason}", reason=why)
    return to.say("· {place}: {reason}", place=cut(why_told(to.language, place), 40), reason=why)


def _explained(gave: FileGaveView, to: Audience) -> list[Html]:
    lines: list[Html] = []
    if gave.credits:
        worth = whole(gave.explained_amount, gave.currency)
        lines.append(to.count("<b>Of {n} credit</b>", "<b>Of {n} credits</b>", gave.credits))
        if gave.explained:
            lines.append(
                to.count("· {n} explained, {worth}", "· {n} explained, {worth}", gave.explained, worth=worth)
            )
        else:
            lines.append(to.say("· none explained yet"))
        if gave.asked and gave.looking:
            lines.append(to.count("· {n} I'm still looking at", "· {n} I'm still looking at", gave.asked))
        elif gave.asked:
            lines.append(to.count("· {n} needs your answer", "· {n} need your answer", gave.asked))
        if gave.open:
            lines.append(to.count("· {n} still open", "· {n} still open", gave.open))
    if gave.bills:
        who = to.count("{n} customer", "{n} customers", gave.customers)
        bills = to.count("{n} open bill of {who}", "{n} open bills of {who}", gave.bills, who=who)
        lines.append(
            to.say("{bills}: {amount} to collect", bills=bills, amount=whole(gave.to_collect, gave.currency))
        )
    if gave.payables:
        bills = to.count("{n} bill of yours", "{n} bills of yours", gave.payables)
        lines.append(
            to.say("{bills}: {amount} to pay", bills=bills, amount=whole(gave.to_pay, gave.currency))
        )
    return lines


def _bank(gave: FileGaveView, to: Audience) -> list[Html]:
    if gave.balance is None or gave.covered_until is None:
        return []
    amount = money(gave.balance, gave.currency)
    return [to.say("Bank now {amount}, till {day}", amount=amount, day=to.day(gave.covered_until))]


# ---- what can't be read --------------------------------------------------------------------------------
def refused_card(code: str, filename: str, to: Audience, *, why: str = "", bank: str | None = None) -> Card:
    """Say kindly why a file can't be read, and what to send instead; `code` as of a refusal, `why` its own words."""
    name = to.say("<b>{file}</b>", file=cut(filename, _NAME))
    match code:
        case "empty":
            said = to.say("This file is empty. Please download it again and send it.")
        case "pdf" | "pdf_locked":
            said = _pdf(bank, to, locked=code == "pdf_locked")
        case "picture":
            said = to.say("I can't read figures in a picture. {instead}", instead=_as_file(to))
        case "sound":
            said = to.say("I can't listen to a recording. {instead}", instead=_as_file(to))
        case "archive" | "file.archive":
            said = to.say("This is a zip. Please unpack it and send me the file inside.")
        case "locked" | "file.password":
            said = to.say(
                "This file has a password. Please open it, save a copy without the password, and send that."
            )
        case "file.too_large":
            said = to.say(
                "This file is too large for me. Please send a shorter period: one month, or a quarter."
            )
        case "file.gone":
            said = to.say("I couldn't finish reading this file. Nothing is lost; please send it again.")
        case "file.not_understood":
            said = to.say(
                "I can't read this file as a bank statement, as books from Tally, or as a sheet of bills."
            )
        case _:
            said = to.say("I can't take this file.")
    lines = [name, said]
    if why:
        lines.append(to.say("{why}", why=cut(why_told(to.language, why), 300)))
    buttons: Rows = ()
    if code in ("file.not_understood", "picture", "empty"):
        buttons = ((Button(to.label("A sheet to fill in"), {"do": "sample_sheet"}),),)
    return Card(joined(to.heading(joined(lines))), buttons)


def _as_file(to: Audience) -> Html:
    return to.say(
        "For a bank statement send me the file from net banking, in Excel or CSV: tap the paperclip, then File."
    )


def _pdf(bank: str | None, to: Audience, *, locked: bool) -> Html:
    """Say how to get the same statement as a table: where each bank's net banking has it."""
    lines = [
        to.say("This PDF has a password, and I don't read PDFs at all: figures get lost in them.")
        if locked
        else to.say("I don't read PDFs: figures get lost in them.")
    ]
    ways = {
        "hdfc": to.say("HDFC NetBanking: Accounts › Enquire › Account statement › Delimited or Excel."),
        "icici": to.say("ICICI internet banking: Accounts › Detailed statement › XLS or CSV."),
        "sbi": to.say("OnlineSBI or YONO: Account statement › choose the dates › Excel."),
        "axis": to.say("Axis internet banking: Accounts › Statement › CSV or XLS."),
        "kotak": to.say("Kotak net banking: Statements › Account activity › CSV."),
    }
    lines.append(to.say("Please download the statement as Excel or CSV and send me that."))
    lines += [ways[bank]] if bank in ways else list(ways.values())
    return joined(lines)


def sample_sheet_words(to: Audience) -> Html:
    """The words beside the empty sheet."""
    return joined(
        [
            to.say("Fill in one row for each open bill: customer, bill number, date, amount."),
            to.say("What you owe goes in too, as type <i>Bill</i>."),
            to.say("Then send it to me here as a file."),
        ]
    )
