"""Every text of the chat has its Hindi, every Hindi text is used, and both hold the same places and markup."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from time import perf_counter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot import words as bot_words
from bot.cards.plain import error_card
from graph import words as graph_words
from kit.catalogues import Catalogue, key_of
from kit.errors import Rejected, SourceBroken, Stale
from ledger import words as ledger_words
from tests import texts
from tests.bot.sample_views import audience

CATALOGUES = {"bot": bot_words.CATALOGUE, "ledger": ledger_words.CATALOGUE, "graph": graph_words.CATALOGUE}
LANGUAGE = "hi"
_PLACE = re.compile(r"\{[^{}]*\}")
_TAG = re.compile(r"</?[a-z]+>")
packages = pytest.mark.parametrize("package", CATALOGUES)


def _messages(package: str) -> list[tuple[str, Message]]:
    return [(path.name, message) for path, message in CATALOGUES[package].messages(LANGUAGE)]


def _needs_words(text: str) -> bool:
    """Whether there is a letter in a text besides its places and its markup."""
    return any(character.isalpha() for character in _TAG.sub("", _PLACE.sub("", text)))


@packages
def test_every_text_is_translated(package: str) -> None:
    have = {
        key_of(message)[1]
        for _, message in _messages(package)
        if not message.context and all(_strings(message))
    }
    plural = {key_of(message)[1] for _, message in _messages(package) if message.pluralizable}
    for one in texts.found()[0]:
        if one.package == package and one.many is not None and one.text in have:
            assert one.text in plural, f"{one.place}: {one.text!r} is counted, its translation isn't"
    missing = {
        one.text: f"{one.place}: {one.text!r}"
        for one in texts.found()[0]
        if one.package == package and one.text not in have and _needs_words(one.text)
    }
    assert not missing, f"{len(missing)} without Hindi:\n" + "\n".join(missing.values())


@packages
def test_every_translation_is_used(package: str) -> None:
    used = {one.text: one.many for one in texts.found()[0] if one.package == package}
    unused = [
        f"{file}: {message.id!r}"
        for file, message in _messages(package)
        if not message.context
        and (
            key_of(message)[1] not in used
            or (message.pluralizable and used[key_of(message)[1]] not in (None, message.id[1]))
        )
    ]
    assert not unused, f"{len(unused)} used by nobody:\n" + "\n".join(unused)


@packages
def test_the_same_text_has_one_translation(package: str) -> None:
    said = defaultdict(set)
    for _, message in _messages(package):
        said[key_of(message)].add(tuple(_strings(message)))
    for path in sorted((CATALOGUES[package].folder / LANGUAGE).glob("*.po")):
        keys = Counter(
            re.findall(r'(?:^msgctxt "(.*)"\n)?^msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE)
        )
        assert not [key for key, times in keys.items() if times > 1], f"{path.name} has a text twice"
    assert not {key: both for key, both in said.items() if len(both) > 1}


@packages
def test_a_translation_has_the_places_and_the_markup_of_its_text(package: str) -> None:
    wrong = []
    for file, message in _messages(package):
        ids = message.id if message.pluralizable else (message.id,)
        for text in _strings(message):
            if message.context:
                continue
            fits = any(
                set(_PLACE.findall(text)) | free == set(_PLACE.findall(one)) | free
                and Counter(_TAG.findall(text)) == Counter(_TAG.findall(one))
                and text.count("\n") == one.count("\n")
                for one in ids
                for free in ({"{n}"} if message.pluralizable else set(),)
            )
            if not fits:
                wrong.append(f"{file}: {message.id!r} → {text!r}")
    assert not wrong, "\n".join(wrong)


def test_every_text_is_written_where_it_is_shown() -> None:
    assert not texts.found()[1], "no constant text: write it out, or mark it with N_ where it stands"


@packages
def test_the_files_can_be_read_by_anybody(package: str) -> None:
    for path in sorted((CATALOGUES[package].folder / LANGUAGE).glob("*.po")):
        with path.open("rb") as file:
            read = read_po(file, abort_invalid=True)
        headers = dict(read.mime_headers)
        assert headers["Content-Type"].casefold() == "text/plain; charset=utf-8", path.name
        assert headers["Plural-Forms"] == "nplurals=2; plural=(n > 1);", path.name
        assert not [message.id for message in read if message.id and message.fuzzy], path.name
        assert not read.obsolete, f"{path.name} keeps what nobody uses"


@packages
def test_a_catalogue_is_read_once_and_fast(package: str) -> None:
    fresh = Catalogue(CATALOGUES[package].folder)
    began = perf_counter()
    fresh.text(LANGUAGE, "Yes")
    assert perf_counter() - began < 0.5  # a fifth of that on a machine with nothing else to do
    held = fresh._read[LANGUAGE]
    fresh.text(LANGUAGE, "No")
    assert fresh._read[LANGUAGE] is held


def test_what_is_missing_stays_english_and_a_foreign_language_is_english(tmp_path: Path) -> None:
    (tmp_path / "hi").mkdir()
    (tmp_path / "hi" / "a.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "bill"\nmsgstr "बिल"\n\nmsgctxt "error"\nmsgid "bill.gone"\nmsgstr "वह बिल अब नहीं है।"\n\n'
        'msgid "{n} day"\nmsgid_plural "{n} days"\nmsgstr[0] "{n} दिन"\nmsgstr[1] "{n} दिनों"\n',
        "utf-8",
    )
    read = Catalogue(tmp_path)
    assert read.spoken("hi") == "hi"
    assert read.spoken("mr") == "en"
    assert read.text("hi", "bill") == "बिल"
    assert read.text("hi", "cheque") == "cheque"
    assert read.text("en", "bill") == read.text("mr", "bill") == "bill"
    assert [read.counted("hi", "{n} day", "{n} days", n) for n in (0, 1, 2)] == [
        "{n} दिन",
        "{n} दिन",
        "{n} दिनों",
    ]
    assert [read.counted("en", "{n} day", "{n} days", n) for n in (0, 1, 2)] == [
        "{n} days",
        "{n} day",
        "{n} days",
    ]
    assert read.named("hi", "error", "bill.gone") == "वह बिल अब नहीं है।"
    assert read.named("hi", "error", "bill.lost") is None


def _strings(message: Message) -> list[str]:
    return [str(one) for one in (message.string if message.pluralizable else (message.string,))]


def test_every_error_that_the_chat_may_meet_has_its_sentence() -> None:
    """Those of the other kinds (denied, not found, to be tried again) have one sentence each."""
    said = {
        str(message.id): str(message.string) for _, message in _messages("bot") if message.context == "error"
    }
    codes = texts.error_codes()
    missing = [f"{raised.place}: {code}" for code, raised in codes.items() if not said.get(code)]
    assert not missing, f"{len(missing)} errors without Hindi (msgctxt error):\n" + "\n".join(missing)
    assert not said.keys() - codes.keys(), "sentences for errors that nobody raises"
    for code, sentence in said.items():
        places = set(_PLACE.findall(sentence))
        assert places <= {"{message}", *(f"{{{name}}}" for name in codes[code].values)}, f"{code}: {sentence}"


def test_an_error_is_told_in_hindi_by_its_code_its_kind_and_never_half() -> None:
    to = audience(language="hi")
    known = Stale("allocation.over_outstanding", "x", values={"amount": "₹500", "bill": "INV-1"})
    assert error_card(known, to).text == "INV-1 पर सिर्फ़ ₹500 बाक़ी है। फिर से देख लीजिए।"
    assert error_card(Stale("nobody.knows", "It moved on."), to).text.startswith("यह इस बीच बदल गया है")
    assert error_card(Rejected("nobody.knows", "It is wrong."), to).text == "यह ऐसे नहीं हो सकता।"
    assert error_card(SourceBroken("nobody.knows", "A key."), to).text.startswith("एक स्रोत")
    assert error_card(known, audience()).text == "x"
