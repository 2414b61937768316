"""Formatted text as the phone's Bot API reads it."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from bot.phone.images import look_at
from bot.phone.keyboards import read_reply_markup
from bot.phone.markup import given, link, parse_html, plain, units
from bot.phone.refusals import Refused


def kinds(source: str) -> list[tuple[str, int, int]]:
    return [(one["type"], one["offset"], one["length"]) for one in parse_html(source).entities]


def test_nested_tags_become_entities_from_outer_to_inner() -> None:
    marked = parse_html("<b>bold <i>both</i></b> <u>u</u> <s>s</s> <tg-spoiler>x</tg-spoiler>")
    assert marked.text == "bold both u s x"
    assert [(one["type"], one["offset"], one["length"]) for one in marked.entities] == [
        ("bold", 0, 9),
        ("italic", 5, 4),
        ("underline", 10, 1),
        ("strikethrough", 12, 1),
        ("spoiler", 14, 1),
    ]


def test_escapes_are_read_and_other_references_stay_as_written() -> None:
    assert parse_html("A &lt;b&gt; &amp; &quot;C&quot; &#8377; &nbsp;").text == 'A <b> & "C" ₹ &nbsp;'


def test_offsets_count_utf16_units() -> None:
    assert kinds("🙏🏽 <b>जी</b>") == [("bold", 5, 2)]
    assert units("🙏🏽") == 4


def test_leading_blanks_of_an_aligned_block_stay() -> None:
    marked = parse_html("Overdue\n<pre> 1–30 ▇▇\n61–90 ▇</pre>\n")
    assert marked.text == "Overdue\n 1–30 ▇▇\n61–90 ▇"
    assert parse_html("<pre> 1–30</pre>").text == " 1–30"
    assert parse_html("  \n <b>x</b>\n ").text == "x"


def test_nothing_is_formatted_inside_code() -> None:
    assert kinds("<code>a <b>b</b> https://x.example</code>") == [("code", 0, 21)]


def test_code_in_pre_names_the_language() -> None:
    marked = parse_html('<pre><code class="language-python">x</code></pre>')
    assert marked.entities == ({"type": "pre", "offset": 0, "length": 1, "language": "python"},)


def test_links_lead_to_the_web_only() -> None:
    assert parse_html('<a href="https://x.example/?a=1&amp;b=2">x</a>').entities == (
        {"type": "text_link", "offset": 0, "length": 1, "url": "https://x.example/?a=1&b=2"},
    )
    assert parse_html('<a href="javascript:alert(1)">x</a>').entities == ()
    for hostile in (
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "https://",
        "java\nscript:x",
        "//x",
    ):
        assert link(hostile) is None


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b>open",
        "</b>",
        "<b><i>crossed</b></i>",
        "a < b",
        "<!-- x -->",
        "<span>x</span>",
        "<b",
        "<",
    ],
)
def test_wrong_html_is_refused_with_its_place(source: str) -> None:
    with pytest.raises(Refused, match="can't parse entities") as refused:
        parse_html(source)
    assert refused.value.status == 400


def test_the_place_of_an_error_is_counted_in_bytes() -> None:
    with pytest.raises(Refused, match='Unsupported start tag "x" at byte offset 6'):
        parse_html("जी<x>")


def test_plain_text_marks_commands_links_numbers_and_addresses() -> None:
    marked = plain("/start CODE see https://x.example/a, mail a@b.example, call +91 98450 12345.")
    found = {one["type"]: marked.text[one["offset"] :][: one["length"]] for one in marked.entities}
    assert found == {
        "bot_command": "/start",
        "url": "https://x.example/a",
        "email": "a@b.example",
        "phone_number": "+91 98450 12345",
    }


def test_what_can_disguise_a_text_is_taken_out() -> None:
    assert plain("a\u202eb\u0000c\r\nd\te").text == "ab c\nd e"


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(Refused, match="UTF-8"):
        plain("\ud800")


def test_explicit_entities_are_checked_against_the_text() -> None:
    assert given("abc", [{"type": "bold", "offset": 0, "length": 3}]).entities[0]["type"] == "bold"
    for wrong in (
        [{"type": "bold", "offset": 2, "length": 5}],
        [{"type": "marquee", "offset": 0, "length": 1}],
        [{"type": "bold", "offset": "0", "length": 1}],
        {"type": "bold"},
        [7],
    ):
        with pytest.raises(Refused):
            given("abc", wrong)


@examples(st.text(alphabet=st.sampled_from('<>&/"ab= ₹जि🙏\n#;\ud800'), max_size=300))
def test_any_text_is_read_or_refused(source: str) -> None:
    try:
        marked = parse_html(source)
    except Refused:
        return
    end = units(marked.text)
    for entity in marked.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= end


@pytest.mark.parametrize("piece", ["<b>", "<a href='", "https://,", "<code>x</code>", "a@", "+9 ", "&", "/a"])
def test_long_hostile_text_takes_no_long_time(piece: str) -> None:
    began = process_time()
    with suppress(Refused):
        parse_html(piece * (60_000 // len(piece)))
    plain(piece * (60_000 // len(piece)))
    assert process_time() - began < 2


def test_buttons_are_checked_as_the_real_server_does() -> None:
    rows = [[{"text": " Yes ", "callback_data": "a" * 64, "style": "success"}], []]
    assert read_reply_markup({"inline_keyboard": rows}) == {
        "inline_keyboard": [[{"text": "Yes", "callback_data": "a" * 64, "style": "success"}]]
    }
    for button, reason in (
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "जी" * 11}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "text buttons are unallowed"),
        ({"text": "x", "callback_data": "a", "url": "https://x.example"}, "text buttons are unallowed"),
        ({"text": "", "callback_data": "a"}, "non-empty"),
        ({"text": "x", "url": "javascript:alert(1)"}, "Wrong HTTP URL"),
        ({"text": "x", "url": "upi://pay?pa=a@b"}, "Wrong HTTP URL"),
        ({"text": "x", "callback_data": "a", "style": "huge"}, "style"),
        ("x", "must be an Object"),
    ):
        with pytest.raises(Refused, match=reason):
            read_reply_markup({"inline_keyboard": [[button]]})
    with pytest.raises(Refused, match="inline keyboards"):
        read_reply_markup({"keyboard": [[{"text": "x"}]]})


@examples(
    st.binary(max_size=80),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF0000WEBP", b"\xff\xd8\xff"]),
)
def test_any_bytes_are_a_picture_or_not(data: bytes, head: bytes) -> None:
    found = look_at(head + data)
    assert found is None or (found.width <= 10_000 and found.height <= 10_000)
