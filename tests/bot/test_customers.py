"""The customer's card and what is done from it, end to end through the desk, by owner, finance, rep and accountant."""

from __future__ import annotations

from typing import Any

import pytest

from bot.handlers.desk import Desk
from bot.phone.markup import parse_html
from bot.visit import visitor_of
from kit.errors import Denied, NotFound
from ledger.queries.workflow import ChequesInHand, Decisions
from tests.bot.conftest import Join
from tests.bot.hands import Hand
from tests.ledger.desk import BOOKS, CRM, Firm

OWNER, FINANCE, RAVI, MEENA, CA = 1001, 1002, 1003, 1004, 1005


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
async def people(firm, join: Join) -> dict[str, Hand]:
    """Sharma Traders is Ravi's customer; everybody's chat is linked."""
    await firm.say(
        BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi", roles=["customer"],
        phone="+919820012345", credit_limit=10_000_000,
    )  # fmt: skip
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-12-16")
    await firm.settle()
    who = (
        ("Ramesh", "owner", OWNER, None), ("Sunita", "finance", FINANCE, None), ("Ravi", "sales", RAVI, "ravi"),
        ("Meena", "sales", MEENA, "meena"), ("CA Mehta", "view", CA, None),
    )  # fmt: skip
    return {
        name: Hand(firm.door, await join(name, role, chat, crm_owner=key), chat)
        for name, role, chat, key in who
    }


@pytest.fixture
def ramesh(people) -> Hand:
    return people["Ramesh"]


@pytest.fixture
def ravi(people) -> Hand:
    return people["Ravi"]


async def _decided(firm: Firm) -> list[Any]:
    await firm.settle()
    [row] = await firm.rows("SELECT id FROM parties WHERE business_id = $1 AND name = 'Sharma Traders'")
    return list(await firm.door.query(Decisions(row["id"]), firm.owner))


async def test_the_card_offers_what_is_wanted_of_a_customer(people, ramesh):
    await ramesh.says("/find sharma")
    assert ramesh.labels == ["Remind", "Call ▸", "Will pay on…", "Paid", "Ledger", "More…"]
    await people["CA Mehta"].says("/find sharma")
    assert people["CA Mehta"].labels == ["Ledger", "Full history"]
    await people["Meena"].says("/find sharma")
    assert "Sharma Traders" not in people["Meena"].last


async def test_cash_is_reported_by_a_rep_and_confirmed_by_another(firm, people, ravi, ramesh):
    await ravi.says("/find sharma")
    assert "How did they pay?" in await ravi.taps("Paid")
    assert "How much?" in await ravi.taps("Cash")
    assert ravi.labels == ["All ₹57,820", "Overdue ₹34,220", "INV-107 ₹23,600", "Cancel"]
    assert "Type it like 48,020" in await ravi.says("paid everything yesterday")
    assert "On which day?" in await ravi.says("48 hazaar")
    assert "still to come" in await ravi.says("18 dec 2026")
    said = await ravi.says("kal")
    assert "<b>₹48,000</b> in cash from <b>Sharma Traders</b>" in said
    assert "paid Thu 19 Nov" in said
    saved = await ravi.taps("Save")
    assert saved.startswith("✓ Saved")
    assert "It counts once somebody else says that it is here." in saved
    await firm.settle()
    await ravi.says("/find sharma")
    assert "₹48,000 with you, not handed in" in ravi.last
    assert "Is the money here?" not in ravi.labels
    await ravi.says("/confirm")
    assert "somebody else confirms it" in ravi.last
    assert not any(label.startswith("✓") for label in ravi.labels)
    await ramesh.says("/find sharma")
    assert "₹48,000 with Ravi, not handed in" in ramesh.last
    await ramesh.taps("Is the money here?")
    assert "<b>Is this money here?</b>" in ramesh.last
    assert "with Ravi since Thu 19 Nov" in ramesh.last
    place, data = ramesh.button("✓ 1 is here")
    assert "✓ <b>₹48,000</b> is here" in await ramesh.sends(place, data)
    await firm.settle()
    assert (await firm.outstanding())["INV-102"] + (await firm.outstanding())["INV-107"] == 5_782_000
    await ramesh.sends(place, data)
    assert ramesh.toast == "It is confirmed or taken back already."
    await ramesh.says("/find sharma")
    assert "To collect <b>₹9,820</b>" in ramesh.last


