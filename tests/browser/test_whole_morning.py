"""A whole morning of an owner at his phone, every figure held against GraphQL.

Digest, a call and what was promised, a question answered, taken back and answered again, a reminder with its pay page,
a ledger, cash that the sales rep brings on his own phone, the alert of it, and all of it once more in Hindi.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pypdfium2
import pytest
from selenium.webdriver.common.by import By

from bot.alerts import Bell
from bot.words import say
from kit.clock import system_clock
from kit.database import make_engine
from ledger.dispatch import Door
from ledger.domain.alerts import SETTLES
from ledger.handlers.outbox import CHANNEL
from tests.browser.phone import Phone, missing_browser
from tests.browser.supplies import PATIENCE, Firm, conflicts, question_is_due

pytestmark = pytest.mark.skipif(bool(missing_browser()), reason=missing_browser())

UPI = "kulkarni@okicici"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
DIGEST = """{ digest { toCollect { formatted } overdue { formatted } toPay { formatted } questions
  banks { balance { formatted } cameYesterday { formatted } } aging { amount { formatted minor } }
  callFirst { name net { formatted } } } }"""


def test_a_whole_morning(firm: Firm, hold_phone: Callable[..., Phone]) -> None:
    firm.until(lambda: len(firm.open_bills()) == 4, "the bills that are open")
    firm.until(lambda: question_is_due(firm), "the question about Sharma's money")
    phone = hold_phone(firm.url)
    phone.open(start=firm.code)
    phone.press_start()
    english = phone.wait_text("Ramesh ji ·", patience=PATIENCE)
    _holds_the_figures(english, firm, answered=False)

    _call_the_first(phone, firm)
    _answer_and_undo(phone, firm)
    _remind(phone, firm)
    _ledger(phone, firm)
    ravi = hold_phone(firm.url)
    _cash(phone, ravi, firm)
    _alert(ravi, firm)
    _in_hindi(phone, firm)
    assert phone.complaints() == []
    assert ravi.complaints() == []


def _call_the_first(phone: Phone, firm: Firm) -> None:
    """Call whom the list puts first; the digest leaves him in peace while his money waits for an answer."""
    first = firm.ask("{ whoOwesMe { nodes { name net { formatted } } } }")["whoOwesMe"]["nodes"][0]
    assert first["name"] not in [one["name"] for one in firm.ask(DIGEST)["digest"]["callFirst"]]
    phone.tap("Who owes me")
    phone.wait_text("from 3 customers")
    phone.tap("1")
    card = phone.wait_text("Open bills")
    assert card.startswith(f"{first['name']}\nTo collect {first['net']['formatted']} · ")
    place = phone.messages().index(card)

    phone.tap("Call ▸")
    asked = phone.wait_text("What came of the call?")
    assert phone.messages().index(asked) == place
    assert f"{first['net']['formatted']} · " in asked
    phone.tap("Will pay…")
    phone.wait_text(f"When will {first['name']} pay {first['net']['formatted']}?")
    in_a_week = phone.buttons()[4]
    phone.tap(in_a_week)
    phone.wait_text(f"✓ {first['name']} will pay on {in_a_week}")
    phone.tap(f"‹ {first['name']}")
    assert f"\nWill pay {in_a_week}\n" in phone.wait_text("Called today")
    day = (firm.today + timedelta(days=7)).isoformat()
    firm.until(lambda: _party(firm, first["name"])["promiseOn"] == day, "the promise")
    assert _party(firm, first["name"])["promiseBroken"] is False


def _answer_and_undo(phone: Phone, firm: Firm) -> None:
    before = firm.open_bills()
    phone.tap("Answer 1")
    question = phone.wait_text("₹56,840 came from Sharma Traders")
    place = phone.messages().index(question)

    def stands(words: str) -> str:
        return phone.until(lambda: said if words in (said := phone.messages()[place]) else "", words)

    for again in (True, False):
        phone.tap("Yes")
        assert stands("✓ ₹56,840 came").splitlines()[1].startswith("Yes: INV-102 + INV-107, TDS 2%")
        firm.until(lambda: set(before) - set(firm.open_bills()) == {"INV-102", "INV-107"}, "the bills paid")
        assert conflicts(firm, "OPEN") == []
        assert _party(firm, "Sharma Traders")["net"]["minor"] == 0
        if again:
            phone.tap("Undo")
            assert "It fits bills INV-102" in stands("Taken back.")
            firm.until(lambda: firm.open_bills() == before, "the bills open again")


def _remind(phone: Phone, firm: Firm) -> None:
    owed = _party(firm, "Gupta Steel")["net"]["formatted"]
    phone.send("gupta")
    assert phone.wait_text("Gupta Steel\nTo collect").startswith(f"Gupta Steel\nTo collect {owed} · ")
    phone.tap("Remind")
    phone.wait_text("To which UPI ID shall they pay?")
    phone.send(UPI)
    phone.wait_text("Gupta Steel · reminder")
    link = urlsplit(phone.address("Open WhatsApp"))
    assert (link.hostname, link.path) == ("wa.me", "/919820023456")
    (text,) = parse_qs(link.query)["text"]
    assert f"{owed} is past its due date" in text
    found = re.search(rf"{re.escape(firm.url)}/p/\S+", text)
    assert found is not None
    _pay_page(phone, found[0], owed)
    phone.tap("I sent it")
    phone.wait_text(f"✓ Gupta Steel reminded of {owed}")
    phone.tap("‹ Gupta Steel")
    assert "Looked at the pay page today" in phone.wait_text("Reminded today")


def _pay_page(phone: Phone, address: str, owed: str) -> None:
    """Open the page as the customer does, in a window of his own."""
    driver = phone.driver
    chat = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": ANDROID})
    driver.get(address)
    assert driver.find_element(By.TAG_NAME, "h1").text.endswith(owed)
    pay = urlsplit(driver.find_element(By.CSS_SELECTOR, "a.pay").get_attribute("href") or "")
    said = parse_qs(pay.query)
    assert (pay.scheme, said["pa"]) == ("upi", [UPI])
    assert said["am"] == [owed.strip("₹").replace(",", "") + ".00"]
    code = driver.find_element(By.CSS_SELECTOR, ".code svg")
    assert min(code.size["width"], code.size["height"]) > 120
    driver.close()
    driver.switch_to.window(chat)


def _ledger(phone: Phone, firm: Firm) -> None:
    owed = _party(firm, "Gupta Steel")["net"]["formatted"]
    phone.tap("Ledger")
    assert f"They owe {owed} on " in phone.wait_text("Gupta Steel · ledger")
    paper = pypdfium2.PdfDocument(phone.download())
    pages = [page.get_textpage().get_text_bounded() for page in paper]
    assert len(pages) == 1
    closing = re.search(r"Closing balance [\d,.]+ ([\d,.]+) Dr", pages[0])
    assert closing is not None, pages[0]
    assert closing[1] == owed.strip("₹") + ".00"


def _cash(phone: Phone, ravi: Phone, firm: Firm) -> None:
    """The rep brings fifty thousand; it counts once the owner has it."""
    owed = _party(firm, "Gupta Steel")["net"]["minor"]
    ravi.open("sales", start=firm.rep_code)
    ravi.press_start()
    ravi.wait_text("Ravi ji ·", patience=PATIENCE)
    ravi.send("gupta")
    ravi.wait_text("Gupta Steel\nTo collect")
    ravi.tap("Paid")
    ravi.tap("Cash")
    ravi.wait_text("How much?")
    ravi.send("50,000")
    ravi.wait_text("On which day?")
    ravi.tap("Today")
    ravi.tap("Save")
    ravi.wait_text("It counts once somebody else says that it is here.")
    assert _party(firm, "Gupta Steel")["net"]["minor"] == owed

    phone.send("/confirm")
    phone.wait_text("1 ₹50,000 cash · Gupta Steel\n    with Ravi Jadhav since ")
    phone.tap("✓ 1 is here")
    phone.wait_text("✓ ₹50,000 is here\nGupta Steel · reported by Ravi Jadhav")
    firm.until(
        lambda: _party(firm, "Gupta Steel")["net"]["minor"] == owed - 50_000_00, "the cash that counts"
    )


def _alert(ravi: Phone, firm: Firm) -> None:
    """Who handed the cash in is told that it counts; the owner, who said so, is not."""
    left = _party(firm, "Gupta Steel")["net"]["formatted"]
    asyncio.run(_two_minutes_later(firm))
    assert f"now {left} left" in ravi.wait_text("₹50,000 came · Gupta Steel")


async def _two_minutes_later(firm: Firm) -> None:
    """Ring for what has settled, as the scheduler would: it waits two minutes, and we don't."""
    engine = make_engine(firm.database.url, application="munshi-test")
    later = Door(engine, clock=lambda: system_clock() + SETTLES)
    assert await Bell(later).ring(later.clock()) == 1, "the rep"
    await engine.dispose()
    connection = await asyncpg.connect(firm.database.admin_url)
    await connection.execute(
        """
        WITH due AS (
          UPDATE outbox SET due_at = now() WHERE business_id = $1 AND status = 'queued' RETURNING business_id, chat_id, kind
        ) SELECT pg_notify($2, business_id || ':' || chat_id || ':' || kind) FROM due
        """,
        firm.business,
        CHANNEL,
    )
    await connection.close()


