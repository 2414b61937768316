"""A typed client of the GraphQL API, to be copied: it pages, keeps a copy, answers a question once, and follows errors.

It needs httpx and pydantic, and nothing of Munshi:

    MUNSHI_TOKEN=munt_… python client.py http://127.0.0.1:8420
"""

from __future__ import annotations

import asyncio
import os
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

TRIES = 4
PAUSE = 0.5


class Row(BaseModel):
    """What the API answers with: camel case on the wire, and fields that come later are no surprise."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Money(Row):
    """Minor units (paise) and a currency; never a float."""

    minor: int
    currency: str


class Customer(Row):
    """Who owes."""

    id: str
    name: str


class Bill(Row):
    """An open bill."""

    id: str
    number: str | None
    due_on: str | None
    outstanding: Money
    party: Customer


class Agreed(Row):
    """What a source says of a party, or what is agreed with it: gstin, terms_days, credit_limit, owner …"""

    name: str
    value: str | None


class KeptParty(Row):
    """A customer or vendor in our copy."""

    id: str
    name: str
    is_customer: bool
    is_vendor: bool
    attributes: list[Agreed]


class Whose(Row):
    """A party by its id, which the copy has."""

    id: str


class KeptBill(Row):
    """A bill in our copy."""

    id: str
    number: str | None
    status: str
    outstanding: Money
    party: Whose


@dataclass(slots=True)
class Copy:
    """What we keep, by id, and the last sequence of the audit trail that is in it."""

    last: int
    parties: dict[str, KeptParty] = field(default_factory=dict)
    bills: dict[str, KeptBill] = field(default_factory=dict)

    def put(self, node: dict[str, Any]) -> None:
        """Write one by its id, whether it is new or known."""
        if node["__typename"] == "Party":
            self.parties[node["id"]] = KeptParty.model_validate(node)
        else:
            self.bills[node["id"]] = KeptBill.model_validate(node)

    def drop(self, key: str) -> None:
        """Forget what is gone, or is another by now."""
        self.parties.pop(key, None)
        self.bills.pop(key, None)


class Answer(Row):
    """An answer to choose."""

    id: str
    label: str


class Question(Row):
    """A question that waits."""

    id: str
    version: int
    title: str
    answers: list[Answer]


class Resolved(Row):
    """Our answer stands."""

    typename: Literal["ConflictPayload"] = Field(alias="__typename")


class AlreadyAnswered(Row):
    """Somebody was faster."""

    typename: Literal["AlreadyAnswered"] = Field(alias="__typename")
    answered_by: str | None
    answer_label: str | None


class LookAgain(Row):
    """The evidence changed, the question isn't asked any more, or an outcome that came with a later version."""

    typename: str = Field(alias="__typename")
    code: str = ""
    message: str = ""
    remedy: str = ""


ResolveResult = Annotated[Resolved | AlreadyAnswered | LookAgain, Field(union_mode="left_to_right")]
_RESULT: TypeAdapter[ResolveResult] = TypeAdapter(ResolveResult)


class ApiError(Exception):
    """An answer with an error: `code` is stable, `kind` says what to do, `field` which input it is about."""

    def __init__(self, message: str, *, code: str, kind: str, remedy: str, field: str | None) -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.code = code
        self.kind = kind
        self.remedy = remedy
        self.field = field


