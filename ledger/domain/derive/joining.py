"""Which claims are the same money: by reference, by people's word, by name and amount, by the bill that both pay."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from ledger.domain.derive.model import Groups, Identity, latest_words
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.recognise import unlearned
from ledger.domain.keys import cheque_numbers, number_key, payer_handles, told_words, utr_key

_CAME_BACK = frozenset(["payment.reversed", "payout.reversed", "cheque.returned", "cheque.replaced"])
_SOONER, _LATER = timedelta(days=3), timedelta(days=7)
"""How far the bank's day may lie before and after the day of the books, for the same money."""


def keeps_books(claim: Identity) -> bool:
    """Whether its source keeps the books: what it says went through a bank can be told in the bank's lines."""
    return claim.source.partition(":")[0] in ("books", "standard")


def settled_claims(claims: Sequence[Identity], lines: Sequence[Identity]) -> set[UUID]:
    """Return what the books entered of a gateway's settlements, as money from the gateway: their lines show it."""
    books = [claim for claim in claims if keeps_books(claim) and claim.data["amount"]]
    shown = {(key, line.data["amount"]) for line in lines for key in money_keys(line)}
    by_reference = {
        claim.subject
        for claim in books
        if any((key, claim.data["amount"]) in shown for key in money_keys(claim))
    }
    return by_reference | {claim for claim, _ in _by_name(books, lines, parted=())}


def joined(
    claims: Sequence[Identity],
    bank: Sequence[Identity],
    decisions: Sequence[Identity],
    parties: PartyIndex,
    *,
    returned: Collection[UUID] = (),
) -> list[list[Identity]]:
    """Return the groups of identities that are the same money; `returned`: lines that the bank took back later."""
    pool = {identity.subject: identity for identity in (*claims, *bank)}
    confirmed, parted = latest_words(decisions, join="link.confirmed", part="link.rejected")
    groups = Groups(parted)
    for one, other in confirmed:
        if one in pool and other in pool:
            groups.join(one, other)
    for one, other in _by_mark(claims, pool):
        groups.join(one, other)
    by_utr: dict[str, tuple[list[Identity], list[Identity]]] = defaultdict(lambda: ([], []))
    for side, identities in ((0, claims), (1, bank)):
        for identity in identities:
            for key in money_keys(identity):
                by_utr[key][side].append(identity)
    taken: set[UUID] = set()
    for key in sorted(by_utr):
        for one, other in _same_money(*by_utr[key], taken=taken, parted=parted, returned=returned):
            groups.join(one, other)
    for one, other in _by_name(*_alone(groups, claims, bank), parted=parted):
        groups.join(one, other)
    told = _told_parties(groups, claims, bank, decisions, parties)
    for one, other in _by_payer(*_alone(groups, claims, bank), told=told, parties=parties, parted=parted):
        groups.join(one, other)
    loose, _ = _alone(groups, claims, bank)
    for one, other in _by_bill(loose, parted=parted):
        groups.join(one, other)
    gathered: dict[UUID, list[Identity]] = defaultdict(list)
    for subject in sorted(pool):
        gathered[groups.root(subject)].append(pool[subject])
    return list(gathered.values())


def _by_mark(claims: Sequence[Identity], pool: Mapping[UUID, Identity]) -> Iterable[tuple[UUID, UUID]]:
    """Pair what the books entered from our own import file with the money that it was made of."""
    named = {str(subject): subject for subject in pool} if any(c.references("marks") for c in claims) else {}
    for claim in claims:
        for mark in claim.references("marks") if keeps_books(claim) and claim.data.get("amount") else ():
            if mark in named:
                yield claim.subject, named[mark]


def _alone(groups: Groups, *sides: Sequence[Identity]) -> list[list[Identity]]:
    """Return of each side what is joined with nothing yet."""
    sizes = Counter(groups.root(identity.subject) for side in sides for identity in side)
    return [[i for i in side if sizes[groups.root(i.subject)] == 1] for side in sides]


