"""Today's expectation for each open bill of a business, from all its bills. Pure; days are ordinals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ledger.domain.forecast.evaluate import ISSUED, PAID, events
from ledger.domain.forecast.history import Bill
from ledger.domain.forecast.model import Forecast, Model


def expect(bills: Sequence[Bill], today: int) -> dict[int, Forecast]:
    """Return the forecasts of the bills that are open `today`, by their place; what comes later isn't looked at."""
    known = [
        replace(bill, paid=None) if bill.paid is not None and bill.paid > today else bill for bill in bills
    ]
    model = Model()
    for day, what, key, _ in events(known, until=today):
        bill = known[key]
        if what == PAID:
            assert bill.paid is not None
            model.pay(key, bill.paid)
        elif what == ISSUED:
            model.issue(key, bill, day)
        else:
            model.foresee(key, day)
    return {
        key: model.forecast(bill, today)
        for key, bill in enumerate(known)
        if bill.paid is None and bill.issued <= today
    }
