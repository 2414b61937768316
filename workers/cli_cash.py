"""`munshi cash` and `munshi dues`: will the money be enough, and what falls due besides bills."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer

from kit.errors import Rejected
from kit.money import format_minor, parse_minor
from ledger.commands.cash import (
    EVERY_MONTH,
    EndDue,
    RefuseDue,
    StateDue,
)
from ledger.queries.cash import CashAhead, RecurringDues
from ledger.views.cash import CashAheadView, DuesView, ShortageView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, ask, choose, run

dues = typer.Typer(help="What falls due besides bills: GST, TDS, salaries, rent, EMI …", no_args_is_help=True)
Day = Annotated[str | None, typer.Option(help="A day, YYYY-MM-DD.")]
Note = Annotated[str | None, typer.Option(help="A remark for the audit trail.")]
_WHY_NOT = {
    "no_bank": "No bank balance is known: import a statement, then it can be said whether it is enough.",
    "stale_bank": "The bank balance is too old to say whether it is enough: import a new statement.",
    "foreign_bank": "Only accounts in another currency are known: it can't be said whether it is enough.",
    "overdrawn": "The account is overdrawn and its limit isn't known: it can't be said whether it is enough.",
}


@told
def cash(business: Business = None, as_json: AsJson = False) -> None:
    """Show whether the money will be enough: day by day for two weeks, then week by week."""
    view: CashAheadView = ask(CashAhead(), business)
    show(asdict(view), as_json=as_json, human=lambda: _tell(view))


def _tell(view: CashAheadView) -> None:
    def money(amount: int | None) -> str:
        return "" if amount is None else format_minor(amount, view.currency)

    for one in view.accounts:
        age = f", {one.days_old} days old" if one.days_old > 1 else ""
        say(
            f"{one.label} {one.account or ''}: {format_minor(one.balance, one.currency)} till {one.until}{age}"
        )
    if view.why_not is not None:
        say(_WHY_NOT[view.why_not])
    elif view.shortage is not None:
        say(_short(view.shortage, view.currency))
    elif view.unconfirmed:
        say("Enough for the bills of the next 8 weeks, as customers usually pay.")
    else:
        say("Enough for the next 8 weeks, as customers usually pay.")
    if view.unconfirmed:
        named = ", ".join(f"{one.name} about {money(one.amount)}" for one in view.unconfirmed)
        say(f"Not counted until you confirm it (munshi dues list): {named}")
    if view.at_risk is not None:
        say(
            f"If they pay as late as they sometimes do: {view.at_risk.on} short by {money(view.at_risk.amount)}"
        )
    table(
        ("day", "comes", "goes", "left", "if they pay late", ""),
        [
            (d.first, money(d.came), money(d.paid), money(d.closing), money(d.low), d.bank_closed)
            for d in view.days
        ],
        empty="",
    )
    table(
        ("week till", "comes", "goes", "left", "if they pay late"),
        [(w.last, money(w.came), money(w.paid), money(w.closing), money(w.low)) for w in view.weeks],
        empty="",
    )
    for label, amount in (
        ("Not counted: to collect, nobody can say when", view.not_expected),
        ("Not counted: bills to pay without a due day", view.no_day),
        ("Counted today: bills to pay that are overdue", view.overdue_bills),
    ):
        if amount:
            say(f"{label}: {money(amount)}")
    for other in view.others:
        amounts = (other.in_banks, other.to_come, other.to_pay)
        banks, come, pay = (format_minor(amount, other.currency) for amount in amounts)
        say(f"Apart, in {other.currency}: in banks {banks}, to collect {come}, to pay {pay}")


def _short(short: ShortageView, currency: str) -> str:
    line = f"{short.on:%A %d %b}: short by {format_minor(short.amount, currency)}"
    if not short.by:
        return line
    return f"{line}; {' and '.join(one.name for one in short.by)} would cover it"


@dues.command("list")
@told
def list_(business: Business = None, as_json: AsJson = False) -> None:
    """List what falls due besides bills, and what the bank or the law suggests."""
    view: DuesView = ask(RecurringDues(), business)

    def human() -> None:
        table(
            ("id", "name", "about", "day", "months", "next", "paid last"),
            [
                (
                    d.id,
                    d.name,
                    format_minor(d.amount, d.currency),
                    d.day,
                    _months(d.months),
                    d.next_on,
                    d.paid_on,
                )
                for d in view.dues
            ],
            empty="Nothing is confirmed yet: munshi dues add NAME AMOUNT DAY --kind gst",
        )
        table(
            ("proposed", "about", "day", "months", "why", "key, to refuse"),
            [
                (
                    p.name,
                    format_minor(p.amount, view.currency) if p.amount is not None else "?",
                    p.day,
                    _months(p.months),
                    p.source or f"paid {', '.join(str(day) for day in p.seen)}",
                    p.key,
                )
                for p in view.proposals
            ],
            empty="",
        )

    show(asdict(view), as_json=as_json, human=human)


@dues.command()
@told
def add(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    amount: Annotated[str, typer.Argument(help="About how much, in rupees.")],
    day: Annotated[int, typer.Argument(help="The day of the month; its last where it is shorter.")],
    kind: Annotated[
        str,
        typer.Option(
            help="gst, tds, income_tax, pf, esi, salary, rent, emi: by it a debit is seen as its payment."
        ),
    ] = "other",
    months: Annotated[str | None, typer.Option(help="Only in these months: 3,6,9,12.")] = None,
    since: Day = None,
    until: Day = None,
    payee: Annotated[str | None, typer.Option(help="As a proposal names him.")] = None,
    note: Note = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Confirm what falls due each month, or correct it: the same kind and payee (or name) again."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        command = StateDue(
            name,
            parse_minor(amount),
            day,
            kind,
            _numbers(months) if months is not None else EVERY_MONTH,
            day_of(since),
            day_of(until),
            payee,
            note=note,
        )
        made = await session.door.execute(command, chosen.clerk)
        await session.settle(chosen.business)
        return asdict(made)

    result = run(work)
    show(result, as_json=as_json, human=lambda: say(f"Noted: {result['name']}, next {result['next_on']}."))


@dues.command()
@told
def end(
    due: Annotated[str, typer.Argument(help="Its id, or the key of a proposal that is wrong.")],
    until: Day = None,
    note: Note = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Say that it doesn't fall due any more, or that a proposal never did."""
    key = _id(due)

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        found: DuesView = await session.door.query(RecurringDues(), chosen.clerk)
        if due in {one.key for one in found.proposals}:
            await session.door.execute(RefuseDue(due, note), chosen.clerk)
        else:
            await session.door.execute(EndDue(key, day_of(until), note), chosen.clerk)
        await session.settle(chosen.business)
        return {"ended": due}

    show(run(work), as_json=as_json, human=lambda: say("Ended."))


def _months(months: tuple[int, ...]) -> str:
    return "every" if len(months) == 12 else ",".join(str(month) for month in months)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise Rejected("due.months", f"{text[:40]!r} are no months.", remedy="Write 3,6,9,12.") from None


def day_of(value: str | None) -> date | None:
    """Read YYYY-MM-DD; Rejected for anything else."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Rejected("cash.day", f"{value[:30]!r} is no day.", remedy="Write YYYY-MM-DD.") from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Rejected("due.id", f"{text[:40]!r} is no id.", remedy="See munshi dues list.") from None
