"""Founding the demo firm through the door: once, found again, forgotten with its database."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import LinkChat
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.queries import Members, Sources
from workers.simulator.firm import STATE_FILE, found


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give this process a key to seal with, and forget it afterwards."""
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


async def test_the_firm_has_its_people_their_codes_and_four_sources(door: Door, tmp_path: Path) -> None:
    firm = await found(door, home=tmp_path)
    assert firm.fresh
    actor = system(firm.business_id, "test")
    members = await door.query(Members(), actor)
    assert {(m.role, m.name) for m in members} == {
        ("owner", "Ramesh Kulkarni"), ("finance", "Meena Joshi"), ("sales", "Ravi Jadhav"), ("view", "Anand Deshpande"),
    }  # fmt: skip
    assert {s.name for s in await door.query(Sources(), actor)} == set(firm.sources)
    assert all(source.key.startswith("mun_") for source in firm.sources.values())
    ravi = await door.execute(LinkChat(code=firm.link_codes["sales"], chat_id=1003), actor)
    assert ravi.owner_key == "ravi.jadhav"


async def test_a_second_start_finds_the_same_firm(door: Door, tmp_path: Path) -> None:
    first = await found(door, home=tmp_path)
    second = await found(door, home=tmp_path)
    assert not second.fresh
    assert (second.business_id, second.sources, second.token) == (
        first.business_id,
        first.sources,
        first.token,
    )
    assert second.founded_on == first.founded_on
    assert set(second.link_codes.values()).isdisjoint(first.link_codes.values())
    assert (await found(door, home=tmp_path)).sources == first.sources


async def test_a_state_file_of_another_database_or_a_broken_one_founds_anew(
    door: Door, tmp_path: Path
) -> None:
    first = await found(door, home=tmp_path)
    state = orjson.loads((tmp_path / STATE_FILE).read_bytes())
    state["firm"]["business_id"] = "01990000-0000-7000-8000-000000000000"
    (tmp_path / STATE_FILE).write_bytes(orjson.dumps(state))
    second = await found(door, home=tmp_path)
    assert second.fresh
    assert second.business_id != first.business_id
    (tmp_path / STATE_FILE).write_bytes(b"{half")
    assert (await found(door, home=tmp_path)).fresh


async def test_only_the_owner_of_the_machine_reads_the_state_file(door: Door, tmp_path: Path) -> None:
    await found(door, home=tmp_path)
    assert stat.S_IMODE((tmp_path / STATE_FILE).stat().st_mode) == 0o600
