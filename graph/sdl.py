"""Write graph/schema.graphql, or with --check fail if it differs from the schema."""

from __future__ import annotations

import sys
from pathlib import Path

from graph.schema import schema

FILE = Path(__file__).with_name("schema.graphql")


def sdl() -> str:
    """Return the schema in the schema definition language."""
    return schema.as_str() + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if not FILE.exists() or FILE.read_text("utf-8") != sdl():
            sys.exit("graph/schema.graphql is not current. Run python -m graph.sdl and commit it.")
    elif sys.argv[1:]:
        sys.exit("usage: python -m graph.sdl [--check]")
    else:
        FILE.write_text(sdl(), "utf-8")
