"""The key of a line: the same in every fetch that holds it, and as a statement file of the account would name it.

The bank's own txnId is no key: banks repeat it on different rows.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from connectors.account_aggregator.model import Line

_WORD = re.compile(r"[A-Z0-9]+")


def row_key(line: Line, account: str, seen: Counter[str], *, own: str) -> str:
    """Name a line by account, day, amount and the balance after it; without a balance by its reference or narration.

    What is still equal are real twins, told apart by their ordinal (counted in `seen`). `own` is the account in full.
    """
    if line.balance is not None:
        mark = f"b{line.balance}"
    else:
        mark = _reference(line, own) or "n" + re.sub(r"[\W_]+", "", line.narration).upper()
    parts = "\x1f".join((account, line.posted_on.isoformat(), str(line.amount), mark))
    ordinal = seen[parts]
    seen[parts] += 1
    return hashlib.sha256(f"{parts}\x1f{ordinal}".encode()).hexdigest()[:32]


def _reference(line: Line, own: str) -> str:
    """Return a UTR (16 or 22 characters), else an RRN (12 digits), by its shape alone; empty if there is none."""
    utrs, rrns = [], []
    for word in _WORD.findall(f"{line.reference} {line.narration}".upper()):
        if word.isdigit():
            if len(word) == 12 and word.lstrip("0") != own.lstrip("0"):
                rrns.append(word)
        elif len(word) in (16, 22) and word[0].isalpha() and sum(map(str.isdigit, word)) >= 9:
            utrs.append(word)
    found = min(utrs, default="") or min(rrns, default="")
    return found and "r" + found
