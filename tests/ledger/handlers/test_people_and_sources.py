"""Founding, members, tokens, sources: checked, audited, secrets sealed and shown once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

import kit.sealing
from kit.database import transaction
from kit.errors import Denied, MunshiError, NotFound, Rejected
from kit.ids import digest, uuid7
from kit.sealing import Seal, new_seal_key
from kit.settings import Settings
from ledger.commands import (
    AddBusiness,
    AddMember,
    AddSource,
    CreateLinkCode,
    CreateToken,
    RotateSourceSecret,
)
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.domain.tokens import business_of
from ledger.store.directory import all_businesses

KEY = new_seal_key()


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key to seal with."""
    kit.sealing.process_seal.cache_clear()
    monkeypatch.setattr(kit.sealing, "settings", lambda: Settings(munshi_secret_key=SecretStr(KEY)))
    yield
    kit.sealing.process_seal.cache_clear()


async def _row(door: Door, business: UUID, statement: str) -> Any:
    async with transaction(door.engine, [business]) as tx:
        return await tx.row(statement)


async def _trail(door: Door, business: UUID) -> str:
    async with transaction(door.engine, [business]) as tx:
        rows = await tx.fetch("SELECT action, subject, entry FROM audit ORDER BY sequence")
    return str([(row["action"], row["subject"], row["entry"]) for row in rows])


async def test_a_business_is_founded_once_and_listed(door: Door) -> None:
    made = uuid7()
    clerk = system(made, "test")
    assert await door.execute(AddBusiness(made, "  Om   Sai  "), clerk) == made
    assert made in await all_businesses(door.engine)
    assert (await _row(door, made, "SELECT name FROM businesses"))["name"] == "Om Sai"
    with pytest.raises(Rejected):
        await door.execute(AddBusiness(made, "Om Sai"), clerk)
    with pytest.raises(Rejected):
        await door.execute(AddBusiness(uuid7(), "Another's"), clerk)


@pytest.mark.parametrize(
    "command",
    [
        AddBusiness(UUID(int=5), ""),
        AddBusiness(UUID(int=5), "x" * 81),
        AddBusiness(UUID(int=5), "a\x00b"),
        AddBusiness(UUID(int=5), "Fine", timezone="Asia/Nowhere"),
        AddBusiness(UUID(int=5), "Fine", timezone="../../etc/passwd"),
        AddBusiness(UUID(int=5), "Fine", currency="XXQ"),
    ],
)
async def test_a_business_with_a_wrong_field_is_refused(door: Door, command: AddBusiness) -> None:
    with pytest.raises(Rejected):
        await door.execute(command, system(UUID(int=5), "test"))


@pytest.mark.parametrize(
    "command",
    [
        AddMember("", "owner"),
        AddMember("Ravi", "system"),
        AddMember("Ravi", "boss"),
        AddMember("Ravi", "owner", language="xx"),
    ],
)
async def test_a_member_with_a_wrong_field_is_refused(door: Door, owner: Actor, command: AddMember) -> None:
    with pytest.raises(Rejected):
        await door.execute(command, owner)


async def test_only_the_owner_adds_members_codes_tokens_and_sources(door: Door, owner: Actor) -> None:
    assert owner.member_id is not None
    for role in (Role.FINANCE, Role.SALES, Role.VIEW):
        other = Actor(owner.business_id, role, "X", member_id=owner.member_id)
        for command in (
            AddMember("Y", "owner", digest_at=time(9)),
            CreateLinkCode(owner.member_id),
            CreateToken(owner.member_id, "laptop"),
            AddSource("bank:icici", "bank", "ICICI", {}),
            RotateSourceSecret("bank:icici"),
        ):
            with pytest.raises(Denied):
                await door.execute(command, other)


async def test_a_token_names_its_business_and_only_its_hash_is_kept(door: Door, owner: Actor) -> None:
    assert owner.member_id is not None
    token = await door.execute(CreateToken(owner.member_id, "laptop", valid_days=30), owner)
    assert business_of(token) == owner.business_id
    row = await _row(door, owner.business_id, "SELECT * FROM tokens")
    assert bytes(row["token_hash"]) == digest(token.encode())
    assert (row["expires_at"] - row["created_at"]).days == 30
    assert token[-38:] not in await _trail(door, owner.business_id)
    with pytest.raises(NotFound):
        await door.execute(CreateToken(uuid7(), "laptop"), owner)


async def test_a_source_of_the_standard_kind_gets_a_key_and_a_sealed_secret(door: Door, owner: Actor) -> None:
    made = await door.execute(AddSource("crm:demo", "standard", "CRM", {"silence_hours": 24}), owner)
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    row = await _row(door, owner.business_id, "SELECT * FROM sources")
    assert bytes(row["key_hash"]) == digest(made.key.encode())
    assert row["silence_hours"] == 24
    assert made.secret.encode() not in bytes(row["secrets"])
    assert Seal(KEY).open(row["secrets"]) == (made.secret,)
    trail = await _trail(door, owner.business_id)
    assert made.secret not in trail
    assert made.key not in trail
    with pytest.raises(Rejected):
        await door.execute(AddSource("crm:demo", "standard", "CRM", {}), owner)


async def test_a_new_secret_stands_first_and_the_previous_one_stays_valid(door: Door, owner: Actor) -> None:
    await door.execute(AddSource("payment:razorpay", "razorpay", "Razorpay", {}, secret="one"), owner)
    await door.execute(RotateSourceSecret("payment:razorpay", secret="two"), owner)
    fresh = await door.execute(RotateSourceSecret("payment:razorpay"), owner)
    row = await _row(door, owner.business_id, "SELECT secrets FROM sources")
    assert Seal(KEY).open(row["secrets"]) == (fresh, "two")
    with pytest.raises(NotFound):
        await door.execute(RotateSourceSecret("payment:nobody"), owner)


@pytest.mark.parametrize(
    "command",
    [
        AddSource("operator:x", "standard", "X", {}),
        AddSource("icici", "bank", "X", {}),
        AddSource("bank:../x", "bank", "X", {}),
        AddSource("bank:icici", "bank", "", {}),
        AddSource("bank:icici", "bank", "X", {"silence_hours": -1}),
        AddSource("bank:icici", "bank", "X", {}, secret=" "),
    ],
)
async def test_a_source_with_a_wrong_field_is_refused(door: Door, owner: Actor, command: AddSource) -> None:
    with pytest.raises(MunshiError):
        await door.execute(command, owner)
