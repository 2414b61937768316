"""Questions, evidence and reasons in Hindi: nothing half translated, and the logic behind the words unchanged."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger.domain.matching import kinds
from ledger.domain.matching.bills import Bill, days_in_words
from ledger.domain.matching.fits import Owed, oldest_first, search
from ledger.domain.vocabulary import STATUSES
from ledger.reconcile.evidence import told
from ledger.reconcile.load import load_rule, shipped_rules, shipped_texts
from ledger.reconcile.offers import offers
from ledger.reconcile.questions import Question, answer_label, question_view
from ledger.reconcile.reasons import why_told
from ledger.reconcile.shortfalls import shortfalls
from ledger.reconcile.worded import worded
from ledger.words import filled

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 20, 3, 35, tzinfo=UTC)
PARTY = UUID(int=5)
_ENGLISH = re.compile(
    r"\b(?:the|of|and|is|was|are|bill|bills|amount|day|days|after|before|from|by|payer|first)\b"
)


def _bills(*amounts: int) -> list[Bill]:
    return [
        Bill(
            UUID(int=n),
            f"INV-{n}",
            PARTY,
            amount,
            amount,
            amount * 100 // 118,
            date(2026, 10, n),
            date(2026, 9, n),
        )
        for n, amount in enumerate(amounts, start=1)
    ]


def _said_by_the_matcher() -> Iterator[str]:
    day = date(2026, 11, 18)
    owed = Owed(_bills(1_180_00, 2_360_00, 3_540_00, 5_900_00, 11_800_00))
    for amount in (
        1_180_00,
        3_540_00,
        7_080_00,
        24_780_00,
        1_160_00,
        3_468_00,
        1_130_00,
        30_000_00,
        4_000_00,
    ):
        for fit in [*search(owed, amount, day).fits, *filter(None, [oldest_first(owed, amount)])]:
            yield from (*fit.words, days_in_words(day, fit.bills))
            if fit.cut is not None:
                yield fit.cut.why
    bill = {
        "document": "d",
        "number": "INV-1",
        "bill_amount": 1_180_00,
        "bill_base": 1_000_00,
        "day": "2026-11-18",
    }
    for short in (20_00, 23_60, 100_00, 50_00, 5_00, 59_00, 300_00):
        for one in shortfalls({**bill, "short": short, "amount": 1_180_00 - short}):
            yield from one["evidence"]
            if one["cut"]:
                yield one["cut"]["why"]
    yield from (row.says for row in kinds._ROWS)
    yield from ("known payer (UPI)", "known payer (account)", "known payer (name)", "1 day before due")


def test_evidence_of_the_matcher_is_told_in_hindi_whole() -> None:
    said = set(_said_by_the_matcher())
    assert len(said) > 50
    for text in said:
        hindi = told("hi", text)
        assert hindi != text, text
        assert not _ENGLISH.search(hindi), (text, hindi)
        assert told("en", text) == text


def test_evidence_that_nobody_knows_stays_as_it_was_written() -> None:
    assert told("hi", "as the moon was full") == "as the moon was full"


@pytest.mark.parametrize("name", sorted(shipped_rules()))
def test_a_shipped_rule_in_hindi_offers_the_same_answers(name: str) -> None:
    rule = shipped_rules()[name]
    hindi = worded(rule, "hi")
    assert [(one.id, one.effect, one.each, one.when) for one in hindi.answers] == [
        (one.id, one.effect, one.each, one.when) for one in rule.answers
    ]
    assert hindi.title != rule.title
    evidence: dict[str, Any] = {"kind": "invoice", "word": "booked", "short": 1, "over": 1}
    english, theirs = (
        offers(one, evidence, STATUSES, language=language) for one, language in ((rule, "en"), (hindi, "hi"))
    )
    assert [offer.id for offer in english] == [offer.id for offer in theirs]
    for one, other in zip(english, theirs, strict=True):
        assert one.label != other.label or one.label in ("TDS",)


def test_a_businesss_own_rule_stays_as_it_was_written() -> None:
    text = shipped_texts()["promise_broken"]
    own = load_rule(text, "own")
    assert worded(own, "hi") is own


def _question(**changes: Any) -> Question:
    candidate = {
        "id": "fit_1", "party": str(PARTY), "name": "Sharma Traders", "shape": "deduction",
        "bills": [{"number": "INV-102", "outstanding": 34_220_00}, {"number": "INV-107", "outstanding": 23_600_00}],
        "lines": [
            {"document": str(PARTY), "number": "INV-102", "amount": 56_840_00, "kind": "receipt"},
            {"document": str(PARTY), "number": "INV-102", "amount": 980_00, "kind": "tds"},
        ],
        "cut": {"amount": 980_00, "percent": "2%", "base": 49_000_00, "why": "s.194C contract work, to a firm or company"},
        "evidence": ["amount exact after the deduction", "4 days after due", "known payer (account)"],
    }  # fmt: skip
    evidence = {
        "amount": 56_840_00, "currency": "INR", "day": "2026-11-18", "source": "bank:icici", "account": "4421",
        "narration": "NEFT-X", "channel": "neft", "reference": "HDFCN1", "payer": "SHARMA TRADERS",
        "candidates": [candidate], "parties": [{"party": str(PARTY), "name": "Sharma Traders", "lines": []}],
    }  # fmt: skip
    fields: dict[str, Any] = {
        "id": UUID(int=1), "rule": shipped_rules()["unmatched_bank_credit"], "severity": "warn", "status": "open",
        "version": 1, "evidence": evidence, "party_id": PARTY, "party_name": "Sharma Traders", "amount": 56_840_00,
        "currency": "INR", "opened_at": NOW,
    }  # fmt: skip
    return Question(**{**fields, **changes})


def test_a_question_reads_in_hindi_with_its_evidence() -> None:
    view = question_view(_question(), now=NOW, timezone="Asia/Kolkata", language="hi")
    assert view.title == "Sharma Traders से ₹56,840 आए (ICICI ··4421, 18 नव॰)"
    assert view.lines == (
        "बिल INV-102 ₹34,220 + INV-107 ₹23,600 से मेल खाता है,",
        "अगर उन्होंने काटा हो: TDS ₹980 (₹49,000 का 2%, GST छोड़कर; अभी पक्का नहीं)।",
        "सही है?",
    )
    assert (
        "INV-102 + INV-107: कटौती के बाद रक़म बिल्कुल बराबर · तारीख के 4 दिन बाद · जाना हुआ देने वाला (खाते से)."
        in view.why
    )
    assert "TDS 2%: धारा 194C ठेके का काम, फ़र्म या कंपनी को." in view.why
    assert view.answers[0].label == "हाँ"
    assert [option.id for option in view.answers] == [
        option.id for option in question_view(_question(), now=NOW, timezone="Asia/Kolkata").answers
    ]


def test_yes_names_what_it_was_said_to_in_both_languages() -> None:
    question = _question()
    assert answer_label(question.rule, question.evidence, "fit_1") == "Yes: INV-102 + INV-107, TDS 2%"
    assert (
        answer_label(question.rule, question.evidence, "fit_1", language="hi")
        == "हाँ: INV-102 + INV-107, TDS 2%"
    )


def test_a_place_that_holds_a_template_is_not_filled_again() -> None:
    values = {"narration": "{amount} [x]", "amount": None}
    assert filled("“{narration}”[ of {amount}]", lambda name, _: values[name]) == "“{amount} [x]”"
    assert filled("{amount} came", lambda name, _: values[name]) == ""


def _reasons() -> Iterator[tuple[str, str]]:
    """What the readers of files that people send say when they can't read something."""
    for folder in ("connectors/bank", "connectors/spreadsheet", "connectors/tally", "kit/tabular"):
        for path in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "Rejected"
                ):
                    continue
                said = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "remedy")]
                yield from ((f"{path.name}:{node.lineno}", text) for one in said if (text := _sample(one)))


