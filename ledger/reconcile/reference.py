"""The reference part of README.md, made from the facts, operators, effects and rules; `python -m` writes it."""

from __future__ import annotations

from pathlib import Path

from ledger.reconcile.asking import EXTRAS, FILTERS
from ledger.reconcile.ast import EFFECTS, OPERATORS, Assert, Pair
from ledger.reconcile.facts import FACTS
from ledger.reconcile.load import shipped_rules

MARK = "<!-- from here on: python -m ledger.reconcile.reference -->"
README = Path(__file__).with_name("README.md")


def reference() -> str:
    """Return the reference in Markdown."""
    return "\n".join([*_rules(), *_facts(), *_words()]) + "\n"


def current_readme() -> str:
    """Return README.md as it should be: what people wrote above the mark, and the reference below it."""
    written = README.read_text("utf-8").split(MARK)[0]
    return f"{written}{MARK}\n\n{reference()}"


def _rules() -> list[str]:
    out = ["## Rules that ship", "", "| rule | asks | shape | severity | waits |", "|---|---|---|---|---|"]
    for rule in shipped_rules().values():
        match rule.shape:
            case Assert(left):
                shape = f"assert {left.fact}"
            case Pair(left, right):
                shape = f"pair {left.fact}, {right.fact}"
            case missing:
                shape = f"missing: {missing.left.fact} without {missing.right.fact}"
        waits = f"{rule.quiet_for.total_seconds():.0f} s" if rule.quiet_for else "no"
        if not isinstance(rule.shape, Assert | Pair) and rule.shape.after_days:
            waits = f"{rule.shape.after_days} days"
        out.append(
            f"| `{rule.name}` | {rule.title} | {shape} | {rule.severity}, {rule.expectation} | {waits} |"
        )
    return [*out, ""]


def _facts() -> list[str]:
    out = ["## Facts", ""]
    for fact in FACTS.values():
        out += [f"### {fact.name}", "", fact.doc]
        if fact.whole:
            out.append("All of its rows are judged every time, because they move with the clock or are few.")
        out += [
            f"Seen by those who may `{fact.permission.value}`.",
            "",
            "| field | type | says |",
            "|---|---|---|",
        ]
        out += [f"| `{name}` | {column.kind} | {column.doc} |" for name, column in fact.columns.items()]
        out.append("")
    return out


def _words() -> list[str]:
    out = ["## Operators", "", "| operator | holds where the field |", "|---|---|"]
    out += [f"| `{name}` | {meaning} |" for name, meaning in OPERATORS.items()]
    out += ["", "## Effects of answers", "", "| effect | what it does | settings (`with`) |", "|---|---|---|"]
    out += [
        f"| `{name}` | {meaning} | {', '.join(f'`{s}`' for s in sorted(settings)) or '–'} |"
        for name, (meaning, settings) in EFFECTS.items()
    ]
    out += ["", "## In texts", "", "| written | reads |", "|---|---|"]
    out.append("| `{field}` | the field, as money, date or text; a line with an empty field is left out |")
    out += [f"| `{{{name}}}` | the party's name, else the payer as the bank writes it |" for name in EXTRAS]
    out.append("| `[… {field} …]` | left out alone where the field is empty |")
    out += [f"| `{{field\\|{name}}}` | {meaning} |" for name, meaning in FILTERS.items()]
    return out


if __name__ == "__main__":
    README.write_text(current_readme(), "utf-8")
