"""MT940: the statement message of SWIFT, field by field, as banks really write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connectors.bank.layouts import IFSC_BANKS
from connectors.bank.model import EARLIEST, LATEST, Details, Line, Statement, Table, squeeze
from connectors.bank.preamble import Frame
from kit.errors import Rejected
from kit.money import CURRENCIES, minor_from_decimal

_TAG = re.compile(r":(20|21|25P?|28C?|34F|60[FM]|61|62[FM]|64|65|86|90[CD]|13D?):(.*)", re.DOTALL)
_ENVELOPE = re.compile(r"^(?:\{[1235]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*(?:\{4:)?")
_SENDER = re.compile(r"\{1:F\d\d([A-Z]{4})")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,15}(?:[.,]\d{0,5})?)\s*")
_LINE = re.compile(
    r"(\d{6})(\d{4})?(RC|RD|EC|ED|C|D)([A-Z]?)(\d{1,15}(?:[.,]\d{0,5})?)(?=[NSF]|\s*$)([NSF][A-Z0-9]{3})?(.*)",
    re.DOTALL,
)
_SIGN = {"C": 1, "D": -1, "RC": -1, "RD": 1}
"""Of what the account holder has: a reversed credit is a debit, a reversed debit a credit."""
_NO_REFERENCE = re.compile(r"(?:NONREF|NOREF|[EK]REF\+?)?", re.IGNORECASE)
_SUBFIELDS = re.compile(r"\d{3}(?=\?\d\d)")
_SLASHED = re.compile(r"/(EREF|NAME|IBAN)/([^/]+)")
_FULL_LINE = 61
"""From this length on a line of :86: was broken by the bank, not ended by it: its rest joins without a blank."""


@dataclass(slots=True)
class _Message:
    """The fields of one statement message, each with the number of its first line."""

    sender: str = ""
    fields: list[tuple[str, list[str], int]] = field(default_factory=list)


def looks_like_mt940(head: str) -> bool:
    """Return whether text has the tags of a statement message at the start of its lines."""
    return re.search(r"(?:^|[\r\n}])[ \t]*:(?:20|25P?|60[FM]|61|62[FM]|86):", head) is not None


def read_mt940(text: str) -> list[Statement]:
    """Read every message of a file; Rejected if one is cut (no opening or no closing balance) or is no statement."""
    messages = list(_messages(text))
    statements = [_statement(message, number, len(messages)) for number, message in enumerate(messages, 1)]
    if not statements:
        raise _cut("", "no field of a statement stands in it")
    return statements


# ---- messages and fields ---------------------------------------------------------------------------
def _messages(text: str) -> Iterator[_Message]:
    message, sender = _Message(), ""
    current: list[str] | None = None
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw
        if line.startswith("{"):
            found = _SENDER.match(line)
            sender = found[1] if found else sender
            line = _ENVELOPE.sub("", line)
        tagged = _TAG.match(line.lstrip())
        if tagged:
            if tagged[1] == "20" and message.fields:
                yield message
                message = _Message()
            message.sender = message.sender or sender
            current = [tagged[2]]
            message.fields.append((tagged[1], current, number))
        elif line.rstrip() == "-" or line.startswith("-}"):
            current = None
        elif current is not None:
            current.append(line)
    if message.fields:
        yield message


def _statement(message: _Message, number: int, count: int) -> Statement:
    place = f"statement {number}" if count > 1 else ""
    reader = _Reader(place)
    for tag, lines, at in message.fields:
        reader.take(tag, lines, at)
    if reader.opening is None or reader.closing is None:
        missing = "opening" if reader.opening is None else "closing"
        raise _cut(place, f"it has no {missing} balance")
    (opened, _, currency), (closed, closed_on, other) = reader.opening, reader.closing
    if currency != other:
        raise Rejected(
            "statement.other_currency",
            f"{_named(place)} opens in {currency} and closes in {other}.",
            remedy="Nothing was taken from it. Download it again.",
        )
    table = reader.table
    table.opening, table.closing = opened, closed
    first = min((line.posted_on for line in table.lines), default=closed_on)
    return Statement(
        table=table,
        frame=Frame(account=reader.account, period=(min(first, closed_on), closed_on)),
        layout="mt940",
        bank={**IFSC_BANKS, "AXIS": "axis"}.get(message.sender),
        currency=currency,
        place=place,
        ignored=reader.ignored,
        reversals=reader.reversals,
    )


class _Reader:
    """Takes the fields of one message in their order."""

    def __init__(self, place: str) -> None:
        self.table = Table()
        self.account: str | None = None
        self.opening: tuple[int, date, str] | None = None
        self.closing: tuple[int, date, str] | None = None
        self.ignored: list[str] = []
        self.reversals = 0
        self._place = place
        self._entry: tuple[list[str], int] | None = None

    def take(self, tag: str, lines: list[str], at: int) -> None:
        if tag == "86" and self._entry is not None:
            self._book(lines)
            return
        self._book([])
        if tag == "61":
            self._entry = lines, at
        elif tag.startswith("25"):
            self._take_account(lines, at)
        elif tag in ("60F", "60M") and self.opening is None:
            self.opening = _balance(lines, self._place)
        elif tag in ("62F", "62M"):
            self.closing = _balance(lines, self._place)
        elif tag in ("34F", "90C", "90D"):
            raise Rejected(
                "statement.intraday",
                "This is an MT942, a report in the middle of the day: the same lines come again in its statement.",
                remedy="Import the MT940 of the day instead.",
            )

    def _take_account(self, lines: Sequence[str], at: int) -> None:
        account = _account(lines[0])
        if self.account is None:
            self.account = account
        elif account != self.account:
            self.table.miss(
                self._where(at), "mt940.field", f"A second account number: {squeeze(lines[0])[:60]!r}."
            )

    def _book(self, remittance: Sequence[str]) -> None:
        """Book the entry that waits for its :86:, which may be empty or missing."""
        if self._entry is None:
            return
        (lines, at), self._entry = self._entry, None
        currency = self.opening[2] if self.opening else "INR"
        try:
            line = _line(lines, remittance, at, currency)
        except Rejected as error:
            self.table.miss(self._where(at), error.code, error.message)
            return
        if line is None:
            self.ignored.append(f"{self._where(at)}: expected, not booked")
        elif line.amount == 0:
            self.table.empty_amounts += 1
        else:
            self.table.lines.append(line)
            self.reversals += re.match(r"\d{6,10}R[CD]", lines[0]) is not None

    def _where(self, at: int) -> str:
        return f"{self._place} line {at}".strip()


# ---- one field -------------------------------------------------------------------------------------
def _line(lines: Sequence[str], remittance: Sequence[str], at: int, currency: str) -> Line | None:
    found = _LINE.fullmatch(lines[0].rstrip())
    if found is None:
        raise Rejected("mt940.line", f"{squeeze(lines[0])[:60]!r} is no :61: line.")
    valued, entered, mark, _, figure, _, references = found.groups()
    if mark not in _SIGN:
        return None
    value_on = _day(valued)
    posted_on = value_on if entered in (None, "0000") else _near(value_on, entered)
    own, _, banks = references.partition("//")
    said = [squeeze(part) for part in (own, banks, *lines[1:])]
    reference = " ".join(part for part in said if part and not _NO_REFERENCE.fullmatch(part))
    narration, details = _remittance(remittance)
    return Line(
        row=at,
        posted_on=posted_on,
        amount=_SIGN[mark] * _amount(figure, currency),
        narration=narration or reference,
        value_on=value_on,
        reference=reference,
        details=details,
    )


def _balance(lines: Sequence[str], place: str) -> tuple[int, date, str]:
    found = _BALANCE.fullmatch(lines[0])
    if found is None:
        raise _cut(place, f"{squeeze(lines[0])[:40]!r} is no balance")
    amount = _amount(found[4], found[3])
    return (-amount if found[1] == "D" else amount), _day(found[2]), found[3]


def _amount(figure: str, currency: str) -> int:
    return minor_from_decimal(Decimal(figure.replace(",", ".").rstrip(".")), currency)


def _day(text: str) -> date:
    year = int(text[:2])
    try:
        day = date(year + (2000 if year < 80 else 1900), int(text[2:4]), int(text[4:6]))
    except ValueError:
        raise Rejected("row.date", f"{text!r} is not a day.") from None
    if not EARLIEST <= day <= LATEST:
        raise Rejected("row.date", f"{day} is out of range.")
    return day


def _near(value_on: date, entered: str) -> date:
    """Return the entry day, which has no year: the one nearest to the value day (they may differ at New Year)."""
    days = []
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            days.append(date(year, int(entered[:2]), int(entered[2:])))
        except ValueError:
            continue
    if not days:
        raise Rejected("row.date", f"{entered!r} is not a day.")
    return min(days, key=lambda day: abs((day - value_on).days))


def _account(text: str) -> str:
    """Return the account of `HDFCINBB/000000004421 INR`: what follows a bank's code, without a currency."""
    parts = [part for part in re.split(r"[/\s-]+", text.upper()) if part]
    if len(parts) > 1 and parts[-1] in CURRENCIES:
        parts.pop()
    account = "".join(parts) if "/" not in text else parts[-1] if parts else ""
    bare = account[:-3]
    return bare if account[-3:] in CURRENCIES and bare[-1:].isdigit() else account


