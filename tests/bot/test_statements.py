"""Ledgers, balance letters and the picture: what is printed, in both languages, for any name and any length; the chat."""

from __future__ import annotations

import asyncio
import re
import resource
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pypdfium2
import pytest

from bot.cards.audience import Audience
from bot.cards.card import Attachment
from bot.cards.statements import (
    Wish,
    days_of,
    ledger_card,
    letter_ask_card,
    letter_card,
    letter_days,
    no_day_card,
    picture_card,
)
from bot.documents.ledger import ledger_data, ledger_filename, ledger_pdf
from bot.documents.letter import letter_data, letter_filename, letter_pdf
from bot.documents.paper import filename
from bot.documents.picture import HUES, morning_picture, picture_data
from bot.handlers.desk import Desk
from bot.handlers.reply import Reply
from bot.visit import visitor_of
from ingest.door import Appender
from kit.errors import NotFound
from ledger.commands import CreateLinkCode, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import FindParty
from ledger.views.cash import CashAheadView
from tests.bot import sample_views as sample
from tests.bot.conftest import RAMESH, RAVI, Join
from tests.bot.golden_cards import LANGUAGES, Cards, check, golden, told
from tests.bot.sample_statements import FIRM, account, entry, long_statement, statement
from tests.bot.test_cash import AHEAD, span
from tests.bot.test_on_the_phone import Owner, ramesh  # noqa: F401  a fixture
from tests.ledger.firms import delivery

HOSTILE = '#eval("1") <b>*x*</b> $a$ \\ // "q" \u202e\x00\ud800{0} ' + "Shri Balaji Traders " * 9
FILE = Attachment("Ledger-Sharma-Traders-2026-11-20.pdf", b"%PDF")
WISH = Wish(sample.SHARMA, "year", "en")
NOTHING = account((), opening=0, bills=(), open_bills=0)
OWED_TO_THEM = account(
    (entry(date(2026, 9, 2), "invoice", -12_000_00, number="B-5"),), opening=0, side="payable", bills=(), open_bills=0
)  # fmt: skip
WEEK = tuple(
    span(n, n, came, paid, left)
    for n, (came, paid, left) in enumerate(
        (
            (0, 45_000, 3_39_210_00), (20_000, 0, 3_59_210_00), (0, 0, 3_59_210_00), (1_42_000, 90_000, 4_11_210_00),
            (68_000, 2_40_000, 2_39_210_00), (0, 1_00_000, 1_39_210_00), (1_80_000, 12_000, 3_07_210_00),
        )
    )
)  # fmt: skip
CASH = replace(AHEAD, days=WEEK, shortage=None, at_risk=None)

CARDS: Cards = {
    "ledger": lambda to: ledger_card(statement(), WISH, FILE, to),
    "ledger_all_in_hindi": lambda to: ledger_card(
        statement(since=None), Wish(sample.SHARMA, "all", "hi"), FILE, to
    ),
    "ledger_both_sides": lambda to: ledger_card(statement(account(), OWED_TO_THEM), WISH, FILE, to),
    "ledger_nothing": lambda to: ledger_card(statement(NOTHING), WISH, FILE, told(to, Role.SALES)),
    "ledger_nowhere_to_pay": lambda to: ledger_card(
        statement(firm=replace(FIRM, upi_id=None, account=None)), WISH, FILE, to
    ),
    "ledger_paid_ahead": lambda to: ledger_card(statement(account((), opening=-500_00)), WISH, FILE, to),
    "letter_which_day": lambda to: letter_ask_card("Sharma Traders", sample.SHARMA, "en", to),
    "letter": lambda to: letter_card(statement(until=date(2026, 3, 31)), "hi", FILE, to),
    "letter_day_to_come": lambda to: no_day_card(date(2027, 3, 31), to),
    "picture": lambda to: picture_card(Attachment("Morning.png", b"", "photo"), "light", to),
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


def read(pdf: bytes) -> str:
    """The text of all pages as a viewer finds it, runs of blanks as one.

    A syllable that is drawn with several glyphs is found once for each of them.
    """
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    return _once(re.sub(r"\s+", " ", " ".join(pages)))


def _once(text: str) -> str:
    return re.sub(r"([\u0900-\u097f]{2,8}?)\1+", r"\1", text)


def words_of(data: Any) -> list[str]:
    """Every word and figure that a document was given, but for what is no text on it."""
    if isinstance(data, dict):
        hidden = ("language", "title", "page", "code")
        return [word for key, value in data.items() if key not in hidden for word in words_of(value)]
    if isinstance(data, list | tuple):
        return [word for value in data for word in words_of(value)]
    return [data] if isinstance(data, str) else []


# ---- the ledger ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("make", "fill"), [(ledger_pdf, ledger_data), (letter_pdf, letter_data)], ids=["ledger", "letter"]
)
def test_every_word_and_figure_stands_on_the_paper(
    language: str, make: Callable[..., bytes], fill: Callable[..., Any]
) -> None:
    to = sample.audience(language=language)
    view = statement(account(), OWED_TO_THEM)
    said = re.sub(r"\s", "", read(make(view, to)))
    words = [word for text in words_of(fill(view, to)) for word in text.split()]
    assert len(words) > 100
    assert [word for word in words if _once(word) not in said] == []


