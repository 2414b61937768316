"""Parties: source identities joined into one. An identical GSTIN joins by itself, and a merge within one source;
people join and part the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from ledger.domain.derive.attributes import held_on
from ledger.domain.derive.model import Groups, Identity, Terms, latest_words, row_id
from ledger.domain.events import subject_id
from ledger.domain.keys import bank_name, gstin_key, name_key, number_key
from ledger.domain.rows import PartyIdentityRow


@dataclass(slots=True)
class _Node:
    source: str
    external_id: str
    explicit: Identity | None = None
    mentioned: dict[str, Any] = field(default_factory=dict)
    """What documents say of it; of several the one with the smallest identity."""

    def value(self, name: str) -> Any:
        if self.explicit is not None and (found := self.explicit.data.get(name)) is not None:
            return found
        return self.mentioned.get(name)


class PartyIndex:
    """Who is who among the identities at hand; a party is known by its root, the smallest of its identities."""

    def __init__(self, identities: Iterable[Identity], *, decisions: Iterable[Identity]) -> None:
        self._nodes: dict[UUID, _Node] = {}
        joined, parted = latest_words(decisions, join="parties.linked", part="parties.unlinked")
        self._groups = Groups(parted)
        self._rows: dict[UUID, UUID] = {}
        self._order: dict[UUID, list[_Node]] = {}
        for identity in identities:
            self._read(identity)
        self._members: dict[UUID, list[UUID]] = {}
        self._join(joined)
        for subject in sorted(self._nodes):
            self._members.setdefault(self._groups.root(subject), []).append(subject)

    def _read(self, identity: Identity) -> None:
        if identity.kind == "party":
            node = self._nodes.setdefault(identity.subject, _Node(identity.source, identity.external_id))
            node.explicit = identity
            return
        party = identity.data.get("party")
        if not isinstance(party, dict) or identity.source == "operator":
            return
        subject = identity.party_subject
        assert subject is not None
        if subject not in self._nodes:
            external_id = party.get("id") or f"name:{name_key(party['name'])}"
            self._nodes[subject] = _Node(identity.source, external_id)
        node = self._nodes[subject]
        for name, value in party.items():
            if value is not None:
                node.mentioned.setdefault(name, value)

    def _join(self, joined: Iterable[tuple[UUID, UUID]]) -> None:
        by_gstin: dict[str, list[UUID]] = {}
        by_record: dict[tuple[str, str], UUID] = {}
        for subject in sorted(self._nodes):
            node = self._nodes[subject]
            if node.explicit is not None and (record := node.explicit.data.get("record")):
                self._groups.join(by_record.setdefault((node.source, record), subject), subject)
            if (into := self._merged_into(subject)) is not None:
                self._groups.join(subject, into)
        for subject in sorted(self._nodes):
            if gstin := joining_gstin(self._nodes[subject].value("gstin")):
                by_gstin.setdefault(gstin, []).append(subject)
        for one, other in joined:
            self._groups.join(one, other)
        for first, *rest in by_gstin.values():
            for other in rest:
                self._groups.join(first, other)

    def _merged_into(self, subject: UUID) -> UUID | None:
        """The record that its own source made one with it, if that one is at hand."""
        node = self._nodes[subject]
        into = node.explicit.data.get("into") if node.explicit is not None else None
        found = subject_id(node.source, "party", into) if into else None
        return found if found in self._nodes else None

    def _parent(self, subject: UUID) -> UUID | None:
        """The record that its own source calls its parent, whether that is at hand or not."""
        node = self._nodes[subject]
        parent = node.value("parent")
        found = subject_id(node.source, "party", parent) if parent else None
        return found if found != subject else None

    def of(self, identity: Identity) -> UUID | None:
        """Return the root of the party that an identity names, or None."""
        subject = identity.party_subject
        return None if subject is None else self._groups.root(subject)

    def root(self, subject: UUID) -> UUID:
        """Return the root of a party identity."""
        return self._groups.root(subject)

    def row(self, root: UUID) -> UUID:
        """Return the row id of a party."""
        found = self._rows.get(root)
        if found is None:
            found = self._rows[root] = row_id("party", root)
        return found

    def roots(self) -> list[UUID]:
        """Return all parties at hand, sorted."""
        return sorted(self._members)

    def is_explicit(self, root: UUID) -> bool:
        """Return whether a source named the party in its own right, not only in a document."""
        return any(self._nodes[subject].explicit is not None for subject in self._members.get(root, ()))

    def value(self, root: UUID, name: str) -> Any:
        """Return an attribute by order of belief: named in its own right first, books before CRM."""
        for node in self._ranked(root):
            if (value := node.value(name)) is not None:
                return value
        return None

    def value_on(self, root: UUID, name: str, day: date, terms: Terms) -> Any:
        """Return an attribute as it held on a day, by the same order of belief."""
        for node in self._ranked(root):
            if node.explicit is not None and (value := held_on(node.explicit, name, day, terms)) is not None:
                return value
            if (value := node.mentioned.get(name)) is not None:
                return value
        return None

    def name(self, root: UUID) -> str:
        """Return the party's name; its source's id where no source says a name."""
        found: str | None = self.value(root, "name")
        if found:
            return found
        nodes = self._ranked(root)
        return nodes[0].external_id if nodes else "Unknown"

    def bank_names(self, root: UUID) -> set[str]:
        """Return every name of the party as a bank would squeeze it."""
        nodes = (self._nodes[subject] for subject in self._members.get(root, ()))
        return {squeezed for node in nodes if (squeezed := bank_name(node.value("name")))}

    def pan(self, root: UUID) -> str | None:
        """Return the PAN: as stated, else the ten characters within the GSTIN."""
        if stated := self.value(root, "pan"):
            return number_key(stated)
        gstin = gstin_key(self.value(root, "gstin"))
        return gstin[2:12] if gstin else None

    def rows(self, roots: Iterable[UUID]) -> list[PartyIdentityRow]:
        """Return the identity rows of the parties that are kept."""
        return [
            PartyIdentityRow(
                subject=subject,
                party_id=self.row(root),
                anchor=root,
                source=self._nodes[subject].source,
                external_id=self._nodes[subject].external_id,
                name=self._nodes[subject].value("name"),
                url=self._nodes[subject].value("url"),
                parent=self._parent(subject),
            )
            for root in roots
            for subject in self._members.get(root, ())
        ]

    def _ranked(self, root: UUID) -> list[_Node]:
        found = self._order.get(root)
        if found is None:
            ranked = sorted(
                self._members.get(root, ()), key=lambda subject: _belief(subject, self._nodes[subject])
            )
            found = self._order[root] = [self._nodes[subject] for subject in ranked]
        return found


def by_belief(identities: Iterable[Identity]) -> list[Identity]:
    """Return what sources say of one party in its own right, the most believed first."""
    nodes = ((i, _Node(i.source, i.external_id, explicit=i)) for i in identities)
    return [i for i, _ in sorted(nodes, key=lambda pair: _belief(pair[0].subject, pair[1]))]


def joining_gstin(stated: str | None) -> str | None:
    """Return a GSTIN that tells who somebody is: it looks like one, which `UNREGISTERED-NA` and fifteen noughts don't.

    The character at its end isn't proved: who typed it wrong twice means the same party both times.
    """
    gstin = gstin_key(stated)
    return gstin if gstin and _LOOKS_VALID.fullmatch(gstin) and any(map(str.isalpha, gstin)) else None


def _belief(subject: UUID, node: _Node) -> tuple[bool, bool, bool, int, int, UUID]:
    """Named in its own right before mentioned, standing before merged away, then as sources are believed; of one
    source's names for it the latest."""
    state = _SNAPSHOT if node.explicit is None else node.explicit.state
    merged = "into" in state["data"]
    snapshot, family, _ = Identity(subject, node.source, "party", "", state).trust
    return (node.explicit is None, merged, snapshot, family, -state["data"].get("revision", 0), subject)


_LOOKS_VALID = re.compile(r"(?!00)\d\d(?=.*\d)[0-9A-Z]{13}")
_SNAPSHOT: Mapping[str, Any] = {"type": "party.upserted", "data": {}, "precision": "observed"}
