"""Reads what a rule asks: its question, and the answers that may be tapped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from ledger.domain.roles import Permission
from ledger.reconcile.ast import EFFECTS, Answer, Each, Question
from ledger.reconcile.facts import ColumnKind
from ledger.reconcile.reading import Reading, shown

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
_PLACE = re.compile(r"\{([a-z_.]+)(?:\|([a-z]+))?\}")


def read_question(reading: Reading, raw: dict[str, Any], kinds: Mapping[str, ColumnKind] | None) -> Question:
    """Read the table `question`; `kinds`: the fields that it may name, with their kinds (None: not known)."""
    where = "question"
    with reading.going_on():
        reading.known(raw, {"title", "lines", "otherwise", "quote", "why"}, "key", where, of=where)
    title = reading.tried(lambda: reading.text_of(raw, "title", where))
    quote = reading.tried(lambda: reading.text_of(raw, "quote", where)) if "quote" in raw else None
    lines, otherwise, why = (
        tuple(reading.tried(lambda name=name: reading.texts(raw, name, where)) or ())  # type: ignore[misc]
        for name in ("lines", "otherwise", "why")
    )
    for text in (title or "", *lines, *otherwise, quote or "", *why):
        _check_template(reading, text, kinds, where)
    return Question(title or "", lines, otherwise, quote, why)


def read_answers(
    reading: Reading, raw: Mapping[str, Any], suggest: str | None, kinds: Mapping[str, Any] | None
) -> tuple[Answer, ...]:
    """Read each `[[answer]]`; those that are refused are left out, and so are all if two have one name."""
    items = raw.get("answer")
    with reading.going_on():
        if not isinstance(items, list) or not items:
            reading.refuse("name", "a rule needs at least one [[answer]]")
        found = reading.each(
            enumerate(items), lambda item: _answer(reading, item[1], item[0], suggest, kinds)
        )
        ids = [answer.id for answer in found]
        for number, one in enumerate(ids):
            if one in ids[:number]:
                reading.refuse(one, f"two answers are called {shown(one)}", f"answer#{number}")
        return tuple(found)
    return ()


def _answer(
    reading: Reading, raw: dict[str, Any], number: int, suggest: str | None, kinds: Mapping[str, Any] | None
) -> Answer:
    where = f"answer#{number}"
    fields = {"id", "label", "effect", "with", "each", "limit", "permission", "when"}
    if not isinstance(raw, dict):
        reading.refuse("answer", "an answer is a table", where)
    with reading.going_on():
        reading.known(raw, fields, "key", where, of="an answer")
    settings = reading.tried(lambda: _effect(reading, raw, where))
    each = reading.tried(lambda: _each(reading, raw.get("each"), suggest, where))
    name = reading.tried(lambda: reading.text_of(raw, "id", where))
    with reading.going_on():
        if name and not re.fullmatch(r"[a-z][a-z_]{0,30}", name):
            reading.refuse(name, "an answer's id is lower-case letters and underscores", where)
    label = reading.tried(lambda: _label(reading, raw, each, where))
    when = raw.get("when")
    with reading.going_on():
        if when is not None and kinds is not None and when not in reading.assumed:
            reading.word(when, kinds, "field", where, of="the evidence")
    limit = reading.tried(lambda: reading.whole(raw.get("limit", 3), "limit", where, most=10, least=1))
    allowed = [p.value for p in Permission]
    may = reading.tried(lambda: reading.word(raw.get("permission", "answer"), allowed, "permission", where))
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


def _effect(reading: Reading, raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    effect = reading.word(reading.text_of(raw, "effect", where), EFFECTS, "effect", where)
    settings = raw.get("with", {})
    if not isinstance(settings, dict):
        reading.refuse("with", "with must be a table", where)
    reading.known(settings, EFFECTS[effect][1], "setting", where, of=effect)
    for name, value in settings.items():
        if not isinstance(value, str) or not 0 < len(value) <= 60:
            reading.refuse(name, f"the setting {name} must be text", where)
    if "for" in settings:
        reading.span_of(settings["for"], where)
    return settings


def _each(reading: Reading, each: Any, suggest: str | None, where: str) -> Each | None:
    if each is None:
        return None
    reading.word(each, get_args(Each), "value of each", where)
    if each != "status" and suggest is None and "suggest" not in reading.assumed:
        reading.refuse(each, f"each = {each!r} needs a suggester (suggest = …)", where)
    return each  # type: ignore[no-any-return]


def _label(reading: Reading, raw: Mapping[str, Any], each: str | None, where: str) -> str:
    label = reading.text_of(raw, "label", where, longest=80)
    names = _PLACE.findall(label)
    if names and names != [(each, "")]:
        reason = f"the label may name nothing but {{{each or 'party'}}} where each asks for it"
        reading.refuse(label, reason, where)
    return label


def _check_template(reading: Reading, text: str, kinds: Mapping[str, ColumnKind] | None, where: str) -> None:
    for name, shaped in _PLACE.findall(text):
        with reading.going_on():
            if kinds is not None and name not in reading.assumed:
                reading.word(name, (*kinds, *EXTRAS), "field", where, of="the evidence")
        with reading.going_on():
            if shaped:
                reading.word(shaped, FILTERS, "filter", where)
            if shaped in NUMBERS and kinds and kinds.get(name, "money") not in ("money", "integer"):
                reading.refuse(shaped, f"the filter {shaped} needs a number; {name} is {kinds[name]}", where)
    with reading.going_on():
        if re.search(r"[{}]", _PLACE.sub("", text)):
            reading.refuse(text[:20], "a brace stands outside of a {field}", where)
