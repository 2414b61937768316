"""Reads a rule from TOML into the tree; whatever is unknown or doesn't fit is refused with file, line and remedy."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, get_args

from kit.errors import Rejected
from ledger.reconcile.asking import read_answers, read_question
from ledger.reconcile.ast import (
    Assert,
    Expectation,
    FieldRef,
    Match,
    Missing,
    Pair,
    Rule,
    Severity,
    Shape,
    Side,
    Tolerance,
    View,
)
from ledger.reconcile.conditions import MAX_NUMBER, read_conditions
from ledger.reconcile.facts import FACTS
from ledger.reconcile.mistakes import Mistake, RuleInvalid
from ledger.reconcile.reading import Reading, shown

SUGGESTERS = ("bills", "deductions")
_TOP = frozenset(
    {
        "name",
        "title",
        "severity",
        "class",
        "quiet_for",
        "subjects",
        "evidence",
        "context",
        "suggest",
        "question",
        "answer",
    }
)
_SHAPES = ("assert", "pair", "missing")
_LINE = re.compile(r"\(at line (\d+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}", re.ASCII)
_QUIET = timedelta(minutes=5)


def load_rule(text: str, file: str) -> Rule:
    """Read one rule; RuleInvalid (`rule.invalid`) names every mistake with its line and the nearest valid word."""
    loader = Loader(text, file)
    rule = loader.read()
    loader.finish()
    assert rule is not None
    return rule


@lru_cache(maxsize=1)
def shipped_texts() -> Mapping[str, str]:
    """Return the text of each rule that ships with the program, by name, in alphabetical order."""
    folder = resources.files("ledger.reconcile") / "rules"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return {e.name.removesuffix(".toml"): e.read_text("utf-8") for e in entries if e.name.endswith(".toml")}


@lru_cache(maxsize=1)
def shipped_rules() -> Mapping[str, Rule]:
    """Return the rules that ship with the program, by name, in alphabetical order."""
    found: dict[str, Rule] = {}
    for name, text in shipped_texts().items():
        rule = load_rule(text, f"rules/{name}.toml")
        if rule.name != name:
            raise Rejected("rule.invalid", f"rules/{name}.toml: the rule in it is called {rule.name!r}.")
        found[name] = rule
    return found


def digest_of(text: str) -> str:
    """Return SHA-256 (hex) of a rule's text."""
    return hashlib.sha256(text.encode()).hexdigest()


