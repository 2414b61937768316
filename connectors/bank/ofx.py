"""OFX 1 (SGML) and OFX 2 (XML): one reader of tags, because banks mix the two in one file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html import unescape

from connectors.bank.model import EARLIEST, LATEST, Details, Line, Statement, Table, squeeze
from connectors.bank.preamble import Frame
from kit.errors import Rejected
from kit.money import currency_digits, minor_from_decimal

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._]{0,40})\s*/?>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9A-Fa-f]{1,5});")
_STATEMENTS = ("STMTRS", "CCSTMTRS")
_INNER = frozenset(
    {
        "BANKACCTFROM", "CCACCTFROM", "LEDGERBAL", "AVAILBAL", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY",
        "PAYEE", "STATUS", "BAL", "BALLIST", "BANKTRANLISTP", "IMAGEDATA",
    }
)  # fmt: skip
_FIGURE = re.compile(r"([+-]?)(\d{0,15})(?:[.,](\d{0,8}))?")
_GROUPED = re.compile(r"([+-]?)(\d{1,3}(?:([.,])\d{2,3})+)([.,])(\d{1,2})")
_EARNS, _SPENDS = frozenset({"CREDIT", "DEP", "DIRECTDEP"}), frozenset({"DEBIT", "CHECK", "DIRECTDEBIT"})
MAX_LINES = 200_000

_Fields = dict[str, str]


@dataclass(slots=True)
class _Found:
    """What a file holds: statements with their transactions, whether of investments, the bank's own error."""

    statements: list[tuple[_Fields, list[_Fields]]] = field(default_factory=list)
    has_investments: bool = False
    error: str = ""


def looks_like_ofx(head: str) -> bool:
    """Return whether the beginning of a file is OFX of either kind."""
    return (
        re.search(r"^[ \t]*OFXHEADER[ \t]*:|<\?OFX\b|<OFX>", head, re.IGNORECASE | re.MULTILINE) is not None
    )


def read_ofx(text: str) -> list[Statement]:
    """Read every statement of a file; Rejected if it is cut, is of investments, or tells an error of the bank."""
    if "<!DOCTYPE" in text[:10_000].upper() or "<!ENTITY" in text[:10_000].upper():
        raise Rejected(
            "xml.declarations",
            "It declares a document type or entities, which no statement does.",
            remedy="Download it again from the bank itself.",
        )
    if not re.search(r"</OFX\s*>", text[-2_000:], re.IGNORECASE):
        raise Rejected(
            "statement.cut",
            "The file ends before </OFX>.",
            remedy="Nothing was taken from it. Download it again, unedited, for the whole period.",
        )
    found = _collect(text)
    if not found.statements:
        raise _empty(found)
    return [
        _statement(fields, entries, f"statement {number}" if len(found.statements) > 1 else "")
        for number, (fields, entries) in enumerate(found.statements, 1)
    ]


def _empty(found: _Found) -> Rejected:
    if found.has_investments:
        return Rejected(
            "statement.investment",
            "It is the statement of an investment account.",
            remedy="Download the statement of the bank account.",
        )
    if found.error:
        return Rejected(
            "statement.bank_error",
            f"Instead of a statement the bank answered: {found.error[:120]}.",
            remedy="Download it again later.",
        )
    return Rejected(
        "statement.no_table",
        "The file holds no statement.",
        remedy="Download it again, for a period with bookings.",
    )


# ---- tags ------------------------------------------------------------------------------------------
def _collect(text: str) -> _Found:
    found = _Found()
    statement: tuple[_Fields, list[_Fields]] | None = None
    entry: _Fields | None = None
    inner = ""
    for tag, is_end, value in _tags(text):
        if tag in _STATEMENTS:
            entry, inner = None, ""
            statement = None if is_end else ({}, [])
            if statement is not None:
                found.statements.append(statement)
        elif tag == "INVSTMTRS":
            found.has_investments = True
        elif tag in ("STMTTRN", "BANKTRANLIST"):
            inner = ""
            entry = {} if tag == "STMTTRN" and not is_end and statement is not None else None
            if entry is not None and statement is not None:
                statement[1].append(entry)
                if len(statement[1]) > MAX_LINES:
                    raise Rejected(
                        "file.too_many_rows", "The file has too many transactions.", remedy="Split it."
                    )
        elif tag in _INNER:
            inner = "" if is_end else tag
        elif not is_end and value:
            where = entry if entry is not None else statement[0] if statement is not None else {}
            where.setdefault(f"{inner}.{tag}" if inner else tag, value)
            if inner == "STATUS" and tag == "SEVERITY" and value.upper() == "ERROR":
                found.error = "an error"
            elif inner == "STATUS" and tag == "MESSAGE" and found.error:
                found.error = value
    return found


def _tags(text: str) -> Iterator[tuple[str, bool, str]]:
    """Yield each tag in capitals, whether it ends something, and the text up to the next tag."""
    last: re.Match[str] | None = None
    text = _unwrapped(text)
    for tag in _TAG.finditer(text):
        if last is not None:
            yield last[2].upper(), last[1] == "/", _value(text[last.end() : tag.start()])
        last = tag


