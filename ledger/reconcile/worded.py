"""A shipped rule in another language; a business's own rule stays as it was written. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from kit.catalogues import ENGLISH
from ledger.reconcile.ast import Rule
from ledger.reconcile.load import shipped_rules
from ledger.words import marked


def worded(rule: Rule, language: str) -> Rule:
    """Return a rule with its texts in `language`; its places and its logic are the same."""
    if language == ENGLISH or shipped_rules().get(rule.name) is not rule:
        return rule
    return _worded(rule.name, language)


@lru_cache(maxsize=256)
def _worded(name: str, language: str) -> Rule:
    rule = shipped_rules()[name]
    text = rule.question

    def each(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(marked(language, one) for one in texts)

    return replace(
        rule,
        title=marked(language, rule.title),
        question=replace(
            text,
            title=marked(language, text.title),
            lines=each(text.lines),
            otherwise=each(text.otherwise),
            quote=marked(language, text.quote) if text.quote else text.quote,
            why=each(text.why),
        ),
        answers=tuple(replace(answer, label=marked(language, answer.label)) for answer in rule.answers),
    )
