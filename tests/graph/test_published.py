"""What is published: the schema that clients rely on, the codes, and the guide whose commands run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from graph import codes, sdl
from graph.schema import schema

GUIDE = Path(codes.README).read_text("utf-8")
OLD = "type Query { bills(first: Int): [String!]! party: String @deprecated } union U = A | B type A { a: Int } type B { b: Int }"


def test_nothing_that_clients_rely_on_was_taken_away() -> None:
    assert sdl.broken(sdl.PUBLISHED.read_text("utf-8"), sdl.sdl()) == []


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("party: String @deprecated", "", "party was removed"),
        ("bills(first: Int)", "bills(first: Int!)", "Argument Query.bills(first:) has changed type"),
        ("U = A | B", "U = A", "B was removed from union"),
        ("[String!]!", "[String!]", "changed type"),
    ],
)
def test_a_breaking_change_is_found(was: str, now: str, said: str) -> None:
    (change, *_) = sdl.broken(OLD, OLD.replace(was, now))
    assert said in change
    assert sdl.broken(OLD, OLD) == []


def test_a_breaking_change_fails_the_check_and_publishing_settles_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current, published = tmp_path / "schema.graphql", tmp_path / "published.graphql"
    monkeypatch.setattr(sdl, "FILE", current)
    monkeypatch.setattr(sdl, "PUBLISHED", published)
    sdl.main([])
    with pytest.raises(SystemExit, match="published"):
        sdl.main(["--check"])
    published.write_text(sdl.sdl().replace("type Mutation {", "type Mutation {\n  gone: Int\n", 1), "utf-8")
    with pytest.raises(SystemExit, match="gone was removed"):
        sdl.main(["--check"])
    sdl.main(["--publish"])
    sdl.main(["--check"])
    current.write_text("type Query { a: Int }", "utf-8")
    with pytest.raises(SystemExit, match="not current"):
        sdl.main(["--check"])


def test_the_guide_lists_every_code() -> None:
    assert codes.with_table(GUIDE) == GUIDE, "run python -m graph.codes"
    found = codes.codes()
    assert {"conflict.answered", "token.unknown", "graphql.invalid", "idempotency.reused"} <= set(found)


def test_the_guides_queries_fit_the_schema() -> None:
    documents = re.findall(r"```graphql\n(.*?)```", GUIDE, re.DOTALL)
    assert len(documents) >= 5
    for document in documents:
        assert validate(schema._schema, parse(document)) == [], document