def test_a_ledger_is_in_the_form_of_tally() -> None:
    said = read(ledger_pdf(statement(), sample.audience()))
    heads = "Date Particulars Vch type Vch no. Debit (₹) Credit (₹) Balance (₹)"
    for expected in (
        "Kaveri Steel & Hardware", "GSTIN 07AAPFU0939F1ZV", "Sharma Traders", "Ledger account", "1 Apr 2026 to 20 Nov 2026",
        "As on 20 Nov 2026, as known on 20 Nov 2026, 9:05 am · Not books of account: figures as read from Tally, ICICI",
        "Page 1 of 1", "To pay: ₹1,40,450", "kaveri@okicici", "47 days overdue", "not due yet",
        "Bills ₹1,64,220.50 less ₹23,770.50 on account = ₹1,40,450",
    ):  # fmt: skip
        assert expected in said
    assert all(head in said for head in heads.split(" "))
    data = ledger_data(statement(), sample.audience())["accounts"][0]
    whats = [row["what"] for row in data["rows"]]
    assert whats == [
        "Bill, due 10-May-26: MS rods 12 mm", "TDS deducted, Rounding off",
        "Received by NEFT, HDFCN52026050212345, for INV-102/26-27", "Received by cash", "Goods returned or rate reduced",
        "Came back unpaid, 004512", "Written off", "Set off between the two accounts",
    ]  # fmt: skip
    assert [row["kind"] for row in data["rows"]][:5] == [
        "Sales",
        "Journal",
        "Receipt",
        "Receipt",
        "Credit Note",
    ]
    # As in books, the closing balance evens the two sides out.
    assert (data["opening"]["debit"], data["closing"]["credit"]) == ("1,42,000.00", "1,40,450.00")
    assert data["totals"]["debit"] == data["totals"]["credit"] == "2,01,220.00"
    assert data["rows"][-1]["balance"] == data["closing"]["balance"] == "1,40,450.00 Dr"


def test_the_hindi_ledger_has_its_conjuncts() -> None:
    view = statement(party_name="क्षत्रिय श्री कृष्ण ट्रेडर्स")
    said = read(ledger_pdf(view, sample.audience(language="hi")))
    for expected in (
        "क्षत्रिय श्री कृष्ण ट्रेडर्स",
        "शुरुआती बाक़ी",
        "नामे (₹)",
        "जमा (₹)",
        "पन्ना 1 / 1",
        "यह बही-खाता नहीं है",
    ):
        assert expected in said


def test_a_ledger_of_nothing_says_so_and_asks_for_nothing() -> None:
    said = read(ledger_pdf(statement(NOTHING), sample.audience()))
    assert "No entries in this period" in said
    assert "To pay" not in said


