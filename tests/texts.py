"""Finds every text that is shown to people, by reading the code: what has to be translated, and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ledger.domain.matching.rates import rates
from ledger.reconcile.ast import Rule
from ledger.reconcile.load import shipped_rules

ROOT = Path(__file__).parents[1]
_METHODS = {"say": 1, "label": 1, "count": 2}
"""Methods of a card's reader: how many texts come first."""
_FUNCTIONS = {"say": 1, "say_count": 2}
"""Functions of <package>/words.py: how many texts follow the language."""
_HANDS_ON = frozenset({"bot/words.py", "ledger/words.py", "bot/cards/audience.py"})
"""What hands a text on that was written elsewhere."""
_NOT_OURS = "bot/phone/"
"""The page that stands in for Telegram speaks as Telegram does."""


@dataclass(frozen=True)
class Shown:
    """A text (of a plural: both forms), the package whose catalogue translates it, and where it stands."""

    package: str
    text: str
    many: str | None
    place: str


@lru_cache
def found() -> tuple[tuple[Shown, ...], tuple[str, ...]]:
    """Return all texts, and the places where a text is no constant."""
    texts: list[Shown] = []
    loose: list[str] = []
    for package in ("bot", "ledger"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(_NOT_OURS):
                continue
            tree = ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and (texts_of := _texts(node, name)) is not None:
                    place = f"{name}:{node.lineno}"
                    read = [_constants(one) for one in texts_of]
                    if not all(read):
                        loose.append(place)
                    for forms in zip(*read, strict=True):
                        texts.append(Shown(package, forms[0], forms[1] if forms[1:] else None, place))
    texts += [
        Shown("ledger", text, None, f"rules/{rule.name}")
        for rule in shipped_rules().values()
        for text in words_of(rule)
    ]
    texts += [Shown("ledger", rate.what, None, "tds_rates.toml") for rate in rates()]
    return tuple(texts), tuple(loose)


def words_of(rule: Rule) -> Iterator[str]:
    """Go through all that a rule says."""
    yield rule.title
    question = rule.question
    yield from (question.title, *question.lines, *question.otherwise, *question.why)
    if question.quote:
        yield question.quote
    yield from (answer.label for answer in rule.answers)


def _texts(call: ast.Call, name: str) -> list[ast.expr] | None:
    """Return the texts that a call shows, None for a call that shows none."""
    match call.func:
        case ast.Name(id="N_"):
            return call.args[:1]
        case ast.Name(id="Command") if name.startswith("bot/"):
            return call.args[2:3] or None
        case ast.Name(id=function) if function in _FUNCTIONS and name not in _HANDS_ON:
            return call.args[1 : 1 + _FUNCTIONS[function]]
        case ast.Attribute(attr="count") if len(call.args) < 3:
            return None  # how often something stands in a text or a list
        case ast.Attribute(attr=method) if method in _METHODS:
            return call.args[: _METHODS[method]]
    return None


def _constants(node: ast.expr) -> list[str]:
    """Return the text that is written there, or both of `A if … else B`; none where it is no constant."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            first, second = _constants(one), _constants(other)
            return [*first, *second] if first and second else []
    return []