def _sample(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            text = "".join(_part(part) for part in parts)
            text = f"Amount{text[1:]}" if text[:1] == "7" else text
            return text.removesuffix("7") if text.endswith(".7") else text
    return None


def _part(part: ast.expr) -> str:
    match part:
        case ast.Constant(value=value):
            return str(value)
        case ast.FormattedValue(value=ast.IfExp(body=ast.Constant(value=value))):
            return str(value)
    return "7"


def test_why_a_file_that_people_send_cant_be_read_is_told_in_hindi() -> None:
    english = {place: text for place, text in _reasons() if why_told("hi", text) == text != "Amount: 7"}
    assert not english, "give them a template in ledger/reconcile/reasons.py:\n" + "\n".join(
        f"{place}: {text}" for place, text in english.items()
    )


def test_reasons_are_told_sentence_by_sentence() -> None:
    text = (
        "The statement doesn't add up. Row 7 is ₹500 more than the amounts before it give. Download it again."
    )
    assert why_told("hi", text) == (
        "स्टेटमेंट का जोड़ नहीं मिलता। Row 7 पहले की रक़मों से ₹500 ज़्यादा है। फिर से डाउनलोड कीजिए।"
    )
    assert why_told("hi", "row 7") == "लाइन 7"
    assert why_told("en", text) == text