class Loader(Reading):
    """One text on its way into a rule."""

    def read(self) -> Rule | None:
        """Return the rule; None if anything was refused (`mistakes` says what)."""
        raw = self._parsed()
        with self.going_on():
            self.known(raw, _TOP | set(_SHAPES), "key", of="a rule")
        shape = self.tried(lambda: self._any_shape(raw))
        sides = _sides(shape)
        evidence = self._fields(raw, "evidence", sides)
        context = self._fields(raw, "context", sides)
        subjects = self._subjects(raw, shape, sides)
        kinds = {ref.key: ref.kind for ref in (*evidence, *context)}
        with self.going_on():
            self._check_evidence(raw, set(kinds), subjects)
        suggest = self.tried(lambda: self._suggester(raw))
        name = self.tried(lambda: self._name(raw))
        title = self.tried(lambda: self.text_of(raw, "title"))
        severity = self.tried(lambda: self._one_of(raw, "severity", get_args(Severity)))
        expectation = self.tried(lambda: self._one_of(raw, "class", get_args(Expectation)))
        quiet = self.tried(lambda: self.span_of(raw["quiet_for"]) if "quiet_for" in raw else _QUIET)
        question = self.tried(
            lambda: read_question(self, self.table(raw, "question"), kinds if shape else None)
        )
        answers = read_answers(self, raw, suggest, kinds if shape else None)
        if self.mistakes:
            return None
        assert name
        assert title
        assert shape
        assert question
        assert quiet is not None
        return Rule(
            name=name,
            title=title,
            severity=severity or "warn",
            expectation=expectation or "mismatched",
            quiet_for=quiet,
            shape=shape,
            subjects=subjects,
            evidence=evidence,
            context=context,
            question=question,
            answers=answers,
            suggest=suggest,
            file=self.file,
            kinds=kinds,
        )

    def _parsed(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            found = _LINE.search(str(error))
            end = len(self._lines) if "end of document" in str(error) else 1
            line = int(found[1]) if found else end
            said = re.sub(r" \(at [^)]*\)", "", str(error)).strip(". ")
            reason = (
                f"this is no TOML: {said[:200]}" if isinstance(error, ValueError) else "this nests too deep"
            )
            raise RuleInvalid(self.file, [Mistake(line, reason)]) from None

    def _name(self, raw: Mapping[str, Any]) -> str:
        name = self.text_of(raw, "name")
        if not _NAME.fullmatch(name):
            self.refuse(
                name, f"{shown(name)} is no name of a rule: 2 to 60 of a-z, 0-9 and _, a letter first"
            )
        return name

    def _one_of(self, raw: Mapping[str, Any], name: str, words: tuple[str, ...]) -> Any:
        return self.word(self.text_of(raw, name), words, name)

    def _suggester(self, raw: Mapping[str, Any]) -> str | None:
        suggest = raw.get("suggest")
        return None if suggest is None else self.word(suggest, SUGGESTERS, "suggester")

    def _fields(self, raw: Mapping[str, Any], name: str, sides: Mapping[Side, str]) -> tuple[FieldRef, ...]:
        names = self.tried(lambda: self.texts(raw, name)) or []
        if not sides:  # nothing is known of the fields, and why is said already
            return ()
        for number, one in enumerate(names):
            with self.going_on():
                if one in names[:number]:
                    self.refuse(one, f"{name} names {shown(one)} twice")
        return tuple(self.each(dict.fromkeys(names), lambda one: self.field(one, sides, "", near="")))

    def _subjects(
        self, raw: Mapping[str, Any], shape: Shape | None, sides: Mapping[Side, str]
    ) -> tuple[FieldRef, ...]:
        default = ["anchor", "right.anchor"] if isinstance(shape, Pair) else ["anchor"]
        found = self._fields(raw if raw.get("subjects") else {"subjects": default}, "subjects", sides)
        for subject in found:
            with self.going_on():
                if subject.kind != "uuid":
                    self.refuse(subject.name, f"subjects are uuid fields; {subject.key} is {subject.kind}")
                if isinstance(shape, Missing) and subject.side == "right":
                    self.refuse(subject.key, "what is missing on the right side can't be a subject")
        return found

    def _check_evidence(
        self, raw: Mapping[str, Any], kinds: set[str], subjects: tuple[FieldRef, ...]
    ) -> None:
        if not subjects and not kinds:
            return
        if "amount" not in kinds | self.assumed:
            self.refuse(
                "evidence", "evidence must hold amount (the sum that the question is about), or context"
            )
        which = len(subjects) > 1 and any(subject.name == "anchor" for subject in subjects)
        if which and "anchor" not in kinds | self.assumed:
            self.refuse("evidence", "a question about two things needs anchor in its evidence or context")
        if isinstance(raw.get("missing"), dict):
            for name in kinds:
                if name.startswith("right."):
                    self.refuse(name, f"nothing of the right side is there to show: {shown(name)}")

    def _any_shape(self, raw: Mapping[str, Any]) -> Shape:
        shapes = [shape for shape in _SHAPES if shape in raw]
        if not shapes and self.assumed & set(_SHAPES):
            self.missing(next(iter(self.assumed & set(_SHAPES))), "")
        if len(shapes) == 1:
            return self._shape(shapes[0], self.table(raw, shapes[0]))
        return self.refuse(
            "name", f"a rule has exactly one of {', '.join(_SHAPES)}; this one has {len(shapes)}"
        )

    def _shape(self, kind: str, raw: dict[str, Any]) -> Shape:
        if kind == "assert":
            return Assert(self._view(raw, kind))
        extra = {"keep", "where"} if kind == "pair" else {"after_days", "covered_by"}
        with self.going_on():
            self.known(raw, {"left", "right", "join", "amount", "days"} | extra, "key", kind, of=kind)
        left = self.tried(lambda: self._view(self.table(raw, "left", kind), f"{kind}.left"))
        right = self._view(self.table(raw, "right", kind), f"{kind}.right")
        if left is None:
            self.missing("left", "")
        sides: dict[Side, str] = {"left": left.fact, "right": right.fact}
        match = self.tried(lambda: self._match(raw, sides, kind)) or Match(())
        if kind == "pair":
            keep = self.tried(
                lambda: self.word(raw.get("keep", "all"), ("all", "nearest"), "value of keep", kind)
            )
            return Pair(
                left, right, match, read_conditions(self, raw.get("where", []), sides, kind), keep or "all"
            )
        after = self.tried(lambda: self.whole(raw.get("after_days"), "after_days", kind, most=400)) or 0
        covered = self.tried(lambda: self._covered(raw, left.fact, kind)) if "covered_by" in raw else None
        return Missing(left, right, match, after, covered)

    def _covered(self, raw: Mapping[str, Any], fact: str, where: str) -> FieldRef:
        covered = self.field(raw["covered_by"], {"left": fact}, where)
        if covered.kind != "date":
            self.refuse("covered_by", f"covered_by must be a date; {covered.name} is {covered.kind}", where)
        return covered

    def _view(self, raw: dict[str, Any], where: str) -> View:
        with self.going_on():
            self.known(raw, {"fact", "where"}, "key", where, of=where)
        fact = self.word(self.text_of(raw, "fact", where), FACTS, "fact", where)
        return View(fact, read_conditions(self, raw.get("where", []), {"left": fact}, where))

    def _match(self, raw: dict[str, Any], sides: Mapping[Side, str], where: str) -> Match:
        join = self.table(raw, "join", where)
        pairs = self.each(join.items(), lambda pair: self._joined(pair[0], pair[1], sides, where))
        if not join:
            self.refuse("join", "join needs at least one field of each side", where)
        amount = self.tried(lambda: self._tolerance(raw.get("amount"), where))
        days = self.tried(lambda: self._days(raw.get("days"), where))
        return Match(tuple(pairs), amount, days)

    def _joined(
        self, left: str, right: Any, sides: Mapping[Side, str], where: str
    ) -> tuple[FieldRef, FieldRef]:
        one = self.field(left, {"left": sides["left"]}, where, near="join")
        other = self.field(right, {"left": sides["right"]}, where, near="join")
        if one.kind != other.kind:
            reason = f"{left} is {one.kind} and {right} is {other.kind}; they never meet"
            self.refuse(left, reason, where, near="join")
        return one, FieldRef("right", other.name, other.kind)

    def _days(self, raw: Any, where: str) -> int | None:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            self.refuse("days", "days is written as { within = 3 }", where)
        self.known(raw, {"within"}, "key", where, of="days")
        return self.whole(raw.get("within"), "within", where, most=400)

    def _tolerance(self, raw: Any, where: str) -> Tolerance | None:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            self.refuse("amount", "amount is written as { within_paise = 0 }", where)
        self.known(raw, {"within_paise", "within_percent"}, "key", where, of="amount")
        if len(raw) != 1:
            self.refuse("amount", "amount takes one of within_paise and within_percent", where)
        percent = raw.get("within_percent")
        if percent is None:
            return Tolerance(
                paise=self.whole(raw.get("within_paise"), "within_paise", where, most=MAX_NUMBER)
            )
        read = (
            re.fullmatch(r"(\d{1,2})(?:\.(\d{1,2}))?", percent, re.ASCII)
            if isinstance(percent, str)
            else None
        )
        if read is None:
            self.refuse("within_percent", 'within_percent is written as text, "1.5"; no floats', where)
        return Tolerance(basis_points=int(read[1]) * 100 + int((read[2] or "0").ljust(2, "0")))


def _sides(shape: Shape | None) -> dict[Side, str]:
    if shape is None:
        return {}
    if isinstance(shape, Assert):
        return {"left": shape.left.fact}
    return {"left": shape.left.fact, "right": shape.right.fact}
