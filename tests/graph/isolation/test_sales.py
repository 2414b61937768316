"""A sales rep sees his own customers and no others', whatever he asks for: by id, by name, in lists, counts and totals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.database import transaction
from tests.graph.isolation.calls import ROOTS, documents, filled, spelt, ways, without
from tests.graph.isolation.marks import TABLES, digests, said
from tests.graph.isolation.world import LIVE, PUBLIC, ROWS, World, nobodys

ASKERS = ("sales", "one rep's customers")
OF_A_PARTY = "SELECT to_jsonb(t) AS row FROM {table} t WHERE party_id = ANY($1)"


class Colleague:
    """The customers of another rep of the firm: their ids, their names, and all that their rows say."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stamp = world.ours.office.stories[1].stamp
        self.ids: dict[str, UUID] = {}
        self.secret: set[str] = set()

    async def look(self) -> None:
        """Find them."""
        world, mine = self.world, set[str]()
        async with transaction(world.engine, [world.ours.business]) as tx:
            parties: dict[str, list[UUID]] = {}
            for rep in ("own-1", self.stamp.rep):
                rows = await tx.fetch(
                    "SELECT id FROM parties WHERE owner = $1 ORDER BY is_customer DESC, name DESC", rep
                )
                parties[rep] = [row["id"] for row in rows]
            with_party = [
                table
                for table in TABLES
                if await tx.value(
                    "SELECT count(*) FROM information_schema.columns WHERE table_name = $1 AND column_name = 'party_id'",
                    table,
                )
            ]
            for table in with_party:
                for rep, words in (("own-1", mine), (self.stamp.rep, self.secret)):
                    for row in await tx.fetch(OF_A_PARTY.format(table=table), parties[rep]):
                        words |= set(said(row["row"]))
            self.secret |= {self.stamp.word, str(self.stamp.salt), *map(str, parties[self.stamp.rep])}
            self.ids = {"Party": parties[self.stamp.rep][0]}
            for kind, table in (
                ("Invoice", "invoices"),
                ("Receipt", "receipts"),
                ("Cheque", "cheques"),
                ("Conflict", "conflicts"),
            ):
                found = await tx.value(
                    f"SELECT id FROM {table} WHERE party_id = $1 ORDER BY id LIMIT 1", self.ids["Party"]
                )
                self.ids |= {kind: found} if found else {}
        self.secret -= mine | PUBLIC | set(said(list(ROWS)))

    def of(self, slot: str, kind: str = "Party") -> Any:
        """Return one of their things."""
        slot = kind if slot == "node" else slot
        if slot in self.ids:
            return spelt(slot, self.ids[slot])
        names = {
            "search": f"Sharma {self.stamp.word.title()}", "number": self.stamp.number("INV", 2),
            "reference": f"{self.stamp.word.upper()}N52026111800", "amount": self.stamp.amount(11), "owner": self.stamp.rep,
            "gstin": self.stamp.gstin, "externalId": f"{self.stamp.word}-sharma", "word": f"{self.stamp.word} won",
        }  # fmt: skip
        return names[slot] if slot in names else self.world.ours.of(slot, kind)


@pytest.fixture
async def colleague(world: World) -> Colleague:
    """The other rep's customers."""
    made = Colleague(world)
    await made.look()
    assert len(made.secret) > 100
    assert {"Party", "Invoice", "Receipt", "Cheque", "Conflict"} <= set(made.ids)
    return made


@pytest.mark.parametrize("operation", ["query", "mutation"])
@pytest.mark.parametrize("asker", ASKERS)
async def test_a_rep_is_told_nothing_of_another_reps_customers(
    world: World, colleague: Colleague, asker: str, operation: str
) -> None:
    token, before, same = world.ours.tokens[asker], world.tries, 0
    for name, of in ROOTS[operation].items():
        for args in ways(of):
            _, slots = filled(name, of, args, world.ours.of)
            for kind in sorted(colleague.ids) if "node" in slots else ("Party",):
                nothing = {slot: nobodys(slot, kind) for slot in slots}
                theirs = {slot: colleague.of(slot, kind) for slot in slots}
                if not set(slots) <= NARROWED | set(
                    colleague.ids
                ):  # of a thing that is no rep's: the matrix says who may
                    nothing |= {
                        slot: theirs[slot] for slot in slots if slot not in NARROWED | set(colleague.ids)
                    }
                for text in documents(operation, name, of, args):
                    bodies = []
                    for given in (theirs, nothing):
                        values, _ = filled(name, of, args, given.__getitem__)
                        answer = await world.post(token, text, values)
                        world.put_in |= set(said(list(given.values())))
                        world.check(answer, (name, asker, values), given.values(), colleague.secret)
                        bodies.append(without(answer.text, given.values()))
                    if operation == "query" or '"errors"' in bodies[0]:
                        assert bodies[0] == bodies[1], (name, asker, args, bodies)
                        same += 1
    print(f"{world.tries - before} tries of {operation} by {asker}, {same} twice the same")
    assert same > 60


NARROWED = {"node", "search", "number", "reference", "amount", "owner", "gstin", "externalId"}


async def test_their_owner_is_told_so_that_the_others_can_fail(world: World, colleague: Colleague) -> None:
    text = "query($id: ID!) { party(id: $id) { name net { minor } } }"
    answer = await world.post(world.ours.tokens["owner"], text, {"id": colleague.of("Party")})
    assert colleague.stamp.word.title() in answer.text
    assert {"owner", *ASKERS} <= set(LIVE)
    assert await digests(world.engine, world.ours.business)
