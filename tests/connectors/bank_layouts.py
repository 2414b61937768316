"""Writers of made-up statements in each bank's layout, for round trips and fixtures."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import xlsxwriter


@dataclass(frozen=True, slots=True)
class Txn:
    """One transaction of an invented account: paise signed as the holder sees them."""

    posted_on: date
    amount: int
    narration: str
    reference: str = ""


Rows = list[list[str]]
Writer = Callable[[Sequence[Txn], int], bytes]


def rupees(minor: int, *, grouped: bool = True) -> str:
    """Write paise as banks do: 1,20,000.00 or 120000.00."""
    major, paise = divmod(abs(minor), 100)
    text = str(major)
    if grouped and len(text) > 3:
        head, tail = text[:-3], text[-3:]
        pairs = []
        while head:
            pairs.insert(0, head[-2:])
            head = head[:-2]
        text = ",".join([*pairs, tail])
    return f"{'-' if minor < 0 else ''}{text}.{paise:02d}"


def plain(minor: int) -> str:
    return rupees(minor, grouped=False)


def with_balances(txns: Sequence[Txn], opening: int) -> list[tuple[Txn, int]]:
    balance, out = opening, []
    for txn in txns:
        balance += txn.amount
        out.append((txn, balance))
    return out


def as_csv(rows: Rows, *, delimiter: str = ",", newline: str = "\r\n") -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return target.getvalue().encode()


def hdfc_delimited(txns: Sequence[Txn], opening: int) -> bytes:
    rows = [
        [
            "Date",
            "Narration",
            "Value Dat",
            "Debit Amount",
            "Credit Amount",
            "Chq/Ref Number",
            "Closing Balance",
        ]
    ]
    for txn, balance in with_balances(txns, opening):
        day = f" {txn.posted_on:%d/%m/%y} "
        debit, credit = sides(txn.amount, plain, empty="0.00")
        rows.append(
            [day, f"{txn.narration}   ", day, f"  {debit} ", credit, txn.reference, f"{plain(balance)} "]
        )
    return b"\r\n" + as_csv(rows)


def hdfc_statement(txns: Sequence[Txn], opening: int) -> Rows:
    paid = sum(-txn.amount for txn in txns if txn.amount < 0)
    came = sum(txn.amount for txn in txns if txn.amount > 0)
    closing = opening + came - paid
    rows = [
        ["HDFC BANK Ltd.", "", "", "", "", "", ""],
        ["Account No :50100000004421   OTHER", "", "", "", "RTGS/NEFT IFSC : HDFC0000060", "", ""],
        ["Statement From : 01/09/2026 To : 30/09/2026", "", "", "", "", "", ""],
        ["********", "********", "********", "********", "********", "********", "********"],
        [
            "Date",
            "Narration",
            "Chq./Ref.No.",
            "Value Dt",
            "Withdrawal Amt.",
            "Deposit Amt.",
            "Closing Balance",
        ],
        ["********", "********", "********", "********", "********", "********", "********"],
    ]
    for txn, balance in with_balances(txns, opening):
        day = f"{txn.posted_on:%d/%m/%y}"
        rows.append([day, txn.narration, txn.reference, day, *sides(txn.amount, rupees), rupees(balance)])
    return [
        *rows,
        ["********", "********", "********", "********", "********", "********", "********"],
        ["", "", "", "", "", "", ""],
        ["STATEMENT SUMMARY :-", "", "", "", "", "", ""],
        ["Opening Balance", "", "Debits", "Credits", "Closing Bal", "", ""],
        [rupees(opening), "", rupees(paid), rupees(came), rupees(closing), "", ""],
        ["Generated On: 01-Oct-2026", "", "", "", "", "", ""],
        ["End Of Statement", "", "", "", "", "", ""],
    ]


def icici_savings(txns: Sequence[Txn], opening: int) -> Rows:
    rows = [
        ["", "", "DETAILED STATEMENT", "", "", "", "", "", ""],
        ["", "Account Number", "", "000401004421 ( INR )  - RAMESH AND SONS", "", "", "", "", ""],
        ["", "Transaction Period", "", "From 01/09/2026 To 30/09/2026", "", "", "", "", ""],
        [
            "", "S No.", "Value Date", "Transaction Date", "Cheque Number", "Transaction Remarks",
            "Withdrawal Amount (INR )", "Deposit Amount (INR )", "Balance (INR )",
        ],
    ]  # fmt: skip
    for number, (txn, balance) in enumerate(with_balances(txns, opening), start=1):
        day = f"{txn.posted_on:%d/%m/%Y}"
        debit, credit = sides(txn.amount, plain, empty="0.00")
        rows.append(
            ["", str(number), day, day, txn.reference or "-", txn.narration, debit, credit, plain(balance)]
        )
    return [
        *rows,
        ["", "", "", "", "", "", "", "", ""],
        ["", "Legends Used in Account Statement", "", "", "", "", "", "", ""],
        ["", "1. ", "BBPS - Bharat Bill Payment Service", "", "", "", "", "", ""],
        ["", "2. ", "INF - Internet fund transfer in linked accounts", "", "", "", "", "", ""],
    ]


def icici_current(txns: Sequence[Txn], opening: int) -> bytes:
    rows = [
        ["Account Number:", "000405004421"],
        [
            "No.", "Transaction ID", "Value Date", "Txn Posted Date", "ChequeNo.", "Description", "Cr/Dr",
            "Transaction Amount(INR)", "Available Balance(INR)",
        ],
    ]  # fmt: skip
    for number, (txn, balance) in enumerate(with_balances(txns, opening), start=1):
        flag = "CR" if txn.amount > 0 else "DR"
        moment = f"{txn.posted_on:%d/%m/%Y} 10:15:20 AM"
        rows.append([
            str(number), f"S{number:08d}", f"{txn.posted_on:%d/%m/%Y}", moment, txn.reference or "-", txn.narration, flag,
            rupees(abs(txn.amount)), rupees(balance),
        ])  # fmt: skip
    return as_csv(rows)


def sbi_old(txns: Sequence[Txn], opening: int) -> bytes:
    rows = [
        ["Account Name", ":", "M/S RAMESH AND SONS"],
        ["Account Number", ":", "_00000030000004421"],
        ["IFS Code", ":", "SBIN0000001"],
        ["Balance as on 1 Sep 2026", ":", rupees(opening)],
        ["Start Date", ":", "1 Sep 2026"],
        ["End Date", ":", "30 Sep 2026"],
        [],
        ["Txn Date", "Value Date", "Description", "Ref No./Cheque No.", "        Debit", "Credit", "Balance"],
    ]
    for txn, balance in with_balances(txns, opening):
        day = f"{txn.posted_on.day} {txn.posted_on:%b %Y}"
        debit, credit = sides(txn.amount, rupees, empty=" ")
        rows.append([day, day, txn.narration, txn.reference, debit, credit, rupees(balance)])
    rows.append(["**This is a computer generated statement and does not require a signature"])
    return "\n".join("\t".join(row) for row in rows).encode()


def sbi_portal(txns: Sequence[Txn], opening: int) -> bytes:
    """The new portal's real XLSX: days as Excel dates, amounts as numbers, remarks with line breaks."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("Statement")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, ["State Bank of India", "Account Number", "XXXXXXX4421"])
    sheet.write_row(2, 0, ["Date", "Details", "Ref No/Cheque No", "Debit", "Credit", "Balance"])
    for row, (txn, balance) in enumerate(with_balances(txns, opening), start=3):
        sheet.write_datetime(row, 0, txn.posted_on, day)
        sheet.write_string(row, 1, txn.narration)
        sheet.write_string(row, 2, txn.reference)
        sheet.write_number(row, 3 if txn.amount < 0 else 4, abs(txn.amount) / 100)
        sheet.write_number(row, 5, balance / 100)
    book.close()
    return target.getvalue()