# ---- :86: ------------------------------------------------------------------------------------------
def _remittance(lines: Sequence[str]) -> tuple[str, Details | None]:
    """Read the text that goes with an entry: free, in `?20` sub-fields, or with `/REMI/` words."""
    if _SUBFIELDS.match("".join(lines[:2]).lstrip()):
        return _subfields("".join(lines))
    joined = ""
    for number, line in enumerate(lines):
        joined += line
        if len(line) < (_FULL_LINE if number else _FULL_LINE - 4):
            joined += " "
    narration = squeeze(joined)
    words = dict(_SLASHED.findall(narration)) if narration.startswith("/") else {}
    if not words:
        return narration, None
    references = (words["EREF"].strip(),) if "EREF" in words else ()
    name = words.get("NAME", "").strip()
    return narration, Details(name=name, account=words.get("IBAN", "").strip(), references=references)


def _subfields(text: str) -> tuple[str, Details]:
    found: dict[str, str] = {}
    for part in text.split("?")[1:]:
        code, value = part[:2], part[2:]
        found[code] = found.get(code, "") + value
    purpose = "".join(found.get(str(code), "") for code in (*range(20, 30), *range(60, 64)))
    narration = squeeze(f"{found.get('00', '')} {purpose}")
    name = squeeze(f"{found.get('32', '')}{found.get('33', '')}")
    end_to_end = re.search(r"EREF\+(\S{6,35}?)(?=(?:SVWZ|KREF|MREF|CRED|DEBT|ABWA)\+|\s|$)", purpose)
    return narration, Details(
        name=name,
        account=squeeze(found.get("31", "")),
        references=(end_to_end[1],) if end_to_end else (),
    )


def _cut(place: str, why: str) -> Rejected:
    return Rejected(
        "statement.cut",
        f"{_named(place)} is cut: {why}.",
        remedy="Nothing was taken from it. Download it again, unedited, for the whole period.",
    )


def _named(place: str) -> str:
    return place.capitalize() if place else "The statement"
