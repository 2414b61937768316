"""Which bills explain an amount: pure arithmetic, in paise."""

from datetime import date
from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.matching.bills import Allowed, Bill, Discount, days_in_words
from ledger.domain.matching.fits import Owed, fits, oldest_first, search, short_fits
from ledger.domain.matching.rates import cuts_on, rates
from ledger.domain.matching.subsets import Sums
from ledger.reconcile.names import Known, Names

DAY = date(2026, 11, 18)


def bill(number: int, outstanding: int, *, base: int | None = None, amount: int | None = None) -> Bill:
    return Bill(
        UUID(int=number), f"INV-{number}", UUID(int=1), outstanding, amount or outstanding, base, DAY, DAY
    )


BASES = (12_345, 45_678, 7_891, 33_017, 21_999, 64_203)


def dated(number: int, outstanding: int, day: int) -> Bill:
    due = date(2026, 11, day)
    return Bill(UUID(int=number), f"INV-{number}", UUID(int=1), outstanding, outstanding, None, due, due)


def numbers(found):
    return [tuple(b.number for b in fit.bills) for fit in found]


def test_one_bill_exactly_then_two_exactly():
    owed = Owed([bill(1, 500), bill(2, 300), bill(3, 200)])
    assert numbers(fits(owed, 500, DAY)) == [("INV-1",), ("INV-2", "INV-3")]


def test_two_selections_that_fit_are_none_unless_one_is_the_oldest_in_a_row():
    rivals = search(Owed([bill(n, 25_000) for n in (1, 2, 3)]), 50_000, DAY)
    assert ([fit.why for fit in rivals.fits], rivals.only, rivals.rivals) == (["oldest_row"], None, True)
    two = [bill(1, 70_000), bill(2, 10_000), bill(3, 40_000), bill(4, 20_000), bill(5, 30_000)]
    assert fits(Owed(two), 50_000, DAY) == []


def test_all_open_all_due_and_the_oldest_in_a_row_are_named():
    owed = Owed([dated(1, 10_000, 1), dated(2, 23_000, 5), dated(3, 31_000, 12), dated(4, 57_000, 30)])
    for amount, why in (
        (10_000, "exact"),
        (33_000, "oldest_row"),
        (64_000, "all_due"),
        (121_000, "all_open"),
        (88_000, "subset"),
    ):
        found = search(owed, amount, DAY)
        assert found.only is not None, amount
        assert found.only.why == why
    assert search(owed, 121_000, DAY).fits[0].words == ("amount exact", "all 4 open bills")


def test_many_bills_less_one_deduction_are_found_and_both_cuts_at_once():
    owed = Owed([bill(n, 118 * base, base=100 * base) for n, base in enumerate(BASES, start=1)])
    for percent in ("2%", "10% + 2%"):
        cut = next(cut for cut in cuts_on(DAY) if cut.percent == percent and cut.parts[0][0] == "tds")
        picked = [owed.bills[place] for place in (1, 3, 4)]
        amount = sum(one.outstanding - cut.total(one.base) for one in picked) + 150
        best = search(owed, amount, DAY).only
        assert best is not None
        assert (best.bills, best.cut, best.why) == (tuple(picked), cut, "deduction")
        assert sum(paid for _, paid, kind in best.lines if kind == "receipt") == amount


def test_tax_cut_on_gst_as_well_is_named_a_mistake():
    found = search(Owed([bill(1, 1_180_000, base=1_000_000)]), 1_156_400, DAY)
    assert found.only is not None
    assert found.only.mistaken
    assert found.only.cut_amount == 23_600
    assert found.only.base == 1_180_000
    assert "cut on GST as well, which is a common mistake" in found.only.words


def test_a_cash_discount_holds_only_within_its_days():
    terms = Allowed(discount=Discount(rate=2_000, within_days=10))
    fresh = Bill(UUID(int=1), "A", UUID(int=1), 500_000, 500_000, None, None, date(2026, 11, 10))
    stale = Bill(UUID(int=1), "A", UUID(int=1), 500_000, 500_000, None, None, date(2026, 11, 7))
    best = search(Owed([fresh]), 490_000, DAY, allowed=terms).only
    assert best is not None
    assert best.why == "cash_discount"
    assert [(paid, kind) for _, paid, kind in best.lines] == [(490_000, "receipt"), (10_000, "cash_discount")]
    assert search(Owed([stale]), 490_000, DAY, allowed=terms).fits == ()


