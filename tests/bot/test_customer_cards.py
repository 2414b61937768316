"""Cards of what is done with a customer: golden texts, and that they take any name."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from bot.cards import calls, cheques, goods, paid, reported
from bot.cards.audience import Audience
from bot.cards.card import Card
from bot.cards.customer import hint_card, more_card, note_card, noted_card, undo_button, unsaid_card
from bot.cards.history import history_card, sources_of_card
from bot.cards.lists import Turn
from bot.cards.paid import Form
from bot.cards.party import party_card
from bot.phone.markup import parse_html
from ledger import views
from ledger.domain.cash.limits import cash_limit
from ledger.domain.credit import ASK, NO, YES, CreditStanding, OwnersWord, may_send
from ledger.domain.roles import Role
from ledger.views.customers import GoodsView, PromiseWord, Reported, SaidOf, SourceSays, TalkView, Word
from ledger.views.workflow import ChequeInHand
from tests.bot import sample_views as sample
from tests.bot.golden_cards import Cards, check, golden, told

TODAY, YESTERDAY = sample.TODAY, datetime(2026, 11, 19, 10, 40, tzinfo=UTC)
DECISION, PARTY = UUID(int=501), str(sample.SHARMA)
HOSTILE = "<b>&amp;</b><script>alert(1)</script>{0}{name}%s\u202e\x00\ud800" + "A" * 4_000


def payment(**changes: object) -> Reported:
    """Cash that Ravi took yesterday."""
    fields: dict[str, object] = {
        "id": UUID(int=601), "party_id": sample.SHARMA, "party_name": "Sharma Traders", "amount": sample.rupees(48_020),
        "currency": "INR", "method": "cash", "paid_on": date(2026, 11, 19), "number": None, "note": None,
        "at": YESTERDAY, "by": "Ravi", "own": False,
    }  # fmt: skip
    return Reported(**{**fields, **changes})  # type: ignore[arg-type]


BY_UPI = payment(
    id=UUID(int=602), amount=sample.rupees(25_000), method="upi", number="632412345678", by="Meena"
)
OWN = payment(id=UUID(int=603), amount=sample.rupees(7_000), own=True, by="Ramesh")
TALK = TalkView(
    call=Word(UUID(int=701), "no_answer", YESTERDAY, "Ravi", own=False),
    note=Word(UUID(int=702), "Ask for Mohan ji after 4 pm", YESTERDAY, "Sunita", own=False),
    promise=PromiseWord(UUID(int=703), date(2026, 11, 27), None, YESTERDAY, "Ravi", own=False),
    goods=OwnersWord(may=False, on=date(2026, 11, 18), by="Ramesh"),
    reported=(payment(), BY_UPI),
)
CASH = Form(PARTY, "cash", sample.rupees(48_020), "2026-11-20")
BANK = Form(
    PARTY,
    "bank",
    sample.rupees(34_220),
    "2026-11-18",
    "HDFCN52026111800",
    bill="x",
    bill_number="INV-102/26-27",
)
CHEQUE = Form(PARTY, "cheque", sample.rupees(85_000), None, "004512", "HDFC", "2026-11-28")
CHEQUES = (
    ChequeInHand(UUID(int=1), sample.SHARMA, "Sharma Traders", "004512", "HDFC", date(2026, 11, 28), sample.rupees(85_000), "INR", "cheque.received", post_dated=True),
    ChequeInHand(UUID(int=2), sample.SHARMA, "Sharma Traders", "004498", "SBI", date(2026, 11, 18), sample.rupees(40_000), "INR", "cheque.received", post_dated=False),
    ChequeInHand(UUID(int=3), sample.SHARMA, "Sharma Traders", "004460", None, None, sample.rupees(12_000.5), "INR", "cheque.deposited", post_dated=False),
)  # fmt: skip
_DISPUTED = sample.bill(status="invoice.disputed")


def goods_view(order: int | None = None, **changes: object) -> GoodsView:
    """Sharma Traders within his limit, nothing late, unless changed."""
    fields: dict[str, object] = {
        "today": TODAY, "net": sample.rupees(142_000), "credit_limit": sample.rupees(300_000), "overdue": 0,
        "overdue_days": 0, "usual_days_late": 20, **changes,
    }  # fmt: skip
    standing = CreditStanding(**fields)  # type: ignore[arg-type]
    answer = may_send(standing, order)
    return GoodsView(sample.brief(), answer.verdict, answer.reasons, standing.word, order)


_LATE = {"overdue": sample.rupees(50_000), "overdue_days": 47}
_BAD = {
    **_LATE,
    "overdue_days": 90,
    "promise_broken": True,
    "promises_broken": 3,
    "promises_given": 5,
    "cheque_returned_on": date(2026, 11, 9),
}
_ALLOWED = OwnersWord(may=True, on=TODAY, by="Ramesh", amount=sample.rupees(50_000))
_HELD = OwnersWord(may=False, on=date(2026, 11, 18), by="Ramesh", note="Pays only when I stop")
SOURCES = (
    SourceSays(
        "books:tally", "Tally", "SHARMA TRADERS (DELHI)", None, 14,
        (SaidOf("invoice", "INV-102/26-27", "Sales", "invoice.issued", sample.rupees(34_220), "INR", sample.NOW, None),
         SaidOf("receipt", None, "Receipt", "payment.received", sample.rupees(25_000), "INR", YESTERDAY, None)),
    ),
    SourceSays(
        "crm:hubspot", "HubSpot", "Sharma Traders", "https://app.hubspot.example/contacts/1", 2,
        (SaidOf("invoice", "INV-102/26-27", "closedwon", "invoice.paid", sample.rupees(34_220), "INR", YESTERDAY, "https://app.hubspot.example/deals/9"),),
    ),
    SourceSays(
        "payment:razorpay", "Razorpay", None, None, 1,
        (SaidOf("receipt", None, "captured", "payment.received", sample.rupees(25_000), "INR", YESTERDAY, "javascript:alert(1)"),),
    ),
)  # fmt: skip


def _limit_card(to: Audience) -> Card:
    limit = cash_limit(TODAY)
    assert limit is not None
    return paid.cash_warning_card(
        limit, sample.rupees(200_000), sample.brief(), {"do": "paid_save"}, PARTY, to
    )


def _ask(to: Audience, **known: object) -> Card:
    return paid.ask_card(Form(PARTY, **known), sample.party(), ("HDFC", "SBI"), to)  # type: ignore[arg-type]


CARDS: Cards = {
    "party_talked": lambda to: party_card(sample.party(brief=sample.brief(phone=None)), to, TALK),
    "party_view_only": lambda to: party_card(sample.party(), told(to, Role.VIEW)),
    "party_vendor": lambda to: party_card(
        sample.party(
            brief=sample.brief("Tata Steel Distribution", net=0, open_bills=0, overdue=0, overdue_days=0, is_customer=False, is_vendor=True, payable=sample.rupees(120_000)),
            bills=(), bills_open=0, payables=(sample.payable(),), cheques=(), recent=(), conflicts_open=0,
            aging=sample.NO_AGING, promise_amount=None, credit_limit=None,
        ), to,
    ),
    "more": lambda to: more_card(sample.party(bills=(_DISPUTED, sample.bill("INV-107"))), TALK, to),
    "more_sales": lambda to: more_card(sample.party(cheques=()), TalkView(), told(to, Role.SALES)),
    "note_ask": lambda to: note_card(sample.brief(), to),
    "note_done": lambda to: noted_card(sample.brief(), "Ask for Mohan ji after 4 pm", DECISION, to),
    "unsaid": lambda to: unsaid_card(sample.brief(), to),
    "paid_method": lambda to: _ask(to),
    "paid_amount": lambda to: _ask(to, method="cash"),
    "paid_day": lambda to: _ask(to, method="upi", amount=5_000),
    "paid_utr": lambda to: _ask(to, method="bank", amount=5_000, on="2026-11-20"),
    "paid_claim_utr": lambda to: _ask(to, method="bank", claim=True),
    "paid_cheque_number": lambda to: _ask(to, method="cheque", amount=5_000),
    "paid_cheque_bank": lambda to: _ask(to, method="cheque", amount=5_000, number="004512"),
    "paid_cheque_date": lambda to: _ask(to, method="cheque", amount=5_000, number="004512", bank=""),
    "paid_hint_amount": lambda to: hint_card(sample.brief(), paid.slot_hint(Form(PARTY, "cash"), to), to),
    "paid_hint_day": lambda to: hint_card(sample.brief(), paid.slot_hint(Form(PARTY, "cash", 5_000), to), to),
    "paid_hint_off_day": lambda to: hint_card(sample.brief(), paid.off_day_hint(Form(PARTY, "cash", 5_000), to), to),
    "paid_hint_utr": lambda to: hint_card(
        sample.brief(), paid.slot_hint(Form(PARTY, "bank", 5_000, "2026-11-20"), to), to
    ),
    "paid_hint_cheque": lambda to: hint_card(sample.brief(), paid.slot_hint(Form(PARTY, "cheque", 5_000), to), to),
    "paid_hint_bank": lambda to: hint_card(
        sample.brief(), paid.slot_hint(Form(PARTY, "cheque", 5_000, number="004512"), to), to
    ),
    "paid_hint_cheque_date": lambda to: hint_card(
        sample.brief(), paid.off_day_hint(Form(PARTY, "cheque", 5_000, number="004512", bank=""), to), to
    ),
    "paid_confirm_cash": lambda to: paid.confirm_card(CASH, sample.brief(), to),
    "paid_confirm_bank": lambda to: paid.confirm_card(BANK, sample.brief(), to),
    "paid_confirm_cheque": lambda to: paid.confirm_card(CHEQUE, sample.brief(), to),
    "paid_saved_cash": lambda to: paid.saved_card(CASH, sample.brief(), DECISION, to),
    "paid_saved_bank": lambda to: paid.saved_card(BANK, sample.brief(), DECISION, to),
    "paid_saved_no_utr": lambda to: paid.saved_card(
        dataclasses.replace(BANK, number="", method="upi"), sample.brief(), DECISION, to
    ),
    "paid_saved_cheque": lambda to: paid.saved_card(CHEQUE, sample.brief(), DECISION, to),
    "paid_known": lambda to: paid.saved_card(
        dataclasses.replace(CHEQUE, dated="2026-11-18"), sample.brief(), None, to, known=True
    ),
    "paid_another": lambda to: paid.another_card(CASH, sample.brief(), payment(), to),
    "paid_cash_limit": _limit_card,
    "reported": lambda to: reported.reported_card((payment(), BY_UPI, OWN, payment(method="bank")), to, may_confirm=True),
    "reported_sales": lambda to: reported.reported_card(
        (payment(own=True),), told(to, Role.SALES), may_confirm=False
    ),
    "reported_none": lambda to: reported.reported_card((), to, may_confirm=True),
    "reported_here": lambda to: reported.here_card(payment(), undo_button(DECISION, PARTY, to), 2, to),
    "call": lambda to: calls.call_card(sample.brief(), TALK, to),
    "call_no_phone": lambda to: calls.call_card(sample.brief(phone=None, net=0), TalkView(), to),
    "call_no_answer": lambda to: calls.no_answer_card(sample.brief(), DECISION, to),
    "promised": lambda to: calls.promised_card(sample.brief(), date(2026, 11, 27), None, DECISION, to),
    "promised_part": lambda to: calls.promised_card(sample.brief(), date(2026, 11, 27), 5_000_000, DECISION, to),
    "promise_part": lambda to: calls.promise_part_card(sample.party(), "2026-11-27", to),
    "promise_hint": lambda to: hint_card(sample.brief(), calls.too_far_hint(to), to),
    "dispute": lambda to: calls.dispute_card(sample.party(), to),
    "dispute_no_bill": lambda to: calls.dispute_card(sample.party(bills=()), to),
    "dispute_why": lambda to: calls.dispute_why_card(sample.bill(), to),
    "disputed": lambda to: calls.disputed_card(sample.bill(), sample.brief(), "10 pieces broken", DECISION, to),
    "dispute_over": lambda to: calls.dispute_over_card(sample.bill(), sample.brief(), DECISION, to),
    "cheques": lambda to: cheques.cheques_card(sample.brief(), CHEQUES, to),
    "cheques_sales": lambda to: cheques.cheques_card(sample.brief(), CHEQUES[:1], told(to, Role.SALES)),
    "cheques_all": lambda to: cheques.all_cheques_card(CHEQUES, to),
    "cheques_all_none": lambda to: cheques.all_cheques_card((), to),
    "cheques_none": lambda to: cheques.cheques_card(sample.brief(), (), to),
    "cheque": lambda to: cheques.cheque_card(sample.brief(), CHEQUES[1], to),
    "cheque_post_dated": lambda to: cheques.cheque_card(sample.brief(), CHEQUES[0], to),
    "cheque_came_back": lambda to: cheques.came_back_card(sample.brief(), CHEQUES[2], to),
    "cheque_deposited": lambda to: cheques.deposited_card(sample.brief(), "004498", DECISION, to),
    "cheque_returned": lambda to: cheques.returned_card(sample.brief(), "004498", "Not enough funds", DECISION, to),
    "goods_yes": lambda to: goods.goods_card(goods_view(sample.rupees(50_000)), told(to, Role.SALES)),
    "goods_yes_no_limit": lambda to: goods.goods_card(
        goods_view(credit_limit=None, overdue=sample.rupees(9_000), overdue_days=12), told(to, Role.SALES)
    ),
    "goods_ask": lambda to: goods.goods_card(
        goods_view(sample.rupees(170_000), **_LATE, blocked=True), told(to, Role.SALES)
    ),
    "goods_ask_owner": lambda to: goods.goods_card(goods_view(**_LATE, promise_broken=True), to),
    "goods_no": lambda to: goods.goods_card(goods_view(sample.rupees(900_000), **_BAD), told(to, Role.SALES)),
    "goods_held": lambda to: goods.goods_card(goods_view(word=_HELD), to),
    "goods_allowed": lambda to: goods.goods_card(
        goods_view(sample.rupees(50_000), **_LATE, word=_ALLOWED), told(to, Role.SALES)
    ),
    "goods_allowed_all": lambda to: goods.goods_card(
        goods_view(**_LATE, word=dataclasses.replace(_ALLOWED, amount=None)), to
    ),
    "goods_order": lambda to: goods.order_card(sample.brief(), to),
    "goods_asked": lambda to: goods.asked_card(goods_view(sample.rupees(170_000), **_LATE), "Ravi", {"party": PARTY}, to),
    "goods_sent": lambda to: goods.sent_to_owner_card(goods_view(), ["Ramesh"], told(to, Role.SALES)),
    "goods_nobody": lambda to: goods.sent_to_owner_card(goods_view(), [], told(to, Role.SALES)),
    "goods_word_may": lambda to: goods.word_card(goods_view(sample.rupees(170_000)), "may", "Ravi", DECISION, to),
    "goods_word_may_all": lambda to: goods.word_card(goods_view(), "may", None, DECISION, to),
    "goods_word_hold": lambda to: goods.word_card(goods_view(), "hold", "Ravi", DECISION, to),
    "goods_told_may": lambda to: goods.told_card(sample.brief(), "Ramesh", "may", sample.rupees(170_000), to),
    "goods_told_all": lambda to: goods.told_card(sample.brief(), "Ramesh", "may", None, to),
    "goods_told_hold": lambda to: goods.told_card(sample.brief(), "Ramesh", "hold", None, to),
    "sources_of": lambda to: sources_of_card(sample.brief(), SOURCES, to),
    "sources_of_none": lambda to: sources_of_card(sample.brief(), (), to),
    "history_of_source": lambda to: history_card(
        views.TimelinePage(end=None, more=False), "Sharma Traders", PARTY, Turn(), to, source=("crm:hubspot", "HubSpot")
    ),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


def test_the_first_card_offers_six_things_and_what_waits() -> None:
    card = party_card(sample.party(), sample.audience(), TALK)
    assert sum(len(row) for row in card.buttons) == 8
    assert sum(len(row) for row in party_card(sample.party(conflicts_open=0), sample.audience()).buttons) == 6
    assert len(card.text.split("\n")) <= 27, "one screen"


def test_what_is_not_due_yet_is_told_where_only_a_part_is_late() -> None:
    late = sample.party(brief=sample.brief(overdue=sample.rupees(100_000)))
    assert "Not due yet ₹42,000" in party_card(late, sample.audience()).text
    assert "Not due yet" not in party_card(sample.party(), sample.audience()).text


def test_a_promise_stands_as_soon_as_it_is_noted() -> None:
    to, brief = sample.audience(), sample.brief(promise_on=None)
    view = sample.party(brief=brief, promise_amount=None)
    word = PromiseWord(UUID(int=703), date(2026, 11, 28), None, to.now, "Ramesh", own=True)
    assert "\nWill pay Sat 28 Nov\n" in party_card(view, to, TalkView(promise=word)).text
    earlier = dataclasses.replace(word, at=YESTERDAY)  # folded since: the balance says what became of it
    assert "Will pay" not in party_card(view, to, TalkView(promise=earlier)).text


def test_only_a_plain_https_page_is_opened() -> None:
    urls = [
        button.url
        for row in sources_of_card(sample.brief(), SOURCES, sample.audience()).buttons
        for button in row
        if button.url
    ]
    assert urls == ["https://app.hubspot.example/contacts/1"]


@pytest.mark.parametrize("verdict", [YES, ASK, NO])
def test_who_may_only_look_gets_no_button_but_back(verdict: str) -> None:
    view = dataclasses.replace(goods_view(), verdict=verdict)
    card = goods.goods_card(view, sample.audience(Role.VIEW))
    assert [button.action["do"] for row in card.buttons for button in row] == ["party"]


def test_hostile_text_is_shown_and_never_obeyed() -> None:
    to, brief, word = (
        sample.audience(),
        sample.brief(HOSTILE, phone=HOSTILE[:200]),
        Word(DECISION, HOSTILE, YESTERDAY, HOSTILE, own=False),
    )
    talk = TalkView(
        word, word, None, OwnersWord(may=False, on=TODAY, by=HOSTILE, note=HOSTILE), (payment(by=HOSTILE),)
    )
    view = sample.party(
        brief=brief,
        bills=(sample.bill(HOSTILE, status="invoice.disputed"),),
        email=HOSTILE[:200],
        gstin=HOSTILE[:30],
    )
    form = dataclasses.replace(CHEQUE, bank=HOSTILE, number=HOSTILE[:20], bill_number=HOSTILE)
    cheque = dataclasses.replace(CHEQUES[0], number=HOSTILE, bank=HOSTILE)
    said = SaidOf("invoice", HOSTILE, HOSTILE, None, 5, "INR", sample.NOW, "https://x.example/" + HOSTILE)
    held = dataclasses.replace(goods_view(word=_HELD), brief=brief, word=talk.goods)
    cards = [
        party_card(view, to, talk), more_card(view, talk, to), note_card(brief, to), noted_card(brief, HOSTILE, DECISION, to),
        paid.ask_card(Form(PARTY, "cheque", 5, number="1"), view, (HOSTILE,), to), paid.confirm_card(form, brief, to),
        paid.saved_card(form, brief, DECISION, to), paid.another_card(CASH, brief, payment(by=HOSTILE), to),
        reported.reported_card((payment(by=HOSTILE, party_name=HOSTILE, number=HOSTILE, method="upi"),), to, may_confirm=True),
        calls.call_card(brief, talk, to), calls.dispute_card(view, to), calls.dispute_why_card(sample.bill(HOSTILE, party_name=HOSTILE), to),
        calls.disputed_card(sample.bill(HOSTILE), brief, HOSTILE, DECISION, to), cheques.cheques_card(brief, (cheque,), to),
        cheques.cheque_card(brief, cheque, to), cheques.came_back_card(brief, cheque, to),
        cheques.returned_card(brief, HOSTILE, HOSTILE, DECISION, to), goods.goods_card(held, to),
        goods.asked_card(held, HOSTILE, {}, to), goods.told_card(brief, HOSTILE, "hold", None, to),
        goods.sent_to_owner_card(held, [HOSTILE], to), sources_of_card(brief, (SourceSays("x", HOSTILE, HOSTILE, HOSTILE, 1, (said,)),), to),
    ]  # fmt: skip
    for card in cards:
        assert "<script" not in card.text
        assert len(parse_html(card.text).text) <= 2_000
        card.text.encode()
        for button in (one for row in card.buttons for one in row):
            assert 0 < len(button.label) <= 40
            assert not button.url
