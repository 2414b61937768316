"""The real python-telegram-bot client against the phone, over HTTP."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MenuButtonCommands,
    Message,
    Update,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from bot.phone import DEMO_TOKEN, Options, Phone
from bot.phone.state import LINGER
from tests.bot.phone_server import Line, served

PICTURE = (
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 40, 30) + b"\x08\x02\0\0\0"
)
API = f"/phone/api/bot{DEMO_TOKEN}"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with served(Phone(tmp_path)) as line:
        yield line


@pytest.fixture
async def bot(line: Line) -> AsyncIterator[Bot]:
    async with line.bot() as bot:
        yield bot


class Person:
    """The page's side of the wire, without a browser."""

    def __init__(self, line: Line, key: str = "owner") -> None:
        self.http = httpx.Client(base_url=line.url, headers={"origin": line.url}, params={"as": key})

    def say(self, text: str) -> int:
        answer = self.http.post("/phone/chat/messages", json={"text": text})
        answer.raise_for_status()
        return int(answer.json()["ids"][-1])

    def press(self, message_id: int, row: int, column: int, data: str) -> httpx.Response:
        body = {"message_id": message_id, "row": row, "column": column, "data": data}
        return self.http.post("/phone/chat/presses", json=body)

    def messages(self) -> list[dict[str, Any]]:
        read: list[dict[str, Any]] = self.http.get("/phone/chat/history", params={"before": 10**9}).json()[
            "messages"
        ]
        return read


@pytest.fixture
def owner(line: Line) -> Person:
    person = Person(line)
    person.say("/start")
    return person


def keyboard(*rows: list[str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(one, callback_data=one) for one in row] for row in rows]
    )


async def test_the_bot_is_named_by_its_token(bot: Bot) -> None:
    assert (bot.id, bot.first_name, bot.username) == (100000000, "Munshi", "munshi_phone_bot")


async def test_a_message_is_sent_edited_and_deleted(bot: Bot, owner: Person) -> None:
    sent = await bot.send_message(
        1001, "<b>Due</b> ₹1", parse_mode="HTML", reply_markup=keyboard(["Yes", "No"])
    )
    assert sent.text_html == "<b>Due</b> ₹1"
    assert sent.reply_markup == keyboard(["Yes", "No"])
    edited = await bot.edit_message_text("Paid", 1001, sent.message_id)
    assert isinstance(edited, Message)
    assert edited.edit_date is not None
    assert owner.messages()[-1]["text"] == "Paid"
    assert "reply_markup" not in owner.messages()[-1]
    await bot.edit_message_reply_markup(1001, sent.message_id, reply_markup=keyboard(["Undo"]))
    assert owner.messages()[-1]["reply_markup"]["inline_keyboard"][0][0]["text"] == "Undo"
    assert await bot.delete_message(1001, sent.message_id)
    assert [one["text"] for one in owner.messages()] == ["/start"]


