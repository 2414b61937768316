"""What a fact is: a documented view with typed columns, written as a FROM clause and one expression per column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.domain.roles import Permission

ColumnKind = Literal["uuid", "text", "money", "integer", "date", "instant", "flag"]
COMMON = ("anchor", "party_id", "amount", "currency", "day")
"""Columns that every fact has."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a fact: its type, its SQL expression, and what it says."""

    kind: ColumnKind
    sql: str
    doc: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One documented view. `whole` facts are few and move with the clock: they are judged all, every time.

    `permission` is what a member needs to see a question about it.
    """

    name: str
    doc: str
    source: str
    columns: Mapping[str, Column]
    permission: Permission = Permission.SEE_RECEIVABLES
    whole: bool = False
