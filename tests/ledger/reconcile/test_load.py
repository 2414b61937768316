"""Rules are read strictly: what is wrong is named with file, line and the nearest valid word."""

import re
from datetime import timedelta

import pytest

from kit.errors import Rejected
from ledger.reconcile import reference
from ledger.reconcile.ast import Assert, Compare, Missing, Pair
from ledger.reconcile.compile import compiled
from ledger.reconcile.facts import COMMON, FACTS
from ledger.reconcile.load import load_rule, parse_span, shipped_rules

RIGHT = """\
name = "example"
title = "An example"
severity = "warn"
class = "expected"
quiet_for = "3d"
evidence = ["amount", "number"]

[assert]
fact = "invoice"
where = [
  { field = "outstanding", gt = 0 },
  { any = [
    { field = "due_on", older_than = 1 },
    { field = "status", in = ["invoice.issued", "invoice.disputed"] },
  ] },
  { field = "issued_on_x", lt = 2026-04-01 },
]

[question]
title = "{number} of {party}"

[[answer]]
id = "later"
label = "Later"
effect = "snooze"
with = { for = "1d" }

[[answer]]
id = "no"
label = "No"
effect = "dismiss"
""".replace("older_than = 1", "is_null = true").replace("issued_on_x", "day")


def wrong(old: str, new: str) -> Rejected:
    assert old in RIGHT
    with pytest.raises(Rejected) as refused:
        load_rule(RIGHT.replace(old, new, 1), "rules/example.toml")
    assert refused.value.code == "rule.invalid"
    return refused.value


def line_of(text: str, new: str) -> int:
    return text[: text.index(new)].count("\n") + 1


def test_a_right_rule_becomes_a_frozen_tree():
    rule = load_rule(RIGHT, "rules/example.toml")
    assert rule.quiet_for == timedelta(days=3)
    assert isinstance(rule.shape, Assert)
    first = rule.shape.left.where.of[0]
    assert isinstance(first, Compare)
    assert (first.field.name, first.field.kind, first.operator, first.value) == (
        "outstanding",
        "money",
        "gt",
        0,
    )
    assert rule == load_rule(RIGHT, "rules/example.toml")
    assert compiled(rule) is compiled(load_rule(RIGHT, "rules/example.toml"))


@pytest.mark.parametrize(
    ("old", "new", "says", "remedy"),
    [
        ('field = "outstanding"', 'field = "outstandin"', "'outstandin' is not a field of the fact invoice", "outstanding"),
        ("gt = 0", "gtt = 0", "'gtt' is not an operator", "'gt'"),
        ('fact = "invoice"', 'fact = "invoce"', "'invoce' is not a fact", "'invoice'"),
        ('effect = "dismiss"', 'effect = "dismis"', "'dismis' is not an effect", "'dismiss'"),
        ("severity =", "severty =", "'severty' is not a rule's field", "'severity'"),
        ('severity = "warn"', 'severity = "warning"', "'warning' is not a severity", "'warn'"),
        ('with = { for = "1d" }', 'with = { fur = "1d" }', "'fur' is not a setting of snooze", "'for'"),
        ("{number} of", "{nmber} of", "'nmber' is not a field of the evidence", "'number'"),
        ("{number} of", "{number|tial} of", "'tial' is not a filter", "'tail'"),
        ("gt = 0", 'gt = "0"', "outstanding is money: gt wants a whole number of paise, not '0'", ""),
        ("gt = 0", "gt = 0.5", "outstanding is money: gt wants a whole number of paise, not 0.5", ""),
        ("gt = 0", 'gt = { field = "number" }', "outstanding gt number: number is text, not money", ""),
        ("gt = 0", "gt = 0, lt = 5", "a condition is one field and one operator", ""),
        ('in = ["invoice.issued", "invoice.disputed"]', "in = [1]", "status is text: in wants a list of its type", ""),
        ('{ field = "status", in = ["invoice.issued", "invoice.disputed"] }', '{ field = "status", gt = "a" }',
         "status is text and has no order, so gt can't be used", ""),
        ("is_null = true", "older_than_days = 3", "older_than_days stands in the where list of the left side only", ""),
        ('quiet_for = "3d"', 'quiet_for = "3 days"', "'3 days' is not a length of time", ""),
        ('id = "no"', 'id = "No!"', "an answer's id is lower-case letters", ""),
        ('evidence = ["amount", "number"]', 'evidence = ["number"]', "evidence must hold amount", ""),
        ('label = "No"', 'label = "No {party}"', "the label may name nothing but {party}", ""),
        ('label = "No"', 'label = "No"\neach = "candidate"', "needs a suggester", ""),
        ('label = "No"', 'label = "No"\nwhen = "numbr"', "'numbr' is not a field of the evidence", "'number'"),
        ('label = "No"', 'label = "No"\npermission = "anser"', "'anser' is not a permission", "'answer'"),
        ('title = "{number} of {party}"', 'title = "{number of {party}"', "a brace stands outside of a {field}", ""),
        ('name = "example"', "name = 5", "name is missing or not text", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line_and_the_nearest_word(old, new, says, remedy):
    refused = wrong(old, new)
    assert says in refused.message
    assert remedy in refused.remedy
    line = int(re.match(r"rules/example\.toml:(\d+):", refused.message)[1])
    expected = line_of(RIGHT.replace(old, new, 1), new)
    assert expected <= line <= expected + new.count("\n"), refused.message


def test_two_answers_of_one_name_and_a_shape_with_another_shapes_fields_are_refused():
    assert "two answers are called 'later'" in wrong('id = "no"', 'id = "later"').message
    assert "is not a field of pair" in wrong("[assert]", "[pair]").message


def test_toml_that_is_no_toml_names_the_file_and_the_line():
    assert "rules/example.toml" in wrong("[assert]", "[assert").message


def test_spans_are_read_or_not_at_all():
    assert parse_span("90s") == timedelta(seconds=90)
    assert parse_span("36h") == timedelta(hours=36)
    assert parse_span("2w") is None


def test_every_fact_has_the_common_columns_and_a_sentence():
    for fact in FACTS.values():
        assert set(COMMON) <= set(fact.columns), fact.name
        assert fact.doc.endswith("."), fact.name
        assert all(column.doc for column in fact.columns.values())


def test_every_shape_ships_and_each_rule_has_its_scenario():
    from pathlib import Path

    shapes = {type(rule.shape) for rule in shipped_rules().values()}
    assert shapes == {Assert, Pair, Missing}
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert set(shipped_rules()) <= tests


def test_texts_never_say_reconcile_conflict_or_projection():
    for rule in shipped_rules().values():
        question = rule.question
        said = " ".join(
            [
                question.title,
                *question.lines,
                *question.otherwise,
                *question.why,
                *(a.label for a in rule.answers),
            ]
        )
        assert not re.search(r"reconcil|conflict|projection|payload|webhook", said, re.IGNORECASE), rule.name


def test_the_readme_is_up_to_date():
    assert reference.README.read_text("utf-8") == reference.current_readme(), (
        "run python -m ledger.reconcile.reference"
    )


def test_the_rule_in_the_readme_is_a_right_rule():
    found = re.search(r"```toml\n(.*?)```", reference.README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    assert load_rule(re.sub(r"(?m)^   ", "", found[1]), "README.md").name == "large_cash_receipt"
