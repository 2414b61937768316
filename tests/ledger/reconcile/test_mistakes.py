"""Mistakes in a business's rule: each named with its line and the nearest word, all at once, and never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.reconcile.ast import EFFECTS, OPERATORS
from ledger.reconcile.compile import compiled
from ledger.reconcile.facts import FACTS
from ledger.reconcile.load import shipped_texts
from ledger.reconcile.mistakes import MAX_MISTAKES, RuleInvalid
from ledger.reconcile.own import MAX_TEXT, load_own

PAIR = """\
name = "twice"
title = "Twice the same"
severity = "warn"
class = "mismatched"
quiet_for = "5m"
evidence = ["anchor", "amount", "number", "right.number"]
context = ["status"]

[pair]
join = { party_id = "party_id" }
amount = { within_paise = 0 }
days = { within = 3 }
where = [{ field = "number", ne = { field = "right.number" } }]

[pair.left]
fact = "invoice"
where = [
  { field = "outstanding", gt = 0 },
  { field = "due_on", older_than_days = 3 },
  { any = [{ field = "kind", in = ["invoice", "opening"] }, { field = "number", is_null = true }] },
]

[pair.right]
fact = "invoice"
where = [{ field = "day", ge = 2026-04-01 }]

[question]
title = "{amount}: {number} and {right.number}"
lines = ["Is it the same bill?"]

[[answer]]
id = "same"
label = "Yes"
effect = "dismiss"

