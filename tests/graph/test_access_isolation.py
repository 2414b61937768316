"""Another firm's ids in every field and mutation, by every role: answered as if there were no such thing.

Each call is made twice, with an id of the other firm and with one that nobody has. The two answers have to be the same to
the last byte but for the id itself: whatever would tell them apart (a row, a count, an error, its words) is a leak.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
import pytest
from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from graph import endpoint, limits
from graph.context import Request
from graph.errors import shown
from graph.ids import NODE_TYPES, global_id
from graph.schema import answer, prepare, schema
from kit.database import transaction
from kit.ids import digest, uuid7
from ledger.commands import AddBusiness, AddMember
from ledger.commands.tokens import CreateToken, RecogniseToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from tests.graph.pages_firm import Sample

QUERIES = dict(sorted(schema._schema.query_type.fields.items()))  # type: ignore[union-attr]
MUTATIONS = dict(sorted(schema._schema.mutation_type.fields.items()))  # type: ignore[union-attr]
ROLES = ("owner", "finance", "sales", "view")
TABLES = {
    "Party": "parties", "Invoice": "invoices", "Payable": "payables", "Conflict": "conflicts", "Receipt": "receipts",
    "Member": "members", "BankLine": "bank_lines", "Event": "external_events", "": "parties",
}  # fmt: skip
"""Where the other firm has rows of a kind; of the others it has none, and its parties' ids are tried in their place."""
SCALARS: dict[str, Any] = {
    "String": "x", "Int": 1, "Boolean": False, "Minor": 100, "Date": "2026-11-20", "Time": "09:00:00",
    "DateTime": "2026-11-21T09:00:00+05:30", "JSON": {}, "Secret": "a secret", "Float": 1.5,
}  # fmt: skip
DEPTH = 5


def given(name: str, kind: Any, key: str) -> Any:
    """Return a value of an input's type; every id is `key`."""
    match kind:
        case GraphQLNonNull():
            return given(name, kind.of_type, key)
        case GraphQLList():
            return [given(name, kind.of_type, key)]
        case GraphQLInputObjectType():
            return {field: given(field, one.type, key) for field, one in kind.fields.items()}
        case GraphQLEnumType():
            return next(iter(kind.values))
    if kind.name == "ID":
        return key
    return None if name in ("after", "asOf", "knownAt") else SCALARS[kind.name]


