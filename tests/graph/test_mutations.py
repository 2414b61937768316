"""Every mutation, by generation: described, named once by its caller's key, and its unions and codes as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

import graph.places as places
from graph import codes as told_codes
from graph.context import Request
from graph.ids import NODE_TYPES, global_id
from graph.outcomes import OUTCOMES
from graph.schema import schema
from kit.errors import Rejected
from ledger.commands import AddSource
from ledger.handlers.registry import handler_for
from ledger.store.once import Once, _adapter
from tests.graph.test_workflow import Office, office, quoted  # noqa: F401  fixture

MUTATIONS = dict(sorted(schema._schema.mutation_type.fields.items()))  # type: ignore[union-attr]
BY_NATURE = frozenset(["importFile", "confirmColumns", "replay"])
"""No key is needed: the same bytes add nothing, the same columns are the same, a replay goes on where it was."""
NAMED = {
    "conflictId": "Conflict", "partyId": "Party", "otherId": "Party", "invoiceId": "Invoice", "invoiceIds": "Invoice",
    "ids": "QuarantinedPart",
}  # fmt: skip
SCALARS: dict[str, Any] = {
    "String": "x", "Int": 1, "Boolean": True, "Minor": 100, "Date": "2026-11-20", "Time": "09:00:00",
    "DateTime": "2026-11-21T09:00:00+05:30", "JSON": {}, "Secret": "a secret", "Float": 1.5,
}  # fmt: skip
TEXTS = {"name": "crm:hubspot", "source": "crm:hubspot", "content": "eA==", "connector": "hubspot"}
CREDENTIAL = {"name": "token", "value": "a secret"}


def given(name: str, kind: Any, ids: str) -> Any:
    """Return a value of an input's type, by its name where a text has a form."""
    match kind:
        case GraphQLNonNull():
            return given(name, kind.of_type, ids)
        case GraphQLList() if name == "streams":
            return []
        case GraphQLList():
            return [given(name, kind.of_type, ids)]
        case GraphQLInputObjectType(name="CredentialInput"):
            return CREDENTIAL
        case GraphQLInputObjectType():
            return {field: given(field, one.type, ids) for field, one in kind.fields.items()}
        case GraphQLEnumType():
            return next(iter(kind.values))
    if kind.name == "ID":
        if name in ("answer",):
            return "yes"
        which = NAMED.get(name, ids)
        return str(global_id(which, uuid4())) if which else str(uuid4())
    return TEXTS.get(name, SCALARS[kind.name]) if kind.name == "String" else SCALARS[kind.name]


def document(field: str, ids: str, key: str | None) -> tuple[str, dict[str, Any]]:
    """Return a call of a mutation with every argument, and its variables."""
    arguments = {n: a for n, a in MUTATIONS[field].args.items() if n != "idempotencyKey"}
    variables = {name: given(name, one.type, ids) for name, one in arguments.items()}
    declared = ", ".join(f"${name}: {one.type}" for name, one in arguments.items())
    passed = [f"{name}: ${name}" for name in arguments]
    if key is not None:
        passed.append(f'idempotencyKey: "{key}"')
    leaf = is_leaf_type(get_named_type(MUTATIONS[field].type))
    call = f"{field}({', '.join(passed)})" if passed else field
    return (
        f"mutation{f'({declared})' if declared else ''} {{ {call}{'' if leaf else ' { __typename }'} }}",
        variables,
    )


class Listening:
    """A door that lets questions through, and notes each command with its key instead of doing it."""

    def __init__(self, door: Any) -> None:
        self._door = door
        self.engine, self.clock = door.engine, door.clock
        self.heard: list[tuple[Any, Once | None]] = []

    def reading(self, actor: Any, **how: Any) -> Any:
        """Open the real door for questions."""
        return self._door.reading(actor, **how)

    async def query(self, question: Any, actor: Any) -> Any:
        """Ask the real door."""
        return await self._door.query(question, actor)

    async def execute(self, command: Any, actor: Any, *, once: Once | None = None) -> Any:
        """Note it."""
        self.heard.append((command, once))
        raise Rejected("test.heard", "That was heard.")


