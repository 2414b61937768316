"""How four banks print a credit or a debit, and the files in which they give it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from tests.connectors.bank_layouts import (
    Txn,
    as_csv,
    axis_statement,
    hdfc_delimited,
    icici_savings,
    sbi_old,
)

BRANCHES = ("PUNE CAMP", "KOTHRUD", "HADAPSAR", "NASHIK ROAD", "MG ROAD")


@dataclass(frozen=True, slots=True)
class Paid:
    """What a bank knows of a transfer: how, from whom (its words), under which reference, with which remark."""

    channel: str
    name: str
    bank: str
    account: str
    vpa: str
    reference: str
    remark: str


def reference_of(chance: Random, channel: str, bank: str, day: date) -> str:
    """Return a reference as the paying bank makes it."""
    number = chance.randrange(10**8)
    if channel == "rtgs":
        return f"{bank}R5{day:%Y%m%d}{number:08d}"
    if channel == "neft":
        return f"{bank}N{day:%y%j}{number % 10**6:06d}"
    if channel == "cheque":
        return f"{number % 10**6:06d}"
    return f"{day:%y}{day.timetuple().tm_yday:03d}{number % 10**7:07d}"[:12]


def printed(own: str, paid: Paid, *, holder: str) -> tuple[str, str]:
    """Return (narration, reference column) of money that came in; `own` is our bank, `holder` our name there."""
    ifsc = f"{paid.bank}0000{int(paid.account[-3:]):03d}"
    last, remark = paid.account[-4:], paid.remark
    match own, paid.channel:
        case "hdfc", "neft" | "rtgs":
            return (
                f"{paid.channel.upper()} CR-{ifsc}-{paid.name}-{holder[:20]}-{paid.reference}{'-' if remark else ''}{remark}",
                paid.reference,
            )
        case "hdfc", "imps":
            return (
                f"IMPS-{paid.reference}-{paid.name}-{paid.bank}-XXXXXXX{last}-{remark or 'IMPS TRANSACTION'}",
                f"0000{paid.reference}",
            )
        case "hdfc", "upi":
            return (
                f"UPI-{paid.name}-{paid.vpa.upper()}-{ifsc}-{paid.reference}-{remark or 'UPI'}",
                f"0000{paid.reference}",
            )
        case "hdfc", "cheque":
            return f"CHQ DEP - MICR 2 CLEARING - {paid.name} - WBO", paid.reference
        case "icici", "neft":
            return f"NEFT-{paid.reference}-{paid.name}-{remark or '/URGENT/'}-{paid.account}-{ifsc}", ""
        case "icici", "rtgs":
            return (
                f"RTGS-{paid.reference}-{paid.name}-{paid.account}-{ifsc}{'-' if remark else ''}{remark}",
                "",
            )
        case "icici", "imps":
            return f"MMT/IMPS/{paid.reference}/{remark or 'IMPS'}/{paid.name}/{paid.bank}", ""
        case "icici", "upi":
            return (
                f"UPI/{paid.name[:14]}/{paid.vpa}/{remark or 'Payment'}/{paid.bank} BANK/{paid.reference}",
                "",
            )
        case "icici", "cheque":
            return f"CLG/{paid.name}/{paid.reference}/{paid.bank}", paid.reference
        case "sbi", "neft":
            return (
                f"BY TRANSFER-NEFT*{ifsc}*{paid.reference}*{paid.name}*{remark}--",
                "TRANSFER FROM 3199678044303",
            )
        case "sbi", "rtgs":
            return (
                f"BY TRANSFER-RTGS {paid.reference}-{paid.name}{'-' if remark else ''}{remark}--",
                "TRANSFER FROM 3199410044308",
            )
        case "sbi", "imps":
            return (
                f"BY TRANSFER-INB IMPS/P2A/{paid.reference}/XXXXXXX{last}/{paid.name}/{remark}--",
                "TRANSFER FROM 4897695162092",
            )
        case "sbi", "upi":
            return (
                f"BY TRANSFER-UPI/CR/{paid.reference}/{paid.name[:10]}/{paid.bank}/{paid.vpa[:16]}/{(remark or 'UPI')[:14]}--",
                "TRANSFER FROM 4897690162095",
            )
        case "sbi", "cheque":
            return f"BY CLEARING / CHEQUE--{paid.name}", paid.reference
        case "axis", "neft" | "rtgs":
            return f"{paid.channel.upper()}/{paid.reference}/{paid.name}/{paid.bank} BANK/{remark}", ""
        case "axis", "imps":
            return f"IMPS/P2A/{paid.reference}/{paid.name}/{paid.bank}/{remark}", ""
        case "axis", "upi":
            return f"UPI/P2A/{paid.reference}/{paid.name}/{remark or 'UPI'}/{paid.bank} BANK", ""
        case "axis", "cheque":
            return f"BY CLG INST {paid.reference}/{paid.bank} BANK", paid.reference
    raise ValueError(f"{own} prints no {paid.channel}")


def cash(own: str, chance: Random, name: str) -> str:
    """Return the narration of cash paid in, by somebody whom the bank names or doesn't."""
    branch = chance.choice(BRANCHES)
    by = f" {name}" if name else ""
    return {
        "hdfc": f"CASH DEPOSIT BY -{by or ' SELF'} - {branch}",
        "icici": f"BY CASH-{branch}{by}",
        "sbi": f"CASH DEPOSIT-CASH DEPOSIT{by or ' SELF'}--{branch}",
        "axis": f"CASH DEP/{branch}/{by.strip() or 'SELF'}",
    }[own]


def shows_cheque_name(own: str) -> bool:
    """Whether this bank prints whose cheque it was."""
    return own in ("icici",)


def statement(bank: str, account: str, lines: Sequence[Txn], opening: int, first: date, last: date) -> bytes:
    """Return the file of a period as the bank gives it out."""
    match bank:
        case "hdfc":
            return hdfc_delimited(lines, opening)
        case "axis":
            return axis_statement(lines, opening)
        case "sbi":
            return (
                sbi_old(lines, opening)
                .replace(b"_00000030000004421", account.encode())
                .replace(b"Balance as on 1 Sep 2026", f"Balance as on {first.day} {first:%b %Y}".encode())
                .replace(b"Start Date\t:\t1 Sep 2026", f"Start Date\t:\t{first.day} {first:%b %Y}".encode())
                .replace(b"End Date\t:\t30 Sep 2026", f"End Date\t:\t{last.day} {last:%b %Y}".encode())
            )
    rows = [[cell.replace("000401004421", account) for cell in row] for row in icici_savings(lines, opening)]
    rows[2][3] = f"From {first:%d/%m/%Y} To {last:%d/%m/%Y}"
    return as_csv(rows)
