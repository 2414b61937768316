"""The chat page in a real browser, with a small bot of the real client behind it."""

from __future__ import annotations

import asyncio
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from selenium.webdriver.common.by import By
from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.phone import DEMO_TOKEN
from bot.phone import Phone as PhoneServer
from bot.phone.markup import plain
from bot.phone.people import BY_KEY
from tests.bot.phone_server import Line, served
from tests.browser.phone import Phone

Hold = Callable[..., Phone]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>&lt;b&gt;\"'`"
AGING = "<b>Overdue ₹3,32,000</b>\n<pre> 1–30 ▇▇▇▇ ₹1,90,000\n31–60 ▇▇▇  ₹1,42,000</pre>\nशर्मा ट्रेडर्स"


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    code = " ".join(context.args or [])
    await update.message.reply_html(f"Namaste <b>Ramesh ji</b> {code}")


async def ask(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    rows = [[("Yes", "y"), ("No", "n")], [("Why?", "w"), ("Silent", "s")]]
    keys = [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    await update.message.reply_html(AGING, reply_markup=InlineKeyboardMarkup(keys))


async def tapped(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None
    if query.data == "w":
        await query.answer("Both names are the same.", show_alert=True)
    elif query.data == "y":
        await query.answer("Noted")
        await query.edit_message_text("Answered: yes")


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(f"heard {update.message.text}")


async def got(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.message
    assert message is not None
    if message.document:
        data = await (await message.document.get_file()).download_as_bytearray()
        await message.reply_document(
            bytes(data), filename="back.csv", caption=f"{len(data)} bytes, {message.caption}"
        )
    else:
        size = message.photo[-1]
        await message.reply_photo(size.file_id, caption=f"{size.width}×{size.height}")


def small_bot(line: Line) -> Application:  # type: ignore[type-arg]
    """Return a bot that greets, asks, echoes and hands files back."""
    application = line.application()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CommandHandler("ask", ask))
    application.add_handler(CallbackQueryHandler(tapped))
    application.add_handler(MessageHandler(filters.Document.ALL | filters.PHOTO, got))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    return application


@contextmanager
def running(line: Line) -> Iterator[None]:
    """Let the small bot poll in a thread of its own while the block runs."""
    ready, over = threading.Event(), threading.Event()

    async def poll() -> None:
        application = small_bot(line)
        async with application:
            await application.bot.set_my_commands([BotCommand("ask", "Ask me"), BotCommand("start", "Start")])
            await application.start()
            assert application.updater is not None
            await application.updater.start_polling(timeout=1)
            ready.set()
            await asyncio.to_thread(over.wait)
            await application.updater.stop()
            await application.stop()

    thread = threading.Thread(target=lambda: asyncio.run(poll()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield
    finally:
        over.set()
        thread.join(20)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with served(PhoneServer(tmp_path / "phone")) as line, running(line):
        yield line


def test_an_empty_chat_offers_start_and_a_deep_link_sends_its_code(hold_phone: Hold, line: Line) -> None:
    phone = hold_phone(line.url)
    phone.open(start="7K2M9")
    assert phone.messages() == []
    phone.press_start()
    phone.wait_text("Namaste Ramesh ji 7K2M9")
    assert "start=" not in phone.driver.current_url
    phone.send("two\nlines")
    phone.wait_text("heard two\nlines")
    assert phone.status() == "online"
    phone.open()
    assert len(phone.messages()) == 4
    phone.open("sales")
    assert phone.messages() == []
    assert phone.complaints() == []


def test_a_tap_edits_the_card_in_place(hold_phone: Hold, line: Line) -> None:
    phone = hold_phone(line.url)
    phone.open()
    phone.press_start()
    phone.send("/ask")
    card = phone.wait_text("शर्मा")
    assert " 1–30 ▇▇▇▇ ₹1,90,000\n31–60 ▇▇▇  ₹1,42,000" in card
    assert phone.buttons() == ["Yes", "No", "Why?", "Silent"]
    phone.tap("Why?")
    alert = phone.driver.find_element(By.ID, "alert")
    phone.until(lambda: "Both names" in alert.text, "no alert")
    alert.find_element(By.TAG_NAME, "button").click()
    before = len(phone.messages())
    phone.tap("Silent")
    assert phone.busy_buttons() == ["Silent"]
    phone.tap("Yes")
    phone.wait_toast("Noted")
    assert "edited" in phone.wait_text("Answered: yes")
    assert len(phone.messages()) == before
    assert phone.buttons() == []
    assert phone.complaints() == []


def test_hostile_text_is_shown_as_text(hold_phone: Hold, line: Line) -> None:
    phone = hold_phone(line.url, dark=True)
    phone.open()
    phone.press_start()
    phone.wait_text("Namaste")
    long = (HOSTILE * 60)[:3900]
    phone.driver.execute_script("document.getElementById('text').value = arguments[0]", long)
    phone.send(HOSTILE)
    assert "<script>document.title='owned'</script>" in phone.wait_text("heard " + (long + HOSTILE)[:40])
    assert phone.driver.title == "Munshi"
    assert (
        phone.driver.execute_script(
            "return document.querySelectorAll('.bubble script, .bubble [onerror]').length"
        )
        == 0
    )
    width = phone.driver.execute_script("return document.documentElement.scrollWidth")
    assert width == 390
    assert phone.complaints() == []


def test_a_file_and_a_photo_go_both_ways(hold_phone: Hold, line: Line, tmp_path: Path) -> None:
    phone = hold_phone(line.url)
    phone.open()
    phone.press_start()
    phone.wait_text("Namaste")
    statement = tmp_path / "bank statement.csv"
    statement.write_bytes(b"date,amount\n" * 100)
    phone.attach(statement, caption="ICICI till today")
    assert "back.csv" in phone.wait_text("1200 bytes, ICICI till today")
    picture = tmp_path / "cheque.png"
    picture.write_bytes(png(1600, 800))
    phone.attach(picture, photo=True)
    phone.wait_text("1280×640")
    loaded = "return [...document.querySelectorAll('.picture img')].map((one) => one.naturalWidth)"
    phone.until(lambda: phone.driver.execute_script(loaded) == [1280, 1280], "the photos are not shown")
    assert phone.complaints() == []


def test_commands_are_offered_and_taken_by_keys(hold_phone: Hold, line: Line) -> None:
    phone = hold_phone(line.url, width=1280, height=900)
    phone.open()
    phone.press_start()
    phone.wait_text("Namaste")
    field = phone.driver.find_element(By.ID, "text")
    field.send_keys("/")
    offered = phone.driver.find_element(By.ID, "commands")
    phone.until(
        lambda: offered.text.split("\n") == ["/ask", "Ask me", "/start", "Start"], "no commands offered"
    )
    field.send_keys("a", "\ue015", "\ue007")
    phone.wait_text("Overdue ₹3,32,000")
    assert phone.complaints() == []


def test_the_page_mends_its_line_and_misses_nothing(hold_phone: Hold, tmp_path: Path) -> None:
    with served(PhoneServer(tmp_path)) as line, running(line):
        phone = hold_phone(line.url)
        phone.open()
        phone.press_start()
        phone.wait_text("Namaste")
        port = int(line.url.rpartition(":")[2])
    phone.until(lambda: phone.status() == "connecting…", "the page didn't notice")
    phone.driver.find_element(By.ID, "text").send_keys("too early", "\ue007")
    phone.wait_toast("isn’t running")
    assert phone.driver.find_element(By.ID, "text").get_attribute("value") == "too early"
    with served(PhoneServer(tmp_path), port) as line, running(line):
        said = {"json": {"text": "from another window"}, "headers": {"origin": line.url}}
        assert httpx.post(f"{line.url}/phone/chat/messages", **said).status_code == 200
        phone.wait_text("heard from another window")
        assert len(phone.messages()) == 4


def test_older_messages_come_while_scrolling_and_new_ones_are_counted(
    hold_phone: Hold, tmp_path: Path
) -> None:
    server = PhoneServer(tmp_path)
    for number in range(150):
        server.exchange().say(BY_KEY["owner"], plain(f"note {number}"))
    with served(server) as line, running(line):
        phone = hold_phone(line.url)
        phone.open()
        phone.wait_text("heard note 149")
        script = "document.getElementById('talk').scrollTop = 0; return document.querySelectorAll('.bubble').length"
        phone.until(lambda: phone.driver.execute_script(script) == 300, "the older messages didn't come")
        assert phone.messages()[0].startswith("note 0")
        ids = "return [...document.querySelectorAll('.row')].map((row) => Number(row.dataset.id))"
        order = phone.driver.execute_script(ids)
        assert order == sorted(order)
        httpx.post(f"{line.api}{DEMO_TOKEN}/sendMessage", json={"chat_id": 1001, "text": "news"})
        unread = phone.driver.find_element(By.ID, "unread")
        phone.until(lambda: unread.text == "1", "nothing was counted")
        phone.driver.find_element(By.ID, "down").click()
        phone.until(lambda: not unread.is_displayed(), "it stayed unread")
        assert phone.complaints() == []


def png(width: int, height: int) -> bytes:
    """Return a plain picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + b"\xc8" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
