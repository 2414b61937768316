"""Taps beyond one answer: all alike, bills picked by hand, a question given to somebody; on real questions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.handlers.picking import Picking
from bot.handlers.workflow import Workflow
from bot.scenes import Scenes
from bot.visit import Visitor
from kit.errors import Stale
from ledger.domain.roles import Role
from ledger.queries import Conflicts
from ledger.views import ChatMemberView
from tests.ledger.desk import BANK, Firm


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


def taps_of(firm: Firm) -> tuple[dict[str, Any], Visitor]:
    member = ChatMemberView(firm.owner, 7, "Order Traders", "Asia/Kolkata", "")
    areas = (Workflow, Picking)
    return {
        name: tap for area in areas for name, tap in area(firm.door, Scenes(firm.door)).taps.items()
    }, Visitor(7, member)


def action(card: Any, label: str) -> dict[str, Any]:
    return next(b.action for row in card.buttons for b in row if b.label.startswith(label))


async def test_all_alike_are_answered_and_taken_back_in_the_chat(firm):
    taps, visitor = taps_of(firm)
    for number in range(3):
        await firm.say(
            BANK, "bank.credited", "bank_line", f"L-{number}", amount=1_111 + number, currency="INR",
            account="000405004421", posted_on="2026-11-18", narration=f"NEFT/N{number}/PORTAL", channel="NEFT",
            payer={"name": "PORTAL SERVICES"},
        )  # fmt: skip
    await firm.settle()
    view = (await firm.door.query(Conflicts(), firm.owner)).rows[0]
    asked = await taps["alike"](visitor, {"conflict": str(view.id), "version": view.version})
    assert "3 entries like this" in asked.edit.text
    done = await taps["alike_answer"](visitor, action(asked.edit, "Not a sale"))
    assert "3 entries answered" in done.edit.text
    undone = await taps["bulk_undo"](visitor, action(done.edit, "Undo all"))
    assert "3 entries taken back" in undone.edit.text
    with pytest.raises(Stale):
        await taps["bulk_undo"](visitor, action(done.edit, "Undo all"))


async def test_bills_are_picked_with_a_running_total_and_the_rest_stays_on_account(firm):
    taps, visitor = taps_of(firm)
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.credit(5_684_000)
    await firm.settle()
    view = await firm.only()
    card = (await taps["pick"](visitor, {"conflict": str(view.id), "version": view.version})).edit
    assert "₹56,840 is still to be placed" in card.text
    card = (await taps["pick"](visitor, action(card, "INV-102"))).edit
    assert "₹22,620 is still to be placed" in card.text
    picked = (await taps["picked"](visitor, action(card, "Done, ₹22,620 on account"))).edit
    assert "INV-102 + rest on account" in picked.text
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0, "INV-107": 2_360_000}
    await taps["withdraw"](visitor, action(picked, "Undo"))
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 2_360_000}


async def test_a_question_is_given_away_and_an_old_button_says_so(firm):
    taps, visitor = taps_of(firm)
    await firm.credit(99_900)
    await firm.settle()
    view = await firm.only()
    await firm.member("Sunita", Role.FINANCE)
    await firm.member("Ravi", Role.SALES)
    asked = await taps["assign"](visitor, {"conflict": str(view.id), "version": view.version})
    labels = [b.label for row in asked.edit.buttons for b in row]
    assert labels == ["Ramesh", "Sunita", "‹ Back"]
    given = await taps["assigned"](visitor, action(asked.edit, "Sunita"))
    assert "With Sunita." in given.edit.text
    with pytest.raises(Stale, match="Ramesh gave this to Sunita"):
        await taps["assigned"](visitor, action(asked.edit, "Ramesh"))
    stale = await taps["pick"](visitor, {"conflict": str(view.id), "version": view.version - 1})
    assert stale.toast