def axis_retail(txns: Sequence[Txn], opening: int) -> bytes:
    rows = [
        ["Name :- RAMESH AND SONS"],
        ["Customer ID :- 900000001"],
        ["IFSC Code :- UTIB0000001"],
        ["Statement of Account No - 912010000004421 for the period (From : 01-09-2026 To : 30-09-2026)"],
        [],
        ["Tran Date", "CHQNO", "PARTICULARS", "DR", "CR", "BAL", "SOL"],
    ]
    for txn, balance in with_balances(txns, opening):
        debit, credit = sides(txn.amount, rupees, empty=" ")
        rows.append([
            f"{txn.posted_on:%d-%m-%Y}", txn.reference or "-", txn.narration, f"   {debit}", f"{credit}   ",
            f"  {rupees(balance)}", "123",
        ])  # fmt: skip
    return as_csv(
        [*rows, [], ["Unless the constituent notifies the bank immediately of any discrepancy, it is right."]]
    )


def axis_corporate(txns: Sequence[Txn], opening: int) -> bytes:
    def tabbed(minor: int) -> str:
        text = rupees(abs(minor))
        return f"-,{text}\t" if minor < 0 else f"{text}\t"

    rows = [
        ["Statement of Account No - 912030000004421 for the period (From : 01/09/2026 To : 30/09/2026)"],
        [
            "S.No", "Transaction Date (dd/mm/yyyy)", "Value Date (dd/mm/yyyy)", "Particulars", "Amount(INR)",
            "Debit/Credit", "Balance(INR)", "Cheque Number", "Branch Name(SOL)",
        ],
        ["1", "", "", "OPENING BALANCE", "", "", tabbed(opening), "", ""],
    ]  # fmt: skip
    for number, (txn, balance) in enumerate(with_balances(txns, opening), start=2):
        day = f"{txn.posted_on:%d/%m/%Y}"
        flag = "CR" if txn.amount > 0 else "DR"
        rows.append([
            str(number), day, day, txn.narration, tabbed(abs(txn.amount)), flag, tabbed(balance), txn.reference or "-",
            "PUNE (123)",
        ])  # fmt: skip
    return as_csv(rows)


