"""What a member sets for himself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """Speak another language with the member who asks. Result: the language that was spoken before."""

    language: str