def takes_ids(kind: Any) -> bool:
    """Whether an input holds an id anywhere."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return any(takes_ids(one.type) for one in named.fields.values())
    return bool(named.name == "ID")


def chosen(kind: Any, depth: int) -> str:
    """Return a selection of everything that needs no argument, so many objects deep."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        return "{ __typename }"
    parts = ["__typename"]
    for name, one in named.fields.items():
        if any(isinstance(argument.type, GraphQLNonNull) for argument in one.args.values()):
            continue
        inner = get_named_type(one.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif depth > 1:
            first = "(first: 1)" if "first" in one.args else ""
            parts.append(f"{name}{first} {chosen(inner, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def needed(field: GraphQLField) -> list[str]:
    """Return the arguments that have to be given, and those that are ids."""
    return [
        name
        for name, one in field.args.items()
        if get_named_type(one.type).name == "ID"
        or (isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined)
    ]


def documents(operation: str, name: str, field: GraphQLField, args: Iterable[str]) -> list[str]:
    """Return calls with arguments as variables, one for each type that may answer, as deep as the limits let it be."""
    declared = ", ".join(f"${one}: {field.args[one].type}" for one in args)
    passed = ", ".join(f"{one}: ${one}" for one in args)
    head = f"{operation}{f'({declared})' if declared else ''} {{ {name}{f'({passed})' if passed else ''} "
    named = get_named_type(field.type)
    if is_leaf_type(named) or isinstance(named, GraphQLObjectType):
        return [_deepest(name, [f"{head}{chosen(named, depth)} }}" for depth in range(DEPTH, 0, -1)])]
    return [
        _deepest(
            f"{name} {one.name}",
            [
                f"{head}{{ __typename ... on {one.name} {chosen(one, depth)} }} }}"
                for depth in range(DEPTH, 0, -1)
            ],
        )
        for one in schema._schema.get_possible_types(cast(GraphQLAbstractType, named))
    ]


def _deepest(what: str, texts: list[str]) -> str:
    for text in texts:
        if len(text) > limits.MAX_QUERY:
            continue
        try:
            errors = prepare(text).errors
        except GraphQLError:  # over a limit: one less deep
            continue
        assert not errors, (what, errors)
        return text
    raise AssertionError(f"no selection of {what} is within the limits")


class Attacker:
    """A firm with nothing in it but its members, who ask for another's rows."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.actors: dict[str, Actor] = {}
        self.tries = 0

    async def found(self) -> None:
        """Found it, with a member and a token of every role."""
        clerk = system(uuid7(), "test")
        await self._door.execute(AddBusiness(clerk.business_id, "Nobody's"), clerk)
        for role in ROLES:
            member = await self._door.execute(AddMember(role, role, crm_owner="own-1"), clerk)
            token = await self._door.execute(CreateToken(member, role), clerk)
            by = system(clerk.business_id, "graphql")
            self.actors[role] = await self._door.execute(RecogniseToken(digest(token.encode())), by)

    async def says(self, actor: Actor, text: str, variables: dict[str, Any]) -> str:
        """Return the answer as it would be sent."""
        self.tries += 1
        context = Request(self._door, actor)
        try:
            result = await answer(text, variables=variables, operation_name=None, context=context)
            body: dict[str, Any] = {"data": result.data}
            if result.errors:
                body["errors"] = [shown(error) for error in result.errors]
        except GraphQLError as error:
            body = {"errors": [shown(error)]}
        finally:
            await context.close()
        return orjson.dumps(body).decode()


@pytest.fixture
async def theirs(door: Door, owner: Actor) -> Sample:
    """The firm that has lived."""
    made = Sample(door, owner)
    await made.live()
    return made


@pytest.fixture
async def attacker(door: Door, theirs: Sample) -> Attacker:
    """Somebody else's firm."""
    made = Attacker(door)
    await made.found()
    return made


@pytest.fixture
async def rows(engine: AsyncEngine, theirs: Sample, business: UUID) -> dict[str, UUID]:
    """An id of the firm that has lived, of each kind."""
    found: dict[str, UUID] = {}
    async with transaction(engine, [business]) as tx:
        for kind in ("", *NODE_TYPES):
            table = TABLES.get(kind, "parties")
            found[kind] = await tx.value(f"SELECT id FROM {table} WHERE business_id = $1 LIMIT 1", business)
    assert None not in found.values(), found
    return found


async def marks(engine: AsyncEngine, business: UUID) -> set[str]:
    """What only the firm that has lived can have told: its ids, names and numbers."""
    found: set[str] = {str(business)}
    async with transaction(engine, [business]) as tx:
        for table in sorted({*TABLES.values()}):
            found |= {str(row["id"]) for row in await tx.fetch(f"SELECT id FROM {table}")}
        for sql in ("SELECT name FROM parties", "SELECT number FROM invoices WHERE number IS NOT NULL"):
            found |= {row[0] for row in await tx.fetch(sql)}
    return {mark for mark in found if len(mark) > 5}


def spelt(kind: str, key: UUID) -> str:
    """Return an id as a caller writes it: global, or (of no kind) bare."""
    return str(global_id(kind, key)) if kind else str(key)


def plainly(body: str, kind: str, key: UUID) -> str:
    """Return an answer with the id that was asked for taken out, in both its forms."""
    return body.replace(spelt(kind, key), "<id>").replace(str(key), "<id>")


def fields(operation: str) -> Iterator[tuple[str, GraphQLField]]:
    """Every field of the root."""
    yield from (QUERIES if operation == "query" else MUTATIONS).items()


def variables_of(field: GraphQLField, args: Iterable[str], key: str) -> dict[str, Any]:
    """Return a value for each of these arguments; every id is `key`."""
    return {name: given(name, field.args[name].type, key) for name in args}


async def kinds_taken(name: str, field: GraphQLField, operation: str, attacker: Attacker) -> list[str]:
    """Return the kinds of ids that a field takes; one without ids is tried once, with none."""
    if not any(takes_ids(one.type) for one in field.args.values()):
        return [""]
    taken = []
    text = documents(operation, name, field, field.args)[0]
    for kind in ("", *NODE_TYPES):
        variables = variables_of(field, field.args, spelt(kind, uuid4()))
        if '"id.' not in await attacker.says(attacker.actors["owner"], text, variables):
            taken.append(kind)
    return taken


@pytest.mark.parametrize("operation", ["query", "mutation"])
async def test_nothing_of_another_firm_is_told_whatever_is_asked(
    operation: str, attacker: Attacker, rows: dict[str, UUID], engine: AsyncEngine, business: UUID
) -> None:
    secret = await marks(engine, business)
    refused = 0
    for name, field in fields(operation):
        kinds = await kinds_taken(name, field, operation, attacker)
        ways = dict.fromkeys((tuple(field.args), tuple(needed(field))))
        for kind, args in product(kinds, ways):
            texts = documents(operation, name, field, args)
            for text, actor in product(texts, attacker.actors.values()):
                bodies = []
                for key in (rows[kind], uuid4()):
                    variables = variables_of(field, args, spelt(kind, key))
                    body = plainly(await attacker.says(actor, text, variables), kind, key)
                    told = [mark for mark in secret if mark in body]
                    assert not told, (name, actor.role, told, body)
                    assert '"internal"' not in body, (name, variables, body)
                    bodies.append(body)
                if operation == "query" or '"errors"' in bodies[0]:
                    assert bodies[0] == bodies[1], (name, actor.role, kind)
                refused += '"errors"' in bodies[0]
    print(f"{attacker.tries} tries of {operation}, {refused} refused")
    assert attacker.tries > 400
    assert refused > 100


async def test_its_own_members_are_told_so_that_the_other_test_can_fail(
    attacker: Attacker, theirs: Sample, rows: dict[str, UUID], engine: AsyncEngine, business: UUID
) -> None:
    secret = await marks(engine, business)
    told = set()
    for name, field in fields("query"):
        args = needed(field)
        texts = documents("query", name, field, args)
        for kind, text in product(await kinds_taken(name, field, "query", attacker), texts):
            variables = variables_of(field, args, spelt(kind, rows[kind]))
            body = plainly(await attacker.says(theirs.owner, text, variables), kind, rows[kind])
            assert '"internal"' not in body, (name, json.dumps(variables), body)
            if any(mark in body for mark in secret):
                told.add(name)
                break
    assert {"receivables", "parties", "party", "node", "whoOwesMe"} <= told
    assert len(told) >= 15


async def test_cursors_of_another_firm_are_places_and_nothing_more(
    attacker: Attacker, theirs: Sample, engine: AsyncEngine, business: UUID
) -> None:
    secret = await marks(engine, business)
    smuggled = 0
    for name, field in fields("query"):
        if "after" not in field.args or needed(field):
            continue
        page = "pageInfo { endCursor } nodes { __typename }"
        text = f"query($after: String) {{ {name}(first: 1, after: $after) {{ {page} }} }}"
        own = json.loads(await attacker.says(theirs.owner, text, {"after": None}))
        cursor = ((own.get("data") or {}).get(name) or {}).get("pageInfo", {}).get("endCursor")
        if cursor is None:
            continue
        smuggled += 1
        deep = documents("query", name, field, ("first", "after"))[0]
        for actor in attacker.actors.values():
            first = await attacker.says(actor, deep, {"first": 1})
            after = await attacker.says(actor, deep, {"first": 1, "after": cursor})
            assert not [mark for mark in secret if mark in after], (name, actor.role)
            assert first == after, (name, actor.role)
    assert smuggled >= 4


def test_the_endpoint_answers_by_the_same_functions() -> None:
    """What is tried here is what is served."""
    served = vars(endpoint)
    assert (served["answer"], served["shown"]) == (answer, shown)