[[answer]]
id = "later"
label = "Later"
effect = "snooze"
with = { for = "1d" }
"""

# What is written wrongly, the line on which it is told, a part of what is said, and the nearest word.
MISTAKES = [
    ("severity =", "severty =", 3, "unknown key `severty` of a rule", "severity"),
    ('"warn"', '"wran"', 3, "unknown severity `wran`", "warn"),
    ('"mismatched"', '"mismached"', 4, "unknown class `mismached`", "mismatched"),
    ('"5m"', '"5 min"', 5, "`5 min` is not a length of time", None),
    ('"anchor", "amount", "number"', '"anchor", "amount", "nubmer"', 6, "unknown field `nubmer` of invoice", "number"),
    ('"right.number"]', '"right.numbr"]', 6, "unknown field `numbr` of invoice", "number"),
    ('["anchor", "amount",', '["anchor",', 6, "evidence must hold amount", None),
    ('["status"]', '["staus"]', 7, "unknown field `staus` of invoice", "status"),
    ('["status"]', '"status"', 7, "context must be a list of texts", None),
    ('["status"]', '["status", "status"]', 7, "context names `status` twice", None),
    ("join = {", "jion = {", 10, "unknown key `jion` of pair", "join"),
    ('{ party_id = "party_id" }', '{ party = "party_id" }', 10, "unknown field `party` of invoice", "party_id"),
    ('{ party_id = "party_id" }', '{ party_id = "number" }', 10, "party_id is uuid and number is text", None),
    ('{ party_id = "party_id" }\namount = { within_paise = 0 }', '{ currency = "currency" }', 10,
     "this join brings nearly every row together", None),
    ("within_paise", "within_pasie", 11, "unknown key `within_pasie` of amount", "within_paise"),
    ("within_paise = 0", "within_percent = 1.5", 11, 'within_percent is written as text, "1.5"', None),
    ("within = 3", "within = 4000", 12, "within must be a whole number from 0 to 400", None),
    ('ne = { field = "right', 'nee = { field = "right', 13, "unknown operator `nee`", "ne"),
    ('ne = { field = "right.number"', 'ne = { field = "right.nmber"', 13, "unknown field `nmber` of invoice", "number"),
    ('fact = "invoice"\nwhere = [\n', 'fact = "invioce"\nwhere = [\n', 16, "unknown fact `invioce`", "invoice"),
    ('"outstanding", gt', '"outstandng", gt', 18, "unknown field `outstandng` of invoice", "outstanding"),
    ("gt = 0", 'gt = "0"', 18, "outstanding is money: gt wants a whole number of paise", None),
    ("gt = 0", "gt = 99999999999999999999", 18, "outstanding is money: gt wants a whole number of paise", None),
    ("older_than_days", "older_then_days", 19, "unknown operator `older_then_days`", "older_than_days"),
    ("older_than_days = 3", "older_than_hours = 3", 19, "older_than_hours needs instant; due_on is date", None),
    ("older_than_days = 3", "older_than_days = 99999999", 19, "older_than_days wants a whole number", None),
    ("is_null = true", "is_null = 1", 20, "number is text: is_null wants true or false", None),
    ('in = ["invoice", "opening"]', "in = [1]", 20, "kind is text: in wants a list of its type", None),
    ("2026-04-01", "2026-04-01T00:00:00Z", 25, "day is date: ge wants a date", None),
    ("{number} and", "{nubmer} and", 28, "unknown field `nubmer` of the evidence", "number"),
    ("{amount}:", "{amount|smoe}:", 28, "unknown filter `smoe`", "some"),
    ("{number} and", "{number|some} and", 28, "the filter some needs a number; number is text", None),
    ("lines =", "linse =", 29, "unknown key `linse` of question", "lines"),
    ('id = "same"', 'id = "Same!"', 32, "an answer's id is lower-case letters", None),
    ('"dismiss"', '"dismis"', 34, "unknown effect `dismis`", "dismiss"),
    ('"dismiss"', '"same_money"', 34, "same_money is an answer to questions of", None),
    ('"dismiss"', '"allocate"', 34, "allocate is an answer to questions of", None),
    ('"dismiss"', '"dismiss"\npermission = "system"', 35, "nobody has the permission system", None),
    ('id = "later"', 'id = "same"', 37, "two answers are called `same`", None),
    ("with = { for", "with = { fro", 40, "unknown setting `fro` of snooze", "for"),
    ('for = "1d"', "for = 1", 40, "the setting for must be text", None),
    ('title = "Twice the same"\n', "", 1, "title is missing", None),
    ('name = "twice"', 'name = "Twice it is"', 1, "`Twice it is` is no name of a rule", None),
    ("[pair.left]", "[pair.left", 15, "this is no TOML", None),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "says", "suggestion"), MISTAKES)
def test_a_mistake_is_told_with_its_line_and_the_nearest_word(
    old: str, new: str, line: int, says: str, suggestion: str | None
) -> None:
    assert old in PAIR
    with pytest.raises(RuleInvalid) as refused:
        load_own(PAIR.replace(old, new, 1))
    told = [m for m in refused.value.mistakes if says in m.message]
    assert [(m.line, m.suggestion) for m in told] == [(line, suggestion)], [
        str(m) for m in refused.value.mistakes
    ]


def test_the_right_text_is_a_rule_and_many_mistakes_are_told_at_once() -> None:
    assert compiled(load_own(PAIR)).rule.name == "twice"
    text, wanted = PAIR, set()
    for number in (0, 1, 2, 4, 14, 17, 20, 23, 27, 32, 34, 38):
        old, new, line, _, suggestion = MISTAKES[number]
        text = text.replace(old, new, 1)
        wanted.add((line, suggestion))
    with pytest.raises(RuleInvalid) as refused:
        load_own(text)
    told = {(m.line, m.suggestion) for m in refused.value.mistakes}
    assert len(told & wanted) >= 10, [str(m) for m in refused.value.mistakes]
    assert str(refused.value.mistakes[0]).startswith("line ")


def test_what_is_too_big_is_refused_before_it_is_read() -> None:
    many = '  { field = "outstanding", gt = 0 },\n' * 41
    for text, says in (
        (PAIR + "#" * MAX_TEXT, "at most 20,000 characters"),
        (PAIR.replace('  { field = "outstanding", gt = 0 },\n', many), "at most 40 conditions"),
        (
            PAIR.replace('"opening"]', ", ".join(['"opening"'] + ['"x"'] * 200) + "]"),
            "at most 200 values in lists",
        ),
        (PAIR.replace('[{ field = "day", ge = 2026-04-01 }]', "[" + "{ any = [" * 9 + "]}" * 9 + "]"), "any"),
        (PAIR + "\x00", "can't be kept"),
        (PAIR + "x = " + "[" * 5000, "no TOML"),
    ):
        with pytest.raises(RuleInvalid) as refused:
            load_own(text)
        assert any(says in m.message or "nests" in m.message for m in refused.value.mistakes), says
        assert len(refused.value.mistakes) <= MAX_MISTAKES


def loads_or_lists(text: str) -> None:
    try:
        rule = load_own(text)
    except RuleInvalid as error:
        mistakes = error.mistakes
    else:
        assert compiled(rule).whole.sql
        return
    assert 1 <= len(mistakes) <= MAX_MISTAKES
    lines = max(1, len(text.splitlines()))
    assert all(1 <= m.line <= lines and m.message for m in mistakes)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_rule_or_has_mistakes(text: str) -> None:
    loads_or_lists(text)


_WORDS = st.sampled_from(
    [*FACTS, *OPERATORS, *EFFECTS, "name", "where", "field", "all", "any", "right.amount", "anchor", "amount", "[pair]",
     "true", "1", "-1", "1.5", '""', "[]", "{}", "[[1]]", '"x"', "2026-01-01", "1e400", "\"\\u0000\"", "{amount|some}", "each",
     "limit", "nan", "07:30:00", "{ field = 3 }", '{ field = "amount" }', "'''", "\n", "=", "#"]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([PAIR, *shipped_texts().values()]), st.data())
def test_any_damage_to_a_right_text_leaves_a_rule_or_mistakes(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        pieces = text.replace("=", " = ").split(" ")
        at = data.draw(st.integers(0, len(pieces) - 1))
        if data.draw(st.booleans()):
            pieces[at] = data.draw(_WORDS)
        else:
            del pieces[at]
        text = " ".join(pieces)
    loads_or_lists(text)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc{}'\" \n|", max_size=6) | st.dates().map(str),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_WORDS.filter(str.isidentifier), inner, max_size=3)
    ),
    max_leaves=6,
)


def _toml(value: object) -> str:
    match value:
        case None:
            return '""'
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "").replace('"', "").replace("\n", " ") + '"'
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    raise AssertionError(value)


_KEYS = ("name", "title", "severity", "class", "quiet_for", "subjects", "evidence", "context", "suggest")


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*_KEYS, "assert", "pair", "missing", "question", "answer"]), _VALUES))
def test_any_value_in_any_place_is_a_rule_or_has_mistakes(made: dict[str, object]) -> None:
    loads_or_lists("\n".join(f"{key} = {_toml(value)}" for key, value in made.items()))
    lines = [f"{key} = {_toml(value)}" for key, value in made.items() if key in _KEYS]
    kept = [line for line in PAIR.splitlines() if not line.startswith(tuple(f"{key} =" for key in made))]
    loads_or_lists("\n".join([*lines, *kept]))
