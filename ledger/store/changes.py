"""What a derivation changed of the rows that people and programs follow, as transitions for the audit trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.domain.rows import TABLES
from ledger.store.audit import Entry
from ledger.store.party_changes import Parties, Rows

FOLLOWED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "invoices": ("invoice", ("status", "amount", "outstanding", "due_on")),
    "receipts": ("receipt", ("status", "arrived", "amount", "refunded", "allocated", "party_id")),
    "settlements": ("settlement", ("status", "amount", "bank_line_id")),
    "payables": ("payable", ("status", "amount", "outstanding", "due_on")),
    "payouts": ("payout", ("status", "amount", "allocated", "party_id")),
    "cheques": ("cheque", ("status", "amount")),
}
"""Table → what a row of it is called in the trail, and the columns whose change is a transition. No names of people."""
_WHOLE = ("claims", "parties", "party_identities")
"""Tables of which what didn't change is needed too."""
_MOST_CAUSES = 10


@dataclass(slots=True)
class Changes:
    """The tables of one derivation: the rows that differ, as they stood and as they stand, by key."""

    before: dict[str, Rows] = field(default_factory=dict)
    after: dict[str, Rows] = field(default_factory=dict)

    def note(self, table: str, before: Rows, after: Rows) -> None:
        """Take a table: what stood, and what stands there now."""
        if table in _WHOLE:
            self.before[table], self.after[table] = before, after
        elif table in FOLLOWED or table == "allocations":
            self.before[table] = {key: row for key, row in before.items() if after.get(key) != row}
            self.after[table] = {key: row for key, row in after.items() if before.get(key) != row}

    def entries(self, actor: str) -> list[Entry]:
        """Return one entry a row whose state changed, by table and id: parties first, then what is theirs.

        A row that took another's place (the same money, now known from one source more) is one transition: it
        names the former ids, and `before` is what the former one was. `because` names the events that it stands on.
        """
        claims = _Claims(self.before.get("claims", {}), self.after.get("claims", {}))
        causes = self._causes(claims)
        made: list[Entry] = []
        for party, said in self._parties().transitions():
            because = causes.get(party) or claims.about.get(party, [])
            made.append(_entry(actor, "party", party, said, because))
        for table, (kind, columns) in FOLLOWED.items():
            made += self._of_table(actor, table, kind, columns, claims, causes)
        return made

    def _parties(self) -> Parties:
        none: Rows = {}
        return Parties(
            self.before.get("parties", none),
            self.after.get("parties", none),
            self.before.get("party_identities", none),
            self.after.get("party_identities", none),
        )

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
        whose = names.index("party_id") if "party_id" in names else None
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
            moved = old is not None and whose is not None and old[whose] != row[whose]
            if was != now or moved:
                said = {**_facts(names, row), "before": was, "after": now}
                if old is not None and whose is not None and moved:
                    said["party_before"] = old[whose]
                if formerly:
                    said["formerly"] = formerly
                yield _entry(actor, kind, key[0], said, causes.get(key[0], ()))
        for key in sorted(before):
            if key not in after and key[0] not in absorbed:
                row = before[key]
                was = {name: row[i] for name, i in places}
                said = {**_facts(names, row), "before": was, "after": None}
                yield _entry(actor, kind, key[0], said, causes.get(key[0], ()))

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
        source, event, party = map(fields.index, ("source", "source_event_id", "party_id"))
        self._by_subject: dict[UUID, list[UUID]] = defaultdict(list)
        self._subjects: dict[UUID, list[UUID]] = defaultdict(list)
        self._events: dict[UUID, list[str]] = defaultdict(list)
        self.fresh: dict[UUID, list[str]] = defaultdict(list)
        self.about: dict[UUID, list[str]] = defaultdict(list)
        """The events that newly speak of anything of a party."""
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
                if row[party] is not None:
                    self.about[row[party]].append(said)

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


def _entry(actor: str, kind: str, row_id: UUID, said: Mapping[str, Any], because: Iterable[str]) -> Entry:
    causes = list(dict.fromkeys(because))
    entry: dict[str, Any] = {**said, "because": causes[:_MOST_CAUSES]}
    if len(causes) > _MOST_CAUSES:
        entry["because_more"] = len(causes) - _MOST_CAUSES
    return Entry(actor, f"{kind}.changed", f"{kind}:{row_id}", entry)
