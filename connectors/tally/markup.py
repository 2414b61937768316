"""Tally's XML, safely and bit by bit: bytes in any of its encodings → one small tree a record.

Tally writes what XML forbids (`&#4;`, raw control characters, undeclared prefixes, a wrong declared encoding), so the
text is cleaned before the parser sees it. What an attacker writes (document types, entities, endless nesting or
tokens) is refused before anything is expanded. Only the elements that we read are kept, so that memory stays bounded
by the largest record, not by the file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NoReturn
from xml.parsers import expat

from kit.errors import Rejected

RECORDS = frozenset(
    [
        "VOUCHER", "LEDGER", "GROUP", "VOUCHERTYPE", "COMPANY", "BILLFIXED", "BILLCL", "BILLDUE", "BILLOVERDUE",
        "SVCURRENTCOMPANY", "LINEERROR", "RESPONSE", "DELETED", "RENAMED",
    ]
)  # fmt: skip
"""Elements that stand on their own, wherever they are."""
_PARTS = frozenset(
    [
        "GUID", "ALTERID", "MASTERID", "DATE", "VOUCHERTYPENAME", "VOUCHERNUMBER", "REFERENCE",
        "PARTYLEDGERNAME", "PARTYNAME", "PARTYGSTIN", "NARRATION", "ISCANCELLED", "ISOPTIONAL", "ISPOSTDATED",
        "ISDELETED", "MUNSHIBASE", "ALLLEDGERENTRIES.LIST", "LEDGERENTRIES.LIST", "ALLINVENTORYENTRIES.LIST",
        "INVENTORYENTRIES.LIST", "ACCOUNTINGALLOCATIONS.LIST", "LEDGERNAME", "AMOUNT", "ISDEBIT",
        "ISPARTYLEDGER", "MUNSHIPARENT", "MUNSHIGROUP", "BILLALLOCATIONS.LIST", "BILLALLOCATIONS", "NAME",
        "BILLTYPE", "BILLDATE", "BILLCREDITPERIOD", "DUEONDATE", "INDAYS", "INTEXT", "BANKALLOCATIONS.LIST",
        "TRANSACTIONTYPE", "TRANSFERMODE", "INSTRUMENTNUMBER", "INSTRUMENTDATE", "UNIQUEREFERENCENUMBER",
        "BANKNAME", "BANKERSDATE", "PARENT", "RESERVEDNAME", "INCOMETAXNUMBER", "LEDGERMOBILE", "LEDGERPHONE",
        "EMAIL", "LEDSTATENAME", "PRIORSTATENAME", "STATE", "CREDITLIMIT", "ISBILLWISEON", "OPENINGBALANCE", "CLOSINGBALANCE",
        "ISADVANCE", "ADDRESS.LIST", "ADDRESS", "LEDGSTREGDETAILS.LIST", "LEDGSTREGDETAILS", "GSTIN",
        "APPLICABLEFROM", "LEDMAILINGDETAILS.LIST", "LEDMAILINGDETAILS", "CONTACTDETAILS.LIST", "PHONENUMBER",
        "COUNTRYISDCODE", "REMOTECMPINFO.LIST", "REMOTECMPNAME", "BOOKSFROM", "STARTINGFROM", "ALTMSTID",
        "ALTVCHID", "LASTVOUCHERDATE", "BILLREF", "BILLPARTY", "ENTRY",
    ]
)  # fmt: skip
_ROOTS = frozenset(("ENVELOPE", "TALLYMESSAGE", "MUNSHI", "BODY", "DATA", "COLLECTION", *RECORDS))
_COUNTED = frozenset(("CMPINFO", "CMPINFOEX"))
"""Tally's own counters of objects (`<VOUCHER>0</VOUCHER>`): no records."""
_CHUNK = 64 * 1024
_MAX_DEPTH = 40
_MAX_TOKEN = 512 * 1024
_MAX_ATTRIBUTES = 64
_MAX_TEXT = 64 * 1024
_MAX_NODES = 100_000
_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,9})|([0-9]{1,10}));")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DECLARATION = re.compile(r"\A\ufeff?\s*(?:<\?xml[^>]{0,200}\?>)?")


