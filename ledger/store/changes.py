"""What a derivation changed of the rows that people and programs follow, as transitions for the audit trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.domain.rows import TABLES
from ledger.store.audit import Entry

Rows = Mapping[tuple[Any, ...], tuple[Any, ...]]

FOLLOWED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "invoices": ("invoice", ("status", "amount", "outstanding", "due_on")),
    "receipts": ("receipt", ("status", "arrived", "amount", "refunded", "allocated", "party_id")),
    "settlements": ("settlement", ("status", "amount", "bank_line_id")),
    "payables": ("payable", ("status", "amount", "outstanding", "due_on")),
    "payouts": ("payout", ("status", "amount", "allocated", "party_id")),
    "cheques": ("cheque", ("status", "amount")),
}
"""Table → what a row of it is called in the trail, and the columns whose change is a transition. No names of people."""
_MOST_CAUSES = 10


@dataclass(slots=True)
class Changes:
    """The tables of one derivation: the rows that differ, as they stood and as they stand, by key."""

    before: dict[str, Rows] = field(default_factory=dict)
    after: dict[str, Rows] = field(default_factory=dict)

    def note(self, table: str, before: Rows, after: Rows) -> None:
        """Take a table: what stood, and what stands there now."""
        if table == "claims":
            self.before[table], self.after[table] = before, after
        elif table in FOLLOWED or table == "allocations":
            self.before[table] = {key: row for key, row in before.items() if after.get(key) != row}
            self.after[table] = {key: row for key, row in after.items() if before.get(key) != row}

    def entries(self, actor: str) -> list[Entry]:
        """Return one entry a row whose state changed, by table and id.

        A row that took another's place (the same money, now known from one source more) is one transition: it
        names the former ids, and `before` is what the former one was. `because` names the events that it stands on.
        """
        claims = _Claims(self.before.get("claims", {}), self.after.get("claims", {}))
        causes = self._causes(claims)
        made: list[Entry] = []
        for table, (kind, columns) in FOLLOWED.items():
            made += self._of_table(actor, table, kind, columns, claims, causes)
        return made

    def _of_table(
        self,
        actor: str,
        table: str,
        kind: str,
        columns: tuple[str, ...],
        claims: _Claims,
        causes: Mapping[UUID, list[str]],
    ) -> Iterable[Entry]:
        before, after = self.before.get(table, {}), self.after.get(table, {})
        names = TABLES[table][0]._fields
        places = [(name, names.index(name)) for name in columns]
        absorbed: set[UUID] = set()
        for key in sorted(after):
            row, old = after[key], before.get(key)
            formerly: list[UUID] = []
            if old is None:
                formerly = sorted(
                    one for one in claims.former(key[0]) if (one,) in before and (one,) not in after
                )
                absorbed.update(formerly)
                old = before[(formerly[0],)] if formerly else None
            was = {name: old[i] for name, i in places} if old is not None else None
            now = {name: row[i] for name, i in places}
            if was != now:
                yield _entry(actor, kind, key[0], was, now, _facts(names, row), causes, formerly)
        for key in sorted(before):
            if key not in after and key[0] not in absorbed:
                row = before[key]
                was = {name: row[i] for name, i in places}
                yield _entry(actor, kind, key[0], was, None, _facts(names, row), causes, [])

    def _causes(self, claims: _Claims) -> Mapping[UUID, list[str]]:
        """Return, by row, the events that newly speak of it, or of the money that was newly set against it."""
        causes: dict[UUID, list[str]] = defaultdict(list)
        for row_id, events in claims.fresh.items():
            causes[row_id] += events
        before, after = self.before.get("allocations", {}), self.after.get("allocations", {})
        for key in sorted({*before, *after}, key=str):
            if before.get(key) != after.get(key):
                receipt, document = key[0], key[1]
                causes[document] += claims.of(receipt)
                causes[receipt] += claims.fresh.get(document, [])
        return causes


class _Claims:
    """Who speaks of which row, before and after."""

    def __init__(self, before: Rows, after: Rows) -> None:
        fields = TABLES["claims"][0]._fields
        source, event = fields.index("source"), fields.index("source_event_id")
        self._by_subject: dict[UUID, list[UUID]] = defaultdict(list)
        self._subjects: dict[UUID, list[UUID]] = defaultdict(list)
        self._events: dict[UUID, list[str]] = defaultdict(list)
        self.fresh: dict[UUID, list[str]] = defaultdict(list)
        for subject, row_id in before:
            self._by_subject[subject].append(row_id)
        for (subject, row_id), row in sorted(
            after.items(), key=lambda one: (one[0][1].bytes, one[0][0].bytes)
        ):
            self._subjects[row_id].append(subject)
            if row[event] is None:
                continue
            said = f"{row[source]} {row[event]}"
            self._events[row_id].append(said)
            if before.get((subject, row_id)) != row:
                self.fresh[row_id].append(said)

    def former(self, row_id: UUID) -> set[UUID]:
        """Return the rows that what this row stands on made before."""
        return {
            one for subject in self._subjects.get(row_id, ()) for one in self._by_subject.get(subject, ())
        }

    def of(self, row_id: UUID) -> list[str]:
        """Return the events that a row stands on."""
        return self._events.get(row_id, [])


def _facts(names: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    """Return what tells a reader which row it is: party by id, currency, a document's number."""
    found = dict(zip(names, row, strict=True))
    return {
        name: found[column]
        for name, column in (("party", "party_id"), ("currency", "currency"), ("number", "number"))
        if found.get(column) is not None
    }


def _entry(
    actor: str,
    kind: str,
    row_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
    causes: Mapping[UUID, list[str]],
    formerly: list[UUID],
) -> Entry:
    said = list(dict.fromkeys(causes.get(row_id, ())))
    entry: dict[str, Any] = {**facts, "before": before, "after": after, "because": said[:_MOST_CAUSES]}
    if len(said) > _MOST_CAUSES:
        entry["because_more"] = len(said) - _MOST_CAUSES
    if formerly:
        entry["formerly"] = formerly
    return Entry(actor, f"{kind}.changed", f"{kind}:{row_id}", entry)
