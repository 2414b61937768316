"""Documents: the same bill in several sources is one document with several claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from ledger.domain.derive.model import Document, Identity, Terms
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.short_forms import Name, join_carried, join_short_forms
from ledger.domain.keys import number_key

_CLOSED = {
    "invoice.voided": "voided",
    "payable.voided": "voided",
    "bill.voided": "voided",
    "invoice.draft": "draft",
}


class Documents:
    """The documents at hand, found by identity, by number within a party, or by a number that only one party has."""

    def __init__(self, rows: Sequence[Document]) -> None:
        self.rows = rows
        self.opening_by_books: dict[UUID, int] = {}
        """Opening balance's anchor → what the books' other entries leave of it."""
        self._by_member = {member.subject: row for row in rows for member in row.members}
        self._by_number: dict[str, list[Document]] = {}
        self._by_external: dict[tuple[str, str, str], Document] = {}
        for row in rows:
            if row.number and row.kind != "credit_note":
                for number in _spellings(row):
                    self._by_number.setdefault(number, []).append(row)
            for member in row.members:
                self._by_external[member.source, member.kind, member.external_id] = row

    def of(self, subject: UUID) -> Document | None:
        """Return the document that an identity (a decision cites one) belongs to."""
        return self._by_member.get(subject)

    def external(self, source: str, external_id: str, *, side: str) -> Document | None:
        """Return the invoice (payable: the bill) that a source calls `external_id`."""
        return self._by_external.get((source, "invoice" if side == "receivable" else "bill", external_id))

    def named(self, number: str, *, side: str, party: UUID, amount: int) -> list[Document]:
        """Return all of a party's documents of that number, as books that state amounts by name mean it: the one with
        exactly `amount` open first, then the oldest."""
        found = [
            row
            for row in self._by_number.get(number_key(number), ())
            if (row.side, row.party) == (side, party)
        ]
        return sorted(found, key=lambda row: (row.remaining != amount, row.issued_on, row.anchor))

    def numbered(
        self, number: str, *, side: str, party: UUID | None, amount: int | None = None
    ) -> Document | None:
        """Return the one document of that number (and party, if known); None if there is none, or several parties'.

        Numbers start again with the financial year: of several of one party it is the one that is open, or that has
        exactly `amount` open; if none is open, the latest.
        """
        found = [
            row
            for row in self._by_number.get(number_key(number), ())
            if row.side == side and (party is None or row.party == party)
        ]
        if len(found) < 2:
            return found[0] if found else None
        if len({row.party for row in found}) > 1:
            return None
        still = [row for row in found if row.remaining > 0]
        exact = [row for row in still if row.remaining == amount]
        chosen = exact or still or found[-1:]
        return chosen[0] if len(chosen) == 1 else None


def build_documents(identities: Iterable[Identity], parties: PartyIndex, terms: Terms) -> Documents:
    """Group invoices and bills by party, number and year; turn them, openings and credit notes into documents."""
    groups: dict[Name, list[Identity]] = {}
    undated: list[Identity] = []
    rows: list[Document | None] = []
    for identity in identities:
        if identity.kind not in ("invoice", "bill", "opening", "credit_note"):
            continue
        party, number = parties.of(identity), identity.data.get("number")
        if identity.kind in ("invoice", "bill") and number:
            issued_on = identity.date("issued_on")
            if party is None or issued_on is None:
                undated.append(identity)
            else:
                name = (identity.kind, number_key(number), party, terms.year(issued_on))
                groups.setdefault(name, []).append(identity)
        elif party is not None:
            rows.append(_document(identity.kind, [identity], party, terms, parties))
    join_carried(groups, _believed, terms)
    join_short_forms(groups, _believed)
    _place_undated(groups, undated, parties)
    rows += [
        _document(kind, part, party, terms, parties)
        for (kind, _, party, _), members in groups.items()
        for part in _apart(members)
    ]
    found_rows = [row for row in rows if row is not None]
    found_rows.sort(key=lambda row: (row.issued_on, row.anchor))
    return Documents(found_rows)


def _spellings(row: Document) -> set[str]:
    """Return the keys of all numbers under which its sources know it."""
    numbers = {row.number, *(member.data.get("number") for member in row.members[1:])}
    return {number_key(number) for number in numbers if number}


def _believed(members: list[Identity]) -> Identity | None:
    """Return whose amount and date count of several claims."""
    return _best(_by_trust(members)[1]) if len(members) > 1 else _best(members)


def _apart(members: list[Identity]) -> list[list[Identity]]:
    """Part the records of one number that stand side by side in the same books: numbers may begin anew each month.

    What other sources and snapshots say of the number stays with the first of them.
    """
    first: set[str] = set()
    more: list[Identity] = []
    for member in sorted(members, key=lambda identity: identity.subject):
        if member.source.startswith("books:") and _stands(member):
            if member.source in first:
                more.append(member)
            first.add(member.source)
    return [[m for m in members if m not in more], *([m] for m in more)] if more else [members]


def _place_undated(groups: dict[Name, list[Identity]], undated: list[Identity], parties: PartyIndex) -> None:
    """Put what says no date or no party to the latest document of its number, if only one party has one."""
    by_number: dict[tuple[str, str], list[Name]] = {}
    for name in sorted(groups):
        by_number.setdefault(name[:2], []).append(name)
    for identity in undated:
        party, key = parties.of(identity), number_key(identity.data["number"])
        found = [n for n in by_number.get((identity.kind, key), ()) if party is None or n[2] == party]
        if len({name[2] for name in found}) == 1:
            groups[found[-1]].append(identity)
        elif party is not None:
            groups.setdefault((identity.kind, key, party, 0), []).append(identity)


def _document(
    kind: str, members: list[Identity], party: UUID, terms: Terms, parties: PartyIndex
) -> Document | None:
    """Build one document from all who describe it; None while nobody has stated its amount."""
    members, living = _by_trust(members)
    best = _best(living)
    if best is None:
        return None
    side = "payable" if kind == "bill" or best.data.get("side") == "payable" else "receivable"
    issued_on = best.day(terms, "issued_on", "as_on")
    document = Document(
        anchor=min(member.subject for member in members),
        side=side,
        kind=kind,
        members=members,
        party=party,
        number=best.data.get("number"),
        issued_on=issued_on,
        amount=best.data["amount"],
        currency=best.data["currency"],
        base=best.data.get("base"),
        closed=_closed(living, best),
    )
    if kind != "credit_note":
        _set_dues(document, living, parties, terms)
        _set_reserve(document, living, terms)
    return document


def stated_by(
    document: Document, members: Sequence[Identity], parties: PartyIndex, terms: Terms
) -> Document | None:
    """Return the document as only some of those who describe it have it; None where they state no amount."""
    return _document(document.kind, list(members), document.party, terms, parties)


def _by_trust(members: list[Identity]) -> tuple[list[Identity], list[Identity]]:
    """Return all who describe a document, the most trusted first, and those of them that count.

    A record that its source voided doesn't, where the same source has another of that number that stands: a bill
    that was deleted and entered anew. A snapshot is no such record.
    """
    ranked = sorted(members, key=lambda identity: identity.trust)
    standing = {member.source for member in ranked if _stands(member)}
    living = [member for member in ranked if not _voids(member) or member.source not in standing]
    return [*living, *(member for member in ranked if member not in living)], living


def _stands(member: Identity) -> bool:
    """Whether it is a record of its own that counts: not voided, and no snapshot."""
    return not _voids(member) and member.state.get("precision") != "observed"


def _voids(member: Identity) -> bool:
    return _CLOSED.get(_closing(member)) == "voided"


def _best(living: Sequence[Identity]) -> Identity | None:
    """Return whose amount counts: the most trusted's; of a source's snapshots, which state what was left, the largest."""
    stated = [member for member in living if member.data.get("amount") is not None]
    if not stated or stated[0].state.get("precision") != "observed":
        return stated[0] if stated else None
    return max(
        (member for member in stated if member.source == stated[0].source), key=lambda m: m.data["amount"]
    )


def _closed(members: list[Identity], best: Identity) -> str | None:
    """Voided if a tool that keeps books says so, or anyone where none of them has it; a draft by the best's word.

    A link that expired at the gateway, or a CRM's word, doesn't end a debt that stands in the books.
    """
    keepers = [m for m in members if m.source.partition(":")[0] in ("books", "standard")] or members
    words = [_CLOSED.get(_closing(member)) for member in keepers]
    if "voided" in words:
        return "voided"
    return _CLOSED.get(_closing(best))


def _closing(member: Identity) -> str:
    return (
        "invoice.voided"
        if member.type == "credit_note.voided"
        else member.type
        if member.type.endswith(".voided")
        else str(member.data.get("status"))
    )


def _set_dues(document: Document, members: list[Identity], parties: PartyIndex, terms: Terms) -> None:
    """Take the dues that are stated; else the credit days that were agreed when it was issued."""
    stated = next((member.data["dues"] for member in members if member.data.get("dues")), None)
    if stated and sum(due["amount"] for due in stated) == document.amount:
        document.dues = [
            (
                date.fromisoformat(due["due_on"]) if due.get("due_on") else None,
                due.get("label"),
                due["amount"],
            )
            for due in stated
        ]
    else:
        due_on = next((day for member in members if (day := member.date("due_on"))), None)
        if due_on is None and document.kind != "opening":
            days = parties.value_on(document.party, "terms_days", document.issued_on, terms)
            due_on = None if days is None else document.issued_on + timedelta(days=days)
        document.dues = [(due_on, None, document.amount)]
    document.dues.sort(key=lambda due: (due[0] is None, due[0] or date.max, due[1] or "", due[2]))
    document.due_on = document.dues[0][0]


def _set_reserve(document: Document, members: list[Identity], terms: Terms) -> None:
    """Take the books' word for what was paid before our log begins; for our own bills, any source's word."""
    for member in members:
        paid = member.data.get("paid")
        if document.side == "payable" and member.status == "payable.paid":
            paid = document.amount
        trusted = document.side == "payable" or member.source.startswith("books:")
        if paid and trusted and min(paid, document.amount) > document.reserve:
            document.reserve = min(paid, document.amount)
            document.reserve_on = member.day(terms)
    seen = [m for m in members if m.data.get("outstanding") is not None and m.source.startswith("books:")]
    if seen:
        last = max(seen, key=lambda member: (member.at, member.subject))
        paid = max(document.amount - last.data["outstanding"], 0)
        if paid > document.reserve:
            document.reserve, document.reserve_on = paid, last.day(terms)
            document.reserve_of_all = True
