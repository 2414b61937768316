"""An operation that goes the fast way answers byte for byte as it does the normal way: data, errors and their places."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError, validate
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

import graph.schema as answering
from graph.fast_operation import Fast
from graph.row_columns import COLUMNS, Rows
from graph.types.bills import Invoice, InvoiceEdge
from kit.errors import Denied
from ledger import queries, views
from ledger.handlers.bills import invoice_rows
from ledger.handlers.paging import cursor, marks
from ledger.handlers.receivables import ORDERS
from tests.graph.test_fast_rows import BILLS, FUZZ, INTS, TEXT, Document, Loaded, run, told

TODAY = date(2026, 11, 20)
AGING = ORDERS[0]
RECORDS = st.fixed_dictionaries(
    {
        "id": st.uuids(), "party_id": st.uuids(), "party_name": TEXT, "number": st.none() | TEXT, "kind": TEXT,
        "status": TEXT, "issued_on": st.dates(), "due_on": st.none() | st.dates(), "amount": INTS, "outstanding": INTS,
        "currency": st.sampled_from(("INR", "INR", "USD", "XXX")), "url": st.none() | TEXT,
        "description": st.none() | TEXT,
    }
)  # fmt: skip
SPOILT = st.sampled_from((None, "text", 3, True, 2.5, b"bytes"))


class Page:
    """A request whose page of bills is made of records, as the database gives them; it may also fail."""

    def __init__(self, records: list[dict[str, Any]], *, failing: Exception | None = None) -> None:
        self.cost = 0
        self.asked: list[Any] = []
        self.invoices, self.parties = Loaded(None), Loaded(None)
        self._records, self._failing = records, failing

    async def ask(self, question: Any) -> views.InvoicePage:
        """Answer with the page."""
        self.asked.append(question)
        await asyncio.sleep(0)
        if self._failing is not None:
            raise self._failing
        assert isinstance(question, queries.Receivables)
        after = marks(self._records, AGING, lambda row: (row["due_on"] or row["issued_on"], row["id"]))
        rows = invoice_rows(self._records, TODAY, after)
        return views.InvoicePage(end="end", more=False, cursors=after, rows=rows)


@st.composite
def records(draw: Callable[[Any], Any]) -> list[dict[str, Any]]:
    """Rows of the database; a column of some holds what none can."""
    made: list[dict[str, Any]] = draw(st.lists(RECORDS, max_size=3))
    for row in made:
        if draw(st.integers(0, 6)) == 0:
            row[draw(st.sampled_from(sorted(row)))] = draw(SPOILT)
    return made


ARGUMENTS = (
    "", "(first: $n)", "(first: 3, after: $after)", "(first: null)", "(sort: AMOUNT, asOf: $day)",
    "(filter: {overdueOnly: $a, minOutstanding: 5})", "(filter: $filter)", "(first: $n, filter: {partyId: $after})",
)  # fmt: skip
VARIABLES = st.fixed_dictionaries(
    {"a": st.booleans()},
    optional={
        "b": st.booleans() | st.none(),
        "n": st.sampled_from((1, 50, True, 1.0, "1", None, 2**40)),
        "after": st.sampled_from((None, "abc", 5)),
        "day": st.sampled_from((None, "2026-11-01", "never")),
        "filter": st.sampled_from((None, {}, {"overdueOnly": True}, {"minOutstanding": "x"}, {"search": "pipes"})),
    },
)  # fmt: skip


@st.composite
def operations(draw: Callable[[Any], Any]) -> str:
    """An operation that asks for receivables, mostly once, and things beside it."""
    made = Document(draw, BILLS)
    parts = ["z: __typename @skip(if: $a)", "y: __typename @include(if: $b)"]
    for number in range(draw(st.sampled_from((1, 1, 1, 1, 2)))):
        alias = draw(st.sampled_from(("", "page: ", "class: "))) if number == 0 else "more: "
        asked = f"{alias}receivables{draw(st.sampled_from(ARGUMENTS))}{made.directive()}"
        parts.append(f"{asked} {made.selection('InvoiceConnection')}")
    parts.append(
        draw(st.sampled_from(("", "", "__schema { queryType { name } }", "... on Query { w: __typename }")))
    )
    head = "query Q($a: Boolean!, $b: Boolean! = true, $n: Int! = 2, $after: ID, $day: Date, $filter: ReceivableFilter)"
    return f"{head} {{ {' '.join(parts)} }} {' '.join(made.fragments)}"


UNUSED = "is never used"


def prepared(document: str) -> Any:
    """Parse and validate; an unused variable is no matter here. None if the document is wrong otherwise."""
    try:
        found = answering.prepare.__wrapped__(document)
    except GraphQLError:  # over a limit
        return None
    wrong = [error for error in validate(answering.schema._schema, found.node) if UNUSED not in error.message]
    return None if wrong else found


async def fast(found: Any, variables: dict[str, Any], context: Page) -> Any:
    """Answer the fast way; None where the normal way is gone."""
    asking = found.fast.asking(None, variables)
    return await asking.answer(context) if asking is not None else None


@given(document=operations(), variables=VARIABLES, rows=records(), broken=st.integers(0, 9))
@FUZZ
def test_it_answers_as_the_normal_way(
    document: str, variables: dict[str, Any], rows: list[dict[str, Any]], broken: int
) -> None:
    found = prepared(document)
    if found is None:
        return
    failing = Denied("permission.denied", "No.") if broken == 0 else None
    normal = run(
        answering.schema,
        StrawberryGraphQLCoreExecutionContext,
        document,
        variables,
        Page(rows, failing=failing),
    )
    for _ in range(2):  # the second is asked of what the first has kept
        done = asyncio.run(fast(found, variables, Page(rows, failing=failing)))
        if done is not None:
            assert told(done) == told(normal)


@pytest.fixture
def kept_nothing() -> Iterator[None]:
    """Documents are prepared anew."""
    answering.prepare.cache_clear()
    yield
    answering.prepare.cache_clear()


ROW = {
    "id": UUID(int=7), "party_id": UUID(int=8), "party_name": "Sharma Traders", "number": "INV-102", "kind": "invoice",
    "status": "invoice.issued", "issued_on": date(2026, 10, 1), "due_on": date(2026, 10, 31), "amount": 118_000,
    "outstanding": 59_000, "currency": "INR", "url": None, "description": "Pipes",
}  # fmt: skip
PAGE = """query Page($first: Int!, $after: String) { receivables(first: $first, after: $after) {
  edges { cursor node { id number issuedOn dueOn overdueDays outstanding { minor currency formatted } party { id name } } }
  pageInfo { hasNextPage endCursor } } }"""


@pytest.mark.usefixtures("kept_nothing")
def test_a_page_makes_no_object_of_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rows, "made", property(lambda _: pytest.fail("objects were made")))
    answer = asyncio.run(
        answering.answer(PAGE, variables={"first": 50}, operation_name=None, context=Page([ROW]))  # type: ignore[arg-type]
    )
    assert answer.errors is None
    (edge,) = (answer.data or {})["receivables"]["edges"]
    assert edge["cursor"] == cursor(AGING, date(2026, 10, 31), UUID(int=7))
    assert edge["node"]["overdueDays"] == 20
    assert edge["node"]["outstanding"] == {"minor": 59_000, "currency": "INR", "formatted": "₹590"}


@pytest.mark.usefixtures("kept_nothing")
def test_each_page_of_a_document_is_asked_with_its_own_variables() -> None:
    async def asked(**variables: Any) -> list[Any]:
        page = Page([ROW])
        await answering.answer(PAGE, variables=variables, operation_name="Page", context=page)  # type: ignore[arg-type]
        return [(one.first, one.after) for one in page.asked]

    for _ in range(2):
        assert asyncio.run(asked(first=5)) == [(5, None)]
        assert asyncio.run(asked(first=5, after="abc")) == [(5, "abc")]
        assert asyncio.run(asked(first=True)) == [], "1 and true are equal, but not to GraphQL"
        assert asyncio.run(asked(first=1)) == [(1, None)]
    fast_ = answering.prepare(PAGE).fast
    assert len(fast_.asked) == 3
    assert len(fast_.questions) == 1


@pytest.mark.parametrize(
    "document",
    [
        "{ receivables { totalCount } }",
        "{ receivables { nodes { dues { number } } } }",
        "{ a: receivables { pageInfo { endCursor } } b: receivables { pageInfo { endCursor } } }",
        "mutation { commentOnConflict(input: {}) { __typename } }",
        "{ __schema { queryType { name } } }",
        "{ receivables { nodes { party { net { minor } } } } }",
    ],
)
def test_what_needs_the_executor_goes_the_normal_way(document: str) -> None:
    node = answering.prepare.__wrapped__(document).node
    assert Fast(answering.schema._schema, node).asking(None, {}) is None


@pytest.mark.usefixtures("kept_nothing")
def test_a_value_that_does_not_fit_is_told_by_the_normal_way() -> None:
    page = Page([{**ROW, "status": None}])
    answer = asyncio.run(
        answering.answer(
            "{ receivables { nodes { status } } }", variables=None, operation_name=None, context=page
        )  # type: ignore[arg-type]
    )
    assert answer.data is None
    assert [error.path for error in answer.errors or ()] == [["receivables", "nodes", 0, "status"]]


def test_columns_name_fields_of_their_types() -> None:
    types = answering.schema._schema.type_map
    for kind, columns in ((Invoice, COLUMNS[Invoice]), (InvoiceEdge, COLUMNS[InvoiceEdge])):
        assert set(columns) <= set(types[kind.__name__].fields)  # type: ignore[attr-defined]


def test_what_is_kept_of_a_document_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.fast_operation.MOST_KEPT", 5)
    found = answering.prepare.__wrapped__(PAGE).fast
    for number in range(1, 20):
        assert found.asking(None, {"first": number}) is not None
        assert len(found.asked) <= 5