def _by_name(
    claims: Sequence[Identity], bank: Sequence[Identity], *, parted: Collection[frozenset[UUID]]
) -> Iterable[tuple[UUID, UUID]]:
    """Pair what no reference joins: the same amount, a name in common, days near each other; the nearest first.

    Where two parties answer to the bank's words alike, nothing is paired.
    """
    by_word: dict[tuple[int, str, str], list[Identity]] = defaultdict(list)
    for claim in claims:
        for word in told_words(claim.source, claim.kind, claim.data):
            by_word[claim.data["amount"], claim.data["currency"], word].append(claim)
    pairs: list[tuple[timedelta, UUID, UUID]] = []
    for line in bank:
        posted_on = line.date("posted_on")
        words = told_words(line.source, line.kind, line.data)
        near = {
            claim.subject: (claim, gap)
            for word in words
            for claim in by_word.get((line.data["amount"], line.data["currency"], word), ())
            if (paid_on := claim.date("paid_on")) is not None
            and posted_on is not None
            and -_SOONER <= (gap := posted_on - paid_on) <= _LATER
            and frozenset((claim.subject, line.subject)) not in parted
        }
        if len({claim.party_subject for claim, _ in near.values()}) == 1:
            pairs += [(abs(gap), claim.subject, line.subject) for claim, gap in near.values()]
    taken: set[UUID] = set()
    for _, one, other in sorted(pairs):
        if one not in taken and other not in taken:
            taken.update((one, other))
            yield one, other


def _told_parties(
    groups: Groups,
    claims: Sequence[Identity],
    bank: Sequence[Identity],
    decisions: Sequence[Identity],
    parties: PartyIndex,
) -> dict[UUID, UUID]:
    """Return whose money a bank line is by people's word, or by its payer's handle if he pays for one party only."""
    once = unlearned(decisions)
    decided = {
        UUID(decision.data["receipt"]): parties.root(UUID(decision.data["party"]))
        for decision in sorted(decisions, key=lambda decision: (decision.at, decision.subject))
        if decision.type == "allocation.decided" and decision.data.get("party")
    }
    owner = {
        groups.root(claim.subject): party for claim in claims if (party := parties.of(claim)) is not None
    }
    of_handle: dict[str, set[UUID]] = defaultdict(set)
    for line in bank:
        party = decided.get(line.subject) or owner.get(groups.root(line.subject))
        if party is not None and line.subject not in once:
            for handle in payer_handles(line.data.get("payer")):
                of_handle[handle].add(party)
    told = {}
    for line in bank:
        known = [of_handle[handle] for handle in payer_handles(line.data.get("payer")) if handle in of_handle]
        if line.subject in decided:
            told[line.subject] = decided[line.subject]
        elif known and len(known[0]) == 1:
            told[line.subject] = next(iter(known[0]))
    return told


def _by_payer(
    claims: Sequence[Identity],
    bank: Sequence[Identity],
    *,
    told: Mapping[UUID, UUID],
    parties: PartyIndex,
    parted: Collection[frozenset[UUID]],
) -> Iterable[tuple[UUID, UUID]]:
    """Pair what the books enter for a party with the line that is known to be that party's money, whatever name the
    bank writes: one amount, days near each other; the nearest first."""
    by_party: dict[tuple[UUID, int, str], list[Identity]] = defaultdict(list)
    for claim in claims:
        party = parties.of(claim)
        through_bank = claim.data.get("into") == "bank" or claim.kind in ("payout", "cheque")
        if party is not None and through_bank and keeps_books(claim):
            by_party[party, claim.data["amount"], claim.data["currency"]].append(claim)
    pairs = []
    for line in bank if by_party else ():
        posted_on = line.date("posted_on")
        key = (told.get(line.subject, line.subject), line.data["amount"], line.data["currency"])
        for claim in by_party.get(key, ()):
            day = claim.date("paid_on") or claim.date("on") or claim.date("dated_on")
            if day is None or posted_on is None or frozenset((claim.subject, line.subject)) in parted:
                continue
            if -_SOONER <= posted_on - day <= _LATER:
                pairs.append((abs(posted_on - day), claim.subject, line.subject))
    taken: set[UUID] = set()
    for _, one, other in sorted(pairs):
        if one not in taken and other not in taken:
            taken.update((one, other))
            yield one, other


