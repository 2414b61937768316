"""A TallyPrime in memory: its XML port with its own ways, holding companies that a test edits as an accountant does.

It answers in UTF-16, writes what XML forbids, answers emptily outside the period that is shown (Alt+F2), leaves out a
closed company, and forgets what was deleted.
"""

from __future__ import annotations

import asyncio
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workers.simulator import tally
from workers.simulator.tally import Instrument, Ledger, Line, OpeningBill, Part, Voucher

PARTIES = ("Sundry Debtors", "Sundry Creditors")
_LIMITS = re.compile(r"\$AlterId (>|<=) (\d+)")


@dataclass(slots=True)
class Company:
    """One company's books; `period` is what Tally shows of it, None: all."""

    name: str
    guid: str
    books_from: date
    groups: dict[str, str] = field(default_factory=lambda: dict(tally.GROUPS))
    types: dict[str, str] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    masters_at: int = 0
    vouchers_at: int = 0
    serial: int = 0
    is_open: bool = True
    period: tuple[date, date] | None = None

    # ---- what an accountant does -------------------------------------------------------------------
    def open_ledger(self, name: str, group: str, **fields: Any) -> None:
        """Make a ledger."""
        self.masters_at += 1
        guid = f"{self.guid}-{self.masters_at + 0x500:08x}"
        self.ledgers[guid] = Ledger(guid, self.masters_at, name, group, **fields)

    def change_ledger(self, known: str, **changes: Any) -> None:
        """Alter a ledger; under a new name its vouchers bear it too, without being altered."""
        self.masters_at += 1
        guid = next(guid for guid, ledger in self.ledgers.items() if ledger.name == known)
        self.ledgers[guid] = replace(self.ledgers[guid], alter=self.masters_at, **changes)
        new = self.ledgers[guid].name
        for key, voucher in self.vouchers.items():
            lines = tuple(replace(ln, ledger=new) if ln.ledger == known else ln for ln in voucher.lines)
            party = new if voucher.party == known else voucher.party
            self.vouchers[key] = replace(voucher, lines=lines, party=party)

    def enter(self, kind: str, on: date, party: str, *lines: Line, number: str = "", **fields: Any) -> str:
        """Enter a voucher; returns its GUID."""
        self.serial += 1
        self.vouchers_at += 1
        guid = f"{self.guid}-{self.serial:08x}"
        made = Voucher(guid, self.vouchers_at, on, kind, number or str(self.serial), party, lines, **fields)
        assert made.cancelled or sum(line.amount for line in lines) == 0, "lines must balance"
        self.vouchers[guid] = made
        return guid

    def alter(self, guid: str, **changes: Any) -> None:
        """Alter a voucher."""
        self.vouchers_at += 1
        self.vouchers[guid] = replace(self.vouchers[guid], alter=self.vouchers_at, **changes)

    def delete(self, guid: str) -> None:
        """Delete a voucher; nothing tells of it but the counter."""
        self.vouchers_at += 1
        del self.vouchers[guid]

    def line(self, ledger: str, rupees: int, *parts: Part, **fields: Any) -> Line:
        """Return a line in a ledger of these books, debit positive, in rupees."""
        group = next(found.group for found in self.ledgers.values() if found.name == ledger)
        return Line(ledger, group, rupees * 100, parts, **fields)

    # ---- what its reports say ----------------------------------------------------------------------
    def owed(self) -> dict[str, int]:
        """Debit less credit of every party's ledger that isn't nil (paise)."""
        sums = {ledger.name: ledger.opening for ledger in self.parties()}
        for voucher in self.vouchers.values():
            if not (voucher.optional or voucher.cancelled):
                for line in voucher.lines:
                    if line.ledger in sums:
                        sums[line.ledger] += line.amount
        return {name: amount for name, amount in sums.items() if amount}

    def parties(self) -> list[Ledger]:
        """Ledgers below Sundry Debtors and Sundry Creditors."""
        return [ledger for ledger in self.ledgers.values() if self.primary(ledger.group) in PARTIES]

    def primary(self, group: str) -> str:
        """The highest group but Primary and the two that hold all."""
        while (above := self.groups.get(group, "Primary")) not in (
            "Primary",
            "Current Assets",
            "Current Liabilities",
        ):
            group = above
        return group

    def visible(self, voucher: Voucher) -> bool:
        """Whether Tally's period shows it."""
        return self.period is None or self.period[0] <= voucher.on <= self.period[1]


