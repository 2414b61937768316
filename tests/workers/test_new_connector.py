"""`munshi new-connector`: what it writes is clean, fails with words that lead on, and passes once the work is done.

All of it happens in a copy of the tree, where the conformance suites run as an author would run them. The planted
faults show that those suites can fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import workers.new_connector
from connectors.contract import Manifest
from kit.errors import Rejected
from workers.cli import app
from workers.new_connector import FAMILIES, checkout, write_connector

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "connectors", "graph", "ingest", "kit", "ledger", "workers")
SUITES = [
    f"tests/ingest/{name}.py"
    for name in ("test_conformance", "test_conformance_pull", "test_conformance_fuzz")
]
FINISHED_OBSERVATION = '''def _observation(row: Any) -> Observation:
    """Say what one deal becomes; Rejected if it can't be understood."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise Rejected("schema.field_missing", "id: there is none.")
    told = row.get("updated_at")
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not isinstance(row.get("status"), str):
        raise Rejected("schema.field_missing", "updated_at and status must be there.")
    digest = digest_of(row, length=16)
    return Observation(
        f"deals:{row['id']}:{digest}", "deal", row["id"], at, "instant", {}, word=row["status"] or None,
        event_type="deal.status_reported",
    )
'''  # fmt: skip
FINISHED_FETCH = '''        """Fetch one page of a stream."""
        page = pull.position.get("page", 1)
        reply = await call(Call("/deals", query={"page": page, "limit": 50, "since": pull.since.isoformat()}))
        body = reply.json()
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise SourceBroken("vendor.shape", "The list of deals has another shape.")
        seen = hashlib.sha256(reply.body).hexdigest()
        if seen == pull.position.get("seen"):
            raise paging_loop("Acme CRM", pull.stream)
        onward = {"page": page + 1, "seen": seen} if len(items) >= 50 else None
        return Page([Inbound(reply.body, stream=pull.stream)], onward, len(items))
