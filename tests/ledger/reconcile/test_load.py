"""Rules are read strictly: what is wrong is named with file, line and the nearest valid word."""

import re
from datetime import timedelta

import pytest

from ledger.reconcile import reference
from ledger.reconcile.ast import Assert, Compare, Missing, Pair
from ledger.reconcile.compile import compiled
from ledger.reconcile.facts import COMMON, FACTS
from ledger.reconcile.load import load_rule, shipped_rules
from ledger.reconcile.mistakes import RuleInvalid
from ledger.reconcile.reading import parse_span

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


def wrong(old: str, new: str) -> RuleInvalid:
    assert old in RIGHT
    with pytest.raises(RuleInvalid) as refused:
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
        ('field = "outstanding"', 'field = "outstandin"', "unknown field `outstandin` of invoice", "outstanding"),
        ("gt = 0", "gtt = 0", "unknown operator `gtt`", "`gt`"),
        ('fact = "invoice"', 'fact = "invoce"', "unknown fact `invoce`", "`invoice`"),
        ('effect = "dismiss"', 'effect = "dismis"', "unknown effect `dismis`", "`dismiss`"),
        ("severity =", "severty =", "unknown key `severty` of a rule", "`severity`"),
        ('severity = "warn"', 'severity = "warning"', "unknown severity `warning`", "`warn`"),
        ('with = { for = "1d" }', 'with = { fur = "1d" }', "unknown setting `fur` of snooze", "`for`"),
        ("{number} of", "{nmber} of", "unknown field `nmber` of the evidence", "`number`"),
        ("{number} of", "{number|tial} of", "unknown filter `tial`", "`tail`"),
        ("gt = 0", 'gt = "0"', "outstanding is money: gt wants a whole number of paise, not '0'", ""),
        ("gt = 0", "gt = 0.5", "outstanding is money: gt wants a whole number of paise, not 0.5", ""),
        ("gt = 0", 'gt = { field = "number" }', "outstanding gt number: number is text, not money", ""),
        ("gt = 0", "gt = 0, lt = 5", "a condition is one field and one operator", ""),
        ('in = ["invoice.issued", "invoice.disputed"]', "in = [1]", "status is text: in wants a list of its type", ""),
        ('{ field = "status", in = ["invoice.issued", "invoice.disputed"] }', '{ field = "status", gt = "a" }',
         "status is text and has no order, so gt can't be used", ""),
        ("is_null = true", "older_than_days = 3", "older_than_days stands in the where list of the left side only", ""),
        ('quiet_for = "3d"', 'quiet_for = "3 days"', "`3 days` is not a length of time", ""),
        ('id = "no"', 'id = "No!"', "an answer's id is lower-case letters", ""),
        ('evidence = ["amount", "number"]', 'evidence = ["number"]', "evidence must hold amount", ""),
        ('label = "No"', 'label = "No {party}"', "the label may name nothing but {party}", ""),
        ('label = "No"', 'label = "No"\neach = "candidate"', "needs a suggester", ""),
        ('label = "No"', 'label = "No"\nwhen = "numbr"', "unknown field `numbr` of the evidence", "`number`"),
        ('label = "No"', 'label = "No"\npermission = "anser"', "unknown permission `anser`", "`answer`"),
        ('title = "{number} of {party}"', 'title = "{number of {party}"', "a brace stands outside of a {field}", ""),
        ('name = "example"', "name = 5", "name must be text", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line_and_the_nearest_word(old, new, says, remedy):
    refused = wrong(old, new)
    assert says in refused.message
    assert remedy in refused.remedy
    line = int(re.match(r"rules/example\.toml: line (\d+):", refused.message)[1])
    expected = line_of(RIGHT.replace(old, new, 1), new)
    assert expected <= line <= expected + new.count("\n"), refused.message


def test_two_answers_of_one_name_and_a_shape_with_another_shapes_fields_are_refused():
    assert "two answers are called `later`" in wrong('id = "no"', 'id = "later"').message
    assert "unknown key `fact` of pair" in [m.message for m in wrong("[assert]", "[pair]").mistakes]


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
