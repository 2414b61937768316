"""TallyPrime's import file: an ENVELOPE with one TALLYMESSAGE a voucher; a debit is negative and deemed positive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from ledger.domain.books_export.voucher import Line, Voucher, plain

_TRANSFERS = {"neft": "NEFT", "rtgs": "RTGS", "imps": "IMPS", "upi": "UPI"}


def import_file(vouchers: Sequence[Voucher], *, company: str = "") -> bytes:
    """Return the file to import (Gateway of Tally → Import → Vouchers), UTF-8; amounts in rupees with two decimals."""
    return "".join(_envelope(vouchers, company)).encode()


def _envelope(vouchers: Iterable[Voucher], company: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<ENVELOPE>\n <HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER>\n'
    yield " <BODY><IMPORTDATA>\n  <REQUESTDESC><REPORTNAME>Vouchers</REPORTNAME>"
    if company:
        yield f"<STATICVARIABLES>{_tag('SVCURRENTCOMPANY', company)}</STATICVARIABLES>"
    yield "</REQUESTDESC>\n  <REQUESTDATA>\n"
    for voucher in vouchers:
        yield from _message(voucher)
    yield "  </REQUESTDATA>\n </IMPORTDATA></BODY>\n</ENVELOPE>\n"


def _message(voucher: Voucher) -> Iterator[str]:
    guid = voucher.remote_id
    yield (
        f'   <TALLYMESSAGE xmlns:UDF="TallyUDF"><VOUCHER REMOTEID={quoteattr(guid)} VCHTYPE={quoteattr(voucher.type)}'
        ' ACTION="Create" OBJVIEW="Accounting Voucher View">\n'
    )
    yield "    " + _tag("DATE", f"{voucher.on:%Y%m%d}") + _tag("EFFECTIVEDATE", f"{voucher.on:%Y%m%d}")
    yield _tag("GUID", guid) + _tag("VOUCHERTYPENAME", voucher.type)
    if voucher.party:
        yield _tag("PARTYLEDGERNAME", voucher.party)
    yield _tag("NARRATION", voucher.narration, 500)
    yield "<PERSISTEDVIEW>Accounting Voucher View</PERSISTEDVIEW><ISINVOICE>No</ISINVOICE>\n"
    for line in sorted(voucher.lines, key=lambda one: _place(voucher, one)):
        yield from _line(voucher, line)
    yield "   </VOUCHER></TALLYMESSAGE>\n"


def _place(voucher: Voucher, line: Line) -> bool:
    """Tally writes the credit first in a receipt, the debit first in everything else."""
    return line.amount > 0 if voucher.type == "Receipt" else line.amount < 0


def _line(voucher: Voucher, line: Line) -> Iterator[str]:
    yield "    <ALLLEDGERENTRIES.LIST>" + _tag("LEDGERNAME", line.ledger)
    yield _tag("ISDEEMEDPOSITIVE", "Yes" if line.amount > 0 else "No")
    yield _tag("ISPARTYLEDGER", "Yes" if line.is_party else "No") + _tag("AMOUNT", rupees(-line.amount))
    sign = -1 if line.amount > 0 else 1
    for bill in line.bills:
        yield "\n     <BILLALLOCATIONS.LIST>" + (_tag("NAME", bill.name) if bill.name else "")
        yield (
            _tag("BILLTYPE", bill.type)
            + _tag("AMOUNT", rupees(sign * bill.amount))
            + "</BILLALLOCATIONS.LIST>"
        )
    if line.instrument is not None:
        said = line.instrument
        mode = _TRANSFERS.get(said.mode.casefold(), "")
        kind = "Cheque" if said.mode.casefold() == "cheque" else "Inter Bank Transfer"
        yield "\n     <BANKALLOCATIONS.LIST>" + _tag("DATE", f"{voucher.on:%Y%m%d}")
        yield _tag("INSTRUMENTDATE", f"{said.on:%Y%m%d}") + _tag("TRANSACTIONTYPE", kind)
        yield (_tag("TRANSFERMODE", mode) if mode else "") + _tag("INSTRUMENTNUMBER", said.number)
        yield (_tag("PAYMENTFAVOURING", voucher.party) if voucher.party else "")
        yield _tag("AMOUNT", rupees(-line.amount)) + "</BANKALLOCATIONS.LIST>"
    yield "\n    </ALLLEDGERENTRIES.LIST>\n"


def rupees(paise: int) -> str:
    """Write paise as rupees with two decimals: -1234 → -12.34."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def _tag(name: str, text: str, limit: int = 200) -> str:
    return f"<{name}>{escape(plain(text, limit))}</{name}>"