@dataclass(slots=True)
class Tally:
    """The program with its port. `encoding` of its answers; `tells_groups` off: a release without computed fields."""

    companies: list[Company] = field(default_factory=list)
    encoding: str = "utf-16"
    tells_groups: bool = True
    asked: list[str] = field(default_factory=list)
    largest: int = 0
    """Vouchers above which it doesn't answer in time; 0: it always does."""

    def app(self) -> Starlette:
        """Return the port."""
        return Starlette(routes=[Route("/", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> Response:
        assert request.headers["content-type"] == "text/xml;charset=utf-16"
        root = ET.fromstring((await request.body()).decode("utf-16-le"))
        asked = root.findtext("HEADER/ID") or ""
        since, until = root.findtext(".//SVFROMDATE"), root.findtext(".//SVTODATE")
        limits = " ".join(formula.text or "" for formula in root.iter("SYSTEM"))
        self.asked.append(" ".join(part for part in (asked, since, until, limits) if part))
        text = self._answer(root, asked, limits)
        if text is None:
            await asyncio.sleep(1.0)
            return Response(status_code=500)
        if self.encoding == "utf-16":
            return Response(text.encode("utf-16-le"), media_type="text/xml")
        return Response(text.encode("utf-8"), media_type="text/xml")

    def _answer(self, root: ET.Element, asked: str, limits: str) -> str | None:
        opened = [company for company in self.companies if company.is_open]
        if asked == "Munshi Companies":
            return tally.collection(map(_company, opened)) if opened else "<ENVELOPE></ENVELOPE>"
        named = root.findtext(".//SVCURRENTCOMPANY") or ""
        company = next((found for found in opened if found.name == named), None)
        if company is None:
            told = f"<LINEERROR>Could not set &apos;SVCurrentCompany&apos; to &apos;{named}&apos;</LINEERROR>"
            return f"<ENVELOPE><HEADER><STATUS>0</STATUS></HEADER><BODY><DATA>{told}</DATA></BODY></ENVELOPE>"
        match asked:
            case "Munshi Groups":
                return tally.collection(tally.group_xml(n, p, 1) for n, p in company.groups.items())
            case "Munshi Voucher Types":
                return tally.collection(_type(n, p) for n, p in _types(company).items())
            case "Munshi Ledgers":
                ledgers = [row for row in company.ledgers.values() if _within(row.alter, limits)]
                return tally.collection(_trapped(tally.ledger_xml(row)) for row in ledgers)
            case "Munshi Ledger Groups":
                return tally.collection(
                    f'<LEDGER NAME="{_text(row.name)}"><PARENT>{_text(row.group)}</PARENT></LEDGER>'
                    for row in company.ledgers.values()
                )
            case "Munshi Vouchers":
                found = self._found(root, company, limits)
                if self.largest and len(found) > self.largest:
                    return None
                return tally.collection(self._voucher(company, row) for row in found)
            case "Munshi Voucher Guids":
                found = [row for row in self._found(root, company, limits) if not row.optional]
                return tally.collection(
                    f"<VOUCHER><GUID>{row.guid}</GUID><ALTERID> {row.alter}</ALTERID></VOUCHER>"
                    for row in found
                )
        return "<RESPONSE>Unknown Request, cannot be processed</RESPONSE>"

    def _found(self, root: ET.Element, company: Company, limits: str) -> list[Voucher]:
        since, until = (_day(root.findtext(f".//{name}")) for name in ("SVFROMDATE", "SVTODATE"))
        return [
            row
            for row in company.vouchers.values()
            if since <= row.on <= until and company.visible(row) and _within(row.alter, limits)
        ]

    def _voucher(self, company: Company, voucher: Voucher) -> str:
        base = company.types.get(voucher.type, voucher.type)
        lines = tuple(replace(line, group=company.primary(line.group)) for line in voucher.lines)
        text = tally.voucher_xml(replace(voucher, base=base, lines=lines))
        if not self.tells_groups:
            text = re.sub(r"<(MUNSHI\w+) .*?</\1>", "", text)
        return _trapped(text)


def _within(alter: int, limits: str) -> bool:
    return all(alter > int(n) if sign == ">" else alter <= int(n) for sign, n in _LIMITS.findall(limits))


def _trapped(text: str) -> str:
    """Add what Tally writes and XML forbids."""
    kind = "</VOUCHER>" if text.endswith("</VOUCHER>") else "</LEDGER>"
    return text.replace(kind, f"<UDF:NOTE.LIST>&#4; Not Applicable</UDF:NOTE.LIST>{kind}")


def _company(company: Company) -> str:
    last = max((voucher.on for voucher in company.vouchers.values()), default=company.books_from)
    return (
        f'<COMPANY NAME="{_text(company.name)}"><GUID>{company.guid}</GUID>'
        f"<BOOKSFROM>{company.books_from:%Y%m%d}</BOOKSFROM><LASTVOUCHERDATE>{last:%Y%m%d}</LASTVOUCHERDATE>"
        f"<ALTMSTID> {company.masters_at}</ALTMSTID><ALTVCHID> {company.vouchers_at}</ALTVCHID></COMPANY>"
    )


def _types(company: Company) -> dict[str, str]:
    own = ("Sales", "Purchase", "Receipt", "Payment", "Journal", "Contra", "Credit Note", "Debit Note")
    return {**{name: name for name in own}, **company.types}


def _type(name: str, parent: str) -> str:
    return f'<VOUCHERTYPE NAME="{_text(name)}"><PARENT>{_text(parent)}</PARENT></VOUCHERTYPE>'


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _day(text: str | None) -> date:
    return datetime.strptime(text or "", "%d-%b-%Y").date()  # noqa: DTZ007  a day has no zone


# ---- a small firm ----------------------------------------------------------------------------------
def meena_traders() -> Company:
    """Meena Traders, eight months into the year: each kind of voucher at least once."""
    firm = Company("Meena Traders", "5e1c7a90-2f4b-4d1e-8b6a-0c9d3e7f1a24", date(2026, 4, 1))
    firm.groups["North Zone"] = "Sundry Debtors"
    firm.types["GST Bill"] = "Sales"
    firm.types["Counter Bill"] = "GST Bill"
    opening = (OpeningBill("MT/25/388", date(2026, 2, 10), 45, 41_300_00),)
    firm.open_ledger(
        "Gupta Steel", "North Zone", opening=41_300_00, bills=opening, days=45, phone="9005550001"
    )
    firm.open_ledger("Kaveri Hardware", "Sundry Debtors", days=30, gstin="29AAKFK4321M1Z5")
    firm.open_ledger("Lakshmi Mills", "Sundry Debtors", billwise=False, opening=12_000_00)
    firm.open_ledger("Bharat Rolling", "Sundry Creditors", opening=-8_000_00)
    for name, group in (
        ("HDFC Bank 9920", "Bank Accounts"), ("Cash", "Cash-in-Hand"), ("Sales", "Sales Accounts"),
        ("Purchases", "Purchase Accounts"), ("IGST", "Duties & Taxes"), ("TDS Receivable", "Current Assets"),
    ):  # fmt: skip
        firm.open_ledger(name, group, billwise=False)
    for month in range(4, 12):
        _month(firm, month)
    firm.enter(
        "Contra", date(2026, 9, 9), "Cash", firm.line("Cash", -5_000), firm.line("HDFC Bank 9920", 5_000)
    )
    optional = (firm.line("Kaveri Hardware", 999, Part("New Ref", 999_00, "PRO-1")), firm.line("Sales", -999))
    firm.enter("Sales", date(2026, 9, 10), "Kaveri Hardware", *optional, number="PRO-1", optional=True)
    firm.enter("Receipt", date(2026, 9, 11), "Kaveri Hardware", cancelled=True)
    return firm


def sell(firm: Company, on: date, party: str, rupees: int, number: str, kind: str = "Sales") -> str:
    """Enter a sale with 18% IGST in it, in a bill of its number where the party is bill-wise."""
    base = round(rupees * 100 / 118)
    billwise = next(row.billwise for row in firm.ledgers.values() if row.name == party)
    parts = (Part("New Ref", rupees * 100, number, 30),) if billwise else ()
    lines = (firm.line(party, rupees, *parts), firm.line("Sales", -base), firm.line("IGST", base - rupees))
    return firm.enter(kind, on, party, *lines, number=number)


def receive(
    firm: Company, on: date, party: str, rupees: int, *bills: tuple[str, int], tds: int = 0, utr: str = ""
) -> str:
    """Enter a receipt into the bank against bills (the rest on account), with what was cut by TDS."""
    parts = [Part("Agst Ref", -amount * 100, name) for name, amount in bills]
    bank = Instrument("e-Fund Transfer", utr, on, "NEFT")
    lines = [firm.line(party, -(rupees + tds), *parts), firm.line("HDFC Bank 9920", rupees, instrument=bank)]
    if tds:
        lines.append(firm.line("TDS Receivable", tds))
    return firm.enter("Receipt", on, party, *lines)


def _month(firm: Company, month: int) -> None:
    first = date(2026, month, 1)
    kaveri, gupta = f"MT/{month}/1", f"MT/{month}/2"
    sell(firm, first.replace(day=3), "Kaveri Hardware", 11_800, kaveri, "GST Bill")
    sell(firm, first.replace(day=4), "Gupta Steel", 23_600, gupta, "Counter Bill")
    sell(firm, first.replace(day=5), "Lakshmi Mills", 5_900, f"MT/{month}/3")
    receive(
        firm,
        first.replace(day=12),
        "Kaveri Hardware",
        11_600,
        (kaveri, 11_800),
        tds=200,
        utr=f"HDFCN{month}260012",
    )
    receive(firm, first.replace(day=14), "Lakshmi Mills", 4_000)
    note = firm.line("Gupta Steel", -1_180, Part("Agst Ref", -1_180_00, gupta))
    firm.enter(
        "Credit Note",
        first.replace(day=15),
        "Gupta Steel",
        note,
        firm.line("Sales", 1_000),
        firm.line("IGST", 180),
    )
    owed = firm.line("Bharat Rolling", -17_700, Part("New Ref", -17_700_00, f"BR-{month}", 30))
    firm.enter(
        "Purchase", first.replace(day=8), "Bharat Rolling", owed, firm.line("Purchases", 15_000), firm.line("IGST", 2_700),
        reference=f"BR-{month}",
    )  # fmt: skip
    paid = firm.line("Bharat Rolling", 17_000, Part("Agst Ref", 17_000_00, f"BR-{month}"))
    firm.enter("Payment", first.replace(day=18), "Bharat Rolling", paid, firm.line("HDFC Bank 9920", -17_000))


def day_book(vouchers: Iterable[Voucher]) -> bytes:
    """Write vouchers as the exported Day Book, UTF-16 with a mark: no line tells its ledger's group."""
    texts = (re.sub(r"<(MUNSHI\w+) .*?</\1>", "", tally.voucher_xml(voucher)) for voucher in vouchers)
    inner = "\n".join(f'<TALLYMESSAGE xmlns:UDF="TallyUDF">{text}</TALLYMESSAGE>' for text in texts)
    head = (
        "<ENVELOPE><HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER><BODY><IMPORTDATA><REQUESTDATA>"
    )
    return f"{head}{inner}</REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>".encode("utf-16")
