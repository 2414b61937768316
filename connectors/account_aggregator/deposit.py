"""ReBIT's deposit, versions 1 and 2, as an account's lines: every value a text, amounts in rupees.

Version 2 renames what version 1 called otherwise (`transactionalBalance` for `currentBalance` in a transaction, `ifsc`
for `ifscCode`); both names are read in both. Source: ReBIT's deposit 2.0.0 and Setu's published examples of 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.account_aggregator.model import Line, squeeze
from connectors.contract import Unreadable
from connectors.values import as_object
from kit.errors import Rejected
from kit.money import currency_digits, minor_from_decimal, parse_minor

Entity = Mapping[str, Any]
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
_AMOUNT = re.compile(r"[-+]?[0-9,]{1,20}(?:\.[0-9]{0,6})?")
_SIGN = {"CREDIT": 1, "DEBIT": -1}


@dataclass(slots=True)
class Deposit:
    """One account with its lines as they came."""

    version: str
    account: str
    ifsc: str | None
    currency: str
    balance: int | None
    """The account's balance now, as its bank states it beside the lines."""
    balance_at: datetime | None
    ends_on: date | None
    lines: list[Line] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def read_deposit(entity: Entity, *, account: str, zone: ZoneInfo, place: str, balances: bool) -> Deposit:
    """Read a deposit; a transaction that can't be read costs only itself. `balances` False: those of lines aren't used."""
    summary, held = as_object(entity.get("summary")), as_object(entity.get("transactions"))
    rows = held.get("transaction")
    currency = (text(summary, "currency") or "INR").upper()
    currency_digits(currency)
    deposit = Deposit(
        version=_version(entity, rows),
        account=account or text(entity, "maskedAccNumber", "masked_account_number") or "",
        ifsc=text(summary, "ifsc", "ifscCode"),
        currency=currency,
        balance=_quiet(summary.get("currentBalance"), currency),
        balance_at=moment(text(summary, "balanceDateTime"), zone),
        ends_on=day(text(held, "endDate"), zone),
    )
    if isinstance(rows, dict):
        rows = [rows]  # XML made into JSON: one transaction is no list
    if rows is not None and not isinstance(rows, list):
        raise Rejected("schema.field_missing", "transactions.transaction is not a list.")
    known: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(rows or (), start=1):
        try:
            if not isinstance(row, dict) or not row:
                raise Rejected("schema.not_an_object", "The transaction is no object.")
            line = _line(row, number, currency, zone, balances=balances)
        except Rejected as rejection:
            deposit.unreadable.append(Unreadable(f"{place} row {number}", rejection.code, rejection.message))
            continue
        same = (line.own_id, line.at, line.amount, line.balance, line.narration, line.reference)
        if line.amount == 0:
            deposit.ignored.append(f"row {number}: no amount")
        elif (line.own_id or line.balance is not None) and same in known:
            deposit.ignored.append(f"row {number}: row {known[same]} again")
        else:
            known[same] = number
            deposit.lines.append(line)
    return deposit


def _line(row: Entity, number: int, currency: str, zone: ZoneInfo, *, balances: bool) -> Line:
    sign = _SIGN.get((text(row, "type") or "").upper())
    if sign is None:
        raise Rejected("row.sign", f"{(text(row, 'type') or 'no type')[:20]!r} is neither CREDIT nor DEBIT.")
    amount = _minor(row.get("amount"), currency)
    if amount is None:
        raise Rejected("row.amount", "The transaction has no amount.")
    if amount < 0:
        raise Rejected("row.sign", "An amount below zero has its sign twice.")
    told, valued = text(row, "transactionTimestamp"), day(text(row, "valueDate"), zone)
    at = moment(told, zone)
    posted_on = at.astimezone(zone).date() if at is not None else valued
    if posted_on is None:
        raise Rejected("row.date", f"{(told or 'no time')[:40]!r} is not a time.")
    balance = _minor(_first(row, "transactionalBalance", "currentBalance"), currency) if balances else None
    narration, reference = squeeze(text(row, "narration") or ""), squeeze(text(row, "reference") or "")
    return Line(
        row=number,
        posted_on=posted_on,
        at=at or datetime.combine(posted_on, time(), zone),
        amount=sign * amount,
        narration=narration or reference or text(row, "mode") or "—",
        reference=reference,
        mode=text(row, "mode") or "",
        value_on=valued,
        balance=balance,
        own_id=text(row, "txnId") or "",
    )


def _version(entity: Entity, rows: Any) -> str:
    stated = text(entity, "version")
    if stated is not None:
        if (number := stated.partition(".")[0]) not in ("1", "2"):
            raise Rejected("schema.version", f"Version {stated[:20]!r} of a deposit isn't one that we read.")
        return f"deposit-{number}"
    named = isinstance(rows, Sequence) and any(
        isinstance(row, dict) and "transactionalBalance" in row for row in rows
    )
    return "deposit-2" if named else "deposit-1"


# ---- members ---------------------------------------------------------------------------------------
def text(entity: Entity, *names: str) -> str | None:
    """Return the first of these members that is a text and says something."""
    for name in names:
        value = entity.get(name)
        if type(value) is str and value.strip():
            return value.strip()
    return None


def moment(written: str | None, zone: ZoneInfo) -> datetime | None:
    """Read a time; without an offset it is the account's. None for what is none, or out of range."""
    if written is None or len(written) > 60:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    try:
        return at if EARLIEST <= at.astimezone(zone).date() <= LATEST else None
    except (OverflowError, ValueError):
        return None


def day(written: str | None, zone: ZoneInfo) -> date | None:
    """Read a day, or the day of a time."""
    at = moment(written, zone)
    return at.astimezone(zone).date() if at is not None else None


def _first(row: Entity, *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _minor(value: Any, currency: str) -> int | None:
    if value is None or (type(value) is str and not value.strip()):
        return None
    if type(value) is str and _AMOUNT.fullmatch(value.strip()):
        return parse_minor(value, currency)
    if type(value) is int:
        return minor_from_decimal(Decimal(value), currency)
    if type(value) is Decimal:
        return minor_from_decimal(value, currency)
    raise Rejected("money.not_a_number", "The amount is not a number.")


def _quiet(value: Any, currency: str) -> int | None:
    try:
        return _minor(value, currency)
    except Rejected:
        return None
