"""How the books call what we write into their files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameLedgers:
    """Say which ledger of the books stands for what (tds, bank_charge, bank:icici …); None takes a name back.

    Result: the names that the business has given.
    """

    ledgers: dict[str, str | None]
