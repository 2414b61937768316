"""What must add up whatever is said: rows against postings, receipts against where they went, nothing below zero."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from ledger.domain.derive import Derived, Identity, Terms, derive
from ledger.domain.events import subject_id
from ledger.domain.folds import Fact, fold
from tests.ledger.firms import Firm


def identities(seed: int, size: int) -> list[Identity]:
    """Fold the log of a random firm, as the store would."""
    facts: dict[UUID, list[Fact]] = defaultdict(list)
    names: dict[UUID, tuple[str, str, str]] = {}
    for delivery in Firm(UUID(int=1), seed).build(size):
        (event,) = delivery.events
        subject = subject_id(delivery.source, event.kind, event.external_id)
        names[subject] = (delivery.source, event.kind, event.external_id)
        facts[subject].append(
            Fact(
                event.event_type, event.data, event.occurred_at, event.precision, event.sequence, event.digest(),
                event.source_event_id,
            )
        )  # fmt: skip
    states = {subject: fold(found) for subject, found in facts.items()}
    return [Identity(subject, *names[subject], state) for subject, state in states.items() if state]


def check_every_day(made: Derived) -> None:
    """On no day of the past was less than nothing open on a bill, or more than all of it."""
    rows: Any = made.tables
    amounts = {
        row.id: row.amount
        for table in ("invoices", "payables")
        for row in rows[table]
        if row.kind != "credit_note"
    }
    still_open: Counter[UUID] = Counter()
    by_day: dict[tuple[date, UUID], int] = defaultdict(int)
    for posting in made.postings:
        by_day[posting.effective_on, posting.document_id] += posting.amount
    for (_, document), amount in sorted(by_day.items()):
        still_open[document] += amount
        assert document not in amounts or 0 <= still_open[document] <= amounts[document]


def check(made: Derived) -> None:
    """Every sum that a reader could compare."""
    by_document: Counter[tuple[UUID, str]] = Counter()
    by_party: Counter[tuple[UUID, str, str]] = Counter()
    kept_back: Counter[UUID] = Counter()  # what the books say was kept back, and no bill could take
    receipts: set[UUID] = {row.id for row in made.tables["receipts"]}  # type: ignore[attr-defined]
    for posting in made.postings:
        by_document[posting.document_id, posting.side] += posting.amount
        if posting.kind == "deduction" and posting.document_id in receipts:
            kept_back[posting.document_id] -= posting.amount
        by_party[posting.party_id, posting.side, posting.currency] += posting.amount
    rows: Any = made.tables
    for side, table in (("receivable", "invoices"), ("payable", "payables")):
        for row in rows[table]:
            assert by_document[row.id, side] == row.outstanding, row
            assert (
                (row.outstanding <= 0) if row.kind == "credit_note" else (0 <= row.outstanding <= row.amount)
            ), row
    check_every_day(made)
    for row in rows["parties"]:
        assert by_party[row.id, "receivable", row.currency] == row.receivable, row
        assert by_party[row.id, "payable", row.currency] == row.payable, row
    dues: Counter[UUID] = Counter()
    for due in rows["dues"]:
        dues[due.invoice_id] += due.outstanding
    assert all(dues[row.id] == row.outstanding for row in rows["invoices"] if row.kind != "credit_note")
    set_against: Counter[UUID] = Counter()
    for row in rows["allocations"]:
        assert row.amount > 0
        set_against[row.receipt_id] += row.amount if row.kind == "receipt" else 0
    for row in rows["payouts"]:
        assert set_against[row.id] == row.allocated <= row.amount
    for row in rows["receipts"]:
        assert set_against[row.id] == row.allocated <= row.amount - row.refunded
        if row.arrived and row.party_id is not None:
            on_account = -by_document[row.id, "receivable"] - kept_back[row.id]
            assert row.amount == row.refunded + row.allocated + on_account, row
    lines = [row.explained_id for row in rows["bank_lines"] if row.explained_by == "settlement"]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("seed", range(60))
def test_everything_adds_up_and_the_order_of_what_is_read_is_nothing(seed: int) -> None:
    found = identities(seed, 120)
    made = derive(found, Terms())
    check(made)
    random.Random(seed).shuffle(found)
    again = derive(found, Terms())
    assert again.postings == made.postings
    for table, rows in made.tables.items():
        assert sorted(map(repr, again.tables[table])) == sorted(map(repr, rows))
