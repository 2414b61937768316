"""`munshi new-connector`: the files of a new connector, and a first case that fails until its author has done his part."""

from __future__ import annotations

import keyword
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Annotated

import typer
from rich.markup import escape

from kit.errors import Rejected
from workers.cli_output import AsJson, say, show, told


@dataclass(frozen=True, slots=True)
class Family:
    """What a family of tools is mostly asked for, and how often."""

    stream: str
    noun: str
    kind: str
    every_minutes: int = 15


FAMILIES = {
    "crm": Family("deals", "deal", "deal"),
    "payment": Family("payments", "payment", "payment"),
    "books": Family("invoices", "invoice", "invoice"),
    "bank": Family("transactions", "transaction", "bank_line", 60),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_CODE = {
    "__init__.py": "init.py.txt",
    "manifest.toml": "manifest.toml.txt",
    "status_map.toml": "status_map.toml.txt",
    "connector.py": "connector.py.txt",
    "README.md": "README.md.txt",
}
_CASES = {"first.json": "first.json.txt", "signing.py": "signing.py.txt"}


def checkout() -> Path:
    """Return the root of the source tree that this program runs from; Rejected if it was installed from a package."""
    root = Path(__file__).resolve().parents[1]
    project = root / "pyproject.toml"
    named = tomllib.loads(project.read_text("utf-8")).get("project", {}) if project.is_file() else {}
    if named.get("name") != "munshi" or not (root / "tests" / "connectors").is_dir():
        raise Rejected(
            "checkout.missing",
            "A connector is written in a checkout of Munshi's source, and this isn't one.",
            remedy="Clone the repository, run make install there, and run it from .venv/bin/munshi.",
        )
    return root


def write_connector(root: Path, name: str, *, family: str, label: str = "") -> list[Path]:
    """Write the files of a connector below `root` and return their paths; Rejected for a bad or taken name."""
    kind = FAMILIES.get(family)
    if kind is None:
        raise Rejected(
            "connector.family",
            f"{family[:40]!r} is no family of sources.",
            remedy=f"Choose one of: {', '.join(FAMILIES)}.",
        )
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in ("contract", "values"):
        raise Rejected(
            "connector.name",
            f"{name[:40]!r} can't be a connector's name.",
            remedy="Use 2 to 40 small letters, digits and _, a letter first: zoho_books.",
        )
    code, cases = root / "connectors" / name, root / "tests" / "connectors" / "cases" / name
    for folder in (code, cases):
        if folder.exists():
            raise Rejected(
                "connector.exists",
                f"{folder.relative_to(root)} is there already.",
                remedy="Choose another name, or go on with what is there.",
            )
    words = {
        "name": name,
        "family": family,
        "label": (label or name.replace("_", " ").title()).replace("\\", "").replace('"', "'"),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "header": name.replace("_", "-"),
        "stream": kind.stream,
        "noun": kind.noun,
        "kind": kind.kind,
        "every": str(kind.every_minutes),
    }
    starter = resources.files("workers") / "starter"
    made = []
    for folder, files in ((code, _CODE), (cases, _CASES)):
        folder.mkdir(parents=True)
        for filename, template in files.items():
            text = Template((starter / template).read_text("utf-8")).substitute(words)
            path = folder / filename
            path.write_text(text, "utf-8")
            made.append(path)
    return made


@told
def new_connector(
    name: Annotated[str, typer.Argument(help="What it is called in code, like zoho_books.")],
    family: Annotated[str, typer.Option(help=f"One of: {', '.join(FAMILIES)}.")] = "crm",
    label: Annotated[str, typer.Option(help="What people call it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write the files of a new connector, and a first case that fails until they are filled in."""
    root = checkout()
    made = [
        path.relative_to(root).as_posix() for path in write_connector(root, name, family=family, label=label)
    ]

    def human() -> None:
        for path in made:
            say(escape(path))
        say("\nIts tests say what to do next; connectors/README.md says how:")
        say(f".venv/bin/pytest tests/ingest/test_conformance.py -k {name}")

    show({"name": name, "family": family, "files": made}, as_json=as_json, human=human)
