"""The bank's statement files: ICICI's current-account CSV, weekly, periods overlapping, the balance running."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from workers.simulator.entities import BankLine, digits
from workers.simulator.treasury import ACCOUNT
from workers.simulator.world import FIRM, World

SOURCE = "bank:icici"
_OVERLAP = timedelta(days=3)
_HEADER = (
    "No.",
    "Transaction ID",
    "Value Date",
    "Txn Posted Date",
    "ChequeNo.",
    "Description",
    "Cr/Dr",
    "Transaction Amount(INR)",
    "Available Balance(INR)",
)


def weekly_files(world: World) -> list[tuple[str, bytes]]:
    """Return a statement for each week; each repeats the last three days of the one before."""
    files = []
    first, yesterday = world.start, world.today - timedelta(days=1)
    while first <= yesterday:
        last = min(first + timedelta(days=6), yesterday)
        since = max(world.start, first - _OVERLAP)
        lines = [line for line in world.bank if since <= line.on <= last]
        files.append((file_name(since, last), statement(lines, since, last)))
        first += timedelta(days=7)
    return files


def file_name(since: date, until: date) -> str:
    """Return the name under which the bank's site saves a statement."""
    return f"OpTransactionHistory_{ACCOUNT[-4:]}_{since:%d-%m-%Y}_{until:%d-%m-%Y}.csv"


def statement(lines: Sequence[BankLine], since: date, until: date) -> bytes:
    """Write a statement of these lines as the bank's site exports it."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(["DETAILED STATEMENT"])
    out.writerow([])
    out.writerow(["Account Number", f"{ACCOUNT} ( INR ) - {FIRM.upper()}"])
    out.writerow(["Transaction Date from", f"{since:%d/%m/%Y} to {until:%d/%m/%Y}"])
    out.writerow(["Transaction Period", f"From {since:%d/%m/%Y} To {until:%d/%m/%Y}"])
    out.writerow(["Transactions List", f"{FIRM.upper()} (INR) - {ACCOUNT}"])
    out.writerow([])
    out.writerow(_HEADER)
    for number, line in enumerate(lines, 1):
        out.writerow(
            (
                number,
                f"S{digits('bank', line.at, line.narration, size=8)}",
                f"{line.on:%d/%m/%Y}",
                f"{line.at:%d/%m/%Y %I:%M:%S %p}",
                line.cheque or "-",
                line.narration,
                "CR" if line.amount > 0 else "DR",
                rupees(abs(line.amount)),
                rupees(line.balance),
            )
        )
    return text.getvalue().encode()


def rupees(paise: int) -> str:
    """Write an amount as the bank does: plain, two decimals."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"
