"""Founding the demo firm: the business, its people, their codes, its sources; remembered in `demo.json`.

The file holds keys and codes of made-up data, readable by its owner only. A second start finds the firm by it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from kit.clock import business_day
from kit.ids import new_secret, uuid7
from kit.settings import settings
from ledger.commands import (
    AddBusiness,
    AddMember,
    AddSource,
    CreateLinkCode,
    CreateToken,
    NewSource,
    RemapStatus,
)
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries import Members
from workers.simulator import bank, books, crm, gateway
from workers.simulator.selling import PAID_WORD
from workers.simulator.treasury import ACCOUNT
from workers.simulator.world import FIRM

STATE_FILE = "demo.json"
_TIMEZONE = "Asia/Kolkata"
_VERSION = 2
_CODE_MINUTES = 7 * 24 * 60
_PEOPLE = (
    ("owner", "Ramesh Kulkarni", None),
    ("finance", "Meena Joshi", None),
    ("sales", "Ravi Jadhav", "ravi.jadhav"),
    ("view", "Anand Deshpande", None),
)
_SOURCES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (books.SOURCE, "tally", "TallyPrime", {"company": FIRM, "silence_hours": 72}),
    (crm.SOURCE, "standard", "CRM", {"silence_hours": 168}),
    (gateway.SOURCE, "razorpay", "Razorpay", {"silence_hours": 72}),
    (bank.SOURCE, "bank", "ICICI ··4421", {"account": ACCOUNT, "silence_hours": 72}),
)
_WORDS = (
    ("Proposal sent", "deal.open"),
    ("Closed Won", "none"),
    (PAID_WORD, "invoice.paid"),
)
"""What the firm told Munshi about its CRM's pipeline; the one word that it forgot becomes a question."""


@dataclass(frozen=True, slots=True)
class Founded:
    """The firm as founded: ids, addresses, one-time codes, the owner's token. `fresh`: founded just now."""

    business_id: UUID
    founded_on: date
    seed: int
    members: Mapping[str, UUID]
    sources: Mapping[str, NewSource]
    link_codes: Mapping[str, str]
    token: str
    fresh: bool = False


async def found(door: Door, *, seed: int = 7, home: Path | None = None) -> Founded:
    """Found the firm, or return the one that `home` (else the settings' home) remembers and the ledger knows.

    Each start gives fresh one-time codes, so that a phone that was cleared can be linked again.
    """
    place = (home or settings().munshi_home) / STATE_FILE
    known = _read(place)
    if known is not None and await door.query(Members(), system(known.business_id, "simulator")):
        codes = await _make_codes(door, system(known.business_id, "simulator"), known.members)
        again = replace(known, link_codes=codes)
        change_state(place, firm=_plain(again))
        return again
    business_id = uuid7()
    actor = system(business_id, "simulator")
    await door.execute(AddBusiness(business_id=business_id, name=FIRM, timezone=_TIMEZONE), actor)
    members = await _add_people(door, actor)
    sources = {row[0]: await _add_source(door, actor, *row) for row in _SOURCES}
    for word, status in _WORDS:
        await door.execute(
            RemapStatus(source=crm.SOURCE, kind="deal", word=word, status=status, qualifier=crm.PIPELINE),
            actor,
        )
    token = await door.execute(CreateToken(member_id=members["owner"], label="demo"), actor)
    made = Founded(
        business_id=business_id,
        founded_on=business_day(door.clock(), _TIMEZONE),
        seed=seed,
        members=members,
        sources=sources,
        link_codes=await _make_codes(door, actor, members),
        token=token,
        fresh=True,
    )
    _write(place, {"firm": _plain(made), "sent": False, "moments": []})
    return made


def read_state(place: Path) -> dict[str, Any]:
    """Return what `demo.json` holds, empty if there is none that can be read."""
    try:
        state = orjson.loads(place.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return state if isinstance(state, dict) and state.get("version") == _VERSION else {}


def change_state(place: Path, **changes: Any) -> None:
    """Change members of `demo.json`, keeping the others."""
    _write(place, {**read_state(place), **changes})


def _write(place: Path, state: Mapping[str, Any]) -> None:
    """Replace the file at once, for its owner only."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({**state, "version": _VERSION}))
    draft.replace(place)


async def _add_people(door: Door, actor: Actor) -> dict[str, UUID]:
    members: dict[str, UUID] = {}
    for role, name, crm_owner in _PEOPLE:
        command = AddMember(name=name, role=role, crm_owner=crm_owner)
        members[role] = await door.execute(command, actor)
    return members


async def _make_codes(door: Door, actor: Actor, members: Mapping[str, UUID]) -> dict[str, str]:
    return {
        role: await door.execute(CreateLinkCode(member_id=member, valid_minutes=_CODE_MINUTES), actor)
        for role, member in members.items()
    }


async def _add_source(
    door: Door, actor: Actor, name: str, connector: str, label: str, options: dict[str, Any]
) -> NewSource:
    secret = new_secret() if connector == "razorpay" else None
    command = AddSource(name=name, connector=connector, label=label, settings=options, secret=secret)
    made: NewSource = await door.execute(command, actor)
    return made


def _plain(firm: Founded) -> dict[str, Any]:
    return {
        "business_id": str(firm.business_id),
        "founded_on": firm.founded_on.isoformat(),
        "seed": firm.seed,
        "members": {role: str(member) for role, member in firm.members.items()},
        "sources": {name: asdict(source) for name, source in firm.sources.items()},
        "link_codes": dict(firm.link_codes),
        "token": firm.token,
    }


def _read(place: Path) -> Founded | None:
    kept = read_state(place).get("firm")
    if kept is None:
        return None
    return Founded(
        business_id=UUID(kept["business_id"]),
        founded_on=date.fromisoformat(kept["founded_on"]),
        seed=kept["seed"],
        members={role: UUID(member) for role, member in kept["members"].items()},
        sources={name: NewSource(**source) for name, source in kept["sources"].items()},
        link_codes=kept["link_codes"],
        token=kept["token"],
    )
