"""Documents that want too much: deep, wide, aliased, circular, endless; each is answered or refused, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

import pytest

from graph.limits import MAX_ALIASES
from tests.graph.fuzz.asking import DAYS, MOMENTS, NASTY, NUMBERS
from tests.graph.fuzz.service import Service, checked

GROWTH = 200
"""Megabytes that the process may hold more after all of it."""
LEAF = "{ id }"


def _deep(times: int) -> str:
    """Return a party's bills' party's bills …"""
    inner = "id"
    for _ in range(times):
        inner = f"nodes {{ party {{ invoices(first: 1) {{ {inner} }} }} }}"
    return inner


def _frontier() -> dict[str, str]:
    circle = (
        "fragment A on Party { name ...B } fragment B on Party { gstin ...A } { parties { nodes { ...A } } }"
    )
    doubling = " ".join(f"fragment F{n} on Party {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    types = "name fields { type { "
    return {
        "brackets": "{a" * 600 + "}" * 600,
        "brackets of a list": f"{{ parties(first: {'[' * 800}1{']' * 800}) {{ nodes {LEAF} }} }}",
        "brackets of an object": f"{{ parties(first: {'{a:' * 600}1{'}' * 600}) {{ nodes {LEAF} }} }}",
        "a list type": f"query($a: {'[' * 900}Int{']' * 900}) {{ me {LEAF} }}",
        "unclosed": "{" * 15_000,
        "inline fragments": "{ " + "... { " * 450 + "__typename" + " }" * 450 + " }",
        "inline fragments on parties": "{ parties { nodes { " + "... on Party { " * 350 + "id" + " }" * 350 + " } } }",
        "deep": f"{{ parties(first: 1) {{ {_deep(8)} }} }}",
        "deeper": f"{{ parties(first: 1) {{ {_deep(80)} }} }}",
        "wide": "{ me { " + "name " * 1_900 + "} }",
        "the same field": "{ " + "me { name } " * 390 + "}",
        "aliases": "{ " + " ".join(f"a{n}: me {{ name }}" for n in range(262)) + " }",
        "aliases within the limit": "{ " + " ".join(f"a{n}: parties(first: 200) {{ totalCount }}" for n in range(MAX_ALIASES)) + " }",
        "rows times rows": "{ parties(first: 200) { nodes { invoices(first: 200) { nodes { id } } } } }",
        "a fragment inside itself": "fragment A on Party { ...A } { parties { nodes { ...A } } }",
        "a circle of fragments": circle,
        "doubling fragments": f"{doubling} fragment F60 on Party {{ id }} {{ parties {{ nodes {{ ...F0 }} }} }}",
        "10,000 unused fragments": "{ me { name } } " + " ".join(f"fragment F{n} on Me {{ name }}" for n in range(10_000)),
        "unused fragments that fit": "{ me { name } } " + " ".join(f"fragment F{n} on Me{{name}}" for n in range(240)),
        "a spread of nothing": "{ ...Nowhere }",
        "many operations": " ".join(f"query Q{n} {{ me {{ name }} }}" for n in range(240)),
        "two nameless operations": "{ me { name } } { me { name } }",
        "two operations of a name": "query A { me { name } } query A { me { name } }",
        "directives": "{ me { name " + "@include(if: true) " * 240 + "} }",
        "unknown directives": "{ me { name " + "@a " * 900 + "} }",
        "directives on the operation": "query " + "@skip(if: true) " * 240 + "{ me { name } }",
        "defer and stream": "{ ... @defer { me { name } } parties { nodes @stream { id } } }",
        "circular introspection": "{ __schema { types { " + types * 6 + "name" + " } }" * 6 + " } } }",
        "introspection": "{ __schema { types { name fields { name args { name type { name } } } } } }",
        "introspection by alias": "{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(100)) + " }",
        "a type": '{ __type(name: "Query") { fields { name } } }',
        "many variables": "query(" + " ".join(f"$v{n}: Int" for n in range(480)) + ") { me { name } }",
        "arguments": "{ parties(" + " ".join(f"first: {n}" for n in range(480)) + ") { nodes { id } } }",
        "a subscription": "subscription { questions { sequence } }",
        "only a fragment": "fragment A on Me { name }",
        "a schema": "type Query { a: Int }",
        "nothing": "", "comments": "#" * 19_000, "commas": "," * 19_000, "a mark": "\ufeff{ me { name } }", "NUL": "{ me\x00 { name } }",
        "too long": "{ me { name } } #" + "x" * 30_000,
        "a long name": "{ " + "a" * 19_000 + " }",
        "long numbers": f"{{ parties(first: {'9' * 15_000}) {{ nodes {LEAF} }} }}",
        "a long fraction": f"{{ parties(first: 1.{'9' * 15_000}e{'9' * 900}) {{ nodes {LEAF} }} }}",
        "a long Minor": f"{{ findMoney(amount: {'9' * 6_000}) {{ __typename }} }}",
        "many errors": "{ " + " ".join(f"nope{n}" for n in range(900)) + " }",
        "unclosed text": '{ party(id: "', "a lone surrogate": '{ party(id: "\\ud800") { id } }', "a code too far": '{ party(id: "\\u{110000}") { id } }',
        "a block text": '{ party(id: """' + "\n" * 5_000 + '""") { id } }',
        "overlapping": "{ " + " ".join("...{ me { name ...{ id } } }" for _ in range(200)) + " }",
        "words of Python": "{ __class__ { __init__ } me { __dict__ } __proto__ constructor }",
    }  # fmt: skip


FRONTIER = _frontier()


@pytest.mark.parametrize("name", FRONTIER)
def test_an_immoderate_document_is_answered_or_refused(service: Service, name: str) -> None:
    before = service.memory()
    for role in ("owner", "sales", "none"):
        service.ask(FRONTIER[name], {}, role)
    assert service.ask("{ me { name } }")["data"]["me"]["name"]
    assert service.memory() - before < GROWTH


@pytest.mark.parametrize(
    "name", ["brackets", "deeper", "aliases", "a circle of fragments", "doubling fragments", "too long", "10,000 unused fragments"]
)  # fmt: skip
def test_what_is_over_a_limit_is_refused(service: Service, name: str) -> None:
    body = service.ask(FRONTIER[name])
    assert body["data"] is None
    assert body["errors"][0]["extensions"]["kind"] == "rejected"


HUGE = {
    "a long text": {"search": "x" * 100_000},
    "a list": {"search": [1] * 30_000},
    "a deep list": {"search": json.loads("[" * 900 + "]" * 900)},
    "a deep object": {"search": json.loads('{"a":' * 900 + "1" + "}" * 900)},
    "10,000 variables": {f"v{n}": n for n in range(8_000)},
    "names": {"\x00": 1, "__proto__": 1, "": 1, "search": None},
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_variables_are_answered_or_refused(service: Service, name: str) -> None:
    service.ask("query($search: String!) { findParty(text: $search) { id } }", HUGE[name])
    service.ask("query($search: [Int!]) { agingReport(days: $search) { __typename } }", HUGE[name])


def _borders() -> Iterator[tuple[str, object]]:
    yield from (("$x: Int! | receivables(first: $x) { nodes { number } }", one) for one in NUMBERS)
    yield from (("$x: Date | agingReport(asOf: $x) { __typename }", one) for one in DAYS)
    yield from (("$x: DateTime | agingReport(knownAt: $x) { __typename }", one) for one in MOMENTS)
    yield from (("$x: DateTime | whoOwesMe(knownAt: $x) { nodes { __typename } }", one) for one in MOMENTS)
    yield from (("$x: String | findMoney(reference: $x) { __typename }", one) for one in NASTY)
    yield from (("$x: String! | findParty(text: $x) { __typename }", one) for one in NASTY)
    for field in (
        "receivables",
        "parties",
        "invoices",
        "receipts",
        "audit",
        "conflicts",
        "whoOwesMe",
        "payables",
    ):
        yield from ((f"$x: String | {field}(first: 1, after: $x) {{ totalCount }}", one) for one in NASTY)


def test_borders_of_every_scalar_are_answered_or_refused(service: Service) -> None:
    for asked, value in chain(_borders()):
        declared, _, field = asked.partition(" | ")
        service.ask(f"query({declared}) {{ {field} }}", {"x": value})
    service.well()


def test_cursors_of_other_lists_are_answered_or_refused(service: Service) -> None:
    cut = [cursor[:size] for cursor in service.cursors for size in range(0, len(cursor), 19)]
    flipped = [cursor[:at] + chr(ord(cursor[at]) ^ 1) + cursor[at + 1 :] for cursor in service.cursors for at in range(0, len(cursor), 13)]  # fmt: skip
    fields = (
        "receivables",
        "parties",
        "invoices",
        "receipts",
        "audit",
        "conflicts",
        "whoOwesMe",
        "payables",
        "quarantine",
        "bankLines",
    )
    for place, cursor in enumerate([*service.cursors, *cut, *flipped]):
        for field in fields[place % 3 :: 3] if place >= len(service.cursors) else fields:
            service.ask(f"query($x: String) {{ {field}(first: 2, after: $x) {{ pageInfo {{ endCursor }} nodes {{ __typename }} }} }}", {"x": cursor})  # fmt: skip
    service.well()


@pytest.mark.parametrize("operation", [None, "", "Q", "q", "x" * 60_000, "\x00", 7, [], {}])
def test_names_of_operations_are_answered_or_refused(service: Service, operation: object) -> None:
    service.ask("query Q { me { name } }", {}, operationName=operation)


def test_many_documents_leave_no_memory_behind(service: Service) -> None:
    def ask(n: int) -> None:
        text = f"{{ me {{ name }} a{n}: business {{ name }} }} #" + "x" * 15_000
        checked(service.post(json.dumps({"query": text}).encode()))

    for n in range(262):
        ask(n)
    before = service.memory()
    for n in range(262, 342):
        ask(n)
    assert service.memory() - before < 60
