"""The row fast path answers byte for byte as the normal executor does, whatever is asked of whatever rows."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, parse, validate
from graphql import execute as plainly
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.fast_rows import RowExecutor
from graph.schema import schema as ours
from graph.types.basics import MINOR, SAFE, Minor, Money, money
from ledger import queries, views

# The normal way leaves coroutines unstarted where an error ends a list; that is its affair, the answers are ours.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
AWAITABLE: Any = optimized_is_awaitable
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@strawberry.enum
class Colour(Enum):
    """A choice."""

    RED = "red"
    BLUE = strawberry.enum_value("blue", name="AZURE")


@strawberry.interface
class Named:
    """What has a name."""

    name: str


@strawberry.type
class Owner(Named):
    """An object that knows its type."""

    age: int | None


@strawberry.type
class Place:
    """An object that doesn't."""

    code: strawberry.ID
    rows: list[int]
    grid: list[list[str | None]]


@strawberry.type
class Row(Named):
    """A row with a field of every kind."""

    label: str | None
    whole: int
    maybe: int | None
    yes: bool
    share: float | None
    day: date | None
    at: datetime | None
    number: Decimal | None
    key: UUID
    colour: Colour | None
    colours: list[Colour]
    sum: Money | None
    must: Money
    owner: Owner | None
    place: Place
    places: list[Place | None] | None
    anything: Named | None

    @strawberry.field
    def double(self) -> int:
        """A resolver of the row alone; too large for some."""
        return self.whole * 2

    @strawberry.field
    def fails(self) -> int | None:
        """A resolver that fails for some."""
        if self.whole % 7 == 0:
            raise ValueError(f"no {self.whole}")
        return self.whole

    @strawberry.field
    def times(self, factor: int = 3) -> int | None:
        """A resolver with an argument."""
        return self.maybe and self.maybe * factor

    @strawberry.field
    async def later(self) -> str | None:
        """A resolver that is awaited."""
        return self.label


@strawberry.type
class Query:
    """What is asked."""

    @strawberry.field
    def rows(self, info: strawberry.Info[list[Any], None]) -> list[Row]:
        """Rows of which none may be null."""
        return info.context

    @strawberry.field
    async def some(self, info: strawberry.Info[list[Any], None]) -> list[Row | None] | None:
        """Rows of which some may be null."""
        return info.context


SCHEMA = strawberry.Schema(Query, types=[Owner, Row], config=StrawberryConfig(scalar_map={Minor: MINOR}))
FIELDS: dict[str, dict[str, str | None]] = {
    "Row": {
        "name": None, "label": None, "whole": None, "maybe": None, "yes": None, "share": None, "day": None, "at": None,
        "number": None, "key": None, "colour": None, "colours": None, "sum": "Money", "must": "Money", "owner": "Owner",
        "place": "Place", "places": "Place", "anything": "Named", "double": None, "fails": None, "times": None,
        "later": None, "__typename": None,
    },
    "Money": {"minor": None, "currency": None, "formatted": None, "__typename": None},
    "Owner": {"name": None, "age": None, "__typename": None},
    "Named": {"name": None, "__typename": None},
    "Place": {"code": None, "rows": None, "grid": None, "__typename": None},
}  # fmt: skip
SLOW = frozenset({"anything", "times", "later"})


class Document:
    """Writes a random operation: aliases, fragments, and @skip and @include with constants and variables."""

    def __init__(self, draw: Callable[[Any], Any], fields: dict[str, dict[str, str | None]]) -> None:
        self.draw = draw
        self.fields = fields
        self.fragments: list[str] = []

    def selection(self, kind: str, depth: int = 0) -> str:
        names = sorted(self.fields[kind])
        parts = []
        for name in self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=7)):
            inner = self.fields[kind][name]
            body = self.selection(inner, depth + 1) if inner else ""
            alias = self.draw(st.sampled_from(("", "", f"x_{name}: ", f"class_{name}: ")))
            parts.append(f"{alias}{name}{self.directive()} {body}")
        if depth < 3 and self.draw(st.integers(0, 3)) == 0:
            on = self.draw(st.sampled_from(("", f" on {kind}")))
            parts.append(f"...{on}{self.directive()} {self.selection(kind, depth + 1)}")
        if depth < 3 and self.draw(st.integers(0, 3)) == 0:
            name = f"F{len(self.fragments)}"
            self.fragments.append("")
            self.fragments[int(name[1:])] = f"fragment {name} on {kind} {self.selection(kind, depth + 1)}"
            parts.append(f"...{name}{self.directive()}")
        return "{" + " ".join(parts) + "}"

    def directive(self) -> str:
        if self.draw(st.integers(0, 4)):
            return ""
        kind = self.draw(st.sampled_from(("skip", "include")))
        return f" @{kind}(if: {self.draw(st.sampled_from(('true', 'false', '$a', '$b')))})"

    def operation(self, selection: str) -> str:
        body = "{ q: __typename " + selection + " }"
        return f"query Q($a: Boolean!, $b: Boolean! = true) {body} {' '.join(self.fragments)}"


