"""What a derivation changed of who parties are and what was agreed with them, as transitions for the audit trail.

Not their sums, nor what follows from bills: that changes with each of them. Nor what they are called and reached by: of
words of people a transition says only that they changed, so that a person can be erased and the chain stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any
from uuid import UUID

from ledger.domain.rows import PartyIdentityRow, PartyRow

Rows = Mapping[tuple[Any, ...], tuple[Any, ...]]
TOLD = ("gstin", "pan", "terms_days", "credit_limit", "is_customer", "is_vendor", "currency")
"""Columns whose values are told, before and after."""
WORDS = ("name", "phone", "email", "owner")
"""Columns of which only the change is told, under `reworded`."""
_TOLD = itemgetter(*map(PartyRow._fields.index, TOLD))
_WORDS = itemgetter(*map(PartyRow._fields.index, WORDS))
_WHO = itemgetter(*map(PartyRow._fields.index, (*TOLD, *WORDS)))
_OF, _PARENT = map(PartyIdentityRow._fields.index, ("party_id", "parent"))
_AT_SOURCES = itemgetter(*map(PartyIdentityRow._fields.index, ("name", "url")))


class Parties:
    """The parties of one derivation with the sources' records that each is made of, as they stood and as they stand."""

    def __init__(self, before: Rows, after: Rows, records_before: Rows, records_after: Rows) -> None:
        self._before, self._after = before, after
        self._records_before, self._records_after = records_before, records_after
        self._touched = self._changed()
        self._made_of = _made_of(records_after, self._touched)
        self._was_made_of = _made_of(records_before, self._touched)
        self._absorbed: set[UUID] = set()

    def transitions(self) -> Iterator[tuple[UUID, dict[str, Any]]]:
        """Yield each party that is another, is new or is gone, with what its entry says, by id.

        Parties that became one are one transition, of the one that stays: it names the others in `formerly`. One that
        was parted names in `parted_from` those that its records were with.
        """
        for party in sorted(self._touched):
            if (party,) in self._after:
                yield from self._standing(party)
        for party in sorted(self._touched - self._absorbed):
            if (party,) not in self._after:
                was = self._state(self._before[(party,)], self._was_made_of[party])
                yield party, {"currency": was["currency"], "before": was, "after": None}

    def _changed(self) -> set[UUID]:
        before, after = self._before, self._after
        found = {
            key[0] for key, row in after.items() if (old := before.get(key)) is None or _WHO(old) != _WHO(row)
        }
        found.update(key[0] for key in before if key not in after)
        stood, stands = self._records_before, self._records_after
        for key, record in stands.items():
            if (known := stood.get(key)) != record:
                found.update(one[_OF] for one in (known, record) if one is not None)
        found.update(record[_OF] for key, record in stood.items() if key not in stands)
        return {party for party in found if (party,) in before or (party,) in after}

    def _standing(self, party: UUID) -> Iterator[tuple[UUID, dict[str, Any]]]:
        row, old = self._after[(party,)], self._before.get((party,))
        others = {
            known[_OF]
            for subject in self._made_of[party]
            if (known := self._records_before.get((subject,))) is not None and known[_OF] != party
        }
        formerly = sorted(one for one in others if (one,) in self._before and (one,) not in self._after)
        self._absorbed.update(formerly)
        of = party
        if old is None and formerly:
            of, old = formerly[0], self._before[(formerly[0],)]
        was = self._state(old, self._was_made_of[of]) if old is not None else None
        now = self._state(row, self._made_of[party])
        reworded = self._reworded(old, row, party) if old is not None else []
        said: dict[str, Any] = {"currency": now["currency"], "before": was, "after": now}
        if reworded:
            said["reworded"] = reworded
        if formerly:
            said["formerly"] = formerly
        if old is None and (parted := sorted(one for one in others if (one,) in self._after)):
            said["parted_from"] = parted
        if was != now or reworded or formerly:
            yield party, said

    @staticmethod
    def _state(row: tuple[Any, ...], records: Mapping[UUID, tuple[Any, ...]]) -> dict[str, Any]:
        """What is told of a party; `parents` and `records` are its sources' records, by their own ids."""
        parents = {record[_PARENT] for record in records.values()} - {None}
        told = dict(zip(TOLD, _TOLD(row), strict=True))
        return {**told, "parents": sorted(parents), "records": sorted(records)}

    def _reworded(self, old: tuple[Any, ...], row: tuple[Any, ...], party: UUID) -> list[str]:
        changed = [name for name, was, now in zip(WORDS, _WORDS(old), _WORDS(row), strict=True) if was != now]
        records = self._records_before
        if any(
            (known := records.get((subject,))) is not None and _AT_SOURCES(known) != _AT_SOURCES(record)
            for subject, record in self._made_of[party].items()
        ):
            changed.append("records")
        return changed


def _made_of(records: Rows, parties: Iterable[UUID]) -> defaultdict[UUID, dict[UUID, tuple[Any, ...]]]:
    """Return the records of these parties, by party and by their own ids."""
    found: defaultdict[UUID, dict[UUID, tuple[Any, ...]]] = defaultdict(dict)
    wanted = set(parties)
    if wanted:
        for (subject,), record in records.items():
            if record[_OF] in wanted:
                found[record[_OF]][subject] = record
    return found
