"""Another firm's ids, names and cursors in every field, by everybody who may ask: answered as if there were no such thing.

Each call is made twice, with what the other firm has and with what nobody has. The two answers have to be the same to
the last byte but for what was put in: whatever would tell them apart (a row, a count, an error, its words) is a leak.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLField

from graph.ids import NODE_TYPES
from tests.graph.isolation.calls import (
    CORE,
    ROOTS,
    Giving,
    Slot,
    chosen,
    deepest,
    documents,
    filled,
    nested_lists,
    ways,
    without,
)
from tests.graph.isolation.marks import digests, empty, said, told
from tests.graph.isolation.world import DEAD, LIVE, PUBLIC, World, either, nobodys

ASKERS = LIVE
NAMED = {"source", "name", "word", "externalId", "attachment", "customersOf"}


def askings(
    name: str, of: GraphQLField, args: tuple[str, ...], world: World
) -> Iterator[tuple[Giving, Giving]]:
    """Yield what to put in of the other firm, and beside it what nobody has: in all slots, and in each one alone."""
    _, slots = filled(name, of, args, lambda slot: world.ours.of(slot))
    for kind in NODE_TYPES if "node" in slots else ("Party",):

        def theirs(slot: Slot, kind: str = kind) -> Any:
            return world.theirs.of(slot, kind)

        nothing = {slot: nobodys(slot, kind) for slot in slots}
        yield theirs, nothing.__getitem__
        if len(slots) > 1:
            for one in sorted(slots):
                ours = world.ours.of
                yield either(theirs, ours, one), either(nothing.__getitem__, ours, one)


async def test_both_firms_have_something_in_every_table(world: World) -> None:
    for firm in (world.ours, world.theirs):
        assert not await empty(world.engine, firm.business)


@pytest.mark.parametrize("asker", ASKERS)
async def test_no_question_tells_anything_of_another_firm(world: World, asker: str) -> None:
    token, before, same = world.ours.tokens[asker], world.tries, 0
    for name, of in ROOTS["query"].items():
        for args in ways(of):
            for text in documents("query", name, of, args):
                for theirs, nothing in askings(name, of, args, world):
                    bodies = []
                    for give in (theirs, nothing):
                        values, slots = filled(name, of, args, give)
                        given = [give(slot) for slot in slots]
                        answer = await world.post(token, text, values)
                        world.check(answer, (name, asker, values), given)
                        bodies.append(without(answer.text, given))
                        if not slots:
                            break
                    assert len(set(bodies)) == 1, (name, asker, args, bodies)
                    same += len(bodies) - 1
    print(f"{world.tries - before} questions by {asker}, {same} of them twice")
    assert same > 100


@pytest.mark.parametrize("asker", ASKERS)
async def test_no_mutation_tells_or_touches_anything_of_another_firm(world: World, asker: str) -> None:
    token, before, refused = world.ours.tokens[asker], world.tries, 0
    rows = await world.their_rows()
    for name, of in ROOTS["mutation"].items():
        for args in ways(of):
            for text in documents("mutation", name, of, args):
                for theirs, nothing in askings(name, of, args, world):
                    bodies = []
                    for give in (theirs, nothing):
                        values, slots = filled(name, of, args, give)
                        given = [give(slot) for slot in slots]
                        answer = await world.post(token, text, values)
                        world.put_in |= set(said([give(slot) for slot in slots & NAMED]))
                        world.check(answer, (name, asker, values), given)
                        bodies.append(without(answer.text, given))
                        if not slots:
                            break
                    if '"errors"' in bodies[0]:
                        refused += 1
                        assert len(set(bodies)) == 1, (name, asker, args, bodies)
    print(f"{world.tries - before} mutations by {asker}, {refused} refused")
    now = await world.their_rows()
    assert now == rows, [table for table in rows if rows[table] != now[table]]
    assert refused > 50
    still = await world.post(token, "{ me { name } }")
    assert "errors" not in still.json(), still.text


async def test_who_may_ask_no_more_is_told_nothing(world: World) -> None:
    everything = [
        (
            operation,
            name,
            documents(operation, name, of, ways(of)[0])[0],
            filled(name, of, ways(of)[0], world.ours.of)[0],
        )
        for operation in ("query", "mutation")
        for name, of in ROOTS[operation].items()
    ]
    rows = await world.their_rows()
    own = await digests(world.engine, world.ours.business)
    for asker in DEAD:
        for operation, name, text, values in everything:
            answer = await world.post(world.ours.tokens[asker], text, values)
            assert answer.status_code == 401, (asker, operation, name, answer.text)
            assert answer.json()["data"] is None
            assert not told(answer) & (world.theirs.words | world.ours.words) - PUBLIC, (
                asker,
                name,
                answer.text,
            )
    assert await world.their_rows() == rows
    assert await digests(world.engine, world.ours.business) == own
    print(f"{world.tries} tries by who may ask no more")


async def test_cursors_of_another_firm_are_places_and_nothing_more(world: World) -> None:
    smuggled = 0
    page = "pageInfo { endCursor } __typename"
    for name, of in ROOTS["query"].items():
        if "after" not in of.args:
            continue
        args = [one for one in ways(of)[-1] if one not in ("after", "first")]
        values, _ = filled(name, of, args, world.theirs.of)
        cursor = await _cursor(world, name, of, args, values, page)
        if cursor is None:
            continue
        smuggled += 1
        values, _ = filled(name, of, args, world.ours.of)
        (text, *_) = documents("query", name, of, (*args, "first", "after"))
        for asker in LIVE:
            for key in (cursor, cursor[:-3], cursor[::-1]):
                answer = await world.post(
                    world.ours.tokens[asker], text, {**values, "first": 9, "after": key}
                )
                world.check(answer, (name, asker), (cursor,))
    for kind, name in nested_lists():
        text = f"query($id: ID!, $after: String) {{ node(id: $id) {{ ... on {kind} {{ {name}(first: 1, after: $after) {{ {page} }} }} }} }}"
        theirs = await world.post(world.theirs.tokens["owner"], text, {"id": world.theirs.of(kind)})
        cursor = (theirs.json()["data"]["node"] or {})[name]["pageInfo"]["endCursor"]
        if cursor is None:
            continue
        smuggled += 1
        inner = CORE.type_map[kind].fields[name].type
        deep = deepest(name, [
            f"query($id: ID!, $after: String) {{ node(id: $id) {{ ... on {kind} {{ {name}(first: 9, after: $after) {chosen(inner, depth)} }} }} }}"
            for depth in (4, 3, 2)
        ])  # fmt: skip
        for asker in LIVE:
            for key in (world.ours.of(kind), world.theirs.of(kind)):
                answer = await world.post(world.ours.tokens[asker], deep, {"id": key, "after": cursor})
                world.check(answer, (kind, name, asker), (cursor, key))
    print(f"{smuggled} kinds of cursors smuggled, {world.tries} tries")
    assert smuggled >= 20


async def _cursor(
    world: World, name: str, of: GraphQLField, args: list[str], values: dict[str, Any], page: str
) -> str | None:
    declared = ", ".join(f"${one}: {of.args[one].type}" for one in args)
    passed = ", ".join(["first: 1", *(f"{one}: ${one}" for one in args)])
    text = f"query{f'({declared})' if declared else ''} {{ {name}({passed}) {{ {page} }} }}"
    answer = (await world.post(world.theirs.tokens["owner"], text, values)).json()
    found: str | None = ((answer.get("data") or {}).get(name) or {}).get("pageInfo", {}).get("endCursor")
    return found


async def test_two_firms_asking_at_once_are_each_told_their_own(world: World) -> None:
    alone = {}
    calls = []
    for name, of in ROOTS["query"].items():
        args = ways(of)[-1]
        for firm in (world.ours, world.theirs):
            values, _ = filled(name, of, args, firm.of)
            calls.append((firm, name, documents("query", name, of, args)[0], values))
    for firm, name, text, values in calls:
        alone[firm.business, name] = (await world.post(firm.tokens["owner"], text, values)).text
    heard = set()
    for _ in range(2):
        answers = await gather(
            *(world.post(firm.tokens["owner"], text, values) for firm, _, text, values in calls)
        )
        for (firm, name, _, _), answer in zip(calls, answers, strict=True):
            assert answer.text == alone[firm.business, name], name
            if firm is world.ours:
                world.check(answer, name)
            elif told(answer) & world.secret:
                heard.add(name)
    assert len(heard) > 20, "its own people are told, so that the others can fail"


async def test_a_key_of_another_firm_names_nothing_here(world: World) -> None:
    text = 'mutation($of: ID!, $text: String!) { addNote(partyId: $of, text: $text, idempotencyKey: "k-1") { type note } }'
    of, party = world.theirs, world.ours.of("Party")
    theirs = await world.post(of.tokens["owner"], text, {"of": of.of("Party"), "text": "zephyr says"})
    ours = await world.post(world.ours.tokens["owner"], text, {"of": party, "text": "something else"})
    again = await world.post(world.ours.tokens["owner"], text, {"of": party, "text": "a third thing"})
    assert "errors" not in theirs.json(), theirs.text
    assert "errors" not in ours.json(), ours.text
    assert again.json()["errors"][0]["extensions"]["code"] == "idempotency.reused"