def axis_statement(txns: Sequence[Txn], opening: int) -> bytes:
    rows = [
        [
            "Tran Date",
            "Value Date",
            "CHQNO",
            "Transaction Particulars",
            "Amount(INR)",
            "DR|CR",
            "Balance(INR)",
        ]
    ]
    for txn, balance in with_balances(txns, opening):
        day, flag = f"{txn.posted_on:%d-%m-%Y}", "CR" if txn.amount > 0 else "DR"
        rows.append([day, day, txn.reference, txn.narration, rupees(abs(txn.amount)), flag, rupees(balance)])
    return as_csv(rows)


def kotak_amount(txns: Sequence[Txn], opening: int) -> bytes:
    """Newest first, and two columns called `Dr / Cr`."""
    header = [
        "Sl. No.", "Transaction Date", "Value Date", "Description", "Chq / Ref No.", "Amount", "Dr / Cr", "Balance",
        "Dr / Cr",
    ]  # fmt: skip
    rows = [
        ["", "", "Account Statement"],
        ["Account No.", "4500004421", "", "IFSC Code", "KKBK0000001"],
        header,
    ]
    for number, (txn, balance) in enumerate(reversed(with_balances(txns, opening)), start=1):
        day = f"{txn.posted_on:%d-%m-%Y}"
        rows.append([
            str(number), f"{day} 19:40:46", day, txn.narration, txn.reference, rupees(abs(txn.amount)),
            "CR" if txn.amount > 0 else "DR", rupees(abs(balance)), "CR" if balance >= 0 else "DR",
        ])  # fmt: skip
    closing = rupees(opening + sum(txn.amount for txn in txns))
    rows.append(["Closing balance", f"as on 30/09/2026   INR {closing}"])
    return as_csv([*rows, ["Call 1860 000 0000 for help"]])


def kotak_debit_credit(txns: Sequence[Txn], opening: int) -> bytes:
    rows = [["Sl. No.", "Transaction Date", "Value Date", "Description", "Chq / Ref No.", "Debit", "Credit", "Balance",
             "Dr / Cr"]]  # fmt: skip
    for number, (txn, balance) in enumerate(with_balances(txns, opening), start=1):
        day = f"{txn.posted_on:%d-%m-%Y}"
        rows.append([
            str(number), f"{day} 19:40:46", day, txn.narration, txn.reference, *sides(txn.amount, rupees),
            rupees(abs(balance)), "CR" if balance >= 0 else "DR",
        ])  # fmt: skip
    return as_csv(rows)


def html_page(rows: Rows) -> bytes:
    """What some banks name .xls: a page with a layout table around the real one."""

    def escaped(cell: str) -> str:
        return cell.replace("&", "&amp;").replace("<", "&lt;") or "&nbsp;"

    body = "".join("<TR>" + "".join(f"<td>{escaped(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        "<html><head><style>td {color: red}</style><script>alert('<td>1</td>')</script></head><body>"
        f"<table><tr><td>Your statement<table border=1>{body}</table></td></tr></table></body></html>"
    ).encode()


def sides(minor: int, write: Callable[[int], str], *, empty: str = "") -> tuple[str, str]:
    return (write(-minor), empty) if minor < 0 else (empty, write(minor))


TEXT_LAYOUTS: dict[str, Writer] = {
    "hdfc.delimited": hdfc_delimited,
    "hdfc.statement": lambda txns, opening: as_csv(hdfc_statement(txns, opening)),
    "icici.savings": lambda txns, opening: as_csv(icici_savings(txns, opening)),
    "icici.current": icici_current,
    "sbi.statement": sbi_old,
    "sbi.portal": sbi_portal,
    "axis.retail": axis_retail,
    "axis.corporate": axis_corporate,
    "axis.statement": axis_statement,
    "kotak.amount": kotak_amount,
    "kotak.debit_credit": kotak_debit_credit,
}
"""Layout → writer; every writer says the same transactions."""

STORY = (
    Txn(date(2026, 9, 1), -123_450, "UPI-CHAI POINT-CHAIPOINT@YBL-YESB0YBLUPI-624412345678-PAYMENT FROM PH", "0000624412345678"),
    Txn(date(2026, 9, 2), 5_684_000, "NEFT CR-HDFC0000060-SHARMA TRADERS-RAMESH AND SONS-HDFCN52026090200", "HDFCN52026090200"),
    Txn(date(2026, 9, 3), 1_500_000, "IMPS-624612345670-GUPTA STEEL-ICIC-XXXXXX9876-INV 107", "0000624612345670"),
    Txn(date(2026, 9, 3), 1_500_000, "IMPS-624612345670-GUPTA STEEL-ICIC-XXXXXX9876-INV 107", "0000624612345670"),
    Txn(date(2026, 9, 9), -2_500_000, "CHQ PAID-MICR CTS-VERMA ALLOYS", "001234"),
    Txn(date(2026, 9, 15), 9_876_543, "NEFT CR-UTIB0000001-RAZORPAY SOFTWARE PVT L-RAMESH AND SONS-AXISCN1153863727", ""),
    Txn(date(2026, 9, 30), -1_770, "SMS CHARGES SEP 2026 INCL GST", ""),
)  # fmt: skip
OPENING = 10_000_000
