"""Confirming columns: kept in the source's settings, audited, by owner and accounts person, and never out of shape."""

from __future__ import annotations

import pytest

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from ledger.commands import AddSource, ConfirmColumns
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries import WaitingFiles

COLUMNS: dict[str, int | str] = {"date": 0, "narration": 1, "amount": 2, "date_format": "mdy"}
HEADING = "0123456789ab"


async def settings_of(door: Door, owner: Actor, name: str) -> dict:
    async with transaction(door.engine, [owner.business_id]) as tx:
        return await tx.value(
            "SELECT settings FROM sources WHERE business_id = $1 AND name = $2", owner.business_id, name
        )


async def test_a_confirmation_is_kept_beside_others_and_replaced(door: Door, owner: Actor) -> None:
    await door.execute(AddSource("bank:kaveri", "bank", "Kaveri", {"account": "4421"}), owner)
    await door.execute(ConfirmColumns("bank:kaveri", HEADING, COLUMNS), owner)
    await door.execute(
        ConfirmColumns("bank:kaveri", "f" * 12, {"date": 3, "narration": 1, "amount": 2}), owner
    )
    await door.execute(ConfirmColumns("bank:kaveri", HEADING, {**COLUMNS, "amount": 4}), owner)
    kept = await settings_of(door, owner, "bank:kaveri")
    assert kept["account"] == "4421"
    assert kept["layouts"] == {
        HEADING: {**COLUMNS, "amount": 4},
        "f" * 12: {"date": 3, "narration": 1, "amount": 2},
    }


@pytest.mark.parametrize(
    ("fingerprint", "columns"),
    [("xyz", COLUMNS), (HEADING, {}), (HEADING, {"date": -1}), (HEADING, {"date": True}), (HEADING, {"Date!": 1}),
     (HEADING, {"date": "a" * 11}), (HEADING, {"date": 500})],
)  # fmt: skip
async def test_what_is_out_of_shape_is_refused(
    door: Door, owner: Actor, fingerprint: str, columns: dict
) -> None:
    await door.execute(AddSource("bank:kaveri", "bank", "Kaveri", {}), owner)
    with pytest.raises(Rejected):
        await door.execute(ConfirmColumns("bank:kaveri", fingerprint, columns), owner)


async def test_a_source_must_be_there_and_the_person_allowed(door: Door, owner: Actor) -> None:
    with pytest.raises(NotFound):
        await door.execute(ConfirmColumns("bank:nowhere", HEADING, COLUMNS), owner)
    for role in (Role.SALES, Role.VIEW):
        someone = Actor(owner.business_id, role, "x", member_id=owner.member_id)
        with pytest.raises(Denied):
            await door.execute(ConfirmColumns("bank:kaveri", HEADING, COLUMNS), someone)
        with pytest.raises(Denied):
            await door.query(WaitingFiles("bank:kaveri", "bank.columns_unknown"), someone)
