"""`munshi msmed`: what the law gives micro and small suppliers, interest to claim and limits to keep."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from kit.errors import NotFound, Rejected
from kit.money import format_minor
from ledger.commands.cash import ConfirmBankRate, MarkVendor, SetMsmed
from ledger.queries import FindParty
from ledger.queries.cash import MsmedInterest, VendorLimits
from ledger.views.cash import MsmedView, VendorLimitsView
from workers.cli_cash import Day, Note, day_of
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, ask, choose, run

msmed = typer.Typer(
    help="What the law gives micro and small suppliers: interest to claim, limits to keep.",
    no_args_is_help=True,
)
_STATES = {"in_time": "in time", "late": "late, interest runs", "lost": "late, of an earlier year"}


@msmed.command("interest")
@told
def interest(business: Business = None, as_json: AsJson = False) -> None:
    """Show the interest that the MSMED Act gives us on overdue bills; for owner and accountant alone."""
    view: MsmedView = ask(MsmedInterest(), business)
    show(asdict(view), as_json=as_json, human=lambda: _tell_interest(view))


def _tell_interest(view: MsmedView) -> None:
    if view.kind is None:
        say("Switched off: munshi msmed on small manufacturer --registered-on 2021-07-01")
        return
    table(
        ("customer", "bill", "last day in time", "open", "interest", "worked out till"),
        [
            (
                b.party_name,
                b.number,
                f"{b.last_day}{'' if b.agreed else ' (none agreed)'}",
                format_minor(b.outstanding, view.currency),
                format_minor(b.interest, view.currency),
                b.until,
            )
            for b in view.bills
        ],
        empty="No bill has run over its time.",
    )
    say(f"Interest in all: {format_minor(view.total, view.currency)}")
    if view.left_out:
        say(f"Left out: {view.left_out} bills from before the registration, or of days without a known rate.")
    if view.rate_wanted_from is not None:
        day = view.rate_wanted_from
        say(f"The bank rate from {day} on isn't known: munshi msmed rate PERCENT --since {day}")


@msmed.command("on")
@told
def on(
    kind: Annotated[str, typer.Argument(help="micro or small, as on the Udyam certificate.")],
    activity: Annotated[str, typer.Argument(help="manufacturer or service; a trader has no claim.")],
    registered_on: Annotated[str, typer.Option(help="The day of the registration, YYYY-MM-DD.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Switch interest by the MSMED Act on."""
    _set(SetMsmed(kind, activity, day_of(registered_on)), business, as_json=as_json)


@msmed.command("off")
@told
def off(business: Business = None, as_json: AsJson = False) -> None:
    """Switch it off."""
    _set(SetMsmed(None), business, as_json=as_json)


@msmed.command("rate")
@told
def rate(
    percent: Annotated[str, typer.Argument(help="The Reserve Bank's bank rate, such as 5.25.")],
    since: Annotated[str, typer.Option(help="From this day on, YYYY-MM-DD.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Confirm the Reserve Bank's bank rate from a day on."""
    day = day_of(since)
    assert day is not None
    _set(ConfirmBankRate(_hundredths(percent), day), business, as_json=as_json)


def _set(command: SetMsmed | ConfirmBankRate, business: str | None, *, as_json: bool) -> None:
    async def work(session: Session) -> MsmedView:
        chosen = await choose(session, business)
        made: MsmedView = await session.door.execute(command, chosen.clerk)
        return made

    view = run(work)
    show(asdict(view), as_json=as_json, human=lambda: _tell_interest(view))


@msmed.command("vendors")
@told
def vendors(business: Business = None, as_json: AsJson = False) -> None:
    """Show by when micro and small vendors must be paid (Income-tax s.43B(h), and its successor)."""
    view: VendorLimitsView = ask(VendorLimits(), business)

    def human() -> None:
        table(
            ("vendor", "bill", "open", "last day", "days left", "deductible if paid by", ""),
            [
                (
                    r.party_name,
                    r.number,
                    format_minor(r.outstanding, view.currency),
                    r.last_day,
                    r.days_left,
                    r.deductible_until,
                    _STATES[r.state],
                )
                for r in view.rows
            ],
            empty="Nothing is open to marked vendors: munshi msmed mark NAME small",
        )
        say(
            f"Not deductible this year unless paid by {view.year_end}: {format_minor(view.disallowed, view.currency)}"
        )
        if view.lost:
            say(f"Of earlier years, deductible when paid: {format_minor(view.lost, view.currency)}")

    show(asdict(view), as_json=as_json, human=human)


@msmed.command("mark")
@told
def mark(
    vendor: Annotated[str, typer.Argument(help="The vendor's name.")],
    kind: Annotated[str, typer.Argument(help="micro, small, or not.")],
    since: Day = None,
    number: Annotated[str | None, typer.Option(help="His Udyam number.")] = None,
    note: Note = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Mark a vendor as a micro or small enterprise, or as neither."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        found = await session.door.query(FindParty(vendor, limit=2), chosen.clerk)
        exact = [one for one in found if one.name.casefold() == vendor.strip().casefold()] or list(found)
        if not exact:
            raise NotFound("party.not_found", f"Nobody is called {vendor[:40]!r}.")
        if len(exact) > 1:
            raise Rejected("party.ambiguous", f"Several are called like {vendor[:40]!r}.")
        command = MarkVendor(exact[0].id, kind, day_of(since), number, note)
        made = await session.door.execute(command, chosen.clerk)
        await session.settle(chosen.business)
        return {"vendor": exact[0].name, "kind": kind, "decision": made.id}

    result = run(work)
    show(result, as_json=as_json, human=lambda: say(f"{result['vendor']}: {result['kind']}."))


def _hundredths(text: str) -> int:
    try:
        hundredths = Decimal(text.strip().rstrip("%")) * 100
    except InvalidOperation:
        hundredths = Decimal("0.5")
    if not hundredths.is_finite() or hundredths != hundredths.to_integral_value():
        raise Rejected("msmed.rate", f"{text[:20]!r} is no rate.", remedy="Write 5.25.")
    return int(hundredths)
