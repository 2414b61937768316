"""Attributes that hold from a day on: a change of today says nothing of last quarter, in whatever order it is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.derive import Identity, Terms
from ledger.domain.derive.attributes import Held, held_on, history
from ledger.domain.derive.parties import joining_gstin
from ledger.domain.events import subject_id
from ledger.domain.folds import DATED, Fact, fold
from tests.ledger.domain.test_derive import BOOKS, SHARMA, bill, only, said, world

T0 = datetime(2026, 4, 1, 6, tzinfo=UTC)


def told(day: int, *, precision: str = "instant", sequence: int = 0, **data: Any) -> Fact:
    seed = repr((day, precision, sequence, sorted(data.items(), key=str)))
    if sequence:
        data["revision"] = sequence
    return Fact(
        "party.upserted",
        data,
        T0 + timedelta(days=day),
        precision,
        sequence,
        seed.encode(),
        seed,
    )


def party(*facts: Fact) -> Identity:
    state = fold(facts)
    assert state is not None
    return Identity(subject_id(BOOKS, "party", "c1"), BOOKS, "party", "c1", state)


FACTS = st.builds(
    told,
    st.integers(0, 6),
    precision=st.sampled_from(["instant", "observed", "day"]),
    sequence=st.sampled_from([0, 0, 1, 2, 3]),
    name=st.sampled_from(["Sharma Traders", "Sharma & Sons"]),
    terms_days=st.sampled_from([None, 15, 30, 45]),
    owner=st.sampled_from([None, "o1", "o2"]),
)


@given(st.lists(FACTS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_what_held_when_is_the_same_in_any_order_and_however_often_it_is_told(
    facts: list[Fact], chance: Any
) -> None:
    shuffled = facts + facts[: len(facts) // 2]
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(facts)


@given(st.lists(FACTS, min_size=1, max_size=8))
def test_only_changes_are_kept_each_later_than_the_one_before(facts: list[Fact]) -> None:
    state = fold(facts) or {}
    for name, changes in state.get("changes", {}).items():
        assert name in DATED
        assert [at for at, _ in changes] == sorted({at for at, _ in changes})
        assert all(one[1] != other[1] for one, other in pairwise(changes))


@given(st.lists(FACTS.filter(lambda fact: fact.precision != "day"), min_size=1, max_size=8))
def test_the_last_value_is_the_present_one(facts: list[Fact]) -> None:
    one = party(*facts)
    for name in DATED:
        assert held_on(one, name, date(2030, 1, 1), Terms()) == one.data.get(name)


def test_one_telling_keeps_nothing_but_itself() -> None:
    assert set(party(told(0, terms_days=30)).state) == {
        "type", "at", "event", "word", "precision", "data",
    }  # fmt: skip


def test_the_first_value_reaches_back_and_a_change_holds_from_its_day() -> None:
    for order in permutations([told(0, name="S"), told(10, terms_days=30), told(20, terms_days=15)]):
        one = party(*order)
        assert history(one, "terms_days", Terms()) == [
            Held(30, None, date(2026, 4, 11)),
            Held(15, date(2026, 4, 21), date(2026, 4, 21)),
        ]
        assert history(one, "name", Terms()) == [Held("S", None, date(2026, 4, 1))]


def test_the_same_seen_again_is_no_change() -> None:
    one = party(*(told(day, precision="observed", terms_days=30) for day in (0, 5, 9)))
    assert history(one, "terms_days", Terms()) == [Held(30, None, date(2026, 4, 1))]


def test_what_an_edit_of_a_whole_record_leaves_out_holds_no_more() -> None:
    facts = [
        told(0, precision="observed", sequence=1, terms_days=30, name="S"),
        told(9, precision="observed", sequence=2, name="S"),
    ]
    for order in permutations(facts):
        one = party(*order)
        assert held_on(one, "terms_days", date(2026, 4, 5), Terms()) == 30
        assert held_on(one, "terms_days", date(2026, 4, 10), Terms()) is None


def customer(*facts: Fact) -> Identity:
    return party(*facts)


@pytest.mark.parametrize(
    ("issued_on", "due_on"),
    [("2026-03-01", "2026-03-31"), ("2026-04-20", "2026-05-20"), ("2026-04-21", "2026-05-06")],
)
def test_a_bill_is_due_by_the_terms_in_force_on_its_day(issued_on: str, due_on: str) -> None:
    who = customer(told(0, name="Sharma Traders", terms_days=30), told(20, terms_days=15))
    made = world(who, bill("INV-1", 100_00, issued_on=issued_on, due_on=None))
    assert only(made, "invoices").due_on == date.fromisoformat(due_on)
    assert only(made, "parties").terms_days == 15


def test_a_stated_due_date_goes_before_any_terms() -> None:
    who = customer(told(0, name="Sharma Traders", terms_days=30), told(20, terms_days=15))
    assert only(world(who, bill("INV-1", 100_00)), "invoices").due_on == date(2026, 9, 15)


@pytest.mark.parametrize(
    ("stated", "joins"),
    [
        ("27AAPFU0939F1ZV", True),
        ("27 aapfu 0939f 1zx", True),  # typed wrong both times: it still means the same
        ("UNREGISTEREDNA0", False),
        ("000000000000000", False),
        ("27AAPFU0939F1Z", False),
    ],
)
def test_only_what_looks_like_a_gstin_joins_by_itself(stated: str, joins: bool) -> None:
    crm = said("crm:hubspot", "party.upserted", "h1", name="Sharma", gstin=stated)
    books = said(BOOKS, "party.upserted", SHARMA["id"], name="Sharma Traders", gstin=stated)
    assert bool(joining_gstin(stated)) is joins
    assert len(world(crm, books).tables["parties"]) == (1 if joins else 2)
