"""What is wrong with the text of a rule: each mistake with its line and the nearest valid word, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.errors import Rejected

MAX_MISTAKES = 30


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake; `suggestion` is the nearest valid word, `remedy` what else may help."""

    line: int
    message: str
    suggestion: str | None = None
    remedy: str = ""

    def __str__(self) -> str:
        meant = f"; did you mean `{self.suggestion}`?" if self.suggestion else "."
        return f"line {self.line}: {self.message}{meant}"


class RuleInvalid(Rejected):
    """A text is no rule; `mistakes` says all that is wrong with it, in the order of the lines."""

    def __init__(self, file: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda m: m.line))
        first, more = self.mistakes[0], len(self.mistakes) - 1
        also = f" And {more} more mistake{'s' if more > 1 else ''}." if more else ""
        super().__init__("rule.invalid", f"{file}: {first}{also}", remedy=first.remedy)

    @property
    def details(self) -> Mapping[str, Any]:
        """What a client gets besides code and message."""
        return {
            "problems": [
                {"line": m.line, "message": m.message, "suggestion": m.suggestion} for m in self.mistakes
            ]
        }


class Refused(Exception):
    """A part of a rule can't be read; its mistake is noted already."""