def test_what_was_signed_says_that_it_was() -> None:
    view = statement(until=date(2026, 3, 31), signed_until=date(2026, 3, 31))
    assert "as signed when the books were closed until 31 Mar 2026" in read(
        ledger_pdf(view, sample.audience())
    )


def test_the_code_to_pay_stands_only_where_money_is_due_and_a_way_is_known() -> None:
    to = sample.audience()
    assert ledger_data(statement(), to)["pay"]["code"].startswith("<?xml")
    by_bank = ledger_data(statement(firm=replace(FIRM, upi_id=None)), to)["pay"]
    assert by_bank["code"] is None
    assert ("IFSC", "ICIC0000044") in by_bank["lines"]
    for nothing in (
        statement(firm=replace(FIRM, upi_id=None, account=None)), statement(OWED_TO_THEM),
        statement(account((), opening=-1)), statement(account(currency="USD")),
    ):  # fmt: skip
        assert ledger_data(nothing, to)["pay"] is None


@pytest.mark.parametrize("make", [ledger_pdf, letter_pdf])
def test_a_hostile_name_of_any_length_is_only_a_name(make: Callable[..., bytes]) -> None:
    odd = replace(
        entry(date(2026, 5, 1), "invoice", 1_00), description=HOSTILE, number=HOSTILE, voucher=HOSTILE
    )
    view = statement(
        account((odd,)), party_name=HOSTILE, address=HOSTILE, gstin=HOSTILE, firm=replace(FIRM, name=HOSTILE, payee=HOSTILE),
    )  # fmt: skip
    said = read(make(view, sample.audience()))
    assert '#eval("1") <b>*x*</b> $a$ \\ // "q" {0} Shri Balaji Traders' in said


def test_the_same_account_gives_the_same_bytes() -> None:
    to = sample.audience()
    assert ledger_pdf(statement(), to) == ledger_pdf(statement(), to)
    assert letter_pdf(statement(), to) == letter_pdf(statement(), to)


def test_two_thousand_lines_are_set_fast_in_little_memory_and_stay_small() -> None:
    view, to = long_statement(2_000), sample.audience()
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    made = ledger_pdf(view, to)
    assert time.perf_counter() - began < 3
    assert len(made) < 300_000
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - here
    assert grown < 20_000, "kilobytes: a large sheet is set in a process of its own"
    said = read(made)
    assert "V-1999" in said
    pages = len(pypdfium2.PdfDocument(made))
    assert f"Page {pages} of {pages}" in said
    assert said.count("Particulars") == pages, "its head stands on every page"


def test_files_have_plain_names() -> None:
    assert ledger_filename(statement()) == "Ledger-Sharma-Traders-2026-11-20.pdf"
    assert letter_filename(statement()) == "Balance-confirmation-Sharma-Traders-2026-11-20.pdf"
    assert filename("Ledger", "../é/शर्मा\u202e", date(2026, 11, 20)) == "Ledger-e-2026-11-20.pdf"
    assert len(filename("Ledger", "x" * 500, date(2026, 11, 20))) < 90


# ---- the letter ------------------------------------------------------------------------------------------
def test_a_letter_asks_to_confirm_and_brings_a_slip() -> None:
    said = read(letter_pdf(statement(account(), OWED_TO_THEM, until=date(2026, 3, 31)), sample.audience()))
    for expected in (
        "Confirmation of balance as on 31 Mar 2026", "You have to pay us", "₹1,40,450", "We have to pay you", "₹12,000",
        "This is not a demand for payment", "Reply slip: Sharma Traders, balance as on 31 Mar 2026",
        "Our books say another balance:", "Page 1 of 1",
    ):  # fmt: skip
        assert expected in said


def test_days_and_spans_follow_the_financial_year() -> None:
    today = date(2026, 11, 20)
    assert letter_days(today) == (date(2026, 3, 31), date(2026, 9, 30), date(2026, 10, 31), today)
    assert letter_days(date(2026, 4, 30)) == (date(2026, 3, 31), date(2026, 4, 30))
    assert days_of("year", today) == (date(2026, 4, 1), None)
    assert days_of("last_year", today) == (date(2025, 4, 1), date(2026, 3, 31))
    assert days_of("quarter", today) == (today - timedelta(days=91), None)
    assert days_of("all", today) == (None, None)


