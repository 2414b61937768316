"""Which questions are alike: of one rule, from one payer, in the same words but for numbers. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_SAID = ("handle", "payer", "narration", "channel", "source", "kind", "word")
"""Fields of the evidence by which a question is known again, where its rule states them."""
_TELLING = ("handle", "payer", "narration")
"""Without any of these nothing says that two questions are alike."""


def alike_key(rule: str, evidence: Mapping[str, Any]) -> str | None:
    """Return what questions that are alike have in common, or None where nothing tells."""
    said = {name: squashed(str(evidence[name])) for name in _SAID if evidence.get(name)}
    if not any(said.get(name) for name in _TELLING):
        return None
    told = "\x1f".join([rule, *(f"{name}={said[name]}" for name in sorted(said))])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def squashed(text: str) -> str:
    """Return the words of a text without those that hold a digit, in their order: references and dates fall away."""
    words = (word.casefold() for word in _WORD.findall(text))
    return " ".join(word for word in words if not any(letter.isdigit() for letter in word))
