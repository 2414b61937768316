"""Words of a narration that could be the number of a document, written as a matcher compares them: `INV10226-27` is `INV1022627`."""

from __future__ import annotations

import re
from collections.abc import Collection

from kit.tabular import day_of

MAX_TOKENS = 12
_WORD = re.compile(r"[A-Z0-9]+")
_DATE = re.compile(r"(?<![A-Za-z0-9])\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})(?![A-Za-z0-9])")
_PREFIX = re.compile(
    r"(?:INV|INVOICE|BILL|BL|TI|SI|PI|PO|SO|DC|CN|DN|ORD|ORDER|VCH|REC|EST|QT|TAX|EXP|SALE|S|B)[A-Z]?"
)
_SILENT = {"NO", "NUM", "NUMBER", "NOS", "DT", "DATED", "AND", "OF", "FOR"}
_NEVER_FIRST = {
    "UPI", "NEFT", "RTGS", "IMPS", "MMT", "ACH", "NACH", "ECS", "CR", "DR", "BY", "TO", "TRANSFER", "FROM", "BANK", "LTD", "PVT",
    "INB", "BIL", "CLG", "CHQ", "REF", "ATM", "ATW", "POS", "SB", "AC", "XX", "P2A", "P2M", "LIMITED", "RS", "INR", "JAN", "FEB", "MAR",
    "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "SEPT", "OCT", "NOV", "DEC",
}  # fmt: skip
_LONGEST_JOIN = 5


def document_tokens(text: str, *, known: Collection[str] = ()) -> tuple[str, ...]:
    """Return at most twelve upper-case alphanumerics, likeliest first; dates and what is `known` are left out.

    A token has a letter and a digit and 4–24 characters, or is 5–9 digits. Neighbouring words are joined
    (`INV 102`, `INV-102/26-27`), since people and banks write the same number with and without its marks.
    """
    ranked: dict[str, int] = {}
    for part in _DATE.sub("|", text).upper().split("|"):
        words = [word for word in _WORD.findall(part) if word not in _SILENT]
        for place, word in enumerate(words):
            if word in known or len(word) > 24:
                continue
            if _is_token(word):
                _keep(ranked, word, 2 if word.isdigit() else 1)
            if word not in _NEVER_FIRST and len(word) <= 12:
                _keep_joins(ranked, word, words[place + 1 : place + _LONGEST_JOIN], known)
    tokens = sorted((token for token in ranked if token not in known), key=lambda token: ranked[token])
    return tuple(tokens[:MAX_TOKENS])


def _keep_joins(ranked: dict[str, int], word: str, following: list[str], known: Collection[str]) -> None:
    joined = word
    for part in following:
        joined += part
        if (
            not part[0].isdigit()
            or len(part) > 8
            or len(joined) > 24
            or part in known
            or _is_compact_date(part)
        ):
            return
        if not joined.isdigit() and _is_token(joined):
            _keep(ranked, joined, 0 if _PREFIX.fullmatch(word) else 3)


def _is_token(word: str) -> bool:
    if word.isdigit():
        return 5 <= len(word) <= 9 and not _is_compact_date(word)
    return 4 <= len(word) <= 24 and not word.isalpha()


def _is_compact_date(word: str) -> bool:
    return (
        len(word) == 8
        and (day := day_of(f"{word[:2]}/{word[2:4]}/{word[4:]}")) is not None
        and day.year > 1990
    )


def _keep(ranked: dict[str, int], token: str, rank: int) -> None:
    ranked[token] = min(rank, ranked.get(token, rank))
