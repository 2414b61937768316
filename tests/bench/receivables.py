"""The receivables page over HTTP: 50 bills with their customers, beside PostGraphile 5 on the same database.

Ours answers with its token, row-level security, row scope and audit of denials; one process each, 1 and 16 clients, in
turns, so that whatever else the machine does falls on both. Then the same page in businesses of 1,000 to 1,000,000 bills.
Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.receivables`.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson

from ledger.commands import AddBusiness, AddMember, CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import system
from tests.bench.actual import Skipped
from tests.bench.load import Measured, fire
from tests.bench.postgraphile import PACKAGE, WANTED, postgraphile
from tests.bench.programs import free_port, processor_seconds, program, resident_mb
from tests.bench.report import Report, run_alone

SIZES = tuple(int(size) for size in os.environ.get("BENCH_SIZES", "1000,30000,1000000").split(","))
PAGE = 50
REQUESTS, ROUNDS, CLIENTS = int(os.environ.get("BENCH_PAGES", "600")), 7, (1, 16)
OURS = """query Page($first: Int!, $after: String) {
  receivables(first: $first, after: $after) {
    edges { cursor node { id number issuedOn dueOn outstanding { minor currency } party { id name } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
THEIRS = """query Page($first: Int!, $after: Cursor, $business: UUID!) {
  allBills(first: $first, after: $after, condition: {businessId: $business}, orderBy: [AGED_FROM_ASC, ROW_ID_ASC]) {
    edges { cursor node { id number issuedOn dueOn outstanding currency party { id name } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
# Straight into the read tables, as a drain leaves them: the page doesn't tell how they were filled.
_CUSTOMERS = """
INSERT INTO parties (business_id, id, anchor, name, search_name, is_customer, currency, receivable, open_bills,
                     on_account, payable)
SELECT $1, gen_random_uuid(), gen_random_uuid(), 'Customer ' || n || ' Traders', 'customer ' || n || ' traders', true, 'INR',
       118000, 118000, 0, 0 FROM generate_series(1, greatest(25, $2::int / 40)) n
"""
_BILLS = """
WITH numbered AS (
  SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM parties WHERE business_id = $1
), turn AS (
  SELECT n, n % (SELECT count(*) FROM numbered) AS place FROM generate_series(1, $2::int) n
)
INSERT INTO invoices (business_id, id, anchor, party_id, number, kind, status, issued_on, due_on, amount, base,
                      outstanding, currency)
SELECT $1, gen_random_uuid(), p.id, p.id, 'B' || lpad(n::text, 7, '0'), 'invoice', 'invoice.issued',
       date '2026-01-01' + n % 300, CASE WHEN n % 11 > 0 THEN date '2026-01-31' + n % 300 END, 118000 + n % 977, 100000,
       118000 + n % 977, 'INR'
FROM turn JOIN numbered p USING (place)
"""


@dataclass(frozen=True, slots=True)
class Firm:
    """A business of so many open bills, and its owner's token."""

    business: UUID
    bills: int
    token: str


@dataclass(slots=True)
class Runs:
    """What was measured of one server with so many clients."""

    rounds: list[Measured] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests per second, the median of the rounds."""
        return statistics.median(one.rate for one in self.rounds)

    def percentile(self, share: float) -> float:
        """Milliseconds, the median of the rounds."""
        return statistics.median(one.percentile(share) for one in self.rounds)


async def found(door: Door, bills: int) -> Firm:
    """Found a business with so many open bills."""
    business = uuid4()
    clerk = system(business, "bench")
    await door.execute(AddBusiness(business, f"Firm of {bills:,}"), clerk)
    member = await door.execute(AddMember("Owner", "owner"), clerk)
    token = await door.execute(CreateToken(member, "bench"), clerk)
    connection = await asyncpg.connect(os.environ["ADMIN_DATABASE_URL"])
    try:
        await connection.execute(_CUSTOMERS, business, bills)
        await connection.execute(_BILLS, business, bills)
    finally:
        await connection.close()
    return Firm(business, bills, token)


def request(body: Mapping[str, Any], *headers: str) -> bytes:
    """Return a whole HTTP request."""
    raw = orjson.dumps(body)
    lines = ("POST /graphql HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", *headers)
    return "\r\n".join((*lines, f"content-length: {len(raw)}", "", "")).encode() + raw


def page_of(firm: Firm) -> bytes:
    """Return the request for a page of ours."""
    body = {"query": OURS, "variables": {"first": PAGE}}
    return request(body, f"authorization: Bearer {firm.token}", "accept: application/json")


def their_page_of(firm: Firm) -> bytes:
    """Return the request for the same page of PostGraphile's."""
    body = {"query": THEIRS, "variables": {"first": PAGE, "business": str(firm.business)}}
    return request(body, "accept: application/json")


async def answer(port: int, whole: bytes) -> Any:
    """Return one answer's JSON."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(whole.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nconnection: close\r\n", 1))
    said = await reader.read()
    writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        raise RuntimeError("the answer comes in chunks")
    return orjson.loads(body)


def same_rows(ours: Any, theirs: Any) -> None:
    """Make sure that both answered with the same bills in the same order."""
    told = [
        [
            [row["node"][name] for name in ("number", "issuedOn", "dueOn")]
            + [row["node"]["party"]["name"]]
            + ([int(o["minor"]), o["currency"]] if isinstance(o := row["node"]["outstanding"], dict) else [int(o), row["node"]["currency"]])
            for row in page["edges"]
        ]
        for page in (ours["data"]["receivables"], theirs["data"]["allBills"])
    ]  # fmt: skip
    if len(told[0]) != PAGE or told[0] != told[1]:
        raise RuntimeError(f"the pages differ: {told[0][:2]} and {told[1][:2]}")


async def measure_receivables(report: Report, door: Door) -> None:
    """The page beside PostGraphile's in the largest business, then ours alone in each."""
    firms = [await found(door, bills) for bills in SIZES]
    connection = await asyncpg.connect(os.environ["ADMIN_DATABASE_URL"])
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    port = free_port()
    # One token asks for everything here: it may, but it is counted all the same.
    rates = {"GRAPHQL_CALLS_PER_MINUTE": "1000000000", "GRAPHQL_COST_PER_MINUTE": "1000000000000"}
    async with program("graph", port=port, PORT=str(port), MUNSHI_ENV="production", **rates) as pid:
        try:
            async with postgraphile(os.environ["ADMIN_DATABASE_URL"]) as (theirs, their_pid):
                pids = {"ours": pid, "theirs": their_pid}
                await _beside(report, firms[-1], port, theirs, pids=pids)
        except Skipped as why:
            report.say(f"{PACKAGE} {WANTED}", f"skipped: {why}")
        await _sizes(report, firms, port)
        report.add("resident memory, api after the pages", resident_mb(pid), unit="MB", most=200)


async def _beside(report: Report, firm: Firm, ours: int, theirs: int, *, pids: Mapping[str, int]) -> None:
    pages = {"ours": (ours, page_of(firm)), "theirs": (theirs, their_page_of(firm))}
    same_rows(*[await answer(port, whole) for port, whole in pages.values()])
    runs = {(name, clients): Runs() for name in pages for clients in CLIENTS}
    spent = dict.fromkeys(pages, 0.0)
    for round_ in range(ROUNDS + 1):
        for clients in CLIENTS:
            for name, (port, whole) in pages.items():
                began = processor_seconds(pids[name])
                measured = await fire([whole] * REQUESTS, port=port, connections=clients)
                if round_:  # the first warms both up
                    runs[name, clients].rounds.append(measured)
                    spent[name] += processor_seconds(pids[name]) - began
    for clients in CLIENTS:
        us, them = runs["ours", clients], runs["theirs", clients]
        crowd = f"{clients} client{'s' if clients > 1 else ''}"
        report.add(f"receivables page, 50 rows with customer, {crowd}, ours", us.rate, unit="/s")
        report.add("  p99", us.percentile(0.99), unit="ms")
        report.add(f"  {PACKAGE} {WANTED}, {crowd}", them.rate, unit="/s")
        report.add("  p99", them.percentile(0.99), unit="ms")
        report.add(f"  ratio: our requests/s to PostGraphile's, {crowd}", us.rate / them.rate, least=1.0)
        share = us.percentile(0.99) / them.percentile(0.99)
        report.add(f"  ratio: our p99 to PostGraphile's, {crowd}", share, most=1.0)
    # What other programs do on the machine hardly changes these.
    for name, said in (("ours", "our"), ("theirs", "PostGraphile's")):
        each = 1_000 * spent[name] / (ROUNDS * REQUESTS * len(CLIENTS))
        report.add(f"processor time of {said} process for a page", each, unit="ms")


async def _sizes(report: Report, firms: Sequence[Firm], port: int) -> None:
    runs = [Runs() for _ in firms]
    for _ in range(ROUNDS):
        for run, firm in zip(runs, firms, strict=True):
            run.rounds.append(await fire([page_of(firm)] * (REQUESTS // 2), port=port, connections=1))
    for run, firm in zip(runs, firms, strict=True):
        report.add(f"receivables page among {firm.bills:,} bills, p50", run.percentile(0.5), unit="ms")
    report.add(
        "ratio: p50 among the most bills to the fewest",
        runs[-1].percentile(0.5) / runs[0].percentile(0.5),
        most=1.5,
    )


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_receivables(report, Door(engine)))
