"""Stage one: whatever order facts come in, the state is the same; final facts stay, snapshots go by rank."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.folds import Fact, fold

T0 = datetime(2026, 11, 1, tzinfo=UTC)


def fact(
    event_type: str, minute: int = 0, *, precision: str = "instant", flag: str | None = None, **data: Any
) -> Fact:
    moment = T0 + timedelta(minutes=minute)
    seed = repr((event_type, minute, precision, sorted(data.items(), key=str)))
    return Fact(event_type, data, moment, precision, 0, seed.encode(), seed, flag=flag)


PAYMENT_FACTS = st.builds(
    fact,
    st.sampled_from(["payment.authorised", "payment.failed", "payment.received", "payment.reversed"]),
    st.integers(0, 5),
    precision=st.sampled_from(["instant", "day", "observed"]),
    amount=st.sampled_from([100, 200]),
    currency=st.just("INR"),
    refunded=st.sampled_from([None, 10, 20]),
    references=st.sampled_from([None, {"utr": ["A"]}, {"utr": ["B"], "orders": ["o"]}]),
)


@given(st.lists(PAYMENT_FACTS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_difference(facts: list[Fact], chance: Any) -> None:
    shuffled = facts + facts[: len(facts) // 2]
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(facts)


def test_of_two_that_say_the_same_the_same_one_is_cited_whichever_came_first() -> None:
    told = [
        replace(fact("payment.received", 1, amount=5), source_event_id=name) for name in ("evt_1", "page_1")
    ]
    assert fold(told) == fold(told[::-1])


def test_a_late_failure_does_not_undo_a_capture() -> None:
    state = fold([fact("payment.received", 1, amount=5), fact("payment.failed", 9, amount=5)])
    assert state is not None
    assert state["type"] == "payment.received"


def test_a_late_authorisation_revives_a_failed_payment() -> None:
    state = fold([fact("payment.failed", 1, amount=5), fact("payment.authorised", 9, amount=5)])
    assert state is not None
    assert state["type"] == "payment.authorised"


def test_a_reversal_ends_a_capture() -> None:
    state = fold([fact("payment.reversed", 2, amount=5), fact("payment.received", 3, amount=5)])
    assert state is not None
    assert state["type"] == "payment.reversed"


def test_a_snapshot_advances_by_rank_and_never_by_time() -> None:
    later_seen_lower = [
        fact("payment.received", 1, amount=5),
        fact("payment.authorised", 99, precision="observed", amount=5),
    ]
    assert (fold(later_seen_lower) or {})["type"] == "payment.received"
    seen_higher = [
        fact("payment.authorised", 9, amount=5),
        fact("payment.received", 1, precision="observed", amount=5),
    ]
    assert (fold(seen_higher) or {})["type"] == "payment.received"


def test_flagged_facts_wait() -> None:
    assert fold([fact("payment.received", 1, amount=5, flag="future")]) is None
    state = fold(
        [fact("payment.authorised", 1, amount=5), fact("payment.received", 2, amount=5, flag="unmapped")]
    )
    assert state is not None
    assert state["type"] == "payment.authorised"


def test_references_are_gathered_and_refunds_only_grow() -> None:
    state = fold(
        [
            fact("payment.received", 1, amount=5, refunded=3, references={"utr": ["B"]}),
            fact("payment.received", 2, amount=5, refunded=1, references={"utr": ["A"], "orders": ["o"]}),
        ]
    )
    assert state is not None
    assert state["data"]["references"] == {"utr": ["A", "B"], "orders": ["o"]}
    assert state["data"]["refunded"] == 3


def test_the_books_may_take_back_a_paid_status() -> None:
    states = [
        fact("invoice.status_reported", n, status=s) for n, s in enumerate(("invoice.paid", "invoice.issued"))
    ]
    assert (fold(states) or {})["data"]["status"] == "invoice.issued"


def test_what_was_seen_failed_and_then_authorised_is_authorised_whichever_was_seen_by_a_poll() -> None:
    for precisions in (("observed", "instant"), ("instant", "observed"), ("observed", "observed")):
        failed, authorised = (
            fact(event_type, minute, precision=precision, amount=5)
            for minute, (event_type, precision) in enumerate(
                zip(("payment.failed", "payment.authorised"), precisions, strict=True)
            )
        )
        assert (fold([failed, authorised]) or {})["type"] == "payment.authorised"


def test_a_capture_that_a_poll_saw_refunded_stays_refunded() -> None:
    captured = fact("payment.received", 9, amount=5, status="payment.received")
    refunded = fact(
        "payment.received", 1, precision="observed", amount=5, status="payment.refunded", refunded=5
    )
    state = fold([captured, refunded])
    assert state is not None
    assert (state["type"], state["data"]["status"]) == ("payment.received", "payment.refunded")


def test_a_settlement_that_failed_may_be_processed_later() -> None:
    states = [fact("settlement.failed", 1, amount=5), fact("settlement.processed", 2, amount=5)]
    assert (fold(states) or {})["type"] == "settlement.processed"


def edit(sequence: int, **data: Any) -> Fact:
    """An edit of a receipt as books count them."""
    return replace(fact("payment.received", precision="day", **data), sequence=sequence)


def test_a_later_edit_of_the_books_replaces_what_it_no_longer_says() -> None:
    first = edit(4, amount=98, references={"invoices": ["A"]}, deductions=[{"kind": "tds", "amount": 2}])
    later = edit(9, amount=90, references={"invoices": ["B"]})
    for order in ([first, later], [later, first]):
        state = fold(order)
        assert state is not None
        assert state["data"] == {"amount": 90, "references": {"invoices": ["B"]}}
    told_otherwise = replace(later, data={"amount": 90, "method": "neft"}, source_event_id="a file")
    state = fold([first, later, told_otherwise])
    assert state is not None
    assert state["data"] == {"amount": 90, "references": {"invoices": ["B"]}, "method": "neft"}


def test_edits_that_the_books_undo_and_enter_again_end_as_entered() -> None:
    gone = replace(fact("payment.failed", precision="day", amount=0), sequence=5)
    facts = [edit(4, amount=98), gone, edit(6, amount=98)]
    assert [(fold(facts[:n]) or {})["data"]["amount"] for n in (1, 2, 3)] == [98, 0, 98]