class Node:
    """One element that we read: its name in capitals, attributes, text, and the parts that we read."""

    __slots__ = ("attributes", "name", "parts", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.parts: list[Node] = []
        self.text = ""

    def all(self, *names: str) -> list[Node]:
        """Return the parts of these names."""
        return [part for part in self.parts if part.name in names]

    def one(self, name: str) -> Node | None:
        """Return the first part of that name, or None."""
        return next((part for part in self.parts if part.name == name), None)

    def said(self, *names: str) -> str:
        """Return the first text that says something among the parts of these names, in that order; else ''."""
        for name in names:
            for part in self.parts:
                if part.name == name and (text := plain(part.text)):
                    return text
        return ""


def plain(text: str) -> str:
    """Return a text without surplus blanks; '' for Tally's “Not Applicable”."""
    words = " ".join(text.split())
    return "" if words == "Not Applicable" else words


def read_records(body: bytes) -> Iterator[Node]:
    """Yield each record of a document as soon as it ends; Rejected if it isn't XML of Tally's kind, or hostile.

    The outermost MUNSHI element comes too, empty, before what is in it.
    """
    builder = _Builder()
    fed = 0
    try:
        for text in clean_text(body):
            data = text.encode("utf-8")
            fed += len(data)
            builder.parser.Parse(data, False)
            if fed - builder.parser.CurrentByteIndex > _MAX_TOKEN:
                raise Rejected("xml.too_long", "One mark of the file is longer than any that Tally writes.")
            yield from builder.taken()
        builder.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Rejected(
            "xml.malformed",
            f"It is no XML that can be read: {expat.ErrorString(error.code)} (line {error.lineno}).",
            remedy="Export it again from Tally as XML.",
        ) from None
    yield from builder.taken()


def clean_text(body: bytes) -> Iterator[str]:
    """Yield the text of a document without what XML forbids, nor its declaration, in pieces that part no reference."""
    decoder = codecs.getincrementaldecoder(_encoding(body))(errors="replace")
    held, first = "", True
    for start in range(0, len(body) or 1, _CHUNK):
        text = held + decoder.decode(body[start : start + _CHUNK], final=start + _CHUNK >= len(body))
        if first:
            text, first = _DECLARATION.sub("", text, count=1), False
        cut = text.rfind("&", max(0, len(text) - 16))
        held = "" if cut < 0 or ";" in text[cut:] else text[cut:]
        if held:
            text = text[:cut]
        yield _cleaned(text)
    if held:
        yield _cleaned(held)


def _cleaned(text: str) -> str:
    if "&#" in text:
        text = _REFERENCE.sub(_legal, text)
    return _CONTROL.sub("", text)


def _legal(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    allowed = (
        code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return found[0] if allowed else ""


def _encoding(body: bytes) -> str:
    """Return the encoding that the bytes themselves show; what the document declares is often wrong."""
    if body.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if body.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    head = body[:200]
    if len(head) >= 4 and head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if len(head) >= 4 and head[0::2].count(0) > len(head) // 4:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _CHUNK):
            decoder.decode(body[start : start + _CHUNK])
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class _Builder:
    """Expat's handlers: builds the records, skips the rest."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = lambda _: self._end()
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self._done: list[Node] = []
        self._open: list[Node] = []
        self._texts: list[str] = []
        self._depth = 0
        self._skipped_at: int | None = None
        self._nodes = 0

    def taken(self) -> list[Node]:
        done, self._done = self._done, []
        return done

    def _refuse(self, *_: object) -> NoReturn:
        raise Rejected(
            "xml.doctype",
            "The file declares a document type or entities; Tally's files don't.",
            remedy="Export it from Tally itself.",
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Rejected("xml.too_deep", f"The file is nested deeper than {_MAX_DEPTH} levels.")
        if len(attributes) > _MAX_ATTRIBUTES or sum(map(len, attributes.values())) > _MAX_TEXT:
            raise Rejected("xml.too_long", "An element has more attributes than any that Tally writes.")
        if self._skipped_at is not None:
            return
        name = name.upper()
        if self._depth == 1 and name not in _ROOTS:
            raise _no_tally()
        if not self._open:
            if name in _COUNTED:
                self._skipped_at = self._depth
            elif name in RECORDS:
                self._nodes = 0
                self._push(name, attributes)
            elif name == "MUNSHI":
                self._done.append(Node(name, _named(attributes)))
        elif name in _PARTS:
            self._push(name, attributes)
        else:
            self._skipped_at = self._depth

    def _push(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise Rejected("xml.too_long", "One record of the file is larger than any that Tally writes.")
        if self._open:
            self._keep_text()
        node = Node(name, _named(attributes))
        if self._open:
            self._open[-1].parts.append(node)
        self._open.append(node)

    def _end(self) -> None:
        self._depth -= 1
        if self._skipped_at is not None:
            if self._depth < self._skipped_at:
                self._skipped_at = None
            return
        if not self._open:
            return
        self._keep_text()
        node = self._open.pop()
        if not self._open:
            self._done.append(node)

    def _characters(self, text: str) -> None:
        if self._open and self._skipped_at is None:
            self._texts.append(text)

    def _keep_text(self) -> None:
        if self._texts:
            node = self._open[-1]
            node.text += "".join(self._texts)
            self._texts.clear()
            if len(node.text) > _MAX_TEXT:
                raise Rejected("xml.too_long", "A text of the file is longer than any that Tally writes.")


def _named(attributes: dict[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in attributes.items()}


def _no_tally() -> Rejected:
    return Rejected(
        "tally.unknown_shape",
        "It is no file that Tally writes.",
        remedy="In Tally: Day Book, Bills Receivable or List of Accounts, then Export, format XML.",
    )
