"""Finds every text that is shown to people, by reading the code: what has to be translated, and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from ledger.domain.cash.dues import usual_dues
from ledger.domain.matching.rates import rates
from ledger.handlers.registry import all_handlers
from ledger.reconcile.ast import Rule
from ledger.reconcile.load import shipped_rules

ROOT = Path(__file__).parents[1]
_METHODS = {"say": 1, "label": 1, "count": 2}
"""Methods of a card's reader: how many texts come first."""
_FUNCTIONS = {"say": 1, "say_count": 2}
"""Functions of <package>/words.py: how many texts follow the language."""
PACKAGES = ("bot", "ledger", "graph")
"""Packages with texts of their own, in <package>/locale."""
_HANDS_ON = frozenset({*(f"{package}/words.py" for package in PACKAGES), "bot/cards/audience.py"})
"""What hands a text on that was written elsewhere."""
_NOT_OURS = ("bot/phone/", "bot/webhook.py")
"""The page that stands in for Telegram speaks as Telegram does; how updates come in is for who runs the server."""


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
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(_NOT_OURS):
                continue
            ours = _words_imported(name)
            for node in ast.walk(_tree(name)):
                if isinstance(node, ast.Call) and (texts_of := _texts(node, name, ours)) is not None:
                    place = f"{name}:{node.lineno}"
                    read = [_constants(one) for one in texts_of]
                    if not all(read):
                        loose.append(place)
                    for forms in zip(*read, strict=True):
                        texts.append(Shown(package, forms[0], forms[1] if forms[1:] else None, place))
    for path in sorted((ROOT / "graph" / "templates" / "pages").glob("*.j2")):
        told, unread = _of_template(path)
        texts += told
        loose += unread
    texts += [
        Shown("ledger", text, None, f"rules/{rule.name}")
        for rule in shipped_rules().values()
        for text in words_of(rule)
    ]
    texts += [Shown("ledger", rate.what, None, "tds_rates.toml") for rate in rates()]
    texts += [Shown("ledger", due.name, None, "dues.toml") for due in usual_dues()]
    return tuple(texts), tuple(loose)


def _of_template(path: Path) -> tuple[list[Shown], list[str]]:
    """Return the texts of a page's template: `t(…)`, and `tn(…, …, n)` for counted ones."""
    name, texts, loose = path.relative_to(ROOT).as_posix(), [], []
    tree = Environment().parse(path.read_text("utf-8"))
    for line, function, told in extract_from_ast(tree, ("t", "tn"), babel_style=True):
        forms = (told,) if isinstance(told, str) else tuple(told or ())[: 2 if function == "tn" else 1]
        place = f"{name}:{line}"
        if len(forms) != (2 if function == "tn" else 1) or not all(isinstance(one, str) for one in forms):
            loose.append(place)
            continue
        texts.append(Shown("graph", str(forms[0]), str(forms[1]) if function == "tn" else None, place))
    return texts, loose


def words_of(rule: Rule) -> Iterator[str]:
    """Go through all that a rule says."""
    yield rule.title
    question = rule.question
    yield from (question.title, *question.lines, *question.otherwise, *question.why)
    if question.quote:
        yield question.quote
    yield from (answer.label for answer in rule.answers)


def _words_imported(name: str) -> frozenset[str]:
    """Return what a module has from a <package>/words.py."""
    return frozenset(
        alias.name
        for node in ast.walk(_tree(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".words")
        for alias in node.names
    )


def _texts(call: ast.Call, name: str, ours: frozenset[str]) -> list[ast.expr] | None:
    """Return the texts that a call shows, None for a call that shows none; `ours`: functions of words.py in sight."""
    match call.func:
        case ast.Name(id="N_"):
            return call.args[:1]
        case ast.Name(id="Command") if name.startswith("bot/"):
            return call.args[2:3] or None
        case ast.Name(id=function) if function in _FUNCTIONS and function in ours and name not in _HANDS_ON:
            return call.args[1 : 1 + _FUNCTIONS[function]]
        case ast.Attribute(attr="count") if len(call.args) < 3:
            return None  # how often something stands in a text or a list
        case ast.Attribute(
            value=ast.Name(id="self") | ast.Attribute(attr="lines" | "_lines"), attr="say"
        ) if not _constants(call.args[0]):
            return None  # an area puts a command through the door, a line goes out past the outbox
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


_TOLD_BY_CODE = frozenset({"Rejected", "Stale", "SourceBroken"})
"""Errors that are told by what they say; the other kinds have one sentence each."""


@dataclass(frozen=True)
class Raised:
    """Where an error is raised, and the names of the values that it carries for other languages."""

    place: str
    values: frozenset[str]


def error_codes() -> dict[str, Raised]:
    """Return the codes of errors that a tap, a command or typed words may meet."""
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*.py")}
    waiting = sorted(_handlers_of(modules))
    while waiting:
        name = waiting.pop()
        if name not in modules:
            modules.add(name)
            waiting += _imported(name, "ledger.handlers")
    modules |= {"ledger/reconcile/effects.py", "kit/money.py", "ingest/importing.py"}
    found: dict[str, Raised] = {}
    for name in sorted(modules):
        if not name.startswith(_NOT_OURS):
            found |= _raised(name)
    return found


def _handlers_of(modules: set[str]) -> set[str]:
    """Return the modules of the handlers that answer the commands and questions which the chat uses."""
    used: set[str] = set()
    for name in modules:
        for node in ast.walk(_tree(name)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("ledger.commands", "ledger.queries")
            ):
                used |= {alias.name for alias in node.names}
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "queries"
            ):
                used.add(node.attr)
    return {
        handler.run.__module__.replace(".", "/") + ".py"
        for handler in all_handlers()
        if handler.message.__name__ in used
    }


def _imported(name: str, package: str) -> list[str]:
    nodes = [node for node in ast.walk(_tree(name)) if isinstance(node, ast.ImportFrom)]
    return [
        f"{node.module.replace('.', '/')}.py"
        for node in nodes
        if (node.module or "").startswith(f"{package}.")
    ]


def _raised(name: str) -> dict[str, Raised]:
    return {
        code: Raised(f"{name}:{node.lineno}", _values(node))
        for node in ast.walk(_tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TOLD_BY_CODE
        for code in _constants(node.args[0])
    }


def _values(call: ast.Call) -> frozenset[str]:
    given = next((word.value for word in call.keywords if word.arg == "values"), None)
    keys = given.keys if isinstance(given, ast.Dict) else []
    return frozenset(text for key in keys if key is not None for text in _constants(key))


@lru_cache(maxsize=512)
def _tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text("utf-8"))
