"""What was said of one customer, who says what of him, and whether goods may go: through the door, on real tables."""

from __future__ import annotations

from datetime import date

import pytest

from kit.errors import Denied, NotFound, Stale
from ledger.commands import MakePromise
from ledger.commands.goods import HoldGoods, ReleaseGoods
from ledger.commands.workflow import AddNote, ConfirmPayment, LogCall, ReportPayment, WithdrawDecision
from ledger.domain.roles import Role
from ledger.queries import FindParty, Timeline
from ledger.queries.customers import MayGoodsGo, PartyTalk, ReportedPayments, SourcesOf
from tests.ledger.desk import BOOKS, CRM, SHARMA, Firm


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
async def sharma(firm):
    await firm.say(
        BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi", roles=["customer"]
    )
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.settle()
    [found] = await firm.door.query(FindParty("Sharma"), firm.owner)
    return found.id


async def test_what_was_said_a_moment_ago_is_told_before_and_after_it_is_folded(firm, sharma):
    for settled in (False, True):
        await firm.door.execute(LogCall(sharma, "no_answer"), firm.owner)
        firm.clock.advance(minutes=1)
        await firm.door.execute(AddNote("Ask for the manager", sharma), firm.owner)
        await firm.door.execute(MakePromise(sharma, date(2026, 11, 27), 500_000), firm.owner)
        if settled:
            await firm.settle()
        talk = await firm.door.query(PartyTalk(sharma), firm.owner)
        assert (talk.call.text, talk.call.by, talk.call.own) == ("no_answer", "Ramesh", True)
        assert talk.note.text == "Ask for the manager"
        assert (talk.promise.on, talk.promise.amount) == (date(2026, 11, 27), 500_000)
        assert talk.reported == ()
    await firm.door.execute(WithdrawDecision(talk.promise.id), firm.owner)
    await firm.door.execute(WithdrawDecision(talk.call.id), firm.owner)
    talk = await firm.door.query(PartyTalk(sharma), firm.owner)
    assert talk.promise is None
    assert talk.call is not None, "the call of before stands again"


async def test_reported_money_waits_for_somebody_else(firm, sharma):
    ravi = await firm.member("Ravi", Role.SALES, owner_key="ravi")
    meena = await firm.member("Meena", Role.SALES, owner_key="meena")
    today = date(2026, 11, 20)
    made = await firm.door.execute(ReportPayment(sharma, 4_802_000, "cash", today), ravi)
    [seen] = (await firm.door.query(PartyTalk(sharma), firm.owner)).reported
    assert (seen.id, seen.by, seen.own, seen.method) == (made.id, "Ravi", False, "cash")
    await firm.settle()
    [waits] = await firm.door.query(ReportedPayments(), firm.owner)
    assert (waits.id, waits.by, waits.own, waits.party_name) == (made.id, "Ravi", False, "Sharma Traders")
    assert [one.own for one in await firm.door.query(ReportedPayments(), ravi)] == [True]
    assert await firm.door.query(ReportedPayments(), meena) == ()
    with pytest.raises(Denied):
        await firm.door.execute(ConfirmPayment(made.id), ravi)
    await firm.door.execute(ConfirmPayment(made.id), firm.owner)
    assert await firm.door.query(ReportedPayments(), firm.owner) == (), "said, and not folded yet"
    assert (await firm.door.query(PartyTalk(sharma), firm.owner)).reported == ()
    await firm.settle()
    assert await firm.door.query(ReportedPayments(), firm.owner) == ()


async def test_goods_by_what_is_known_and_by_the_owners_word(firm, sharma):
    ravi = await firm.member("Ravi", Role.SALES, owner_key="ravi")
    asked = await firm.door.query(MayGoodsGo(sharma, 100_000), ravi)
    assert (asked.verdict, asked.reasons[0].code) == ("ask", "overdue")
    with pytest.raises(Denied):
        await firm.door.execute(HoldGoods(sharma), ravi)
    with pytest.raises(Denied):
        await firm.door.execute(ReleaseGoods(sharma), ravi)
    await firm.door.execute(HoldGoods(sharma, note="Paid late twice"), firm.owner)
    held = await firm.door.query(MayGoodsGo(sharma), ravi)
    assert (held.verdict, held.word.by, held.word.note) == ("no", "Ramesh", "Paid late twice")
    with pytest.raises(Stale, match="Ramesh"):
        await firm.door.execute(HoldGoods(sharma), firm.owner)
    await firm.settle()
    with pytest.raises(Stale, match="Ramesh has said so already"):
        await firm.door.execute(HoldGoods(sharma), firm.owner)
    seen = firm.clock.now
    firm.clock.advance(minutes=1)
    await firm.door.execute(ReleaseGoods(sharma, up_to=100_000), firm.owner)
    await firm.settle()
    with pytest.raises(Stale, match="Goods may go out, up to ₹1,000"):
        await firm.door.execute(HoldGoods(sharma, seen=seen), firm.owner)
    assert (await firm.door.query(MayGoodsGo(sharma, 100_000), ravi)).verdict == "yes"
    assert (await firm.door.query(MayGoodsGo(sharma, 100_100), ravi)).verdict == "ask"


async def test_a_returned_cheque_speaks_against_goods(firm, sharma):
    await firm.say(
        BOOKS, "cheque.returned", "cheque", "Q-1", number="004512", party=SHARMA, on="2026-11-10",
        amount=100_000, currency="INR",
    )  # fmt: skip
    await firm.settle()
    found = await firm.door.query(MayGoodsGo(sharma), firm.owner)
    assert (found.verdict, found.reasons[0].code) == ("no", "cheque_returned")
    assert found.reasons[0].on == date(2026, 11, 10)


async def test_each_source_says_its_own_word(firm, sharma):
    await firm.say(
        CRM, "deal.status_reported", "deal", "D-1", word="Closed Won", name="Sharma repeat", status="invoice.paid",
        amount=3_422_000, currency="INR", url="https://crm.example/deals/1", references={"invoices": ["INV-102"]},
        party={"id": "X-1", "name": "Sharma Traders", "gstin": "27AAPFU0939F1ZV"},
    )  # fmt: skip
    await firm.credit(3_422_000)
    await firm.settle()
    found = {one.source: one for one in await firm.door.query(SourcesOf(sharma), firm.owner)}
    assert found[BOOKS].latest[0].number == "INV-102"
    assert found[BOOKS].name == "Sharma Traders"
    assert found[CRM].latest[0].word == "Closed Won"
    assert found[CRM].latest[0].url == "https://crm.example/deals/1"
    ravi = await firm.member("Ravi", Role.SALES, owner_key="ravi")
    assert {one.source for one in await firm.door.query(SourcesOf(sharma), ravi)} == {BOOKS, CRM}
    page = await firm.door.query(Timeline(sharma, source=CRM), firm.owner)
    assert {entry.source for entry in page.rows} == {CRM}


async def test_another_reps_customer_is_nobodys_to_see(firm, sharma):
    meena = await firm.member("Meena", Role.SALES, owner_key="meena")
    for question in (PartyTalk(sharma), MayGoodsGo(sharma), SourcesOf(sharma)):
        with pytest.raises(NotFound):
            await firm.door.query(question, meena)
