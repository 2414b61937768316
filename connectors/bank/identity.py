"""Names that don't depend on the file: a line's key by what every format says of it, an account by its last digits."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from connectors.bank.model import Line

_WORD = re.compile(r"[A-Z0-9]+")


def row_key(line: Line, account: str, seen: Counter[str], *, own: str = "") -> str:
    """Name a line the same in every file that holds it; `account` as `account_key` has it, `own` in full.

    Where the running balance is known it says which line this is, whatever a format makes of the narration. Where
    it isn't, the bank's reference does, else the narration. What is still equal within one statement are real
    twins, told apart by their ordinal (counted in `seen`).
    """
    if line.balance is not None:
        mark = f"b{line.balance}"
    else:
        mark = _reference(line, own) or "n" + re.sub(r"[\W_]+", "", line.narration).upper()
    parts = "\x1f".join((account, line.posted_on.isoformat(), str(line.amount), mark))
    ordinal = seen[parts]
    seen[parts] += 1
    return hashlib.sha256(f"{parts}\x1f{ordinal}".encode()).hexdigest()[:32]


def visible(account: str) -> int:
    """Return how many digits of an account are shown."""
    return sum(map(str.isdigit, account))


def _reference(line: Line, own: str) -> str:
    """Return a UTR (16 or 22 characters), else an RRN (12 digits), that stands in the line; empty if none does.

    By its shape alone, not by the grammar of narrations: that one may learn, and keys must stay.
    """
    extra = " ".join(line.details.references) if line.details else ""
    utrs, rrns = [], []
    for word in _WORD.findall(f"{line.reference} {extra} {line.narration}".upper()):
        if len(word) == 16 and word.startswith("0000") and word.isdigit():
            word = word[4:]  # how a reference column pads an RRN
        if word.isdigit():
            if len(word) == 12 and word.lstrip("0") != own.lstrip("0"):
                rrns.append(word)
        elif len(word) in (16, 22) and word[0].isalpha() and sum(map(str.isdigit, word)) >= 9:
            utrs.append(word)
    found = min(utrs, default="") or min(rrns, default="")
    return found and "r" + found
