"""Several people, two languages, voice notes and files on the phone: the real client on one side, the page on the other."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import BadRequest

from bot.phone import PEOPLE, Phone
from bot.phone.page import STATIC
from tests.bot.phone_server import Line, served
from tests.bot.test_phone_api import Person

SOUND = b"OggS" + b"\0" * 60
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "phone"


@pytest.fixture
def line(folder: Path) -> Iterator[Line]:
    with served(Phone(folder)) as line:
        yield line


@pytest.fixture
async def bot(line: Line) -> AsyncIterator[Bot]:
    async with line.bot() as bot:
        yield bot


def _people(line: Line, **seen: int) -> dict[str, dict[str, object]]:
    query = "&".join(["as=owner", *(f"seen={key}:{number}" for key, number in seen.items())])
    everybody = httpx.get(f"{line.url}/phone/chat/people?{query}").json()["people"]
    return {one["key"]: one for one in everybody}


def _shown(line: Line, file_id: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{line.url}/phone/files/{file_id}", headers=headers)


async def test_what_others_have_not_seen_is_counted(line: Line, bot: Bot) -> None:
    Person(line, "sales").say("/start")
    first = await bot.send_message(1002, "one")
    await bot.send_message(1002, "two")
    assert _people(line)["sales"]["unseen"] == 2
    assert _people(line, sales=first.message_id)["sales"]["unseen"] == 1
    assert _people(line, sales=10**9, owner=3)["sales"]["unseen"] == 0
    assert _people(line)["finance"]["unseen"] == 0


def test_an_invitation_left_in_the_folder_is_offered_to_its_person_only(line: Line, folder: Path) -> None:
    assert {one["start"] for one in _people(line).values()} == {""}
    (folder / "invitations.json").write_text(json.dumps({"owner": "AAAA-1111", "ca": "BBBB-2222"}))
    assert {key: one["start"] for key, one in _people(line).items()} == {
        "owner": "AAAA-1111", "ca": "BBBB-2222", "sales": "", "finance": "",
    }  # fmt: skip
    (folder / "invitations.json").write_text("[1]")
    assert _people(line)["owner"]["start"] == ""


def test_one_address_shows_one_phone_several_show_a_desk_of_them(line: Line) -> None:
    assert "several.js" not in httpx.get(f"{line.url}/phone?as=sales").text
    desk = httpx.get(f"{line.url}/phone?as=owner&as=sales")
    assert "several.js" in desk.text
    assert "frame-src 'self'" in desk.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in desk.headers["content-security-policy"]
    assert httpx.get(f"{line.url}/phone?as=owner&as=nobody").status_code == 404


async def test_the_app_s_language_goes_to_the_bot_and_the_chat_s_menu_says_what_is_spoken(
    line: Line, folder: Path, bot: Bot
) -> None:
    ravi = Person(line, "sales")
    await bot.set_my_commands([BotCommand("help", "What I can ask")])
    await bot.set_my_commands([BotCommand("help", "क्या पूछ सकते हैं")], language_code="hi")

    def profile() -> dict[str, object]:
        with ravi.http.stream("GET", "/phone/chat/events") as stream:
            for text in stream.iter_lines():
                if text.startswith("data: "):
                    found: dict[str, object] = json.loads(text[6:])["profile"]
                    return found
        raise AssertionError("the stream said nothing")

    assert profile()["language"] == "en"
    assert ravi.http.post("/phone/chat/language", json={"language": "hi"}).json() == {"language": "hi"}
    assert profile()["language"] == "hi"
    assert profile()["commands"] == [{"command": "help", "description": "क्या पूछ सकते हैं"}]
    ravi.say("नमस्ते")
    update = (await bot.get_updates())[-1]
    assert update.effective_user is not None
    assert update.effective_user.language_code == "hi"
    english = [BotCommand("help", "What I can ask"), BotCommand("language", "English or हिन्दी")]
    await bot.set_my_commands(english, scope=BotCommandScopeChat(1002))
    assert profile()["language"] == "en", "the bot speaks English in this chat, whatever the app is set to"
    assert ravi.http.post("/phone/chat/language", json={"language": "fr"}).status_code == 400


def test_the_language_of_an_app_outlives_the_program(tmp_path: Path) -> None:
    with served(Phone(tmp_path)) as line:
        Person(line, "ca").http.post("/phone/chat/language", json={"language": "hi"}).raise_for_status()
    with served(Phone(tmp_path)) as line:
        Person(line, "ca").say("hello")
        answer = httpx.post(f"{line.api}100000000:MUNSHI-PHONE/getUpdates").json()["result"]
        assert answer[-1]["message"]["from"]["language_code"] == "hi"


async def test_a_voice_note_goes_both_ways_and_is_heard_in_the_page(line: Line, bot: Bot) -> None:
    ravi = Person(line, "sales")
    files = {"file": ("voice", SOUND, "audio/ogg; codecs=opus")}
    ravi.http.post(
        "/phone/chat/uploads", data={"as": "voice", "duration": "4"}, files=files
    ).raise_for_status()
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert update.message.voice is not None
    assert update.message.voice.duration in (4, timedelta(seconds=4))
    assert update.message.voice.mime_type == "audio/ogg"
    heard = await (await update.message.voice.get_file()).download_as_bytearray()
    assert bytes(heard) == SOUND
    sent = await bot.send_voice(1002, update.message.voice.file_id, caption="Back to you", duration=4)
    assert sent.voice is not None
    shown = _shown(line, sent.voice.file_id, range="bytes=0-3")
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (206, b"OggS", "audio/ogg")
    fresh = await bot.send_voice(1002, SOUND, duration=2)
    assert fresh.voice is not None
    assert fresh.voice.file_size == len(SOUND)


def test_what_is_no_sound_is_no_voice_note(line: Line) -> None:
    ravi = Person(line, "sales")
    files = {"file": ("voice", b"<script>", "text/html")}
    assert ravi.http.post("/phone/chat/uploads", data={"as": "voice"}, files=files).status_code == 400


async def test_a_pdf_opens_in_the_browser_and_everything_else_is_saved(line: Line, bot: Bot) -> None:
    Person(line).say("/start")
    for name, data, shown in (
        ("Ledger.pdf", PDF, True),
        ("Ledger.pdf", b"<html><script>", False),
        ("page.html", b"<html>", False),
        ("To enter.xlsx", b"PK\x03\x04", False),
    ):
        sent = await bot.send_document(1001, data, filename=name)
        assert sent.document is not None
        reply = _shown(line, sent.document.file_id)
        assert reply.headers["content-disposition"].startswith("inline" if shown else "attachment"), name
        assert reply.headers["content-type"] == ("application/pdf" if shown else "application/octet-stream")
        assert ("sandbox" in reply.headers["content-security-policy"]) is not shown


async def test_an_action_that_telegram_does_not_know_is_refused(line: Line, bot: Bot) -> None:
    Person(line).say("/start")
    assert await bot.send_chat_action(1001, "upload_document")
    with pytest.raises(BadRequest):
        await bot.send_chat_action(1001, "dancing")


_NOT_WORDS = {"English", "hi"}


def _used() -> set[str]:
    """Collect the words that the page asks for: in calls of t(), in the lists that are put through it, in the HTML."""
    used: set[str] = set()
    for script in STATIC.glob("*.js"):
        if script.name == "words.js":
            continue
        text = script.read_text("utf-8")
        for call in re.findall(r"\bt\(([^()]*(?:\([^()]*\))?[^()]*)\)", text):
            used |= set(re.findall(r'"([^"]+)"', re.sub(r'=== "[^"]*"', "", call)))
        used |= set(re.findall(r'\["\w+", "([A-Z][^"]+)"\]', text))
        used |= set(re.findall(r'(?:typing|upload_document|upload_photo): "([^"]+)"', text))
    for page in STATIC.glob("*.html"):
        used |= set(re.findall(r'data-t(?:-label|-hint)?="([^"]+)"', page.read_text("utf-8")))
    return used - _NOT_WORDS


def test_every_word_of_the_page_has_its_hindi_and_no_hindi_is_left_over() -> None:
    words = (STATIC / "words.js").read_text("utf-8")
    table = words.partition("const HINDI = {")[2].partition("\n};")[0]
    known = dict(re.findall(r'^  "([^"]+)":\s+"([^"]+)"', table, re.MULTILINE))
    used = _used()
    assert set(known) - used == set(), "nobody says these"
    assert used - set(known) == set(), "these have no Hindi"
    assert all(re.search("[\u0900-\u097f]", hindi) for hindi in known.values())


def test_the_people_of_the_phone_are_those_of_the_demo() -> None:
    assert [person.key for person in PEOPLE] == ["owner", "sales", "finance", "ca"]
