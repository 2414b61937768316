"""A business's own rule: read like a shipped one, and held to bounds, since anybody who may publish writes it.

It may do with a fact what a shipped rule does with it, and no button of it needs less than the shipped one. Its work
is bounded here by its text (size, conditions, a join that PostgreSQL can hash), and where it runs by time and rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import NoReturn

from ledger.domain.roles import MATRIX, Permission, Role
from ledger.reconcile.ast import AllOf, Answer, Assert, Compare, Condition, Pair, Question, Rule, View
from ledger.reconcile.compile import compiled
from ledger.reconcile.load import Loader, shipped_rules
from ledger.reconcile.mistakes import Mistake, RuleInvalid
from ledger.reconcile.reading import Reading

MAX_TEXT = 20_000
MAX_CONDITIONS = 40
MAX_LISTED = 200
MAX_FIELDS = 40
MAX_ANSWERS = 24
MAX_LINES = 12
OWN_FILE = "your rule"
HARMLESS = frozenset({"dismiss", "snooze", "ask_accountant"})
"""Effects that any question may have: they decide nothing about money."""
_COARSE = frozenset(
    {
        "bill_status", "channel", "classified", "code", "currency", "explained_by", "family", "kind", "method", "qualifier",
        "receipt_status", "row_kind", "source", "status", "trouble", "why", "word",
    }
)  # fmt: skip
"""Texts with so few values that rows which share one may be most of the rows."""
_NEEDED = {
    "accept_deduction": ("document", "short"),
    "map_status": ("source", "kind", "word", "qualifier"),
    "set_aside": ("source", "trouble", "last_at"),
    "bills": ("amount", "currency", "day", "payer"),
    "deductions": ("amount", "day", "bill_amount", "bill_base", "document", "short", "number"),
}
"""Evidence that an effect or a suggester works with."""
_SUGGESTED_FOR = {"bills": ("bank_line", "receipt"), "deductions": ("allocation",)}


def load_own(text: str) -> Rule:
    """Read a business's own rule; RuleInvalid says all that is wrong with it, or that it goes beyond its bounds."""
    if len(text) > MAX_TEXT:
        _whole(f"a rule has at most {MAX_TEXT:,} characters; this one has {len(text):,}")
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        _whole("the text holds a character that can't be kept")
    loader = Loader(text, OWN_FILE)
    rule = loader.read()
    if rule is not None:
        _check(loader, rule)
    loader.finish()
    assert rule is not None
    return rule


@lru_cache(maxsize=1024)
def own_rule(text: str) -> Rule | None:
    """Return the rule of a text that was published; None if this version of ours can't read it any more."""
    try:
        return load_own(text)
    except RuleInvalid:
        return None


def _whole(reason: str) -> NoReturn:
    raise RuleInvalid(OWN_FILE, [Mistake(1, reason)])


def _check(reading: Reading, rule: Rule) -> None:
    views = [rule.shape.left] if isinstance(rule.shape, Assert) else [rule.shape.left, rule.shape.right]
    wheres: list[Condition] = [view.where for view in views]
    if isinstance(rule.shape, Pair):
        wheres.append(rule.shape.where)
    compares = [compare for where in wheres for compare in _compares(where)]
    listed = sum(len(c.value) for c in compares if isinstance(c.value, tuple))
    for what, count, most in (
        ("conditions", len(compares), MAX_CONDITIONS),
        ("values in lists", listed, MAX_LISTED),
        ("fields in evidence and context", len(rule.evidence) + len(rule.context), MAX_FIELDS),
        ("answers", len(rule.answers), MAX_ANSWERS),
        ("lines of text", _lines(rule.question), MAX_LINES),
    ):
        with reading.going_on():
            if count > most:
                reading.refuse("name", f"a rule has at most {most} {what}; this one has {count}")
    with reading.going_on():
        alike = {shipped.subjects for shipped in shipped_rules().values()}
        if "anchor" not in {subject.name for subject in rule.subjects} and rule.subjects not in alike:
            reading.refuse("subjects", "the subjects must hold anchor: it says which row is asked about")
    with reading.going_on():
        _check_join(reading, rule)
    with reading.going_on():
        _check_suggester(reading, rule)
    for number, answer in enumerate(rule.answers):
        with reading.going_on():
            _check_answer(reading, rule, answer, f"answer#{number}")
    if not reading.mistakes:
        compiled(rule)


