"""A card goes out in the form that Telegram takes: too long, refused markup, a picture that is none, a place that is gone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest, Forbidden

from bot.fitting import fitted, fitted_plain, shown_length, units
from bot.phone.markup import parse_html
from bot.telegram import Outcome, deliver
from ledger.commands.delivery import OutboxMessage

Refuses = Callable[[str, dict[str, Any]], str | None]


class Client:
    """A client that notes its calls and refuses what it is told to refuse."""

    def __init__(self, refuses: Refuses = lambda *_: None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._refuses = refuses

    def __getattr__(self, method: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            texts = [one for one in arguments if isinstance(one, str)]
            said = {**named, "text": named.get("caption", texts[0] if texts else None)}
            reason = self._refuses(method, said)
            if reason is not None:
                raise BadRequest(reason)
            self.calls.append((method, said))
            return SimpleNamespace(message_id=50 + len(self.calls))

        return call


def _message(text: str = "Hello", *, edit: int | None = None, **card: Any) -> OutboxMessage:
    return OutboxMessage(UUID(int=1), 1, None, "answer", {"text": text, "buttons": [], **card}, edit, 1)


def _file(kind: str) -> dict[str, str]:
    return {"filename": "x.png", "content": b64encode(b"bytes").decode(), "kind": kind}


async def _sent(client: Client, message: OutboxMessage) -> tuple[Outcome, str, dict[str, Any]]:
    outcome = await deliver(client, message)  # type: ignore[arg-type]
    method, said = client.calls[-1]
    return outcome, method, said


async def test_a_place_that_is_gone_becomes_a_message_of_its_own() -> None:
    for reason in ("Message to edit not found", "Message can't be edited", "MESSAGE_ID_INVALID"):
        client = Client(lambda method, _, reason=reason: reason if method.startswith("edit") else None)  # type: ignore[misc]
        outcome, method, said = await _sent(client, _message("Still here", edit=7))
        assert (outcome.kind, outcome.message_id, method, said["text"]) == (
            "sent",
            51,
            "send_message",
            "Still here",
        )


async def test_what_stands_below_a_picture_is_edited_as_its_caption_or_said_anew() -> None:
    def only_a_caption(method: str, _: object) -> str | None:
        return "There is no text in the message to edit" if method == "edit_message_text" else None

    def neither(method: str, _: object) -> str | None:
        return f"There is no {method[13:]} in the message to edit" if method.startswith("edit") else None

    outcome, method, said = await _sent(Client(only_a_caption), _message("New words", edit=7))
    assert (outcome.kind, method, said["text"]) == ("sent", "edit_message_caption", "New words")
    outcome, method, _ = await _sent(Client(neither), _message("New words", edit=7))
    assert (outcome.kind, method) == ("sent", "send_message")


async def test_an_edit_that_changes_nothing_has_arrived() -> None:
    outcome = await deliver(Client(lambda *_: "Message is not modified"), _message(edit=7))  # type: ignore[arg-type]
    assert (outcome.kind, outcome.message_id) == ("sent", 7)


async def test_a_picture_that_telegram_cant_show_goes_out_as_a_file() -> None:
    for reason in ("IMAGE_PROCESS_FAILED", "PHOTO_INVALID_DIMENSIONS"):
        client = Client(lambda method, _, reason=reason: reason if method == "send_photo" else None)  # type: ignore[misc]
        outcome, method, _ = await _sent(client, _message(attachment=_file("photo")))
        assert (outcome.kind, method) == ("sent", "send_document")


async def test_a_link_that_telegram_refuses_on_a_button_is_written_out() -> None:
    buttons = [
        [
            {"label": "Pay page", "url": "http://127.0.0.1:8420/pay/x?a=1&b=2"},
            {"label": "More", "data": "abc:0"},
        ]
    ]

    def refuses(_: str, said: dict[str, Any]) -> str | None:
        keys = said["reply_markup"].inline_keyboard if said["reply_markup"] else []
        return "Inline keyboard button URL is invalid" if any(k.url for row in keys for k in row) else None

    outcome, _, said = await _sent(Client(refuses), _message("Here", buttons=buttons))
    assert outcome.kind == "sent"
    assert said["text"] == "Here\n\nPay page: http://127.0.0.1:8420/pay/x?a=1&amp;b=2"
    assert [key.text for row in said["reply_markup"].inline_keyboard for key in row] == ["More"]


async def test_more_buttons_than_telegram_takes_are_cut_and_rows_are_parted() -> None:
    buttons = [[{"label": f"{n} " + "x" * 200, "data": f"id{n}:0"} for n in range(30)] for _ in range(5)]
    _, _, said = await _sent(Client(), _message(buttons=buttons))
    rows = said["reply_markup"].inline_keyboard
    assert sum(len(row) for row in rows) == 100
    assert max(len(row) for row in rows) <= 8
    assert all(len(key.text) <= 64 for row in rows for key in row)


async def test_a_text_longer_than_a_message_ends_at_a_line_and_says_so() -> None:
    lines = "\n".join(f"<b>{n}</b> Sharma &amp; Sons ₹1,42,000" for n in range(400))
    _, _, said = await _sent(Client(), _message(lines))
    assert shown_length(said["text"]) <= 4_096
    assert said["text"].endswith("\n…")
    assert parse_html(said["text"]).text.split("\n")[-2].endswith("₹1,42,000")
    _, _, said = await _sent(Client(), _message(lines, attachment=_file("document")))
    assert shown_length(said["text"]) <= 1_024


async def test_markup_that_is_refused_goes_out_plain_and_as_long_as_allowed() -> None:
    client = Client(lambda _, said: "Can't parse entities: x" if said["parse_mode"] else None)
    _, _, said = await _sent(client, _message("<b>A &amp; B</b> " + "x" * 9_000))
    assert said["text"].startswith("A & B xxx")
    assert units(said["text"]) <= 4_096


@pytest.mark.parametrize(
    "reason",
    [
        "Chat not found",
        "Bot was blocked by the user",
        "USER_IS_BLOCKED",
        "PEER_ID_INVALID",
        "Not enough rights to send",
    ],
)
async def test_a_chat_that_cant_be_written_to_counts_as_blocked(reason: str) -> None:
    assert (await deliver(Client(lambda *_: reason), _message())).kind == "blocked"  # type: ignore[arg-type]


async def test_forbidden_counts_as_blocked_whatever_the_words() -> None:
    class Refusing(Client):
        def __getattr__(self, method: str) -> Any:
            async def call(*_: Any, **__: Any) -> Any:
                raise Forbidden("Forbidden: bot was kicked from the group chat")

            return call

    assert (await deliver(Refusing(), _message())).kind == "blocked"  # type: ignore[arg-type]


async def test_what_is_refused_in_every_form_fails_and_is_not_tried_for_ever() -> None:
    outcome = await deliver(Client(lambda *_: "Something new"), _message(edit=7))  # type: ignore[arg-type]
    assert (outcome.kind, outcome.error) == ("failed", "Something new")


_PIECES = st.lists(
    st.sampled_from(
        ["<b>", "</b>", "<pre>", "</pre>", "<i>x</i>", "\n", "&amp;", "&lt;", "₹", "शर्मा", "😀", "word ", "a"]
    ),
    max_size=120,
)


@given(_PIECES, st.integers(10, 90))
def test_what_is_cut_stays_well_formed_and_within_its_length(pieces: list[str], most: int) -> None:
    open_tags: list[str] = []
    made = []
    for piece in pieces:
        if piece in ("<b>", "<pre>"):
            open_tags.append(piece[1:-1])
        elif piece in ("</b>", "</pre>"):
            if not open_tags:
                continue
            piece = f"</{open_tags.pop()}>"
        made.append(piece)
    text = "".join(made) + "".join(f"</{tag}>" for tag in reversed(open_tags))
    cut = fitted(text, most)
    assert shown_length(cut) <= most
    parse_html(cut)
    if shown_length(text) <= most:
        assert cut == text
    plain = unescape(text)
    assert units(fitted_plain(plain, most)) <= most