def _unwrapped(text: str) -> str:
    """Write out CDATA sections as ordinary text."""
    head, *sections = text.split("<![CDATA[")
    parts = [head]
    for section in sections:
        inside, closed, after = section.partition("]]>")
        parts.append(inside.replace("&", "&amp;").replace("<", "&lt;") + after if closed else section)
    return "".join(parts)


def _value(raw: str) -> str:
    value = squeeze(raw[:4_000])
    return squeeze(_ENTITY.sub(lambda found: unescape(found[0]), value)) if "&" in value else value


# ---- one statement ---------------------------------------------------------------------------------
def _statement(fields: _Fields, entries: list[_Fields], place: str) -> Statement:
    currency = fields.get("CURDEF", "").upper() or next(
        (entry["CURRENCY.CURSYM"].upper() for entry in entries if "CURRENCY.CURSYM" in entry), "INR"
    )
    table = Table()
    for number, entry in enumerate(entries, 1):
        try:
            line = _line(entry, number, currency)
        except Rejected as error:
            table.miss(f"{place} transaction {number}".strip(), error.code, error.message)
            continue
        if line.amount == 0:
            table.empty_amounts += 1
        else:
            table.lines.append(line)
    start, end = _day(fields.get("DTSTART", "")), _day(fields.get("DTEND", ""))
    closing, warnings = _closing(fields, table, end, currency)
    ids = Counter(entry["FITID"] for entry in entries if "FITID" in entry)
    if again := sum(count - 1 for count in ids.values() if count > 1):
        warnings.append(
            f"The bank gave one id (FITID) to several transactions ({again} more than ids); each was read on its own."
        )
    account = fields.get("BANKACCTFROM.ACCTID") or fields.get("CCACCTFROM.ACCTID") or ""
    return Statement(
        table=table,
        frame=Frame(
            account=re.sub(r"[\s-]", "", account).upper() or None,
            period=(start, end) if start and end and start <= end else None,
            closing=closing,
        ),
        layout="ofx",
        currency=currency,
        place=place,
        warnings=warnings,
    )


def _closing(fields: _Fields, table: Table, end: date | None, currency: str) -> tuple[int | None, list[str]]:
    """Return the ledger's balance if it is that of the period's end: many banks state the one of the download."""
    figure, on = fields.get("LEDGERBAL.BALAMT", ""), _day(fields.get("LEDGERBAL.DTASOF", ""))
    if not figure or on is None:
        return None, []
    last = max((line.posted_on for line in table.lines), default=on)
    try:
        balance = _amount(figure, currency)
    except Rejected as error:
        return None, [f"Its closing balance can't be read: {error.message}"]
    if (end is not None and on > end) or on < last:
        return None, [f"Its balance is of {on:%d %b %Y}, not of the end of what it lists: left out."]
    return balance, []


def _line(entry: _Fields, number: int, currency: str) -> Line:
    posted_on = _day(entry.get("DTPOSTED", ""))
    if posted_on is None:
        raise Rejected("row.date", f"{entry.get('DTPOSTED', '')[:30]!r} is not a day.")
    stated = entry.get("CURRENCY.CURSYM", currency).upper()
    if stated != currency:
        raise Rejected("row.currency", f"The row is in {stated[:8]}, the statement in {currency}.")
    amount = _amount(entry.get("TRNAMT", ""), currency)
    kind = entry.get("TRNTYPE", "").upper()
    if (kind in _EARNS and amount < 0) or (kind in _SPENDS and amount > 0):
        raise Rejected("row.sign", f"It is called {kind}, and its amount is {entry['TRNAMT'][:30]}.")
    name, memo = entry.get("NAME", ""), entry.get("MEMO", "")
    reference = " ".join(entry[key] for key in ("CHECKNUM", "REFNUM") if key in entry)
    payee = entry.get("PAYEE.NAME", "")
    return Line(
        row=number,
        posted_on=posted_on,
        amount=amount,
        narration=(memo if memo.startswith(name) else squeeze(f"{name} {memo}")) or payee or reference,
        value_on=_day(entry.get("DTAVAIL", "")),
        reference=reference,
        details=Details(name=payee) if payee else None,
    )


def _amount(text: str, currency: str) -> int:
    """Read `-80.25`, `1250,50`, `1.250,50`; Rejected where a mark could be of thousands or of decimals."""
    digits = currency_digits(currency)
    figure = text.replace(" ", "")
    grouped = _GROUPED.fullmatch(figure)
    if grouped and grouped[3] != grouped[4]:
        sign, whole, fraction = grouped[1], re.sub(r"[.,]", "", grouped[2]), grouped[5]
    else:
        found = _FIGURE.fullmatch(figure)
        if found is None or not (found[2] or found[3]):
            raise Rejected("amount.unreadable", f"{text[:40]!r} is not an amount.")
        sign, whole, fraction = found[1], found[2] or "0", found[3] or ""
        if len(fraction) == 3 and digits != 3:
            raise Rejected("amount.unreadable", f"{text[:40]!r} could be of thousands or of decimals.")
    return minor_from_decimal(Decimal(f"{sign}{whole}.{fraction or '0'}"), currency)


def _day(text: str) -> date | None:
    """Return the day of `20260901120000.000[-5:EST]` as the bank wrote it; None if there is none."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)(?:\d{2,6}|\D|$)", text)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
    return day if day is not None and EARLIEST <= day <= LATEST else None
