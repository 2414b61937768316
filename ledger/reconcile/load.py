"""Reads a rule from TOML into the tree; whatever is unknown or doesn't fit is refused with file, line and remedy."""

from __future__ import annotations

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
from ledger.reconcile.conditions import Reading, read_conditions
from ledger.reconcile.facts import FACTS

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
_SPAN = re.compile(r"(\d{1,4})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PLACE = re.compile(r"\{([a-z_.]+)(?:\|([a-z]+))?\}")
FILTERS = {
    "tail": "the last four characters: ··4421",
    "name": "a source's label, else its own name: bank:icici → ICICI",
    "words": "underscores as spaces",
    "some": "empty if nought",
    "many": "empty if one or nought",
}
"""What a template may do to a field."""
EXTRAS = ("party",)
"""What a template may name besides the evidence: the party's name, else the payer as the bank writes it."""
_QUIET = timedelta(minutes=5)


def load_rule(text: str, file: str) -> Rule:
    """Read one rule; Rejected (`rule.invalid`) names the file, the line, and the nearest valid word."""
    return _Loader(text, file).rule()


@lru_cache(maxsize=1)
def shipped_rules() -> Mapping[str, Rule]:
    """Return the rules that ship with the program, by name, in alphabetical order."""
    folder = resources.files("ledger.reconcile") / "rules"
    found: dict[str, Rule] = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            rule = load_rule(entry.read_text("utf-8"), f"rules/{entry.name}")
            if f"{rule.name}.toml" != entry.name:
                raise Rejected("rule.invalid", f"rules/{entry.name}: the rule in it is called {rule.name!r}.")
            found[rule.name] = rule
    return found


def parse_span(text: str) -> timedelta | None:
    """Read `90s`, `5m`, `36h` or `3d`; None if it is neither."""
    match = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


class _Loader(Reading):
    """One file on its way into a rule."""

    def rule(self) -> Rule:
        try:
            raw = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise Rejected("rule.invalid", f"{self.file}: {error}.") from None
        self.known(raw, _TOP | set(_SHAPES), "a rule's field", "")
        shapes = [shape for shape in _SHAPES if shape in raw]
        if len(shapes) != 1:
            self.refuse("name", f"a rule has exactly one of {', '.join(_SHAPES)}; this one has {len(shapes)}")
        shape = self._shape(shapes[0], self.table(raw, shapes[0]))
        sides: dict[Side, str] = {"left": shape.left.fact}
        if not isinstance(shape, Assert):
            sides["right"] = shape.right.fact
        evidence = tuple(self.field(name, sides, "") for name in self.texts(raw, "evidence"))
        context = tuple(self.field(name, sides, "") for name in self.texts(raw, "context"))
        default = ["anchor", "right.anchor"] if isinstance(shape, Pair) else ["anchor"]
        subjects = tuple(self.field(name, sides, "") for name in self.texts(raw, "subjects") or default)
        for subject in subjects:
            if subject.kind != "uuid":
                self.refuse(subject.name, f"subjects are uuid fields; {subject.key} is {subject.kind}")
        kinds = {ref.key: ref.kind for ref in (*evidence, *context)}
        if "amount" not in kinds:
            self.refuse("evidence", "evidence must hold amount (the sum that the question is about)")
        if len(subjects) > 1 and "anchor" not in kinds:
            self.refuse("evidence", "a question about two things needs anchor in its evidence")
        suggest = raw.get("suggest")
        if suggest is not None:
            self.word(suggest, SUGGESTERS, "suggester")
        return Rule(
            name=self.text_of(raw, "name"),
            title=self.text_of(raw, "title"),
            severity=self.word(self.text_of(raw, "severity"), get_args(Severity), "severity"),
            expectation=self.word(self.text_of(raw, "class"), get_args(Expectation), "class"),
            quiet_for=self._span(raw["quiet_for"]) if "quiet_for" in raw else _QUIET,
            shape=shape,
            subjects=subjects,
            evidence=evidence,
            context=context,
            question=self._question(self.table(raw, "question"), kinds),
            answers=self._answers(raw.get("answer"), suggest, kinds),
            suggest=suggest,
            file=self.file,
            kinds=kinds,
        )

    def _shape(self, kind: str, raw: dict[str, Any]) -> Shape:
        if kind == "assert":
            return Assert(self._view(raw, kind))
        extra = {"keep", "where"} if kind == "pair" else {"after_days", "covered_by"}
        self.known(raw, {"left", "right", "join", "amount", "days"} | extra, f"a field of {kind}", kind)
        left = self._view(self.table(raw, "left"), f"{kind}.left")
        right = self._view(self.table(raw, "right"), f"{kind}.right")
        sides: dict[Side, str] = {"left": left.fact, "right": right.fact}
        match = self._match(raw, sides, kind)
        if kind == "pair":
            keep = self.word(raw.get("keep", "all"), ("all", "nearest"), "value of keep")
            return Pair(left, right, match, read_conditions(self, raw.get("where", []), sides, kind), keep)
        after = raw.get("after_days")
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            self.refuse("after_days", "after_days must be a whole number of days", kind)
        covered = self.field(raw["covered_by"], {"left": left.fact}, kind) if "covered_by" in raw else None
        if covered is not None and covered.kind != "date":
            self.refuse("covered_by", f"covered_by must be a date; {covered.name} is {covered.kind}", kind)
        return Missing(left, right, match, after, covered)

    def _view(self, raw: dict[str, Any], where: str) -> View:
        self.known(raw, {"fact", "where"}, f"a field of {where}", where)
        fact = self.word(self.text_of(raw, "fact"), FACTS, "fact")
        return View(fact, read_conditions(self, raw.get("where", []), {"left": fact}, where))

    def _match(self, raw: dict[str, Any], sides: Mapping[Side, str], where: str) -> Match:
        join = self.table(raw, "join")
        pairs: list[tuple[FieldRef, FieldRef]] = []
        for left, right in join.items():
            one = self.field(left, {"left": sides["left"]}, f"{where}")
            other = self.field(right, {"left": sides["right"]}, f"{where}")
            if one.kind != other.kind:
                self.refuse(left, f"{left} is {one.kind} and {right} is {other.kind}; they never meet", where)
            pairs.append((one, FieldRef("right", other.name, other.kind)))
        if not pairs:
            self.refuse("join", "join needs at least one field of each side", where)
        days = raw.get("days")
        if days is not None:
            self.known(days, {"within"}, "a field of days", where)
            days = days.get("within")
            if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 400:
                self.refuse("days", "days.within must be a whole number from 0 to 400", where)
        return Match(tuple(pairs), self._tolerance(raw.get("amount"), where), days)

    def _tolerance(self, raw: Any, where: str) -> Tolerance | None:
        if raw is None:
            return None
        self.known(raw, {"within_paise", "within_percent"}, "a field of amount", where)
        if len(raw) != 1:
            self.refuse("amount", "amount takes one of within_paise and within_percent", where)
        paise, percent = raw.get("within_paise"), raw.get("within_percent")
        if percent is None:
            if not isinstance(paise, int) or isinstance(paise, bool) or paise < 0:
                self.refuse("within_paise", "within_paise must be a whole number of paise", where)
            return Tolerance(paise=paise)
        if not isinstance(percent, str) or not (read := re.fullmatch(r"(\d{1,2})(?:\.(\d{1,2}))?", percent)):
            self.refuse("within_percent", 'within_percent is written as text, "1.5"; no floats', where)
        return Tolerance(basis_points=int(read[1]) * 100 + int((read[2] or "0").ljust(2, "0")))

    def _question(self, raw: dict[str, Any], kinds: Mapping[str, Any]) -> Question:
        self.known(raw, {"title", "lines", "otherwise", "quote", "why"}, "a field of question", "question")
        question = Question(
            title=self.text_of(raw, "title"),
            lines=tuple(self.texts(raw, "lines")),
            otherwise=tuple(self.texts(raw, "otherwise")),
            quote=raw.get("quote"),
            why=tuple(self.texts(raw, "why")),
        )
        for text in (
            question.title,
            *question.lines,
            *question.otherwise,
            question.quote or "",
            *question.why,
        ):
            for name, shaped in _PLACE.findall(text):
                self.word(name, (*kinds, *EXTRAS), "field of the evidence", "question")
                if shaped:
                    self.word(shaped, FILTERS, "filter", "question")
            if re.search(r"[{}]", _PLACE.sub("", text)):
                self.refuse(text[:20], "a brace stands outside of a {field}", "question")
        return question

    def _answers(self, raw: Any, suggest: str | None, kinds: Mapping[str, Any]) -> tuple[Answer, ...]:
        if not isinstance(raw, list) or not raw:
            self.refuse("name", "a rule needs at least one [[answer]]")
        answers = [self._answer(item, number, suggest) for number, item in enumerate(raw)]
        for number, answer in enumerate(answers):
            if answer.when is not None:
                self.word(answer.when, kinds, "a field of the evidence", f"answer#{number}")
        ids = [answer.id for answer in answers]
        for number, one in enumerate(ids):
            if one in ids[:number]:
                self.refuse(one, f"two answers are called {one!r}", f"answer#{number}")
        return tuple(answers)

    def _answer(self, raw: dict[str, Any], number: int, suggest: str | None) -> Answer:
        where = f"answer#{number}"
        fields = {"id", "label", "effect", "with", "each", "limit", "permission", "when"}
        self.known(raw, fields, "a field of an answer", where)
        effect = self.word(self.text_of(raw, "effect"), EFFECTS, "effect", where)
        settings = raw.get("with", {})
        self.known(settings, EFFECTS[effect][1], f"a setting of {effect}", where)
        each = raw.get("each")
        if each is not None:
            self.word(each, get_args(Each), "value of each", where)
            if each != "status" and suggest is None:
                self.refuse(each, f"each = {each!r} needs a suggester (suggest = …)", where)
        if "for" in settings:
            self._span(settings["for"])
        name = self.text_of(raw, "id")
        if not re.fullmatch(r"[a-z][a-z_]{0,30}", name):
            self.refuse(name, "an answer's id is lower-case letters and underscores", where)
        label, names = self.text_of(raw, "label"), _PLACE.findall(raw["label"])
        if names and names != [(each, "")]:
            self.refuse(
                label, f"the label may name nothing but {{{each or 'party'}}} where each asks for it", where
            )
        return Answer(
            id=name,
            label=label,
            when=raw.get("when"),
            effect=effect,
            settings=tuple(sorted((key, str(value)) for key, value in settings.items())),
            each=each,
            limit=int(raw.get("limit", 3)),
            permission=Permission(
                self.word(raw.get("permission", "answer"), [p.value for p in Permission], "permission", where)
            ),
        )

    def _span(self, value: Any) -> timedelta:
        span = parse_span(value) if isinstance(value, str) else None
        if span is None:
            self.refuse(str(value), f"{value!r} is not a length of time; write 90s, 5m, 36h or 3d")
        return span
