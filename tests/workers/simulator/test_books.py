"""The demo firm's books as Tally tells them: what Munshi makes of them is what the ledgers say, party by party."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime

import pytest

from connectors.contract import Inbound, load_connector, load_manifest
from ingest.normalise import normalise, status_map
from ledger.domain.derive import Identity, Terms, derive
from ledger.domain.events import NewEvent, subject_id
from ledger.domain.folds import Fact, fold
from workers.simulator import books
from workers.simulator.world import World, build

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SEEDS_AND_DAYS = [(7, TODAY), (1, date(2027, 2, 15)), (3, date(2026, 6, 1))]


def events(world: World, now: datetime) -> list[NewEvent]:
    found: list[NewEvent] = []
    for message in books.books_messages(world):
        observed = load_connector("tally").observe(
            Inbound(message.body), source=books.SOURCE, settings={"company": books.FIRM}, now=now
        )
        read = normalise(observed, status_map(load_manifest("tally")), received_at=now)
        assert not read.quarantined, read.quarantined
        found += read.events
    return found


def balances(found: list[NewEvent]) -> dict[str, int]:
    """What customers owe, less what we owe vendors, as it is derived from the events."""
    facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for event in found:
        fact = Fact(
            event.event_type, event.data, event.occurred_at, event.precision, event.sequence, event.digest(),
            event.source_event_id, flag=event.flag,
        )  # fmt: skip
        facts[event.kind, event.external_id].append(fact)
    identities = [
        Identity(subject_id(books.SOURCE, kind, key), books.SOURCE, kind, key, state)
        for (kind, key), rows in facts.items()
        if (state := fold(rows)) is not None
    ]
    made = derive(identities, Terms())
    names = {row.id: row.name for row in made.tables["parties"]}  # type: ignore[attr-defined]
    sums: dict[str, int] = defaultdict(int)
    for posting in made.postings:
        sums[names[posting.party_id]] += posting.amount if posting.side == "receivable" else -posting.amount
    return {name: amount for name, amount in sums.items() if amount}


@pytest.mark.parametrize(("seed", "today"), SEEDS_AND_DAYS)
def test_what_every_party_owes_is_what_its_ledger_says(seed: int, today: date) -> None:
    world = build(seed, today)
    expected = {name: owed for name, owed in books.owed(world).items() if owed}
    assert len(expected) > 40
    assert balances(events(world, datetime(today.year, today.month, today.day, 4, tzinfo=UTC))) == expected


@pytest.mark.parametrize(("seed", "today"), SEEDS_AND_DAYS)
def test_every_voucher_balances(seed: int, today: date) -> None:
    for entered in books.vouchers(build(seed, today)):
        assert sum(line.amount for line in entered.voucher.lines) == 0, entered


def test_most_receipts_carry_the_banks_reference_and_all_cuts_are_stated() -> None:
    world = build(7, TODAY)
    received = [event.data for event in events(world, NOW) if event.event_type == "payment.received"]
    told = Counter(bool(data.get("references", {}).get("utr")) for data in received)
    assert told[True] > 3 * told[False] > 0
    cut = sum(d["amount"] for data in received for d in data.get("deductions", ()))
    assert cut == sum(p.tds for p in world.payments if p.entered_on) > 0
    assert {d["kind"] for data in received for d in data.get("deductions", ())} == {"tds"}