'''
PAGE = {
    "items": [
        {"id": "d-1", "status": "open", "updated_at": "2026-11-20T10:15:00+05:30"},
        {"id": "d-2", "status": "talking", "updated_at": "2026-11-20T11:00:00+05:30"},
        {"id": "d-3", "status": "open", "updated_at": "2026-11-20T11:30:00+05:30"},
    ]
}


class Tree:
    """A copy of the source, and the programs run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = root / "connectors" / "acme_crm" / "connector.py"
        self.cases = root / "tests" / "connectors" / "cases" / "acme_crm"

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a Python module in the tree, with nothing of this checkout on the path before it."""
        keep = {"PATH": os.environ.get("PATH", ""), "CI": "1", "PYTHONPATH": str(self.root), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.root,
            env={**keep, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def ask(self, *suites: str, **environment: str) -> tuple[int, str]:
        """Run the conformance suites for the new connector; the exit code and what they said."""
        words = ("pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short", "-k", "acme_crm")
        done = self.run(*words, *(suites or SUITES), **environment)
        return done.returncode, done.stdout + done.stderr

    def finish(self) -> None:
        """Do the author's part."""
        text = self.code.read_text("utf-8")
        head, rest = text.split('        """Fetch one page of a stream, or')
        text = head + FINISHED_FETCH + "\n\n" + rest[rest.index("def _observation") :]
        head, rest = text.split("def _observation")
        text = head + FINISHED_OBSERVATION + "\n\n" + rest[rest.index("connector = ") :]
        text = text.replace("import read_object\n", "import digest_of, paging_loop, read_object\n")
        text = text.replace("import Inbound, ", "import Call, Inbound, ").replace(
            "import Denied, Rejected", "import Denied, Rejected, SourceBroken"
        )
        self.code.write_text(text, "utf-8")
        (self.cases / "page.json").write_text(json.dumps(PAGE), "utf-8")
        (self.cases / "page.case.toml").write_text('stream = "deals"\n', "utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy of the source with a connector fresh from the generator."""
    root = tmp_path_factory.mktemp("checkout")
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=ignore)
    shutil.copytree(ROOT / "tests" / "ingest", root / "tests" / "ingest", ignore=ignore)
    (root / "tests" / "connectors" / "cases").mkdir(parents=True)
    for path in (ROOT / "tests" / "connectors").glob("*.py"):
        shutil.copy(path, root / "tests" / "connectors")
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / name, root / name)
    made = Tree(root)
    done = made.run(
        "workers.cli", "new-connector", "acme_crm", "--family", "crm", "--label", "Acme CRM", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)["files"]) == sorted(
        [
            f"connectors/acme_crm/{name}"
            for name in ("__init__.py", "README.md", "connector.py", "manifest.toml", "status_map.toml")
        ]
        + [f"tests/connectors/cases/acme_crm/{name}" for name in ("first.json", "signing.py")]
    )
    return made


@pytest.fixture(scope="module")
def worked_on(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Another copy, with the author's part done and its goldens written."""
    root = tmp_path_factory.mktemp("finished")
    shutil.copytree(tree.root, root, dirs_exist_ok=True)
    made = Tree(root)
    made.finish()
    code, said = made.ask(SUITES[0], MUNSHI_WRITE_GOLDEN="new")
    assert code == 0, said
    return made


@pytest.fixture
def finished(worked_on: Tree) -> Iterator[Tree]:
    """The finished connector; what a test spoils is put back."""
    before = {path: path.read_bytes() for path in (worked_on.code, *worked_on.cases.glob("*.*"))}
    yield worked_on
    for path in worked_on.cases.glob("*.*"):
        path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def failures(said: str) -> list[str]:
    """Return the names of the tests that failed."""
    lines = [line for line in said.splitlines() if line.startswith("FAILED")]
    return [line.split(" - ")[0] for line in lines]


# ---- fresh from the generator ----------------------------------------------------------------------
def test_what_is_written_is_clean_in_style_types_and_layers(tree: Tree):
    written = ["connectors/acme_crm", "tests/connectors/cases/acme_crm"]
    for words in (
        ("ruff", "check", *written),
        ("ruff", "format", "--check", *written),
        ("mypy", "-p", "connectors.acme_crm"),
    ):
        done = tree.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    layers = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tree.root, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.root)},
    )  # fmt: skip
    assert layers.returncode == 0, layers.stdout + layers.stderr
    assert "0 broken" in layers.stdout


def test_its_suite_fails_and_each_failure_says_what_to_do_next(tree: Tree):
    code, said = tree.ask(SUITES[0], SUITES[1])
    assert code == 1
    assert (
        "connectors/acme_crm/connector.py: say what one deal becomes (connectors/README.md, step 4)" in said
    )
    assert (
        "connectors/acme_crm/connector.py: fetch a page of the vendor (connectors/README.md, step 6)" in said
    )
    assert "each [[stream]] has a case with `stream = …` in its .case.toml" in said
    for passes in ("manifest", "signature", "secret_verify", "changed_byte", "readme"):
        assert not [failed for failed in failures(said) if passes in failed], said


def test_a_golden_can_t_be_written_before_the_work_is_done(tree: Tree):
    code, said = tree.ask(SUITES[0], MUNSHI_WRITE_GOLDEN="new")
    assert code == 1, said
    assert not list(tree.cases.glob("*.golden.json"))


# ---- the author's part -----------------------------------------------------------------------------
def test_a_finished_connector_passes_all_suites(finished: Tree):
    code, said = finished.ask()
    assert code == 0, said
    golden = json.loads((finished.cases / "page.golden.json").read_text("utf-8"))
    assert [event["external_id"] for event in golden["events"]] == ["d-1", "d-2", "d-3"]


def test_a_missing_golden_and_one_without_a_case_fail(finished: Tree):
    (finished.cases / "page.golden.json").rename(finished.cases / "gone.golden.json")
    code, said = finished.ask(SUITES[0])
    assert code == 1
    assert "page.golden.json is missing. Write it: MUNSHI_WRITE_GOLDEN=new" in said
    assert "gone.golden.json" in said


FAULTS = {
    "another reading than the golden": (0, '{}, word=row["status"]', '{"name": "x"}, word=row["status"]', "reads_as_its_golden"),
    "ids that change with the hour": (
        0, 'f"deals:{row[\'id\']}:{digest}"', 'f"deals:{row[\'id\']}:{datetime.now()}"', "the_same_bytes_again",
    ),
    "any secret will do": (0, "if not matched", "if not given", "no_other"),
    "a signature that isn't compared": (
        0, "hmac.compare_digest(expected, given)", "len(expected) == len(given)", "changed_byte",
    ),
    "paging without an end": (1, "if seen == pull", "if False and seen == pull", "paging_ends"),
    "a cursor that comes again": (1, '{"page": page + 1, "seen": seen}', '{"page": 2}', "paging_ends"),
    "a page of no stream": (1, "stream=pull.stream", "filename='x'", "paging_ends"),
    "the vendor's answer in the error": (
        1, "reply = await call(Call(", "reply = await call(Call(accept=(400,), path=", "no_credential",
    ),
    "a member taken for granted": (2, 'told = row.get("updated_at")', 'told = row["updated_at"]', "fuzz"),
    "floats": (2, '"instant", {}', '"instant", {"amount": 0.5}', "fuzz"),
    "a row dropped without a word": (2, "unreadable.append(Unreadable(", "str(Unreadable(", "costs_only_itself"),
    "a bad row costs the page": (2, "if inbound.stream is None and unreadable", "if unreadable", "costs_only_itself"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(finished: Tree, fault: str):
    suite, right, wrong, caught_by = FAULTS[fault]
    text = finished.code.read_text("utf-8")
    assert text.count(right) == 1, right
    text = text.replace(right, wrong)
    if fault == "the vendor's answer in the error":
        text = text.replace('"The list of deals has another shape."', 'f"It said {reply.body!r}."')
    finished.code.write_text(text, "utf-8")
    code, said = finished.ask(SUITES[suite])
    assert code == 1, said
    assert any(caught_by in failed for failed in failures(said)), said


# ---- refusals --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "Acme",
        "1acme",
        "acme-crm",
        "acme.crm",
        "../acme",
        "class",
        "contract",
        "values",
        "a" * 41,
        "é_crm",
    ],
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str):
    with pytest.raises(Rejected) as refused:
        write_connector(tmp_path, name, family="crm")
    assert refused.value.code == "connector.name"
    assert not list(tmp_path.iterdir())


def test_an_unknown_family_and_a_taken_name_are_refused(tmp_path: Path):
    with pytest.raises(Rejected, match="Choose one of: crm"):
        write_connector(tmp_path, "acme", family="shop")
    write_connector(tmp_path, "acme", family="books")
    with pytest.raises(Rejected, match="connectors/acme is there already") as refused:
        write_connector(tmp_path, "acme", family="books")
    assert refused.value.code == "connector.exists"
    shutil.rmtree(tmp_path / "connectors")
    with pytest.raises(Rejected, match="cases/acme is there already"):
        write_connector(tmp_path, "acme", family="books")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gets_a_manifest_that_can_be_read(tmp_path: Path, family: str):
    import tomllib

    write_connector(tmp_path, "acme", family=family, label='Acme "the best" \\ Co')
    raw = tomllib.loads((tmp_path / "connectors/acme/manifest.toml").read_text("utf-8"))
    assert raw["family"] == family
    assert raw["label"] == "Acme 'the best'  Co"
    assert set(raw) - {"stream", "api"} <= set(Manifest.__dataclass_fields__)
    json.loads((tmp_path / "tests/connectors/cases/acme/first.json").read_text("utf-8"))


def test_outside_a_checkout_it_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert checkout() == ROOT
    monkeypatch.setattr(workers.new_connector, "__file__", str(tmp_path / "workers" / "new_connector.py"))
    done = CliRunner().invoke(app, ["new-connector", "acme", "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stderr)["error"]["code"] == "checkout.missing"