RECEIVABLES = """
query ($after: String) {
  receivables(first: 50, after: $after) {
    nodes { id number dueOn outstanding { minor currency } party { id name } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
QUESTIONS = "{ conflicts(first: 50) { nodes { id version title answers { id label } } } }"
PARTY = "fragment KeptParty on Party { __typename id name isCustomer isVendor attributes { name value } } "
BILL = "fragment KeptBill on Invoice { __typename id number status outstanding { minor currency } party { id } } "
LISTS = {
    "parties": """query ($after: String) { parties(first: 100, after: $after) {
      nodes { ...KeptParty } pageInfo { hasNextPage endCursor } } } """
    + PARTY,
    "invoices": """query ($after: String) { invoices(first: 100, after: $after) {
      nodes { ...KeptBill } pageInfo { hasNextPage endCursor } } } """
    + BILL,
}
PLACE = "{ business { sequence } }"
CHANGED = """
query ($last: Int!) {
  audit(filter: {afterSequence: $last, actions: ["party.changed", "invoice.changed"]}, oldestFirst: true, first: 100) {
    nodes { sequence subject entry }
    pageInfo { hasNextPage }
  }
}
"""
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { ...KeptParty ...KeptBill } } " + PARTY + BILL
RESOLVE = """
mutation ($input: ResolveConflictInput!, $key: String!) {
  resolveConflict(input: $input, idempotencyKey: $key) {
    __typename
    ... on AlreadyAnswered { answeredBy answerLabel }
    ... on Outcome { code message remedy }
  }
}
"""


class Munshi:
    """The API, as one member's token sees it."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}"}

    async def receivables(self) -> AsyncIterator[Bill]:
        """Yield every open bill, page after page; the cursor holds while bills come and go."""
        after: str | None = None
        while True:
            page = (await self._ask(RECEIVABLES, after=after))["receivables"]
            for node in page["nodes"]:
                yield Bill.model_validate(node)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def copy(self) -> Copy:
        """Read all that we keep. The place comes first: what changes while we page is told, and written, again."""
        made = Copy((await self._ask(PLACE))["business"]["sequence"])
        for name, query in LISTS.items():
            more, after = True, None
            while more:
                page = (await self._ask(query, after=after))[name]
                for node in page["nodes"]:
                    made.put(node)
                more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        return made

    async def catch_up(self, copy: Copy) -> None:
        """Bring a copy to where the trail stands: what changed is read again, what is gone is dropped. Not for sales."""
        more = True
        while more:
            page = (await self._ask(CHANGED, last=copy.last))["audit"]
            changed: dict[str, None] = {}
            for node in page["nodes"]:
                kind, _, key = node["subject"].partition(":")
                changed[global_id(kind, key)] = None
                for former in node["entry"].get("formerly", []):
                    copy.drop(global_id(kind, former))
            ids = list(changed)
            nodes = (await self._ask(NODES, ids=ids))["nodes"] if ids else []
            for one, found in zip(ids, nodes, strict=True):
                if found is None or found["id"] != one:
                    copy.drop(one)
                else:
                    copy.put(found)
            if page["nodes"]:
                copy.last = page["nodes"][-1]["sequence"]
            more = page["pageInfo"]["hasNextPage"]

    async def questions(self) -> list[Question]:
        """Return the questions that wait."""
        nodes = (await self._ask(QUESTIONS))["conflicts"]["nodes"]
        return [Question.model_validate(node) for node in nodes]

    async def resolve(
        self, question: Question, answer: Answer, *, key: str | None = None
    ) -> Resolved | AlreadyAnswered | LookAgain:
        """Answer a question for the evidence that was seen. Under one key it is done once, however often it is sent."""
        given = {"conflictId": question.id, "version": question.version, "answer": answer.id}
        data = await self._ask(RESOLVE, input=given, key=key or str(uuid4()))
        return _RESULT.validate_python(data["resolveConflict"])

    async def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Post until it is answered: what is retryable is tried again, as a lost connection is; ApiError for the rest."""
        for attempt in range(1, TRIES + 1):
            pause = PAUSE * 2**attempt
            try:
                response = await self._http.post(
                    "/graphql", json={"query": query, "variables": variables}, headers=self._headers
                )
                body = response.json()
            except (httpx.TransportError, ValueError):  # lost on the way, or a proxy answered
                if attempt == TRIES:
                    raise
                await asyncio.sleep(pause)
                continue
            if "errors" not in body:
                data: dict[str, Any] = body["data"]
                return data
            error = _error(body["errors"][0])
            if error.kind != "retryable" or attempt == TRIES:
                raise error
            await asyncio.sleep(float(response.headers.get("retry-after", pause)))
        raise AssertionError("the last try answered or raised")


def global_id(kind: str, key: str) -> str:
    """Return the id by which node(id) finds what the trail calls by kind and plain id."""
    return b64encode(f"{kind.capitalize()}:{key}".encode()).decode()


def _error(body: dict[str, Any]) -> ApiError:
    told = body.get("extensions", {})
    return ApiError(
        body["message"],
        code=told.get("code", "unknown"),
        kind=told.get("kind", "error"),
        remedy=told.get("remedy", ""),
        field=told.get("field"),
    )


async def main(address: str, token: str) -> None:
    """Print who owes what, and what waits for an answer."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        munshi = Munshi(http, token)
        async for bill in munshi.receivables():
            owed = f"{bill.outstanding.minor} {bill.outstanding.currency}"
            sys.stdout.write(f"{bill.party.name} {bill.number or '-'} {owed}\n")
        for question in await munshi.questions():
            sys.stdout.write(f"? {question.title}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], os.environ["MUNSHI_TOKEN"]))
