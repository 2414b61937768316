"""Foreign text made fit to be shown: one line of it, and shortened where people would cut it."""

from __future__ import annotations

import unicodedata

_NEAR = 8
_VIRAMA = 9  # canonical combining class of the sign that binds two consonants into one syllable
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_KEPT_FORMATS = "\u200c\u200d"  # joiners that Indian scripts need


def clean(text: str) -> str:
    """Make foreign text fit for one line: no controls, no direction marks, no lone surrogates, single spaces."""
    kept = (
        character if character in _KEPT_FORMATS or unicodedata.category(character) not in _DROPPED else " "
        for character in text
    )
    return " ".join("".join(kept).split())


def cut(text: str, width: int) -> str:
    """Shorten cleaned text to `width` characters, at a word where one is near, never inside a syllable."""
    text = clean(text)
    if len(text) <= width:
        return text
    end = width - 1
    while end > 1 and (_joins(text[end]) or unicodedata.combining(text[end - 1]) == _VIRAMA):
        end -= 1
    head = text[:end]
    space = head.rfind(" ")
    if text[end] != " " and space > 0 and space >= end - _NEAR:
        head = head[:space]
    return head.rstrip(" ,.-–·&(/") + "…"


def _joins(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or character in _KEPT_FORMATS
