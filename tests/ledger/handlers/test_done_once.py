"""Commands under a caller's key: done once, answered alike, whatever is repeated and whoever comes at the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter

from kit.errors import Rejected, Stale
from ledger.commands import CreateToken, SweepBusiness
from ledger.commands.workflow import AddNote
from ledger.domain.roles import system
from ledger.handlers.registry import all_handlers
from ledger.store.once import Once
from tests.ledger.desk import Firm


@pytest.fixture
async def firm(door, engine, clock, owner) -> Firm:
    made = Firm(door, engine, clock, owner)
    await made.bill("INV-102", 3_422_000, 2_900_000)
    await made.settle()
    return made


async def note(firm: Firm, text: str = "Call again") -> AddNote:
    (party,) = await firm.rows("SELECT id FROM parties WHERE business_id = $1")
    return AddNote(text, party_id=party["id"])


async def notes(firm: Firm) -> int:
    rows = await firm.rows(
        "SELECT id FROM external_events WHERE business_id = $1 AND event_type = 'note.added'"
    )
    return len(rows)


async def test_a_command_told_again_under_its_key_answers_the_same_and_does_nothing(firm: Firm) -> None:
    command = await note(firm)
    first = await firm.door.execute(command, firm.owner, once=Once("k-1"))
    firm.clock.advance(days=2)
    again = await firm.door.execute(command, firm.owner, once=Once("k-1"))
    assert again == first
    assert await notes(firm) == 1
    await firm.door.execute(command, firm.owner, once=Once("k-2"))
    assert await notes(firm) == 2


async def test_two_at_the_same_moment_do_it_once(firm: Firm) -> None:
    command = await note(firm)
    tries = [firm.door.execute(command, firm.owner, once=Once("k-1")) for _ in range(6)]
    views = await asyncio.gather(*tries)
    assert await notes(firm) == 1
    assert all(view == views[0] for view in views)


async def test_a_key_is_its_owners_and_for_one_command(firm: Firm) -> None:
    await firm.door.execute(await note(firm), firm.owner, once=Once("k-1"))
    with pytest.raises(Rejected) as caught:
        await firm.door.execute(await note(firm, "Another text"), firm.owner, once=Once("k-1"))
    assert caught.value.code == "idempotency.reused"
    colleague = replace(firm.owner, member_id=firm.owner.business_id)
    await firm.door.execute(await note(firm), colleague, once=Once("k-1"))
    assert await notes(firm) == 2


async def test_what_failed_leaves_the_key_free(firm: Firm) -> None:
    command = await note(firm)
    with pytest.raises(Rejected):
        await firm.door.execute(replace(command, text=""), firm.owner, once=Once("k-1"))
    await firm.door.execute(command, firm.owner, once=Once("k-1"))
    assert await notes(firm) == 1


async def test_a_secret_is_shown_once(firm: Firm) -> None:
    assert firm.owner.member_id is not None
    command = CreateToken(firm.owner.member_id, "script")
    secret = await firm.door.execute(command, firm.owner, once=Once("k-1"))
    with pytest.raises(Stale) as caught:
        await firm.door.execute(command, firm.owner, once=Once("k-1"))
    assert caught.value.code == "idempotency.shown_once"
    kept = await firm.rows("SELECT result FROM done_once WHERE business_id = $1")
    assert [row["result"] for row in kept] == [None]
    assert secret not in str(kept)
    assert len(await firm.rows("SELECT id FROM tokens WHERE business_id = $1")) == 1


async def test_keys_are_forgotten_after_a_month(firm: Firm) -> None:
    command = await note(firm)
    await firm.door.execute(command, firm.owner, once=Once("k-1"))
    firm.clock.advance(days=31)
    await firm.door.execute(SweepBusiness(), system(firm.owner.business_id, "sweep"))
    await firm.door.execute(command, firm.owner, once=Once("k-1"))
    assert await notes(firm) == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Rejected, match="1 to 200 characters"):
        Once(key)


@pytest.mark.parametrize("handler", all_handlers(), ids=lambda one: one.message.__name__)
def test_every_result_can_be_kept_and_read_again(handler: Any) -> None:
    """A handler without a concrete annotation would lose its result; a secret without its mark would be stored."""
    kind = get_type_hints(handler.run)["return"]
    assert kind is not Any
    TypeAdapter(kind)