def test_a_rounding_and_a_banks_charge_are_told_apart_and_limited():
    owed = Owed([bill(1, 500_060), bill(2, 300_000)])
    allowed = Allowed(bank_charge=6_000)
    lines = {}
    for amount in (500_000, 497_110, 494_060, 494_059, 500_100):
        best = search(owed, amount, DAY, allowed=allowed).only
        lines[amount] = best and (best.why, best.cut_amount, best.left)
    assert lines == {
        500_000: ("round_off", 60, 0),
        497_110: ("bank_charge", 2_950, 0),
        494_060: ("bank_charge", 6_000, 0),
        494_059: None,
        500_100: ("round_off", 0, 40),
    }


def test_oldest_first_says_what_is_a_part_and_what_stays_on_account():
    owed = Owed([dated(2, 20_000, 5), dated(1, 10_000, 1)])
    part, several, over = (oldest_first(owed, amount) for amount in (4_000, 15_000, 32_000))
    assert part
    assert several
    assert over
    assert ([b.number for b in part.bills], part.why) == (["INV-1"], "part_payment")
    assert [paid for _, paid, _ in several.lines] == [10_000, 5_000]
    assert (over.why, over.left) == ("overpaid", 2_000)


def test_it_says_when_it_gave_up():
    many = Owed([bill(n, 100_000 + 977 * n * n, base=90_000 + 977 * n * n) for n in range(1, 61)])
    found = search(many, 31_415_926, DAY)
    assert found.gave_up
    assert search(Owed(many.bills[:8]), 31_415_926, DAY).gave_up is False


def test_bills_that_add_up_by_luck_are_told_from_those_that_hardly_do():
    round_ones = Owed([dated(n, 500_000 * n, n) for n in (9, 7, 5, 3, 2)] + [dated(8, 1_200_000, 8)])
    odd = Owed([dated(n, 487_913 * n * n + 7, n) for n in (9, 7, 5, 3, 2)])
    lucky = search(round_ones, 1_200_000 + 1_000_000, DAY).fits[0]
    plain = search(odd, 487_913 * (81 + 25 + 9) + 21, DAY).fits[0]
    assert lucky.chance > 50 > plain.chance
    assert lucky.rank > plain.rank


def test_a_part_paid_bill_or_one_of_unknown_base_has_no_computed_deduction():
    assert fits(Owed([bill(1, 1_180_000, amount=1_500_000, base=1_000_000)]), 1_080_000, DAY) == []
    assert fits(Owed([bill(1, 1_180_000)]), 1_080_000, DAY) == []


def test_ten_percent_of_the_base_is_not_eight_and_a_half_percent_of_the_bill():
    (fit,) = fits(Owed([bill(1, 1_180_000, base=1_000_000)]), 1_080_000, DAY)
    assert (fit.cut_amount, fit.base, fit.cut.percent) == (100_000, 1_000_000, "10%")


def test_sections_follow_the_day_and_overlapping_rows_never_double():
    before, after = cuts_on(date(2026, 3, 31)), cuts_on(date(2026, 4, 1))
    assert "s.194J" in next(cut.why for cut in before if cut.percent == "10%")
    assert "s.393" in next(cut.why for cut in after if cut.percent == "10%")
    assert [cut.percent for cut in after if len(cut.parts) == 1] == ["0.1%", "1%", "2%", "10%", "2%"]
    assert all(row.source for row in rates())