@st.composite
def documents(draw: Callable[[Any], Any]) -> str:
    """An operation on the schema above."""
    made = Document(draw, FIELDS)
    field = draw(st.sampled_from(("rows", "some")))
    # $a and $b are used in any case, or the document would be refused.
    used = "z: __typename @skip(if: $a) y: __typename @include(if: $b)"
    return made.operation(f"{used} {field} {made.selection('Row')}")


TEXT = st.text(max_size=6)
SMALL = st.integers(-9, 9)
LARGE = st.sampled_from((2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**60))
INTS = st.one_of(SMALL, SMALL, SMALL, LARGE)
WRONG = st.sampled_from((None, "text", 3, True, ValueError("an error for a value"), 2.5, object()))
MOMENTS = st.datetimes(timezones=st.sampled_from((UTC, timezone(timedelta(hours=5, minutes=30)))))
MONEY = st.builds(money, st.one_of(SMALL, st.sampled_from((SAFE, SAFE + 1))), st.sampled_from(("INR", "USD")))
OWNERS = st.builds(Owner, name=TEXT, age=st.none() | INTS)
PLACES = st.builds(
    Place, code=TEXT, rows=st.lists(INTS, max_size=3), grid=st.lists(st.lists(st.none() | TEXT, max_size=2))
)
ROWS = st.builds(
    Row, name=TEXT, label=st.none() | TEXT, whole=INTS, maybe=st.none() | INTS, yes=st.booleans(),
    share=st.none() | st.floats(), day=st.none() | st.dates(), at=st.none() | MOMENTS,
    number=st.none() | st.decimals(allow_nan=False), key=st.uuids(), colour=st.none() | st.sampled_from(Colour),
    colours=st.lists(st.sampled_from(Colour), max_size=2), sum=st.none() | MONEY, must=MONEY, owner=st.none() | OWNERS,
    place=PLACES, places=st.none() | st.lists(st.none() | PLACES, max_size=3), anything=st.none() | OWNERS,
)  # fmt: skip


@st.composite
def pages(draw: Callable[[Any], Any]) -> list[Any]:
    """Rows; some are spoilt: a field of another type, an error for a value, no row at all."""
    rows: list[Any] = draw(st.lists(ROWS, max_size=4))
    for place in range(len(rows)):
        if draw(st.integers(0, 5)) == 0:
            setattr(rows[place], draw(st.sampled_from(sorted(Row.__dataclass_fields__))), draw(WRONG))
        if draw(st.integers(0, 9)) == 0:
            rows[place] = draw(WRONG)
    return rows


def run(
    schema: Any, executor: type[Any], document: str, variables: dict[str, Any], context: Any
) -> ExecutionResult:
    """Execute by one of the executors."""

    async def answered() -> ExecutionResult:
        result = plainly(
            schema._schema, parse(document), variable_values=variables, context_value=context,
            executor_class=executor, is_awaitable=AWAITABLE,
        )  # fmt: skip
        done = result if isinstance(result, ExecutionResult) else await result
        others = asyncio.all_tasks() - {asyncio.current_task()}  # what an error has left behind
        await asyncio.gather(*others, return_exceptions=True)
        return done

    return asyncio.run(answered())


def told(result: ExecutionResult) -> bytes:
    """Return an answer as bytes: data in its order, errors with their places."""
    return orjson.dumps(
        {"data": result.data, "errors": [error.formatted for error in result.errors or ()]},
        default=repr,
        option=orjson.OPT_PASSTHROUGH_SUBCLASS,
    )