async def heard(firm: Office, field: str, key: str | None) -> list[tuple[Any, Once | None]]:
    """Say a mutation and return what reached the door."""
    said: list[Any] = []
    for ids in ("", *NODE_TYPES):
        query, variables = document(field, ids, key)
        door = Listening(firm.firm.door)
        context = Request(door, firm.firm.owner)  # type: ignore[arg-type]
        result = await schema.execute(query, variable_values=variables, context_value=context)
        await context.close()
        if door.heard:
            return door.heard
        said.append(result.errors)
    raise AssertionError(f"{field} told the door nothing: {said}")


@pytest.mark.parametrize("field", [name for name in MUTATIONS if name not in BY_NATURE])
async def test_a_mutation_hands_its_key_to_the_door(field: str, office: Office) -> None:  # noqa: F811
    await office.firm.door.execute(AddSource("crm:hubspot", "hubspot", "HubSpot", {}), office.firm.owner)
    (command, once), *_ = await heard(office, field, "the key")
    assert once == Once("the key", 0)
    assert (await heard(office, field, None))[0][1] is None
    handler = handler_for(type(command))
    if not handler.shown_once:
        _adapter(handler.run)  # its result can be kept, and answered again


def test_every_mutation_takes_a_key() -> None:
    assert [name for name, field in MUTATIONS.items() if "idempotencyKey" not in field.args] == []
    assert set(MUTATIONS) >= BY_NATURE


def described() -> Iterator[tuple[str, str | None]]:
    for name, kind in schema._schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        yield name, kind.description
        for field, one in getattr(kind, "fields", {}).items():
            yield f"{name}.{field}", one.description
            for argument, taken in getattr(one, "args", {}).items():
                yield f"{name}.{field}({argument})", taken.description
        if isinstance(kind, GraphQLEnumType):
            for value, member in kind.values.items():
                yield f"{name}.{value}", member.description


UNSAID = frozenset(["first", "after", "filter", "sort", "status", "basis"])


def test_everything_is_described() -> None:
    assert [
        place
        for place, words in described()
        if not (words or "").strip() and place.rstrip(")").split("(")[-1] not in UNSAID
    ] == []


def test_what_comes_between_is_one_interface() -> None:
    expected = schema._schema.get_type("Outcome")
    unions = [kind for kind in schema._schema.type_map.values() if isinstance(kind, GraphQLUnionType)]
    results = [kind for kind in unions if kind.name.endswith("Result")]
    assert len(results) > 25
    for union in results:
        first, *rest = union.types
        assert rest, union.name
        assert all(expected in one.interfaces for one in rest), union.name
        assert isinstance(first, GraphQLObjectType)
        assert expected not in first.interfaces


def test_every_stale_answer_of_a_mutation_is_an_outcome_or_says_why_not() -> None:
    elsewhere = {
        "alerts.told": "our own programs' alone",
        "audit.head_moved": "a verification, whose answer says it",
        "idempotency.shown_once": "any mutation may answer it, so it is an error",
        "pull.lease_lost": "our own programs' alone",
    }
    stale = {code for code, kind in told_codes.codes().items() if "stale" in kind}
    missing = {
        code for code in stale - OUTCOMES.keys() - elsewhere.keys() if not code.startswith("signature.")
    }
    assert missing == set()
    assert set(OUTCOMES) <= set(told_codes.codes())


def test_every_field_that_an_error_names_is_one_of_a_mutation() -> None:
    names: set[str] = set()
    for field in MUTATIONS.values():
        for name, argument in field.args.items():
            names.add(name)
            kind = get_named_type(argument.type)
            if isinstance(kind, GraphQLInputObjectType):
                names |= set(kind.fields)
    for code, fields in places.FIELDS.items():
        assert {places.to_camel_case(one) for one in fields} & names, code


