"""Names as people type them: a common spelling for Latin and Devanagari, and how well a query fits a name.

Indian names have no one spelling in Latin letters (Laxmi, Lakshmi; Choudhary, Chaudhari), so both sides are
folded to a rough sound before they are compared. All of it is pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz

_CONSONANTS = dict(
    zip(
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह",
        re.findall(
            "[a-z]+", "k kh g gh n ch chh j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h"
        ),
        strict=True,
    )
)
_VOWELS = dict(zip("अआइईउऊऋएऐओऔ", ("a", "aa", "i", "ee", "u", "oo", "ri", "e", "ai", "o", "au"), strict=True))
_SIGNS = dict(zip("ािीुूृेैोौ", ("aa", "i", "ee", "u", "oo", "ri", "e", "ai", "o", "au"), strict=True))
_SURPLUS = 40.0  # a word too many, such as the town: not in the name, and not against it either
_NASAL, _HALANT, _NUKTA = "ंँ", "्", "़"
_COMPANY = frozenset(
    ["pvt", "private", "ltd", "limited", "llp", "co", "company", "inc", "corp", "ms", "messrs", "the", "and"]
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("x|ksh", "ks"),
        ("chh|ch", "c"),
        ("sh", "s"),
        ("ph", "f"),
        ("ck|q", "k"),
        ("w", "v"),
        ("z", "j"),
        ("ou|au|oo", "u"),
        ("ee|ea|ie", "i"),
        ("y$|y(?=[^aeiou])", "i"),
        ("(?<=[bdgjkt])h", ""),
        (r"(.)\1+", r"\1"),
        ("(?<=..)a$", ""),
    )
)


def storable(text: str) -> str:
    """Drop what PostgreSQL's text can't hold: NUL and lone surrogates."""
    return _UNSTORABLE.sub("", text)


def latin(text: str) -> str:
    """Write Devanagari in Latin letters as people do: शर्मा → sharmaa, गुप्ता → guptaa."""
    if not any("\u0900" <= c <= "\u097f" for c in text):
        return text
    out: list[str] = []
    letters = [c for c in unicodedata.normalize("NFD", text) if c != _NUKTA]
    for index, letter in enumerate(letters):
        following = letters[index + 1] if index + 1 < len(letters) else ""
        if letter in _CONSONANTS:
            bare = following in _SIGNS or following == _HALANT or not ("\u0900" <= following <= "\u097f")
            out.append(_CONSONANTS[letter] + ("" if bare and following else "a" if following else ""))
        elif letter in _NASAL:
            out.append("n")
        elif letter != _HALANT:
            out.append(_VOWELS.get(letter) or _SIGNS.get(letter) or letter)
    return "".join(out)


def words(text: str) -> tuple[str, ...]:
    """Split a name into plain lower-case words, without company forms (unless nothing else is left)."""
    plain = unicodedata.normalize("NFKD", latin(text).casefold())
    found = re.findall(r"[a-z0-9]+|[^\W\d_a-z]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return tuple(word for word in found if word not in _COMPANY) or tuple(found)


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """Fold a plain word to its rough sound: lakshmi and laxmi, gupta and guptaa become one."""
    folded = word
    for pattern, replacement in _SOUNDS:
        folded = pattern.sub(replacement, folded)
    return folded or word


def sounds(text: str) -> tuple[str, ...]:
    """Return the sounds of a name's words."""
    return tuple(sound(word) for word in words(text))


def fit(query: Sequence[str], name: Sequence[str]) -> float:
    """Return how well the sounds of a query fit those of a name, 0 to 100.

    Every word of the query must find its own word: a whole one (100), the start of one (94 and up), part of one
    (76), or a misspelt one (its likeness). Words joined or split by the typist are compared as one string.
    """
    if not query or not name:
        return 0.0
    left = list(name)
    total = 0.0
    for word in query:
        if not left:
            total += _SURPLUS
            continue
        best, where = max((_likeness(word, other), -index) for index, other in enumerate(left))
        total += best
        del left[-where]
    joined = fuzz.ratio("".join(query), "".join(name))
    score = max(total / len(query), float(joined))
    return score - 0.1 * min(len(left), 20) - (0.5 if name[0] != query[0] else 0.0)


def _likeness(word: str, other: str) -> float:
    if word == other:
        return 100.0
    if other.startswith(word):
        return 94.0 + 5.0 * len(word) / len(other)
    if len(word) >= 3 and word in other:
        return 76.0
    ratio = float(fuzz.ratio(word, other))
    if len(word) >= 4 and len(other) > len(word):  # the start of a longer word, misspelt
        ratio = max(ratio, 0.95 * float(fuzz.ratio(word, other[: len(word)])))
    return ratio