# ---- the picture -----------------------------------------------------------------------------------------
def png(picture: bytes) -> tuple[int, int, str]:
    """Width, height, and the colour of the first pixel."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    data, at = b"", 8
    while at < len(picture):
        (size,) = struct.unpack(">I", picture[at : at + 4])
        if picture[at + 4 : at + 8] == b"IDAT":
            data += picture[at + 8 : at + 8 + size]
        at += size + 12
    return width, height, "#" + zlib.decompress(data)[1:4].hex()  # the first pixel is itself under any filter


@pytest.mark.parametrize("theme", HUES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_is_made_for_a_phone(theme: str, language: str) -> None:
    to = sample.audience(language=language)
    morning_picture(sample.quiet_digest(), None, theme, to)  # the press is made once
    short = replace(CASH, days=tuple(replace(d, closing=(d.closing or 0) - 200_000_00) for d in WEEK))
    crores = sample.digest(to_collect=1_23_45_67_890_00, overdue=98_76_54_321_00, business_name=HOSTILE)
    for view, cash in (
        (sample.digest(), CASH),
        (crores, short),
        (sample.quiet_digest(), CASH),
        (sample.digest(), None),
    ):
        began = time.perf_counter()
        picture = morning_picture(view, cash, theme, to)
        assert time.perf_counter() - began < 0.3
        width, height, corner = png(picture)
        assert (width, corner) == (1080, HUES[theme]["paper"])
        assert height < 1_500
        assert len(picture) < 200_000


def test_its_words_can_be_read_on_both_themes() -> None:
    for theme, hues in HUES.items():
        for name in ("ink", "soft", "alarm", "come"):
            assert contrast(hues[name], hues["paper"]) >= 4.5, (theme, name)
        for shape in (*hues["ages"][1:], hues["line"], hues["go"]):
            assert contrast(shape, hues["paper"]) >= 3, (theme, shape)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_picture_shows_what_the_digest_says() -> None:
    data = picture_data(sample.digest(), CASH, "light", sample.audience())
    assert data["overdue"]["amount"] == "₹4,82,000"
    assert [age["share"] for age in data["aging"]] == [1, 142 / 190, 50 / 190, 100 / 190]
    assert (data["cash"]["come"]["amount"], data["cash"]["go"]["amount"]) == ("₹4,10,000", "₹4,87,000")
    assert data["cash"]["balance"]["least"] == "lowest Wed ₹1,39,210"
    assert max(day["go"] for day in data["cash"]["days"]) == 1
    unknown: CashAheadView = replace(CASH, opening=None, days=tuple(replace(d, closing=None) for d in WEEK))
    drawn = picture_data(sample.digest(), unknown, "dark", sample.audience())["cash"]
    assert drawn["balance"] is None
    assert [note["words"] for note in drawn["notes"]] == ["No bank balance known yet"]


# ---- in the chat -----------------------------------------------------------------------------------------
@pytest.fixture
async def customers(door: Door, business: UUID) -> dict[str, UUID]:
    """Sharma, whose sales rep is Ravi, and Gupta, who is somebody else's; each owes a bill."""
    appender, at = Appender(door.engine), datetime(2026, 10, 1, 4, tzinfo=UTC)
    for name, owner in (("Sharma Traders", "ravi"), ("Gupta Steel", "meena")):
        who = {"id": name[0], "name": name}
        await appender.append(
            delivery(
                business, "books:tally", "party.upserted", name[0], {"name": name, "owner": owner}, at=at
            )
        )
        bill = {
            "number": f"INV-{name[0]}",
            "party": who,
            "issued_on": "2026-09-01",
            "amount": 3_000_00,
            "currency": "INR",
        }
        await appender.append(delivery(business, "books:tally", "invoice.issued", f"i{name[0]}", bill, at=at))
    while (await door.execute(DrainBusiness(), system(business, "drainer"))).more:
        pass
    clerk = system(business, "test")
    return {name: (await door.query(FindParty(name), clerk))[0].id for name in ("Sharma", "Gupta")}