def _compares(condition: Condition) -> Iterable[Compare]:
    if isinstance(condition, Compare):
        return [condition]
    return [found for inner in condition.of for found in _compares(inner)]


def _lines(question: Question) -> int:
    return len(question.lines) + len(question.otherwise) + len(question.why)


def _check_join(reading: Reading, rule: Rule) -> None:
    """Refuse a join by which most rows may meet most others: it would be the square of a big table."""
    if isinstance(rule.shape, Assert):
        return
    match = rule.shape.match
    exact = match.amount is not None and not match.amount.paise and not match.amount.basis_points
    fine = any(
        left.kind == "uuid" or (left.kind in ("text", "money") and left.name not in _COARSE)
        for left, _ in match.join
    )
    if not fine and not exact:
        reading.refuse(
            "join",
            "this join brings nearly every row together with nearly every other: join by an id or a number as well, "
            "or by the exact amount",
            "pair" if isinstance(rule.shape, Pair) else "missing",
        )


def _check_suggester(reading: Reading, rule: Rule) -> None:
    if rule.suggest is None:
        return
    allowed = _SUGGESTED_FOR.get(rule.suggest, ())
    if rule.shape.left.fact not in allowed:
        reading.refuse(
            "suggest", f"suggest = {rule.suggest!r} is for {' or '.join(allowed) or 'shipped rules'}"
        )
    _check_needed(reading, rule, rule.suggest, "")


def _check_answer(reading: Reading, rule: Rule, answer: Answer, where: str) -> None:
    fact = rule.shape.left.fact
    if answer.permission not in MATRIX[Role.OWNER]:
        reading.refuse("permission", f"nobody has the permission {answer.permission.value}", where)
    if answer.effect in HARMLESS:
        return
    facts = sorted(
        {r.shape.left.fact for r in shipped_rules().values() for a in r.answers if a.effect == answer.effect}
    )
    if fact not in facts:
        said = f"of {' or '.join(facts)}" if facts else "of shipped rules"
        reading.refuse(
            answer.effect, f"{answer.effect} is an answer to questions {said}, not of {fact}", where
        )
    if answer.effect in ("both_right", "same_money") and not isinstance(rule.shape, Pair):
        reading.refuse(answer.effect, f"{answer.effect} is an answer to a pair", where)
    needed = _permission(answer)
    if needed is not Permission.ANSWER and answer.permission is not needed:
        reading.refuse(
            answer.effect, f'{answer.effect} with these settings needs permission = "{needed.value}"', where
        )
    _check_needed(reading, rule, answer.effect, where)


def _check_needed(reading: Reading, rule: Rule, what: str, where: str) -> None:
    missing = [name for name in _NEEDED.get(what, ()) if name not in rule.kinds]
    if missing:
        reading.refuse(what, f"{what} works with {', '.join(missing)}: put it into the evidence", where)


def _permission(answer: Answer) -> Permission:
    """Return what a shipped button with this effect needs; settings that no shipped one has need as much as any."""
    shipped = [a for rule in shipped_rules().values() for a in rule.answers if a.effect == answer.effect]
    same = [a.permission for a in shipped if a.settings == answer.settings]
    found = same or ([a.permission for a in shipped] if answer.settings else [])
    return next((p for p in found if p is not Permission.ANSWER), Permission.ANSWER)


def unreadable(name: str) -> Rule:
    """Stand in for a rule whose text this version of ours can't read: what it asked can be seen and closed."""
    said = "An entry of a rule that can't be read any more"
    return Rule(
        name=name,
        title=said,
        severity="info",
        expectation="mismatched",
        quiet_for=timedelta(0),
        shape=Assert(View("party", AllOf(()))),
        subjects=(),
        evidence=(),
        context=(),
        question=Question(said),
        answers=(Answer("close", "Close it", "dismiss"),),
    )
