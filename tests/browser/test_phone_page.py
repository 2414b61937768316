"""What the page can do besides chatting: looks, languages, unread messages, files, voice, two phones on one desk."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bot.phone import DEMO_TOKEN
from bot.phone import Phone as PhoneServer
from bot.phone.markup import plain
from bot.phone.people import BY_KEY
from tests.bot.phone_server import Line, served
from tests.browser.phone import Phone

Hold = Callable[..., Phone]
TABLE = "<pre> 1–30 ▇▇▇▇▇ ₹1,90,000\n31–60 ▇▇▇   ₹1,42,000\n  90+ ▇▇    ₹1,00,000</pre>"


class Desk:
    """A phone that is served, and the bot's side of it by plain calls."""

    def __init__(self, server: PhoneServer, line: Line) -> None:
        self.server, self.url = server, line.url
        self._api = f"{line.api}{DEMO_TOKEN}"

    def says(self, method: str = "sendMessage", *, files: Any = None, **parameters: Any) -> dict[str, Any]:
        """Call the Bot API as the bot."""
        form = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()
        }
        reply = httpx.post(f"{self._api}/{method}", data=form, files=files)
        assert reply.status_code == 200, reply.text
        result: dict[str, Any] = reply.json()["result"]
        return result

    def begun(self, *keys: str) -> None:
        """Let people have started their chats."""
        for key in keys:
            self.server.exchange().say(BY_KEY[key], plain("/start"))

    def heard(self) -> list[dict[str, Any]]:
        """Return the updates that wait for the bot."""
        found: list[dict[str, Any]] = httpx.post(f"{self._api}/getUpdates").json()["result"]
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    server = PhoneServer(tmp_path / "phone")
    with served(server) as line:
        yield Desk(server, line)


def _choose(phone: Phone, choice: str) -> None:
    phone.driver.find_element(By.ID, "more").click()
    phone.driver.find_element(By.CSS_SELECTOR, f"#more-menu [data-choice={choice}]").click()


def _paper(phone: Phone) -> str:
    script = "return getComputedStyle(document.querySelector('.phone')).backgroundColor"
    colour: str = phone.driver.execute_script(script)
    return colour


def test_light_and_dark_are_the_devices_until_somebody_chooses(hold_phone: Hold, desk: Desk) -> None:
    phone = hold_phone(desk.url)
    phone.open()
    light = _paper(phone)
    _choose(phone, "dark")
    phone.until(lambda: _paper(phone) != light, "it stayed light")
    dark = _paper(phone)
    phone.open()
    assert _paper(phone) == dark, "the choice outlives the page"
    _choose(phone, "auto")
    phone.until(lambda: _paper(phone) == light, "it stayed dark")
    assert phone.complaints() == []


def test_the_page_speaks_hindi_when_its_holder_chooses_it(hold_phone: Hold, desk: Desk) -> None:
    phone = hold_phone(desk.url)
    phone.open("sales")
    _choose(phone, "hi")
    button = phone.driver.find_element(By.ID, "start")
    phone.until(lambda: button.text == "शुरू करें", "the page stayed English")
    assert phone.driver.execute_script("return document.documentElement.lang") == "hi"
    button.click()
    phone.until(lambda: "आज" in phone.driver.find_element(By.ID, "messages").text, "the day has no Hindi")
    assert phone.driver.find_element(By.ID, "text").get_attribute("placeholder") == "संदेश"
    assert desk.heard()[-1]["message"]["from"]["language_code"] == "hi"
    assert phone.complaints() == []


def test_what_the_bot_speaks_in_a_chat_is_what_the_page_speaks(hold_phone: Hold, desk: Desk) -> None:
    desk.begun("owner")
    phone = hold_phone(desk.url)
    phone.open()
    menu = [{"command": "digest", "description": "आज का हाल"}]
    desk.says("setMyCommands", commands=menu, scope={"type": "chat", "chat_id": 1001})
    field = phone.driver.find_element(By.ID, "text")
    phone.until(lambda: field.get_attribute("placeholder") == "संदेश", "the page stayed English")
    field.send_keys("/")
    offered = phone.driver.find_element(By.ID, "commands")
    phone.until(lambda: offered.text.split("\n") == ["/digest", "आज का हाल"], "no Hindi in the menu")


