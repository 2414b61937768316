"""Which bills explain an amount: pure arithmetic, in paise."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.matching.fits import Bill, Owed, days_in_words, fits, short_fits
from ledger.domain.matching.rates import cuts_on, rates
from ledger.reconcile.names import Known, Names

DAY = date(2026, 11, 18)


def bill(number: int, outstanding: int, *, base: int | None = None, amount: int | None = None) -> Bill:
    return Bill(
        UUID(int=number), f"INV-{number}", UUID(int=1), outstanding, amount or outstanding, base, DAY, DAY
    )


def numbers(found):
    return [tuple(b.number for b in fit.bills) for fit in found]


def test_one_bill_exactly_then_two_exactly():
    owed = Owed([bill(1, 500), bill(2, 300), bill(3, 200)])
    assert numbers(fits(owed, 500, DAY)) == [("INV-1",), ("INV-2", "INV-3")]


def test_two_pairs_that_fit_are_none():
    assert fits(Owed([bill(1, 100), bill(2, 400), bill(3, 200), bill(4, 300)]), 500, DAY) == []
    assert fits(Owed([bill(1, 250), bill(2, 250), bill(3, 250)]), 500, DAY) == []


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
        assert sum(paid for _, paid, kind in fit.lines if kind == "receipt") == amount
        for one in fit.bills:
            lines = [(paid, kind) for b, paid, kind in fit.lines if b is one]
            assert sum(paid for paid, _ in lines) == one.outstanding
            assert all(paid > 0 for paid, _ in lines)


@given(amounts=st.lists(st.integers(1, 60), min_size=2, max_size=12), target=st.integers(2, 120))
def test_a_pair_is_proposed_exactly_when_there_is_only_one(amounts, target):
    bills = [bill(n, amount) for n, amount in enumerate(amounts, start=1)]
    naive = [
        (a, b) for i, a in enumerate(bills) for b in bills[i + 1 :] if a.outstanding + b.outstanding == target
    ]
    found = [fit for fit in fits(Owed(bills), target, DAY) if len(fit.bills) == 2]
    assert len(found) == (1 if len(naive) == 1 else 0)


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