async def test_errors_are_the_real_ones(line: Line, bot: Bot, owner: Person) -> None:
    sent = await bot.send_message(1001, "same", reply_markup=keyboard(["a"]))
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("same", 1001, sent.message_id, reply_markup=keyboard(["a"]))
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await bot.send_message(1001, "<script>x</script>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(1001, "x" * 4097)
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(1001, " \n<b> </b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(4040, "x")
    with pytest.raises(Forbidden):
        await bot.send_message(1002, "before they pressed Start")
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await bot.send_message(1001, "x", reply_markup=keyboard(["y" * 65]))
    with pytest.raises(BadRequest, match="to edit not found"):
        await bot.edit_message_text("x", 1001, 999)
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("x", 1001, 1)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("1")
    with pytest.raises(BadRequest, match="calls nobody"):
        await bot.set_webhook("https://x.example")
    with pytest.raises(InvalidToken):
        await line.bot("1:wrong").get_me()


def test_an_unknown_method_is_not_found(line: Line) -> None:
    assert httpx.get(f"{line.url}{API}/flyToMoon").json() == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: method not found",
    }


async def test_the_longest_text_is_counted_after_its_tags(bot: Bot, owner: Person) -> None:
    await bot.send_message(1001, "<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
    assert owner.messages()[-1]["text"] == "<" * 4096


async def test_hostile_markup_of_a_person_arrives_as_text(bot: Bot, owner: Person) -> None:
    hostile = ("<script>alert(1)</script>&lt;<img src=x onerror=alert(1)>\"'`{{7*7}}${x}" * 100)[:4096]
    owner.say(hostile)
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert update.message.text == hostile
    owner.say("x" * 5000)
    assert [len(one["text"]) for one in owner.messages()[-2:]] == [4096, 904]


async def test_updates_repeat_until_they_are_confirmed(bot: Bot, owner: Person) -> None:
    owner.say("one")
    first = await bot.get_updates()
    assert [one.message.text for one in first if one.message] == ["/start", "one"]
    assert [one.update_id for one in first] == [first[0].update_id, first[0].update_id + 1]
    assert await bot.get_updates(limit=1) == first[:1]
    assert await bot.get_updates(offset=first[1].update_id) == first[1:]
    assert await bot.get_updates(offset=first[1].update_id + 1) == ()
    owner.say("two")
    owner.say("three")
    (last,) = await bot.get_updates(offset=-1)
    assert last.message is not None
    assert last.message.text == "three"
    assert len(await bot.get_updates()) == 1


async def test_a_long_poll_returns_when_something_is_said(bot: Bot, owner: Person) -> None:
    await bot.get_updates(offset=(await bot.get_updates())[-1].update_id + 1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.2)
    owner.say("now")
    (update,) = await waiting
    assert update.message is not None
    assert update.message.text == "now"
    assert loop.time() - began < 3


async def test_the_older_of_two_polls_is_ended(line: Line, bot: Bot, owner: Person) -> None:
    confirmed = (await bot.get_updates())[-1].update_id + 1
    older = asyncio.create_task(bot.get_updates(offset=confirmed, timeout=5))
    await asyncio.sleep(0.2)
    async with line.bot() as second:
        newer = asyncio.create_task(second.get_updates(offset=confirmed, timeout=1))
        with pytest.raises(Conflict):
            await older
        assert await newer == ()


async def test_a_bot_that_went_away_holds_no_poll_open(line: Line, bot: Bot, owner: Person) -> None:
    confirmed = (await bot.get_updates())[-1].update_id + 1
    polling = asyncio.create_task(bot.get_updates(offset=confirmed, timeout=30))
    await asyncio.sleep(0.2)
    assert snapshot(owner)["online"] is True
    polling.cancel()
    await asyncio.sleep(LINGER + 0.5)
    assert snapshot(owner)["online"] is False


def snapshot(person: Person) -> dict[str, Any]:
    """Return the first thing that the page hears."""
    with person.http.stream("GET", "/phone/chat/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                read: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return read
    raise AssertionError("the stream ended without a snapshot")


async def test_a_restart_keeps_the_chat_and_the_numbers(tmp_path: Path) -> None:
    with served(Phone(tmp_path)) as line:
        Person(line).say("/start 7K2M9")
        async with line.bot() as bot:
            (before,) = await bot.get_updates()
            await bot.get_updates(offset=before.update_id + 1)
            await bot.set_my_commands([BotCommand("today", "Digest")])
            sent = await bot.send_document(
                1001, b"a,b", filename="a.csv", caption="<i>c</i>", parse_mode="HTML"
            )
        Person(line).say("unread")
    tear(tmp_path / "journal.jsonl")
    with served(Phone(tmp_path)) as line:
        person = Person(line)
        assert [one.get("text") or one["caption"] for one in person.messages()] == [
            "/start 7K2M9",
            "c",
            "unread",
        ]
        later = person.say("later")
        async with line.bot() as bot:
            updates = await bot.get_updates()
            assert [one.update_id for one in updates] == [before.update_id + 1, before.update_id + 2]
            assert later > sent.message_id
            assert await bot.get_my_commands() == (BotCommand("today", "Digest"),)
            assert sent.document is not None
            file = await bot.get_file(sent.document.file_id)
            assert bytes(await file.download_as_bytearray()) == b"a,b"


def tear(journal: Path) -> None:
    """Leave a line cut short, as a crash would."""
    with journal.open("ab") as torn:
        torn.write(b'{"record":"mess')


def test_a_second_process_is_told_that_the_folder_is_taken(tmp_path: Path) -> None:
    with served(Phone(tmp_path)) as line, served(Phone(tmp_path)) as other:
        Person(line).say("/start")
        answer = httpx.get(f"{other.url}{API}/getMe")
        assert answer.status_code == 503
        assert "Another process" in answer.text


async def test_a_pressed_button_is_answered_once(bot: Bot, owner: Person) -> None:
    sent = await bot.send_message(1001, "Correct?", reply_markup=keyboard(["Yes", "No"], ["Why?"]))
    assert owner.press(sent.message_id, 1, 0, "Why?").status_code == 200
    assert owner.press(sent.message_id, 1, 0, "forged").status_code == 409
    assert owner.press(sent.message_id, 9, 9, "Why?").status_code == 409
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert query.data == "Why?"
    assert query.from_user.id == 1001
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    assert await bot.answer_callback_query(query.id, "Because.", show_alert=True)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query.id)


async def test_documents_and_photos_go_both_ways(bot: Bot, owner: Person) -> None:
    sheet = {"file": ("..\\स्टेटमेंट.xls", b"\xd0\xcf" * 900, "application/vnd.ms-excel")}
    assert owner.http.post("/phone/chat/uploads", data={"as": "document"}, files=sheet).status_code == 200
    photo = {"file": ("x.png", PICTURE, "image/png")}
    shown = owner.http.post("/phone/chat/uploads", data={"as": "photo", "caption": "cheque"}, files=photo)
    assert shown.status_code == 200
    fake = owner.http.post(
        "/phone/chat/uploads", data={"as": "photo"}, files={"file": ("x.png", b"MZ", "image/png")}
    )
    assert fake.status_code == 400
    document, picture = [one.message for one in (await bot.get_updates())[-2:]]
    assert document is not None
    assert document.document is not None
    assert document.document.file_name == "स्टेटमेंट.xls"
    got = await (await document.document.get_file()).download_as_bytearray()
    assert bytes(got) == b"\xd0\xcf" * 900
    assert picture is not None
    assert (picture.photo[-1].width, picture.photo[-1].height, picture.caption) == (40, 30, "cheque")
    again = await bot.send_photo(1001, picture.photo[-1].file_id, caption="<b>seen</b>", parse_mode="HTML")
    assert again.photo[-1].width == 40
    await bot.edit_message_caption(1001, again.message_id, caption="kept")
    sent = await bot.send_document(1001, b"%PDF", filename="a/b.pdf")
    assert sent.document is not None
    download = owner.http.get(f"/phone/files/{sent.document.file_id}")
    assert download.headers["content-disposition"].startswith("attachment")
    assert download.headers["content-type"] == "application/octet-stream"
    with pytest.raises(BadRequest, match="fetches nothing"):
        await bot.send_document(1001, "https://x.example/a.pdf")


async def test_commands_menu_and_profile_are_kept_by_scope(bot: Bot, owner: Person) -> None:
    await bot.set_my_commands([BotCommand("who", "Who owes me")])
    await bot.set_my_commands([BotCommand("mine", "Only you")], scope=BotCommandScopeChat(1001))
    assert await bot.get_my_commands() == (BotCommand("who", "Who owes me"),)
    assert await bot.get_my_commands(scope=BotCommandScopeChat(1001)) == (BotCommand("mine", "Only you"),)
    assert await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert await bot.set_my_description("The clerk")
    assert (await bot.get_my_description()).description == "The clerk"
    assert (await bot.get_chat(1001)).first_name == "Ramesh"
    assert (await bot.get_webhook_info()).pending_update_count == 1
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0
    with pytest.raises(BadRequest):
        await bot.set_my_commands([BotCommand("Not valid", "x")])


async def test_a_reply_names_what_it_answers(bot: Bot, owner: Person) -> None:
    asked = await bot.send_message(1001, "When will they pay?", reply_markup=ForceReply())
    owner.http.post("/phone/chat/messages", json={"text": "Friday", "reply_to": asked.message_id})
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert message.reply_to_message is not None
    assert message.reply_to_message.text == "When will they pay?"
    quoted = await message.reply_text("Noted", do_quote=True)
    assert quoted.reply_to_message is not None


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_the_pace_of_a_chat_can_be_kept_as_strictly_as_the_real_one(tmp_path: Path) -> None:
    with served(Phone(tmp_path, Options(seconds_between_messages=1.0))) as line:
        Person(line).say("/start")
        async with line.bot() as bot:
            await bot.send_message(1001, "one")
            with pytest.raises(RetryAfter) as refused:
                await bot.send_message(1001, "two")
    assert refused.value._retry_after.total_seconds() == 1


async def test_a_whole_application_runs_unchanged(line: Line, owner: Person) -> None:
    async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.chat.send_action("typing")
        await update.message.reply_text("Namaste", reply_markup=keyboard(["Go"]))

    async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("Going")
        await update.callback_query.edit_message_text("Gone")

    async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text(f"heard {update.message.text}")

    application = line.application()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CallbackQueryHandler(press))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(timeout=1)
        greeting = await until(owner, "Namaste")
        assert owner.press(greeting, 0, 0, "Go").status_code == 200
        await until(owner, "Gone")
        owner.say("hello")
        await until(owner, "heard hello")
        await application.updater.stop()
        await application.stop()


async def until(person: Person, text: str) -> int:
    for _ in range(200):
        for one in person.messages():
            if one.get("text") == text:
                return int(one["message_id"])
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody said {text!r}")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"chat_id": 1001, "text":'),
        ("application/json", b"[1]"),
        ("application/json", b'{"chat_id": 1001, "text": "\\ud800"}'),
        ("application/json", b'{"chat_id": 1e400000, "text": "x"}'),
        ("application/json", b'{"chat_id": {"a": 1}, "text": ["x"]}'),
        ("application/json", b"[" * 100_000),
        ("application/x-www-form-urlencoded", b"chat_id=\xff\xfe&text=%ff%00"),
        (
            "multipart/form-data; boundary=x; charset=nonsense",
            b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\n\xff\r\n--x--",
        ),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("text/plain", b"chat_id=1001"),
        ("", b""),
    ],
)
def test_a_broken_call_is_refused_in_the_servers_envelope(
    line: Line, owner: Person, kind: str, body: bytes
) -> None:
    answer = httpx.post(f"{line.url}{API}/sendMessage", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["ok"] is False


def test_calls_come_as_query_form_multipart_or_json(line: Line, owner: Person) -> None:
    url = f"{line.url}{API}/SENDmessage"
    call = {"chat_id": 1001, "text": "x"}
    answers = [
        httpx.get(url, params=call),
        httpx.post(url, data=call),
        httpx.post(url, data=call, files={"ignored": b"x"}),
        httpx.post(url, json=call),
        httpx.post(
            url, json={**call, "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}}
        ),
    ]
    assert [one.json()["ok"] for one in answers] == [True] * 5


def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with served(Phone(tmp_path, Options(max_file_bytes=1000))) as line:
        person = Person(line)
        person.say("/start")
        small = person.http.post("/phone/chat/uploads", files={"file": ("a.csv", b"x" * 1001)})
        large = httpx.post(f"{line.url}{API}/sendDocument", content=b"x" * 3_000_000)
        assert (small.status_code, large.status_code) == (413, 413)


async def test_a_failed_upload_is_the_clients_network_error(tmp_path: Path) -> None:
    with served(Phone(tmp_path, Options(max_file_bytes=1000))) as line:
        Person(line).say("/start")
        async with line.bot() as bot:
            with pytest.raises(NetworkError, match="Too Large"):
                await bot.send_document(1001, b"x" * 2000, filename="a.csv")


def test_a_post_without_an_origin_or_from_another_site_is_refused(line: Line, owner: Person) -> None:
    url = f"{line.url}/phone/chat/messages"
    assert httpx.post(url, json={"text": "x"}).status_code == 403
    assert httpx.post(url, json={"text": "x"}, headers={"origin": "https://evil.example"}).status_code == 403
    assert httpx.get(f"{line.url}/phone", headers={"host": "evil.example"}).status_code == 403
    assert httpx.get(f"{line.url}/phone?as=nobody").status_code == 404


def test_the_page_allows_no_script_but_its_own(line: Line) -> None:
    page = httpx.get(f"{line.url}/phone")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    assert " style=" not in page.text
    for asset in ("phone.js", "phone.css", "munshi.svg", "wallpaper.svg"):
        assert httpx.get(f"{line.url}/phone/static/{asset}").status_code == 200
    assert httpx.get(f"{line.url}/phone/static/../server.py").status_code == 404
    assert httpx.get(f"{line.url}/phone/static/..%2fserver.py").status_code == 404