def _in_hindi(phone: Phone, firm: Firm) -> None:
    phone.send("/language")
    phone.wait_text("In which language shall I speak with you?")
    phone.tap("हिन्दी")
    phone.wait_text("अब से")
    phone.tap(say("hi", "Today's digest", {}))
    hindi = phone.wait_text("Ramesh जी ·")
    _holds_the_figures(hindi, firm, answered=True)
    assert not re.search(r"overdue|collect|Call|days", hindi)


def _holds_the_figures(said: str, firm: Firm, *, answered: bool) -> None:
    """Hold the digest, in whichever language, against GraphQL."""
    today: dict[str, Any] = firm.ask(DIGEST)["digest"]
    (account,) = today["banks"]
    figures = [
        today["toCollect"], today["overdue"], today["toPay"], account["balance"], account["cameYesterday"],
        *(bar["amount"] for bar in today["aging"] if bar["amount"]["minor"]),
    ]  # fmt: skip
    for figure in figures:
        assert figure["formatted"] in said, said
    assert today["questions"] == (0 if answered else 1)
    for number, customer in enumerate(today["callFirst"], start=1):
        assert f"{number} {customer['name']}  {customer['net']['formatted']}" in said


def _party(firm: Firm, name: str) -> dict[str, Any]:
    asked = f'findParty(text: "{name}")'
    (found,) = firm.ask(f"{{ {asked} {{ name promiseOn promiseBroken net {{ minor formatted }} }} }}")[
        "findParty"
    ]
    party: dict[str, Any] = found
    return party