def test_every_refusal_of_a_command_names_its_field_or_is_about_several() -> None:
    """A new code of a handler is placed in graph.places, names its field itself, or is listed as about the whole."""
    unplaced = {
        code
        for code, where in places_of_handlers().items()
        if code not in places.FIELDS and code not in places.WHOLE and not where
    }
    assert unplaced == set()


QUESTIONS_ALONE = frozenset(
    ["aging", "audit", "bank_lines", "body", "events", "money", "parties", "period", "side", "told", "conflicts", "cursor", "days", "file", "filter", "lines", "link_code", "message", "page", "payables",
     "pick", "quarantine", "search", "sort", "statement", "tds", "time", "to_enter", "forecast", "receipts"]
)  # fmt: skip
"""Families of codes that questions answer with, whose arguments are named in the message."""


def places_of_handlers() -> dict[str, bool]:
    """Return the codes that handlers of the ledger reject with, and whether they name the field themselves."""
    import ast

    found: dict[str, bool] = {}
    for path in sorted((told_codes.ROOT / "ledger" / "handlers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Rejected" and node.args:
                (first, *_), names = node.args, {one.arg for one in node.keywords}
                if isinstance(first, ast.Constant) and first.value.partition(".")[0] not in QUESTIONS_ALONE:
                    found[first.value] = found.get(first.value, True) and bool(names & {"field", "given"})
    return found


# ---- the key, against the database -----------------------------------------------------------------------
async def acts(office: Office, action: str) -> int:  # noqa: F811
    """Count what the trail holds of an action."""
    (row,) = await office.firm.rows(
        "SELECT count(*) AS n FROM audit WHERE business_id = $1 AND action = $2", action
    )
    return int(row["n"])


async def test_the_same_key_twice_is_one_act_and_one_answer(office: Office) -> None:  # noqa: F811
    party = await office.party()
    told = f'partyId: {party}, on: "2026-11-25", idempotencyKey: "one"'
    first = await office.ask(f"mutation {{ makePromise({told}) {{ id promiseOn }} }}", office.ravi)
    again = await office.ask(f"mutation {{ makePromise({told}) {{ id promiseOn }} }}", office.ravi)
    assert first == again
    assert first["data"]["makePromise"]["promiseOn"] == "2026-11-25"
    assert await acts(office, "promise.made") == 1
    other = told.replace("11-25", "11-26")
    body = await office.ask(f"mutation {{ makePromise({other}) {{ id }} }}", office.ravi)
    assert body["errors"][0]["extensions"]["code"] == "idempotency.reused"
    assert body["errors"][0]["extensions"]["field"] == "idempotencyKey"
    await office.ask(f"mutation {{ makePromise({told}) {{ id }} }}", office.sunita)
    assert await acts(office, "promise.made") == 2, "another member's key is another key"


async def test_one_key_told_at_once_from_several_sides_is_one_act(office: Office) -> None:  # noqa: F811
    given = f'partyId: {await office.party()}, text: "Speak to his son", idempotencyKey: "k"'
    await office.ask("{ me { name } }")
    bodies = await asyncio.gather(
        *(office.ask(f"mutation {{ addNote({given}) {{ id words }} }}") for _ in range(8))
    )
    assert all(body == bodies[0] for body in bodies)
    assert "errors" not in bodies[0]
    assert await acts(office, "note.added") == 1


async def test_what_fails_leaves_the_key_free(office: Office) -> None:  # noqa: F811
    party = await office.party()
    late = f'mutation {{ makePromise(partyId: {party}, on: "2020-01-01", idempotencyKey: "k") {{ id }} }}'
    refused = await office.ask(late)
    assert refused["errors"][0]["extensions"]["code"] == "promise.day"
    assert refused["errors"][0]["extensions"]["field"] == "on"
    body = await office.ask(late.replace("2020-01-01", "2026-11-23"))
    assert "errors" not in body


async def test_a_secret_is_told_once_whatever_the_key(office: Office) -> None:  # noqa: F811
    member = quoted(office.ravi.member_id)
    told = f'mutation {{ createLinkCode(memberId: {member}, idempotencyKey: "k") {{ code link }} }}'
    assert len((await office.ask(told))["data"]["createLinkCode"]["code"]) >= 8
    (error,) = (await office.ask(told))["errors"]
    assert error["extensions"]["code"] == "idempotency.shown_once"
    rows = await office.firm.rows("SELECT result FROM done_once WHERE business_id = $1")
    assert [row["result"] for row in rows] == [None]
    reminder = f'mutation {{ prepareReminder(partyId: {await office.party()}, idempotencyKey: "p") {{ __typename }} }}'
    once = await office.ask(reminder)
    if once["data"]["prepareReminder"]["__typename"] == "PrepareReminderPayload":
        assert (await office.ask(reminder))["errors"][0]["extensions"]["code"] == "idempotency.shown_once"


# ---- which input it is about -----------------------------------------------------------------------------
async def place(office: Office, call: str, **variables: Any) -> tuple[str, str | None]:  # noqa: F811
    """Return code and field of the one error of a mutation."""
    (error,) = (await office.ask(call, **variables))["errors"]
    return error["extensions"]["code"], error["extensions"].get("field")


async def test_an_error_names_the_input_that_it_is_about(office: Office) -> None:  # noqa: F811
    await office.money(5_000_000)
    receipt, bill = await office.receipt(), await office.bill("INV-102")
    line = f"{{invoiceId: {bill}, amount: 5000000}}"
    allocate = f"mutation {{ allocateReceipt(receiptId: {receipt}, lines: [{line}, %s]) {{ __typename }} }}"
    nothing = allocate % f"{{invoiceId: {bill}, amount: 0}}"
    assert await place(office, nothing) == ("allocation.line", "lines[1].amount")
    odd = allocate % f'{{invoiceId: {bill}, amount: 1, kind: "gift"}}'
    assert await place(office, odd) == ("allocation.line", "lines[1].kind")
    party = await office.party()
    assert await place(office, allocate % f"{{invoiceId: {party}, amount: 1}}") == (
        "id.wrong_type",
        "lines[1].invoiceId",
    )
    unknown = quoted(global_id("Invoice", UUID(int=7)))
    assert await place(office, allocate % f"{{invoiceId: {unknown}, amount: 1}}") == (
        "invoice.not_found",
        "lines[1].invoiceId",
    )
    add = 'mutation { addMember(input: {name: "A", role: "king"}) { memberId } }'
    assert await place(office, add) == ("member.role", "input.role")
    pay = 'mutation { setPaymentDetails(input: {bank: "ICICI", payee: "%s"}) { payable } }' % ("x" * 200)
    assert await place(office, pay) == ("pay.name", "input.payee")
    firm = 'mutation { changeFirm(input: {gstin: "27AAACR5055K1Z5"}) { name } }'
    assert await place(office, firm) == ("firm.gstin", "input.gstin")
    note = f'mutation {{ setHabit(partyId: {party}, habit: "on_account", note: "{"n" * 600}") {{ __typename }} }}'
    assert await place(office, note) == ("note.too_long", "note")
    several = f"mutation {{ rejectMatch(receiptId: {receipt}) {{ __typename }} }}"
    assert await place(office, several) == ("match.what", None)
    wrong = (
        "mutation ($lines: [ShareInput!]!) { allocateReceipt(receiptId: %s, lines: $lines) { __typename } }"
    )
    lines = [{"invoiceId": "x", "amount": 1}, {"invoiceId": "x", "amount": 1.5}]
    assert await place(office, wrong % receipt, lines=lines) == ("graphql.invalid", "lines[1].amount")
