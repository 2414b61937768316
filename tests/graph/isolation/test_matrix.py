"""Every question and mutation by every role: allowed or denied as the matrix says of what it asks of the ledger's door."""

from __future__ import annotations

from typing import Any

import pytest

import ledger.dispatch
from ledger.domain.roles import MATRIX, Permission, Role
from tests.graph.isolation.calls import ROOTS, filled
from tests.graph.isolation.world import World, nobodys

ROLES = ("owner", "finance", "sales", "view")
BESIDES = {
    "importFile": "a file is taken by who maps, whatever he sees of sources",
    "switchRule": "on is for finance too, off for the owner alone",
    "bankLine": "null for sales, as for an id of nothing", "payout": "null for sales, as for an id of nothing",
    "settlement": "null for sales, as for an id of nothing",
    "vendorBill": "null for sales, as for an id of nothing", "me": "tells what the token says, and asks nothing",
}  # fmt: skip
"""Fields that don't answer as the matrix alone would have it, and how they do."""
NAMED = ("source", "name")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[Permission]:
    """The permissions that whatever is asked needs, in this process and as it happens."""
    needed: set[Permission] = set()
    check = ledger.dispatch._check

    def noted(handler: Any, actor: Any, *rest: Any) -> None:
        if actor.role is not Role.SYSTEM:
            needed.add(handler.permission)
        check(handler, actor, *rest)

    monkeypatch.setattr(ledger.dispatch, "_check", noted)
    return needed


@pytest.mark.parametrize("operation", ["query", "mutation"])
async def test_every_role_is_allowed_and_denied_as_the_matrix_says(
    world: World, asked: set[Permission], operation: str
) -> None:
    surprises, counted = [], 0
    for name, of in ROOTS[operation].items():
        values, _ = filled(
            name, of, of.args, lambda slot: world.ours.of(slot) if slot in NAMED else nobodys(slot)
        )
        declared = ", ".join(f"${one}: {of.args[one].type}" for one in of.args)
        passed = ", ".join(f"{one}: ${one}" for one in of.args)
        leaf = str(of.type).strip("!") in ("Minor", "String", "Boolean", "Int")
        text = f"{operation}{f'({declared})' if declared else ''} {{ {name}{f'({passed})' if passed else ''} {'' if leaf else '{ __typename }'} }}"
        needed: frozenset[Permission] = frozenset()
        for role in ROLES:  # the owner first: he may everything, so that all that it needs is asked for
            asked.clear()
            answer = (await world.post(world.ours.tokens[role], text, values)).json()
            codes = {one["extensions"]["code"] for one in answer.get("errors", [])}
            denied = any(one["extensions"]["kind"] == "denied" for one in answer.get("errors", []))
            needed = needed or frozenset(asked)
            expected = not needed <= MATRIX[Role(role)]
            counted += 1
            if name not in BESIDES and (denied != expected or not needed):
                surprises.append((name, role, sorted(needed), sorted(codes)))
    print(f"{counted} tries of the matrix, {operation}")
    print(*surprises, sep=chr(10))
    assert not surprises, surprises
