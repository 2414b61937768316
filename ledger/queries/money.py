"""What is asked about one piece of money."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindMoney:
    """Money by its UTR, RRN or gateway id, or by its exact amount (minor units), as tuple[MoneyFound, ...].

    Newest first; a sales rep finds what his customers paid.

    Of what came and went at most 5; what only says so and isn't in the bank yet is told as such.
    """

    reference: str | None = None
    amount: int | None = None