async def tapped(door: Door, chat: int, **action: Any) -> Reply:
    """What a tap in a chat leads to."""
    visitor = await visitor_of(door, chat)
    assert visitor is not None
    return await Desk(door).act(visitor, action)


async def test_a_ledger_comes_as_a_file_in_the_wanted_span_and_language(
    door: Door, join: Join, customers: dict[str, UUID]
) -> None:
    await join("Ramesh", "owner", RAMESH)
    reply = await tapped(door, RAMESH, do="ledger", party=str(customers["Sharma"]))
    (card,) = reply.cards
    assert card.attachment is not None
    assert (card.attachment.filename, card.attachment.kind) == (
        "Ledger-Sharma-Traders-2026-11-20.pdf",
        "document",
    )
    assert "INV-S" in read(card.attachment.content)
    buttons = {button.label: button.action for row in card.buttons for button in row}
    last = (await tapped(door, RAMESH, **buttons["Last year"])).cards[0]
    assert "31 Mar 2026" in last.text
    assert last.attachment is not None
    assert "No entries in this period" in read(last.attachment.content)
    hindi = (await tapped(door, RAMESH, **buttons["हिन्दी"])).cards[0]
    assert hindi.attachment is not None
    assert "लेजर खाता" in read(hindi.attachment.content)
    assert "They owe" in hindi.text, "the caption stays in the member's own language"


async def test_a_sales_rep_gets_papers_of_his_own_customers_only(
    door: Door, join: Join, customers: dict[str, UUID]
) -> None:
    await join("Ravi", "sales", RAVI, crm_owner="ravi")
    for wish in ("ledger", "letter"):
        assert (await tapped(door, RAVI, do=wish, party=str(customers["Sharma"]), on="2026-11-20")).cards
        with pytest.raises(NotFound):
            await tapped(door, RAVI, do=wish, party=str(customers["Gupta"]))
    picture = (await tapped(door, RAVI, do="picture")).cards[0].attachment
    assert picture is not None
    assert (picture.kind, picture.filename) == ("photo", "Morning-2026-11-20.png")


async def test_a_letter_takes_a_typed_day_that_has_come(
    door: Door, join: Join, customers: dict[str, UUID]
) -> None:
    await join("Ramesh", "owner", RAMESH)
    visitor = await visitor_of(door, RAMESH)
    assert visitor is not None
    asked = await tapped(door, RAMESH, do="letter", party=str(customers["Sharma"]))
    assert asked.expect is not None
    typed = Desk(door)._typed[asked.expect["do"]]
    assert await typed(visitor, asked.expect, "who owes me") is None
    later = await typed(visitor, asked.expect, "31 Mar 2027")
    assert later is not None
    assert later.expect == asked.expect
    made = await typed(visitor, asked.expect, "30 sept 2026")
    assert made is not None
    file = made.cards[0].attachment
    assert file is not None
    assert file.filename == "Balance-confirmation-Sharma-Traders-2026-09-30.pdf"
    assert "as on 30 Sep 2026" in read(file.content)


async def test_files_and_pictures_arrive_on_the_phone(
    ramesh: Owner,  # noqa: F811
    door: Door,
    owner: Actor,
    customers: dict[str, UUID],
) -> None:
    assert owner.member_id is not None
    await ramesh.says(f"/start {await door.execute(CreateLinkCode(owner.member_id), owner)}")
    await ramesh.sees(lambda texts: "Ramesh ji" in texts[-1])
    await ramesh.says("sharma")
    await ramesh.sees(lambda texts: "Sharma Traders" in texts[-1])
    await ramesh.presses("Ledger")
    await arrived(ramesh, "document")
    await ramesh.says("/picture")
    await arrived(ramesh, "photo")


async def arrived(owner: Owner, kind: str) -> None:
    """Wait for a message with a file of a kind."""
    deadline = time.monotonic() + 10
    while kind not in (await owner.messages())[-1]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
