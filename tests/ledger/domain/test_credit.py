"""May goods go: each reason by itself, the gravest one decides, and the owner's word stands above all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.credit import ASK, NO, YES, CreditStanding, OwnersWord, may_send

TODAY = date(2026, 11, 20)


def standing(**changes: Any) -> CreditStanding:
    """A customer who owes ₹1,00,000 of his limit of ₹3,00,000, nothing late."""
    return CreditStanding(**{"today": TODAY, "net": 10_000_000, "credit_limit": 30_000_000, **changes})


@pytest.mark.parametrize(
    ("changes", "order", "verdict", "code"),
    [
        ({}, None, YES, "within_limit"),
        ({}, 20_000_000, YES, "within_limit"),
        ({}, 20_000_100, ASK, "over_limit"),
        ({}, 27_500_000, ASK, "over_limit"),
        ({}, 27_500_100, NO, "over_limit"),
        ({"credit_limit": None}, 99_999_900, YES, "no_limit"),
        ({"net": -5_000_000, "credit_limit": 1_000_000}, 1_000_000, YES, "within_limit"),
        ({"overdue": 5_000_000, "overdue_days": 15, "usual_days_late": 20}, None, YES, "as_usual"),
        ({"overdue": 5_000_000, "overdue_days": 21, "usual_days_late": 20}, None, ASK, "overdue"),
        ({"overdue": 5_000_000, "overdue_days": 50, "usual_days_late": 20}, None, ASK, "overdue"),
        ({"overdue": 5_000_000, "overdue_days": 51, "usual_days_late": 20}, None, NO, "overdue"),
        ({"overdue": 5_000_000, "overdue_days": 1}, None, ASK, "overdue"),
        ({"promise_broken": True, "promises_broken": 1, "promises_given": 4}, None, ASK, "promise_broken"),
        ({"promise_broken": True, "promises_broken": 2, "promises_given": 4}, None, NO, "promises_broken"),
        ({"promise_broken": False, "promises_broken": 9, "promises_given": 9}, None, YES, "within_limit"),
        ({"cheque_returned_on": TODAY - timedelta(days=90)}, None, NO, "cheque_returned"),
        ({"cheque_returned_on": TODAY - timedelta(days=91)}, None, YES, "within_limit"),
        ({"cheque_returned_on": TODAY, "net": 0}, None, YES, "within_limit"),
        ({"blocked": True}, None, ASK, "question"),
    ],
)  # fmt: skip
def test_a_reason_by_itself(changes: dict[str, Any], order: int | None, verdict: str, code: str) -> None:
    found = may_send(standing(**changes), order)
    assert found.verdict == verdict == found.reasons[0].weight
    assert code in [reason.code for reason in found.reasons if reason.weight == verdict]


def test_the_gravest_reason_decides_and_stands_first() -> None:
    found = may_send(standing(blocked=True, cheque_returned_on=TODAY, overdue=1, overdue_days=3))
    assert found.verdict == NO
    assert [reason.code for reason in found.reasons] == [
        "cheque_returned", "overdue", "question", "within_limit",
    ]  # fmt: skip


def test_the_owners_hold_stands_until_taken_back_and_his_leave_for_a_week() -> None:
    held = OwnersWord(may=False, on=TODAY - timedelta(days=200), by="Ramesh")
    assert may_send(standing(word=held)).verdict == NO
    bad = {"cheque_returned_on": TODAY, "net": 90_000_000}
    for days, verdict in ((0, YES), (7, YES), (8, NO)):
        word = OwnersWord(may=True, on=TODAY - timedelta(days=days), by="Ramesh")
        assert may_send(standing(**bad, word=word)).verdict == verdict
    for_one = OwnersWord(may=True, on=TODAY, by="Ramesh", amount=5_000_000)
    assert may_send(standing(**bad, word=for_one), 5_000_000).verdict == YES
    assert may_send(standing(**bad, word=for_one), 5_000_100).verdict == NO
    assert may_send(standing(**bad, word=for_one)).verdict == NO, "how much is to go isn't known"


@given(
    st.builds(
        CreditStanding,
        today=st.just(TODAY),
        net=st.integers(-(10**12), 10**12),
        credit_limit=st.none() | st.integers(0, 10**12),
        overdue=st.integers(0, 10**12),
        overdue_days=st.integers(0, 4_000),
        usual_days_late=st.none() | st.integers(-30, 400),
        promise_broken=st.booleans(),
        promises_broken=st.integers(0, 9),
        promises_given=st.integers(0, 9),
        cheque_returned_on=st.none() | st.dates(date(2020, 1, 1), TODAY),
        blocked=st.booleans(),
    ),
    st.integers(1, 10**12),
)
def test_a_larger_order_never_makes_the_answer_kinder(known: CreditStanding, order: int) -> None:
    grave = (YES, ASK, NO)
    small, large = may_send(known, order), may_send(known, order * 2)
    assert grave.index(small.verdict) <= grave.index(large.verdict)
    assert small.verdict == max((reason.weight for reason in small.reasons), key=grave.index)