@given(
    document=documents(), rows=pages(), variables=st.fixed_dictionaries({"a": st.booleans()}), b=st.booleans()
)
@FUZZ
def test_it_answers_as_the_normal_way(
    document: str, rows: list[Any], variables: dict[str, Any], b: bool
) -> None:
    if validate(SCHEMA._schema, parse(document)):
        return  # two fields under one alias
    for given_b in ({}, {"b": b}):
        chosen = {**variables, **given_b}
        normal = run(SCHEMA, StrawberryGraphQLCoreExecutionContext, document, chosen, rows)
        assert told(run(SCHEMA, RowExecutor, document, chosen, rows)) == told(normal)


VIEW = views.InvoiceView(
    id=UUID(int=7), party_id=UUID(int=8), party_name="Sharma Traders", number="INV-102", kind="invoice",
    status="invoice.issued", issued_on=date(2026, 10, 1), due_on=date(2026, 10, 31), amount=118_000, outstanding=59_000,
    currency="INR", age_days=20, overdue_days=20, url="https://books.example/1", description="Pipes",
    dues=(views.DueView(1, date(2026, 10, 31), None, 118_000, 59_000),),
)  # fmt: skip
BILLS: dict[str, dict[str, str | None]] = {
    "InvoiceConnection": {"edges": "InvoiceEdge", "nodes": "Invoice", "pageInfo": "PageInfo", "__typename": None},
    "InvoiceEdge": {"cursor": None, "node": "Invoice", "__typename": None},
    "PageInfo": {"hasNextPage": None, "endCursor": None, "__typename": None},
    "Money": {"minor": None, "currency": None, "formatted": None, "__typename": None},
    "Due": {"number": None, "dueOn": None, "label": None, "amount": "Money", "outstanding": "Money"},
    "Party": {"id": None, "name": None, "net": "Money", "__typename": None},
    "Invoice": {
        "id": None, "partyName": None, "number": None, "kind": None, "status": None, "issuedOn": None, "dueOn": None,
        "amount": "Money", "outstanding": "Money", "ageDays": None, "overdueDays": None, "url": None,
        "description": None, "party": "Party", "dues": "Due", "__typename": None,
    },
}  # fmt: skip
BILL_VIEWS = st.builds(
    views.InvoiceView, id=st.uuids(), party_id=st.uuids(), party_name=TEXT, number=st.none() | TEXT, kind=TEXT,
    status=TEXT, issued_on=st.dates(), due_on=st.none() | st.dates(), amount=INTS, outstanding=INTS,
    currency=st.sampled_from(("INR", "USD")), age_days=INTS, overdue_days=INTS, url=st.none() | TEXT,
    description=st.none() | TEXT,
)  # fmt: skip


class Loaded:
    """A loader that finds the bill above, and no party."""

    def __init__(self, found: Any) -> None:
        self._found = found

    async def load(self, _: UUID) -> Any:
        return self._found


class Asked:
    """A request whose only page is given."""

    def __init__(self, rows: list[views.InvoiceView]) -> None:
        self._page = views.InvoicePage(
            end="end" if rows else None,
            more=bool(rows),
            cursors=tuple(str(r.id) for r in rows),
            rows=tuple(rows),
        )
        self.invoices, self.parties = Loaded(VIEW), Loaded(None)

    async def ask(self, question: Any) -> Any:
        assert isinstance(question, queries.Receivables)
        return self._page


@st.composite
def bill_documents(draw: Callable[[Any], Any]) -> str:
    """An operation on receivables."""
    made = Document(draw, BILLS)
    used = "z: __typename @skip(if: $a) y: __typename @include(if: $b)"
    return made.operation(f"{used} receivables {made.selection('InvoiceConnection')}")


@given(
    document=bill_documents(), rows=st.lists(BILL_VIEWS, max_size=3), variables=st.fixed_dictionaries({"a": st.booleans()})
)  # fmt: skip
@FUZZ
def test_receivables_answer_as_the_normal_way(
    document: str, rows: list[Any], variables: dict[str, Any]
) -> None:
    if validate(ours._schema, parse(document)):
        return
    normal = run(ours, StrawberryGraphQLCoreExecutionContext, document, variables, Asked(rows))
    assert told(run(ours, RowExecutor, document, variables, Asked(rows))) == told(normal)


