"""Why one bill was paid short: what can be computed, then what is usual, the likeliest first. Pure; amounts in paise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ledger.domain.matching.bills import ROUNDING
from ledger.domain.matching.fits import short_fits
from ledger.domain.matching.rates import Cut

MAX_CANDIDATES = 4
BANK_CHARGE = 6_000
"""₹50 and GST, the most that a bank takes for a transfer."""
ROUND_OFF = 1_000
"""Up to ₹10 may be a rounding: a payer leaves the odd rupees away."""
_DISCOUNTS = (1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 7_500, 10_000)
"""Usual cash discounts, in thousandths of a per cent of the bill."""
_ROUND_SUM = 50_000


def shortfalls(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what may explain that a bill was paid short, as candidates of a question; none if it wasn't."""
    short = int(evidence.get("short") or 0)
    if short <= 0:
        return []
    found = _deductions(evidence, short)
    amount = int(evidence.get("amount") or 0)
    if short <= ROUND_OFF and amount % 1_000 == 0:
        found.append(_one(evidence, "round_off", short, ["they paid a round sum"]))
    elif short <= BANK_CHARGE:
        found.append(_one(evidence, "bank_charge", short, ["so little is what a bank takes"]))
    computed = any(one.get("mistaken") is False for one in found)
    if not computed and (discount := _discount(evidence, short)) is not None:
        found.append(discount)
    if not found and amount and amount % _ROUND_SUM == 0:
        rest = _one(evidence, "still_due", short, ["they paid a round sum"])
        found.append(rest | {"id": "rest_later", "answer": "still_due", "lines": []})
    return found[:MAX_CANDIDATES]


def _one(
    evidence: Mapping[str, Any], kind: str, short: int, words: list[str], cut: dict[str, Any] | None = None
) -> dict[str, Any]:
    number = evidence.get("number")
    return {
        "id": f"cut_{kind}",
        "shape": kind,
        "bills": [{"number": number, "outstanding": short}],
        "lines": [{"document": evidence["document"], "number": number, "amount": short, "kind": kind}],
        "cut": cut,
        "evidence": words,
    }


def _discount(evidence: Mapping[str, Any], short: int) -> dict[str, Any] | None:
    """Propose a cash discount where the difference is a usual per cent of the bill, or of its taxable value."""
    for on, what in ((evidence["bill_amount"], "the bill"), (evidence.get("bill_base"), "its taxable value")):
        if not on:
            continue
        for rate in _DISCOUNTS:
            cut = Cut((("cash_discount", rate),), f"of {what}")
            if abs(cut.total(on) - short) <= ROUNDING:
                told = {"amount": short, "percent": cut.percent, "base": on, "why": cut.why}
                made = _one(evidence, "cash_discount", short, [f"just {cut.percent} {cut.why}"], told)
                return made | {"answer": "discount"}
    return None


def _deductions(evidence: Mapping[str, Any], short: int) -> list[dict[str, Any]]:
    """Propose the cuts that are just the difference."""
    found = []
    day = date.fromisoformat(evidence["day"])
    base, total = evidence.get("bill_base"), int(evidence["bill_amount"])
    for cut, mistaken in short_fits(short=short, base=base, total=total, day=day)[:MAX_CANDIDATES]:
        on = total if mistaken else int(base or 0)
        parts = list(cut.of(on))
        parts[0] = (parts[0][0], parts[0][1] + short - sum(part for _, part in parts))
        number = evidence.get("number")
        found.append(
            {
                "id": "cut_"
                + "_".join(f"{kind}_{rate}" for kind, rate in cut.parts)
                + ("_gross" if mistaken else ""),
                "bills": [{"number": number, "outstanding": short}],
                "lines": [
                    {"document": evidence["document"], "number": number, "amount": part, "kind": kind}
                    for kind, part in parts
                ],
                "cut": {"amount": short, "percent": cut.percent, "base": on, "why": cut.why},
                "mistaken": mistaken,
                "evidence": ["the difference is just this deduction"]
                + (["computed on GST as well, which is a common mistake"] if mistaken else []),
            }
        )
    return found
