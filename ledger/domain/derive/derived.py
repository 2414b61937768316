"""The result of a derivation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.domain.rows import BookEntryRow, PostingRow


@dataclass(slots=True)
class Derived:
    """The rows of every read table, the current postings, and what the books say beside them."""

    tables: dict[str, list[NamedTuple]] = field(default_factory=lambda: defaultdict(list))
    postings: list[PostingRow] = field(default_factory=list)
    books: list[BookEntryRow] = field(default_factory=list)