async def test_a_double_tap_saves_once_and_the_same_sum_again_is_asked_about(firm, ravi):
    await ravi.says("/find sharma")
    for label in ("Paid", "Cash", "INV-107", "Today"):
        await ravi.taps(label)
    place, data = ravi.button("Save")
    first = await ravi.sends(place, data)
    assert await ravi.sends(place, data) == first, "the second tap shows the same, its way back included"
    await firm.settle()
    assert len(await _decided(firm)) == 1
    firm.clock.advance(minutes=5)
    await ravi.says("/find sharma")
    for label in ("Paid", "Cash", "INV-107", "Today"):
        await ravi.taps(label)
    assert "The same is entered already, by Ravi" in await ravi.taps("Save")
    assert (await ravi.taps("Yes, another payment")).startswith("✓ Saved")
    await firm.settle()
    assert len(await _decided(firm)) == 2
    assert "↺ Taken back" in await ravi.taps("Undo")
    await firm.settle()
    assert len(await _decided(firm)) == 1


async def test_undo_is_for_a_day(firm, ravi):
    await ravi.says("/find sharma")
    for label in ("Paid", "Cash", "All", "Today", "Save"):
        await ravi.taps(label)
    firm.clock.advance(hours=25)
    await ravi.taps("Undo")
    assert ravi.toast == "That was more than a day ago. Write a note instead."
    assert len(await _decided(firm)) == 1


