"""The schema as a file: `python -m graph.sdl` writes it, --check holds it against the code and what was published.

graph/published.graphql is what integrators rely on. What would break them fails the check; --publish, the deliberate
act, makes the schema of today the published one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from graphql import build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from graph.schema import schema

FILE = Path(__file__).with_name("schema.graphql")
PUBLISHED = Path(__file__).with_name("published.graphql")


def sdl() -> str:
    """Return the schema in the schema definition language."""
    return schema.as_str() + "\n"


def broken(published: str, current: str) -> list[str]:
    """Say what a client of the published schema could no longer do with the current one."""
    found = find_breaking_changes(build_schema(published), build_schema(current))
    return sorted(f"{change.type.name}: {change.description}" for change in found)


def dangerous(published: str, current: str) -> list[str]:
    """Say what a client of the published schema may stumble over: a new member of a union, another default."""
    found = find_dangerous_changes(build_schema(published), build_schema(current))
    return sorted(f"{change.type.name}: {change.description}" for change in found)


def check() -> None:
    """End with what is wrong, if anything is; what is merely dangerous is said."""
    current = sdl()
    if not FILE.exists() or FILE.read_text("utf-8") != current:
        sys.exit("graph/schema.graphql is not current. Run python -m graph.sdl and commit it.")
    if not PUBLISHED.exists():
        sys.exit("graph/published.graphql is missing. Run python -m graph.sdl --publish and commit it.")
    published = PUBLISHED.read_text("utf-8")
    for change in dangerous(published, current):
        sys.stderr.write(f"careful: {change}\n")
    if breaks := broken(published, current):
        sys.exit(
            "This breaks clients of graph/published.graphql:\n  "
            + "\n  ".join(breaks)
            + "\nTake it back, or, if it is meant, say so to integrators and run python -m graph.sdl --publish."
        )


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case []:
            FILE.write_text(sdl(), "utf-8")
        case ["--check"]:
            check()
        case ["--publish"]:
            FILE.write_text(sdl(), "utf-8")
            PUBLISHED.write_text(sdl(), "utf-8")
        case _:
            sys.exit("usage: python -m graph.sdl [--check | --publish]")


if __name__ == "__main__":
    main(sys.argv[1:])
