"""The result of a derivation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.domain.rows import PostingRow


@dataclass(slots=True)
class Derived:
    """The rows of every read table, and the current postings."""

    tables: dict[str, list[NamedTuple]] = field(default_factory=lambda: defaultdict(list))
    postings: list[PostingRow] = field(default_factory=list)
