"""The stable codes that a client may meet, found in the source: `python -m graph.codes` writes them into README.md."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from graph.outcomes import OUTCOMES

ROOT = Path(__file__).parents[1]
README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- codes: python -m graph.codes -->", "<!-- end of codes -->"
REACHED = (
    "graph",
    "ledger",
    "ingest/connecting.py",
    "ingest/files.py",
    "ingest/importing.py",
    "ingest/replay.py",
    "ingest/sources.py",
    "ingest/vendor.py",
    "ingest/waiting.py",
    "connectors/contract.py",
    "connectors/bank/columns.py",
    "kit/money.py",
    "kit/sealing.py",
    "kit/outward.py",
)
"""What stands behind the API; what else the sources' side refuses is quarantined, and listed there with its code."""
KINDS = {
    "Denied": "denied",
    "NotFound": "not_found",
    "Rejected": "rejected",
    "Retryable": "retryable",
    "SourceBroken": "source_broken",
    "Stale": "stale",
    "TooMany": "retryable",
}
FIXED = {
    "internal": "error",
    **dict.fromkeys(("graphql.invalid", "graphql.syntax"), "rejected"),
    **dict.fromkeys(("limit.aliases", "limit.cost", "limit.depth", "limit.fields"), "rejected"),
}
"""Codes that no error of ours has."""
_CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_.]+")


def codes() -> dict[str, str]:
    """Return every code with its kind; two kinds of one code are joined by a comma."""
    found: dict[str, set[str]] = {code: {kind} for code, kind in FIXED.items()}
    for path in _files():
        tree = ast.parse(path.read_text("utf-8"))
        texts = _constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                for code in _said(node, texts):
                    found.setdefault(code, set()).add(KINDS[node.func.id])
    return {code: ", ".join(sorted(kinds)) for code, kinds in sorted(found.items())}


def table() -> str:
    """Return the codes as they stand in README.md."""
    rows = [
        f"| `{code}` | {kind} | {f'`{OUTCOMES[code].__name__}`' if code in OUTCOMES else ''} |"
        for code, kind in codes().items()
    ]
    return "\n".join([BEGIN, "", "| code | kind | where it is expected |", "|---|---|---|", *rows, "", END])


def with_table(text: str) -> str:
    """Return README.md's text with the codes of today."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + table() + after


def _files() -> Iterator[Path]:
    for name in REACHED:
        path = ROOT / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _constants(tree: ast.Module) -> dict[str, str]:
    """Return the codes that a module keeps as `_UNKNOWN = ("token.unknown", …)`, and passes on with a star."""
    return {
        node.targets[0].id: node.value.elts[0].value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Tuple)
        and node.value.elts
        and isinstance(node.value.elts[0], ast.Constant)
        and isinstance(node.value.elts[0].value, str)
    }


def _said(call: ast.Call, constants: dict[str, str]) -> Iterator[str]:
    """Yield the codes that a call may raise: a text, or either of two."""
    if not call.args:
        return
    first = call.args[0]
    given = first.value if isinstance(first, ast.Starred) else first
    if isinstance(given, ast.Name) and given.id in constants:
        yield constants[given.id]
    for node in ast.walk(given):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            yield node.value


def main(arguments: list[str]) -> None:
    """Write the table, or with --check say whether it is current."""
    text = README.read_text("utf-8")
    if arguments == ["--check"]:
        if text != with_table(text):
            sys.exit("The codes in graph/README.md are not current. Run python -m graph.codes and commit it.")
    elif arguments:
        sys.exit("usage: python -m graph.codes [--check]")
    else:
        README.write_text(with_table(text), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
