"""Free words in three ways of writing: each is taken for what it asks, at once, and nothing hostile is taken amiss."""

from __future__ import annotations

import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking.table import table
from bot.asking.understanding import Understood, understand

TODAY = date(2026, 11, 21)
_RAW: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "phrases.toml").read_text("utf-8")
)
CASES = [(intent, case) for intent, ways in _RAW.items() for cases in ways.values() for case in cases]


def _expected(case: str) -> tuple[str, str, dict[str, str]]:
    text, _, rest = case.partition(" -> ")
    name, *more = rest.split(";")
    return text, name.strip(), dict(one.strip().split("=") for one in more)


def _said(asked: Understood) -> dict[str, str]:
    said: dict[str, Any] = {
        "amount": asked.amount, "day": asked.day, "reference": asked.reference, "number": asked.number,
    }  # fmt: skip
    return {name: str(value) for name, value in said.items() if value is not None}


@pytest.mark.parametrize(("intent", "case"), CASES, ids=[case for _, case in CASES])
def test_a_phrase_is_taken_for_what_it_asks(intent: str, case: str) -> None:
    text, name, more = _expected(case)
    asked = understand(text, TODAY)
    assert (asked.intent or "search", asked.name if asked.intent else "", _said(asked)) == (
        intent,
        name,
        more,
    )


def test_there_are_phrases_enough_and_for_every_intent() -> None:
    assert len(CASES) >= 300
    untested = {intent.name for intent in table().intents} - _RAW.keys()
    assert not untested - {"msmed", "note", "balance"}


def test_case_spaces_and_punctuation_change_nothing() -> None:
    for intent, case in CASES:
        text, _, _ = _expected(case)
        shouted = understand(f"  {text.upper()} !! ", TODAY)
        assert (shouted.intent or "search") == intent, text


HOSTILE = [
    "", " ", "a" * 10_000, "sharma " * 2_000, "🙂🙂🙂", "🙂", "\u202eabc\u202c", "\u200b\u200d\u2060", "'; DROP TABLE parties; --",
    "<script>alert(1)</script>", "<b>sharma</b> & co", "{0} {name} %s", "\x00\x01\ud800", "कितना" * 3_000, "?" * 500, "१२३" * 500, "-" * 300, "مرحبا",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:12]) for text in HOSTILE])
def test_hostile_words_are_read_quickly_and_kept_short(text: str) -> None:
    asked = understand(text, TODAY)
    assert len(asked.find) <= 400
    assert len(asked.name) <= 400


@given(st.text(max_size=600))
def test_any_text_is_understood_somehow(text: str) -> None:
    asked = understand(text, TODAY)
    assert asked.intent in {intent.name for intent in table().intents} | {""}


def test_a_question_is_understood_in_five_milliseconds() -> None:
    texts = [_expected(case)[0] for _, case in CASES] + [text for text in HOSTILE if text]
    spent = []
    for text in texts:
        began = time.perf_counter()
        understand(text, TODAY)
        spent.append(time.perf_counter() - began)
    spent.sort()
    assert spent[len(spent) // 2] < 0.005
    assert spent[len(spent) * 95 // 100] < 0.02  # a busy machine may stumble once
