"""The flow of questions: bills picked page by page, why less came, whose money it is, the accountant's word, undo for
a day, a pleasant end; as cards, and through the desk on real tables."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.advice import advise_action, advise_card, advised_card, asked_card, passed_on_card
from bot.cards.audience import Audience
from bot.cards.picking import because_card, beyond, pick_card, shared, whose_money_card
from bot.cards.question import Ahead, Place, noted_card, questions_done_card, undo_over_card
from bot.cards.workflow import withdraw_over_card
from ledger.domain.roles import Role
from ledger.queries import Conflicts
from ledger.queries.workflow import DeductionClaims
from ledger.views import ConflictView
from ledger.views.workflow import OpenBill, PickView
from tests.bot import sample_views as sample
from tests.bot.conftest import Join
from tests.bot.golden_cards import Cards, check, golden, told
from tests.bot.hands import Hand
from tests.ledger.desk import BANK, Firm

OWNER, FINANCE, CA = 1001, 1002, 1005


def _bill(number: int, rupees: int) -> OpenBill:
    issued = sample.TODAY - timedelta(days=60 - number)
    return OpenBill(
        UUID(int=500 + number), f"INV-{100 + number}", issued, issued, sample.rupees(rupees), "INR"
    )


_TWO = (_bill(2, 34_220), _bill(7, 23_600))
_PICK = PickView(UUID(int=9), sample.rupees(56_840), "INR", sample.SHARMA, "Sharma Traders", _TWO)
_MANY = dataclasses.replace(
    _PICK, bills=tuple(_bill(n, 10_000 + n) for n in range(9, 17)), skip=8, more=5, chosen=(_bill(1, 10_001),)
)
_BOTH = [str(bill.id) for bill in _TWO]
_PLACE = Place(2, 5, 1, money=sample.rupees(20_000), currency="INR")
_ASK = advise_action(sample.question(), str(UUID(int=1)), "Ramesh")


def _old(to: Audience) -> ConflictView:
    """An answer of two days ago."""
    return sample.answered_question(to.language, answered_at=sample.NOW - timedelta(days=2))


CARDS: Cards = {
    "pick_none": lambda to: pick_card(sample.question(to.language), _PICK, [], _PLACE, to),
    "pick_one": lambda to: pick_card(sample.question(to.language), _PICK, _BOTH[:1], _PLACE, to),
    "pick_too_much": lambda to: pick_card(sample.question(to.language), _PICK, _BOTH, _PLACE, to),
    "pick_page": lambda to: pick_card(sample.question(to.language), _MANY, [str(UUID(int=501)), str(UUID(int=509))], _PLACE, to),
    "pick_no_bills": lambda to: pick_card(sample.question(to.language), dataclasses.replace(_PICK, bills=()), [], _PLACE, to),
    "because": lambda to: because_card(sample.question(to.language), _PICK, _BOTH, _PLACE, to),
    "whose_money": lambda to: whose_money_card(sample.unknown_payer_question(to.language), (), "", Place(), to),
    "whose_money_unknown": lambda to: whose_money_card(sample.unknown_payer_question(to.language), (), "zxqv", Place(), to),
    "undo_over": lambda to: undo_over_card(_old(to), Place(), to),
    "undo_over_finance": lambda to: undo_over_card(_old(to), Place(), told(to, Role.FINANCE)),
    "withdraw_over": lambda to: withdraw_over_card({"do": "withdraw", "decision": "x"}, to),
    "noted_asked": lambda to: noted_card(sample.question(to.language, status="snoozed"), "ca", Place(1, 3), to, asked=["CA Mehta", "Sunita"]),
    "noted_nobody_to_ask": lambda to: noted_card(sample.question(to.language, status="snoozed"), "ca", Place(1, 3), to, asked=[]),
    "questions_done_ahead": lambda to: questions_done_card(
        Place(done=5, money=sample.rupees(234_000), currency="INR"), to, Ahead(2, sample.brief())
    ),
    "questions_none_put_off": lambda to: questions_done_card(Place(), to, Ahead(1, next_put_off="c")),
    "advice_asked": lambda to: asked_card(sample.question(to.language), "Ramesh", str(UUID(int=1)), told(to, Role.VIEW)),
    "advice_asked_finance": lambda to: asked_card(sample.question(to.language), "Ramesh", str(UUID(int=1)), told(to, Role.FINANCE)),
    "advice_wanted": lambda to: advise_card(sample.question(to.language), _ASK, to),
    "advice_given": lambda to: advised_card(sample.question(to.language, note="CA Mehta: TDS 194C"), "CA Mehta", "TDS 194C", to),
    "advice_passed_on": lambda to: passed_on_card(sample.question(to.language), "TDS 194C", "Ramesh", to),
    "advice_kept": lambda to: passed_on_card(sample.question(to.language), "TDS 194C", None, to),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=12),
    st.integers(1, 10**10),
    st.sampled_from(("tds", "gst_tds", "freight", "round_off")),
)
def test_shares_place_all_the_money_and_keep_back_what_is_beyond(
    opens: list[int], amount: int, kind: str
) -> None:
    bills = tuple(dataclasses.replace(_bill(n, 1), open=one) for n, one in enumerate(opens))
    view = dataclasses.replace(_PICK, bills=bills, amount=amount)
    chosen = [str(bill.id) for bill in bills]
    shares = shared(view, chosen, kept_back=kind)
    assert sum(share.amount for share in shares) == min(amount, sum(opens))
    assert sum(share.kept_back for share in shares) == beyond(view, chosen) == max(0, sum(opens) - amount)
    assert all(share.amount >= 0 and share.kept_back >= 0 for share in shares)
    assert all(share.amount + share.kept_back <= share.bill.open for share in shares)
    plain = shared(view, chosen)
    assert sum(share.amount for share in plain) == min(amount, sum(opens))


def test_a_tax_is_cut_from_each_bill_in_its_part() -> None:
    shares = shared(_PICK, _BOTH, kept_back="tds")
    assert [share.kept_back for share in shares] == [58_000, 40_000]
    assert [share.kept_back for share in shared(_PICK, _BOTH, kept_back="freight")] == [0, 98_000]


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
async def people(firm: Firm, join: Join) -> dict[str, Hand]:
    who = (("Ramesh", "owner", OWNER), ("Sunita", "finance", FINANCE), ("CA Mehta", "view", CA))
    return {name: Hand(firm.door, await join(name, role, chat), chat) for name, role, chat in who}


async def unknown_money(firm: Firm, amount: int, line: str = "L-1", payer: str = "SOMEBODY ELSE") -> None:
    await firm.say(
        BANK, "bank.credited", "bank_line", line, amount=amount, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration=f"NEFT-{line}-{payer}", channel="NEFT", payer={"name": payer},
    )  # fmt: skip


async def two_bills(firm: Firm) -> None:
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")


async def test_money_of_an_unknown_payer_is_given_a_customer_and_bills_less_what_was_kept_back(firm, people):
    ramesh = people["Ramesh"]
    await two_bills(firm)
    await unknown_money(firm, 5_684_000)
    await firm.settle()
    await ramesh.says("/questions")
    assert "Whose money is this?" in await ramesh.taps("Whose is it…")
    assert "I know nobody called “zzyzx”." in await ramesh.says("zzyzx")
    await ramesh.says("sharma")
    card = await ramesh.taps("Sharma Traders")
    assert "<b>₹56,840 from Sharma Traders</b>" in card
    await ramesh.taps("INV-102")
    card = await ramesh.taps("INV-107")
    assert "These bills come to ₹980 more than came." in card
    assert "✓ INV-107 ₹22,620 of ₹23,600" in card
    assert "<b>₹980 less came. Why?</b>" in await ramesh.taps("They kept back ₹980")
    place, data = ramesh.button("TDS")
    done = await ramesh.sends(place, data)
    assert "INV-102 + INV-107, TDS ₹980" in done
    assert "That was the last one: 1 entry is settled, ₹56,840." in ramesh.last
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0, "INV-107": 0}
    await ramesh.sends(place, data)
    assert (await firm.door.query(Conflicts(), firm.owner)).rows == ()
    kept = await firm.rows(
        "SELECT sum(amount)::bigint AS kept FROM allocations WHERE business_id = $1 AND kind = 'tds'"
    )
    assert kept[0]["kept"] == 98_000
    await ramesh.taps("Undo")
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 2_360_000}


async def test_quick_taps_on_one_card_all_count_and_numbers_may_be_typed(firm, people):
    ramesh = people["Ramesh"]
    for number in range(12):
        await firm.bill(f"INV-{100 + number}", 100_000 + number, 90_000)
    await firm.credit(250_000)
    await firm.settle()
    await ramesh.says("/questions")
    await ramesh.taps("Other bills")
    first, second = ramesh.button("INV-101"), ramesh.button("INV-102")
    await ramesh.sends(*first)
    card = await ramesh.sends(*second)
    assert "✓ INV-101" in card
    assert "✓ INV-102" in card
    assert "✓ INV-111 ₹499.97 of ₹1,000.11" in await ramesh.says("111")
    assert "✓ INV-101" in ramesh.last
    assert "INV-102 " not in (await ramesh.says("inv-102")).split("Which")[0]
    await ramesh.taps("‹ Back")
    await ramesh.taps("Other bills")
    assert "✓" not in ramesh.last.replace("✓ ₹", "")


async def test_what_finance_may_not_let_go_waits_for_the_owner(firm, people):
    sunita = people["Sunita"]
    await two_bills(firm)
    await unknown_money(firm, 5_082_000)
    await firm.settle()
    await sunita.says("/questions")
    await sunita.taps("Whose is it…")
    await sunita.says("sharma")
    for label in ("Sharma Traders", "INV-102", "INV-107", "They kept back ₹7,000", "Freight"):
        await sunita.taps(label)
    done = next(shown["text"] for shown in sunita.shown.values() if shown["text"].startswith("✓"))
    assert "it waits for the owner's word." in done
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0, "INV-107": 700_000}
    claims = await firm.door.query(DeductionClaims(), firm.owner)
    assert [(claim.kind, claim.amount) for claim in claims] == [("freight", 700_000)]
    await sunita.taps("Undo")
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 2_360_000}
    assert await firm.door.query(DeductionClaims(), firm.owner) == ()


async def test_all_of_it_may_stay_on_account_and_pages_keep_what_was_chosen(firm, people):
    ramesh = people["Ramesh"]
    for number in range(20):
        await firm.bill(f"INV-{100 + number}", 100_000 + number, 90_000)
    await firm.credit(333_300)
    await firm.settle()
    await ramesh.says("/questions")
    await ramesh.taps("Other bills")
    assert "All on account" in ramesh.labels
    await ramesh.taps("INV-101")
    await ramesh.taps("Newer bills (12)")
    assert "✓ INV-101 ₹1,000.01" in ramesh.last
    await ramesh.taps("INV-112")
    assert "✓ INV-112 ₹1,000.12" in ramesh.last
    await ramesh.taps("‹ Older bills")
    await ramesh.taps("✓ INV-101")
    assert "INV-101 ₹1,000.01" not in ramesh.last
    await ramesh.taps("Done, ₹2,332.88 on account")
    await firm.settle()
    assert {number for number, left in (await firm.outstanding()).items() if left == 0} == {"INV-112"}


async def test_the_accountant_is_asked_in_his_chat_and_his_word_comes_back_with_the_question(firm, people):
    ramesh, sunita, mehta = people["Ramesh"], people["Sunita"], people["CA Mehta"]
    await unknown_money(firm, 5_684_000)
    await firm.settle()
    await ramesh.says("/questions")
    place, data = ramesh.button("Ask accountant")
    assert "I asked CA Mehta, Sunita." in await ramesh.sends(place, data)
    await ramesh.sends(place, data)
    for hand in (sunita, mehta):
        await hand.receives()
        assert len(hand.shown) == 1
        assert hand.last.startswith("Ramesh asks you:\n\n<b>₹56,840 came")
    assert "Our own transfer" in sunita.labels
    assert mehta.labels == ["Write to Ramesh", "Why?"]
    await mehta.taps("Write to Ramesh")
    assert "What would you answer?" in mehta.last
    assert "Ramesh has it now." in await mehta.says("TDS 194C, <b>ask</b> for the challan")
    await ramesh.receives()
    assert "<b>CA Mehta says:</b> TDS 194C, &lt;b&gt;ask&lt;/b&gt; for the challan" in ramesh.last
    assert "Note: CA Mehta: TDS 194C" in ramesh.last
    view = await firm.only()
    assert (view.status, view.answer) == ("open", None)
    await ramesh.taps("Our own transfer")
    assert "✓ ₹56,840 came" in "".join(shown["text"] for shown in ramesh.shown.values())
    place, data = mehta.button("Our own transfer")
    await mehta.sends(place, data)
    assert "Ramesh answered" in mehta.toast


async def test_a_member_who_only_looks_says_what_he_thinks_and_answers_nothing(firm, people):
    ramesh, mehta = people["Ramesh"], people["CA Mehta"]
    await unknown_money(firm, 5_684_000)
    await firm.settle()
    await mehta.says("/questions")
    await mehta.taps("Say what you think")
    await mehta.taps("A loan")
    assert "You said: <b>A loan</b>\nRamesh has it now." in mehta.last or any(
        "You said: <b>A loan</b>" in shown["text"] for shown in mehta.shown.values()
    )
    await ramesh.receives()
    assert "<b>CA Mehta says:</b> A loan" in ramesh.last
    assert (await firm.only()).status == "open"


async def test_a_question_given_to_a_member_is_told_in_his_chat(firm, people):
    ramesh, sunita = people["Ramesh"], people["Sunita"]
    await unknown_money(firm, 5_684_000)
    await firm.settle()
    await ramesh.says("/questions")
    await ramesh.taps("Assign…")
    await ramesh.taps("Sunita")
    await sunita.receives()
    assert "₹56,840 came" in sunita.last
    await sunita.taps("Look at it")
    assert "With Sunita." in "".join(shown["text"] for shown in sunita.shown.values())


async def test_an_answer_is_taken_back_for_a_day_then_the_owner_alone_may_change_it(firm, people):
    ramesh, sunita = people["Ramesh"], people["Sunita"]
    await unknown_money(firm, 5_684_000)
    await firm.settle()
    await sunita.says("/questions")
    await sunita.taps("Our own transfer")
    place, data = sunita.button("Undo")
    firm.clock.now += timedelta(hours=25)
    said = await sunita.sends(place, data)
    assert "Undo works for a day; this was answered earlier, so it stands." in said
    assert "The owner can still change it." in said
    assert (await firm.only("resolved")).answer == "own_transfer"
    view = await firm.only("resolved")
    await ramesh.says(f"/find {view.id}")
    await ramesh.says("/questions")
    assert (await firm.only("resolved")).status == "resolved"


async def test_the_owner_changes_an_old_answer_knowing_that_it_is_old(firm, people):
    ramesh = people["Ramesh"]
    await unknown_money(firm, 5_684_000)
    await firm.settle()
    await ramesh.says("/questions")
    await ramesh.taps("Our own transfer")
    place, data = ramesh.button("Undo")
    firm.clock.now += timedelta(hours=25)
    await ramesh.sends(place, data)
    await ramesh.taps("Change it all the same")
    assert (await firm.only()).status == "open"


async def test_the_run_counts_what_it_settled_and_what_comes_next(firm, people):
    ramesh = people["Ramesh"]
    await two_bills(firm)
    await unknown_money(firm, 111_100, "L-1")
    await unknown_money(firm, 222_200, "L-2", "ANOTHER")
    await unknown_money(firm, 333_300, "L-3", "A THIRD")
    await firm.settle()
    assert (await ramesh.says("/questions")).startswith("1 of 3")
    await ramesh.taps("Our own transfer")
    assert ramesh.last.startswith("2 of 3")
    await ramesh.taps("Later")
    assert ramesh.last.startswith("3 of 3")
    await ramesh.taps("Our own transfer")
    assert "2 entries are settled, ₹4,444." in ramesh.last or "2 entries are settled" in ramesh.last
    assert "1 put off comes back by itself." in ramesh.last
    assert "Next, call Sharma Traders: ₹57,820" in ramesh.last
    await ramesh.taps("Look at one now")
    assert "What is it for?" in ramesh.last
    await ramesh.says("/find sharma")
    assert "<b>Sharma Traders</b>" in ramesh.last


async def test_two_at_once_over_the_same_bills_place_the_money_once(firm, people):
    ramesh, sunita = people["Ramesh"], people["Sunita"]
    await two_bills(firm)
    await firm.credit(2_000_000)
    await firm.settle()
    for hand in (ramesh, sunita):
        await hand.says("/questions")
        await hand.taps("Other bills")
        await hand.taps("INV-102")
    await ramesh.taps("The rest is still to come")
    await sunita.taps("The rest is still to come")
    assert "Ramesh" in sunita.toast
    await firm.settle()
    left = await firm.outstanding()
    assert sum(left.values()) == 3_422_000 + 2_360_000 - 2_000_000
    rows = await firm.rows("SELECT count(*) AS n FROM receipts WHERE business_id = $1")
    assert rows[0]["n"] == 1
