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
from ledger.domain.roles import Permission
from ledger.reconcile.ast import (
    EFFECTS,
    Answer,
    Assert,
    Each,
    Expectation,
    FieldRef,
    Match,
    Missing,
    Pair,
    Question,
    Rule,
    Severity,
    Shape,
    Side,
    Tolerance,
    View,
)
from ledger.reconcile.conditions import MAX_NUMBER, read_conditions
from ledger.reconcile.facts import FACTS, ColumnKind
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
_SPAN = re.compile(r"(\d{1,4})(s|m|h|d)", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PLACE = re.compile(r"\{([a-z_.]+)(?:\|([a-z]+))?\}")
_LINE = re.compile(r"\(at line (\d+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}", re.ASCII)
FILTERS = {
    "tail": "the last four characters: ··4421",
    "name": "a source's label, else its own name: bank:icici → ICICI",
    "words": "underscores as spaces",
    "some": "empty if nought",
    "many": "empty if one or nought",
}
"""What a template may do to a field."""
NUMBERS = frozenset({"some", "many"})
"""Filters that compare, and so need a number."""
EXTRAS = ("party",)
"""What a template may name besides the evidence: the party's name, else the payer as the bank writes it."""
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


def parse_span(text: str) -> timedelta | None:
    """Read `90s`, `5m`, `36h` or `3d`; None if it is neither."""
    match = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


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
        quiet = self.tried(lambda: self._span_of(raw["quiet_for"]) if "quiet_for" in raw else _QUIET)
        question = self.tried(lambda: self._question(self.table(raw, "question"), kinds if shape else None))
        answers = self._answers(raw, suggest, kinds if shape else None)
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
        after = self.tried(lambda: self._whole(raw.get("after_days"), "after_days", kind, most=400)) or 0
        covered = self.tried(lambda: self._covered(raw, left.fact, kind)) if "covered_by" in raw else None
        return Missing(left, right, match, after, covered)

    def _covered(self, raw: Mapping[str, Any], fact: str, where: str) -> FieldRef:
        covered = self.field(raw["covered_by"], {"left": fact}, where)
        if covered.kind != "date":
            self.refuse("covered_by", f"covered_by must be a date; {covered.name} is {covered.kind}", where)
        return covered

    def _whole(self, value: Any, name: str, where: str, *, most: int, least: int = 0) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(name, f"{name} must be a whole number from {least} to {most}", where)
        return value

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
        return self._whole(raw.get("within"), "within", where, most=400)

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
                paise=self._whole(raw.get("within_paise"), "within_paise", where, most=MAX_NUMBER)
            )
        read = (
            re.fullmatch(r"(\d{1,2})(?:\.(\d{1,2}))?", percent, re.ASCII)
            if isinstance(percent, str)
            else None
        )
        if read is None:
            self.refuse("within_percent", 'within_percent is written as text, "1.5"; no floats', where)
        return Tolerance(basis_points=int(read[1]) * 100 + int((read[2] or "0").ljust(2, "0")))

    def _question(self, raw: dict[str, Any], kinds: Mapping[str, ColumnKind] | None) -> Question:
        where = "question"
        with self.going_on():
            self.known(raw, {"title", "lines", "otherwise", "quote", "why"}, "key", where, of=where)
        title = self.tried(lambda: self.text_of(raw, "title", where))
        quote = self.tried(lambda: self.text_of(raw, "quote", where)) if "quote" in raw else None
        lines, otherwise, why = (
            tuple(self.tried(lambda name=name: self.texts(raw, name, where)) or ())  # type: ignore[misc]
            for name in ("lines", "otherwise", "why")
        )
        for text in (title or "", *lines, *otherwise, quote or "", *why):
            self._check_template(text, kinds, where)
        return Question(title or "", lines, otherwise, quote, why)

    def _check_template(self, text: str, kinds: Mapping[str, ColumnKind] | None, where: str) -> None:
        for name, shaped in _PLACE.findall(text):
            with self.going_on():
                if kinds is not None and name not in self.assumed:
                    self.word(name, (*kinds, *EXTRAS), "field", where, of="the evidence")
            with self.going_on():
                if shaped:
                    self.word(shaped, FILTERS, "filter", where)
                if shaped in NUMBERS and kinds and kinds.get(name, "money") not in ("money", "integer"):
                    self.refuse(shaped, f"the filter {shaped} needs a number; {name} is {kinds[name]}", where)
        with self.going_on():
            if re.search(r"[{}]", _PLACE.sub("", text)):
                self.refuse(text[:20], "a brace stands outside of a {field}", where)

    def _answers(
        self, raw: Mapping[str, Any], suggest: str | None, kinds: Mapping[str, Any] | None
    ) -> tuple[Answer, ...]:
        items = raw.get("answer")
        with self.going_on():
            if not isinstance(items, list) or not items:
                self.refuse("name", "a rule needs at least one [[answer]]")
            found = self.each(enumerate(items), lambda item: self._answer(item[1], item[0], suggest, kinds))
            ids = [answer.id for answer in found]
            for number, one in enumerate(ids):
                if one in ids[:number]:
                    self.refuse(one, f"two answers are called {shown(one)}", f"answer#{number}")
            return tuple(found)
        return ()

    def _answer(
        self, raw: dict[str, Any], number: int, suggest: str | None, kinds: Mapping[str, Any] | None
    ) -> Answer:
        where = f"answer#{number}"
        fields = {"id", "label", "effect", "with", "each", "limit", "permission", "when"}
        if not isinstance(raw, dict):
            self.refuse("answer", "an answer is a table", where)
        with self.going_on():
            self.known(raw, fields, "key", where, of="an answer")
        settings = self.tried(lambda: self._effect(raw, where))
        each = self.tried(lambda: self._each(raw.get("each"), suggest, where))
        name = self.tried(lambda: self.text_of(raw, "id", where))
        with self.going_on():
            if name and not re.fullmatch(r"[a-z][a-z_]{0,30}", name):
                self.refuse(name, "an answer's id is lower-case letters and underscores", where)
        label = self.tried(lambda: self._label(raw, each, where))
        when = raw.get("when")
        with self.going_on():
            if when is not None and kinds is not None and when not in self.assumed:
                self.word(when, kinds, "field", where, of="the evidence")
        limit = self.tried(lambda: self._whole(raw.get("limit", 3), "limit", where, most=10, least=1))
        allowed = [p.value for p in Permission]
        may = self.tried(lambda: self.word(raw.get("permission", "answer"), allowed, "permission", where))
        return Answer(
            id=name or f"answer_{number}",
            label=label or "",
            when=when,
            effect=str(raw.get("effect")),
            settings=tuple(sorted((key, str(value)) for key, value in (settings or {}).items())),
            each=each,
            limit=limit or 3,
            permission=Permission(may or "answer"),
        )

    def _effect(self, raw: Mapping[str, Any], where: str) -> dict[str, Any]:
        effect = self.word(self.text_of(raw, "effect", where), EFFECTS, "effect", where)
        settings = raw.get("with", {})
        if not isinstance(settings, dict):
            self.refuse("with", "with must be a table", where)
        self.known(settings, EFFECTS[effect][1], "setting", where, of=effect)
        for name, value in settings.items():
            if not isinstance(value, str) or not 0 < len(value) <= 60:
                self.refuse(name, f"the setting {name} must be text", where)
        if "for" in settings:
            self._span_of(settings["for"], where)
        return settings

    def _each(self, each: Any, suggest: str | None, where: str) -> Each | None:
        if each is None:
            return None
        self.word(each, get_args(Each), "value of each", where)
        if each != "status" and suggest is None and "suggest" not in self.assumed:
            self.refuse(each, f"each = {each!r} needs a suggester (suggest = …)", where)
        return each  # type: ignore[no-any-return]

    def _label(self, raw: Mapping[str, Any], each: str | None, where: str) -> str:
        label = self.text_of(raw, "label", where, longest=80)
        names = _PLACE.findall(label)
        if names and names != [(each, "")]:
            reason = f"the label may name nothing but {{{each or 'party'}}} where each asks for it"
            self.refuse(label, reason, where)
        return label

    def _span_of(self, value: Any, where: str = "") -> timedelta:
        span = parse_span(value) if isinstance(value, str) else None
        if span is None:
            reason = f"{shown(value)} is not a length of time; write 90s, 5m, 36h or 3d"
            self.refuse(str(value), reason, where)
        return span


def _sides(shape: Shape | None) -> dict[Side, str]:
    if shape is None:
        return {}
    if isinstance(shape, Assert):
        return {"left": shape.left.fact}
    return {"left": shape.left.fact, "right": shape.right.fact}