def test_a_short_payment_is_explained_by_the_base_before_the_mistake_of_cutting_on_gst():
    right = short_fits(short=20_000, base=1_000_000, total=1_180_000, day=DAY)
    assert [(cut.percent, mistaken) for cut, mistaken in right] == [("2%", False)]
    wrong = short_fits(short=11_800, base=1_000_000, total=1_180_000, day=DAY)
    assert [(cut.percent, mistaken) for cut, mistaken in wrong] == [("1%", True)]
    assert short_fits(short=33_333, base=1_000_000, total=1_180_000, day=DAY) == []
    assert short_fits(short=20_000, base=None, total=1_180_000, day=DAY) == []


@given(
    bases=st.lists(st.integers(50_000, 50_000_000), min_size=1, max_size=6, unique=True),
    picks=st.data(),
)
def test_what_is_proposed_always_adds_up_to_the_money_and_never_over_a_bill(bases, picks):
    owed = Owed([bill(n, base * 118 // 100, base=base) for n, base in enumerate(bases, start=1)])
    cut = picks.draw(st.sampled_from([None, *cuts_on(DAY)]))
    chosen = picks.draw(st.lists(st.sampled_from(owed.bills), min_size=1, max_size=2, unique=True))
    slip = picks.draw(st.integers(-100, 100)) if cut else 0
    amount = sum(b.outstanding - (cut.total(b.base or 0) if cut else 0) for b in chosen) + slip
    for fit in fits(owed, amount, DAY):
        assert sum(paid for _, paid, kind in fit.lines if kind == "receipt") + fit.left == amount
        for one in fit.bills:
            lines = [(paid, kind) for b, paid, kind in fit.lines if b is one]
            assert sum(paid for paid, _ in lines) == one.outstanding
            assert all(paid > 0 for paid, _ in lines)


@given(amounts=st.lists(st.integers(1, 60), min_size=1, max_size=11), target=st.integers(1, 200))
def test_a_subset_is_the_only_one_exactly_when_there_is_no_other(amounts, target):
    naive = [
        chosen
        for size in range(2, 7)
        for chosen in combinations(range(len(amounts)), size)
        if sum(amounts[place] for place in chosen) == target
    ]
    met = Sums(amounts).meeting(target)
    assert not met.gave_up
    assert len(met.found) == min(len(naive), 2)
    assert set(met.found) <= set(naive)


@given(
    amounts=st.lists(st.integers(10_000, 99_999_999), min_size=2, max_size=24, unique=True),
    picks=st.data(),
    slack=st.sampled_from([0, 100]),
)
def test_a_planted_subset_is_found(amounts, picks, slack):
    chosen = picks.draw(st.sets(st.sampled_from(range(len(amounts))), min_size=2, max_size=6))
    slip = sum(picks.draw(st.integers(-slack, slack)) for _ in chosen)
    met = Sums(amounts, slack=slack).meeting(sum(amounts[place] for place in chosen) + slip)
    assert len(met.found) == 2 or met.only == tuple(sorted(chosen))


def test_when_the_money_came_is_said_from_the_due_date():
    early, late = bill(1, 5), Bill(UUID(int=2), "B", UUID(int=1), 5, 5, None, None, date(2026, 11, 1))
    assert days_in_words(date(2026, 11, 18), [early]) == "on the due day"
    assert days_in_words(date(2026, 11, 17), [early]) == "1 day before due"
    assert days_in_words(date(2026, 11, 18), [late]) == "17 days after the bill"


def names(*known: str) -> Names:
    return Names(Known(UUID(int=n), UUID(int=n), name) for n, name in enumerate(known, start=1))


def test_names_cut_and_squeezed_by_banks_are_recognised_and_others_are_not():
    book = names("Sharma Traders Private Limited", "M/s. Gupta & Sons", "Verma Steel")
    for text in (
        "SHARMATRADERSPRIVATEL",
        "SHARMA TRADERS PVT",
        "NEFT-HDFCN5-SHARMA TRADERS",
        "sharmatraders@okicici",
    ):
        assert [party.name for party in book.similar(text)] == ["Sharma Traders Private Limited"], text
    assert [party.name for party in book.similar("GUPTA AND SONS")] == ["M/s. Gupta & Sons"]
    for text in ("SHARDA TEXTILES", "SHA", "", "UPI-9876", "₹₹₹"):
        assert book.similar(text) == [], text