@pytest.fixture
def slow_lists(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fields whose lists went the normal way."""
    seen: list[str] = []

    def complete(self: Any, return_type: Any, details: Any, info: Any, *rest: Any) -> Any:
        seen.append(info.field_name)
        return normal(self, return_type, details, info, *rest)

    normal = StrawberryGraphQLCoreExecutionContext.complete_list_value
    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "complete_list_value", complete)
    monkeypatch.setattr(RowExecutor, "kept", OrderedDict())
    return seen


PAGE = """{ receivables { edges { cursor node { id number dueOn outstanding { minor currency formatted }
  party { id name } } } nodes { amount { minor } url } pageInfo { endCursor } } }"""


def test_a_page_of_bills_goes_the_fast_way(slow_lists: list[str]) -> None:
    answer = run(ours, RowExecutor, PAGE, {}, Asked([VIEW]))
    assert answer.errors is None
    assert answer.data is not None
    (edge,) = answer.data["receivables"]["edges"]
    assert edge["node"]["outstanding"] == {"minor": 59_000, "currency": "INR", "formatted": "₹590"}
    assert edge["node"]["party"]["name"] == "Sharma Traders"
    assert slow_lists == []
    assert len(RowExecutor.kept) == 2


def test_what_is_awaited_or_has_arguments_goes_the_normal_way(slow_lists: list[str]) -> None:
    row = Row(
        name="a", label="l", whole=1, maybe=2, yes=True, share=None, day=None, at=None, number=None, key=UUID(int=1),
        colour=None, colours=[], sum=None, must=money(1, "INR"), owner=None, place=Place(code=strawberry.ID("c"), rows=[], grid=[]),
        places=None, anything=None,
    )  # fmt: skip
    for name in sorted(SLOW):
        chosen = f"{name} {{ name }}" if FIELDS["Row"][name] else name
        assert run(SCHEMA, RowExecutor, f"{{ rows {{ {chosen} }} }}", {}, [row]).errors is None
        assert slow_lists.pop() == "rows", name
    assert run(SCHEMA, RowExecutor, "{ rows { name double fails } }", {}, [row]).errors is None
    assert slow_lists == []


def test_a_value_that_does_not_fit_is_told_by_the_normal_way(slow_lists: list[str]) -> None:
    answer = run(
        SCHEMA, RowExecutor, "{ some { name } }", {}, [Place(code=strawberry.ID(""), rows=[], grid=[]), None]
    )
    assert slow_lists == ["some"]
    assert answer.data == {"some": [None, None]}
    assert [error.path for error in answer.errors or ()] == [["some", 0]]


def test_a_function_is_kept_for_the_next_request_of_its_document(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: OrderedDict[Any, Any] = OrderedDict()
    monkeypatch.setattr(RowExecutor, "kept", kept)
    document = parse("query Q($a: Boolean!) { some { name @skip(if: $a) label: __typename } }")

    row = Row.__new__(Row)
    row.name = "here"

    async def names(rows: list[Any], *, a: bool) -> Any:
        found = plainly(
            SCHEMA._schema, document, variable_values={"a": a}, context_value=rows, executor_class=RowExecutor,
            is_awaitable=AWAITABLE,
        )  # fmt: skip
        assert not isinstance(found, ExecutionResult)
        return (await found).data

    assert asyncio.run(names([], a=True)) == {"some": []}
    assert not kept, "an empty list needs no function"
    for _ in range(2):
        assert asyncio.run(names([row], a=True)) == {"some": [{"label": "Row"}]}
        assert asyncio.run(names([row], a=False)) == {"some": [{"name": "here", "label": "Row"}]}
        assert len(kept) == 2


def test_functions_that_are_not_used_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: OrderedDict[Any, Any] = OrderedDict()
    monkeypatch.setattr(RowExecutor, "kept", kept)
    monkeypatch.setattr("graph.fast_rows.MOST_KEPT", 5)
    for number in range(20):
        run(ours, RowExecutor, f"{{ receivables {{ nodes {{ n{number}: number }} }} }}", {}, Asked([VIEW]))
    assert len(kept) == 5
