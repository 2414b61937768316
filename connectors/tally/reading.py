"""One document, gathered: its records by kind, with what of them can't be read and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from connectors.contract import Unreadable
from connectors.tally.fields import day, whole
from connectors.tally.ledgers import Ledgers, key
from connectors.tally.markup import Node, plain, read_records
from connectors.tally.records import (
    Ledger,
    Voucher,
    is_voucher,
    named,
    read_group,
    read_ledger,
    read_voucher,
)
from connectors.tally.reports import OpenBill, Rows, read_row
from kit.errors import Rejected

_Record = TypeVar("_Record")
_ROW_PARTS = frozenset(("BILLFIXED", "BILLCL", "BILLDUE", "BILLOVERDUE"))


@dataclass(slots=True)
class Gathered:
    """What a document holds; vouchers and masters that stand in it twice, word for word, once."""

    ledgers: Ledgers
    vouchers: dict[tuple[str, int, str], Voucher] = field(default_factory=dict)
    masters: dict[tuple[str, int, str], Ledger] = field(default_factory=dict)
    balances: dict[str, Ledger] = field(default_factory=dict)
    """The ledgers of which a closing balance is told, by name."""
    bills: list[OpenBill] = field(default_factory=list)
    deleted: list[Node] = field(default_factory=list)
    renamed: list[Node] = field(default_factory=list)
    companies: set[str] = field(default_factory=set)
    books_from: date | None = None
    as_on: str = ""
    above: int = 0
    """What a restored backup took off Tally's counter: all alter ids are counted above it."""
    refused: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    records: int = 0


def gather(body: bytes, settings: Mapping[str, Any]) -> Gathered:
    """Read all records; Rejected if it is no document of Tally's, says nothing, or is another company's."""
    found = Gathered(Ledgers(settings))
    rows = Rows()
    for node in read_records(body):
        found.records += node.name not in ("SVCURRENTCOMPANY", "COMPANY", "MUNSHI")
        if node.name in _ROW_PARTS:
            rows.add(node)
        else:
            _take(found, node)
    for number, nodes in enumerate(rows.nodes, start=1):
        bill = _readable(found, f"row {number}", lambda nodes=nodes: read_row(nodes))  # type: ignore[misc]
        if bill is not None:
            found.bills.append(bill)
    _check(found, settings)
    found.ledgers.learn(found.vouchers.values())
    return found


def _take(found: Gathered, node: Node) -> None:
    match node.name:
        case "VOUCHER":
            if not is_voucher(node):
                found.ignored.append(f"listed: {node.said('GUID')}")
            elif voucher := _readable(found, _place(node), lambda: read_voucher(node)):
                found.vouchers[voucher.guid, voucher.alter, voucher.digest()] = voucher
        case "LEDGER":
            if ledger := _readable(found, f"ledger {named(node)[:80]}", lambda: read_ledger(node)):
                found.ledgers.add_ledger(ledger)
                if ledger.closing is not None:
                    found.balances[key(ledger.name)] = ledger
                if ledger.guid:
                    found.masters[ledger.guid, ledger.alter, ledger.digest()] = ledger
                elif ledger.closing is None:
                    found.ignored.append(f"masters of no party: {ledger.name}")
        case "GROUP" | "VOUCHERTYPE":
            if group := _readable(found, f"{node.name.lower()} {named(node)[:80]}", lambda: read_group(node)):
                add = found.ledgers.add_group if node.name == "GROUP" else found.ledgers.add_type
                add(group)
                found.ignored.append(f"masters of no party: {group.name}")
        case "MUNSHI":
            found.as_on = plain(node.attributes.get("ASON", ""))
            found.above = whole(node.attributes.get("ABOVE", ""))
            found.companies.add(plain(node.attributes.get("COMPANY", "")))
        case "SVCURRENTCOMPANY":
            found.companies.add(plain(node.text))
        case "COMPANY":
            _take_company(found, node)
        case "DELETED":
            found.deleted.append(node)
        case "RENAMED":
            found.renamed.append(node)
        case _:
            found.refused.append(plain(node.text))


def _take_company(found: Gathered, node: Node) -> None:
    told = node.one("REMOTECMPINFO.LIST")
    found.companies.add(told.said("REMOTECMPNAME") if told is not None else named(node))
    begun = _readable(found, "company", lambda: day(node.said("BOOKSFROM", "STARTINGFROM")))
    found.books_from = begun or found.books_from


def _readable(found: Gathered, where: str, read: Callable[[], _Record]) -> _Record | None:
    """Return what `read` reads, or note why it can't be read."""
    try:
        return read()
    except Rejected as error:
        found.unreadable.append(Unreadable(where, error.code, str(error)))
        return None


def _place(node: Node) -> str:
    """Name a voucher that may not be readable."""
    words = [node.said("VOUCHERTYPENAME"), node.said("VOUCHERNUMBER"), node.said("DATE")]
    return " ".join(word[:40] for word in words if word) or f"voucher {node.said('GUID')[:60]}"


def _check(found: Gathered, settings: Mapping[str, Any]) -> None:
    found.companies.discard("")
    if not found.records:
        raise Rejected(
            "tally.empty",
            "Tally answered with nothing: no voucher, ledger or bill is in it.",
            remedy="Open the company in Tally, widen the period (Alt+F2), and export again.",
        )
    if found.refused and found.records == len(found.refused):
        raise Rejected(
            "tally.refused",
            f"It is Tally's answer to a request, and no data: {found.refused[0][:200] or 'nothing'}.",
        )
    expected = settings.get("company")
    if isinstance(expected, str) and expected and found.companies:
        wanted = key(expected)
        if wanted not in set(map(key, found.companies)):
            raise Rejected(
                "tally.other_company",
                f"It is of the company {', '.join(sorted(found.companies))[:120]}, this source is of {expected[:60]}.",
                remedy="Give each company a source of its own: books:tally-2, and so on.",
            )
