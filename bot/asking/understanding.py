"""What a text asks: an intent with its name, amount and day; or a reference, a phone number, words to look for. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot import typed
from bot.asking.spelling import LONGEST, Word
from bot.asking.table import Intent, Phrase, Table, table
from bot.words import clean

_PHONE = re.compile(r"(?:\+?91|0)?[\s-]?([6-9]\d{4})[\s-]?(\d{5})")
_GSTIN = re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]", re.IGNORECASE)
_LONGEST_WINDOW = 4
_MOST_WORDS_AROUND_A_REFERENCE = 12
_PLAIN_FIGURE = re.compile(r"[\d,]+(?:\.\d+)?")
"""No day by itself: 20, 1.5 of a lakh."""
_FIGURE = re.compile(r"\d")
_UNIT = re.compile(r"lakh|lac|cr|hazaa?r|hajaa?r|sau|thousand|hundred|लाख|हज़?ार|करोड़?|सौ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Understood:
    """What was asked. `intent` is empty where no phrase fits; `find`: the words to look for then, without fillers.

    `name` is what is left of the text: a customer or vendor, if the intent has a `party` (must, may). `whole`: nothing
    is left, and nothing is missing. `reference` is a transfer's number, `number` a phone or GSTIN.
    """

    intent: str = ""
    do: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    party: str = ""
    name: str = ""
    amount: int | None = None
    day: date | None = None
    reference: str | None = None
    number: str | None = None
    find: str = ""
    whole: bool = False


def understand(text: str, today: date) -> Understood:
    """Read a text of any length; `today` is the day in the business's calendar."""
    known = table()
    words = known.spelling.read(text)
    shown = clean(text[: LONGEST * 4])[:LONGEST]
    if not words and shown.strip("?؟!. ") == "" and shown:
        return Understood("help", "help", whole=True)
    if number := _number(shown):
        return Understood(number=number, find=number)
    if len(words) <= _MOST_WORDS_AROUND_A_REFERENCE and (reference := _reference(shown, words)):
        return Understood(reference=reference, find=shown)
    if (paise := typed.amount(shown)) is not None and _is_figure(shown):
        return Understood(amount=paise, find=shown)
    best = max(_readings(words, known, today), key=lambda one: one.rank, default=None)
    if best is not None:
        return best.understood
    kept = _between_fillers(words, range(len(words)), known)
    return Understood(find=" ".join(words[at].typed for at in kept) or shown)


@dataclass(frozen=True, slots=True)
class _Reading:
    rank: tuple[int, int, int, int]
    understood: Understood


def _readings(words: Sequence[Word], known: Table, today: date) -> Iterator[_Reading]:
    """Yield every intent that fits, with its rank: most words, a whole phrase before a name, fewest left, first in the table."""
    heads = frozenset[str]().union(*(word.heads for word in words))
    for order, intent in enumerate(known.intents):
        phrases = [phrase for phrase in intent.phrases if phrase.may_be_in(heads)]
        if not phrases:
            continue
        sum_, on = None, None
        spent: frozenset[int] = frozenset()
        if "day" in intent.takes:
            on, spent = _day(words, today, typed.BEHIND if intent.do == "paid" else typed.AHEAD)
        if "amount" in intent.takes:
            sum_, figures = _amount(words, spent)
            spent |= figures
        if ("amount" in intent.needs and sum_ is None) or ("day" in intent.needs and on is None):
            continue
        for spent_of in (spent, frozenset[int]()) if spent and not intent.needs else (spent,):
            used = spent_of == spent
            for phrase in phrases:
                reading = _reading(intent, phrase, words, known, spent_of, order)
                if reading is not None:
                    yield _with(reading, sum_ if used else None, on if used else None)


def _reading(
    intent: Intent, phrase: Phrase, words: Sequence[Word], known: Table, spent: frozenset[int], order: int
) -> _Reading | None:
    open_words = [at for at in range(len(words)) if at not in spent]
    found = phrase.places([words[at] for at in open_words])
    if not found:
        return None
    taken = {open_words[at] for at in found}
    # "kis kis ne", "mobile number": a word said twice is no name.
    said = frozenset[str]().union(*(words[at].heads - {words[at].plain} for at in taken))
    left = [at for at in open_words if at not in taken and said.isdisjoint(words[at].heads)]
    left = _between_fillers(words, left, known)
    if not intent.party and not all(known.known(words[at]) for at in left):
        return None
    name = " ".join(words[at].typed for at in left) if intent.party else ""
    whole = not name and intent.party != "must"
    understood = Understood(intent.name, intent.do, intent.more, intent.party, name, whole=whole)
    return _Reading((len(taken) + len(spent), int(whole), -len(left), -order), understood)


def _with(reading: _Reading, sum_: int | None, on: date | None) -> _Reading:
    one = reading.understood
    filled = Understood(
        one.intent, one.do, one.more, one.party, one.name, sum_, on, find=one.name, whole=one.whole
    )
    return _Reading(reading.rank, filled)


def _between_fillers(words: Sequence[Word], places: Collection[int], known: Table) -> list[int]:
    """Return the places left without fillers; one between two words of a name belongs to the name."""
    telling = [at for at in places if not known.filler(words[at])]
    kept = []
    for at in places:
        inside = at - 1 in telling and at + 1 in telling
        if at in telling or (inside and not {"ka", "ko", "ne", "se"} & words[at].heads):
            kept.append(at)
    return kept


def _windows(words: Sequence[Word], spent: Collection[int]) -> Iterator[tuple[frozenset[int], str]]:
    """Yield runs of words, the longest first, from the left."""
    for length in range(min(_LONGEST_WINDOW, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            places = frozenset(range(start, start + length))
            if places.isdisjoint(spent):
                yield places, " ".join(words[at].typed for at in range(start, start + length))


def _amount(words: Sequence[Word], spent: Collection[int]) -> tuple[int | None, frozenset[int]]:
    for places, text in _windows(words, spent):
        if _is_figure(text) and (paise := typed.amount(text)) is not None:
            return paise, places
    return None, frozenset()


def _is_figure(text: str) -> bool:
    return bool(_FIGURE.search(text) or (_UNIT.search(text) and " " in text))


def _day(words: Sequence[Word], today: date, meant: str) -> tuple[date | None, frozenset[int]]:
    for places, text in _windows(words, ()):
        if not _PLAIN_FIGURE.fullmatch(text) and (on := typed.day(text, today, meant=meant)) is not None:
            return on, places
    return None, frozenset()


def _number(text: str) -> str | None:
    """Return a phone number or a GSTIN, if the text is one."""
    said = text.strip(" .?!")
    if found := _PHONE.fullmatch(said):
        return f"{found[1]}{found[2]}"
    gstin = _GSTIN.search(said)
    return gstin[0].upper() if gstin else None


def _reference(text: str, words: Sequence[Word]) -> str | None:
    """Return a transfer's number that stands in the text as a word of its own, or is all of it."""
    found = typed.utr(text)
    if found is None:
        return None
    alone = re.sub(r"[\s\-:.]", "", text).upper() == found
    return found if alone or any(found in word.typed.upper() for word in words) else None
