"""The card of the tie-out, read aloud, and the command and the word that bring it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from bot.cards.audience import Audience
from bot.cards.tie_out import tie_out_card
from ledger.dispatch import Door
from ledger.views.tie_out import BooksView, TieOutLine, TieOutPage, TieOutRow, TieOutTotal
from tests.bot import sample_views as sample
from tests.bot.golden_cards import Cards, check, golden
from tests.bot.test_chat import RAMESH, Join, Say, say  # noqa: F401  a fixture
from tests.ledger.handlers.test_tie_out import Teller

DAY = date(2026, 11, 20)
LINES = (
    TieOutLine("receipt.not_in_books", 2, 15_000_00),
    TieOutLine("credit_note.not_in_books", 1, 6_800_00),
    TieOutLine("bill.not_here", 1, -2_000_00),
    TieOutLine("write_off.not_in_books", 1, 500_00),
    TieOutLine("unexplained", 1, -250_00),
)


def row(name: str, *lines: TieOutLine, ours: int = 1_42_000_00) -> TieOutRow:
    """A party that differs by these lines."""
    books = ours + sum(line.amount for line in lines)
    return TieOutRow(sample.SHARMA, name, "receivable", "INR", ours, books, DAY, lines, (), 0)


def page(*rows: TieOutRow, apart: int) -> TieOutPage:
    """A page of these parties."""
    difference = sum(one.difference for one in rows)
    owed = TieOutTotal("receivable", "INR", 12_40_500_00, 12_40_500_00 + difference, 42, apart, -250_00, ())
    owe = TieOutTotal("payable", "INR", 2_10_000_00, 2_10_000_00, 9, 0, 0, ())
    books = BooksView("books:tally", "Tally", date(2026, 11, 18), date(2026, 11, 19), None)
    return TieOutPage(
        end=None, more=False, as_on=DAY, known_at=None, signed_until=None, books=(books,), totals=(owed, owe), rows=rows
    )  # fmt: skip


CARDS: Cards = {
    "tie_out_apart": lambda to: tie_out_card(
        page(row("Sharma Traders", *LINES), row("Gupta <Steel>", LINES[4]), apart=9), to
    ),
    "tie_out_ties": lambda to: tie_out_card(page(apart=0), to),
    "tie_out_signed": lambda to: tie_out_card(replace(page(apart=0), signed_until=date(2026, 10, 31)), to),
    "tie_out_no_books": lambda to: tie_out_card(replace(page(apart=0), books=(), totals=()), to),
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


async def test_the_command_and_the_word_bring_it(
    say: Say,  # noqa: F811
    join: Join,
    door: Door,
    business: UUID,
) -> None:
    await join("Ramesh", "owner", RAMESH)
    assert "No books are connected" in await say(RAMESH, "/tally")
    teller = Teller(door, business)
    await teller.tell(teller.bill("INV-1", 1_000_00), teller.states(1_500_00, "2026-11-19"))
    for words in ("/tally", "tie-out", "Tie out"):
        told: Any = await say(RAMESH, words)
        assert "Sharma Traders" in told
        assert "not explained +₹500" in told


async def test_a_sales_rep_is_told_whom_to_ask(say: Say, join: Join) -> None:  # noqa: F811
    await join("Ravi", "sales", RAMESH)
    assert "for the owner or the accounts person" in await say(RAMESH, "/tally")