async def test_too_much_cash_is_warned_of_before_it_is_saved(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Paid")
    await ravi.taps("Cash")
    await ravi.says("2 lakh")
    await ravi.taps("Today")
    warned = await ravi.taps("Save")
    assert "Too much cash by law" in warned
    assert "₹2,00,000" in warned
    assert "split" not in warned
    assert await _decided(firm) == []
    assert (await ravi.taps("Save all the same")).startswith("✓ Saved")
    assert len(await _decided(firm)) == 1


async def test_a_cheque_is_taken_deposited_and_comes_back(firm, people, ravi, ramesh):
    await ravi.says("/find sharma")
    await ravi.taps("Paid")
    await ravi.taps("Cheque")
    await ravi.taps("INV-107")
    assert "made of digits" in await ravi.says("don't know")
    assert "Which bank is it drawn on?" in await ravi.says("००४५१२")
    assert "Which date is on the cheque?" in await ravi.says("HDFC <b>Karol Bagh</b>")
    shown = await ravi.says("28/11")
    for line in (
        "cheque no. 004512",
        "drawn on HDFC &lt;b&gt;Karol Bagh&lt;/b&gt;",
        "Sat 28 Nov: post-dated",
        "for bill INV-107",
    ):
        assert line in shown
    place, data = ravi.button("Save")
    assert "takes it from that day on" in await ravi.sends(place, data)
    await ravi.sends(place, data)
    assert ravi.toast == "This cheque is entered already."
    await firm.settle()
    assert len(await firm.door.query(ChequesInHand(), firm.owner)) == 1
    await ramesh.says("/find sharma")
    await ramesh.taps("More…")
    assert "in hand, for Sat 28 Nov" in await ramesh.taps("Cheques in hand")
    assert "doesn't take it before its day" in await ramesh.taps("004512")
    assert "Given to bank" not in ramesh.labels
    firm.clock.advance(days=9)
    await ramesh.says("/find sharma")
    await ramesh.taps("More…")
    await ramesh.taps("Cheques in hand")
    await ramesh.taps("004512")
    assert "went to the bank" in await ramesh.taps("Given to bank")
    await firm.settle()
    await ramesh.taps("‹ Sharma")
    await ramesh.taps("More…")
    assert "given to the bank, not cleared yet" in await ramesh.taps("Cheques in hand")
    await ramesh.taps("004512")
    assert "came back. Why?" in await ramesh.taps("Came back")
    assert "“Funds insufficient 01”" in await ramesh.says("Funds insufficient 01")
    await firm.settle()
    assert await firm.door.query(ChequesInHand(), firm.owner) == ()
    await ravi.says("/find sharma")
    await ravi.taps("More…")
    assert "⛔ No goods to" in await ravi.taps("Send goods?")
    assert "a cheque came back on Sun 29 Nov" in ravi.last


async def test_a_cheque_is_replaced_by_another(firm, ramesh):
    await ramesh.says("/find sharma")
    for step in ("Paid", "Cheque", "INV-107"):
        await ramesh.taps(step)
    await ramesh.says("004512")
    await ramesh.taps("Skip")
    await ramesh.taps("Fri 20 Nov")
    await ramesh.taps("Save")
    await firm.settle()
    await ramesh.says("/cheques")
    assert "<b>Sharma Traders</b>\n004512  <b>₹23,600</b>" in ramesh.last
    for step in ("Sharma Traders", "004512", "Replaced…"):
        await ramesh.taps(step)
    assert "Type the number of the cheque" in ramesh.last
    await ramesh.says("004599")
    await ramesh.taps("Skip")
    await ramesh.says("5 dec")
    await ramesh.taps("Save")
    await firm.settle()
    [left] = await firm.door.query(ChequesInHand(), firm.owner)
    assert (left.number, left.amount) == ("004599", 2_360_000)


async def test_a_call_that_says_paid_becomes_a_claim_that_the_bank_proves(firm, ravi):
    await ravi.says("/find sharma")
    called = await ravi.taps("Call ▸")
    assert "+91 98200 12345" in called
    assert "Type the UTR or UPI number." in await ravi.taps("Says paid")
    assert "That is no UTR" in await ravi.says("he sent it yesterday")
    await ravi.says("utr hdfcn52026111800")
    await ravi.taps("Overdue")
    assert "On which day?" in ravi.last
    await ravi.says("18/11")
    assert "UTR HDFCN52026111800" in ravi.last
    assert "I look for it in your bank's next statement." in await ravi.taps("Save")
    await firm.settle()
    await ravi.says("/find sharma")
    assert "They say ₹34,220 paid Wed 18 Nov, not in the bank yet" in ravi.last
    assert "says it is paid" in ravi.last
    await firm.say(
        "bank:icici", "bank.credited", "bank_line", "L-1", amount=3_422_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-HDFCN52026111800-SHARMA TRADERS", channel="NEFT",
        payer={"name": "SHARMA TRADERS"}, references={"utr": ["HDFCN52026111800"]},
    )  # fmt: skip
    await firm.settle()
    await ravi.says("/find sharma")
    assert "They say" not in ravi.last
    assert (await firm.outstanding())["INV-102"] == 0


async def test_the_utr_may_come_later_and_a_upi_number_is_known_as_one(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Call ▸")
    await ravi.taps("Says paid")
    await ravi.says("6324 1234 5678")
    await ravi.taps("All")
    await ravi.taps("Today")
    assert "by UPI" in ravi.last
    await ravi.says("/find sharma")
    await ravi.taps("Paid")
    await ravi.taps("UPI")
    await ravi.taps("All")
    await ravi.taps("Today")
    await ravi.taps("Later")
    assert "Please ask them for the UTR" in await ravi.taps("Save")


async def test_a_name_in_the_middle_of_a_dialogue_is_that_customer_a_wrong_word_is_not(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Paid")
    await ravi.taps("Cash")
    assert "can't read an amount" in await ravi.says("about half")
    assert "To collect" in await ravi.says("kisne paisa nahi diya")
    await ravi.says("/find sharma")
    await ravi.taps("Paid")
    await ravi.taps("Cash")
    assert "To collect" in await ravi.says("sharma")


async def test_no_answer_is_one_tap_and_stands_on_the_card(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Call ▸")
    place, data = ravi.button("No answer")
    await ravi.sends(place, data)
    assert "no answer" in await ravi.sends(place, data)
    await firm.settle()
    assert [one.type for one in await _decided(firm)] == ["call.logged"]
    firm.clock.advance(days=1)
    await ravi.says("/find sharma")
    assert "Called yesterday 9:" in ravi.last
    assert ": no answer" in ravi.last


async def test_will_pay_by_button_by_word_and_in_part_the_last_word_counts(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Will pay on…")
    assert "I can't read a day in that." in await ravi.says("soon")
    assert "a year ahead" in await ravi.says("25/12/2031")
    assert "will pay on Wed 25 Nov" in await ravi.says("25 tarikh")
    await firm.settle()
    await ravi.says("/find sharma")
    assert "Will pay Wed 25 Nov" in ravi.last
    await ravi.taps("Call ▸")
    await ravi.taps("Will pay…")
    assert "₹50,000 of ₹57,820" in await ravi.says("friday 50k")
    await firm.settle()
    await ravi.says("/find sharma")
    assert "Will pay ₹50,000 on Fri 27 Nov" in ravi.last
    assert "will pay" in ravi.last
    await ravi.taps("Will pay on…")
    await ravi.taps("Mon 30 Nov")
    await ravi.taps("Only a part…")
    await ravi.taps("Overdue")
    await firm.settle()
    await ravi.says("/find sharma")
    assert "Will pay ₹34,220 on Mon 30 Nov" in ravi.last
    firm.clock.advance(days=12)
    await firm.settle()
    await ravi.says("/find sharma")
    assert "Promised ₹34,220 on Mon 30 Nov, not paid" in ravi.last


async def test_a_promise_is_taken_back(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Will pay on…")
    await ravi.taps("Fri 27 Nov")
    assert "↺ Taken back" in await ravi.taps("Undo")
    await firm.settle()
    await ravi.says("/find sharma")
    assert "Will pay" not in ravi.last


async def test_a_dispute_names_its_bill_and_is_settled(firm, ravi, ramesh):
    await ravi.says("/find sharma")
    await ravi.taps("Call ▸")
    assert "which bill is it about?" in await ravi.taps("Dispute")
    await ravi.taps("INV-102")
    assert "“10 pieces <i>broken</i>”".replace("<", "&lt;").replace(">", "&gt;") in await ravi.says(
        "10 pieces <i>broken</i>"
    )
    await firm.settle()
    await ramesh.says("/find sharma")
    assert "INV-102  ₹34,220 · disputed" in ramesh.last
    await ramesh.taps("More…")
    place, data = ramesh.button("INV-102: settled")
    assert "settled, to be paid again" in await ramesh.sends(place, data)
    await ramesh.sends(place, data)
    assert ramesh.toast == "It is settled already."
    await firm.settle()
    await ramesh.says("/find sharma")
    assert "disputed" not in ramesh.last.split("Called")[0]


async def test_a_note_is_typed_and_stands_on_the_card(firm, ravi, people):
    await ravi.says("/find sharma")
    await ravi.taps("More…")
    assert "what shall I note?" in await ravi.taps("Note")
    assert "✓ Noted" in await ravi.says("Ask for <b>Mohan</b> \u202eafter 4 pm")
    await people["Sunita"].says("/find sharma")
    assert "Note: Ask for &lt;b&gt;Mohan&lt;/b&gt; after 4 pm" in people["Sunita"].last
    assert "I found" in await ravi.says("zxqv") or "zxqv" in ravi.last


async def test_a_note_that_is_too_long_is_waited_for_again(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("More…")
    await ravi.taps("Note")
    assert "at most 500" in await ravi.says("x" * 600)
    assert "✓ Noted" in await ravi.says("shorter")


async def test_a_rep_asks_whether_goods_may_go_and_the_owner_answers_once(firm, people, ravi, ramesh):
    await ravi.says("/find sharma")
    await ravi.taps("More…")
    assert "🟡 Ask the owner first" in await ravi.taps("Send goods?")
    await ravi.taps("Order value…")
    assert "Type it like" in await ravi.says("a lot")
    assert "for an order of ₹1,50,000" in await ravi.says("1.5 lakh")
    place, data = ravi.button("Ask the owner")
    assert "I have asked Ramesh" in await ravi.sends(place, data)
    await ravi.sends(place, data)
    await ramesh.receives()
    assert len(ramesh.shown) == 1, "asked once, however often it is tapped"
    assert "Ravi asks: may goods go to <b>Sharma Traders</b>?" in ramesh.last
    assert "Order of ₹1,50,000" in ramesh.last
    may, hold = ramesh.button("May send"), ramesh.button("Hold goods")
    answered = await ramesh.sends(*may)
    assert "Goods up to ₹1,50,000 may go" in answered
    assert "Ravi is told." in answered
    await ravi.receives()
    assert "Ramesh: goods up to ₹1,50,000 may go to <b>Sharma Traders</b>." in ravi.last
    await ramesh.sends(*hold)
    assert ramesh.toast == "It is answered already."
    told = len(ravi.shown)
    await ravi.receives()
    assert len(ravi.shown) == told
    await firm.settle()
    await ravi.says("/find sharma")
    await ravi.taps("More…")
    await ravi.taps("Send goods?")
    await ravi.taps("Order value…")
    assert "✅ Yes, goods can go" in await ravi.says("150000")


async def test_the_owner_holds_goods_and_everybody_sees_it(firm, people, ravi, ramesh):
    await ramesh.says("/find sharma")
    await ramesh.taps("More…")
    await ramesh.taps("Send goods?")
    assert "✓ No goods to" in await ramesh.taps("Hold goods")
    await ravi.says("/find sharma")
    assert "⛔ No goods for now: Ramesh, Fri 20 Nov" in ravi.last
    await ravi.taps("More…")
    assert "Ramesh said no on Fri 20 Nov" in await ravi.taps("Send goods?")
    assert "↺ Taken back" in await ramesh.taps("Undo")
    await ravi.says("/find sharma")
    assert "No goods for now" not in ravi.last


async def test_each_source_tells_its_own_story(firm, people, ramesh):
    await firm.say(
        CRM, "deal.status_reported", "deal", "D-1", word="Closed Won", name="Sharma repeat", status="invoice.paid",
        amount=3_422_000, currency="INR", url="https://crm.example/deals/1", references={"invoices": ["INV-102"]},
        party={"id": "X-1", "name": "Sharma Traders", "gstin": "27AAPFU0939F1ZV"},
    )  # fmt: skip
    await firm.settle()
    ca = people["CA Mehta"]
    await ca.says("/find sharma")
    shown = await ca.taps("Full history")
    assert "“Closed Won”" in shown
    assert "Bill INV-102" in shown
    links = [b["url"] for row in ca.shown[max(ca.shown)]["buttons"] for b in row if "url" in b]
    assert links == ["https://crm.example/deals/1"]
    assert "· history" in await ca.taps("All, newest first")


@pytest.mark.parametrize(
    ("do", "more"),
    [
        ("party_more", {}), ("note", {}), ("paid", {"method": "cash"}), ("call", {}), ("promise", {}),
        ("call_said", {"outcome": "no_answer"}), ("promised", {"on": "2026-11-27"}), ("goods_order", {}),
        ("paid_save", {"method": "cash", "amount": 100, "on": "2026-11-20", "at": "2026-11-20T03:35:00+00:00"}),
        ("goods_say", {"say": "hold", "seen": "2026-11-20T03:35:00+00:00"}), ("goods_ask", {"at": "2026-11-20T03:35:00+00:00"}),
    ],
)  # fmt: skip
async def test_who_may_only_look_is_refused_and_a_strangers_customer_is_nobodys(firm, people, do, more):
    [row] = await firm.rows("SELECT id FROM parties WHERE business_id = $1 AND name = 'Sharma Traders'")
    action = {"do": do, "party": str(row["id"]), **more}
    for name, refused in (("CA Mehta", Denied), ("Meena", (NotFound, Denied))):
        visitor = await visitor_of(firm.door, people[name].chat_id)
        with pytest.raises(refused):
            await Desk(firm.door).act(visitor, action)
    assert await _decided(firm) == []


async def test_a_hostile_name_bends_no_card_of_a_dialogue(firm, people, ramesh):
    evil = "<b>Khan</b> & {name} \u202eSons\u200b " + "ऑ" * 150
    party = {"id": "C-9", "name": evil}
    await firm.bill("INV-<9>", 590_000, 500_000, party=party)
    await firm.settle()
    for steps in (
        ("Call ▸", "Says paid"), ("Call ▸", "Dispute", "INV-<9>", "Wrong rate"), ("Will pay on…", "Mon 23 Nov", "Only a part…"),
        ("More…", "Note"), ("More…", "Send goods?", "Order value…"), ("More…", "Full history", "All, newest first"),
        ("Paid", "Cheque", "All"), ("Paid", "Cash", "All", "Today", "Save"),
    ):  # fmt: skip
        await ramesh.says("/find INV-<9>")
        await ramesh.taps("<b>Khan")
        for step in steps:
            text = await ramesh.taps(step)
            assert "&lt;b&gt;Khan&lt;/b&gt; &amp; {name}" in text or step in ("All", "Cheque", "Today")
            assert parse_html(text).text
            assert "\u202e" not in text


async def test_a_card_survives_a_restart_and_a_command_ends_a_dialogue(firm, ravi):
    await ravi.says("/find sharma")
    await ravi.taps("Paid")
    await ravi.taps("Cash")
    await ravi.says("/owes")
    said = await ravi.says("48,020")
    assert "On which day?" not in said, "the command ended the dialogue: the amount is looked for"
