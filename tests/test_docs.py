"""The docs are true: commands exist, tables are complete, links lead somewhere, examples parse and fit the schema."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import jsonschema
import pytest
import typer.main
from graphql import build_schema, parse, validate
from typer.testing import CliRunner

from kit.settings import Settings
from workers.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DECISIONS = sorted((ROOT / "ledger" / "decisions").glob("*.md"))
_ELSEWHERE = ("node_modules", "dist", "build")
DOCS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in _ELSEWHERE for part in path.relative_to(ROOT).parts)
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this heading."""
    _, found, rest = text.partition(f"| {heading} |")
    assert found, f"there is no table of {heading}"
    rows = []
    for line in rest.splitlines()[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def fences(text: str, *languages: str) -> list[str]:
    return [textwrap.dedent(body) for _, language, body in FENCE.findall(text) if language in languages]


def commands() -> dict[str, click.Command]:
    """Return every command of `munshi` by its words."""

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                yield from walk(inner, (*words, name))
        else:
            yield " ".join(words), command

    return dict(walk(typer.main.get_command(app), ()))


COMMANDS = commands()


# ---- commands --------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_help_is_given(words: str) -> None:
    done = CliRunner().invoke(app, [*words.split(), "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage" in done.output


def test_the_reference_names_every_command_and_no_other() -> None:
    rows = table(section("Command line"), "command")
    told = [words for row in rows for words in re.findall(r"`munshi ([^`]+)`", row[0])]
    assert sorted(told) == sorted(COMMANDS)


def invocations(text: str) -> list[str]:
    """Return what the docs tell people to type after `munshi`, in fences and within backticks."""
    lines = [line for body in fences(text, "bash", "sh") for line in body.splitlines()]
    prose = FENCE.sub("", text)
    lines += re.findall(r"`([^`\n]+)`", prose)
    return [found[1] for line in lines if (found := re.search(r"(?:^|\bapi )munshi (\w.*)", line.strip()))]


@pytest.mark.parametrize("doc", DOCS, ids=named)
def test_what_the_docs_tell_to_type_exists_with_its_options(doc: Path) -> None:
    for typed in invocations(doc.read_text("utf-8")):
        words = shlex.split(typed.replace("…", "x"), comments=True)
        known = next((w for n in (2, 1) if (w := " ".join(words[:n])) in COMMANDS), None)
        assert known, f"munshi {typed}: there is no such command"
        options = {option for parameter in COMMANDS[known].params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= options, f"munshi {typed}"


@pytest.mark.parametrize("doc", DOCS, ids=named)
def test_make_targets_and_modules_exist(doc: Path) -> None:
    text = doc.read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    code = "\n".join([*re.findall(r"`([^`\n]+)`", FENCE.sub("", text)), *fences(text, "bash", "sh")])
    for target in re.findall(r"(?:^|\s)make ([a-z]+)", code, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
    for module in re.findall(r"python -m ([a-z_.]+\w)", code):
        assert find_spec(module) is not None, f"python -m {module}"


# ---- tables ----------------------------------------------------------------------------------------
def test_every_setting_is_told_with_its_default() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in table(section("Production"), "variable")}
    expected = {}
    for name, field in Settings.model_fields.items():
        plain = field.default
        plain = plain.get_secret_value() if hasattr(plain, "get_secret_value") else plain
        expected[name.upper()] = str(plain).lower() if isinstance(plain, bool) else str(plain)
    assert told == expected


def test_the_table_of_folders_is_the_tree() -> None:
    told = {row[0].split("`")[1].rstrip("/") for row in table(README, "folder")}
    there = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__")) and path.suffix != ".egg-info"
    }
    assert told == there - set(_ELSEWHERE)


def test_every_connector_is_named_and_says_how_it_reads() -> None:
    for manifest in (ROOT / "connectors").glob("*/manifest.toml"):
        place = f"connectors/{manifest.parent.name}/README.md"
        assert f"({place})" in README
        assert (ROOT / place).is_file()


def test_the_numbers_carry_the_names_of_the_bench() -> None:
    plain, patterns = set(), []
    modules = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests/bench").glob("*.py")]
    for node in (node for module in modules for node in ast.walk(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            plain.add(node.value.strip())
        elif isinstance(node, ast.JoinedStr):
            parts = [re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in node.values]
            if sum(len(part) for part in parts if part != ".+") > 6:
                patterns.append("".join(parts))
    for measure, *_ in table(section("Numbers"), "measure"):
        told = (measure, f"  {measure}")
        assert measure in plain or any(re.fullmatch(p, name) for p in patterns for name in told), measure


def test_as_many_rules_ship_as_the_limits_say() -> None:
    words = (
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    )
    told = re.search(r"(\w+) rules ship", README)
    assert told is not None
    count = len([*(ROOT / "ledger/reconcile/rules").glob("*.toml")])
    assert told[1].lower() in (str(count), *words[count : count + 1])


# ---- links and examples ----------------------------------------------------------------------------
@pytest.mark.parametrize("doc", DOCS, ids=named)
def test_relative_links_lead_somewhere(doc: Path) -> None:
    for target in LINK.findall(FENCE.sub("", doc.read_text("utf-8"))):
        place, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", place):
            assert place.startswith("https://"), target
            continue
        there = (doc.parent / place).resolve() if place else doc
        assert there.is_relative_to(ROOT), target
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}, target


@pytest.mark.parametrize("doc", DOCS, ids=named)
def test_examples_parse(doc: Path) -> None:
    text = doc.read_text("utf-8")
    for body in fences(text, "python"):
        ast.parse(body)
    for body in fences(text, "json"):
        json.loads(body)
    for body in fences(text, "toml"):
        tomllib.loads(body)
    bash = shutil.which("bash")
    for body in fences(text, "bash", "sh"):
        assert bash, "bash is needed to read the examples"
        done = subprocess.run([bash, "-n"], input=body, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_graphql_examples_fit_the_schema() -> None:
    schema = build_schema((ROOT / "graph/schema.graphql").read_text("utf-8"))
    examples = fences(README, "graphql")
    for body in fences(README, "bash"):
        examples += [json.loads(sent)["query"] for sent in re.findall(r"'(\{\"query\".*?\})'$", body, re.M)]
    assert len(examples) == 2
    for example in examples:
        assert validate(schema, parse(example)) == []


def test_the_webhook_example_is_the_one_that_is_run() -> None:
    """tests/ingest/test_readme_examples.py runs the standard connector's; ours differs in what it says."""
    ours = next(body for body in fences(README, "bash") if "webhook-id" in body).splitlines()
    (run,) = fences((ROOT / "connectors/standard/README.md").read_text("utf-8"), "bash")
    assert [line for line in ours if not line.startswith("BODY=")] == [
        line for line in run.splitlines() if not line.startswith("BODY=")
    ]
    (body,) = [line.removeprefix("BODY=").strip("'") for line in ours if line.startswith("BODY=")]
    schema = json.loads((ROOT / "connectors/standard/schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(json.loads(body))


# ---- decisions -------------------------------------------------------------------------------------
def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert len(DECISIONS) >= 13


@pytest.mark.parametrize("record", DECISIONS, ids=named)
def test_a_decision_says_why_what_how_measured_and_what_would_change_it(record: Path) -> None:
    headings = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.MULTILINE)
    assert headings == ["Context", "Choice", "Measured", "What would change our mind"]


@pytest.mark.parametrize("doc", [ROOT / "README.md", *DECISIONS], ids=named)
def test_tests_files_and_numbers_that_docs_cite_exist(doc: Path) -> None:
    text = FENCE.sub("", doc.read_text("utf-8"))
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for cited in re.findall(r"`(test_\w+)`", text):
        assert re.search(rf"def {cited}\b", tests), cited
    for cited in re.findall(r"`((?:kit|ledger|connectors|ingest|workers|graph|bot|tests)/[\w./]*)`", text):
        assert (ROOT / cited).exists(), cited
    for number in re.findall(r"\brecord (\d{4})\b", text):
        assert any(path.name.startswith(number) for path in DECISIONS), number


# ---- nothing that is only ours ---------------------------------------------------------------------
def test_the_lock_names_no_address_and_every_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert not re.search(r"^\s*--(index|extra-index|find-links|trusted)", lock, re.MULTILINE)
    assert lock.count("--hash=sha256:") >= len(re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE))


def test_no_file_names_a_path_of_this_machine() -> None:
    if len(ROOT.parts) < 3:
        pytest.skip("the checkout's own path is too common a word")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "grep", "-lF", str(ROOT)], capture_output=True, text=True, check=False
    )
    if listed.returncode > 1:
        pytest.skip("not a git checkout")
    assert listed.stdout == ""
