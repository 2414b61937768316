"""The ledger in Tally's form: opening, each entry on its side, running balance, closing; over the period that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from graph.pages.look import Look
from graph.pages.reader import Reader
from kit.errors import Rejected
from ledger.account_words import particulars, voucher_type
from ledger.domain.financial_year import FinancialYear
from ledger.queries.statement import Statement
from ledger.views.statement import StatementAccount, StatementEntry, StatementView

_QUARTER = timedelta(days=91)
_EARLIEST, _LATEST = date(1990, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """A span that one tap chooses."""

    label: str
    since: date | None
    until: date | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is written."""

    entry: StatementEntry
    what: str
    voucher: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One account as books set it: the closing balance stands on the smaller side, so that both come to `larger`."""

    account: StatementAccount
    lines: tuple[Line, ...]
    debits: int
    credits: int
    larger: int
    ahead: int


async def ledger(look: Look) -> Mapping[str, Any]:
    """Gather the page."""
    since, until = _wanted(look)
    if any(day is not None and not _EARLIEST <= day <= _LATEST for day in (since, until)):
        raise Rejected("page.day", "That is no date.", remedy="Choose another one.")
    view: StatementView = await look.door.query(Statement(look.about, since, until), look.as_read())
    return {
        "firm": view.firm,
        "view": view,
        "sheets": tuple(_sheet(account, look.reader) for account in view.accounts),
        "periods": _periods(view, look.reader),
        "several": len(view.accounts) > 1 or view.main.currency != "INR",
    }


def _wanted(look: Look) -> tuple[date | None, date | None]:
    """Return the period asked for: all if it says so, else what the form or the link says, else this financial year."""
    if look.query.get("span") == "all":
        return None, None
    since, until = look.day("since"), look.day("until")
    if since is not None or until is not None:
        return since, until
    if look.link.since is not None or look.link.until is not None:
        return look.link.since, look.link.until
    return FinancialYear.of(look.reader.today).first, None


def _periods(view: StatementView, to: Reader) -> tuple[Period, ...]:
    year = FinancialYear.of(to.today)
    spans = (
        (to.label("This year"), year.first, to.today),
        (to.label("Last year"), year.previous.first, year.previous.last),
        (to.label("3 months"), to.today - _QUARTER, to.today),
        (to.label("All"), None, None),
    )
    return tuple(
        Period(label, since, until, chosen=view.since == since and view.until == (until or to.today))
        for label, since, until in spans
    )


def _sheet(account: StatementAccount, to: Reader) -> Sheet:
    debits = account.debits + max(account.opening, 0)
    credits = account.credits + max(-account.opening, 0)
    owed = account.closing if account.side == "receivable" else -account.closing
    return Sheet(
        account=account,
        lines=tuple(
            Line(
                entry,
                particulars(entry, account.side, to.language),
                voucher_type(entry, account.side, to.language),
            )
            for entry in account.entries
        ),
        debits=debits,
        credits=credits,
        larger=max(debits, credits),
        ahead=account.open_bills - owed,
    )