def test_what_came_unseen_is_counted_and_stands_below_a_line(hold_phone: Hold, desk: Desk) -> None:
    desk.begun("owner")
    for number in range(30):
        desk.says(chat_id=1001, text=f"line {number}\nand more\nof it")
    phone = hold_phone(desk.url)
    phone.open()
    phone.wait_text("line 29")
    assert phone.driver.find_elements(By.CSS_SELECTOR, ".news") == []
    phone.driver.execute_script("document.getElementById('talk').scrollTop = 0")
    phone.until(lambda: phone.driver.find_element(By.ID, "down").is_displayed(), "no way down")
    for text in ("news one", "news two"):
        desk.says(chat_id=1001, text=text)
    phone.wait_text("news two")
    phone.until(lambda: phone.driver.title == "(2) Munshi", "the title counts nothing")
    after = "return document.querySelector('.news').nextElementSibling.innerText"
    assert "news one" in phone.driver.execute_script(after)
    phone.driver.find_element(By.ID, "down").click()
    phone.until(lambda: phone.driver.title == "Munshi", "it stayed unread")
    desk.begun("sales")
    desk.says(chat_id=1002, text="for Ravi")
    phone.driver.get("about:blank")
    for number in range(12):
        desk.says(chat_id=1001, text=f"while away {number}\nand more\nof it")
    phone.open()
    phone.wait_text("while away 11")
    assert "while away 0" in phone.driver.execute_script(after)
    assert phone.driver.title == "(12) Munshi", "opened at the first of them"
    badge = "return document.querySelector('.person[data-key=sales] .badge')?.innerText"
    phone.until(lambda: phone.driver.execute_script(badge) == "1", "Ravi's isn't counted")
    assert phone.complaints() == []


def test_two_people_sit_side_by_side_and_each_starts_with_his_invitation(
    hold_phone: Hold, desk: Desk, tmp_path: Path
) -> None:
    codes = {"owner": "AAAA-1111", "sales": "BBBB-2222"}
    (tmp_path / "phone").mkdir(exist_ok=True)
    (tmp_path / "phone" / "invitations.json").write_text(json.dumps(codes))
    phone = hold_phone(desk.url, width=1280, height=900)
    phone.driver.get(f"{desk.url}/phone?as=owner&as=sales")
    frames = phone.until(lambda: phone.driver.find_elements(By.TAG_NAME, "iframe"), "no phones")
    assert [frame.get_attribute("data-key") for frame in frames] == ["owner", "sales"]
    for frame, code in zip(frames, codes.values(), strict=True):
        phone.driver.switch_to.frame(frame)
        phone.until(lambda: phone.driver.find_element(By.ID, "start").is_displayed(), "no START")
        phone.until(lambda: phone.driver.find_element(By.ID, "whose").text, "nobody's phone")
        phone.press_start()
        phone.wait_text(f"/start {code}")
        phone.driver.switch_to.default_content()
    assert [update["message"]["from"]["id"] for update in desk.heard()] == [1001, 1002]
    desk.says(chat_id=1002, text="Good morning, Ravi")
    phone.driver.switch_to.frame(frames[1])
    phone.wait_text("Good morning, Ravi")
    assert phone.complaints() == []


