"""Cards read as they were agreed: golden texts, widths for a phone, escaping, roles."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.cards.audience import Audience, aging_bars
from bot.cards.calls import promise_card
from bot.cards.card import Card
from bot.cards.digest import digest_card
from bot.cards.history import history_card
from bot.cards.lists import Turn, who_owes_card
from bot.cards.party import bills_card, not_found_card, party_card
from bot.cards.picking import pick_card
from bot.cards.plain import (
    apology_card,
    cannot_read_card,
    error_card,
    firms_card,
    help_card,
    one_firm_card,
    too_short_card,
    welcome_card,
)
from bot.cards.question import (
    Place,
    answered_card,
    cleared_card,
    kinds_card,
    later_card,
    more_card,
    noted_card,
    question_card,
    questions_done_card,
    stale_notice,
    standing_card,
    why_card,
)
from bot.cards.sources import sources_card
from bot.words import cut
from kit.errors import Denied, NotFound, Rejected, Retryable, SourceBroken
from ledger import views
from ledger.domain.roles import Role
from ledger.views.workflow import OpenBill, PickView
from tests.bot import sample_views as sample
from tests.bot.golden_cards import FOLDER, LANGUAGES, Cards, all_cards, check, golden, told

TO = sample.audience()
VIEW = sample.audience(Role.VIEW)
HOSTILE = "<b>&amp;</b><script>alert(1)</script>{0}{name}%s\u202e\x00\ud800" + "A" * 4_000
_FEW = views.PartyPage(
    end="cursor",
    more=True,
    rows=(
        *sample.TWO_TO_CALL,
        sample.brief("Om Sai Enterprises", overdue=0, overdue_days=0, net=sample.rupees(11_800)),
        sample.brief("New Bharat Hardware & Sanitary Stores Pvt Ltd", promise_on=date(2026, 11, 24)),
    ),
    total=sample.rupees(1_240_500),
    overdue=sample.rupees(482_000),
    count=24,
)
_HISTORY = views.TimelinePage(
    end=None,
    more=False,
    rows=(
        views.TimelineEntry(
            sample.SHARMA, sample.NOW, sample.NOW, "payment.received", "payment:razorpay", "e1",
            "Razorpay: paid ₹25,000", sample.rupees(25_000), "INR", None,
        ),
    ),
)  # fmt: skip
_SOURCES = (
    sample.source(),
    sample.ICICI,
    sample.source("payment:razorpay", "Razorpay", state="quiet", quarantined=5, unread=2),
    sample.source("crm:demo", "CRM", state="never", last_event_at=None, last_delivery_at=None),
    sample.source("books:spreadsheet", "Spreadsheet", state="disabled"),
)
_READ = {"pulled": True, "read_until": datetime(2026, 11, 20, 3, 25, tzinfo=UTC)}
_PULLED = (
    sample.source("payment:razorpay", "Razorpay", **_READ),
    sample.source(
        "crm:hubspot", "HubSpot", state="failing", pulled=True, write_back=True, failing_streams=("contacts", "deals"),
        read_until=datetime(2026, 11, 20, 2, 10, tzinfo=UTC), problem="HubSpot does not let us in. Give it a new token.",
    ),
    sample.source("payment:stripe", "Stripe", silent_since=datetime(2026, 11, 20, 1, 0, tzinfo=UTC), **_READ),
    sample.source(
        "books:zoho_books", "Zoho Books", pulled=True, failing_streams=("customerpayments",),
        problem="Zoho Books shows no customerpayments. Tick its scope.",
    ),
    sample.source("crm:zoho_crm", "Zoho CRM", state="quiet", write_back=True, **_READ),
    sample.source("payment:new", "New shop", state="never", last_event_at=None, last_delivery_at=None, **_READ),
    sample.source("payment:shut", "Other shop", state="failing", pulled=True, problem="It needs the setting shop."),
)  # fmt: skip
_WRITTEN = {
    "crm:hubspot": views.WriteBackView(118, 4, 0, 3, "The record was deleted there.", sample.NOW),
    "crm:zoho_crm": views.WriteBackView(1, 0, 0, 0, None, sample.NOW),
}
_FAILING = sample.source(
    "crm:hubspot",
    "HubSpot",
    state="failing",
    pulled=True,
    read_until=datetime(2026, 11, 18, 2, 10, tzinfo=UTC),
)
_EMPTY = sample.quiet_digest(to_collect=0, banks=())

CARDS: Cards = {
    "digest": lambda to: digest_card(sample.digest(), to),
    "digest_quiet": lambda to: digest_card(sample.quiet_digest(), to),
    "digest_empty": lambda to: digest_card(_EMPTY, to),
    "digest_sales": lambda to: digest_card(
        sample.digest(banks=(), to_pay=0, questions=0, quiet_sources=(), sees_payables=False), told(to, Role.SALES)
    ),
    "digest_failing": lambda to: digest_card(
        sample.quiet_digest(quiet_sources=(sample.QUIET_TALLY, _FAILING, dataclasses.replace(_FAILING, label="Shop", read_until=None))),
        to,
    ),
    "digest_view_only": lambda to: digest_card(sample.digest(), told(to, Role.VIEW)),
    "digest_second_firm": lambda to: digest_card(sample.digest(), told(to, Role.OWNER, firm="Sharma Services")),
    "who_owes": lambda to: who_owes_card(_FEW, Turn(), to),
    "who_owes_second_page": lambda to: who_owes_card(
        dataclasses.replace(_FEW, more=False, end=None), Turn(after="x", back=(None,), number=9), to
    ),
    "who_owes_nobody": lambda to: who_owes_card(views.PartyPage(end=None, more=False), Turn(), to),
    "party": lambda to: party_card(sample.party(), to),
    "party_sales": lambda to: party_card(sample.party(), told(to, Role.SALES)),
    "party_all_paid": lambda to: party_card(
        sample.party(
            brief=sample.brief(net=0, open_bills=0, overdue=0, overdue_days=0, usual_days_late=0),
            bills=(), bills_open=0, payables=(), cheques=(), conflicts_open=0, aging=sample.NO_AGING,
            promise_amount=None, sources=(sample.source(),), gstin=None, credit_limit=None,
        ), to,
    ),
    "party_broken_promise": lambda to: party_card(
        sample.party(brief=sample.brief(promise_on=date(2026, 11, 13), promise_broken=True), cheques=()), to
    ),
    "party_to_give_back": lambda to: party_card(
        sample.party(
            brief=sample.brief(net=sample.rupees(-5_000), open_bills=0, on_account=sample.rupees(5_000), overdue=0, overdue_days=0),
            bills=(), bills_open=0, payables=(), cheques=(), conflicts_open=0, aging=sample.NO_AGING,
            promise_amount=None, sources=(sample.source(),), to_give_back=sample.rupees(4_000),
        ), to,
    ),
    "promise": lambda to: promise_card(sample.brief(), to),
    "bills_found": lambda to: bills_card((sample.bill(),), "102", to),
    "not_found": lambda to: not_found_card("zxqv <b>", to),
    "too_short": lambda to: too_short_card(to),
    "history": lambda to: history_card(_HISTORY, "Sharma Traders", str(sample.SHARMA), Turn(), to),
    "history_empty": lambda to: history_card(
        views.TimelinePage(end=None, more=False), "Sharma Traders", str(sample.SHARMA), Turn(), to
    ),
    "question": lambda to: question_card(sample.question(to.language), Place(1, 3), to),
    "question_only_one": lambda to: question_card(sample.question(to.language, quote=None), Place(), to),
    "question_why": lambda to: why_card(sample.question(to.language), Place(1, 3), to),
    "question_view_only": lambda to: question_card(sample.question(to.language), Place(1, 3, further="c"), told(to, Role.VIEW)),
    "question_changed": lambda to: standing_card(sample.question(to.language, version=6), Place(1, 3), to),
    "question_many": lambda to: question_card(sample.question_of_many_answers(to.language), Place(), to),
    "question_many_kinds": lambda to: kinds_card(sample.question_of_many_answers(to.language), Place(), to),
    "question_many_more": lambda to: more_card(sample.question_of_many_answers(to.language), Place(), to),
    "question_unknown_payer": lambda to: question_card(sample.unknown_payer_question(to.language), Place(), to),
    "question_drift": lambda to: question_card(sample.drift_question(to.language), Place(1, 3), to),
    "question_drift_why": lambda to: why_card(sample.drift_question(to.language), Place(1, 3), to),
    "question_failing": lambda to: question_card(sample.failing_question(to.language), Place(1, 3), to),
    "question_rows": lambda to: question_card(sample.rows_question(to.language), Place(), to),
    "answered": lambda to: answered_card(sample.answered_question(to.language), Place(1, 3), to),
    "settled_itself": lambda to: cleared_card(sample.question(to.language, status="cleared"), to),
    "later": lambda to: later_card(sample.question(to.language, status="snoozed"), to.label("tomorrow morning"), Place(1, 3), to),
    "noted": lambda to: noted_card(sample.question(to.language, status="snoozed"), "ca", Place(1, 3), to),
    "questions_done": lambda to: questions_done_card(Place(done=3), to),
    "questions_none": lambda to: questions_done_card(Place(), to),
    "questions_done_party": lambda to: questions_done_card(Place(done=1, party=str(sample.SHARMA)), to),
    "sources": lambda to: sources_card(_SOURCES, {}, to),
    "sources_pulled": lambda to: sources_card(_PULLED, _WRITTEN, to),
    "sources_none": lambda to: sources_card((), {}, to),
    "welcome_owner": lambda to: welcome_card("Ramesh", "Sharma Services", to),
    "welcome_sales": lambda to: welcome_card("Ravi", "Sharma Services", told(to, Role.SALES)),
    "help_owner": lambda to: help_card(to),
    "help_sales": lambda to: help_card(told(to, Role.SALES)),
    "help_view_only": lambda to: help_card(told(to, Role.VIEW)),
    "one_firm": lambda to: one_firm_card("Sharma Services", to),
    "firms": lambda to: firms_card((("1", "Sharma Services"), ("2", "Sharma Steel")), to),
    "cannot_read": lambda to: cannot_read_card(to),
    "error_denied": lambda to: error_card(Denied("permission.denied", "X needs the permission y."), to),
    "error_not_found": lambda to: error_card(NotFound("party.not_found", "There is no such customer."), to),
    "error_retryable": lambda to: error_card(Retryable("store.away", "The database is away."), to),
    "error_rejected": lambda to: error_card(
        Rejected("file.too_large", "That file is larger than 20 MB.", remedy="Please send a shorter period."), to
    ),
    "error_source_broken": lambda to: error_card(
        SourceBroken("source.key", "Razorpay refuses our key.", remedy="Please ask the owner to renew it."), to
    ),
    "apology": lambda to: apology_card("A1B2C3", to),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


def test_every_golden_text_belongs_to_a_card() -> None:
    for language in LANGUAGES:
        assert {path.stem for path in (FOLDER / language).glob("*.txt")} == all_cards()


def test_bars_of_crores_still_fit_a_phone() -> None:
    bars = aging_bars((views.AgingBucket(91, None, 10**12 - 1, 1),), "INR", sample.audience())
    assert all(len(line) <= 34 for line in bars.removeprefix("<pre>").removesuffix("</pre>").split("\n"))


def test_sales_sees_neither_bank_nor_what_we_owe() -> None:
    text = CARDS["digest_sales"](TO).text + CARDS["party_sales"](TO).text + CARDS["help_sales"](TO).text
    for secret in ("Bank", "to pay", "You owe", "/owe ", "/questions"):
        assert secret not in text


def test_a_reader_without_the_right_gets_no_answering_button() -> None:
    actions = {b.action["do"] for row in CARDS["question_view_only"](TO).buttons for b in row}
    assert actions == {"why", "questions", "advise"}
    undo = answered_card(sample.answered_question(), Place(), VIEW)
    assert undo.buttons == ()


def test_a_stale_button_tells_who_answered_what() -> None:
    assert stale_notice(sample.answered_question(), TO) == "Already answered. Yes · Ramesh, today 9:05 am"
    assert "settled itself" in stale_notice(sample.question(status="cleared"), TO)
    assert "once more" in stale_notice(sample.question(), TO)


def _well_formed(text: str) -> None:
    open_tags: list[str] = []
    for tag in re.findall(r"<[^>]*>", text):
        match = re.fullmatch(r"<(/?)(b|i|pre|code)>", tag)
        assert match, f"{tag!r} is not ours"
        if match[1]:
            assert open_tags.pop() == match[2]
        else:
            open_tags.append(match[2])
    assert not open_tags
    assert not re.search(r"&(?!lt;|gt;|amp;)", text)
    text.encode("utf-8")


def _hostile_cards(text: str) -> list[Card]:
    return [
        digest_card(sample.digest(member_name=text, call_first=(sample.brief(text),)), TO),
        who_owes_card(dataclasses.replace(_FEW, rows=(sample.brief(text),)), Turn(), TO),
        party_card(sample.party(brief=sample.brief(text, phone=text[:200]), bills=(sample.bill(text),)), TO),
        bills_card((sample.bill(text, party_name=text),), text, TO),
        not_found_card(text, TO),
        question_card(
            sample.question(title=text, quote=text, lines=(text,) * 9, answers=(views.AnswerOption("a", text or "-"),)),
            Place(), TO,
        ),
        why_card(sample.question(why=(text,) * 9), Place(), TO),
        answered_card(sample.answered_question(title=text, answered_by=text, answer_label=text), Place(), TO),
        welcome_card(text, text, TO),
        sources_card(
            (sample.source(label=text or "-", problem=text, failing_streams=(text, text), write_back=True),),
            {"books:tally": views.WriteBackView(0, 0, 0, 1, text, None)}, sample.audience(firm=text[:80]),
        ),
    ]  # fmt: skip


def test_hostile_text_is_shown_and_never_obeyed() -> None:
    for card in _hostile_cards(HOSTILE):
        _well_formed(card.text)
        assert len(card.text) <= 4_096
        assert "<script>" not in card.text


@given(st.text(max_size=120))
def test_any_text_whatever_leaves_the_markup_whole(text: str) -> None:
    for card in _hostile_cards(text):
        _well_formed(card.text)


@given(st.text(max_size=200), st.integers(min_value=2, max_value=60))
def test_cut_text_is_never_longer_than_its_width(text: str, width: int) -> None:
    short = cut(text, width)
    assert len(short) <= width
    assert "\n" not in short


def test_names_are_cut_at_a_word_and_never_inside_a_syllable() -> None:
    assert cut("New Bharat Hardware & Sanitary Stores Pvt Ltd", 24) == "New Bharat Hardware…"
    assert cut("श्री लक्ष्मी हार्डवेयर एंड सेनेटरी", 13) == "श्री लक्ष्मी…"


def test_every_answer_is_on_one_of_the_questions_cards_with_its_own_id() -> None:
    for view in (sample.question(), sample.question_of_many_answers(), sample.unknown_payer_question()):
        cards = (
            question_card(view, Place(), TO),
            kinds_card(view, Place(), TO),
            more_card(view, Place(), TO),
        )
        offered = [b.action.get("answer") for card in cards for row in card.buttons for b in row]
        assert sorted(filter(None, offered)) == sorted(one.id for one in view.answers if one.id != "later")
        assert sum(len(row) for row in cards[0].buttons) <= 10


def test_a_bill_without_a_number_is_picked_by_what_it_is() -> None:
    bill = OpenBill(sample.SHARMA, None, sample.NOW.date(), None, 12_980_00, "INR")
    view = PickView(sample.SHARMA, 10_000_00, "INR", sample.SHARMA, "Sharma Traders", (bill,))
    card = pick_card(sample.question(), view, [str(bill.id)], Place(), TO)
    assert card.buttons[0][0].label == "✓ Opening balance ₹12,980"