def _by_bill(
    claims: Sequence[Identity], *, parted: Collection[frozenset[UUID]]
) -> Iterable[tuple[UUID, UUID]]:
    """Pair the gateway's capture with the books' entry of it: one bill named by both, one amount, days near each other.

    The books may enter the amount before or after the gateway's charges; those stand beside it as kept back.
    """
    captured: dict[tuple[str, int, str], list[Identity]] = defaultdict(list)
    for claim in claims:
        if claim.source.startswith("payment:") and claim.type == "payment.received":
            for bill in _bills_named(claim):
                captured[bill, claim.data["amount"], claim.data["currency"]].append(claim)
    taken: set[UUID] = set()
    for claim in claims:
        paid_on = claim.date("paid_on")
        if not keeps_books(claim) or claim.type != "payment.received" or paid_on is None:
            continue
        whole = claim.data["amount"] + sum(part["amount"] for part in claim.data.get("deductions") or ())
        near = {
            (abs(gap), other.subject)
            for bill in _bills_named(claim)
            for other in captured.get((bill, whole, claim.data["currency"]), ())
            if -_SOONER <= (gap := paid_on - (other.date("paid_on") or other.at.date())) <= _LATER
            and other.subject not in taken
            and frozenset((claim.subject, other.subject)) not in parted
        }
        if near:
            _, subject = min(near)
            taken.add(subject)
            yield claim.subject, subject


def _bills_named(claim: Identity) -> set[str]:
    named = [part["number"] for part in claim.data.get("settles") or () if part.get("number")]
    return {number_key(number) for number in (*named, *claim.references("invoices"))}


def money_keys(identity: Identity) -> set[str]:
    """Return the references by which money is known in several places: UTR, and a cheque's number with its amount."""
    if identity.data.get("amount") == 0:
        return set()  # the books took it back: it says nothing of the bank's line any more
    keys = {f"utr:{utr_key(item)}" for item in identity.references("utr") if utr_key(item)}
    amount = identity.data.get("amount")
    keys |= {f"chq:{number}:{amount}" for number in cheque_numbers(identity.kind, identity.data)}
    if identity.kind == "cheque":
        if number := utr_key(identity.data.get("number") or ""):
            keys.add(f"chq:{number}:{identity.data['amount']}")
    elif identity.kind == "bank_line" and identity.data.get("channel") == "CHEQUE":
        words = [*identity.references("tokens"), *identity.references("utr")]
        keys |= {
            f"chq:{utr_key(word)}:{identity.data['amount']}"
            for word in words
            if word.isdigit() and utr_key(word)
        }
    return keys


def _same_money(
    claims: list[Identity],
    bank: list[Identity],
    *,
    taken: set[UUID],
    parted: Collection[frozenset[UUID]],
    returned: Collection[UUID],
) -> Iterable[tuple[UUID, UUID]]:
    """Pair claims and bank lines of one reference: one line a claim, by equal amount first, then by sum."""
    by_source: dict[str, list[Identity]] = defaultdict(list)
    for claim in claims:
        by_source[claim.source].append(claim)
    first, *others = [by_source[source] for source in sorted(by_source)] or [[]]
    for rows in others:
        yield from _by_amount(first, rows, parted=parted)
    free = [line for line in bank if line.subject not in taken]
    for rows in (first, *others):
        pairs = list(_by_amount(rows, free, parted=parted, returned=returned))
        if not pairs and len(free) == 1 and rows:
            total = sum(row.data["amount"] for row in rows)
            if len(rows) == 1 or total == free[0].data["amount"]:
                pairs = [
                    (row.subject, free[0].subject)
                    for row in rows
                    if frozenset((row.subject, free[0].subject)) not in parted
                ]
        taken.update(line for _, line in pairs)
        yield from pairs


def _by_amount(
    rows: Sequence[Identity],
    others: Sequence[Identity],
    *,
    parted: Collection[frozenset[UUID]],
    returned: Collection[UUID] = (),
) -> Iterable[tuple[UUID, UUID]]:
    """Pair rows of one amount, the earliest line first; a cheque that stands is none of the times it was returned."""
    left: dict[tuple[int, str], list[UUID]] = defaultdict(list)
    for other in sorted(others, key=lambda one: (one.data.get("posted_on") or "", one.subject)):
        left[other.data["amount"], other.data["currency"]].append(other.subject)
    for row in sorted(rows, key=lambda identity: identity.subject):
        matches = left.get((row.data["amount"], row.data["currency"]), [])
        free = [other for other in matches if frozenset((row.subject, other)) not in parted]
        if free:
            came_back = row.type in _CAME_BACK
            chosen = next((other for other in free if (other in returned) == came_back), free[0])
            matches.remove(chosen)
            yield row.subject, chosen
