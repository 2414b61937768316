"""Imports point one way: the contracts hold, and planted violations of each of them are caught."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("kit", "ledger", "connectors", "ingest", "workers", "graph", "bot")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    return subprocess.run([*command, "--no-cache"], cwd=tree, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_our_imports_keep_the_contracts(tree: Path) -> None:
    found = lint(tree)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("kit/planted.py", "import ledger.commands", "all on kit"),
        ("ledger/planted.py", "import connectors.contract", "all on kit"),
        ("connectors/planted.py", "import ledger.domain.events", "all on kit"),
        ("ingest/planted.py", "import workers.drainer", "all on kit"),
        ("ledger/domain/planted.py", "import ledger.store.tables", "Inside the ledger"),
        ("ledger/store/planted.py", "import ledger.handlers.registry", "Inside the ledger"),
        ("ledger/reconcile/planted.py", "import ledger.dispatch", "Inside the ledger"),
        ("connectors/planted.py", "import sqlalchemy", "Connectors know nothing"),
        ("connectors/planted.py", "import telegram", "Connectors know nothing"),
        ("ledger/domain/planted.py", "import httpx", "The domain is pure"),
        ("ledger/domain/planted.py", "import kit.clock", "The domain is pure"),
        ("connectors/first/planted.py", "import connectors.second", "Connectors don't know each other"),
        ("connectors/values.py", "import connectors.second", "Connectors don't know each other"),
        ("connectors/values.py", "import sqlalchemy", "Connectors know nothing"),
    ],
)
def test_a_planted_violation_is_caught(tree: Path, module: str, statement: str, contract: str) -> None:
    planted = tree / module
    made = [tree / "connectors" / name for name in ("first", "second")]
    for folder in made:
        folder.mkdir()
        (folder / "__init__.py").write_text("")
    before = planted.read_text() if planted.exists() else None
    planted.write_text(f"{before or ''}\n{statement}\n")
    try:
        found = lint(tree)
    finally:
        if before is None:
            planted.unlink()
        else:
            planted.write_text(before)
        for folder in made:
            shutil.rmtree(folder)
    assert found.returncode == 1, found.stdout
    broken = [line for line in found.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken), found.stdout
