"""Why the books' balance of a party differs from ours: the kinds of lines, and how people say them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kit.money import format_minor

UNEXPLAINED = "unexplained"
_THINGS = {
    "bill": ("bill", "bills"),
    "opening": ("opening balance", "opening balances"),
    "receipt": ("receipt", "receipts"),
    "payment": ("payment", "payments"),
    "credit_note": ("credit note", "credit notes"),
    "deduction": ("deduction (TDS, discount …)", "deductions (TDS, discount …)"),
    "write_off": ("write-off", "write-offs"),
    "set_off": ("set-off", "set-offs"),
}
_WAYS = {
    "not_in_books": "not in {books}",
    "not_here": "only in {books}",
    "differs": "of another amount in {books}",
    "other_day": "of another day in {books}",
    "elsewhere": "with another party in {books}",
    "given_back": "given back or bounced, still in {books}",
}
KINDS = frozenset({f"{thing}.{way}" for thing in _THINGS for way in _WAYS} | {UNEXPLAINED})
"""A line is a thing and in which way the books and we differ on it, or what no entry explains."""


def line_in_words(kind: str, count: int, amount: int, currency: str, *, books: str) -> str:
    """Say one line: "2 receipts not in Tally ₹15,000"; the amount without its sign."""
    money = format_minor(abs(amount), currency)
    if kind == UNEXPLAINED:
        return f"not explained {money}"
    thing, _, way = kind.partition(".")
    one, many = _THINGS[thing]
    return f"{count} {one if count == 1 else many} {_WAYS[way].format(books=books)} {money}"


def in_words(lines: Iterable[tuple[str, int, int]], currency: str, *, books: str) -> str:
    """Say all lines (kind, count, amount) of a difference, the largest first, what is not explained last."""
    ranked = sorted(lines, key=lambda line: (line[0] == UNEXPLAINED, -abs(line[2]), line[0]))
    return ", ".join(
        line_in_words(kind, count, amount, currency, books=books) for kind, count, amount in ranked
    )