def test_a_table_is_aligned_and_copied_whole(hold_phone: Hold, desk: Desk) -> None:
    desk.begun("owner")
    desk.says(chat_id=1001, text=TABLE, parse_mode="HTML")
    phone = hold_phone(desk.url, width=1280, height=900)
    phone.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    phone.open()
    phone.wait_text("₹1,00,000")
    ends = """
      const pre = document.querySelector('.text pre'), range = document.createRange(), ends = [];
      const walk = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) for (let at = 0; at < walk.currentNode.data.length; at += 1) {
        if (walk.currentNode.data[at + 1] !== "\\n" && at + 1 < walk.currentNode.data.length) continue;
        range.setStart(walk.currentNode, at); range.setEnd(walk.currentNode, at + 1);
        if (/\\d/.test(range.toString())) ends.push(Math.round(range.getBoundingClientRect().right));
      }
      return ends"""
    right = phone.driver.execute_script(ends)
    assert len(right) == 3
    assert max(right) - min(right) <= 1, right
    phone.driver.execute_script("document.querySelector('.block .copy').focus()")
    button = phone.driver.switch_to.active_element
    phone.until(button.is_displayed, "the button stays hidden")
    button.send_keys(Keys.ENTER)
    phone.wait_toast("Copied")
    copied = phone.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == TABLE.removeprefix("<pre>").removesuffix("</pre>")


def test_links_open_beside_the_chat_pdfs_too_and_spreadsheets_are_saved(hold_phone: Hold, desk: Desk) -> None:
    desk.begun("owner")
    keyboard = {
        "inline_keyboard": [[{"text": "Send on WhatsApp", "url": "https://wa.me/919800000000?text=Namaste"}]]
    }
    desk.says(chat_id=1001, text="Remind", reply_markup=keyboard)
    for name in ("Ledger.pdf", "To enter.xlsx"):
        desk.says("sendDocument", chat_id=1001, files={"document": (name, b"%PDF-1.4 x", "application/pdf")})
    phone = hold_phone(desk.url)
    phone.open()
    phone.until(lambda: len(phone.driver.find_elements(By.CSS_SELECTOR, ".paper")) == 2, "no files")
    whatsapp = phone.driver.find_element(By.CSS_SELECTOR, "a.key")
    assert whatsapp.get_attribute("href") == "https://wa.me/919800000000?text=Namaste"
    assert (whatsapp.get_attribute("target"), whatsapp.get_attribute("rel")) == (
        "_blank",
        "noopener noreferrer",
    )
    pdf, sheet = phone.driver.find_elements(By.CSS_SELECTOR, ".paper")
    assert pdf.get_attribute("target") == "_blank"
    assert not pdf.get_attribute("download")
    assert sheet.get_attribute("download") == "To enter.xlsx"
    assert phone.complaints() == []


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_file_is_dropped_or_pasted_into_the_chat(hold_phone: Hold, desk: Desk, how: str) -> None:
    desk.begun("owner")
    phone = hold_phone(desk.url, width=1280, height=900)
    phone.open()
    phone.driver.execute_script(
        """
        const carried = new DataTransfer();
        carried.items.add(new File(["date,amount\\n1,2"], "icici.csv", {type: "text/csv"}));
        if (arguments[0] === "drop") {
          document.dispatchEvent(new DragEvent("dragover", {dataTransfer: carried, cancelable: true}));
          document.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, cancelable: true}));
        } else {
          const paste = new ClipboardEvent("paste", {clipboardData: carried, cancelable: true, bubbles: true});
          document.getElementById("text").dispatchEvent(paste);
        }""",
        how,
    )
    name = phone.driver.find_element(By.ID, "attached-name")
    phone.until(lambda: name.text == "icici.csv", "nothing is attached")
    assert not phone.driver.find_element(By.ID, "dropping").is_displayed()
    phone.driver.find_element(By.ID, "text").send_keys("till today", Keys.ENTER)
    phone.until(lambda: [one for one in desk.heard() if "document" in one["message"]], "nothing was sent")
    message = desk.heard()[-1]["message"]
    assert (message["document"]["file_name"], message["caption"]) == ("icici.csv", "till today")


