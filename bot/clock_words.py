"""Hours as people type them: “8:15”, “8 am”, “7.30 pm”, “subah 8 baje”, “10 pm to 7 am”."""

from __future__ import annotations

import re
import unicodedata
from datetime import time

_HOUR = re.compile(r"(?<!\d)(\d{1,2})(?:\s*[:.]\s*(\d{2}))?(?!\d)\s*([ap])?\.?m?\b", re.IGNORECASE)
_BEFORE_NOON = frozenset(["subah", "सुबह", "morning", "savere", "सवेरे"])
_AFTER_NOON = frozenset(["shaam", "sham", "शाम", "evening", "raat", "रात", "dopahar", "दोपहर", "night"])
_FILLING = frozenset(
    [
        "am",
        "pm",
        "a",
        "p",
        "m",
        "at",
        "from",
        "to",
        "till",
        "until",
        "and",
        "baje",
        "bje",
        "se",
        "tak",
        "ko",
        "बजे",
        "से",
        "तक",
        "को",
    ]
)
_NOON = 12
_LONGEST = 40
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "ek एक one", "do दो two", "teen तीन three", "char chaar चार four", "panch paanch पाँच पांच five",
            "chhe chhah chah छह छः छे six", "saat सात seven", "aath आठ eight", "nau नौ nine", "das दस ten",
            "gyarah ग्यारह eleven", "barah bara बारह twelve",
        ),
        1,
    )
    for word in unicodedata.normalize("NFC", words).split()
}  # fmt: skip
_QUARTERS = {
    unicodedata.normalize("NFC", word): minutes
    for minutes, words in (
        (30, ("saade", "sade", "saadhe", "साढ़े", "साढे", "half past")),
        (15, ("sava", "sawa", "सवा", "quarter past")),
        (-15, ("paune", "pone", "पौने", "quarter to")),
    )
    for word in words
}
_LETTER = r"[\w\u0900-\u0963\u0970-\u097f]"
"""A letter, the vowel signs of Devanagari among them, which count as no letters otherwise."""
_SAID = re.compile(
    rf"(?<!{_LETTER})(?:({'|'.join(_QUARTERS)})\s+)?({'|'.join(_NUMBERS)}|\d{{1,2}})(?!{_LETTER}|[:.])"
)


def hours_in(text: str, *, afternoon: bool = False) -> list[time] | None:
    """Return the hours in a short text, None if it is about something else or one of them is none.

    `afternoon`: an hour before noon without a word for it is meant after noon.
    """
    if len(text) > _LONGEST:
        return None
    text = _SAID.sub(_in_figures, unicodedata.normalize("NFC", text.casefold()))
    words = {word.strip(".,:-–") for word in re.sub(r"[\d:.,–-]+", " ", text.casefold()).split()} - {""}
    if words - _FILLING - _BEFORE_NOON - _AFTER_NOON:
        return None
    found, marks = [], list(_HOUR.finditer(text))
    for place, said in enumerate(marks):
        begin = marks[place - 1].end() if place else 0
        end = len(text) if place + 1 == len(marks) else said.end()
        hour = _hour(said, set(text[begin:end].casefold().split()), afternoon=afternoon)
        if hour is None:
            return None
        found.append(hour)
    return found or None


def _in_figures(said: re.Match[str]) -> str:
    """Write `saat` as 7 and `saade saat` as 7:30."""
    hour = _NUMBERS.get(said[2]) or int(said[2])
    if said[1] is None:
        return str(hour)
    minutes = hour * 60 + _QUARTERS[said[1]]
    return f"{minutes // 60}:{minutes % 60:02d}"


def _hour(said: re.Match[str], words: set[str], *, afternoon: bool) -> time | None:
    """Return the hour of one match; `words` stand around it."""
    hour, minute = int(said[1]), int(said[2] or 0)
    half = (said[3] or "").casefold()
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= _NOON):
        return None
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    elif 1 <= hour < _NOON and (words & _AFTER_NOON or (afternoon and not words & _BEFORE_NOON)):
        hour += _NOON
    return time(hour, minute)