def test_a_voice_note_is_recorded_sent_and_heard(hold_phone: Hold, desk: Desk) -> None:
    desk.begun("sales")
    phone = hold_phone(desk.url)
    phone.open("sales")
    phone.driver.find_element(By.ID, "record").click()
    clock = phone.driver.find_element(By.ID, "record-time")
    phone.until(lambda: clock.is_displayed() and clock.text == "0:01", "nothing is recorded")
    phone.driver.find_element(By.ID, "record-send").click()
    phone.until(lambda: phone.driver.find_elements(By.CSS_SELECTOR, "audio.voice"), "no voice note")
    voice = desk.heard()[-1]["message"]["voice"]
    assert voice["mime_type"].startswith("audio/")
    assert voice["duration"] >= 1
    phone.driver.find_element(By.ID, "record").click()
    phone.until(clock.is_displayed, "nothing is recorded")
    phone.driver.find_element(By.ID, "record-drop").click()
    phone.until(lambda: phone.driver.find_element(By.ID, "composer").is_displayed(), "it goes on")
    assert len(phone.driver.find_elements(By.CSS_SELECTOR, "audio.voice")) == 1
    assert phone.complaints() == []


def test_the_bot_is_seen_typing_and_then_no_more(hold_phone: Hold, desk: Desk) -> None:
    desk.begun("owner")
    phone = hold_phone(desk.url)
    phone.open()
    desk.says("sendChatAction", chat_id=1001, action="typing")
    phone.until(lambda: phone.status() == "typing…", "nobody types")
    assert phone.driver.find_element(By.ID, "dots").is_displayed()
    desk.says(chat_id=1001, text="here")
    phone.until(lambda: not phone.driver.find_element(By.ID, "dots").is_displayed(), "it types on")


PAIRS = (
    ("ink", "in", 4.5), ("dim", "in", 4.5), ("ink", "out", 4.5), ("out-dim", "out", 4.5), ("link", "in", 4.5),
    ("link", "out", 4.5), ("accent", "key", 4.5), ("danger", "key", 4.5), ("success", "key", 4.5),
    ("accent-ink", "accent", 4.5), ("toast-ink", "toast", 4.5), ("dim", "pill", 4.5), ("dim", "surface", 4.5),
    ("dim", "field", 4.5), ("accent", "surface", 4.5), ("bars", "in", 3.0), ("read", "out", 3.0), ("ink", "code", 4.5),
    ("accent", "accent-soft", 4.5), ("bar-dim", "bar-top", 4.5),
)  # fmt: skip
_RESOLVE = """
  const probe = document.createElement('i'), made = {};
  document.body.append(probe);
  for (const name of arguments[0]) {
    probe.style.color = name === 'bar-top' ? 'light-dark(#8b241b, #341a16)' : `var(--${name})`;
    made[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return made"""


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_enough_to_be_read_by_everybody(hold_phone: Hold, desk: Desk, dark: bool) -> None:
    phone = hold_phone(desk.url, dark=dark)
    phone.open()
    names = sorted({name for pair in PAIRS for name in pair[:2]} | {"paper", "surface"})
    found = phone.driver.execute_script(_RESOLVE, names)
    colours = {name: _channels(colour) for name, colour in found.items()}
    faint = {}
    for front, back, least in PAIRS:
        ground = _over(
            colours[back],
            colours["in" if back == "code" else "surface" if back == "accent-soft" else "paper"],
        )
        ratio = _contrast(_over(colours[front], ground), ground)
        if ratio < least:
            faint[f"{front} on {back}"] = round(ratio, 2)
    assert faint == {}


def _channels(colour: str) -> tuple[float, float, float, float]:
    inside = (
        colour.partition("(")[2].rstrip(")").replace(",", " ").replace("/", " ").replace("srgb", "").split()
    )
    values = [float(value) for value in inside]
    scale = 1.0 if "srgb" in colour else 255.0
    red, green, blue = (value / scale for value in values[:3])
    return red, green, blue, values[3] if len(values) > 3 else 1.0


def _over(front: tuple[float, ...], back: tuple[float, ...]) -> tuple[float, ...]:
    share = front[3] if len(front) > 3 else 1.0
    return (*(share * f + (1 - share) * b for f, b in zip(front[:3], back[:3], strict=True)), 1.0)


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else math.pow((c + 0.055) / 1.055, 2.4) for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
